"""What people are shown, on whatever terminal, and on none."""

import io
import sys

from course_lib.shown import (
    let_any_letter_out,
    printable,
    progress_bar,
    remark,
    tell,
)


def test_nothing_that_is_printed_commands_the_terminal(capsys):
    evil = "\x1b]0;owned\x07 a\u202eb \udcff\nnext\x9b2J"
    tell(evil)
    remark(evil)
    out, err = capsys.readouterr()
    assert out == "\\x1b]0;owned\\x07 a\\u202eb \\udcff\\nnext\\x9b2J\n"
    assert err.count("\n") == 1 and "\x1b" not in err and "\x9b" not in err


def test_what_only_looks_foreign_stays_as_it_is():
    text = "müsli – カエル 🐸 a|b (c) ½"
    assert printable(text) == text


def test_without_stderr_a_remark_is_not_told_on_stdout(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    remark("Something is odd.")
    assert capsys.readouterr().out == ""


def test_without_stderr_a_bar_is_silent(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    for hidden in (None, False, True):
        with progress_bar(total=3, unit="step", hidden=hidden) as bar:
            bar.update(2)
        assert list(progress_bar("abc", name="letters", hidden=hidden)) == [*"abc"]


def test_a_bar_is_shown_if_somebody_insists(capsys):
    list(progress_bar("abc", name="letters", hidden=False))
    assert "letters" in capsys.readouterr().err
    list(progress_bar("abc", name="letters"))  # this is no terminal
    assert capsys.readouterr().err == ""


def test_letters_that_a_terminal_lacks_are_written_out(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    let_any_letter_out()
    tell("müsli")
    stream.flush()
    assert stream.buffer.getvalue() == b"m\\xfcsli\n"
