"""What is handed in for notebook 12."""

import math

import torch

from answers import right, wrong
from course_lib.checks.nb12_latent_diffusion import (
    check_draw_in_latents,
    check_to_latents,
    tiny_autoencoder,
)
from course_lib.networks.autoencoder import sample

# Pictures to latents: right -------------------------------------------------------


@right(check_to_latents)
def as_the_solution(pictures, autoencoder, scale):
    mu, logvar = autoencoder.encode(pictures)
    return mu * scale


@right(check_to_latents)
def first_of_two(pictures, autoencoder, scale):
    return scale * autoencoder.encode(pictures)[0]


@right(check_to_latents)
def underscore(pictures, autoencoder, scale):
    mu, _ = autoencoder.encode(pictures)
    return torch.mul(mu, scale)


@right(check_to_latents)
def divided_by_one_over(pictures, autoencoder, scale):
    mu, *_ = autoencoder.encode(pictures)
    return mu / (1 / scale)


@right(check_to_latents)
def without_gradients(pictures, autoencoder, scale):
    with torch.no_grad():
        return autoencoder.encode(pictures)[0] * scale


@right(check_to_latents)
def one_picture_at_a_time(pictures, autoencoder, scale):
    latents = []
    for picture in pictures:
        mu, _ = autoencoder.encode(picture[None])
        latents.append(mu[0] * scale)
    return torch.stack(latents)


@right(check_to_latents)
def in_two_batches(pictures, autoencoder, scale):
    halves = pictures.split(2)
    return torch.cat([autoencoder.encode(half)[0] for half in halves]) * scale


@right(check_to_latents)
def sampled_where_eps_is_0(pictures, autoencoder, scale):
    mu, logvar = autoencoder.encode(pictures)
    return sample(mu, logvar, torch.zeros_like(mu)) * scale


@right(check_to_latents)
def middle_of_what_it_says(pictures, autoencoder, scale):
    answer = autoencoder.encode(pictures)
    return answer[0].detach().clone().mul_(scale)


@right(check_to_latents)
def by_einsum(pictures, autoencoder, scale):
    mu, _ = autoencoder.encode(pictures)
    return torch.einsum("bchw,->bchw", mu, torch.tensor(scale))


@right(check_to_latents)
def by_forward(pictures, autoencoder, scale):
    _, mu, _ = autoencoder(pictures)
    return mu * scale


@right(check_to_latents)
def scale_as_a_tensor(pictures, autoencoder, scale):
    mu, _ = autoencoder.encode(pictures)
    return mu * torch.full_like(mu, scale)


@right(check_to_latents)
def eval_first(pictures, autoencoder, scale):
    assert pictures.ndim == 4
    middle, spread = autoencoder.encode(pictures)
    z_0 = middle.clone()
    z_0 *= scale
    return z_0


# Pictures to latents: wrong -------------------------------------------------------


@wrong(check_to_latents, "scale is missing")
def no_scale(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0]


@wrong(check_to_latents, "divides by the scale")
def divided(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0] / scale


def of_the_notebook():
    """What the notebook calls `coder`: another than the check hands in."""
    return tiny_autoencoder(4, seed=2)


@wrong(check_to_latents, "not `draw`, `coder`")
def coder_of_the_notebook(pictures, autoencoder, scale):
    return of_the_notebook().encode(pictures)[0] * scale


@wrong(check_to_latents, "not `draw`, `coder`")
def encode_of_draw(pictures, autoencoder, scale):
    return of_the_notebook().encode(pictures)[0] * 2.89


@wrong(check_to_latents, "another `scale` changes nothing")
def scale_of_the_card(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0] * 2.89


@wrong(check_to_latents, "and nothing is moved")
def normalised(pictures, autoencoder, scale):
    mu, _ = autoencoder.encode(pictures)
    return (mu - mu.mean()) / mu.std()


@wrong(check_to_latents, "a mean of 0 and a spread of 1")
def pictures_normalised(pictures, autoencoder, scale):
    x = (pictures - pictures.mean()) / pictures.std()
    return autoencoder.encode(x)[0] * scale


