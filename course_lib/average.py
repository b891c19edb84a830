"""One network out of several: the mean of their weights, number by number.

    theta = (theta_1 + ... + theta_n) / n

Networks that began as one and then learned on apart lie in one valley, and its middle
serves better than its rims, most of all for what none of them has seen (Izmailov et
al. 2018; Wortsman et al. 2022 call it a model soup). Drawing takes no longer. Networks
that began apart have nothing to do with each other: their mean is noise.
"""

from pathlib import Path

from course_lib.checkpoint import Card, CheckpointError, Tensors, load_weights

ALIKE = ("kind", "config", "merges", "schedule", "T", "target", "data", "size")
ALIKE += ("labels", "encoder_sha256", "latent_scale")  # where a card has them


def average(names_or_folders: list[Path | str]) -> tuple[Tensors, Card]:
    """The mean of trained weights as float32, and a card that says whose it is.

    Args:
        names_or_folders: shipped weights, or trainings, of the same kind of network
    """
    if len(names_or_folders) < 2:
        raise ValueError("A mean needs the weights of two trainings or more.")
    first, *others = names_or_folders
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
        mean = {name: x + tensors[name] for name, x in mean.items()}
        cards.append(its_card)
    mean = {name: x / len(cards) for name, x in mean.items()}
    shared = {n: x for n, x in card.items() if all(c.get(n) == x for c in cards)}
    apart = [{n: x for n, x in c.items() if n not in shared} for c in cards]
    return mean, shared | {"mean_of": apart}
