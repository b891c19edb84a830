"""Exact best denoisers: no network, no training, only arithmetic.

If the data are the points x^1..x^N, each as likely, then after seeing x_t the chance
of point i is proportional to N(x_t; a_t x^i, b_t^2), and the best guess of the clean
point, in mean squared error, is the mean of the points under these chances. If the data
are a bell curve, the best guess is a straight-line function of x_t.
"""

import torch
from torch import Tensor

from course_lib.diffusion.schedule import NoiseSchedule


class IdealDenoiser:
    """The best possible x_0_hat for a finite set: a denoiser of target "x_0".

    Args:
        points: (N, ...) the whole data set
        schedule: how the noise was mixed in
    """

    def __init__(self, points: Tensor, schedule: NoiseSchedule):
        self.points, self.schedule = points, schedule

    def chances(self, x_t: Tensor, t: Tensor) -> Tensor:
        """How likely each point of the set is, seeing x_t: (B, N), rows sum to 1."""
        a = self.schedule.a(t, like=x_t.flatten(1))  # (B, 1)
        # At t = 0 the bell curves have no width; a tiny one gives the nearest point,
        # which is what is meant.
        b = self.schedule.b(t, like=x_t.flatten(1)).clamp(min=1e-4)
        x, points = x_t.flatten(1), self.points.flatten(1)  # (B, D), (N, D)
        # |x - a p|^2 without a (B, N, D) tensor; what all points share drops out
        distance = a**2 * points.square().sum(1) - 2 * a * (x @ points.T)  # (B, N)
        # The logarithms of the bell curves, up to what all points share; softmax takes
        # the largest out first, so 3,072 small chances multiplied do not underflow.
        return torch.softmax(-distance / (2 * b**2), dim=1)

    def __call__(self, x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """x_0_hat: the mean of the points, each weighted by its chance."""
        # No other guess has a smaller mean squared error, so this is what every
        # denoiser of this course is trained towards.
        mean = self.chances(x_t, t) @ self.points.flatten(1)
        return mean.reshape(x_t.shape)


class GaussianDenoiser:
    """The best possible x_0_hat if the data come from N(0, covariance).

    x_0_hat = a C (a^2 C + b^2 I)^-1 x_t: the mean of x_0, x_t being known.

    Args:
        covariance: (D, D) of the D numbers that make one x_0
        schedule: how the noise was mixed in
    """

    def __init__(self, covariance: Tensor, schedule: NoiseSchedule):
        self.covariance, self.schedule = covariance, schedule

    def __call__(self, x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """(B, ...) of D numbers to x_0_hat, shaped alike."""
        x = x_t.flatten(1)
        a, b = (
            self.schedule.a(t, like=x)[..., None],
            self.schedule.b(t, like=x)[..., None],
        )
        # The covariance of x_t. Solved and not inverted: near t = 0 it is nearly
        # singular where the data are flat.
        seen = a**2 * self.covariance + b**2 * torch.eye(x.shape[1])  # (B, D, D)
        x_0_hat = a * self.covariance @ torch.linalg.solve(seen, x[..., None])
        return x_0_hat.reshape(x_t.shape)
