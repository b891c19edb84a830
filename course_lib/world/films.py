"""Critter films: one animal that does something, drawn frame by frame without end.

    films, factors = draw_films(n=4, seed=0)        # films (4, 16, 3, 32, 32) uint8

A film has the factors of a picture (critters.py) and two more: its motion, and for
those that travel a direction. The scene stands still, except for a sun that goes down;
so whatever changes between two frames is the motion. Everything about film `index`
follows from (seed, index) alone, and its motion is a function of time, so the same film
can be drawn in 8 frames or in 16, at 32x32 or at 64x64.
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from course_lib.chance import (
    AGAIN,
    FILMING,
    REDRAWN,
    Batch,
    GetBatch,
    generator_for,
    pick,
    uniforms,
)
from course_lib.device import plain_torch
from course_lib.pixels import from_bytes, to_bytes
from course_lib.world.critters import (
    ACCESSORIES,
    ANIMALS,
    COLOURS,
    FACTORS,
    SCENES,
    SIZES,
    SUBJECTS,
    Factors,
    is_held_out,
)
from course_lib.world.drawing import (
    CPU_PIXELS,
    GPU_PIXELS,
    PAINTS,
    TOP,
    groups,
    make_brush,
    paint_group,
    paint_scenes,
)
from course_lib.world.motions import (
    ACTOR_NUMBERS,
    DIRECTIONS,
    MOTIONS,
    TRAVELS,
    pose_at,
)
from course_lib.world.puppets import (
    paint_actor,
    paint_ball,
    paint_sinking_sun,
    paint_stilts,
    paint_water_before,
    paint_water_behind,
)
from course_lib.world.scenes import SCENE_NUMBERS
from course_lib.world.shapes import pixel_grid

FRAMES = 16  # two seconds at eight frames a second
FRAMES_A_SECOND = 8
FILM_FACTORS = FACTORS | {"motion": MOTIONS, "direction": DIRECTIONS}
CHUNK = 128  # films drawn together, and forgotten together
FIRST = 100_000  # as in endless.py: films below are for looking and testing

# What no training film shows: every animal and every motion once, so an eighth of all
# pairs (and stand, which is no motion). The frog on stilts is the course's old friend.
HELD_OUT_MOTIONS = [
    *(("turtle", "walk"), ("fish", "hop"), ("cat", "swim"), ("bear", "fly")),
    *(("bat", "bounce"), ("rabbit", "wave"), ("frog", "rise"), ("bird", "sunset")),
]
WHICH = ("seen", "held out", "all")


def table_of_held_out() -> np.ndarray:
    """HELD_OUT_MOTIONS as booleans, (subjects, motions)."""
    table = np.zeros((len(SUBJECTS), len(MOTIONS)), dtype=bool)
    for animal, motion in HELD_OUT_MOTIONS:
        table[SUBJECTS.index(animal), MOTIONS.index(motion)] = True
    return table


HELD_OUT = table_of_held_out()


def held_out_films(factors: Factors) -> Tensor:
    """Which films show a held-out pair of animal and motion, (N,) bool."""
    return torch.from_numpy(HELD_OUT)[factors["subject"], factors["motion"]]


# -------------------------------------------------------------------- choosing factors


def choose_freely(u: np.ndarray) -> Factors:
    """Factors of films, held out or not; `u` is (N, 6) in [0, 1)."""
    n = len(u)
    motion = 1 + pick(u[:, 0], len(MOTIONS) - 1)
    travels = np.isin(motion, [MOTIONS.index(name) for name in TRAVELS])
    rises, sinks = (motion == MOTIONS.index(name) for name in ("rise", "sunset"))
    scene = pick(u[:, 4], len(SCENES))
    factors = {name: np.zeros(n, dtype=np.int64) for name in FACTORS} | {
        "subject": 1 + pick(u[:, 1], len(ANIMALS)),
        "colour": 1 + pick(u[:, 2], len(COLOURS) - 1),
        "accessory": np.where(rises, ACCESSORIES.index("stilts"), 0),
        # Where the sun goes down it is evening, from the first frame on.
        "scene": np.where(sinks, SCENES.index("sunset"), scene),
        "size": np.full(n, SIZES.index("small")),
        "motion": motion,
        "direction": np.where(travels, 1 + pick(u[:, 3], 2), 0),
    }
    return {name: torch.from_numpy(values) for name, values in factors.items()}


def choose_film_factors(indices: Tensor, seed: int, which: str = "seen") -> Factors:
    """The factors of the films `indices`, (N,), of the world `seed`.

    Args:
        which: "seen" for training; "held out" for films with a pair of animal and
            motion from HELD_OUT_MOTIONS, and nothing else that was held out; or "all"

    Returns:
        name of the factor -> (N,) int64: those of critters, "motion" and "direction"
    """
    if which not in WHICH:
        raise ValueError(f"which must be one of {WHICH}; got {which!r}.")
    indices = torch.as_tensor(indices, dtype=torch.int64).cpu()
    factors = {n: torch.zeros(len(indices), dtype=torch.int64) for n in FILM_FACTORS}
    rows, attempt = torch.arange(len(indices)), 1
    # Redrawn until accepted, as pictures are: a repair would favour some combinations.
    while len(rows) > 0:
        stream = FILMING + REDRAWN * attempt
        drawn = choose_freely(uniforms(indices[rows], seed, 6, stream))
        keep = accepted(drawn, which)
        for name in FILM_FACTORS:
            factors[name][rows[keep]] = drawn[name][keep]
        rows, attempt = rows[~keep], attempt + 1
    return factors


def accepted(factors: Factors, which: str) -> Tensor:
    """Which films are of the kind asked for, (N,) bool."""
    pair = held_out_films(factors)
    if which == "all":
        return torch.ones_like(pair)
    # A frog on stilts is held out in pictures, too; as a film it counts as a pair.
    stilts = dict(factors, accessory=torch.zeros_like(factors["accessory"]))
    if which == "held out":
        return pair & ~is_held_out(stilts)
    return ~pair & ~is_held_out(factors)


# ----------------------------------------------------------------------------- drawing


@plain_torch()
def draw_frames(
    factors: Factors,
    indices: Tensor,
    seed: int,
    size: int = 32,
    frames: int = FRAMES,
    device: str | torch.device = "cpu",
) -> Tensor:
    """Draw films with these factors: (N, frames, 3, size, size) in [-1, 1].

    Args:
        factors: name of each factor in FILM_FACTORS -> (N,)
        indices: (N,) numbers of the films; with `seed` they decide pose and scenery
        frames: how many a film has; time goes from 0 to just before 1

    Raises:
        ValueError: fewer than 1 frame, a size below 16, or factors missing
    """
    check_request(factors, size, frames)
    indices = torch.as_tensor(indices, dtype=torch.int64).cpu()
    u = uniforms(indices, seed, SCENE_NUMBERS + ACTOR_NUMBERS, FILMING)
    u_scene, u_actor = (
        torch.from_numpy(u).float().split([SCENE_NUMBERS, ACTOR_NUMBERS], 1)
    )
    pixels = CPU_PIXELS if torch.device(device).type == "cpu" else GPU_PIXELS
    # All frames of all films are one batch of pictures, and those that need the same
    # strokes are drawn together (drawing.py).
    factors = {name: x.repeat_interleave(frames) for name, x in factors.items()}
    time = (torch.arange(frames) / frames).repeat(len(indices))
    grid = pixel_grid(size, device)
    pictures = scenery(factors, u_scene, time, size, frames, grid, pixels)
    pose = actors(factors, time, u_actor.repeat_interleave(frames, 0))
    paint_all(pictures, grid, factors, pose, pixels)
    return pictures.mul_(2).sub_(1).unflatten(0, (len(indices), frames))


def check_request(factors: Factors, size: int, frames: int) -> None:
    """Raise a ValueError that says what cannot be drawn."""
    if size < 16 or frames < 1:
        raise ValueError(
            f"A film needs 1 frame or more, of 16 pixels a side or more; got {frames} "
            f"of {size}."
        )
    missing = [name for name in FILM_FACTORS if name not in factors]
    if missing:
        raise ValueError(
            f"The factors must name all of {list(FILM_FACTORS)}: add {missing}."
        )


def scenery(
    factors: Factors, u: Tensor, time: Tensor, size: int, frames: int, grid, pixels: int
) -> Tensor:
    """The scene of every frame, (M, 3, size, size) in 0..1."""
    # Once a film, since nothing in it moves; but the sun goes down frame by frame.
    scene = factors["scene"][::frames]
    still = torch.empty(len(scene), 3, size, size, device=grid[0].device)
    paint_scenes(still, grid, scene, u, pixels, None)
    pictures = still.repeat_interleave(frames, 0)
    each = u.repeat_interleave(frames, 0)

    def sun(brush, pose, rows):
        numbers = [x[:, None, None] for x in each[rows].T.to(grid[0].device)]
        paint_sinking_sun(brush, numbers, pose["time"])

    for _, rows in frames_of("sunset", factors, pixels, size):
        paint_over(pictures, grid, factors["scene"], {"time": time}, rows, sun)
    return pictures


def frames_of(motion: str, factors: Factors, pixels: int, size: int):
    """Yield (scene, rows) for the frames with this motion, a few dozen at a time."""
    those = (factors["motion"] == MOTIONS.index(motion)).nonzero().flatten()
    for scene, rows in groups(factors["scene"][those], pixels, size):
        yield SCENES[scene], those[rows]


def actors(factors: Factors, time: Tensor, u: Tensor) -> dict[str, Tensor]:
    """The pose in every frame, with a box around all that is painted with it."""
    heading = torch.tensor([0.0, -1.0, 1.0])[factors["direction"]]
    pose = pose_at(factors["motion"], factors["subject"], heading, time, u)
    reach = (pose["width"] + 0.7) * pose["scale"]
    return pose | {
        "time": time,
        "box_left": pose["x"] - reach,
        "box_right": pose["x"] + reach,
        "box_top": pose["y"] + (TOP[factors["subject"]] + 0.9) * pose["scale"],
        "box_bottom": pose["floor"].minimum(pose["y"]) - 0.3 * pose["scale"],
    }


def paint_over(pictures, grid, scene: Tensor, pose: dict, rows: Tensor, painter):
    """Call painter(brush, pose, rows) on whole pictures, in the picture's own units."""
    where = rows.to(pictures.device)
    canvas = pictures[where]  # a copy: it is put back below
    points = tuple(g.expand(len(rows), -1, -1) for g in grid)
    some = {n: x[rows].to(pictures.device)[:, None, None] for n, x in pose.items()}
    brush = make_brush(canvas, points, scene[rows], 1 / pictures.shape[-1], 1.0)
    painter(brush, some, rows)
    pictures[where] = canvas


