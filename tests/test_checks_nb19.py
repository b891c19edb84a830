"""The checks of notebook 19 name the mistakes that people make, and no others."""

import pytest
import torch
import torch.nn.functional as F

from course_lib.checks.nb19_graduate import (
    GRADIENTS,
    SOUNDS,
    check_conv_1d,
    check_gradient_of_all,
    some_gradients,
    some_sound,
)
from course_lib.networks.one_dimension import conv_1d
from course_lib.training.shares import gradient_of_all


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_right_functions_are_used_onward(capsys):
    def mine(gradients, pictures):
        return pictures.float() @ gradients / pictures.sum()

    assert check_gradient_of_all(mine) is mine
    assert said(capsys) == "gradient_of_all: ok"

    def convolve(x, weight, bias):
        windows = F.pad(x, (1, 1)).unfold(2, 3, 1)  # (B, C, L, 3)
        return torch.einsum("dck,bclk->bdl", weight, windows) + bias[:, None]

    assert check_conv_1d(convolve) is convolve
    assert said(capsys) == "conv_1d: ok"


def test_torchs_own_convolution_is_no_answer(capsys):
    assert check_conv_1d(lambda *given: F.conv1d(*given, padding=1)) is conv_1d
    assert "the numbers are right, but torch's own convolution" in said(capsys)


@pytest.mark.parametrize("sentence", GRADIENTS)
def test_every_mistake_with_gradients_gets_its_name(sentence, capsys):
    assert check_gradient_of_all(GRADIENTS[sentence]) is gradient_of_all
    assert sentence in said(capsys)


@pytest.mark.parametrize("sentence", SOUNDS)
def test_every_mistake_in_the_convolution_gets_its_name(sentence, capsys):
    assert check_conv_1d(SOUNDS[sentence]) is conv_1d
    assert sentence in said(capsys)


def test_what_has_no_name_shows_one_number(capsys):
    check_gradient_of_all(lambda *given: gradient_of_all(*given) + 1)
    assert "expected" in said(capsys)
    check_conv_1d(lambda *given: conv_1d(*given) + 1)
    assert "expected" in said(capsys)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_examples_tell_shares_and_sizes_apart(seed):
    """Else a plain mean, or a swapped shape, would look right."""
    generator = torch.Generator().manual_seed(seed)
    gradients, pictures = some_gradients(generator)
    assert len(set(pictures.tolist())) == len(pictures) == len(gradients)
    x, weight, bias = some_sound(torch.Generator().manual_seed(seed))
    assert len({*x.shape, len(bias)}) == 4 and weight.shape[2] == 3
