"""benchmarks/feedback.py runs, and says what it promises."""

import re
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import feedback  # noqa: E402

from course_lib.diffusion.guidance import Way  # noqa: E402
from course_lib.judging import voters  # noqa: E402
from course_lib.painters import pipeline  # noqa: E402


@pytest.fixture
def tiny(here, words, monkeypatch):
    """Networks that draw and judge at random, and voters who see differences."""
    monkeypatch.setenv("COURSE_CACHE", str(here / "cache"))
    monkeypatch.setattr(voters, "CLOSE", -1.0)
    monkeypatch.setattr(feedback, "KINDS", ("one animal",))
    monkeypatch.setattr(pipeline, "FOR_LATENTS", Way(1.0, steps=3))


def test_it_closes_with_its_numbers(tiny, capsys, saved):
    feedback.main(["--quick", "--save", str(saved.file)])
    said = capsys.readouterr().out
    found = dict(re.findall(r"^(\w+)=(\S+)$", said, flags=re.MULTILINE))
    assert found.keys() == saved.names()
    ways = ("base", "weighted", "dpo", "draft")
    rows = [f"{taste}_{way}" for taste in ("clean", "hats") for way in ways]
    for name in (*rows, "clean_judge", "hats_loose", "groups_hats"):
        assert f"| {name} |" in said
        assert 0 <= float(found[f"{name}_win"]) <= 100
    known = {"clean_dpo_winner_1", "hats_dpo_loser_1", "seconds_clean_dpo"}
    assert known | {"clean_agreement_held_out", "hats_reward_of_draft"} <= found.keys()


def test_nobody_votes_on_the_exam(tiny):
    painter = feedback.TextToImage.from_pretrained("latent")
    exam = feedback.exam_for(painter, 8, "inspector-32")
    asked = feedback.voters.prompts_for(painter, 64)
    assert not set(asked) & set(exam.prompts.texts)
    assert exam.people == 8 and len(exam.base) == len(exam.prompts.texts)
    row = exam.row(painter, voters.clean)
    assert row["judge_gained"]["mean"] == 0


def test_held_out_votes_are_about_other_prompts(tiny):
    painter = feedback.TextToImage.from_pretrained("latent")
    pairs = feedback.votes_of(painter, 10, 4, "clean")
    learned, held_out = feedback.split(pairs)
    assert not set(learned.prompts) & set(held_out.prompts)
    assert len(learned) + len(held_out) == len(pairs) and len(held_out) > 0
    assert torch.is_tensor(learned.winner)
