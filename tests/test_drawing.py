"""Pictures from factors: the same everywhere, in the frame, true to their colours."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_lib.world import drawing
from course_lib.world.accessories import BEHIND, IN_FRONT
from course_lib.world.animals import BUILDS, FIGURES
from course_lib.world.critters import (
    ACCESSORIES,
    ANIMALS,
    COLOURS,
    EARS,
    FACTORS,
    SCENES,
    SUBJECTS,
    choose_factors,
    may_borrow,
)
from course_lib.world.drawing import PAINTS, draw, draw_critters
from course_lib.world.scenes import PAINT_SCENE

ROOT = Path(__file__).resolve().parents[1]
SEED = 3
PLAIN = {
    "subject": "frog",
    "colour": "green",
    "subject_2": "none",
    "colour_2": "none",
    "accessory": "none",
    "scene": "meadow",
    "size": "big",
    "position": "middle",
    "ears": "none",
}


def factors_of(rows: list[dict[str, str]]) -> dict[str, torch.Tensor]:
    """Factors from names; what is not said is that of a plain green frog."""
    rows = [PLAIN | row for row in rows]
    return {
        name: torch.tensor([values.index(row[name]) for row in rows])
        for name, values in FACTORS.items()
    }


def some(factors, rows):
    return {name: values[rows] for name, values in factors.items()}


def draw_scenes(factors, indices, size: int) -> torch.Tensor:
    """The same pictures with nobody in them."""
    nobody = {name: torch.zeros_like(values) for name, values in factors.items()}
    return draw(nobody | {"scene": factors["scene"]}, indices, SEED, size)


def figure_mask(factors, indices, size: int) -> torch.Tensor:
    """Which pixels are not just scene, (N, H, W) bool; a shadow is too faint."""
    difference = draw(factors, indices, SEED, size) - draw_scenes(
        factors, indices, size
    )
    return difference.abs().amax(1) > 0.6


def repeated(row: dict[str, str], n: int):
    return factors_of([row] * n), torch.arange(n)


# -------------------------------------------------------------------- the same picture


def test_a_picture_is_the_same_whatever_the_batch():
    indices = torch.arange(300)
    factors = choose_factors(indices, SEED, allow_held_out=True)
    together = draw(factors, indices, SEED)
    rows = torch.tensor([5, 290, 17, 44, 101])
    one_by_one = [draw(some(factors, r[None]), indices[r[None]], SEED) for r in rows]
    worst = (torch.cat(one_by_one) - together[rows]).abs().max().item()
    assert worst < 2 / 255
    shuffled = torch.randperm(300, generator=torch.Generator().manual_seed(0))
    again = draw(some(factors, shuffled), indices[shuffled], SEED)
    assert (again - together[shuffled]).abs().max().item() < 2 / 255


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_picture_is_the_same_on_the_gpu():
    indices = torch.arange(300)
    factors = choose_factors(indices, SEED, allow_held_out=True)
    on_gpu = draw(factors, indices, SEED, device="cuda").cpu()
    assert (on_gpu - draw(factors, indices, SEED)).abs().max().item() < 2 / 255


def test_another_seed_or_index_poses_the_same_factors_differently():
    factors, indices = repeated({}, 2)
    a, b = draw(factors, indices, SEED)
    assert (a - b).abs().mean() > 0.01
    assert (a - draw(factors, indices, SEED + 1)[0]).abs().mean() > 0.01


def test_painting_in_windows_changes_nothing(monkeypatch):
    indices = torch.arange(300)
    factors = choose_factors(indices, SEED, allow_held_out=True)
    pictures = {size: draw(factors, indices, SEED, size) for size in (16, 32)}
    monkeypatch.setattr(drawing, "window", lambda pose, size: (slice(None),) * 2)
    for size, expected in pictures.items():
        torch.testing.assert_close(draw(factors, indices, SEED, size), expected)


def test_a_stretch_of_the_world_is_part_of_the_world():
    pictures, factors = draw_critters(12, SEED)
    later, later_factors = draw_critters(5, SEED, start=7)
    difference = pictures[7:].int() - later.int()
    assert difference.abs().max() <= 1
    for name in FACTORS:
        assert torch.equal(factors[name][7:], later_factors[name])


def test_bytes_and_numbers_are_the_same_pictures():
    pictures, factors = draw_critters(8, SEED, size=16, kind="two")
    assert pictures.dtype == torch.uint8 and pictures.shape == (8, 3, 16, 16)
    drawn = draw(factors, torch.arange(8), SEED, 16)
    assert drawn.dtype == torch.float32
    assert drawn.min() >= -1 and drawn.max() <= 1
    assert (pictures / 127.5 - 1 - drawn).abs().max() <= 1.01 / 127.5


@pytest.mark.parametrize("size", [24, 48, 64])
def test_any_size_shows_the_same_scene_and_figure(size):
    indices = torch.arange(60)
    factors = choose_factors(indices, SEED)
    coarse, expected = (  # 4x4 blocks: the outlines of small pictures are thicker
        torch.nn.functional.adaptive_avg_pool2d(draw(factors, indices, SEED, s), 4)
        for s in (size, 32)
    )
    assert (coarse - expected).abs().mean().item() < 0.04


def test_no_pictures_is_an_empty_batch():
    none = torch.arange(0)
    assert draw(choose_factors(none, SEED), none, SEED).shape == (0, 3, 32, 32)


# -------------------------------------------------------------------- where things are


@pytest.mark.parametrize("kind", ["one", "two", "thing"])
def test_nobody_leaves_the_frame(kind):
    indices = torch.arange(500)
    factors = choose_factors(indices, SEED, kind, allow_held_out=True)
    mask = figure_mask(factors, indices, 64)
    mask[:, 1:-1, 1:-1] = False
    assert not mask.any(), f"{int(mask.any((1, 2)).sum())} pictures are cut off"


@pytest.mark.parametrize("animal", ANIMALS)
def test_small_and_big_have_a_clear_gap_between_them(animal):
    spans = {}
    for size in ("small", "big"):
        mask = figure_mask(*repeated({"subject": animal, "size": size}, 24), 64)
        spans[size] = mask.any(2).sum(1)  # (N,) rows of pixels
    assert spans["small"].max() * 1.15 < spans["big"].min()


@pytest.mark.parametrize("animal", ANIMALS)
def test_left_middle_and_right_do_not_overlap(animal):
    middles = {}
    for position in ("left", "middle", "right"):
        row = {"subject": animal, "size": "small", "position": position}
        mask = figure_mask(*repeated(row, 24), 64).float()
        columns = torch.arange(64).float()
        middles[position] = (mask.sum(1) * columns).sum(1) / mask.sum((1, 2))
    assert middles["left"].max() + 4 < middles["middle"].min()
    assert middles["middle"].max() + 4 < middles["right"].min()


def test_two_animals_stand_left_and_right():
    rows = [
        {"subject": a, "subject_2": b, "size": "none", "position": "none"}
        | {"colour": "red", "colour_2": "blue"}
        for a in ANIMALS
        for b in ANIMALS
    ]
    factors, indices = factors_of(rows), torch.arange(len(rows))
    pictures = draw(factors, indices, SEED, 32)
    red = (pictures[:, 0] - pictures[:, 2]).clamp(min=0)  # also the meadow is in here
    blank = draw_scenes(factors, indices, 32)
    red = (red - (blank[:, 0] - blank[:, 2]).clamp(min=0)).clamp(min=0).sum(1)
    blue = (pictures[:, 2] - pictures[:, 0]).clamp(min=0)
    blue = (blue - (blank[:, 2] - blank[:, 0]).clamp(min=0)).clamp(min=0).sum(1)
    assert (red[:, :16].sum(1) > red[:, 16:].sum(1)).all()
    assert (blue[:, 16:].sum(1) > blue[:, :16].sum(1)).all()


# -------------------------------------------------------------------- what one can see


@pytest.mark.parametrize("scene", SCENES)
def test_colours_keep_their_hue_in_every_scene(scene):
    """Of the figure's pixels that look like a named colour, most look like its own."""
    rows = [
        {"subject": animal, "colour": colour, "scene": scene}
        for animal in ANIMALS
        for colour in COLOURS[1:]
    ]
    factors, indices = factors_of(rows), torch.arange(len(rows))
    pictures = (draw(factors, indices, SEED, 32) + 1) / 2
    mask = figure_mask(factors, indices, 32) | (
        (pictures * 2 - 1 - draw_scenes(factors, indices, 32)).abs().amax(1) > 0.2
    )
    palette = torch.tensor([PAINTS[name] for name in COLOURS])  # (9, 3)
    far = (pictures[:, None] - palette[None, :, :, None, None]).norm(dim=2)
    nearest = far.argmin(1).where((far.amin(1) < 0.2) & mask, 0)  # (N, H, W)
    votes = torch.nn.functional.one_hot(nearest, 9).sum((1, 2))[:, 1:]  # without none
    wrong = [rows[i] for i in (votes.argmax(1) + 1 != factors["colour"]).nonzero()]
    assert not wrong


