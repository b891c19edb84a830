"""Diffusion on a line: how crowded each place is at each step, and walks through it."""

import math

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from torch import Tensor

from course_lib.diffusion.samplers import Step
from course_lib.diffusion.schedule import NoiseSchedule
from course_lib.figures.figure import PALETTE, panels
from course_lib.figures.plots import numbers


def density(points: Tensor, schedule: NoiseSchedule, x: Tensor, t: Tensor) -> Tensor:
    """The density p_t(x), the mean of one bell curve per point: (len(x), len(t)).

    Args:
        points: (N,) numbers, all equally likely
        t: steps above 0, since at 0 the bell curves have no width
    """
    a, b = schedule.a(t), schedule.b(t)  # (S,)
    off = (x[:, None, None] - a[:, None] * points) / b[:, None]  # (X, S, N)
    bells = torch.exp(-(off**2) / 2) / (b[:, None] * math.sqrt(2 * math.pi))
    return bells.mean(2)


def plot_walks(
    points: Tensor,
    schedule: NoiseSchedule,
    walks: dict[str, list[Step]],
    alt: str,
    limit: float = 2.6,
) -> None:
    """Draw walks over the density that they walk through, one panel per name.

    Time runs as in a sampler, from T on the left to 0 on the right.

    Args:
        points: (N,) numbers, all of the data
        walks: name -> what a sampler yields for x_T of shape (B, 1)
        limit: how far the numbers go from zero
    """
    with panels(alt, len(walks), 3.3, 2.9, share=True) as axes:
        for axis, (name, steps) in zip(axes, walks.items(), strict=True):
            draw_walk(axis, points, schedule, steps, limit)
            axis.set_title(name)
        axes[0].set_ylabel("x_t")


def draw_walk(
    axis: Axes, points: Tensor, schedule: NoiseSchedule, steps: list[Step], limit: float
) -> None:
    """Draw the paths of one walk over the density."""
    draw_density(axis, points, schedule, limit)
    t = [step.t for step in steps]
    x_t = np.stack([numbers(step.x_t[:, 0]) for step in steps])  # (S, B)
    axis.plot(t, x_t, color=PALETTE[1], lw=0.8)
    axis.set(xlabel="t", ylim=(-limit, limit))


def draw_density(
    axis: Axes, points: Tensor, schedule: NoiseSchedule, limit: float
) -> None:
    """Draw the heat map, darker where it is denser, with the data at its right end."""
    # More columns near t = 0, where most happens; the square-root axis gives them room.
    t = (torch.linspace(1, 0.03, 160) ** 2 * schedule.T).ceil().long().unique().flip(0)
    x = torch.linspace(-limit, limit, 261)
    heat = density(points.float(), schedule, x, t)
    # Each column is divided by its maximum, and the root is taken: near t = 0 the bells
    # are so narrow and tall that everything else would be white.
    heat = (heat / heat.amax(0)).sqrt()
    # Only 16 tones: a smooth run of colours takes ten times as many bytes in a
    # notebook.
    blues = colormaps["Blues"].resampled(16)
    axis.pcolormesh(*map(numbers, (t, x, heat)), cmap=blues, vmax=1.4)
    axis.set_xscale("function", functions=(np.sqrt, np.square))
    axis.set_xlim(schedule.T, 0)
    axis.set_xticks([schedule.T * share // 100 for share in (100, 50, 25, 10, 2, 0)])
    axis.plot(
        [0] * len(points), numbers(points), "o", color="black", ms=6, clip_on=False
    )
    axis.grid(False)
