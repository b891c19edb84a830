"""Prompts are rewritten into words that the painter hears better."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_pipeline_text import painter  # noqa: F401  a fixture

from course_lib.painters import pipeline
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.rewriting import NEVER_HELD_ONE, remark_on_words, rewrite
from course_lib.world.critters import ANIMALS, SUBJECTS, captions, choose_factors
from course_lib.world.prompts import misspelled, understand, unknown_words
from course_lib.world.translation import KNOWN, SLIPS, slips

PAINTERS = Path(pipeline.__file__).parent


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
    assert misspelled("a huuuge kiten at the seasdie") == {
        "huuuge": "huge",
        "kiten": "kitten",
        "seasdie": "seaside",
    }
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


def test_prompts_are_read_as_typed_by_a_painter_that_learned_them_so(
    painter,  # noqa: F811
    tmp_path,
):
    for manner, read in (("plain", "a green hat hat"), ("spoken", "a gren hat")):
        replace(painter, card=painter.card | {"manner": manner}).save_pretrained(
            tmp_path
        )
        again = TextToImage.from_pretrained(tmp_path)
        assert again.reworded(["a gren hat"]) == [read]
        assert again.remarks(["a dragon"]) == [
            "Words that were in no caption of the training: dragon."
        ]


# What painters may know ---------------------------------------------------------


@pytest.mark.parametrize("file", sorted(PAINTERS.glob("*.py")), ids=lambda f: f.stem)
def test_no_painter_looks_up_what_is_held_out(file):
    """It is what they are scored on: see `judging.fidelity`."""
    code = file.read_text(encoding="utf-8").lower()
    assert "held_out" not in code and "import tables" not in code


@pytest.mark.parametrize("name", ["painter", "labels", "pipeline"])
def test_painters_do_not_know_the_world(name):
    assert "course_lib.world" not in (PAINTERS / f"{name}.py").read_text("utf-8")


def test_who_never_held_a_balloon_is_what_training_captions_show():
    indices = torch.arange(6000)
    texts = captions(choose_factors(indices, 0), indices, 0)
    with_balloon = [understand(text)[0] for text in texts if "balloon" in text]
    holders = [SUBJECTS[factors["subject"]] for factors in with_balloon]
    assert {animal for animal in ANIMALS if animal not in holders} == NEVER_HELD_ONE
    rarest = min(holders.count(animal) for animal in {*ANIMALS} - NEVER_HELD_ONE)
    assert rarest > 30  # so that none of the others is missing by chance


def test_any_rewriter_can_be_handed_in(painter):  # noqa: F811
    literal = replace(painter, rewrite=None)
    assert literal.as_typed and literal.reworded(["a hat"]) == ["a hat"]
    deaf = replace(painter, rewrite=lambda prompt: prompt and "a cat")
    drawn, wanted = deaf(["a frog"], steps=2), literal(["a cat"], steps=2)
    assert not deaf.as_typed and torch.equal(drawn, wanted)


def test_who_learned_new_words_is_not_told_that_they_are_unknown(painter):  # noqa: F811
    said = ["Words that were in no caption of the training: dragon."]
    assert painter.remarks(["my dragon"]) == said
    assert replace(painter, remark_on_words=None).remarks(["my dragon"]) == []

    def remark(prompts, read):
        return remark_on_words(prompts, read, known=KNOWN | {"dragon"})

    taught = replace(painter, remark_on_words=remark)
    assert taught.remarks(["my dragon"]) == []
    assert taught.remarks(["my robot"]) == [said[0].replace("dragon", "robot")]


def test_as_typed_nothing_is_put_right_so_nothing_is_said_of_it(painter):  # noqa: F811
    assert painter.remarks(["a gren cat"]) == [
        "Slips of the fingers, put right: gren as green."
    ]
    assert replace(painter, rewrite=None).remarks(["a gren cat"]) == []
