"""Metrics: distances between sets of pictures, and shares with their intervals.

A distance between two sets of n pictures is never zero, even if both are real. So every
distance is reported with its floor: real pictures against other real ones, with the
same n and the same features. The floor matters: with the reader of 2026-11 it is 457
for 128 critters, 197 for 256, 97 for 512 and 49 for 1,024. So distances at another n,
or with other features, cannot be compared at all.
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
    """The judge's features of pictures (N, 3, H, W) in [-1, 1]: (N, D)."""
    check_pictures(pictures)
    batches = pictures.clamp(-1, 1).split(batch_size)
    return torch.cat([judge.features(batch) for batch in batches])


# Distances --------------------------------------------------------------------


class AsGiven(nn.Module):
    """An identity where torchmetrics expects a network: the features already exist."""

    def __init__(self, num_features: int):
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def frechet_distance(real: Tensor, made: Tensor) -> float:
    """The Frechet distance between two sets of features, (N, D) and (M, D).

    |mu - mu'|^2 + tr(C + C' - 2 (C C')^(1/2)) for the Gaussians with these means and
    covariances (Heusel et al. 2017, equation 6).
    """
    # torchmetrics computes the matrix root. The features are ours: Inception would have
    # to be downloaded and has never seen a critter.
    metric = FrechetInceptionDistance(AsGiven(real.shape[1]))
    # The root of a product of covariances loses half of the digits. float32 has seven:
    # with it, 1,024 critters had a distance of -0.02 to themselves.
    metric.set_dtype(torch.float64)
    metric.update(real.double(), real=True)
    metric.update(made.double(), real=False)
    return metric.compute().item()


def precision_recall(real: Tensor, made: Tensor, k: int = 3) -> tuple[float, float]:
    """Precision: the share of made pictures among the real ones. Recall: vice versa.

    A point lies among a set if it is at least as close to some member as that member's
    k-th neighbour (Kynkaanniemi et al. 2019, equations 1 and 2). Even real critters
    against other real ones get only 0.97 (k = 3, n = 1,024).

    Args:
        real, made: features, (N, D) and (M, D)
        k: with 1, real ones would get 0.73; with 10, nearly anything passes (0.999)
    """

    def share_among(points: Tensor, members: Tensor) -> float:
        # k + 1, since each member's nearest is itself. Two tables of N x N distances;
        # with 10,000 pictures each takes 0.4 GB.
        reach = torch.cdist(members, members).kthvalue(k + 1, dim=1).values  # (N,)
        return (torch.cdist(points, members) <= reach).any(1).float().mean().item()

    return share_among(made, real), share_among(real, made)


def nearest(
    points: Tensor, training: Tensor, chunk: int = 4096
) -> tuple[Tensor, Tensor]:
    """The nearest training picture of each point: (distances, indices), both (N,).

    Takes pictures or features: anything that flattens to (N, D). Distances are root
    mean squares over the D numbers, so pictures in [-1, 1] differ by at most 2.
    """
    points = points.flatten(1)
    # In chunks: the table of all distances to 50,000 pictures need not exist at once.
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
        """The 95 % confidence interval of the true share: (low, high) in 0..1."""
        z, p = 1.96, self.value
        # Wilson's, not p +- 1.96 std, which ends above 1 for 499 of 500.
        middle = (p + z**2 / (2 * self.n)) / (1 + z**2 / self.n)
        inside = p * (1 - p) / self.n + z**2 / (4 * self.n**2)
        half = z * math.sqrt(inside) / (1 + z**2 / self.n)
        # With 0 or n right, one end is p itself; rounding may miss it by a hair.
        return min(p, max(0.0, middle - half)), max(p, min(1.0, middle + half))

    def __str__(self) -> str:
        low, high = (100 * end for end in self.interval)
        return f"{100 * self.value:.1f} % ({low:.1f} to {high:.1f}, n = {self.n})"


def share(right: Tensor) -> Share:
    """The share of True in a tensor of booleans."""
    return Share(int(right.sum()), right.numel())
