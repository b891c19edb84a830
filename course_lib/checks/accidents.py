"""Accidents in words: what the messages of torch and Python mean for a learner.

The original message always comes first, since that is what a learner can look up. A
hint follows for the messages that beginners meet, but only where one hint fits every
cause.
"""

import ast
import dis
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from difflib import get_close_matches

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from course_lib.diffusion.schedule import NoiseSchedule

OUT_OF_RANGE = (
    "counting starts at 0; is the index too large, or meant for another axis?"
)

# A part of the message -> what to do.
HINTS = {
    "must match the size of tensor": (
        "two shapes do not fit together: print both. Axes are lined up starting from "
        "the last, so one number for each row, (B,), must become (B, 1) beside a "
        "table of two axes, and (B, 1, 1, 1) beside pictures"
    ),
    "doesn't match the broadcast shape": (
        "`+=` and the like write into what is there, and cannot make it larger: write "
        "`out = out + ...`"
    ),
    "shapes cannot be multiplied": (
        "in x @ y the last axis of x must be as long as the second-to-last of y: does "
        "one of them need transposing?"
    ),
    "Expected size for first two dimensions of batch2": (
        "in x @ y the last axis of x must be as long as the second-to-last of y: does "
        "one of them need transposing?"
    ),
    "Boolean value of Tensor with more than one value is ambiguous": (
        "`if`, `and`, `or` and `not` need a single True or False: for a whole tensor "
        "use torch.where, &, | and ~"
    ),
    "only one element tensors can be converted to Python scalars": (
        "a function for a single number was given a tensor of many: torch has its own "
        "for tensors, such as x.sqrt() or x.exp()"
    ),
    "a Tensor with 2 elements cannot be converted to Scalar": (
        "a function for a single number was given a tensor of many: torch has its own "
        "for tensors, such as x.sqrt() or x.exp()"
    ),
    "tensors used as indices must be": (
        "an index must be a whole number: add .long(), or round it first"
    ),
    "list indices must be integers or slices, not float": (
        "an index must be a whole number: int(...) or // makes one"
    ),
    "slice indices must be integers": (
        "an index must be a whole number: int(...) or // makes one"
    ),
    "only integer tensors of a single element can be converted to an index": (
        "a list takes only one whole number as an index; a tensor takes many"
    ),
    "math domain error": (
        "is this the square root or the logarithm of a number below 0?"
    ),
    "expected np.ndarray": "use torch's own functions: they need no numpy",
    "Index put requires the source and destination dtypes match": (
        "what is put into a tensor must have its dtype: add .to(x.dtype), where x is "
        "the tensor on the left"
    ),
    "can only be calculated with a floating point": (
        "the tensor holds whole numbers: use .float() first"
    ),
    "mean(): could not infer output dtype": (
        "the tensor holds whole numbers: use .float() first"
    ),
    "not implemented for 'Long'": "the tensor holds whole numbers: use .float() first",
    "not implemented for 'Bool'": (
        "the tensor holds True and False: .float() turns them into 1 and 0"
    ),
    "result type Float can't be cast to the desired output type": (
        "the tensor holds whole numbers, and `+=` and the like keep it that way: use "
        ".float() first"
    ),
    "expected m1 and m2 to have the same dtype": (
        "the two have different dtypes: .float() makes them the same"
    ),
    "unsupported operand type(s) for ^": "a power is written with **, as in x**0.5",
    "bitwise_xor": "a power is written with **, as in x**0.5",
    "unsupported operand type(s)": (
        "one of the two is not what it should be: print both"
    ),
    "'builtin_function_or_method' object": (
        "brackets are missing: a method is called with (), as in picture.clone()"
    ),
    "has no attribute 'silu'": "silu is F.silu",
    "name 'silu' is not defined": "silu is F.silu",
    "object has no attribute": "print(type(...)) shows what it is",
    "object is not callable": (
        "there are brackets after something that is not a function"
    ),
    "out of bounds for dimension": OUT_OF_RANGE,
    "index out of range": OUT_OF_RANGE,
    "Dimension out of range": "axes are counted from 0, so the last of three is 2",
    "step must be greater than zero": (
        "a torch slice cannot run backwards: use x.flip(axis)"
    ),
    "expanded size of the tensor": (
        "the value does not fit the shape of its place: assign one number, or axes "
        "that fit, such as (3, 1, 1) to (3, rows, columns)"
    ),
    "cannot be broadcast to indexing result": (
        "the value does not fit the shape of its place: assign one number, or axes "
        "that fit, such as (3, 1, 1) to (3, rows, columns)"
    ),
    "randint() received an invalid combination": (
        "the shape must be in brackets, with a comma even after a single length: (n,)"
    ),
    "must be tuple of ints, not int": "axes must be in brackets here: (2,) or [2]",
    "got values from -": (
        "steps end at 0: is the loop one turn too long, or is too much taken away?"
    ),
    "is invalid for input of size": (
        "reshape keeps every number: -1 in place of one length means as many as fit"
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
        "use the library's add_noise(x_0, t, eps, schedule) here"
    ),
    "is not defined": "is it misspelled, or defined only further down?",
    "unexpected keyword argument": "the function has no argument of that name",
    "can't convert cuda": "the check runs on the CPU: create tensors without .cuda()",
    "does not require grad": (
        "no gradient gets through: something cuts it off, such as .detach(), .item() "
        "or torch.no_grad()"
    ),
}


