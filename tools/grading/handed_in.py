"""What lies in a folder of handed-in work: zips, folders and loose notebooks.

Nothing is unpacked onto the disk, no link is followed, and no path inside a zip is used
for more than its last name. What cannot be read becomes a sentence, and the next one is
read.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grading.notebook_file import MOST_BYTES, Cell, NotANotebook, name_of, read

MOST_FILES = 60  # notebooks of one learner
MOST_ENTRIES = 2000  # in one zip
NAME_FILE = "handin.json"  # in a zip that `make handin` made


class HandedIn(NamedTuple):
    """One notebook of one learner, or what is the matter with it."""

    learner: str  # the zip's, the folder's or the file's own name
    name: str  # what the learner calls himself or herself; ""
    file: str
    notebook: str  # "02_noise"; "" if it is none of the course
    cells: list[Cell]
    problem: str = ""


def read_folder(folder: Path) -> Iterator[HandedIn]:
    """Everything that was handed in, in the order of its names."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from of_one(path.name, files_in(path))
        elif not path.is_file():  # a pipe would be waited for
            continue
        elif path.suffix.lower() == ".zip":
            yield from of_zip(path)
        elif path.suffix.lower() == ".ipynb":
            yield from of_one(path.stem, [(path.name, bytes_of(path))])


def files_in(folder: Path) -> list[tuple[str, bytes]]:
    """The notebooks in a folder and below, without links."""
    found = []
    for path in sorted(folder.rglob("*.ipynb"))[: 10 * MOST_FILES]:
        inside = path.relative_to(folder)
        linked = any((folder / p).is_symlink() for p in [inside, *inside.parents])
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.is_file() and not linked and not hidden:
            found.append((inside.as_posix(), bytes_of(path)))
    return found[:MOST_FILES]


def bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def of_zip(path: Path) -> list[HandedIn]:
    learner = path.stem
    try:
        with zipfile.ZipFile(path) as packed:
            files, name = unpacked(packed)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        said = f"the zip cannot be read ({str(error)[:80]})"
        return [HandedIn(learner, "", path.name, "", [], said)]
    except NotANotebook as error:
        return [HandedIn(learner, "", path.name, "", [], str(error))]
    return of_one(learner, files, name)


def unpacked(packed: zipfile.ZipFile) -> tuple[list[tuple[str, bytes]], str]:
    """The notebooks in a zip, and the name that its writer gave."""
    entries = packed.infolist()
    if len(entries) > MOST_ENTRIES:
        raise NotANotebook(f"the zip holds more than {MOST_ENTRIES} files")
    found, name, left = [], "", 2 * MOST_BYTES
    for entry in sorted(entries, key=lambda entry: entry.filename):
        inside = PurePosixPath(entry.filename.replace("\\", "/"))
        if any(is_hidden(part) for part in inside.parts):
            continue
        if inside.name == NAME_FILE:
            name = name_in(first_bytes(packed, entry, 10_000))
        elif inside.suffix.lower() == ".ipynb" and len(found) < MOST_FILES:
            # Not what the entry says of its size: what comes out is counted.
            content = first_bytes(packed, entry, min(left, MOST_BYTES) + 1)
            left -= len(content)
            found.append((inside.name, content))
            if left < 0:
                raise NotANotebook(
                    f"the zip holds more than {2 * MOST_BYTES // 2**20} MB of notebooks"
                )
    return found, name


def is_hidden(part: str) -> bool:
    """Whether a system put it there and not a learner."""
    return part != ".." and part.startswith((".", "__MACOSX"))


def first_bytes(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    with packed.open(entry) as file:
        return file.read(most)


def name_in(content: bytes) -> str:
    try:
        name = json.loads(content)["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return " ".join(name.split())[:60] if isinstance(name, str) else ""


def of_one(
    learner: str, files: list[tuple[str, bytes]], name: str = ""
) -> list[HandedIn]:
    """One learner's notebooks."""
    if not files:
        return [HandedIn(learner, name, learner, "", [], "no notebook lies in it")]
    found = []
    for file, content in files:
        try:
            cells = read(content)
        except NotANotebook as error:
            found.append(HandedIn(learner, name, file, "", [], str(error)))
            continue
        notebook = name_of(file, cells)
        problem = "" if notebook else "it is no notebook of the course"
        found.append(HandedIn(learner, name, file, notebook, cells, problem))
    return found
