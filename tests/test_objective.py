"""Three targets say the same thing, and the random numbers of a batch repeat."""

import pytest
import torch
from torch import nn

from course_lib.chance import generator_for
from course_lib.diffusion.objective import (
    TARGETS,
    check_target,
    draw_steps,
    eps_from_x_0,
    loss_weight,
    make_denoising_loss,
    make_target,
    predictor,
    read_output,
    with_noise,
)
from course_lib.diffusion.schedule import (
    SCHEDULES,
    add_noise,
    linear_schedule,
    schedule_named,
    straight_line,
)

T = 1000
ALLOWED = [
    (name, target)
    for name in SCHEDULES
    for target in TARGETS
    if (name, target) != ("straight line", "eps")
]
every_pair = pytest.mark.parametrize(("name", "target"), ALLOWED)
every_schedule = pytest.mark.parametrize("name", SCHEDULES)


def clean_and_noise(t, seed=0):
    """x_0 and eps in float64, one small picture for each step."""
    generator = torch.Generator().manual_seed(seed)
    shape = (2, len(t), 3, 4, 4)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


class Guess(nn.Module):
    """A bounded stand-in for a network; in which dtype it gets x_t, it answers."""

    def forward(self, x_t, t, cond=None):
        return torch.tanh(1.3 * x_t + t.reshape(-1, 1, 1, 1) / T - 0.2)


# Conversions --------------------------------------------------------------------


@every_pair
def test_the_right_answer_gives_back_picture_and_noise(name, target):
    schedule, t = schedule_named(name, T), torch.tensor([1, 20, 500, 900, T])
    if name == "cosine" and target == "eps":
        t[-1] = T - 1  # at T it divides by a_T = 5e-5, see the next test
    x_0, eps = clean_and_noise(t)
    x_t = add_noise(x_0, t, eps, schedule)
    answer = make_target(target, x_0, eps, t, schedule)
    x_0_hat, eps_hat = read_output(answer, x_t, t, schedule, target)
    torch.testing.assert_close(x_0_hat, x_0, rtol=0, atol=1e-9)
    torch.testing.assert_close(eps_hat, eps, rtol=0, atol=1e-9)


@every_pair
def test_any_answer_right_or_wrong_round_trips(name, target):
    """x_0_hat and eps_hat rebuild x_t, and from them the answer comes back."""
    schedule, t = schedule_named(name, T), torch.tensor([1, 20, 500, 900, T])
    x_t, output = clean_and_noise(t, seed=1)
    x_0_hat, eps_hat = read_output(output, x_t, t, schedule, target)
    torch.testing.assert_close(add_noise(x_0_hat, t, eps_hat, schedule), x_t)
    back = make_target(target, x_0_hat, eps_hat, t, schedule)
    torch.testing.assert_close(back, output, rtol=1e-7, atol=1e-7)


@every_schedule
def test_v_is_the_velocity_of_the_path(name):
    """The difference of x_t one step apart points along v."""
    schedule, t = schedule_named(name, T), torch.tensor([100, 500, 800])
    x_0, eps = clean_and_noise(t)
    later, sooner = (add_noise(x_0, t + d, eps, schedule) for d in (1, -1))
    v = make_target("v", x_0, eps, t, schedule)
    cosine = torch.cosine_similarity((later - sooner).flatten(1), v.flatten(1))
    assert (cosine > 0.9999).all()


def test_reading_v_divides_by_nothing_at_either_end():
    schedule = straight_line(T)
    t = torch.tensor([0, T])
    x_0, eps = clean_and_noise(t)
    x_t = add_noise(x_0, t, eps, schedule)
    v = make_target("v", x_0, eps, t, schedule)
    x_0_hat, eps_hat = read_output(v, x_t, t, schedule, "v")
    torch.testing.assert_close(x_0_hat, x_0)
    torch.testing.assert_close(eps_hat, eps)


def test_eps_is_refused_on_the_straight_line_with_a_sentence():
    with pytest.raises(ValueError, match=r"eps cannot be the target.*Use 'v'"):
        make_denoising_loss(straight_line(), "eps")
    with pytest.raises(ValueError, match="nothing of the picture is left"):
        predictor(Guess(), straight_line(), "eps")


def test_an_unknown_target_or_weight_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match="must be one of.*'eps', 'x_0', 'v'.*'noise'"):
        check_target("noise", linear_schedule())
    with pytest.raises(ValueError, match="must be one of.*'plain', 'min_snr'"):
        loss_weight("snr", torch.tensor([1]), linear_schedule(), "v")


def test_at_the_clean_picture_there_is_no_noise_to_find():
    t = torch.tensor([0])
    x_t = torch.ones(1, 3, 2, 2)
    eps_hat = eps_from_x_0(torch.zeros_like(x_t), x_t, t, linear_schedule())
    assert torch.equal(eps_hat, torch.zeros_like(x_t))


