"""Training: the laws of the loop, and that nothing which was done can be lost."""

import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from course_lib.chance import generator_for
from course_lib.checkpoint import (
    load_checkpoint,
)
from course_lib.device import MOST_THREADS, set_threads
from course_lib.networks.contrastive import ImageTextPair, make_contrastive_loss
from course_lib.training import trainer
from course_lib.training.recipes import denoiser_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer, seconds_an_iteration
from course_lib.world.datasets import PictureSet

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = Settings(iterations=8, warmup=2, precision="float32")


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def get_batch(iteration):
    return {"x": torch.randn(6, 3, generator=generator_for(0, iteration))}


def loss_fn(model, batch):
    return (model(batch["x"]) - batch["x"].flip(1)).square().mean()


def tiny(folder=None, settings=SETTINGS, resume=False, width=8, **changes) -> Trainer:
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Tanh(), nn.Linear(width, 3))
    )
    parts = dict(model=model, loss_fn=loss_fn, get_batch=get_batch) | changes
    return Trainer(
        **parts, settings=settings, folder=folder, resume=resume, device="cpu"
    )


def run(trainer: Trainer) -> Trainer:
    for _ in trainer.run():
        pass
    return trainer


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Everything that a training has made, by name."""
    raw = {f"model.{n}": x for n, x in trainer.raw_model.state_dict().items()}
    return raw | {f"ema.{n}": x for n, x in trainer.ema.items()}


def assert_same(some: Trainer, other: Trainer) -> None:
    assert some.losses == other.losses
    for name, tensor in weights(some).items():
        assert torch.equal(tensor, weights(other)[name]), name


def interrupted_at(iteration, number=signal.SIGINT):
    """A loss during whose computation somebody presses Ctrl-C, or sends a signal."""
    calls = iter(range(1, 99)).__next__

    def loss(model, batch):
        if calls() == iteration:
            signal.raise_signal(number)
        return loss_fn(model, batch)

    return loss


# The laws of the loop ---------------------------------------------------------------


def test_the_learning_rate_rises_stays_and_falls_to_nothing():
    settings = Settings(iterations=1000, learning_rate=0.01, warmup=100, decay=0.3)
    rates = [settings.learning_rate_at(i) for i in range(1001)]
    assert rates[0] == pytest.approx(0.0001)
    assert rates[99:701] == pytest.approx([0.01] * 602)
    assert rates[850] == pytest.approx(0.005)  # half a cosine, half of the way
    assert all(a < b for a, b in zip(rates[:99], rates[1:100], strict=True))
    assert all(a > b for a, b in zip(rates[701:1000], rates[702:], strict=True))
    assert rates[1000] == 0


def test_the_average_forgets_fast_at_first_and_then_slowly():
    kept = [SETTINGS.ema_at(i) for i in range(20_000)]
    assert kept[0] == 0.1
    assert all(a <= b for a, b in zip(kept[:-1], kept[1:], strict=True))
    assert kept[-1] == SETTINGS.ema == 0.999


def test_the_average_follows_the_weights():
    trainer = tiny()
    start = {n: x.clone() for n, x in trainer.ema.items()}
    for _ in trainer.run():
        break
    for name, weight in trainer.raw_model.state_dict().items():
        if weight.is_floating_point():
            expected = 0.1 * start[name] + 0.9 * weight
            torch.testing.assert_close(trainer.ema[name], expected)


def test_weights_that_do_not_move_are_their_own_average():
    trainer = run(tiny(settings=replace(SETTINGS, learning_rate=0.0)))
    for name, parameter in trainer.raw_model.named_parameters():
        assert torch.equal(trainer.ema[name], parameter)


def test_training_lowers_the_loss():
    settings = replace(SETTINGS, iterations=150, learning_rate=0.02)
    losses = run(tiny(settings=settings)).losses
    assert sum(losses[-20:]) < 0.8 * sum(losses[:20])


def test_each_iteration_sees_its_own_batch_once(tmp_path):
    seen = []

    def noted(iteration):
        seen.append(iteration)
        return get_batch(iteration)

    for progress in tiny(tmp_path, get_batch=noted).run():
        if progress.iteration == 3:
            break
    run(tiny(tmp_path, resume=True, get_batch=noted))
    assert seen == list(range(8))


def test_a_batch_of_its_iteration_gives_its_loss_again():
    trainer = tiny(settings=replace(SETTINGS, learning_rate=0.0))
    losses = run(trainer).losses
    again = [trainer.loss_of(get_batch(i)).item() for i in range(8)]
    assert losses == again


def test_the_same_seed_trains_to_the_same_weights():
    assert_same(run(tiny()), run(tiny()))


def test_progress_tells_loss_speed_and_time_left():
    trainer = tiny()
    steps = list(trainer.run())
    assert [step.iteration for step in steps] == list(range(1, 9))
    assert [step.loss for step in steps] == trainer.losses
    assert all(step.images_per_s > 0 for step in steps)
    assert steps[0].seconds_left > 0 and steps[-1].seconds_left == 0


def test_timing_the_precisions_teaches_nothing(monkeypatch):
    monkeypatch.setattr(trainer, "cpu_has_bf16", lambda: True)
    fresh, timed = tiny(), tiny(settings=replace(SETTINGS, precision="auto"))
    assert timed.precision in ("float32", "bfloat16")
    assert_same(fresh, timed)
    assert all(p.grad is None for p in timed.raw_model.parameters())


def test_a_trial_is_timed_and_thrown_away(tmp_path):
    asked = []

    def make(settings):
        asked.append(settings)
        return tiny(settings=settings)

    keep = replace(SETTINGS, keep=(7,))
    assert seconds_an_iteration(make, keep, iterations=5) > 0
    assert [s.iterations for s in asked] == [5] and asked[0].keep == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(iterations=0), "iterations must be 1 or more"),
        (dict(precision="int3"), "precision must be one of"),
        (dict(keep=(9,)), "keep must lie in 1..8"),
        (dict(keep=(2.5,)), "keep takes whole numbers; got 2.5"),
        (dict(iterations=8.5), "iterations takes whole numbers; got 8.5"),
        (dict(iterations=10**400), "iterations must be 1000000000 at most"),
        (dict(warmup="2"), "warmup takes whole numbers; got '2'"),
        (dict(warmup=-7), "warmup must lie in 0..1e"),
        (dict(learning_rate=float("nan")), "learning_rate must lie in 0..1; got nan"),
        (dict(decay=-1), "decay must lie in 0..1; got -1.0"),
        (dict(ema=3), "ema must lie in 0..1; got 3.0"),
        (dict(clip=-2), "clip must lie in 0..inf; got -2.0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        replace(SETTINGS, **changes)


def test_a_count_is_a_count_whoevers_number_it_is(tmp_path):
    settings = Settings(
        iterations=np.int64(3),
        warmup=torch.tensor(2),
        keep=np.array([2]),
        learning_rate=np.float32(0.5),
        precision="float32",
    )
    assert settings == Settings(3, 0.5, 2, keep=(2,), precision="float32")
    card = {"seed": np.int64(0), "noisier": np.float32(0.5), "size": torch.tensor(32)}
    for until in (np.int64(1), torch.tensor(3)):
        run(tiny(tmp_path, settings, resume=True, card=card, until=until))
    _, plain = load_checkpoint(tmp_path / "model.safetensors")
    assert plain["iteration"] == 3 and plain["settings"]["keep"] == [2]
    assert plain["seed"] == 0 and plain["noisier"] == 0.5 and plain["size"] == 32


def test_a_recipe_takes_seed_and_batch_from_numpy(tmp_path):
    one = replace(SETTINGS, iterations=1)
    numbers = dict(widths=(8,), blocks=1, batch_size=np.int64(2), seed=np.int64(1))
    theirs = run(denoiser_trainer(some_photos(), one, tmp_path, **numbers))
    numbers |= dict(batch_size=2, seed=1)
    assert_same(theirs, run(denoiser_trainer(some_photos(), one, **numbers)))


def some_photos() -> PictureSet:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(256, (4, 3, 32, 32), generator=generator).byte()
    return PictureSet("photos", pictures, torch.tensor([1, 2, 1, 2]), ("no", "a", "b"))


def test_weights_that_no_card_allows_are_not_trained(tmp_path):
    with pytest.raises(ValueError, match="never be used: guidance -1 is not a number"):
        tiny(tmp_path / "x", card={"guidance": -1, "kind": "denoiser"})
    assert not (tmp_path / "x").exists()


def test_a_number_of_threads_that_no_machine_has_is_refused():
    threads = torch.get_num_threads()
    for many in (0, -1, MOST_THREADS + 1, 100_000, 10**12):
        with pytest.raises(ValueError, match="threads must be 1 or more"):
            set_threads(many)
    assert torch.get_num_threads() == threads


def test_a_gradient_that_is_no_number_stops_before_the_step(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "SAVE_EVERY_S", -1)  # after every iteration

    def steep(model, batch):
        """From the third iteration on the loss is finite and its gradient is not."""
        loss = loss_fn(model, batch)
        return loss + (loss * 0).sqrt() if steep.calls() >= 3 else loss

    steep.calls = iter(range(1, 99)).__next__
    bad = tiny(tmp_path, loss_fn=steep)
    with pytest.raises(FloatingPointError, match="gradient became nan in iteration 3"):
        run(bad)
    assert all(p.isfinite().all() for p in bad.raw_model.parameters())
    resumed = tiny(tmp_path, resume=True)
    assert resumed.iteration == 2
    assert_same(run(resumed), run(tiny()))


def test_a_loss_that_is_no_number_stops_the_training_and_is_not_saved(tmp_path):
    def burst(model, batch):
        return loss_fn(model, batch) * (math.nan if burst.calls() == 5 else 1)

    burst.calls = iter(range(1, 99)).__next__
    with pytest.raises(FloatingPointError, match="nan in iteration 5"):
        run(tiny(tmp_path, loss_fn=burst))
    tensors, _ = load_checkpoint(tmp_path / "state.safetensors")
    assert all(x.isfinite().all() for x in tensors.values())


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_a_training_switches_gradients_on_by_itself(off, precision):
    trainer = tiny(settings=replace(SETTINGS, precision=precision))
    expected, trainer = run(trainer), tiny(settings=trainer.settings)
    with off():
        run(trainer)
    if expected.precision == trainer.precision:  # "auto" timed both
        assert_same(trainer, expected)


# Two processes ----------------------------------------------------------------------

TWO = """
import signal, sys
from pathlib import Path

