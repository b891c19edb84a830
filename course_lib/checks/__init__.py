"""Checks that teach: they run the learner's own function and say in words what is off.

A check draws two random inputs, compares the learner's answers with right ones, prints
one line and returns the function to use onward, the learner's or the library's:

    def check_add_noise(learner_add_noise):
        schedule = linear_schedule(T=1000)

        def right(x_0, t, eps, alpha_bar):
            return add_noise(x_0, t, eps, schedule)

        def no_roots(x_0, t, eps, alpha_bar):
            a = alpha_bar[t].reshape(-1, 1, 1, 1)
            return a * x_0 + (1 - a) * eps

        def inputs(generator):
            x_0, eps = torch.randn(2, 4, 1, 8, 8, generator=generator)
            return x_0, torch.tensor([0, 1, 500, 1000]), eps, schedule.alpha_bar

        mistakes = {"alpha_bar stands where its square root belongs": no_roots}
        return checked(learner_add_noise, right, inputs, mistakes, name="add_noise")

A mistake is named only when the learner's answers are that mistake's answers on both
inputs and no other named mistake explains them: a wrong diagnosis is worse than none.
Where comparing two answers is not enough, write the check by hand: a function that
raises NotYetRight with a sentence, given to `report`.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from types import TracebackType

import torch
from torch import Tensor

YOUR_TURN = "your turn"  # what tools/build.py leaves in place of a solution
Answer = object  # a tensor, a number, a text, None, or tuples, lists and dicts of them


class NotYetRight(AssertionError):
    """What is wrong with the learner's function, in one sentence."""


# The right answer against the learner's ---------------------------------------


def difference(found: Answer, expected: Answer, tolerance: float = 1e-4) -> str | None:
    """The first difference in words, or None when the two answers agree.

    >>> difference(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0]))
    'at [1] expected 2.0, found 2.5'
    >>> difference(torch.ones(2), torch.ones(2, 3))
    'expected the shape (2, 3), found (2,)'
    """
    if isinstance(expected, Tensor):
        return _tensor_difference(found, expected, tolerance)
    if isinstance(expected, (int, float)):
        return _number_difference(found, expected, tolerance)
    if isinstance(expected, Mapping):
        return _mapping_difference(found, expected, tolerance)
    if isinstance(expected, (tuple, list)):
        return _sequence_difference(found, expected, tolerance)
    return None if found == expected else f"expected {expected!r}, found {found!r}"


def _wrong_kind(found: Answer, expected: Answer) -> str:
    if found is None:
        return "it returned None: does it end with a `return`?"
    kinds = [type(value).__name__ for value in (expected, found)]
    return f"expected the type {kinds[0]}, found {kinds[1]}"


def _tensor_difference(found: Answer, expected: Tensor, tolerance: float) -> str | None:
    if not isinstance(found, Tensor):
        return _wrong_kind(found, expected)
    if found.shape != expected.shape:
        shapes = [tuple(value.shape) for value in (expected, found)]
        return f"expected the shape {shapes[0]}, found {shapes[1]}"
    if found.dtype != expected.dtype:
        return f"expected the dtype {expected.dtype}, found {found.dtype}"
    exact, ours = (value.detach().cpu().double() for value in (expected, found))
    off = ~torch.isclose(ours, exact, rtol=tolerance, atol=tolerance, equal_nan=True)
    if not off.any():
        return None
    place = tuple(off.nonzero()[0].tolist())
    here = f"at {list(place)} " if place else ""
    return here + _two_numbers(expected[place].item(), found[place].item())


def _number_difference(found: Answer, expected: float, tolerance: float) -> str | None:
    if isinstance(found, Tensor) and found.numel() == 1:
        found = found.item()
    if not isinstance(found, (int, float)):
        return _wrong_kind(found, expected)
    if math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance):
        return None
    return _two_numbers(expected, found)


def _two_numbers(expected: float, found: float) -> str:
    hint = ""
    if not math.isfinite(found):
        hint = " (a division by zero, or the root or logarithm of a negative number?)"
    if isinstance(expected, float):
        expected, found = float(f"{expected:.6g}"), float(f"{found:.6g}")
    return f"expected {expected}, found {found}{hint}"


def _mapping_difference(found: Answer, expected: Mapping, tolerance: float):
    if not isinstance(found, Mapping):
        return _wrong_kind(found, expected)
    if found.keys() != expected.keys():
        return f"expected the keys {list(expected)}, found {list(found)}"
    for key in expected:
        if said := difference(found[key], expected[key], tolerance):
            return f"in {key!r}: {said}"
    return None


def _sequence_difference(found: Answer, expected: tuple | list, tolerance: float):
    if not isinstance(found, (tuple, list)):
        return _wrong_kind(found, expected)
    if len(found) != len(expected):
        return f"expected {len(expected)} values, found {len(found)}"
    for i, (ours, right) in enumerate(zip(found, expected, strict=True)):
        if said := difference(ours, right, tolerance):
            return f"in value number {i}: {said}"
    return None


# The learner's function on two random inputs ----------------------------------


