"""What is handed in for notebook 11."""

import math

import torch
from torch import distributions
from torch.nn import functional as F

from answers import right, wrong
from course_lib.checks.nb11_autoencoder import check_kl_divergence, check_sample
from course_lib.networks.autoencoder import kl_divergence

# A point of a cloud: right --------------------------------------------------------


@right(check_sample)
def as_the_solution(mu, logvar, eps):
    std = (logvar / 2).exp()
    return mu + std * eps


@right(check_sample)
def root_of_the_variance(mu, logvar, eps):
    return mu + logvar.exp().sqrt() * eps


@right(check_sample)
def functions_of_torch(mu, logvar, eps):
    return torch.add(mu, torch.mul(torch.exp(torch.mul(logvar, 0.5)), eps))


@right(check_sample)
def addcmul(mu, logvar, eps):
    return torch.addcmul(mu, torch.exp(0.5 * logvar), eps)


@right(check_sample)
def a_power(mu, logvar, eps):
    return eps * logvar.exp() ** 0.5 + mu


@right(check_sample)
def a_power_of_e(mu, logvar, eps):
    return mu + math.e ** (logvar / 2) * eps


@right(check_sample)
def root_of_e(mu, logvar, eps):
    return mu + eps * torch.pow(torch.tensor(math.e).sqrt(), logvar)


@right(check_sample)
def loop_over_pictures(mu, logvar, eps):
    points = []
    for middle, log, chance in zip(mu, logvar, eps, strict=True):
        points.append(middle + (log / 2).exp() * chance)
    return torch.stack(points)


@right(check_sample)
def on_a_copy(mu, logvar, eps):
    z = eps.clone()
    z *= torch.exp(logvar / 2)
    z += mu
    return z


@right(check_sample)
def einsum(mu, logvar, eps):
    flat = torch.einsum("bn,bn->bn", (logvar / 2).exp().flatten(1), eps.flatten(1))
    return mu + flat.reshape(mu.shape)


@right(check_sample)
def lerp_from_the_middle(mu, logvar, eps):
    return torch.lerp(mu, mu + eps, (0.5 * logvar).exp())


@right(check_sample)
def affine_transform(mu, logvar, eps):
    std = torch.exp(logvar / 2)
    move = distributions.transforms.AffineTransform(mu, std)
    return move(eps)


@right(check_sample)
def with_asserts(mu, logvar, eps):
    assert mu.shape == logvar.shape == eps.shape
    var = torch.exp(logvar)
    std = torch.sqrt(var)
    noise = std * eps
    return noise + mu


@right(check_sample)
def clamped_against_overflow(mu, logvar, eps):
    return mu + torch.exp(logvar.clamp(-30, 20) / 2) * eps


@right(check_sample)
def by_helper(mu, logvar, eps):
    def spread(log):
        return (0.5 * log).exp()

    return sum((mu, spread(logvar) * eps))


# A point of a cloud: wrong --------------------------------------------------------


@wrong(check_sample, "halve the logarithm first")
def variance(mu, logvar, eps):
    return mu + torch.exp(logvar) * eps


@wrong(check_sample, "must go through exp before")
def raw(mu, logvar, eps):
    return mu + logvar * eps


@wrong(check_sample, "logvar is a logarithm, and")
def root_of_its_size(mu, logvar, eps):
    return mu + logvar.abs().sqrt() * eps


@wrong(check_sample, "logvar is a logarithm and")
def root_of_logvar(mu, logvar, eps):
    return mu + torch.sqrt(logvar) * eps


@wrong(check_sample, "logvar is a logarithm and")
def half_power_of_logvar(mu, logvar, eps):
    return mu + logvar**0.5 * eps


@wrong(check_sample, "another log does not")
def logarithm_again(mu, logvar, eps):
    return mu + torch.log(logvar) * eps


@wrong(check_sample, "the spread is exp of half the logarithm")
def half_after(mu, logvar, eps):
    return mu + logvar.exp() / 2 * eps


@wrong(check_sample, "half of logvar is the logarithm")
def half_raw(mu, logvar, eps):
    return mu + 0.5 * logvar * eps


@wrong(check_sample, "middle of the cloud")
def the_middle(mu, logvar, eps):
    return mu


@wrong(check_sample, "mu is forgotten")
def no_mu(mu, logvar, eps):
    return (logvar / 2).exp() * eps