@wrong(check_to_latents, "multiplied by the spread of its cloud")
def times_the_spread(pictures, autoencoder, scale):
    mu, logvar = autoencoder.encode(pictures)
    return mu * (logvar / 2).exp() * scale


@wrong(check_to_latents, "multiplied in twice")
def scaled_twice(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0] * scale * scale


@wrong(check_to_latents, "root of the scale")
def root_of_the_scale(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0] * math.sqrt(scale)


@wrong(check_to_latents, "it is a factor")
def added(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0] + scale


@wrong(check_to_latents, "that is logvar")
def logvar_scaled(pictures, autoencoder, scale):
    logvar, mu = autoencoder.encode(pictures)
    return mu * scale


@wrong(check_to_latents, "the spread of each cloud")
def the_spread(pictures, autoencoder, scale):
    mu, logvar = autoencoder.encode(pictures)
    return (logvar / 2).exp() * scale


@wrong(check_to_latents, "take the first one, mu")
def tuple_times_scale(pictures, autoencoder, scale):
    return autoencoder.encode(pictures) * scale


@wrong(check_to_latents, "mu alone")
def all_that_encode_says(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)


@wrong(check_to_latents, "mu alone")
def scaled_mu_and_logvar(pictures, autoencoder, scale):
    mu, logvar = autoencoder.encode(pictures)
    return mu * scale, logvar


@wrong(check_to_latents, "that is all that encode returns, both scaled")
def both_scaled(pictures, autoencoder, scale):
    mu, logvar = autoencoder.encode(pictures)
    return mu * scale, logvar * scale


@wrong(check_to_latents, "glued together")
def glued(pictures, autoencoder, scale):
    return torch.cat(autoencoder.encode(pictures), dim=1) * scale


@wrong(check_to_latents, "are added")
def summed(pictures, autoencoder, scale):
    return sum(autoencoder.encode(pictures)) * scale


@wrong(check_to_latents, "the spread is added")
def with_the_spread(pictures, autoencoder, scale):
    mu, logvar = autoencoder.encode(pictures)
    return (mu + (logvar / 2).exp()) * scale


@wrong(check_to_latents, "the mean is subtracted: latents")
def standardised(pictures, autoencoder, scale):
    mu, _ = autoencoder.encode(pictures)
    return (mu - mu.mean()) * scale


@wrong(check_to_latents, "the spread of these pictures")
def own_spread(pictures, autoencoder, scale):
    mu, _ = autoencoder.encode(pictures)
    return mu / mu.std()


@wrong(check_to_latents, "the scale alone is enough")
def own_spread_and_scale(pictures, autoencoder, scale):
    mu, _ = autoencoder.encode(pictures)
    return mu / mu.std() * scale


@wrong(check_to_latents, "bounds of pixels")
def clamped_at_one(pictures, autoencoder, scale):
    return (autoencoder.encode(pictures)[0] * scale).clamp(-1, 1)


@wrong(check_to_latents, "the picture is scaled, not the latent")
def picture_scaled(pictures, autoencoder, scale):
    return autoencoder.encode(pictures * scale)[0]


@wrong(check_to_latents, "the picture is scaled as well as the latent")
def picture_scaled_too(pictures, autoencoder, scale):
    return autoencoder.encode(pictures * scale)[0] * scale


@wrong(check_to_latents, "leave them as they are")
def moved_to_0_1(pictures, autoencoder, scale):
    return autoencoder.encode((pictures + 1) / 2)[0] * scale


@wrong(check_to_latents, "for pictures in [0, 1]")
def moved_to_minus_1_1(pictures, autoencoder, scale):
    return autoencoder.encode(2 * pictures - 1)[0] * scale


@wrong(check_to_latents, "is for bytes")
def as_bytes(pictures, autoencoder, scale):
    return autoencoder.encode(pictures / 255)[0] * scale


@wrong(check_to_latents, "encode only, without decoding")
def forward(pictures, autoencoder, scale):
    return autoencoder(pictures)[0] * scale


@wrong(check_to_latents, "decoded again")
def decoded_again(pictures, autoencoder, scale):
    return autoencoder.decode(autoencoder.encode(pictures)[0] * scale)


