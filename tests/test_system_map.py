"""The map of the whole system leads to real files, and says the same everywhere."""

import re
from pathlib import Path

import pytest
import torch

from course_lib.figures.system_map import (
    ARROWS,
    BOXES,
    course_root,
    show_system,
    system_page,
)

ROOT = Path(__file__).resolve().parents[1]
PAGE = system_page("..", "a frog", {})


@pytest.mark.parametrize("folder", ["notebooks", "notebooks/solutions"])
def test_every_link_leads_somewhere_from_where_the_notebook_lies(folder):
    page = system_page(course_root(ROOT / folder), "a frog", {})
    found = re.findall(r'href="([^"]+)"', page)
    assert len(found) > 2 * len(BOXES)
    assert not [to for to in found if not (ROOT / folder / to).is_file()]


def test_the_links_do_not_hang_on_where_the_library_lies(tmp_path):
    """A second checkout may be run with the first one's environment."""
    for folder in ("course_lib", "notebooks/solutions"):
        (tmp_path / folder).mkdir(parents=True)
    assert course_root(tmp_path / "notebooks" / "solutions") == "../.."
    assert course_root(tmp_path) == "."


def test_outside_of_the_course_the_links_lead_to_github(tmp_path):
    assert re.fullmatch(r"https://github.com/\S+/blob/\S+", course_root(tmp_path))


def test_every_box_has_a_file_and_a_notebook_and_an_arrow():
    names = {box.name for box in BOXES}
    assert all(box.files and box.notebooks for box in BOXES)
    assert {name for arrow in ARROWS for name in arrow} | {"guess"} == names
    assert len({(box.column, box.row) for box in BOXES}) == len(BOXES)


def test_the_same_page_each_time_and_no_prompt_can_break_it():
    assert system_page("..", "a frog", {}) == PAGE
    page = system_page("..", "<b>a & b", {})
    assert "&lt;b&gt;a &amp; b" in page


def test_pictures_stand_in_their_boxes_and_the_map_can_be_read_aloud(capsys):
    page = system_page("..", "a frog", {"noise": torch.zeros(3, 64, 64)})
    assert page.count("<img") == 1 and 'alt="the noise"' in page
    assert 'aria-label="The whole system.' in PAGE and PAGE.count("<li") == len(BOXES)
    show_system(picture=torch.zeros(3, 64, 64))
    assert capsys.readouterr().out.startswith("figure: The whole system.")
