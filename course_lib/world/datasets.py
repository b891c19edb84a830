"""The picture sets: critters drawn here, CIFAR-10, and any folder of your own photos.

Each is a `PictureSet`: bytes, labels and the names of the labels. Label 0 is "nothing",
so that a network can also be told nothing; the classes start at 1.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

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
from course_lib.pixels import PictureError, from_bytes, mirror, read_picture
from course_lib.shown import progress_bar, tell
from course_lib.typed import as_list, as_name, expanded
from course_lib.world import accessories, animals, critters, drawing, scenes, shapes
from course_lib.world.drawing import draw_critters

CIFAR10 = "uoft-cs/cifar10"
CIFAR10_REVISION = "0b2714987fa478483af9968de7c934580d0bb9a2"
CIFAR10_NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
CIFAR10_ROWS = {"train": 50_000, "test": 10_000}
CIFAR10_LABELS = {  # SHA-256 of the labels in their order, one byte each
    "train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
    "test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
}


EMOJI = "emoji/emoji32-rgb-captioned.parquet"  # in a mirror; no hub has this file
EMOJI_TEST = 5  # one name in so many is for testing


class DataError(Exception):
    """A picture set cannot be used; the message says why and what to do."""


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures with labels.

    Args:
        pictures: (N, 3, H, W) uint8
        labels: (N,) int64, 0 means "nothing"
        names: names[label]; names[0] is "nothing"
        factors: for critters, everything that is known of each picture
    """

    name: str
    pictures: Tensor
    labels: Tensor
    names: tuple[str, ...]
    factors: dict[str, Tensor] | None = None

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int | Tensor) -> tuple[Tensor, Tensor]:
        """Pictures in [-1, 1] and their labels."""
        return from_bytes(self.pictures[index]), self.labels[index]

    def label(self, name: str) -> int:
        """The number of a label's name, or a sentence with the names there are."""
        name = name if name in self.names else as_name(name)
        if name not in self.names:
            raise DataError(
                f"No label is called {name!r}; there are {as_list(self.names)}."
            )
        return self.names.index(name)


def batches(
    pictures: PictureSet, batch_size: int, seed: int = 0, flip: bool = False
) -> GetBatch:
    """The batch of each iteration: every picture once an epoch, shuffled by the seed.

    A batch is {"x_0": (B, 3, H, W) in [-1, 1], "cond": (B,) labels} and the factors; of
    a `training.latents.LatentSet`, which is asked in the same way, x_0 are latents.
    """
    n = len(pictures)
    order: dict[int, Tensor] = {}  # the order of the epoch at hand

    def index_at(place: int) -> int:
        epoch = place // n
        if epoch not in order:
            order.clear()
            shuffled = generator_for(seed, epoch, ORDER)
            order[epoch] = torch.randperm(n, generator=shuffled)
        return int(order[epoch][place % n])

    def get_batch(iteration: int) -> Batch:
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

CRITTERS_ROWS = {"train": 50_000, "test": 10_000}


def load_critters(
    split: str = "train", size: int = 32, kind: str = "any", seed: int = 0
) -> PictureSet:
    """50,000 + 10,000 drawn pictures; no held-out combination is among them.

    Drawn at the first call (seconds) and kept in the cache.

    Args:
        kind: "one" animal, "two" animals, "thing", or "any" of these
    """
    if split not in CRITTERS_ROWS:
        raise DataError(f"Critters have the splits 'train' and 'test'; got {split!r}.")
    start = 0 if split == "train" else CRITTERS_ROWS["train"]

    def make() -> dict[str, Tensor]:
        n = CRITTERS_ROWS[split]
        pictures, factors = draw_critters(n, seed, size, start, kind)
        return {"pictures": pictures} | factors

    name = critters_name(split, size, kind, seed)
    factors = cached(name, make, "pictures", *critters.FACTORS)
    pictures = factors.pop("pictures")
    names = ("nothing", *critters.SUBJECTS[1:])
    return PictureSet("critters", pictures, factors["subject"], names, factors)


