"""Figures for people: pictures, points in the plane, curves and schedules.

Every function here shows one figure under the cell, with its description, and returns
nothing.
"""

import math

import numpy as np
import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from course_lib.figure import DASHES, MARKERS, PALETTE, panels, sheet, show
from course_lib.pixels import PictureError, check_pictures, to_bytes
from course_lib.samplers import Step
from course_lib.schedule import NoiseSchedule

# Pictures -----------------------------------------------------------------------


def show_pictures(
    pictures: Tensor,
    titles: list[str] | None = None,
    columns: int = 8,
    zoom: int | None = None,
    *,
    alt: str,
) -> None:
    """Show pictures (N, 3, H, W) in [-1, 1] in rows, each pixel a crisp square."""
    check_pictures(pictures)
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"{len(titles)} titles for {len(pictures)} pictures.")
    rows = list(pictures.split(columns))
    words = [
        None if titles is None else [str(title) for title in titles[i : i + columns]]
        for i in range(0, len(pictures), columns)
    ]
    show(sheet(rows, [""] * len(rows), words, zoom), alt)


def show_rows(
    rows: dict[str, Tensor],
    alt: str,
    titles: list[str] | None = None,
    zoom: int | None = None,
) -> None:
    """Show rows of pictures, each named at its left.

    Args:
        rows: name -> (N, 3, H, W) in [-1, 1]
        titles: one for each column, written under the last row
    """
    words = [None] * (len(rows) - 1) + [titles]
    show(sheet(list(rows.values()), list(rows), words, zoom), alt)


def show_trace(
    steps: list[Step],
    every: int | None = None,
    alt: str | None = None,
    picture: int = 0,
    zoom: int | None = None,
) -> None:
    """Show x_t above the guess x_0_hat at every so many steps of a sampler, and the last.

    Args:
        steps: what a sampler yields, as a list
        every: show each so-manieth step; by default at most eight in all
        picture: which picture of the batch
    """
    steps = list(steps)
    every = every or math.ceil(len(steps) / 8)
    shown = steps[:-1:every] + steps[-1:]
    rows = {
        "x_t": torch.stack([step.x_t[picture].detach().cpu() for step in shown]),
        "x_0_hat": torch.stack(
            [step.x_0_hat[picture].detach().cpu() for step in shown]
        ),
    }
    titles = [f"t = {step.t}" for step in shown]
    alt = alt or (
        f"A picture coming out of noise, at {', '.join(titles)}: above the noisy "
        "picture x_t, below the guess x_0_hat of the clean one."
    )
    show_rows(rows, alt, titles, zoom)


def show_picture_numbers(
    picture: Tensor,
    top: int = 0,
    left: int = 0,
    size: int = 4,
    whole: bool = True,
    alt: str | None = None,
) -> None:
    """Show a small square of a picture with each pixel's red, green and blue in it.

    Args:
        picture: (3, H, W) in [-1, 1]; the numbers shown are bytes, 0..255
        top, left, size: the square, in pixels
        whole: also show where in the picture it lies
    """
    check_pictures(picture[None])
    crop = to_bytes(picture.detach().cpu())[:, top : top + size, left : left + size]
    if crop.shape[1:] != (size, size):
        raise PictureError(
            f"A square of {size} pixels at row {top}, column {left} does not fit into a "
            f"picture of {picture.shape[1]}x{picture.shape[2]}."
        )
    figure, axes = panels(1 + whole, 0.85 * size + 0.4, 0.85 * size + 0.4)
    if whole:
        axes[0].imshow(to_bytes(picture.detach().cpu()).permute(1, 2, 0))
        corner = (left - 0.5, top - 0.5)
        for colour, line in (("black", 3.5), ("white", 1.5)):  # seen on any ground
            axes[0].add_patch(
                Rectangle(corner, size, size, fill=False, ec=colour, lw=line)
            )
    axes[-1].imshow(crop.permute(1, 2, 0))
    write_numbers(axes[-1], crop, top, left)
    for axis in axes:
        axis.grid(False)
        axis.set(xlabel="column", ylabel="row")
    show(
        figure,
        alt
        or f"A square of {size} times {size} pixels, rows from {top} and columns from "
        f"{left}; in each pixel its three numbers: red, green, blue.",
    )


