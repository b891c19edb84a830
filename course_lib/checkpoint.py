"""Checkpoints: tensors and a card in one file, written whole or not at all.

A checkpoint is a safetensors file. Its header carries the card (what this is, as JSON)
and a SHA-256 of the tensors, so that a damaged file is noticed before it is used. It is
written to a temporary file, flushed to the disk and renamed: whoever looks sees the old
file or the new one, never half of one. No pickle is ever loaded.
"""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from course_lib.device import weights_folder

LONGEST = 255  # bytes of a name that file systems take
BESIDE = 35  # so many bytes longer a temporary file's name may be, see replace_file
Card = dict
Tensors = dict[str, Tensor]


class CheckpointError(Exception):
    """A checkpoint cannot be read, written or used; the message says what to do."""


class WriteError(CheckpointError):
    """A file could not be written; what was there before is untouched."""


def digest(tensors: Tensors) -> str:
    """The SHA-256 of names, types, shapes and bytes of all tensors, in name order."""
    sha = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        sha.update(tensor.flatten().view(torch.uint8).numpy())
    return sha.hexdigest()


def sha256(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def save_checkpoint(file: Path | str, tensors: Tensors, card: Card) -> None:
    """Write tensors and card to one file, whole or not at all."""
    file = Path(file)
    tensors = {name: x.detach().cpu().contiguous() for name, x in tensors.items()}
    text = json.dumps(card)
    header = {"card": text, "sha256": digest(tensors), "card_sha256": sha256(text)}
    replace_file(file, lambda temporary: save_file(tensors, temporary, header))


def replace_file(file: Path, write) -> None:
    """Let `write(temporary)` make a file beside `file`, then rename it over `file`."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        rights = temporary.stat().st_mode  # safetensors would hide it from all others
        write(temporary)
        temporary.chmod(rights)
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, file)
    except (OSError, SafetensorError) as error:
        raise WriteError(
            f"Could not write {file}: {error}. Is the disk full, or the folder "
            "read-only? What was there before is untouched."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def check_writable(folder: Path) -> None:
    """Raise a sentence unless files can be made in the folder, or the folder itself."""
    home = folder
    try:
        check_names(folder)
        while not home.exists() and home != home.parent:
            home = home.parent
        tempfile.TemporaryFile(dir=home).close()
    except OSError as error:
        raise ValueError(f"Cannot write to {folder}: {error.strerror}.") from error


def check_names(place: Path) -> None:
    """Raise an OSError for a path that is too long, as making it would, only sooner."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(place)  # too long as a whole: noticed wherever it leads
    if any(len(os.fsencode(part)) > LONGEST for part in place.parts):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))


def check_file(file: Path) -> None:
    """Raise a sentence for a name that no file can get, by `replace_file` at least."""
    try:
        check_writable(file.parent)
        check_names(file.with_name(file.name + " " * BESIDE))
    except OSError as error:
        raise ValueError(f"Cannot write to {file}: {error.strerror}.") from error
    if file.is_dir():
        raise ValueError(f"Cannot write to {file}: it is a folder.")


def load_checkpoint(file: Path | str) -> tuple[Tensors, Card]:
    """Read tensors and card back, and refuse whatever is not exactly what was saved."""
    file = Path(file)
    if not file.is_file():
        raise CheckpointError(f"There is no checkpoint at {file}.")
    try:
        refuse_pickle(file)
        with safe_open(file, framework="pt") as opened:
            header = opened.metadata() or {}
            names = opened.keys()  # cloned: Windows replaces no file that is in use
            tensors = {name: opened.get_tensor(name).clone() for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{file} is damaged or no safetensors file ({error}). "
            "Fetch or train it again."
        ) from error
    if "card" not in header or "sha256" not in header:
        raise CheckpointError(
            f"{file} was not written by this course: its header has no card and no "
            "checksum. Only what `python -m course_lib train` wrote can be used here."
        )
    card_intact = header.get("card_sha256", sha256(header["card"]))
    if (digest(tensors), sha256(header["card"])) != (header["sha256"], card_intact):
        raise CheckpointError(
            f"{file} is damaged: its contents do not match its checksum. "
            "Fetch or train it again."
        )
    return tensors, json.loads(header["card"])


