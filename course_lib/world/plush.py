"""The plush: "my" creature of lesson 13, which no critter resembles.

    pictures, captions, truth = draw_plush(8, seed=0, word="zorp")

It has three features that no critter has: antennae with bobbles, a striped scarf, and a
patch with stitches on its belly. It is drawn here, with the brush of the critters and
by a generator of its own, and no pretraining ever sees it.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from course_lib.chance import PLUSH, pick, uniforms
from course_lib.device import plain_torch
from course_lib.pixels import to_bytes
from course_lib.world.accessories import stilts
from course_lib.world.animals import BLACK, CREAM, WHITE, smile
from course_lib.world.critters import ANIMALS, COLOURS, FACTORS, SCENES, SUBJECTS
from course_lib.world.drawing import (
    CPU_PIXELS,
    POSE_NUMBERS,
    choose_pose,
    paint_figures,
    paint_group,
    paint_scenes,
)
from course_lib.world.scenes import SCENE_NUMBERS
from course_lib.world.shapes import (
    Brush,
    box,
    capsule,
    circle,
    ellipse,
    intersection,
    mirror,
    pixel_grid,
    union,
)

FEATURES = ("bobbles", "scarf", "patch")
BUILD = "rabbit"  # the plush has a rabbit's dimensions, so every pose of one fits
FUR, TEAL, SUNNY, MINT = (
    (0.93, 0.52, 0.66),
    (0.10, 0.55, 0.60),
    (1.0, 0.82, 0.22),
    (0.60, 0.88, 0.72),
)
HOME = ("meadow", "beach")  # the scenes of its photos; the other three are new to it
BESIDE = ("none", "left", "right")  # where a second animal stands
IN_WORDS = {
    "meadow": "in a meadow",
    "beach": "at the beach",
    "snow": "in the snow",
    "night": "at night",
    "sunset": "at sunset",
}


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
    stripes = [box(half, (x, neck), (brush.thick(0.055), 0.3)) for x in (0.0, 0.26, 0.5)]
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


@dataclass(frozen=True, eq=False)
class Truth:
    """What pictures of the plush show, each (N,) int64.

    Args:
        scene: index of SCENES
        stilts: 1 on stilts
        beside: index of BESIDE, where the second animal stands
        animal, colour: those of the second animal, indices of SUBJECTS and COLOURS
    """

    scene: Tensor
    stilts: Tensor
    beside: Tensor
    animal: Tensor
    colour: Tensor


@plain_torch()
def draw_plush(
    n: int,
    seed: int,
    size: int = 64,
    start: int = 0,
    word: str = "plush",
    scenes: tuple[str, ...] = HOME,
    on_stilts: bool = False,
    beside: bool = False,
    without: tuple[str, ...] = (),
) -> tuple[Tensor, list[str], Truth]:
    """Draw the plush n times, each in another pose, light and place.

    Args:
        start: the number of the first picture; (seed, number) decides all of it
        word: what captions call it
        scenes: where it may be, some of SCENES
        on_stilts: put it on stilts
        beside: put a critter beside it
        without: features to leave out, some of FEATURES

    Returns:
        pictures (n, 3, size, size) uint8, a caption each, and what they show
    """
    indices = torch.arange(start, start + n)
    u = torch.from_numpy(
        uniforms(indices, seed, SCENE_NUMBERS + 2 * POSE_NUMBERS + 8, PLUSH)
    )
    u_scene, u_own, u_other, rest = u.split([SCENE_NUMBERS, POSE_NUMBERS, POSE_NUMBERS, 8], 1)
    chance = rest.numpy()
    scene = torch.tensor([SCENES.index(name) for name in scenes])[
        torch.from_numpy(pick(chance[:, 0], len(scenes)))
    ]
    truth = Truth(
        scene=scene,
        stilts=torch.full((n,), int(on_stilts)),
        beside=1 + torch.from_numpy(pick(chance[:, 1], 2)) if beside else torch.zeros(n, dtype=torch.int64),
        animal=(1 + torch.from_numpy(pick(chance[:, 2], len(ANIMALS)))) * int(beside),
        colour=(1 + torch.from_numpy(pick(chance[:, 3], len(COLOURS) - 1))) * int(beside),
    )
    u_size = torch.from_numpy(pick(chance[:, 4], 2))
    pictures = paint(truth, u_scene.float(), u_own.float(), u_other.float(), u_size, size, without)
    return to_bytes(pictures), say(truth, word), truth


def paint(truth, u_scene, u_own, u_other, big, size, without) -> Tensor:
    n = len(truth.scene)
    factors = {name: torch.zeros(n, dtype=torch.int64) for name in FACTORS}
    own = SUBJECTS.index(BUILD)
    with_other = truth.beside > 0
    factors |= dict(scene=truth.scene, accessory=truth.stilts)
    factors["size"] = torch.where(with_other, 0, 2)
    factors["position"] = torch.where(with_other, 0, 2)
    pictures = torch.empty(n, 3, size, size)
    grid = pixel_grid(size)
    paint_scenes(pictures, grid, truth.scene, u_scene, CPU_PIXELS, None)
    for side in range(3):  # nobody beside it, somebody on the left, on the right
        rows = torch.nonzero(truth.beside == side)[:, 0]
        if not len(rows):
            continue
        f = {name: values[rows] for name, values in factors.items()}
        second = side == 1  # the plush stands on the right
        f["subject_2" if second else "subject"] = torch.full((len(rows),), own)
        some = pictures[rows]
        if side:
            which = ("subject", "colour") if second else ("subject_2", "colour_2")
            f[which[0]], f[which[1]] = truth.animal[rows], truth.colour[rows]
            pose = choose_pose(f, not second, u_other[rows])
            paint_figures(some, grid, f, pose, not second, CPU_PIXELS, None)
        pose = choose_pose(f, second, u_own[rows])
        if truth.stilts[rows].any():
            for part in torch.arange(len(rows)).split(32):
                paint_group(some, grid, f["scene"], pose, part, lambda b, p, r: stilts(b, p))
        for part in torch.arange(len(rows)).split(32):
            paint_group(some, grid, f["scene"], pose, part, partial(paint_one, without=without))
        pictures[rows] = some
    return pictures.mul_(2).sub_(1)


def paint_one(brush: Brush, pose: dict, rows: Tensor, without) -> None:
    shadow = ellipse(brush.points, (0.0, pose["ground"]), (0.85, 0.12))
    brush.paint(shadow, (0.0, 0.0, 0.0), 0.25)
    brush.points = (brush.points[0] * pose["facing"], brush.points[1])
    colour = torch.tensor(FUR).reshape(1, 3, 1, 1) * pose["light"][:, None]
    plush(brush, colour.clamp(0, 1), without)


def say(truth: Truth, word: str) -> list[str]:
    texts = []
    for i in range(len(truth.scene)):
        scene = IN_WORDS[SCENES[truth.scene[i]]]
        on = " on stilts" if truth.stilts[i] else ""
        text = f"a {word}{on}"
        if truth.beside[i]:
            other = f"a {COLOURS[truth.colour[i]]} {SUBJECTS[truth.animal[i]]}"
            text = f"{other} left of {text}" if truth.beside[i] == 1 else f"{text} left of {other}"
        texts.append(f"{text} {scene}")
    return texts
