"""A brush that errs: it paints the usual strokes, and some of them go wrong.

It replaces `Brush` while a picture is drawn (drawing.py), so only the fault differs
from the clean picture: the outline closes around a bite, a bent ear keeps its colour.
Every picture of a group has its own fault, or none.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from course_lib.world.accessories import BEHIND, IN_FRONT, STILTS
from course_lib.world.animals import FIGURES
from course_lib.world.scenes import PAINT_SCENE, SCENE_NUMBERS
from course_lib.world.shapes import Brush, Colour, Points, coverage

BRUSH_FAULTS = ("missing", "gone", "extra", "moved", "bent", "outline", "patched")
PARTS = ("first", "second", "accessory", "scene")
CHANCES = 16  # how many random numbers decide a fault
FOLDED = 0.5  # the share of "extra" in which one half of a figure is drawn twice
NEVER = 1e3  # a distance larger than any in a picture: nothing is there
# Wrong colours: those of the animals, and grey.
WRONG_PAINTS = torch.tensor(
    [
        (0.88, 0.15, 0.16),
        (1.0, 0.55, 0.10),
        (1.0, 0.87, 0.18),
        (0.22, 0.68, 0.24),
        (0.20, 0.44, 0.92),
        (0.58, 0.27, 0.78),
        (0.98, 0.98, 0.98),
        (0.50, 0.30, 0.16),
        (0.55, 0.55, 0.58),
    ]
)


@dataclass(eq=False)
class Plan:
    """The faults of N pictures, on the CPU."""

    fault: Tensor  # (N,) index of BRUSH_FAULTS, -1 for none
    part: Tensor  # (N,) index of PARTS
    u: Tensor  # (N, CHANCES) in 0..1

    def hand(self, brush: Brush, part: str, name: str, rows: Tensor, pose) -> Brush:
        """The brush for one part of some pictures: `brush` itself if all are clean."""
        # A group is painted together; pictures without a fault here get -1.
        wrong = self.part[rows] == PARTS.index(part)
        fault = torch.where(wrong, self.fault[rows], -1)
        if (fault < 0).all():
            return brush
        return faulty_brush(brush, fault, self.u[rows], part, name, pose)


# ------------------------------------------------------------------------ where it is


def place_of_blob(u: Tensor, part: str, name: str, pose) -> tuple[Tensor, ...]:
    """Centre (x, y) and radius of the spoiled spot, (n, 1, 1), in the part's units.

    Args:
        u: (n, CHANCES) in 0..1; columns 4 to 7 and 9 decide
    """
    v = u.T[..., None, None]  # (CHANCES, n, 1, 1)
    if part == "scene":  # x, y and radius are shares of the picture
        return v[5], v[6], 0.08 + 0.12 * v[7]
    if part == "accessory":
        x, y = middle_of_accessory(name, pose, v)
        return x + 0.5 * (v[5] - 0.5), y + 0.5 * (v[6] - 0.5), 0.2 + 0.3 * v[7]
    # Mostly faces: people look at them first, and generators smear them first.
    at_head = v[4] < 0.6
    x = torch.where(
        at_head,
        pose["head_x"] + 0.9 * (v[5] - 0.5),
        (2 * v[5] - 1) * 0.9 * pose["width"],
    )
    y = torch.where(
        at_head,
        pose["head_y"] - 0.35 + 0.8 * (v[6] - 0.5),
        v[6] * (pose["head_y"] + 0.3),
    )
    return x, y, 0.22 + 0.4 * v[7]


def middle_of_accessory(name: str, pose, v: Tensor) -> tuple[Tensor, Tensor]:
    """Roughly where an accessory is, in the figure's units: x and y, (n, 1, 1)."""
    if name == "hat":
        return pose["head_x"], pose["head_y"] + 0.3
    if name == "balloon":
        return pose["side"] * (pose["width"] + 0.02), pose["head_y"] + 0.35
    if name == "stilts":
        left = torch.where(v[9] < 0.5, -0.45, 0.45)
        return left, torch.full_like(left, 0.3 - 0.7 * STILTS)
    return 0.35 * pose["head_x"] + 0.4 * pose["side"], pose["roof"] + 0.35


def blob_distance(points: Points, u: Tensor, where: tuple[Tensor, ...]) -> Tensor:
    """The approximate distance to an upright ellipse, negative inside, (n, H, W)."""
    x, y, radius = where
    stretch = (0.7 + 0.9 * u[:, 8])[:, None, None]
    dx, dy = (points[0] - x) * stretch, (points[1] - y) / stretch
    return (dx * dx + dy * dy).sqrt() - radius


# ------------------------------------------------------------------------- the strokes


@dataclass(eq=False)
class CountingBrush(Brush):
    """Counts strokes instead of painting them."""

    strokes: int = 0

    def paint(self, distance: Tensor, colour: Colour, opacity: float = 1.0) -> None:
        self.strokes += 1


