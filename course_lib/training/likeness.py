"""Training data of the probe that recognises the plush, and its recipe.

A probe is only worth something if it refuses what is nearly right. So half of its
pictures are near-misses: the plush without one of its features, or in another colour,
critters that wear the features, and a plush that is half erased or smeared.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.chance import NEAR_MISS, Batch, GetBatch, generator_for
from course_lib.device import plain_torch
from course_lib.networks.judge import Judge, make_judge_loss
from course_lib.pixels import from_bytes, to_bytes
from course_lib.training.bounds import checked_batch, checked_seed
from course_lib.training.flaws import Copier, copies
from course_lib.training.recipes import trainer_of
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.animals import FIGURES
from course_lib.world.critters import ACCESSORIES, COLOURS, SUBJECTS
from course_lib.world.drawing import draw_critters
from course_lib.world.guests import (
    PLACES,
    SIDES,
    Figure,
    Shown,
    choose,
    draw_guests,
    octopus,
)
from course_lib.world.plush import FEATURES, FUR, bobbles, patch, plush, scarf
from course_lib.world.wear import IGNORED, with_wear

LIKENESS_SETTINGS = {"weight_decay": 0.01, "decay": 1.0, "muon": True}
ANIMALS = (*SUBJECTS[:9], "octopus")  # "none" first
QUESTIONS = {"plush": 2} | dict.fromkeys(FEATURES, 2)
QUESTIONS |= {"stilts": 2, "place": len(PLACES), "side": len(SIDES)}
QUESTIONS |= {"animal": len(ANIMALS), "colour": len(COLOURS)}
BROWN = COLOURS.index("brown")
WIDTHS = (24, 48, 64, 96)  # 0.9 MB of weights
CHUNK, SHOWN = 1024, 4  # pictures drawn at once, and how often each is seen
COPIED = 0.4  # the share that goes through the autoencoder, as a painter's pictures do
# The parts of a chunk, in sixteenths.
PARTS = {"plush": 5, "lacking": 3, "recoloured": 2, "disguised": 2, "broken": 1}
PARTS |= {"octopus": 1, "critters": 2}


# Near-misses --------------------------------------------------------------------------


def disguised(name: str, features: tuple[str, ...]) -> Figure:
    """A critter that wears features of the plush."""

    def figure(brush, colour) -> None:
        if "bobbles" in features:
            bobbles(brush)
        FIGURES[name](brush, colour, "none", 0.0)
        if "patch" in features:
            patch(brush)
        if "scarf" in features:
            scarf(brush)

    return figure


def some_features(generator: torch.Generator, least: int, most: int) -> tuple[str, ...]:
    """A random choice of `least` to `most` features."""
    n = int(torch.randint(least, most + 1, (), generator=generator))
    order = torch.randperm(len(FEATURES), generator=generator).tolist()
    return tuple(FEATURES[i] for i in sorted(order[:n]))


def figures(kind: str, generator: torch.Generator) -> tuple[Figure, tuple[str, ...]]:
    """A figure of this kind, and the features that it shows."""
    if kind in ("plush", "broken"):
        return plush, FEATURES
    if kind == "octopus":
        return octopus, ()
    if kind == "disguised":
        shown = some_features(generator, 1, len(FEATURES))
        name = ("rabbit", "cat", "bear")[int(torch.randint(3, (), generator=generator))]
        return disguised(name, shown), shown
    most = len(FEATURES) - (kind == "lacking")  # recoloured ones may have all
    shown = some_features(generator, 0, most)
    return partial(plush, without=tuple({*FEATURES} - {*shown})), shown


# Chunks -------------------------------------------------------------------------------


def answers_to(shown: Shown, features: tuple[str, ...], kind: str) -> Batch:
    """The right answers about pictures of one figure."""
    n = len(shown.place)

    def all_of(number: int) -> Tensor:
        return torch.full((n,), number)

    answers = {"plush": all_of(int(kind == "plush"))}
    answers |= {name: all_of(int(name in features)) for name in FEATURES}
    answers |= dict(stilts=shown.stilts, place=shown.place, side=shown.beside)
    answers |= dict(animal=shown.animal, colour=shown.colour)
    if kind == "octopus":
        answers |= dict(animal=all_of(ANIMALS.index("octopus")), colour=shown.own)
    if kind == "disguised":  # is a cat with a scarf beside nobody an animal beside it?
        answers |= dict(animal=all_of(IGNORED), colour=all_of(IGNORED))
    if kind == "broken":  # half a scarf is neither
        unasked = [name for name in answers if name not in ("plush", "place")]
        answers |= {name: all_of(IGNORED) for name in unasked}
    return answers


def drawn_parts(
    number: int, seed: int, n: int, size: int
) -> Iterator[tuple[Tensor, Batch]]:
    """Pictures (N, 3, size, size) in [-1, 1] and answers, one figure at a time."""
    generator = generator_for(seed, number, NEAR_MISS)
    start = number * n
    for kind, sixteenths in PARTS.items():
        count = n * sixteenths // 16
        if kind == "critters":
            yield critters_with_answers(count, seed, size, start)
            continue
        # Several figures a kind, each alone, on stilts and beside a critter.
        for turn, rows in enumerate(torch.arange(start, start + count).split(16)):
            figure, features = figures(kind, generator)
            beside = kind != "octopus" and turn % 3 == 1
            how = dict(on_stilts=turn % 3 == 2, beside=beside)
            coloured = kind in ("recoloured", "disguised", "octopus")
            shown = choose(rows, seed, PLACES, **how, coloured=coloured)
            if kind == "recoloured":  # brown is the right colour
                own = shown.own.masked_fill(shown.own == BROWN, 1)
                shown = replace(shown, own=own)
            pictures = draw_guests(figure, shown, rows, seed, size, FUR)
            if kind == "broken":
                pictures = broken(pictures, generator)
            yield pictures, answers_to(shown, features, kind)
        start += n  # each kind has numbers of its own


def critters_with_answers(count: int, seed: int, size: int, start: int):
    """Critters of all kinds, and the answers about them."""
    pictures, f = draw_critters(count, seed, size, start, allow_held_out=True)
    answers = dict.fromkeys(QUESTIONS, torch.zeros(count, dtype=torch.int64))
    answers |= dict(place=f["scene"], animal=f["subject"], colour=f["colour"])
    answers["stilts"] = (f["accessory"] == ACCESSORIES.index("stilts")).long()
    # Which of two is "the animal"? Things are no animals.
    unclear = (f["subject_2"] > 0) | (f["subject"] > 8)
    for name in ("animal", "colour", "side"):
        answers[name] = answers[name].masked_fill(unclear, IGNORED)
    return from_bytes(pictures), answers


def broken(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures whose middle is smeared, mixed with another's, or cut away."""
    how = torch.randint(3, (), generator=generator)
    if how == 0:
        cells = F.adaptive_avg_pool2d(pictures, 4)
        return F.interpolate(cells, size=pictures.shape[-2:], mode="bilinear")
    other = pictures.roll(1, 0)
    if how == 1:  # squares of another picture
        side = pictures.shape[-1] // 8
        squares = torch.rand(len(pictures), 1, 8, 8, generator=generator) < 0.5
        weave = squares.repeat_interleave(side, 2).repeat_interleave(side, 3)
        return torch.where(weave, pictures, other.flip(-1))
    half = pictures.shape[-2] // 2  # upside down from the middle on
    return torch.cat([pictures[:, :, :half], other[:, :, :half].flip(-2)], dim=2)


