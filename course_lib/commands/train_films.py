"""The commands `train film` and `train film-judge`."""

from functools import partial
from typing import Annotated

import typer

from course_lib.commands.options import AsJson, bad_input, text
from course_lib.commands.train import (
    Batch,
    Frames,
    Iterations,
    Keep,
    LearningRate,
    Minutes,
    Noisier,
    Optimizer,
    Out,
    Precision,
    Resume,
    Seed,
    Start,
    Threads,
    Until,
    given,
    learn,
    prepare,
)
from course_lib.commands.train_networks import only
from course_lib.commands.train_rivals import NETWORKS

Pictures = Annotated[
    float | None,
    typer.Option(help="The share of the batches that hold pictures, not films."),
]
OnlyData = Annotated[str | None, typer.Option("--data", parser=text, hidden=True)]


@NETWORKS.command()
def film(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    frames: Frames = None,
    start: Start = None,
    pictures: Pictures = None,
    noisier: Noisier = None,
    data: OnlyData = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Draws films from a prompt: lesson 17.

    Example: python -m course_lib train film --iterations 4000 --out runs/films
    """
    from course_lib.training import films

    options = given(batch_size=batch, seed=seed, frames=frames, start=start)
    options |= given(pictures=pictures, noisier=noisier)
    with bad_input():
        settings = prepare(called, films.FILM_SETTINGS)
        only("A film", "films", data)
    learn(called, settings, partial(films.film_trainer, **options))


@NETWORKS.command("film-judge")
def film_judge(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    frames: Frames = None,
    data: OnlyData = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Tells what each frame of a film shows, and how it moves: its judge.

    Example: python -m course_lib train film-judge --iterations 1500 --out runs/judge
    """
    from course_lib.training import film_judging

    options = given(batch_size=batch, seed=seed, frames=frames)
    with bad_input():
        settings = prepare(called, film_judging.FILM_JUDGE_SETTINGS)
        only("A film judge", "films", data)
    learn(called, settings, partial(film_judging.film_judge_trainer, **options))
