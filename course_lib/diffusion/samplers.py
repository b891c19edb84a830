"""Samplers: from noise to a picture, in few or many steps.

A sampler calls one function, predict(x_t, t) -> (x_0_hat, eps_hat), and is a generator:
n steps yield n + 1 `Step(t, x_t, x_0_hat)`, and the last is `Step(0, x_0, x_0)`. It
begins at T, or at the step `start`; x_T must then be as noisy as that step (lesson 07).

Every update has the same core: take the guess of the clean picture and the guess of the
noise, and mix them again in the proportions of the next, less noisy step.
"""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.chance import generator_for
from course_lib.diffusion.objective import Predict
from course_lib.diffusion.schedule import NoiseSchedule


@dataclass(frozen=True)
class Step:
    """The state of a sampler: step, noisy picture, guess of the clean picture."""

    t: int
    x_t: Tensor  # (B, C, H, W)
    x_0_hat: Tensor  # (B, C, H, W)


class PictureNoise:
    """N(0, 1) noise with one random stream per picture, drawn on the CPU.

    Picture i of seed s gets the same noise in any batch and on any device. Each call
    draws the next noise of every stream.

    >>> alone = PictureNoise(seed=0, indices=[7])((3, 8, 8))
    >>> together = PictureNoise(seed=0, indices=[5, 6, 7])((3, 8, 8))
    >>> bool((alone[0] == together[2]).all())
    True
    """

    def __init__(self, seed: int, indices: list[int] | range, device="cpu"):
        # A GPU draws other numbers from the same seed than a CPU, and with one
        # generator for all, picture 7 would depend on how many come before it.
        self.generators = [generator_for(seed, index) for index in indices]
        self.device = device

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        """The next noise of each picture, (B, *shape) float32 on the device."""
        # One by one and then stacked: slower than one call, but a picture costs dozens
        # of network calls anyway.
        kind = dict(dtype=torch.float32, device="cpu")  # whatever torch's defaults are
        noise = [torch.randn(shape, generator=g, **kind) for g in self.generators]
        return torch.stack(noise).to(self.device)


def choose_steps(T: int, steps: int, start: int | None = None) -> list[int]:
    """Evenly spaced whole steps from T (or `start`) down to 0: steps + 1 of them.

    >>> choose_steps(T=1000, steps=4)
    [1000, 750, 500, 250, 0]
    >>> choose_steps(T=1000, steps=4, start=500)
    [500, 375, 250, 125, 0]

    Raises:
        ValueError: a start outside of 1..T, or more steps than there are below it
    """
    start, steps = T if start is None else start, operator.index(steps)
    if not 1 <= start <= T:
        raise ValueError(f"The start must lie in 1..{T}; got {start}.")
    if not 1 <= steps <= start:
        raise ValueError(f"The number of steps must lie in 1..{start}; got {steps}.")
    # Libraries that count from 0 to T - 1 must choose where to begin. Ours has an entry
    # for the clean picture and begins at T itself (Lin et al. 2023 call it "trailing").
    evenly = torch.linspace(start, 0, steps + 1, dtype=torch.float64, device="cpu")
    return evenly.round().long().tolist()


def walk(
    predict: Predict, x_T: Tensor, steps: list[int], update: Callable
) -> Iterator[Step]:
    """The loop that all samplers share: at each step guess, yield, update.

    Args:
        x_T: (B, C, H, W), as noisy as the first step
        steps: from the noisiest to 0, as `choose_steps` returns them
        update: (t, t_next, x_t, x_0_hat, eps_hat) to x_next
    """
    # A generator: the caller decides what to look at and when to stop.
    x_t = x_T
    for t, t_next in zip(steps[:-1], steps[1:], strict=True):
        x_0_hat, eps_hat = predict(x_t, torch.full((len(x_t),), t, device=x_t.device))
        # Before the update: x_0_hat is the guess at this noise level, the ghost of
        # lesson 06.
        yield Step(t, x_t, x_0_hat)
        x_t = update(t, t_next, x_t, x_0_hat, eps_hat)
    # At t = 0 there is nothing left to guess: the picture is its own guess.
    yield Step(0, x_t, x_t)


def table(schedule: NoiseSchedule) -> tuple[list[float], list[float]]:
    """The tables a and b as lists of T + 1 Python floats."""
    # A step is the same for the whole batch. Python computes its coefficients in
    # float64, and no device is involved.
    return schedule.a_table.tolist(), schedule.b_table.tolist()


def mix(x_0: Tensor, eps: Tensor, t: int, schedule: NoiseSchedule) -> Tensor:
    """Mix x_0 and eps, (B, C, H, W), in the proportions of step t, one t for all.

    `add_noise` takes one t per picture; a plain number needs no transfer from a GPU.
    """
    a, b = table(schedule)
    return a[t] * x_0 + b[t] * eps


