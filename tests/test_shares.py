"""A batch in parts, over processes and over time, is still that batch."""

from dataclasses import replace

import pytest
import torch
from test_trainer import SETTINGS, pair_of, plain, run, tiny

from course_lib.training.shares import gradient_of_all, parts_of, share_sizes


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
@pytest.mark.parametrize("accumulate", [1, 2, 5])
def test_the_parts_of_all_processes_are_the_batch_and_weigh_as_much(
    processes, accumulate
):
    batch = {"x": torch.arange(5), "y": torch.arange(5) ** 2}
    seen, total = [], 0.0
    for rank in range(processes):
        for weight, part in parts_of(batch, rank, processes, accumulate):
            assert len(part["x"]) == len(part["y"]) > 0
            seen += part["x"].tolist() if weight else []
            total += weight * part["y"].float().mean().item() / processes
    assert sorted(seen) == [0, 1, 2, 3, 4]
    assert total == pytest.approx(batch["y"].float().mean().item())


def test_the_gradient_of_uneven_shares_is_that_of_the_batch():
    x, w = torch.randn(5, 3), torch.randn(3, requires_grad=True)

    def gradient(rows):
        return torch.autograd.grad((x[rows] @ w).square().mean(), w)[0]

    of_shares = torch.stack([gradient(slice(rank, None, 2)) for rank in range(2)])
    found = gradient_of_all(of_shares, torch.tensor(share_sizes(5, 2)))
    torch.testing.assert_close(found, gradient(slice(None)))


@pytest.mark.parametrize("parts", [2, 3, 100])
def test_a_batch_in_parts_trains_as_the_whole_does(parts):
    whole = run(plain(5))
    cut = run(plain(5, settings=replace(SETTINGS, accumulate=parts)))
    for name, x in whole.ema.items():
        torch.testing.assert_close(cut.ema[name], x, atol=1e-6, rtol=1e-4)


def test_parts_may_change_where_a_training_goes_on(tmp_path):
    run(plain(5, tmp_path, until=4))
    run(plain(5, tmp_path, replace(SETTINGS, accumulate=2), resume=True))


@pytest.mark.parametrize("training", [pair_of, tiny])
def test_a_loss_that_compares_pictures_is_not_cut_into_parts(training):
    with pytest.raises(ValueError, match="cannot come in 2 parts: leave out"):
        training(settings=replace(SETTINGS, accumulate=2))


def test_parts_are_a_number_from_1():
    with pytest.raises(ValueError, match="accumulate must lie in 1"):
        replace(SETTINGS, accumulate=0)
