"""What is typed, in words that the painter hears better.

Painters for the public seldom draw a prompt as it was typed: something rewrites it
first, to be more like the captions of the training (Betker et al. 2023, "Improving
Image Generation with Better Captions", section 4). There it is a language model; here
it is three rules that one can read, and `as_typed` does without them.
"""

import re

from course_lib.networks.tokenizer import tidy
from course_lib.world.critters import HELD_OUT, SUBJECTS
from course_lib.world.prompts import LENDER, SLIPS, WITHOUT, understand

ON_HEADS = re.compile(rf"\b(hat|(?:{'|'.join(LENDER)}) ears)\b(?: \1\b)*")
BALLOON = re.compile(r"\b(balloon)\b(?: \1\b)*")


def rewrite(prompt: str) -> str:
    """The prompt spelled right, and twice what is easily missed (lesson 10).

    That is what is worn on heads. A balloon said twice often comes twice, but not with
    an animal that never had one; and stilts are heard at once. What is not wanted is
    not mentioned, as to the painter "without" means nothing.

    >>> rewrite("a green turtel with a hat")
    'a green turtle with a hat hat'
    >>> rewrite("A cat without a hat at night")
    'a cat at night'
    """
    words = " ".join(WITHOUT.sub("", tidy(prompt)).split())
    spelled = re.sub(r"\w+", lambda word: SLIPS.get(word[0], word[0]), words)
    said = ON_HEADS.sub(r"\1 \1", spelled)
    return BALLOON.sub(r"\1 \1", said) if never_held_one(spelled) else said


def never_held_one(prompt: str) -> bool:
    """Whether no training picture shows this animal with a balloon."""
    factors, _ = understand(prompt)
    return (SUBJECTS[factors["subject"]], "balloon") in HELD_OUT["accessory"]
