"""Critters without end: fresh pictures for a training that never repeats its data.

A long training sees fifty thousand fixed pictures again and again, and never sees the
combinations that they happen to lack. Drawing costs little beside learning, so a long
training can do with new pictures alone.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.chance import AGAIN, Batch, GetBatch, generator_for
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

CHUNK = 2048  # pictures drawn together, and forgotten together
# Beyond the 60,000 pictures of `load_critters`: the test pictures stay unseen.
FIRST = 100_000


def endless_batches(
    batch_size: int,
    size: int = 32,
    seed: int = 0,
    again: int = 1,
    encode: Callable[[Tensor], Tensor] | None = None,
) -> GetBatch:
    """Batches of `x_0`, (B, 3, size, size) in [-1, 1], and (B,) for each factor.

    Like `batches`, a function of the iteration alone. No held-out combination occurs.

    Args:
        again: how often each picture is seen, within its chunk; above 1 saves encoding
        encode: from pictures (N, 3, H, W) uint8 to latents, which then are the `x_0`
    """
    # One chunk suffices, since batches come in order; resuming redraws one chunk.
    kept: dict[int, tuple[Tensor, dict[str, Tensor], Tensor]] = {}
    per_chunk = again * CHUNK // batch_size

    def chunk_of(number: int) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        if number not in kept:
            kept.clear()
            pictures, factors = draw_critters(CHUNK, seed, size, FIRST + number * CHUNK)
            x_0 = pictures if encode is None else encode(pictures)
            generator = generator_for(seed, number, AGAIN)
            rounds = [torch.randperm(CHUNK, generator=generator) for _ in range(again)]
            kept[number] = x_0, factors, torch.cat(rounds)
        return kept[number]

    def get_batch(iteration: int) -> Batch:
        x_0, factors, order = chunk_of(iteration // per_chunk)
        place = iteration % per_chunk * batch_size
        rows = order[place : place + batch_size]
        x_0 = from_bytes(x_0[rows]) if encode is None else x_0[rows]
        return {"x_0": x_0} | {name: values[rows] for name, values in factors.items()}

    return get_batch
