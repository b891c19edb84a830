"""Mistakes that people make in notebook 13, and the sentence that names each.

A mistake is a function that takes the learner's arguments and makes the mistake; only
the answers are compared.
"""

from collections.abc import Callable

import torch
from torch import Tensor

# A weight with its LoRA ---------------------------------------------------------


def product(down: Tensor, up: Tensor) -> Tensor:
    """up @ down for a linear layer or a kernel, (out, in) or (out, in, k, k)."""
    flat = up.flatten(1) @ down.flatten(1)
    return flat.reshape(len(up), *down.shape[1:])


def scaled_by(scale: Callable[[float, int], float]) -> Callable:
    """A mistake that puts another number in place of alpha / rank."""
    return lambda w, down, up, alpha: w + scale(alpha, len(down)) * product(down, up)


def made_of(answer: Callable[[Tensor, Tensor, float], Tensor]) -> Callable:
    """A mistake that returns `answer(weight, up @ down, alpha / rank)`."""
    return lambda w, down, up, alpha: answer(w, product(down, up), alpha / len(down))


# The ranks that appear in the notebook before the exercise.
DIVIDED_BY_A_NUMBER = {
    f"alpha is divided by {n}, a rank of the notebook: the rank is len(down)": (
        lambda w, down, up, alpha, n=n: w + alpha / n * product(down, up)
    )
    for n in (2, 4, 16)
}
OF_A_WEIGHT = {
    "alpha is not divided by the rank: at rank 8 the change would be eight times too "
    "strong": scaled_by(lambda alpha, rank: alpha),
    "alpha is missing: the change is multiplied by alpha / rank": (
        scaled_by(lambda alpha, rank: 1)
    ),
    "alpha is missing: the rank divides it, and it does not stand alone": (
        scaled_by(lambda alpha, rank: 1 / rank)
    ),
    "alpha divides the change: multiply by alpha, and divide by the rank": (
        scaled_by(lambda alpha, rank: 1 / alpha)
    ),
    "the fraction is upside down: alpha / rank, not rank / alpha": (
        scaled_by(lambda alpha, rank: rank / alpha)
    ),
    "alpha is multiplied by the rank: divide by it, so that a larger rank is not "
    "stronger": scaled_by(lambda alpha, rank: alpha * rank),
    "the rank multiplies the change, without alpha: it is alpha / rank": (
        scaled_by(lambda alpha, rank: rank)
    ),
    "alpha is divided by the root of the rank: here it is the rank itself": (
        scaled_by(lambda alpha, rank: alpha / rank**0.5)
    ),
    "alpha is divided by the rank twice: once is enough": (
        scaled_by(lambda alpha, rank: alpha / rank**2)
    ),
    "alpha / rank is squared: it multiplies the product of up and down once": (
        scaled_by(lambda alpha, rank: (alpha / rank) ** 2)
    ),
    "alpha / rank has a root: it is used as it is": (
        scaled_by(lambda alpha, rank: (alpha / rank) ** 0.5)
    ),
    "alpha // rank is cut to a whole number: use /": (
        scaled_by(lambda alpha, rank: alpha // rank)
    ),
    "the rank is added to alpha: alpha is divided by it": (
        scaled_by(lambda alpha, rank: alpha + rank)
    ),
    **DIVIDED_BY_A_NUMBER,
    "alpha is divided by the length of up, which is `out`: the rank is len(down)": (
        lambda w, down, up, alpha: w + alpha / len(up) * product(down, up)
    ),
    "alpha is divided by down.shape[1], which is `in`: the rank is len(down)": (
        lambda w, down, up, alpha: w + alpha / down.shape[1] * product(down, up)
    ),
    "alpha is divided by how many numbers there are in down: the rank is len(down)": (
        lambda w, down, up, alpha: w + alpha / down.numel() * product(down, up)
    ),
    "that is the change alone: add the weight, which stays as it is": (
        made_of(lambda w, change, scale: scale * change)
    ),
    "that is up @ down alone: multiply by alpha / rank, and add the weight": (
        made_of(lambda w, change, scale: change)
    ),
    "that is the weight as it was: add the change": (
        made_of(lambda w, change, scale: w)
    ),
    "the weight is scaled as well: alpha / rank multiplies the change alone": (
        made_of(lambda w, change, scale: scale * (w + change))
    ),
    "the weight is scaled, and the change is not: it is the other way round": (
        made_of(lambda w, change, scale: scale * w + change)
    ),
    "the weight gives way to the change: it stays whole, and the change is added": (
        made_of(lambda w, change, scale: (1 - scale) * w + scale * change)
    ),
    "the change is subtracted: that is how a LoRA is taken off again": (
        made_of(lambda w, change, scale: w - scale * change)
    ),
    "the weight is multiplied by the change: add it": (
        made_of(lambda w, change, scale: w * scale * change)
    ),
    "the weight is multiplied by 1 + the change: add the change itself": (
        made_of(lambda w, change, scale: w * (1 + scale * change))
    ),
    "that is the whole turned on its side, (in, out): up comes first, without .T": (
        lambda w, down, up, alpha: w.T + alpha / len(down) * (down.T @ up.T)
    ),
    "the change is turned on its side, (in, out): up comes first, without .T": (
        lambda w, down, up, alpha: alpha / len(down) * (down.T @ up.T)
    ),
    "the numbers are in the wrong order: down.T @ up.T is (in, out), and .reshape does "
    "not turn it: up comes first, without .T": (
        lambda w, down, up, alpha: (
            w + alpha / len(down) * (down.T @ up.T).reshape(w.shape)
        )
    ),
    "the change is averaged to one number: it has one for each number of the weight": (
        made_of(lambda w, change, scale: w + scale * change.mean())
    ),
    "the change is cut off beyond -1..1: a weight has no such bounds": (
        made_of(lambda w, change, scale: w + (scale * change).clamp(-1, 1))
    ),
    "up and down have become averages, so that every direction counts the same: use "
    "the product": (
        lambda w, down, up, alpha: (
            w + alpha / len(down) * up.mean(1, keepdim=True) * down.mean(0)
        )
    ),
}  # fmt: skip


def of_flat(answer: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """A mistake with a kernel: `answer(up (out, rank), down)` is the change."""

    def mistaken(weight, down, up, alpha):
        return weight + alpha / len(down) * answer(up.flatten(1), down)

    return mistaken


def over_places(flat: Tensor) -> Tensor:
    """(out, in) to (out, in, 1, 1): the same at each place of the kernel."""
    return flat[:, :, None, None]


def turned(up: Tensor, down: Tensor) -> Tensor:
    """As if the sides of the kernel came before its channels."""
    k = down.shape[2:]
    return (up @ down.flatten(1)).reshape(len(up), *k, -1).permute(0, 3, 1, 2)


OF_A_KERNEL = {
    **DIVIDED_BY_A_NUMBER,
    "alpha is not divided by the rank for kernels: it is len(down) there too, and "
    "up.shape[-1] is 1": scaled_by(lambda alpha, rank: alpha),
    "alpha / rank is missing for kernels: it multiplies their change, too": (
        scaled_by(lambda alpha, rank: 1)
    ),
    "that is the change alone for kernels: add the weight there, too": (
        made_of(lambda w, change, scale: scale * change)
    ),
    "down is averaged over the kernel, so that the change is the same at each of its "
    "places: keep all of them, down.flatten(1)": (
        of_flat(lambda up, down: over_places(up @ down.mean((2, 3))))
    ),
    "down is summed over the kernel, so that the change is the same at each of its "
    "places: keep all of them, down.flatten(1)": (
        of_flat(lambda up, down: over_places(up @ down.sum((2, 3))))
    ),
    "only one place of the kernel is used, down[:, :, 0, 0], for all: keep all of "
    "them, down.flatten(1)": (
        of_flat(lambda up, down: over_places(up @ down[:, :, 0, 0]))
    ),
    "the numbers are in the wrong order: .flatten(1) leaves (in, k, k) in this order, "
    "so .reshape(weight.shape) and no .permute": of_flat(turned),
    "the numbers are in the wrong order: down.permute before .flatten(1) mixes "
    "channels and places, so leave it out": of_flat(
        lambda up, down: (
            (up @ down.permute(0, 2, 3, 1).flatten(1)).reshape(
                len(up), *down.shape[1:]
            )
        )
    ),
    "the kernel is turned on its side: leave the sides of down as they are": of_flat(
        lambda up, down: product(down.transpose(2, 3), up)
    ),
    "the kernel is mirrored: leave down as it is": of_flat(
        lambda up, down: product(down.flip(2, 3), up)
    ),
    "that is flat, (out, in * k * k): .reshape(weight.shape) gives the kernel its form "
    "back": (
        lambda w, down, up, alpha: (
            w.flatten(1) + alpha / len(down) * up.flatten(1) @ down.flatten(1)
        )
    ),
    "the weight is left as it was for kernels: they get their change as well": (
        lambda w, down, up, alpha: w
    ),
}  # fmt: skip


# The loss with prior preservation -------------------------------------------------


def of_halves(answer: Callable[[Tensor, Tensor, float], Tensor]) -> Callable:
    """A mistake that returns `answer(mine, world, prior_weight)` of two means."""

    def mistaken(v_hat, v, prior_weight):
        mine, world = (half.mean() for half in (v_hat - v).square().chunk(2))
        return answer(mine, world, prior_weight)

    return mistaken


def of_errors(measure: Callable[[Tensor], Tensor]) -> Callable:
    """The right sum of another measure of v_hat - v."""

    def mistaken(v_hat, v, prior_weight):
        mine, world = map(measure, (v_hat - v).chunk(2))
        return mine + prior_weight * world

    return mistaken


def cut_along(axis: int) -> Callable:
    """The batch is cut in two along another axis."""

    def mistaken(v_hat, v, prior_weight):
        mine, world = (v_hat - v).square().chunk(2, axis)
        return mine.mean() + prior_weight * world.mean()

    return mistaken


def picked(first, second) -> Callable:
    """The two parts of the batch are picked by these indices."""

    def mistaken(v_hat, v, prior_weight):
        error = (v_hat - v).square()
        return error[first].mean() + prior_weight * error[second].mean()

    return mistaken


OF_THE_LOSS = {
    "prior_weight is not used: both halves count the same": (
        of_halves(lambda mine, world, w: mine + world)
    ),
    "that is the mean of the whole batch, without prior_weight: each half has a mean "
    "of its own": of_halves(lambda mine, world, w: (mine + world) / 2),
    "the world's half is missing: nothing keeps the network from forgetting": (
        of_halves(lambda mine, world, w: mine)
    ),
    "my half is missing: nothing new would be learned": (
        of_halves(lambda mine, world, w: w * world)
    ),
    "that is the error of the world's half alone: add it, times prior_weight, to that "
    "of mine": of_halves(lambda mine, world, w: world),
    "the halves are swapped: the first is mine, and prior_weight multiplies the second":
    of_halves(lambda mine, world, w: w * mine + world),
    "prior_weight multiplies the mean of the whole batch: it belongs to the second "
    "half, and each half has a mean of its own": (
        of_halves(lambda mine, world, w: w * (mine + world) / 2)
    ),
    "prior_weight multiplies the mean of the whole batch, and my half counts twice: "
    "take the mean of the second half": (
        of_halves(lambda mine, world, w: mine + w * (mine + world) / 2)
    ),
    "prior_weight multiplies both halves: it belongs to the second alone": (
        of_halves(lambda mine, world, w: w * (mine + world))
    ),
    "prior_weight and 1 - prior_weight share the whole: here my half always counts "
    "fully": of_halves(lambda mine, world, w: (1 - w) * mine + w * world),
    "the sum is halved: it is the sum of two means": (
        of_halves(lambda mine, world, w: (mine + w * world) / 2)
    ),
    "the sum is divided by 1 + prior_weight: leave it as it is": (
        of_halves(lambda mine, world, w: (mine + w * world) / (1 + w))
    ),
    "the world's error is subtracted: the network would learn to forget": (
        of_halves(lambda mine, world, w: mine - w * world)
    ),
    "prior_weight is squared, or multiplies before the square: multiply the mean": (
        of_halves(lambda mine, world, w: mine + w**2 * world)
    ),
    "prior_weight is added: it multiplies the second half": (
        of_halves(lambda mine, world, w: mine + world + w)
    ),
    "it divides by prior_weight: multiply, so that a larger one remembers more": (
        of_halves(lambda mine, world, w: mine + world / w)
    ),
    "the two errors are multiplied: add them": (
        of_halves(lambda mine, world, w: mine * w * world)
    ),
    "that is only the larger of the two: both count": (
        of_halves(lambda mine, world, w: torch.maximum(mine, w * world))
    ),
    "each mean has a root: the mean of the squares is enough": (
        of_halves(lambda mine, world, w: mine.sqrt() + w * world.sqrt())
    ),
    "those are sums: the mean does not grow with the batch": (
        of_errors(lambda error: error.square().sum())
    ),
    "the errors are not squared: too much and too little would cancel": (
        of_errors(lambda error: error.mean())
    ),
    "that is the mean of the errors' size: square them in place of abs": (
        of_errors(lambda error: error.abs().mean())
    ),
    "that is the square of a mean: square each error first, then take the mean": (
        of_errors(lambda error: error.mean().square())
    ),
    "the squares are summed over each picture: take the mean of all numbers": (
        of_errors(lambda error: error.square().flatten(1).sum(1).mean())
    ),
    "each picture has a mean, and these are summed: take their mean": (
        of_errors(lambda error: error.square().flatten(1).mean(1).sum())
    ),
    "the batch is cut along its channels: the first axis counts the pictures": (
        cut_along(1)
    ),
    "each picture is cut into an upper and a lower half: the first axis counts the "
    "pictures": cut_along(2),
    "each picture is cut into a left and a right half: the first axis counts the "
    "pictures": cut_along(3),
    "every other picture is taken for mine: mine are the first half": (
        picked(slice(0, None, 2), slice(1, None, 2))
    ),
    "only two pictures are used, the first and the second: each half has many": (
        picked(0, 1)
    ),
    "only two pictures are used, the first and the last: each half has many": (
        picked(0, -1)
    ),
    "only the first picture is taken for mine: the first half is, len(v) // 2 pictures":
    picked(slice(0, 1), slice(1, None)),
    "the batch is cut after 4 pictures, a number typed in: half of it is len(v) // 2": (
        picked(slice(0, 4), slice(4, None))
    ),
    "nothing is averaged yet: return one number": (
        of_errors(lambda error: error.square())
    ),
    "each picture has a number of its own: return one number for the batch": (
        of_errors(lambda error: error.square().flatten(1).mean(1))
    ),
    "that compares the two halves of the guess: compare each guess with its own v": (
        lambda v_hat, v, w: (
            (v_hat.chunk(2)[0] - v.chunk(2)[0]).square().mean()
            + w * (v_hat.chunk(2)[1] - v_hat.chunk(2)[0]).square().mean()
        )
    ),
    "the world's guesses are compared with my half of v: each half has its own": (
        lambda v_hat, v, w: (
            (v_hat.chunk(2)[0] - v.chunk(2)[0]).square().mean()
            + w * (v_hat.chunk(2)[1] - v.chunk(2)[0]).square().mean()
        )
    ),
    "my guesses and the world's are compared with each other's v: each half has its "
    "own": (
        lambda v_hat, v, w: (
            (v_hat.chunk(2)[0] - v.chunk(2)[1]).square().mean()
            + w * (v_hat.chunk(2)[1] - v.chunk(2)[0]).square().mean()
        )
    ),
    "prior_weight multiplies the guess, before the error: it multiplies the mean": (
        lambda v_hat, v, w: (
            (v_hat.chunk(2)[0] - v.chunk(2)[0]).square().mean()
            + (w * v_hat.chunk(2)[1] - v.chunk(2)[1]).square().mean()
        )
    ),
}  # fmt: skip
