"""Validation of cards: which keys a card may have, of what type and within what bounds.

A card is the metadata of a checkpoint: the kind and settings of a network, and all that
is needed to use it. The sender of a file also wrote its card, and a checksum is no
signature, so nothing on a card is trusted until it has been checked here. The bounds
are far above what the course uses; they keep a few characters from asking for
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

# Characters in a card; ours have 25,000. Parsed, they take 35 times as much memory.
MOST_LETTERS = 2**21
DEEPEST = 64  # levels of nesting; ours have 7


class CheckpointError(Exception):
    """A checkpoint cannot be read, written or used; the message says what to do."""

    def __str__(self) -> str:  # the message may quote a card
        return "\n".join(map(printable, super().__str__().split("\n")))


def broken(of: Path | str, what: str) -> CheckpointError:
    """The error for a card with an impossible value."""
    return CheckpointError(
        f"The card of {of} is broken ({what}): fetch or train these weights again."
    )


def from_json(text: str):
    """Parse JSON that a stranger may have written; raises nothing but ValueError."""
    try:
        return json.loads(text)
    # Python's parser is recursive and gives up at about a thousand levels.
    except RecursionError as error:
        raise ValueError("its brackets are nested too deep") from error


def read_card(text: str, of: Path | str) -> Card:
    """Parse a card of any kind: a JSON object, within the limits of size and depth.

    Raises:
        CheckpointError: the text is too long, too deeply nested or no JSON object
    """
    # Check the length before parsing: afterwards it is too late to be careful.
    if len(text) > MOST_LETTERS:
        raise broken(of, f"it has {len(text)} characters; the limit is {MOST_LETTERS}")
    try:
        card = from_json(text)
    except ValueError as error:
        name = type(error.__cause__ or error).__name__
        raise broken(of, f"{name}, so it cannot be read") from error
    if not isinstance(card, dict):
        raise broken(of, f"it is a {type(card).__name__} and not a JSON object")
    if depth(card) > DEEPEST:
        raise broken(of, f"its brackets are nested more than {DEEPEST} deep")
    return card


def depth(value) -> int:
    """How deeply lists and dicts are nested; 0 for a plain value."""
    # A loop, not recursion: recursion would fail on the very cards it should catch.
    layer, deep = [value], 0
    while layer := [x for x in layer if isinstance(x, dict | list)]:
        deep += 1
        layer = [y for x in layer for y in (x.values() if isinstance(x, dict) else x)]
    return deep


# What a value must be ---------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """A condition on a value: in words, and as a test."""

    words: str
    fits: Callable[[object], bool]


def whole(low: int, high: int) -> Rule:
    """A whole number in low..high; True does not count, though Python takes it as 1."""
    words = f"a whole number in {low}..{high}"
    # Not isinstance: Python counts a bool as an int, and "blocks": true would build
    # one block.
    return Rule(words, lambda x: type(x) is int and low <= x <= high)


def one_of(*values: str) -> Rule:
    """One of a few words."""
    words = "one of " + ", ".join(map(repr, values))
    return Rule(words, lambda x: isinstance(x, str) and x in values)


def text(most: int) -> Rule:
    """A string of at most `most` characters."""
    words = f"a text of at most {most} characters"
    return Rule(words, lambda x: isinstance(x, str) and len(x) <= most)


def list_of(rule: Rule, low: int, high: int) -> Rule:
    """A list of `low` to `high` values that all keep to `rule`."""
    return Rule(
        f"a list of {low} to {high}, each {rule.words}",
        lambda x: (
            isinstance(x, list) and low <= len(x) <= high and all(map(rule.fits, x))
        ),
    )


def dict_of(rule: Rule, most: int) -> Rule:
    """A dict of 1 to `most` identifiers; every value keeps to `rule`."""
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
    """Whether this is a bare file or folder name, which cannot lead anywhere else.

    No path separator of any system, no drive, no leading dot: "../mine" and "C:mine"
    are refused.
    """
    return (
        isinstance(name, str)
        and re.fullmatch(r"[^./\\:][^/\\:]{0,99}", name) is not None
        and name.isprintable()
        and name == name.strip()
    )


NUMBER = Rule(
    "a number above 0 and at most 1000000",
    # Python's JSON parser lets NaN and infinity in; both fail the comparison.
    lambda x: type(x) in (int, float) and 0 < x <= 1e6,
)
SHARE = Rule(
    "a number above 0 and below 1", lambda x: type(x) in (int, float) and 0 < x < 1
)
WORD = Rule(  # one that `finetune` can teach
    "a word of 2 to 20 letters",
    lambda x: isinstance(x, str) and re.fullmatch(r"[^\W\d_]{2,20}", x) is not None,
)
NAME = Rule("the plain name of a folder", is_plain_name)
YES_OR_NO = Rule("true or false", lambda x: isinstance(x, bool))
SHA256 = Rule(
    "a SHA-256",
    lambda x: isinstance(x, str) and re.fullmatch("[0-9a-f]{64}", x) is not None,
)


# What each key must be --------------------------------------------------------

# The same words as in diffusion/, which this file must not import.
SCHEDULES = ("linear", "cosine", "straight line")
TARGETS = ("x_0", "eps", "v")
MANNERS = ("plain", "spoken")  # of captions, as in world/critters.py
LARGEST_SIDE = 1024  # pixels; the course trains at 64
MOST_STEPS = 10_000  # T; every step has an entry in four tables
MOST_MERGES = 50_000

KEYS = {  # optional on every kind of card; NEEDED says which kind requires which
    "kind": text(100),
    "data": text(1000),
    "size": whole(1, LARGEST_SIDE),
    "iteration": whole(0, 10**12),
    "schedule": one_of(*SCHEDULES),
    "T": whole(1, MOST_STEPS),
    "target": one_of(*TARGETS),
    "labels": list_of(text(1000), 1, 100_000),
    "merges": list_of(list_of(whole(0, 10**6), 2, 2), 0, MOST_MERGES),
    "manner": one_of(*MANNERS),
    "autoencoder": NAME,  # its own folder, in this one or beside it
    "encoder_sha256": SHA256,
    "latent_scale": NUMBER,
    "threshold": SHARE,  # above it, an inspector calls a picture flawed
    # Of additions to a painter (lesson 13): what they call, and what they belong to.
    "word": WORD,
    "words": list_of(WORD, 0, 1000),
    "own_words": list_of(WORD, 0, 1000),
    "base_sha256": SHA256,
    "alpha": NUMBER,
    # Of painters that were distilled (lesson 16): the guidance scale that they learned,
    # and in how many network calls they can draw a picture.
    "guidance": NUMBER,
    "calls": list_of(whole(1, MOST_STEPS), 1, 20),
    "frames": whole(1, 256),  # of a film
    "in_common": SHARE,  # of the noise of a film's frames
}
WIDTHS = list_of(whole(1, 2**14), 1, 8)
BLOCKS = whole(0, 64)
TEXT_ENCODER = {
    "vocabulary": whole(1, 10**6),
    "length": whole(2, 128),  # attention is L x L, for 256 texts at once
    "width": whole(1, 2**14),
    "blocks": BLOCKS,
    "heads": whole(1, 16),
    "positions": YES_OR_NO,
    "new_words": whole(0, 1000),
}
UNET = {
    "widths": WIDTHS,
    "blocks": BLOCKS,
    "labels": whole(0, 100_000),
    "channels": whole(1, 64),
    "refine": whole(1, 1024),
    "text_width": whole(0, 0),  # a text U-Net takes the width from its text encoder
    "fold": whole(1, 8),
    "jumps": YES_OR_NO,
}
CONTROL = {"unet": UNET, "text_width": whole(1, 2**14), "cell": whole(1, 64)}
CONFIG = {  # for each kind of card, the settings in its `config`
    "denoiser": UNET,
    "text denoiser": {"text": TEXT_ENCODER, "unet": UNET},
    "film denoiser": {"text": TEXT_ENCODER, "unet": UNET},
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
    "film judge": {"size": whole(2, LARGEST_SIDE), "widths": WIDTHS},
    "inspector": {
        "answers": dict_of(whole(1, 10_000), 100),
        "size": whole(2, LARGEST_SIDE),
        "widths": WIDTHS,
    },
    "control": CONTROL,
    "reward": {"size": whole(2, LARGEST_SIDE), "widths": WIDTHS},
    "GAN": {
        "labels": whole(0, 100_000),
        "z_width": whole(1, 2**14),
        "widths": WIDTHS,
        "blocks": BLOCKS,
        "critic_widths": WIDTHS,
        "spectral": YES_OR_NO,
    },
    "next-token model": {
        "labels": whole(0, 100_000),
        "vocabulary": whole(2, 2**16),
        "side": whole(1, 64),  # attention is side^2 x side^2
        "patch": whole(1, 8),
        "width": whole(1, 2**14),
        "blocks": BLOCKS,
        "heads": whole(1, 16),
    },
}
# Needed for drawing: the weights alone do not say which noise they were trained on.
DENOISER = ("config", "schedule", "T", "target", "size")
NEEDED = {  # keys that a kind cannot be used without
    "denoiser": (*DENOISER, "labels"),
    "text denoiser": (*DENOISER, "merges"),
    "film denoiser": (*DENOISER, "merges", "frames", "in_common"),
    "pair": ("config", "merges"),
    "listener": ("config", "merges"),
    "autoencoder": ("config",),
    "judge": ("config",),
    "film judge": ("config",),
    "inspector": ("config",),
    "lora": ("word", "base_sha256", "alpha"),
    "word": ("word", "base_sha256"),
    "control": ("config", "base_sha256"),
    "reward": ("config",),
    "GAN": ("config", "size", "labels"),
    "next-token model": ("config", "size", "labels"),
}


def check_card(card: Card, of: Path | str) -> None:
    """Raise CheckpointError for the first value on a card that breaks its rule."""
    wrong = wrong_on(card)
    if wrong:
        raise broken(of, wrong)


def wrong_on(card: Card) -> str:
    """Describe the first value on a card that breaks its rule; or ""."""
    # A key without a rule passes: a card also records how a training went, and nothing
    # is built from that. An unknown kind has no rules for `config`; `load_network`
    # refuses it.
    return first_wrong(card, KEYS | {"config": CONFIG.get(str(card.get("kind")), {})})


def first_wrong(values: dict, rules: dict, inside: str = "") -> str:
    """Describe the first value that breaks its rule and what it should be; or "".

    A card may have keys without rules. The settings of a network may not: an unknown
    one would reach the network unchecked.
    """
    for key in values if inside else ():
        if key not in rules:
            return f"{inside}{key[:60]} is not a setting of this kind of network"
    for key, rule in rules.items():
        # NEEDED says what must be there; a judge's card, say, has no schedule.
        if key not in values:
            continue
        value = values[key]
        if isinstance(rule, Rule):
            wrong = "" if rule.fits(value) else rule.words
        elif isinstance(value, dict):
            if wrong := first_wrong(value, rule, f"{inside}{key}."):
                return wrong
        else:
            wrong = "a JSON object"
        if wrong:
            return f"{inside}{key} {shortened(value)} is not {wrong}"
    return ""


def shortened(value) -> str:
    """The repr of a value, cut after 60 characters."""
    whole_text = repr(value)
    return whole_text if len(whole_text) <= 60 else f"{whole_text[:60]}..."


def needed_by(card: Card) -> tuple[str, ...]:
    """The keys that a card of this kind must have."""
    # Latents mean nothing without their encoder and their scale: a painter of latents
    # needs both, a painter of pixels neither.
    needed = NEEDED.get(str(card.get("kind")), ())
    drawn = ("encoder_sha256", "latent_scale") if "autoencoder" in card else ()
    return needed + drawn


def kind_of(card: Card) -> str:
    """The kind of a card's weights with its article, for a sentence: "a judge"."""
    kind = str(card.get("kind") or "network of no kind")
    return ("an " if kind[0] in "aeiou" else "a ") + kind


@contextmanager
def made_from(of: Path | str, card: Card, *needed: str) -> Iterator[None]:
    """Turn a key missing from the card, or a misfit inside, into a CheckpointError."""
    try:
        # Looked up for the KeyError: a missing key is named before anything is built.
        for key in needed:
            card[key]
        yield
    except (TypeError, LookupError, RuntimeError, ValueError) as error:
        raise CheckpointError(
            f"The card of {of} was written by another version of this course "
            f"({str(error).rstrip('.')}): fetch or train these weights again."
        ) from error


def folder_beside(folder: Path | str, name: str) -> Path:
    """The folder that a card names, inside `folder`.

    Raises:
        CheckpointError: the name is not a plain one
    """
    # Otherwise a card from a stranger could name any file on this machine.
    if not is_plain_name(name):
        raise broken(folder, f"autoencoder {shortened(name)} is not {NAME.words}")
    return Path(folder) / name
