"""The surroundings of every test: short, offline, one thread."""

import os
from pathlib import Path

MIRROR = Path(__file__).resolve().parents[2] / "shared" / "data"

# Before torch is imported. With two threads the last bits of a sum depend on how it was
# shared out, and tests that compare bits would have to know.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("COURSE_PROFILE", "smoke")
os.environ.setdefault("MPLBACKEND", "agg")
if MIRROR.is_dir():
    os.environ.setdefault("COURSE_DATA", str(MIRROR))
