"""The command `interpolate`: pictures on the way from one picture to another."""

from dataclasses import asdict, replace
from typing import Annotated

import typer

from course_lib.commands.options import (
    AsJson,
    AsTyped,
    Guidance,
    Pictures,
    Steps,
    Weights,
    bad_input,
    say_json,
)
from course_lib.commands.picture_files import places_for, write_pictures
from course_lib.device import best_device, use_all_cores
from course_lib.painters.interpolation import crossfade
from course_lib.painters.interpolation import interpolate as on_the_way
from course_lib.painters.pipeline import SPACES, TextToImage
from course_lib.pixels import FORMATS, from_bytes, read_picture
from course_lib.shown import remark, tell
from course_lib.typed import file_named

# All of them are drawn in one batch.
MOST = 100  # pictures
# All the formats that we read, and two customary short spellings.
ENDINGS = (*(f".{name.lower()}" for name in FORMATS), ".jpg", ".tif")


def interpolate(
    first: Annotated[str, typer.Argument(help="A prompt or a picture file.")],
    last: Annotated[str, typer.Argument(help="Another of the same kind.")],
    out: Pictures,
    n: Annotated[int, typer.Option(help="Pictures to make, both ends included.")] = 9,
    seed: Annotated[int, typer.Option(help="Seed of the first picture's noise.")] = 0,
    to_seed: Annotated[
        int | None, typer.Option(help="Seed of the last picture's noise, if another.")
    ] = None,
    steps: Steps = None,
    guidance: Guidance = None,
    weights: Weights = SPACES["latent"],
    as_typed: AsTyped = False,
    as_json: AsJson = False,
) -> None:
    """Draw what lies between two prompts, two seeds or two picture files.

    For files nothing is drawn: their latents are mixed and decoded (or their pixels
    mixed, if the weights have no latents).

    Example: python -m course_lib interpolate "a frog" "a rabbit" --out way.png
    """
    use_all_cores()
    asked = [first, last]
    how = dict(seed=seed, steps=steps, guidance_scale=guidance)
    with bad_input():
        if not 2 <= n <= MOST:
            raise ValueError(f"--n must lie in 2..{MOST}; got {n}.")
        files, grid = places_for(out, n)
        painter = TextToImage.from_pretrained(weights, best_device(), as_typed)
        # Even for two files, for which nothing is drawn: --steps 0 is refused either
        # way.
        prepared = painter.prepare(asked, steps, guidance)
        images = [picture_named(one) for one in asked]
        if any(images) and not all(images):
            raise ValueError("Give two prompts or two picture files, not one of each.")
        if all(images):
            size = painter.card["size"]
            ends = [from_bytes(read_picture(image, size)) for image in images]
        together = painter.together(None, most=n)
    if all(images):
        pictures = crossfade(painter, *ends, n, together)
    else:
        for sentence in painter.remarks_on(prepared):
            remark(sentence)
        # `prepared.read` is rewritten already, and read_as below must be what is drawn.
        literal = replace(painter, rewrite=None)
        way = dict(to_seed=to_seed, batch_size=together)
        pictures = on_the_way(literal, *prepared.read, n, **way, **how)
    # One row, as a way has no corners; ten pictures fit on a screen.
    write_pictures(pictures, files, grid, columns=min(n, 10))
    wrote = [str(file) for file in files] + [str(grid)]
    tell(f"{n} pictures: {wrote[-1]}")
    if as_json:
        facts = dict(files=wrote, weights=weights)
        if all(images):
            return say_json(facts | dict(images=asked))
        facts |= dict(prompts=asked, read_as=prepared.read, to_seed=to_seed)
        say_json(facts | dict(seed=seed) | asdict(prepared.way))


def picture_named(text: str) -> str | None:
    """The picture file that a text names; None for a prompt.

    Raises:
        ValueError: the text ends like a picture file, but there is no such file
    """
    file = file_named(text)
    # As a prompt, a misspelled "forg.png" would be drawn as whatever those letters
    # bring up: a misspelled name is far likelier than such a wish.
    if file is None and text.strip().lower().endswith(ENDINGS):
        raise ValueError(f"There is no file {text}.")
    return file
