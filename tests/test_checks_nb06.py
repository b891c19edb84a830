"""The checks of notebook 06 name the mistakes that people make, and no others."""

import re
from pathlib import Path

import nbformat
import pytest
import torch

from course_lib.checks.nb06_sampling import (
    check_choose_steps,
    check_ddim_step,
    ddim_step,
    std_of_ddpm,
)
from course_lib.diffusion.samplers import choose_steps, std_of_fresh
from course_lib.diffusion.schedule import straight_line

ROOT = Path(__file__).resolve().parents[1]
a, b = straight_line().a_table.tolist(), straight_line().b_table.tolist()


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


# The DDIM step ------------------------------------------------------------------


def test_a_right_step_is_used_onward(capsys):
    def mine(x_0_hat, eps_hat, eps_new, t, t_next, eta):
        std = eta * std_of_ddpm(t, t_next)
        x_next = a[t_next] * x_0_hat + std * eps_new
        return x_next + torch.tensor(b[t_next] ** 2 - std**2).sqrt() * eps_hat

    assert check_ddim_step(mine) is mine
    assert said(capsys) == "ddim_step: ok"


def index_of_t(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    return a[t] * x_0_hat + (b[t] ** 2 - std**2) ** 0.5 * eps_hat + std * eps_new


def no_eps_hat(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    return a[t_next] * x_0_hat + eta * std_of_ddpm(t, t_next) * eps_new


def no_root(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    std = eta * std_of_ddpm(t, t_next)
    kept = b[t_next] ** 2 - std**2
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (index_of_t, "the result belongs to t_next"),
        (no_eps_hat, "the predicted noise is missing"),
        (no_root, "a variance stands where a standard deviation belongs"),
    ],
)
def test_wrong_steps_are_named(capsys, wrong, words):
    assert check_ddim_step(wrong) is not wrong
    assert words in said(capsys)


def test_another_mistake_shows_one_number(capsys):
    def half_of_it(*given):
        return ddim_step(*given) / 2

    check_ddim_step(half_of_it)
    words = said(capsys)
    assert "expected" in words
    assert "found" in words


def test_the_notebooks_own_std_leaves_a_root_at_every_first_step():
    for t_next in range(1000):
        assert b[t_next] ** 2 - std_of_ddpm(1000, t_next) ** 2 >= 0


def test_the_notebooks_own_std_is_that_of_the_library():
    for t, t_next in [(1000, 917), (750, 500), (500, 499), (83, 0)]:
        exact = std_of_fresh(t, t_next, 1.0, straight_line())
        assert std_of_ddpm(t, t_next) == pytest.approx(exact, abs=1e-9)


def test_a_root_below_zero_is_told(capsys):
    def mine(x_0_hat, eps_hat, eps_new, t, t_next, eta):
        fresh = a[t_next] ** 2 * b[t] ** 2 - a[t] ** 2 * b[t_next] ** 2
        std = eta * b[t_next] / (a[t_next] * b[t]) * fresh**0.5
        kept = (b[t_next] ** 2 - std**2) ** 0.5
        return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new

    check_ddim_step(mine)
    assert "max(number, 0)" in said(capsys)


def test_noise_of_ones_own_is_told(capsys):
    def mine(x_0_hat, eps_hat, eps_new, t, t_next, eta):
        eps_new = torch.randn_like(x_0_hat)
        return ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta)

    check_ddim_step(mine)
    assert "it answers differently each time" in said(capsys)


# The list of steps ----------------------------------------------------------------


def test_a_right_list_is_used_onward(capsys):
    def mine(T, steps):
        return [round(T * i / steps) for i in range(steps, -1, -1)]

    assert check_choose_steps(mine) is mine
    assert said(capsys) == "choose_steps: ok"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda T, n: [round(T * i / n) for i in range(n + 1)], "the list climbs"),
        (lambda T, n: [round(T * i / n) for i in range(n, 0, -1)], "0, is missing"),
        (lambda T, n: list(range(T, -1, -(T // n)))[: n + 1], "the stride is cut"),
    ],
)
def test_wrong_lists_are_named(capsys, wrong, words):
    assert check_choose_steps(wrong) is not wrong
    assert words in said(capsys)


def test_another_list_shows_what_was_expected(capsys):
    check_choose_steps(lambda T, n: [T - 2 * i for i in range(n + 1)])
    assert "expected" in said(capsys)


# Nothing written yet ----------------------------------------------------------------


def test_empty_answers_get_functions_that_work(capsys):
    def nothing(*given):
        raise NotImplementedError("your turn")

    step, steps = check_ddim_step(nothing), check_choose_steps(nothing)
    lines = capsys.readouterr().out.splitlines()
    assert "ddim_step: not done yet" in lines
    assert "choose_steps: not done yet" in lines
    assert steps(1000, 4) == choose_steps(1000, 4)
    one = torch.ones(1, 3, 2, 2)
    assert torch.equal(step(one, one, one, t=500, t_next=0, eta=1.0), one)


# The lesson ---------------------------------------------------------------------


def test_the_lessons_answers_quote_what_the_notebook_printed():
    """New weights bring new numbers: then both the notebook and the page change."""
    page = (ROOT / "lessons" / "06_sampling.md").read_text(encoding="utf-8")
    answers = page.split("## Questions people ask")[1].split("<details>")[0]
    solved = nbformat.read(ROOT / "notebooks/solutions/06_sampling.ipynb", as_version=4)
    outputs = (out for cell in solved.cells for out in cell.get("outputs", []))
    printed = " ".join(out.get("text", "") for out in outputs)
    quoted = set(re.findall(r"\d\.\d\d|\d+\s+of\s+\d+", answers))
    assert len(quoted) > 10
    assert not {words for words in quoted if " ".join(words.split()) not in printed}
