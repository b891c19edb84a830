"""The cost of one call of a network: operations, activation memory, CPU seconds.

gigaflops(lambda: model(x_t, t, text_emb))
mib_kept(model, x_t, t, text_emb)
core_seconds(lambda: model(x_t, t, text_emb))
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@torch.no_grad()
def gigaflops(call: Callable[[], object]) -> float:
    """Billions of additions and multiplications in a call; the same on any machine.

    >>> layer = nn.Linear(1000, 500)
    >>> gigaflops(lambda: layer(torch.zeros(1000, 1000)))
    1.0
    """
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops() / 1e9


def mib_kept(model: nn.Module, *given: Tensor) -> float:
    """MiB of activations that a call keeps for the backward pass; weights not counted.

    >>> layer = nn.Linear(1024, 1)
    >>> mib_kept(layer, torch.zeros(256, 1024))
    1.0
    """
    kept = {}  # address -> bytes; a dict, because some tensors are saved twice

    def keep(x: Tensor) -> Tensor:
        kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    weights = {x.untyped_storage().data_ptr() for x in model.parameters()}
    # torch calls the hook for every tensor that it saves for the gradients.
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, _as_it_is):
        answer = model(*given)  # kept alive, or its memory would be reused
    if not answer.requires_grad:
        raise ValueError("Nothing in this network can learn, so it keeps nothing.")
    return sum(n for place, n in kept.items() if place not in weights) / 2**20


def _as_it_is(x: Tensor) -> Tensor:
    return x


@torch.no_grad()
def core_seconds(call: Callable[[], object], times: int = 5) -> float:
    """CPU seconds of one call, the fastest of `times`."""
    # CPU time, not wall time: on a busy machine a call waits, and waiting costs no
    # energy.
    seconds = []
    for _ in range(times):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)
