"""The commands `distil guidance`, `shortcut` and `consistency`: few calls a picture."""

from functools import partial
from typing import Annotated

import typer

from course_lib.commands.options import AsJson, bad_input, text
from course_lib.commands.train import (
    Batch,
    Iterations,
    Keep,
    LearningRate,
    Minutes,
    Optimizer,
    Out,
    Precision,
    Resume,
    Seed,
    Threads,
    Until,
    given,
    learn,
    prepare,
)

Start = Annotated[
    str,
    typer.Option(parser=text, help="The painter to make quick: a name or a folder."),
]
Scale = Annotated[
    float | None,
    typer.Option(help="The guidance to learn, at every step, if not its usual one."),
]
Plain = Annotated[
    float | None,
    typer.Option(help="The share of a batch that learns velocities and no jumps."),
]
Stages = Annotated[
    int | None, typer.Option(help="In how many stages two steps come together.")
]

DISTIL = typer.Typer(
    help="""Teach a painter to draw in few network calls. All carry on with --resume.

    shortcut learns to jump, for 1, 2, 4 or 8 calls a picture; consistency does so in
    another way; guidance only learns to follow a prompt with one call a step.

    Example: python -m course_lib distil shortcut --start critters --iterations 1500
    --out runs/quick
    """
)


@DISTIL.command()
def guidance(
    called: typer.Context,
    out: Out,
    start: Start,
    scale: Scale = None,
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
    """Guidance in one call a step instead of two.

    Example: python -m course_lib distil guidance --start critters --iterations 300
    --out runs/guided
    """
    from course_lib.training import distil

    options = given(batch_size=batch, seed=seed, guidance_scale=scale)
    with bad_input():
        settings = prepare(called, distil.DISTIL_SETTINGS)
        distil.teacher_at(start, scale)
    learn(called, settings, partial(distil.guidance_trainer, start, **options))


@DISTIL.command()
def shortcut(
    called: typer.Context,
    out: Out,
    start: Start,
    scale: Scale = None,
    plain: Plain = None,
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
    """A shortcut model: told how far a step goes, it jumps there.

    Example: python -m course_lib distil shortcut --start latent --iterations 8000
    --out runs/quick
    """
    from course_lib.training import distil

    options = given(batch_size=batch, seed=seed, guidance_scale=scale, plain=plain)
    with bad_input():
        settings = prepare(called, distil.DISTIL_SETTINGS)
        distil.teacher_at(start, scale)
    learn(called, settings, partial(distil.shortcut_trainer, start, **options))


@DISTIL.command()
def consistency(
    called: typer.Context,
    out: Out,
    start: Start,
    scale: Scale = None,
    stages: Stages = None,
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
    """A consistency model: from any step it sees the end of the path.

    Example: python -m course_lib distil consistency --start critters --iterations 1500
    --out runs/consistent
    """
    from course_lib.training import distil

    options = given(batch_size=batch, seed=seed, guidance_scale=scale, stages=stages)
    with bad_input():
        settings = prepare(called, distil.DISTIL_SETTINGS)
        distil.teacher_at(start, scale)
    learn(called, settings, partial(distil.consistency_trainer, start, **options))
