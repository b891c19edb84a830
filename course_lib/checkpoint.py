"""Checkpoints: tensors and a card in one file, written whole or not at all.

A checkpoint is a safetensors file. Its header holds the card (metadata as JSON), sealed
with a SHA-256 of card and tensors, so a damaged file is noticed before it is used.
Writing goes to a temporary file, which is flushed to disk and renamed: a reader sees
the old file or the new one, never half of one. No pickle is ever loaded. cards.py
defines what a card may say.
"""

import errno
import hashlib
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from glob import escape
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from course_lib.cards import (
    MOST_LETTERS,
    Card,
    CheckpointError,
    check_card,
    kind_of,
    made_from,
    needed_by,
    read_card,
)
from course_lib.device import weights_folder
from course_lib.typed import expanded

LONGEST = 255  # bytes; file systems take no longer name
BESIDE = 35  # bytes that a temporary file's name may add, see replace_file
Tensors = dict[str, Tensor]

# safetensors stores metadata in hash order, which differs from run to run. With a
# single key, equal trainings give equal files.
SEALED = "sealed_card"  # 64 characters of checksum, a space, the card
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
TYPES = (*FLOATS, torch.int64, torch.uint8)  # of weights
MOST_HEADER = 2**23  # bytes; ours have up to 50,000
LEFT_OVER_S = 3600  # no file takes this long to write: its writer was killed


class WriteError(CheckpointError):
    """A file could not be written; the previous file is untouched."""


def digest(tensors: Tensors) -> str:
    """The SHA-256 of names, types, shapes and bytes of all tensors, in name order."""
    sha = hashlib.sha256()
    # Sorted: equal weights must have equal digests, and a dict's order depends on the
    # order of the layers in the code. Type and shape count: the same bytes in another
    # shape are another network.
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        # As bytes, because NumPy has no bfloat16.
        sha.update(tensor.flatten().view(torch.uint8).numpy())
    return sha.hexdigest()


def sha256(text: str) -> str:
    """The SHA-256 of the text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def save_checkpoint(file: Path | str, tensors: Tensors, card: Card) -> None:
    """Write tensors and card to one file, whole or not at all.

    Raises:
        WriteError: a full disk, no rights, a name too long, a card too large
    """
    file = Path(file)
    # safetensors refuses views that are not contiguous, such as a transposed matrix.
    tensors = {name: x.detach().cpu().contiguous() for name, x in tensors.items()}
    text = json.dumps(card)
    if len(text) > MOST_LETTERS:
        raise WriteError(
            f"Could not write {file}: its card would have {len(text)} characters; the "
            f"limit for reading it back is {MOST_LETTERS}."
        )
    # Seal and write the same string: encoding the card a second time might spell it
    # differently.
    header = {SEALED: f"{seal(tensors, text)} {text}"}
    replace_file(file, lambda temporary: save_file(tensors, temporary, header))


def seal(tensors: Tensors, text: str) -> str:
    """The SHA-256 of tensors and card together."""
    return sha256(f"{digest(tensors)} {text}")


def replace_file(file: Path, write) -> None:
    """Let `write(temporary)` make a file beside `file`, then rename it over `file`.

    Threads, processes and machines may all write the same file: each gets a temporary
    file with a random name, and the last rename wins. Raises WriteError.
    """
    # Beside the file, not in /tmp: a rename is atomic only within one file system.
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        rights = temporary.stat().st_mode  # safetensors would let only its owner read
        write(temporary)
        temporary.chmod(rights)
        # A rename may reach the disk before the contents do: after a power cut the
        # name would belong to an empty file.
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, file)
    # A full disk raises either, depending on whether Python or safetensors meets it.
    except (OSError, SafetensorError) as error:
        raise WriteError(
            f"Could not write {file}: {error}. Is the disk full, or the folder "
            "read-only? What was there before is untouched."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def check_writable(folder: Path) -> None:
    """Raise ValueError unless the folder, or one still to be made, is writable."""
    home = folder
    try:
        check_names(folder)
        while not home.exists() and home != home.parent:
            home = home.parent
        # Try to write: permissions say nothing about a disk mounted read-only.
        tempfile.TemporaryFile(dir=home).close()
    except OSError as error:
        raise ValueError(f"Cannot write to {folder}: {error.strerror}.") from error


def remove_left_overs(file: Path) -> None:
    """Remove temporary files of this file that killed runs left behind.

    Only those older than LEFT_OVER_S: another process may still be writing a newer one.
    """
    half = re.compile(rf"\.{re.escape(file.name)}\.[0-9a-f]+\.part")  # by replace_file
    # Escaped: a folder may be called [1].
    for left_over in file.parent.glob(f".{escape(file.name)}.*.part"):
        if not half.fullmatch(left_over.name):
            continue
        with suppress(OSError):  # already removed, or not ours to remove
            if time.time() - left_over.stat().st_mtime > LEFT_OVER_S:
                left_over.unlink()


def check_names(place: Path) -> None:
    """Raise OSError for a path that is too long, before anything is made."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.lstat(place)  # raises if the path as a whole is too long
    if any(len(os.fsencode(part)) > LONGEST for part in place.parts):
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))


