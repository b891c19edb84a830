"""Does a painter hand back training pictures? A search over the whole training set.

A picture is a copy if it is far nearer to one training picture than to any other:

    distance to the nearest / distance to the second nearest  <  1/3

(Yoon et al. 2023). No distance alone could say so: two plain skies are near each other
by chance, two crowded scenes never. But the set must not hold a picture twice, or the
twin is the second nearest, the ratio is 1, and the copy goes unseen. Nor may grain
decide: it is in every distance, so a grainy copy is far from everything. Compare both
sides `coarse`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from course_lib.chance import generator_for
from course_lib.diffusion.objective import Predict
from course_lib.diffusion.samplers import mix
from course_lib.diffusion.schedule import NoiseSchedule
from course_lib.judging.metrics import Share, share
from course_lib.pixels import from_bytes

COPY = 1 / 3  # a ratio below this is a copy
SAME = 0.02  # pictures in [-1, 1] that are nearer than this are one picture
ROUNDED = 0.001  # distances differ by as much through rounding alone
CHUNK = 4096  # training pictures compared at once


@dataclass(frozen=True, eq=False)
class Found:
    """What the search found for each of N pictures.

    Args:
        nearest, second: distances, (N,), root mean squares over the numbers
        index: the nearest training picture, (N,)
    """

    nearest: Tensor
    second: Tensor
    index: Tensor

    @property
    def ratio(self) -> Tensor:
        """Nearest by second nearest, (N,) in 0..1."""
        # Where both are 0, the set holds the picture twice: 1, not 0 / 0.
        ratio = self.nearest / self.second.clamp(min=ROUNDED)
        return torch.where(self.second > ROUNDED, ratio, 1.0)

    @property
    def copies(self) -> Tensor:
        """Which pictures are copies, (N,) bool."""
        return self.ratio < COPY


def nearest_two(pictures: Tensor, training: Tensor, chunk: int = CHUNK) -> Found:
    """The nearest and the second nearest training picture of each picture.

    Args:
        pictures: (N, 3, H, W) in [-1, 1], or anything that flattens to (N, D)
        training: (M, ...) of the same shape, M of at least 2, none of them twice; or
            bytes, since 50,000 pictures of 64x64 are 2.5 GB of floats
    """
    if len(training) < 2:
        raise ValueError(
            f"A second nearest needs two training pictures; there are {len(training)}."
        )
    points = as_points(pictures)
    best = torch.full((len(points), 2), torch.inf)
    where = torch.zeros(len(points), 2, dtype=torch.int64)
    for start in range(0, len(training), chunk):
        some = as_points(training[start : start + chunk])
        here, index = torch.cdist(points, some).topk(min(2, len(some)), largest=False)
        # The best two of this chunk and of all before it.
        best, order = torch.cat([best, here], 1).topk(2, largest=False)
        where = torch.cat([where, index + start], 1).gather(1, order)
    size = points.shape[1] ** 0.5
    return Found(best[:, 0] / size, best[:, 1] / size, where[:, 0])


def copy_ratio(pictures: Tensor, training: Tensor) -> Tensor:
    """Nearest by second nearest distance of each picture, (N,); below COPY a copy."""
    return nearest_two(pictures, training).ratio


def coarse(pictures: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) with each square of 2x2 pixels averaged: half of the grain.

    What they show stays, and so does nearly all of the distance between two of them.
    """
    return avg_pool2d(pictures, 2)


def as_points(pictures: Tensor) -> Tensor:
    """Pictures, as floats or bytes, to points (N, D) in [-1, 1]."""
    floats = from_bytes(pictures) if pictures.dtype == torch.uint8 else pictures
    return floats.flatten(1)


