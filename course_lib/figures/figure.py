"""A figure under a cell: its look, its pixels, and words for who cannot see it.

Colours are those of Okabe and Ito, which people with any colour vision tell apart, and
no meaning hangs on colour alone: lines differ in dash and marker too.
"""

import base64
import html
import io
import math
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from IPython import get_ipython
from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from course_lib.pixels import check_pictures, to_bytes, to_rgb

# Blue, vermilion, black, sky; then orange, pink, green. The first four stay apart for
# every kind of colour blindness; in Okabe and Ito's own order blue and green do not.
PALETTE = ("#0072B2", "#D55E00", "#000000", "#56B4E9", "#E69F00", "#CC79A7", "#009E73")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DPI = 100
STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so the same everywhere
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # A grid to read values off, pale and behind everything (axisbelow).
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.dpi": DPI,
}


def our_style():
    """matplotlib as it comes, and STYLE on top; whatever the user has set stays out.

    Made and saved inside, a figure looks the same for everybody: a dark style sheet
    would leave black words on black, `savefig.bbox: tight` another size.
    """
    return style.context(STYLE, after_reset=True)


def new_figure(width: float, height: float, layout: str | None = None) -> Figure:
    """A white figure of so many inches, inside `our_style`."""
    tiny = 1e-5  # matplotlib rounds down, and 9.2 * 100 is below 920
    return Figure((width + tiny, height + tiny), dpi=DPI, layout=layout)


# Showing ------------------------------------------------------------------------


def show(figure: Figure | Image.Image, alt: str) -> None:
    """Show a figure or a Pillow image under the cell, with its description.

    The output is HTML with <img alt=...>, as JupyterLab and the book drop the
    description of a plain PNG output. The price: nbval, which skips PNG outputs,
    compares HTML to the byte, and between machines a float's last bit may differ, hence
    a pixel. So tools/nbval.cfg has nbval skip the bytes of pictures inside HTML
    and compare the rest: description and labels. How many pixels wide a figure is may
    differ with matplotlib's rounding, so no size is written down.
    """
    publish(image_tag(png_bytes(figure), alt), alt)


COLLECTED = []  # the lists of the `collected` blocks that are open, inmost last


@contextmanager
def collected() -> Iterator[list[str]]:
    """Whatever figure is shown in this block goes into its list, as HTML.

    >>> with collected() as pages:
    ...     publish("<p>a frog</p>", "a frog")
    >>> pages
    ['<p>a frog</p>']
    """
    COLLECTED.append([])
    try:
        yield COLLECTED[-1]
    finally:
        COLLECTED.pop()


def publish(page: str, alt: str) -> None:
    """Put a piece of HTML under the cell; a terminal prints its description instead."""
    # Both at once: Jupyter shows the richest it can, a screen in a terminal the words.
    words = f"figure: {alt}"
    if COLLECTED:
        COLLECTED[-1].append(page)
    elif get_ipython() is None:
        print(words)
    else:
        display({"text/html": page, "text/plain": words}, raw=True)


def image_tag(png: bytes, alt: str, width: int | None = None, look: str = "") -> str:
    """An <img> that carries its picture and its description with it.

    Args:
        width: on the screen, in pixels; as many as the picture has, if it is not said

    >>> image_tag(b"png", 'a "frog"', width=32)[:40]
    '<img alt="a &quot;frog&quot;" width="32"'
    """
    # Asked for here, through which every picture goes: none gets past without words.
    words = html.escape(check_alt(alt))
    wide = f'width="{width}" ' if width is not None else ""
    return (
        f'<img alt="{words}" {wide}style="max-width: 100%; height: auto; {look}" '
        f'src="{data_uri(png)}">'
    )


