"""The command `average`: one network out of several."""

from pathlib import Path
from typing import Annotated

import typer

from course_lib.cards import Card, folder_beside
from course_lib.checkpoint import (
    check_writable,
    find_weights,
    load_weights,
    save_weights,
)
from course_lib.commands.options import bad_input, path, text
from course_lib.networks.autoencoder import (
    check_its_place,
    its_autoencoder,
    save_its_autoencoder,
)
from course_lib.shown import tell
from course_lib.training.average import average as mean_of


def average(
    weights: Annotated[
        list[str],
        typer.Argument(parser=text, help="Shipped weights, or training folders."),
    ],
    out: Annotated[
        Path, typer.Option(parser=path, help="The folder to write the mean to.")
    ] = ...,
) -> None:
    """Average the weights of trainings that share a beginning.

    Example: python -m course_lib average runs/words runs/more --out runs/mean
    """
    with bad_input():
        tensors, card = mean_of(weights)
        # Any of them would do: cards are compared by `encoder_sha256`, so all the
        # averaged networks draw latents of the same encoder.
        autoencoder = its_autoencoder(weights[0], card, "cpu")
        refuse_own_input(weights, out, card)
        refuse_training(out)
        check_its_place(out, card, autoencoder)
        check_writable(out)
    # The autoencoder comes first and the weights last: whenever this is stopped, a
    # folder that has a model.safetensors is ready for use.
    save_its_autoencoder(out, card, autoencoder)
    save_weights(out, tensors, card)
    tell(f"The mean of {len(weights)} trainings: {out}")


def refuse_own_input(weights: list[str], out: Path, card: Card) -> None:
    """Raise ValueError if the mean would overwrite what it is made from."""
    # Overwritten files would be gone, and an autoencoder beside them is easily
    # overlooked.
    folders = [out]
    if "autoencoder" in card:
        folders.append(folder_beside(out, card["autoencoder"]))
    # Resolved, since a link or another spelling of the path may be the same folder.
    written = {folder.resolve() for folder in folders}
    for name in weights:
        if find_weights(name).resolve() in written:
            raise ValueError(
                f"--out {out} would overwrite {name}, which the mean is made from: "
                "choose another folder."
            )


def refuse_training(out: Path) -> None:
    """Raise ValueError if hours of somebody's training would be overwritten.

    A mean can be made again in seconds, so an older one may be overwritten.
    """
    trained = (out / "model.safetensors").is_file()
    if trained and "mean_of" not in load_weights(out)[1]:
        raise ValueError(
            f"--out {out} already holds weights that are not a mean: choose another "
            "folder; nothing was overwritten."
        )
