"""Drawing films: `generate --film`, and the commands that train what it needs."""

import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from course_lib.checkpoint import check_file
from course_lib.commands.options import bad_input, say_json
from course_lib.device import best_device
from course_lib.pixels import from_bytes, read_picture
from course_lib.shown import progress_bar, remark, tell

ENDINGS = (".gif", ".html", ".png")  # a film, a player, a strip of its frames
MOST_FILMS = 64


def draw_films_to(
    out: str,
    prompts: list[str],
    n: int,
    seed: int,
    settings: dict,
    negative: str = "",
    weights: str | None = None,
    first: str | None = None,
    last: str | None = None,
    as_json: bool = False,
) -> None:
    """Draw n films of the prompts, in turn, and write them to one file.

    Args:
        out: FILE.gif, FILE.html or FILE.png
        settings: steps, guidance_scale and sampler, None where not given
        first, last: picture files to begin and to end with
    """
    # Imported here, since pictures are drawn without: the player brings matplotlib.
    from course_lib.figures.player import write_film
    from course_lib.networks.film_judge import load_film_judge
    from course_lib.painters.films import FILMS, TextToFilm

    with bad_input():
        file = place_for(out)
        if not 1 <= n <= MOST_FILMS:
            raise ValueError(f"--n must lie in 1..{MOST_FILMS} for films; got {n}.")
        draw = TextToFilm.from_pretrained(weights or FILMS, best_device())
        ends = [read_end(given, draw.card["size"]) for given in (first, last)]
        # Loaded now, so that a fault in it is reported before the drawing.
        judge = load_film_judge() if as_json else None
        prompts = [prompts[i % len(prompts)] for i in range(n)]
        prepared = draw.prepare(prompts, negative_prompt=negative, **settings)
    for sentence in remarks_on(prompts):
        remark(sentence)
    started = time.monotonic()
    with progress_bar(total=n * (prepared.way.steps + 1), unit="step") as bar:
        films = draw.paint(
            prepared, seed, *ends, callback=lambda step: bar.update(len(step.x_t))
        )
    seconds = time.monotonic() - started
    alt = f"a film: {prompts[0]}" if n == 1 else f"{n} films"
    write_film(films, file, prompts, alt)
    tell(f"{n} film{'s' * (n > 1)} in {seconds:.1f} s: {file}")
    if as_json:
        facts = dict(files=[str(file)], seed=seed, weights=weights or FILMS)
        facts |= asdict(prepared.way) | dict(prompts=prompts, first=first, last=last)
        facts |= dict(frames=films.shape[1], seconds=seconds, device=str(draw.device))
        say_json(facts | what_moves(films, prompts, judge))


def place_for(out: str) -> Path:
    """The file to write; ValueError if it is none of ENDINGS or cannot be written."""
    place = Path(out)
    if place.suffix.lower() not in ENDINGS:
        raise ValueError(
            f"--out of a film must be FILE.gif, FILE.html (a player) or FILE.png (a "
            f"strip of its frames); got {out!r}."
        )
    check_file(place)
    return place


def read_end(file: str | None, size: int) -> Tensor | None:
    """A picture to begin or end with, (3, size, size) in [-1, 1]; None if not given."""
    return None if file is None else from_bytes(read_picture(file, size))


def remarks_on(prompts: list[str]) -> list[str]:
    """Remarks on what of the prompts no film has shown, a sentence each."""
    from course_lib.world.film_captions import understand_film

    mute = [text for text in prompts if "motion" not in understand_film(text)[1]]
    if not mute:
        return []
    return [
        "No motion that it knows is named (to stand, walk, hop, swim, fly, bounce a "
        "ball, wave, rise on stilts, or the sun goes down): any will do."
    ]


def what_moves(films: Tensor, prompts: list[str], judge) -> dict[str, list]:
    """What the film judge sees in each film, and whether it was asked for."""
    from course_lib.world.film_captions import understand_film
    from course_lib.world.films import FILM_FACTORS

    read = judge.read(films)
    seen, right = [], []
    for row, text in enumerate(prompts):
        # Of the frames, what most of them show.
        numbers = {
            name: int(torch.mode(x[row].flatten())[0]) for name, x in read.items()
        }
        seen.append({n: FILM_FACTORS[n][k] for n, k in numbers.items()})
        asked, named = understand_film(text)
        right.append(all(asked[n] == numbers[n] for n in named) if named else None)
    return dict(seen=seen, right=right)
