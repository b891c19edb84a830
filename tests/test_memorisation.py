"""The search for copies finds copies, and nothing else."""

import pytest
import torch

from course_lib.diffusion.schedule import straight_line
from course_lib.judging.memorisation import (
    better_guessed,
    controls,
    copies_in,
    distinct,
    errors_at,
    handed_back,
    nearest_two,
    twice,
)
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

SET = draw_critters(300, 18, 16)[0]
KNOWN = from_bytes(SET)
FRESH = from_bytes(draw_critters(60, 19, 16)[0])


def test_the_two_nearest_are_those_of_the_whole_table():
    found = nearest_two(FRESH, KNOWN, chunk=7)
    table = (FRESH[:, None] - KNOWN).square().flatten(2).mean(2).sqrt()
    two, rows = table.topk(2, largest=False)
    assert torch.allclose(found.nearest, two[:, 0], atol=1e-3)
    assert torch.allclose(found.second, two[:, 1], atol=1e-3)
    assert (found.index == rows[:, 0]).all()


def test_bytes_and_floats_are_searched_alike():
    assert torch.equal(
        nearest_two(FRESH, SET).nearest, nearest_two(FRESH, KNOWN).nearest
    )


def test_a_copier_is_found_and_fresh_pictures_are_not():
    rows = controls(KNOWN, FRESH)
    assert rows["copier"].value == 1 and rows["fresh"].value < 0.05


def test_a_twin_in_the_set_hides_a_copy_until_it_is_put_aside():
    doubled = torch.cat([KNOWN, KNOWN])
    assert not nearest_two(KNOWN[:9], doubled).copies.any()
    assert copies_in(KNOWN[:9], doubled).value == 1
    assert distinct(doubled, chunk=7).tolist() == list(range(len(KNOWN)))


def test_a_copy_with_a_little_noise_is_a_twin():
    noisy = KNOWN + 0.005 * torch.randn(KNOWN.shape)
    assert len(distinct(torch.cat([KNOWN, noisy]))) == len(KNOWN)


def test_my_picture_is_recognised_among_drawings():
    mine, others = KNOWN[:1], SET
    copy, whose = handed_back(torch.cat([FRESH[:3], mine]), mine, others)
    assert copy.tolist() == [False, False, False, True] and whose[3] == 0


def test_one_training_picture_has_no_second_nearest():
    with pytest.raises(ValueError, match="two training pictures"):
        nearest_two(FRESH, KNOWN[:1])
    assert len(twice(KNOWN[:1])) == 2


def test_a_network_guesses_what_it_knows_better():
    schedule = straight_line()

    def predict(x_t, t):  # knows one picture by heart, and answers with it
        return KNOWN[:1].expand_as(x_t), x_t

    mine = errors_at(predict, KNOWN[:1], schedule, 600)
    others = errors_at(predict, FRESH, schedule, 600)
    assert mine.item() == 0 and better_guessed(mine, others).item() == 1
