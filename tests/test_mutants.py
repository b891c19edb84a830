"""The checks see small changes of a solution; and the tool that asks counts rightly."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import mutants as tool  # noqa: E402
from answers import Answer  # noqa: E402
from exercises import exercises  # noqa: E402
from mutate import mutants  # noqa: E402

from course_lib.checks import guard  # noqa: E402
from course_lib.checks.report import checked  # noqa: E402

SAMPLE = 5  # mutants of each exercise; `make mutants` takes them all
JUDGED = tool.equivalent()


def sample(exercise) -> list:
    """A few mutants, from all over the solution, always the same."""
    every = [m for m in tool.mutants_of(exercise) if not is_judged(exercise, m)]
    return every[:: max(1, len(every) // SAMPLE)]


def is_judged(exercise, mutant) -> bool:
    return (exercise.name, mutant.was, mutant.now) in JUDGED


# The exercises ------------------------------------------------------------------------


def test_each_exercise_is_found():
    sources = (ROOT / "notebooks" / "src").glob("*.py")
    texts = [source.read_text(encoding="utf-8") for source in sources]
    assert len(exercises()) == sum(text.count("### BEGIN SOLUTION") for text in texts)


@pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.name)
def test_a_sample_of_mutants_is_caught_and_the_solution_is_not(exercise, monkeypatch):
    check = exercise.check()
    assert tool.verdict(check, exercise.function()).endswith(": ok")
    monkeypatch.setattr(guard, "SECONDS", 0.5)  # for loops without an end
    for mutant in sample(exercise):
        said = tool.verdict(check, exercise.function(mutant.code))
        assert tool.is_caught(said), f"{mutant.was}\n -> {mutant.now}\n{said}"


def test_what_is_judged_equivalent_is_a_mutant_and_has_a_reason():
    there = {
        (e.name, mutant.was, mutant.now)
        for e in exercises()
        for mutant in tool.mutants_of(e)
    }
    assert not JUDGED.keys() - there, "`make mutants` lists those that there are"
    assert all(JUDGED.values())


# Mutants ------------------------------------------------------------------------------

CODE = """def mine(x, steps):
    half = 2
    total = x[0] - half
    for t in steps:
        total = total + t
    return total.sqrt()
"""


def lines_of(code: str, **how) -> set[str]:
    whole = range(2, len(code.splitlines()) + 1)
    return {mutant.now for mutant in mutants(code, whole, **how)}


@pytest.mark.parametrize(
    "line",
    [
        "half = 3",
        "total = x[1] - half",
        "total = x[0] + half",
        "total = half - x[0]",
        "total = x - half",
        "for t in list(steps)[1:]:",
        "total = total - t",
        "break",
        "total.sqrt()",
        "return total",
        "return total.square()",
        "return -total.sqrt()",
        "total = x[0] - half / half = 2",
        "pass",
    ],
)
def test_a_slip_of_the_hand_is_among_the_mutants(line):
    assert line in lines_of(CODE)


def test_a_gradient_is_cut_off_only_where_something_learns():
    assert "return total.sqrt().detach()" in lines_of(CODE, learned=True)
    assert not any("detach" in line for line in lines_of(CODE))


def test_what_was_given_is_spoilt_by_its_kind():
    given = lines_of(CODE, kinds={"x": "Tensor", "steps": "list"})
    assert "answer = total.sqrt() / steps.pop() / return answer" in given
    assert "answer = total.sqrt() / x.copy_(x == 0) / return answer" in given


def test_only_the_solutions_lines_are_changed_and_each_change_comes_once():
    found = mutants(CODE, range(2, 3))
    assert {m.was for m in found} == {"half = 2"}
    every = [m.code for m in mutants(CODE, range(2, 7))]
    assert len(every) == len(set(every))


# Verdicts -----------------------------------------------------------------------------


def double(x):
    return 2 * x


def check_double(learner):
    return checked(learner, double, lambda g: (3.0,), {"halved": lambda x: x / 2})


def test_an_answer_that_ends_python_or_hangs_is_caught(monkeypatch):
    monkeypatch.setattr(tool, "PATIENCE", 5)
    monkeypatch.setattr(tool, "SECONDS", 0.1)

    def ends(x):
        import os

        os._exit(3)

    def hangs(x):
        while True:
            x += 1

    def right(x):
        return x + x

    jobs = [lambda f=f: tool.verdict(check_double, f) for f in (ends, hangs, right)]
    said = tool.verdicts(jobs)
    assert [tool.is_caught(words) for words in said] == [True, True, False]
    assert said[-1] == "double: ok"


@pytest.mark.parametrize(
    ("says", "said", "what"),
    [
        ("halved", "x: not yet right - it is halved", None),
        ("halved", "x: ok", "passes"),
        (
            "halved",
            "x: not yet right - it is doubled",
            "is misnamed (should be: halved)",
        ),
        ("halved", "x: not yet right - expected 1, found 2", "is not named 'halved'"),
        ("halved", "x: not yet right - TypeError: no", "is not named 'halved'"),
        (None, "x: not yet right - at [0] expected 1.0, found 2.0", "has no name"),
        (None, "x: not yet right - it is doubled", "is misnamed (should be: None)"),
    ],
)
def test_a_verdict_on_a_beginners_answer(says, said, what):
    assert tool.wrong_with(Answer(check_double, double, says), said) == what


def test_the_table_counts_what_was_found(tmp_path, capsys, saved):
    with pytest.raises(SystemExit) as end:
        tool.main(["--only", "00", "--save", str(saved.file), "--notes", str(tmp_path)])
    assert not end.value.code
    assert "| 00 my_mirror | " in capsys.readouterr().out
    assert "my_mirror" in (tmp_path / "mutants_00.txt").read_text(encoding="utf-8")
    assert {"all_caught", "all_named", "mirror_caught"} <= saved.names()
