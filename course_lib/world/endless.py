"""Critters without end: pictures that were never drawn before and never come back.

Fifty thousand fixed pictures come up again and again in a long training, and with them
all that they happen never to show. Drawing costs little beside learning, so a long
training need not see a picture again.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.chance import AGAIN, Batch, GetBatch, generator_for
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

CHUNK = 2048  # pictures drawn together, and forgotten together
# Behind the 60,000 that `load_critters` keeps: the test pictures stay unseen.
FIRST = 100_000


def endless_batches(
    batch_size: int,
    size: int = 32,
    seed: int = 0,
    again: int = 1,
    encode: Callable[[Tensor], Tensor] | None = None,
) -> GetBatch:
    """Batches of `x_0`, (B, 3, size, size) in [-1, 1], and one (B,) for each factor.

    Like `batches`, a function of the iteration alone; no held-out combination occurs.

    Args:
        again: how often each picture is seen, within its chunk: compressing costs, too
        encode: what is learned in place of pictures (N, 3, H, W) in [-1, 1]: latents
    """
    # Batches come in order, and whoever carries on draws one chunk once more.
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
