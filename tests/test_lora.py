"""LoRA by hand: what it computes, what it costs, and that peft computes the same."""

import pytest
import torch
from torch import nn

from course_lib.checkpoint import CheckpointError
from course_lib.networks.lora import (
    LoRA,
    add_lora,
    innermost,
    layers_of,
    load_lora,
    lora_change,
    lora_tensors,
    merge_lora,
    remove_lora,
)


class Net(nn.Module):
    """One layer of each kind that a U-Net has."""

    def __init__(self):
        super().__init__()
        self.into = nn.Conv2d(4, 8, 3, padding=1)
        self.shrink = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.point = nn.Conv2d(8, 8, 1)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        h = self.point(self.shrink(self.into(x).relu()).relu())
        return self.head(h.mean((2, 3)))


def taught(model: nn.Module, **how) -> nn.Module:
    """The network with a LoRA that has learned something, at random."""
    for name in add_lora(model, **how):
        nn.init.normal_(model.get_submodule(name).up.weight, std=0.3)
    return model


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(5, 4, 8, 8)


def taught_layer(layer, rank, alpha) -> LoRA:
    lora = LoRA(layer, rank, alpha)
    nn.init.normal_(lora.up.weight)
    return lora


@pytest.mark.parametrize("rank, alpha", [(2, 2.0), (3, 7.5), (4, None)])
def test_the_change_of_a_weight_is_what_the_layer_computes(x, rank, alpha):
    for layer in (nn.Conv2d(4, 6, 3, padding=1), nn.Conv2d(4, 6, 1), nn.Linear(8, 6)):
        lora = taught_layer(layer, rank, alpha)
        given = x if isinstance(layer, nn.Conv2d) else x.flatten(0, 2)
        beside = lora(given)
        change = lora_change(lora.down.weight, lora.up.weight, lora.alpha)
        assert change.shape == layer.weight.shape
        layer.weight.data += change
        torch.testing.assert_close(layer(given), beside, atol=1e-5, rtol=1e-5)


def test_a_new_lora_changes_nothing_and_has_a_gradient(x):
    model = Net()
    before = model(x)
    names = add_lora(model, rank=2)
    assert names == ["into", "shrink", "point", "head"]
    assert torch.equal(model(x), before)
    model(x).square().sum().backward()
    moving = {n for n, p in model.named_parameters() if p.grad is not None}
    assert moving == {n + p for n in names for p in (".down.weight", ".up.weight")}
    assert all(model.get_submodule(n).up.weight.grad.any() for n in names)


def test_merged_equals_unmerged_and_comes_off_again_exactly(x):
    model = Net()
    whole, plain = model.state_dict(), model(x)
    whole = {name: value.clone() for name, value in whole.items()}
    taught(model, rank=3, alpha=5.0)
    beside = model(x)
    assert (beside - plain).abs().max() > 0.1
    before = merge_lora(model)
    assert not any(isinstance(m, LoRA) for m in model.modules())
    assert (model(x) - beside).abs().max() < 1e-6
    model.load_state_dict(before, strict=False)
    assert all(torch.equal(model.state_dict()[name], whole[name]) for name in whole)


def test_unmerged_it_comes_off_and_nothing_was_touched(x):
    model = Net()
    plain = model(x)
    taught(model)
    remove_lora(model)
    assert torch.equal(model(x), plain) and list(model.state_dict()) == list(
        Net().state_dict()
    )


def test_strength_goes_from_without_to_twice_as_far(x):
    layer = nn.Linear(8, 6)
    lora = taught_layer(layer, 2, 4.0)
    x = x.flatten(0, 2)
    lora.strength = 0.0
    assert torch.equal(lora(x), layer(x))
    lora.strength = 1.0
    once = lora(x) - layer(x)
    lora.strength = 2.0
    torch.testing.assert_close(lora(x) - layer(x), 2 * once, atol=1e-5, rtol=1e-5)


def test_two_of_them_add_up(x):
    model, changes = Net(), []
    plain = {name: value.clone() for name, value in model.state_dict().items()}
    for seed in (1, 2):
        torch.manual_seed(seed)
        taught(model, rank=2, alpha=3.0, where="into")
        changes.append(model.into.change().detach())
    assert innermost(model.into) is model.into.layer.layer
    assert layers_of(model) == ["into", "shrink", "point", "head"]
    merge_lora(model)
    sum_of_both = plain["into.weight"] + changes[0] + changes[1]
    torch.testing.assert_close(model.into.weight, sum_of_both, atol=1e-6, rtol=0)


def test_what_was_trained_is_small_and_goes_onto_another_copy(x):
    torch.manual_seed(0)
    model, other = Net(), Net()
    other.load_state_dict(model.state_dict())
    taught(model, rank=2, alpha=6.0, where=("shrink", "head"))
    tensors = lora_tensors(model)
    assert set(tensors) == {
        f"{n}.{p}.weight" for n in ("shrink", "head") for p in ("down", "up")
    }
    assert sum(x.numel() for x in tensors.values()) == 2 * (8 * 9 + 8) + 2 * (8 + 3)
    load_lora(other, tensors, alpha=6.0)
    assert torch.equal(model(x), other(x))
    with pytest.raises(CheckpointError, match="another network"):
        load_lora(nn.Sequential(nn.Linear(2, 2)), tensors, alpha=6.0)
    with pytest.raises(CheckpointError, match="for shrink it has"):
        wrong = tensors | {"shrink.up.weight": torch.ones(9, 2, 1, 1)}
        load_lora(Net(), wrong, alpha=6.0)


@pytest.mark.parametrize("how", [dict(rank=0), dict(alpha=0.0), dict(where="nowhere")])
def test_what_makes_no_sense_is_refused(how):
    with pytest.raises(ValueError):
        add_lora(Net(), **how)


@pytest.mark.parametrize("rank, alpha", [(4, 4), (4, 1), (2, 8), (8, 3)])
def test_peft_computes_the_same(x, rank, alpha):
    """The oracle; alpha equal to rank alone would hide a missing division."""
    peft = pytest.importorskip("peft")
    torch.manual_seed(1)
    ours, theirs = Net(), Net()
    theirs.load_state_dict(ours.state_dict())
    names = ["into", "shrink", "point", "head"]
    how = peft.LoraConfig(r=rank, lora_alpha=alpha, target_modules=names)
    theirs = peft.inject_adapter_in_model(how, theirs)
    taught(ours, rank=rank, alpha=float(alpha))
    for name in names:
        lora, layer = ours.get_submodule(name), theirs.get_submodule(name)
        layer.lora_A["default"].weight.data.copy_(lora.down.weight)
        layer.lora_B["default"].weight.data.copy_(lora.up.weight)
    torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-5)
    merge_lora(ours)
    for name in names:
        theirs.get_submodule(name).merge()
        own = theirs.get_submodule(name).get_base_layer().weight
        weight = ours.get_submodule(name).weight
        torch.testing.assert_close(weight, own, atol=1e-6, rtol=1e-6)
