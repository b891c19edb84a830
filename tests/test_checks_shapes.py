"""A wrong shape is told with both shapes and the likely cause, if there is one."""

import pytest

from course_lib.checks.shapes import shape_difference


@pytest.mark.parametrize(
    ("found", "expected", "cause"),
    [
        ((4, 4), (4,), "a (4, 1) beside a (4,) makes (4, 4)"),
        ((4, 4), (4, 1), "a (4, 1) beside a (4,) makes (4, 4)"),
        ((), (4,), "a single number for everything: was it all summed"),
        ((4, 8), (4, 3, 8), "axis 1 is gone: was it summed, averaged or indexed away?"),
        ((4, 1), (4,), "an axis of length 1 is left over"),
        ((4,), (4, 1), "an axis of length 1 is missing"),
        ((3, 4), (4, 3), "the axes [0, 1] are swapped"),
        ((4, 3, 7), (4, 3, 8), "one too few along axis 2"),
        ((5, 3), (4, 3), "one too many along axis 0"),
        ((4, 16), (4, 8), "axis 1 is twice as long as it should be"),
        ((4, 1, 8), (4, 3, 8), "axis 1 was summed, averaged or cut down to one"),
        ((12,), (4, 3), "the same count of numbers in another shape"),
        ((4, 3, 2), (4, 6), "the same count of numbers in another shape"),
        ((4, 3, 8, 8), (), "there are too many axes in front"),
    ],
)
def test_a_usual_cause_is_named(found, expected, cause):
    heard = shape_difference(found, expected)
    assert heard.startswith(f"expected the shape {expected}, found {found}: {cause}")


@pytest.mark.parametrize(
    ("found", "expected"),
    [((2,), (5, 7)), ((2, 3), (5,)), ((9, 9), (4, 3)), ((3, 3), (3, 7))],
)
def test_no_cause_is_made_up(found, expected):
    assert shape_difference(found, expected) == (
        f"expected the shape {expected}, found {found}"
    )
