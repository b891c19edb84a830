"""Jumps: a step of any length that ends where two halves end."""

import pytest
import torch
from test_layers import shaken

from course_lib.diffusion import samplers
from course_lib.diffusion.few_steps import (
    CALLS,
    check_few_steps,
    consistency_target,
    draw_jumps,
    earlier,
    guided_target,
    in_calls,
    jump_to,
    jumping,
    shortcut_target,
    told,
    velocity_between,
)
from course_lib.diffusion.guidance import Way, guide
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import choose_steps, ddim_step
from course_lib.diffusion.schedule import cosine_schedule, straight_line
from course_lib.networks.mlp import MLP
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.unet import UNet

LINE = straight_line(1000)


def some(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def steps(*numbers):
    return torch.tensor(numbers)


# The network ---------------------------------------------------------------------


def test_a_second_time_input_changes_nothing_until_it_has_learned():
    plain = shaken(UNet(widths=(8, 16), blocks=1, labels=3))
    heeding = UNet(widths=(8, 16), blocks=1, labels=3, jumps=True)
    missing = heeding.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert {name.split(".")[0] for name in missing} == {"jump"}
    given = some(2, 3, 8, 8), steps(900, 30), steps(1, 0)
    torch.testing.assert_close(plain(*given), heeding(*given))
    torch.testing.assert_close(plain(*given), heeding(*given, jump=steps(500, 30)))
    shaken(heeding.jump)
    assert not torch.equal(heeding(*given), heeding(*given, jump=steps(500, 30)))
    assert torch.equal(heeding(*given), heeding(*given, jump=steps(0, 0)))


def test_only_a_network_that_has_the_input_takes_it_and_says_so():
    plain = UNet(widths=(8, 16), blocks=1)
    assert "jumps" not in plain.config, "the cards of all others stay as they are"
    with pytest.raises(ValueError, match="cannot be told how far"):
        plain(some(1, 3, 8, 8), steps(9), jump=steps(9))
    text = dict(vocabulary=40, length=8, width=16, blocks=1)
    model = TextUNet(text, dict(widths=(8, 16), blocks=1, jumps=True))
    assert TextUNet(**model.config).config == model.config
    shaken(model)
    given = some(1, 3, 8, 8), steps(900), steps(1, 5, 2)[None]
    assert not torch.equal(model(*given), model(*given, jump=steps(500)))


# Jumps ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schedule", [LINE, cosine_schedule(1000)], ids=lambda s: s.name
)
def test_a_jump_is_a_ddim_step(schedule):
    x_t, v = some(2, 3, 4, 4), some(2, 3, 4, 4, seed=1)
    predict = predictor(lambda x, t, cond: v, schedule, "v")
    for t, s in ((1000, 500), (400, 0)):
        x_0_hat, eps_hat = predict(x_t, steps(t, t))
        expected = ddim_step(x_0_hat, eps_hat, None, t, s, 0.0, schedule)
        found = jump_to(x_t, v, steps(t, t), steps(s, s), schedule)
        torch.testing.assert_close(found, expected)


def test_the_velocity_between_two_pictures_leads_from_one_to_the_other():
    x_t, v, t, s = some(2, 3, 4, 4), some(2, 3, 4, 4, seed=1), steps(1000, 300), 100
    x_s = jump_to(x_t, v, t, t - s, LINE)
    torch.testing.assert_close(velocity_between(x_t, x_s, t, t - s, LINE), v)


