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
    """From "nothing told" towards "told", guidance_scale times as far."""
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
    """
    if len(conds) != len(scales) or not conds:
        raise ValueError(f"{len(conds)} texts need as many scales; got {len(scales)}.")
    if not all(abs(scale) <= STRONGEST for scale in scales):
        raise ValueError(
            f"Every scale must be a finite number in -{STRONGEST}..{STRONGEST}; "
            f"got {scales}."
        )
    parts = len(conds) + 1
    asked = torch.cat([uncond, *conds])

    def composed_model(x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        answers = model(torch.cat([x_t] * parts), t.repeat(parts), asked).chunk(parts)
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
    """

    guidance_scale: float
    steps: int
    guided_between: tuple[float, float] | None = None

    def is_guided(self, t: int) -> bool:
        """Whether the network is asked twice at this step."""
        low, high = self.guided_between or (0, t)
        return self.guidance_scale != 1 and low < t <= high

    def guide(self, model: Callable, uncond: Tensor | None = None) -> Callable:
        """`guide` above, where it is asked for; all of a batch is at the same t."""
        followed = guide(model, self.guidance_scale, uncond)

        def guided_at_times(x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
            asked = followed if self.is_guided(int(t[0])) else model
            return asked(x_t, t, cond)

        return guided_at_times


FOR_LABELS, FOR_PROMPTS = Way(2.0, steps=25), Way(3.0, steps=10)  # where nobody says
FOR_LATENTS = Way(5.0, steps=13, guided_between=(400, 950))
