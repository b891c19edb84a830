"""The benchmarks of sampling run, and close with what lesson 06 tells."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import decisions  # noqa: E402
import repairs  # noqa: E402


def test_repairs_closes_with_its_numbers(capsys, saved, monkeypatch):
    monkeypatch.setattr(repairs, "WAYS", [(name, 2) for name, _ in repairs.WAYS])
    repairs.main(["--n", "2", "--save", str(saved.file)])
    assert not saved.lacks("repairs", but="_10")
    assert "| dpm_solver_sde | 2 |" in capsys.readouterr().out


def test_decisions_closes_with_its_numbers(capsys, saved):
    decisions.main(["--n", "2", "--save", str(saved.file)])
    assert not saved.lacks("decisions")
    assert capsys.readouterr().out.count("\n| ") > len(decisions.FORKS)
