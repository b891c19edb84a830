"""Answers as JSON: numbers, shapes and dtypes as plain lists, and back.

What comes back was written by a stranger's process. So nothing is made of it but
tensors of known dtypes, numbers, texts, and lists, tuples and dicts of these; no
pickle, no class, no name that is looked up.
"""

from typing import NamedTuple

import torch
from torch import Tensor

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        torch.bool,
    )
}
MOST_NUMBERS = 500_000  # in one answer
MOST_LETTERS = 1000  # of a text
DEEPEST = 12  # lists in lists


class Other(NamedTuple):
    """Something that has no place in JSON."""

    kind: str  # its type's name, cut short


class Unreadable(ValueError):
    """No answer of the kinds above."""


def to_plain(value, depth: int = 0):
    """A value as JSON can hold it; of what it cannot hold, the name of its type."""
    if depth > DEEPEST:
        return {"other": "lists in lists in lists"}
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is str:
        return value[:MOST_LETTERS]
    if type(value) is int:
        return value if abs(value) < 2**63 else {"other": "very large int"}
    if isinstance(value, Tensor):
        return _tensor_to_plain(value)
    for kind in (list, tuple):
        if isinstance(value, kind):
            parts = [to_plain(part, depth + 1) for part in value[:MOST_NUMBERS]]
            return {kind.__name__: parts}
    if type(value) is dict:
        pairs = [[to_plain(x, depth + 1) for x in pair] for pair in value.items()]
        return {"dict": pairs}
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return to_plain(value.item(), depth + 1)  # a numpy number
    return {"other": type(value).__name__[:60]}


def _tensor_to_plain(value: Tensor) -> dict:
    dtype = str(value.dtype).removeprefix("torch.")
    if dtype not in DTYPES or value.numel() > MOST_NUMBERS:
        return {"other": f"tensor of {dtype}, {tuple(value.shape)}"[:60]}
    numbers = value.detach().cpu().reshape(-1).tolist()
    return {"tensor": numbers, "shape": list(value.shape), "dtype": dtype}


def from_plain(plain, depth: int = 0):
    """The value that a piece of JSON stands for.

    Raises Unreadable for all that `to_plain` does not write.
    """
    if depth > 2 * DEEPEST:
        raise Unreadable("lists in lists in lists")
    if plain is None or type(plain) in (bool, int, float, str):
        return plain
    if type(plain) is not dict:
        raise Unreadable("a bare list")
    if "tensor" in plain:
        return _tensor_from_plain(plain)
    if type(name := plain.get("other")) is str:
        return Other(name[:60])
    if len(plain) != 1:
        raise Unreadable("no kind")
    ((kind, parts),) = plain.items()
    if type(parts) is not list or len(parts) > MOST_NUMBERS:
        raise Unreadable("no list")
    if kind in ("list", "tuple"):
        values = [from_plain(part, depth + 1) for part in parts]
        return values if kind == "list" else tuple(values)
    if kind != "dict":
        raise Unreadable("no such kind")
    try:
        return {
            from_plain(key, depth + 1): from_plain(value, depth + 1)
            for key, value in parts
        }
    except (TypeError, ValueError) as error:
        raise Unreadable("no dict") from error


def _tensor_from_plain(plain: dict) -> Tensor:
    numbers, shape = plain["tensor"], plain.get("shape")
    dtype = plain.get("dtype")
    if type(dtype) is not str or dtype not in DTYPES:
        raise Unreadable("no dtype")
    if type(numbers) is not list or type(shape) is not list or len(shape) > 8:
        raise Unreadable("no list of numbers")
    if any(type(number) not in (int, float, bool) for number in numbers):
        raise Unreadable("no numbers")
    size = 1
    for side in shape:
        if type(side) is not int or not 0 <= side <= MOST_NUMBERS:
            raise Unreadable("no shape")
        size *= side
    if size != len(numbers) or size > MOST_NUMBERS:
        raise Unreadable("another number of numbers than its shape has")
    try:
        return torch.tensor(numbers, dtype=DTYPES[dtype]).reshape(shape)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        raise Unreadable("numbers that do not fit their dtype") from error
