"""Looking inside a network changes nothing, and finds what really passes."""

import pytest
import torch
from matplotlib.figure import Figure
from torch import nn

from course_lib.figures.anatomy import (
    draw_unet,
    parts_of,
    plot_unet,
    shapes_inside,
    skips,
)
from course_lib.networks.unet import UNet

X_T, T_1 = torch.zeros(2, 3, 16, 16), torch.tensor([1, 2])


def unet_shapes(widths=(8, 16)):
    model = UNet(widths=widths, blocks=1, refine=4)
    return {"x_t": tuple(X_T.shape)} | shapes_inside(model, X_T, T_1)


def test_every_part_is_found_in_the_order_of_its_use():
    shapes = unet_shapes()
    assert list(shapes) == [
        *("x_t", "time", "label", "into", "down[0]", "shrink[0]", "down[1]", "middle"),
        *("up[0]", "grow[0]", "up[1]", "out", "refine", "last"),
    ]
    assert shapes["time"] == (2, 32)
    assert shapes["into"] == shapes["up[1]"] == (2, 8, 8, 8)
    assert shapes["middle"] == (2, 16, 4, 4)
    assert shapes["last"] == shapes["x_t"]


def test_looking_leaves_no_trace_even_when_it_fails():
    model = UNet(widths=(8, 16), blocks=1)
    with pytest.raises(ValueError, match="shaped"):
        shapes_inside(model, torch.zeros(2, 1, 16, 16), T_1)
    shapes_inside(model, X_T, T_1)
    assert not any(part._forward_hooks for part in parts_of(model).values())


def test_a_part_that_is_not_used_is_not_listed():
    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Linear(2, 3), nn.Linear(2, 3)

        def forward(self, x):
            return self.used(x)

    assert shapes_inside(Half(), torch.ones(1, 2)) == {"used": (1, 3)}


@pytest.mark.parametrize("widths", [(8,), (8, 16), (8, 8, 16)])
def test_a_drawing_has_a_box_a_part_and_an_arrow_a_skip(widths):
    axis = Figure().add_subplot()
    shapes = unet_shapes(widths)
    draw_unet(axis, shapes)
    drawn = [shape for shape in shapes.values() if len(shape) == 4]
    assert len(axis.patches) == len(drawn) + len(widths) + 1
    words = [text.get_text() for text in axis.texts]
    assert words.count("skip") == len(widths) + 1
    assert "3\n16×16" in words


def test_the_coarsest_skip_is_taken_first():
    assert skips(unet_shapes()) == [
        ("x_t", "refine"),
        ("down[0]", "up[1]"),
        ("down[1]", "up[0]"),
    ]


def test_a_plot_speaks(capsys):
    plot_unet(unet_shapes(), alt="A U.")
    assert capsys.readouterr().out == "figure: A U.\n"
