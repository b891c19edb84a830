"""The checks of notebook 19: one gradient from many, and a convolution over time."""

import re
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.networks.one_dimension import conv_1d
from course_lib.training.shares import gradient_of_all

# One gradient from many ---------------------------------------------------------


def some_gradients(generator):
    """Gradients of a few machines whose shares differ in size."""
    P = (3, 4)[generator.initial_seed() % 2]
    pictures = torch.tensor([[5, 2, 4], [1, 6, 3, 2]][P - 3])
    # Not around 0, so that no sign and no square hides.
    return 0.4 + torch.randn(P, 6, generator=generator), pictures


def drawn_once(P: int) -> Tensor:
    return torch.arange(4.0 * P).reshape(P, 4).sin()


ALSO = {
    "with a single machine": (drawn_once(1), torch.tensor([3])),
    "where a machine has no picture": (drawn_once(3), torch.tensor([2, 0, 1])),
    "with a hundred pictures each": (drawn_once(2), torch.tensor([100, 100])),
}


def check_gradient_of_all(learner_gradient):
    """A weighted mean over the machines: each counts by its pictures."""

    def check():
        try:
            compare(
                learner_gradient, gradient_of_all, some_gradients, GRADIENTS, also=ALSO
            )
        # torch's message is about two sizes; this one is about what to do.
        except RuntimeError as error:
            if "must match the size" in str(error):
                error.add_note(COLUMN)
            raise

    return report(check, learner_gradient, gradient_of_all)


COLUMN = (
    "there is a weight for each row, so `pictures` must be a column, (P, 1): "
    "pictures[:, None]"
)


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


def of_the_first_two(divisor: Callable, numbers: Tensor | None = None) -> Callable:
    """A mistake that writes out two machines: with their pictures, or these numbers."""

    def mistaken(gradients, pictures):
        n = pictures if numbers is None else numbers
        total = (n[:2, None] * gradients[:2]).sum(0)  # of one, where there is one
        return total / divisor(pictures)

    return mistaken


