"""Building blocks of the networks: time embedding, residual blocks, attention."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def time_embedding(t: Tensor, width: int) -> Tensor:
    """Turn step numbers into vectors of sines and cosines (Vaswani et al. 2017, 3.5).

    Neighbouring steps get similar vectors, distant steps different ones, and every
    entry stays in [-1, 1] however large t is.

    Args:
        t: (B,) step numbers
        width: number of entries, even

    >>> time_embedding(torch.tensor([0, 500]), width=4).shape
    torch.Size([2, 4])
    """
    if width % 2:
        raise ValueError(f"Sines and cosines come in pairs: width {width} is odd.")
    half = width // 2
    # Rates from 1 down to nearly 1/10,000: the fast ones tell neighbours apart, the
    # slow ones give the rough position.
    places = torch.arange(half, dtype=torch.float32, device=t.device)
    rate = torch.exp(-math.log(10_000) * places / half)
    angle = t[:, None].float() * rate  # (B, width / 2)
    return torch.cat([angle.cos(), angle.sin()], dim=1)  # (B, width)


def zeroed(layer: nn.Module) -> nn.Module:
    """Set a layer's parameters to zero: a block that ends in it starts as identity."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


def norm(width: int) -> nn.GroupNorm:
    """Group norm: each group of channels to mean 0 and variance 1 (Wu & He 2018)."""
    # Per picture, not per batch: an answer does not depend on the other pictures, and
    # batches may be small.
    return nn.GroupNorm(math.gcd(8, width), width)


class ImageBlock(nn.Module):
    """A residual block of two convolutions (He et al. 2016), without conditioning."""

    def __init__(self, width: int):
        super().__init__()
        self.norm_1, self.norm_2 = norm(width), norm(width)
        self.conv_1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv_2 = zeroed(nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        h = self.conv_1(F.silu(self.norm_1(x)))
        return x + self.conv_2(F.silu(self.norm_2(h)))


class ResidualBlock(nn.Module):
    """A residual block of two convolutions, conditioned on `vec`: time and condition.

    The vector scales and shifts the normalised channels (FiLM, Perez et al. 2018; in
    U-Nets since Dhariwal & Nichol 2021, "adaptive group normalisation").
    """

    def __init__(self, width: int, vec_width: int):
        super().__init__()
        self.norm_1, self.norm_2 = norm(width), norm(width)
        self.conv_1 = nn.Conv2d(width, width, 3, padding=1)
        # Each block starts as the identity: text blocks that started at full strength
        # had learned only the scene after five minutes.
        self.conv_2 = zeroed(nn.Conv2d(width, width, 3, padding=1))
        self.scale_and_shift = zeroed(nn.Linear(vec_width, 2 * width))

    def forward(self, x: Tensor, vec: Tensor) -> Tensor:
        """(B, C, H, W) and (B, vec_width) to (B, C, H, W)."""
        # One number for a whole channel: (B, 2 C, 1, 1); (B, 2 C, 1) for sound.
        told = self.scale_and_shift(vec).unflatten(1, (-1, *[1] * (x.ndim - 2)))
        return self.told(x, *told.chunk(2, dim=1))

    def told(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """`forward` with the scale and shift from `vec` given, both (B, C, 1, 1)."""
        h = self.conv_1(F.silu(self.norm_1(x)))
        # 1 + scale, so that a vector of zeros leaves the channels as they are.
        h = self.norm_2(h) * (1 + scale) + shift  # (B, C, H, W)
        return x + self.conv_2(F.silu(h))


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention weights, how much each query attends to each key: (..., N, L).

    Every row sums to 1.

    softmax(query key^T / sqrt(d)), Vaswani et al. (2017), equation 1.

    Args:
        query: (..., N, d)
        key: (..., L, d)
        mask: (..., 1, L) or (..., N, L), True where a query may attend to a key
    """
    # A sum of d products has a standard deviation of about sqrt(d). Without the
    # division, softmax would pick one key and pass no gradient to the others.
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., N, L)
    if mask is not None:
        # Before the softmax: exp(-inf) is 0, and the rest still sums to 1.
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(dim=-1)


def in_heads(x: Tensor, heads: int) -> Tensor:
    """(B, N, D) to (B, heads, N, D / heads): each head gets a part of each vector."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def out_of_heads(x: Tensor) -> Tensor:
    """(B, heads, N, d) back to (B, N, heads * d)."""
    return x.transpose(1, 2).flatten(2)


class Attention(nn.Module):
    """Self-attention: every position looks at all others and takes what it needs.

    softmax(query key^T / sqrt(d)) value (Vaswani et al. 2017, equation 1). In pictures
    the positions are the places of the grid. Notebook 08 opens this box.
    """

    def __init__(self, width: int, heads: int = 4):
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads cannot share {width} channels evenly.")
        self.heads = heads
        self.norm = norm(width)
        # A 1x1 convolution is one linear layer, the same at every pixel.
        self.to_query_key_value = nn.Conv2d(width, 3 * width, 1)
        self.out = zeroed(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, H, W)."""
        B, C, *places = x.shape  # H and W; of sound, its length
        together = self.to_query_key_value(self.norm(x))
        together = together.reshape(B, 3, self.heads, C // self.heads, -1)
        query, key, value = together.transpose(3, 4).unbind(1)  # (B, heads, N, d) each
        # torch's version never stores the (N, N) weights, which nothing here looks at.
        h = F.scaled_dot_product_attention(query, key, value)
        return x + self.out(h.transpose(2, 3).reshape(B, C, *places))


class CrossAttention(nn.Module):
    """Cross-attention: every place in a picture looks at the words for what it needs.

    Queries come from the picture, keys and values from the text (Rombach et al. 2022,
    section 3.3).
    """

    def __init__(self, width: int, text_width: int, heads: int = 4):
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads cannot share {width} channels evenly.")
        self.heads = heads
        self.norm = norm(width)
        self.to_query = nn.Conv2d(width, width, 1)
        self.to_key_value = nn.Linear(text_width, 2 * width)
        self.seen = nn.Identity()  # the weights pass through: a hook here sees them
        self.out = zeroed(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor, text_emb: Tensor, mask: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, H, W).

        Args:
            text_emb: (B, L, D)
            mask: (B, L), True where there is a token
        """
        query = self.to_query(self.norm(x)).flatten(2).transpose(1, 2)  # (B, N, C)
        key, value = self.to_key_value(text_emb).chunk(2, dim=-1)  # (B, L, C) each
        query, key, value = (in_heads(y, self.heads) for y in (query, key, value))
        # Written out, unlike in Attention: notebook 10 shows what each place looks at.
        weights = attention_weights(query, key, mask[:, None, None, :])
        h = out_of_heads(self.seen(weights) @ value)  # (B, N, C)
        return x + self.out(h.transpose(1, 2).unflatten(2, x.shape[2:]))
