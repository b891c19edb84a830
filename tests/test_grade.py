"""Marks: fresh questions, partial marks, and the same for the same notebook."""

import csv
import json
import sys

import grade
import pytest
from exercises import exercises
from grading.definitions import find
from grading.marking import (
    Done,
    Exam,
    closed,
    exercises_of,
    grade_exercise,
    marks_of,
)
from grading.networks import pack, unpack
from grading.pages import harmless
from grading.plain import to_plain
from grading.questions import FRESH, questions, what_is_wrong
from grading.work import answer
from walled import exercise, result, solved, workplace

IN_A_ROW = dict(ids=lambda each: each.name)


def asked_here(each, code: str | None = None, seed: int = 3) -> dict:
    """The marks of a function of ours, which needs no walls."""
    asked, packed = Exam(seed)._asked(each)
    function = each.function(code)
    lines = [{"number": i} | answer(function, q) for i, q in enumerate(packed)]
    return marks_of(asked, Done("done", json.loads(json.dumps(lines))))


# Questions ----------------------------------------------------------------------------


@pytest.mark.parametrize("each", exercises(), **IN_A_ROW)
def test_every_solution_is_right_and_an_empty_answer_is_wrong(each):
    assert set(asked_here(each).values()) == {None}
    body = each.code.splitlines()
    head = body[: each.lines.start - 2]
    empty = "\n".join([*head, "    return None"])
    assert None not in asked_here(each, empty).values()


@pytest.mark.parametrize("each", exercises(), **IN_A_ROW)
def test_every_exercise_gets_other_numbers_from_another_seed(each):
    def numbers(seed):
        packed = Exam(seed)._asked(each)[1]
        return json.dumps([question["given"] for question in packed])

    assert numbers(1) == numbers(1) != numbers(2)


@pytest.mark.parametrize("each", exercises(), **IN_A_ROW)
def test_what_an_exercise_is_given_survives_the_way(each):
    for question in questions(each, 5)[:3]:
        for value in question.given:
            packed = json.loads(json.dumps(pack(value)))
            assert pack(unpack(packed)) == packed


def test_a_gradient_counts():
    each = exercise("my_cosines")
    cut = each.code.replace("return image_vec", "return image_vec.detach()")
    wrong = {group for group, said in asked_here(each, cut).items() if said}
    assert wrong and all("gradient" in group for group in wrong)


def test_what_is_changed_in_place_counts():
    each = exercise("my_update_average")
    code = "def my_update_average(average, weights, kept):\n"
    code += "    return average.mul_(kept).add_(weights, alpha=1 - kept)\n"
    assert "begin with a copy" in asked_here(each, code)[FRESH]


def test_the_librarys_own_answers_are_shut():
    shut = {name for each in exercises() for name in closed(each)}
    assert "course_lib.pixels:mirror" in shut
    assert "course_lib.diffusion.schedule:add_noise" in shut


def test_no_answer_is_wrong():
    question = questions(exercise("my_mirror"), 1)[0]
    assert what_is_wrong(question, None, {})
    assert what_is_wrong(question, {"answer": {"other": "Any"}}, {})


# Definitions --------------------------------------------------------------------------

CELLS = [
    "%matplotlib inline\nimport torch\nx = 1 / 0",
    "def mine(x):\n    return other(x) + CONSTANT",
    "this is no Python",
    "def mine(x):\n    raise NotImplementedError('your turn')",
    "CONSTANT = 3\nprint('not run')",
    "def other(x):\n    return torch.ones(1) * x",
]


def test_definitions_are_found_in_any_order_and_nothing_else_is():
    found = find("mine", CELLS)
    assert found.state == "there"
    assert [line.cell for line in found.lines] == [1, 5, 6, 2]
    assert not any("print" in line.code or "1 / 0" in line.code for line in found.lines)


@pytest.mark.parametrize(
    "cells, state",
    [
        (CELLS[3:4], "empty"),
        (CELLS[4:], "missing"),
        (["def mine(x)\n    return x"], "broken"),
        (["class Base: pass\nclass mine(Base): pass"], "there"),
    ],
)
def test_what_is_not_there_is_said(cells, state):
    assert find("mine", cells).state == state


def test_a_line_keeps_its_number_in_its_cell():
    lines = find("mine", ["import a\n\n\n@a.b\ndef mine(x):\n    return x"]).lines
    assert lines[-1].code.splitlines()[3:5] == ["@a.b", "def mine(x):"]


# The whole way ------------------------------------------------------------------------


def notebook(*codes: str) -> str:
    cells = [{"cell_type": "code", "source": code, "outputs": []} for code in codes]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})


