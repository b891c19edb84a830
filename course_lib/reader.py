"""What the reader of critters learns from: worn pictures, and broken ones.

The reader answers one question a factor. Asked about an animal that is half erased,
mixed from two, or smeared, it should say "none": otherwise a generator could please it
with scraps. So an eighth of what it sees is broken, and the subject there is "none".
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.critters import FACTORS, choose_factors
from course_lib.drawing import draw
from course_lib.objective import Batch, GetBatch, generator_for
from course_lib.pixels import from_bytes, to_bytes

CHUNK = 4096  # pictures drawn at once: drawing few at a time is slow
UNASKED = -100  # what cross_entropy ignores
BREAKS = ("erased", "mixed", "smeared")

QUESTIONS = {name: len(answers) for name, answers in FACTORS.items()}


def reader_batches(
    batch_size: int, size: int, seed: int, broken: float = 0.125
) -> GetBatch:
    """Pictures of every kind, held-out ones too, always new; a share of them broken.

    A batch is {"x_0": (B, 3, size, size)} and one (B,) for each factor.
    """
    kept: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}

    def chunk_of(number: int) -> tuple[Tensor, dict[str, Tensor]]:
        if number not in kept:
            kept.clear()
            kept[number] = draw_chunk(number, size, seed, broken)
        return kept[number]

    def get_batch(iteration: int) -> Batch:
        per_chunk = CHUNK // batch_size
        pictures, factors = chunk_of(iteration // per_chunk)
        place = iteration % per_chunk * batch_size
        rows = slice(place, place + batch_size)
        batch = {name: values[rows] for name, values in factors.items()}
        return {"x_0": from_bytes(pictures[rows])} | batch

    return get_batch


def draw_chunk(number: int, size: int, seed: int, broken: float):
    """One chunk: bytes and factors, in random order, the broken ones mixed in."""
    generator = generator_for(seed, number, 4)
    indices = torch.arange(number * CHUNK, (number + 1) * CHUNK)
    factors = choose_factors(indices, seed, "any", allow_held_out=True)
    pictures = draw(factors, indices, seed, size)
    n = round(broken * CHUNK)
    for how, rows in zip(
        BREAKS, torch.arange(n).tensor_split(len(BREAKS)), strict=True
    ):
        some = {name: values[rows] for name, values in factors.items()}
        pictures[rows] = break_pictures(
            how, pictures[rows], some, indices[rows], seed, generator
        )
        for name, values in factors.items():
            values[rows] = 0 if name in ("subject", "subject_2") else UNASKED
    order = torch.randperm(CHUNK, generator=generator)
    return to_bytes(pictures[order]), {
        n: values[order] for n, values in factors.items()
    }


def break_pictures(
    how: str,
    pictures: Tensor,
    factors: dict[str, Tensor],
    indices: Tensor,
    seed: int,
    generator: torch.Generator,
) -> Tensor:
    """Spoil the animals and leave the scenes.

    Args:
        how: "erased" takes away half of the subject, "mixed" weaves it with another
            picture, "smeared" blurs it away
        pictures: (N, 3, H, W) as drawn from the factors, indices and seed
    """
    nobody = factors | {
        name: torch.zeros_like(values)
        for name, values in factors.items()
        if name != "scene"
    }
    empty = draw(nobody, indices, seed, pictures.shape[-1])
    there = (pictures - empty).abs() > 0.01  # more than rounding to bytes makes
    if how == "erased":
        # Every animal must lose its half: two lose their tops or bottoms, one with a
        # hat or on stilts its left or right.
        level = torch.rand(len(pictures), generator=generator) < 0.5
        level = (level & (factors["accessory"] == 0)) | (factors["subject_2"] > 0)
        half = half_of(there, level, generator)
        return torch.where(half, empty, pictures)
    if how == "mixed":
        side = pictures.shape[-1] // 8
        squares = torch.rand(len(pictures), 1, 8, 8, generator=generator) < 0.5
        weave = squares.repeat_interleave(side, 2).repeat_interleave(side, 3)
        return torch.where(weave, pictures, pictures.roll(1, 0))
    cells = F.adaptive_avg_pool2d(pictures, 4)
    smeared = F.interpolate(cells, size=pictures.shape[-2:], mode="bilinear")
    return torch.where(there.any(1, keepdim=True), smeared, pictures)


def half_of(there: Tensor, level: Tensor, generator: torch.Generator) -> Tensor:
    """(N, 1, H, W) True on one side of the middle of what is there, a side by chance.

    Args:
        there: (N, 3, H, W) True where there is something
        level: (N,) True for a level cut, else the cut is upright
    """
    there = there.any(1).float()  # (N, H, W)
    N, H, W = there.shape
    row = torch.arange(H).float().reshape(1, H, 1)
    column = torch.arange(W).float().reshape(1, 1, W)
    count = there.sum((1, 2)).clamp(min=1)
    middle_row = ((there * row).sum((1, 2)) / count).reshape(N, 1, 1)
    middle_column = ((there * column).sum((1, 2)) / count).reshape(N, 1, 1)
    first = torch.rand(N, 1, 1, generator=generator) < 0.5
    level = level.reshape(N, 1, 1)
    beyond = torch.where(level, row - middle_row, column - middle_column) > 0
    return (beyond ^ first)[:, None]
