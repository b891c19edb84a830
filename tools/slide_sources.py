"""What slides take from a lesson: figures, questions, printed lines, formulas.

All are found by how they begin, so a slide never holds a copy that could grow old. What
cannot be found ends in a sentence that names the nearest.
"""

import ast
import base64
import io
import re
from contextlib import suppress
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from build import NOTEBOOKS, solved_file, source_cells
from PIL import Image
from slide_outline import NotWhole

LESSONS = NOTEBOOKS.parent / "lessons"
ASKED = re.compile(r"Your prediction: (.+) \((.+)\) Run this cell", re.DOTALL)
DOTS = ("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/webp;base64,")
FORMULA = re.compile(r"\$\$(.+?)\$\$|^```math\n(.+?)^```", re.DOTALL | re.MULTILINE)


@dataclass
class Picture:
    """A picture with the words for those who cannot see it."""

    alt: str
    src: str  # a data: URI, so that a file of slides is whole by itself
    width: int
    height: int
    pixels: bool = False  # shown larger, its pixels stay squares
    board: bool = False  # black strokes on white, which may become chalk


class Images(HTMLParser):
    """Every <img> with a picture inside it, in a figure of a notebook."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[Picture] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        src = given.get("src") or ""
        if tag != "img" or not src.startswith(DOTS):
            return
        data = base64.b64decode(src.partition(",")[2])
        with Image.open(io.BytesIO(data)) as image:
            size = image.size
        pixels = "pixelated" in (given.get("style") or "")
        self.found.append(Picture(given.get("alt") or "", src, *size, pixels))


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def begins(text: str, words: str) -> bool:
    """Does a text begin with these words? ... stands for whatever is in between.

    >>> begins("16 of 1000 are rough", "... of 1000 are")
    True
    """
    parts = [re.escape(part) for part in one_line(words).split("...")]
    return re.match(".*".join(parts), one_line(text)) is not None


def calls(code: str, name: str) -> list[ast.Call]:
    """Every call of the function with this name."""
    nodes = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    return [node for node in nodes if getattr(node.func, "id", "") == name]


def nearest(words: str, texts: list[str]) -> str:
    """Which text is most like the words, as far as they go."""
    texts = [one_line(text) for text in texts]
    if not texts:
        return "There is none at all."
    size = len(words)
    best = max(texts, key=lambda t: SequenceMatcher(None, words, t[:size]).ratio())
    return f'The nearest is "{best[: max(size, 100)]}".'


class Lesson:
    """Everything that slides may take from one lesson, for example 02_noise."""

    def __init__(self, name: str):
        self.name = name

    @cached_property
    def page(self) -> str:
        return (LESSONS / f"{self.name}.md").read_text(encoding="utf-8")

    @cached_property
    def outputs(self) -> list:
        notebook = nbformat.read(solved_file(self.name), as_version=4)
        return [out for cell in notebook.cells for out in cell.get("outputs", [])]

    @cached_property
    def figures(self) -> list[list[Picture]]:
        """The pictures of each output that has any."""
        pages = [out.get("data", {}).get("text/html", "") for out in self.outputs]
        return [found for page in pages if (found := Images(page).found)]

    @cached_property
    def questions(self) -> list[tuple[str, list[str]]]:
        """Each question before an experiment, with its choices."""
        plain = [out.get("data", {}).get("text/plain", "") for out in self.outputs]
        asked = [found for text in plain if (found := ASKED.search(text))]
        return [
            (one_line(f[1]), self.choices.get(f[1]) or one_line(f[2]).split(", "))
            for f in asked
        ]

    @cached_property
    def choices(self) -> dict[str, list[str]]:
        """The choices that a source spells out; one may have a comma in it."""
        code = [c.source for c in source_cells(self.name) if c.cell_type == "code"]
        found = {}
        for call in (node for text in code for node in calls(text, "prediction")):
            with suppress(ValueError):  # some are names and not literals
                question, among = map(ast.literal_eval, call.args)
                if isinstance(among, list):
                    found[question] = [str(choice) for choice in among]
        return found

    @cached_property
    def lines(self) -> list[str]:
        printed = [out.text for out in self.outputs if out.output_type == "stream"]
        return [line for text in printed for line in text.splitlines() if line.strip()]

    @cached_property
    def formulas(self) -> list[str]:
        return [one_line(f[1] or f[2]) for f in FORMULA.finditer(self.page)]

    def figure(self, words: str) -> list[Picture]:
        """One figure whose words begin like this: a picture, or its frames."""
        fitting = [[p for p in fig if begins(p.alt, words)] for fig in self.figures]
        fitting = [pictures for pictures in fitting if pictures]
        if len(fitting) != 1:
            alts = [picture.alt for figure in self.figures for picture in figure]
            raise self.missing("figure of the solved notebook", words, fitting, alts)
        return fitting[0]

    def guess(self, words: str) -> tuple[str, list[str]]:
        """A question of the notebook and its choices."""
        fitting = [pair for pair in self.questions if begins(pair[0], words)]
        if len(fitting) != 1:
            asked = [question for question, _ in self.questions]
            raise self.missing("question of the notebook", words, fitting, asked)
        return fitting[0]

    def printed(self, words: str) -> str:
        """A line that the solved notebook printed."""
        fitting = [line.rstrip() for line in self.lines if begins(line, words)]
        if len(fitting) != 1:
            raise self.missing("printed line", words, fitting, self.lines)
        return fitting[0]

    def formula(self, words: str) -> str:
        """A formula of the lesson's page, in LaTeX."""
        fitting = [formula for formula in self.formulas if begins(formula, words)]
        if len(fitting) != 1:
            raise self.missing("formula of the lesson", words, fitting, self.formulas)
        return fitting[0].rstrip(".,")

    def picture(self, stem: str) -> list[Picture]:
        """A picture of lessons/pictures, with the words that the lesson gives it."""
        shown = re.search(rf"!\[([^\]]+)\]\(pictures/{stem}\.png\)", self.page)
        if not shown:
            there = re.findall(r"\(pictures/(.+?)\.png\)", self.page)
            raise self.missing("picture on the lesson's page", stem, [], there)
        data = (LESSONS / "pictures" / f"{stem}.png").read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            size = image.size
        src = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        return [Picture(one_line(shown[1]), src, *size)]

    def board(self, stem: str) -> list[Picture]:
        """A board picture; its <desc> is the text for those who cannot see it."""
        file = LESSONS / "boards" / f"{stem}.svg"
        if not file.is_file():
            there = [path.stem for path in sorted(file.parent.glob("*.svg"))]
            raise self.missing("board picture", stem, [], there)
        return [board_picture(file)]

    def missing(self, what: str, words: str, fitting: list, there: list) -> NotWhole:
        """What to say when not exactly one thing begins with these words."""
        if fitting:
            told = f'more than one {what} begins with "{words}". Write more words.'
        else:
            told = f'no {what} begins with "{words}". {nearest(words, there)}'
        return NotWhole(told)


def board_picture(file: Path) -> Picture:
    text = file.read_text(encoding="utf-8")
    words = re.search(r"<desc[^>]*>(.+?)</desc>", text, re.DOTALL)[1]
    width, height = re.search(r'viewBox="0 0 (\d+) (\d+)"', text).groups()
    src = f"data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"
    return Picture(one_line(words), src, int(width), int(height), board=True)
