"""Drawing with signed distances: shapes as functions, and paint with soft edges.

A shape is a function that says, for every pixel, how far it is from the shape's edge:
negative inside, zero on the edge, positive outside. This one number yields the soft
edge (a pixel cut in two by the edge is half covered), the outline (the shape, slightly
grown), the union (the smaller of two distances) and the intersection (the larger). The
formulas are those of Inigo Quilez, https://iquilezles.org/articles/distfunctions2d/.

Points are pairs (x, y) of tensors (N, H, W): N pictures are drawn at once, x to the
right and y upwards. A length is a number or a tensor (N, 1, 1), one for each picture.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

Points = tuple[Tensor, Tensor]  # x and y, each (N, H, W)
Length = float | Tensor  # Tensor: (N, 1, 1)
Colour = tuple[float, float, float] | Tensor  # 0 to 1, or (N, 3, 1, 1)


def pixel_grid(size: int, device: str | torch.device = "cpu") -> Points:
    """The centres of a picture's pixels, 0 to 1, y upwards: x and y, each (1, H, W)."""
    middles = (torch.arange(size, device=device) + 0.5) / size  # (size,)
    x = middles[None, None, :].expand(1, size, size)
    y = middles.flip(0)[None, :, None].expand(1, size, size)
    return x, y


def place(points: Points, x: Length, y: Length, scale: Length, angle: Length) -> Points:
    """The points in the coordinates of a figure at (x, y), scaled and turned.

    Everything the figure draws in its own units appears `scale` times as large. The
    angle is in radians; a negative one leans to the right.
    """
    dx, dy = points[0] - x, points[1] - y  # (N, H, W)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale  # (N, 1, 1)
    return dx * cos + dy * sin, dy * cos - dx * sin


def mirror(points: Points, x: Length = 0.0) -> Points:
    """Fold the left half onto the right: one stroke then appears on both sides."""
    return (points[0] - x).abs(), points[1]


# ---------------------------------------------------------------- distances (N, H, W)


def length(dx: Tensor, dy: Tensor) -> Tensor:
    """sqrt(dx^2 + dy^2), in half the time of torch.hypot; overwrites its arguments."""
    # In place: new memory for every shape would cost more time than the arithmetic.
    return dx.mul_(dx).addcmul_(dy, dy).sqrt_()


def circle(points: Points, centre: tuple[Length, Length], radius: Length) -> Tensor:
    """Distance to a circle: the distance to its centre, less the radius."""
    return length(points[0] - centre[0], points[1] - centre[1]) - radius


def ellipse(
    points: Points, centre: tuple[Length, Length], radii: tuple[float, float]
) -> Tensor:
    """Distance to an upright ellipse, exact to first order at its edge.

    f = (x/a)^2 + (y/b)^2 - 1 is zero on the edge; f / |gradient of f| is the distance.
    """
    dx, dy = points[0] - centre[0], points[1] - centre[1]  # (N, H, W)
    xx, yy = dx.mul_(dx), dy.mul_(dy)
    a, b = radii[0] ** -2, radii[1] ** -2
    # The exact distance is a root of a quartic. Near the edge, the only place where
    # paint is soft, this one is as good.
    f = torch.add(xx * a, yy, alpha=b).sub_(1)
    half_gradient = xx.mul_(a * a).add_(yy, alpha=b * b).clamp_(min=1e-8).sqrt_()
    return f.div_(half_gradient).mul_(0.5)


