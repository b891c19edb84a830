"""Build both variants of every notebook from its one source, notebooks/src/NN_name.py.

    python tools/build.py            build what differs from its source
    python tools/build.py 02_noise   build this one, whatever it looks like
    python tools/build.py --all      build every one
    python tools/build.py --check    build nothing, fail where built is not source

The title gets links to the lesson and to Colab, the end a link to the notebook that is
read next (reading_order.py). After the title comes the set-up cell, the same in every
notebook (setup_cell.py) and folded away, since there is nothing in it to read.

The learner's variant, notebooks/NN_name.ipynb, has no outputs, and the lines between
### BEGIN SOLUTION and ### END SOLUTION are cut out. The solved one, in
notebooks/solutions/, is executed and keeps its outputs, which `make course` compares.
Nothing in either depends on time or chance, so a one-word edit is a two-line
difference.
"""

import argparse
import hashlib
import os
import re
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from kernel import client_for
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from reading_order import after, foot, from_folder, with_head
from shrink import MOST_BYTES, shrink

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
SET_UP = Path(__file__).with_name("setup_cell.py")
# JupyterLab's and Colab's way to fold a cell's source away; each ignores the other's.
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
# The same for whoever runs it: short trainings, the CPU, no network, no mirror of real
# data, and one thread, because sums in another order round differently.
ENVIRONMENT = {
    "COURSE_PROFILE": "smoke",
    "COURSE_DEVICE": "cpu",
    "COURSE_DATA": "",
    "HF_HUB_OFFLINE": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
}
# Nothing about the Python that ran it, which would differ between machines.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# nbgrader's markers, so that its users can take the sources as they are.
MARKER = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION(?:\n|$)", re.MULTILINE)
SOLUTION = re.compile(
    r"^(?P<indent>[ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION$",
    re.DOTALL | re.MULTILINE,
)


# From source to cells ---------------------------------------------------------


def source_names() -> list[str]:
    """Every NN_name, in the order of the course."""
    return sorted(file.stem for file in NOTEBOOKS.glob("src/[0-9][0-9]_*.py"))


def repository() -> str:
    """OWNER/REPO of the course on GitHub, as in pyproject.toml."""
    return settings()["repository"]


def address() -> str:
    """Where GitHub shows the course's files: https://github.com/ADDRESS/README.md."""
    return f"{repository()}/blob/{tag()}"


def tag() -> str:
    """The branch or tag that links to GitHub name, and that Colab fetches."""
    return settings()["tag"]


