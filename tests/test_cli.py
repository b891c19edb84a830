"""The command line is a contract: exit codes, one sentence, one line of JSON."""

import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from PIL import Image

from course_lib import checkpoint
from course_lib.checkpoint import load_checkpoint, save_weights
from course_lib.commands.main import main
from course_lib.judging import evaluation
from course_lib.networks.autoencoder import Autoencoder, encoder_digest
from course_lib.networks.judge import Judge
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import train_tokenizer
from course_lib.networks.unet import UNet
from course_lib.pixels import read_picture
from course_lib.training import trainer
from course_lib.training.resume import STOPS
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


# train ------------------------------------------------------------------------------


@pytest.fixture
def learn(world):
    return f"train --data folder:{world / 'photos'} {TINY} "


def state(folder) -> dict[str, torch.Tensor]:
    return load_checkpoint(Path(folder) / "state.safetensors")[0]


def assert_same(one, other) -> None:
    one, other = state(one), state(other)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_training_writes_weights_state_and_card(cli, learn, here):
    code, out, err = cli(learn + "--iterations 3 --keep 2 --out mine --json")
    assert code == 0
    visible = [name for name in written(here / "mine") if not name.startswith(".")]
    here_files = ["card.json", "model.safetensors", "state.safetensors"]
    there_files = ["at-2", "at-2/card.json", "at-2/model.safetensors"]
    assert visible == sorted(here_files + there_files)
    assert "3 iterations, about" in out[0] and "images/s" in err[-1]
    facts, card = json.loads(out[-1]), json.loads(Path("mine/card.json").read_text())
    assert facts["iterations"] == card["iteration"] == 3 and facts["loss"] > 0
    assert card["settings"]["iterations"] == 3 and card["batch_size"] == 2
    assert cli("generate --weights ./mine --label photo --steps 1 --out a.png")[0] == 0


def test_the_command_on_the_card_trains_the_same_again(cli, learn):
    assert cli(learn + "--iterations 3 --seed 4 --out mine --json --resume")[0] == 0
    command = json.loads(Path("mine/card.json").read_text())["command"]
    assert command.startswith("python -m course_lib train ")
    assert "--resume" not in command and "--json" not in command
    again = command.removeprefix("python -m course_lib ").replace("mine", "again")
    assert cli(again)[0] == 0
    assert_same("mine", "again")


def test_a_training_may_stop_for_now(cli, learn):
    command = learn + "--iterations 4 --out mine --json --resume"
    code, out, _ = cli(command + " --until 2")
    assert code == 0 and json.loads(out[-1])["iterations"] == 2
    assert "--until" not in json.loads(out[-1])["card"]["command"]
    code, out, _ = cli(command)
    assert code == 0 and json.loads(out[-1])["iterations"] == 4


def test_minutes_become_iterations_once(cli, learn, monkeypatch):
    monkeypatch.setattr(trainer, "seconds_an_iteration", lambda *a: 0.5)
    command = learn + "--minutes 0.05 --out mine"
    assert cli(command)[0] == 0
    card = json.loads(Path("mine/card.json").read_text())
    assert card["settings"]["iterations"] == 6 == card["iteration"]
    assert "--iterations 6" in card["command"] and "--minutes" not in card["command"]
    monkeypatch.setattr(trainer, "seconds_an_iteration", lambda *a: 0.1)
    code, out, _ = cli(command + " --resume")  # the machine is faster now
    assert code == 0 and "6 of 6 iterations" in out[-1]


def test_twenty_iterations_are_timed_for_minutes_and_few_for_a_forecast(
    cli, learn, monkeypatch
):
    timed = []

    def note(make, settings, iterations):
        timed.append(iterations)
        return 1.0

    monkeypatch.setattr(trainer, "seconds_an_iteration", note)
    cli(learn + "--minutes 0.02 --out a")
    cli(learn + "--iterations 1 --out b")
    assert timed == [20, 5]


@pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)
def test_a_training_that_is_interrupted_exits_with_1_and_carries_on(
    cli, learn, monkeypatch, number
):
    command = learn + "--iterations 5 --out "
    assert cli(command + "straight")[0] == 0
    one_iteration = trainer.Trainer.one_iteration

    def interrupted(self):
        if self.iteration == 3 and self.folder:
            signal.raise_signal(number)
        return one_iteration(self)

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Trainer, "one_iteration", interrupted)
        code, out, err = cli(command + "stopped")
    assert code == 1 and "the same command with --resume carries on" in err[-1]
    assert "4 of 5 iterations" in out[-1]
    code, out, _ = cli(command + "stopped --resume")
    assert code == 0 and "1 iterations after 4" in out[0]
    assert_same("straight", "stopped")


