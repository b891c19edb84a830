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
from on_disk import written

from course_lib import checkpoint
from course_lib.checkpoint import load_checkpoint
from course_lib.device import cache_folder
from course_lib.networks.unet import UNet
from course_lib.training import trainer

ROOT = Path(__file__).resolve().parents[1]
TINY = "--widths 8,16 --blocks 1 --batch 2 --precision float32"


@pytest.mark.parametrize(
    "command",
    ["generate --label frog", "generate --out x.png", "paint", "--quickly", "train"],
)
def test_a_command_that_is_none_is_bad_input(cli, command, here):
    code, out, err = cli(command)
    assert (code, out, len(err)) == (2, [], 1) and written(here) == []


def test_a_command_begins_without_what_takes_long_to_import():
    """torchvision takes 2 s, and who draws one picture needs none of it."""
    code = "import sys, course_lib.commands.main; print('torchvision' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout == "False\n"


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
    assert cli("generate --weights mine --label photo --steps 1 --out a.png")[0] == 0


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


def test_a_training_that_is_interrupted_exits_with_1_and_carries_on(
    cli, learn, monkeypatch
):
    command = learn + "--iterations 5 --out "
    assert cli(command + "straight")[0] == 0
    one_iteration = trainer.Trainer.one_iteration

    def pressing_ctrl_c(self):
        if self.iteration == 3 and self.folder:
            signal.raise_signal(signal.SIGINT)
        return one_iteration(self)

    with monkeypatch.context() as patch:
        patch.setattr(trainer.Trainer, "one_iteration", pressing_ctrl_c)
        code, out, err = cli(command + "stopped")
    assert code == 1 and "the same command with --resume carries on" in err[-1]
    assert "4 of 5 iterations" in out[-1]
    code, out, _ = cli(command + "stopped --resume")
    assert code == 0 and "1 iterations after 4" in out[0]
    assert_same("straight", "stopped")


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
        ("--iterations 3 --data folder:", "name a folder of photos"),
        ("--iterations 3 --data folder:~nouser", "no home folder is known"),
        ("--iterations 3 --data folder:.", "None of the 1 files"),
        ("--iterations 3 --what poet", "--what must be one of"),
        ("--iterations 3 --what classifier", "A classifier learns from cifar10"),
        ("--iterations 3 --size 33", "--size must be 32"),
        ("--iterations 3 --widths 8,9", "--widths must be multiples of 8"),
        ("--iterations 3 --precision int3", "precision must be one of"),
        ("--iterations 3 --threads 0", "--threads must be 1 or more"),
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


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
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
    ],
)
def test_bad_prompts_get_a_sentence_and_write_nothing(
    cli, here, words, command, sentence
):
    code, out, err = cli(command)
    assert code == 2 and len(err) == 1 and re.search(sentence, err[0]), err
    assert written(here) == []


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


def real(command: str, how: str = "", **environment: str):
    """What a shell gets of a command: `how` closes or turns its streams."""
    return subprocess.run(
        ["sh", "-c", f"{sys.executable} -m course_lib {command} {how}"],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")
def test_without_stderr_everything_is_drawn_all_the_same(here):
    ran = real("generate --label frog --steps 2 --out f.png", "2>&-")
    assert (ran.returncode, written(here)) == (0, ["f.png"])
    ran = real("generate --label crow --out g.png", "2>&-")
    assert (ran.returncode, ran.stdout) == (2, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")
def test_a_name_in_letters_that_stdout_lacks_is_no_failure(here):
    command = "generate --label frog --steps 1 --out m\u00fcsli.png"
    ran = real(command, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.endswith(b"m\\xfcsli.png\n")


@pytest.mark.parametrize("variable", ["COURSE_WEIGHTS", "COURSE_CACHE", "COURSE_DATA"])
def test_a_variable_that_leads_nowhere_is_bad_input(cli, variable, monkeypatch, here):
    monkeypatch.setenv(variable, "~nouser/x")
    command = {
        "COURSE_WEIGHTS": "generate --label frog --out f.png",
        "COURSE_CACHE": f"train --data critters {TINY} --iterations 1 --out t",
        "COURSE_DATA": f"train --data cifar10 {TINY} --iterations 1 --out t",
    }[variable]
    code, out, err = cli(command)
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith(f"{variable}: ~nouser/x leads nowhere")
    assert written(here) == []


def test_a_variable_read_late_is_bad_input_all_the_same(cli, monkeypatch):
    def late(*args, **kwargs):
        return cache_folder()

    monkeypatch.setattr(UNet, "forward", late)
    monkeypatch.setenv("COURSE_CACHE", "~nouser")
    code, _, err = cli("generate --label frog --steps 1 --out f.png")
    assert code == 2 and err[-1].startswith("COURSE_CACHE: ")


def test_a_mistake_of_ours_is_no_bad_input(cli, monkeypatch):
    """It keeps its traceback, with which Python exits with 1."""

    def mistake(*args, **kwargs):
        raise ValueError("a mistake deep inside")

    monkeypatch.setattr(UNet, "forward", mistake)
    with pytest.raises(ValueError, match="deep inside"):
        cli("generate --label frog --steps 1 --out x.png")
