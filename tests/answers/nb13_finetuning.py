"""What is handed in for notebook 13."""

import math

import torch
import torch.nn.functional as F

from answers import right, wrong
from course_lib.checks.nb13_finetuning import check_lora_weight, check_prior_loss

# A weight with its LoRA: right --------------------------------------------------


@right(check_lora_weight)
def as_the_solution(weight, down, up, alpha):
    change = up.flatten(1) @ down.flatten(1)
    return weight + alpha / len(down) * change.reshape(weight.shape)


@right(check_lora_weight)
def rank_from_up(weight, down, up, alpha):
    rank = up.shape[1]
    flat = weight.flatten(1) + alpha / rank * (up.flatten(1) @ down.flatten(1))
    return flat.reshape(weight.shape)


@right(check_lora_weight)
def two_cases(weight, down, up, alpha):
    rank = down.shape[0]
    if weight.ndim == 2:
        return weight + (alpha / rank) * (up @ down)
    change = up[:, :, 0, 0] @ down.flatten(1)
    return weight + (alpha / rank) * change.view(weight.shape)


@right(check_lora_weight)
def by_einsum(weight, down, up, alpha):
    change = torch.einsum("or,r...->o...", up.flatten(1), down)
    return weight + alpha * change / down.size(0)


@right(check_lora_weight)
def by_tensordot(weight, down, up, alpha):
    return weight + alpha / len(down) * torch.tensordot(up.flatten(1), down, dims=1)


@right(check_lora_weight)
def sum_over_the_rank(weight, down, up, alpha):
    answer = weight
    for r in range(len(down)):
        column = up[:, r].reshape(-1, *[1] * (weight.ndim - 1))
        answer = answer + alpha / len(down) * column * down[r]
    return answer


@right(check_lora_weight)
def row_by_row(weight, down, up, alpha):
    rows, flat = [], up.flatten(1)
    for o in range(len(weight)):
        change = sum(flat[o, r] * down[r] for r in range(len(down)))
        rows.append(weight[o] + change * alpha / len(down))
    return torch.stack(rows)


@right(check_lora_weight)
def scaled_up_first(weight, down, up, alpha):
    scaled = alpha / len(down) * up.flatten(1)
    return weight + torch.matmul(scaled, down.flatten(1)).reshape(weight.shape)


@right(check_lora_weight)
def by_addmm(weight, down, up, alpha):
    flat = torch.addmm(
        weight.flatten(1), up.flatten(1), down.flatten(1), alpha=alpha / len(down)
    )
    return flat.unflatten(1, weight.shape[1:])


@right(check_lora_weight)
def by_add(weight, down, up, alpha):
    change = (up.reshape(len(up), -1) @ down.reshape(len(down), -1)).view_as(weight)
    return torch.add(weight, change, alpha=alpha / len(down))


@right(check_lora_weight)
def copied_first(weight, down, up, alpha):
    new = weight.clone()
    new += (up.flatten(1) @ down.flatten(1)).reshape(weight.shape) * (alpha / len(down))
    return new


@right(check_lora_weight)
def by_the_convolution(weight, down, up, alpha):
    # The kernel of up over down is that of both in one.
    if weight.ndim == 2:
        return weight + F.linear(up, down.T) * alpha / len(down)
    change = F.conv2d(down.transpose(0, 1), up).transpose(0, 1)
    return weight + change * alpha / len(down)


@right(check_lora_weight)
def transposed_twice(weight, down, up, alpha):
    change = (down.flatten(1).T @ up.flatten(1).T).T
    return weight + alpha * (1 / len(down)) * change.reshape(weight.shape)


@right(check_lora_weight)
def shapes_by_name(weight, down, up, alpha):
    out, rank = up.shape[:2]
    change = torch.mm(up.view(out, rank), down.view(rank, -1)).view(*weight.shape)
    return change.mul(alpha).div(rank).add(weight)


# A weight with its LoRA: wrong --------------------------------------------------


def both(up, down):
    return (up.flatten(1) @ down.flatten(1)).reshape(len(up), *down.shape[1:])


@wrong(check_lora_weight, "alpha is not divided by the rank")
def alpha_alone(weight, down, up, alpha):
    return weight + alpha * both(up, down)


@wrong(check_lora_weight, "alpha is missing")
def no_alpha(weight, down, up, alpha):
    return weight + both(up, down)


@wrong(check_lora_weight, "alpha is missing: the rank")
def rank_alone(weight, down, up, alpha):
    return weight + both(up, down) / len(down)


@wrong(check_lora_weight, "alpha divides the change")
def divided_by_alpha(weight, down, up, alpha):
    return weight + both(up, down) / alpha


