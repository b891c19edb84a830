"""Stamp the course's address on GitHub into everything that names it.

    python tools/publish.py jane/pixels v1      before you push the tag v1
    python tools/publish.py OWNER/REPO main     back to unpublished, byte for byte

Changed are pyproject.toml, the links to Colab and the set-up cells of all notebooks,
README.md and CITATION.cff; the book takes the address from pyproject.toml when it is
built. No notebook is run: outputs stay as they are. Twice is the same as once.
"""

import re
import sys
from pathlib import Path

import build
import nbformat

# As GitHub allows them; a tag without a slash, so that a link can be read.
REPOSITORY = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*/(?!\.+$)[\w.-]+(?<!\.git)", re.A)
TAG = re.compile(r"(?!.*\.\.)[A-Za-z0-9]([\w.-]*[\w-])?(?<!\.lock)", re.A)
PAGES = ("README.md", "CITATION.cff")


def refusal(repository: str, tag: str) -> str:
    """Why a name will not do, and what to type; "" if both will."""
    if not REPOSITORY.fullmatch(repository):
        return (
            f"REPO is owner/name, as in REPO=jane/pixels, not {repository!r}: what "
            "stands behind github.com/ in the address of the repository."
        )
    if not TAG.fullmatch(tag):
        return (
            f"TAG is a tag or a branch, as in TAG=v1, not {tag!r}: letters, digits, "
            "dots, - and _, beginning with a letter or digit."
        )
    return ""


def variants() -> dict[Path, nbformat.NotebookNode]:
    """Every built file, and the notebook that its source gives with today's address."""
    made = {}
    for name in build.source_names():
        for file, edit in (
            (build.learner_file(name), build.without_solution),
            (build.solved_file(name), build.without_markers),
        ):
            made[file] = build.notebook_from_source(name, edit)
    return made


def stamp_notebook(file: Path, wanted: nbformat.NotebookNode) -> None:
    """Give a built notebook the cells of another; its outputs stay."""
    notebook = nbformat.read(file, as_version=4)
    for cell, new in zip(notebook.cells, wanted.cells, strict=True):
        cell.id, cell.source, cell.metadata = new.id, new.source, new.metadata
    build.write(notebook, file)


def stamp_page(text: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """The page with the new address, and the new tag where it stands before one.

    >>> stamp_page("`v1` of https://github.com/a/b, `v1`", ("a/b", "v1"), ("c/d", "v2"))
    '`v2` of https://github.com/c/d, `v1`'
    """
    place, tag = (re.escape(name) for name in old)
    address = (
        rf"(?P<tag>`{tag}`)?(?P<of>(?:\s+of )?https://github\.com/){place}(?![\w-])"
    )

    def stamped(found: re.Match) -> str:
        return f"`{new[1]}`" * bool(found["tag"]) + found["of"] + new[0]

    return re.sub(address, stamped, text)


def stamp(repository: str, tag: str) -> None:
    """Write the address everywhere; exits if a notebook is not what its source says."""
    root = build.NOTEBOOKS.parent
    old = (build.repository(), build.tag())
    # Else somebody's edits would be stamped away, or outputs put under other cells.
    stale = [f.stem for f, made in variants().items() if not build.same_cells(f, made)]
    if stale:
        sys.exit(f"{', '.join(dict.fromkeys(stale))}: first run `make notebooks`.")
    settings = root / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    for key, value in (("repository", repository), ("tag", tag)):
        text = re.sub(rf'^{key} = ".*"$', f'{key} = "{value}"', text, flags=re.M)
    write(settings, text)
    for name in PAGES:
        page = root / name
        write(page, stamp_page(page.read_text("utf-8"), old, (repository, tag)))
    for file, wanted in variants().items():
        stamp_notebook(file, wanted)


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


def main(arguments: list[str] | None = None) -> None:
    """Stamp, and say what to do next."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 2 or not all(given):
        sys.exit("Say where: make publish REPO=owner/name TAG=v1")
    repository, tag = given
    if reason := refusal(repository, tag):
        sys.exit(reason)
    stamp(repository, tag)
    if repository == "OWNER/REPO":
        return print("The course names no repository any more.")
    branch = tag == "main"
    print(f"Every link and set-up cell now names {repository}, {tag}. Next:")
    print("    git add -A && git commit -m 'The course names its repository'")
    print(f"    git remote add origin https://github.com/{repository}.git")
    print("    git push origin HEAD:main" if branch else f"    git tag {tag}")
    if not branch:
        print(f"    git push origin HEAD:main {tag}")
    print("Then open notebooks/00_start.ipynb on GitHub and try its link to Colab.")


if __name__ == "__main__":
    main()
