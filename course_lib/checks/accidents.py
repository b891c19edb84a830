"""Accidents in words: what torch's and Python's own sentences mean for a learner.

Their message always stands first, for it is what one can look up. Behind it a hint, for
those that beginners meet, and only where one hint fits whatever led to it.
"""

import dis
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from course_lib.diffusion.schedule import NoiseSchedule

OUT_OF_RANGE = (
    "the first has the number 0; does it count along another axis, or too far?"
)

# A part of the message -> what to do.
HINTS = {
    "must match the size of tensor": (
        "two shapes do not fit side by side: axes are lined up from the last one on, "
        "so a number for each picture, (B,), must be (B, 1, 1, 1) beside pictures"
    ),
    "shapes cannot be multiplied": (
        "in x @ y the last axis of x must be as long as the last but one of y: is one "
        "of them to be transposed?"
    ),
    "Expected size for first two dimensions of batch2": (
        "in x @ y the last axis of x must be as long as the last but one of y: is one "
        "of them to be transposed?"
    ),
    "Boolean value of Tensor with more than one value is ambiguous": (
        "`if`, `and`, `or` and `not` take one yes or no: for a whole tensor there are "
        "torch.where, &, | and ~"
    ),
    "only one element tensors can be converted to Python scalars": (
        "a function for one number was given a tensor of many: torch has the same for "
        "tensors, as in x.sqrt() or x.exp()"
    ),
    "a Tensor with 2 elements cannot be converted to Scalar": (
        "a function for one number was given a tensor of many: torch has the same for "
        "tensors, as in x.sqrt() or x.exp()"
    ),
    "tensors used as indices must be": (
        "only whole numbers can be an index: add .long() to it, or round it first"
    ),
    "list indices must be integers or slices, not float": (
        "only whole numbers can be an index: int(...) or // makes one"
    ),
    "slice indices must be integers": (
        "only whole numbers can be an index: int(...) or // makes one"
    ),
    "only integer tensors of a single element can be converted to an index": (
        "a list takes one whole number as an index, and a tensor takes many"
    ),
    "math domain error": "the root or the logarithm of a number below 0?",
    "expected np.ndarray": "torch's own functions need no numpy",
    "can only be calculated with a floating point": (
        "it holds whole numbers: .float() first"
    ),
    "mean(): could not infer output dtype": "it holds whole numbers: .float() first",
    "not implemented for 'Long'": "it holds whole numbers: .float() first",
    "not implemented for 'Bool'": "it holds yes and no: .float() makes 1 and 0 of them",
    "result type Float can't be cast to the desired output type": (
        "it holds whole numbers, and `+=` and the like keep it so: .float() first"
    ),
    "expected m1 and m2 to have the same dtype": (
        "one of the two is of another dtype: .float() makes them the same"
    ),
    "unsupported operand type(s) for ^": "a power is written with **, as in x**0.5",
    "bitwise_xor": "a power is written with **, as in x**0.5",
    "unsupported operand type(s)": (
        "one of the two is not what it should be: print what they are"
    ),
    "'builtin_function_or_method' object": (
        "brackets are missing: a method is called with (), as in picture.clone()"
    ),
    "has no attribute 'silu'": "silu is F.silu",
    "name 'silu' is not defined": "silu is F.silu",
    "object has no attribute": "print(type(...)) says what it is",
    "object is not callable": "there are brackets behind something that is no function",
    "out of bounds for dimension": OUT_OF_RANGE,
    "index out of range": OUT_OF_RANGE,
    "Dimension out of range": "axes are counted from 0: of three the last is 2",
    "step must be greater than zero": (
        "a slice of torch cannot run backwards: x.flip(axis) does that"
    ),
    "expanded size of the tensor": (
        "what is written in has another shape than the place: one number, or axes that "
        "fit, such as (3, 1, 1) beside (3, rows, columns)"
    ),
    "cannot be broadcast to indexing result": (
        "what is written in has another shape than the place: one number, or axes that "
        "fit, such as (3, 1, 1) beside (3, rows, columns)"
    ),
    "randint() received an invalid combination": (
        "the shape is given in brackets, and one length has a comma: (n,)"
    ),
    "must be tuple of ints, not int": "axes are given in brackets here: (2,) or [2]",
    "is invalid for input of size": (
        "reshape keeps all numbers: in the place of one length -1 means as many as fit"
    ),
    "cannot access local variable": (
        "it is read before it has a value: give it one in a line above, and above the "
        "loop if the loop changes it"
    ),
    "cannot unpack non-iterable": (
        "two names wait for two values, and one comes: pairwise(...), zip(...) and "
        "enumerate(...) hand out pairs"
    ),
    "name 'my_add_noise' is not defined": (
        "here it is the library's add_noise(x_0, t, eps, schedule)"
    ),
    "is not defined": "a name is made in a line above, or is it misspelled?",
    "unexpected keyword argument": "it is called with other names than it has",
    "can't convert cuda": "the check runs on the CPU: create tensors without .cuda()",
    "does not require grad": (
        "no gradient leads there: something was cut off, by .detach(), .item() or "
        "torch.no_grad()"
    ),
}


