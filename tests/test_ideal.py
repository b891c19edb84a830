"""The ideal denoiser is Bayes' rule, and nothing beats it."""

import pytest
import torch

from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import ddim, last_step
from course_lib.diffusion.schedule import (
    SCHEDULES,
    add_noise,
    linear_schedule,
    schedule_named,
)

every_schedule = pytest.mark.parametrize("name", SCHEDULES)


def four_points():
    points = [[0.9, 0.1], [-0.5, 0.6], [-0.4, 0.5], [0.1, -0.8]]
    return torch.tensor(points, dtype=torch.float64)


def by_hand(x_t, t, points, schedule):
    """Bayes with the bell curve written out, point by point."""
    a, b = schedule.a_table[t].item(), schedule.b_table[t].item()
    likely = [
        torch.exp(-((x_t - a * point) ** 2).sum() / (2 * b**2)).item()
        for point in points
    ]
    chances = [each / sum(likely) for each in likely]
    mean = sum(c * point for c, point in zip(chances, points, strict=True))
    return torch.tensor(chances, dtype=torch.float64), mean


@every_schedule
@pytest.mark.parametrize("t", [100, 500, 900])
def test_it_equals_bayes_by_hand(name, t):
    schedule, points = schedule_named(name), four_points()
    ideal = IdealDenoiser(points, schedule)
    generator = torch.Generator().manual_seed(t)
    x_t = torch.randn(5, 2, generator=generator, dtype=torch.float64)
    step = torch.full((5,), t)
    chances, x_0_hat = ideal.chances(x_t, step), ideal(x_t, step)
    for i in range(5):
        exact_chances, exact_mean = by_hand(x_t[i], t, points, schedule)
        torch.testing.assert_close(chances[i], exact_chances)
        torch.testing.assert_close(x_0_hat[i], exact_mean)


@every_schedule
def test_no_change_to_it_makes_the_error_smaller(name):
    """Its mean squared error over data and noise is least: whoever departs, loses."""
    schedule, points = schedule_named(name), four_points()
    ideal = IdealDenoiser(points, schedule)
    generator = torch.Generator().manual_seed(0)
    n = 20_000
    x_0 = points[torch.randint(4, (n,), generator=generator)]
    eps = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    t = torch.full((n,), 500)
    x_t = add_noise(x_0, t, eps, schedule)
    x_0_hat = ideal(x_t, t)
    best = (x_0_hat - x_0).square().mean()
    others = {
        "shrunk": 0.9 * x_0_hat,
        "stretched": 1.1 * x_0_hat,
        "moved": x_0_hat + 0.1,
        "bent": x_0_hat + 0.1 * torch.sin(3 * x_t),
        "leaning to x_t": x_0_hat + 0.05 * x_t,
        "the likeliest point": points[ideal.chances(x_t, t).argmax(1)],
        "told another level": ideal(x_t, t - 100),
        "the mean of all": points.mean(0).expand(n, 2),
    }
    worse = {name: (each - x_0).square().mean() for name, each in others.items()}
    assert all(error > best for error in worse.values()), (best, worse)


def test_pure_noise_says_nothing_so_the_best_guess_is_the_mean_of_all():
    schedule = schedule_named("straight line")
    ideal = IdealDenoiser(four_points(), schedule)
    x_T = torch.randn(6, 2, dtype=torch.float64)
    t = torch.full((6,), schedule.T)
    quarter = torch.full((6, 4), 0.25, dtype=torch.float64)
    torch.testing.assert_close(ideal.chances(x_T, t), quarter)
    mean = four_points().mean(0).expand(6, 2)
    torch.testing.assert_close(ideal(x_T, t), mean)


def test_with_no_noise_it_gives_back_the_point():
    points = four_points()
    ideal = IdealDenoiser(points, linear_schedule())
    torch.testing.assert_close(ideal(points, torch.zeros(4, dtype=torch.int64)), points)


def test_pictures_are_points_too():
    schedule = linear_schedule()
    pictures = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    ideal = IdealDenoiser(pictures, schedule)
    t = torch.full((2,), 300)
    x_t = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    flat = IdealDenoiser(pictures.flatten(1), schedule)(x_t.flatten(1), t)
    torch.testing.assert_close(ideal(x_t, t).flatten(1), flat)


@every_schedule
def test_sampling_with_it_ends_on_points_of_the_set(name):
    """Which is why a network that were ideal could only hand back its training set."""
    schedule, points = schedule_named(name), four_points().float()
    points[2] = torch.tensor([-0.4, -0.5])  # none close to another
    predict = predictor(IdealDenoiser(points, schedule), schedule, "x_0")
    x_T = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    x_0 = last_step(ddim(predict, x_T, schedule, steps=200))
    away = torch.cdist(x_0, points).min(1)
    assert away.values.max() < 0.01
    assert len(away.indices.unique()) == 4  # each of them is reached