@wrong(check_sample, "only the spread")
def only_the_spread(mu, logvar, eps):
    return (logvar / 2).exp()


@wrong(check_sample, "eps is forgotten")
def no_eps(mu, logvar, eps):
    return mu + (logvar / 2).exp()


@wrong(check_sample, "logvar is forgotten")
def no_logvar(mu, logvar, eps):
    return mu + eps


@wrong(check_sample, "the formula adds the spread")
def minus(mu, logvar, eps):
    return mu - (logvar / 2).exp() * eps


@wrong(check_sample, "mu and eps are swapped")
def spread_times_mu(mu, logvar, eps):
    return (logvar / 2).exp() * mu + eps


@wrong(check_sample, "eps multiplies mu, and the spread is added")
def roles_swapped(mu, logvar, eps):
    return mu * eps + (logvar / 2).exp()


@wrong(check_sample, "eps lost its sign")
def size_of_eps(mu, logvar, eps):
    return mu + (logvar / 2).exp() * eps.abs()


@wrong(check_sample, "eps is squared")
def square_of_eps(mu, logvar, eps):
    return mu + (logvar / 2).exp() * eps.square()


@wrong(check_sample, "multiplies eps alone")
def brackets(mu, logvar, eps):
    return (logvar / 2).exp() * (mu + eps)


@wrong(check_sample, "eps multiplies the spread alone")
def other_brackets(mu, logvar, eps):
    return (mu + (logvar / 2).exp()) * eps


@wrong(check_sample, "mu and logvar are swapped")
def swapped(logvar, mu, eps):
    return mu + (logvar / 2).exp() * eps


@wrong(check_sample, "the way back")
def standardised(mu, logvar, eps):
    return (eps - mu) / (logvar / 2).exp()


@wrong(check_sample, "the sign of logvar")
def minus_in_the_power(mu, logvar, eps):
    return mu + torch.exp(-0.5 * logvar) * eps


@wrong(check_sample, "halved twice")
def root_of_the_spread(mu, logvar, eps):
    return mu + (logvar / 2).exp().sqrt() * eps


@wrong(check_sample, "the variance is squared")
def square_of_the_variance(mu, logvar, eps):
    return mu + logvar.exp() ** 2 * eps


@wrong(check_sample, "a power of 10 does not")
def power_of_ten(mu, logvar, eps):
    return mu + 10 ** (logvar / 2) * eps


@wrong(check_sample, "a power of 2 does not")
def power_of_two(mu, logvar, eps):
    return mu + torch.exp2(logvar / 2) * eps


@wrong(check_sample, "bounds of pixels")
def clamped(mu, logvar, eps):
    return (mu + (logvar / 2).exp() * eps).clamp(-1, 1)


@wrong(check_sample, "at or above 0")
def relu(mu, logvar, eps):
    return F.relu(mu + (logvar / 2).exp() * eps)


@wrong(check_sample, "it draws random numbers of its own")
def draws(mu, logvar, eps):
    return torch.normal(mu, (logvar / 2).exp())


@wrong(check_sample, "it draws random numbers of its own")
def new_eps(mu, logvar, eps):
    eps = torch.randn_like(eps)
    return mu + (logvar / 2).exp() * eps


@wrong(check_sample, "leave out .detach()")
def detached(mu, logvar, eps):
    return mu.detach() + (logvar.detach() / 2).exp() * eps


@wrong(check_sample, "the numbers are right, but no gradient gets through, so")
def under_no_grad(mu, logvar, eps):
    with torch.no_grad():
        return mu + (logvar / 2).exp() * eps


@wrong(check_sample, "no gradient reaches `logvar`")
def data_of_logvar(mu, logvar, eps):
    return mu + (logvar.data / 2).exp() * eps


@wrong(check_sample, "no gradient gets through numpy")
def numpy_and_back(mu, logvar, eps):
    import numpy as np

    std = np.exp(logvar.numpy() / 2)
    return torch.from_numpy(mu.numpy() + std * eps.numpy())


@wrong(check_sample, "numpy array")
def numpy(mu, logvar, eps):
    return (mu + (logvar / 2).exp() * eps).numpy()


@wrong(check_sample, "in place")
def in_place(mu, logvar, eps):
    eps *= (logvar / 2).exp()
    return mu + eps


@wrong(check_sample, "add .float()")
def in_float64(mu, logvar, eps):
    return mu.double() + (logvar.double() / 2).exp() * eps.double()


