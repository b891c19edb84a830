"""A picture painter with a time axis: it starts as the picture painter."""

import pytest
import torch
import torch.nn.functional as F
from test_layers import shaken

from course_lib.networks.text_unet import TextUNet
from course_lib.networks.video import (
    FilmUNet,
    TimeAttention,
    TimeConvolution,
    TimeLayers,
    along_time,
    attend_along_time,
    film_times,
    give_frames,
    grown_from,
    in_place,
    with_given,
    with_neighbours,
)

TEXT = dict(vocabulary=50, length=12, width=16, blocks=1)
UNET = dict(widths=(8, 16), blocks=1)
TOKENS = torch.tensor([[1, 9, 8, 2], [1, 7, 2, 0]])
T = torch.tensor([3, 900])


def noisy(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def painter() -> TextUNet:
    torch.manual_seed(0)
    return shaken(TextUNet(TEXT, UNET)).eval()


@pytest.fixture
def grown(painter) -> FilmUNet:
    """A film painter before its first iteration."""
    model = FilmUNet(TEXT, UNET).eval()
    grown_from(model, painter)
    return model


@pytest.fixture
def trained(grown) -> FilmUNet:
    """The same with layers along time that say something."""
    for layers in (grown.down, grown.middle, grown.up, grown.clock):
        shaken(layers)
    return grown


# Before it learns, and what time layers do ------------------------------------------


@torch.no_grad()
def test_a_new_film_painter_draws_every_frame_as_the_picture_painter(painter, grown):
    film = noisy(2, 5, 3, 16, 16)
    frames = painter(
        film.flatten(0, 1), T.repeat_interleave(5), TOKENS[[0] * 5 + [1] * 5]
    )
    assert torch.equal(grown(film, T, TOKENS), frames.unflatten(0, (2, 5)))


@torch.no_grad()
def test_one_frame_is_a_picture_whatever_it_has_learned(painter, trained):
    pictures = noisy(2, 3, 16, 16)
    film = trained(pictures[:, None], T, TOKENS)
    torch.testing.assert_close(film[:, 0], painter(pictures, T, TOKENS))


@torch.no_grad()
def test_frames_of_a_film_heed_each_other_and_no_other_film(trained):
    film = noisy(2, 5, 3, 16, 16)
    before = trained(film, T, TOKENS)
    film[0, 4] += 1.0
    after = trained(film, T, TOKENS)
    assert not torch.allclose(before[0, 0], after[0, 0])
    torch.testing.assert_close(before[1], after[1])


@torch.no_grad()
def test_a_step_for_the_film_is_that_step_for_every_frame(trained):
    film = noisy(2, 4, 3, 16, 16)
    each = T[:, None].expand(-1, 4)
    torch.testing.assert_close(trained(film, T, TOKENS), trained(film, each, TOKENS))
    clean_first = each.clone()
    clean_first[:, 0] = 0
    assert not torch.allclose(
        trained(film, T, TOKENS), trained(film, clean_first, TOKENS)
    )


@torch.no_grad()
def test_the_order_of_frames_matters(trained):
    film = noisy(1, 5, 3, 16, 16)
    there = trained(film, T[:1], TOKENS[:1])
    back = trained(film.flip(1), T[:1], TOKENS[:1]).flip(1)
    assert not torch.allclose(there, back, atol=1e-3)


def test_all_time_layers_learn_from_the_first_step_on(grown):
    grown.train()
    out = grown(noisy(2, 3, 3, 16, 16), T, TOKENS)
    (out * noisy(*out.shape)).sum().backward()
    for name, parameter in grown.named_parameters():
        if ".out." in name and not name.startswith("painter"):
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("x_t", "t", "cond", "sentence"),
    [
        (noisy(2, 3, 16, 16), T, TOKENS, r"pictures\[:, None\]"),
        (noisy(2, 4, 3, 16, 16), T[:1], TOKENS, "one step per film"),
        (noisy(2, 4, 3, 16, 16), T, TOKENS[:1], "2 films need as many texts"),
    ],
)
def test_wrong_shapes_are_named(grown, x_t, t, cond, sentence):
    with pytest.raises(ValueError, match=sentence):
        grown(x_t, t, cond)


