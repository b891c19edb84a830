"""Output for people: sentences that any terminal can print, and progress bars."""

import sys
import unicodedata
from collections.abc import Iterable

from tqdm.auto import tqdm

OBEYED = ("Cc", "Cs", "Zl", "Zp")  # control codes, surrogates, line separators
# Marks that change the reading direction: they can fake a file's extension.
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def printable(text: str) -> str:
    r"""The text on one line, with control characters escaped.

    The name of a file, or a stranger's card, may hold commands to the terminal.

    >>> print(printable("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return "".join(escaped(letter) for letter in text)


def escaped(letter: str) -> str:
    """A character, escaped as Python writes it if a terminal would act on it."""
    # Umlauts and emoji pass: only what acts is escaped, not what is foreign.
    if unicodedata.category(letter) in OBEYED or letter in TURNING:
        return letter.encode("unicode_escape").decode("ascii")
    return letter


def tell(*lines: str) -> None:
    """Print each on a line of its own, with control characters escaped."""
    for line in lines:
        print(printable(line))


def remark(sentence: str) -> None:
    """Print the sentence on one line to stderr, if there is a stderr."""
    if sys.stderr is not None:  # print takes file=None to mean stdout
        print(printable(" ".join(sentence.split())), file=sys.stderr)


def let_any_letter_out() -> None:
    """Escape what the terminal's encoding lacks, instead of failing to print it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a notebook's streams lack it
            stream.reconfigure(errors="backslashreplace")


def progress_bar(
    things: Iterable | None = None,
    total: int | None = None,
    initial: int = 0,
    unit: str = "it",
    name: str | None = None,
    hidden: bool | None = None,
) -> tqdm:
    """A progress bar on stderr; silent if there is no stderr (`2>&-`, pythonw).

    Args:
        hidden: None hides it where nobody is watching, as in a file or a pipe
    """
    if sys.stderr is None:
        hidden = True
    return tqdm(things, name, total, initial=initial, unit=unit, disable=hidden)
