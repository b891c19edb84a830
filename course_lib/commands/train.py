"""The command `train`: train a network of the course into a folder."""

import math
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from course_lib.checkpoint import check_writable
from course_lib.commands.options import (
    FAILED,
    AsJson,
    bad_input,
    complain,
    path,
    say_json,
    text,
)
from course_lib.device import in_words, set_threads, use_all_cores

TIMED = 20  # iterations that --minutes is reckoned from


GLANCE = 5  # iterations that the announced time is reckoned from


UNTIMED = 10**9


def train(
    called: typer.Context,
    out: Annotated[
        Path, typer.Option(parser=path, help="The folder of this training.")
    ],
    data: Annotated[
        str | None, typer.Option(parser=text, help="critters, cifar10 or folder:PATH.")
    ] = None,
    iterations: Annotated[int | None, typer.Option(help="How many.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="As many iterations as fit, timed once.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Pictures an iteration, if not the recipe's.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of weights, order and noise: 0, for a reader 1.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Carry on.")] = False,
    until: Annotated[
        int | None, typer.Option(help="Stop after this iteration, to carry on later.")
    ] = None,
    keep: Annotated[
        str, typer.Option(help="Iterations whose weights to keep as well: 300,1500.")
    ] = "",
    what: Annotated[
        str,
        typer.Option(
            help="denoiser, text, latent, pair, autoencoder, reader or classifier."
        ),
    ] = "denoiser",
    size: Annotated[
        int | None, typer.Option(help="Height and width: 32 or 64, as there is.")
    ] = None,
    widths: Annotated[
        str | None, typer.Option(help="Channels on each grid: 64,128; of text 64,160.")
    ] = None,
    blocks: Annotated[
        int | None, typer.Option(help="Residual blocks a grid: 2; of text 1.")
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            parser=text,
            help="Whose text encoder a text starts with, "
            "whose eyes an autoencoder learns with: pair.",
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(parser=text, help="Trained weights to go on from."),
    ] = None,
    autoencoder: Annotated[
        str | None,
        typer.Option(parser=text, help="Whose latents a latent learns: autoencoder."),
    ] = None,
    noisier: Annotated[
        float | None,
        typer.Option(help="How noisy what it trains on is: 0 even, 0.8 of text."),
    ] = None,
    strangers: Annotated[
        float | None,
        typer.Option(help="An autoencoder's share of pictures that are no critters."),
    ] = None,
    optimizer: Annotated[
        str | None, typer.Option(help="adamw or muon, if not the recipe's own.")
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="Of an AdamW or Muon step, if not the recipe's."),
    ] = None,
    precision: Annotated[
        str, typer.Option(help="auto, float32 or bfloat16; auto times both.")
    ] = "auto",
    threads: Annotated[
        int | None, typer.Option(help="CPU threads; all, if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a network into a folder; killed or stopped, it carries on with --resume.

    Example: python -m course_lib train --data critters --minutes 10 --out runs/mine
    """
    from course_lib.training import recipes, trainer
    from course_lib.training.resume import saved_card

    options = {} if batch is None else dict(batch_size=batch)
    options |= {} if seed is None else dict(seed=seed)
    given = dict(pair=pair, start=start, autoencoder=autoencoder)
    given |= dict(noisier=noisier, strangers=strangers)
    options |= {name: value for name, value in given.items() if value is not None}
    with bad_input():
        check_writable(out)
        use_threads(threads)
        saved = saved_card(out, resume)
        check_length(iterations, minutes, until)
        if iterations is None:  # those it began with, or, once timed, what fits
            iterations = saved.get("settings", {}).get("iterations", UNTIMED)
        settings = trainer.Settings(
            iterations=iterations,
            precision=precision,
            keep=whole_numbers("--keep", keep),
            **recipes.settings_of(what, optimizer, learning_rate),
        )
        grids = None if widths is None else whole_numbers("--widths", widths)
        make = recipes.recipe(what, data, size, grids, blocks, **options)

    def begin(*how):  # what is refused now was asked for; what fails later was not
        with bad_input():
            return make(*how)

    glance = TIMED if minutes else GLANCE
    seconds = trainer.seconds_an_iteration(begin, settings, glance)
    if iterations == UNTIMED:
        fitting = max(1, round(60 * minutes / seconds))
        settings = replace(settings, iterations=fitting)
    training = begin(settings, out, resume)
    training.until = until
    training.card["command"] = command_line(called, settings.iterations)
    announce(training, seconds)
    trainer.train(training)
    report_training(training, as_json)


def check_length(
    iterations: int | None, minutes: float | None, until: int | None
) -> None:
    """Raise a sentence unless one of the first two is given, and all make sense."""
    if (iterations is None) == (minutes is None):
        raise ValueError("Say how long: either --iterations N or --minutes M.")
    if minutes is not None and not 0 < minutes < math.inf:
        raise ValueError(f"--minutes must be more than 0; got {minutes}.")
    if until is not None and until < 1:
        raise ValueError(f"--until must be 1 or more; got {until}.")


def use_threads(threads: int | None) -> None:
    """So many CPU threads; all that are ours, if it is not said."""
    use_all_cores()
    if threads is not None:
        set_threads(threads)


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """ "300,1500" to (300, 1500), or a sentence."""
    try:
        return tuple(int(number) for number in text.split(",") if number.strip())
    except ValueError as error:
        sentence = f"{option} takes whole numbers like 64,128; got {text!r}."
        raise ValueError(sentence) from error


def command_line(called: typer.Context, iterations: int) -> str:
    """The command that trains the same again: every option that was not left alone."""
    values = called.params | dict(iterations=iterations, minutes=None)
    values |= dict(resume=False, until=None, as_json=False)
    words = ["python", "-m", "course_lib", called.command.name]
    for option in called.command.params:
        if values.get(option.name, option.default) != option.default:
            words += [option.opts[0], str(values[option.name])]
    return shlex.join(words)


def announce(training, seconds: float) -> None:
    """What is about to happen, and about how long it will take on this device."""
    if not training.accelerator.is_main_process:
        return
    left = max(0, training.last - training.iteration)
    size = sum(p.numel() for p in training.raw_model.parameters()) / 1e6
    after = f" after {training.iteration}" if training.iteration else ""
    if training.resume and not after:
        print("There is no training to resume yet: it starts from the beginning.")
    print(
        f"Training {size:.1f} M parameters on {training.device.type} "
        f"({training.threads} threads, {training.precision}): "
        f"{left} iterations{after}, about {in_words(left * seconds)}.",
        flush=True,
    )


def report_training(training, as_json: bool) -> None:
    """Where it is, and how it went; exit code 1 if it was stopped before its end."""
    if not training.accelerator.is_main_process:
        return
    last = training.losses[-100:]
    loss = sum(last) / len(last) if last else math.nan
    done, wanted = training.iteration, training.settings.iterations
    print(f"{done} of {wanted} iterations, loss {loss:.4f}: {training.folder}")
    if as_json:
        facts = dict(folder=str(training.folder), iterations=done, loss=loss)
        say_json(facts | dict(precision=training.precision, card=training.card))
    if done < training.last:
        sentence = "Stopped before its end; the same command with --resume carries on."
        raise typer.Exit(complain(sentence, FAILED))
