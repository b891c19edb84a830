"""Figures for people: pictures, points in the plane, curves and schedules.

Each `show_` and `plot_` function shows one figure under the cell, with its description
`alt`, and returns nothing. `figure.show` does the same for a figure of your own.
"""

import math

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, NullLocator
from torch import Tensor

from course_lib.diffusion.samplers import Step
from course_lib.diffusion.schedule import NoiseSchedule
from course_lib.figures.figure import DASHES, MARKERS, PALETTE, Row, panels, show_sheet
from course_lib.pixels import PictureError, check_pictures, to_bytes

GREY = "#bbbbbb"

# Pictures -----------------------------------------------------------------------


def show_pictures(
    pictures: Tensor,
    titles: list[str] | None = None,
    columns: int = 8,
    zoom: int | None = None,
    *,
    alt: str,
) -> None:
    """Show pictures (N, 3, H, W) in [-1, 1] in rows, each pixel a crisp square.

    Args:
        titles: written under the pictures, one each
        columns: at most this many pictures in a row
        zoom: how many screen pixels wide a pixel is; by default as large as fits
    """
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"{len(titles)} titles for {len(pictures)} pictures.")
    titles = list(titles or [])
    rows = [
        Row("", pictures[i : i + columns], titles[i : i + columns])
        for i in range(0, len(pictures), columns)
    ]
    show_sheet(rows, alt, zoom)


def show_rows(
    rows: dict[str, Tensor],
    alt: str,
    titles: list[str] | None = None,
    zoom: int | None = None,
) -> None:
    """Show rows of pictures, each with its name on the left.

    Args:
        rows: name -> (N, 3, H, W) in [-1, 1]
        titles: one per column, written under the last row
    """
    named = [Row(name, pictures, []) for name, pictures in rows.items()]
    # Under the last row only: a column is the same thing in every row.
    named[-1] = named[-1]._replace(titles=list(titles or []))
    show_sheet(named, alt, zoom)


def show_trace(
    steps: list[Step],
    every: int | None = None,
    alt: str | None = None,
    picture: int = 0,
    zoom: int | None = None,
) -> None:
    """Show x_t above the guess x_0_hat, step by step down to the last.

    Args:
        steps: the steps that a sampler yields, as a list
        every: show every n-th step and the last; by default about eight in all
        picture: which picture of the batch
    """
    # A row holds eight pictures at a useful size.
    every = every or math.ceil((len(steps) - 1) / 7)
    # The last step, t = 0, is the point of it all: it is shown whatever `every` says.
    shown = [*steps[:-1:every], steps[-1]]
    rows = {
        "x_t": torch.stack([step.x_t[picture].cpu() for step in shown]),
        "x_0_hat": torch.stack([step.x_0_hat[picture].cpu() for step in shown]),
    }
    titles = [f"t = {step.t}" for step in shown]
    words = (
        "A picture comes out of noise: above the noisy picture x_t, below the guess "
        f"x_0_hat of the clean one, at {', '.join(titles)}."
    )
    show_rows(rows, alt or words, titles, zoom)


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
        picture: (3, H, W) in [-1, 1]; the numbers written are bytes, 0..255
        top, left, size: the square, in pixels
        whole: also show the whole picture, with the square marked

    Raises:
        PictureError: `picture` is not a picture, or the square reaches beyond it
    """
    check_pictures(picture[None])
    pixels = to_bytes(picture.detach().cpu()).permute(1, 2, 0)  # (H, W, 3)
    crop = pixels[top : top + size, left : left + size]
    if crop.shape != (size, size, 3):
        raise PictureError(
            f"A square of {size} pixels at row {top}, column {left} does not fit into "
            f"a picture of {len(pixels)} rows and {pixels.shape[1]} columns."
        )
    words = (
        f"A square of {size} times {size} pixels from row {top}, column {left}, "
        "and in each pixel its three numbers: red, green and blue."
    )
    # 0.8 inches hold three lines of numbers in each pixel.
    side = 0.8 * size + 0.6
    with panels(alt or words, 1 + whole, side, side) as axes:
        if whole:
            axes[0].imshow(pixels.numpy())
            frame(axes[0], left - 0.5, top - 0.5, size)
        axes[-1].imshow(crop.numpy())
        axes[-1].set_title("red, green, blue", fontsize=10)
        write_numbers(axes[-1], crop)
        axes[-1].set_xticks(range(size), range(left, left + size))
        axes[-1].set_yticks(range(size), range(top, top + size))
        for axis in axes:
            axis.grid(False)
            axis.spines[:].set_visible(False)
            axis.set(xlabel="column", ylabel="row")


def frame(axis: Axes, left: float, top: float, size: int) -> None:
    """Draw a square that shows on any background: white on black."""
    # A line of a single colour would vanish on some picture.
    for colour, width in (("black", 3.5), ("white", 1.5)):
        square = Rectangle((left, top), size, size, fill=False, ec=colour, lw=width)
        axis.add_patch(square)


def write_numbers(axis: Axes, crop: Tensor) -> None:
    """Write the three numbers into each pixel of a crop (size, size, 3) of bytes."""
    for row, pixels in enumerate(crop.tolist()):
        for column, (red, green, blue) in enumerate(pixels):
            # Perceived brightness (ITU-R BT.601): green counts most, blue hardly.
            bright = 0.299 * red + 0.587 * green + 0.114 * blue > 128
            ink = "black" if bright else "white"
            text = f"{red}\n{green}\n{blue}"
            axis.text(column, row, text, ha="center", va="center", c=ink, fontsize=9)


# Points in the plane --------------------------------------------------------------


def plot_points(
    points: Tensor | dict[str, Tensor], alt: str, limit: float | None = None
) -> None:
    """Scatter points (N, 2), or a dict name -> points, one panel each.

    Args:
        limit: how far the axes go from zero; by default enough for all points, the same
        for all panels
    """
    named = points if isinstance(points, dict) else {"": points}
    clouds = [numbers(cloud) for cloud in named.values()]
    with panels(alt, len(clouds), share=True) as axes:
        for axis, name, cloud in zip(axes, named, clouds, strict=True):
            axis.scatter(*cloud.T, s=6, color=PALETTE[0], alpha=0.6, linewidths=0)
            axis.set_title(name)
        # One limit for all panels: a cloud that shrinks must be seen to shrink.
        same_square(axes, limit or reach(*clouds))


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
        points: (N, 2), where the arrows start; `grid_points` makes a square of them
        vectors: (N, 2), or a dict name -> vectors, one panel each
        data: (M, 2), shown in grey behind the arrows
        scale: how many units of a vector are drawn as one unit of the axes; by default
            the longest arrow of all panels is a little longer than the distance between
            points
    """
    named = vectors if isinstance(vectors, dict) else {"": vectors}
    arrows = [numbers(each) for each in named.values()]
    points = numbers(points)
    if scale is None:
        # The points' mean distance if they fill their square; it is 0 for a single
        # point or points on a line, hence the 1.0.
        apart = math.sqrt(np.ptp(points, axis=0).prod() / len(points)) or 1.0
        longest = max(np.linalg.norm(each, axis=1).max() for each in arrows) or 1.0
        scale = longest / (1.3 * apart)
    # By default matplotlib turns and scales arrows by the screen, not by the axes: they
    # would not point where the vectors do.
    drawn = dict(angles="xy", scale_units="xy", scale=scale, width=0.005)
    with panels(alt, len(arrows), 4.2, 4.2, share=True) as axes:
        for axis, name, each in zip(axes, named, arrows, strict=True):
            backdrop(axis, data)
            axis.quiver(*points.T, *each.T, color=PALETTE[0], **drawn, zorder=3)
            axis.set_title(name)
        same_square(axes, limit or reach(points))


