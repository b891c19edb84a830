"""What may be asked of a training: numbers that make sense, and a network that fits.

Each function takes what somebody typed or computed and gives it back as Python's own
number, fit for a card, or raises a ValueError: one sentence, before anything is made.
"""

import operator
import os
from collections.abc import Iterable

from course_lib.device import GIB, best_device, gpu_memory_gib, memory_gib
from course_lib.world.wear import CHUNK

MOST_SEEDS = 2**63  # torch.manual_seed takes no more
LOUDEST = 5  # a logit-normal around 5 is above u = 0.9 in all but one draw of 400

# A training holds each weight, its gradient, its average and two moments of AdamW (Muon
# needs one): four numbers at the very least.
COPIES = 4
# What is kept of each picture for the way back, counted by torch's saved_tensors_hooks:
# numbers a channel and place, in each block and once a grid; and numbers a pixel, where
# pictures come in and go out. The pair looks at what an autoencoder makes: that counts,
# too. A frozen encoder keeps nothing.
KEPT_BY_UNET = (8, 4, 70)
KEPT_BY_AUTOENCODER = (4, 4, 119)
KEPT_BY_DECODER = (2, 2, 119)
OBJECTS = 23_000  # bytes: Python's own objects around one block, however narrow


def whole(name: str, number, low: int, high: int) -> int:
    """A whole number in low..high; numpy's and torch's integers are welcome."""
    number = integer(name, number)
    if not low <= number <= high:
        raise ValueError(f"{name} must be {low}..{high}; got {number}.")
    return number


def integer(name: str, number) -> int:
    """A whole number as Python's own, which every card and seed can take."""
    try:
        # int would take 2.7 for 2, and "3" for 3; index takes what is whole already.
        return operator.index(number)
    except TypeError as error:
        raise ValueError(f"{name} takes whole numbers; got {number!r}.") from error


def checked_batch(batch_size) -> int:
    """Pictures an iteration: the reader cuts its batches from chunks of CHUNK."""
    return whole("--batch", batch_size, 1, CHUNK)


def checked_seed(seed) -> int:
    """A seed that torch takes, too."""
    seed = integer("--seed", seed)
    if not 0 <= seed < MOST_SEEDS:
        raise ValueError(f"--seed must be 0..2^63 - 1; got {seed}.")
    return seed


def checked_size(size, *sizes: int) -> int:
    """Height and width, one of those there are."""
    size = integer("--size", size)
    if size not in sizes:
        either = " or ".join(map(str, sizes))
        raise ValueError(f"--size must be {either} here; got {size}.")
    return size


def checked_share(name: str, share) -> float:
    """A share of a batch or of captions."""
    # Also refuses NaN: no comparison with it is true.
    if not 0 <= share <= 1:
        raise ValueError(f"{name} is a share, 0..1; got {share}.")
    return float(share)


def checked_noisier(noisier) -> float | None:
    """The middle of a logit-normal, see `with_noise`; None draws steps evenly."""
    if noisier is None:
        return None
    # NaN is refused as well: no comparison with it is true.
    if not abs(noisier) <= LOUDEST:
        raise ValueError(f"--noisier must lie in -{LOUDEST}..{LOUDEST}; got {noisier}.")
    return float(noisier)


def checked_network(
    widths: Iterable, blocks, side: int, of: str = "pixels"
) -> tuple[tuple[int, ...], int]:
    """Channels and blocks on grids, each half as fine, of pictures `side` wide."""
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
    """Raise a sentence if a U-Net or an autoencoder is larger than this machine.

    Args:
        side: height and width of what comes in, pictures or latents
        fold: how much smaller the first grid is
        kept: KEPT_BY_UNET, KEPT_BY_AUTOENCODER or KEPT_BY_DECODER
    """
    weights, a_picture = size_of_network(widths, blocks, side, fold, kept)
    # A million blocks of no width to speak of weigh nothing by their numbers, and fill
    # the memory all the same.
    objects = 2 * blocks * len(widths) * OBJECTS
    bytes_needed = bytes_for(weights, a_picture, batch_size, precision) + objects
    refuse_more_than_there_is(bytes_needed, "--batch, --widths or --blocks")


def check_batch_fits(a_picture: int, batch_size: int, precision: str) -> None:
    """Raise a sentence if so many pictures are too many for a network of fixed size.

    Args:
        a_picture: how many numbers it keeps of each for the way back
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
    """How many weights, and numbers kept of a picture, from below.

    On each grid there are `blocks` on the way there and as many on the way back, each
    with two convolutions of 3x3.
    """
    weights = sum(2 * blocks * 2 * 9 * width**2 for width in widths)
    places = [width * (side // fold >> i) ** 2 for i, width in enumerate(widths)]
    a_block, a_grid, a_pixel = kept
    there_and_back = (2 * blocks * a_block + a_grid) * sum(places)
    return weights, there_and_back + a_pixel * side**2


def bytes_for(weights: int, a_picture: int, batch_size: int, precision: str) -> int:
    """The memory of a training, from below; whole numbers, for these may be huge."""
    if best_device().type == "cuda":  # processes share a batch, each on its own GPU
        batch_size = -(-batch_size // int(os.environ.get("WORLD_SIZE", "1")))
    each = 2 if precision == "bfloat16" else 4  # "auto" tries float32, too
    return 4 * COPIES * weights + each * batch_size * a_picture


def refuse_more_than_there_is(bytes_needed: int, smaller: str) -> None:
    """Raise a sentence that names what to make smaller."""
    # From below, so what is refused would not fit, and what passes may still be too
    # large. All of the memory counts as free: nobody knows what else will run.
    there = gpu_memory_gib() or memory_gib()
    if bytes_needed > there * GIB:
        needed = min(bytes_needed // GIB, 10**9)
        raise ValueError(
            f"This training needs {needed:,} GiB of memory or more, and there are "
            f"{there:.0f}: take a smaller {smaller}."
        )
