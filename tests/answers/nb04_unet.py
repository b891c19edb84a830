"""What is handed in for notebook 04."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers import right, wrong
from course_lib.checks.nb04_unet import check_residual_block, check_time_embedding
from course_lib.networks.layers import time_embedding

# Time, right ------------------------------------------------------------------------


@right(check_time_embedding)
def as_the_hints_say(t, width):
    half = width // 2
    rate = 10_000 ** (-torch.arange(half) / half)
    angle = t[:, None] * rate
    return torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)


@right(check_time_embedding)
def by_exp_and_log(t, width):
    half = width // 2
    rate = torch.exp(-math.log(10000) * torch.arange(half) / half)
    angle = t.unsqueeze(1).float() * rate.unsqueeze(0)
    return torch.cat((angle.cos(), angle.sin()), 1)


@right(check_time_embedding)
def divided_by_the_power(t, width):
    half = width // 2
    angle = t.view(-1, 1) / torch.pow(10000.0, torch.arange(half) / half)
    return torch.hstack([angle.cos(), angle.sin()])


@right(check_time_embedding)
def by_logspace(t, width):
    half = width // 2
    rate = torch.logspace(0, -4, half + 1)[:-1]
    angle = torch.outer(t.float(), rate)
    return torch.concat([angle.cos(), angle.sin()], dim=-1)


@right(check_time_embedding)
def by_einsum(t, width):
    half = width // 2
    rate = 1 / 10_000 ** (torch.arange(half).float() / half)
    angle = torch.einsum("b,h->bh", t.float(), rate)
    return torch.cat([angle.cos(), angle.sin()], 1)


@right(check_time_embedding)
def two_loops(t, width):
    half = width // 2
    vec = torch.zeros(len(t), width)
    for row in range(len(t)):
        for i in range(half):
            angle = t[row].item() * 10_000 ** (-i / half)
            vec[row, i] = math.cos(angle)
            vec[row, half + i] = math.sin(angle)
    return vec


@right(check_time_embedding)
def column_by_column(t, width):
    half, columns = width // 2, []
    for wave in (torch.cos, torch.sin):
        for i in range(half):
            columns.append(wave(t * 10_000 ** (-i / half)))
    return torch.stack(columns, dim=1)


@right(check_time_embedding)
def a_list_of_lists(t, width):
    half = width // 2
    rates = [10_000 ** (-i / half) for i in range(half)]
    return torch.tensor(
        [
            [math.cos(s * r) for r in rates] + [math.sin(s * r) for r in rates]
            for s in t.tolist()
        ]
    )


@right(check_time_embedding)
def filled_in_place(t, width):
    half = width // 2
    angle = t[:, None] * 10_000 ** (torch.arange(0, -half, -1) / half)
    vec = torch.empty(t.shape[0], width)
    vec[:, :half], vec[:, half:] = angle.cos(), angle.sin()
    return vec


@right(check_time_embedding)
def sine_of_a_quarter_turn_more(t, width):
    half = width // 2
    angle = t[:, None] * 10_000 ** (-torch.arange(half) / half)
    return torch.sin(torch.cat([angle + math.pi / 2, angle], dim=1))


@right(check_time_embedding)
def by_complex_numbers(t, width):
    half = width // 2
    angle = t[:, None] * 10_000 ** (-torch.arange(half) / half)
    hands = torch.polar(torch.ones_like(angle), angle)
    return torch.cat([hands.real, hands.imag], dim=1)


@right(check_time_embedding)
def stacked_and_flattened(t, width):
    half = width // 2
    angle = t[:, None] * 10_000 ** (-torch.arange(half) / half)
    return torch.stack([angle.cos(), angle.sin()], dim=1).flatten(1)


@right(check_time_embedding)
def rates_one_after_the_other(t, width):
    half = width // 2
    step, rate, rates = 10_000 ** (-1 / half), 1.0, []
    for _ in range(half):
        rates.append(rate)
        rate *= step
    angle = t.reshape(-1, 1) * torch.tensor(rates)
    return torch.cat([angle.cos(), angle.sin()], dim=1)


@right(check_time_embedding)
def with_a_helper_of_its_own(t, width):
    def hand(wave):
        return wave(t[:, None] * 10_000 ** (-torch.arange(width // 2) / (width // 2)))

    return torch.cat([hand(torch.cos), hand(torch.sin)], dim=1)


@right(check_time_embedding)
def in_float64_and_back(t, width):
    half = width // 2
    rate = 10_000 ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = t.double()[:, None] * rate
    return torch.cat([angle.cos(), angle.sin()], dim=1).float()


@right(check_time_embedding)
def by_numpy_and_back(t, width):
    half = width // 2
    angle = t.numpy()[:, None] * 10_000.0 ** (-np.arange(half) / half)
    vec = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    return torch.from_numpy(vec).float()


# Time, wrong ------------------------------------------------------------------------


def angles(t, width, rate=None):
    half = width // 2
    return t[:, None] * (10_000 ** (-torch.arange(half) / half))


def hands(angle):
    return torch.cat([angle.cos(), angle.sin()], dim=1)


@wrong(check_time_embedding, "add .float()")
def left_in_float64(t, width):
    half = width // 2
    return hands(t[:, None] * 10_000 ** (-torch.arange(half).double() / half))


@wrong(check_time_embedding, "numpy array")
def left_in_numpy(t, width):
    return hands(angles(t, width)).numpy()


@wrong(check_time_embedding, "None")
def no_return(t, width):
    hands(angles(t, width))


@wrong(check_time_embedding, "found list")
def a_list(t, width):
    return hands(angles(t, width)).tolist()


@wrong(check_time_embedding, "found tuple")
def a_pair(t, width):
    angle = angles(t, width)
    return angle.cos(), angle.sin()


@wrong(check_time_embedding, "sine and cosine are swapped")
def sines_first(t, width):
    angle = angles(t, width)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@wrong(check_time_embedding, "not by width")
def divided_by_width(t, width):
    half = width // 2
    return hands(t[:, None] * 10_000 ** (-torch.arange(half) / width))


@wrong(check_time_embedding, "cosines and sines alternate")
def taking_turns(t, width):
    angle, vec = angles(t, width), torch.zeros(len(t), width)
    vec[:, 0::2], vec[:, 1::2] = angle.cos(), angle.sin()
    return vec


@wrong(check_time_embedding, "with a minus")
def no_minus(t, width):
    half = width // 2
    return hands(t[:, None] * 10_000 ** (torch.arange(half) / half))


@wrong(check_time_embedding, "multiplied by the rate")
def t_over_the_rate(t, width):
    half = width // 2
    return hands(t[:, None] / 10_000 ** (-torch.arange(half) / half))


@wrong(check_time_embedding, "the first hand is too slow")
def counted_from_one(t, width):
    half = width // 2
    return hands(t[:, None] * 10_000 ** (-torch.arange(1, half + 1) / half))


@wrong(check_time_embedding, "not by half - 1")
def both_ends(t, width):
    half = width // 2
    return hands(t[:, None] * 10_000 ** (-torch.arange(half) / (half - 1)))


@wrong(check_time_embedding, "not e")
def e_to_the_power(t, width):
    half = width // 2
    return hands(t[:, None] * torch.exp(-torch.arange(half) / half))


@wrong(check_time_embedding, "1,000")
def a_zero_too_few(t, width):
    half = width // 2
    return hands(t[:, None] * 1000 ** (-torch.arange(half) / half))


@wrong(check_time_embedding, "write `/`")
def whole_division(t, width):
    half = width // 2
    return hands(t[:, None] * 10_000.0 ** -(torch.arange(half) // half))


@wrong(check_time_embedding, "2 pi")
def whole_turns(t, width):
    return hands(2 * math.pi * angles(t, width))


@wrong(check_time_embedding, "t / 1000")
def t_as_a_fraction(t, width):
    return hands(angles(t, width) / 1000)


@wrong(check_time_embedding, "are added")
def t_plus_the_rate(t, width):
    half = width // 2
    return hands(t[:, None] + 10_000 ** (-torch.arange(half) / half))


@wrong(check_time_embedding, "t is outside the cosine")
def cosine_of_the_rate(t, width):
    half = width // 2
    rate = 10_000 ** (-torch.arange(half) / half)
    return t[:, None] * torch.cat([rate.cos(), rate.sin()])


@wrong(check_time_embedding, "first step")
def one_t_for_all(t, width):
    half = width // 2
    return hands((t[0] * 10_000 ** (-torch.arange(half) / half)).repeat(len(t), 1))


@wrong(check_time_embedding, "the cosines appear")
def cosines_twice(t, width):
    angle = angles(t, width)
    return torch.cat([angle.cos(), angle.cos()], dim=1)


@wrong(check_time_embedding, "the sines appear twice")
def sines_twice(t, width):
    angle = angles(t, width)
    return torch.cat([angle.sin(), angle.sin()], dim=1)


@wrong(check_time_embedding, "sines are missing")
def cosines_only(t, width):
    return angles(t, width).cos()


@wrong(check_time_embedding, "those are the angles")
def angles_only(t, width):
    return angles(t, width)


@wrong(check_time_embedding, "twice as many hands")
def as_many_hands_as_width(t, width):
    rate = 10_000 ** (-torch.arange(width) / width)
    return hands(t[:, None] * rate)


@wrong(check_time_embedding, "below")
def glued_as_rows(t, width):
    angle = angles(t, width)
    return torch.cat([angle.cos(), angle.sin()])


@wrong(check_time_embedding, "puts them beside each other")
def stacked_in_the_middle(t, width):
    angle = angles(t, width)
    return torch.stack([angle.cos(), angle.sin()], dim=1)


@wrong(check_time_embedding, "puts them beside each other")
def stacked_behind(t, width):
    angle = angles(t, width)
    return torch.stack([angle.cos(), angle.sin()], dim=-1)


@wrong(check_time_embedding, "puts them beside each other")
def stacked_in_front(t, width):
    angle = angles(t, width)
    return torch.stack([angle.cos(), angle.sin()])


@wrong(check_time_embedding, "each step has a row")
def lying_on_its_side(t, width):
    return hands(angles(t, width)).T


@wrong(check_time_embedding, "ValueError")
def math_on_tensors(t, width):
    return math.cos(angles(t, width))


@wrong(check_time_embedding, "RuntimeError")
def without_the_new_axis(t, width):
    half = width // 2
    angle = t * 10_000 ** (-torch.arange(half + 7) / half)
    return torch.cat([angle.cos(), angle.sin()])


@wrong(check_time_embedding, "in place")
def t_changed_in_place(t, width):
    half = width // 2
    vec = hands(t[:, None] * 10_000 ** (-torch.arange(half) / half))
    t *= 0
    return vec


@wrong(check_time_embedding)
def last_hand_forgotten(t, width):
    vec = hands(angles(t, width))
    vec[:, -1] = 0
    return vec


# The block, right -------------------------------------------------------------------


@right(check_residual_block)
def as_the_formula_says(x, scale, shift, block):
    h = block.conv_1(F.silu(block.norm_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


@right(check_residual_block)
def line_by_line(x, scale, shift, block):
    h = block.norm_1(x)
    h = F.silu(h)
    h = block.conv_1(h)
    h = block.norm_2(h)
    h = h * (1 + scale)
    h = h + shift
    h = F.silu(h)
    h = block.conv_2(h)
    return h + x


@right(check_residual_block)
def the_product_written_out(x, scale, shift, block):
    h = block.norm_2(block.conv_1(F.silu(block.norm_1(x))))
    return block.conv_2(F.silu(h + h * scale + shift)) + x


@right(check_residual_block)
def silu_by_hand(x, scale, shift, block):
    def silu(y):
        return y / (1 + torch.exp(-y))

    h = block.conv_1(silu(block.norm_1(x)))
    return x + block.conv_2(silu((scale + 1) * block.norm_2(h) + shift))


@right(check_residual_block)
def silu_by_sigmoid(x, scale, shift, block):
    h = block.norm_1(x)
    h = block.conv_1(h * torch.sigmoid(h))
    h = block.norm_2(h) * (1 + scale) + shift
    return x + block.conv_2(h * h.sigmoid())


@right(check_residual_block)
def silu_as_a_layer(x, scale, shift, block):
    first = nn.Sequential(block.norm_1, nn.SiLU(), block.conv_1, block.norm_2)
    last = nn.Sequential(nn.SiLU(), block.conv_2)
    return x + last(first(x) * (1 + scale) + shift)


@right(check_residual_block)
def by_addcmul(x, scale, shift, block):
    h = block.norm_2(block.conv_1(F.silu(block.norm_1(x))))
    return torch.add(x, block.conv_2(F.silu(torch.addcmul(shift, h, 1 + scale))))


@right(check_residual_block)
def in_place_on_its_own(x, scale, shift, block):
    h = block.conv_1(F.silu(block.norm_1(x)))
    h = block.norm_2(h)
    h = h * (1 + scale)
    h += shift
    out = block.conv_2(F.silu(h))
    out += x
    return out


@right(check_residual_block)
def kept_for_later(x, scale, shift, block):
    came_in = x.clone()
    x = F.silu(block.norm_1(x))
    x = block.norm_2(block.conv_1(x))
    x = F.silu(x * (1 + scale) + shift)
    return came_in + block.conv_2(x)


@right(check_residual_block)
def picture_by_picture(x, scale, shift, block):
    out = []
    for i in range(len(x)):
        one = x[i : i + 1]
        h = block.norm_2(block.conv_1(F.silu(block.norm_1(one))))
        h = h * (1 + scale[i : i + 1]) + shift[i : i + 1]
        out.append(one + block.conv_2(F.silu(h)))
    return torch.cat(out)


@right(check_residual_block)
def through_functional(x, scale, shift, block):
    def conv(h, layer):
        return F.conv2d(h, layer.weight, layer.bias, padding=1)

    def norm(h, layer):
        return F.group_norm(h, layer.num_groups, layer.weight, layer.bias, layer.eps)

    h = norm(conv(F.silu(norm(x, block.norm_1)), block.conv_1), block.norm_2)
    return x + conv(F.silu(h * (1 + scale) + shift), block.conv_2)


@right(check_residual_block)
def a_loop_over_two_halves(x, scale, shift, block):
    h = x
    halves = [(block.norm_1, block.conv_1), (block.norm_2, block.conv_2)]
    for number, (norm, conv) in enumerate(halves):
        h = norm(h)
        if number == 1:
            h = h * (1 + scale) + shift
        h = conv(F.silu(h))
    return x + h


@right(check_residual_block)
def stacked_and_summed(x, scale, shift, block):
    h = block.norm_2(block.conv_1(F.silu(block.norm_1(x))))
    return torch.stack([x, block.conv_2(F.silu(h * (1 + scale) + shift))]).sum(dim=0)


# The block, wrong -------------------------------------------------------------------


def first_half(x, block):
    return block.conv_1(F.silu(block.norm_1(x)))


@wrong(check_residual_block, "shortcut is missing")
def no_shortcut(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return block.conv_2(F.silu(h))


@wrong(check_residual_block, "instead of 1 + scale")
def bare_scale(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * scale + shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "come too late")
def told_at_the_end(x, scale, shift, block):
    h = block.conv_2(F.silu(block.norm_2(first_half(x, block))))
    return x + (h * (1 + scale) + shift)


@wrong(check_residual_block, "come too early")
def told_before_norm_2(x, scale, shift, block):
    h = block.norm_2(first_half(x, block) * (1 + scale) + shift)
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "in the first half")
def told_in_the_first_half(x, scale, shift, block):
    h = block.conv_1(F.silu(block.norm_1(x) * (1 + scale) + shift))
    return x + block.conv_2(F.silu(block.norm_2(h)))


@wrong(check_residual_block, "act twice")
def told_twice(x, scale, shift, block):
    h = block.conv_1(F.silu(block.norm_1(x) * (1 + scale) + shift))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


@wrong(check_residual_block, "after the second silu")
def told_after_silu(x, scale, shift, block):
    h = F.silu(block.norm_2(first_half(x, block))) * (1 + scale) + shift
    return x + block.conv_2(h)


@wrong(check_residual_block, "this is h after conv_1")
def h_added(x, scale, shift, block):
    h = first_half(x, block)
    return h + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


@wrong(check_residual_block, "this is h after scale and shift")
def told_h_added(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return h + block.conv_2(F.silu(h))


@wrong(check_residual_block, "overwritten")
def x_overwritten(x, scale, shift, block):
    x = block.norm_1(x)
    h = block.conv_1(F.silu(x))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


@wrong(check_residual_block, "added before conv_2")
def added_inside(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return block.conv_2(x + F.silu(h))


@wrong(check_residual_block, "subtracted at the end")
def x_subtracted(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return block.conv_2(F.silu(h)) - x


@wrong(check_residual_block, "scale and shift are swapped")
def scale_for_shift(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + shift) + scale
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "shift is forgotten")
def no_shift(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale)
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "scale is forgotten")
def no_scale(x, scale, shift, block):
    return x + block.conv_2(F.silu(block.norm_2(first_half(x, block)) + shift))


@wrong(check_residual_block, "both forgotten")
def not_told(x, scale, shift, block):
    return x + block.conv_2(F.silu(block.norm_2(first_half(x, block))))


@wrong(check_residual_block, "brackets are missing")
def no_brackets(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * 1 + scale + shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "hold too much")
def shift_scaled(x, scale, shift, block):
    h = (1 + scale) * (block.norm_2(first_half(x, block)) + shift)
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "by scale + shift")
def scale_plus_shift(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (scale + shift)
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "shift is subtracted")
def minus_shift(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) - shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "first silu is missing")
def no_first_silu(x, scale, shift, block):
    h = block.norm_2(block.conv_1(block.norm_1(x))) * (1 + scale) + shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "second silu is missing")
def no_second_silu(x, scale, shift, block):
    return x + block.conv_2(block.norm_2(first_half(x, block)) * (1 + scale) + shift)


@wrong(check_residual_block, "both silus are missing")
def no_silu(x, scale, shift, block):
    h = block.norm_2(block.conv_1(block.norm_1(x))) * (1 + scale) + shift
    return x + block.conv_2(h)


@wrong(check_residual_block, "relu stands where silu belongs")
def relu(x, scale, shift, block):
    h = block.norm_2(block.conv_1(F.relu(block.norm_1(x)))) * (1 + scale) + shift
    return x + block.conv_2(F.relu(h))


@wrong(check_residual_block, "the sigmoid stands")
def sigmoid(x, scale, shift, block):
    h = block.conv_1(block.norm_1(x).sigmoid())
    h = block.norm_2(h) * (1 + scale) + shift
    return x + block.conv_2(h.sigmoid())


@wrong(check_residual_block, "norm_1 is missing")
def no_norm_1(x, scale, shift, block):
    h = block.norm_2(block.conv_1(F.silu(x))) * (1 + scale) + shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "norm_2 is missing")
def no_norm_2(x, scale, shift, block):
    return x + block.conv_2(F.silu(first_half(x, block) * (1 + scale) + shift))


@wrong(check_residual_block, "norm_1 is used twice")
def norm_1_twice(x, scale, shift, block):
    h = block.norm_1(first_half(x, block)) * (1 + scale) + shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "conv_1 is used twice")
def conv_1_twice(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return x + block.conv_1(F.silu(h))


@wrong(check_residual_block, "conv_2 is missing")
def no_conv_2(x, scale, shift, block):
    return x + F.silu(block.norm_2(first_half(x, block)) * (1 + scale) + shift)


@wrong(check_residual_block, "first the norm, then silu")
def silu_before_norm(x, scale, shift, block):
    h = block.conv_1(block.norm_1(F.silu(x)))
    return x + block.conv_2(block.norm_2(F.silu(h)) * (1 + scale) + shift)


@wrong(check_residual_block, "convolutions come too early")
def conv_first(x, scale, shift, block):
    h = F.silu(block.norm_1(block.conv_1(x)))
    return x + F.silu(block.norm_2(block.conv_2(h)) * (1 + scale) + shift)


@wrong(check_residual_block, "the numbers are right, but no gradient gets through: a")
@torch.no_grad()
def without_gradient(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "in place")
def x_changed_in_place(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    x += block.conv_2(F.silu(h))
    return x


@wrong(check_residual_block, "None")
def nothing_returned(x, scale, shift, block):
    x + block.conv_2(F.silu(block.norm_2(first_half(x, block)) * (1 + scale) + shift))


@wrong(check_residual_block, "it calls the whole")
def the_block_called(x, scale, shift, block):
    return block(x, scale, shift)


@wrong(check_residual_block, "AttributeError")
def a_misspelt_layer(x, scale, shift, block):
    return x + block.conv2(F.silu(block.norm1(x)))


@wrong(check_residual_block, "RuntimeError")
def glued_instead_of_added(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return block.conv_2(torch.cat([x, F.silu(h)], dim=1))


@wrong(check_residual_block, "found tuple")
def h_and_x(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return x, block.conv_2(F.silu(h))


@wrong(check_residual_block)
def half_of_each(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return 0.5 * x + 0.5 * block.conv_2(F.silu(h))


@wrong(check_residual_block, "expected the shape")
def every_second_place(x, scale, shift, block):
    return time_embedding(torch.arange(4), 4)


# Found by a learner who tried the commonest slips ----------------------------------


@wrong(check_time_embedding, "brackets are missing")
def no_brackets_around_the_exponent(t, width):
    half = width // 2
    angle = t[:, None] * (10_000.0 ** -torch.arange(half) / half)
    return torch.cat([angle.cos(), angle.sin()], dim=1)


@wrong(check_time_embedding, "`//` rounds down")
def whole_division_of_minus_i(t, width):
    half = width // 2
    angle = t[:, None] * 10_000.0 ** (-torch.arange(half) // half)
    return torch.cat([angle.cos(), angle.sin()], dim=1)


@wrong(check_residual_block, "silu and norm_1 are swapped")
def silu_before_norm_1(x, scale, shift, block):
    h = block.conv_1(block.norm_1(F.silu(x)))
    h = block.norm_2(h) * (1 + scale) + shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "the first silu comes after conv_1")
def silu_after_conv_1(x, scale, shift, block):
    h = F.silu(block.conv_1(block.norm_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


@wrong(check_residual_block, "the shift is outside the second silu")
def shift_outside_of_silu(x, scale, shift, block):
    h = F.silu(block.norm_2(first_half(x, block)) * (1 + scale)) + shift
    return x + block.conv_2(h)


@wrong(check_residual_block, "come after the second silu")
def silu_of_norm_2_only(x, scale, shift, block):
    h = F.silu(block.norm_2(first_half(x, block))) * (1 + scale) + shift
    return x + block.conv_2(h)


@wrong(check_residual_block, "multiplies by the shift")
def all_in_one_bracket(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale + shift)
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "the second silu is outside conv_2")
def silu_outside_of_conv_2(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return x + F.silu(block.conv_2(h))


@wrong(check_residual_block, "around the whole sum")
def silu_of_everything(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return F.silu(x + block.conv_2(F.silu(h)))


@wrong(check_residual_block, "norm_2 is given x")
def norm_2_of_x(x, scale, shift, block):
    return x + block.conv_2(F.silu(block.norm_2(x) * (1 + scale) + shift))


@wrong(check_residual_block, "x is multiplied")
def times_instead_of_plus(x, scale, shift, block):
    h = block.norm_2(first_half(x, block)) * (1 + scale) + shift
    return x * block.conv_2(F.silu(h))


@wrong(check_residual_block, "before norm_1")
def told_before_norm_1(x, scale, shift, block):
    h = block.conv_1(F.silu(block.norm_1(x * (1 + scale) + shift)))
    return x + block.conv_2(F.silu(block.norm_2(h)))


@wrong(check_residual_block, "in place of x: the shortcut")
def shortcut_from_the_bent_one(x, scale, shift, block):
    h = F.silu(block.norm_1(x))
    return h + block.conv_2(F.silu(block.norm_2(block.conv_1(h)) * (1 + scale) + shift))


@wrong(check_residual_block, "x is already added after conv_1")
def x_plus_h_goes_on(x, scale, shift, block):
    h = block.norm_2(x + first_half(x, block)) * (1 + scale) + shift
    return x + block.conv_2(F.silu(h))


@wrong(check_residual_block, "the sum goes on as h")
def x_plus_h_goes_on_and_is_added(x, scale, shift, block):
    h = x + first_half(x, block)
    return h + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


# As learners wrote it -----------------------------------------------------------------


@wrong(check_residual_block, "silu is F.silu")
def silu_without_its_module(x, scale, shift, block):
    h = block.conv_1(silu(block.norm_1(x)))  # noqa: F821
    return x + block.conv_2(silu(block.norm_2(h) * (1 + scale) + shift))  # noqa: F821


@wrong(check_residual_block, "silu is F.silu")
def silu_of_the_block(x, scale, shift, block):
    h = block.conv_1(block.silu(block.norm_1(x)))
    return x + block.conv_2(block.silu(block.norm_2(h) * (1 + scale) + shift))


@wrong(check_residual_block, "is `.conv_1` meant?")
def without_the_underscore(x, scale, shift, block):
    h = block.conv1(F.silu(block.norm_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


@wrong(check_residual_block, "conv_1 comes too early, before norm_1")
def convolved_before_norm_1(x, scale, shift, block):
    h = F.silu(block.norm_1(block.conv_1(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


@wrong(check_residual_block, "the first half runs backwards")
def first_half_backwards(x, scale, shift, block):
    h = block.norm_1(block.conv_1(F.silu(x)))
    return x + block.conv_2(F.silu(block.norm_2(h) * (1 + scale) + shift))


@wrong(check_time_embedding, "the angles are made smaller by pi / 180")
def degrees_into_radians(t, width):
    half = width // 2
    angle = torch.deg2rad(t[:, None] * 10_000 ** (-torch.arange(half) / half))
    return torch.cat([angle.cos(), angle.sin()], dim=1)


@wrong(check_time_embedding, "the angles are turned into degrees")
def radians_into_degrees(t, width):
    half = width // 2
    angle = t[:, None] * 10_000 ** (-torch.arange(half) / half) * 180 / torch.pi
    return torch.cat([angle.cos(), angle.sin()], dim=1)
