"""The HTML of slides: one file a lesson, whole by itself but for the formulas."""

import html
import math
import re
from textwrap import dedent

from build import NOTEBOOKS
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from reading_order import titled
from slide_outline import Slide
from slide_sources import Lesson, Picture, board_picture

LOOKS = NOTEBOOKS.parent / "book" / "slides"
WIDE = 2.0  # a picture at least twice as wide as high lies below the words
BESIDE = 30  # a longer printed line had better stand above a picture,
TALL = 1.2  # but not if this is all that the picture is wider than high
BOX = 1180 / 430  # what is left for several pictures below a title and a line
CAPTION = 40 / 430


def set_formula(latex: str, options: dict) -> str:
    """A formula for MathJax, which finds it by its brackets."""
    return html.escape(rf"\[{latex}\]" if options["display_mode"] else rf"\({latex}\)")


MARKDOWN = MarkdownIt("commonmark").use(dollarmath_plugin, renderer=set_formula)


# One slide --------------------------------------------------------------------------


def slide_section(slide: Slide, lesson: Lesson, number: int) -> str:
    """A slide with its notes, as a <section>."""
    words, pictures = [MARKDOWN.render(slide.words)] if slide.words else [], []
    printed = []
    for what, begin in slide.takes:
        taken = getattr(lesson, what)(begin)
        if what == "guess":
            words.append(question(*taken))
        elif what == "printed":
            printed.append(taken)
        elif what == "formula":
            words.append(formula(taken))
        else:
            pictures += taken
    if printed:
        words.append(lines(printed))
    long = any(len(line.strip()) > BESIDE for line in printed)
    shown = shape(words, pictures, long)
    return SECTION.format(
        number=number + 1,
        kind=html.escape(slide.kind),
        kind_class=slide.kind.lower().replace(" ", "-"),
        title=MARKDOWN.renderInline(slide.title),
        shape=shown,
        words=f'<div class="words">{"".join(words)}</div>' if words else "",
        pictures=figures(pictures) if pictures else "",
        say=MARKDOWN.render(slide.say),
    )


SECTION = """<section class="page" id="s{number}" aria-label="Slide {number}">
<div class="slide {kind_class}"><div class="inside">
<header><p class="kind">{kind}</p><h2>{title}</h2></header>
<div class="body {shape}">{words}{pictures}</div>
</div></div>
<div class="notes" role="note" aria-label="What to say">{say}</div>
</section>
"""


def shape(words: list[str], pictures: list[Picture], long: bool) -> str:
    """How words and pictures share a slide."""
    if not words or not pictures:
        return "alone"
    least = TALL if long else WIDE
    wide = len(pictures) > 1 or pictures[0].width >= least * pictures[0].height
    return "stacked" if wide else "beside"


def figures(pictures: list[Picture]) -> str:
    """One picture, or the frames of one figure in rows."""
    if len(pictures) == 1:
        return f'<div class="pictures one">{image(pictures[0])}</div>'
    across = columns(len(pictures), pictures[0].width / pictures[0].height)
    cells = [
        f"<figure>{image(p)}<figcaption>{html.escape(frame(p.alt))}</figcaption></figure>"
        for p in pictures
    ]
    rows = math.ceil(len(pictures) / across)
    grid = f"--across: {across}; --rows: {rows}"
    return f'<div class="pictures many" style="{grid}">{"".join(cells)}</div>'


def columns(count: int, aspect: float) -> int:
    """In how many columns pictures of this width / height become largest.

    >>> columns(8, 1.0), columns(5, 4.5)
    (4, 2)
    """

    def width(across: int) -> float:
        rows = math.ceil(count / across)
        return min(BOX / across, aspect * (1 / rows - CAPTION))

    return max(range(1, count + 1), key=width)


def frame(alt: str) -> str:
    """What differs from frame to frame stands at the end, after a colon."""
    return alt.rpartition(": ")[2]


def image(picture: Picture) -> str:
    kinds = " ".join(
        ["pixels"] * picture.pixels + ["board"] * picture.board + ["figure"]
    )
    # The rule of CSS needs the shape, or a small picture would stay small.
    return (
        f'<img class="{kinds}" alt="{html.escape(picture.alt)}" '
        f'style="--aspect: {picture.width / picture.height:.4f}" src="{picture.src}">'
    )