def test_a_jump_learns_to_end_where_two_halves_of_it_end():
    asked = []

    def velocity(x_t, t, jump):
        asked.append((t.tolist(), jump.tolist()))
        return x_t + t[:, None, None, None] / 1000

    x_t, t, jump = some(2, 3, 4, 4), steps(1000, 500), steps(500, 250)
    target = shortcut_target(velocity, x_t, t, jump, LINE)
    assert asked == [([1000, 500], [250, 125]), ([750, 375], [250, 125])]
    middle = x_t - torch.tensor([0.25, 0.125])[:, None, None, None] * velocity(
        x_t, t, jump
    )
    both = velocity(x_t, t, jump) + velocity(middle, t - jump // 2, jump)
    torch.testing.assert_close(target, both / 2, msg="halves that are equal: the mean")


def test_where_the_velocity_is_the_same_everywhere_every_jump_is_it():
    v, way = some(3, 3, 4, 4), steps(1000, 125, 7)
    target = shortcut_target(lambda x, t, jump: v, v.roll(1), way, way, LINE)
    torch.testing.assert_close(target, v, atol=1e-4, rtol=1e-4)


def test_no_gradient_flows_through_a_target():
    weight = torch.ones(1, requires_grad=True)
    given = some(2, 3, 4, 4), steps(1000, 250), steps(500, 125)
    target = shortcut_target(lambda x, t, jump: weight * x, *given, LINE)
    assert not target.requires_grad


def test_a_jump_that_is_shorter_than_all_that_are_learned_is_told_as_0():
    assert told(steps(500, 125, 63, 62), 125).tolist() == [500, 125, 0, 0]


def test_drawing_in_calls_is_a_chain_of_jumps():
    def velocity(x_t, t, jump):
        return torch.sin(x_t + t[:, None] / 100) + jump[:, None] / 1000

    x = x_T = some(5, 2)
    for t, s in ((1000, 667), (667, 333), (333, 0)):
        v = velocity(x, steps(*[t] * 5), steps(*[t - s] * 5))
        x = jump_to(x, v, steps(*[t] * 5), steps(*[s] * 5), LINE)
    torch.testing.assert_close(in_calls(velocity, x_T, 3, LINE), x)


def test_points_have_the_second_time_input_too():
    plain, told_too = shaken(MLP()), MLP(jumps=True)
    told_too.load_state_dict(plain.state_dict(), strict=False)
    given = some(4, 2), steps(1, 500, 700, 1000)
    torch.testing.assert_close(told_too(*given, jump=steps(1, 2, 3, 4)), plain(*given))
    shaken(told_too.jump)
    assert not torch.equal(told_too(*given, jump=steps(1, 2, 3, 4)), plain(*given))


def test_jumps_that_are_drawn_are_those_that_samplers_make():
    t, jump = draw_jumps(400, 1000, CALLS, torch.Generator().manual_seed(0))
    drawn = set(zip(t.tolist(), jump.tolist(), strict=True))
    made = set()
    for calls in CALLS:
        way = choose_steps(1000, calls)
        made |= {(t, t - s) for t, s in zip(way[:-1], way[1:], strict=True)}
    assert drawn == made
    assert (jump == 1000).float().mean() > 0.2, "a quarter, though there is only one"


def test_a_sampler_tells_the_network_how_far_each_step_goes():
    heard = []

    def model(x_t, t, cond, jump):
        heard.append((int(t[0]), jump.tolist()))
        return torch.zeros_like(x_t)

    predict = predictor(jumping(model, [1000, 500, 0]), LINE, "v")
    assert len(list(samplers.ddim(predict, some(2, 3, 4, 4), LINE, 2))) == 3
    assert heard == [(1000, [500, 500]), (500, [500, 500])]
    predict(some(1, 3, 4, 4), steps(77))
    assert heard[-1] == (77, [0]), "elsewhere it is asked for the velocity alone"


@pytest.mark.parametrize("target, schedule", [("eps", "cosine"), ("v", "linear")])
def test_other_targets_and_schedules_are_refused_in_a_sentence(target, schedule):
    from course_lib.diffusion.schedule import schedule_named

    with pytest.raises(ValueError, match=f"{target} on the {schedule}"):
        check_few_steps(schedule_named(schedule), target)
    check_few_steps(LINE, "v")


# Guidance, consistency ------------------------------------------------------------


def test_the_guided_target_is_guided_where_the_way_is_and_costs_no_more_elsewhere():
    seen = []

    def model(x_t, t, cond):
        seen.append(len(x_t))
        return x_t * (1 + cond[:, None, None, None])

    x_t, t, cond = some(3, 3, 4, 4), steps(960, 500, 400), steps(1, 2, 3)
    way = Way(5.0, 1, guided_between=(400, 950))
    found = guided_target(model, x_t, t, cond, 0 * cond, way)
    assert seen == [3, 1]
    expected = model(x_t, t, cond)
    expected[1] = guide(model, 5.0)(x_t, t, cond)[1]
    torch.testing.assert_close(found, expected)


def test_the_gap_of_consistency_is_halved_with_each_stage():
    t = torch.arange(1, 1001)
    gaps = [t - earlier(t, stage) for stage in range(6)]
    assert torch.equal(gaps[0], t), "at first the other end is the picture itself"
    assert all((gap >= 1).all() for gap in gaps)
    assert gaps[5].max() == 32 and gaps[1].max() == 500


def test_at_step_0_the_guess_is_the_picture_itself():
    x_r, r = some(2, 3, 4, 4), steps(0, 500)
    found = consistency_target(lambda x, r, jump: x, x_r, r, LINE)
    torch.testing.assert_close(found[0], x_r[0])
    torch.testing.assert_close(found[1], 0.5 * x_r[1])


def test_renoise_forgets_the_old_noise():
    guesses = iter([some(1, 3, 4, 4, seed=i) for i in range(3)])
    fresh = some(1, 3, 4, 4, seed=9)

    def predict(x_t, t):
        return next(guesses), torch.full_like(x_t, torch.nan)

    walk = list(samplers.renoise(predict, fresh, LINE, 3, noise=lambda shape: fresh))
    u = walk[1].t / 1000
    torch.testing.assert_close(walk[1].x_t, (1 - u) * walk[0].x_0_hat + u * fresh)
    assert torch.equal(walk[-1].x_0_hat, walk[-2].x_0_hat)
    with pytest.raises(ValueError, match="give it `noise`"):
        samplers.renoise(predict, fresh, LINE, 3)
