"""The exam is whole: every question has its answer, and marks that add up.

That the numbers are right is checked by the code under the answers, which pytest runs.
"""

import re
from pathlib import Path

import pytest

LESSONS = Path(__file__).resolve().parents[1] / "lessons"
EXAM = (LESSONS / "exam.md").read_text(encoding="utf-8")
PAPERS = re.split(r"^## ", EXAM, flags=re.MULTILINE)[1:]
QUESTION = r"^\*\*(\d+)\.\*\* \*\((\d+) points?\)\* (.*?)(?=^\*\*\d+\.\*\* |\Z)"
FEWEST, POINTS = 30, 45  # questions in all; points of a paper
SHORT = {"six": 30}  # a paper that is a part of one
SHARED = 12  # words in a row that a question may share with a lesson


def questions(paper: str) -> list[tuple[int, int, str]]:
    """Number, points, and text with its answer, of each question of a paper."""
    found = re.findall(QUESTION, paper, re.MULTILINE | re.DOTALL)
    return [(int(number), int(points), text) for number, points, text in found]


ALL = [(paper.split()[1], *each) for paper in PAPERS for each in questions(paper)]
NAMES = [f"{paper} {number}" for paper, number, *_ in ALL]


def test_there_are_six_papers_with_their_points_and_enough_questions():
    assert len(PAPERS) == 6 and len(ALL) >= FEWEST
    for paper in PAPERS:
        numbers, points, _ = zip(*questions(paper), strict=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))
        name = paper.split()[1].rstrip(":")
        assert sum(points) == SHORT.get(name, POINTS)


@pytest.mark.parametrize("question", ALL, ids=NAMES)
def test_a_question_has_a_folded_answer_whose_marks_add_up(question):
    _, _, points, text = question
    asked, answer = text.split("<details>\n<summary>Answer</summary>\n")
    assert "?" in asked
    answer, marks = answer.split("**Marks.**")
    assert len(answer.split()) > 5 and marks.rstrip().endswith("</details>")
    told = [int(mark) for mark in re.findall(r"(?<![\w.(])(\d):\s", marks)]
    if re.match(r" \d: each( part)?[.,;]", marks):
        told *= len(set(re.findall(r"\s\(([a-d])\)\s", asked)))
    assert sum(told) == points


@pytest.mark.parametrize("question", ALL, ids=NAMES)
def test_an_answer_that_calculates_is_computed_below(question):
    answer = question[-1].split("<summary>Answer</summary>")[1]
    words = re.sub(r"```.*?```|\*\*Marks.*", "", answer, flags=re.DOTALL)
    if re.search(r"\d [·/+-] ?\(?\d.* = ", words):
        assert ">>>" in answer


def words_in(text: str) -> list[str]:
    """The words of a text without its formulas, which are the same everywhere."""
    return re.findall(r"\w+", re.sub(r"\$[^$]+\$", "", text.lower()))


def test_no_question_is_copied_from_a_lesson():
    lessons = [
        words_in(page.read_text(encoding="utf-8")) for page in LESSONS.glob("[01]*.md")
    ]
    runs = {
        tuple(words[i : i + SHARED])
        for words in lessons
        for i in range(len(words) - SHARED + 1)
    }
    for name, (*_, text) in zip(NAMES, ALL, strict=True):
        asked = words_in(text.split("<details>")[0])
        own = (tuple(asked[i : i + SHARED]) for i in range(len(asked) - SHARED + 1))
        assert not runs.intersection(own), name
