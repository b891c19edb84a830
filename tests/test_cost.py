"""What a call costs, by laws that hold on every machine."""

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from course_lib.networks.cost import core_seconds, gigaflops, mib_kept

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import latent_cost  # noqa: E402

LAYERS = nn.Sequential(nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 64))


def test_twice_as_many_pictures_are_twice_the_work():
    one, two = (gigaflops(lambda n=n: LAYERS(torch.zeros(n, 64))) for n in (8, 16))
    assert two == 2 * one


def test_twice_as_many_pictures_leave_twice_as_much_behind():
    one, two = (mib_kept(LAYERS, torch.zeros(n, 64)) for n in (8, 16))
    assert two == 2 * one > 0


def test_what_is_kept_does_not_hang_on_whether_gradients_are_on():
    with torch.no_grad():
        silent = mib_kept(LAYERS, torch.zeros(8, 64))
    assert silent == mib_kept(LAYERS, torch.zeros(8, 64))


def test_a_network_that_cannot_learn_keeps_nothing_and_says_so():
    frozen = nn.Linear(4, 4).requires_grad_(False)
    with pytest.raises(ValueError, match="can learn"):
        mib_kept(frozen, torch.zeros(1, 4))


def test_seconds_are_those_of_one_call():
    calls = []
    seconds = core_seconds(lambda: calls.append(torch.is_grad_enabled()), times=3)
    assert calls == [False] * 3
    assert seconds < float("inf")


def test_the_benchmark_of_latents_writes_all_that_pages_state(saved, capsys):
    latent_cost.main(["--save", str(saved.file)])
    assert not saved.lacks("latent_cost")
    told = capsys.readouterr().out
    assert float(told.split("plain_ratio=")[1].split()[0]) > 10
