"""The picture of lesson 02: a frog in noise, and a drop of dye, by one formula."""

from pathlib import Path

import torch

from course_lib.diffusion.schedule import add_noise, linear_schedule
from course_lib.pixels import from_bytes, to_grid
from course_lib.world.critters import captions
from course_lib.world.drawing import draw_critters

STEPS = torch.tensor([0, 50, 100, 200, 300, 400, 600, 1000])
generator = torch.Generator().manual_seed(0)
schedule = linear_schedule(T=1000)


def find_frog() -> torch.Tensor:
    """The frog by the sea, (3, 32, 32) in [-1, 1]."""
    album, factors = draw_critters(n=1000, seed=0, kind="one")
    texts = captions(factors, torch.arange(1000), seed=0)
    return from_bytes(album[texts.index("a green frog in the middle by the sea")])


def drop_of(frog: torch.Tensor) -> torch.Tensor:
    """Specks of dye in the frog's shape, (N, 2)."""
    green = (frog[1] > frog[0] + 0.1) & (frog[1] > frog[2] + 0.1)  # (32, 32)
    green[:9] = False  # not the rim of the sun
    row, column = green.nonzero().T
    specks = torch.stack([column - 15.5, 15.5 - row], dim=1).repeat(200, 1)
    return (specks + torch.rand(specks.shape, generator=generator)) / 8


def water(specks: torch.Tensor) -> torch.Tensor:
    """A glass seen from the side, (3, 64, 64): the more specks, the bluer."""
    place = ((specks + 3.2) * 10).long().clamp(0, 63)  # (N, 2) column and row
    count = torch.zeros(64, 64)
    ones = torch.ones(len(specks))
    count.index_put_((63 - place[:, 1], place[:, 0]), ones, accumulate=True)
    ink = (count / 100).clamp(max=1) ** 0.5  # (64, 64)
    return 1 - ink * torch.tensor([1.9, 1.2, 0.4]).reshape(3, 1, 1)


frog = find_frog()
drop = drop_of(frog)
rows = []
for x_0 in (frog, drop):
    eps = torch.randn(x_0.shape, generator=generator)
    many = [each.expand(len(STEPS), *x_0.shape) for each in (x_0, eps)]
    rows.append(add_noise(many[0], STEPS, many[1], schedule))
pictures = rows[0].repeat_interleave(2, 2).repeat_interleave(2, 3)  # (8, 3, 64, 64)
glasses = torch.stack([water(specks) for specks in rows[1]])
grid = to_grid(torch.cat([pictures, glasses]), columns=8, zoom=2)
grid.save(Path(__file__).with_name("02_noise.png"), optimize=True)