def write_numbers(axis, crop: Tensor, top: int, left: int) -> None:
    """Write the three numbers into each pixel of a crop (3, size, size) of bytes."""
    size = crop.shape[1]
    for row in range(size):
        for column in range(size):
            rgb = crop[:, row, column].tolist()
            bright = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]
            ink = "black" if bright > 128 else "white"
            text = "\n".join(f"{number}" for number in rgb)
            axis.text(
                column, row, text, ha="center", va="center", color=ink, fontsize=9
            )
    axis.set_xticks(range(size), range(left, left + size))
    axis.set_yticks(range(size), range(top, top + size))


# Points in the plane --------------------------------------------------------------


def numbers(values) -> np.ndarray:
    """A tensor on any device, a list or an array as a float64 array."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
    return np.asarray(values, dtype=np.float64)


def same_square(axes, *clouds: np.ndarray, limit: float | None = None) -> None:
    """Equal axes around zero, so that circles are round and panels can be compared."""
    if limit is None:
        limit = 1.05 * max(float(np.abs(cloud).max()) for cloud in clouds)
    for axis in axes:
        axis.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")


def plot_points(
    points: Tensor | dict[str, Tensor], alt: str, limit: float | None = None
) -> None:
    """Scatter points (N, 2); of a dict name -> points, each in a panel of its own."""
    named = points if isinstance(points, dict) else {"": points}
    clouds = [numbers(cloud) for cloud in named.values()]
    figure, axes = panels(len(clouds), share=True)
    for axis, name, cloud in zip(axes, named, clouds, strict=True):
        axis.scatter(*cloud.T, s=6, color=PALETTE[0], alpha=0.6, linewidths=0)
        axis.set_title(name)
    same_square(axes, *clouds, limit=limit)
    show(figure, alt)


def plot_paths(
    path: Tensor, alt: str, data: Tensor | None = None, limit: float | None = None
) -> None:
    """Draw the ways of N points over S steps, (S, N, 2): ring at the start, dot at the end.

    Args:
        data: (M, 2), points to show in grey behind the paths
    """
    path = numbers(path)
    figure, axes = panels(1, 4.6, 4.6)
    if data is not None:
        axes[0].scatter(
            *numbers(data).T, s=8, color="#bbbbbb", label="data", linewidths=0
        )
    for n in range(path.shape[1]):
        axes[0].plot(*path[:, n].T, color=PALETTE[0], alpha=0.5, lw=0.9)
    axes[0].scatter(
        *path[0].T,
        s=22,
        facecolors="white",
        edgecolors=PALETTE[0],
        zorder=3,
        label="start",
    )
    axes[0].scatter(
        *path[-1].T, s=16, color=PALETTE[1], marker="D", zorder=4, label="end"
    )
    axes[0].legend(loc="upper right", fontsize=8)
    same_square(axes, path, limit=limit)
    show(figure, alt)


def plot_field(
    points: Tensor,
    vectors: Tensor | dict[str, Tensor],
    alt: str,
    data: Tensor | None = None,
    limit: float | None = None,
    scale: float | None = None,
) -> None:
    """Draw an arrow at each point: x_0_hat - x_t, or a velocity.

    Args:
        points: (N, 2) where the arrows start, for example a grid
        vectors: (N, 2), or name -> vectors, each in a panel of its own
        data: (M, 2), points to show in grey behind the arrows
        scale: how many units of a vector make one unit of the axes; found by itself
    """
    named = vectors if isinstance(vectors, dict) else {"": vectors}
    points = numbers(points)
    figure, axes = panels(len(named), 4.2, 4.2, share=True)
    for axis, (name, arrows) in zip(axes, named.items(), strict=True):
        if data is not None:
            axis.scatter(*numbers(data).T, s=8, color="#bbbbbb", linewidths=0)
        units = (
            {} if scale is None else dict(angles="xy", scale_units="xy", scale=scale)
        )
        axis.quiver(
            *points.T, *numbers(arrows).T, color=PALETTE[0], width=0.004, **units
        )
        axis.set_title(name)
    same_square(axes, points, limit=limit)
    show(figure, alt)


def grid_points(limit: float = 2.0, count: int = 15) -> Tensor:
    """A square grid of points, (count * count, 2), for plot_field."""
    line = torch.linspace(-limit, limit, count)
    return torch.cartesian_prod(line, line)


# Curves ---------------------------------------------------------------------------


def look(number: int) -> dict:
    """Colour, dash and marker of the curve of that number."""
    return dict(
        color=PALETTE[number % len(PALETTE)],
        linestyle=DASHES[number % len(DASHES)],
    )


def plot_curves(
    x,
    curves: dict,
    xlabel: str,
    ylabel: str,
    alt: str,
    logx: bool = False,
    logy: bool = False,
) -> None:
    """Draw one line a name, with a marker where there are few points.

    Args:
        x: the numbers below; or name -> numbers, where the curves have different ones
        curves: name -> the numbers upwards
    """
    figure, axes = panels(1, 5.6, 3.6)
    for number, (name, y) in enumerate(curves.items()):
        below = numbers(x[name] if isinstance(x, dict) else x)
        marker = MARKERS[number % len(MARKERS)] if len(below) <= 30 else None
        axes[0].plot(below, numbers(y), label=name, marker=marker, ms=5, **look(number))
    finish(axes[0], xlabel, ylabel, logx, logy, legend=len(curves) > 1)
    show(figure, alt)


def finish(axis, xlabel, ylabel, logx=False, logy=False, legend=True) -> None:
    """Labels, logarithmic axes and legend."""
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if logx:
        axis.set_xscale("log")
    if logy:
        axis.set_yscale("log")
    if legend:
        axis.legend(fontsize=9)


def plot_losses(
    losses: dict[str, list[float]],
    smooth: int = 20,
    alt: str | None = None,
    logx: bool = True,
    logy: bool = True,
) -> None:
    """Draw training losses: pale as they came, strong the mean of the last `smooth`."""
    figure, axes = panels(1, 5.6, 3.6)
    for number, (name, values) in enumerate(losses.items()):
        values = numbers(values)
        iteration = np.arange(1, len(values) + 1)
        axes[0].plot(iteration, values, color=look(number)["color"], alpha=0.25, lw=0.8)
        axes[0].plot(
            iteration, running_mean(values, smooth), label=name, **look(number)
        )
    finish(axes[0], "iteration", "loss", logx, logy, legend=len(losses) > 1)
    names = ", ".join(losses)
    show(
        figure,
        alt or f"The loss at each training iteration, and its running mean: {names}.",
    )


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """The mean of the last `width` values, of fewer at the start.

    >>> running_mean(np.array([1.0, 3.0, 5.0, 7.0]), width=2)
    array([1., 2., 4., 6.])
    """
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def plot_schedules(
    schedules: NoiseSchedule | list[NoiseSchedule], alt: str | None = None
) -> None:
    """Draw a_t, b_t and the logarithm of the signal-to-noise ratio of some schedules."""
    schedules = [schedules] if isinstance(schedules, NoiseSchedule) else list(schedules)
    figure, axes = panels(3, 3.4, 3.2)
    for number, schedule in enumerate(schedules):
        u = torch.linspace(0, 1, schedule.T + 1)
        inner = torch.arange(1, schedule.T)  # at the ends it may be infinite
        log_snr = schedule.snr(inner).log10()
        for axis, x, y in (
            (axes[0], u, schedule.a_table),
            (axes[1], u, schedule.b_table),
            (axes[2], inner / schedule.T, log_snr),
        ):
            axis.plot(numbers(x), numbers(y), label=schedule.name, **look(number))
    for axis, title in zip(
        axes,
        ("a_t: how much picture", "b_t: how much noise", "signal-to-noise, log10"),
        strict=True,
    ):
        axis.set(xlabel="u = t / T", title=title)
    axes[0].legend(fontsize=9)
    names = ", ".join(schedule.name for schedule in schedules)
    show(
        figure,
        alt
        or "Three panels over u = t / T: a_t falls from 1, b_t rises from 0 to 1, and the "
        f"signal-to-noise ratio falls; schedules: {names}.",
    )


def plot_histograms(
    values: dict[str, Tensor],
    alt: str,
    bins: int = 60,
    bell: bool = False,
    xlabel: str = "value",
) -> None:
    """Draw how often each value occurs, one panel a name, all on the same axes.

    Args:
        bell: also draw the curve of N(0, 1)
    """
    flat = {name: numbers(each).ravel() for name, each in values.items()}
    low = min(each.min() for each in flat.values())
    high = max(each.max() for each in flat.values())
    figure, axes = panels(len(flat), 3.0, 2.6, share=True)
    for axis, (name, each) in zip(axes, flat.items(), strict=True):
        axis.hist(each, bins, (low, high), density=True, color=PALETTE[5])
        if bell:
            x = np.linspace(low, high, 200)
            curve = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
            axis.plot(x, curve, "--", color=PALETTE[6], label="N(0, 1)")
            axis.legend(fontsize=8)
        axis.set(title=name, xlabel=xlabel)
    axes[0].set_ylabel("how often")
    show(figure, alt)
