"""The table in data/weights/README.md, and the commands that are made of it."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import weights  # noqa: E402

from course_lib.checkpoint import load_weights  # noqa: E402
from course_lib.commands.train import with_step  # noqa: E402
from course_lib.commands.train_networks import with_its_name  # noqa: E402
from course_lib.device import weights_folder  # noqa: E402
from course_lib.training import (  # noqa: E402
    film_judging,
    films,
    judges,
    likeness,
    listening,
    personalise,
    recipes,
    steering,
)
from course_lib.training.trainer import Settings  # noqa: E402

# Whose names begin as those of others that they are no part of.
ALONE = ("cifar10-classifier", "inspector-32", "inspector-64")
ALONE += ("zorp-alone", "zorp-word")
ROWS = weights.read_table(weights.TABLE.read_text(encoding="utf-8"))
# What the Makefile called while all of it stood there, one call a line.
WORDS = """
train --what pair --iterations 700 --out runs/pair
train --what text --iterations 6000 --keep 2000,4000 --pair runs/pair --out runs/words
"""
AUTOENCODER = """
train --what pair --iterations 700 --out runs/pair
train --what autoencoder --iterations 12000 --pair runs/pair --out runs/autoencoder
"""
LATENT = f"""
{AUTOENCODER}
train --what text --iterations 6000 --keep 2000,4000 --pair runs/pair --until 2000 \\
    --out runs/words
train --what latent --iterations 4000 --keep 2000 --start runs/words/at-2000 \\
    --autoencoder runs/autoencoder --out runs/latent
"""
WEIGHTS = f"""
{WORDS}
{AUTOENCODER}
train --what reader --size 32 --iterations 2500 --out runs/reader-32
train --what reader --size 64 --iterations 2500 --out runs/reader-64
train --what inspector --size 32 --iterations 3200 --out runs/inspector-32
train --what inspector --size 64 --iterations 3600 --keep 1400 --until 1400 \\
    --out runs/inspector-64-1
train --what inspector --size 64 --iterations 2400 --seed 3 \\
    --learning-rate 0.0015 --start runs/inspector-64-1/at-1400 \\
    --out runs/inspector-64
train --what classifier --iterations 6000 --out runs/cifar10-classifier
train --what likeness --iterations 900 --out runs/likeness-64
train --data critters --iterations 7000 --keep 300,1500 --optimizer adamw \\
    --out runs/critters
train --data cifar10 --iterations 4500 --blocks 1 --optimizer adamw \\
    --out runs/cifar10
train --what autoencoder --iterations 6000 --pair runs/pair --blocks 2 \\
    --start runs/autoencoder --out runs/autoencoder-1
train --what autoencoder --iterations 12000 --pair runs/pair --blocks 2 \\
    --start runs/autoencoder-1 --strangers 0.125 --out runs/autoencoder-2
train --what autoencoder --iterations 24000 --pair runs/pair --blocks 3 \\
    --start runs/autoencoder-2 --strangers 0.125 --out runs/autoencoder-3
train --what text --iterations 1500 --start runs/words/at-4000 --seed 2 \\
    --out runs/words-1
train --what text --iterations 700 --start runs/words --seed 1 \\
    --learning-rate 0.001 --out runs/words-2
train --what text --iterations 700 --start runs/words --seed 2 \\
    --learning-rate 0.001 --out runs/words-3
average runs/words runs/words-1 runs/words-2 runs/words-3 \\
    runs/words/at-4000 runs/words/at-2000 --out runs/words-mean
train --what listener --iterations 4000 --out runs/listener-1
train --what listener --iterations 2000 --start runs/listener-1 --seed 1 \\
    --learning-rate 0.002 --out runs/listener-2
train --what listener --iterations 3000 --start runs/listener-2 --seed 2 \\
    --learning-rate 0.002 --out runs/listener
train --what latent --iterations 40000 --listener runs/listener \\
    --autoencoder runs/autoencoder --keep 6613 --manner spoken --again 3 \\
    --widths 96,192 --blocks 2 --noisier 0.5 --until 6613 --out runs/latent-1
train --what latent --iterations 6000 --start runs/latent-1/at-6613 \\
    --autoencoder runs/autoencoder --seed 1 --again 3 --noisier 0.9 \\
    --out runs/latent-2
finetune lora --images data/zorp --word zorp --iterations 400 --out runs/zorp
finetune lora --images data/zorp --word zorp --prior none --iterations 600 \\
    --out runs/zorp-alone
finetune inversion --images data/zorp --word zorp --iterations 150 --out runs/zorp-word
finetune inversion --images data/blim --word blim --like bear --iterations 400 \\
    --out runs/blim
