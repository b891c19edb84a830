"""Right answers pass however they are written; wrong ones are caught and named."""

import importlib
from collections import Counter
from pathlib import Path

import pytest
from answers import RIGHT, WRONG
from exercises import exercises
from mutants import is_misnamed

for file in sorted((Path(__file__).parent / "answers").glob("nb*.py")):
    importlib.import_module(f"answers.{file.stem}")


def verdict(answer, capsys) -> str:
    """The first line that the learner reads."""
    answer.check(answer.function)
    return capsys.readouterr().out.splitlines()[0]


def name_of(answer) -> str:
    return f"{answer.check.__name__}-{answer.function.__name__}"


@pytest.mark.parametrize("answer", RIGHT, ids=name_of)
def test_a_right_answer_is_not_refused(answer, capsys):
    assert verdict(answer, capsys).endswith(": ok")


@pytest.mark.parametrize("answer", WRONG, ids=name_of)
def test_a_wrong_answer_is_caught_and_told_what_is_wrong(answer, capsys):
    said = verdict(answer, capsys)
    assert "not yet right" in said
    assert answer.says is None or answer.says in said
    # None stands for "nothing can be said": then nothing must be.
    assert not is_misnamed(answer, said)


@pytest.mark.parametrize("name", [exercise.check_name for exercise in exercises()])
def test_every_exercise_has_a_dozen_right_answers_and_most_wrong_ones_are_named(name):
    right = Counter(answer.check.__name__ for answer in RIGHT)
    wrong = [answer for answer in WRONG if answer.check.__name__ == name]
    assert right[name] >= 12
    assert len(wrong) >= 15
    assert sum(answer.says is not None for answer in wrong) >= 0.7 * len(wrong)
