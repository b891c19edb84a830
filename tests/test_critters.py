"""Factors, what is held out, and captions."""

import re

import numpy as np
import pytest
import torch

from course_lib.chance import uniforms
from course_lib.world.critters import (
    ACCESSORIES,
    ANIMALS,
    COLOURS,
    EARS,
    FACTORS,
    HELD_OUT,
    SUBJECTS,
    THINGS,
    captions,
    choose_factors,
    held_out_by_kind,
    held_out_factors,
    is_held_out,
    may_borrow,
    rows_of,
)
from course_lib.world.wording import (
    ACCESSORY_WORDS,
    EAR_WORDS,
    NOUNS,
    POSITION_WORDS,
    SCENE_WORDS,
    SENSES,
    SIZE_WORDS,
)

INDICES = torch.arange(8_000)
SEED = 5
TRAINING = choose_factors(INDICES, SEED)
EVERYTHING = choose_factors(INDICES, SEED, allow_held_out=True)
CAPTIONS, NAMED = captions(EVERYTHING, INDICES, SEED, return_named=True)
ROWS = [
    {name: FACTORS[name][value] for name, value in row.items()}
    for row in rows_of(EVERYTHING)
]
SAID = list(zip(ROWS, CAPTIONS, NAMED, strict=True))


def share(mask) -> float:
    return torch.as_tensor(mask).float().mean().item()


def is_kind(factors, kind):
    two, thing = factors["subject_2"] > 0, factors["subject"] > len(ANIMALS)
    return {"two": two, "thing": thing, "one": ~two & ~thing}[kind]


# ------------------------------------------------------------------------------ chance


def test_uniform_numbers_fill_0_to_1_evenly_and_are_independent():
    u = uniforms(INDICES, SEED, 8)
    assert u.min() >= 0 and u.max() < 1
    assert np.histogram(u, 10, (0, 1))[0] == pytest.approx(u.size / 10, rel=0.05)
    correlation = np.corrcoef(np.concatenate([u[1:].T, u[:-1].T]))  # and neighbours
    assert np.abs(correlation - np.eye(16)).max() < 0.03


def test_seeds_and_streams_do_not_share_numbers():
    u = [uniforms(INDICES, seed, 1, stream) for seed in (0, 1) for stream in (0, 1)]
    assert len(np.unique(np.concatenate(u))) == 4 * len(INDICES)


def test_a_picture_has_the_same_factors_whatever_the_batch():
    some = torch.tensor([7, 7_999, 3, 1234])
    for name, values in choose_factors(some, SEED).items():
        assert values.tolist() == TRAINING[name][some].tolist()


def test_another_seed_is_another_world():
    other = choose_factors(INDICES, SEED + 1)
    assert share(other["subject"] == TRAINING["subject"]) < 0.2


def test_indices_may_be_very_large():
    far = choose_factors(INDICES + 10**12, SEED)
    assert not torch.equal(far["subject"], TRAINING["subject"])


# ----------------------------------------------------------------------------- factors


def test_factors_are_whole_numbers_within_their_names():
    for name, values in EVERYTHING.items():
        assert values.dtype == torch.int64 and values.shape == INDICES.shape
        assert values.min() >= 0 and values.max() < len(FACTORS[name])


def test_nearly_half_of_the_pictures_show_two_animals():
    for kind, expected in {"one": 0.45, "two": 0.45, "thing": 0.10}.items():
        for factors in (TRAINING, EVERYTHING):
            assert share(is_kind(factors, kind)) == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("kind", ["one", "two", "thing"])
def test_a_kind_can_be_asked_for(kind):
    assert is_kind(choose_factors(INDICES[:500], SEED, kind), kind).all()


