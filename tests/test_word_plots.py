"""Figures of words: a box a token, a cell a pair of words."""

import pytest
import torch

from course_lib.figures import figure
from course_lib.figures.word_plots import (
    box_width,
    plot_between,
    plot_tables,
    plot_tokens,
)


@pytest.fixture
def shown(monkeypatch):
    """What was put under the cell: pairs of HTML and description."""
    pages = []
    monkeypatch.setattr(figure, "publish", lambda page, alt: pages.append((page, alt)))
    return pages


def test_tokens_are_drawn_the_same_every_time_and_described(shown):
    for _ in range(2):
        plot_tokens({"bytes": list("a frog"), "words": ["a", " frog"]}, alt="boxes")
    assert shown[0] == shown[1]
    assert 'alt="boxes"' in shown[0][0]


def test_a_longer_token_has_a_wider_box():
    assert box_width("frog") > box_width("f") > 0


@pytest.mark.parametrize("words", [3, 20])
def test_tables_of_any_size_are_drawn_and_described(shown, words):
    table, names = torch.eye(words), [f"word {i}" for i in range(words)]
    plot_tables({"one": table, "two": 1 - table}, names, names, alt="two tables")
    assert [alt for _, alt in shown] == ["two tables"]


def test_where_a_word_lies_is_drawn_for_every_stage_and_described(shown):
    places = {"the token": torch.zeros(2), "block 1": torch.tensor([1.4, -2.0])}
    for _ in range(2):
        plot_between(["a bat", "a club"], places, ("animal", "club"), alt="two bats")
    assert shown[0] == shown[1] and shown[0][1] == "two bats"


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="Say in a sentence"):
        plot_tokens({"": ["a"]}, alt=" ")
    with pytest.raises(ValueError, match="Say in a sentence"):
        plot_tables({"": torch.eye(2)}, ["a", "b"], ["a", "b"], alt="")
