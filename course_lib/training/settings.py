"""What decides how a training goes, besides its data and its network."""

import math
from dataclasses import dataclass

from course_lib.training.bounds import integer
from course_lib.training.resume import DTYPES, MOST_ITERATIONS

PRECISIONS = ("auto", *DTYPES)
BOUNDS = {  # within which a training at least begins to make sense
    "learning_rate": (0.0, 1.0),
    "warmup": (0, MOST_ITERATIONS),
    "decay": (0.0, 1.0),
    "clip": (0.0, math.inf),
    "weight_decay": (0.0, 1.0),
    "ema": (0.0, 1.0),
}


@dataclass(frozen=True)
class Settings:
    """Numbers become Python's own, fit for a card, which keeps them all.

    Raises:
        ValueError: iterations, precision or keep that cannot be meant
    """

    iterations: int
    # Twenty times the customary 1e-4, which is hopeless in minutes: 2e-3 to 5e-3 with a
    # warm-up, a decay and a clip learned fastest on a CPU.
    learning_rate: float = 2e-3
    warmup: int = 100  # iterations over which the learning rate rises from 0
    decay: float = 0.5  # the last share of the iterations, over which it falls to 0
    clip: float = 1.0  # the longest gradient that is followed
    weight_decay: float = 0.0
    ema: float = 0.999  # how much of the averaged weights is kept at each iteration
    precision: str = "auto"  # float32, bfloat16, or the faster of both on this machine
    keep: tuple[int, ...] = ()  # iterations whose averaged weights are kept as well
    muon: bool = False  # matrices move by Muon, and only the rest by AdamW
    gently: tuple[str, ...] = ()  # parts that come trained: a fifth of learning_rate

    def __post_init__(self):
        own = object.__setattr__  # the only way to tidy what is frozen
        for name in ("iterations", "warmup"):
            own(self, name, integer(name, getattr(self, name)))
        for name in ("learning_rate", "decay", "clip", "weight_decay", "ema"):
            own(self, name, float(getattr(self, name)))
        # From a card they come as lists, from NumPy as its own integers: equal settings
        # must be equal when a training is resumed.
        own(self, "keep", tuple(integer("keep", number) for number in self.keep))
        own(self, "muon", bool(self.muon))
        if self.iterations < 1:
            raise ValueError(f"iterations must be 1 or more; got {self.iterations}.")
        if self.iterations > MOST_ITERATIONS:
            raise ValueError(
                f"iterations must be {MOST_ITERATIONS} at most; got {self.iterations}."
            )
        for name, (low, high) in BOUNDS.items():
            if not low <= getattr(self, name) <= high:  # NaN is nowhere, so refused
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
        """Up in a line, level, then down along half a cosine to 0."""
        # A share of the iterations, so that a short training ends as calm as a long
        # one.
        falling = max(1, round(self.decay * self.iterations))
        left = min(1.0, (self.iterations - iteration) / falling)
        # iteration + 1: the first step is small, but it is one. At first the moments of
        # AdamW are means over a handful of batches, and a full step would follow those.
        up = min(1.0, (iteration + 1) / max(1, self.warmup))
        return self.learning_rate * up * (1 - math.cos(math.pi * left)) / 2

    def ema_at(self, iteration: int) -> float:
        """The average forgets fast at first, when there is little worth keeping."""
        # 1 / (1 - kept) is a ninth of the iterations done: the average always spans the
        # last ninth, until ema = 0.999 sets an end to that, after 8,990. With 0.999
        # from the start, 37 % of the average would still be the random first weights
        # after 1,000.
        return min(self.ema, (1 + iteration) / (10 + iteration))
