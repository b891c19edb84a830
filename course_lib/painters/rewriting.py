"""Prompt rewriting: typed prompts in words that the painter follows better.

Public text-to-image systems seldom draw a prompt as typed. They first rewrite it to
resemble the training captions (Betker et al. 2023, "Improving Image Generation with
Better Captions", section 4). They use a language model; we use three readable rules,
and `as_typed` skips them.

The rules know only what the training captions show. A rule that looked up which
combinations were held out would have read its own exam.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial

from course_lib.networks.tokenizer import tidy
from course_lib.world.critters import SUBJECTS
from course_lib.world.prompts import listed, misspelled, understand, unknown_words
from course_lib.world.translation import KNOWN, put_right
from course_lib.world.wording import ACCESSORY_WORDS, EAR_WORDS

WORN = {p.split()[-1]: name for name, forms in ACCESSORY_WORDS.items() for p in forms}
LENDER = {p.split()[0]: name for name, forms in EAR_WORDS.items() for p in forms}
TAKEN_OFF = "|".join([*WORN, "ears"])  # things that a prompt may exclude
WITHOUT = re.compile(  # "without a hat", "without any rabbit ears"; "with no hat"
    rf"\b(?:without\W+(?:\w+\W+){{0,2}}?|(?:with )?no (?:\w+ )?)({TAKEN_OFF})s?\b"
)

# Repetitions included: a word already said twice stays at twice. Three times was no
# better, and drowned out umbrellas (84 % instead of 100, lesson 10).
ON_HEADS = re.compile(rf"\b(hat|(?:{'|'.join(LENDER)}) ears)\b(?: \1\b)*")
BALLOON = re.compile(r"\b(balloon)\b(?: \1\b)*")
# The animals without a balloon in any training caption. Each of the other seven has one
# in about 1 caption of 100; tests/test_rewriting.py recounts them.
NEVER_HELD_ONE = {"bat"}


# Why twice? No training picture shows a turtle with a hat. Said once, the hat came in
# 57 % of pictures, said twice in 90 % (lesson 10, "Where it fails"): in the pooled
# embedding and in attention a word has a share, and two words have two.
def rewrite(prompt: str) -> str:
    """Correct the spelling and say twice what is easily missed (lesson 10).

    Hats and ears are said twice. So is a balloon, but only for an animal that never had
    one: with others, two balloons often appear. Stilts need no repeating. Unwanted
    things are left out, because "without" means nothing to the painter.

    >>> rewrite("a green turtel with a hat")
    'a green turtle with a hat hat'
    >>> rewrite("A cat without a hat at night")
    'a cat at night'
    """
    words = " ".join(WITHOUT.sub("", tidy(prompt)).split())
    spelled = re.sub(r"\w+", lambda word: put_right(word[0]), words)
    said = ON_HEADS.sub(r"\1 \1", spelled)
    if "balloon" in said and never_held_one(spelled):
        return BALLOON.sub(r"\1 \1", said)
    return said


def never_held_one(prompt: str) -> bool:
    """Whether no training caption shows this animal with a balloon."""
    factors, _ = understand(prompt)
    return SUBJECTS[factors["subject"]] in NEVER_HELD_ONE


def remark_on_words(
    prompts: list[str], read: list[str], known: set[str] = KNOWN
) -> list[str]:
    """Remarks on corrected words and on unknown words, a sentence each.

    Args:
        prompts: the prompts as typed
        read: the texts that are read instead
        known: the words in the training captions
    """
    said = []
    # Misspelled words of the prompts as typed. One that is still in `read` was not
    # corrected.
    slips = misspelled(" ".join(prompts))
    left = set(re.findall(r"\w+", " ".join(read).lower()))
    put_right = [
        f"{slip} as {word}" for slip, word in slips.items() if slip not in left
    ]
    if put_right:
        said.append(f"Slips of the fingers, put right: {listed(put_right)}.")
    # From `read`: a corrected word is not unknown.
    strangers = sorted({word for text in read for word in unknown_words(text, known)})
    if strangers:
        # A word may be pages long.
        named = listed([word[:20] for word in strangers])
        said.append(f"Words that were in no caption of the training: {named}.")
    return said


def knowing(words: Iterable[str]) -> Callable[[list[str], list[str]], list[str]]:
    """`remark_on_words` of a painter that was taught more words (lesson 13)."""
    return partial(remark_on_words, known=KNOWN | set(words))
