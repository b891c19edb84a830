"""A check never stops the notebook, and never tells a learner something untrue."""

import pytest
import torch

from course_lib.checks.difference import difference
from course_lib.checks.report import checked, compare, report


def blend(x, y):
    """The library's function of these tests: three parts x, one part y."""
    return 0.75 * x + 0.25 * y


def two_pictures(generator):
    return tuple(torch.randn(2, 3, generator=generator) for _ in "xy")


def swapped(x, y):
    return 0.25 * x + 0.75 * y


def check_blend(learner, mistakes=None):
    return checked(learner, blend, two_pictures, mistakes)


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def in_a_cell(source: str):
    """A function as a notebook defines it: in a file of its own, lines from 1."""
    names = {"torch": torch}
    exec(compile(source, "/tmp/ipykernel_1/2.py", "exec"), names)
    return names["mine"]


# The three outcomes -------------------------------------------------------------


def test_a_right_answer_is_used_onward(capsys):
    def mine(x, y):
        return x - (x - y) / 4

    assert check_blend(mine) is mine
    assert capsys.readouterr().out == (
        "blend: ok\nThe notebook goes on with your version.\n"
    )


@pytest.mark.parametrize("message", ["your turn", ""])
def test_an_empty_answer_blocks_nobody(capsys, message):
    def mine(x, y):
        raise NotImplementedError(message)

    assert check_blend(mine) is blend
    assert capsys.readouterr().out == (
        "blend: not done yet\nThe notebook goes on with the library's version.\n"
    )


def test_a_wrong_answer_shows_one_number(capsys):
    def mine(x, y):
        return torch.where(x > -5, 7.0, x)

    assert check_blend(mine) is blend
    x, y = two_pictures(torch.Generator().manual_seed(0))
    number = float(f"{blend(x, y)[0, 0].item():.6g}")
    assert said(capsys) == (
        f"blend: not yet right - at [0, 0] expected {number}, found 7.0"
    )


def test_a_check_may_speak_for_itself(capsys):
    def check():
        if mine(1, 3) != 2:
            raise AssertionError("at t = 0 nothing should change")

    mine = in_a_cell("def mine(x, y): return 0")
    assert report(check, mine, blend, name="my_blend") is blend
    assert said(capsys) == "my_blend: not yet right - at t = 0 nothing should change"


# Named mistakes -----------------------------------------------------------------


def test_a_mistake_is_named_when_it_explains_everything(capsys):
    check_blend(lambda x, y: swapped(x, y), {"x and y have changed places": swapped})
    assert said(capsys) == "blend: not yet right - x and y have changed places"


def test_a_mistake_that_fits_one_input_only_is_not_named(capsys):
    first, _ = two_pictures(torch.Generator().manual_seed(0))

    def fits_once(x, y):
        return swapped(x, y) if torch.equal(x, first) else x

    check_blend(fits_once, {"x and y have changed places": swapped})
    assert "expected" in said(capsys)


def test_two_mistakes_that_explain_the_same_are_not_named(capsys):
    check_blend(lambda x, y: swapped(x, y), {"swapped": swapped, "the same": swapped})
    assert "expected" in said(capsys)


def test_a_mistake_that_changes_nothing_on_these_inputs_is_not_named(capsys):
    check_blend(lambda x, y: x, {"harmless": blend})
    assert "expected" in said(capsys)


def test_a_mistake_may_have_a_shape_of_its_own(capsys):
    def summed(x, y):
        return blend(x, y).sum()

    check_blend(lambda x, y: summed(x, y), {"it adds up the whole batch": summed})
    assert said(capsys) == "blend: not yet right - it adds up the whole batch"


# Accidents ----------------------------------------------------------------------


def test_an_exception_becomes_a_sentence_with_its_line(capsys):
    mine = in_a_cell("\n\ndef mine(x, y):\n    z = x\n    return z @ y\n")
    assert check_blend(mine) is blend
    heard = said(capsys)
    assert heard.startswith("blend: not yet right - RuntimeError in line 5 of the cell")


def test_an_error_of_the_learners_own_helper_points_at_the_helper(capsys):
    check_blend(
        in_a_cell("def deep(x):\n    return x.nothing\ndef mine(x, y):\n    deep(x)")
    )
    assert "AttributeError in line 2 of the cell" in said(capsys)


def test_a_method_of_the_learners_class_is_found_too(capsys):
    mine = in_a_cell("class mine:\n    def go(self):\n        return 1 / 0\n")

    report(lambda: mine().go(), mine, blend)
    assert "ZeroDivisionError in line 3 of the cell: division by zero" in said(capsys)


def test_torchs_own_not_implemented_is_not_taken_for_an_empty_answer(capsys):
    def mine(x, y):
        raise NotImplementedError("'Half' is not supported here")

    check_blend(mine)
    assert "NotImplementedError" in said(capsys)


def test_changing_the_input_in_place_is_told(capsys):
    def mine(x, y):
        y *= 0.25
        return 0.75 * x + y

    check_blend(mine)
    assert "it changes its input `y` in place" in said(capsys)


def test_noise_drawn_inside_is_told(capsys):
    check_blend(lambda x, y: x + torch.randn(2, 3))
    assert "it answers differently each time for the same input" in said(capsys)


def test_a_given_generator_is_the_same_for_both():
    def draw(generator):
        return torch.randn(3, generator=generator)

    compare(lambda generator: draw(generator), draw, lambda generator: (generator,))


def test_a_check_leaves_no_trace_in_the_notebooks_randomness():
    torch.manual_seed(0)
    untouched = torch.rand(1)
    torch.manual_seed(0)
    check_blend(lambda x, y: x + torch.randn(2, 3))
    assert torch.rand(1) == untouched


def test_an_interrupt_is_the_learners_own_wish():
    def mine(x, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_blend(mine)


# One difference in words --------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected", "words"),
    [
        (None, torch.ones(2), "it returned None: does it end with a `return`?"),
        (1.0, torch.ones(()), "expected the type Tensor, found float"),
        (torch.ones(3), torch.ones(2), "expected the shape (2,), found (3,)"),
        (
            torch.ones(2).double(),
            torch.ones(2),
            "expected the dtype torch.float32, found torch.float64",
        ),
        (torch.tensor(3), torch.tensor(2), "expected 2, found 3"),
        (torch.tensor([1.0, 2.0]), torch.ones(2), "at [1] expected 1.0, found 2.0"),
        ((1, 2), (1, 3), "in value number 1: expected 3, found 2"),
        ((1,), (1, 3), "expected 2 values, found 1"),
        ({"a": 1}, {"a": 2}, "in 'a': expected 2, found 1"),
        ({"b": 1}, {"a": 2}, "expected the keys ['a'], found ['b']"),
        (0.5, 0.25, "expected 0.25, found 0.5"),
        ("half", 0.25, "expected the type float, found str"),
        ("frog", "cat", "expected 'cat', found 'frog'"),
    ],
)
def test_a_difference_is_said_in_words(found, expected, words):
    assert difference(found, expected) == words


def test_nan_comes_with_a_hint():
    heard = difference(torch.tensor([float("nan")]), torch.ones(1))
    assert heard.startswith("at [0] expected 1.0, found nan (a division by zero")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (torch.tensor([1.00001]), torch.ones(1)),
        (torch.tensor(0.25), 0.25),
        ([1, (2, 3)], (1, [2, 3])),
        (torch.tensor([float("inf")]), torch.tensor([float("inf")])),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
    ],
)
def test_what_is_as_good_as_the_same_has_no_difference(found, expected):
    assert difference(found, expected) is None
