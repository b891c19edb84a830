"""A U-Net that hears words: the contract of a denoiser, and what it listens to."""

import pytest
import torch
from test_layers import shaken

from course_lib.networks.layers import CrossAttention
from course_lib.networks.text_unet import TextUNet, pooled_from, word_maps
from course_lib.networks.unet import UNet


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    text = dict(vocabulary=50, length=12, width=16, blocks=1)
    return shaken(TextUNet(text, dict(widths=(8, 16), blocks=1))).eval()


def noisy(n: int = 2):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 3, 16, 16, generator=generator), torch.tensor([1, 900])[:n]


TOKENS = torch.tensor([[1, 9, 8, 2], [1, 7, 2, 0]])


def test_it_answers_in_the_shape_of_x_t(model):
    assert model(*noisy(), TOKENS).shape == (2, 3, 16, 16)


def test_tokens_and_what_was_read_of_them_are_the_same(model):
    torch.testing.assert_close(
        model(*noisy(), TOKENS), model(*noisy(), model.read(TOKENS))
    )


def test_the_words_change_the_answer(model):
    assert not torch.allclose(model(*noisy(), TOKENS), model(*noisy(), TOKENS.flip(0)))


def test_padding_changes_nothing(model):
    padded = torch.nn.functional.pad(TOKENS, (0, 5))
    torch.testing.assert_close(model(*noisy(), padded), model(*noisy(), TOKENS))


def test_each_picture_hears_its_own_text(model):
    together = model(*noisy(), TOKENS)
    x_t, t = noisy()
    alone = model(x_t[1:], t[1:], TOKENS[1:])
    torch.testing.assert_close(together[1:], alone)


def test_it_is_made_again_from_its_config(model):
    again = TextUNet(**model.config)
    again.load_state_dict(model.state_dict())
    torch.testing.assert_close(again(*noisy(), TOKENS), model(*noisy(), TOKENS))


def test_every_place_spends_all_its_attention_on_tokens():
    seen = []
    layer = shaken(CrossAttention(8, 16))
    layer.seen.register_forward_hook(lambda module, inputs, out: seen.append(out))
    mask = torch.tensor([[True, True, False], [True, False, False]])
    layer(torch.randn(2, 8, 4, 4), torch.randn(2, 3, 16), mask)
    assert seen[0].shape == (2, 4, 16, 3)  # (B, heads, places, tokens)
    torch.testing.assert_close(seen[0].sum(-1), torch.ones(2, 4, 16))
    assert not seen[0].masked_select(~mask[:, None, None, :]).any()


def test_a_fresh_layer_changes_nothing():
    x = torch.randn(1, 8, 4, 4)
    same = CrossAttention(8, 16)(x, torch.randn(1, 3, 16), torch.ones(1, 3).bool())
    assert torch.equal(same, x)


def test_labels_are_refused_where_a_text_is_wanted():
    model = UNet(widths=(8, 16), blocks=1, text_width=16)
    for cond in (None, torch.tensor([1, 2]), torch.randn(2, 3, 8)):
        with pytest.raises(ValueError, match="one text per picture"):
            model(*noisy(), cond)


def test_a_text_is_heard_from_the_first_iteration_as_loudly_as_a_label():
    torch.manual_seed(0)
    told = UNet(widths=(8, 16), blocks=1, text_width=64)
    labelled = UNet(widths=(8, 16), blocks=1, labels=50)
    text_emb = torch.randn(50, 6, 64)
    text_emb[:, 4:] = 0  # padding
    gist, _ = told.hear(torch.ones(50).long(), text_emb)
    label, _ = labelled.hear(torch.ones(50).long(), torch.arange(50))
    assert gist.shape == label.shape
    assert 0.8 < gist.std() / label.std() < 1.3
    shorter, _ = told.hear(torch.ones(50).long(), text_emb[:, :4])
    torch.testing.assert_close(shorter, gist)


def test_every_word_has_a_map_and_every_place_looks_somewhere(model):
    x_t, t = noisy()
    maps = word_maps(model, x_t, t, model.read(TOKENS))
    assert maps.shape == (2, 4, 16, 16)
    torch.testing.assert_close(maps.sum(1), torch.ones(2, 16, 16))
    assert not maps[1, 3].any()  # padding
    again = word_maps(model, x_t, t, model.read(TOKENS))
    torch.testing.assert_close(again, maps)  # no hook was left behind


def test_the_pooled_vector_may_be_of_another_text_than_attention_looks_at(model):
    read, other = model.read(TOKENS), model.read(TOKENS.flip(0))
    plain = model(*noisy(), read)
    with pooled_from(model, read):
        torch.testing.assert_close(model(*noisy(), read), plain)
    with pooled_from(model, other):
        cut = model(*noisy(), read)
    assert not torch.allclose(cut, plain)
    assert not torch.allclose(cut, model(*noisy(), other))
    torch.testing.assert_close(model(*noisy(), read), plain)  # nothing is left behind


def test_what_guidance_asks_beside_it_is_pooled_as_it_is(model):
    (x_t, t), read = noisy(), model.read(TOKENS)
    twice = torch.cat([x_t, x_t]), torch.cat([t, t]), torch.cat([read, read])
    with pooled_from(model, model.read(TOKENS.flip(0))):
        answers = model(*twice)
    torch.testing.assert_close(answers[2:], model(x_t, t, read))
