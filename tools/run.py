"""Run every notebook as a class would, two at a time.

python tools/run.py course            solved ones; nbval compares their outputs
python tools/run.py smoke             unsolved ones; each must reach its end
python tools/run.py course 02_noise   only this one
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
from build import (
    ENVIRONMENT,
    NOTEBOOKS,
    execute,
    learner_file,
    solved_file,
    source_names,
)
from kernel import CELL_TIMEOUT

# Said, but no failure: on a busy machine it would be nobody's fault.
SLOW = 90  # seconds; no notebook of the course may take longer


def command(kind: str, name: str) -> list[str]:
    """What runs one notebook in a process of its own."""
    # nbval passes what has no outputs without comparing anything; so these are run, and
    # must reach their end.
    if kind == "smoke":
        return [sys.executable, __file__, "one", name]
    # The kernel that a notebook names may be another Python; and nbval would wait 2,000
    # seconds for a cell.
    nbval = ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}"]
    # Without pytest's cache, which two processes would write at once.
    quiet = ["-q", "--no-header", "-p", "no:cacheprovider"]
    return [sys.executable, "-m", "pytest", *quiet, *nbval, str(solved_file(name))]


def advice(name: str, said: str) -> str:
    """What is wrong with a notebook, a line for each cell, and what to do."""
    # conftest.py makes one line of each cell that differs (verdict.py); if something
    # else broke, pytest's own words are all there is.
    cells = [line for line in said.splitlines() if line.startswith(f"{name}, In [")]
    # Never after an error: storing it anew would make the error the right answer.
    if cells and all(" stored " in line for line in cells):
        cells.append(f"If this is meant: make notebooks ONLY={name}")
    return "\n".join(cells or [said])


def run(kind: str, name: str) -> bool:
    """Run one notebook; say how long it took, and show its output if it failed."""
    started = time.perf_counter()
    done = subprocess.run(
        command(kind, name),
        cwd=NOTEBOOKS.parent,
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.perf_counter() - started
    good = done.returncode == 0
    note = f" (slower than {SLOW} s)" if seconds > SLOW else ""
    print(f"{kind} {name}: {'ok' if good else 'FAILED'} in {seconds:.0f} s{note}")
    if not good:
        print(advice(name, done.stdout))
    return good


def run_learner_notebook(name: str) -> None:
    """Run an unsolved notebook to its end; an error in any cell raises."""
    notebook = nbformat.read(learner_file(name), as_version=4)
    execute(notebook, NOTEBOOKS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["course", "smoke", "one"])
    parser.add_argument("names", nargs="*", metavar="NN_name")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()
    names = arguments.names or source_names()
    if arguments.kind == "one":
        return run_learner_notebook(*names)
    started = time.perf_counter()
    # Threads, as each only waits for a process. Two at most: a laptop has two cores,
    # and each notebook gets one thread (ENVIRONMENT).
    with ThreadPoolExecutor(arguments.jobs) as pool:
        # The last notebooks take longest: begun first, they leave no process idle.
        good = list(pool.map(lambda name: run(arguments.kind, name), names[::-1]))
    seconds = time.perf_counter() - started
    print(f"{arguments.kind}: {sum(good)} of {len(good)} notebooks in {seconds:.0f} s")
    # True is 1: it failed.
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
