"""Eight animals and three things, each drawn from a dozen shapes.

A figure is drawn in its own units: x = 0 is its middle, y = 0 the ground it stands on,
y = 2 the top of a typical head. Front view: frog, rabbit, cat, bear, bat. Side view,
facing right: bird, fish, turtle and crane. Each animal has one cue that survives at
32x32: eye bumps, long ears, a curled tail, a light muzzle, scalloped wings, a beak, a
forked tail, a dome.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.world.shapes import (
    Brush,
    Points,
    box,
    capsule,
    circle,
    ellipse,
    intersection,
    mirror,
    polygon,
    stroke,
    union,
    without,
)


@dataclass(frozen=True)
class Build:
    """The dimensions of a figure that layout and accessories depend on."""

    width: float  # half the width of the whole figure
    top: float  # of the whole figure, ears included
    head: tuple[float, float]  # (x, y) of the top of the head, for hats and ears
    lift: float = 0.0  # how high it hovers


# Measured on the figures below. If one is too small, a hat or an ear leaves the frame.
BUILDS = {
    "frog": Build(1.12, 1.75, (0.0, 1.78)),
    "rabbit": Build(0.9, 2.4, (0.0, 1.6)),
    "cat": Build(1.05, 2.3, (0.0, 1.68)),
    "bear": Build(0.95, 1.95, (0.0, 1.76)),
    "bird": Build(1.25, 1.85, (0.45, 1.8)),
    "fish": Build(1.25, 1.6, (0.4, 1.34), lift=0.25),
    "turtle": Build(1.27, 1.4, (0.93, 1.2)),
    "bat": Build(1.37, 1.85, (0.0, 1.6), lift=0.45),
    "club": Build(1.15, 2.0, (0.0, 2.0)),
    "crane": Build(1.3, 2.3, (0.5, 2.2)),
    "machine": Build(1.15, 2.35, (0.0, 2.3)),
}

WHITE, BLACK = (1.0, 1.0, 1.0), (0.10, 0.07, 0.09)
PINK, CREAM, BEAK = (0.98, 0.62, 0.66), (1.0, 0.93, 0.80), (1.0, 0.58, 0.10)
CAT_GREEN, SKIN = (0.55, 0.95, 0.30), (0.74, 0.77, 0.52)
STEEL, WOOD, SCARLET = (0.42, 0.45, 0.52), (0.72, 0.42, 0.22), (0.90, 0.14, 0.16)


def lighter(colour: Tensor) -> Tensor:
    """A belly's colour: about half way to cream, but a light grey on white animals."""
    cream = torch.tensor(CREAM, device=colour.device).reshape(1, 3, 1, 1)
    # Cream alone would hide the animal's colour in the middle of its body, and prompts
    # ask for that colour.
    pale = colour * 0.45 + cream * 0.55
    is_white = colour.amin(1, keepdim=True) > 0.8
    return torch.where(is_white, colour * 0.86, pale)


def eyes(brush: Brush, spot: Points, x: float, y: float, white: float, look) -> None:
    """White eyes with dark pupils; `look`, a number or (N, 1, 1), moves the pupils."""
    # People look at eyes first, so their radius is never below 1.25 pixels.
    radius = (1.25 * brush.pixel).clamp(min=white)
    brush.paint(circle(spot, (x, y), radius + 0.6 * brush.line), BLACK)
    brush.paint(circle(spot, (x, y), radius), WHITE)
    # Half as wide as the white, to show which way the animal looks.
    pupil = (0.8 * brush.pixel).clamp(min=0.55 * white)
    brush.paint(circle(spot, (x + look, y), pupil), BLACK)


def bead_eyes(brush: Brush, spot: Points, x: float, y: float, radius: float) -> None:
    """Dark round eyes with a spark of light."""
    dark = brush.pixel.clamp(min=radius)  # never below one pixel
    brush.paint(circle(spot, (x, y), dark), BLACK)
    spark = (x + 0.35 * dark, y + 0.35 * dark)
    brush.paint(circle(spot, spark, 0.42 * dark), WHITE)


def smile(brush: Brush, centre, radius: float, width: float, colour=BLACK) -> None:
    """The lower part of a ring around `centre`."""
    ring = stroke(circle(brush.points, centre, radius), brush.thick(width))
    below = brush.points[1] - (centre[1] - 0.35 * radius)
    brush.paint(intersection(ring, below), colour)


# -------------------------------------------------------------------------------- ears


