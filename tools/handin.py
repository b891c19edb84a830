"""Pack your notebooks to hand them in: make handin NOTEBOOK=02_noise

    python tools/handin.py 02_noise --name "Ada L."
    python tools/handin.py 02_noise 03_denoise

The zip holds the notebooks with what your checks printed and drew, and index.html, a
page with your pictures that opens in any browser. The same notebooks make the same zip.
"""

import argparse
import html
import json
import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from grading.handed_in import NAME_FILE  # noqa: E402
from grading.notebook_file import (  # noqa: E402
    Cell,
    NotANotebook,
    first_picture,
    pictures,
    read,
)
from grading.page import page  # noqa: E402

THEN = (1980, 1, 1, 0, 0, 0)  # the date of every file, so that equal zips are equal
MOST_LETTERS = 2000  # of what one cell has printed


def find(asked: str) -> Path:
    """The notebook of that name, or at that path.

    Raises NotANotebook with a sentence.
    """
    for path in (Path(asked), ROOT / "notebooks" / f"{Path(asked).stem}.ipynb"):
        if path.is_file():
            return path
    raise NotANotebook("there is no such notebook: try NOTEBOOK=02_noise")


def lighter(content: bytes) -> bytes:
    """A notebook with its pictures made small, and no text but what checks printed."""
    notebook = json.loads(content)
    notebook.get("metadata", {}).pop("widgets", None)
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            checks = Cell("".join(cell["source"]), []).is_check()
            kept = [kept_of(output, checks) for output in cell["outputs"]]
            cell["outputs"] = [output for output in kept if output]
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    return (text + "\n").encode()


def kept_of(output: dict, checks: bool) -> dict | None:
    """A check's text, cut short, or a figure; no error's trace and no slider."""
    if output["output_type"] == "stream":
        if not checks:
            return None
        return output | {"text": "".join(output["text"])[:MOST_LETTERS]}
    figure = first_picture("".join(output.get("data", {}).get("text/html", "")))
    return output | {"data": {"text/html": figure.tag()}} if figure else None


def show_page(name: str, notebooks: dict[str, list[Cell]]) -> str:
    """What a learner hands in, on one page."""
    parts = [f"<p>Handed in by {html.escape(name)}.</p>"]
    for title, cells in notebooks.items():
        parts.append(f"<h2>{html.escape(title)}</h2>")
        said = [line for cell in cells for line in cell.verdicts()]
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in said)
        parts.append(f"<ul>{lines}</ul>" if said else "<p>No check has run yet.</p>")
        for picture in pictures(cells):
            words = html.escape(picture.alt)
            parts.append(
                f"<figure>{picture.tag()}<figcaption>{words}</figcaption></figure>"
            )
    return page(f"Pixels to Prompts: {name}", "\n".join(parts))


def pack(files: dict[str, bytes], out: Path) -> None:
    """A zip with nothing in it that changes from one day, or system, to the next."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, THEN)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, files[name], compresslevel=9)


def hand_in(asked: list[str], name: str, folder: Path) -> Path:
    """The zip of these notebooks.

    Raises NotANotebook with a sentence.
    """
    files, shown = {}, {}
    for each in asked:
        path = find(each)
        content = path.read_bytes()
        try:
            shown[path.stem] = read(content)
            files[path.name] = lighter(content)
        except (NotANotebook, KeyError, TypeError, ValueError) as error:
            raise NotANotebook(f"{path} cannot be read: {error}") from None
    files["index.html"] = show_page(name, shown).encode()
    files[NAME_FILE] = (json.dumps({"name": name}, ensure_ascii=False) + "\n").encode()
    plain = re.sub(r"\W+", "_", name).strip("_")
    first, more = sorted(shown)[0], "_and_more" if len(shown) > 1 else ""
    out = folder / f"{plain}-{first}{more}.zip"
    pack(files, out)
    return out


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="+", help="02_noise, or a path")
    parser.add_argument("--name", help="your name, or a number that you were given")
    parser.add_argument("--out", type=Path, default=Path(), help="where the zip goes")
    asked = parser.parse_args(given)
    name = asked.name
    if not name and sys.stdin.isatty():
        name = input("Your name, or the number that you were given: ")
    name = " ".join((name or "").split())[:60]
    if not re.search(r"\w", name):
        print("Say who you are: make handin NOTEBOOK=02_noise NAME='Ada L.'")
        return 2
    try:
        out = hand_in(asked.notebooks, name, asked.out)
    except NotANotebook as error:
        print(f"{' '.join(asked.notebooks)}: {error}")
        return 2
    print(f"{out.resolve()} ({out.stat().st_size / 1000:.0f} kB): hand this in.")
    print("What is packed is what was saved last: Ctrl-S in JupyterLab, then again.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
