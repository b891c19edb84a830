"""The training target: what the network predicts, and how to read its prediction.

A denoiser may be trained to predict the noise, the clean picture, or the velocity:

    eps,    x_0,    v = a_dot * x_0 + b_dot * eps

They are equivalent: with x_t = a * x_0 + b * eps, any one gives the other two. The
velocity needs no division at either end, because a * b_dot - b * a_dot = 1:

    x_0_hat = b_dot * x_t - b * v_hat        eps_hat = -a_dot * x_t + a * v_hat
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_lib.chance import Batch, GetBatch, generator_for
from course_lib.diffusion.schedule import NoiseSchedule, add_noise

TARGETS = ("eps", "x_0", "v")
# Every recipe uses "plain": v on the straight line already weights the error of x_0_hat
# by 1 / b^2. "min_snr" is there to try.
WEIGHTS = ("plain", "min_snr")

# All that samplers and inpainting know of a network: (x_t, t) to (x_0_hat, eps_hat).
# Target, conditioning, guidance and clamping are hidden behind it.
Predict = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def check_target(target: str, schedule: NoiseSchedule) -> None:
    """Raise ValueError for a target that does not exist or cannot be inverted."""
    if target not in TARGETS:
        raise ValueError(f"The target must be one of {TARGETS}; got {target!r}.")
    # x_0_hat = (x_t - b eps_hat) / a divides by 0 if a is 0, at T, just where the
    # sampler begins.
    if target == "eps" and schedule.a_table[-1] == 0:
        raise ValueError(
            f"eps cannot be the target on the {schedule.name}: at t = T nothing of the "
            "picture is left (a_T = 0), so eps says nothing about it. Use 'v'."
        )


def make_target(
    target: str, x_0: Tensor, eps: Tensor, t: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """The regression target for the network, shaped like x_0."""
    # Why three? They differ in what an error does. With the same network, schedule and
    # 800 iterations, v more than halved the error in brightness that eps leaves (lesson
    # 05, "Is it really the target?").
    if target == "eps":
        return eps
    if target == "x_0":
        return x_0
    # On the circle a eps - b x_0 (Salimans & Ho 2022, section 4); on the straight line
    # eps - x_0 (Liu et al. 2022, equation 1, with time reversed).
    return schedule.a_dot(t, like=x_0) * x_0 + schedule.b_dot(t, like=x_0) * eps


def read_output(
    output: Tensor, x_t: Tensor, t: Tensor, schedule: NoiseSchedule, target: str
) -> tuple[Tensor, Tensor]:
    """Turn the network's output into (x_0_hat, eps_hat), both shaped like x_t.

    At t = 0 there is no noise in x_t: for the target x_0, eps_hat is 0 there.
    """
    a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
    if target == "eps":
        # An error in eps_hat becomes b / a times as large in x_0_hat: 157 times at T of
        # the linear schedule. That is why eps pictures drift to a wrong brightness.
        return (x_t - b * output) / a, output
    if target == "x_0":
        return output, eps_from_x_0(output, x_t, t, schedule)
    a_dot, b_dot = schedule.a_dot(t, like=x_t), schedule.b_dot(t, like=x_t)
    # The two lines of notation.md. An error in v_hat reaches x_0_hat multiplied by b,
    # so it never grows.
    return b_dot * x_t - b * output, -a_dot * x_t + a * output


def eps_from_x_0(
    x_0_hat: Tensor, x_t: Tensor, t: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """The noise in x_t if the clean picture was x_0_hat: like x_t; 0 at t = 0."""
    a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
    # Only t = 0 has b = 0, and `where` covers it. Dividing by a would not be safe: on
    # the straight line a is 0 at T.
    return torch.where(b > 0, (x_t - a * x_0_hat) / b.clamp(min=1e-12), 0.0)


def predictor(
    model: Callable,
    schedule: NoiseSchedule,
    target: str,
    cond: Tensor | None = None,
    clamp_x_0: bool = False,
) -> Predict:
    """The function that samplers call: predict(x_t, t) -> (x_0_hat, eps_hat).

    Everything but t is (B, C, H, W); t is (B,) int64.

    Args:
        model: a denoiser, `model(x_t, t, cond)`
        target: what the model was trained to predict
        cond: the condition for the denoiser, the same at every step
        clamp_x_0: clamp x_0_hat to [-1, 1], the range of pictures, and recompute
            eps_hat

    Gradients flow only to an x_t that requires them (`editing.pulled`).
    """
    check_target(target, schedule)

    def predict(x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        # Drawing needs no gradient, and without one torch keeps no activations.
        # Inpainting does need it, and marks x_t accordingly.
        with torch.set_grad_enabled(x_t.requires_grad):
            out = model(x_t, t, cond)
            x_0_hat, eps_hat = read_output(out, x_t, t, schedule, target)
            # Both guesses must still add up to x_t: a clamped picture with the old
            # noise would drift off the path, a little at every step.
            if clamp_x_0:
                x_0_hat = x_0_hat.clamp(-1, 1)
                eps_hat = eps_from_x_0(x_0_hat, x_t, t, schedule)
            return x_0_hat, eps_hat

    return predict


def loss_weight(
    kind: str, t: Tensor, schedule: NoiseSchedule, target: str, gamma: float = 5.0
) -> Tensor:
    """The weight of each picture's squared error, (B,), for t in 1..T.

    "plain" is 1. "min_snr" weights the squared error of x_0_hat by min(snr, gamma)
    (Hang et al. 2023, section 3.4), converted to the given target.
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
    # Convert a squared error of the output into one of x_0_hat. An error of v_hat moves
    # x_0_hat by b times as much, one of eps_hat by b / a, whose square is 1 / snr. This
    # holds on every path.
    per_x_0_error = {"x_0": torch.ones_like(b), "v": b**2, "eps": 1 / snr}[target]
    return snr.clamp(max=gamma) * per_x_0_error


