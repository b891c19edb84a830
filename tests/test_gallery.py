"""Drawn pictures as files."""

import pytest
import torch
from PIL import Image

from course_lib.gallery import places_for, write_pictures


def test_a_folder_gets_a_file_a_picture_and_a_sheet(tmp_path):
    files, grid = places_for(f"{tmp_path}/frogs/", 3)
    write_pictures(torch.zeros(3, 3, 32, 32), files, grid)
    assert [file.name for file in files] == ["000.png", "001.png", "002.png"]
    assert Image.open(files[0]).size == (32, 32)
    assert grid.name == "grid.png" and grid.is_file()


def test_several_pictures_in_one_file_are_a_sheet(tmp_path):
    files, grid = places_for(f"{tmp_path}/frogs.png", 4)
    assert files == [] and grid == tmp_path / "frogs.png"


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="FILE.png or FOLDER"):
        places_for(f"{tmp_path}/frogs.gif", 1)
