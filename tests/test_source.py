"""A notebook that shows library code shows the real thing."""

import inspect

from course_lib.checks.report import report
from course_lib.figures.source import show_source


def test_the_source_is_the_real_one_under_its_files_name(capsys):
    show_source(report, inspect.unwrap(show_source))
    shown = capsys.readouterr().out
    assert shown.startswith("# course_lib/checks/report.py\ndef report(")
    assert inspect.getsource(report).rstrip() in shown
    assert "# course_lib/figures/source.py\ndef show_source(" in shown


def test_a_method_is_shown_from_the_margin(capsys):
    class Tidy:
        def up(self):
            return 1

    show_source(Tidy.up)
    assert "\ndef up(self):\n    return 1" in capsys.readouterr().out
