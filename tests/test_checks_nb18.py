"""The checks of notebook 18 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb18_responsibility import (
    MARK,
    RATIO,
    check_copy_ratio,
    check_mark,
    some_pictures,
)
from course_lib.judging.memorisation import COPY, copy_ratio
from course_lib.painters.watermark import mark


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_right_functions_are_used_onward(capsys):
    def mine(pictures, training):
        return copy_ratio(pictures, training)

    assert check_copy_ratio(mine) is mine
    assert said(capsys) == "copy_ratio: ok"

    def my_mark(noise, key, ring):
        return mark(noise, key)

    assert check_mark(my_mark) is my_mark
    assert said(capsys) == "mark: ok"


@pytest.mark.parametrize("sentence", RATIO)
def test_every_mistake_with_copies_gets_its_name(sentence, capsys):
    assert check_copy_ratio(RATIO[sentence]) is copy_ratio
    assert sentence in said(capsys)


@pytest.mark.parametrize("sentence", MARK)
def test_every_mistake_with_the_mark_gets_its_name(sentence, capsys):
    assert check_mark(MARK[sentence]) is mark
    assert sentence in said(capsys)


def test_what_has_no_name_shows_one_number(capsys):
    check_copy_ratio(lambda *given: copy_ratio(*given) + 1)
    assert "expected" in said(capsys)
    check_mark(lambda *given: mark(*given) + 1)
    assert "expected" in said(capsys)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_examples_hold_copies_and_others(seed):
    ratio = copy_ratio(*some_pictures(torch.Generator().manual_seed(seed)))
    assert (ratio < COPY + 0.2).any() and (ratio > COPY).any()
