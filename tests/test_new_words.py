"""A new word is one new row: what it costs to keep all others as they are."""

import pytest
import torch
from torch import nn

from course_lib.networks.new_words import (
    GrownTable,
    add_rows,
    put_rows_back,
    row_of_word,
)
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import Tokenizer, train_tokenizer

TEXTS = ["a red cat", "a cat at night"] * 2


@pytest.fixture
def tokenizer():
    return train_tokenizer(TEXTS, merges=20)


def encoder_for(tokenizer) -> TextEncoder:
    torch.manual_seed(0)
    return TextEncoder(len(tokenizer), length=16, width=8, blocks=1, heads=2)


def test_the_tokenizer_knows_the_word_whole_and_all_others_as_before(tokenizer):
    taught = Tokenizer(tokenizer.merges, ["zorp", "blim"])
    assert len(taught) == len(tokenizer) + 2
    assert taught.encode("zorp") == [len(tokenizer)]
    spoken = taught.encode("a red zorp at night, blim")
    assert spoken.count(len(tokenizer)) == 1 and spoken[-1] == len(tokenizer) + 1
    assert taught.decode(spoken) == "a red zorp at night, blim"
    assert taught.spell([len(tokenizer)]) == ["zorp"]
    for text in (*TEXTS, "zorps, a zor", "ZORP"):
        assert taught.encode(text) == tokenizer.encode(text)


def test_a_new_row_begins_as_a_known_word_and_means_the_same(tokenizer):
    encoder, taught = encoder_for(tokenizer), Tokenizer(tokenizer.merges, ["zorp"])
    assert len(tokenizer.encode(" cat")) == 1
    row = row_of_word(encoder, tokenizer, "cat")
    cat = encoder(tokenizer.batch(["a red cat"], 16))
    before = encoder.token.weight.detach().clone()
    add_rows(encoder, row[None])
    torch.testing.assert_close(encoder(taught.batch(["a red zorp"], 16)), cat)
    torch.testing.assert_close(encoder(tokenizer.batch(["a red cat"], 16)), cat)
    assert torch.equal(encoder.token.table.weight, before)


def test_words_of_two_teachers_stand_one_below_the_other(tokenizer):
    encoder = encoder_for(tokenizer)
    one, two = torch.ones(1, 8), torch.full((1, 8), 2.0)
    add_rows(encoder, one)
    add_rows(encoder, two)
    assert isinstance(encoder.token, GrownTable)
    assert torch.equal(encoder.token.rows, torch.cat([one, two]))
    assert encoder.config["new_words"] == 2
    last = torch.tensor([[len(tokenizer) + 1]])
    assert torch.equal(encoder.token(last)[0], two)


def table_after(steps: int, put_back: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """A table before and after AdamW; only row 3 is what anybody wants to move."""
    torch.manual_seed(0)
    table = nn.Embedding(6, 4)
    before = table.weight.detach().clone()
    optimizer = torch.optim.AdamW(table.parameters(), lr=0.1, weight_decay=0.01)
    for step in range(steps):
        # Row 1 is in one batch only: momentum moves it in the next ones, too.
        table(torch.tensor([3, 1] if step == 0 else [3])).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        if put_back:
            put_rows_back(table, before, but=[3])
    return before, table.weight.detach()


def test_the_other_words_drift_unless_they_are_put_back_after_each_step():
    before, after = table_after(5, put_back=False)
    drift = (after - before).abs().amax(1)
    assert (drift[[0, 2, 4, 5]] > 1e-3).all()  # weight decay: never in any batch
    assert drift[1] > 0.2  # and momentum: in one batch of five
    before, after = table_after(5, put_back=True)
    rest = [0, 1, 2, 4, 5]
    assert torch.equal(after[rest], before[rest])
    assert (after[3] - before[3]).abs().max() > 0.1
