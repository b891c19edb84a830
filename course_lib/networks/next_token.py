"""An autoregressive model of pictures: a transformer that predicts the next token.

    picture --codebook--> 256 tokens, row by row; each is predicted from those before it

A picture becomes a sequence of tokens, as a text is: every square of 2x2 pixels is
replaced by the nearest of 512 squares, the codebook, and its token is the number of
that square. Then everything is as for words: the network says how likely each token is
next, one is drawn, and it is appended (Chen et al. 2020, "Generative pretraining from
pixels"; the blocks are those of lesson 08).
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import Batch, GetBatch
from course_lib.networks.layers import zeroed
from course_lib.networks.text_encoder import TextBlock

# Tokens so far (B, i) to the logits of the next one, (B, vocabulary).
PredictNext = Callable[[Tensor], Tensor]
# Keys and values of the places so far, for each block: (B, heads, places, d) both.
Memory = dict[int, tuple[Tensor, Tensor]]

# Drawing --------------------------------------------------------------------------


def pick_token(
    logits: Tensor, u: Tensor, temperature: float = 1.0, top_k: int | None = None
) -> Tensor:
    """Draw a token from softmax(logits / temperature): (B,) int64.

    Args:
        logits: (B, V)
        u: (B,) uniform random numbers in [0, 1): all the chance there is
        temperature: below 1 the likely tokens become likelier; near 0 only the first
            is left
        top_k: draw from the k likeliest tokens only; None is all of them

    Raises:
        ValueError: there is not one `u` for each picture

    >>> logits = torch.tensor([[0.25, 0.25, 0.5]]).log()
    >>> [pick_token(logits, torch.tensor([u])).item() for u in (0.1, 0.3, 0.6)]
    [0, 1, 2]
    """
    if not isinstance(u, Tensor) or u.shape != logits.shape[:1]:
        given = tuple(u.shape) if isinstance(u, Tensor) else u
        raise ValueError(
            "pick_token(logits, u, temperature) needs, in this order, the logits "
            f"{tuple(logits.shape)} and one number for each picture, "
            f"({len(logits)},), as in u[:, i]; in place of these it got {given}."
        )
    logits = logits.float() / temperature
    if top_k is not None:
        least = logits.topk(min(top_k, logits.shape[1])).values[:, -1:]  # (B, 1)
        logits = logits.masked_fill(logits < least, -torch.inf)
    # A line from 0 to 1, cut into one piece per token, each as long as the token is
    # likely: u falls into the piece of the token that is drawn.
    ends = logits.softmax(1).cumsum(1)  # (B, V)
    # Times the last end, which rounding may leave a little below 1.
    return (ends <= u[:, None] * ends[:, -1:]).sum(1)


def draw_tokens(
    predict: PredictNext,
    u: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> Tensor:
    """Draw sequences token by token: (B, n) int64.

    Each token is drawn from what the network says after seeing all earlier ones; then
    it is one of them. There is no way back: a token that was drawn stays.

    Args:
        predict: tokens so far (B, i) to logits (B, V); i is 0 at first
        u: (B, n) uniform random numbers in [0, 1), one for each token
        temperature, top_k: as in `pick_token`
    """
    tokens = torch.zeros(len(u), 0, dtype=torch.int64, device=u.device)  # (B, 0)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature, top_k)  # (B,)
        tokens = torch.cat([tokens, token[:, None]], dim=1)  # (B, i + 1)
    return tokens


# Pictures as tokens ---------------------------------------------------------------


def squares_of(pictures: Tensor, patch: int) -> Tensor:
    """Cut pictures (B, 3, H, W) into squares, row by row: (B, N, 3 * patch * patch)."""
    return F.pixel_unshuffle(pictures, patch).flatten(2).transpose(1, 2)


def pictures_from(squares: Tensor, side: int, patch: int) -> Tensor:
    """Put squares (B, side * side, 3 * patch * patch) together: (B, 3, H, W)."""
    grid = squares.transpose(1, 2).unflatten(2, (side, side))
    return F.pixel_shuffle(grid, patch)


def nearest_code(squares: Tensor, codebook: Tensor) -> Tensor:
    """The number of the nearest square of the codebook (V, D) for each (..., D)."""
    # |s - c|^2 without |s|^2, which is the same for every c. In pieces of a few MB.
    half = codebook.square().sum(1) / 2
    found = [
        (half - some @ codebook.T).argmin(1)
        for some in squares.flatten(0, -2).split(2**13)
    ]
    return torch.cat(found).view(squares.shape[:-1])


@torch.no_grad()
def fit_codebook(
    squares: Tensor, size: int, generator: torch.Generator, rounds: int = 10
) -> Tensor:
    """Choose `size` squares that replace all others with little error: (size, D).

    k-means (Lloyd 1982): each square goes to its nearest code; then each code moves to
    the mean of its squares; again.

    Args:
        squares: (N, D), N at least `size`
    """
    codebook = squares[torch.randperm(len(squares), generator=generator)[:size]]
    for _ in range(rounds):
        code = nearest_code(squares, codebook)  # (N,)
        count = torch.zeros(size).index_add_(0, code, torch.ones(len(code)))
        total = torch.zeros_like(codebook).index_add_(0, code, squares)
        # A code without squares takes one at random and gets another chance.
        other = squares[torch.randint(len(squares), (size,), generator=generator)]
        mean = total / count.clamp(min=1)[:, None]
        codebook = torch.where(count[:, None] > 0, mean, other)
    return codebook


# The network ----------------------------------------------------------------------


class NextToken(nn.Module):
    """Predicts each token of a picture from its label and the tokens before it.

    Args:
        labels: number of labels besides label 0
        vocabulary: number of squares in the codebook
        side: squares along the side of a picture
        patch: pixels along the side of a square
        width: length of a token's vector
        blocks, heads: of the transformer
    """

    def __init__(
        self,
        labels: int,
        vocabulary: int = 512,
        side: int = 16,
        patch: int = 2,
        width: int = 224,
        blocks: int = 4,
        heads: int = 4,
    ):
        super().__init__()
        self.config = dict(
            labels=labels,
            vocabulary=vocabulary,
            side=side,
            patch=patch,
            width=width,
            blocks=blocks,
            heads=heads,
        )
        # A buffer: it is saved with the weights and no optimizer moves it.
        self.register_buffer("codebook", torch.zeros(vocabulary, 3 * patch**2))
        # One table for the token on the left and one for the token above: neighbours in
        # the picture, though 16 tokens apart. Attention can find the one above as well,
        # but learning to takes it long. The last row stands for "outside".
        self.left = nn.Embedding(vocabulary + 1, width)
        self.above = nn.Embedding(vocabulary + 1, width)
        self.label = nn.Embedding(labels + 1, width)
        # A row and a column rather than 256 places: each is seen in 16 tokens of every
        # picture, so it is learned sooner.
        self.row, self.column = nn.Embedding(side, width), nn.Embedding(side, width)
        for table in (self.left, self.above, self.label, self.row, self.column):
            nn.init.normal_(table.weight, std=0.5)  # as in lesson 08
        self.blocks = nn.ModuleList(TextBlock(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.out = zeroed(nn.Linear(width, vocabulary))  # at first all are as likely

    def forward(
        self, tokens: Tensor, cond: Tensor, memory: Memory | None = None
    ) -> Tensor:
        """The logits of tokens 0..n, each from those before it: (B, n + 1, V).

        Args:
            tokens: (B, n), n from 0 to side * side - 1
            cond: (B,) labels
            memory: what was computed for earlier tokens, see `predictor`; places that
                it holds are not computed, nor returned
        """
        first = memory[0][0].shape[2] if memory else 0
        x = self.vectors(tokens, cond, first)
        for i, block in enumerate(self.blocks):
            query, key, value = block.ask(x)  # (B, heads, n + 1 - first, d)
            if memory is not None:
                if first:
                    key = torch.cat([memory[i][0], key], dim=2)
                    value = torch.cat([memory[i][1], value], dim=2)
                memory[i] = (key, value)
            # is_causal: a place looks at itself and at earlier ones. At a later one it
            # would find the very token that it should predict.
            found = F.scaled_dot_product_attention(
                query, key, value, is_causal=first == 0
            )
            x = block.take(x, found)
        return self.out(self.norm(x))

    def vectors(self, tokens: Tensor, cond: Tensor, first: int) -> Tensor:
        """What the blocks see at places `first`..n: (B, n + 1 - first, width)."""
        n, side = tokens.shape[1], self.config["side"]
        outside = tokens.new_full((len(tokens), side), self.config["vocabulary"])
        seen = torch.cat([outside, tokens], dim=1)  # token i stands at side + i
        # Place i is asked for token i. On its left is token i - 1, above it i - side.
        left, above = seen[:, side - 1 + first :], seen[:, first : n + 1]
        place = torch.arange(first, n + 1, device=tokens.device)
        where = self.row(place // side) + self.column(place % side)
        # The label is added everywhere: no place has to look for it.
        return self.left(left) + self.above(above) + where + self.label(cond)[:, None]

    def predictor(self, cond: Tensor) -> PredictNext:
        """A `predict` for `draw_tokens` and labels (B,): the last row of `forward`.

        It remembers the keys and values of earlier tokens, which later ones do not
        change: 256 tokens then cost one pass over 256 places, and not 256 passes.
        """
        memory: Memory = {}

        @torch.no_grad()
        def predict(tokens: Tensor) -> Tensor:
            # Only if there is one token more than last time.
            if not (memory and memory[0][0].shape[2] == tokens.shape[1]):
                memory.clear()
            return self(tokens, cond, memory)[:, -1]

        return predict

    def tokens_of(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] to tokens (B, side * side)."""
        squares = squares_of(pictures.to(self.codebook.device), self.config["patch"])
        return nearest_code(squares, self.codebook)

    def pictures_of(self, tokens: Tensor) -> Tensor:
        """Tokens (B, side * side) to pictures (B, 3, H, W) in [-1, 1]."""
        side, patch = self.config["side"], self.config["patch"]
        return pictures_from(self.codebook[tokens], side, patch)


# Training -------------------------------------------------------------------------


def make_next_token_loss() -> Callable[[nn.Module, Batch], Tensor]:
    """The mean cross-entropy over all tokens of a picture, in nats per token.

    A batch has `tokens` (B, N) and `cond` (B,), see `with_tokens`.
    """

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        tokens = batch["tokens"]
        # All 256 questions of a picture in one pass: the mask hides the answers.
        logits = model(tokens[:, :-1], batch["cond"])  # (B, N, V)
        return F.cross_entropy(logits.float().flatten(0, 1), tokens.flatten())

    return loss_fn


def with_tokens(get_batch: GetBatch, model: NextToken) -> GetBatch:
    """Replace the pictures of each batch by the tokens of the model's codebook."""

    def get(iteration: int) -> Batch:
        batch = get_batch(iteration)
        return {"tokens": model.tokens_of(batch["x_0"]).cpu(), "cond": batch["cond"]}

    return get
