"""The benchmarks of the image-text pair run and say what they promise."""

import re
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import emoji_pair  # noqa: E402
import half_way  # noqa: E402
import mirror_twins  # noqa: E402
import two_meanings  # noqa: E402

from course_lib.world.datasets import DataError, PictureSet  # noqa: E402


def few_emoji(split: str) -> PictureSet:
    generator = torch.Generator().manual_seed(len(split))
    names = [f"{word} {kind}" for word in ("red", "sad", split) for kind in "abcd"]
    names += ["red a, dark skin tone"]
    pictures = torch.randint(
        0, 256, (len(names), 3, 32, 32), dtype=torch.uint8, generator=generator
    )
    labels = torch.arange(1, 1 + len(names))
    return PictureSet("emoji", pictures, labels, ("nothing", *names))


def test_emoji_close_with_their_numbers(capsys, monkeypatch, saved):
    monkeypatch.setattr(emoji_pair, "load_emoji", few_emoji)
    tiny = ["--iterations", "1", "--batch", "4"]
    emoji_pair.main([*tiny, "--save", str(saved.file)])
    assert not saved.lacks("emoji_pair")
    said = capsys.readouterr().out
    assert "| chance | 8.3 % |" in said  # one of the twelve without a skin tone
    for row in ("most shared words", "bag of words", "the pair, a new word"):
        assert row in said
    found = dict(re.findall(r"^(\w+)=(\S+)$", said, flags=re.MULTILINE))
    assert 0 <= float(found["emoji_recall_at_1"]) <= float(found["emoji_recall_at_10"])


def test_shared_words_find_the_picture_that_looks_alike():
    train, test = few_emoji("train"), few_emoji("test")
    x_0 = torch.stack([train[0][0], train[5][0]])  # the pictures of "red a", "sad b"
    scores = emoji_pair.by_shared_words(train, ["a red", "sad b"], x_0)
    assert scores.argmax(1).tolist() == [0, 1]
    assert len(emoji_pair.some(test, emoji_pair.PLAIN)[0]) == len(test) - 1


def test_without_emoji_a_sentence_says_so(monkeypatch):
    def none(split):
        raise DataError("Emoji come only from the mirror")

    monkeypatch.setattr(emoji_pair, "load_emoji", none)
    with pytest.raises(SystemExit, match="Emoji come only from the mirror"):
        emoji_pair.main([])


def test_mirror_twins_close_with_their_numbers(capsys, saved):
    tiny = ["--iterations", "1", "--n", "32"]
    mirror_twins.main([*tiny, "--save", str(saved.file)])
    assert not saved.lacks("mirror_twins")
    found = re.findall(r"^order_(\w+)=(\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert len(found) == 3 and all(0 <= float(value) <= 1 for _, value in found)


def test_half_way_closes_with_its_numbers(capsys, saved):
    half_way.main(["--n", "4000", "--save", str(saved.file)])
    assert not saved.lacks("half_way")
    said = capsys.readouterr().out
    found = re.findall(r"^half_way_(\w+)=(\S+)$", said, re.MULTILINE)
    assert len(found) == 2 and all(0 <= float(value) <= 1 for _, value in found)


def test_a_bag_of_words_holds_synonyms_as_one():
    assert half_way.bag_of("a bunny and a teddy bear") == {"a", "and", "rabbit", "bear"}


def test_two_meanings_close_with_their_numbers(capsys, saved):
    tiny = ["--seeds", "1", "--iterations", "1", "--captions", "4000"]
    two_meanings.main([*tiny, "--save", str(saved.file)])
    assert not saved.lacks("two_meanings")
    said = capsys.readouterr().out
    found = dict(re.findall(r"^two_meanings_(\w+)=(\S+)$", said, re.MULTILINE))
    assert float(found["with_places_bat_the_token"]) == 0.5
    assert all(0 <= float(value) <= 1 for value in found.values())
