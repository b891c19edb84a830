"""Networks for sound: ours for pictures, with one change in each convolution.

A picture has height and width, a sound has time alone. A convolution over pictures
looks at a square of neighbours; over a sound it looks at a row of them:

    out[b, d, l] = bias[d] + sum over c and k of weight[d, c, k] * x[b, c, l + k - 1]

Norms, attention, skips and the step's vector do not know how many sides there are.
"""

import torch.nn.functional as F
from torch import Tensor, nn


def conv_1d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A convolution over time with zeros beyond both ends: (B, C, L) to (B, D, L).

    What `nn.Conv1d(C, D, 3, padding=1)` does, and just as slow as it looks.

    Args:
        weight: (D, C, K), K odd: what each channel out makes of each channel in, at
            each of K neighbours
        bias: (D,)

    >>> import torch
    >>> x = torch.tensor([[[1.0, 0.0, 0.0, 2.0]]])
    >>> conv_1d(x, torch.tensor([[[3.0, 5.0, 7.0]]]), torch.zeros(1))
    tensor([[[ 5.,  3., 14., 10.]]])
    """
    L, K = x.shape[2], weight.shape[2]
    padded = F.pad(x, (K // 2, K // 2))  # (B, C, L + K - 1)
    out = bias[:, None]
    for k in range(K):
        # All places at once: neighbour k of place l stands at l + k.
        out = out + weight[:, :, k] @ padded[:, :, k : k + L]  # (B, D, L)
    return out


def in_one_dimension(network: nn.Module) -> nn.Module:
    """Replace every Conv2d of a new network by the Conv1d of the same settings.

    In place; the new layers have new random weights, so do it before any training.

    Raises:
        ValueError: the network folds pixels, which needs two sides
    """
    if any(getattr(module, "fold", 1) != 1 for module in network.modules()):
        raise ValueError(
            "A sound has no squares of pixels to fold: build it with fold=1."
        )
    for module in list(network.modules()):
        for name, layer in list(module.named_children()):
            if isinstance(layer, nn.Conv2d):
                setattr(module, name, one_side_of(layer))
    return network


def one_side_of(layer: nn.Conv2d) -> nn.Conv1d:
    """A new Conv1d with the settings of a Conv2d; of zeros if that was."""
    new = nn.Conv1d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size[0],
        layer.stride[0],
        layer.padding[0],
    )
    # The last layer of a block starts at zero (layers.py), and so must this one.
    if not layer.weight.any():
        for parameter in new.parameters():
            nn.init.zeros_(parameter)
    return new