def hint_for(message: str) -> str | None:
    """The hint for a message that comes often, or None."""
    return next((hint for part, hint in HINTS.items() if part in message), None)


def with_hint(message: str) -> str:
    """The message, followed by its hint if there is one."""
    # After that, torch lists every signature that it accepts, in ten lines.
    message = message.split(", but expected one of:")[0]
    hint = hint_for(message)
    return f"{message} ({hint})" if hint else message


# The `raise` of an exercise that is no longer empty ----------------------------------

# What stands in an exercise before anybody has written a line.
GIVEN = {
    "half = width // 2",
    "u = (t / T).reshape(-1, 1, 1, 1)",
    "partner = torch.arange(len(table))",
}


def stays_below(function: Callable) -> str | None:
    """What to do with the `raise`, if more than it is written; None, if nothing is."""
    try:
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError, SyntaxError, ValueError):  # it cannot be read
        return None
    written = [
        part
        for part in ast.walk(body)
        if isinstance(part, ast.stmt)
        and part is not body
        and not isinstance(part, (ast.Raise, ast.Pass))
        and not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        and ast.unparse(part) not in GIVEN
    ]
    if not written:
        return None
    if any(isinstance(part, ast.Return) for part in written):
        return "delete it"
    return "in its place write `return` and your answer"


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


def taken_from_outside(
    function: Callable, kinds: tuple[type, ...] = (Tensor, NoiseSchedule)
) -> list[str]:
    """The names of these kinds that a function reads from the notebook around it.

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
    return sorted(name for name in read if isinstance(outside.get(name), kinds))


# Where the first nan comes from ------------------------------------------------------

# What torch calls it -> what a learner calls it.
NAN = {
    "sqrt": "the square root of a number below 0",
    "rsqrt": "the square root of a number below 0",
    "pow": "a fractional power, such as ** 0.5, of a number below 0",
    "log": "the logarithm of a number below 0",
    "log2": "the logarithm of a number below 0",
    "div": "0 divided by 0",
    "div of infinities": (
        "infinity divided by infinity (exp of a number above 88 is infinite: softmax "
        "and log_softmax avoid that)"
    ),
    "softmax": "a softmax over nothing but -inf: at least one score must be finite",
    "mul": "infinity times 0",
    "matmul": "infinity times 0, inside @",
    "sub": "infinity minus infinity",
    "mean": "the mean of nothing at all",
    "std": "the standard deviation of a single number",
}
INF = {
    "div": "a division by 0",
    "log": "the logarithm of 0",
    "exp": "exp of a large number",
    "pow": "a power that is too large, or 0 to a negative power",
}


# Operators have other names: 1 / x is rdiv, x / 1 is truediv.
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
    """Record which torch function is the first to produce a nan (or an inf)."""

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
        # No recursion: torch suspends this mode while it handles a call.
        if not isinstance(value, Tensor) or not value.is_floating_point():
            return False
        return bool(self.is_odd(value).any())


def line_in(cell: str | None) -> int | None:
    """The line of the learner's cell that is running, or None."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_filename != cell:
        frame = frame.f_back
    return frame.f_lineno if frame else None


def where_from(run: Callable[[], object], kind: str, cell: str | None) -> str | None:
    """What makes the first nan or inf while `run` runs, in words; None if unknown."""
    words, is_odd = (NAN, torch.isnan) if kind == "nan" else (INF, torch.isinf)
    with _First(is_odd, cell) as first:
        run()
    name = SPELLED.get(first.name, first.name)
    word = words.get(name)
    if word is None:
        return None
    return word + (f", in line {first.line} of the cell" if first.line else "")
