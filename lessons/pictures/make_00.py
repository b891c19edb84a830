"""The picture of lesson 00: animals that the course's own network drew out of noise."""

from pathlib import Path

from course_lib.critters import ANIMALS
from course_lib.pipeline import LabelToImage
from course_lib.pixels import to_grid

pictures = LabelToImage.from_pretrained("critters")([*ANIMALS] * 3, steps=25, seed=11)
grid = to_grid(pictures, columns=8, zoom=3)
grid.save(Path(__file__).with_name("00_start.png"), optimize=True)
