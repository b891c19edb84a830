"""The pictures of duels: drawn once, kept in the cache, ready for votes and trainings.

Drawing costs more than anything else here: a picture takes 20 network calls, an
iteration of a training on it about three. So each picture is drawn once.
"""

from contextlib import suppress
from dataclasses import dataclass
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
from course_lib.painters.painter import WITH_CHANCE, read_each_once
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes, to_bytes
from course_lib.shown import progress_bar, tell
from course_lib.training.votes import Duel, Vote, VoteError, name_of

TOGETHER = 64  # pictures drawn in one batch


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures by their texts and seeds.

    Args:
        made_from: one (text, seed) per picture
        x_0: (N, C, h, w) float32, what the network drew: latents, or pixels
        bytes: (N, 3, H, W) uint8, the same as pictures
    """

    made_from: list[tuple[str, int]]
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
        return self.pictures[self.rows(sides_of(duel))]

    def rows(self, wanted: list[tuple[str, int]]) -> Tensor:
        """Where these texts and seeds are: (n,) int64."""
        where = {made: i for i, made in enumerate(self.made_from)}
        return torch.tensor([where[made] for made in wanted], dtype=torch.int64)


def sides_of(duel: Duel) -> list[tuple[str, int]]:
    """(text, seed) of the left and of the right picture."""
    return list(zip(duel.texts, duel.seeds, strict=True))


@torch.no_grad()
def draw_seeds(
    painter: TextToImage, made_from: list[tuple[str, int]], way: Way | None = None
) -> tuple[Tensor, Tensor]:
    """Draw a picture for each (text, seed): the one that `generate --seed` draws.

    Returns:
        x_0 as the network draws it, (N, C, h, w), and the pictures, uint8
    """
    way = way or painter.way()
    if way.sampler in WITH_CHANCE:
        raise VoteError(f"{way.sampler} adds fresh noise: choose another sampler.")
    found, pictures = [], []
    firsts = range(0, len(made_from), TOGETHER)
    for first in progress_bar(firsts, name="drawing"):
        some = made_from[first : first + TOGETHER]
        texts, seeds = zip(*some, strict=True)
        read = tuple(painter.reworded(list(texts)))
        text_emb = read_each_once(painter.read, read, "")
        predict = painter.predict_from(text_emb, way)
        # Each picture is the first one of its own seed.
        noise = [PictureNoise(seed, [0])(painter.shape()) for seed in seeds]
        x_T = torch.cat(noise).to(painter.device)
        walk = getattr(samplers, way.sampler)
        *_, last = walk(predict, x_T, painter.schedule, way.steps)
        found.append(last.x_0_hat.cpu())
        pictures.append(to_bytes(painter.decode(last.x_0_hat)))
    return torch.cat(found), torch.cat(pictures)


def draw_once(
    painter: TextToImage, made_from: list[tuple[str, int]], way: Way | None = None
) -> Drawn:
    """Each (text, seed) once; what was ever drawn before comes from the cache."""
    way = way or painter.way()
    once = list(dict.fromkeys(made_from))
    if not once:
        raise VoteError("There is nothing to draw: name a prompt or two.")
    numbers = torch.tensor([number_of(made) for made in once], dtype=torch.int64)
    of = sha256(repr((name_of(painter), way, painter.as_typed)))[:16]
    file = cache_folder() / f"duels-{of}.safetensors"
    kept = kept_in(file)
    there = set(kept["number"].tolist()) if kept else set()
    asked = zip(once, numbers.tolist(), strict=True)
    missing = [(made, number) for made, number in asked if number not in there]
    if missing:
        x_0, pictures = draw_seeds(painter, [made for made, _ in missing], way)
        added = {"number": torch.tensor([number for _, number in missing])}
        added |= {"x_0": x_0, "pictures": pictures}
        kept = {n: torch.cat([kept[n], x]) for n, x in added.items()} if kept else added
        keep(file, kept)
    where = {n: row for row, n in enumerate(kept["number"].tolist())}
    rows = torch.tensor([where[n] for n in numbers.tolist()])
    return Drawn(once, kept["x_0"][rows], kept["pictures"][rows])


def number_of(made: tuple[str, int]) -> int:
    """A number for a (text, seed), 63 bits of a checksum: its name in the cache."""
    return int(sha256(repr(made))[:16], 16) >> 1


def kept_in(file: Path) -> dict[str, Tensor] | None:
    """What the cache holds of one painter; None if nothing, or a damaged file."""
    remove_left_overs(file)
    with suppress(CheckpointError):
        tensors, card = load_checkpoint(file)
        if card.get("name") == file.stem:
            return tensors
    return None


def keep(file: Path, tensors: dict[str, Tensor]) -> None:
    """Write them to the cache; a full disk costs the next start, and no more."""
    try:
        save_checkpoint(file, tensors, {"name": file.stem})
    except CheckpointError as error:
        tell(f"{error} The pictures are used, but not kept for the next time.")


def draw_duels(
    painter: TextToImage, duels: list[Duel], way: Way | None = None
) -> Drawn:
    """The pictures of all duels, each drawn once."""
    return draw_once(painter, [side for duel in duels for side in sides_of(duel)], way)


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
        VoteError: their pictures were drawn with different settings
    """
    ways = {vote.way for vote in votes}
    if len(ways) > 1:
        raise VoteError(
            f"These votes are about pictures of {len(ways)} different settings of the "
            "sampler: keep the votes of one setting in a file."
        )
    drawn = draw_duels(painter, [vote.duel for vote in votes], ways.pop())
    of = {side: vote.duel.prompt for vote in votes for side in sides_of(vote.duel)}
    asked = [of[made] for made in drawn.made_from]
    sides = [(sides_of(vote.duel), vote.winner) for vote in votes]
    won = drawn.rows([both[winner] for both, winner in sides])
    lost = drawn.rows([both[1 - winner] for both, winner in sides])
    return Pairs(drawn, asked, [vote.duel.prompt for vote in votes], won, lost)
