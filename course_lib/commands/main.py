"""The command line: draw pictures, change them, train, measure, look at this machine.

    python -m course_lib generate "a frog on stilts" --n 4 --out frogs.png

A contract, for people who script it: it exits with 0 when it is done, with 2 for bad
input (one sentence on stderr, and nothing was written) and with 1 for anything else.
With --json the last line of stdout is one JSON object.
"""

import sys

import torch
import typer

from course_lib.checkpoint import WriteError
from course_lib.commands.average import average
from course_lib.commands.edit import edit
from course_lib.commands.evaluate import evaluate
from course_lib.commands.export import export
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
from course_lib.commands.train_networks import NETWORKS, with_its_name
from course_lib.device import use_all_cores
from course_lib.shown import let_any_letter_out, tell
from course_lib.typed import TypedError

INTERRUPTED = 130  # what typer makes of Ctrl-C, without a word
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
    let_any_letter_out()
    try:
        name = "python -m course_lib"
        if arguments[:1] == ["train"]:
            arguments = with_its_name(arguments)
        code = app(arguments or ["--help"], name, standalone_mode=False) or DONE
        return complain("Stopped.", FAILED) if code == INTERRUPTED else code
    except UsageError as error:
        return complain(error.format_message(), BAD_INPUT)
    except TypedError as error:  # COURSE_CACHE and its like, whenever they are read
        return complain(str(error), BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return complain("Stopped.", FAILED)
    except (WriteError, FloatingPointError) as error:
        return complain(str(error), FAILED)
    except (MemoryError, RuntimeError) as error:
        if not is_for_want_of_memory(error):
            raise
        sentence = "This needs more memory than there is: ask for less at a time."
        return complain(sentence, FAILED)


def is_for_want_of_memory(error: MemoryError | RuntimeError) -> bool:
    """Whether there was no more memory; on the CPU torch says it in words only."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "can't allocate memory" in str(error)


app.command()(generate)
app.add_typer(NETWORKS, name="train")
for command in (average, evaluate, edit, export, interpolate):
    app.command()(command)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what this machine is, what is there, how fast it is, and what to do.

    Example: python -m course_lib doctor
    """
    from course_lib.commands.doctor import as_lines, examine

    use_all_cores()
    found = examine()
    tell(*as_lines(found))
    if as_json:
        say_json(found)
