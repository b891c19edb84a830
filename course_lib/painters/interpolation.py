"""Interpolation: pictures between two prompts, or between two pictures.

pictures = interpolate(draw, "a green frog at night", "an orange rabbit at sunset")
"""

import operator

import torch
from torch import Tensor

from course_lib.diffusion.editing import between, parts_of
from course_lib.diffusion.samplers import PictureNoise, last_step
from course_lib.painters.painter import from_this_noise


def interpolate(
    painter,
    first: str,
    second: str,
    n: int = 9,
    seed: int = 0,
    to_seed: int | None = None,
    steps: int | None = None,
    guidance_scale: float | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """Draw n pictures from one prompt to another: (n, 3, H, W) in [-1, 1], on the CPU.

    Text embeddings are interpolated linearly, and the noise spherically (`between`).

    Args:
        painter: a TextToImage
        to_seed: the seed of the last picture's noise; None takes `seed`
        batch_size: pictures drawn together; None draws all, if there is memory

    Raises:
        ValueError: fewer than 2 pictures
    """
    shares = shares_of(n)
    prepared = painter.prepare([first, second], steps, guidance_scale)
    texts = [*prepared.read, prepared.negative]
    # Read together and so padded to the same length L: vectors are mixed one by one.
    one, other, nothing = painter.read(texts).split(1)  # (1, L, D)
    # Linear: unlike noise, text embeddings need not keep a standard deviation.
    words = [torch.lerp(one, other, share) for share in shares]
    seeds = (seed, seed if to_seed is None else to_seed)
    drawn = []
    for some in parts_of(n, batch_size):
        told = torch.cat([*words[some], nothing])
        predict = painter.predict_from(told, prepared.way)
        noise = NoiseBetween(seeds, shares[some], painter.device)
        walk = from_this_noise(predict, prepared, painter.schedule, noise)
        drawn.append(painter.decode(last_step(walk)))
    return torch.cat(drawn)


class NoiseBetween:
    """Noise between that of two seeds, one stream per share; used as PictureNoise.

    A sampler with fresh noise takes it from here as well: if each picture had its own,
    neighbours would have little in common.
    """

    def __init__(self, seeds: tuple[int, int], shares: list[float], device):
        # Picture 0 of each seed: the ends are the first pictures of `generate`.
        self.ends = [PictureNoise(seed, [0], device) for seed in seeds]
        self.shares = shares

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        one, other = (end(shape) for end in self.ends)
        return torch.cat([between(one, other, share) for share in self.shares])


def crossfade(
    painter, first: Tensor, last: Tensor, n: int = 9, batch_size: int | None = None
) -> Tensor:
    """Interpolate linearly from one picture to another: (n, 3, H, W) in [-1, 1].

    A painter of latents mixes latents; a painter of pixels crossfades as a film does.

    Args:
        first, last: (3, H, W) in [-1, 1]
        batch_size: pictures decoded together; None decodes all, if there is memory

    Raises:
        ValueError: fewer than 2 pictures
    """
    # (2, C, h, w). Halfway between latents is a double exposure too (lesson 11). This
    # function is here to show that; `interpolate` is the one that works.
    x_0 = painter.encode(torch.stack([first, last]))
    mixed = torch.stack([torch.lerp(*x_0, share) for share in shares_of(n)])
    return torch.cat([painter.decode(mixed[some]) for some in parts_of(n, batch_size)])


def shares_of(n: int) -> list[float]:
    """The n evenly spaced positions of the pictures, from 0 to 1."""
    if n < 2:
        raise ValueError(f"An interpolation has 2 pictures or more; got {n}.")
    n = operator.index(n)  # accepts NumPy's integers
    return torch.linspace(0, 1, n, dtype=torch.float32, device="cpu").tolist()
