"""Editing: where the walk starts, what it is held to, and what lies between."""

import pytest
import torch

from course_lib.diffusion.editing import (
    begin,
    between,
    check_mask,
    held,
    image_to_image,
    inpaint,
    joined,
    put_back,
    start_of,
    widen,
)
from course_lib.diffusion.guidance import Way
from course_lib.diffusion.ideal import GaussianDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import (
    PictureNoise,
    choose_steps,
    dpm_solver,
    last_step,
    mix,
)
from course_lib.diffusion.schedule import straight_line
from course_lib.painters import pipeline
from course_lib.painters.interpolation import crossfade, interpolate
from course_lib.painters.pipeline import LabelToImage, TextToImage
from course_lib.pixels import PictureError, from_bytes
from course_lib.world.drawing import draw_critters

T = 100
SCHEDULE = straight_line(T)
PICTURES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


class Believer:
    """A painter that believes in one picture, whatever the noise."""

    device, schedule = torch.device("cpu"), SCHEDULE

    def __init__(self, belief: float = 0.5):
        self.belief, self.seen = belief, []

    def way(self, guidance_scale):
        return Way(guidance_scale, steps=20)

    def encode(self, pictures):
        return pictures

    def decode(self, x_0):
        return x_0.clamp(-1, 1)

    def predict_for(self, asked, way):
        def predict(x_t, t):
            self.seen.append((int(t[0]), x_t))
            a, b = SCHEDULE.a(t, like=x_t), SCHEDULE.b(t, like=x_t)
            x_0_hat = self.belief + 0 * x_t
            return x_0_hat, (x_t - a * x_0_hat) / b

        return predict


HALF = torch.zeros(8, 8, dtype=torch.bool)
HALF[:, 4:] = True


# Begin half way -----------------------------------------------------------------


def test_image_to_image_is_a_sampler_that_begins_half_way():
    painter, eps = Believer(), PictureNoise(3, range(2))(PICTURES.shape[1:])
    start, x_t = begin(PICTURES, 0.6, eps, SCHEDULE)
    way = dpm_solver(painter.predict_for("ab", 1.0), x_t, SCHEDULE, 6, start=start)
    library = image_to_image(painter, PICTURES, ["a", "b"], 0.6, steps=10, seed=3)
    assert start == 60 and torch.equal(library, last_step(way).clamp(-1, 1))


def test_held_is_a_walk_that_puts_back_after_each_step():
    predict, noise = Believer().predict_for("ab", 1.0), PictureNoise(1, range(2))
    mask = HALF.expand(2, 1, -1, -1)
    x_t, way = noise(PICTURES.shape[1:]), choose_steps(T, 5)
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        drawn = mix(*predict(x_t, torch.full((2,), t)), t_next, SCHEDULE)
        eps_new = noise(PICTURES.shape[1:])
        x_t = put_back(drawn, PICTURES, mask, t_next, eps_new, SCHEDULE)
    again = PictureNoise(1, range(2))
    steps = held(predict, PICTURES, mask, SCHEDULE, again, steps=5, again=1, pull=False)
    assert torch.equal(last_step(steps), x_t)


def test_no_strength_changes_nothing_and_full_strength_forgets_the_picture():
    painter = Believer()
    same = image_to_image(painter, PICTURES, ["a", "b"], strength=0)
    assert torch.equal(same, PICTURES) and not painter.seen
    drawn = image_to_image(painter, PICTURES, ["a", "b"], strength=1, steps=10)
    torch.testing.assert_close(drawn, torch.full_like(drawn, 0.5))
    start, x_t = painter.seen[0]
    assert start == T and len(painter.seen) == 10
    noise = PictureNoise(0, range(2))((3, 8, 8))
    assert torch.equal(x_t, noise)  # nothing of the picture is left


