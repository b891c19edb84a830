"""Try the course with other versions than the tested ones.

    python tools/matrix.py colab            every notebook, as Colab would meet it
    python tools/matrix.py colab 02_noise   only this one
    python tools/matrix.py                  oldest and newest, with every Python found
    python tools/matrix.py oldest           only the oldest that pyproject.toml claims

Each environment is a folder of about 7 GB in .venvs, made once and kept; to make it
anew, delete it. All take the network, and hours. With TORCH_INDEX set to the address of
PyTorch's own index of CPU wheels, Linux takes those, some 5 GB smaller.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from wheelhouse import with_torch_index

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venvs"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
FREE = 10  # GB of disk, before an environment is made
# Google lists what Colab ships in its repository googlecolab/backend-info. Older ones
# are still met: what matters is that the course moves none of them.
COLAB = ["ipython==7.34.0", "ipywidgets==7.7.1", "matplotlib==3.10.0", "numpy==2.0.2"]
# It asks for the version in constraints.txt, which is left here on purpose.
PINNED = "tests/test_house.py::test_the_tests_run_on_the_pinned_torch"


def project() -> dict:
    """What pyproject.toml says of the package."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def oldest() -> list[str]:
    """The least versions that pyproject.toml claims, each as a pin.

    >>> oldest()[0]
    'torch==2.6.*'
    """
    needs = [Requirement(line) for line in project()["dependencies"]]
    return [
        f"{need.name}=={least.version}.*"
        for need in needs
        for least in need.specifier
        if least.operator == ">="
    ]


def wanted(kind: str) -> list[str]:
    """What pip is asked for, beside the course itself."""
    if kind == "colab":
        return [*COLAB, *(pin for pin in oldest() if pin.startswith("torch="))]
    return oldest() if kind == "oldest" else ["--upgrade-strategy=eager", "--upgrade"]


def environment(kind: str, version: str) -> Path | None:
    """The Python of an environment, made if it is not there; None if it cannot be."""
    base = shutil.which(f"python{version}")
    # pyenv puts a name for every Python on the path; not each of them runs.
    if base is None or subprocess.run([base, "-c", ""], capture_output=True).returncode:
        print(
            f"{kind}, Python {version}: there is no python{version} here, so not tried"
        )
        return None
    folder = FOLDER / f"{kind}-{version}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    said = "\n".join(wanted(kind))
    if ready.is_file() and ready.read_text("utf-8") == said:
        return python
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < FREE:
        sys.exit(
            f"{FREE} GB of disk must be free, and {free:.0f} are: make room first."
        )
    print(f"{kind}, Python {version}: making {folder.relative_to(ROOT)}", flush=True)
    subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "-q", *wanted(kind)]
    # A Python that is not claimed yet is tried, so that one knows when it may be.
    if version not in SpecifierSet(project()["requires-python"]):
        install.append("--ignore-requires-python")
    install += ["-e", ".[lab,dev]"]
    if subprocess.run(install, cwd=ROOT, env=with_torch_index()).returncode:
        print(f"{kind}, Python {version}: FAILED, pip found no such set of versions")
        return None
    ready.write_text(said, encoding="utf-8", newline="\n")
    return python


def commands(kind: str, names: list[str]) -> list[list[str]]:
    """What is run in an environment, behind its Python."""
    course = ["tools/run.py", "course", *names]
    if kind == "colab":
        return [["-m", "pytest", "-q", "tests/test_colab.py"], course]
    return [["-m", "pytest", "-q", "-n", "2", "--deselect", PINNED], course]


def tried(kind: str, version: str, names: list[str]) -> bool | None:
    """Run everything in one environment; None if it is not to be had here."""
    python = environment(kind, version)
    if python is None:
        return None
    played = names or sorted(file.stem for file in ROOT.glob("notebooks/*.ipynb"))
    settings = os.environ | {"COURSE_COLAB": " ".join(played)}
    # Else its folders would come before the environment's own.
    settings.pop("PYTHONPATH", None)
    good = True
    for command in commands(kind, names):
        print(f"{kind}, Python {version}: {' '.join(command)}", flush=True)
        good &= not subprocess.run(
            [python, *command], cwd=ROOT, env=settings
        ).returncode
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = ("colab", "oldest", "newest")
    parser.add_argument("kind", nargs="?", choices=kinds)
    parser.add_argument("names", nargs="*", metavar="NN_name")
    asked = parser.parse_args()
    if os.name == "nt":
        sys.exit(
            "This works on Linux and macOS; Windows is tried by .github/workflows."
        )
    runs = [(kind, version) for kind in kinds[1:] for version in PYTHONS]
    if asked.kind == "colab":
        runs = [("colab", f"3.{sys.version_info.minor}")]
    elif asked.kind:
        runs = [run for run in runs if run[0] == asked.kind]
    results = {run: tried(*run, asked.names) for run in runs}
    words = {True: "ok", False: "FAILED", None: "not tried"}
    for (kind, version), good in results.items():
        print(f"{kind}, Python {version}: {words[good]}")
    sys.exit(False in results.values() or set(results.values()) == {None})


if __name__ == "__main__":
    main()
