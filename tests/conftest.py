"""The surroundings of every test: short, offline, one thread; and a command line."""

import json
import os
import re
import shlex
import signal
from pathlib import Path
from typing import NamedTuple

import pytest

RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
MIRROR = Path(__file__).resolve().parents[2] / "shared" / "data"

# Before torch is imported. With two threads the last bits of a sum depend on how it was
# shared out, and tests that compare bits would have to know.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("COURSE_PROFILE", "smoke")
os.environ.setdefault("MPLBACKEND", "agg")
if MIRROR.is_dir():
    os.environ.setdefault("COURSE_DATA", str(MIRROR))

LABELS = ["nothing", "frog", "rabbit", "cat", "bear", "bird", "fish", "turtle", "bat"]


class Saved(NamedTuple):
    """Where a command shall `--save` what it measures."""

    file: Path

    def names(self) -> set[str]:
        """The entries that were written."""
        return set(json.loads(self.file.read_text(encoding="utf-8"))["entries"])

    def lacks(self, name: str, but: str = "^$") -> set[str]:
        """Entries of that result which pages state, and this command does not write.

        Args:
            but: what it cannot write here, a regular expression
        """
        kept = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        stated = {entry for entry in kept["entries"] if not re.search(but, entry)}
        return stated - self.names()


@pytest.fixture
def saved(tmp_path) -> Saved:
    return Saved(tmp_path / "saved.json")


@pytest.fixture
def hearing():
    """A process that hears HUP; under nohup it would be ignored."""
    if not hasattr(signal, "SIGHUP"):  # Windows
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(autouse=True)
def one_thread():
    """Every test begins with one thread, and gives back what it took.

    Two threads wait for each other: beside another busy process a small network took
    5 s of a core where one thread took 0.1 s.
    """
    import torch  # now that the variables are set

    torch.set_num_threads(1)
    yield
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Weights that draw, weights that judge, and a folder of photos."""
    import torch
    from PIL import Image

    from course_lib.checkpoint import save_weights
    from course_lib.networks.inspector import FlawFinder
    from course_lib.networks.judge import Judge
    from course_lib.networks.unet import UNet
    from course_lib.training.flaws import ASKED
    from course_lib.world.wear import QUESTIONS

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
    save_weights(
        *(folder / "weights" / "reader-64", Judge(QUESTIONS, 64, (8, 8)).state_dict()),
        card | {"config": Judge(QUESTIONS, 64, (8, 8)).config},
    )
    for size in (32, 64):
        finder = FlawFinder(ASKED, size, (8, 8, 8))
        card = {"kind": "inspector", "config": finder.config, "data": "flaws"}
        where = folder / "weights" / f"inspector-{size}"
        save_weights(where, finder.state_dict(), card)
    for i in range(4):
        (folder / "photos").mkdir(exist_ok=True)
        photo = Image.new("RGB", (40, 36), (60 * i, 90, 255 - 60 * i))
        photo.save(folder / "photos" / f"{i}.png")
    return folder


@pytest.fixture(scope="session")
def words(world):
    """Weights that take prompts, under the names that `generate` looks for."""
    import torch

    from course_lib.checkpoint import save_weights
    from course_lib.networks.autoencoder import Autoencoder, encoder_digest
    from course_lib.networks.text_unet import TextUNet
    from course_lib.networks.tokenizer import train_tokenizer

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


@pytest.fixture
def here(world, tmp_path, monkeypatch):
    """An empty folder to work in, from which the weights are found by their names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_WEIGHTS", str(world / "weights"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


@pytest.fixture
def cli(here, capsys):
    """Run a command; give its exit code and the lines of stdout and stderr."""
    from course_lib.commands.main import main

    def run(command: str):
        code = main(shlex.split(command))
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return run
