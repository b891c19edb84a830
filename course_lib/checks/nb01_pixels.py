"""The checks of notebook 01: painting into a picture, and from bytes to [-1, 1]."""

import re

import torch
from torch import Tensor

from course_lib.checks.report import NotYetRight, compare, report
from course_lib.device import plain_torch
from course_lib.pixels import from_bytes


def paint_square(picture: Tensor, top: int, left: int, side: int, colour) -> Tensor:
    """A new picture (3, H, W) with a square in one colour, three numbers in [-1, 1]."""
    # A copy, since pictures are passed on from cell to cell.
    painted = picture.clone()
    for channel in range(3):
        painted[channel, top : top + side, left : left + side] = colour[channel]
    return painted


# Parts of the messages about a colour that is assigned as it is.
COLOUR_DOES_NOT_FIT = (
    "Tensor sizes: [3]",
    "can't assign a tuple",
    "tuple indices must be integers or slices, not tuple",
)
NO_CHANNEL = (
    "the channel axis is missing: a picture is (3, H, W), so the place is "
    "picture[:, rows, columns], or picture[channel, rows, columns]"
)


def is_without_channel(message: str, drawn: tuple) -> bool:
    """Whether rows and columns were written where channels and rows stand."""
    picture, top, left, *_ = drawn
    # A square is narrower than its picture: if the place is as wide, then its last
    # axis was left open, and so its first is no channel.
    place = re.search(r"Target sizes: \[(\d+), \d+, (\d+)\]", message)
    if place:
        channels, columns = map(int, place.groups())
        return channels != 3 and columns == picture.shape[2]
    pixel = re.search(
        r"index (\d+) is out of bounds for dimension 0 with size 3", message
    )
    return bool(pixel) and int(pixel[1]) in (top, left)


