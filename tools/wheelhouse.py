"""Fill a folder from which a whole room installs the course without a network.

    python tools/wheelhouse.py                            for machines like this one
    python tools/wheelhouse.py --system windows --python 3.12
    python tools/wheelhouse.py --system mac               Macs with an M processor

The folder is wheelhouse/SYSTEM-PYTHON; what lies there is not fetched again. Each
wheel comes in the version of constraints.txt. With TORCH_INDEX set to the address of
PyTorch's own index of CPU wheels, Linux takes torch without its parts for GPUs.

pip alone would decide by this machine what a Windows machine needs. So it is only asked
to fetch; what is needed is read here from the wheels, round by round, until none lacks.
"""

import argparse
import email
import os
import platform
import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
HERE = {"Linux": "linux", "Darwin": "mac", "Windows": "windows"}.get(platform.system())
# What pip calls a system: on Linux every age of its C library that a wheel may name.
LINUX = ["manylinux2014_x86_64", *(f"manylinux_2_{n}_x86_64" for n in range(5, 36))]
TAGS = {"linux": LINUX, "mac": ["macosx_14_0_arm64"], "windows": ["win_amd64"]}
# What a wheel's conditions ask about a system.
MARKERS = {
    "linux": ("linux", "Linux", "posix", "x86_64"),
    "mac": ("darwin", "Darwin", "posix", "arm64"),
    "windows": ("win32", "Windows", "nt", "AMD64"),
}


@dataclass(frozen=True)
class Target:
    """The machines of a room: "linux", "mac" or "windows", and their Python."""

    system: str
    python: str

    @property
    def name(self) -> str:
        return f"{self.system}-{self.python}"

    def is_here(self) -> bool:
        return self == Target(HERE, "{}.{}".format(*sys.version_info))

    def markers(self) -> dict[str, str]:
        """The values that conditions like sys_platform == "win32" are held against."""
        if self.is_here():
            return default_environment()
        names = ("sys_platform", "platform_system", "os_name", "platform_machine")
        system = dict(zip(names, MARKERS[self.system], strict=True))
        version = {"python_version": self.python, "python_full_version": self.python}
        version["python_full_version"] += ".0"
        return default_environment() | system | version

    def options(self) -> list[str]:
        """How pip is told to fetch for these machines."""
        if self.is_here():
            return []
        tags = [f"--platform={tag}" for tag in TAGS[self.system]]
        return [*tags, f"--python-version={self.python}", "--implementation=cp"]


# What is needed -------------------------------------------------------------------


def course_needs() -> list[Requirement]:
    """What `pip install -e ".[lab,dev]"` asks for, and what builds the package."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = told["project"]
    lines = [*told["build-system"]["requires"], *project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        lines += extra
    return [Requirement(line) for line in lines]


def pins() -> dict[str, SpecifierSet]:
    """The version of each package in constraints.txt."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if not line.startswith("#")]
    return {canonicalize_name(need.name): need.specifier for need in found}


def wheels_in(folder: Path) -> dict[str, Path]:
    """The wheels of a folder by name, without those of another version."""
    pinned, found = pins(), {}
    for file in sorted(folder.glob("*.whl")):
        name, version, *_ = parse_wheel_filename(file.name)
        if version in pinned.get(name, SpecifierSet()):
            found[name] = file
    return found


def needs_of(wheel: Path) -> list[Requirement]:
    """What a wheel says that it needs."""
    with zipfile.ZipFile(wheel) as inside:
        named = re.compile(r"[^/]+\.dist-info/METADATA").fullmatch
        (file,) = filter(named, inside.namelist())
        card = email.message_from_bytes(inside.read(file))
    return [Requirement(line) for line in card.get_all("Requires-Dist", [])]


