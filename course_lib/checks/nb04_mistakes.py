"""The mistakes in the residual block that the check of notebook 04 can name."""

from collections.abc import Callable

import torch
import torch.nn.functional as F


def block_with(
    *,
    norm_1=lambda block: block.norm_1,
    conv_1=lambda block: block.conv_1,
    norm_2=lambda block: block.norm_2,
    conv_2=lambda block: block.conv_2,
    bend_1=F.silu,
    bend_2=F.silu,
    told=lambda h, scale, shift: h * (1 + scale) + shift,
    add=lambda x, h, y: x + y,
) -> Callable:
    """The right block but for one part; `add` gets x, h after conv_1, and the end."""

    def mistaken(x, scale, shift, block):
        h = conv_1(block)(bend_1(norm_1(block)(x)))
        y = told(norm_2(block)(h), scale, shift)
        return add(x, h, conv_2(block)(bend_2(y)))

    return mistaken


def ending_with(end: Callable) -> Callable:
    """The right first half; `end` gets x, h, scale, shift and the block."""

    def mistaken(x, scale, shift, block):
        h = block.conv_1(F.silu(block.norm_1(x)))
        return end(x, h, scale, shift, block)

    return mistaken


def nothing(block):
    """The identity, in place of a layer."""
    return lambda x: x


def time_too_late(x, scale, shift, block):
    """Scale and shift after the second convolution."""
    h = block.conv_2(F.silu(block.norm_2(block.conv_1(F.silu(block.norm_1(x))))))
    return x + h * (1 + scale) + shift


def time_too_early(x, scale, shift, block):
    """Scale and shift before the second norm, which undoes them."""
    h = block.conv_1(F.silu(block.norm_1(x))) * (1 + scale) + shift
    return x + block.conv_2(F.silu(block.norm_2(h)))


def time_before_all(x, scale, shift, block):
    """Scale and shift in the first half."""
    h = block.conv_1(F.silu(block.norm_1(x) * (1 + scale) + shift))
    return x + block.conv_2(F.silu(block.norm_2(h)))


def time_twice(x, scale, shift, block):
    """Scale and shift in both halves."""
    h = block.conv_1(F.silu(block.norm_1(x) * (1 + scale) + shift))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def time_after_silu(x, scale, shift, block):
    """Scale and shift between silu and the second convolution."""
    h = block.conv_1(F.silu(block.norm_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h)) * (1 + scale) + shift)