@pytest.mark.parametrize("name", FACTORS)
def test_without_held_out_combinations_the_rates_stay_sensible(name):
    k = len(FACTORS[name])
    before = torch.bincount(EVERYTHING[name], minlength=k) / len(INDICES)
    after = torch.bincount(TRAINING[name], minlength=k) / len(INDICES)
    assert (after[before > 0] / before[before > 0] - 1).abs().max() < 0.25


def test_what_does_not_apply_is_none():
    one, two = is_kind(EVERYTHING, "one"), is_kind(EVERYTHING, "two")
    for name in ("accessory", "size", "position", "ears"):
        assert (EVERYTHING[name][~one] == 0).all()
    for name in ("subject_2", "colour_2"):
        assert ((EVERYTHING[name] > 0) == two).all()
    for name in ("size", "position"):
        assert (EVERYTHING[name][one] > 0).all()


def test_the_big_ones_stand_in_the_middle():
    big = EVERYTHING["size"] == 2
    assert (EVERYTHING["position"][big] == 2).all()


def test_two_animals_never_share_a_colour():
    two = is_kind(EVERYTHING, "two")
    assert (EVERYTHING["colour"] != EVERYTHING["colour_2"])[two].all()


def test_ears_are_borrowed_from_another_and_not_hidden():
    for row in ROWS:
        if row["ears"] != "none":
            assert may_borrow(row["subject"], row["ears"])
            assert row["accessory"] not in ("hat", "umbrella")


def test_half_of_those_that_may_borrow_ears_do():
    hidden = torch.tensor([name in ("hat", "umbrella") for name in ACCESSORIES])
    may = is_kind(EVERYTHING, "one") & ~hidden[EVERYTHING["accessory"]]
    assert share(EVERYTHING["ears"][may] > 0) == pytest.approx(0.5, abs=0.03)


def test_an_unknown_kind_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="no kind 'three' of picture. Choose from"):
        choose_factors(INDICES[:4], SEED, "three")


# ---------------------------------------------------------------------------- held out


def test_nothing_held_out_appears_in_training():
    assert not is_held_out(TRAINING).any()
    rows = rows_of(TRAINING)
    for row in ({k: FACTORS[k][v] for k, v in row.items()} for row in rows):
        assert (row["subject"], row["accessory"]) not in HELD_OUT["accessory"]
        assert (row["subject"], row["colour"]) not in HELD_OUT["colour"]
        assert (row["subject_2"], row["colour_2"]) not in HELD_OUT["colour"]
        assert (row["subject"], row["ears"]) not in HELD_OUT["ears"]


def test_no_held_out_pair_appears_in_training():
    pairs = set(HELD_OUT["pair"])
    names = ("colour", "subject", "colour_2", "subject_2")
    for row in rows_of(TRAINING):
        assert tuple(FACTORS[name][row[name]] for name in names) not in pairs


def test_with_held_out_combinations_allowed_everything_appears():
    for kind, mask in held_out_by_kind(EVERYTHING).items():
        assert mask.any(), kind
    for kind in ("accessory", "colour", "ears"):
        seen = {(row["subject"], row[kind]) for row in ROWS}
        assert seen >= set(HELD_OUT[kind])


def test_at_least_a_tenth_of_each_kind_of_combination_is_held_out():
    borrowings = sum(may_borrow(a, e) for a in ANIMALS for e in EARS[1:])
    all_of_them = {"accessory": 32, "colour": 64, "ears": borrowings, "pair": 8**3 * 7}
    for kind, count in all_of_them.items():
        assert 0.1 * count <= len(HELD_OUT[kind]) <= 0.2 * count


def test_every_frog_on_stilts_is_held_out():
    factors = choose_factors(INDICES, SEED, "one", allow_held_out=True)
    frog = factors["subject"] == SUBJECTS.index("frog")
    on_stilts = frog & (factors["accessory"] == ACCESSORIES.index("stilts"))
    assert on_stilts.any() and is_held_out(factors)[on_stilts].all()


