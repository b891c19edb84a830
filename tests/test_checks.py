"""A check never stops the notebook, and never tells a learner something untrue."""

import functools

import numpy as np
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


def test_a_mistake_is_the_same_in_another_dtype(capsys):
    check_blend(lambda x, y: swapped(x, y).double(), {"swapped": swapped})
    assert said(capsys) == "blend: not yet right - swapped"


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


def test_all_inputs_that_it_changes_are_named_in_one_sentence(capsys):
    def mine(x, y):
        x[0], y[0] = 0, 0
        return 0.75 * x + 0.25 * y

    check_blend(mine)
    heard = said(capsys)
    assert "it changes its inputs `x` and `y` in place" in heard
    assert "`x = x.clone()`" in heard


def without_last(steps, table, network):
    """The library's function of the next tests: it takes no step off the list."""
    return network(table["a"][:-1]) + len(steps)


def lists_and_networks(generator):
    network = torch.nn.Linear(3, 3)
    torch.nn.init.normal_(network.weight, generator=generator)
    return [3, 2, 1], {"a": torch.ones(4)}, network


def empties_the_list(steps, table, network):
    steps.pop()
    return without_last([*steps, 0], table, network)


def spoils_the_table(steps, table, network):
    answer = without_last(steps, table, network)
    table["a"] *= 2
    return answer


def spoils_the_network(steps, table, network):
    answer = without_last(steps, table, network)
    network.weight.data.zero_()
    return answer


@pytest.mark.parametrize(
    ("mine", "name", "copied"),
    [
        (empties_the_list, "steps", "`steps = list(steps)`"),
        (spoils_the_table, "table", "`table = dict(table)`"),
        (spoils_the_network, "network", "`network = copy.deepcopy(network)`"),
    ],
)
def test_lists_and_networks_are_guarded_as_tensors_are(capsys, mine, name, copied):
    checked(mine, without_last, lists_and_networks)
    heard = said(capsys)
    assert f"it changes its input `{name}` in place" in heard and copied in heard


def test_whoever_changes_nothing_is_not_told_so(capsys):
    mine = functools.partial(without_last)
    assert checked(mine, without_last, lists_and_networks) is mine


def test_nobody_can_change_what_the_check_compares_with(capsys):
    """Networks were handed out as they are: emptied, both answers were the same."""

    def nothing_left(block, x):
        block.norm = torch.nn.Identity()
        block.linear.weight = torch.nn.Parameter(torch.zeros(3, 3))
        return block.linear(x)

    def right(block, x):
        return block.linear(block.norm(x))

    def inputs(generator):
        block = torch.nn.Module()
        block.norm, block.linear = torch.nn.Tanh(), torch.nn.Linear(3, 3)
        return block, torch.randn(2, 3, generator=generator)

    assert checked(nothing_left, right, inputs) is right


def test_noise_drawn_inside_is_told(capsys):
    check_blend(lambda x, y: x + torch.randn(2, 3))
    assert "it answers differently each time for the same input" in said(capsys)


def nan_number(x, y):
    return x.sum().item() * float("nan")


def generator_of_numbers(x, y):
    yield x.sum().item()


def an_object_of_its_own(x, y):
    return object()


def a_numpy_array(x, y):
    return blend(x, y).numpy()


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (nan_number, "found nan (a square root or logarithm"),
        (generator_of_numbers, "it returned a generator"),
        (an_object_of_its_own, "expected the type"),
        (a_numpy_array, "it returned a numpy array"),
    ],
)
@pytest.mark.parametrize("right", [blend, lambda x, y: x.sum().item()])
def test_what_cannot_be_told_apart_is_not_called_chance(capsys, mine, words, right):
    checked(mine, right, two_pictures, name="blend")
    heard = said(capsys)
    assert "differently each time" not in heard
    assert words in heard or (mine, right) == (nan_number, blend)


def test_nan_is_no_proof_of_one_mistake(capsys):
    """Whatever led to it, NaN looks the same."""

    def root_of_less_than_nothing(x, y):
        return (-1 - x.square()).sqrt()

    mistakes = {"the root of y is missing": lambda x, y: 0 * y / 0}
    check_blend(root_of_less_than_nothing, mistakes)
    assert "the root of y" not in said(capsys)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x.sqrt()", "found nan: the square root of a number below 0, in line 2"),
        ("(x - 9) ** 0.5", "found nan: a fractional power, such as ** 0.5, of a"),
        ("(-9 - x).log()", "found nan: the logarithm of a number below 0, in line 2"),
        ("(0 * x) / (0 * x)", "found nan: 0 divided by 0, in line 2 of the cell"),
        ("1 / (0 * x[:, :1])", "found inf: a division by 0, in line 2 of the cell"),
        ("(x * 1e4).exp()", "found inf: exp of a large number, in line 2 of the cell"),
    ],
)
def test_what_is_no_number_is_told_with_what_made_it(capsys, line, words):
    def spread(generator):
        return torch.tensor([[3.0, -1.0]]), torch.randn(1, 2, generator=generator)

    mine = in_a_cell(f"def mine(x, y):\n    return 0 * y + ({line})")
    checked(mine, blend, spread)
    assert words in said(capsys)


def test_an_accident_that_often_happens_comes_with_a_hint(capsys):
    check_blend(lambda x, y: x * torch.ones(2))
    heard = said(capsys)
    assert "RuntimeError" in heard and "(B, 1, 1, 1) beside pictures" in heard


