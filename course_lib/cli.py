"""The command line: draw pictures, change them, train, measure, look at this machine.

    python -m course_lib generate "a frog on stilts" --n 4 --out frogs.png

A contract, for people who script it: it exits with 0 when it is done, with 2 for bad
input (one sentence on stderr, and nothing was written) and with 1 for anything else.
With --json the last line of stdout is one JSON object.
"""

import math
import shlex
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import nn
from tqdm.auto import tqdm

from course_lib.checkpoint import WriteError, check_writable
from course_lib.cli_average import average
from course_lib.cli_edit import edit
from course_lib.cli_evaluate import evaluate
from course_lib.cli_export import export
from course_lib.cli_interpolate import interpolate
from course_lib.command import (
    BAD_INPUT,
    DONE,
    FAILED,
    AsJson,
    AsTyped,
    Guidance,
    Pictures,
    Sampler,
    Steps,
    bad_input,
    complain,
    path,
    say_json,
    text,
)
from course_lib.device import best_device, in_words, use_all_cores
from course_lib.gallery import places_for, write_pictures
from course_lib.pipeline import SPACES, LabelToImage, TextToImage

MOST_PICTURES = 10_000
UsageError = typer.BadParameter.__base__  # click's, or typer's own copy of it

app = typer.Typer(
    help="From pixels to prompts: draw and change pictures, train, measure.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        name = "python -m course_lib"
        return app(arguments or ["--help"], name, standalone_mode=False) or DONE
    except UsageError as error:
        return complain(error.format_message(), BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return complain("Stopped.", FAILED)
    except (WriteError, FloatingPointError) as error:
        return complain(str(error), FAILED)


# generate ---------------------------------------------------------------------


@app.command()
def generate(
    out: Pictures,
    prompt: Annotated[
        list[str] | None, typer.Argument(help="What to draw; several take turns.")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="Instead of a prompt; several (a,b or repeated) take turns."),
    ] = None,
    n: Annotated[int, typer.Option(help="How many pictures.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed draws the same.")] = 0,
    steps: Steps = None,
    guidance: Guidance = None,
    negative: Annotated[str, typer.Option(help="A prompt to be led away from.")] = "",
    weights: Annotated[
        str | None,
        typer.Option(parser=text, help="A shipped name, or a training's folder."),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Of prompts: latent (64x64), or pixel (32x32).")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Height and width, if not those it learned.")
    ] = None,
    sampler: Sampler = "dpm_solver",
    as_typed: AsTyped = False,
    as_json: AsJson = False,
) -> None:
    """Draw pictures of what a prompt says, or a label names.

    Example: python -m course_lib generate "a frog on stilts" --n 16 --out frogs.png
    """
    use_all_cores()
    labels = [name.strip() for names in label or [] for name in names.split(",")]
    settings = dict(steps=steps, guidance_scale=guidance, sampler=sampler)
    with bad_input():
        if (prompt is None) == (label is None):
            raise ValueError("Say what to draw: either a prompt or --label.")
        if not 1 <= n <= MOST_PICTURES:
            raise ValueError(f"--n must lie in 1..{MOST_PICTURES}; got {n}.")
        files, grid = places_for(out, n)
        if space is not None and (label or weights):
            raise ValueError("--space is for a prompt, and without --weights.")
        space = "latent" if space is None else space
        if space not in SPACES:
            raise ValueError(f"--space must be latent or pixel; got {space!r}.")
        weights = weights or ("critters" if label else SPACES[space])
        if label and (negative or size is not None or as_typed):
            raise ValueError(
                "--negative, --size and --as-typed need a prompt, not a label."
            )
        if label:
            draw = LabelToImage.from_pretrained(weights, best_device())
        else:
            draw = TextToImage.from_pretrained(weights, best_device(), as_typed)
        told = dict(negative_prompt=negative, size=size) if prompt else {}
        draw.trace(labels or prompt, seed=seed, **settings, **told)  # only checks
        if prompt and as_json:
            from course_lib.fidelity import READER, load_judge, what_is_seen

            load_judge(READER)  # only checks
    asked = [(labels or prompt)[i % len(labels or prompt)] for i in range(n)]
    for sentence in draw.remarks(prompt, size) if prompt else []:
        print(sentence, file=sys.stderr)
    looked = count_looks(draw.model)
    started = time.monotonic()
    way = draw.way(guidance, steps)
    with tqdm(total=n * (way.steps + 1), unit="step", disable=None) as bar:
        watch = dict(callback=lambda step: bar.update(len(step.x_t)))
        pictures = draw(asked, seed=seed, **watch, **settings, **told)
    seconds = time.monotonic() - started
    write_pictures(pictures, files, grid)
    wrote = [str(file) for file in files] + ([str(grid)] if grid else [])
    print(f"{n} picture{'s' * (n > 1)} in {seconds:.1f} s: {wrote[-1]}")
    if as_json:
        facts = dict(files=wrote, seed=seed, weights=weights)
        facts |= asdict(way) | dict(sampler=sampler)
        facts |= {"labels": asked} if label else {"prompts": asked} | told
        if prompt:
            facts |= dict(read_as=draw.reworded(asked))
            facts |= what_is_seen(pictures, prompts=asked)
        calls = looked["pictures"] / n  # network calls a picture, as counted
        device = str(next(draw.model.parameters()).device)
        say_json(facts | dict(calls=calls, seconds=seconds, device=device))


def count_looks(model: nn.Module) -> dict[str, int]:
    """A counter of the noisy pictures that the network is shown from now on."""
    looked = {"pictures": 0}

    def count(model, inputs, output):
        looked["pictures"] += len(inputs[0])

    model.register_forward_hook(count)
    return looked


# train ------------------------------------------------------------------------

TIMED = 20  # iterations that --minutes is reckoned from
GLANCE = 5  # iterations that the announced time is reckoned from
UNTIMED = 10**9


@app.command()
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
    from course_lib import recipes, trainer

    options = {} if batch is None else dict(batch_size=batch)
    options |= {} if seed is None else dict(seed=seed)
    given = dict(pair=pair, start=start, autoencoder=autoencoder)
    given |= dict(noisier=noisier, strangers=strangers)
    options |= {name: value for name, value in given.items() if value is not None}
    with bad_input():
        check_writable(out)
        use_threads(threads)
        saved = trainer.saved_card(out, resume)
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
        if threads < 1:
            raise ValueError(f"--threads must be 1 or more; got {threads}.")
        torch.set_num_threads(threads)


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


app.command()(average)
app.command()(evaluate)
app.command()(edit)
app.command()(export)
app.command()(interpolate)


# doctor -----------------------------------------------------------------------


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what this machine is, what is there, how fast it is, and what to do.

    Example: python -m course_lib doctor
    """
    from course_lib.doctor import as_lines, examine

    use_all_cores()
    found = examine()
    print("\n".join(as_lines(found)))
    if as_json:
        say_json(found)
