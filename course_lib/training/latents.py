"""Latents: pictures compressed once before a training, which then never sees pixels.

    latents = compress(load_critters("train", size=64), autoencoder)
    z_0, label = latents[7]        # (4, 16, 16), standard deviation about 1

A latent is the mean mu of the encoder's Gaussian, divided by the standard deviation of
all latents: noise of standard deviation 1 then covers a latent just as it covers a
picture (Rombach et al. 2022, appendix G).
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

BATCH = 100  # pictures to compress at a time
SOME = 2000  # pictures: enough to know the standard deviation to a thousandth


@dataclass(frozen=True, eq=False)
class LatentSet:
    """A compressed picture set: like a PictureSet, but with latents for pictures.

    Args:
        mu: (N, C, h, w) float16, the means of the encoder's Gaussians
        scale: the factor that gives them standard deviation 1
        labels: (N,) int64, those of the pictures
        factors: those of the pictures
    """

    name: str
    mu: Tensor
    scale: float
    labels: Tensor
    factors: dict[str, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.mu)

    def __getitem__(self, index: int | Tensor) -> tuple[Tensor, Tensor]:
        """Scaled latents, (C, h, w) or (B, C, h, w) float32, and their labels."""
        # Scaled on access: the file keeps mu as encoded and so does not depend on the
        # scale.
        return self.mu[index].float() * self.scale, self.labels[index]


def compress(pictures: PictureSet, autoencoder: Autoencoder) -> LatentSet:
    """Encode every picture; the first call takes minutes and fills the cache."""
    # The name identifies pictures and encoder: a changed pixel or another encoder never
    # finds an old file.
    of = f"{len(pictures)}-{digest({'pictures': pictures.pictures})[:8]}"
    by = encoder_digest(autoencoder)[:8]
    name = f"latents-{pictures.name.replace(' ', '-')}-{of}-by-{by}"
    kept = cached(
        name, lambda: {"mu": encode_all(pictures.pictures, autoencoder)}, "mu"
    )
    # 50,000 latents (4, 16, 16) in float16 take 102 MB; their pictures, as bytes, 614.
    mu = kept["mu"]
    # Rounded, because it goes on a card: the loaded value must be exactly the one used
    # in training.
    scale = round(1 / mu.float().std().item(), 6)
    return LatentSet(pictures.name, mu, scale, pictures.labels, pictures.factors)


@torch.no_grad()
def encode_all(pictures: Tensor, autoencoder: Autoencoder) -> Tensor:
    """Encode pictures (N, 3, H, W) uint8 into mu, (N, C, h, w) float16."""
    device = next(autoencoder.parameters()).device
    parts = progress_bar(pictures.split(BATCH), name="compressing")
    return torch.cat(
        # [0] is mu: a training needs one fixed latent for each picture (lesson 12).
        [autoencoder.encode(from_bytes(x).to(device))[0].half().cpu() for x in parts]
    )


def in_space(pictures: PictureSet, autoencoder: Path | str | None):
    """The training data, pictures or their latents, and its entries for the card."""
    if autoencoder is None:
        return pictures, {}
    model = load_autoencoder(autoencoder, best_device())
    compressed = compress(pictures, model)
    return compressed, space_of(model, compressed.scale)


def encoder_of(size: int, seed: int, autoencoder: Path | str | None):
    """An encoder from uint8 (N, 3, H, W) to scaled latents, and entries for the card.

    Without an autoencoder it is None, and there are no entries.
    """
    if autoencoder is None:
        return None, {}
    model = load_autoencoder(autoencoder, best_device())
    some = draw_critters(SOME, seed, size)[0]
    scale = round(1 / encode_all(some, model).float().std().item(), 6)

    def encode(pictures: Tensor) -> Tensor:
        return encode_all(pictures, model).float() * scale

    return encode, space_of(model, scale)


def space_of(model: Autoencoder, scale: float) -> Card:
    """The entries of a card about the latent space of a training."""
    return {
        "autoencoder": "autoencoder",  # its folder in that of this training
        "encoder_sha256": encoder_digest(model),
        "latent_scale": scale,
    }


def keep_autoencoder(folder: Path | str, autoencoder: Path | str, space: dict) -> None:
    """Copy the autoencoder into the folder of a training, which needs it to decode.

    Args:
        space: the entries for the card from `in_space`
    """
    tensors, card = load_weights(autoencoder)
    card |= dict(latent_scale=space["latent_scale"])
    save_weights(Path(folder) / space["autoencoder"], tensors, card)