def check_file(file: Path) -> None:
    """Raise ValueError for a path that `replace_file` could not write."""
    try:
        check_writable(file.parent)
        check_names(file.with_name(file.name + " " * BESIDE))
    except OSError as error:
        raise ValueError(f"Cannot write to {file}: {error.strerror}.") from error
    if file.is_dir():
        raise ValueError(f"Cannot write to {file}: it is a folder.")


def load_checkpoint(file: Path | str) -> tuple[Tensors, Card]:
    """Read tensors and card back; refuse anything that is not exactly what was saved.

    Raises:
        CheckpointError: the file is missing, damaged, a pickle, or not from this course
    """
    file = Path(file)
    if not file.is_file():
        raise CheckpointError(f"There is no checkpoint at {file}.")
    try:
        look_at_start(file)
        with safe_open(file, framework="pt", device="cpu") as opened:
            header = opened.metadata() or {}
            names = opened.keys()
            # Cloned: Windows cannot replace a file that is still mapped into memory.
            tensors = {name: opened.get_tensor(name).clone() for name in names}
        text, intact = card_and_seal(header, tensors)
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{file} is damaged or is not a safetensors file ({error}). "
            "Fetch or train it again."
        ) from error
    if text is None:
        raise CheckpointError(
            f"{file} was not written by this course: its header has no card and no "
            "checksum. Only what `python -m course_lib train` wrote can be used here."
        )
    if not intact:
        raise CheckpointError(
            f"{file} is damaged: its contents do not match its checksum. "
            "Fetch or train it again."
        )
    return tensors, read_card(text, file)


def card_and_seal(header: dict[str, str], tensors: Tensors) -> tuple[str | None, bool]:
    """The card as text (None if there is none), and whether the checksums hold."""
    if SEALED in header:
        # A checksum finds damage, not malice: anybody can change a file and seal it
        # again. cards.py checks what the card says.
        found, _, text = header[SEALED].partition(" ")
        return text, found == seal(tensors, text)
    if "card" not in header or "sha256" not in header:
        return None, False
    text = header["card"]  # the first files that shipped have three keys, or two
    of_card = header.get("card_sha256", sha256(text))
    return text, (digest(tensors), sha256(text)) == (header["sha256"], of_card)


