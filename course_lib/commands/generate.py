"""The command `generate`: draw pictures from a prompt or a label."""

import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from torch import nn

from course_lib.commands.options import (
    AsJson,
    AsTyped,
    Guidance,
    Pictures,
    Sampler,
    Steps,
    bad_input,
    path,
    say_json,
    text,
    words,
)
from course_lib.commands.picture_files import places_for, write_pictures
from course_lib.device import best_device, use_all_cores
from course_lib.painters.painter import steps_for
from course_lib.painters.pipeline import (
    BY_LABEL,
    SPACES,
    TextToImage,
)
from course_lib.painters.provenance import check_keys, make_keys
from course_lib.painters.rivals import label_painter
from course_lib.painters.watermark import (
    key_of,
    paint_marked,
    sampler_without_chance,
)
from course_lib.shown import progress_bar, remark, tell
from course_lib.typed import names_in

# All are kept in memory until they are written; 10,000 of 64x64 are 0.5 GB of floats.
MOST_PICTURES = 10_000


def generate(
    out: Pictures,
    prompt: Annotated[
        list[str] | None,
        typer.Argument(parser=words, help="What to draw; several prompts take turns."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            parser=words,
            help="A label instead of a prompt; several, as a,b, take turns. "
            r"A comma inside a name is \,.",
        ),
    ] = None,
    n: Annotated[int, typer.Option(help="Pictures to draw.")] = 1,
    seed: Annotated[
        int, typer.Option(help="The same seed draws the same picture.")
    ] = 0,
    steps: Steps = None,
    guidance: Guidance = None,
    negative: Annotated[
        str, typer.Option(parser=words, help="What to steer away from.")
    ] = "",
    weights: Annotated[
        str | None,
        typer.Option(parser=text, help="Shipped weights, or a training folder."),
    ] = None,
    space: Annotated[
        str | None,
        typer.Option(help="Draw prompts in latent (64x64) or pixel (32x32)."),
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Height and width. By default as in training.")
    ] = None,
    sampler: Sampler = None,
    calls: Annotated[
        int | None,
        typer.Option(help="Network calls a picture, after `distil`: 1, 2, 4 or 8."),
    ] = None,
    additions: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            parser=text,
            help="What `finetune` made: FOLDER, or FOLDER:STRENGTH; several add up.",
        ),
    ] = None,
    sketch: Annotated[
        str | None,
        typer.Option(parser=text, help="A drawing that a control follows: FILE."),
    ] = None,
    mark: Annotated[
        int | None,
        typer.Option(help="A secret number: an invisible mark that `whence` finds."),
    ] = None,
    sign: Annotated[
        Path | None,
        typer.Option(parser=path, help="Sign with the key in this FOLDER, or a new."),
    ] = None,
    as_typed: AsTyped = False,
    pick: Annotated[
        int, typer.Option(help="Draw each N times, and keep the one judges like best.")
    ] = 1,
    film: Annotated[
        bool, typer.Option("--film", help="Draw a film, to FILE.gif or FILE.html.")
    ] = False,
    first: Annotated[
        str | None, typer.Option(parser=text, help="A film's first frame: a picture.")
    ] = None,
    last: Annotated[
        str | None, typer.Option(parser=text, help="A film's last frame: a picture.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw pictures from a prompt or a label, or a film from a prompt.

    Example: python -m course_lib generate "a frog on stilts" --n 16 --out frogs.png
    """
    use_all_cores()
    labels = [name for names in label or [] for name in names_in(names)]
    settings = dict(steps=steps, guidance_scale=guidance, sampler=sampler)
    with bad_input():
        # Everything that can be refused is refused before the first step: many pictures
        # take minutes, and nobody should wait that long for an error.
        if (prompt is None) == (label is None):
            raise ValueError("Say what to draw: either a prompt or --label.")
        of_pictures = {"--label": label, "--space": space, "--size": size}
        of_pictures |= {"--as-typed": as_typed or None, "--calls": calls}
        of_pictures |= {"--with": additions, "--sketch": sketch}
        of_pictures |= {"--mark": mark, "--sign": sign}
        of_pictures |= {"--pick": None if pick == 1 else pick}
        given = [name for name, x in of_pictures.items() if x not in (None, [])]
        if film and given:
            raise ValueError(f"--film takes a prompt, and no {' or '.join(given)}.")
        if (first or last) and not film:
            raise ValueError("--first and --last are frames of a film: add --film.")
    if film:
        from course_lib.commands.films import draw_films_to

        given = (out, prompt, n, seed, settings, negative, weights, first, last)
        return draw_films_to(*given, as_json)
    with bad_input():
        if not 1 <= n <= MOST_PICTURES:
            raise ValueError(f"--n must lie in 1..{MOST_PICTURES}; got {n}.")
        files, grid = places_for(out, n)
        if space is not None and (label or weights):
            raise ValueError("--space is for a prompt, and without --weights.")
        space = "latent" if space is None else space
        if space not in SPACES:
            raise ValueError(f"--space must be latent or pixel; got {space!r}.")
        # A default name is a `Shipped` one: it never means a folder `latent` that
        # happens to be here (checkpoint.py).
        weights = weights or (BY_LABEL if label else SPACES[space])
        of_prompts = [negative, as_typed, additions, sketch, pick != 1]
        if label and (any(of_prompts) or size is not None or mark is not None):
            raise ValueError(
                "--negative, --size, --as-typed, --with, --sketch, --mark and --pick "
                "need a prompt, not a label."
            )
        if label:
            draw = label_painter(weights, best_device())
        else:
            draw = TextToImage.from_pretrained(weights, best_device(), as_typed)
            draw = draw_with(draw, additions or [], sketch, size)
        if calls is not None:
            if settings != dict(steps=None, guidance_scale=None, sampler=None):
                raise ValueError(
                    "--calls says it all: leave --steps, --guidance and --sampler out."
                )
            settings["steps"] = steps_for(draw.card, calls, f"The weights {weights}")
        if mark is not None:
            settings["sampler"] = sampler_without_chance(draw, sampler)
        if sign is not None:
            check_keys(sign)
        # Only for a prompt; a label painter's `prepare` does not take these two.
        told = dict(negative_prompt=negative, size=size) if prompt else {}
        prepared = draw.prepare(labels or prompt, **settings, **told)
        if prompt and (as_json or pick != 1):
            # Only these two look at pictures, and this import brings in torchvision,
            # which takes seconds, longer than the drawing.
            from course_lib.judging.choosing import best_of, check_choice
            from course_lib.judging.fidelity import reader_of, what_is_seen

            height, width = (draw.times * side for side in prepared.shape[1:])
            check_choice(pick, (height, width), bool(additions))
            # Loaded now, so that a fault in it is reported before the drawing.
            reader_of(height)
        if sign is not None:  # last, since what is refused leaves nothing behind
            make_keys(sign)
    for sentence in draw.remarks_on(prepared) if prompt else []:
        remark(sentence)
    # The calls are counted, not computed: guidance calls twice per step, in latents
    # only in the middle of the way, heun also calls twice, and a formula here would
    # have to know all that.
    looked = count_looks(draw.model)
    started = time.monotonic()
    # Prepared with each prompt once, however many pictures: each text is rewritten and
    # encoded once, and anything odd about it is reported even if its turn never comes.
    way, drawn = prepared.way, prepared.in_turns(n)
    # n steps yield n + 1 states: the last one is where the walk ends.
    paint = draw.paint
    if mark is not None:
        paint = partial(paint_marked, draw, key=key_of(mark, draw.shape(size)[0]))
    with progress_bar(total=pick * n * (way.steps + 1), unit="step") as bar:
        once = partial(
            paint, prepared=drawn, callback=lambda step: bar.update(len(step.x_t))
        )
        if pick == 1:
            pictures, seeds = once(seed=seed), [seed] * n
        else:
            pictures, seeds = best_of(once, drawn.asked, range(seed, seed + pick))
    seconds = time.monotonic() - started
    notes = [
        dict(prompt=asked, seed=its_seed, number=i, weights=str(weights))
        for i, (asked, its_seed) in enumerate(zip(drawn.asked, seeds, strict=True))
    ]
    write_pictures(pictures, files, grid, told=notes, keys=sign)
    wrote = [str(file) for file in files] + ([str(grid)] if grid else [])
    tell(f"{n} picture{'s' * (n > 1)} in {seconds:.1f} s: {wrote[-1]}")
    if as_json:
        facts = dict(files=wrote, seed=seed, weights=weights)
        # What was used, not what was typed: the defaults may have changed by the time
        # somebody reads this.
        facts |= asdict(way)
        facts |= {"labels" if label else "prompts": drawn.asked} | told
        if prompt:
            facts |= dict(read_as=drawn.read, additions=additions or [], seeds=seeds)
            facts |= what_is_seen(pictures, drawn.asked)
        calls = looked["pictures"] / n  # network calls per picture, as counted
        say_json(facts | dict(calls=calls, seconds=seconds, device=str(draw.device)))


def draw_with(
    draw: TextToImage, additions: list[str], sketch: str | None, size: int | None
) -> TextToImage:
    """The painter with what `--with` names; raises ValueError or CheckpointError."""
    if sketch is None and not additions:
        return draw
    # Imported only here: most pictures are drawn without.
    from course_lib.painters.additions import with_additions
    from course_lib.world.sketches import read_sketch

    lines = None
    if sketch is not None:
        draw.shape(size)  # refuses a size before a sketch of that size is made
        lines = read_sketch(sketch, size or draw.card["size"])
    return with_additions(draw, additions, lines)


def count_looks(model: nn.Module) -> dict[str, int]:
    """Count the noisy pictures that the network is shown from now on, in a dict."""
    looked = {"pictures": 0}

    def count(model, inputs, output):
        # Pictures, not calls of the module: guidance puts both its calls into one
        # batch, and the work grows with the batch.
        looked["pictures"] += len(inputs[0])

    model.register_forward_hook(count)
    return looked
