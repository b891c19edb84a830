"""The pages of the book, made from the lessons and the solved notebooks as they are.

lessons/ and notebooks/ are the source, and read well on GitHub. The copies made here
differ where a book can do more: a quoted heading links the experiment that it names, a
term links the glossary, and a link out of the book leads to the repository.
"""

import json
import os
import re
from pathlib import Path

import nbformat
from build import NOTEBOOKS, address, solved_file, source_cells, without_markers
from reading_order import ORDER, titled

ROOT = NOTEBOOKS.parent
# A Markdown page of these folders is a page of the book; any other file is outside.
FOLDERS = ("lessons", "benchmarks", "notebooks")
PAGES = (
    *("lessons/questions.md", "lessons/notation.md", "lessons/glossary.md"),
    *("lessons/teaching.md", "lessons/misconceptions.md"),
    *("lessons/exam.md", "lessons/projects.md", "lessons/grading.md"),
    *("lessons/capstone.md", "lessons/final.md"),
    "lessons/boards/README.md",
)
LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]+)?(?=\))")
HREF = re.compile(r'href="(?!https?:|#|data:)([^"#]+)(#[^"]*)?"')
FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
QUOTED = re.compile(r'"([^"]{3,90})"')
ANSWER = re.compile(r"^\*\*(?=.{5,400}?\*\*\s\(Q\d+)", re.MULTILINE | re.DOTALL)
PICTURE = re.compile(r"!\[[^\]]+\]\(pictures/\S+\)")
# Where no word may become a link: code, formulas, headings, links, tags, tables.
CLOSED = re.compile(
    r"^```.*?^```|^\$\$.*?\$\$|^#.*?$|^\|.*?$|<!--.*?-->|<[^>]+>|`[^`]+`|\$[^$]+\$"
    r"|!?\[[^\]]*\]\([^)]*\)|\*[^*\n]+(?:\n[^*\n]+)?:\*",
    re.DOTALL | re.MULTILINE,
)


def write_pages(folder: Path) -> None:
    """Fill an empty folder with everything that Sphinx reads."""
    terms = glossary_terms()
    for page in [*PAGES, *(f"lessons/{name}.md" for name in ORDER)]:
        write(folder / page, lesson_page(page, terms))
    for page in sorted(ROOT.glob("benchmarks/*.md")):
        place = page.relative_to(ROOT).as_posix()
        write(folder / place, in_book(page.read_text(encoding="utf-8"), place))
    for name in ORDER:
        write(folder / f"notebooks/{name}.ipynb", notebook_page(name))
    for picture in [*ROOT.glob("lessons/*/*.png"), *ROOT.glob("lessons/*/*.svg")]:
        copy = folder / picture.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(picture.read_bytes())
    write(folder / "index.md", index_page())


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


# Links ------------------------------------------------------------------------------


def in_book(text: str, place: str) -> str:
    """The text of a page at this place, with links that hold in the book."""

    return LINK.sub(lambda found: moved(found[1], found[2] or "", place), text)


def moved(target: str, anchor: str, place: str) -> str:
    """Where a link leads from the page at this place, once both are in the book."""
    file = ((ROOT / place).parent / target).resolve()
    there = file.relative_to(ROOT).as_posix()
    if not there.startswith(FOLDERS) or file.suffix not in (
        ".md",
        ".ipynb",
        ".png",
        ".svg",
    ):
        return f"https://github.com/{address()}/{there}{anchor}"
    if there == "lessons/README.md":  # the map of the course
        there, anchor = "index.md", ""
    here = Path(in_one_folder(place)).parent
    return os.path.relpath(in_one_folder(there), here).replace(os.sep, "/") + anchor


def in_one_folder(place: str) -> str:
    """The book has each notebook once, solved."""
    return place.replace("notebooks/solutions/", "notebooks/")


