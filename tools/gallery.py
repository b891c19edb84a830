"""One page with the pictures of a class: make gallery FOLDER=handed-in/

    python tools/gallery.py handed-in              gallery.html, with names
    python tools/gallery.py handed-in --no-names   without

Pictures are decoded and drawn anew, words are escaped: the page holds nothing else of
what was handed in, and loads nothing.
"""

import argparse
import html
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from grading.handed_in import HandedIn, read_folder  # noqa: E402
from grading.notebook_file import pictures  # noqa: E402
from grading.page import page, printable, write  # noqa: E402

MOST_PICTURES = 4  # of one notebook, those of its checks first


def gallery(handed_in: list[HandedIn], names: bool = True) -> str:
    """The page: a section a notebook of the course, a figure a picture."""
    notebooks = sorted({each.notebook for each in handed_in if each.notebook})
    parts = []
    for notebook in notebooks:
        figures = [
            figure(each, picture, names)
            for each in handed_in
            if each.notebook == notebook
            for picture in pictures(each.cells, MOST_PICTURES)
        ]
        if figures:
            parts.append(f"<section><h2>{notebook}</h2>{''.join(figures)}</section>")
    return page("What we drew", "\n".join(parts or ["<p>No pictures yet.</p>"]))


def figure(each: HandedIn, picture, names: bool) -> str:
    by = f"<strong>{html.escape(each.name or each.learner)}</strong>: " if names else ""
    words = f"{by}{html.escape(picture.alt)}"
    return f"<figure>{picture.tag()}<figcaption>{words}</figcaption></figure>"


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="zips, folders and notebooks")
    parser.add_argument("--out", type=Path, default=Path("gallery.html"))
    parser.add_argument("--no-names", action="store_true", help="pictures alone")
    asked = parser.parse_args(given)
    if not asked.folder.is_dir():
        print(f"There is no folder {asked.folder}: make gallery FOLDER=handed-in/")
        return 2
    handed_in = list(read_folder(asked.folder))
    made = gallery(handed_in, not asked.no_names)
    write(asked.out, made)
    for each in handed_in:
        if each.problem:
            print(printable(f"left out, {each.file}: {each.problem}"))
    print(f"{asked.out.resolve()}: {made.count('<figure>')} pictures.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
