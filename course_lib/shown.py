"""What people are shown: sentences that any terminal can print, and progress bars."""

import sys
import unicodedata
from collections.abc import Iterable

from tqdm.auto import tqdm

OBEYED = ("Cc", "Cs", "Zl", "Zp")  # controls, halves of letters, ends of lines
# What turns the direction of reading: a file could seem to have another ending.
TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def printable(text: str) -> str:
    r"""The text in one line, with what a terminal would obey written out.

    The name of a file, or a card from somewhere, may hold commands to the terminal.

    >>> print(printable("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return "".join(escaped(letter) for letter in text)


def escaped(letter: str) -> str:
    """A character as it is, or as Python writes it."""
    # Umlauts and emoji pass: only what acts is written out, not what is foreign.
    if unicodedata.category(letter) in OBEYED or letter in TURNING:
        return letter.encode("unicode_escape").decode("ascii")
    return letter


def tell(*lines: str) -> None:
    """Print each on a line of its own."""
    for line in lines:
        print(printable(line))


def remark(sentence: str) -> None:
    """The sentence in one line on stderr, where there is one."""
    if sys.stderr is not None:  # print would take None for stdout
        print(printable(" ".join(sentence.split())), file=sys.stderr)


def let_any_letter_out() -> None:
    """Print as an escape what the terminal's encoding lacks, in place of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # in a notebook it is something else
            stream.reconfigure(errors="backslashreplace")


def progress_bar(
    things: Iterable | None = None,
    total: int | None = None,
    initial: int = 0,
    unit: str = "it",
    name: str | None = None,
    hidden: bool | None = None,
) -> tqdm:
    """A progress bar on stderr; silent where there is none (`2>&-`, pythonw).

    Args:
        hidden: None hides it where nobody looks on, in a file or a pipe
    """
    if sys.stderr is None:
        hidden = True
    return tqdm(things, name, total, initial=initial, unit=unit, disable=hidden)