def test_the_published_list_is_sorted_and_every_value_is_still_seen_in_training():
    for combinations in HELD_OUT.values():
        assert combinations == sorted(set(combinations))
    for animal in range(1, 9):
        mine = TRAINING["subject"] == animal
        for name in ("colour", "accessory"):
            assert len(TRAINING[name][mine].unique()) >= len(FACTORS[name]) - 2


@pytest.mark.parametrize("kind", HELD_OUT)
def test_pictures_for_evaluation_are_held_out_for_one_reason(kind):
    factors = held_out_factors(kind, INDICES[:1000], SEED)
    for other, mask in held_out_by_kind(factors).items():
        assert mask.all() if other == kind else not mask.any()
    assert is_kind(factors, "two" if kind == "pair" else "one").all()
    assert is_valid(factors)


def is_valid(factors) -> bool:
    """Ears are borrowed from another, are not hidden; position goes with size."""
    rows = [{k: FACTORS[k][v] for k, v in row.items()} for row in rows_of(factors)]
    ears = [row for row in rows if row["ears"] != "none"]
    return (
        all(may_borrow(row["subject"], row["ears"]) for row in ears)
        and all(row["accessory"] not in ("hat", "umbrella") for row in ears)
        and all(row["position"] == "middle" for row in rows if row["size"] == "big")
    )


def test_pictures_for_evaluation_show_all_combinations_of_their_kind():
    factors = held_out_factors("accessory", INDICES[:1000], SEED)
    seen = {
        (SUBJECTS[a], ACCESSORIES[b])
        for a, b in zip(
            factors["subject"].tolist(), factors["accessory"].tolist(), strict=True
        )
    }
    assert seen == set(HELD_OUT["accessory"])


def test_an_unknown_kind_of_holdout_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="Nothing is held out by 'scene'. Choose from"):
        held_out_factors("scene", INDICES[:4], SEED)


# ---------------------------------------------------------------------------- captions


def without_borrowed_words(text: str) -> str:
    """The caption without 'cat ears' and 'crane bird': no cat, no bird."""
    return re.sub(r"(rabbit|bunny|cat|bear) ears|crane bird", "", text)


def one_of(words, text: str) -> bool:
    return any(re.search(rf"\b{word}\b", text) for word in words)


def nouns(subject: str) -> tuple[str, ...]:
    """The words for a subject; both senses of 'bat' share one."""
    senses = {sense: (word,) for word, pair in SENSES.items() for sense in pair}
    return NOUNS.get(subject) or senses[subject]


def test_captions_are_the_same_whatever_the_batch():
    some = torch.tensor([7, 7_999, 3])
    factors = {name: values[some] for name, values in EVERYTHING.items()}
    assert captions(factors, some, SEED) == [CAPTIONS[i] for i in some]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("size", SIZE_WORDS),
        ("scene", SCENE_WORDS),
        ("accessory", ACCESSORY_WORDS),
        ("ears", EAR_WORDS),
    ],
)
def test_a_caption_says_a_factor_if_and_only_if_it_names_it(name, table):
    for row, text, named in SAID:
        text = text.replace(" and a ", " with a ").replace(" and an ", " with an ")
        for value, phrases in table.items():
            said = one_of(phrases, text)
            assert said == (name in named and row[name] == value), (text, value)


def test_a_caption_of_one_animal_says_where_it_stands_if_and_only_if_it_is_named():
    for row, text, named in SAID:
        if row["size"] != "none":
            for value, phrases in POSITION_WORDS.items():
                said = one_of(phrases, text)
                assert said == ("position" in named and row["position"] == value), text


def test_a_caption_mentions_no_animal_or_colour_that_is_not_there():
    for row, text, named in SAID:
        here = nouns(row["subject"]) + (
            nouns(row["subject_2"]) if row["subject_2"] != "none" else ()
        )
        for words in NOUNS.values():
            for word in words:
                assert word in here or not one_of(
                    [word], without_borrowed_words(text)
                ), text
        for colour in COLOURS[1:]:
            told = ("colour" in named and row["colour"] == colour) or (
                "colour_2" in named and row["colour_2"] == colour
            )
            assert one_of([colour], text) == told, text


