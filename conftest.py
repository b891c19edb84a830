"""Wherever nbval runs a notebook of the course, it compares by tools/nbval.cfg.

Here and not in tools/: pytest reads a conftest.py only of the folders above what it is
asked to run, and notebooks/ is the learners'.
"""

from pathlib import Path

NBVAL_CFG = Path(__file__).resolve().parent / "tools" / "nbval.cfg"


def pytest_configure(config):
    """Name the file that says what not to compare, unless another was named."""
    if getattr(config.option, "nbval_sanitize_with", "") is None:
        config.option.nbval_sanitize_with = str(NBVAL_CFG)