def likeness_chunk(
    number: int, seed: int, n: int = CHUNK, size: int = 64, copier: Copier | None = None
) -> tuple[Tensor, Batch]:
    """n pictures as bytes, shuffled, and the right answers about each."""
    parts = list(drawn_parts(number, seed, n, size))
    pictures = torch.cat([pictures for pictures, _ in parts])
    answers = {q: torch.cat([each[q] for _, each in parts]) for q in QUESTIONS}
    order = torch.randperm(
        len(pictures), generator=generator_for(seed, number, NEAR_MISS, 1)
    )
    pictures, answers = pictures[order], {q: x[order] for q, x in answers.items()}
    if copier is not None:
        some = slice(round(COPIED * len(pictures)))
        indices = torch.arange(number * n, number * n + len(pictures))[some]
        pictures[some] = copies(pictures[some], indices, seed, copier)
    return to_bytes(pictures), answers


def likeness_batches(batch_size: int, seed: int, size: int = 64) -> GetBatch:
    """Batches for the probe: `x_0`, (B, 3, size, size), and (B,) per question."""
    copier = Copier.shipped() if size == 64 else None
    kept: dict[int, tuple[Tensor, Batch]] = {}

    def get_batch(iteration: int) -> Batch:
        per_chunk = SHOWN * CHUNK // batch_size
        number, place = divmod(iteration, per_chunk)
        if number not in kept:
            kept.clear()
            kept[number] = likeness_chunk(number, seed, size=size, copier=copier)
        pictures, answers = kept[number]
        rows = torch.arange(place * batch_size, (place + 1) * batch_size)
        rows = rows % len(pictures)
        return {"x_0": from_bytes(pictures[rows])} | {
            q: x[rows] for q, x in answers.items()
        }

    return get_batch


@plain_torch()
def likeness_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 64,
    seed: int = 4,
) -> Trainer:
    """The probe: is this the plush, and which of its features are there?"""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    torch.manual_seed(seed)
    model = Judge(QUESTIONS, 64, WIDTHS)
    worn = with_wear(likeness_batches(batch_size, seed), seed, shift=2, wear=0.3)
    card = {"kind": "judge", "config": model.config, "data": "plush and near-misses"}
    card |= {"size": 64, "batch_size": batch_size, "seed": seed}
    loss_fn = make_judge_loss()
    return trainer_of(model, loss_fn, worn, settings, folder, resume, card)
