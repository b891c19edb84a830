"""A folder of wheels is whole for a room, whatever machine filled it."""

import zipfile
from pathlib import Path

import pytest
import wheelhouse
from packaging.requirements import Requirement
from wheelhouse import HERE, Target, course_needs, fill, lines_to_type, missing

WINDOWS, LINUX = Target("windows", "3.12"), Target("linux", "3.12")
NEEDS = {
    "course": ["talk[loud]>=1", "tick; python_version < '3.12'"],
    "talk": ["colours; sys_platform == 'win32'", "drum; extra == 'loud'"],
    "colours": [],
    "drum": ["glue; platform_system == 'Linux'", "flute; extra == 'soft'"],
    "glue": [],
}


def put_wheel(
    folder: Path, name: str, tag: str = "py3-none-any", version: str = "1.0"
) -> None:
    """A wheel of nothing but the card that says what it needs."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {need}" for need in NEEDS[name]]
    lines += [f"Provides-Extra: {extra}" for extra in ("loud", "soft")]
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as wheel:
        wheel.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(lines) + "\n")
        wheel.writestr(
            f"{name}-{version}.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}"
        )


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    """A folder in place of the network, with a tiny course's wheels."""
    pins = tmp_path / "constraints.txt"
    pins.write_text("# exact\n" + "".join(f"{name}==1.0\n" for name in NEEDS))
    monkeypatch.setattr(wheelhouse, "CONSTRAINTS", pins)
    monkeypatch.setattr(wheelhouse, "course_needs", lambda: [Requirement("course")])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "shop"))
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def test_each_room_gets_what_its_system_needs_and_no_more(shop, tmp_path):
    for name in NEEDS:
        put_wheel(
            shop, name, "cp312-cp312-win_amd64" if name == "drum" else "py3-none-any"
        )
    fill(WINDOWS, tmp_path / "there")
    fetched = {file.name.split("-")[0] for file in (tmp_path / "there").iterdir()}
    assert fetched == {"course", "talk", "colours", "drum"}
    needs = [Requirement("course")]
    assert missing(tmp_path / "there", needs, WINDOWS.markers()) == set()
    assert missing(tmp_path / "there", needs, LINUX.markers()) == {"glue"}
    old = Target("windows", "3.11").markers()
    assert missing(tmp_path / "there", needs, old) == {"tick"}


def test_a_wheel_of_another_version_counts_as_missing(shop, tmp_path):
    put_wheel(shop, "colours")
    colours = [Requirement("colours")]
    assert missing(shop, colours, LINUX.markers()) == set()
    put_wheel(shop, "glue", version="1.0+cpu")  # as PyTorch's own index has torch
    assert missing(shop, [Requirement("glue")], LINUX.markers()) == set()
    (tmp_path / "constraints.txt").write_text("colours==2.0\n")
    assert missing(shop, colours, LINUX.markers()) == {"colours"}


def test_what_cannot_be_fetched_is_a_sentence_and_what_was_is_kept(shop, tmp_path):
    put_wheel(shop, "course")
    with pytest.raises(SystemExit, match=r"Python 3\.12 .* on windows\? .* goes on"):
        fill(WINDOWS, tmp_path / "there")
    assert [file.name for file in (tmp_path / "there").iterdir()] == [
        "course-1.0-py3-none-any.whl"
    ]


def test_the_lines_for_the_room_fit_its_system():
    windows = lines_to_type(WINDOWS, "wheelhouse/windows-3.12")
    assert r".venv\Scripts\python -m pip install --no-index" in windows
    assert r"--find-links wheelhouse\windows-3.12 -c" in windows and "/" not in windows
    linux = lines_to_type(LINUX, "wheelhouse/linux-3.12").splitlines()
    assert linux[0].strip() == "python3.12 -m venv .venv" and len(linux) == 4


@pytest.mark.skipif(HERE is None, reason="no system that the course knows")
def test_the_course_itself_asks_for_torch_and_for_what_builds_it():
    names = {need.name for need in course_needs()}
    assert names >= {"torch", "jupyterlab", "nbval", "setuptools"}
    assert names <= set(wheelhouse.pins())


def test_the_index_of_cpu_wheels_is_asked_only_if_somebody_names_it(monkeypatch):
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.delenv("TORCH_INDEX", raising=False)
    assert "PIP_EXTRA_INDEX_URL" not in wheelhouse.with_torch_index()
    monkeypatch.setenv("TORCH_INDEX", "an address")
    assert wheelhouse.with_torch_index()["PIP_EXTRA_INDEX_URL"] == "an address"
