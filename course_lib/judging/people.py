"""Prompts written by people, each with what it asks for, as labelled by its writer.

    {"prompt": "a green cat, and left of it my blue fish",
     "want": {"subject": "fish", "colour": "blue", "subject_2": "cat", ...}}

The labels are needed because our own parser (`world.prompts`) knows only the words that
it was written for. A judgement that relied on it would not notice its misreadings.
"""

from pathlib import Path

from course_lib.cards import from_json
from course_lib.judging.fidelity import Prompts
from course_lib.world.critters import FACTORS
from course_lib.world.prompts import Asked

OPEN = "either_order"  # the prompt leaves open which of two animals is on the left
MOST = 10_000  # prompts in a file


def read_prompts(file: Path, n: int | None = None) -> Prompts:
    """Read prompts from a JSON file, and what each asks for.

    Args:
        n: how many in all, repeating the prompts in turn; None takes each once

    Raises:
        ValueError: it is not such a file, or an entry wants something impossible
    """
    try:
        written = from_json(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ValueError(f"--prompts must be a JSON file; {file}: {why}.") from error
    if not isinstance(written, list) or not 1 <= len(written) <= MOST:
        raise ValueError(
            f"{file} must hold a list of 1 to {MOST} prompts, each with what it wants."
        )
    if n is not None and n < 1:
        raise ValueError(f"--n must be 1 or more; got {n}.")
    known = [(text_of(one, i), asked_of(one, i)) for i, one in enumerate(written, 1)]
    turns = range(len(known) if n is None else n)
    chosen = [known[i % len(known)] for i in turns]
    return Prompts([text for text, _ in chosen], [asked for _, asked in chosen])


def text_of(one: dict, number: int) -> str:
    """The prompt of one entry; raises a ValueError if there is none."""
    if not isinstance(one, dict) or not isinstance(one.get("prompt"), str):
        raise ValueError(f'Prompt {number} must be {{"prompt": ..., "want": ...}}.')
    return one["prompt"]


def asked_of(one: dict, number: int) -> Asked:
    """What one entry wants, in the form that `check_picture` takes.

    Raises:
        ValueError: it wants nothing, or an unknown factor or value
    """
    want = one.get("want")
    if not isinstance(want, dict) or not set(want) - {OPEN}:
        raise ValueError(f"Prompt {number} must say what it wants: {list(FACTORS)}.")
    factors = dict.fromkeys(FACTORS, 0)
    for name, value in want.items():
        if name == OPEN:
            continue
        if name not in FACTORS or value not in FACTORS[name]:
            there = FACTORS.get(name, tuple(FACTORS))
            raise ValueError(
                f"Prompt {number} wants {name} = {value!r}; there are {list(there)}."
            )
        factors[name] = FACTORS[name].index(value)
    named = set(want) - {OPEN}
    if "subject_2" in named and not want.get(OPEN):
        named.add("order")
    return factors, named
