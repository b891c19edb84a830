"""Consent as data: a list beside the pictures says which may be trained on.

    consent.json
    {"entries": {
        "*":          {"c2pa.ai_generative_training": {"use": "allowed"}},
        "vera/*":     {"c2pa.ai_generative_training": {"use": "notAllowed"}}}}

Keys are file names, relative to the list's folder; * stands for anything, and the last
entry that fits decides. The words are those of C2PA's assertion `c2pa.training-mining`.
Whoever is not in the list has not been asked: `train` then takes the picture, as most
do today, and says so. That is a choice, and not everybody's.
"""

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from course_lib.cards import from_json

LIST = "consent.json"
TRAINING = "c2pa.ai_generative_training"
ALLOWED, REFUSED, LIMITED = "allowed", "notAllowed", "constrained"
USES = (ALLOWED, REFUSED, LIMITED)
MOST_BYTES = 2**24


class ConsentError(ValueError):
    """A list of consent cannot be used; the message says why.

    Nothing is trained then: a list that cannot be read is no consent.
    """


@dataclass(frozen=True)
class Consent:
    """What the people of some pictures said: (pattern, use) in the list's order."""

    entries: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, folder: Path) -> "Consent":
        """Read a folder's list; an empty one if there is none.

        Raises:
            ConsentError: there is a list, and it cannot be read
        """
        file = folder / LIST
        if not file.exists():
            return cls()
        try:
            if file.stat().st_size > MOST_BYTES:
                raise ConsentError(f"{file} is too large to be a list of consent.")
            told = from_json(file.read_text(encoding="utf-8-sig"))
            entries = told["entries"].items()
            found = tuple((name, said[TRAINING]["use"]) for name, said in entries)
        except OSError as error:
            raise ConsentError(f"{file} cannot be read: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, ConsentError):
                raise
            raise ConsentError(
                f'{file} is no list of consent: it needs {{"entries": {{"FILE": '
                f'{{"{TRAINING}": {{"use": "allowed"}}}}}}}}. Nothing was trained.'
            ) from error
        for name, use in found:
            if use not in USES:
                raise ConsentError(
                    f"{file}: the use of {name!r} must be one of {', '.join(USES)}; "
                    f"got {use!r:.40}. Nothing was trained."
                )
        return cls(found)

    def use_of(self, name: str) -> str | None:
        """What was said of a file, one of USES; None if nobody was asked.

        >>> said = Consent((("*", "allowed"), ("vera/*", "notAllowed")))
        >>> said.use_of("vera/cat.png"), said.use_of("ada.png")
        ('notAllowed', 'allowed')
        """
        uses = [use for pattern, use in self.entries if fnmatch(name, pattern)]
        return uses[-1] if uses else None

    def allows(self, name: str) -> bool:
        """Whether a file may be trained on; "constrained" is no without the terms."""
        return self.use_of(name) in (None, ALLOWED)


def in_words(left_out: int, unasked: int, n: int) -> list[str]:
    """What the list changed, a sentence each; none without a list.

    Args:
        left_out, unasked: files that may not be used, and that the list does not name
        n: files in all
    """
    said = []
    if left_out:
        whose = "its maker does" if left_out == 1 else "their makers do"
        said.append(
            f"{left_out} of {n} pictures left out: {whose} not allow training ({LIST})."
        )
    if unasked:
        are = "is" if unasked == 1 else "are"
        said.append(f"{unasked} of {n} pictures {are} not in {LIST}: nobody was asked.")
    return said
