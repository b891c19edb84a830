"""The commands `finetune lora`, `finetune inversion`, ...: make a painter yours.

The options that all share are those of `train` (train.py), where they are read by name.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer

from course_lib.checkpoint import load_weights
from course_lib.commands.options import AsJson, bad_input, path, text
from course_lib.commands.picture_files import write_image
from course_lib.commands.train import (
    DRAWN,
    Batch,
    Iterations,
    LearningRate,
    Minutes,
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
from course_lib.shown import remark

EVERY = 100  # iterations between two sheets of pictures
LOST = 0.02  # squared error of a copy; of the plush it is 0.011, of critters 0.003

Images = Annotated[
    Path, typer.Option(parser=path, help="A folder of 5 to 10 pictures of one thing.")
]
Word = Annotated[str, typer.Option(help="What to call it: an invented word.")]
Base = Annotated[
    str | None,
    typer.Option("--weights", parser=text, help="The painter to start from: latent."),
]
Prior = Annotated[
    str | None,
    typer.Option(
        help="Half of each batch keeps what it knew: world, own (its own pictures) or "
        "none."
    ),
]
Rank = Annotated[int | None, typer.Option(help="Numbers between down and up: 16.")]
Alpha = Annotated[
    float | None, typer.Option(help="The change counts alpha / rank times: rank.")
]
Like = Annotated[
    str | None,
    typer.Option(
        parser=text, help="The known word that the new one starts as: rabbit."
    ),
]

FINETUNE = typer.Typer(
    help="""Make a painter yours, with a few pictures and a word of your own.

    All take --out FOLDER and --resume to carry on. While they train, pictures of what
    they can do appear in FOLDER/pictures.

    Example: python -m course_lib finetune lora --images photos --word zorp --out runs/z
    """
)


@FINETUNE.command()
def lora(
    called: typer.Context,
    images: Images,
    word: Word,
    out: Out,
    like: Like = None,
    rank: Rank = None,
    alpha: Alpha = None,
    prior: Prior = None,
    weights: Base = None,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    learning_rate: LearningRate = None,
    resume: Resume = False,
    until: Until = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """A small change beside each layer, in a small file.

    Example: python -m course_lib finetune lora --images photos --word zorp --out runs/z
    """
    from course_lib.training import personalise

    options = given(like=like, rank=rank, alpha=alpha, prior=prior)
    of_three(called, personalise.lora_trainer, personalise.LORA_SETTINGS, options)


@FINETUNE.command()
def inversion(
    called: typer.Context,
    images: Images,
    word: Word,
    out: Out,
    like: Like = None,
    weights: Base = None,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    learning_rate: LearningRate = None,
    resume: Resume = False,
    until: Until = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """One new word, and nothing else moves: a file of a kilobyte.

    Example: python -m course_lib finetune inversion --images photos --word zorp
    --like rabbit --out runs/word
    """
    from course_lib.training import personalise

    how = (personalise.inversion_trainer, personalise.WORD_SETTINGS)
    of_three(called, *how, given(like=like))


@FINETUNE.command()
def dreambooth(
    called: typer.Context,
    images: Images,
    word: Word,
    out: Out,
    like: Like = None,
    prior: Prior = None,
    weights: Base = None,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    learning_rate: LearningRate = None,
    resume: Resume = False,
    until: Until = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """The whole painter learns: a painter of its own, for --weights.

    Example: python -m course_lib finetune dreambooth --images photos --word zorp
    --out runs/dream
    """
    from course_lib.training import personalise

    how = (personalise.dreambooth_trainer, personalise.DREAM_SETTINGS)
    of_three(called, *how, given(like=like, prior=prior))


@FINETUNE.command()
def control(
    called: typer.Context,
    out: Out,
    weights: Base = None,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    learning_rate: LearningRate = None,
    resume: Resume = False,
    until: Until = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """A pencil sketch steers what is drawn; it learns from critters.

    Example: python -m course_lib finetune control --out runs/control
    """
    from course_lib.training import steering

    with bad_input():
        settings = prepare(called, steering.CONTROL_SETTINGS)
    make = partial(steering.control_trainer, **common(called))
    learn(called, settings, make)


@FINETUNE.command("carry-on")
def carry_on(
    called: typer.Context,
    out: Out,
    weights: Base = None,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    learning_rate: LearningRate = None,
    resume: Resume = False,
    until: Until = None,
    precision: Precision = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Train on, with a ninth animal and a new scene: the octopus, under water.

    Example: python -m course_lib finetune carry-on --out runs/octopus
    """
    from course_lib.training import newcomers

    with bad_input():
        settings = prepare(called, newcomers.NEWCOMER_SETTINGS)
    learn(called, settings, partial(newcomers.carry_on_trainer, **common(called)))


# What they share ----------------------------------------------------------------------


def common(called: typer.Context) -> dict:
    """The options that every recipe of this file takes."""
    asked = called.params
    return given(batch_size=asked["batch"], seed=asked["seed"], base=asked["weights"])


def of_three(called: typer.Context, recipe: Callable, own: dict, options: dict) -> None:
    """Train one of the three methods that learn from a folder of pictures."""
    from course_lib.training.mine import SIZE, own_pictures
    from course_lib.training.personalise import BASE

    asked = called.params
    with bad_input():
        settings = prepare(called, own)
        base = asked["weights"] or BASE
        size = load_weights(base)[1].get("size", SIZE)
        mine = own_pictures(asked["images"], asked["word"], size)
        if len(mine) == 1:
            remark(
                "One picture is enough to start, but it will be copied, place and all: "
                "5 to 10 in different places teach what belongs to the thing."
            )
    make = partial(recipe, mine, **common(called), **options)
    shown = partial(show, asked["out"], base, mine)
    learn(called, settings, make, shown, EVERY)


def show(
    out: Path, base: str, mine, training, model: torch.nn.Module, iteration: int
) -> None:
    """Draw what a training can do so far, into OUT/pictures/ITERATION.png."""
    from course_lib.painters.additions import painter_of
    from course_lib.pixels import to_grid

    painter = painter_of(base, training.card, model)
    folder = out / DRAWN
    if not (folder / "copies.png").exists():
        show_copies(folder / "copies.png", painter, mine)
    word = mine.word
    prompts = [f"a {word}", f"a {word} in the snow", f"a {word} on stilts", "a red cat"]
    pictures = torch.cat([painter([prompt] * 2, seed=0) for prompt in prompts])
    sheet = to_grid(pictures, columns=len(pictures), zoom=2)
    write_image(sheet, folder / f"{iteration:05}.png")


def show_copies(file: Path, painter, mine) -> None:
    """My pictures, and below each what the autoencoder makes of it; a remark if little.

    No fine-tuning draws anything better than its copy.
    """
    from course_lib.pixels import from_bytes, to_grid

    pictures = from_bytes(mine.pictures[:10])
    copies = painter.decode(painter.encode(pictures))
    sheet = to_grid(torch.cat([pictures, copies]), columns=len(pictures), zoom=2)
    write_image(sheet, file)
    if (pictures - copies).square().mean() > LOST:
        remark(
            "The autoencoder has seen nothing like these pictures, and what it makes "
            f"of them is the best that can be drawn: see {file}."
        )
