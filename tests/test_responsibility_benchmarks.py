"""benchmarks/responsibility_*.py run, carry on, and say what they promise."""

import re
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import responsibility_copies  # noqa: E402
import responsibility_marks  # noqa: E402
import responsibility_people  # noqa: E402

from course_lib.diffusion.guidance import Way  # noqa: E402
from course_lib.judging.metrics import Share  # noqa: E402
from course_lib.judging.results import Ledger  # noqa: E402
from course_lib.painters import pipeline  # noqa: E402


def lines(capsys) -> dict[str, str]:
    return dict(re.findall(r"^(\w.*)=(\S+)$", capsys.readouterr().out, re.MULTILINE))


def test_a_ledger_measures_each_figure_once(tmp_path):
    file = tmp_path / "ledger.json"
    assert Ledger(file).keep("a", lambda: Share(1, 2))["share"] == 0.5
    assert Ledger(file).keep("a", lambda: 1 / 0)["n"] == 2


def test_copies(tmp_path, capsys, saved, monkeypatch):
    monkeypatch.setattr(responsibility_copies, "TIMES", (1, 4))
    monkeypatch.setattr(responsibility_copies, "OF_EACH", 1)
    monkeypatch.setattr(responsibility_copies, "LOOKS", 2)
    command = f"--iterations 2 --n 4 --sizes 4 --base 6 --runs {tmp_path}".split()
    responsibility_copies.main([*command, "--save", str(saved.file)])
    found = lines(capsys)
    assert {"4", "4_copier", "4_fresh", "4_after_1", "4_fresh_nearest"} <= set(found)
    assert {"4_coarse", "4_copier_coarse", "4_after_1_coarse"} <= set(found)
    assert {"twins_4_coarse", "no_twins_4_of_set", "twins_all_coarse"} <= set(found)
    assert {"twins_4", "no_twins_4", "canary_4", "canary_4_distance"} <= set(found)
    monkeypatch.setattr(responsibility_copies, "small_trainer", None)
    responsibility_copies.main(command)
    assert lines(capsys) == found, "a second call trains nothing"


def test_marks(here, words, capsys, saved, monkeypatch):
    monkeypatch.setattr(pipeline, "FOR_LATENTS", Way(1.0, 2))
    command = [
        "--n",
        "64",
        "--iterations",
        "2",
        "--strengths",
        "0.1",
        "--stolen",
        "1",
        "2",
    ]
    command += ["--runs", str(here / "runs")]
    small = dict(zip(("none", "noise"), (None, None), strict=True))
    attacks = {n: responsibility_marks.ATTACKS[n] for n in small}
    monkeypatch.setattr(responsibility_marks, "ATTACKS", attacks)
    responsibility_marks.main([*command, "--save", str(saved.file)])
    found = lines(capsys)
    assert {"detector_alarms", "detector_other", "mark_limit"} <= set(found)
    assert {"mark_found_redrawn 0.1", "mark_alarms_real", "theft_2"} <= set(found)
    assert {"theft_2_other_keys", "mark_alarms_real_other_keys"} <= set(found)
    assert {"strangers_own_more_guidance", "variety_marked"} <= set(found)
    assert "theft_2_key" in saved.names()


@pytest.mark.parametrize("only", ["vera", "bias", "generations"])
def test_people(only, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(responsibility_people, "RELEARNED", (0, 1))
    monkeypatch.setattr(responsibility_people, "WAYS", ("accumulated",))
    command = "--iterations 1 --forget 1 --judge 1 --pictures 64 --n 16 --count 2"
    command += f" --only {only}"
    torch.manual_seed(0)
    responsibility_people.main([*command.split(), "--runs", str(tmp_path)])
    names = {
        "vera": {"vera_learned", "vera_forgot_others_right", "vera_forgot_relearned_1"},
        "bias": {"bias_lopsided_a_big_animal_w_4", "bias_by_formula_w_4"},
        "generations": {"generations_accumulated_2_variety"},
    }
    assert names[only] <= set(lines(capsys))
