"""The checks of notebook 04: time as a vector, and the residual block."""

import math
from collections.abc import Callable

import torch

from course_lib.checks.nb04_mistakes import BLOCK_MISTAKES
from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.networks.layers import ResidualBlock, time_embedding

# Time -------------------------------------------------------------------------------


def check_time_embedding(learner_time_embedding):
    """The learner's clock hands must be the library's, for early and late steps."""

    def check():
        # After many turns, float32 has few digits left for the angle of a fast hand. So
        # early steps tell mistakes apart, and late ones come after.
        compare(learner_time_embedding, time_embedding, early, TIME_MISTAKES, 1e-3)
        compare(learner_time_embedding, time_embedding, as_in_the_notebook, {}, 1e-3)

    return report(check, learner_time_embedding, time_embedding)


def early(generator):
    """Some of the first steps, and an even width: cosines and sines come in pairs."""
    first = torch.tensor([3])  # never 0, where a mistake may hide
    rest = torch.randperm(6, generator=generator)[:4]
    return torch.cat([first, rest]), 6 + 2 * generator.initial_seed()


def as_in_the_notebook(generator):
    """Every tenth of the course's 1,000 steps."""
    return torch.arange(0, 1001, 10), 64


def turned(t, rate):
    """Hands that turn at these rates: cosines first, then sines."""
    angle = t[:, None].float() * rate
    return torch.cat([angle.cos(), angle.sin()], dim=1)


def rates(count, base=10_000.0, first=0, divisor=None, sign=-1):
    """base^(-i / count) for i = 0, 1, ...; the arguments make it go wrong."""
    i = torch.arange(first, first + count)
    return base ** (sign * i / (divisor or count))


def halves(t, width):
    """The right cosines and the right sines, as two tensors."""
    return time_embedding(t, width).chunk(2, dim=1)


