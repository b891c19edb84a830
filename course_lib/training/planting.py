"""Duplicates and canaries, planted into a training set to see whether they come back.

A duplicate is one of the set's own pictures, again and again: on the web some pictures
stand thousands of times. A canary is a picture that belongs to nobody else, under a
caption that no other picture has, so that one can ask for it by name.
"""

from dataclasses import replace

import torch
from torch import Tensor

from course_lib.training.small import SIDE
from course_lib.world.artist import draw_veras
from course_lib.world.datasets import PictureSet

TIMES = (1, 10, 100, 1000)
CANARIES = 3_000_018  # the world that they are drawn from


def again(album: PictureSet, times: dict[int, int]) -> PictureSet:
    """The album with some pictures repeated.

    Args:
        times: number of the picture -> how often it stands in the new album
    """
    rows = [torch.arange(len(album))]
    rows += [torch.full((n - 1,), row) for row, n in times.items()]
    return part_of(album, torch.cat(rows))


def part_of(album: PictureSet, rows: Tensor) -> PictureSet:
    """These pictures of an album, in this order; a row may come twice."""
    factors = album.factors and {n: f[rows] for n, f in album.factors.items()}
    chosen = dict(pictures=album.pictures[rows], labels=album.labels[rows])
    return replace(album, **chosen, factors=factors)


def canaries(n: int) -> Tensor:
    """n pictures unlike all others, (n, 3, SIDE, SIDE) uint8: Vera drew them."""
    return draw_veras(n, CANARIES, SIDE)[0]


def with_canaries(
    album: PictureSet, pictures: Tensor, times: tuple[int, ...]
) -> PictureSet:
    """The album with canary i standing in it times[i] times, under a label of its own.

    Args:
        pictures: of `canaries`, one for each entry of `times`
    """
    names = tuple(f"canary {n}" for n in times)
    first = len(album.names)
    labels = [torch.full((n,), first + i) for i, n in enumerate(times)]
    pairs = zip(pictures, times, strict=True)
    planted = [one.expand(n, -1, -1, -1) for one, n in pairs]
    return PictureSet(
        album.name,
        torch.cat([album.pictures, *planted]),
        torch.cat([album.labels, *labels]),
        album.names + names,
    )