def look_at_start(file: Path) -> None:
    """Refuse a pickle or a header of absurd length, without parsing anything.

    The first eight bytes of a safetensors file give the length of its header.

    Raises:
        CheckpointError: it is a pickle
        ValueError: the header is too long
    """
    with open(file, "rb") as opened:
        start = opened.read(9)
    # A zip archive, or a bare pickle of protocol 2 to 5. But "PK", the start of a zip,
    # is also the start of a length (0x4B50 is 19,280 bytes), hence the second look.
    pickled = start[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
    if pickled and start[8:] != b"{":  # where the header of a safetensors file begins
        raise CheckpointError(
            f"{file} is a pickle (torch.save writes those): loading one can run any "
            "program, so this course never does. Use a .safetensors file."
        )
    length = int.from_bytes(start[:8], "little")
    if length > MOST_HEADER:
        raise ValueError(f"a header of {length} bytes, where {MOST_HEADER} are enough")


# For use: a folder with model.safetensors and card.json -----------------------


def save_weights(folder: Path | str, tensors: Tensors, card: Card) -> None:
    """Write weights for use: model.safetensors in half precision, and card.json."""
    folder = Path(expanded(str(folder)))
    # Half the size, in git and to download: words has 3.1 million weights and 6.3 MB.
    # A training state, from which learning resumes, keeps all its digits.
    half = {n: x.half() if x.is_floating_point() else x for n, x in tensors.items()}
    save_checkpoint(folder / "model.safetensors", half, card)
    text = json.dumps(card, indent=2) + "\n"
    replace_file(folder / "card.json", lambda file: file.write_text(text))


class Shipped(str):
    """A name that the course itself uses: it always means the shipped weights.

    A folder of the same name in the current directory is ignored.
    """


def find_weights(name_or_folder: Path | str) -> Path:
    """The folder of weights: a folder as given, or the name of shipped weights.

    A text that could mean both is refused. A Path, or a text like "./words", always
    means the folder; a `Shipped` name always means the shipped weights.

    Raises:
        CheckpointError: there are no weights there, or the name is ambiguous
    """
    here, ships = Path(expanded(str(name_or_folder))), weights_folder() / name_or_folder
    places = [ships] if isinstance(name_or_folder, Shipped) else [here, ships]
    there = [x for x in places if os.path.isfile(x / "model.safetensors")]
    # Choosing either in silence could draw with the wrong weights; only here can
    # nobody know which ones were meant.
    if len(there) == 2 and is_bare(name_or_folder) and not here.samefile(ships):
        raise CheckpointError(
            f"{name_or_folder!r} may mean the folder here or the weights that ship: "
            f"write {f'./{name_or_folder}'!r} for the folder or {str(ships)!r} for the "
            "shipped weights."
        )
    if there:
        return there[0]
    shipped = sorted(
        file.parent.relative_to(weights_folder()).as_posix()
        for file in weights_folder().rglob("model.safetensors")
    )
    raise CheckpointError(
        f"There are no weights at {str(name_or_folder)!r}: neither a folder with a "
        f"model.safetensors nor one of the shipped {shipped}."
    )


def is_bare(name_or_folder: Path | str) -> bool:
    """Whether this is a text that need not be a path: "words", but not "./words"."""
    typed = isinstance(name_or_folder, str)
    return typed and not (
        name_or_folder.startswith((".", "/", "~")) or Path(name_or_folder).is_absolute()
    )


def load_weights(name_or_folder: Path | str) -> tuple[Tensors, Card]:
    """Load weights as float32, all of them finite, and their card, checked.

    Raises:
        CheckpointError: a damaged file, a broken card, an odd type, NaN or infinity
    """
    tensors, card = load_checkpoint(find_weights(name_or_folder) / "model.safetensors")
    check_card(card, name_or_folder)
    # Complex numbers or float8, say: nothing here computes with those.
    odd = [n for n, x in tensors.items() if x.dtype not in TYPES]
    if odd:
        raise CheckpointError(
            f"The weights at {name_or_folder} hold {tensors[odd[0]].dtype}, first in "
            f"{odd[0]}, which no network of this course has: fetch or train others."
        )
    # Half precision is for the file alone: everything here is computed and was measured
    # in float32.
    whole = {n: x.float() if x.is_floating_point() else x for n, x in tensors.items()}
    astray = [name for name, x in whole.items() if not x.isfinite().all()]
    if astray:
        raise CheckpointError(
            f"There is NaN or infinity in the weights at {name_or_folder}, first in "
            f"{astray[0]}: their training diverged. Use others, or train again with a "
            "smaller learning rate."
        )
    return whole, card


class Unfilled(TorchFunctionMode):
    """A context in which `normal_` does nothing, so a new network is not initialised.

    For networks on the meta device, which has no numbers to fill. There torch's own
    `normal_` would first import sympy and 900 modules, which takes 4 seconds.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in (torch.Tensor.normal_, nn.init.normal_):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def load_network(
    name_or_folder: Path | str,
    kind: str,
    otherwise: str,
    build: Callable[..., nn.Module],
    only: str = "",
) -> tuple[nn.Module, Card]:
    """Load a trained network, in eval mode and on the CPU, and its card.

    The network is built on the meta device, compared with the file, and only then given
    memory: a card of a few characters can describe a network of any size. No weights
    are initialised, so torch's global random state does not change.

    Args:
        kind: the kind that the card must name
        otherwise: end of the error sentence for another kind, "which makes no latents"
        build: makes the network from a card's `config`
        only: the start of the names of the tensors that it has; others are left out

    Raises:
        CheckpointError: as `load_weights`; another kind; tensors that do not fit
    """
    tensors, card = load_weights(name_or_folder)
    if card.get("kind") != kind:
        raise CheckpointError(f"{name_or_folder} holds {kind_of(card)}, {otherwise}.")
    with made_from(name_or_folder, card, *needed_by(card)):
        with torch.device("meta"), Unfilled():
            network = build(**card["config"])
        tensors = {n: x for n, x in tensors.items() if n.startswith(only)}
        return fill(network, tensors), card


def fill(model: nn.Module, tensors: Tensors) -> nn.Module:
    """Put the tensors into the network and switch it to eval mode.

    A network on the meta device takes over the tensors themselves. Any other copies
    their values into its own memory, to which an optimizer may hold references.
    """
    refuse_misfit(model, tensors)
    # assign=True replaces the parameters. An optimizer would go on changing the old
    # ones, so a network in training is never filled that way.
    on_meta = any(x.is_meta for x in model.state_dict().values())
    model.load_state_dict(tensors, assign=on_meta)
    return model.eval()


def refuse_misfit(model: nn.Module, tensors: Tensors) -> None:
    """Raise CheckpointError unless names, shapes and types fit the network."""
    # load_state_dict copies whole numbers into floats without a word, and its message
    # lists everything that is wrong.
    wanted = {name: described(x) for name, x in model.state_dict().items()}
    found = {name: described(x) for name, x in tensors.items()}
    wrong = sorted(n for n in wanted | found if wanted.get(n) != found.get(n))
    if wrong:
        name = wrong[0]
        raise CheckpointError(
            f"These weights belong to another network: {len(wrong)} tensors differ, "
            f"the first is {name}, {found.get(name, 'missing')} in the file and "
            f"{wanted.get(name, 'missing')} in the network."
        )


def described(tensor: Tensor) -> str:
    """The shape, and the type unless it is a float: all floats fit each other."""
    kind = "" if tensor.is_floating_point() else f" of {tensor.dtype}"
    return f"{tuple(tensor.shape)}{kind}"
