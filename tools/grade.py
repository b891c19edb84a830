"""Grade what a class has handed in: make grade FOLDER=handed-in/

    python tools/grade.py handed-in                into grades/
    python tools/grade.py handed-in --seed 7       the numbers of an earlier run again

Each exercise runs in a process of its own, behind walls (tools/grading/walls.py), and
hands out numbers. They are compared here, with what the course's own functions make of
the same fresh inputs. No code, pickle or HTML of a learner reaches this process.
"""

import argparse
import os
import secrets
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from exercises import Exercise  # noqa: E402
from grading.handed_in import HandedIn, read_folder  # noqa: E402
from grading.marking import (  # noqa: E402
    Exam,
    exercises_of,
    grade_exercise,
    wrong_here,
)
from grading.page import printable  # noqa: E402
from grading.pages import (  # noqa: E402
    Graded,
    best_marks,
    percent,
    write_all,
)
from grading.workplace import NoWalls, Workplace  # noqa: E402
from tqdm import tqdm  # noqa: E402


def grade(handed_in: list[HandedIn], place: Workplace, seed: int) -> list[Graded]:
    """Every exercise of every notebook, with a bar; one bad one stops nothing."""
    exam, graded = Exam(seed), []
    asked = fair_exercises(handed_in, place, exam)
    count = sum(len(asked.get(each.notebook, ())) for each in handed_in)
    with tqdm(total=count, unit="exercise", disable=None) as bar:
        for each in handed_in:
            cells = [cell.code for cell in each.cells]
            results = []
            for exercise in asked.get(each.notebook, ()):
                bar.set_description(printable(f"{each.learner[:20]} {exercise.name}"))
                results.append(grade_exercise(place, exercise, cells, exam))
                bar.update()
            graded.append(Graded(each, results))
    return graded


def fair_exercises(
    handed_in: list[HandedIn], place: Workplace, exam: Exam
) -> dict[str, list[Exercise]]:
    """The exercises of each notebook, but for those that nobody could do here."""
    notebooks = sorted({each.notebook for each in handed_in if each.notebook})
    asked = {notebook: exercises_of(notebook) for notebook in notebooks}
    for exercise in tqdm(sum(asked.values(), []), "our own solutions", disable=None):
        if wrong := wrong_here(place, exercise, exam):
            print(
                f"{exercise.name} is left out: on this machine the course's own "
                f"solution is not right either ({wrong}). Please report it."
            )
            asked[exercise.notebook].remove(exercise)
    return asked


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="zips, folders and notebooks")
    parser.add_argument("--out", type=Path, default=ROOT / "grades")
    parser.add_argument("--seed", type=int, help="the numbers of an earlier run")
    return parser.parse_args(given)


def main(given: list[str] | None = None) -> int:
    asked = arguments(given)
    if not asked.folder.is_dir():
        print(f"There is no folder {asked.folder}: make grade FOLDER=handed-in/")
        return 2
    out = asked.out.resolve()
    if out.is_relative_to(asked.folder.resolve()):
        print("--out lies in the folder that is graded: name another place.")
        return 2
    handed_in = list(read_folder(asked.folder))
    if not handed_in:
        print(f"Nothing in {asked.folder} is a zip, a folder or a notebook.")
        return 2
    # Nobody can know the numbers before; the same for all of one run.
    seed = secrets.randbelow(2**31) if asked.seed is None else asked.seed
    started = time.perf_counter()
    try:
        with Workplace() as place:
            walls = ", ".join(place.walls)
            graded = grade(handed_in, place, seed)
    except NoWalls as error:
        print(error)
        return 3
    except KeyboardInterrupt:
        print("\nStopped. What an earlier run has written stays as it was.")
        return 130
    seconds = time.perf_counter() - started
    remark = (
        "Half of a mark is for fresh numbers, half for cases that have a name; the "
        f"exercises of a notebook count alike. Numbers of this run: --seed {seed}."
    )
    facts = {"seed": seed, "walls": walls, "seconds": round(seconds, 1)}
    write_all(out, graded, remark, facts)
    tell(graded, out, seconds, walls)
    return 0


def tell(graded: list[Graded], out: Path, seconds: float, walls: str) -> None:
    """One line a learner, and where the pages are."""
    learners: dict[str, list[Graded]] = {}
    for each in graded:
        learners.setdefault(each.handed_in.learner, []).append(each)
    for learner, theirs in learners.items():
        best = best_marks(theirs)
        marks = [f"{name} {percent(each.mark)}" for name, each in sorted(best.items())]
        said = [each.handed_in.problem for each in theirs if each.handed_in.problem]
        print(printable(f"{learner}: {', '.join([*marks, *said])}"))
    print(f"{len(graded)} notebooks in {seconds:.0f} s, held by {walls}.")
    print(f"The class: {out / 'index.html'}; for a spreadsheet: {out / 'grades.csv'}")


if __name__ == "__main__":
    raise SystemExit(main())
