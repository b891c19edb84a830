"""The command line is a contract: exit codes, one sentence, one line of JSON."""

import errno
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from course_lib.checkpoint import save_weights
from course_lib.commands.main import main
from course_lib.judging import evaluation
from course_lib.networks.autoencoder import Autoencoder, encoder_digest
from course_lib.networks.judge import Judge
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import train_tokenizer
from course_lib.networks.unet import UNet
from course_lib.pixels import read_picture
from course_lib.world.wear import QUESTIONS

ROOT = Path(__file__).resolve().parents[1]
LABELS = ["nothing", "frog", "rabbit", "cat", "bear", "bird", "fish", "turtle", "bat"]
TINY = "--widths 8,16 --blocks 1 --batch 2 --precision float32"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Weights that draw, weights that judge, and a folder of photos."""
    folder = tmp_path_factory.mktemp("world")
    torch.manual_seed(0)
    model = UNet(widths=(8, 16), blocks=1, labels=8)
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():  # a fresh network says only 0
            torch.nn.init.normal_(parameter, std=0.2)
    card = dict(kind="denoiser", config=model.config, schedule="straight line", T=100)
    card |= dict(target="v", size=32, data="critters", labels=LABELS)
    save_weights(folder / "weights" / "critters", model.state_dict(), card)
    save_weights(
        *(folder / "weights" / "mine", model.state_dict()), card | {"data": "folder x"}
    )
    judge = Judge(QUESTIONS, 32, (8, 8))
    card = {"kind": "judge", "config": judge.config, "data": "critters"}
    save_weights(folder / "weights" / "reader-32", judge.state_dict(), card)
    for i in range(4):
        (folder / "photos").mkdir(exist_ok=True)
        photo = Image.new("RGB", (40, 36), (60 * i, 90, 255 - 60 * i))
        photo.save(folder / "photos" / f"{i}.png")
    return folder


@pytest.fixture(autouse=True)
def here(world, tmp_path, monkeypatch):
    """Every test runs in an empty folder, and finds the weights by their names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_WEIGHTS", str(world / "weights"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


@pytest.fixture
def cli(capsys):
    """Run a command; give its exit code and the lines of stdout and stderr."""

    def run(command: str):
        code = main(shlex.split(command))
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return run


def written(folder: Path) -> list[str]:
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*"))


# generate ---------------------------------------------------------------------------


def test_a_folder_gets_a_file_a_picture_and_a_grid(cli, here):
    command = "generate --label frog --n 4 --seed 0 --steps 2 --guidance 3 --out some/"
    code, out, err = cli(command + " --weights critters --json")
    assert code == 0 and err == []
    assert written(here / "some") == [f"00{i}.png" for i in range(4)] + ["grid.png"]
    assert Image.open("some/000.png").size == (32, 32)
    grid = Image.open("some/grid.png")
    assert grid.size[0] == grid.size[1] > 2 * 4 * 32
    facts = json.loads(out[-1])
    assert facts["files"][0] == str(Path("some/000.png"))
    assert facts["labels"] == ["frog"] * 4 and facts["seed"] == 0
    assert facts["steps"] == 2 and facts["calls"] == 4 and facts["seconds"] > 0


def test_a_file_gets_the_picture_or_the_grid_of_several(cli, here):
    assert cli("generate --label frog --steps 1 --out one.png")[0] == 0
    assert cli("generate --label frog --steps 1 --n 2 --out new/two.png")[0] == 0
    assert written(here) == ["new", "new/two.png", "one.png"]
    assert Image.open("one.png").size == (32, 32)
    assert Image.open("new/two.png").size[0] > 2 * 32


def test_labels_take_turns(cli):
    command = "generate --label frog,cat --label bear --n 5 --steps 1 --out x/ --json"
    facts = json.loads(cli(command)[1][-1])
    assert facts["labels"] == ["frog", "cat", "bear", "frog", "cat"]


def test_a_picture_depends_on_its_seed_and_place_alone(cli):
    for out, n, seed in (("a", 3, 1), ("b", 2, 1), ("c", 2, 2)):
        cli(f"generate --label cat --n {n} --seed {seed} --steps 2 --out {out}/")
    a, b, c = (read_picture(f"{name}/001.png", 32).int() for name in "abc")
    assert (a - b).abs().max() <= 1
    assert (a - c).abs().max() > 1


