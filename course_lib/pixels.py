"""Pictures as numbers: files and bytes on one side, tensors in [-1, 1] on the other.

A picture is a tensor (3, H, W): red, green and blue, rows from the top, columns from
the left. Files hold whole numbers 0..255; networks see x = byte / 127.5 - 1.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch
from PIL import ExifTags, Image, UnidentifiedImageError
from torch import Tensor

from course_lib.shown import printable
from course_lib.typed import expanded

LARGEST = 64_000_000  # pixels; a file that unpacks to more is not a photo for us
BRIGHTEST = 2.0**32  # whole numbers of 32 bits are below; larger floats mean no light
FORMATS = ("JPEG", "PNG", "GIF", "WebP", "TIFF", "BMP")
TURNS = {  # of EXIF's orientations, all but 1, which is upright
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


def to_bytes(pictures: Tensor) -> Tensor:
    """Floats in [-1, 1] to uint8 0..255, any shape; what lies outside is clamped.

    >>> to_bytes(torch.tensor([-1.0, 0.0, 1.0, 1.7]))
    tensor([  0, 128, 255, 255], dtype=torch.uint8)
    """
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def mirror(pictures: Tensor) -> Tensor:
    """Left and right exchanged, of one picture (3, H, W) or of many (B, 3, H, W)."""
    return pictures.flip(-1)


def to_image(picture: Tensor) -> Image.Image:
    """One picture (3, H, W) in [-1, 1] as a Pillow image."""
    check_pictures(picture[None])
    return Image.fromarray(to_bytes(picture).permute(1, 2, 0).cpu().numpy())


def to_grid(pictures: Tensor, columns: int = 8, zoom: int = 1) -> Image.Image:
    """Many pictures (N, 3, H, W) in [-1, 1] as one image, each pixel `zoom` wide."""
    from torchvision.utils import make_grid  # 2 s to import, so only where it is used

    check_pictures(pictures)
    large = pictures.cpu().repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    grid = make_grid(large, nrow=columns, padding=max(2, zoom), pad_value=1.0)
    return Image.fromarray(to_bytes(grid).permute(1, 2, 0).numpy())


def check_pictures(pictures: Tensor, strict: bool = False) -> None:
    """Raise a sentence unless this is a batch of finite pictures (B, 3, H, W).

    Args:
        strict: also demand that every number lies in [-1, 1]
    """
    if pictures.ndim != 4 or pictures.shape[1] != 3:
        raise PictureError(
            f"Pictures must be shaped (B, 3, H, W); got {tuple(pictures.shape)}. "
            "One picture becomes a batch with picture[None]."
        )
    if not len(pictures):
        raise PictureError("There is no picture among these: the batch is empty.")
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
    """Read a picture file as bytes (3, size, size).

    The first frame, turned as the camera says (EXIF), on white where it is transparent,
    cut to its middle square and resized. Raises PictureError with the file's name.
    """
    from torchvision.transforms import v2  # see to_grid

    image = to_rgb(open_picture(file))
    square = v2.functional.center_crop(image, [min(image.size)])
    resized = v2.functional.resize(square, [size, size], antialias=True)
    return v2.functional.pil_to_tensor(resized)  # (3, size, size) uint8


def open_picture(file: Path | str) -> Image.Image:
    """The one way in for a picture file: decoded and upright, RGB or, if clear, RGBA.

    Only the decoders of FORMATS are asked. Pillow has 40 more; one of them starts
    another program (Ghostscript, for what begins with "%!PS"), some take any size.
    """
    file = expanded(str(file))
    with one_sentence(file), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on odd files
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # Opened here, for given a name Pillow maps the file into memory: a TIFF that is
        # turned by 90 degrees is scrambled then (Pillow 13.0), and one cut short kills.
        with open(file, "rb") as there, Image.open(there, formats=FORMATS) as opened:
            check_size(opened)
            forget_parts(opened)
            opened.load()
            image = upright(opened)
            return image.convert("RGBA") if is_clear(image) else to_rgb(image)


@contextmanager
def one_sentence(file: Path | str) -> Iterator[None]:
    """Whatever reading a picture raises in here becomes a PictureError.

    Decoders meet damage in a hundred ways: TypeError, struct.error, OverflowError and
    AttributeError among them. It is always the file.
    """
    name = printable(str(file))
    try:
        yield
    except PictureError as error:
        raise PictureError(f"{name}: {error}") from error
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{name} is not a picture that can be read: save it as "
            f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"{name} unpacks to too many pixels.") from error
    except MemoryError as error:
        raise PictureError(f"{name} needs more memory than there is.") from error
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:  # it is not about the pixels
            raise PictureError(f"{name} cannot be opened: {error.strerror}.") from error
        what = printable(" ".join(str(error).split())) or type(error).__name__
        raise PictureError(f"{name} is damaged: {what}.") from error


def check_size(image: Image.Image) -> None:
    """Raise a sentence for a picture too small or too large to use."""
    width, height = image.size
    if min(width, height) < 8:
        raise PictureError(f"It is only {width}x{height} pixels; 8x8 is the least.")
    if width * height > LARGEST:
        raise PictureError(f"It unpacks to {width}x{height} pixels, too many.")


def forget_parts(opened: Image.Image) -> None:
    """Drop what EXIF says of the place and of the camera, where many tags are odd.

    Pillow reads it all while it loads a TIFF, and of one odd tag it would fail.
    """
    with suppress(Exception):  # an EXIF that is broken altogether says nothing
        exif = opened.getexif()
        for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop):
            if part in exif:
                del exif[part]


def upright(image: Image.Image) -> Image.Image:
    """Turned as the camera was held, as EXIF says.

    ImageOps.exif_transpose does that too, and then writes all other tags anew: it fails
    of any tag that is odd.
    """
    orientation = 1
    with suppress(Exception):  # as above
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    known = isinstance(orientation, int) and orientation in TURNS
    return image.transpose(TURNS[orientation]) if known else image


def is_clear(image: Image.Image) -> bool:
    """Whether a picture may be transparent in parts."""
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def to_rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB: 16 bits to 8, palettes and CMYK too, transparent to white."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 or 32 bits a pixel, grey
        return Image.fromarray(to_8_bits(np.array(image))).convert("RGB")
    if is_clear(image):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def to_8_bits(numbers: np.ndarray) -> np.ndarray:
    """16-bit numbers to 0..255; others have no known scale and are stretched to it."""
    if not np.isfinite(numbers).all():
        raise PictureError("It holds NaN or infinity, which is no brightness.")
    if np.abs(numbers.astype(np.float64)).max() > BRIGHTEST:  # often "nothing here"
        raise PictureError(
            f"Its numbers go from {numbers.min():.2g} to {numbers.max():.2g}, which is "
            "no brightness: save it with 8 or 16 bits."
        )
    low, high = 0, 65535
    if numbers.dtype.kind == "f" or numbers.min() < low or numbers.max() > high:
        low, high = numbers.min(), numbers.max()
    share = (numbers.astype(np.float64) - low) / max(high - low, 1e-9)
    return (share * 255).round().astype(np.uint8)
