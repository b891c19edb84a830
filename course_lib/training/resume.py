"""Saving a training, and resuming it from what was saved.

The only complete record of a training is `state.safetensors` in its folder; the weights
for use, beside it, are made from it. It holds

    model.NAME               the weights
    ema.NAME                 their average, the weights to use
    optimizer.MOMENT.NAME    the optimizer's state for each weight
    losses                   (iterations done,)

and a card that says what was trained, how, and how far it is. A resumed training
reaches the same weights as an uninterrupted one, or else refuses with a sentence.
"""

import json
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torch import nn

from course_lib.cards import wrong_on
from course_lib.checkpoint import (
    Card,
    CheckpointError,
    Tensors,
    digest,
    load_checkpoint,
    save_checkpoint,
    save_weights,
    sha256,
)
from course_lib.device import MOST_THREADS
from course_lib.world.datasets import PictureSet

STATE = "state.safetensors"
LEFT_OVER = re.compile(  # the name that `replace_file` gives to a half-written file
    r"\.(state\.safetensors|model\.safetensors|card\.json)\.[0-9a-f]+\.part"
)
MOST_ITERATIONS = 10**9
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
ADAMW = ("step", "exp_avg", "exp_avg_sq")  # AdamW's state for a weight
MUON = ("step", "momentum")  # Muon's state for a matrix
STOPS = tuple(  # Windows has no SIGHUP
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)
)


# One folder, one training -----------------------------------------------------


