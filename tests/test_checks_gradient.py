"""Where something is to be learned from an answer, a gradient comes through it."""

import functools

import pytest
import torch

from course_lib.checks.report import (
    NotYetRight,
    ask,
    checked,
    must_learn,
)
from course_lib.checks.slope import one_weight


def loss(model, x, scale):
    """The library's function of these tests."""
    return scale * (model(x) - x).square().mean()


def inputs(generator):
    model = one_weight(lambda x: torch.tanh(2 * x))
    return model, torch.randn(4, 3, generator=generator), torch.tensor(1.5)


def check_loss(learner):
    return checked(learner, loss, inputs, gradient=True)


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_an_answer_that_can_be_learned_from_is_right():
    def mine(model, x, scale):
        return ((x - model(x)) ** 2 * scale).sum() / x.numel()

    assert check_loss(mine) is mine


def detached(model, x, scale):
    return loss(model, x, scale).detach()


def inside_no_grad(model, x, scale):
    with torch.no_grad():
        return loss(model, x, scale)


def made_anew(model, x, scale):
    return torch.tensor(float(loss(model, x, scale).detach()))


def its_data(model, x, scale):
    return loss(model, x, scale).data


def in_a_helper(model, x, scale):
    def error():
        return (model(x) - x).square().mean().detach()

    return scale.item() * error()


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (detached, "leave out .detach()"),
        (inside_no_grad, "leave out torch.no_grad()"),
        (torch.no_grad()(loss), "leave out torch.no_grad()"),
        (made_anew, "leave out torch.tensor(...) and float(...) and .detach()"),
        (its_data, "leave out .data"),
        (in_a_helper, "leave out .item() and .detach()"),
        (functools.partial(detached), "no .detach(), .item(), float(...)"),
    ],
)
def test_what_cuts_the_gradient_off_is_named(capsys, mine, words):
    check_loss(mine)
    heard = said(capsys)
    assert "the numbers are right, but no gradient gets through" in heard
    assert words in heard


def test_a_number_in_place_of_a_tensor_is_told(capsys):
    check_loss(lambda model, x, scale: loss(model, x, scale).item())
    assert "a tensor is needed, so do not use float(...), .item()" in said(capsys)


def test_a_gradient_must_reach_all_that_the_right_one_reaches(capsys):
    check_loss(lambda model, x, scale: loss(model, x, scale.item()))
    assert "no gradient reaches `scale`" in said(capsys)
    check_loss(lambda network, x, scale: loss(lambda x: network(x).detach(), x, scale))
    assert "no gradient reaches `network`" in said(capsys)


def test_a_part_of_the_gradient_that_is_lost_is_told(capsys):
    def mine(model, x, scale):
        return scale * (model(x) - x.detach()).square().mean()

    check_loss(mine)
    heard = said(capsys)
    assert "a part of the gradient for `x` is lost" in heard and ".detach()" in heard


def test_whoever_calls_backward_is_told(capsys):
    def mine(model, x, scale):
        answer = loss(model, x, scale)
        answer.backward()
        return answer

    check_loss(mine)
    assert "it calls .backward() itself" in said(capsys)


def test_the_method_float_cuts_nothing_off():
    def mine(model, x, scale):
        return loss(model, x.float(), scale)

    assert check_loss(mine) is mine


def test_no_gradient_is_asked_for_where_the_right_one_has_none():
    def rounded(x):
        return x.round()

    def draw(generator):
        return (torch.randn(3, generator=generator),)

    assert checked(lambda x: x.round(), rounded, draw, gradient=True) is not rounded


def test_no_gradient_is_asked_for_by_what_nobody_learns(capsys):
    def mine(network, x, scale):
        return scale.item() * (network(x) - x.detach()).square().mean()

    assert checked(mine, loss, inputs, gradient=("model",)) is mine
    capsys.readouterr()
    checked(detached, loss, inputs, gradient=("model",))
    assert "no gradient gets through" in said(capsys)


def test_a_check_by_hand_asks_the_same():
    weight = torch.ones((), requires_grad=True)

    def model(x):
        return weight * x

    def mine(model, x):
        return model(x).sum()

    x = torch.ones(3)
    must_learn(ask(mine, model, x), {"model": weight}, mine)
    with pytest.raises(NotYetRight, match="no gradient gets through"):
        must_learn(ask(mine, model, x).detach(), {"model": weight}, mine)
