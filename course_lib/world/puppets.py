"""An animal as a puppet: the figures of `animals`, bent, and what they hold and wear.

A figure is a function of points, so bending the points bends the figure: to raise a
foot, the points around it are lowered before the figure looks at them. One bend serves
all animals; parts that they lack (a raised arm, wings, the feet of a fish) are painted
as shapes of their own, as simple as the rest of the figure.
"""

import torch
from torch import Tensor

from course_lib.world.accessories import STILTS, stilts
from course_lib.world.animals import BEAK, FIGURES, SKIN, WHITE
from course_lib.world.motions import FROM_THE_SIDE, HOVERS, WATER, WINGED
from course_lib.world.scenes import hill, sky
from course_lib.world.shapes import (
    Brush,
    Points,
    capsule,
    circle,
    ellipse,
    intersection,
    mirror,
    stroke,
    union,
)

Pose = dict[str, Tensor]  # here each (N, 1, 1)

SEA = {  # the colour of water, by the name of the scene
    "meadow": (0.30, 0.66, 0.86),
    "beach": (0.16, 0.60, 0.82),
    "snow": (0.36, 0.56, 0.74),
    "night": (0.09, 0.20, 0.42),
    "sunset": (0.42, 0.34, 0.60),
}
ARMS = {  # shoulder, length, and by how much the arm swings further back
    "frog": (0.62, 0.85, 0.95, 0.1),
    "bear": (0.5, 0.8, 0.9, 0.0),
    "cat": (0.4, 0.7, 0.95, 0.0),
    "fish": (-0.1, 1.0, 0.8, 0.9),
    "turtle": (0.35, 0.8, 1.05, 0.55),
    "bird": (-0.15, 1.0, 0.95, 1.2),
}


# ------------------------------------------------------------------------------ bending


def bent(points: Points, name: str, pose: Pose) -> Points:
    """The points at which an animal is to be drawn, so that it appears bent.

    Args:
        points: in the figure's own units, not mirrored yet
    """
    # Stretched upwards it gets slim, squashed it gets wide: its area stays the same.
    tall = pose["tall"]
    x, y = points[0] * tall, points[1] / tall
    x, y = x * pose["facing"], y
    near = (1 - y / 0.55).clamp(0, 1)  # 1 at the feet, 0 from the belly on
    left = torch.sigmoid(-12 * (x - (0.05 if name in FROM_THE_SIDE else 0.0)))
    # One foot is up while the other stands, and it swings forward while it is up.
    up = left * pose["step"].clamp(min=0) + (1 - left) * (-pose["step"]).clamp(min=0)
    if name not in HOVERS:
        y = y - 0.3 * up * near
        swing = (2 * left - 1) * pose["stride"]
        x = x - (0.2 if name in FROM_THE_SIDE else 0.05) * swing * near
    if name == "bat":
        y = y - 0.55 * pose["flap"] * (x.abs() - 0.35).clamp(min=0)
        # A bat waves with a wing.
        hello = (pose["arm"] != 0) * (1.2 * pose["arm"] - 0.3)
        y = y - 0.6 * hello * (x - 0.35).clamp(min=0)
    if name == "fish":
        # Seen from the side, a tail that wags gets shorter; the body bends with it.
        behind = (-0.25 - x).clamp(min=0)
        x = x - 0.45 * behind * pose["wag"].abs()
        y = y - 0.12 * pose["wag"] * behind
    return x, y


def paint_actor(brush: Brush, pose: Pose, name: str, colour: Tensor) -> None:
    """Paint an animal with its shadow, and whatever its motion needs around it.

    Args:
        colour: (N, 3, 1, 1), in 0..1
    """
    paint_shadow(brush, pose)
    straight = brush.points
    brush.points = bent(straight, name, pose)
    paint_behind(brush, pose, name, colour)
    FIGURES[name](brush, colour, "none", pose["look"])
    paint_before(brush, pose, name, colour)
    brush.points = straight