def anchor_of(heading: str) -> str:
    """How MyST and GitHub call a heading.

    >>> anchor_of('Why noise, and *not* blur?')
    'why-noise-and-not-blur'
    """
    plain = re.sub(r"[*`$]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


# Lessons ----------------------------------------------------------------------------


def lesson_page(place: str, terms: dict[str, str]) -> str:
    """A page of lessons/, as the book shows it."""
    text = (ROOT / place).read_text(encoding="utf-8")
    name = Path(place).stem
    text = in_book(FRONT.sub("", text).lstrip(), place)
    if name in ORDER:
        text = with_experiments(text, name)
        text = with_terms(text, terms)
        text = with_names(text)
    if place == "lessons/notation.md":
        text = with_lessons(text)
    if place == "lessons/questions.md":
        text = with_answers(text)
    return text


def experiments(name: str) -> dict[str, str]:
    """Headings of a notebook, plain and in small letters: the anchor of each."""
    words = [c.source for c in source_cells(name) if c.cell_type == "markdown"]
    found = re.findall(r"^#{2,4} (.+)$", "\n".join(words), re.MULTILINE)
    return {plain(heading): anchor_of(heading) for heading in found}


def plain(words: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[*`$]", "", words)).strip().lower()


def with_experiments(text: str, name: str) -> str:
    """A heading of the notebook that a lesson quotes becomes a link to its cells."""
    anchors = experiments(name)

    def linked(found: re.Match) -> str:
        anchor = anchors.get(plain(found[1]))
        return (
            f'["{found[1]}"](../notebooks/{name}.ipynb#{anchor})'
            if anchor
            else found[0]
        )

    return QUOTED.sub(linked, text)


def answers(name: str) -> dict[str, list[str]]:
    """The questions that a lesson answers: the headings of the notebook it quotes."""
    text = (ROOT / f"lessons/{name}.md").read_text(encoding="utf-8")
    text = text.partition("## Questions people ask")[2].partition("\nNow do the")[0]
    anchors = experiments(name)
    found = {}
    for answer in ANSWER.split(text)[1:]:
        question = re.search(r"\((Q\d+)", answer)[1]
        quoted = [quote for quote in QUOTED.findall(answer) if plain(quote) in anchors]
        found.setdefault(question, []).extend(quoted)
    return found


def with_answers(text: str) -> str:
    """Beside each question the experiments that answer it, as links to their cells."""
    links = {}
    for name in ORDER:
        for question, quoted in answers(name).items():
            anchors = experiments(name)
            for quote in dict.fromkeys(map(plain, quoted)):
                words = quote[0].upper() + quote[1:]
                page = f"../notebooks/{name}.ipynb#{anchors[quote]}"
                links.setdefault(question, []).append(f"[{words}]({page})")
    text = text.replace("| answered in |\n| --- | --- | --- |", HEAD)
    return re.sub(
        r"^\| (Q\d+) \|.*\|$",
        lambda row: f"{row[0]} {'<br>'.join(links.get(row[1], []))} |",
        text,
        flags=re.MULTILINE,
    )


HEAD = "| answered in | experiments |\n| --- | --- | --- | --- |"


# The glossary -----------------------------------------------------------------------


def glossary_terms() -> dict[str, str]:
    """Every term of the glossary and each other form of it: the anchor of its entry."""
    text = (ROOT / "lessons/glossary.md").read_text(encoding="utf-8")
    terms = {}
    for entry in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, sentence = entry.partition("\n")
        also = re.findall(r"Also:\s+\*(.+?)\*", sentence)
        for form in [heading, *also]:
            terms[form.lower()] = terms[form.lower() + "s"] = anchor_of(heading)
    return terms


def with_terms(text: str, terms: dict[str, str]) -> str:
    """The first use of each term on a page becomes a link to its entry."""
    seen = set()
    # The longest first, as "attention map" is not "attention"; a line may break in it.
    words = "|".join(sorted(map(re.escape, terms), key=len, reverse=True))
    word = re.compile(rf"\b({words})\b".replace(r"\ ", r"\s+"), re.IGNORECASE)

    def linked(found: re.Match) -> str:
        anchor = terms[re.sub(r"\s+", " ", found[1].lower())]
        if anchor in seen:
            return found[0]
        seen.add(anchor)
        return f"[{found[1]}](glossary.md#{anchor})"

    done, at = [], 0
    for closed in CLOSED.finditer(text):
        done += [word.sub(linked, text[at : closed.start()]), closed[0]]
        at = closed.end()
    return "".join([*done, word.sub(linked, text[at:])])


# Notation ---------------------------------------------------------------------------

NAME = re.compile(r"`(\w+)`")


def names_of_notation() -> set[str]:
    """The names in the second column of the tables of lessons/notation.md."""
    text = (ROOT / "lessons/notation.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| $")]
    return {name for row in rows for name in NAME.findall(row[2])}


def with_names(text: str) -> str:
    """A name in a table of a lesson becomes a link to its row in the notation."""
    names = names_of_notation()

    def linked(found: re.Match) -> str:
        is_known = found[1] in names
        link = f"[{found[0]}](notation.md#{row_of(found[1])})"
        return link if is_known else found[0]

    return "\n".join(
        NAME.sub(linked, line) if line.startswith("|") else line
        for line in text.split("\n")
    )


def row_of(name: str) -> str:
    """The anchor of a name, where small and capital letters are no difference.

    >>> row_of("x_t"), row_of("x_T")
    ('name-x-t', 'name-x-capital-t')
    """
    plain = re.sub("[A-Z]", lambda found: f"capital-{found[0].lower()}", name)
    return f"name-{plain.replace('_', '-')}"


def with_lessons(text: str) -> str:
    """Each row of the notation has an anchor, and a link to its first lesson."""
    lessons = {
        name: (ROOT / f"lessons/{name}.md").read_text(encoding="utf-8")
        for name in ORDER
    }

    def row(found: re.Match) -> str:
        cells = found[0].split("|")
        names = NAME.findall(cells[2])
        cells[2] = NAME.sub(
            lambda found: f"[{found[0]}]{{#{row_of(found[1])}}}", cells[2]
        )
        for lesson, page in lessons.items():
            tables = re.findall(r"^\|.*\|$", page, re.MULTILINE)
            if any(f"`{name}`" in line for line in tables for name in names):
                cells[4] += f"([{lesson[:2]}]({lesson}.md)) "
                break
        return "|".join(cells)

    return re.sub(r"^\| \$.*\|$", row, text, flags=re.MULTILINE)


# Notebooks --------------------------------------------------------------------------


def notebook_page(name: str) -> str:
    """The solved notebook, its set-up left out and its answers folded."""
    file = solved_file(name)
    notebook = nbformat.read(file, as_version=4)
    place = file.relative_to(ROOT).as_posix()
    solutions = [
        c.source for c in source_cells(name) if "### BEGIN SOLUTION" in c.source
    ]
    answers = {without_markers(text) for text in solutions}  # as they were built
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if page := output.get("data", {}).get("text/html"):
                output["data"]["text/html"] = in_page(page, place)
        if cell.cell_type == "markdown":
            cell.source = in_book(cell.source, place)
        elif cell.metadata.get("cellView") == "form":
            cell.metadata["tags"] = ["remove-cell"]
        elif cell.source in answers:
            cell.metadata["mystnb"] = {"code_prompt_show": "Show a solution"}
            cell.metadata["tags"] = ["hide-input"]
    return json.dumps(notebook, ensure_ascii=False)


def in_page(html: str, place: str) -> str:
    """The HTML of a figure, with links that hold in the book."""

    def linked(found: re.Match) -> str:
        target = moved(found[1], found[2] or "", place)
        return f'href="{re.sub(r"[.](md|ipynb)(?=#|$)", ".html", target)}"'

    return HREF.sub(linked, html)


# The first page ---------------------------------------------------------------------


def index_page() -> str:
    """book/index.md with the table of contents, and a card for each lesson."""
    text = (ROOT / "book/index.md").read_text(encoding="utf-8")
    promised = promises()
    contents, cards = [], []
    for name in ORDER:
        page = (ROOT / f"lessons/{name}.md").read_text(encoding="utf-8")
        title = titled(name, FRONT.sub("", page))
        picture = PICTURE.search(page)[0].replace("](pictures/", "](lessons/pictures/")
        contents.append(f"{title} <lessons/{name}>")
        contents.append(f"{name[:2]} · Notebook <notebooks/{name}>")
        cards.append(
            f"- {' '.join(picture.split())}\n\n"
            f"  [**{title}**](lessons/{name}.md): {promised[name]}\n"
            f"  ([notebook](notebooks/{name}.ipynb))"
        )
    diaries = sorted(p.stem for p in ROOT.glob("benchmarks/*.md"))
    text = text.replace("LESSONS", "\n".join(contents))
    text = text.replace("CARDS", "\n".join(cards))
    return text.replace("BENCHMARKS", "\n".join(f"benchmarks/{s}" for s in diaries))


def promises() -> dict[str, str]:
    """What you will do in each notebook, from the README's table."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return dict(
        re.findall(r"^\| \[(\w+)\]\(notebooks/\S+\) \| (.+) \|$", text, re.MULTILINE)
    )
