"""The command `vote`: a simulated voter with a known taste fills a file of votes."""

from pathlib import Path
from typing import Annotated

import typer

from course_lib.checkpoint import check_file
from course_lib.commands.evaluate import read_lines
from course_lib.commands.options import (
    AsJson,
    Weights,
    bad_input,
    path,
    say_json,
    text,
)
from course_lib.device import best_device, use_all_cores
from course_lib.painters.pipeline import SPACES, TextToImage
from course_lib.shown import tell

MOST_PROMPTS = 10_000
MOST_SEEDS = 2**62  # the pictures of a run count on from it, and end below 2^63


def vote(
    out: Annotated[
        Path, typer.Option(parser=path, help="The file to add the votes to.")
    ],
    taste: Annotated[
        str, typer.Option(parser=text, help="What the voter likes: clean, hats, ...")
    ] = "clean",
    n: Annotated[int, typer.Option(help="Prompts.")] = 128,
    of: Annotated[
        int, typer.Option(help="Pictures a prompt, for half as many votes.")
    ] = 8,
    wrong: Annotated[float, typer.Option(help="The share of wrong votes, 0..1.")] = 0.0,
    who: Annotated[
        str | None, typer.Option(parser=text, help="The voter's name; else the taste.")
    ] = None,
    prompts: Annotated[
        Path | None, typer.Option(parser=path, help="A text file, one prompt a line.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of prompts, pictures and slips.")] = 0,
    weights: Weights = SPACES["latent"],
    as_json: AsJson = False,
) -> None:
    """Let a simulated voter vote; people vote in notebook 14.

    Example: python -m course_lib vote --taste clean --n 128 --out votes.jsonl
    """
    # Here and not above: the voters ask the judges, which take a second to import.
    from course_lib.judging import voters
    from course_lib.training.bounds import whole
    from course_lib.training.votes import append_vote, mend

    use_all_cores()
    with bad_input():
        if taste not in voters.TASTES:
            known = ", ".join(voters.TASTES)
            raise ValueError(f"--taste must be one of {known}; got {taste!r}.")
        if not 1 <= n <= MOST_PROMPTS:
            raise ValueError(f"--n must lie in 1..{MOST_PROMPTS}; got {n}.")
        if not 2 <= of <= 64:
            raise ValueError(f"--of must lie in 2..64; got {of}.")
        if not 0 <= wrong <= 1:
            raise ValueError(f"--wrong is a share, 0..1; got {wrong}.")
        whole("--seed", seed, 0, MOST_SEEDS)
        check_file(out)
        painter = TextToImage.from_pretrained(weights, best_device())
        about_hats = taste != "clean"
        if prompts is None:
            asked = voters.prompts_for(painter, n, seed, about_hats)
        else:
            asked = lines_of(prompts)[:n]
        first = voters.FIRST_SEED + seed
        if about_hats:
            groups = voters.with_hats(asked, of // 2, first)
        else:
            groups = voters.candidates(asked, of, first)
        # Before hours of drawing: whether these votes can be written, and there.
        voters.check_groups(painter, groups, who or taste)
        mend(out)
    votes = voters.cast_votes(
        painter, groups, voters.TASTES[taste], who or taste, wrong, seed
    )
    with bad_input():
        append_vote(out, *votes)
    neither = sum(one.winner is None for one in votes)
    tell(f"{len(votes)} votes by {who or taste}, {neither} for neither picture: {out}")
    if as_json:
        say_json(dict(file=str(out), votes=len(votes), neither=neither, taste=taste))


def lines_of(file: Path) -> list[str]:
    """The prompts of a text file, one a line; ValueError if there is none."""
    prompts = [line.strip() for line in read_lines(file) if line.strip()]
    if not prompts:
        raise ValueError(f"There is no prompt in {file}: write one on each line.")
    return prompts
