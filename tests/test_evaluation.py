"""What `evaluate` measures, with judges of which all is known."""

import json
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from course_lib.checkpoint import CheckpointError, save_weights
from course_lib.device import plain_torch
from course_lib.diffusion.guidance import FOR_LABELS
from course_lib.judging import evaluation
from course_lib.judging.evaluation import (
    FRESH,
    accuracy,
    as_table,
    draw_one_by_one,
    may_have_borrowed,
    measure_denoiser,
    measure_judge,
    real_pictures,
    shifted_by_one,
    worn_pictures,
)
from course_lib.judging.metrics import Share
from course_lib.networks.judge import Judge, load_judge
from course_lib.networks.unet import UNet
from course_lib.painters.pipeline import LabelToImage
from course_lib.pixels import to_bytes
from course_lib.world.critters import ACCESSORIES, SUBJECTS, choose_factors
from course_lib.world.datasets import PictureSet
from course_lib.world.drawing import draw_critters
from course_lib.world.wear import QUESTIONS

CIFAR = ("nothing", *evaluation.CIFAR10_NAMES)


@pytest.fixture(scope="module", autouse=True)
def judges(tmp_path_factory):
    """A reader and a classifier that know nothing, where shipped weights lie."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    for name, answers, data in (
        ("reader-32", QUESTIONS, "critters"),
        ("cifar10-classifier", {"cond": 11}, "cifar10"),
    ):
        judge = Judge(answers, 32, (8, 8))
        card = {"kind": "judge", "config": judge.config, "data": data}
        save_weights(folder / name, judge.state_dict(), card)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_WEIGHTS", str(folder))
        yield folder


@pytest.fixture
def little_cifar(monkeypatch):
    torch.manual_seed(0)
    pictures = torch.randint(0, 256, (80, 3, 32, 32), dtype=torch.uint8)
    some = PictureSet("cifar10", pictures, torch.arange(80) % 10 + 1, CIFAR)
    monkeypatch.setattr(evaluation, "load_cifar10", lambda split: some)
    return some


def painter(data="critters", labels=SUBJECTS[:9]) -> LabelToImage:
    model = UNet(widths=(8, 8), blocks=1, labels=len(labels) - 1).eval()
    card = dict(kind="denoiser", config=model.config, schedule="straight line", T=100)
    card |= dict(target="v", size=32, data=data, labels=["nothing", *labels[1:]])
    return LabelToImage(model, card)


class Copyist:
    """Draws what it should: real critters, in the order in which they are asked for."""

    card = {"data": "critters", "size": 32, "T": 1000}
    labels = ["nothing", *SUBJECTS[1:9]]

    def way_within(self, calls, *how):
        return replace(FOR_LABELS, steps=calls // 2)

    def prepare(self, labels, **settings):
        assert settings["steps"] == 2

    def __call__(self, names, seed, callback, **settings):
        _, others, wanted = real_pictures("critters", len(names), seed, 32)
        assert names == wanted
        return others


# A denoiser -------------------------------------------------------------------------


def test_who_draws_real_pictures_is_as_good_as_real():
    found = measure_denoiser(Copyist(), n=32, seeds=2, calls=4)
    assert found["right"] == found["real_right"]
    assert found["distance"] == found["floor"] and found["floor"]["mean"] > 0
    assert found["above_floor"]["each"] == [0, 0]
    assert found["precision"] == found["real_precision"]
    assert found["recall"] == found["real_recall"]


def test_an_untrained_network_is_far_above_the_floor():
    found = measure_denoiser(painter(), n=32, seeds=2, calls=4, guidance_scale=3)
    assert found["above_floor"]["mean"] > found["floor"]["mean"]
    assert found["right"]["n"] == 64 and found["steps"] == 2
    assert found["right"]["low"] <= found["right"]["share"] <= found["right"]["high"]
    assert found["distance"]["spread"] > 0
    json.dumps(found, allow_nan=False)
    said = "\n".join(as_table(found))
    assert "4 network calls" in said and "n = 32, seeds 0..1" in said


def test_one_seed_has_no_spread():
    found = measure_denoiser(Copyist(), n=32, seeds=1, calls=4)
    assert found["distance"]["spread"] is None
    assert "+-" not in "\n".join(as_table(found))


def test_photos_are_judged_by_the_classifier(little_cifar):
    found = measure_denoiser(painter("cifar10", CIFAR), n=32, seeds=1, calls=2)
    assert found["data"] == "cifar10" and found["right"]["n"] == 32
    with pytest.raises(ValueError, match="enough for two sets of 40; got n = 41"):
        measure_denoiser(painter("cifar10", CIFAR), n=41, seeds=1)


def test_the_two_real_sets_have_nothing_in_common_with_each_other_or_the_training(
    little_cifar,
):
    trained = draw_critters(64, seed=0, kind="one")[0]
    for data in ("critters", "cifar10"):
        for seed in (0, 1):
            reference, others, names = real_pictures(data, 40, seed, 32)
            sets = [to_bytes(reference), to_bytes(others), trained]
            everything = torch.cat(sets).flatten(1)
            assert len(everything.unique(dim=0)) == len(everything)
            assert len(names) == 40


def test_guidance_and_heun_take_two_calls_a_step():
    found = [(1, "dpm_solver", 50), (2, "dpm_solver", 25), (1, "heun", 25)]
    for scale, sampler, steps in [*found, (2, "heun", 12)]:
        assert painter().way_within(50, scale, sampler).steps == steps
    with pytest.raises(ValueError, match="One step takes 4 calls; got 3"):
        painter().way_within(3, 2, "heun")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(n=31), "n must lie in 32..10000; got 31"),
        (dict(n=10_001), "n must lie in"),
        (dict(seeds=0), "number of seeds must lie in 1..100"),
        (dict(calls=202), r"steps must lie in 1\.\.100; got 101"),
        (dict(sampler="magic"), "must be one of"),
    ],
)
def test_a_measurement_that_cannot_be_made_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        measure_denoiser(painter(), **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(labels=["nothing", *SUBJECTS[1:8]]), "these: no bat"),
        (dict(size=16), "these: pictures of 16x16"),
        (dict(size=128), "these: pictures of 128x128"),
    ],
)
def test_what_a_judge_would_stumble_over_is_refused_before_it_draws(
    judges, monkeypatch, changes, words
):
    monkeypatch.setattr(UNet, "forward", None)  # would fail
    odd = painter()
    odd.card |= changes
    with pytest.raises(ValueError, match=words):
        measure_denoiser(odd, n=32)


def test_pictures_that_nobody_knows_cannot_be_judged(judges, monkeypatch):
    with pytest.raises(ValueError, match="no judge for pictures of 'folder x'"):
        measure_denoiser(painter("folder x"), n=32)
    monkeypatch.setenv("COURSE_WEIGHTS", str(judges / "nowhere"))
    with pytest.raises(CheckpointError, match="no weights at 'reader-32'"):
        measure_denoiser(painter(), n=32)


# A judge ----------------------------------------------------------------------------


class Knows(Judge):
    """Answers right whatever it is shown, except to "colour": one too many."""

    def __init__(self, factors):
        nn.Module.__init__(self)
        self.config, self.factors = {"size": 32}, factors
        self.heads = dict.fromkeys(factors)

    def read(self, pictures):
        wrong = {"colour": self.factors["colour"] + 1}
        return {n: f[: len(pictures)] for n, f in (self.factors | wrong).items()}


def test_right_answers_are_counted_question_by_question():
    pictures, factors = draw_one_by_one(32, FRESH, 32)
    found = accuracy(Knows(factors), pictures, factors, torch.Generator())
    assert list(found) == ["as they are", "shifted by a pixel", "blurred", "noisy"]
    for answers in found.values():
        assert answers["subject"] == Share(32, 32) and answers["colour"] == Share(0, 32)
        ears = answers["ears, where they can be borrowed"]
        assert ears.right == ears.n == int(may_have_borrowed(factors).sum()) > 0


def test_a_reader_is_measured_on_everything(capsys):
    judge = load_judge("reader-32")
    found = measure_judge(judge, "critters", n=32, seeds=2, size=64)
    assert found["accuracy"]["as they are"].keys() > set(QUESTIONS)
    assert found["accuracy"]["noisy"]["subject"]["n"] == 64
    assert found["size"] == 64
    assert found["broken_called_none"].keys() == {"erased", "mixed", "smeared"}
    json.dumps(found, allow_nan=False)
    assert "erased, called none" in "\n".join(as_table(found))


def test_a_classifier_is_measured_on_the_whole_test_split(little_cifar):
    judge = load_judge("cifar10-classifier")
    found = measure_judge(judge, "cifar10", n=32, seeds=3)
    assert found["accuracy"]["as they are"]["cond"]["n"] == found["n"] == 80
    assert "broken_called_none" not in found
    as_table(found)


def test_critters_drawn_one_by_one_are_those_drawn_in_groups():
    alone, factors = draw_one_by_one(40, FRESH, 32)
    together, _ = draw_critters(40, FRESH, 32, kind="any", allow_held_out=True)
    assert (to_bytes(alone).int() - together.int()).abs().max() <= 1
    wanted = choose_factors(torch.arange(40), FRESH, "any", allow_held_out=True)
    assert all(torch.equal(factors[name], wanted[name]) for name in wanted)


def test_ears_can_be_borrowed_by_one_animal_with_a_free_head():
    factors = choose_factors(torch.arange(2000), 0, "any", allow_held_out=True)
    may = may_have_borrowed(factors)
    assert (factors["subject_2"][may] == 0).all()
    assert not (factors["accessory"][may] == ACCESSORIES.index("hat")).any()
    assert (factors["ears"][~may] == 0).all() and (factors["ears"][may] > 0).any()


def test_a_shift_is_one_pixel_in_each_of_eight_directions():
    x = torch.arange(8 * 3 * 36.0).reshape(8, 3, 6, 6) / 864
    ways = set()
    for new, old in zip(shifted_by_one(x), x, strict=True):
        found = [
            (down, right)
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            if torch.equal(
                new[:, 1:5, 1:5], old[:, 1 + down : 5 + down, 1 + right : 5 + right]
            )
        ]
        ways.update(found)
    assert len(ways) == 8 and (0, 0) not in ways


def test_wear_is_mild():
    pictures, _ = draw_one_by_one(32, FRESH, 32)
    for name, worn in worn_pictures(pictures, torch.Generator().manual_seed(0)):
        difference = (worn - pictures).square().mean().sqrt().item()
        assert worn.abs().max() <= 1 + 1e-6
        assert difference == 0 if name == "as they are" else 0.01 < difference < 0.4
        assert math.isfinite(difference)


@pytest.mark.parametrize("odd", [torch.float64, torch.device("meta")], ids=str)
def test_what_is_measured_does_not_hang_on_torchs_defaults(odd):
    untrained, judge = painter(), load_judge("reader-32")

    def measured() -> list[dict]:
        drawn = measure_denoiser(untrained, n=32, seeds=1, calls=2)
        return [drawn, measure_judge(judge, "critters", n=32, seeds=1)]

    expected = repr(measured())
    with plain_torch():  # puts back what is changed
        if isinstance(odd, torch.dtype):
            torch.set_default_dtype(odd)
        else:
            torch.set_default_device(odd)
        assert repr(measured()) == expected