@wrong(check_sample, "returned None")
def prints(mu, logvar, eps):
    print(end="")
    mu + (logvar / 2).exp() * eps


@wrong(check_sample, "not for (6, 1)")
def of_four_axes(mu, logvar, eps):
    B, C, H, W = mu.shape
    return (mu + (logvar / 2).exp() * eps).reshape(B, C, H, W)


@wrong(check_sample, "a function for a single")
def math_exp(mu, logvar, eps):
    return mu + math.exp(logvar / 2) * eps


@wrong(check_sample, "2 answers")
def as_tuple(mu, logvar, eps):
    return mu, (logvar / 2).exp() * eps


@wrong(check_sample, "eps is averaged")
def mean_of_eps(mu, logvar, eps):
    return mu + (logvar / 2).exp() * eps.mean()


@wrong(check_sample)
def mean_of_the_spread(mu, logvar, eps):
    return mu + (logvar / 2).exp().mean() * eps


@wrong(check_sample)
def one_eps_for_all(mu, logvar, eps):
    return mu + (logvar / 2).exp() * eps[:1]


# The divergence: right --------------------------------------------------------------


@right(check_kl_divergence)
def divergence_as_the_solution(mu, logvar):
    each = (mu**2 + logvar.exp() - 1 - logvar) / 2
    return each.flatten(1).sum(1)


@right(check_kl_divergence)
def as_in_the_paper(mu, logvar):
    return -0.5 * torch.sum((1 + logvar - mu.pow(2) - logvar.exp()).flatten(1), dim=1)


@right(check_kl_divergence)
def of_the_distributions(mu, logvar):
    cloud = distributions.Normal(mu, (logvar / 2).exp())
    bell = distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return distributions.kl_divergence(cloud, bell).flatten(1).sum(1)


@right(check_kl_divergence)
def over_all_axes_but_the_first(mu, logvar):
    each = 0.5 * (mu.square() + torch.exp(logvar) - 1 - logvar)
    return each.sum(dim=tuple(range(1, each.ndim)))


@right(check_kl_divergence)
def loop(mu, logvar):
    rows = []
    for m, v in zip(mu, logvar, strict=True):
        rows.append(((m * m + v.exp() - 1 - v) / 2).sum())
    return torch.stack(rows)


@right(check_kl_divergence)
def mean_times_how_many(mu, logvar):
    each = (mu**2 + logvar.exp() - 1 - logvar).reshape(len(mu), -1)
    return each.mean(1) * each.shape[1] / 2


@right(check_kl_divergence)
def four_sums(mu, logvar):
    m, v = mu.flatten(1), logvar.flatten(1)
    n = m.shape[1]
    return ((m * m).sum(1) + v.exp().sum(1) - n - v.sum(1)) / 2


@right(check_kl_divergence)
def by_einsum(mu, logvar):
    m, v = mu.flatten(1), logvar.flatten(1)
    return (torch.einsum("bn,bn->b", m, m) + (v.exp() - 1 - v).sum(-1)) / 2


@right(check_kl_divergence)
def by_the_spread(mu, logvar):
    std = (logvar / 2).exp()
    each = (mu**2 + std**2 - 1 - 2 * std.log()) / 2
    return each.flatten(start_dim=1).sum(dim=1)


@right(check_kl_divergence)
def expm1(mu, logvar):
    return (0.5 * (mu**2 + torch.expm1(logvar) - logvar)).flatten(1).sum(1)


@right(check_kl_divergence)
def matrix_product(mu, logvar):
    each = (mu**2 + logvar.exp() - 1 - logvar).flatten(1)
    return each @ torch.full((each.shape[1],), 0.5)


@right(check_kl_divergence)
def by_vmap(mu, logvar):
    def of_one(m, v):
        return (m**2 + v.exp() - 1 - v).sum() / 2

    return torch.vmap(of_one)(mu, logvar)


@right(check_kl_divergence)
def summed_again_and_again(mu, logvar):
    each = 0.5 * (mu**2 + logvar.exp() - 1.0 - logvar)
    while each.ndim > 1:
        each = each.sum(-1)
    return each


@right(check_kl_divergence)
def logarithms_of_densities(mu, logvar):
    # The mean over the cloud of log(density of the cloud / density of N(0, 1)).
    entropy = 0.5 * (1 + math.log(2 * math.pi) + logvar)
    cross = 0.5 * (math.log(2 * math.pi) + mu**2 + logvar.exp())
    return (cross - entropy).flatten(1).sum(1)


