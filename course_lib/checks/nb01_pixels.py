"""The checks of notebook 01: painting into a picture, and from bytes to [-1, 1]."""

import torch
from torch import Tensor

from course_lib.checks.report import compare, report
from course_lib.pixels import from_bytes


def paint_square(picture: Tensor, top: int, left: int, side: int, colour) -> Tensor:
    """A new picture (3, H, W) with a square in one colour, three numbers in [-1, 1]."""
    # A copy, for pictures are handed on from cell to cell.
    painted = picture.clone()
    for channel in range(3):
        painted[channel, top : top + side, left : left + side] = colour[channel]
    return painted


def check_paint_square(learner_paint_square):
    """Right rows, right columns, right channels, and the old picture untouched."""

    def inputs(generator):
        # One pixel more than the square fits in everywhere: at an edge a slice that is
        # too long would be cut without a word, and "one pixel too large" could not be
        # named.
        picture = torch.rand(3, 12, 12, generator=generator) * 2 - 1
        top, left = torch.randint(0, 4, (2,), generator=generator).tolist()
        colour = (torch.rand(3, generator=generator) * 2 - 1).tolist()
        return picture, top + 1, left + 5, 3, tuple(colour)  # top is never left

    def changed_places(picture, top, left, side, colour):
        return paint_square(picture, left, top, side, colour)

    def ends_at_side(picture, top, left, side, colour):
        painted = picture.clone()
        for channel in range(3):
            painted[channel, top:side, left:side] = colour[channel]
        return painted

    def one_too_large(picture, top, left, side, colour):
        return paint_square(picture, top, left, side + 1, colour)

    mistakes = {
        "rows and columns have changed places: it is picture[channel, row, column], "
        "and `top` counts rows": changed_places,
        "a slice needs its two ends: the rows go from top to top + side": ends_at_side,
        "one pixel too large: a slice stops before its second end": one_too_large,
    }

    def check():
        compare(learner_paint_square, paint_square, inputs, mistakes)

    return report(check, learner_paint_square, paint_square)


def check_from_bytes(learner_from_bytes):
    """0 becomes -1, 255 becomes 1, in equal steps."""

    def inputs(generator):
        drawn = torch.randint(0, 256, (3, 4, 4), generator=generator)
        drawn[0, 0, :2] = torch.tensor([255, 0])  # both ends are always there
        return (drawn.to(torch.uint8),)

    mistakes = {
        "dividing by 255 gives 0 to 1: black must become -1, so the range is 2 wide": (
            lambda pictures: pictures / 255
        ),
        "255 must become exactly 1: half of 255 is 127.5, not 128": (
            lambda pictures: pictures / 128 - 1
        ),
        "the middle is right but the range is only 1 wide, from -0.5 to 0.5": (
            lambda pictures: pictures / 255 - 0.5
        ),
    }

    def check():
        compare(learner_from_bytes, from_bytes, inputs, mistakes)

    return report(check, learner_from_bytes, from_bytes)
