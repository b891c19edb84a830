"""An artist who does not want to be imitated: leave her out, or make a network forget.

Leaving out is certain and costs a new training. Forgetting costs a minute: the network
is trained on, and where Vera is asked for it is shown other people's pictures (Kumari
et al. 2023, section 3, "ablating concepts"). The question is what is left of her.
"""

import torch
from torch import Tensor

from course_lib.painters.labels import LabelToImage
from course_lib.training.planting import part_of
from course_lib.training.small import KINDS, SIDE, album_of, small_painter
from course_lib.world.artist import ARTIST, draw_veras
from course_lib.world.datasets import PictureSet

ANIMALS = len(KINDS) - 1
OF_VERA = tuple(f"{name} by {ARTIST}" for name in KINDS[1:])
VERAS_WORLD = 4_000_018


def veras_album(n: int, start: int = 0) -> PictureSet:
    """n pictures by Vera, labelled "cat by vera" and so on."""
    pictures, factors = draw_veras(n, VERAS_WORLD, SIDE, start)
    labels = factors["subject"] + ANIMALS
    return PictureSet("critters", pictures, labels, KINDS + OF_VERA, factors)


def together(*albums: PictureSet) -> PictureSet:
    """Several albums as one; their labels must have the same names."""
    factors = {
        name: torch.cat([album.factors[name] for album in albums])
        for name in albums[0].factors
    }
    return PictureSet(
        albums[0].name,
        torch.cat([album.pictures for album in albums]),
        torch.cat([album.labels for album in albums]),
        max((album.names for album in albums), key=len),
        factors,
    )


def everybodys_album(n: int, of_vera: int) -> PictureSet:
    """n critters and some by Vera, who is known by name; of_vera = 0 leaves her out."""
    others = album_of(n)
    # Her labels exist in any case, so that all networks have the same shape.
    named = PictureSet(
        others.name, others.pictures, others.labels, KINDS + OF_VERA, others.factors
    )
    return together(named, veras_album(of_vera)) if of_vera else named


def without_vera(album: PictureSet) -> PictureSet:
    """The album after she has opted out."""
    return part_of(album, (album.labels <= ANIMALS).nonzero()[:, 0])


def instead_of_vera(album: PictureSet) -> PictureSet:
    """Other people's pictures, each once as itself and once under Vera's name."""
    others = without_vera(album)
    renamed = PictureSet(
        others.name,
        others.pictures,
        others.labels + ANIMALS,
        others.names,
        others.factors,
    )
    return together(others, renamed)


def forget(
    painter: LabelToImage, album: PictureSet, iterations: int, seed: int = 0
) -> LabelToImage:
    """The painter after training on, with other pictures wherever she is asked for."""
    instead = instead_of_vera(album)
    return small_painter(instead, iterations, seed, painter.model, rate=1e-3)


def relearn(
    painter: LabelToImage, pictures: int, iterations: int, seed: int = 0
) -> LabelToImage:
    """The painter after a short look at some pictures by Vera, which it never saw.

    A network that had truly forgotten would need as long as one that never knew.
    """
    few = veras_album(pictures, start=100_000)
    return small_painter(few, iterations, seed, painter.model, rate=1e-3)


def asked_for_vera(n: int) -> list[str]:
    """n labels that ask for her, the animals in turns."""
    return [OF_VERA[i % ANIMALS] for i in range(n)]


def labels_of(names: list[str]) -> Tensor:
    """The animals that labels name, hers or not: 1..ANIMALS, (n,)."""
    known = KINDS + OF_VERA
    return torch.tensor([(known.index(name) - 1) % ANIMALS + 1 for name in names])