@lru_cache(maxsize=128)
def count_strokes(part: str, name: str) -> int:
    """How many strokes a part takes, a figure's shadow included."""
    blank = torch.zeros(1, 1, 1)
    points = (torch.zeros(1, 4, 4), torch.zeros(1, 4, 4))
    canvas, black = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 1, 1)
    brush = CountingBrush(canvas, points, blank + 0.1, blank + 0.1, black)
    if part == "scene":
        PAINT_SCENE[name](brush, [blank] * SCENE_NUMBERS)
    elif part == "accessory":
        needed = ("side", "width", "head_x", "head_y", "roof")
        pose = dict.fromkeys(needed, blank + 1)
        (BEHIND | IN_FRONT)[name](brush, pose)
    else:
        FIGURES[name](brush, torch.zeros(1, 3, 1, 1), "none", blank)
        brush.strokes += 1
    return brush.strokes


def shifted_field(field: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Each map of (n, H, W), shifted by its own number of pixels; borders repeat.

    Args:
        down, right: (n,) int64
    """
    n, H, W = field.shape
    rows = (torch.arange(H) - down[:, None]).clamp(0, H - 1)  # (n, H)
    columns = (torch.arange(W) - right[:, None]).clamp(0, W - 1)
    return field[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]


# ----------------------------------------------------------------------------- a brush


@dataclass(eq=False)
class FaultyBrush(Brush):
    """Paints n pictures, each with its own fault; masks are 1 where it strikes."""

    first: Tensor  # (n,) the first stroke that errs
    run: Tensor  # (n,) how many strokes err
    missing: Tensor  # (n, H, W) where a chosen stroke leaves no paint
    bite: Tensor  # (n, H, W) distance to the bite taken out of every shape
    lump: Tensor  # (n, H, W) distance to the lump grown on the body
    bare: Tensor  # (n, H, W) where outlines are left out
    fat: Tensor  # (n, H, W) how much too thick outlines are
    wrong: Tensor  # (n, 3, 1, 1) the wrong colour
    patched: Tensor  # (n, 1, H, W) where the body has the wrong colour
    wrong_stroke: Tensor  # (n,) bool: chosen strokes have the wrong colour
    moved: Tensor  # (n,) bool: chosen strokes land elsewhere
    doubled: Tensor  # (n,) bool: and also where they belong
    down: Tensor  # (n,) how many pixels down they are moved
    right: Tensor  # (n,) and how many to the right
    stroke: int = field(default=0)

    def paint(self, distance: Tensor, colour: Colour, opacity: float = 1.0) -> None:
        """Cover the shape with one colour, unless this stroke errs."""
        chosen = (self.first <= self.stroke) & (self.stroke < self.first + self.run)
        self.stroke += 1
        distance = torch.maximum(distance, -self.bite)
        keep = 1 - chosen[:, None, None] * self.missing
        if colour is self.outline:
            distance = distance - self.fat
            keep = keep * (1 - self.bare)
        away = chosen & self.moved
        if away.any():
            elsewhere = shifted_field(distance, self.down, self.right)
            both = torch.where(
                self.doubled[:, None, None],
                torch.minimum(distance, elsewhere),
                elsewhere,
            )
            distance = torch.where(away[:, None, None], both, distance)
        weight = (coverage(distance, self.pixel) * keep * opacity)[:, None]
        self.canvas.lerp_(self.spoiled(colour, chosen), weight)

    def spoiled(self, colour: Colour, chosen: Tensor) -> Tensor:
        """The colour of a stroke, (n, 3, 1 or H, 1 or W)."""
        paint = self.colour(colour)
        struck = (chosen & self.wrong_stroke)[:, None, None, None]
        paint = torch.where(struck, self.wrong, paint)
        # A colour given as a tensor is the animal's own: body, belly, wing. Eyes and
        # beaks have the same colour on all animals.
        if isinstance(colour, Tensor) and colour is not self.outline:
            paint = torch.lerp(paint, self.wrong.expand_as(paint), self.patched)
        return paint

    def paint_outlined(self, distance: Tensor, colour: Colour) -> None:
        """Paint an outlined shape; a body may have grown a lump."""
        if isinstance(colour, Tensor):
            distance = torch.minimum(distance, self.lump)
        super().paint_outlined(distance, colour)


def choose_strokes(u: Tensor, part: str, name: str) -> tuple[Tensor, Tensor]:
    """The first stroke that errs and the number of strokes that do, (n,) each."""
    count = count_strokes(part, name)
    # An animal's first stroke is its shadow; nobody would miss it.
    skipped = 1 if part in ("first", "second") else 0
    # The square root favours late strokes, which paint eyes and mouths.
    first = skipped + (u[:, 1].sqrt() * (count - skipped)).long()
    # Up to four strokes; an eye is three. Never all strokes of an accessory: then it
    # would just be absent, which is no fault. (Stilts are two strokes, and exempt.)
    most = count - 1 if part == "accessory" and count > 2 else count
    return first, (1 + (u[:, 2] * 4).long()).clamp(max=most)


def place_of_lump(u: Tensor, part: str, pose) -> tuple[Tensor, ...]:
    """Centre (x, y) and radius of an unwanted lump, each (n, 1, 1)."""
    v = u.T[..., None, None]
    if part == "scene":
        return v[5], v[6], 0.05 + 0.06 * v[7]
    # Anywhere from one side over the top to the other, near the edge of the body.
    turn = 3.1416 * v[5]
    x = (0.75 + 0.25 * v[6]) * pose["width"] * turn.cos()
    y = 0.45 + (pose["head_y"] - 0.3) * turn.sin()
    return x, y, 0.16 + 0.16 * v[7]


def bend_points(brush: Brush, bent: Tensor, u: Tensor, where) -> None:
    """Warp the figure within a blob: shift, shrink or swell; `bent` is (n,) bool."""
    if not bent.any():
        return
    v = u.T[..., None, None]
    x, y = brush.points
    radius = where[2] * 1.3
    near = torch.exp(-(((x - where[0]) / radius) ** 2 + ((y - where[1]) / radius) ** 2))
    pull = radius * (0.5 + 0.5 * v[10]) * near
    turn = 6.2832 * v[9]
    # A third is shrunk towards the centre of the blob or swollen away from it instead.
    swell = (1.1 * (v[14] - 0.5).sign() * (0.5 + 0.4 * v[10])) * near
    swollen = v[12] < 0.35
    dx = torch.where(swollen, swell * (x - where[0]), pull * turn.cos())
    dy = torch.where(swollen, swell * (y - where[1]), pull * turn.sin())
    bent = bent[:, None, None]
    brush.points = (
        torch.where(bent, x + dx, x.expand_as(dx)),
        torch.where(bent, y + dy, y.expand_as(dy)),
    )


def fold_points(brush: Brush, folded: Tensor, u: Tensor) -> None:
    """Draw one half of the figure twice: two tails or two heads.

    Args:
        folded: (n, 1, 1) bool
    """
    if folded.any():
        x, y = brush.points
        half = torch.where((u[:, 3] < 0.5)[:, None, None], x.abs(), -x.abs())
        brush.points = (torch.where(folded, half, x.expand_as(half)), y)


def faulty_brush(
    brush: Brush, fault: Tensor, u: Tensor, part: str, name: str, pose
) -> FaultyBrush:
    """A brush that errs in each of n pictures.

    Args:
        fault: (n,) an index of BRUSH_FAULTS, -1 for none
        u: (n, CHANCES) in 0..1; decides where and how
    """
    n, v = len(fault), u.T[..., None, None]  # v: (CHANCES, n, 1, 1)

    def struck(kind: str, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Which have this fault, with u[12] in low..high: (n, 1, 1) bool."""
        hit = (fault == BRUSH_FAULTS.index(kind))[:, None, None]
        return hit & (low <= v[12]) & (v[12] < high)

    where = place_of_blob(u, part, name, pose)
    blob = blob_distance(brush.points, u, where)  # (n, H, W)
    # The spot's edge is two pixels wide or softer: colours bleed both ways.
    edge = 2 * brush.pixel + (0.1 if part == "scene" else 0.9) * v[15] ** 2
    soft = (0.5 - blob / edge).clamp(0, 1)
    x = brush.points[0].expand_as(blob)
    half = ((x < (0.5 if part == "scene" else 0.0)) == (v[3] < 0.5)).float()
    side = torch.where(v[14] < 0.55, half, 1.0)
    spot = torch.where(v[14] < 0.65, soft, half)
    lump = blob_distance(brush.points, u, place_of_lump(u, part, pose))
    # Moving the points bends everything drawn there: ears lean, wings stretch.
    bend_points(brush, struck("bent")[:, 0, 0], u, where)
    fold_points(brush, struck("extra", 0.0, FOLDED), u)
    units = (0.05 + 0.1 * u[:, 10]) if part == "scene" else (0.18 + 0.35 * u[:, 10])
    away = units / brush.pixel.expand(n, 1, 1)[:, 0, 0]  # pixels
    first, run = choose_strokes(u, part, name)
    wrong = WRONG_PAINTS[(u[:, 11] * len(WRONG_PAINTS)).long()][..., None, None]
    fat = (0.8 + 1.4 * v[10]) * brush.pixel * side
    return FaultyBrush(
        *(brush.canvas, brush.points, brush.pixel, brush.line, brush.outline),
        first=first,
        run=run,
        missing=torch.where(struck("missing"), side, 0.0),
        bite=torch.where(struck("gone"), blob, NEVER),
        lump=torch.where(struck("extra", FOLDED, 0.75), lump, NEVER),
        bare=torch.where(struck("outline", 0.0, 0.5), spot, 0.0),
        fat=torch.where(struck("outline", 0.5), fat, 0.0),
        wrong=wrong,
        patched=torch.where(struck("patched", 0.0, 0.7), spot, 0.0)[:, None],
        wrong_stroke=struck("patched", 0.7)[:, 0, 0],
        moved=(struck("moved") | struck("extra", 0.75))[:, 0, 0],
        doubled=struck("extra", 0.75)[:, 0, 0],
        down=(away * (6.2832 * u[:, 9]).sin()).round().long(),
        right=(away * (6.2832 * u[:, 9]).cos()).round().long(),
    )
