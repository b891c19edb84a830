"""A text encoder that must name its nouns, and what can be seen inside it.

A text encoder alone has nothing to learn: something must use its vectors. The quickest
is to read nouns from them: at each noun, which thing is it, and in which colour? That
is supervised tagging, one label a token; training/nouns.py has the labels.
"""

import torch
from torch import Tensor, nn

from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import PAD


class Namer(nn.Module):
    """A text encoder, and two layers that read the vector of each token.

    Args:
        text: settings of the TextEncoder
        things, colours: how many answers there are to each question
    """

    def __init__(self, text: dict, things: int, colours: int):
        super().__init__()
        self.encoder = TextEncoder(**text)
        width = self.encoder.config["width"]
        self.thing = nn.Linear(width, things)
        self.colour = nn.Linear(width, colours)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L) to scores: (B, L, things) and (B, L, colours)."""
        text_emb = self.encoder(tokens)  # (B, L, width)
        return self.thing(text_emb), self.colour(text_emb)


# Inside a text encoder --------------------------------------------------------------


@torch.no_grad()
def stages(encoder: TextEncoder, tokens: Tensor) -> dict[str, Tensor]:
    """The vectors of all tokens after each stage: name -> (B, L, width)."""
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
    """Who looks at whom in each block, the mean over its heads: (B, L, L) each.

    A row is a token that looks, a column one that is looked at; a row sums to 1.
    """
    caught = []

    def catch(layer, given, weights):  # (B, heads, L, L)
        caught.append(weights.mean(dim=1))

    hooks = [block.seen.register_forward_hook(catch) for block in encoder.blocks]
    try:
        encoder(tokens)
    finally:  # a hook that stays would be called, and keep tensors, for ever
        for hook in hooks:
            hook.remove()
    return caught
