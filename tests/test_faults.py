"""Critters with one known fault each: drawn right but for that, and visibly so."""

import pytest
import torch

from course_lib.pixels import from_bytes, to_bytes
from course_lib.training import flaws
from course_lib.world import faults
from course_lib.world.accessories import BEHIND, IN_FRONT
from course_lib.world.animals import FIGURES
from course_lib.world.critters import choose_factors
from course_lib.world.drawing import draw
from course_lib.world.faults import GRADES, KINDS, VISIBLE, draw_faulty
from course_lib.world.faulty_brush import BRUSH_FAULTS, PARTS, Plan, count_strokes
from course_lib.world.scenes import PAINT_SCENE

SIZES = (32, 64)


def spoiled(kind: str, n: int = 48, seed: int = 3, size: int = 64, start: int = 0):
    """Clean pictures, the same with this kind of fault, and their grades."""
    indices = torch.arange(start, start + n)
    factors = choose_factors(indices, seed, "any", allow_held_out=True)
    clean = draw(factors, indices, seed, size)
    kinds = torch.full((n,), KINDS.index(kind))
    return clean, *faults.spoil(clean, factors, indices, seed, kinds)


@pytest.mark.parametrize("size", SIZES)
def test_the_same_seed_draws_the_same_faults(size):
    pictures, labels = draw_faulty(24, 5, size)
    again, told = draw_faulty(24, 5, size)
    assert torch.equal(pictures, again)
    assert all(torch.equal(labels[name], told[name]) for name in labels)
    other, _ = draw_faulty(24, 6, size)
    assert not torch.equal(pictures, other)


def test_a_picture_has_the_same_fault_in_whatever_batch_it_is_drawn():
    whole, labels = draw_faulty(16, 5, start=40, clean=0.0)
    for i in range(0, 16, 5):
        one, told = draw_faulty(1, 5, start=40 + i, clean=0.0)
        assert told["kind"] == labels["kind"][i] and told["grade"] == labels["grade"][i]
        # Sums in another order differ in the last bit, and so seldom by one byte.
        assert (one[0].int() - whole[i].int()).abs().max() <= 1


def test_a_clean_one_is_bit_for_bit_what_draw_gives():
    pictures, labels = draw_faulty(64, 5)
    indices = torch.arange(64)
    factors = choose_factors(indices, 5, "any", allow_held_out=True)
    plain = to_bytes(draw(factors, indices, 5, 64))
    clean = labels["grade"] == 0
    assert 16 < clean.sum() < 48
    assert torch.equal(pictures[clean], plain[clean])
    assert (pictures[~clean] != plain[~clean]).flatten(1).any(1).all()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_fault_is_seen_and_is_a_fault_of_a_part(kind):
    clean, pictures, grades = spoiled(kind)
    flawed = grades > 0
    assert flawed.float().mean() > 0.6
    assert (faults.change(pictures, clean)[flawed] >= VISIBLE[kind][0]).all()
    assert torch.equal(pictures[~flawed], clean[~flawed])
    # One part of a picture has a fault; the rest is as it was.
    untouched = ((pictures - clean).abs().amax(1) <= 0.02).float().mean((1, 2))
    assert untouched[flawed].median() > 0.7
    assert pictures.abs().max() <= 1


def test_only_a_whole_scene_differs_outside_of_the_figures():
    _, _, grades = spoiled("scene")
    assert (grades == GRADES.index("clear")).float().mean() > 0.5


def test_every_kind_occurs_and_what_is_left_out_does_not():
    left_out = ("grainy", "scene")
    _, labels = draw_faulty(400, 1, 32, clean=0.2)
    seen = set(labels["kind"].unique().tolist())
    assert seen == set(range(len(KINDS)))
    _, labels = draw_faulty(400, 1, 32, clean=0.2, without=left_out)
    missing = {KINDS.index(kind) for kind in left_out}
    assert set(labels["kind"].unique().tolist()) == seen - missing


def test_a_plan_changes_only_the_pictures_that_it_names():
    indices = torch.arange(40)
    factors = choose_factors(indices, 2, "one")
    u = torch.rand(40, 16, generator=torch.Generator().manual_seed(0))
    fault = torch.where(indices % 4 == 0, BRUSH_FAULTS.index("gone"), -1)
    plan = Plan(fault, torch.full((40,), PARTS.index("first")), u)
    clean = draw(factors, indices, 2, 32)
    pictures = draw(factors, indices, 2, 32, hand=plan.hand)
    differs = (pictures - clean).abs().flatten(1).amax(1)
    assert differs[fault < 0].max() < 1e-4 and (differs[fault >= 0] > 0.1).any()


def test_every_part_has_strokes_that_can_err():
    for name in FIGURES:
        assert count_strokes("first", name) >= 7
    for name in PAINT_SCENE:
        assert count_strokes("scene", name) >= 3
    for name in BEHIND | IN_FRONT:
        assert count_strokes("accessory", name) >= 2


def test_a_grade_counts_by_the_kind_of_fault():
    clean = torch.zeros(3, 3, 64, 64)
    pictures = clean.clone()
    pictures[0, :, :1, :4] = 1.0  # four pixels
    pictures[1, :, :4, :10] = 1.0  # forty
    pictures[2] += 0.1  # everywhere, and nobody sees it
    missing = torch.full((3,), KINDS.index("missing"))
    assert faults.grade(pictures, clean, missing).tolist() == [1, 2, 0]
    bent = torch.full((3,), KINDS.index("bent"))
    assert faults.grade(pictures, clean, bent).tolist() == [0, 1, 0]


def test_twins_differ_where_the_map_says_so():
    pictures, labels = flaws.flawed_chunk(0, 32, 32, 4)
    x = from_bytes(pictures)
    difference = (x[32:] - x[:32]).abs().amax(1)
    grade, change = labels["grade"], labels["change"][:, 0]
    assert (grade[:32] == 0).all() and (change[:32] == 0).all()
    assert difference[change[32:] == 0].max() < 0.21
    assert (change[32:].flatten(1).amax(1) > 0).equal(grade[32:] > 0)


def test_batches_hold_twins_and_follow_from_their_number(monkeypatch):
    monkeypatch.setattr(flaws, "CHUNK", 16)
    get_batch = flaws.flaw_batches(8, 32, 4)
    batch, again = get_batch(3), flaws.flaw_batches(8, 32, 4)(3)
    assert all(torch.equal(batch[name], again[name]) for name in batch)
    assert batch["x_0"].shape == (8, 3, 32, 32) and batch["map"].shape == (8, 8, 8)
    assert (batch["grade"][:4] == 0).all() and (batch["map"][:4] == 0).all()
    flawed = batch["grade"] > 0
    assert (batch["map"][flawed].amax((1, 2)) > 0).all()
    # Twins are worn alike: most of a picture is the same.
    same = (batch["x_0"][:4] - batch["x_0"][4:]).abs().amax(1) < 0.02
    assert same.float().mean() > 0.7


def test_a_copy_wobbles_and_is_no_fault():
    copier = flaws.Copier.shipped()
    pictures, labels = flaws.flawed_chunk(0, 24, 64, 4, copier)
    plain, told = flaws.flawed_chunk(0, 24, 64, 4)
    copied = (pictures[:24] != plain[:24]).flatten(1).any(1)
    assert 0 < copied.sum() < 24 and (labels["grade"][:24] == 0).all()
    spoiled = labels["kind"] == flaws.ALL_KINDS.index("spoiled")
    assert not (told["kind"] == flaws.ALL_KINDS.index("spoiled")).any()
    assert copied[spoiled[24:]].all()