# The divergence: wrong --------------------------------------------------------------


def of_each(mu, logvar):
    return (mu**2 + logvar.exp() - 1 - logvar) / 2


@wrong(check_kl_divergence, "that is the mean over")
def averaged(mu, logvar):
    return of_each(mu, logvar).flatten(1).mean(1)


@wrong(check_kl_divergence, "one number for the whole batch")
def of_all(mu, logvar):
    return of_each(mu, logvar).sum()


@wrong(check_kl_divergence, "mean of the batch")
def mean_of_the_batch(mu, logvar):
    return of_each(mu, logvar).flatten(1).sum(1).mean()


@wrong(check_kl_divergence, "mean of everything")
def mean_of_all(mu, logvar):
    return of_each(mu, logvar).mean()


@wrong(check_kl_divergence, "nothing is summed yet")
def not_summed(mu, logvar):
    return of_each(mu, logvar)


@wrong(check_kl_divergence, "stand in a row, and are not summed yet")
def flattened_not_summed(mu, logvar):
    return (mu**2 + logvar.exp() - 1 - logvar).flatten(1) / 2


@wrong(check_kl_divergence, "here that of base 10")
def logarithm_of_base_10(mu, logvar):
    each = mu**2 + logvar.exp() - 1 - torch.log10(logvar.exp())
    return each.flatten(1).sum(1) / 2


@wrong(check_kl_divergence, "here that of base 2")
def logarithm_of_base_2(mu, logvar):
    each = mu**2 + logvar.exp() - 1 - torch.log2(logvar.exp())
    return each.flatten(1).sum(1) / 2


@wrong(check_kl_divergence, "sums over only one axis")
def one_axis(mu, logvar):
    return of_each(mu, logvar).sum(1)


@wrong(check_kl_divergence, "sums over the pictures")
def first_axis(mu, logvar):
    return of_each(mu, logvar).sum(0)


@wrong(check_kl_divergence, "you summed over the pictures")
def first_axis_after_flatten(mu, logvar):
    return of_each(mu, logvar).flatten(1).sum(0)


@wrong(check_kl_divergence, "the largest number of each picture")
def largest(mu, logvar):
    return of_each(mu, logvar).flatten(1).amax(1)


@wrong(check_kl_divergence, "one number for the whole batch")
def flattened_too_far(mu, logvar):
    return of_each(mu, logvar).flatten().sum()


@wrong(check_kl_divergence, "never below 0")
def negative(mu, logvar):
    return 0.5 * (1 + logvar - mu**2 - logvar.exp()).flatten(1).sum(1)


@wrong(check_kl_divergence, "1/2 is missing")
def no_half(mu, logvar):
    return (mu**2 + logvar.exp() - 1 - logvar).flatten(1).sum(1)


@wrong(check_kl_divergence, "1/2 is there twice")
def two_halves(mu, logvar):
    return 0.5 * of_each(mu, logvar).flatten(1).sum(1)


@wrong(check_kl_divergence, "not to mu alone")
def half_of_mu(mu, logvar):
    return (0.5 * mu**2 + logvar.exp() - 1 - logvar).flatten(1).sum(1)


@wrong(check_kl_divergence, "not to the last alone")
def half_of_the_last(mu, logvar):
    return (mu**2 + logvar.exp() - 1 - logvar / 2).flatten(1).sum(1)


@wrong(check_kl_divergence, "a logarithm already")
def taken_for_the_variance(mu, logvar):
    return (0.5 * (mu**2 + logvar - 1 - torch.log(logvar))).flatten(1).sum(1)


@wrong(check_kl_divergence, "not the variance")
def its_size_taken_for_the_variance(mu, logvar):
    var = logvar.abs()
    return (0.5 * (mu**2 + var - 1 - var.log())).flatten(1).sum(1)


@wrong(check_kl_divergence, "a logarithm already")
def its_logarithm(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() - 1 - logvar.log())).flatten(1).sum(1)


@wrong(check_kl_divergence, "logvar is used as")
def taken_for_the_spread(mu, logvar):
    return (0.5 * (mu**2 + logvar**2 - 1 - (logvar**2).log())).flatten(1).sum(1)


