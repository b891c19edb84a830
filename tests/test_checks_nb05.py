"""The checks of notebook 05 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb05_training import check_update_average, check_velocity_loss


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def loss_with(target):
    """A loss that mixes rightly and asks for this target."""

    def loss(model, x_0, eps, t, T):
        u = (t / T)[:, None, None, None]
        error = model((1 - u) * x_0 + u * eps, t) - target(x_0, eps)
        return error.pow(2).mean()

    return loss


def test_a_right_loss_is_used_onward(capsys):
    mine = loss_with(lambda x_0, eps: eps - x_0)
    assert check_velocity_loss(mine) is mine
    assert said(capsys) == "velocity_loss: ok"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (lambda x_0, eps: x_0 - eps, "points from the noise to the picture"),
        (lambda x_0, eps: eps, "the target is the noise"),
        (lambda x_0, eps: x_0, "the target is the picture"),
    ],
)
def test_a_wrong_target_is_named(target, words, capsys):
    wrong = loss_with(target)
    assert check_velocity_loss(wrong) is not wrong
    assert words in said(capsys)


def test_another_wrong_target_is_not_named(capsys):
    check_velocity_loss(loss_with(lambda x_0, eps: 2 * eps - x_0))
    line = said(capsys)
    assert "not yet right" in line and "expected" in line
    assert "the target is" not in line and "points" not in line


def test_a_right_average_is_used_onward(capsys):
    def mine(average, weights, kept):
        return average + (1 - kept) * (weights - average)

    assert check_update_average(mine) is mine
    assert said(capsys) == "update_average: ok"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda a, w, kept: (1 - kept) * a + kept * w, "shares are swapped"),
        (lambda a, w, kept: kept * a + w, "added on top"),
        (lambda a, w, kept: (a + w) / 2, "plain mean"),
    ],
)
def test_a_wrong_average_is_named(wrong, words, capsys):
    assert check_update_average(wrong) is not wrong
    assert words in said(capsys)


def test_another_wrong_average_is_not_named(capsys):
    check_update_average(lambda a, w, kept: kept**3 * a + (1 - kept**3) * w)
    assert "expected" in said(capsys)


def test_an_empty_function_is_not_done_yet(capsys):
    def mine(average, weights, kept):
        raise NotImplementedError("your turn")

    assert check_update_average(mine) is not mine
    assert said(capsys) == "update_average: not done yet"


def test_an_average_that_changes_its_input_is_told_so(capsys):
    check_update_average(lambda a, w, kept: a.mul_(kept).add_((1 - kept) * w))
    assert "not yet right" in said(capsys)


# What a training needs ------------------------------------------------------------


def test_a_loss_without_a_gradient_is_told_so(capsys):
    def mine(model, x_0, eps, t, T):
        return loss_with(lambda x_0, eps: eps - x_0)(model, x_0, eps, t, T).detach()

    assert check_velocity_loss(mine) is not mine
    assert "no gradient leads back" in said(capsys)


def test_a_loss_that_calls_backward_is_told_so(capsys):
    def mine(*given):
        loss = loss_with(lambda x_0, eps: eps - x_0)(*given)
        loss.backward()
        return loss

    check_velocity_loss(mine)
    assert "calls backward() itself" in said(capsys)


def test_a_number_of_steps_that_is_typed_in_does_not_pass(capsys):
    def mine(model, x_0, eps, t, T):
        return loss_with(lambda x_0, eps: eps - x_0)(model, x_0, eps, t, 1000)

    assert check_velocity_loss(mine) is not mine


def test_an_average_must_take_a_single_number_too(capsys):
    def mine(average, weights, kept):
        return torch.stack(
            [kept * a + (1 - kept) * w for a, w in zip(average, weights, strict=False)]
        )

    assert check_update_average(mine) is not mine
