"""The arrow field: where the ideal denoiser sends each place of the plane, and why.

Given x_t, each point of a set has a posterior probability of being the clean one. The
mean of the points under it is x_0_hat, and the arrow goes from x_t to x_0_hat. The
field (a_t x_0_hat - x_t) / b_t^2 is the score: the gradient of the log density at step
t. Learning that field is score matching (Hyvarinen 2005; by denoising, Vincent 2011).
"""

import torch
from matplotlib.axes import Axes
from torch import Tensor

from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.figures.figure import PALETTE, panels
from course_lib.figures.plots import GREY, grid_points, numbers, same_square

Place = tuple[float, float, int]  # x and y of x_t, and its step t


def score(ideal: IdealDenoiser, x_t: Tensor, t: Tensor) -> Tensor:
    """The score: the gradient of log p_t at x_t, (B, D), towards denser places.

    Tweedie's formula (Robbins 1956, Miyasawa 1961), solved for the score.

    >>> from course_lib.diffusion.schedule import straight_line
    >>> ideal = IdealDenoiser(torch.tensor([[2.0]]), straight_line(T=4))
    >>> score(ideal, torch.tensor([[1.5]]), torch.tensor([2]))  # of N(1, 0.25)
    tensor([[-2.]])
    """
    a, b = ideal.schedule.a(t, like=x_t), ideal.schedule.b(t, like=x_t)
    return (a * ideal(x_t, t) - x_t) / b**2


def plot_guesses(
    ideal: IdealDenoiser, places: Place | list[Place], alt: str, limit: float = 2.0
) -> None:
    """Draw the points that an x_t may have come from, their mean, and the arrow to it.

    Args:
        ideal: a denoiser of points in the plane
        places: one x_t, or a list with one per panel
        limit: how far the axes go from zero
    """
    places = [places] if isinstance(places, tuple) else places
    side = 4.4 if len(places) == 1 else 2.8
    with panels(alt, len(places), side, side, share=True) as axes:
        for axis, (x, y, t) in zip(axes, places, strict=True):
            draw_field(axis, ideal, t, limit)
            draw_guess(axis, ideal, torch.tensor([[x, y]]), t)
            axis.set_title(f"t = {t}")
        same_square(axes, limit)
        axes[0].legend(loc="lower right", fontsize=8, framealpha=0.9, frameon=True)


def draw_field(axis: Axes, ideal: IdealDenoiser, t: int, limit: float) -> None:
    """Draw pale arrows on a grid, each a quarter of the way from x_t to x_0_hat."""
    grid = grid_points(0.9 * limit, 9)
    arrows = ideal(grid, torch.full((len(grid),), t)) - grid
    drawn = dict(angles="xy", scale_units="xy", scale=4, width=0.004)
    axis.quiver(*numbers(grid).T, *numbers(arrows).T, color="#9cbfd6", **drawn)


def draw_guess(axis: Axes, ideal: IdealDenoiser, x_t: Tensor, t: int) -> None:
    """Draw one x_t (1, 2); the points, larger where likelier; their mean; the arrow."""
    step = torch.tensor([t])
    chances = ideal.chances(x_t, step)[0]  # (N,)
    # A thousand points show enough; more would only add bytes to the notebook.
    some = slice(None, None, max(1, len(chances) // 1000))
    points = numbers(ideal.points[some])
    axis.scatter(*points.T, s=2, color=GREY, linewidths=0)
    # Relative to the largest: with thousands of points every single chance is tiny.
    size = 14 * numbers(chances / chances.max())[some]
    look = dict(color=PALETTE[0], linewidths=0, zorder=3, label="likely")
    axis.scatter(*points.T, s=size, **look)
    x_0_hat = numbers(ideal(x_t, step))[0]
    start = numbers(x_t)[0]
    arrow = dict(arrowstyle="->", color=PALETTE[1], lw=1.8, shrinkA=0, shrinkB=0)
    axis.annotate("", x_0_hat, start, arrowprops=arrow, zorder=4)
    axis.plot(*start, "x", color="black", ms=9, mew=2, zorder=5, label="x_t")
    axis.plot(*x_0_hat, "D", color=PALETTE[1], ms=6, zorder=5, label="x_0_hat")
