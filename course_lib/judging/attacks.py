"""What happens to pictures on their way: JPEG, crop, resize, noise, a screenshot.

Nobody needs to be evil for that: every messenger does some of it. Whoever says that a
detector or a mark works must say what it survives.
"""

import io
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from course_lib.chance import generator_for
from course_lib.diffusion.editing import image_to_image
from course_lib.pixels import from_bytes, picture_of, to_bytes

Attack = Callable[[Tensor], Tensor]  # (B, 3, H, W) in [-1, 1] to the same


def through_bytes(pictures: Tensor) -> Tensor:
    """Saved as a PNG and read again: rounded to 256 steps."""
    return from_bytes(to_bytes(pictures))


def jpeg(pictures: Tensor, quality: int = 75) -> Tensor:
    """Saved as a JPEG of this quality and read again."""
    read = []
    for picture in to_bytes(pictures).permute(0, 2, 3, 1).cpu().numpy():
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        read.append(np.array(picture_of(file.getvalue(), "a JPEG")))
    return from_bytes(torch.from_numpy(np.stack(read)).permute(0, 3, 1, 2))


def resized(pictures: Tensor, to: float) -> Tensor:
    """Made smaller (or larger) by this factor, and put back to its size."""
    size = pictures.shape[-2:]
    smaller = [max(1, round(side * to)) for side in size]
    how = dict(mode="bilinear", antialias=True)
    small = torch.nn.functional.interpolate(pictures, smaller, **how)
    return through_bytes(torch.nn.functional.interpolate(small, size, **how))


def cropped(pictures: Tensor, keep: float = 0.875) -> Tensor:
    """The middle, with this share of each side, enlarged to the old size."""
    size = pictures.shape[-1]
    edge = round(size * (1 - keep) / 2)
    middle = pictures[:, :, edge : size - edge, edge : size - edge]
    how = dict(mode="bilinear", antialias=True)
    return through_bytes(torch.nn.functional.interpolate(middle, (size, size), **how))


def grainy(pictures: Tensor, std: float = 0.1) -> Tensor:
    """With Gaussian noise on every pixel."""
    noise = torch.randn(pictures.shape, generator=generator_for(0, len(pictures)))
    return through_bytes((pictures + std * noise).clamp(-1, 1))


def screenshot(pictures: Tensor) -> Tensor:
    """Shown at one and a half times its size, a little brighter, and saved as JPEG."""
    size = pictures.shape[-1]
    how = dict(mode="bicubic", antialias=True)
    large = torch.nn.functional.interpolate(pictures, scale_factor=1.5, **how)
    large = jpeg((large * 0.97 + 0.03).clamp(-1, 1), 90)
    return through_bytes(torch.nn.functional.interpolate(large, (size, size), **how))


ATTACKS: dict[str, Attack] = {
    "none": through_bytes,
    "JPEG 75": jpeg,
    "JPEG 30": lambda pictures: jpeg(pictures, 30),
    "cropped to 7/8": cropped,
    "half the size": lambda pictures: resized(pictures, 0.5),
    "noise": grainy,
    "screenshot": screenshot,
    "mirrored": lambda pictures: pictures.flip(3),
}


def redrawn(painter, pictures: Tensor, strength: float, seed: int = 0) -> Tensor:
    """Image-to-image without a prompt: noise on it, and drawn again (lesson 07)."""
    prompts = [""] * len(pictures)
    drawn = image_to_image(painter, pictures, prompts, strength, seed=seed)
    return through_bytes(drawn)