@pytest.mark.parametrize(("guidance", "calls"), [(1, 3), (0, 6), (2.5, 6)])
def test_guidance_1_calls_the_network_once_a_step(cli, guidance, calls):
    command = f"generate --label cat --steps 3 --guidance {guidance} --out a.png --json"
    assert json.loads(cli(command)[1][-1])["calls"] == calls


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--n 0", "--n must lie in 1..10000; got 0."),
        ("--n 10001", "--n must lie in 1..10000; got 10001."),
        ("--steps 0", "steps must lie in 1..100; got 0"),
        ("--steps 101", "steps must lie in 1..100; got 101"),
        ("--guidance nan", "a finite number in -100..100; got nan"),
        ("--guidance inf", "guidance_scale must be a finite number"),
        ("--label crow", "know no 'crow'; they know nothing, frog, rabbit"),
        ("--label frog --size 64", "need a prompt, not a label"),
        ("--label frog,", "know no ''; they know"),
        ("--sampler magic", "must be one of"),
        ("--weights nowhere", "no weights at 'nowhere'"),
        ("--weights reader-32", "holds a judge, which takes no labels"),
        ("--out some.jpg", "--out must be FILE.png or FOLDER/; got 'some.jpg'"),
        ("--out file/in/a/file.png", "Cannot write to"),
        ("--out file/", "Cannot write to"),
        ("--n four", "Invalid value for '--n'"),
        ("--colour red", "No such option"),
    ],
)
def test_bad_input_is_answered_before_anything_is_computed_or_written(
    cli, here, options, words, monkeypatch
):
    monkeypatch.setattr(UNet, "forward", None)  # would fail
    Path("file").touch()
    name, _, value = options.partition(" ")
    given = {"--label": "frog", "--out": "x.png", "--weights": "critters"}
    given |= {name: value}
    command = " ".join(f"{name} {value}" for name, value in given.items())
    code, out, err = cli(f"generate {command} --json")
    assert (code, out, len(err)) == (2, [], 1)
    assert words in err[0]
    assert written(here) == ["file"]


@pytest.mark.parametrize(
    "command",
    ["generate --label frog", "generate --out x.png", "paint", "--quickly", "train"],
)
def test_a_command_that_is_none_is_bad_input(cli, command, here):
    code, out, err = cli(command)
    assert (code, out, len(err)) == (2, [], 1) and written(here) == []


def test_a_full_disk_is_neither_done_nor_bad_input(cli, here, monkeypatch):
    def full(self, file, *rest):
        Path(file).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    Path("old.png").write_bytes(b"old")
    monkeypatch.setattr(Image.Image, "save", full)
    code, _, err = cli("generate --label frog --steps 1 --out old.png")
    assert code == 1 and "No space left" in err[-1]
    assert written(here) == ["old.png"] and Path("old.png").read_bytes() == b"old"


# Help -------------------------------------------------------------------------------

CONTRACT = {
    "generate": "--label --n --seed --steps --guidance --weights --out --json",
    "train": "--data --iterations --minutes --batch --seed --out --resume",
    "evaluate": "--weights --n --seeds --json",
    "doctor": "--json",
}


@pytest.mark.parametrize("command", CONTRACT)
def test_help_names_every_option_and_gives_an_example(cli, command):
    code, out, err = cli(f"{command} --help")
    said = " ".join(" ".join(out).split())
    assert code == 0 and err == []
    assert all(f"{option} " in said for option in CONTRACT[command].split())
    assert f"Example: python -m course_lib {command}" in said


def test_without_a_command_there_is_help(cli):
    code, out, _ = cli("")
    assert code == 0 and all(any(name in line for line in out) for name in CONTRACT)


# evaluate ---------------------------------------------------------------------------


def test_a_denoiser_is_measured(cli):
    code, out, _ = cli("evaluate --weights critters --n 32 --seeds 2 --calls 2 --json")
    facts = json.loads(out[-1])
    assert code == 0 and facts["weights"] == "critters" and facts["steps"] == 1
    assert facts["n"] == 32 and facts["seeds"] == 2 and facts["right"]["n"] == 64
    assert {"distance", "floor", "above_floor", "precision", "recall"} <= facts.keys()


