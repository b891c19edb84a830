"""Samplers: from noise to a picture, in few or many steps.

A sampler sees one function, predict(x_t, t) -> (x_0_hat, eps_hat), and is a generator:
n steps yield n + 1 `Step(t, x_t, x_0_hat)`, and the last is `Step(0, x_0, x_0)`. It
begins at T, or at the step `start`, whose noise x_T then holds (lesson 07).

Every update here has the same heart: take the guess of the clean picture and the guess
of the noise, and mix them again in the proportions of the next, less noisy step.
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
    """Where a sampler stands: step, noisy picture, guess of the clean one."""

    t: int
    x_t: Tensor  # (B, C, H, W)
    x_0_hat: Tensor  # (B, C, H, W)


class PictureNoise:
    """N(0, 1) noise with one stream a picture, drawn on the CPU.

    Picture i of seed s gets the same noise whatever the batch it is in and whatever the
    device. Each call draws the next noise of every stream.

    >>> alone = PictureNoise(seed=0, indices=[7])((3, 8, 8))
    >>> together = PictureNoise(seed=0, indices=[5, 6, 7])((3, 8, 8))
    >>> bool((alone[0] == together[2]).all())
    True
    """

    def __init__(self, seed: int, indices: list[int] | range, device="cpu"):
        # On a GPU the same seed draws other numbers than on a CPU, and one generator
        # for all would let picture 7 depend on how many stand before it.
        self.generators = [generator_for(seed, index) for index in indices]
        self.device = device

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        """(B, *shape): the next noise of each picture."""
        # Drawn one by one, (C, H, W) each, and only then stacked: slower than one call,
        # and a picture costs dozens of network calls besides.
        kind = dict(dtype=torch.float32, device="cpu")  # whatever torch's defaults are
        noise = [torch.randn(shape, generator=g, **kind) for g in self.generators]
        return torch.stack(noise).to(self.device)


def choose_steps(T: int, steps: int, start: int | None = None) -> list[int]:
    """Whole steps from T (or from `start`) down to 0, evenly spread: steps + 1 of them.

    >>> choose_steps(T=1000, steps=4)
    [1000, 750, 500, 250, 0]
    >>> choose_steps(T=1000, steps=4, start=500)
    [500, 375, 250, 125, 0]

    Raises:
        ValueError: a start outside of 1..T, or more steps than there are below it
    """
    start, steps = T if start is None else start, operator.index(steps)
    if not 1 <= start <= T:
        raise ValueError(f"A way to a picture starts at 1..{T}; got {start}.")
    if not 1 <= steps <= start:
        raise ValueError(f"The number of steps must lie in 1..{start}; got {steps}.")
    # Evenly in t, down to 0. Libraries that count from 0 to T - 1 must choose where to
    # begin; ours has an entry for the clean picture and begins at T itself ("trailing",
    # in the words of Lin et al. 2023).
    evenly = torch.linspace(start, 0, steps + 1, dtype=torch.float64, device="cpu")
    return evenly.round().long().tolist()


def walk(
    predict: Predict, x_T: Tensor, steps: list[int], update: Callable
) -> Iterator[Step]:
    """Walk down the steps: guess, yield, update; the skeleton of all samplers here.

    Args:
        x_T: (B, C, H, W), as noisy as the first of the steps
        steps: from the noisiest to 0, as `choose_steps` gives them
        update: (t, t_next, x_t, x_0_hat, eps_hat) to x_next
    """
    # A generator, so that the caller decides what to look at, and stops when it likes.
    x_t = x_T
    for t, t_next in zip(steps[:-1], steps[1:], strict=True):
        x_0_hat, eps_hat = predict(x_t, torch.full((len(x_t),), t, device=x_t.device))
        # Before the update: what is shown is the guess at this noise, the ghost of
        # lesson 06.
        yield Step(t, x_t, x_0_hat)
        x_t = update(t, t_next, x_t, x_0_hat, eps_hat)
    # At t = 0 nothing is left to guess: the picture is its own guess.
    yield Step(0, x_t, x_t)


def table(schedule: NoiseSchedule) -> tuple[list[float], list[float]]:
    """The tables a and b as plain numbers: a step is exact that way."""
    # Tensors would drag their device and their float32 along; steps are the same for a
    # whole batch, and Python computes them in float64.
    return schedule.a_table.tolist(), schedule.b_table.tolist()


def mix(x_0: Tensor, eps: Tensor, t: int, schedule: NoiseSchedule) -> Tensor:
    """Picture and noise in the proportions of step t, the same t for all.

    `add_noise` does it for a t a picture; one plain number needs no look at the device.
    """
    a, b = table(schedule)
    return a[t] * x_0 + b[t] * eps


def std_of_fresh(t: int, t_next: int, eta: float, schedule: NoiseSchedule) -> float:
    """How much of the noise at t_next is fresh, as a standard deviation.

    Song et al. 2021, equation 16: eta times what DDPM's posterior has.
    """
    a, b = table(schedule)
    # With t_next = t - 1 and eta = 1 this is the root of DDPM's beta_tilde (Ho et al.
    # 2020, equation 7); lesson 06 has both numbers.
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
    """One update of DDIM: variances add, so what is fresh takes from what is kept.

    Args:
        eps_hat, eps_new: the predicted noise, and fresh noise, if any of it is fresh
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
    """What makes a `walk` one of DDIM; fresh noise is drawn only where it is used."""

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        is_fresh = std_of_fresh(t, t_next, eta, schedule) > 0
        eps_new = noise(x_t.shape[1:]) if is_fresh else None
        return ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta, schedule)

    return update


