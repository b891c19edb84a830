"""Train the shipped weights again, by the table in data/weights/README.md.

    python tools/weights.py weights            # all that ships
    python tools/weights.py latent --dry-run   # only say what `latent` takes

A stopped training carries on at the next call, and finished ones are not repeated.
"""

import argparse
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A page and not a settings file: what people read is what is run.
TABLE = ROOT / "data" / "weights" / "README.md"
ALL = "weights"  # everything with a name in the last column
FINETUNED = ("lora", "inversion", "control")  # by `finetune`, the others by `train`
DISTILLED = ("guidance", "shortcut", "consistency")  # by `distil`


@dataclass(frozen=True)
class Row:
    """One training, or one mean: the columns of the table."""

    name: str
    network: str
    iterations: str
    came_from: str
    options: str
    ships_as: str

    def needs(self) -> list[str]:
        """The names, or NAME/at-N, that it starts from."""
        words = self.came_from.split()
        return [word for word in words if not word.startswith("--")]


def read_table(page: str) -> list[Row]:
    """The rows of a page's table, in its order."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return [Row(*row) for row in cells[2:]]  # below the heading and its rule


def commands_for(what: str, rows: list[Row]) -> list[list[str]]:
    """The commands, in order, for one row and all it needs, or for all that ships."""
    wanted = {row.name for row in rows if row.name == what}
    if what == ALL:
        wanted = {row.name for row in rows if row.ships_as}
    commands = []
    # From the last row up, so that a row is met after everything that needs it and has
    # added it to `wanted`.
    for row in reversed(rows):  # each stands below what it starts from
        asides = [name for name in wanted if name.startswith(f"{row.name}/at-")]
        if row.name in wanted or asides:
            wanted.update(row.needs())
            # If only weights that are kept along the way are needed, training stops
            # there: `make latent` needs 2,000 of the 6,000 iterations of `words`.
            # Nothing else changes, so it may carry on to the end another day.
            until = None if row.name in wanted else max(map(iteration_of, asides))
            # In front, since it must run before all those found so far.
            commands.insert(0, command_of(row, until))
    return commands


def iteration_of(aside: str) -> int:
    """2000 for words/at-2000."""
    return int(aside.rpartition("/at-")[2])


def command_of(row: Row, until: int | None) -> list[str]:
    """The words after `python -m course_lib`.

    Args:
        until: the iteration at which the training may stop; None for its end
    """
    words = row.came_from.split()
    starts = [word if word.startswith("--") else f"runs/{word}" for word in words]
    out = ["--out", f"runs/{row.name}"]
    if row.network == "mean":
        return ["average", *starts, *out]
    how = ["--iterations", row.iterations, *row.options.split()]
    kind = "finetune" if row.network in FINETUNED else "train"
    kind = "distil" if row.network in DISTILLED else kind
    stop = [] if until is None else ["--until", str(until)]
    # Always --resume: a new training begins, a stopped one goes on, and a finished one
    # repeats nothing.
    return [kind, row.network, "--resume", *how, *starts, *stop, *out]


def run(command: list[str]) -> int:
    """Run a command and return its exit code; wait even on Ctrl-C, while it saves."""
    # A separate process, as if typed: nothing of one training stays for the next.
    called = subprocess.Popen([sys.executable, "-m", "course_lib", *command], cwd=ROOT)
    try:
        return called.wait()
    except KeyboardInterrupt:  # the terminal has also sent it to the training
        return called.wait()


def main(arguments: list[str] | None = None) -> int:
    """Print and run one command after another, until one fails."""
    # Read first, since its rows are the names that can be asked for.
    rows = read_table(TABLE.read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=[ALL, *(row.name for row in rows)])
    parser.add_argument("--dry-run", action="store_true", help="only say what to call")
    asked = parser.parse_args(arguments)
    for command in commands_for(asked.what, rows):
        print("python -m course_lib", shlex.join(command), flush=True)
        code = 0 if asked.dry_run else run(command)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
