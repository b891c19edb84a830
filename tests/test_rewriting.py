"""Prompts are rewritten into words that the painter hears better."""

import pytest
import torch

from course_lib.painters.pipeline import TextToImage
from course_lib.painters.rewriting import rewrite
from course_lib.world.critters import captions, choose_factors
from course_lib.world.prompts import SLIPS, misspelled, slips, understand, unknown_words


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("a turtle with a hat at night", "a turtle with a hat hat at night"),
        ("A Cat  with bear ears", "a cat with bear ears bear ears"),
        ("a frog on stilts, a ball", "a frog on stilts, a ball"),
        ("a flying bat with a balloon", "a flying bat with a balloon balloon"),
        ("a rabbit with a balloon", "a rabbit with a balloon"),
        ("a turtle with a hat hat", "a turtle with a hat hat"),
        ("a turtle with a hat hat hat", "a turtle with a hat hat"),
        (
            "a purpel rabit under an umbrela",
            "a purple rabbit under an umbrella",
        ),
        ("a cat without a hat in the snow", "a cat in the snow"),
        ("a cat Without any rabbit ears", "a cat"),
        ("a cat with no  rabbit ears, no hat", "a cat ,"),
        ("a cat with no birds and a hat", "a cat with no birds and a hat hat"),
        ("a boat, a cane and a chat", "a boat, a cane and a chat"),
        ("eine Katze mit Hut", "eine katze mit hut"),
        ("", ""),
    ],
)
def test_things_are_said_twice_slips_put_right_and_what_is_unwanted_left_out(
    typed, read
):
    assert rewrite(typed) == read
    assert rewrite(read) == read


def test_it_asks_for_the_same():
    indices = torch.arange(500)
    factors = choose_factors(indices, 7, allow_held_out=True)
    texts = captions(factors, indices, 7)
    assert [understand(rewrite(text)) for text in texts] == list(map(understand, texts))
    assert len({text for text in texts if rewrite(text) != text}) > 50


def test_every_slip_is_of_one_word_and_no_word_of_a_caption():
    assert all(slip in slips(word) for slip, word in SLIPS.items())
    assert len(SLIPS) > 500 and not SLIPS.keys() & set(SLIPS.values())
    others = {s for w in set(SLIPS.values()) for s in slips(w) if SLIPS.get(s, w) != w}
    assert not others


def test_a_slip_is_understood_and_said():
    assert misspelled("A Turtel by the see, fihs") == {
        "turtel": "turtle",
        "fihs": "fish",
    }
    assert unknown_words("a turtel and a dragon") == ["dragon"]
    assert understand("a gren turtel") == understand("a green turtle")


def test_the_painter_draws_what_was_rewritten_unless_as_typed():
    draw = TextToImage.from_pretrained("words")
    literal = TextToImage.from_pretrained("words", as_typed=True)
    typed, better = "a gren turtle with a hat", "a green turtle with a hat hat"
    how = dict(steps=2, seed=3)
    assert torch.equal(draw([typed], **how), literal([better], **how))
    assert not torch.equal(draw([typed], **how), literal([typed], **how))
    assert draw.remarks([typed]) == ["Slips of the fingers, put right: gren as green."]
    assert draw.remarks(["a cat without a hat"]) == []
    assert literal.reworded([typed]) == [typed]
    negative = draw(["a cat"], negative_prompt="a hat", **how)
    assert torch.equal(negative, literal(["a cat"], negative_prompt="a hat hat", **how))
