"""The check of notebook 00: a picture in the mirror."""

import torch

from course_lib.checks.report import NotYetRight, compare, report
from course_lib.device import plain_torch
from course_lib.pixels import mirror


@plain_torch()  # its own cases must be plain, whatever is set
def check_mirror(learner_mirror):
    """Left and right swapped, and nothing else."""

    def inputs(generator):
        # Not square, so that the shapes reveal swapped rows and columns. As wide as the
        # frog, since some count on 32 and swap its halves at column 16.
        return (torch.rand(3, 8, 32, generator=generator) * 2 - 1,)

    # As in the notebook: on a square picture a row fits where a column belongs.
    drawn = torch.Generator().manual_seed(2)
    also = {
        "on a square picture": (torch.rand(3, 32, 32, generator=drawn),),
        "on a picture of 12 columns": (torch.rand(3, 8, 12, generator=drawn),),
    }

    def half_done(picture):
        # Swapped in place one by one: the second half reads what the first one wrote.
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
        "red and blue are swapped: axis 0 goes through the colours": (
            lambda picture: picture.flip(0)
        ),
        "it is mirrored, and it stands on its head: one axis is enough": (
            lambda picture: picture.flip(1, 2)
        ),
        "it is mirrored, but red and blue are swapped: one axis is enough": (
            lambda picture: picture.flip(0, 2)
        ),
        "all three axes are reversed: only the columns run from left to right": (
            lambda picture: picture.flip(0, 1, 2)
        ),
        "red and blue are swapped, and it stands on its head: left and right are the "
        "columns, axis 2": lambda picture: picture.flip(0, 1),
        "nothing has changed: do you return the mirrored picture? A method such as "
        "flip leaves the picture itself as it is": (lambda picture: picture),
        "light and dark are swapped, but not the columns: no minus is needed": (
            lambda picture: -picture
        ),
        "it is mirrored, but light and dark are swapped: leave out the minus": (
            lambda picture: -picture.flip(2)
        ),
        "the right half is mirrored onto the left, and the left half is lost: each "
        "column must come from the original picture": half_done,
        "only one colour is mirrored: reverse the columns of all three": one_colour,
        "the columns are shifted, not reversed": (lambda picture: picture.roll(1, 2)),
        "the columns are shifted by half a picture, not reversed": (
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
            # The frog has that column, so the bare error would be a riddle.
            if "with size 12" not in str(error):
                raise
            raise NotYetRight(
                "the frog has 32 columns, but a picture with 12 is tried here: "
                "picture.shape[2] says how many there are"
            ) from error

    return report(check, learner_mirror, mirror)
