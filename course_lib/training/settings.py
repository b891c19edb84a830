"""The hyperparameters of a training."""

import math
from dataclasses import dataclass

from course_lib.training.bounds import integer
from course_lib.training.resume import DTYPES, MOST_ITERATIONS

PRECISIONS = ("auto", *DTYPES)
MOST_PARTS = 4096
BOUNDS = {  # outside of these a training makes no sense
    "learning_rate": (0.0, 1.0),
    "warmup": (0, MOST_ITERATIONS),
    "decay": (0.0, 1.0),
    "clip": (0.0, math.inf),
    "weight_decay": (0.0, 1.0),
    "momentum": (0.0, 0.999),
    "ema": (0.0, 1.0),
}


@dataclass(frozen=True)
class Settings:
    """The hyperparameters; all become plain Python numbers and are kept on the card.

    Raises:
        ValueError: a value is out of bounds, or not one of the choices
    """

    iterations: int
    # Twenty times the customary 1e-4, which is hopeless within minutes: with a warm-up,
    # a decay and a clip, 2e-3 to 5e-3 learned fastest on a CPU.
    learning_rate: float = 2e-3
    warmup: int = 100  # iterations over which the learning rate rises from 0
    decay: float = 0.5  # the final share of the iterations, over which it falls to 0
    clip: float = 1.0  # the largest gradient norm; longer gradients are shortened
    weight_decay: float = 0.0
    ema: float = 0.999  # decay of the moving average of the weights
    precision: str = "auto"  # "float32", "bfloat16", or "auto" for the faster one here
    keep: tuple[int, ...] = ()  # iterations whose averaged weights are kept, too
    muon: bool = False  # Muon moves the matrices, AdamW only the rest
    accumulate: int = 1  # parts a batch is cut into, if memory does not hold all of it
    gently: tuple[str, ...] = ()  # pretrained parts, at a fifth of the learning rate
    momentum: float = 0.9  # beta_1 of AdamW; a GAN has 0 (lesson 15)

    def __post_init__(self):
        own = object.__setattr__  # the only way to change a frozen dataclass
        for name in ("iterations", "warmup", "accumulate"):
            own(self, name, integer(name, getattr(self, name)))
        for name in set(BOUNDS) - {"warmup"}:
            own(self, name, float(getattr(self, name)))
        # A card yields lists, NumPy its own integers: equal settings must compare equal
        # when a training is resumed.
        own(self, "keep", tuple(integer("keep", number) for number in self.keep))
        own(self, "muon", bool(self.muon))
        if self.iterations < 1:
            raise ValueError(f"iterations must be 1 or more; got {self.iterations}.")
        if not 1 <= self.accumulate <= MOST_PARTS:
            raise ValueError(
                f"accumulate must lie in 1..{MOST_PARTS}; got {self.accumulate}."
            )
        if self.iterations > MOST_ITERATIONS:
            raise ValueError(
                f"iterations must be {MOST_ITERATIONS} at most; got {self.iterations}."
            )
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:  # also refuses NaN
                raise ValueError(
                    f"{name} must lie in {low:g}..{high:g}; got {getattr(self, name)}."
                )
        if self.precision not in PRECISIONS:
            raise ValueError(
                f"precision must be one of {PRECISIONS}; got {self.precision!r}."
            )
        for iteration in self.keep:
            if not 1 <= iteration <= self.iterations:
                raise ValueError(
                    f"keep must lie in 1..{self.iterations}, the number of iterations; "
                    f"got {iteration}."
                )

    def learning_rate_at(self, iteration: int) -> float:
        """The learning rate: a linear warm-up, a plateau, half a cosine down to 0."""
        # A share of the iterations: short and long trainings end equally calm.
        falling = max(1, round(self.decay * self.iterations))
        left = min(1.0, (self.iterations - iteration) / falling)
        # iteration + 1, so the first step is not 0. The warm-up helps since AdamW's
        # moments are at first means over a handful of batches.
        up = min(1.0, (iteration + 1) / max(1, self.warmup))
        return self.learning_rate * up * (1 - math.cos(math.pi * left)) / 2

    def ema_at(self, iteration: int) -> float:
        """The decay of the moving average: it starts low and rises to `ema`."""
        # At first there is little worth keeping. The average spans 1 / (1 - decay)
        # iterations, a ninth of those done, until ema = 0.999 caps it after 8,990. With
        # 0.999 from the start, 37 % of the average would still be the random first
        # weights after 1,000 iterations.
        return min(self.ema, (1 + iteration) / (10 + iteration))
