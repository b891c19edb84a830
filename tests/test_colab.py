"""Playing Colab: an empty folder, the notebook alone, and a repository to clone.

The repository is a bare clone of this one, as it was last committed.
"""

import os
import subprocess
import sysconfig
from pathlib import Path

import build
import nbformat
import pytest
from kernel import client_for
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]
SET_UP = build.cells_in(build.SET_UP)[0].source
WHERE = "import course_lib; print(course_lib.__file__)"

# Python runs this file when it starts: then the course is not installed here.
HIDE_THE_COURSE = """
import pathlib, sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in str(finder)]
sys.path = [p for p in sys.path if not pathlib.Path(p, "course_lib").is_dir()]
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing to clone")
    bare = tmp_path_factory.mktemp("github") / "a course.git"  # a folder on Drive
    clone = ["git", "clone", "-q", "--bare", str(ROOT), str(bare)]
    subprocess.run(clone, check=True)
    # As the set-up cell asks for it: what is committed here, under the name it fetches.
    name = ["git", "-C", str(bare), "update-ref", f"refs/heads/{build.tag()}", "HEAD"]
    subprocess.run(name, check=True)
    return bare


@pytest.fixture
def colab(repository, tmp_path, monkeypatch):
    """A machine with torch and the rest, without the course; pip has no network."""
    (tmp_path / "sitecustomize.py").write_text(HIDE_THE_COURSE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    monkeypatch.setenv("COURSE_REPOSITORY", f"file://{repository}")


def play(folder: Path, *cells: str) -> str:
    """Run cells in a folder, as a notebook; what the last one printed."""
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    notebook = nbformat.v4.new_notebook(cells=code)
    client_for(notebook, folder).execute()
    return "".join(output.get("text", "") for output in code[-1].outputs)


def installed() -> dict[Path, float]:
    """What is installed, and since when."""
    records = Path(sysconfig.get_path("purelib")).glob("*.dist-info/RECORD")
    return {record: record.stat().st_mtime for record in records}


def test_the_course_comes_to_an_empty_folder_and_moves_nothing(
    colab, tmp_path_factory, monkeypatch
):
    content, before = tmp_path_factory.mktemp("content"), installed()
    assert Path(play(content, SET_UP, WHERE)).is_relative_to(content / "course")
    assert installed() == before, "Colab's kernel breaks when torch or numpy move"
    assert commits(content / "course") == 1, "a learner needs no history"
    monkeypatch.setenv("COURSE_REPOSITORY", "file:///gone")  # the next notebook
    assert Path(play(content, SET_UP, WHERE)).is_relative_to(content / "course")


def commits(clone: Path) -> int:
    log = ["git", "-C", str(clone), "rev-list", "--count", "HEAD"]
    return int(subprocess.run(log, capture_output=True, check=True).stdout)


# `make colab` plays all of them; here one is enough.
NAMES = os.environ.get("COURSE_COLAB", build.source_names()[0]).split()


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_alone_runs_whole(colab, name, tmp_path_factory):
    content = tmp_path_factory.mktemp("content")
    cells = nbformat.read(build.learner_file(name), as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert Path(play(content, *code, WHERE)).is_relative_to(content / "course")


def test_what_cannot_be_fetched_is_a_sentence_and_leaves_nothing(
    colab, tmp_path_factory, monkeypatch
):
    monkeypatch.setenv("COURSE_REPOSITORY", "file:///gone")
    content = tmp_path_factory.mktemp("content")
    with pytest.raises(CellExecutionError) as stopped:
        play(content, SET_UP)
    assert stopped.value.ename == "SystemExit"  # which IPython shows without traceback
    assert "could not be fetched" in stopped.value.evalue
    assert os.listdir(content) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("2.6", "99.1"), "needs torch 99.1 or newer, and here is"),
        (("3.11", "3.99"), "needs Python 3.99 or newer, and here is"),
        (('which("git") is', 'which("git") is not'), "install it, then run me again"),
    ],
)
def test_what_is_too_old_or_missing_is_a_sentence(
    change, said, colab, tmp_path_factory
):
    content = tmp_path_factory.mktemp("content")
    with pytest.raises(CellExecutionError) as stopped:
        play(content, SET_UP.replace(*change))
    assert stopped.value.ename == "SystemExit" and said in stopped.value.evalue
    assert os.listdir(content) == []


def test_the_set_up_does_nothing_where_the_course_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_REPOSITORY", "file:///gone")
    assert Path(play(tmp_path, SET_UP, WHERE)).is_relative_to(ROOT)
    assert os.listdir(tmp_path) == []
