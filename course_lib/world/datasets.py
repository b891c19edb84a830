"""The picture sets: critters drawn here, CIFAR-10 and emoji.

Each is a `PictureSet`: pictures as bytes, labels and the names of the labels. Label 0
is "nothing", the null label of classifier-free guidance; the classes start at 1.
(`photos` reads a folder of your own photos.)
"""

import ast
import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_lib import chance
from course_lib.cards import CheckpointError
from course_lib.chance import MIRROR, ORDER, Batch, GetBatch, generator_for
from course_lib.checkpoint import (
    load_checkpoint,
    remove_left_overs,
    save_checkpoint,
)
from course_lib.device import (
    cache_folder,
    mirror_folder,
    network_reachable,
    plain_torch,
)
from course_lib.pixels import (
    PictureError,
    from_bytes,
    mirror,
    picture_of,
)
from course_lib.shown import progress_bar, tell
from course_lib.typed import as_list, as_name
from course_lib.world import accessories, animals, critters, drawing, scenes, shapes
from course_lib.world.drawing import draw_critters

# A pinned revision: later uploads must not change what was measured here.
CIFAR10 = "uoft-cs/cifar10"
CIFAR10_REVISION = "0b2714987fa478483af9968de7c934580d0bb9a2"
CIFAR10_NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
CIFAR10_ROWS = {"train": 50_000, "test": 10_000}
# SHA-256 of the labels in order, one byte each: enough to notice another order or
# another data set before a single picture is decoded.
CIFAR10_LABELS = {
    "train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
    "test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
}


EMOJI = "emoji/emoji32-rgb-captioned.parquet"  # only in a mirror, on no hub
EMOJI_TEST = 5  # one name in five is for testing


class DataError(Exception):
    """A picture set cannot be used; the message says why and what to do."""


