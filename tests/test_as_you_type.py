"""Typing faster than a painter draws: only the newest text is drawn."""

import threading

import pytest
import torch

from course_lib.figures.as_you_type import Newest, as_you_type, typing_field


def test_what_was_not_begun_is_forgotten_when_something_newer_is_wished():
    begun, may_go, done = threading.Event(), threading.Event(), []

    def work(wanted):
        begun.set()
        assert may_go.wait(30)
        done.append(wanted)

    newest = Newest(work)
    newest.wish("a")
    assert begun.wait(30)
    for wanted in ("a r", "a re", "a red"):  # keys, while the first is being drawn
        newest.wish(wanted)
    may_go.set()
    newest.rest()
    assert done == ["a", "a red"]
    newest.wish("a red c")
    newest.rest()
    assert done[-1] == "a red c", "and it wakes again"


def test_a_field_draws_what_is_typed_and_says_what_went_wrong():
    def draw(text):
        if text == "dragon":
            raise ValueError("These weights do not know 'dragon'.")
        return torch.full((3, 8, 8), len(text) / 10)

    box = typing_field(draw, "cat", "a drawing")
    field, picture, said = box.children
    first = bytes(picture.value)
    assert first.startswith(b"\x89PNG") and said.value == "a drawing: cat"
    field.value = "rabbit"
    box.newest.rest()
    drawn = bytes(picture.value)
    assert drawn != first and said.value == "a drawing: rabbit"
    field.value = "dragon"
    box.newest.rest()
    assert bytes(picture.value) == drawn and "do not know 'dragon'" in said.value


def test_without_a_kernel_a_sentence_says_where_to_run_it(capsys):
    as_you_type(lambda text: pytest.fail("nothing is drawn"), "cat")
    assert "run this cell in Jupyter" in capsys.readouterr().out
