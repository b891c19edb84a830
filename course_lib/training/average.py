"""One network out of several: the mean of their weights, number by number.

    theta = (theta_1 + ... + theta_n) / n

Networks that began as one and then learned on apart lie in one valley, and its middle
serves better than its rims, most of all for what none of them has seen (Izmailov et
al. 2018; Wortsman et al. 2022 call it a model soup). Drawing takes no longer. Networks
that began apart have nothing to do with each other: their mean is noise.
"""

from pathlib import Path
from statistics import median

import torch

from course_lib.cards import Card, CheckpointError
from course_lib.checkpoint import Tensors, described, load_weights

# What would give the same number another meaning: other tokens, another process,
# another scale of latents.
ALIKE = ("kind", "config", "merges", "schedule", "T", "target", "data", "size")
ALIKE += ("labels", "encoder_sha256", "latent_scale")  # where a card has them

BEGAN_AS_ONE = 0.3  # ours after 500 and 6,000 iterations: 0.39; begun apart: 0.08, 0.19


def average(names_or_folders: list[Path | str]) -> tuple[Tensors, Card]:
    """The mean of trained weights as float32, and a card that says whose it is.

    Args:
        names_or_folders: shipped weights, or trainings, of the same kind of network

    Raises:
        ValueError: fewer than two
        CheckpointError: they are of other kinds, or did not begin as one
    """
    if len(names_or_folders) < 2:
        raise ValueError("A mean needs the weights of two trainings or more.")
    first, *others = names_or_folders
    # As float32: added up in half precision, the last bits of each would go.
    mean, card = load_weights(first)
    cards = [card]
    for other in others:
        tensors, its_card = load_weights(other)
        for key in ALIKE:
            if card.get(key) != its_card.get(key):
                raise CheckpointError(
                    f"{other} cannot be averaged with {first}: their cards differ "
                    f"in {key!r}, so the same number means something else in each."
                )
        for name in mean.keys() | tensors.keys():
            its = [described(x[name]) for x in (mean, tensors) if name in x]
            if len(set(its)) != 1 or len(its) != 2:
                raise CheckpointError(
                    f"{other} cannot be averaged with {first}: they are networks of "
                    f"other shapes, for one in {name}."
                )
        # With the sum so far, which points where its mean does.
        alike = likeness(mean, tensors)
        if alike < BEGAN_AS_ONE:
            raise CheckpointError(
                f"{other} cannot be averaged with {first}: they point the same way by "
                f"{alike:.2f} only (1 is the same), so they did not begin as one."
            )
        mean = {name: x + tensors[name] for name, x in mean.items()}
        cards.append(its_card)
    # Summed and divided once: the files are read one after the other, and two are in
    # memory, however many are averaged.
    mean = {name: x / len(cards) for name, x in mean.items()}
    shared = {n: x for n, x in card.items() if all(c.get(n) == x for c in cards)}
    # What they agree on is true of the mean. The rest (iterations, seeds, losses) is
    # true of each: kept as a list, so that its making can be told from the card.
    apart = [{n: x for n, x in c.items() if n not in shared} for c in cards]
    return mean, shared | {"mean_of": apart}


def likeness(some: Tensors, others: Tensors) -> float:
    """The cosine of the angle between two matrices of the same name, as a median."""
    # Not of vectors: the factors of a norm begin as 1 in every network, and so would
    # always seem alike.
    matrices = [name for name, x in some.items() if x.ndim > 1]
    pairs = [(some[n].flatten().float(), others[n].flatten().float()) for n in matrices]
    angles = [torch.cosine_similarity(a, b, dim=0).item() for a, b in pairs]
    return median(angles or [0.0])  # without a matrix nothing is alike
