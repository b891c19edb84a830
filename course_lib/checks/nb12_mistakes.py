"""Mistakes that people make in notebook 12, and the sentence that names each.

A mistake is a function that takes the learner's arguments and makes the mistake; only
the answers are compared.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.diffusion.objective import eps_from_x_0
from course_lib.diffusion.schedule import NoiseSchedule
from course_lib.networks.autoencoder import Autoencoder, to_latents

# Pictures to latents ------------------------------------------------------------


def made_of(answer: Callable[[Tensor, Tensor, float], object]) -> Callable:
    """A mistake that returns `answer(mu, logvar, scale)`."""

    def mistaken(pictures, autoencoder, scale):
        return answer(*autoencoder.encode(pictures), scale)

    return mistaken


ON_THE_WAY_IN = {
    "the scale is missing: noise would drown these numbers earlier, or later, than it "
    "drowns a picture": made_of(lambda mu, logvar, scale: mu),
    "it divides by the scale: multiply here, and divide on the way back": (
        made_of(lambda mu, logvar, scale: mu / scale)
    ),
    "the scale is multiplied in twice: once makes the spread 1": (
        made_of(lambda mu, logvar, scale: mu * scale**2)
    ),
    "it multiplies by the root of the scale: the scale applies to a spread, not to a "
    "variance": made_of(lambda mu, logvar, scale: mu * scale**0.5),
    "the scale is added: it is a factor": made_of(lambda mu, logvar, scale: mu + scale),
    "that is logvar, how wide the clouds are: encode returns mu first": (
        made_of(lambda mu, logvar, scale: logvar * scale)
    ),
    "that is the spread of each cloud: its middle is mu, which encode returns first": (
        made_of(lambda mu, logvar, scale: (logvar / 2).exp() * scale)
    ),
    "that is all that encode returns, mu and logvar: return mu alone": (
        made_of(lambda mu, logvar, scale: (mu, logvar))
    ),
    "that is all that encode returns, with only mu scaled: return mu alone": (
        made_of(lambda mu, logvar, scale: (mu * scale, logvar))
    ),
    "that is all that encode returns, both scaled: return mu alone": (
        made_of(lambda mu, logvar, scale: (mu * scale, logvar * scale))
    ),
    "mu and logvar are glued together: return mu alone": (
        made_of(lambda mu, logvar, scale: torch.cat([mu, logvar], 1) * scale)
    ),
    "mu and logvar are added: return mu alone": (
        made_of(lambda mu, logvar, scale: (mu + logvar) * scale)
    ),
    "the spread is added to mu: the latent is the middle itself": (
        made_of(lambda mu, logvar, scale: (mu + (logvar / 2).exp()) * scale)
    ),
    "the mean is subtracted: latents are only made larger or smaller, not moved": (
        made_of(lambda mu, logvar, scale: (mu - mu.mean()) * scale)
    ),
    "the mean is subtracted, and it divides by the spread of these pictures: the scale "
    "is one number for all, and nothing is moved": (
        made_of(lambda mu, logvar, scale: (mu - mu.mean()) / mu.std())
    ),
    "the mean is subtracted, and it also divides by the spread of these pictures: the "
    "scale alone is enough": (
        made_of(lambda mu, logvar, scale: (mu - mu.mean()) / mu.std() * scale)
    ),
    "the pictures are given a mean of 0 and a spread of 1: the autoencoder needs them "
    "as they are": (
        lambda x, *rest: to_latents((x - x.mean()) / x.std(), *rest)
    ),
    "mu is multiplied by the spread of its cloud: the scale is the only factor": (
        made_of(lambda mu, logvar, scale: mu * (logvar / 2).exp() * scale)
    ),
    "it divides by the spread of these pictures: the scale is one number for all": (
        made_of(lambda mu, logvar, scale: mu / mu.std())
    ),
    "it also divides by the spread of these pictures: the scale alone is enough": (
        made_of(lambda mu, logvar, scale: mu / mu.std() * scale)
    ),
    "the latent is clamped to [-1, 1]: those are the bounds of pixels, but a latent "
    "has none": made_of(lambda mu, logvar, scale: (mu * scale).clamp(-1, 1)),
    "the picture is scaled, not the latent: the autoencoder knows only pictures in "
    "[-1, 1]": lambda x, coder, scale: coder.encode(x * scale)[0],
    "the picture is scaled as well as the latent: the autoencoder knows only pictures "
    "in [-1, 1]": lambda x, coder, scale: coder.encode(x * scale)[0] * scale,
    "the pictures are in [-1, 1] already, as the autoencoder needs them: leave them as "
    "they are": lambda x, *rest: to_latents((x + 1) / 2, *rest),
    "the pictures are in [-1, 1] already: 2 x - 1 is for pictures in [0, 1]": (
        lambda x, *rest: to_latents(2 * x - 1, *rest)
    ),
    "the pictures are in [-1, 1] already: dividing by 255 is for bytes": (
        lambda x, *rest: to_latents(x / 255, *rest)
    ),
    "that is the picture again: encode only, without decoding": (
        lambda x, autoencoder, scale: autoencoder(x)[0]
    ),
    "that is the picture again, scaled: encode only, without decoding": (
        lambda x, autoencoder, scale: autoencoder(x)[0] * scale
    ),
    "the latent is decoded again: encode only": (
        lambda x, coder, scale: coder.decode(to_latents(x, coder, scale))
    ),
}  # fmt: skip


# A whole drawing ----------------------------------------------------------------


class Now(NamedTuple):
    """Everything that is known at one step."""

    z_t: Tensor
    z_0_hat: Tensor
    eps_hat: Tensor
    t: int
    t_next: int
    z_T: Tensor
    schedule: NoiseSchedule
    coder: Autoencoder
    scale: float

    def mixed(self, z_0_hat=None, eps_hat=None, t=None, a=None, b=None, to=1.0):
        """The right step, except for what is given; `to` is a power of both factors."""
        z_0_hat = self.z_0_hat if z_0_hat is None else z_0_hat
        eps_hat = self.eps_hat if eps_hat is None else eps_hat
        t = self.t_next if t is None else t
        a = self.schedule.a_table[t] ** to if a is None else a
        b = self.schedule.b_table[t] ** to if b is None else b
        return a * z_0_hat + b * eps_hat

    def again(self, z: Tensor, bounds: float = 1.0) -> Tensor:
        """A latent sent through the decoder and the encoder."""
        picture = self.coder.decode(z / self.scale).clamp(-bounds, bounds)
        return to_latents(picture, self.coder, self.scale)


def decoded(z: Tensor, coder: Autoencoder, scale: float) -> Tensor:
    """The right end of a walk: undo the scale, decode, clamp."""
    return coder.decode(z / scale).clamp(-1, 1)


def walked(step=Now.mixed, end=decoded, begin=None, some=slice(None)) -> Callable:
    """The right walk, with each step or an end changed, or with steps left out."""

    @torch.no_grad()
    def mistaken(predict, z_T, steps, schedule, autoencoder, scale):
        z_t = begin(z_T, scale) if begin else z_T
        pairs = list(zip(steps[:-1], steps[1:], strict=True))
        for t, t_next in pairs[some]:
            guesses = predict(z_t, torch.full((len(z_t),), t))
            z_t = step(Now(z_t, *guesses, t, t_next, z_T, schedule, autoencoder, scale))
        return end(z_t, autoencoder, scale)

    return mistaken


def one_jump(predict, z_T, steps, schedule, autoencoder, scale):
    """The first guess is decoded, and nothing is walked."""
    z_0_hat, _ = predict(z_T, torch.full((len(z_T),), steps[0]))
    return decoded(z_0_hat, autoencoder, scale)


def never_moved(predict, z_T, steps, schedule, autoencoder, scale):
    """Each step begins again with z_T, so only the last one counts."""
    z_0_hat, _ = predict(z_T, torch.full((len(z_T),), steps[-2]))
    return decoded(z_0_hat, autoencoder, scale)


ON_A_WALK = {
    "it decodes each guess and encodes it again: that loses a little at every step, "
    "and costs more than the steps. Stay in latents until the end": (
        walked(lambda now: now.mixed(now.again(now.z_0_hat)))
    ),
    "it decodes each guess and encodes it again, even without a clamp: that loses a "
    "little at every step, and costs more than the steps. Stay in latents until the "
    "end": (
        walked(lambda now: now.mixed(now.again(now.z_0_hat, math.inf)))
    ),
    "it decodes at each step and encodes again: the noise that is still in z_t does "
    "not survive that. Stay in latents until the end": (
        walked(lambda now: now.again(now.mixed()))
    ),
    "it decodes and encodes again between the steps: the noise that is still in z_t "
    "does not survive that. Stay in latents until the end": (
        walked(lambda now: now.again(now.mixed()) if now.t_next else now.mixed())
    ),
    "the guess is clamped to [-1, 1]: those are the bounds of pixels, but a latent has "
    "none": walked(lambda now: now.mixed(now.z_0_hat.clamp(-1, 1))),
    # As the library does it in pixels: the noise is worked out again from the clamped
    # guess. So there are two ways to clamp, each with its own sentence.
    "the guess is clamped as it was for pixels, but a latent has no such bounds: use "
    "z_0_hat and eps_hat as they are": walked(
        lambda now: now.mixed(
            z := now.z_0_hat.clamp(-1, 1),
            eps_from_x_0(z, now.z_t, torch.full((len(z),), now.t), now.schedule),
        )
    ),
    "z_t is clamped to [-1, 1] at each step: those are the bounds of pixels, but a "
    "latent has none": walked(lambda now: now.mixed().clamp(-1, 1)),
    "it mixes for step t, so the noise never shrinks: the result belongs to t_next": (
        walked(lambda now: now.mixed(t=now.t))
    ),
    "a_table and b_table are swapped (or z_0_hat and eps_hat): a goes with the clean "
    "latent, b with the noise": (
        walked(lambda now: now.mixed(now.eps_hat, now.z_0_hat))
    ),
    "there are roots too many: a_table and b_table are the factors themselves": (
        walked(lambda now: now.mixed(to=0.5))
    ),
    "there are squares too many: a_table and b_table are the factors themselves": (
        walked(lambda now: now.mixed(to=2))
    ),
    "b_table is squared, but a_table is not: both are the factors themselves": (
        walked(lambda now: now.mixed(b=now.schedule.b_table[now.t_next] ** 2))
    ),
    "a_table is squared, but b_table is not: both are the factors themselves": (
        walked(lambda now: now.mixed(a=now.schedule.a_table[now.t_next] ** 2))
    ),
    "it mixes for t - 1: the next step is the next number of `way`": (
        walked(lambda now: now.mixed(t=now.t - 1))
    ),
    "the guess of the noise is not mixed in: b_table[t_next] * eps_hat is missing": (
        walked(lambda now: now.mixed(b=0))
    ),
    "it asks `predict` once and decodes that guess, which is a blur: walk down all the "
    "steps of `way`": one_jump,
    "old noise is taken off and less is put on, but then z_0_hat keeps its old factor: "
    "mix both guesses anew, with a_table[t_next] and b_table[t_next]": (
        walked(lambda now: now.mixed(a=now.schedule.a_table[now.t]))
    ),
    "the factors are those of t_next - 1: the tables begin at step 0, so step t_next "
    "stands at [t_next]": walked(lambda now: now.mixed(t=now.t_next - 1)),
    "z_t becomes the whole guess at once: mix it with the guess of the noise, in the "
    "proportions of t_next": walked(lambda now: now.z_0_hat),
    "the guess of the clean latent is not mixed in: a_table[t_next] * z_0_hat is "
    "missing": walked(lambda now: now.mixed(a=0)),
    "z_0_hat lacks its factor, a_table[t_next]": (
        walked(lambda now: now.mixed(a=1))
    ),
    "eps_hat lacks its factor, b_table[t_next]": (
        walked(lambda now: now.mixed(b=1))
    ),
    "the initial noise, z_T, is mixed in: use the guess of the noise, eps_hat": (
        walked(lambda now: now.mixed(eps_hat=now.z_T))
    ),
    "z_t itself is mixed in as the noise: use the guess of the noise, eps_hat": (
        walked(lambda now: now.mixed(eps_hat=now.z_t))
    ),
    "z_t itself is mixed in as the clean latent: use the guess, z_0_hat": (
        walked(lambda now: now.mixed(now.z_t))
    ),
    "the mix is added to z_t: it should replace z_t": (
        walked(lambda now: now.z_t + now.mixed())
    ),
    "the noise is subtracted: add both guesses, each with its factor": (
        walked(lambda now: now.mixed(eps_hat=-now.eps_hat))
    ),
    "each step begins with z_T again: the mix must become the next z_t": never_moved,
    "it stops after one step: the `return` is inside the loop": (
        walked(some=slice(1))
    ),
    "the first step is missing: begin with way[0], which is T": (
        walked(some=slice(1, None))
    ),
    "the last step is missing, the one that ends at t = 0": (
        walked(some=slice(-1))
    ),
    "the latent is clamped before it is decoded: decode first, since the bounds are "
    "those of pictures": walked(
        end=lambda z, coder, scale: decoded(z.clamp(-1, 1), coder, scale)
    ),
    "the latent is clamped, not the picture: decode first": walked(
        end=lambda z, coder, scale: coder.decode((z / scale).clamp(-1, 1))
    ),
    "the scale is not undone: the decoder needs latents as its encoder makes them, so "
    "divide by the scale first": (
        walked(end=lambda z, coder, scale: decoded(z, coder, 1))
    ),
    "it multiplies by the scale a second time: the way back divides": (
        walked(end=lambda z, coder, scale: decoded(z, coder, 1 / scale))
    ),
    "the scale is undone twice: divide once, before decoding": (
        walked(end=lambda z, coder, scale: decoded(z, coder, scale**2))
    ),
    "the scale is undone after decoding: it belongs to the latent, not the picture": (
        walked(end=lambda z, coder, scale: (coder.decode(z) / scale).clamp(-1, 1))
    ),
    "the scale is undone at each step: the network knows scaled latents, so undo it "
    "once, at the end": walked(
        lambda now: now.mixed() / now.scale, lambda z, coder, _: decoded(z, coder, 1)
    ),
    "the initial noise is scaled: z_T is already as it should be, N(0, 1)": (
        walked(begin=lambda z, scale: z * scale)
    ),
    "the initial noise is divided by the scale: divide only before decoding": (
        walked(begin=lambda z, scale: z / scale)
    ),
    "the initial noise is divided by the scale: divide the latent instead, at the "
    "end": (
        walked(Now.mixed, lambda z, coder, _: decoded(z, coder, 1),
               lambda z, scale: z / scale)
    ),
    "the picture is not clamped: do so at the very end, to [-1, 1]": (
        walked(end=lambda z, coder, scale: coder.decode(z / scale))
    ),
    "the picture is clamped to [0, 1]: pictures are in [-1, 1] here": (
        walked(end=lambda z, coder, scale: coder.decode(z / scale).clamp(0, 1))
    ),
    "the picture is moved to [0, 1]: pictures stay in [-1, 1] here": (
        walked(end=lambda z, coder, scale: (decoded(z, coder, scale) + 1) / 2)
    ),
    "tanh bends all colours: .clamp(-1, 1) only cuts off what is beyond": (
        walked(end=lambda z, coder, scale: coder.decode(z / scale).tanh())
    ),
    "that is the latent: decode it at the end": walked(end=lambda z, *_: z),
    "that is the latent with its scale undone: now decode it": (
        walked(end=lambda z, coder, scale: z / scale)
    ),
    "that is the latent, clamped: undo the scale and decode it first": (
        walked(end=lambda z, coder, scale: z.clamp(-1, 1))
    ),
}  # fmt: skip
