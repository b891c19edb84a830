"""The table of fine-tuning runs, method by method, and its figures have their names."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import finetuning  # noqa: E402

from course_lib.judging.metrics import Share  # noqa: E402
from course_lib.training import newcomers, personalise, steering  # noqa: E402
from course_lib.world.sketches import sketch_of  # noqa: E402


@pytest.fixture(autouse=True)
def small_world(monkeypatch):
    for module, name in (
        *((personalise, "PRIOR"), (steering, "PICTURES"), (newcomers, "PICTURES")),
    ):
        monkeypatch.setattr(module, name, 16)
    monkeypatch.setattr(finetuning, "keep_sheet", lambda painter, file: None)


def test_each_method_is_trained_and_measured(capsys, saved):
    small = ["--n", "2", "--seeds", "1", "--iterations", "1"]
    only = ["--only", "lora", "control", "carry on", "a bear"]
    finetuning.main([*small, *only, "--save", str(saved.file)])
    said = capsys.readouterr().out
    for name in ("lora_plain_recognised", "lora_beside_another_right", "lora_bytes"):
        assert f"{name}=" in said and name in saved.names()
    for name in ("lora_alpha_without_rank_clean", "before_old_prompts_right"):
        assert name in saved.names()
    assert {"control_with_control_lines", "carry_on_octopus"} <= saved.names()
    assert "a_bear_on_stilts_purple_bear" in saved.names()


def test_the_methods_and_the_traps_have_settings_of_their_own():
    table = finetuning.methods(0)
    assert {"carry on", "lora", "inversion", "dreambooth", "control"} <= set(table)
    longer, usual = (
        table[name][1]["iterations"] for name in ("too long", "dreambooth")
    )
    assert longer >= 3 * usual


def test_seeds_are_pooled():
    two = finetuning.together([{"a": Share(1, 4), "b": 2}, {"a": Share(3, 4), "b": 4}])
    assert two == {"a": Share(4, 8), "b": 3}


def test_lines_that_are_followed_agree_and_others_do_not():
    torch.manual_seed(0)
    from course_lib.pixels import from_bytes
    from course_lib.world.drawing import draw_critters

    pictures = from_bytes(draw_critters(8, 0, 64, kind="one")[0])
    sketch = sketch_of(pictures)
    assert finetuning.agreement(pictures, sketch).min() > 0.99
    assert finetuning.agreement(pictures.roll(1, 0), sketch).mean() < 0.6
