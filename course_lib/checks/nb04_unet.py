"""The checks of notebook 04: time as a vector, and the residual block."""

import math

import torch
import torch.nn.functional as F

from course_lib.checks.report import checked
from course_lib.networks.layers import ResidualBlock, time_embedding


def check_time_embedding(learner_time_embedding):
    """The learner's clock hands must be the library's, for steps of every size."""

    def inputs(generator):
        t = torch.randint(0, 1001, (5,), generator=generator)
        t[0] = 3  # a small one, where the slow hands have hardly moved
        # Even widths only, as sines and cosines come in pairs.
        return t, int(torch.randint(4, 20, (), generator=generator)) * 2

    def angles(t, width, exponent):
        # Vaswani et al. 2017, section 3.5; `exponent` is what the commonest mistake in
        # class has wrong: the width in place of its half.
        i = torch.arange(width // 2)
        return t[:, None].float() * 10_000 ** -(i / exponent)

    def sines_first(t, width):
        angle = angles(t, width, width // 2)
        return torch.cat([angle.sin(), angle.cos()], dim=1)

    def rates_too_close(t, width):
        angle = angles(t, width, width)
        return torch.cat([angle.cos(), angle.sin()], dim=1)

    def interleaved(t, width):
        angle = angles(t, width, width // 2)
        return torch.stack([angle.cos(), angle.sin()], dim=2).flatten(1)

    mistakes = {
        "sine and cosine have changed places: the cosines come first": sines_first,
        "the hands turn at rates too close together: divide i by the number of hands, "
        "width // 2, not by width": rates_too_close,
        "cosines and sines take turns: first come all cosines, then all sines": (
            interleaved
        ),
    }
    # float32 has few digits left for the angle of a fast hand after many turns
    return checked(
        learner_time_embedding, time_embedding, inputs, mistakes, tolerance=1e-3
    )


def check_residual_block(learner_residual_block):
    """The learner's forward pass must be that of the library's ResidualBlock."""

    def right(x, scale, shift, block):
        """norm, silu, conv; norm, scale and shift, silu, conv; plus the shortcut."""
        return block.told(x, scale, shift)

    def inputs(generator):
        block = ResidualBlock(width=8, vec_width=4)
        for parameter in block.parameters():  # a new block does nothing: shake it
            drawn = torch.randn(parameter.shape, generator=generator)
            # By the root of how many numbers each sum has, so that nothing grows or
            # fades on its way through, and every part of the block matters in the end.
            parameter.data = drawn / math.sqrt(max(1, parameter[0].numel()))
        x = torch.randn(2, 8, 4, 4, generator=generator)
        scale, shift = torch.randn(2, 2, 8, 1, 1, generator=generator)
        return x, scale, shift, block

    def no_shortcut(x, scale, shift, block):
        return right(x, scale, shift, block) - x

    def bare_scale(x, scale, shift, block):
        # `told` adds the 1 by itself.
        return right(x, scale - 1, shift, block)

    def time_too_late(x, scale, shift, block):
        h = block.conv_2(F.silu(block.norm_2(block.conv_1(F.silu(block.norm_1(x))))))
        return x + h * (1 + scale) + shift

    mistakes = {
        "the shortcut is missing: what came in, x, is added at the end": no_shortcut,
        "the channels are multiplied by scale instead of 1 + scale: a new block has "
        "scale 0 and would wipe them out": bare_scale,
        "scale and shift come too late: they act on norm_2(h), before the second "
        "convolution": time_too_late,
    }
    return checked(
        learner_residual_block, right, inputs, mistakes, name="residual_block"
    )
