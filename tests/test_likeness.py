"""The probe recognises the plush, refuses near-misses, and reads what is around."""

import pytest
import torch

from course_lib.judging.likeness import SITUATIONS, Seen, measure_subject, recognised
from course_lib.pixels import from_bytes
from course_lib.training.likeness import (
    QUESTIONS,
    likeness_batches,
    likeness_chunk,
    likeness_trainer,
)
from course_lib.training.settings import Settings
from course_lib.world.drawing import draw_critters
from course_lib.world.guests import PLACES
from course_lib.world.plush import FEATURES, draw_plush
from course_lib.world.wear import IGNORED

UNSEEN = 1_000_003


def test_a_chunk_holds_the_plush_and_as_many_near_misses():
    pictures, answers = likeness_chunk(1, 4, n=256)
    assert pictures.dtype == torch.uint8 and len(pictures) == len(answers["plush"])
    assert set(answers) == set(QUESTIONS)
    share = answers["plush"].float().mean()
    assert 0.2 < share < 0.45
    whole = torch.stack([answers[name] == 1 for name in FEATURES]).all(0)
    assert (whole & (answers["plush"] == 0)).any()  # all features, another creature
    assert not (~whole & (answers["plush"] == 1)).any()
    for question, count in QUESTIONS.items():
        asked = answers[question][answers[question] != IGNORED]
        assert 0 <= asked.min() and asked.max() < count


def test_batches_follow_from_the_iteration(monkeypatch):
    monkeypatch.setattr("course_lib.training.likeness.CHUNK", 32)
    first, again = (likeness_batches(8, 0, size=32)(3) for _ in range(2))
    assert torch.equal(first["x_0"], again["x_0"])
    assert first["x_0"].shape == (8, 3, 32, 32)


def test_a_probe_can_be_trained(monkeypatch):
    monkeypatch.setattr("course_lib.training.likeness.CHUNK", 32)
    monkeypatch.setattr("course_lib.training.flaws.Copier.shipped", lambda: None)
    trainer = likeness_trainer(Settings(iterations=1), batch_size=8)
    assert [round(p.loss, 1) > 0 for p in trainer.run()] == [True]
    assert trainer.card["config"]["answers"] == QUESTIONS


# The shipped one ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", [dict(), dict(on_stilts=True), dict(beside=True)], ids=str
)
def test_the_plush_is_recognised_wherever_it_is(how):
    pictures, _, shown = draw_plush(48, UNSEEN, places=PLACES[:5], **how)
    seen = Seen.of(from_bytes(pictures))
    assert seen.is_plush.float().mean() > 0.95
    assert (seen.is_plush & seen.fits(shown)).float().mean() > 0.9


@pytest.mark.parametrize("feature", FEATURES)
def test_without_a_feature_it_is_not_recognised(feature):
    pictures, _, _ = draw_plush(48, UNSEEN, without=(feature,))
    seen = Seen.of(from_bytes(pictures))
    assert seen.is_plush.float().mean() < 0.05
    assert seen.features()[feature] < 0.05
    others = [share for name, share in seen.features().items() if name != feature]
    assert min(others) > 0.9


def test_critters_are_no_plush_and_have_none_of_its_features():
    pictures, _ = draw_critters(64, UNSEEN, 64, kind="one")
    seen = Seen.of(from_bytes(pictures))
    assert not seen.is_plush.any() and seen.any_feature.float().mean() < 0.05


def test_noise_and_smears_are_no_plush():
    torch.manual_seed(0)
    assert not recognised(torch.rand(8, 3, 64, 64) * 2 - 1).any()
    pictures = from_bytes(draw_plush(8, UNSEEN)[0])
    smeared = torch.nn.functional.avg_pool2d(pictures, 16).repeat_interleave(16, 2)
    assert not recognised(smeared.repeat_interleave(16, 3)).any()


def test_a_painter_is_asked_for_the_word_in_every_situation():
    asked = []

    def painter(prompts, seed):
        asked.extend(prompts)
        return from_bytes(draw_plush(len(prompts), UNSEEN)[0])

    table = measure_subject(painter, "zorp", n=6)
    assert list(table) == list(SITUATIONS) and len(asked) == 24
    assert all("zorp" in prompt for prompt in asked)
    assert table["plain"]["recognised"].n == 6
