"""The mark: in the noise, out of it again, and stolen."""

import pytest
import torch

from course_lib.chance import generator_for
from course_lib.diffusion.guidance import Way
from course_lib.painters import pipeline
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.watermark import (
    agreement,
    chance_of,
    draw_marked,
    key_of,
    mark,
    noise_of,
    ring_of,
    sampler_without_chance,
    stolen_key,
    threshold,
)

NOISE = torch.randn(64, 4, 16, 16, generator=generator_for(3))
KEY = key_of(7)


def test_marked_noise_is_real_and_as_strong_as_ever():
    marked = mark(NOISE, KEY)
    assert marked.dtype == NOISE.dtype and marked.shape == NOISE.shape
    assert 0.8 < marked.std() < 1.2


def test_the_key_stands_on_the_rings_and_the_rest_is_as_it_was():
    waves = torch.fft.fft2(mark(NOISE, KEY), norm="ortho")
    before, ring = torch.fft.fft2(NOISE, norm="ortho"), ring_of(16)
    for r in range(7):
        on_ring = waves[0, :, ring == r]
        assert torch.allclose(on_ring.real, KEY[:, r, None], atol=1e-5)
        assert on_ring.imag.abs().max() < 1e-5
    outside = (ring < 0) | (ring > 6)
    assert torch.allclose(waves[..., outside], before[..., outside], atol=1e-4)


def test_only_the_right_key_agrees():
    marked = mark(NOISE, KEY)
    assert (agreement(marked, KEY) > 0.999).all()
    assert agreement(marked, key_of(8)).abs().max() < 0.7
    assert agreement(NOISE, KEY).abs().max() < 0.3


def test_a_thousand_other_keys_say_how_often_chance_would_do():
    assert (chance_of(mark(NOISE[:8], KEY), KEY) == 0.001).all()
    unmarked = chance_of(NOISE, KEY)
    assert unmarked.mean() > 0.3 and (unmarked <= 0.01).float().mean() < 0.1


def test_the_threshold_lets_one_in_a_hundred_through():
    found = torch.linspace(0, 1, 1001)
    assert (found > threshold(found)).float().mean() <= 0.01


def test_a_key_is_stolen_out_of_ten_noises():
    shared = torch.linspace(-1, 1, 16)  # what all pictures have, marked or not
    hidden = mark(NOISE[:10], KEY) * 0.3 + NOISE[10:20] + shared
    alike = torch.nn.functional.cosine_similarity
    stolen = stolen_key(hidden, NOISE[20:60] + shared)
    assert alike(stolen.flatten(), KEY.flatten(), 0) > 0.8
    assert stolen.square().mean().sqrt() == pytest.approx(1)


@pytest.fixture
def painter(here, words, monkeypatch):
    monkeypatch.setattr(pipeline, "FOR_LATENTS", Way(1.0, 4, sampler="dpm_solver_sde"))
    return TextToImage.from_pretrained("latent")


def test_the_way_back_ends_at_noise_of_the_right_shape(painter):
    key = key_of(7, painter.shape()[0])
    drawn = draw_marked(painter, ["a frog", "a cat"], key, batch_size=1)
    plain = draw_marked(painter, ["a frog", "a cat"], None)
    assert drawn.shape == plain.shape and not torch.equal(drawn, plain)
    assert noise_of(painter, drawn, 3).shape == (2, *painter.shape())


def test_unmarked_pictures_are_those_of_the_same_sampler(painter):
    usual = painter(["a frog"], sampler="dpm_solver")
    assert torch.equal(draw_marked(painter, ["a frog"], None), usual)


def test_a_sampler_with_chance_is_refused_and_never_chosen(painter):
    assert sampler_without_chance(painter) == "dpm_solver"
    assert sampler_without_chance(painter, "ddim") == "ddim"
    with pytest.raises(ValueError, match="fresh noise"):
        draw_marked(painter, ["a frog"], KEY, sampler="ddpm")