def distinct(pictures: Tensor, same: float = SAME, chunk: int = CHUNK) -> Tensor:
    """The numbers of pictures (M, 3, H, W) that are no twin of an earlier one, (K,).

    Twins need not be equal to the bit: a JPEG of a picture is the same picture.
    """
    kept, found = [], []
    for start in range(0, len(pictures), chunk):
        some = as_points(pictures[start : start + chunk])
        reach = same * some.shape[1] ** 0.5
        new = torch.ones(len(some), dtype=torch.bool)
        for earlier in kept:
            new &= (torch.cdist(some, earlier) > reach).all(1)
        # Within the chunk: each against those before it.
        new &= ~(torch.cdist(some, some) <= reach).tril(-1).any(1)
        kept.append(some[new])
        found.append(start + new.nonzero()[:, 0])
    return torch.cat(found)


def copies_in(drawn: Tensor, training: Tensor) -> Share:
    """The share of drawn pictures that are copies; twins in the set are put aside."""
    return share(nearest_two(drawn, training[distinct(training)]).copies)


def controls(
    training: Tensor,
    fresh: Tensor,
    noise: float = 0.05,
    look: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, Share]:
    """Two controls, without which no share of copies means anything.

    Args:
        training: (M, 3, H, W), without twins
        fresh: (N, 3, H, W) real pictures that are not in it
        noise: the copier's; a control is worth something if it is as grainy as drawings
        look: what is done to all pictures before they are compared, such as `coarse`

    Returns:
        "fresh", which nobody copied: false alarms; "copier", training pictures with
        noise: what the test would find
    """
    some = torch.arange(len(training))[: len(fresh)]
    grain = torch.randn(training[some].shape, generator=generator_for(0))
    copied = (training[some] + noise * grain).clamp(-1, 1)
    look = look or as_points
    return {
        name: share(nearest_two(look(pictures), look(training)).copies)
        for name, pictures in (("fresh", fresh), ("copier", copied))
    }


def handed_back(drawn: Tensor, mine: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Which drawings are copies of a picture of mine: (N,) bool, and of which, (N,).

    Args:
        drawn: (N, 3, H, W) in [-1, 1]
        mine: (K, 3, H, W)
        others: (M, 3, H, W), floats or bytes, that the drawings may also have come
            from: the rest of the training set, or pictures like mine. Those that are
            mine are left out.
    """
    rest = not_mine(others, mine)
    own = nearest_two(drawn, twice(mine))
    second = nearest_two(drawn, twice(rest)).nearest
    return own.nearest < COPY * second, own.index % len(mine)


def not_mine(others: Tensor, mine: Tensor) -> Tensor:
    """Those of the others (M, 3, H, W) that are no picture of mine (K, 3, H, W)."""
    return others[nearest_two(others, twice(mine)).nearest >= SAME]


def twice(pictures: Tensor) -> Tensor:
    """The pictures, and again if there is but one: `nearest_two` needs two."""
    return pictures if len(pictures) > 1 else torch.cat([pictures, pictures])


# Without the training set -------------------------------------------------------------


@torch.no_grad()
def errors_at(
    predict: Predict,
    x_0: Tensor,
    schedule: NoiseSchedule,
    t: int,
    seeds: range = range(4),
) -> Tensor:
    """How wrong the guess of the clean picture is, for each of (B, C, H, W): (B,).

    What a network has seen often it guesses better than other pictures of its kind. So
    whoever owns a picture can ask the network about it, without the training set.

    Args:
        predict: of the painter, for one prompt a picture
        t: how much noise is added, 1..T
        seeds: noises to average over; the same for every picture
    """
    wrong = torch.zeros(len(x_0), device=x_0.device)
    for seed in seeds:
        eps = torch.randn(x_0.shape[1:], generator=generator_for(seed)).to(x_0.device)
        x_t = mix(x_0, eps.expand_as(x_0), t, schedule)
        x_0_hat, _ = predict(x_t, torch.full((len(x_0),), t, device=x_0.device))
        wrong += (x_0_hat - x_0).square().flatten(1).mean(1)
    return wrong / len(seeds)


def better_guessed(mine: Tensor, others: Tensor) -> Tensor:
    """For each of my pictures, the share of others that are guessed worse: (K,).

    Near 0.5: nothing special about mine. Near 1: it may have learned from them.

    Args:
        mine, others: of `errors_at`, (K,) and (M,)
    """
    return (others > mine[:, None]).float().mean(1)
