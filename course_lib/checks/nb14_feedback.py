"""The checks of notebook 14: what a vote says, and how a painter learns from it."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.training.feedback import bradley_terry_loss, dpo_loss

LEARNED = ("winner", "loser")  # as `dpo_loss` calls them; the reference is frozen
FAR = 200.0  # so far apart that float32 rounds the loser's chance to 0


def survives_far(learner: Callable, given: tuple, right: Callable) -> None:
    """Raise NotYetRight if a pair that is judged the wrong way round by FAR is lost."""
    found, expected = ask(learner, *given), right(*given)
    if not isinstance(found, Tensor) or found.shape != ():
        return
    if not math.isfinite(found):
        raise NotYetRight(
            f"right for small differences, but a difference of {FAR:.0f} gives "
            f"{found:.0f}: exp or the sigmoid leaves what float32 can hold, and the "
            "logarithm cannot bring it back. F.logsigmoid does both in one step"
        )
    if found < 0.9 * expected:
        raise NotYetRight(
            f"right for small differences, but it stops growing: one of {FAR:.0f} "
            f"should give {expected:.0f} and gives {found:.0f}, so the worst mistakes "
            "teach nothing. F.logsigmoid needs no clamp and no tiny number added"
        )


# What a vote says -------------------------------------------------------------------


def some_pairs(generator):
    """The rewards of pairs whose winner is mostly, but not always, the higher."""
    B = (6, 9)[generator.initial_seed() % 2]
    r_winner, r_loser = 1.5 * torch.randn(2, B, generator=generator)
    return r_winner + 0.7, r_loser


ONE_PAIR = {"with a single pair": (torch.tensor([0.4]), torch.tensor([1.1]))}


def check_bradley_terry_loss(learner_loss):
    """How surprising the votes are: minus the log of the chance of each, averaged."""

    def check():
        compare(
            learner_loss,
            bradley_terry_loss,
            some_pairs,
            BRADLEY_TERRY,
            also=ONE_PAIR,
        )
        far = torch.tensor([0.0, 1.0]), torch.tensor([FAR, 0.0])
        survives_far(learner_loss, far, bradley_terry_loss)
        compare(learner_loss, bradley_terry_loss, some_pairs, gradient=True)

    return report(check, learner_loss, bradley_terry_loss)


def of_gap(answer: Callable[[Tensor], Tensor]) -> Callable:
    """A mistake that sees only r_winner - r_loser."""
    return lambda win, lose: answer(win - lose)


def surprise(gap: Tensor) -> Tensor:
    return -F.logsigmoid(gap)


BRADLEY_TERRY = {
    "the minus is missing: the logarithm of a chance is below 0, and a loss should "
    "fall as the chance rises": of_gap(lambda gap: -surprise(gap).mean()),
    "winner and loser are swapped: this loss falls when the loser gets the higher "
    "number (or is it the logarithm of 1 minus the chance?)": of_gap(
        lambda gap: surprise(-gap).mean()
    ),
    "that is the logarithm of 1 minus the chance: take minus the logarithm of the "
    "chance (or winner and loser are swapped, and the minus is missing)": (
        of_gap(lambda gap: -surprise(-gap).mean())
    ),
    "the logarithm is missing: minus the chance hardly changes where the network is "
    "badly wrong, so it would learn least where it should learn most": (
        of_gap(lambda gap: -gap.sigmoid().mean())
    ),
    "that is the chance itself, and it rises as the network gets better: a loss is "
    "minus its logarithm": of_gap(lambda gap: gap.sigmoid().mean()),
    "that is 1 minus the chance: a loss is minus the logarithm of the chance": (
        of_gap(lambda gap: (1 - gap.sigmoid()).mean())
    ),
    "the mean is taken too early: a pair that is right by 5 would make up for one that "
    "is wrong by 5. First F.logsigmoid of each pair, then the mean": (
        of_gap(lambda gap: surprise(gap.mean()))
    ),
    "that is the logarithm of the mean chance: take the mean of the logarithms": (
        of_gap(lambda gap: -gap.sigmoid().mean().log())
    ),
    "the pairs are added up: take their mean, or a larger batch takes larger steps": (
        of_gap(lambda gap: surprise(gap).sum())
    ),
    "that is one number for each pair, which is right, but a loss is one number for "
    "all: add .mean()": of_gap(surprise),
    "that is the difference without the sigmoid: it has no bottom, and the network "
    "would push the two apart for ever": of_gap(lambda gap: -gap.mean()),
    "the difference is squared, so it no longer matters who won": (
        of_gap(lambda gap: gap.square().mean())
    ),
    "the difference is squared, so it no longer matters who won; F.logsigmoid takes "
    "the difference as it is": of_gap(lambda gap: -gap.square().mean()),
    "this asks that the difference should be exactly 1: a vote says which is higher, "
    "and not by how much": of_gap(lambda gap: (gap - 1).square().mean()),
    "that is the squared error of the chance: take minus its logarithm": (
        of_gap(lambda gap: (1 - gap.sigmoid()).square().mean())
    ),
    "that is a hinge, another loss for pairs: here a vote has a chance, and the loss "
    "is minus its logarithm": of_gap(lambda gap: (1 - gap).relu().mean()),
    "that is a hinge, another loss for pairs, and it stops at 0: here the loss is "
    "minus the logarithm of a chance": of_gap(lambda gap: (-gap).relu().mean()),
    "r_loser is not used: a vote says nothing about one picture alone": (
        lambda win, lose: surprise(win).mean()
    ),
    "r_winner is not used: a vote says nothing about one picture alone": (
        lambda win, lose: surprise(-lose).mean()
    ),
    "each picture is judged on its own, as good or as bad: a vote only compares the "
    "two, so subtract before the sigmoid": (
        lambda win, lose: (surprise(win) + surprise(-lose)).mean()
    ),
    "the difference comes first, and then F.logsigmoid of it": (
        lambda win, lose: (surprise(win) - surprise(lose)).mean()
    ),
    "the difference comes first, and then the sigmoid of it": (
        lambda win, lose: (lose.sigmoid() - win.sigmoid()).mean()
    ),
    "the difference comes first, then the sigmoid, once": (
        lambda win, lose: surprise(win.sigmoid() - lose.sigmoid()).mean()
    ),
    "the two rewards are added: the chance depends on their difference": (
        lambda win, lose: surprise(win + lose).mean()
    ),
    "the winner's reward is divided by the loser's: subtract, since rewards may be 0 "
    "or below": lambda win, lose: surprise(win / lose).mean(),
    "the winner's reward is divided by the sum of both, as if rewards were never below "
    "0: here the chance is the sigmoid of their difference": (
        lambda win, lose: -(win / (win + lose)).log().mean()
    ),
    "that is the logarithm to base 2: take the natural logarithm": (
        of_gap(lambda gap: surprise(gap).mean() / math.log(2))
    ),
    "that is the logarithm to base 10: take the natural logarithm": (
        of_gap(lambda gap: surprise(gap).mean() / math.log(10))
    ),
    "the difference is made positive, so it no longer matters who won": (
        of_gap(lambda gap: surprise(gap.abs()).mean())
    ),
    "the sigmoid is taken twice: F.logsigmoid contains one already": (
        of_gap(lambda gap: surprise(gap.sigmoid()).mean())
    ),
    "a softmax over the batch makes the pairs compete with each other: only the two of "
    "a pair compete": of_gap(lambda gap: -gap.log_softmax(0).mean()),
    "the softmax runs over the batch, so the pairs compete with each other: only the "
    "two of a pair compete": lambda win, lose: -win.log_softmax(0).mean(),
    "this counts the pairs in the wrong order: a count has no slope, so nothing can "
    "learn from it": of_gap(lambda gap: (gap < 0).float().mean()),
    "this counts the pairs in the right order: a count has no slope, so nothing can "
    "learn from it": of_gap(lambda gap: (gap > 0).float().mean()),
    "that is an exponential loss: the logarithm of 1 + exp(...) is missing, and one "
    "wrong vote would count more than all others": (
        of_gap(lambda gap: (-gap).exp().mean())
    ),
    "the loss is halved: there is nothing to halve": (
        of_gap(lambda gap: surprise(gap).mean() / 2)
    ),
    "tanh is no chance: the sigmoid is, between 0 and 1, and the loss is minus its "
    "logarithm": of_gap(lambda gap: -gap.tanh().mean()),
}  # fmt: skip


# How a painter learns from it -------------------------------------------------------


def some_errors(generator):
    """The errors of pairs of pictures, by a network that has moved a little."""
    B = (6, 9)[generator.initial_seed() % 2]
    win_ref, lose_ref = 0.5 + torch.rand(2, B, generator=generator)
    moved = 0.3 * torch.randn(2, B, generator=generator)
    # Never near 1, where dividing by it does the same as multiplying.
    beta = 3 + 4 * torch.rand((), generator=generator).item()
    return win_ref + moved[0], lose_ref + moved[1], win_ref, lose_ref, beta


def same_errors(beta: float) -> tuple:
    """Before the first iteration: the network is its own reference."""
    win, lose = torch.tensor([[0.3, 0.2, 0.4], [0.1, 0.5, 0.4]])
    return win, lose, win.clone(), lose.clone(), beta


def check_dpo_loss(learner_loss):
    """Bradley-Terry, with beta times how much better than the reference for reward."""

    def check():
        try:
            compare(
                learner_loss,
                dpo_loss,
                some_errors,
                DPO,
                also={"before the first iteration": same_errors(2000.0)},
            )
        except NotYetRight as error:
            if str(error) not in DPO and is_deaf_to_beta(learner_loss):
                raise NotYetRight(
                    "another `beta` changes nothing: use `beta`, not a number or a "
                    "name of the notebook"
                ) from None
            raise
        win, lose, win_ref, lose_ref, _ = same_errors(1.0)
        far = win + 0.5 * FAR, lose - 0.5 * FAR, win_ref, lose_ref, 1.0
        survives_far(learner_loss, far, dpo_loss)
        compare(learner_loss, dpo_loss, some_errors, gradient=LEARNED)

    return report(check, learner_loss, dpo_loss)


def is_deaf_to_beta(learner_loss: Callable) -> bool:
    """Whether it gives the same answer for another beta."""
    *errors, beta = some_errors(torch.Generator().manual_seed(0))
    try:
        one, other = (ask(learner_loss, *errors, b) for b in (beta, beta / 2))
    except Exception:  # then what the comparison showed is told
        return False
    return isinstance(one, Tensor) and torch.equal(one, other)


def moved(answer: Callable[[Tensor, Tensor, float], Tensor]) -> Callable:
    """A mistake that sees how the two errors have moved, and beta."""

    def mistaken(win, lose, win_ref, lose_ref, beta):
        return answer(win - win_ref, lose - lose_ref, beta)

    return mistaken


def rewarded(gap: Callable) -> Callable:
    """A mistake in the gap: the mean surprise of beta * gap(win, lose, their refs)."""

    def mistaken(win, lose, win_ref, lose_ref, beta):
        return surprise(beta * gap(win, lose, win_ref, lose_ref)).mean()

    return mistaken


def of_reward(reward: Callable[[Tensor, Tensor, float], Tensor]) -> Callable:
    """A mistake in the reward, from a picture's error, the reference's and beta."""

    def mistaken(win, lose, win_ref, lose_ref, beta):
        return surprise(
            reward(win, win_ref, beta) - reward(lose, lose_ref, beta)
        ).mean()

    return mistaken


DPO = {
    "the vote is read the wrong way round: the loss falls when the *loser's* error "
    "falls. A lower error is a higher reward, hence the minus before beta (or are "
    "winner and loser, or the network and its reference, swapped?)": (
        moved(lambda won, lost, beta: surprise(beta * (won - lost)).mean())
    ),
    "the minus before the logarithm is missing: F.logsigmoid is below 0, and a loss "
    "should fall as the chance rises": (
        moved(lambda won, lost, beta: -surprise(-beta * (won - lost)).mean())
    ),
    "both minus signs are missing: that before F.logsigmoid, and that before beta": (
        moved(lambda won, lost, beta: -surprise(beta * (won - lost)).mean())
    ),
    "the reference is missing: what counts is not the error, but how much lower it is "
    "than the reference's. Some pictures are hard for everybody": (
        rewarded(lambda win, lose, win_ref, lose_ref: lose - win)
    ),
    "only the reference is asked, which is frozen: nothing would ever be learned": (
        rewarded(lambda win, lose, win_ref, lose_ref: lose_ref - win_ref)
    ),
    "the reference is taken off only once, for the winner: the loser has one too": (
        rewarded(lambda win, lose, win_ref, lose_ref: lose - (win - win_ref))
    ),
    "the reference is taken off only once, for the loser: the winner has one too": (
        rewarded(lambda win, lose, win_ref, lose_ref: (lose - lose_ref) - win)
    ),
    "the mean is taken too early: pairs that are right would make up for pairs that "
    "are wrong. First F.logsigmoid of each pair, then the mean": (
        moved(lambda won, lost, beta: surprise(-beta * (won - lost).mean()))
    ),
    "beta is left out: differences of errors are tiny, and every chance would stay "
    "near one half": moved(lambda won, lost, beta: surprise(lost - won).mean()),
    "it divides by beta: multiply, so that tiny differences of errors count": (
        moved(lambda won, lost, beta: surprise((lost - won) / beta).mean())
    ),
    "beta stands outside F.logsigmoid: there it only makes the steps larger. Multiply "
    "the difference by it": (
        moved(lambda won, lost, beta: beta * surprise(lost - won).mean())
    ),
    "beta, with its minus, stands outside F.logsigmoid: there it turns the loss upside "
    "down. Multiply the difference by it": (
        moved(lambda won, lost, beta: -beta * surprise(won - lost).mean())
    ),
    "beta stands outside F.logsigmoid, with a minus too many: multiply the difference "
    "by it": moved(lambda won, lost, beta: -beta * surprise(lost - won).mean()),
    "beta is halved: some programs do that; here it is taken as it is": (
        moved(lambda won, lost, beta: surprise(0.5 * beta * (lost - won)).mean())
    ),
    "beta is squared: multiply by it once": (
        moved(lambda won, lost, beta: surprise(beta**2 * (lost - won)).mean())
    ),
    "beta multiplies only the winner: put brackets around the whole difference": (
        moved(lambda won, lost, beta: surprise(-beta * won - lost).mean())
    ),
    "beta multiplies only the winner's part: both parts need it": (
        moved(lambda won, lost, beta: surprise(-beta * won + lost).mean())
    ),
    "the pairs are added up: take their mean, or a larger batch takes larger steps": (
        moved(lambda won, lost, beta: surprise(beta * (lost - won)).sum())
    ),
    "that is one number for each pair, which is right, but a loss is one number for "
    "all: add .mean()": moved(lambda won, lost, beta: surprise(beta * (lost - won))),
    "winner and loser are added where they should be subtracted: both errors would be "
    "pushed down": moved(lambda won, lost, beta: surprise(-beta * (won + lost)).mean()),
    "brackets are missing: beta multiplies win and lose alone, and not the references. "
    "A reward is -beta * (win - win_ref)": (
        of_reward(lambda error, error_ref, beta: -beta * error - error_ref)
    ),
    "brackets are missing: beta multiplies win and lose, and must multiply the "
    "references too. A reward is -beta * (win - win_ref)": (
        of_reward(lambda error, error_ref, beta: -beta * error + error_ref)
    ),
    "brackets are missing: beta multiplies the references alone, and not win and lose. "
    "A reward is beta * (win_ref - win)": (
        of_reward(lambda error, error_ref, beta: beta * error_ref - error)
    ),
    "brackets are missing: win - win_ref - lose - lose_ref takes lose_ref off twice. "
    "It is (win - win_ref) - (lose - lose_ref)": (
        rewarded(lambda win, lose, win_ref, lose_ref: lose + lose_ref + win_ref - win)
    ),
    "the logarithm is missing: the loss is minus the logarithm of the chance": (
        moved(lambda won, lost, beta: -(beta * (lost - won)).sigmoid().mean())
    ),
    "that is the logarithm of the mean chance: take the mean of the logarithms": (
        moved(lambda won, lost, beta: -(beta * (lost - won)).sigmoid().mean().log())
    ),
    "the loser is missing: a vote compares two pictures": (
        moved(lambda won, lost, beta: surprise(-beta * won).mean())
    ),
    "the winner is missing: a vote compares two pictures": (
        moved(lambda won, lost, beta: surprise(beta * lost).mean())
    ),
    "the difference comes first, and then F.logsigmoid of it, once": (
        moved(lambda won, lost, b: (surprise(-b * won) - surprise(-b * lost)).mean())
    ),
    "each picture is judged on its own: a vote only compares the two, so subtract "
    "before F.logsigmoid": (
        moved(lambda won, lost, b: (surprise(-b * won) + surprise(b * lost)).mean())
    ),
    "no sigmoid: this has no bottom, and would push the loser's error up for ever": (
        moved(lambda won, lost, beta: (beta * (won - lost)).mean())
    ),
    "no sigmoid and no beta: this has no bottom, and the loser's error would be pushed "
    "up for ever": moved(lambda won, lost, beta: (won - lost).mean()),
    "no sigmoid, no beta and no reference: this has no bottom, and the loser's error "
    "would be pushed up for ever": (
        lambda win, lose, win_ref, lose_ref, beta: (win - lose).mean()
    ),
    "that is plain training on the winners: the losers say something too": (
        lambda win, lose, win_ref, lose_ref, beta: win.mean()
    ),
    "an error is divided by the reference's: subtract": (
        rewarded(lambda win, lose, win_ref, lose_ref: lose / lose_ref - win / win_ref)
    ),
    "these are logarithms of the errors: an error already stands for a logarithm, so "
    "only subtract": (
        rewarded(
            lambda win, lose, win_ref, lose_ref: (
                (lose / lose_ref).log() - (win / win_ref).log()
            )
        )
    ),
    "the differences are squared, so better and worse look the same": (
        moved(lambda won, lost, beta: surprise(beta * (lost**2 - won**2)).mean())
    ),
    "the errors are squared once more: they are squared errors already": (
        rewarded(
            lambda win, lose, win_ref, lose_ref: (
                lose**2 - lose_ref**2 - win**2 + win_ref**2
            )
        )
    ),
    "the differences are made positive, so better and worse look the same": (
        moved(lambda won, lost, beta: surprise(beta * (lost.abs() - won.abs())).mean())
    ),
    "the references are added, or crossed: it is win - win_ref, and lose - lose_ref": (
        rewarded(
            lambda win, lose, win_ref, lose_ref: (lose - win_ref) - (win - lose_ref)
        )
    ),
}  # fmt: skip
