"""The check of notebook 00 shows a beginner all three answers."""

import pytest
import torch

from course_lib.checks.nb00_start import check_mirror
from course_lib.pixels import mirror


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_a_right_mirror_is_used_onward(capsys):
    def mine(picture):
        columns = reversed(range(picture.shape[2]))
        return torch.stack([picture[:, :, column] for column in columns], dim=2)

    assert check_mirror(mine) is mine
    assert said(capsys) == "mirror: ok"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda picture: picture.flip(1), "it stands on its head"),
        (lambda picture: picture.flip(0), "red and blue are swapped"),
        (lambda picture: picture.flip([1, 2]), "one axis is enough"),
    ],
)
def test_wrong_mirrors_are_named(capsys, wrong, words):
    assert check_mirror(wrong) is mirror
    assert words in said(capsys)


@pytest.mark.parametrize(
    "wrong",
    [lambda picture: picture / 2, lambda picture: picture.rot90(2, (1, 2)).cos()],
)
def test_another_mistake_shows_one_number(capsys, wrong):
    check_mirror(wrong)
    assert "expected" in said(capsys)


def test_an_empty_answer_gets_a_mirror_that_works(capsys):
    def mine(picture):
        raise NotImplementedError("your turn")

    picture = torch.arange(12.0).reshape(3, 2, 2)
    assert torch.equal(check_mirror(mine)(picture), picture[:, :, [1, 0]])
    assert said(capsys) == "mirror: not done yet"
