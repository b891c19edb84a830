"""benchmarks/few_steps.py runs, carries on, and says what it promises; variety."""

import re
import sys
from pathlib import Path

import pytest
import torch
from test_distil import few_pictures as few_pictures

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import few_steps  # noqa: E402

from course_lib.judging.variety import entropy, nearest_other  # noqa: E402
from course_lib.training.distil import DISTIL_SETTINGS, shortcut_trainer  # noqa: E402
from course_lib.training.settings import Settings  # noqa: E402


@pytest.fixture
def runs(here, words, monkeypatch):
    """A shortcut model of one iteration, and a quick clock."""
    monkeypatch.setattr(few_steps, "TIMED", 1)
    monkeypatch.setattr(few_steps, "MANY", 3)
    monkeypatch.setattr(few_steps, "CALLS", (1, 2))
    settings = Settings(1, **DISTIL_SETTINGS | {"precision": "float32"})
    trainer = shortcut_trainer(
        "critters", settings, here / "runs" / "critters-shortcut", batch_size=8
    )
    list(trainer.run())
    return ["--runs", str(here / "runs"), "--n", "32", "--seeds", "2"]


def test_it_closes_with_its_numbers_and_carries_on(runs, capsys, saved, monkeypatch):
    few_steps.main([*runs, "--only", "critters", "--save", str(saved.file)])
    said = capsys.readouterr().out
    found = dict(re.findall(r"^(\w+)=(\S+)$", said, flags=re.MULTILINE))
    assert found.keys() == saved.names()
    for row in ("plain_2", "unguided_1", "shortcut_1", "shortcut_2"):
        for what in few_steps.SHOWN:
            assert f"critters_{row}_{what}" in found
    assert "critters_plain_1_right" not in found, "a guided step takes two calls"
    assert float(found["critters_real_distance"]) == 0
    assert float(found["critters_real_nearest"]) == 100
    assert "critters-consistency is not there" in said

    monkeypatch.setattr(few_steps.Bench, "prepare", lambda self: pytest.fail("again"))
    before = saved.file.read_text(encoding="utf-8")
    few_steps.main([*runs, "--only", "critters", "--save", str(saved.file)])
    again = dict(re.findall(r"^(\w+)=(\S+)$", capsys.readouterr().out, re.MULTILINE))
    assert again.keys() == found.keys()
    assert float(again["critters_shortcut_1_right"]) == pytest.approx(
        float(found["critters_shortcut_1_right"]), abs=1e-3
    )
    assert saved.file.read_text(encoding="utf-8") == before


def test_a_painter_on_prompts_is_asked_for_one_animal_in_words(runs, capsys):
    few_steps.main([*runs, "--only", "latent", "--only", "plain"])
    assert "latent_plain_2_right=" in capsys.readouterr().out


def test_nobody_is_the_nearest_of_itself_or_of_another_request():
    features = torch.tensor([[0.0], [1.0], [1.1], [5.0], [0.0]])
    group = torch.tensor([1, 1, 2, 2, 1])
    found = nearest_other(features, group)
    torch.testing.assert_close(found, torch.tensor([0.0, 1.0, 3.9, 3.9, 0.0]))
    alone = nearest_other(features[:3], group[:3])
    torch.testing.assert_close(alone, torch.tensor([1.0, 1.0]))


def test_entropy_counts_bits():
    same = torch.zeros(8, dtype=torch.int64)
    halves, quarters = torch.arange(8) % 2, torch.arange(8) % 4
    seen = {"colour": quarters, "scene": halves, "size": same, "accessory": same}
    assert entropy(seen) == pytest.approx(3)
    assert entropy(seen, ("size",)) == 0
