"""A prediction is kept, compared in one line, and never made up."""

import ipywidgets
import numpy as np
import pytest
import torch

from course_lib.figures import prediction as module
from course_lib.figures.prediction import prediction


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.setattr(module, "SAID", {})


@pytest.fixture
def displayed(monkeypatch):
    """What was put under the cell of a notebook."""
    bundles = []
    monkeypatch.setattr(module, "get_ipython", lambda: "a notebook")
    monkeypatch.setattr(module, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def control_of(guess):
    """The control of a fresh widget, as the learner would move it."""
    return guess.widget().children[1]


def test_without_a_notebook_it_is_one_sentence_and_nothing_was_said(capsys):
    guess = prediction("How many frogs?", (0, 8))
    guess.compare(7)
    asked, compared = capsys.readouterr().out.splitlines()
    assert asked == (
        "Your prediction: How many frogs? (0 to 8) "
        "Run this cell in Jupyter or Colab to give it."
    )
    assert compared == "You did not say; it was 7."


def test_in_a_notebook_it_is_a_widget_with_the_same_sentence_behind_it(displayed):
    prediction("Which is larger?", ["eps", "v"])
    [bundle] = displayed
    assert bundle["text/plain"].startswith("Your prediction: Which is larger? (eps, v)")
    assert "application/vnd.jupyter.widget-view+json" in bundle


@pytest.mark.parametrize("choices", [(0, 8), (0.0, 1.0), ["eps", "v"]])
def test_a_control_that_nobody_moved_says_nothing(choices):
    guess = prediction("?", choices)
    assert control_of(guess).value in (None, "...")
    assert guess.said is None
    assert guess.sentence(1).startswith("You did not say")


def test_the_lowest_number_can_be_said(displayed):
    guess = prediction("How many frogs?", (0, 8))
    control = control_of(guess)
    assert type(control) is ipywidgets.SelectionSlider
    assert [label for label, _ in control.options][:3] == ["...", "0", "1"]
    control.index = 1
    assert guess.sentence(0) == "You said 0; it was 0. Exactly!"
    control.index = 0  # thought better of it
    assert guess.sentence(0) == "You did not say; it was 0."


def test_the_widget_says_what_it_understood():
    guess = prediction("How many frogs?", (0, 8))
    _, control, line = guess.widget().children
    assert line.value.startswith("Move the slider before")
    control.value = 5
    assert line.value.startswith("You say 5.")


@pytest.mark.parametrize(
    ("choices", "said", "measured", "words"),
    [
        ((0, 8), 5, 7, "You said 5; it was 7."),
        ((0, 8), 6, 7, "You said 6; it was 7. Close!"),
        ((0, 100), 59, 60, "You said 59; it was 60. Close!"),
        ((0, 100), 57, 60, "You said 57; it was 60. Close!"),
        ((0, 100), 56, 60, "You said 56; it was 60."),
        ((0, 1000, 10), 10, 13, "You said 10; it was 13. Close!"),
        ((0, 1000, 10), 20, 13, "You said 20; it was 13."),
        ((0, 1000, 10), 100, 13, "You said 100; it was 13."),
        ((0, 8), 1, 0, "You said 1; it was 0."),
        ((0, 8), 3, 2, "You said 3; it was 2."),
        ((0.0, 1.0), 0.55, 0.56789, "You said 0.55; it was 0.568. Close!"),
        ((0.0, 1.0), 0.5, 0.56789, "You said 0.5; it was 0.568."),
        ((0.0, 1.0), 0.5, torch.tensor(0.9), "You said 0.5; it was 0.9."),
        ((0, 8), 7, np.int64(7), "You said 7; it was 7. Exactly!"),
        ((0, 8), 7, 7.0, "You said 7; it was 7. Exactly!"),
        (["eps", "v"], "eps", "v", "You said eps; it was v."),
        (["eps", "v"], "v", "v", "You said v; it was v. Exactly!"),
        ([1, 10, 100], 10, 9, "You said 10; it was 9."),
    ],
)
def test_said_and_measured_are_compared_in_one_line(choices, said, measured, words):
    guess = prediction("?", choices)
    control_of(guess).value = said
    assert guess.sentence(measured) == words


def test_a_cell_that_is_run_again_remembers_what_was_said():
    control_of(prediction("How many frogs?", (0, 8))).value = 5
    again = prediction("How many frogs?", (0, 8))
    assert again.said == control_of(again).value == 5
    assert prediction("How many bats?", (0, 8)).said is None
    assert prediction("How many frogs?", (0, 3)).said is None  # no such number now


def test_steps_of_a_tenth_are_read_as_tenths():
    control = control_of(prediction("?", (0.0, 1.0, 0.1)))
    assert [label for label, _ in control.options][4] == "0.3"
    assert len(control.options) == 12


@pytest.mark.parametrize("choices", [(3, 3), (0, 1, 5), (1, 0), (1,), ["one"], 8, "ab"])
def test_choices_that_make_no_control_get_a_sentence(choices):
    with pytest.raises(ValueError, match="steps of|The choices are"):
        prediction("?", choices)


def test_a_question_cannot_break_out_of_its_place():
    guess = prediction("<b>?", ["<i>", "b"])
    assert guess.widget().children[0].value == "<b>&lt;b&gt;?</b>"
    control_of(guess).value = "<i>"
    assert "<i>" not in guess.understood()