def test_strength_decides_the_first_step_and_what_is_left_of_the_picture():
    painter = Believer()
    image_to_image(painter, PICTURES, ["a", "b"], strength=0.3, steps=10, seed=4)
    assert [t for t, _ in painter.seen] == [30, 20, 10]
    noise = PictureNoise(4, range(2))((3, 8, 8))
    torch.testing.assert_close(painter.seen[0][1], 0.7 * PICTURES + 0.3 * noise)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_outside_is_refused(strength):
    with pytest.raises(ValueError, match="strength must lie in 0..1"):
        start_of(strength, T)


def test_a_prompt_a_picture():
    for asked in ("ab", ["a"], []):
        with pytest.raises(ValueError, match="list of as many prompts"):
            image_to_image(Believer(), PICTURES, asked)


def test_pictures_of_another_range_are_refused():
    with pytest.raises(PictureError, match="must lie in"):
        image_to_image(Believer(), PICTURES * 127, ["a", "b"])


# Hold a part --------------------------------------------------------------------


def test_the_kept_part_is_untouched_and_the_rest_is_drawn():
    drawn = inpaint(Believer(), PICTURES, HALF, ["a", "b"], steps=5)
    assert torch.equal(drawn[..., :4], PICTURES[..., :4])
    torch.testing.assert_close(drawn[..., 4:], torch.full((2, 3, 8, 4), 0.5))


def test_the_kept_part_has_the_noise_of_its_step():
    painter = Believer()
    pictures = torch.zeros(1, 3, 64, 64)
    mask = torch.zeros(64, 64, dtype=torch.bool)
    mask[0, 0] = True
    inpaint(painter, pictures, mask, ["a"], steps=5, again=1)
    for t, x_t in painter.seen:
        assert x_t[..., 1:, :].std().item() == pytest.approx(t / T, rel=0.05)


def test_each_step_is_taken_again_from_where_it_came():
    painter = Believer()
    inpaint(painter, PICTURES, HALF, ["a", "b"], steps=4, again=3)
    assert [t for t, _ in painter.seen] == [100] * 3 + [75] * 3 + [50] * 3 + [25]


def test_going_back_up_leaves_the_right_amount_of_noise():
    """A network that always sees zeros: what comes back is pure noise of its step."""
    painter, pictures = Believer(0.0), torch.zeros(1, 3, 64, 64)
    mask = torch.ones(64, 64, dtype=torch.bool)
    inpaint(painter, pictures, mask, ["a"], steps=5, again=4)
    for t, x_t in painter.seen:
        assert x_t.std().item() == pytest.approx(t / T, rel=0.06)


def test_the_end_of_the_way_is_not_guided():
    asked = []

    class Noting(Believer):
        def predict_for(self, prompts, way):
            predict = super().predict_for(prompts, way)

            def noted(x_t, t):
                scale = way.guidance_scale if way.is_guided(int(t[0])) else 1.0
                asked.append((int(t[0]), scale))
                return predict(x_t, t)

            return noted

    how = dict(steps=5, again=1, guidance_scale=3.0)
    inpaint(Noting(), PICTURES, HALF, ["a", "b"], **how)
    assert asked == [(100, 3.0), (80, 3.0), (60, 3.0), (40, 3.0), (20, 1.0)]


def test_an_error_of_the_decoder_fades_into_the_hole():
    drawn, pictures = torch.zeros(1, 3, 16, 48), torch.zeros(1, 3, 16, 48)
    pictures[..., :16] = 0.4  # all of the kept part came out darker by so much
    mask = torch.ones(1, 1, 16, 48, dtype=torch.bool)
    mask[..., :16] = False
    after = joined(drawn, pictures, mask)
    assert torch.equal(after[..., :16], pictures[..., :16])
    row = after[0, 0, 8, 16:]
    assert 0.2 < row[0] < 0.4 and (row.diff() <= 0).all()
    assert not row[8:].any()
    assert torch.equal(joined(pictures, pictures, mask), pictures)


