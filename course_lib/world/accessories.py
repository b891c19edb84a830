"""Accessories of a one-animal picture: stilts, a hat, a balloon, an umbrella.

Each is painted in the figure's own units (see `animals`). `pose` holds lengths, each
(N, 1, 1): "side" is -1 or 1 and says where the free hand is; "head_x" and "head_y" are
the top of the head; "width" is half the figure's width; "roof" is the lower edge of an
umbrella. Parts behind the figure are painted before it, parts in front after it.

Each accessory has its own fixed colours, the same in every picture: in "a blue frog
with a hat" only the frog is blue.
"""

from torch import Tensor

from course_lib.world.shapes import (
    Brush,
    box,
    capsule,
    circle,
    ellipse,
    intersection,
    mirror,
    polygon,
    union,
)

STILTS = 1.0  # how far stilts lift a figure: half the height of a body


def stilts(brush: Brush, pose: dict[str, Tensor]) -> None:
    """Two poles with a step each; painted before the figure, which hides their tops."""
    half = mirror(brush.points)
    # One and a half to two pixels wide at 32x32, bright and outlined. Thinner poles
    # would vanish there or look like legs.
    radius = (0.75 * brush.pixel).clamp(min=0.11)
    # From the ground, STILTS below the feet, up to 0.4 inside the body.
    poles = union(
        box(half, (0.42, 0.5 * (0.4 - STILTS)), (radius, 0.5 * (0.4 + STILTS))),
        box(half, (0.58, -0.14), (0.2, 0.8 * radius)),
    )
    brush.paint_outlined(poles, (1.0, 0.80, 0.35))


def balloon(brush: Brush, pose: dict[str, Tensor]) -> None:
    """Red and round, on a string."""
    x, y = pose["side"] * (pose["width"] + 0.02), pose["head_y"] + 0.38
    hand = (pose["side"] * 0.6 * pose["width"], 0.6)
    # The string first: the balloon hides its upper end.
    string = capsule(brush.points, hand, (x, y), 0.45 * brush.pixel)
    brush.paint(string, brush.outline)
    points = (brush.points[0] - x, brush.points[1] - y)
    skin = union(
        ellipse(points, (0.0, 0.0), (0.38, 0.45)),
        polygon(points, [(-0.12, -0.56), (0.12, -0.56), (0.0, -0.38)]),
    )
    brush.paint_outlined(skin, (0.93, 0.13, 0.25))
    shine = ellipse(points, (-0.14, 0.17), (0.09, 0.13))
    brush.paint(shine, (1.0, 1.0, 1.0), 0.8)


def umbrella_middle(pose: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Where the umbrella's pole meets its roof: x and y, each (N, 1, 1)."""
    # Between the head, which the umbrella keeps dry, and the hand that holds it.
    return 0.35 * pose["head_x"] + 0.4 * pose["side"], pose["roof"]


def umbrella_pole(brush: Brush, pose: dict[str, Tensor]) -> None:
    x, y = umbrella_middle(pose)
    # At the body's edge, where it shows; but a turtle's edge lies beyond the roof.
    hand = (pose["side"] * (pose["width"] - 0.05).clamp(max=1.1), 0.3)
    pole = capsule(brush.points, hand, (x, y), brush.thick(0.05))
    brush.paint_outlined(pole, (0.55, 0.36, 0.20))


def umbrella_roof(brush: Brush, pose: dict[str, Tensor]) -> None:
    """Half a red disc with one white stripe, and a tip."""
    x, y = umbrella_middle(pose)
    points = (brush.points[0] - x, brush.points[1] - y)
    roof = intersection(circle(points, (0.0, -0.1), 1.0), -0.02 - points[1])
    brush.paint_outlined(roof, (0.93, 0.16, 0.22))
    middle = ellipse(points, (0.0, -0.05), (0.3, 0.88))
    brush.paint(intersection(middle, roof), (1.0, 0.97, 0.9))
    tip = capsule(points, (0.0, 0.9), (0.0, 1.02), brush.thick(0.05))
    brush.paint(tip, brush.outline)


def hat(brush: Brush, pose: dict[str, Tensor]) -> None:
    """A black top hat with a red band and a pale rim that shows at night."""
    points = (brush.points[0] - pose["head_x"], brush.points[1] - pose["head_y"])
    felt = union(
        box(points, (0.0, 0.0), (0.52, 0.09)), box(points, (0.0, 0.36), (0.31, 0.36))
    )
    # Against a night sky, a black hat without a rim would look like a hole in the head.
    brush.paint(felt - brush.line, (0.88, 0.88, 0.92))
    brush.paint(felt, (0.12, 0.11, 0.16))
    band = box(points, (0.0, 0.18), (0.31, brush.thick(0.11)))
    brush.paint(band, (0.90, 0.13, 0.20))


# The umbrella is in both: its pole is behind the figure, its roof in front.
BEHIND = {"stilts": stilts, "balloon": balloon, "umbrella": umbrella_pole}
IN_FRONT = {"hat": hat, "umbrella": umbrella_roof}
