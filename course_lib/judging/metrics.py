"""How good are the pictures? Distances between sets, always beside their floor.

A distance between two sets of n pictures is never zero, even if both are real. So every
distance here is reported with that floor: real pictures against other real pictures,
the same n, the same features. The floor is no small matter: by the reader of 2026-11 it
is 457 for 128 critters, 197 for 256, 97 for 512 and 49 for 1,024. So distances at
another n, or of other features, cannot be compared at all.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from course_lib.networks.judge import Judge
from course_lib.pixels import check_pictures


@torch.no_grad()
def features_of(judge: Judge, pictures: Tensor, batch_size: int = 256) -> Tensor:
    """What the judge sees in each picture: (N, 3, H, W) in [-1, 1] to (N, D)."""
    check_pictures(pictures)
    batches = pictures.clamp(-1, 1).split(batch_size)
    return torch.cat([judge.features(batch) for batch in batches])


# Distances --------------------------------------------------------------------


class AsGiven(nn.Module):
    """Stands where torchmetrics expects a network: the features are there already."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def frechet_distance(real: Tensor, made: Tensor) -> float:
    """The Frechet distance of two sets of features, (N, D) and (M, D).

    |mu - mu'|^2 + tr(C + C' - 2 (C C')^(1/2)) for the Gaussians with these means and
    covariances (Heusel et al. 2017, equation 6).
    """
    # torchmetrics knows the matrix root; the features are ours, as Inception would have
    # to be downloaded and has never seen a critter.
    metric = FrechetInceptionDistance(AsGiven(real.shape[1]))
    # A root of a product of covariances loses half of the digits; float32 has seven,
    # and with it 1,024 critters were -0.02 from themselves.
    metric.set_dtype(torch.float64)
    metric.update(real.double(), real=True)
    metric.update(made.double(), real=False)
    return metric.compute().item()


def precision_recall(real: Tensor, made: Tensor, k: int = 3) -> tuple[float, float]:
    """Precision: the share of made pictures among real ones. Recall: vice versa.

    A point lies among a set if it is closer to some member than that member's k-th
    neighbour (Kynkaanniemi et al. 2019, equations 1 and 2). Real critters against
    others do not get 1 either, but 0.97 (k = 3, n = 1,024).

    Args:
        real, made: features, (N, D) and (M, D)
        k: with 1 real ones would get 0.73, with 10 nearly anything passes (0.999)
    """

    def share_among(points: Tensor, members: Tensor) -> float:
        # The nearest member is itself, at distance 0: so k + 1. Two tables of N x N
        # distances; at 10,000 pictures each is 0.4 GB.
        reach = torch.cdist(members, members).kthvalue(k + 1, dim=1).values  # (N,)
        return (torch.cdist(points, members) <= reach).any(1).float().mean().item()

    return share_among(made, real), share_among(real, made)


def nearest(
    points: Tensor, training: Tensor, chunk: int = 4096
) -> tuple[Tensor, Tensor]:
    """The nearest training picture of each: (distances, indices), both (N,).

    Pictures or features, anything that flattens to (N, D). Distances are root mean
    squares a number, so pictures in [-1, 1] differ by at most 2.
    """
    points = points.flatten(1)
    # In parts: the table of all distances to 50,000 pictures need not exist at once.
    best = torch.full((len(points),), math.inf)
    where = torch.zeros(len(points), dtype=torch.int64)
    for start in range(0, len(training), chunk):
        distances = torch.cdist(points, training[start : start + chunk].flatten(1))
        closest, index = distances.min(1)
        closer = closest < best
        best = torch.where(closer, closest, best)
        where = torch.where(closer, index + start, where)
    return best / points.shape[1] ** 0.5, where


# Shares -----------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval (Wilson 1927): right answers out of n.

    >>> print(Share(right=97, n=100))
    97.0 % (91.5 to 99.0, n = 100)
    """

    right: int
    n: int

    @property
    def value(self) -> float:
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, with 95 % confidence: (low, high) in 0..1."""
        z, p = 1.96, self.value
        # Wilson's, not p +- 1.96 std: at 499 of 500 the latter ends above 1.
        middle = (p + z**2 / (2 * self.n)) / (1 + z**2 / self.n)
        inside = p * (1 - p) / self.n + z**2 / (4 * self.n**2)
        half = z * math.sqrt(inside) / (1 + z**2 / self.n)
        # At 0 or n right an end is p itself, which rounding may miss by a hair.
        return min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half))

    def __str__(self) -> str:
        low, high = (100 * end for end in self.interval)
        return f"{100 * self.value:.1f} % ({low:.1f} to {high:.1f}, n = {self.n})"


def share(right: Tensor) -> Share:
    """The share of True in a tensor of booleans."""
    return Share(int(right.sum()), right.numel())