# The function that a sampler sees -------------------------------------------------


@every_pair
def test_clamping_keeps_the_guess_in_range_and_the_sum_right(name, target):
    schedule, t = schedule_named(name, T), torch.tensor([1, 300, T])
    x_t = 3 * clean_and_noise(t)[0]
    predict = predictor(Guess(), schedule, target, clamp_x_0=True)
    x_0_hat, eps_hat = predict(x_t, t)
    assert x_0_hat.abs().max() <= 1
    torch.testing.assert_close(add_noise(x_0_hat, t, eps_hat, schedule), x_t)


@every_pair
def test_clamping_changes_nothing_that_is_in_range(name, target):
    schedule, t = schedule_named(name, T), torch.tensor([1, 300, T])
    x_0, eps = clean_and_noise(t)
    x_0 = x_0.clamp(-0.9, 0.9)
    x_t = add_noise(x_0, t, eps, schedule)
    answer = make_target(target, x_0, eps, t, schedule)

    def perfect(x_t, t, cond):
        return answer

    plain = predictor(perfect, schedule, target)(x_t, t)
    clamped = predictor(perfect, schedule, target, clamp_x_0=True)(x_t, t)
    torch.testing.assert_close(clamped, plain, rtol=1e-7, atol=1e-7)


def test_the_condition_reaches_the_network_and_no_slope_comes_back():
    heard = []

    def model(x_t, t, cond):
        heard.append(cond)
        return x_t * weight

    weight = torch.ones(1, requires_grad=True)
    cond = torch.tensor([3, 1])
    predict = predictor(model, linear_schedule(), "x_0", cond=cond)
    x_0_hat, _ = predict(torch.randn(2, 2), torch.tensor([5, 6]))
    assert heard[0] is cond
    assert not x_0_hat.requires_grad


# Losses ---------------------------------------------------------------------------


@every_pair
@pytest.mark.parametrize("off", [0.0, 1.0, -3.0])
def test_a_loss_is_the_square_of_how_far_off_the_network_is(name, target, off):
    schedule, t = schedule_named(name, T), torch.tensor([1, 300, 999])
    x_0, eps = clean_and_noise(t)
    a, b = (
        table[t].reshape(-1, 1, 1, 1) for table in (schedule.a_table, schedule.b_table)
    )
    v = eps - x_0 if name == "straight line" else a * eps - b * x_0
    right = {"x_0": x_0, "eps": eps, "v": v}[target]  # by hand, not by make_target

    def almost(x_t, t, cond):
        return right + off

    loss = make_denoising_loss(schedule, target)(almost, dict(x_0=x_0, t=t, eps=eps))
    torch.testing.assert_close(loss.double(), torch.tensor(off**2).double())


@every_schedule
@pytest.mark.parametrize("target", TARGETS)
def test_min_snr_in_closed_form(name, target):
    """min(snr, 5) for the error of x_0, and what that means for the others."""
    schedule, t = schedule_named(name, T), torch.arange(1, T)
    a, b = schedule.a_table[t], schedule.b_table[t]
    snr = a**2 / b**2
    share = {"x_0": 1.0, "v": b**2, "eps": b**2 / a**2}[target]
    weight = loss_weight("min_snr", t, schedule, target, gamma=5.0)
    expected = (snr.clamp(max=5.0) * share).float()
    torch.testing.assert_close(weight, expected, rtol=1e-4, atol=1e-6)


@every_pair
def test_a_min_snr_loss_is_the_weighted_error_of_the_clean_picture(name, target):
    """Whatever the network was asked for: the loss is min(snr, 5) |x_0_hat - x_0|^2."""
    schedule, t = schedule_named(name, T), torch.tensor([1, 40, 300, 700, 950])
    x_0, eps = clean_and_noise(t)
    x_t = add_noise(x_0, t, eps, schedule)
    x_0_hat, _ = read_output(Guess()(x_t, t), x_t, t, schedule, target)
    error = (x_0_hat - x_0).square().flatten(1).mean(1)  # (B,)
    expected = (schedule.snr(t).clamp(max=5.0) * error).mean()
    batch = {"x_0": x_0, "t": t, "eps": eps}
    loss = make_denoising_loss(schedule, target, "min_snr")(Guess(), batch)
    torch.testing.assert_close(loss.double(), expected, rtol=1e-4, atol=0)


def test_plain_weight_is_one_and_there_is_no_loss_at_the_clean_picture():
    schedule = linear_schedule()
    assert loss_weight("plain", torch.tensor([1, T]), schedule, "v").tolist() == [1, 1]
    with pytest.raises(ValueError, match="at 0 nothing is hidden"):
        loss_weight("plain", torch.tensor([0, 5]), schedule, "v")


