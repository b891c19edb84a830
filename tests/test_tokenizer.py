"""No text fails: whatever goes in comes out again."""

import random

import pytest
import torch

from course_lib.cards import CheckpointError
from course_lib.networks.tokenizer import (
    BYTES,
    END,
    PAD,
    START,
    Tokenizer,
    count_pairs,
    forget,
    merge,
    pieces,
    tidy,
    tokenizer_of,
    train_tokenizer,
)

TEXTS = ["a frog on stilts", "a red frog", "the frog, on the grass", "frogs on ice"]
STRANGE = [
    "",
    " ",
    "  two  spaces ",
    "Frösche, лягушка, カエル, ضفدع",
    "🐸🎩👩‍👩‍👧",
    "\x00\x07\x1b[31m\n\t\r\u200b",
    "under_score 3.14 !?!",
    "\ud800 half a pair",
    "frog " * 10_000,
]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, merges=30)


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_any_text_comes_back_as_it_was(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert Tokenizer().decode(Tokenizer().encode(text)) == text


def test_any_random_text_comes_back_as_it_was(tokenizer):
    rng = random.Random(0)
    for _ in range(300):
        letters = rng.choice(["frog ", " ", chr(rng.randrange(0x11000))])
        text = "".join(
            rng.choice([letters, chr(rng.randrange(0x300)), "a frog"]) for _ in range(9)
        )
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_pieces_leave_nothing_out():
    for text in STRANGE:
        assert "".join(pieces(text)) == text


def test_common_words_become_one_token(tokenizer):
    assert len(tokenizer.encode(" frog")) == 1
    assert len(tokenizer.encode(" zebra")) > 1


def test_without_merges_every_byte_is_a_token():
    assert len(Tokenizer().encode("frög")) == 5
    assert len(Tokenizer()) == BYTES.stop


def test_the_commonest_pair_is_merged_first():
    words = {(5, 6, 7): 3, (6, 7): 2}
    assert count_pairs(words) == {(5, 6): 3, (6, 7): 5}
    first = train_tokenizer(["ab ab ab", "cd"], merges=1).merges
    assert first == [tuple(Tokenizer().encode("ab"))]  # three times, " a" only twice


def test_merging_goes_from_left_to_right():
    assert merge([5, 5, 5], pair=(5, 5), new=9) == [9, 5]
    assert merge([], pair=(5, 5), new=9) == []


def test_encoding_a_training_text_undoes_to_the_learned_merges(tokenizer):
    for i, pair in enumerate(tokenizer.merges):
        assert tokenizer.made_by[pair] == BYTES.stop + i
        whole = tokenizer.vocabulary[pair[0]] + tokenizer.vocabulary[pair[1]]
        assert tokenizer.vocabulary[BYTES.stop + i] == whole


def test_the_same_texts_give_the_same_tokenizer():
    assert train_tokenizer(TEXTS, 20).merges == train_tokenizer(TEXTS[::-1], 20).merges


def test_learning_ends_when_no_pair_occurs_twice():
    assert train_tokenizer(["abc"], merges=100).merges == []


def test_a_batch_is_start_text_end_and_padding(tokenizer):
    rows = tokenizer.batch(["a frog", ""], length=8)
    assert rows.shape == (2, 8)
    assert rows[0, 0] == START and rows[1].tolist() == [START, END] + [PAD] * 6
    assert tokenizer.decode(rows[0].tolist()) == "a frog"


def test_a_forgotten_text_is_an_empty_one():
    tokens = Tokenizer().batch(["a frog", "a cat"], length=12)
    empty = Tokenizer().batch(["", "a cat"], length=12)
    assert torch.equal(forget(tokens, torch.tensor([True, False])), empty)


def test_what_is_too_long_is_cut_and_named(tokenizer):
    long = "a frog on stilts " * 20
    rows = tokenizer.batch([long], length=8)
    assert rows[0, -1] == END and tokenizer.cut_texts([long, "a frog"], 8) == [long]


def test_the_vocabulary_can_be_spelled(tokenizer):
    tokens = tokenizer.batch(["a frog"], length=6)[0].tolist()
    spelled = tokenizer.spell(tokens)
    assert spelled[0] == "(start)" and spelled[-1] == "(pad)" and "frog" in spelled


def test_texts_are_tidied():
    assert tidy("  A Frog\n on\tSTILTS ") == "a frog on stilts"


def test_a_card_keeps_its_own_tokenizer(tokenizer):
    config = {"text": {"vocabulary": len(tokenizer)}}
    card = {"merges": [list(pair) for pair in tokenizer.merges], "config": config}
    assert tokenizer_of(card).merges == tokenizer.merges
    with pytest.raises(CheckpointError, match="another tokenizer"):
        tokenizer_of(card | {"merges": card["merges"][:-1]})


def test_a_merge_of_what_is_not_made_yet_is_refused():
    with pytest.raises(ValueError, match="one is not made"):
        Tokenizer([(300, 301)])
