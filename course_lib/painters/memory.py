"""Memory estimates: how many pictures can be drawn at once.

On the coarsest grid every place attends to every other, so memory grows with the fourth
power of a picture's side: 512x512, drawn in pixels by a network trained on 32x32, takes
20 GB where 64x64 takes 10 MB. Each grid also holds its channels: a file of 1.5 MB may
describe a network that takes 5 GB for a picture of 1024x1024. Nobody should learn that
from a process that was killed.
"""

from typing import NamedTuple

from course_lib.device import GIB, memory_gib


class Held(NamedTuple):
    """How many numbers are in memory at once for one picture, with guidance.

    Measured as peak memory on a CPU with torch 2.13.

    Args:
        looks: per head and pair of places on the coarsest grid (attention): two calls,
            each with scores, their softmax, and what torch keeps beside them
        pixel: per channel and pixel of the full-resolution head
        place: per channel and place of a grid
        block: per channel and place, in addition for each block of a grid
    """

    looks: float
    pixel: int
    place: int
    block: int


DRAWN = Held(4.7, 8, 14, 2)  # looks: 4.70, 4.68 and 4.81 for 320x320, two, 256x256
HELD = Held(13.0, 17, 10, 33)  # with gradients, for inpainting
DECODED = Held(0, 4, 5, 0)  # an autoencoder, without attention and guidance
HEADS = 4  # see networks/layers.py, Attention
PART = 0.8  # the usable share of memory; the rest is for weights and everything else


def bytes_for(painter, H: int, W: int, held: Held = DRAWN) -> float:
    """The bytes of memory that drawing one picture of height H and width W takes."""
    unet, coder = painter.unet.config, painter.autoencoder
    # Attention is on the coarsest grid only, where a place is `multiple` pixels wide.
    places = (H // painter.multiple) * (W // painter.multiple)
    numbers = held.looks * HEADS * places**2
    pixels = H * W // painter.times**2  # places of x_t: pixels, or latents
    numbers += numbers_on_grids(unet, unet["channels"], unet["fold"], pixels, held)
    if coder is not None:
        numbers += numbers_on_grids(coder.config, 0, coder.fold, H * W, DECODED)
    return 4 * numbers


def numbers_on_grids(
    config: dict, channels: int, fold: int, pixels: int, held: Held
) -> float:
    """The numbers on all grids of a network, the first `fold` times as coarse."""
    finest = pixels / fold**2
    places = sum(width * finest / 4**i for i, width in enumerate(config["widths"]))
    each = held.place + held.block * config["blocks"]
    return held.pixel * (config["refine"] + channels) * pixels + each * places


def how_many(painter, H: int, W: int, most: int, held: Held = DRAWN) -> int:
    """How many pictures, at most `most`, to draw together.

    On CUDA always `most`: there torch computes attention in pieces and keeps no scores.

    Raises:
        ValueError: not even one picture fits into memory
    """
    if painter.device.type == "cuda":
        return most
    room, one = PART * memory_gib() * GIB, bytes_for(painter, H, W, held)
    if one > room:
        raise ValueError(
            f"A picture of {H}x{W} takes about {one / GIB:.0f} GiB of memory here, and "
            f"there are {room / GIB:.0f} for it: ask for a smaller one."
        )
    # At least one: it fits, as was just checked, whatever the rounding.
    return max(1, min(most, int(room / one)))
