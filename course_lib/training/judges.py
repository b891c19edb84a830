"""Recipes for the judges: the reader, the inspector, the classifier of photos.

They are kept apart from the other recipes: a generator must not learn from a judge, or
it would learn to please that judge.
"""

from pathlib import Path

import torch

from course_lib.device import plain_torch
from course_lib.networks.inspector import FlawFinder, flaw_loss, load_flaw_finder
from course_lib.networks.judge import Judge, make_judge_loss
from course_lib.training.bounds import (
    check_batch_fits,
    checked_batch,
    checked_seed,
    checked_size,
)
from course_lib.training.flaws import ALL_KINDS, ASKED, flaw_batches
from course_lib.training.recipes import trainer_of
from course_lib.training.resume import pictures_digest
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.datasets import batches, load_cifar10
from course_lib.world.wear import QUESTIONS, reader_batches, with_wear

CLASSIFIER_SETTINGS = {"weight_decay": 0.05, "decay": 1.0}
READER_SETTINGS = {"weight_decay": 0.01, "decay": 1.0}
INSPECTOR_SETTINGS = {"weight_decay": 0.01, "decay": 1.0, "muon": True}
KEPT_BY_JUDGE = {32: 123_000, 64: 397_000}  # activations a picture, by its size


@plain_torch()
def classifier_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 128,
    seed: int = 0,
) -> Trainer:
    """A classifier of CIFAR-10, which judges generated photos."""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    check_batch_fits(KEPT_BY_JUDGE[32], batch_size, settings.precision)

    torch.manual_seed(seed)
    pictures = load_cifar10("train")
    model = Judge({"cond": len(pictures.names)})
    get_batch = batches(pictures, batch_size, seed, flip=True)
    card = {"kind": "judge", "config": model.config, "data": pictures.name}
    card |= {"data_sha256": pictures_digest(pictures)}
    card |= {"labels": list(pictures.names), "batch_size": batch_size, "seed": seed}
    worn = with_wear(get_batch, seed, shift=3, wear=0.0, cut=6)
    loss_fn = make_judge_loss(smoothing=0.1)
    return trainer_of(model, loss_fn, worn, settings, folder, resume, card)


@plain_torch()
def reader_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    size: int = 32,
    batch_size: int = 128,
    seed: int = 1,
) -> Trainer:
    """The reader of critters at 32x32 or 64x64: the judge of all generated critters."""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    size = checked_size(size, 32, 64)
    check_batch_fits(KEPT_BY_JUDGE[size], batch_size, settings.precision)

    torch.manual_seed(seed)
    widths = (64, 128, 192) if size == 32 else (48, 96, 128, 192)
    model = Judge(QUESTIONS, size, widths)
    get_batch = with_wear(
        reader_batches(batch_size, size, seed), seed, shift=2, wear=0.3
    )
    card = {"kind": "judge", "config": model.config, "data": "critters"}
    card |= {"size": size, "batch_size": batch_size, "seed": seed}
    return trainer_of(
        model, make_judge_loss(), get_batch, settings, folder, resume, card
    )


def checked_widths(widths: tuple[int, ...]) -> tuple[int, ...]:
    """Check an inspector's channels: 8..512, where KEPT_BY_JUDGE roughly holds."""
    if not widths or not all(8 <= width <= 512 for width in widths):
        raise ValueError(f"--widths of an inspector must lie in 8..512; got {widths}.")
    return widths


@plain_torch()
def inspector_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    size: int = 64,
    batch_size: int = 64,
    seed: int = 2,
    widths: tuple[int, ...] | None = None,
    without: tuple[str, ...] = (),
    start: Path | str | None = None,
) -> Trainer:
    """The inspector at 32x32 or 64x64: is a critter clean or flawed, and how?

    Args:
        widths: channels after each halving
        without: kinds of faults that it never sees
        start: trained weights to continue from, of the same size and widths
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    size = checked_size(size, 32, 64)
    check_batch_fits(KEPT_BY_JUDGE[size], batch_size, settings.precision)
    unknown = set(without) - set(ALL_KINDS[1:])
    if unknown or len(set(without)) == len(ALL_KINDS) - 1:
        raise ValueError(
            f"--without takes some of {list(ALL_KINDS[1:])}, not all; got {without}."
        )

    usual = (32, 64, 128) if size == 32 else (32, 64, 96, 128)
    widths = usual if widths is None else checked_widths(widths)

    torch.manual_seed(seed)
    model = FlawFinder(ASKED, size, widths)
    if start is not None:
        trained = load_flaw_finder(start)[0]
        if trained.config != model.config:
            raise ValueError(f"--start must be an inspector like this: {model.config}.")
        model.load_state_dict(trained.state_dict())
    get_batch = flaw_batches(batch_size, size, seed, without)
    card = {"kind": "inspector", "config": model.config, "data": "flaws"}
    card |= {"labels": list(ALL_KINDS), "without": list(without)}
    card |= {} if start is None else {"start": Path(start).name}
    card |= {"size": size, "batch_size": batch_size, "seed": seed}
    return trainer_of(model, flaw_loss, get_batch, settings, folder, resume, card)