def critters_name(
    split: str = "train", size: int = 32, kind: str = "any", seed: int = 0
) -> str:
    """The name in the cache: a changed drawing must not meet yesterday's pictures."""
    version = hashlib.sha256()
    for module in (critters, shapes, scenes, animals, accessories, drawing):
        version.update(Path(module.__file__).read_bytes())
    return f"critters-{kind}-{size}-{split}-{seed}-{version.hexdigest()[:8]}"


# CIFAR-10 ---------------------------------------------------------------------


def load_cifar10(split: str = "train") -> PictureSet:
    """CIFAR-10 (Krizhevsky 2009): 50,000 + 10,000 photos of 32x32 in ten classes.

    Looks in the cache, then in the mirror that COURSE_DATA names, then on the network.

    Raises:
        DataError: in none of these places
    """
    if split not in CIFAR10_ROWS:
        raise DataError(f"CIFAR-10 has the splits 'train' and 'test'; got {split!r}.")
    name = cifar10_name(split)
    tensors = cached(name, lambda: cifar10_tensors(split), "pictures", "labels")
    names = ("nothing", *CIFAR10_NAMES)
    return PictureSet("cifar10", tensors["pictures"], tensors["labels"], names)


def cifar10_name(split: str) -> str:
    """The name in the cache: each mirror may hold its own version of the pictures."""
    mirror = mirror_folder()
    source = "the network" if mirror is None else str(mirror)
    key = hashlib.sha256(f"{source} {CIFAR10_REVISION}".encode()).hexdigest()[:8]
    return f"cifar10-{split}-{key}"


def cifar10_rows(split: str):
    """The rows of the data set, decoded by `datasets`; imported late, it is slow to."""
    mirror = mirror_folder()
    found = sorted(mirror.glob(f"cifar10/**/{split}-*.parquet")) if mirror else []
    tried = f"the mirror {mirror}" if found else "the network"
    try:
        if not found and not network_reachable():  # else it is tried for half a minute
            raise ConnectionError
        import datasets

        if found:
            return datasets.Dataset.from_parquet([str(file) for file in found])
        return datasets.load_dataset(CIFAR10, split=split, revision=CIFAR10_REVISION)
    except Exception as error:  # it fails in a hundred ways, all mean the same
        empty = f"; the mirror {mirror} has no cifar10/**/{split}-*.parquet"
        raise DataError(
            f"CIFAR-10 could not be had from {tried} ({type(error).__name__})"
            f"{empty if mirror and not found else ''}: it is out of reach, or a "
            "download was interrupted. COURSE_DATA=<folder> names a local mirror."
        ) from error


@plain_torch()
def cifar10_tensors(split: str) -> dict[str, Tensor]:
    """The pictures as bytes and the labels from 1, once all are there."""
    rows = cifar10_rows(split)
    labels = torch.tensor(rows["label"])
    checksum = hashlib.sha256(labels.to(torch.uint8).numpy()).hexdigest()
    if len(rows) != CIFAR10_ROWS[split] or checksum != CIFAR10_LABELS[split]:
        raise DataError(
            f"CIFAR-10's {split} split should hold {CIFAR10_ROWS[split]} pictures with "
            f"known labels; {len(rows)} were found, or in another order. Delete the "
            "download and try again."
        )
    try:
        images = progress_bar(rows["img"], name=f"CIFAR-10 {split}", hidden=False)
        pictures = torch.stack([read_row(image) for image in images])
    except OSError as error:  # Pillow's errors are of this kind
        raise DataError(
            f"A picture in CIFAR-10's {split} split is damaged ({error}). Delete the "
            "download and try again."
        ) from error
    return {"pictures": pictures, "labels": labels + 1}


def read_row(image) -> Tensor:
    """A Pillow image as bytes (3, H, W)."""
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def load_cifar10_or_critters(split: str = "train") -> PictureSet:
    """CIFAR-10 where it can be had, else critters, and one line that says so."""
    try:
        return load_cifar10(split)
    except DataError as error:
        tell(f"{error} Critters take its place.")
        return load_critters(split)


