r"""What GitHub shows of our pages is what we wrote.

Inside $...$ and $$...$$ it drops a backslash before any punctuation, as Markdown does
outside (github/markup, issue 1746): `a_t\,x_0` reads "a_t, x_0" there, `\{` opens no
brace, and `\\` ends no line. Names of letters are left alone: \quad, \lbrace, \Vert.

And a line of a paragraph that happens to begin with "10. " or "- " begins a list.
"""

import re
from pathlib import Path

import build
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    page
    for pattern in ("*.md", "lessons/*.md", "benchmarks/*.md", "data/**/*.md")
    for page in ROOT.glob(pattern)
)
# Where no dollar is a formula: code, in a line or in a block. ```math is safe.
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
ONE, TWO = r"(?<![\\$\w])\$(?!\s)([^$]+?)(?<!\s)\$(?!\w)", r"\$\$(.+?)\$\$"
MATHS = re.compile(f"{TWO}|{ONE}", re.DOTALL)
DROPPED = re.compile(r"\\[!-/:-@\[-`{-~]")
ITEM = re.compile(r" *(\d+[.)]|[-+*]) ")


def formulas(text: str) -> list[str]:
    """The formulas of a page that are written between dollars."""
    return [a or b for a, b in MATHS.findall(CODE.sub("", text))]


def dropped(text: str) -> list[str]:
    """Formulas in which GitHub drops a backslash."""
    return [formula for formula in formulas(text) if DROPPED.search(formula)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_formula_of_a_page_loses_a_backslash_on_github(page):
    assert dropped(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", build.source_names())
def test_no_formula_of_a_notebook_loses_a_backslash_on_github(name):
    cells = build.source_cells(name)
    words = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert [formula for text in words for formula in dropped(text)] == []


@pytest.mark.parametrize(
    "text",
    [r"$a_t\,x_0$", r"$$a\;b$$", r"so $\{1, 2\}$ is", "$$\na \\\\\nb\n$$", r"$\|x\|$"],
)
def test_a_backslash_that_is_dropped_is_found(text):
    assert dropped(text)


@pytest.mark.parametrize(
    "text",
    [
        r"$a_t x_0$ and $\lbrace 1 \rbrace$",
        r"`$a\,b$`",
        "```math\na \\\\ b\n```",
        r"It costs 5 $, or 6 $, that is \$11.",
        r"$\hat x_0$ in \*stars\*",
    ],
)
def test_a_formula_that_stays_whole_is_left_alone(text):
    assert dropped(text) == []


def sudden_lists(text: str) -> list[str]:
    """Lines that begin a list in the middle of a paragraph."""
    found, before, in_list = [], "", False
    for line in CODE.sub("", text).splitlines():
        item = ITEM.match(line)
        if item and before.strip() and not in_list:
            found.append(line)
        if line.strip():  # a list ends where a paragraph begins at the margin
            begins = not before.strip() and not line.startswith(" ")
            in_list = bool(item) or (in_list and not begins)
        before = line
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_paragraph_of_a_page_turns_into_a_list(page):
    assert sudden_lists(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", build.source_names())
def test_no_paragraph_of_a_notebook_turns_into_a_list(name):
    cells = build.source_cells(name)
    words = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert [line for text in words for line in sudden_lists(text)] == []


def test_a_sudden_list_is_found_and_a_meant_one_is_not():
    assert sudden_lists("those of notebooks 03, 05 and\n10. Only") == ["10. Only"]
    assert sudden_lists("Two things:\n\n1. one, and\n   more\n2. two\n") == []
