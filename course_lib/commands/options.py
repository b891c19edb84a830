"""What the commands share: options, exit codes, error sentences, the line of JSON."""

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
    """The value of an option that names a file, a folder or weights, with ~ expanded.

    The `parser` of each such option. It refuses "", which a shell makes from an unset
    variable. No shell expands the ~ in --out=~/x.png.
    """
    if not given.strip():
        raise typer.BadParameter("it is empty, so name something.")
    try:
        return expanded(given)
    except TypedError as error:
        raise typer.BadParameter(str(error)) from error


def path(given: str) -> Path:
    """The same as a Path; Path("") would be the current folder."""
    return Path(text(given))


def words(given: str) -> str:
    """The value of an argument that is read as words: every letter of it is whole.

    A byte that is no UTF-8, as an old terminal sends it, is no letter, and no file that
    we write could hold it.
    """
    whole = given.encode("utf-8", "ignore").decode("utf-8")
    if whole != given:
        remark(f"Some bytes of {given!r} are no letters (UTF-8), and are left out.")
    return whole


# Defined once, so that an option means and says the same in every command.
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
    """Say on stderr, in one line, what went wrong; return the exit code `code`."""
    remark(sentence)
    return code


@contextmanager
def bad_input() -> Iterator[None]:
    """Report errors in this block as bad input: one sentence and exit code 2.

    Except a full disk, which `main` reports.
    """
    try:
        yield
    # A WriteError is a CheckpointError, so it must be let through by name.
    except WriteError:
        raise
    # A slip in our own code also raises ValueError. So commands check inside this block
    # and compute after it, where a ValueError keeps its traceback.
    except (ValueError, DataError, CheckpointError) as error:
        raise typer.Exit(complain(str(error), BAD_INPUT)) from error
    except OSError as error:
        raise typer.Exit(complain(in_a_sentence(error), BAD_INPUT)) from error


def in_a_sentence(error: OSError) -> str:
    """The system's message about a file, without its error number."""
    # An OSError made from a single text, as Pillow makes them, has nothing else.
    if not error.strerror:
        return str(error)
    return f"{error.filename or 'A file'} cannot be used: {error.strerror}."


def say_json(facts: dict) -> None:
    """Print the facts as one line of JSON, which must be the last line of stdout."""
    # Not `tell`: JSON already escapes whatever a terminal would obey. Flushed, since
    # Python buffers output to a pipe, where somebody waits for this line.
    print(json.dumps(facts), flush=True)