def std_of_fresh(t: int, t_next: int, eta: float, schedule: NoiseSchedule) -> float:
    """The standard deviation of the fresh noise in x_next.

    Song et al. 2021, equation 16: eta times the standard deviation of DDPM's posterior.
    """
    a, b = table(schedule)
    # With t_next = t - 1 and eta = 1 this is the square root of DDPM's beta_tilde (Ho
    # et al. 2020, equation 7); lesson 06 computes both.
    fresh = a[t_next] ** 2 * b[t] ** 2 - a[t] ** 2 * b[t_next] ** 2  # 0 <= fresh
    return eta * b[t_next] / (a[t_next] * b[t]) * max(fresh, 0.0) ** 0.5


def ddim_step(
    x_0_hat: Tensor,
    eps_hat: Tensor,
    eps_new: Tensor | None,
    t: int,
    t_next: int,
    eta: float,
    schedule: NoiseSchedule,
) -> Tensor:
    """One update of DDIM. Variances add, so fresh noise replaces part of the old noise.

    Args:
        eps_hat, eps_new: the predicted noise, and fresh noise (unused if eta is 0)
    """
    std = std_of_fresh(t, t_next, eta, schedule)
    if std == 0:
        return mix(x_0_hat, eps_hat, t_next, schedule)
    a, b = table(schedule)
    kept = max(b[t_next] ** 2 - std**2, 0.0) ** 0.5  # rounding may take it below 0
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


def ddim_update(
    schedule: NoiseSchedule, eta: float = 0.0, noise: PictureNoise | None = None
) -> Callable:
    """The `update` of DDIM for `walk`; it draws fresh noise only if a step uses it."""

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        is_fresh = std_of_fresh(t, t_next, eta, schedule) > 0
        eps_new = noise(x_t.shape[1:]) if is_fresh else None
        return ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta, schedule)

    return update


