"""A next-token model: it sees no later token, and draws what its chances say."""

import pytest
import torch
import torch.nn.functional as F
from test_layers import shaken

from course_lib.chance import generator_for
from course_lib.networks.next_token import (
    NextToken,
    draw_tokens,
    fit_codebook,
    make_next_token_loss,
    nearest_code,
    pick_token,
    pictures_from,
    squares_of,
    with_tokens,
)
from course_lib.networks.unet import UNet, count_parameters
from course_lib.training.recipes import DENOISER

SMALL = dict(vocabulary=10, side=4, width=16, blocks=2)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return shaken(NextToken(labels=2, **SMALL)).eval()


@pytest.fixture(scope="module")
def tokens():
    return torch.randint(10, (3, 15), generator=generator_for(0))


COND = torch.tensor([0, 1, 2])

# The network ------------------------------------------------------------------------


def test_it_has_as_many_parameters_as_the_unet_of_lesson_05():
    unet = count_parameters(UNet(labels=11, **DENOISER))
    with torch.device("meta"):
        assert count_parameters(NextToken(11)) == pytest.approx(unet, rel=0.04)


@pytest.mark.parametrize("place", [0, 7, 14])
def test_a_token_changes_nothing_before_it_and_something_after(model, tokens, place):
    other = tokens.clone()
    other[:, place] = (other[:, place] + 1) % 10
    was, now = model(tokens, COND), model(other, COND)
    torch.testing.assert_close(was[:, : place + 1], now[:, : place + 1])
    assert not torch.allclose(was[:, place + 1], now[:, place + 1])


def test_the_label_counts_from_the_first_token_on(model, tokens):
    was, now = model(tokens, COND), model(tokens, COND.flip(0))
    assert not torch.allclose(was[0, 0], now[0, 0])


def test_remembering_changes_nothing(model, tokens):
    predict, whole = model.predictor(COND), model(tokens, COND)
    for i in [*range(16), 3, 4, 9, 0]:  # in order; then begun anew, and with a leap
        torch.testing.assert_close(predict(tokens[:, :i]), whole[:, i])


def test_the_loss_asks_for_every_token_and_is_log_v_at_first(tokens):
    model = NextToken(labels=2, **SMALL)
    full = torch.cat([tokens, tokens[:, :1]], dim=1)  # 16 tokens
    batch = {"tokens": full, "cond": COND}
    loss = make_next_token_loss()(model, batch)
    torch.testing.assert_close(loss, torch.tensor(10.0).log())
    shaken(model)
    each = [
        F.cross_entropy(model(full[:, :i], COND)[:, -1], full[:, i]) for i in range(16)
    ]
    loss = make_next_token_loss()(model, batch)
    torch.testing.assert_close(loss, torch.stack(each).mean())


# Drawing ----------------------------------------------------------------------------


def counted(temperature=1.0, top_k=None):
    """How often each of four tokens is drawn, of 4,000."""
    logits = torch.tensor([0.4, 0.3, 0.2, 0.1]).log().expand(4000, 4)
    u = (torch.arange(4000) + 0.5) / 4000
    return pick_token(logits, u, temperature, top_k).bincount(minlength=4) / 4000


def test_tokens_are_drawn_as_often_as_they_are_likely():
    expected = torch.tensor([0.4, 0.3, 0.2, 0.1])
    torch.testing.assert_close(counted(), expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("u", [torch.rand(3, 7), torch.rand(2), 0.8])
def test_each_picture_needs_one_random_number(u):
    with pytest.raises(ValueError, match="one number for each picture"):
        pick_token(torch.zeros(3, 4), u)


def test_a_low_temperature_favours_the_likely_and_a_high_one_levels():
    sharp = torch.tensor([0.4, 0.3, 0.2, 0.1]) ** 2
    expected = sharp / sharp.sum()
    torch.testing.assert_close(counted(temperature=0.5), expected, atol=1e-3, rtol=0)
    assert counted(temperature=1e-6)[0] == 1
    assert (counted(temperature=1e6) - 0.25).abs().max() < 1e-3


def test_top_k_draws_from_the_k_likeliest_as_often_as_before():
    expected = torch.tensor([4, 3, 0, 0]) / 7
    torch.testing.assert_close(counted(top_k=2), expected, atol=1e-3, rtol=0)
    assert torch.equal(counted(top_k=99), counted())


@pytest.mark.parametrize("u", [0.0, 1 - 2**-24])
def test_an_impossible_token_is_never_drawn(u):
    logits = torch.tensor([[-torch.inf, 0.0, 0.0, -torch.inf]])
    assert pick_token(logits, torch.tensor([u])).item() in (1, 2)


def test_each_token_is_drawn_after_the_network_saw_all_earlier_ones():
    shown = []

    def predict(tokens):
        shown.append(tokens.tolist())
        return torch.zeros(2, 4)  # all four are as likely

    u = torch.tensor([[0.1, 0.9, 0.3], [0.6, 0.1, 0.1]])
    assert draw_tokens(predict, u).tolist() == [[0, 3, 1], [2, 0, 0]]
    assert shown == [[[], []], [[0], [2]], [[0, 3], [2, 0]]]


def test_what_is_drawn_follows_the_chances_of_the_network(model):
    u = torch.rand(3, 16, generator=generator_for(3))
    tokens = draw_tokens(model.predictor(COND), u)
    logits = model(tokens[:, :-1], COND)
    again = [pick_token(logits[:, i], u[:, i]) for i in range(16)]
    assert torch.equal(torch.stack(again, dim=1), tokens)


# Pictures as tokens -----------------------------------------------------------------


def test_squares_go_row_by_row_and_come_back():
    pictures = torch.rand(2, 3, 8, 8, generator=generator_for(0))
    squares = squares_of(pictures, 2)
    assert squares.shape == (2, 16, 12)
    assert torch.equal(pictures_from(squares, 4, 2), pictures)
    second = pictures[:, :, :2, 2:4].flatten(1)  # right of the first
    assert torch.equal(squares[:, 1].sort(1).values, second.sort(1).values)


def test_the_nearest_code_is_the_nearest():
    squares = torch.randn(5, 7, 12, generator=generator_for(0))
    codebook = torch.randn(20, 12, generator=generator_for(1))
    expected = torch.cdist(squares, codebook.expand(5, 20, 12)).argmin(2)
    assert torch.equal(nearest_code(squares, codebook), expected)


def test_a_codebook_finds_the_clusters():
    centres = torch.tensor([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    noise = 0.1 * torch.randn(150, 2, generator=generator_for(0))
    codebook = fit_codebook(centres.repeat(50, 1) + noise, 12, generator_for(5))
    away = torch.cdist(centres, codebook)
    assert away.min(1).values.max() < 0.2  # each cluster has a code near its middle
    assert away.min(0).values.max() < 0.5  # and no code lies between


def test_a_picture_of_codes_survives_its_tokens(model):
    model.codebook.copy_(torch.randn(10, 12, generator=generator_for(0)))
    tokens = torch.randint(10, (2, 16), generator=generator_for(1))
    assert torch.equal(model.tokens_of(model.pictures_of(tokens)), tokens)
    batch = with_tokens(lambda i: {"x_0": model.pictures_of(tokens), "cond": i}, model)
    assert torch.equal(batch(7)["tokens"], tokens) and batch(7)["cond"] == 7