def ear_shape(spot: Points, kind: str, grow: float = 1.0) -> Tensor:
    """A pair of ears around the top of a head at (0, 0); grow < 1 for the inside."""
    # Larger than life: small ears were the last thing that networks learned. `spot` is
    # folded, so one ear becomes a pair. The inside is a smaller copy of the ear rather
    # than an inset of its outline, which would leave nothing of a slim ear.
    if kind == "rabbit":
        return capsule(spot, (0.24, 0.0), (0.54, 0.64), 0.17 * grow, 0.2 * grow)
    if kind == "cat":
        inset = 0.62 * (1 - grow)
        left, tip = (0.06 + 0.55 * inset, -0.25 + inset), (0.52, 0.56 - inset)
        return polygon(spot, [left, (0.72 - 0.35 * inset, -0.3 + inset), tip])
    return circle(spot, (0.47, 0.02), 0.31 * grow)


def add_ears(brush: Brush, body: Tensor, kind: str, head) -> Tensor:
    """The body with ears, under one outline."""
    if kind == "none":
        return body
    # Ears painted after the body would have a line across their base.
    return union(body, ear_shape(head_points(brush, head), kind))


def paint_inner_ears(brush: Brush, kind: str, head) -> None:
    """The light inside of the ears."""
    if kind != "none":
        grow = {"rabbit": 0.45, "cat": 0.5, "bear": 0.55}[kind]
        inside = ear_shape(head_points(brush, head), kind, grow)
        brush.paint(inside, PINK if kind != "bear" else CREAM)


def head_points(brush: Brush, head: tuple[float, ...]) -> Points:
    """Points folded around the top (x, y) of a head.

    A third number in `head` moves the ears apart, or together if it is negative.
    """
    x, y = mirror(brush.points, head[0])
    return x - sum(head[2:]), y - head[1]


# ------------------------------------------------------------------ animals, from front

# All figures take the same arguments. Those seen from the front ignore `look`, and
# things ignore both `ears` and `look`.


