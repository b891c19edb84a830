"""What a card may say: which keys it has, of what type, and within which bounds.

A card describes what lies beside it in a checkpoint: a network's kind and settings, and
what one must know to use it. Whoever sends a file has written its card too, and a
checksum is no signature, so nothing on it is believed before it was looked at here. The
bounds are far above what the course uses; they keep a few letters from asking for
gigabytes.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from course_lib.shown import printable

Card = dict

MOST_LETTERS = 2**21  # of a card; ours have 25,000. Read, they take 35 times as much
DEEPEST = 64  # brackets within brackets; ours have 7


class CheckpointError(Exception):
    """A checkpoint cannot be read, written or used; the message says what to do."""

    def __str__(self) -> str:  # it may quote a card
        return "\n".join(map(printable, super().__str__().split("\n")))


def broken(of: Path | str, what: str) -> CheckpointError:
    """The error for a card that says what cannot be."""
    return CheckpointError(
        f"The card of {of} is broken ({what}): fetch or train these weights again."
    )


def read_card(text: str, of: Path | str) -> Card:
    """The card that a text holds, of whatever kind: a JSON object, not too large."""
    # Before it is parsed: afterwards it is too late to be careful.
    if len(text) > MOST_LETTERS:
        raise broken(of, f"it has {len(text)} letters, at most {MOST_LETTERS} are read")
    try:
        card = json.loads(text)
    # Python's reader calls itself for each bracket and gives up at about a thousand.
    except (ValueError, RecursionError) as error:
        raise broken(of, f"{type(error).__name__}, so it cannot be read") from error
    if not isinstance(card, dict):
        raise broken(of, f"it is a {type(card).__name__} and not an object of JSON")
    if depth(card) > DEEPEST:
        raise broken(of, f"its brackets are deeper than {DEEPEST}")
    return card


def depth(value) -> int:
    """How many brackets stand within brackets, looked at one layer after the other."""
    # A function that calls itself would end on just those cards that it looks for.
    layer, deep = [value], 0
    while layer := [x for x in layer if isinstance(x, dict | list)]:
        deep += 1
        layer = [y for x in layer for y in (x.values() if isinstance(x, dict) else x)]
    return deep


# What a value must be ---------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """What a value must be, in words, and whether it is."""

    words: str
    fits: Callable[[object], bool]


def whole(low: int, high: int) -> Rule:
    """A whole number; True is none, though Python counts it as 1."""
    words = f"a whole number in {low}..{high}"
    # Not isinstance: a bool is an int to Python, and "blocks": true would build one
    # block.
    return Rule(words, lambda x: type(x) is int and low <= x <= high)


def one_of(*values: str) -> Rule:
    """One of a few words."""
    words = "one of " + ", ".join(map(repr, values))
    return Rule(words, lambda x: isinstance(x, str) and x in values)


def text(most: int) -> Rule:
    """A text that is not too long."""
    words = f"a text of at most {most} letters"
    return Rule(words, lambda x: isinstance(x, str) and len(x) <= most)


def list_of(rule: Rule, low: int, high: int) -> Rule:
    """A list of `low` to `high` values, each of which keeps to `rule`."""
    return Rule(
        f"a list of {low} to {high}, each {rule.words}",
        lambda x: (
            isinstance(x, list) and low <= len(x) <= high and all(map(rule.fits, x))
        ),
    )


def dict_of(rule: Rule, most: int) -> Rule:
    """A dict of 1 to `most` names, each with a value that keeps to `rule`."""
    return Rule(
        f"1 to {most} names, each with {rule.words}",
        lambda x: (
            isinstance(x, dict)
            and 1 <= len(x) <= most
            and all(map(str.isidentifier, x))
            and all(map(rule.fits, x.values()))
        ),
    )


def is_plain_name(name) -> bool:
    """Whether this names a file or a folder beside another, and nothing elsewhere.

    No separator of any system, no drive, no dot in front: not "../mine", not "C:mine".
    """
    return (
        isinstance(name, str)
        and re.fullmatch(r"[^./\\:][^/\\:]{0,99}", name) is not None
        and name.isprintable()
        and name == name.strip()
    )


NUMBER = Rule(
    "a number above 0 and at most 1000000",
    # NaN and infinity, which Python's reader of JSON lets in, fail the comparison.
    lambda x: type(x) in (int, float) and 0 < x <= 1e6,
)
SHARE = Rule(
    "a number above 0 and below 1", lambda x: type(x) in (int, float) and 0 < x < 1
)
NAME = Rule("the plain name of a folder", is_plain_name)
YES_OR_NO = Rule("true or false", lambda x: isinstance(x, bool))
SHA256 = Rule(
    "a SHA-256",
    lambda x: isinstance(x, str) and re.fullmatch("[0-9a-f]{64}", x) is not None,
)


# What each key must be --------------------------------------------------------

# The same words as in diffusion/, from where the ground must not import.
SCHEDULES = ("linear", "cosine", "straight line")
TARGETS = ("x_0", "eps", "v")
LARGEST_SIDE = 1024  # pixels along a side, where the course learns 64
MOST_STEPS = 10_000  # T; every step has a place in four tables
MOST_MERGES = 50_000

KEYS = {  # of every kind of card, where it has them
    "kind": text(100),
    "data": text(1000),
    "size": whole(1, LARGEST_SIDE),
    "iteration": whole(0, 10**12),
    "schedule": one_of(*SCHEDULES),
    "T": whole(1, MOST_STEPS),
    "target": one_of(*TARGETS),
    "labels": list_of(text(1000), 1, 100_000),
    "merges": list_of(list_of(whole(0, 10**6), 2, 2), 0, MOST_MERGES),
    "autoencoder": NAME,  # the folder of its own, in this one or beside it
    "encoder_sha256": SHA256,
    "latent_scale": NUMBER,
    "threshold": SHARE,  # above which an inspector calls a picture flawed
}
WIDTHS = list_of(whole(1, 2**14), 1, 8)
BLOCKS = whole(0, 64)
TEXT_ENCODER = {
    "vocabulary": whole(1, 10**6),
    "length": whole(2, 128),  # 256 texts are read together, each token with each
    "width": whole(1, 2**14),
    "blocks": BLOCKS,
    "heads": whole(1, 16),
    "positions": YES_OR_NO,
}
UNET = {
    "widths": WIDTHS,
    "blocks": BLOCKS,
    "labels": whole(0, 100_000),
    "channels": whole(1, 64),
    "refine": whole(1, 1024),
    "text_width": whole(0, 0),  # a text U-Net takes it from its text encoder
    "fold": whole(1, 8),
}
CONFIG = {  # what `config`, the settings of the network, must be in each kind of card
    "denoiser": UNET,
    "text denoiser": {"text": TEXT_ENCODER, "unet": UNET},
    "pair": {
        "text": TEXT_ENCODER,
        "size": whole(2, LARGEST_SIDE),
        "widths": WIDTHS,
        "width": whole(1, 2**14),
    },
    "listener": {"text": TEXT_ENCODER, "answers": dict_of(whole(1, 10_000), 100)},
    "autoencoder": {
        "widths": WIDTHS,
        "z_channels": whole(1, 64),
        "blocks": BLOCKS,
        "refine": whole(1, 1024),
        "decoder_blocks": whole(1, 64),
    },
    "judge": {
        "answers": dict_of(whole(1, 10_000), 100),
        "size": whole(2, LARGEST_SIDE),
        "widths": WIDTHS,
    },
    "inspector": {
        "answers": dict_of(whole(1, 10_000), 100),
        "size": whole(2, LARGEST_SIDE),
        "widths": WIDTHS,
    },
}
# Drawn with, and so needed: a network alone does not tell which noise it saw.
DENOISER = ("config", "schedule", "T", "target", "size")
NEEDED = {  # without which a kind is of no use
    "denoiser": (*DENOISER, "labels"),
    "text denoiser": (*DENOISER, "merges"),
    "pair": ("config", "merges"),
    "listener": ("config", "merges"),
    "autoencoder": ("config",),
    "judge": ("config",),
    "inspector": ("config",),
}


def check_card(card: Card, of: Path | str) -> None:
    """Raise a sentence for the first value on a card that cannot be."""
    # What has no rule passes: a card also tells how a training went, and of that
    # nothing is built. A kind that nobody knows has no rules for `config`; it is
    # refused by `load_network`.
    rules = KEYS | {"config": CONFIG.get(str(card.get("kind")), {})}
    wrong = first_wrong(card, rules)
    if wrong:
        raise broken(of, wrong)


def first_wrong(values: dict, rules: dict, inside: str = "") -> str:
    """What the first value is that breaks its rule, and what it should be; or "".

    A card may say more than we ask of it; the settings of a network may not: an unknown
    one would be no value that anybody has looked at.
    """
    for key in values if inside else ():
        if key not in rules:
            return f"{inside}{key[:60]} is no setting of such a network"
    for key, rule in rules.items():
        # What must be there is for NEEDED; a card of a judge has no schedule.
        if key not in values:
            continue
        value = values[key]
        if isinstance(rule, Rule):
            wrong = "" if rule.fits(value) else rule.words
        elif isinstance(value, dict):
            if wrong := first_wrong(value, rule, f"{inside}{key}."):
                return wrong
        else:
            wrong = "an object of JSON"
        if wrong:
            return f"{inside}{key} {shortened(value)} is not {wrong}"
    return ""


def shortened(value) -> str:
    """A value as Python writes it, but not pages of it."""
    whole_text = repr(value)
    return whole_text if len(whole_text) <= 60 else f"{whole_text[:60]}..."


def needed_by(card: Card) -> tuple[str, ...]:
    """Which keys a card of its kind must have."""
    # Latents mean nothing without the encoder that made them and the scale they were
    # learned at: a painter of latents needs both, one of pixels neither.
    needed = NEEDED.get(str(card.get("kind")), ())
    drawn = ("encoder_sha256", "latent_scale") if "autoencoder" in card else ()
    return needed + drawn


def kind_of(card: Card) -> str:
    """What weights are, with an article, for a sentence: "an autoencoder"."""
    kind = str(card.get("kind") or "network of no kind")
    return ("an " if kind[0] in "aeiou" else "a ") + kind


@contextmanager
def made_from(of: Path | str, card: Card, *needed: str) -> Iterator[None]:
    """Whatever the card lacks, or does not fit together in here, gets a sentence."""
    try:
        # Looked up for the KeyError: what is missing is said before anything is built.
        for key in needed:
            card[key]
        yield
    except (TypeError, LookupError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"The card of {of} was written by another version of this course "
            f"({str(error).rstrip('.')}): fetch or train these weights again."
        ) from error


def folder_beside(folder: Path | str, name: str) -> Path:
    """The folder of this name in another one: where a card says that something lies."""
    # A card from somewhere could otherwise name any file of this machine.
    if not is_plain_name(name):
        raise broken(folder, f"autoencoder {shortened(name)} is not {NAME.words}")
    return Path(folder) / name
