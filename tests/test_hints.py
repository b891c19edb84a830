"""Every exercise says how hard it is and has two folded hints; none is the solution."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import build
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from exercises import BEGIN, END, exercises  # noqa: E402

# As notebook 00 and the map explain them.
LEVELS = ("★☆☆ *one idea*", "★★☆ *a few steps*", "★★★ *plan first*")
DIFFICULTY = re.compile(r"^\*\*Difficulty:\*\* (.+)$", re.MULTILINE)
# GitHub reads what follows <summary> as Markdown only after an empty line.
HINT = re.compile(
    r"^<details><summary>Hint (\d)</summary>\n\n(.+?)\n\n</details>$",
    re.DOTALL | re.MULTILINE,
)
every_exercise = pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.name)


@cache
def words_before(exercise) -> str:
    """The cell that sets the exercise: Markdown, right before its code."""
    cells = build.source_cells(exercise.notebook)
    kinds = [cell.cell_type for cell in cells]
    start = f"def {exercise.name}("
    at = next(i for i, cell in enumerate(cells) if start in cell.source)
    assert kinds[at - 1] == "markdown"
    return cells[at - 1].source


def plain(code: str) -> str:
    return re.sub(r"[\s`]", "", code)


def lines_of(code: str) -> list[str]:
    """The lines between the markers, without their comments."""
    inside = code[code.index(BEGIN) : code.index(END)].splitlines()[1:]
    return [plain(line.split("  #")[0]) for line in inside if line.strip()]


def values_of(code: str) -> list[str]:
    """What the lines between the markers compute, without `name =` and `return`."""
    first, last = (code[: code.index(mark)].count("\n") for mark in (BEGIN, END))
    return [
        plain(ast.get_source_segment(code, node.value))
        for node in ast.walk(ast.parse(code))
        if isinstance(node, (ast.Assign, ast.Return))
        and first < node.lineno <= last
        # A name or a number alone gives nothing away.
        and not isinstance(node.value, (ast.Name, ast.Constant))
    ]


@every_exercise
def test_an_exercise_has_one_difficulty_in_words_and_signs(exercise):
    found = DIFFICULTY.findall(words_before(exercise))
    assert len(found) == 1
    assert found[0] in [level.replace("*", "") for level in LEVELS]


@every_exercise
def test_an_exercise_ends_with_two_folded_hints(exercise):
    words = words_before(exercise)
    assert [number for number, _ in HINT.findall(words)] == ["1", "2"]
    assert words.count("<details>") == 2 and words.endswith("</details>")
    assert not re.search(r"hints?:", words), "a hint that is not folded"


@every_exercise
def test_the_first_hint_has_no_code(exercise):
    (_, first), _ = HINT.findall(words_before(exercise))
    assert "`" not in first


@every_exercise
def test_no_hint_and_no_task_holds_a_line_of_the_solution(exercise):
    words, lines = plain(words_before(exercise)), lines_of(exercise.code)
    assert lines and [line for line in lines if line in words] == []


@every_exercise
def test_no_hint_holds_what_a_line_of_the_solution_computes(exercise):
    hints = plain("".join(text for _, text in HINT.findall(words_before(exercise))))
    values = values_of(exercise.code)
    assert values and [value for value in values if value in hints] == []


def test_a_solution_in_a_hint_would_be_found():
    code = f"def f(x):\n    {BEGIN}\n    y = x + 1  # more\n    return y\n    {END}\n"
    assert lines_of(code) == ["y=x+1", "returny"]
    assert values_of(code) == ["x+1"]


def test_no_other_cell_has_hints():
    found = [
        hint
        for name in build.source_names()
        for cell in build.source_cells(name)
        for hint in HINT.findall(cell.source)
    ]
    assert len(found) == 2 * len(exercises())


@pytest.mark.parametrize("page", ["notebooks/src/00_start.py", "lessons/README.md"])
def test_the_levels_are_explained_where_one_begins(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    text = " ".join(text.replace("\n# ", "\n").split())
    assert [level for level in LEVELS if level not in text] == []
