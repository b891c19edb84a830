"""Nothing that a training has done can be lost, and nothing odd carries on from it."""

import errno
import json
import math
import os
import random
import shutil
import signal
import time
from dataclasses import replace

import pytest
import torch
from PIL import Image
from test_trainer import (  # noqa: F401  one_thread is a fixture for each test
    SETTINGS,
    assert_same,
    interrupted_at,
    loss_fn,
    one_thread,
    run,
    tiny,
)
from torch import nn

from course_lib import checkpoint
from course_lib.checkpoint import (
    CheckpointError,
    WriteError,
    load_checkpoint,
    load_weights,
    save_checkpoint,
)
from course_lib.training import trainer
from course_lib.training.recipes import denoiser_trainer
from course_lib.training.resume import STOPS, saved_card
from course_lib.training.trainer import Trainer, train
from course_lib.world.photos import load_folder

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


def test_ctrl_c_waits_for_the_end_of_the_iteration(tmp_path, uninterrupted):
    stopped = tiny(tmp_path, loss_fn=interrupted_at(4))
    train(stopped)  # comes back, and says where it stands
    assert stopped.iteration == 4
    resumed = tiny(tmp_path, resume=True)
    assert resumed.iteration == 4
    train(resumed)
    assert_same(resumed, uninterrupted)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("hearing")
@pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)
def test_what_would_end_the_process_stops_it_as_ctrl_c_does(
    tmp_path, uninterrupted, number, capsys
):
    before = signal.getsignal(number)
    train(tiny(tmp_path, loss_fn=interrupted_at(4, number)))
    assert "Stopped after 4 iterations, saved in" in capsys.readouterr().out
    with pytest.raises(KeyboardInterrupt):  # the same in a loop of one's own
        run(tiny(tmp_path, resume=True, loss_fn=interrupted_at(2, number)))
    assert signal.getsignal(number) is before
    resumed = tiny(tmp_path, resume=True)
    assert resumed.iteration == 6
    assert_same(run(resumed), uninterrupted)


@pytest.mark.usefixtures("hearing")
@pytest.mark.parametrize("number", STOPS, ids=lambda number: number.name)
def test_between_two_iterations_it_is_stopped_in_the_same_way(tmp_path, number):
    stopped = tiny(tmp_path)
    train(stopped, lambda *what: signal.raise_signal(number), sample_every=3)
    assert saved_card(tmp_path, resume=True)["iteration"] == stopped.iteration == 3


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_what_nohup_ignores_stays_ignored(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        train(tiny(tmp_path, loss_fn=interrupted_at(4, signal.SIGHUP)))
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert saved_card(tmp_path, resume=True)["iteration"] == 8


@pytest.mark.parametrize("keep", [(), (4,)])
def test_weights_that_went_astray_are_never_saved(tmp_path, keep, monkeypatch):
    monkeypatch.setattr(trainer, "SAVE_EVERY_S", -1)
    lost = tiny(tmp_path, replace(SETTINGS, keep=keep))
    update = lost.update_ema

    def overflow():  # a step so long that a weight is no number after it
        if lost.iteration == 3:
            next(lost.raw_model.parameters()).data[0] = math.inf
        update()

    lost.update_ema = overflow
    with pytest.raises(FloatingPointError, match="infinity in .* after iteration 4"):
        run(lost)
    assert not (tmp_path / "at-4").exists()
    assert tiny(tmp_path, replace(SETTINGS, keep=keep), resume=True).iteration == 3


def test_a_disk_that_fills_up_gives_the_folder_free(tmp_path, monkeypatch):
    first = tiny(tmp_path)
    steps = first.run()
    next(steps)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_file", full_disk)
        with pytest.raises(WriteError):
            steps.close()
    tiny(tmp_path, resume=True)


def full_disk(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


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
    monkeypatch.setattr(checkpoint, "save_file", full_disk)
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


def test_only_half_files_of_our_own_are_removed(tmp_path):
    kept = (
        ".mine.part",
        ".mine.1234.part",
        ".state.safetensors.my.part",
        "at-3/a.part",
        "at-home/.state.safetensors.1234.part",
    )
    gone = (
        ".state.safetensors.1234.part",
        ".card.json.12ab34ef.part",
        "at-3/.model.safetensors.1234.part",
        "autoencoder/.model.safetensors.1234.part",
    )
    for name in kept + gone:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    tiny(tmp_path)
    assert [name for name in kept + gone if (tmp_path / name).exists()] == [*kept]


# What carries on is what was begun --------------------------------------------------


@pytest.fixture(scope="module")
def half_done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("half")
    run(tiny(folder, until=4))
    return folder


def tampered(half_done, folder, tensors=None, card=None):
    """A copy of a training, with other tensors or another card in its state."""
    folder.mkdir()
    found, its_card = load_checkpoint(half_done / "state.safetensors")
    found = {n: x for n, x in (found | (tensors or {})).items() if x is not None}
    save_checkpoint(folder / "state.safetensors", found, (card or its_card.copy)())
    return folder


def test_a_state_is_written_as_it_always_was(half_done):
    """Whoever changes this must still read what was written before."""
    tensors, card = load_checkpoint(half_done / "state.safetensors")
    trained = [f"{i}.{kind}" for i in (0, 1, 3) for kind in ("weight", "bias")]
    seen = [f"1.{x}" for x in ("running_mean", "running_var", "num_batches_tracked")]
    weights = [f"{kind}.{n}" for kind in ("model", "ema") for n in trained + seen]
    kinds = ("step", "exp_avg", "exp_avg_sq")
    moments = [f"optimizer.{kind}.{n}" for kind in kinds for n in trained]
    assert tensors.keys() == {*weights, *moments, "losses"}
    assert {"iteration", "precision", "threads", "settings"} <= card.keys()


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("optimizer.exp_avg.0.weight", torch.zeros(1)),  # a write beyond its end
        ("optimizer.exp_avg.0.weight", torch.zeros(8, 3).double()),
        ("optimizer.exp_avg_sq.3.bias", torch.zeros(0)),
        ("optimizer.exp_avg_sq.3.bias", None),
        ("optimizer.step.3.bias", torch.zeros(2)),
        ("optimizer.momentum.0.weight", torch.zeros(8, 3)),
        ("optimizer.exp_avg.5.weight", torch.zeros(8, 3)),
        ("ema.0.weight", torch.zeros(8, 2)),
        ("ema.0.weight", torch.zeros(8, 3, dtype=torch.complex64)),
        ("ema.0.weight", None),
        ("ema.9.weight", torch.zeros(8, 3)),
        ("model.0.weight", torch.zeros(8, 3).half()),
        ("losses", torch.zeros(3)),
        ("losses", None),
        ("mine", torch.zeros(1)),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(half_done, tmp_path, name, tensor):
    folder = tampered(half_done, tmp_path / "odd", tensors={name: tensor})
    with pytest.raises(CheckpointError, match=f"1 tensors differ, the first is {name}"):
        tiny(folder, resume=True)


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("ema.0.weight", torch.full((8, 3), math.nan)),
        ("model.3.bias", torch.full((3,), math.inf)),
        ("optimizer.exp_avg_sq.3.bias", torch.full((3,), math.nan)),
        ("losses", torch.full((4,), math.nan)),
    ],
)
def test_a_state_that_went_astray_is_refused(half_done, tmp_path, name, tensor):
    folder = tampered(half_done, tmp_path / "odd", tensors={name: tensor})
    with pytest.raises(CheckpointError, match=f"NaN or infinity in {name}"):
        tiny(folder, resume=True)


