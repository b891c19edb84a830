"""All randomness of the course: every draw follows from a seed and an index alone.

Picture 7 of seed 0 is the same in any batch, on any device, before and after a restart.
So there is no global stream of random numbers that everybody draws from: each use names
its own, and two uses that share a seed differ in the number of their stream.
"""

import operator
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

Batch = dict[str, Tensor]
GetBatch = Callable[[int], Batch]  # iteration number to batch

# The numbers of the streams. Every trained network and every picture of a seed depends
# on them: a new use takes a new number, and an old number never changes.
# For generator_for(seed, number of the iteration, epoch or chunk, stream):
WEAR, ORDER, MIRROR, BREAKAGE, TYPING, CLOUD, STRANGER = range(1, 8)
MANNER, AGAIN = 8, 9
MINE, NEAR_MISS, SKETCHED = 20, 21, 22  # SKETCHED takes 23 as well
# Of films: given frames, what a judge learns to refuse, the noise of all frames.
GIVING, SPOILING, SHARING = 30, 31, 32
# (seed, i) without a stream: the noise of training iteration i, and the noise that
# picture i starts from; a training and a drawing may share numbers without harm.
# For measurements: which photos count as real; how a judge's test pictures are damaged.
HALVES, TRIAL, VOTING = 5, 6, 10
# For uniforms(indices, seed, k, stream). Factors that are redrawn until they are
# accepted take streams 16, 32, ... (REDRAWN times the attempt).
CHOOSING, WRITING, LYING, DRAWING = range(4)
REWORDING, SPEAKING, REDRAWN = 7, 13, 16
# Flaws drawn on purpose: tries 0, 1, 2 take FAULTING, FAULTING + 1, ...
FAULTING, GRAIN = 8, 12
PLUSH = 14  # poses and companions of the creature of lesson 13
# Films; those redrawn take FILMING + 16, + 32, ...
FILM_WRITING, FILMING = 11, 15

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 divided by the golden ratio: splitmix64's stride
SALT = 0x632BE59BD9B4E019  # makes the number 0 change the state too


# Python's `random` and torch draw one number after another. A mixing function needs no
# predecessor: picture 49,999 costs as much as picture 0, and a million are one array.
def scramble(bits: np.ndarray) -> np.ndarray:
    """The mixing step of splitmix64 (Steele et al. 2014): uint64 in, uint64 out."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def as_seed(number) -> int:
    """A whole number as Python's own, whoever counted it; a sentence for all else."""
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(
            f"A seed is a whole number, such as 4; got {number!r:.40}."
        ) from None


def generator_for(*numbers: int) -> torch.Generator:
    """An independent CPU generator for a tuple of integers, say (seed, iteration).

    Neighbouring tuples get unrelated streams. Seeding torch with 0, 1, 2 would not do.
    """
    # An array of one: for a scalar NumPy would warn of overflow, which is the point.
    state = np.array([GOLDEN], dtype=np.uint64)
    for number in numbers:
        salted = np.uint64((as_seed(number) + SALT) % 2**64)
        state = scramble(state ^ salted)
    # Always on the CPU: a GPU draws other numbers from the same seed.
    return torch.Generator().manual_seed(int(state[0]))


def uniforms(indices: Tensor, seed: int, k: int, stream: int = CHOOSING) -> np.ndarray:
    """k float64 numbers in [0, 1) for each index: (N, k).

    They follow from (seed, stream, index) alone.

    Args:
        indices: (N,) whole numbers
    """
    golden = np.uint64(GOLDEN)
    # A Python int: a number of NumPy or torch cannot hold 2**64.
    seed = as_seed(seed) % 2**64
    key, salt = np.array([[seed], [stream + 1]], dtype=np.uint64)
    key = scramble(scramble(key) + salt * golden)  # (1,)
    state = scramble(key + indices.numpy().astype(np.uint64) * golden)  # (N,)
    counter = np.arange(1, k + 1, dtype=np.uint64) * golden  # (k,)
    bits = scramble(state[:, None] + counter)  # (N, k)
    # The upper 53 bits, as many as a float64 holds: never 1, and every step equal.
    return (bits >> np.uint64(11)) * 2.0**-53


def pick(chance: np.ndarray, count: int | np.ndarray) -> np.ndarray:
    """Turn `chance` in [0, 1) into whole numbers 0..count - 1, all equally likely."""
    # A chance below 1 times count is below count. No modulo, so no number is favoured.
    return (chance * count).astype(np.int64)
