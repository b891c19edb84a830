"""Checks of a training's arguments: sensible numbers, and a network that fits.

Each function takes a number that somebody typed or computed and returns it as a plain
Python number, ready for a card. If it makes no sense, the function raises a ValueError
with one sentence, before anything is built.
"""

import operator
import os
from collections.abc import Iterable

from course_lib.device import GIB, best_device, gpu_memory_gib, memory_gib
from course_lib.world.wear import CHUNK

MOST_SEEDS = 2**63  # torch.manual_seed takes no more
LOUDEST = 5  # a logit-normal around 5 is above u = 0.9 in all but one draw of 400

# A training holds each weight, its gradient, its average and two moments of AdamW (one
# for Muon): at least four numbers.
COPIES = 4
# Activations kept of each picture for the backward pass, counted with torch's
# saved_tensors_hooks: numbers per channel and position, (in each block, once per grid),
# and per pixel at the input and output. For an autoencoder they include those of the
# pair that looks at its pictures. A frozen encoder keeps nothing.
KEPT_BY_UNET = (8, 4, 70)
KEPT_BY_AUTOENCODER = (4, 4, 119)
KEPT_BY_DECODER = (2, 2, 119)
OBJECTS = 23_000  # bytes: Python's own objects around one block, however narrow


def whole(name: str, number, low: int, high: int) -> int:
    """Check a whole number in low..high; integers of NumPy and torch are welcome."""
    number = integer(name, number)
    if not low <= number <= high:
        raise ValueError(f"{name} must be {low}..{high}; got {number}.")
    return number


def integer(name: str, number) -> int:
    """Convert a whole number to a Python int, fit for every card and seed."""
    try:
        # int() would turn 2.7 into 2 and "3" into 3; index() takes only integers.
        return operator.index(number)
    except TypeError as error:
        raise ValueError(f"{name} takes whole numbers; got {number!r}.") from error


def checked_batch(batch_size) -> int:
    """Check a batch size: at most CHUNK, as the reader cuts its batches from chunks."""
    return whole("--batch", batch_size, 1, CHUNK)


def checked_seed(seed) -> int:
    """Check a seed: torch must take it too."""
    seed = integer("--seed", seed)
    if not 0 <= seed < MOST_SEEDS:
        raise ValueError(f"--seed must be 0..2^63 - 1; got {seed}.")
    return seed


def checked_size(size, *sizes: int) -> int:
    """Check height and width, one of `sizes`."""
    size = integer("--size", size)
    if size not in sizes:
        either = " or ".join(map(str, sizes))
        raise ValueError(f"--size must be {either} here; got {size}.")
    return size


def checked_share(name: str, share) -> float:
    """Check a share, 0 to 1."""
    # Also refuses NaN: no comparison with it is true.
    if not 0 <= share <= 1:
        raise ValueError(f"{name} is a share, 0..1; got {share}.")
    return float(share)


def checked_number(name: str, number, most: float, zero: bool = False) -> float:
    """Check a number above 0, or also 0 itself, and up to `most`."""
    # Also refuses NaN: no comparison with it is true.
    if not (0 < number <= most or (zero and number == 0)):
        above = "0 or above" if zero else "above 0"
        raise ValueError(f"{name} must be {above}, up to {most:.0f}; got {number}.")
    return float(number)


def checked_noisier(noisier) -> float | None:
    """Check the centre of a logit-normal, see `with_noise`; None draws steps evenly."""
    if noisier is None:
        return None
    # Also refuses NaN: no comparison with it is true.
    if not abs(noisier) <= LOUDEST:
        raise ValueError(f"--noisier must lie in -{LOUDEST}..{LOUDEST}; got {noisier}.")
    return float(noisier)


def checked_network(
    widths: Iterable, blocks, side: int, of: str = "pixels"
) -> tuple[tuple[int, ...], int]:
    """Check the widths and blocks of a U-Net for inputs that are `side` wide.

    Each width stands for a grid half as fine as the one before.
    """
    widths = tuple(integer("--widths", width) for width in widths)
    blocks = integer("--blocks", blocks)
    if blocks < 1 or not widths or any(width < 8 or width % 8 for width in widths):
        raise ValueError(
            f"--widths must be multiples of 8 and --blocks 1 or more; "
            f"got {widths} and {blocks}."
        )
    if side % 2 ** len(widths):
        raise ValueError(f"{len(widths)} --widths halve {side} {of} too often.")
    return widths, blocks


# Memory -----------------------------------------------------------------------


def check_blocks_fit(
    widths: tuple[int, ...],
    blocks: int,
    side: int,
    batch_size: int,
    precision: str,
    fold: int = 2,
    kept: tuple[int, int, int] = KEPT_BY_UNET,
) -> None:
    """Raise a ValueError if a U-Net or an autoencoder needs too much memory here.

    Args:
        side: height and width of the input, pictures or latents
        fold: the factor by which the first grid is smaller than the input
        kept: KEPT_BY_UNET, KEPT_BY_AUTOENCODER or KEPT_BY_DECODER
    """
    weights, a_picture = size_of_network(widths, blocks, side, fold, kept)
    # A million narrow blocks have few weights, yet their objects fill the memory.
    objects = 2 * blocks * len(widths) * OBJECTS
    bytes_needed = bytes_for(weights, a_picture, batch_size, precision) + objects
    refuse_more_than_there_is(bytes_needed, "--batch, --widths or --blocks")


def check_batch_fits(a_picture: int, batch_size: int, precision: str) -> None:
    """Raise a ValueError if a batch is too large for a network of fixed size.

    Args:
        a_picture: how many numbers are kept of each picture for the backward pass
    """
    bytes_needed = bytes_for(0, a_picture, batch_size, precision)
    refuse_more_than_there_is(bytes_needed, "--batch")


def size_of_network(
    widths: tuple[int, ...],
    blocks: int,
    side: int,
    fold: int,
    kept: tuple[int, int, int],
) -> tuple[int, int]:
    """Lower bounds for the weights, and for the numbers kept of each picture.

    On each grid there are `blocks` on the way down and as many on the way up, each
    with two convolutions of 3x3.
    """
    weights = sum(2 * blocks * 2 * 9 * width**2 for width in widths)
    places = [width * (side // fold >> i) ** 2 for i, width in enumerate(widths)]
    a_block, a_grid, a_pixel = kept
    there_and_back = (2 * blocks * a_block + a_grid) * sum(places)
    return weights, there_and_back + a_pixel * side**2


def bytes_for(weights: int, a_picture: int, batch_size: int, precision: str) -> int:
    """A lower bound for the memory of a training, in bytes."""
    if best_device().type == "cuda":  # processes share a batch, each on its own GPU
        batch_size = -(-batch_size // int(os.environ.get("WORLD_SIZE", "1")))
    each = 2 if precision == "bfloat16" else 4  # "auto" also tries float32
    return 4 * COPIES * weights + each * batch_size * a_picture


def refuse_more_than_there_is(bytes_needed: int, smaller: str) -> None:
    """Raise a ValueError that names the options to make smaller."""
    # A lower bound: a refused training would not fit, while an accepted one may still
    # be too large. All memory counts as free: nobody knows what else will run.
    there = gpu_memory_gib() or memory_gib()
    if bytes_needed > there * GIB:
        needed = min(bytes_needed // GIB, 10**9)
        raise ValueError(
            f"This training needs {needed:,} GiB of memory or more, and there are "
            f"{there:.0f}: take a smaller {smaller}."
        )
