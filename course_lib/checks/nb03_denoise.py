"""The checks of notebook 03: the loss of a denoiser, and the way back from noise."""

import torch
from torch import Tensor

from course_lib.checks.difference import difference
from course_lib.checks.drawn_noise import (
    Spy,
    check_draws,
    check_generator,
    noise_in,
    refuse,
)
from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.checks.wrong_loops import WRONG_LOOPS
from course_lib.device import plain_torch
from course_lib.diffusion.objective import draw_noise, make_denoising_loss, predictor
from course_lib.diffusion.samplers import choose_steps, ddim_update, last_step, walk
from course_lib.diffusion.schedule import NoiseSchedule, linear_schedule
from course_lib.networks.mlp import MLP, spiral

# The loss -----------------------------------------------------------------------------


def eps_loss(model, x_0, schedule, generator):
    """The mean squared error of the guessed noise, at steps drawn at random."""
    batch = {"x_0": x_0} | draw_noise(x_0, schedule.T, generator)
    return make_denoising_loss(schedule, "eps")(without_cond(model), batch)


def without_cond(model):
    """The network, called without the `cond` that the library passes."""
    return lambda x_t, t, cond: model(x_t, t)


# What people compare the guess with, as a function of (eps, x_0, x_t, a, b).
WRONG_TARGETS = {
    "the guess is compared with x_0, but the network is asked for the noise": (
        lambda eps, x_0, x_t, a, b: x_0
    ),
    "the guess is compared with x_t, but the network is asked for the noise in it": (
        lambda eps, x_0, x_t, a, b: x_t
    ),
    "the guess is compared with x_t - x_0: the network is asked for eps itself": (
        lambda eps, x_0, x_t, a, b: x_t - x_0
    ),
    "the guess is compared with b_t * eps: the network is asked for eps itself": (
        lambda eps, x_0, x_t, a, b: b * eps
    ),
    "the guess is compared with the velocity: the network is asked for eps": (
        lambda eps, x_0, x_t, a, b: a * eps - b * x_0
    ),
    "the guess is compared with nothing: take the squares of eps_hat - eps": (
        lambda eps, x_0, x_t, a, b: 0
    ),
    "eps is added to eps_hat: an error is a difference, eps_hat - eps": (
        lambda eps, x_0, x_t, a, b: -eps
    ),
}
# What people do with the right errors, eps_hat - eps.
WRONG_MEANS = {
    "the errors are not squared, so too high and too low cancel: .square() comes "
    "first": (lambda error: error.mean()),
    "the errors are not squared, so too high and too low cancel: .square() is "
    "missing": (lambda error: -error.mean()),
    "the mean is squared: square each error first, then take the mean": (
        lambda error: error.mean().square()
    ),
    "absolute errors are taken: square them": lambda error: error.abs().mean(),
    "there is one root too many: the loss is the mean of the squares itself": (
        lambda error: error.square().mean().sqrt()
    ),
    "the squares are added up: take their mean": lambda error: error.square().sum(),
    "the two squares of a point are added up: take the mean over all numbers": (
        lambda error: error.square().sum(1).mean()
    ),
    "the squares are added up over the points: take the mean over all numbers": (
        lambda error: error.square().sum(0).mean()
    ),
    "lengths are averaged: the loss is the mean of the squares": (
        lambda error: error.norm(dim=1).mean()
    ),
    "the length of all errors together is taken: the loss is the mean of the squares": (
        lambda error: error.norm()
    ),
    "half of the loss is returned: it is the mean of the squares itself": (
        lambda error: error.square().mean() / 2
    ),
    "the largest error is returned: take the mean of their squares": (
        lambda error: error.abs().max()
    ),
    "var() subtracts the mean error first: the loss is the mean of the squares": (
        lambda error: error.var()
    ),
}


def mean_square(error):
    return error.square().mean()


def own_target(eps, *_):
    return eps


def explanations(losses, shown, schedule) -> list[str]:
    """The names of the mistakes that turn these draws into these losses."""
    formulas = {name: (target, mean_square) for name, target in WRONG_TARGETS.items()}
    formulas |= {name: (own_target, mean) for name, mean in WRONG_MEANS.items()}
    return [
        name
        for name, formula in formulas.items()
        if wrong_by(losses, shown, schedule, *formula) is None
    ]


