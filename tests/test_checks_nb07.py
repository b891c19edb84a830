"""The checks of notebook 07 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb07_editing import SCHEDULE, check_begin, check_put_back
from course_lib.diffusion.editing import begin, put_back
from course_lib.diffusion.schedule import add_noise


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def steps(x_0, t):
    return torch.full((len(x_0),), t)


def test_right_functions_are_used_onward(capsys):
    def mine(x_0, strength, eps, schedule):
        t = int(strength * schedule.T + 0.5)
        return t, schedule.a(steps(x_0, t), like=x_0) * x_0 + t / schedule.T * eps

    assert check_begin(mine) is mine and said(capsys) == "begin: ok"

    def back(x_next, x_0, mask, t_next, eps_new, schedule):
        kept = add_noise(x_0, steps(x_0, t_next), eps_new, schedule)
        return x_next * mask + kept * ~mask

    assert check_put_back(back) is back and said(capsys) == "put_back: ok"


@pytest.mark.parametrize(
    ("mistaken", "words"),
    [
        (lambda x, s, e, sch: begin(x, 1 - s, e, sch), "step of 1 - strength"),
        (lambda x, s, e, sch: (round(s * sch.T), x), "still clean"),
        (lambda x, s, e, sch: (round(s * sch.T), e), "nothing of the picture"),
        (lambda x, s, e, sch: (sch.T, begin(x, s, e, sch)[1]), "would begin at T"),
        (lambda x, s, e, sch: begin(x, s, e, sch)[1], "expected"),
        (lambda x, s, e, sch: (1, x), "another step than the one you return: 0 and 1"),
    ],
)
def test_mistakes_of_beginning_are_named(capsys, mistaken, words):
    assert check_begin(mistaken) is begin
    assert words in said(capsys)


@pytest.mark.parametrize(
    ("mistaken", "words"),
    [
        (lambda n, x, m, t, e, s: torch.where(m, n, x), "kept part is clean"),
        (
            lambda n, x, m, t, e, s: torch.where(m, add_noise(x, steps(x, t), e, s), n),
            "wrong way round",
        ),
        (
            lambda n, x, m, t, e, s: add_noise(
                torch.where(m, n, x), steps(x, t), e, SCHEDULE
            ),
            "noise twice",
        ),
        (lambda n, x, m, t, e, s: n, "nothing is put back"),
        (lambda n, x, m, t, e, s: n / 2, "expected"),
    ],
)
def test_mistakes_of_putting_back_are_named(capsys, mistaken, words):
    assert check_put_back(mistaken) is put_back
    assert words in said(capsys)