@wrong(check_lora_weight, "upside down")
def rank_over_alpha(weight, down, up, alpha):
    return weight + len(down) / alpha * both(up, down)


@wrong(check_lora_weight, "alpha is multiplied by the rank")
def times_the_rank(weight, down, up, alpha):
    return weight + alpha * len(down) * both(up, down)


@wrong(check_lora_weight, "root of the rank")
def root_of_the_rank(weight, down, up, alpha):
    return weight + alpha / math.sqrt(len(down)) * both(up, down)


@wrong(check_lora_weight, "twice")
def divided_twice(weight, down, up, alpha):
    up = up / len(down)
    return weight + alpha / len(down) * both(up, down)


@wrong(check_lora_weight, "is squared")
def scaled_both(weight, down, up, alpha):
    scale = alpha / len(down)
    return weight + both(scale * up, scale * down)


@wrong(check_lora_weight, "cut to a whole number")
def whole_numbers(weight, down, up, alpha):
    return weight + alpha // len(down) * both(up, down)


@wrong(check_lora_weight, "the length of up")
def out_for_rank(weight, down, up, alpha):
    return weight + alpha / len(up) * both(up, down)


@wrong(check_lora_weight, "down.shape[1], which is `in`")
def in_for_rank(weight, down, up, alpha):
    return weight + alpha / down.shape[1] * both(up, down)


@wrong(check_lora_weight, "how many numbers there are in down")
def numel_for_rank(weight, down, up, alpha):
    return weight + alpha / down.numel() * both(up, down)


@wrong(check_lora_weight, "divided by 4, a rank of the notebook")
def four_typed_in(weight, down, up, alpha):
    return weight + alpha / 4 * both(up, down)


rank = 16  # as the notebook's loop leaves it behind


@wrong(check_lora_weight, "not set inside the function")
def rank_of_the_notebook(weight, down, up, alpha):
    return weight + alpha / rank * both(up, down)


@wrong(check_lora_weight, "not set inside the function")
def rank_of_the_notebook_for_kernels(weight, down, up, alpha):
    r = len(down) if weight.ndim == 2 else rank
    return weight + alpha / r * both(up, down)


@wrong(check_lora_weight, "divided by 16")
def sixteen_typed_in(weight, down, up, alpha):
    return weight + alpha / 16 * both(up, down)


@wrong(check_lora_weight, "divided by 2")
def two_typed_in(weight, down, up, alpha):
    return weight + alpha / 2 * both(up, down)


@wrong(check_lora_weight, "up.shape[-1] is 1")
def last_side_of_up(weight, down, up, alpha):
    return weight + alpha / up.shape[-1] * both(up, down)


@wrong(check_lora_weight, "missing for kernels")
def kernels_unscaled(weight, down, up, alpha):
    scale = alpha / len(down) if weight.ndim == 2 else 1
    return weight + scale * both(up, down)


@wrong(check_lora_weight, "change alone for kernels")
def kernels_without_their_weight(weight, down, up, alpha):
    change = alpha / len(down) * both(up, down)
    return weight + change if weight.ndim == 2 else change


@wrong(check_lora_weight, ".reshape does not turn it")
def reshaped_not_turned(weight, down, up, alpha):
    change = (down.flatten(1).T @ up.flatten(1).T).reshape(weight.shape)
    return weight + alpha / len(down) * change


@wrong(check_lora_weight, "windows of 3 x 3 are right")
def window_typed_in(weight, down, up, alpha):
    change = up.flatten(1) @ down.flatten(1)
    if weight.ndim == 4:
        change = change.reshape(weight.shape[0], weight.shape[1], 3, 3)
    return weight + alpha / len(down) * change


@wrong(check_lora_weight, "windows of 3 x 3 are right")
def place_by_place(weight, down, up, alpha):
    scale = alpha / len(down)
    if weight.ndim == 2:
        return weight + scale * up @ down
    new = weight.clone()
    for i in range(3):
        for j in range(3):
            new[:, :, i, j] += scale * up[:, :, 0, 0] @ down[:, :, i, j]
    return new


@wrong(check_lora_weight, "at rank 1 .squeeze()")
def squeezed(weight, down, up, alpha):
    if weight.ndim == 2:
        return weight + alpha / len(down) * up @ down
    change = (up.squeeze() @ down.flatten(1)).reshape(weight.shape)
    return weight + alpha / len(down) * change


@wrong(check_lora_weight)
def the_smaller_side(weight, down, up, alpha):
    return weight + alpha / min(down.shape) * both(up, down)