def paint_shadow(brush: Brush, pose: Pose) -> None:
    """A shadow on the ground, smaller and paler the higher the actor is."""
    far = (pose["height"] / pose["scale"]).clamp(min=0)  # in the figure's units
    small = 1 / (1 + 0.35 * far)
    # An actor leans, its shadow does not: turned back, then down to the ground.
    cos, sin = torch.cos(pose["angle"]), torch.sin(pose["angle"])
    x, y = brush.points
    points = ((x * cos - y * sin) / small, (x * sin + y * cos + far) / small)
    brush.paint(ellipse(points, (0.0, 0.0), (0.85, 0.12)), (0.0, 0.0, 0.0), 0.22)


# ------------------------------------------------------------- parts that motions need


def only(distance: Tensor, where: Tensor) -> Tensor:
    """The distance in the frames `where`, and far away in all others."""
    # A shape far away covers nothing: so a batch may mix frames with and without it.
    return torch.where(where, distance, torch.full_like(distance, 9.0))


def paint_behind(brush: Brush, pose: Pose, name: str, colour: Tensor) -> None:
    """Wings, feet and a raised arm, as far as the figure hides them."""
    if (pose["flap"] != 0).any() and name not in WINGED:
        paint_wings(brush, pose, name)
    if (pose["step"] != 0).any() and name in HOVERS:
        paint_feet(brush, pose)
    if (pose["arm"] != 0).any() and name != "bat":
        paint_arm(brush, pose, name, colour)


def paint_wings(brush: Brush, pose: Pose, name: str) -> None:
    """White wings, one at each side, or on the back of those seen from the side."""
    aside = name in FROM_THE_SIDE
    points = brush.points if aside else mirror(brush.points)
    x, y = (0.0, 1.0) if aside else (0.45 * pose["width"], 0.9)
    middle = 2.1 if aside else 0.45  # the angle of a wing at rest
    feathers = []
    for spread, long in ((0.38, 0.95), (0.0, 0.85), (-0.38, 0.68)):  # a fan of three
        angle = middle + (-0.6 if aside else 0.6) * pose["flap"] + spread
        tip = (x + torch.cos(angle) * long, y + torch.sin(angle) * long)
        feathers.append(capsule(points, (x, y), tip, 0.2, brush.thick(0.13)))
    brush.paint_outlined(only(union(*feathers), pose["flap"] != 0), WHITE)


def paint_feet(brush: Brush, pose: Pose) -> None:
    """Two short legs with feet, for those that have none."""
    ground = -pose["height"] / pose["scale"]
    for side in (-1, 1):
        up = (-side * pose["step"]).clamp(min=0)
        x = 0.24 * side - 0.2 * side * pose["stride"]
        heel = ground + 0.09 + 0.28 * up
        hip, toe = (0.2 * side, 0.45), (x + 0.16, heel)
        leg = capsule(brush.points, hip, (x, heel), brush.thick(0.06))
        foot = capsule(brush.points, (x - 0.02, heel), toe, brush.thick(0.1))
        there = pose["step"].abs() + pose["stride"].abs() > 0
        brush.paint_outlined(only(torch.minimum(leg, foot), there), BEAK)


def paint_arm(brush: Brush, pose: Pose, name: str, colour: Tensor) -> None:
    """A raised arm on the side that the actor faces."""
    # Where a head would hide it, the arm starts further up and swings further back.
    x, y, long, back = ARMS.get(name, (0.4, 0.75, 0.85, 0.0))
    angle = pose["arm"] + back
    tip = (x + torch.cos(angle) * long, y + torch.sin(angle) * long)
    arm = capsule(brush.points, (x, y), tip, brush.thick(0.13), 0.2)
    paint = SKIN if name == "turtle" else colour
    brush.paint_outlined(only(arm, pose["arm"] != 0), paint)


def paint_before(brush: Brush, pose: Pose, name: str, colour: Tensor) -> None:
    """What is in front of the figure: the beating wing of a bird."""
    if name == "bird" and (pose["flap"] != 0).any():
        tip = (-0.7, 0.95 + 0.75 * pose["flap"])
        wing = capsule(brush.points, (-0.1, 0.95), tip, 0.3, 0.14)
        wing = only(wing, pose["flap"] != 0)
        brush.paint_outlined(wing, colour * 0.76)


