"""What is handed in for notebook 06: one step of DDIM, and the list of steps."""

import math

import numpy as np
import torch

from answers import right, wrong
from course_lib.checks.nb06_sampling import (
    SCHEDULE,
    check_choose_steps,
    check_ddim_step,
    std_of_ddpm,
)

a, b = SCHEDULE.a_table.tolist(), SCHEDULE.b_table.tolist()  # as the notebook has them

# One step, right ------------------------------------------------------------------


@right(check_ddim_step)
def with_a_guarded_root(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = max(b[t_next] ** 2 - std**2, 0) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@right(check_ddim_step)
def noise_first(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = std_of_ddpm(t, t_next) * eta
    noise = std * eps_new
    noise = noise + (b[t_next] * b[t_next] - std * std) ** 0.5 * eps_hat
    return noise + x_0_hat * a[t_next]


@right(check_ddim_step)
def in_variances(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    fresh = (eta * std_of_ddpm(t, t_next)) ** 2
    kept = b[t_next] ** 2 - fresh
    return a[t_next] * x_0_hat + kept**0.5 * eps_hat + fresh**0.5 * eps_new


@right(check_ddim_step)
def with_math(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = math.sqrt(b[t_next] ** 2 - std**2)
    return sum([a[t_next] * x_0_hat, kept * eps_hat, std * eps_new])


@right(check_ddim_step)
def with_tensors_as_numbers(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = torch.tensor(eta * std_of_ddpm(t, t_next))
    kept = torch.sqrt((torch.tensor(b[t_next]) ** 2 - std**2).clamp(min=0))
    return torch.tensor(a[t_next]) * x_0_hat + kept * eps_hat + std * eps_new


@right(check_ddim_step)
def with_numpy_as_numbers(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = float(np.sqrt(b[t_next] ** 2 - std**2))
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@right(check_ddim_step)
def with_einsum(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    amounts = torch.tensor([a[t_next], (b[t_next] ** 2 - std**2) ** 0.5, std])
    parts = torch.stack([x_0_hat, eps_hat, eps_new])
    return torch.einsum("k,k...->...", amounts, parts)


@right(check_ddim_step)
def picture_by_picture(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    made = []
    for picture, old, new in zip(x_0_hat, eps_hat, eps_new, strict=True):
        made.append(a[t_next] * picture + kept * old + std * new)
    return torch.stack(made)


@right(check_ddim_step)
def in_place_on_its_own(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    x_next = x_0_hat.clone()
    x_next *= a[t_next]
    x_next += (b[t_next] ** 2 - std**2) ** 0.5 * eps_hat
    x_next += std * eps_new
    return x_next


@right(check_ddim_step)
def with_torch_add(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    x_next = torch.mul(x_0_hat, a[t_next]).add(eps_hat, alpha=kept)
    return torch.add(x_next, eps_new, alpha=std)


@right(check_ddim_step)
def own_formula_of_std(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    fresh = a[t_next] ** 2 * b[t] ** 2 - a[t] ** 2 * b[t_next] ** 2
    std = eta * b[t_next] / (a[t_next] * b[t]) * fresh**0.5
    kept = max(b[t_next] ** 2 - std**2, 0.0) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@right(check_ddim_step)
def kept_as_a_product(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = ((b[t_next] - std) * (b[t_next] + std)) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@right(check_ddim_step)
def with_a_case_for_no_chance(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    if eta == 0:
        return a[t_next] * x_0_hat + b[t_next] * eps_hat
    std = eta * std_of_ddpm(t, t_next)

    def kept_of(std):
        return (b[t_next] ** 2 - std**2) ** 0.5

    return a[t_next] * x_0_hat + kept_of(std) * eps_hat + std * eps_new


@right(check_ddim_step)
def straight_line_by_hand(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    u_next = t_next / 1000
    std = eta * std_of_ddpm(t, t_next)
    kept = (u_next**2 - std**2) ** 0.5
    return (1 - u_next) * x_0_hat + kept * eps_hat + std * eps_new


# One step, wrong ------------------------------------------------------------------


@wrong(check_ddim_step, "mixes with a and b of step t")
def index_of_t(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t] ** 2 - std**2) ** 0.5
    return a[t] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "the picture has the share of step t")
def picture_of_t(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "the noise has the share of step t")
def noise_of_t(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "the predicted noise is missing")
def no_eps_hat(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    return a[t_next] * x_0_hat + eta * std_of_ddpm(t, t_next) * eps_new


@wrong(check_ddim_step, "the fresh noise is missing")
def no_eps_new(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    return a[t_next] * x_0_hat + (b[t_next] ** 2 - std**2) ** 0.5 * eps_hat


@wrong(check_ddim_step, "the picture is missing")
def no_picture(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    return (b[t_next] ** 2 - std**2) ** 0.5 * eps_hat + std * eps_new


@wrong(check_ddim_step, "the guess of the picture is used whole")
def whole_picture(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    return x_0_hat + (b[t_next] ** 2 - std**2) ** 0.5 * eps_hat + std * eps_new


@wrong(check_ddim_step, "`kept` is its square root")
def no_root(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = b[t_next] ** 2 - std**2
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "standard deviations")
def spreads_subtracted(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    return a[t_next] * x_0_hat + (b[t_next] - std) * eps_hat + std * eps_new


@wrong(check_ddim_step, "b[t_next] is a standard deviation")
def b_not_squared(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "the predicted noise is not")
def nothing_taken_off(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    return a[t_next] * x_0_hat + b[t_next] * eps_hat + std * eps_new


@wrong(check_ddim_step, "the fresh part is")
def variances_added(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 + std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "eta is not used")
def no_eta(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "no noise is fresh, whatever eta says")
def the_step_from_above(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    return a[t_next] * x_0_hat + b[t_next] * eps_hat


@wrong(check_ddim_step, "only the fresh noise uses eta")
def eta_at_the_fresh_noise(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + eta * std * eps_new


@wrong(check_ddim_step, "only `kept` uses eta")
def eta_in_kept(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - (eta * std) ** 2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "the fresh noise has the standard deviation 1")
def loud_fresh_noise(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + eps_new


@wrong(check_ddim_step, "the fresh noise is multiplied by a variance")
def fresh_by_variance(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std**2 * eps_new


@wrong(check_ddim_step, "predicted and fresh noise are swapped")
def noises_exchanged(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_new + std * eps_hat


@wrong(check_ddim_step, "picture and predicted noise are swapped")
def picture_and_noise_exchanged(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * eps_hat + kept * x_0_hat + std * eps_new


@wrong(check_ddim_step, "the noise is subtracted: x_next")
def noise_taken_off(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat - kept * eps_hat - std * eps_new


@wrong(check_ddim_step, "it is std_of_ddpm(t, t_next)")
def steps_exchanged(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t_next, t)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "max(number, 0)")
def textbook_root(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    fresh = a[t_next] ** 2 * b[t] ** 2 - a[t] ** 2 * b[t_next] ** 2
    std = eta * b[t_next] / (a[t_next] * b[t]) * fresh**0.5
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "use the randomness it is given")
def noise_of_its_own(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * torch.randn_like(x_0_hat)


@wrong(check_ddim_step, "`return`")
def no_return(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "changes its input")
def in_place(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    x_0_hat *= a[t_next]
    x_0_hat += (b[t_next] ** 2 - std**2) ** 0.5 * eps_hat + std * eps_new
    return x_0_hat


@wrong(check_ddim_step, "there are 2 answers")
def step_too(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new, t_next


@wrong(check_ddim_step, "add .float()")
def in_float64(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return (a[t_next] * x_0_hat + kept * eps_hat + std * eps_new).double()


@wrong(check_ddim_step, "numpy array")
def in_numpy(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return (a[t_next] * x_0_hat + kept * eps_hat + std * eps_new).numpy()


@wrong(check_ddim_step)
def eta_to_the_side(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    noise = (1 - eta) * eps_hat + eta * eps_new
    return a[t_next] * x_0_hat + (kept + std) * noise


@wrong(check_ddim_step)
def towards_the_guess(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    return x_0_hat + (t_next / t) * (eps_hat - x_0_hat)


@wrong(check_ddim_step)
def divided_by_b(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept / b[t_next] * eps_hat + std * eps_new


# The list of steps, right -----------------------------------------------------------


@right(check_choose_steps)
def counting_down(T, steps):
    return [round(T * i / steps) for i in range(steps, -1, -1)]


@right(check_choose_steps)
def with_append(T, steps):
    stride, way = T / steps, []
    for i in range(steps + 1):
        way.append(round(T - i * stride))
    return way


@right(check_choose_steps)
def with_linspace(T, steps):
    return torch.linspace(T, 0, steps + 1).round().int().tolist()


@right(check_choose_steps)
def with_numpy_linspace(T, steps):
    return np.linspace(T, 0, steps + 1).round().astype(int).tolist()


@right(check_choose_steps)
def numpy_whole_numbers(T, steps):
    return list(np.round(np.linspace(T, 0, steps + 1)).astype(int))


@right(check_choose_steps)
def turned_round(T, steps):
    climbing = [round(i * T / steps) for i in range(steps + 1)]
    climbing.reverse()
    return climbing


@right(check_choose_steps)
def sorted_down(T, steps):
    return sorted((round(i * T / steps) for i in range(steps + 1)), reverse=True)


@right(check_choose_steps)
def with_a_slice(T, steps):
    return [round(i * T / steps) for i in range(steps + 1)][::-1]


@right(check_choose_steps)
def half_and_cut(T, steps):
    return [int(T * (steps - i) / steps + 0.5) for i in range(steps + 1)]


@right(check_choose_steps)
def in_whole_numbers_only(T, steps):
    return [(2 * T * i + steps) // (2 * steps) for i in range(steps, -1, -1)]


@right(check_choose_steps)
def with_while(T, steps):
    left, way = steps, []
    while left >= 0:
        way += [round(left / steps * T)]
        left -= 1
    return way


@right(check_choose_steps)
def with_a_generator(T, steps):
    def way():
        for i in range(steps + 1):
            yield round(T - i * T / steps)

    return list(way())


@right(check_choose_steps)
def by_its_own_last(T, steps):
    if steps == 0:
        return [0]
    return [round(T), *by_its_own_last(T - T / steps, steps - 1)]


@right(check_choose_steps)
def ends_by_hand(T, steps):
    return [T] + [round(T * i / steps) for i in range(steps - 1, 0, -1)] + [0]


# The list of steps, wrong -----------------------------------------------------------


@wrong(check_choose_steps, "the list climbs")
def upwards(T, steps):
    return [round(T * i / steps) for i in range(steps + 1)]


@wrong(check_choose_steps, "the last number, 0, is missing")
def without_0(T, steps):
    return [round(T * i / steps) for i in range(steps, 0, -1)]


@wrong(check_choose_steps, "the first number, T, is missing")
def without_T(T, steps):
    return [round(T * i / steps) for i in range(steps - 1, -1, -1)]


@wrong(check_choose_steps, "the list climbs, and its last number")
def plain_range(T, steps):
    return [round(T * i / steps) for i in range(steps)]


@wrong(check_choose_steps, "range stops before 0")
def range_down(T, steps):
    return list(range(T, 0, -T // steps))


@wrong(check_choose_steps, "range stops before 0")
def range_below_0(T, steps):
    return list(range(T, -1, -T // steps))


@wrong(check_choose_steps, "the strides are whole")
def range_down_and_0(T, steps):
    return list(range(T, 0, -T // steps)) + [0]


@wrong(check_choose_steps, "the stride is cut")
def range_of_whole_strides(T, steps):
    return list(range(T, 0, -(T // steps)))


@wrong(check_choose_steps, "the stride is cut")
def whole_strides(T, steps):
    return [T - i * (T // steps) for i in range(steps + 1)]


@wrong(check_choose_steps, "the stride is cut to a whole number, so")
def whole_strides_and_0(T, steps):
    return list(range(T, 0, -(T // steps))) + [0]


@wrong(check_choose_steps, "the stride is rounded to a whole number")
def rounded_stride(T, steps):
    stride = round(T / steps)
    return [T - i * stride for i in range(steps + 1)]


@wrong(check_choose_steps, "int(...) and // cut off the decimals")
def with_int(T, steps):
    return [int(T * i / steps) for i in range(steps, -1, -1)]


@wrong(check_choose_steps, "int(...) and // cut off the decimals")
def linspace_to_int(T, steps):
    return torch.linspace(T, 0, steps + 1, dtype=torch.float64).int().tolist()


@wrong(check_choose_steps, "these are not whole numbers")
def not_rounded(T, steps):
    return [T * i / steps for i in range(steps, -1, -1)]


@wrong(check_choose_steps, "a float where a whole number is needed")
def rounded_fractions(T, steps):
    return torch.linspace(T, 0, steps + 1).round().tolist()


@wrong(check_choose_steps, "a fence and its posts")
def as_many_as_steps(T, steps):
    return torch.linspace(T, 0, steps).round().int().tolist()


@wrong(check_choose_steps, "these are shares of the way")
def shares(T, steps):
    return [1 - i / steps for i in range(steps + 1)]


@wrong(check_choose_steps, "it counts from `steps` down to 0")
def counted(T, steps):
    return [steps - i for i in range(steps + 1)]


@wrong(check_choose_steps, "it goes down by 1 each time")
def by_one(T, steps):
    return [T - i for i in range(steps + 1)]


@wrong(check_choose_steps, "it visits every step")
def every_step(T, steps):
    return list(range(T, -1, -1))


@wrong(check_choose_steps, "it begins at T - 1")
def from_T_minus_1(T, steps):
    return torch.linspace(T - 1, 0, steps + 1).round().int().tolist()


@wrong(check_choose_steps, "it ends at 1")
def down_to_1(T, steps):
    return torch.linspace(T, 1, steps + 1).round().int().tolist()


@wrong(check_choose_steps, "whatever T is")
def of_a_thousand(T, steps):
    return [round(1000 * i / steps) for i in range(steps, -1, -1)]


@wrong(check_choose_steps, "whatever `steps` is")
def the_example(T, steps):
    return [round(T * i / 4) for i in range(4, -1, -1)]


@wrong(check_choose_steps, ".tolist() turns it into a list")
def a_tensor(T, steps):
    return torch.linspace(T, 0, steps + 1).round().int()


@wrong(check_choose_steps, "answer.tolist()")
def a_numpy_array(T, steps):
    return np.linspace(T, 0, steps + 1).round().astype(int)


@wrong(check_choose_steps, "the values are right, but in a tuple")
def a_tuple(T, steps):
    return tuple(round(T * i / steps) for i in range(steps, -1, -1))


@wrong(check_choose_steps, "list(...) makes one")
def still_reversed(T, steps):
    return reversed([round(T * i / steps) for i in range(steps + 1)])


@wrong(check_choose_steps, "`return`")
def printed(T, steps):
    way = [round(T * i / steps) for i in range(steps, -1, -1)]
    str(way)


@wrong(check_choose_steps, "`return`")
def reversed_in_place(T, steps):
    return [round(T * i / steps) for i in range(steps + 1)].reverse()


@wrong(check_choose_steps)
def squared_away(T, steps):
    return [round(T * (i / steps) ** 2) for i in range(steps, -1, -1)]


@wrong(check_choose_steps)
def halved_each_time(T, steps):
    return [round(T / 2**i) for i in range(steps)] + [0]


@wrong(check_ddim_step, "eta does not divide the noise in two")
def eta_as_a_share(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    noise = (1 - eta) * b[t_next] * eps_hat + eta * b[t_next] * eps_new
    return a[t_next] * x_0_hat + noise


@wrong(check_ddim_step, "the root of eta stands where eta belongs")
def root_of_eta(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta**0.5 * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_choose_steps, "it divides by steps + 1")
def divided_by_one_more(T, steps):
    return [round(T - T * i / (steps + 1)) for i in range(steps + 1)]


@wrong(check_ddim_step, "has the standard deviation b[t_next], and not 1")
def kept_from_one(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (1 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "std is eta times that of DDPM")
def eta_of_all_noise(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * b[t_next]
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "a[t_next] belongs to x_0_hat alone")
def all_in_brackets(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * (x_0_hat + kept * eps_hat + std * eps_new)


@wrong(check_ddim_step, "`kept` is no share of b[t_next]")
def kept_as_a_share(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (1 - eta) * b[t_next]
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "square it as well before it is taken off b[t_next] ** 2")
def std_not_squared(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "the two variances are exchanged")
def variances_exchanged(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (std**2 - b[t_next] ** 2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_ddim_step, "eta is no standard deviation")
def eta_squared_off(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - eta**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@wrong(check_choose_steps, "0, is lost by rounding")
def stride_taken_off(T, steps):
    i, way = T, []
    while i >= 0:
        way.append(round(i))
        i -= T / steps
    return way


@wrong(check_choose_steps, "one stride is T / steps")
def strides_of_steps(T, steps):
    return list(range(T, -1, -steps))


@wrong(check_choose_steps, "rounded to a whole number before it is multiplied")
def rounded_stride_upwards(T, steps):
    return [round(T / steps) * i for i in range(steps, -1, -1)]


@wrong(check_choose_steps, "does not begin at T")
def range_turned_round(T, steps):
    return list(reversed(range(0, T + 1, T // steps)))[-steps - 1 :]


@wrong(check_choose_steps, "list(...) makes one")
def range_turned_round_no_list(T, steps):
    return reversed(range(0, T + 1, T // steps))
