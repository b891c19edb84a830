"""The surroundings of every test: short, offline, one thread."""

import json
import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest

RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results"
MIRROR = Path(__file__).resolve().parents[2] / "shared" / "data"

# Before torch is imported. With two threads the last bits of a sum depend on how it was
# shared out, and tests that compare bits would have to know.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("COURSE_PROFILE", "smoke")
os.environ.setdefault("MPLBACKEND", "agg")
if MIRROR.is_dir():
    os.environ.setdefault("COURSE_DATA", str(MIRROR))


class Saved(NamedTuple):
    """Where a command shall `--save` what it measures."""

    file: Path

    def names(self) -> set[str]:
        """The entries that were written."""
        return set(json.loads(self.file.read_text(encoding="utf-8"))["entries"])

    def lacks(self, name: str, but: str = "^$") -> set[str]:
        """Entries of that result which pages state, and this command does not write.

        Args:
            but: what it cannot write here, a regular expression
        """
        kept = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        stated = {entry for entry in kept["entries"] if not re.search(but, entry)}
        return stated - self.names()


@pytest.fixture
def saved(tmp_path) -> Saved:
    return Saved(tmp_path / "saved.json")


@pytest.fixture(autouse=True)
def one_thread():
    """Every test begins with one thread, and gives back what it took.

    Two threads wait for each other: beside another busy process a small network took
    5 s of a core where one thread took 0.1 s.
    """
    import torch  # now that the variables are set

    torch.set_num_threads(1)
    yield
    torch.set_num_threads(1)
