"""What changed for sound is one convolution."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.networks.one_dimension import conv_1d, in_one_dimension
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.unet import UNet


@pytest.mark.parametrize("K", [1, 3, 5])
def test_our_convolution_is_torchs(K):
    x, weight, bias = torch.randn(2, 3, 7), torch.randn(4, 3, K), torch.randn(4)
    expected = F.conv1d(x, weight, bias, padding=K // 2)
    torch.testing.assert_close(conv_1d(x, weight, bias), expected)


def test_a_text_unet_for_sound_has_other_convolutions_and_nothing_else():
    text = dict(vocabulary=20, length=5, width=8, blocks=1)
    unet = dict(widths=(8, 16), blocks=1, channels=5, refine=8, fold=1)
    two, one = TextUNet(text, unet), in_one_dimension(TextUNet(text, unet))
    kinds = [[type(x) for x in network.modules()] for network in (two, one)]
    pairs = [pair for pair in zip(*kinds, strict=True) if pair[0] is not pair[1]]
    assert pairs and set(pairs) == {(nn.Conv2d, nn.Conv1d)}
    x_t, t = torch.randn(2, 5, 8), torch.tensor([1, 1000])
    tokens = torch.tensor([[1, 5, 2], [1, 2, 0]])
    out = one(x_t, t, tokens)
    assert out.shape == x_t.shape
    assert not out.any()  # a new network says 0, as for pictures
    with pytest.raises(ValueError, match=r"must be shaped \(B, 5, L\)"):
        one(x_t[..., None], t, tokens)
    with pytest.raises(ValueError, match="divisible by 2"):
        one(x_t[..., :7], t, tokens)


def test_a_sound_has_no_squares_to_fold():
    with pytest.raises(ValueError, match="fold=1"):
        in_one_dimension(UNet((8,), fold=2))
