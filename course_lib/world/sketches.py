"""Pencil sketches: the lines of a picture, found by one function, or drawn by hand.

A sketch is (B, 1, H, W) in 0..1: 1 where the pencil was, 0 on bare paper.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.pixels import read_picture

NEAR = 5  # pixels: the square that a pixel is compared with
FAINT, CLEAR = 0.25, 0.55  # contrasts that leave no line, and a full one


def sketch_of(pictures: Tensor) -> Tensor:
    """The lines of pictures (B, 3, H, W) in [-1, 1]: a sketch of each, (B, 1, H, W).

    A pixel belongs to a line as far as it differs from the median of the 5x5 pixels
    around it, in its most different colour: that leaves thin lines, dark by day and
    pale at night, and passes over the edges of hills and seas.
    """
    return torch.cat([lines_in(part) for part in pictures.split(64)])


def lines_in(pictures: Tensor) -> Tensor:
    """`sketch_of` for a few pictures: each pixel takes 25 numbers."""
    # A median and not a mean: beside an edge between two areas it is one of the two
    # colours, so an edge without a line leaves nothing.
    padded = F.pad(pictures, [NEAR // 2] * 4, mode="replicate")
    around = (
        padded.unfold(2, NEAR, 1).unfold(3, NEAR, 1).flatten(-2)
    )  # (B, 3, H, W, 25)
    contrast = (pictures - around.median(-1).values).abs().amax(1, keepdim=True)
    return ((contrast - FAINT) / (CLEAR - FAINT)).clamp(0, 1)


def read_sketch(file: Path | str, size: int = 64) -> Tensor:
    """A drawing from a file, dark lines on pale paper, as a sketch (1, 1, size, size).

    Raises:
        PictureError: the file is no picture
    """
    grey = read_picture(file, size).float().mean(0) / 255
    paper = grey.flatten().quantile(0.9)
    # Relative to the paper, which on a photo of a drawing is grey.
    return ((paper - grey) / paper.clamp(min=0.1) * 1.5).clamp(0, 1)[None, None]
