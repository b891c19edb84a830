"""The checks of notebook 12 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb12_latent_diffusion import (
    check_draw_in_latents,
    check_to_latents,
    draw_in_latents,
)
from course_lib.checks.nb12_mistakes import ON_THE_WAY_IN
from course_lib.networks.autoencoder import sample, to_latents


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def at_random(pictures, coder, scale):
    mu, logvar = coder.encode(pictures)
    return sample(mu, logvar, torch.randn(mu.shape)) * scale


def test_right_functions_are_used_onward(capsys):
    def mine(pictures, coder, scale):
        return scale * coder.encode(pictures)[0]

    assert check_to_latents(mine) is mine and said(capsys) == "to_latents: ok"

    def by_what_changes(predict, z_T, way, schedule, coder, scale):
        a, b, z_t = schedule.a_table, schedule.b_table, z_T
        for t, t_next in zip(way, way[1:], strict=False):
            z_0_hat, eps_hat = predict(z_t, torch.full((len(z_t),), t))
            z_t = z_t + (a[t_next] - a[t]) * z_0_hat + (b[t_next] - b[t]) * eps_hat
        return coder.decode(z_t / scale).clip(-1, 1)

    assert check_draw_in_latents(by_what_changes) is by_what_changes
    assert said(capsys) == "draw_in_latents: ok"


@pytest.mark.parametrize(
    ("mistaken", "words"),
    [
        (lambda p, c, s: c.encode(p)[0], "scale is missing"),
        (lambda p, c, s: c.encode(p)[0] / s, "divides by the scale"),
        (lambda p, c, s: c.encode(p)[1] * s, "that is logvar"),
        (lambda p, c, s: c.encode(p * s)[0], "the picture is scaled"),
        (at_random, "random point"),
        (lambda p, c, s: at_random(p, c, s) + 1, "differently each time"),
        (lambda p, c, s: c.encode(p)[0] * s + 1, "expected"),
        (lambda p, c, s: c.encode(p) * s, "take the first one"),
        (lambda p, c, s: c.encode(p), "mu alone"),
    ],
)
def test_mistakes_on_the_way_to_latents_are_named(capsys, mistaken, words):
    assert check_to_latents(mistaken) is to_latents
    assert words in said(capsys)


def drawn(step=None, end=None, mixed="t_next"):
    """A drawing with something wrong in it."""

    def draw(predict, z_T, way, schedule, coder, scale):
        z_t = z_T
        for t, t_next in zip(way[:-1], way[1:], strict=True):
            z_0_hat, eps_hat = predict(z_t, torch.full((len(z_t),), t))
            if step:
                z_0_hat, eps_hat = step(z_0_hat, eps_hat, z_t, t, coder, scale)
            at = t if mixed == "t" else t_next
            z_t = schedule.a_table[at] * z_0_hat + schedule.b_table[at] * eps_hat
            if mixed == "to and fro":
                picture = coder.decode(z_t / scale).clamp(-1, 1)
                z_t = to_latents(picture, coder, scale)
        return end(z_t, coder, scale) if end else coder.decode(z_t / scale).clamp(-1, 1)

    return draw


def again(z_0_hat, eps_hat, z_t, t, coder, scale):
    picture = coder.decode(z_0_hat / scale).clamp(-1, 1)
    return to_latents(picture, coder, scale), eps_hat


def rederived(z_0_hat, eps_hat, z_t, t, coder, scale):
    z_0_hat, u = z_0_hat.clamp(-1, 1), t / 1000
    return z_0_hat, (z_t - (1 - u) * z_0_hat) / u


def number_for_all(predict, z_T, way, schedule, coder, scale):
    return predict(z_T, way[0])[0]


@pytest.mark.parametrize(
    ("mistaken", "words"),
    [
        (drawn(again), "decodes each guess"),
        (drawn(mixed="to and fro"), "decodes at each step"),
        (drawn(lambda z, e, *_: (z.clamp(-1, 1), e)), "bounds of pixels"),
        (drawn(rederived), "as it was for pixels"),
        (
            drawn(end=lambda z, c, s: c.decode(z.clamp(-1, 1) / s).clamp(-1, 1)),
            "before it is decoded",
        ),
        (drawn(end=lambda z, c, s: c.decode(z).clamp(-1, 1)), "not undone"),
        (drawn(end=lambda z, c, s: c.decode(z * s).clamp(-1, 1)), "second time"),
        (drawn(end=lambda z, c, s: (c.decode(z) / s).clamp(-1, 1)), "after decoding"),
        (drawn(end=lambda z, c, s: c.decode(z / s)), "not clamped"),
        (
            drawn(end=lambda z, c, s: c.decode(z / s + torch.randn_like(z))),
            "decoding samples nothing",
        ),
        (drawn(mixed="t"), "belongs to t_next"),
        (drawn(end=lambda z, c, s: z), "decode it at the end"),
        (drawn(lambda z, e, *_: (z, 0 * e)), "not mixed in"),
        (drawn(lambda z, e, *_: (z + 1, e)), "expected"),
        (number_for_all, "one t per picture"),
    ],
)
def test_mistakes_of_drawing_in_latents_are_named(capsys, mistaken, words):
    assert check_draw_in_latents(mistaken) is draw_in_latents
    assert words in said(capsys)


def test_every_mistake_that_has_a_name_gets_it(capsys):
    for sentence, mistaken in ON_THE_WAY_IN.items():
        check_to_latents(mistaken)
        assert sentence in said(capsys)
