"""One HTML page of ours: it loads nothing, runs nothing, and escapes every word."""

import html
from pathlib import Path

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem;
  padding: 0 1rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse } caption { text-align: left; padding: .4rem 0 }
th, td { border: 1px solid #aaa; padding: .25rem .6rem; text-align: left;
  vertical-align: top } td.mark { text-align: right }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto }
figure { display: inline-block; margin: .5rem; max-width: 20rem; vertical-align: top }
img { max-width: 100%; height: auto; image-rendering: pixelated }
section { border-top: 1px solid #ccc; margin-top: 1.5rem }
"""
# Nothing from outside, no script: pictures lie in the page itself.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def printable(text: str) -> str:
    """What a terminal may show of a stranger's words: no colour, no moved cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def page(title: str, body: str) -> str:
    """A whole HTML page of ours."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{html.escape(title)}</h1>\n{body}\n</main>\n</body>\n"
        "</html>\n"
    )


def write(file: Path, text: str) -> None:
    # A lone half of a letter, as JSON can hold, has no place in a file.
    clean = text.encode("utf-8", "replace").decode("utf-8")
    file.write_text(clean, encoding="utf-8", newline="\n")
