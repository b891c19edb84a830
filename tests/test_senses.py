"""Between two meanings: the ends, the middle, and what a probe may not do."""

import pytest
import torch

from course_lib.judging.senses import (
    between_meanings,
    clue_sentences,
    probe,
    sense_chances,
    share_of_way,
    stages_of_word,
)
from course_lib.networks.namer import Namer
from course_lib.networks.tokenizer import train_tokenizer
from course_lib.world.critters import SUBJECTS
from course_lib.world.wording import CLEAR_NOUNS, SENSES

CLUES = [clue for senses in SENSES.values() for s in senses for clue in CLEAR_NOUNS[s]]


@pytest.fixture(scope="module")
def tokenizer():
    lines = [line for clue in CLUES for line in clue_sentences(*clue)]
    return train_tokenizer(lines, merges=300)


@pytest.fixture(scope="module")
def namer(tokenizer):
    torch.manual_seed(0)
    text = dict(vocabulary=len(tokenizer), length=32, width=16, blocks=1)
    made = Namer(text, things=len(SUBJECTS), colours=9)
    for parameter in made.encoder.blocks.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def test_a_clue_comes_in_forty_sentences_that_differ():
    for clue in CLUES:
        assert len(set(clue_sentences(*clue))) == 40


def test_the_token_alone_is_half_way_between_its_meanings(namer, tokenizer):
    texts = ["a bat in the snow", "a baseball bat"]
    found = between_meanings(namer.encoder, tokenizer, texts, "bat")
    assert (found["the token"] == 0).all()
    assert found["block 1"].shape == (2,) and (found["block 1"] != 0).any()


def test_the_mean_of_a_meaning_lies_at_its_end():
    generator = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, 5, generator=generator)
    points = torch.stack([one, other, (one + other) / 2])
    torch.testing.assert_close(
        share_of_way(points, one, other), torch.tensor([1.0, -1.0, 0.0])
    )


def test_a_probe_of_the_token_guesses(namer, tokenizer):
    for word in SENSES:
        share, n = probe(namer.encoder, tokenizer, word)["the token"]
        assert share == 0.5
        assert n == 40 * sum(len(CLEAR_NOUNS[sense]) for sense in SENSES[word])


def test_chances_of_both_meanings_are_chances(namer, tokenizer):
    tokens = tokenizer.batch(["a bat at night", "a furry bat"], 32)
    chances = sense_chances(namer, tokenizer, tokens, "bat")
    assert chances.shape == (2, 2)
    assert (chances >= 0).all() and (chances.sum(1) <= 1).all()


@pytest.mark.parametrize("text", ["a cat at night", "a bat beside a bat"])
def test_a_text_without_the_word_or_with_two_is_told(namer, tokenizer, text):
    with pytest.raises(ValueError, match="must occur once in each text"):
        stages_of_word(namer.encoder, tokenizer, [text], "bat")
    with pytest.raises(ValueError, match=f"in '{text}' it occurs"):
        sense_chances(namer, tokenizer, tokenizer.batch([text], 32), "bat")
