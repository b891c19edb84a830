"""The check of notebook 00: a picture in the mirror."""

import torch

from course_lib.checks.report import checked
from course_lib.pixels import mirror


def check_mirror(learner_mirror):
    """Left and right exchanged, and nothing else."""

    def inputs(generator):
        # Not square: who exchanges rows and columns is told so by the shapes.
        return (torch.rand(3, 8, 12, generator=generator) * 2 - 1,)

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
    }
    return checked(learner_mirror, mirror, inputs, mistakes)
