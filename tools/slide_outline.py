"""The outline of a lesson's slides: book/slides/NN_name.md, written by hand.

    ## Guess · How loud are two noises together?

    Two independent noises are added.

    guess: A noise of std 3
    say: Everybody writes down a number before the next slide.

A slide is a kind, a title, a few words of Markdown, what it takes from the lesson, and
what the teacher says. It may take

    figure: how the alt text of a figure of the solved notebook begins
    guess: how a question begins that the notebook asks before an experiment
    printed: how a line begins that the solved notebook printed
    formula: how a formula of the lesson begins
    picture: the name of a file in lessons/pictures, without .png
    board: the name of a file in lessons/boards, without .svg
"""

import re
from dataclasses import dataclass, field

# What a class goes through, lesson after lesson; further slides may be of any kind.
KINDS = {
    "Question": "the question",
    "Look": "the picture to look at",
    "Guess": "the prediction",
    "Answer": "what came of the prediction",
    "Formula": "the one formula",
    "Turning point": "the thought that changes the view",
    "On the board": "the drawing for the board",
    "Your turn": "the exercise",
    "What we saw": "the results",
    "Discuss": "one question to discuss",
}
OPTIONAL = {"Answer"}
FEWEST, MOST = 10, 14
TAKEN = ("figure", "guess", "printed", "formula", "picture", "board")
LINE = re.compile(rf"^({'|'.join([*TAKEN, 'say'])}): +(.+)$")


class NotWhole(ValueError):
    """A sentence that says what is wrong with an outline and what to do."""


@dataclass
class Slide:
    """One slide of an outline, before anything is taken from the lesson."""

    kind: str
    title: str
    words: str = ""
    say: str = ""
    takes: list[tuple[str, str]] = field(default_factory=list)


def parse(text: str, name: str) -> list[Slide]:
    """The slides of an outline.

    Raises:
        NotWhole: a slide has no kind, or nothing to say; too few slides or too many;
            a part of the lesson is missing
    """
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    slides = [slide_of(part, f"{name}, slide {i}") for i, part in enumerate(parts, 1)]
    if not FEWEST <= len(slides) <= MOST:
        raise NotWhole(
            f"{name} has {len(slides)} slides: write {FEWEST} to {MOST}, "
            "each with a line that begins with ## and its kind."
        )
    if missing := KINDS.keys() - OPTIONAL - {slide.kind for slide in slides}:
        told = "; ".join(f"{kind} ({KINDS[kind]})" for kind in sorted(missing))
        raise NotWhole(f"{name} has no slide of this kind: {told}. Add one.")
    return slides


def slide_of(part: str, where: str) -> Slide:
    """One slide, from its text after the ##."""
    heading, _, body = part.partition("\n")
    kind, dot, title = heading.partition(" · ")
    if not dot or kind not in KINDS:
        raise NotWhole(
            f'{where}: "{heading}" has no kind. Begin it with one of '
            f"{', '.join(KINDS)}, then a dot in the middle ( · ) and the title."
        )
    slide, words, at_say = Slide(kind, title.strip()), [], False
    for line in body.splitlines():
        if found := LINE.match(line):
            at_say = found[1] == "say"
            if at_say:
                slide.say += f"\n\n{found[2]}"
            else:
                slide.takes.append((found[1], found[2].strip()))
        elif at_say and line.strip():  # a sentence may go on in the next line
            slide.say += f"\n{line}"
        else:
            at_say = False
            words.append(line)
    slide.words, slide.say = "\n".join(words).strip(), slide.say.strip()
    if not slide.say:
        raise NotWhole(f"{where}: add a line that begins with say: for the teacher.")
    return slide
