"""The checks of notebook 19: one gradient from many, and a convolution over time."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.report import compare, report
from course_lib.networks.one_dimension import conv_1d
from course_lib.training.shares import gradient_of_all

# One gradient from many ---------------------------------------------------------


def some_gradients(generator):
    """Gradients of a few processes whose shares differ in size."""
    P = (3, 4)[generator.initial_seed() % 2]
    pictures = torch.tensor([[5, 2, 4], [1, 6, 3, 2]][P - 3])
    # Not around 0, so that no sign and no square hides.
    return 0.4 + torch.randn(P, 6, generator=generator), pictures


def drawn_once(P: int) -> Tensor:
    return torch.arange(4.0 * P).reshape(P, 4).sin()


ALSO = {
    "with a single process": (drawn_once(1), torch.tensor([3])),
    "where a process has no picture": (drawn_once(3), torch.tensor([2, 0, 1])),
    "with a hundred pictures each": (drawn_once(2), torch.tensor([100, 100])),
}


def check_gradient_of_all(learner_gradient):
    """A weighted mean over the processes: each counts by its pictures."""

    def check():
        compare(learner_gradient, gradient_of_all, some_gradients, GRADIENTS, also=ALSO)

    return report(check, learner_gradient, gradient_of_all)


def weighed(weights: Callable[[Tensor], Tensor]) -> Callable:
    """A mistake in the weights alone: they still sum to 1."""

    def mistaken(gradients, pictures):
        w = weights(pictures.float())
        return (w[:, None] * gradients).sum(0) / w.sum()

    return mistaken


def added(of: Callable) -> Callable:
    """A mistake in what is divided by: of(the weighted sum, gradients, pictures)."""

    def mistaken(gradients, pictures):
        total = (pictures[:, None] * gradients).sum(0)
        return of(total, gradients, pictures)

    return mistaken


GRADIENTS = {
    "each process counts the same, but one with five pictures has seen more than one "
    "with two: weigh each row by its pictures": (
        weighed(lambda n: torch.ones_like(n))
    ),
    "the rows are only added up: weigh each by its pictures, and divide by all "
    "pictures": lambda gradients, pictures: gradients.sum(0),
    "the division is missing: this is the sum over all pictures, so a larger batch "
    "would take larger steps": added(lambda total, gradients, n: total),
    "it is divided by the number of processes: divide by the number of all pictures": (
        added(lambda total, gradients, n: total / len(n))
    ),
    "it is divided by the largest share: divide by the number of all pictures": (
        added(lambda total, gradients, n: total / n.max())
    ),
    "it is divided twice, by all pictures and by the number of processes: once is "
    "enough": added(lambda total, gradients, n: total / n.sum() / len(n)),
    "it is divided twice by all pictures: once is enough": (
        added(lambda total, gradients, n: total / n.sum() ** 2)
    ),
    "the rows are added without weights and divided by all pictures: each row is a "
    "mean already, so multiply it by its pictures first": (
        added(lambda total, gradients, n: gradients.sum(0) / n.sum())
    ),
    "the weights are upside down: who has seen more pictures should count for more, so "
    "multiply by the pictures": weighed(lambda n: 1 / n),
    "each row is divided by its pictures, but it is a mean already: multiply by them": (
        lambda gradients, n: (gradients / n[:, None]).sum(0)
    ),
    "each row is divided by its pictures before the mean, but it is a mean already: "
    "multiply by them": lambda gradients, n: (gradients / n[:, None]).mean(0),
    "the weights are squared: twice the pictures count twice, not four times": (
        weighed(lambda n: n**2)
    ),
    "the weights are square roots: twice the pictures count twice": (
        weighed(lambda n: n**0.5)
    ),
    "a softmax makes the largest share count for nearly all: the weights are simply "
    "the shares of the pictures": weighed(lambda n: n.softmax(0)),
    "only the first process is heard": lambda gradients, n: gradients[0],
    "only the last process is heard": lambda gradients, n: gradients[-1],
    "only the process with the most pictures is heard": (
        lambda gradients, n: gradients[n.argmax()]
    ),
    "that is one number for each process: the mean goes over the processes, so that "
    "one number for each weight of the network is left": (
        lambda gradients, n: gradients.mean(1)
    ),
    "that is one number for each process, weighed: add over the processes (dim 0), so "
    "that one number for each weight of the network is left": (
        lambda gradients, n: (n[:, None] * gradients).sum(1) / n.sum()
    ),
    "all numbers are added into one: add over the processes only (dim 0)": (
        added(lambda total, gradients, n: total.sum() / n.sum())
    ),
    "the rows are weighed, but not added: one row is wanted, not one a process": (
        lambda gradients, n: n[:, None] * gradients / n.sum()
    ),
    "the median of the processes is another thing than their mean": (
        lambda gradients, n: gradients.median(0).values
    ),
    "the sign is turned round: the optimizer subtracts, a gradient points uphill": (
        added(lambda total, gradients, n: -total / n.sum())
    ),
    "// rounds every share down to 0: divide with /": (
        lambda gradients, n: ((n // n.sum())[:, None] * gradients).sum(0)
    ),
    "the result is scaled to length 1: its length says how large a step to take": (
        added(lambda total, gradients, n: total / total.norm())
    ),
    "the weighed rows are averaged, and then divided by the mean of the pictures "
    "again and again: divide once, by the sum": (
        added(lambda total, gradients, n: total / len(n) / n.sum() * n.float().mean())
    ),
    "a row too many is divided: leave out the - 1": (
        added(lambda total, gradients, n: total / (n.sum() - 1))
    ),
}  # fmt: skip


# A convolution over time ----------------------------------------------------------


def some_sound(generator):
    """A few sounds, three taps for each pair of channels, and biases."""
    B, C, D, L = ((2, 3, 4, 7), (3, 2, 5, 6))[generator.initial_seed() % 2]
    x = 0.3 + torch.randn(B, C, L, generator=generator)
    weight = 0.2 + torch.randn(D, C, 3, generator=generator)
    return x, weight, 0.5 + torch.randn(D, generator=generator)


def alike(B: int, C: int, D: int, L: int) -> tuple[Tensor, Tensor, Tensor]:
    """A fixed case of this size."""
    x = torch.arange(float(B * C * L)).reshape(B, C, L).sin()
    weight = torch.arange(float(D * C * 3)).reshape(D, C, 3).cos()
    return x, weight, torch.arange(float(D))


CASES = {
    "with a sound of one step": alike(2, 3, 4, 1),
    "with one channel": alike(1, 1, 1, 5),
    "with as many channels out as in": alike(2, 4, 4, 4),
}


def check_conv_1d(learner_conv):
    """At each step of time, a weighted sum over three neighbours of all channels."""

    def check():
        compare(learner_conv, conv_1d, some_sound, SOUNDS, also=CASES, gradient=True)

    return report(check, learner_conv, conv_1d)


def convolved(
    change: Callable[[Tensor, Tensor, Tensor], tuple] | None = None,
    pad: tuple[int, int] = (1, 1),
    mode: str = "constant",
    value: float = 0.0,
    after: Callable[[Tensor], Tensor] = lambda out: out,
) -> Callable:
    """A mistake in what goes into the convolution, at its ends, or behind it."""

    def mistaken(x, weight, bias):
        if change is not None:
            x, weight, bias = change(x, weight, bias)
        padded = F.pad(x, pad, mode, value if mode == "constant" else None)
        return after(F.conv1d(padded, weight, bias))

    return mistaken


def only_taps(*kept: int) -> Callable:
    """A mistake that leaves out some of the three neighbours."""

    def change(x, weight, bias):
        mask = torch.tensor([float(k in kept) for k in range(3)])
        return x, weight * mask, bias

    return change


SOUNDS = {
    "the kernel is turned round: tap 0 belongs to the step before, tap 2 to the step "
    "after (networks do not flip it)": (
        convolved(lambda x, weight, bias: (x, weight.flip(2), bias))
    ),
    "the two ends are missing: put a zero before the first step and one after the "
    "last, so that as many steps come out as go in": convolved(pad=(0, 0)),
    "everything is a step too late: both zeros are in front, and one belongs behind": (
        convolved(pad=(2, 0))
    ),
    "everything is a step too early: both zeros stand behind, and one belongs in "
    "front": convolved(pad=(0, 2)),
    "there are too many zeros at the ends: one on each side": convolved(pad=(2, 2)),
    "the sound is bent into a ring: beyond its ends there are zeros, not the other "
    "end": convolved(mode="circular"),
    "the first and the last step are repeated beyond the ends: put zeros there": (
        convolved(mode="replicate")
    ),
    "beyond the ends there are ones: put zeros there": convolved(value=1.0),
    "the bias is missing: add bias[d] to every step of channel d": (
        convolved(lambda x, weight, bias: (x, weight, 0 * bias))
    ),
    "the bias is added three times, once for each neighbour: once is enough": (
        convolved(lambda x, weight, bias: (x, weight, 3 * bias))
    ),
    "the bias is added once for each channel that goes in: once is enough": (
        convolved(lambda x, weight, bias: (x, weight, x.shape[1] * bias))
    ),
    "the bias is subtracted": convolved(lambda x, weight, bias: (x, weight, -bias)),
    "only the middle tap is used, so nothing is heard of the neighbours": (
        convolved(only_taps(1))
    ),
    "the step after is left out: three taps, k = 0, 1 and 2": (
        convolved(only_taps(0, 1))
    ),
    "the step before is left out: three taps, k = 0, 1 and 2": (
        convolved(only_taps(1, 2))
    ),
    "the middle is left out: three taps, k = 0, 1 and 2": convolved(only_taps(0, 2)),
    "only the last tap is left: add up what the three taps give, each is added to the "
    "sum and does not replace it": convolved(only_taps(2)),
    "all three taps look at the same step: tap k looks at step l + k - 1": (
        convolved(
            lambda x, weight, bias: (
                x,
                F.pad(weight.sum(2, keepdim=True), (1, 1)),
                bias,
            )
        )
    ),
    "it is the mean over the three neighbours: take the sum": (
        convolved(lambda x, weight, bias: (x, weight / 3, bias))
    ),
    "it is the mean over the channels: take the sum": (
        convolved(lambda x, weight, bias: (x, weight / x.shape[1], bias))
    ),
    "the whole result is divided by three: take the sum": (
        convolved(after=lambda out: out / 3)
    ),
    "only the first channel is heard: add over all channels": (
        convolved(lambda x, weight, bias: (x[:, :1], weight[:, :1], bias))
    ),
    "only the last channel is heard: add over all channels, each is added to the sum "
    "and does not replace it": (
        convolved(lambda x, weight, bias: (x[:, -1:], weight[:, -1:], bias))
    ),
    "the channels are added before they are weighed: each has weights of its own": (
        convolved(
            lambda x, weight, bias: (
                x.sum(1, keepdim=True),
                weight.mean(1, keepdim=True),
                bias,
            )
        )
    ),
    "the first sound of the batch is used for all": (
        convolved(lambda x, weight, bias: (x[:1].expand_as(x), weight, bias))
    ),
    "channels and time have changed places: the shape is (B, D, L)": (
        convolved(after=lambda out: out.transpose(1, 2))
    ),
    "batch and channels have changed places: the shape is (B, D, L)": (
        convolved(after=lambda out: out.transpose(0, 1))
    ),
    "the channels out are added up: the shape is (B, D, L)": (
        convolved(after=lambda out: out.sum(1))
    ),
    "what is below zero is cut off: that is a layer of its own, and comes later": (
        convolved(after=torch.relu)
    ),
    "every second step is left out: as many steps come out as go in": (
        convolved(after=lambda out: out[:, :, ::2])
    ),
    "the sound itself is added: that is the skip of a block, and comes later": (
        lambda x, weight, bias: (
            F.conv1d(x, weight, bias, padding=1) + x.mean(1, keepdim=True)
        )
    ),
    "the weights are made positive": (
        convolved(lambda x, weight, bias: (x, weight.abs(), bias))
    ),
}  # fmt: skip