def grid_points(limit: float = 2.0, count: int = 15) -> Tensor:
    """A square of points, (count * count, 2), for `plot_field`."""
    line = torch.linspace(-limit, limit, count)
    return torch.cartesian_prod(line, line)


def numbers(values) -> np.ndarray:
    """A tensor on any device, or a list, as a float64 array."""
    if isinstance(values, Tensor):
        values = values.detach().cpu().double()  # numpy knows no bfloat16
    return np.asarray(values, dtype=np.float64)


def backdrop(axis: Axes, data: Tensor | None) -> None:
    """Draw the data in grey, behind everything else."""
    if data is not None:
        axis.scatter(*numbers(data).T, s=8, color=GREY, linewidths=0, label="data")


def reach(*clouds: np.ndarray) -> float:
    """The largest absolute coordinate of all points, and a little more."""
    # From zero and not from the data's middle, since everything turns on N(0, 1).
    return 1.05 * max(np.abs(cloud).max() for cloud in clouds)


def same_square(axes: list[Axes], limit: float) -> None:
    """Equal axes around zero: circles are round and panels can be compared."""
    for axis in axes:
        axis.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
        axis.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axis.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))


# Curves ---------------------------------------------------------------------------


def line_look(number: int) -> dict:
    """Colour and dash of curve number `number`."""
    # 7 colours and 4 dashes have no common divisor: 28 curves before a look repeats.
    return dict(
        color=PALETTE[number % len(PALETTE)], linestyle=DASHES[number % len(DASHES)]
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
    """Draw one line per name, with markers where there are few points.

    Args:
        x: the numbers along the axis, or name -> numbers where the curves differ in
        them
        curves: name -> the numbers on the y axis
    """
    ticks = set()
    with panels(alt, 1, 5.6, 3.6) as axes:
        for i, (name, y) in enumerate(curves.items()):
            along = numbers(x[name] if isinstance(x, dict) else x)
            # A few points were measured one by one, and markers say where; many would
            # hide the line.
            marker = MARKERS[i % len(MARKERS)] if len(along) <= 30 else None
            axes[0].plot(
                along, numbers(y), marker=marker, ms=5, label=name, **line_look(i)
            )
            ticks.update(along)
        label_axes(axes[0], xlabel, ylabel, logx, logy, legend=len(curves) > 1)
        # matplotlib would label only powers of ten, but the reader of a curve over 5,
        # 10, 20, 50 steps wants to see these numbers.
        if logx and len(ticks) <= 10:
            axes[0].set_xticks(sorted(ticks), [f"{tick:g}" for tick in sorted(ticks)])
            axes[0].xaxis.set_minor_locator(NullLocator())


def plot_losses(
    losses: dict[str, list[float]],
    smooth: int = 20,
    alt: str | None = None,
    logx: bool = True,
    logy: bool = True,
) -> None:
    """Draw training losses, pale, and their running mean, strong.

    Args:
        losses: name -> one loss per iteration
        smooth: how many iterations the mean covers, at most
    """
    # Both axes are logarithmic by default: a loss changes most in the first few hundred
    # of thousands of iterations, and its last changes are small.
    words = f"The loss at each iteration and its running mean: {', '.join(losses)}."
    with panels(alt or words, 1, 5.6, 3.6) as axes:
        for i, (name, values) in enumerate(losses.items()):
            values, look = numbers(values), line_look(i)
            iteration = np.arange(1, len(values) + 1)
            axes[0].plot(iteration, values, color=look["color"], alpha=0.25, lw=0.8)
            axes[0].plot(iteration, running_mean(values, smooth), label=name, **look)
        label_axes(axes[0], "iteration", "loss", logx, logy, legend=len(losses) > 1)


def running_mean(values: np.ndarray, most: int) -> np.ndarray:
    """The mean of the last quarter of the values so far, but of at most `most` values.

    >>> running_mean(np.array([9.0, 7.0, 5.0, 3.0, 1.0]), most=2)
    array([9., 7., 5., 4., 2.])
    """
    # From differences of cumulative sums: one pass, however wide the window is.
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    # A quarter of the values while there are few: a window of 20 from the start would
    # flatten the steep beginning.
    starts = ends - np.minimum(most, 1 + ends // 4)
    return (sums[ends] - sums[starts]) / (ends - starts)


def plot_schedules(
    schedules: NoiseSchedule | list[NoiseSchedule], alt: str | None = None
) -> None:
    """Draw a_t, b_t and the signal-to-noise ratio a_t^2 / b_t^2 of some schedules."""
    schedules = [schedules] if isinstance(schedules, NoiseSchedule) else schedules
    names = ", ".join(schedule.name for schedule in schedules)
    words = (
        "Three panels over u = t / T: a_t falls from 1 to about 0, b_t rises from 0 to "
        f"about 1, and the signal-to-noise ratio falls. Schedules: {names}."
    )
    with panels(alt or words, 3, 3.1, 2.9) as axes:
        for i, schedule in enumerate(schedules):
            look = dict(label=schedule.name, **line_look(i))
            u = np.arange(schedule.T + 1) / schedule.T
            # Without the ends, where the ratio is 0 or infinite. The table's device
            # need not be torch's default.
            inner = torch.arange(1, schedule.T, device=schedule.a_table.device)
            axes[0].plot(u, numbers(schedule.a_table), **look)
            axes[1].plot(u, numbers(schedule.b_table), **look)
            axes[2].plot(u[1:-1], numbers(schedule.snr(inner)), **look)
        axes[0].set_title("a_t: how much picture")
        axes[1].set_title("b_t: how much noise")
        axes[2].set_title("signal-to-noise ratio")
        # The ratio spans many powers of ten, and samplers walk in its logarithm.
        axes[2].set_yscale("log")
        axes[2].legend()
        for axis in axes:
            axis.set_xlabel("u = t / T")


def plot_histograms(
    values: dict[str, Tensor],
    alt: str,
    bins: int = 60,
    bell: bool = False,
    xlabel: str = "value",
) -> None:
    """Draw how often each value occurs, one panel per name, all on the same axes.

    Args:
        bell: also draw the bell curve of N(0, 1)
    """
    flat = [numbers(each).ravel() for each in values.values()]
    # The same bins in all panels, so that equal heights mean equally often.
    low, high = min(map(np.min, flat)), max(map(np.max, flat))
    with panels(alt, len(flat), 3.0, 2.6, share=True) as axes:
        for axis, name, each in zip(axes, values, flat, strict=True):
            axis.hist(each, bins, range=(low, high), density=True, color=PALETTE[3])
            if bell:
                x = np.linspace(low, high, 200)
                # `density` makes the area of the bars 1, like that under the bell
                # curve.
                height = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
                axis.plot(x, height, "--", color=PALETTE[2], label="N(0, 1)")
                axis.legend()
            axis.set(title=name, xlabel=xlabel)
        axes[0].set_ylabel("how often (area 1)")


def label_axes(axis, xlabel, ylabel, logx=False, logy=False, legend=True) -> None:
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.set_xscale("log" if logx else "linear")
    axis.set_yscale("log" if logy else "linear")
    if legend:
        axis.legend()
