"""The probe: is this the plush, with all that makes it one, and where was it put?

It is a network of its own, trained on drawings and near-misses (training/likeness.py);
no fine-tuning learns from it. So it can say how good a fine-tuned painter is.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.checkpoint import Shipped
from course_lib.networks.judge import Judge, shared_judge
from course_lib.training.likeness import ANIMALS
from course_lib.world.critters import COLOURS
from course_lib.world.guests import PLACES, SIDES
from course_lib.world.plush import FEATURES

LIKENESS = Shipped("likeness-64")


def probe() -> Judge:
    """The shipped probe for pictures of 64x64."""
    return shared_judge(LIKENESS)


def recognised(pictures: Tensor) -> Tensor:
    """Which pictures (N, 3, 64, 64) show the plush with all its features: (N,) bool."""
    return Seen.of(pictures).is_plush


@dataclass(frozen=True, eq=False)
class Seen:
    """What the probe sees in N pictures: question -> (N,) int64."""

    answers: dict[str, Tensor]

    @classmethod
    def of(cls, pictures: Tensor) -> "Seen":
        """Look at pictures (N, 3, 64, 64) in [-1, 1]."""
        return cls(probe().read(pictures))

    @property
    def is_plush(self) -> Tensor:
        """Where all of it is there: the plush, and each of its features, (N,) bool."""
        asked = ("plush", *FEATURES)
        return torch.stack([self.answers[q] == 1 for q in asked]).all(0)

    def features(self) -> dict[str, float]:
        """The share of pictures that show each feature."""
        return {name: self.answers[name].float().mean().item() for name in FEATURES}

    def at(self, place: str) -> Tensor:
        """Which pictures are in this scene, one of PLACES, (N,) bool."""
        return self.answers["place"] == PLACES.index(place)

    @property
    def on_stilts(self) -> Tensor:
        """Which pictures show somebody on stilts, (N,) bool."""
        return self.answers["stilts"] == 1

    def beside(self, side: str, animal: str, colour: str) -> Tensor:
        """Which show this animal on this side ("left", "right") of the plush, (N,)."""
        right = self.answers["side"] == SIDES.index(side)
        right &= self.answers["animal"] == ANIMALS.index(animal)
        return right & (self.answers["colour"] == COLOURS.index(colour))

    def shows(self, animal: str) -> Tensor:
        """Which pictures show this animal, "octopus" included, (N,) bool."""
        return self.answers["animal"] == ANIMALS.index(animal)
