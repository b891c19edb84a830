"""The picture of lesson 01: the frog, its eye close up, and its three colours apart."""

from pathlib import Path

import torch

from course_lib.pixels import from_bytes, to_grid
from course_lib.world.critters import captions
from course_lib.world.drawing import draw_critters

album, factors = draw_critters(n=1000, seed=0, kind="one")
texts = captions(factors, torch.arange(1000), seed=0)
frog = from_bytes(album[texts.index("a green frog in the middle by the sea")])
eye = frog[:, 9:17, 7:15].repeat_interleave(4, 1).repeat_interleave(4, 2)  # (3, 32, 32)
lights = torch.where(torch.eye(3)[:, :, None, None] > 0, frog, -1.0)  # (3, 3, 32, 32)
pictures = torch.cat([frog[None], eye[None], lights])
to_grid(pictures, columns=5, zoom=5).save(Path(__file__).with_name("01_pixels.png"))
