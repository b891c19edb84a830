"""What all commands `train NETWORK` share: their options, their run, their report.

The commands themselves, one per network, are in train_networks.py, train_judges.py,
train_rivals.py and train_films.py.
"""

import math
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from course_lib.checkpoint import check_writable
from course_lib.commands.options import (
    FAILED,
    bad_input,
    complain,
    path,
    say_json,
    text,
)
from course_lib.device import in_words, set_threads, use_all_cores
from course_lib.shown import tell
from course_lib.typed import expanded

# More for --minutes, since they decide how many iterations there will be; hardly any
# for a forecast that binds nobody.
TIMED = 20  # iterations timed for --minutes
GLANCE = 5  # iterations timed for the announced time
# The settings need a number from the start: the learning rate falls towards the last
# iteration, so "until the time is up" would be another recipe on every machine.
UNTIMED = 10**9  # stands for as many as fit, until they are timed
A_YEAR = 366 * 24 * 60  # minutes

# Options of all networks.
Out = Annotated[
    Path, typer.Option(parser=path, help="The folder to save the training in.")
]
Iterations = Annotated[int | None, typer.Option(help="Batches to train on.")]
Minutes = Annotated[
    float | None, typer.Option(help="Train this long: speed is timed once.")
]
Batch = Annotated[
    int | None, typer.Option(help="Pictures a batch, if not the recipe's.")
]
Seed = Annotated[
    int | None,
    typer.Option(help="Seed of weights, order and noise: 0; 1 for a reader."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Carry on a stopped training.")]
Until = Annotated[
    int | None, typer.Option(help="Stop after this iteration, to carry on later.")
]
Keep = Annotated[
    str, typer.Option(help="Also keep the weights at these iterations: 300,1500.")
]
Optimizer = Annotated[
    str | None, typer.Option(help="adamw or muon, if not the recipe's.")
]
LearningRate = Annotated[
    float | None, typer.Option(help="The learning rate, if not the recipe's.")
]
Precision = Annotated[
    str, typer.Option(help="auto, float32 or bfloat16; auto times both.")
]
Accumulate = Annotated[
    int | None,
    typer.Option(help="Cut each batch into N parts, to save memory."),
]
Threads = Annotated[int | None, typer.Option(help="CPU threads. By default all.")]

DRAWN = "pictures"  # in the folder of a training: what it can draw so far

# Options of several networks, but not all.
Widths = Annotated[
    str | None, typer.Option(help="Channels of each grid, such as 64,128.")
]
Blocks = Annotated[int | None, typer.Option(help="Residual blocks a grid.")]
Size = Annotated[
    int | None, typer.Option(help="Height and width of the pictures: 32 or 64.")
]
Noisier = Annotated[
    float | None,
    typer.Option(
        help="Shift training to noisier steps: 0 for labels, 0.8 for prompts."
    ),
]
Start = Annotated[
    str | None, typer.Option(parser=text, help="Trained weights to start from.")
]
OfListener = Annotated[
    str | None,
    typer.Option(
        "--listener",
        parser=text,
        help="The listener whose text encoder it starts with.",
    ),
]
Manner = Annotated[
    str | None,
    typer.Option(parser=text, help="Style of the captions: plain or spoken."),
]
Again = Annotated[
    int | None,
    typer.Option(help="Draw endless new pictures, each used N times; 0: 50,000 fixed."),
]
Frames = Annotated[int | None, typer.Option(help="Frames of a film: 16, or 8.")]
# Most networks learn from one set, of one size: naming it adds nothing.
OnlyData = Annotated[str | None, typer.Option("--data", parser=text, hidden=True)]
OnlySize = Annotated[int | None, typer.Option("--size", hidden=True)]


def prepare(called: typer.Context, own: dict):
    """The settings of a training: the recipe's `own`, changed by the options.

    Threads are set, and nothing else happens yet.

    Args:
        own: the recipe's settings, such as TEXT_SETTINGS in training/recipes.py

    Raises:
        ValueError: an option makes no sense, or the folder is taken and --resume is
        missing
    """
    # Imported inside functions, here and in train_networks.py: the training code takes
    # half as long to import as all commands together (0.15 against 0.3 s), and most
    # commands do not train.
    from course_lib.training import trainer
    from course_lib.training.resume import saved_card

    asked = called.params
    if images := images_of(asked):
        refuse_among_pictures(asked["out"], images)
    check_writable(asked["out"])
    use_threads(asked["threads"])
    saved = saved_card(asked["out"], asked["resume"])
    own = dict(own)
    usual = own.pop("iterations", None)  # only short trainings have a usual length
    if usual and asked["iterations"] is None and asked["minutes"] is None:
        asked["iterations"] = saved.get("settings", {}).get("iterations", usual)
    check_length(asked["iterations"], asked["minutes"], asked["until"])
    # Timed only once: when resumed on a faster or busier machine, --minutes must not
    # move the end, since the learning rate of each iteration depends on it.
    iterations = asked["iterations"]
    if iterations is None:  # those it began with, or UNTIMED until it is timed
        iterations = saved.get("settings", {}).get("iterations", UNTIMED)
    return trainer.Settings(
        iterations=iterations,
        accumulate=asked.get("accumulate") or 1,
        keep=whole_numbers("--keep", asked.get("keep", "")),
        # A recipe that needs float32 says so, and has no such option.
        **dict(precision=asked.get("precision", "auto"))
        | with_step(own, asked.get("optimizer"), asked["learning_rate"]),
    )


def images_of(asked: dict) -> Path | None:
    """The folder of one's own pictures that a training reads, if it reads one."""
    kind, _, folder = (asked.get("data") or "").partition(":")
    named = Path(expanded(folder)) if kind == "folder" and folder.strip() else None
    return asked.get("images") or named


def refuse_among_pictures(out: Path, images: Path) -> None:
    """Raise ValueError if a training would draw where it reads its pictures.

    What it draws would be taken for more of them, now or when it is carried on.
    """
    # Resolved, since a link or another spelling of the path may be the same folder.
    read, written = images.resolve(), out.resolve()
    if written.is_relative_to(read) or read.is_relative_to(written / DRAWN):
        raise ValueError(
            f"--out {out} lies among the pictures of {images}, and what is drawn there "
            "would be learned from: choose a folder outside it."
        )


def learn(
    called: typer.Context,
    settings,
    make: Callable,
    show: Callable | None = None,
    every: int = 500,
) -> None:
    """Train what `make(settings, folder, resume)` returns, and report how it went.

    Args:
        settings: what `prepare` returned
        make: a recipe with its options, which returns a Trainer
        show: called as show(trainer, network, iteration), averaged weights inside
        every: iterations between two of these calls
    """
    from course_lib.training import trainer

    asked = called.params

    def begin(*how):  # a refusal here is bad input; a later failure is not
        with bad_input():
            return make(*how)

    # A throw-away training without a folder: it costs some seconds, and shows how long
    # this will take on the machine at hand.
    glance = TIMED if asked["minutes"] else GLANCE
    seconds = trainer.seconds_an_iteration(begin, settings, glance)
    if settings.iterations == UNTIMED:
        fitting = min(UNTIMED - 1, max(1, round(60 * asked["minutes"] / seconds)))
        settings = replace(settings, iterations=fitting)
    training = begin(settings, asked["out"], asked["resume"])
    training.until = asked["until"]
    # The card says how to train the same again, hence iterations: the same minutes
    # would give another number of them elsewhere.
    training.card["command"] = command_line(called, settings.iterations)
    announce(training, seconds)
    trainer.train(training, show and partial(show, training), every)
    report_training(training, asked["as_json"])


def given(**options) -> dict:
    """The options that were given; the recipe has its own defaults for the rest."""
    return {name: value for name, value in options.items() if value is not None}


def check_length(
    iterations: int | None, minutes: float | None, until: int | None
) -> None:
    """Raise ValueError unless one of the first two is given, and all make sense."""
    if (iterations is None) == (minutes is None):
        raise ValueError("Say how long: either --iterations N or --minutes M.")
    if iterations is not None and iterations >= UNTIMED:
        raise ValueError(f"--iterations must be below {UNTIMED}; got {iterations}.")
    if minutes is not None and not 0 < minutes <= A_YEAR:
        raise ValueError(
            f"--minutes must be more than 0, and no more than a year; got {minutes}."
        )
    if until is not None and until < 1:
        raise ValueError(f"--until must be 1 or more; got {until}.")


def with_step(
    own: dict, optimizer: str | None = None, learning_rate: float | None = None
) -> dict:
    """A recipe's settings, with another optimizer or learning rate if asked for."""
    from course_lib.training.recipes import ADAMW, MUON

    if optimizer not in (None, "adamw", "muon"):
        raise ValueError(f"--optimizer must be adamw or muon; got {optimizer!r}.")
    if learning_rate is not None and not 0 < learning_rate <= 1:
        raise ValueError(f"--learning-rate lies between 0 and 1; got {learning_rate}.")
    # Only if it is not the recipe's own optimizer, whose learning rate was tuned for
    # it.
    if optimizer is not None and own.get("muon", False) != (optimizer == "muon"):
        own = own | (MUON if optimizer == "muon" else ADAMW)
    return own if learning_rate is None else own | {"learning_rate": learning_rate}


def use_threads(threads: int | None) -> None:
    """Give torch this many CPU threads; by default all that are ours."""
    # First, since it honours OMP_NUM_THREADS, and --threads overrides that.
    use_all_cores()
    if threads is not None:
        set_threads(threads)


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """ "300,1500" to (300, 1500); ValueError if not whole numbers."""
    try:
        return tuple(int(number) for number in text.split(",") if number.strip())
    except ValueError as error:
        sentence = f"{option} takes whole numbers like 64,128; got {text!r}."
        raise ValueError(sentence) from error


def command_line(called: typer.Context, iterations: int) -> str:
    """The command that trains the same again: every option that is not its default."""
    # A resumed, halved or talkative training ends in the same weights.
    values = called.params | dict(iterations=iterations, minutes=None)
    values |= dict(resume=False, until=None, as_json=False)
    words = called.command_path.split()  # python -m course_lib train text
    for option in called.command.params:
        if values.get(option.name, option.default) != option.default:
            words += [option.opts[0], str(values[option.name])]
    return shlex.join(words)


def announce(training, seconds: float) -> None:
    """Print what is about to happen, and about how long it will take on this device."""
    # Under torchrun every process comes by here, but only one should speak.
    if not training.accelerator.is_main_process:
        return
    left = max(0, training.last - training.iteration)
    size = sum(p.numel() for p in training.raw_model.parameters()) / 1e6
    after = f" after {training.iteration}" if training.iteration else ""
    if training.resume and not after:
        tell("There is no training to resume yet: it starts from the beginning.")
    print(
        f"Training {size:.1f} M parameters on {training.device.type} "
        f"({training.threads} threads, {training.precision}): "
        f"{left} iterations{after}, about {in_words(left * seconds)}.",
        flush=True,
    )


def report_training(training, as_json: bool) -> None:
    """Report where the training is and how it went; exit code 1 if it stopped early."""
    if not training.accelerator.is_main_process:
        return
    # The loss of one batch says little: it depends on the t and the noise drawn.
    last = training.losses[-100:]
    loss = sum(last) / len(last) if last else math.nan
    done, wanted = training.iteration, training.settings.iterations
    tell(f"{done} of {wanted} iterations, loss {loss:.4f}: {training.folder}")
    if as_json:
        facts = dict(folder=str(training.folder), iterations=done, loss=loss)
        say_json(facts | dict(precision=training.precision, card=training.card))
    # `last` and not `wanted`: with --until, stopping there is what was asked for.
    if done < training.last:
        sentence = "Stopped before its end; the same command with --resume carries on."
        raise typer.Exit(complain(sentence, FAILED))
