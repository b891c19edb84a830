"""The pictures of duels: drawn once, kept in the cache, ready for votes and trainings.

Drawing costs more than anything else here: a picture takes 20 network calls, an
iteration of a training on it about three. So each picture is drawn once.

Two pictures of one prompt differ in nearly everything, and a vote does not say what it
is about. Twins differ in details alone. They come from one picture that was made noisy
and drawn again, each time from another noise; and they take a third of the calls.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from course_lib.cards import CheckpointError
from course_lib.checkpoint import (
    load_checkpoint,
    remove_left_overs,
    save_checkpoint,
    sha256,
)
from course_lib.device import cache_folder
from course_lib.diffusion import samplers
from course_lib.diffusion.guidance import Way
from course_lib.diffusion.samplers import PictureNoise
from course_lib.diffusion.schedule import add_noise
from course_lib.painters.painter import WITH_CHANCE, read_each_once
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes, to_bytes
from course_lib.shown import progress_bar, tell
from course_lib.training.votes import Duel, Made, Vote, VoteError, name_of

TOGETHER = 64  # pictures drawn in one batch
# How noisy a picture becomes before its twins are drawn, as a share of T. Old votes
# depend on it: it never changes.
TWIN = 0.45


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures, and what they are drawn from.

    Args:
        made_from: one per picture
        x_0: (N, C, h, w) float32, what the network drew: latents, or pixels
        bytes: (N, 3, H, W) uint8, the same as pictures
    """

    made_from: list[Made]
    x_0: Tensor
    bytes: Tensor

    def __len__(self) -> int:
        return len(self.made_from)

    @property
    def pictures(self) -> Tensor:
        """(N, 3, H, W) in [-1, 1]."""
        return from_bytes(self.bytes)

    def of(self, duel: Duel) -> Tensor:
        """The left and the right picture of a duel, (2, 3, H, W) in [-1, 1]."""
        return self.pictures[self.rows(duel.sides)]

    def rows(self, wanted: Iterable[Made]) -> Tensor:
        """Where these are: (n,) int64."""
        where = {made: i for i, made in enumerate(self.made_from)}
        return torch.tensor([where[made] for made in wanted], dtype=torch.int64)


@torch.no_grad()
def draw_made(
    painter: TextToImage, made_from: list[Made], way: Way
) -> tuple[Tensor, Tensor]:
    """Draw pictures, no twins: those that `generate --seed` draws.

    Returns:
        x_0 as the network draws it, (N, C, h, w), and the pictures, uint8
    """
    # Each picture is the first one of its own seed.
    noise = [PictureNoise(made.seed, [0])(painter.shape()) for made in made_from]
    return draw_from(painter, made_from, way, torch.cat(noise), None)


@torch.no_grad()
def draw_twins(
    painter: TextToImage, made_from: list[Made], way: Way, x_0: Tensor
) -> tuple[Tensor, Tensor]:
    """Draw twins: the picture is made noisy, up to TWIN, and drawn again from there.

    Animal, place and colours are the same, since they are decided before; details are
    new. This is `image_to_image` of lesson 07 with another noise for each twin.

    Args:
        x_0: (N, C, h, w), the pictures whose twins they are
    """
    start = round(TWIN * painter.schedule.T)
    # Noise 0 of a seed began the picture itself; its twins take the next ones.
    noise = [PictureNoise(made.seed, [made.twin])(x_0.shape[1:]) for made in made_from]
    t = torch.full((len(x_0),), start)
    x_t = add_noise(x_0, t, torch.cat(noise), painter.schedule)
    # As many steps as the whole way has from there on.
    fewer = replace(way, steps=max(1, round(TWIN * way.steps)))
    return draw_from(painter, made_from, fewer, x_t, start)


def draw_from(
    painter: TextToImage,
    made_from: list[Made],
    way: Way,
    x_t: Tensor,
    start: int | None,
) -> tuple[Tensor, Tensor]:
    """Walk from x_t (N, C, h, w), as noisy as step `start`, to the pictures."""
    if way.sampler in WITH_CHANCE:
        raise VoteError(f"{way.sampler} adds fresh noise: choose another sampler.")
    rest = {} if start is None else {"start": start}
    walk, found, pictures = getattr(samplers, way.sampler), [], []
    firsts = range(0, len(made_from), TOGETHER)
    for first in progress_bar(firsts, name="drawing"):
        texts = [made.text for made in made_from[first : first + TOGETHER]]
        text_emb = read_each_once(painter.read, tuple(painter.reworded(texts)), "")
        predict = painter.predict_from(text_emb, way)
        some = x_t[first : first + TOGETHER].to(painter.device)
        *_, last = walk(predict, some, painter.schedule, way.steps, **rest)
        found.append(last.x_0_hat.cpu())
        pictures.append(to_bytes(painter.decode(last.x_0_hat)))
    return torch.cat(found), torch.cat(pictures)


