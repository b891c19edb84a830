"""Run every notebook as a class would, two at a time.

python tools/run.py course            solved ones; nbval compares their outputs
python tools/run.py smoke             unsolved ones; each must reach its end
python tools/run.py exercises         the same, but only up to the last exercise: after
                                      it they do what the solved ones do
python tools/run.py course 02_noise   only this one
python tools/run.py twice 02_noise    every cell twice, then again from the middle, then
                                      from the beginning: what a learner does who goes
                                      back; says which cell breaks
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from build import (
    ENVIRONMENT,
    NOTEBOOKS,
    execute,
    learner_file,
    notebook_from_source,
    solved_file,
    source_names,
    without_markers,
)
from kernel import CELL_TIMEOUT
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from verdict import first_difference

ALONE = ("smoke", "exercises", "twice")  # kinds that run in a process of ours
KINDS = ("course", *ALONE, *(f"one-{kind}" for kind in ALONE))
# What names a learner's own work, or its check.
EXERCISE = re.compile(r"\bmy_|\bcheck_")
# A folder with a sitecustomize.py, which every Python runs that finds it on its path.
WITHOUT_NETWORK = Path(__file__).with_name("without_network")
# Said, but no failure: on a busy machine it would be nobody's fault.
SLOW = 90  # seconds; no notebook of the course may take longer


def command(kind: str, name: str) -> list[str]:
    """The command that runs one notebook in its own process."""
    # nbval passes a notebook without outputs, comparing nothing; so these are only run,
    # and must reach their end.
    if kind in ALONE:
        return [sys.executable, __file__, f"one-{kind}", name]
    # The kernel that a notebook names may be another Python, and by default nbval waits
    # 2,000 seconds for a cell.
    nbval = ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}"]
    # Without pytest's cache, which two processes would write to at once.
    quiet = ["-q", "--no-header", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", *quiet, *nbval, str(solved_file(name))]


def advice(name: str, said: str) -> str:
    """What is wrong with a notebook, one line per cell, and what to do."""
    # conftest.py writes one line for each cell that differs (verdict.py); if something
    # else broke, there is only pytest's own output.
    cells = [line for line in said.splitlines() if line.startswith(f"{name}, In [")]
    # Never after an error: rebuilding would store the error as the right answer.
    if cells and all(" stored " in line for line in cells):
        cells.append(f"If this is meant: make notebooks ONLY={name}")
    return "\n".join(cells or [said])


@dataclass
class Outcome:
    """How the run of one notebook ended."""

    kind: str
    name: str
    good: bool
    seconds: float
    said: list[str]  # of a run that failed: a line for each cell, and what to do


def outcome(kind: str, name: str) -> Outcome:
    """Run one notebook in a process of its own, without a network."""
    started = time.perf_counter()
    path = [str(WITHOUT_NETWORK), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        command(kind, name),
        cwd=NOTEBOOKS.parent,
        env=os.environ | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.perf_counter() - started
    good = done.returncode == 0
    said = [] if good and kind != "twice" else advice(name, done.stdout).splitlines()
    return Outcome(kind, name, good, seconds, said)


def run(kind: str, name: str) -> bool:
    """Run one notebook; say how long it took, and what failed."""
    one = outcome(kind, name)
    note = f" (slower than {SLOW} s)" if one.seconds > SLOW else ""
    print(
        f"{kind} {name}: {'ok' if one.good else 'FAILED'} in {one.seconds:.0f} s{note}"
    )
    print("".join(f"{line}\n" for line in one.said), end="")
    return one.good


def run_learner_notebook(name: str, whole: bool = True) -> None:
    """Run an unsolved notebook to its end, or to its last exercise.

    An error in any cell ends the process with a sentence.
    """
    notebook = nbformat.read(learner_file(name), as_version=4)
    if not whole:
        notebook.cells = notebook.cells[: last_exercise(notebook) + 1]
    try:
        execute(notebook, NOTEBOOKS)
    except CellExecutionError as error:
        count = next(
            cell.execution_count
            for cell in notebook.cells
            if any(o.output_type == "error" for o in cell.get("outputs", []))
        )
        sys.exit(f"{name}, In [{count}]: {error.ename}: {error.evalue}")


def last_exercise(notebook: NotebookNode) -> int:
    """The number of the last cell that names a learner's own work, or its check.

    A check of wrong work hands back the course's solution, so what follows is what the
    solved notebook does, too.
    """
    return max(
        number
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and EXERCISE.search(cell.source)
    )


# Again ------------------------------------------------------------------------


def run_again(notebook: NotebookNode, folder: Path) -> tuple[list[str], list[str]]:
    """Run every cell twice, then from the middle on, then from the first.

    Returns:
        what breaks, and what prints something else than at first, a sentence each
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    numbers = range(len(cells))
    middle = len(cells) // 2
    order = [(i, how) for i in numbers for how in ("at first", "run twice")]
    order += [(i, "again from the middle") for i in numbers[middle:]]
    # Only the first half: the cells after it have just been run.
    order += [(i, "again from the beginning") for i in numbers[:middle]]
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cells[i].source) for i, _ in order]
    )
    execute(made, folder, allow_errors=True)
    said, breaks, differs = {}, [], []
    for (i, how), ran in zip(order, made.cells, strict=True):
        where = f"In [{i + 1}], {how}:"
        errors = [out for out in ran.outputs if out.output_type == "error"]
        breaks += [f"{where} {error.ename}: {error.evalue}" for error in errors]
        printed = "".join(out.get("text", "") for out in ran.outputs).splitlines()
        first = said.setdefault(i, printed)
        ignored = "nbval-ignore-output" in cells[i].metadata.get("tags", [])
        if not errors and not ignored and printed != first:
            old, new = first_difference(first, printed)
            differs.append(f'{where} first "{old}", then "{new}"')
    return breaks, differs


def run_twice(name: str) -> None:
    """Print what breaks in a notebook, and what only prints something else."""
    notebook = notebook_from_source(name, without_markers)
    breaks, differs = run_again(notebook, NOTEBOOKS / "solutions")
    for sentence in breaks:
        print(f"{name}, {sentence}")
    for sentence in differs:
        print(f"{name}, {sentence} (no fault by itself)")
    sys.exit(bool(breaks))


# Command line -----------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("names", nargs="*", metavar="NN_name")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    names = arguments.names or source_names()
    if arguments.kind in ("one-smoke", "one-exercises"):
        return run_learner_notebook(*names, whole=arguments.kind == "one-smoke")
    if arguments.kind == "one-twice":
        return run_twice(*names)
    started = time.perf_counter()
    # Threads, since each only waits for a process. Two at most: a laptop has two cores,
    # and each notebook gets one thread (ENVIRONMENT).
    with ThreadPoolExecutor(arguments.jobs) as pool:
        # The last notebooks take longest: started first, they leave no process idle.
        good = list(pool.map(lambda name: run(arguments.kind, name), names[::-1]))
    seconds = time.perf_counter() - started
    print(f"{arguments.kind}: {sum(good)} of {len(good)} notebooks in {seconds:.0f} s")
    # True is 1, a failure.
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