def paint_all(pictures: Tensor, grid, factors: Factors, pose: dict, pixels: int):
    """Paint the actor of every frame, and what is behind and before it."""
    size, scene = pictures.shape[-1], factors["scene"]

    def over(motion: str, paint) -> None:
        for name, rows in frames_of(motion, factors, pixels, size):
            painter = partial(painted, paint=paint, scene=name)
            paint_over(pictures, grid, scene, pose, rows, painter)

    over("swim", paint_water_behind)
    for _, rows in frames_of("rise", factors, pixels, size):
        painter = partial(painted, paint=paint_stilts)
        paint_group(pictures, grid, scene, pose, rows, painter)
    colours = torch.tensor(list(PAINTS.values()))[factors["colour"]]  # (M, 3)
    labels = factors["subject"] * len(MOTIONS) + factors["motion"]
    # Those at about the same place share a small window (`paint_group`).
    finer = (pose["x"] * 7.99).long() * 8 + (pose["y"] * 7.99).long().clamp(0, 7)
    for value, rows in groups(labels, pixels, size, finer):
        name = SUBJECTS[value // len(MOTIONS)]
        painter = partial(paint_lit, name=name, colour=colours[rows])
        paint_group(pictures, grid, scene, pose, rows, painter)
    over("bounce", paint_ball)
    over("swim", paint_water_before)


def paint_lit(brush, pose: dict, rows: Tensor, name: str, colour: Tensor) -> None:
    """`paint_actor` in a colour (N, 3) under the light of its film."""
    colour = colour.to(brush.canvas.device)[..., None, None] * pose["light"][:, None]
    paint_actor(brush, pose, name, colour.clamp(0, 1))


def painted(brush, pose: dict, rows: Tensor, paint, **where) -> None:
    """`paint` as a painter for paint_group, which also passes rows."""
    paint(brush, pose, **where)


@plain_torch()
def draw_films(
    n: int,
    seed: int,
    size: int = 32,
    frames: int = FRAMES,
    start: int = 0,
    which: str = "seen",
) -> tuple[Tensor, Factors]:
    """Draw films start .. start + n - 1: (n, frames, 3, size, size) uint8, and factors.

    >>> films, factors = draw_films(n=2, seed=0, frames=8)
    >>> films.shape
    torch.Size([2, 8, 3, 32, 32])
    """
    indices = torch.arange(start, start + n)
    factors = choose_film_factors(indices, seed, which)
    parts = []
    for rows in torch.arange(n).split(max(1, 4096 // frames)):
        some = {name: values[rows] for name, values in factors.items()}
        parts.append(to_bytes(draw_frames(some, indices[rows], seed, size, frames)))
    return torch.cat(parts), factors


def endless_films(
    batch_size: int, size: int = 32, frames: int = FRAMES, seed: int = 0
) -> GetBatch:
    """Batches of `x_0`, (B, frames, 3, size, size) in [-1, 1], and (B,) a factor.

    Like `endless_batches`, a function of the iteration alone; every film is new.
    """
    kept: dict[int, tuple[Tensor, Factors, Tensor]] = {}
    per_chunk = max(1, CHUNK // batch_size)

    def get_batch(iteration: int) -> Batch:
        number, place = divmod(iteration, per_chunk)
        if number not in kept:
            kept.clear()
            n = per_chunk * batch_size
            drawn = draw_films(n, seed, size, frames, FIRST + number * n)
            order = torch.randperm(n, generator=generator_for(seed, number, AGAIN))
            kept[number] = *drawn, order
        films, factors, order = kept[number]
        rows = order[place * batch_size : (place + 1) * batch_size]
        batch = {"x_0": from_bytes(films[rows])}
        return batch | {name: values[rows] for name, values in factors.items()}

    return get_batch
