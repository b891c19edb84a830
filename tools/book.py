"""Build the book: lesson pages and solved notebooks as a website that needs no network.

python tools/book.py            into book/built/html; open index.html
"""

import argparse
import shutil
import sys
from pathlib import Path

from book_links import faults
from book_pages import ROOT, write_pages
from slides import write_slides
from sphinx.cmd.build import build_main
from tryit import write_page

BOOK = ROOT / "book" / "built"


NAMES = {
    ' role="heading">': ' role="heading" aria-level="2">',
    '<aside class="sidebar': '<aside aria-label="All pages" class="sidebar',
    '<aside class="toc-drawer': '<aside aria-label="This page" class="toc-drawer',
}


def mend(page: Path) -> None:
    """Add what the theme leaves out, and readers who listen to a page need."""
    text = page.read_text(encoding="utf-8")
    for bare, named in NAMES.items():
        text = text.replace(bare, named)
    page.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, default=BOOK)
    out = parser.parse_args().out
    pages, html = out / "pages", out / "html"
    for folder in out.glob("*"):
        if folder.name != "slides":  # those of `make slides` stay
            shutil.rmtree(folder, ignore_errors=True)
    pages.mkdir(parents=True)
    write_pages(pages)
    # A warning is a page that is not whole, so it ends the build.
    options = ["-q", "-W", "--keep-going", "-n", "-j", "2", "-c", str(ROOT / "book")]
    if build_main([*options, "-b", "html", str(pages), str(html)]):
        sys.exit("The book was not built: what is wrong stands above.")
    for page in html.rglob("*.html"):
        mend(page)
    write_page(html / "try")
    if found := write_slides(html / "slides") + faults(html):
        sys.exit("\n".join(["The book is built, but not whole:", *found]))
    print(f"The book: open {html / 'index.html'}")


if __name__ == "__main__":
    main()
