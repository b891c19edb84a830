"""From noise to a picture: the contract of a sampler, its laws, parity with diffusers.

The parity tests compare with the schedulers of `diffusers` in float64, on the same grid
of steps (our [t] is diffusers' [t - 1] for the DDPM family), with a bounded fake
network, and with clipping of the guessed picture on and off.
"""

import sys
from functools import partial

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    FlowMatchHeunDiscreteScheduler,
)

from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import (
    PictureNoise,
    choose_steps,
    ddim,
    ddim_step,
    ddpm,
    dpm_solver,
    dpm_solver_sde,
    euler,
    heun,
    last_step,
    mix,
)
from course_lib.diffusion.schedule import (
    add_noise,
    cosine_schedule,
    linear_schedule,
    straight_line,
)

T = 1000
TOLERANCE = 1e-5
SHAPE = (3, 4, 4)
CIRCLES = {"linear": linear_schedule, "cosine": cosine_schedule}

on_each_circle = pytest.mark.parametrize("name", CIRCLES)
clipped_or_not = pytest.mark.parametrize("clip", [False, True], ids=["free", "clip"])
in_steps = pytest.mark.parametrize("steps", [1, 2, 4, 20, 50])
of_each_target = pytest.mark.parametrize("target", ["eps", "x_0", "v"])


def fake_network(x_t, t, cond=None):
    """Bounded, smooth, never right, different at every step; looks at x_t."""
    u = (t / T).to(x_t.dtype).reshape(-1, 1, 1, 1)
    return torch.tanh(x_t.flip(3) - u) + 0.3 * torch.cos(x_t + 5 * u)


def start(batch: int = 2) -> torch.Tensor:
    """x_T of a few pictures, float64."""
    return PictureNoise(seed=0, indices=range(batch))(SHAPE).double()


def ours(sampler, schedule, target="eps", clip=False, **options) -> torch.Tensor:
    predict = predictor(fake_network, schedule, target, clamp_x_0=clip)
    return last_step(sampler(predict, start(), schedule, **options))


# Parity with diffusers ------------------------------------------------------------


class Float64Torch:
    """Torch as a scheduler's file sees it, where its float32 is float64."""

    float32 = torch.float64

    def __getattr__(self, name):
        return getattr(torch, name)


@pytest.fixture
def diffusers_scheduler(monkeypatch):
    """Make a scheduler of diffusers that computes in float64 throughout."""

    def make(kind, **options):
        monkeypatch.setattr(sys.modules[kind.__module__], "torch", Float64Torch())
        return kind(**options)

    return make


TARGET_IN_DIFFUSERS = {"eps": "epsilon", "x_0": "sample", "v": "v_prediction"}


def ddpm_options(name: str, target: str) -> dict:
    """What the schedulers of the DDPM family must be told to do what ours do."""
    return dict(
        num_train_timesteps=T,
        beta_schedule={"linear": "linear", "cosine": "squaredcos_cap_v2"}[name],
        prediction_type=TARGET_IN_DIFFUSERS[target],
        timestep_spacing="trailing",  # the first step is T, as ours is
    )


def theirs(scheduler, offset: int = 0, start_from=None, **step_options) -> torch.Tensor:
    """Run diffusers' loop; `offset` turns its timestep into our t."""
    x_t = start()
    for timestep in scheduler.timesteps:
        t = torch.full((len(x_t),), round(timestep.item()) + offset)
        said = fake_network(x_t, t) if start_from is None else start_from(x_t, t)
        x_t = scheduler.step(said, timestep, x_t, **step_options).prev_sample
        assert x_t.dtype == torch.float64
    return x_t


def close(found, expected) -> None:
    torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@on_each_circle
@in_steps
@clipped_or_not
@of_each_target
def test_ddim_without_chance_equals_diffusers(
    name, steps, clip, target, diffusers_scheduler
):
    options = ddpm_options(name, target)
    scheduler = diffusers_scheduler(
        DDIMScheduler, **options, clip_sample=clip, set_alpha_to_one=True
    )
    scheduler.set_timesteps(steps)
    expected = theirs(scheduler, offset=1, use_clipped_model_output=True)
    close(ours(ddim, CIRCLES[name](T), target, clip, steps=steps), expected)


