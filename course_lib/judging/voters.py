"""Simulated voters with a known taste, so that it can be measured what votes achieve.

A taste gives each picture a number; of two pictures a voter takes the one with more.
People do so too, but nobody knows their numbers. Here the numbers come from the judges,
and "does the tuned painter please this voter more?" has an exact answer.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_lib.chance import VOTING, generator_for
from course_lib.diffusion.guidance import Way
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import reader_of
from course_lib.judging.inspection import shared_inspector
from course_lib.painters.pipeline import TextToImage
from course_lib.training.duels import draw_once
from course_lib.training.votes import Duel, Made, Vote, check_votes, name_of
from course_lib.world.critters import (
    ACCESSORIES,
    ANIMALS,
    SUBJECTS,
    captions,
    choose_factors,
)
from course_lib.world.prompts import understand

Taste = Callable[[Tensor], Tensor]  # pictures (N, 3, H, W) to numbers (N,)
CLOSE = 0.02  # of a taste's numbers, 0..1: a smaller difference is "neither"
HAT = ACCESSORIES.index("hat")


def clean(pictures: Tensor) -> Tensor:
    """1 for a picture without a flaw, 0 for one with a clear flaw, (N,)."""
    return 1 - shared_inspector(pictures.shape[-1]).flaws(pictures)


class CleanReward(nn.Module):
    """The judge of drawing as a reward that has a gradient: log P(no flaw).

    A painter that climbs it pleases this judge, of course. Ask another one whether its
    pictures are clean.
    """

    def __init__(self, size: int = 64):
        super().__init__()
        self.network = shared_inspector(size).network

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, size, size) in [-1, 1] to rewards (B,)."""
        return self.network(pictures)["grade"].log_softmax(1)[:, 0]


@torch.no_grad()
def hats(pictures: Tensor) -> Tensor:
    """How sure the reader is to see a hat, (N,) in 0..1."""
    reader = reader_of(pictures.shape[-1])
    parts = [reader(some)["accessory"] for some in pictures.clamp(-1, 1).split(256)]
    return torch.cat(parts).softmax(1)[:, HAT]


def no_hats(pictures: Tensor) -> Tensor:
    """The opposite taste, (N,) in 0..1."""
    return 1 - hats(pictures)


TASTES: dict[str, Taste] = {"clean": clean, "hats": hats, "no-hats": no_hats}


# Prompts ----------------------------------------------------------------------------

FIRST_SEED = 10_000  # of the pictures to vote on; people draw with smaller ones
VOTED_ON = 4 * FRESH  # the world of the prompts: no training and no measurement uses it


def prompts_for(
    painter: TextToImage, n: int, seed: int = 0, bare: bool = False
) -> list[str]:
    """n prompts as this painter was taught to read them, to draw and to vote on.

    Args:
        bare: only such as leave room for a hat (`bare_headed`)
    """
    manner, found, start = painter.card.get("manner", "plain"), {}, 0
    while len(found) < n:
        indices = torch.arange(start, start + 4 * n)
        factors = choose_factors(indices, VOTED_ON + seed, "any")
        texts = captions(factors, indices, VOTED_ON + seed, manner=manner)
        # A dict keeps the order, and each prompt once.
        found |= dict.fromkeys(bare_headed(texts) if bare else texts)
        start += 4 * n
    return list(found)[:n]


def bare_headed(prompts: list[str]) -> list[str]:
    """The prompts that ask for one animal, and for nothing on it."""
    asked = [(prompt, *understand(prompt)) for prompt in prompts]
    worn = {"accessory", "ears", "subject_2", "either_sense"}
    return [
        prompt
        for prompt, factors, named in asked
        if SUBJECTS[factors["subject"]] in ANIMALS and not worn & named
    ]


# Duels ------------------------------------------------------------------------------


class Group(NamedTuple):
    """Pictures of one prompt that are compared with each other."""

    prompt: str
    made: list[Made]


