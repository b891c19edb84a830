"""The command line: draw pictures, change them, train, measure, look at this machine.

    python -m course_lib generate "a frog on stilts" --n 4 --out frogs.png

A contract for scripts: it exits with 0 when done, with 2 for bad input (one sentence on
stderr, and nothing was written), and with 1 for anything else. With --json the last
line of stdout is one JSON object.
"""

import sys

import torch
import typer

from course_lib.checkpoint import WriteError
from course_lib.commands.average import average
from course_lib.commands.card import card
from course_lib.commands.copies import copies
from course_lib.commands.distil import DISTIL
from course_lib.commands.edit import edit
from course_lib.commands.evaluate import evaluate
from course_lib.commands.export import export
from course_lib.commands.finetune import FINETUNE
from course_lib.commands.generate import generate
from course_lib.commands.interpolate import interpolate
from course_lib.commands.options import (
    BAD_INPUT,
    DONE,
    FAILED,
    AsJson,
    complain,
    say_json,
)
from course_lib.commands.train_films import NETWORKS  # with all commands added
from course_lib.commands.train_networks import with_its_name
from course_lib.commands.tune import TUNE
from course_lib.commands.vote import vote
from course_lib.commands.whence import whence
from course_lib.device import use_all_cores
from course_lib.shown import let_any_letter_out, tell
from course_lib.typed import TypedError

INTERRUPTED = 130  # typer's exit code for Ctrl-C, without a word
# This depends on typer's version: 0.29, which we test, carries its own copy of click,
# so `import click` would give another class, which catches nothing.
UsageError = typer.BadParameter.__base__  # click's, or typer's own copy of it

# Plain text only, since the contract allows one sentence on stderr: typer would put a
# box around it, colours into a traceback, and two options for shell completion into
# every help text.
app = typer.Typer(
    help="From pixels to prompts: draw and change pictures, train, measure.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # First of all, since even a refusal quotes what was typed, and a terminal may lack
    # the letters: printing must not be what fails.
    let_any_letter_out()
    try:
        name = "python -m course_lib"
        # Before typer sees them: for typer, `--what` is an unknown option, and a plain
        # `train` lacks its command.
        if arguments[:1] == ["train"]:
            arguments = with_its_name(arguments)
        # Not standalone, or typer would print errors its own way and end the process:
        # notebook 00 calls us in its kernel, and the tests in their process.
        code = app(arguments or ["--help"], name, standalone_mode=False) or DONE
        return complain("Stopped.", FAILED) if code == INTERRUPTED else code
    except UsageError as error:
        return complain(error.format_message(), BAD_INPUT)
    except TypedError as error:  # COURSE_CACHE and the like, whenever they are read
        return complain(str(error), BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return complain("Stopped.", FAILED)
    # A full disk and weights that became NaN are not bad input. Anything not named here
    # is our own mistake: it keeps its traceback and exits with 1.
    except (WriteError, FloatingPointError) as error:
        return complain(str(error), FAILED)
    except (MemoryError, RuntimeError) as error:
        if not is_for_want_of_memory(error):
            raise
        sentence = "This needs more memory than there is: ask for less at a time."
        return complain(sentence, FAILED)


def is_for_want_of_memory(error: MemoryError | RuntimeError) -> bool:
    """Whether memory ran out; on the CPU torch says so only in the message."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "can't allocate memory" in str(error)


app.command()(generate)
app.add_typer(NETWORKS, name="train")
app.add_typer(FINETUNE, name="finetune")
app.add_typer(TUNE, name="tune")
app.add_typer(DISTIL, name="distil")
SINGLE = (average, card, copies, evaluate, edit, export, interpolate, vote, whence)
for command in SINGLE:
    app.command()(command)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check this machine: what is here, how fast it is, what to do.

    Ends with status 1 if weights are damaged or missing.

    Example: python -m course_lib doctor
    """
    # Here and not above: it imports all that trains, which `generate` does without.
    from course_lib.commands.doctor import as_lines, examine, healthy

    # As the other commands do, so that the measured speed is the one they will have.
    use_all_cores()
    found = examine()
    tell(*as_lines(found))
    if as_json:
        say_json(found)
    if not healthy(found):
        raise typer.Exit(1)
