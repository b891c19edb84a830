"""Pictures compressed before a training, once, so that the training never sees pixels.

    latents = compress(load_critters("train", size=64), autoencoder)
    z_0, label = latents[7]        # (4, 16, 16), about N(0, 1) in loudness

What is learned from is the middle of each cloud, mu, divided by the spread of them all:
noise of spread 1 then covers a latent just as it covers a picture (Rombach et al. 2022,
appendix G).
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from course_lib.cards import Card
from course_lib.checkpoint import digest, load_weights, save_weights
from course_lib.device import best_device
from course_lib.networks.autoencoder import (
    Autoencoder,
    encoder_digest,
    load_autoencoder,
)
from course_lib.pixels import from_bytes
from course_lib.shown import progress_bar
from course_lib.world.datasets import PictureSet, cached
from course_lib.world.drawing import draw_critters

BATCH = 100  # pictures that are compressed at a time
SOME = 2000  # pictures whose spread is that of all, to a thousandth


@dataclass(frozen=True, eq=False)
class LatentSet:
    """A picture set, compressed; where a PictureSet gives pictures, it gives latents.

    Args:
        mu: (N, C, h, w) float16, the middles of the clouds as they were encoded
        scale: what they are multiplied by, so that their spread is 1
    """

    name: str
    mu: Tensor
    scale: float
    labels: Tensor
    factors: dict[str, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.mu)

    def __getitem__(self, index: int | Tensor) -> tuple[Tensor, Tensor]:
        """Latents of spread 1, and the labels of their pictures."""
        # Scaled when it is asked for: mu is kept as encoded, so that the file does not
        # depend on the scale.
        return self.mu[index].float() * self.scale, self.labels[index]


def compress(pictures: PictureSet, autoencoder: Autoencoder) -> LatentSet:
    """Encode every picture; minutes at the first call, then kept in the cache."""
    # The name says whose latents these are, pictures and encoder: a changed pixel or
    # another encoder finds no old file.
    of = f"{len(pictures)}-{digest({'pictures': pictures.pictures})[:8]}"
    by = encoder_digest(autoencoder)[:8]
    name = f"latents-{pictures.name.replace(' ', '-')}-{of}-by-{by}"
    kept = cached(
        name, lambda: {"mu": encode_all(pictures.pictures, autoencoder)}, "mu"
    )
    # (N, 4, 16, 16) in float16: 50,000 take 102 MB, where the pictures as bytes take
    # 614.
    mu = kept["mu"]
    # Rounded, because it goes on a card: what is loaded must be exactly what was
    # learned.
    scale = round(1 / mu.float().std().item(), 6)
    return LatentSet(pictures.name, mu, scale, pictures.labels, pictures.factors)


@torch.no_grad()
def encode_all(pictures: Tensor, autoencoder: Autoencoder) -> Tensor:
    """Pictures as bytes (N, 3, H, W) to mu (N, C, h, w) in half precision."""
    device = next(autoencoder.parameters()).device
    parts = progress_bar(pictures.split(BATCH), name="compressing")
    return torch.cat(
        # [0] is mu: what is learned from should be one thing a picture (lesson 12).
        [autoencoder.encode(from_bytes(x).to(device))[0].half().cpu() for x in parts]
    )


def in_space(pictures: PictureSet, autoencoder: Path | str | None):
    """What is learned from, pictures or their latents, and what the card says of it."""
    if autoencoder is None:
        return pictures, {}
    model = load_autoencoder(autoencoder, best_device())
    compressed = compress(pictures, model)
    return compressed, space_of(model, compressed.scale)


def encoder_of(size: int, seed: int, autoencoder: Path | str | None):
    """What makes bytes (N, 3, H, W) to latents of spread 1, and what the card says."""
    if autoencoder is None:
        return None, {}
    model = load_autoencoder(autoencoder, best_device())
    some = draw_critters(SOME, seed, size)[0]
    scale = round(1 / encode_all(some, model).float().std().item(), 6)

    def encode(pictures: Tensor) -> Tensor:
        return encode_all(pictures, model).float() * scale

    return encode, space_of(model, scale)


def space_of(model: Autoencoder, scale: float) -> Card:
    """What a card says of the space in which something was learned."""
    return {
        "autoencoder": "autoencoder",  # its folder in that of this training
        "encoder_sha256": encoder_digest(model),
        "latent_scale": scale,
    }


def keep_autoencoder(folder: Path | str, autoencoder: Path | str, space: dict) -> None:
    """Put it into the folder of a training: nothing that it draws can be seen without.

    Args:
        space: what `in_space` said for the card
    """
    tensors, card = load_weights(autoencoder)
    card |= dict(latent_scale=space["latent_scale"])
    save_weights(Path(folder) / space["autoencoder"], tensors, card)
