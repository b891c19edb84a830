"""Training: the laws of the loop, and that nothing which was done can be lost."""

import errno
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from course_lib import checkpoint
from course_lib.chance import generator_for
from course_lib.checkpoint import (
    CheckpointError,
    WriteError,
    load_checkpoint,
    load_weights,
)
from course_lib.training import trainer
from course_lib.training.trainer import (
    Settings,
    Trainer,
    saved_card,
    seconds_an_iteration,
    train,
)

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
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        replace(SETTINGS, **changes)


def test_a_loss_that_is_no_number_stops_the_training_and_is_not_saved(tmp_path):
    def burst(model, batch):
        return loss_fn(model, batch) * (math.nan if burst.calls() == 5 else 1)

    burst.calls = iter(range(1, 99)).__next__
    with pytest.raises(FloatingPointError, match="nan in iteration 5"):
        run(tiny(tmp_path, loss_fn=burst))
    tensors, _ = load_checkpoint(tmp_path / "state.safetensors")
    assert all(x.isfinite().all() for x in tensors.values())


# What is saved ----------------------------------------------------------------------


def test_the_folder_holds_the_average_for_use_the_state_and_the_card(tmp_path):
    done = run(tiny(tmp_path, card={"kind": "test"}))
    tensors, card = load_weights(tmp_path)
    for name, average in done.ema.items():
        kept = average.half().float() if average.is_floating_point() else average
        assert torch.equal(tensors[name], kept)
    assert card == json.loads((tmp_path / "card.json").read_text("utf-8"))
    assert card["kind"] == "test" and card["iteration"] == 8
    assert card["settings"]["iterations"] == 8 and card["precision"] == "float32"
    assert card["threads"] == 1 and len(card["loss_curve"]) == 8
    assert saved_card(tmp_path, resume=True) == card


def test_the_other_files_follow_from_the_state(tmp_path):
    run(tiny(tmp_path))
    before, _ = load_weights(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "card.json").unlink()
    run(tiny(tmp_path, resume=True))
    after, card = load_weights(tmp_path)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert card == json.loads((tmp_path / "card.json").read_text("utf-8"))


def test_the_weights_of_chosen_iterations_are_kept(tmp_path):
    run(tiny(tmp_path, replace(SETTINGS, keep=(3, 8))))
    assert load_weights(tmp_path / "at-3")[1]["iteration"] == 3
    late, _ = load_weights(tmp_path / "at-8")
    assert all(torch.equal(x, late[n]) for n, x in load_weights(tmp_path)[0].items())


def test_a_training_without_a_folder_saves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(tiny())
    assert not list(tmp_path.iterdir())


# Carrying on ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uninterrupted():
    return run(tiny())


def test_a_loop_that_is_left_can_be_carried_on(tmp_path, uninterrupted):
    for progress in tiny(tmp_path).run():
        if progress.iteration == 3:
            break
    resumed = tiny(tmp_path, resume=True)
    assert resumed.iteration == 3
    assert_same(run(resumed), uninterrupted)


def test_muon_learns_otherwise_and_resumes_all_the_same(tmp_path):
    def with_matrix(folder=None, muon=True, resume=False) -> Trainer:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 32), nn.Linear(32, 32), nn.Linear(32, 3))
        settings = replace(SETTINGS, muon=muon)
        return tiny(folder, settings, resume, model=model)

    whole = run(with_matrix())
    assert whole.losses[-1] != run(with_matrix(muon=False)).losses[-1]
    for progress in with_matrix(tmp_path).run():
        if progress.iteration == 3:
            break
    assert_same(run(with_matrix(tmp_path, resume=True)), whole)