finetune control --iterations 300 --out runs/sketch
train --what film-judge --iterations 2500 --out runs/film-judge
train --what film --iterations 1600 --frames 8 --start runs/words-mean --out runs/films
"""


def called(what: str) -> list[list[str]]:
    """What the table says: ["train", "pair", "--resume", ...], ["average", ...], ..."""
    return weights.commands_for(what, ROWS)


def options_of(training: list[str]) -> dict[str, str]:
    """{"--iterations": "700", ...} of one command, and its network."""
    _, network, *words = training
    words = [word for word in words if word != "--resume"]
    given = dict(zip(words[::2], words[1::2], strict=True))
    return given | {"network": network}


def in_short(command: list[str]) -> str:
    """A command in words whose order says nothing, but in a mean."""
    if command[0] == "average":
        return " ".join(command)
    return json.dumps(options_of(with_its_name(command)), sort_keys=True)


@pytest.mark.parametrize(
    ("what", "before"),
    [
        ("words", WORDS),
        ("autoencoder", AUTOENCODER),
        ("latent", LATENT),
        ("weights", WEIGHTS),
    ],
)
def test_the_commands_are_those_that_the_makefile_had(what, before):
    lines = before.replace("\\\n", " ").splitlines()
    then = {in_short(line.split()) for line in lines if line}
    now = [in_short(command) for command in called(what)]
    assert set(now) == then and len(now) == len(then)


@pytest.mark.parametrize("what", ["weights", *(row.name for row in ROWS)])
def test_whatever_a_row_starts_from_is_made_before_it(what):
    """So that whoever trains everything anew takes nothing from what ships."""
    made = []
    for command in called(what):
        if command[0] == "average":
            _, *parts, _, mean = command
            assert set(parts) <= set(made)
            made.append(mean)
            continue
        given = options_of(command)
        beginnings = ("pair", "start", "listener", "autoencoder")
        needed = {given.get(f"--{from_}") for from_ in beginnings}
        assert needed <= {None, *made}
        if given["network"] in ("text", "latent", "autoencoder"):
            assert {given.get(f"--{from_}") for from_ in beginnings[:3]} & {*made}
        aside = [int(n) for n in given.get("--keep", "").split(",") if n]
        until = int(given.get("--until", given["--iterations"]))
        made += [f"{given['--out']}/at-{n}" for n in aside if n <= until]
        made += [given["--out"]] if "--until" not in given else []
    assert what == "weights" or made[-1] == f"runs/{what}"
    assert len(made) == len(set(made))


def test_a_training_is_resumed_and_named_once():
    for command in called("weights"):
        assert command[0] == "average" or "--resume" in command
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_all_that_ships_is_in_the_table():
    shipped = {folder.name for folder in weights_folder().iterdir() if folder.is_dir()}
    early = {"critters-early", "critters-middle"}  # set aside on the way, says the page
    assert {row.ships_as for row in ROWS if row.ships_as} | early == shipped


# What ships ---------------------------------------------------------------------------


def decisive(settings: dict) -> dict:
    """All but `keep` and `precision`, which do not decide what is learned."""
    left = {n: x for n, x in settings.items() if n not in ("keep", "precision")}
    return json.loads(json.dumps(left))


def trainings_of(card: dict) -> list[dict]:
    """The cards of all trainings that weights were made of, means of means too."""
    shared = {name: x for name, x in card.items() if name != "mean_of"}
    parts = [shared | part for part in card.get("mean_of", [])]
    return [one for part in parts for one in trainings_of(part)] or [card]


def settings_again(training: list[str]) -> dict:
    """The settings that a command of the table trains with."""
    given = options_of(training)
    name = given["network"].upper().replace("-", "_")
    name = "WORD" if name == "INVERSION" else name
    recipes_of = (recipes, judges, listening, likeness, personalise, steering, films)
    known = {n: x for of in (*recipes_of, film_judging) for n, x in vars(of).items()}
    own = dict(known[f"{name}_SETTINGS"])
    own.pop("iterations", None)  # how many a command does, if nothing is said
    rate = given.get("--learning-rate")
    asked = with_step(own, given.get("--optimizer"), rate and float(rate))
    return decisive(asdict(Settings(int(given["--iterations"]), **asked)))


def test_what_ships_was_trained_as_it_would_be_again():
    """A card of a mean tells of all its parts, any other of the last training alone."""
    again = {}  # {"words": the settings of runs/words, runs/words-1, ...}
    for training in called("weights"):
        if training[0] != "average":
            name = training[-1].removeprefix("runs/")
            family = name if name in ALONE else name.split("-")[0]
            again.setdefault(family, []).append(settings_again(training))
    for folder in weights_folder().glob("*/"):
        card = load_weights(folder)[1]
        name = folder.name
        now = again[name if name in again else name.split("-")[0]]
        then = [
            decisive(asdict(Settings(1)) | one["settings"])
            for one in trainings_of(card)
        ]
        assert all(settings in now for settings in then), name
        if "mean_of" in card:
            assert all(settings in then for settings in now), name
        else:
            assert then == now[-1:], name


# The program --------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_called_and_calls_nothing(capsys, monkeypatch):
    monkeypatch.setattr(weights, "run", None)  # would fail
    assert weights.main(["words", "--dry-run"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("python -m course_lib train pair --resume --iterations 700")
    assert second.endswith("--pair runs/pair --out runs/words")


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_make_hands_on_what_is_wanted_and_whether_it_is_only_said():
    for words, said in ((["latent"], "latent"), (["weights", "DRY=1"], "weights")):
        told = subprocess.run(
            # It may be a make that runs this test, and then it says where it goes.
            ["make", "-n", "--no-print-directory", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        dry = "--dry-run " if "DRY=1" in words else ""
        *_, last = told.stdout.splitlines()
        assert " ".join(last.split()).endswith(f"tools/weights.py {dry}{said}")


def test_the_first_command_that_fails_is_the_last(monkeypatch, capsys):
    seen = []

    def fails_at_the_second(command):
        seen.append(command)
        return len(seen) // 2

    monkeypatch.setattr(weights, "run", fails_at_the_second)
    assert weights.main(["latent"]) == 1
    assert seen == called("latent")[:2]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_who_presses_ctrl_c_waits_until_the_training_is_saved(monkeypatch):
    """A child that is asked to stop may take its time, and says how it went."""

    class Called:
        calls = 0

        def wait(self):
            self.calls += 1
            if self.calls == 1:
                signal.raise_signal(signal.SIGINT)
            return 1

    child = Called()
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **how: child)
    assert weights.run(["train"]) == 1 and child.calls == 2


def test_a_command_runs_as_one_would_type_it(capfd):
    assert weights.run(["train", "poet"]) == 2
    assert "No such command" in capfd.readouterr().err
