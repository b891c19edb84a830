"""Prompts of every kind, and shares of pictures that show what was asked for."""

import pytest
import torch
from test_pipeline_text import painter  # noqa: F401  a fixture

from course_lib.diffusion.guidance import FOR_PROMPTS
from course_lib.judging import fidelity
from course_lib.judging.fidelity import (
    KINDS,
    REWORDED,
    Judged,
    prompts_from,
    prompts_of,
    shares_of,
)
from course_lib.world.critters import FACTORS, is_held_out
from course_lib.world.prompts import understand


@pytest.mark.parametrize("kind", KINDS)
def test_prompts_of_a_kind_are_of_that_kind(kind):
    prompts = prompts_of(kind, 12, world=1_000_000)
    assert len(prompts.texts) == len(prompts.asked) == len(prompts.real) == 12
    assert prompts.real.shape == (12, 3, 32, 32)
    columns = {n: torch.tensor([f[n] for f, _ in prompts.asked]) for n in FACTORS}
    held_out = kind in ("accessory", "colour", "ears", "frog on stilts", "pair")
    assert (is_held_out(columns) == held_out).all()
    for text, (f, named) in zip(prompts.texts, prompts.asked, strict=True):
        assert ("frog" in text and "stilts" in text) or kind != "frog on stilts"
        assert "ears" in named or kind not in ("ears", "one animal, ears named")
        two = kind in ("two animals", "pair", "order open")
        assert (f["subject_2"] > 0) == two
        assert ("order" in named) == (two and kind != "order open")
        assert ("either_sense" in named) == (kind == "two senses, bare word")


def test_other_words_ask_for_the_same():
    plain = prompts_of("one animal", 40, world=1_000_000)
    for how in REWORDED:
        other = prompts_of(how, 40, world=1_000_000)
        assert other.asked == plain.asked and other.texts != plain.texts
        changed = sum(a != b for a, b in zip(other.texts, plain.texts, strict=True))
        assert changed >= 30, how
        if how != "typing error":  # the others are in words that captions have
            for text, (f, named) in zip(other.texts, plain.asked, strict=True):
                found, got = understand(text)
                assert got == named and all(
                    found[n] == f[n] for n in named if n in FACTORS
                ), text


def test_the_reader_finds_real_pictures_right():
    prompts = prompts_of("one animal", 64, world=1_000_000)
    found = shares_of(Judged.of(prompts.real, prompts.asked))
    assert found["all_factors"]["share"] > 0.95


def test_the_reader_finds_exchanged_pictures_wrong():
    prompts = prompts_of("one animal", 64, world=1_000_000)
    exchanged = Judged.of(prompts.real.roll(1, 0), prompts.asked)
    assert shares_of(exchanged)["all_factors"]["share"] < 0.1


def test_shares_count_a_factor_only_where_it_is_named():
    found = [{"subject": True, "colour": False}, {"subject": True}]
    shares = shares_of(Judged(found, [True, False]))
    assert (shares["colour"]["share"], shares["colour"]["n"]) == (0, 1)
    assert (shares["all_factors"]["share"], shares["all_factors"]["n"]) == (0.5, 2)


def test_right_and_clean_is_both_at_once():
    found = [{"subject": right} for right in (True, True, False, False)]
    shares = shares_of(Judged(found, [True, False, True, False]))
    each = [shares[n]["share"] for n in ("all_factors", "clean", "right_and_clean")]
    assert each == [0.5, 0.5, 0.25]


def test_somebodys_prompts_are_read_line_by_line():
    prompts = prompts_from(["a red frog", "", "  a cat\n"])
    assert prompts.texts == ["a red frog", "a cat"]
    assert [sorted(named) for _, named in prompts.asked] == [
        ["colour", "subject"],
        ["subject"],
    ]
    for mute in (["", " "], ["an astronaut"]):
        with pytest.raises(ValueError, match="No prompt in the file can be judged"):
            prompts_from(mute)
    with pytest.raises(ValueError, match="--n must be 1 or more"):
        prompts_from(["a cat"], n=0)


def test_lines_that_name_nothing_are_left_out_and_named():
    lines = ["a cat", "", "an astronaut", *["hm"] * 5, "a fish"]
    assert prompts_from(lines, n=3).texts == ["a cat", "a fish", "a cat"]
    (said,) = fidelity.remarks(lines)
    assert "lines 3 ('an astronaut'), 4 ('hm')" in said and "and 1 more." in said
    assert fidelity.remarks(["a cat", ""]) == []


def test_a_prompt_that_names_nothing_is_neither_right_nor_wrong():
    prompts = prompts_of("one animal", 2, world=1_000_000)
    seen = fidelity.what_is_seen(prompts.real, ["", "an astronaut"])
    assert seen["right"] == [None, None] and all(seen["seen"])
    named = fidelity.what_is_seen(prompts.real, prompts.texts)
    assert all(type(right) is bool for right in named["right"])


class Blank:
    card = {"size": 32, "T": 1000}

    def way_within(self, calls, *how):
        return FOR_PROMPTS

    def __call__(self, texts, **settings):
        return torch.zeros(len(texts), 3, 32, 32)


def test_every_kind_is_measured_beside_its_ceiling(monkeypatch):
    monkeypatch.setattr(fidelity, "check_size", lambda *a: None)
    found = fidelity.measure_kinds(Blank(), n=4, seeds=1, kinds=("one animal", "pair"))
    assert set(found) == {"one animal", "pair"}
    for shares in found.values():
        assert shares["drawn"]["all_factors"]["share"] == 0
        assert shares["real"]["all_factors"]["share"] >= 0.5
    assert len(fidelity.kinds_table(found)) == 2 + 2


def test_a_share_is_also_told_in_parts_of_its_ceiling():
    half, most, none = ({"share": x, "low": x, "high": x} for x in (0.5, 0.8, 0.0))
    found = fidelity.beside_real(
        {"all_factors": half.copy(), "ears": none.copy()},
        {"all_factors": most, "ears": none},
    )
    assert found["drawn"]["all_factors"]["of_ceiling"] == 0.625
    assert found["drawn"]["ears"]["of_ceiling"] is None


def test_held_out_combinations_are_reported_one_by_one(monkeypatch):
    monkeypatch.setattr(fidelity, "check_size", lambda *a: None)
    found = fidelity.measure_kinds(Blank(), n=40, kinds=("ears",))
    alone = found["ears"]["combinations"]
    assert set(alone) == {"bird, cat", "cat, bear", "turtle, rabbit"}
    assert sum(share["n"] for share in alone.values()) == 40
    assert len(fidelity.kinds_table(found)) == 3 + 3


def test_a_combination_counts_what_was_asked_of_it():
    asked = [({"subject": 1, "ears": e}, {"ears"}) for e in (1, 1, 2)]
    judged = Judged([{"ears": x} for x in (1, 0, 1)], [True] * 3)
    found = fidelity.by_combination("ears", judged, asked)
    assert found["frog, rabbit"]["share"] == 0.5 and found["frog, cat"]["share"] == 1
