"""The commands `train denoiser`, `train text`, ...: one per network, with its options.

train.py reads the shared options from `called.params`, where typer keeps them by name;
so most of these parameters are only named here, for --help.
"""

from functools import partial
from typing import Annotated

import typer

from course_lib.commands.options import AsJson, bad_input, text
from course_lib.commands.train import (
    Accumulate,
    Again,
    Batch,
    Blocks,
    Iterations,
    Keep,
    LearningRate,
    Manner,
    Minutes,
    Noisier,
    OfListener,
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
    whole_numbers,
)
from course_lib.device import best_device
from course_lib.training.bounds import checked_size
from course_lib.world.datasets import DataError, PictureSet, load_cifar10, load_critters
from course_lib.world.photos import load_folder

# Options of a single network, or with a help text of their own in each.
Data = Annotated[
    str | None, typer.Option(parser=text, help="critters, cifar10 or folder:PATH.")
]
PairOfText = Annotated[
    str | None,
    typer.Option(
        "--pair", parser=text, help="The pair whose text encoder it starts with: pair."
    ),
]
PairOfEyes = Annotated[
    str | None,
    typer.Option(
        "--pair",
        parser=text,
        help="The pair whose image encoder it is compared by: pair.",
    ),
]
OfLatents = Annotated[
    str | None,
    typer.Option(
        "--autoencoder",
        parser=text,
        help="The autoencoder whose latents it learns: autoencoder.",
    ),
]
Strangers = Annotated[
    float | None, typer.Option(help="The share of pictures that show no critter.")
]

NETWORKS = typer.Typer(
    help="""Train a network. Stopped or killed, it carries on with --resume.

    Without NAME it trains a denoiser: --data names its pictures, critters or your own.
    All take --out FOLDER, --iterations N or --minutes M, --batch N, --seed N and
    --resume to carry on; `train NAME --help` lists the rest.

    Example: python -m course_lib train --data critters --minutes 10 --out runs/mine
    """
)
NAMES = (
    *("denoiser", "text", "latent", "pair", "autoencoder"),
    *("listener", "reader", "inspector", "classifier"),  # train_judges.py
    *("likeness", "reward"),  # train_judges.py
    *("gan", "tokens"),  # train_rivals.py
    *("film", "film-judge"),  # train_films.py
)


def with_its_name(words: list[str]) -> list[str]:
    """`train text` for `train --what text`, `train denoiser` for plain `train`.

    The form with --what dates from when `train` was one command; cards and lessons
    still use it.

    >>> with_its_name("train --out runs/mine --what text --size 64".split())
    ['train', 'text', '--out', 'runs/mine', '--size', '64']
    """
    _, *rest = words
    # `train --help` is about all of them. A first word that is not an option is a name,
    # right or wrong, and typer knows what to say about it.
    if rest[:1] == ["--help"] or (rest and not rest[0].startswith("-")):
        return words
    # By hand, since --what may come anywhere among options that belong to a command
    # which is known only once --what is found.
    name, left = "denoiser", []
    while rest:
        word = rest.pop(0)
        if word == "--what":
            name = rest.pop(0) if rest else ""
        elif word.startswith("--what="):
            name = word.removeprefix("--what=")
        else:
            left.append(word)
    if name not in NAMES:
        names = ", ".join(NAMES)
        raise typer.BadParameter(f"--what must be one of {names}; got {name!r}.")
    return ["train", name, *left]


# What was asked for -------------------------------------------------------------


def load_data(data: str, size: int = 32, split: str = "train") -> PictureSet:
    """Load the picture set that --data names: critters, cifar10 or folder:PATH."""
    # A label names one animal, so pictures of two have no label.
    if data == "critters":
        return load_critters(split, size=size, kind="one")
    if data == "cifar10":
        return load_cifar10(split)
    if not data.startswith("folder:"):
        raise DataError(
            f"--data must be critters, cifar10 or folder:PATH; got {data!r}."
        )
    return load_folder(data.removeprefix("folder:"), size)


def size_of(data: str, size: int | None) -> int:
    """Height and width of a set's pictures in pixels; CIFAR-10 has only one size."""
    # Another size is refused, not ignored, or photos would be enlarged silently.
    sizes = (32,) if data == "cifar10" else (32, 64)
    return sizes[0] if size is None else checked_size(size, *sizes)


def only(
    one: str,
    its_data: str,
    data: str | None,
    its_size: int | None = None,
    size: int | None = None,
) -> None:
    """Raise ValueError if --data or --size names what a network cannot learn from."""
    # Old commands and cards have --data and --size everywhere. Right values are
    # accepted and wrong ones refused: if ignored, it would train for an hour on
    # something else.
    if data not in (None, its_data):
        raise ValueError(f"{one} learns from {its_data}; got --data {data}.")
    if size is not None:
        checked_size(size, its_size)


def grids(widths: str | None) -> tuple[int, ...] | None:
    """ "64,128" to (64, 128)."""
    return None if widths is None else whole_numbers("--widths", widths)


def painter_size(start: str | None, widths: str | None, blocks: int | None) -> dict:
    """Channels and blocks: as asked for, as in `start`, or what suits this machine."""
    from course_lib.training import recipes

    # A training that starts from weights has their size. Otherwise it is as large as
    # can be trained in about the same time: a data-centre GPU does in ten minutes what
    # two cores do in a day.
    larger = start is None and best_device().type == "cuda"
    own = recipes.PAINTER_OF_GPU if larger else {}
    return own | given(widths=grids(widths), blocks=blocks)


