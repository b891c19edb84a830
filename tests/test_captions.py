"""What a network that learns words is shown."""

import pytest
import torch

from course_lib.networks.tokenizer import END, PAD, START, train_tokenizer
from course_lib.training import captions as captioned
from course_lib.training.captions import (
    caption_batches,
    mistype,
    without_articles,
    write_carelessly,
)
from course_lib.world.critters import SUBJECTS, captions, choose_factors, is_held_out
from course_lib.world.datasets import PictureSet


@pytest.fixture(scope="module")
def pictures():
    factors = choose_factors(torch.arange(40), seed=0)
    blank = torch.zeros(40, 3, 16, 16, dtype=torch.uint8)
    names = ("nothing", *SUBJECTS[1:])
    return PictureSet("critters", blank, factors["subject"], names, factors)


@pytest.fixture(scope="module")
def tokenizer():
    indices = torch.arange(500)
    return train_tokenizer(captions(choose_factors(indices, 0), indices, 0), merges=200)


def test_articles_can_be_left_out():
    assert without_articles("a frog with an umbrella") == "frog with umbrella"


def test_one_letter_is_mistyped():
    ways = {mistype("a frog", [0, 0.4, how, 0.99]) for how in (0, 0.3, 0.6, 0.9)}
    assert ways == {"a fog", "a frrog", "a forg", "a fzog"}
    assert mistype("a big cat", [0.5] * 4) == "a big cat"  # nothing is long enough


def test_most_captions_are_written_with_care():
    assert write_carelessly("a frog", [0.9, 0.9, 0, 0, 0, 0]) == "a frog"
    assert write_carelessly("a frog", [0.0, 0.9, 0, 0, 0, 0]) == "frog"


def test_a_batch_depends_on_the_iteration_alone(pictures, tokenizer):
    one, other = (caption_batches(pictures, tokenizer, 8) for _ in range(2))
    other(0)
    for name in ("x_0", "cond"):
        assert torch.equal(one(3)[name], other(3)[name])
    assert one(3)["cond"].shape[0] == 8


def test_the_captions_belong_to_the_pictures(pictures, tokenizer):
    batch = caption_batches(pictures, tokenizer, 40, drop=0.0)(0)
    order = caption_batches(pictures, tokenizer, 40)  # the same pictures
    assert torch.equal(batch["x_0"], order(0)["x_0"])
    said = [tokenizer.decode(row.tolist()) for row in batch["cond"]]
    shown = captioned.batches(pictures, 40)(0)["subject"].tolist()
    frogs = [text for text, s in zip(said, shown, strict=True) if s == 1]
    assert frogs and sum("frog" in text for text in frogs) >= 0.7 * len(frogs)


def test_a_share_of_the_captions_is_left_out(pictures, tokenizer):
    get_batch = caption_batches(pictures, tokenizer, 40, drop=0.5)
    cond = torch.cat([get_batch(i)["cond"][:, 1] for i in range(10)])
    assert 0.4 < (cond == END).float().mean() < 0.6
    assert (get_batch(0)["cond"][:, 0] == START).all()
    assert (get_batch(0)["cond"][:, -1] != PAD).any()  # no longer than need be


def test_a_caption_is_written_anew_each_time(pictures, tokenizer):
    get_batch = caption_batches(pictures, tokenizer, 40, drop=0.0)
    epochs = [sorted(map(tuple, get_batch(i)["cond"].tolist())) for i in (0, 1)]
    assert epochs[0] != epochs[1]


def test_the_tokenizer_never_saw_a_held_out_combination(monkeypatch):
    seen = {}
    monkeypatch.setattr(captioned, "CAPTIONS", 200)

    def looked_at(f, *rest, **how):
        seen.update(f)
        return captions(f, *rest, **how)

    monkeypatch.setattr(captioned, "captions", looked_at)
    captioned.caption_tokenizer()
    assert len(seen["subject"]) == 200 and not is_held_out(seen).any()
