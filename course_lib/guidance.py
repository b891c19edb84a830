"""Classifier-free guidance: go further in the direction in which the words pull.

    guided = uncond + w * (cond - uncond)     (Ho & Salimans 2022; our w = their w + 1)

w = 0 ignores what was asked, w = 1 is the plain conditional model, more pushes.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def guide(
    model: Callable, guidance_scale: float, uncond: Tensor | None = None
) -> Callable:
    """A denoiser that asks `model` twice, with and without `cond`, in one batch.

    Works for every target, because x_0_hat, eps_hat and v_hat are linear in each other.

    Args:
        guidance_scale: w; 1 asks the model only once
        uncond: (B,) what "nothing told" looks like; None is label 0
    """
    if not math.isfinite(guidance_scale):
        raise ValueError(
            f"guidance_scale must be a finite number; got {guidance_scale}."
        )
    if guidance_scale == 1:
        return model

    def guided_model(x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        nothing = torch.zeros_like(cond) if uncond is None else uncond
        both = model(torch.cat([x_t, x_t]), t.repeat(2), torch.cat([cond, nothing]))
        with_cond, without = both.chunk(2)
        return without + guidance_scale * (with_cond - without)

    return guided_model
