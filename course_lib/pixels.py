"""Pictures as numbers: files and bytes on one side, tensors in [-1, 1] on the other.

A picture is a tensor (3, H, W): red, green and blue, rows from the top, columns from
the left. Files hold whole numbers 0..255; networks see x = byte / 127.5 - 1.
"""

import errno
import io
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import ExifTags, Image, UnidentifiedImageError
from torch import Tensor

from course_lib.shown import printable
from course_lib.typed import expanded

LARGEST = 64_000_000  # pixels; a file that unpacks to more is refused
AT_ONCE = 2**20  # numbers converted together
BRIGHTEST = 2.0**32  # above all 32-bit integers; a larger float is no brightness
FORMATS = ("JPEG", "PNG", "GIF", "WebP", "TIFF", "BMP")
TILE = (322, 323)  # the TIFF tags for a tile's width and height
TURNS = {  # EXIF orientations, except 1, which is upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureError(ValueError):
    """A picture file or tensor cannot be used; the message says why."""


def from_bytes(pictures: Tensor) -> Tensor:
    """uint8 0..255 to float32 in [-1, 1], any shape.

    >>> from_bytes(torch.tensor([0, 255], dtype=torch.uint8))
    tensor([-1.,  1.])
    """
    return pictures.float() / 127.5 - 1


# Clamped before rounding: 1.7 would be 344, which wraps around to 88, a dark grey.
def to_bytes(pictures: Tensor) -> Tensor:
    """Floats in [-1, 1] to uint8 0..255, any shape; what lies outside is clamped.

    >>> to_bytes(torch.tensor([-1.0, 0.0, 1.0, 1.7]))
    tensor([  0, 128, 255, 255], dtype=torch.uint8)
    """
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def mirror(pictures: Tensor) -> Tensor:
    """Swap left and right in one picture (3, H, W) or in many (B, 3, H, W)."""
    return pictures.flip(-1)


def to_image(picture: Tensor) -> Image.Image:
    """One picture (3, H, W) in [-1, 1] as a Pillow image."""
    check_pictures(picture[None])
    return Image.fromarray(to_bytes(picture).permute(1, 2, 0).cpu().numpy())


def to_grid(pictures: Tensor, columns: int = 8, zoom: int = 1) -> Image.Image:
    """Many pictures (N, 3, H, W) in [-1, 1] as one image, each pixel `zoom` wide."""
    from torchvision.utils import make_grid  # here, since importing it takes 2 s

    check_pictures(pictures)
    # Each pixel becomes a square. Any resampling would smooth what a network drew.
    large = pictures.cpu().repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    grid = make_grid(large, nrow=columns, padding=max(2, zoom), pad_value=1.0)
    return Image.fromarray(to_bytes(grid).permute(1, 2, 0).numpy())


def check_pictures(pictures: Tensor, strict: bool = False) -> None:
    """Raise PictureError unless these are finite float pictures (B, 3, H, W), B > 0.

    Args:
        strict: also demand that every number lies in [-1, 1]
    """
    # The commonest slip, and a convolution accepts a single picture without complaint.
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise PictureError(
            f"Pictures must be shaped (B, 3, H, W); got {tuple(pictures.shape)}. "
            "One picture becomes a batch with picture[None]."
        )
    if not len(pictures):
        raise PictureError("There are no pictures: the batch is empty.")
    if not pictures.is_floating_point():
        raise PictureError(
            f"Pictures must be floats in [-1, 1]; got {pictures.dtype}. "
            "Bytes become floats with from_bytes."
        )
    if not pictures.isfinite().all():
        raise PictureError("The pictures hold NaN or infinity: a training went wrong.")
    low, high = pictures.min().item(), pictures.max().item()
    if strict and not (-1 <= low and high <= 1):
        raise PictureError(
            f"Pictures must lie in [-1, 1]; these go from {low:.2f} to {high:.2f}."
        )


def read_picture(file: Path | str, size: int) -> Tensor:
    """Read a picture file as uint8 0..255, (3, size, size).

    Takes the first frame, turns it upright (EXIF), puts white behind transparent parts,
    cuts out the middle square and resizes it.

    Raises:
        PictureError: the file cannot be used; the message names it
    """
    from torchvision.transforms import v2  # see to_grid

    # Crop first: resizing first would squeeze a wide photo. Antialias: otherwise each
    # new pixel is just one of the many it stands for, and lines fall apart.
    image = to_rgb(open_picture(file))
    square = v2.functional.center_crop(image, [min(image.size)])
    resized = v2.functional.resize(square, [size, size], antialias=True)
    return v2.functional.pil_to_tensor(resized)  # (3, size, size) uint8


def open_picture(file: Path | str) -> Image.Image:
    """Decode a picture file: upright, RGB or, if parts may be transparent, RGBA.

    Only the decoders of FORMATS are tried. Pillow has 40 more; one of them starts
    another program (Ghostscript, for files that begin with "%!PS"), and some accept any
    size.

    Raises:
        PictureError: the file cannot be used; the message names it
    """
    file = expanded(str(file))
    # Opened here: given a name, Pillow maps the file into memory. It then scrambles a
    # TIFF that is turned by 90 degrees (Pillow 13.0) and crashes on a truncated one.
    with one_sentence(file):
        # A pipe would be waited for, for ever.
        if os.path.exists(file) and not (os.path.isfile(file) or os.path.isdir(file)):
            raise OSError(errno.ESPIPE, "it is a pipe or a device, and no file")
        with open(file, "rb") as there:
            return decoded(there)


def picture_of(content: bytes, name: str) -> Image.Image:
    """Decode the bytes of a picture, such as a cell of a data table, to RGB.

    Args:
        name: stands for a file name in a PictureError
    """
    with one_sentence(name):
        return to_rgb(decoded(io.BytesIO(content)))


def decoded(there: BinaryIO) -> Image.Image:
    """Decode an open file, upright, RGB or RGBA; raises whatever Pillow raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd files
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(there, formats=FORMATS) as opened:
            # Opening reads only the header, so a small file that would unpack to
            # gigabytes is stopped here.
            check_size(opened)
            forget_parts(opened)
            opened.load()
            image = upright(opened)
            return image.convert("RGBA") if is_clear(image) else to_rgb(image)


@contextmanager
def one_sentence(file: Path | str) -> Iterator[None]:
    """Turn whatever reading a picture raises into a PictureError.

    Decoders report damage in a hundred ways, TypeError, struct.error, OverflowError and
    AttributeError among them. The cause is always the file.
    """
    name = printable(str(file))
    try:
        yield
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from error
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{name} is not a picture that can be read here: save it as "
            f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"{name} unpacks to too many pixels.") from error
    except MemoryError as error:
        raise PictureError(f"{name} needs more memory than there is.") from error
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:  # the system's, not Pillow's
            raise PictureError(f"{name} cannot be opened: {error.strerror}.") from error
        what = printable(" ".join(str(error).split())) or type(error).__name__
        raise PictureError(f"{name} is damaged: {what}.") from error


def check_size(image: Image.Image) -> None:
    """Raise PictureError for a picture that is too small or too large to use."""
    width, height = image.size
    if min(width, height) < 8:
        raise PictureError(f"It is only {width}x{height} pixels; 8x8 is the least.")
    tile = [int(np.max(tags_of(image).get(tag, 0))) for tag in TILE]
    for width, height in (image.size, tile):  # a tile may be larger than its TIFF
        if width * height > LARGEST:
            raise PictureError(f"It unpacks to {width}x{height} pixels, too many.")


def tags_of(image: Image.Image) -> Mapping:
    """The tags of a TIFF, by number; empty for other formats."""
    return getattr(image, "tag_v2", {})


def forget_parts(opened: Image.Image) -> None:
    """Drop the parts of EXIF about camera and place, which often hold odd tags.

    Pillow reads them all while it loads a TIFF, and a single odd tag makes it fail.
    """
    with suppress(Exception):  # a broken EXIF counts as none
        exif = opened.getexif()
        for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop):
            if part in exif:
                del exif[part]


def upright(image: Image.Image) -> Image.Image:
    """Turn a picture upright, by its EXIF orientation.

    ImageOps.exif_transpose does the same but also rewrites all other tags, and any odd
    tag makes it fail.
    """
    orientation = 1
    with suppress(Exception):  # as above
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    # Cameras and programs write values of any type there.
    known = isinstance(orientation, int) and orientation in TURNS
    return image.transpose(TURNS[orientation]) if known else image


def is_clear(image: Image.Image) -> bool:
    """Whether parts of a picture may be transparent."""
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB; transparent parts become white."""
    # Pillow converts 16 bits by cutting at 255 instead of scaling: nearly everything
    # would be white.
    if image.mode.startswith("I") or image.mode == "F":  # grey, 16 or 32 bits per pixel
        return Image.fromarray(to_8_bits(np.array(image))).convert("RGB")
    if is_clear(image):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        # White, like paper. The colours stored under transparent parts were never meant
        # to be seen.
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def to_8_bits(numbers: np.ndarray) -> np.ndarray:
    """Scale 16-bit numbers to 0..255; stretch others, which have no known scale."""
    least, most = float(numbers.min()), float(numbers.max())  # NaN if any number is
    if not np.isfinite([least, most]).all():
        raise PictureError("It holds NaN or infinity, which is no brightness.")
    if max(-least, most) > BRIGHTEST:  # often a marker for missing data
        raise PictureError(
            f"Its numbers go from {least:.2g} to {most:.2g}, which is no brightness: "
            "save it with 8 or 16 bits."
        )
    # 65,535 is white in PNG and TIFF, and stays white even if the photo is dark.
    low, high = 0, 65535
    if numbers.dtype.kind == "f" or least < low or most > high:
        low, high = least, most
    parts = []  # in parts: a large picture as float64 would take gigabytes
    for rows in np.array_split(numbers, -(-numbers.size // AT_ONCE)):
        share = (rows.astype(np.float64) - low) / max(high - low, 1e-9)
        parts.append((share * 255).round().astype(np.uint8))
    return np.concatenate(parts)
