"""A prediction before the run: the learner says a number or a choice, then looks.

guess = prediction("How many of the 8 frogs will have two eyes?", (0, 8))
...
guess.compare(measured)          You said 5; it was 7.
"""

import html

import ipywidgets
from IPython import get_ipython
from IPython.display import display

UNSAID = "..."
# What was said in this session, by question: a cell that is run again, and "Run All",
# must not throw away what the learner has said.
SAID = {}


def prediction(question: str, choices) -> "Prediction":
    """Ask the learner what will come out, before it does.

    Args:
        choices: (low, high) or (low, high, step) is a slider, over whole numbers if all
            are whole; a list is a choice of these

    Both begin at no answer: the slider at "...", left of its lowest number, the choice
    with nothing chosen. So the lowest number, too, can be said, and who says nothing
    has said nothing. Without a notebook one sentence stands there; the cell needs no
    tag.
    """
    if isinstance(choices, tuple) and len(choices) in (2, 3):
        return Prediction(question, steps_of(*choices), slides=True)
    if isinstance(choices, list) and len(choices) > 1:
        return Prediction(question, choices, slides=False)
    raise ValueError(
        "The choices are (low, high) or (low, high, step) for a slider, or a list of "
        f"two or more; got {choices!r}."
    )


def steps_of(low, high, step=None) -> list:
    """The numbers that a slider over them can say.

    >>> steps_of(0, 4)
    [0, 1, 2, 3, 4]
    >>> steps_of(0.0, 1.0, 0.25)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    whole = all(isinstance(number, int) for number in (low, high, step or 0))
    step = step or (1 if whole else (high - low) / 20)
    if not (low < high and 0 < step <= high - low):
        raise ValueError(f"From {low} to {high} there are no steps of {step}.")
    count = int((high - low) / step + 1e-6)
    numbers = [low + i * step for i in range(count + 1)]
    # Rounded, as 3 * 0.1 is 0.30000000000000004 and would be read so.
    return numbers if whole else [round(number, 9) for number in numbers]


def as_text(value) -> str:
    """A number or a choice as a reader likes it: 7, 0.438, a frog.

    >>> as_text(0.43756), as_text(7), as_text("a frog"), as_text(1234.5)
    ('0.438', '7', 'a frog', '1234')
    """
    if not isinstance(value, float):
        return str(value)
    # Three digits, and never an exponent for what a slider can say.
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


class Prediction:
    """What was asked, and what the learner has said so far."""

    def __init__(self, question: str, answers: list, slides: bool):
        self.question, self.answers, self.slides = question, answers, slides
        self.said = SAID.get(question)
        if self.said not in answers:
            self.said = None
        self.show()

    def show(self) -> None:
        """Put the question and its control under the cell."""
        texts = [as_text(answer) for answer in self.answers]
        among = f"{texts[0]} to {texts[-1]}" if self.slides else ", ".join(texts)
        sentence = (
            f"Your prediction: {self.question} ({among}) "
            "Run this cell in Jupyter or Colab to give it."
        )
        if get_ipython() is None:
            print(sentence)
            return
        box = self.widget()
        view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
        widget = {"application/vnd.jupyter.widget-view+json": view}
        display({"text/plain": sentence} | widget, raw=True)

    def widget(self) -> ipywidgets.Widget:
        """The question, the control, and a line that says what was understood."""
        pairs = [(as_text(answer), answer) for answer in self.answers]
        if self.slides:
            # A slider over labels has a place for "no answer yet", which a slider over
            # numbers has not: it would say its first number for who said nothing.
            control = ipywidgets.SelectionSlider(
                options=[(UNSAID, UNSAID), *pairs],  # a slider's value is never None
                value=UNSAID if self.said is None else self.said,
                layout={"width": "360px"},
            )
        else:
            control = ipywidgets.RadioButtons(options=pairs, value=self.said)
        line = ipywidgets.HTML(self.understood())

        def say(change) -> None:
            self.said = None if change["new"] == UNSAID else change["new"]
            SAID[self.question] = self.said
            line.value = self.understood()

        control.observe(say, "value")
        question = ipywidgets.HTML(f"<b>{html.escape(self.question)}</b>")
        return ipywidgets.VBox([question, control, line])

    def understood(self) -> str:
        if self.said is not None:
            return f"You say {html.escape(as_text(self.said))}. Now run the next cells."
        how = "Move the slider" if self.slides else "Choose one"
        return f"{how} before you run the next cell; you may also skip it."

    def compare(self, measured) -> None:
        """Print what was said and what came out, in one line."""
        print(self.sentence(measured))

    def sentence(self, measured) -> str:
        """The line that `compare` prints."""
        if hasattr(measured, "item"):  # a tensor, or a number of numpy
            measured = measured.item()
        if self.said is None:
            return f"You did not say; it was {as_text(measured)}."
        both = f"You said {as_text(self.said)}; it was {as_text(measured)}."
        return both + self.kind_word(measured)

    def kind_word(self, measured) -> str:
        """A word for who was right, or nearly."""
        if as_text(self.said) == as_text(measured):
            return " Exactly!"
        if not self.slides or isinstance(measured, str):
            return ""
        # Within a twentieth of the truth, or the slider's next number; but no quarter
        # of the truth, or 10 instead of 1 would be close on a slider in steps of 10.
        one_step = self.answers[1] - self.answers[0]
        near = min(max(abs(measured) / 20, one_step), abs(measured) / 4)
        return " Close!" if abs(measured - self.said) <= near * 1.000001 else ""
