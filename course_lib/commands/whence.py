"""The command `whence`: what can be known of where a picture comes from."""

from pathlib import Path
from typing import Annotated

import typer

from course_lib.commands.options import AsJson, bad_input, path, say_json, text
from course_lib.device import best_device, use_all_cores
from course_lib.painters.pipeline import SPACES, TextToImage
from course_lib.painters.provenance import (
    WANTED,
    Signature,
    can_sign,
    notes_in,
    signature_of,
)
from course_lib.painters.watermark import chance_of, key_of, noise_of
from course_lib.pixels import from_bytes, open_picture, read_picture
from course_lib.shown import tell

ALARMS = 0.01  # the false alarms that a mark may raise

NO_SIGNATURE = (
    "There is no signature. That says nothing: most pictures have none, and saving or "
    "sending a picture usually removes it."
)
LAST = (
    "None of this says whether a picture is true. A signature says who vouches for it; "
    "a real photo can lie, and a drawn one can be honest about it."
)


def whence(
    file: Annotated[Path, typer.Argument(parser=path, help="The picture.")],
    trust: Annotated[
        Path | None,
        typer.Option(parser=path, help="Whom you trust: a root.pem."),
    ] = None,
    mark: Annotated[
        int | None,
        typer.Option(help="The secret number of an invisible mark to look for."),
    ] = None,
    weights: Annotated[
        str, typer.Option(parser=text, help="The painter that the mark is of.")
    ] = SPACES["latent"],
    as_json: AsJson = False,
) -> None:
    """Say where a picture comes from, as far as that can be known.

    Looks for a signature (C2PA), for what `generate` writes into its files and, with
    --mark, for an invisible mark.

    Example: python -m course_lib whence frog.png --trust keys/root.pem --mark 1234
    """
    use_all_cores()
    with bad_input():
        open_picture(file)  # says what is wrong with a file that is no picture
        signature = signature_of(file, trust) if can_sign() else None
        notes = notes_in(file)
        painter = None
        if mark is not None:
            painter = TextToImage.from_pretrained(weights, best_device())
    found: dict = {"file": str(file), "notes": notes}
    if signature is None:
        tell(f"Signatures cannot be read here: {WANTED}")
    else:
        tell(*signature_in_words(signature, trust))
        found |= {"signature": signature.state, "by": signature.by}
    if notes is not None:
        tell(
            f"The file says of itself: drawn by this course for {told(notes)}. Anybody "
            "can write that into a file, and anybody can remove it."
        )
    if painter is not None:
        chance = chance_of_mark(painter, file, mark)
        found["chance of the mark"] = chance
        tell(mark_in_words(chance))
    tell(LAST)
    if as_json:
        say_json(found)


def told(notes: dict) -> str:
    """What a note says, shortened."""
    if "pictures" in notes:
        return f"{len(notes['pictures'])} pictures"
    return f"{notes.get('prompt')!r}, seed {notes.get('seed')}"


def signature_in_words(signature: Signature, trust: Path | None) -> list[str]:
    """What a signature does and does not say, a sentence each."""
    who = f"{signature.by!r}"
    said = {
        "nothing": [NO_SIGNATURE],
        "tampered": [
            f"The signature of {who} does not fit: the file was changed after it was "
            "signed. By whom and how much, nobody can say. So whatever the signer said "
            "of the file no longer holds."
        ],
        "unreadable": [
            "There is a signature, and it cannot be read: it was damaged, or the file "
            "was changed. So nobody can say who signed what."
        ],
        "signed": [
            f"Signed, and unchanged since. The signer calls itself {who}; anybody may "
            "make a key with that name, and you have not said that you trust it."
        ],
        "trusted": [
            f"Signed by {who}, unchanged since, and {trust} vouches for the name."
        ],
    }[signature.state]
    if signature.state == "tampered":
        return said
    if signature.drawn_by_model:
        said.append("The signer says that a model drew it.")
    if signature.training == "notAllowed":
        said.append("The signer does not allow training on it.")
    return said


def chance_of_mark(painter: TextToImage, file: Path, mark: int) -> float:
    """The share of keys that nobody used that fit as well as this mark's."""
    picture = from_bytes(read_picture(file, painter.card["size"]))[None]
    noise = noise_of(painter, picture)
    return chance_of(noise, key_of(mark, noise.shape[1])).item()


def mark_in_words(chance: float) -> str:
    """What was found of a mark."""
    if chance <= ALARMS:
        return (
            f"The mark is there: of 1,000 other keys {1000 * chance - 1:.0f} fit as "
            "well. Whoever has ten marked pictures can forge it."
        )
    return (
        f"The mark was not found: {chance:.0%} of other keys fit as well. It may never "
        "have been there, or have been washed out."
    )
