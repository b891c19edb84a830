"""Does every link of the built book hold, and does it look whole without a network?"""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself, in contrast to a link that a reader may follow.
FETCHED = {"img": "src", "script": "src", "iframe": "src", "link": "href"}


class Page(HTMLParser):
    """The anchors of a page, its links, and what it fetches."""

    def __init__(self, text: str):
        super().__init__()
        self.anchors, self.links, self.fetched, self.pictures = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors.update(filter(None, [given.get("id"), given.get("name")]))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        # <link rel="canonical"> and the like are names, nothing is fetched.
        if tag in FETCHED and given.get("rel", "stylesheet") in ("stylesheet", "icon"):
            self.fetched.append(given.get(FETCHED[tag]) or "")
        if tag == "img" and not given.get("alt"):
            self.pictures.append(given.get("src", "")[:60])


def faults(folder: Path) -> list[str]:
    """What is wrong in a folder of pages, a line each."""
    pages = {
        file.resolve(): Page(file.read_text(encoding="utf-8"))
        for file in sorted(folder.rglob("*.html"))
    }
    found = []
    for file, page in pages.items():
        name = file.relative_to(folder.resolve())
        found += [f"{name}: a picture without words: {src}" for src in page.pictures]
        found += [
            f"{name}: fetched from elsewhere: {url}"
            for url in page.fetched
            if urlsplit(url).scheme in ("http", "https") or url.startswith("//")
        ]
        for link in page.links:
            if reason := dead(link, file, pages):
                found.append(f"{name}: {reason}: {link}")
    return found


def dead(link: str, file: Path, pages: dict[Path, Page]) -> str:
    """Why a link inside the book leads nowhere; "" if it holds or leads outside."""
    parts = urlsplit(link)
    if parts.scheme or link.startswith("//"):
        return ""
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_file():
        return "no such page"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "no such place on the page"
    return ""