def with_rates(**wrong) -> Callable:
    """The right function with other rates."""
    return lambda t, width: turned(t, rates(width // 2, **wrong))


def of_angles(angles: Callable) -> Callable:
    """The right function with other angles, made from (t, rate)."""

    def mistaken(t, width):
        angle = angles(t[:, None].float(), rates(width // 2))
        return torch.cat([angle.cos(), angle.sin()], dim=1)

    return mistaken


TIME_MISTAKES = {
    "sine and cosine are swapped: the cosines come first": (
        lambda t, width: torch.cat(halves(t, width)[::-1], dim=1)
    ),
    "the hands turn at rates too close together: divide i by the number of hands, "
    "width // 2, not by width": (
        lambda t, width: turned(t, rates(width // 2, divisor=width))
    ),
    "cosines and sines alternate: all cosines come first, then all sines": (
        lambda t, width: torch.stack(halves(t, width), dim=2).flatten(1)
    ),
    "each hand turns faster than the one before, but should turn slower: the exponent "
    "is -i / half, with a minus, and t is multiplied by the rate": with_rates(sign=1),
    "the first hand is too slow: i counts 0, 1, 2, ..., so that the first rate is 1": (
        with_rates(first=1)
    ),
    "the last hand is too slow: divide i by half, the number of hands, not by half - "
    "1": lambda t, width: turned(t, rates(width // 2, divisor=width // 2 - 1)),
    "the rates fall from 1 to 1/e: raise 10,000 to the power -i / half, not e": (
        with_rates(base=math.e)
    ),
    "the rates fall too little: raise 10,000 to the power -i / half, not 1,000": (
        with_rates(base=1_000.0)
    ),
    "brackets are missing: `10_000**-i / half` divides the power by half, but the "
    "exponent is -i / half; write `10_000 ** (-i / half)`": (
        lambda t, width: turned(t, 10_000.0 ** -torch.arange(width // 2) / (width // 2))
    ),
    "`//` rounds down, so that all exponents but the first are -1: write `-i / half`, "
    "with a single slash": (
        lambda t, width: turned(
            t, 10_000.0 ** (-torch.arange(width // 2) // (width // 2))
        )
    ),
    "all hands turn at the same rate, 1: `//` rounds i / half down to 0; write `/`": (
        lambda t, width: turned(t, torch.ones(width // 2))
    ),
    "the angles are 2 pi times too large: an angle is the rate times t": (
        of_angles(lambda t, rate: 2 * math.pi * t * rate)
    ),
    "the angles are a thousandth of what they should be: t goes in as it is, not as "
    "t / 1000": of_angles(lambda t, rate: t / 1000 * rate),
    "the angles are made smaller by pi / 180: torch.cos and torch.sin want radians, "
    "and the rate times t is that already": (
        of_angles(lambda t, rate: torch.deg2rad(t * rate))
    ),
    "the angles are turned into degrees: torch.cos and torch.sin want radians, and the "
    "rate times t is that already": of_angles(lambda t, rate: torch.rad2deg(t * rate)),
    "t and the rate are added: an angle is the rate *times* t": (
        of_angles(lambda t, rate: t + rate)
    ),
    "t is outside the cosine: the angle is the rate times t, and then comes its "
    "cosine": (
        lambda t, width: (
            t[:, None]
            * turned(torch.ones_like(t), rates(width // 2)).expand(len(t), width)
        )
    ),
    "every row has the hands of the first step: use all of t, `t[:, None]`": (
        lambda t, width: time_embedding(t[:1].expand(len(t)), width)
    ),
    "the cosines appear twice, and the sines not at all": (
        lambda t, width: torch.cat([halves(t, width)[0]] * 2, dim=1)
    ),
    "the sines appear twice, and the cosines not at all": (
        lambda t, width: torch.cat([halves(t, width)[1]] * 2, dim=1)
    ),
    "the sines are missing: put them after the cosines, torch.cat(..., dim=1)": (
        lambda t, width: halves(t, width)[0]
    ),
    "those are the angles: return the cosine and the sine of each": (
        lambda t, width: t[:, None].float() * rates(width // 2)
    ),
    "there are twice as many hands as asked for: width // 2 hands make width numbers": (
        lambda t, width: time_embedding(t, 2 * width)
    ),
    "the sines are below the cosines, as further rows: torch.cat(..., dim=1) puts them "
    "beside each other": lambda t, width: torch.cat(halves(t, width), dim=0),
    "torch.stack makes an axis of its own for cosine and sine: torch.cat(..., dim=1) "
    "puts them beside each other": (
        lambda t, width: torch.stack(halves(t, width), dim=1)
    ),
    "torch.stack makes an axis of its own for cosine and sine, here the last: "
    "torch.cat(..., dim=1) puts them beside each other": (
        lambda t, width: torch.stack(halves(t, width), dim=2)
    ),
    "torch.stack makes an axis of its own for cosine and sine, here the first: "
    "torch.cat(..., dim=1) puts them beside each other": (
        lambda t, width: torch.stack(halves(t, width), dim=0)
    ),
    "rows and columns are swapped: each step has a row": (
        lambda t, width: time_embedding(t, width).T
    ),
}


# The residual block -------------------------------------------------------------------


def right_block(x, scale, shift, block):
    """norm, silu, conv; norm, scale and shift, silu, conv; plus the shortcut."""
    return block.told(x, scale, shift)


def check_residual_block(learner_residual_block):
    """The learner's forward pass must be that of the library's ResidualBlock."""

    def check():
        refuse_the_whole_block(learner_residual_block)
        compare(learner_residual_block, right_block, shaken_block, BLOCK_MISTAKES, 1e-4)
        x, scale, shift, block = shaken_block(torch.Generator().manual_seed(2))
        # A gradient must reach the input: blocks follow blocks, and all of them learn.
        out = ask(learner_residual_block, x.requires_grad_(), scale, shift, block)
        if not out.requires_grad:
            raise NotYetRight(
                "the numbers are right, but no gradient gets through: a network of "
                "such blocks could not learn. Leave out .detach() and torch.no_grad()"
            )

    return report(check, learner_residual_block, right_block, "residual_block")


def refuse_the_whole_block(learner_residual_block) -> None:
    """Explain `block(x, scale, shift)`, instead of Python's count of arguments."""
    given = shaken_block(torch.Generator().manual_seed(0))
    try:
        ask(learner_residual_block, *given)
    except TypeError as error:
        if "ResidualBlock.forward()" not in str(error):
            raise
        raise NotYetRight(
            "it calls the whole `block`, which needs the time embedding, and which you "
            "are asked to write: build it from its layers, block.norm_1, block.conv_1, "
            "block.norm_2 and block.conv_2"
        ) from None


def shaken_block(generator):
    """x, scale, shift and a block in which every part matters."""
    # With 8 channels each is a group of its own, with 16 a group has two. And, as in
    # the notebook, there are one or more pictures.
    batch, width, side = ((2, 8, 4), (1, 16, 8), (1, 8, 4))[generator.initial_seed()]
    block = ResidualBlock(width=width, vec_width=4)
    for parameter in block.parameters():  # a new block does nothing: shake it
        drawn = torch.randn(parameter.shape, generator=generator)
        # Divided by the root of how many numbers each sum has, so that nothing grows or
        # fades on its way through, and every part of the block matters in the end.
        parameter.data = drawn / math.sqrt(max(1, parameter[0].numel()))
    x = torch.randn(batch, width, side, side, generator=generator)
    scale, shift = torch.randn(2, batch, width, 1, 1, generator=generator)
    return x, scale, shift, block
