"""The command `edit`: change all or part of a picture according to a prompt."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from torch import Tensor

from course_lib.commands.options import (
    AsJson,
    AsTyped,
    Pictures,
    Weights,
    bad_input,
    path,
    say_json,
)
from course_lib.commands.picture_files import places_for, write_pictures
from course_lib.device import best_device, use_all_cores
from course_lib.diffusion.editing import (
    AGAIN,
    W,
    image_to_image,
    inpaint,
    start_of,
    widen,
)
from course_lib.painters.memory import HELD, how_many
from course_lib.painters.pipeline import SPACES, TextToImage
from course_lib.pixels import from_bytes, open_picture, read_picture
from course_lib.shown import progress_bar, remark, tell

MOST = 100  # pictures
MOST_AGAIN = 100  # times; more would take days
TOGETHER = 32  # pictures in one batch, if memory allows


def edit(
    prompt: Annotated[str, typer.Argument(help="What the whole picture should show.")],
    image: Annotated[
        Path, typer.Option(parser=path, help="The picture file to change.")
    ],
    out: Pictures,
    mask: Annotated[
        Path | None,
        typer.Option(
            parser=path,
            help="White: draw here. Black: keep. Without it, all changes.",
        ),
    ] = None,
    wider: Annotated[
        int | None,
        typer.Option(help="Pixels to add on the left and on the right."),
    ] = None,
    # None and not 0.7, since whether it was typed decides which of three edits is
    # meant.
    strength: Annotated[
        float | None,
        typer.Option(help="How much of the picture changes, 0 to 1. By default 0.7."),
    ] = None,
    again: Annotated[
        int, typer.Option(help="How often each step is repeated, in a part.")
    ] = AGAIN,
    n: Annotated[int, typer.Option(help="Results to make.")] = 1,
    seed: Annotated[
        int, typer.Option(help="The same seed draws the same picture.")
    ] = 0,
    steps: Annotated[int, typer.Option(help="Sampling steps.")] = 20,
    guidance: Annotated[float, typer.Option(help="Guidance scale: 1 is none.")] = W,
    weights: Weights = SPACES["latent"],
    as_typed: AsTyped = False,
    as_json: AsJson = False,
) -> None:
    """Change a picture file: the whole, a part (--mask), or its sides (--wider).

    Example: python -m course_lib edit "a red cat" --image frog.png --out cat.png
    """
    use_all_cores()
    how = dict(steps=steps, guidance_scale=guidance, seed=seed)
    with bad_input():
        if not 1 <= n <= MOST:
            raise ValueError(f"--n must lie in 1..{MOST}; got {n}.")
        if [mask, wider, strength].count(None) < 2:
            raise ValueError("Choose one of --strength, --mask and --wider.")
        if not 1 <= again <= MOST_AGAIN:
            raise ValueError(f"--again must be 1 to {MOST_AGAIN}; got {again}.")
        files, grid = places_for(out, n)
        painter = TextToImage.from_pretrained(weights, best_device(), as_typed)
        # At 0.7 nearly all animals become what was asked for, while their place and
        # surroundings mostly stay; at 0.6 fewer do, at 1 nothing stays (the table of
        # lesson 07).
        strength = 0.7 if strength is None else strength
        # Called only to refuse a bad strength, as `prepare` refuses a bad prompt, steps
        # or guidance.
        start_of(strength, painter.schedule.T)
        prepared = painter.prepare([prompt], steps, guidance)
        size = painter.card["size"]
        # The width that will be drawn: memory grows with its square.
        room = size + 2 * (wider or 0)
        # The same picture n times, each with its own noise, to give a choice.
        pictures = from_bytes(read_picture(image, size)[None]).repeat(n, 1, 1, 1)
        hole = read_mask(mask, image, size) if mask else None
        if wider is not None:
            check_wider(painter, wider)
            pictures, hole = widen(pictures, left=wider, right=wider)
        together = how_many(painter, size, room, TOGETHER, HELD)
        if as_json:
            # As in `generate`: only --json needs a judge, and the import takes seconds.
            from course_lib.judging.fidelity import reader_of, what_is_seen

            # Loaded now, so that a fault in it is reported before the drawing.
            reader_of(pictures.shape[2])
    width = pictures.shape[3]
    for sentence in painter.remarks_on(prepared, width) + on_the_edges(image):
        remark(sentence)
    # `prepared.read` is rewritten already, and read_as below must be what is drawn.
    literal, asked = replace(painter, rewrite=None), list(prepared.read) * n
    if hole is not None:
        if hole.all():
            remark("The mask is white all over: nothing is kept.")
        with progress_bar(total=n * (steps + 1), unit="step") as bar:
            watch = dict(callback=lambda step: bar.update(len(step.x_t)))
            part = dict(again=again, batch_size=together)
            edited = inpaint(literal, pictures, hole, asked, **part, **how, **watch)
    else:
        all_of_it = dict(batch_size=painter.together(None, most=n))
        edited = image_to_image(literal, pictures, asked, strength, **how, **all_of_it)
    write_pictures(edited, files, grid)
    wrote = [str(file) for file in files] + ([str(grid)] if grid else [])
    tell(f"{n} picture{'s' * (n > 1)}: {wrote[-1]}")
    if as_json:
        # The judge is asked about the prompt as typed, since that is what was wanted.
        facts = dict(files=wrote, prompt=prompt, image=str(image), weights=weights)
        facts |= dict(read_as=prepared.read[0])
        part = dict(mask=str(mask)) if mask else dict(wider=wider)
        facts |= dict(strength=strength) if hole is None else part
        say_json(facts | how | what_is_seen(edited, [prompt] * n))


def check_wider(painter: TextToImage, wider: int) -> None:
    """Raise ValueError unless pictures can be widened by this much on both sides."""
    # Room is added on both sides, so each side needs only half of the multiple that the
    # whole width must have.
    step = painter.multiple // 2
    if wider % step:
        raise ValueError(f"--wider must be a multiple of {step} here; got {wider}.")
    # Refuses a picture wider than a painter may draw.
    painter.shape(painter.card["size"] + 2 * wider)


def read_mask(file: Path, image: Path, size: int) -> Tensor:
    """A black and white picture file as (size, size) booleans, True where white.

    Raises:
        ValueError: it is not a mask, is empty, or is not as large as the file `image`
    """
    grey = read_picture(file, size).float().mean(0)  # (size, size), 0..255
    # Both are cut to their middle square and shrunk. A mask of another shape would be
    # cut elsewhere, and its hole would not cover what it was painted over.
    check_same_shape(image, file)
    # Editors often export the hole as transparent. Nobody can know whether that means
    # "draw" or "keep", and any colour may be under it.
    if is_see_through(file):
        raise ValueError(
            f"{file} is transparent in parts, but a mask is black and white: paint "
            "white where to draw, black where to keep."
        )
    # A photo given by mistake is grey nearly everywhere. A mask is grey only at its
    # edges once it has been shrunk, so some grey is let through.
    unclear = ((grey > 50) & (grey < 205)).float().mean().item()
    if unclear > 0.2:  # shrinking leaves some at the edges
        raise ValueError(
            f"{file} is not a mask: {unclear:.0%} of it is neither black nor white."
        )
    hole = grey > 127
    if not hole.any():
        raise ValueError(
            f"The mask is empty: nothing of {file} is white in its middle square, "
            f"{size}x{size} pixels when shrunk."
        )
    return hole


def is_see_through(file: Path) -> bool:
    """Whether any pixel of a picture file is not opaque."""
    # open_picture leaves RGBA only where there is some kind of transparency, an alpha
    # channel or one see-through colour, which no pixel may use.
    image = open_picture(file)
    return image.mode == "RGBA" and image.getextrema()[3][0] < 255


def size_of(file: Path) -> tuple[int, int]:
    """Width and height of a picture file in pixels, turned upright."""
    return open_picture(file).size


def on_the_edges(image: Path) -> list[str]:
    """A remark on a picture that is not square, since not all of it is used."""
    w, h = size_of(image)
    side = min(w, h)
    said = f"{image} has {w}x{h} pixels: all but its middle square is cut off"
    return [] if w == h else [f"{said}, {side}x{side} are left."]


def check_same_shape(image: Path, mask: Path) -> None:
    """Raise ValueError unless both files, turned upright, have the same size."""
    (w, h), (mask_w, mask_h) = size_of(image), size_of(mask)
    if (w, h) != (mask_w, mask_h):
        raise ValueError(
            f"{mask} has {mask_w}x{mask_h} pixels and {image} {w}x{h}: a mask must be "
            "as large as its picture."
        )