def test_parts_that_come_trained_learn_gently_and_resume_all_the_same(tmp_path):
    gently = replace(SETTINGS, gently=("0.",))
    whole = run(tiny(settings=gently))
    first = tiny()
    start = {n: x.clone() for n, x in first.raw_model.state_dict().items()}
    one = replace(SETTINGS, iterations=1, warmup=0, decay=0.0)
    moved = {}
    for pace, settings in ((1.0, one), (0.2, replace(one, gently=("0.",)))):
        trained = run(tiny(settings=settings)).raw_model.state_dict()
        moved[pace] = {n: (trained[n] - start[n]).abs().max().item() for n in start}
    assert moved[0.2]["0.weight"] == pytest.approx(
        0.2 * moved[1.0]["0.weight"], rel=1e-3
    )
    assert moved[0.2]["3.weight"] == moved[1.0]["3.weight"] > 0

    for progress in tiny(tmp_path, gently).run():
        if progress.iteration == 3:
            break
    assert_same(run(tiny(tmp_path, gently, resume=True)), whole)


def test_a_trainer_that_was_stopped_goes_on_itself(tmp_path, uninterrupted):
    trainer = tiny(tmp_path)
    for progress in trainer.run():
        if progress.iteration == 3:
            break
    assert_same(run(trainer), uninterrupted)


def test_a_training_stops_where_it_is_told_to_and_carries_on(tmp_path, uninterrupted):
    for _ in range(2):  # the second time there is nothing left to do
        stopped = tiny(tmp_path, resume=True, until=3)
        train(stopped)
        assert stopped.iteration == 3
    assert_same(run(tiny(tmp_path, resume=True)), uninterrupted)
    done = tiny(tmp_path, resume=True, until=3)
    train(done)
    assert_same(done, uninterrupted)


def interrupted_at(iteration):
    """A loss during whose computation somebody presses Ctrl-C."""
    calls = iter(range(1, 99)).__next__

    def loss(model, batch):
        if calls() == iteration:
            signal.raise_signal(signal.SIGINT)
        return loss_fn(model, batch)

    return loss


def test_ctrl_c_waits_for_the_end_of_the_iteration(tmp_path, uninterrupted):
    stopped = tiny(tmp_path, loss_fn=interrupted_at(4))
    train(stopped)  # comes back, and says where it stands
    assert stopped.iteration == 4
    resumed = tiny(tmp_path, resume=True)
    assert resumed.iteration == 4
    train(resumed)
    assert_same(resumed, uninterrupted)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_in_an_iteration_leaves_whole_iterations_behind(
    tmp_path, uninterrupted, monkeypatch
):
    monkeypatch.setattr(trainer, "SAVE_EVERY_S", -1)  # after every iteration
    half = tiny(tmp_path)

    def fail():
        if half.iteration == 4:  # the weights have moved, the average has not
            raise RuntimeError("out of memory")
        Trainer.update_ema(half)

    half.update_ema = fail
    with pytest.raises(RuntimeError, match="out of memory"):
        run(half)
    resumed = tiny(tmp_path, resume=True)
    assert resumed.iteration == 4
    assert_same(run(resumed), uninterrupted)


def test_a_full_disk_leaves_the_last_state_whole(tmp_path, uninterrupted, monkeypatch):
    monkeypatch.setattr(trainer, "SAVE_EVERY_S", -1)
    save_file, calls = checkpoint.save_file, iter(range(99)).__next__

    def full_after_some(tensors, file, header):
        if calls() >= 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save_file(tensors, file, header)

    monkeypatch.setattr(checkpoint, "save_file", full_after_some)
    with pytest.raises(WriteError, match="Is the disk full"):
        run(tiny(tmp_path))
    monkeypatch.setattr(checkpoint, "save_file", save_file)
    assert_same(run(tiny(tmp_path, resume=True)), uninterrupted)


def test_a_full_disk_is_noticed_before_the_first_iteration(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint, "save_file", full)
    trainer = tiny(tmp_path)
    with pytest.raises(WriteError):
        run(trainer)
    assert trainer.iteration == 0


