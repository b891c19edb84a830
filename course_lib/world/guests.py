"""Guests: creatures and a scene that the critters' world does not have (lesson 13).

A guest is drawn with the critters' own brush, in their scenes, alone, on stilts or
beside a critter. It is none of the FACTORS, so no pretraining ever shows one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.chance import PLUSH, pick, uniforms
from course_lib.world.accessories import stilts
from course_lib.world.animals import FIGURES, eyes, lighter, smile
from course_lib.world.critters import ANIMALS, COLOURS, FACTORS, SCENES, SUBJECTS
from course_lib.world.drawing import (
    CPU_PIXELS,
    PAINTS,
    POSE_NUMBERS,
    as_lengths,
    choose_pose,
    groups,
    make_brush,
    paint_figures,
    paint_group,
    paint_scenes,
)
from course_lib.world.scenes import SCENE_NUMBERS, hill, scatter, sky
from course_lib.world.shapes import (
    Brush,
    capsule,
    circle,
    ellipse,
    mirror,
    pixel_grid,
    union,
)
from course_lib.world.wording import with_article

UNDER_WATER = "under water"
PLACES = (*SCENES, UNDER_WATER)
IN_WORDS = {
    "meadow": "in a meadow",
    "beach": "at the beach",
    "snow": "in the snow",
    "night": "at night",
    "sunset": "at sunset",
    UNDER_WATER: UNDER_WATER,
}
SIDES = ("none", "left", "right")  # where a second animal stands
BUILD = "rabbit"  # guests have a rabbit's dimensions, so every pose of one fits them
# A figure of its own: figure(brush, colour), with points in the figure's units.
Figure = Callable[[Brush, Tensor], None]


def under_water(brush: Brush, u: list[Tensor]) -> None:
    """The new scene: green water, bubbles, weed that sways, a sandy ground."""
    # The beach's colours: what no training showed, the autoencoder cannot draw.
    sky(brush, (0.30, 0.68, 0.92), (0.08, 0.45, 0.72), 0.2)
    bubbles = scatter(brush, u[0:6], 0.62, 0.95, 0.022)
    bubbles = union(bubbles, scatter(brush, u[6:12], 0.4, 0.7, 0.014))
    brush.paint(bubbles, (0.93, 1.0, 1.0))
    for i, x in enumerate((0.08, 0.9)):
        low, high = (x + 0.04 * u[12 + i], 0.1), (x - 0.03 + 0.06 * u[12 + i], 0.5)
        middle = (x + 0.06 - 0.05 * u[12 + i], 0.3)
        weed = union(
            capsule(brush.points, low, middle, 0.024),
            capsule(brush.points, middle, high, 0.024, 0.01),
        )
        brush.paint(weed, (0.22, 0.68, 0.24))
    brush.paint(hill(brush, u[14], 0.2, 0.12), (0.96, 0.86, 0.62))


def octopus(brush: Brush, colour: Tensor) -> None:
    """The ninth animal: a tall head, wide eyes, four arms that curl outwards."""
    points, half = brush.points, mirror(brush.points)
    arms = union(
        capsule(half, (0.2, 0.62), (0.3, 0.16), 0.19, 0.13),
        capsule(half, (0.3, 0.16), (0.16, 0.1), 0.12),
        capsule(half, (0.45, 0.68), (0.74, 0.24), 0.19, 0.13),
        capsule(half, (0.74, 0.24), (0.86, 0.42), 0.12, 0.1),
    )
    head = union(
        ellipse(points, (0.0, 1.36), (0.68, 0.66)),
        ellipse(points, (0.0, 0.86), (0.56, 0.36)),
    )
    brush.paint_shaded(union(arms, head), colour)
    for x, y, r in ((-0.3, 1.78, 0.1), (0.02, 1.86, 0.07), (0.34, 1.74, 0.08)):
        brush.paint(circle(points, (x, y), r), lighter(colour))
    eyes(brush, half, 0.27, 1.22, 0.22, 0.0)
    smile(brush, (0.0, 1.0), 0.24, 0.045)


# What a picture shows -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Shown:
    """What pictures of a guest show, each (N,) int64.

    Args:
        place: index of PLACES
        stilts: 1 on stilts
        beside: index of SIDES, where a second animal stands
        animal, colour: those of the second animal, indices of SUBJECTS and COLOURS
        own: the guest's colour, index of COLOURS; 0 if it has a fixed one
        spot: index of POSITIONS for a small guest that stands alone; 0 for a big one
    """

    place: Tensor
    stilts: Tensor
    beside: Tensor
    animal: Tensor
    colour: Tensor
    own: Tensor
    spot: Tensor

    def some(self, rows: Tensor) -> "Shown":
        """What these pictures show."""
        return Shown(*(getattr(self, name)[rows] for name in self.__annotations__))

    def captions(self, word: str) -> list[str]:
        """A caption each: 'a zorp on stilts in the snow'."""
        columns = (getattr(self, name).tolist() for name in self.__annotations__)
        rows = zip(*columns, strict=True)
        return [caption(word, *numbers) for *numbers, spot in rows]


def caption(word: str, place, on_stilts, beside, animal, colour, own) -> str:
    """The caption of one picture, from its numbers in `Shown`."""
    text = with_article(f"{COLOURS[own]} {word}" if own else word)
    text += " on stilts" * on_stilts
    other = with_article(f"{COLOURS[colour]} {SUBJECTS[animal]}")
    if beside:
        first, second = (other, text) if SIDES[beside] == "left" else (text, other)
        text = f"{first} left of {second}"
    return f"{text} {IN_WORDS[PLACES[place]]}"


def choose(
    indices: Tensor,
    seed: int,
    places: tuple[str, ...],
    on_stilts: bool = False,
    beside: bool = False,
    coloured: bool = False,
    far: bool = False,
) -> Shown:
    """Choose what the pictures `indices` of this seed show.

    Args:
        places: scenes, some of PLACES
        beside: beside a critter
        coloured: the guest has one of COLOURS, in place of a fixed one
        far: small, and anywhere; otherwise big, in the middle
    """
    n = len(indices)
    u = uniforms(indices, seed, 6, PLUSH)

    def chosen(column: int, count: int) -> Tensor:
        return torch.from_numpy(pick(u[:, column], count))

    numbers = torch.tensor([PLACES.index(place) for place in places])
    own = (1 + chosen(4, 8)) * int(coloured)
    # Never the guest's own colour: "a red cat beside a red octopus" has two meanings.
    colour = torch.where(own > 0, 1 + (own + chosen(3, 7)) % 8, 1 + chosen(3, 8))
    return Shown(
        place=numbers[chosen(0, len(places))],
        stilts=torch.full((n,), int(on_stilts)),
        beside=(1 + chosen(1, 2)) * int(beside),
        animal=(1 + chosen(2, len(ANIMALS))) * int(beside),
        colour=colour * int(beside),
        own=own,
        spot=(1 + chosen(5, 3)) * int(far),
    )


# Drawing ------------------------------------------------------------------------------


def draw_guests(
    figure: Figure, shown: Shown, indices: Tensor, seed: int, size: int, fixed=None
) -> Tensor:
    """Draw a guest in every picture: (N, 3, size, size) in [-1, 1].

    Args:
        fixed: its colour, (3,) in 0..1, where `shown.own` is 0
    """
    # Numbers for two figures, as for critters: a second one changes nothing else.
    u = uniforms(indices, seed + 1, SCENE_NUMBERS + 2 * POSE_NUMBERS, PLUSH)
    u = torch.from_numpy(u).float()
    u_scene, u_own, u_other = u.split([SCENE_NUMBERS, POSE_NUMBERS, POSE_NUMBERS], 1)
    pictures = torch.empty(len(indices), 3, size, size)
    grid = pixel_grid(size)
    paint_places(pictures, grid, shown.place, u_scene)
    palette = torch.tensor([fixed or PAINTS["none"], *list(PAINTS.values())[1:]])
    for side, _ in enumerate(SIDES):
        rows = torch.nonzero(shown.beside == side)[:, 0]
        if len(rows):
            some = pictures[rows]
            colours = palette[shown.own[rows]]
            how = (some, grid, shown.some(rows), u_own[rows], u_other[rows])
            paint_guests(*how, figure, colours)
            pictures[rows] = some
    return pictures.mul_(2).sub_(1)


def paint_places(pictures: Tensor, grid, place: Tensor, u: Tensor) -> None:
    """Fill every picture with its scene, the new one included."""
    known = torch.nonzero(place < len(SCENES))[:, 0]
    some = pictures[known]
    paint_scenes(some, grid, place[known], u[known], CPU_PIXELS, None)
    pictures[known] = some
    wet = torch.nonzero(place == len(SCENES))[:, 0]
    for rows in wet.split(32):
        canvas = pictures[rows]
        points = tuple(g.expand(len(rows), -1, -1) for g in grid)
        brush = make_brush(canvas, points, place[rows], 1 / pictures.shape[-1], 1.0)
        under_water(brush, as_lengths(u[rows], pictures.device))
        pictures[rows] = canvas


def paint_guests(pictures, grid, shown: Shown, u_own, u_other, figure, colours) -> None:
    """Paint the guest, and its companion, into pictures with one and the same side."""
    n = len(pictures)
    factors = {name: torch.zeros(n, dtype=torch.int64) for name in FACTORS}
    side = SIDES[int(shown.beside[0])]
    alone, second = side == "none", side == "left"  # second: the guest is on the right
    factors |= dict(scene=shown.place, accessory=shown.stilts)
    if alone:  # big in the middle, or small anywhere
        far = shown.spot > 0
        factors["size"] = torch.where(far, 1, 2)
        factors["position"] = torch.where(far, shown.spot, 2)
    stand_in = torch.full((n,), SUBJECTS.index(BUILD))
    factors["subject_2" if second else "subject"] = stand_in
    if not alone:
        other = ("subject", "colour") if second else ("subject_2", "colour_2")
        factors |= dict(zip(other, (shown.animal, shown.colour), strict=True))
        # A companion has no stilts: of two animals, only the guest wears any.
        plain = factors | dict(accessory=torch.zeros_like(shown.stilts))
        pose = choose_pose(plain, not second, u_other)
        paint_figures(pictures, grid, plain, pose, not second, CPU_PIXELS, None)
    pose = choose_pose(factors, second, u_own)
    for value, rows in groups(shown.stilts, CPU_PIXELS, pictures.shape[-1]):
        if value:
            paint_group(pictures, grid, shown.place, pose, rows, paint_stilts)

        def paint_one(brush: Brush, pose: dict, some: Tensor) -> None:
            shadow = ellipse(brush.points, (0.0, pose["ground"]), (0.85, 0.12))
            brush.paint(shadow, (0.0, 0.0, 0.0), 0.25)
            brush.points = (brush.points[0] * pose["facing"], brush.points[1])
            colour = colours[some][..., None, None] * pose["light"][:, None]
            figure(brush, colour.clamp(0, 1))

        paint_group(pictures, grid, shown.place, pose, rows, paint_one)


def paint_stilts(brush: Brush, pose: dict, rows: Tensor) -> None:
    """The critters' own stilts."""
    stilts(brush, pose)


def critter(name: str) -> Figure:
    """A critter as a guest: in its usual shape, where a guest would stand."""
    return lambda brush, colour: FIGURES[name](brush, colour, "none", 0.0)


def draw_octopuses(
    n: int, seed: int, size: int = 64, start: int = 0, places: tuple[str, ...] = PLACES
) -> tuple[Tensor, list[str], Shown]:
    """Pictures of the ninth animal: (n, 3, size, size) in [-1, 1], captions, truth."""
    indices = torch.arange(start, start + n)
    shown = choose(indices, seed, places, coloured=True)
    pictures = draw_guests(octopus, shown, indices, seed, size)
    return pictures, shown.captions("octopus"), shown
