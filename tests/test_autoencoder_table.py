"""The benchmark of the autoencoder runs and says what it promises."""

import re
import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import autoencoder_table  # noqa: E402

from course_lib.networks.autoencoder import Autoencoder, psnr  # noqa: E402
from course_lib.world.datasets import DataError, PictureSet  # noqa: E402
from course_lib.world.drawing import draw_critters  # noqa: E402

SPACES = ("pixels", "latents")


def few_critters(split: str, size: int) -> PictureSet:
    pictures, factors = draw_critters(6, seed=0, size=size, start=50_000)
    return PictureSet("critters", pictures, factors["subject"], ("nothing",), factors)


def tiny_coder(name: str) -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(widths=(8, 8), refine=8).eval()


def no_photos(split: str) -> PictureSet:
    raise DataError("CIFAR-10 is out of reach.")


@pytest.fixture(autouse=True)
def small_world(monkeypatch):
    monkeypatch.setattr(autoencoder_table, "load_critters", few_critters)
    monkeypatch.setattr(autoencoder_table, "load_autoencoder", tiny_coder)
    monkeypatch.setattr(autoencoder_table, "load_cifar10", no_photos)
    monkeypatch.setenv("COURSE_DATA", "")


def test_it_closes_with_its_numbers_and_says_what_was_skipped(capsys, saved):
    autoencoder_table.main(["--n", "4", "--save", str(saved.file)])
    said = capsys.readouterr().out
    found = dict(re.findall(r"^(\w+)=(\S+)$", said, flags=re.MULTILINE))
    names = {"psnr", "psnr_chance", "answers_alike", "pictures_alike"}
    halves = {f"{what}_{w}" for what in ("nobody", "contrast") for w in SPACES}
    assert found.keys() == names | halves
    assert 0 <= float(found["pictures_alike"]) <= float(found["answers_alike"]) <= 1
    assert "| CIFAR-10, enlarged | skipped: CIFAR-10 is out of reach. |" in said
    assert "| emoji | skipped: COURSE_DATA names no mirror" in said
    assert not saved.lacks("autoencoder", but="cifar10|emoji")


def test_a_picture_that_comes_back_whole_is_read_alike(capsys):
    x_0, factors = autoencoder_table.critters(6)
    found = autoencoder_table.agreement(x_0, x_0, factors)
    assert found["answers_alike"].value == found["pictures_alike"].value == 1


def test_half_way_between_a_picture_and_itself_is_the_picture():
    x_0, _ = autoencoder_table.critters(1)
    found = autoencoder_table.half_way(tiny_coder(""), torch.cat([x_0, x_0]))
    assert found["nobody_pixels"].value == 0
    assert found["contrast_pixels"] == pytest.approx(1)


def test_an_interval_lies_around_its_mean():
    x_0, _ = autoencoder_table.critters(6)
    values = psnr(x_0, autoencoder_table.there_and_back(tiny_coder(""), x_0))
    mean, low, high, n = re.findall(r"[\d.]+", autoencoder_table.told(values))
    assert float(low) <= float(mean) <= float(high) and n == "6"


def test_photos_are_enlarged(monkeypatch):
    monkeypatch.setattr(
        autoencoder_table, "load_cifar10", lambda split: few_critters(split, 32)
    )
    assert autoencoder_table.photos(3).shape == (3, 3, 64, 64)