def take(folder: Path, lock: FileLock) -> None:
    """Lock a folder: no other training may write to it.

    Raises:
        CheckpointError: another training holds it, or nothing can be written there
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A lock of the operating system: it vanishes with the process that holds it,
        # even if that is killed. A file that says "busy" would stay.
        lock.acquire(timeout=0)
        remove_left_overs(folder)
    except Timeout as busy:
        raise CheckpointError(
            f"Another training is writing to {folder}. Wait for it, or choose "
            "another folder."
        ) from busy
    except OSError as error:
        raise CheckpointError(f"Cannot write to {folder}: {error}.") from error


def remove_left_overs(folder: Path) -> None:
    """Delete the half-written files of trainings that were killed, and nothing else.

    We hold the lock, so the processes that wrote them have ended.
    """
    for place in (folder, *folder.glob("at-[0-9]*"), folder / "autoencoder"):
        for file in place.glob(".*.part"):
            if LEFT_OVER.fullmatch(file.name):
                file.unlink(missing_ok=True)


# What is saved ----------------------------------------------------------------


def state_of(
    model: nn.Module,
    ema: Tensors,
    optimizer: torch.optim.Optimizer,
    names: list[str],
    losses: list[float],
) -> Tensors:
    """The complete state of a training: tensors by their names in the file.

    Args:
        names: of the parameters, in the order of the optimizer's groups
    """
    tensors = {f"model.{n}": x for n, x in model.state_dict().items()}
    tensors |= {f"ema.{n}": x for n, x in ema.items()}
    # By name, not by torch's numbers: those follow the order of the groups, and could
    # silently assign a moment to another weight of the same shape.
    for i, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{k}.{names[i]}": x for k, x in moments.items()}
    return tensors | {"losses": torch.tensor(losses, dtype=torch.float32)}


def save_state(folder: Path, tensors: Tensors, card: Card) -> None:
    """Write the state, and from it the weights for use.

    Raises:
        FloatingPointError: there is NaN or infinity in the state; nothing is written,
            as such a state would replace one that can be resumed
    """
    refuse_astray(tensors, card)
    # The state first: a training killed between the two leaves weights that are a
    # minute old, and a state to make new ones from.
    save_checkpoint(folder / STATE, tensors, card)
    save_weights(folder, part(tensors, "ema."), card)


def save_aside(folder: Path, ema: Tensors, card: Card) -> None:
    """Write the averaged weights of this iteration to a folder at-ITERATION."""
    refuse_astray(ema, card)
    save_weights(folder / f"at-{card['iteration']}", ema, card)


def refuse_astray(tensors: Tensors, card: Card) -> None:
    """Raise a FloatingPointError if a tensor to be saved holds NaN or infinity."""
    astray = not_finite(tensors)
    if astray:
        raise FloatingPointError(
            f"There is NaN or infinity in {astray} after iteration "
            f"{card['iteration']}: a smaller learning rate may help. What was saved "
            "before is untouched."
        )


def as_json(card: Card) -> Card:
    """The card as it will be read back; numbers of NumPy and torch become plain ones.

    Raises:
        ValueError: the card holds something that JSON cannot express
    """
    try:
        # To JSON and back: a tuple becomes a list, which can be compared with a card
        # that was read from a file.
        return json.loads(json.dumps(card, default=lambda number: number.item()))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"A card holds numbers, texts, lists and dicts only ({error}): {card}."
        ) from error


def refuse_unusable(card: Card) -> None:
    """Raise ValueError for a card whose weights could never be loaded again."""
    wrong = wrong_on(as_json(card))
    if wrong:
        raise ValueError(f"Such weights could never be used: {wrong}.")


def part(tensors: Tensors, prefix: str) -> Tensors:
    """The tensors whose names start with the prefix, which is removed."""
    return {n[len(prefix) :]: x for n, x in tensors.items() if n.startswith(prefix)}


def not_finite(tensors: Tensors) -> str:
    """The name of the first tensor that holds NaN or infinity, or ""."""
    astray = (name for name, x in tensors.items() if not x.isfinite().all())
    return next(astray, "")


def pictures_digest(pictures: PictureSet) -> str:
    """SHA-256 of a picture set, for the card: names, labels and every pixel.

    A folder of photos is read again when a training resumes. Without this check, a
    renamed class or an exchanged photo would go unnoticed.
    """
    seen = {"pictures": pictures.pictures, "labels": pictures.labels}
    # Names as well as numbers: label 3 may be "cat" today and "dog" after a folder is
    # renamed.
    return sha256(json.dumps([list(pictures.names), digest(seen)]))


# What is read -----------------------------------------------------------------


def read_state(folder: Path | str | None, resume: bool) -> tuple[Tensors, Card] | None:
    """Read the state in a folder: tensors and card; None if there is no state.

    Raises:
        CheckpointError: there is one, but `resume` is False or its card is unusable; or
            there are weights without a state
    """
    if folder is None:
        return None
    if not (Path(folder) / STATE).exists():
        refuse_finished(Path(folder))
        return None
    if not resume:
        raise CheckpointError(
            f"{folder} already holds a training. Carry on with --resume (in "
            "Python resume=True), or choose another folder; nothing was overwritten."
        )
    tensors, card = load_checkpoint(Path(folder) / STATE)
    lacking = what_it_lacks(card)
    if lacking:
        raise CheckpointError(
            f"The state in {folder} cannot be carried on from: its card has no usable "
            f"{lacking}. Start anew in another folder; nothing was overwritten."
        )
    return tensors, card


def refuse_finished(folder: Path) -> None:
    """Raise CheckpointError if a training would overwrite weights without a state.

    Every training writes its state first. Weights without one were fetched, sent by
    somebody, or averaged, and nothing here could make them again.
    """
    if (folder / "model.safetensors").exists():
        raise CheckpointError(
            f"{folder} already holds weights, and no training that could be carried "
            "on: choose another folder; nothing was overwritten."
        )


def saved_card(folder: Path | str | None, resume: bool) -> Card:
    """The card of the training in a folder, or {}; raises like `read_state`."""
    found = read_state(folder, resume)
    return {} if found is None else found[1]


def what_it_lacks(card: Card) -> str:
    """The first entry needed to resume that a card lacks or has wrong, or ""."""
    if not isinstance(card, dict):
        return "entries"
    settings = card.get("settings")
    if not isinstance(settings, dict):
        return "settings"
    if not lies_in(settings.get("iterations"), 1, MOST_ITERATIONS):
        return "number of iterations"
    if not lies_in(card.get("iteration"), 0, settings["iterations"]):
        return "iteration"
    if not lies_in(card.get("threads"), 1, MOST_THREADS):
        return "number of threads"
    if card.get("precision") not in tuple(DTYPES):  # a tuple: JSON may hold a list here
        return "precision"
    return ""


def lies_in(number, least: int, most: int) -> bool:
    """Whether a value from JSON is a whole number in these bounds; true is not."""
    return type(number) is int and least <= number <= most


def check_tensors(
    folder: Path,
    tensors: Tensors,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    names: list[str],
    iterations: int,
) -> None:
    """Raise a CheckpointError unless every tensor fits this network and its optimizer.

    The fused AdamW checks no shapes: it would read and write past the end of moments
    that are too small.
    """
    own = {n: (x.dtype, tuple(x.shape)) for n, x in model.state_dict().items()}
    wanted = {f"{kind}.{n}": own[n] for kind in ("model", "ema") for n in own}
    wanted["losses"] = (torch.float32, (iterations,))
    # A weight's group decides what it must have: AdamW's two moments, or Muon's one.
    groups = optimizer.param_groups
    matrix = [group["matrix"] for group in groups for _ in group["params"]]
    for name, is_matrix in zip(names, matrix, strict=True):
        moments = [f"optimizer.{k}.{name}" for k in (MUON if is_matrix else ADAMW)]
        if any(moment in tensors for moment in moments):  # else: never had a gradient
            wanted |= dict.fromkeys(moments, own[name])
            wanted[moments[0]] = (torch.float32, ())
    found = {n: (x.dtype, tuple(x.shape)) for n, x in tensors.items()}
    wrong = sorted(n for n in wanted | found if wanted.get(n) != found.get(n))
    if wrong:
        name = wrong[0]
        raise CheckpointError(
            f"The state in {folder} belongs to another network: {len(wrong)} tensors "
            f"differ, the first is {name}, {in_short(found.get(name))} in the file and "
            f"{in_short(wanted.get(name))} here."
        )
    astray = not_finite(tensors)
    if astray:
        raise CheckpointError(
            f"There is NaN or infinity in {astray} of the state in {folder}: start "
            "anew in another folder, with a smaller learning rate."
        )


def in_short(kind: tuple[torch.dtype, tuple[int, ...]] | None) -> str:
    """ "(8, 3) float32", or "missing"."""
    return "missing" if kind is None else f"{kind[1]} {str(kind[0])[6:]}"


def refuse_another(folder: Path, then: Card, now: Card) -> None:
    """Raise a CheckpointError if the training in a folder is not the one asked for.

    A finished training may be extended, and the command may be spelled differently.

    Args:
        then: the card of the state
        now: the card asked for and, on the same level, the settings, both as JSON
    """
    # The oldest states have no "muon", since there was none. The precision actually
    # used overrides the one asked for, which may be "auto".
    then = {"muon": False} | then | then["settings"] | {"precision": then["precision"]}
    # Only entries that both have: cards of a newer course may have more, and older
    # trainings must still be resumable.
    # And the parts of a batch change nothing but rounding, as the processes do.
    said = now.keys() & then.keys() - {"command", "accumulate"}
    if now["precision"] == "auto":
        said -= {"precision"}
    if then["iteration"] == then["iterations"] < now["iterations"]:
        said -= {"iterations", "keep"}
    changed = sorted(name for name in said if now[name] != then[name])
    # A message of its own: two checksums in the general one would help nobody.
    if changed == ["data_sha256"]:
        raise CheckpointError(
            f"The pictures that the training in {folder} learned from are no longer "
            "the same: some came, went, changed or have another label. Resume with "
            "the old ones, or start anew in another folder."
        )
    if changed:
        name = next(name for name in changed if name != "data_sha256")
        raise CheckpointError(
            f"The training in {folder} had other settings: {name} was "
            f"{then[name]}, now it is {now[name]}. Resume with the same settings, "
            "or start anew in another folder."
        )


def put_back(
    optimizer: torch.optim.Optimizer, names: list[str], moments: Tensors
) -> None:
    """Restore an optimizer, in place, from the tensors optimizer.* of `state_of`."""
    # Only "state" is replaced: learning rates and the like follow from the settings.
    state = optimizer.state_dict()
    kinds = dict.fromkeys((*ADAMW, *MUON))
    remembered = (
        {k: moments[f"{k}.{n}"] for k in kinds if f"{k}.{n}" in moments} for n in names
    )
    state["state"] = {i: its for i, its in enumerate(remembered) if its}
    optimizer.load_state_dict(state)


# Interrupts -------------------------------------------------------------------


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Hold back the signals that would stop us, Ctrl-C, TERM and HUP, during a block.

    After the block they act like Ctrl-C, so the work done can still be saved. An
    ignored signal stays ignored, as HUP does under nohup.
    """
    waiting = []
    with answered_by(lambda number, frame: waiting.append(number), STOPS) as before:
        yield
    if waiting:
        if before[waiting[0]] is signal.SIG_DFL:  # would end the process on the spot
            raise KeyboardInterrupt
        # Only the first: a second Ctrl-C in the meantime means the same.
        signal.raise_signal(waiting[0])


@contextmanager
def answered_by(answer, numbers: tuple[int, ...]) -> Iterator[dict]:
    """Handle these signals with `answer` in a block; yields the previous handlers."""
    before = {}
    if threading.current_thread() is threading.main_thread():  # others may set none
        before = {number: signal.getsignal(number) for number in numbers}
    # None: not set from Python; such a handler can be neither called nor restored.
    ours = {n: was for n, was in before.items() if was not in (None, signal.SIG_IGN)}
    for number in ours:
        signal.signal(number, answer)
    try:
        yield ours
    finally:
        for number, was in ours.items():
            signal.signal(number, was)


@contextmanager
def stopped_by_any() -> Iterator[None]:
    """Let TERM and HUP raise KeyboardInterrupt in a block, as Ctrl-C does."""
    silent = tuple(n for n in STOPS if signal.getsignal(n) is signal.SIG_DFL)
    with answered_by(signal.default_int_handler, silent):
        yield