def make_denoising_loss(
    schedule: NoiseSchedule, target: str, weight: str = "plain"
) -> Callable[[nn.Module, Batch], Tensor]:
    """The loss for the Trainer: weighted mean squared error of the network's output.

    The batch contains all randomness, so the same batch gives the same loss: `x_0`
    (B, C, H, W), `t` (B,), `eps` like x_0, and `cond` (B,) if there are labels.
    """
    check_target(target, schedule)

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        x_0, t, eps = batch["x_0"], batch["t"], batch["eps"]
        # One t per picture: over many batches this estimates the mean over all steps
        # (Ho et al. 2020, algorithm 1 and equation 14).
        x_t = add_noise(x_0, t, eps, schedule)
        output = model(x_t, t, batch.get("cond"))
        # The mean over each picture first: the weight is one number per picture.
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
    """Add t and eps to each batch, and drop some of its labels.

    The random numbers depend on (seed, iteration) alone, so a training that was killed
    resumes with exactly the batches it would have seen.

    Args:
        drop: the share of labels replaced by 0, "nothing told", for guidance later
        noisier: None draws t uniformly from 1..T; a number m draws u = t / T from a
            logit-normal with location m (Esser et al. 2024, section 3.1)
        even: with a number m, the share of t that is drawn uniformly nevertheless
    """

    def get_noisy_batch(iteration: int) -> Batch:
        # A copy: `get_batch` may return the same dict again.
        batch = dict(get_batch(iteration))
        generator = generator_for(seed, iteration)
        x_0 = batch["x_0"]
        batch |= draw_noise(x_0, schedule.T, generator, noisier, even)
        if "cond" in batch and drop > 0:
            # Drawn last, so t and eps are the same with drop = 0 or without labels. Ho
            # & Salimans (2022, algorithm 1) drop 10 to 20 %.
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
    """Draw `t` (B,) int64 in 1..T and `eps` like x_0, for one iteration."""
    # t first: both come from the same generator, and the other order would give every
    # seed other pictures.
    t = draw_steps(len(x_0), T, generator, noisier, even)
    return {"t": t, "eps": torch.randn(x_0.shape, generator=generator)}


def draw_steps(
    n: int,
    T: int,
    generator: torch.Generator,
    noisier: float | None = None,
    even: float = 0.0,
) -> Tensor:
    """Draw n training steps from 1..T, (n,) int64: uniform or around `noisier`."""
    if noisier is None:
        # randint excludes T + 1. T is needed: sampling starts there.
        return torch.randint(1, T + 1, (n,), generator=generator)
    # Esser et al. found that most is learned in the middle of the path; `noisier` moves
    # that middle.
    u = torch.sigmoid(noisier + torch.randn(n, generator=generator))
    if even > 0:  # a bell curve around the middle hardly ever draws the ends
        evenly = torch.rand(n, generator=generator) < even
        u = torch.where(evenly, torch.rand(n, generator=generator), u)
    # Rounded up, so 0, where nothing is hidden, never occurs. The ends hardly do: with
    # m = 0, 1.4 % lie above t = 900 and not one of 10,000 above 990 (lesson 06, "A
    # guess is a mean"); with m = 0.8 it is 8 % and one.
    return (u * T).ceil().long().clamp(1, T)
