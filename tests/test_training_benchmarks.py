"""The benchmarks of lessons 04 and 05 run and say what they promise."""

import re
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import average_on_and_off  # noqa: E402
import skip_on_and_off  # noqa: E402
import target_table  # noqa: E402

from course_lib.diffusion.objective import make_denoising_loss  # noqa: E402
from course_lib.diffusion.schedule import cosine_schedule  # noqa: E402
from course_lib.world.critters import ANIMALS  # noqa: E402
from course_lib.world.datasets import PictureSet  # noqa: E402
from course_lib.world.drawing import draw_critters  # noqa: E402


def few_critters(split: str, kind: str) -> PictureSet:
    pictures = draw_critters(n=16, seed=len(split), kind=kind)[0]
    return PictureSet("few", pictures, torch.arange(16) % 8 + 1, ("nothing", *ANIMALS))


def closing_lines(said: str) -> dict[str, float]:
    found = re.findall(r"^(\w+)=(\S+)$", said, flags=re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_the_skip_closes_with_an_error_for_each_way_and_level(capsys, saved):
    tiny = "--iterations 1 --n 2 --seeds 2"
    skip_on_and_off.main([*tiny.split(), "--save", str(saved.file)])
    assert not saved.lacks("skip_on_and_off")
    assert len(closing_lines(capsys.readouterr().out)) == 9


def test_the_three_ways_have_the_same_layers():
    networks = [
        skip_on_and_off.Hourglass(*way) for way in skip_on_and_off.WAYS.values()
    ]
    counts = {sum(p.numel() for p in network.parameters()) for network in networks}
    assert len(counts) == 1


def test_the_average_closes_with_shares_and_distances(capsys, monkeypatch, saved):
    monkeypatch.setattr(average_on_and_off, "load_critters", few_critters)
    tiny = "--iterations 1 --batch 2 --n 8 --seeds 1"
    average_on_and_off.main([*tiny.split(), "--save", str(saved.file)])
    assert not saved.lacks("average_on_and_off")
    said = closing_lines(capsys.readouterr().out)
    assert 0 <= said["animal_average"] <= 1


@pytest.mark.parametrize("weighing", [[], ["--weighing"]], ids=["table", "weighing"])
def test_the_targets_close_with_their_numbers(capsys, monkeypatch, saved, weighing):
    monkeypatch.setattr(target_table, "load_critters", few_critters)
    tiny = "--iterations 1 --batch 2 --n 8 --seeds 1"
    target_table.main([*tiny.split(), *weighing, "--save", str(saved.file)])
    if not weighing:
        assert not saved.lacks("target_table")
    assert len(closing_lines(capsys.readouterr().out)) == 6


def test_a_network_that_says_v_and_is_weighed_as_eps_has_the_loss_of_eps():
    schedule = cosine_schedule(T=1000)
    generator = torch.Generator().manual_seed(0)
    x_0, eps, noise = torch.randn(3, 4, 3, 8, 8, generator=generator)
    t = torch.tensor([100, 400, 700, 950])
    batch = {"x_0": x_0, "eps": eps, "t": t}

    def says_eps(x_t, t, cond):
        return eps + 0.1 * noise

    def says_v(x_t, t, cond):  # the same guess, said as a velocity
        a, b = schedule.a(t, like=x_0), schedule.b(t, like=x_0)
        return (says_eps(x_t, t, cond) - b * x_t) / a

    as_eps = target_table.loss_as_eps(schedule)(says_v, batch)
    asked_for_eps = make_denoising_loss(schedule, "eps")(says_eps, batch)
    torch.testing.assert_close(as_eps, asked_for_eps, rtol=1e-4, atol=1e-6)
