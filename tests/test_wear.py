"""What the reader learns from: every kind of critter, and some that are broken."""

import pytest
import torch

from course_lib.world import wear
from course_lib.world.critters import FACTORS, choose_factors, is_held_out
from course_lib.world.drawing import draw
from course_lib.world.wear import (
    BREAKS,
    IGNORED,
    QUESTIONS,
    break_pictures,
    draw_chunk,
    half_of,
    reader_batches,
)

SEED, N = 5, 48


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(wear, "CHUNK", 96)


@pytest.fixture(scope="module")
def drawn():
    """One-animal pictures, their factors, and their scenes without the animal."""
    indices = torch.arange(N)
    factors = choose_factors(indices, SEED, "one", allow_held_out=True)
    nobody = {n: f if n == "scene" else torch.zeros_like(f) for n, f in factors.items()}
    pictures, empty = (draw(f, indices, SEED, 32) for f in (factors, nobody))
    return pictures, empty, factors


def broken(how: str, drawn, seed: int = 0) -> torch.Tensor:
    pictures, _, factors = drawn
    generator = torch.Generator().manual_seed(seed)
    return break_pictures(how, pictures, factors, torch.arange(N), SEED, generator)


def test_it_is_asked_for_every_factor():
    assert QUESTIONS == {name: len(answers) for name, answers in FACTORS.items()}


def test_a_batch_depends_on_its_iteration_alone():
    walked, jumped = (reader_batches(32, 32, seed=1) for _ in range(2))
    for i in range(5):
        last = walked(i)
    jump = jumped(4)
    assert last.keys() == {"x_0", *QUESTIONS}
    assert last["x_0"].shape == (32, 3, 32, 32)
    assert all(torch.equal(last[name], jump[name]) for name in last)


def test_no_picture_comes_twice():
    get_batch = reader_batches(32, 32, seed=1)
    pictures = torch.cat([get_batch(i)["x_0"] for i in range(6)])  # two chunks
    assert len(pictures.flatten(1).unique(dim=0)) == 6 * 32


def test_an_eighth_is_broken_and_asked_for_nothing_but_the_animal():
    pictures, factors = draw_chunk(0, 32, seed=1, broken=0.125)
    spoilt = factors["subject"] == 0
    assert spoilt.sum() == 12 and (factors["subject_2"][spoilt] == 0).all()
    for name in QUESTIONS.keys() - {"subject", "subject_2"}:
        assert (factors[name][spoilt] == IGNORED).all()
        assert (factors[name][~spoilt] >= 0).all()
    assert pictures.dtype == torch.uint8 and len(pictures) == 96


def test_the_answers_belong_to_the_pictures():
    """Unbroken pictures drawn again from the chunk's own factors are the same."""
    pictures, factors = draw_chunk(2, 32, seed=1, broken=0.0)
    indices = torch.arange(2 * 96, 3 * 96)
    wanted = choose_factors(indices, 1, "any", allow_held_out=True)
    redrawn = draw(wanted, indices, 1, 32)
    for picture, *values in zip(pictures, *factors.values(), strict=True):
        there = (redrawn - (picture / 127.5 - 1)).abs().flatten(1).amax(1) < 0.01
        (i,) = there.nonzero().flatten().tolist()
        assert [int(f[i]) for f in wanted.values()] == [int(v) for v in values]


def test_held_out_combinations_are_known_to_the_reader():
    _, factors = draw_chunk(0, 32, seed=1, broken=0.0)
    assert is_held_out(factors).any()


def test_an_erased_animal_has_lost_about_half_and_the_scene_nothing(drawn):
    pictures, empty, _ = drawn
    left = broken("erased", drawn)
    assert ((left == pictures) | (left == empty)).all()
    whole = (pictures != empty).any(1).flatten(1).sum(1).float()
    share = (left != empty).any(1).flatten(1).sum(1) / whole
    assert (share > 0.2).all() and (share < 0.8).all()
    assert 0.4 < share.mean() < 0.6


def test_a_mixed_animal_is_woven_from_two_pictures(drawn):
    pictures, _, _ = drawn
    mixed = broken("mixed", drawn)
    other = pictures.roll(1, 0)
    assert ((mixed == pictures) | (mixed == other)).all()
    from_other = ((mixed == other) & (mixed != pictures)).any(1).float().mean()
    assert 0.2 < from_other < 0.6


def test_a_smeared_animal_is_blurred_and_the_scene_stays(drawn):
    pictures, empty, _ = drawn
    smeared = broken("smeared", drawn)
    scene = (pictures == empty).all(1, keepdim=True).expand_as(pictures)
    assert torch.equal(smeared[scene], pictures[scene])
    detail = [(x[..., 1:] - x[..., :-1]).abs().mean() for x in (pictures, smeared)]
    assert detail[1] < 0.8 * detail[0]


@pytest.mark.parametrize("how", BREAKS)
def test_breaking_depends_on_the_given_chance_alone(drawn, how):
    assert torch.equal(broken(how, drawn), broken(how, drawn))


def test_a_cut_is_level_or_upright_as_asked_and_takes_either_side():
    there = torch.ones(40, 3, 8, 8, dtype=torch.bool)
    level = torch.arange(40) < 20
    half = half_of(there, level, torch.Generator().manual_seed(0))[:, 0]
    upper, lower = half[:20, :4].flatten(1), half[:20, 4:].flatten(1)
    left, right = half[20:, :, :4].flatten(1), half[20:, :, 4:].flatten(1)
    for one, other in ((upper, lower), (left, right)):
        assert ((one.all(1) & ~other.any(1)) | (other.all(1) & ~one.any(1))).all()
        assert one.all(1).any() and other.all(1).any()