def wrong_by(losses, shown, schedule, target=own_target, mean=mean_square):
    """How the losses differ from a formula's for the same draws, or None."""
    for loss, (x_0, x_t, t) in zip(losses, shown, strict=True):
        a, b = schedule.a(t.long(), like=x_0), schedule.b(t.long(), like=x_0)
        eps = noise_in(x_0, x_t, t, schedule)
        error = torch.tanh(x_t + 0.1 * t[:, None]) - target(eps, x_0, x_t, a, b)
        if said := difference(loss, mean(error.float())):
            return said
    return None


def one_number(loss) -> Tensor:
    """The loss as a float32 scalar; raise NotYetRight if it is not one number."""
    if isinstance(loss, Tensor) and loss.numel() > 1:
        raise NotYetRight(
            f"the loss is one number for the whole batch, found the shape "
            f"{tuple(loss.shape)}: end with .mean()"
        )
    number = loss.item() if hasattr(loss, "item") else loss
    if said := difference(number, number if isinstance(number, float) else 1.0):
        raise NotYetRight(said)
    return torch.tensor(float(number), dtype=torch.float32)


def check_perfect_network(loss: Tensor) -> None:
    """Raise NotYetRight unless a network that knows the noise exactly has no loss."""
    # Well above rounding: a thousandth of the loss that a guess of 0 would have.
    if float(loss) > 1e-3:
        raise NotYetRight(
            "a network that knows exactly which noise is in x_t gets the loss "
            f"{float(loss):.2g} instead of 0: compare eps_hat with the very eps that "
            "was mixed in"
        )


def check_slope(spy: Spy, loss, shown, schedule) -> None:
    """Raise NotYetRight unless the loss has the right slope, which training needs."""
    if spy.weight.grad is not None:
        raise NotYetRight(
            "it calls backward() itself: only return the loss, and let the training "
            "find the slopes"
        )
    if not isinstance(loss, Tensor) or not loss.requires_grad:
        raise NotYetRight(
            "the loss has lost its slope, so nothing can learn from it: return the "
            "tensor itself, without .item(), .detach() or torch.no_grad()"
        )
    (slope,) = torch.autograd.grad(loss.sum(), spy.weight, allow_unused=True)
    x_0, x_t, t = shown
    weight = torch.ones((), requires_grad=True)
    eps_hat = torch.tanh(weight * x_t + 0.1 * t[:, None])
    mean_square(eps_hat - noise_in(x_0, x_t, t, schedule)).backward()
    if slope is None or difference(slope.float(), weight.grad, tolerance=1e-3):
        raise NotYetRight(
            "the number is right, but a part of it has lost its slope: use eps_hat as "
            "it is, without .detach() or .data"
        )


@plain_torch()  # its own cases must be plain, whatever is set
def check_loss(learner_loss):
    """Watch what the network is given, and see whether the loss fits its answer."""
    # Few steps and many points, so that one call shows how everything is drawn: a right
    # loss misses the last of 10 steps in 800 draws with a chance of 0.9^800.
    few, real = linear_schedule(T=10, beta_1=0.05, beta_T=0.5), linear_schedule(T=1000)

    def run(seed, schedule=few, perfect=False):
        """Clean points, the network with its notes, and the loss."""
        generator = torch.Generator().manual_seed(seed)
        x_0 = torch.rand(800, 2, generator=generator) * 2 - 1
        spy = Spy(len(x_0), (x_0, schedule) if perfect else None)
        return x_0, spy, ask(learner_loss, spy, x_0, schedule, generator)

    def two_runs():
        try:
            return run(0), run(1)
        # add_noise and the tables refuse steps that the schedule does not have.
        except (ValueError, IndexError) as error:
            if "t must lie in" in str(error) or "out of bounds" in str(error):
                raise NotYetRight(too_far(lambda: run(0, real))) from error
            raise

    def check():
        runs = two_runs()
        losses = [one_number(loss) for *_, loss in runs]
        asked = [spy.all_asked() for _, spy, _ in runs]
        shown = [
            (x_0, x_t.float(), t)
            for (x_0, *_), (x_t, t) in zip(runs, asked, strict=True)
        ]
        # In the order in which things are made: with a wrong t the rest means nothing.
        check_draws(shown, few)
        check_generator(asked[0], run(0)[1].all_asked())
        if said := wrong_by(losses, shown, few):
            if len(named := explanations(losses, shown, few)) == 1:
                raise NotYetRight(named[0])
            # Only if no formula fits: a loss for perfect answers points at a second
            # torch.randn, which no formula can reconstruct.
            check_perfect_network(one_number(run(0, perfect=True)[2]))
            raise NotYetRight(said)
        check_dtype(asked[0][0])
        check_slope(runs[0][1], runs[0][2], shown[0], few)
        # And once as in the notebook: a real network, its points, its schedule.
        generator = torch.Generator().manual_seed(2)
        x_0 = spiral(512, generator)
        ask(learner_loss, MLP(width=16), x_0, real, generator).backward()

    return report(check, learner_loss, eps_loss, name="my_loss")