@pytest.mark.parametrize(
    "change",
    [
        dict(iteration=-5),
        dict(iteration=9),
        dict(iteration=True),
        dict(iteration=None),
        dict(settings=None),
        dict(settings=[]),
        dict(settings={}),
        dict(settings={"iterations": "8"}),
        dict(settings={"iterations": 10**400}),
        dict(threads=None),
        dict(threads=0),
        dict(threads=100_000),
        dict(threads=10**12),
        dict(precision="__name__"),
        dict(precision="auto"),
        dict(precision=["float32"]),
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_card_that_lacks_what_a_state_needs_is_refused(half_done, tmp_path, change):
    _, card = load_checkpoint(half_done / "state.safetensors")
    folder = tampered(half_done, tmp_path / "odd", card=lambda: card | change)
    assert_refused(folder)
    name = next(iter(change))
    folder = tampered(
        half_done,
        tmp_path / "lacking",
        card=lambda: {n: x for n, x in card.items() if n != name},
    )
    assert_refused(folder)


@pytest.mark.parametrize("card", [[], None, 3, "card", [{}]], ids=str)
def test_a_state_whose_card_is_none_is_no_folder_to_overwrite(
    half_done, tmp_path, card
):
    assert_refused(tampered(half_done, tmp_path / "odd", card=lambda: card))


def assert_refused(folder):
    before = (folder / "state.safetensors").read_bytes()
    for read in (saved_card, tiny):
        with pytest.raises(CheckpointError) as refused:
            read(folder, resume=True)
        assert len(str(refused.value).splitlines()) == 1
    assert (folder / "state.safetensors").read_bytes() == before


def album(folder, **photos):
    """Folders of one-coloured photos: their names, and their colours from 0 to 255."""
    for name, colours in photos.items():
        (folder / name).mkdir(parents=True)
        for i, colour in enumerate(colours):
            Image.new("L", (32, 32), colour).save(folder / name / f"{i}.png")
    return load_folder(folder)


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (dict(cat=[0, 50], wolf=[200]), "labels was .*'dog'.*, now it is .*'wolf'"),
        (dict(cat=[0, 51], dog=[200]), "no longer the same"),
        (dict(cat=[0, 50, 60], dog=[200]), "no longer the same"),
        (dict(cat=[0], dog=[50, 200]), "no longer the same"),
        (dict(cat=[0, 50], dog=[200], eel=[9]), "config was"),
    ],
)
def test_other_photos_than_it_began_with_are_noticed(tmp_path, later, words):
    small = dict(batch_size=2, widths=(8,), blocks=1)

    def begin(pictures, settings=SETTINGS):
        return denoiser_trainer(pictures, settings, tmp_path / "run", True, **small)

    first = album(tmp_path / "album", cat=[0, 50], dog=[200])
    begun = begin(first)
    begun.until = 1
    run(begun)
    shutil.rmtree(tmp_path / "album")
    with pytest.raises(CheckpointError, match=words):
        begin(album(tmp_path / "album", **later))
    assert begin(first).iteration == 1


def test_a_state_from_before_pictures_were_noted_carries_on(tmp_path):
    run(tiny(tmp_path, until=4))
    resumed = tiny(tmp_path, resume=True, card={"data_sha256": "1234", "labels": ["a"]})
    assert resumed.iteration == 4
