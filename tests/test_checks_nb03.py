"""The checks of notebook 03 name the mistakes that people make, and no others."""

from itertools import pairwise

import pytest
import torch

from course_lib.chance import generator_for
from course_lib.checks import drawn_noise
from course_lib.checks.nb03_denoise import check_loss, check_reverse_loop, reverse_loop
from course_lib.checks.wrong_loops import WRONG_LOOPS, loop_with
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
            "a network that knows exactly which noise is in x_t gets the loss",
        ),
        (from_step_0, "t = 0 is drawn, where"),
        (never_step_T, "the last step T is never drawn"),
        (flat_noise, "torch.rand, evenly"),
        (clean_points, "is given x_0 itself"),
        (a_plain_number, "the loss has lost its slope"),
        (noise_of_its_own, "the same generator gives different noise at each call"),
        (nobody_asked, "the network is never called"),
    ],
)
def test_wrong_losses_are_told_apart(capsys, wrong, words):
    assert check_loss(wrong) is not wrong
    assert words in said(capsys)


def noise_first(model, x_0, schedule, generator):
    eps, t = draw_eps(x_0, generator), draw_t(x_0, schedule, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


def test_the_order_of_the_draws_is_free(capsys):
    assert check_loss(noise_first) is noise_first
    assert said(capsys) == "my_loss: ok"


def weighted(model, x_0, schedule, generator):
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    error = model(add_noise(x_0, t, eps, schedule), t) - eps
    return (t[:, None] * error.square()).mean()


def test_another_mistake_in_the_loss_shows_one_number(capsys):
    check_loss(weighted)
    assert said(capsys).startswith("my_loss: not yet right - expected")


@pytest.mark.parametrize("seed", range(20))
def test_a_right_batch_of_steps_and_noise_is_never_refused(seed):
    schedule, generator = linear_schedule(T=10), torch.Generator().manual_seed(seed)
    x_0 = torch.rand(2, 800, 2, generator=generator) * 2 - 1
    steps = [draw_t(each, schedule, generator) for each in x_0]
    x_t = [
        add_noise(each, t, draw_eps(each, generator), schedule)
        for each, t in zip(x_0, steps, strict=True)
    ]
    drawn_noise.check_draws(list(zip(x_0, x_t, steps, strict=True)), schedule)


def test_the_sentences_of_a_wrong_mix_tell_each_other_apart():
    """A mistake is named only if nothing else explains it."""
    schedule, generator = linear_schedule(10, 0.05, 0.5), torch.Generator()
    x_0 = torch.rand(800, 2, generator=generator) * 2 - 1
    t, eps = draw_t(x_0, schedule, generator), draw_eps(x_0, generator)
    told = [(x_0, add_noise(x_0, t, 3 * eps, schedule), t)] * 2
    assert "is not given x_0 with the noise of step t" in drawn_noise.wrong_mix(
        told, schedule
    )


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
        (swapped, "a and b are swapped in the mix"),
    ],
)
def test_wrong_walks_are_named(capsys, wrong, words):
    assert check_reverse_loop(wrong) is not wrong
    assert words in said(capsys)


def test_another_mistake_on_the_way_shows_one_number(capsys):
    check_reverse_loop(
        lambda *given: walked(*given, mix=lambda x, e, a, b, t, n: a[n] * x + 0.5 * e)
    )
    assert "expected" in said(capsys)


def asked_in_the_notebook(generator):
    """A bounded network, a start, steps and tables."""
    schedule, steps = linear_schedule(), [1000, 700, 350, 90, 0]
    x_T = torch.randn(7, 2, generator=generator)

    def model(x_t, t, cond=None):
        return torch.tanh(x_t + t[:, None] / 500)

    return model, x_T, steps, schedule.a_table.tolist(), schedule.b_table.tolist()


@pytest.mark.parametrize("sentence", WRONG_LOOPS)
def test_every_wrong_loop_is_wrong_and_gets_its_own_sentence(capsys, sentence):
    check_reverse_loop(WRONG_LOOPS[sentence])
    assert said(capsys) == f"my_reverse_loop: not yet right - {sentence}"


def test_the_loop_of_the_wrong_loops_is_right_where_nothing_is_exchanged():
    given = asked_in_the_notebook(torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        loop_with()(*given), reverse_loop(*given), rtol=1e-3, atol=1e-3
    )


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
