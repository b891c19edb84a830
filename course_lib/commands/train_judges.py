"""The commands `train listener`, `train reader`, ...: networks that read and judge.

None of the networks that they train draws.
"""

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
    Manner,
    Minutes,
    OnlyData,
    OnlySize,
    Optimizer,
    Out,
    Precision,
    Resume,
    Seed,
    Size,
    Start,
    Threads,
    Until,
    Widths,
    given,
    learn,
    prepare,
)
from course_lib.commands.train_networks import NETWORKS, grids, only
from course_lib.painters.pipeline import SPACES

Without = Annotated[
    str | None,
    typer.Option(parser=text, help="Faults to leave out, such as grainy,scene."),
]


@NETWORKS.command()
def listener(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    manner: Manner = None,
    start: Start = None,
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
    """Tells what a text asks for; text encoders can start from it.

    Example: python -m course_lib train listener --iterations 3000 --out runs/listener
    """
    from course_lib.training import listening

    options = given(batch_size=batch, seed=seed, manner=manner, start=start)
    with bad_input():
        settings = prepare(called, listening.LISTENER_SETTINGS)
        only("A listener", "critters", data)
    learn(called, settings, partial(listening.listener_trainer, **options))


@NETWORKS.command()
def reader(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    size: Size = None,
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
    """Tells what a picture shows: the judge of prompts.

    Example: python -m course_lib train reader --iterations 2500 --out runs/reader-32
    """
    from course_lib.training import judges

    options = given(batch_size=batch, seed=seed, size=size)
    with bad_input():
        settings = prepare(called, judges.READER_SETTINGS)
        only("A reader", "critters", data)
    learn(called, settings, partial(judges.reader_trainer, **options))


@NETWORKS.command()
def inspector(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    size: Size = None,
    widths: Widths = None,
    without: Without = None,
    start: Start = None,
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
    """Tells whether a picture has a flaw: the judge of drawing.

    Example: python -m course_lib train inspector --iterations 2500 --out runs/inspector
    """
    from course_lib.training import judges

    options = given(batch_size=batch, seed=seed, size=size, start=start)
    with bad_input():
        settings = prepare(called, judges.INSPECTOR_SETTINGS)
        only("An inspector", "critters", data)
        options |= given(widths=grids(widths))
        options |= given(without=without and tuple(without.split(",")))
    learn(called, settings, partial(judges.inspector_trainer, **options))


@NETWORKS.command()
def classifier(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    data: OnlyData = None,
    size: OnlySize = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Tells the class of a CIFAR-10 photo: the judge of photos.

    Example: python -m course_lib train classifier --iterations 6000 --out runs/judge
    """
    from course_lib.training import judges

    options = given(batch_size=batch, seed=seed)
    with bad_input():
        settings = prepare(called, judges.CLASSIFIER_SETTINGS)
        # For critters the reader says more, so the classifier is for photos only.
        only("A classifier", "cifar10", data, 32, size)
    learn(called, settings, partial(judges.classifier_trainer, **options))


@NETWORKS.command()
def likeness(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    data: OnlyData = None,
    size: OnlySize = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Tells whether a picture shows the plush of lesson 13: the judge of fine-tuning.

    Example: python -m course_lib train likeness --iterations 900 --out runs/likeness
    """
    from course_lib.training import likeness as probe

    options = given(batch_size=batch, seed=seed)
    with bad_input():
        settings = prepare(called, probe.LIKENESS_SETTINGS)
        only("A probe of likeness", "plush", data, 64, size)
    learn(called, settings, partial(probe.likeness_trainer, **options))


@NETWORKS.command()
def reward(
    called: typer.Context,
    out: Out,
    votes: Annotated[
        Path, typer.Option(parser=path, help="The file of the votes.")
    ] = ...,
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
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Predicts votes: a picture in, one number out.

    Example: python -m course_lib train reward --votes v.jsonl --minutes 3 --out r
    """
    from course_lib.commands.tune import pairs_in
    from course_lib.training import feedback

    options = given(batch_size=batch, seed=seed)
    with bad_input():
        settings = prepare(called, feedback.REWARD_SETTINGS)
        _, pairs = pairs_in(votes, weights)
    learn(called, settings, partial(feedback.reward_trainer, pairs, **options))
