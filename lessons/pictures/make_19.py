"""The picture of lesson 19: melodies that a network wrote after half a minute.

It takes about a minute of one core.
"""

from pathlib import Path

from course_lib.figures.figure import new_figure, our_style
from course_lib.training.composer import (
    ITERATIONS,
    compose,
    learn_melodies,
    new_composer,
)

PROMPTS = [
    "a slow rising tune in major",
    "a quick falling tune in major",
    "a skipping dipping tune in minor",
    "a slow arching tune in minor",
]
composer = new_composer()
for _ in learn_melodies(composer, ITERATIONS):
    pass
rolls = compose(composer, PROMPTS, seed=3)
with our_style():
    figure = new_figure(8.8, 2.0, "constrained")
    for axis, roll, prompt in zip(figure.subplots(1, 4), rolls, PROMPTS, strict=True):
        axis.imshow(roll, origin="lower", cmap="Greys", vmin=-1, vmax=1, aspect="auto")
        axis.grid(False)
        axis.set(xticks=[], yticks=[0, 12], xlabel=prompt.replace(" tune", "\ntune"))
        axis.set_yticklabels(["C", "C'"])
    figure.savefig(Path(__file__).with_name("19_graduate.png"))
