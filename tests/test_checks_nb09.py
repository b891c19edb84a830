"""The checks of notebook 09 name the mistakes that people make, and no others."""

import re
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F

from course_lib.checks.nb09_image_text import check_contrastive_loss, check_cosines
from course_lib.networks.contrastive import contrastive_loss, cosines

ROOT = Path(__file__).resolve().parents[1]


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


# The table ----------------------------------------------------------------------


def test_a_right_table_is_used_onward(capsys):
    def mine(image_out, text_out):
        rows = [[F.cosine_similarity(i, t, dim=0) for t in text_out] for i in image_out]
        return torch.stack([torch.stack(row) for row in rows])

    assert check_cosines(mine) is mine
    assert said(capsys) == "cosines: ok"


def unit(vectors, dim):
    return vectors / vectors.norm(dim=dim, keepdim=True)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda i, t: i @ t.T, "not brought to length 1"),
        (lambda i, t: unit(i, 0) @ unit(t, 0).T, "the columns have length 1"),
        (lambda i, t: unit(t, 1) @ unit(i, 1).T, "pictures and texts are swapped"),
    ],
)
def test_wrong_tables_are_named(capsys, wrong, words):
    assert check_cosines(wrong) is not wrong
    assert words in said(capsys)


@pytest.mark.parametrize(
    "wrong",
    [lambda i, t: 3 * unit(i, 1) @ unit(t, 1).T, lambda i, t: unit(i @ t.T, 1)],
)
def test_another_table_shows_one_number(capsys, wrong):
    check_cosines(wrong)
    words = said(capsys)
    assert "expected" in words and "found" in words


# The loss -----------------------------------------------------------------------


def ce(logits, dim=1):
    """The cross-entropy by hand: minus the mean log-chance of the diagonal."""
    return -logits.softmax(dim).diagonal().log().mean()


def test_a_right_loss_is_used_onward(capsys):
    def mine(table, logit_scale):
        logits = logit_scale * table
        return 0.5 * ce(logits, 1) + 0.5 * ce(logits, 0)

    assert check_contrastive_loss(mine) is mine
    assert said(capsys) == "contrastive_loss: ok"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda table, s: ce(s * table), "only the rows count"),
        (lambda table, s: ce(s * table, 0), "only the columns count"),
        (lambda table, s: (ce(s * table) + ce(table, 0)) / 2, "only for the rows"),
        (lambda table, s: (ce(table) + ce(s * table, 0)) / 2, "only for the columns"),
        (lambda table, s: (ce(table / s) + ce(table / s, 0)) / 2, "was divided"),
    ],
)
def test_wrong_losses_are_named(capsys, wrong, words):
    assert check_contrastive_loss(wrong) is not wrong
    assert words in said(capsys)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda table, s: (s * table).logsumexp((0, 1)),
        lambda table, s: (s * table).square().mean(),
    ],
)
def test_another_loss_shows_one_number(capsys, wrong):
    check_contrastive_loss(wrong)
    words = said(capsys)
    assert "expected" in words and "found" in words


def test_a_loss_that_nothing_can_learn_from_is_told_so(capsys):
    check_contrastive_loss(lambda table, s: contrastive_loss(table, s).detach())
    assert "no gradient gets through" in said(capsys)
    check_cosines(lambda i, t: cosines(i, t).detach())
    assert "no gradient gets through" in said(capsys)


# Nothing written yet ------------------------------------------------------------


def test_empty_answers_get_functions_that_work(capsys):
    def nothing(*given):
        raise NotImplementedError("your turn")

    assert check_cosines(nothing) is cosines
    assert check_contrastive_loss(nothing) is contrastive_loss
    lines = capsys.readouterr().out.splitlines()
    assert "cosines: not done yet" in lines
    assert "contrastive_loss: not done yet" in lines


# The lesson ---------------------------------------------------------------------


def test_the_lessons_answers_quote_what_the_notebook_printed():
    """New weights bring new numbers: then both the notebook and the page change."""
    page = (ROOT / "lessons" / "09_image_text.md").read_text(encoding="utf-8")
    answers = page.split("## Questions people ask")[1].split("<details>")[0]
    solved = nbformat.read(
        ROOT / "notebooks/solutions/09_image_text.ipynb", as_version=4
    )
    outputs = (out for cell in solved.cells for out in cell.get("outputs", []))
    printed = " ".join(out.get("text", "") for out in outputs)
    quoted = set(re.findall(r"\d\.\d\d|\d+\s+of\s+\d+|\d+ %", answers))
    assert len(quoted) >= 3
    assert not {words for words in quoted if " ".join(words.split()) not in printed}
