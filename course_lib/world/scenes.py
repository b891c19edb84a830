"""Five places to be: meadow, beach, snow, night, sunset.

A scene is painted over the whole picture, x and y from 0 to 1, y upwards. `u` holds
SCENE_NUMBERS numbers from 0 to 1 that place clouds, stars, flowers and hills; each is
(N, 1, 1).

The colours are fixed; only the positions differ from picture to picture.
"""

import torch
from torch import Tensor

from course_lib.world.shapes import (
    Brush,
    Colour,
    box,
    capsule,
    circle,
    ellipse,
    polygon,
    union,
    without,
)

SCENE_NUMBERS = 16  # random numbers for the layout of a scene


def sky(brush: Brush, top: Colour, bottom: Colour, horizon: float) -> None:
    """Fill the canvas: from `bottom` at the horizon to `top` at the top edge."""
    height = ((brush.points[1] - horizon) / (1 - horizon)).clamp(0, 1)
    brush.canvas.copy_(brush.colour(bottom))  # (N, 3, H, W)
    brush.canvas.lerp_(brush.colour(top), height[:, None])


def scatter(brush: Brush, u: list[Tensor], low: float, high: float, radius: float):
    """Distance to three round dots between two heights: stars, snowflakes, flowers."""
    # One in each third of the width: left to chance they would clump, and all of a
    # scene's stars could end up behind the animal.
    dots = [
        circle(
            brush.points,
            ((k + 0.15 + 0.7 * u[2 * k]) / 3, low + (high - low) * u[2 * k + 1]),
            brush.thick(radius),  # a star would be less than a pixel at 32x32
        )
        for k in range(3)
    ]
    return union(*dots)


def hill(brush: Brush, middle: Tensor, height: float, steepness: float) -> Tensor:
    """Distance to the ground below a parabola with its top at `middle`.

    The height above the parabola: nearly the distance, since the slope is gentle.
    """
    return brush.points[1] - height + steepness * (brush.points[0] - middle) ** 2


def in_a_corner(u: Tensor) -> Tensor:
    """An x near the left or right edge, where a figure seldom hides things."""
    # A big animal in the middle must not hide what tells a beach from a sunset.
    return torch.where(u < 0.5, 0.12 + 0.2 * u, 0.78 + 0.2 * (u - 0.5))


def cloud(brush: Brush, x: Tensor, y: Tensor) -> None:
    # One union: puffs painted one by one would show through each other.
    puffs = union(
        ellipse(brush.points, (x, y), (0.13, 0.045)),
        circle(brush.points, (x + 0.03, y + 0.03), 0.05),
        circle(brush.points, (x - 0.05, y + 0.02), 0.04),
    )
    brush.paint(puffs, (1.0, 1.0, 1.0), 0.9)


def meadow(brush: Brush, u: list[Tensor]) -> None:
    """Blue sky, a cloud, two green hills, flowers."""
    # Paler than any animal: a blue bird must stand out against this sky.
    sky(brush, (0.40, 0.74, 0.99), (0.80, 0.94, 1.0), 0.3)
    cloud(brush, 0.2 + 0.6 * u[0], 0.84 + 0.08 * u[1])
    # Mirrored tops, u and 1 - u: one hill rises where the other falls.
    brush.paint(hill(brush, u[2], 0.38, 0.15), (0.50, 0.80, 0.40))
    brush.paint(hill(brush, 1 - u[2], 0.31, 0.12), (0.62, 0.88, 0.44))
    flowers = scatter(brush, u[3:9], 0.04, 0.24, 0.017)
    brush.paint(flowers, (1.0, 0.96, 0.55))
    flowers = scatter(brush, u[9:15], 0.04, 0.24, 0.017)
    brush.paint(flowers, (1.0, 0.75, 0.85))


