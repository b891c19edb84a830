"""The surroundings of every test: short, offline, one thread."""

import os
from pathlib import Path

import pytest

MIRROR = Path(__file__).resolve().parents[2] / "shared" / "data"

# Before torch is imported. With two threads the last bits of a sum depend on how it was
# shared out, and tests that compare bits would have to know.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("COURSE_PROFILE", "smoke")
os.environ.setdefault("MPLBACKEND", "agg")
if MIRROR.is_dir():
    os.environ.setdefault("COURSE_DATA", str(MIRROR))


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