@pytest.fixture
def handed_in(tmp_path):
    """A small class: solved, half solved, wrong, and no notebook."""
    folder = tmp_path / "handed-in"
    (folder / "ben").mkdir(parents=True)
    paint, to_bytes = solved("my_paint_square"), solved("my_from_bytes")
    (folder / "ada.ipynb").write_text(notebook(paint, to_bytes))
    (folder / "ben" / "x.ipynb").write_text(notebook(paint))
    wrong = "def my_mirror(picture):\n    return picture.flip(1)"
    (folder / "=cmd.ipynb").write_text(notebook("1 / 0", wrong))
    (folder / "dan.ipynb").write_text("<script>alert(1)</script>")
    return folder


def graded(folder, out, capsys, *options) -> tuple[int, str]:
    code = grade.main([str(folder), "--out", str(out), *options])
    said = capsys.readouterr().out
    if code == 3:
        pytest.skip(said)
    return code, said


def test_a_class_is_graded_and_twice_the_same(handed_in, tmp_path, capsys):
    out = tmp_path / "grades"
    code, said = graded(handed_in, out, capsys)
    assert code == 0
    assert "ada: 01_pixels 100%" in said and "ben: 01_pixels 50%" in said
    assert "=cmd: 00_start 0%" in said and "dan: it is no Jupyter notebook" in said
    rows = list(csv.DictReader((out / "grades.csv").open(encoding="utf-8")))
    assert {row["learner"] for row in rows} == {"ada", "ben", "'=cmd", "dan"}
    words = next(row["words"] for row in rows if row["exercise"] == "my_mirror")
    assert "stands on its head" in words
    pages = sorted(file.name for file in (out / "learners").iterdir())
    assert pages == ["ada.html", "ben.html", "cmd.html", "dan.html"]
    first = json.loads((out / "grades.json").read_text(encoding="utf-8"))
    graded(handed_in, out, capsys)  # other numbers, the same marks
    again = json.loads((out / "grades.json").read_text(encoding="utf-8"))
    assert first["seed"] != again["seed"]
    assert [r["mark"] for r in first["rows"]] == [r["mark"] for r in again["rows"]]


LATE = ("my_dpo_loss", "my_copy_ratio", "my_gradient_of_all", "my_draw_tokens")


def test_what_lies_in_late_rooms_is_there_behind_the_walls():
    with workplace() as place:
        for name in LATE:
            each = exercise(name)
            found = grade_exercise(place, each, [each.code], Exam(4))
            assert found.mark == 1, (name, found.words)


def test_the_words_of_the_check_are_those_of_the_notebook():
    with workplace() as place:
        code = "def my_mirror(picture):\n    return picture.flip(1)"
        found = result(place, code)
        assert found.mark == 0 and found.words.startswith("not yet right - it stands")
        assert result(place, "def other(): pass").words.startswith(
            "the function is not"
        )
        unfinished = "def my_mirror(p):\n    raise NotImplementedError('your turn')"
        assert result(place, unfinished).words == "not done yet"


@pytest.mark.parametrize("folder, said", [("nowhere", "no folder"), ("", "Nothing in")])
def test_a_folder_without_work_gets_a_sentence(tmp_path, capsys, folder, said):
    (tmp_path / "out").mkdir()
    asked = tmp_path / folder if folder else tmp_path / "out"
    assert grade.main([str(asked), "--out", str(tmp_path / "grades")]) == 2
    assert said in capsys.readouterr().out


def test_grades_are_not_written_where_they_would_be_graded(tmp_path, capsys):
    assert grade.main([str(tmp_path), "--out", str(tmp_path / "grades")]) == 2
    assert "name another place" in capsys.readouterr().out


def test_without_walls_a_teacher_reads_why(handed_in, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    out = tmp_path / "grades"
    assert grade.main([str(handed_in), "--out", str(out)]) == 3
    assert "no walls to hold handed-in code" in capsys.readouterr().out
    assert not out.exists()


def test_a_table_holds_no_formulas():
    assert harmless("=1+1") == "'=1+1" and harmless("a\nb") == "a b"


def test_what_has_no_place_in_json_is_named():
    assert to_plain(object()) == {"other": "object"}
    assert to_plain(2**70) == {"other": "very large int"}
    assert exercises_of("nothing") == []


def test_what_even_the_solution_cannot_do_here_is_not_graded(handed_in, capsys):
    """Else a machine that lacks something would fail the whole class."""

    class Broken:
        def run(self, job):
            return Done("signal 11", [])

    read = list(grade.read_folder(handed_in))
    assert all(not each.results for each in grade.grade(read, Broken(), seed=1))
    said = capsys.readouterr().out
    assert "my_mirror is left out" in said and "crashed (signal 11)" in said
