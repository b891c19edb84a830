"""Do two figures look alike? What `make course` compares of pictures.

Bytes would differ between two machines by the last bit of a float, so nbval skips them
(nbval.cfg), and would pass a figure that is all black. Eight by eight mean colours say
whether a figure still shows what it showed.
"""

import base64
import io
import re

from PIL import Image

PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
SIDE = 8  # so many mean colours across and down
# Of 255: the most that a mean colour may move. The few colours of a stored figure
# (shrink.py) move none by more than 12, and a black figure moves one by 100 and more.
TOLERANCE = 32


def figures(outputs: list) -> list[Image.Image]:
    """Every picture in the outputs of a cell, in order."""
    pages = ["".join(out.get("data", {}).get("text/html", "")) for out in outputs]
    found = [png for page in pages for png in PNG.findall(page)]
    return [Image.open(io.BytesIO(base64.b64decode(png))) for png in found]


def mean_colours(figure: Image.Image) -> bytes:
    """The mean colour of each of 8 x 8 parts, on white where it is transparent."""
    whole = figure.convert("RGBA")
    page = Image.new("RGBA", whole.size, "white")
    flat = Image.alpha_composite(page, whole).convert("RGB")
    return flat.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()


def moved(stored: Image.Image, now: Image.Image) -> int:
    """How far the mean colour that moved most has moved, 0..255."""
    pairs = zip(mean_colours(stored), mean_colours(now), strict=True)
    return max(abs(old - new) for old, new in pairs)


def other_look(stored: list, now: list) -> str:
    """What figure of a cell looks different, in a sentence; "" if none does."""
    old, new = figures(stored), figures(now)
    for number, pair in enumerate(zip(old, new, strict=False), start=1):
        if (by := moved(*pair)) > TOLERANCE:
            return (
                f"figure {number} of {len(old)} looks other than the stored one: "
                f"somewhere its colour has moved by {by} of 255"
            )
    return ""
