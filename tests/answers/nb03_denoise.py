"""What is handed in for notebook 03: a loss, and a way back from noise."""

import random
from itertools import pairwise

import torch
import torch.nn.functional as F

from answers import right, wrong
from course_lib.checks.nb03_denoise import check_loss, check_reverse_loop
from course_lib.diffusion.schedule import add_noise, linear_schedule

# The loss, right ----------------------------------------------------------------------


def drawn(x_0, schedule, generator):
    """t and eps, as most people draw them."""
    t = torch.randint(1, schedule.T + 1, (len(x_0),), generator=generator)
    return t, torch.randn(x_0.shape, generator=generator)


@right(check_loss)
def as_asked(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


@right(check_loss)
def with_mse_loss(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    return F.mse_loss(model(add_noise(x_0, t, eps, schedule), t), eps)


@right(check_loss)
def noise_first(model, x_0, schedule, generator):
    eps = torch.randn(x_0.shape, generator=generator)
    t = torch.randint(1, schedule.T + 1, (x_0.shape[0],), generator=generator)
    return ((eps - model(add_noise(x_0, t, eps, schedule), t)) ** 2).mean()


@right(check_loss)
def with_tables(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    a = schedule.alpha_bar[t].sqrt().unsqueeze(1)
    b = (1 - schedule.alpha_bar[t]).sqrt().unsqueeze(1)
    error = model(a * x_0 + b * eps, t) - eps
    return (error**2).sum() / error.numel()


@right(check_loss)
def with_exact_tables(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    a, b = schedule.a_table[t].view(-1, 1), schedule.b_table[t].view(-1, 1)  # float64
    x_t = (a * x_0 + b * eps).float()
    return torch.mean(torch.pow(model(x_t, t) - eps, 2))


@right(check_loss)
def point_by_point(model, x_0, schedule, generator):
    losses = []
    for point in x_0:
        t = torch.randint(1, schedule.T + 1, (1,), generator=generator)
        eps = torch.randn(1, 2, generator=generator)
        x_t = add_noise(point[None], t, eps, schedule)
        losses.append((model(x_t, t) - eps).square().mean())
    return sum(losses) / len(losses)


@right(check_loss)
def steps_from_shares(model, x_0, schedule, generator):
    share = torch.rand(len(x_0), generator=generator)
    t = 1 + (share * schedule.T).long()
    eps = torch.randn(x_0.shape, generator=generator)
    eps_hat = model(add_noise(x_0, t, eps, schedule), t)
    return (eps_hat - eps).pow(2).mean()


@right(check_loss)
def steps_from_a_list(model, x_0, schedule, generator):
    every = torch.arange(1, schedule.T + 1)
    t = every[torch.randint(schedule.T, (len(x_0),), generator=generator)]
    eps = torch.empty_like(x_0).normal_(generator=generator)
    difference = model(add_noise(x_0, t, eps, schedule), t) - eps
    return (difference * difference).mean()


@right(check_loss)
def by_einsum(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    a, b = schedule.a(t), schedule.b(t)
    x_t = torch.einsum("n,nd->nd", a, x_0) + torch.einsum("n,nd->nd", b, eps)
    error = model(x_t, t) - eps
    return torch.einsum("nd,nd->", error, error) / error.numel()


@right(check_loss)
def with_a_helper(model, x_0, schedule, generator):
    def squared_error(guess, truth):
        return (guess - truth).square().mean(dim=1).mean()

    t, eps = drawn(x_0, schedule, generator)
    return squared_error(model(add_noise(x_0, t, eps, schedule), t=t), eps)


@right(check_loss)
def in_two_halves(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    x_t = add_noise(x_0, t, eps, schedule)
    half = len(x_0) // 2
    eps_hat = torch.cat([model(x_t[:half], t[:half]), model(x_t[half:], t[half:])])
    return (eps_hat - eps).square().mean()


@right(check_loss)
def steps_by_chance(model, x_0, schedule, generator):
    each = torch.ones(schedule.T)
    t = each.multinomial(len(x_0), replacement=True, generator=generator) + 1
    eps = torch.normal(0.0, 1.0, x_0.shape, generator=generator)
    model.train()
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


@right(check_loss)
def in_float64(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    eps_hat = model(add_noise(x_0, t, eps, schedule), t)
    return (eps_hat.double() - eps.double()).square().mean()


@right(check_loss)
def number_by_number(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    eps_hat = model(add_noise(x_0, t, eps, schedule), t)
    total = 0
    for guess, truth in zip(eps_hat.flatten(), eps.flatten(), strict=True):
        total = total + (guess - truth) ** 2
    return total / eps.numel()


# The loss, wrong: steps ---------------------------------------------------------------


def finish(model, x_0, t, eps, schedule):
    """What comes after the draws."""
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


@wrong(check_loss, "one t for the whole batch")
def one_step_for_all(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (1,), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t.expand(len(x_0)), eps, schedule)


@wrong(check_loss, "one t for the whole batch")
def one_step_not_repeated(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (1,), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "torch.full((len(x_t),), t)")
def a_plain_step(model, x_0, schedule, generator):
    t = random.randint(1, schedule.T)
    eps = torch.randn(x_0.shape, generator=generator)
    x_t = add_noise(x_0, torch.full((len(x_0),), t), eps, schedule)
    return (model(x_t, t) - eps).square().mean()


@wrong(check_loss, "t = 0 is drawn, where")
def from_step_0(model, x_0, schedule, generator):
    t = torch.randint(0, schedule.T + 1, (len(x_0),), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "t = 0 is drawn, where")
def below_T(model, x_0, schedule, generator):
    t = torch.randint(schedule.T, (len(x_0),), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "the last step T is never drawn")
def never_T(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T, (len(x_0),), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "t reaches beyond the last step")
def beyond_T(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 2, (len(x_0),), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "schedule.T")
def up_to_1000(model, x_0, schedule, generator):
    t = torch.randint(1, 1001, (len(x_0),), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "schedule.T")
def up_to_1000_with_tables(model, x_0, schedule, generator):
    t = torch.randint(1, 1001, (len(x_0),), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    a = schedule.alpha_bar[t].sqrt()[:, None]
    b = (1 - schedule.alpha_bar[t]).sqrt()[:, None]
    return (model(a * x_0 + b * eps, t) - eps).square().mean()


@wrong(check_loss, "generator=generator")
def steps_without_generator(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (len(x_0),))
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "generator=generator")
def noise_without_generator(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (len(x_0),), generator=generator)
    return finish(model, x_0, t, torch.randn_like(x_0), schedule)


@wrong(check_loss, "t is the same at every call")
def seeded_inside(model, x_0, schedule, generator):
    generator = torch.Generator().manual_seed(0)
    return finish(model, x_0, *drawn(x_0, schedule, generator), schedule)


@wrong(check_loss, "t is the same at every call")
def all_steps_in_turn(model, x_0, schedule, generator):
    t = torch.arange(len(x_0)) % schedule.T + 1
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "some steps are drawn more often than others")
def rounded_shares(model, x_0, schedule, generator):
    share = torch.rand(len(x_0), generator=generator)
    t = (1 + share * (schedule.T - 1)).round().long()
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "one step for each point")
def steps_in_a_column(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (len(x_0), 1), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return finish(model, x_0, t, eps, schedule)


# The loss, wrong: what the network is asked -------------------------------------------


def asked(says):
    """A wrong loss that differs in what the network is asked: (x_0, x_t, eps, t, s)."""

    def mark(question):
        def loss(model, x_0, schedule, generator):
            t, eps = drawn(x_0, schedule, generator)
            x_t = add_noise(x_0, t, eps, schedule)
            eps_hat = model(*question(x_0, x_t, eps, t, schedule))
            return (eps_hat - eps).square().mean()

        loss.__name__ = question.__name__
        return wrong(check_loss, says)(loss)

    return mark


@asked("the network is told t - 1")
def told_one_less(x_0, x_t, eps, t, schedule):
    return x_t, t - 1


@asked("the noise in x_t is that of step t - 1")
def mixed_one_less(x_0, x_t, eps, t, schedule):
    return add_noise(x_0, t - 1, eps, schedule), t


@asked("the network is told t / T")
def told_a_share(x_0, x_t, eps, t, schedule):
    return x_t, t / schedule.T


@asked("the network is told T - t")
def told_backwards(x_0, x_t, eps, t, schedule):
    return x_t, schedule.T - t


@asked("one t for the whole batch")
def told_nothing_but_0(x_0, x_t, eps, t, schedule):
    return x_t, torch.zeros_like(t)


@asked("not told how noisy")
def not_told(x_0, x_t, eps, t, schedule):
    return (x_t,)


@asked("the points first")
def in_the_wrong_order(x_0, x_t, eps, t, schedule):
    return t, x_t


@asked("the network is given x_0")
def the_clean_points(x_0, x_t, eps, t, schedule):
    return x_0, t


@asked("the network is given the noise alone")
def the_noise(x_0, x_t, eps, t, schedule):
    return eps, t


@asked("without a_t and b_t")
def a_plain_sum(x_0, x_t, eps, t, schedule):
    return x_0 + eps, t


@asked("x_0 and eps are swapped")
def mixed_the_other_way(x_0, x_t, eps, t, schedule):
    return add_noise(eps, t, x_0, schedule), t


@asked("its square root")
def without_roots(x_0, x_t, eps, t, schedule):
    share = schedule.alpha_bar[t][:, None]
    return share * x_0 + (1 - share) * eps, t


@asked("b_t is not 1 - a_t")
def rest_of_a(x_0, x_t, eps, t, schedule):
    a = schedule.a(t)[:, None]
    return a * x_0 + (1 - a) * eps, t


@asked("the noise of a single")
def one_kick(x_0, x_t, eps, t, schedule):
    alpha = schedule.alpha[t][:, None]
    return alpha.sqrt() * x_0 + (1 - alpha).sqrt() * eps, t


@asked("one and the same step")
def mixed_at_the_first_t(x_0, x_t, eps, t, schedule):
    return add_noise(x_0, t[:1], eps, schedule), t


@asked("the network is not given")
def twice_the_noise(x_0, x_t, eps, t, schedule):
    return add_noise(x_0, t, 2 * eps, schedule), t


@asked("all numbers are right")
def of_float64(x_0, x_t, eps, t, schedule):
    a, b = schedule.a_table[t][:, None], schedule.b_table[t][:, None]
    return a * x_0 + b * eps, t


@wrong(check_loss, "the network gets only 400 of 800 points")
def half_of_them(model, x_0, schedule, generator):
    some = x_0[:400]
    return finish(model, some, *drawn(some, schedule, generator), schedule)


@wrong(check_loss, "torch.rand, evenly")
def flat_noise(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (len(x_0),), generator=generator)
    return finish(model, x_0, t, torch.rand(x_0.shape, generator=generator), schedule)


@wrong(check_loss, "torch.rand, evenly")
def flat_noise_both_ways(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (len(x_0),), generator=generator)
    eps = 2 * torch.rand(x_0.shape, generator=generator) - 1
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "all points get the same noise")
def one_noise(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (len(x_0),), generator=generator)
    eps = torch.randn(1, 2, generator=generator).expand(len(x_0), 2)
    return finish(model, x_0, t, eps, schedule)


@wrong(check_loss, "eps must be shaped like x_0")
def one_noise_a_point(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, (len(x_0),), generator=generator)
    return finish(model, x_0, t, torch.randn(len(x_0), generator=generator), schedule)


@wrong(check_loss, "the network is never called")
def nobody_asked(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    return (add_noise(x_0, t, eps, schedule) - eps).square().mean()


# The loss, wrong: what is made of the answer ------------------------------------------


def answered(says):
    """A wrong loss that differs in its end: (eps_hat, eps, x_0, x_t, a, b)."""

    def mark(end):
        def loss(model, x_0, schedule, generator):
            t, eps = drawn(x_0, schedule, generator)
            x_t = add_noise(x_0, t, eps, schedule)
            a, b = schedule.a(t, like=x_0), schedule.b(t, like=x_0)
            return end(model(x_t, t), eps, x_0, x_t, a, b)

        loss.__name__ = end.__name__
        return wrong(check_loss, says)(loss)

    return mark


@answered("compared with x_0")
def against_x_0(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - x_0).square().mean()


@answered("compared with x_t")
def against_x_t(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - x_t).square().mean()


@answered("compared with x_t - x_0")
def against_the_difference(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - (x_t - x_0)).square().mean()


@answered("compared with the velocity")
def against_the_velocity(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - (a * eps - b * x_0)).square().mean()


@answered("compared with nothing")
def the_guess_alone(eps_hat, eps, x_0, x_t, a, b):
    return eps_hat.square().mean()


@answered("compare eps_hat with the very eps")
def against_other_noise(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - torch.randn_like(eps)).square().mean()


@answered("eps is added to eps_hat")
def plus(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat + eps).square().mean()


@answered("the errors are not squared")
def not_squared(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps).mean()


@answered("the errors are not squared")
def not_squared_the_other_way(eps_hat, eps, x_0, x_t, a, b):
    return (eps - eps_hat).mean()


@answered("the mean is squared")
def mean_first(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps).mean().square()


@answered("absolute errors")
def absolute(eps_hat, eps, x_0, x_t, a, b):
    return F.l1_loss(eps_hat, eps)


@answered("there is one root too many")
def with_a_root(eps_hat, eps, x_0, x_t, a, b):
    return F.mse_loss(eps_hat, eps).sqrt()


@answered("the squares are added up: take their mean")
def summed(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps).square().sum()


@answered("the two squares of a point are added up")
def summed_over_a_point(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps).square().sum(dim=1).mean()


@answered("over the points")
def summed_over_the_points(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps).square().sum(dim=0).mean()


@answered("lengths are averaged")
def lengths(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps).norm(dim=-1).mean()


@answered("half of the loss")
def halved(eps_hat, eps, x_0, x_t, a, b):
    return 0.5 * F.mse_loss(eps_hat, eps)


@answered("one number for the whole batch")
def without_a_mean(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps) ** 2


@answered("one number for the whole batch")
def a_mean_a_point(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps).square().mean(1)


@answered("`return`")
def without_return(eps_hat, eps, x_0, x_t, a, b):
    (eps_hat - eps).square().mean()


@answered("lost its slope")
def a_plain_number(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat - eps).square().mean().item()


@answered("lost its slope")
def detached(eps_hat, eps, x_0, x_t, a, b):
    return (eps_hat.detach() - eps).square().mean()


@answered("a part of it has lost its slope")
def half_detached(eps_hat, eps, x_0, x_t, a, b):
    return ((eps_hat - eps) * (eps_hat.detach() - eps)).mean()


@answered("calls backward() itself")
def backward_inside(eps_hat, eps, x_0, x_t, a, b):
    loss = (eps_hat - eps).square().mean()
    loss.backward()
    return loss


@answered("lost its slope")
def in_numpy(eps_hat, eps, x_0, x_t, a, b):
    return ((eps_hat.detach().numpy() - eps.numpy()) ** 2).mean()


@wrong(check_loss, "lost its slope")
def without_slopes(model, x_0, schedule, generator):
    with torch.no_grad():
        return finish(model, x_0, *drawn(x_0, schedule, generator), schedule)


@wrong(check_loss, "changes its input `x_0` in place")
def mixed_in_place(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    x_0 *= schedule.a(t, like=x_0)
    x_0 += schedule.b(t, like=x_0) * eps
    return (model(x_0, t) - eps).square().mean()


# The way back, right ------------------------------------------------------------------


def steps_for(x_t, t):
    return torch.full((len(x_t),), t)


@right(check_reverse_loop)
def loop_as_asked(model, x_T, steps, a, b):
    x_t = x_T
    for t, t_next in pairwise(steps):
        eps_hat = model(x_t, steps_for(x_t, t))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_t


@right(check_reverse_loop)
def by_number(model, x_T, steps, a, b):
    for i in range(len(steps) - 1):
        t, later = steps[i], steps[i + 1]
        eps_hat = model(x_T, torch.tensor([t] * len(x_T)))
        ratio = a[later] / a[t]
        x_T = ratio * x_T + (b[later] - ratio * b[t]) * eps_hat
    return x_T


@right(check_reverse_loop)
def with_zip(model, x_T, steps, a, b):
    x_t = x_T.clone()
    for now, then in zip(steps[:-1], steps[1:], strict=True):
        eps_hat = model(x_t, torch.ones(len(x_t), dtype=torch.long) * now)
        x_t -= b[now] * eps_hat
        x_t /= a[now]
        x_t = x_t * a[then] + b[then] * eps_hat
    return x_t


@right(check_reverse_loop)
def with_while(model, x_T, steps, a, b):
    left, x_t = list(steps), x_T
    while len(left) > 1:
        t = left.pop(0)
        eps_hat = model(x_t, steps_for(x_t, t))
        x_0_hat = x_t / a[t] - b[t] / a[t] * eps_hat
        x_t = a[left[0]] * x_0_hat + b[left[0]] * eps_hat
    return x_t


@right(check_reverse_loop)
def by_recursion(model, x_T, steps, a, b):
    if len(steps) == 1:
        return x_T
    t, t_next, *_ = steps
    eps_hat = model(x_T, steps_for(x_T, t))
    x_0_hat = (x_T - b[t] * eps_hat) / a[t]
    x_next = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return by_recursion(model, x_next, steps[1:], a, b)


@right(check_reverse_loop)
def in_scaled_numbers(model, x_T, steps, a, b):
    scaled = x_T / a[steps[0]]  # x_t / a_t moves by the change of b / a alone
    for t, t_next in pairwise(steps):
        eps_hat = model(a[t] * scaled, steps_for(x_T, t))
        scaled = scaled + (b[t_next] / a[t_next] - b[t] / a[t]) * eps_hat
    return scaled * a[steps[-1]]


@right(check_reverse_loop)
def returns_the_last_guess(model, x_T, steps, a, b):
    x_t = x_T
    for t, t_next in pairwise(steps):
        eps_hat = model(x_t, steps_for(x_t, t))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_0_hat


@right(check_reverse_loop)
def with_tensors(model, x_T, steps, a, b):
    a, b, x_t = torch.tensor(a), torch.tensor(b), x_T
    for t, t_next in pairwise(torch.tensor(steps)):
        eps_hat = model(x_t, t.repeat(len(x_t)))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_t


@right(check_reverse_loop)
def without_slopes_kept(model, x_T, steps, a, b):
    with torch.no_grad():
        return loop_as_asked(model, x_T, steps, a, b)


@right(check_reverse_loop)
def with_helpers(model, x_T, steps, a, b):
    def clean(x_t, eps_hat, t):
        return (x_t - b[t] * eps_hat) / a[t]

    def noised(x_0_hat, eps_hat, t):
        return a[t] * x_0_hat + b[t] * eps_hat

    x_t = x_T
    for t, t_next in pairwise(steps):
        eps_hat = model(x_t, steps_for(x_t, t))
        x_t = noised(clean(x_t, eps_hat, t), eps_hat, t_next)
    return x_t


@right(check_reverse_loop)
def keeps_a_list(model, x_T, steps, a, b):
    walked = [x_T]
    for t, t_next in pairwise(steps):
        eps_hat = model(walked[-1], steps_for(x_T, t))
        x_0_hat = (walked[-1] - b[t] * eps_hat) / a[t]
        walked.append(a[t_next] * x_0_hat + b[t_next] * eps_hat)
    return walked[-1]


@right(check_reverse_loop)
def point_after_point(model, x_T, steps, a, b):
    ends = [loop_as_asked(model, point[None], steps, a, b) for point in x_T]
    return torch.cat(ends)


@right(check_reverse_loop)
def noise_from_the_clean_point(model, x_T, steps, a, b):
    x_t = x_T
    for t, t_next in pairwise(steps):
        x_0_hat = (x_t - b[t] * model(x_t, steps_for(x_t, t))) / a[t]
        x_t = a[t_next] * x_0_hat + b[t_next] * (x_t - a[t] * x_0_hat) / b[t]
    return x_t


@right(check_reverse_loop)
def in_float64_inside(model, x_T, steps, a, b):
    x_t = x_T.double()
    for t, t_next in pairwise(steps):
        eps_hat = model(x_t.float(), steps_for(x_t, t)).double()
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_t.float()


# The way back, wrong ------------------------------------------------------------------


def looped(says):
    """A wrong loop that differs in one turn: (ask, x_t, t, t_next, a, b, x_T)."""

    def mark(turn):
        def loop(model, x_T, steps, a, b):
            x_t = x_T
            for t, t_next in pairwise(steps):
                x_t = turn(model, x_t, t, t_next, a, b, x_T)
            return x_t

        loop.__name__ = turn.__name__
        return wrong(check_reverse_loop, says)(loop)

    return mark


@looped("is told t_next")
def told_the_next(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t_next))
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@looped("one step for each point")
def told_once(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, torch.tensor([t]))
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@looped("torch.full((len(x_t),), t)")
def told_a_plain_number(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, t)
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@looped("not told how noisy")
def loop_told_nothing(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t)
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@looped("told t - 1")
def told_one_below(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t - 1))
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@looped("x_t never moves")
def the_start_again(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_T, steps_for(x_T, t))
    return a[t_next] * (x_T - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@looped("step 2 does not divide by a_t")
def undivided(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - b[t] * eps_hat) + b[t_next] * eps_hat


@looped("step 2 divides only eps_hat by a_t")
def no_brackets(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - b[t] * eps_hat / a[t]) + b[t_next] * eps_hat


@looped("step 2 multiplies by a_t")
def times_a(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - b[t] * eps_hat) * a[t] + b[t_next] * eps_hat


@looped("step 2 divides by b_t")
def divided_by_b(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - b[t] * eps_hat) / b[t] + b[t_next] * eps_hat


@looped("in step 2 a and b are swapped")
def swapped_in_step_2(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - a[t] * eps_hat) / b[t] + b[t_next] * eps_hat


@looped("step 2 adds the noise")
def noise_added(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t + b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@looped("without its share b_t")
def all_of_the_noise(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - eps_hat) / a[t] + b[t_next] * eps_hat


@looped("x_T comes back unchanged")
def solved_at_the_next(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    x_0_hat = (x_t - b[t_next] * eps_hat) / a[t_next]
    return a[t_next] * x_0_hat + b[t_next] * eps_hat


@looped("a and b are the roots already")
def rooted(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    x_0_hat = (x_t - b[t] ** 0.5 * eps_hat) / a[t] ** 0.5
    return a[t_next] * x_0_hat + b[t_next] * eps_hat


@looped("the network predicts")
def taken_for_the_clean_point(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * eps_hat + b[t_next] * eps_hat


@looped("the noise is not put back")
def not_put_back(model, x_t, t, t_next, a, b, x_T):
    return (x_t - b[t] * model(x_t, steps_for(x_t, t))) / a[t]


@looped("a and b are swapped in the mix")
def swapped_in_step_3(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return b[t_next] * (x_t - b[t] * eps_hat) / a[t] + a[t_next] * eps_hat


@looped("x_T comes back unchanged")
def mixed_at_t(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t] * (x_t - b[t] * eps_hat) / a[t] + b[t] * eps_hat


@looped("in the mix b belongs to t")
def b_of_t(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t] * eps_hat


@looped("stays a_t")
def a_of_t(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return (x_t - b[t] * eps_hat) + b[t_next] * eps_hat


@looped("x_t itself is mixed with noise")
def mixed_with_x_t(model, x_t, t, t_next, a, b, x_T):
    return a[t_next] * x_t + b[t_next] * model(x_t, steps_for(x_t, t))


@looped("the noise of the start")
def noise_of_the_start(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t_next] * x_T


@looped("draw no fresh noise")
def fresh_noise(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    x_0_hat = (x_t - b[t] * eps_hat) / a[t]
    return a[t_next] * x_0_hat + b[t_next] * torch.randn_like(x_t)


@looped("each step subtracts all of the noise")
def taken_off_whole(model, x_t, t, t_next, a, b, x_T):
    return x_t - model(x_t, steps_for(x_t, t))


@looped("stays a_t")
def taken_off_in_parts(model, x_t, t, t_next, a, b, x_T):
    return x_t - (b[t] - b[t_next]) * model(x_t, steps_for(x_t, t))


@wrong(check_reverse_loop, "returns after the first step")
def returned_too_early(model, x_T, steps, a, b):
    for t, t_next in pairwise(steps):
        eps_hat = model(x_T, steps_for(x_T, t))
        x_0_hat = (x_T - b[t] * eps_hat) / a[t]
        return a[t_next] * x_0_hat + b[t_next] * eps_hat


@wrong(check_reverse_loop, "x_t never moves")
def never_moved(model, x_T, steps, a, b):
    for t, t_next in pairwise(steps):
        eps_hat = model(x_T, steps_for(x_T, t))
        x_0_hat = (x_T - b[t] * eps_hat) / a[t]
        x_t = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_t


@wrong(check_reverse_loop, "x_T comes back unchanged")
def moved_elsewhere(model, x_T, steps, a, b):
    x_t = x_T
    for t, t_next in pairwise(steps):
        eps_hat = model(x_t, steps_for(x_t, t))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_next = a[t_next] * x_0_hat + b[t_next] * eps_hat
    assert x_next is not None
    return x_t


@wrong(check_reverse_loop, "stops before the last step")
def stopped_early(model, x_T, steps, a, b):
    return loop_as_asked(model, x_T, steps[:-1], a, b)


@wrong(check_reverse_loop, "leaves out the first step")
def began_late(model, x_T, steps, a, b):
    return loop_as_asked(model, x_T, steps[1:], a, b)


@wrong(check_reverse_loop, "it visits every step from T down")
def every_step(model, x_T, steps, a, b):
    return loop_as_asked(model, x_T, list(range(steps[0], -1, -1)), a, b)


@wrong(check_reverse_loop, "changes its input `steps` in place")
def emptied_the_list(model, x_T, steps, a, b):
    x_t = x_T
    while len(steps) > 1:
        t = steps.pop(0)
        eps_hat = model(x_t, steps_for(x_t, t))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = a[steps[0]] * x_0_hat + b[steps[0]] * eps_hat
    return x_t


@wrong(check_reverse_loop, "`return`")
def loop_without_return(model, x_T, steps, a, b):
    loop_as_asked(model, x_T, steps, a, b)


@wrong(check_reverse_loop, "tuple")
def two_answers(model, x_T, steps, a, b):
    x_0 = loop_as_asked(model, x_T, steps, a, b)
    return x_0, x_0


@wrong(check_reverse_loop, "the numbers are right, but of dtype torch.float64")
def left_in_float64(model, x_T, steps, a, b):
    return in_float64_inside(model, x_T, steps, a, b).double()


@wrong(check_reverse_loop, "numpy")
def loop_in_numpy(model, x_T, steps, a, b):
    return loop_as_asked(model, x_T, steps, a, b).numpy()


@wrong(check_reverse_loop, "generator")
def yielded(model, x_T, steps, a, b):
    yield loop_as_asked(model, x_T, steps, a, b)


@wrong(check_reverse_loop, "changes its input `x_T` in place")
def in_place(model, x_T, steps, a, b):
    for t, t_next in pairwise(steps):
        eps_hat = model(x_T, steps_for(x_T, t))
        x_T -= b[t] * eps_hat
        x_T *= a[t_next] / a[t]
        x_T += b[t_next] * eps_hat
    return x_T


@wrong(check_reverse_loop, "it walks from 0 up to T")
def backwards(model, x_T, steps, a, b):
    return loop_as_asked(model, x_T, steps[::-1], a, b)


@wrong(check_reverse_loop)
def only_halfway(model, x_T, steps, a, b):
    return loop_as_asked(model, x_T, steps[: len(steps) // 2], a, b)


@looped("the network is given x_T every time")
def asks_the_start(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_T, steps_for(x_T, t))
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@wrong(check_reverse_loop, "x_t never moves")
def another_name(model, x_T, steps, a, b):
    x_t = x_T
    for t, t_next in pairwise(steps):
        eps_hat = model(x_t, steps_for(x_t, t))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_next = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_next


@looped("use the given a and b")
def mixed_by_add_noise(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    x_0_hat = (x_t - b[t] * eps_hat) / a[t]
    return add_noise(x_0_hat, t_next, eps_hat, linear_schedule(T=1000))


@looped("use the given a and b")
def mixed_by_add_noise_with_tensors(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    x_0_hat = (x_t - b[t] * eps_hat) / a[t]
    later = steps_for(x_t, t_next)
    return add_noise(x_0_hat, later, eps_hat, linear_schedule(T=1000))


@looped("a and b are swapped, in steps 2 and 3")
def tables_exchanged(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    x_0_hat = (x_t - a[t] * eps_hat) / b[t]
    return b[t_next] * x_0_hat + a[t_next] * eps_hat


@wrong(check_reverse_loop, "t_next is not t - 1")
def one_less(model, x_T, steps, a, b):
    x_t = x_T
    for t in steps:
        eps_hat = model(x_t, steps_for(x_t, t))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = a[t - 1] * x_0_hat + b[t - 1] * eps_hat
    return x_t


@wrong(check_reverse_loop, "t_next is not t - 1")
def one_less_but_not_at_0(model, x_T, steps, a, b):
    return one_less(model, x_T, steps[:-1], a, b)


@looped("step 2 subtracts all")
def clean_point_by_all_of_it(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - eps_hat) + b[t_next] * eps_hat


@looped("x_0_hat is clamped")
def clamped(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    x_0_hat = ((x_t - b[t] * eps_hat) / a[t]).clamp(-1, 1)
    return a[t_next] * x_0_hat + b[t_next] * eps_hat


@wrong(check_loss, "the shape must be")
def length_without_brackets(model, x_0, schedule, generator):
    t = torch.randint(1, schedule.T + 1, len(x_0), generator=generator)
    eps = torch.randn(x_0.shape, generator=generator)
    return (model(add_noise(x_0, t, eps, schedule), t) - eps).square().mean()


@wrong(check_loss, "use the library's")
def the_name_of_notebook_02(model, x_0, schedule, generator):
    t, eps = drawn(x_0, schedule, generator)
    x_t = my_add_noise(x_0, t, eps, schedule)  # noqa: F821
    return (model(x_t, t) - eps).square().mean()


# The way back: as learners wrote it --------------------------------------------------


@wrong(check_reverse_loop, "begin with `x_t = x_T`, in a line above the loop")
def never_begun(model, x_T, steps, a, b):
    for t, t_next in pairwise(steps):
        eps_hat = model(x_t, steps_for(x_T, t))  # noqa: F821
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]  # noqa: F821
        x_t = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_t


@wrong(check_reverse_loop, "for t, t_next in pairwise(steps)")
def without_pairs(model, x_T, steps, a, b):
    x_t = x_T
    for t, t_next in steps:
        eps_hat = model(x_t, steps_for(x_t, t))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_t


@looped("the noise is not put back: + b[t_next] * eps_hat is missing")
def only_the_share_of_the_clean_point(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t]


@looped("step 2 subtracts the noise from x_T")
def taken_off_the_start(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t))
    return a[t_next] * (x_T - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@looped("the network is told t / 1000: tell it t itself")
def told_a_thousandth(model, x_t, t, t_next, a, b, x_T):
    eps_hat = model(x_t, steps_for(x_t, t / 1000))
    return a[t_next] * (x_t - b[t] * eps_hat) / a[t] + b[t_next] * eps_hat


@wrong(check_reverse_loop, "the network is told t / T: tell it t itself")
def told_a_share_of_the_way(model, x_T, steps, a, b):
    def by_share(x_t, t):
        return model(x_t, t / steps[0])

    return loop_as_asked(by_share, x_T, steps, a, b)


schedule = linear_schedule(T=1000)  # as the notebook has one


@looped("step 2 uses the notebook's `schedule`")
def solved_by_the_notebooks_schedule(model, x_t, t, t_next, a, b, x_T):
    tt = steps_for(x_t, t)
    eps_hat = model(x_t, tt)
    x_0_hat = (x_t - schedule.b(tt, like=x_t) * eps_hat) / schedule.a(tt, like=x_t)
    return a[t_next] * x_0_hat + b[t_next] * eps_hat


@looped("steps 2 and 3 use the notebook's `schedule`")
def all_by_the_notebooks_schedule(model, x_t, t, t_next, a, b, x_T):
    tt, later = steps_for(x_t, t), steps_for(x_t, t_next)
    eps_hat = model(x_t, tt)
    x_0_hat = (x_t - schedule.b(tt, like=x_t) * eps_hat) / schedule.a(tt, like=x_t)
    return add_noise(x_0_hat, later, eps_hat, schedule)