def beach(brush: Brush, u: list[Tensor]) -> None:
    """Sun, a band of sea with a white edge, sand."""
    sky(brush, (0.42, 0.78, 1.0), (0.84, 0.96, 1.0), 0.45)
    sun = circle(brush.points, (in_a_corner(u[0]), 0.85 + 0.03 * u[1]), 0.085)
    brush.paint(sun, (1.0, 0.92, 0.45))
    sea = brush.points[1] - (0.44 + 0.03 * u[2])
    brush.paint(sea, (0.10, 0.55, 0.80))
    # The foam is the sand's shape, slightly grown and painted first, like an outline.
    shore = hill(brush, u[3], 0.29, 0.06)
    brush.paint(shore - 0.025, (0.93, 1.0, 1.0))
    brush.paint(shore, (0.96, 0.86, 0.62))
    pebbles = scatter(brush, u[4:10], 0.04, 0.2, 0.014)
    brush.paint(pebbles, (0.84, 0.70, 0.46))


def fir(brush: Brush, x: Tensor, y: float) -> Tensor:
    """A fir tree: two triangles and a trunk."""
    points = (brush.points[0] - x, brush.points[1] - y)
    return union(
        polygon(points, [(-0.1, 0.04), (0.1, 0.04), (0.0, 0.2)]),
        polygon(points, [(-0.08, 0.13), (0.08, 0.13), (0.0, 0.27)]),
        box(points, (0.0, 0.02), (0.018, 0.04)),
    )


def snow(brush: Brush, u: list[Tensor]) -> None:
    """A grey sky with flakes, a fir tree, white ground."""
    sky(brush, (0.56, 0.64, 0.78), (0.80, 0.85, 0.93), 0.3)
    # The tree before the ground, which hides the foot of its trunk.
    tree = fir(brush, in_a_corner(u[0]), 0.3)
    brush.paint(tree, (0.20, 0.44, 0.38))
    brush.paint(hill(brush, u[1], 0.34, 0.1), (0.94, 0.96, 1.0))
    brush.paint(hill(brush, 1 - u[1], 0.16, 0.2), (0.86, 0.90, 0.97))
    flakes = scatter(brush, u[2:8], 0.72, 0.95, 0.018)
    flakes = union(flakes, scatter(brush, u[8:14], 0.42, 0.7, 0.018))
    # Only above the ground, where white shows; the figure is painted over them.
    brush.paint(flakes, (1.0, 1.0, 1.0))


def night(brush: Brush, u: list[Tensor]) -> None:
    """A crescent moon and stars over a dark hill."""
    # Night darkens the scene but not the animal: "a red cat at night" is red. Its pale
    # outline sets it off from the dark.
    sky(brush, (0.03, 0.04, 0.18), (0.12, 0.14, 0.36), 0.3)
    stars = scatter(brush, u[2:8], 0.72, 0.95, 0.012)
    stars = union(stars, scatter(brush, u[8:14], 0.42, 0.7, 0.012))
    brush.paint(stars, (1.0, 1.0, 0.85))
    x, y = in_a_corner(u[0]), 0.84 + 0.03 * u[1]
    # A crescent, because the sun is a disc.
    moon = without(
        circle(brush.points, (x, y), 0.09),
        circle(brush.points, (x - 0.045, y + 0.025), 0.08),
    )
    brush.paint(moon, (1.0, 0.96, 0.72))
    brush.paint(hill(brush, u[14], 0.3, 0.1), (0.07, 0.16, 0.20))


def sunset(brush: Brush, u: list[Tensor]) -> None:
    """A low sun in an orange and purple sky, dark hills."""
    sky(brush, (0.45, 0.28, 0.58), (1.0, 0.64, 0.36), 0.34)
    x = in_a_corner(u[0])
    # Half sunk behind the hills, which are painted last: the only low sun anywhere.
    glow = circle(brush.points, (x, 0.37), 0.2)
    brush.paint(glow, (1.0, 0.76, 0.40), 0.5)
    sun = circle(brush.points, (x, 0.37), 0.13)
    brush.paint(sun, (1.0, 0.88, 0.45))
    streak = capsule(
        brush.points, (0.1 + 0.5 * u[1], 0.8), (0.35 + 0.5 * u[1], 0.82), 0.018
    )
    brush.paint(streak, (1.0, 0.62, 0.55), 0.7)
    brush.paint(hill(brush, u[2], 0.36, 0.12), (0.46, 0.26, 0.40))
    brush.paint(hill(brush, 1 - u[2], 0.27, 0.1), (0.36, 0.21, 0.36))


PAINT_SCENE = {
    "meadow": meadow,
    "beach": beach,
    "snow": snow,
    "night": night,
    "sunset": sunset,
}