def bend_before_norm_1(x, scale, shift, block):
    """silu and norm swapped, in the first half only."""
    h = block.conv_1(block.norm_1(F.silu(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def bend_after_conv_1(x, scale, shift, block):
    """conv_1 before silu in the first half only."""
    h = F.silu(block.conv_1(block.norm_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def time_before_norm_1(x, scale, shift, block):
    """Scale and shift before everything, on x."""
    h = block.conv_1(F.silu(block.norm_1(x * (1 + scale) + shift)))
    return x + block.conv_2(F.silu(block.norm_2(h)))


def shortcut_of_the_bent(x, scale, shift, block):
    """The shortcut adds silu(norm_1(x)), which overwrote x."""
    x = F.silu(block.norm_1(x))
    h = block.conv_1(x)
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def shortcut_in_the_middle(x, scale, shift, block):
    """x + h goes into the second half, and x is added again."""
    h = x + block.conv_1(F.silu(block.norm_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def shortcuts_twice(x, scale, shift, block):
    """x + h goes into the second half, and it is added at the end."""
    h = x + block.conv_1(F.silu(block.norm_1(x)))
    return h + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def x_in_the_second_half(x, scale, shift, block):
    """norm_2 of x: the output of the first half is lost."""
    return x + block.conv_2(F.silu(block.norm_2(x) * (1 + scale) + shift))


def bend_before_norm(x, scale, shift, block):
    """silu and norm swapped, in both halves."""
    h = block.conv_1(block.norm_1(F.silu(x)))
    return x + block.conv_2(block.norm_2(F.silu(h)) * (1 + scale) + shift)


def conv_before_norm_1(x, scale, shift, block):
    """conv, norm, silu in the first half only."""
    h = F.silu(block.norm_1(block.conv_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def first_half_backwards(x, scale, shift, block):
    """silu, conv, norm in the first half: the formula read from the wrong end."""
    h = block.norm_1(block.conv_1(F.silu(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def conv_before_norm(x, scale, shift, block):
    """conv, norm, silu: the order of older networks."""
    h = F.silu(block.norm_1(block.conv_1(x)))
    return x + F.silu(block.norm_2(block.conv_2(h)) * (1 + scale) + shift)


def x_overwritten(x, scale, shift, block):
    """x = norm_1(x) comes first, and then `x +` adds the changed x."""
    x = block.norm_1(x)
    h = block.conv_1(F.silu(x))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


def added_too_early(x, scale, shift, block):
    """The shortcut goes into the second convolution."""
    h = block.conv_1(F.silu(block.norm_1(x)))
    return block.conv_2(x + F.silu(block.norm_2(h) * (1 + scale) + shift))


def h_told(x, scale, shift, block):
    """h is overwritten by its scaled and shifted norm, and that is added."""
    h = block.conv_1(F.silu(block.norm_1(x)))
    h = block.norm_2(h) * (1 + scale) + shift
    return h + block.conv_2(F.silu(h))


NOT_X = "h is added at the end; the shortcut adds x, the input"
BLOCK_MISTAKES = {
    "the shortcut is missing: add the input, x, at the end": (
        block_with(add=lambda x, h, y: y)
    ),
    "the channels are multiplied by scale instead of 1 + scale: a new block has "
    "scale 0 and would wipe them out": (
        block_with(told=lambda h, scale, shift: h * scale + shift)
    ),
    "scale and shift come too late: they should act on norm_2(h), before the second "
    "convolution": time_too_late,
    "scale and shift come too early, before norm_2, which undoes them: they should act "
    "on norm_2(h)": time_too_early,
    "scale and shift act on norm_1(x), in the first half: they belong to norm_2(h)": (
        time_before_all
    ),
    "scale and shift act twice: they belong to norm_2(h) only": time_twice,
    "scale and shift come after the second silu: they should act on norm_2(h), before "
    "it": (time_after_silu),
    f"{NOT_X} (this is h after conv_1)": block_with(add=lambda x, h, y: h + y),
    f"{NOT_X} (this is h after scale and shift)": h_told,
    "x has been overwritten on the way: norm_1(x) is added at the end in place of x. "
    "Use another name, h": x_overwritten,
    "the shortcut is added before conv_2: add x at the very end": added_too_early,
    "x is subtracted at the end: add it": block_with(add=lambda x, h, y: y - x),
    "scale and shift are swapped": (
        block_with(told=lambda h, scale, shift: h * (1 + shift) + scale)
    ),
    "the shift is forgotten: add + shift": (
        block_with(told=lambda h, scale, shift: h * (1 + scale))
    ),
    "the scale is forgotten: add * (1 + scale)": (
        block_with(told=lambda h, scale, shift: h + shift)
    ),
    "scale and shift are both forgotten: norm_2(h) * (1 + scale) + shift": (
        block_with(told=lambda h, scale, shift: h)
    ),
    "brackets are missing: `* 1 + scale` multiplies by 1 and adds the scale; write "
    "`* (1 + scale)`": block_with(told=lambda h, scale, shift: h + scale + shift),
    "the brackets hold too much: multiply by (1 + scale) first, then add shift, which "
    "is not scaled itself": (
        block_with(told=lambda h, scale, shift: (h + shift) * (1 + scale))
    ),
    "the channels are multiplied by scale + shift: use * (1 + scale), then + shift": (
        block_with(told=lambda h, scale, shift: h * (scale + shift))
    ),
    "the shift is subtracted: add it": (
        block_with(told=lambda h, scale, shift: h * (1 + scale) - shift)
    ),
    "the first silu is missing, between norm_1 and conv_1": (
        block_with(bend_1=lambda x: x)
    ),
    "the second silu is missing, before conv_2": block_with(bend_2=lambda x: x),
    "both silus are missing: one comes before each convolution": (
        block_with(bend_1=lambda x: x, bend_2=lambda x: x)
    ),
    "relu stands where silu belongs: F.silu": block_with(bend_1=F.relu, bend_2=F.relu),
    "the sigmoid stands where silu belongs: F.silu": (
        block_with(bend_1=torch.sigmoid, bend_2=torch.sigmoid)
    ),
    "gelu stands where silu belongs: F.silu": block_with(bend_1=F.gelu, bend_2=F.gelu),
    "norm_1 is missing: it comes first": block_with(norm_1=nothing),
    "norm_2 is missing: scale and shift should act on norm_2(h)": (
        block_with(norm_2=nothing)
    ),
    "both norms are missing": block_with(norm_1=nothing, norm_2=nothing),
    "norm_1 is used twice: the second one should be norm_2": (
        block_with(norm_2=lambda block: block.norm_1)
    ),
    "conv_1 is used twice: the second one should be conv_2": (
        block_with(conv_2=lambda block: block.conv_1)
    ),
    "conv_1 and conv_2 are swapped": (
        block_with(conv_1=lambda block: block.conv_2, conv_2=lambda block: block.conv_1)
    ),
    "norm_1 and norm_2 are swapped": (
        block_with(norm_1=lambda block: block.norm_2, norm_2=lambda block: block.norm_1)
    ),
    "silu and norm_1 are swapped: first norm_1, then silu": bend_before_norm_1,
    "the first silu comes after conv_1: the order is norm_1, silu, conv_1": (
        bend_after_conv_1
    ),
    "the shift is outside the second silu: silu goes around all of norm_2(h) * (1 + "
    "scale) + shift": (
        ending_with(
            lambda x, h, scale, shift, block: (
                x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale)) + shift)
            )
        )
    ),
    "the brackets are in the wrong place: `* (1 + scale + shift)` multiplies by the "
    "shift, which should be added: `* (1 + scale) + shift`": (
        block_with(told=lambda h, scale, shift: h * (1 + scale + shift))
    ),
    "the second silu is outside conv_2: it comes before conv_2": (
        ending_with(
            lambda x, h, scale, shift, block: (
                x + F.silu(block.conv_2(block.norm_2(h) * (1 + scale) + shift))
            )
        )
    ),
    "silu is around the whole sum: nothing comes after x is added": (
        block_with(add=lambda x, h, y: F.silu(x + y))
    ),
    "norm_2 is given x: give it h, the output of conv_1": x_in_the_second_half,
    "x is multiplied by the output of conv_2: the shortcut adds x": (
        block_with(add=lambda x, h, y: x * y)
    ),
    "scale and shift act on x, before norm_1: they belong to norm_2(h)": (
        time_before_norm_1
    ),
    "silu(norm_1(x)) is added at the end in place of x: the shortcut adds the input. "
    "Use another name, h": shortcut_of_the_bent,
    "x is already added after conv_1: the only shortcut is at the very end": (
        shortcut_in_the_middle
    ),
    "x is added after conv_1, and the sum goes on as h: the only shortcut adds x, at "
    "the very end": shortcuts_twice,
    "conv_1 is missing": block_with(conv_1=nothing),
    "conv_2 is missing: it comes last, before x is added": block_with(conv_2=nothing),
    "silu and norm are swapped: first the norm, then silu, then the convolution": (
        bend_before_norm
    ),
    "conv_1 comes too early, before norm_1: the order is norm_1, silu, conv_1": (
        conv_before_norm_1
    ),
    "the first half runs backwards, silu, conv_1, norm_1: the order is norm_1, silu, "
    "conv_1": first_half_backwards,
    "the convolutions come too early: the order is norm, silu, convolution": (
        conv_before_norm
    ),
}
