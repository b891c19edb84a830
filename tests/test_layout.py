"""The library in rows: a file imports only from rows above its own."""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[1] / "course_lib"
ROWS = (
    "device pixels schedule layers muon tokenizer shapes wording",
    "checkpoint ideal mlp unet text_encoder objective"
    " critters animals accessories scenes",
    "drawing trainer judges text_unet autoencoder prompts",
    "datasets reader guidance samplers contrastive average rewriting lora",
    "captioned metrics gallery latents painter",
    "editing pipeline recipes",
    "personalise preference distil video rivals provenance evaluation doctor",
    "fidelity retrieval export",
    "figure checks source",  # for people
    "plots word_plots anatomy system_map",
    "widgets command",
    "cli_average cli_evaluate cli_edit cli_export cli_interpolate",
    "cli",
    "__main__",
)
ROW = {name: number for number, row in enumerate(ROWS) for name in row.split()}
MOST_LINES = 450
FILES = sorted(LIBRARY.rglob("*.py"))


def subject_of(file: Path, library: Path = LIBRARY) -> str:
    """`schedule` for schedule.py, `checks` for all of checks/, `` for __init__.py."""
    top = file.relative_to(library).parts[0]
    return top.removesuffix(".py").replace("__init__", "")


def imported_subjects(code: str) -> set[str]:
    """Which files of the library a piece of code imports, wherever in it."""
    modules = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "course_lib":
            modules.update(f"course_lib.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            modules.add("." * node.level + (node.module or ""))
    relative = {module for module in modules if module.startswith(".")}
    assert not relative, f"write `from course_lib.x import y`, not {relative}"
    inside = (module.split(".") for module in modules)
    return {parts[1] for parts in inside if parts[0] == "course_lib" and len(parts) > 1}


def upward_imports(subject: str, code: str) -> set[str]:
    """What a file of this subject imports from its own row or from below it."""
    own = {subject} if subject == "checks" else set()  # its files share a helper
    others = imported_subjects(code) - own
    return {other for other in others if ROW.get(other, len(ROWS)) >= ROW[subject]}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_imports_only_from_rows_above_its_own(file):
    subject = subject_of(file)
    if not subject:  # course_lib/__init__.py, which everything imports
        assert imported_subjects(file.read_text(encoding="utf-8")) == set()
        return
    assert subject in ROW, f"{file.name} has no row: give it one"
    wrong = upward_imports(subject, file.read_text(encoding="utf-8"))
    assert not wrong, f"{file.name} imports {sorted(wrong)}, which is not above it"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_has_one_subject(file):
    assert file.stem not in ("utils", "common", "helpers", "misc"), (
        f"{file.name}: a helper lives in the file of the thing it helps with"
    )
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{file.name} has {lines} lines: what has moved in?"


def test_every_file_is_imported_by_a_test():
    tests = (file.read_text("utf-8") for file in LIBRARY.parent.glob("tests/*.py"))
    tested = set().union(*map(imported_subjects, tests))
    untested = {*map(subject_of, FILES)} - tested - {"", "__main__"}
    assert not untested, f"no test imports {sorted(untested)}"


def test_an_upward_import_is_seen_wherever_it_hides():
    late = "def f():\n    from course_lib.trainer import train"
    assert upward_imports("unet", late) == {"trainer"}
    assert upward_imports("unet", "from course_lib import mlp, layers") == {"mlp"}
    assert upward_imports("unet", "import course_lib.layers") == set()
