"""Sheets for strangers: pictures mixed and numbered, counted by a hidden key."""

import json

import pytest

from benchmarks import blind_eyes
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters


class Painter:
    """Draws the same critters whatever it is asked."""

    @classmethod
    def from_pretrained(cls, weights):
        return cls()

    def __call__(self, prompts, seed):
        return from_bytes(draw_critters(len(prompts), seed, 64)[0])


def test_the_key_numbers_every_picture_once_and_no_sheet_tells(tmp_path, monkeypatch):
    monkeypatch.setattr(blind_eyes, "TextToImage", Painter)
    blind_eyes.main(["sheets", str(tmp_path / "blind"), "--n", "2"])
    key = json.loads((tmp_path / "blind" / "key.json").read_text(encoding="utf-8"))
    assert [one["picture"] for one in key] == list(range(14))
    kinds = [one["kind"] for one in key]
    assert kinds.count("real") == 4 and kinds.count("people") == 2
    assert kinds != sorted(kinds), "in order of their kinds, a stranger could guess"
    assert len(list((tmp_path / "blind").glob("sheet_*.png"))) == 1


def test_a_tally_counts_clear_flaws_and_the_judges_agreement(tmp_path, capsys):
    key = [
        {"picture": 0, "kind": "real", "prompt": "a frog", "clean": True},
        {"picture": 1, "kind": "one animal", "prompt": "a cat", "clean": True},
        {"picture": 2, "kind": "one animal", "prompt": "a cat", "clean": False},
    ]
    grades = [{"picture": i, "flaw": flaw} for i, flaw in enumerate((0, 2, 3))]
    (tmp_path / "key.json").write_text(json.dumps(key), encoding="utf-8")
    (tmp_path / "grades.json").write_text(json.dumps(grades), encoding="utf-8")
    blind_eyes.main(["tally", str(tmp_path), str(tmp_path / "grades.json")])
    said = capsys.readouterr().out
    assert "real_clear_flaw=0.0" in said and "ours_clear_flaw=100.0" in said
    assert "inspector_agrees=50.0" in said


def test_no_grades_are_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="grades"):
        blind_eyes.main(["tally", str(tmp_path)])
