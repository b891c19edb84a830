"""A figure under a cell: its look, its pixels, and words for who cannot see it.

Colours are those of Okabe and Ito, which people with any colour vision tell apart, and
no meaning hangs on colour alone: lines differ in dash and marker too.
"""

import base64
import html
import io
import math
import textwrap

import matplotlib
from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from course_lib.pixels import check_pictures, to_bytes

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DPI = 100
WIDEST = 880  # pixels; what fits under a cell
STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so the same everywhere
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.dpi": DPI,
    "savefig.dpi": "figure",
    "savefig.bbox": None,
}


# Showing ------------------------------------------------------------------------


def show(figure: Figure | Image.Image, alt: str) -> None:
    """Show a figure or a Pillow image under the cell, with its description.

    The output is HTML with <img alt=...>, because the description of a plain PNG output
    is lost in JupyterLab and in the book. nbval would compare the picture's bytes, and
    those differ between machines in the last bit of a float; notebooks/conftest.py
    has it compare the description and everything else, and skip the bytes.
    """
    png, size = png_bytes(figure)
    publish(image_tag(png, size, alt), alt)


def publish(page: str, alt: str) -> None:
    """Put a piece of HTML under the cell; a terminal prints its description instead."""
    words = {"text/plain": f"figure: {alt}"}
    display({"text/html": page} | words, raw=True)


def image_tag(png: bytes, size: tuple[int, int], alt: str, style: str = "") -> str:
    """An <img> that carries its picture and its description with it.

    >>> image_tag(b"png", (32, 16), 'a "frog"')[:29]
    '<img alt="a &quot;frog&quot;"'
    """
    if not alt.strip():
        raise ValueError(
            "Say in a sentence what the figure shows (alt=...): a reader who cannot "
            "see it hears that sentence."
        )
    data = base64.b64encode(png).decode()
    return (
        f'<img alt="{html.escape(alt)}" width="{size[0]}" height="{size[1]}" '
        f'style="max-width: 100%; {style}" src="data:image/png;base64,{data}">'
    )


def png_bytes(figure: Figure | Image.Image) -> tuple[bytes, tuple[int, int]]:
    """A figure as PNG, without dates or versions in it, and its width and height."""
    file = io.BytesIO()
    if isinstance(figure, Image.Image):
        figure.save(file, "png", optimize=True)
        return file.getvalue(), figure.size
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    plt.close(figure)  # else pyplot shows it a second time
    with Image.open(file) as image:
        size = image.size
    return file.getvalue(), size


def panels(columns: int, width: float = 3.2, height: float = 3.2, share: bool = False):
    """An empty figure with `columns` panels side by side, in rows of four."""
    across = min(columns, 4)
    down = math.ceil(columns / across)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width * across, height * down), layout="constrained")
        axes = figure.subplots(
            down, across, squeeze=False, sharex=share, sharey=share
        ).ravel()
    for empty in axes[columns:]:
        empty.set_visible(False)
    return figure, list(axes[:columns])


# A sheet of pictures ----


def sheet(
    rows: list[Tensor],
    labels: list[str],
    titles: list[list[str] | None],
    zoom: int | None,
) -> Figure:
    """Rows of pictures, pixel-exact, with a label before and titles under each row."""
    for row in rows:
        check_pictures(row)
    height, width = rows[0].shape[2:]
    columns = max(len(row) for row in rows)
    label_width = 8 * max(map(len, labels)) + 8 * any(labels)
    gap = 6
    if zoom is None:
        zoom = max(1, min(8, ((WIDEST - label_width) // columns - gap) // width))
    across, down = width * zoom + gap, height * zoom + gap
    letters = max(4, across // 7)  # how many letters of a title fit on a line
    wrapped = [
        ["\n".join(textwrap.wrap(str(title), letters)) for title in line or []]
        for line in titles
    ]
    title_heights = [
        14 * max((title.count("\n") + 1 for title in line), default=0)
        for line in wrapped
    ]
    total = (
        label_width + columns * across + gap,
        len(rows) * down + sum(title_heights) + gap,
    )
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(total[0] / DPI, total[1] / DPI), dpi=DPI)
    top = gap
    for row, label, line, title_height in zip(
        rows, labels, wrapped, title_heights, strict=True
    ):
        put_text(
            figure, total, 4, top + height * zoom / 2, label, ha="left", va="center"
        )
        for column, picture in enumerate(row):
            left = label_width + gap + column * across
            put_picture(figure, total, left, top, picture, zoom)
            if line:
                put_text(
                    figure,
                    total,
                    left + width * zoom / 2,
                    top + height * zoom + 2,
                    line[column] if column < len(line) else "",
                    ha="center",
                    va="top",
                )
        top += down + title_height
    return figure


def put_picture(figure, total, left, top, picture, zoom):
    """One picture (3, H, W) at a place in pixels from the top left, nothing resampled."""
    large = to_bytes(picture.detach().cpu()).repeat_interleave(zoom, 1)
    large = large.repeat_interleave(zoom, 2).permute(1, 2, 0).numpy()
    figure.figimage(large, left, total[1] - top - large.shape[0], origin="upper")


def put_text(figure, total, left, top, text, ha, va):
    """Words at a place in pixels from the top left."""
    place = (left / total[0], 1 - top / total[1])
    figure.text(*place, text, ha=ha, va=va, fontsize=8, linespacing=1.1)