@wrong(check_lora_weight, "that is the change alone")
def change_alone(weight, down, up, alpha):
    return alpha / len(down) * both(up, down)


@wrong(check_lora_weight, "that is up @ down alone")
def product_alone(weight, down, up, alpha):
    return both(up, down)


@wrong(check_lora_weight, "the weight as it was")
def nothing_changed(weight, down, up, alpha):
    both(up, down)
    return weight


@wrong(check_lora_weight, "the weight is scaled as well")
def brackets(weight, down, up, alpha):
    return alpha / len(down) * (weight + both(up, down))


@wrong(check_lora_weight, "the other way round")
def weight_scaled(weight, down, up, alpha):
    return weight * alpha / len(down) + both(up, down)


@wrong(check_lora_weight, "gives way")
def mixed(weight, down, up, alpha):
    return torch.lerp(weight, both(up, down), alpha / len(down))


@wrong(check_lora_weight, "subtracted")
def minus(weight, down, up, alpha):
    return weight - alpha / len(down) * both(up, down)


@wrong(check_lora_weight, "1 + the change")
def relative(weight, down, up, alpha):
    return weight * (1 + alpha / len(down) * both(up, down))


@wrong(check_lora_weight, "so up comes first")
def down_first(weight, down, up, alpha):
    return weight + alpha / len(down) * (down @ up)


@wrong(check_lora_weight, "without .T")
def all_on_its_side(weight, down, up, alpha):
    return weight.T + alpha / len(down) * (down.T @ up.T)


@wrong(check_lora_weight, "* multiplies number by number")
def star(weight, down, up, alpha):
    return weight + alpha / len(down) * (up * down)


@wrong(check_lora_weight, "in place")
def in_place(weight, down, up, alpha):
    weight += alpha / len(down) * both(up, down)
    return weight


@wrong(check_lora_weight, "no gradient")
def without_gradients(weight, down, up, alpha):
    with torch.no_grad():
        return weight + alpha / len(down) * both(up, down)


@wrong(check_lora_weight, "a kernel has four axes")
def linear_only(weight, down, up, alpha):
    return weight + alpha / len(down) * up @ down


@wrong(check_lora_weight, "averaged over the kernel")
def kernel_averaged(weight, down, up, alpha):
    if weight.ndim == 2:
        return as_the_solution(weight, down, up, alpha)
    change = up[:, :, 0, 0] @ down.mean((2, 3))
    return weight + alpha / len(down) * change[:, :, None, None]


@wrong(check_lora_weight, "only one place of the kernel")
def one_place(weight, down, up, alpha):
    if weight.ndim == 2:
        return as_the_solution(weight, down, up, alpha)
    change = up[:, :, 0, 0] @ down[:, :, 0, 0]
    return weight + alpha / len(down) * change[:, :, None, None]


@wrong(check_lora_weight, "leave it out")
def channels_last(weight, down, up, alpha):
    if weight.ndim == 2:
        return as_the_solution(weight, down, up, alpha)
    flat = down.permute(0, 2, 3, 1).reshape(len(down), -1)
    change = (up.flatten(1) @ flat).reshape(weight.shape)
    return weight + alpha / len(down) * change


@wrong(check_lora_weight, "gives the kernel its form back")
def left_flat(weight, down, up, alpha):
    change = up.flatten(1) @ down.flatten(1)
    return weight.flatten(1) + alpha / len(down) * change


@wrong(check_lora_weight, "for kernels")
def kernels_left_out(weight, down, up, alpha):
    if weight.ndim > 2:
        return weight
    return as_the_solution(weight, down, up, alpha)


@wrong(check_lora_weight)
def nonsense(weight, down, up, alpha):
    return weight + alpha / len(down) * both(up, down).sin()


# The loss with prior preservation: right ------------------------------------------


@right(check_prior_loss)
def prior_as_the_solution(v_hat, v, prior_weight):
    mine, world = (v_hat - v).square().chunk(2)
    return mine.mean() + prior_weight * world.mean()


@right(check_prior_loss)
def by_index(v_hat, v, prior_weight):
    n = len(v) // 2
    error = (v_hat - v) ** 2
    return error[:n].mean() + prior_weight * error[n:].mean()


@right(check_prior_loss)
def by_mse_loss(v_hat, v, prior_weight):
    n = v.shape[0] // 2
    world = F.mse_loss(v_hat[n:], v[n:])
    return F.mse_loss(v_hat[:n], v[:n]) + world * prior_weight


@right(check_prior_loss)
def by_chunks_of_each(v_hat, v, prior_weight):
    guess_mine, guess_world = v_hat.chunk(2)
    v_mine, v_world = v.chunk(2)
    loss = ((guess_mine - v_mine) ** 2).mean()
    return loss + prior_weight * ((guess_world - v_world) ** 2).mean()