def draw_once(
    painter: TextToImage, made_from: list[Made], way: Way | None = None
) -> Drawn:
    """Each picture once; what was ever drawn before comes from the cache."""
    way = way or painter.way()
    made_from = [Made(*made) for made in made_from]
    if not made_from:
        raise VoteError("There is nothing to draw: name a prompt or two.")
    of = sha256(repr((name_of(painter), way, painter.as_typed)))[:16]
    store = Store(cache_folder() / f"duels-{of}.safetensors")
    # A twin is drawn from the picture whose twin it is.
    plain = store.missing([made._replace(twin=0) for made in made_from])
    if plain:
        store.add(plain, *draw_made(painter, plain, way))
    twins = store.missing(made_from)
    if twins:
        x_0, _ = store.find([made._replace(twin=0) for made in twins])
        store.add(twins, *draw_twins(painter, twins, way, x_0))
    if plain or twins:
        store.save()
    once = list(dict.fromkeys(made_from))
    return Drawn(once, *store.find(once))


# The cache ------------------------------------------------------------------------


class Store:
    """The pictures of one painter in a file of the cache, each under its number."""

    def __init__(self, file: Path):
        self.file, self.kept = file, {}
        remove_left_overs(file)
        with suppress(CheckpointError):  # none yet, or damaged: it is drawn again
            tensors, card = load_checkpoint(file)
            if card.get("name") == file.stem:
                self.kept = tensors
        numbers = self.kept["number"].tolist() if self.kept else []
        self.where = {number: row for row, number in enumerate(numbers)}

    def missing(self, made_from: list[Made]) -> list[Made]:
        """Those that are not there, each once."""
        once = dict.fromkeys(made_from)
        return [made for made in once if number_of(made) not in self.where]

    def add(self, made_from: list[Made], x_0: Tensor, pictures: Tensor) -> None:
        """Put pictures in, for now in memory."""
        numbers = [number_of(made) for made in made_from]
        self.where |= {n: len(self.where) + i for i, n in enumerate(numbers)}
        added = {"number": torch.tensor(numbers), "x_0": x_0, "pictures": pictures}
        old = self.kept or {name: x[:0] for name, x in added.items()}
        self.kept = {name: torch.cat([old[name], x]) for name, x in added.items()}

    def find(self, made_from: list[Made]) -> tuple[Tensor, Tensor]:
        """x_0 and pictures of those that are there."""
        rows = torch.tensor([self.where[number_of(made)] for made in made_from])
        return self.kept["x_0"][rows], self.kept["pictures"][rows]

    def save(self) -> None:
        """Write the file; a full disk costs the next start some time, and no more."""
        try:
            save_checkpoint(self.file, self.kept, {"name": self.file.stem})
        except CheckpointError as error:
            tell(f"{error} The pictures are used, but not kept for the next time.")


def number_of(made: Made) -> int:
    """63 bits of a checksum: the name of a picture in the cache."""
    return int(sha256(repr(tuple(made)))[:16], 16) >> 1


# Votes with their pictures ---------------------------------------------------------


def draw_duels(
    painter: TextToImage, duels: list[Duel], way: Way | None = None
) -> Drawn:
    """The pictures of all duels, each drawn once."""
    return draw_once(painter, [side for duel in duels for side in duel.sides], way)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Votes with their pictures: N winners, N losers, and the prompt of each pair.

    Args:
        drawn: the M pictures of all votes
        asked: the prompt of each picture, M
        prompts: the prompt of each pair, N
        winner, loser: (N,) rows of `drawn`
    """

    drawn: Drawn
    asked: list[str]
    prompts: list[str]
    winner: Tensor
    loser: Tensor

    def __len__(self) -> int:
        return len(self.prompts)

    def part(self, rows: Tensor) -> "Pairs":
        """Some of the pairs."""
        prompts = [self.prompts[i] for i in rows.tolist()]
        return Pairs(
            self.drawn, self.asked, prompts, self.winner[rows], self.loser[rows]
        )


def pairs_of(votes: list[Vote], painter: TextToImage) -> Pairs:
    """The pictures of votes, all of which have a winner (`votes.decided`).

    Raises:
        VoteError: no votes, or their pictures were drawn with different settings
    """
    if not votes:
        raise VoteError("There is no vote to learn from: vote first.")
    ways = {vote.way for vote in votes}
    if len(ways) > 1:
        raise VoteError(
            f"These votes are about pictures of {len(ways)} different settings of the "
            "sampler: keep the votes of one setting in a file."
        )
    drawn = draw_duels(painter, [vote.duel for vote in votes], ways.pop())
    of = {side: vote.duel.prompt for vote in votes for side in vote.duel.sides}
    asked = [of[made] for made in drawn.made_from]
    sides = [(vote.duel.sides, vote.winner) for vote in votes]
    won = drawn.rows([both[winner] for both, winner in sides])
    lost = drawn.rows([both[1 - winner] for both, winner in sides])
    return Pairs(drawn, asked, [vote.duel.prompt for vote in votes], won, lost)
