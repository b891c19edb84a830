"""Figures: described in words, exact to the pixel, the same every time."""

import base64
import io
import re

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib import style
from PIL import Image
from torch import Tensor

from course_lib.device import plain_torch
from course_lib.diffusion.samplers import Step
from course_lib.diffusion.schedule import (
    cosine_schedule,
    linear_schedule,
    straight_line,
)
from course_lib.figures import figure, plots
from course_lib.pixels import PictureError, to_bytes

PICTURES = torch.rand(5, 3, 6, 4, generator=torch.Generator().manual_seed(0)) * 2 - 1
POINTS = torch.randn(30, 2, generator=torch.Generator().manual_seed(1))
SCHEDULES = [linear_schedule(10), straight_line(10)]
COSINE = cosine_schedule(10)
STEPS = [Step(t, PICTURES, PICTURES.flip(3)) for t in range(20, -1, -1)]
FIGURES = {
    "pictures": lambda: plots.show_pictures(PICTURES, list("abcde"), 3, alt="five"),
    "rows": lambda: plots.show_rows({"x_0": PICTURES, "": PICTURES[:2]}, "two rows"),
    "trace": lambda: plots.show_trace(STEPS),
    "numbers": lambda: plots.show_picture_numbers(PICTURES[0], 1, 1, 3),
    "numbers only": lambda: plots.show_picture_numbers(
        PICTURES[0], size=2, whole=False
    ),
    "points": lambda: plots.plot_points(POINTS, "a cloud"),
    "clouds": lambda: plots.plot_points({str(i): POINTS for i in range(5)}, "five"),
    "field": lambda: plots.plot_field(POINTS, -POINTS, "arrows"),
    "fields": lambda: plots.plot_field(POINTS, {"in": -POINTS, "out": POINTS}, "two"),
    "no field": lambda: plots.plot_field(POINTS, 0 * POINTS, "arrows of no length"),
    "curves": lambda: plots.plot_curves([1, 2], {"up": [1, 2]}, "x", "y", "a line"),
    "losses": lambda: plots.plot_losses({"eps": [3.0, 2.0], "v": [2.0, 1.0, 0.5]}),
    "schedules": lambda: plots.plot_schedules(SCHEDULES),
    "one schedule": lambda: plots.plot_schedules(COSINE),
    "histograms": lambda: plots.plot_histograms({"x": POINTS}, "bars", bell=True),
    "own": lambda: figure.show(own_figure(), "a line of my own"),
    "image": lambda: figure.show(Image.new("RGBA", (5, 4), "red"), "a red picture"),
}
every_figure = pytest.mark.parametrize("name", FIGURES)


def own_figure():
    own, axis = plt.subplots()
    axis.plot([1, 2])
    return own


@pytest.fixture
def shown(monkeypatch):
    """What was put under the cell: pairs of HTML and description."""
    pages = []
    monkeypatch.setattr(figure, "publish", lambda page, alt: pages.append((page, alt)))
    return pages


def png_of(page: str) -> bytes:
    return base64.b64decode(re.search(r"base64,([^\"]+)", page)[1])


def pixels_of(page: str) -> Tensor:
    with Image.open(io.BytesIO(png_of(page))) as image:
        return torch.from_numpy(np.array(image.convert("RGB")))  # (H, W, 3)


# Every figure ---------------------------------------------------------------------


@every_figure
def test_a_figure_is_shown_once_with_its_description(name, shown):
    assert FIGURES[name]() is None
    [(page, alt)] = shown
    [tag] = re.findall("<img [^>]+>", page)
    assert alt and f'alt="{alt}"' in tag
    assert "width=" not in tag  # it may be one more or less with another matplotlib
    assert pixels_of(page).shape[1] <= 1300
    assert plt.get_fignums() == []  # nothing is left for pyplot to show again
    with Image.open(io.BytesIO(png_of(page))) as image:
        assert set(image.info) <= {"dpi"}  # no date and no version


