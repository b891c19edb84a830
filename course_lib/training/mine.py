"""My pictures: a folder of a few photos or drawings, and the word for what they show.

    mine = own_pictures("photos", word="zorp")

Pictures of any size and format will do, and a drawing is a picture, too.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from course_lib.cards import WORD
from course_lib.networks.tokenizer import tidy
from course_lib.pixels import PictureError, read_picture
from course_lib.shown import tell
from course_lib.typed import expanded
from course_lib.world.datasets import DataError
from course_lib.world.photos import allowed, files_below
from course_lib.world.prompts import unknown_words
from course_lib.world.translation import put_right

SIZE = 64  # height and width of the pictures of `latent`
MOST_MINE = 200  # more are no longer "a few": a training of its own learns them better
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, eq=False)
class MySet:
    """A few pictures of one thing, and a caption for each that says its word.

    Args:
        word: what it is called
        pictures: (N, 3, H, W) uint8
        captions: N texts
    """

    word: str
    pictures: Tensor
    captions: list[str]

    def __len__(self) -> int:
        return len(self.captions)


def own_pictures(folder: Path | str, word: str, size: int = SIZE) -> MySet:
    """Read a folder of pictures of one thing, of any size and format.

    Pictures whose makers refuse, in a list of consent in the folder, are left out.

    A file name with the word in it is the caption, without numbers at its end:
    "zorp at the beach 2.jpg" becomes "a zorp at the beach". All others are "a zorp".

    Raises:
        ValueError: the word cannot be a new one
        DataError: there is no such folder, no picture in it that may be used, or far
            too many
    """
    word = checked_word(word)
    folder = Path(expanded(str(folder)))
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    files = [file for file in files_below(folder) if file.suffix.lower() in SUFFIXES]
    if not files:
        raise DataError(f"There is no picture in {folder}: put 5 to 10 into it.")
    files = allowed(files, folder)
    if len(files) > MOST_MINE:
        raise DataError(
            f"There are {len(files)} pictures in {folder}; {MOST_MINE} are the most, "
            "and 5 to 10 of one thing are enough. (For hundreds of pictures of many "
            "things, train a network: train --data folder:PATH.)"
        )
    pictures, texts = [], []
    for file in files:
        try:
            pictures.append(read_picture(file, size))
            texts.append(caption_of(file.stem, word))
        except PictureError as error:
            tell(f"skipped: {error}")
    if not pictures:
        raise DataError(f"None of the {len(files)} files in {folder} can be read.")
    return MySet(word, torch.stack(pictures), texts)


def caption_of(name: str, word: str) -> str:
    """The caption that a file name gives: 'zorp_in_the_snow-2' is in the snow."""
    said = re.sub(r"[\W_]+|\d+", " ", tidy(name)).split()
    if word not in said:
        return f"a {word}"
    text = " ".join(said)
    return text if said[0] in ("a", "an", "the", "my") else f"a {text}"


def checked_word(word: str) -> str:
    """Check a new word: one word of letters that means nothing yet.

    Raises:
        ValueError: it is none, or the painter knows it or would correct it
    """
    plain = tidy(word)
    if not WORD.fits(plain):
        raise ValueError(
            "The new word must be one word of 2 to 20 letters, such as zorp; got "
            f"{word!r}."
        )
    if put_right(plain) != plain:
        raise ValueError(
            f"{plain!r} would be read as a slip for {put_right(plain)!r}: invent "
            "another word."
        )
    if plain not in unknown_words(f"a {plain}"):
        raise ValueError(f"{plain!r} means something already: invent a word, say zorp.")
    return plain
