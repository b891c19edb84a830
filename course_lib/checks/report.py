"""The parts of a check: run the learner's own function, and say in words what is off.

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

`compare` and `checked` take two more arguments:

    also={"at t = 0": (x_0, torch.zeros(4).long(), eps, schedule.alpha_bar)}
        further cases that must be right: the notebook's own shapes and numbers, and the
        ends. They come after the two draws, so that those can avoid the ends, where
        mistakes look alike. The key precedes the sentence.
    gradient=True
        something must be able to learn from the answer: wherever the right function has
        a gradient with respect to an argument (a tensor, or the weights of an
        nn.Module), the learner's must have the same. The sentence names what cuts it
        off. `one_weight(function)` from slope.py gives a fake network a weight. Where
        some arguments are not learned, such as pictures and noise, name the others:
        gradient=("model",), as the right function calls them.

Where comparing two answers is not enough, write the check by hand: pass `report` a
function that calls the learner's function through `ask` and raises NotYetRight with a
sentence. Such a check tests gradients with `must_learn(answer, {"model": weight},
learner)`.
"""

import inspect
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType

import torch
from torch import Tensor

from course_lib.checks import guard
from course_lib.checks.accidents import (
    meant_by,
    stays_below,
    taken_from_outside,
    where_from,
    with_hint,
)
from course_lib.checks.difference import (
    INF_HINT,
    NAN_HINT,
    Answer,
    difference,
    is_comparable,
    is_of_another_dtype,
    says_nothing,
)
from course_lib.checks.guard import NoEnd, fresh, is_changed, kept
from course_lib.checks.slope import (
    asking_for_gradients,
    slope_difference,
    slope_missing,
)
from course_lib.device import plain_torch

YOUR_TURN = "your turn"  # what tools/build.py leaves in place of a solution


class NotYetRight(AssertionError):
    """What is wrong with the learner's function, in one sentence."""


# The learner's function ---------------------------------------------------------


def ask(learner: Callable, *given) -> Answer:
    """The learner's answer. The function gets copies, and settings are restored.

    Raises NotYetRight with the names of all arguments that the function changed.
    """
    # Copies, so that x *= 2 is noticed, and does not spoil the input for the right
    # function.
    copies = fresh(given)
    # Around each single call: settings from one call must not affect the next.
    with guard.same_settings(), plain_torch():
        answer = learner(*copies)
    pairs = zip(names_of(learner, len(given)), copies, given, strict=True)
    # All of them in one sentence: named one by one, they would cost a try each.
    if changed := {n: was for n, now, was in pairs if is_changed(now, was)}:
        names = " and ".join(f"`{name}`" for name in changed)
        inputs = "inputs" if len(changed) > 1 else "input"
        first, was = next(iter(changed.items()))
        raise NotYetRight(
            f"it changes its {inputs} {names} in place, but the caller still needs the "
            f"old values: begin with a copy, {copying(first, was)}, or make something "
            "new"
        )
    return kept(answer)


def names_of(learner: Callable, count: int) -> list[str]:
    """What the function calls its arguments; numbers where Python cannot say."""
    try:
        names = list(inspect.signature(learner).parameters)
    except (TypeError, ValueError):  # it is not written in Python
        names = []
    # A function of *args has fewer names than arguments.
    return [*names, *(f"number {i}" for i in range(len(names), count))][:count]


def copying(name: str, was: Answer) -> str:
    """The line that copies an argument of this kind."""
    # Learners type this line as it stands, so it is the plainest for each kind.
    if isinstance(was, Tensor):
        return f"`{name} = {name}.clone()`"
    if type(was) in (list, dict):
        return f"`{name} = {type(was).__name__}({name})`"
    return f"`{name} = copy.deepcopy({name})`"


