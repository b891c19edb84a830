"""What all commands share."""

import json

import pytest
import typer

from course_lib.checkpoint import CheckpointError, WriteError
from course_lib.commands.evaluate import read_lines
from course_lib.commands.options import (
    BAD_INPUT,
    bad_input,
    complain,
    path,
    say_json,
    text,
)
from course_lib.world.datasets import DataError


@pytest.mark.parametrize("error", [ValueError, DataError, CheckpointError])
def test_bad_input_is_one_sentence_and_exit_code_2(error, capsys):
    with pytest.raises(typer.Exit) as left, bad_input():
        raise error("This is wrong.\n  Do that.")
    assert left.value.exit_code == BAD_INPUT
    assert capsys.readouterr().err == "This is wrong. Do that.\n"


def test_any_other_error_is_not_the_askers_mistake():
    with pytest.raises(KeyError), bad_input():
        raise KeyError


def test_a_full_disk_is_not_the_askers_mistake():
    with pytest.raises(WriteError), bad_input():
        raise WriteError


@pytest.mark.parametrize("kind", [text, path])
def test_what_is_empty_names_nothing(kind):
    assert str(kind("a b")) == "a b"
    for empty in ("", " "):
        with pytest.raises(typer.BadParameter, match="it is empty"):
            kind(empty)


def test_a_complaint_hands_its_code_on(capsys):
    assert complain("No.", 7) == 7
    assert capsys.readouterr().err == "No.\n"


def test_facts_are_one_line(capsys):
    say_json({"a": [1, "two\nlines"]})
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and json.loads(out) == {"a": [1, "two\nlines"]}


def test_what_is_no_text_file_gets_a_sentence(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for file in (tmp_path, tmp_path / "nowhere", tmp_path / "bytes"):
        with pytest.raises(ValueError, match="must be a text file"):
            read_lines(file)
