"""What is typed, in words that the painter hears better.

Painters for the public seldom draw a prompt as it was typed: something rewrites it
first, to be more like the captions of the training (Betker et al. 2023, "Improving
Image Generation with Better Captions", section 4). There it is a language model; here
it is three rules that one can read, and `as_typed` does without them.
"""

import re

from course_lib.prompts import LENDER, SLIPS, WITHOUT
from course_lib.tokenizer import tidy

# What is carried is not among them: a balloon said twice often comes twice.
WORN = re.compile(rf"\b(hat|stilts|(?:{'|'.join(LENDER)}) ears)\b(?: \1\b)*")


def rewrite(prompt: str) -> str:
    """The prompt spelled right, what is worn or borrowed said twice (lesson 10).

    And what is not wanted is not mentioned, as to the painter "without" means nothing.

    >>> rewrite("a green turtel with a hat")
    'a green turtle with a hat hat'
    >>> rewrite("A cat without a hat at night")
    'a cat at night'
    """
    words = " ".join(WITHOUT.sub("", tidy(prompt)).split())
    spelled = re.sub(r"\w+", lambda word: SLIPS.get(word[0], word[0]), words)
    return WORN.sub(r"\1 \1", spelled)