@on_each_circle
@clipped_or_not
@pytest.mark.parametrize("eta", [0.5, 1.0])
def test_ddim_with_chance_equals_diffusers(name, clip, eta, diffusers_scheduler):
    options = ddpm_options(name, "eps")
    scheduler = diffusers_scheduler(DDIMScheduler, **options, clip_sample=clip)
    scheduler.set_timesteps(20)
    noise, x_t = PictureNoise(seed=1, indices=range(2)), start()
    for timestep in scheduler.timesteps:
        said = fake_network(x_t, torch.full((2,), timestep + 1))
        fresh = noise(SHAPE).double()
        x_t = scheduler.step(
            said,
            timestep,
            x_t,
            eta=eta,
            use_clipped_model_output=True,
            variance_noise=fresh,
        ).prev_sample
    again = PictureNoise(seed=1, indices=range(2))
    schedule = CIRCLES[name](T)
    close(ours(ddim, schedule, "eps", clip, steps=20, eta=eta, noise=again), x_t)


@on_each_circle
@clipped_or_not
@pytest.mark.parametrize("steps", [1, 20, T])
def test_ddpm_equals_diffusers(name, clip, steps, diffusers_scheduler, monkeypatch):
    scheduler = diffusers_scheduler(
        DDPMScheduler,
        **ddpm_options(name, "eps"),
        clip_sample=clip,
        variance_type="fixed_small",  # the posterior's variance
    )
    scheduler.set_timesteps(steps)
    noise = PictureNoise(seed=1, indices=range(2))
    module = sys.modules[DDPMScheduler.__module__]
    monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(shape[1:]))
    expected = theirs(scheduler, offset=1)
    again = PictureNoise(seed=1, indices=range(2))
    found = ours(ddpm, CIRCLES[name](T), "eps", clip, steps=steps, noise=again)
    close(found, expected)


@on_each_circle
@in_steps
@clipped_or_not
@of_each_target
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_dpm_solver_equals_diffusers(name, steps, clip, target, diffusers_scheduler):
    scheduler = diffusers_scheduler(
        DPMSolverMultistepScheduler,
        **ddpm_options(name, target),
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        lower_order_final=True,
        final_sigmas_type="zero",
        thresholding=clip,  # with a largest value of 1 this is plain clipping
        sample_max_value=1.0,
    )
    scheduler.set_timesteps(steps)
    expected = theirs(scheduler, offset=1)
    close(ours(dpm_solver, CIRCLES[name](T), target, clip, steps=steps), expected)


@on_each_circle
@in_steps
@clipped_or_not
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_dpm_solver_sde_equals_diffusers(name, steps, clip, diffusers_scheduler):
    scheduler = diffusers_scheduler(
        DPMSolverMultistepScheduler,
        **ddpm_options(name, "eps"),
        algorithm_type="sde-dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        lower_order_final=True,
        final_sigmas_type="zero",
        thresholding=clip,
        sample_max_value=1.0,
    )
    scheduler.set_timesteps(steps)
    noise, x_t = PictureNoise(seed=1, indices=range(2)), start()
    for timestep in scheduler.timesteps:
        said = fake_network(x_t, torch.full((2,), timestep + 1))
        fresh = noise(SHAPE).double()
        x_t = scheduler.step(said, timestep, x_t, variance_noise=fresh).prev_sample
    again = PictureNoise(seed=1, indices=range(2))
    found = ours(
        dpm_solver_sde, CIRCLES[name](T), "eps", clip, steps=steps, noise=again
    )
    # Unclipped guesses grow to 40, and rounding with them.
    torch.testing.assert_close(found, x_t, rtol=1e-4, atol=1e-4)


def velocity(clip: bool):
    """What the fake network says about the velocity, as a flow scheduler wants it.

    Flow schedulers know no clipping, so the clipping is done before they see it.
    """
    predict = predictor(fake_network, straight_line(T), "v", clamp_x_0=clip)

    def say(x_t, t):
        x_0_hat, eps_hat = predict(x_t, t)
        return eps_hat - x_0_hat

    return say


@in_steps
@clipped_or_not
def test_euler_equals_diffusers(steps, clip, diffusers_scheduler):
    scheduler = diffusers_scheduler(
        FlowMatchEulerDiscreteScheduler, num_train_timesteps=T, shift=1.0
    )
    scheduler.set_timesteps(sigmas=[t / T for t in choose_steps(T, steps)[:-1]])
    expected = theirs(scheduler, start_from=velocity(clip))
    close(ours(euler, straight_line(T), "v", clip, steps=steps), expected)