@right(check_prior_loss)
def by_split(v_hat, v, prior_weight):
    error = (v - v_hat).pow(2).flatten(1).mean(1)
    mine, world = error.split(len(v) // 2)
    return mine.mean() + prior_weight * world.mean()


@right(check_prior_loss)
def by_weights(v_hat, v, prior_weight):
    half = len(v) // 2
    each = torch.ones(len(v))
    each[half:] = prior_weight
    return (each * (v_hat - v).square().mean((1, 2, 3))).sum() / half


@right(check_prior_loss)
def by_reshape(v_hat, v, prior_weight):
    mine, world = (v_hat - v).square().reshape(2, -1).mean(1)
    return mine + prior_weight * world


@right(check_prior_loss)
def by_a_loop(v_hat, v, prior_weight):
    total, half = 0, len(v) // 2
    for i in range(len(v)):
        weight = 1 if i < half else prior_weight
        total = total + weight * (v_hat[i] - v[i]).square().mean() / half
    return total


@right(check_prior_loss)
def by_norms(v_hat, v, prior_weight):
    parts = [part.norm() ** 2 / part.numel() for part in (v_hat - v).chunk(2)]
    return parts[0] + parts[1] * prior_weight


@right(check_prior_loss)
def twice_the_mean(v_hat, v, prior_weight):
    n = len(v) // 2
    error = (v_hat - v).square()
    everything = 2 * error.mean()
    return everything + (prior_weight - 1) * error[n:].mean()


@right(check_prior_loss)
def by_unflatten(v_hat, v, prior_weight):
    error = (v_hat - v).square().unflatten(0, (2, -1)).flatten(1).mean(1)
    return error[0] + prior_weight * error[1]


@right(check_prior_loss)
def by_tensor_split(v_hat, v, prior_weight):
    mine, world = torch.tensor_split(v_hat - v, 2)
    return torch.mean(mine * mine) + torch.mean(world * world).mul(prior_weight)


@right(check_prior_loss)
def sum_over_count(v_hat, v, prior_weight):
    n = v.numel() / 2
    mine, world = torch.square(v - v_hat).chunk(2, dim=0)
    return (mine.sum() + prior_weight * world.sum()) / n


# The loss with prior preservation: wrong ------------------------------------------


def means(v_hat, v):
    mine, world = (v_hat - v).square().chunk(2)
    return mine.mean(), world.mean()


@wrong(check_prior_loss, "prior_weight is not used")
def no_weight(v_hat, v, prior_weight):
    return sum(means(v_hat, v))


@wrong(check_prior_loss, "the mean of the whole batch")
def plain_loss(v_hat, v, prior_weight):
    return F.mse_loss(v_hat, v)


@wrong(check_prior_loss, "the world's half is missing")
def mine_alone(v_hat, v, prior_weight):
    return means(v_hat, v)[0]


@wrong(check_prior_loss, "my half is missing")
def world_alone(v_hat, v, prior_weight):
    return prior_weight * means(v_hat, v)[1]


@wrong(check_prior_loss, "the halves are swapped")
def swapped(v_hat, v, prior_weight):
    world, mine = means(v_hat, v)
    return mine + prior_weight * world


@wrong(check_prior_loss, "multiplies both halves")
def weight_on_both(v_hat, v, prior_weight):
    return prior_weight * sum(means(v_hat, v))


@wrong(check_prior_loss, "share the whole")
def shared(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return (1 - prior_weight) * mine + prior_weight * world


@wrong(check_prior_loss, "multiplies the mean of the whole batch: it")
def whole_mean_weighted(v_hat, v, prior_weight):
    return prior_weight * F.mse_loss(v_hat, v)


@wrong(check_prior_loss, "my half counts twice")
def whole_mean_added(v_hat, v, prior_weight):
    return means(v_hat, v)[0] + prior_weight * F.mse_loss(v_hat, v)


@wrong(check_prior_loss, "these are summed")
def means_summed(v_hat, v, prior_weight):
    mine, world = (v_hat - v).square().mean((1, 2, 3)).chunk(2)
    return mine.sum() + prior_weight * world.sum()


@wrong(check_prior_loss, "cut after 4 pictures")
def four_pictures(v_hat, v, prior_weight):
    error = (v_hat - v).square()
    return error[:4].mean() + prior_weight * error[4:].mean()


@wrong(check_prior_loss, "with my half of v")
def world_beside_mine(v_hat, v, prior_weight):
    (a, b), (c, _) = v_hat.chunk(2), v.chunk(2)
    return F.mse_loss(a, c) + prior_weight * F.mse_loss(b, c)


@wrong(check_prior_loss, "with each other's v")
def crossed(v_hat, v, prior_weight):
    (a, b), (c, d) = v_hat.chunk(2), v.chunk(2)
    return F.mse_loss(a, d) + prior_weight * F.mse_loss(b, c)


@wrong(check_prior_loss, "the sum is halved")
def halved(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return (mine + prior_weight * world) / 2


@wrong(check_prior_loss, "the sum is halved")
def weights_in_a_mean(v_hat, v, prior_weight):
    each = torch.ones(len(v))
    each[len(v) // 2 :] = prior_weight
    return (each[:, None, None, None] * (v_hat - v).square()).mean()


@wrong(check_prior_loss, "1 + prior_weight")
def weighted_mean(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return (mine + prior_weight * world) / (1 + prior_weight)


@wrong(check_prior_loss, "learn to forget")
def minus_world(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return mine - prior_weight * world


@wrong(check_prior_loss, "before the square")
def weighted_error(v_hat, v, prior_weight):
    mine, world = (v_hat - v).chunk(2)
    return mine.square().mean() + (prior_weight * world).square().mean()


@wrong(check_prior_loss, "prior_weight is added")
def weight_added(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return mine + world + prior_weight


@wrong(check_prior_loss, "divides by prior_weight")
def weight_divides(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return mine + world / prior_weight


@wrong(check_prior_loss, "only the larger")
def the_larger(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return max(mine, prior_weight * world)


@wrong(check_prior_loss, "has a root")
def rooted(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return mine**0.5 + prior_weight * world**0.5


@wrong(check_prior_loss, "those are sums")
def summed(v_hat, v, prior_weight):
    mine, world = (v_hat - v).square().chunk(2)
    return mine.sum() + prior_weight * world.sum()


@wrong(check_prior_loss, "not squared")
def not_squared(v_hat, v, prior_weight):
    mine, world = (v_hat - v).chunk(2)
    return mine.mean() + prior_weight * world.mean()


@wrong(check_prior_loss, "in place of abs")
def absolute(v_hat, v, prior_weight):
    mine, world = (v_hat - v).abs().chunk(2)
    return mine.mean() + prior_weight * world.mean()


@wrong(check_prior_loss, "the square of a mean")
def squared_late(v_hat, v, prior_weight):
    mine, world = (v_hat - v).chunk(2)
    return mine.mean() ** 2 + prior_weight * world.mean() ** 2


@wrong(check_prior_loss, "cut along its channels")
def channels_cut(v_hat, v, prior_weight):
    mine, world = (v_hat - v).square().chunk(2, dim=1)
    return mine.mean() + prior_weight * world.mean()


@wrong(check_prior_loss, "every other picture")
def every_other(v_hat, v, prior_weight):
    error = (v_hat - v).square()
    return error[::2].mean() + prior_weight * error[1::2].mean()


@wrong(check_prior_loss, "the first and the second")
def two_rows(v_hat, v, prior_weight):
    error = (v_hat - v).square()
    return error[0].mean() + prior_weight * error[1].mean()


@wrong(check_prior_loss, "only the first picture")
def one_of_mine(v_hat, v, prior_weight):
    error = (v_hat - v).square()
    return error[:1].mean() + prior_weight * error[1:].mean()


@wrong(check_prior_loss, "nothing is averaged")
def no_mean(v_hat, v, prior_weight):
    mine, world = (v_hat - v).square().chunk(2)
    return mine + prior_weight * world


@wrong(check_prior_loss, "a number of its own")
def one_each(v_hat, v, prior_weight):
    mine, world = (v_hat - v).square().flatten(1).mean(1).chunk(2)
    return mine + prior_weight * world


@wrong(check_prior_loss, "only one is wanted")
def both_returned(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return mine, prior_weight * world


@wrong(check_prior_loss, "do not use float")
def a_number(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return mine.item() + prior_weight * world.item()


@wrong(check_prior_loss, "leave out .detach()")
def world_detached(v_hat, v, prior_weight):
    mine, world = means(v_hat, v)
    return mine + prior_weight * world.detach()


@wrong(check_prior_loss)
def three_typed_in(v_hat, v, prior_weight):
    error = (v_hat - v).square()
    return error[:3].mean() + prior_weight * error[3:].mean()


@wrong(check_prior_loss)
def of_another_kind(v_hat, v, prior_weight):
    mine, world = (v_hat - v).square().chunk(2)
    return mine.mean() + prior_weight * world.median()
