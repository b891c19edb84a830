"""A list of consent beside the pictures is honoured, and never misread as a yes."""

import json

import pytest
import torch

from course_lib.pixels import to_image
from course_lib.world.consent import Consent, ConsentError, in_words
from course_lib.world.datasets import DataError
from course_lib.world.photos import load_folder


def listed(**uses: str) -> str:
    entries = {
        name.replace("_", "/").replace("ANY", "*"): {
            "c2pa.ai_generative_training": {"use": use}
        }
        for name, use in uses.items()
    }
    return json.dumps({"entries": entries})


@pytest.fixture
def album(tmp_path):
    for name in ("vera/a.png", "vera/b.png", "ada/c.png"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        to_image(torch.rand(3, 32, 32)).save(file)
    return tmp_path


def test_who_refuses_is_left_out_and_counted(album, capsys):
    (album / "consent.json").write_text(listed(ANY="allowed", vera_ANY="notAllowed"))
    pictures = load_folder(album)
    assert len(pictures) == 1 and pictures.names == ("nothing", "ada")
    said = capsys.readouterr().out
    assert "2 of 3 pictures left out: their makers do not allow training" in said
    assert len(load_folder(album, to_train=False)) == 3


def test_who_was_not_asked_is_counted(album, capsys):
    (album / "consent.json").write_text(listed(ada_ANY="allowed"))
    assert len(load_folder(album)) == 3
    assert "2 of 3 pictures are not in consent.json" in capsys.readouterr().out


def test_without_a_list_nothing_is_said(album, capsys):
    assert len(load_folder(album)) == 3
    assert capsys.readouterr().out == ""


def test_terms_that_nobody_has_read_are_no_consent():
    assert not Consent((("*", "constrained"),)).allows("a.png")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "[" * 99_999, '{"entries": {"a": {}}}', listed(ANY="perhaps")],
)
def test_a_list_that_cannot_be_read_stops_the_training(album, text):
    (album / "consent.json").write_text(text)
    with pytest.raises(DataError, match="Nothing was trained"):
        load_folder(album)
    with pytest.raises(ConsentError):
        Consent.of(album)


def test_if_all_refuse_there_is_nothing_to_train_on(album):
    (album / "consent.json").write_text(listed(ANY="notAllowed"))
    with pytest.raises(DataError, match="No picture in"):
        load_folder(album)


def test_one_is_one_and_two_are_two():
    assert "its maker does not" in in_words(1, 0, 3)[0]
    assert "1 of 3 pictures is not in" in in_words(0, 1, 3)[0]
