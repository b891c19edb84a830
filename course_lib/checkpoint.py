"""Checkpoints: tensors and a card in one file, written whole or not at all.

A checkpoint is a safetensors file. Its header carries the card (what this is, as JSON)
sealed with a SHA-256 of card and tensors, so that a damaged file is noticed before it
is used. It is written to a temporary file, flushed to the disk and renamed: whoever
looks sees the old file or the new one, never half of one. No pickle is ever loaded.
What a card may say is in cards.py.
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

LONGEST = 255  # bytes of a name that file systems take
BESIDE = 35  # so many bytes longer a temporary file's name may be, see replace_file
Tensors = dict[str, Tensor]

# safetensors keeps metadata in the order of a hash that differs from run to run: with
# one key alone, equal trainings give equal files.
SEALED = "sealed_card"  # 64 letters of checksum, a space, the card
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
TYPES = (*FLOATS, torch.int64, torch.uint8)  # of weights
MOST_HEADER = 2**23  # bytes; ours have up to 50,000
LEFT_OVER_S = 3600  # no file takes so long to write: who began it was killed


class WriteError(CheckpointError):
    """A file could not be written; what was there before is untouched."""


def digest(tensors: Tensors) -> str:
    """The SHA-256 of names, types, shapes and bytes of all tensors, in name order."""
    sha = hashlib.sha256()
    # A dict's order is that in which layers were written down; equal weights must have
    # equal digests. Shape and type are told too: the same bytes in another shape are
    # another network.
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        # As bytes, for NumPy knows no bfloat16.
        sha.update(tensor.flatten().view(torch.uint8).numpy())
    return sha.hexdigest()


def sha256(text: str) -> str:
    """64 hexadecimal digits of the text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def save_checkpoint(file: Path | str, tensors: Tensors, card: Card) -> None:
    """Write tensors and card to one file, whole or not at all.

    Raises:
        WriteError: a full disk, no rights, a name too long, a card too large
    """
    file = Path(file)
    # safetensors refuses a view whose numbers do not lie in order, as those of a
    # transposed matrix.
    tensors = {name: x.detach().cpu().contiguous() for name, x in tensors.items()}
    text = json.dumps(card)
    if len(text) > MOST_LETTERS:
        raise WriteError(
            f"Could not write {file}: its card would have {len(text)} letters, and at "
            f"most {MOST_LETTERS} are read back."
        )
    # The letters that were sealed are the letters that are written: a card that is made
    # anew from its values may be spelled otherwise.
    header = {SEALED: f"{seal(tensors, text)} {text}"}
    replace_file(file, lambda temporary: save_file(tensors, temporary, header))


def seal(tensors: Tensors, text: str) -> str:
    """The SHA-256 of tensors and card together."""
    return sha256(f"{digest(tensors)} {text}")


def replace_file(file: Path, write) -> None:
    """Let `write(temporary)` make a file beside `file`, then rename it over `file`.

    Threads, processes and machines may all write the same file: chance gives each a
    temporary file of its own, and who comes last wins.
    """
    # Beside it, not in a folder for temporary files: a rename is one act only within
    # one file system.
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        rights = temporary.stat().st_mode  # safetensors would hide it from all others
        write(temporary)
        temporary.chmod(rights)
        # A rename may reach the disk before what was written: after a power cut the
        # name would stand for an empty file.
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, file)
    # A full disk is either of the two, as it is met by Python or by safetensors.
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
        # Tried, not asked: rights alone say nothing of a disk that is mounted for
        # reading.
        tempfile.TemporaryFile(dir=home).close()
    except OSError as error:
        raise ValueError(f"Cannot write to {folder}: {error.strerror}.") from error


def remove_left_overs(file: Path) -> None:
    """Remove what runs that were killed had written of this file, an hour ago or more.

    Where somebody else may be writing: a younger one may still become a file.
    """
    half = re.compile(rf"\.{re.escape(file.name)}\.[0-9a-f]+\.part")  # by replace_file
    # Escaped: a folder may be called [1].
    for left_over in file.parent.glob(f".{escape(file.name)}.*.part"):
        if not half.fullmatch(left_over.name):
            continue
        with suppress(OSError):  # somebody else has removed it, or it is not ours
            if time.time() - left_over.stat().st_mtime > LEFT_OVER_S:
                left_over.unlink()


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
    """Read tensors and card back, and refuse whatever is not exactly what was saved.

    Raises:
        CheckpointError: there is no file, or it is damaged, a pickle, or not of ours
    """
    file = Path(file)
    if not file.is_file():
        raise CheckpointError(f"There is no checkpoint at {file}.")
    try:
        look_at_start(file)
        with safe_open(file, framework="pt", device="cpu") as opened:
            header = opened.metadata() or {}
            names = opened.keys()  # cloned: Windows replaces no file that is in use
            tensors = {name: opened.get_tensor(name).clone() for name in names}
        text, intact = card_and_seal(header, tensors)
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{file} is damaged or no safetensors file ({error}). "
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
    """The card as text, None if there is none, and whether its checksums hold."""
    if SEALED in header:
        # A checksum tells damage, not malice: who changes a file can seal it anew. What
        # a card may say is checked for itself (cards.py).
        found, _, text = header[SEALED].partition(" ")
        return text, found == seal(tensors, text)
    if "card" not in header or "sha256" not in header:
        return None, False
    text = header["card"]  # what shipped first has three keys, or two
    of_card = header.get("card_sha256", sha256(text))
    return text, (digest(tensors), sha256(text)) == (header["sha256"], of_card)


