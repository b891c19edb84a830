"""What is handed in for notebook 19."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers import right, wrong
from course_lib.checks.nb19_graduate import check_conv_1d, check_gradient_of_all

# One gradient from many: right ------------------------------------------------------


@right(check_gradient_of_all)
def as_the_solution(gradients, pictures):
    return (pictures[:, None] * gradients).sum(0) / pictures.sum()


@right(check_gradient_of_all)
def by_a_product(gradients, pictures):
    return pictures.float() @ gradients / pictures.sum()


@right(check_gradient_of_all)
def shares_first(gradients, pictures):
    share = pictures / pictures.sum()
    return (share.unsqueeze(1) * gradients).sum(dim=0)


@right(check_gradient_of_all)
def einsum(gradients, pictures):
    return torch.einsum("p,pd->d", pictures / pictures.sum(), gradients)


@right(check_gradient_of_all)
def row_by_row(gradients, pictures):
    total = torch.zeros(gradients.shape[1])
    for gradient, n in zip(gradients, pictures, strict=True):
        total = total + n * gradient
    return total / pictures.sum()


@right(check_gradient_of_all)
def counted_by_hand(gradients, pictures):
    total, seen = 0, 0
    for i in range(len(pictures)):
        total = total + gradients[i] * pictures[i]
        seen += pictures[i].item()
    return total / seen


@right(check_gradient_of_all)
def as_lists(gradients, pictures):
    parts = [n * g for n, g in zip(pictures.tolist(), gradients, strict=True)]
    return torch.stack(parts).sum(0) / sum(pictures.tolist())


@right(check_gradient_of_all)
def as_if_each_picture_were_a_row(gradients, pictures):
    return gradients.repeat_interleave(pictures, dim=0).mean(0)


@right(check_gradient_of_all)
def transposed(gradients, pictures):
    return (gradients.T * pictures).sum(1) / pictures.sum()


@right(check_gradient_of_all)
def means_of_both(gradients, pictures):
    return (pictures[:, None] * gradients).mean(0) / pictures.float().mean()


@right(check_gradient_of_all)
def running_mean(gradients, pictures):
    mean, seen = torch.zeros_like(gradients[0]), 0
    for gradient, n in zip(gradients, pictures.tolist(), strict=True):
        if n:
            seen += n
            mean = mean + (gradient - mean) * n / seen
    return mean


@right(check_gradient_of_all)
def numpys_average(gradients, pictures):
    mean = np.average(gradients.numpy(), axis=0, weights=pictures.numpy())
    return torch.tensor(mean, dtype=torch.float32)


@right(check_gradient_of_all)
def by_a_linear_layer(gradients, pictures):
    return F.linear(gradients.T, (pictures / pictures.sum())[None])[:, 0]


# One gradient from many: wrong --------------------------------------------------------


@wrong(check_gradient_of_all, "each machine counts the same")
def plain_mean(gradients, pictures):
    return gradients.mean(0)


@wrong(check_gradient_of_all, "only added up")
def plain_sum(gradients, pictures):
    return gradients.sum(0)


@wrong(check_gradient_of_all, "the division is missing")
def not_divided(gradients, pictures):
    return (pictures[:, None] * gradients).sum(0)


@wrong(check_gradient_of_all, "divided by the number of machines")
def mean_of_weighed(gradients, pictures):
    return (pictures[:, None] * gradients).mean(0)


@wrong(check_gradient_of_all, "divided by the largest share")
def by_the_largest(gradients, pictures):
    return (pictures[:, None] * gradients).sum(0) / pictures.max()


@wrong(check_gradient_of_all, "divided twice, by all pictures and by the number")
def mean_of_shares(gradients, pictures):
    return (pictures[:, None] / pictures.sum() * gradients).mean(0)


@wrong(check_gradient_of_all, "divided twice by all pictures")
def shares_and_again(gradients, pictures):
    share = pictures / pictures.sum()
    return (share[:, None] * gradients).sum(0) / pictures.sum()


@wrong(check_gradient_of_all, "added without weights")
def sum_over_all_pictures(gradients, pictures):
    return gradients.sum(0) / pictures.sum()


@wrong(check_gradient_of_all, "upside down")
def upside_down(gradients, pictures):
    w = 1 / pictures
    return (w[:, None] * gradients).sum(0) / w.sum()


@wrong(check_gradient_of_all, "is a mean already: multiply")
def divided_rows(gradients, pictures):
    return (gradients / pictures[:, None]).sum(0)


@wrong(check_gradient_of_all, "before the mean")
def divided_rows_and_mean(gradients, pictures):
    return (gradients / pictures[:, None]).mean(0)


@wrong(check_gradient_of_all, "squared")
def squared(gradients, pictures):
    w = pictures**2
    return (w[:, None] * gradients).sum(0) / w.sum()


@wrong(check_gradient_of_all, "square roots")
def roots(gradients, pictures):
    w = pictures.sqrt()
    return (w[:, None] * gradients).sum(0) / w.sum()


@wrong(check_gradient_of_all, "softmax")
def softmaxed(gradients, pictures):
    return (pictures.float().softmax(0)[:, None] * gradients).sum(0)


@wrong(check_gradient_of_all, "only the first machine")
def the_first(gradients, pictures):
    return gradients[0]


@wrong(check_gradient_of_all, "only the last machine")
def the_last(gradients, pictures):
    for gradient in gradients:
        answer = gradient
    return answer


@wrong(check_gradient_of_all, "the machine with the most")
def the_largest(gradients, pictures):
    return gradients[pictures.argmax()]


@wrong(check_gradient_of_all, "one number for each machine: the mean")
def wrong_axis(gradients, pictures):
    return gradients.mean(1)


@wrong(check_gradient_of_all, "one number for each machine, weighed")
def wrong_axis_weighed(gradients, pictures):
    return (pictures[:, None] * gradients).sum(1) / pictures.sum()


@wrong(check_gradient_of_all, "added into one")
def one_number(gradients, pictures):
    return (pictures[:, None] * gradients).sum() / pictures.sum()


@wrong(check_gradient_of_all, "but not added")
def rows_left(gradients, pictures):
    return pictures[:, None] * gradients / pictures.sum()


@wrong(check_gradient_of_all, "median")
def median(gradients, pictures):
    return gradients.median(0).values


@wrong(check_gradient_of_all, "sign is turned")
def downhill(gradients, pictures):
    return -(pictures[:, None] * gradients).sum(0) / pictures.sum()


@wrong(check_gradient_of_all, "// rounds")
def whole_division(gradients, pictures):
    share = pictures // pictures.sum()
    return (share[:, None] * gradients).sum(0)


@wrong(check_gradient_of_all, "length 1")
def direction_only(gradients, pictures):
    total = (pictures[:, None] * gradients).sum(0)
    return total / total.norm()


@wrong(check_gradient_of_all, "leave out the - 1")
def one_less(gradients, pictures):
    return (pictures[:, None] * gradients).sum(0) / (pictures.sum() - 1)


@wrong(check_gradient_of_all, "it returned None")
def nothing(gradients, pictures):
    (pictures[:, None] * gradients).sum(0) / pictures.sum()


@wrong(check_gradient_of_all, "changes its input")
def in_place(gradients, pictures):
    gradients *= pictures[:, None]
    return gradients.sum(0) / pictures.sum()


@wrong(check_gradient_of_all, "where a machine has no picture")
def mean_of_those_with_pictures(gradients, pictures):
    means = gradients * pictures[:, None] / pictures[:, None]
    return (means * pictures[:, None]).sum(0) / pictures.sum()


@wrong(check_gradient_of_all, "pictures[:, None]")
def without_an_axis(gradients, pictures):
    return (pictures * gradients).sum(0) / pictures.sum()


@wrong(check_gradient_of_all, "only the first two machines")
def of_two_machines(gradients, pictures):
    total = pictures[0] * gradients[0] + pictures[1] * gradients[1]
    return total / (pictures[0] + pictures[1])


@wrong(check_gradient_of_all, "only the first two rows")
def two_rows_of_all(gradients, pictures):
    total = pictures[0] * gradients[0] + pictures[1] * gradients[1]
    return total / pictures.sum()


@wrong(check_gradient_of_all, "3 and 2 are those of the example")
def with_the_numbers_of_the_example(gradients, pictures):
    return (3 * gradients[0] + 2 * gradients[1]) / 5


@wrong(check_gradient_of_all, "only the first two machines are averaged")
def mean_of_two(gradients, pictures):
    return (gradients[0] + gradients[1]) / 2


@wrong(check_gradient_of_all, "by all pictures besides")
def divided_rows_over_all(gradients, pictures):
    return (gradients / pictures[:, None]).sum(0) / pictures.sum()


@wrong(check_gradient_of_all, "and multiplied by all pictures")
def divided_rows_times_all(gradients, pictures):
    return (gradients / pictures[:, None]).sum(0) * pictures.sum()


@wrong(check_gradient_of_all, "from the other end")
def turned_round(gradients, pictures):
    return (pictures.flip(0)[:, None] * gradients).sum(0) / pictures.sum()


@wrong(check_gradient_of_all)
def the_two_ends(gradients, pictures):
    return (gradients[0] + gradients[-1]) / 2


# A convolution over time: right -------------------------------------------------------


@right(check_conv_1d)
def conv_as_the_solution(x, weight, bias):
    L = x.shape[2]
    padded = F.pad(x, (1, 1))
    out = bias[:, None]
    for k in range(3):
        out = out + weight[:, :, k] @ padded[:, :, k : k + L]
    return out


@right(check_conv_1d)
def einsum_for_each_tap(x, weight, bias):
    padded = F.pad(x, (1, 1))
    taps = [padded[:, :, :-2], padded[:, :, 1:-1], padded[:, :, 2:]]
    out = sum(torch.einsum("dc,bcl->bdl", weight[:, :, k], taps[k]) for k in range(3))
    return out + bias[None, :, None]


@right(check_conv_1d)
def unfolded(x, weight, bias):
    windows = F.pad(x, (1, 1)).unfold(2, 3, 1)  # (B, C, L, 3)
    return torch.einsum("dck,bclk->bdl", weight, windows) + bias[:, None]


@right(check_conv_1d)
def with_zeros_from_cat(x, weight, bias):
    nothing = torch.zeros_like(x[:, :, :1])
    before = torch.cat([nothing, x[:, :, :-1]], dim=2)
    after = torch.cat([x[:, :, 1:], nothing], dim=2)
    out = weight[:, :, 0] @ before + weight[:, :, 1] @ x + weight[:, :, 2] @ after
    return out + bias.reshape(1, -1, 1)


@right(check_conv_1d)
def step_by_step(x, weight, bias):
    padded = F.pad(x, (1, 1))
    steps = []
    for step in range(x.shape[2]):
        window = padded[:, :, step : step + 3]  # (B, C, 3)
        steps.append((window[:, None] * weight).sum((2, 3)) + bias)
    return torch.stack(steps, dim=2)


@right(check_conv_1d)
def all_loops(x, weight, bias):
    B, C, L = x.shape
    rows = []
    for b in range(B):
        for d in range(len(weight)):
            for step in range(L):
                total = bias[d]
                for k in range(3):
                    at = step + k - 1
                    if 0 <= at < L:
                        total = total + (weight[d, :, k] * x[b, :, at]).sum()
                rows.append(total)
    return torch.stack(rows).reshape(B, len(weight), L)


@right(check_conv_1d)
def channel_by_channel(x, weight, bias):
    out = bias[None, :, None] + torch.zeros(len(x), len(weight), x.shape[2])
    padded = F.pad(x, (1, 1))
    for c in range(x.shape[1]):
        for k in range(3):
            part = padded[:, c, k : k + x.shape[2]]  # (B, L)
            out = out + weight[:, c, k][None, :, None] * part[:, None]
    return out


@right(check_conv_1d)
def by_one_matrix(x, weight, bias):
    windows = F.pad(x, (1, 1)).unfold(2, 3, 1).permute(0, 2, 1, 3).flatten(2)
    return (windows @ weight.flatten(1).T + bias).transpose(1, 2)


@right(check_conv_1d)
def rolled(x, weight, bias):
    L = x.shape[2]
    here = torch.arange(L)
    before = torch.where(here > 0, x.roll(1, 2), 0.0)
    after = torch.where(here < L - 1, x.roll(-1, 2), 0.0)
    pairs = zip(weight.unbind(2), (before, x, after), strict=True)
    return sum(w @ part for w, part in pairs) + bias[:, None]


@right(check_conv_1d)
def written_into(x, weight, bias):
    L = x.shape[2]
    padded = F.pad(x, (1, 1))
    out = torch.zeros(len(x), len(weight), L)
    for k in range(3):
        out += weight[:, :, k] @ padded[:, :, k : k + L]
    return out + bias[:, None]


@right(check_conv_1d)
def with_an_own_zero_layer(x, weight, bias):
    padded = nn.ConstantPad1d(1, 0.0)(x)
    parts = [weight[:, :, k] @ padded[:, :, k : k + x.shape[2]] for k in range(3)]
    return torch.stack(parts).sum(0) + bias[:, None]


@right(check_conv_1d)
def matmul_by_name(x, weight, bias):
    padded = torch.zeros(x.shape[0], x.shape[1], x.shape[2] + 2)
    padded[:, :, 1:-1] = x
    out = torch.matmul(weight[:, :, 0], padded[:, :, :-2])
    out = out + torch.matmul(weight[:, :, 1], padded[:, :, 1:-1])
    out = out + torch.matmul(weight[:, :, 2], padded[:, :, 2:])
    return out + bias.unsqueeze(1)


@right(check_conv_1d)
def by_shifted_windows(x, weight, bias):
    padded = F.pad(x, (1, 1))
    windows = torch.stack([padded[:, :, k : k + x.shape[2]] for k in range(3)], dim=2)
    return weight.flatten(1) @ windows.flatten(1, 2) + bias[None, :, None]


# A convolution over time: wrong -------------------------------------------------------


@wrong(check_conv_1d, "torch's own convolution")
def torchs_own(x, weight, bias):
    return F.conv1d(x, weight, bias, padding=1)


@wrong(check_conv_1d, "torch's own convolution")
def the_string_same(x, weight, bias):
    return F.conv1d(x, weight, bias, padding="same")


@wrong(check_conv_1d, "torch's own convolution")
def as_a_flat_picture(x, weight, bias):
    flat = F.conv2d(x[:, :, None], weight[:, :, None], bias, padding=(0, 1))
    return flat[:, :, 0]


@wrong(check_conv_1d, "torch's own convolution")
def the_gradient_way(x, weight, bias):
    # A transposed convolution with the kernel turned round is the same thing.
    back = weight.flip(2).transpose(0, 1)
    return F.conv_transpose1d(x, back, bias, padding=1)


@wrong(check_conv_1d, "torch's own convolution")
def by_a_layer_that_pads(x, weight, bias):
    return F.conv1d(nn.ConstantPad1d(1, 0.0)(x), weight, bias)


def taps_of(x, pad=(1, 1)):
    padded = F.pad(x, pad)
    return [padded[:, :, k : k + x.shape[2]] for k in range(3)]


@wrong(check_conv_1d, "turned round")
def flipped(x, weight, bias):
    taps = taps_of(x)
    return sum(weight[:, :, 2 - k] @ taps[k] for k in range(3)) + bias[:, None]


@wrong(check_conv_1d, "two ends are missing")
def no_padding(x, weight, bias):
    return F.conv1d(x, weight, bias)


@wrong(check_conv_1d, "a moment too late")
def zeros_in_front(x, weight, bias):
    taps = taps_of(x, (2, 0))
    return sum(weight[:, :, k] @ taps[k] for k in range(3)) + bias[:, None]


@wrong(check_conv_1d, "a moment too early")
def zeros_behind(x, weight, bias):
    taps = taps_of(x, (0, 2))
    return sum(weight[:, :, k] @ taps[k] for k in range(3)) + bias[:, None]


@wrong(check_conv_1d, "too many zeros")
def too_much_padding(x, weight, bias):
    return F.conv1d(x, weight, bias, padding=2)


@wrong(check_conv_1d, "bent into a ring")
def rolled_round(x, weight, bias):
    parts = zip(weight.unbind(2), (x.roll(1, 2), x, x.roll(-1, 2)), strict=True)
    return sum(w @ part for w, part in parts) + bias[:, None]


@wrong(check_conv_1d, "repeated beyond the ends")
def ends_repeated(x, weight, bias):
    return F.conv1d(F.pad(x, (1, 1), "replicate"), weight, bias)


@wrong(check_conv_1d, "there are ones")
def ones_at_the_ends(x, weight, bias):
    return F.conv1d(F.pad(x, (1, 1), value=1.0), weight, bias)


@wrong(check_conv_1d, "there is -1, which is silence")
def silence_at_the_ends(x, weight, bias):
    padded = F.pad(x, (1, 1), value=-1)
    L = x.shape[2]
    parts = [weight[:, :, k] @ padded[:, :, k : k + L] for k in range(3)]
    return sum(parts) + bias[:, None]


@wrong(check_conv_1d, "only the first neighbour is added")
def return_in_the_loop(x, weight, bias):
    out = bias[:, None]
    for k, part in enumerate(taps_of(x)):
        out = out + weight[:, :, k] @ part
        return out


@wrong(check_conv_1d, "write `out = out + ...`")
def grown_in_place(x, weight, bias):
    out = bias[:, None]
    for k, part in enumerate(taps_of(x)):
        out += weight[:, :, k] @ part
    return out


@wrong(check_conv_1d, "each piece must be L moments long")
def not_padded(x, weight, bias):
    out = bias[:, None]
    for k in range(3):
        out = out + weight[:, :, k] @ x[:, :, k : k + x.shape[2]]
    return out


@wrong(check_conv_1d, "each piece must be L moments long")
def pieces_up_to_l(x, weight, bias):
    out, padded = bias[:, None], F.pad(x, (1, 1))
    for k in range(3):
        out = out + weight[:, :, k] @ padded[:, :, k : x.shape[2]]
    return out


@wrong(check_conv_1d, "each piece must be L moments long")
def pieces_of_sixteen(x, weight, bias):
    out, padded = bias[:, None], F.pad(x, (1, 1))
    for k in range(3):
        out = out + weight[:, :, k] @ padded[:, :, k : k + 16]
    return out


@wrong(check_conv_1d, "each piece must be L moments long")
def slices_of_x(x, weight, bias):
    pieces = x[:, :, :-1], x, x[:, :, 1:]
    out = 0
    for k in range(3):
        out = out + weight[:, :, k] @ pieces[k]
    return out + bias[:, None]


@wrong(check_conv_1d, "the bias must be a column")
def bias_as_a_row(x, weight, bias):
    out = bias
    for k, part in enumerate(taps_of(x)):
        out = out + weight[:, :, k] @ part
    return out


@wrong(check_conv_1d, "weight[:, :, k]")
def first_axis_of_the_weights(x, weight, bias):
    out = bias[:, None]
    for k, part in enumerate(taps_of(x)):
        out = out + weight[k] @ part
    return out


@wrong(check_conv_1d, "is written with @")
def star_in_place_of_at(x, weight, bias):
    out = bias[:, None]
    for k, part in enumerate(taps_of(x)):
        out = out + weight[:, :, k] * part
    return out


@wrong(check_conv_1d, "the bias is missing")
def no_bias(x, weight, bias):
    return sum(weight[:, :, k] @ part for k, part in enumerate(taps_of(x)))


@wrong(check_conv_1d, "added three times")
def bias_in_the_loop(x, weight, bias):
    out = 0
    for k, part in enumerate(taps_of(x)):
        out = out + weight[:, :, k] @ part + bias[:, None]
    return out


@wrong(check_conv_1d, "once for each channel")
def bias_for_each_channel(x, weight, bias):
    out = 0
    for c in range(x.shape[1]):
        own = F.conv1d(x[:, c : c + 1], weight[:, c : c + 1], padding=1)
        out = out + own + bias[:, None]
    return out


@wrong(check_conv_1d, "the bias is subtracted")
def bias_subtracted(x, weight, bias):
    return F.conv1d(x, weight, -bias, padding=1)


@wrong(check_conv_1d, "only the middle one")
def no_neighbours(x, weight, bias):
    return weight[:, :, 1] @ x + bias[:, None]


@wrong(check_conv_1d, "the moment after is left out")
def two_taps(x, weight, bias):
    taps = taps_of(x)
    return sum(weight[:, :, k] @ taps[k] for k in range(2)) + bias[:, None]


@wrong(check_conv_1d, "the moment before is left out")
def last_two_taps(x, weight, bias):
    taps = taps_of(x)
    return sum(weight[:, :, k] @ taps[k] for k in range(1, 3)) + bias[:, None]


@wrong(check_conv_1d, "the middle is left out")
def without_the_middle(x, weight, bias):
    taps = taps_of(x)
    return weight[:, :, 0] @ taps[0] + weight[:, :, 2] @ taps[2] + bias[:, None]


@wrong(check_conv_1d, "only the last neighbour is left")
def overwritten(x, weight, bias):
    for k, part in enumerate(taps_of(x)):
        out = weight[:, :, k] @ part
    return out + bias[:, None]


@wrong(check_conv_1d, "look at the same moment")
def always_the_same_step(x, weight, bias):
    return sum(weight[:, :, k] @ x for k in range(3)) + bias[:, None]


@wrong(check_conv_1d, "mean over the three neighbours")
def mean_of_taps(x, weight, bias):
    parts = [weight[:, :, k] @ part for k, part in enumerate(taps_of(x))]
    return torch.stack(parts).mean(0) + bias[:, None]


@wrong(check_conv_1d, "mean over the channels")
def mean_of_channels(x, weight, bias):
    windows = F.pad(x, (1, 1)).unfold(2, 3, 1)  # (B, C, L, 3)
    each = torch.einsum("dck,bclk->bdcl", weight, windows)
    return each.mean(2) + bias[:, None]


@wrong(check_conv_1d, "only the first channel")
def first_channel(x, weight, bias):
    return F.conv1d(x[:, :1], weight[:, :1], bias, padding=1)


@wrong(check_conv_1d, "only the last channel")
def last_channel(x, weight, bias):
    for c in range(x.shape[1]):
        out = F.conv1d(x[:, c : c + 1], weight[:, c : c + 1], bias, padding=1)
    return out


@wrong(check_conv_1d, "added before they are weighed")
def channels_added_first(x, weight, bias):
    together, w = x.sum(1, keepdim=True), weight.mean(1, keepdim=True)
    return F.conv1d(together, w, bias, padding=1)


@wrong(check_conv_1d, "first melody of the batch")
def first_of_the_batch(x, weight, bias):
    return F.conv1d(x[:1], weight, bias, padding=1).expand(len(x), -1, -1)


@wrong(check_conv_1d, "channels and time")
def time_before_channels(x, weight, bias):
    windows = F.pad(x, (1, 1)).unfold(2, 3, 1)
    return torch.einsum("dck,bclk->bld", weight, windows) + bias


@wrong(check_conv_1d, "batch and channels")
def channels_before_batch(x, weight, bias):
    windows = F.pad(x, (1, 1)).unfold(2, 3, 1)
    return torch.einsum("dck,bclk->dbl", weight, windows) + bias[:, None, None]


@wrong(check_conv_1d, "channels out are added up")
def channels_out_added(x, weight, bias):
    return F.conv1d(x, weight, bias, padding=1).sum(1)


@wrong(check_conv_1d, "below zero is cut off")
def with_relu(x, weight, bias):
    return F.relu(F.conv1d(x, weight, bias, padding=1))


@wrong(check_conv_1d, "every second moment")
def every_second(x, weight, bias):
    return F.conv1d(x, weight, bias, stride=2, padding=1)


@wrong(check_conv_1d, "the weights are made positive")
def positive(x, weight, bias):
    return F.conv1d(x, weight.abs(), bias, padding=1)


@wrong(check_conv_1d, "it returned None")
def conv_nothing(x, weight, bias):
    F.conv1d(x, weight, bias, padding=1)


@wrong(check_conv_1d, "gradient")
def detached(x, weight, bias):
    return F.conv1d(x, weight.detach(), bias, padding=1)


@wrong(check_conv_1d, "the bias must be a column")
def bias_along_time(x, weight, bias):
    return F.conv1d(x, weight, padding=1) + bias


@wrong(check_conv_1d)
def a_plain_mean(x, weight, bias):
    smooth = F.avg_pool1d(x.mean(1, keepdim=True), 3, 1, 1)
    return smooth.expand(-1, len(weight), -1)
