"""An honest card for a model of one's own: what it is, whose pictures, where it fails.

    text = template(Path("runs/zorp"))
    still_empty(text)

The machine knows how a model was trained and fills that in. It does not know whose
pictures they were, whether they agreed, or what the model gets wrong: those fields stay
open until a person has filled them in (Mitchell et al. 2019, "Model cards for model
reporting").
"""

import re
from pathlib import Path

from course_lib.cards import Card
from course_lib.checkpoint import load_weights

FILE = "MODEL_CARD.md"
OPEN = "(fill in)"
FEWEST_WORDS = 4  # fewer say nothing: "yes", "see above", "no idea"
# Question -> what an answer should hold.
QUESTIONS = {
    "What does it draw, and for whom did you make it?": "one sentence that a stranger "
    "understands",
    "Whose pictures did it learn from, and did they agree?": "who made them, who is on "
    "them, who was asked",
    "What did you leave out, and why?": "pictures that you took away, and things that "
    "no picture shows",
    "How often is it right?": "how many pictures you counted, and how many were right; "
    "all of them, not the best",
    "Where does it fail?": "a prompt that goes wrong, and what comes out",
    "What did it forget?": "what the painter drew well before, and draws worse now",
    "What could somebody do with it that you would not want?": "and what you did about "
    "it",
    "What is yours in it, and what was there before?": "the painter, the method, the "
    "pictures, the ideas",
    "Who may use it, and for what?": "a licence, or a sentence",
    "Whom can one ask?": "a name or an address that you want to be public",
}
# Of the training card: key -> what to call it.
FACTS = {
    "kind": "kind",
    "base": "trained on top of",
    "word": "the word it was taught",
    "data": "data",
    "iteration": "iterations",
    "batch_size": "pictures an iteration",
    "seed": "seed",
    "command": "command",
}


def template(folder: Path | str) -> str:
    """The card of a trained model, Markdown; what only a person knows is open."""
    _, card = load_weights(folder)
    lines = [f"# {Path(folder).name}", "", "## What the machine knows", ""]
    lines += facts_of(card)
    lines += ["", "## What only you know", ""]
    for question, hint in QUESTIONS.items():
        lines += [f"### {question}", "", f"*{hint}*", "", OPEN, ""]
    return "\n".join(lines)


def facts_of(card: Card) -> list[str]:
    """What a training card says, a line a fact."""
    return [f"- {name}: {card[key]}" for key, name in FACTS.items() if card.get(key)]


def answers(text: str) -> dict[str, str]:
    """The answers on a card, by question; hints and what is still open are left out."""
    parts = re.split(r"^### (.*)$", text, flags=re.MULTILINE)
    found = {}
    for question, below in zip(parts[1::2], parts[2::2], strict=True):
        # A later part of the page is no answer to the last question.
        below = re.split(r"^#{1,2} ", below, flags=re.MULTILINE)[0]
        hint = QUESTIONS.get(question.strip(), "")
        told = below.replace(f"*{hint}*", "").replace(OPEN, "")
        found[question.strip()] = told.strip()
    return found


def still_empty(text: str) -> list[str]:
    """The questions that a card does not answer yet, in order; [] if it is complete.

    Whether an answer is true, no program can tell.

    >>> still_empty("### Whom can one ask?\\n\\nAda Lovelace, at the library")[-1]
    'Who may use it, and for what?'
    """
    told = answers(text)
    return [
        question
        for question in QUESTIONS
        if len(re.findall(r"\w+", told.get(question, ""))) < FEWEST_WORDS
    ]
