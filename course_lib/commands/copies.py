"""The command `copies`: is a picture of mine in there, does the model hand it back?"""

from pathlib import Path
from typing import Annotated

import typer
from torch import Tensor

from course_lib.checkpoint import load_weights
from course_lib.commands.options import AsJson, Weights, bad_input, path, say_json, text
from course_lib.device import best_device, use_all_cores
from course_lib.painters.pipeline import SPACES, LabelToImage, TextToImage
from course_lib.pixels import from_bytes, to_bytes
from course_lib.shown import progress_bar, remark, tell
from course_lib.world.datasets import DataError, PictureSet, load_critters
from course_lib.world.photos import load_folder

MOST = 100  # pictures of one's own
MOST_DRAWN = 10_000
FEW = 20  # pictures: with three on each side, 90 % comes about by chance
NOISY = 0.6  # the share of the way to noise at which a network is asked to guess


def copies(
    images: Annotated[
        Path, typer.Option(parser=path, help="A folder of pictures of yours.")
    ],
    prompt: Annotated[
        list[str] | None,
        typer.Option(help="Words, or a label, that it might be asked with."),
    ] = None,
    weights: Weights = SPACES["latent"],
    data: Annotated[
        str | None,
        typer.Option(parser=text, help="Its training set: critters, or folder:PATH."),
    ] = None,
    others: Annotated[
        Path | None,
        typer.Option(parser=path, help="Pictures like yours that it never saw."),
    ] = None,
    n: Annotated[int, typer.Option(help="Pictures to draw.")] = 64,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Is a picture of yours in a model, and does it hand it back?

    Name what there is to compare with. --data: is it in the training set? --prompt,
    beside one of the other two: is what it draws a copy of yours? --others: does it
    guess yours better, under noise, than pictures that it never saw?

    Example: python -m course_lib copies --images mine --data critters --prompt "a cat"
    """
    # Here and not above: judges take a second to import.
    from course_lib.judging.memorisation import handed_back, not_mine

    use_all_cores()
    with bad_input():
        if not 1 <= n <= MOST_DRAWN:
            raise ValueError(f"--n must lie in 1..{MOST_DRAWN}; got {n}.")
        if data is None and others is None:
            raise ValueError(
                "A distance means nothing alone: name the training set (--data), or "
                "pictures like yours that the model never saw (--others)."
            )
        by_label = load_weights(weights)[1].get("kind") == "denoiser"
        kind = LabelToImage if by_label else TextToImage
        painter = kind.from_pretrained(weights, best_device())
        size = painter.card["size"]
        # To look at pictures needs nobody's consent; only training does.
        mine = load_folder(images, size, to_train=False)
        if len(mine) > MOST:
            raise ValueError(f"At most {MOST} pictures at a time; got {len(mine)}.")
        known = training_set(data, size, by_label) if data else None
        strange = load_folder(others, size, to_train=False) if others else None
        prepared = painter.prepare(prompt) if prompt else None
        pictures, found = from_bytes(mine.pictures), {"pictures": len(mine)}
        if prepared is not None and not len(
            not_mine((known or strange).pictures, pictures)
        ):
            raise ValueError(
                f"All pictures in {data or others} are yours: to tell a copy, it takes "
                "others to compare with."
            )
    if known is not None:
        found["in the training set"] = looked_up(pictures, known)
    if prepared is not None:
        with progress_bar(total=n * (prepared.way.steps + 1), unit="step") as bar:
            watch = dict(callback=lambda step: bar.update(len(step.x_t)))
            drawn = painter.paint(prepared.in_turns(n), seed, **watch)
        rest = (known or strange).pictures
        copy, whose = handed_back(from_bytes(to_bytes(drawn)), pictures, rest)
        for i in copy.nonzero()[:, 0].tolist():
            tell(f"Drawing {i} is a copy of your picture {int(whose[i])}.")
        tell(f"{int(copy.sum())} of {n} drawings are copies of yours.")
        found |= {"drawn": n, "copies": int(copy.sum())}
    if strange is not None:
        found["guessed better than"] = asked(painter, mine, strange, by_label)
    remark(
        "No copy found is no proof: other words, another seed or more drawings may "
        "bring one."
    )
    if as_json:
        say_json(found)


def training_set(data: str, size: int, by_label: bool) -> PictureSet:
    """The pictures that --data names; DataError if there are none."""
    if data == "critters":
        return load_critters("train", size, "one" if by_label else "any")
    if not data.startswith("folder:"):
        raise DataError(f"--data must be critters or folder:PATH; got {data!r}.")
    return load_folder(data.removeprefix("folder:"), size, to_train=False)


def looked_up(mine: Tensor, known: PictureSet) -> list[bool]:
    """Which pictures are in the training set; and say so."""
    from course_lib.judging.memorisation import SAME, nearest_two, twice

    there = nearest_two(mine, twice(known.pictures)).nearest < SAME
    tell(f"{int(there.sum())} of {len(mine)} are in the training set ({len(known):,}).")
    return there.tolist()


def asked(painter, mine: PictureSet, strange: PictureSet, by_label: bool) -> float:
    """The share of strange pictures that are guessed worse than mine; and say so."""
    from course_lib.judging.memorisation import better_guessed, errors_at

    t, errors = round(NOISY * painter.schedule.T), []
    for album in (mine, strange):
        x_0 = painter.encode(from_bytes(album.pictures))
        # Without words: nobody knows the caption that it had in training.
        nothing = [painter.labels[0] if by_label else ""] * len(x_0)
        predict = painter.predict_for(nothing, painter.way(1.0))
        errors.append(errors_at(predict, x_0, painter.schedule, t).cpu())
    better = better_guessed(*errors).mean().item()
    tell(
        f"It guesses yours better than {better:.0%} of the others; 50 % is chance, "
        "and near 100 % it may have learned from yours."
    )
    if min(len(mine), len(strange)) < FEW:
        remark(
            f"With fewer than {FEW} pictures on each side that is often mere chance."
        )
    return better
