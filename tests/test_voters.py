"""Simulated voters: what they like is known, and they say it."""

import pytest
import torch
from test_duels import WAY
from test_pipeline_text import make_painter

from course_lib.device import weights_folder
from course_lib.judging import voters
from course_lib.judging.voters import (
    CLOSE,
    TASTES,
    bare_headed,
    candidates,
    cast_votes,
    duels_of,
    prompts_for,
    win_rate,
    with_hats,
)
from course_lib.pixels import from_bytes
from course_lib.training.duels import draw_duels
from course_lib.training.votes import contradictions, decided
from course_lib.world.critters import ACCESSORIES, FACTORS, choose_factors
from course_lib.world.drawing import draw

PROMPTS = ["a frog on stilts", "a cat"]
needs_judges = pytest.mark.skipif(
    not (weights_folder() / "inspector-64").is_dir(), reason="the judges ship later"
)


@pytest.fixture
def painter(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    return make_painter()


def bright(pictures):
    return pictures.mean((1, 2, 3)) * 0.5 + 0.5


def dark(pictures):
    return 1 - bright(pictures)


def liked(votes, painter, taste) -> list[float]:
    """By how much each voter likes the winner better than the loser."""
    gaps = []
    for vote in votes:
        one, other = taste(draw_duels(painter, [vote.duel], WAY).of(vote.duel))
        gaps.append(float(one - other) * (1 if vote.winner == 0 else -1))
    return gaps


def test_a_voter_prefers_what_it_likes_and_the_best_meets_the_worst(
    painter, monkeypatch
):
    monkeypatch.setattr(voters, "CLOSE", 0.0)
    votes = cast_votes(painter, candidates(PROMPTS, 6), bright, "me", way=WAY)
    assert [vote.duel.prompt for vote in votes] == ["a frog on stilts"] * 3 + [
        "a cat"
    ] * 3
    seeds = [seed for vote in votes for seed in vote.duel.seeds]
    assert sorted(seeds) == list(range(12)), "each picture is in one duel"
    gaps = liked(votes, painter, bright)
    assert min(gaps) > 0 and gaps[0] > gaps[1] > gaps[2]
    assert {vote.winner for vote in votes} == {0, 1}, "winners lie on either side"
    assert decided(votes, painter, "v") == votes


def test_pictures_that_are_alike_are_votes_for_neither(painter):
    votes = cast_votes(painter, candidates(["a cat"], 4), lambda x: 0 * bright(x), "me")
    assert [vote.winner for vote in votes] == [None, None]
    assert CLOSE > 0


@pytest.mark.parametrize(("wrong", "low", "high"), [(1.0, 0, 0), (0.5, 10, 38)])
def test_a_share_of_the_votes_is_wrong(painter, monkeypatch, wrong, low, high):
    monkeypatch.setattr(voters, "CLOSE", 0.0)
    some = candidates(["a cat"], 96)
    votes = cast_votes(painter, some, bright, "me", wrong=wrong, way=WAY)
    right = sum(gap > 0 for gap in liked(votes[:48], painter, bright))
    assert low <= right <= high
    assert votes == cast_votes(painter, some, bright, "me", wrong=wrong, way=WAY)


def test_opposite_tastes_contradict_each_other_in_every_vote(painter, monkeypatch):
    monkeypatch.setattr(voters, "CLOSE", 0.0)
    some = candidates(PROMPTS, 4)
    both = [
        vote
        for seed, taste in enumerate((bright, dark))
        for vote in cast_votes(painter, some, taste, "x", seed=seed, way=WAY)
    ]
    assert contradictions(both) == len(both) == 8


def test_a_win_rate_counts_wins_and_half_of_the_ties():
    grey = torch.zeros(3, 3, 4, 4)
    other = grey + torch.tensor([0.5, -0.5, 0.001])[:, None, None, None]
    assert win_rate(bright, other, grey).tolist() == [1, 0, 0.5]
    assert win_rate(dark, other, grey).tolist() == [0, 1, 0.5]


# Prompts and duels ------------------------------------------------------------------


def test_prompts_are_as_the_painter_was_taught_and_each_once(painter):
    prompts = prompts_for(painter, 20)
    assert len(set(prompts)) == 20 and prompts == prompts_for(painter, 20)
    assert prompts != prompts_for(painter, 20, seed=1)
    bare = prompts_for(painter, 20, bare=True)
    assert len(bare) == 20 and bare_headed(bare) == bare
    painter.card["manner"] = "spoken"
    assert prompts_for(painter, 20) != prompts


def test_a_hat_goes_where_nothing_else_is_worn():
    asked = ["a red cat", "a red cat with a hat", "a cat left of a fish", "a frog"]
    asked += ["a frog with rabbit ears", "a bat", "a cat and a frog"]
    assert bare_headed(asked) == ["a red cat", "a frog"]
    made = [made for group in with_hats(["a frog"], 2, seed=5) for made in group.made]
    assert [one.text for one in made] == ["a frog", "a frog with a hat"] * 2
    assert [one.seed for one in made] == [5, 5, 6, 6], "both from the same noise"


def test_duels_for_people_use_each_seed_once():
    duels = duels_of(PROMPTS, n=4, seed=10)
    assert [duel.prompt for duel in duels] == [PROMPTS[0]] * 2 + [PROMPTS[1]] * 2
    assert [s for duel in duels for s in duel.seeds] == list(range(10, 18))
    assert all(duel.drawn_as is None and duel.twins is None for duel in duels)
    alike = duels_of(PROMPTS, n=4, seed=10, alike=True)
    assert [duel.twins for duel in alike] == [(1, 2), (3, 4)] * 2
    assert [duel.seeds for duel in alike] == [(10, 10)] * 2 + [(11, 11)] * 2


# The tastes -------------------------------------------------------------------------


@needs_judges
def test_the_tastes_see_what_they_are_named_after():
    indices = torch.arange(24)
    factors = choose_factors(indices, 31, "one")
    factors["ears"] *= 0
    worn = torch.tensor([ACCESSORIES.index("hat"), ACCESSORIES.index("none")])
    factors["accessory"] = worn.repeat(12)
    assert FACTORS["accessory"][worn[0]] == "hat"
    pictures = from_bytes((draw(factors, indices, 31, 64) * 127.5 + 127.5).byte())
    found = {name: taste(pictures) for name, taste in TASTES.items()}
    assert all(x.min() >= 0 and x.max() <= 1 for x in found.values())
    assert found["hats"][::2].min() > 0.5 > found["hats"][1::2].max()
    torch.testing.assert_close(found["no-hats"], 1 - found["hats"])
    spoiled = pictures.clone()
    spoiled[:, :, 20:44, 20:44] = spoiled[:, :, 20:44, 20:44].flip(-1, 1)
    assert (TASTES["clean"](spoiled) < found["clean"]).float().mean() > 0.9
