"""Muon: steps that change a weight matrix in all of its directions alike.

The gradient of a matrix is lopsided: a few directions are long, and a step along it
changes little else. Muon (Jordan et al. 2024) makes all directions of the averaged
gradient equally long and keeps where they point. What is no matrix, and what stands at
the ends of the network, moves by AdamW as usual.
"""

import torch
from torch import Tensor, nn

NARROW = 32  # a layer from or to fewer channels stands at an end of the network


class Muon(torch.optim.AdamW):
    """AdamW, except for the groups that say `matrix=True`.

    A matrix W moves by lr * 0.2 * sqrt(longer side) * orthogonal(averaged gradient):
    as far as AdamW would move it, so one learning rate serves both (Liu et al. 2025,
    "Muon is scalable for LLM training", equation 4). The kernel of a convolution is a
    matrix with a row for each channel that comes out.

    Args:
        groups: of parameters, as for any optimizer
        momentum: how much of the averaged gradient is kept at each step
        dtype: what the multiplications are done in
    """

    def __init__(self, groups, momentum: float = 0.95, dtype=torch.float32, **adamw):
        super().__init__(groups, **adamw)
        self.momentum, self.dtype = momentum, dtype

    @torch.no_grad()
    def step(self, closure=None):
        """Move every parameter that has a gradient; those of matrices are used up."""
        for group in self.param_groups:
            if not group.get("matrix"):
                continue
            for weight in group["params"]:
                if weight.grad is not None:
                    self.turn(weight, group["lr"], group["weight_decay"])
                    weight.grad = None  # AdamW passes it over
        return super().step(closure)

    def turn(self, weight: Tensor, lr: float, weight_decay: float) -> None:
        """One step of one matrix, in place."""
        state = self.state[weight]
        if not state:
            # AdamW looks for it when it is loaded
            state["step"] = torch.zeros((), dtype=torch.float32, device="cpu")
            state["momentum"] = torch.zeros_like(weight)
        # A mean and not a sum, so that it is as long as the gradient of now, with which
        # the next line mixes it.
        average = state["momentum"].lerp_(weight.grad, 1 - self.momentum)
        ahead = weight.grad.lerp(average, self.momentum)  # Nesterov's look ahead
        # A kernel (out, in, 3, 3) becomes (out, in * 9).
        matrix = ahead.flatten(1)
        # An orthogonal matrix has numbers of root mean square 1 / sqrt(longer side);
        # AdamW's steps have 0.2 to 0.4 (their section 2.2). So this makes both about
        # equally long.
        far = 0.2 * max(matrix.shape) ** 0.5
        step = orthogonal(matrix.to(self.dtype)).view_as(weight)
        # Decay beside the step, as AdamW does it (Loshchilov & Hutter 2019).
        weight.mul_(1 - lr * weight_decay).add_(step, alpha=-lr * far)


def orthogonal(matrix: Tensor, rounds: int = 5) -> Tensor:
    """Nearly the nearest matrix whose rows (or columns, the fewer) are orthonormal.

    Each round sends every singular value s to a s + b s^3 + c s^5, which ends between
    0.7 and 1.2 for all but the tiniest (a Newton-Schulz iteration, with Jordan's
    numbers): multiplications only, where a singular value decomposition takes long.

    Args:
        matrix: (M, N)

    >>> orthogonal(torch.diag(torch.tensor([3.0, 0.1]))).diag().round(decimals=1)
    tensor([0.7, 1.1])
    """
    # Chosen so that tiny values grow 3.4 times a round; they settle nowhere, and need
    # not: a step of 0.7 in one direction and 1.2 in another serves as well. Five
    # rounds: of a random square matrix of 128 the least is 0.15 then, after four 0.03.
    a, b, c = 3.4445, -4.7750, 2.0315
    # x x^T is then of the shorter side: fewer multiplications, the same answer.
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.mT if tall else matrix
    # All singular values at most 1: from there the iteration converges.
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


def in_groups(
    model: nn.Module, muon: bool, gently: tuple[str, ...]
) -> tuple[list[str], list[dict]]:
    """The names of all parameters, and in the same order groups for `Muon`.

    Args:
        muon: whether it is to move the matrices; else AdamW moves everything
        gently: what parts that learn five times as slowly are called
    """
    # Groups keep the order in which parameters come: a saved moment belongs to a name,
    # and names and groups must agree when a training is carried on.
    turned = matrices(model) if muon else set()
    groups: dict[tuple[float, bool], dict[str, nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        # Text encoder and gist come trained, the U-Net begins with random numbers.
        # Taught as fast as it, words lower the loss more at t = 950, and less at 800
        # (benchmarks/10_text_to_image.md, "What makes it hear").
        pace = 0.2 if name.startswith(tuple(gently)) else 1.0
        groups.setdefault((pace, name in turned), {})[name] = parameter
    names = [name for named in groups.values() for name in named]
    return names, [
        dict(params=list(named.values()), pace=pace, matrix=matrix)
        for (pace, matrix), named in groups.items()
    ]


def matrices(model: nn.Module) -> set[str]:
    """The names of what Muon moves: linear layers and convolutions inside."""
    return {
        f"{name}.weight"
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
        # Ends have few channels (3 of a picture, 4 of a latent), and embeddings are
        # tables whose rows have nothing to do with each other: both by AdamW, as Jordan
        # advises.
        and min(layer.weight.shape[:2]) >= NARROW
    }
