"""Drawn pictures as files: one a picture, and a sheet of all of them."""

import math
import os
from pathlib import Path

from PIL import Image
from torch import Tensor

from course_lib.checkpoint import check_file, check_writable, replace_file
from course_lib.pixels import to_grid, to_image


def places_for(out: str, n: int) -> tuple[list[Path], Path | None]:
    """The file of each picture, and of the grid of all, or a sentence.

    FILE.png is the picture itself, or the grid if there are several.
    """
    place = Path(out)
    folder = out.endswith(("/", "\\")) or os.path.isdir(out) or not place.suffix
    if not folder and place.suffix.lower() != ".png":
        raise ValueError(f"--out must be FILE.png or FOLDER/; got {out!r}.")
    if not folder:
        check_file(place)
        return ([place], None) if n == 1 else ([], place)
    digits = max(3, len(str(n - 1)))
    files = [place / f"{i:0{digits}}.png" for i in range(n)]
    check_writable(place)
    for file in (files[0], place / "grid.png"):
        check_file(file)
    return files, place / "grid.png"


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
