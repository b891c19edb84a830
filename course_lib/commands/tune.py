"""The commands `tune dpo`, `weighted` and `draft`: a painter learns a taste."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from course_lib.commands.options import AsJson, Weights, bad_input, path, text
from course_lib.commands.train import (
    Batch,
    Iterations,
    Keep,
    LearningRate,
    Minutes,
    Optimizer,
    Out,
    Resume,
    Seed,
    Threads,
    Until,
    given,
    learn,
    prepare,
)
from course_lib.device import best_device
from course_lib.painters.pipeline import SPACES, TextToImage

OfVotes = Annotated[
    Path, typer.Option("--votes", parser=path, help="The file of the votes.")
]
OfReward = Annotated[
    str,
    typer.Option("--reward", parser=text, help="The folder of the reward model."),
]
Beta = Annotated[
    float | None,
    typer.Option(help="How tightly it is held to the painter that it began as."),
]
Anchor = Annotated[
    float | None, typer.Option(help="How much it costs if winners are drawn worse.")
]
About = Annotated[
    str,
    typer.Option(
        parser=text,
        help="What the votes are about: things that are there (hats), or details.",
    ),
]
Last = Annotated[
    int | None, typer.Option(help="The steps that the gradient flows through.")
]

TUNE = typer.Typer(
    help="""Tune a painter to a taste, from votes. All of them carry on with --resume.

    dpo learns from the votes themselves; weighted from the pictures that a reward
    model likes; draft climbs the gradient of the reward, and cheats.

    Example: python -m course_lib tune dpo --votes votes.jsonl --iterations 300 --out
    runs/mine
    """
)


def pairs_in(votes: Path, weights: str):
    """The painter, and the pictures of all votes that have a winner."""
    from course_lib.training.duels import pairs_of
    from course_lib.training.votes import decided, read_votes

    painter = TextToImage.from_pretrained(weights, best_device())
    return painter, pairs_of(decided(read_votes(votes), painter, votes), painter)


@TUNE.command()
def dpo(
    called: typer.Context,
    out: Out,
    votes: OfVotes,
    weights: Weights = SPACES["latent"],
    about: About = "things",
    beta: Beta = None,
    anchor: Anchor = None,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Diffusion-DPO: make the winners likelier and the losers less likely.

    Example: python -m course_lib tune dpo --votes v.jsonl --iterations 300 --out runs/d
    """
    from course_lib.training import feedback

    kinds = {
        "things": (feedback.TUNE_SETTINGS, feedback.FOR_THINGS),
        "details": (feedback.DETAIL_SETTINGS, feedback.FOR_DETAILS),
    }
    with bad_input():
        if about not in kinds:
            raise ValueError(f"--about must be things or details; got {about!r}.")
        own, tuned = kinds[about]
        options = tuned | given(batch_size=batch, seed=seed, beta=beta, anchor=anchor)
        feedback.check_hold(options["beta"], options["anchor"])
        settings = prepare(called, own)
        how = pairs_in(votes, weights)
    learn(called, settings, partial(feedback.dpo_trainer, *how, **options))


@TUNE.command()
def weighted(
    called: typer.Context,
    out: Out,
    votes: OfVotes,
    reward: OfReward,
    weights: Weights = SPACES["latent"],
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Reward-weighted: carry on with its own pictures, the best ones most.

    Example: python -m course_lib tune weighted --votes v.jsonl --reward runs/r
    --iterations 300 --out runs/w
    """
    from course_lib.networks.reward import load_reward
    from course_lib.training import feedback

    options = given(batch_size=batch, seed=seed)
    with bad_input():
        settings = prepare(called, feedback.TUNE_SETTINGS)
        model, _ = load_reward(reward)
        painter, pairs = pairs_in(votes, weights)
        how = (painter, *feedback.weighed(pairs, model))
    learn(called, settings, partial(feedback.weighted_trainer, *how, **options))


@TUNE.command()
def draft(
    called: typer.Context,
    out: Out,
    votes: OfVotes,
    reward: OfReward,
    weights: Weights = SPACES["latent"],
    last: Last = None,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """DRaFT: climb the gradient of the reward. Look at what it does to the pictures.

    Example: python -m course_lib tune draft --votes v.jsonl --reward runs/r
    --iterations 100 --out runs/c
    """
    from course_lib.networks.reward import load_reward
    from course_lib.training import feedback

    options = given(batch_size=batch, seed=seed, last=last)
    with bad_input():
        settings = prepare(called, feedback.DRAFT_SETTINGS)
        model, _ = load_reward(reward)
        painter, pairs = pairs_in(votes, weights)
    how = (painter, pairs.drawn, pairs.asked, model)
    learn(called, settings, partial(feedback.draft_trainer, *how, **options))
