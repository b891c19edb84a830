"""The checks of notebook 13: a weight with its LoRA, and a loss that remembers."""

import re
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.accidents import taken_from_outside
from course_lib.checks.nb13_mistakes import OF_A_KERNEL, OF_A_WEIGHT, OF_THE_LOSS
from course_lib.checks.report import NotYetRight, compare, report
from course_lib.networks.lora import lora_change

# A weight with its LoRA ---------------------------------------------------------

UP_FIRST = (
    "down @ up has no meaning, (rank, in) times (out, rank): the shape that is wanted "
    "is (out, in), so up comes first"
)
NUMBER_BY_NUMBER = (
    "* multiplies number by number, and the shapes do not fit: @ is the matrix product"
)
FOUR_AXES = (
    "it is right for a linear layer, but a kernel has four axes, (out, in, k, k), and "
    "@ multiplies only the last two: .flatten(1) makes down (rank, in * k * k) and up "
    "(out, rank), and .reshape(weight.shape) gives the kernel its form back"
)
THREE_WIDE = (
    "windows of 3 x 3 are right, but a kernel may have others, such as 2 x 2: take "
    "their sides from weight.shape"
)
SQUEEZED = (
    "at rank 1 .squeeze() removes the axis of the rank as well: up.flatten(1) keeps it"
)
NOT_ITS_OWN = (
    "`rank` is not set inside the function, so it is the number that an earlier cell "
    "left behind: the rank is len(down)"
)


def a_weight(
    generator: torch.Generator,
    kernel: tuple[int, ...] = (),
    rank: int | None = None,
    alpha: float | None = None,
) -> tuple[Tensor, Tensor, Tensor, float]:
    """weight, down, up and alpha; out, in, k and rank all differ.

    Args:
        kernel: the two sides of a kernel; () is a linear layer
    """
    rank = rank or 3 + 3 * (generator.initial_seed() % 2)
    ones = (1,) * len(kernel)
    weight = torch.randn(7, 5, *kernel, generator=generator)
    down = torch.randn(rank, 5, *kernel, generator=generator)
    up = torch.randn(7, rank, *ones, generator=generator)
    # alpha / rank is never near 1, nor whole: there, mistakes look alike.
    times = 2.3 + 0.4 * torch.rand((), generator=generator).item()
    return weight, down, up, times * rank if alpha is None else alpha


def lora_weight(weight: Tensor, down: Tensor, up: Tensor, alpha: float) -> Tensor:
    """The weight of a linear layer or a convolution, with its LoRA merged in."""
    return weight + lora_change(down, up, alpha)


def check_lora_weight(learner_lora_weight: Callable) -> Callable:
    """weight + alpha / rank * up @ down, for a linear layer and for a kernel."""

    def check():
        try:
            compare_linear(learner_lora_weight)
            compare_kernels(learner_lora_weight)
        except NotYetRight:
            # No NameError in a notebook: earlier cells have a `rank` of their own.
            if "rank" in taken_from_outside(learner_lora_weight, (int,)):
                raise NotYetRight(NOT_ITS_OWN) from None
            raise

    return report(check, learner_lora_weight, lora_weight)


LEARNED = ("down", "up")


def compare_linear(learner: Callable) -> None:
    """Raise NotYetRight unless it is right for linear layers."""
    chance = torch.Generator().manual_seed(2)
    # Rank 1 and the notebook's own numbers, whole ones; then a rank below alpha.
    also = {
        "at rank 1": a_weight(chance, rank=1),
        "at rank 4 with alpha 8": a_weight(chance, rank=4, alpha=8),
        "at rank 8 with alpha 1": a_weight(chance, rank=8, alpha=1),
    }
    asked = learner, lora_weight, a_weight, OF_A_WEIGHT
    try:
        compare(*asked, also=also, gradient=LEARNED)
    except RuntimeError as error:
        if said := accident(str(error)):
            raise NotYetRight(said) from None
        raise


def compare_kernels(learner: Callable) -> None:
    """Raise NotYetRight unless it is right for kernels too."""
    chance = torch.Generator().manual_seed(2)
    also = {"for a kernel of 3 x 3": a_weight(chance, (3, 3), rank=4, alpha=8)}
    try:
        compare(
            learner, lora_weight, kernels(2), OF_A_KERNEL, also=also, gradient=LEARNED
        )
    except NotYetRight as error:
        raise NotYetRight(
            f"it is right for a linear layer, but not for a kernel: {error}"
        ) from None
    except (RuntimeError, ValueError, IndexError):
        said = THREE_WIDE if is_right(learner, kernels(3)) else FOUR_AXES
        raise NotYetRight(said) from None
    try:
        compare(learner, lora_weight, kernels(2, rank=1), OF_A_KERNEL)
    except NotYetRight as error:
        raise NotYetRight(f"for a kernel at rank 1: {error}") from None
    except (RuntimeError, ValueError, IndexError):
        raise NotYetRight(SQUEEZED) from None


def kernels(side: int, rank: int | None = None) -> Callable:
    """What draws weights with kernels of side x side."""
    return lambda generator: a_weight(generator, (side, side), rank)


def is_right(learner: Callable, inputs: Callable) -> bool:
    """Whether it gives the right weights for these inputs, and no error."""
    try:
        compare(learner, lora_weight, inputs)
    except (NotYetRight, RuntimeError, ValueError, IndexError):
        return False
    return True


def accident(message: str) -> str | None:
    """What to do about shapes that do not fit, or None if it is something else."""
    # down is (3, 5) or (6, 5), and up (7, 3) or (7, 6).
    if shapes := re.search(
        r"cannot be multiplied \((\d)x(\d) and (\d)x(\d)\)", message
    ):
        rows, _, _, columns = map(int, shapes.groups())
        if (rows, columns) in ((3, 3), (4, 4)):
            return UP_FIRST
        return None
    if "must match the size of tensor" in message:
        return NUMBER_BY_NUMBER
    return None


# The loss with prior preservation -------------------------------------------------


def prior_loss(v_hat: Tensor, v: Tensor, prior_weight: float) -> Tensor:
    """The mean error of my half, plus prior_weight times that of the world's half.

    Ruiz et al. 2023, equation 2. With a weight of 1 it is twice the plain mean of the
    whole batch, which the library's trainers use.
    """
    mine, world = (v_hat - v).square().chunk(2)
    return mine.mean() + prior_weight * world.mean()


def check_prior_loss(learner_prior_loss: Callable) -> Callable:
    """The mean error of my half of the batch, plus a weight times that of the other."""

    def inputs(generator):
        # An odd number of pictures in each half, and no two axes alike. Once the first
        # half has the larger error, once the second.
        half, loudness = ((3, 0.6), (5, 1.6))[generator.initial_seed() % 2]
        both = torch.randn(2, 2 * half, 4, 8, 6, generator=generator)
        loud = torch.cat([torch.full((half,), loudness), torch.ones(half)])
        v_hat, v = both * loud.reshape(-1, 1, 1, 1)
        return v_hat, v, 0.4 + 0.3 * torch.rand((), generator=generator).item()

    def check():
        chance = torch.Generator().manual_seed(2)
        shape = (2, 16, 4, 16, 16)
        also = {
            f"for a batch of 16 and a prior_weight of {w}": (
                *torch.randn(shape, generator=chance),
                w,
            )
            for w in (1.0, 0.0, 2)
        }
        asked = learner_prior_loss, prior_loss
        compare(*asked, inputs, OF_THE_LOSS, also=also, gradient=("v_hat",))

    return report(check, learner_prior_loss, prior_loss)
