"""Drawn pictures as files: one a picture, and a sheet of all of them."""

import math
import os
from pathlib import Path

from PIL import Image
from torch import Tensor

from course_lib.checkpoint import check_names, check_writable, replace_file
from course_lib.pixels import to_grid, to_image


def places_for(out: str, n: int) -> tuple[list[Path], Path | None]:
    """The file of each picture, and of the grid of all, or a sentence.

    FILE.png is the picture itself, or the grid if there are several.
    """
    place = Path(out)
    folder = out.endswith(("/", "\\")) or os.path.isdir(out) or not place.suffix
    if not folder and place.suffix.lower() != ".png":
        raise ValueError(f"--out must be FILE.png or FOLDER/; got {out!r}.")
    check_writable(place if folder else place.parent)
    if not folder:
        files, grid = ([place], None) if n == 1 else ([], place)
    else:
        digits = max(3, len(str(n - 1)))
        files = [place / f"{i:0{digits}}.png" for i in range(n)]
        grid = place / "grid.png"
    for file in [*files, grid] if grid else files:
        check_file(file)
    return files, grid


def check_file(file: Path) -> None:
    """Raise a sentence for a name that no file can get; the disk alone may fail then."""
    try:
        check_names(file)
    except OSError as error:
        raise ValueError(f"Cannot write to {file}: {error.strerror}.") from error
    if file.is_dir():
        raise ValueError(f"Cannot write to {file}: it is a folder.")


def write_pictures(
    pictures: Tensor, files: list[Path], grid: Path | None, columns: int | None = None
) -> None:
    """One file a picture at its own size, and one sheet of all, square if it can be."""
    for file, picture in zip(files, pictures, strict=bool(files)):
        write_image(to_image(picture), file)
    if grid:
        columns = columns or math.ceil(len(pictures) ** 0.5)
        sheet = to_grid(pictures, columns, zoom=4 if len(pictures) <= 100 else 1)
        write_image(sheet, grid)


def write_image(image: Image.Image, file: Path) -> None:
    """A PNG, whole or not at all; its folder is made if need be."""
    replace_file(file, lambda temporary: image.save(temporary, "PNG"))