OWN_STYLE = [
    "dark_background",
    {
        "font.size": 20,
        "font.family": "monospace",
        "lines.linewidth": 9,
        "path.sketch": (1, 100, 2),
        "figure.autolayout": True,
        "figure.dpi": 50,
        "savefig.dpi": 300,
        "savefig.bbox": "tight",
        "savefig.pad_inches": 1.0,
        "savefig.transparent": True,
    },
]


@every_figure
def test_a_figure_has_the_same_bytes_whatever_the_learners_own_style(name, shown):
    FIGURES[name]()
    with style.context([] if name == "own" else OWN_STYLE):
        before = dict(matplotlib.rcParams)
        FIGURES[name]()
        assert dict(matplotlib.rcParams) == before
    assert shown[0] == shown[1]


@every_figure
def test_a_figure_does_not_hang_on_torchs_defaults(name, shown):
    FIGURES[name]()
    with plain_torch():  # puts back what is changed
        torch.set_default_dtype(torch.bfloat16)
        torch.set_default_device("meta")
        torch.set_grad_enabled(False)
        FIGURES[name]()
    assert shown[0] == shown[1]


def test_a_sheet_carries_its_style_when_somebody_else_saves_it():
    row = figure.Row("a label", PICTURES, list("abcde"))
    with style.context("dark_background"):
        sheet = figure.sheet([row])
    assert sheet.get_facecolor() == (1, 1, 1, 1)
    assert {words.get_color() for words in sheet.texts} == {"black"}


def test_a_figure_of_ones_own_keeps_its_style(shown):
    with style.context("dark_background"):
        figure.show(own_figure(), "a line of my own")
    assert pixels_of(shown[0][0])[0, 0].tolist() == [0, 0, 0]


def test_without_a_notebook_the_description_is_printed(capsys):
    plots.show_pictures(PICTURES, alt="five noises")
    assert capsys.readouterr().out == "figure: five noises\n"


@pytest.mark.parametrize("alt", ["", "  ", None])
def test_a_figure_without_a_description_is_refused(alt, shown):
    with pytest.raises(ValueError, match="Say in a sentence what the figure shows"):
        plots.show_pictures(PICTURES, alt=alt)
    with pytest.raises(ValueError, match="Say in a sentence what the figure shows"):
        plots.plot_points(POINTS, alt)


# Pictures -------------------------------------------------------------------------


@pytest.mark.parametrize("zoom", [1, 3])
@pytest.mark.parametrize("titles", [None, ["a title of many words"] * 5])
def test_every_pixel_is_a_square_of_exactly_its_colour(zoom, titles, shown):
    plots.show_pictures(PICTURES, titles, 3, zoom, alt="five noises")
    page = pixels_of(shown[0][0])
    for picture in to_bytes(PICTURES).permute(0, 2, 3, 1):  # (H, W, 3)
        square = picture.repeat_interleave(zoom, 0).repeat_interleave(zoom, 1)
        assert count_of(square, page) == 1


def count_of(piece: Tensor, page: Tensor) -> int:
    """In how many places of the page the piece lies, pixel by pixel."""
    windows = page.unfold(0, len(piece), 1).unfold(1, piece.shape[1], 1)
    same = windows == piece.permute(2, 0, 1)  # (places, places, 3, h, w)
    return int(same.flatten(2).all(2).sum())


def test_a_figure_is_as_large_as_was_asked_however_matplotlib_rounds():
    for pixels in range(850, 950):
        with figure.our_style():
            made = figure.new_figure(pixels / 100, (pixels + 1) / 100)
        assert [int(side) for side in made.bbox.size] == [pixels, pixels + 1]


def test_many_pictures_are_zoomed_to_fit_under_a_cell(shown):
    plots.show_pictures(torch.zeros(16, 3, 32, 32), columns=16, alt="grey")
    plots.show_rows({"a long name": torch.zeros(9, 3, 32, 32)}, "grey")
    for page, _ in shown:
        assert 440 < pixels_of(page).shape[1] <= figure.WIDEST + 2 * figure.GAP


