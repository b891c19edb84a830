"""The noise schedule: what holds for every process x_t = a_t x_0 + b_t eps."""

import pytest
import torch
from diffusers import DDPMScheduler

from course_lib.diffusion.schedule import (
    SCHEDULES,
    add_noise,
    cosine_schedule,
    linear_schedule,
    schedule_named,
    straight_line,
)

on_each = pytest.mark.parametrize("name", SCHEDULES)
on_each_circle = pytest.mark.parametrize("name", ["linear", "cosine"])


def every_step(schedule) -> torch.Tensor:
    return torch.arange(schedule.T + 1)


# The tables -----------------------------------------------------------------------


@on_each
@pytest.mark.parametrize("T", [1, 7, 1000])
def test_every_table_has_T_plus_1_entries_and_starts_at_the_clean_picture(name, T):
    schedule = schedule_named(name, T)
    tables = ("a_table", "b_table", "a_dot_table", "b_dot_table")
    assert [len(getattr(schedule, table)) for table in tables] == [T + 1] * 4
    assert schedule.T == T
    first = torch.tensor([0])
    assert schedule.a(first) == 1 and schedule.b(first) == 0
    assert schedule.sigma(first) == 0 and schedule.snr(first) == float("inf")


@on_each_circle
def test_step_0_has_alpha_bar_1_alpha_1_and_beta_0(name):
    schedule = schedule_named(name)
    for table in (schedule.alpha_bar, schedule.alpha, schedule.beta):
        assert table.shape == (schedule.T + 1,)
    assert schedule.alpha_bar[0] == 1
    assert schedule.alpha[0] == 1
    assert schedule.beta[0] == 0


@on_each
def test_a_b_dot_minus_b_a_dot_is_1_at_every_step(name):
    s = schedule_named(name)
    area = s.a_table * s.b_dot_table - s.b_table * s.a_dot_table
    torch.testing.assert_close(area, torch.ones(s.T + 1, dtype=torch.float64))


@on_each
def test_each_step_leaves_less_picture_and_adds_more_noise(name):
    schedule = schedule_named(name)
    assert (schedule.a_table.diff() < 0).all()
    assert (schedule.b_table.diff() > 0).all()
    assert (schedule.snr(every_step(schedule)).diff()[1:] < 0).all()


@on_each
def test_the_dots_point_along_the_path(name):
    """From t to t + 1 the tables move in the direction of (a_dot, b_dot)."""
    s = schedule_named(name)
    path = torch.stack([s.a_table, s.b_table]).diff()  # (2, T)
    ends = torch.stack([s.a_dot_table, s.b_dot_table])
    dots = (ends[:, 1:] + ends[:, :-1]) / 2  # half way
    cosine = torch.nn.functional.cosine_similarity(path, dots, dim=0)
    torch.testing.assert_close(cosine, torch.ones(s.T, dtype=torch.float64))


@on_each_circle
def test_on_the_circle_the_variances_add_up_to_1(name):
    s = schedule_named(name)
    total = s.a_table**2 + s.b_table**2
    torch.testing.assert_close(total, torch.ones(s.T + 1, dtype=torch.float64))


def test_the_straight_line_ends_in_pure_noise():
    schedule = straight_line(T=1000)
    last = torch.tensor([1000])
    assert schedule.a(last) == 0 and schedule.b(last) == 1
    assert schedule.sigma(last) == float("inf") and schedule.snr(last) == 0


@pytest.mark.parametrize(
    ("name", "theirs"), [("linear", "linear"), ("cosine", "squaredcos_cap_v2")]
)
def test_our_t_is_diffusers_t_minus_1(name, theirs):
    schedule = schedule_named(name)
    expected = DDPMScheduler(num_train_timesteps=1000, beta_schedule=theirs)
    for ours, exact in (
        (schedule.alpha_bar, expected.alphas_cumprod),
        (schedule.beta, expected.betas),
    ):
        torch.testing.assert_close(ours[1:], exact, rtol=1e-3, atol=1e-6)


def test_beta_is_exact_to_the_last_digit_of_float32():
    """1 - alpha in float32 would leave three digits of beta_1."""
    expected = torch.linspace(1e-4, 0.02, 1000)
    torch.testing.assert_close(linear_schedule().beta[1:], expected, rtol=1e-6, atol=0)


def test_the_cosine_schedule_keeps_a_little_of_the_picture_at_T():
    """The cap on beta is what keeps a_T above 0, so that eps can be a target."""
    capped = cosine_schedule(T=1000)
    assert capped.a_table[-1] > 0
    assert capped.beta.max() == pytest.approx(0.999)
    assert capped.a_table[-1] < 1e-3 < linear_schedule(T=1000).a_table[-1]


# One jump is many steps -----------------------------------------------------------


@on_each_circle
def test_one_jump_equals_many_steps_in_mean_and_variance(name):
    """Step after step, exactly: the mean shrinks, and variances add."""
    schedule = schedule_named(name, T=200)
    alpha = schedule.a_table[1:] ** 2 / schedule.a_table[:-1] ** 2
    mean, variance = 1.0, 0.0
    for t in range(1, 201):
        keep = alpha[t - 1].item()
        mean, variance = keep**0.5 * mean, keep * variance + (1 - keep)
        assert mean == pytest.approx(schedule.a_table[t].item())
        assert variance**0.5 == pytest.approx(schedule.b_table[t].item())


