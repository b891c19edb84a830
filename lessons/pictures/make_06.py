"""The picture of lesson 06: a way from noise to a picture; its end in few calls."""

from pathlib import Path

import torch

from course_lib.painters.pipeline import LabelToImage
from course_lib.pixels import to_grid

ANIMAL, SEED = "rabbit", 6
draw = LabelToImage.from_pretrained("critters")
way = list(draw.trace([ANIMAL], steps=21, seed=SEED, guidance_scale=1))[::3]
few = [
    draw([ANIMAL], steps=n, seed=SEED, guidance_scale=1)
    for n in (1, 2, 3, 4, 6, 10, 20, 50)
]
rows = [step.x_t for step in way] + [step.x_0_hat for step in way] + few
grid = to_grid(torch.cat(rows).clamp(-1, 1), columns=8, zoom=3)
grid.save(Path(__file__).with_name("06_sampling.png"), optimize=True)