def compare(
    learner: Callable,
    right: Callable,
    inputs: Callable[[torch.Generator], tuple],
    mistakes: Mapping[str, Callable] | None = None,
    tolerance: float = 1e-4,
    by_chance: str = "use the randomness it is given instead of drawing some inside",
    also: Mapping[str, tuple] | None = None,
    gradient: bool | tuple[str, ...] = False,
) -> None:
    """Raise NotYetRight unless the learner's function gives the right one's answers.

    Args:
        learner:   the learner's function
        right:     a right one, with the same arguments
        inputs:    draws the arguments from a generator; called with two seeds
        mistakes:  the sentence for a likely mistake -> a function that makes it
        tolerance: how far apart numbers may be, absolutely and relatively
        by_chance: what to do if it draws noise of its own
        also:      the name of a further case ("at t = 0") -> its arguments
        gradient:  whether something is to be learned from the answer; or the names of
                   the arguments of `right` by which there must be a gradient
    """
    # Fixed seeds: a class compares what it reads, and so does `make course`. Two of
    # them, since on a single input one mistake may look like another by chance.
    draws = [inputs(torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    _compare_draws(learner, right, draws, mistakes or {}, tolerance, by_chance)
    for name, case in (also or {}).items():
        try:
            _compare_draws(learner, right, [case], mistakes or {}, tolerance, by_chance)
        except NotYetRight as error:
            raise NotYetRight(f"{name}: {error}") from None
    if gradient:
        _compare_gradients(learner, right, draws, gradient)


def _compare_draws(learner, right, draws, mistakes, tolerance, by_chance) -> None:
    found = [ask(learner, *draw) for draw in draws]
    # Copies here too: no function, not even ours, may spoil the next one's input.
    expected = [right(*fresh(draw)) for draw in draws]
    said = _first_difference(found, expected, tolerance)
    if said is None:
        return
    # NaN everywhere would match every mistake that makes NaN.
    if all(map(says_nothing, found)):
        raise NotYetRight(_where_from(said, learner, draws))
    named = named_mistake(found, expected, draws, mistakes, tolerance)
    # Tested last: it calls the learner's function once more, and after a known mistake
    # there is no need to mention randomness.
    if named is None and not _repeatable(learner, draws[0], found[0]):
        named = f"it answers differently each time for the same input: {by_chance}"
    raise NotYetRight(named or _where_from(said, learner, draws))


def _where_from(said: str, learner: Callable, draws: list) -> str:
    """The sentence about a nan or an inf, with its cause in place of a guess."""
    for hint, kind in ((NAN_HINT, "nan"), (INF_HINT, "inf")):
        if hint in said:
            run = (lambda draw=draw: ask(learner, *draw) for draw in draws)
            made_by = (where_from(once, kind, _cell_of(learner)) for once in run)
            found = next(filter(None, made_by), None)
            return said.replace(hint, f": {found}") if found else said
    return said


def _compare_gradients(learner, right, draws, needed) -> None:
    for draw in draws:
        mine, exact = (asking_for_gradients(fresh(draw)) for _ in range(2))
        names = names_of(learner, len(draw))
        which = names_of(right, len(draw))
        asked = [needed is True or name in needed for name in which]
        with guard.same_settings(), plain_torch():
            said = slope_difference(learner, right, mine, exact, names, asked)
        if said:
            raise NotYetRight(said)


def must_learn(answer: Answer, needed: Mapping[str, object], learner: Callable) -> None:
    """Raise NotYetRight unless a gradient reaches everything in `needed`.

    Args:
        needed: a name -> the tensor or network, with requires_grad set
    """
    if said := slope_missing(answer, needed, learner):
        raise NotYetRight(said)


def named_mistake(found, expected, draws, mistakes, tolerance=1e-4) -> str | None:
    """The one mistake that explains every answer found, if exactly one does."""
    explains = []
    for name, mistaken in mistakes.items():
        # Each mistake is a function with the learner's arguments: only what it returns
        # is compared, never how it is written.
        made = [mistaken(*fresh(draw)) for draw in draws]
        matters = all(map(difference, made, expected))  # else it proves nothing
        said = _first_difference(found, made, tolerance) if matters else "nothing"
        # In another dtype it is the same mistake; the dtype comes up afterwards.
        if said is None or is_of_another_dtype(said):
            explains.append(name)
    # Two that fit are two guesses, one of which would send the learner to the wrong
    # place: then one number, expected and found, says more.
    return explains[0] if len(explains) == 1 else None


def _first_difference(found: list, expected: list, tolerance: float) -> str | None:
    for ours, exact in zip(found, expected, strict=True):
        if said := difference(ours, exact, tolerance):
            return said
    return None


def _repeatable(learner: Callable, draw: tuple, first: Answer) -> bool:
    """Whether it gives the same answer twice, without randomness of its own."""
    return not is_comparable(first) or not difference(ask(learner, *draw), first, 0)


# What the learner reads -------------------------------------------------------


def report(
    check: Callable[[], None],
    learner_function: Callable,
    library_function: Callable,
    name: str | None = None,
) -> Callable:
    """Run a check, print what it found, return the function to use onward.

    Catches whatever the learner's function raises, so that an unfinished exercise
    blocks nobody; only KeyboardInterrupt goes through, since somebody at the keyboard
    wants everything to stop. All settings are restored.
    """
    name = name or library_function.__name__
    if _is_handed_on(learner_function):
        # A cell that writes `loss = check(loss)` twice would call a wrong answer right.
        print(
            f"{name}: that is the library's version, which an earlier check handed on: "
            "run the cell of your own function again, and then this one"
        )
        print("The notebook goes on with the library's version.")
        return learner_function
    wrong = _what_is_wrong(check, learner_function)
    # Printed and not raised: the next cells must run, with one version or the other.
    print(f"{name}: {wrong or 'ok'}")
    if wrong is None:
        print("The notebook goes on with your version.")
        return learner_function
    print("The notebook goes on with the library's version.")
    _HANDED_ON.add(library_function)
    return library_function


# The library functions handed on so far; weak, as most are new in each check.
_HANDED_ON = weakref.WeakSet()


def _is_handed_on(function: Callable) -> bool:
    try:
        return function in _HANDED_ON
    except TypeError:  # no weak reference to it is possible, so none was kept
        return False


def checked(
    learner: Callable,
    right: Callable,
    inputs: Callable[[torch.Generator], tuple],
    mistakes: Mapping[str, Callable] | None = None,
    name: str | None = None,
    tolerance: float = 1e-4,
    also: Mapping[str, tuple] | None = None,
    gradient: bool | tuple[str, ...] = False,
) -> Callable:
    """The usual check: compare with the right function, then report."""

    def check():
        compare(
            learner, right, inputs, mistakes, tolerance, also=also, gradient=gradient
        )

    return report(check, learner, right, name)


def _what_is_wrong(check: Callable[[], None], learner_function: Callable) -> str | None:
    # The clock is innermost, so that what it raises is caught below, after all settings
    # are restored.
    limit = guard.time_limit(guard.SECONDS, _cell_of(learner_function))
    few = guard.few_lines()
    try:
        with guard.same_chance(), guard.same_settings(), plain_torch(), few, limit:
            check()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() in an exercise must not end a notebook
        # torch raises NotImplementedError too, with a message of its own.
        empty = isinstance(error, NotImplementedError)
        if empty and _message(error) in ("", YOUR_TURN):
            if other := _empty_elsewhere(error, learner_function):
                return (
                    f"not yet right - it calls `{other}`, which is not done yet: write "
                    "that one first, or call the function that its check returned"
                )
            what_to_do = stays_below(learner_function)
            if what_to_do is None:
                return "not done yet"
            line = _line_in_cell(error.__traceback__, learner_function)
            where = f", in line {line} of the cell" if line else ""
            return f"not yet right - the `raise` is still there{where}: {what_to_do}"
        said = _in_words(error, learner_function)
        return f"not yet right - {said}{_outside(said, learner_function)}"
    return None


def _empty_elsewhere(error: BaseException, learner_function: Callable) -> str | None:
    """The exercise of another cell that was called and is still empty, if it is one."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    raised_by, own = trace.tb_frame.f_code, _cell_of(learner_function)
    if _message(error) != YOUR_TURN or own in (None, raised_by.co_filename):
        return None
    return raised_by.co_name


def _outside(said: str, learner_function: Callable) -> str:
    """What to say of a tensor that is the notebook's, if nothing was said of it yet."""
    names = taken_from_outside(learner_function)
    names = [f"`{name}`" for name in names if f"notebook's `{name}`" not in said]
    if not names:
        return ""
    return (
        f" (it reads the notebook's {' and '.join(names)}, from an earlier cell: use "
        "what the function is given, or what it makes itself)"
    )


def _in_words(error: BaseException, learner_function: Callable) -> str:
    """One sentence: the check's own, or the type, place and message of an accident."""
    message = _message(error)
    line = _line_in_cell(error.__traceback__, learner_function)
    # An assertion of the check is our sentence; one in the learner's own cell is
    # theirs, and needs its line.
    ours = isinstance(error, AssertionError) and line is None
    if ours or isinstance(error, NotYetRight):
        return message or "a condition of the check does not hold"
    place = f" in line {line} of the cell" if line else ""
    if isinstance(error, NoEnd):
        seconds = f"{guard.SECONDS:g} seconds of work"
        return (
            f"it does not come to an end: after {seconds} it was still running{place}"
        )
    if isinstance(error, SystemExit):
        return f"it calls exit(){place}, which ends all of Python: use `return`"
    # A check that knows the context may have added a hint of its own.
    own = " ".join(getattr(error, "__notes__", ())) or meant_by(error)
    said = f"{message} ({own})" if own else with_hint(message)
    said = said or "without a message"
    return f"{type(error).__name__}{place}: {said}"


def _message(error: BaseException) -> str:
    """An exception's message in one line; empty if even that fails."""
    try:
        with guard.time_limit(guard.SECONDS):
            return " ".join(str(error).split())
    except KeyboardInterrupt:
        raise
    except BaseException:  # the learner's own class, whose __str__ raises
        return ""


def _line_in_cell(
    trace: TracebackType | None, learner_function: Callable
) -> int | None:
    """The last line of the learner's own cell, from 1, that the error went through."""
    # The last such line: the error may be in a helper in the same cell. Frames inside
    # torch are deeper, and tell a learner nothing.
    cell, line = _cell_of(learner_function), None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == cell:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _cell_of(learner_function: Callable) -> str | None:
    """The file that a function, or a class's methods, were written in."""
    # A class has no code of its own, but its methods do.
    parts = [learner_function, *getattr(learner_function, "__dict__", {}).values()]
    codes = [part.__code__ for part in parts if hasattr(part, "__code__")]
    return codes[0].co_filename if codes else None