# Emoji ------------------------------------------------------------------------


@plain_torch()
def load_emoji(split: str = "train") -> PictureSet:
    """Emoji of 32x32 with their names: the caption of a picture is names[label].

    One name in five is for testing. All skin tones of an emoji are in one split: else
    a test would ask for what was seen in another colour.

    Raises:
        DataError: not in the mirror that COURSE_DATA names; they are nowhere else
    """
    if split not in ("train", "test"):
        raise DataError(f"Emoji have the splits 'train' and 'test'; got {split!r}.")
    rows = emoji_rows()
    texts = rows["text"]
    wanted = [i for i, text in enumerate(texts) if emoji_split(text) == split]
    pictures = torch.stack([read_row(image) for image in rows[wanted]["image"]])
    names = ("nothing", *(texts[i] for i in wanted))
    return PictureSet("emoji", pictures, torch.arange(1, len(names)), names)


def emoji_split(text: str) -> str:
    """Which split a name belongs to; what has a technical name belongs to none.

    >>> emoji_split("artist") == emoji_split("artist, dark skin tone")
    True
    """
    if "emoji modifier" in text:
        return "none"
    name = text.split(",")[0]
    number = int(hashlib.sha256(name.encode()).hexdigest(), 16)
    return "test" if number % EMOJI_TEST == 0 else "train"


def emoji_rows():
    """The rows, `image` and `text`, decoded by `datasets`."""
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

        return datasets.Dataset.from_parquet(str(file))
    except Exception as error:  # it fails in a hundred ways, all mean the same
        raise DataError(f"{file} is damaged ({type(error).__name__}).") from error


def cached(
    name: str, make: Callable[[], dict[str, Tensor]], *needed: str
) -> dict[str, Tensor]:
    """The tensors kept under this name, made now if they are not there or damaged.

    A file that was kept under another name and renamed is as good as damaged.

    Args:
        needed: the names of the tensors that must be among them
    """
    file = cache_folder() / f"{name}.safetensors"
    remove_left_overs(file)
    with suppress(CheckpointError):
        tensors, card = load_checkpoint(file)
        if card.get("name") == name and set(needed) <= tensors.keys():
            return tensors
    tensors = make()
    try:
        save_checkpoint(file, tensors, {"name": name})
    except CheckpointError as error:
        tell(f"{error} The pictures are used, but not kept for the next time.")
    return tensors


# Your own photos --------------------------------------------------------------


@plain_torch()
def load_folder(folder: Path | str, size: int = 32) -> PictureSet:
    """A folder of your own photos; each subfolder, if there are any, is a label.

    Any kind of picture, turned as the camera says, cut to the middle square. A file or
    folder that cannot be read is named and skipped. A folder "nothing" is no label.
    """
    if not str(folder).strip():
        raise DataError("After folder: there is nothing: name a folder of photos.")
    folder = Path(expanded(str(folder)))
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    try:
        files = list(files_below(folder))
    except OSError as error:
        raise DataError(
            f"The folder {folder} cannot be read: {error.strerror}."
        ) from error
    if not files:
        raise DataError(f"The folder {folder} is empty: put some photos into it.")
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
    if not kinds:
        kinds, labels = ["photo"], ["photo"] * len(labels)
    names = ("nothing", *kinds)
    numbers = torch.tensor([names.index(label) for label in labels])
    return PictureSet(f"folder {folder.name}", torch.stack(pictures), numbers, names)


def label_of(file: Path, folder: Path) -> str:
    """What the folder is called that a file lies in; "nothing" beside all folders."""
    name = "" if file.parent == folder else as_name(file.parent.name)
    return name or "nothing"


def files_below(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Every file in a folder and the folders in it, in order; links are followed.

    What begins with a dot or an @ belongs to programs (.thumbnails, @eaDir), with all
    that is in it. A folder without files, or that may not be read, is spoken of.

    Args:
        above: the folders on the way here, for links that lead back
    """
    entries = sorted(entry for entry in folder.iterdir() if entry.name[0] not in ".@")
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
