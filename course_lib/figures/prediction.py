"""A prediction before the run: the learner gives a number or a choice, then looks.

guess = prediction("How many of the 8 frogs will have two eyes?", (0, 8))
...
guess.compare(measured)          You said 5; it was 7.
"""

import html

import ipywidgets
from IPython import get_ipython
from IPython.display import display

UNSAID = "..."
# The answers of this session, by question: running a cell again, or "Run All", must not
# throw away an answer.
SAID = {}


def prediction(question: str, choices) -> "Prediction":
    """Ask the learner for the result before it is computed.

    Args:
        choices: (low, high) or (low, high, step) for a slider, over whole numbers if
            all are whole; a list for a choice

    Both begin without an answer: the slider at "...", left of its lowest number, the
    choice with nothing chosen. So the lowest number is also an answer, and silence is
    none. Outside a notebook one sentence is printed. The cell needs no tag.
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
    """The numbers on a slider from low to high.

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
    # Rounded, since 3 * 0.1 is 0.30000000000000004 and would be shown like that.
    return numbers if whole else [round(number, 9) for number in numbers]


def as_text(value) -> str:
    """A number or a choice in readable form: 7, 0.438, a frog.

    >>> as_text(0.43756), as_text(7), as_text("a frog"), as_text(1234.5)
    ('0.438', '7', 'a frog', '1234')
    """
    if not isinstance(value, float):
        return str(value)
    # Three digits, and never an exponent for a slider's numbers.
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


class Prediction:
    """A question, and the learner's answer so far."""

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
        """The question, the control, and a line that repeats the answer."""
        pairs = [(as_text(answer), answer) for answer in self.answers]
        if self.slides:
            # A slider over labels has room for "no answer yet". A slider over numbers
            # would give its first number as the answer of a learner who gave none.
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
        """Print the prediction and the result in one line."""
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
        """A word of praise for a right answer, or nearly right one."""
        if as_text(self.said) == as_text(measured):
            return " Exactly!"
        if not self.slides or isinstance(measured, str):
            return ""
        # Within a twentieth of the truth, or one step of the slider; but never beyond a
        # quarter of the truth, or 10 instead of 1 would be close on a slider in steps
        # of 10.
        one_step = self.answers[1] - self.answers[0]
        near = min(max(abs(measured) / 20, one_step), abs(measured) / 4)
        return " Close!" if abs(measured - self.said) <= near * 1.000001 else ""