def question(asked: str, choices: list[str]) -> str:
    chips = "".join(f"<li>{html.escape(choice)}</li>" for choice in choices)
    return f'<p class="asked">{html.escape(asked)}</p><ul class="choices">{chips}</ul>'


def formula(latex: str) -> str:
    """Large, one equation a line."""
    parts = re.split(r",? *\\qquad *", latex)
    shown = "".join(rf"<p>\[{html.escape(part)}\]</p>" for part in parts)
    return f'<div class="formula">{shown}</div>'


def lines(printed: list[str]) -> str:
    """As the notebook printed them, as large as the longest line allows."""
    told = dedent("\n".join(printed)).splitlines()
    rows = "".join(f"<span>{html.escape(line)}</span>" for line in told)
    return f'<pre style="--chars: {max(map(len, told))}">{rows}</pre>'


# Whole pages ------------------------------------------------------------------------


def lesson_page(lesson: Lesson, sections: list[str]) -> str:
    """The slides of one lesson."""
    title = re.search(r"^# (.+)$", lesson.page, re.MULTILINE)[1]
    minutes = re.search(r"^minutes: (\d+)$", lesson.page, re.MULTILINE)[1]
    first = TITLE.format(title=html.escape(title), minutes=minutes)
    # One slide is shown at a time; the heading of them all is heard with each.
    heading = f'<h1 class="heard">{html.escape(title)}</h1>'
    body = f"<main>{heading}{first}{''.join(sections)}</main>{BAR}"
    return page(title, body, "show.js")


TITLE = """<section class="page" id="s1" aria-label="Slide 1">
<div class="slide title"><div class="inside">
<p class="kind">Pixels to Prompts</p><h2>{title}</h2>
</div></div>
<div class="notes" role="note" aria-label="What to say">
<p>The notebook takes {minutes} minutes. Open this page in a second window, on your own
screen, and press N there: the two turn
their pages together.</p></div>
</section>
"""
BAR = """<nav class="bar" aria-label="Slides">
<button data-do="back" aria-label="Back">&larr;</button>
<output id="place"></output>
<button data-do="on" aria-label="On">&rarr;</button>
<button data-do="notes">Notes (N)</button>
<button data-do="dark">Dark (D)</button>
<button data-do="full">Full (F)</button>
<a href="index.html">All lessons</a>
</nav>"""


def index_page(counts: dict[str, int]) -> str:
    """The list of all lessons, each with its board picture."""
    rows = []
    for name, count in counts.items():
        lesson = Lesson(name)
        board = LOOKS.parents[1] / "lessons" / "boards" / f"{name}.svg"
        picture = image(board_picture(board)) if board.is_file() else ""
        label = html.escape(titled(name, lesson.page[lesson.page.index("\n# ") :]))
        rows.append(
            f'<li><a href="{name}.html">{picture}<span>{label}</span></a>'
            f"<small>{count} slides</small></li>"
        )
    return page("Slides", INDEX.format(rows="\n".join(rows)))


INDEX = """<main class="index"><h1>Pixels to Prompts: slides</h1>
<p>Arrow keys, space or a swipe turn the page. N shows what to say, D changes dark and
light, F fills the screen. Print a lesson to have its slides on paper, with what to say
below each.</p>
<ul>
{rows}
</ul></main>"""


def page(title: str, body: str, script: str = "") -> str:
    """A page that fetches nothing but the formulas, from its own folder."""
    style = (LOOKS / "show.css").read_text(encoding="utf-8")
    code = (LOOKS / script).read_text(encoding="utf-8") if script else ""
    scripts = MATHJAX + f"<script>\n{code}</script>" if script else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n{scripts}\n</body>\n</html>\n"
    )


# Fonts inside the picture of each formula, nothing looked up, no menu.
MATHJAX = """<script>
MathJax = {svg: {fontCache: "local"}, options: {enableMenu: false}};
</script>
<script src="tex-svg.js"></script>
"""
