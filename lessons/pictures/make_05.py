"""The picture of lesson 05: one training seen three times, each column one noise."""

from pathlib import Path

import torch

from course_lib.painters.pipeline import LabelToImage
from course_lib.pixels import to_grid

animals = ["frog", "rabbit", "cat", "bear", "bird", "fish", "turtle", "bat"]
names = ["critters-early", "critters-middle", "critters"]
rows = [LabelToImage.from_pretrained(name)(animals, steps=10, seed=3) for name in names]
to_grid(torch.cat(rows), zoom=3).save(Path(__file__).with_name("05_series.png"))
