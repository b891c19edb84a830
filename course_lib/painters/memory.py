"""Whether a picture fits into memory while it is drawn, and how many do together.

On the coarsest grid every place looks at every other one, so what that takes grows with
the fourth power of a picture's side: one of 512x512, drawn in pixels by a network that
learned 32x32, takes 20 GB where one of 64x64 takes 10 MB. Nobody should learn that from
a process that was killed.
"""

from course_lib.device import GIB, memory_gib

# How many arrays (heads, places, places) of 4 bytes are there at once, for one picture?
# Measured as the peak of memory on a CPU, torch 2.13, with guidance: two looks, each
# with its scores, their softmax, and what torch keeps beside them.
DRAWN = 4.7  # 4.70, 4.68 and 4.81 for pictures of 320x320, two of them, and 256x256
HELD = 13.0  # with the gradient of a kept part (inpaint): 12.6 to 12.9 for 32x1024
HEADS = 4  # see networks/layers.py, Attention
PART = 0.8  # of this machine's memory; the rest is for the weights and everything else


def bytes_for(painter, H: int, W: int, copies: float = DRAWN) -> float:
    """What looking takes for one picture of height H and width W, in bytes."""
    # Attention is on the coarsest grid alone: `multiple` pixels a place along each
    # side.
    places = (H // painter.multiple) * (W // painter.multiple)
    return copies * HEADS * places**2 * 4


def how_many(painter, H: int, W: int, most: int, copies: float = DRAWN) -> int:
    """How many pictures, at most `most`, are to be drawn together; or a sentence.

    On a GPU as many as asked: there torch looks piece by piece, and keeps no scores.
    """
    if painter.device.type == "cuda":
        return most
    room, one = PART * memory_gib() * GIB, bytes_for(painter, H, W, copies)
    if one > room:
        raise ValueError(
            f"A picture of {H}x{W} takes about {one / GIB:.0f} GiB of memory here, and "
            f"there are {room / GIB:.0f} for it: ask for a smaller one."
        )
    # One at least: that one fits was just said.
    return max(1, min(most, int(room / one)))
