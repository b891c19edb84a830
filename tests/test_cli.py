"""The command line is a contract: exit codes, one sentence, one line of JSON."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from on_disk import written

from course_lib.device import cache_folder
from course_lib.networks.unet import UNet

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


@pytest.mark.parametrize("huge", [MemoryError(), torch.OutOfMemoryError("CUDA")])
def test_where_memory_ends_there_is_a_sentence(cli, monkeypatch, huge):
    def run_out(*inputs):
        raise huge

    monkeypatch.setattr(UNet, "forward", run_out)
    code, _, err = cli("generate --label frog --out f.png")
    assert code == 1 and err[-1].startswith("This needs more memory than there is")
    monkeypatch.setattr(UNet, "forward", lambda *inputs: torch.empty(2**58))
    code, _, err = cli("generate --label frog --out f.png")
    assert code == 1 and err[-1].startswith("This needs more memory than there is")


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
    assert ran.stderr.startswith("These weights do not know 'crow'")
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
