"""guidance_scale: 0 ignores what was asked, 1 is plain, more pushes further."""

import pytest
import torch

from course_lib.diffusion.guidance import Way, compose, guide, guided
from course_lib.diffusion.objective import TARGETS, read_output
from course_lib.diffusion.schedule import linear_schedule


class Labelled:
    """A stand-in for a network that hears a label; it counts how often it is asked."""

    def __init__(self):
        self.asked = 0

    def __call__(self, x_t, t, cond=None):
        self.asked += 1
        pull = (cond.to(x_t.dtype) + t / 500).reshape(-1, *[1] * (x_t.ndim - 1))
        return torch.tanh(x_t + 0.3 * pull)


def pictures():
    generator = torch.Generator().manual_seed(0)
    x_t = torch.randn(4, 3, 2, 2, generator=generator, dtype=torch.float64)
    return x_t, torch.tensor([1, 10, 500, 1000]), torch.tensor([3, 1, 0, 2])


def test_scale_1_changes_nothing_and_asks_once():
    model, (x_t, t, cond) = Labelled(), pictures()
    assert torch.equal(guide(model, 1)(x_t, t, cond), Labelled()(x_t, t, cond))
    assert model.asked == 1


def test_scale_0_ignores_the_label():
    deaf, (x_t, t, cond) = guide(Labelled(), 0), pictures()
    assert torch.equal(deaf(x_t, t, cond), deaf(x_t, t, cond.flip(0)))
    nothing = Labelled()(x_t, t, torch.zeros_like(cond))
    torch.testing.assert_close(deaf(x_t, t, cond), nothing)


def test_any_scale_lies_on_the_line_through_both_answers():
    model, (x_t, t, cond) = Labelled(), pictures()
    with_cond, without = model(x_t, t, cond), model(x_t, t, torch.zeros_like(cond))
    for scale in (-1.0, 0.5, 2.0, 7.5):
        expected = scale * with_cond + (1 - scale) * without
        asked_twice = guided(with_cond, without, scale)
        torch.testing.assert_close(asked_twice, expected)
        assert torch.equal(guide(model, scale)(x_t, t, cond), asked_twice)


def test_both_questions_go_in_one_batch():
    model, (x_t, t, cond) = Labelled(), pictures()
    guide(model, 3)(x_t, t, cond)
    assert model.asked == 1


def test_whoever_was_told_nothing_is_not_pushed():
    model, (x_t, t, cond) = Labelled(), pictures()
    nothing = torch.zeros_like(cond)
    pushed = guide(model, 5)(x_t, t, nothing)
    torch.testing.assert_close(pushed, model(x_t, t, nothing))


def test_uncond_may_be_something_else_than_label_0():
    model, (x_t, t, cond) = Labelled(), pictures()
    uncond = torch.full_like(cond, 7)
    guided = guide(model, 0, uncond)(x_t, t, cond)
    torch.testing.assert_close(guided, model(x_t, t, uncond))


def test_points_in_the_plane_are_guided_as_pictures_are():
    x_t, t, cond = torch.randn(3, 2), torch.tensor([1, 5, 9]), torch.tensor([1, 2, 3])
    model = Labelled()
    expected = 2 * model(x_t, t, cond) - model(x_t, t, torch.zeros_like(cond))
    torch.testing.assert_close(guide(model, 2)(x_t, t, cond), expected)


@pytest.mark.parametrize("target", TARGETS)
def test_guiding_the_answer_guides_x_0_hat_and_eps_hat_alike(target):
    """The conversions are linear, so it does not matter what the network was asked."""
    schedule, model, (x_t, t, cond) = linear_schedule(), Labelled(), pictures()
    nothing = torch.zeros_like(cond)

    def read(output):
        return read_output(output, x_t, t, schedule, target)

    guided = read(guide(model, 4)(x_t, t, cond))
    pairs = zip(read(model(x_t, t, cond)), read(model(x_t, t, nothing)), strict=True)
    for found, (with_cond, without) in zip(guided, pairs, strict=True):
        torch.testing.assert_close(found, without + 4 * (with_cond - without))


@pytest.mark.parametrize("scale", [float("nan"), float("inf")])
def test_a_scale_that_is_no_number_is_refused(scale):
    with pytest.raises(ValueError, match="must be a finite number"):
        guide(Labelled(), scale)


# Several texts at once ------------------------------------------------------------


class Told:
    """A stand-in for a network that hears texts, (B, L, D)."""

    def __call__(self, x_t, t, cond):
        return torch.tanh(x_t + 0.3 * cond.sum((1, 2)).reshape(-1, 1, 1, 1))


def texts():
    return torch.randn(3, 4, 2, 5, generator=torch.Generator().manual_seed(1)).double()


def test_one_text_composed_is_guidance():
    (x_t, t, _), (cond, uncond, _) = pictures(), texts()
    composed = compose(Told(), [cond], [3.0], uncond)(x_t, t)
    torch.testing.assert_close(composed, guide(Told(), 3.0, uncond)(x_t, t, cond))


def test_two_texts_pull_in_the_sum_of_their_directions():
    (x_t, t, _), (cond, other, uncond) = pictures(), texts()
    at, to, nothing = (Told()(x_t, t, c) for c in (cond, other, uncond))
    expected = nothing + 2 * (at - nothing) - 0.5 * (to - nothing)
    composed = compose(Told(), [cond, other], [2.0, -0.5], uncond)
    torch.testing.assert_close(composed(x_t, t), expected)


def test_every_text_needs_a_scale():
    cond, uncond, _ = texts()
    with pytest.raises(ValueError, match="as many scales"):
        compose(Told(), [cond], [1.0, 2.0], uncond)
    with pytest.raises(ValueError, match="finite"):
        compose(Told(), [cond], [float("nan")], uncond)


def test_a_way_asks_twice_between_its_bounds_only():
    model, (x_t, _, cond) = Labelled(), pictures()
    guided, plain = guide(Labelled(), 4), Labelled()
    way = Way(guidance_scale=4, steps=10, guided_between=(400, 950)).guide(model)
    expected = {1000: plain, 951: plain, 950: guided, 401: guided, 400: plain}
    for step, asked in expected.items():
        t = torch.full((4,), step)
        assert torch.equal(way(x_t, t, cond), asked(x_t, t, cond))


def test_a_way_without_bounds_is_guidance_at_every_step():
    x_t, t, cond = pictures()
    everywhere = Way(guidance_scale=4, steps=10).guide(Labelled())
    expected = guide(Labelled(), 4)
    for step in (1, 500, 1000):
        at = torch.full_like(t, step)
        assert torch.equal(everywhere(x_t, at, cond), expected(x_t, at, cond))
