"""The official distance: measured with Inception, or refused with a sentence."""

import urllib.error

import pytest
import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from course_lib.judging import official_fid as of
from course_lib.judging.official_fid import FidError


class Mean(nn.Module):
    """In the place of Inception: the mean of each channel."""

    num_features = 3

    def forward(self, pictures):
        assert pictures.dtype == torch.uint8
        return pictures.float().mean((2, 3))


def test_it_compares_the_pictures_as_bytes(monkeypatch):
    monkeypatch.setattr(
        of, "inception_metric", lambda: FrechetInceptionDistance(Mean())
    )
    a, b = (
        torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(i))
        for i in (0, 1)
    )
    near, far = of.official_fid(a, b), of.official_fid(a, b - 1)
    assert -1 < near < 20 and far > 1000
    with pytest.raises(ValueError, match="two pictures or more"):
        of.official_fid(a, b[:1])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            ModuleNotFoundError("torch_fidelity"),
            "pip install -c constraints.txt torch-fi",
        ),
        (urllib.error.URLError("no network"), "cannot be fetched"),
    ],
)
def test_without_it_there_is_a_sentence(monkeypatch, error, sentence):
    def refuse(*given):
        raise error

    monkeypatch.setattr(of, "FrechetInceptionDistance", refuse)
    with pytest.raises(FidError, match=sentence):
        of.inception_metric()


def test_the_command_refuses_before_it_draws(cli, words, monkeypatch):
    def refuse():
        raise FidError("Inception is not here.")

    monkeypatch.setattr(of, "inception_metric", refuse)
    code, _, err = cli("evaluate --weights critters --n 32 --seeds 1 --fid")
    assert code == 2 and err == ["Inception is not here."]
    code, _, err = cli("evaluate --weights words --n 32 --fid")
    assert code == 2 and "--fid needs weights that draw labels" in err[0]
