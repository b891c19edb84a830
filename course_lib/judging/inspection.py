"""Does a picture have a flaw that people see at a glance? The inspector says.

    inspector = shared_inspector(64)
    inspector.flaws(pictures)  # (B,) between 0 and 1
    inspector.clean(pictures)  # (B,) bool

The reader says what is in a picture; a cat with one eye and two tails is a cat to it.
The inspector has learned from critters drawn with one fault each (training/flaws.py),
from no generated picture and from no person's grades.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from course_lib.chance import TRIAL, generator_for
from course_lib.checkpoint import load_weights
from course_lib.device import plain_torch
from course_lib.judging.evaluation import (
    FRESH,
    as_facts,
    check_size,
    together,
    worn_pictures,
)
from course_lib.judging.metrics import share
from course_lib.networks.judge import Judge, shared_judge
from course_lib.pixels import from_bytes, mirror, to_bytes
from course_lib.shown import progress_bar
from course_lib.training.flaws import ALL_KINDS, Copier, copies, flawed_chunk
from course_lib.world.critters import choose_factors
from course_lib.world.drawing import draw

CLEAR = 2  # index of faults.GRADES
# Above which a picture is called flawed, if its card names no threshold of its own.
THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Inspector:
    """A judge that has learned faults, and from where on it calls a picture flawed."""

    judge: Judge
    threshold: float = THRESHOLD

    @classmethod
    def from_pretrained(cls, name_or_folder: Path | str) -> "Inspector":
        """A shipped one, "inspector-64" or "inspector-32", or one of your own.

        Raises:
            CheckpointError: there are no such weights, or of another kind
            ValueError: a judge, but of something else
        """
        judge = shared_judge(name_or_folder)
        card = load_weights(name_or_folder)[1]
        if card.get("data") != "flaws":
            raise ValueError(
                f"{name_or_folder} judges something else than flaws: take inspector-64."
            )
        return cls(judge, card.get("threshold", THRESHOLD))

    @torch.no_grad()
    def answers(self, pictures: Tensor, batch_size: int = 256) -> dict[str, Tensor]:
        """How likely each answer is: {"grade": (B, 3), "kind": (B, kinds)}.

        Args:
            pictures: (B, 3, H, W) in [-1, 1], of its size or a whole number larger
        """
        found = []
        for some in pictures.split(batch_size):
            # As drawn and mirrored: which way a cat looks says nothing of its flaws.
            some = some.clamp(-1, 1)
            ways = [self.judge(x) for x in (some, mirror(some))]
            found.append(
                {q: sum(w[q].softmax(1) for w in ways) / 2 for q in self.judge.heads}
            )
        return {q: torch.cat([f[q] for f in found]) for q in self.judge.heads}

    def flaws(self, pictures: Tensor) -> Tensor:
        """How surely each picture has a clear flaw, (B,) in 0..1; a small one half."""
        grade = self.answers(pictures)["grade"]
        return grade[:, CLEAR] + 0.5 * grade[:, 1]

    def clean(self, pictures: Tensor) -> Tensor:
        """Which pictures show no flaw worth the name, (B,) bool."""
        return self.flaws(pictures) <= self.threshold

    def kinds(self, pictures: Tensor) -> list[str]:
        """The likeliest kind of fault of each picture, were it to have one."""
        kind = self.answers(pictures)["kind"][:, 1:].argmax(1) + 1
        return [ALL_KINDS[i] for i in kind.tolist()]


def shared_inspector(size: int = 64) -> Inspector:
    """The shipped inspector of pictures of 32x32 or 64x64; loaded once."""
    if size not in (32, 64):
        raise ValueError(f"There are inspectors of size 32 and 64; got {size!r}.")
    return Inspector.from_pretrained(f"inspector-{size}")


# How good it is ---------------------------------------------------------------


@plain_torch()
def measure_inspector(inspector: Inspector, n: int = 2048, seeds: int = 3) -> dict:
    """How many faults of each kind it finds, and how often it cries at clean pictures.

    Args:
        n: clean pictures, and as many with a fault, for each seed
    """
    n, seeds = operator.index(n), operator.index(seeds)
    check_size(n, seeds)
    size = inspector.judge.config["size"]
    copier = Copier.shipped() if size == 64 else None
    alarms: dict[str, list] = {}
    found: dict[str, list] = {}
    clear_scores = []
    for world in progress_bar([FRESH + seed for seed in range(seeds)], unit="seed"):
        for how, pictures in clean_pictures(n, world, size, copier):
            score = inspector.flaws(pictures)
            alarms.setdefault(how, []).append(share(score > inspector.threshold))
            if how == "as they are":
                clear_scores.append(score)
        pictures, labels = flawed_chunk(0, n, size, world, copier)
        # The second half: the first are their clean twins.
        labels = {name: values[n:] for name, values in labels.items()}
        flawed = ~inspector.clean(from_bytes(pictures[n:]))
        for kind, rows in rows_of(labels):
            if rows.any():  # "spoiled" needs the autoencoder
                found.setdefault(kind, []).append(share(flawed[rows]))
    scores = torch.cat(clear_scores)
    return dict(kind="judge", data="flaws", size=size, n=n, seeds=seeds) | {
        "threshold": inspector.threshold,
        "highest of 98 % of clean ones": scores.quantile(0.98).item(),
        "false_alarms": {k: as_facts(together(v)) for k, v in alarms.items()},
        "found": {k: as_facts(together(v)) for k, v in found.items()},
    }


def clean_pictures(
    n: int, world: int, size: int, copier: Copier | None
) -> Iterator[tuple[str, Tensor]]:
    """Clean critters as they are, worn, and copied by the autoencoder."""
    indices = torch.arange(n)
    factors = choose_factors(indices, world, "any", allow_held_out=True)
    pictures = from_bytes(to_bytes(draw(factors, indices, world, size)))
    yield from worn_pictures(pictures, generator_for(world, TRIAL))
    if copier is not None:
        copied = copies(pictures, indices, world, copier)
        yield "copied", from_bytes(to_bytes(copied))


def rows_of(labels: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """For each kind of fault the pictures where it is clear, and all the small ones."""
    for i, kind in enumerate(ALL_KINDS):
        if i:
            yield kind, (labels["kind"] == i) & (labels["grade"] == CLEAR)
    yield "small ones", labels["grade"] == 1


def inspection_table(found: dict) -> list[str]:
    """Lines that a person reads: what was found, and what should have been left."""
    lines = [
        f"flaws at {found['size']}x{found['size']}: called flawed above "
        f"{found['threshold']:.2f}, n = {found['n']} x {found['seeds']} seeds"
    ]
    for title, shares in (
        ("clean ones called flawed", found["false_alarms"]),
        ("faults found", found["found"]),
    ):
        lines.append(title)
        for name, facts in shares.items():
            low, high = 100 * facts["low"], 100 * facts["high"]
            value = f"{100 * facts['share']:.1f} % ({low:.1f} to {high:.1f})"
            lines.append(f"  {name:32}{value}")
    highest = found["highest of 98 % of clean ones"]
    lines.append(f"98 % of the clean ones stay below {highest:.3f}")
    return lines
