"""The U-Net: a denoiser that begins as zero, and refuses what it cannot take."""

import pytest
import torch

from course_lib.networks.mlp import MLP
from course_lib.networks.unet import UNet, count_parameters

LABELS = 3


def small(seed: int = 0, **options) -> UNet:
    """A tiny U-Net with random weights everywhere, also where it starts at zero."""
    torch.manual_seed(seed)
    model = UNet(**dict(widths=(8, 16), blocks=1, labels=LABELS, refine=4) | options)
    for parameter in model.parameters():
        if (parameter == 0).all():
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


def pictures(n: int = 2, channels: int = 3, height: int = 8, width: int = 8):
    return torch.randn(
        n, channels, height, width, generator=torch.Generator().manual_seed(0)
    )


T_1 = torch.tensor([1, 1000])


# What holds for any weights -------------------------------------------------------


def test_a_new_network_says_zero():
    model = UNet(widths=(8, 16), blocks=1, labels=LABELS)
    assert (model(pictures(), T_1, torch.tensor([0, 2])) == 0).all()


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        (dict(), (2, 3, 8, 8)),
        (dict(), (2, 3, 16, 12)),
        (dict(channels=1), (2, 1, 8, 8)),
        (dict(widths=(8,)), (2, 3, 6, 2)),
        (dict(widths=(8, 8, 16), blocks=2), (2, 3, 16, 16)),
        (dict(labels=0), (2, 3, 8, 8)),
    ],
)
def test_the_answer_is_shaped_like_the_picture(options, shape):
    x_t = pictures(*shape)
    assert small(**options)(x_t, T_1).shape == x_t.shape


def test_an_answer_does_not_depend_on_the_other_pictures():
    model, x_t = small(), pictures(5)
    t, cond = torch.tensor([1, 5, 90, 500, 1000]), torch.tensor([0, 1, 2, 3, 1])
    together = model(x_t, t, cond)
    for i in range(5):
        alone = model(x_t[i : i + 1], t[i : i + 1], cond[i : i + 1])
        torch.testing.assert_close(alone[0], together[i])


def test_label_0_is_the_same_as_being_told_nothing():
    model, nothing = small(), torch.zeros(2, dtype=torch.int64)
    assert torch.equal(model(pictures(), T_1), model(pictures(), T_1, nothing))


def test_a_label_and_the_step_change_the_answer():
    model, x_t = small(), pictures()
    plain = model(x_t, T_1)
    assert not torch.allclose(plain, model(x_t, T_1, torch.tensor([1, 2])))
    assert not torch.allclose(plain, model(x_t, T_1.flip(0)))


def test_every_pixel_sees_every_other():
    model, x_t = small(), pictures(1, height=32, width=32).requires_grad_()
    model(x_t, torch.tensor([500]))[0, :, 0, 0].sum().backward()
    assert (x_t.grad[0].abs().sum(0) > 0).all()


def test_every_number_that_it_learns_matters():
    """After the zeros have moved, no parameter is without a gradient."""
    model = small()
    answer = model(pictures(4), torch.tensor([1, 9, 99, 999]), torch.arange(4))
    (answer**2).sum().backward()
    without = [n for n, p in model.named_parameters() if not (p.grad != 0).any()]
    assert without == []


def test_each_skip_that_is_left_is_taken():
    """The way up takes back exactly what the way down left, the last one first."""
    model, left, taken = small(blocks=2), [], []
    for level in model.down:
        for block in level.blocks:
            block.register_forward_hook(lambda _, __, h: left.append(h))
    for level in model.up:
        for merge in level.merges:
            merge.register_forward_hook(lambda _, given, __: taken.append(given[0]))
    model(pictures(), T_1)
    assert len(left) == len(taken) == 4
    for skip, both in zip(reversed(left), taken, strict=True):
        assert torch.equal(both.chunk(2, dim=1)[1], skip)


def test_the_card_rebuilds_the_network():
    model = small()
    again = UNet(**model.config)
    again.load_state_dict(model.state_dict())
    assert torch.equal(again.eval()(pictures(), T_1), model(pictures(), T_1))
    assert count_parameters(again) == sum(
        x.numel() for x in model.state_dict().values()
    )


# Bad input ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x_t", "words"),
    [
        (torch.zeros(3, 8, 8), r"shaped \(B, 3, H, W\); got \(3, 8, 8\)"),
        (torch.zeros(2, 1, 8, 8), r"shaped \(B, 3, H, W\); got \(2, 1, 8, 8\)"),
        (torch.zeros(2, 3, 8, 10), "divisible by 4; got 8x10"),
        (torch.zeros(2, 3, 7, 8), "divisible by 4; got 7x8"),
    ],
)
def test_a_picture_of_the_wrong_shape_is_refused(x_t, words):
    with pytest.raises(ValueError, match=words):
        small()(x_t, T_1)


@pytest.mark.parametrize("t", [torch.tensor([1]), torch.tensor(1), T_1[:, None]])
def test_one_step_a_picture_is_demanded(t):
    with pytest.raises(ValueError, match=r"one step per picture, \(2,\); got"):
        small()(pictures(), t)


@pytest.mark.parametrize("cond", [[-1, 0], [0, LABELS + 1]])
def test_an_unknown_label_is_refused(cond):
    with pytest.raises(ValueError, match=f"knows the labels 0..{LABELS}; got"):
        small()(pictures(), T_1, torch.tensor(cond))


@pytest.mark.parametrize(
    "cond", [torch.tensor([1]), torch.tensor([[1, 2]]), torch.tensor([1.0, 2.0])]
)
def test_labels_of_the_wrong_shape_or_kind_are_refused(cond):
    with pytest.raises(ValueError, match="one label per picture"):
        small()(pictures(), T_1, cond)


# The small network for points -----------------------------------------------------


def test_the_network_for_points_answers_in_the_shape_of_the_points():
    for dim in (1, 2, 5):
        x_t, t = torch.randn(4, dim), torch.tensor([1, 10, 100, 1000])
        assert MLP(dim)(x_t, t).shape == (4, dim)