def look_at_start(file: Path) -> None:
    """Raise a sentence for a pickle, or for a header of absurd length; parse nothing.

    The first eight bytes of a safetensors file say how long its header is.
    """
    with open(file, "rb") as opened:
        start = opened.read(9)
    # A zip archive or the bare protocols 2 to 5. But 0x4B50, the PK of a zip, is also
    # the length of a header of 19,280 bytes, hence the second look.
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
    """Write the weights for use in half precision, and the card beside them."""
    folder = Path(expanded(str(folder)))
    # Half the size in git and on the way here: words has 3.1 million weights and 6.3
    # MB. A state, which learning goes on from, keeps all its digits.
    half = {n: x.half() if x.is_floating_point() else x for n, x in tensors.items()}
    save_checkpoint(folder / "model.safetensors", half, card)
    text = json.dumps(card, indent=2) + "\n"
    replace_file(folder / "card.json", lambda file: file.write_text(text))


class Shipped(str):
    """A name that the course itself uses, which nobody typed: it means what ships.

    Whatever a folder of that name may hold that lies where one happens to be.
    """


def find_weights(name_or_folder: Path | str) -> Path:
    """The folder of weights: a folder as given, or a name among the shipped ones.

    A text that could mean both is refused; a Path, and a text like "./words", is always
    the folder, and a `Shipped` name always what ships.
    """
    here, ships = Path(expanded(str(name_or_folder))), weights_folder() / name_or_folder
    places = [ships] if isinstance(name_or_folder, Shipped) else [here, ships]
    there = [x for x in places if os.path.isfile(x / "model.safetensors")]
    # Silently taking either would draw with other weights than were meant; it is the
    # one case where nobody can know.
    if len(there) == 2 and is_bare(name_or_folder) and not here.samefile(ships):
        raise CheckpointError(
            f"{name_or_folder!r} may mean the folder here or the weights that ship: "
            f"write {f'./{name_or_folder}'!r} for the one or {str(ships)!r} for the "
            "other."
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
    """The weights as float32, all of them finite, and their card, looked through."""
    tensors, card = load_checkpoint(find_weights(name_or_folder) / "model.safetensors")
    check_card(card, name_or_folder)
    # Complex numbers or float8, say: nothing here computes with them.
    odd = [n for n, x in tensors.items() if x.dtype not in TYPES]
    if odd:
        raise CheckpointError(
            f"The weights at {name_or_folder} hold {tensors[odd[0]].dtype}, first in "
            f"{odd[0]}, which no network of this course has: fetch or train others."
        )
    # Half precision is for the file alone: everything here computes, and was measured,
    # in float32.
    whole = {n: x.float() if x.is_floating_point() else x for n, x in tensors.items()}
    astray = [name for name, x in whole.items() if not x.isfinite().all()]
    if astray:
        raise CheckpointError(
            f"There is NaN or infinity in the weights at {name_or_folder}, first in "
            f"{astray[0]}: their training went astray, so take others, or train again "
            "with a smaller learning rate."
        )
    return whole, card


class Unfilled(TorchFunctionMode):
    """In here a network that is built draws no first numbers, as `normal_` would.

    The meta device has none to keep. But to find that out torch would load sympy and
    900 modules, which takes 4 seconds; so `normal_` is not even asked.
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
) -> tuple[nn.Module, Card]:
    """A trained network, filled and in eval mode, on the CPU; and its card.

    It is built without memory for its numbers, compared with the file, and only then
    filled: a card of a few letters can describe a network of any size. So no number is
    drawn for it either, and torch's own stream of chance stays where it was.

    Args:
        kind: what it must be
        otherwise: what another kind does not do, the end of a sentence
        build: the network of a card's `config`
    """
    tensors, card = load_weights(name_or_folder)
    if card.get("kind") != kind:
        raise CheckpointError(f"{name_or_folder} holds {kind_of(card)}, {otherwise}.")
    with made_from(name_or_folder, card, *needed_by(card)):
        # Shapes without memory: a card that asks for a terabyte is compared first.
        with torch.device("meta"), Unfilled():
            network = build(**card["config"])
        return fill(network, tensors), card


def fill(model: nn.Module, tensors: Tensors) -> nn.Module:
    """Put the tensors into the network, or say which do not fit; sets eval mode.

    A network that was built on the meta device takes the tensors as its own; any other
    takes their numbers and keeps its memory, which an optimizer may know.
    """
    refuse_misfit(model, tensors)
    # assign hands the tensors over and copies nothing. An optimizer holds the old
    # tensors, and would go on changing those: so never where a network is trained.
    on_meta = any(x.is_meta for x in model.state_dict().values())
    model.load_state_dict(tensors, assign=on_meta)
    return model.eval()


def refuse_misfit(model: nn.Module, tensors: Tensors) -> None:
    """Raise a sentence unless these are a network's tensors: name, shape, type."""
    # load_state_dict compares names and shapes, but copies whole numbers into floats
    # without a word, and lists everything that is wrong.
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
    """The shape, and the type where it is none of the floats, which fit each other."""
    kind = "" if tensor.is_floating_point() else f" of {tensor.dtype}"
    return f"{tuple(tensor.shape)}{kind}"
