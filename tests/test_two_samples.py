"""A network trained to tell two sets apart finds a difference, and no other."""

import pytest
import torch

from course_lib.judging.two_samples import tell_apart
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters


def critters(world: int):
    return from_bytes(draw_critters(512, world, 32)[0])


def test_two_sets_of_real_pictures_are_not_told_apart():
    found = tell_apart(critters(101), critters(102), iterations=40)
    assert found.n == 512 and 0.35 < found.value < 0.65


def test_a_grain_gives_a_set_away():
    dots = torch.zeros(32, 32)
    dots[::2, ::2] = 0.2
    found = tell_apart(critters(101), critters(102) + dots, iterations=120)
    assert found.value > 0.9


def test_sets_of_different_sizes_get_a_sentence():
    with pytest.raises(ValueError, match="same number of pictures"):
        tell_apart(critters(101), critters(102)[:100])
