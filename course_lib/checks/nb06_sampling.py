"""The checks of notebook 06: one step of DDIM, and the list of steps to walk."""

import functools
import math
import re

import torch
from torch import Tensor

from course_lib.checks.report import NotYetRight, compare, report
from course_lib.device import plain_torch
from course_lib.diffusion import samplers
from course_lib.diffusion.samplers import choose_steps, table
from course_lib.diffusion.schedule import straight_line

SCHEDULE = straight_line()
A, B = table(SCHEDULE)


def std_of_ddpm(t: int, t_next: int) -> float:
    """The standard deviation of DDPM's fresh noise at t_next, as in the notebook."""
    # The same as `std_of_fresh`, in a form that rounding never takes above b[t_next];
    # otherwise the root of what is left would be complex.
    assert t_next < t, "t_next comes after t: it is std_of_ddpm(t, t_next)"
    ratio = A[t] * B[t_next] / (A[t_next] * B[t])
    return B[t_next] * (1 - ratio**2) ** 0.5


def ddim_step(
    x_0_hat: Tensor, eps_hat: Tensor, eps_new: Tensor, t: int, t_next: int, eta: float
) -> Tensor:
    """The library's step, on the straight line of this notebook, T = 1000."""
    return samplers.ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta, SCHEDULE)


# The step -------------------------------------------------------------------------


def root(variance: float) -> float:
    """A root that is NaN below 0, so that a mistake cannot stop the check."""
    return variance**0.5 if variance >= 0 else math.nan


def step_with(picture, kept, fresh):
    """A step that mixes these amounts, each a function of (t, t_next, eta)."""

    def step(x_0_hat, eps_hat, eps_new, t, t_next, eta):
        amounts = (amount(t, t_next, eta) for amount in (picture, kept, fresh))
        parts = zip(amounts, (x_0_hat, eps_hat, eps_new), strict=True)
        return sum(amount * part for amount, part in parts)

    return step


# The right amounts; each mistake below has one or two of its own.
def picture(t, t_next, eta):
    return A[t_next]


def kept(t, t_next, eta):
    return root(B[t_next] ** 2 - fresh(t, t_next, eta) ** 2)


def fresh(t, t_next, eta):
    return eta * std_of_ddpm(t, t_next)


def nothing(t, t_next, eta):
    return 0.0


def all_predicted(t, t_next, eta):
    return B[t_next]


def of_ddpm(t, t_next, eta):
    return std_of_ddpm(t, t_next)


def kept_of_ddpm(t, t_next, eta):
    return kept(t, t_next, 1.0)


