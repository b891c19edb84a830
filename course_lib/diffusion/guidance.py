"""Classifier-free guidance: go further in the direction of the condition.

    guided = uncond + w * (cond - uncond)     (Ho & Salimans 2022; our w = their w + 1)

w = 0 ignores the condition, w = 1 is the plain conditional model, and w > 1 exaggerates
it. A negative prompt takes the place of `uncond`: guidance leads away from it. Several
texts can be combined (Liu et al. 2022, equation 11).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

STRONGEST = 100  # far beyond what makes a picture


def guided(with_cond: Tensor, without: Tensor, guidance_scale: float) -> Tensor:
    """Go from `without` towards `with_cond`, guidance_scale times as far; any shape."""
    # Our w counts from the unconditional prediction, so w = 1 is the plain conditional
    # network. Papers that count from the conditional one mean w - 1.
    return without + guidance_scale * (with_cond - without)


def guide(
    model: Callable, guidance_scale: float, uncond: Tensor | None = None
) -> Callable:
    """A denoiser that asks `model` twice, with and without `cond`, in one batch.

    Works for every target, because x_0_hat, eps_hat and v_hat are linear in each other.

    Args:
        guidance_scale: w; 1 asks the model only once
        uncond: the unconditional `cond`, shaped like it; None is label 0
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
    """Raise ValueError unless the scale is in -STRONGEST..STRONGEST."""
    # Written this way round to refuse NaN: no comparison with it is true.
    if not abs(guidance_scale) <= STRONGEST:
        raise ValueError(
            f"guidance_scale must be a finite number in -{STRONGEST}..{STRONGEST}; "
            f"got {guidance_scale}."
        )


def compose(
    model: Callable, conds: list[Tensor], scales: list[float], uncond: Tensor
) -> Callable:
    """A denoiser that follows several texts at once, each with a scale of its own.

    guided = uncond + sum of w_i * (cond_i - uncond); a negative w_i leads away from
    text i. The denoiser ignores its own argument `cond`.

    Args:
        conds: each (B, L, D), like `uncond`
        scales: the w_i, one per text

    Raises:
        ValueError: not one scale per text, or a scale that is not finite or too large
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
        # All differences start from the same unconditional answer, so they add up. With
        # one text this is `guided`.
        without, pulled = answers[0], answers[0]
        for scale, with_cond in zip(scales, answers[1:], strict=True):
            pulled = pulled + scale * (with_cond - without)
        return pulled

    return composed_model


@dataclass(frozen=True)
class Way:
    """Sampler settings: guidance scale, number of steps, guided interval and sampler.

    Args:
        guided_between: (low, high), guided only if low < t <= high (Kynkäänniemi et al.
            2024); None guides everywhere
        sampler: the name of a function in samplers.py
    """

    guidance_scale: float
    steps: int
    guided_between: tuple[float, float] | None = None
    sampler: str = "dpm_solver"

    def is_guided(self, t: int) -> bool:
        """Whether the network is asked twice at this step."""
        # Without an interval, t itself is the upper end: every step is guided.
        low, high = self.guided_between or (0, t)
        return self.guidance_scale != 1 and low < t <= high

    # A guided step costs twice as much. Guidance may be left out early, where it
    # reduces variety, and late, where little is undecided (Kynkäänniemi et al. 2024).
    def guide(self, model: Callable, uncond: Tensor | None = None) -> Callable:
        """`guide` above, but only in the interval; the whole batch has the same t."""
        followed = guide(model, self.guidance_scale, uncond)

        def guided_at_times(x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
            # One decision for the batch, by its first t: an unguided step then skips
            # the second half of the work.
            asked = followed if self.is_guided(int(t[0])) else model
            return asked(x_t, t, cond)

        return guided_at_times


# Defaults. Labels: a little guidance with 50 calls improves both the share of correct
# animals and the distance; more worsens the distance (benchmarks/06_sampling.md).
# Prompts: w = 4 brought a few more hats than 3; from 5 on, colours get glaring (lesson
# 10).
FOR_LABELS, FOR_PROMPTS = Way(2.0, steps=25), Way(3.0, steps=10)
# 20 calls, like FOR_PROMPTS: the calls saved outside 400..950 pay for three more steps.
# Where to guide makes no difference beyond chance (benchmarks/10_text_to_image.md);
# fresh noise repairs much: it leaves half as many pictures with a flaw
# (benchmarks/12_latent_diffusion.md).
FOR_LATENTS = Way(5.0, steps=13, guided_between=(400, 950), sampler="dpm_solver_sde")