@in_steps
@clipped_or_not
def test_heun_equals_diffusers(steps, clip, diffusers_scheduler):
    scheduler = diffusers_scheduler(
        FlowMatchHeunDiscreteScheduler, num_train_timesteps=T, shift=1.0
    )
    scheduler.set_timesteps(steps)  # its own grid ends at 1/T; give it ours
    u = torch.tensor(choose_steps(T, steps), dtype=torch.float64) / T
    twice = u[1:-1].repeat_interleave(2)
    scheduler.sigmas = torch.cat([u[:1], twice, u[-1:]])
    scheduler.timesteps = torch.cat([u[:1], twice]) * T
    expected = theirs(scheduler, start_from=velocity(clip))
    close(ours(heun, straight_line(T), "v", clip, steps=steps), expected)


WITH_CHANCE = (ddpm, dpm_solver_sde)

# The contract ---------------------------------------------------------------------


def all_samplers(steps: int, batch: int = 2) -> dict:
    """One run of each sampler, by its name."""
    circle, line = linear_schedule(T), straight_line(T)
    noise = PictureNoise(seed=1, indices=range(batch))
    x_T = PictureNoise(seed=0, indices=range(batch))(SHAPE)

    def go(sampler, schedule, **options):
        target = "v" if schedule is line else "eps"
        predict = predictor(fake_network, schedule, target, clamp_x_0=True)
        return sampler(predict, x_T, schedule, steps=steps, **options)

    return {
        "ddim": go(ddim, circle),
        "ddim on the line": go(ddim, line),
        "ddim with chance": go(ddim, circle, eta=0.5, noise=noise),
        "ddpm": go(ddpm, circle, noise=noise),
        "ddpm on the line": go(ddpm, line, noise=noise),
        "dpm_solver": go(dpm_solver, circle),
        "dpm_solver on the line": go(dpm_solver, line),
        "dpm_solver_sde": go(dpm_solver_sde, circle, noise=noise),
        "dpm_solver_sde on the line": go(dpm_solver_sde, line, noise=noise),
        "euler": go(euler, line),
        "heun": go(heun, line),
    }


NAMES = list(all_samplers(1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 7])
def test_n_steps_yield_n_plus_1_and_end_at_the_clean_picture(name, steps):
    walked = list(all_samplers(steps)[name])
    assert [step.t for step in walked] == choose_steps(T, steps)
    assert len(walked) == steps + 1
    assert walked[-1].t == 0
    assert walked[-1].x_t is walked[-1].x_0_hat
    for step in walked:
        assert step.x_t.shape == step.x_0_hat.shape == (2, *SHAPE)
        assert step.x_t.isfinite().all()


def test_the_steps_go_down_from_T_to_0_each_once():
    for steps in (1, 3, 7, 333, T):
        grid = choose_steps(T, steps)
        assert grid[0] == T and grid[-1] == 0 and len(grid) == steps + 1
        assert all(t > t_next for t, t_next in zip(grid[:-1], grid[1:], strict=True))


@pytest.mark.parametrize("steps", [0, -1, T + 1])
@pytest.mark.parametrize("sampler", [ddim, dpm_solver, euler, heun])
def test_too_few_or_too_many_steps_are_refused(sampler, steps):
    with pytest.raises(ValueError, match=f"steps must lie in 1..{T}; got {steps}"):
        last_step(sampler(None, start(), straight_line(T), steps=steps))


@pytest.mark.parametrize("sampler", [euler, heun])
def test_euler_and_heun_refuse_a_curved_path(sampler):
    with pytest.raises(ValueError, match="need the straight line"):
        last_step(sampler(None, start(), linear_schedule(T)))


@pytest.mark.parametrize("eta", [-0.1, 1.1, float("nan")])
def test_eta_outside_0_to_1_is_refused(eta):
    noise = PictureNoise(seed=0, indices=range(2))
    with pytest.raises(ValueError, match="eta must lie in 0..1"):
        last_step(ddim(None, start(), linear_schedule(T), eta=eta, noise=noise))


@pytest.mark.parametrize("run", [ddpm, dpm_solver_sde, partial(ddim, eta=0.5)])
def test_chance_needs_something_to_draw_from(run):
    with pytest.raises(ValueError, match="give it `noise`, a PictureNoise"):
        last_step(run(None, start(), linear_schedule(T)))


# Laws -----------------------------------------------------------------------------


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(
    "schedule", [linear_schedule(T), straight_line(T)], ids=lambda s: s.name
)
def test_ddim_is_a_loop_over_its_step(schedule, eta):
    predict = predictor(fake_network, schedule, "x_0")
    noise = PictureNoise(seed=1, indices=range(2))
    x_T = x_t = start().float()
    way = choose_steps(T, 9)
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        x_0_hat, eps_hat = predict(x_t, torch.full((2,), t))
        eps_new = noise(SHAPE) if eta > 0 else None
        x_t = ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta, schedule)
    again = PictureNoise(seed=1, indices=range(2))
    library = last_step(ddim(predict, x_T, schedule, steps=9, eta=eta, noise=again))
    assert torch.equal(library, x_t)


