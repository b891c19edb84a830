"""From factors to pixels: pose, scene, accessory, animal.

    pictures, factors = draw_critters(n=1000, seed=0)

Each picture's pose, light and clouds follow from (seed, index) alone. Pictures that
need the same strokes are drawn together, a few dozen at a time: drawn one by one they
take thirty times as long.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from course_lib.chance import DRAWING, uniforms
from course_lib.device import plain_torch
from course_lib.world.accessories import BEHIND, IN_FRONT, STILTS
from course_lib.world.animals import BUILDS, FIGURES
from course_lib.world.critters import (
    ACCESSORIES,
    EARS,
    FACTORS,
    SCENES,
    SUBJECTS,
    Factors,
    choose_factors,
)
from course_lib.world.scenes import PAINT_SCENE, SCENE_NUMBERS
from course_lib.world.shapes import Brush, ellipse, pixel_grid, place

PAINTS = {
    "none": (0.0, 0.0, 0.0),
    "red": (0.88, 0.15, 0.16),
    "orange": (1.0, 0.55, 0.10),
    "yellow": (1.0, 0.87, 0.18),
    "green": (0.22, 0.68, 0.24),
    "blue": (0.20, 0.44, 0.92),
    "purple": (0.58, 0.27, 0.78),
    "white": (0.98, 0.98, 0.98),
    "brown": (0.50, 0.30, 0.16),
}
INK, MOONLIGHT = (0.13, 0.09, 0.11), (0.60, 0.65, 0.86)  # outlines by day and at night
# How many pixels to paint at once. One core of an EPYC, with 2,048 pictures of 32x32 in
# a call, drew 2,800 a second at 2^12, 4,500 at 2^14, 8,100 at 2^16, and 9,200 from 2^18
# on. The overhead of a call is small by then, and memory grows with each doubling.
CPU_PIXELS, GPU_PIXELS = 2**16, 2**21
POSE_NUMBERS = 12

# A hook that may replace the brush: hand(brush, part, name, rows, pose) returns the one
# to paint a part with. Parts are "scene", "accessory", "first" and "second"; `pose` is
# None for a scene. Only deliberate faults need it (faults.py).
Hand = Callable[[Brush, str, str, Tensor, dict[str, Tensor] | None], Brush]


# -------------------------------------------------------------------------------- pose

PLAIN = dict(dtype=torch.float32, device="cpu")  # independent of torch's defaults


def build_table(name: str) -> Tensor:
    """One dimension of every figure, by the index of its subject: (subjects,)."""
    # A table, since a thousand poses are computed at once; row 0 is no figure at all.
    builds = [BUILDS[subject] for subject in SUBJECTS[1:]]
    return torch.tensor([0.0] + [getattr(build, name) for build in builds], **PLAIN)


WIDTH, TOP, LIFT = (build_table(name) for name in ("width", "top", "lift"))
HEAD_X = torch.tensor([0.0] + [BUILDS[s].head[0] for s in SUBJECTS[1:]], **PLAIN)
HEAD_Y = torch.tensor([0.0] + [BUILDS[s].head[1] for s in SUBJECTS[1:]], **PLAIN)
ROOF = torch.maximum(HEAD_Y + 0.25, TOP - 0.3)  # long ears keep their tips dry
# Heights above the head, by the index of EARS and of ACCESSORIES; SLOTS holds x, by the
# index of POSITIONS.
EAR_HEIGHT = torch.tensor([0.0, 0.88, 0.75, 0.4], **PLAIN)
WORN_HEIGHT = torch.tensor([0.0, 0.0, 0.75, 0.95, 0.0], **PLAIN)
SLOTS = torch.tensor([0.5, 0.27, 0.5, 0.73], **PLAIN)


def wears(factors: Factors, name: str) -> Tensor:
    """Which pictures show this accessory, (N,) bool."""
    return factors["accessory"] == ACCESSORIES.index(name)


def holds(factors: Factors) -> Tensor:
    """Which pictures show something held in a hand, (N,) bool."""
    return wears(factors, "balloon") | wears(factors, "umbrella")


def choose_slot(factors: Factors, second: bool) -> Tensor:
    """The x where a figure should stand, 0 to 1, (N,)."""
    of_two = factors["subject_2"] > 0
    return torch.where(of_two, 0.75 if second else 0.25, SLOTS[factors["position"]])


def choose_scale(factors: Factors, subject: Tensor, u: Tensor) -> Tensor:
    """The preferred size of one unit of the figure, in picture widths, (N,)."""
    # With jitter, and after tall figures are made to fit, small stays below 0.212 and
    # big above 0.237 (60,000 poses): the two never overlap.
    scale = torch.where(factors["size"] == 1, 0.205, 0.30)
    tall = wears(factors, "stilts") | wears(factors, "umbrella")
    scale = torch.where(tall & (factors["size"] == 2), 0.255, scale)
    # Each of two animals is scaled to the width of its half: otherwise a bat would push
    # the cat beside it out of the frame.
    shared = (0.225 / WIDTH[subject]).clamp(max=0.205)
    scale = torch.where(factors["subject_2"] > 0, shared, scale)
    return scale * (1 + 0.06 * (u - 0.5))


def choose_sides(factors: Factors, slot: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """The side of the free hand and the direction of view, -1 or 1, (N,) each.

    A held thing is held towards the middle of the picture, behind the figure's back.

    Args:
        u: (N, 2) in [0, 1)
    """
    side = torch.where(u[:, 0] < 0.5, -1.0, 1.0)
    # At an edge there is room only on one side.
    side = torch.where(slot < 0.4, 1.0, torch.where(slot > 0.6, -1.0, side))
    facing = torch.where(u[:, 1] < 0.5, -1.0, 1.0)
    return side, torch.where(holds(factors), -side, facing)


def measure_height(factors: Factors, subject: Tensor) -> Tensor:
    """Height from the feet to the top of ears, hat, balloon or umbrella, (N,).

    In the figure's own units.
    """
    head = HEAD_Y[subject]
    top = torch.maximum(TOP[subject], head + EAR_HEIGHT[factors["ears"]])
    top = torch.maximum(top, head + WORN_HEIGHT[factors["accessory"]])
    roof = torch.where(wears(factors, "umbrella"), ROOF[subject] + 1.1, 0.0)
    return torch.maximum(top, roof)


def measure_widths(factors: Factors, subject: Tensor, side: Tensor, facing: Tensor):
    """How far the figure, with what it holds, reaches to the left and right, (N,) each.

    Computed from the factors, since the pose must be known before anything is painted.
    """
    body = WIDTH[subject]
    on_head = (factors["ears"] > 0) | wears(factors, "hat")
    ahead = torch.maximum(body, HEAD_X[subject] + torch.where(on_head, 0.8, 0.0))
    held = torch.where(holds(factors), body + 0.42, body)
    left = torch.where(facing < 0, ahead, body).maximum(
        torch.where(side < 0, held, body)
    )
    right = torch.where(facing > 0, ahead, body).maximum(
        torch.where(side > 0, held, body)
    )
    return left, right


def choose_pose(factors: Factors, second: bool, u: Tensor) -> dict[str, Tensor]:
    """Pose of a figure: a dict of lengths, each (N,); `u` is (N, POSE_NUMBERS).

    A figure that would leave the frame is made smaller, then moved.
    """
    subject = factors["subject_2" if second else "subject"]
    slot = choose_slot(factors, second)
    side, facing = choose_sides(factors, slot, u[:, 2:4])
    left, right = measure_widths(factors, subject, side, facing)
    lift = torch.where(wears(factors, "stilts"), STILTS, LIFT[subject])
    top = measure_height(factors, subject) + lift + 0.15
    scale = choose_scale(factors, subject, u[:, 0])
    # A small frog on stilts must stay small, and a big one must fit. The frame is 1 by
    # 1; 0.4 and 0.2 leave room for outlines and for leaning.
    scale = scale.minimum(0.91 / top).minimum(0.97 / (left + right + 0.4))
    x = slot + torch.where(factors["subject_2"] > 0, 0.015, 0.05) * (u[:, 1] - 0.5)
    x = x.maximum(0.01 + (left + 0.2) * scale).minimum(0.99 - (right + 0.2) * scale)
    floor = 0.06 + u[:, 4] * (0.9 - top * scale).clamp(0.0, 0.1)
    return {
        "x": x,
        "y": floor + lift * scale,
        "scale": scale,
        # At most three degrees, and light within 5 %: neither may change the name of an
        # animal or of its colour.
        "angle": 0.1 * (u[:, 5] - 0.5),
        "facing": facing,
        "side": side,
        "ground": -lift,
        "look": 0.1 * (u[:, 6] - 0.5),
        "light": 0.95 + 0.1 * u[:, 7],
        "head_x": HEAD_X[subject] * facing,
        "head_y": HEAD_Y[subject],
        "width": WIDTH[subject],
        "roof": ROOF[subject],
        # A bounding box of the figure, in the picture's units.
        "box_left": x - (left + 0.35) * scale,
        "box_right": x + (right + 0.35) * scale,
        "box_top": floor + (top + 0.25) * scale,
        "box_bottom": floor - 0.3 * scale,
    }


# ----------------------------------------------------------------------------- drawing


def groups(labels: Tensor, pixels: int, size: int, finer: Tensor | None = None):
    """Yield (label, rows): pictures that share a label, a few dozen at a time.

    Args:
        labels: (N,)
        pixels: roughly how many pixels to paint at once
        finer: (N,) pictures with the same value stay together, if given
    """
    # Figures in the same place share a small window (see `paint_group`). Windows and
    # this second key together save a seventh of the time at 64x64.
    order = torch.argsort(labels if finer is None else labels * 64 + finer, stable=True)
    values, counts = torch.unique_consecutive(labels[order], return_counts=True)
    for value, rows in zip(values.tolist(), order.split(counts.tolist()), strict=True):
        for some in rows.split(max(8, pixels // size**2)):
            yield value, some


def as_lengths(table: Tensor, device) -> list[Tensor]:
    """The K columns of a table (N, K), each (N, 1, 1), on the device."""
    return list(table.T.to(device)[..., None, None].unbind())


def window(pose: dict[str, Tensor], size: int) -> tuple[slice, slice]:
    """The rows and columns of pixels that contain every figure of a group."""
    left, bottom = (
        pose["box_left"].min() * size - 2,
        pose["box_bottom"].min() * size - 2,
    )
    right, top = pose["box_right"].max() * size + 2, pose["box_top"].max() * size + 2
    columns = slice(max(int(left), 0), min(int(right) + 1, size))
    return slice(max(int(size - top), 0), min(int(size - bottom) + 1, size)), columns


def make_brush(canvas: Tensor, points, scene: Tensor, pixel: float, scale) -> Brush:
    """A brush for some pictures, with lengths in units of `scale`."""
    pixels = torch.full((len(canvas), 1, 1), pixel, device=canvas.device)
    ink = torch.tensor([INK, MOONLIGHT])[(scene == SCENES.index("night")).long()]
    outline = ink.to(canvas.device).reshape(-1, 3, 1, 1)
    line = pixels.mul(0.75).clamp(min=0.018)
    # Points are in the figure's own units: the smaller a figure is drawn, the more of
    # them a pixel spans. So outlines and thin lines keep their width in the picture.
    return Brush(canvas, points, pixels / scale, line / scale, outline)


def paint_scenes(
    pictures: Tensor, grid, scene: Tensor, u: Tensor, pixels: int, hand: Hand | None
) -> None:
    """Fill every picture with its scene; `u` is (N, SCENE_NUMBERS)."""
    size = pictures.shape[-1]
    for value, rows in groups(scene, pixels, size):
        canvas = torch.empty(len(rows), *pictures.shape[1:], device=pictures.device)
        points = tuple(g.expand(len(rows), -1, -1) for g in grid)
        brush = make_brush(canvas, points, scene[rows], 1 / size, 1.0)
        if hand:
            brush = hand(brush, "scene", SCENES[value], rows, None)
        PAINT_SCENE[SCENES[value]](brush, as_lengths(u[rows], pictures.device))
        pictures[rows.to(pictures.device)] = canvas


def paint_group(pictures, grid, scene: Tensor, pose: dict, rows: Tensor, painter):
    """Call painter(brush, pose, rows) on some pictures, in a window that they need."""
    some = {name: values[rows] for name, values in pose.items()}
    down, across = window(some, pictures.shape[-1])
    # Most of a picture is scene, so a figure is painted only where it stands.
    view = pictures[:, :, down, across]
    lengths = as_lengths(torch.stack(list(some.values()), 1), pictures.device)
    some = dict(zip(some, lengths, strict=True))
    where = rows.to(pictures.device)
    canvas = view[where]  # (rows, 3, h, w), a copy: it is put back below
    points = tuple(g[:, down, across] for g in grid)
    points = place(points, some["x"], some["y"], some["scale"], some["angle"])
    pixel = 1 / pictures.shape[-1]
    painter(make_brush(canvas, points, scene[rows], pixel, some["scale"]), some, rows)
    view[where] = canvas


def paint_accessories(
    pictures, grid, factors, pose, painters, pixels: int, hand: Hand | None
) -> None:
    """Paint the accessories that are in `painters`: BEHIND or IN_FRONT."""
    finer = factors["size"] * 4 + factors["position"]
    size = pictures.shape[-1]
    for value, rows in groups(factors["accessory"], pixels, size, finer):
        if ACCESSORIES[value] in painters:
            name = ACCESSORIES[value]
            paint = partial(paint_worn, name=name, painter=painters[name], hand=hand)
            paint_group(pictures, grid, factors["scene"], pose, rows, paint)


def paint_worn(brush: Brush, pose: dict, rows: Tensor, name, painter, hand) -> None:
    """Paint one accessory, or the part of it behind or in front of the figure."""
    painter(hand(brush, "accessory", name, rows, pose) if hand else brush, pose)


def paint_figure(
    brush: Brush, pose: dict, rows: Tensor, part, name: str, colour, ears: str, hand
):
    """Paint one subject and its shadow; `colour` is (N, 3) in 0..1."""
    if hand:
        brush = hand(brush, part, name, rows, pose)
    # On the ground, not at the feet: the shadow makes a fish hover and stilts stand.
    shadow = ellipse(brush.points, (0.0, pose["ground"]), (0.85, 0.12))
    brush.paint(shadow, (0.0, 0.0, 0.0), 0.25)
    # Mirrored points draw a mirrored figure; the shadow, painted above, has no face.
    brush.points = (brush.points[0] * pose["facing"], brush.points[1])
    colour = colour.to(brush.canvas.device)[..., None, None] * pose["light"][:, None]
    FIGURES[name](brush, colour.clamp(0, 1), ears, pose["look"])


def paint_figures(
    pictures, grid, factors, pose, second: bool, pixels: int, hand: Hand | None
) -> None:
    """Paint the first or the second subject of every picture."""
    subject = factors["subject_2" if second else "subject"]
    palette = torch.tensor(list(PAINTS.values()))
    colours = palette[factors["colour_2" if second else "colour"]]  # (N, 3)
    # Grouped by animal and ears, which decide the strokes; colour, pose and light may
    # differ within a group.
    labels = subject * len(EARS) + factors["ears"]
    finer = (factors["size"] * 4 + factors["position"]) * 5 + factors["accessory"]
    for value, rows in groups(labels, pixels, pictures.shape[-1], finer):
        name, ears = SUBJECTS[value // len(EARS)], EARS[value % len(EARS)]
        if name != "none":  # there may be no second subject
            part = "second" if second else "first"
            paint = partial(paint_figure, part=part, name=name, ears=ears, hand=hand)
            paint = partial(paint, colour=colours[rows])
            paint_group(pictures, grid, factors["scene"], pose, rows, paint)


def check_request(factors: Factors, indices: Tensor, size: int) -> None:
    """Raise a ValueError that says what cannot be drawn."""
    if size < 16:
        raise ValueError(f"A picture needs at least 16 pixels a side, not {size}.")
    missing = [name for name in FACTORS if name not in factors]
    if missing:
        raise ValueError(
            f"The factors must name all of {list(FACTORS)}: add {missing}."
        )
    if any(len(values) != len(indices) for values in factors.values()):
        raise ValueError(
            f"Every factor needs one value for each picture: there are {len(indices)} "
            f"indices but {len(factors['subject'])} subjects."
        )


@plain_torch()
def draw(
    factors: Factors,
    indices: Tensor,
    seed: int,
    size: int = 32,
    device: str | torch.device = "cpu",
    hand: Hand | None = None,
) -> Tensor:
    """Draw pictures with these factors, (N, 3, size, size) in [-1, 1].

    Args:
        factors: name of each factor in FACTORS -> (N,)
        indices: (N,) numbers of the pictures; with `seed` they decide pose and light
        size: height and width in pixels, at least 16; scene and pose stay the same
        hand: replaces the brush, see `Hand`

    Raises:
        ValueError: the size is too small, or factors are missing or of other lengths
    """
    check_request(factors, indices, size)
    indices = torch.as_tensor(indices, dtype=torch.int64).cpu()
    pixels = CPU_PIXELS if torch.device(device).type == "cpu" else GPU_PIXELS
    # Always numbers for two figures: a second one changes nothing about the scene.
    u = uniforms(indices, seed, SCENE_NUMBERS + 2 * POSE_NUMBERS, DRAWING)
    u = torch.from_numpy(u).float()
    u_scene, u_first, u_second = u.split([SCENE_NUMBERS, POSE_NUMBERS, POSE_NUMBERS], 1)
    pictures = torch.empty(len(indices), 3, size, size, device=device)
    grid = pixel_grid(size, device)
    paint_scenes(pictures, grid, factors["scene"], u_scene, pixels, hand)
    pose = choose_pose(factors, False, u_first)
    # From back to front, as on paper: later paint hides earlier paint.
    paint_accessories(pictures, grid, factors, pose, BEHIND, pixels, hand)
    paint_figures(pictures, grid, factors, pose, False, pixels, hand)
    paint_accessories(pictures, grid, factors, pose, IN_FRONT, pixels, hand)
    pose = choose_pose(factors, True, u_second)
    paint_figures(pictures, grid, factors, pose, True, pixels, hand)
    return pictures.mul_(2).sub_(1)  # in place: new memory costs more than the sums


@plain_torch()
def draw_critters(
    n: int,
    seed: int,
    size: int = 32,
    start: int = 0,
    kind: str = "any",
    allow_held_out: bool = False,
) -> tuple[Tensor, Factors]:
    """Draw pictures start .. start + n - 1: (n, 3, size, size) uint8, and the factors.

    `kind` and `allow_held_out` are those of `choose_factors`.
    """
    indices = torch.arange(start, start + n)
    factors = choose_factors(indices, seed, kind, allow_held_out)
    pictures = torch.empty(n, 3, size, size, dtype=torch.uint8)
    # Converted to bytes in parts: 50,000 float pictures of 64x64 would take 2.5 GB.
    for rows in torch.arange(n).split(4096):
        some = {name: values[rows] for name, values in factors.items()}
        drawn = draw(some, indices[rows], seed, size)
        pictures[rows] = drawn.add_(1).mul_(127.5).round_().to(torch.uint8)
    return pictures, factors