# More that must be right --------------------------------------------------------


def test_a_further_case_has_its_name_before_the_sentence(capsys):
    nothing = {"for a picture of zeros": (torch.zeros(2), torch.zeros(2))}

    def mine(x, y):
        return blend(x, y) if x.any() else x + 1

    checked(mine, blend, two_pictures, also=nothing)
    assert said(capsys) == (
        "blend: not yet right - for a picture of zeros: at [0] expected 0.0, found 1.0"
    )
    assert checked(blend_again, blend, two_pictures, also=nothing) is blend_again


def blend_again(x, y):
    return x - (x - y) / 4


def test_mistakes_are_named_in_further_cases(capsys):
    def mine(x, y):
        return blend(x, y) if len(x) == 2 else swapped(x, y)

    case = {"for one": (torch.ones(1, 3), torch.zeros(1, 3))}
    checked(mine, blend, two_pictures, {"x and y are swapped": swapped}, also=case)
    assert said(capsys) == "blend: not yet right - for one: x and y are swapped"


def test_an_answer_that_is_filled_anew_is_kept_as_it_was():
    """Its second call would change what the first had answered."""
    same = torch.zeros(2, 3)

    def mine(x, y):
        return same.copy_(blend(x, y))

    assert check_blend(mine) is mine


def test_what_a_check_handed_on_is_not_called_right(capsys):
    """`loss = check(loss)` in a cell that is run twice made every answer right."""

    def mine(x, y):
        return x

    once = check_blend(mine)
    capsys.readouterr()
    assert check_blend(once) is once
    heard = capsys.readouterr().out
    assert ": ok" not in heard and "run the cell of your own function again" in heard
    assert "your version" not in heard


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
        (
            1.0,
            torch.ones(()),
            "expected the type Tensor, found float: a tensor is needed, so do not "
            "use float(...), .item() or math.sqrt",
        ),
        (
            [torch.ones(2)],
            torch.ones(1, 2),
            "expected the type Tensor, found list: torch.stack(answer) joins a "
            "list of tensors, torch.tensor a list of numbers",
        ),
        (
            (torch.ones(2), 1),
            torch.ones(2),
            "expected the type Tensor, found tuple: there are 2 answers after "
            "`return`, and only one is wanted",
        ),
        (
            torch.ones(2),
            [1.0, 1.0],
            "expected the type list, found Tensor: .tolist() turns it into a list",
        ),
        (
            range(2),
            [0, 1],
            "expected the type list, found range: list(...) makes one",
        ),
        (
            torch.ones(2),
            (3, torch.ones(2)),
            "expected the type tuple, found Tensor: return 2 answers, with a comma "
            "between them",
        ),
        (
            torch.ones(2).sum,
            torch.ones(()),
            "it returned the function sum itself: call it, with ()",
        ),
        (
            (1, 2),
            [1, 2],
            "the values are right, but in a tuple: list(...) turns it into a list",
        ),
        (
            [1.0, 0],
            [1, 0],
            "in value number 0: the number is right, but 1.0 is a float where a "
            "whole number is needed: int(...) or round(...) makes one",
        ),
        (torch.ones(3, 5), torch.ones(2), "expected the shape (2,), found (3, 5)"),
        (
            torch.ones(2).double(),
            torch.ones(2),
            "the numbers are right, but of dtype torch.float64, not torch.float32: "
            "add .float()",
        ),
        (
            torch.tensor([1.0, 3.0]),
            torch.tensor([1, 3]),
            "the numbers are right, but of dtype torch.float32, not torch.int64: "
            "add .long()",
        ),
        (torch.ones(2).double(), torch.zeros(2), "at [0] expected 0.0, found 1.0"),
        (
            torch.ones(2, dtype=torch.uint8),
            torch.zeros(2),
            "it answers with whole numbers, torch.uint8, where fractions belong: begin "
            "with .float()",
        ),
        (
            np.ones(2),
            torch.ones(2),
            "it returned a numpy array: torch.tensor(answer, dtype=torch.float32) "
            "turns it into a tensor",
        ),
        (
            np.ones(1),
            1.0,
            "it returned a numpy array: answer.item() turns it into a number",
        ),
        (
            np.ones(2),
            [1.0, 1.0],
            "it returned a numpy array: expected the type list; answer.tolist() makes "
            "a list",
        ),
        (
            torch.ones(2, dtype=torch.complex64),
            torch.ones(2),
            "it returned complex numbers: is there a square root of a number that "
            "can fall below 0? max(number, 0) prevents that",
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
    assert heard.startswith("at [0] expected 1.0, found nan (a square root or")
    heard = difference(torch.tensor([float("inf")]), torch.ones(1))
    assert heard.startswith("at [0] expected 1.0, found inf (a division by 0")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (torch.tensor([1.00001]), torch.ones(1)),
        (torch.tensor(0.25), 0.25),
        (np.float32(0.25), 0.25),
        ([np.int64(2), np.int64(1)], [2, 1]),
        (float("nan"), float("nan")),
        ([1, (2, 3)], (1, (2, 3))),
        ([1, 2], (1, 2)),
        (torch.tensor([float("inf")]), torch.tensor([float("inf")])),
        (torch.ones(2, requires_grad=True), torch.ones(2)),
    ],
)
def test_what_is_as_good_as_the_same_has_no_difference(found, expected):
    assert difference(found, expected) is None