@pytest.mark.parametrize("name", CIRCLES)
def test_a_mix_is_what_adding_noise_makes(name):
    schedule, (x_0, eps) = CIRCLES[name](T), start().float()
    for t in (0, 1, 500, T):
        jumped = add_noise(x_0, torch.tensor([t]), eps, schedule)
        assert torch.equal(mix(x_0, eps, t, schedule), jumped)


def test_no_step_is_too_short_for_rounding():
    """1 - a bit of rounding: the fresh share's root once turned complex."""
    schedule, (x_0, eps) = linear_schedule(T), start().float()
    for steps in (23, 33, 45, T):
        way = choose_steps(T, steps)
        for t, t_next in zip(way[:-1], way[1:], strict=True):
            x_next = ddim_step(x_0, eps, eps, t, t_next, 1.0, schedule)
            assert x_next.isfinite().all() and not x_next.is_complex()


def test_euler_on_the_straight_line_is_ddim_without_chance():
    schedule = straight_line(T)
    for clip in (False, True):
        by_euler = ours(euler, schedule, "v", clip, steps=10)
        close(by_euler, ours(ddim, schedule, "v", clip, steps=10))


def test_ddpm_is_ddim_with_eta_1():
    def noise():
        return PictureNoise(seed=1, indices=range(2))

    by_ddpm = ours(ddpm, linear_schedule(T), steps=10, noise=noise())
    by_ddim = ours(ddim, linear_schedule(T), steps=10, eta=1.0, noise=noise())
    assert torch.equal(by_ddpm, by_ddim)


def test_without_eta_there_is_no_chance():
    def forbidden(shape):
        raise AssertionError("eta = 0 asked for noise")

    schedule = linear_schedule(T)
    first = ours(ddim, schedule, steps=10, eta=0.0, noise=forbidden)
    assert torch.equal(first, ours(ddim, schedule, steps=10))


def test_with_eta_chance_decides():
    schedule = linear_schedule(T)
    one, other = (
        ours(ddpm, schedule, "eps", True, steps=10, noise=PictureNoise(s, range(2)))
        for s in (1, 2)
    )
    assert (one - other).abs().mean() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_does_not_depend_on_its_batch(name):
    alone = last_step(all_samplers(5, batch=1)[name])
    together = last_step(all_samplers(5, batch=4)[name])
    torch.testing.assert_close(alone[0], together[0])


def test_picture_noise_depends_on_seed_and_index_alone():
    draw = PictureNoise(seed=3, indices=[2, 9])
    first, second = draw(SHAPE), draw(SHAPE)
    later = PictureNoise(seed=3, indices=[9])
    assert torch.equal(later(SHAPE)[0], first[1])
    assert torch.equal(later(SHAPE)[0], second[1])
    everything = torch.stack([*first, *second, *PictureNoise(4, [2, 9])(SHAPE)])
    assert len(everything.flatten(1).unique(dim=0)) == 6  # no two are the same
    many = PictureNoise(seed=0, indices=range(2000))((8,))
    assert abs(many.mean()) < 0.03 and abs(many.std() - 1) < 0.03


def test_picture_noise_leaves_the_global_stream_alone():
    torch.manual_seed(0)
    untouched = torch.rand(1)
    torch.manual_seed(0)
    PictureNoise(seed=0, indices=range(3))(SHAPE)
    assert torch.rand(1) == untouched