def test_the_walk_yields_a_step_a_step():
    noise = PictureNoise(0, range(2))
    predict = Believer().predict_for(["a", "b"], Way(1, steps=4))
    mask = check_mask(HALF, PICTURES)
    way = list(held(predict, PICTURES, mask, SCHEDULE, noise, steps=4, again=2))
    assert [step.t for step in way] == [100, 75, 50, 25, 0]
    for step in way:
        assert torch.equal(step.x_0_hat[..., :4], PICTURES[..., :4])
    assert torch.equal(way[-1].x_t, last_step(iter(way)))


def test_a_pull_tells_the_hole_what_is_kept():
    """Beside a pixel of 1.5 belongs 0.9 * 1.5 = 1.35 on average, give or take 0.44."""
    together = torch.tensor([[1.0, 0.9], [0.9, 1.0]])
    predict = predictor(GaussianDenoiser(together, SCHEDULE), SCHEDULE, "x_0")
    x_0, mask = torch.full((2000, 1, 1, 2), 1.5), torch.zeros(2000, 1, 1, 2) == 1
    mask[..., 1] = True
    found = {}
    for again, pull in ((1, False), (3, False), (1, True), (3, True)):
        noise = PictureNoise(0, range(2000))
        way = held(predict, x_0, mask, SCHEDULE, noise, 20, again, pull)
        found[again, pull] = last_step(way)[..., 1]
    off = {how: abs(drawn.mean().item() - 1.35) for how, drawn in found.items()}
    assert off[3, True] < 0.06 < off[1, True] < 0.2 < off[3, False] < off[1, False]
    assert found[3, True].std().item() == pytest.approx(0.44, abs=0.04)


@pytest.mark.parametrize("weights", ["words", "latent"])
def test_the_ends_of_the_way_are_the_pictures_of_both_prompts(weights, monkeypatch):
    # Whatever is usual: fresh noise lies on the way between two seeds, too.
    fresh = Way(5.0, steps=13, sampler="dpm_solver_sde")
    monkeypatch.setattr(pipeline, "FOR_LATENTS", fresh)
    painter = TextToImage.from_pretrained(weights)
    first, second = "a red frog with a hat", "a bear"
    way = interpolate(painter, first, second, n=3, seed=3, to_seed=8, steps=2)
    for picture, prompt, seed in ((way[0], first, 3), (way[2], second, 8)):
        alone = painter([prompt], steps=2, seed=seed)[0]
        torch.testing.assert_close(picture, alone, atol=1e-3, rtol=0)
    assert not torch.allclose(way[1], way[0], atol=0.1)
    with pytest.raises(ValueError, match="2 pictures or more; got 1"):
        interpolate(painter, first, second, n=1)


def test_no_gradient_is_left_behind_and_none_is_made_unasked():
    painter = TextToImage.from_pretrained("words")
    pictures, mask = PICTURES.repeat(1, 1, 4, 4), HALF.repeat(4, 4)
    drawn = inpaint(painter, pictures, mask, ["a", "b"], steps=2, again=1)
    assert not drawn.requires_grad
    assert all(weight.grad is None for weight in painter.model.parameters())
    predict = painter.predict_for(["a", "b"])
    assert not predict(pictures, torch.full((2,), 500))[0].requires_grad


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("weights", ["words", "critters"])
def test_a_part_is_drawn_the_same_where_gradients_are_off(mode, weights):
    asked, how = ["cat", "frog"], dict(steps=2, again=2)
    kind = TextToImage if weights == "words" else LabelToImage
    painter, mask = kind.from_pretrained(weights), HALF.repeat(4, 4)
    drawn = inpaint(painter, PICTURES.repeat(1, 1, 4, 4), mask, asked, **how)
    with mode():  # all of it: the weights, the pictures and the mask are made in it
        painter, mask = kind.from_pretrained(weights), HALF.repeat(4, 4)
        pictures = PICTURES.repeat(1, 1, 4, 4)
        again = inpaint(painter, pictures, mask, asked, **how)
        predict, noise = painter.predict_for(asked), PictureNoise(0, range(2))
        hole = check_mask(mask, pictures)
        last_step(held(predict, pictures, hole, painter.schedule, noise, steps=2))
    assert torch.equal(drawn, again) and not again.requires_grad


