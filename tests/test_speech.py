"""Captions as people type them say what they should, in many ways."""

import pytest
import torch

from course_lib.world import chatter, lexicon, speech
from course_lib.world.critters import (
    ACCESSORIES,
    COLOURS,
    EARS,
    FACTORS,
    MANNERS,
    SCENES,
    SIZES,
    captions,
    choose_factors,
    rows_of,
)

INDICES = torch.arange(3000)
WORLD = choose_factors(INDICES, 3)
with pytest.MonkeyPatch.context() as patch:  # a strange word may stand within a phrase
    patch.setattr(speech, "interrupted", lambda said, dice: said)
    SPOKEN, NAMED = captions(WORLD, INDICES, 3, return_named=True, manner="spoken")


def named_values(factor: str) -> list[tuple[str, str]]:
    """Each caption that names this factor, and the value that it names."""
    values = [FACTORS[factor][f[factor]] for f in rows_of(WORLD)]
    rows = zip(SPOKEN, NAMED, values, strict=True)
    return [(text, value) for text, names, value in rows if factor in names]


def phrases(*tables: dict, value: str) -> set[str]:
    """The words that these tables have for a value, without what is filled in."""
    return {p.split("{")[0].strip() for t in tables for p in t[value] if p}


def test_a_spoken_caption_names_what_the_plain_one_names_but_for_some_colours():
    plain, named = captions(WORLD, INDICES, 3, return_named=True)
    pairs = list(zip(named, NAMED, strict=True))
    assert all(more - less <= {"colour", "colour_2"} for more, less in pairs)
    assert all(less <= more for more, less in pairs)
    told, typed = (
        "".join(map(str, names)).count("'colour'") for names in (named, NAMED)
    )
    assert 0.7 < typed / told < 0.9
    same = sum(a == b for a, b in zip(plain, SPOKEN, strict=True))
    assert same < len(SPOKEN) / 20


def test_a_caption_does_not_depend_on_the_others_written_beside_it():
    alone = {name: values[7:8] for name, values in WORLD.items()}
    together = captions(WORLD, INDICES, 3, manner="spoken")
    assert captions(alone, INDICES[7:8], 3, manner="spoken") == [together[7]]


@pytest.mark.parametrize("factor, table", [("scene", "SCENES"), ("colour", "COLOURS")])
def test_the_named_value_is_said_in_words_of_its_own(factor, table):
    tables = [getattr(lexicon, table)]
    if factor == "scene":
        tables += [lexicon.IT_IS, lexicon.PLACES]
    else:
        tables += [lexicon.LIKE]
    for text, value in named_values(factor):
        assert any(p in text for p in phrases(*tables, value=value)), (text, value)


def test_what_is_worn_is_said_and_never_denied():
    words = {"hat": "hat|topper", "umbrella": "umbrella|parasol|brolly"}
    for text, value in named_values("accessory"):
        forms = words.get(value, value).split("|")
        assert any(form in text for form in forms), (text, value)
        assert not any(f"no {form}" in text for form in forms), text


def test_every_sentence_says_who_is_left_if_its_order_is_named():
    sides = ("left", "right", "(l)", "(r)", " l of ", " r of ")
    for text, names in zip(SPOKEN, NAMED, strict=True):
        if "order" in names:
            assert any(side in text for side in sides), text


def test_no_sentence_takes_more_numbers_than_there_are(monkeypatch):
    used = []

    class Counting(speech.Dice):
        def __init__(self, numbers):
            used.append(0)
            super().__init__(self.counted(numbers))

        def counted(self, numbers):
            for number in numbers:
                used[-1] += 1
                yield number

    monkeypatch.setattr(speech, "Dice", Counting)
    captions(WORLD, INDICES, 4, manner="spoken")
    assert 20 < max(used) < speech.SPEECH_NUMBERS


def test_the_lexicon_has_words_for_every_value():
    for table, values in {
        "COLOURS": COLOURS[1:],
        "LIKE": COLOURS[1:],
        "SIZES": SIZES[1:],
        "LENDERS": EARS[1:],
        "WORN": ACCESSORIES[1:],
        "WEARS": ACCESSORIES[1:],
        "THINGS_WORN": ACCESSORIES[1:],
        "SCENES": SCENES,
        "IT_IS": SCENES,
        "PLACES": SCENES,
    }.items():
        assert set(getattr(lexicon, table)) == set(values), table
    assert set(lexicon.NOUNS) | set(lexicon.SENSED) == set(FACTORS["subject"][1:])


def test_no_phrase_of_one_value_is_a_phrase_of_another():
    for name in ("COLOURS", "SIZES", "SCENES", "PLACES", "NOUNS", "WORN"):
        table = getattr(lexicon, name)
        said = [phrase for phrases in table.values() for phrase in set(phrases)]
        assert len(said) == len(set(said)), name


def test_words_that_mean_nothing_name_nothing_of_this_world():
    meaning = {
        word
        for table in (
            lexicon.NOUNS,
            lexicon.COLOURS,
            lexicon.SIZES,
            lexicon.THINGS_WORN,
        )
        for phrases in table.values()
        for phrase in phrases
        for word in phrase.split()
    } - {"on", "up", "very", "really", "great", "not", "but", "rather"}
    sides = {"left", "right", "middle", "centre", "center"}
    for name in ("COMMON", "FEELINGS", "SYLLABLES"):
        assert not (meaning | sides) & set(getattr(chatter, name)), name


def test_an_unknown_manner_gets_a_sentence():
    with pytest.raises(ValueError, match="manner must be one of"):
        captions(WORLD, INDICES, 3, manner="rude")
    assert MANNERS == ("plain", "spoken")
