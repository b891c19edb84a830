"""The mean of several trainings, and the command that writes it."""

from pathlib import Path

import pytest
import torch
from on_disk import written

from course_lib.checkpoint import CheckpointError, load_weights, save_weights
from course_lib.commands import average as cli_average
from course_lib.networks.autoencoder import encoder_digest, load_autoencoder
from course_lib.training.average import average

CARD = {"kind": "denoiser", "config": {"widths": [8]}, "size": 32}


@pytest.fixture
def three(here):
    """Three trainings of one network: their seeds, and their weights, are 1, 2, 6."""
    for seed in (1, 2, 6):
        tensors = {"w": torch.full((2, 1), float(seed)), "b": torch.tensor([-1.0])}
        save_weights(f"run-{seed}", tensors, CARD | {"seed": seed, "T": 100})
    return ["run-1", "run-2", "run-6"]


def test_every_number_is_the_mean(three):
    tensors, card = average(three)
    assert {n: x.tolist() for n, x in tensors.items()} == {"w": [[3], [3]], "b": [-1]}
    assert card == CARD | {"T": 100, "mean_of": [{"seed": s} for s in (1, 2, 6)]}


def test_the_mean_of_one_and_the_same_is_itself(three):
    assert torch.equal(average(["run-6"] * 3)[0]["w"], load_weights("run-6")[0]["w"])


@pytest.mark.parametrize(
    ("of", "key"),
    [({"size": 64}, "size"), ({"config": {}}, "config"), ({"target": "v"}, "target")],
)
def test_what_differs_cannot_be_averaged(three, of, key):
    save_weights("other", {"w": torch.ones(2, 1)}, CARD | {"T": 100} | of)
    with pytest.raises(CheckpointError, match=f"other .* run-1: .* differ in '{key}'"):
        average(["run-1", "other"])


def test_what_began_apart_cannot_be_averaged(three):
    apart = {"w": torch.tensor([[1.0], [-0.9]]), "b": torch.tensor([-1.0])}
    save_weights("other", apart, CARD | {"T": 100})
    with pytest.raises(CheckpointError, match="only 0.05 .* did not begin as one"):
        average(["run-1", "other"])


def test_networks_of_other_shapes_cannot_be_averaged(three):
    for other in ({"w": torch.ones(2, 1)}, {"w": torch.ones(1, 2), "b": torch.ones(1)}):
        save_weights("other", other, CARD | {"T": 100})
        with pytest.raises(CheckpointError, match="shapes differ, for example in"):
            average(["run-1", "other"])


def test_a_mean_is_not_written_over_the_autoencoder_of_its_input(cli, here, words):
    cli_average.average(["latent", "latent"], Path("mean"))
    (here / "mean").rename(here / "coder")
    before = {f: f.read_bytes() for f in here.rglob("*.safetensors")}
    code, _, err = cli("average ./coder ./coder --out .")
    assert code == 2 and len(err) == 1 and "would overwrite ./coder" in err[0]
    assert {f: f.read_bytes() for f in here.rglob("*.safetensors")} == before


def test_the_command_writes_what_can_be_averaged_and_used_again(cli, three):
    code, out, err = cli(f"average {' '.join(three)} --out some/mean")
    assert (code, out, err) == (0, ["The mean of 3 trainings: some/mean"], [])
    assert load_weights("some/mean")[0]["w"].tolist() == [[3], [3]]
    for _ in range(2):  # a mean makes room for another
        assert cli("average some/mean run-1 --out again")[0] == 0


def test_latents_bring_their_autoencoder(cli, here, words):
    cli_average.average(["latent", "latent"], Path("mean"))
    card = load_weights("mean")[1]
    coder = load_autoencoder(here / "mean" / card["autoencoder"])
    assert encoder_digest(coder) == card["encoder_sha256"]
    assert cli('generate "a frog" --weights mean --steps 1 --out frog.png')[0] == 0


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("average run-1 --out m", "two trainings or more"),
        ("average run-1 nowhere --out m", "no weights at 'nowhere'"),
        ("average run-1 run-2", "Missing option '--out'"),
        ("average run-1 run-2 --out run-1/card.json/m", "Cannot write to"),
        ("average run-1 run-2 --out run-1", "--out run-1 would overwrite run-1"),
        ("average run-1 ./run-2 --out x/../run-2", "would overwrite ./run-2"),
        ("average run-1 run-2 --out run-6", "run-6 already holds weights that are no"),
    ],
)
def test_bad_input_gets_a_sentence(cli, here, three, command, sentence):
    before = written(here)
    code, out, err = cli(command)
    assert (code, out, len(err)) == (2, [], 1) and sentence in err[0]
    assert written(here) == before


def test_weights_without_a_matrix_are_like_no_others(tmp_path):
    save_weights(tmp_path / "odd", {"a": torch.ones(3)}, {"kind": "denoiser"})
    with pytest.raises(CheckpointError, match="cosine of their weights is only 0.00"):
        average([tmp_path / "odd"] * 2)
