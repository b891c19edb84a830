"""The commands `train NETWORK`: exit codes, what is written, what may be asked."""

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from on_disk import written
from PIL import Image
from test_cli import ROOT, TINY
from test_recipes import few_critters_and_a_coder, photos

from course_lib import checkpoint
from course_lib.checkpoint import load_checkpoint
from course_lib.commands import train_judges, train_networks, train_rivals
from course_lib.commands.train import with_step
from course_lib.commands.train_films import NETWORKS as COMMANDS
from course_lib.commands.train_networks import NAMES, load_data, with_its_name
from course_lib.training import beginnings, judges, recipes, trainer
from course_lib.training.resume import STOPS
from course_lib.world.datasets import DataError

NETWORKS = {  # and the options that are its own
    "denoiser": {
        "--data",
        "--size",
        "--widths",
        "--blocks",
        "--noisier",
        "--accumulate",
    },
    "text": {"--size", "--widths", "--blocks", "--noisier", "--pair", "--start"}
    | {"--listener", "--manner", "--again", "--accumulate"},
    "latent": {"--widths", "--blocks", "--noisier", "--pair", "--start"}
    | {"--listener", "--manner", "--again", "--autoencoder", "--accumulate"},
    "pair": {"--manner", "--again", "--accumulate"},
    "listener": {"--manner", "--start"},
    "autoencoder": {"--widths", "--blocks", "--pair", "--start", "--strangers"}
    | {"--accumulate"},
    "reader": {"--size"},
    "inspector": {"--size", "--widths", "--without", "--start"},
    "classifier": set(),
    "reward": {"--votes", "--weights"},
    "gan": {"--data", "--r1", "--spectral", "--critic-steps"},
    "tokens": {"--data"},
    "film": {"--frames", "--start", "--pictures", "--noisier"},
    "film-judge": {"--frames"},
}
SHARED = {
    *("--out", "--iterations", "--minutes", "--batch", "--seed", "--resume", "--until"),
    *("--keep", "--optimizer", "--learning-rate", "--precision", "--threads"),
    *("--json", "--help"),
}


def test_every_network_has_a_command_the_judges_too():
    assert {
        one.name or one.callback.__name__ for one in COMMANDS.registered_commands
    } == {*NAMES}


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


@pytest.mark.usefixtures("hearing")
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
        ("--minutes 1e308", "--minutes must be more than 0, and no more than a year"),
        (f"--iterations {10**400}", "--iterations must be below 1000000000"),
        ("--iterations 3 --keep 4", "keep must lie in 1..3"),
        ("--iterations 3 --keep soon", "--keep takes whole numbers"),
        ("--iterations 3 --batch 0", "--batch must be 1.."),
        ("--iterations 3 --data mnist", "critters, cifar10 or folder:PATH"),
        ("--iterations 3 --data folder:nowhere", "There is no folder nowhere"),
        ("--iterations 3 --data folder:.", "--out mine lies among the pictures of ."),
        ("--iterations 3 --data folder:. --out ../x", "None of the 1 files"),
        ("--iterations 3 --what poet", "--what must be one of"),
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


# A command a network ----------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS)
def test_help_shows_a_networks_own_options_and_what_all_share(cli, network):
    code, out, err = cli(f"train {network} --help")
    said = [line.split()[0] for line in out if line.startswith("  --")]
    assert (code, err, len(said)) == (0, [], len(set(said)))
    assert set(said) == SHARED | NETWORKS[network]
    assert f"Example: python -m course_lib train {network} " in " ".join(out)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("train", "train denoiser"),
        ("train --data critters --out x", "train denoiser --data critters --out x"),
        ("train --what text --size 64", "train text --size 64"),
        ("train --out x --what=latent", "train latent --out x"),
        ("train --what pair --help", "train pair --help"),
        ("train --help", "train --help"),
        ("train reader --size 64", "train reader --size 64"),
    ],
)
def test_older_words_are_todays(old, new):
    assert with_its_name(old.split()) == new.split()


@pytest.fixture
def small_world(tmp_path, monkeypatch):
    """What each network learns from is there at once; an autoencoder is in coder/."""
    few_critters_and_a_coder(tmp_path, monkeypatch)
    monkeypatch.delenv("COURSE_WEIGHTS")
    monkeypatch.setattr(train_networks, "load_critters", lambda *a, **k: photos())
    monkeypatch.setattr(judges, "load_cifar10", lambda split: photos())
    monkeypatch.setattr("course_lib.world.wear.CHUNK", 32)


@pytest.mark.parametrize(
    ("older", "own", "card"),
    [
        ("", "--data critters --size 32", dict(kind="denoiser", noisier=0.0)),
        ("--what text", "--data critters", dict(kind="text denoiser", size=32)),
        ("--what latent", "--size 64 --autoencoder coder", dict(size=64, noisier=0.8)),
        ("--what pair", "--data critters --size 32", dict(kind="pair")),
        ("--what autoencoder", "--strangers 0.5 --size 64", dict(strangers=0.5)),
        ("--what reader", "--data critters", dict(kind="judge", size=32, seed=1)),
        ("--what classifier", "--data cifar10 --size 32", dict(labels=4 * [...])),
    ],
)
def test_each_network_is_trained_by_older_and_newer_words_alike(
    cli,
    small_world,
    older,
    own,
    card,
):
    name = older.removeprefix("--what ") or "denoiser"
    grids = "--widths 8,16 --blocks 1" if "--widths" in NETWORKS[name] else ""
    how = f"{own} {grids} --iterations 1 --batch 2 --precision float32"
    assert cli(f"train {how} {older} --out older")[0] == 0
    assert cli(f"train {name} {how} --out newer")[0] == 0
    assert_same("older", "newer")
    both = ("older", "newer")
    older, newer = (load_checkpoint(f"{x}/state.safetensors")[1] for x in both)
    assert newer.pop("command").startswith(f"python -m course_lib train {name} --out")
    older.pop("command")
    assert older == newer
    card = dict(labels=list(photos().names)) if "labels" in card else card
    assert newer | card == newer


