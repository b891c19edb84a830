"""What each exercise is asked: its check's inputs, drawn afresh, and its right answer.

A check of the course says by `compare` what it gives to a function and what is right
(course_lib/checks/report.py). Here it is run with the course's solution, and each
`compare` is written down and asked later, with numbers that nobody has seen. So a new
exercise is graded as soon as it has a check. What a check gives as a function of its
own cannot be sent to another process; those exercises stand in own_questions.py.
"""

import contextlib
import importlib
import inspect
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import torch
from exercises import Exercise
from torch import Tensor, nn

from course_lib.checks import report
from course_lib.checks.difference import difference
from course_lib.checks.guard import fresh
from course_lib.checks.slope import asking_for_gradients
from grading.plain import Other, Unreadable, from_plain
from grading.work import plain_or_none, slopes_of

FRESH = "fresh numbers"
MOST_LETTERS = 600  # of a sentence
DRAWS = 4  # of each kind of inputs: a mistake may be right by chance once


class Question(NamedTuple):
    """One call of the function."""

    group: str  # what all questions of this group ask: they count together
    given: tuple
    right: Callable
    tolerance: float = 1e-4
    slopes: tuple[int, ...] = ()  # by which arguments a gradient must be right
    keeps: bool = False  # whether it must leave what it is given as it was
    judge: Callable | None = None  # what is right, where no one answer is


class Fresh(torch.Generator):
    """Random numbers from a seed of ours, for inputs that ask whether it is 0 or 1."""

    kind = 0

    def initial_seed(self) -> int:
        return self.kind


def generator(seed: int, kind: int = 0) -> Fresh:
    made = Fresh()
    made.manual_seed(seed)
    made.kind = kind
    return made


# What the checks compare --------------------------------------------------------------


class Compared(NamedTuple):
    """The arguments of one `compare` in a check."""

    right: Callable
    inputs: Callable
    tolerance: float
    also: dict[str, tuple]
    gradient: bool | tuple[str, ...]


@cache
def compared(exercise: Exercise) -> tuple[Compared, ...]:
    """Every `compare` of an exercise's check, in order."""
    found, signature = [], inspect.signature(report.compare)

    def note(*given, **named):
        bound = signature.bind(*given, **named)
        bound.apply_defaults()
        asked = bound.arguments
        kept = {name: asked[name] for name in Compared._fields}
        found.append(Compared(**kept | {"also": asked["also"] or {}}))

    with in_place_of_compare(exercise.check_file, note):
        check, solution = exercise.check(), exercise.function()
        with contextlib.redirect_stdout(io.StringIO()):
            check(solution)
    return tuple(found)


@contextmanager
def in_place_of_compare(file: str, note: Callable) -> Iterator[None]:
    modules = [report, importlib.import_module(file)]
    modules = [module for module in modules if hasattr(module, "compare")]
    was = report.compare
    try:
        for module in modules:
            module.compare = note
        yield
    finally:
        for module in modules:
            module.compare = was


def questions(exercise: Exercise, seed: int) -> list[Question]:
    """All that an exercise is asked, with numbers that follow from the seed."""
    from grading.own_questions import MORE, OWN, TRAVELS

    if exercise.name in OWN:
        return OWN[exercise.name](seed)
    found = []
    for number, each in enumerate(compared(exercise)):
        found += from_compare(each, number, seed)
    if travels := TRAVELS.get(exercise.name):
        found = [each._replace(given=travels(each.given)) for each in found]
    found += MORE.get(exercise.name, lambda seed: [])(seed)
    # One of them also for what is left of its arguments.
    return [found[0]._replace(keeps=True), *found[1:]]


def from_compare(each: Compared, number: int, seed: int) -> Iterator[Question]:
    """Fresh draws, then the cases that a check names."""
    name = FRESH if number == 0 else f"{FRESH}, of kind {number + 1}"
    for draw in range(DRAWS):
        # No two draws, and no two kinds of inputs, share their numbers.
        chance = generator(seed + 1009 * (DRAWS * number + draw), kind=draw % 2)
        given = each.inputs(chance)
        yield Question(name, given, each.right, each.tolerance)
        if each.gradient and draw < 2:
            places = learned(each, given)
            question = Question(f"{name}: gradient", given, each.right, each.tolerance)
            yield question._replace(slopes=places)
    for case, given in each.also.items():
        yield Question(case, given, each.right, each.tolerance)


def learned(each: Compared, given: tuple) -> tuple[int, ...]:
    """By which arguments a gradient is asked for."""
    names = report.names_of(each.right, len(given))
    return tuple(
        place
        for place, (name, value) in enumerate(zip(names, given, strict=True))
        if (each.gradient is True or name in each.gradient) and can_learn(value)
    )


def can_learn(value) -> bool:
    floating = isinstance(value, Tensor) and value.is_floating_point()
    return floating or isinstance(value, nn.Module)


# What is right ------------------------------------------------------------------------


def what_is_wrong(question: Question, said: dict | None, seen: dict) -> str | None:
    """None for a right answer, or a sentence.

    Args:
        said: the line that came from the other process; nothing of it is believed
        seen: what the questions of one function want to remember of each other
    """
    if said is None:
        return "there is no answer"
    if "error" in said:
        return str(said["error"])[:MOST_LETTERS]
    try:
        found = from_plain(said.get("answer"))
        slopes = from_plain(said.get("slopes"))
        kept = from_plain(said.get("kept"))
        asked = from_plain(said.get("asked"))
    except Unreadable as error:
        return f"the answer cannot be read ({error})"
    if question.judge:
        wrong = question.judge(found, slopes, asked, seen)
    else:
        wrong = wrong_answer(question, found) or wrong_slopes(question, slopes)
    wrong = wrong or changed(question, kept)
    return wrong[:MOST_LETTERS] if wrong else None


def wrong_answer(question: Question, found) -> str | None:
    if (kind := other_in(found)) is not None:
        return f"it returned something of type {kind}"
    expected = question.right(*fresh(question.given))
    return difference(found, expected, question.tolerance)


def other_in(found) -> str | None:
    """The type of what is neither number nor tensor nor text, if there is such."""
    if isinstance(found, Other):
        return found.kind
    if isinstance(found, (list, tuple)):
        return next(filter(None, map(other_in, found)), None)
    return None


def wrong_slopes(question: Question, slopes) -> str | None:
    if not question.slopes:
        return None
    given = asking_for_gradients(fresh(question.given))
    expected = slopes_of(question.right(*given), given, question.slopes)
    if difference(slopes, expected, tolerance=1e-3):
        return "the numbers are right, but the gradient is not"
    return None


def changed(question: Question, kept) -> str | None:
    """What is wrong if it wrote into what it was given."""
    before = [plain_or_none(value) for value in question.given]
    if question.keeps and difference(kept, before, tolerance=0):
        return "it changes what it is given: begin with a copy"
    return None
