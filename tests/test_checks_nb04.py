"""The checks of notebook 04 name the mistakes that people make, and no others."""

import math

import pytest
import torch
import torch.nn.functional as F

from course_lib.checks.nb04_mistakes import block_with
from course_lib.checks.nb04_unet import check_residual_block, check_time_embedding
from course_lib.networks.layers import ResidualBlock, time_embedding


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def not_done(*arguments):
    raise NotImplementedError("your turn")


# Time -----------------------------------------------------------------------------


def hands(t, width, rate_of):
    """One pair at a time, as a beginner might write it."""
    half = width // 2
    vec = torch.zeros(len(t), width)
    for picture, step in enumerate(t.tolist()):
        for i in range(half):
            vec[picture, i] = math.cos(step * rate_of(i, half))
            vec[picture, half + i] = math.sin(step * rate_of(i, half))
    return vec


def right_time(t, width):
    return hands(t, width, lambda i, half: 10_000 ** (-i / half))


def sines_first(t, width):
    half = width // 2
    return right_time(t, width).roll(half, dims=1)


def too_close(t, width):
    return hands(t, width, lambda i, half: 10_000 ** (-i / width))


def taking_turns(t, width):
    cosines, sines = right_time(t, width).chunk(2, dim=1)
    pairs = zip(cosines.unbind(1), sines.unbind(1), strict=True)
    return torch.stack([part for pair in pairs for part in pair], dim=1)


def rates_squared(t, width):
    return hands(t, width, lambda i, half: 10_000 ** (-((i / half) ** 2)))


def test_the_right_hands_are_used_onward(capsys):
    assert check_time_embedding(right_time) is right_time
    assert said(capsys) == "time_embedding: ok"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (sines_first, "sine and cosine are swapped"),
        (too_close, "rates too close together"),
        (taking_turns, "cosines and sines alternate"),
    ],
)
def test_wrong_hands_are_named(capsys, wrong, words):
    assert check_time_embedding(wrong) is time_embedding
    assert words in said(capsys)


def test_another_rate_shows_one_number(capsys):
    check_time_embedding(rates_squared)
    assert "not yet right - at [0, 1] expected" in said(capsys)


def test_no_hands_yet(capsys):
    assert check_time_embedding(not_done) is time_embedding
    assert said(capsys) == "time_embedding: not done yet"


# The residual block ---------------------------------------------------------------


def right_block(x, scale, shift, block):
    out = block.conv_1(F.silu(block.norm_1(x)))
    out = block.norm_2(out)
    out = out + out * scale + shift
    return block.conv_2(out * torch.sigmoid(out)) + x


def no_shortcut(x, scale, shift, block):
    h = block.conv_1(F.silu(block.norm_1(x)))
    return block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def bare_scale(x, scale, shift, block):
    h = block.conv_1(F.silu(block.norm_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * scale + shift))


def time_too_late(x, scale, shift, block):
    h = block.conv_1(F.silu(block.norm_1(x)))
    h = block.conv_2(F.silu(block.norm_2(h)))
    return h * (1 + scale) + shift + x


def half_the_shortcut(x, scale, shift, block):
    return right_block(x, scale, shift, block) - 0.5 * x


def test_the_right_block_is_used_onward(capsys):
    assert check_residual_block(right_block) is right_block
    assert said(capsys) == "residual_block: ok"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (no_shortcut, "the shortcut is missing"),
        (bare_scale, "by scale instead of 1 + scale"),
        (time_too_late, "scale and shift come too late"),
    ],
)
def test_wrong_blocks_are_named(capsys, wrong, words):
    assert check_residual_block(wrong) is not wrong
    assert words in said(capsys)


def test_another_block_shows_one_number(capsys):
    check_residual_block(half_the_shortcut)
    assert "not yet right - at [0, 0, 0, 0] expected" in said(capsys)


def test_an_empty_answer_gets_a_block_that_equals_the_librarys(capsys):
    forward = check_residual_block(not_done)
    assert said(capsys) == "residual_block: not done yet"
    block, x, vec = ResidualBlock(8, 4), torch.randn(1, 8, 4, 4), torch.randn(1, 4)
    torch.nn.init.normal_(block.conv_2.weight)
    torch.nn.init.normal_(block.scale_and_shift.weight)
    scale, shift = block.scale_and_shift(vec)[:, :, None, None].chunk(2, dim=1)
    torch.testing.assert_close(forward(x, scale, shift, block), block(x, vec))


def test_a_block_through_which_no_gradient_comes_is_told_so(capsys):
    check_residual_block(lambda *given: right_block(*given).detach())
    assert "no gradient gets through" in said(capsys)


def test_hands_that_are_right_for_early_steps_only_do_not_pass(capsys):
    check_time_embedding(lambda t, width: right_time(t.clamp(max=100), width))
    assert "not yet right - at [11, 0] expected" in said(capsys)


def test_the_block_of_the_mistakes_is_right_where_nothing_is_exchanged():
    block, x, vec = ResidualBlock(8, 16), torch.randn(2, 8, 4, 4), torch.randn(2, 16)
    torch.nn.init.normal_(block.scale_and_shift.weight)
    torch.nn.init.normal_(block.conv_2.weight)  # a new block hands x through
    scale, shift = block.scale_and_shift(vec)[:, :, None, None].chunk(2, dim=1)
    assert torch.allclose(block_with()(x, scale, shift, block), block(x, vec))
