"""The check of notebook 02 names the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb02_noise import check_add_noise
from course_lib.diffusion.schedule import add_noise, linear_schedule


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_a_right_jump_is_used_onward(capsys):
    def mine(x_0, t, eps, alpha_bar):
        pairs = zip(x_0, eps, t.tolist(), strict=True)
        x_t = [
            alpha_bar[step] ** 0.5 * x + (1 - alpha_bar[step]) ** 0.5 * e
            for x, e, step in pairs
        ]
        return torch.stack(x_t)

    assert check_add_noise(mine) is mine
    assert said(capsys) == "add_noise: ok"


def no_roots(x_0, t, eps, alpha_bar):
    a = alpha_bar[t][:, None, None, None]
    return a * x_0 + (1 - a) * eps


def one_t_for_all(x_0, t, eps, alpha_bar):
    a = alpha_bar[t[0]]
    return a.sqrt() * x_0 + (1 - a).sqrt() * eps


def swapped(x_0, t, eps, alpha_bar):
    a = alpha_bar[t][:, None, None, None]
    return (1 - a).sqrt() * x_0 + a.sqrt() * eps


def rest_of_a(x_0, t, eps, alpha_bar):
    a = alpha_bar[t].sqrt()[:, None, None, None]
    return a * x_0 + (1 - a) * eps


def no_reshape(x_0, t, eps, alpha_bar):
    return alpha_bar[t].sqrt() * x_0 + (1 - alpha_bar[t]).sqrt() * eps


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (no_roots, "alpha_bar stands where its square root belongs"),
        (one_t_for_all, "one t for the whole batch"),
        (swapped, "the two factors are swapped"),
        (rest_of_a, "b_t is not 1 - a_t"),
        (no_reshape, "the shapes do not fit"),
    ],
)
def test_wrong_jumps_are_named(capsys, wrong, words):
    assert check_add_noise(wrong) is not wrong
    assert words in said(capsys)


def cubed(x_0, t, eps, alpha_bar):
    a = alpha_bar[t].reshape(-1, 1, 1, 1)
    return a**3 * x_0 + (1 - a).sqrt() * eps


def two_later(x_0, t, eps, alpha_bar):
    a = alpha_bar[(t + 2).clamp(max=400)].reshape(-1, 1, 1, 1)
    return a.sqrt() * x_0 + (1 - a).sqrt() * eps


@pytest.mark.parametrize("wrong", [cubed, two_later])
def test_another_mistake_shows_one_number(capsys, wrong):
    check_add_noise(wrong)
    assert said(capsys).startswith("add_noise: not yet right - at [")


def test_another_accident_keeps_its_own_words(capsys):
    def mine(x_0, t, eps, alpha_bar):
        return alpha_bar[t].reshape(-1, 5) * x_0

    check_add_noise(mine)
    assert "RuntimeError in line" in said(capsys)


def test_noise_of_ones_own_is_told(capsys):
    def mine(x_0, t, eps, alpha_bar):
        return add_noise(x_0, t, torch.randn_like(x_0), linear_schedule(T=1000))

    check_add_noise(mine)
    assert "it answers differently each time" in said(capsys)


def test_an_empty_answer_gets_a_jump_that_works(capsys):
    def mine(x_0, t, eps, alpha_bar):
        raise NotImplementedError("your turn")

    jump = check_add_noise(mine)
    assert said(capsys) == "add_noise: not done yet"
    x_0, eps, t = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2), torch.tensor([1000])
    schedule = linear_schedule(T=1000)
    expected = add_noise(x_0, t, eps, schedule)
    assert torch.allclose(jump(x_0, t, eps, schedule.alpha_bar), expected)
