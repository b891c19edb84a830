"""Votes: which of two pictures of one prompt somebody liked better, one vote a line.

    {"prompt": "a red cat", "seeds": [4, 9], "winner": 0, "who": "me", ...}

A line holds no picture. It holds all that draws both again from nothing: the texts, the
seeds, the settings of the sampler, and a checksum of the painter's weights. So a
thousand votes are a file of 300 kB, and they can be checked years later.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from course_lib.cards import MOST_STEPS
from course_lib.checkpoint import WriteError, digest
from course_lib.diffusion.guidance import Way, check_scale
from course_lib.painters.painter import SAMPLERS
from course_lib.painters.pipeline import TextToImage
from course_lib.shown import printable, remark
from course_lib.typed import expanded

LEFT, RIGHT, NEITHER = 0, 1, None
MOST = 100_000  # votes in a file
LONGEST = 10_000  # characters in a line
BEGINNING = b'{"prompt": '  # of every line, so that a torn one can be recognised


class VoteError(ValueError):
    """A file of votes cannot be used; the message says why, and what to do."""


class NotWrittenError(VoteError, WriteError):
    """A vote could not be written; the votes before it are untouched."""


class Made(NamedTuple):
    """All that a picture is drawn from, besides the painter and its settings.

    Args:
        twin: 0 for the picture that `generate` draws from this text and seed; n for its
            n-th twin, which has the same outlines and other details (`duels.py`)
    """

    text: str
    seed: int
    twin: int = 0


@dataclass(frozen=True)
class Duel:
    """Two pictures of one prompt, to be voted on.

    Args:
        prompt: what was asked for; a network that is tuned reads this
        seeds: of the left and of the right picture
        drawn_as: the prompts that they are drawn from, if not `prompt` itself
        twins: their numbers as twins (`Made`), if they are any
    """

    prompt: str
    seeds: tuple[int, int]
    drawn_as: tuple[str, str] | None = None
    twins: tuple[int, int] | None = None

    @classmethod
    def between(cls, prompt: str, left: Made, right: Made) -> "Duel":
        """The duel of two pictures."""
        texts, seeds, twins = zip(left, right, strict=True)
        drawn_as = None if texts == (prompt, prompt) else texts
        return cls(prompt, seeds, drawn_as, twins if any(twins) else None)

    @property
    def sides(self) -> tuple[Made, Made]:
        """What the left and the right picture are drawn from."""
        texts = self.drawn_as or (self.prompt, self.prompt)
        both = zip(texts, self.seeds, self.twins or (0, 0), strict=True)
        left, right = (Made(*side) for side in both)
        return left, right


@dataclass(frozen=True)
class Vote:
    """A duel, and who won it.

    Args:
        winner: 0 for the left picture, 1 for the right one, None for neither
        who: the name of the voter
        painter: the checksum of its weights (`name_of`)
        way: the settings of the sampler
    """

    duel: Duel
    winner: int | None
    who: str
    painter: str
    way: Way

    def as_line(self) -> str:
        """The vote as one line of JSON, without its end."""
        facts = {k: x for k, x in asdict(self.duel).items() if x is not None}
        facts |= dict(winner=self.winner, who=self.who, painter=self.painter)
        return json.dumps(facts | {"way": asdict(self.way)})


def name_of(painter: TextToImage) -> str:
    """A short checksum of a painter's weights: who draws the pictures of a vote."""
    return digest(painter.model.state_dict())[:12]


# Writing --------------------------------------------------------------------------


def append_vote(file: Path | str, *votes: Vote) -> None:
    """Add votes to the file; they are on the disk before this returns.

    Raises:
        VoteError: the file holds anything else than votes, or one of these could not be
            read again
        NotWrittenError: nothing can be written there
    """
    file = Path(expanded(str(file)))
    check_votes(*votes)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        mend(file)
        # One write of whole lines: a program that is killed leaves a torn line at most,
        # and only the last one.
        with open(file, "ab") as opened:
            opened.write("".join(f"{vote.as_line()}\n" for vote in votes).encode())
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise NotWrittenError(
            f"The vote could not be written to {file}: {error.strerror}. Is the disk "
            "full, or the folder read-only? The votes before it are untouched."
        ) from error


