"""Carry a training on: the same painter, with a ninth animal and a new scene.

With hundreds of new pictures at hand nothing has to be frozen: the whole network learns
on, as in its first training, from new and old pictures side by side.
"""

from pathlib import Path

import torch

from course_lib.chance import GetBatch
from course_lib.device import plain_torch
from course_lib.diffusion.objective import make_denoising_loss
from course_lib.networks.autoencoder import save_its_autoencoder
from course_lib.painters.pipeline import TextToImage
from course_lib.training.personalise import (
    BASE,
    BATCH,
    begin,
    captioned,
    encoded,
    half_of,
    noised,
    painter_card,
    side_by_side,
    world_batches,
)
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.critters import ANIMALS
from course_lib.world.guests import (
    PLACES,
    UNDER_WATER,
    choose,
    critter,
    draw_guests,
    octopus,
)

NEWCOMER_SETTINGS = {"iterations": 300, "learning_rate": 1e-3, "warmup": 20}
NEWCOMER_SETTINGS |= {"muon": True}
PICTURES = 512  # of the octopus, and as many of all animals under water
NEW_WORDS = ["octopus", "water"]


def draw_newcomers(n: int, seed: int, size: int = 64):
    """The octopus everywhere, and every animal under water: 2n pictures, captions."""
    indices = torch.arange(n)
    shown = choose(indices, seed, PLACES, coloured=True)
    pictures = [draw_guests(octopus, shown, indices, seed, size)]
    texts = shown.captions("octopus")
    for i, name in enumerate(ANIMALS):
        rows = torch.arange(n + i, 2 * n, len(ANIMALS))
        shown = choose(rows, seed, (UNDER_WATER,), coloured=True)
        pictures.append(draw_guests(critter(name), shown, rows, seed, size))
        texts += shown.captions(name)
    return torch.cat(pictures), texts


def newcomer_batches(painter: TextToImage, batch_size: int, seed: int) -> GetBatch:
    """Batches of newcomers, with tokens of their captions."""
    pictures, texts = draw_newcomers(PICTURES, seed, painter.card["size"])
    return captioned(encoded(painter, pictures), texts, painter, batch_size, seed)


@plain_torch()
def carry_on_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    base: Path | str = BASE,
) -> Trainer:
    """Train a painter on, half with newcomers, half with what it knew."""
    painter, card = begin(base, batch_size, seed)
    half = half_of(batch_size)
    new = newcomer_batches(painter, batch_size - half, seed)
    get_batch = side_by_side(new, world_batches(painter, half, seed))
    words = dict(own_words=[*painter.card.get("own_words", []), *NEW_WORDS])
    trainer = Trainer(
        painter.model,
        plain_torch()(make_denoising_loss(painter.schedule, painter.card["target"])),
        plain_torch()(noised(get_batch, painter, seed)),
        settings,
        folder,
        resume,
        painter_card(painter.card) | card | words,
    )
    if folder is not None:
        save_its_autoencoder(folder, painter.card, painter.autoencoder)
    return trainer
