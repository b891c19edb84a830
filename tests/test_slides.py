"""Slides and board pictures: outlines are whole, and what they take is there."""

import re
import runpy
from xml.etree import ElementTree

import pytest
from reading_order import ORDER
from slide_outline import FEWEST, KINDS, OPTIONAL, NotWhole, parse
from slide_page import columns, figures, lines
from slide_sources import Images, Lesson, Picture, begins
from slides import ROOT, outline, sections

BOARDS = ROOT / "lessons" / "boards"
SVG = "{http://www.w3.org/2000/svg}"
MOST_STROKES, MOST_LABELS = 12, 11
RED = (  # one pixel
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4"
    "z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


def plan(**changes: str) -> str:
    """An outline that is whole, with other text for the slides of some kinds."""
    kinds = [kind for kind in KINDS if kind not in OPTIONAL]
    kinds += ["Look"] * (FEWEST - len(kinds))
    body = "Words.\n\nsay: Look\nand wait."
    slides = [f"## {k} · A title\n\n{changes.get(k, body)}\n" for k in kinds]
    return "# Heading\n\n" + "\n".join(slides)


# Outlines ---------------------------------------------------------------------------


def test_a_slide_is_words_what_it_takes_and_what_is_said():
    takes = "figure: A frog\nprinted: w = 1\n"
    body = f"Words,\nmore.\n\n{takes}say: Look\nand wait.\n\nEnd"
    slide = parse(plan(Look=body), "x.md")[list(KINDS).index("Look")]
    assert (slide.kind, slide.title) == ("Look", "A title")
    assert slide.takes == [("figure", "A frog"), ("printed", "w = 1")]
    assert slide.say == "Look\nand wait."
    assert slide.words.split() == ["Words,", "more.", "End"]


@pytest.mark.parametrize(
    "text, told",
    [
        (plan(Look="Words."), "x.md, slide 2: add a line that begins with say:"),
        (plan().replace("Look ·", "Luck ·"), '"Luck · A title" has no kind'),
        (plan().replace("## Guess ·", "## Look ·"), "no slide of this kind: Guess"),
        ("## Look · A title\n\nsay: Now.", "x.md has 1 slides: write 10 to 14"),
    ],
    ids=["nothing to say", "no kind", "a part is missing", "too few"],
)
def test_an_outline_that_is_not_whole_is_refused_with_what_to_do(text, told):
    with pytest.raises(NotWhole, match=re.escape(told)):
        parse(text, "x.md")


@pytest.mark.parametrize("name", ORDER)
def test_every_outline_is_whole_and_finds_what_it_takes(name):
    found, wrong = sections(name)
    assert wrong == []
    assert len(found) == len(outline(name))
    pictures = Images("".join(found)).found
    assert all(picture.alt for picture in pictures) and len(pictures) > 3


# What is taken ----------------------------------------------------------------------


def test_what_is_missing_is_named_with_what_is_nearest():
    lesson = Lesson("02_noise")
    with pytest.raises(NotWhole, match='nearest is "A frog with more and more noise'):
        lesson.figure("A frog with more and less noise")
    with pytest.raises(NotWhole, match=r"no formula .* nearest is \"x_t"):
        lesson.formula("x_t = a_t x_9")
    with pytest.raises(NotWhole, match="more than one printed line begins"):
        lesson.printed("numbers seen:")


def test_three_dots_stand_for_what_may_change():
    assert begins("t = 917:   66 frogs in  play", "t = 917: ... frogs in play")
    assert not begins("t = 917: 66 fish in play", "t = 917: ... frogs in play")


def test_the_frames_of_a_slider_are_one_figure():
    frames = Lesson("02_noise").figure("A frog with more and more noise: t =")
    assert len(frames) == 8 and all(frame.pixels for frame in frames)


def test_a_choice_may_have_a_comma_in_it():
    _, choices = Lesson("10_text_to_image").guess('"A red and blue frog"')
    assert "one frog, half red, half blue" in choices and len(choices) == 4


def test_what_is_taken_is_escaped():
    assert "<span>a &lt; b</span>" in lines(["a < b"])
    shown = figures([Picture('so "big" <', RED, 1, 1)] * 2)
    assert Images(shown).found[0].alt == 'so "big" <'


def test_frames_are_laid_out_as_large_as_they_can_be():
    assert [columns(8, 1.0), columns(8, 2.0), columns(5, 4.5)] == [4, 4, 2]


# Board pictures ---------------------------------------------------------------------


def test_the_board_pictures_are_what_their_script_draws(monkeypatch):
    monkeypatch.syspath_prepend(BOARDS)
    made = runpy.run_path(str(BOARDS / "make.py"))["files"]()
    assert set(made) == {"README.md", *(f"{name}.svg" for name in ORDER)}
    for name, text in made.items():
        there = (BOARDS / name).read_text(encoding="utf-8")
        assert there == text, f"run python lessons/boards/make.py: {name}"


@pytest.mark.parametrize("name", ORDER)
def test_a_board_picture_can_be_drawn_with_chalk_in_two_minutes(name):
    drawing = ElementTree.parse(BOARDS / f"{name}.svg").getroot()
    strokes, labels = (list(drawing.iter(f"{SVG}{tag}")) for tag in ("path", "text"))
    assert len(strokes) <= MOST_STROKES and len(labels) <= MOST_LABELS
    assert drawing.findtext(f"{SVG}title") and drawing.findtext(f"{SVG}desc")


def test_no_two_board_pictures_share_an_id():
    texts = [file.read_text(encoding="utf-8") for file in BOARDS.glob("*.svg")]
    ids = re.findall(r' id="([^"]+)"', "".join(texts))
    assert len(ids) == len(set(ids)) == 2 * len(ORDER)
