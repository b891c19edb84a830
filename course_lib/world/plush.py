"""The plush: "my" creature of lesson 13, which no critter resembles.

    pictures, captions, truth = draw_plush(8, seed=0, word="zorp")

It has three features that no critter has: antennae with bobbles, a striped scarf, and a
patch with stitches on its belly. It is drawn here, with the brush of the critters and
by a generator of its own, and no pretraining ever sees it.
"""

from functools import partial

import torch
from torch import Tensor

from course_lib.device import plain_torch
from course_lib.pixels import to_bytes
from course_lib.world.animals import BLACK, CREAM, WHITE, smile
from course_lib.world.guests import Shown, choose, draw_guests
from course_lib.world.shapes import (
    Brush,
    box,
    capsule,
    circle,
    ellipse,
    intersection,
    mirror,
    union,
)

FEATURES = ("bobbles", "scarf", "patch")
FUR, TEAL, SUNNY, MINT = (
    (0.93, 0.52, 0.66),
    (0.10, 0.55, 0.60),
    (1.0, 0.82, 0.22),
    (0.60, 0.88, 0.72),
)
HOME = ("meadow", "beach")  # the scenes of its photos; the other three are new to it


# The figure ---------------------------------------------------------------------------


def bobbles(brush: Brush, head: Tensor | float = 1.6) -> None:
    """Two thin antennae with a bobble on each; painted before the head."""
    half = mirror(brush.points)
    stalk = capsule(half, (0.16, head - 0.2), (0.4, head + 0.42), brush.thick(0.05))
    brush.paint_outlined(stalk, FUR)
    ball = circle(half, (0.42, head + 0.5), brush.thick(0.2))
    brush.paint_outlined(ball, SUNNY)


def scarf(brush: Brush, neck: float = 0.78) -> None:
    """A scarf of teal and white stripes around the neck, one end hanging down."""
    points = brush.points
    wrap = intersection(
        ellipse(points, (0.0, neck), (0.68, 0.2)), box(points, (0.0, neck), (0.6, 0.15))
    )
    end = box(points, (0.4, neck - 0.36), (0.15, 0.34))
    brush.paint_outlined(end, TEAL)
    level = box(points, (0.4, neck - 0.34), (0.15, brush.thick(0.06)))
    hem = box(points, (0.4, neck - 0.6), (0.15, brush.thick(0.06)))
    brush.paint(union(level, hem), WHITE)
    brush.paint_outlined(wrap, TEAL)
    # Three pairs of upright stripes: across the cloth, as knitted.
    half = mirror(points)
    stripes = [
        box(half, (x, neck), (brush.thick(0.055), 0.3)) for x in (0.0, 0.26, 0.5)
    ]
    brush.paint(intersection(union(*stripes), wrap), WHITE)


def patch(brush: Brush, x: float = -0.17, y: float = 0.33) -> None:
    """A square patch of mint cloth, with dark stitches across its edge."""
    points = (brush.points[0] - x, brush.points[1] - y)
    brush.paint(box(points, (0.0, 0.0), (0.24, 0.22)), MINT)
    # Folded twice, so one stitch on each of two edges becomes two on every edge.
    corner = (points[0].abs(), points[1].abs())
    thin = 0.5 * brush.pixel
    stitches = union(
        capsule(corner, (0.11, 0.15), (0.11, 0.29), thin),
        capsule(corner, (0.17, 0.1), (0.31, 0.1), thin),
    )
    brush.paint(stitches, BLACK)


def button_eyes(brush: Brush, x: float, y: float, radius: float) -> None:
    """Two dark buttons with a spark of light."""
    half = mirror(brush.points)
    brush.paint(circle(half, (x, y), radius), BLACK)
    brush.paint(circle(half, (x, y), 0.35 * radius), CREAM)


def plush(brush: Brush, colour: Tensor, without: tuple[str, ...] = ()) -> None:
    """The whole figure, seen from the front."""
    points, half = brush.points, mirror(brush.points)
    if "bobbles" not in without:
        bobbles(brush)
    body = union(
        ellipse(points, (0.0, 0.48), (0.56, 0.5)),
        ellipse(points, (0.0, 1.24), (0.7, 0.46)),
        ellipse(half, (0.36, 0.12), (0.28, 0.15)),
        capsule(half, (0.5, 0.66), (0.76, 0.42), 0.15),
    )
    brush.paint_shaded(body, colour)
    if "patch" not in without:
        patch(brush)
    if "scarf" not in without:
        scarf(brush)
    button_eyes(brush, 0.3, 1.36, 0.16)
    brush.paint(ellipse(points, (0.0, 1.21), (0.1, 0.07)), BLACK)
    smile(brush, (0.0, 1.26), 0.22, 0.035)


# Pictures -----------------------------------------------------------------------------


@plain_torch()
def draw_plush(
    n: int,
    seed: int,
    size: int = 64,
    start: int = 0,
    word: str = "plush",
    places: tuple[str, ...] = HOME,
    on_stilts: bool = False,
    beside: bool = False,
    without: tuple[str, ...] = (),
) -> tuple[Tensor, list[str], Shown]:
    """Draw the plush n times, each in another pose, light and place.

    Args:
        start: the number of the first picture; (seed, number) decides all of it
        word: what captions call it
        places: where it may be, some of `guests.PLACES`
        on_stilts: put it on stilts
        beside: put a critter beside it
        without: features to leave out, some of FEATURES

    Returns:
        pictures (n, 3, size, size) uint8, a caption each, and what they show
    """
    indices = torch.arange(start, start + n)
    shown = choose(indices, seed, places, on_stilts, beside)
    figure = partial(plush, without=without)
    pictures = draw_guests(figure, shown, indices, seed, size, FUR)
    return to_bytes(pictures), shown.captions(word), shown
