"""Can one tell that a model drew it? A detector, its false alarms, and what fools it.

It is the doubter of `two_samples`: it learns from real pictures and from those of one
generator. Its threshold is set on real pictures, for a rate of false alarms that one is
ready to bear. A share of right answers would hide them: one false alarm in a hundred is
ten people in a thousand who are called liars.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.judging.attacks import Attack, through_bytes
from course_lib.judging.metrics import Share, share
from course_lib.judging.two_samples import (
    Doubter,
    check_sets,
    scores,
    trained_doubter,
)

ALARMS = 0.01  # the false alarms that we are ready to bear


@dataclass(frozen=True, eq=False)
class Detector:
    """A network that scores pictures, and the score above which one is called made."""

    doubter: Doubter
    limit: float

    @classmethod
    def trained(
        cls,
        real: Tensor,
        made: Tensor,
        others: Tensor,
        seed: int = 0,
        iterations: int | None = None,
        alarms: float = ALARMS,
    ) -> "Detector":
        """Train on real and made pictures, (N, 3, H, W) each; set the limit on others.

        Args:
            others: real pictures that it does not learn from
            alarms: the share of them that may be called made
        """
        check_sets(real, made)
        pictures = through_bytes(torch.cat([real, made]))
        answer = torch.arange(len(pictures)) // len(real)
        doubter = trained_doubter(pictures, answer, seed, iterations)
        found = scores(doubter, through_bytes(others))
        limit = found.quantile(1 - alarms, interpolation="higher")
        return cls(doubter, limit.item())

    def called_made(self, pictures: Tensor) -> Tensor:
        """Which pictures (N, 3, H, W) it calls made by a model, (N,) bool."""
        return scores(self.doubter, pictures) > self.limit


def measure_detector(
    detector: Detector, real: Tensor, made: Tensor, attacks: dict[str, Attack]
) -> dict[str, dict[str, Share]]:
    """For each attack, on both sets: "alarms" on real pictures, "found" on made."""
    return {
        name: {
            "alarms": share(detector.called_made(attack(real))),
            "found": share(detector.called_made(attack(made))),
        }
        for name, attack in attacks.items()
    }
