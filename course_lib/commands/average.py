"""The command `average`: one network out of several."""

from pathlib import Path
from typing import Annotated

import typer

from course_lib.checkpoint import check_writable, made_from, save_weights
from course_lib.commands.options import bad_input, path, text
from course_lib.networks.autoencoder import its_autoencoder
from course_lib.training.average import average as mean_of


def average(
    weights: Annotated[
        list[str],
        typer.Argument(parser=text, help="Shipped names, or folders of trainings."),
    ],
    out: Annotated[
        Path, typer.Option(parser=path, help="The folder of their mean.")
    ] = ...,
) -> None:
    """Write the mean of the weights of trainings that began as one.

    Example: python -m course_lib average runs/words runs/more --out runs/mean
    """
    with bad_input():
        tensors, card = mean_of(weights)
        with made_from(weights[0], card):
            autoencoder = its_autoencoder(weights[0], card, "cpu")
        check_writable(out)
    save_weights(out, tensors, card)
    if autoencoder is not None:  # nothing can be seen without
        inside = {"kind": "autoencoder", "config": autoencoder.config}
        save_weights(out / card["autoencoder"], autoencoder.state_dict(), inside)
    print(f"The mean of {len(weights)} trainings: {out}")