# ------------------------------------------------------------------- around the actor


def paint_stilts(brush: Brush, pose: Pose) -> None:
    """Stilts as long as they have grown; nothing while they have not begun to."""
    grown = (pose["legs"] / STILTS).clamp(min=0.02)
    straight = brush.points
    # Below the feet a length counts as much as the stilts have grown: they reach the
    # ground at any height, and stay within the body above.
    y = torch.where(straight[1] < 0, straight[1] / grown, straight[1])
    x = straight[0] + 9 * (pose["legs"] < 0.06)  # out of sight at first
    brush.points = (x, y)
    stilts(brush, pose)
    brush.points = straight


def paint_ball(brush: Brush, pose: Pose, scene: str) -> None:
    """A ball with a band, flat where it meets the ground, and its shadow."""
    x, y = brush.points  # in the picture's own units
    floor = (pose["floor"] - 0.005, pose["ball_y"] - pose["floor"])
    small = 1 / (1 + 2 * floor[1])
    shade = ((x - pose["ball_x"]) / small, (y - floor[0]) / small)
    brush.paint(ellipse(shade, (0.0, 0.0), (0.075, 0.02)), (0.0, 0.0, 0.0), 0.22)
    tall = pose["ball_tall"]
    points = ((x - pose["ball_x"]) * tall, (y - pose["ball_y"]) / tall)
    ball = circle(points, (0.0, 0.0), 0.075)
    brush.paint_outlined(ball, WHITE)
    band = intersection(ball, stroke(points[0] + points[1], 0.028))
    brush.paint(band, (0.15, 0.45, 0.85))


def water_line(brush: Brush, pose: Pose, level: float) -> Tensor:
    """Distance to the water below a level, with small waves that travel."""
    ripple = torch.sin(18 * brush.points[0] + 6.2832 * 2 * pose["time"])
    return brush.points[1] - level - 0.011 * ripple


def paint_water_behind(brush: Brush, pose: Pose, scene: str) -> None:
    """Water from the bottom of the picture to its far shore, behind the swimmer."""
    water = water_line(brush, pose, WATER + 0.17)
    brush.paint(water - 0.018, (0.93, 1.0, 1.0), 0.8)
    brush.paint(water, SEA[scene])


def paint_water_before(brush: Brush, pose: Pose, scene: str) -> None:
    """The near water, which hides the lower part of the swimmer."""
    colour = tuple(0.75 * part + 0.02 for part in SEA[scene])
    brush.paint(water_line(brush, pose, WATER - 0.01), colour, 0.88)


def paint_sinking_sun(brush: Brush, u: list[Tensor], gone: Tensor) -> None:
    """The scene `sunset` with a sun on its way down, `gone` (N, 1, 1) of it.

    Half way and later it is the scene as it is in pictures: a low sun between hills.
    """
    sky(brush, (0.45, 0.28, 0.58), (1.0, 0.64, 0.36), 0.34)
    brush.canvas.mul_(1 - 0.25 * gone[:, None])  # the light goes with the sun
    x = 0.14 + 0.72 * u[0].round()  # beside the actor, never behind it
    y = 0.84 - 0.62 * gone
    brush.paint(circle(brush.points, (x, y), 0.2), (1.0, 0.76, 0.40), 0.5)
    brush.paint(circle(brush.points, (x, y), 0.13), (1.0, 0.88, 0.45))
    start, end = (0.1 + 0.5 * u[1], 0.66), (0.35 + 0.5 * u[1], 0.68)
    brush.paint(capsule(brush.points, start, end, 0.018), (1.0, 0.62, 0.55), 0.5)
    brush.paint(hill(brush, u[2], 0.36, 0.12), (0.46, 0.26, 0.40))
    brush.paint(hill(brush, 1 - u[2], 0.27, 0.1), (0.36, 0.21, 0.36))
