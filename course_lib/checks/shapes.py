"""An unexpected shape in words: both shapes, and the most likely cause.

The cause is often put as a question, since a shape alone proves nothing. Where no cause
is likely, none is given.
"""

from itertools import permutations
from math import prod

Shape = tuple[int, ...]


def shape_difference(found: Shape, expected: Shape) -> str:
    """Both shapes in words, and the likely cause.

    >>> shape_difference((4, 4), (4,))
    'expected the shape (4,), found (4, 4): a (4, 1) beside a (4,) makes (4, 4)'
    >>> shape_difference((2, 3), (5,))
    'expected the shape (5,), found (2, 3)'
    """
    cause = likely_cause(found, expected)
    both = f"expected the shape {expected}, found {found}"
    return f"{both}: {cause}" if cause else both


def likely_cause(found: Shape, expected: Shape) -> str | None:
    """The usual way from the expected shape to the found one, or None."""
    if _without_ones(found) == _without_ones(expected):
        if len(found) > len(expected):
            return "an axis of length 1 is left over: .squeeze(axis) removes it"
        return (
            "an axis of length 1 is missing: keepdim=True keeps it, [:, None] adds it"
        )
    # Fewer axes: what a sum, a mean or an index leaves.
    if len(found) < len(expected):
        return _gone(found, expected)
    B = expected[0] if expected else 0
    if found == (B, B) and expected in ((B,), (B, 1)):
        return f"a ({B}, 1) beside a ({B},) makes {found}"
    if len(found) > len(expected) and found[len(found) - len(expected) :] == expected:
        return (
            "there are too many axes in front: is a sum, a mean or a reshape missing?"
        )
    if len(found) == len(expected):
        return _of_as_many_axes(found, expected)
    if prod(found) == prod(expected):
        return (
            "the same count of numbers in another shape: a reshape or flatten is "
            "missing"
        )
    return None


def _without_ones(shape: Shape) -> Shape:
    return tuple(length for length in shape if length != 1)


def _gone(found: Shape, expected: Shape) -> str | None:
    """Which axis a sum, a mean or an index took away."""
    if not found:
        return "a single number for everything: was it all summed or averaged?"
    gone = [
        axis
        for axis in range(len(expected))
        if expected[:axis] + expected[axis + 1 :] == found
    ]
    if len(gone) == 1:
        return f"axis {gone[0]} is gone: was it summed, averaged or indexed away?"
    if prod(found) == prod(expected):
        return "the same count of numbers in another shape: a reshape is missing"
    return None


def _of_as_many_axes(found: Shape, expected: Shape) -> str | None:
    off = [
        i
        for i, pair in enumerate(zip(found, expected, strict=True))
        if len(set(pair)) > 1
    ]
    if sorted(found) == sorted(expected):
        ways = permutations(range(len(found)))
        if any(tuple(expected[i] for i in way) == found for way in ways):
            return f"the axes {off} are swapped"
    if len(off) == 1:
        (axis,) = off
        few, many = found[axis], expected[axis]
        if few == 1:
            return f"axis {axis} was summed, averaged or cut down to one"
        if abs(few - many) == 1:
            word = "few" if few < many else "many"
            return f"one too {word} along axis {axis}"
        if few == 2 * many or 2 * few == many:
            word = "twice" if few > many else "half"
            return f"axis {axis} is {word} as long as it should be"
    return None