@pytest.mark.parametrize("scene", SCENES)
def test_every_animal_looks_different_from_every_other(scene):
    rows = [{"subject": animal, "scene": scene} for animal in ANIMALS]
    pictures = draw(factors_of(rows), torch.zeros(8, dtype=torch.int64), SEED)
    for a in range(8):
        for b in range(a):
            assert (pictures[a] - pictures[b]).abs().mean() > 0.03


@pytest.mark.parametrize("accessory", ACCESSORIES[1:])
def test_an_accessory_shows_on_every_animal_also_on_the_small_ones(accessory):
    for size in ("small", "big"):
        bare = [{"subject": a, "size": size} for a in ANIMALS]
        dressed = [row | {"accessory": accessory} for row in bare]
        indices = torch.full((8,), 4)
        change = draw(factors_of(dressed), indices, SEED) - draw(
            factors_of(bare), indices, SEED
        )
        assert ((change.abs().amax(1) > 0.5).sum((1, 2)) >= 12).all()


@pytest.mark.parametrize("ears", EARS[1:])
def test_borrowed_ears_show_on_every_animal_also_on_the_small_ones(ears):
    bare = [{"subject": a, "size": "small"} for a in ANIMALS if may_borrow(a, ears)]
    eared = [row | {"ears": ears} for row in bare]
    indices = torch.full((len(bare),), 4)
    change = draw(factors_of(eared), indices, SEED) - draw(
        factors_of(bare), indices, SEED
    )
    assert ((change.abs().amax(1) > 0.4).sum((1, 2)) >= 4).all()


