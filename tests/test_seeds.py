"""A seed or a count is a whole number, whoever counted it: Python, NumPy or torch."""

import json

import numpy as np
import pytest
import torch

from course_lib.chance import generator_for, uniforms
from course_lib.diffusion.editing import image_to_image, inpaint
from course_lib.diffusion.samplers import PictureNoise, choose_steps
from course_lib.judging import evaluation, fidelity
from course_lib.painters.interpolation import interpolate
from course_lib.painters.pipeline import LabelToImage, TextToImage
from course_lib.world.critters import captions, choose_factors
from course_lib.world.drawing import draw_critters

WHOLE = [np.int64, np.uint8, torch.tensor]


@pytest.mark.parametrize("number", WHOLE)
@pytest.mark.parametrize("seed", [0, 3, 200])
def test_chance_follows_from_the_value_of_a_seed(number, seed):
    index, given = torch.arange(5), number(seed)
    assert np.array_equal(uniforms(index, given, 3), uniforms(index, seed, 3))
    drawn = [torch.rand(3, generator=generator_for(x, 1)) for x in (given, seed)]
    assert torch.equal(*drawn)
    said = [captions(choose_factors(index, x), index, x, 0.5) for x in (given, seed)]
    assert said[0] == said[1]


def test_a_seed_may_be_below_zero_and_longer_than_64_bits():
    index = torch.arange(5)
    assert np.array_equal(uniforms(index, np.int64(-1), 3), uniforms(index, -1, 3))
    assert np.array_equal(uniforms(index, 2**64 + 5, 3), uniforms(index, 5, 3))


@pytest.mark.parametrize("seed", ["4", 3.5, None, torch.ones(2), [4]])
def test_a_seed_that_is_no_whole_number_gets_a_sentence(seed):
    draw = TextToImage.from_pretrained("words")
    for use in (
        lambda: uniforms(torch.arange(5), seed, 3),
        lambda: draw(["a frog"], steps=1, seed=seed),
        lambda: draw_critters(2, seed),
    ):
        with pytest.raises(TypeError, match=r"A seed is a whole number, .*; got .*\."):
            use()


@pytest.mark.parametrize("number", WHOLE)
def test_pictures_are_the_same_whoever_counted(number):
    one, two = number(1), number(2)
    assert torch.equal(draw_critters(two, one)[0], draw_critters(2, 1)[0])
    assert torch.equal(PictureNoise(one, [two])((3,)), PictureNoise(1, [2])((3,)))
    assert choose_steps(1000, number(4)) == [1000, 750, 500, 250, 0]
    words = TextToImage.from_pretrained("words")
    labels = LabelToImage.from_pretrained("critters")
    assert type(words.way(steps=two).steps) is int
    for painter, asked in ((words, ["a cat"]), (labels, ["cat"])):
        drawn = painter(asked, steps=two, seed=one)
        assert torch.equal(drawn, painter(asked, steps=2, seed=1))
    words(["a cat"], steps=two, size=number(32))
    picture, hole = torch.zeros(1, 3, 32, 32), torch.ones(32, 32, dtype=torch.bool)
    image_to_image(words, picture, ["a cat"], 0.5, steps=two, seed=one)
    inpaint(words, picture, hole, ["a cat"], steps=two, again=one, seed=one)
    interpolate(words, "a cat", "a frog", n=two, seed=one, to_seed=two, steps=two)


@pytest.mark.parametrize("number", WHOLE)
def test_what_is_measured_can_be_written_as_json(number, monkeypatch):
    monkeypatch.setattr(evaluation, "FEWEST", 2)
    labels = LabelToImage.from_pretrained("critters")
    found = evaluation.measure_denoiser(labels, number(4), number(1), number(2))
    assert json.loads(json.dumps(found))["n"] == 4
    words = TextToImage.from_pretrained("words")
    how = dict(n=number(2), seeds=number(1), calls=number(2), kinds=("ears",))
    json.dumps(fidelity.measure_kinds(words, **how))
