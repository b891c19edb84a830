"""The command `export`: trained parts as another library's components."""

from pathlib import Path
from typing import Annotated

import typer

from course_lib.cards import made_from, needed_by
from course_lib.checkpoint import load_weights
from course_lib.commands.options import (
    AsJson,
    Weights,
    bad_input,
    path,
    say_json,
    text,
)
from course_lib.painters.export import WHOLE, Part, parts_of, refuse_other_files, write
from course_lib.painters.pipeline import SPACES, TextToImage
from course_lib.painters.whole_pipeline import pipeline_parts
from course_lib.shown import tell

LIBRARIES = ("diffusers",)


def export(
    out: Annotated[
        Path,
        typer.Argument(
            parser=path, help="The folder to write; each part gets a folder in it."
        ),
    ],
    to: Annotated[
        str, typer.Option(help="The library to write for: diffusers.")
    ] = "diffusers",
    weights: Weights = SPACES["latent"],
    additions: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            parser=text,
            help="What `finetune` made: FOLDER, or FOLDER:STRENGTH; it is merged in.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write trained weights in the format of another library.

    A painter that takes prompts becomes a whole pipeline, with what you taught it.

    Example: python -m course_lib export --to diffusers exported
    """
    with bad_input():
        if to not in LIBRARIES:
            raise ValueError(f"--to must be {' or '.join(LIBRARIES)}; got {to!r}.")
        tensors, card = load_weights(weights)
        if card.get("kind") == "text denoiser":
            parts = whole(weights, additions or [])
        elif additions:
            raise ValueError("--with needs weights that take prompts.")
        else:
            with made_from(weights, card, *needed_by(card)):
                parts = parts_of(tensors, card)
        # An empty folder would look like success, so here the reasons are the error.
        if not any(part.equal for part in parts):
            reasons = " ".join(part.note for part in parts)
            raise ValueError(f"Nothing in {weights} has an equal in {to}. {reasons}")
        # Only now, so that if two things are wrong, the weights are reported first:
        # they are what must be trained or chosen again.
        refuse_other_files(parts, out)
    written = {part.name: write(part, out) for part in parts if part.equal}
    for part in parts:
        place = out if part.name == WHOLE else out / part.name
        what = f"{place}, {part.equal}" if part.equal else "no equal"
        tell(f"{part.name}: {what}. {part.note}")
    if as_json:
        files = {name: [str(f) for f in wrote] for name, wrote in written.items()}
        reasons = {part.name: part.note for part in parts if not part.equal}
        facts = dict(to=to, weights=weights, files=files, without_equal=reasons)
        say_json(facts)


def whole(weights: str, additions: list[str]) -> list[Part]:
    """The parts of a painter that takes prompts, with what was added to it."""
    painter = TextToImage.from_pretrained(weights)
    if additions:
        # Imported only here: it brings in LoRA and control, which few exports need.
        from course_lib.painters.additions import with_additions

        painter = with_additions(painter, additions)
    return pipeline_parts(painter)
