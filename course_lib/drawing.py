"""From factors to pixels: pose, scene, accessory, animal.

    pictures, factors = draw_critters(n=1000, seed=0)

Each picture's pose, light and clouds follow from (seed, index) alone. Pictures that
need the same strokes are drawn together, a few dozen at a time: enough to keep the
processor busy, few enough to stay in its cache.
"""

import torch
from torch import Tensor

from course_lib.animals import BUILDS, FIGURES
from course_lib.critters import (
    ACCESSORIES,
    DRAWING,
    EARS,
    SCENES,
    SUBJECTS,
    Factors,
    choose_factors,
    uniforms,
)
from course_lib.scenes import PAINT_SCENE, SCENE_NUMBERS
from course_lib.shapes import (
    Brush,
    Length,
    box,
    capsule,
    circle,
    ellipse,
    intersection,
    mirror,
    pixel_grid,
    place,
    polygon,
    union,
)

PALETTE = {
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
GROUP = {"cpu": 48, "cuda": 2048}  # pictures drawn at once
STILTS = 1.0  # how far they lift, half the height of a body
POSE_NUMBERS = 12


# -------------------------------------------------------------------------------- pose


def build_table(name: str) -> Tensor:
    """One measure of every figure's build, by the index of the subject."""
    builds = [BUILDS[subject] for subject in SUBJECTS[1:]]
    return torch.tensor([0.0] + [getattr(build, name) for build in builds])


WIDTH, TOP, LIFT = (build_table(name) for name in ("width", "top", "lift"))
HEAD_X = torch.tensor([0.0] + [BUILDS[s].head[0] for s in SUBJECTS[1:]])
HEAD_Y = torch.tensor([0.0] + [BUILDS[s].head[1] for s in SUBJECTS[1:]])
ROOF = torch.maximum(HEAD_Y + 0.25, TOP - 0.3)  # long ears keep their tips dry
EAR_HEIGHT = torch.tensor(
    [0.0, 0.88, 0.75, 0.4]
)  # above the head, by the index of EARS


def wears(factors: Factors, name: str) -> Tensor:
    """Which pictures show this accessory, (N,) bool."""
    return factors["accessory"] == ACCESSORIES.index(name)


def choose_scale(factors: Factors, second: bool, u: Tensor) -> Tensor:
    """How large one unit of the figure is in the picture, (N,)."""
    subject = factors["subject_2" if second else "subject"]
    scale = torch.where(factors["size"] == 1, 0.205, 0.30)
    tall = wears(factors, "stilts") | wears(factors, "umbrella")
    scale = torch.where(tall & (factors["size"] == 2), 0.255, scale)
    shared = (0.225 / WIDTH[subject]).clamp(max=0.205)  # half of the picture is theirs
    scale = torch.where(factors["subject_2"] > 0, shared, scale)
    return scale * (1 + 0.06 * (u - 0.5))


def choose_pose(factors: Factors, second: bool, u: Tensor) -> dict[str, Tensor]:
    """Where and how a figure stands, each (N,); `u` is (N, POSE_NUMBERS)."""
    subject = factors["subject_2" if second else "subject"]
    two = factors["subject_2"] > 0
    scale = choose_scale(factors, second, u[:, 0])
    slot = torch.tensor([0.5, 0.27, 0.5, 0.73])[factors["position"]]
    slot = torch.where(two, 0.75 if second else 0.25, slot)
    x = slot + torch.where(two, 0.015, 0.05) * (u[:, 1] - 0.5)
    lift = torch.where(wears(factors, "stilts"), STILTS, LIFT[subject])
    top = torch.maximum(TOP[subject], HEAD_Y[subject] + EAR_HEIGHT[factors["ears"]])
    extra = torch.tensor([0.0, 0.0, 0.75, 0.95, 0.0])[factors["accessory"]]
    top = torch.maximum(top, HEAD_Y[subject] + extra)
    roof = torch.where(wears(factors, "umbrella"), ROOF[subject] + 1.1, 0.0)
    top = torch.maximum(top, roof) + lift + 0.15
    scale = torch.minimum(scale, 0.91 / top)
    # What is held is held on the free side, and the figure looks the other way.
    side = torch.where(u[:, 2] < 0.5, -1.0, 1.0)
    side = torch.where(slot < 0.4, 1.0, torch.where(slot > 0.6, -1.0, side))
    holds = wears(factors, "balloon") | wears(factors, "umbrella")
    facing = torch.where(holds, -side, torch.where(u[:, 3] < 0.5, -1.0, 1.0))
    reach = WIDTH[subject]
    on_head = (factors["ears"] > 0) | wears(factors, "hat")
    ahead = torch.maximum(reach, HEAD_X[subject] + torch.where(on_head, 0.8, 0.0))
    held = torch.where(holds, reach + 0.42, reach)
    left = torch.maximum(
        torch.where(facing < 0, ahead, reach), torch.where(side < 0, held, reach)
    )
    right = torch.maximum(
        torch.where(facing > 0, ahead, reach), torch.where(side > 0, held, reach)
    )
    scale = torch.minimum(scale, 0.97 / (left + right + 0.4))  # wide ones shrink
    low, high = 0.01 + (left + 0.2) * scale, 0.99 - (right + 0.2) * scale
    x = torch.minimum(torch.maximum(x, low), high)
    floor = 0.06 + u[:, 4] * (0.9 - top * scale).clamp(0.0, 0.1)
    return {
        "x": x,
        "y": floor + lift * scale,
        "scale": scale,
        "angle": 0.1 * (u[:, 5] - 0.5),
        "facing": facing,
        "side": side,
        "ground": -lift,
        "look": 0.1 * (u[:, 6] - 0.5),
        "light": 0.95 + 0.1 * u[:, 7],
        "head_x": HEAD_X[subject] * facing,
        "head_y": HEAD_Y[subject],
        "width": WIDTH[subject],
        "roof": ROOF[subject],  # the lower edge of an umbrella
    }


# ------------------------------------------------------------------------- accessories


def colour(brush: Brush, red: float, green: float, blue: float) -> Tensor:
    """A colour on the canvas's device, (3,)."""
    return torch.tensor([red, green, blue], device=brush.canvas.device)


def stilts(brush: Brush, pose: dict[str, Tensor]) -> None:
    """Two poles with a step each; painted before the figure, which hides their tops."""
    half = mirror(brush.points)
    radius = (0.75 * brush.pixel).clamp(min=0.11)
    poles = union(
        box(half, (0.42, 0.5 * (0.4 - STILTS)), (radius, 0.5 * (0.4 + STILTS))),
        box(half, (0.58, -0.14), (0.2, 0.8 * radius)),
    )
    brush.paint_outlined(poles, colour(brush, 1.0, 0.80, 0.35))


def balloon(brush: Brush, pose: dict[str, Tensor]) -> None:
    """Red and round, on a string."""
    x, y = pose["side"] * (pose["width"] + 0.02), pose["head_y"] + 0.38
    hand = (pose["side"] * 0.6 * pose["width"], 0.6)
    string = capsule(brush.points, hand, (x, y), 0.45 * brush.pixel)
    brush.paint(string, brush.outline)
    points = (brush.points[0] - x, brush.points[1] - y)
    skin = union(
        ellipse(points, (0.0, 0.0), (0.38, 0.45)),
        polygon(points, [(-0.12, -0.56), (0.12, -0.56), (0.0, -0.38)]),
    )
    brush.paint_outlined(skin, colour(brush, 0.93, 0.13, 0.25))
    shine = ellipse(points, (-0.14, 0.17), (0.09, 0.13))
    brush.paint(shine, colour(brush, 1.0, 1.0, 1.0), 0.8)


def umbrella_middle(pose: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Where the pole of the umbrella meets its roof."""
    return 0.35 * pose["head_x"] + 0.4 * pose["side"], pose["roof"]


def umbrella_pole(brush: Brush, pose: dict[str, Tensor]) -> None:
    """From the hand to the roof."""
    x, y = umbrella_middle(pose)
    hand = (pose["side"] * (pose["width"] - 0.05).clamp(max=1.1), 0.3)
    pole = capsule(brush.points, hand, (x, y), brush.thick(0.05))
    brush.paint_outlined(pole, colour(brush, 0.55, 0.36, 0.20))


def umbrella_roof(brush: Brush, pose: dict[str, Tensor]) -> None:
    """Half a disc with red and white stripes and a scalloped edge."""
    x, y = umbrella_middle(pose)
    points = (brush.points[0] - x, brush.points[1] - y)
    roof = intersection(circle(points, (0.0, -0.1), 1.0), -0.02 - points[1])
    brush.paint_outlined(roof, colour(brush, 0.93, 0.16, 0.22))
    middle = ellipse(points, (0.0, -0.05), (0.3, 0.88))
    brush.paint(intersection(middle, roof), colour(brush, 1.0, 0.97, 0.9))
    tip = capsule(points, (0.0, 0.9), (0.0, 1.02), brush.thick(0.05))
    brush.paint(tip, brush.outline)


def hat(brush: Brush, pose: dict[str, Tensor]) -> None:
    """A black top hat with a red band and a pale rim that shows at night."""
    points = (brush.points[0] - pose["head_x"], brush.points[1] - pose["head_y"])
    felt = union(
        box(points, (0.0, 0.0), (0.52, 0.09)), box(points, (0.0, 0.36), (0.31, 0.36))
    )
    brush.paint(felt - brush.line, colour(brush, 0.88, 0.88, 0.92))
    brush.paint(felt, colour(brush, 0.12, 0.11, 0.16))
    band = box(points, (0.0, 0.18), (0.31, brush.thick(0.11)))
    brush.paint(band, colour(brush, 0.90, 0.13, 0.20))


BEHIND = {"stilts": stilts, "balloon": balloon, "umbrella": umbrella_pole}
IN_FRONT = {"hat": hat, "umbrella": umbrella_roof}


# ----------------------------------------------------------------------------- drawing


def groups(labels: Tensor, size: int):
    """Yield (label, rows): the rows that share a label, at most `size` at a time."""
    order = torch.argsort(labels, stable=True)
    values, counts = torch.unique_consecutive(labels[order], return_counts=True)
    for value, rows in zip(values.tolist(), order.split(counts.tolist()), strict=True):
        for some in rows.split(size):
            yield value, some


def as_length(values: Tensor, device) -> Tensor:
    """(N,) to (N, 1, 1), on the device."""
    return values.to(device).reshape(-1, 1, 1)


def make_brush(canvas: Tensor, grid, scene: Tensor, scale: Length) -> Brush:
    """A brush for some pictures, with lengths in units of `scale`."""
    pixel = torch.full((len(canvas), 1, 1), 1 / canvas.shape[-2], device=canvas.device)
    ink = torch.tensor([INK, MOONLIGHT], device=canvas.device)
    at_night = (scene == SCENES.index("night")).long().to(canvas.device)
    line = (0.75 * pixel).clamp(min=0.018)
    outline = ink[at_night].reshape(-1, 3, 1, 1)
    return Brush(canvas, grid, pixel / scale, line / scale, outline)


def paint_scenes(pictures: Tensor, grid, scene: Tensor, u: Tensor, size: int) -> None:
    """Fill every picture with its scene; `u` is (N, SCENE_NUMBERS)."""
    for value, rows in groups(scene, size):
        where = rows.to(pictures.device)
        canvas = torch.empty_like(pictures[where])
        points = tuple(g.expand(len(rows), -1, -1) for g in grid)
        brush = make_brush(canvas, points, scene[rows], 1.0)
        numbers = [as_length(u[rows, k], canvas.device) for k in range(u.shape[1])]
        PAINT_SCENE[SCENES[value]](brush, numbers)
        pictures[where] = canvas


def figure_brush(canvas: Tensor, grid, scene: Tensor, pose: dict) -> Brush:
    """A brush whose points are in the figure's own units."""
    points = place(grid, pose["x"], pose["y"], pose["scale"], pose["angle"])
    return make_brush(canvas, points, scene, pose["scale"])


def paint_accessories(pictures, grid, factors, pose, painters: dict, size: int) -> None:
    """Paint what is worn or held, by the painters for it."""
    for value, rows in groups(factors["accessory"], size):
        if ACCESSORIES[value] in painters:
            where = rows.to(pictures.device)
            canvas = pictures[where]
            some = {k: as_length(v[rows], canvas.device) for k, v in pose.items()}
            brush = figure_brush(canvas, grid, factors["scene"][rows], some)
            painters[ACCESSORIES[value]](brush, some)
            pictures[where] = canvas


def paint_figures(pictures, grid, factors, pose, second: bool, size: int) -> None:
    """Paint the first or the second subject of every picture, with its shadow."""
    subject = factors["subject_2" if second else "subject"]
    paint = factors["colour_2" if second else "colour"]
    palette = torch.tensor(list(PALETTE.values()))
    for value, rows in groups(subject * len(EARS) + factors["ears"], size):
        if value < len(EARS):
            continue  # there is no second subject
        where = rows.to(pictures.device)
        canvas = pictures[where]
        some = {k: as_length(v[rows], canvas.device) for k, v in pose.items()}
        brush = figure_brush(canvas, grid, factors["scene"][rows], some)
        shadow = ellipse(brush.points, (0.0, some["ground"]), (0.85, 0.12))
        brush.paint(shadow, torch.zeros(3, device=canvas.device), 0.25)
        brush.points = (brush.points[0] * some["facing"], brush.points[1])
        body = palette[paint[rows]] * pose["light"][rows, None]
        body = body.clamp(0, 1).reshape(-1, 3, 1, 1).to(canvas.device)
        name, ears = SUBJECTS[value // len(EARS)], EARS[value % len(EARS)]
        FIGURES[name](brush, body, ears, some["look"])
        pictures[where] = canvas


def draw(
    factors: Factors,
    indices: Tensor,
    seed: int,
    size: int = 32,
    device: str | torch.device = "cpu",
) -> Tensor:
    """Draw pictures with these factors, (N, 3, size, size) in [-1, 1].

    Args:
        indices: (N,) the pictures' numbers; with `seed` they decide pose and light
    """
    if size < 8:
        raise ValueError(f"A picture needs at least 8 pixels a side, not {size}.")
    indices = torch.as_tensor(indices, dtype=torch.int64).cpu()
    group = GROUP[torch.device(device).type]
    u = uniforms(indices, seed, SCENE_NUMBERS + 2 * POSE_NUMBERS, DRAWING)
    u = torch.from_numpy(u).float()
    u_scene, u_first, u_second = u.split([SCENE_NUMBERS, POSE_NUMBERS, POSE_NUMBERS], 1)
    pictures = torch.empty(len(indices), 3, size, size, device=device)
    grid = pixel_grid(size, device)
    paint_scenes(pictures, grid, factors["scene"], u_scene, group)
    pose = choose_pose(factors, False, u_first)
    paint_accessories(pictures, grid, factors, pose, BEHIND, group)
    paint_figures(pictures, grid, factors, pose, False, group)
    paint_accessories(pictures, grid, factors, pose, IN_FRONT, group)
    pose = choose_pose(factors, True, u_second)
    paint_figures(pictures, grid, factors, pose, True, group)
    return pictures * 2 - 1


def draw_critters(
    n: int,
    seed: int,
    size: int = 32,
    start: int = 0,
    kind: str = "any",
    allow_held_out: bool = False,
) -> tuple[Tensor, Factors]:
    """Pictures number start .. start + n - 1, (n, 3, H, W) uint8, and their factors."""
    indices = torch.arange(start, start + n)
    factors = choose_factors(indices, seed, kind, allow_held_out)
    pictures = torch.empty(n, 3, size, size, dtype=torch.uint8)
    for rows in torch.arange(n).split(4096):
        some = {name: values[rows] for name, values in factors.items()}
        drawn = draw(some, indices[rows], seed, size)
        pictures[rows] = ((drawn + 1) * 127.5).round().to(torch.uint8)
    return pictures, factors
