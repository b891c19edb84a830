"""Does a picture have a flaw that people see at a glance? The inspector says.

    inspector = shared_inspector(64)
    inspector.flaws(pictures)  # (B,) between 0 and 1
    inspector.clean(pictures)  # (B,) bool

The reader says what is in a picture; a cat with one eye and two tails is a cat to it.
The inspector was trained on critters drawn with one fault each (training/flaws.py). It
has seen no generated pictures and no people's grades.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from course_lib.chance import TRIAL, generator_for
from course_lib.checkpoint import find_weights, load_weights, save_weights
from course_lib.device import plain_torch
from course_lib.judging.evaluation import (
    FRESH,
    as_facts,
    check_size,
    together,
    worn_pictures,
)
from course_lib.judging.metrics import share
from course_lib.networks.inspector import FlawFinder, load_flaw_finder
from course_lib.pixels import from_bytes, mirror, to_bytes
from course_lib.shown import progress_bar
from course_lib.training.flaws import ALL_KINDS, Copier, copies, flawed_chunk
from course_lib.world.critters import choose_factors
from course_lib.world.drawing import draw, draw_critters

CLEAR = 2  # index of faults.GRADES
# The score above which a picture counts as flawed, if the card has no threshold.
THRESHOLD = 0.5
UNUSED = 2 * FRESH  # the world in which thresholds are fitted


@dataclass(frozen=True, eq=False)
class Inspector:
    """A network trained to find faults, and the threshold for calling one a flaw."""

    network: FlawFinder
    threshold: float = THRESHOLD

    @classmethod
    def from_pretrained(cls, name_or_folder: Path | str) -> "Inspector":
        """Load a shipped one, "inspector-64" or "inspector-32", or one of your own.

        Raises:
            CheckpointError: there are no such weights, or they are of another kind
        """
        network, card = load_flaw_finder(name_or_folder)
        return cls(network, card.get("threshold", THRESHOLD))

    @torch.no_grad()
    def answers(self, pictures: Tensor, batch_size: int = 256) -> dict[str, Tensor]:
        """The probability of each answer: {"grade": (B, 3), "kind": (B, kinds), ...}.

        "map", (B, size / 4, size / 4), is the probability that each cell shows a fault.

        Args:
            pictures: (B, 3, H, W) in [-1, 1], of its size or a multiple of it
        """
        found = []
        for some in pictures.split(batch_size):
            # The mean over the picture and its mirror image: a flaw is one either way.
            some = some.clamp(-1, 1)
            one, other = (
                as_chances(self.network(some)),
                as_chances(self.network(mirror(some))),
            )
            other["map"] = other["map"].flip(-1)
            found.append({q: (one[q] + other[q]) / 2 for q in one})
        return {q: torch.cat([f[q] for f in found]) for q in found[0]}

    def flaws(self, pictures: Tensor) -> Tensor:
        """The flaw score, (B,) in 0..1: P(clear flaw) + P(small flaw) / 2."""
        grade = self.answers(pictures)["grade"]
        return grade[:, CLEAR] + 0.5 * grade[:, 1]

    def clean(self, pictures: Tensor) -> Tensor:
        """Which pictures show no flaw that people would see, (B,) bool."""
        return self.flaws(pictures) <= self.threshold

    def kinds(self, pictures: Tensor) -> list[str]:
        """The likeliest kind of fault of each picture, assuming that it has one."""
        kind = self.answers(pictures)["kind"][:, 1:].argmax(1) + 1
        return [ALL_KINDS[i] for i in kind.tolist()]


def as_chances(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """Turn logits into probabilities; each cell of the map has its own."""
    return {q: x.sigmoid() if q == "map" else x.softmax(1) for q, x in found.items()}


def shared_inspector(size: int = 64) -> Inspector:
    """The shipped inspector for pictures of 32x32 or 64x64; loaded once."""
    if size not in (32, 64):
        raise ValueError(f"There are inspectors of size 32 and 64; got {size!r}.")
    name = f"inspector-{size}"
    # Cached by folder and time of writing, like the judges (judge.py).
    folder = find_weights(name).resolve()
    changed = (folder / "model.safetensors").stat().st_mtime_ns
    return inspector_of_file(name, folder, changed)


@lru_cache(maxsize=2)
def inspector_of_file(name: str, folder: Path, changed: int) -> Inspector:
    """An inspector from the file in this folder that was written at this time."""
    return Inspector.from_pretrained(name)


@plain_torch()
def fit_threshold(folder: Path | str, n: int = 2048) -> float:
    """Fit an inspector's threshold: 2 % of clean critters score above it.

    A training ends without a threshold. This measures it, in a world that no training
    and no other measurement uses, writes it on the card and returns it.
    """
    tensors, card = load_weights(folder)
    inspector = Inspector.from_pretrained(folder)
    size = inspector.network.config["size"]
    pictures, _ = draw_critters(n, UNUSED, size, allow_held_out=True)
    scores = inspector.flaws(from_bytes(pictures))
    threshold = round(scores.quantile(0.98).item(), 3)
    save_weights(find_weights(folder), tensors, card | {"threshold": threshold})
    return threshold


# How good it is ---------------------------------------------------------------


@plain_torch()
def measure_inspector(inspector: Inspector, n: int = 2048, seeds: int = 3) -> dict:
    """Measure the detection rate of each kind of fault, and the rate of false alarms.

    Args:
        n: clean pictures, and as many with a fault, for each seed
    """
    n, seeds = operator.index(n), operator.index(seeds)
    check_size(n, seeds)
    size = inspector.network.config["size"]
    copier = Copier.shipped() if size == 64 else None
    alarms: dict[str, list] = {}
    found: dict[str, list] = {}
    clean_scores = []
    for world in progress_bar([FRESH + seed for seed in range(seeds)], unit="seed"):
        for how, pictures in clean_pictures(n, world, size, copier):
            score = inspector.flaws(pictures)
            alarms.setdefault(how, []).append(share(score > inspector.threshold))
            if how == "as they are":
                clean_scores.append(score)
        pictures, labels = flawed_chunk(0, n, size, world, copier)
        # Only the second half: the first half are their clean twins.
        labels = {name: values[n:] for name, values in labels.items()}
        flawed = ~inspector.clean(from_bytes(pictures[n:]))
        for kind, rows in rows_of(labels):
            if rows.any():  # "spoiled" needs the autoencoder
                found.setdefault(kind, []).append(share(flawed[rows]))
    scores = torch.cat(clean_scores)
    return dict(kind="inspector", data="flaws", size=size, n=n, seeds=seeds) | {
        "threshold": inspector.threshold,
        "highest of 98 % of clean ones": scores.quantile(0.98).item(),
        "false_alarms": {k: as_facts(together(v)) for k, v in alarms.items()},
        "found": {k: as_facts(together(v)) for k, v in found.items()},
    }


def clean_pictures(
    n: int, world: int, size: int, copier: Copier | None
) -> Iterator[tuple[str, Tensor]]:
    """Yield clean critters as they are, augmented, and copied by the autoencoder."""
    indices = torch.arange(n)
    factors = choose_factors(indices, world, "any", allow_held_out=True)
    pictures = from_bytes(to_bytes(draw(factors, indices, world, size)))
    yield from worn_pictures(pictures, generator_for(world, TRIAL))
    if copier is not None:
        copied = copies(pictures, indices, world, copier)
        yield "copied", from_bytes(to_bytes(copied))


def rows_of(labels: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield (kind, (N,) bool): where each fault is clear; last, all small faults."""
    for i, kind in enumerate(ALL_KINDS):
        if i:
            yield kind, (labels["kind"] == i) & (labels["grade"] == CLEAR)
    yield "small ones", labels["grade"] == 1


def inspection_table(found: dict) -> list[str]:
    """The results as lines for people to read: false alarms, then faults found."""
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