def refuse_pickle(file: Path) -> None:
    """Raise a sentence for what torch.save and pickle write, without opening it."""
    with open(file, "rb") as opened:
        start = opened.read(9)
    pickled = start[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
    if pickled and start[8:] != b"{":  # where the header of a safetensors file begins
        raise CheckpointError(
            f"{file} is a pickle (torch.save writes those): loading one can run any "
            "program, so this course never does. Use a .safetensors file."
        )


# For use: a folder with model.safetensors and card.json -----------------------


def save_weights(folder: Path | str, tensors: Tensors, card: Card) -> None:
    """Write the weights for use in half precision, and the card beside them."""
    folder = Path(folder)
    half = {n: x.half() if x.is_floating_point() else x for n, x in tensors.items()}
    save_checkpoint(folder / "model.safetensors", half, card)
    text = json.dumps(card, indent=2) + "\n"
    replace_file(folder / "card.json", lambda file: file.write_text(text))


def find_weights(name_or_folder: Path | str) -> Path:
    """The folder of weights: a folder as given, or a name among the shipped ones."""
    for folder in (Path(name_or_folder), weights_folder() / name_or_folder):
        if (folder / "model.safetensors").is_file():
            return folder
    shipped = sorted(
        file.parent.relative_to(weights_folder()).as_posix()
        for file in weights_folder().rglob("model.safetensors")
    )
    raise CheckpointError(
        f"There are no weights at {str(name_or_folder)!r}: neither a folder with a "
        f"model.safetensors nor one of the shipped {shipped}."
    )


def load_weights(name_or_folder: Path | str) -> tuple[Tensors, Card]:
    """The weights as float32, all of them finite, and their card."""
    tensors, card = load_checkpoint(find_weights(name_or_folder) / "model.safetensors")
    whole = {n: x.float() if x.is_floating_point() else x for n, x in tensors.items()}
    astray = [name for name, x in whole.items() if not x.isfinite().all()]
    if astray:
        raise CheckpointError(
            f"There is NaN or infinity in the weights at {name_or_folder}, first in "
            f"{astray[0]}: their training went astray, so take others, or train again "
            "with a smaller learning rate."
        )
    return whole, card


def kind_of(card: Card) -> str:
    """What weights are, with an article, for a sentence: "an autoencoder"."""
    kind = str(card.get("kind") or "network of no kind")
    return ("an " if kind[0] in "aeiou" else "a ") + kind


@contextmanager
def made_from(name_or_folder: Path | str, card: Card, *needed: str) -> Iterator[None]:
    """Whatever the card lacks, or has too much of in here, gets a sentence."""
    try:
        for key in needed:
            card[key]
        yield
    except (TypeError, LookupError, RuntimeError) as error:
        raise CheckpointError(
            f"The card of {name_or_folder} was written by another version of this "
            f"course ({error}): fetch or train these weights again."
        ) from error


def fill(model: nn.Module, tensors: Tensors) -> nn.Module:
    """Put the tensors into the network, or say which do not fit; sets eval mode."""
    wanted = {name: tuple(x.shape) for name, x in model.state_dict().items()}
    found = {name: tuple(x.shape) for name, x in tensors.items()}
    wrong = sorted(n for n in wanted | found if wanted.get(n) != found.get(n))
    if wrong:
        name = wrong[0]
        raise CheckpointError(
            f"These weights belong to another network: {len(wrong)} tensors differ, "
            f"the first is {name}, {found.get(name, 'missing')} in the file and "
            f"{wanted.get(name, 'missing')} in the network."
        )
    model.load_state_dict(tensors)
    return model.eval()