# Bytes, not floats: 50,000 pictures of 64x64 take 0.6 GB instead of 2.5. They become
# floats one batch at a time.


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures with labels.

    Args:
        pictures: (N, 3, H, W) uint8
        labels: (N,) int64; 0 means "nothing"
        names: the name of each label; names[0] is "nothing"
        factors: for critters, name of the factor -> (N,) int64
    """

    name: str
    pictures: Tensor
    labels: Tensor
    names: tuple[str, ...]
    factors: dict[str, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int | Tensor) -> tuple[Tensor, Tensor]:
        """Pictures, (3, H, W) or (B, 3, H, W) in [-1, 1], and their labels."""
        return from_bytes(self.pictures[index]), self.labels[index]

    def label(self, name: str) -> int:
        """Return the number of a label.

        Raises:
            DataError: no label has this name; the message lists those that exist
        """
        name = name if name in self.names else as_name(name)
        if name not in self.names:
            raise DataError(
                f"No label is called {name!r}; there are {as_list(self.names)}."
            )
        return self.names.index(name)


def batches(
    pictures: PictureSet, batch_size: int, seed: int = 0, flip: bool = False
) -> GetBatch:
    """A function from iteration number to batch: each epoch is shuffled by the seed.

    It keeps no position between calls, so a training that was stopped resumes with
    exactly the batches that it would have seen.

    A batch is {"x_0": (B, 3, H, W) in [-1, 1], "cond": (B,) labels} and the factors. A
    `training.latents.LatentSet` works in the same way; its x_0 are latents.

    Args:
        flip: mirror each picture with a chance of one half
    """
    n = len(pictures)
    # The order of the current epoch only: iterations come in order.
    order: dict[int, Tensor] = {}

    def index_at(place: int) -> int:
        epoch = place // n
        if epoch not in order:
            order.clear()
            shuffled = generator_for(seed, epoch, ORDER)
            order[epoch] = torch.randperm(n, generator=shuffled)
        return int(order[epoch][place % n])

    def get_batch(iteration: int) -> Batch:
        # Positions run on across epochs: no picture is left out if n is not a multiple
        # of the batch size.
        first = iteration * batch_size
        index = torch.tensor([index_at(first + i) for i in range(batch_size)])
        x_0, cond = pictures[index]
        if flip:
            generator = generator_for(seed, iteration, MIRROR)
            mirrored = torch.rand(batch_size, 1, 1, 1, generator=generator) < 0.5
            x_0 = torch.where(mirrored, mirror(x_0), x_0)
        factors = pictures.factors or {}
        return {"x_0": x_0, "cond": cond} | {n: f[index] for n, f in factors.items()}

    return get_batch


# Critters ---------------------------------------------------------------------

CRITTERS_ROWS = {"train": 50_000, "test": 10_000}  # the same numbers as CIFAR-10


def load_critters(
    split: str = "train", size: int = 32, kind: str = "any", seed: int = 0
) -> PictureSet:
    """Load critters: 50,000 for training and 10,000 for testing, (N, 3, size, size).

    No picture shows a held-out combination. The first call draws them (seconds) and
    keeps them in the cache.

    Args:
        split: "train" or "test"
        size: height and width in pixels
        kind: "one" animal, "two" animals, "thing", or "any" of these

    Raises:
        DataError: there is no such split
    """
    if split not in CRITTERS_ROWS:
        raise DataError(f"Critters have the splits 'train' and 'test'; got {split!r}.")
    # One long sequence of pictures, cut in two: no picture is in both splits.
    start = 0 if split == "train" else CRITTERS_ROWS["train"]

    def make() -> dict[str, Tensor]:
        n = CRITTERS_ROWS[split]
        pictures, factors = draw_critters(n, seed, size, start, kind)
        return {"pictures": pictures} | factors

    name = critters_name(split, size, kind, seed)
    factors = cached(name, make, "pictures", *critters.FACTORS)
    pictures = factors.pop("pictures")
    # Subject 0, "none", becomes label 0, "nothing": subjects are the labels.
    names = ("nothing", *critters.SUBJECTS[1:])
    return PictureSet("critters", pictures, factors["subject"], names, factors)


def critters_name(
    split: str = "train", size: int = 32, kind: str = "any", seed: int = 0
) -> str:
    """The name in the cache, with a hash of the code that draws."""
    # If the drawing changes, yesterday's pictures must not be used. A version number
    # typed by hand would be forgotten one day. The hash is of the syntax tree, since a
    # comment changes no picture.
    version = hashlib.sha256()
    for module in (chance, critters, shapes, scenes, animals, accessories, drawing):
        code = Path(module.__file__).read_text(encoding="utf-8")
        version.update(ast.dump(ast.parse(code)).encode())
    return f"critters-{kind}-{size}-{split}-{seed}-{version.hexdigest()[:8]}"


# CIFAR-10 ---------------------------------------------------------------------


def load_cifar10(split: str = "train") -> PictureSet:
    """Load CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 photos of 32x32, ten classes.

    Looks in the cache, then in the mirror that COURSE_DATA names, then on the network.

    Raises:
        DataError: it is in none of these places, or there is no such split
    """
    if split not in CIFAR10_ROWS:
        raise DataError(f"CIFAR-10 has the splits 'train' and 'test'; got {split!r}.")
    name = cifar10_name(split)
    tensors = cached(name, lambda: cifar10_tensors(split), "pictures", "labels")
    names = ("nothing", *CIFAR10_NAMES)
    return PictureSet("cifar10", tensors["pictures"], tensors["labels"], names)


def cifar10_name(split: str) -> str:
    """The name in the cache; it depends on the mirror, whose pictures may differ."""
    mirror = mirror_folder()
    source = "the network" if mirror is None else str(mirror)
    key = hashlib.sha256(f"{source} {CIFAR10_REVISION}".encode()).hexdigest()[:8]
    return f"cifar10-{split}-{key}"


def cifar10_rows(split: str):
    """The rows of the data set, read by the library `datasets`."""
    mirror = mirror_folder()
    found = sorted(mirror.glob(f"cifar10/**/{split}-*.parquet")) if mirror else []
    tried = f"the mirror {mirror}" if found else "the network"
    try:
        if not found and not network_reachable():  # it would try for half a minute
            raise ConnectionError
        import datasets  # takes 3 s, so only where it is used

        if found:
            rows = datasets.Dataset.from_parquet([str(file) for file in found])
        else:
            revision = dict(revision=CIFAR10_REVISION)
            rows = datasets.load_dataset(CIFAR10, split=split, **revision)
        return undecoded(rows, "img")
    except Exception as error:  # it fails in a hundred ways that all mean the same
        empty = f"; the mirror {mirror} has no cifar10/**/{split}-*.parquet"
        raise DataError(
            f"CIFAR-10 could not be had from {tried} ({type(error).__name__})"
            f"{empty if mirror and not found else ''}: it is out of reach, or a "
            "download was interrupted. COURSE_DATA=<folder> names a local mirror."
        ) from error


@plain_torch()
def cifar10_tensors(split: str) -> dict[str, Tensor]:
    """The pictures, (N, 3, 32, 32) uint8, and the labels, (N,) from 1 to 10.

    CIFAR-10 counts its classes from 0; here 0 is "nothing", so the classes start at 1.

    Raises:
        DataError: some pictures are missing or damaged, or come in another order
    """
    rows = cifar10_rows(split)
    labels = torch.tensor(rows["label"])
    checksum = hashlib.sha256(labels.to(torch.uint8).numpy()).hexdigest()
    if len(rows) != CIFAR10_ROWS[split] or checksum != CIFAR10_LABELS[split]:
        raise DataError(
            f"CIFAR-10's {split} split should hold {CIFAR10_ROWS[split]} pictures with "
            f"known labels; {len(rows)} were found, or in another order. Delete the "
            "download and try again."
        )
    # Decoded one by one: a damaged picture shows up now, not during a training.
    files = progress_bar(rows["img"], name=f"CIFAR-10 {split}", hidden=False)
    pictures = torch.stack([read_row(file, f"CIFAR-10, {split},") for file in files])
    return {"pictures": pictures, "labels": labels + 1}


def undecoded(rows, column: str):
    """The same rows with undecoded pictures: `datasets` would decode any format."""
    import datasets

    return rows.cast_column(column, datasets.Image(decode=False))


def read_row(file: dict, of: str) -> Tensor:
    """The picture in a row as a tensor, (3, H, W) uint8.

    The file must be in the row itself; a path to a file elsewhere is refused.

    Args:
        of: the name of these rows, for the error message
    """
    try:
        image = picture_of(file["bytes"] or b"", of)
    except PictureError as error:
        raise DataError(
            f"A picture is unusable: {error} Delete the download and try again."
        ) from error
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def load_cifar10_or_critters(split: str = "train") -> PictureSet:
    """Load CIFAR-10 if it is available; otherwise say so and load critters."""
    try:
        return load_cifar10(split)
    except DataError as error:
        tell(f"{error} Critters take its place.")
        return load_critters(split)


# Emoji ------------------------------------------------------------------------


@plain_torch()
def load_emoji(split: str = "train") -> PictureSet:
    """Load emoji of 32x32 with their names: the caption of a picture is names[label].

    One name in five is for testing. All skin tones of an emoji are in the same split:
    otherwise a test would ask for something seen before in another colour.

    Raises:
        DataError: the mirror that COURSE_DATA names lacks them; no other source exists
    """
    if split not in ("train", "test"):
        raise DataError(f"Emoji have the splits 'train' and 'test'; got {split!r}.")
    rows = emoji_rows()
    # Select by name first: no picture of the other split is decoded.
    texts = rows["text"]
    wanted = [i for i, text in enumerate(texts) if emoji_split(text) == split]
    files = rows[wanted]["image"]
    pictures = torch.stack([read_row(file, EMOJI) for file in files])
    names = ("nothing", *(texts[i] for i in wanted))
    return PictureSet("emoji", pictures, torch.arange(1, len(names)), names)


def emoji_split(text: str) -> str:
    """The split that a name belongs to; "none" for technical names (emoji modifiers).

    >>> emoji_split("artist") == emoji_split("artist, dark skin tone")
    True
    """
    if "emoji modifier" in text:
        return "none"
    name = text.split(",")[0]  # the skin tone follows the comma
    # A hash of the name, not a random draw over rows: when a later mirror adds emoji,
    # none changes its split. (Python's own hash differs from run to run.)
    number = int(hashlib.sha256(name.encode()).hexdigest(), 16)
    return "test" if number % EMOJI_TEST == 0 else "train"


def emoji_rows():
    """The rows, with columns `image` and `text`, read by the library `datasets`."""
    mirror = mirror_folder()
    file = mirror / EMOJI if mirror else None
    if file is None or not file.is_file():
        where = f"{mirror} has no {EMOJI}" if mirror else "it names none"
        raise DataError(
            f"Emoji come only from the mirror that COURSE_DATA names, and {where}. "
            "Nothing else in the course needs them."
        )
    try:
        import datasets

        return undecoded(datasets.Dataset.from_parquet(str(file)), "image")
    except Exception as error:  # it fails in a hundred ways that all mean the same
        raise DataError(f"{file} is damaged ({type(error).__name__}).") from error


def cached(
    name: str, make: Callable[[], dict[str, Tensor]], *needed: str
) -> dict[str, Tensor]:
    """The tensors cached under this name; made now if they are missing or damaged.

    A file that was renamed counts as damaged: the card inside has another name.

    Args:
        make: computes the tensors
        needed: the names of the tensors that must be there, all of the same length
    """
    file = cache_folder() / f"{name}.safetensors"
    # Files of processes that were killed while writing; nobody would ever read them.
    remove_left_overs(file)
    with suppress(CheckpointError):
        tensors, card = load_checkpoint(file)
        there = [tensors[key] for key in needed if key in tensors]
        as_many = len({x.shape[:1] for x in there}) == 1  # one label for each picture
        if card.get("name") == name and len(there) == len(needed) and as_many:
            return tensors
    tensors = make()
    # A full disk costs the next start a few seconds; it is no reason to stop this one.
    try:
        save_checkpoint(file, tensors, {"name": name})
    except CheckpointError as error:
        tell(f"{error} The pictures are used, but not kept for the next time.")
    return tensors
