"""What nouns stand for: labels stand where they belong, and can be learned."""

import pytest
import torch

from course_lib.networks.namer import Namer
from course_lib.networks.tokenizer import train_tokenizer
from course_lib.training.nouns import (
    NOT_ASKED,
    WORDS,
    label_nouns,
    train_namer,
    two_sensed,
)
from course_lib.world.critters import FACTORS, SUBJECTS, captions, choose_factors

LENGTH = 24


@pytest.fixture(scope="module")
def learned():
    """400 captions: texts, factors, what they name, tokenizer."""
    indices = torch.arange(400)
    factors = choose_factors(indices, seed=0)
    texts, named = captions(factors, indices, seed=0, return_named=True)
    return texts, factors, named, train_tokenizer(texts, merges=200)


def spelled_labels(text, tokenizer, labels) -> list[tuple[str, str, str]]:
    """(the token, the thing, the colour) wherever something is asked."""
    row = tokenizer.batch([text], LENGTH)[0].tolist()
    found = []
    for place in (labels[0] != NOT_ASKED).nonzero()[:, 0].tolist():
        thing, colour = labels[0, place].item(), labels[1, place].item()
        said = "" if colour == NOT_ASKED else FACTORS["colour"][colour]
        found.append((tokenizer.spell([row[place]])[0], SUBJECTS[thing], said))
    return found


def test_a_label_stands_at_the_last_token_of_its_noun(learned):
    texts, factors, named, tokenizer = learned
    labels = label_nouns(texts, factors, named, tokenizer, LENGTH)
    asked = 0
    for text, each in zip(texts, labels, strict=True):
        for spelled, thing, colour in spelled_labels(text, tokenizer, each):
            asked += 1
            assert any(word.endswith(spelled) for word in WORDS[thing]), text
            assert colour in text or not colour
    assert asked > 400


def test_the_owner_of_borrowed_ears_is_not_asked_for(learned):
    texts, factors, named, tokenizer = learned
    labels = label_nouns(texts, factors, named, tokenizer, LENGTH)
    eared = [i for i, text in enumerate(texts) if text.count("rabbit ears")]
    alone = [i for i in eared if factors["subject_2"][i] == 0]
    assert alone
    for i in alone:
        assert (labels[i, 0] != NOT_ASKED).sum() == 1, texts[i]


def test_two_of_a_kind_are_not_asked_about(learned):
    texts, factors, named, tokenizer = learned
    labels = label_nouns(texts, factors, named, tokenizer, LENGTH)
    same = factors["subject"] == factors["subject_2"]
    assert same.any() and (labels[same] == NOT_ASKED).all()


def test_what_shares_its_word_is_found(learned):
    _, factors, _, _ = learned
    names = {SUBJECTS[i] for i in factors["subject"][two_sensed(factors)].tolist()}
    assert names == {"bat", "club", "crane", "machine"}


def test_a_training_counts_from_one_and_learns(learned):
    texts, factors, named, tokenizer = learned
    torch.manual_seed(0)
    text = dict(vocabulary=len(tokenizer), length=LENGTH, width=16, blocks=1)
    namer = Namer(text, len(SUBJECTS), len(FACTORS["colour"]))
    steps = list(
        train_namer(
            namer,
            tokenizer.batch(texts, LENGTH),
            label_nouns(texts, factors, named, tokenizer, LENGTH),
            two_sensed(factors),
            iterations=30,
            generator=torch.Generator().manual_seed(0),
        )
    )
    assert [iteration for iteration, _ in steps] == list(range(1, 31))
    losses = [loss for _, loss in steps]
    assert sum(losses[-5:]) < sum(losses[:5])