def test_the_same_batch_has_the_same_loss():
    schedule, t = linear_schedule(), torch.tensor([1, 300])
    x_0, eps = clean_and_noise(t)
    loss_fn = make_denoising_loss(schedule, "v")
    batch = {"x_0": x_0, "t": t, "eps": eps}
    losses = []
    for seed in (0, 1):  # whatever the global stream of random numbers holds
        torch.manual_seed(seed)
        losses.append(loss_fn(Guess(), batch).item())
    assert losses[0] == losses[1]


# Batches --------------------------------------------------------------------------


def two_labels(iteration):
    """A batch that is the same at every iteration, so that only the noise differs."""
    return {"x_0": torch.zeros(64, 2), "cond": torch.arange(64) % 2 + 1}


def test_the_noise_of_a_batch_depends_on_seed_and_iteration_alone():
    get_batch = with_noise(two_labels, linear_schedule(), seed=4)
    seen_late = with_noise(two_labels, linear_schedule(), seed=4)
    in_order = [get_batch(iteration) for iteration in range(3)]
    torch.manual_seed(99)  # nothing outside has a say
    for name, value in seen_late(2).items():
        assert torch.equal(value, in_order[2][name])


def test_another_seed_or_iteration_brings_other_noise():
    schedule = linear_schedule()
    batches = [
        with_noise(two_labels, schedule, seed)(iteration)
        for seed, iteration in ((0, 0), (0, 1), (1, 0), (1, 1))
    ]
    for name in ("t", "eps"):
        different = {tuple(batch[name].flatten().tolist()) for batch in batches}
        assert len(different) == 4


def test_neighbouring_streams_are_unrelated():
    """Streams 0, 1, 2, ... of seed 0 look like one long stream of N(0, 1)."""
    first = [torch.randn(4, generator=generator_for(0, i)) for i in range(2000)]
    drawn = torch.stack(first)  # (2000, 4)
    assert drawn.mean().abs() < 0.05
    assert (drawn.std() - 1).abs() < 0.05
    beside = (drawn[1:] * drawn[:-1]).mean()
    assert beside.abs() < 0.05


def test_a_batch_gets_steps_from_1_to_T_and_noise_like_x_0():
    seen = [with_noise(two_labels, linear_schedule(10))(i) for i in range(30)]
    t = torch.cat([batch["t"] for batch in seen])
    assert t.dtype == torch.int64
    assert t.unique().tolist() == list(range(1, 11))
    assert seen[0]["eps"].shape == (64, 2)


@pytest.mark.parametrize("drop", [0.0, 0.1, 1.0])
def test_labels_are_dropped_as_often_as_asked(drop):
    get_batch = with_noise(two_labels, linear_schedule(), drop=drop)
    cond = torch.cat([get_batch(iteration)["cond"] for iteration in range(100)])
    assert abs((cond == 0).float().mean() - drop) < 0.015
    kept = torch.cat([two_labels(0)["cond"]] * 100)[cond != 0]
    assert torch.equal(cond[cond != 0], kept)  # the others are left as they were


def test_the_batch_it_was_given_is_left_alone():
    batch = {"x_0": torch.zeros(8, 2), "cond": torch.ones(8, dtype=torch.int64)}
    with_noise(lambda iteration: batch, linear_schedule(), drop=1.0)(0)
    assert list(batch) == ["x_0", "cond"]
    assert batch["cond"].min() == 1


def test_noisier_moves_the_steps_towards_the_noisy_end():
    means = []
    for noisier in (-1.0, 0.0, 1.0):
        t = draw_steps(4000, T, torch.Generator().manual_seed(0), noisier)
        means.append(t.float().mean().item() / T)
    assert means[0] + 0.1 < means[1] < means[2] - 0.1
    assert abs(means[1] - 0.5) < 0.02  # logit-normal around 0 is symmetric


@pytest.mark.parametrize(("noisier", "step"), [(-200.0, 1), (200.0, T)])
def test_no_step_lies_beyond_the_ends(noisier, step):
    """So far out, u is 0 or 1 itself, and 0 would be no step to train on."""
    t = draw_steps(100, T, torch.Generator().manual_seed(0), noisier)
    assert t.unique().tolist() == [step]


def test_an_even_share_reaches_the_ends_that_a_bell_curve_leaves_out():
    def share_above(even: float) -> float:
        t = draw_steps(20_000, T, torch.Generator().manual_seed(0), 0.0, even)
        return (t > 0.95 * T).float().mean().item()

    assert share_above(0.0) < 0.004
    assert abs(share_above(0.5) - 0.5 * 0.05) < 0.005
