"""The benchmarks run, say what they promise, and treat the others fairly."""

import math
import re
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import baselines  # noqa: E402
import quality_at_equal_time as quality  # noqa: E402
import train_speed  # noqa: E402

from course_lib.checkpoint import save_weights  # noqa: E402
from course_lib.diffusion.objective import make_denoising_loss  # noqa: E402
from course_lib.networks.judge import Judge  # noqa: E402
from course_lib.networks.unet import count_parameters  # noqa: E402
from course_lib.training import recipes  # noqa: E402
from course_lib.training.trainer import Settings  # noqa: E402
from course_lib.world.datasets import PictureSet, batches  # noqa: E402
from course_lib.world.wear import QUESTIONS  # noqa: E402

needs_smalldiffusion = pytest.mark.skipif(
    not baselines.has_smalldiffusion(), reason=baselines.NO_SMALLDIFFUSION
)


def named_values(output: str) -> dict[str, float]:
    """The lines name=value that a benchmark closes with."""
    lines = re.findall(r"^(\w+)=(\S+)$", output, flags=re.MULTILINE)
    return {name: float(value) for name, value in lines}


def test_train_speed_closes_with_its_numbers(capsys, saved):
    tiny = "--threads 1 --rounds 1 --seconds 0 --batch 1 --draw-batch 1"
    train_speed.main([*tiny.split(), "--save", str(saved.file)])
    assert not saved.lacks("train_speed", but="bfloat16|smalldiffusion")
    values = named_values(capsys.readouterr().out)
    for name in ("speed_ratio", "sampling_ratio"):
        assert values[f"{name}_to_diffusers"] > 0
    assert 0 < values["fraction_of_conv_peak"] < 1.5


def test_quality_closes_with_its_numbers(capsys, monkeypatch, tmp_path, saved):
    pictures = PictureSet(
        "few",
        torch.randint(0, 256, (16, 3, 32, 32), dtype=torch.uint8),
        torch.randint(1, 3, (16,)),
        ("nothing", "frog", "cat"),
        {},
    )
    judge = Judge(QUESTIONS, 32, (8, 8, 8))
    card = {"kind": "judge", "config": judge.config}
    save_weights(tmp_path / "reader", judge.state_dict(), card)
    monkeypatch.setattr(quality, "load_critters", lambda *args, **rest: pictures)
    for module in (baselines, recipes):  # whatever the recipe says, batches of two
        monkeypatch.setattr(module, "batches", lambda p, n, *a, **k: batches(p, 2))
    tiny = "--minutes 0.00001 --n 4 --calls 2 --threads 1 --precision float32"
    places = ["--reader", str(tmp_path / "reader"), "--out", str(tmp_path / "out")]
    quality.main([*tiny.split(), *places, "--save", str(saved.file)])
    assert not saved.lacks("equal_time_15")
    values = named_values(capsys.readouterr().out)
    assert math.isfinite(values["distance_ratio_to_diffusers_recipe"])
    assert math.isfinite(values["distance_ratio_to_best_other"])
    assert len(list((tmp_path / "out").glob("*.png"))) == len(baselines.recipes())
    table = (tmp_path / "out" / "table.md").read_text()
    assert "diffusers, our recipe" in table
    quality.main([*tiny.split(), *places, "--judge-only"])
    assert (tmp_path / "out" / "table.md").read_text() == table
    capsys.readouterr()
    quality.main([*tiny.split(), *places, "--judge-only", "--only", "ours"])
    values = named_values(capsys.readouterr().out)
    assert "distance_above_floor_ours" in values and "distance_ratio" not in str(values)
    with pytest.raises(SystemExit, match="no recipe is called that"):
        quality.main([*tiny.split(), *places, "--only", "theirs"])


def test_quality_says_in_a_sentence_that_the_reader_is_missing(tmp_path):
    with pytest.raises(SystemExit, match="There are no weights at"):
        quality.main(["--reader", str(tmp_path / "nobody")])


def test_a_distance_ratio_is_of_what_lies_above_the_floor():
    results = [
        quality.Result(name, "any", distance, 10.0, 0.5)
        for name, distance in [("ours", 30.0), ("diffusers", 210.0), ("other", 60.0)]
    ]
    values = named_values("\n".join(quality.closing_lines(results)))
    assert values["distance_ratio_to_diffusers_recipe"] == pytest.approx(0.1)
    assert values["distance_ratio_to_best_other"] == pytest.approx(0.4)


def test_the_networks_have_about_equal_parameters():
    counts = [count_parameters(m) for m in baselines.networks(labels=10).values()]
    assert max(counts) < 1.1 * min(counts)


def test_a_training_by_the_clock_follows_the_course_s_learning_rate():
    counted = Settings(iterations=1000)
    watch = baselines.Stopwatch(seconds=1000)
    timed = baselines.TimedSettings(share=watch.share)
    for iteration in (0, 50, 499, 500, 750, 990):
        watch.used = iteration
        expected = counted.learning_rate_at(iteration)
        assert timed.learning_rate_at(iteration) == pytest.approx(expected, abs=1e-8)


def test_diffusers_recipe_has_diffusers_average_and_learning_rate():
    from diffusers.optimization import get_cosine_schedule_with_warmup
    from diffusers.training_utils import EMAModel

    weight = torch.nn.Parameter(torch.zeros(1))
    theirs = EMAModel([weight], use_ema_warmup=True, inv_gamma=1.0, power=3 / 4)
    optimizer = torch.optim.SGD([weight], lr=1e-4)
    schedule = get_cosine_schedule_with_warmup(optimizer, 0, 1000)
    watch = baselines.Stopwatch(seconds=1000)
    timed = baselines.TimedSettings(
        learning_rate=1e-4, warmup=0, decay=1.0, share=watch.share, ema_power=3 / 4
    )
    for iteration in range(1000):
        if iteration % 100 == 7:
            watch.used = iteration
            rate = schedule.get_last_lr()[0]
            assert timed.learning_rate_at(iteration) == pytest.approx(rate, rel=1e-4)
        optimizer.step()
        schedule.step()
    assert timed.ema_at(80) == pytest.approx(theirs.get_decay(81), rel=1e-9)


@needs_smalldiffusion
def test_smalldiffusion_behind_our_interface_has_its_own_loss():
    torch.manual_seed(0)
    model = baselines.SmalldiffusionUNet(labels=2).eval()
    x_0, eps = torch.rand(2, 3, 32, 32) * 2 - 1, torch.randn(2, 3, 32, 32)
    t, cond = torch.tensor([1, 700]), torch.tensor([0, 2])
    ours = make_denoising_loss(model.schedule, "eps")
    sigma = model.schedule.sigma(t).reshape(-1, 1, 1, 1)
    theirs = model.net.get_loss(x_0, sigma, eps, cond=cond)
    found = ours(model, {"x_0": x_0, "eps": eps, "t": t, "cond": cond})
    torch.testing.assert_close(found, theirs, rtol=1e-4, atol=1e-5)
