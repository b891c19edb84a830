"""The checks of notebook 15 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb15_other_roads import (
    CRITIC,
    GENERATOR,
    TOKENS,
    Reader,
    check_draw_tokens,
    check_gan_losses,
    some_drawing,
    some_scores,
)
from course_lib.networks.gan import critic_loss, gan_losses, generator_loss
from course_lib.networks.next_token import draw_tokens


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_right_functions_are_used_onward(capsys):
    def mine(real_scores, fake_scores):
        return list(gan_losses(real_scores, fake_scores))

    assert check_gan_losses(mine) is mine
    assert said(capsys) == "gan_losses: ok"

    def drawn(predict, u, temperature):
        return draw_tokens(predict, u, temperature)

    assert check_draw_tokens(drawn) is drawn
    assert said(capsys) == "draw_tokens: ok"


@pytest.mark.parametrize("sentence", CRITIC)
def test_every_mistake_of_the_critic_gets_its_name(sentence, capsys):
    def mistaken(real, fake):
        return CRITIC[sentence](real, fake), generator_loss(fake)

    assert check_gan_losses(mistaken) is gan_losses
    assert sentence in said(capsys)


@pytest.mark.parametrize("sentence", GENERATOR)
def test_every_mistake_of_the_generator_gets_its_name(sentence, capsys):
    def mistaken(real, fake):
        return critic_loss(real, fake), GENERATOR[sentence](real, fake)

    assert check_gan_losses(mistaken) is gan_losses
    assert sentence in said(capsys)


@pytest.mark.parametrize("sentence", TOKENS)
def test_every_mistake_of_the_loop_gets_its_name(sentence, capsys):
    assert check_draw_tokens(TOKENS[sentence]) is draw_tokens
    assert sentence in said(capsys)


def test_what_has_no_name_shows_one_number_and_says_whose_loss_it_is(capsys):
    check_gan_losses(lambda real, fake: (critic_loss(real, fake), 1 + fake.mean()))
    assert "the generator's loss: expected" in said(capsys)
    check_draw_tokens(lambda *given: (draw_tokens(*given) + 1) % 11)
    assert "expected" in said(capsys)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_examples_hold_scores_of_either_sign(seed):
    """Else `abs` and a hinge at 0 would look right."""
    for scores in some_scores(torch.Generator().manual_seed(seed)):
        assert (scores > 0).any() and (scores < 0).any()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_network_of_the_check_hears_each_token_and_their_order(seed):
    predict, u, temperature = some_drawing(torch.Generator().manual_seed(seed))
    tokens = draw_tokens(predict, u, temperature)
    for i in range(tokens.shape[1]):
        changed = tokens.clone()
        changed[:, i] = (changed[:, i] + 1) % 11
        assert not torch.allclose(predict(changed), predict(tokens), atol=1e-3)
    assert len(tokens.unique()) > 4  # not the same token again and again
    assert isinstance(predict, Reader)
