"""The files around the course agree with each other."""

import ast
import json
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
MOST_BYTES = 16 * 2**20
MOST_CODE_LINES = 5
# Colab brings these, and its kernel breaks when they move.
COLABS_OWN = {"torch", "torchvision", "numpy", "ipywidgets", "matplotlib", "pillow"}

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True)
    files = (ROOT / name for name in listed.stdout.decode().splitlines())
    return [file for file in files if file.is_file()]


def requirements() -> list[Requirement]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    lists = [PROJECT["project"]["dependencies"], *extras]
    return [Requirement(line) for lines in lists for line in lines]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): number for name, number in pairs}


# Set-up -------------------------------------------------------------------------


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_dependency_is_pinned_to_a_version_that_fits(requirement):
    assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_tests_run_on_the_pinned_torch():
    """An install without constraints.txt swaps it."""
    assert version("torch") == pins()["torch"]
    assert version("torchvision") == pins()["torchvision"]


def test_conda_gets_the_same_environment():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    extras = re.search(r"pip install .* -e '\.(.*)'", makefile)[1]
    *conda, pip = ENVIRONMENT["dependencies"]
    assert conda == ["python" + PROJECT["project"]["requires-python"], "pip"]
    assert pip == {"pip": ["-c constraints.txt", f"-e .{extras}"]}
    assert ENVIRONMENT["name"] == PROJECT["project"]["name"]


def test_every_package_folder_is_packaged():
    folders = {file.parent for file in (ROOT / "course_lib").rglob("__init__.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert names == set(PROJECT["tool"]["setuptools"]["packages"])


def test_colab_installs_what_it_may_and_nothing_else():
    cell = (ROOT / "tools" / "setup_cell.py").read_text(encoding="utf-8")
    wanted = ast.literal_eval(re.search(r"wanted = (\[.*?\])", cell, re.DOTALL)[1])
    needed = {Requirement(line).name for line in PROJECT["project"]["dependencies"]}
    assert set(wanted) == needed - COLABS_OWN


def test_colab_is_asked_for_the_versions_that_the_package_needs():
    cell = (ROOT / "tools" / "setup_cell.py").read_text(encoding="utf-8")
    least, rest = map(ast.literal_eval, re.findall(r"least \|?= ({.*?})", cell))
    floors = {"Python": PROJECT["project"]["requires-python"].split(",")[0]}
    for line in PROJECT["project"]["dependencies"]:
        if (need := Requirement(line)).specifier:
            floors[need.name] = str(need.specifier)
    assert {name: f">={least[name]}" for name in least} == floors
    assert {*least, *rest} == COLABS_OWN | {"Python"}


@needs_make
def test_make_lists_its_targets():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True).stdout
    named = {line.split()[0] for line in listed.splitlines()}
    assert named >= {"lab", "test", "notebooks", "course", "smoke", "bench", "weights"}
    assert named >= {"format", "check"}


@pytest.mark.parametrize("time", ["first", "second"])
def test_threads_that_one_test_takes_are_given_back_before_the_next(time):
    assert torch.get_num_threads() == 1
    torch.set_num_threads(2)


# What is written ------------------------------------------------------------------


def test_no_file_is_too_heavy_for_git():
    heavy = [file.name for file in tracked_files() if file.stat().st_size > MOST_BYTES]
    assert not heavy


def pages() -> list[Path]:
    folders = [ROOT, *(ROOT / name for name in ("lessons", "data", "benchmarks"))]
    return [page for folder in folders for page in sorted(folder.glob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text)
    local = [a or b for a, b in links if not re.match(r"[a-z]+:|#", a or b)]
    lost = [to for to in local if not (page.parent / to.split("#")[0]).exists()]
    assert not lost, f"{page.name} links to {lost}"


@pytest.mark.parametrize(
    "page", sorted(ROOT.glob("lessons/*.md")), ids=lambda page: page.name
)
def test_code_in_a_lesson_is_short_and_executed(page):
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        code = [line for line in block.splitlines() if line.startswith((">>>", "..."))]
        assert code, f"{page.name}: nothing executes this block\n{block}"
        assert len(code) <= MOST_CODE_LINES, f"{page.name}: too long\n{block}"


# No assertion on time ---------------------------------------------------------------

CLOCKS = {"time", "monotonic", "perf_counter", "process_time", "thread_time"}


def names_read(node: ast.AST) -> set[str]:
    """Every name in a piece of code, and the last part of what it calls, with ()."""
    called = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
    called = {ast.unparse(each).split(".")[-1] + "()" for each in called}
    return called | {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def asserted_times(code: str) -> list[str]:
    """The assertions of a file whose truth hangs on a clock."""
    tree = ast.parse(code)
    timed = {f"{clock}()" for clock in CLOCKS}
    known = 0
    while len(timed) > known:  # what is made of a time is one: a sum, a function
        known = len(timed)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and names_read(node) & timed:
                timed.add(node.name)
            if (
                isinstance(node, ast.Assign | ast.AugAssign)
                and names_read(node) & timed
            ):
                targets = getattr(node, "targets", None) or [node.target]
                timed.update(*(names_read(target) for target in targets))
    claims = (node for node in ast.walk(tree) if isinstance(node, ast.Assert))
    return [ast.unparse(claim) for claim in claims if names_read(claim.test) & timed]


def test_no_assertion_hangs_on_a_clock():
    """On a busy machine it would be false, and nothing wrong."""
    files = [*ROOT.glob("tests/*.py"), *ROOT.glob("notebooks/src/*.py")]
    found = {file.name: asserted_times(file.read_text("utf-8")) for file in files}
    assert found and {name: claims for name, claims in found.items() if claims} == {}


def test_an_assertion_on_time_is_found():
    begun = "begun = time.perf_counter()\ndraw()\n"
    taken = "def seconds():\n    return perf_counter() - begun\nfast = 12 * seconds()\n"
    assert asserted_times(begun + taken + "print(fast)\nassert draw() < 5") == []
    assert asserted_times(begun + taken + "assert fast < slow") == [
        "assert fast < slow"
    ]


# JupyterLab ----------------------------------------------------------------------


@needs_make
def test_make_lab_opens_the_first_notebook_from_the_root_and_asks_no_network():
    asked = ["make", "-n", "--no-print-directory", "-o", ".venv/ready", "lab"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True).stdout
    assert said.rstrip().endswith("notebooks/00_start.ipynb")
    assert "--ServerApp.root_dir=. " in said and "--LabApp.news_url= " in said
    folder = ROOT / re.search(r"JUPYTER_CONFIG_PATH=([\w/]+)", said)[1]
    told = json.loads((folder / "labconfig/default_setting_overrides.json").read_text())
    news = told["@jupyterlab/apputils-extension:notification"]
    assert news == {"fetchNews": "false", "checkForUpdates": False}
    viewers = told["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Markdown Preview"}, "a lesson shall be a page"
