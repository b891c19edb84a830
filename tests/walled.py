"""A workplace for the tests of grading, and exercises that hostile ones hand in."""

from pathlib import Path

import pytest
from exercises import exercises
from grading.marking import Exam, Result, grade_exercise
from grading.walls import Limits
from grading.workplace import NoWalls, Workplace

SMALL = Limits(seconds=2, patience=60, memory=300 * 2**20, output=2**20)
EXAM = Exam(seed=11)


def workplace() -> Workplace:
    """A server with small limits, or a reason to skip."""
    try:
        return Workplace(limits=SMALL)
    except NoWalls as error:
        pytest.skip(str(error))


def exercise(name: str):
    return next(each for each in exercises() if each.name == name)


def result(place: Workplace, *cells: str, name: str = "my_mirror") -> Result:
    """What an exercise gets whose notebook has these cells."""
    return grade_exercise(place, exercise(name), list(cells), EXAM)


def solved(name: str) -> str:
    return exercise(name).code


RIGHT = solved("my_mirror")


def hostile(lines: str, before: str = "") -> str:
    """A cell whose function does this, and then answers rightly."""
    body = "\n".join(f"    {line}" for line in lines.strip().splitlines())
    return f"{before}\ndef my_mirror(picture):\n{body}\n    return picture.flip(2)\n"


def files_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
