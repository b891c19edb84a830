"""What the network is asked for, and how its answer is read.

A denoiser may be trained to say the noise, the clean picture, or the velocity:

    eps,    x_0,    v = a_dot * x_0 + b_dot * eps

Each says the same thing: with x_t = a * x_0 + b * eps, any one gives the other two. For
the velocity no division is needed at either end, because a * b_dot - b * a_dot = 1:

    x_0_hat = b_dot * x_t - b * v_hat        eps_hat = -a_dot * x_t + a * v_hat
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_lib.chance import Batch, GetBatch, generator_for
from course_lib.diffusion.schedule import NoiseSchedule, add_noise

TARGETS = ("eps", "x_0", "v")
# "plain" is what every recipe here uses: v on the straight line already weighs the
# error of x_0_hat by 1 / b^2. "min_snr" is there to be tried.
WEIGHTS = ("plain", "min_snr")

# All that a sampler, a hole or guidance knows of a network: (x_t, t) to (x_0_hat,
# eps_hat). Target, conditioning and clamping are behind it.
Predict = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def check_target(target: str, schedule: NoiseSchedule) -> None:
    """Raise a sentence for a target that does not exist or that cannot be inverted."""
    if target not in TARGETS:
        raise ValueError(f"The target must be one of {TARGETS}; got {target!r}.")
    # x_0_hat = (x_t - b eps_hat) / a: where a is 0 there is nothing to divide by, and
    # the sampler begins just there.
    if target == "eps" and schedule.a_table[-1] == 0:
        raise ValueError(
            f"eps cannot be the target on the {schedule.name}: at t = T nothing of the "
            "picture is left (a_T = 0): the noise does not tell the picture. Use 'v'."
        )


def make_target(
    target: str, x_0: Tensor, eps: Tensor, t: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """The right answer for a network of this target, shaped like x_0."""
    # Why three? They differ in what a mistake does. In 800 iterations of one network on
    # one schedule, v more than halved the error in brightness that eps leaves (lesson
    # 05, "Is it really the target?").
    if target == "eps":
        return eps
    if target == "x_0":
        return x_0
    # On the circle a eps - b x_0 (Salimans & Ho 2022, section 4), on the straight line
    # eps - x_0 (Liu et al. 2022, equation 1, with the time turned round).
    return schedule.a_dot(t, like=x_0) * x_0 + schedule.b_dot(t, like=x_0) * eps


def read_output(
    output: Tensor, x_t: Tensor, t: Tensor, schedule: NoiseSchedule, target: str
) -> tuple[Tensor, Tensor]:
    """Turn what the network said into (x_0_hat, eps_hat), both shaped like x_t.

    At t = 0 there is no noise to find in x_t: for the target x_0, eps_hat is 0 there.
    """
    a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
    if target == "eps":
        # An error in eps_hat comes out b / a times as large in x_0_hat: 157 times at T
        # of the linear schedule. This is what makes eps pictures drift to a wrong
        # brightness.
        return (x_t - b * output) / a, output
    if target == "x_0":
        return output, eps_from_x_0(output, x_t, t, schedule)
    a_dot, b_dot = schedule.a_dot(t, like=x_t), schedule.b_dot(t, like=x_t)
    # The two lines of notation.md: an error in v_hat reaches x_0_hat times b, so it is
    # never made larger.
    return b_dot * x_t - b * output, -a_dot * x_t + a * output


def eps_from_x_0(
    x_0_hat: Tensor, x_t: Tensor, t: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """The noise that must have been mixed in if the clean picture was x_0_hat."""
    a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
    # Dividing by b is safe (only t = 0 has b = 0); dividing by a would not be: at T it
    # is 0 on the straight line.
    return torch.where(b > 0, (x_t - a * x_0_hat) / b.clamp(min=1e-12), 0.0)


def predictor(
    model: Callable,
    schedule: NoiseSchedule,
    target: str,
    cond: Tensor | None = None,
    clamp_x_0: bool = False,
) -> Predict:
    """The one function that a sampler sees: predict(x_t, t) -> (x_0_hat, eps_hat).

    Everything but t is (B, C, H, W); t is (B,) int64.

    Args:
        model: a denoiser, `model(x_t, t, cond)`
        target: what the model was trained to say
        cond: what the denoiser is told, the same at every step
        clamp_x_0: keep x_0_hat in [-1, 1], as pictures are, and derive eps_hat again

    Gradients flow only to an x_t that requires them (`editing.pulled`).
    """
    check_target(target, schedule)

    def predict(x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        # Nobody who draws wants a gradient, and without one torch keeps nothing for the
        # way back. Filling a hole does want it, and says so by x_t itself.
        with torch.set_grad_enabled(x_t.requires_grad):
            out = model(x_t, t, cond)
            x_0_hat, eps_hat = read_output(out, x_t, t, schedule, target)
            # Both guesses must go on telling the same x_t: a clamped picture with the
            # old noise would drift off the path, a little at every step.
            if clamp_x_0:
                x_0_hat = x_0_hat.clamp(-1, 1)
                eps_hat = eps_from_x_0(x_0_hat, x_t, t, schedule)
            return x_0_hat, eps_hat

    return predict


def loss_weight(
    kind: str, t: Tensor, schedule: NoiseSchedule, target: str, gamma: float = 5.0
) -> Tensor:
    """How much the squared error of each picture counts, (B,), for t in 1..T.

    "plain" is 1. "min_snr" counts an error of x_0_hat min(snr, gamma) times (Hang et
    al. 2023, section 3.4), written for the target in hand.
    """
    if kind not in WEIGHTS:
        raise ValueError(f"The loss weight must be one of {WEIGHTS}; got {kind!r}.")
    # snr is infinite at t = 0.
    if int(t.min()) < 1:
        raise ValueError(
            f"A loss exists for t = 1..{schedule.T}: at 0 nothing is hidden."
        )
    if kind == "plain":
        return torch.ones(len(t), device=t.device)
    snr, b = schedule.snr(t), schedule.b(t)
    # A squared error of the answer in squared errors of x_0_hat: x_0_hat is off by b
    # times an error of v_hat and by b / a times one of eps_hat, and the square of that
    # is the inverse of snr. It holds on every path.
    per_x_0_error = {"x_0": torch.ones_like(b), "v": b**2, "eps": 1 / snr}[target]
    return snr.clamp(max=gamma) * per_x_0_error


def make_denoising_loss(
    schedule: NoiseSchedule, target: str, weight: str = "plain"
) -> Callable[[nn.Module, Batch], Tensor]:
    """The loss that the trainer sees: squared error between the target and the guess.

    The batch brings everything that is random, so the same batch gives the same loss:
    `x_0` (B, C, H, W), `t` (B,), `eps` like x_0, and `cond` (B,) if there are labels.
    """
    check_target(target, schedule)

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        x_0, t, eps = batch["x_0"], batch["t"], batch["eps"]
        # One noisy look a picture, at a step of its own: the mean over many batches is
        # the sum over all steps (Ho et al. 2020, algorithm 1 and equation 14).
        x_t = add_noise(x_0, t, eps, schedule)
        output = model(x_t, t, batch.get("cond"))
        # A mean over a picture first, then over the batch: the weight of a step is one
        # number a picture.
        error = output - make_target(target, x_0, eps, t, schedule)
        per_picture = error.square().flatten(1).mean(1)  # (B,)
        return (loss_weight(weight, t, schedule, target) * per_picture).mean()

    return loss_fn


def with_noise(
    get_batch: GetBatch,
    schedule: NoiseSchedule,
    seed: int = 0,
    drop: float = 0.1,
    noisier: float | None = None,
    even: float = 0.0,
) -> GetBatch:
    """Add what a denoiser trains on to each batch: t, eps, and labels dropped at times.

    The random numbers depend on (seed, iteration) alone, so a training that was killed
    carries on with exactly the batches it would have seen.

    Args:
        drop: the share of labels replaced by 0, "nothing told", for guidance later
        noisier: None draws t evenly from 1..T; a number m draws u = t / T from a
            logit-normal around m (Esser et al. 2024, section 3.1)
        even: with a number m, the share of t that is drawn evenly all the same
    """

    def get_noisy_batch(iteration: int) -> Batch:
        # A copy: whoever handed the batch out may hand out the same dict again.
        batch = dict(get_batch(iteration))
        generator = generator_for(seed, iteration)
        x_0 = batch["x_0"]
        batch |= draw_noise(x_0, schedule.T, generator, noisier, even)
        if "cond" in batch and drop > 0:
            # Drawn last: with drop = 0 or without labels t and eps stay what they were.
            # Ho & Salimans (2022, algorithm 1) drop 10 to 20 %.
            dropped = torch.rand(len(x_0), generator=generator) < drop
            batch["cond"] = batch["cond"].masked_fill(dropped, 0)
        return batch

    return get_noisy_batch


def draw_noise(
    x_0: Tensor,
    T: int,
    generator: torch.Generator,
    noisier: float | None = None,
    even: float = 0.0,
) -> Batch:
    """`t` (B,) and `eps` like x_0, for one iteration; t is drawn first."""
    # From the same generator, one after the other: who exchanges the two lines gets
    # other pictures from every seed.
    t = draw_steps(len(x_0), T, generator, noisier, even)
    return {"t": t, "eps": torch.randn(x_0.shape, generator=generator)}


def draw_steps(
    n: int,
    T: int,
    generator: torch.Generator,
    noisier: float | None = None,
    even: float = 0.0,
) -> Tensor:
    """n training steps from 1..T, (n,) int64: even or around `noisier`."""
    if noisier is None:
        # T + 1 is left out by randint, and T is wanted: drawing begins there.
        return torch.randint(1, T + 1, (n,), generator=generator)
    # Esser et al. found most to be learned in the middle of the path; `noisier` moves
    # that middle.
    u = torch.sigmoid(noisier + torch.randn(n, generator=generator))
    if even > 0:  # a bell curve around the middle hardly ever draws the ends
        evenly = torch.rand(n, generator=generator) < even
        u = torch.where(evenly, torch.rand(n, generator=generator), u)
    # Upwards, so that 1..T are hit and never 0, where nothing is hidden. The ends are
    # nearly never drawn: around 0 above t = 900 come 1.4 % and above 990 not one of
    # 10,000 (lesson 06, "A guess is a mean"); around 0.8 it is 8 % and one.
    return (u * T).ceil().long().clamp(1, T)