def test_pictures_come_out_the_same_whatever_is_drawn_together():
    painter = Believer()
    together = inpaint(painter, PICTURES, HALF, ["a", "b"], steps=3)
    seen, painter.seen = painter.seen, []
    alone = inpaint(painter, PICTURES, HALF, ["a", "b"], steps=3, batch_size=1)
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(seen[0][1][1:], painter.seen[7][1])  # its own noise


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (torch.ones(4, 4), "as large as the pictures, 8x8"),
        (torch.ones(3, 8, 8), "one for all or one each"),
        (torch.ones(2, 3, 8, 8), "one for all or one each"),
        (torch.full((8, 8), 0.5), "True .or 1. where to draw"),
        (torch.zeros(8, 8), "empty: nothing would be drawn"),
    ],
)
def test_what_is_no_mask_is_refused(mask, words):
    with pytest.raises(ValueError, match=words):
        inpaint(Believer(), PICTURES, mask, ["a", "b"])


def test_a_mask_for_all_or_one_each():
    both = torch.stack([HALF, ~HALF])
    for mask in (HALF, HALF[None], HALF[None, None], HALF.long()):
        assert torch.equal(check_mask(mask, PICTURES)[1, 0], HALF)
    assert torch.equal(check_mask(both, PICTURES)[:, 0], both)
    assert check_mask(torch.ones(8, 8), PICTURES).all()  # all of it may be drawn anew


def test_steps_are_taken_at_least_once():
    with pytest.raises(ValueError, match="once or more"):
        inpaint(Believer(), PICTURES, HALF, ["a", "b"], again=0)


def test_room_is_made_and_marked():
    wider, mask = widen(PICTURES, left=2, bottom=3)
    assert wider.shape == (2, 3, 11, 10) and mask.shape == (1, 1, 11, 10)
    assert torch.equal(wider[:, :, :8, 2:], PICTURES)
    assert not mask[..., :8, 2:].any() and mask.sum() == 11 * 10 - 64
    drawn = inpaint(Believer(), wider, mask, ["a", "b"], steps=3)
    assert torch.equal(drawn[:, :, :8, 2:], PICTURES)
    for sides in (dict(), dict(left=-1), dict(left=2, right=-1)):
        with pytest.raises(ValueError, match="how many pixels to add"):
            widen(PICTURES, **sides)


# Go between ---------------------------------------------------------------------


def test_half_way_between_two_noises_is_as_loud_as_noise():
    first, second = PictureNoise(0, range(2))((3, 64, 64))
    assert torch.allclose(between(first, second, 0.0), first, atol=1e-5)
    assert torch.allclose(between(first, second, 1.0), second, atol=1e-5)
    assert between(first, second, 0.5).std().item() == pytest.approx(1, abs=0.03)
    assert ((first + second) / 2).std().item() == pytest.approx(0.71, abs=0.03)


@pytest.mark.parametrize("weights", ["words", "latent"])
def test_from_one_picture_to_another_in_a_straight_line(weights):
    painter = TextToImage.from_pretrained(weights)
    album, _ = draw_critters(2, seed=3, size=painter.card["size"])
    first, last = from_bytes(album)
    way = crossfade(painter, first, last, n=3)
    both = painter.decode(painter.encode(torch.stack([first, last])))
    torch.testing.assert_close(way[[0, 2]], both, atol=1e-5, rtol=0)
    in_pixels = torch.allclose(way[1], both.mean(0), atol=0.02)
    assert in_pixels == (weights == "words")
    with pytest.raises(ValueError, match="2 pictures or more; got 1"):
        crossfade(painter, first, last, n=1)
