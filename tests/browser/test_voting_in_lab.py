"""The voting widget in JupyterLab: arrow keys, the space bar and clicks are votes."""

import time

import nbformat
import pytest
from test_lab import PATIENCE, ROOT
from test_lab import lab as lab

from course_lib.training.votes import read_votes

CODE = """\
from course_lib.figures.voting import vote_here
from course_lib.judging.voters import duels_of
from course_lib.painters.pipeline import TextToImage
painter = TextToImage.from_pretrained("latent")
vote_here(painter, duels_of(["a red cat", "a frog", "a bird"], n=4), {file!r})
"""


@pytest.fixture
def booth(lab, chromium, tmp_path):
    """The widget under its cell, and the file that it writes."""
    file = tmp_path / "votes.jsonl"
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(CODE.format(file=str(file)))]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    copy = ROOT / "notebooks" / "copy_for_a_vote.ipynb"
    nbformat.write(notebook, copy)
    page = chromium.new_page(viewport={"width": 1300, "height": 1000})
    page.goto(f"{lab}/workspaces/vote/tree/notebooks/{copy.name}")
    page.get_by_text("(ipykernel) | Idle").wait_for(timeout=PATIENCE)
    page.locator(".jp-CodeCell").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(".course-vote[data-ready] img").first.wait_for(timeout=PATIENCE)
    yield page, file
    page.close()
    copy.unlink()


def votes_in(file, wanted: int) -> list:
    """The winners in the file, as soon as there are as many as wanted."""
    for _ in range(600):
        if file.is_file() and len(read_votes(file)) >= wanted:
            break
        time.sleep(0.1)
    return [vote.winner for vote in read_votes(file)]


def test_keys_and_clicks_are_votes_and_each_is_saved_at_once(booth):
    page, file = booth
    box = page.locator(".course-vote").first
    # No click first: the box has the focus, so a voter only presses keys.
    for i, (key, winner) in enumerate((("ArrowRight", 1), (" ", None)), 1):
        page.keyboard.press(key)
        assert votes_in(file, i)[-1] == winner
        box.get_by_text(f"Vote {i + 1} of 6").wait_for(timeout=PATIENCE)
    box.locator(".course-vote-left img").click()
    assert votes_in(file, 3)[-1] == 0
    box.get_by_role("button", name="neither").click()
    assert votes_in(file, 4)[-1] is None
    page.keyboard.press("ArrowLeft")
    assert votes_in(file, 5)[-1] == 0
    box.get_by_text("Vote 6 of 6").wait_for(timeout=PATIENCE)
    page.keyboard.press("ArrowRight")
    box.get_by_text("All 6 votes are in").wait_for(timeout=PATIENCE)
    page.keyboard.press("ArrowRight")
    assert votes_in(file, 6) == [1, None, 0, None, 0, 1]
