"""The checks of notebook 14 name the mistakes that people make, and no others."""

import pytest
import torch
import torch.nn.functional as F

from course_lib.checks.nb14_feedback import (
    BRADLEY_TERRY,
    DPO,
    check_bradley_terry_loss,
    check_dpo_loss,
    same_errors,
    some_errors,
    some_pairs,
)
from course_lib.training.feedback import bradley_terry_loss, dpo_loss


def said(capsys) -> str:
    """The first line that the learner read."""
    return capsys.readouterr().out.splitlines()[0]


def test_right_functions_are_used_onward(capsys):
    def mine(r_winner, r_loser):
        return F.softplus(r_loser - r_winner).mean()

    assert check_bradley_terry_loss(mine) is mine
    assert said(capsys) == "bradley_terry_loss: ok"

    def by_rewards(win, lose, win_ref, lose_ref, beta):
        return mine(beta * (win_ref - win), beta * (lose_ref - lose))

    assert check_dpo_loss(by_rewards) is by_rewards
    assert said(capsys) == "dpo_loss: ok"


@pytest.mark.parametrize("sentence", BRADLEY_TERRY)
def test_every_mistake_with_votes_gets_its_name(sentence, capsys):
    assert check_bradley_terry_loss(BRADLEY_TERRY[sentence]) is bradley_terry_loss
    assert sentence in said(capsys)


@pytest.mark.parametrize("sentence", DPO)
def test_every_mistake_in_the_loss_of_the_painter_gets_its_name(sentence, capsys):
    assert check_dpo_loss(DPO[sentence]) is dpo_loss
    assert sentence in said(capsys)


def test_what_has_no_name_shows_one_number(capsys):
    check_bradley_terry_loss(lambda w, loser: -F.logsigmoid(w - loser).mean() + 1)
    assert "expected" in said(capsys)
    check_dpo_loss(lambda *given: dpo_loss(*given) + 1)
    assert "expected" in said(capsys)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_examples_hold_pairs_of_either_order(seed):
    """Else `abs` and a hinge at 0 would look right."""
    gap = torch.sub(*some_pairs(torch.Generator().manual_seed(seed)))
    assert (gap > 0).any() and (gap < 0).any()
    win, lose, win_ref, lose_ref, _ = some_errors(torch.Generator().manual_seed(seed))
    gap = (win - win_ref) - (lose - lose_ref)
    assert (gap > 0).any() and (gap < 0).any()
    assert min(x.min() for x in (win, lose, win_ref, lose_ref)) > 0


def test_a_network_that_has_not_moved_is_as_good_as_a_coin():
    assert torch.isclose(dpo_loss(*same_errors(5000.0)), torch.tensor(2.0).log())
