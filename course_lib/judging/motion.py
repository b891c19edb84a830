"""How good films are: the asked motion, the same thing in every frame, no flicker.

    facts = measure_films(films, asked)

Beside each number stands what real films of the same prompts get, the judge's ceiling.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.judging.evaluation import as_facts
from course_lib.judging.metrics import share
from course_lib.judging.results import mean_of
from course_lib.networks.film_judge import (
    OF_FILMS,
    OF_FRAMES,
    FilmJudge,
    load_film_judge,
)
from course_lib.pixels import from_bytes
from course_lib.world.critters import Factors
from course_lib.world.film_captions import film_captions
from course_lib.world.films import (
    FILM_FACTORS,
    FRAMES,
    draw_films,
)
from course_lib.world.motions import MOTIONS


@dataclass(frozen=True)
class FilmPrompts:
    """Prompts of films, what each asks for, and real films of them.

    Args:
        factors: name -> (N,), the truth about the real films
        named: for each prompt the factors that it states
        real: (N, F, 3, H, W) in [-1, 1]
    """

    texts: list[str]
    factors: Factors
    named: list[set[str]]
    real: Tensor


def film_prompts(
    which: str, n: int, world: int, size: int = 32, frames: int = FRAMES
) -> FilmPrompts:
    """n prompts, "seen" or "held out", with real films; `world` is a seed."""
    films, factors = draw_films(n, world, size, frames, which=which)
    texts, named = film_captions(factors, torch.arange(n), world, return_named=True)
    return FilmPrompts(texts, factors, named, from_bytes(films))


# What the judge finds ---------------------------------------------------------------


def judged(films: Tensor, prompts: FilmPrompts, judge: FilmJudge | None = None) -> dict:
    """What is right about each film: name -> (N,) bool, True where nothing was asked.

    "motion", "direction"; "subject", "colour" and "scene" if named and right in every
    frame; "same" if these three are the same in all frames, whatever they are; "moving"
    if the film moves where it should and stands where it should.
    """
    judge = judge or load_film_judge()
    seen = judge.read(films)
    right, factors = {}, prompts.factors
    for name in (*OF_FRAMES, *OF_FILMS):
        asked = torch.tensor([name in names for names in prompts.named])
        truth = factors[name] if name in OF_FILMS else factors[name][:, None]
        found = seen[name] == truth
        found = found if name in OF_FILMS else found.all(1)
        right[name] = found | ~asked
    same = torch.ones(len(films), dtype=torch.bool)
    for name in OF_FRAMES:
        same &= (seen[name] == seen[name][:, :1]).all(1)
    right["same"] = same & (seen["subject"] > 0).all(1)  # broken all along is not same
    still = MOTIONS.index("stand")
    right["moving"] = (seen["motion"] != still) == (factors["motion"] != still)
    right["all"] = right["motion"] & right["direction"] & right["same"]
    right["all"] &= right["subject"] & right["colour"] & right["scene"]
    return right


def shares_of(right: dict[str, Tensor], prompts: FilmPrompts) -> dict[str, dict]:
    """The share of right films for each question, among those that were asked it."""
    shares = {}
    for name, found in right.items():
        asked = torch.ones_like(found)
        if name in FILM_FACTORS:
            asked = torch.tensor([name in names for names in prompts.named])
        if asked.any():  # of a few prompts, perhaps none names a direction
            shares[name] = as_facts(share(found[asked]))
    return shares


def by_motion(right: Tensor, prompts: FilmPrompts) -> dict[str, dict]:
    """The share of right films for each motion that was asked for."""
    motion = prompts.factors["motion"]
    there = sorted(set(motion.tolist()))
    return {MOTIONS[m]: as_facts(share(right[motion == m])) for m in there}


# Flicker -----------------------------------------------------------------------------


def flicker(films: Tensor) -> Tensor:
    """How much pixels jump back and forth, (N,): films (N, F, 3, H, W), F at least 3.

    The mean of |x[f - 1] - 2 x[f] + x[f + 1]|. What fades evenly hardly counts; what is
    there in one frame and gone in the next counts twice.
    """
    if films.shape[1] < 3:
        raise ValueError("Flicker needs three frames or more.")
    bend = films[:, :-2] - 2 * films[:, 1:-1] + films[:, 2:]
    return bend.abs().flatten(1).mean(1)


def still_flicker(films: Tensor) -> Tensor:
    """Flicker where nothing happens, (N,): in the calmest half of the places.

    In a real film these places stand still, and the answer is 0 or nearly so.
    """
    bend = (films[:, :-2] - 2 * films[:, 1:-1] + films[:, 2:]).abs().mean((1, 2))
    calm = bend.flatten(1).sort(1).values  # (N, H * W)
    return calm[:, : calm.shape[1] // 2].mean(1)


def measure_films(
    films: Tensor, prompts: FilmPrompts, judge: FilmJudge | None = None
) -> dict[str, dict]:
    """The shares of `judged`, and the means of both kinds of flicker."""
    facts = shares_of(judged(films, prompts, judge), prompts)
    facts["flicker"] = mean_of(flicker(films))
    facts["flicker where still"] = mean_of(still_flicker(films))
    return facts