def compare(
    learner: Callable,
    right: Callable,
    inputs: Callable[[torch.Generator], tuple],
    mistakes: Mapping[str, Callable] | None = None,
    tolerance: float = 1e-4,
    by_chance: str = "use the randomness it is given instead of drawing some inside",
) -> None:
    """Raise NotYetRight unless the learner's function answers as the right one does.

    Args:
        learner:   the learner's function
        right:     one that is right and takes the same arguments
        inputs:    draws the arguments from a generator; called with two seeds
        mistakes:  what a likely mistake is called -> a function that makes it
        tolerance: how far apart numbers may be, absolutely and relatively
        by_chance: what to do if it draws noise of its own
    """
    draws = [inputs(torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    found = [_answer_leaving_inputs_alone(learner, draw) for draw in draws]
    expected = [right(*_fresh(draw)) for draw in draws]
    said = _first_difference(found, expected, tolerance)
    if said is None:
        return
    named = named_mistake(found, expected, draws, mistakes or {}, tolerance)
    if named is None and not _repeatable(learner, draws[0], found[0]):
        named = f"it answers differently each time for the same input: {by_chance}"
    raise NotYetRight(named or said)


def named_mistake(found, expected, draws, mistakes, tolerance=1e-4) -> str | None:
    """The one mistake that explains every answer found, if exactly one does."""
    explains = []
    for name, mistaken in mistakes.items():
        made = [mistaken(*_fresh(draw)) for draw in draws]
        matters = all(map(difference, made, expected))  # else it proves nothing
        if matters and _first_difference(found, made, tolerance) is None:
            explains.append(name)
    return explains[0] if len(explains) == 1 else None


def _first_difference(found: list, expected: list, tolerance: float) -> str | None:
    for ours, exact in zip(found, expected, strict=True):
        if said := difference(ours, exact, tolerance):
            return said
    return None


def _fresh(draw: tuple) -> tuple:
    """Copies of the arguments, so that no call can spoil them for the next."""
    return tuple(_copy(value) for value in draw)


def _copy(value):
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if type(value) in (list, tuple):
        return type(value)(_copy(item) for item in value)
    return value


def _answer_leaving_inputs_alone(learner: Callable, draw: tuple) -> Answer:
    given = _fresh(draw)
    answer = learner(*given)
    for i, (after, before) in enumerate(zip(given, draw, strict=True)):
        if isinstance(before, Tensor) and difference(after, before, tolerance=0):
            name = (*inspect.signature(learner).parameters, *"?" * len(draw))[i]
            raise NotYetRight(
                f"it changes its input `{name}` in place: make a new tensor instead "
                "of using += or a method that ends in _"
            )
    return answer


def _repeatable(learner: Callable, draw: tuple, first: Answer) -> bool:
    """Two answers to one question: then the function draws its own noise."""
    return difference(learner(*_fresh(draw)), first, tolerance=0) is None


# What the learner reads -------------------------------------------------------


def report(
    check: Callable[[], None],
    learner_function: Callable,
    library_function: Callable,
    name: str | None = None,
) -> Callable:
    """Run a check, print what it found, return the function to use onward.

    Never raises, so that an exercise which is not done yet blocks nobody.
    """
    name = name or library_function.__name__
    with torch.random.fork_rng(devices=[]):  # a check leaves no trace in the notebook
        wrong = _what_is_wrong(check, learner_function)
    print(f"{name}: {wrong or 'ok'}")
    if wrong is None:
        print("The notebook goes on with your version.")
        return learner_function
    print("The notebook goes on with the library's version.")
    return library_function


def checked(
    learner: Callable,
    right: Callable,
    inputs: Callable[[torch.Generator], tuple],
    mistakes: Mapping[str, Callable] | None = None,
    name: str | None = None,
    tolerance: float = 1e-4,
) -> Callable:
    """What most checks are: compare with the right function, then report."""

    def check():
        compare(learner, right, inputs, mistakes, tolerance)

    return report(check, learner, right, name)


def _what_is_wrong(check: Callable[[], None], learner_function: Callable) -> str | None:
    try:
        check()
    except NotImplementedError as error:
        if str(error) in ("", YOUR_TURN):
            return "not done yet"
        return f"not yet right - {_in_words(error, learner_function)}"
    except Exception as error:  # whatever a learner writes must not stop the notebook
        return f"not yet right - {_in_words(error, learner_function)}"
    return None


def _in_words(error: Exception, learner_function: Callable) -> str:
    """One sentence: the check's own, or the type, place and message of an accident."""
    message = " ".join(str(error).split())
    line = _line_in_cell(error.__traceback__, learner_function)
    ours = isinstance(error, AssertionError) and line is None
    if ours or isinstance(error, NotYetRight):
        return message or "a condition of the check does not hold"
    place = f" in line {line} of the cell" if line else ""
    return f"{type(error).__name__}{place}: {message or 'without a message'}"


def _line_in_cell(
    trace: TracebackType | None, learner_function: Callable
) -> int | None:
    """The last line of the learner's own cell that the error went through."""
    cell, line = _cell_of(learner_function), None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == cell:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _cell_of(learner_function: Callable) -> str | None:
    """The file that a function, or a class's methods, were written in."""
    parts = [learner_function, *getattr(learner_function, "__dict__", {}).values()]
    codes = [part.__code__ for part in parts if hasattr(part, "__code__")]
    return codes[0].co_filename if codes else None
