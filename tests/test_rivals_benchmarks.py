"""The benchmarks of lesson 15 run, keep what they have, and say what they promise."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import mode_collapse  # noqa: E402
import rivals  # noqa: E402

from course_lib.networks.gan import picture_gan  # noqa: E402
from course_lib.networks.next_token import NextToken  # noqa: E402
from course_lib.training import rivals as recipes  # noqa: E402
from course_lib.world.critters import ANIMALS  # noqa: E402
from course_lib.world.datasets import PictureSet  # noqa: E402
from course_lib.world.drawing import draw_critters  # noqa: E402


def few_critters(split: str, kind: str) -> PictureSet:
    pictures, factors = draw_critters(48, 0, kind=kind)
    names = ("nothing", *ANIMALS)
    return PictureSet("critters", pictures, factors["subject"], names, factors)


@pytest.fixture
def small(monkeypatch):
    """Small networks, few pictures, and few calls."""
    gan = dict(widths=(8, 8, 8), critic_widths=(8, 8, 8), blocks=1, z_width=4)
    monkeypatch.setattr(recipes, "picture_gan", partial(picture_gan, **gan))
    tokens = dict(vocabulary=16, width=16, blocks=1)
    monkeypatch.setattr(recipes, "NextToken", partial(NextToken, **tokens))
    recipe, settings = rivals.ROADS["diffusion"]
    tiny = partial(recipe, widths=(8, 8), blocks=1)
    monkeypatch.setitem(rivals.ROADS, "diffusion", (tiny, settings))
    monkeypatch.setattr(rivals, "CALLS", 4)
    for place in (rivals, mode_collapse):
        monkeypatch.setattr(place, "load_critters", few_critters)


def table_in(said: str) -> dict[str, list[str]]:
    rows = [line.strip("| ").split(" | ") for line in said.splitlines() if "|" in line]
    return {name: cells for name, *cells in rows}


def test_the_table_has_a_row_for_each_way_and_no_run_is_repeated(
    small, capsys, saved, tmp_path, monkeypatch
):
    tiny = "--minutes 0.001 --seeds 1 --n 32 --batch 4 --precision float32"
    there = ["--out", str(tmp_path / "runs"), "--sheet", str(tmp_path / "sheet.png")]
    rivals.main([*tiny.split(), *there, "--save", str(saved.file)])
    first = table_in(capsys.readouterr().out)
    assert first.keys() >= {"real", *rivals.WAYS}
    assert (tmp_path / "sheet.png").stat().st_size > 1000
    # What no training can have done yet, and what real pictures show of themselves.
    assert first["GAN"][-1] == "1 of 1" and "of 1" not in first["real"]
    wanted = {"gan_right", "tokens_clean", "diffusion_combinations", "real_floor"}
    assert saved.names() >= wanted | {"gan_seconds_a_picture", "tokens_failed"}
    monkeypatch.setattr(rivals, "train_by_the_clock", None)  # would fail
    rivals.main([*tiny.split(), *there])
    assert table_in(capsys.readouterr().out) == first


def test_a_training_that_diverges_is_a_failed_seed_and_no_end(
    small, capsys, tmp_path, monkeypatch
):
    def diverge(trainer, watch):
        raise FloatingPointError("The loss became nan.")

    monkeypatch.setattr(rivals, "train_by_the_clock", diverge)
    tiny = "--minutes 0.001 --seeds 2 --n 32 --batch 4 --only GAN"
    rivals.main([*tiny.split(), "--out", str(tmp_path)])
    assert table_in(capsys.readouterr().out)["GAN"][-1] == "2 of 2"
    kept = json.loads((tmp_path / "0.001-minutes/gan-1/training.json").read_text())
    assert kept["failed"] == "The loss became nan."


def test_real_pictures_hit_their_own_combinations():
    data = few_critters("train", "one")
    exam = rivals.Exam.of(32, 0, data)
    drawn = rivals.combinations(data.factors)
    assert exam.in_data == drawn and 8 < len(drawn) <= 48
    one_animal = torch.zeros(32, 3, 32, 32) + exam.others[:1]
    verdict = exam.judge(one_animal)
    assert verdict["combinations"] <= 1 and verdict["n"] == 32
    assert exam.judge(exam.others)["right"] >= 31


def test_modes_are_counted_for_every_change_and_no_run_is_repeated(
    capsys, saved, tmp_path, monkeypatch
):
    tiny = f"--iterations 6 --seeds 2 --out {tmp_path / 'runs'} --save {saved.file}"
    mode_collapse.main(tiny.split())
    first = capsys.readouterr().out
    assert {*mode_collapse.TAKEN, *mode_collapse.GIVEN} <= table_in(first).keys()
    assert saved.names() >= {"taken_away_nothing_modes", "given_r1_modes"}
    monkeypatch.setattr(mode_collapse, "point_trainer", None)  # would fail
    mode_collapse.main(tiny.split())
    assert capsys.readouterr().out == first


def test_combinations_of_critters_are_modes_too(small, capsys, tmp_path):
    tiny = f"--critters --minutes 0.001 --seeds 1 --n 32 --out {tmp_path}"
    mode_collapse.main([*tiny.split(), "--only", "nothing"])
    modes, of, *_ = table_in(capsys.readouterr().out)["nothing"]
    assert 0 <= int(modes) <= int(of) <= 48


def test_a_film_shows_both_games(tmp_path):
    from PIL import Image

    file = tmp_path / "film.gif"
    mode_collapse.main(["--film", str(file), "--iterations", "40"])
    with Image.open(file) as film:
        assert film.size == (320, 160) and film.n_frames > 1
