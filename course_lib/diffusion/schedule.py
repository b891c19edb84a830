"""The noise schedule: how much picture and how much noise each step contains.

    x_t = a_t * x_0 + b_t * eps

Every process in this course has this form; only the two tables differ.

    DDPM, the circle    a_t = sqrt(alpha_bar_t),  b_t = sqrt(1 - alpha_bar_t)
    the straight line   a_t = 1 - u,              b_t = u,            u = t / T

Step 0 is the clean picture (a_0 = 1, b_0 = 0); step T is almost or entirely noise. Each
table has T + 1 entries, so indices in the code match those in the maths.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# alpha_bar is a product of a thousand factors near 1. In float32 it is off by 3e-7, and
# the first b^2, 1e-4, by a relative 1.7e-4. The tables are made once, so float64 costs
# nothing.
EXACT = dict(dtype=torch.float64, device="cpu")  # whatever torch's defaults are


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """The tables a_0..a_T and b_0..b_T, and their derivatives along the path.

    The tables are float64 on the CPU (MPS has no float64) and are cast for use.
    `a_dot` and `b_dot` are the velocity of the path, scaled so that
    a * b_dot - b * a_dot = 1: on the circle (-b, a), on the straight line (-1, 1).
    """

    name: str
    a_table: Tensor  # (T + 1,)
    b_table: Tensor  # (T + 1,)
    a_dot_table: Tensor  # (T + 1,)
    b_dot_table: Tensor  # (T + 1,)

    @property
    def T(self) -> int:
        return len(self.a_table) - 1

    def a(self, t: Tensor, like: Tensor | None = None) -> Tensor:
        """The share of the picture at step t: (B,), or (B, 1, ...) to fit `like`.

        >>> linear_schedule(T=1000).a(torch.tensor([0, 250, 500, 1000]))
        tensor([1.0000, 0.7239, 0.2803, 0.0064])
        """
        return self._look_up(self.a_table, t, like)

    def b(self, t: Tensor, like: Tensor | None = None) -> Tensor:
        """The standard deviation of the noise at step t; shaped like `a`."""
        return self._look_up(self.b_table, t, like)

    def a_dot(self, t: Tensor, like: Tensor | None = None) -> Tensor:
        """The rate at which `a` changes along the path; shaped like `a`."""
        return self._look_up(self.a_dot_table, t, like)

    def b_dot(self, t: Tensor, like: Tensor | None = None) -> Tensor:
        """The rate at which `b` changes along the path; shaped like `a`."""
        return self._look_up(self.b_dot_table, t, like)

    def sigma(self, t: Tensor) -> Tensor:
        """The noise level b_t / a_t, (B,); infinite if no picture is left."""
        # a and b are never both 0, so this may be inf (at T of the straight line) but
        # never NaN.
        return self._look_up(self.b_table / self.a_table, t)

    def snr(self, t: Tensor) -> Tensor:
        """The signal-to-noise ratio a_t^2 / b_t^2, (B,); infinite at t = 0."""
        # The essential difference between schedules: two steps with equal snr set the
        # network the same task, only scaled (Kingma et al. 2021, "Variational diffusion
        # models").
        return self._look_up((self.a_table / self.b_table) ** 2, t)

    @property
    def alpha_bar(self) -> Tensor:
        """DDPM's running product of alpha, float32 (T + 1,); alpha_bar[0] is 1."""
        return self._exact_alpha_bar().float()

    @property
    def alpha(self) -> Tensor:
        """The share of the variance that one step keeps, (T + 1,); alpha[0] is 1."""
        return self._exact_alpha().float()

    @property
    def beta(self) -> Tensor:
        """The variance of the noise that one step adds, (T + 1,); beta[0] is 0."""
        return (1 - self._exact_alpha()).float()

    def _exact_alpha_bar(self) -> Tensor:
        if self.name == "straight line":
            raise ValueError(
                "The straight line has no alpha_bar: a^2 + b^2 is not 1 on it. "
                "Use schedule.a(t) and schedule.b(t), which every schedule has."
            )
        # From a: the square root and the square cost one of float64's sixteen digits,
        # and a second table could disagree with the first.
        return self.a_table**2

    def _exact_alpha(self) -> Tensor:
        alpha_bar = self._exact_alpha_bar()
        # alpha_bar_t = alpha_1 * ... * alpha_t, so alpha_t is the quotient of two
        # neighbours (Ho et al. 2020, just above equation 4).
        return from_1(alpha_bar[1:] / alpha_bar[:-1])

    def _look_up(self, table: Tensor, t: Tensor, like: Tensor | None = None) -> Tensor:
        # Python reads a negative index from the end: t = -1 would silently be the
        # noisiest step.
        check_steps(t, self.T)
        # Cast last, so a_t^2 + b_t^2 is 1 to the last digit of the dtype.
        # (B,) for a loss weight, (B, 1, 1, 1) to multiply pictures: without the ones, a
        # batch of 32 would silently be broadcast along the 32 columns.
        if like is None:
            return table.float().to(t.device)[t]  # (B,)
        if 1 not in (t.numel(), len(like)) and t.numel() != len(like):
            raise ValueError(
                f"t must hold one step for each of the {len(like)}; got {t.numel()}."
            )
        value = table.to(like.dtype).to(t.device)[t].to(like.device)
        return value.reshape(-1, *[1] * (like.ndim - 1))  # (B, 1, ..., 1)