# Without chance, one noise is one picture; with fresh noise small mistakes are repaired
# on the way. Unguided, DDPM is the best of all with 50 calls and, but for Heun, the
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
    """DDIM (Song et al. 2021, equation 12); eta = 1 is DDPM, eta = 0 has no chance.

    Args:
        eta: how much of the noise put back is fresh (`noise`) instead of `eps_hat`
        noise: where fresh noise comes from; needed unless eta is 0
    """
    if not 0 <= eta <= 1:
        raise ValueError(f"eta must lie in 0..1, 1 is DDPM; got {eta}.")
    if eta > 0 and noise is None:
        raise ValueError(
            f"With eta = {eta} the sampler puts fresh noise back: give it `noise`, a "
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
) -> Iterator[Step]:
    """DDPM's ancestral sampling (Ho et al. 2020, algorithm 2), fewer steps if asked.

    The fresh noise has the posterior's variance (their equation 7).
    """
    return ddim(predict, x_T, schedule, steps, eta=1.0, noise=noise)


def euler(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 20,
    start: int | None = None,
) -> Iterator[Step]:
    """Euler's method on the straight line: follow the velocity for one step.

    The same as DDIM there, without chance (lesson 06, "One step").

    Raises:
        ValueError: another schedule than the straight line
    """
    # Only there is v the slope of x over u. On the circle x_t = a x_0 + b eps turns,
    # and a straight step leaves it.
    check_straight(schedule)

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        # dx/du of x = (1 - u) x_0 + u eps; the time goes down, so du is negative.
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
    """Heun's method: step, look again from there, and take the mean of both velocities.

    Two network calls a step, one at the last (Karras et al. 2022, algorithm 1).
    """
    check_straight(schedule)

    def velocity(x_t, t):
        x_0_hat, eps_hat = predict(x_t, torch.full((len(x_t),), t, device=x_t.device))
        return eps_hat - x_0_hat

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        # Of second order: the error of a step shrinks with its cube. 7 calls come as
        # near as 16 of DDIM (lesson 06).
        v_hat, du = eps_hat - x_0_hat, (t_next - t) / schedule.T
        # At t = 0 no network was ever asked; their algorithm 1 leaves the last second
        # look out as well.
        if t_next > 0:
            v_hat = (v_hat + velocity(x_t + du * v_hat, t_next)) / 2
        return x_t + du * v_hat

    return walk(predict, x_T, choose_steps(schedule.T, steps, start), update)


