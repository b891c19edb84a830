"""The recipe for the film judge, and the films that it must refuse.

It learns from drawn films of all kinds, held-out pairs included. Some are
spoiled: frames out of order, or each from another film, are no motion; frames woven
from two films show no animal. So a painter cannot please it with frames that only look
right one by one.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.chance import SPOILING, Batch, GetBatch, generator_for
from course_lib.device import plain_torch
from course_lib.networks.film_judge import (
    IGNORED,
    OF_FILMS,
    OF_FRAMES,
    FilmJudge,
    film_judge_loss,
)
from course_lib.pixels import from_bytes
from course_lib.training.bounds import (
    check_batch_fits,
    checked_batch,
    checked_seed,
    whole,
)
from course_lib.training.recipes import trainer_of
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.films import CHUNK, FRAMES, draw_films

FILM_JUDGE_SETTINGS = {"weight_decay": 0.01, "decay": 1.0, "muon": True}
SPOILED = 0.15  # the share of films without motion, and of films with woven frames
NOISIEST, FADED = 0.15, 0.3  # of the wear: noise, and the share of films that get none
KEPT_BY_FRAME = 80_000  # activations of one frame
FIRST = 10_000_000  # far from what a painter learns from


@plain_torch()
def film_judge_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 16,
    seed: int = 3,
    frames: int = FRAMES,
    size: int = 32,
) -> Trainer:
    """The judge of films: animal, colour and scene of each frame, motion, direction."""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    frames = whole("--frames", frames, 2, 64)
    check_batch_fits(KEPT_BY_FRAME * frames, batch_size, settings.precision)

    torch.manual_seed(seed)
    model = FilmJudge(size)
    get_batch = judge_batches(batch_size, size, frames, seed)
    card = {"kind": "film judge", "config": model.config, "data": "films"}
    card |= {"size": size, "frames": frames, "batch_size": batch_size, "seed": seed}
    return trainer_of(model, film_judge_loss, get_batch, settings, folder, resume, card)


def judge_batches(batch_size: int, size: int, frames: int, seed: int) -> GetBatch:
    """Batches of `x_0`, worn and partly spoiled films, and the right answers.

    Answers about frames are (B, F), about films (B,).
    """
    kept: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}
    per_chunk = max(1, CHUNK // batch_size)

    def get_batch(iteration: int) -> Batch:
        number, place = divmod(iteration, per_chunk)
        if number not in kept:
            kept.clear()
            n = per_chunk * batch_size
            start = FIRST + number * n
            kept[number] = draw_films(n, seed, size, frames, start, which="all")
        films, factors = kept[number]
        rows = slice(place * batch_size, (place + 1) * batch_size)
        generator = generator_for(seed, iteration, SPOILING)
        batch = {name: factors[name][rows] for name in OF_FILMS}
        for name in OF_FRAMES:
            batch[name] = factors[name][rows, None].expand(-1, frames)
        batch = spoiled({"x_0": from_bytes(films[rows])} | batch, generator)
        return batch | {"x_0": worn(batch["x_0"], generator)}

    return get_batch


def spoiled(batch: Batch, generator: torch.Generator) -> Batch:
    """Put some films out of order, fill some with strangers' frames, weave others."""
    films = batch["x_0"]
    B, frames = films.shape[:2]
    u = torch.rand(B, generator=generator)
    batch = {name: values.clone() for name, values in batch.items()}
    other = torch.roll(torch.arange(B), 1)
    for row in range(B):
        if u[row] < SPOILED / 2:  # out of order
            order = torch.randperm(frames, generator=generator)
            batch["x_0"][row] = films[row, order]
        elif u[row] < SPOILED:  # every frame of another film
            which = torch.randint(0, B, (frames,), generator=generator)
            batch["x_0"][row] = films[which, torch.arange(frames)]
            for name in OF_FRAMES:
                batch[name][row] = batch[name][which, 0].clone()
        elif u[row] < 2 * SPOILED:  # woven from two
            weave(batch, row, int(other[row]), films, generator)
            continue
        else:
            continue
        # Standing still, put in another order, is standing still.
        batch["motion"][row] = batch["direction"][row] = 0
    return batch


def weave(batch: Batch, row: int, other: int, films: Tensor, generator) -> None:
    """Weave some frames of a film with those of another: no animal, and no motion."""
    frames, side = films.shape[1], films.shape[-1] // 8
    squares = torch.rand(1, 8, 8, generator=generator) < 0.5
    pattern = squares.repeat_interleave(side, 1).repeat_interleave(side, 2)
    torn = torch.rand(frames, generator=generator) < 0.5
    mixed = torch.where(pattern, films[row], films[other])
    batch["x_0"][row] = torch.where(torn[:, None, None, None], mixed, films[row])
    batch["subject"][row, torn] = 0
    for name in ("colour", "scene"):
        batch[name][row, torn] = IGNORED
    # A film that is torn in half of its frames may still show how it moves.
    batch["motion"][row] = batch["direction"][row] = IGNORED


def worn(films: Tensor, generator: torch.Generator) -> Tensor:
    """Noise and blur, as strong in all frames of a film, and shifts by a pixel."""
    B = len(films)
    strong = torch.rand(B, 1, 1, 1, 1, generator=generator)
    strong = NOISIEST * ((strong - FADED) / (1 - FADED)).clamp(min=0)
    noise = torch.randn(films.shape, generator=generator)
    soft = torch.rand(B, 1, 1, 1, 1, generator=generator) < 0.2
    blurred = F.avg_pool2d(
        films.flatten(0, 1), 3, stride=1, padding=1, count_include_pad=False
    ).view_as(films)
    films = torch.where(soft, 0.5 * (films + blurred), films)
    shift = torch.randint(-1, 2, (2,), generator=generator).tolist()
    padded = torch.nn.functional.pad(
        films.flatten(0, 1), (1, 1, 1, 1), mode="replicate"
    )
    down, across = 1 + shift[0], 1 + shift[1]
    size = films.shape[-1]
    films = padded[..., down : down + size, across : across + size].view_as(films)
    return (films + strong * noise).clamp(-1, 1)
