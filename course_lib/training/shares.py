"""One batch, shared out: over several processes, and over time.

What an iteration learns from is one gradient, the mean over the pictures of a batch.
Who computes which part of that mean, and when, does not matter: four processes at once,
or one process in four parts, reach the same weights but for rounding. Two things must
be right. A mean of means is not the mean if the parts differ in size, so each part
counts by its pictures. And a loss that compares pictures with each other needs all of
them: it asks the other processes for theirs (`gathered`).
"""

from collections.abc import Callable

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import Batch


def gradient_of_all(gradients: Tensor, pictures: Tensor) -> Tensor:
    """The gradient of a whole batch, from those of its shares: (D,).

    Each process has the gradient of the mean loss over its own pictures.

    Args:
        gradients: (P, D), one row a process
        pictures: (P,), how many pictures each of them had

    >>> gradient_of_all(torch.tensor([[1.0], [4.0]]), torch.tensor([2, 1]))
    tensor([2.])
    """
    return (pictures[:, None] * gradients).sum(0) / pictures.sum()


def share_sizes(pictures: int, processes: int) -> list[int]:
    """How many pictures of a batch each process gets; they differ by one at most.

    >>> share_sizes(7, 3)
    [3, 2, 2]
    """
    return [len(range(rank, pictures, processes)) for rank in range(processes)]


def parts_of(
    batch: Batch, rank: int, processes: int, accumulate: int = 1
) -> list[tuple[float, Batch]]:
    """The parts of a batch that one process looks at, each with its weight.

    With the weights, the mean over all processes of the sum over their parts is the
    mean over the batch. A process without a share looks at one picture with weight 0:
    the others would wait for it for ever.
    """
    pictures = len(next(iter(batch.values())))
    own = share_sizes(pictures, processes)[rank]
    times = max(1, min(accumulate, own))
    parts = []
    # Every process makes the whole batch, from the iteration alone, and takes every
    # n-th picture: no data travels, and one process or four see the same pictures.
    for i in range(times):
        some = slice(rank + i * processes, pictures, processes * times)
        some = some if own else slice(1)
        part = {name: x[some] for name, x in batch.items()}
        size = len(next(iter(part.values())))
        parts.append((processes * size / pictures if own else 0.0, part))
    return parts


# Losses that compare pictures ---------------------------------------------------


class _Gather(torch.autograd.Function):
    """All processes' rows, one below the other; gradients find their way back."""

    @staticmethod
    def forward(ctx, x: Tensor, processes: int) -> Tensor:
        everyone = [torch.empty_like(x) for _ in range(processes)]
        dist.all_gather(everyone, x.contiguous())
        return torch.stack(everyone)  # (processes, n, ...)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        # Every process computes the same loss of all rows, and each has a part of what
        # pulls at mine.
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total[dist.get_rank()], None


def gathered(x: Tensor, pictures: int) -> Tensor:
    """The rows of all processes, (pictures, ...), from those of this one's share.

    Every process gets the same tensor. If each computes the same loss from it, then the
    mean of their gradients is the gradient of that loss.
    """
    processes = dist.get_world_size()
    sizes = share_sizes(pictures, processes)
    own = x[: sizes[dist.get_rank()]]
    # Padded to the largest share: all that travels must have one shape.
    spare = sizes[0] - len(own)
    padded = F.pad(own, [0, 0] * (own.ndim - 1) + [0, spare])
    everyone = _Gather.apply(padded, processes)
    return torch.cat([rows[:n] for rows, n in zip(everyone, sizes, strict=True)])


def refuse_to_share(
    loss_fn: Callable, model: nn.Module, processes: int, accumulate: int
) -> None:
    """Raise ValueError if a batch must not be split in the way that is asked for.

    A loss marks itself: with `gathers`, it compares the pictures of a batch and takes a
    third argument that brings those of the other processes; with `of_whole_batch` it
    cannot be split at all. Batch norm counts too: its mean and variance are those of
    the whole batch.
    """
    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    as_a_whole = hasattr(loss_fn, "of_whole_batch") or any(
        isinstance(module, norms) for module in model.modules()
    )
    because = "What this training learns from a picture depends on the others of its "
    if processes > 1 and as_a_whole:
        raise ValueError(
            f"{because}batch, so it needs a single process: start it without torchrun."
        )
    if accumulate > 1 and (as_a_whole or hasattr(loss_fn, "gathers")):
        raise ValueError(
            f"{because}batch, which cannot come in {accumulate} parts: leave out "
            "--accumulate (in Python accumulate=1) and take a smaller batch, or more "
            "processes."
        )
