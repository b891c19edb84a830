"""The library in rooms: a file imports only from rooms above its own."""

import ast
import re
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[1] / "course_lib"
GROUND = "course_lib"  # the files that lie in no room: device, pixels, typed ...
ROOMS = (
    GROUND,
    *("diffusion", "networks", "world"),
    *("painters", "training", "judging", "figures", "checks", "commands"),
)
STRANGERS = {"diffusion", "networks", "world"}  # who need the ground, never each other
DOORS = ("__init__", "__main__")  # they open the house: to be above nobody is their job
MOST_LINES = 450
FILES = sorted(LIBRARY.rglob("*.py"))


def name_of(file: Path, library: Path = LIBRARY) -> str:
    """`networks.unet` for course_lib/networks/unet.py."""
    return ".".join(file.relative_to(library).with_suffix("").parts)


def room_of(module: str) -> str:
    """`networks` for `networks.unet`, GROUND for `device`."""
    first, *rest = module.split(".")
    return first if rest or first in ROOMS else GROUND


def imported_modules(code: str) -> set[str]:
    """Which files of the library a piece of code imports, wherever in it."""
    modules = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = "." * node.level + (node.module or "")
            if whole.removeprefix("course_lib.") in ("course_lib", *ROOMS):
                modules.update(f"{whole}.{alias.name}" for alias in node.names)
            else:
                modules.add(whole)
    relative = {module for module in modules if module.startswith(".")}
    assert not relative, f"write `from course_lib.x import y`, not {relative}"
    inside = {m for m in modules if m.split(".")[0] == "course_lib"} - {"course_lib"}
    return {module.removeprefix("course_lib.") for module in inside}


def wrong_imports(module: str, code: str) -> set[str]:
    """What a file imports from rooms that are not above its own, itself excepted."""
    own = room_of(module)
    allowed = {GROUND, own} if own in STRANGERS else {*ROOMS[: ROOMS.index(own) + 1]}
    return {m for m in imported_modules(code) if room_of(m) not in allowed}


def imports_inside(room: str) -> dict[str, set[str]]:
    """Each file of a room, and which others of the same room it imports."""
    files = {name_of(f): f for f in FILES if room_of(name_of(f)) == room}
    return {
        name: imported_modules(file.read_text(encoding="utf-8")) & files.keys()
        for name, file in files.items()
    }


def circle_in(imports: dict[str, set[str]]) -> list[str]:
    """Files that import each other in a circle; [] if there is an order for all."""
    left = dict(imports)
    while left:
        free = [name for name, needs in left.items() if not needs & left.keys()]
        if not free:
            return sorted(left)
        left = {name: needs for name, needs in left.items() if name not in free}
    return []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_imports_only_from_rooms_above_its_own(file):
    code = file.read_text(encoding="utf-8")
    if file.stem in DOORS:  # a room's door lets nobody in: it imports nothing
        main = {"commands.main"} if file.stem == "__main__" else set()
        assert imported_modules(code) == main
        return
    assert room_of(name_of(file)) in ROOMS, f"{file} lies in no room of the plan"
    wrong = wrong_imports(name_of(file), code)
    assert not wrong, f"{file.name} imports {sorted(wrong)}, which is not above it"


@pytest.mark.parametrize("room", ROOMS)
def test_no_two_files_of_a_room_import_each_other(room):
    assert circle_in(imports_inside(room)) == []


def test_the_map_shows_the_rooms_as_they_are():
    page = (LIBRARY.parent / "lessons" / "README.md").read_text(encoding="utf-8")
    told = re.search(r"## The library in rooms\n(.*?)(\n## |\Z)", page, re.DOTALL)[1]
    rows = re.findall(r"^\| ([\w ]+) \| (.*?) \|", told, re.MULTILINE)
    shown = {
        room.replace("the ground", GROUND): set(re.findall(r"`(\w+)`", files))
        for room, files in rows
        if room != "room"
    }
    there: dict[str, set[str]] = {room: set() for room in ROOMS}
    for file in FILES:
        if file.stem not in DOORS:
            there[room_of(name_of(file))].add(file.stem)
    there["checks"] = set()  # one a notebook, with its name
    assert list(shown) == list(ROOMS) and shown == there


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_has_one_subject(file):
    assert file.stem not in ("utils", "common", "helpers", "misc"), (
        f"{file.name}: a helper lives in the file of the thing it helps with"
    )
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{file.name} has {lines} lines: what has moved in?"


def test_every_file_is_imported_by_a_test():
    tests = (file.read_text("utf-8") for file in LIBRARY.parent.glob("tests/*.py"))
    tested = set().union(*map(imported_modules, tests))
    files = {name_of(file) for file in FILES if file.stem not in DOORS}
    untested = files - tested
    assert not untested, f"no test imports {sorted(untested)}"


def test_a_wrong_import_is_seen_wherever_it_hides():
    late = "def f():\n    from course_lib.training.trainer import train"
    assert wrong_imports("networks.unet", late) == {"training.trainer"}
    assert wrong_imports("commands.train", late) == set()
    sideways = "from course_lib.diffusion import schedule"
    assert wrong_imports("networks.unet", sideways) == {"diffusion.schedule"}
    assert wrong_imports("painters.painter", sideways) == set()
    assert wrong_imports("device", "import course_lib.networks.unet") != set()
    assert wrong_imports("networks.unet", "from course_lib.device import x") == set()


def test_a_circle_is_seen():
    assert circle_in({"a": {"b"}, "b": set()}) == []
    assert circle_in({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == ["a", "b", "c"]
