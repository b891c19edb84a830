"""LoRA: fine-tune a network by a small change beside each of its layers.

    W' = W + strength * alpha / rank * up @ down        (Hu et al. 2022, section 4.1)

`down` squeezes a layer's input to `rank` numbers and `up` spreads them again, so a
change of a matrix (320, 320) takes 2 * 320 * rank numbers in place of 102,400. The
layer itself never moves: many changes can share one network, and each comes off again.
"""

import torch
from torch import Tensor, nn

from course_lib.cards import NUMBER
from course_lib.checkpoint import CheckpointError, Tensors, described

RANK = 4  # as usual for pictures
MOST_RANK = 256  # of more, the small change is larger than the layers
LEAST_ALPHA = 0.001  # with less, a change changes nothing
PARTS = (".down.weight", ".up.weight")
Layer = nn.Linear | nn.Conv2d


def lora_change(down: Tensor, up: Tensor, alpha: float) -> Tensor:
    """The change of a layer's weight, shaped like it: alpha / rank * (up @ down).

    Args:
        down: (rank, in) of a linear layer, or (rank, in, k, k) of a convolution
        up: (out, rank), or (out, rank, 1, 1)

    >>> down, up = torch.ones(2, 8, 3, 3), torch.ones(16, 2, 1, 1)
    >>> change = lora_change(down, up, alpha=1.0)
    >>> change.shape, change.max()
    (torch.Size([16, 8, 3, 3]), tensor(1.))
    """
    # By rank, so that another rank needs no other learning rate: a sum over twice as
    # many products would be twice as large.
    scale = alpha / len(down)
    # A convolution of 1x1 after one of k x k is a matrix product for each place of the
    # kernel: flattened, both kinds of layers have the same formula.
    return scale * (up.flatten(1) @ down.flatten(1)).unflatten(1, down.shape[1:])


class LoRA(nn.Module):
    """A layer, and a change beside it.

    layer(x) + strength * alpha / rank * up(down(x)). `up` starts at zero, so a new LoRA
    changes nothing.

    Args:
        layer: nn.Linear, nn.Conv2d, or a LoRA around one: then the two add up
        rank: 1 or more
        alpha: the scale is alpha / rank; None is `rank`, a scale of 1
    """

    def __init__(self, layer: nn.Module, rank: int = RANK, alpha: float | None = None):
        super().__init__()
        self.layer, self.rank = layer, rank
        self.alpha = float(rank if alpha is None else alpha)
        self.strength = 1.0  # for drawing; it is no part of what is trained
        of = innermost(layer)
        out, inside = of.weight.shape[:2]
        if isinstance(of, nn.Conv2d):
            # The layer's own kernel, stride and padding, so that both see the same.
            same = (of.kernel_size, of.stride, of.padding, of.dilation)
            self.down = nn.Conv2d(inside, rank, *same, bias=False)
            self.up = nn.Conv2d(rank, out, 1, bias=False)
        else:
            self.down = nn.Linear(inside, rank, bias=False)
            self.up = nn.Linear(rank, out, bias=False)
        # Only one of the two: with both at zero, neither would have a gradient.
        nn.init.zeros_(self.up.weight)
        self.to(of.weight.device)

    def forward(self, x: Tensor) -> Tensor:
        """As the layer: (..., in) to (..., out), or (B, in, H, W) to (B, out, H, W)."""
        scale = self.strength * self.alpha / self.rank
        return self.layer(x) + scale * self.up(self.down(x))

    def change(self) -> Tensor:
        """What this adds to the layer's weight, shaped like it."""
        change = lora_change(self.down.weight, self.up.weight, self.alpha)
        return self.strength * change


def innermost(layer: nn.Module) -> Layer:
    """The layer itself, without any LoRA around it."""
    while isinstance(layer, LoRA):
        layer = layer.layer
    return layer


# A network with LoRA ------------------------------------------------------------------


