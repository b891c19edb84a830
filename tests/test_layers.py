"""The building blocks: what each does at the start, and what holds for any weights."""

import pytest
import torch
import torch.nn.functional as F
from diffusers.models.embeddings import get_timestep_embedding
from torch import nn

from course_lib.networks.layers import (
    Attention,
    ResidualBlock,
    norm,
    time_embedding,
    zeroed,
)


def shaken(module: nn.Module, seed: int = 0) -> nn.Module:
    """The module with random weights everywhere, also where it starts at zero."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        drawn = torch.randn(parameter.shape, generator=generator)
        parameter.data = drawn / max(1, parameter[0].numel()) ** 0.5
    return module


def features(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# Time as a vector -----------------------------------------------------------------


def test_step_0_is_all_ones_and_zeros():
    assert time_embedding(torch.tensor([0]), width=6).tolist() == [[1, 1, 1, 0, 0, 0]]


def test_every_step_has_its_own_vector_within_minus_1_and_1():
    vec = time_embedding(torch.arange(1001), width=32)
    assert vec.shape == (1001, 32)
    assert vec.abs().max() <= 1
    apart = torch.cdist(vec, vec) + 10 * torch.eye(1001)
    assert apart.min() > 0.1


def test_how_alike_two_steps_are_depends_on_their_distance_alone():
    vec = time_embedding(torch.arange(1001), width=32)
    alike = vec @ vec.T / 16  # (1001, 1001), 1 for the same step
    torch.testing.assert_close(alike.diagonal(), torch.ones(1001))
    for distance in (1, 7, 400):
        along = alike.diagonal(distance)
        assert along.max() - along.min() < 1e-3
    assert alike[0, 1] > alike[0, 10] > alike[0, 100]


def test_the_time_embedding_equals_diffusers():
    t = torch.tensor([0, 1, 250, 1000])
    expected = get_timestep_embedding(
        t, 64, flip_sin_to_cos=True, downscale_freq_shift=0
    )
    torch.testing.assert_close(time_embedding(t, 64), expected)


def test_an_odd_width_is_refused():
    with pytest.raises(ValueError, match="come in pairs: width 5 is odd"):
        time_embedding(torch.tensor([1]), width=5)


# Norm and residual block ----------------------------------------------------------


def test_norm_brings_groups_of_channels_to_mean_0_and_spread_1():
    h = norm(16)(5 + 3 * features(2, 16, 4, 4))
    groups = h.reshape(2, 8, -1)
    assert groups.mean(2).abs().max() < 1e-5
    torch.testing.assert_close(
        groups.std(2, correction=0), torch.ones(2, 8), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("width", [1, 2, 6, 12, 20])
def test_norm_takes_any_width(width):
    assert norm(width)(features(2, width, 4, 4)).shape == (2, width, 4, 4)


def test_zeroed_leaves_nothing_but_zeros():
    layer = zeroed(nn.Conv2d(2, 3, 3))
    assert all((parameter == 0).all() for parameter in layer.parameters())


def test_a_residual_block_begins_as_do_nothing():
    x, vec = features(2, 8, 4, 4), features(2, 16)
    assert torch.equal(ResidualBlock(8, 16)(x, vec), x)


def test_the_vector_scales_and_shifts_the_normalised_channels():
    block = shaken(ResidualBlock(8, 16))
    x, vec = features(2, 8, 4, 4), features(2, 16)
    scale, shift = block.scale_and_shift(vec).chunk(2, dim=1)
    h = block.norm_2(block.conv_1(F.silu(block.norm_1(x))))
    moved = torch.empty_like(h)
    for i in range(2):
        for c in range(8):
            moved[i, c] = h[i, c] * (1 + scale[i, c]) + shift[i, c]
    torch.testing.assert_close(block(x, vec), x + block.conv_2(F.silu(moved)))


def test_what_a_block_is_told_is_its_vector_as_scale_and_shift():
    block = shaken(ResidualBlock(8, 16))
    x, vec = torch.randn(2, 8, 4, 4), torch.randn(2, 16)
    scale, shift = block.scale_and_shift(vec)[:, :, None, None].chunk(2, dim=1)
    assert torch.equal(block.told(x, scale, shift), block(x, vec))


def test_a_residual_block_does_not_look_at_other_pictures():
    block = shaken(ResidualBlock(8, 16))
    x, vec = features(4, 8, 4, 4), features(4, 16)
    torch.testing.assert_close(block(x, vec)[2:3], block(x[2:3], vec[2:3]))


# Attention ------------------------------------------------------------------------


def naive_attention(layer: Attention, x: torch.Tensor) -> torch.Tensor:
    """softmax(query key^T / sqrt(d)) value, one position at a time."""
    B, C, H, W = x.shape
    d = C // layer.heads
    numbers = layer.to_query_key_value(layer.norm(x)).reshape(B, 3, layer.heads, d, -1)
    answer = torch.empty(B, layer.heads, d, H * W)
    for i in range(B):
        for head in range(layer.heads):
            query, key, value = numbers[i, :, head]  # (d, N) each
            for n in range(H * W):
                scores = (query[:, n, None] * key).sum(0) / d**0.5  # (N,)
                weights = scores.exp() / scores.exp().sum()
                answer[i, head, :, n] = (value * weights).sum(1)
    return x + layer.out(answer.reshape(B, C, H, W))


@pytest.mark.parametrize("heads", [1, 4])
def test_attention_equals_the_naive_loop(heads):
    layer, x = shaken(Attention(8, heads)), features(2, 8, 3, 5)
    torch.testing.assert_close(layer(x), naive_attention(layer, x))


@pytest.mark.parametrize("heads", [1, 4])
def test_attention_equals_torchs(heads):
    layer, x = shaken(Attention(8, heads)), features(2, 8, 3, 5)
    theirs = nn.MultiheadAttention(8, heads, batch_first=True)
    theirs.in_proj_weight.data = layer.to_query_key_value.weight.data[:, :, 0, 0]
    theirs.in_proj_bias.data = layer.to_query_key_value.bias.data
    theirs.out_proj.weight.data = layer.out.weight.data[:, :, 0, 0]
    theirs.out_proj.bias.data = layer.out.bias.data
    h = layer.norm(x).flatten(2).transpose(1, 2)  # (B, N, C)
    h = theirs(h, h, h)[0].transpose(1, 2).reshape(x.shape)
    torch.testing.assert_close(layer(x), x + h)


def test_attention_begins_as_do_nothing():
    x = features(2, 8, 4, 4)
    assert torch.equal(Attention(8)(x), x)


def test_attention_knows_no_places():
    """Positions that change places before it have changed places after it."""
    layer, x = shaken(Attention(8)), features(1, 8, 4, 4)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))

    def moved(h):
        return h.flatten(2)[:, :, order].reshape(h.shape)

    torch.testing.assert_close(layer(moved(x)), moved(layer(x)))


def test_attention_sees_from_corner_to_corner():
    layer, x = shaken(Attention(8)), features(1, 8, 16, 16).requires_grad_()
    layer(x)[0, :, 0, 0].sum().backward()
    assert (x.grad[0, :, -1, -1] != 0).any()


def test_heads_that_cannot_share_the_channels_are_refused():
    with pytest.raises(ValueError, match="4 heads cannot share 6 channels evenly"):
        Attention(6)