def frog(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """Wide, with bumps for eyes and a mouth from ear to ear."""
    points, half, head = brush.points, mirror(brush.points), (0.0, 1.42)
    if ears == "bear":
        head = (0.0, 1.3, 0.38)  # outside the eye bumps, which are just as round
    elif ears == "rabbit":
        head = (0.0, 1.62, -0.12)  # between them
    # The eye bumps are part of the outline: the silhouette gives a frog away.
    body = union(
        ellipse(points, (0.0, 0.55), (0.86, 0.56)),
        ellipse(points, (0.0, 1.0), (0.9, 0.5)),
        circle(half, (0.5, 1.42), 0.33),
        ellipse(half, (0.74, 0.16), (0.36, 0.17)),
        ellipse(half, (0.78, 0.36), (0.28, 0.34)),
    )
    brush.paint_shaded(add_ears(brush, body, ears, head), colour)
    paint_inner_ears(brush, ears, head)
    brush.paint(ellipse(points, (0.0, 0.36), (0.46, 0.32)), lighter(colour))
    eyes(brush, half, 0.5, 1.44, 0.23, 0.0)
    smile(brush, (0.0, 1.3), 0.56, 0.05)


def rabbit(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """Long ears, cheeks, two big teeth, a cotton tail."""
    points, half = brush.points, mirror(brush.points)
    tail = circle(points, (0.64, 0.36), 0.28)  # first, so the body lies over it
    brush.paint_outlined(tail, WHITE)
    # Its own ears or borrowed ones, never both: a rabbit with bear ears has lost its
    # long ones.
    head, ears = (0.0, 1.5), "rabbit" if ears == "none" else ears
    body = union(
        ellipse(points, (0.0, 0.5), (0.54, 0.52)),
        ellipse(points, (0.0, 1.16), (0.6, 0.46)),
        ellipse(half, (0.34, 0.12), (0.3, 0.14)),
    )
    brush.paint_shaded(add_ears(brush, body, ears, head), colour)
    paint_inner_ears(brush, ears, head)
    brush.paint(ellipse(points, (0.0, 0.44), (0.3, 0.32)), lighter(colour))
    # White on a pale belly needs a line around it; half a line, since teeth are small.
    teeth = box(points, (0.0, 0.81), (0.13, 0.13))
    brush.paint(teeth - 0.5 * brush.line, BLACK)
    brush.paint(teeth, WHITE)
    brush.paint(ellipse(points, (0.0, 1.02), (0.13, 0.1)), PINK)
    bead_eyes(brush, half, 0.27, 1.25, 0.13)


def cat(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """Pointed ears, whiskers, green eyes, a tail curled up at the side."""
    points, half = brush.points, mirror(brush.points)
    # Three straight pieces make a curl: their round ends hide the joints.
    tail = union(
        capsule(points, (0.35, 0.14), (0.78, 0.2), brush.thick(0.13)),
        capsule(points, (0.78, 0.2), (0.92, 0.62), brush.thick(0.13)),
        capsule(points, (0.92, 0.62), (0.74, 0.88), brush.thick(0.13)),
    )
    head, ears = (0.0, 1.58), "cat" if ears == "none" else ears
    body = union(
        ellipse(points, (0.0, 0.46), (0.5, 0.48)),
        ellipse(points, (0.0, 1.22), (0.66, 0.47)),
        ellipse(half, (0.26, 0.1), (0.26, 0.12)),
    )
    brush.paint_shaded(add_ears(brush, union(body, tail), ears, head), colour)
    paint_inner_ears(brush, ears, head)
    brush.paint(ellipse(points, (0.0, 0.46), (0.27, 0.32)), lighter(colour))
    # Green eyes on a green cat: the thin dark ring keeps them apart.
    eye = circle(half, (0.3, 1.29), (1.2 * brush.pixel).clamp(min=0.18))
    brush.paint(eye - 0.4 * brush.line, BLACK)
    brush.paint(eye, CAT_GREEN)
    brush.paint(box(half, (0.3, 1.29), (0.045, 0.13)), BLACK)
    brush.paint(ellipse(points, (0.0, 1.06), (0.11, 0.08)), PINK)
    # Thinner than a pixel and not quite opaque: a hint, not bars across the face.
    for height in (1.1, 0.92):
        whisker = capsule(half, (0.42, 1.02), (0.92, height), 0.35 * brush.pixel)
        brush.paint(whisker, brush.outline, 0.8)


def bear(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """Round ears, a light muzzle with a dark nose, arms, a round belly."""
    points, half = brush.points, mirror(brush.points)
    head, ears = (0.0, 1.62), "bear" if ears == "none" else ears
    body = union(
        ellipse(points, (0.0, 0.55), (0.66, 0.55)),
        ellipse(points, (0.0, 1.25), (0.64, 0.5)),
        ellipse(half, (0.42, 0.13), (0.32, 0.17)),
        capsule(half, (0.55, 0.78), (0.8, 0.5), 0.18),
    )
    brush.paint_shaded(add_ears(brush, body, ears, head), colour)
    paint_inner_ears(brush, ears, head)
    brush.paint(ellipse(points, (0.0, 0.48), (0.4, 0.36)), lighter(colour))
    # Cream on bears of any colour: the muzzle tells a bear from a cat.
    brush.paint(ellipse(points, (0.0, 1.08), (0.34, 0.24)), CREAM)
    nose = ellipse(points, (0.0, 1.16), (0.16, 0.11))
    brush.paint(nose, BLACK)
    bead_eyes(brush, half, 0.3, 1.42, 0.12)


def bat(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """Spread wings with scallops below, small pointed ears, two fangs."""
    points, half, head = brush.points, mirror(brush.points), (0.0, 1.42)
    sail = [(0.1, 1.2), (0.75, 1.5), (1.3, 1.62), (1.36, 0.62), (0.1, 0.3)]
    # Two bites out of the sail make the scallops that people recognise a bat by.
    wing = without(polygon(half, sail), circle(half, (1.05, 0.52), 0.33))
    wing = without(wing, circle(half, (0.5, 0.34), 0.3))
    body = union(
        ellipse(points, (0.0, 0.62), (0.34, 0.5)),
        ellipse(points, (0.0, 1.12), (0.46, 0.4)),
    )
    # Borrowed ears replace its own, as with the rabbit.
    if ears == "none":
        body = union(body, polygon(half, [(0.08, 1.3), (0.46, 1.2), (0.4, 1.8)]))
    # The wings' outline comes before the body and their colour after it: the body stays
    # in front, and no line runs through it.
    brush.paint(wing - brush.line, brush.outline)
    brush.paint_shaded(add_ears(brush, body, ears, head), colour)
    brush.paint(without(wing, body - 0.6 * brush.line), colour * 0.88)
    paint_inner_ears(brush, ears, head)
    brush.paint(ellipse(points, (0.0, 0.5), (0.2, 0.3)), lighter(colour))
    eyes(brush, half, 0.2, 1.2, 0.17, 0.0)
    fangs = polygon(half, [(0.04, 0.96), (0.22, 0.96), (0.13, 0.72)])
    brush.paint(fangs, WHITE)


# -------------------------------------------------------------- animals, from the side


def bird(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """A beak, a wing, a tail held up, two thin legs."""
    points, head = brush.points, (0.42, 1.68)
    legs = union(
        capsule(points, (-0.22, 0.4), (-0.22, 0.06), brush.thick(0.07)),
        capsule(points, (0.18, 0.4), (0.18, 0.06), brush.thick(0.07)),
        capsule(points, (-0.22, 0.06), (-0.02, 0.06), brush.thick(0.06)),
        capsule(points, (0.18, 0.06), (0.38, 0.06), brush.thick(0.06)),
    )
    # Legs and beak before the body, so the body's outline closes over them.
    brush.paint_outlined(legs, BEAK)
    beak = capsule(points, (0.78, 1.33), (1.17, 1.27), 0.2, 0.05)
    brush.paint_outlined(beak, BEAK)
    body = union(
        ellipse(points, (-0.05, 0.82), (0.7, 0.52)),
        circle(points, (0.42, 1.32), 0.46),
        polygon(points, [(-0.5, 0.65), (-0.5, 1.1), (-1.15, 1.42), (-1.2, 1.1)]),
    )
    brush.paint_shaded(add_ears(brush, body, ears, head), colour)
    paint_inner_ears(brush, ears, head)
    brush.paint(ellipse(points, (0.26, 0.74), (0.3, 0.3)), lighter(colour))
    # A darker shade and no outline: a big bird's wing is eight pixels wide at 32x32,
    # and lines would take up two of them.
    wing = ellipse(points, (-0.28, 0.86), (0.42, 0.26))
    brush.paint(wing, colour * 0.76)
    eyes(brush, points, 0.54, 1.38, 0.22, look)


def fish(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """A forked tail, stripes, fins."""
    points, head = brush.points, (0.4, 1.32)
    tail = polygon(points, [(-0.45, 0.8), (-1.2, 1.42), (-1.2, 0.18)])
    tail = without(tail, polygon(points, [(-0.88, 0.8), (-1.4, 1.15), (-1.4, 0.45)]))
    body = ellipse(points, (0.2, 0.8), (0.92, 0.56))
    fin = polygon(points, [(-0.1, 0.35), (0.35, 0.3), (-0.1, 0.02)])
    if ears == "none":  # a fin on the back could be mistaken for an ear
        fin = union(fin, polygon(points, [(-0.3, 1.1), (0.45, 1.3), (-0.25, 1.6)]))
    everything = add_ears(brush, union(body, tail, fin), ears, head)
    brush.paint_shaded(everything, colour)
    paint_inner_ears(brush, ears, head)
    # Cut off a little inside the body's edge, so no stripe crosses the outline.
    for x in (-0.34, 0.1):
        band = intersection(body + 0.5 * brush.line, box(points, (x, 0.8), (0.1, 0.6)))
        brush.paint(band, lighter(colour))
    gill = polygon(points, [(0.2, 0.68), (0.5, 0.74), (0.2, 0.45)])
    brush.paint(gill, colour * 0.76)
    eyes(brush, points, 0.66, 0.95, 0.21, look)
    mouth = capsule(points, (0.86, 0.56), (1.0, 0.6), brush.thick(0.04))
    brush.paint(mouth, BLACK)


def turtle(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """A dome with dark plates. The shell has the colour; the skin is always pale."""
    points, head = brush.points, (0.92, 1.08)
    skin = union(
        circle(points, (0.92, 0.85), 0.34),
        capsule(points, (0.5, 0.45), (0.85, 0.75), 0.18),
        capsule(points, (-0.55, 0.35), (-0.6, 0.15), 0.17),
        capsule(points, (0.45, 0.35), (0.5, 0.15), 0.17),
        capsule(points, (-0.9, 0.3), (-1.12, 0.24), 0.11, 0.05),
    )
    # Skin first, since the shell overlaps it. All turtles have the same skin colour;
    # otherwise "a red turtle" could mean either part.
    brush.paint_outlined(add_ears(brush, skin, ears, head), SKIN)
    paint_inner_ears(brush, ears, head)
    dome = intersection(ellipse(points, (-0.12, 0.36), (0.92, 0.94)), 0.34 - points[1])
    rim = capsule(points, (-0.92, 0.38), (0.68, 0.38), 0.12)
    brush.paint_shaded(union(dome, rim), colour)
    plates = union(
        circle(points, (-0.12, 0.92), 0.2),
        circle(points, (-0.58, 0.68), 0.16),
        circle(points, (0.34, 0.68), 0.16),
    )
    brush.paint(plates, colour * 0.62)
    # 0.05 thinner, so the shell's own colour shows on both sides.
    brush.paint(rim + 0.05, lighter(colour))
    bead_eyes(brush, points, 1.02, 0.92, 0.12)
    mouth = capsule(points, (1.02, 0.68), (1.18, 0.72), brush.thick(0.03))
    brush.paint(mouth, BLACK)


# ------------------------------------------------------------------------------ things


def club(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """A leaning baseball bat; the ball beside it tells it from any other stick."""
    points = brush.points
    knob = circle(points, (-0.92, 0.14), 0.15)
    stick = capsule(points, (-0.88, 0.18), (0.6, 1.7), 0.1, 0.27)
    brush.paint_outlined(union(stick, knob), colour)
    grip = capsule(points, (-0.78, 0.28), (-0.52, 0.55), 0.11, 0.13)
    brush.paint(grip, BLACK, 0.7)
    ball = circle(points, (0.66, 0.36), 0.34)
    brush.paint_outlined(ball, WHITE)
    # One circle, mirrored and clipped to the ball, makes both seams.
    seams = stroke(circle(mirror(points, 0.66), (0.44, 0.36), 0.3), brush.thick(0.04))
    brush.paint(intersection(seams, ball), SCARLET)


def crane(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """A wading bird: thin legs, a long curved neck, a long beak, a red cap."""
    points = brush.points
    legs = union(
        capsule(points, (0.0, 0.9), (0.05, 0.06), brush.thick(0.05)),
        capsule(points, (-0.2, 0.9), (-0.42, 0.5), brush.thick(0.05)),
        capsule(points, (-0.42, 0.5), (-0.1, 0.38), brush.thick(0.05)),
    )
    brush.paint_outlined(legs, STEEL)
    beak = capsule(points, (0.6, 1.96), (1.2, 1.84), 0.13, 0.05)
    brush.paint_outlined(beak, BEAK)
    body = union(
        ellipse(points, (-0.2, 1.08), (0.62, 0.36)),
        capsule(points, (0.2, 1.15), (0.42, 1.5), brush.thick(0.14)),
        capsule(points, (0.42, 1.5), (0.42, 1.9), brush.thick(0.11)),
        circle(points, (0.46, 1.98), 0.22),
    )
    brush.paint_outlined(body, colour)
    tail = ellipse(points, (-0.66, 1.02), (0.3, 0.2))
    brush.paint(tail, BLACK)
    # Red cap, black tail and grey legs, whatever its colour: the bird has none of them.
    cap = intersection(circle(points, (0.46, 1.98), 0.23), 2.04 - points[1])
    brush.paint(cap, SCARLET)
    eye = circle(points, (0.54, 1.98), brush.thick(0.07))
    brush.paint(eye, BLACK)


def machine(brush: Brush, colour: Tensor, ears: str, look: Tensor) -> None:
    """A tower crane: a mast with crossed bars, an arm, a counterweight, a box."""
    points, bar = brush.points, brush.thick(0.06)
    # One pixel wide: a thinner rope would fade (see `Brush.thick`).
    rope = capsule(points, (0.7, 1.9), (0.7, 0.9), 0.5 * brush.pixel)
    brush.paint(rope, brush.outline)
    cross = [
        capsule(points, (-0.62, y), (-0.28, y + 0.4), 0.5 * brush.pixel)
        for y in (0.25, 0.75, 1.25)
    ]
    frame = union(
        box(points, (-0.65, 0.95), (bar, 0.95)),
        box(points, (-0.25, 0.95), (bar, 0.95)),
        box(points, (-0.45, 0.1), (0.42, 0.1)),
        box(points, (0.05, 1.92), (1.1, 0.11)),
        polygon(points, [(-0.7, 1.9), (-0.2, 1.9), (-0.45, 2.3)]),
        *cross,
    )
    brush.paint_outlined(frame, colour)
    weight = box(points, (-0.95, 1.72), (0.18, 0.26))
    brush.paint_outlined(weight, STEEL)
    crate = box(points, (0.7, 0.66), (0.28, 0.25))
    brush.paint_outlined(crate, WOOD)
    plank = box(points, (0.7, 0.66), (0.28, 0.4 * brush.pixel))
    brush.paint(plank, BLACK, 0.5)


FIGURES = {
    "frog": frog,
    "rabbit": rabbit,
    "cat": cat,
    "bear": bear,
    "bird": bird,
    "fish": fish,
    "turtle": turtle,
    "bat": bat,
    "club": club,
    "crane": crane,
    "machine": machine,
}