def test_resuming_nothing_starts_from_the_beginning(tmp_path, uninterrupted):
    assert_same(run(tiny(tmp_path / "new", resume=True)), uninterrupted)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_killed_again_and_again_it_ends_at_the_same_weights_bit_for_bit(tmp_path):
    """SIGKILL to real processes, at random moments, in the midst of saving too."""
    settings, chance = replace(SETTINGS, iterations=40), random.Random(0)
    kills = 0
    while True:
        child = os.fork()
        if child == 0:
            try:
                trainer.SAVE_EVERY_S = -1
                run(tiny(tmp_path, settings, resume=True))
                os._exit(0)
            finally:
                os._exit(1)
        time.sleep(chance.uniform(0, 0.05) * 1.2**kills)  # a busy machine needs longer
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        kills += 1
    resumed = run(tiny(tmp_path, settings, resume=True))
    assert kills >= 3
    assert resumed.iteration == 40
    assert_same(resumed, run(tiny(settings=settings)))
    assert not list(tmp_path.glob(".*.part"))  # what the dead left lying about


# One folder, one training -----------------------------------------------------------


def test_a_training_is_not_overwritten(tmp_path):
    run(tiny(tmp_path))
    before = (tmp_path / "state.safetensors").read_bytes()
    with pytest.raises(CheckpointError, match="already holds a training"):
        tiny(tmp_path)
    assert (tmp_path / "state.safetensors").read_bytes() == before
    tiny(tmp_path, resume=True)  # the refused one holds no lock


def test_two_trainings_cannot_write_to_one_folder(tmp_path):
    first = tiny(tmp_path)
    with pytest.raises(CheckpointError, match="Another training is writing to"):
        tiny(tmp_path, resume=True)
    run(first)  # it gives the folder free at its end
    run(tiny(tmp_path, resume=True))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            dict(settings=replace(SETTINGS, iterations=7)),
            "iterations was 8, now it is 7",
        ),
        (
            dict(settings=replace(SETTINGS, precision="bfloat16")),
            "precision was float32",
        ),
        (dict(card={"seed": 1}), "seed was 0, now it is 1"),
        (dict(width=4), "another network"),
    ],
)
def test_another_training_cannot_resume_it(tmp_path, changes, words):
    run(tiny(tmp_path, card={"seed": 0}))
    with pytest.raises(CheckpointError, match=words):
        tiny(tmp_path, resume=True, **({"card": {"seed": 0}} | changes))
    tiny(tmp_path, resume=True, card={"seed": 0, "command": "another spelling"})


def test_a_training_that_is_done_can_go_on_for_longer(tmp_path):
    run(tiny(tmp_path))
    longer = replace(SETTINGS, iterations=11)
    first = {"iteration": 8, "losses": run(tiny(settings=SETTINGS)).losses}
    carried = run(tiny(tmp_path, longer, resume=True))
    assert carried.iteration == 11 and carried.losses[:8] == first["losses"]
    card = load_checkpoint(tmp_path / "state.safetensors")[1]
    assert card["carried_on_from"] == 8 and card["settings"]["iterations"] == 11
    with pytest.raises(CheckpointError, match="iterations was 11, now it is 8"):
        tiny(tmp_path, resume=True)  # and not for shorter


def test_a_damaged_state_is_refused(tmp_path):
    run(tiny(tmp_path))
    state = tmp_path / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="damaged"):
        tiny(tmp_path, resume=True)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="Cannot write to"):
        tiny(tmp_path / "file" / "folder")


# Two processes ----------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs gloo over Unix")
def test_two_processes_train_as_one_does(tmp_path):
    """`torchrun` on the CPU: each process sees its share of the same batches."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(6):
        Image.new("RGB", (32, 32), (40 * i, 255 - 40 * i, 90)).save(photos / f"{i}.png")
    command = f"train --data folder:{photos} --iterations 4 --batch 4 --widths 8,16"
    words = [*command.split(), "--blocks", "1", "--precision", "float32", "--out"]
    from course_lib.commands.main import main

    assert main([*words, str(tmp_path / "one")]) == 0
    launch = "-m torch.distributed.run --standalone --nproc_per_node 2 -m course_lib"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, *launch.split(), *words, str(tmp_path / "two")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    one, _ = load_checkpoint(tmp_path / "one" / "state.safetensors")
    two, card = load_checkpoint(tmp_path / "two" / "state.safetensors")
    assert card["processes"] == 2
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(two[name], one[name], atol=1e-5, rtol=1e-3)
