"""New words: rows added to the token table of a trained text encoder.

A new word is one token with one row of its own. To learn it is to find that row; the
rest of the network stays as it is (Gal et al. 2022, "An Image is Worth One Word").
"""

import torch
from torch import Tensor, nn

from course_lib.networks.text_encoder import GrownTable, TextEncoder
from course_lib.networks.tokenizer import Tokenizer


def add_rows(encoder: TextEncoder, rows: Tensor) -> GrownTable:
    """Add rows (n, width) to the encoder's token table, in place.

    Rows that were added before stay: the new ones come below.
    """
    if isinstance(encoder.token, GrownTable):
        rows = torch.cat([encoder.token.rows.detach(), rows])
        encoder.token = encoder.token.table
    encoder.token = GrownTable(encoder.token, rows.clone())
    encoder.config["new_words"] = len(rows)
    return encoder.token


def row_of_word(encoder: TextEncoder, tokenizer: Tokenizer, word: str) -> Tensor:
    """Where a new row may start: the mean of a known word's rows, (width,)."""
    # As inside a text, where a space precedes it: " cat" and "cat" are two tokens.
    tokens = torch.tensor(tokenizer.encode(f" {word}"))
    return encoder.token(tokens[None])[0].mean(0).detach()


@torch.no_grad()
def put_rows_back(table: nn.Embedding, before: Tensor, but: list[int]) -> None:
    """Restore every row of a table except these, in place.

    For a training that gives the whole table to its optimizer: a row without a gradient
    still shrinks by weight decay, and moves on by momentum. Call it after each step.

    Args:
        before: (V, width), the table before the training
        but: the rows that may learn
    """
    learned = table.weight[but].clone()
    table.weight.copy_(before)
    table.weight[but] = learned