# Without randomness, one noise gives one picture. Fresh noise repairs small errors on
# the way. Unguided, DDPM is the best of all with 50 calls and, except for Heun, the
# worst with 4: 39 and 230 above the floor, where DDIM has 71 and 164 (lesson 06).
def ddim(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 50,
    eta: float = 0.0,
    noise: PictureNoise | None = None,
    start: int | None = None,
) -> Iterator[Step]:
    """DDIM (Song et al. 2021, equation 12); eta = 1 is DDPM, eta = 0 is deterministic.

    Args:
        eta: 0..1, how much of the noise put back is fresh instead of `eps_hat`
        noise: the source of fresh noise; needed unless eta is 0
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie in 0..1, 1 is DDPM; got {eta}.")
    if eta > 0 and noise is None:
        raise ValueError(
            f"With eta = {eta} the sampler adds fresh noise: give it `noise`, a "
            "PictureNoise, to draw from."
        )
    way = choose_steps(schedule.T, steps, start)
    return walk(predict, x_T, way, ddim_update(schedule, eta, noise))


def ddpm(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 1000,
    noise: PictureNoise | None = None,
    start: int | None = None,
) -> Iterator[Step]:
    """DDPM's ancestral sampling (Ho et al. 2020, algorithm 2), in T steps or fewer.

    The fresh noise has the posterior's variance (their equation 7).

    Args:
        noise: the source of fresh noise; needed
    """
    return ddim(predict, x_T, schedule, steps, eta=1.0, noise=noise, start=start)


def euler(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 20,
    start: int | None = None,
) -> Iterator[Step]:
    """Euler's method on the straight line: follow the velocity for one step.

    There it equals deterministic DDIM (lesson 06, "One step").

    Raises:
        ValueError: the schedule is not the straight line
    """
    # Only there is v the slope dx/du. On the circle x_t = a x_0 + b eps turns, and a
    # straight step leaves it.
    check_straight(schedule)

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        # dx/du of x = (1 - u) x_0 + u eps; t falls, so du is negative.
        v_hat = eps_hat - x_0_hat
        return x_t + (t_next - t) / schedule.T * v_hat

    return walk(predict, x_T, choose_steps(schedule.T, steps, start), update)


def heun(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 20,
    start: int | None = None,
) -> Iterator[Step]:
    """Heun's method: a trial step, a second look, then a step along the mean velocity.

    Two network calls per step, but one in the last (Karras et al. 2022, algorithm 1).

    Raises:
        ValueError: the schedule is not the straight line
    """
    check_straight(schedule)

    def velocity(x_t, t):
        x_0_hat, eps_hat = predict(x_t, torch.full((len(x_t),), t, device=x_t.device))
        return eps_hat - x_0_hat

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        # Second order: the error of a step shrinks with its cube. 7 calls come as close
        # as 16 of DDIM (lesson 06).
        v_hat, du = eps_hat - x_0_hat, (t_next - t) / schedule.T
        # No network was trained at t = 0; their algorithm 1 also skips the second look
        # of the last step.
        if t_next > 0:
            v_hat = (v_hat + velocity(x_t + du * v_hat, t_next)) / 2
        return x_t + du * v_hat

    return walk(predict, x_T, choose_steps(schedule.T, steps, start), update)


def line_through_guesses(schedule: NoiseSchedule) -> Callable:
    """A function that extrapolates x_0_hat from this and the last step.

    It maps (t, t_next, x_0_hat) to x_0_hat in the middle of the step, and remembers.
    """
    # lambda, half the log of the snr. In lambda the linear part of the equation is
    # solved exactly, and only x_0_hat between two steps remains to be guessed.
    lam = (schedule.a_table / schedule.b_table).log().tolist()  # inf at t = 0
    # Kept here and not in `walk`: only these samplers remember.
    last: list[tuple[int, Tensor]] = []

    def draw_on(t: int, t_next: int, x_0_hat: Tensor) -> Tensor:
        drawn_on = x_0_hat
        if last and t_next > 0:
            t_last, x_0_last = last.pop()
            # The length of this step relative to the last. Half of it reaches the
            # middle of this step. On the straight line lambda is -inf at T, so the
            # ratio is 0 in the second step.
            ratio = (lam[t_next] - lam[t]) / (lam[t] - lam[t_last])
            drawn_on = x_0_hat + ratio / 2 * (x_0_hat - x_0_last)
        last[:] = [(t, x_0_hat)]
        return drawn_on

    return draw_on


def dpm_solver(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 20,
    start: int | None = None,
) -> Iterator[Step]:
    """DPM-Solver++ 2M (Lu et al. 2022, algorithm 2): a second-order multistep method.

    It extrapolates x_0_hat along a line through this step's guess and the last one's,
    in lambda = log(a / b). The last step ends where lambda is infinite, so it uses its
    own guess alone.
    """
    a, b = table(schedule)
    draw_on = line_through_guesses(schedule)

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        drawn_on = draw_on(t, t_next, x_0_hat)
        # Their exp(-h) is keep * a[t] / a[t_next]. This form never divides by a, which
        # may be 0 at T, and the infinite lambda at 0 does not matter.
        keep = b[t_next] / b[t]
        return keep * x_t + (a[t_next] - a[t] * keep) * drawn_on

    return walk(predict, x_T, choose_steps(schedule.T, steps, start), update)


def dpm_solver_sde(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 20,
    noise: PictureNoise | None = None,
    start: int | None = None,
) -> Iterator[Step]:
    """SDE-DPM-Solver++ 2M (Lu et al. 2022, appendix E): `dpm_solver` with fresh noise.

    Each step adds as much fresh noise as DDPM does in many small steps. To the next
    step, an error of this one is just more noise, so it is repaired.

    Args:
        noise: the source of fresh noise; needed
    """
    a, b = table(schedule)
    if noise is None:
        raise ValueError(
            "dpm_solver_sde adds fresh noise: give it `noise`, a PictureNoise, to draw "
            "from."
        )
    draw_on = line_through_guesses(schedule)

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        drawn_on = draw_on(t, t_next, x_0_hat)
        if t_next == 0:
            return drawn_on
        # Their exp(-h): the factor by which this step shrinks b / a. In the first step
        # of the straight line it is 0: nothing is kept but the guess.
        shrunk = (a[t] * b[t_next]) / (b[t] * a[t_next])
        fresh = b[t_next] * (1 - shrunk**2) ** 0.5 * noise(x_t.shape[1:])
        kept = shrunk * b[t_next] / b[t] * x_t
        return kept + a[t_next] * (1 - shrunk**2) * drawn_on + fresh

    return walk(predict, x_T, choose_steps(schedule.T, steps, start), update)


def renoise(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 4,
    noise: PictureNoise | None = None,
    start: int | None = None,
) -> Iterator[Step]:
    """Guess the picture, put fresh noise on it, guess again (Song et al. 2023, alg. 1).

    For consistency models (lesson 16), whose every guess is a whole picture. Nothing of
    the old noise is kept, so no error of it either.

    Args:
        noise: the source of fresh noise; needed
    """
    if noise is None:
        raise ValueError(
            "renoise adds fresh noise: give it `noise`, a PictureNoise, to draw from."
        )

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        if t_next == 0:
            return x_0_hat
        return mix(x_0_hat, noise(x_t.shape[1:]), t_next, schedule)

    return walk(predict, x_T, choose_steps(schedule.T, steps, start), update)


def check_straight(schedule: NoiseSchedule) -> None:
    """Raise ValueError unless the schedule is the straight line."""
    if schedule.name != "straight line":
        raise ValueError(
            f"Euler and Heun need the straight line; this one is {schedule.name!r}. "
            "Use ddim or dpm_solver, which can follow any path."
        )


def last_step(sampler: Iterator[Step]) -> Tensor:
    """Run a sampler to its end and return x_0, (B, C, H, W)."""
    # A loop, not `*_, last = sampler`: that would keep all steps, and a thousand steps
    # of ddpm take 380 MiB for 16 pictures of 32x32.
    for step in sampler:
        last = step
    return last.x_0_hat
