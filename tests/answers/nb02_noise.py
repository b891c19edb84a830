"""What is handed in for notebook 02."""

import math

import torch

from answers import right, wrong
from course_lib.checks.nb02_noise import check_add_noise
from course_lib.diffusion.schedule import linear_schedule

# Right --------------------------------------------------------------------------------


@right(check_add_noise)
def with_view(x_0, t, eps, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return kept**0.5 * x_0 + (1 - kept) ** 0.5 * eps


@right(check_add_noise)
def with_none(x_0, t, eps, alpha_bar):
    a = torch.sqrt(alpha_bar[t])[:, None, None, None]
    return a * x_0 + torch.sqrt(1 - a**2) * eps


@right(check_add_noise)
def picture_by_picture(x_0, t, eps, alpha_bar):
    made = []
    for i in range(len(x_0)):
        share = alpha_bar[t[i]]
        made.append(share.sqrt() * x_0[i] + (1 - share).sqrt() * eps[i])
    return torch.stack(made)


@right(check_add_noise)
def with_math(x_0, t, eps, alpha_bar):
    x_t = torch.zeros_like(x_0)
    for i, step in enumerate(t.tolist()):
        share = alpha_bar[step].item()
        x_t[i] = math.sqrt(share) * x_0[i] + math.sqrt(1 - share) * eps[i]
    return x_t


@right(check_add_noise)
def with_einsum(x_0, t, eps, alpha_bar):
    a, b = alpha_bar[t].sqrt(), (1 - alpha_bar[t]).sqrt()
    kept = torch.einsum("b,bchw->bchw", a, x_0)
    return kept + torch.einsum("b,bchw->bchw", b, eps)


@right(check_add_noise)
def tables_first(x_0, t, eps, alpha_bar):
    a, b = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    return a[t].reshape(-1, 1, 1, 1) * x_0 + b[t].reshape(-1, 1, 1, 1) * eps


@right(check_add_noise)
def with_unsqueeze(x_0, t, eps, alpha_bar):
    share = alpha_bar[t].unsqueeze(1).unsqueeze(2).unsqueeze(3)
    return x_0 * share.sqrt() + eps * (1 - share).sqrt()


@right(check_add_noise)
def the_batch_last(x_0, t, eps, alpha_bar):
    share = alpha_bar[t]
    turned = x_0.permute(1, 2, 3, 0) * share.sqrt()
    return (turned + eps.permute(1, 2, 3, 0) * (1 - share).sqrt()).permute(3, 0, 1, 2)


@right(check_add_noise)
def as_rows(x_0, t, eps, alpha_bar):
    share = alpha_bar[t][:, None]
    rows = share.sqrt() * x_0.flatten(1) + (1 - share).sqrt() * eps.flatten(1)
    return rows.reshape(x_0.shape)


@right(check_add_noise)
def in_double_and_back(x_0, t, eps, alpha_bar):
    share = alpha_bar.double().gather(0, t).reshape(-1, 1, 1, 1)
    return (share.sqrt() * x_0 + (1 - share).sqrt() * eps).float()


@right(check_add_noise)
def in_place_on_a_copy(x_0, t, eps, alpha_bar):
    share = alpha_bar[t].reshape(len(t), 1, 1, 1)
    x_t = x_0.clone()
    x_t *= share.sqrt()
    x_t += (1 - share).sqrt() * eps
    return x_t


@right(check_add_noise)
def by_helper(x_0, t, eps, alpha_bar):
    def weight(numbers):
        return numbers.sqrt().reshape(-1, *[1] * (x_0.dim() - 1))

    return weight(alpha_bar[t]) * x_0 + weight(1 - alpha_bar[t]) * eps


@right(check_add_noise)
def as_an_angle(x_0, t, eps, alpha_bar):
    """a and b are cosine and sine of one angle."""
    angle = alpha_bar[t].sqrt().acos().reshape(-1, 1, 1, 1)
    # Near 0 the arc cosine of float32 is rough: so the sine is taken by its square.
    return angle.cos() * x_0 + (1 - alpha_bar[t]).sqrt().reshape(-1, 1, 1, 1) * eps


@right(check_add_noise)
def with_addcmul(x_0, t, eps, alpha_bar):
    share = alpha_bar[t].reshape(-1, 1, 1, 1)
    return torch.addcmul(share.sqrt() * x_0, (1 - share).sqrt(), eps)


@right(check_add_noise)
def stacked_and_summed(x_0, t, eps, alpha_bar):
    share = alpha_bar[t]
    weights = torch.stack([share, 1 - share]).sqrt()[:, :, None, None, None]
    return (weights * torch.stack([x_0, eps])).sum(0)


# Wrong --------------------------------------------------------------------------------


def column(numbers):
    return numbers.reshape(-1, 1, 1, 1)


@wrong(check_add_noise, "alpha_bar stands where its square root belongs")
def no_roots(x_0, t, eps, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return kept * x_0 + (1 - kept) * eps


@wrong(check_add_noise, "only b_t has its square root")
def no_root_of_a(x_0, t, eps, alpha_bar):
    return column(alpha_bar[t]) * x_0 + column((1 - alpha_bar[t]).sqrt()) * eps


@wrong(check_add_noise, "only a_t has its square root")
def no_root_of_b(x_0, t, eps, alpha_bar):
    return column(alpha_bar[t].sqrt()) * x_0 + column(1 - alpha_bar[t]) * eps


@wrong(check_add_noise, "b_t is not 1 - a_t")
def rest_of_a(x_0, t, eps, alpha_bar):
    a_t = column(alpha_bar[t].sqrt())
    return a_t * x_0 + (1 - a_t) * eps


@wrong(check_add_noise, "root taken twice")
def root_of_the_rest_of_a(x_0, t, eps, alpha_bar):
    a_t = column(alpha_bar[t].sqrt())
    return a_t * x_0 + (1 - a_t).sqrt() * eps


@wrong(check_add_noise, "the two factors are swapped: a_t")
def swapped(x_0, t, eps, alpha_bar):
    a_t, b_t = column((1 - alpha_bar[t]).sqrt()), column(alpha_bar[t].sqrt())
    return a_t * x_0 + b_t * eps


@wrong(check_add_noise, "the two factors are swapped, and")
def swapped_without_roots(x_0, t, eps, alpha_bar):
    return column(1 - alpha_bar[t]) * x_0 + column(alpha_bar[t]) * eps


@wrong(check_add_noise, "both parts get a_t")
def one_factor(x_0, t, eps, alpha_bar):
    return column(alpha_bar[t].sqrt()) * (x_0 + eps)


@wrong(check_add_noise, "one t for the whole batch")
def first_t(x_0, t, eps, alpha_bar):
    share = alpha_bar[t[0]]
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps


@wrong(check_add_noise, "the shapes do not fit")
def no_reshape(x_0, t, eps, alpha_bar):
    return alpha_bar[t].sqrt() * x_0 + (1 - alpha_bar[t]).sqrt() * eps


@wrong(check_add_noise, "the shapes do not fit")
def reshaped_the_wrong_way(x_0, t, eps, alpha_bar):
    share = alpha_bar[t].reshape(1, -1, 1, 1)
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps


@wrong(check_add_noise, "the shapes do not fit")
def the_whole_table(x_0, t, eps, alpha_bar):
    return alpha_bar.sqrt() * x_0 + (1 - alpha_bar).sqrt() * eps


@wrong(check_add_noise, "the squares are taken instead of the square roots")
def squares(x_0, t, eps, alpha_bar):
    share = column(alpha_bar[t])
    return share**2 * x_0 + (1 - share) ** 2 * eps


@wrong(check_add_noise, "the noise is subtracted: it")
def minus(x_0, t, eps, alpha_bar):
    return column(alpha_bar[t].sqrt()) * x_0 - column((1 - alpha_bar[t]).sqrt()) * eps


@wrong(check_add_noise, "the picture is not weighted")
def whole_picture(x_0, t, eps, alpha_bar):
    return x_0 + column((1 - alpha_bar[t]).sqrt()) * eps


@wrong(check_add_noise, "the noise is not weighted")
def whole_noise(x_0, t, eps, alpha_bar):
    return column(alpha_bar[t].sqrt()) * x_0 + eps


@wrong(check_add_noise, "neither part is weighted")
def plain_sum(x_0, t, eps, alpha_bar):
    return x_0 + eps


@wrong(check_add_noise, "the noise is missing")
def picture_alone(x_0, t, eps, alpha_bar):
    return column(alpha_bar[t].sqrt()) * x_0


@wrong(check_add_noise, "the picture is missing")
def noise_alone(x_0, t, eps, alpha_bar):
    return column((1 - alpha_bar[t]).sqrt()) * eps


@wrong(check_add_noise, "alpha_bar is read one step too early")
def index_from_1(x_0, t, eps, alpha_bar):
    share = column(alpha_bar[t - 1])
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps


@wrong(check_add_noise, "that is the share of a single step")
def of_one_step(x_0, t, eps, alpha_bar):
    alpha = alpha_bar[t] / alpha_bar[t - 1]
    return column(alpha.sqrt()) * x_0 + column((1 - alpha).sqrt()) * eps


@wrong(check_add_noise, "that mixes on the straight line")
def on_the_line(x_0, t, eps, alpha_bar):
    u = column(t / (len(alpha_bar) - 1))
    return (1 - u) * x_0 + u * eps


@wrong(check_add_noise, "it answers differently each time")
def noise_of_its_own(x_0, t, eps, alpha_bar):
    eps = torch.randn_like(x_0)
    return column(alpha_bar[t].sqrt()) * x_0 + column((1 - alpha_bar[t]).sqrt()) * eps


@wrong(check_add_noise, "does it end with a `return`?")
def no_return(x_0, t, eps, alpha_bar):
    x_t = column(alpha_bar[t].sqrt()) * x_0
    x_t = x_t + column((1 - alpha_bar[t]).sqrt()) * eps


@wrong(check_add_noise, "it changes its input `x_0` in place")
def in_place(x_0, t, eps, alpha_bar):
    x_0 *= column(alpha_bar[t].sqrt())
    return x_0 + column((1 - alpha_bar[t]).sqrt()) * eps


@wrong(check_add_noise, "add .float()")
def in_double(x_0, t, eps, alpha_bar):
    share = column(alpha_bar[t]).double()
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps


@wrong(check_add_noise, "a function for a single")
def maths_root(x_0, t, eps, alpha_bar):
    return math.sqrt(alpha_bar[t]) * x_0 + math.sqrt(1 - alpha_bar[t]) * eps


@wrong(check_add_noise, "is out of bounds")
def index_too_far(x_0, t, eps, alpha_bar):
    share = column(alpha_bar[t + 1])
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps


@wrong(check_add_noise, "there are 2 answers")
def with_the_noise(x_0, t, eps, alpha_bar):
    share = column(alpha_bar[t])
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps, eps


@wrong(check_add_noise)
def one_minus_t(x_0, t, eps, alpha_bar):
    b_t = column(alpha_bar[1 - t].sqrt())
    return column(alpha_bar[t].sqrt()) * x_0 + b_t * eps


@wrong(check_add_noise, "0.98**t belongs to the walk above")
def the_walks_share(x_0, t, eps, alpha_bar):
    share = column(0.98**t)
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps


@wrong(check_add_noise, "it uses the `schedule` of a cell above")
def the_notebooks_schedule(x_0, t, eps, alpha_bar):
    schedule = linear_schedule(T=1000)
    return column(schedule.a(t)) * x_0 + column(schedule.b(t)) * eps


@wrong(check_add_noise, "`** 1/2` is half")
def half_by_precedence(x_0, t, eps, alpha_bar):
    share = column(alpha_bar[t])
    return share**1 / 2 * x_0 + (1 - share) ** 1 / 2 * eps


@wrong(check_add_noise, "t / 1000")
def on_the_line_of_1000(x_0, t, eps, alpha_bar):
    u = column(t / 1000)
    return (1 - u) * x_0 + u * eps


@wrong(check_add_noise, "is it misspelled")
def no_such_name(x_0, t, eps, alpha_bar):
    return a_t * x_0 + b_t * eps  # noqa: F821


@wrong(check_add_noise, "a power is written with **")
def a_caret(x_0, t, eps, alpha_bar):
    share = column(alpha_bar[t])
    return (share ^ 0.5) * x_0 + ((1 - share) ^ 0.5) * eps


@wrong(check_add_noise, "reshape keeps every number")
def six_pictures(x_0, t, eps, alpha_bar):
    share = alpha_bar[t].reshape(6, 1, 1, 1)
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps


@wrong(check_add_noise, "alpha_bar is the product of all shares already")
def the_product_once_more(x_0, t, eps, alpha_bar):
    share = column(alpha_bar.cumprod(0)[t])
    return share.sqrt() * x_0 + (1 - share).sqrt() * eps


@wrong(check_add_noise, "the same noise at every step adds up in std")
def walked_with_one_noise(x_0, t, eps, alpha_bar):
    walked = []
    for x, noise, last in zip(x_0, eps, t.tolist(), strict=True):
        for step in range(1, last + 1):
            kept = alpha_bar[step] / alpha_bar[step - 1]
            x = kept**0.5 * x + (1 - kept) ** 0.5 * noise
        walked.append(x)
    return torch.stack(walked)


@wrong(check_add_noise, "the bracket is too wide")
def a_wide_bracket(x_0, t, eps, alpha_bar):
    share = column(alpha_bar[t])
    return share**0.5 * (x_0 + (1 - share) ** 0.5 * eps)


@wrong(check_add_noise, "nothing is mixed in, and x_0 comes back as it was")
def unchanged(x_0, t, eps, alpha_bar):
    return x_0
