"""Signed distances and soft-edged paint."""

import math

import pytest
import torch

from course_lib.world.shapes import (
    Brush,
    box,
    capsule,
    circle,
    coverage,
    ellipse,
    intersection,
    mirror,
    pixel_grid,
    place,
    polygon,
    stroke,
    union,
    without,
)

SIZE = 128
GRID = pixel_grid(SIZE)
TRIANGLE = [(0.2, 0.2), (0.8, 0.3), (0.5, 0.9)]
SHAPES = {  # name: (distance to it from points, its area)
    "circle": (lambda p: circle(p, (0.5, 0.4), 0.3), math.pi * 0.3**2),
    "ellipse": (lambda p: ellipse(p, (0.5, 0.5), (0.4, 0.2)), math.pi * 0.4 * 0.2),
    "capsule": (
        lambda p: capsule(p, (0.3, 0.3), (0.6, 0.7), 0.1),
        math.pi * 0.1**2 + 0.5 * 0.2,
    ),
    "box": (lambda p: box(p, (0.5, 0.5), (0.3, 0.1)), 0.6 * 0.2),
    "triangle": (lambda p: polygon(p, TRIANGLE), 0.195),
}


def at(x: float, y: float):
    """One point, as a picture of one pixel."""
    return torch.full((1, 1, 1), x), torch.full((1, 1, 1), y)


def covered_area(distance: torch.Tensor) -> float:
    """The share of the picture that a shape covers."""
    return coverage(distance, 1 / SIZE).mean().item()


def white_brush(n: int, size: int) -> Brush:
    """A brush over a black canvas, in the picture's own units."""
    pixel = torch.full((n, 1, 1), 1 / size)
    outline = torch.full((n, 3, 1, 1), 0.5)
    canvas = torch.zeros(n, 3, size, size)
    points = tuple(g.expand(n, -1, -1) for g in pixel_grid(size))
    return Brush(canvas, points, pixel, 2 * pixel, outline)


def test_x_runs_to_the_right_and_y_upwards():
    x, y = pixel_grid(4)
    assert x[0, 0].tolist() == [0.125, 0.375, 0.625, 0.875]
    assert y[0, :, 0].tolist() == [0.875, 0.625, 0.375, 0.125]


@pytest.mark.parametrize("name", SHAPES)
def test_the_covered_area_is_the_area_of_the_shape(name):
    distance, area = SHAPES[name]
    assert covered_area(distance(GRID)) == pytest.approx(area, rel=0.01)


@pytest.mark.parametrize("name", SHAPES)
def test_a_distance_grows_by_one_for_each_unit_away_from_the_edge(name):
    d = SHAPES[name][0](GRID)[0]  # (H, W)
    slope = torch.hypot(d[1:-1, 2:] - d[1:-1, :-2], d[2:, 1:-1] - d[:-2, 1:-1])
    near = d[1:-1, 1:-1].abs() < 0.02
    assert (slope * SIZE / 2)[near].mean().item() == pytest.approx(1, abs=0.03)


def test_an_edge_through_the_middle_of_a_pixel_covers_half_of_it():
    distance = circle(at(0.5, 0.5), (0.2, 0.5), 0.3)
    assert coverage(distance, 0.1).item() == pytest.approx(0.5, abs=1e-5)


def test_a_capsule_may_grow_towards_its_end():
    ends = (0.2, 0.5), (0.8, 0.5)
    assert capsule(at(0.2, 0.6), *ends, 0.1, 0.3).item() == pytest.approx(0, abs=1e-6)
    assert capsule(at(0.8, 0.8), *ends, 0.1, 0.3).item() == pytest.approx(0, abs=1e-6)


def test_the_corners_of_a_polygon_may_go_round_either_way():
    torch.testing.assert_close(polygon(GRID, TRIANGLE), polygon(GRID, TRIANGLE[::-1]))


def test_a_polygon_on_one_line_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="must not all lie on one line"):
        polygon(GRID, [(0, 0), (1, 1), (2, 2)])


def test_union_intersection_and_difference_share_out_the_area():
    one, two = (SHAPES[name][0](GRID) for name in ("circle", "box"))
    both, either = covered_area(intersection(one, two)), covered_area(union(one, two))
    assert both + either == pytest.approx(
        covered_area(one) + covered_area(two), rel=0.01
    )
    rest = covered_area(without(one, two))
    assert rest == pytest.approx(covered_area(one) - both, rel=0.01)


def test_a_stroke_covers_the_edge_and_not_the_middle():
    ring = stroke(circle(GRID, (0.5, 0.5), 0.3), 0.05)
    assert covered_area(ring) == pytest.approx(math.pi * (0.35**2 - 0.25**2), rel=0.01)


def test_a_placed_figure_is_scaled_turned_and_moved():
    as_length = torch.tensor([[[0.1]]])
    x, y = place(at(0.5, 0.7), 0.5, 0.6, as_length, torch.tensor([[[math.pi / 2]]]))
    assert x.item() == pytest.approx(1.0, abs=1e-5)  # up in the picture, a unit of 0.1
    assert y.item() == pytest.approx(0.0, abs=1e-5)  # is to the right after a quarter


def test_what_is_drawn_once_in_a_mirror_appears_twice():
    spot = circle(mirror(GRID, 0.5), (0.3, 0.5), 0.1)
    assert covered_area(spot) == pytest.approx(2 * math.pi * 0.1**2, rel=0.01)
    torch.testing.assert_close(spot, spot.flip(-1), atol=1e-5, rtol=0)


def test_paint_covers_and_opacity_lets_through():
    brush = white_brush(1, 16)
    everywhere = box(brush.points, (0.5, 0.5), (2.0, 2.0))
    brush.paint(everywhere, (1.0, 0.0, 0.0))
    brush.paint(everywhere, (0.0, 0.0, 1.0), opacity=0.25)
    expected = torch.tensor([0.75, 0.0, 0.25]).reshape(1, 3, 1, 1).expand(1, 3, 16, 16)
    torch.testing.assert_close(brush.canvas, expected)


def test_an_outline_lies_around_the_shape_and_not_on_it():
    brush = white_brush(1, 64)
    brush.paint_outlined(circle(brush.points, (0.5, 0.5), 0.25), (1.0, 1.0, 1.0))
    row = brush.canvas[0, 0, 32]  # through the middle
    assert row[32] == 1 and row[32 + 16] > 0.4 and row[32 + 20] == 0
    assert (
        (row > 0.45) & (row < 0.55)
    ).sum() >= 2  # the outline's grey, left and right


def test_a_thin_line_is_never_thinner_than_a_pixel():
    brush = white_brush(1, 16)
    line = capsule(brush.points, (0.1, 0.53), (0.9, 0.53), brush.thick(0.001))
    brush.paint(line, (1.0, 1.0, 1.0))
    across = brush.canvas[0, 0, :, 8].sum().item()
    assert across == pytest.approx(1, abs=0.05)


def test_shaded_paint_is_darker_towards_the_ground_and_keeps_its_hue():
    brush = white_brush(1, 32)
    brush.paint_shaded(box(brush.points, (0.5, 0.5), (0.4, 0.4)), (0.8, 0.4, 0.2))
    low, high = brush.canvas[0, :, 26, 16], brush.canvas[0, :, 6, 16]
    assert (low < high).all()
    torch.testing.assert_close(low / low.sum(), high / high.sum())