def missing(
    folder: Path, needs: list[Requirement], markers: dict[str, str]
) -> set[str]:
    """What is needed and not in the folder, as far as its wheels tell."""
    wheels, lacking, seen = wheels_in(folder), set(), set()
    queue = [(need, set()) for need in needs]
    while queue:
        need, extras = queue.pop()
        if not applies(need, markers, extras):
            continue
        name = canonicalize_name(need.name)
        if name not in wheels:
            lacking.add(name)
        elif (name, *sorted(need.extras)) not in seen:
            seen.add((name, *sorted(need.extras)))
            queue += [(inner, need.extras) for inner in needs_of(wheels[name])]
    return lacking


def applies(need: Requirement, markers: dict[str, str], extras: set[str]) -> bool:
    """Whether a condition holds, for one of the extras that were asked for, or none."""
    return need.marker is None or any(
        need.marker.evaluate(markers | {"extra": extra}) for extra in ["", *extras]
    )


# Fetching -------------------------------------------------------------------------


def with_torch_index() -> dict[str, str]:
    """The environment for pip, with PyTorch's index of CPU wheels if it is named."""
    index = os.environ.get("TORCH_INDEX")
    return os.environ | ({"PIP_EXTRA_INDEX_URL": index} if index else {})


def fetch(names: set[str], target: Target, folder: Path) -> None:
    """Let pip fetch wheels, and nothing that they need."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
    pip += ["--only-binary=:all:", "-c", str(CONSTRAINTS), "-d", str(folder)]
    command = [*pip, *target.options(), *sorted(names)]
    if subprocess.run(command, env=with_torch_index()).returncode:
        sys.exit(
            "Not all could be fetched; pip said why. Is there a network, and does "
            f"Python {target.python} have these wheels on {target.system}? What was "
            "fetched is kept: the next call goes on."
        )


def fill(target: Target, folder: Path) -> None:
    """Fetch round by round, until every wheel has what it needs."""
    folder.mkdir(parents=True, exist_ok=True)
    needs, markers = course_needs(), target.markers()
    while lacking := missing(folder, needs, markers):
        some = ", ".join(sorted(lacking)[:4])
        print(f"fetching {len(lacking)} wheels: {some} ...", flush=True)
        fetch(lacking, target, folder)


def lines_to_type(target: Target, folder: str) -> str:
    """What is typed in the room, in the folder of the course."""
    # Two dots of extras need quotes in a shell, and none in Windows' two.
    if target.system == "windows":
        start, python, extras = (
            f"py -{target.python}",
            r".venv\Scripts\python",
            ".[lab,dev]",
        )
        folder, notebook = folder.replace("/", "\\"), r"notebooks\00_start.ipynb"
    else:
        start, python, extras = (
            f"python{target.python}",
            ".venv/bin/python",
            '".[lab,dev]"',
        )
        notebook = "notebooks/00_start.ipynb"
    install = f"install --no-index --find-links {folder} -c constraints.txt -e {extras}"
    return "\n".join(
        f"    {line}"
        for line in (
            f"{start} -m venv .venv",
            f"{python} -m pip {install}",
            f"{python} -m course_lib doctor",
            f"{python} -m jupyter lab {notebook}",
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--system", choices=TAGS, default=HERE)
    here = "{}.{}".format(*sys.version_info)
    parser.add_argument("--python", default=here, help=f"as in the room; {here}")
    parser.add_argument("--out", type=Path, default=ROOT / "wheelhouse")
    asked = parser.parse_args()
    if not re.fullmatch(r"3\.\d+", asked.python):
        sys.exit(f"--python is like 3.12, not {asked.python!r}.")
    target = Target(asked.system, asked.python)
    folder = asked.out / target.name
    fill(target, folder)
    sizes = [file.stat().st_size for file in folder.glob("*.whl")]
    print(f"{len(sizes)} wheels, {sum(sizes) / 1e9:.1f} GB, lie in {folder}.")
    print(
        "Carry the folder of the course to each machine, without .venv and with the "
        f"wheels. A machine needs Python {target.python} and a browser. Type there, in "
        "the folder of the course:"
    )
    inside = folder.is_relative_to(ROOT)
    print(
        lines_to_type(
            target, (folder.relative_to(ROOT) if inside else folder).as_posix()
        )
    )


if __name__ == "__main__":
    main()
