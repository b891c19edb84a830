"""The book's pages: what the copies add, and that nothing leads nowhere."""

import json
import re
from pathlib import Path

import book_pages
import pytest
from book_links import Page, dead, faults
from book_pages import ROOT, answers, glossary_terms, in_book, moved, with_terms
from exercises import exercises
from reading_order import ORDER

SENTENCE = r"([^.]|al\.)+\. Lesson \[(\d\d)\]\(\2_\w+\.md\)\."
TERMS = {"variance": "variance", "skip connection": "skip-connection"}


def test_a_quoted_heading_of_the_notebook_becomes_a_link_to_its_cells():
    text = 'Under "Why noise, and not\nblur?" and under "no heading" you see it.'
    linked = book_pages.with_experiments(text, "02_noise")
    target = "(../notebooks/02_noise.ipynb#why-noise-and-not-blur)"
    assert f'["Why noise, and not\nblur?"]{target}' in linked
    assert 'under "no heading" you' in linked


@pytest.mark.parametrize("name", ORDER)
def test_every_answer_of_a_lesson_names_the_experiment_that_gives_it(name):
    page = (ROOT / f"lessons/{name}.md").read_text(encoding="utf-8")
    promised = re.search(r"^answers: \[(.*)\]$", page, re.MULTILINE)[1]
    given = answers(name)
    assert set(given) == set(filter(None, promised.split(", ")))
    assert [question for question, quoted in given.items() if not quoted] == []


def test_the_first_use_of_a_term_is_linked_and_only_in_plain_words():
    text = "# Variance\n`variance` $variance$ [variance](x) A variance, the variance."
    told = with_terms(text, TERMS)
    assert told == text.replace("A variance", "A [variance](glossary.md#variance)")
    broken = with_terms("a skip\nconnection", TERMS)
    assert broken == "a [skip\nconnection](glossary.md#skip-connection)"


def test_every_entry_of_the_glossary_is_one_sentence_with_its_lesson():
    entries = (ROOT / "lessons/glossary.md").read_text(encoding="utf-8").split("\n## ")
    for entry in entries[1:]:
        heading, _, words = entry.partition("\n")
        sentence = re.sub(r" Also: \*.+?\*\.", "", " ".join(words.split()))
        assert re.fullmatch(SENTENCE, sentence), heading
    headings = [entry.partition("\n")[0] for entry in entries[1:]]
    assert headings == sorted(headings, key=str.lower)
    assert len(glossary_terms()) > len(headings)


def test_a_link_out_of_the_book_leads_to_the_repository():
    place = "notebooks/solutions/02_noise.ipynb"
    lesson = "[x](../../lessons/02_noise.md#questions-people-ask)"
    assert in_book(lesson, place) == "[x](../lessons/02_noise.md#questions-people-ask)"
    assert in_book("[x](https://a.org) [y](#z)", place) == "[x](https://a.org) [y](#z)"
    code = moved("../../course_lib/pixels.py", "", place)
    assert re.fullmatch(r"https://.+/blob/[^/]+/course_lib/pixels\.py", code)
    assert moved("README.md", "", "lessons/02_noise.md") == "../index.md"


def test_what_is_wrong_with_a_built_page_is_said(tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">a</h1><a href="b.html#here">b</a><a href="#top">top</a>'
        '<a href="b.html#gone">c</a><a href="c.html">d</a><a href="https://x.org">e</a>'
        '<img src="x.png"><script src="https://x.org/x.js"></script>',
        encoding="utf-8",
    )
    (tmp_path / "b.html").write_text('<p id="here">', encoding="utf-8")
    assert faults(tmp_path) == [
        "a.html: a picture without words: x.png",
        "a.html: fetched from elsewhere: https://x.org/x.js",
        "a.html: no such place on the page: b.html#gone",
        "a.html: no such page: c.html",
    ]


def test_a_link_to_the_page_itself_holds():
    page = {Path("/a.html"): Page('<p id="x">')}
    assert dead("mailto:a@b.org", Path("/a.html"), page) == ""


def test_notation_and_lessons_are_linked_both_ways():
    row = "| the noise; sort | $x$ | `eps`; `sorted` |"
    assert "[`eps`](notation.md#name-eps); `sorted`" in book_pages.with_names(row)
    assert book_pages.with_names("Not in text: `eps`.") == "Not in text: `eps`."
    page = book_pages.with_lessons("| $\\epsilon$ | `eps` | as x_0 | the noise | |")
    assert "[`eps`]{#name-eps}" in page and "([02](02_noise.md))" in page


@pytest.mark.parametrize("name", ORDER)
def test_every_solution_is_folded_away_in_the_book(name):
    cells = json.loads(book_pages.notebook_page(name))["cells"]
    folded = ["".join(cell["source"]) for cell in cells if "mystnb" in cell["metadata"]]
    wanted = {exercise.name for exercise in exercises() if exercise.notebook == name}
    assert len(folded) == len(wanted)
    assert all(any(f"def {of}(" in code for code in folded) for of in wanted)


def test_the_first_page_has_a_card_for_each_lesson_with_its_picture():
    page = book_pages.index_page()
    assert "CARDS" not in page and set(book_pages.promises()) >= set(ORDER)
    for name in ORDER:
        assert f"](lessons/{name}.md): " in page and f"(notebooks/{name}.ipynb)" in page
    pictures = re.findall(r"!\[.+\]\((lessons/pictures/\S+)\)", page)
    assert len(set(pictures)) == len(ORDER)
    assert all((ROOT / picture).is_file() for picture in pictures)
