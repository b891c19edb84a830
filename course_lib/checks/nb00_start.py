"""The check of notebook 00: a picture in the mirror."""

import torch

from course_lib.checks.report import NotYetRight, compare, report
from course_lib.device import plain_torch
from course_lib.pixels import mirror


@plain_torch()  # what it prepares is plain as well, whatever is set
def check_mirror(learner_mirror):
    """Left and right exchanged, and nothing else."""

    def inputs(generator):
        # Not square: who exchanges rows and columns is told so by the shapes. As wide
        # as the frog, for some count on 32 and exchange its halves at column 16.
        return (torch.rand(3, 8, 32, generator=generator) * 2 - 1,)

    # What the notebook has: it is square, and a row would fit where a column belongs.
    drawn = torch.Generator().manual_seed(2)
    also = {
        "on a square picture": (torch.rand(3, 32, 32, generator=drawn),),
        "on a picture of 12 columns": (torch.rand(3, 8, 12, generator=drawn),),
    }

    def half_done(picture):
        # Exchanged in place one after the other: the second half finds the first.
        mixed = picture.clone()
        for column in range(picture.shape[2]):
            mixed[:, :, column] = mixed[:, :, -1 - column]
        return mixed

    def one_colour(picture):
        return torch.cat([picture[:1].flip(2), picture[1:]])

    mistakes = {
        "it stands on its head: axis 1 goes through the rows, from top to bottom": (
            lambda picture: picture.flip(1)
        ),
        "its colours are exchanged, red and blue: axis 0 goes through the colours": (
            lambda picture: picture.flip(0)
        ),
        "it is mirrored and stands on its head as well: one axis is enough": (
            lambda picture: picture.flip(1, 2)
        ),
        "it is mirrored, and red and blue are exchanged as well: one axis is enough": (
            lambda picture: picture.flip(0, 2)
        ),
        "all three axes are reversed: the columns alone are left and right": (
            lambda picture: picture.flip(0, 1, 2)
        ),
        "red and blue are exchanged, and it stands on its head: the columns, axis 2, "
        "are left and right": lambda picture: picture.flip(0, 1),
        "nothing has changed: is the mirrored picture what stands behind `return`? A "
        "method such as flip leaves the picture itself as it is": (
            lambda picture: picture
        ),
        "the brightness is reversed, light for dark, and not the columns: no minus is "
        "needed": lambda picture: -picture,
        "it is mirrored, but light and dark are exchanged: leave out the minus": (
            lambda picture: -picture.flip(2)
        ),
        "the right half is mirrored to the left, and the left half is lost: each "
        "column must come from the picture as it was": half_done,
        "only one colour is mirrored: all three have the same columns": one_colour,
        "the columns are moved along, not reversed": (
            lambda picture: picture.roll(1, 2)
        ),
        "the columns are moved along by half a picture, not reversed": (
            lambda picture: picture.roll(picture.shape[2] // 2, 2)
        ),
        "the columns are sorted by their brightness, not reversed": (
            lambda picture: picture.sort(2).values
        ),
    }

    def check():
        try:
            compare(learner_mirror, mirror, inputs, mistakes, also=also)
        except IndexError as error:
            # The frog has such a column, and who counts on it would not know why.
            if "with size 12" not in str(error):
                raise
            raise NotYetRight(
                "the frog has 32 columns, and here a picture of 12 is tried as well: "
                "picture.shape[2] says how many there are"
            ) from error

    return report(check, learner_mirror, mirror)
