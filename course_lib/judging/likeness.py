"""The probe: is this the plush, with all that makes it one, and where was it put?

It is a network of its own, trained on drawings and near-misses (training/likeness.py);
no fine-tuning learns from it. So it can say how good a fine-tuned painter is.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.checkpoint import Shipped
from course_lib.device import plain_torch
from course_lib.judging.metrics import Share, share
from course_lib.networks.judge import Judge, shared_judge
from course_lib.painters.pipeline import TextToImage
from course_lib.training.likeness import ANIMALS
from course_lib.world.critters import COLOURS, SCENES, SUBJECTS
from course_lib.world.guests import PLACES, SIDES, Shown, choose
from course_lib.world.plush import FEATURES, HOME

LIKENESS = Shipped("likeness-64")
NEW_SCENES = tuple(scene for scene in SCENES if scene not in HOME)
# The situations in which a subject should be recognised: arguments for `choose`.
SITUATIONS = {
    "plain": dict(places=HOME),
    "new scenes": dict(places=NEW_SCENES),
    "on stilts": dict(places=HOME, on_stilts=True),
    "beside another": dict(places=HOME, beside=True),
}
EXAM = 2_000_000  # the seed of the prompts; no training uses it


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
        return self.all_features & (self.answers["plush"] == 1)

    @property
    def all_features(self) -> Tensor:
        """Where all three features are, on whatever body, (N,) bool."""
        return torch.stack([self.answers[q] == 1 for q in FEATURES]).all(0)

    @property
    def any_feature(self) -> Tensor:
        """Where something of the plush is there, wanted or not, (N,) bool."""
        return torch.stack([self.answers[q] == 1 for q in FEATURES]).any(0)

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

    def fits(self, shown: Shown) -> Tensor:
        """Which show what was asked for around the plush: scene, stilts, companion."""
        right = (self.answers["place"] == shown.place) & (
            self.answers["stilts"] == shown.stilts
        )
        alone = shown.beside == 0
        names = torch.tensor([ANIMALS.index(SUBJECTS[i]) for i in shown.animal])
        for question, wanted in (
            ("side", shown.beside),
            ("animal", names),
            ("colour", shown.colour),
        ):
            # Alone, a picture is not asked who stands beside it.
            right &= alone | (self.answers[question] == wanted)
        return right


@plain_torch()
def measure_subject(
    painter: TextToImage, word: str, n: int = 200, seed: int = 0
) -> dict[str, dict[str, Share]]:
    """Ask for the word in each of SITUATIONS, n pictures each, and look with the probe.

    Returns:
        situation -> "recognised" (the whole plush), "right" (it, and all that was asked
        for around it), "all features" (on whatever body), and each feature
    """
    table = {}
    for situation, how in SITUATIONS.items():
        shown = choose(torch.arange(n), EXAM, **how)
        seen = Seen.of(painter(shown.captions(word), seed=seed))
        plush = seen.is_plush
        facts = {"recognised": share(plush), "right": share(plush & seen.fits(shown))}
        facts["all features"] = share(seen.all_features)
        facts |= {q: share(seen.answers[q] == 1) for q in FEATURES}
        table[situation] = facts
    return table
