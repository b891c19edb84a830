"""People's words are put into the captions' words, and read by rules."""

import pytest

from course_lib.world import lexicon, translation
from course_lib.world.critters import FACTORS
from course_lib.world.prompts import understand
from course_lib.world.sentences import left_one, read
from course_lib.world.translation import HARMLESS, KNOWN, SLIPS, slips, translate

TWO = ("subject", "colour", "subject_2", "colour_2")


def asked(prompt: str) -> dict[str, str]:
    """The named factors by name."""
    f, named = understand(prompt)
    return {n: FACTORS[n][f[n]] for n in sorted(named) if n in FACTORS}


def both(prompt: str) -> str:
    """'red cat, blue fish': who stands left and right; '' if nobody says."""
    wish, found = read(prompt), asked(prompt)
    if left_one(wish) is None:
        return ""
    one, colour, other, colour_2 = (found.get(name, "") for name in TWO)
    return f"{colour} {one},{colour_2 and ' ' + colour_2} {other}".strip()


@pytest.mark.parametrize(
    ("factor", "table"),
    [
        ("subject", "NOUNS"),
        ("colour", "COLOURS"),
        ("size", "SIZES"),
        ("accessory", "WORN"),
        ("accessory", "THINGS_WORN"),
        ("scene", "SCENES"),
        ("scene", "PLACES"),
        ("scene", "IT_IS"),
    ],
)
def test_every_phrase_of_the_lexicon_means_what_it_stands_for(factor, table):
    for value, phrases in getattr(lexicon, table).items():
        for phrase in phrases:
            kinds = [(said.kind, said.value) for said in translate(phrase)]
            assert (factor, value) in kinds, phrase


def test_a_new_word_of_the_lexicon_is_known_at_once(monkeypatch):
    nouns = lexicon.NOUNS | {"frog": ("frog", "tree toadling")}
    monkeypatch.setattr(lexicon, "NOUNS", nouns)
    assert translation.phrase_table()["tree", "toadling"] == ("subject", "frog")


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("kitty cat", dict(subject="cat")),
        ("a frog, red as a tomato", dict(subject="frog", colour="red")),
        ("a frog as green as grass", dict(subject="frog", colour="green")),
        ("a bear in snow white", dict(subject="bear", colour="white")),
        ("a bear in snow", dict(subject="bear", scene="snow")),
        ("fish with the ears of a bear", dict(subject="fish", ears="bear")),
        ("give a bear the ears of a hare", dict(subject="bear", ears="rabbit")),
        ("a teddy with a red balloon", dict(subject="bear", accessory="balloon")),
        ("Teddybears w/ topper", dict(subject="bear", accessory="hat")),
        ("cat with a big red hat", dict(subject="cat", accessory="hat")),
        ("a frog by a sea turtle", dict(subject="frog", subject_2="turtle")),
        ("hare ears: bear ears", dict(subject="rabbit", ears="bear")),
        ("frog red hat", dict(subject="frog", colour="red", accessory="hat")),
        ("bird.big.right", dict(subject="bird", size="big", position="right")),
        ("a frog, not green but red", dict(subject="frog", colour="red")),
        ("the sun is setting. a cat", dict(subject="cat", scene="sunset")),
        ("a cat. it is at the seaside", dict(subject="cat", scene="beach")),
    ],
)
def test_peoples_phrases_are_read(prompt, expected):
    assert asked(prompt) == expected


@pytest.mark.parametrize(
    ("prompt", "sense"),
    [
        ("a crane, the bird, not the machine", "crane"),
        ("a crane, not the bird", "machine"),
        ("crane for a building site", "machine"),
        ("a bat (not the animal)", "club"),
        ("a bat, not the wooden one", "bat"),
        ("the bat has wings", "bat"),
        ("night bat", "bat"),
        ("a bat and a cat", "bat"),
    ],
)
def test_which_bat_and_which_crane(prompt, sense):
    assert asked(prompt)["subject"] == sense


@pytest.mark.parametrize(
    "denial",
    [
        *("no hat", "without any hat", "w/o hat", "not wearing a hat", "no old hat"),
        *("accessory: none", "no red hat", "it doesn't wear a hat", "nothing on it"),
        *("neither hat nor umbrella", "no accessories", "but without a hat"),
        *("please don't draw a hat", "not holding an umbrella"),
    ],
)
def test_what_is_denied_is_not_asked_for(denial):
    assert asked(f"a frog, {denial}") == dict(subject="frog", accessory="none")


@pytest.mark.parametrize(
    "prompt",
    [
        "a red cat left of a blue fish",
        "to the left of a blue fish is a red cat",
        "a blue fish with a red cat to its left",
        "a blue fish, and left of it a red cat",
        "a blue fish, a red cat left of it",
        "a red cat on the left and a blue fish on the right",
        "left: a red cat. right: a blue fish",
        "on the right a blue fish, on the left a red cat",
        "a cat and a fish, the fish on the right. the cat is red, the fish blue",
        "from left to right: cat (red), fish (blue)",
        "from right to left: a blue fish, a red cat",
        "red cat (left), blue fish (right)",
        "a cat, red, on the left side of the picture, next to it a fish in blue",
        "first comes a red cat and then on the right there comes a blue fish",
        "cat L of fish. cat=red, fish=blue",
        "the left one is a red cat, the right one is a blue fish",
        "the cat, on the left, is a red cat; the fish, on the right, is a blue fish",
        "a red cat and a blue fish, the blue one on the right",
        "a cat and a fish; the former red and left, the latter blue",
        "a fish and a cat. the fish should be blue and stand right. the cat is red",
        "the blue fish's left neighbour is a red cat",
        "a blue fish, to whose left a red cat sits",
    ],
)
def test_who_is_left_and_whose_colour_it_is(prompt):
    assert both(prompt) == "red cat, blue fish"


def test_two_of_a_kind_are_told_apart_by_their_colours():
    assert both("two cats, a red one on the left, a blue one right") == (
        "red cat, blue cat"
    )
    assert both("a blue cat and a red cat, the red one left") == "red cat, blue cat"


def test_the_animal_once_more_is_no_second_animal():
    for prompt in ("a cat. the cat is red", "my cat is red, the kitty is there"):
        assert asked(prompt) == dict(subject="cat", colour="red")
    assert asked("three cats") == dict(subject="cat")


def test_slips_of_peoples_words_are_known_and_are_no_words_of_their_own():
    assert SLIPS["kiten"] == "kitten" and SLIPS["scralet"] == "scarlet"
    assert not SLIPS.keys() & (KNOWN | HARMLESS)
    assert 1500 < len(SLIPS) < 2000  # each was looked up in an English word list


def test_a_slip_of_two_words_is_left_alone():
    assert "bead" in slips("bread") & slips("beard")
    meant = translation.slips_of({"bread", "beard"})
    assert "bead" not in meant and meant["braed"] == "bread"


def test_pages_of_text_are_read():
    assert asked("a red cat and a blue fish " * 2000)["subject"] == "cat"
