"""Distillation: quick painters from slow ones, by `distil`, and drawing with them."""

import json

import pytest
import torch
from test_layers import shaken
from test_train import assert_same

from course_lib.checkpoint import load_weights, save_weights
from course_lib.commands.distil import DISTIL
from course_lib.diffusion.guidance import guide
from course_lib.networks.unet import UNet
from course_lib.painters.labels import LabelToImage
from course_lib.painters.pipeline import TextToImage
from course_lib.training import captions, distil
from course_lib.training.distil import (
    guidance_trainer,
    make_consistency_loss,
    make_shortcut_loss,
    noised,
    shortcut_trainer,
    student_of,
    teacher_at,
)
from course_lib.training.settings import Settings
from course_lib.world import endless
from course_lib.world.datasets import PictureSet
from course_lib.world.drawing import draw_critters

FEW = Settings(iterations=3, **distil.DISTIL_SETTINGS)
FEW_WORDS = "--iterations 2 --batch 8 --threads 1"


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    """Sixteen critters, and no fifty thousand."""

    def load(split, size, kind):
        pictures, factors = draw_critters(16, 0, size, kind=kind)
        names = ("nothing", *map(str, range(8)))
        return PictureSet("critters", pictures, factors["subject"], names, factors)

    monkeypatch.setattr(distil, "load_critters", load)
    monkeypatch.setattr(endless, "CHUNK", 16)
    monkeypatch.setitem(captions.TEXTS["plain"], "length", 24)  # as `words` has


def batch_for(teacher, plain=0.5, iteration=0):
    return noised(teacher, 8, seed=0, plain=plain)(iteration)


# Students -------------------------------------------------------------------------