# Along time -------------------------------------------------------------------------


def test_courses_are_the_same_numbers_in_another_order():
    h = noisy(2 * 5, 4, 3, 6)
    courses = along_time(h, frames=5)
    assert courses.shape == (2 * 3 * 6, 5, 4)
    # The course at row 1, column 2 of the second film.
    torch.testing.assert_close(courses[18 + 1 * 6 + 2], h[5:, :, 1, 2])
    assert torch.equal(in_place(courses, 3, 6), h)


def test_attention_along_time_mixes_frames_and_no_places():
    h = noisy(5, 4, 3, 3)

    def mean(courses: torch.Tensor) -> torch.Tensor:
        return courses.mean(1, keepdim=True).expand_as(courses)

    out = attend_along_time(h, 5, mean)
    torch.testing.assert_close(out, h.mean(0, keepdim=True).expand_as(h))


def test_stacked_neighbours_are_a_convolution_over_three_frames():
    """The 1x1 convolution over stacked frames is torch's own Conv3d, to rounding."""
    h, weight = noisy(2 * 4, 3, 5, 5), noisy(6, 9, 1, 1)
    ours = F.conv2d(with_neighbours(h, 4), weight)
    film = h.unflatten(0, (2, 4)).transpose(1, 2)  # (B, C, F, H, W)
    padded = F.pad(film, (0, 0, 0, 0, 1, 1), mode="replicate")
    kernel = weight.reshape(6, 3, 3).transpose(1, 2)[..., None, None]
    theirs = F.conv3d(padded, kernel).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", [TimeAttention, TimeConvolution])
def test_a_layer_along_time_starts_as_the_identity(kind):
    h = noisy(6, 8, 2, 2)
    assert torch.equal(kind(8)(h, 3), h)
    assert not torch.allclose(shaken(kind(8))(h, 3), h)


def test_half_way_is_half_way_in_any_number_of_frames():
    assert film_times(8, "cpu")[4] == film_times(16, "cpu")[8] == 500
    layer = shaken(TimeAttention(8))
    even = noisy(1, 1, 8).expand(2, 4, 8)  # equal frames differ by their time alone
    assert not torch.allclose(layer.attend(even)[:, 0], layer.attend(even)[:, 2])


def test_attention_is_on_the_coarsest_grid_and_convolutions_on_all(grown):
    assert [layer.far is not None for layer in grown.down] == [False, True]
    assert [layer.far is not None for layer in grown.up] == [True, False]
    assert isinstance(grown.middle, TimeLayers) and grown.middle.far


# Given frames -------------------------------------------------------------------------


def test_given_frames_are_clean_and_their_step_is_zero():
    x_t, x_0 = noisy(2, 3, 1, 2, 2), torch.zeros(2, 3, 1, 2, 2)
    given = torch.tensor([[True, False, True], [False, False, False]])
    film, each = give_frames(x_t, T, x_0, given)
    assert each.tolist() == [[0, 3, 0], [900, 900, 900]]
    assert not film[0, [0, 2]].any() and torch.equal(film[0, 1], x_t[0, 1])
    assert torch.equal(film[1], x_t[1])


def test_frames_with_steps_of_their_own_keep_them():
    each = torch.tensor([[5, 6], [7, 8]])
    given = torch.tensor([[False, True], [False, False]])
    film = noisy(2, 2, 1, 2, 2)
    assert give_frames(film, each, film, given)[1].tolist() == [[5, 0], [7, 8]]


def test_guidance_sees_the_given_frames_in_both_halves():
    x_0, given = noisy(2, 3, 1, 2, 2), torch.zeros(2, 3, dtype=torch.bool)
    given[:, 0] = True
    seen = []

    def model(film, each, cond):
        seen.append((film, each))
        return film

    twice = torch.zeros(4, 3, 1, 2, 2)
    with_given(model, x_0, given)(twice, T.repeat(2), TOKENS.repeat(2, 1))
    film, each = seen[0]
    assert torch.equal(film[:2, 0], x_0[:, 0]) and torch.equal(film[2:, 0], x_0[:, 0])
    assert not film[:, 1:].any() and each[:, 0].tolist() == [0, 0, 0, 0]
