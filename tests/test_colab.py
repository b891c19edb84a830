"""Playing Colab: an empty folder, the notebook alone, and a repository to clone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SET_UP = (ROOT / "notebooks" / "setup_cell.py").read_text(encoding="utf-8")

# A machine that has torch and the rest but not the course, and not torchmetrics; it
# clones for real and writes down what pip was asked for.
COLAB = """
import importlib.util, json, pathlib, subprocess, sys
sys.meta_path = [f for f in sys.meta_path if "editable" not in str(f)]
sys.path = [p for p in sys.path if not pathlib.Path(p, "course_lib").is_dir()]
asked, real_run, real_find = [], subprocess.run, importlib.util.find_spec

def run(command, **options):
    if "pip" not in command:
        return real_run(command, **options)
    asked.append(command[1:])

def find_spec(name):
    return None if name == "torchmetrics" else real_find(name)

subprocess.run, importlib.util.find_spec = run, find_spec
exec(pathlib.Path("cell.py").read_text(), {})
import course_lib
print(json.dumps({"asked": asked, "course": course_lib.__file__}))
"""


def play(folder: Path, script: str, repository: Path) -> dict:
    """Run a script in a folder that holds the set-up cell and nothing else."""
    (folder / "cell.py").write_text(SET_UP, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {"COURSE_REPOSITORY": repository.as_uri()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """A bare clone of this repository, as it was last committed."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing to clone")
    bare = tmp_path_factory.mktemp("github") / "course.git"
    clone = ["git", "clone", "-q", "--bare", str(ROOT), str(bare)]
    subprocess.run(clone, check=True)
    return bare


def test_the_course_comes_to_an_empty_folder(repository, tmp_path):
    told = play(tmp_path, COLAB, repository)
    assert Path(told["course"]).is_relative_to(tmp_path / "course")
    log = ["git", "-C", str(tmp_path / "course"), "rev-list", "--count", "HEAD"]
    count = subprocess.run(log, capture_output=True, text=True).stdout
    assert int(count) == 1, "a learner needs no history"


def test_only_what_is_missing_is_installed(repository, tmp_path):
    told = play(tmp_path, COLAB, repository)
    assert told["asked"] == [["-m", "pip", "install", "-q", "torchmetrics"]]


def test_a_second_notebook_on_the_same_runtime_uses_the_same_clone(
    repository, tmp_path
):
    play(tmp_path, COLAB, repository)
    nowhere = tmp_path / "gone.git"
    told = play(tmp_path, COLAB, nowhere)
    assert Path(told["course"]).is_relative_to(tmp_path / "course")


def test_the_set_up_does_nothing_where_the_course_is_installed(tmp_path):
    script = """
import json, pathlib
exec(pathlib.Path("cell.py").read_text(), {})
import course_lib
print(json.dumps({"course": course_lib.__file__}))
"""
    told = play(tmp_path, script, repository=tmp_path / "gone.git")
    assert Path(told["course"]).is_relative_to(ROOT)
    assert sorted(os.listdir(tmp_path)) == ["cell.py"]
