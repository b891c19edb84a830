"""The check of notebook 02: the jump from the clean picture straight to step t."""

import torch

from course_lib.checks.report import NotYetRight, compare, report
from course_lib.device import plain_torch
from course_lib.diffusion.schedule import linear_schedule


@plain_torch()  # its own cases must be plain, whatever is set
def check_add_noise(learner_add_noise):
    """The learner's jump must be the library's, on a batch of mixed steps."""

    def right(x_0, t, eps, alpha_bar):
        """Return a_t * x_0 + b_t * eps, as the library's add_noise does."""
        return of(x_0, t, eps, alpha_bar)

    def inputs(generator):
        # Neither draw has the notebook's table, so a typed-in 1000 or the notebook's
        # `schedule` shows. Small steps only, where the tables differ and no part is
        # tiny.
        schedule = linear_schedule(T=(600, 400)[generator.initial_seed() % 2])
        # Four pictures, none of them 4 wide: otherwise a_t without its reshape, (4,),
        # would fit the width and be mixed in column by column without an error.
        x_0 = torch.rand(4, 3, 8, 8, generator=generator) * 2 - 1
        eps = torch.randn(4, 3, 8, 8, generator=generator)
        t = torch.randint(20, 380, (4,), generator=generator)
        # An index that is off by one shows best at the ends.
        t[1], t[3] = 1, schedule.T  # the first step and the last one
        return x_0, t, eps, schedule.alpha_bar

    def of(x_0, t, eps, alpha_bar, a=lambda s: s.sqrt(), b=lambda s: (1 - s).sqrt()):
        """The jump, with a_t and b_t made from alpha_bar[t] in some other way."""
        share = alpha_bar[t].reshape(-1, 1, 1, 1)
        return a(share) * x_0 + b(share) * eps

    def made(a=lambda s: s.sqrt(), b=lambda s: (1 - s).sqrt()):
        return lambda *given: of(*given, a=a, b=b)

    def one_t_for_all(x_0, t, eps, alpha_bar):
        return of(x_0, t[:1].expand(len(t)), eps, alpha_bar)

    def one_before(x_0, t, eps, alpha_bar):
        return of(x_0, t - 1, eps, alpha_bar)

    def pictures_mixed(x_0, t, eps, alpha_bar):
        return of(x_0, t.sort().values, eps, alpha_bar)

    def of_beta(x_0, t, eps, alpha_bar):
        # alpha_t is the share kept in a single step.
        before = alpha_bar[(t - 1).clamp(min=0)]
        share = (alpha_bar[t] / before).reshape(-1, 1, 1, 1)
        return share.sqrt() * x_0 + (1 - share).sqrt() * eps

    def walk_with_one_noise(x_0, t, eps, alpha_bar):
        # All steps, each picture up to its own, with the same eps at each of them.
        x_t, alpha = x_0, alpha_bar[1:] / alpha_bar[:-1]
        for step in range(1, int(t.max()) + 1):
            kept = alpha[step - 1]
            next_x = kept.sqrt() * x_t + (1 - kept).sqrt() * eps
            x_t = torch.where((step <= t).reshape(-1, 1, 1, 1), next_x, x_t)
        return x_t

    def of_the_product(x_0, t, eps, alpha_bar):
        return of(x_0, t, eps, alpha_bar.cumprod(0))

    def of_table(table):
        return lambda x_0, t, eps, alpha_bar: of(x_0, t, eps, table)

    def straight_1000(x_0, t, eps, alpha_bar):
        u = (t / 1000).reshape(-1, 1, 1, 1)
        return (1 - u) * x_0 + u * eps

    def straight(x_0, t, eps, alpha_bar):
        u = (t / (len(alpha_bar) - 1)).reshape(-1, 1, 1, 1)
        return (1 - u) * x_0 + u * eps

    mistakes = {
        "alpha_bar stands where its square root belongs: variances add, so each part "
        "is weighted by the root of its share": made(lambda s: s, lambda s: 1 - s),
        "only b_t has its square root: a_t is the root of alpha_bar[t]": (
            made(a=lambda s: s)
        ),
        "only a_t has its square root: b_t is the root of 1 - alpha_bar[t]": (
            made(b=lambda s: 1 - s)
        ),
        "one t for the whole batch: every picture has a t of its own": one_t_for_all,
        "the two factors are swapped: a_t is for x_0, b_t for eps": (
            made(lambda s: (1 - s).sqrt(), lambda s: s.sqrt())
        ),
        "the two factors are swapped, and their roots are missing: a_t, the root of "
        "alpha_bar[t], is for x_0": made(lambda s: 1 - s, lambda s: s),
        "b_t is not 1 - a_t: their *squares* add up to 1, so it is the root of "
        "1 - alpha_bar[t]": made(b=lambda s: 1 - s.sqrt()),
        "b_t is the root of 1 - alpha_bar[t], not of 1 - a_t: alpha_bar[t] has had its "
        "root taken twice": made(b=lambda s: (1 - s.sqrt()).sqrt()),
        "both parts get a_t: the noise gets b_t, the root of 1 - alpha_bar[t]": (
            made(b=lambda s: s.sqrt())
        ),
        "the squares are taken instead of the square roots": (
            made(lambda s: s**2, lambda s: (1 - s) ** 2)
        ),
        "the noise is subtracted: it is a_t * x_0 *plus* b_t * eps": (
            made(b=lambda s: -((1 - s).sqrt()))
        ),
        "the picture is not weighted: a_t, the root of alpha_bar[t], says how much of "
        "it is left": made(a=torch.ones_like),
        "the noise is not weighted: b_t, the root of 1 - alpha_bar[t], says how much "
        "of it there is": made(b=torch.ones_like),
        "nothing is mixed in, and x_0 comes back as it was: return a_t * x_0 + "
        "b_t * eps": made(torch.ones_like, torch.zeros_like),
        "the bracket is too wide, and a_t weights the noise as well: it is a_t * x_0 + "
        "b_t * eps": made(b=lambda s: s.sqrt() * (1 - s).sqrt()),
        "alpha_bar is the product of all shares already: alpha_bar[t] is used as it "
        "is, without cumprod": of_the_product,
        "the same noise at every step adds up in std, not in variance: one jump needs "
        "no loop over the steps": walk_with_one_noise,
        "neither part is weighted: x_0 gets a_t, and eps gets b_t": (
            made(torch.ones_like, torch.ones_like)
        ),
        "the noise is missing: add b_t * eps": made(b=torch.zeros_like),
        "the picture is missing: add a_t * x_0": made(a=torch.zeros_like),
        "alpha_bar is read one step too early: alpha_bar[0] is 1, so step t is at "
        "alpha_bar[t] itself": one_before,
        "the steps are in another order: each picture has the t of its own row": (
            pictures_mixed
        ),
        "that is the share of a single step: alpha_bar[t] is the product of all the "
        "shares so far, so use it as it is": of_beta,
        "that mixes on the straight line, t / T: here the shares are in the table, "
        "alpha_bar[t]": straight,
        "that mixes on the straight line, t / 1000: here the shares are in the table, "
        "alpha_bar[t]": straight_1000,
        "0.98**t belongs to the walk above: here the shares are in the table, "
        "alpha_bar[t]": of_table(0.98 ** torch.arange(1001.0)),
        "0.98**t belongs to the walk above, and roots are missing: here the shares are "
        "in the table, alpha_bar[t]": lambda x_0, t, eps, alpha_bar: of(
            *(x_0, t, eps, 0.98 ** torch.arange(1001.0)), lambda s: s, lambda s: 1 - s
        ),
        "it uses the `schedule` of a cell above: use the table that is given, "
        "alpha_bar[t]": of_table(linear_schedule(T=1000).alpha_bar),
        "`** 1/2` is half, since ** comes before /: write ** 0.5 or .sqrt()": made(
            lambda s: s / 2, lambda s: (1 - s) / 2
        ),
    }

    # The notebook's own: the steps of its figure, and 0, where no noise is mixed in.
    drawn = torch.Generator().manual_seed(2)
    pictures, noise = torch.randn(2, 6, 3, 32, 32, generator=drawn)
    table = linear_schedule(T=1000).alpha_bar
    seen = torch.tensor([0, 100, 200, 300, 500, 1000])
    also = {
        "for the six pictures of the notebook": (pictures, seen, noise, table),
        "for one picture alone": (pictures[:1], seen[2:3], noise[:1], table),
        # Where (B,) and (3, H, W) fit together without an error.
        "for three pictures of 3 x 3": (
            *(pictures[:3, :, :3, :3], seen[1:4]),
            *(noise[:3, :, :3, :3], table),
        ),
    }

    def check():
        try:
            compare(learner_add_noise, right, inputs, mistakes, also=also)
        # The commonest accident in class. torch's message is about tensors and their
        # sizes; this one is about what to do.
        except RuntimeError as error:
            if "must match the size" not in str(error):
                raise
            raise NotYetRight(
                "the shapes do not fit: a_t and b_t must be (B, 1, 1, 1), see the "
                "hint: .reshape(-1, 1, 1, 1)"
            ) from error

    return report(check, learner_add_noise, right, name="add_noise")
