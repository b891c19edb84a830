"""Pictures on the way from one prompt to another, or from one picture to another.

pictures = interpolate(draw, "a green frog at night", "an orange rabbit at sunset")
"""

import operator

import torch
from torch import Tensor

from course_lib.diffusion.editing import between, parts_of
from course_lib.diffusion.samplers import PictureNoise, dpm_solver, last_step


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
    """Pictures (n, 3, H, W) on the way from one prompt to another.

    The vectors of the words go in a straight line, and the noise along the circle.

    Args:
        painter: one that reads prompts, a TextToImage
        to_seed: whose noise the last picture begins with; that of `seed`, if None
        batch_size: pictures drawn together; None draws all, if there is memory
    """
    shares = shares_of(n)
    prepared = painter.prepare([first, second], steps, guidance_scale)
    texts = [*prepared.read, prepared.negative]
    # Read together: padded to one length L, so that vectors can be mixed one by one.
    one, other, nothing = painter.read(texts).split(1)  # (1, L, D)
    # Straight, as vectors of words are no noise and need not keep a loudness.
    words = [torch.lerp(one, other, share) for share in shares]
    seeds = (seed, seed if to_seed is None else to_seed)
    # Picture 0 of each seed: the first picture begins as that of `generate` does.
    noises = [PictureNoise(s, [0], painter.device)(prepared.shape) for s in seeds]
    x_T = torch.cat([between(*noises, share) for share in shares])
    drawn = []
    for some in parts_of(n, batch_size):
        told = torch.cat([*words[some], nothing])
        predict = painter.predict_from(told, prepared.way)
        walk = dpm_solver(predict, x_T[some], painter.schedule, prepared.way.steps)
        drawn.append(painter.decode(last_step(walk)))
    return torch.cat(drawn)


def crossfade(
    painter, first: Tensor, last: Tensor, n: int = 9, batch_size: int | None = None
) -> Tensor:
    """Pictures (n, 3, H, W) on the straight line from one picture to another.

    In latents, if the painter has such; a painter of pixels fades them as a film does.

    Args:
        first, last: (3, H, W) in [-1, 1]
        batch_size: pictures decoded together; None decodes all, if there is memory
    """
    # (2, C, h, w). In latents half way is a double exposure as well (lesson 11): this
    # is here to be seen, `interpolate` is the way that works.
    x_0 = painter.encode(torch.stack([first, last]))
    mixed = torch.stack([torch.lerp(*x_0, share) for share in shares_of(n)])
    return torch.cat([painter.decode(mixed[some]) for some in parts_of(n, batch_size)])


def shares_of(n: int) -> list[float]:
    """How far on the way each of n pictures is: 0 the first, 1 the last."""
    if n < 2:
        raise ValueError(f"On the way are 2 pictures or more; got {n}.")
    n = operator.index(n)  # numpy's numbers, too
    return torch.linspace(0, 1, n, dtype=torch.float32, device="cpu").tolist()
