"""Classifier-free guidance: go further in the direction in which the words pull.

    guided = uncond + w * (cond - uncond)     (Ho & Salimans 2022; our w = their w + 1)

w = 0 ignores what was asked, w = 1 is the plain conditional model, more pushes. What
stands in the place of `uncond` is led away from: a negative prompt. And several texts
can pull at once (Liu et al. 2022, equation 11).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

STRONGEST = 100  # far beyond what makes a picture


def guided(with_cond: Tensor, without: Tensor, guidance_scale: float) -> Tensor:
    """From "nothing told" towards "told", guidance_scale times as far; any shape."""
    # Our w counts from "nothing told", so w = 1 is the plain network: lessons and code
    # say one number. Papers that count from the plain one mean w - 1.
    return without + guidance_scale * (with_cond - without)


def guide(
    model: Callable, guidance_scale: float, uncond: Tensor | None = None
) -> Callable:
    """A denoiser that asks `model` twice, with and without `cond`, in one batch.

    Works for every target, because x_0_hat, eps_hat and v_hat are linear in each other.

    Args:
        guidance_scale: w; 1 asks the model only once
        uncond: what "nothing told" looks like, shaped like cond; None is label 0
    """
    check_scale(guidance_scale)
    if guidance_scale == 1:
        return model

    def guided_model(x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        nothing = torch.zeros_like(cond) if uncond is None else uncond
        both = model(torch.cat([x_t, x_t]), t.repeat(2), torch.cat([cond, nothing]))
        with_cond, without = both.chunk(2)
        return guided(with_cond, without, guidance_scale)

    return guided_model


def check_scale(guidance_scale: float) -> None:
    """Raise a sentence for a scale that leads nowhere."""
    # Written so that NaN is refused too: no comparison with it is true.
    if not abs(guidance_scale) <= STRONGEST:
        raise ValueError(
            f"guidance_scale must be a finite number in -{STRONGEST}..{STRONGEST}; "
            f"got {guidance_scale}."
        )


def compose(
    model: Callable, conds: list[Tensor], scales: list[float], uncond: Tensor
) -> Callable:
    """A denoiser that follows several texts at once, each as far as its scale says.

    guided = uncond + sum of w_i * (cond_i - uncond); a negative w_i leads away.

    Args:
        conds: each (B, L, D), as is `uncond`; `cond` is not looked at

    Raises:
        ValueError: not one scale a text, or a scale that is not finite or too large
    """
    if len(conds) != len(scales) or not conds:
        raise ValueError(f"{len(conds)} texts need as many scales; got {len(scales)}.")
    if not all(abs(scale) <= STRONGEST for scale in scales):
        raise ValueError(
            f"Every scale must be a finite number in -{STRONGEST}..{STRONGEST}; "
            f"got {scales}."
        )
    parts = len(conds) + 1
    # (parts * B, L, D): all texts in one call.
    asked = torch.cat([uncond, *conds])

    def composed_model(x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        answers = model(torch.cat([x_t] * parts), t.repeat(parts), asked).chunk(parts)
        # Around one common "nothing told", so texts add up: each brings its own
        # difference. With one text this is `guided`.
        without, pulled = answers[0], answers[0]
        for scale, with_cond in zip(scales, answers[1:], strict=True):
            pulled = pulled + scale * (with_cond - without)
        return pulled

    return composed_model


@dataclass(frozen=True)
class Way:
    """How far a painter follows what is asked, at which steps, in how many of them.

    Args:
        guided_between: guided only where low < t <= high (Kynkäänniemi et al. 2024),
            if not everywhere
        sampler: the name of a function of samplers.py
    """

    guidance_scale: float
    steps: int
    guided_between: tuple[float, float] | None = None
    sampler: str = "dpm_solver"

    def is_guided(self, t: int) -> bool:
        """Whether the network is asked twice at this step."""
        # t itself as the upper end: guided at every step, and at 0 there is no step.
        low, high = self.guided_between or (0, t)
        return self.guidance_scale != 1 and low < t <= high

    # On the way guidance costs twice, so it may be left out early, where it takes away
    # variety, and late, where little is open (Kynkäänniemi et al. 2024).
    def guide(self, model: Callable, uncond: Tensor | None = None) -> Callable:
        """`guide` above, where it is asked for; all of a batch is at the same t."""
        followed = guide(model, self.guidance_scale, uncond)

        def guided_at_times(x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
            # Read once from the first picture: a call that is not needed is saved, half
            # the work of this step, and that needs one answer for the batch.
            asked = followed if self.is_guided(int(t[0])) else model
            return asked(x_t, t, cond)

        return guided_at_times


# Where nobody says. Labels: a little guidance with 50 calls betters both the share of
# right animals and the distance; more of it costs distance (benchmarks/06_sampling.md).
# Prompts: w = 4 brought a few hats over 3, and from 5 on colours get loud (lesson 10).
FOR_LABELS, FOR_PROMPTS = Way(2.0, steps=25), Way(3.0, steps=10)
# 20 calls, as FOR_PROMPTS: what is saved outside 400..950 buys three steps more. A
# choice: whatever differs lies inside the intervals (benchmarks/10_text_to_image.md).
FOR_LATENTS = Way(5.0, steps=13, guided_between=(400, 950))
