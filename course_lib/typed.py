"""Typed text: what people type, and what they call their files, made comparable.

Two names that look alike may differ in their characters: a Mac stores the dots of an
umlaut after the u, an editor puts a mark at the start of a file, a text copied from the
web contains invisible characters. People cannot find a difference that they cannot see,
so none is left.
"""

import os
import re
import unicodedata

HOW_LETTERS_LOOK = "\u034f\ufe0e\ufe0f"  # grapheme joiner, text or emoji style
LOOKS_OTHERWISE = re.compile(  # changes how its neighbours are displayed: joiners
    "[\u200c\u200d\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # and direction marks
)


class TypedError(ValueError):
    """What was typed leads nowhere; the message says why, and what to do."""


# Texts ------------------------------------------------------------------------


def visible(text: str) -> str:
    """The text without its invisible characters; white space counts as visible.

    >>> visible("a re\\u200bd\\ufeff frog\\x07")
    'a red frog'
    """
    # The fast path, for nearly every text.
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter for letter in text if letter.isspace() or is_seen(letter))


def is_seen(letter: str) -> bool:
    """Whether a character is visible: no control (Cc), format (Cf) or style mark."""
    hidden = unicodedata.category(letter) in ("Cc", "Cf")
    return not hidden and letter not in HOW_LETTERS_LOOK


def looks_otherwise(text: str) -> list[str]:
    """The hidden characters that change how a text looks, as code points, sorted.

    >>> looks_otherwise("a \\u202eder frog")
    ['U+202E']
    """
    found = sorted(set(LOOKS_OTHERWISE.findall(text)))
    return [f"U+{ord(letter):04X}" for letter in found]


# Names of labels --------------------------------------------------------------


def as_name(text: str) -> str:
    """A name in the form used for comparison: NFC, single spaces, none at the ends.

    >>> as_name(" mu\\u0308sli ") == "m\\u00fcsli"
    True
    """
    # NFC, not NFKC: NFKC would turn "x²" into "x2", which may be another name.
    return " ".join(unicodedata.normalize("NFC", visible(text)).split())


def names_in(text: str) -> list[str]:
    r"""Split a comma-separated list into names; `\,` is a comma within a name.

    >>> names_in(r"frog, salt\,pepper")
    ['frog', 'salt,pepper']
    """
    parts = re.split(r"(?<!\\),", text)
    return [as_name(part.replace(r"\,", ",")) for part in parts]


def as_list(names: list[str] | tuple[str, ...]) -> str:
    r"""Join names into a list that `names_in` can read back.

    >>> print(as_list(["frog", "salt,pepper"]))
    frog, salt\,pepper
    """
    return ", ".join(name.replace(",", r"\,") for name in names)


# Paths ------------------------------------------------------------------------


def expanded(given: str) -> str:
    """A path with its ~ expanded: no shell does that after a prefix or a "=".

    An existing file or folder whose own name begins with ~ is kept as it is.

    Raises:
        TypedError: no such user has a home folder
    """
    if not given.startswith("~") or os.path.lexists(given):
        return given
    place = os.path.expanduser(given)
    if place == given:
        home = re.split(r"[/\\]", given)[0]
        raise TypedError(
            f"{given} leads nowhere: no home folder is known for {home}. A name that "
            f"begins with ~ is written ./{given}."
        )
    return place


def file_named(text: str) -> str | None:
    """The path of the file that a text names, or None, as for most prompts.

    Uses os.path.isfile: Path.is_file fails on a text too long to be a file name.
    """
    for place in (text, os.path.expanduser(text)):
        if os.path.isfile(place):
            return place
    return None
