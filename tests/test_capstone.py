"""The capstone and the last exam name what is there."""

import re
from pathlib import Path

import pytest
import typer
from test_exam import ALL, PAPERS

from course_lib.commands.main import app

LESSONS = Path(__file__).resolve().parents[1] / "lessons"
CAPSTONE = (LESSONS / "capstone.md").read_text(encoding="utf-8")
FINAL = (LESSONS / "final.md").read_text(encoding="utf-8")
# | part | paper, question | points |
CHOSEN = re.findall(r"^\| (\w[\w ]*) \| (\w+) (\d+) \| (\d+) \|", FINAL, re.MULTILINE)


def test_the_capstone_has_a_way_a_checklist_and_a_rubric():
    assert CAPSTONE.count("- [ ]") >= 8
    rubric = CAPSTONE.split("## Rubric")[1]
    assert len(re.findall(r"^\| The ", rubric, re.MULTILINE)) == 4


@pytest.mark.parametrize("line", re.findall(r"`python -m course_lib (.*?)`", CAPSTONE))
def test_the_commands_of_the_capstone_exist(line):
    command = typer.main.get_command(app)
    words = line.split()
    command = command.commands[words[0]]
    if hasattr(command, "commands"):
        command = command.commands[words[1]]
    known = {option for each in command.params for option in each.opts}
    assert set(re.findall(r"--\w[\w-]*", line)) <= known


def test_every_question_of_the_final_exam_is_one_of_the_papers():
    points = {(paper.strip(":"), number): n for paper, number, n, _ in ALL}
    chosen = [(paper, int(number)) for _, paper, number, _ in CHOSEN]
    assert len(set(chosen)) == len(chosen) >= 16
    for paper, number, told in ((p, int(n), int(t)) for _, p, n, t in CHOSEN):
        assert points[paper, number] == told


def test_the_final_exam_covers_the_whole_course_and_adds_up():
    total = sum(int(points) for *_, points in CHOSEN)
    assert f"{total} points" in FINAL
    papers = {paper.split()[1].strip(":") for paper in PAPERS}
    assert {paper for _, paper, *_ in CHOSEN} == papers
