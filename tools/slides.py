"""Slides for each lesson: its outline in book/slides, and what that takes from the
lesson's own figures, printed lines and formulas (slide_outline.py says how).

python tools/slides.py            into book/built/slides; open index.html
"""

import argparse
import shutil
import sys
from pathlib import Path

from build import NOTEBOOKS
from reading_order import ORDER
from slide_outline import NotWhole, Slide, parse
from slide_page import index_page, lesson_page, slide_section
from slide_sources import Lesson

ROOT = NOTEBOOKS.parent
OUTLINES = ROOT / "book" / "slides"
SLIDES = ROOT / "book" / "built" / "slides"
MATHJAX = ROOT / "book" / "static" / "mathjax" / "tex-svg.js"


def outline(name: str) -> list[Slide]:
    """The slides of a lesson's outline."""
    file = OUTLINES / f"{name}.md"
    if not file.is_file():
        raise NotWhole(f"There is no outline {file.relative_to(ROOT)}. Write one.")
    return parse(file.read_text(encoding="utf-8"), f"book/slides/{file.name}")


def sections(name: str) -> tuple[list[str], list[str]]:
    """The slides of a lesson as HTML, and what is wrong with them, a sentence each."""
    try:
        slides = outline(name)
    except NotWhole as wrong:
        return [], [str(wrong)]
    lesson, found, wrong = Lesson(name), [], []
    for number, slide in enumerate(slides, 1):
        try:
            found.append(slide_section(slide, lesson, number))
        except NotWhole as missing:
            wrong.append(f"book/slides/{name}.md, slide {number}: {missing}")
    return found, wrong


def write_slides(folder: Path, names: list[str] = ORDER) -> list[str]:
    """Fill a folder with a page for each lesson and an index; say what is wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # The only thing that the pages share: it sets the formulas, and weighs 2 MB.
    shutil.copy(MATHJAX, folder / MATHJAX.name)
    shutil.copy(MATHJAX.with_name("LICENSE"), folder / "tex-svg-LICENSE")
    counts, faults = {}, []
    for name in names:
        found, wrong = sections(name)
        faults += wrong
        counts[name] = len(found) + 1  # the title
        page = lesson_page(Lesson(name), found)
        (folder / f"{name}.html").write_text(page, encoding="utf-8", newline="\n")
    index = index_page(counts)
    (folder / "index.html").write_text(index, encoding="utf-8", newline="\n")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="*", default=ORDER, help="02_noise; default all")
    parser.add_argument("--out", type=Path, default=SLIDES)
    told = parser.parse_args()
    if unknown := set(told.names) - set(ORDER):
        sys.exit(f"No such lesson: {', '.join(unknown)}. There are {', '.join(ORDER)}.")
    if wrong := write_slides(told.out, told.names):
        sys.exit("\n".join(["The slides are not whole:", *wrong]))
    print(f"The slides: open {told.out / 'index.html'}")


if __name__ == "__main__":
    main()