def check_votes(*votes: Vote) -> None:
    """Raise VoteError for the first vote whose line could not be read again."""
    for vote in votes:
        read_vote(vote.as_line().encode(), f"A vote on {vote.duel.prompt!r:.40}")


def mend(file: Path) -> None:
    """Make a file of votes one of whole lines, so that more can be added.

    A last line that was torn while it was written is cut off, and that is said.

    Raises:
        VoteError: the file holds anything else; nothing in it changes
    """
    if not file.is_file():
        return
    content = file.read_bytes()
    whole, torn = parted(content)
    votes_in(whole, file)
    if torn:
        with open(file, "rb+") as opened:
            opened.truncate(len(whole))
        remark(f"The last vote in {file} was only half written, and was cut off.")
    elif content and not content.endswith(b"\n"):  # an editor left it out
        with open(file, "ab") as opened:
            opened.write(b"\n")


def parted(content: bytes) -> tuple[bytes, bytes]:
    """The content of a file of votes, and the torn vote at its end, or b"".

    Only the beginning of a vote is torn. A whole vote without the end of its line is a
    vote, and a diary is a diary.
    """
    before, end, last = content.rpartition(b"\n")
    if not (last.startswith(BEGINNING) or BEGINNING.startswith(last)):
        return content, b""
    try:
        json.loads(last)
    except (ValueError, RecursionError):
        return before + end, last
    return content, b""


# Reading --------------------------------------------------------------------------


def read_votes(file: Path | str) -> list[Vote]:
    """Read all votes of a file, in order; a torn last line is left out, and said.

    Raises:
        VoteError: there is no such file, or a line is no vote
    """
    file = Path(expanded(str(file)))
    try:
        content = file.read_bytes()
    except OSError as error:
        raise VoteError(f"{file} cannot be read: {error.strerror}.") from error
    whole, torn = parted(content)
    if torn:
        remark(f"The last vote in {file} is only half written, and is left out.")
    return votes_in(whole, file)


def votes_in(content: bytes, file: Path) -> list[Vote]:
    """The votes in the content of a file; raises like `read_votes`."""
    lines = content.split(b"\n")
    lines = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
    if len(lines) > MOST:
        raise VoteError(f"{file} holds {len(lines)} votes; the limit is {MOST}.")
    return [read_vote(line, f"Line {n} of {file}") for n, line in lines]


def read_vote(line: bytes, where: str) -> Vote:
    """Read one line; raises a VoteError that says what is wrong with it."""
    if len(line) > LONGEST:
        raise VoteError(f"{where} is too long for a vote: remove it.")
    try:
        facts = json.loads(line)
        if not isinstance(facts, dict):
            raise ValueError("it is no JSON object")
        duel = Duel(
            text_in(facts, "prompt"),
            pair_in(facts, "seeds", int),
            pair_in(facts, "drawn_as", str) if "drawn_as" in facts else None,
            pair_in(facts, "twins", int) if "twins" in facts else None,
        )
        winner = facts["winner"]
        if winner is not None and (type(winner) is not int or winner not in (0, 1)):
            raise ValueError(f"the winner is 0, 1 or null, not {winner!r:.40}")
        if any(not 0 <= n < 2**63 for side in duel.sides for n in side[1:]):
            raise ValueError("a seed, and a twin, lies in 0..2^63 - 1")
        if duel.sides[0] == duel.sides[1]:
            raise ValueError("both sides are one picture")
        way = way_in(facts["way"])
        return Vote(duel, winner, text_in(facts, "who"), text_in(facts, "painter"), way)
    except (ValueError, KeyError, RecursionError) as error:
        lacks = isinstance(error, KeyError)
        why = f"lacks {error}" if lacks else f"is no vote: {error}".rstrip(".")
        raise VoteError(f"{where} {printable(why)}. Correct or remove it.") from error


