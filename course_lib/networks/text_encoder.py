"""A small transformer: tokens in, one vector a token out, each knowing its neighbours.

A token's vector starts as "which word, at which place" and then looks around: after
some rounds of attention the bat of "a bat beside a ball" is not that of "a flying bat".
It follows Vaswani et al. (2017), with the norm before each half (Xiong et al. 2020).
"""

import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.networks.layers import attention_weights, in_heads, out_of_heads, zeroed
from course_lib.networks.tokenizer import PAD


class TextEncoder(nn.Module):
    """Tokens (B, L) to text_emb (B, L, width); the rows of padding are zero.

    Args:
        vocabulary: how many different tokens there are
        length: the most tokens it takes, START and END among them
        blocks: rounds of looking around and thinking it over
        positions: False leaves out where a token stands: a bag of words
    """

    def __init__(
        self,
        vocabulary: int,
        length: int = 40,
        width: int = 128,
        blocks: int = 3,
        heads: int = 4,
        positions: bool = True,
    ):
        super().__init__()
        self.config = dict(
            vocabulary=vocabulary,
            length=length,
            width=width,
            blocks=blocks,
            heads=heads,
            positions=positions,
        )
        self.token = nn.Embedding(vocabulary, width)
        # Places are learned, not sines: 40 of them are few enough, and "left of" must
        # be found fast.
        self.place = nn.Embedding(length, width)
        # Loud enough to be told apart at once. With torch's own beginnings, and blocks
        # at full strength, a painter knew the scene alone after five minutes.
        for table in (self.token, self.place):
            nn.init.normal_(table.weight, std=0.5)
        # Attention takes its tokens in any order: without places, both cats of "a red
        # cat left of a blue cat" hear the same (lesson 08).
        if not positions:
            zeroed(self.place).requires_grad_(False)
        self.blocks = nn.ModuleList(TextBlock(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, L) int64 to (B, L, width)."""
        self.check_input(tokens)
        mask = tokens != PAD  # (B, L)
        x = self.token(tokens) + self.place.weight[: tokens.shape[1]]  # (B, L, width)
        for block in self.blocks:
            x = block(x, mask)
        # Exactly zero, as the U-Net tells padding by that.
        return self.norm(x) * mask[:, :, None]

    def check_input(self, tokens: Tensor) -> None:
        """Raise a sentence for what would otherwise fail deep inside."""
        length, vocabulary = self.config["length"], self.config["vocabulary"]
        if tokens.ndim != 2 or not 1 <= tokens.shape[1] <= length:
            raise ValueError(
                f"tokens must be shaped (B, L), L at most {length}; "
                f"got {tuple(tokens.shape)}."
            )
        # The softmax over nothing is 0 / 0, and the NaN would reach the whole picture.
        if not (tokens != PAD).any(dim=1).all():
            raise ValueError("Every text needs a token: an empty one is START and END.")
        if not 0 <= int(tokens.min()) <= int(tokens.max()) < vocabulary:
            raise ValueError(
                f"This text encoder knows the tokens 0..{vocabulary - 1}; got up to "
                f"{int(tokens.max())}. They come from another tokenizer."
            )


class TextBlock(nn.Module):
    """One round: each token looks at the others, then thinks it over by itself.

    At later ones, too (CLIP's text tower looks back only): a prompt is whole when it is
    read, and what "a bat beside a ball" is, its last word tells.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads cannot share {width} numbers evenly.")
        self.heads = heads
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.to_query_key_value = nn.Linear(width, 3 * width)
        self.seen = nn.Identity()  # the weights pass through: a hook here sees them
        self.out = zeroed(nn.Linear(width, width))
        # Four times as wide inside, as in Vaswani et al., section 3.3.
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = zeroed(nn.Linear(4 * width, width))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, L, width) to (B, L, width); `mask` (B, L) is True where a token is."""
        together = self.to_query_key_value(self.norm_1(x)).chunk(3, dim=-1)
        query, key, value = (in_heads(y, self.heads) for y in together)
        weights = self.seen(attention_weights(query, key, mask[:, None, None, :]))
        x = x + self.out(out_of_heads(weights @ value))
        return x + self.narrow(F.gelu(self.wide(self.norm_2(x))))
