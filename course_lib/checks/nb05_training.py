"""The checks of notebook 05: the loss with a velocity, and the average of weights."""

import math

import torch
from torch import Tensor

from course_lib.checks.report import NotYetRight, ask, checked, compare, report
from course_lib.diffusion.objective import make_denoising_loss
from course_lib.diffusion.schedule import cosine_schedule, straight_line

# The loss ---------------------------------------------------------------------------


def right_loss(model, x_0, eps, t, T):
    """The mean squared error of model(x_t, t) as a guess of the velocity."""
    loss_fn = make_denoising_loss(straight_line(T), target="v")
    batch = {"x_0": x_0, "eps": eps, "t": t}
    return loss_fn(lambda x_t, t, cond: model(x_t, t), batch)


def check_velocity_loss(learner_velocity_loss):
    """The learner's loss must be the library's, and a network must learn from it."""

    def check():
        refuse_without_gradient(learner_velocity_loss)
        drawn = torch.Generator().manual_seed(2)
        also = {"with the notebook's T, 1000": batch_with(1000, 4, 8, drawn)}
        compare(learner_velocity_loss, right_loss, batch_of, LOSS_MISTAKES, also=also)

    return report(check, learner_velocity_loss, right_loss, "velocity_loss")


def fake_network(x_t, t):
    """A nonlinear function of x_t and t: a mistake in either changes the loss."""
    return (0.5 * x_t).tanh() + (t / 1000).reshape(-1, 1, 1, 1)


def batch_of(generator):
    """A network, x_0, eps, t and T; each time another T, batch and side."""
    # Never 1000 here: the notebook's `line`, or a T that is typed in, would be right.
    T, batch, side = ((500, 4, 8), (250, 3, 6))[generator.initial_seed() % 2]
    return batch_with(T, batch, side, generator)