def text_in(facts: dict, key: str) -> str:
    """A text in the facts of a vote; ValueError for anything else."""
    if not isinstance(facts[key], str):
        raise ValueError(f"{key} must be a text, not {facts[key]!r:.40}")
    return facts[key]


def pair_in(facts: dict, key: str, kind: type) -> tuple:
    """Two values of a kind in the facts of a vote; ValueError for anything else."""
    two = facts[key]
    if not isinstance(two, list) or [type(x) for x in two] != [kind, kind]:
        words = {int: "whole numbers", str: "texts"}[kind]
        raise ValueError(f"{key} must be two {words}, not {two!r:.40}")
    return tuple(two)


def way_in(facts) -> Way:
    """The settings of the sampler in the facts of a vote; ValueError if impossible."""
    if not isinstance(facts, dict):
        raise ValueError(f"way must be a JSON object, not {facts!r:.40}")
    between = facts["guided_between"]
    if between is not None and not is_interval(between):
        raise ValueError(
            f"guided_between must be null or two numbers, the lower one first, not "
            f"{between!r:.40}"
        )
    scale, steps, sampler = facts["guidance_scale"], facts["steps"], facts["sampler"]
    if type(scale) not in (int, float):
        raise ValueError(f"guidance_scale must be a number, not {scale!r:.40}")
    check_scale(scale)
    if type(steps) is not int or not 1 <= steps <= MOST_STEPS:
        raise ValueError(
            f"steps must be a whole number in 1..{MOST_STEPS}, not {steps!r:.40}"
        )
    if not isinstance(sampler, str) or sampler not in SAMPLERS:
        raise ValueError(f"there is no sampler {sampler!r:.40}")
    return Way(float(scale), steps, between and tuple(map(float, between)), sampler)


def is_interval(between) -> bool:
    """Whether this is a list of two numbers from 0 on, the lower one first."""
    if not isinstance(between, list) or len(between) != 2:
        return False
    low, high = between
    return {type(low), type(high)} <= {int, float} and 0 <= low < high <= MOST_STEPS


# What a training needs to hear ------------------------------------------------------


def decided(
    votes: Iterable[Vote], painter: TextToImage, file: Path | str
) -> list[Vote]:
    """The votes that a training can learn from: those with a winner.

    Says in a sentence how many are left out, and how many contradict each other.

    Raises:
        VoteError: no vote has a winner, or they are about another painter's pictures
    """
    votes = list(votes)
    if not votes:
        raise VoteError(
            f"There is no vote in {file}: vote first (notebook 14, or `python -m "
            "course_lib vote`)."
        )
    own = name_of(painter)
    others = [vote for vote in votes if vote.painter != own]
    if others:
        raise VoteError(
            f"{len(others)} of {len(votes)} votes in {file} are about pictures of "
            f"another painter ({others[0].painter:.12}, and this one is {own}): name "
            "that painter with --weights, or vote again."
        )
    useful = [vote for vote in votes if vote.winner is not None]
    if not useful:
        raise VoteError(
            f"All {len(votes)} votes in {file} are for neither picture, which teaches "
            "nothing: vote again."
        )
    against = contradictions(useful)
    if against:
        remark(
            f"{against} of {len(useful)} votes in {file} contradict another vote on "
            "the same two pictures: they cancel each other."
        )
    return useful


def contradictions(votes: Iterable[Vote]) -> int:
    """How many votes have a vote against them, on the very same two pictures."""
    won = Counter(key_of(vote) for vote in votes)
    return sum(n for (prompt, *key), n in won.items() if (prompt, *key[::-1]) in won)


def key_of(vote: Vote) -> tuple:
    """The prompt, the winner and the loser of a vote."""
    both = vote.duel.sides
    return (vote.duel.prompt, *(both if vote.winner == LEFT else both[::-1]))
