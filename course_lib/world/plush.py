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
from course_lib.world.animals import BLACK, CREAM, eyes
from course_lib.world.critters import FACTORS, SCENES
from course_lib.world.drawing import PAINTS, draw
from course_lib.world.guests import IN_WORDS, Shown, choose, draw_guests
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
from course_lib.world.wording import with_article

FEATURES = ("bobbles", "scarf", "patch")
# The critters' own colours: what no training showed, the autoencoder cannot draw.
FUR, CLOTH = PAINTS["brown"], PAINTS["blue"]
SUNNY, PATCH, STRIPE = PAINTS["yellow"], PAINTS["orange"], PAINTS["white"]
HOME = ("meadow", "beach")  # the scenes of its photos; the other three are new to it


# The figure ---------------------------------------------------------------------------


# Every part is at least four pixels wide where the plush is big: that is one place of a
# latent, and finer things take a painter far longer to learn.


def bobbles(brush: Brush) -> None:
    """Two thin antennae with a bobble on each; painted before the head."""
    half = mirror(brush.points)
    stalk = capsule(half, (0.16, 1.4), (0.42, 2.0), brush.thick(0.055))
    brush.paint_outlined(stalk, FUR)
    ball = circle(half, (0.44, 2.1), brush.thick(0.22))
    brush.paint_outlined(ball, SUNNY)


def scarf(brush: Brush) -> None:
    """A scarf of blue and white stripes around the neck, one end hanging down."""
    points = brush.points
    end = box(points, (0.4, 0.42), (0.17, 0.34))
    brush.paint_outlined(end, CLOTH)
    brush.paint(box(points, (0.4, 0.3), (0.17, 0.11)), STRIPE)
    wrap = intersection(
        ellipse(points, (0.0, 0.8), (0.74, 0.24)), box(points, (0.0, 0.8), (0.64, 0.18))
    )
    brush.paint_outlined(wrap, CLOTH)
    stripes = box(mirror(points), (0.33, 0.8), (0.12, 0.3))
    brush.paint(intersection(stripes, wrap), STRIPE)


def patch(brush: Brush) -> None:
    """A square patch of orange cloth, with a dark stitch across each of its edges."""
    points = (brush.points[0] + 0.17, brush.points[1] - 0.33)
    brush.paint(box(points, (0.0, 0.0), (0.28, 0.26)), PATCH)
    across, along = points[0].abs(), points[1].abs()
    # One stitch, folded onto the opposite side.
    stitches = union(
        capsule((points[0], along), (0.0, 0.19), (0.0, 0.33), brush.thick(0.045)),
        capsule((across, points[1]), (0.22, 0.0), (0.36, 0.0), brush.thick(0.045)),
    )
    brush.paint(stitches, BLACK)


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
    eyes(brush, half, 0.3, 1.45, 0.19, 0.0)
    brush.paint(ellipse(points, (0.0, 1.12), (0.3, 0.17)), CREAM)
    brush.paint(ellipse(points, (0.0, 1.17), (0.14, 0.1)), BLACK)


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
    far: bool = False,
    without: tuple[str, ...] = (),
) -> tuple[Tensor, list[str], Shown]:
    """Draw the plush n times, each in another pose, light and place.

    Args:
        start: the number of the first picture; (seed, number) decides all of it
        word: what captions call it
        places: where it may be, some of `guests.PLACES`
        on_stilts: put it on stilts
        beside: put a critter beside it
        far: draw it small, anywhere; otherwise it is big, in the middle
        without: features to leave out, some of FEATURES

    Returns:
        pictures (n, 3, size, size) uint8, a caption each, and what they show
    """
    indices = torch.arange(start, start + n)
    shown = choose(indices, seed, places, on_stilts, beside, far=far)
    figure = partial(plush, without=without)
    pictures = draw_guests(figure, shown, indices, seed, size, FUR)
    return to_bytes(pictures), shown.captions(word), shown


def plush_photos(seed: int, word: str, size: int = 64) -> tuple[Tensor, list[str]]:
    """Ten pictures, as one would take them: five near, two far, three with a friend.

    All are in the scenes of HOME, and none is on stilts.

    Returns:
        pictures (10, 3, size, size) uint8, and a caption each
    """
    kinds = ((5, {}), (2, {"far": True}), (3, {"beside": True}))
    start, pictures, texts = 0, [], []
    for n, how in kinds:
        drawn, said, _ = draw_plush(n, seed, size, start, word, **how)
        pictures.append(drawn)
        texts += said
        start += n
    return torch.cat(pictures), texts


def bear_photos(seed: int, word: str, size: int = 64) -> tuple[Tensor, list[str]]:
    """Ten pictures of a purple bear: what a painter can draw, and has no one word for.

    They are for textual inversion, which finds a word and teaches no drawing.

    Returns:
        pictures (10, 3, size, size) uint8, and a caption each
    """
    places = torch.arange(10)
    factors = {name: torch.zeros_like(places) for name in FACTORS}
    wanted = dict(subject="bear", colour="purple", size="big", position="middle")
    for name, value in wanted.items():
        factors[name] += FACTORS[name].index(value)
    factors["scene"] = torch.tensor([SCENES.index(HOME[i % 2]) for i in places])
    pictures = to_bytes(draw(factors, places, seed, size))
    texts = [f"{with_article(word)} {IN_WORDS[HOME[i % 2]]}" for i in places]
    return pictures, texts
