"""The commands `train gan` and `train tokens`: the other roads of lesson 15."""

from functools import partial
from typing import Annotated

import typer

from course_lib.commands.options import AsJson, bad_input
from course_lib.commands.train import (
    Batch,
    Iterations,
    Keep,
    LearningRate,
    Minutes,
    OnlySize,
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
from course_lib.commands.train_judges import NETWORKS  # with the judges' commands
from course_lib.commands.train_networks import Data, load_data
from course_lib.training.bounds import checked_size

R1 = Annotated[
    float | None,
    typer.Option("--r1", help="The weight of R1 on the critic's slope; 0: without."),
]
Spectral = Annotated[
    bool, typer.Option("--spectral", help="A critic with spectral norm.")
]
CriticSteps = Annotated[
    int | None, typer.Option(help="Turns of the critic for each of the generator.")
]


@NETWORKS.command()
def gan(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    data: Data = None,
    size: OnlySize = None,
    r1: R1 = None,
    spectral: Spectral = False,
    critic_steps: CriticSteps = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Draws pictures from a label in one call: a generator and its critic, lesson 15.

    Example: python -m course_lib train gan --iterations 6000 --out runs/gan
    """
    from course_lib.training import rivals

    options = given(batch_size=batch, seed=seed, r1=r1, critic_steps=critic_steps)
    with bad_input():
        settings = prepare(called, rivals.GAN_SETTINGS)
        only_32(size)
        # Before the pictures are loaded, as for a denoiser.
        rivals.checked_gan(None, settings, **options)
        pictures = load_data(data or "critters", 32)
    options |= dict(spectral=spectral)
    learn(called, settings, partial(rivals.gan_trainer, pictures, **options))


@NETWORKS.command()
def tokens(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    data: Data = None,
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
    """Draws pictures from a label token by token, as a text is written: lesson 15.

    Example: python -m course_lib train tokens --iterations 3000 --out runs/tokens
    """
    from course_lib.training import rivals

    options = given(batch_size=batch, seed=seed)
    with bad_input():
        settings = prepare(called, rivals.TOKEN_SETTINGS)
        only_32(size)
        rivals.checked_tokens(None, settings, **options)
        pictures = load_data(data or "critters", 32)
    learn(called, settings, partial(rivals.token_trainer, pictures, **options))


def only_32(size: int | None) -> None:
    """Raise ValueError for another --size than 32, the only one there is."""
    if size is not None:
        checked_size(size, 32)
