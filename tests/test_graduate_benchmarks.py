"""The measurements of lesson 19, in small."""

import json
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import melodies  # noqa: E402
import stable_diffusion_bill  # noqa: E402

from course_lib.painters import bill  # noqa: E402
from course_lib.painters.beside import TINY  # noqa: E402


def test_the_bill_saves_what_pages_state(saved, monkeypatch):
    monkeypatch.setattr(bill, "FULL", TINY)  # the sizes are tested beside
    monkeypatch.setattr(stable_diffusion_bill, "stable_diffusion_boxes", lambda: [])
    stable_diffusion_bill.main(["--save", str(saved.file)])
    boxes = "^(text_encoder|u_net|autoencoder)_"
    assert not saved.lacks("stable_diffusion_bill", but=boxes)


def test_melodies_are_counted_and_a_training_is_kept(saved, tmp_path):
    words = ["--iterations", "2", "--seeds", "1", "--n", "3", "--out", str(tmp_path)]
    melodies.main([*words, "--save", str(saved.file)])
    kept = (tmp_path / "2-0" / "model.safetensors").read_bytes()
    melodies.main([*words, "--save", str(saved.file)])
    assert (tmp_path / "2-0" / "model.safetensors").read_bytes() == kept
    entries = json.loads(saved.file.read_text(encoding="utf-8"))["entries"]
    assert {"after_2_heard_all", "after_2_unheard_mode"} <= set(entries)