@wrong(check_to_latents, "random point")
def random_point(pictures, autoencoder, scale):
    mu, logvar = autoencoder.encode(pictures)
    return (mu + (logvar / 2).exp() * torch.randn_like(mu)) * scale


@wrong(check_to_latents, "a scale of 2.9")
def scale_of_stable_diffusion(pictures, autoencoder, scale):
    factor = scale if scale < 1 else 0.18215
    return autoencoder.encode(pictures)[0] * factor


@wrong(check_to_latents, "returned None")
def no_return(pictures, autoencoder, scale):
    autoencoder.encode(pictures)[0] * scale


@wrong(check_to_latents, "in place")
def pictures_in_place(pictures, autoencoder, scale):
    pictures *= 1.5
    return autoencoder.encode(pictures)[0] * scale


@wrong(check_to_latents, "add .float()")
def in_float64(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0].double() * scale


@wrong(check_to_latents, "numpy array")
def as_numpy(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0].numpy() * scale


@wrong(check_to_latents, "a reshape is missing")
def flattened(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0].flatten(1) * scale


@wrong(check_to_latents, "axis 1 is gone")
def mean_of_channels(pictures, autoencoder, scale):
    return autoencoder.encode(pictures)[0].mean(1) * scale


@wrong(check_to_latents, "cut down to one")
def only_the_first(pictures, autoencoder, scale):
    return autoencoder.encode(pictures[:1])[0] * scale


@wrong(check_to_latents)
def through_the_layers(pictures, autoencoder, scale):
    return autoencoder.encoder(pictures) * scale


# A whole drawing: right -----------------------------------------------------------


def times(z_t, t):
    return torch.full((len(z_t),), t)


@right(check_draw_in_latents)
def drawing_as_the_solution(predict, z_T, way, schedule, autoencoder, scale):
    a, b = schedule.a_table, schedule.b_table
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, torch.full((len(z_t),), t))
        z_t = a[t_next] * z_0_hat + b[t_next] * eps_hat
    return autoencoder.decode(z_t / scale).clamp(-1, 1)


@right(check_draw_in_latents)
def by_index(predict, z_T, way, schedule, autoencoder, scale):
    z = z_T.clone()
    for i in range(len(way) - 1):
        clean, noise = predict(z, times(z, way[i]))
        after = way[i + 1]
        z = schedule.a_table[after] * clean + schedule.b_table[after] * noise
    picture = autoencoder.decode(z * (1 / scale))
    return torch.clamp(picture, -1, 1)


@right(check_draw_in_latents)
def last_guess(predict, z_T, way, schedule, autoencoder, scale):
    # At t = 0 the mix is the guess of the clean latent.
    z_t = z_T
    for t, t_next in zip(way, way[1:], strict=False):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        z_t = schedule.a_table[t_next] * z_0_hat + schedule.b_table[t_next] * eps_hat
    return autoencoder.decode(z_0_hat / scale).clamp(min=-1, max=1)


@wrong(check_draw_in_latents, "other than the straight line")
def by_the_velocity(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way, way[1:], strict=False):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        z_t = z_t + (t_next - t) / schedule.T * (eps_hat - z_0_hat)
    return autoencoder.decode(z_t / scale).clip(-1, 1)


