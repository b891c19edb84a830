"""Torch's own sentences get a hint; the first nan gets its maker."""

import operator

import pytest
import torch

from course_lib.checks.accidents import (
    hint_for,
    meant_by,
    taken_from_outside,
    where_from,
    with_hint,
)

X = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("accident", "words"),
    [
        (lambda: X + torch.ones(2), "(B, 1, 1, 1) beside pictures"),
        (lambda: X @ X, "is one of them to be transposed?"),
        (lambda: torch.ones(2, 3, 4) @ torch.ones(2, 3, 4), "to be transposed?"),
        (lambda: X if X > 0 else -X, "torch.where, &, | and ~"),
        (lambda: X[X], "add .long()"),
        (lambda: list(X)[X.ndim / 2], "int(...) or // makes one"),
        (lambda: [1, 2][X], "a list takes one whole number"),
        (lambda: X.long().mean(), ".float() first"),
        (lambda: X.long().div_(2), ".float() first"),
        (lambda: X.sum().backward(), "no gradient leads there"),
        (lambda: float(X), "torch has the same for tensors"),
        (lambda: X[2], "the first has the number 0"),
        (lambda: X.flip(2), "axes are counted from 0"),
        (lambda: X[:, ::-1], "x.flip(axis) does that"),
        (lambda: X.__setitem__(0, torch.ones(2)), "has another shape than the place"),
        (lambda: torch.flip(X, 1), "axes are given in brackets"),
        (lambda: (-1) ** operator, "print what they are"),
        (lambda: [a + b for a, b in [1, 2]], "pairwise(...), zip(...)"),
    ],
)
def test_an_accident_that_often_happens_has_a_hint(accident, words):
    with pytest.raises(Exception) as error:
        accident()
    assert words in with_hint(str(error.value))


def test_an_accident_of_another_kind_is_left_as_it_is():
    assert hint_for("something rare") is None
    assert with_hint("something rare") == "something rare"


@pytest.mark.parametrize(
    ("accident", "words"),
    [
        (lambda: X.sqaure(), "is `.square` meant?"),
        (lambda: X.nothing_like_it(), None),
        (lambda: X[2], None),
    ],
)
def test_a_misspelled_name_behind_a_dot_is_recognised(accident, words):
    with pytest.raises(Exception) as error:
        accident()
    assert meant_by(error.value) == words


def test_a_tensor_of_the_notebook_is_told_from_what_the_function_is_given():
    def forgotten(x):
        return [x + X for _ in range(2)]

    def made_inside(x):
        X = x
        return X, operator.add, sum

    assert taken_from_outside(forgotten) == ["X"]
    assert taken_from_outside(made_inside) == []
    assert taken_from_outside(sum) == []


def test_the_first_that_is_no_number_is_found_and_no_later_one():
    def root_then_logarithm():
        return (-X).sqrt().log()

    assert where_from(root_then_logarithm, "nan", None).startswith("the root")
    assert where_from(lambda: X.sum(), "nan", None) is None
    assert where_from(lambda: (X / 0) * 0, "nan", None) == "0 divided by 0"
    assert where_from(lambda: (X + 1) / 0 * 0, "nan", None) == "infinity times 0"