def test_a_judge_is_measured(cli):
    code, out, _ = cli("evaluate --weights reader-32 --n 32 --seeds 1 --json")
    assert code == 0 and json.loads(out[-1])["kind"] == "judge"
    assert any("called none" in line for line in out)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--weights nowhere", "no weights at 'nowhere'"),
        ("--weights mine", "Nobody can judge pictures of 'folder x'"),
        ("--n 3", "n must lie in 32..10000; got 3"),
        ("--weights reader-32 --n 3", "n must lie in"),
        ("--weights reader-32 --n 32 --size 48", "--size must be 32, 64"),
        ("--seeds 0", "number of seeds must lie in"),
        ("--calls 1", "One step takes 2 calls"),
        ("--guidance nan", "finite number"),
        ("--sampler magic", "must be one of"),
    ],
)
def test_a_measurement_that_makes_no_sense_is_refused(cli, options, words, monkeypatch):
    monkeypatch.setattr(UNet, "forward", None)  # would fail
    code, out, err = cli(f"evaluate {options} --json")
    assert (code, out, len(err)) == (2, [], 1) and words in err[0]


# A process of its own ---------------------------------------------------------------


def test_a_real_process_exits_with_2_and_one_line_on_stderr(here):
    command = "-m course_lib generate --label crow --out crow.png --json"
    ran = subprocess.run(
        [sys.executable, *command.split()],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("These weights know no 'crow'")
    assert ran.stderr.count("\n") == 1 and written(here) == []


def test_a_mistake_of_ours_is_no_bad_input(cli, monkeypatch):
    """It keeps its traceback, with which Python exits with 1."""

    def mistake(*args, **kwargs):
        raise ValueError("a mistake deep inside")

    monkeypatch.setattr(UNet, "forward", mistake)
    with pytest.raises(ValueError, match="deep inside"):
        cli("generate --label frog --steps 1 --out x.png")


# Prompts ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def words(world):
    """Weights that take prompts, under the names that `generate` looks for."""
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["a frog on stilts"] * 2, merges=20)
    text = dict(vocabulary=len(tokenizer), length=24, width=16, blocks=1)
    card = dict(kind="text denoiser", merges=tokenizer.merges, data="critters")
    card |= dict(schedule="straight line", T=1000, target="v")
    coder = Autoencoder((8, 8), z_channels=2).half().float()
    of_coder = {"kind": "autoencoder", "config": coder.config}
    save_weights(world / "weights" / "coder", coder.state_dict(), of_coder)
    latent = dict(autoencoder="coder", latent_scale=1.0)
    latent["encoder_sha256"] = encoder_digest(coder)
    for name, channels, own in (
        ("words", 3, dict(size=32)),
        ("latent", 2, dict(size=64) | latent),
    ):
        model = TextUNet(text, dict(widths=(8, 16), blocks=1, channels=channels))
        folder = world / "weights" / name
        save_weights(folder, model.state_dict(), card | own | {"config": model.config})


def test_a_prompt_is_drawn_and_read(cli, here, words):
    code, out, err = cli('generate "a frog on stilts" --steps 2 --out f.png --json')
    assert code == 0 and err == [] and written(here) == ["f.png"]
    facts = json.loads(out[-1])
    assert facts["prompts"] == ["a frog on stilts"]
    assert facts["calls"] == 3  # latents are guided at the second step only
    assert len(facts["seen"]) == 1 and facts["right"] in ([True], [False])


def test_prompts_are_drawn_in_latents_unless_pixels_are_asked_for(cli, words):
    for space, weights, size in (("latent", "latent", 64), ("pixel", "words", 32)):
        command = f'generate "a frog" --steps 1 --space {space} --out f.png --json'
        assert json.loads(cli(command)[1][-1])["weights"] == weights
        assert Image.open("f.png").size == (size, size)
    cli('generate "a frog" --steps 1 --out f.png')
    assert Image.open("f.png").size == (64, 64)
    odd = 'generate "a frog" --steps 1 --size 80 --out f.png --json'
    facts = json.loads(cli(odd)[1][-1])  # the reader cannot read pictures of this size
    assert facts["seen"] is None and facts["right"] is None
    code, out, err = cli('generate "a frog" --steps 1 --size 96 --out f.png')
    assert code == 0 and "learned pictures of 64x64" in err[0]
    assert Image.open("f.png").size == (96, 96)
    for wrong, sentence in (
        ("--space outer", "--space must be latent or pixel; got 'outer'"),
        ("--size 1040", "at most 1024; got 1040"),
        ("--space pixel --weights latent", "--space is for a prompt, and without"),
        ("--size 65", "must be a multiple of 16 here, at most 1024; got 65"),
    ):
        code, out, err = cli(f'generate "a frog" {wrong} --out g.png')
        assert code == 2 and sentence in err[0] and not Path("g.png").exists()


def test_prompts_take_turns(cli, words):
    out = cli('generate "a frog" "a cat" --n 3 --steps 1 --out x/ --json')[1]
    assert json.loads(out[-1])["prompts"] == ["a frog", "a cat", "a frog"]


