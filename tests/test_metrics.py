"""Distances and shares: laws, and numbers known in closed form."""

import math

import pytest
import scipy.linalg
import torch

from course_lib.checkpoint import CheckpointError, save_weights
from course_lib.judging.metrics import (
    Share,
    features_of,
    frechet_distance,
    nearest,
    precision_recall,
    share,
)
from course_lib.networks.judge import Judge, load_judge


def cloud(n: int, D: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, D, generator=torch.Generator().manual_seed(seed))


def standard(points: torch.Tensor) -> torch.Tensor:
    """The points, moved and turned so that mean and covariance are exactly 0 and 1."""
    points = (points - points.mean(0)).double()
    return points @ torch.linalg.inv(torch.linalg.cholesky(points.T.cov())).T


# The Frechet distance ---------------------------------------------------------------


def test_a_shift_costs_its_square():
    points, shift = standard(cloud(200, 4)), torch.tensor([1.0, 2.0, 0.0, -2.0])
    assert frechet_distance(points, points + shift) == pytest.approx(9, rel=1e-4)


def test_a_stretch_costs_the_square_of_what_it_adds_to_the_std():
    points = standard(cloud(200, 4))
    stretched = points * torch.tensor([1.0, 2.0, 3.0, 0.5])
    expected = 0 + 1 + 4 + 0.25
    assert frechet_distance(points, stretched) == pytest.approx(expected, rel=1e-4)


def test_it_is_the_formula_of_the_paper():
    real, made = cloud(300, 5), cloud(200, 5, seed=1) @ cloud(5, 5, seed=2) + 0.5
    mu = (real.mean(0) - made.mean(0)).square().sum().item()
    C, C_made = real.T.cov().double().numpy(), made.T.cov().double().numpy()
    both = scipy.linalg.sqrtm(C @ C_made).real
    expected = mu + (C + C_made - 2 * both).trace()
    assert frechet_distance(real, made) == pytest.approx(expected, rel=1e-4)


def test_nothing_is_nearer_than_itself_and_both_ways_are_as_far():
    some, other = cloud(100, 3), cloud(100, 3, seed=1) + 1
    assert frechet_distance(some, some) == pytest.approx(0, abs=1e-6)
    there, back = frechet_distance(some, other), frechet_distance(other, some)
    assert there == pytest.approx(back)


def test_even_real_against_real_has_a_floor_that_falls_with_n():
    floors = [
        frechet_distance(cloud(n, 8), cloud(n, 8, seed=1)) for n in (50, 500, 5000)
    ]
    assert floors[0] > 2 * floors[1] > 4 * floors[2] > 0


# Precision, recall, neighbours ------------------------------------------------------


def test_a_set_has_full_precision_and_recall_on_itself():
    points = cloud(60, 3)
    assert precision_recall(points, points) == (1.0, 1.0)


def test_a_set_far_away_has_none():
    assert precision_recall(cloud(60, 3), cloud(60, 3, seed=1) + 99) == (0.0, 0.0)


def test_many_copies_of_one_good_picture_have_precision_without_recall():
    real = cloud(200, 3)
    precision, recall = precision_recall(real, real[:1] + 1e-3 * cloud(200, 3, seed=1))
    assert precision == 1.0 and recall < 0.05


def test_recall_is_precision_with_the_sets_exchanged():
    some, other = cloud(80, 3), 2 * cloud(70, 3, seed=1)
    assert precision_recall(some, other) == precision_recall(other, some)[::-1]


def test_the_nearest_training_picture_is_found_in_whatever_chunk():
    training = cloud(50, 12).reshape(50, 3, 2, 2)
    chosen = torch.tensor([49, 0, 17])
    distances, where = nearest(training[chosen] + 0.01, training, chunk=16)
    assert where.tolist() == chosen.tolist()
    torch.testing.assert_close(distances, torch.full((3,), 0.01), atol=1e-4, rtol=0)


# Shares -----------------------------------------------------------------------------


def test_an_interval_holds_its_share_and_stays_between_0_and_1():
    for n in (1, 7, 100):
        for right in range(n + 1):
            low, high = Share(right, n).interval
            assert 0 <= low <= right / n <= high <= 1
            assert low < high


def test_wilsons_interval_is_that_of_the_book():
    assert Share(0, 10).interval == pytest.approx((0, 0.2775), abs=1e-4)
    assert Share(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_95_of_100_intervals_hold_the_true_share():
    generator = torch.Generator().manual_seed(0)
    held = 0
    for right in torch.binomial(
        torch.full((2000,), 200.0), torch.full((2000,), 0.9), generator=generator
    ):
        low, high = Share(int(right), 200).interval
        held += low <= 0.9 <= high
    assert 0.93 < held / 2000 < 0.97


def test_a_share_counts_what_is_true():
    assert share(torch.tensor([True, False, True, True])) == Share(3, 4)


# Judges -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    return Judge({"subject": 3}, size=32, widths=(8, 8)).eval()


def test_features_do_not_depend_on_the_batch(judge):
    pictures = cloud(5, 3 * 32 * 32).reshape(5, 3, 32, 32).clamp(-1, 1)
    whole, parts = (features_of(judge, pictures, batch_size=k) for k in (5, 2))
    assert whole.shape == (5, 192) and not whole.requires_grad
    torch.testing.assert_close(whole, parts)


def test_pictures_that_are_none_are_not_measured(judge):
    with pytest.raises(ValueError, match="NaN or infinity"):
        features_of(judge, torch.full((1, 3, 32, 32), math.nan))
    with pytest.raises(ValueError, match=r"must be shaped \(B, 3, H, W\)"):
        features_of(judge, torch.zeros(3, 32, 32))
    with pytest.raises(ValueError, match=r"looks at pictures \(B, 3, 32, 32\)"):
        features_of(judge, torch.zeros(1, 3, 48, 48))


def test_a_shipped_judge_is_loaded_by_its_name(judge, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WEIGHTS", str(tmp_path))
    card = {"kind": "judge", "config": judge.config}
    save_weights(tmp_path / "reader-32", judge.state_dict(), card)
    loaded = load_judge("reader-32")
    assert not loaded.training
    picture = torch.zeros(1, 3, 32, 32)
    torch.testing.assert_close(
        loaded(picture)["subject"], judge(picture)["subject"], atol=0.01, rtol=0.01
    )


def test_who_draws_cannot_judge(tmp_path):
    save_weights(tmp_path, {"x": torch.zeros(1)}, {"kind": "denoiser"})
    with pytest.raises(CheckpointError, match="holds a denoiser, not a judge"):
        load_judge(tmp_path)