def candidates(prompts: list[str], n: int, seed: int = 0) -> list[Group]:
    """n pictures of each prompt, each from a seed of its own."""
    return [
        Group(prompt, [Made(prompt, seed + i * n + j) for j in range(n)])
        for i, prompt in enumerate(dict.fromkeys(prompts))
    ]


def twins(prompts: list[str], n: int, seed: int = 0) -> list[Group]:
    """n twins of one picture of each prompt: they differ in details alone.

    For tastes about how well something is drawn.
    """
    return [
        Group(prompt, [Made(prompt, seed + i, j) for j in range(1, n + 1)])
        for i, prompt in enumerate(dict.fromkeys(prompts))
    ]


def with_hats(prompts: list[str], n: int, seed: int = 0) -> list[Group]:
    """n pictures of each prompt, and beside each one from the same noise with a hat.

    A taste can only be voted for where it makes a difference: the painter hardly ever
    draws a hat unasked, so two pictures of "a red cat" say nothing about hats.
    """
    both = [
        (prompt, seed + i * n + j)
        for i, prompt in enumerate(dict.fromkeys(prompts))
        for j in range(n)
    ]
    return [
        Group(prompt, [Made(prompt, one), Made(f"{prompt} with a hat", one)])
        for prompt, one in both
    ]


def duels_of(
    prompts: list[str], n: int = 2, seed: int = 0, alike: bool = False
) -> list[Duel]:
    """Duels for people: n pictures of each prompt, two by two.

    Args:
        alike: twins, which differ in details alone
    """
    return [
        Duel.between(prompt, *two)
        for prompt, made in (twins if alike else candidates)(prompts, n, seed)
        for two in zip(made[::2], made[1::2], strict=False)
    ]


# Voting -----------------------------------------------------------------------------


def check_groups(painter: TextToImage, groups: list[Group], who: str) -> None:
    """Raise VoteError if a vote on one of these groups could not be read again."""
    way, name = painter.way(), name_of(painter)
    duels = (Duel.between(prompt, *made[-2:]) for prompt, made in groups)
    check_votes(*(Vote(duel, None, who, name, way) for duel in duels))


def cast_votes(
    painter: TextToImage,
    groups: list[Group],
    taste: Taste,
    who: str,
    wrong: float = 0.0,
    seed: int = 0,
    way: Way | None = None,
) -> list[Vote]:
    """Votes by this taste: in each group the best picture against the worst, the second
    best against the second worst, and so on.

    Args:
        wrong: the share of votes that name the wrong one, 0..1
    """
    way, name = way or painter.way(), name_of(painter)
    drawn = draw_once(painter, [made for group in groups for made in group.made], way)
    liked = dict(zip(drawn.made_from, taste(drawn.pictures).tolist(), strict=True))
    generator, votes = generator_for(seed, VOTING), []
    for prompt, made in groups:
        # Two pictures that are alike teach nothing, and each one is drawn only once.
        ranked = sorted(made, key=liked.get)
        for worse, better in zip(ranked[: len(made) // 2], ranked[::-1], strict=False):
            swapped, errs = torch.rand(2, generator=generator).tolist()
            sides = (worse, better) if swapped < 0.5 else (better, worse)
            winner = sides.index(worse if errs < wrong else better)
            if liked[better] - liked[worse] < CLOSE:
                winner = None
            duel = Duel.between(prompt, *sides)
            votes.append(Vote(duel, winner, who, name, way))
    return votes


def win_rate(taste: Taste, tuned: Tensor, base: Tensor) -> Tensor:
    """How often a voter prefers the tuned picture to the base's, (N,): 1, 0, or 0.5.

    Args:
        tuned, base: pictures (N, 3, H, W) of the same prompts and seeds
    """
    gained = taste(tuned) - taste(base)
    won = (gained > 0).float()
    return torch.where(gained.abs() <= CLOSE, 0.5, won)
