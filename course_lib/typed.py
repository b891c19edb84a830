"""What people type, and what they call their files: the one place where both come in.

Two names that look alike need not be the same letters: a Mac writes the dots of an
umlaut behind the u, an editor begins a file with a mark, a text copied from the web
hides characters that nobody sees. Whoever typed them cannot find the difference, so
none is left.
"""

import os
import re
import unicodedata

HOW_LETTERS_LOOK = "\u034f\ufe0e\ufe0f"  # drawn or as text, joined or not: no letters
LOOKS_OTHERWISE = re.compile(  # what changes how its neighbours are shown: joiners,
    "[\u200c\u200d\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # and which way to read
)


class TypedError(ValueError):
    """What was typed leads nowhere; the message says why and what to do."""


# Texts ------------------------------------------------------------------------


def visible(text: str) -> str:
    """The text without what cannot be seen; white space is seen.

    >>> visible("a re\\u200bd\\ufeff frog\\x07")
    'a red frog'
    """
    # Nearly every text; the loop below is for the rest.
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter for letter in text if letter.isspace() or is_seen(letter))


def is_seen(letter: str) -> bool:
    """Whether a character is more than a control or a format of others (Unicode Cf)."""
    hidden = unicodedata.category(letter) in ("Cc", "Cf")
    return not hidden and letter not in HOW_LETTERS_LOOK


def looks_otherwise(text: str) -> list[str]:
    """Hidden characters without which a text looks otherwise, by their numbers.

    >>> looks_otherwise("a \\u202eder frog")
    ['U+202E']
    """
    found = sorted(set(LOOKS_OTHERWISE.findall(text)))
    return [f"U+{ord(letter):04X}" for letter in found]


# Names of labels --------------------------------------------------------------


def as_name(text: str) -> str:
    """A name as it is compared: composed letters (NFC), single spaces, none around.

    >>> as_name(" mu\\u0308sli ") == "m\\u00fcsli"
    True
    """
    # Composed, not NFKC: that would make of the name "x²" the name "x2", which may be
    # another.
    return " ".join(unicodedata.normalize("NFC", visible(text)).split())


def names_in(text: str) -> list[str]:
    r"""The names in a list with commas; one that belongs to a name is written `\,`.

    >>> names_in(r"frog, salt\,pepper")
    ['frog', 'salt,pepper']
    """
    parts = re.split(r"(?<!\\),", text)
    return [as_name(part.replace(r"\,", ",")) for part in parts]


def as_list(names: list[str] | tuple[str, ...]) -> str:
    r"""Names as `names_in` reads them.

    >>> print(as_list(["frog", "salt,pepper"]))
    frog, salt\,pepper
    """
    return ", ".join(name.replace(",", r"\,") for name in names)


# Paths ------------------------------------------------------------------------


def expanded(given: str) -> str:
    """A path with its ~ written out: no shell does that after a prefix or a "=".

    What lies here under just this name is meant as it is.

    Raises:
        TypedError: nobody of that name has a home
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
    """The path of the file that a text names; None for most texts, as for prompts.

    isfile, and not Path.is_file, which fails of a text too long to be a name.
    """
    for place in (text, os.path.expanduser(text)):
        if os.path.isfile(place):
            return place
    return None
