"""What the learner's loss drew: whether steps and noise have the right distribution.

A check sees x_0, and the points x_t and steps t that the network was asked about. The
learner draws eps out of sight, but it follows from these three.
"""

import torch
from torch import Tensor, nn

from course_lib.checks.report import NotYetRight
from course_lib.diffusion.schedule import NoiseSchedule

Shown = tuple[Tensor, Tensor, Tensor]  # x_0 (B, 2), x_t (B, 2), t (B,)


def noise_in(x_0: Tensor, x_t: Tensor, t: Tensor, schedule: NoiseSchedule) -> Tensor:
    """The eps that was mixed into x_0 if x_t is a point of step t."""
    a, b = schedule.a(t.long(), like=x_0), schedule.b(t.long(), like=x_0)
    return (x_t - a * x_0) / b


# What the network is asked ----------------------------------------------------------


class Spy(nn.Module):
    """A network with a single weight that writes down what it is asked.

    Args:
        perfect: (clean points, schedule), for a network that knows the noise exactly
    """

    def __init__(self, B: int, perfect: tuple[Tensor, NoiseSchedule] | None = None):
        super().__init__()
        self.B, self.perfect = B, perfect
        self.weight = nn.Parameter(torch.ones(()))
        self.asked: list[tuple[Tensor, Tensor]] = []

    def __deepcopy__(self, memo):
        return self  # a copy would take the notes with it

    def forward(self, x_t=None, t=None, cond=None):
        if isinstance(t, Tensor) and t.numel() == 1 and isinstance(x_t, Tensor):
            t = t.flatten().expand(len(x_t))  # `check_draws` has the words for it
        refuse(x_t, t)
        first = sum(len(points) for points, _ in self.asked) % self.B
        # Copies: the learner may go on to change them.
        self.asked.append((x_t.detach().clone(), t.detach().clone()))
        if self.perfect is None:
            # Bent, so that no two targets are equally far from it.
            return torch.tanh(self.weight * x_t + 0.1 * t[:, None])
        x_0 = self.perfect[0][first : first + len(x_t)]
        return self.weight * noise_in(x_0, x_t, t, self.perfect[1])

    def all_asked(self) -> tuple[Tensor, Tensor]:
        """The points and steps of the last whole batch, even if asked one by one."""
        if not self.asked:
            raise NotYetRight("the network is never called: eps_hat = model(x_t, t)")
        parts = [(x_t, t.expand(len(x_t))) for x_t, t in self.asked]
        x_t, t = (torch.cat(part) for part in zip(*parts, strict=True))
        if len(x_t) < self.B:
            raise NotYetRight(
                f"the network gets only {len(x_t)} of {self.B} points: give it all of "
                "x_t"
            )
        return x_t[-self.B :], t[-self.B :]


def refuse(x_t, t) -> None:
    """Raise NotYetRight for what the notebook's own network would choke on."""
    if t is None:
        raise NotYetRight(
            "the network is not told how noisy its points are: model(x_t, t)"
        )
    for name, given in (("x_t", x_t), ("t", t)):
        if not isinstance(given, Tensor):
            raise NotYetRight(
                f"the network takes tensors, model(x_t, t), but {name} is "
                f"{given!r:.40}: torch.full((len(x_t),), t) holds one step for each "
                "point"
            )
    if x_t.ndim == 1 and t.ndim == 2:
        raise NotYetRight(
            "the network gets the points first and their steps second: model(x_t, t)"
        )
    if x_t.ndim == 1 or t.shape != (len(x_t),):
        raise NotYetRight(
            f"for points of shape {tuple(x_t.shape)} the network needs a t of shape "
            f"{(len(x_t),)}, one step for each point; found {tuple(t.shape)}"
        )


# What it was asked about --------------------------------------------------------------


def is_bell(eps: Tensor, x_0: Tensor, wider: float = 1) -> bool:
    """Whether numbers look like N(0, 1), independent of x_0.

    Args:
        wider: a factor on the bounds, which hold for 3,200 numbers
    """
    # For 3,200 such numbers the mean strays by 0.018, the standard deviation by 0.0125
    # and the slope on x_0, which lies evenly in [-1, 1], by 0.03: the bounds are five
    # times that or more, which no right answer reaches.
    slope = (eps * x_0).mean() / x_0.square().mean()
    found = torch.stack([eps.mean(), eps.std() - 1, slope]).abs()
    return bool((found < wider * torch.tensor([0.1, 0.07, 0.16])).all())


def check_draws(shown: list[Shown], schedule: NoiseSchedule) -> None:
    """Raise NotYetRight unless t is drawn evenly from 1..T and x_t has its noise."""
    for _, _, t in shown:
        if (t == t[0]).all():
            raise NotYetRight(
                "one t for the whole batch: every point gets a random step of its own, "
                "so draw len(x_0) of them"
            )
    x_0, x_t, t = (torch.cat(part) for part in zip(*shown, strict=True))
    T = schedule.T

    def fits(step: Tensor) -> bool:
        """Whether x_t can be a batch of these steps."""
        inside = (0 <= step) & (step <= T)
        if not inside.all() or not (hidden := step > 0).any():
            return False
        eps = noise_in(x_0[hidden], x_t[hidden], step[hidden], schedule)
        clean = torch.allclose(x_t[~hidden], x_0[~hidden], atol=1e-4)
        return clean and is_bell(eps, x_0[hidden])

    if not fits(t):
        told_wrong = {
            "the network is told t - 1, but the noise in x_t is that of step t": t + 1,
            "the noise in x_t is that of step t - 1, but the network is told t": t - 1,
            "the network is told T - t: tell it t itself, where 1 is hardly any "
            "noise": (T - t),
            "the network is told t / T: tell it t itself, a whole number": (
                (t * T).round()
            ),
        }
        for name, step in told_wrong.items():
            if fits(step):
                raise NotYetRight(name)
    check_steps(t, T, same=torch.equal(shown[0][2], shown[1][2]))
    if not fits(t):
        raise NotYetRight(wrong_mix(shown, schedule))