def test_every_name_has_its_painter():
    assert tuple(FIGURES) == tuple(BUILDS) == SUBJECTS[1:]
    assert tuple(PAINT_SCENE) == SCENES
    assert set(BEHIND) | set(IN_FRONT) == set(ACCESSORIES[1:])
    assert tuple(PAINTS) == COLOURS


# ------------------------------------------------------------------------------ errors


def test_a_picture_without_pixels_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="at least 16 pixels a side, not 0"):
        draw(*repeated({}, 1), SEED, size=0)


def test_missing_factors_are_named():
    factors, indices = repeated({}, 1)
    del factors["scene"]
    with pytest.raises(ValueError, match=r"add \['scene'\]"):
        draw(factors, indices, SEED)


def test_factors_and_indices_of_different_length_are_refused_with_a_sentence():
    factors, _ = repeated({}, 2)
    with pytest.raises(ValueError, match="there are 3 indices but 2 subjects"):
        draw(factors, torch.arange(3), SEED)


ODD = """
import hashlib, torch
{before}
from course_lib.world.drawing import draw_critters
{after}
print(hashlib.sha256(draw_critters(64, 0)[0].numpy()).hexdigest())
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "odd", ["dtype(torch.float64)", "dtype(torch.bfloat16)", "device('meta')"]
)
def test_critters_are_the_same_whatever_torchs_defaults(odd, when):
    """They are kept for the next time: others would be met again and again."""
    lines = {"before": "", "after": ""} | {when: f"torch.set_default_{odd}"}
    ran = subprocess.run(
        [sys.executable, "-c", ODD.format(**lines)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    usual = hashlib.sha256(draw_critters(64, 0)[0].numpy()).hexdigest()
    assert ran.stdout.strip() == usual