def check_steps(t: Tensor, T: int) -> None:
    """Raise TypeError or ValueError unless t is an int64 tensor of steps in 0..T."""
    # torch would take uint8 as a mask. Its message for floats would not help with the
    # usual slip, u in place of t.
    if not isinstance(t, Tensor) or t.dtype != torch.int64:
        kind = t.dtype if isinstance(t, Tensor) else type(t).__name__
        raise TypeError(
            f"t must be a tensor of whole numbers, torch.int64; got {kind}."
        )
    if t.numel() and not (0 <= int(t.min()) and int(t.max()) <= T):
        raise ValueError(
            f"t must lie in 0..{T}, where 0 is the clean picture; "
            f"got values from {int(t.min())} to {int(t.max())}."
        )


def from_1(entries: Tensor) -> Tensor:
    """Put a 1 for step 0, where nothing has happened yet, before entries 1..T."""
    return F.pad(entries, (1, 0), value=1.0)


def circle(name: str, alpha_bar: Tensor) -> NoiseSchedule:
    """A variance-preserving schedule from its float64 table alpha_bar_0..alpha_bar_T.

    a^2 + b^2 = 1, so (a, b) moves along a circle and its velocity is (-b, a).
    """
    a, b = alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    # The derivative by angle, not by t: the path is the same at another pace, and
    # a * b_dot - b * a_dot is 1 without any division.
    return NoiseSchedule(name, a, b, a_dot_table=-b, b_dot_table=a)


def linear_schedule(
    T: int = 1000, beta_1: float = 1e-4, beta_T: float = 0.02
) -> NoiseSchedule:
    """The DDPM schedule: beta_t grows in equal steps (Ho et al. 2020, section 4)."""
    # Their numbers are made for T = 1000. A smaller T would end with too little noise:
    # keep T and skip steps instead (`choose_steps`). Even T is not pure noise: a_T is
    # 0.0064 (Lin et al. 2023, "Common diffusion noise schedules and sample steps are
    # flawed").
    beta = torch.linspace(beta_1, beta_T, T, **EXACT)  # (T,)
    alpha_bar = torch.cumprod(1 - beta, dim=0)  # T factors: float32 would lose digits
    return circle("linear", from_1(alpha_bar))


def cosine_schedule(
    T: int = 1000, s: float = 0.008, beta_max: float = 0.999
) -> NoiseSchedule:
    """The cosine schedule (Nichol & Dhariwal 2021, equation 17), beta capped."""
    u = torch.linspace(0, 1, T + 1, **EXACT)
    # s keeps the first steps from being too small to matter: b_1 is 0.0064, a little
    # less than one level of a byte, 1 / 127.5 (their section 3.2).
    f = torch.cos((u + s) / (1 + s) * math.pi / 2) ** 2
    # f ends at 0, and a_T = 0 would make eps useless as a target. The cap leaves an a_T
    # of 5e-5, which still makes an error in eps 20,000 times as large in x_0_hat.
    beta = (1 - f[1:] / f[:-1]).clamp(max=beta_max)
    return circle("cosine", from_1(torch.cumprod(1 - beta, dim=0)))


def straight_line(T: int = 1000) -> NoiseSchedule:
    """The straight line from picture to noise (Liu et al. 2022; Lipman et al. 2022)."""
    # a^2 + b^2 is not 1 here: halfway, the variance is smaller. Networks do not mind,
    # and sampling follows straight velocities.
    u = torch.linspace(0, 1, T + 1, **EXACT)
    one = torch.ones_like(u)
    return NoiseSchedule("straight line", 1 - u, u, a_dot_table=-one, b_dot_table=one)


# A closed list: a card stores the name, and cards.py allows the same three only.
SCHEDULES: dict[str, Callable[[int], NoiseSchedule]] = {
    "linear": linear_schedule,
    "cosine": cosine_schedule,
    "straight line": straight_line,
}


def schedule_named(name: str, T: int = 1000) -> NoiseSchedule:
    """The schedule of this name, as stored on a checkpoint's card.

    Raises:
        ValueError: T is below 1, or the name is unknown
    """
    if T < 1:
        raise ValueError(f"A schedule needs 1 step or more; got T = {T}.")
    if name not in SCHEDULES:
        raise ValueError(f"No schedule is called {name!r}; there is {list(SCHEDULES)}.")
    with torch.device("cpu"):  # whatever torch's own default is
        return SCHEDULES[name](T)


# The one formula of the forward process. The randomness is an argument: the same batch
# has the same loss, and a check can compare two functions number by number.
def add_noise(x_0: Tensor, t: Tensor, eps: Tensor, schedule: NoiseSchedule) -> Tensor:
    """Jump from the clean x_0 straight to step t (Ho et al. 2020, equation 4).

    Args:
        x_0: (B, ...) clean data in [-1, 1]
        t:   (B,) whole numbers, 0..T, or one number for all
        eps: like x_0, drawn from N(0, 1) by the caller

    >>> x_0, eps = torch.zeros(2, 3), torch.ones(2, 3)
    >>> x_t = add_noise(x_0, torch.tensor([0, 1000]), eps, linear_schedule(T=1000))
    >>> x_t[:, 0].round(decimals=2)  # no noise at step 0, almost only noise at step T
    tensor([0., 1.])
    """
    if not x_0.is_floating_point():
        raise TypeError(
            f"x_0 must be floats in [-1, 1]; got {x_0.dtype}. "
            "Bytes become floats with from_bytes of course_lib.pixels."
        )
    if eps.shape != x_0.shape:
        raise ValueError(
            f"eps must be shaped like x_0, {tuple(x_0.shape)}; got {tuple(eps.shape)}."
        )
    return schedule.a(t, like=x_0) * x_0 + schedule.b(t, like=x_0) * eps
