"""The picture of lesson 18: copies, what a mark does to a row, and Vera.

It takes about a minute of one core.
"""

from pathlib import Path

import torch
from torch.nn.functional import interpolate

from course_lib.figures.figure import Row, sheet
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.watermark import draw_marked, key_of
from course_lib.pixels import from_bytes
from course_lib.training.small import album_of, as_floats, drawn_by, small_painter
from course_lib.world.artist import draw_veras


def as_large(pictures):
    """16x16 at the size of the others, each pixel a square."""
    return interpolate(pictures, (64, 64), mode="nearest")


ten = album_of(10)
drawn, _ = drawn_by(small_painter(ten, 1200), 8)
draw = TextToImage.from_pretrained("latent")
four = ["a red cat", "a blue bird at night", "a frog on stilts", "a white bear"]
pairs = [draw_marked(draw, four, key, seed=5) for key in (key_of(1234), None)]
turns = torch.stack(pairs, dim=1).flatten(0, 1)  # marked, unmarked, marked, ...
names = ["marked", "not"] * 4
rows = [
    Row("learned", as_large(as_floats(ten)[:8]), []),
    Row("drawn", as_large(drawn), []),
    Row("a mark", turns, names),
    Row("Vera", from_bytes(draw_veras(8, 3, 64)[0]), []),
]
sheet(rows, zoom=1).savefig(Path(__file__).with_name("18_responsibility.png"))
