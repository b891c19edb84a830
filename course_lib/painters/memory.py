"""Whether a picture fits into memory while it is drawn, and how many do together.

On the coarsest grid every place looks at every other one, so what that takes grows with
the fourth power of a picture's side: one of 512x512, drawn in pixels by a network that
learned 32x32, takes 20 GB where one of 64x64 takes 10 MB. And each grid holds its
channels: a file of 1.5 MB may describe one that takes 5 GB for a picture of 1024x1024.
Nobody should learn that from a process that was killed.
"""

from typing import NamedTuple

from course_lib.device import GIB, memory_gib


class Held(NamedTuple):
    """How many numbers are there at once, for one picture, with guidance.

    Measured as the peak of memory on a CPU, torch 2.13.

    Args:
        looks: a head and pair of places on the coarsest grid: two looks, each with its
            scores, their softmax, and what torch keeps beside them
        pixel: a channel and pixel of the head at full size
        place: a channel and place of a grid
        block: the same, once more for each block of a grid
    """

    looks: float
    pixel: int
    place: int
    block: int


DRAWN = Held(4.7, 8, 14, 2)  # looks: 4.70, 4.68 and 4.81 for 320x320, two, 256x256
HELD = Held(13.0, 17, 10, 33)  # with the gradient of a kept part (inpaint)
DECODED = Held(0, 4, 5, 0)  # by an autoencoder, which has no looks and no guidance
HEADS = 4  # see networks/layers.py, Attention
PART = 0.8  # of this machine's memory; the rest is for the weights and everything else


def bytes_for(painter, H: int, W: int, held: Held = DRAWN) -> float:
    """What one picture of height H and width W takes, in bytes."""
    unet, coder = painter.unet.config, painter.autoencoder
    # Attention is on the coarsest grid alone: `multiple` pixels a place along each
    # side.
    places = (H // painter.multiple) * (W // painter.multiple)
    numbers = held.looks * HEADS * places**2
    pixels = H * W // painter.times**2  # of what the network draws
    numbers += numbers_on_grids(unet, unet["channels"], unet["fold"], pixels, held)
    if coder is not None:
        numbers += numbers_on_grids(coder.config, 0, coder.fold, H * W, DECODED)
    return 4 * numbers


def numbers_on_grids(
    config: dict, channels: int, fold: int, pixels: int, held: Held
) -> float:
    """What all grids of a network hold, the first one `fold` times as coarse."""
    finest = pixels / fold**2
    places = sum(width * finest / 4**i for i, width in enumerate(config["widths"]))
    each = held.place + held.block * config["blocks"]
    return held.pixel * (config["refine"] + channels) * pixels + each * places


def how_many(painter, H: int, W: int, most: int, held: Held = DRAWN) -> int:
    """How many pictures, at most `most`, are to be drawn together; or a sentence.

    On a GPU as many as asked: there torch looks piece by piece, and keeps no scores.
    """
    if painter.device.type == "cuda":
        return most
    room, one = PART * memory_gib() * GIB, bytes_for(painter, H, W, held)
    if one > room:
        raise ValueError(
            f"A picture of {H}x{W} takes about {one / GIB:.0f} GiB of memory here, and "
            f"there are {room / GIB:.0f} for it: ask for a smaller one."
        )
    # One at least: that one fits was just said.
    return max(1, min(most, int(room / one)))
