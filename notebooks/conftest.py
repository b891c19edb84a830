"""Wherever nbval runs a notebook of the course, it compares by nbval.cfg."""

from pathlib import Path


def pytest_configure(config):
    """Name the file that says what not to compare, unless another was named."""
    if getattr(config.option, "nbval_sanitize_with", "") is None:
        config.option.nbval_sanitize_with = str(Path(__file__).with_name("nbval.cfg"))
