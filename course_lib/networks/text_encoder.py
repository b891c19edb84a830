"""The text encoder, a small transformer: tokens in, one contextual vector each out.

A token's vector starts as "which word, at which place". Then attention looks around:
after a few blocks the bat of "a bat beside a ball" differs from that of "a flying bat".
It follows Vaswani et al. (2017), with the norm before each half (Xiong et al. 2020).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.networks.layers import attention_weights, in_heads, out_of_heads, zeroed
from course_lib.networks.tokenizer import PAD


class GrownTable(nn.Module):
    """A token table with new rows below it: `rows` can learn, `table` stays.

    Args:
        table: the trained table, (V, width)
        rows: (n, width), the vectors of tokens V .. V + n - 1
    """

    def __init__(self, table: nn.Embedding, rows: Tensor):
        super().__init__()
        self.table = table
        self.rows = nn.Parameter(rows)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, L) to vectors (B, L, width)."""
        # Two tables: the trained one is then in no optimizer, and neither weight decay
        # nor momentum can move another word.
        return F.embedding(tokens, torch.cat([self.table.weight, self.rows]))


class TextEncoder(nn.Module):
    """Tokens (B, L) to text_emb (B, L, width); the rows of padding are zero.

    Args:
        vocabulary: number of different tokens
        length: maximum number of tokens, START and END included
        width: length of a token's vector
        blocks: number of transformer blocks
        positions: False leaves out the places of the tokens: a bag of words
        new_words: tokens beyond the vocabulary that somebody taught it (new_words.py)
    """

    def __init__(
        self,
        vocabulary: int,
        length: int = 40,
        width: int = 128,
        blocks: int = 3,
        heads: int = 4,
        positions: bool = True,
        new_words: int = 0,
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
        # Learned places, not sines: 40 are few enough, and "left of" must be learned
        # fast.
        self.place = nn.Embedding(length, width)
        # Large enough to tell tokens apart at once. With torch's initialisation, and
        # blocks at full strength, a painter knew only the scene after five minutes.
        for table in (self.token, self.place):
            nn.init.normal_(table.weight, std=0.5)
        # Attention ignores order: without places, both cats of "a red cat left of a
        # blue cat" get the same vector (lesson 08).
        if not positions:
            zeroed(self.place).requires_grad_(False)
        if new_words:
            self.config["new_words"] = new_words
            self.token = GrownTable(self.token, torch.zeros(new_words, width))
        self.blocks = nn.ModuleList(TextBlock(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, L) int64 to text_emb (B, L, width)."""
        self.check_input(tokens)
        mask = tokens != PAD  # (B, L)
        x = self.token(tokens) + self.place.weight[: tokens.shape[1]]  # (B, L, width)
        for block in self.blocks:
            x = block(x, mask)
        # Exactly zero: that is how the U-Net recognises padding.
        return self.norm(x) * mask[:, :, None]

    def check_input(self, tokens: Tensor) -> None:
        """Raise ValueError for tokens that would otherwise fail deep inside."""
        length = self.config["length"]
        vocabulary = self.config["vocabulary"] + self.config.get("new_words", 0)
        if tokens.ndim != 2 or not 1 <= tokens.shape[1] <= length:
            raise ValueError(
                f"tokens must be shaped (B, L), L at most {length}; "
                f"got {tuple(tokens.shape)}."
            )
        # A softmax over nothing is 0 / 0, and the NaN would spread over the picture.
        if not (tokens != PAD).any(dim=1).all():
            raise ValueError("Every text needs a token: an empty one is START and END.")
        if not 0 <= int(tokens.min()) <= int(tokens.max()) < vocabulary:
            raise ValueError(
                f"This text encoder knows the tokens 0..{vocabulary - 1}; got up to "
                f"{int(tokens.max())}. They come from another tokenizer."
            )


class TextBlock(nn.Module):
    """A transformer block: self-attention between the tokens, then an MLP on each.

    Tokens also look at later ones (CLIP's text tower looks back only): a prompt is
    complete when it is read, and the last word of "a bat beside a ball" says which bat.
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
        """(B, L, width) to the same shape; `mask` (B, L) is False at padding."""
        query, key, value = self.ask(x)
        weights = self.seen(attention_weights(query, key, mask[:, None, None, :]))
        return self.take(x, weights @ value)

    # In two halves: lesson 15 builds its network from these blocks as well, and there a
    # token sees only the earlier ones.
    def ask(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value of each token: (B, heads, L, width / heads) each."""
        together = self.to_query_key_value(self.norm_1(x)).chunk(3, dim=-1)
        query, key, value = (in_heads(y, self.heads) for y in together)
        return query, key, value

    def take(self, x: Tensor, found: Tensor) -> Tensor:
        """Add what attention found, (B, heads, L, width / heads); then the MLP."""
        x = x + self.out(out_of_heads(found))
        return x + self.narrow(F.gelu(self.wide(self.norm_2(x))))
