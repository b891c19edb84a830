"""The text encoder: padding changes nothing, order does."""

import pytest
import torch
import torch.nn.functional as F
from test_layers import shaken

from course_lib.networks.layers import attention_weights, in_heads, out_of_heads
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import PAD


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return shaken(TextEncoder(vocabulary=50, length=12, width=16, blocks=2)).eval()


def test_our_attention_equals_torchs():
    generator = torch.Generator().manual_seed(0)
    query, key, value = torch.randn(3, 2, 4, 7, 8, generator=generator)
    mask = torch.rand(2, 1, 1, 7, generator=generator) < 0.6
    mask[..., 0] = True
    for allowed in (None, mask):
        ours = attention_weights(query, key, allowed) @ value
        theirs = F.scaled_dot_product_attention(query, key, value, allowed)
        torch.testing.assert_close(ours, theirs)


def test_heads_come_apart_and_together_again():
    x = torch.randn(2, 5, 12)
    assert in_heads(x, 3).shape == (2, 3, 5, 4)
    assert torch.equal(out_of_heads(in_heads(x, 3)), x)


def test_one_vector_a_token_and_zero_for_padding(encoder):
    tokens = torch.tensor([[1, 9, 2, PAD], [1, 2, PAD, PAD]])
    text_emb = encoder(tokens)
    assert text_emb.shape == (2, 4, 16)
    assert torch.equal(text_emb.any(2), tokens != PAD)


def test_padding_changes_nothing(encoder):
    short = torch.tensor([[1, 9, 8, 2]])
    long = F.pad(short, (0, 6), value=PAD)
    torch.testing.assert_close(encoder(long)[:, :4], encoder(short))


def test_neighbours_change_a_word_and_so_does_its_place(encoder):
    first, second, moved = torch.tensor([[1, 9, 8, 2], [1, 9, 7, 2], [1, 8, 9, 2]])
    same = encoder(torch.stack([first, second]))
    assert not torch.allclose(same[0, 1], same[1, 1])
    assert not torch.allclose(encoder(moved[None])[0, 2], same[0, 1])


def test_a_bag_of_words_hears_no_order():
    torch.manual_seed(0)
    bag = TextEncoder(vocabulary=50, length=12, width=16, positions=False)
    for name, parameter in bag.named_parameters():
        if name != "place.weight" and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    one, other = torch.tensor([[1, 9, 8, 2]]), torch.tensor([[1, 8, 9, 2]])
    torch.testing.assert_close(bag(one).sum(1), bag(other).sum(1))


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (torch.ones(3, dtype=torch.int64), "shaped"),
        (torch.ones(1, 13, dtype=torch.int64), "at most 12"),
        (torch.full((1, 3), 50), "another tokenizer"),
        (torch.full((1, 3), -1), "another tokenizer"),
        (torch.zeros(1, 3, dtype=torch.int64), "needs a token"),
    ],
)
def test_what_is_no_text_gets_a_sentence(encoder, tokens, sentence):
    with pytest.raises(ValueError, match=sentence):
        encoder(tokens)
