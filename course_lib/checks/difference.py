"""The first difference between a learner's answer and the right one, in words."""

import inspect
import math
from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

from course_lib.checks.shapes import shape_difference

Answer = object  # a tensor, a number, a text, None, or tuples, lists and dicts of them

# The usual shorthand for these three; any other dtype is spelled out.
CASTS = {torch.float32: ".float()", torch.int64: ".long()", torch.bool: ".bool()"}


# Only the first difference: a learner mends one thing at a time, and nobody reads a
# screen of numbers.
def difference(found: Answer, expected: Answer, tolerance: float = 1e-4) -> str | None:
    """The first difference in words, or None when the two answers agree.

    >>> difference(torch.tensor([1.0, 2.5]), torch.tensor([1.0, 2.0]))
    'at [1] expected 2.0, found 2.5'
    >>> difference(torch.ones(2), torch.ones(5, 7))
    'expected the shape (5, 7), found (2,)'
    """
    if isinstance(found, np.generic):
        found = found.item()  # a numpy number is as good as Python's own
    if isinstance(found, np.ndarray):  # == on it gives an array
        return _wrong_kind(found, expected)
    # Decided by what was expected: the learner's answer may be anything.
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
    if inspect.isgenerator(found):
        return (
            "it returned a generator, as any function with a `yield` does: put the "
            "answer after `return`"
        )
    if inspect.isroutine(found) or isinstance(found, type):
        return f"it returned the function {found.__name__} itself: call it, with ()"
    if isinstance(found, np.ndarray):
        return f"it returned a numpy array: {_from_numpy(expected)}"
    kinds = [type(value).__name__ for value in (expected, found)]
    return f"expected the type {kinds[0]}, found {kinds[1]}{_into(found, expected)}"


def _into(found: Answer, expected: Answer) -> str:
    """How to turn what was found into the expected kind; empty where nothing does."""
    if isinstance(expected, Tensor):
        # Not torch.tensor(number): the value would be right, but nothing could learn.
        if isinstance(found, (bool, int, float)):
            return (
                ": a tensor is needed, so do not use float(...), .item() or math.sqrt"
            )
        if isinstance(found, list):
            return (
                ": torch.stack(answer) joins a list of tensors, torch.tensor a list of "
                "numbers"
            )
        if isinstance(found, tuple):
            return (
                f": there are {len(found)} answers after `return`, and only one is "
                "wanted"
            )
    if isinstance(expected, list) and isinstance(found, Tensor):
        return ": .tolist() turns it into a list"
    if isinstance(expected, list) and isinstance(found, Iterable):
        return ": list(...) makes one"
    if isinstance(expected, tuple) and not isinstance(found, (str, Mapping)):
        return f": return {len(expected)} answers, with a comma between them"
    return ""


def _from_numpy(expected: Answer) -> str:
    if isinstance(expected, Tensor):
        return f"torch.tensor(answer, dtype={expected.dtype}) turns it into a tensor"
    if isinstance(expected, (int, float)):
        return "answer.item() turns it into a number"
    return f"expected the type {type(expected).__name__}; answer.tolist() makes a list"


def _tensor_difference(found: Answer, expected: Tensor, tolerance: float) -> str | None:
    if not isinstance(found, Tensor):
        return _wrong_kind(found, expected)
    if found.shape != expected.shape:
        return shape_difference(tuple(found.shape), tuple(expected.shape))
    # Before `.double()` below, which would drop the imaginary part with a warning.
    if found.is_complex():
        return (
            "it returned complex numbers: is there a square root of a number that can "
            "fall below 0? max(number, 0) prevents that"
        )
    # Compared as float64 on the CPU, so that no dtype or device adds an error of its
    # own, and right numbers of another dtype are recognised as right.
    exact, ours = (value.detach().cpu().double() for value in (expected, found))
    # equal_nan: a mistake that makes NaN is recognised by where it does.
    off = ~torch.isclose(ours, exact, rtol=tolerance, atol=tolerance, equal_nan=True)
    if not off.any():
        return _dtype_difference(found.dtype, expected.dtype)
    # Whole numbers where fractions belong are all off by rounding: then the dtype is
    # the news, not any single number.
    if expected.is_floating_point() and not found.is_floating_point():
        return (
            f"it answers with whole numbers, {found.dtype}, where fractions belong: "
            "begin with .float()"
        )
    if found.is_floating_point() and not expected.is_floating_point():
        return f"expected the dtype {expected.dtype}, found {found.dtype}"
    # NaN and inf come first: they explain more than a number that is off.
    odd = off & ~ours.isfinite()
    place = tuple((odd if odd.any() else off).nonzero()[0].tolist())
    here = f"at {list(place)} " if place else ""
    return here + _two_numbers(expected[place].item(), found[place].item())


def _dtype_difference(found: torch.dtype, expected: torch.dtype) -> str | None:
    if found == expected:
        return None
    cast = CASTS.get(expected, f".to({expected})")
    return f"{RIGHT_BUT} {found}, not {expected}: add {cast}"


RIGHT_BUT = "the numbers are right, but of dtype"


def is_of_another_dtype(said: str) -> bool:
    """Whether a sentence from `difference` objects to nothing but the dtype."""
    return RIGHT_BUT in said


def _number_difference(found: Answer, expected: float, tolerance: float) -> str | None:
    # A sum in torch is a 0-dimensional tensor: as good as a number.
    if isinstance(found, Tensor) and found.numel() == 1:
        found = found.item()
    if not isinstance(found, (int, float)):
        return _wrong_kind(found, expected)
    if math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance):
        return _fraction(found, expected)
    if math.isnan(found) and math.isnan(expected):  # as in tensors
        return None
    return _two_numbers(expected, found)


def _fraction(found: float, expected: float) -> str | None:
    # It would come out as 500.0, and no list or table takes that as an index.
    if isinstance(expected, int) and isinstance(found, float):
        return (
            f"the number is right, but {found} is a float where a whole number is "
            "needed: int(...) or round(...) makes one"
        )
    return None


# A guess; `compare` puts the cause in its place where it can find it.
NAN_HINT = " (a square root or logarithm of a number below 0, or 0 divided by 0?)"
INF_HINT = " (a division by 0, or the logarithm of 0?)"


def _two_numbers(expected: float, found: float) -> str:
    hint = ""
    if not math.isfinite(found):
        hint = NAN_HINT if math.isnan(found) else INF_HINT
    # Six digits: float32 has seven, and 0.1 would print as 0.10000000149.
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
    # Only this way round: a list unpacks just as a tuple does.
    if isinstance(expected, list) and isinstance(found, tuple):
        return "the values are right, but in a tuple: list(...) turns it into a list"
    return None


def says_nothing(answer: Answer) -> bool:
    """Whether none of its numbers is finite: NaN looks the same whatever caused it."""
    if isinstance(answer, Tensor):
        return answer.numel() > 0 and not answer.isfinite().any()
    # An empty list or tensor holds no NaN: it may be the right answer.
    if isinstance(answer, (tuple, list)):
        return len(answer) > 0 and all(map(says_nothing, answer))
    return isinstance(answer, float) and not math.isfinite(answer)


def is_comparable(answer: Answer) -> bool:
    """Whether two such answers can be found equal; two objects cannot."""
    if isinstance(answer, Mapping):
        return all(map(is_comparable, answer.values()))
    if isinstance(answer, (tuple, list)):
        return all(map(is_comparable, answer))
    if isinstance(answer, Tensor):
        return not answer.is_complex()  # it differs from everything, see above
    return answer is None or isinstance(answer, (int, float, str, np.generic))