def check_steps(t: Tensor, T: int, same: bool) -> None:
    """Raise NotYetRight unless 1..T are drawn equally often, and anew at each call."""
    if t.min() < 1:
        raise NotYetRight("t = 0 is drawn, where there is no noise to find: begin at 1")
    if t.max() < T:
        raise NotYetRight(
            "the last step T is never drawn: torch.randint excludes its upper end"
        )
    if same:
        raise NotYetRight(
            "t is the same at every call: draw it with torch.randint and "
            "generator=generator, and set no seed inside"
        )
    # 160 of each are expected, give or take 12.
    often = torch.bincount(t.long(), minlength=T + 1)[1:]
    if often.min() < 0.6 * len(t) / T or often.max() > 1.4 * len(t) / T:
        raise NotYetRight(
            "some steps are drawn more often than others: "
            "torch.randint(1, schedule.T + 1, ...) draws all of them equally often"
        )


def wrong_mix(shown: list[Shown], schedule: NoiseSchedule) -> str:
    """What is wrong with an x_t that is not x_0 with the noise of step t."""
    x_0, x_t, t = (torch.cat(part) for part in zip(*shown, strict=True))
    a, b = schedule.a(t.long(), like=x_0), schedule.b(t.long(), like=x_0)
    alpha = schedule.alpha[t.long()][:, None]
    eps = (x_t - a * x_0) / b

    def of_step(step, x_0, x_t, t):
        # Both among the points told an early step and among those told a late one, or a
        # mixture of right ones would pass.
        eps = noise_in(x_0, x_t, torch.full_like(t, step), schedule)
        late = t > schedule.T / 2
        return all(is_bell(eps[part], x_0[part], 2) for part in (late, ~late))

    def one_step(*draw):
        return any(of_step(step, *draw) for step in range(1, schedule.T + 1))

    reasons = {
        "the network is given x_0 itself, which has no noise: give it x_t, which "
        "add_noise makes": torch.allclose(x_t, x_0, atol=1e-4),
        "the network is given the noise alone: give it x_t, which add_noise mixes from "
        "x_0 and eps": is_bell(x_t, x_0),
        "the noise is added to x_0 without a_t and b_t: add_noise(x_0, t, eps, "
        "schedule) uses both": is_bell(x_t - x_0, x_0),
        "x_0 and eps are swapped: add_noise(x_0, t, eps, schedule)": (
            is_bell((x_t - b * x_0) / a, x_0)
        ),
        "in the mix alpha_bar stands where its square root belongs: a_t is the root of "
        "alpha_bar[t], and b_t of 1 - alpha_bar[t]": (
            is_bell((x_t - a**2 * x_0) / b**2, x_0)
        ),
        "b_t is not 1 - a_t: their squares add up to 1": (
            is_bell((x_t - a * x_0) / (1 - a), x_0)
        ),
        "the noise of a single step is mixed in, with alpha[t]: the share left after t "
        "steps is alpha_bar[t]": (
            is_bell((x_t - alpha.sqrt() * x_0) / (1 - alpha).sqrt(), x_0)
        ),
        "every point has the noise of one and the same step, but the network is told a "
        "different step for each": (
            not is_bell(x_t, x_0) and all(one_step(*draw) for draw in shown)
        ),
        "eps is drawn with torch.rand, evenly between two ends: noise comes from the "
        "bell curve, torch.randn": is_flat(eps),
        "all points get the same noise: draw eps in the shape of x_0": (
            len(eps[: len(eps) // 2].round(decimals=3).unique(dim=0)) < len(eps) / 8
        ),
    }
    fitting = [name for name, fits in reasons.items() if fits]
    if len(fitting) == 1:
        return fitting[0]
    return (
        "the network is not given x_0 with the noise of step t: eps is torch.randn in "
        "the shape of x_0, and x_t is add_noise(x_0, t, eps, schedule)"
    )


def is_flat(eps: Tensor) -> bool:
    """Whether the numbers are spread evenly over 0..1 or -1..1."""
    low, high = float(eps.min()), float(eps.max())
    whole = abs(high - 1) < 0.02 and min(abs(low), abs(low + 1)) < 0.02
    # Evenly from end to end: the standard deviation is that length by root 12.
    return whole and abs(float(eps.std()) / (high - low) * 12**0.5 - 1) < 0.05


def check_generator(first: tuple, again: tuple) -> None:
    """Raise NotYetRight unless the same generator gives the same (x_t, t)."""
    if not torch.equal(first[1], again[1]):
        raise NotYetRight(
            "the same generator gives different steps at each call: draw t with "
            "generator=generator"
        )
    if not torch.equal(first[0], again[0]):
        raise NotYetRight(
            "the same generator gives different noise at each call: draw eps with "
            "torch.randn(x_0.shape, generator=generator)"
        )
