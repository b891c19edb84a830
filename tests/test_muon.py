"""Muon: what a step looks like, and that it is torch's own where torch has one."""

import pytest
import torch
from torch import nn

from course_lib.networks.text_unet import TextUNet
from course_lib.networks.unet import UNet
from course_lib.training.muon import NARROW, Muon, in_groups, matrices, orthogonal


def some_matrix(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(8, 40), (40, 8), (96, 864)])
def test_all_directions_become_about_equally_long(shape):
    values = torch.linalg.svdvals(orthogonal(some_matrix(*shape)))
    assert values.min() > 0.6 and values.max() < 1.3


def test_directions_stay_what_they_are():
    matrix = some_matrix(8, 40)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    turned = left.T @ orthogonal(matrix) @ right.T
    beside = turned - torch.diag(turned.diag())
    assert turned.diag().min() > 0.6  # none was turned round
    assert beside.abs().max() < 1e-4


def test_a_gradient_of_nothing_moves_nothing():
    assert orthogonal(torch.zeros(4, 6)).count_nonzero() == 0


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch before 2.9")
@pytest.mark.parametrize("shape", [(48, 64), (64, 48)])
def test_matrices_move_as_with_torchs_own(shape):
    ours, theirs = (nn.Parameter(some_matrix(*shape)) for _ in range(2))
    mine = Muon([dict(params=[ours], matrix=True)], lr=0.01, dtype=torch.bfloat16)
    its = torch.optim.Muon(
        [theirs], lr=0.01, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
    )
    for seed in range(3):
        gradient = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        mine.step()
        its.step()
    moved = (theirs - some_matrix(*shape)).norm().item()
    assert (ours - theirs).norm().item() < 0.05 * moved  # bfloat16 rounds


def test_everything_else_moves_as_with_adamw():
    ours, theirs = (nn.Parameter(torch.ones(5)) for _ in range(2))
    mine = Muon([dict(params=[ours], matrix=False)], lr=0.01, weight_decay=0.1)
    its = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1)
    for one, optimizer in ((ours, mine), (theirs, its)):
        one.grad = torch.arange(5.0)
        optimizer.step()
    assert torch.equal(ours, theirs)


def test_a_kernel_moves_as_the_matrix_it_is():
    kernel = nn.Parameter(some_matrix(8, 4, 3, 3))
    flat = nn.Parameter(some_matrix(8, 4, 3, 3).flatten(1))
    for one in (kernel, flat):
        one.grad = torch.ones_like(one) + one.detach()
        Muon([dict(params=[one], matrix=True)], lr=0.1).step()
    assert torch.equal(kernel.flatten(1), flat)


def test_a_matrix_without_a_gradient_stays():
    weight = nn.Parameter(some_matrix(4, 4))
    Muon([dict(params=[weight], matrix=True)], lr=0.1).step()
    assert torch.equal(weight, some_matrix(4, 4))


def test_steps_are_as_long_as_the_learning_rate_says():
    weight = nn.Parameter(torch.zeros(64, 256))
    weight.grad = 1e-6 * some_matrix(64, 256)  # however short the gradient
    Muon([dict(params=[weight], matrix=True)], lr=0.1).step()
    assert weight.square().mean().sqrt().item() == pytest.approx(0.2 * 0.1, rel=0.2)


def test_matrices_are_those_inside():
    names = matrices(UNet(widths=(64, 128), blocks=1, labels=4))
    assert {"middle.conv_1.weight", "shrink.0.weight", "time.2.weight"} <= names
    ends = {"into.weight", "label.weight", "refine.weight", "last.weight"}
    assert not ends & names


def test_tokens_and_places_are_no_matrices():
    text = dict(vocabulary=50, width=NARROW)
    model = TextUNet(text, dict(widths=(64, 128), blocks=1))
    names = matrices(model)
    assert "text_encoder.blocks.0.wide.weight" in names
    assert not {"text_encoder.token.weight", "text_encoder.place.weight"} & names


def test_every_parameter_is_in_one_group():
    model = UNet(widths=(64, 128), blocks=1)
    names, groups = in_groups(model, muon=True, gently=("time",))
    parameters = [p for group in groups for p in group["params"]]
    named = dict(model.named_parameters())
    assert sorted(names) == sorted(named)
    assert all(named[n] is p for n, p in zip(names, parameters, strict=True))
    kinds = {(group["pace"], group["matrix"]) for group in groups}
    assert kinds == {(0.2, False), (0.2, True), (1.0, False), (1.0, True)}


def test_without_muon_no_group_holds_matrices():
    _, groups = in_groups(UNet(widths=(64, 128)), muon=False, gently=())
    assert [group["matrix"] for group in groups] == [False]