def test_one_jump_has_the_mean_and_std_of_many_small_steps():
    """The same with real noise: 20,000 pixels, 200 steps."""
    schedule = linear_schedule(T=200)
    generator = torch.Generator().manual_seed(0)
    x_0 = torch.full((1, 20_000), 0.8)
    x_t = x_0
    for t in range(1, 201):
        eps = torch.randn(x_t.shape, generator=generator)
        x_t = schedule.alpha[t].sqrt() * x_t + schedule.beta[t].sqrt() * eps
    eps = torch.randn(x_t.shape, generator=generator)
    jumped = add_noise(x_0, torch.tensor([200]), eps, schedule)
    assert x_t.mean().item() == pytest.approx(jumped.mean().item(), abs=0.03)
    assert x_t.std().item() == pytest.approx(jumped.std().item(), abs=0.03)


@on_each
def test_at_step_0_nothing_changes(name):
    x_0, eps = torch.rand(3, 2, 4, 4), torch.randn(3, 2, 4, 4)
    nothing = add_noise(x_0, torch.zeros(3, dtype=torch.int64), eps, SCHEDULES[name]())
    assert torch.equal(nothing, x_0)


@on_each
def test_each_picture_gets_its_own_step(name):
    schedule = schedule_named(name)
    x_0, eps = torch.rand(3, 2, 4, 4), torch.randn(3, 2, 4, 4)
    t = torch.tensor([1, 500, 1000])
    together = add_noise(x_0, t, eps, schedule)
    for i in range(3):
        alone = add_noise(x_0[i : i + 1], t[i : i + 1], eps[i : i + 1], schedule)
        assert torch.equal(alone[0], together[i])


@pytest.mark.parametrize("shape", [(4,), (4, 2), (4, 3, 8, 8), (4, 5, 3, 8, 8)])
def test_data_of_any_shape_can_be_noised(shape):
    t = torch.tensor([0, 1, 500, 1000])
    x_t = add_noise(torch.rand(shape), t, torch.randn(shape), linear_schedule())
    assert x_t.shape == shape


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_dtype_of_the_data_is_kept(dtype):
    x_0 = torch.rand(2, 3, dtype=dtype)
    x_t = add_noise(x_0, torch.tensor([1, 2]), x_0, linear_schedule())
    assert x_t.dtype == dtype


# Bad input ------------------------------------------------------------------------


@pytest.mark.parametrize("t", [-1, 1001])
def test_a_step_outside_0_to_T_is_refused(t):
    schedule = linear_schedule(T=1000)
    for use in (schedule.a, schedule.b, schedule.sigma, schedule.snr, schedule.a_dot):
        with pytest.raises(ValueError, match="t must lie in 0..1000, where 0 is"):
            use(torch.tensor([5, t]))


@pytest.mark.parametrize(
    ("t", "kind"),
    [
        (torch.tensor([0.5]), "torch.float32"),
        (torch.tensor([5], dtype=torch.int32), "torch.int32"),
        (torch.tensor([True]), "torch.bool"),
        (5, "int"),
        ([5], "list"),
        (None, "NoneType"),
    ],
)
def test_a_step_of_the_wrong_kind_is_refused(t, kind):
    with pytest.raises(TypeError, match=f"tensor of whole numbers.*got {kind}"):
        linear_schedule().a(t)


def test_noise_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"eps must be shaped like x_0.*got \(1, 3\)"):
        add_noise(
            torch.zeros(2, 3), torch.tensor([1]), torch.zeros(1, 3), straight_line()
        )


def test_bytes_are_refused():
    x_0 = torch.zeros(1, 3, dtype=torch.uint8)
    with pytest.raises(TypeError, match="floats in .* got torch.uint8.*from_bytes"):
        add_noise(x_0, torch.tensor([1]), torch.zeros(1, 3), straight_line())


def test_a_wrong_number_of_steps_is_refused():
    x_0 = torch.zeros(4, 3)
    with pytest.raises(ValueError, match="one step for each of the 4; got 3"):
        add_noise(x_0, torch.tensor([1, 2, 3]), x_0, straight_line())


def test_one_step_may_serve_a_whole_batch():
    x_0, eps = torch.rand(2, 3), torch.randn(2, 3)
    for t in (torch.tensor([500]), torch.tensor(500)):
        one = add_noise(x_0, t, eps, straight_line())
        each = add_noise(x_0, torch.tensor([500, 500]), eps, straight_line())
        assert torch.equal(one, each)


def test_the_straight_line_has_no_alpha_bar():
    for table in ("alpha_bar", "alpha", "beta"):
        with pytest.raises(ValueError, match="straight line has no alpha_bar"):
            getattr(straight_line(), table)


def test_a_schedule_is_found_by_its_name():
    for name in SCHEDULES:
        assert schedule_named(name).name == name
    with pytest.raises(ValueError, match="No schedule is called 'sine'; there is"):
        schedule_named("sine")
