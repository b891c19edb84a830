"""What all commands share."""

import json
from pathlib import Path

import pytest
import typer
from on_disk import written

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


def test_what_the_system_says_has_no_number(capsys):
    with pytest.raises(typer.Exit) as left, bad_input():
        Path("f" * 300).read_text()
    assert left.value.exit_code == BAD_INPUT
    said = capsys.readouterr().err
    assert said == f"{'f' * 300} cannot be used: File name too long.\n"


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


@pytest.mark.parametrize("kind", [text, path])
def test_a_home_is_written_out_for_every_option_that_names(kind, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert str(kind("~/x")) == "/home/me/x"
    with pytest.raises(typer.BadParameter, match="no home folder"):
        kind("~nouser/x")


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


# What a shell makes of a variable that is not set ------------------------------

NAMING = {
    "generate 'a frog' --out": "--out",
    "generate 'a frog' --out f.png --weights": "--weights",
    "edit 'a frog' --image p.png --out": "--out",
    "edit 'a frog' --out f.png --image": "--image",
    "edit 'a frog' --image p.png --out f.png --mask": "--mask",
    "edit 'a frog' --image p.png --out f.png --weights": "--weights",
    "train --iterations 1 --out": "--out",
    "train --iterations 1 --out t --data": "--data",
    "train --iterations 1 --out t --what text --start": "--start",
    "train --iterations 1 --out t --what text --pair": "--pair",
    "train --iterations 1 --out t --what latent --autoencoder": "--autoencoder",
    "average critters mine --out": "--out",
    "average critters --out a": "weights",
    "evaluate --weights": "--weights",
    "export": "out",
    "evaluate --weights words --prompts": "--prompts",
    "export e --weights": "--weights",
}


@pytest.mark.parametrize("empty", ["''", "' '"])
@pytest.mark.parametrize("command", NAMING)
def test_an_empty_name_is_bad_input(cli, here, words, command, empty):
    code, out, err = cli(f"{command} {empty}")
    assert (code, out, len(err)) == (2, [], 1) and written(here) == []
    assert f"'{NAMING[command]}': it is empty" in err[0]
