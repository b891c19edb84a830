"""The MLP, a small network for 2-D points: the denoiser of notebook 03."""

import torch
from torch import Tensor, nn

from course_lib.networks.layers import time_embedding, zeroed


class MLP(nn.Module):
    """A denoiser for points: `model(x_t, t)` is shaped like x_t, (B, dim).

    The coordinates go in as they are and as waves of three lengths (Fourier features),
    because a plain MLP is slow to learn fine detail from a few numbers (Tancik et al.
    2020).

    Args:
        jumps: whether it can be told how far a step goes (lesson 16)
    """

    def __init__(
        self, dim: int = 2, width: int = 128, hidden: int = 3, jumps: bool = False
    ):
        super().__init__()
        self.time_width, self.waves = 32, (1, 2, 4)  # waves: how many in a length of 2
        sizes = [dim * (1 + 2 * len(self.waves)) + self.time_width] + [width] * hidden
        layers = []
        for before, after in zip(sizes[:-1], sizes[1:], strict=True):
            layers += [nn.Linear(before, after), nn.SiLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(width, dim))
        # Last, and 0 at first: with the weights of a trained MLP it draws as that one.
        self.jump = zeroed(nn.Linear(self.time_width, width)) if jumps else None

    def forward(
        self,
        x_t: Tensor,
        t: Tensor,
        cond: Tensor | None = None,
        jump: Tensor | None = None,
    ) -> Tensor:
        """Predict the target, (B, dim), from noisy points (B, dim) and steps t (B,).

        `cond` is ignored; it is there because every denoiser takes it. For `jump` see
        UNet.
        """
        angles = torch.cat([n * torch.pi * x_t for n in self.waves], dim=1)
        place = torch.cat([x_t, angles.cos(), angles.sin()], dim=1)  # (B, 7 * dim)
        time = time_embedding(t, self.time_width)
        h = self.layers[0](torch.cat([place, time], dim=1))  # (B, width)
        if self.jump is not None:
            far = torch.zeros_like(t) if jump is None else jump
            h = h + self.jump(time_embedding(far, self.time_width))
        return self.layers[1:](h)


def spiral(n: int, generator: torch.Generator, turns: float = 1.5) -> Tensor:
    """n points on a slightly noisy spiral, about within [-1, 1]^2: (n, 2)."""
    # The arm's length up to r grows like r^2, so sqrt spreads the points evenly.
    r = torch.rand(n, generator=generator).sqrt()
    angle = turns * 2 * torch.pi * r
    points = 0.9 * r[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return points + 0.02 * torch.randn(n, 2, generator=generator)