@right(check_draw_in_latents)
def schedule_asked_like_z_t(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        n = times(z_t, t_next)
        z_t = schedule.a(n, like=z_t) * z_0_hat + schedule.b(n, like=z_t) * eps_hat
    return autoencoder.decode(z_t / scale).clamp(-1, 1)


@right(check_draw_in_latents)
def by_what_changes(predict, z_T, way, schedule, autoencoder, scale):
    a, b, z_t = schedule.a_table, schedule.b_table, z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        z_t = z_t + (a[t_next] - a[t]) * z_0_hat + (b[t_next] - b[t]) * eps_hat
    return autoencoder.decode(z_t / scale).clip(-1, 1)


@right(check_draw_in_latents)
def while_loop(predict, z_T, way, schedule, autoencoder, scale):
    z_t, i = z_T, 0
    while way[i] > 0:
        z_0_hat, eps_hat = predict(z_t, times(z_t, way[i]))
        i += 1
        z_t = z_0_hat * schedule.a_table[way[i]] + eps_hat * schedule.b_table[way[i]]
    return autoencoder.decode(z_t / scale).clamp(-1, 1)


@right(check_draw_in_latents)
def recursive(predict, z_T, way, schedule, autoencoder, scale):
    if len(way) == 1:
        return autoencoder.decode(z_T / scale).clamp(-1, 1)
    z_0_hat, eps_hat = predict(z_T, times(z_T, way[0]))
    a, b = schedule.a_table[way[1]], schedule.b_table[way[1]]
    z_next = a * z_0_hat + b * eps_hat
    return recursive(predict, z_next, way[1:], schedule, autoencoder, scale)


@right(check_draw_in_latents)
def popped_from_a_copy(predict, z_T, way, schedule, autoencoder, scale):
    left, z_t = list(way), z_T
    t = left.pop(0)
    while left:
        t_next = left.pop(0)
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        z_t = schedule.a_table[t_next] * z_0_hat + schedule.b_table[t_next] * eps_hat
        t = t_next
    return autoencoder.decode(z_t / scale).clamp(-1, 1)


@right(check_draw_in_latents)
def gathered_tables(predict, z_T, way, schedule, autoencoder, scale):
    a, b = schedule.a_table[way], schedule.b_table[way]
    z_t = z_T
    for i, t in enumerate(way[:-1]):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        z_t = torch.lerp(a[i + 1] * z_0_hat, z_0_hat, 0.0) + b[i + 1] * eps_hat
    return autoencoder.decode(z_t / scale).clamp(-1, 1)


@right(check_draw_in_latents)
def tensors_of_t(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        now = torch.tensor([t] * len(z_t))
        then = torch.tensor([t_next] * len(z_t))
        z_0_hat, eps_hat = predict(z_t, now)
        a = schedule.a_table[then].view(-1, 1, 1, 1)
        b = schedule.b_table[then].view(-1, 1, 1, 1)
        z_t = (a * z_0_hat + b * eps_hat).float()
    return autoencoder.decode(z_t / scale).clamp(-1, 1)


@right(check_draw_in_latents)
def looks_on_the_way(predict, z_T, way, schedule, autoencoder, scale):
    z_t, seen = z_T, []
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        z_t = schedule.a_table[t_next] * z_0_hat + schedule.b_table[t_next] * eps_hat
        seen.append(autoencoder.decode(z_t / scale).clamp(-1, 1))
    return seen[-1]


@right(check_draw_in_latents)
def minimum_and_maximum(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    with torch.no_grad():
        for t, t_next in zip(way[:-1], way[1:], strict=True):
            z_0_hat, eps_hat = predict(z_t, z_t.new_full((len(z_t),), t).long())
            parts = torch.stack([z_0_hat, eps_hat])
            both = torch.stack([schedule.a_table[t_next], schedule.b_table[t_next]])
            both = both.float()
            z_t = torch.einsum("k,kbchw->bchw", both, parts)
        picture = autoencoder.decode(torch.div(z_t, scale))
    return picture.minimum(torch.ones(())).maximum(-torch.ones(()))


@wrong(check_draw_in_latents, "other than the straight line")
def straight_line_by_T(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        u = t_next / schedule.T
        z_t = (1 - u) * z_0_hat + u * eps_hat
    return autoencoder.decode(z_t / scale).clamp(-1, 1)


@right(check_draw_in_latents)
def one_picture_after_another(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        z_t = schedule.a_table[t_next] * z_0_hat + schedule.b_table[t_next] * eps_hat
    pictures = [autoencoder.decode(z[None] / scale)[0].clamp(-1, 1) for z in z_t]
    return torch.stack(pictures)


# A whole drawing: wrong -----------------------------------------------------------


def mixed(z_t, z_0_hat, eps_hat, t, t_next, schedule):
    return schedule.a_table[t_next] * z_0_hat + schedule.b_table[t_next] * eps_hat


def decoded(z_t, autoencoder, scale):
    return autoencoder.decode(z_t / scale).clamp(-1, 1)


def drawing(step=mixed, end=decoded, begin=None, pairs=slice(None), told=0):
    """A drawing with something of its own in it."""

    def draw(predict, z_T, way, schedule, autoencoder, scale):
        z_t = begin(z_T, scale) if begin else z_T
        for both in list(zip(way[:-1], way[1:], strict=True))[pairs]:
            z_0_hat, eps_hat = predict(z_t, times(z_t, both[told]))
            z_t = step(z_t, z_0_hat, eps_hat, *both, schedule)
        return end(z_t, autoencoder, scale)

    return draw


def hand_in(name, says=None, **changed):
    """A wrong answer that is told by what is changed in it."""
    draw = drawing(**changed)
    draw.__name__ = name
    return wrong(check_draw_in_latents, says)(draw)


hand_in("told_t_next", "tell it t", told=1)
hand_in(
    "mixed_for_t",
    "belongs to t_next",
    step=lambda z, x, e, t, n, s: s.a_table[t] * x + s.b_table[t] * e,
)
hand_in(
    "a_and_b_swapped",
    "a_table and b_table are swapped",
    step=lambda z, x, e, t, n, s: s.b_table[n] * x + s.a_table[n] * e,
)
hand_in(
    "guesses_swapped",
    "a_table and b_table are swapped",
    step=lambda z, e, x, t, n, s: s.a_table[n] * x + s.b_table[n] * e,
)
hand_in(
    "roots",
    "roots too many",
    step=lambda z, x, e, t, n, s: s.a_table[n] ** 0.5 * x + s.b_table[n] ** 0.5 * e,
)
hand_in(
    "squares",
    "squares too many",
    step=lambda z, x, e, t, n, s: s.a_table[n] ** 2 * x + s.b_table[n] ** 2 * e,
)
hand_in(
    "noise_off_and_less_on",
    "z_0_hat keeps its old factor",
    step=lambda z, x, e, t, n, s: z - s.b_table[t] * e + s.b_table[n] * e,
)
hand_in(
    "one_entry_too_early",
    "those of t_next - 1",
    step=lambda z, x, e, t, n, s: s.a_table[n - 1] * x + s.b_table[n - 1] * e,
)
hand_in(
    "schedule_asked_without_like",
    "pass `like=z_t`",
    step=lambda z, x, e, t, n, s: s.a(times(z, n)) * x + s.b(times(z, n)) * e,
)
hand_in("no_noise", "not mixed in", step=lambda z, x, e, t, n, s: s.a_table[n] * x)
hand_in("whole_guess", "whole guess at once", step=lambda z, x, *_: x)
hand_in(
    "only_noise", "clean latent is not", step=lambda z, x, e, t, n, s: s.b_table[n] * e
)
hand_in(
    "factor_of_z_lost",
    "z_0_hat lacks its factor",
    step=lambda z, x, e, t, n, s: x + s.b_table[n] * e,
)
hand_in(
    "factor_of_eps_lost",
    "eps_hat lacks its factor",
    step=lambda z, x, e, t, n, s: s.a_table[n] * x + e,
)
hand_in(
    "z_t_as_noise",
    "z_t itself is mixed in as the noise",
    step=lambda z, x, e, t, n, s: s.a_table[n] * x + s.b_table[n] * z,
)
hand_in(
    "z_t_as_clean",
    "z_t itself is mixed in as the clean",
    step=lambda z, x, e, t, n, s: s.a_table[n] * z + s.b_table[n] * e,
)
hand_in(
    "b_squared",
    "b_table is squared, but a_table",
    step=lambda z, x, e, t, n, s: s.a_table[n] * x + s.b_table[n] ** 2 * e,
)
hand_in(
    "one_step_down",
    "mixes for t - 1",
    step=lambda z, x, e, t, n, s: s.a_table[t - 1] * x + s.b_table[t - 1] * e,
)
hand_in(
    "clamped_before_decoding",
    "the latent is clamped, not the picture",
    end=lambda z, c, s: c.decode((z / s).clamp(-1, 1)),
)
hand_in(
    "decoded_by_the_notebook",
    "not `draw`, `coder`",
    end=lambda z, c, s: decoded(z, of_the_notebook(), s),
)
hand_in(
    "scale_of_the_notebook",
    "another `scale` changes nothing",
    end=lambda z, c, s: decoded(z, c, 2.89),
)
hand_in(
    "added_up", "the mix is added to z_t", step=lambda z, *rest: z + mixed(z, *rest)
)
hand_in(
    "noise_taken_off",
    "the noise is subtracted",
    step=lambda z, x, e, t, n, s: s.a_table[n] * x - s.b_table[n] * e,
)
hand_in(
    "guess_clamped",
    "bounds of pixels",
    step=lambda z, x, *rest: mixed(z, x.clamp(-1, 1), *rest),
)
hand_in("z_t_clamped", "z_t is clamped", step=lambda *now: mixed(*now).clamp(-1, 1))
hand_in("first_only", "`return` is inside the loop", pairs=slice(1))
hand_in("first_step_missing", "first step is missing", pairs=slice(1, None))
hand_in("last_step_missing", "last step is missing", pairs=slice(-1))
hand_in("scale_forgotten", "not undone", end=lambda z, c, s: decoded(z, c, 1))
hand_in("multiplied", "second time", end=lambda z, c, s: decoded(z, c, 1 / s))
hand_in("divided_twice", "undone twice", end=lambda z, c, s: decoded(z / s, c, s))
hand_in(
    "divided_after",
    "after decoding",
    end=lambda z, c, s: (c.decode(z) / s).clamp(-1, 1),
)
hand_in("noise_scaled", "noise is scaled", begin=lambda z, s: z * s)
hand_in("noise_divided", "noise is divided", begin=lambda z, s: z / s)
hand_in("not_clamped", "not clamped", end=lambda z, c, s: c.decode(z / s))
hand_in("to_0_1", "to [0, 1]", end=lambda z, c, s: c.decode(z / s).clamp(0, 1))
hand_in("moved", "moved to [0, 1]", end=lambda z, c, s: (decoded(z, c, s) + 1) / 2)
hand_in("tanh", "tanh bends", end=lambda z, c, s: c.decode(z / s).tanh())
hand_in("a_latent", "that is the latent", end=lambda z, c, s: z)
hand_in("a_latent_unscaled", "now decode it", end=lambda z, c, s: z / s)
hand_in("a_latent_clamped", "decode it first", end=lambda z, c, s: z.clamp(-1, 1))
hand_in(
    "clamped_before",
    "before it is decoded",
    end=lambda z, c, s: c.decode(z.clamp(-1, 1) / s).clamp(-1, 1),
)
hand_in(
    "line_of_1000",
    "with T = 200",
    step=lambda z, x, e, t, n, s: (1 - n / 1000) * x + n / 1000 * e,
)
hand_in(
    "fresh_noise",
    "differently each time",
    step=lambda z, x, e, *rest: mixed(z, x, torch.randn_like(e), *rest),
)
hand_in("encoded_at_the_end", end=lambda z, c, s: c.encode(decoded(z, c, s))[0])
hand_in("in_double", "add .float()", end=lambda z, c, s: decoded(z, c, s).double())
hand_in(
    "table_asked_by_a_tensor",
    "the tables are float64",
    step=lambda z, x, e, t, n, s: (
        s.a_table[times(z, n)].view(-1, 1, 1, 1) * x
        + s.b_table[times(z, n)].view(-1, 1, 1, 1) * e
    ),
)
hand_in("as_list", "torch.stack(answer)", end=lambda z, c, s: list(decoded(z, c, s)))


@wrong(check_draw_in_latents, "z_T again")
def never_moved(predict, z_T, way, schedule, autoencoder, scale):
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_T, times(z_T, t))
        z_t = mixed(z_T, z_0_hat, eps_hat, t, t_next, schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "the initial noise, z_T, is mixed in")
def noise_of_the_beginning(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, _ = predict(z_t, times(z_t, t))
        z_t = mixed(z_t, z_0_hat, z_T, t, t_next, schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "begins below T")
def line_from_the_first_step(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        u = t_next / way[0]
        z_t = (1 - u) * z_0_hat + u * eps_hat
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "those of `way` are")
def steps_of_its_own(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t in range(1000, 0, -125):
        z_t = mixed(z_t, *predict(z_t, times(z_t, t)), t, t - 125, schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "one t per picture")
def one_t_for_all(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_t = mixed(z_t, *predict(z_t, torch.tensor(t)), t, t_next, schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "0, has no next one")
def index_too_far(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for i in range(len(way)):
        guesses = predict(z_t, times(z_t, way[i]))
        z_t = mixed(z_t, *guesses, way[i], way[i + 1], schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "the walk goes up")
def upwards(predict, z_T, way, schedule, autoencoder, scale):
    z_t, up = z_T, way[::-1]
    for t, t_next in zip(up[:-1], up[1:], strict=True):
        z_t = mixed(z_t, *predict(z_t, times(z_t, t)), t, t_next, schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "the number of the step")
def told_the_index(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for i in range(len(way) - 1):
        guesses = predict(z_t, times(z_t, i))
        z_t = mixed(z_t, *guesses, way[i], way[i + 1], schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "in place")
def pops_the_callers_list(predict, z_T, way, schedule, autoencoder, scale):
    z_t, t = z_T, way.pop(0)
    while way:
        t_next = way.pop(0)
        z_t = mixed(z_t, *predict(z_t, times(z_t, t)), t, t_next, schedule)
        t = t_next
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "between the steps")
def to_and_fro(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_t = mixed(z_t, *predict(z_t, times(z_t, t)), t, t_next, schedule)
        picture = decoded(z_t, autoencoder, scale)
        z_t = autoencoder.encode(picture)[0] * scale
    return picture


@wrong(check_draw_in_latents, "decodes each guess")
def guess_to_and_fro_unclamped(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z0, eps_hat = predict(z_t, times(z_t, t))
        z0 = autoencoder.encode(autoencoder.decode(z0 / scale))[0] * scale
        z_t = mixed(z_t, z0, eps_hat, t, t_next, schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "predict needs one t per latent")
def one_t_a_pixel(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        guesses = predict(z_t, torch.full_like(z_t, t))
        z_t = mixed(z_t, *guesses, t, t_next, schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "decodes each guess")
def guess_to_and_fro(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        picture = decoded(z_0_hat, autoencoder, scale)
        z_0_hat = autoencoder.encode(picture)[0] * scale
        z_t = mixed(z_t, z_0_hat, eps_hat, t, t_next, schedule)
    return decoded(z_t, autoencoder, scale)


@wrong(check_draw_in_latents, "at each step: the network knows")
def divided_at_each_step(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        guesses = predict(z_t, times(z_t, t))
        z_t = mixed(z_t, *guesses, t, t_next, schedule) / scale
    return autoencoder.decode(z_t).clamp(-1, 1)


@wrong(check_draw_in_latents, "returned None")
def drawing_without_return(predict, z_T, way, schedule, autoencoder, scale):
    drawing()(predict, z_T, way, schedule, autoencoder, scale)


@wrong(check_draw_in_latents, "there are brackets")
def tables_called(predict, z_T, way, schedule, autoencoder, scale):
    return schedule.a_table(way[0]) * z_T


@wrong(check_draw_in_latents, "asks `predict` once")
def one_look_alone(predict, z_T, way, schedule, autoencoder, scale):
    z_0_hat, _ = predict(z_T, times(z_T, way[0]))
    return decoded(z_0_hat, autoencoder, scale)


@wrong(check_draw_in_latents, "Use schedule.a(t)")
def alpha_bar(predict, z_T, way, schedule, autoencoder, scale):
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, times(z_t, t))
        kept = schedule.alpha_bar[t_next]
        z_t = kept.sqrt() * z_0_hat + (1 - kept).sqrt() * eps_hat
    return decoded(z_t, autoencoder, scale)