@wrong(check_kl_divergence, "the variance is exp(logvar), but the")
def logvar_squared(mu, logvar):
    return (0.5 * (mu**2 + logvar**2 - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "has its square")
def with_the_spread(mu, logvar):
    std = (logvar / 2).exp()
    return (0.5 * (mu**2 + std - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "squared once too often")
def variance_squared(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() ** 2 - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "once, not twice")
def twice_logvar(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() - 1 - 2 * logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "that of the spread")
def logarithm_of_the_spread(mu, logvar):
    std = (logvar / 2).exp()
    return (0.5 * (mu**2 + std**2 - 1 - std.log())).flatten(1).sum(1)


@wrong(check_kl_divergence, "the formula subtracts logvar")
def logvar_added(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() - 1 + logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "the formula subtracts 1")
def one_added(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() + 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "the formula adds the square")
def mu_taken_off(mu, logvar):
    return (0.5 * (-(mu**2) + logvar.exp() - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "the formula adds the variance")
def variance_taken_off(mu, logvar):
    return (0.5 * (mu**2 - logvar.exp() - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "the - 1 is missing")
def no_one(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "each number of a latent has its own")
def one_outside(mu, logvar):
    return ((mu**2 + logvar.exp() - logvar).flatten(1).sum(1) - 1) / 2


@wrong(check_kl_divergence, "from becoming a point")
def no_logvar_term(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() - 1)).flatten(1).sum(1)


@wrong(check_kl_divergence, "from growing")
def no_variance_term(mu, logvar):
    return (0.5 * (mu**2 - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "mu is missing")
def no_mu_term(mu, logvar):
    return (0.5 * (logvar.exp() - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "counts as nearer")
def mu_itself(mu, logvar):
    return (0.5 * (mu + logvar.exp() - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "square mu: its absolute")
def size_of_mu(mu, logvar):
    return (0.5 * (mu.abs() + logvar.exp() - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, "mu and logvar are swapped")
def arguments_swapped(logvar, mu):
    return of_each(mu, logvar).flatten(1).sum(1)


@wrong(check_kl_divergence, "how far N(0, 1) is from the cloud")
def the_other_way_round(mu, logvar):
    cloud = distributions.Normal(mu, (logvar / 2).exp())
    bell = distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return distributions.kl_divergence(bell, cloud).flatten(1).sum(1)


@wrong(check_kl_divergence, "a root at the end")
def root(mu, logvar):
    return kl_divergence(mu, logvar).sqrt()


@wrong(check_kl_divergence, "not for (6, 1)")
def four_axes_only(mu, logvar):
    return of_each(mu, logvar).sum((1, 2, 3))


@wrong(check_kl_divergence, "the numbers are right, but no gradient gets through, so")
def divergence_under_no_grad(mu, logvar):
    with torch.no_grad():
        return kl_divergence(mu, logvar)


@wrong(check_kl_divergence, "the numbers are right, but no gradient gets through, so")
def a_list_of_numbers(mu, logvar):
    return torch.tensor([x.item() for x in kl_divergence(mu, logvar)])


@wrong(check_kl_divergence, "no gradient reaches `logvar`")
def logvar_detached(mu, logvar):
    return kl_divergence(mu, logvar.detach())


@wrong(check_kl_divergence, "add .float()")
def divergence_in_float64(mu, logvar):
    return kl_divergence(mu.double(), logvar.double())


@wrong(check_kl_divergence, "returned None")
def no_return(mu, logvar):
    of_each(mu, logvar).flatten(1).sum(1)


@wrong(check_kl_divergence, "in place")
def mu_in_place(mu, logvar):
    mu *= mu
    return (0.5 * (mu + logvar.exp() - 1 - logvar)).flatten(1).sum(1)


@wrong(check_kl_divergence, ".squeeze(axis)")
def kept_axes(mu, logvar):
    return kl_divergence(mu, logvar)[:, None]


@wrong(check_kl_divergence, "not a number")
def of_torch_kl_div(mu, logvar):
    return F.kl_div(logvar, mu, reduction="none").flatten(1).sum(1)


@wrong(check_kl_divergence, "torch.stack(answer)")
def a_list(mu, logvar):
    return list(kl_divergence(mu, logvar))


@wrong(check_kl_divergence, "that is the mean over")
def size_of_the_divergence(mu, logvar):
    return (0.5 * (mu**2 + logvar.exp() - 1 - logvar).abs()).flatten(1).mean(1).abs()
