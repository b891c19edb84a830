"""Drawn pictures as files."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from course_lib.commands.picture_files import places_for, write_pictures
from course_lib.pixels import from_bytes, read_picture

PICTURES = from_bytes(torch.arange(5 * 3 * 16 * 16).reshape(5, 3, 16, 16) % 256)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_picture_is_the_file_and_several_are_a_grid():
    assert places_for("new/a.png", 1) == ([Path("new/a.png")], None)
    assert places_for("new/a.png", 2) == ([], Path("new/a.png"))


@pytest.mark.parametrize("out", ["some/", "some", "there.is", "v1.5/"])
def test_what_is_no_file_is_a_folder(here, out):
    (here / "there.is").mkdir()
    files, grid = places_for(out, 2)
    assert files == [Path(out) / "000.png", Path(out) / "001.png"]
    assert grid == Path(out) / "grid.png"


def test_many_pictures_keep_their_order_by_name():
    files, _ = places_for("some/", 1001)
    assert files == sorted(files)
    assert (files[0].name, files[-1].name) == ("0000.png", "1000.png")


def test_looking_for_a_place_makes_nothing(here):
    places_for("some/where/", 3)
    assert not list(here.iterdir())


def test_pictures_are_written_byte_for_byte(here):
    write_pictures(PICTURES, *places_for("some/", 5))
    for i, picture in enumerate(PICTURES):
        assert torch.equal(from_bytes(read_picture(f"some/00{i}.png", 16)), picture)
    assert Image.open("some/grid.png").size == (3 * 64 + 4 * 4, 2 * 64 + 3 * 4)


def test_a_large_sheet_is_not_enlarged(here):
    write_pictures(PICTURES[:1].expand(121, -1, -1, -1), [], Path("sheet.png"))
    assert Image.open("sheet.png").size == (11 * 16 + 12 * 2,) * 2
