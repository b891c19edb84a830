"""Drawn pictures as files: one per picture, and a sheet of all of them."""

import math
import os
from pathlib import Path

from PIL import Image
from torch import Tensor

from course_lib.checkpoint import check_file, check_writable, replace_file
from course_lib.painters.provenance import notes_for, signed
from course_lib.pixels import to_grid, to_image


def places_for(out: str, n: int) -> tuple[list[Path], Path | None]:
    """The file of each picture and of the grid; nothing is written yet.

    FILE.png is the picture itself, or the grid if there are several.

    Args:
        out: FILE.png, or a folder, as typed
        n: how many pictures, 1 or more

    Raises:
        ValueError: `out` is neither, or cannot be written to
    """
    place = Path(out)
    # A backslash counts as well, as Windows writes it. A name without an ending is a
    # folder, so that --out frogs does not make a file that nothing opens.
    folder = out.endswith(("/", "\\")) or os.path.isdir(out) or not place.suffix
    if not folder and place.suffix.lower() != ".png":
        raise ValueError(f"--out must be FILE.png or FOLDER/; got {out!r}.")
    if not folder:
        check_file(place)
        return ([place], None) if n == 1 else ([], place)
    # As many digits in each name as in the last, so that sorting by name keeps the
    # order; at least three, so that small and large sets are named alike.
    digits = max(3, len(str(n - 1)))
    files = [place / f"{i:0{digits}}.png" for i in range(n)]
    # Checked now, before minutes are spent on drawing, and without creating anything,
    # so that a refused command leaves no trace. The first file stands for all, since
    # its name is as long as any.
    check_writable(place)
    for file in (files[0], place / "grid.png"):
        check_file(file)
    return files, place / "grid.png"


def write_pictures(
    pictures: Tensor,
    files: list[Path],
    grid: Path | None,
    columns: int | None = None,
    told: list[dict] | None = None,
    keys: Path | None = None,
) -> None:
    """Write one file per picture at its own size, and one sheet of all.

    Args:
        pictures: (N, 3, H, W) in [-1, 1]
        files, grid: what `places_for` found
        columns: of the sheet; by default as many as make it about square
        told: facts for each picture, which its file will say (`whence` reads them)
        keys: the folder of the key to sign each file and its facts with
    """
    # `files` is empty if only the sheet is wanted; any other mismatch is a mistake.
    notes = told or [None] * len(pictures)
    for file, picture, note in zip(files, pictures, notes, strict=bool(files)):
        write_image(to_image(picture), file, note, keys)
    if grid:
        columns = columns or math.ceil(len(pictures) ** 0.5)
        # A picture of 32 pixels is hard to see on a screen, so it is enlarged; but a
        # hundred of 64x64 are then 2,600 pixels wide, and more would fit no screen.
        sheet = to_grid(pictures, columns, zoom=4 if len(pictures) <= 100 else 1)
        write_image(sheet, grid, told and {"pictures": told}, keys)


def write_image(
    image: Image.Image, file: Path, told: dict | None = None, keys: Path | None = None
) -> None:
    """Write a PNG, whole or not at all; create its folder if need be.

    Args:
        told: facts that the file will say of itself
        keys: the folder of the key to sign it with
    """
    notes = {} if told is None else {"pnginfo": notes_for(told)}

    def write(temporary: Path) -> None:
        image.save(temporary, "PNG", **notes)
        # Signed before it gets its name: no file has the name that was asked for
        # without the signature that was asked for.
        if keys is not None:
            content = signed(temporary.read_bytes(), keys, told or {})
            temporary.write_bytes(content)

    replace_file(file, write)