def too_far(in_the_notebook) -> str:
    """What to say about a step above T, which the schedule refused."""
    try:
        in_the_notebook()
    except Exception:  # it is refused even there
        return (
            "t reaches beyond the last step: torch.randint excludes its upper end, so "
            "that end is schedule.T + 1"
        )
    return (
        "1000 is the last step of this notebook's schedule only: draw up to the last "
        "step of the given one, schedule.T"
    )


def check_dtype(x_t: Tensor) -> None:
    if x_t.dtype != torch.float32:
        raise NotYetRight(
            f"all numbers are right, but x_t has the dtype {x_t.dtype} and the "
            "notebook's network has torch.float32: give it x_t.float()"
        )


# The way back -------------------------------------------------------------------------


def reverse_loop(model, x_T, steps, a, b):
    """From noise to data: the library's DDIM, with the two tables as plain lists."""
    # On DDPM's circle, a^2 + b^2 = 1, the velocity's two tables are these.
    a, b = torch.tensor([a, b], dtype=torch.float64)
    schedule = NoiseSchedule("as given", a, b, a_dot_table=-b, b_dot_table=a)
    predict = predictor(without_cond(model), schedule, "eps")
    return last_step(walk(predict, x_T, steps, ddim_update(schedule)))


@plain_torch()  # its own cases must be plain, whatever is set
def check_reverse_loop(learner_loop):
    """The learner's walk must end where the right one ends."""

    def inputs(generator):
        # Uneven steps, so that a loop that works out the next one by itself shows.
        # Neither case has the notebook's table, so that the use of its `schedule`
        # shows.
        if generator.initial_seed() == 0:
            schedule = linear_schedule(T=40, beta_1=0.01, beta_T=0.2)
            return case(generator, schedule, 6, [40, 31, 20, 12, 5, 0])
        return case(generator, linear_schedule(T=600), 50, choose_steps(600, 20))

    def case(generator, schedule, n, steps):
        x_T = torch.randn(n, 2, generator=generator)

        def model(x_t=None, t=None, cond=None):
            refuse(x_t, t)
            # It depends on t, or a wrong one would change nothing.
            return torch.tanh(1.5 * x_t + 2 * t[:, None] / schedule.T)

        return model, x_T, steps, schedule.a_table.tolist(), schedule.b_table.tolist()

    real = linear_schedule(T=1000)
    drawn = torch.Generator().manual_seed(2)
    also = {"for 20 steps from 1000": case(drawn, real, 50, choose_steps(1000, 20))}

    def check():
        try:
            compare_loops()
        except UnboundLocalError as error:  # by far the likeliest name
            if "'x_t'" in str(error):
                error.add_note("begin with `x_t = x_T`, in a line above the loop")
            raise
        # add_noise could do step 3, but it needs tensors and a schedule.
        except TypeError as error:
            if "cannot unpack non-iterable int" in str(error):
                error.add_note(
                    "`steps` alone hands out single steps: for t, t_next in "
                    "pairwise(steps)"
                )
            if "t must be a tensor of whole numbers" not in str(error):
                raise
            raise NotYetRight(
                "add_noise takes a tensor of steps and a schedule, which is not given "
                "here: use the given a and b, a[t_next] * x_0_hat + b[t_next] * eps_hat"
            ) from error

    def compare_loops():
        compare(
            learner_loop,
            reverse_loop,
            inputs,
            WRONG_LOOPS,
            by_chance="put eps_hat back, and draw no fresh noise",
            also=also,
        )

    return report(check, learner_loop, reverse_loop, name="my_reverse_loop")
