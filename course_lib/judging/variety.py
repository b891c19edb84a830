"""How different are the pictures of one request from each other?

A painter that always draws the same good frog would pass every other exam here. Two
measures, both to be compared with those of as many real pictures:

nearest_other   how far it is from a picture to the most similar one of its request
entropy         in bits, how evenly all that was left open is spread over the answers
"""

import math

import torch
from torch import Tensor

from course_lib.world.critters import FACTORS

LEFT_OPEN = ("colour", "scene", "size", "accessory")  # what a label does not say


def nearest_other(features: Tensor, group: Tensor) -> Tensor:
    """The distance of each picture to the nearest other one of its group.

    Those that are alone in their group are left out.

    Args:
        features: (N, D), of a judge (`features_of`)
        group: (N,) int64, what each picture was asked to be
    """
    apart = torch.cdist(features, features)
    strangers = group[:, None] != group[None, :]
    itself = torch.eye(len(group), dtype=torch.bool)
    nearest = apart.masked_fill(strangers | itself, math.inf).min(1).values
    return nearest[nearest.isfinite()]


def entropy(seen: dict[str, Tensor], names: tuple[str, ...] = LEFT_OPEN) -> float:
    """The sum of the entropies of these factors, in bits.

    Two colours half and half are one bit, four colours two bits, always the same
    colour none.

    Args:
        seen: factor -> (N,) answers, as a judge reads them
    """
    total = 0.0
    for name in names:
        counts = torch.bincount(seen[name], minlength=len(FACTORS[name])).double()
        shares = counts[counts > 0] / counts.sum()
        total -= (shares * shares.log2()).sum().item()
    return total
