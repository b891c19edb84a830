"""What is asked of a training is checked before anything is made."""

import numpy as np
import pytest
import torch

from course_lib.networks.autoencoder import Autoencoder, make_autoencoder_loss
from course_lib.networks.contrastive import Matcher
from course_lib.networks.unet import UNet, count_parameters
from course_lib.training import bounds
from course_lib.training.bounds import (
    KEPT_BY_AUTOENCODER,
    KEPT_BY_DECODER,
    KEPT_BY_UNET,
    check_batch_fits,
    check_blocks_fit,
    checked_network,
    checked_noisier,
    checked_number,
    checked_seed,
    checked_share,
    size_of_network,
    whole,
)


@pytest.mark.parametrize("number", [3, np.int64(3), np.uint8(3), torch.tensor(3)])
def test_a_whole_number_is_pythons_own_afterwards(number):
    assert type(whole("--batch", number, 1, 4)) is type(checked_seed(number)) is int
    widths, blocks = checked_network([number * 8], number, 32)
    assert (widths, blocks) == ((24,), 3) and type(widths[0]) is type(blocks) is int


@pytest.mark.parametrize("number", [0.5, "3", None, torch.ones(2), np.float32(3)])
def test_what_is_no_whole_number_is_said_to_be_none(number):
    with pytest.raises(ValueError, match="--seed takes whole numbers; got"):
        checked_seed(number)


def test_a_share_and_a_noise_are_plain_floats_afterwards():
    assert type(checked_share("x", np.float32(0.5))) is float
    assert type(checked_noisier(torch.tensor(1))) is float
    assert checked_noisier(None) is None
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="is a share, 0..1"):
            checked_share("x", wrong)
    assert checked_number("x", np.float32(2), 2) == 2.0
    assert type(checked_number("x", torch.tensor(0), 2, zero=True)) is float
    for wrong in (0, -1, 2.1, float("nan")):
        with pytest.raises(ValueError, match="x must be above 0, up to 2; got"):
            checked_number("x", wrong, 2)
    for wrong in (-5.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="must lie in -5..5"):
            checked_noisier(wrong)


# Memory -------------------------------------------------------------------------------


def numbers_kept(loss_of, weights) -> int:
    """How many numbers a network keeps of its batch for the way back."""
    kept, own = {}, {weight.data_ptr() for weight in weights}

    def note(x):
        if x.data_ptr() not in own:
            kept[x.data_ptr()] = x  # held, so that no address comes twice
        return x

    with torch.autograd.graph.saved_tensors_hooks(note, lambda x: x):
        loss_of()
    return sum(x.untyped_storage().nbytes() // 4 for x in kept.values())


@pytest.mark.parametrize(
    ("widths", "blocks", "size"),
    [((64, 128), 2, 32), ((64, 160), 1, 32), ((64, 128), 8, 32), ((128, 256), 2, 64)],
)
def test_the_size_of_a_unet_is_estimated_from_below_and_not_far(widths, blocks, size):
    model = UNet(widths, blocks)
    weights, a_picture = size_of_network(widths, blocks, size, 2, KEPT_BY_UNET)
    assert weights < count_parameters(model) < 2.5 * weights
    x, t = torch.randn(1, 3, size, size), torch.ones(1, dtype=torch.int64)
    kept = numbers_kept(lambda: model(x, t).square().mean(), model.parameters())
    assert a_picture < kept < 1.5 * a_picture


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("kept", [KEPT_BY_AUTOENCODER, KEPT_BY_DECODER])
def test_so_is_that_of_an_autoencoder(blocks, kept):
    model = Autoencoder((64, 128), blocks=blocks)
    model.encoder.requires_grad_(kept == KEPT_BY_AUTOENCODER)
    eye = Matcher.from_pretrained("pair").model.requires_grad_(False)
    loss_fn = make_autoencoder_loss(features=eye.image_encoder.features)
    weights, a_picture = size_of_network((64, 128), blocks, 64, 2, kept)
    assert weights < count_parameters(model) < 2.5 * weights
    batch = {"x_0": torch.randn(4, 3, 64, 64), "eps": torch.randn(4, 4, 16, 16)}
    weights = [*model.parameters(), *eye.parameters()]
    kept = numbers_kept(lambda: loss_fn(model, batch), weights)
    assert 4 * a_picture < kept < 5 * a_picture


def test_what_fits_is_let_through_and_what_does_not_is_told_how_much_it_takes(
    monkeypatch,
):
    monkeypatch.setattr(bounds, "gpu_memory_gib", lambda: 0.0)
    monkeypatch.setattr(bounds, "memory_gib", lambda: 2.0)
    usual = dict(widths=(64, 128), blocks=2, side=32, precision="auto")
    check_blocks_fit(**usual, batch_size=64)
    with pytest.raises(ValueError, match="needs 14 GiB of memory or more, .* are 2: "):
        check_blocks_fit(**usual, batch_size=4096)
    for huge in (dict(widths=(10**8,)), dict(blocks=10**8), dict(widths=(10**400,))):
        with pytest.raises(ValueError, match="a smaller --batch, --widths or --blocks"):
            check_blocks_fit(**usual | huge, batch_size=1)
    check_batch_fits(268_000, 256, "auto")
    with pytest.raises(ValueError, match="take a smaller --batch"):
        check_batch_fits(268_000, 4096, "auto")
    check_batch_fits(130_000, 4096, "bfloat16")  # half as much
    with pytest.raises(ValueError, match="take a smaller --batch"):
        check_batch_fits(134_000, 4096, "auto")


def test_many_narrow_blocks_are_more_than_their_numbers(monkeypatch):
    """A million blocks of 8 channels: Python's own objects take the most."""
    monkeypatch.setattr(bounds, "gpu_memory_gib", lambda: 0.0)
    monkeypatch.setattr(bounds, "memory_gib", lambda: 40.0)
    with pytest.raises(ValueError, match="GiB of memory or more, and there are 40"):
        check_blocks_fit((8,), 10**6, 4, 1, "bfloat16")


def test_processes_with_a_gpu_each_share_a_batch(monkeypatch):
    monkeypatch.setattr(bounds, "best_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(bounds, "gpu_memory_gib", lambda: 2.0)
    monkeypatch.setenv("WORLD_SIZE", "4")
    check_batch_fits(268_000, 4096, "auto")
    monkeypatch.delenv("WORLD_SIZE")
    with pytest.raises(ValueError, match="take a smaller --batch"):
        check_batch_fits(268_000, 4096, "auto")
