"""The picture of lesson 11: eight critters, their latents, and what came back."""

from pathlib import Path

import torch
from torch import Tensor

from course_lib.figures.figure import Row, sheet
from course_lib.networks.autoencoder import load_autoencoder
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters


def as_grey(channel: Tensor) -> Tensor:
    """(B, 16, 16) numbers as grey pictures (B, 3, 64, 64)."""
    grey = (channel - channel.mean()) / (2 * channel.std())
    large = grey.repeat_interleave(4, 1).repeat_interleave(4, 2)
    return large.clamp(-1, 1)[:, None].expand(-1, 3, -1, -1)


coder = load_autoencoder("autoencoder")
drawn, _ = draw_critters(8, seed=0, size=64, start=50_000, kind="one")
pictures = from_bytes(drawn)
chance = torch.randn(8, 4, 16, 16, generator=torch.Generator().manual_seed(0))
with torch.no_grad():
    mu, _ = coder.encode(pictures)
    back, invented = coder.decode(mu), coder.decode(mu.std() * chance)
rows = [Row("pictures", pictures, [])]
rows += [Row(f"channel {c}", as_grey(mu[:, c]), []) for c in range(4)]
rows += [Row("decoded again", back.clamp(-1, 1), [])]
rows += [Row("random numbers, decoded", invented.clamp(-1, 1), [])]
sheet(rows, zoom=2).savefig(Path(__file__).with_name("11_autoencoder.png"))
