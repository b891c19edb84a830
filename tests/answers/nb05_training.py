"""What is handed in for notebook 05."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers import right, wrong
from course_lib.checks.nb05_training import check_update_average, check_velocity_loss
from course_lib.diffusion.objective import make_target
from course_lib.diffusion.schedule import add_noise, cosine_schedule, straight_line

# The loss, right --------------------------------------------------------------------


def share(t, T):
    return (t / T).reshape(-1, 1, 1, 1)


@right(check_velocity_loss)
def as_the_text_says(model, x_0, eps, t, T):
    u = (t / T).reshape(-1, 1, 1, 1)
    x_t = (1 - u) * x_0 + u * eps
    v = eps - x_0
    v_hat = model(x_t, t)
    return (v_hat - v).square().mean()


@right(check_velocity_loss)
def by_mse_loss(model, x_0, eps, t, T):
    u = share(t, T)
    return F.mse_loss(model((1 - u) * x_0 + u * eps, t), eps - x_0)


@right(check_velocity_loss)
def by_the_layer(model, x_0, eps, t, T):
    u = share(t, T)
    return nn.MSELoss()(model(x_0 - u * x_0 + u * eps, t), eps - x_0)


@right(check_velocity_loss)
def moved_along_the_velocity(model, x_0, eps, t, T):
    v = eps - x_0
    return torch.mean((v - model(x_0 + share(t, T) * v, t)) ** 2)


@right(check_velocity_loss)
def by_lerp(model, x_0, eps, t, T):
    x_t = torch.lerp(x_0, eps, share(t, T).expand_as(x_0))
    return (model(x_t, t) - eps + x_0).pow(2).mean()


@right(check_velocity_loss)
def the_sum_divided(model, x_0, eps, t, T):
    u = share(t, T)
    error = model((1 - u) * x_0 + u * eps, t) - (eps - x_0)
    return (error * error).sum() / error.numel()


@right(check_velocity_loss)
def the_mean_of_means(model, x_0, eps, t, T):
    u = share(t, T)
    error = model((1 - u) * x_0 + u * eps, t) - (eps - x_0)
    return error.square().flatten(1).mean(dim=1).mean()


@right(check_velocity_loss)
def by_einsum(model, x_0, eps, t, T):
    u = t / T
    x_t = torch.einsum("b,bchw->bchw", 1 - u, x_0)
    x_t = x_t + torch.einsum("b,bchw->bchw", u, eps)
    error = model(x_t, t) - eps + x_0
    return torch.einsum("bchw,bchw->", error, error) / error.numel()


@right(check_velocity_loss)
def by_the_norm(model, x_0, eps, t, T):
    u = share(t, T)
    error = model((1 - u) * x_0 + u * eps, t) - (eps - x_0)
    return torch.linalg.vector_norm(error) ** 2 / error.numel()


@right(check_velocity_loss)
def picture_by_picture(model, x_0, eps, t, T):
    loss = 0
    for i in range(len(x_0)):
        u = t[i] / T
        x_t = (1 - u) * x_0[i] + u * eps[i]
        v_hat = model(x_t[None], t[i : i + 1])[0]
        loss = loss + (v_hat - (eps[i] - x_0[i])).square().mean()
    return loss / len(x_0)


@right(check_velocity_loss)
def from_the_picture_back(model, x_0, eps, t, T):
    u = share(t, T)
    x_t = (1 - u) * x_0 + u * eps
    v = (x_t - x_0) / u
    return (model(x_t, t) - v).square().mean()


@right(check_velocity_loss)
def in_place_on_its_own(model, x_0, eps, t, T):
    u = share(t, T)
    x_t = x_0 * (1 - u)
    x_t += eps * u
    error = model(x_t, t) - (eps - x_0)
    return torch.square(error).mean()


@right(check_velocity_loss)
def with_a_helper(model, x_0, eps, t, T):
    def mixed(picture, noise, u):
        return picture * (1 - u) + noise * u

    v_hat = model(mixed(x_0, eps, share(t, T)), t)
    return ((eps - x_0) - v_hat).square().mean()


@right(check_velocity_loss)
def in_float64(model, x_0, eps, t, T):
    u = (t.double() / T)[:, None, None, None]
    x_t = ((1 - u) * x_0 + u * eps).float()
    return (model(x_t, t) - (eps - x_0)).square().mean()


# The loss, wrong --------------------------------------------------------------------


def asked(target, model, x_0, eps, t, T):
    u = share(t, T)
    return (model((1 - u) * x_0 + u * eps, t) - target).square().mean()


def mixed(x_t, model, x_0, eps, t, T):
    return (model(x_t, t) - (eps - x_0)).square().mean()


@wrong(check_velocity_loss, "add .float()")
def left_in_float64(model, x_0, eps, t, T):
    return asked(eps - x_0, model, x_0, eps, t, T).double()


@wrong(check_velocity_loss, ".detach()")
def detached(model, x_0, eps, t, T):
    return asked(eps - x_0, model, x_0, eps, t, T).detach()


@wrong(check_velocity_loss, "torch.no_grad()")
def without_gradient(model, x_0, eps, t, T):
    with torch.no_grad():
        return asked(eps - x_0, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "no gradient leads back")
def the_guess_detached(model, x_0, eps, t, T):
    return asked(eps - x_0, lambda x, t: model(x, t).detach(), x_0, eps, t, T)


@wrong(check_velocity_loss, ".data")
def through_data(model, x_0, eps, t, T):
    return asked(eps - x_0, model, x_0, eps, t, T).data


@wrong(check_velocity_loss, "leave out .item()")
def a_plain_number(model, x_0, eps, t, T):
    return asked(eps - x_0, model, x_0, eps, t, T).item()


@wrong(check_velocity_loss, "leave out .item()")
def made_a_float(model, x_0, eps, t, T):
    return float(asked(eps - x_0, model, x_0, eps, t, T))


@wrong(check_velocity_loss, "no gradient leads back")
def wrapped_again(model, x_0, eps, t, T):
    return torch.tensor(asked(eps - x_0, model, x_0, eps, t, T).item())


@wrong(check_velocity_loss, "calls backward() itself")
def backward_inside(model, x_0, eps, t, T):
    loss = asked(eps - x_0, model, x_0, eps, t, T)
    loss.backward()
    return loss


@wrong(check_velocity_loss, "None")
def no_return(model, x_0, eps, t, T):
    asked(eps - x_0, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "in place")
def x_0_changed(model, x_0, eps, t, T):
    u, v = share(t, T), eps - x_0
    x_0 *= 1 - u
    x_0 += u * eps
    return (model(x_0, t) - v).square().mean()


@wrong(check_velocity_loss, "points from the noise to the picture")
def backwards(model, x_0, eps, t, T):
    return asked(x_0 - eps, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "points from the noise to the picture")
def guess_and_velocity_added(model, x_0, eps, t, T):
    u = share(t, T)
    v = eps - x_0
    return (model((1 - u) * x_0 + u * eps, t) + v).square().mean()


@wrong(check_velocity_loss, "the target is the noise")
def the_noise(model, x_0, eps, t, T):
    return asked(eps, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "the target is the picture")
def the_picture(model, x_0, eps, t, T):
    return asked(x_0, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "notebook 03's road")
def velocity_of_03(model, x_0, eps, t, T):
    u = share(t, T)
    return asked((1 - u) * eps - u * x_0, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "sum of noise and picture")
def the_sum(model, x_0, eps, t, T):
    return asked(eps + x_0, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "target is x_t - x_0")
def from_the_mixture(model, x_0, eps, t, T):
    u = share(t, T)
    x_t = (1 - u) * x_0 + u * eps
    return (model(x_t, t) - (x_t - x_0)).square().mean()


@wrong(check_velocity_loss, "target is eps - x_t")
def what_is_left_of_the_way(model, x_0, eps, t, T):
    u = share(t, T)
    x_t = (1 - u) * x_0 + u * eps
    return (model(x_t, t) - (eps - x_t)).square().mean()


@wrong(check_velocity_loss, "the target is x_t, which")
def its_own_input(model, x_0, eps, t, T):
    u = share(t, T)
    x_t = (1 - u) * x_0 + u * eps
    return (model(x_t, t) - x_t).square().mean()


@wrong(check_velocity_loss, "wrong way round")
def shares_swapped(model, x_0, eps, t, T):
    u = share(t, T)
    return mixed(u * x_0 + (1 - u) * eps, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "square roots")
def with_roots(model, x_0, eps, t, T):
    u = share(t, T)
    return mixed((1 - u) ** 0.5 * x_0 + u**0.5 * eps, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "added on top")
def noise_on_top(model, x_0, eps, t, T):
    return mixed(x_0 + share(t, T) * eps, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "all of the noise is mixed in")
def all_of_the_noise(model, x_0, eps, t, T):
    return mixed((1 - share(t, T)) * x_0 + eps, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "the mixture subtracts")
def noise_subtracted(model, x_0, eps, t, T):
    u = share(t, T)
    return mixed((1 - u) * x_0 - u * eps, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "shown the clean picture")
def no_noise(model, x_0, eps, t, T):
    return mixed(x_0, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "nothing but noise")
def only_noise(model, x_0, eps, t, T):
    return mixed(eps, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "told u")
def told_the_fraction(model, x_0, eps, t, T):
    u = share(t, T)
    return (model((1 - u) * x_0 + u * eps, t / T) - (eps - x_0)).square().mean()


@wrong(check_velocity_loss, "told t - 1")
def told_one_less(model, x_0, eps, t, T):
    u = share(t, T)
    return (model((1 - u) * x_0 + u * eps, t - 1) - (eps - x_0)).square().mean()


@wrong(check_velocity_loss, "the errors are added")
def the_sum_of_squares(model, x_0, eps, t, T):
    u = share(t, T)
    return (model((1 - u) * x_0 + u * eps, t) - (eps - x_0)).square().sum()


@wrong(check_velocity_loss, "errors of all pixels")
def no_mean(model, x_0, eps, t, T):
    u = share(t, T)
    return (model((1 - u) * x_0 + u * eps, t) - (eps - x_0)).square()


@wrong(check_velocity_loss, "that is one loss per")
def one_a_picture(model, x_0, eps, t, T):
    u = share(t, T)
    error = model((1 - u) * x_0 + u * eps, t) - (eps - x_0)
    return error.square().mean(dim=(1, 2, 3))


@wrong(check_velocity_loss, "the errors have lost")
def absolute(model, x_0, eps, t, T):
    u = share(t, T)
    return F.l1_loss(model((1 - u) * x_0 + u * eps, t), eps - x_0)


@wrong(check_velocity_loss, "not squared")
def not_squared(model, x_0, eps, t, T):
    u = share(t, T)
    return (model((1 - u) * x_0 + u * eps, t) - (eps - x_0)).mean()


@wrong(check_velocity_loss, "not squared")
def not_squared_either(model, x_0, eps, t, T):
    u = share(t, T)
    return ((eps - x_0) - model((1 - u) * x_0 + u * eps, t)).mean()


@wrong(check_velocity_loss, "First .square()")
def mean_then_square(model, x_0, eps, t, T):
    u = share(t, T)
    return (model((1 - u) * x_0 + u * eps, t) - (eps - x_0)).mean().square()


@wrong(check_velocity_loss, "a root around it")
def with_a_root(model, x_0, eps, t, T):
    return asked(eps - x_0, model, x_0, eps, t, T) ** 0.5


@wrong(check_velocity_loss, "half of it")
def halved(model, x_0, eps, t, T):
    return 0.5 * asked(eps - x_0, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "the guess alone")
def guess_squared(model, x_0, eps, t, T):
    return asked(0, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "the guess itself")
def guess_returned(model, x_0, eps, t, T):
    u = share(t, T)
    return model((1 - u) * x_0 + u * eps, t)


@wrong(check_velocity_loss, "error of the picture")
def error_of_the_picture(model, x_0, eps, t, T):
    u = share(t, T)
    x_t = (1 - u) * x_0 + u * eps
    x_0_hat = x_t - u * model(x_t, t)
    return (x_0_hat - x_0).square().mean()


@wrong(check_velocity_loss, "RuntimeError")
def t_not_reshaped(model, x_0, eps, t, T):
    u = t / T
    return (model((1 - u) * x_0 + u * eps, t) - (eps - x_0)).square().mean()


@wrong(check_velocity_loss, "x_t only")
def without_t(model, x_0, eps, t, T):
    u = share(t, T)
    return (model((1 - u) * x_0 + u * eps) - (eps - x_0)).square().mean()


@wrong(check_velocity_loss, "differently each time")
def noise_of_its_own(model, x_0, eps, t, T):
    return asked(eps - x_0, model, x_0, torch.randn_like(x_0), t, T)


@wrong(check_velocity_loss, "numpy array")
def by_numpy(model, x_0, eps, t, T):
    return np.asarray(asked(eps - x_0, model, x_0, eps, t, T).detach())


@wrong(check_velocity_loss, "here T may be another number")
def a_thousand_typed_in(model, x_0, eps, t, T):
    return asked(eps - x_0, model, x_0, eps, t, 1000)


@wrong(check_velocity_loss)
def weighed(model, x_0, eps, t, T):
    u = share(t, T)
    error = model((1 - u) * x_0 + u * eps, t) - (eps - x_0)
    return (u * error.square()).mean()


# The average, right -----------------------------------------------------------------


@right(check_update_average)
def both_shares(average, weights, kept):
    return kept * average + (1 - kept) * weights


@right(check_update_average)
def a_step_towards_the_weights(average, weights, kept):
    return average + (1 - kept) * (weights - average)


@right(check_update_average)
def a_step_back_from_the_weights(average, weights, kept):
    return weights + kept * (average - weights)


@right(check_update_average)
def a_step_away(average, weights, kept):
    return average - (average - weights) * (1 - kept)


@right(check_update_average)
def average_by_lerp(average, weights, kept):
    return torch.lerp(average, weights, 1 - kept)


@right(check_update_average)
def by_lerp_the_other_way(average, weights, kept):
    return weights.lerp(average, kept)


@right(check_update_average)
def by_add(average, weights, kept):
    return torch.add(kept * average, weights, alpha=1 - kept)


@right(check_update_average)
def in_place_on_a_copy(average, weights, kept):
    new = average.clone()
    new.mul_(kept).add_(weights, alpha=1 - kept)
    return new


@right(check_update_average)
def by_stack(average, weights, kept):
    shares = torch.tensor([kept, 1 - kept])
    return torch.tensordot(shares, torch.stack([average, weights]), dims=1)


@right(check_update_average)
def average_by_einsum(average, weights, kept):
    shares = torch.tensor([kept, 1 - kept])
    return torch.einsum("i,i...->...", shares, torch.stack([average, weights]))


@right(check_update_average)
def number_by_number(average, weights, kept):
    pairs = zip(average.flatten(), weights.flatten(), strict=True)
    new = [kept * a + (1 - kept) * w for a, w in pairs]
    return torch.stack(new).reshape(average.shape)


@right(check_update_average)
def with_names(average, weights, kept):
    new_share = 1 - kept
    old, new = average * kept, weights * new_share
    return old + new


@right(check_update_average)
def a_weighted_mean(average, weights, kept):
    share = kept / (1 - kept)
    return (share * average + weights) / (share + 1)


@right(check_update_average)
def sum_of_a_list(average, weights, kept):
    return sum([kept * average, (1 - kept) * weights])


@right(check_update_average)
def in_float64_and_back(average, weights, kept):
    return (kept * average.double() + (1 - kept) * weights.double()).float()


# The average, wrong -----------------------------------------------------------------


@wrong(check_update_average, "add .float()")
def average_in_float64(average, weights, kept):
    return kept * average.double() + (1 - kept) * weights.double()


@wrong(check_update_average, "numpy array")
def average_in_numpy(average, weights, kept):
    return np.asarray(kept * average + (1 - kept) * weights).reshape(average.shape)


@wrong(check_update_average, "in place")
def average_changed(average, weights, kept):
    average *= kept
    average += (1 - kept) * weights
    return average


@wrong(check_update_average, "None")
def average_not_returned(average, weights, kept):
    average = kept * average + (1 - kept) * weights


@wrong(check_update_average, "shares are swapped")
def swapped(average, weights, kept):
    return (1 - kept) * average + kept * weights


@wrong(check_update_average, "shares are swapped")
def lerp_by_kept(average, weights, kept):
    return torch.lerp(average, weights, kept)


@wrong(check_update_average, "shares are swapped")
def a_step_too_long(average, weights, kept):
    return average + kept * (weights - average)


@wrong(check_update_average, "added on top")
def weights_on_top(average, weights, kept):
    return kept * average + weights


@wrong(check_update_average, "plain mean")
def plain_mean(average, weights, kept):
    return (average + weights) / 2


@wrong(check_update_average, "kept whole")
def all_of_the_average(average, weights, kept):
    return average + (1 - kept) * weights


@wrong(check_update_average, "both get the same share")
def both_kept(average, weights, kept):
    return kept * average + kept * weights


@wrong(check_update_average, "are subtracted")
def subtracted(average, weights, kept):
    return kept * average - (1 - kept) * weights


@wrong(check_update_average, "are subtracted")
def kept_minus_one(average, weights, kept):
    return kept * average + (kept - 1) * weights


@wrong(check_update_average, "weights are missing")
def only_the_average(average, weights, kept):
    return kept * average


@wrong(check_update_average, "old average is missing")
def only_the_weights(average, weights, kept):
    return (1 - kept) * weights


@wrong(check_update_average, "today's weights")
def todays_weights(average, weights, kept):
    return weights


@wrong(check_update_average, "today's weights")
def weights_twice(average, weights, kept):
    return kept * weights + (1 - kept) * weights


@wrong(check_update_average, "the old average; mix in")
def average_twice(average, weights, kept):
    return kept * average + (1 - kept) * average


@wrong(check_update_average, "halved")
def halved_again(average, weights, kept):
    return (kept * average + (1 - kept) * weights) / 2


@wrong(check_update_average, "1 + kept")
def one_plus_kept(average, weights, kept):
    return kept * average + (1 + kept) * weights


@wrong(check_update_average, "brackets are missing")
def no_brackets(average, weights, kept):
    return kept * average + 1 - kept * weights


@wrong(check_update_average, "0.99 is typed in")
def typed_in(average, weights, kept):
    return 0.99 * average + 0.01 * weights


@wrong(check_update_average, "the step starts at the weights")
def from_the_weights(average, weights, kept):
    return weights + (1 - kept) * (weights - average)


@wrong(check_update_average, "goes away from the weights")
def away(average, weights, kept):
    return average + (1 - kept) * (average - weights)


@wrong(check_update_average, "average and weights")
def multiplied(average, weights, kept):
    return kept * average * (1 - kept) * weights


@wrong(check_update_average, "ValueError")
def number_by_number_of_a_list(average, weights, kept):
    return torch.tensor(
        [kept * a + (1 - kept) * w for a, w in zip(average, weights, strict=True)]
    )


@wrong(check_update_average)
def one_number_for_all(average, weights, kept):
    return kept * average.mean() + (1 - kept) * weights.mean()


@wrong(check_update_average)
def share_to_a_power(average, weights, kept):
    return kept**2 * average + (1 - kept**2) * weights


@wrong(check_update_average, "NameError")
def misspelt(average, weights, kept):
    return kept * average + (1 - kept) * weight  # noqa: F821


@wrong(check_update_average)
def rounded(average, weights, kept):
    return (kept * average + (1 - kept) * weights) * math.floor(1.5) + 0.1


# Found by a learner who tried the commonest slips ----------------------------------


@wrong(check_velocity_loss, "those of the cosine road (cosine_schedule)")
def the_cosine_road_throughout(model, x_0, eps, t, T):
    cosine = cosine_schedule(T=1000)
    v = make_target("v", x_0, eps, t, cosine)
    return (model(add_noise(x_0, t, eps, cosine), t) - v).square().mean()


@wrong(check_velocity_loss, "those of the cosine road (u is an angle)")
def an_angle_throughout(model, x_0, eps, t, T):
    angle = math.pi / 2 * (t / T).reshape(-1, 1, 1, 1)
    v = angle.cos() * eps - angle.sin() * x_0
    return (model(angle.cos() * x_0 + angle.sin() * eps, t) - v).square().mean()


@wrong(check_velocity_loss, "mixed in on the cosine road (cosine_schedule)")
def mixed_on_the_cosine(model, x_0, eps, t, T):
    x_t = add_noise(x_0, t, eps, cosine_schedule(T=1000))
    return (model(x_t, t) - (eps - x_0)).square().mean()


@wrong(check_velocity_loss, "mixed in on the cosine road (u is an angle)")
def mixed_by_an_angle(model, x_0, eps, t, T):
    angle = math.pi / 2 * (t / T).reshape(-1, 1, 1, 1)
    x_t = angle.cos() * x_0 + angle.sin() * eps
    return (model(x_t, t) - (eps - x_0)).square().mean()


@wrong(check_velocity_loss, "divided by u")
def velocity_over_u(model, x_0, eps, t, T):
    u = (t / T).reshape(-1, 1, 1, 1)
    v_hat = model((1 - u) * x_0 + u * eps, t)
    return (v_hat - (eps - x_0) / u).square().mean()


@wrong(check_velocity_loss, "u * (eps - x_0)")
def velocity_times_u(model, x_0, eps, t, T):
    u = (t / T).reshape(-1, 1, 1, 1)
    v_hat = model((1 - u) * x_0 + u * eps, t)
    return (v_hat - u * (eps - x_0)).square().mean()


@wrong(check_velocity_loss, "twice the loss")
def loss_twice(model, x_0, eps, t, T):
    u = (t / T).reshape(-1, 1, 1, 1)
    v_hat = model((1 - u) * x_0 + u * eps, t)
    return 2 * (v_hat - (eps - x_0)).square().mean()


@wrong(check_update_average, "0.95 is typed in")
def the_example_typed_in(average, weights, kept):
    return 0.95 * average + 0.05 * weights


@wrong(check_update_average, "only the step")
def only_the_step(average, weights, kept):
    return (1 - kept) * (weights - average)


# As learners wrote it, with the tools of the notebook ---------------------------------

line = straight_line(T=1000)
x_t = torch.zeros(8, 3, 32, 32)  # some earlier cell of the notebook has made one


@wrong(check_velocity_loss, "mix with u, (1 - u) * x_0 + u * eps")
def mixed_on_the_notebooks_line(model, x_0, eps, t, T):
    return mixed(add_noise(x_0, t, eps, line), model, x_0, eps, t, T)


@wrong(check_velocity_loss, "the velocity is notebook 03's, a eps - b x_0")
def the_velocity_of_03_on_the_line(model, x_0, eps, t, T):
    v = line.a(t, like=x_0) * eps - line.b(t, like=x_0) * x_0
    return asked(v, model, x_0, eps, t, T)


@wrong(check_velocity_loss, "are made with the notebook's `line`, whose T is 1000")
def all_of_it_on_the_notebooks_line(model, x_0, eps, t, T):
    a, b = line.a(t, like=x_0), line.b(t, like=x_0)
    return (model(a * x_0 + b * eps, t) - (a * eps - b * x_0)).square().mean()


@wrong(check_velocity_loss, "it reads the notebook's `x_t`, from an earlier cell")
def x_t_of_another_cell(model, x_0, eps, t, T):
    return (model(x_t, t) - (eps - x_0)).square().mean()


@wrong(check_update_average, "0.05 is typed in")
def what_is_new_typed_in(average, weights, kept):
    return kept * average + 0.05 * weights


@wrong(check_update_average, "0.01 is typed in")
def what_is_new_typed_in_for_099(average, weights, kept):
    return kept * average + 0.01 * weights


@wrong(check_update_average, "square roots are taken")
def roots_as_for_noise(average, weights, kept):
    return kept**0.5 * average + (1 - kept) ** 0.5 * weights
