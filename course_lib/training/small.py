"""A painter so small that an experiment with it takes a minute: 16x16, drawn by label.

What happens to it happens to large ones, later and with more money. How much, and from
which size on, cannot be read off it.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.checkpoint import fill
from course_lib.painters.labels import LabelToImage
from course_lib.pixels import from_bytes
from course_lib.training.recipes import ADAMW, denoiser_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.critters import SUBJECTS
from course_lib.world.datasets import PictureSet
from course_lib.world.drawing import draw_critters

SIDE = 16
BATCH = 32
NETWORK = {"widths": (16, 32), "blocks": 1}
KINDS = ("nothing", *SUBJECTS[1:9])  # the eight animals are the labels
# A training set, the pictures that no training sees, and those of the judges: worlds of
# their own, so that none meets another's.
WORLD, UNSEEN, JUDGED = 18, 1_000_018, 2_000_018


def album_of(n: int, seed: int = WORLD, start: int = 0) -> PictureSet:
    """n critters, one animal each, labelled by the animal: an album of 16x16."""
    pictures, factors = draw_critters(n, seed, SIDE, start, "one")
    return PictureSet("critters", pictures, factors["subject"], KINDS, factors)


def unseen(n: int, start: int = 0) -> PictureSet:
    """n critters that no small painter learns from."""
    return album_of(n, UNSEEN, start)


def small_trainer(
    album: PictureSet,
    iterations: int,
    seed: int = 0,
    start: nn.Module | None = None,
    rate: float = ADAMW["learning_rate"],
    folder: Path | str | None = None,
    resume: bool = False,
) -> Trainer:
    """The training of a small painter; Muon costs more than it saves at this size.

    Args:
        start: a network to go on from; None begins with random weights
    """
    settings = Settings(iterations, rate, warmup=20, precision="float32")
    trainer = denoiser_trainer(album, settings, folder, resume, BATCH, seed, **NETWORK)
    if start is not None and trainer.iteration == 0:
        fill(trainer.raw_model, start.state_dict()).train()
        trainer.ema = {n: x.clone() for n, x in start.state_dict().items()}
    return trainer


def painter_of(trainer: Trainer, album: PictureSet) -> LabelToImage:
    """The trained painter; it knows every label of the album, used or not."""
    card = trainer.full_card() | {"labels": list(album.names)}
    return LabelToImage(trainer.averaged_model().eval(), card)


def small_painter(
    album: PictureSet,
    iterations: int,
    seed: int = 0,
    start: nn.Module | None = None,
    rate: float = ADAMW["learning_rate"],
) -> LabelToImage:
    """Train a small painter from begin to end; about 20 iterations a second."""
    trainer = small_trainer(album, iterations, seed, start, rate)
    for _ in trainer.run():
        pass
    return painter_of(trainer, album)


def drawn_by(
    painter: LabelToImage,
    n: int,
    seed: int = 0,
    labels: list[str] | None = None,
    guidance_scale: float = 1.0,
    steps: int = 15,
) -> tuple[Tensor, Tensor]:
    """Draw n pictures, the labels in turns.

    Args:
        labels: names; None is all that the painter knows

    Returns:
        pictures (n, 3, SIDE, SIDE) in [-1, 1], and the labels' numbers, (n,)
    """
    names = labels or painter.labels[1:]
    asked = [names[i % len(names)] for i in range(n)]
    pictures = painter(asked, steps, guidance_scale, seed, batch_size=256)
    return pictures, torch.tensor([painter.labels.index(name) for name in asked])


def as_floats(album: PictureSet) -> Tensor:
    """The pictures of an album in [-1, 1]."""
    return from_bytes(album.pictures)