def exchanged(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    return ddim_step(x_0_hat, eps_new, eps_hat, t, t_next, eta)


def all_by_a(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    parts = kept(t, t_next, eta) * eps_hat + fresh(t, t_next, eta) * eps_new
    return A[t_next] * (x_0_hat + parts)


def picture_for_noise(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    return ddim_step(eps_hat, x_0_hat, eps_new, t, t_next, eta)


STEP_MISTAKES = {
    "it mixes with a and b of step t: the result belongs to t_next, so use a[t_next] "
    "and b[t_next]": step_with(
        lambda t, t_next, eta: A[t],
        lambda t, t_next, eta: root(B[t] ** 2 - fresh(t, t_next, eta) ** 2),
        fresh,
    ),
    "the picture has the share of step t: the result belongs to t_next, so use "
    "a[t_next]": step_with(lambda t, t_next, eta: A[t], kept, fresh),
    "the noise has the share of step t: the result belongs to t_next, so `kept` begins "
    "with b[t_next]": step_with(
        picture,
        lambda t, t_next, eta: root(B[t] ** 2 - fresh(t, t_next, eta) ** 2),
        fresh,
    ),
    "all of the noise at t_next has the standard deviation b[t_next], and not 1: kept "
    "** 2 is b[t_next] ** 2 - std ** 2": step_with(
        picture,
        lambda t, t_next, eta: root(1 - fresh(t, t_next, eta) ** 2),
        fresh,
    ),
    "the fresh noise is eta times all of the noise: std is eta times that of DDPM, "
    "std_of_ddpm(t, t_next)": step_with(
        picture,
        lambda t, t_next, eta: root(1 - eta**2) * B[t_next],
        lambda t, t_next, eta: eta * B[t_next],
    ),
    "the brackets go too far: a[t_next] belongs to x_0_hat alone, and both noises are "
    "added as they are": all_by_a,
    "`kept` is no share of b[t_next], as 1 - eta would have it: variances add, so kept "
    "** 2 is b[t_next] ** 2 - std ** 2": step_with(
        picture, lambda t, t_next, eta: (1 - eta) * B[t_next], fresh
    ),
    "the predicted noise is missing: without `kept * eps_hat` there is too little "
    "noise for step t_next": step_with(picture, nothing, fresh),
    "the fresh noise is missing: add `std * eps_new`": step_with(
        picture, kept, nothing
    ),
    "the picture is missing: add `a[t_next] * x_0_hat`": step_with(
        nothing, kept, fresh
    ),
    "the guess of the picture is used whole: at step t_next its part is `a[t_next] * "
    "x_0_hat`": step_with(lambda t, t_next, eta: 1.0, kept, fresh),
    "a variance stands where a standard deviation belongs: b[t_next] ** 2 - std ** "
    "2 is a variance, and `kept` is its square root": step_with(
        picture,
        lambda t, t_next, eta: B[t_next] ** 2 - fresh(t, t_next, eta) ** 2,
        fresh,
    ),
    "standard deviations are subtracted, but only variances add: kept ** 2 is "
    "b[t_next] ** 2 - std ** 2": step_with(
        picture, lambda t, t_next, eta: B[t_next] - fresh(t, t_next, eta), fresh
    ),
    "b[t_next] is a standard deviation: square it before you subtract std ** "
    "2": step_with(
        picture,
        lambda t, t_next, eta: root(B[t_next] - fresh(t, t_next, eta) ** 2),
        fresh,
    ),
    "std is a standard deviation: square it before you subtract it from b[t_next] ** "
    "2": step_with(
        picture,
        lambda t, t_next, eta: root(B[t_next] ** 2 - fresh(t, t_next, eta)),
        fresh,
    ),
    "the predicted noise is not reduced, so with the fresh noise there is too much: "
    "kept ** 2 is b[t_next] ** 2 - std ** 2": step_with(picture, all_predicted, fresh),
    "the fresh part is added to the predicted noise, but must be subtracted: kept ** 2 "
    "is b[t_next] ** 2 - std ** 2": step_with(
        picture,
        lambda t, t_next, eta: root(B[t_next] ** 2 + fresh(t, t_next, eta) ** 2),
        fresh,
    ),
    "eta is not used: std is eta times what std_of_ddpm says": step_with(
        picture, kept_of_ddpm, of_ddpm
    ),
    "eta does not divide the noise in two: the variances add, so `kept` is the root of "
    "b[t_next] ** 2 - std ** 2, with std = eta * std_of_ddpm(t, t_next)": step_with(
        picture,
        lambda t, t_next, eta: (1 - eta) * B[t_next],
        lambda t, t_next, eta: eta * B[t_next],
    ),
    "the root of eta stands where eta belongs: std is eta times that of DDPM": (
        step_with(
            picture,
            lambda t, t_next, eta: root(
                B[t_next] ** 2 - eta * std_of_ddpm(t, t_next) ** 2
            ),
            lambda t, t_next, eta: eta**0.5 * std_of_ddpm(t, t_next),
        )
    ),
    "no noise is fresh, whatever eta says: std is eta times what std_of_ddpm says": (
        step_with(picture, all_predicted, nothing)
    ),
    "only the fresh noise uses eta: `kept` needs the same std, with eta in it": (
        step_with(picture, kept_of_ddpm, fresh)
    ),
    "only `kept` uses eta: the fresh noise needs the same std, with eta in it": (
        step_with(picture, kept, of_ddpm)
    ),
    "the fresh noise has the standard deviation 1: its part is `std * eps_new`": (
        step_with(picture, kept, lambda t, t_next, eta: 1.0)
    ),
    "the fresh noise is multiplied by a variance: its part is `std * eps_new`, without "
    "a square": step_with(
        picture, kept, lambda t, t_next, eta: fresh(t, t_next, eta) ** 2
    ),
    "the fresh noise is as strong as all of the noise: its part is `std * eps_new`": (
        step_with(picture, kept, all_predicted)
    ),
    "predicted and fresh noise are swapped: use `kept * eps_hat` and `std * eps_new`": (
        exchanged
    ),
    "picture and predicted noise are swapped: a[t_next] goes with x_0_hat and `kept` "
    "with eps_hat": picture_for_noise,
    "a and b are swapped: a says how much picture there is, b how much noise": (
        step_with(
            lambda t, t_next, eta: B[t_next],
            lambda t, t_next, eta: root(A[t_next] ** 2 - fresh(t, t_next, eta) ** 2),
            fresh,
        )
    ),
    "the noise is subtracted: x_next still holds noise, so add all three parts": (
        step_with(picture, lambda *at: -kept(*at), lambda *at: -fresh(*at))
    ),
    "the predicted noise is subtracted: x_next still holds noise, so add all three "
    "parts": step_with(picture, lambda *at: -kept(*at), fresh),
}


# Below 0 at the steps that the check draws: Python makes a complex number of its root.
SQUARES = {
    "std is a standard deviation: square it as well before it is taken off "
    "b[t_next] ** 2": lambda t, t_next, eta: B[t_next] ** 2 - fresh(t, t_next, eta),
    "the two variances are exchanged: kept ** 2 is b[t_next] ** 2 - std ** 2": (
        lambda t, t_next, eta: fresh(t, t_next, eta) ** 2 - B[t_next] ** 2
    ),
    "eta is no standard deviation: kept ** 2 is b[t_next] ** 2 - std ** 2, with std = "
    "eta * std_of_ddpm(t, t_next)": lambda t, t_next, eta: B[t_next] ** 2 - eta**2,
}


def name_if_complex(answer, x_0_hat, eps_hat, eps_new, t, t_next, eta) -> None:
    """Raise NotYetRight if a known root of a number below 0 stands for `kept`."""
    if not isinstance(answer, Tensor) or not answer.is_complex():
        return
    for name, square in SQUARES.items():
        by_python = square(t, t_next, eta) ** 0.5
        step = step_with(picture, lambda *at, kept=by_python: kept, fresh)
        made = step(x_0_hat, eps_hat, eps_new, t, t_next, eta)
        if made.is_complex() and torch.allclose(answer, made, atol=1e-4):
            raise NotYetRight(name)


@plain_torch()  # its own cases must be plain, whatever is set
def check_ddim_step(learner_ddim_step):
    """The right mix of guess, predicted noise and fresh noise, at random steps."""

    @functools.wraps(learner_ddim_step)
    def step_of_learner(*given):
        answer = learner_ddim_step(*given)
        name_if_complex(answer, *given)
        return answer

    def inputs(generator):
        guesses = torch.randn(3, 2, 3, 8, 8, generator=generator)
        numbers = torch.rand(3, generator=generator).tolist()
        # t is always above t_next, and neither is an end, where a or b is 0 and hides
        # what it multiplies.
        t = 500 + int(400 * numbers[0])
        t_next = 100 + int(300 * numbers[1])
        # eta is not an end either: at 0 there is no fresh noise, and half of the
        # formula could be missing.
        return *guesses, t, t_next, 0.4 + 0.4 * numbers[2]

    one, two, three = torch.randn(3, 4, 3, 32, 32, generator=torch.Generator())
    also = {
        "with eta = 0": (one, two, torch.zeros_like(one), 750, 500, 0.0),
        "with eta = 1": (one, two, three, 750, 500, 1.0),
        "at the last step, where t_next is 0": (one, two, three, 83, 0, 0.5),
        # From T on, all of the noise is fresh: with another form of std, rounding takes
        # b ** 2 - std ** 2 below 0, and its root in Python is a complex number.
        **{
            f"with eta = 1, from t = 1000 to t_next = {t_next}": (
                *(one, two, three, 1000, t_next, 1.0),
            )
            for t_next in (917, 957, 970)
        },
    }

    def check():
        compare(step_of_learner, ddim_step, inputs, STEP_MISTAKES, also=also)

    return report(check, learner_ddim_step, ddim_step)


# The list of steps ------------------------------------------------------------------


def evenly(first, last, count):
    """`count` whole numbers from first to last, both included, evenly spaced."""
    return torch.linspace(first, last, count, dtype=torch.float64).round().int()


def taken_off(T: int, steps: int) -> list[int]:
    """The stride taken off again and again, until what is left is below 0."""
    left, way = T, []
    while left >= 0:
        way.append(round(left))
        left -= T / steps
    return way


STEPS_MISTAKES = {
    "`steps` is how many strides there are, and it walks in strides of `steps`: one "
    "stride is T / steps": lambda T, steps: list(range(T, -1, -steps)),
    "the stride is cut to a whole number before it is multiplied, so the walk does "
    "not begin at T: round at the very end": (
        lambda T, steps: [i * (T // steps) for i in range(steps, -1, -1)]
    ),
    "the stride is rounded to a whole number before it is multiplied, so the walk does "
    "not begin at T: round at the very end": (
        lambda T, steps: [i * round(T / steps) for i in range(steps, -1, -1)]
    ),
    "the list climbs: sampling starts in pure noise, at T, and walks down": (
        lambda T, steps: choose_steps(T, steps)[::-1]
    ),
    "the last number, 0, is missing: n steps have n + 1 ends, like a fence and its "
    "posts": lambda T, steps: choose_steps(T, steps)[:-1],
    "the first number, T, is missing: n steps have n + 1 ends, like a fence and its "
    "posts": lambda T, steps: choose_steps(T, steps)[1:],
    "T and 0 are missing: they belong to the list": (
        lambda T, steps: choose_steps(T, steps)[1:-1]
    ),
    "there are as many numbers as steps: n steps have n + 1 ends, like a fence and its "
    "posts": lambda T, steps: evenly(T, 0, steps).tolist(),
    "the list climbs, and its last number, T, is missing: it should walk from T down "
    "to 0": lambda T, steps: choose_steps(T, steps)[:0:-1],
    "the stride is cut to a whole number before it is multiplied, so the walk does "
    "not end at 0: round at the very end": (
        lambda T, steps: [T - i * (T // steps) for i in range(steps + 1)]
    ),
    "the stride is rounded to a whole number before it is multiplied, so the walk does "
    "not end at 0: round at the very end": (
        lambda T, steps: [T - i * round(T / steps) for i in range(steps + 1)]
    ),
    "`-T // steps` makes the stride longer, to a whole number, and range stops before "
    "0: work out each number as a fraction of T, and round it at the very end": (
        lambda T, steps: list(range(T, 0, -T // steps))
    ),
    "the strides are whole numbers, and the last one has to make up the difference: "
    "work out each number as a fraction of T, and round it at the very end": (
        lambda T, steps: [*range(T, 0, -T // steps), 0]
    ),
    "the stride is cut to a whole number, so there is an extra short step at the end: "
    "round at the very end": lambda T, steps: [*range(T, 0, -(T // steps)), 0],
    "int(...) and // cut off the decimals: round(...) goes to the nearest whole "
    "number": (lambda T, steps: [T * (steps - i) // steps for i in range(steps + 1)]),
    "these are not whole numbers: round them with round(...)": (
        lambda T, steps: [T * (steps - i) / steps for i in range(steps + 1)]
    ),
    "these are shares of the way, from 1 to 0: multiply them by T and round them to "
    "get steps": (lambda T, steps: [(steps - i) / steps for i in range(steps + 1)]),
    "it counts from `steps` down to 0: each count is a stride of T / steps": (
        lambda T, steps: list(range(steps, -1, -1))
    ),
    "it goes down by 1 each time and stops near T: the stride is T / steps": (
        lambda T, steps: [T - i for i in range(steps + 1)]
    ),
    "it visits every step from T to 0: there should be steps + 1 numbers, with a "
    "stride of T / steps": lambda T, steps: list(range(T, -1, -1)),
    "it begins at T - 1: our steps go from T down to 0": (
        lambda T, steps: evenly(T - 1, 0, steps + 1).tolist()
    ),
    "it ends at 1: the clean picture is t = 0": (
        lambda T, steps: evenly(T, 1, steps + 1).tolist()
    ),
    "it begins at 1000 whatever T is: use T": (
        lambda T, steps: choose_steps(1000, steps)
    ),
    "it is the list for 4 steps, whatever `steps` is: use steps": (
        lambda T, steps: choose_steps(T, 4)
    ),
    "it divides by steps + 1, so the walk does not end at 0: the stride is T / steps": (
        lambda T, steps: [round(T - T * i / (steps + 1)) for i in range(steps + 1)]
    ),
    "there is one step too many: n steps have n + 1 ends": (
        lambda T, steps: choose_steps(T, steps + 1)
    ),
    "these are the lengths of the steps: each number is what is left of T": (
        lambda T, steps: [round(T / steps) for i in range(steps + 1)]
    ),
}


@plain_torch()  # its own cases must be plain, whatever is set
def check_choose_steps(learner_choose_steps):
    """From T down to 0, both included, as evenly as whole numbers allow."""

    def inputs(generator):
        # 1000 / 7 and 1000 / 9 are not whole numbers: with 10 steps a stride that is
        # cut too early would look right. Both are tried, since some mistakes look alike
        # in one of them, and only with 7 does a stride that is subtracted again and
        # again miss the 0. Neither makes a half, which people round either way.
        return 1000, 7 if generator.initial_seed() % 2 == 0 else 9

    also = {
        f"with T = {T} and {steps} step{'s' if steps > 1 else ''}": (T, steps)
        for T, steps in [(1000, 4), (400, 9), (1000, 12), (1000, 1), (6, 6)]
    }

    def check():
        try:
            compare(
                learner_choose_steps, choose_steps, inputs, STEPS_MISTAKES, also=also
            )
        except NotYetRight as error:
            told = with_both_lists(str(error), learner_choose_steps)
            raise NotYetRight(told) from error

    return report(check, learner_choose_steps, choose_steps)


def with_both_lists(said: str, learner_choose_steps) -> str:
    """A bare "expected 8 values, found 143", with T, steps and both short lists."""
    if not re.match(r"in value number|expected \d+ values", said):
        return said
    few_lists = [(1000, 4), (1000, 7), (1000, 9)]
    # No mistake of the list above: those must be wrong in both draws.
    if all(learner_choose_steps(*each) == taken_off(*each) for each in few_lists):
        return (
            "with 7 steps the last number, 0, is lost by rounding: T / steps taken off "
            "again and again ends a little below 0. Work out each number by itself, as "
            "a fraction of T"
        )
    for T, steps in few_lists:
        found, right = learner_choose_steps(T, steps), choose_steps(T, steps)
        if found != right:
            few = f"{found[:9]}"[:-1] + ", ...]" if len(found) > 9 else f"{found}"
            return f"with T = {T} and {steps} steps: expected {right}, found {few}"
    return said
