"""Right answers pass however they are written; wrong ones are caught and named."""

import importlib
from pathlib import Path

import pytest
from answers import RIGHT, WRONG

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
