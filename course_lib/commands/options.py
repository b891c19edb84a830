"""What the commands share: exit codes, one sentence, one line of JSON."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from course_lib.cards import CheckpointError
from course_lib.checkpoint import WriteError
from course_lib.diffusion.guidance import FOR_LABELS, FOR_LATENTS, FOR_PROMPTS
from course_lib.painters.painter import SAMPLERS
from course_lib.shown import remark
from course_lib.typed import TypedError, expanded
from course_lib.world.datasets import DataError

DONE, FAILED, BAD_INPUT = 0, 1, 2


def text(given: str) -> str:
    """An option that names a file, a folder or weights, its ~ written out.

    As `parser` of each such option. It may not be "", which a shell makes of a variable
    that is not set; and of --out=~/x.png no shell writes out the ~.
    """
    if not given.strip():
        raise typer.BadParameter("it is empty, so name something.")
    try:
        return expanded(given)
    except TypedError as error:
        raise typer.BadParameter(str(error)) from error


def path(given: str) -> Path:
    """The same as a path, of which "" would be the folder one is in."""
    return Path(text(given))


# One name an option, so that it means and says the same in every command that has it.
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one line of JSON at the end.")
]
AsTyped = Annotated[
    bool,
    typer.Option("--as-typed", help="Read prompts exactly as typed: no rewriting."),
]
Pictures = Annotated[
    str,
    typer.Option(parser=text, help="FILE.png, or FOLDER/ for one file a picture."),
]
Weights = Annotated[
    str, typer.Option(parser=text, help="Shipped weights, or a training folder.")
]
Guidance = Annotated[
    float | None,
    typer.Option(
        help="Guidance scale: 1 is none, more follows the prompt closely. By default "
        f"{FOR_PROMPTS.guidance_scale:g} at every step, {FOR_LABELS.guidance_scale:g} "
        f"for a label; in latents {FOR_LATENTS.guidance_scale:g}, in the middle only."
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        help=f"Sampling steps. By default {FOR_PROMPTS.steps}, {FOR_LABELS.steps} "
        f"for a label, {FOR_LATENTS.steps} in latents."
    ),
]
Sampler = Annotated[
    str | None,
    typer.Option(help=f"One of {', '.join(SAMPLERS)}."),
]


def complain(sentence: str, code: int) -> int:
    """Say on stderr, in one line, what went wrong; returns the exit code `code`."""
    remark(sentence)
    return code


@contextmanager
def bad_input() -> Iterator[None]:
    """Whatever is refused in here is the asker's mistake: a sentence, exit code 2.

    But not a full disk, of which `main` speaks.
    """
    try:
        yield
    # It is a CheckpointError, too, so it must be let through by name.
    except WriteError:
        raise
    # ValueError is also what a slip in our own code raises. So commands check inside
    # this block and compute after it: there a ValueError keeps its traceback.
    except (ValueError, DataError, CheckpointError) as error:
        raise typer.Exit(complain(str(error), BAD_INPUT)) from error
    except OSError as error:
        raise typer.Exit(complain(in_a_sentence(error), BAD_INPUT)) from error


def in_a_sentence(error: OSError) -> str:
    """What the system said of a file, without its number for that."""
    # An OSError that was made of one text, as Pillow makes them, has nothing else.
    if not error.strerror:
        return str(error)
    return f"{error.filename or 'A file'} cannot be used: {error.strerror}."


def say_json(facts: dict) -> None:
    """The facts as one line, which is to be the last of stdout."""
    # Not `tell`: JSON escapes whatever a terminal would obey by itself. And flushed, as
    # Python keeps back what goes into a pipe, where somebody waits for this line.
    print(json.dumps(facts), flush=True)