from course_lib.commands.main import main
from course_lib.networks.autoencoder import make_autoencoder_loss
from course_lib.training.trainer import train
from test_trainer import (
    SETTINGS, interrupted_at, loss_fn, pair_of, plain, replace, run, tiny
)

folder = Path(sys.argv[1])
words = (folder / "words").read_text().split()
assert main([*words, "--out", str(folder / "two")]) == 0
for size in (1, 5):
    two = run(plain(size, folder / f"two-{size}"))
run(plain(5, folder / "two-parts", replace(SETTINGS, accumulate=2)))
run(plain(5, folder / "two-half", until=4))
run(pair_of(folder / "two-pair"))
half = replace(SETTINGS, precision="bfloat16")
run(plain(5, folder / "two-bf16", half))
rank = two.accelerator.process_index
asked = interrupted_at(4, signal.SIGTERM) if rank == 1 else loss_fn
stopped = plain(5, folder / "stopped", loss_fn=asked)
train(stopped)
said = [str(stopped.iteration)]
for loss in (make_autoencoder_loss(features=list), None):
    try:
        plain(5, loss_fn=loss) if loss else tiny()
    except ValueError as error:
        said.append(str(error))
(folder / f"said-{rank}").write_text("\\n".join(said))
"""


def pair_of(folder=None, **changes) -> Trainer:
    """A training that compares the pictures of a batch, five of them."""
    torch.manual_seed(0)
    text = dict(vocabulary=30, length=6, width=8, blocks=1)
    # 16 channels: with 8, each would be a group of its own norm, the bias before it
    # would have no gradient but rounding, and AdamW makes a step of any.
    model = ImageTextPair(text, size=8, widths=(16,), width=8)

    def get_batch(iteration):
        generator = generator_for(0, iteration)
        tokens = torch.randint(1, 30, (5, 6), generator=generator)
        return {"x_0": torch.randn(5, 3, 8, 8, generator=generator), "cond": tokens}

    changes |= dict(loss_fn=make_contrastive_loss(), model=model, get_batch=get_batch)
    return tiny(folder, **changes)


def plain(size: int, folder=None, settings=SETTINGS, **changes) -> Trainer:
    """A training without batch norm, which several processes refuse."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3))

    def get_batch(iteration):
        return {"x": torch.randn(size, 3, generator=generator_for(0, iteration))}

    return tiny(folder, settings, model=model, get_batch=get_batch, **changes)


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs gloo over Unix")
def test_two_processes_train_as_one_does_however_a_batch_divides(tmp_path):
    """`torchrun` on the CPU: each process sees its share of the same batches."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(6):
        Image.new("RGB", (32, 32), (40 * i, 255 - 40 * i, 90)).save(photos / f"{i}.png")
    command = f"train --data folder:{photos} --iterations 3 --batch 3 --widths 8,16"
    words = [*command.split(), "--blocks", "1", "--precision", "float32"]
    from course_lib.commands.main import main

    assert main([*words, "--out", str(tmp_path / "one")]) == 0
    for size in (1, 5):
        run(plain(size, tmp_path / f"one-{size}"))
    run(pair_of(tmp_path / "one-pair"))
    run(plain(5, tmp_path / "one-bf16", replace(SETTINGS, precision="bfloat16")))

    (tmp_path / "words").write_text(" ".join(words))
    (tmp_path / "two.py").write_text(TWO)
    launch = "-m torch.distributed.run --standalone --nproc_per_node 2"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    ran = subprocess.run(
        [sys.executable, *launch.split(), str(tmp_path / "two.py"), str(tmp_path)],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    # Half of it with two processes, the rest with one.
    run(plain(5, tmp_path / "two-half", resume=True))
    like = {"-parts": "-5", "-half": "-5"}  # what is cut otherwise reaches the same
    for name in ("", "-1", "-5", "-parts", "-half", "-pair", "-bf16"):
        file = tmp_path / f"one{like.get(name, name)}" / "state.safetensors"
        one, _ = load_checkpoint(file)
        two, card = load_checkpoint(tmp_path / f"two{name}" / "state.safetensors")
        assert card["processes"] == (1 if name == "-half" else 2)
        assert one.keys() == two.keys()
        # bfloat16 has three digits, and a mean of halves is rounded otherwise.
        atol = 3e-3 if name == "-bf16" else 1e-5
        for tensor in one:
            torch.testing.assert_close(two[tensor], one[tensor], atol=atol, rtol=1e-3)
    # One was asked to stop, and both did, after the same iteration; and a batch that is
    # looked at as a whole is not shared out: by the quarter, by batch norm.
    for rank in range(2):
        stopped_at, *said = (tmp_path / f"said-{rank}").read_text().splitlines()
        assert stopped_at == "4" and len(said) == 2
        assert all(
            "depends on the others of its batch" in sentence for sentence in said
        )
    _, card = load_checkpoint(tmp_path / "stopped" / "state.safetensors")
    assert card["iteration"] == 4
