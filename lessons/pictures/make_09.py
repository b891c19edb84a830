"""The picture of lesson 09: what sentences find, and a walk from frog to rabbit."""

from pathlib import Path

import torch
import torch.nn.functional as F

from course_lib.figures.figure import Row, sheet
from course_lib.networks.contrastive import Matcher
from course_lib.world.datasets import load_critters

ASKED = ("a white bear in the snow", "a cat on stilts", "two fish by the sea")
matcher = Matcher.from_pretrained("pair")
pictures = load_critters("test")[torch.arange(3000)][0]
image_vec = matcher.see(pictures)
rows = [Row(text, pictures[matcher.nearest(text, image_vec)], []) for text in ASKED]

alone = load_critters("test", kind="one")[torch.arange(3000)][0]
image_vec = matcher.see(alone)
frog, rabbit = matcher.read(["a frog", "a rabbit"])
walk = [F.normalize((1 - k / 7) * frog + k / 7 * rabbit, dim=0) for k in range(8)]
nearest = [(image_vec @ point).argmax() for point in walk]
rows.append(Row("from “a frog” to “a rabbit”", alone[torch.stack(nearest)], []))
sheet(rows, zoom=2).savefig(Path(__file__).with_name("09_image_text.png"))