@pytest.mark.parametrize("name", NAMES)
def test_a_set_of_one_picture_is_always_found(name):
    """With one picture in the world every sampler must end exactly there."""
    schedule = straight_line(T) if "line" in name else linear_schedule(T)
    known = dict(ddim=ddim, ddpm=ddpm, dpm_solver=dpm_solver, euler=euler, heun=heun)
    sampler = (known | {"dpm_solver_sde": dpm_solver_sde})[name.split()[0]]
    if sampler in (euler, heun):
        schedule = straight_line(T)
    only = torch.rand(1, *SHAPE) * 2 - 1
    predict = predictor(IdealDenoiser(only, schedule), schedule, "x_0")
    options = {"noise": PictureNoise(1, range(2))} if sampler in WITH_CHANCE else {}
    x_0 = last_step(sampler(predict, start().float(), schedule, steps=4, **options))
    torch.testing.assert_close(x_0, only.expand(2, *SHAPE), rtol=0, atol=1e-4)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "schedule", [linear_schedule(T), straight_line(T)], ids=lambda s: s.name
)
def test_whatever_eta_the_noise_level_follows_the_schedule(schedule, eta):
    """With the true noise as eps_hat, x_t keeps the mean a_t x_0 and the spread b_t."""
    x_0 = torch.full((1, 20_000), 0.5)
    noise = PictureNoise(seed=1, indices=[0])
    eps = PictureNoise(seed=0, indices=[0])((20_000,))
    x_T = add_noise(x_0, torch.tensor([T]), eps, schedule)

    def all_knowing(x_t, t):
        a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
        return x_0, (x_t - a * x_0) / b

    for step in ddim(all_knowing, x_T, schedule, steps=5, eta=eta, noise=noise):
        a, b = (f(torch.tensor([step.t])).item() for f in (schedule.a, schedule.b))
        assert step.x_t.mean().item() == pytest.approx(a * 0.5, abs=0.03)
        assert step.x_t.std().item() == pytest.approx(b, abs=0.03)


@pytest.mark.parametrize(
    "schedule", [linear_schedule(T), straight_line(T)], ids=lambda s: s.name
)
def test_fresh_noise_keeps_to_the_schedule(schedule):
    """In a world of one number x_t keeps the mean a_t x_0 and the spread b_t."""
    x_0 = torch.full((1, 20_000), 0.5)
    eps = PictureNoise(seed=0, indices=[0])((20_000,))
    x_T = add_noise(x_0, torch.tensor([T]), eps, schedule)

    def all_knowing(x_t, t):
        a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
        return x_0, (x_t - a * x_0) / b

    noise = PictureNoise(seed=1, indices=[0])
    for step in dpm_solver_sde(all_knowing, x_T, schedule, steps=5, noise=noise):
        a, b = (f(torch.tensor([step.t])).item() for f in (schedule.a, schedule.b))
        assert step.x_t.mean().item() == pytest.approx(a * 0.5, abs=0.03)
        assert step.x_t.std().item() == pytest.approx(b, abs=0.03)


def error_in_a_gaussian_world(sampler, schedule, steps, std=0.5) -> float:
    """How far a sampler lands from the exact end of the path that starts at x_T = 1.

    If x_0 is N(0, std^2), the best guess is linear in x_t, and walking without chance
    only rescales: x_t / sqrt(a_t^2 std^2 + b_t^2) stays the same all the way.
    """

    def best(x_t, t, cond=None):
        a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
        return a * std**2 / (a**2 * std**2 + b**2) * x_t

    x_T = torch.ones(1, 1, dtype=torch.float64)
    predict = predictor(best, schedule, "x_0")
    x_0 = last_step(sampler(predict, x_T, schedule, steps=steps)).item()
    a, b = schedule.a_table[-1].item(), schedule.b_table[-1].item()
    return abs(x_0 - std / (a**2 * std**2 + b**2) ** 0.5)


@pytest.mark.parametrize(
    ("sampler", "schedule", "gain"),
    [
        (euler, straight_line(T), 2),
        (ddim, linear_schedule(T), 2),
        (ddim, cosine_schedule(T), 2),
        (heun, straight_line(T), 4),
    ],
)
def test_doubling_the_steps_divides_the_error_by_2_to_the_order(
    sampler, schedule, gain
):
    some, many = (error_in_a_gaussian_world(sampler, schedule, n) for n in (20, 40))
    assert some / many == pytest.approx(gain, rel=0.1)


def test_a_higher_order_is_closer_at_equal_network_calls():
    line = straight_line(T)
    for steps in (5, 10, 20):
        by_heun = error_in_a_gaussian_world(heun, line, steps)  # 2 steps - 1 calls
        assert by_heun < error_in_a_gaussian_world(euler, line, 2 * steps) / 1.5
    for schedule in (linear_schedule(T), cosine_schedule(T), line):
        by_dpm = error_in_a_gaussian_world(dpm_solver, schedule, 20)
        assert by_dpm < error_in_a_gaussian_world(ddim, schedule, 20) / 3


def test_heun_calls_the_network_twice_a_step_but_once_at_the_last():
    calls = []

    def counting(x_t, t):
        calls.append(t[0].item())
        return x_t, x_t

    last_step(heun(counting, start(), straight_line(T), steps=3))
    assert calls == [1000, 667, 667, 333, 333]
