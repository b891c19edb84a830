"""The reward model: a picture in, one number out, and more is better.

It is learned from pairs (Bradley & Terry 1952; Christiano et al. 2017): nobody can say
how good a picture is on a scale, but everybody can say which of two is better.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.cards import Card
from course_lib.checkpoint import load_network
from course_lib.networks.judge import Block


class Reward(nn.Module):
    """Pictures (B, 3, size, size) in [-1, 1] to rewards (B,).

    Args:
        size: height and width of the pictures
        widths: channels after each halving
    """

    def __init__(self, size: int = 64, widths: tuple[int, ...] = (32, 64, 96)):
        super().__init__()
        self.config = dict(size=size, widths=list(widths))
        first = 16
        self.into = nn.Conv2d(12, first, 3, padding=1, bias=False)
        sizes = [first, *widths]
        self.blocks = nn.Sequential(
            *[Block(b, a) for b, a in zip(sizes[:-1], sizes[1:], strict=True)]
        )
        self.head = nn.Linear(2 * widths[-1], 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, size, size) to rewards (B,)."""
        size = self.config["size"]
        if pictures.shape[1:] != (3, size, size):
            raise ValueError(
                f"This reward model looks at pictures (B, 3, {size}, {size}); got "
                f"{tuple(pictures.shape)}."
            )
        h = self.blocks(F.gelu(self.into(F.pixel_unshuffle(pictures, 2))))
        # The mean says what the picture is like, the maximum that something is there.
        return self.head(torch.cat([h.mean((2, 3)), h.amax((2, 3))], 1))[:, 0]

    @torch.no_grad()
    def of(self, pictures: Tensor, batch_size: int = 128) -> Tensor:
        """The rewards of pictures (N, 3, H, W), without gradients: (N,)."""
        return torch.cat([self(some) for some in pictures.split(batch_size)])


def load_reward(name_or_folder: Path | str) -> tuple[Reward, Card]:
    """Load a reward model of your own training, in eval mode, and its card."""
    return load_network(name_or_folder, "reward", "not a reward model", Reward)