@plain_torch()  # its own cases must be plain, whatever is set
def check_paint_square(learner_paint_square):
    """Right rows, right columns, right channels, and the old picture untouched."""

    def inputs(generator):
        # There is room for one more pixel on all sides: at an edge a slice that is too
        # long would be cut silently, and "one pixel too large" could not be named. The
        # side is never 3, where a loop over the side looks like one over the colours.
        picture = torch.rand(3, 16, 16, generator=generator) * 2 - 1
        seed = generator.initial_seed() % 2
        # In the second draw `left` is below the side: else left:side would be empty and
        # nothing painted, as with half of all mistakes. In the first draw `top` is not
        # below the side: else top - side would be negative and nothing painted. In
        # neither is the square as far from the bottom as from the top.
        side, further, least = ((4, 2, 4), (7, 1, 1))[seed]
        top = least + int(torch.randint(0, 4, (), generator=generator))
        left = top + further
        colour = (torch.rand(3, generator=generator) * 2 - 1).tolist()
        return picture, top, left, side, tuple(colour)

    def painted_as(where, what=lambda colour, channel: colour[channel]):
        """The right picture except for where it is painted, or with what."""

        def mistaken(picture, top, left, side, colour):
            painted = picture.clone()
            for channel in range(3):
                rows, columns = where(top, left, side)
                painted[channel, rows, columns] = what(colour, channel)
            return painted

        return mistaken

    def square(top, left, side):
        return slice(top, top + side), slice(left, left + side)

    def from_the_bottom(picture, top, left, side, colour):
        top = picture.shape[1] - top - side
        return paint_square(picture, top, left, side, colour)

    def one_channel(picture, top, left, side, colour):
        painted = picture.clone()
        painted[(0, *square(top, left, side))] = colour[0]
        return painted

    def diagonal(picture, top, left, side, colour):
        painted = picture.clone()
        for i in range(side):
            painted[:, top + i, left + i] = torch.tensor(colour)
        return painted

    def rest_is_lost(picture, top, left, side, colour):
        return paint_square(torch.zeros_like(picture), top, left, side, colour)

    def mixed_in(picture, top, left, side, colour):
        painted = picture.clone()
        rows, columns = square(top, left, side)
        painted[:, rows, columns] += torch.tensor(colour)[:, None, None]
        return painted

    def cut_out(picture, top, left, side, colour):
        return paint_square(picture, top, left, side, colour)[
            (slice(None), *square(top, left, side))
        ]

    def brackets_in_a_row(picture, top, left, side, colour):
        painted = picture.clone()
        for channel in range(3):
            rows, columns = square(top, left, side)
            painted[channel][rows][columns] = colour[channel]
        return painted

    def outline(picture, top, left, side, colour):
        painted = paint_square(picture, top, left, side, colour)
        rows = slice(top + 1, top + side - 1)
        columns = slice(left + 1, left + side - 1)
        painted[:, rows, columns] = picture[:, rows, columns]
        return painted

    def nothing_painted(picture, top, left, side, colour):
        return picture.clone()

    mistakes = {
        "rows and columns are swapped: it is picture[channel, row, column], and `top` "
        "counts rows": painted_as(lambda top, left, side: square(left, top, side)),
        "a slice needs both its ends: the rows go from top to top + side": painted_as(
            lambda top, left, side: (slice(top, side), slice(left, side))
        ),
        "one pixel too large: a slice stops just before its end": painted_as(
            lambda top, left, side: square(top, left, side + 1)
        ),
        "one pixel too small: a slice stops just before its end anyway, so subtract "
        "nothing": painted_as(lambda top, left, side: square(top, left, side - 1)),
        "the first row and the first column are missing: a slice begins with its first "
        "number itself, so it is top : top + side": painted_as(
            lambda top, left, side: square(top + 1, left + 1, side - 1)
        ),
        "the rows are counted from the bottom: row 0 is the top of the picture, and "
        "the square goes from top to top + side": from_the_bottom,
        "one pixel too far down and to the right: the square begins exactly at `top` "
        "and `left`": painted_as(
            lambda top, left, side: square(top + 1, left + 1, side)
        ),
        "one pixel too far up and to the left: the square begins exactly at `top` and "
        "`left`": painted_as(lambda top, left, side: square(top - 1, left - 1, side)),
        "the square is centred on (top, left): that should be its upper left "
        "corner": painted_as(
            lambda top, left, side: square(top - side // 2, left - side // 2, side)
        ),
        "the rows stop at `side`, wherever they begin: they end at top + side": (
            painted_as(
                lambda top, left, side: (slice(top, side), slice(left, left + side))
            )
        ),
        "the columns stop at `side`, wherever they begin: they end at left + side": (
            painted_as(
                lambda top, left, side: (slice(top, top + side), slice(left, side))
            )
        ),
        "the square sits in the corner: its rows begin at `top` and its columns at "
        "`left`": painted_as(lambda top, left, side: square(0, 0, side)),
        "whole rows are painted: the columns go from left to left + side": painted_as(
            lambda top, left, side: (slice(top, top + side), slice(None))
        ),
        "whole columns are painted: the rows go from top to top + side": painted_as(
            lambda top, left, side: (slice(None), slice(left, left + side))
        ),
        "everything from there to the edge is painted: a slice needs an end": (
            painted_as(lambda top, left, side: (slice(top, None), slice(left, None)))
        ),
        "only one pixel is painted: the rows go from top to top + side, and the "
        "columns from left to left + side; and `return` stands after all loops, not "
        "inside one": painted_as(lambda top, left, side: square(top, left, 1)),
        "only the first row is painted: `return` stands inside the loop over the rows; "
        "indent it less": painted_as(
            lambda top, left, side: (slice(top, top + 1), slice(left, left + side))
        ),
        "only the first column is painted: `return` stands inside the loop over the "
        "columns; indent it less": painted_as(
            lambda top, left, side: (slice(top, top + side), slice(left, left + 1))
        ),
        "only the diagonal is painted: each row needs all of the columns": (diagonal),
        "only the first channel is painted: channels 1 and 2 also need their colours, "
        "in a loop that ends before `return`": one_channel,
        "only the outline is painted: fill the square": outline,
        "the square is above `top`: its rows go from top to top + side": painted_as(
            lambda top, left, side: (
                slice(top - side, top),
                slice(left, left + side),
            )
        ),
        "the square ends at `top` and `left`: it should begin there, and its rows go "
        "from top to top + side": painted_as(
            lambda top, left, side: (slice(top - side, top), slice(left - side, left))
        ),
        "all three channels get the first number of the colour: each channel has its "
        "own, colour[channel]": painted_as(square, lambda colour, channel: colour[0]),
        "all three channels got the last number of the colour: a loop over the colours "
        "must also count the channels, as in painted[channel, ...] = "
        "colour[channel]": painted_as(square, lambda colour, channel: colour[2]),
        "the three numbers of the colour come in the wrong order: channel 0 is red and "
        "gets colour[0]": painted_as(
            square, lambda colour, channel: colour[2 - channel]
        ),
        "the square is black whatever the colour is: paint with colour[channel]": (
            painted_as(square, lambda colour, channel: -1.0)
        ),
        "the square is white whatever the colour is: paint with colour[channel]": (
            painted_as(square, lambda colour, channel: 1.0)
        ),
        "the numbers of the colour are converted: they are in [-1, 1] already": (
            painted_as(square, lambda colour, channel: colour[channel] / 127.5 - 1)
        ),
        "the colour is added to what was there: it should replace it, with = and not "
        "+=": (mixed_in),
        "everything around the square is lost: start from a copy of the picture, "
        "picture.clone(), not from an empty one": rest_is_lost,
        "only the square comes back: return the whole picture, with the square in it": (
            cut_out
        ),
        "each pair of brackets takes rows from what the one before has left: put "
        "channel, rows and columns in one pair, as in x[0, 2:5, 3:7]": (
            brackets_in_a_row
        ),
        "nothing is painted: do you return the copy that was painted? And does its "
        "place have three parts, [channel, rows, columns]?": nothing_painted,
    }

    # The notebook's own: sunglasses on a square picture, with glints of one pixel.
    drawn = torch.Generator().manual_seed(2)
    frog = torch.rand(3, 32, 32, generator=drawn) * 2 - 1
    also = {
        "for the sunglasses (side 5, on a square picture)": (frog, 11, 9, 5, (-1,) * 3),
        "for a square of one pixel": (frog, 12, 10, 1, (1, 1, 1)),
        "for a square in the upper left corner": (frog, 0, 0, 4, (1.0, 0.4, 0.6)),
        "on a picture that is not square": (frog[:, :12], 2, 20, 6, (1, 1, 1)),
        "for a square in the lower right corner": (frog, 28, 28, 4, (1.0, 0.4, 0.6)),
    }

    def check():
        try:
            compare(learner_paint_square, paint_square, inputs, mistakes, also=also)
        # What most try first: the notebook's line for one pixel, with slices in it.
        except (RuntimeError, TypeError, IndexError) as error:
            drawn = inputs(torch.Generator().manual_seed(0))
            if is_without_channel(str(error), drawn):
                raise NotYetRight(NO_CHANNEL) from error
            if not any(words in str(error) for words in COLOUR_DOES_NOT_FIT):
                raise
            raise NotYetRight(
                "the colour does not fit the place: a tuple of three numbers cannot "
                "fill rows and columns. Make it (3, 1, 1) with torch.tensor(colour)[:, "
                "None, None], or paint channel by channel in a loop, with "
                "colour[channel]"
            ) from error

    return report(check, learner_paint_square, paint_square)


@plain_torch()  # its own cases must be plain, whatever is set
def check_from_bytes(learner_from_bytes):
    """0 becomes -1, 255 becomes 1, in equal steps."""

    def inputs(generator):
        # No 0 and no 255: otherwise dividing by the brightest number would be right by
        # chance.
        drawn = torch.randint(10, 240, (3, 4, 4), generator=generator)
        return (drawn.to(torch.uint8),)

    def overflow(pictures):
        # 2 * 200 is 144 in a byte.
        return 2 * pictures / 255 - 1

    def overflow_twice(pictures):
        # And 144 - 255 is 145.
        return (2 * pictures - 255) / 255

    def by_its_brightest(pictures):
        return pictures / pictures.max() * 2 - 1

    def by_darkest_and_brightest(pictures):
        low, high = pictures.min().float(), pictures.max()
        return (pictures - low) / (high - low) * 2 - 1

    def standardised(pictures):
        return (pictures.float() - pictures.float().mean()) / pictures.float().std()

    mistakes = {
        "dividing by 255 gives 0 to 1: black must become -1, so the range is 2 wide": (
            lambda pictures: pictures / 255
        ),
        "255 must become exactly 1: half of 255 is 127.5, not 128": (
            lambda pictures: pictures / 128 - 1
        ),
        "255 must become exactly 1, not a little more: half of 255 is 127.5, not 127": (
            lambda pictures: pictures / 127 - 1
        ),
        "0 must become exactly -1: the middle is 127.5, so subtract that and divide by "
        "it": lambda pictures: (pictures.float() - 128) / 127,
        "255 must become exactly 1, and 0 exactly -1: subtract the middle, 127.5, then "
        "divide by 127.5": lambda pictures: (pictures.float() - 127) / 128,
        "everything is divided, even the 1: divide first, then subtract 1": (
            lambda pictures: (pictures.float() * 2 - 1) / 255
        ),
        "a byte holds nothing below 0 and nothing above 255: .float() first, and the "
        "middle is 127.5": lambda pictures: (pictures - 128) / 127,
        "a byte holds nothing below 0: .float() first, and the middle is 127.5": (
            lambda pictures: (pictures - 127) / 128
        ),
        "a byte holds nothing above 255: .float() first; then divide before you "
        "subtract 1": lambda pictures: (pictures * 2 - 1) / 255,
        "the largest byte is 255, not 256: there are 256 of them, counting the 0": (
            lambda pictures: (pictures + 0.5) / 128 - 1
        ),
        "the middle is right but the range is only 1 wide, from -0.5 to 0.5": (
            lambda pictures: pictures / 255 - 0.5
        ),
        "that goes from 0 to 2: subtract 1, so that the middle is 0": (
            lambda pictures: pictures / 127.5
        ),
        "that goes from -1 to 0: multiply by 2 before you subtract 1": (
            lambda pictures: pictures / 255 - 1
        ),
        "that goes from -127.5 to 127.5: now divide by 127.5": (
            lambda pictures: pictures - 127.5
        ),
        "that goes from -2 to 0: subtract 1, not 2": (
            lambda pictures: pictures / 127.5 - 2
        ),
        "the brackets are missing: / comes before -, so it divides only the 127.5": (
            lambda pictures: pictures.float() - 127.5 / 127.5
        ),
        "black and white are swapped: 0 must become -1": (
            lambda pictures: 1 - pictures / 127.5
        ),
        "a byte holds nothing above 255, so 2 * 200 becomes 144: .float() first, or "
        "divide first": overflow,
        "a byte holds nothing above 255, so 2 * 200 becomes 144, and nothing below 0, "
        "so 144 - 255 becomes 145: .float() first": overflow_twice,
        "a byte holds nothing below 0, so 100 - 128 becomes 228: .float() first": (
            lambda pictures: (pictures - 128) / 127.5
        ),
        "// cuts off the fraction, and all but a few shades are lost: use /": (
            lambda pictures: pictures.float() // 127.5 - 1
        ),
        "each picture is stretched by its own brightest number: a dark picture must "
        "stay dark, so divide by the largest byte there can be": by_its_brightest,
        "each picture is stretched from its own darkest to its own brightest number: a "
        "dark picture must stay dark": by_darkest_and_brightest,
        "each picture is brought to mean 0 and standard deviation 1: 0 must become -1 "
        "and 255 must become 1, in every picture": standardised,
        "the numbers are cut at -1 and 1, so nearly all become white: divide, do not "
        "clamp": lambda pictures: pictures.float().clamp(-1, 1),
        "nothing is computed: the whole numbers have only become floats": (
            lambda pictures: pictures.float()
        ),
        "the fractions are cut off: the answer must keep them": (
            lambda pictures: (pictures.float() / 127.5 - 1).long()
        ),
    }

    # The notebook's own: every byte, one byte alone, a batch.
    every_byte = torch.arange(256, dtype=torch.uint8)
    also = {
        "for all bytes": (every_byte,),
        "for a dark picture": (every_byte[:48].reshape(3, 4, 4),),
        "for a picture that is black": (torch.zeros(3, 4, 4, dtype=torch.uint8),),
        "for one byte alone": (every_byte[64],),
        "for a batch of pictures": (every_byte[:192].reshape(4, 3, 4, 4),),
    }

    def check():
        compare(learner_from_bytes, from_bytes, inputs, mistakes, also=also)

    return report(check, learner_from_bytes, from_bytes)