def line_through_guesses(schedule: NoiseSchedule) -> Callable:
    """What draws a guess on, (t, t_next, x_0_hat) to x_0_hat, with the step before."""
    # Half the logarithm of the snr. Measured in it, the part of the way that needs no
    # network is solved exactly, and only x_0_hat is left to be guessed between two
    # steps.
    lam = (schedule.a_table / schedule.b_table).log().tolist()  # inf at t = 0
    # Kept here and not in `walk`: only these samplers remember.
    last: list[tuple[int, Tensor]] = []

    def draw_on(t: int, t_next: int, x_0_hat: Tensor) -> Tensor:
        drawn_on = x_0_hat
        if last and t_next > 0:
            t_last, x_0_last = last.pop()
            # How long this step is beside the last one; half of it, as the line is
            # drawn on to the middle of this step. From T of the straight line lambda
            # came from -inf, so the ratio is 0 once more.
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
    """DPM-Solver++ 2M (Lu et al. 2022, algorithm 2): use the last guess as well.

    The clean guess is drawn on in a straight line through this step's and the last
    step's, in lambda = log(a / b). The last step, where lambda is infinite, uses this
    step's guess alone.
    """
    a, b = table(schedule)
    draw_on = line_through_guesses(schedule)

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        drawn_on = draw_on(t, t_next, x_0_hat)
        # Their exp(-h) is keep * a[t] / a[t_next]. Written so, nothing is divided by a,
        # which may be 0 at T, and the infinite lambda at 0 does not matter.
        keep = b[t_next] / b[t]
        return keep * x_t + (a[t_next] - a[t] * keep) * drawn_on

    return walk(predict, x_T, choose_steps(schedule.T, steps, start), update)


def dpm_solver_sde(
    predict: Predict,
    x_T: Tensor,
    schedule: NoiseSchedule,
    steps: int = 20,
    noise: PictureNoise | None = None,
) -> Iterator[Step]:
    """SDE-DPM-Solver++ 2M (Lu et al. 2022, appendix E): the same with fresh noise.

    Each step puts as much noise back as DDPM does in many small ones, and a mistake of
    one step is noise to the next, which repairs it.

    Args:
        noise: where fresh noise comes from; needed
    """
    a, b = table(schedule)
    if noise is None:
        raise ValueError(
            "dpm_solver_sde puts fresh noise back: give it `noise`, a PictureNoise, to "
            "draw from."
        )
    draw_on = line_through_guesses(schedule)

    def update(t, t_next, x_t, x_0_hat, eps_hat):
        drawn_on = draw_on(t, t_next, x_0_hat)
        if t_next == 0:
            return drawn_on
        # Their exp(-h): how much smaller noise is beside the picture after this step.
        # 0 from T of the straight line: there nothing is kept but the guess.
        shrunk = (a[t] * b[t_next]) / (b[t] * a[t_next])
        fresh = b[t_next] * (1 - shrunk**2) ** 0.5 * noise(x_t.shape[1:])
        kept = shrunk * b[t_next] / b[t] * x_t
        return kept + a[t_next] * (1 - shrunk**2) * drawn_on + fresh

    return walk(predict, x_T, choose_steps(schedule.T, steps), update)


def check_straight(schedule: NoiseSchedule) -> None:
    """Raise a sentence unless the schedule is the straight line."""
    if schedule.name != "straight line":
        raise ValueError(
            f"Euler and Heun walk the straight line; this one is {schedule.name!r}. "
            "Use ddim or dpm_solver, which walk any path."
        )


def last_step(sampler: Iterator[Step]) -> Tensor:
    """Run a sampler to its end and return x_0, (B, C, H, W)."""
    # A loop, and not *_, last = sampler: a thousand steps of ddpm, all kept until the
    # last, would take 380 MiB for 16 pictures of 32x32.
    for step in sampler:
        last = step
    return last.x_0_hat
