"""Wherever nbval runs a notebook of the course, it compares and speaks as we do.

Here and not in tools/: pytest reads a conftest.py only of the folders above what it is
asked to run, and notebooks/ is the learners'.
"""

from pathlib import Path

import pytest
from looks import other_look
from nbval.plugin import IPyNbCell
from verdict import verdict

NBVAL_CFG = Path(__file__).resolve().parent / "tools" / "nbval.cfg"


def pytest_configure(config):
    """Name the file that says what not to compare, unless another was named."""
    if getattr(config.option, "nbval_sanitize_with", "") is None:
        config.option.nbval_sanitize_with = str(NBVAL_CFG)
    IPyNbCell.compare_outputs = with_looks


compare_words = IPyNbCell.compare_outputs


def with_looks(cell, test, ref, skip_compare=None):
    """What nbval compares, and then whether the figures look as they did."""
    return compare_words(cell, test, ref, skip_compare) and not other_look(ref, test)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Of a notebook's cell that failed, one sentence."""
    report = yield
    if report.failed and hasattr(item, "test_outputs"):
        report.longrepr = verdict(item, call.excinfo.value)
    return report
