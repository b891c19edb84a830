"""Torch's own sentences get a hint; the first nan gets its maker."""

import operator

import pytest
import torch
from exercises import SOURCES

from course_lib.checks.accidents import (
    GIVEN,
    hint_for,
    meant_by,
    taken_from_outside,
    where_from,
    with_hint,
)
from course_lib.checks.report import checked

X = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("accident", "words"),
    [
        (lambda: X + torch.ones(2), "(B, 1) beside a table"),
        (lambda: X + torch.ones(4, 1, 1, 2), "(B, 1, 1, 1) beside pictures"),
        (lambda: torch.ones(2, 1).add_(X), "write `out = out + ...`"),
        (lambda: X @ X, "does one of them need transposing?"),
        (lambda: torch.ones(2, 3, 4) @ torch.ones(2, 3, 4), "need transposing?"),
        (lambda: X if X > 0 else -X, "torch.where, &, | and ~"),
        (lambda: X[X], "add .long()"),
        (lambda: list(X)[X.ndim / 2], "int(...) or // makes one"),
        (lambda: [1, 2][X], "a list takes only one whole number"),
        (lambda: X.long().mean(), ".float() first"),
        (lambda: X.long().div_(2), ".float() first"),
        (lambda: X.sum().backward(), "no gradient gets through"),
        (lambda: float(X), "torch has its own for tensors"),
        (lambda: X[2], "counting starts at 0"),
        (lambda: X.flip(2), "axes are counted from 0"),
        (lambda: X[:, ::-1], "use x.flip(axis)"),
        (
            lambda: X.__setitem__(0, torch.ones(2)),
            "does not fit the shape of its place",
        ),
        (lambda: (X + 0j).__setitem__(X > 2, torch.ones(3)), "add .to(x.dtype)"),
        (lambda: torch.flip(X, 1), "axes must be in brackets"),
        (lambda: (-1) ** operator, "print both"),
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


# A `raise` that was left where it was -------------------------------------------------


def said_of(mine, capsys) -> str:
    """The first line that the learner reads."""
    checked(mine, lambda x: 2 * x, lambda generator: (torch.ones(3),), name="double")
    return capsys.readouterr().out.splitlines()[0]


def test_the_raise_below_an_answer_is_told(capsys):
    def assigned(x):
        """Twice x."""
        x = 2 * x
        raise NotImplementedError("your turn")

    def above(x):
        raise NotImplementedError
        return 2 * x

    said = said_of(assigned, capsys)
    assert said.startswith(
        "double: not yet right - the `raise` is still there, in line"
    )
    assert said.endswith(": in its place write `return` and your answer")
    assert said_of(above, capsys).endswith("of the cell: delete it")


def test_what_the_notebook_itself_has_written_is_no_answer(capsys):
    def mine(x):
        """Twice x, and a part of it is given."""
        width = 4  # an answer has begun
        half = width // 2  # noqa: F841
        raise NotImplementedError("your turn")

    def untouched(x, width=4):
        """The same as it is given."""
        half = width // 2  # noqa: F841
        raise NotImplementedError("your turn")

    assert "the `raise` is still there" in said_of(mine, capsys)
    assert said_of(untouched, capsys) == "double: not done yet"


def test_an_empty_exercise_of_another_cell_is_named(capsys):
    cells = {"torch": torch}
    for name, code in (
        ("cell 1", 'def my_first(x):\n    raise NotImplementedError("your turn")'),
        ("cell 2", "def mine(x):\n    return my_first(x) + x"),
    ):
        exec(compile(code, name, "exec"), cells)
    words = said_of(cells["mine"], capsys)
    assert "it calls `my_first`, which is not done yet" in words
    assert said_of(cells["my_first"], capsys) == "double: not done yet"


def test_the_lines_that_are_given_are_those_of_the_notebooks():
    found = set()
    for source in SOURCES.glob("*.py"):
        lines = source.read_text(encoding="utf-8").splitlines()
        for i, line in enumerate(lines):
            if "### BEGIN SOLUTION" in line and not lines[i - 1].endswith('"""'):
                found.add(lines[i - 1].split("  #")[0].strip())
    assert found == GIVEN


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

    assert where_from(root_then_logarithm, "nan", None).startswith("the square root")
    assert where_from(lambda: X.sum(), "nan", None) is None
    assert where_from(lambda: (X / 0) * 0, "nan", None) == "0 divided by 0"
    assert where_from(lambda: (X + 1) / 0 * 0, "nan", None) == "infinity times 0"
