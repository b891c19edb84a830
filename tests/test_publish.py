"""Publishing stamps one address everywhere, runs nothing, and can be taken back."""

import doctest
import json
import re
import shutil
from pathlib import Path

import build
import publish
import pytest
from reading_order import ORDER

ROOT = Path(__file__).resolve().parents[1]
# The last two in reading order: each links to nothing outside of the copy.
NAMES = ORDER[-2:]


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Path:
    """A course of two notebooks, unpublished."""
    files = [ROOT / name for name in ("pyproject.toml", *publish.PAGES)]
    for name in NAMES:
        files += [build.learner_file(name), build.solved_file(name)]
        files.append(ROOT / "notebooks" / "src" / f"{name}.py")
    for file in files:
        there = tmp_path / file.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, there)
    monkeypatch.setattr(build, "NOTEBOOKS", tmp_path / "notebooks")
    if build.repository() != "OWNER/REPO":  # the tests of a course that is published
        publish.stamp("OWNER/REPO", "main")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def outputs(folder: Path) -> list:
    solved = sorted(folder.glob("notebooks/solutions/*.ipynb"))
    cells = [json.loads(file.read_text("utf-8"))["cells"] for file in solved]
    return [cell.get("outputs") for notebook in cells for cell in notebook]


def test_all_name_the_address_and_going_back_leaves_no_byte(copy, capsys):
    before, shown = contents(copy), outputs(copy)
    publish.main(["jane/pixels", "v1.0"])
    told = capsys.readouterr().out
    assert re.search(r"git add.*git tag v1\.0\n.*git push .* v1\.0\n", told, re.DOTALL)
    after = contents(copy)
    assert [name for name in after if b"OWNER/REPO" in after[name]] == []
    assert len([name for name in after if b"jane/pixels" in after[name]]) == 7
    solved = after[f"notebooks/solutions/{NAMES[1]}.ipynb"].decode()
    assert f"/github/jane/pixels/blob/v1.0/notebooks/solutions/{NAMES[1]}" in solved
    assert '"v1.0"' in solved.replace("\\", "") and "BRANCH-OR-TAG" not in solved
    assert outputs(copy) == shown and [build.stale(n) for n in NAMES] == [[], []]
    publish.main(["jane/pixels", "v1.0"])
    assert contents(copy) == after
    publish.main(["OWNER/REPO", "main"])
    assert contents(copy) == before


def test_an_edited_notebook_is_not_stamped_over(copy):
    file = build.learner_file(NAMES[0])
    file.write_text(file.read_text("utf-8").replace("# @title", "# my own"), "utf-8")
    before = contents(copy)
    with pytest.raises(SystemExit, match=f"{NAMES[0]}: first run `make notebooks`"):
        publish.main(["jane/pixels", "v1"])
    assert contents(copy) == before


@pytest.mark.parametrize(
    "given",
    [
        ["", ""],
        ["jane/pixels", ""],
        ["jane", "v1"],
        ["https://github.com/jane/pixels", "v1"],
        ["jane/pixels.git", "v1"],
        ["jane/..", "v1"],
        ["jane/a b", "v1"],
        ['jane/"', "v1"],
        ["jane/pixels\n", "v1"],
        ["jane/pixels", "-v1"],
        ["jane/pixels", "v1..2"],
        ["jane/pixels", "v 1"],
        ["jane/pixels", "a/b"],
        ["jane/pixels", "v1.lock"],
    ],
)
def test_a_name_that_github_would_not_take_is_a_sentence(given):
    with pytest.raises(SystemExit, match="REPO=|TAG is"):
        publish.main(given)


def test_the_example_of_a_page_is_true():
    assert doctest.testmod(publish).failed == 0
