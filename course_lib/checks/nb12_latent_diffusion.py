"""The checks of notebook 12: pictures to latents, and a whole drawing in latents."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.device import plain_torch
from course_lib.diffusion.objective import Predict, eps_from_x_0, predictor
from course_lib.diffusion.samplers import (
    choose_steps,
    ddim_update,
    last_step,
    mix,
    walk,
)
from course_lib.diffusion.schedule import NoiseSchedule, straight_line
from course_lib.networks.autoencoder import Autoencoder, from_latents, to_latents

SCHEDULE = straight_line()
NO_CHANCE = (
    "on this way nothing is left to chance, and nothing is sampled when it is decoded: "
    "what the walk ends with is the latent itself, not the middle of a cloud"
)


# Made before `report` puts defaults aside, so it does that for itself.
@plain_torch()
def tiny_autoencoder() -> Autoencoder:
    """One that has learned nothing, but whose every weight matters."""
    coder = Autoencoder(widths=(8, 8), z_channels=2).requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    for weights in coder.parameters():
        # A new one's blocks do nothing yet (`zeroed`), and would be missed by nobody.
        # So large, mu spreads by 0.2 and logvar by 0.3: both count.
        nn.init.normal_(weights, std=0.15, generator=generator)
    return coder.eval()


# Pictures to latents ------------------------------------------------------------


def check_to_latents(learner_to_latents):
    """The middles of the clouds, multiplied by the scale."""
    coder = tiny_autoencoder()

    def inputs(generator):
        # 8 pictures make 1,024 latents, enough to see a bell in (`is_random_point`).
        pictures = torch.rand(8, 3, 32, 32, generator=generator) * 2 - 1
        return pictures, coder, 0.2 + 0.5 * torch.rand((), generator=generator).item()

    def not_scaled(pictures, autoencoder, scale):
        return autoencoder.encode(pictures)[0]

    def divided(pictures, autoencoder, scale):
        return autoencoder.encode(pictures)[0] / scale

    def logarithm(pictures, autoencoder, scale):
        return autoencoder.encode(pictures)[1] * scale

    def before(pictures, autoencoder, scale):
        return autoencoder.encode(pictures * scale)[0]

    mistakes = {
        "the scale is missing: the noise would cover these numbers sooner or later "
        "than it covers a picture": not_scaled,
        "it divides by the scale: multiply here, and divide on the way back": divided,
        "that is logvar, how wide the clouds are: encode says mu first": logarithm,
        "the picture is scaled, and the latent is meant: the autoencoder knows only "
        "pictures in [-1, 1]": before,
    }

    def check():
        try:
            compare(learner_to_latents, to_latents, inputs, mistakes)
        except NotYetRight:
            # No formula gives a random point, so it is looked at by what it does, and
            # last.
            draws = [inputs(torch.Generator().manual_seed(seed)) for seed in (0, 1)]
            if all(is_random_point(learner_to_latents, *draw) for draw in draws):
                raise NotYetRight(
                    "that is a random point of each cloud: chance helped the decoder "
                    "in training, what is learned from now is the middle, mu"
                ) from None
            raise

    return report(check, learner_to_latents, to_latents)


def is_random_point(
    learner: Callable, pictures: Tensor, autoencoder: Autoencoder, scale: float
) -> bool:
    """Whether the answers lie around mu as the clouds say, and change at each call."""
    mu, logvar = autoencoder.encode(pictures)
    first, second = (ask(learner, pictures, autoencoder, scale) for _ in range(2))
    if not isinstance(first, Tensor) or first.shape != mu.shape:
        return False
    eps = (first / scale - mu) / (logvar / 2).exp()  # if it is one, N(0, 1)
    # For 1,024 numbers both stray by about 0.03: five times that is allowed.
    bell = abs(eps.mean()) < 0.15 and abs(eps.std() - 1) < 0.15
    return bool(bell) and not torch.equal(first, second)


# A whole drawing ----------------------------------------------------------------


@torch.no_grad()
def draw_in_latents(
    predict: Predict,
    z_T: Tensor,
    steps: list[int],
    schedule: NoiseSchedule,
    autoencoder: Autoencoder,
    scale: float,
) -> Tensor:
    """DDIM without chance, all in latents; a picture only at the end."""
    z_0 = last_step(walk(predict, z_T, steps, ddim_update(schedule)))
    return from_latents(z_0, autoencoder, scale).clamp(-1, 1)


def as_asked(predict: Predict) -> Predict:
    """The same, with a sentence for whoever forgets that t is one number a picture."""

    def careful(x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        if not isinstance(t, Tensor) or t.shape != (len(x_t),):
            raise NotYetRight(
                "predict wants one t a picture, torch.full((len(z_t),), t), not a "
                "number for all"
            )
        return predict(x_t, t)

    return careful


def check_draw_in_latents(learner_draw):
    """The walk stays in latents, and one decoding ends it."""
    coder = tiny_autoencoder()

    def inputs(generator):
        numbers = torch.rand(3, generator=generator).tolist()
        pull = torch.randn(2, 1, 1, generator=generator)

        def model(x_t, t, cond):
            # Its guesses go beyond [-1, 1], or clamping them would change nothing and
            # could not be named. It hears t, and each channel by itself.
            return 2 * torch.sin(1.5 * x_t + pull) + (t / 1000).reshape(-1, 1, 1, 1)

        predict = as_asked(predictor(model, SCHEDULE, "v"))
        z_T = torch.randn(2, 2, 6, 6, generator=generator)
        steps = choose_steps(1000, 3 + int(3 * numbers[0]))
        return predict, z_T, steps, SCHEDULE, coder, 0.3 + 0.4 * numbers[1]

    def walked(change=None, at_the_end=None, landing=1):
        """The right walk, with something changed at each step or at the end."""

        def mistaken(predict, z_T, steps, schedule, autoencoder, scale):
            z_t = z_T
            # `landing` says of t and t_next which one to mix for: 1 is right.
            for both in zip(steps[:-1], steps[1:], strict=True):
                t = torch.full((len(z_t),), both[0])
                z_0_hat, eps_hat = predict(z_t, t)
                if change is not None:
                    z_0_hat, eps_hat = change(z_0_hat, eps_hat, z_t, t, scale)
                z_t = mix(z_0_hat, eps_hat, both[landing], schedule)
            # Given at call time, as the scale is: it is one of the inputs.
            end = at_the_end or (lambda z, scale: coder.decode(z / scale).clamp(-1, 1))
            return end(z_t, scale)

        return mistaken

    def to_and_fro(z, scale):
        return coder.encode(coder.decode(z / scale).clamp(-1, 1))[0] * scale

    def guess_to_and_fro(z_0_hat, eps_hat, z_t, t, scale):
        return to_and_fro(z_0_hat, scale), eps_hat

    def clamped(z_0_hat, eps_hat, z_t, t, scale):
        return z_0_hat.clamp(-1, 1), eps_hat

    # The library's own habit in pixels: the noise is read anew from the clamped guess.
    # So there are two ways to clamp, and each has its sentence.
    def clamped_as_in_pixels(z_0_hat, eps_hat, z_t, t, scale):
        z_0_hat = z_0_hat.clamp(-1, 1)
        return z_0_hat, eps_from_x_0(z_0_hat, z_t, t, SCHEDULE)

    def all_to_and_fro(predict, z_T, steps, schedule, autoencoder, scale):
        z_t = z_T
        for t, t_next in zip(steps[:-1], steps[1:], strict=True):
            z_0_hat, eps_hat = predict(z_t, torch.full((len(z_t),), t))
            z_t = to_and_fro(mix(z_0_hat, eps_hat, t_next, schedule), scale)
        return coder.decode(z_t / scale).clamp(-1, 1)

    mistakes = {
        "it decodes each guess and encodes it again: that loses a little at every "
        "step, and costs more than the steps. Stay in latents to the end": (
            walked(guess_to_and_fro)
        ),
        "it decodes at each step and encodes again: the noise that is still in z_t "
        "does not survive that. Stay in latents to the end": all_to_and_fro,
        "the guess is clamped to [-1, 1]: those are the bounds of pixels, and a latent "
        "has none": walked(clamped),
        "the guess is clamped as it was for pixels, and a latent has no such bounds: "
        "use z_0_hat and eps_hat as they are": walked(clamped_as_in_pixels),
        "the latent is clamped before it is decoded: decode first, the bounds are "
        "those of pictures": walked(
            at_the_end=lambda z, scale: coder.decode(z.clamp(-1, 1) / scale).clamp(
                -1, 1
            )
        ),
        "the scale is not undone: the decoder wants latents as its encoder makes them, "
        "so divide by the scale first": walked(
            at_the_end=lambda z, scale: coder.decode(z).clamp(-1, 1)
        ),
        "the scale is multiplied in a second time: the way back divides": walked(
            at_the_end=lambda z, scale: coder.decode(z * scale).clamp(-1, 1)
        ),
        "the scale is undone after decoding: it belongs to the latent, not to the "
        "picture": walked(
            at_the_end=lambda z, scale: (coder.decode(z) / scale).clamp(-1, 1)
        ),
        "the picture is not clamped: now, at the very end, is the time for [-1, 1]": (
            walked(at_the_end=lambda z, scale: coder.decode(z / scale))
        ),
        "it mixes for step t, so the noise never gets less: what comes out belongs to "
        "t_next": walked(landing=0),
    }

    def check():
        compare(learner_draw, draw_in_latents, inputs, mistakes, by_chance=NO_CHANCE)

    return report(check, learner_draw, draw_in_latents)
