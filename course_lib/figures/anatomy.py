"""Look inside a network: the shapes that pass through it, and the U that they form."""

import torch
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle
from torch import nn

from course_lib.figures.figure import PALETTE, panels

Shapes = dict[str, tuple[int, ...]]


def parts_of(model: nn.Module) -> dict[str, nn.Module]:
    """The named parts of a network, with the members of its ModuleLists one by one."""
    parts = {}
    for name, part in model.named_children():
        # Nothing passes through a ModuleList itself, only through its members.
        if isinstance(part, nn.ModuleList):
            parts |= {f"{name}[{i}]": member for i, member in enumerate(part)}
        else:
            parts[name] = part
    return parts


def shapes_inside(model: nn.Module, *inputs) -> Shapes:
    """Run the network once and return each part's output shape, in the order of use.

    >>> shapes_inside(nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 1)), torch.ones(2, 3))
    {'0': (2, 5), '1': (2, 1)}
    """
    shapes, hooks = {}, []
    for name, part in parts_of(model).items():
        # `name=name` keeps this turn's name: a closure would see the last one.
        def record(part, given, answer, name=name):
            shapes[name] = tuple(answer.shape)

        hooks.append(part.register_forward_hook(record))
    try:
        with torch.no_grad():
            model(*inputs)
    finally:
        # Even if the network refuses its input: a hook left behind would go on
        # recording.
        for hook in hooks:
            hook.remove()
    return shapes


FLOOR = 1.4  # how much lower a grid of half the size is drawn


def plot_unet(shapes: Shapes, alt: str) -> None:
    """Draw the shapes of a U-Net: coarser grids lower down, skip connections dashed.

    Args:
        shapes: what `shapes_inside` found, and "x_t"; only (B, C, H, W) are drawn
    """
    with panels(alt, 1, 8.8, 4.3) as axes:
        draw_unet(axes[0], shapes)


def draw_unet(axis: Axes, shapes: Shapes) -> None:
    """Draw the U: a box is taller for a finer grid, and wider for more channels."""
    # The vectors of time and label have no grid, and so no place in the U.
    pictures = {name: shape for name, shape in shapes.items() if len(shape) == 4}
    grids = sorted({shape[2] for shape in pictures.values()}, reverse=True)
    tops = {}
    for x, (name, shape) in enumerate(pictures.items()):
        y = -FLOOR * grids.index(shape[2])
        tops[name] = (x, draw_box(axis, x, y, name, shape, grids[0]))
    for name, other in skips(pictures):
        draw_skip(axis, tops[name], tops[other])
    axis.set(xlim=(-0.6, len(pictures) - 0.4), aspect="equal")
    axis.set_ylim(-FLOOR * (len(grids) - 0.5), 1.4)
    axis.axis("off")


def draw_box(
    axis: Axes, x: float, y: float, name: str, shape: tuple, finest: int
) -> float:
    """Draw one part, its name above, its shape below; return the name's upper end."""
    _, channels, height, width = shape
    # The height goes with the root of the grid's side, or the coarsest would be a mere
    # line.
    across, up = 0.1 + 0.75 * min(1, channels / 192), 0.7 * (height / finest) ** 0.5
    # The way up has another colour; its place at the right says the same.
    colour = PALETTE[0] if name.split("[")[0] not in ("grow", "up") else PALETTE[4]
    corner = (x - across / 2, y - up / 2)
    axis.add_patch(Rectangle(corner, across, up, fc=colour, ec="black", lw=0.6))
    axis.text(x, y + up / 2 + 0.04, name, ha="center", va="bottom", fontsize=8)
    words = f"{channels}\n{height}×{width}"
    axis.text(x, y - up / 2 - 0.05, words, ha="center", va="top", fontsize=8)
    return y + up / 2 + 0.24


def skips(names) -> list[tuple[str, str]]:
    """The pairs (part on the way down, part on the way up) that a skip connects."""
    down = [name for name in names if name.startswith("down[")]
    up = [name for name in names if name.startswith("up[")]
    # The last grid of the way down is the first of the way up, hence reversed.
    pairs = list(zip(down, reversed(up), strict=True))
    return [("x_t", "refine"), *pairs] if {"x_t", "refine"} <= set(names) else pairs


def draw_skip(axis: Axes, start: tuple, end: tuple) -> None:
    """Draw a dashed arch from one name to another."""
    arch = dict(arrowstyle="-|>", mutation_scale=10, connectionstyle="arc3,rad=-0.12")
    look = dict(linestyle="--", color=PALETTE[1], shrinkA=0, shrinkB=0)
    axis.add_patch(FancyArrowPatch(start, end, **arch, **look))
    middle = (start[0] + end[0]) / 2
    top = start[1] + 0.06 * (end[0] - start[0])
    axis.text(middle, top + 0.02, "skip", ha="center", va="bottom", fontsize=8)
