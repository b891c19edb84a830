"""Strokes for board pictures: lines a little bent, as a hand draws them, and labels."""

import math
import re
from html import escape

WIDTH, HEIGHT = 800, 500
Point = tuple[float, float]


class Board:
    """A drawing for the board: few strokes, big labels.

    Args:
        name: NN_name of the lesson
        title: what it is
        words: what it shows, for those who cannot see it
    """

    def __init__(self, name: str, title: str, words: str):
        self.name, self.title, self.words = name, title, words
        self.strokes: list[str] = []
        self.labels: list[str] = []

    def path(self, d: str, thin=False, dashed=False, filled=False) -> None:
        looks = ' stroke-width="2.5"' if thin else ""
        looks += ' stroke-dasharray="10 9"' if dashed else ""
        looks += ' fill="black"' if filled else ""
        self.strokes.append(f'<path d="{d}"{looks}/>')

    def line(self, *points: Point, **looks) -> None:
        """A stroke from point to point."""
        self.path(bent(points), **looks)

    def arrow(self, *points: Point, **looks) -> None:
        """A stroke with a head at its end."""
        self.path(f"{bent(points)} {head(points[-2], points[-1])}", **looks)

    def arc(self, start: Point, end: Point, high: float, **looks) -> None:
        """An arrow in a bow that rises `high` above the middle of start and end."""
        over = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 2 * high)
        bow = f"M{place(start)} Q{place(over)} {place(end)}"
        self.path(f"{bow} {head(over, end)}", **looks)

    def box(self, x: float, y: float, width: float, height: float, **looks) -> None:
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        self.path(bent([*corners, corners[0]]), **looks)

    def dot(self, *at: Point) -> None:
        """Points, as one element."""
        self.path(" ".join(round_at(x, y, 7) for x, y in at), filled=True)

    def circle(self, x: float, y: float, radius: float, **looks) -> None:
        self.path(round_at(x, y, radius), **looks)

    def label(self, x: float, y: float, text: str, size=34, anchor="middle") -> None:
        """Words whose middle (or "start", or "end") is at x, on the line y.

        x_t and x_{next} get their index below the line.
        """
        parts = re.split(r"_(\w|\{\w+\})", text)
        inside = escape(parts[0])
        for index, rest in zip(parts[1::2], parts[2::2], strict=True):
            low = size / 4
            inside += f'<tspan dy="{low:g}" font-size="{0.7 * size:g}">'
            inside += f"{index.strip('{}')}</tspan>"
            inside += f'<tspan dy="{-low:g}">{escape(rest) or "&#8203;"}</tspan>'
        self.labels.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}">'
            f"{inside}</text>"
        )

    def svg(self) -> str:
        """The whole file."""
        title, words = f"title-{self.name}", f"words-{self.name}"
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" '
                f'viewBox="0 0 {WIDTH} {HEIGHT}" '
                f'role="img" aria-labelledby="{title} {words}">',
                f'<title id="{title}">{escape(self.title)}</title>',
                f'<desc id="{words}">{escape(self.words)}</desc>',
                f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
                '<g fill="none" stroke="black" stroke-width="4" '
                'stroke-linecap="round" stroke-linejoin="round">',
                *self.strokes,
                "</g>",
                '<g font-family="sans-serif" fill="black">',
                *self.labels,
                "</g>",
                "</svg>\n",
            ]
        )


def place(point: Point) -> str:
    return f"{point[0]:.4g} {point[1]:.4g}"


def bent(points) -> str:
    """From point to point, each piece a little off the straight line."""
    d, side = f"M{place(points[0])}", 1
    for (x, y), (to_x, to_y) in zip(points, points[1:], strict=False):
        far = math.hypot(to_x - x, to_y - y) or 1
        off = side * min(4, far / 40) / far
        over = ((x + to_x) / 2 - off * (to_y - y), (y + to_y) / 2 + off * (to_x - x))
        d += f" Q{place(over)} {place((to_x, to_y))}"
        side = -side
    return d


def head(start: Point, end: Point, size=17) -> str:
    """The two short strokes at the end of an arrow."""
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    ends = [
        (end[0] - size * math.cos(angle + s), end[1] - size * math.sin(angle + s))
        for s in (0.5, -0.5)
    ]
    return f"M{place(ends[0])} L{place(end)} L{place(ends[1])}"


def round_at(x: float, y: float, r: float) -> str:
    ends = f"A{r:g} {r:g} 0 1 1"
    return f"M{x - r:g} {y:g} {ends} {x + r:g} {y:g} {ends} {x - r:g} {y:g}"
