"""The check of notebook 02: the jump from the clean picture straight to step t."""

import torch

from course_lib.checks.report import NotYetRight, compare, report
from course_lib.diffusion.schedule import add_noise, linear_schedule


def check_add_noise(learner_add_noise):
    """The learner's jump must be the library's, on a batch of mixed steps."""
    schedule = linear_schedule(T=1000)

    def right(x_0, t, eps, alpha_bar):
        """Return a_t * x_0 + b_t * eps; alpha_bar is that of the linear schedule."""
        return add_noise(x_0, t, eps, schedule)

    def inputs(generator):
        # Four pictures, and none is 4 wide: a_t without its reshape, (4,), would
        # otherwise fit the width, and be mixed in column by column without an error.
        x_0 = torch.rand(4, 3, 8, 8, generator=generator) * 2 - 1
        eps = torch.randn(4, 3, 8, 8, generator=generator)
        t = torch.randint(20, 980, (4,), generator=generator)
        # An index that is off by one shows nowhere as well as at the ends.
        t[1], t[3] = 1, schedule.T  # the first step and the last one
        return x_0, t, eps, schedule.alpha_bar

    def mixed(a_squared, b_squared, x_0, eps):
        return a_squared.sqrt() * x_0 + b_squared.sqrt() * eps

    def no_roots(x_0, t, eps, alpha_bar):
        share = alpha_bar[t].reshape(-1, 1, 1, 1)
        # Squared, since `mixed` takes the roots that are forgotten here.
        return mixed(share**2, (1 - share) ** 2, x_0, eps)

    def one_t_for_all(x_0, t, eps, alpha_bar):
        share = alpha_bar[t[0]]
        return mixed(share, 1 - share, x_0, eps)

    def swapped(x_0, t, eps, alpha_bar):
        share = alpha_bar[t].reshape(-1, 1, 1, 1)
        return mixed(1 - share, share, x_0, eps)

    def rest_of_a(x_0, t, eps, alpha_bar):
        a_t = alpha_bar[t].sqrt().reshape(-1, 1, 1, 1)
        return a_t * x_0 + (1 - a_t) * eps

    mistakes = {
        "alpha_bar stands where its square root belongs: variances add, so each part "
        "is weighted with the root of its share": no_roots,
        "one t for the whole batch: every picture has a t of its own": one_t_for_all,
        "the two factors have changed places: a_t is for x_0, b_t for eps": swapped,
        "b_t is not 1 - a_t: their *squares* add up to 1, so it is the root of "
        "1 - alpha_bar[t]": rest_of_a,
    }

    def check():
        try:
            compare(learner_add_noise, right, inputs, mistakes)
        # The commonest accident in class. torch's own sentence about sizes is about
        # tensors; this one is about what to do.
        except RuntimeError as error:
            if "must match the size" not in str(error):
                raise
            raise NotYetRight(
                "the shapes do not fit: a_t and b_t must be (B, 1, 1, 1), see the "
                "hint: .reshape(-1, 1, 1, 1)"
            ) from error

    return report(check, learner_add_noise, right, name="add_noise")