def data_uri(png: bytes) -> str:
    """A picture as an address that holds all of it."""
    # Inside the page, so that a notebook that is sent to somebody brings its pictures.
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def check_alt(alt: str) -> str:
    """The description, or an error that asks for one."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(
            "Say in a sentence what the figure shows, alt='...': a reader who cannot "
            f"see it hears that sentence. Got {alt!r}."
        )
    return alt


def png_bytes(figure: Figure | Image.Image) -> bytes:
    """A figure as PNG, without dates or versions in it; the figure is closed."""
    file = io.BytesIO()
    if isinstance(figure, Image.Image):
        pixels = to_rgb(figure)
        # The same picture must be the same bytes, whenever and wherever it was made.
        pixels.info = {}  # a file's comments and dates stay behind
        pixels.save(file, "png", optimize=True)
    else:
        if figure.get_layout_engine():
            figure.draw_without_rendering()  # the layout settles at the second drawing
        figure.savefig(file, format="png", metadata={"Software": None})
        plt.close(figure)  # else pyplot shows it a second time
    return file.getvalue()


@contextmanager
def panels(
    alt: str,
    count: int = 1,
    width: float = 3.2,
    height: float = 3.2,
    share: bool = False,
) -> Iterator[list[Axes]]:
    """Panels to draw on, side by side, four in a row; shown when the block ends.

    Args:
        width, height: of one panel, in inches
        share: give all panels the same axes
    """
    # Before anything is drawn, or the sentence would come after all the work.
    check_alt(alt)
    across = min(count, 4)
    down = math.ceil(count / across)
    with our_style():
        figure = new_figure(width * across, height * down, "constrained")
        grid = figure.subplots(down, across, squeeze=False, sharex=share, sharey=share)
        for empty in grid.flat[count:]:
            empty.set_visible(False)
        # The caller draws inside `our_style`, since matplotlib reads some of its
        # settings only when a line or a text is made.
        yield list(grid.flat[:count])
        show(figure, alt)


# A sheet of pictures --------------------------------------------------------------

WIDEST = 880  # pixels; what fits under a cell
GAP = 6  # pixels between pictures
LETTER, LINE = 6.5, 14  # pixels; the size of a letter at 8 points


class Row(NamedTuple):
    """One row of a sheet: what is written before it, its pictures, and under them."""

    label: str
    pictures: Tensor  # (N, 3, H, W) in [-1, 1]
    titles: list[str]  # N of them, or none


def show_sheet(rows: list[Row], alt: str, zoom: int | None = None) -> None:
    """Show rows of pictures; see `sheet`."""
    with our_style():
        show(sheet(rows, zoom), alt)


@our_style()
def sheet(rows: list[Row], zoom: int | None = None) -> Figure:
    """Rows of pictures, each pixel a square of `zoom` screen pixels, nothing resampled.

    Args:
        zoom: found by itself so that the sheet fits under a cell, 8 at most
    """
    for row in rows:
        check_pictures(row.pictures)
    height, width = rows[0].pictures.shape[2:]
    columns = max(len(row.pictures) for row in rows)
    # 110 pixels of the 880 at most, else many columns would have no room left.
    labels = [wrap(row.label, 110) for row in rows]
    margin = round(max(map(text_width, labels)))
    if zoom is None:
        # A whole number: only then is each pixel a square with sharp edges. More than 8
        # makes a small picture larger, and shows nothing more.
        zoom = max(1, min(8, ((WIDEST - margin) // columns - GAP) // width))
    across = width * zoom + GAP
    titles = [[wrap(str(title), across) for title in row.titles] for row in rows]
    downs = [height * zoom + GAP + LINE * most_lines(line) for line in titles]
    size = (margin + GAP + columns * across, GAP + sum(downs))
    # The figure has just the pixels that it needs, so that none is ever resampled:
    # imshow would stretch pictures to fit its axes.
    figure = new_figure(*(pixels / DPI for pixels in size))
    top = GAP
    for row, label, line, down in zip(rows, labels, titles, downs, strict=True):
        middle = top + height * zoom / 2
        put_text(figure, GAP, middle, label, ha="left", va="center")
        for column, picture in enumerate(row.pictures):
            left = margin + GAP + column * across
            put_picture(figure, left, top, picture, zoom)
        for column, title in enumerate(line):
            center = margin + GAP + column * across + width * zoom / 2
            put_text(figure, center, top + height * zoom + 2, title, "center", "top")
        top += down
    return figure


def wrap(text: str, pixels: float) -> str:
    """Break a text into lines that are about so wide."""
    # Reckoned by a mean letter, as matplotlib knows a text's true width only when it
    # draws, and the figure's size must be known before.
    return "\n".join(textwrap.wrap(text, max(4, int(pixels / LETTER))))


def text_width(text: str) -> float:
    """About how many pixels wide a text is, and gaps beside it; 0 for none."""
    return max(len(line) for line in text.split("\n")) * LETTER + 2 * GAP * bool(text)


def most_lines(texts: list[str]) -> int:
    return max((text.count("\n") + 1 for text in texts), default=0)


def put_picture(
    figure: Figure, left: int, top: int, picture: Tensor, zoom: int
) -> None:
    """One picture (3, H, W) at a place in pixels from the top left."""
    pixels = to_bytes(picture.detach().cpu()).permute(1, 2, 0)  # (H, W, 3)
    # figimage puts one number of the array on one screen pixel, and does nothing else.
    large = pixels.repeat_interleave(zoom, 0).repeat_interleave(zoom, 1).numpy()
    bottom = int(figure.bbox.height) - top - len(large)
    figure.figimage(large, left, bottom, origin="upper")


def put_text(figure: Figure, left: float, top: float, text: str, ha: str, va: str):
    """Words at a place in pixels from the top left."""
    # matplotlib counts from the bottom, in shares of the figure.
    x, y = left / figure.bbox.width, 1 - top / figure.bbox.height
    figure.text(x, y, text, ha=ha, va=va, fontsize=8, linespacing=1.1)
