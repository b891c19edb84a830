"""The booth and its widget: a click, and the vote is on the disk."""

import ipywidgets
import pytest
from test_pipeline_text import make_painter

from course_lib.figures import voting
from course_lib.figures.voting import Booth, vote_here, voting_box
from course_lib.judging.voters import duels_of
from course_lib.training.votes import VoteError, append_vote, read_votes

DUELS = duels_of(["a frog on stilts", "a cat <b>"], n=4)


@pytest.fixture
def painter(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    return make_painter()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "votes.jsonl"


def parts(box, kind) -> list:
    """All widgets of a kind inside a box, from the top."""
    found = [box] if isinstance(box, kind) else []
    for child in getattr(box, "children", ()):
        found += parts(child, kind)
    return found


def test_each_vote_is_on_the_disk_at_once_and_the_booth_carries_on(painter, file):
    booth = Booth(painter, DUELS, file, "me")
    for i, winner in enumerate((0, None, 1), 1):
        before = booth.now
        booth.vote(winner)
        vote = read_votes(file)[-1]
        assert (vote.duel, vote.winner, vote.who) == (before, winner, "me")
        assert len(read_votes(file)) == i
    file.write_bytes(file.read_bytes() + b'{"prompt": "a c')  # killed while it wrote
    again = Booth(painter, DUELS, file, "me")
    assert again.left == DUELS[3:] and "Vote 4 of 4" in again.progress
    assert Booth(painter, DUELS, file, "you").left == DUELS
    again.vote(1)
    again.vote(1)  # a key pressed once too often
    assert again.now is None and len(read_votes(file)) == 4
    assert "All 4 votes are in" in Booth(painter, DUELS, file, "me").progress


def test_the_buttons_vote_and_turn_to_the_next_pictures(painter, file):
    booth = Booth(painter, DUELS, file, "me")
    box = voting_box(booth)
    left, neither, right = parts(box, ipywidgets.Button)
    pages = [shown.value for shown in parts(box, ipywidgets.HTML)]
    assert "Vote 1 of 4" in pages[0] and "a frog on stilts" in pages[1]
    assert pages[2].startswith('<img alt="the picture on the left: a frog on stilts"')
    for button in (right, neither, left):
        button.click()
    assert [vote.winner for vote in read_votes(file)] == [1, None, 0]
    after = [shown.value for shown in parts(box, ipywidgets.HTML)]
    assert "a cat &lt;b&gt;" in after[1] and after[2] != pages[2]
    left.click()
    assert "All 4 votes" in parts(box, ipywidgets.HTML)[0].value
    assert left.layout.display == "none"


def test_a_full_disk_asks_for_the_vote_again(painter, file, monkeypatch):
    booth = Booth(painter, DUELS, file, "me")
    box = voting_box(booth)

    def full(*given):
        raise VoteError("The disk is full <now>.")

    monkeypatch.setattr(voting, "append_vote", full)
    parts(box, ipywidgets.Button)[0].click()
    assert "The disk is full &lt;now&gt;." in parts(box, ipywidgets.HTML)[0].value
    monkeypatch.setattr(voting, "append_vote", append_vote)
    parts(box, ipywidgets.Button)[0].click()
    assert [vote.duel for vote in read_votes(file)] == DUELS[:1]


def test_without_a_notebook_a_sentence_says_where_to_vote(painter, file, capsys):
    vote_here(painter, DUELS, file)
    assert "run this cell in Jupyter" in capsys.readouterr().out


def test_in_a_notebook_the_widget_comes_with_its_keys(painter, file, monkeypatch):
    shown = []
    monkeypatch.setattr(voting, "get_ipython", lambda: object())
    monkeypatch.setattr(voting, "display", lambda bundle, raw: shown.append(bundle))
    vote_here(painter, DUELS, file)
    view, script = shown
    assert "application/vnd.jupyter.widget-view+json" in view
    for key in ('"ArrowLeft": 0', '" ": 1', '"ArrowRight": 2', "course-vote"):
        assert key in script["text/html"]
    assert "{{" not in script["text/html"], "all braces are filled in"