def hint_for(message: str) -> str | None:
    """What a message means for a learner, for the messages that come often."""
    return next((hint for part, hint in HINTS.items() if part in message), None)


def with_hint(message: str) -> str:
    """The message, and behind it the hint, if there is one."""
    # Behind that torch lists all it would have taken, in ten lines of signatures.
    message = message.split(", but expected one of:")[0]
    hint = hint_for(message)
    return f"{message} ({hint})" if hint else message


def meant_by(error: BaseException) -> str | None:
    """The name that a misspelled one after a dot is most like, if there is one."""
    if not isinstance(error, AttributeError) or not error.name:
        return None
    there = [name for name in dir(error.obj) if not name.startswith("_")]
    close = get_close_matches(error.name, there, n=1, cutoff=0.8)
    return f"is `.{close[0]}` meant?" if close else None


# What is the notebook's, and not the function's ------------------------------------


def codes_of(code) -> Iterator:
    """A function's code, and that of all functions written inside it."""
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from codes_of(constant)


def taken_from_outside(function: Callable) -> list[str]:
    """The tensors and schedules that a function reads from the notebook around it.

    In a notebook a forgotten line need not be an error: the name may have a value from
    an earlier cell.
    """
    if not hasattr(function, "__code__"):
        return []
    read = {
        step.argval
        for code in codes_of(function.__code__)
        for step in dis.get_instructions(code)
        if step.opname == "LOAD_GLOBAL"
    }
    outside = function.__globals__
    data = Tensor, NoiseSchedule
    return sorted(name for name in read if isinstance(outside.get(name), data))


# Where the first nan comes from ------------------------------------------------------

# What torch calls it -> what a learner calls it.
NAN = {
    "sqrt": "the root of a number below 0",
    "rsqrt": "the root of a number below 0",
    "pow": "a power with a fraction, such as ** 0.5, of a number below 0",
    "log": "the logarithm of a number below 0",
    "log2": "the logarithm of a number below 0",
    "div": "0 divided by 0",
    "div of infinities": (
        "infinity divided by infinity (exp of a number above 88 is infinite: softmax "
        "and log_softmax take care of that)"
    ),
    "softmax": "a softmax over places that are all -inf: one at least must stay",
    "mul": "infinity times 0",
    "matmul": "infinity times 0, within @",
    "sub": "infinity minus infinity",
    "mean": "the mean of nothing at all",
    "std": "the spread of one number alone",
}
INF = {
    "div": "a division by 0",
    "log": "the logarithm of 0",
    "exp": "exp of a large number",
    "pow": "a power that is too large, or 0 to a power below 0",
}


# As operators they have other names: 1 / x is rdiv, x / 1 truediv.
SPELLED = {
    "truediv": "div",
    "rtruediv": "div",
    "rdiv": "div",
    "rpow": "pow",
    "rmul": "mul",
    "rsub": "sub",
    "rmatmul": "matmul",
}


class _First(TorchFunctionMode):
    """Keeps which function of torch first makes something that is not finite."""

    def __init__(self, is_odd: Callable[[Tensor], Tensor], cell: str | None):
        super().__init__()
        self.is_odd, self.cell = is_odd, cell
        self.name: str | None = None
        self.line: int | None = None

    def __torch_function__(self, function, types, args=(), kwargs=None):
        answer = function(*args, **(kwargs or {}))
        if self.name is None and self._odd(answer) and not any(map(self._odd, args)):
            self.name = function.__name__.strip("_")
            infinite = any(isinstance(x, Tensor) and x.isinf().any() for x in args)
            if SPELLED.get(self.name, self.name) == "div" and infinite:
                self.name = "div of infinities"
            self.line = line_in(self.cell)
        return answer

    def _odd(self, value) -> bool:
        # Not by a method of `value`: in here torch calls no mode.
        if not isinstance(value, Tensor) or not value.is_floating_point():
            return False
        return bool(self.is_odd(value).any())


def line_in(cell: str | None) -> int | None:
    """The line of the learner's cell that is at work."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_filename != cell:
        frame = frame.f_back
    return frame.f_lineno if frame else None


def where_from(run: Callable[[], object], kind: str, cell: str | None) -> str | None:
    """What makes the first nan, or the first inf, while something runs; in words."""
    words, is_odd = (NAN, torch.isnan) if kind == "nan" else (INF, torch.isinf)
    with _First(is_odd, cell) as first:
        run()
    name = SPELLED.get(first.name, first.name)
    word = words.get(name)
    if word is None:
        return None
    return word + (f", in line {first.line} of the cell" if first.line else "")
