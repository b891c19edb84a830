"""What people type: texts, names of labels, and paths."""

import os
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from course_lib.checkpoint import load_weights, save_weights
from course_lib.painters.labels import LabelToImage
from course_lib.pixels import read_picture
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.typed import (
    TypedError,
    as_list,
    as_name,
    expanded,
    file_named,
    looks_otherwise,
    names_in,
    visible,
)
from course_lib.world.critters import captions, choose_factors

HIDDEN = "\u200b\u202a\u200d\ufeff\u00ad\u2060\ufe0f\x07\x1b"


def test_what_cannot_be_seen_is_no_part_of_a_text():
    assert visible(f"{HIDDEN}a r{HIDDEN}ed frog{HIDDEN}") == "a red frog"
    assert visible(HIDDEN) == ""


@pytest.mark.parametrize(
    "text", ["a frog, on stilts!", "两只青蛙", "a\tb\nc", "ñ é 🐸"]
)
def test_what_is_seen_stays_as_it_is(text):
    assert visible(text) == text


def test_only_what_changes_the_look_of_a_text_is_missed():
    assert looks_otherwise("\u200ba frog\ufeff") == []
    assert looks_otherwise("\u202egorf a\u202c") == ["U+202C", "U+202E"]


def test_one_name_is_written_in_one_way():
    assert as_name("mu\u0308sli") == as_name(" m\u00fcsli\u200b") == "m\u00fcsli"
    assert as_name(" lead ") == "lead"


@pytest.mark.parametrize(
    "names", [["frog"], ["salt,pepper", "a b", "c"], [",", "x"], ["back\\slash"]]
)
def test_a_list_of_names_is_read_as_it_was_written(names):
    assert names_in(as_list(names)) == names


def test_a_painter_knows_a_label_however_it_is_written():
    critters = LabelToImage.from_pretrained("critters")
    card = critters.card | {"labels": ["nothing", "mu\u0308sli", " lead"]}
    painter = LabelToImage(critters.model, card)
    asked = ["m\u00fcsli", "mu\u0308sli", "lead", "lea\u200bd  "]
    assert painter.label_numbers(asked).tolist() == [1, 1, 2, 2]


def test_a_home_is_written_out_wherever_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Path(expanded("~/x.png")) == tmp_path / "x.png"
    assert expanded("~/some/").endswith("/")
    assert expanded("a~b") == "a~b"


def test_a_home_is_written_out_in_a_notebook_too(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    save_weights("~/coder", {"w": torch.ones(1)}, {"kind": "x"})
    assert load_weights("~/coder")[1] == {"kind": "x"}
    Image.new("RGB", (8, 8)).save("a.png")
    assert read_picture("~/a.png", 8).shape == (3, 8, 8)
    net, settings = torch.nn.Linear(1, 1), Settings(iterations=1, precision="float32")
    steps = (lambda net, x: net(x["x"]).sum(), lambda i: {"x": torch.ones(1, 1)})
    for _ in Trainer(net, *steps, settings, "~/run", device="cpu").run():
        pass
    assert (tmp_path / "run" / "model.safetensors").is_file()
    assert not (tmp_path / "~").exists()


def test_a_home_that_nobody_has_gets_a_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if sys.platform == "win32":
        pytest.skip("Windows guesses the home of anybody")
    with pytest.raises(
        TypedError, match=r"no home folder is known for ~nouser\. .*\./"
    ):
        expanded("~nouser/x")
    os.mkdir("~nouser")  # unless this is what a folder here is called
    assert expanded("~nouser") == "~nouser"


def test_captions_are_read_as_they_were_written():
    rows = torch.arange(200)
    for text in captions(choose_factors(rows, 0), rows, 0):
        assert visible(text) == text


def test_most_texts_name_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    Path("a").touch()
    assert file_named("a") == "a" and Path(file_named("~/a")) == tmp_path / "a"
    for text in ("a" * 300, "a\0", "", "~", "~nouser", ".", "a/b"):
        assert file_named(text) is None


LIBRARY = Path(__file__).resolve().parents[1] / "course_lib"


@pytest.mark.parametrize(
    ("call", "home"),
    [
        # The second reads what is written beside the pixels, and no pixel.
        ("Image.open(", {"pixels.py", "provenance.py"}),
        ("expanduser(", {"typed.py"}),
        ("import tqdm", {"shown.py"}),
    ],
)
def test_what_has_one_home_is_done_nowhere_else(call, home):
    """A second reader of pictures, say, would have all the faults of the first anew."""
    files = {file for file in LIBRARY.rglob("*.py") if call in file.read_text("utf-8")}
    assert {file.name for file in files} == home