def refuse_two_beginnings(start: str | None, pair: str | None) -> None:
    """Raise ValueError if the text encoder would come from two places."""
    if start and pair:
        raise ValueError("--start already brings a text encoder: leave out --pair.")


# Each command lists all its options, though most are shared: typer builds --help and
# its checks from the signature, and a reader of one network finds everything in one
# place. A common dict of options would be shorter, but would hide which network has
# which.
@NETWORKS.command()
def denoiser(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    data: Data = None,
    size: Size = None,
    widths: Widths = None,
    blocks: Blocks = None,
    noisier: Noisier = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    accumulate: Accumulate = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Draws pictures from a label: lessons 04 to 06.

    Example: python -m course_lib train denoiser --minutes 10 --out runs/mine
    """
    from course_lib.training import recipes

    options = given(batch_size=batch, seed=seed, blocks=blocks, noisier=noisier)
    with bad_input():
        settings = prepare(called, recipes.DENOISER_SETTINGS)
        options |= given(widths=grids(widths))
        data = data or "critters"
        size = size_of(data, size)
        # Checked before the pictures are loaded: after drawing 50,000 of them, or
        # downloading photos, a refusal is too late. Other recipes load their own, after
        # their own checks.
        recipes.checked_denoiser(size, settings, **options)
        pictures = load_data(data, size=size)
    learn(called, settings, partial(recipes.denoiser_trainer, pictures, **options))


# Not called `text` here, since that is the parser of options.py.
@NETWORKS.command("text")
def text_painter(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    size: Size = None,
    widths: Widths = None,
    blocks: Blocks = None,
    pair: PairOfText = None,
    start: Start = None,
    noisier: Noisier = None,
    data: OnlyData = None,
    listener: OfListener = None,
    manner: Manner = None,
    again: Again = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    accumulate: Accumulate = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Draws pictures from a prompt, in pixels: lesson 10.

    Example: python -m course_lib train text --iterations 6000 --out runs/words
    """
    from course_lib.training import recipes

    options = given(batch_size=batch, seed=seed, size=size, noisier=noisier)
    options |= given(pair=pair, start=start, listener=listener)
    options |= given(manner=manner, again=again)
    with bad_input():
        settings = prepare(called, recipes.TEXT_SETTINGS)
        only("A text", "critters", data)
        refuse_two_beginnings(start, pair)
        options |= painter_size(start, widths, blocks)
    learn(called, settings, partial(recipes.text_trainer, **options))


@NETWORKS.command()
def latent(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    widths: Widths = None,
    blocks: Blocks = None,
    pair: PairOfText = None,
    start: Start = None,
    autoencoder: OfLatents = None,
    noisier: Noisier = None,
    data: OnlyData = None,
    size: OnlySize = None,
    listener: OfListener = None,
    manner: Manner = None,
    again: Again = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    accumulate: Accumulate = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Draws pictures from a prompt, in latents: lesson 12.

    Example: python -m course_lib train latent --iterations 4000 --out runs/latent
    """
    from course_lib.training import recipes

    options = given(batch_size=batch, seed=seed, noisier=noisier)
    options |= given(pair=pair, start=start, autoencoder=autoencoder)
    options |= given(listener=listener, manner=manner, again=again)
    with bad_input():
        settings = prepare(called, recipes.LATENT_SETTINGS)
        # Lesson 12's latents are the 16x16 places of an autoencoder that learned only
        # 64x64.
        only("A latent", "critters", data, 64, size)
        refuse_two_beginnings(start, pair)
        options |= painter_size(start, widths, blocks)
    learn(called, settings, partial(recipes.latent_trainer, **options))


@NETWORKS.command()
def pair(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    data: OnlyData = None,
    size: OnlySize = None,
    manner: Manner = None,
    again: Again = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    accumulate: Accumulate = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Tells which picture fits which text: lesson 09.

    Example: python -m course_lib train pair --iterations 700 --out runs/pair
    """
    from course_lib.training import recipes

    options = given(batch_size=batch, seed=seed, manner=manner, again=again)
    with bad_input():
        settings = prepare(called, recipes.PAIR_SETTINGS)
        only("A pair", "critters", data, 32, size)
    learn(called, settings, partial(recipes.pair_trainer, **options))


@NETWORKS.command()
def autoencoder(
    called: typer.Context,
    out: Out,
    iterations: Iterations = None,
    minutes: Minutes = None,
    batch: Batch = None,
    seed: Seed = None,
    widths: Widths = None,
    blocks: Blocks = None,
    pair: PairOfEyes = None,
    start: Start = None,
    strangers: Strangers = None,
    data: OnlyData = None,
    size: OnlySize = None,
    resume: Resume = False,
    until: Until = None,
    keep: Keep = "",
    optimizer: Optimizer = None,
    learning_rate: LearningRate = None,
    precision: Precision = "auto",
    accumulate: Accumulate = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Turns pictures into latents and back: lesson 11.

    Example: python -m course_lib train autoencoder --iterations 12000 --out runs/coder
    """
    from course_lib.training import recipes

    options = given(batch_size=batch, seed=seed, blocks=blocks, strangers=strangers)
    options |= given(pair=pair, start=start)
    with bad_input():
        settings = prepare(called, recipes.AUTOENCODER_SETTINGS)
        only("An autoencoder", "critters", data, 64, size)
        options |= given(widths=grids(widths))
    learn(called, settings, partial(recipes.autoencoder_trainer, **options))
