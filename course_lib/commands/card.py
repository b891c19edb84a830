"""The command `card`: an honest card for a model of your own."""

from pathlib import Path
from typing import Annotated

import typer

from course_lib.checkpoint import CheckpointError, check_file, replace_file
from course_lib.commands.options import AsJson, bad_input, path, say_json
from course_lib.shown import tell


def card(
    folder: Annotated[
        Path, typer.Argument(parser=path, help="What you trained, such as runs/zorp.")
    ],
    as_json: AsJson = False,
) -> None:
    """Write a card for your model, or say which questions of it are still open.

    Example: python -m course_lib card runs/zorp
    """
    from course_lib.training.honest_card import FILE, still_empty, template

    file = folder / FILE
    with bad_input():
        begun = file.is_file()
        if begun:
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise CheckpointError(f"Cannot read {file}: {error}.") from error
        else:
            text = template(folder.resolve())
            check_file(file)
            if file.is_symlink():
                raise ValueError(
                    f"{file} is a link to {file.readlink()}, which is not there: put "
                    "that right, or remove the link."
                )
    if not begun:  # a card that somebody has filled in is never overwritten
        replace_file(file, lambda new: new.write_bytes(text.encode("utf-8")))
        tell(f"{file}: open it in an editor and answer its questions, then come back.")
    left = still_empty(text)
    if begun:
        tell(*(f"still open: {question}" for question in left))
        tell(
            f"{file}: " + (f"{len(left)} questions are open." if left else "complete.")
        )
    if as_json:
        say_json(dict(file=str(file), still_open=left))
