"""The picture of lesson 15: a GAN that collapses, and one that does not.

It takes about ten seconds of one core.
"""

from pathlib import Path

import torch

from course_lib.chance import generator_for
from course_lib.figures.collapse import film_of_points
from course_lib.figures.figure import Row, sheet
from course_lib.networks.gan import ring
from course_lib.training.rivals import CARELESS, POINT_SETTINGS, point_trainer
from course_lib.training.settings import Settings

MOMENTS = (160, 320, 640, 800, 960, 1280)  # turns of both players together
data = ring(1000, generator_for(1))
z = torch.randn(200, 8, generator=generator_for(0))


def frames(changed: dict, r1: float) -> torch.Tensor:
    """The generator's points at each of the moments, over the data."""
    trainer = point_trainer(Settings(MOMENTS[-1], **(POINT_SETTINGS | changed)), r1=r1)
    clouds = []
    for progress in trainer.run():
        if progress.iteration in MOMENTS:
            with torch.no_grad():
                clouds.append(trainer.raw_model.generator(z))
    return film_of_points(clouds, data, size=144)


rows = [
    Row("without care", frames(CARELESS, r1=0.0), []),
    Row("with care", frames({}, r1=0.1), [f"{turns} turns" for turns in MOMENTS]),
]
sheet(rows, zoom=1).savefig(Path(__file__).with_name("15_other_roads.png"))
