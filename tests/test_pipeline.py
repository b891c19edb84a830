"""From a label to a picture, with a network small enough to run at once."""

import pytest
import torch

from course_lib.checkpoint import CheckpointError, save_weights
from course_lib.networks.unet import UNet
from course_lib.painters.labels import LabelToImage
from course_lib.painters.painter import SAMPLERS

LABELS = ["nothing", "frog", "cat"]


@pytest.fixture(scope="module")
def painter():
    torch.manual_seed(0)
    model = UNet(widths=(8, 16), blocks=1, labels=2).eval()
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():  # a fresh network says only 0
            torch.nn.init.normal_(parameter, std=0.2)
    card = dict(kind="denoiser", config=model.config, schedule="straight line", T=100)
    return LabelToImage(model, card | dict(target="v", size=16, labels=LABELS))


def test_a_label_becomes_a_picture(painter):
    pictures = painter(["frog", "cat"], steps=3)
    assert pictures.shape == (2, 3, 16, 16)
    assert -1 <= pictures.min() and pictures.max() <= 1
    assert not torch.equal(*painter(["frog", "cat"], steps=3))


def test_the_seed_decides(painter):
    again = [painter(["frog"], steps=2, seed=seed) for seed in (5, 5, 6)]
    assert torch.equal(again[0], again[1])
    assert not torch.equal(again[0], again[2])


def test_the_label_decides(painter):
    frog, cat = (painter([name], steps=2, seed=1) for name in ("frog", "cat"))
    assert not torch.equal(frog, cat)


def test_a_picture_is_the_same_whatever_its_batch(painter):
    labels = ["frog", "cat", "frog", "cat", "frog"]
    together = painter(labels, steps=3, batch_size=5)
    by_twos = painter(labels, steps=3, batch_size=2)
    assert (together - by_twos).abs().max() < 1 / 255


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_draws(painter, sampler):
    pictures = painter(["cat"], steps=4, sampler=sampler)
    assert pictures.isfinite().all() and pictures.abs().max() <= 1


def test_n_steps_leave_a_trace_of_n_plus_1(painter):
    trace = list(painter.trace(["cat"], steps=4, seed=2))
    assert [step.t for step in trace] == [100, 75, 50, 25, 0]
    last = trace[-1].x_0_hat.clamp(-1, 1)
    assert torch.equal(last, painter(["cat"], steps=4, seed=2))


def test_whoever_watches_sees_every_step(painter):
    seen = []
    painter(
        ["cat"] * 3, steps=2, batch_size=2, callback=lambda s: seen.append(len(s.x_t))
    )
    assert seen == [2, 2, 2, 1, 1, 1]


def test_guidance_1_looks_once_and_all_else_twice(painter):
    looked = []
    hook = painter.model.register_forward_hook(lambda m, x, y: looked.append(len(x[0])))
    painter(["cat"], steps=2, guidance_scale=1)
    painter(["cat"], steps=2, guidance_scale=3)
    hook.remove()
    assert looked == [1, 1, 2, 2]


def test_it_survives_the_way_through_a_folder(painter, tmp_path):
    painter.save_pretrained(tmp_path)
    loaded = LabelToImage.from_pretrained(tmp_path)
    assert loaded.card == painter.card
    drawn, again = (p(["frog"], steps=2) for p in (painter, loaded))
    assert (drawn - again).abs().max() < 0.02  # the folder holds half precision


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(labels=["crow"]), "do not know 'crow'; they know nothing, frog, cat"),
        (dict(labels="frog"), r"Give a list, one label per picture: \['frog'\]"),
        (dict(sampler="magic"), "must be one of .*'magic'"),
        (dict(steps=0), r"steps must lie in 1\.\.100; got 0"),
        (dict(steps=101), r"steps must lie in 1\.\.100; got 101"),
        (dict(guidance_scale=float("nan")), "must be a finite number"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_drawn(
    painter, changes, words, monkeypatch
):
    monkeypatch.setattr(painter.model, "forward", None)  # would fail
    with pytest.raises(ValueError, match=words):
        painter.trace(**(dict(labels=["frog"]) | changes))


def test_a_curved_path_is_refused_by_who_walks_straight(painter):
    curved = LabelToImage(painter.model, painter.card | dict(schedule="cosine"))
    assert curved(["frog"], steps=2, sampler="ddim").isfinite().all()
    with pytest.raises(ValueError, match="Euler and Heun need the straight line"):
        curved.trace(["frog"], sampler="euler")


def test_who_judges_cannot_draw(tmp_path):
    save_weights(tmp_path, {"x": torch.zeros(1)}, {"kind": "judge"})
    with pytest.raises(CheckpointError, match="holds a judge, which takes no labels"):
        LabelToImage.from_pretrained(tmp_path)


@pytest.mark.parametrize("size", ["x", 0, None, 2.5])
def test_a_card_of_no_size_gets_a_sentence(painter, tmp_path, size):
    save_weights(tmp_path, painter.model.state_dict(), painter.card | {"size": size})
    with pytest.raises(CheckpointError, match="is not a whole number in"):
        LabelToImage.from_pretrained(tmp_path)


@pytest.mark.parametrize("missing", ["config", "T", "target", "size", "labels"])
def test_a_card_of_another_version_gets_a_sentence(painter, tmp_path, missing):
    card = {name: x for name, x in painter.card.items() if name != missing}
    save_weights(tmp_path, painter.model.state_dict(), card)
    with pytest.raises(CheckpointError, match="another version of this course"):
        LabelToImage.from_pretrained(tmp_path)