def capsule(
    points: Points,
    start: tuple[Length, Length],
    end: tuple[Length, Length],
    radius: Length,
    end_radius: Length | None = None,
) -> Tensor:
    """Distance to a thick line with round ends, whose radius may change on the way."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    dx, dy = points[0] - start[0], points[1] - start[1]  # (N, H, W)
    length_2 = along_x**2 + along_y**2
    share = ((dx * along_x + dy * along_y) / length_2).clamp(0, 1)  # 0 start, 1 end
    to_line = length(dx - share * along_x, dy - share * along_y)
    # Not the exact distance to a cone, but nearly so for slim ones, and all are slim.
    if end_radius is None:
        return to_line - radius
    return to_line - (radius + share * (end_radius - radius))


def box(
    points: Points, centre: tuple[Length, Length], half: tuple[Length, Length]
) -> Tensor:
    """Distance to an upright box; `half` is half its width and half its height."""
    outside_x = (points[0] - centre[0]).abs() - half[0]
    return torch.maximum(outside_x, (points[1] - centre[1]).abs() - half[1])


def polygon(points: Points, corners: list[tuple[float, float]]) -> Tensor:
    """Distance to a convex polygon: the largest distance to a line along a side.

    The corners may be listed clockwise or counterclockwise. The wrong order would flip
    every sign and the shape would silently cover nothing, so the signed area decides.

    Raises:
        ValueError: all corners lie on one line
    """
    sides = list(zip(corners, corners[1:] + corners[:1], strict=True))
    twice_area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in sides)
    if twice_area == 0:
        raise ValueError("The corners of a polygon must not all lie on one line.")
    distance = None
    for (ax, ay), (bx, by) in sides:
        long = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
        long = long if twice_area > 0 else -long
        # The side's normal: the side turned by a right angle.
        out_x, out_y = (by - ay) / long, (ax - bx) / long  # points out of the shape
        side = (points[0] * out_x).add_(points[1], alpha=out_y)
        side = side.sub_(ax * out_x + ay * out_y)
        distance = side if distance is None else torch.maximum(distance, side)
    return distance


# --------------------------------------------------------- shapes from other shapes


def union(*distances: Tensor) -> Tensor:
    """Distance to the union: inside any of the shapes."""
    nearest = distances[0]
    for distance in distances[1:]:
        nearest = torch.minimum(nearest, distance)
    return nearest


def intersection(*distances: Tensor) -> Tensor:
    """Distance to the intersection: inside all of the shapes."""
    farthest = distances[0]
    for distance in distances[1:]:
        farthest = torch.maximum(farthest, distance)
    return farthest


def without(distance: Tensor, hole: Tensor) -> Tensor:
    """Distance to the difference: inside the first shape and outside the second."""
    # The negated distance is that of the hole's outside. A maximum is not quite the
    # distance far from an edge, but paint depends only on what is near.
    return torch.maximum(distance, -hole)


def stroke(distance: Tensor, half_width: Length) -> Tensor:
    """Distance to a line along the edge of a shape."""
    return distance.abs() - half_width


# ------------------------------------------------------------------------------ paint


def coverage(distance: Tensor, pixel: Length) -> Tensor:
    """The share of each pixel that the shape covers, 0 to 1; edges are a pixel soft."""
    return (distance * (-1 / pixel)).add_(0.5).clamp_(0, 1)


@dataclass(eq=False)
class Brush:
    """A brush for N pictures, in the units of the figure that is being painted."""

    canvas: Tensor  # (N, 3, H, W), 0 to 1, painted in place
    points: Points  # the centres of the pixels, each (N, H, W)
    pixel: Tensor  # (N, 1, 1), the width of one pixel
    line: Tensor  # (N, 1, 1), the width of an outline
    outline: Tensor  # (N, 3, 1, 1), the colour of an outline

    def colour(self, colour: Colour) -> Tensor:
        """A colour as a tensor that broadcasts to the canvas, (1 or N, 3, 1, 1)."""
        if isinstance(colour, Tensor):
            return colour
        return torch.tensor(colour, device=self.canvas.device).reshape(1, 3, 1, 1)

    def paint(self, distance: Tensor, colour: Colour, opacity: float = 1.0) -> None:
        """Cover the shape with one colour."""
        # Blending by coverage is anti-aliasing; drawing at twice the size and averaging
        # would cost four times as much.
        weight = coverage(distance, self.pixel)[:, None]  # (N, 1, H, W)
        weight = weight if opacity == 1 else weight.mul_(opacity)
        self.canvas.lerp_(self.colour(colour), weight)

    def paint_outlined(self, distance: Tensor, colour: Colour) -> None:
        """Paint the shape with an outline: the same shape, slightly larger, first."""
        # Subtracting a width from the distance grows the shape by it on every side.
        self.paint(distance - self.line, self.outline)
        self.paint(distance, colour)

    def paint_shaded(self, distance: Tensor, colour: Colour) -> None:
        """Paint an outlined shape, darker near the ground: light comes from above."""
        self.paint_outlined(distance, colour)
        shadow = (0.16 - 0.15 * self.points[1]).clamp_(0, 0.16)  # (N, H, W)
        shadow.mul_(coverage(distance, self.pixel))
        self.canvas.mul_(1 - shadow[:, None])

    def thick(self, half_width: float) -> Tensor:
        """A half-width of at least half a pixel, to keep thin parts visible."""
        # A line thinner than a pixel fades into the background: at 32x32, mouths and
        # thin legs would be gone.
        return (0.5 * self.pixel).clamp(min=half_width)  # (N, 1, 1)
