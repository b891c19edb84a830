"""Inside a text encoder: stages add up to what it answers, and looks to 1."""

import pytest
import torch

from course_lib.networks.namer import Namer, looks, stages
from course_lib.networks.tokenizer import END, PAD, START

TEXT = dict(vocabulary=9, length=6, width=8, blocks=2, heads=2)


@pytest.fixture
def namer():
    torch.manual_seed(0)
    made = Namer(TEXT, things=5, colours=3)
    # Blocks begin as "do nothing"; after some training they do something.
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return made


@pytest.fixture
def tokens():
    return torch.tensor([[START, 5, 6, 5, END, PAD], [START, 7, END, PAD, PAD, PAD]])


def test_every_token_gets_scores_for_both_questions(namer, tokens):
    things, colours = namer(tokens)
    assert things.shape == (2, 6, 5) and colours.shape == (2, 6, 3)


def test_the_last_stage_is_what_the_encoder_answers_but_for_its_norm(namer, tokens):
    seen = stages(namer.encoder, tokens)
    assert list(seen) == ["the token", "+ its place", "block 1", "block 2"]
    here = tokens != PAD
    normed = namer.encoder.norm(seen["block 2"])[here]
    torch.testing.assert_close(normed, namer.encoder(tokens)[here])


def test_the_same_token_is_the_same_vector_until_it_has_a_place(namer, tokens):
    seen = stages(namer.encoder, tokens)
    assert torch.equal(seen["the token"][0, 1], seen["the token"][0, 3])
    assert not torch.equal(seen["+ its place"][0, 1], seen["+ its place"][0, 3])


def test_a_row_of_looks_sums_to_one_and_padding_is_not_looked_at(namer, tokens):
    tables = looks(namer.encoder, tokens)
    assert [table.shape for table in tables] == [(2, 6, 6)] * 2
    for table in tables:
        torch.testing.assert_close(table.sum(dim=2), torch.ones(2, 6))
        assert (table[1, :, 3:] == 0).all()


def test_nobody_listens_on_after_a_look(namer, tokens):
    looks(namer.encoder, tokens)
    with pytest.raises(ValueError, match="other tokenizer"):
        looks(namer.encoder, tokens + 100)
    assert not any(block.seen._forward_hooks for block in namer.encoder.blocks)