def test_ctrl_c_before_the_first_iteration_says_so(cli, learn, here, monkeypatch):
    def pressing_ctrl_c(*args):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(trainer, "seconds_an_iteration", pressing_ctrl_c)
    assert cli(learn + "--iterations 5 --out mine") == (1, [], ["Stopped."])
    assert written(here) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_training_that_is_killed_carries_on_to_the_same_weights(cli, learn, here):
    command = learn + "--iterations 60 --out "
    arguments = shlex.split(command + "killed --resume")
    killed = subprocess.Popen(
        [sys.executable, "-m", "course_lib", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    while not Path("killed/card.json").exists():
        assert killed.poll() is None
        time.sleep(0.01)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    torch.set_num_threads(1)
    assert cli(command + "killed --resume")[0] == 0
    assert cli(command + "straight")[0] == 0
    assert_same("straight", "killed")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "either --iterations N or --minutes M"),
        ("--iterations 3 --minutes 1", "either --iterations N or --minutes M"),
        ("--iterations 0", "iterations must be 1 or more"),
        ("--iterations 3 --until 0", "--until must be 1 or more; got 0"),
        ("--minutes 0", "--minutes must be more than 0"),
        ("--minutes nan", "--minutes must be more than 0"),
        ("--iterations 3 --keep 4", "keep must lie in 1..3"),
        ("--iterations 3 --keep soon", "--keep takes whole numbers"),
        ("--iterations 3 --batch 0", "--batch must be 1.."),
        ("--iterations 3 --data mnist", "critters, cifar10 or folder:PATH"),
        ("--iterations 3 --data folder:nowhere", "There is no folder nowhere"),
        ("--iterations 3 --data folder:.", "None of the 1 files"),
        ("--iterations 3 --what poet", "--what must be one of"),
        ("--iterations 3 --what classifier", "A classifier learns from cifar10"),
        ("--iterations 3 --size 33", "--size must be 32"),
        ("--iterations 3 --widths 8,9", "--widths must be multiples of 8"),
        ("--iterations 3 --precision int3", "precision must be one of"),
        ("--iterations 3 --threads 0", "--threads must be 1 or more"),
        ("--iterations 3 --threads 100000", "and 1024 at most; got 100000"),
        (f"--iterations 3 --threads {10**12}", "and 1024 at most"),
        ("--iterations 3 --out file/x", "Cannot write to file/x"),
    ],
)
def test_a_training_that_makes_no_sense_is_refused(cli, learn, here, options, words):
    Path("file").touch()
    code, out, err = cli(learn + "--out mine " + options)
    assert (code, len(err)) == (2, 1) and words in err[0]
    assert not [line for line in out if not line.startswith("skipped")]
    assert written(here) == ["file"]


def test_a_folder_that_is_taken_is_refused(cli, learn, here):
    command = learn + "--iterations 2 --out mine"
    assert cli(command)[0] == 0
    before = {name: Path("mine", name).read_bytes() for name in os.listdir("mine")}
    for changes, words in (
        ("", "already holds a training"),
        (" --resume --seed 1", "seed was 0, now it is 1"),
        (" --resume --widths 16", "config was"),
        (" --resume --iterations 1", "iterations was 2, now it is 1"),
    ):
        code, _, err = cli(command + changes)
        assert (code, len(err)) == (2, 1) and words in err[0]
    with FileLock("mine/.training.lock"):
        code, _, err = cli(command + " --resume")
        assert (code, len(err)) == (2, 1) and "Another training is writing" in err[0]
    assert before == {name: Path("mine", name).read_bytes() for name in before}


def test_a_trial_that_fails_is_not_the_askers_mistake(cli, learn, monkeypatch):
    def broken(self):
        raise ValueError("a mistake deep inside")

    monkeypatch.setattr(trainer.Trainer, "one_iteration", broken)
    with pytest.raises(ValueError, match="deep inside"):
        cli(learn + "--iterations 2 --out mine")


def test_a_training_without_space_exits_with_1(cli, learn, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint, "save_file", full)
    code, _, err = cli(learn + "--iterations 2 --out mine")
    assert code == 1 and "Is the disk full" in err[-1]


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
        ("train --what pair --start words --iterations 1 --out t", "--start is for"),
        ("train --what pair --noisier 1 --iterations 1 --out t", "--noisier is for"),
        ("train --what text --noisier nan --iterations 1 --out t", "lie in -5..5"),
        ("train --what text --strangers 0.1 --iterations 1 --out t", "is for autoenc"),
        (
            "train --what autoencoder --strangers 2 --iterations 1 --out t",
            "is a share, 0..1",
        ),
        ("train --optimizer sgd --iterations 1 --out t", "must be adamw or muon"),
        ("train --learning-rate 0 --iterations 1 --out t", "0 and 1; got 0"),
        ("train --learning-rate -1 --iterations 1 --out t", "0 and 1; got -1"),
        ("train --learning-rate nan --iterations 1 --out t", "0 and 1; got nan"),
        ("train --what text --size 48 --iterations 1 --out t", "--size must be 32"),
        (
            "train --what pair --widths 8,8 --iterations 1 --out t",
            "has its own --widths",
        ),
        (
            "train --what text --start words --pair pair --iterations 1 --out t",
            "leave out --pair",
        ),
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
