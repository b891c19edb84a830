"""Your own photos: a folder of them as a picture set, read with care.

mine = load_folder("~/pets")  # each subfolder is a label
"""

from collections.abc import Iterator
from pathlib import Path

import torch

from course_lib.device import plain_torch
from course_lib.pixels import PictureError, read_picture
from course_lib.shown import tell
from course_lib.typed import as_name, expanded
from course_lib.world.consent import LIST, Consent, ConsentError, in_words
from course_lib.world.datasets import DataError, PictureSet


@plain_torch()
def load_folder(
    folder: Path | str, size: int = 32, to_train: bool = True
) -> PictureSet:
    """Load a folder of your own photos; each subfolder, if there are any, is a label.

    Takes any picture format, turns each picture as the camera recorded it and crops the
    central square. A file or folder that cannot be read is named and skipped. A
    subfolder called "nothing" gets label 0. Pictures whose makers refuse, in a list of
    consent in the folder (consent.py), are left out.

    Args:
        size: height and width in pixels
        to_train: False takes all: whoever only looks at pictures needs no consent

    Raises:
        DataError: there is no such folder, or no usable picture in it
    """
    if not str(folder).strip():
        raise DataError("Nothing follows folder: name a folder of photos.")
    folder = Path(expanded(str(folder)))
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    try:
        files = list(files_below(folder))
    except OSError as error:
        raise DataError(
            f"The folder {folder} cannot be read: {error.strerror}."
        ) from error
    files = [file for file in files if file != folder / LIST]
    if not files:
        raise DataError(f"The folder {folder} is empty: put some photos into it.")
    files = allowed(files, folder) if to_train else files
    # One bad file among a thousand photos is normal (a video, a truncated thumbnail):
    # it is named, and the rest are used.
    pictures, labels = [], []
    for file in files:
        try:
            pictures.append(read_picture(file, size))
            labels.append(label_of(file, folder))
        except PictureError as error:
            tell(f"skipped: {error}")
    if not pictures:
        raise DataError(
            f"None of the {len(files)} files in {folder} is a usable picture."
        )
    kinds = sorted({*labels} - {"nothing"})
    # Without subfolders all photos share one label, "photo". It is not label 0, the
    # null label that guidance needs for itself.
    if not kinds:
        kinds, labels = ["photo"], ["photo"] * len(labels)
    names = ("nothing", *kinds)
    numbers = torch.tensor([names.index(label) for label in labels])
    return PictureSet(f"folder {folder.name}", torch.stack(pictures), numbers, names)


def allowed(files: list[Path], folder: Path) -> list[Path]:
    """The files that may be trained on, by the list of consent in the folder.

    Raises:
        DataError: the list cannot be read, or allows none of them
    """
    try:
        consent = Consent.of(folder)
    except ConsentError as error:
        raise DataError(str(error)) from error
    names = {file: file.relative_to(folder).as_posix() for file in files}
    kept = [file for file in files if consent.allows(names[file])]
    unasked = [file for file in files if consent.use_of(names[file]) is None]
    if consent.entries:
        tell(*in_words(len(files) - len(kept), len(unasked), len(files)))
    if not kept:
        raise DataError(f"No picture in {folder} may be trained on: see {LIST} there.")
    return kept


def label_of(file: Path, folder: Path) -> str:
    """The name of a file's subfolder, or "nothing" if it lies beside the subfolders."""
    name = "" if file.parent == folder else as_name(file.parent.name)
    return name or "nothing"


def files_below(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield every file in a folder and its subfolders, in order; links are followed.

    Names that begin with a dot or an @ belong to programs (.thumbnails, @eaDir) and are
    passed over. A folder that is empty or unreadable is reported and skipped.

    Args:
        above: the folders above this one, to detect links that lead back
    """
    entries = sorted(entry for entry in folder.iterdir() if entry.name[0] not in ".@")
    # The resolved path: otherwise a link that leads back would be followed for ever.
    place = folder.resolve()
    if not entries and above:
        tell(f"skipped: {folder} holds no picture, so it is no label.")
    for entry in entries:
        try:
            if entry.is_file():
                yield entry
            elif not entry.is_dir():
                tell(f"skipped: {entry} is neither a file nor a folder.")
            elif entry.resolve() in (*above, place):
                tell(f"skipped: {entry} is a link that leads back to where it lies.")
            else:
                yield from files_below(entry, (*above, place))
        except OSError as error:
            tell(f"skipped: {entry} cannot be read: {error.strerror}.")
