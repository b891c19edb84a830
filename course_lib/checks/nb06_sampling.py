"""The checks of notebook 06: one step of DDIM, and the list of steps to walk."""

from functools import partial

import torch
from torch import Tensor

from course_lib.checks.report import compare, report
from course_lib.diffusion import samplers
from course_lib.diffusion.samplers import choose_steps, std_of_fresh, table
from course_lib.diffusion.schedule import straight_line

SCHEDULE = straight_line()
A, B = table(SCHEDULE)
std_of_ddpm = partial(std_of_fresh, eta=1.0, schedule=SCHEDULE)  # of t and t_next


def ddim_step(
    x_0_hat: Tensor, eps_hat: Tensor, eps_new: Tensor, t: int, t_next: int, eta: float
) -> Tensor:
    """The library's step, on the straight line of this notebook, T = 1000."""
    return samplers.ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta, SCHEDULE)


def check_ddim_step(learner_ddim_step):
    """The right mix of guess, predicted noise and fresh noise, at random steps."""

    def inputs(generator):
        guesses = torch.randn(3, 2, 3, 8, 8, generator=generator)
        numbers = torch.rand(3, generator=generator).tolist()
        # t is always above t_next, and neither is an end, where a or b is 0 and hides
        # what is multiplied with it.
        t = 500 + int(400 * numbers[0])
        t_next = 100 + int(300 * numbers[1])
        # eta lies between its ends too: at 0 there is no fresh noise, and half of the
        # formula could be missing.
        return *guesses, t, t_next, 0.4 + 0.4 * numbers[2]

    def index_of_t(x_0_hat, eps_hat, eps_new, t, t_next, eta):
        std = eta * std_of_ddpm(t, t_next)
        kept = (B[t] ** 2 - std**2) ** 0.5
        return A[t] * x_0_hat + kept * eps_hat + std * eps_new

    def no_eps_hat(x_0_hat, eps_hat, eps_new, t, t_next, eta):
        return A[t_next] * x_0_hat + eta * std_of_ddpm(t, t_next) * eps_new

    def no_root(x_0_hat, eps_hat, eps_new, t, t_next, eta):
        std = eta * std_of_ddpm(t, t_next)
        kept = B[t_next] ** 2 - std**2
        return A[t_next] * x_0_hat + kept * eps_hat + std * eps_new

    mistakes = {
        "it mixes with a and b of step t: what comes out belongs to t_next, so it is "
        "a[t_next] and b[t_next]": index_of_t,
        "the predicted noise is missing: without its part `kept * eps_hat` too little "
        "noise is left for step t_next": no_eps_hat,
        "a variance stands where a standard deviation belongs: b[t_next] ** 2 - std ** "
        "2 is a variance, and `kept` is its square root": no_root,
    }

    def check():
        compare(learner_ddim_step, ddim_step, inputs, mistakes)

    return report(check, learner_ddim_step, ddim_step)


def check_choose_steps(learner_choose_steps):
    """From T down to 0, both included, as evenly as whole numbers allow."""

    def inputs(generator):
        # 1000 / 7 and 1000 / 12 are no whole numbers: with 10 steps a stride that is
        # cut too early would look right.
        steps = (7, 12)[int(torch.rand((), generator=generator) < 0.5)]
        return 1000, steps

    def upwards(T, steps):
        return choose_steps(T, steps)[::-1]

    def without_the_end(T, steps):
        return choose_steps(T, steps)[:-1]

    def stride_cut(T, steps):
        return [T - i * (T // steps) for i in range(steps + 1)]

    mistakes = {
        "the list climbs: sampling starts in pure noise, at T, and walks down": upwards,
        "the last number, 0, is missing: n steps have n + 1 ends, like a fence and its "
        "posts": without_the_end,
        "the stride is cut to a whole number before it is multiplied, so the walk does "
        "not end at 0: round at the very end": stride_cut,
    }

    def check():
        compare(learner_choose_steps, choose_steps, inputs, mistakes)

    return report(check, learner_choose_steps, choose_steps)