def phrase(row, named, suffix: str) -> str:
    """A pattern for 'a red cat': the colour beside its own animal."""
    words = "|".join(nouns(row["subject" + suffix]))
    colour = row["colour" + suffix] if "colour" + suffix in named else ""
    return rf"an? {colour + ' ' if colour else ''}({words})"


def test_two_animals_keep_their_colours_and_their_sides():
    for row, text, named in SAID:
        if row["subject_2"] == "none":
            continue
        left, right = phrase(row, named, ""), phrase(row, named, "_2")
        true = [
            f"{left} (to the )?left of {right}",
            f"{right} (to the )?right of {left}",
            f"{left} on the left and {right} on the right",
        ]
        unordered = [
            f"{a} (next to|beside|and) {b}" for a, b in ((left, right), (right, left))
        ]
        patterns = true if "order" in named else unordered
        assert any(re.search(pattern, text) for pattern in patterns), text


def test_the_subject_is_always_named_or_either_sense_is():
    for row, text, named in SAID:
        assert ("subject" in named) != ("either_sense" in named)
        assert one_of(nouns(row["subject"]), text)


GIVEAWAYS = (
    r"\b(flying|furry|baseball|ball|wading|legs|bird|lifting|box|tower|machine|small|"
    r"little|tiny|big|large|huge|on the (left|right)|middle|with|ears|stilts|hat)\b"
)


@pytest.mark.parametrize(("word", "senses"), SENSES.items())
def test_both_senses_appear_with_the_bare_word_in_a_fifth_of_their_captions(
    word, senses
):
    for sense in senses:
        mine = [(text, named) for row, text, named in SAID
                if row["subject"] == sense and row["subject_2"] == "none"]  # fmt: skip
        bare = [text for text, named in mine if "either_sense" in named]
        assert 0.14 < len(bare) / len(mine) < 0.26
        assert not any(re.search(GIVEAWAYS, text) for text in bare)
        assert all(re.search(rf"\ban? (\w+ )?{word}\b", text) for text in bare)


def test_captions_that_are_not_bare_tell_the_sense():
    clues = {
        "bat": "flying|furry|ears|stilts|hat|balloon|umbrella",
        "club": "baseball|ball",
        "crane": "wading|legs|bird",
        "machine": "lifting a box|tower|machine",
    }
    for row, text, named in SAID:
        if (
            row["subject"] in clues
            and "subject" in named
            and row["subject_2"] == "none"
        ):
            assert re.search(clues[row["subject"]], text), text


def test_the_words_vary():
    for words in NOUNS.values():
        assert all(any(one_of([word], text) for text in CAPTIONS) for word in words)
    assert len(set(CAPTIONS)) > 0.5 * len(CAPTIONS)


def test_captions_are_plain_lower_case_without_double_spaces():
    for text in CAPTIONS:
        assert re.fullmatch(r"[a-z]+(,? [a-z]+)*", text), text


def test_noisy_captions_are_missing_or_lie_and_the_rest_stay():
    noisy, named = captions(EVERYTHING, INDICES, SEED, 0.2, return_named=True)
    changed = [a != b for a, b in zip(noisy, CAPTIONS, strict=True)]
    assert share(changed) == pytest.approx(0.2, abs=0.02)
    assert share([text == "" for text in noisy]) == pytest.approx(0.1, abs=0.015)
    assert all(not names for names, c in zip(named, changed, strict=True) if c)


def test_a_share_of_noise_beyond_one_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="is a share, 0 to 1, not 20"):
        captions(EVERYTHING, INDICES, SEED, caption_noise=20)


def test_the_things_are_not_animals():
    assert SUBJECTS == ("none", *ANIMALS, *THINGS)
