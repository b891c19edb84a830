"""The checks of notebook 03 name the mistakes that people make, and no others."""

from itertools import pairwise

import pytest
import torch

from course_lib.chance import generator_for
from course_lib.checks.nb03_denoise import check_loss, check_reverse_loop
from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.diffusion.samplers import choose_steps, ddim, last_step
from course_lib.diffusion.schedule import add_noise, linear_schedule
from course_lib.networks.mlp import MLP


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


# The loss -------------------------------------------------------------------------


def draw_t(x_0, schedule, generator):
    return torch.randint(1, schedule.T + 1, (len(x_0),), generator=generator)


def draw_eps(x_0, generator):
    return torch.randn(x_0.shape, generator=generator)


def test_a_right_loss_is_used_onward(capsys):
    def mine(model, x_0, schedule, generator):
        t = torch.randint(schedule.T, (x_0.shape[0],), generator=generator) + 1
        eps = draw_eps(x_0, generator)
        a, b = schedule.a(t)[:, None], schedule.b(t)[:, None]
        error = model(a * x_0 + b * eps, t) - eps
        return (error**2).sum() / error.numel()

    assert check_loss(mine) is mine
    assert said(capsys) == "my_loss: ok"


def one_step_for_all(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (1,), generator=generator)
    eps = draw_eps(x_0, generator)
    x_t = add_noise(x_0, t.expand(len(x_0)), eps, schedule)
    return (model(x_t, t.expand(len(x_0))) - eps).square().mean()


def one_step_not_even_repeated(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (1,), generator=generator)
    eps = draw_eps(x_0, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


def asked_for_x_0(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - x_0).square().mean()


def compared_with_x_t(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    x_t = add_noise(x_0, t, eps, schedule)
    return (model(x_t, t) - x_t).square().mean()


def other_noise(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    x_t = add_noise(x_0, t, eps, schedule)
    return (model(x_t, t) - draw_eps(x_0, generator)).square().mean()


def from_step_0(model, x_0, schedule, generator):
    t = torch.randint(0, schedule.T + 1, (len(x_0),), generator=generator)
    eps = draw_eps(x_0, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


def never_step_T(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T, (len(x_0),), generator=generator)
    eps = draw_eps(x_0, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


def flat_noise(model, x_0, schedule, generator):
    t = draw_t(x_0, schedule, generator)
    eps = torch.rand(x_0.shape, generator=generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


def clean_points(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    return (model(x_0, t) - eps).square().mean()


def a_plain_number(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    output = model(add_noise(x_0, t, eps, schedule), t).detach()
    return (output - eps).square().mean()


def noise_first(model, x_0, schedule, generator):
    eps, t = draw_eps(x_0, generator), draw_t(x_0, schedule, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


def noise_of_its_own(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), torch.randn_like(x_0)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


def nobody_asked(model, x_0, schedule, generator):
    return draw_eps(x_0, generator).square().mean()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (one_step_for_all, "one t for the whole batch"),
        (one_step_not_even_repeated, "one t for the whole batch"),
        (asked_for_x_0, "compared with x_0, but the network is asked for the noise"),
        (compared_with_x_t, "compared with x_t, but the network is asked for"),
        (
            other_noise,
            "a network that says exactly which noise is in x_t gets the loss",
        ),
        (from_step_0, "t = 0 is drawn, too"),
        (never_step_T, "the last step T is never drawn"),
        (flat_noise, "is not x_0 with noise of step t"),
        (clean_points, "is not x_0 with noise of step t"),
        (a_plain_number, "the loss has lost its slope"),
        (noise_first, "the loss is right, but cannot be repeated"),
        (noise_of_its_own, "the loss is right, but cannot be repeated"),
        (nobody_asked, "the network is never asked"),
    ],
)
def test_wrong_losses_are_told_apart(capsys, wrong, words):
    assert check_loss(wrong) is not wrong
    assert words in said(capsys)


def summed(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().sum()


def not_squared(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).abs().mean()


@pytest.mark.parametrize("wrong", [summed, not_squared])
def test_another_mistake_in_the_loss_shows_one_number(capsys, wrong):
    check_loss(wrong)
    assert said(capsys).startswith("my_loss: not yet right - expected")


def test_an_empty_loss_gets_one_that_equals_the_library(capsys):
    def mine(model, x_0, schedule, generator):
        raise NotImplementedError("your turn")

    loss = check_loss(mine)
    assert said(capsys) == "my_loss: not done yet"
    schedule, x_0 = linear_schedule(), torch.randn(16, 2)
    model = MLP(width=16)
    batch = with_noise(lambda iteration: {"x_0": x_0}, schedule, seed=3)(7)
    library = make_denoising_loss(schedule, "eps")(model, batch)
    ours = loss(model, x_0, schedule, generator_for(3, 7))
    torch.testing.assert_close(ours, library)


# The way back ---------------------------------------------------------------------


def walked(model, x_T, steps, a, b, ask="t", mix=None):
    x_t = x_T
    for t, t_next in pairwise(steps):
        asked = {"t": t, "t_next": t_next}[ask]
        eps_hat = model(x_t, torch.full((len(x_t),), asked))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = mix(x_0_hat, eps_hat, a, b, t, t_next)
    return x_t


def right_mix(x_0_hat, eps_hat, a, b, t, t_next):
    return a[t_next] * x_0_hat + b[t_next] * eps_hat


def test_a_right_walk_is_used_onward(capsys):
    def mine(model, x_T, steps, a, b):
        for i in range(len(steps) - 1):
            t, later = steps[i], steps[i + 1]
            eps_hat = model(x_T, torch.tensor([t] * len(x_T)))
            ratio = a[later] / a[t]
            x_T = ratio * x_T + (b[later] - ratio * b[t]) * eps_hat
        return x_T

    assert check_reverse_loop(mine) is mine
    assert said(capsys) == "my_reverse_loop: ok"


def off_by_one(*given):
    return walked(*given, ask="t_next", mix=right_mix)


def no_noise_again(*given):
    return walked(*given, mix=lambda x_0_hat, *_: x_0_hat)


def swapped(*given):
    return walked(*given, mix=lambda x, e, a, b, t, n: b[n] * x + a[n] * e)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (off_by_one, "the network is told t_next"),
        (no_noise_again, "the noise is not put back"),
        (swapped, "a and b have changed places in the mix"),
    ],
)
def test_wrong_walks_are_named(capsys, wrong, words):
    assert check_reverse_loop(wrong) is not wrong
    assert words in said(capsys)


def test_another_mistake_on_the_way_shows_one_number(capsys):
    check_reverse_loop(
        lambda *given: walked(*given, mix=lambda x, e, a, b, t, n: a[t] * x + b[t] * e)
    )
    assert "expected" in said(capsys)


def test_an_empty_walk_gets_one_that_equals_the_library(capsys):
    def mine(model, x_T, steps, a, b):
        raise NotImplementedError("your turn")

    loop = check_reverse_loop(mine)
    assert said(capsys) == "my_reverse_loop: not done yet"
    schedule, x_T = linear_schedule(), torch.randn(5, 2)

    def model(x_t, t, cond=None):
        return torch.tanh(x_t + t[:, None] / 1000)

    def predict(x_t, t):
        a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
        eps_hat = model(x_t, t)
        return (x_t - b * eps_hat) / a, eps_hat

    a, b = schedule.a_table.tolist(), schedule.b_table.tolist()
    library = last_step(ddim(predict, x_T, schedule, steps=20))
    ours = loop(model, x_T, choose_steps(1000, 20), a, b)
    torch.testing.assert_close(ours, library, rtol=1e-3, atol=1e-3)
