"""Simulated voters with a known taste, so that it can be measured what votes achieve.

A taste gives each picture a number; of two pictures a voter takes the one with more.
People do so too, but nobody knows their numbers. Here the numbers come from the judges,
and "does the tuned painter please this voter more?" has an exact answer.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.chance import VOTING, generator_for
from course_lib.diffusion.guidance import Way
from course_lib.judging.fidelity import reader_of
from course_lib.judging.inspection import shared_inspector
from course_lib.painters.pipeline import TextToImage
from course_lib.training.duels import Drawn, draw_once
from course_lib.training.votes import Duel, Vote, name_of
from course_lib.world.critters import ACCESSORIES

Taste = Callable[[Tensor], Tensor]  # pictures (N, 3, H, W) to numbers (N,)
CLOSE = 0.02  # of a taste's numbers, 0..1: a smaller difference is "neither"
HAT = ACCESSORIES.index("hat")


def clean(pictures: Tensor) -> Tensor:
    """1 for a picture without a flaw, 0 for one with a clear flaw, (N,)."""
    return 1 - shared_inspector(pictures.shape[-1]).flaws(pictures)


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


# Duels ------------------------------------------------------------------------------


def candidates(
    prompts: list[str], n: int, seed: int = 0
) -> dict[str, list[tuple[str, int]]]:
    """n (text, seed) for each prompt, each seed used once."""
    once = list(dict.fromkeys(prompts))
    return {
        prompt: [(prompt, seed + i * n + j) for j in range(n)]
        for i, prompt in enumerate(once)
    }


def as_duel(prompt: str, one: tuple[str, int], other: tuple[str, int]) -> Duel:
    """The duel of two candidates."""
    texts, seeds = zip(one, other, strict=True)
    return Duel(prompt, seeds, None if texts == (prompt, prompt) else texts)


def duels_of(prompts: list[str], n: int = 2, seed: int = 0) -> list[Duel]:
    """Duels for people: n pictures of each prompt, two by two."""
    return [
        as_duel(prompt, *two)
        for prompt, some in candidates(prompts, n, seed).items()
        for two in zip(some[::2], some[1::2], strict=True)
    ]


# Voting -----------------------------------------------------------------------------


def cast_votes(
    painter: TextToImage,
    of: dict[str, list[tuple[str, int]]],
    taste: Taste,
    who: str,
    wrong: float = 0.0,
    seed: int = 0,
    way: Way | None = None,
) -> list[Vote]:
    """One vote a prompt: the best of its candidates against the worst, by this taste.

    Args:
        of: the candidates of each prompt (`candidates`)
        wrong: the share of votes that name the wrong one, 0..1
    """
    way = way or painter.way()
    drawn = draw_once(painter, [made for some in of.values() for made in some], way)
    numbers = scores(drawn, taste)
    generator = generator_for(seed, VOTING)
    votes = []
    for prompt, some in of.items():
        ranked = sorted(some, key=numbers.get)
        # Which one lies left, and whether the voter errs: three numbers a vote.
        swap, errs = torch.rand(2, generator=generator).tolist()
        sides = [ranked[-1], ranked[0]]
        winner = 0
        if swap < 0.5:
            sides, winner = sides[::-1], 1
        if errs < wrong:
            winner = 1 - winner
        if numbers[ranked[-1]] - numbers[ranked[0]] < CLOSE:
            winner = None
        duel = as_duel(prompt, *sides)
        votes.append(Vote(duel, winner, who, name_of(painter), way))
    return votes


def scores(drawn: Drawn, taste: Taste) -> dict[tuple[str, int], float]:
    """What a taste says of each drawn picture, by its (text, seed)."""
    return dict(zip(drawn.made_from, taste(drawn.pictures).tolist(), strict=True))


def win_rate(taste: Taste, tuned: Tensor, base: Tensor) -> Tensor:
    """How often a voter prefers the tuned picture to the base's, (N,): 1, 0, or 0.5.

    Args:
        tuned, base: pictures (N, 3, H, W) of the same prompts and seeds
    """
    gained = taste(tuned) - taste(base)
    won = (gained > 0).float()
    return torch.where(gained.abs() < CLOSE, 0.5, won)
