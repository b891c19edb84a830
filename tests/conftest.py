"""The surroundings of every test: short, offline, and never more threads than cores."""

import os
from pathlib import Path

MIRROR = Path(__file__).resolve().parents[2] / "shared" / "data"

# Before torch is imported: threads that wait must not eat the core of one that works.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("COURSE_PROFILE", "smoke")
os.environ.setdefault("MPLBACKEND", "agg")
if MIRROR.is_dir():
    os.environ.setdefault("COURSE_DATA", str(MIRROR))

from course_lib.device import use_all_cores  # noqa: E402

use_all_cores()
