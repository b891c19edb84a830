"""The checks of notebook 01 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb01_pixels import (
    check_from_bytes,
    check_paint_square,
    paint_square,
)
from course_lib.pixels import from_bytes


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


# paint_square -------------------------------------------------------------------


def test_a_right_square_is_used_onward(capsys):
    def mine(picture, top, left, side, colour):
        rows = torch.arange(picture.shape[1])[:, None]
        columns = torch.arange(picture.shape[2])[None, :]
        inside = (top <= rows) & (rows < top + side)
        inside = inside & (left <= columns) & (columns < left + side)
        return torch.where(inside, torch.tensor(colour)[:, None, None], picture)

    assert check_paint_square(mine) is mine
    assert said(capsys) == "paint_square: ok"


def changed_places(picture, top, left, side, colour):
    picture = picture.clone()
    for row in range(top, top + side):
        for column in range(left, left + side):
            picture[:, column, row] = torch.tensor(colour)
    return picture


def ends_at_side(picture, top, left, side, colour):
    picture = picture.clone()
    picture[:, top:side, left:side] = torch.tensor(colour)[:, None, None]
    return picture


def one_too_large(picture, top, left, side, colour):
    picture = picture.clone()
    for row in range(top, top + side + 1):
        for column in range(left, left + side + 1):
            picture[:, row, column] = torch.tensor(colour)
    return picture


def test_wrong_squares_are_named(capsys):
    for wrong, words in [
        (changed_places, "rows and columns are swapped"),
        (ends_at_side, "the rows go from top to top + side"),
        (one_too_large, "one pixel too large"),
    ]:
        assert check_paint_square(wrong) is paint_square
        assert words in said(capsys)


def test_painting_over_the_old_picture_is_told(capsys):
    def mine(picture, top, left, side, colour):
        for channel in range(3):
            picture[channel, top : top + side, left : left + side] = colour[channel]
        return picture

    assert check_paint_square(mine) is paint_square
    assert "it changes its input `picture` in place" in said(capsys)


def test_a_square_of_another_colour_shows_one_number(capsys):
    def mine(picture, top, left, side, colour):
        return paint_square(picture, top, left, side, (0.5, *colour[1:]))

    assert check_paint_square(mine) is paint_square
    assert "expected" in said(capsys)


# from_bytes ---------------------------------------------------------------------


def test_a_right_scale_is_used_onward(capsys):
    def mine(pictures):
        return (pictures.float() - 127.5) / 127.5

    assert check_from_bytes(mine) is mine
    assert said(capsys) == "from_bytes: ok"


def test_wrong_scales_are_named(capsys):
    for wrong, words in [
        (lambda pictures: pictures.float() / 255, "dividing by 255 gives 0 to 1"),
        (lambda pictures: (pictures.float() - 128) / 128, "half of 255 is 127.5"),
        (lambda pictures: (pictures.float() - 127.5) / 255, "only 1 wide"),
    ]:
        assert check_from_bytes(wrong) is from_bytes
        assert words in said(capsys)


def test_another_scale_shows_one_number(capsys):
    assert check_from_bytes(lambda pictures: pictures / 99.5 - 1) is from_bytes
    assert "expected" in said(capsys)


@pytest.mark.parametrize(
    ("check", "library"),
    [(check_paint_square, paint_square), (check_from_bytes, from_bytes)],
)
def test_an_empty_answer_blocks_nobody(capsys, check, library):
    def mine(*given):
        raise NotImplementedError("your turn")

    assert check(mine) is library
    assert said(capsys).endswith(": not done yet")
