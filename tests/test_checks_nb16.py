"""The checks of notebook 16 name the mistakes that people make, and no others."""

import pytest
import torch

from course_lib.checks.nb16_few_steps import (
    LOOPS,
    TARGETS,
    check_in_calls,
    check_shortcut_target,
    some_jumps,
    some_noise,
    velocity,
)
from course_lib.diffusion.few_steps import in_calls, jump_to, shortcut_target


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_right_functions_are_used_onward(capsys):
    def mine(velocity, x_T, calls, schedule):
        x_t, jump = x_T, schedule.T // calls
        for t in range(schedule.T, 0, -jump):
            t, far = torch.full((len(x_T),), t), torch.full((len(x_T),), jump)
            x_t = jump_to(x_t, velocity(x_t, t, far), t, t - far, schedule)
        return x_t

    assert check_in_calls(mine) is mine
    assert said(capsys) == "in_calls: ok"

    def target(velocity, x_t, t, jump, schedule):
        half = jump // 2
        v_1 = velocity(x_t, t, half)
        x_middle = x_t - half[:, None] / schedule.T * v_1
        return (v_1 + velocity(x_middle, t - half, half)) / 2

    assert check_shortcut_target(target) is target
    assert said(capsys) == "shortcut_target: ok"


@pytest.mark.parametrize("sentence", LOOPS)
def test_every_mistake_in_the_loop_gets_its_name(sentence, capsys):
    assert check_in_calls(LOOPS[sentence]) is in_calls
    assert sentence in said(capsys)


@pytest.mark.parametrize("sentence", TARGETS)
def test_every_mistake_in_the_target_gets_its_name(sentence, capsys):
    assert check_shortcut_target(TARGETS[sentence]) is shortcut_target
    assert sentence in said(capsys)


def test_what_has_no_name_shows_one_number(capsys):
    check_in_calls(lambda *given: in_calls(*given) + 1)
    assert "expected" in said(capsys)
    check_shortcut_target(lambda *given: shortcut_target(*given) + 1)
    assert "expected" in said(capsys)


@pytest.mark.parametrize(
    "told, words",
    [
        (lambda x_t: 500, "one `t` for each of the 5 points"),
        (lambda x_t: torch.tensor(500), "a tensor of shape \\(5,\\)"),
        (lambda x_t: torch.full((5,), 0.5), "with a fraction"),
    ],
)
def test_the_network_must_be_told_one_whole_step_for_each_point(told, words):
    x_t = torch.zeros(5, 2)
    with pytest.raises(AssertionError, match=words):
        velocity(x_t, told(x_t), torch.ones(5, dtype=torch.int64))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_examples_have_whole_steps_and_equal_halves(seed):
    generator = torch.Generator().manual_seed(seed)
    _, _, calls, schedule = some_noise(generator)
    assert schedule.T % calls == 0
    _, _, t, jump, schedule = some_jumps(generator)
    assert (jump % 2 == 0).all() and (t > jump).all() and (t < schedule.T).all()
