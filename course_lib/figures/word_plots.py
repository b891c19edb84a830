"""Figures of words: a text cut into tokens, attention tables, meanings of a word."""

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from course_lib.figures.figure import (
    MARKERS,
    PALETTE,
    check_alt,
    new_figure,
    our_style,
    panels,
    show,
)

LETTER, LINE = 0.085, 0.36  # inches; a letter's width, a row's height
INKS = ("#cfe8f7", "#fbe3c0")  # alternating; the edges of the boxes say the same
CELL = 0.34  # inches, the width of a table's cell
MOST_NUMBERS = 150  # a table with more cells shows no numbers


def plot_tokens(rows: dict[str, list[str]], alt: str) -> None:
    """Draw texts as boxes, one per token, with each row's name on the left.

    Args:
        rows: name -> its tokens as strings; a space is drawn as a low bracket
    """
    check_alt(alt)
    margin = max(map(len, rows)) * LETTER + 0.3
    widths = [sum(box_width(text) for text in texts) for texts in rows.values()]
    size = (margin + max(widths) + 0.1, LINE * len(rows) + 0.1)
    with our_style():
        figure = new_figure(*size)
        # Axes in inches, from the top left, make boxes as wide as their letters;
        # `panels` stretches its axes.
        axis = figure.add_axes((0, 0, 1, 1))
        axis.set(xlim=(0, size[0]), ylim=(size[1], 0))
        axis.set_axis_off()
        for number, (name, texts) in enumerate(rows.items()):
            middle = 0.05 + LINE * (number + 0.5)
            axis.text(0.1, middle, name, va="center", fontsize=9)
            draw_boxes(axis, margin, middle, texts)
        show(figure, alt)


def box_width(text: str) -> float:
    """The width of a token's box, in inches."""
    return len(text) * LETTER + 0.1


def draw_boxes(axis: Axes, left: float, middle: float, texts: list[str]) -> None:
    for number, text in enumerate(texts):
        look = dict(facecolor=INKS[number % 2], edgecolor="black", lw=0.6)
        axis.bar(left, 0.26, box_width(text), middle - 0.13, align="edge", **look)
        # `box_width` assumes a font whose letters are all equally wide.
        shown = dict(va="center", ha="center", fontsize=9, family="DejaVu Sans Mono")
        center = left + box_width(text) / 2
        # Tokens may differ only by a leading space, which nobody would see.
        axis.text(center, middle, text.replace(" ", "\u2423"), **shown)
        left += box_width(text)


def plot_tables(
    tables: dict[str, Tensor],
    rows: list[str],
    columns: list[str],
    alt: str,
    row_label: str = "",
    column_label: str = "",
) -> None:
    """Draw tables of numbers from 0 to 1 side by side, dark where they are large.

    Args:
        tables: name -> (N, L) in [0, 1], such as attention weights or similarities
        rows: N words, written on the left of the first table
        columns: L words, written under each row_label, column_label: what rows and
        columns stand for
    """
    # Words side by side would run into each other; a letter or two would not.
    turn = 90 if max(map(len, columns)) > 2 else 0
    wide = CELL * len(columns) + 0.3
    high = 0.30 * len(rows) + 0.09 * max(map(len, columns)) + 0.6
    # The room for the words on the left is shared out over all tables.
    margin = (0.085 * max(map(len, rows)) + 0.3) / len(tables)
    with panels(alt, len(tables), wide + margin, high) as axes:
        for axis, (name, table) in zip(axes, tables.items(), strict=True):
            table = table.detach().cpu().double().numpy()  # numpy knows no bfloat16
            # Always from 0 to 1, so that a shade of blue is the same number in every
            # table.
            axis.imshow(table, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            axis.set_title(name, fontsize=11)
            axis.set_xticks(range(len(columns)), columns, rotation=turn)
            axis.set_yticks(range(len(rows)), rows if axis is axes[0] else [])
            axis.set_xlabel(column_label)
            axis.set_ylabel(row_label if axis is axes[0] else "")
            axis.grid(False)
            if table.size <= MOST_NUMBERS:
                write_shares(axis, table)


def write_shares(axis: Axes, table: np.ndarray) -> None:
    """Write each number into its cell, in hundredths."""
    # Without "0.": a small cell has room for two digits.
    for row, numbers in enumerate(table.tolist()):
        for column, number in enumerate(numbers):
            ink = "white" if number > 0.6 else "black"
            text = f"{100 * number:.0f}"
            axis.text(column, row, text, ha="center", va="center", c=ink, fontsize=9)


def plot_between(
    texts: list[str], places: dict[str, Tensor], ends: tuple[str, str], alt: str
) -> None:
    """Draw where a word lies between two meanings: a line per text, a mark per stage.

    Args:
        places: name of the stage -> (N,), 1 at the first meaning and -1 at the second
        ends: the names of the two meanings
    """
    ways = np.stack([place.double().numpy() for place in places.values()])
    with panels(alt, 1, 8.4, 0.34 * len(texts) + 1.0) as axes:
        axis = axes[0]
        for x, name in ((1, ends[0]), (-1, ends[1]), (0, "half way")):
            axis.axvline(x, color="black", lw=1, ls=":" if x == 0 else "-")
            axis.text(x, -0.7, name, ha="center", va="bottom", fontsize=10)
        rows = range(len(texts))
        for row in rows:
            axis.plot(ways[:, row], [row] * len(ways), color="#bbbbbb", lw=2, zorder=1)
        # The last stage counts most: large and filled; the others are hollow.
        for number, (name, way) in enumerate(zip(places, ways, strict=True)):
            last = number == len(places) - 1
            axis.scatter(
                way,
                rows,
                s=80 if last else 45,
                marker=MARKERS[number],
                facecolor=PALETTE[number] if last else "white",
                edgecolor=PALETTE[number],
                linewidth=1.5,
                label=name,
                zorder=2 + number,
            )
        axis.set_xlim(min(-1.5, ways.min() - 0.2), max(1.5, ways.max() + 0.2))
        axis.set_ylim(len(texts) - 0.5, -0.6)
        axis.set_yticks(rows, texts)
        axis.set_xticks([])
        axis.grid(False)
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncol=len(places))
