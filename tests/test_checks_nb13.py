"""The checks of notebook 13 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb13_finetuning import (
    a_weight,
    check_lora_weight,
    check_prior_loss,
    lora_weight,
    prior_loss,
)
from course_lib.checks.nb13_mistakes import OF_A_KERNEL, OF_A_WEIGHT, OF_THE_LOSS


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_right_functions_are_used_onward(capsys):
    def with_lora(weight, down, up, alpha):
        change = torch.einsum("or,r...->o...", up.flatten(1), down)
        return weight + change * alpha / len(down)

    assert check_lora_weight(with_lora) is with_lora
    assert said(capsys) == "lora_weight: ok"

    def loss(v_hat, v, prior_weight):
        n = len(v) // 2
        error = (v - v_hat) ** 2
        return error[:n].mean() + prior_weight * error[n:].mean()

    assert check_prior_loss(loss) is loss and said(capsys) == "prior_loss: ok"


@pytest.mark.parametrize("sentence", OF_A_WEIGHT)
def test_each_mistake_in_a_weight_has_its_sentence(capsys, sentence):
    assert check_lora_weight(OF_A_WEIGHT[sentence]) is lora_weight
    assert said(capsys) == f"lora_weight: not yet right - {sentence}"


@pytest.mark.parametrize("sentence", OF_A_KERNEL)
def test_each_mistake_in_a_kernel_alone_has_its_sentence(capsys, sentence):
    def wrong_in_kernels(weight, down, up, alpha):
        right = lora_weight if weight.ndim == 2 else OF_A_KERNEL[sentence]
        return right(weight, down, up, alpha)

    assert check_lora_weight(wrong_in_kernels) is lora_weight
    told = said(capsys)
    assert "right for a linear layer, but not for a kernel" in told
    assert told.endswith(sentence)


@pytest.mark.parametrize("sentence", OF_THE_LOSS)
def test_each_mistake_in_the_loss_has_its_sentence(capsys, sentence):
    assert check_prior_loss(OF_THE_LOSS[sentence]) is prior_loss
    assert said(capsys) == f"prior_loss: not yet right - {sentence}"


@pytest.mark.parametrize("kernel", [(), (1, 1), (3, 3)], ids=str)
def test_a_weight_with_its_lora_does_what_both_do_side_by_side(kernel):
    weight, down, up, alpha = a_weight(torch.Generator().manual_seed(0), kernel)
    x = torch.randn(2, 5, *(4,) * len(kernel))
    layer = torch.conv2d if kernel else torch.nn.functional.linear
    beside = layer(x, weight) + alpha / len(down) * layer(layer(x, down), up)
    assert torch.allclose(
        layer(x, lora_weight(weight, down, up, alpha)), beside, atol=1e-5
    )


def test_a_half_that_is_learned_perfectly_adds_nothing():
    v = torch.randn(4, 2, 3, 3)
    off = torch.cat([v[:2], v[2:] + 1])
    assert prior_loss(off, v, prior_weight=0.5) == pytest.approx(0.5)
    assert prior_loss(off, v, prior_weight=0.0) == 0
