"""The checks of notebook 17 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb17_mistakes import ALONG, GIVING
from course_lib.checks.nb17_video import (
    C,
    check_attend_along_time,
    check_give_frames,
    look,
    some_films,
    some_frames,
)
from course_lib.networks.video import attend_along_time, give_frames


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_right_functions_are_used_onward(capsys):
    def along(h, frames, attend):
        _, width, height, across = h.shape
        film = h.view(-1, frames, width, height, across)
        courses = film.permute(0, 3, 4, 1, 2).reshape(-1, frames, width)
        seen = attend(courses).view(-1, height, across, frames, width)
        return seen.permute(0, 3, 4, 1, 2).reshape(h.shape)

    assert check_attend_along_time(along) is along
    assert said(capsys) == "attend_along_time: ok"

    def give(x_t, t, x_0, given):
        film, each = x_t.clone(), t[:, None].repeat(1, given.shape[1])
        film[given], each[given] = x_0[given], 0
        return film, each

    assert check_give_frames(give) is give
    assert said(capsys) == "give_frames: ok"


@pytest.mark.parametrize("sentence", ALONG)
def test_every_mistake_along_time_gets_its_name(sentence, capsys):
    assert check_attend_along_time(ALONG[sentence]) is attend_along_time
    assert sentence in said(capsys)


@pytest.mark.parametrize("sentence", GIVING)
def test_every_mistake_with_given_frames_gets_its_name(sentence, capsys):
    assert check_give_frames(GIVING[sentence]) is give_frames
    assert sentence in said(capsys)


def test_what_has_no_name_shows_one_number(capsys):
    check_attend_along_time(lambda *given: attend_along_time(*given) + 1)
    assert "expected" in said(capsys)

    def shifted(*given):
        film, each = give_frames(*given)
        return film + 1, each

    check_give_frames(shifted)
    assert "expected" in said(capsys)


@pytest.mark.parametrize("shape", [(2, C), (2, 3, C + 1), (2, 3, C, 4)])
def test_attention_wants_sequences_with_the_channels_last(shape):
    with pytest.raises(AssertionError, match="the 5 channels last"):
        look(torch.zeros(shape))


def test_the_stand_in_for_attention_hears_the_order():
    courses = torch.randn(2, 4, C, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(look(courses.flip(1)).flip(1), look(courses))


@pytest.mark.parametrize("seed", [0, 1])
def test_no_two_axes_of_the_examples_are_alike(seed):
    generator = torch.Generator().manual_seed(seed)
    h, frames, _ = some_frames(generator)
    sizes = (len(h) // frames, frames, *h.shape[1:])
    assert len(set(sizes)) == len(sizes)
    x_t, t, _, given = some_films(generator)
    assert given.any(1).sum() < len(given) and len(t.unique()) == len(t)
    assert given.shape == x_t.shape[:2] and not given.all(1).any()
