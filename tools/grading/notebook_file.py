"""A notebook as a file that somebody else wrote: code, outputs, pictures; no trust.

Nothing is run, no HTML of it is passed on, and a picture is decoded and drawn anew.
"""

import base64
import html
import io
import json
import re
from typing import NamedTuple

from exercises import exercises
from PIL import Image

MOST_BYTES = 32 * 2**20  # of one notebook
MOST_CELLS = 400
MOST_SIDE = 640  # pixels of a picture that is shown
COLOURS = 96  # of such a picture
TAG = re.compile(
    r"<img\b[^<>]{0,4000}?src=\"data:image/png;base64,([\w+/=]++)\"[^<>]{0,4000}>"
)
ALT = re.compile(r"<img\b[^<>]{0,4000}?\balt=\"([^\"]{1,500})\"")
VERDICT = re.compile(r"^\w+: (?:ok$|not yet right|not done yet).*", re.MULTILINE)


class NotANotebook(ValueError):
    """A sentence about a file that cannot be read."""


class Picture(NamedTuple):
    png: bytes
    alt: str

    def tag(self) -> str:
        """An <img> that carries its picture and its description."""
        data = base64.b64encode(self.png).decode()
        alt = html.escape(self.alt)
        return f'<img alt="{alt}" src="data:image/png;base64,{data}">'


class Cell(NamedTuple):
    code: str
    outputs: list[dict]

    def is_check(self) -> bool:
        """Whether it calls the check of an exercise."""
        return bool(re.search(r"\bcheck_\w+\(", self.code))

    def pages(self) -> list[str]:
        """The HTML of its outputs."""
        found = []
        for output in self.outputs:
            data = output.get("data")
            if isinstance(data, dict):
                found.append(joined(data.get("text/html", "")))
        return found

    def verdicts(self) -> list[str]:
        """What checks have printed under it."""
        said = [joined(output.get("text", "")) for output in self.outputs]
        return [line[:600] for text in said for line in VERDICT.findall(text)]


def joined(text) -> str:
    """A text of a notebook, which may be a list of lines."""
    if isinstance(text, list):
        text = "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""


def read(content: bytes) -> list[Cell]:
    """The code cells of a notebook.

    Raises NotANotebook with a sentence.
    """
    if len(content) > MOST_BYTES:
        raise NotANotebook(f"it is larger than {MOST_BYTES // 2**20} MB")
    try:
        cells = json.loads(content)["cells"]
        found = [
            Cell(joined(cell.get("source")), outputs_of(cell))
            for cell in cells[:MOST_CELLS]
            if cell.get("cell_type") == "code"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotANotebook("it is no Jupyter notebook that can be read") from None
    return found


def outputs_of(cell: dict) -> list[dict]:
    outputs = cell.get("outputs", [])
    if not isinstance(outputs, list):
        return []
    return [output for output in outputs if isinstance(output, dict)]


def name_of(file: str, cells: list[Cell]) -> str:
    """Which notebook of the course this is, whatever its file is called; or ""."""
    written = set(re.findall(r"\bmy_\w+", "\n".join(cell.code for cell in cells)))
    defined = set(re.findall(r"def\s+(my_\w+)", "\n".join(c.code for c in cells)))
    known = sorted({each.notebook for each in exercises()})
    for names in (defined, written):
        found = {
            notebook: sum(
                e.name in names for e in exercises() if e.notebook == notebook
            )
            for notebook in known
        }
        best = max(known, key=found.get)
        if found[best]:
            return best
    return next((notebook for notebook in known if notebook in file), "")


def pictures(cells: list[Cell], most: int = 12) -> list[Picture]:
    """The pictures under the checks, and then of other cells, one of each."""
    checks = [cell for cell in cells if cell.is_check()]
    found: list[Picture] = []
    for cell in [*checks, *(cell for cell in cells if cell not in checks)]:
        for page in cell.pages():
            if len(found) < most and (picture := first_picture(page)):
                found.append(picture)
    return found


def first_picture(page: str) -> Picture | None:
    tag = TAG.search(page)
    if tag is None:
        return None
    alt = ALT.search(tag[0])
    said = html.unescape(alt[1]) if alt else "a picture without a description"
    png = drawn_anew(tag[1])
    return Picture(png, said) if png else None


def drawn_anew(coded: str) -> bytes | None:
    """A picture as a PNG of ours, small enough for a page; None for what is none."""
    try:
        content = base64.b64decode(coded, validate=True)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if picture.width * picture.height > 4_000_000:
                return None
            drawn = picture.convert("RGBA")
    except (ValueError, OSError, SyntaxError, MemoryError):
        return None
    page = Image.new("RGBA", drawn.size, "white")
    flat = Image.alpha_composite(page, drawn).convert("RGB")
    flat.thumbnail((MOST_SIDE, MOST_SIDE))
    made = io.BytesIO()
    # A few colours each are enough to see by, and a class's page stays light.
    few = flat.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(made, "PNG", optimize=True)
    return made.getvalue()
