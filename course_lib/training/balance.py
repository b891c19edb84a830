"""Bias: what "a big animal" is, where one kind of big animal is rare in the album.

Guidance exaggerates. Towards a caption c with scale w it draws about

    p_w(kind)  ~  p(kind | c)^w  p(kind)^(1 - w)

(Ho & Salimans 2022, section 3), so what is rarer under the caption than elsewhere gets
rarer with every bit of w.
"""

import torch
from torch import Tensor

from course_lib.chance import generator_for
from course_lib.diffusion.guidance import guided
from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import read_output
from course_lib.diffusion.samplers import ddim, last_step
from course_lib.diffusion.schedule import straight_line
from course_lib.training.planting import part_of
from course_lib.training.small import album_of
from course_lib.world.critters import SIZES, SUBJECTS
from course_lib.world.datasets import PictureSet

NAMES = ("nothing", "an animal", "a small animal", "a big animal")
RARE = "cat"  # big ones, in the album; small ones are frequent


def lopsided_album(n: int, share: float, seed: int = 0) -> PictureSet:
    """n critters in which only `share` of the big animals are cats.

    All animals together are equally frequent: the missing big cats are small. A third
    of the captions name no size.

    Args:
        share: 0 to 1/8, where it is as large as any
    """
    album = album_of(2 * n)
    big = album.factors["size"] == SIZES.index("big")
    cat = album.factors["subject"] == SUBJECTS.index(RARE)
    half = n // 2
    cats = round(share * half)
    # One eighth of all are cats. What is missing among the big is added to the small.
    few = [(big & cat, cats), (big & ~cat, half - cats)]
    few += [(~big & cat, half // 4 - cats), (~big & ~cat, n - half - half // 4 + cats)]
    rows = torch.cat([pool.nonzero()[:count, 0] for pool, count in few])
    chosen = part_of(album, rows)
    sizes = torch.where(chosen.factors["size"] == SIZES.index("big"), 3, 2)
    unsaid = torch.arange(len(rows)) % 3 == 0
    labels = torch.where(unsaid, 1, sizes)
    return PictureSet("critters", chosen.pictures, labels, NAMES, chosen.factors)


def balanced(album: PictureSet) -> PictureSet:
    """The same pictures, the rare ones repeated until all kinds are equally frequent.

    A kind is an animal of a size.
    """
    kinds = album.factors["subject"] * len(SIZES) + album.factors["size"]
    numbers, counts = kinds.unique(return_counts=True)
    rows = []
    for number in numbers:
        own = (kinds == number).nonzero()[:, 0]
        rows.append(own[torch.arange(int(counts.max())) % len(own)])
    return part_of(album, torch.cat(rows))


def shares_of(kinds: Tensor, count: int) -> Tensor:
    """The share of each kind 0..count - 1 among (N,) numbers: (count,)."""
    return torch.bincount(kinds, minlength=count) / len(kinds)


def exaggerated(with_caption: Tensor, without: Tensor, w: float) -> Tensor:
    """The shares that guidance should lead to, (kinds,), by the formula above."""
    drawn = with_caption**w * without.clamp(min=1e-12) ** (1 - w)
    return drawn / drawn.sum()


def drawn_with_guidance(
    with_caption: Tensor, without: Tensor, w: float, n: int = 2000, seed: int = 0
) -> Tensor:
    """The kinds of n points drawn with guidance by a model without any error: (n,).

    Each kind is a place on a circle. The two denoisers, with the caption and without,
    are the best there are for these counts (lesson 03). So what differs from the album
    is guidance, and no fault of a network.

    Args:
        with_caption, without: how many examples of each kind there are, (kinds,) int64
    """
    angle = 2 * torch.pi * torch.arange(len(without)) / len(without)
    places = torch.stack([angle.cos(), angle.sin()], 1)  # (kinds, 2)
    schedule = straight_line()
    models = [
        IdealDenoiser(places.repeat_interleave(counts, 0), schedule)
        for counts in (with_caption, without)
    ]

    def predict(x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        x_0_hat = guided(*(model(x_t, t) for model in models), w)
        return read_output(x_0_hat, x_t, t, schedule, "x_0")

    x_T = torch.randn(n, 2, generator=generator_for(seed))
    drawn = last_step(ddim(predict, x_T, schedule, steps=100))
    return torch.cdist(drawn, places).argmin(1)
