"""Muon: an optimizer whose steps change a weight matrix equally in all directions.

The gradient of a matrix is lopsided: a few directions dominate, and a step along it
changes little else. Muon (Jordan et al. 2024) makes all directions of the averaged
gradient equally long, and leaves them pointing where they did. AdamW moves the rest as
usual: parameters that are not matrices, and the first and last layers.
"""

import torch
from torch import Tensor, nn

NARROW = 32  # a layer with fewer channels in or out is a first or last layer


class Muon(torch.optim.AdamW):
    """AdamW, except for the groups that say `matrix=True`.

    A matrix W moves by lr * 0.2 * sqrt(longer side) * orthogonal(averaged gradient).
    AdamW would move it about as far, so one learning rate serves both (Liu et al. 2025,
    "Muon is scalable for LLM training", equation 4). The kernel of a convolution counts
    as a matrix with one row for each output channel.

    Args:
        groups: of parameters, as for any optimizer
        momentum: how much of the averaged gradient is kept at each step, 0 to 1
        dtype: the type for the matrix multiplications
        adamw: passed on to AdamW
    """

    def __init__(self, groups, momentum: float = 0.95, dtype=torch.float32, **adamw):
        super().__init__(groups, **adamw)
        self.momentum, self.dtype = momentum, dtype

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient; sets those of matrices to None."""
        for group in self.param_groups:
            if not group.get("matrix"):
                continue
            for weight in group["params"]:
                if weight.grad is not None:
                    self.turn(weight, group["lr"], group["weight_decay"])
                    weight.grad = None  # so AdamW skips it
        return super().step(closure)

    def turn(self, weight: Tensor, lr: float, weight_decay: float) -> None:
        """Take one step with one matrix, in place."""
        state = self.state[weight]
        if not state:
            # AdamW expects a "step" when a state is loaded.
            state["step"] = torch.zeros((), dtype=torch.float32, device="cpu")
            state["momentum"] = torch.zeros_like(weight)
        # A mean, not a sum: it must be as long as the current gradient, with which the
        # next line mixes it.
        average = state["momentum"].lerp_(weight.grad, 1 - self.momentum)
        ahead = weight.grad.lerp(average, self.momentum)  # Nesterov's look ahead
        # A kernel (out, in, 3, 3) becomes (out, in * 9).
        matrix = ahead.flatten(1)
        # The entries of an orthogonal matrix have a root mean square of
        # 1 / sqrt(longer side), those of AdamW's steps 0.2 to 0.4 (Liu et al., section
        # 2.2). This factor makes both about equally long.
        far = 0.2 * max(matrix.shape) ** 0.5
        step = orthogonal(matrix.to(self.dtype)).view_as(weight)
        # Decoupled weight decay, as in AdamW (Loshchilov & Hutter 2019).
        weight.mul_(1 - lr * weight_decay).add_(step, alpha=-lr * far)


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """The nearest matrix with orthonormal rows or columns (the fewer), approximately.

    Each round maps every singular value s to a s + b s^3 + c s^5. All but the tiniest
    end between 0.7 and 1.2. This is a Newton-Schulz iteration with Jordan's
    coefficients; it needs only multiplications, and a singular value decomposition
    would take long.

    Args:
        matrix: (M, N); the result has the same shape

    >>> orthogonal(torch.diag(torch.tensor([3.0, 0.1]))).diag().round(decimals=1)
    tensor([0.7, 1.1])
    """
    # Chosen to make tiny values grow 3.4 times a round. The values do not converge, and
    # need not: a step of 0.7 in one direction and 1.2 in another works as well. For a
    # random 128x128 matrix the least is 0.15 after five rounds, 0.03 after four.
    a, b, c = 3.4445, -4.7750, 2.0315
    # x x^T then has the size of the shorter side: fewer multiplications, same answer.
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.mT if tall else matrix
    # All singular values must be at most 1 for the iteration to stay bounded.
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


def in_groups(
    model: nn.Module, muon: bool, gently: tuple[str, ...]
) -> tuple[list[str], list[dict]]:
    """The names of all parameters and, in the same order, their groups for `Muon`.

    Args:
        muon: whether Muon moves the matrices; otherwise AdamW moves everything
        gently: prefixes of the names of parts that learn at a fifth of the rate
    """
    # Names and groups must agree when a training is resumed: a saved moment belongs to
    # a name.
    turned = matrices(model) if muon else set()
    groups: dict[tuple[float, bool], dict[str, nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        # The text encoder and the gist are pretrained, the U-Net starts from random
        # weights. With equal rates, words lower the loss more at t = 950 and less at
        # 800 (benchmarks/10_text_to_image.md, "What makes it hear").
        pace = 0.2 if name.startswith(tuple(gently)) else 1.0
        groups.setdefault((pace, name in turned), {})[name] = parameter
    names = [name for named in groups.values() for name in named]
    return names, [
        dict(params=list(named.values()), pace=pace, matrix=matrix)
        for (pace, matrix), named in groups.items()
    ]


def matrices(model: nn.Module) -> set[str]:
    """The names of what Muon moves: weights of inner linear and conv layers."""
    return {
        f"{name}.weight"
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
        # First and last layers have few channels (3 of a picture, 4 of a latent), and
        # the rows of an embedding are unrelated: both by AdamW, as Jordan advises.
        and min(layer.weight.shape[:2]) >= NARROW
    }