def settings() -> dict[str, str]:
    """What pyproject.toml says of the course."""
    text = (NOTEBOOKS.parent / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tool"]["course"]


def without_solution(code: str) -> str:
    """The code that the learner sees.

    >>> print(without_solution('''def f(x):
    ...     ### BEGIN SOLUTION
    ...     return 2 * x
    ...     ### END SOLUTION'''))
    def f(x):
        raise NotImplementedError("your turn")
    """
    return SOLUTION.sub(r'\g<indent>raise NotImplementedError("your turn")', code)


def without_markers(code: str) -> str:
    return MARKER.sub("", code).rstrip("\n")


def cells_in(file: Path) -> list[NotebookNode]:
    """The cells of a file in percent format."""
    # The address is only in pyproject.toml, so that a fork changes it in one place.
    text = file.read_text(encoding="utf-8").replace("OWNER/REPO", repository())
    text = text.replace("BRANCH-OR-TAG", tag())
    return jupytext.reads(text, fmt="py:percent").cells


def source_cells(name: str) -> list[NotebookNode]:
    return cells_in(NOTEBOOKS / "src" / f"{name}.py")


def notebook_from_source(name: str, edit) -> NotebookNode:
    """The cells of a source, each edited, with ids that depend on their text only."""
    # The title stays first: a reader should see what this is before how it is set up.
    title, *rest = linked(name, "solutions/" if edit is without_markers else "")
    set_up = cells_in(SET_UP)
    notebook = nbformat.v4.new_notebook(metadata=METADATA)
    seen = Counter()
    for cell in [title, *set_up, *rest]:
        refuse_lone_markers(name, cell.source)
        # A new cell, because jupytext's has a random id and its own metadata, so every
        # build would be a difference in git.
        made = {"code": nbformat.v4.new_code_cell}.get(
            cell.cell_type, nbformat.v4.new_markdown_cell
        )(edit(cell.source), id="unset")
        made.id = cell_id(made, seen)
        if "tags" in cell.metadata:
            made.metadata["tags"] = cell.metadata["tags"]
        if cell in set_up:
            made.metadata.update(FOLDED)
        notebook.cells.append(made)
    return notebook


def linked(name: str, folder: str) -> list[NotebookNode]:
    """The cells of a source, with links that work from the folder of this variant."""
    cells = source_cells(name)
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = from_folder(cell.source, folder)
    cells[0].source = with_head(cells[0].source, name, folder, address())
    following = after(name)
    page_after = source_cells(following)[0].source if following else None
    # In the last cell, if it is Markdown; otherwise in a new one.
    if cells[-1].cell_type != "markdown":
        cells.append(nbformat.v4.new_markdown_cell())
    words = [cells[-1].source, foot(name, folder, page_after)]
    cells[-1].source = "\n\n".join(filter(None, words))
    return cells


def refuse_lone_markers(name: str, code: str) -> None:
    # A lone BEGIN would show the solution to the learner, and nobody would notice.
    if len(MARKER.findall(code)) != 2 * len(SOLUTION.findall(code)):
        sys.exit(f"{name}: a SOLUTION marker without its partner in the cell:\n{code}")


def cell_id(cell: NotebookNode, seen: Counter) -> str:
    """A hash of the text, with a number if the same text came before."""
    digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[
        :12
    ]
    # Two cells with the same text must still have two ids.
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


# Running ----------------------------------------------------------------------


def execute(notebook: NotebookNode, folder: Path, allow_errors=False) -> None:
    """Run every cell in order, in the same environment on every machine."""
    # The environment is passed to the kernel and not set here: tests build in their own
    # process, and would otherwise go on in the smoke profile.
    client = client_for(notebook, folder)
    client.allow_errors = allow_errors
    client.execute(env=os.environ | ENVIRONMENT)
    # Without nbclient's `widgets`, which keeps GitHub from showing the notebook at all.
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            # A live widget's id is drawn at random and dead once the kernel is gone.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


# Built against source ---------------------------------------------------------


def learner_file(name: str) -> Path:
    return NOTEBOOKS / f"{name}.ipynb"


def solved_file(name: str) -> Path:
    return NOTEBOOKS / "solutions" / f"{name}.ipynb"


def cells_of(notebook: NotebookNode) -> list[tuple]:
    """The parts of a notebook that come from its source."""
    # Not the outputs: they come from running, and `make course` compares them.
    return [
        (cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells
    ]


def same_cells(file: Path, notebook: NotebookNode) -> bool:
    if not file.is_file():
        return False
    return cells_of(nbformat.read(file, as_version=4)) == cells_of(notebook)


def stale(name: str) -> list[Path]:
    """The built files of a notebook that differ from its source."""
    wanted = {
        learner_file(name): notebook_from_source(name, without_solution),
        solved_file(name): notebook_from_source(name, without_markers),
    }
    return [file for file, notebook in wanted.items() if not same_cells(file, notebook)]


def orphans() -> list[Path]:
    """Built files whose source is gone."""
    built = [*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("solutions/*.ipynb")]
    return [file for file in sorted(built) if file.stem not in source_names()]


def build(name: str) -> None:
    """Write both variants."""
    started = time.perf_counter()
    solved = notebook_from_source(name, without_markers)
    solved_file(name).parent.mkdir(exist_ok=True)
    # The learner's first: it needs no running, so it is right even if the rest fails.
    write(notebook_from_source(name, without_solution), learner_file(name))
    try:
        execute(solved, solved_file(name).parent)
    # The solved one is not written then: half the outputs would look like all of them.
    except CellExecutionError as error:
        sys.exit(f"{name}: the solved notebook does not run.\n{error}")
    size = shrink(solved)
    write(solved, solved_file(name))
    print(f"{name}: {size // 1000} KB, built in {time.perf_counter() - started:.0f} s")
    if size > MOST_BYTES:
        print(f"{name} is too large, however coarse its colours: show fewer pictures")


def write(notebook: NotebookNode, file: Path) -> None:
    nbformat.validate(notebook)
    # newline: otherwise each build on Windows would change every line.
    file.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")


# Command line -----------------------------------------------------------------


def check_all() -> None:
    wrong = [file for name in source_names() for file in stale(name)] + orphans()
    for file in wrong:
        print(f"{file.relative_to(NOTEBOOKS.parent)} is not what its source says")
    if wrong:
        sys.exit("Run `make notebooks`.")
    print(f"{len(source_names())} notebooks: built is source")


def main() -> None:
    summary, usage = __doc__.split("\n\n", maxsplit=1)
    parser = argparse.ArgumentParser(
        description=summary,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NN_name")
    parser.add_argument("--all", action="store_true", help="also what looks built")
    parser.add_argument("--check", action="store_true", help="build nothing, compare")
    arguments = parser.parse_args()
    if arguments.check:
        return check_all()
    names = [Path(name).stem for name in arguments.names] or source_names()
    if unknown := set(names) - set(source_names()):
        sys.exit(f"No source for {sorted(unknown)}; there are {source_names()}.")
    for name in names:
        if arguments.names or arguments.all or stale(name):
            build(name)
    # A renamed notebook leaves two files behind, which somebody would still open.
    for file in [] if arguments.names else orphans():
        file.unlink()


if __name__ == "__main__":
    main()
