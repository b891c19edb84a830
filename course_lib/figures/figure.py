"""A figure under a cell: its style, its pixels, and its description in words.

The colours are those of Okabe and Ito, which people with any colour vision can tell
apart, and no meaning depends on colour alone: lines also differ in dash and marker.
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
    """A context with matplotlib's defaults and STYLE on top, whatever the user has set.

    A figure made and saved inside it looks the same for everybody. Otherwise a dark
    style sheet would leave black words on black, and `savefig.bbox: tight` would change
    its size.
    """
    return style.context(STYLE, after_reset=True)


def new_figure(width: float, height: float, layout: str | None = None) -> Figure:
    """A white figure of `width` by `height` inches; call it inside `our_style`."""
    tiny = 1e-5  # matplotlib rounds down, and in floats 9.2 * 100 is below 920
    return Figure((width + tiny, height + tiny), dpi=DPI, layout=layout)


# Showing ------------------------------------------------------------------------


def show(figure: Figure | Image.Image, alt: str) -> None:
    """Show a figure or a Pillow image under the cell, with its description.

    The output is HTML with <img alt=...>, since JupyterLab and the book drop the
    description of a plain PNG output. The price: nbval skips PNG outputs but compares
    HTML byte by byte, and a pixel may differ between machines, as the last bit of a
    float does. So tools/nbval.cfg makes nbval skip the bytes of pictures inside HTML
    and compare the rest: description and labels. The width of a figure may differ by a
    pixel with matplotlib's rounding, so no size is written down.
    """
    publish(image_tag(png_bytes(figure), alt), alt)


COLLECTED = []  # the lists of the open `collected` blocks, innermost last


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect the figures of this block in a list, as HTML, instead of showing them.

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
    # Both at once: Jupyter shows the richest form it can, a terminal the words.
    words = f"figure: {alt}"
    if COLLECTED:
        COLLECTED[-1].append(page)
    elif get_ipython() is None:
        print(words)
    else:
        display({"text/html": page, "text/plain": words}, raw=True)


def image_tag(png: bytes, alt: str, width: int | None = None, look: str = "") -> str:
    """An <img> tag that contains its picture and its description.

    Args:
        width: on the screen, in pixels; by default that of the picture

    >>> image_tag(b"png", 'a "frog"', width=32)[:40]
    '<img alt="a &quot;frog&quot;" width="32"'
    """
    # Checked here, since every picture comes through: none gets past without words.
    words = html.escape(check_alt(alt))
    wide = f'width="{width}" ' if width is not None else ""
    return (
        f'<img alt="{words}" {wide}style="max-width: 100%; height: auto; {look}" '
        f'src="{data_uri(png)}">'
    )


def data_uri(png: bytes) -> str:
    """A picture as a data URI."""
    # Inside the page, so that a notebook brings its pictures along when it is sent.
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def check_alt(alt: str) -> str:
    """Return the description, or raise a ValueError that asks for one."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(
            "Say in a sentence what the figure shows, alt='...': a reader who cannot "
            f"see it hears that sentence. Got {alt!r}."
        )
    return alt


def png_bytes(figure: Figure | Image.Image) -> bytes:
    """A figure as PNG bytes, without dates or versions; the figure is closed."""
    file = io.BytesIO()
    if isinstance(figure, Image.Image):
        pixels = to_rgb(figure)
        # The same picture must give the same bytes, whenever and wherever it is made.
        pixels.info = {}  # a file's comments and dates stay behind
        pixels.save(file, "png", optimize=True)
    else:
        if figure.get_layout_engine():
            figure.draw_without_rendering()  # the layout settles only at the second
        figure.savefig(file, format="png", metadata={"Software": None})
        plt.close(figure)  # otherwise pyplot shows it a second time
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
    # Before anything is drawn, or the error would come after all the work.
    check_alt(alt)
    across = min(count, 4)
    down = math.ceil(count / across)
    with our_style():
        figure = new_figure(width * across, height * down, "constrained")
        grid = figure.subplots(down, across, squeeze=False, sharex=share, sharey=share)
        for empty in grid.flat[count:]:
            empty.set_visible(False)
        # The caller draws inside `our_style`, since matplotlib reads some settings only
        # when a line or a text is made.
        yield list(grid.flat[:count])
        show(figure, alt)


# A sheet of pictures --------------------------------------------------------------

WIDEST = 880  # pixels; what fits under a cell
GAP = 6  # pixels between pictures
LETTER, LINE = 6.5, 14  # pixels; the size of a letter at 8 points


class Row(NamedTuple):
    """One row of a sheet: its label, its pictures, and the titles under them."""

    label: str
    pictures: Tensor  # (N, 3, H, W) in [-1, 1]
    titles: list[str]  # N of them, or none


def show_sheet(rows: list[Row], alt: str, zoom: int | None = None) -> None:
    """Show rows of pictures; see `sheet`."""
    with our_style():
        show(sheet(rows, zoom), alt)


@our_style()
def sheet(rows: list[Row], zoom: int | None = None) -> Figure:
    """Draw rows of pictures; each pixel becomes a square of `zoom` screen pixels.

    Args:
        zoom: by default as large as fits under a cell, 8 at most
    """
    for row in rows:
        check_pictures(row.pictures)
    height, width = rows[0].pictures.shape[2:]
    columns = max(len(row.pictures) for row in rows)
    # At most 110 of the 880 pixels, or many columns would have no room left.
    labels = [wrap(row.label, 110) for row in rows]
    margin = round(max(map(text_width, labels)))
    if zoom is None:
        # A whole number: only then is each pixel a square with sharp edges. More than 8
        # would enlarge a small picture and show nothing more.
        zoom = max(1, min(8, ((WIDEST - margin) // columns - GAP) // width))
    across = width * zoom + GAP
    titles = [[wrap(str(title), across) for title in row.titles] for row in rows]
    downs = [height * zoom + GAP + LINE * most_lines(line) for line in titles]
    size = (margin + GAP + columns * across, GAP + sum(downs))
    # The figure has exactly the pixels that it needs, so that none is resampled: imshow
    # would stretch pictures to fit its axes.
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
    """Break a text into lines about `pixels` wide."""
    # Estimated with an average letter: matplotlib knows a text's true width only when
    # it draws, and the figure's size must be known before.
    return "\n".join(textwrap.wrap(text, max(4, int(pixels / LETTER))))


def text_width(text: str) -> float:
    """About how wide a text is with gaps beside it, in pixels; 0 for no text."""
    return max(len(line) for line in text.split("\n")) * LETTER + 2 * GAP * bool(text)


def most_lines(texts: list[str]) -> int:
    return max((text.count("\n") + 1 for text in texts), default=0)


def put_picture(
    figure: Figure, left: int, top: int, picture: Tensor, zoom: int
) -> None:
    """Draw one picture (3, H, W) at a place in pixels from the top left."""
    pixels = to_bytes(picture.detach().cpu()).permute(1, 2, 0)  # (H, W, 3)
    # figimage maps each array element to one screen pixel, without resampling.
    large = pixels.repeat_interleave(zoom, 0).repeat_interleave(zoom, 1).numpy()
    bottom = int(figure.bbox.height) - top - len(large)
    figure.figimage(large, left, bottom, origin="upper")


def put_text(figure: Figure, left: float, top: float, text: str, ha: str, va: str):
    """Write words at a place in pixels from the top left."""
    # matplotlib counts from the bottom, in fractions of the figure.
    x, y = left / figure.bbox.width, 1 - top / figure.bbox.height
    figure.text(x, y, text, ha=ha, va=va, fontsize=8, linespacing=1.1)
