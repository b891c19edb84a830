"""GitHub's workflows call what is there, and what `make` calls here."""

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import matrix
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(ROOT.glob(".github/workflows/*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
FLOWS = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in FILES}


def commands(name: str) -> list[str]:
    """Every `run:` of a workflow."""
    steps = [step for job in FLOWS[name]["jobs"].values() for step in job["steps"]]
    return [step["run"] for step in steps if "run" in step]


@pytest.mark.parametrize("name", FLOWS)
def test_every_file_that_a_workflow_names_is_there(name):
    named = re.findall(r"\b(?:tools|tests)/\w+\.py", "\n".join(commands(name)))
    assert named and not [file for file in named if not (ROOT / file).is_file()]
    assert not [line for line in commands(name) if line.startswith("make")], (
        "Windows has no make"
    )


def test_the_steps_of_lint_are_those_of_make():
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
    lines = [line.strip().removeprefix("$(BIN)/") for line in lint.splitlines()]
    assert lines and not [line for line in lines if line not in commands("tests")]


def test_three_systems_are_tried_and_each_claimed_end_of_the_pythons():
    tried = FLOWS["tests"]["jobs"]["tests"]["strategy"]["matrix"]
    assert {system.split("-")[0] for system in tried["system"]} == {
        *("ubuntu", "windows", "macos")
    }
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    first, last = re.findall(r"3\.(\d+)", told["project"]["requires-python"])
    assert tried["python"] == [f"3.{first}", f"3.{int(last) - 1}"]


def test_the_oldest_versions_are_those_that_the_package_claims():
    assert "torch==2.6.*" in matrix.oldest() and "numpy==2.0.*" in matrix.oldest()
    assert "torch==2.6.*" in matrix.wanted("colab")
    house = (ROOT / "tests" / "test_house.py").read_text(encoding="utf-8")
    assert f"def {matrix.PINNED.partition('::')[2]}(" in house
    assert any(matrix.PINNED in line for line in commands("newest"))


@pytest.mark.parametrize("base", [None, shutil.which("git")])
def test_a_python_that_does_not_run_is_said_and_not_tried(base, monkeypatch, capsys):
    monkeypatch.setattr(matrix.shutil, "which", lambda name: base)
    assert matrix.tried("oldest", "3.14", []) is None
    assert "there is no python3.14 here" in capsys.readouterr().out


def test_a_full_disk_is_told_before_anything_is_fetched(monkeypatch, tmp_path):
    monkeypatch.setattr(matrix, "FOLDER", tmp_path)
    monkeypatch.setattr(matrix.shutil, "which", lambda name: sys.executable)
    monkeypatch.setattr(matrix, "FREE", 10**9)
    with pytest.raises(SystemExit, match="GB of disk must be free"):
        matrix.environment("colab", "3.11")
    assert list(tmp_path.iterdir()) == []


def test_the_containers_settings_can_be_read():
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    settings = json.loads(re.sub(r"^//.*$", "", text, flags=re.MULTILINE))
    assert "constraints.txt" in settings["postCreateCommand"]
