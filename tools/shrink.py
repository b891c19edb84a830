"""Make the pictures in a solved notebook small enough for a page on the web.

Learners see every picture as it is when they run a notebook. Those stored in git and
shown on GitHub may be coarser: their colours are rounded to as many levels of red,
green and blue as fit, the same for all pictures of a notebook. At 24 levels a colour is
off by 6 of 255 at most, which is hard to see; at 12, the last resort, pictures look
like posters.
"""

import base64
import io
import re

import numpy as np
from nbformat import NotebookNode, writes
from PIL import Image

MOST_BYTES = 980_000  # of a notebook; GitHub shows larger ones late or not at all
DATA_URI = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
LEVELS = (256, 64, 48, 40, 32, 28, 24, 20, 16, 12)  # 256 is all of them


def shrink(notebook: NotebookNode) -> int:
    """Compress a notebook's pictures in place; return its new size in characters."""
    outputs = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if DATA_URI.search(output.get("data", {}).get("text/html", ""))
    ]
    found = {
        png: decoded(png)
        for output in outputs
        for png in DATA_URI.findall(output.data["text/html"])
    }
    rest = len(writes(notebook)) - sum(map(len, found))
    for levels in LEVELS:
        pressed = {
            png: min(png, encoded(png_of(rounded(picture, levels))), key=len)
            for png, picture in found.items()
        }
        if rest + sum(map(len, pressed.values())) <= MOST_BYTES:
            break
    for output in outputs:
        output.data["text/html"] = DATA_URI.sub(
            lambda match: f"data:image/png;base64,{pressed[match[1]]}",
            output.data["text/html"],
        )
    return len(writes(notebook))


def rounded(picture: Image.Image, levels: int) -> Image.Image:
    """Round to the nearest of `levels` evenly spaced levels; black and white stay."""
    step = 255 / (levels - 1)
    numbers = np.asarray(picture, dtype=np.float64)
    return Image.fromarray((np.round(numbers / step) * step).round().astype(np.uint8))


def png_of(picture: Image.Image) -> bytes:
    """A picture as PNG bytes, with a palette if it has at most 256 colours."""
    if picture.getcolors(256):
        picture = picture.quantize(256, dither=Image.Dither.NONE)
    file = io.BytesIO()
    picture.save(file, "png", optimize=True)
    return file.getvalue()


def decoded(png: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")


def encoded(png: bytes) -> str:
    return base64.b64encode(png).decode()
