"""An invisible mark in the noise that a picture starts from (Tree-Ring, 2023).

The starting noise holds a secret in its Fourier transform: on each ring around the
middle, every coefficient is the same number. A single picture looks like any other, but
those of one key share much of their noise, so a row of them has less variety. Whoever
has the painter can walk the way back, from the picture to its noise, and look there.

    key = key_of(1234)
    pictures = draw_marked(painter, ["a red cat"], key)
    agreement(noise_of(painter, pictures), key)   # near 0.25; without a mark near 0

It needs a sampler without chance: fresh noise at each step would drown the mark.
"""

from functools import lru_cache

import torch
from torch import Tensor

from course_lib.chance import generator_for
from course_lib.diffusion.guidance import Way
from course_lib.diffusion.samplers import PictureNoise, choose_steps, mix
from course_lib.painters.painter import (
    WITH_CHANCE,
    Prepared,
    Watch,
    from_this_noise,
    read_each_once,
)
from course_lib.painters.pipeline import TextToImage

RINGS = 7  # half of the next ring of a 16x16 latent is missing
CHANNELS = 4  # of the latents
BACK = 10  # steps of the way back; 20 found no more marks
OTHERS = 999  # keys that nobody used: one in a hundred of them is the false alarm
INSTEAD = "dpm_solver"  # the sampler, where the usual one has chance in it


@lru_cache
def ring_of(size: int) -> Tensor:
    """The number of the ring at each place of a Fourier transform, (size, size) int64.

    On ring 0 lie the longest waves, one to a picture, on ring 1 those of which two fit
    into it. The lowest frequency comes first, as `torch.fft.fft2` has it. It is the
    mean, no wave, and belongs to no ring: -1.

    >>> ring_of(4)
    tensor([[-1,  0,  1,  0],
            [ 0,  0,  1,  0],
            [ 1,  1,  2,  1],
            [ 0,  0,  1,  0]])
    """
    waves = torch.fft.fftfreq(size, 1 / size)  # 0, 1, 2, ..., -2, -1
    return (waves[:, None] ** 2 + waves**2).sqrt().round().long() - 1


def key_of(secret: int, channels: int = CHANNELS, rings: int = RINGS) -> Tensor:
    """The key of a secret number: one number for each channel and ring, (C, rings)."""
    # As large as the coefficients of noise are, so that the noise is as strong as ever.
    return torch.randn(channels, rings, generator=generator_for(secret))


def mark(noise: Tensor, key: Tensor, ring: Tensor | None = None) -> Tensor:
    """Write a key into noise (B, C, H, H): the same number all along each ring.

    Args:
        key: (C, rings), of `key_of`; key[:, r] belongs on ring r
        ring: (H, H), of `ring_of`, which is the default

    Wen et al. 2023, section 3. Theirs has complex numbers and one channel. Ours are
    real, so the noise stays real, and in all channels, since a latent of 16x16 has few
    places.
    """
    ring = ring_of(noise.shape[-1]) if ring is None else ring
    # ortho: the coefficients of N(0, 1) noise then have variance 1, too.
    waves = torch.fft.fft2(noise, norm="ortho")  # (B, C, H, H), complex
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r, None].to(waves.dtype)  # (C, 1)
    # The imaginary part is 0 but for rounding: the rings are symmetric.
    return torch.fft.ifft2(waves, norm="ortho").real


def agreement(noise: Tensor, key: Tensor) -> Tensor:
    """How well noise (B, C, H, H) agrees with a key, -1 to 1: (B,).

    The cosine between the rings' coefficients and the key's numbers. For any other
    noise it is near 0.
    """
    ring = ring_of(noise.shape[-1])
    inside = (ring >= 0) & (ring < key.shape[1])
    found = torch.fft.fft2(noise, norm="ortho").real[..., inside].flatten(1)
    wanted = key[:, ring[inside]].flatten()
    return torch.nn.functional.cosine_similarity(found, wanted[None])


# Drawing with a mark, and looking for it ---------------------------------------------


def sampler_without_chance(painter: TextToImage, asked: str | None = None) -> str:
    """The sampler that was asked for, or the usual one, or INSTEAD of that.

    Raises:
        ValueError: the sampler that was asked for adds fresh noise, or these weights
            draw with no other
    """
    usual = painter.way().sampler
    if "renoise" in (asked, usual):
        raise ValueError(
            "A consistency model puts fresh noise on each guess, and that hides a "
            "mark: mark with other weights."
        )
    if asked in WITH_CHANCE:
        raise ValueError(
            f"{asked} adds fresh noise at each step, and that hides a mark: use "
            f"{INSTEAD} or ddim."
        )
    return asked or (INSTEAD if usual in WITH_CHANCE else usual)


