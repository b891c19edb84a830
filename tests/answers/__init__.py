"""What learners hand in: right answers written in many ways, and beginners' mistakes.

One module a notebook, nbNN_name.py. An answer is an ordinary function under a mark:

    @right(check_add_noise)
    def with_view(x_0, t, eps, alpha_bar): ...

    @wrong(check_add_noise, "its square root")  # words that the check must say
    def no_roots(x_0, t, eps, alpha_bar): ...

    @wrong(check_add_noise)  # must be caught; no sentence can say what to change, so
                             # the check must name no mistake
    def nonsense(x_0, t, eps, alpha_bar): ...

tests/test_answers.py hands each in; `make mutants` counts what is caught and named.
"""

from collections.abc import Callable
from typing import NamedTuple


class Answer(NamedTuple):
    check: Callable
    function: Callable
    says: str | None = None  # of a wrong one: words that name the mistake


RIGHT: list[Answer] = []
WRONG: list[Answer] = []


def right(check: Callable):
    """Mark a function as a right answer, which the check must not refuse."""

    def mark(function):
        RIGHT.append(Answer(check, function))
        return function

    return mark


def wrong(check: Callable, says: str | None = None):
    """Mark a function as a wrong one: it must be caught, and told `says`, if given."""

    def mark(function):
        WRONG.append(Answer(check, function, says))
        return function

    return mark