def test_a_gpu_trains_a_larger_painter_by_the_same_words(monkeypatch):
    size = partial(train_networks.painter_size, None)
    assert size(None, None) == {}
    monkeypatch.setattr(train_networks, "best_device", lambda: torch.device("cuda"))
    assert size(None, None) == {"widths": (128, 256), "blocks": 2}
    assert size("8,16", 3) == {"widths": (8, 16), "blocks": 3}
    assert train_networks.painter_size("words", None, None) == {}  # as it is


def test_an_optimizer_comes_with_a_learning_rate_that_suits_it():
    muon, adamw = recipes.TEXT_SETTINGS, recipes.PAIR_SETTINGS
    assert with_step(muon) == with_step(muon, "muon") == muon
    assert with_step(adamw) == with_step(adamw, "adamw") == adamw
    assert with_step(muon, "adamw") == muon | recipes.ADAMW
    assert with_step(adamw, "muon", 0.5) == adamw | {"muon": True, "learning_rate": 0.5}


@pytest.mark.parametrize("older", [True, False])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("pair --start words", "No such option: --start"),
        ("pair --noisier 1", "No such option: --noisier"),
        ("pair --widths 8,8", "No such option: --widths"),
        ("text --strangers 0.1", "No such option: --strangers"),
        ("text --autoencoder mine", "No such option: --autoencoder"),
        ("text --noisier nan", "must lie in -5..5; got nan"),
        ("text --size 48", "--size must be 32 or 64 here; got 48"),
        ("text --start words --pair pair", "leave out --pair"),
        ("text --data cifar10", "A text learns from critters; got --data cifar10"),
        ("latent --size 32", "--size must be 64 here; got 32"),
        ("pair --data cifar10", "A pair learns from critters"),
        ("pair --size 64", "--size must be 32 here; got 64"),
        ("reader --data cifar10", "A reader learns from critters"),
        ("reader --batch 5000", "--batch must be 1..4096; got 5000"),
        ("classifier --data critters", "A classifier learns from cifar10"),
        ("classifier --size 64", "--size must be 32 here"),
        ("autoencoder --strangers 2", "--strangers is a share, 0..1; got 2.0"),
        ("autoencoder --size 32", "--size must be 64 here"),
        ("autoencoder --data cifar10", "An autoencoder learns from critters"),
        ("denoiser --data cifar10 --size 64", "--size must be 32 here; got 64"),
        ("denoiser --size 48", "--size must be 32 or 64 here"),
        ("denoiser --seed -1", "--seed must be 0"),
        ("denoiser --widths 8,8,8,8,8,8", "6 --widths halve 32 pixels too often"),
        ("denoiser --widths ,", "--widths must be multiples of 8"),
        ("denoiser --blocks 0", "--blocks 1 or more"),
        ("denoiser --optimizer sgd", "must be adamw or muon; got 'sgd'"),
        ("denoiser --learning-rate 0", "between 0 and 1; got 0"),
        ("denoiser --learning-rate -1", "between 0 and 1; got -1"),
        ("denoiser --learning-rate nan", "between 0 and 1; got nan"),
        ("denoiser --widths 100000000", "take a smaller --batch, --widths or --blocks"),
        ("denoiser --blocks 1000000000", "GiB of memory or more, and there are"),
        ("latent --widths 800000000,8", "GiB of memory or more, and there are"),
        ("autoencoder --batch 4096 --widths 8000", "GiB of memory or more"),
    ],
)
def test_what_a_network_cannot_do_is_refused_before_anything_is_loaded(
    cli,
    here,
    words,
    older,
    sentence,
    monkeypatch,
):
    for place in (recipes, beginnings, train_networks):
        monkeypatch.setattr(place, "load_critters", None)  # would fail
    for place in (judges, train_networks):
        monkeypatch.setattr(place, "load_cifar10", None)
    assert train_judges.NETWORKS is train_networks.NETWORKS
    assert train_rivals.NETWORKS is train_networks.NETWORKS
    network, _, options = words.partition(" ")
    name = f"--what {network}" if older else network
    code, out, err = cli(f"train {name} {options} --iterations 1 --out t")
    assert (code, out, len(err)) == (2, [], 1) and sentence in err[0]
    assert written(here) == []


# What --data names ------------------------------------------------------------------


def test_unknown_data_is_refused():
    with pytest.raises(DataError, match="cifar10 or folder:PATH; got 'mnist'"):
        load_data("mnist")


def test_a_folder_without_a_name_is_not_the_one_one_is_in(here):
    """A shell makes `folder:` of folder:$PHOTOS where PHOTOS is not set."""
    Image.new("RGB", (40, 40)).save("1.png")
    with pytest.raises(DataError, match="name a folder of photos"):
        load_data("folder:")


def test_a_folder_may_lie_at_home(here, monkeypatch):
    Path("photos").mkdir()
    Image.new("RGB", (40, 40)).save("photos/1.png")
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("USERPROFILE", str(here))
    assert len(load_data("folder:~/photos")) == 1
