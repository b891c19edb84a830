"""The arrow field is the slope of the density, and the density is one."""

import math

import pytest
import torch

from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import ddim
from course_lib.diffusion.schedule import SCHEDULES, linear_schedule, schedule_named
from course_lib.figures import figure
from course_lib.figures.density import density, plot_walks
from course_lib.figures.field import plot_guesses, score

every_schedule = pytest.mark.parametrize("name", SCHEDULES)
POINTS = torch.tensor([-1.0, -0.4, 0.3, 1.0], dtype=torch.float64)


@pytest.fixture
def shown(monkeypatch):
    """The descriptions of what was put under the cell."""
    words = []
    monkeypatch.setattr(figure, "publish", lambda page, alt: words.append(alt))
    return words


@every_schedule
@pytest.mark.parametrize("t", [20, 300, 900])
def test_the_score_is_the_slope_of_the_logarithm_of_the_density(name, t):
    schedule, step = schedule_named(name), torch.tensor([t])
    x = torch.linspace(-2, 2, 9, dtype=torch.float64, requires_grad=True)
    a, b = schedule.a_table[t], schedule.b_table[t]
    bells = -((x[:, None] - a * POINTS) ** 2) / (2 * b**2)
    (slope,) = torch.autograd.grad(bells.logsumexp(1).sum(), x)
    ideal = IdealDenoiser(POINTS[:, None], schedule)
    found = score(ideal, x.detach()[:, None], step.expand(9))[:, 0]
    torch.testing.assert_close(found, slope)


@every_schedule
@pytest.mark.parametrize("t", [50, 500, 1000])
def test_the_area_below_the_density_is_1(name, t):
    x = torch.linspace(-8, 8, 4001)
    p = density(POINTS.float(), schedule_named(name), x, torch.tensor([t]))[:, 0]
    assert float(p.sum()) * 16 / 4000 == pytest.approx(1, abs=1e-4)


def test_the_density_of_one_point_is_its_bell_curve():
    schedule, t = linear_schedule(), torch.tensor([400])
    a, b = schedule.a_table[400].item(), schedule.b_table[400].item()
    at_the_top = density(torch.tensor([0.5]), schedule, torch.tensor([0.5 * a]), t)
    assert at_the_top.item() == pytest.approx(1 / (b * math.sqrt(2 * math.pi)))


def test_walks_are_shown_over_their_density(shown):
    schedule = linear_schedule()
    predict = predictor(
        IdealDenoiser(POINTS[:, None].float(), schedule), schedule, "x_0"
    )
    steps = list(ddim(predict, torch.zeros(3, 1), schedule, steps=4))
    plot_walks(POINTS, schedule, {"few": steps, "again": steps}, "lines on a map")
    assert shown == ["lines on a map"]


def test_a_guess_is_shown_with_what_it_is_the_mean_of(shown):
    ideal = IdealDenoiser(torch.randn(20, 2), linear_schedule())
    plot_guesses(ideal, (1.0, 0.5, 100), "one arrow")
    plot_guesses(ideal, [(1.0, 0.5, t) for t in (1000, 100, 1)], "three arrows")
    assert shown == ["one arrow", "three arrows"]


def test_a_figure_without_a_description_is_refused():
    ideal = IdealDenoiser(torch.randn(20, 2), linear_schedule())
    with pytest.raises(ValueError, match="Say in a sentence"):
        plot_guesses(ideal, (1.0, 0.5, 100), "")
