"""The inspector: a map of where, a grade, a kind; and the one that ships."""

import pytest
import torch

from course_lib.checkpoint import CheckpointError, save_weights
from course_lib.device import weights_folder
from course_lib.judging import inspection
from course_lib.judging.evaluation import FRESH
from course_lib.judging.inspection import Inspector, shared_inspector
from course_lib.networks.inspector import FlawFinder, flaw_loss, load_flaw_finder
from course_lib.pixels import from_bytes, mirror
from course_lib.training import flaws
from course_lib.training.judges import inspector_trainer
from course_lib.training.settings import Settings
from course_lib.world.drawing import draw_critters

SMALL = (8, 16, 24)
FOUND = {
    32: 0.4,
    64: 0.7,
}  # of clear faults, at 2 % false alarms: what ships is so good
SHIPPED = [
    size for size in (32, 64) if (weights_folder() / f"inspector-{size}").is_dir()
]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return FlawFinder(flaws.ASKED, 32, SMALL).eval()


def test_it_answers_for_every_cell_and_for_the_whole(network):
    found = network(torch.zeros(2, 3, 32, 32))
    assert found["map"].shape == (2, 8, 8)
    assert {q: x.shape for q, x in found.items() if q != "map"} == {
        q: (2, n) for q, n in flaws.ASKED.items()
    }


def test_larger_pictures_are_averaged_down_and_others_refused(network):
    pictures = torch.rand(2, 3, 32, 32)
    larger = pictures.repeat_interleave(2, 2).repeat_interleave(2, 3)
    for one, other in zip(
        network(pictures).values(), network(larger).values(), strict=True
    ):
        torch.testing.assert_close(one, other)
    with pytest.raises(ValueError, match="whole number of times as large"):
        network(torch.zeros(2, 3, 48, 48))
    with pytest.raises(ValueError, match="cannot be halved"):
        FlawFinder(flaws.ASKED, 32, (8, 8))


def test_the_loss_minds_the_map_the_grade_and_the_kind(network):
    pictures, labels = flaws.flawed_chunk(0, 4, 32, 0)
    batch = {name: labels[name] for name in flaws.ASKED}
    batch |= {"x_0": from_bytes(pictures), "map": torch.zeros(8, 8, 8)}
    before = flaw_loss(network, batch)
    for name in ("grade", "kind", "map"):
        other = batch | {name: (batch[name] + 1) % 2}
        assert flaw_loss(network, other) != before


def test_the_recipe_learns(monkeypatch):
    monkeypatch.setattr(flaws, "CHUNK", 16)
    settings = Settings(iterations=12, precision="float32", warmup=2, muon=True)
    trainer = inspector_trainer(
        settings, size=32, batch_size=8, widths=SMALL, without=("grainy",)
    )
    assert trainer.card["kind"] == "inspector"
    assert trainer.card["without"] == ["grainy"]
    losses = [progress.loss for progress in trainer.run()]
    assert losses[-1] < losses[0]


def test_the_recipe_refuses_what_cannot_be_meant():
    once = Settings(iterations=1)
    with pytest.raises(ValueError, match="--without takes some of"):
        inspector_trainer(once, without=("ugly",))
    with pytest.raises(ValueError, match="--without takes some of"):
        inspector_trainer(once, without=flaws.ALL_KINDS[1:])
    with pytest.raises(ValueError, match="must lie in 8..512"):
        inspector_trainer(once, widths=(4, 8, 8))
    with pytest.raises(ValueError, match="--size must be 32 or 64"):
        inspector_trainer(once, size=48)


def test_what_it_says_is_the_same_of_a_picture_in_the_mirror(network):
    pictures = torch.rand(3, 3, 32, 32) * 2 - 1
    inspector = Inspector(network, 0.5)
    score = inspector.flaws(pictures)
    torch.testing.assert_close(score, inspector.flaws(mirror(pictures)))
    assert score.shape == (3,) and ((score >= 0) & (score <= 1)).all()
    between = Inspector(network, score.median().item())
    assert between.clean(pictures).tolist() == (score <= score.median()).tolist()
    assert set(inspector.kinds(pictures)) <= set(flaws.ALL_KINDS[1:])


def test_it_comes_back_from_a_file_with_its_threshold(network, tmp_path):
    card = {"kind": "inspector", "config": network.config, "threshold": 0.25}
    save_weights(tmp_path / "mine", network.state_dict(), card)
    inspector = Inspector.from_pretrained(tmp_path / "mine")
    assert inspector.threshold == 0.25
    x = torch.zeros(1, 3, 32, 32)
    # Kept in half precision.
    again, first = inspector.network(x)["map"], network(x)["map"]
    torch.testing.assert_close(again, first, atol=1e-3, rtol=1e-2)
    with pytest.raises(CheckpointError, match="not an inspector"):
        load_flaw_finder("reader-32")
    save_weights(tmp_path / "wrong", network.state_dict(), card | {"threshold": 2})
    with pytest.raises(CheckpointError, match="threshold"):
        Inspector.from_pretrained(tmp_path / "wrong")


def test_there_are_two_sizes():
    with pytest.raises(ValueError, match="size 32 and 64; got 48"):
        shared_inspector(48)


def test_a_measurement_counts_alarms_and_what_is_found(network):
    found = inspection.measure_inspector(Inspector(network, 0.5), n=32, seeds=1)
    assert found["kind"] == "inspector" and found["size"] == 32
    assert "copied" not in found["false_alarms"] and "spoiled" not in found["found"]
    assert found["false_alarms"]["as they are"]["n"] == 32
    lines = inspection.inspection_table(found)
    assert lines[0].startswith("flaws at 32x32") and len(lines) > 10


@pytest.mark.parametrize("size", SHIPPED)
def test_the_shipped_one_leaves_clean_critters_alone_and_finds_faults(size):
    inspector = shared_inspector(size)
    assert inspector is shared_inspector(size)
    pictures, _ = draw_critters(192, FRESH + 7, size, allow_held_out=True)
    assert inspector.clean(from_bytes(pictures)).float().mean() > 0.94
    pictures, labels = flaws.flawed_chunk(0, 192, size, FRESH + 7)
    flawed = inspector.flaws(from_bytes(pictures))[192:] > inspector.threshold
    clear = labels["grade"][192:] == inspection.CLEAR
    assert flawed[clear].float().mean() > FOUND[size]


@pytest.mark.parametrize("without", ["", " --without grainy,scene"])
def test_it_is_trained_by_command(cli, here, monkeypatch, without):
    monkeypatch.setattr(flaws, "CHUNK", 8)
    how = f"--size 32 --widths 8,8,8 --batch 8 --iterations 1 --out t{without}"
    assert cli(f"train inspector {how}")[0] == 0 and (here / "t" / "card.json").exists()
