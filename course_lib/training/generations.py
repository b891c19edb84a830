"""A model fed by models: each generation learns from what the one before has made.

Here a model is as simple as it can be: for each kind of thing its share, its middle and
its spread, in the plane. Even that loses the rare kinds, and cannot find them again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.chance import generator_for

WAYS = ("replaced", "accumulated", "mixed")
KINDS = 20
FRESH = 0.1  # the share of real data in each generation of "mixed"


@dataclass(frozen=True, eq=False)
class Points:
    """N points in the plane, (N, 2), and the kind of each, (N,)."""

    xy: Tensor
    kind: Tensor

    def __len__(self) -> int:
        return len(self.xy)


def the_real(n: int, seed: int = 0, kinds: int = KINDS) -> Points:
    """n real points: kinds on a circle, the k-th k times as rare as the first."""
    generator = generator_for(seed)
    share = 1 / torch.arange(1, kinds + 1).float()
    kind = torch.multinomial(share, n, True, generator=generator)
    angle = 2 * torch.pi * kind / kinds
    middle = torch.stack([angle.cos(), angle.sin()], 1)
    return Points(middle + 0.08 * torch.randn(n, 2, generator=generator), kind)


def learn(points: Points, kinds: int = KINDS) -> tuple[Tensor, Tensor, Tensor]:
    """The model: the share (K,), middle (K, 2) and spread (K, 2) of each kind."""
    share = torch.bincount(points.kind, minlength=kinds) / len(points)
    middle, spread = torch.zeros(kinds, 2), torch.zeros(kinds, 2)
    for k in points.kind.unique():
        own = points.xy[points.kind == k]
        middle[k], spread[k] = own.mean(0), own.std(0, correction=0)
    return share, middle, spread


def make(model: tuple[Tensor, Tensor, Tensor], n: int, seed: int) -> Points:
    """n points that the model makes."""
    share, middle, spread = model
    generator = generator_for(seed)
    kind = torch.multinomial(share, n, True, generator=generator)
    noise = torch.randn(n, 2, generator=generator)
    return Points(middle[kind] + spread[kind] * noise, kind)


def feed(made: list, real, way: str, mix: Callable):
    """What the next generation learns from.

    Args:
        made: what all generations made, the real data first
        real: real data that nobody has used yet
        mix: of real and made data, `FRESH` of it real
    """
    if way == "replaced":
        return made[-1:]
    if way == "accumulated":
        return made
    if way == "mixed":
        return [mix(real, made[-1])] if len(made) > 1 else made
    raise ValueError(f"way must be one of {WAYS}; got {way!r}.")


def joined(parts: list[Points]) -> Points:
    """Several sets of points as one."""
    xy, kind = ([getattr(p, name) for p in parts] for name in ("xy", "kind"))
    return Points(torch.cat(xy), torch.cat(kind))


def mixed(real: Points, made: Points) -> Points:
    """Made points, the first tenth of them replaced by real ones."""
    n = round(FRESH * len(made))
    parts = [(real, slice(n)), (made, slice(n, None))]
    return joined([Points(p.xy[some], p.kind[some]) for p, some in parts])


def generations(
    n: int = 200, count: int = 10, way: str = "replaced", seed: int = 0
) -> Iterator[Points]:
    """Yield the real points, then what each generation made, n each."""
    made = [the_real(n, seed)]
    yield made[0]
    for number in range(1, count + 1):
        real = the_real(n, seed + 1000 + number)
        food = joined(feed(made, real, way, mixed))
        made.append(make(learn(food), n, seed + 2000 + number))
        yield made[-1]


def variety(points: Points) -> tuple[int, float]:
    """How many kinds are left, and how large the mean spread within a kind is."""
    share, _, spread = learn(points)
    return int((share > 0).sum()), spread[share > 0].mean().item()


def right(points: Points, kinds: int = KINDS) -> float:
    """The share of points that lie where their kind really lies, within 3 spreads."""
    angle = 2 * torch.pi * points.kind / kinds
    middle = torch.stack([angle.cos(), angle.sin()], 1)
    return ((points.xy - middle).norm(dim=1) < 0.24).float().mean().item()