def test_titles_must_be_as_many_as_pictures():
    with pytest.raises(ValueError, match="2 titles for 5 pictures"):
        plots.show_pictures(PICTURES, ["one", "two"], alt="five")


@pytest.mark.parametrize("wrong", [PICTURES[0], PICTURES[:, :1], PICTURES / 0])
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(PictureError):
        plots.show_pictures(wrong, alt="wrong")


def test_a_square_outside_the_picture_is_refused():
    with pytest.raises(PictureError, match="does not fit"):
        plots.show_picture_numbers(PICTURES[0], top=4, size=3)


def test_the_numbers_in_a_pixel_are_its_bytes(monkeypatch):
    axis = own_figure().axes[0]
    crop = torch.tensor([[[0, 0, 0], [255, 250, 9]]])
    plots.write_numbers(axis, crop)
    dark, light = axis.texts
    assert (dark.get_text(), dark.get_color()) == ("0\n0\n0", "white")
    assert (light.get_text(), light.get_color()) == ("255\n250\n9", "black")
    plt.close("all")


@pytest.mark.parametrize("every", [None, 1, 6])
def test_a_trace_begins_with_the_first_step_and_ends_with_the_last(every, shown):
    plots.show_trace(STEPS, every)
    times = [int(t) for t in re.findall(r"t = (\d+)", shown[0][1])]
    assert times[0] == 20 and times[-1] == 0
    assert times == sorted(set(times), reverse=True)
    assert len(times) <= (8 if every is None else 20 // every + 2)


# Points and curves ------------------------------------------------------------------


def test_panels_of_points_share_their_axes_and_circles_are_round(monkeypatch):
    kept = []
    monkeypatch.setattr(figure, "show", lambda figure, alt: kept.append(figure))
    plots.plot_points({"near": POINTS, "far": 5 * POINTS}, "two clouds")
    near, far = kept[0].axes
    assert near.get_xlim() == near.get_ylim() == far.get_xlim() == far.get_ylim()
    assert near.get_aspect() == far.get_aspect() == 1
    assert far.get_xlim()[1] >= 5 * POINTS.abs().max()


def test_arrows_in_all_panels_have_one_scale(monkeypatch):
    kept = []
    monkeypatch.setattr(figure, "show", lambda figure, alt: kept.append(figure))
    plots.plot_field(POINTS, {"short": POINTS, "long": 3 * POINTS}, "two fields")
    scales = [axis.collections[0].scale for axis in kept[0].axes]
    assert scales[0] == scales[1]


def test_grid_points_fill_a_square():
    points = plots.grid_points(limit=2.0, count=3)
    assert len({tuple(point) for point in points.tolist()}) == 9
    assert points.min() == -2 and points.max() == 2


def test_a_running_mean_of_a_constant_is_the_constant():
    np.testing.assert_allclose(plots.running_mean(np.full(50, 3.0), most=7), 3.0)


def test_a_running_mean_looks_back_only_and_never_further_than_asked():
    jump = np.repeat([0.0, 1.0], 50)
    mean = plots.running_mean(jump, most=7)
    assert not mean[:50].any() and (mean[57:] == 1).all()
    assert ((0 < mean[50:56]) & (mean[50:56] < 1)).all()


# For every eye ----------------------------------------------------------------------

# What each kind of colour blindness sees: Machado et al. 2009, table 1, severity 1.
SEEN = {
    "all colours": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


@pytest.mark.parametrize("eye", SEEN)
def test_the_first_four_colours_differ_for_every_eye(eye):
    rgb = np.array([matplotlib.colors.to_rgb(each) for each in figure.PALETTE[:4]])
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = (light @ np.array(SEEN[eye]).T).clip(0, 1) ** (1 / 2.4)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    assert apart[np.triu_indices(4, 1)].min() > 0.3


def test_lines_differ_in_more_than_colour():
    looks = [plots.line_look(number)["linestyle"] for number in range(4)]
    assert len(set(looks)) == 4
    assert len(set(figure.MARKERS)) == len(figure.PALETTE)
