"""Retrieval counts every picture that a caption fits, and no other."""

import pytest
import torch

from course_lib.judging.evaluation import FRESH
from course_lib.judging.metrics import Share
from course_lib.judging.retrieval import (
    by_chance,
    fit_table,
    fits,
    found_among,
    fresh_factors,
    fresh_pictures,
    measure_pair,
    pair_table,
    prefers,
    sentence,
    zero_shot,
)
from course_lib.networks.contrastive import Matcher
from course_lib.world.critters import (
    FACTORS,
    captions,
    choose_factors,
    is_held_out,
    rows_of,
)
from course_lib.world.prompts import check_picture, understand

N = 300


def world(held_out: bool = False):
    factors, index = fresh_factors(N, FRESH + 7, held_out)
    texts, named = captions(factors, index, FRESH + 7, return_named=True)
    return factors, texts, list(zip(rows_of(factors), named, strict=True))


def numbers(**values: str) -> dict[str, int]:
    return {n: FACTORS[n].index(values.get(n, FACTORS[n][0])) for n in FACTORS}


def one(**values: str) -> dict[str, torch.Tensor]:
    return {name: torch.tensor([n]) for name, n in numbers(**values).items()}


# What fits ----------------------------------------------------------------------


@pytest.mark.parametrize("held_out", [False, True])
def test_every_caption_fits_its_own_picture(held_out):
    factors, _, asked = world(held_out)
    assert fit_table(asked, factors).diagonal().all()


def test_what_fits_is_what_check_picture_finds():
    """The same verdict as the judge of prompts, but for what captions leave out."""
    factors, _, asked = world()
    table, rows = fit_table(asked, factors), rows_of(factors)
    for m in range(0, N, 3):
        f, named = asked[m]
        for i in range(0, N, 7):
            found = check_picture(f, named, rows[i])
            found.pop("nothing unasked")
            second = (rows[i]["subject_2"] > 0) == ("subject_2" in named)
            assert table[m, i].item() is (all(found.values()) and second)


def test_reading_the_caption_gives_the_same_answers_as_knowing_it():
    factors, texts, asked = world()
    read = fit_table([understand(text) for text in texts], factors)
    assert (read == fit_table(asked, factors)).all(1).float().mean() > 0.99


def test_order_counts_where_it_is_told_and_only_there():
    picture = one(subject="cat", colour="red", subject_2="fish", colour_2="blue")
    assert fits(*understand("a red cat left of a blue fish"), picture).item()
    assert not fits(*understand("a blue fish left of a red cat"), picture).item()
    assert fits(*understand("a blue fish next to a red cat"), picture).item()
    assert not fits(*understand("a red fish next to a blue cat"), picture).item()


def test_what_a_caption_does_not_say_may_be_anything_but_a_second_animal():
    asked = understand("a frog")
    assert fits(*asked, one(subject="frog", colour="red", accessory="hat")).item()
    assert not fits(*asked, one(subject="frog", subject_2="cat")).item()
    assert not fits(*asked, one(subject="cat")).item()


def test_either_sense_of_a_bare_word_fits():
    asked = understand("a brown bat")
    assert fits(*asked, one(subject="bat", colour="brown")).item()
    assert fits(*asked, one(subject="club", colour="brown")).item()
    assert not fits(*asked, one(subject="crane", colour="brown")).item()


# Recall -------------------------------------------------------------------------


def test_recall_by_chance_is_what_random_scores_get():
    generator = torch.Generator().manual_seed(0)
    right = torch.rand(2000, 40, generator=generator) < 0.1
    scores = torch.rand(2000, 40, generator=generator)
    for k in (1, 10, 99):
        found = found_among(scores, right, k).float().mean().item()
        assert found == pytest.approx(by_chance(right, k), abs=0.03)


def test_a_perfect_score_finds_everything_and_its_opposite_nothing():
    factors, _, asked = world()
    right = fit_table(asked, factors)
    assert found_among(right.float(), right, 1).all()
    assert not found_among(-right.float(), right, 1).any()


# Fresh pictures -----------------------------------------------------------------


def test_fresh_pictures_show_no_held_out_combination_unless_that_is_asked():
    for held_out in (False, True):
        factors, index = fresh_factors(N, FRESH, held_out)
        assert is_held_out(factors).tolist() == [held_out] * N
        assert sorted(index.tolist()) == list(range(N))


def test_a_sentence_says_which_is_left():
    assert sentence(2, 3, 5, 6) == "an orange cat left of a blue fish"


# All of it ----------------------------------------------------------------------


class Oracle(Matcher):
    """Sees nothing, so it guesses: all vectors are drawn blindly."""

    def __init__(self):
        self.generator = torch.Generator().manual_seed(0)

    def see(self, pictures, batch_size=256):
        return self.blindly(len(pictures))

    def read(self, texts, batch_size=256):
        return self.blindly(len(texts))

    def blindly(self, n: int) -> torch.Tensor:
        vec = torch.randn(n, 16, generator=self.generator)
        return torch.nn.functional.normalize(vec, dim=1)


def test_who_guesses_gets_what_chance_gets():
    guesser = Oracle()
    factors = choose_factors(torch.arange(64), FRESH, "two")
    pictures = fresh_pictures(factors, torch.arange(64), FRESH)
    found = prefers(guesser, pictures, ["a"] * 64, ["b"] * 64)
    assert isinstance(found, Share) and 0.2 < found.value < 0.8


def test_the_measurement_says_what_it_promises():
    found = measure_pair(Matcher.from_pretrained("pair"), n=64, seeds=1)
    assert found["kind"] == "pair" and found["n"] == 64
    for kind in ("fresh", "held out"):
        facts = found[kind]["text to image"]
        assert facts[1]["n"] == 64
        assert facts[10]["share"] >= facts[1]["share"] > found[kind]["chance"][1]
    lines = pair_table(found)
    assert "fresh critters" in lines[1]
    assert any(line.startswith("  left and right exchanged") for line in lines)


def test_the_shipped_pair_names_animals_it_was_never_asked_to_name():
    found = zero_shot(Matcher.from_pretrained("pair"), 64, FRESH + 3)
    assert found["animal (of 8)"].value > 0.9
    assert found["scene (of 5)"].value > 0.9
