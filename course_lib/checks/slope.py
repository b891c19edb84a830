"""Whether an answer can be learned from: a gradient must get through it.

Right numbers are not enough for a loss: with `.detach()`, `.item()` or inside
`torch.no_grad()` all runs well, and ten cells later the training dies on somebody
else's line or, worse, learns nothing.
"""

import dis
from collections.abc import Callable, Iterator, Mapping
from types import CodeType

import torch
from torch import Tensor, nn

from course_lib.checks.difference import difference

# What cuts an answer off from what it was computed from, by the name that Python loads.
CUTS = {
    "no_grad": "torch.no_grad()",
    "inference_mode": "torch.inference_mode()",
    "detach": ".detach()",
    "detach_": ".detach_()",
    "data": ".data",
    "item": ".item()",
    "tolist": ".tolist()",
    "numpy": ".numpy()",
    "tensor": "torch.tensor(...)",
    "as_tensor": "torch.as_tensor(...)",
    "from_numpy": "torch.from_numpy(...)",
}
BUILT_IN = {"float": "float(...)", "int": "int(...)"}


class OneWeight(nn.Module):
    """A fake network for checks: the function's answer, times a single weight of 1.

    It takes the function's place, so that a gradient has somewhere to arrive.
    """

    def __init__(self, function: Callable):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones((), dtype=torch.float32, device="cpu"))

    def forward(self, *given, **named) -> Tensor:
        return self.weight * self.function(*given, **named)


def one_weight(function: Callable) -> OneWeight:
    """The function as a network with one learnable weight."""
    return OneWeight(function)


# Where a gradient can arrive -----------------------------------------------------


def asking_for_gradients(given: tuple) -> tuple:
    """The same arguments, with requires_grad set on everything that can have it."""
    return tuple(map(_asking, given))


def _asking(value):
    if isinstance(value, Tensor):
        return value.detach().requires_grad_(value.is_floating_point())
    if isinstance(value, nn.Module):
        return value.requires_grad_()
    if type(value) in (list, tuple):
        return type(value)(map(_asking, value))
    return value


def leaves(value) -> list[Tensor]:
    """The tensors and weights in an argument that require a gradient."""
    if isinstance(value, nn.Module):
        return list(value.parameters())
    return [part for part in tensors(value) if part.requires_grad]


def tensors(value) -> Iterator[Tensor]:
    """All tensors in an answer, including those in a tuple, list or dict."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from tensors(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors(part)


def gradients(answer, needed: list[Tensor]) -> list[Tensor | None]:
    """The gradients of a random weighted sum of the answer's numbers."""
    # Random weights: with ones, a softmax, which always adds up to 1, has no gradient.
    chance = torch.Generator().manual_seed(0)
    total = None
    for part in tensors(answer):
        weights = torch.randn(part.shape, generator=chance).to(part.dtype)
        if part.requires_grad:
            term = (part * weights).sum()
            total = term if total is None else total + term
    if total is None or not needed:
        return [None] * len(needed)
    # The graph is kept, since each argument is asked about separately.
    return list(
        torch.autograd.grad(total, needed, retain_graph=True, allow_unused=True)
    )


def _arrives(found: list[Tensor | None]) -> bool:
    return any(g is not None and bool(g.any()) for g in found)


# What is said --------------------------------------------------------------------


def slope_missing(
    answer, needed: Mapping[str, object], learner: Callable
) -> str | None:
    """Why nothing could learn from an answer, or None where something could.

    Args:
        needed: a name -> the tensor or network that a gradient must reach
    """
    every = {name: leaves(value) for name, value in needed.items()}
    if any(leaf.grad is not None for found in every.values() for leaf in found):
        return BACKWARD
    if not any(part.requires_grad for part in tensors(answer)):
        return (
            "the numbers are right, but no gradient gets through, so nothing could "
            f"learn from it: {leave_out(learner)}"
        )
    try:
        arrived = {name: gradients(answer, found) for name, found in every.items()}
    except RuntimeError as error:
        if "second time" in str(error):
            return BACKWARD
        raise
    for name, found in arrived.items():
        if not _arrives(found):
            return (
                f"the numbers are right, but no gradient reaches `{name}`, which then "
                f"could not learn: {leave_out(learner)}"
            )
    return None


BACKWARD = (
    "it calls .backward() itself, which is the training's job: only return the answer"
)


def slope_difference(
    learner: Callable,
    right: Callable,
    mine: tuple,
    exact: tuple,
    names: list[str],
    asked: list[bool],
) -> str | None:
    """Why nothing could learn from an answer with the right numbers, or None.

    Where the right function has a gradient, the learner's needs the same.

    Args:
        mine:  the learner's arguments, from `asking_for_gradients`
        exact: the right function's arguments, likewise
        names: what the learner's function calls them
        asked: for which of them a gradient matters
    """
    expected = right(*exact)
    arrived = {
        name: gradients(expected, leaves(value)) if matters else []
        for name, value, matters in zip(names, exact, asked, strict=True)
    }
    needed = {
        name: value
        for name, value in zip(names, mine, strict=True)
        if _arrives(arrived[name])
    }
    answer = learner(*mine)
    if said := slope_missing(answer, needed, learner):
        return said
    for name, value in needed.items():
        pairs = zip(gradients(answer, leaves(value)), arrived[name], strict=True)
        for ours, right_one in pairs:
            if right_one is None:
                continue
            ours = torch.zeros_like(right_one) if ours is None else ours
            if difference(ours.to(right_one.dtype), right_one, tolerance=1e-3):
                return (
                    f"the numbers are right, but a part of the gradient for `{name}` "
                    f"is lost on the way: {leave_out(learner)}"
                )
    return None


def leave_out(learner: Callable) -> str:
    """Advice on what in the learner's code cuts gradients off."""
    seen = [CUTS.get(name) or BUILT_IN[name] for name in _cuts_in(learner)]
    if not seen:
        return "use no .detach(), .item(), float(...) or torch.no_grad() on the way"
    # "leave out", not "leave it out", since there may be two.
    return f"leave out {' and '.join(dict.fromkeys(seen))}"


def _cuts_in(learner: Callable) -> Iterator[str]:
    while learner is not None:
        code = getattr(learner, "__code__", None)
        if code is not None and code.co_filename.endswith("_contextlib.py"):
            # @torch.no_grad() above the function: torch names its wrapper after it.
            yield code.co_name if code.co_name in CUTS else "no_grad"
        elif code is not None:
            yield from _cuts_in_code(code)
        learner = getattr(learner, "__wrapped__", None)


def _cuts_in_code(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        # A global `float` is Python's; the method `.float()` keeps the gradient.
        known = BUILT_IN if "GLOBAL" in step.opname else CUTS
        if "LOAD" in step.opname and step.argval in known:
            yield step.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _cuts_in_code(inner)