def test_prompts_are_rewritten_unless_as_typed(cli, words):
    command = 'generate "a forg with a hat" --steps 1 --out f.png --json'
    code, out, err = cli(command)
    assert json.loads(out[-1])["read_as"] == ["a frog with a hat hat"]
    assert (code, err) == (0, ["Slips of the fingers, put right: forg as frog."])
    out = cli(f"{command} --as-typed")[1]
    assert json.loads(out[-1])["read_as"] == ["a forg with a hat"]


@pytest.mark.parametrize(
    ("prompt", "remark"),
    [
        ("''", "asks for nothing"),
        ("'an astronaut'", "no caption of the training: astronaut"),
        (f"'{'frog ' * 10_000}'", "cut after 22 tokens"),
        ("'カエル 🐸'", "no caption of the training"),
        ("'a red blue frog \x07'", None),
    ],
    ids=["empty", "unknown", "long", "another script", "control character"],
)
def test_no_prompt_fails(cli, here, words, prompt, remark):
    code, _, err = cli(f"generate {prompt} --steps 1 --out f.png")
    assert code == 0 and written(here) == ["f.png"]
    assert (remark is None and err == []) or remark in err[0]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("generate --out f.png", "either a prompt or --label"),
        ("generate 'a frog' --label frog --out f.png", "either a prompt or --label"),
        ("generate --label frog --negative cat --out f.png", "need a prompt"),
        ("generate --label frog --size 0 --out f.png", "need a prompt"),
        ("generate --label frog --as-typed --out f.png", "need a prompt"),
        ("evaluate --weights critters --as-typed", "needs weights that take prompts"),
        (f"generate 'a frog' --out {'f' * 300}.png", "name too long"),
        ("generate 'a frog' --n 0 --out f.png", "must lie in 1..10000"),
        ("generate 'a frog' --guidance nan --out f.png", "finite"),
        ("generate 'a frog' --weights critters --out f.png", "takes no prompts"),
        ("generate 'a frog' --weights nowhere --out f.png", "no weights at"),
        ("generate --label frog --weights words --out f.png", "takes no labels"),
        ("evaluate --weights critters --prompts p.txt", "take prompts"),
        ("evaluate --weights critters --only ears", "need weights that take prompts"),
        (
            "evaluate --weights words --only noses",
            "no kind 'noses' of prompts, but one",
        ),
        ("evaluate --weights words --prompts nowhere.txt", "must be a text file"),
        ("evaluate --weights words --n 3", "n must lie in"),
        ("evaluate --weights words --n 0", "n must lie in"),
        ("evaluate --weights critters --n 0", "n must lie in"),
        ("evaluate --weights reader-32 --n 0", "n must lie in"),
        ("evaluate --weights words --calls 1", "One step takes 2 calls"),
    ],
)
def test_bad_prompts_get_a_sentence_and_write_nothing(
    cli, here, words, command, sentence
):
    code, out, err = cli(command)
    assert code == 2 and len(err) == 1 and re.search(sentence, err[0]), err
    assert written(here) == []


def test_prompts_of_a_file_are_judged(cli, here, words):
    (here / "p.txt").write_text("a red frog\n\na cat at night\n")
    command = "evaluate --weights words --prompts p.txt --n 4 --seeds 2 --calls 2"
    code, out, _ = cli(f"{command} --json")
    facts = json.loads(out[-1])
    assert code == 0 and facts["n"] == 4 and facts["factors"]["subject"]["n"] == 8
    assert 0 <= facts["all_factors"] <= 1


def test_every_kind_of_prompt_is_judged(cli, words, monkeypatch):
    monkeypatch.setattr(evaluation, "FEWEST", 2)
    out = cli("evaluate --weights words --n 2 --seeds 1 --calls 2 --json")[1]
    kinds = json.loads(out[-1])["kinds"]
    assert kinds["frog on stilts"]["drawn"]["all_factors"]["n"] == 2
    assert any("frog on stilts" in line for line in out)
    some = "--only ears --only 'two senses, context' --n 2 --calls 2 --json"
    found = json.loads(cli(f"evaluate --weights words {some} --as-typed")[1][-1])
    assert list(found["kinds"]) == ["ears", "two senses, context"]
    assert found["as_typed"]


def test_a_command_begins_without_what_takes_long_to_import():
    """torchvision takes 2 s, and who draws one picture needs none of it."""
    code = "import sys, course_lib.commands.main; print('torchvision' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout == "False\n"