def draw_marked(
    painter: TextToImage,
    prompts: list[str],
    key: Tensor | None,
    seed: int = 0,
    steps: int | None = None,
    guidance_scale: float | None = None,
    sampler: str | None = None,
    batch_size: int = 64,
) -> Tensor:
    """Draw one picture per prompt from marked noise, (B, 3, H, W) in [-1, 1].

    Args:
        key: of `key_of`; None draws the same pictures unmarked

    Raises:
        ValueError: the sampler that was asked for adds fresh noise
    """
    sampler = sampler_without_chance(painter, sampler)
    prepared = painter.prepare(prompts, steps, guidance_scale, sampler)
    return paint_marked(painter, prepared, key, seed, batch_size)


@torch.no_grad()
def paint_marked(
    painter: TextToImage,
    prepared: Prepared,
    key: Tensor | None,
    seed: int = 0,
    batch_size: int = 64,
    callback: Watch | None = None,
) -> Tensor:
    """`painter.paint` from marked noise."""
    drawn = []
    for first in range(0, len(prepared.read), batch_size):
        some = prepared.some(first, batch_size)
        text_emb = read_each_once(painter.read, some.read, some.negative)
        predict = painter.predict_from(text_emb, some.way)
        noise = PictureNoise(seed, range(first, first + len(some.read)))(some.shape)
        noise = noise if key is None else mark(noise, key)
        x_T = noise.to(painter.device)
        walk = from_this_noise(predict, some, painter.schedule, lambda shape, x=x_T: x)
        for step in walk:
            if callback:
                callback(step)
        drawn.append(painter.decode(step.x_0_hat))
    return torch.cat(drawn)


@torch.no_grad()
def noise_of(
    painter: TextToImage, pictures: Tensor, steps: int = BACK, batch_size: int = 64
) -> Tensor:
    """The way back: from pictures (B, 3, H, W) to the noise they may have started from.

    DDIM is an equation without chance, so it runs backwards as well (Song et al. 2021,
    section 4.3). Nobody knows the prompt any more: it walks without one.
    """
    way = painter.way(1.0)
    return torch.cat(
        [_back(painter, some, way, steps) for some in pictures.split(batch_size)]
    )


def _back(painter: TextToImage, pictures: Tensor, way: Way, steps: int) -> Tensor:
    predict = painter.predict_for([""] * len(pictures), way)
    x_t, T = painter.encode(pictures), painter.schedule.T
    upwards = choose_steps(T, steps)[::-1]
    for t, t_next in zip(upwards[:-1], upwards[1:], strict=True):
        # A network has seen no t = 0. At t = 1 a thousandth of a picture is noise.
        where = torch.full((len(x_t),), max(t, 1), device=x_t.device)
        x_0_hat, eps_hat = predict(x_t, where)
        # The step of DDIM, to more noise instead of less.
        x_t = mix(x_0_hat, eps_hat, t_next, painter.schedule)
    return x_t.cpu()


# Is it there? ------------------------------------------------------------------------


def threshold(unmarked: Tensor, alarms: float = 0.01) -> float:
    """The agreement above which a picture counts as marked.

    Measured, not computed: so high that of these pictures without a mark only the share
    `alarms` lies above it.

    Args:
        unmarked: (N,) agreements of pictures that are known to carry no mark
    """
    return unmarked.quantile(1 - alarms, interpolation="higher").item()


def chance_of(noise: Tensor, key: Tensor, others: int = OTHERS) -> Tensor:
    """How many keys that nobody used fit as well as this one, a share, (B,).

    0.01 and below: marked, with one false alarm in a hundred. It needs no pictures to
    compare with: in a picture without a mark, this key is one among many.
    """
    strange = [key_of(2**40 + i, *key.shape) for i in range(others)]
    as_well = torch.stack([agreement(noise, one) for one in strange])  # (others, B)
    ahead = (as_well >= agreement(noise, key)).sum(0)
    return (1 + ahead) / (1 + others)  # it counts itself: never quite 0


# Stealing it -------------------------------------------------------------------------


def stolen_key(marked: Tensor, unmarked: Tensor, rings: int = RINGS) -> Tensor:
    """The key out of the noises of some marked pictures (B, C, H, H): (C, rings).

    What differs between pictures averages away. What all pictures share, a bright sky
    say, is known from unmarked ones, which a thief can draw. What is left is the key,
    only smaller; so it is made as large as a key is.

    Args:
        marked, unmarked: of `noise_of`; their numbers may differ
    """
    ring = ring_of(marked.shape[-1])
    waves, usual = (torch.fft.fft2(x, norm="ortho").real for x in (marked, unmarked))
    # Where pictures differ much, in their longest waves, a mean of ten says little.
    waves = (waves.mean(0) - usual.mean(0)) / usual.std(0)  # (C, H, H)
    key = torch.stack([waves[:, ring == r].mean(1) for r in range(rings)], 1)
    return key / key.square().mean().sqrt()
