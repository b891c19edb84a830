"""The lesson pages and the pages about them say the same."""

import re
from pathlib import Path

import pytest
import reading_order
import yaml

LESSONS = Path(__file__).resolve().parents[1] / "lessons"
PAGES = sorted(LESSONS.glob("[0-9][0-9]_*.md"))
QUESTIONS = (LESSONS / "questions.md").read_text(encoding="utf-8")
MAP = (LESSONS / "README.md").read_text(encoding="utf-8")


def front_matter(page: Path) -> dict:
    """What stands between the two lines of dashes at the top."""
    _, head, _ = page.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(head)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_answers_what_it_says_it_answers(page):
    text = page.read_text(encoding="utf-8")
    for question in front_matter(page).get("answers") or []:
        assert re.search(rf"\b{question}\b", text.split("---\n", 2)[2]), question


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_of_questions_links_to_the_lessons_that_answer_them(page):
    says = set(front_matter(page).get("answers") or [])
    linked = set()
    for line in QUESTIONS.splitlines():
        if f"({page.name}#" in line:
            linked.add(re.match(r"\| (Q\d+) \|", line).group(1))
    assert linked == says


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_map_has_every_lesson(page):
    assert f"({page.name})" in MAP


def questions_in(cell: str) -> list[str]:
    """Q11 to Q13 Q20, as the map says it, as [Q11, Q12, Q13, Q20]."""
    asked = []
    for first, last in re.findall(r"Q(\d+)(?: to Q(\d+))?", cell):
        asked += [f"Q{n}" for n in range(int(first), int(last or first) + 1)]
    return asked


def cells_of(page: Path) -> list[str]:
    """The cells of a lesson's row in the map."""
    row = next(line for line in MAP.splitlines() if f"({page.name})" in line)
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_map_says_what_a_page_answers_and_how_long_it_takes(page):
    *_, minutes, answers = cells_of(page)
    assert questions_in(answers) == (front_matter(page).get("answers") or [])
    assert int(minutes) == front_matter(page)["minutes"]


MOST_WORDS = 1600  # what is read at one sitting


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_lesson_is_read_at_one_sitting(page):
    # Marks of numbers are no words to a reader; nor is what stands at the top.
    text = page.read_text(encoding="utf-8").split("---\n", 2)[2]
    assert len(re.sub(r"<!--.*?-->", "", text).split()) <= MOST_WORDS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_a_part_for_teachers(page):
    text = page.read_text(encoding="utf-8")
    assert "<summary>For teachers</summary>" in text
    assert "exam question" in text.lower()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_ends_with_the_way_to_its_notebook_and_to_the_next_lesson(page):
    lesson, _ = page.read_text(encoding="utf-8").split("<summary>For teachers", 1)
    foot = lesson.rsplit("Now do the notebook: ", 1)[1]
    assert f"](../notebooks/{page.stem}.ipynb)" in foot
    following = reading_order.after(page.stem)
    assert f"]({f'{following}.md' if following else 'README.md'})" in foot


def test_the_map_is_in_reading_order():
    rows = re.findall(r"^\| \[[^]]+\]\(([0-9]{2}_\w+)\.md\)", MAP, re.MULTILINE)
    assert rows == reading_order.ORDER
