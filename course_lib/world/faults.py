"""Critters with one known fault each, drawn by the program that draws them right.

    pictures, labels = draw_faulty(n=1000, seed=0, size=64)

People see some flaws of generated pictures at a glance that no list of factors names: a
lost eye, a body in two colours, a second tail. So each kind of fault is drawn on
purpose: strokes go wrong (faulty_brush.py), two critters blend into each other, a part
is stained, smeared or full of grain. The difference from the clean twin is measured; a
change that nobody would see does not count as a fault.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.chance import (
    DRAWING,
    FAULTING,
    GRAIN,
    pick,
    uniforms,
)
from course_lib.device import plain_torch
from course_lib.pixels import to_bytes
from course_lib.world.critters import (
    ACCESSORIES,
    ANIMALS,
    COLOURS,
    EARS,
    Factors,
    choose_factors,
)
from course_lib.world.drawing import POSE_NUMBERS, choose_pose, draw
from course_lib.world.faulty_brush import (
    BRUSH_FAULTS,
    CHANCES,
    FOLDED,
    PARTS,
    WRONG_PAINTS,
    Plan,
    blob_distance,
    place_of_blob,
)
from course_lib.world.scenes import SCENE_NUMBERS
from course_lib.world.shapes import pixel_grid, place

KINDS = ("none", *BRUSH_FAULTS, "mixed", "stained", "smeared", "grainy", "scene")
GRADES = ("clean", "small", "clear")
# Weights of the kinds, 1 if not listed: people most often name lost eyes and mouths,
# doubled parts and mixed colours.
OFTEN = {"missing": 6, "gone": 2, "extra": 4, "bent": 2, "patched": 4, "mixed": 3}
OFTEN |= {"moved": 2, "grainy": 2}
SEEN = 0.2  # in a range of 2: no eye notices a smaller change of one pixel
TRIES = 3  # streams FAULTING + 0, 1, 2: a fault that does not show is drawn again
# The least difference from the clean twin for a small and for a clear fault: the sum,
# over the pixels of a 64x64 picture, of the largest change in a channel, up to 1 each.
# The limits are lower where people look: a mouth is ten pixels, a wobbly outline two
# hundred.
VISIBLE = {
    "missing": (3.0, 6.0),
    "gone": (8.0, 20.0),
    "extra": (8.0, 20.0),
    "moved": (6.0, 14.0),
    "bent": (20.0, 60.0),
    "outline": (15.0, 45.0),
    "patched": (6.0, 18.0),
    "mixed": (10.0, 25.0),
    "stained": (8.0, 20.0),
    "smeared": (8.0, 20.0),
    "grainy": (10.0, 30.0),
    "scene": (6.0, 14.0),
}


def change(pictures: Tensor, clean: Tensor) -> Tensor:
    """How much of each picture differs, (N,), in pixels of a 64x64 picture."""
    difference = (pictures - clean).abs().amax(1)  # (N, H, W), of 2
    seen = torch.where(difference > SEEN, difference.clamp(max=1), 0.0)
    return seen.sum((1, 2)) * (64 / pictures.shape[-1]) ** 2


def grade(pictures: Tensor, clean: Tensor, kinds: Tensor) -> Tensor:
    """The grade of each fault, an index of GRADES, (N,), by its kind and size."""
    limits = torch.tensor([(1e9, 1e9), *(VISIBLE[kind] for kind in KINDS[1:])])
    differs = change(pictures, clean)[:, None]
    return (differs >= limits[kinds]).sum(1)


# ------------------------------------------------------------------------- the faults


def strikes_second(factors: Factors, u: Tensor) -> Tensor:
    """Which pictures have the fault on the second, right animal: (N,) bool."""
    return (factors["subject_2"] > 0) & (u[:, 13] < 0.5)


def blob_of(factors: Factors, indices: Tensor, seed: int, u: Tensor, size: int):
    """A soft mask for a spot on one figure of each picture, (N, 1, H, W) in 0..1."""
    chance = uniforms(indices, seed, SCENE_NUMBERS + 2 * POSE_NUMBERS, DRAWING)
    chance = torch.from_numpy(chance).float()[:, SCENE_NUMBERS:]
    first = choose_pose(factors, False, chance[:, :POSE_NUMBERS])
    second = choose_pose(factors, True, chance[:, POSE_NUMBERS:])
    right = strikes_second(factors, u)
    pose = {
        name: torch.where(right, second[name], first[name])[:, None, None]
        for name in first
    }
    points = place(pixel_grid(size), pose["x"], pose["y"], pose["scale"], pose["angle"])
    distance = blob_distance(points, u, place_of_blob(u, "first", "", pose))
    edge = (0.03 + 0.25 * u[:, 15])[:, None, None]
    return (0.5 - distance / edge).clamp(0, 1)[:, None]


def another_like(factors: Factors, u: Tensor) -> Factors:
    """The factors of a second picture, changed in one respect, to blend in."""
    # 0 another animal, 1 ears, 2 colour, 3 animal and colour, 4 nobody, 5 accessory
    what = (u[:, 12] * 6).long()
    right = strikes_second(factors, u)
    two = factors["subject_2"] > 0
    what = torch.where(two & ((what == 1) | (what == 5)), 0, what)
    other = dict(factors)
    for end, struck in (("", ~right), ("_2", right)):
        subject, colour = factors["subject" + end], factors["colour" + end]
        # From 1 on, as 0 is nobody and no colour. Animals only, no things.
        to = (subject + (u[:, 10] * (len(ANIMALS) - 1)).long()) % len(ANIMALS) + 1
        new = torch.where(struck & ((what == 0) | (what == 3)), to, subject)
        # 4: the animal fades, and the scene behind shows through.
        other["subject" + end] = torch.where(struck & (what == 4), 0, new)
        to = (colour + (u[:, 11] * (len(COLOURS) - 2)).long()) % (len(COLOURS) - 1) + 1
        new = struck & ((what == 2) | (what == 3))
        other["colour" + end] = torch.where(new, to, colour)
    for name, number, values in (("ears", 1, EARS), ("accessory", 5, ACCESSORIES)):
        to = factors[name] + 1 + (u[:, 11] * (len(values) - 1)).long()
        other[name] = torch.where(what == number, to % len(values), factors[name])
    return other


def stain(pictures: Tensor, blob: Tensor, u: Tensor) -> Tensor:
    """Blend in a colour, from the palette or from elsewhere in the picture."""
    N, _, H, W = pictures.shape
    palette = WRONG_PAINTS[(u[:, 11] * len(WRONG_PAINTS)).long()] * 2 - 1  # (N, 3)
    row, column = (u[:, 13] * H).long(), (u[:, 9] * W).long()
    taken = pictures[torch.arange(N), :, row, column]
    colour = torch.where((u[:, 12] < 0.6)[:, None], palette, taken)
    strength = (0.35 + 0.6 * u[:, 10])[:, None, None, None]
    return torch.lerp(pictures, colour[..., None, None], blob * strength)


def smear(pictures: Tensor, blob: Tensor, u: Tensor) -> Tensor:
    """Blur a spot, or drag it in one direction."""
    size = pictures.shape[-1]
    blurred = pictures
    for _ in range(3):
        blurred = F.avg_pool2d(F.pad(blurred, [1] * 4, mode="replicate"), 3, 1)
    strong = blurred
    for _ in range(5):
        strong = F.avg_pool2d(F.pad(strong, [1] * 4, mode="replicate"), 3, 1)
    longest = max(2, size // 10)
    wide = F.pad(pictures, [longest, longest, 0, 0], mode="replicate")
    across = F.avg_pool2d(wide, (1, 2 * longest + 1), 1)
    high = F.pad(pictures, [0, 0, longest, longest], mode="replicate")
    down = F.avg_pool2d(high, (2 * longest + 1, 1), 1)
    ways = torch.stack([blurred, strong, across, down])
    way = (u[:, 12] * 4).long()
    return torch.lerp(pictures, ways[way, torch.arange(len(pictures))], blob)


def grain(pictures: Tensor, blob: Tensor, u: Tensor, indices: Tensor, seed: int):
    """Add noise to a spot, of single pixels or of blocks of 2x2, or a checkerboard."""
    N, _, H, W = pictures.shape
    fine = torch.from_numpy(uniforms(indices, seed, 3 * H * W, GRAIN)).float()
    fine = 3.4 * (fine.reshape(N, 3, H, W) - 0.5)  # standard deviation about 1
    coarse = fine[:, :, ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3)
    row, column = torch.arange(H)[:, None], torch.arange(W)[None, :]
    grid = (2 * ((row + column) % 2) - 1.0).expand(N, 3, H, W)
    ways = torch.stack([fine, coarse, grid])
    noise = ways[(u[:, 12] * 3).long(), torch.arange(N)]
    strength = (0.2 + 0.4 * u[:, 10])[:, None, None, None]
    return pictures + blob * strength * noise


# -------------------------------------------------------------------------- together


def parts_for(factors: Factors, kinds: Tensor, u: Tensor) -> Tensor:
    """The part that each fault strikes, an index of PARTS, (N,)."""
    two = strikes_second(factors, u)
    worn = (factors["accessory"] > 0) & (u[:, 13] < 0.35)
    part = torch.where(two, PARTS.index("second"), PARTS.index("first"))
    part = torch.where(worn, PARTS.index("accessory"), part)
    return torch.where(kinds == KINDS.index("scene"), PARTS.index("scene"), part)


def with_brush(factors: Factors, indices: Tensor, seed: int, size: int, kinds, u):
    """Pictures whose strokes go wrong, (N, 3, size, size)."""
    # A scene gets faults of a figure, but only kinds that show: a second sun, a bite
    # out of a hill.
    of_scene = kinds == KINDS.index("scene")
    in_scene = torch.tensor([BRUSH_FAULTS.index(k) for k in ("extra", "gone")])
    fault = torch.where(of_scene, in_scene[(u[:, 0] * 2).long()], kinds - 1)
    # A scene skips the first form of "extra", folding: a folded sky is still a sky.
    u = u.clone()
    u[:, 12] = torch.where(of_scene, FOLDED + (1 - FOLDED) * u[:, 12], u[:, 12])
    plan = Plan(fault, parts_for(factors, kinds, u), u)
    return draw(factors, indices, seed, size, hand=plan.hand)


def spoil_once(
    clean: Tensor, factors: Factors, indices: Tensor, seed: int, kinds: Tensor, u
) -> Tensor:
    """Every picture with its kind of fault, visible or not, (N, 3, H, W)."""
    pictures, size = clean.clone(), clean.shape[-1]
    drawn = (kinds <= len(BRUSH_FAULTS)) | (kinds == KINDS.index("scene"))
    if drawn.any():
        some = {name: values[drawn] for name, values in factors.items()}
        pictures[drawn] = with_brush(
            some, indices[drawn], seed, size, kinds[drawn], u[drawn]
        )
    for kind in ("mixed", "stained", "smeared", "grainy"):
        rows = kinds == KINDS.index(kind)
        if not rows.any():
            continue
        some = {name: values[rows] for name, values in factors.items()}
        own, whole = u[rows], clean[rows]
        blob = blob_of(some, indices[rows], seed, own, size)
        if kind == "mixed":
            other = draw(another_like(some, own), indices[rows], seed, size)
            faint = (0.45 + 0.75 * own[:, 9]).clamp(max=1)[:, None, None, None]
            whole = torch.lerp(whole, other, blob * faint)
        elif kind == "stained":
            whole = stain(whole, blob, own)
        elif kind == "smeared":
            whole = smear(whole, blob, own)
        else:
            whole = grain(whole, blob, own, indices[rows], seed)
        pictures[rows] = whole
    return pictures.clamp(-1, 1)


def spoil(
    clean: Tensor, factors: Factors, indices: Tensor, seed: int, kinds: Tensor
) -> tuple[Tensor, Tensor]:
    """Pictures with faults, (N, 3, H, W), and their grades, (N,).

    A picture that shows no fault after TRIES attempts stays clean.

    Args:
        clean: (N, 3, H, W) as `draw` makes them from factors, indices and seed
        kinds: (N,) index of KINDS
    """
    pictures, grades = clean.clone(), torch.zeros_like(kinds)
    left = torch.nonzero(kinds > 0)[:, 0]
    for attempt in range(TRIES):
        if len(left) == 0:
            break
        u = torch.from_numpy(uniforms(indices[left], seed, CHANCES, FAULTING + attempt))
        some = {name: values[left] for name, values in factors.items()}
        spoiled = spoil_once(
            clean[left], some, indices[left], seed, kinds[left], u.float()
        )
        found = grade(spoiled, clean[left], kinds[left])
        seen = found > 0
        pictures[left[seen]] = spoiled[seen]
        grades[left[seen]] = found[seen]
        left = left[~seen]
    return pictures, grades


def choose_kinds(
    indices: Tensor, seed: int, clean: float, without: tuple[str, ...] = ()
) -> Tensor:
    """The fault of each picture, an index of KINDS, (N,); a share `clean` has none."""
    kinds = [
        KINDS.index(kind)
        for kind in KINDS[1:]
        if kind not in without
        for _ in range(OFTEN.get(kind, 1))
    ]
    u = uniforms(indices, seed, 2, FAULTING + TRIES)
    chosen = torch.tensor(kinds)[torch.from_numpy(pick(u[:, 1], len(kinds)))]
    return torch.where(torch.from_numpy(u[:, 0] < clean), 0, chosen)


@plain_torch()
def draw_faulty(
    n: int,
    seed: int,
    size: int = 64,
    start: int = 0,
    clean: float = 0.5,
    without: tuple[str, ...] = (),
) -> tuple[Tensor, dict[str, Tensor]]:
    """Draw pictures start .. start + n - 1, clean or with one fault each.

    Args:
        clean: the share without a fault, 0 to 1
        without: kinds of faults to leave out

    Returns:
        the pictures, (n, 3, size, size) uint8, and {"kind": index of KINDS,
        "grade": index of GRADES}, (n,) each
    """
    indices = torch.arange(start, start + n)
    factors = choose_factors(indices, seed, "any", allow_held_out=True)
    kinds = choose_kinds(indices, seed, clean, without)
    pictures, grades = spoil(
        draw(factors, indices, seed, size), factors, indices, seed, kinds
    )
    kinds = torch.where(grades > 0, kinds, 0)
    return to_bytes(pictures), {"kind": kinds, "grade": grades}