GRADIENTS = {
    "each machine counts the same, but one with five pictures has seen more than one "
    "with two: weigh each row by its pictures": (
        weighed(lambda n: torch.ones_like(n))
    ),
    "the rows are only added up: weigh each by its pictures, and divide by all "
    "pictures": lambda gradients, pictures: gradients.sum(0),
    "the division is missing: this is the sum over all pictures, so a larger batch "
    "would take larger steps": added(lambda total, gradients, n: total),
    "it is divided by the number of machines: divide by the number of all pictures": (
        added(lambda total, gradients, n: total / len(n))
    ),
    "it is divided by the largest share: divide by the number of all pictures": (
        added(lambda total, gradients, n: total / n.max())
    ),
    "it is divided twice, by all pictures and by the number of machines: once is "
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
    "each row is divided by its pictures, and by all pictures besides, but it is a "
    "mean already: multiply it by its pictures": (
        lambda gradients, n: (gradients / n[:, None]).sum(0) / n.sum()
    ),
    "each row is divided by its pictures, and multiplied by all pictures: it is the "
    "other way round": lambda gradients, n: (gradients / n[:, None]).sum(0) * n.sum(),
    "the pictures are counted from the other end: row p goes with pictures[p]": (
        weighed(lambda n: n.flip(0))
    ),
    "only the first two machines are heard, and there may be more: write it for any "
    "number of rows": of_the_first_two(lambda n: n[:2].sum()),
    "only the first two rows are taken, and there may be more: write it for any number "
    "of rows": of_the_first_two(lambda n: n.sum()),
    "3 and 2 are those of the example: take the numbers in `pictures`, and there may "
    "be more than two machines": of_the_first_two(lambda n: 5, torch.tensor([3, 2])),
    "only the first two machines are averaged: there may be more, and each counts by "
    "its pictures": of_the_first_two(lambda n: 2, torch.tensor([1, 1])),
    "the weights are squared: twice the pictures count twice, not four times": (
        weighed(lambda n: n**2)
    ),
    "the weights are square roots: twice the pictures count twice": (
        weighed(lambda n: n**0.5)
    ),
    "a softmax makes the largest share count for nearly all: the weights are simply "
    "the shares of the pictures": weighed(lambda n: n.softmax(0)),
    "only the first machine is heard": lambda gradients, n: gradients[0],
    "only the last machine is heard": lambda gradients, n: gradients[-1],
    "only the machine with the most pictures is heard": (
        lambda gradients, n: gradients[n.argmax()]
    ),
    "that is one number for each machine: the mean goes over the machines, so that "
    "one number for each weight of the network is left": (
        lambda gradients, n: gradients.mean(1)
    ),
    "that is one number for each machine, weighed: add over the machines (dim 0), so "
    "that one number for each weight of the network is left": (
        lambda gradients, n: (n[:, None] * gradients).sum(1) / n.sum()
    ),
    "all numbers are added into one: add over the machines only (dim 0)": (
        added(lambda total, gradients, n: total.sum() / n.sum())
    ),
    "the rows are weighed, but not added: one row is wanted, not one a machine": (
        lambda gradients, n: n[:, None] * gradients / n.sum()
    ),
    "the median of the machines is another thing than their mean": (
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
    """A few melodies, three weights for each pair of channels, and biases."""
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
    "with a melody of one moment": alike(2, 3, 4, 1),
    "with one channel": alike(1, 1, 1, 5),
    "with as many channels out as in": alike(2, 4, 4, 4),
}


def check_conv_1d(learner_conv):
    """At each moment, a weighted sum over three neighbours of all channels."""

    def check():
        try:
            compare(
                learner_conv, conv_1d, some_sound, SOUNDS, also=CASES, gradient=True
            )
        except RuntimeError as error:
            if note := what_does_not_fit(str(error)):
                error.add_note(note)
            raise
        if convolves(learner_conv):
            raise NotYetRight(
                "the numbers are right, but torch's own convolution made them: write "
                "it with @, from three pieces"
            )

    return report(check, learner_conv, conv_1d)


def what_does_not_fit(message: str) -> str | None:
    """What to do about shapes that torch cannot combine, by the sizes it names."""
    if "first two dimensions of batch2" in message:
        return MATRIX
    sizes = re.search(
        r"a \((\d+)\) must match .* b \((\d+)\) .* dimension (\d)", message
    )
    if sizes is None:
        return None
    one, other, axis = map(int, sizes.groups())
    if axis == 1:
        return MATRIX
    # Torch reads the first draw first: 3 channels in, 4 out, 7 moments.
    if {one, other} == {4, 7}:
        return "the bias must be a column, (D, 1), to meet the channels: bias[:, None]"
    if {one, other} == {3, 7}:
        return (
            "`*` multiplies number by number; the product of a matrix and a piece is "
            "written with @"
        )
    return (
        "each piece must be L moments long: put zeros at both ends first, and take "
        "the moments from k to k + L"
    )


MATRIX = "the weights of neighbour k are a matrix (D, C): weight[:, :, k]"


class Convolutions(TorchFunctionMode):
    """Notices torch's own convolutions."""

    noticed = False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.noticed |= getattr(function, "__name__", "").startswith("conv")
        return function(*args, **(kwargs or {}))


def convolves(learner_conv: Callable) -> bool:
    """Whether this function leaves the work to torch."""
    with Convolutions() as convolutions:
        ask(learner_conv, *some_sound(torch.Generator().manual_seed(0)))
    return convolutions.noticed


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


def only_of(*kept: int) -> Callable:
    """A mistake that leaves out some of the three neighbours."""

    def change(x, weight, bias):
        mask = torch.tensor([float(k in kept) for k in range(3)])
        return x, weight * mask, bias

    return change


SOUNDS = {
    "the three neighbours are turned round: weight[:, :, 0] belongs to the moment "
    "before, weight[:, :, 2] to the one after": (
        convolved(lambda x, weight, bias: (x, weight.flip(2), bias))
    ),
    "the two ends are missing: put a zero before the first moment and one after the "
    "last, so that as many moments come out as go in": convolved(pad=(0, 0)),
    "everything is a moment too late: both zeros stand in front, and one belongs "
    "behind": (
        convolved(pad=(2, 0))
    ),
    "everything is a moment too early: both zeros stand behind, and one belongs in "
    "front": convolved(pad=(0, 2)),
    "there are too many zeros at the ends: one on each side": convolved(pad=(2, 2)),
    "the melody is bent into a ring: beyond its ends there are zeros, not the other "
    "end": convolved(mode="circular"),
    "the first and the last moment are repeated beyond the ends: put zeros there": (
        convolved(mode="replicate")
    ),
    "beyond the ends there are ones: put zeros there": convolved(value=1.0),
    "beyond the ends there is -1, which is silence: put zeros there": (
        convolved(value=-1.0)
    ),
    "the bias is missing: add bias[d] to every moment of channel d": (
        convolved(lambda x, weight, bias: (x, weight, 0 * bias))
    ),
    "the bias is added three times, once for each neighbour: once is enough": (
        convolved(lambda x, weight, bias: (x, weight, 3 * bias))
    ),
    "the bias is added once for each channel that goes in: once is enough": (
        convolved(lambda x, weight, bias: (x, weight, x.shape[1] * bias))
    ),
    "the bias is subtracted": convolved(lambda x, weight, bias: (x, weight, -bias)),
    "only the middle one is used, so nothing is heard of the neighbours": (
        convolved(only_of(1))
    ),
    "the moment after is left out: three neighbours, k = 0, 1 and 2": (
        convolved(only_of(0, 1))
    ),
    "the moment before is left out: three neighbours, k = 0, 1 and 2": (
        convolved(only_of(1, 2))
    ),
    "the middle is left out: three neighbours, k = 0, 1 and 2": (
        convolved(only_of(0, 2))
    ),
    "only the first neighbour is added: is the `return` inside the loop? It belongs "
    "below it": convolved(only_of(0)),
    "only the last neighbour is left: add up what all three give, each is added to the "
    "sum and does not replace it": convolved(only_of(2)),
    "all three weights look at the same moment: neighbour k of l is l + k - 1": (
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
    "the first melody of the batch is used for all": (
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
    "every second moment is left out: as many moments come out as go in": (
        convolved(after=lambda out: out[:, :, ::2])
    ),
    "the melody itself is added: that is the skip of a block, and comes later": (
        lambda x, weight, bias: (
            F.conv1d(x, weight, bias, padding=1) + x.mean(1, keepdim=True)
        )
    ),
    "the weights are made positive": (
        convolved(lambda x, weight, bias: (x, weight.abs(), bias))
    ),
}  # fmt: skip
