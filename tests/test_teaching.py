"""The pages for teachers say what the lessons, the notebooks and the checks say."""

import ast
import re
from pathlib import Path

import pytest
import typer
import yaml
from book_pages import PAGES, experiments, plain
from reading_order import ORDER

from course_lib.commands.main import app
from course_lib.judging.people import read_prompts

ROOT = Path(__file__).resolve().parents[1]
LESSONS, CHECKS = ROOT / "lessons", ROOT / "course_lib/checks"
GUIDE = (LESSONS / "teaching.md").read_text(encoding="utf-8")
BELIEFS = (LESSONS / "misconceptions.md").read_text(encoding="utf-8")
FEWEST, MOST = 5, 8  # beliefs a notebook
MOST_WORDS = 3150


def rows(text: str) -> list[dict[str, str]]:
    """Each row of the only table in a text: the head of a column, and its cell."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    head, _, *cells = (
        [cell.strip() for cell in line[1:-1].split("|")] for line in lines
    )
    return [dict(zip(head, row, strict=True)) for row in cells]


def minutes(number: str) -> int:
    """How long the page of lesson 02 says that it takes."""
    (page,) = LESSONS.glob(f"{number}_*.md")
    return yaml.safe_load(page.read_text("utf-8").split("---\n", 2)[1])["minutes"]


def section(title: str, text: str = GUIDE) -> str:
    return re.split(r"^#+ ", text.split(f"# {title}\n")[1], flags=re.MULTILINE)[0]


# Timetables -------------------------------------------------------------------------


@pytest.mark.parametrize("title", ["One week", "One term"])
def test_a_timetable_gives_each_lesson_the_minutes_of_its_page(title):
    held, planned = {}, {}
    for row in rows(section(title)):
        cells = (row.get(head, "") for head in ("lessons", "morning", "afternoon"))
        lessons = tuple(re.findall(r"\b\d\d\b", " ".join(cells)))
        if lessons:
            # A lesson of two sittings has two rows: they are compared together.
            held[lessons] = held.get(lessons, 0) + int(row["minutes"])
            planned[lessons] = sum(map(minutes, lessons))
    assert held == planned
    assert sorted(sum(held, ())) == sorted(name[:2] for name in ORDER)


def test_the_day_adds_up_and_no_lesson_takes_longer_than_its_page_says():
    told = section("One day")
    day = {row["lesson"]: int(row["minutes"]) for row in rows(told)}
    assert f"takes {sum(day.values())} minutes" in told
    assert all(taken <= minutes(number) for number, taken in day.items())


@pytest.mark.parametrize("row", rows(section("One day")), ids=lambda row: row["lesson"])
def test_every_section_of_the_day_is_one_of_its_notebook(row):
    (name,) = (name for name in ORDER if name.startswith(row["lesson"]))
    named = [plain(words) for words in re.findall(r'"([^"]+)"', row["do"])]
    assert set(named) <= experiments(name).keys()


# What is said -----------------------------------------------------------------------


def test_every_lesson_has_its_turning_point_in_reading_order():
    told = section("What to say at the turning point")
    assert re.findall(r"^\*\*(\d\d), ", told, re.MULTILINE) == [
        name[:2] for name in ORDER
    ]


def test_the_guide_is_read_in_an_evening():
    assert len(GUIDE.split()) <= MOST_WORDS


def test_the_teachers_pages_are_in_the_book():
    named = {f"lessons/{page}" for page in re.findall(r"\]\((\w+\.md)\)", GUIDE)}
    written_here = {"misconceptions.md", "exam.md", "projects.md", "questions.md"}
    assert {f"lessons/{page}" for page in written_here} <= named & set(PAGES)
    assert "lessons/teaching.md" in PAGES


# Beliefs ----------------------------------------------------------------------------


def sentences(number: str) -> list[str]:
    """All that the check of a notebook can say, in its own files."""
    files, left = set(), list(CHECKS.glob(f"nb{number}_*.py"))
    while left:
        file = left.pop()
        files.add(file)
        code = file.read_text(encoding="utf-8")
        others = re.findall(r"from course_lib\.checks\.(\w+) import", code)
        left += {CHECKS / f"{other}.py" for other in others} - files
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    nodes = (node for tree in trees for node in ast.walk(tree))
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.parametrize("name", ORDER)
def test_the_checks_say_what_the_page_of_beliefs_quotes(name):
    part = re.search(rf"^## {name[:2]} .*?(?=^## |\Z)", BELIEFS, re.M | re.DOTALL)[0]
    said = sentences(name[:2])
    beliefs = rows(part)
    assert FEWEST <= len(beliefs) <= MOST
    for belief in beliefs:
        words = re.fullmatch(r'"(.+)"', belief["the check says"])[1]
        assert any(words in sentence for sentence in said), words


# Commands ---------------------------------------------------------------------------

PROJECTS = (LESSONS / "projects.md").read_text(encoding="utf-8")


def options(words: list[str]) -> set[str]:
    """The options of the command that a line of the shell names."""
    command = typer.main.get_command(app).commands[words[0]]
    if hasattr(command, "commands"):  # `train` without a name trains a denoiser
        command = command.commands["denoiser"]
    return {name for each in command.params for name in each.opts}


@pytest.mark.parametrize(
    "line", re.findall(r"^python -m course_lib (.*)$", PROJECTS, re.MULTILINE)
)
def test_a_command_of_a_project_has_the_options_it_is_given(line):
    words = line.split()
    assert {word for word in words if word.startswith("--")} <= options(words)


def test_the_prompts_of_the_project_are_read(tmp_path):
    (block,) = re.findall(r"^```\n(\[.*?\])\n```", PROJECTS, re.MULTILINE | re.DOTALL)
    (tmp_path / "mine.json").write_text(block, encoding="utf-8")
    assert len(read_prompts(tmp_path / "mine.json").texts) == block.count('"prompt"')


def test_every_target_that_the_guide_names_is_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"^make (\w+)|`make (\w+)", GUIDE, re.MULTILINE))
    targets = {one or other for one, other in named}
    assert "rehearse" in targets
    assert all(re.search(f"^{each}:", makefile, re.MULTILINE) for each in targets)