def test_a_student_begins_as_its_teacher_whatever_it_is_told(here):
    teacher = teacher_at("critters")
    student = student_of(teacher, jumps=True, seed=0)
    x_t, t = torch.randn(2, 3, 32, 32), torch.tensor([90, 7])
    cond = torch.tensor([1, 0])
    expected = teacher.model(x_t, t, cond)
    torch.testing.assert_close(student(x_t, t, cond, jump=t // 2), expected)
    assert all(p.requires_grad for p in student.parameters())
    assert not any(p.requires_grad for p in teacher.model.parameters())
    again = student_of(teacher, jumps=True, seed=0)
    assert_equal(again.state_dict(), student.state_dict())


def assert_equal(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_batch_holds_velocities_and_jumps_and_looks_at_pure_noise(here):
    teacher = teacher_at("critters")
    batch = batch_for(teacher)
    assert (batch["jump"][:4] == 0).all() and (batch["jump"][4:] > 0).all()
    assert (batch["t"] >= batch["jump"]).all()
    many = [batch_for(teacher, 1.0, i)["t"] for i in range(60)]
    assert 0.05 < (torch.cat(many) == 100).float().mean() < 0.25
    dropped = torch.cat([batch_for(teacher, 1.0, i)["cond"] for i in range(60)]) == 0
    assert 0.02 < dropped.float().mean() < 0.25, "some are told nothing"
    assert_equal(batch_for(teacher), batch_for(teacher))


def test_without_jumps_a_student_learns_the_guided_prediction(here):
    teacher = teacher_at("critters", 3.0)
    batch = batch_for(teacher, plain=1.0)

    def guided_student(x_t, t, cond, jump=None):
        return guide(teacher.model, 3.0)(x_t, t, cond)

    loss_fn = make_shortcut_loss(teacher)
    assert loss_fn(guided_student, batch) == pytest.approx(0, abs=1e-8)
    assert loss_fn(lambda *given: teacher.model(*given), batch) > 1e-4


def test_a_student_that_jumps_exactly_has_no_loss(here):
    """Where the velocity never changes, every jump is that velocity."""
    teacher = teacher_at("critters", 1.0)
    v = torch.randn(3, 32, 32)
    teacher.model.forward = lambda x_t, t, cond: v.expand_as(x_t).clone()

    def student(x_t, t, cond, jump):
        return v.expand_as(x_t)

    batch = batch_for(teacher)
    assert make_shortcut_loss(teacher)(student, batch) == pytest.approx(0, abs=1e-6)
    lost = make_consistency_loss(teacher)(
        lambda x_t, t, cond: v.expand_as(x_t), batch | {"r": batch["t"] // 2}
    )
    assert lost == pytest.approx(0, abs=1e-6)


# Trainings ------------------------------------------------------------------------


def test_a_distilled_painter_has_all_it_needs_in_its_folder(here, words):
    for start, of in (("critters", LabelToImage), ("latent", TextToImage)):
        quick = here / f"quick-{start}"
        trainer = shortcut_trainer(start, FEW, quick, batch_size=8)
        list(trainer.run())
        painter = of.from_pretrained(quick)
        assert painter.card["calls"] == [1, 2, 4, 8] and painter.unet.config["jumps"]
        own = of.from_pretrained(start)
        assert painter.usual.guidance_scale == 1 and painter.usual.steps == 4
        assert painter.card["guidance"] == own.usual.guidance_scale
        if of is TextToImage:
            assert painter.tokenizer.merges == own.tokenizer.merges
            before = own.model.text_encoder.state_dict()
            assert_equal(painter.model.text_encoder.state_dict(), before)
        asked = ["frog"]
        assert painter(asked, steps=1).shape == painter(asked).shape


@pytest.mark.parametrize(
    "way", [command.callback.__name__ for command in DISTIL.registered_commands]
)
def test_distil_can_be_stopped_and_resumed_to_the_same_bits(cli, here, way):
    command = f"distil {way} --start critters {FEW_WORDS} --precision float32"
    assert cli(f"{command} --out whole")[0] == 0
    assert cli(f"{command} --out parts --until 1")[0] == 0
    code, out, _ = cli(f"{command} --out parts --resume --json")
    assert code == 0 and json.loads(out[-1])["card"]["method"] == way
    assert_same(here / "whole", here / "parts")


def test_guidance_that_was_learned_takes_one_call_a_step(here):
    trainer = guidance_trainer("critters", FEW, here / "guided", batch_size=8)
    list(trainer.run())
    painter = LabelToImage.from_pretrained(here / "guided")
    seen = []
    painter.model.register_forward_hook(
        lambda m, given, out: seen.append(len(given[0]))
    )
    painter(["frog"], steps=3)
    assert seen == [1, 1, 1]
    with pytest.raises(ValueError, match="have learned their guidance"):
        painter(["frog"], guidance_scale=2.0)


# Drawing --------------------------------------------------------------------------


@pytest.fixture
def quick(here):
    """A shortcut model on labels that heeds what it is told."""
    torch.manual_seed(0)
    model = shaken(UNet(widths=(8, 16), blocks=1, labels=8, jumps=True))
    card = load_weights("critters")[1] | {"config": model.config}
    card |= {"guidance": 2.0, "calls": [1, 2, 4, 8], "start": "critters"}
    save_weights(here / "quick", model.state_dict(), card)
    return LabelToImage.from_pretrained(here / "quick")


def test_few_steps_are_jumps_and_other_ways_ask_for_velocities(quick):
    told = []
    quick.model.register_forward_pre_hook(
        lambda m, given, named: told.append(named.get("jump")), with_kwargs=True
    )
    quick(["frog"], steps=2)
    assert [int(jump) for jump in told] == [50, 50]
    told.clear()
    quick(["frog"], steps=3)
    quick(["frog"], steps=2, sampler="dpm_solver")
    assert told == [None] * 5


def test_generate_draws_in_as_many_calls_as_it_is_told(cli, quick):
    for calls in (1, 4):
        command = f"generate --label frog --weights quick --calls {calls} --out f.png"
        code, out, err = cli(f"{command} --json")
        assert code == 0, err
        assert json.loads(out[-1])["calls"] == calls


def test_a_quick_painter_is_measured_in_four_calls(cli, quick):
    command = "evaluate --weights quick --n 32 --seeds 1 --json"
    code, out, err = cli(command)
    assert code == 0, err
    assert json.loads(out[-1])["calls"] == 4


@pytest.mark.parametrize(
    "rest, words",
    [
        ("--weights quick --calls 0", "must be 1, 2, 4 or 8; got 0"),
        ("--weights quick --calls 3", "must be 1, 2, 4 or 8; got 3"),
        ("--weights quick --calls 4 --steps 4", "leave --steps"),
        ("--weights quick --guidance 3", "leave the guidance scale out"),
        ("--calls 4", "cannot draw in few calls"),
    ],
)
def test_calls_that_cannot_be_get_a_sentence(cli, here, quick, rest, words):
    code, _, err = cli(f"generate --label frog {rest} --out f.png")
    assert code == 2 and len(err) == 1 and words in err[0]
    assert not (here / "f.png").exists()


def test_what_cannot_be_distilled_gets_a_sentence(cli, here, quick):
    tensors, card = load_weights("critters")
    save_weights(here / "eps", tensors, card | {"target": "eps", "schedule": "linear"})
    for start, words in (
        ("eps", "this one predicts eps on the linear"),
        ("quick", "draws in few steps already"),
        ("mine", "Only painters of critters"),
        ("reader-32", "holds a judge"),
        ("nowhere", "no weights at 'nowhere'"),
    ):
        code, _, err = cli(f"distil shortcut --start {start} {FEW_WORDS} --out o")
        assert code == 2 and len(err) == 1 and words in err[0], err
    for scale in ("-1", "0", "nan", "1e9"):
        command = f"distil shortcut --start critters --scale {scale} {FEW_WORDS}"
        code, _, err = cli(f"{command} --out o")
        assert code == 2 and "--scale must be above 0, up to 100; got" in err[0]
    assert not (here / "o").exists()
