"""Weight averaging: one network out of several, the mean of their weights.

    theta = (theta_1 + ... + theta_n) / n

Networks that share a start and were then trained separately lie in one valley of the
loss. Its middle works better than its rims, most of all for inputs that none of them
has seen (Izmailov et al. 2018; Wortsman et al. 2022 call it a model soup). Sampling
takes no longer. For networks without a common start, the mean is noise.
"""

from pathlib import Path
from statistics import median

import torch

from course_lib.cards import Card, CheckpointError
from course_lib.checkpoint import Tensors, described, load_weights

# Entries of a card that give the weights their meaning: tokens, noise schedule, scale
# of the latents. They must agree.
ALIKE = ("kind", "config", "merges", "schedule", "T", "target", "data", "size")
ALIKE += ("labels", "encoder_sha256", "latent_scale")  # where a card has them

# The least likeness. Ours after 500 and 6,000 iterations: 0.39; unrelated: 0.08, 0.19.
BEGAN_AS_ONE = 0.3


def average(names_or_folders: list[Path | str]) -> tuple[Tensors, Card]:
    """Average trained weights: their mean as float32, and its card.

    Args:
        names_or_folders: shipped weights or trainings, all of the same kind of network

    Raises:
        ValueError: fewer than two are given
        CheckpointError: their kinds differ, or they had no common start
    """
    if len(names_or_folders) < 2:
        raise ValueError("A mean needs the weights of two trainings or more.")
    first, *others = names_or_folders
    # In float32: a sum in half precision would lose the last bits of each.
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
                    f"{other} cannot be averaged with {first}: their shapes differ, "
                    f"for example in {name}."
                )
        # Compared with the sum so far, which points the same way as its mean.
        alike = likeness(mean, tensors)
        if alike < BEGAN_AS_ONE:
            raise CheckpointError(
                f"{other} cannot be averaged with {first}: the cosine of their weights "
                f"is only {alike:.2f} (1 is the same), so they did not begin as one."
            )
        mean = {name: x + tensors[name] for name, x in mean.items()}
        cards.append(its_card)
    # Summed, and divided once: only two networks are in memory, however many are
    # averaged.
    mean = {name: x / len(cards) for name, x in mean.items()}
    shared = {n: x for n, x in card.items() if all(c.get(n) == x for c in cards)}
    # Entries on which they agree hold for the mean. The others (iterations, seeds,
    # losses) are kept as a list: the card tells how the mean was made.
    apart = [{n: x for n, x in c.items() if n not in shared} for c in cards]
    return mean, shared | {"mean_of": apart}


def likeness(some: Tensors, others: Tensors) -> float:
    """The median cosine similarity of the weight matrices of two networks, -1 to 1."""
    # Matrices only: the scales of a norm start as 1 in every network, so they would
    # always seem alike.
    matrices = [name for name, x in some.items() if x.ndim > 1]
    pairs = [(some[n].flatten().float(), others[n].flatten().float()) for n in matrices]
    angles = [torch.cosine_similarity(a, b, dim=0).item() for a, b in pairs]
    return median(angles or [0.0])  # no matrix, no likeness
