"""The picture of lesson 08: the tables of the word bat, out of the solved notebook."""

import base64
import re
from pathlib import Path

import nbformat

HERE = Path(__file__).resolve().parent
solved = HERE.parents[1] / "notebooks" / "solutions" / "08_words.ipynb"
cells = nbformat.read(solved, as_version=4).cells
pages = [out.get("data", {}) for cell in cells for out in cell.get("outputs", [])]
pages = [page["text/html"] for page in pages if "text/html" in page]
page = next(page for page in pages if "How alike the word bat is" in page)
png = base64.b64decode(re.search(r"base64,([^\"]+)", page)[1])
HERE.joinpath("08_words.png").write_bytes(png)