def add_lora(
    model: nn.Module,
    rank: int = RANK,
    alpha: float | None = None,
    where: str | tuple[str, ...] = "",
) -> list[str]:
    """Put a LoRA around linear layers and convolutions, in place; freeze all the rest.

    A second call puts a second LoRA around the first: they add up.

    Args:
        where: the beginning of a layer's name, or several; "" is every layer

    Returns:
        the names of the layers, as in `model.named_modules()`

    Raises:
        ValueError: an impossible rank or alpha, or no such layer
    """
    # The upper bound of alpha is that of a card, which must be loaded again.
    if not 1 <= rank <= MOST_RANK:
        raise ValueError(f"rank must be 1..{MOST_RANK}; got {rank}.")
    if alpha is not None and not (LEAST_ALPHA <= alpha and NUMBER.fits(alpha)):
        raise ValueError(f"alpha must be {LEAST_ALPHA:g}..1000000; got {alpha}.")
    names = [name for name in layers_of(model) if name.startswith(where)]
    if not names:
        raise ValueError(f"No linear layer or convolution has a name like {where!r}.")
    model.requires_grad_(False)
    for name in names:
        put(model, name, LoRA(model.get_submodule(name), rank, alpha))
    return names


def layers_of(model: nn.Module) -> list[str]:
    """The names of all linear layers and convolutions, with a LoRA or without."""
    found: list[str] = []
    for name, module in model.named_modules():
        # What lies inside a LoRA is listed already, under the LoRA's name.
        inside = found and name.startswith(f"{found[-1]}.")
        if name and isinstance(module, LoRA | Layer) and not inside:
            found.append(name)
    return found


def put(model: nn.Module, name: str, layer: nn.Module) -> None:
    """Replace the layer of this name, in place."""
    above, _, last = name.rpartition(".")
    setattr(model.get_submodule(above), last, layer)


def loras_of(model: nn.Module) -> dict[str, LoRA]:
    """The outermost LoRA around each layer, by the layer's name."""
    modules = ((name, model.get_submodule(name)) for name in layers_of(model))
    return {name: module for name, module in modules if isinstance(module, LoRA)}


def lora_tensors(model: nn.Module) -> Tensors:
    """What was trained: name.down.weight and name.up.weight of every LoRA."""
    return {
        name + part: lora.get_parameter(part[1:]).detach()
        for name, lora in loras_of(model).items()
        for part in PARTS
    }


def load_lora(
    model: nn.Module, tensors: Tensors, alpha: float, strength: float = 1.0
) -> list[str]:
    """Put a trained LoRA around the layers that it names, in place.

    Args:
        tensors: those of `lora_tensors`
        strength: 0 is without, 1 as trained

    Raises:
        CheckpointError: the network has no such layers
    """
    names = [name.removesuffix(PARTS[0]) for name in tensors if name.endswith(PARTS[0])]
    there = layers_of(model)
    for name in names:
        if name not in there or name + PARTS[1] not in tensors:
            raise CheckpointError(
                f"This LoRA belongs to another network: it changes {name}, which is no "
                "layer here."
            )
        down, up = (tensors[name + part] for part in PARTS)
        layer = model.get_submodule(name)
        refuse_other_shapes(name, innermost(layer), down, up)
        lora = LoRA(layer, len(down), alpha).requires_grad_(False)
        lora.strength = strength
        for own, given in ((lora.down.weight, down), (lora.up.weight, up)):
            own.data.copy_(given)
        put(model, name, lora)
    return names


def refuse_other_shapes(name: str, layer: Layer, down: Tensor, up: Tensor) -> None:
    """Raise CheckpointError unless these two are a change of this layer."""
    # Compared before a LoRA is built, which would have whatever size the file says.
    out, *inside = layer.weight.shape
    rank = down.shape[0] if down.ndim and down.numel() else 1
    fits = (rank, *inside), (out, rank, *[1] * (layer.weight.ndim - 2))
    for given, shape in zip((down, up), fits, strict=True):
        own = described(torch.empty(shape, device="meta"))
        if described(given) != own:
            raise CheckpointError(
                f"This LoRA belongs to another network: for {name} it has "
                f"{described(given)}, and {own} would fit."
            )


@torch.no_grad()
def merge_lora(model: nn.Module) -> Tensors:
    """Add every LoRA to the weight of its layer and take it off, in place.

    The network draws as before (to rounding) and is as fast as without LoRA.

    Returns:
        the weights as they were: `model.load_state_dict(them, strict=False)` undoes it
    """
    before = {}
    for name, lora in loras_of(model).items():
        layer = innermost(lora)
        before[f"{name}.weight"] = layer.weight.detach().clone()
        while isinstance(lora, LoRA):
            layer.weight += lora.change()
            lora = lora.layer
        put(model, name, layer)
    return before


def remove_lora(model: nn.Module) -> None:
    """Take every LoRA off, in place: the network is exactly what it was before."""
    for name, lora in loras_of(model).items():
        put(model, name, innermost(lora))
