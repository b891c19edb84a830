"""Optimal denoisers in closed form: no network, no training, only arithmetic.

If the data are N points x^1..x^N, all equally likely, the posterior probability of
point i given x_t is proportional to N(x_t; a_t x^i, b_t^2). The best guess of the clean
point, in mean squared error, is the posterior mean of the points. If the data are
Gaussian, the best guess is a linear function of x_t.
"""

import torch
from torch import Tensor

from course_lib.diffusion.schedule import NoiseSchedule


class IdealDenoiser:
    """The best possible x_0_hat for a finite data set: a denoiser with target "x_0".

    Args:
        points: (N, ...) the whole data set
        schedule: how the noise was mixed in
    """

    def __init__(self, points: Tensor, schedule: NoiseSchedule):
        self.points, self.schedule = points, schedule

    def chances(self, x_t: Tensor, t: Tensor) -> Tensor:
        """The posterior probability of each point given x_t: (B, N), rows sum to 1."""
        a = self.schedule.a(t, like=x_t.flatten(1))  # (B, 1)
        # At t = 0 the Gaussians have no width. A tiny one gives the nearest point, as
        # it should.
        b = self.schedule.b(t, like=x_t.flatten(1)).clamp(min=1e-4)
        x, points = x_t.flatten(1), self.points.flatten(1)  # (B, D), (N, D)
        # |x - a p|^2 without a (B, N, D) tensor; |x|^2 is the same for all points
        distance = a**2 * points.square().sum(1) - 2 * a * (x @ points.T)  # (B, N)
        # The log densities, up to a constant. softmax subtracts the largest first, so
        # a product of 3,072 small factors does not underflow.
        return torch.softmax(-distance / (2 * b**2), dim=1)

    def __call__(self, x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """x_0_hat, shaped like x_t: the posterior mean of the points."""
        # No other guess has a smaller mean squared error, so every denoiser of this
        # course is trained towards this one.
        mean = self.chances(x_t, t) @ self.points.flatten(1)
        return mean.reshape(x_t.shape)


class GaussianDenoiser:
    """The best possible x_0_hat if the data come from N(0, covariance).

    x_0_hat = a C (a^2 C + b^2 I)^-1 x_t, the posterior mean of x_0 given x_t.

    Args:
        covariance: (D, D), where D is how many numbers one x_0 has
        schedule: how the noise was mixed in
    """

    def __init__(self, covariance: Tensor, schedule: NoiseSchedule):
        self.covariance, self.schedule = covariance, schedule

    def __call__(self, x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """x_0_hat, shaped like x_t: (B, ...), D numbers per example."""
        x = x_t.flatten(1)
        a, b = (
            self.schedule.a(t, like=x)[..., None],
            self.schedule.b(t, like=x)[..., None],
        )
        # The covariance of x_t. Solve, do not invert: near t = 0 it is nearly singular
        # in directions in which the data hardly vary.
        seen = a**2 * self.covariance + b**2 * torch.eye(x.shape[1])  # (B, D, D)
        x_0_hat = a * self.covariance @ torch.linalg.solve(seen, x[..., None])
        return x_0_hat.reshape(x_t.shape)