def batch_with(T, batch, side, generator):
    """As `batch_of`, for this T and this shape."""
    x_0 = torch.rand(batch, 3, side, side, generator=generator) * 2 - 1
    eps = torch.randn(batch, 3, side, side, generator=generator)
    t = torch.randint(T // 10, T, (batch,), generator=generator)
    return fake_network, x_0, eps, t, T


def refuse_without_gradient(learner_velocity_loss) -> None:
    """Raise NotYetRight if no gradient reaches the weights, or backward() is called."""
    weight = torch.ones((), requires_grad=True)

    def network(x_t, t=None):
        if t is None:
            raise NotYetRight(
                "the network is given x_t only; it also needs the step: model(x_t, t)"
            )
        return weight * fake_network(x_t, t)

    _, *rest = batch_of(torch.Generator().manual_seed(0))
    loss = ask(learner_velocity_loss, network, *rest)
    if weight.grad is not None:
        raise NotYetRight(
            "it calls backward() itself; that is the loop's line. Return the loss only"
        )
    if isinstance(loss, float):
        raise NotYetRight(
            "it returns a plain number, from which no gradient leads back to the "
            "network: leave out .item() or float(...)"
        )
    # Only if all else is right: a loss that never calls the network has another
    # mistake.
    expected = right_loss(fake_network, *rest)
    right = isinstance(loss, Tensor) and loss.shape == expected.shape
    if right and not loss.requires_grad and torch.isclose(loss.float(), expected):
        raise NotYetRight(
            "the number is right, but no gradient leads back to the network, which "
            "could not learn from it: leave out .detach(), .data and torch.no_grad()"
        )


def error_of(target, v_hat):
    return (v_hat - target).square().mean()


def loss_of(target=None, mix=None, told=None, measure=error_of):
    """The right loss but for one part; each part is a function of (x_0, eps, u, t)."""
    target = target or (lambda x_0, eps, u, t: eps - x_0)
    mix = mix or (lambda x_0, eps, u, t: (1 - u) * x_0 + u * eps)
    told = told or (lambda x_0, eps, u, t: t)

    def mistaken(model, x_0, eps, t, T):
        given = x_0, eps, (t / T).reshape(-1, 1, 1, 1), t
        return measure(target(*given), model(mix(*given), told(*given)))

    return mistaken


def picture_loss(model, x_0, eps, t, T):
    """The error of the picture that follows from the velocity."""
    u = (t / T).reshape(-1, 1, 1, 1)
    x_t = (1 - u) * x_0 + u * eps
    return (x_t - u * model(x_t, t) - x_0).square().mean()


def quarter_turn(t, T):
    """Cosine and sine of u quarter turns."""
    angle = math.pi / 2 * (t / T).reshape(-1, 1, 1, 1)
    return angle.cos(), angle.sin()


def the_notebooks_cosine(t, T):
    """The factors of the notebook's `cosine`, for T = 1000."""
    schedule = cosine_schedule(T=1000)
    return schedule.a(t).reshape(-1, 1, 1, 1), schedule.b(t).reshape(-1, 1, 1, 1)


def the_notebooks_line(t, T):
    """The factors of `line`, which the notebook has made for T = 1000."""
    u = (t / 1000).reshape(-1, 1, 1, 1)
    return 1 - u, u


def with_factors(factors, target=lambda x_0, eps, a, b: a * eps - b * x_0):
    """The loss with other factors: their mixture, and by itself 03's velocity too."""

    def mistaken(model, x_0, eps, t, T):
        a, b = factors(t, T)
        x_t = a * x_0 + b * eps
        return error_of(target(x_0, eps, a, b), model(x_t, t))

    return mistaken


COSINE = (
    "mixture and velocity are those of the cosine road ({}); on the straight line they "
    "are (1 - u) * x_0 + u * eps and eps - x_0"
)
COSINE_MIX = (
    "the noise is mixed in on the cosine road ({}); on the straight line it is "
    "(1 - u) * x_0 + u * eps"
)
LOSS_MISTAKES = {
    "the velocity points from the noise to the picture; noise is mixed *in* as t "
    "grows, so it is eps - x_0": loss_of(lambda x_0, eps, u, t: x_0 - eps),
    "the target is the noise, eps; here it is the velocity, eps - x_0": (
        loss_of(lambda x_0, eps, u, t: eps)
    ),
    "the target is the picture, x_0; here it is the velocity, eps - x_0": (
        loss_of(lambda x_0, eps, u, t: x_0)
    ),
    "that is the velocity on notebook 03's road, a eps - b x_0; on the straight line "
    "it is eps - x_0": loss_of(lambda x_0, eps, u, t: (1 - u) * eps - u * x_0),
    "the target is the sum of noise and picture; the velocity is their difference, eps "
    "- x_0": loss_of(lambda x_0, eps, u, t: eps + x_0),
    "the target is x_t - x_0, which is the same as u * (eps - x_0); the velocity goes "
    "all the way to the noise, eps - x_0": (
        loss_of(lambda x_0, eps, u, t: u * (eps - x_0))
    ),
    "the target is eps - x_t, which is the same as (1 - u) * (eps - x_0); the velocity "
    "starts at the clean picture, eps - x_0": (
        loss_of(lambda x_0, eps, u, t: (1 - u) * (eps - x_0))
    ),
    "the target is divided by u; the velocity is the whole way over the whole time, "
    "eps - x_0": loss_of(lambda x_0, eps, u, t: (eps - x_0) / u),
    COSINE.format("u is an angle"): with_factors(quarter_turn),
    COSINE.format("cosine_schedule"): with_factors(the_notebooks_cosine),
    COSINE_MIX.format("u is an angle"): (
        with_factors(quarter_turn, lambda x_0, eps, a, b: eps - x_0)
    ),
    COSINE_MIX.format("cosine_schedule"): (
        with_factors(the_notebooks_cosine, lambda x_0, eps, a, b: eps - x_0)
    ),
    "x_t is that of a T of 1000, as the notebook's `line` makes it; here T may be "
    "another number: mix with u, (1 - u) * x_0 + u * eps": (
        with_factors(the_notebooks_line, lambda x_0, eps, a, b: eps - x_0)
    ),
    "the velocity is notebook 03's, a eps - b x_0, with the notebook's `line`; on the "
    "straight line it is eps - x_0": (
        loss_of(
            lambda x_0, eps, u, t: eps - the_notebooks_line(t, 1000)[1] * (x_0 + eps)
        )
    ),
    "x_t and the velocity are made with the notebook's `line`, whose T is 1000: mix "
    "with u, (1 - u) * x_0 + u * eps, and the velocity is eps - x_0": (
        with_factors(the_notebooks_line)
    ),
    "the target is x_t, which the network is given; it should be the velocity, eps - "
    "x_0": loss_of(lambda x_0, eps, u, t: (1 - u) * x_0 + u * eps),
    "picture and noise are mixed the wrong way round: at u = 0 there is only the "
    "picture, so x_t = (1 - u) * x_0 + u * eps": (
        loss_of(mix=lambda x_0, eps, u, t: u * x_0 + (1 - u) * eps)
    ),
    "they are mixed with square roots, as on DDPM's road; the straight line has none, "
    "(1 - u) * x_0 + u * eps": (
        loss_of(mix=lambda x_0, eps, u, t: (1 - u).sqrt() * x_0 + u.sqrt() * eps)
    ),
    "the noise is added on top: the picture's share must shrink, (1 - u) * x_0": (
        loss_of(mix=lambda x_0, eps, u, t: x_0 + u * eps)
    ),
    "all of the noise is mixed in: its share is u, u * eps": (
        loss_of(mix=lambda x_0, eps, u, t: (1 - u) * x_0 + eps)
    ),
    "the mixture subtracts the noise; add it, (1 - u) * x_0 + u * eps": (
        loss_of(mix=lambda x_0, eps, u, t: (1 - u) * x_0 - u * eps)
    ),
    "the network is shown the clean picture: give it x_t, with the noise in it": (
        loss_of(mix=lambda x_0, eps, u, t: x_0)
    ),
    "the network is shown nothing but noise: give it x_t, with the picture in it": (
        loss_of(mix=lambda x_0, eps, u, t: eps)
    ),
    "the network is told u; tell it the step itself, t": (
        loss_of(told=lambda x_0, eps, u, t: u.flatten())
    ),
    "the network is told t - 1; tell it t": loss_of(told=lambda x_0, eps, u, t: t - 1),
    "the errors are added up; take their mean, .mean()": (
        loss_of(measure=lambda v, v_hat: (v_hat - v).square().sum())
    ),
    "those are the errors of all pixels; a loss is one number, their .mean()": (
        loss_of(measure=lambda v, v_hat: (v_hat - v).square())
    ),
    "that is one loss per picture; a loss is one number, the mean over all": (
        loss_of(measure=lambda v, v_hat: (v_hat - v).square().flatten(1).mean(1))
    ),
    "the errors have lost their sign but are not squared; use .square()": (
        loss_of(measure=lambda v, v_hat: (v_hat - v).abs().mean())
    ),
    "the errors are not squared, and cancel each other; use .square()": (
        loss_of(measure=lambda v, v_hat: (v_hat - v).mean())
    ),
    "the errors are not squared, and cancel each other; use .square() (and the guess "
    "is subtracted from the velocity)": (
        loss_of(measure=lambda v, v_hat: (v - v_hat).mean())
    ),
    "first the mean, then the square: errors of both signs cancel. First .square(), "
    "then .mean()": loss_of(measure=lambda v, v_hat: (v_hat - v).mean().square()),
    "there is a root around it: the mean of the squares is enough": (
        loss_of(measure=lambda v, v_hat: (v_hat - v).square().mean().sqrt())
    ),
    "that is twice the loss: there is no factor 2": (
        loss_of(measure=lambda v, v_hat: 2 * (v_hat - v).square().mean())
    ),
    "that is half of it: there is no factor 1/2": (
        loss_of(measure=lambda v, v_hat: (v_hat - v).square().mean() / 2)
    ),
    "that is the mean square of the guess alone; compare it with the velocity": (
        loss_of(measure=lambda v, v_hat: v_hat.square().mean())
    ),
    "that is the guess itself; return the mean of its squared error": (
        loss_of(measure=lambda v, v_hat: v_hat)
    ),
    "that is the error of the picture that follows from the velocity; take the error "
    "of the velocity itself": picture_loss,
}


# The average ------------------------------------------------------------------------


def right_average(average, weights, kept):
    """Keep the share `kept` of the average and fill up with weights; any shape."""
    return torch.lerp(average, weights, 1 - kept)


def check_update_average(learner_update_average):
    """The learner's average must keep `kept` of the old one."""
    return checked(
        learner_update_average,
        right_average,
        weights_of,
        AVERAGE_MISTAKES,
        name="update_average",
    )


def weights_of(generator):
    """An average, weights and `kept`: of a convolution, then of a single number."""
    # A network has tensors of every shape, some with a single number in them.
    shape, kept = (((4, 3, 3, 3), 0.9), ((), 0.75))[generator.initial_seed() % 2]
    average, weights = torch.randn(2, *shape, generator=generator)
    return average, weights, kept  # never 1/2, where swapped shares would not show


AVERAGE_MISTAKES = {
    "the shares are swapped: `kept` is how much of the *average* stays": (
        lambda average, weights, kept: kept * weights + (1 - kept) * average
    ),
    "the weights are added on top: the kept share and the new one must add up to 1": (
        lambda average, weights, kept: kept * average + weights
    ),
    "that is the plain mean of both: `kept` says how much of each to take": (
        lambda average, weights, kept: (average + weights) / 2
    ),
    "the average is kept whole: only `kept` of it stays, kept * average": (
        lambda average, weights, kept: average + (1 - kept) * weights
    ),
    "both get the same share: the weights get what is left, 1 - kept": (
        lambda average, weights, kept: kept * (average + weights)
    ),
    "the weights are subtracted; add them, with 1 - kept, not kept - 1": (
        lambda average, weights, kept: kept * average - (1 - kept) * weights
    ),
    "the weights are missing: add (1 - kept) * weights": (
        lambda average, weights, kept: kept * average
    ),
    "the old average is missing: add kept * average": (
        lambda average, weights, kept: (1 - kept) * weights
    ),
    "it returns today's weights; keep the share `kept` of the average": (
        lambda average, weights, kept: weights
    ),
    "it returns the old average; mix in (1 - kept) * weights": (
        lambda average, weights, kept: average
    ),
    "the sum is halved: the two shares add up to 1 already": (
        lambda average, weights, kept: (kept * average + (1 - kept) * weights) / 2
    ),
    "the new share is 1 + kept; it is 1 - kept": (
        lambda average, weights, kept: kept * average + (1 + kept) * weights
    ),
    "brackets are missing: `1 - kept * weights` subtracts from 1; write `(1 - kept) * "
    "weights`": (lambda average, weights, kept: kept * average + 1 - kept * weights),
    "0.99 is typed in: use `kept`, which may be another number": (
        lambda average, weights, kept: 0.99 * average + 0.01 * weights
    ),
    "0.95 is typed in: use `kept`, which may be another number": (
        lambda average, weights, kept: 0.95 * average + 0.05 * weights
    ),
    "0.05 is typed in: the weights get what is left, (1 - kept) * weights": (
        lambda average, weights, kept: kept * average + 0.05 * weights
    ),
    "0.01 is typed in: the weights get what is left, (1 - kept) * weights": (
        lambda average, weights, kept: kept * average + 0.01 * weights
    ),
    "square roots are taken, as for noise in notebook 02; shares of an average have "
    "none: kept and 1 - kept": (
        lambda average, weights, kept: kept**0.5 * average + (1 - kept) ** 0.5 * weights
    ),
    "that is only the step; add it to the average, average + (1 - kept) * (weights - "
    "average)": (lambda average, weights, kept: (1 - kept) * (weights - average)),
    "the step starts at the weights: it should start at the average, average + (1 - "
    "kept) * (weights - average)": (
        lambda average, weights, kept: weights + (1 - kept) * (weights - average)
    ),
    "the step goes away from the weights: it is weights - average, not average - "
    "weights": (
        lambda average, weights, kept: average + (1 - kept) * (average - weights)
    ),
    "average and weights are multiplied by each other; give each its share, and add "
    "the two": (lambda average, weights, kept: kept * average * (1 - kept) * weights),
}
