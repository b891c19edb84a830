"""The namer, a text encoder trained to name nouns, and a look inside text encoders.

A text encoder alone has nothing to learn: something must use its vectors. The simplest
use is to read nouns from them: at each noun, which thing is it, and in which colour?
That is supervised tagging with one label per token; training/nouns.py has the labels.
"""

import torch
from torch import Tensor, nn

from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import PAD


class Namer(nn.Module):
    """A text encoder with two linear heads on the vector of each token.

    Args:
        text: settings of the TextEncoder
        things, colours: the number of possible answers to each question
    """

    def __init__(self, text: dict, things: int, colours: int):
        super().__init__()
        self.encoder = TextEncoder(**text)
        width = self.encoder.config["width"]
        self.thing = nn.Linear(width, things)
        self.colour = nn.Linear(width, colours)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, L) to logits: (B, L, things) and (B, L, colours)."""
        text_emb = self.encoder(tokens)  # (B, L, width)
        return self.thing(text_emb), self.colour(text_emb)


# Inside a text encoder --------------------------------------------------------------


@torch.no_grad()
def stages(encoder: TextEncoder, tokens: Tensor) -> dict[str, Tensor]:
    """The vectors of all tokens (B, L) after each stage: name -> (B, L, width)."""
    mask = tokens != PAD  # (B, L)
    x = encoder.token(tokens)
    seen = {"the token": x}
    x = x + encoder.place.weight[: tokens.shape[1]]
    seen["+ its place"] = x
    for number, block in enumerate(encoder.blocks, start=1):
        x = block(x, mask)
        seen[f"block {number}"] = x
    return seen


@torch.no_grad()
def looks(encoder: TextEncoder, tokens: Tensor) -> list[Tensor]:
    """The attention weights of each block, averaged over its heads: (B, L, L) each.

    A row is a token that looks, a column a token that is looked at. Rows sum to 1.
    """
    caught = []

    def catch(layer, given, weights):  # (B, heads, L, L)
        caught.append(weights.mean(dim=1))

    hooks = [block.seen.register_forward_hook(catch) for block in encoder.blocks]
    try:
        encoder(tokens)
    finally:  # a hook left behind would be called, and keep tensors, for ever
        for hook in hooks:
            hook.remove()
    return caught
