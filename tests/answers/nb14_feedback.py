"""What is handed in for notebook 14."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from answers import right, wrong
from course_lib.checks.nb14_feedback import check_bradley_terry_loss, check_dpo_loss

# Bradley-Terry: right ---------------------------------------------------------------


@right(check_bradley_terry_loss)
def as_the_solution(r_winner, r_loser):
    return -F.logsigmoid(r_winner - r_loser).mean()


@right(check_bradley_terry_loss)
def softplus_of_the_turned_difference(r_winner, r_loser):
    return F.softplus(r_loser - r_winner).mean()


@right(check_bradley_terry_loss)
def binary_cross_entropy(r_winner, r_loser):
    logits = r_winner - r_loser
    return F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


@right(check_bradley_terry_loss)
def cross_entropy_of_two(r_winner, r_loser):
    scores = torch.stack([r_winner, r_loser], dim=1)  # (B, 2)
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


@right(check_bradley_terry_loss)
def log_softmax_of_two(r_winner, r_loser):
    both = torch.stack([r_winner, r_loser])
    return both.log_softmax(0)[0].neg().mean()


@right(check_bradley_terry_loss)
def logsumexp_minus_winner(r_winner, r_loser):
    both = torch.stack([r_winner, r_loser], dim=-1)
    return (both.logsumexp(-1) - r_winner).mean()


@right(check_bradley_terry_loss)
def logaddexp(r_winner, r_loser):
    return torch.logaddexp(torch.zeros_like(r_loser), r_loser - r_winner).mean()


@right(check_bradley_terry_loss)
def by_a_layer(r_winner, r_loser):
    return torch.mean(-nn.LogSigmoid()(torch.sub(r_winner, r_loser)))


@right(check_bradley_terry_loss)
def sum_over_count(r_winner, r_loser):
    surprise = -F.logsigmoid(r_winner - r_loser)
    return surprise.sum() / len(surprise)


@right(check_bradley_terry_loss)
def pair_by_pair(r_winner, r_loser):
    total = 0
    for winner, loser in zip(r_winner, r_loser, strict=True):
        total = total - F.logsigmoid(winner - loser)
    return total / len(r_winner)


@right(check_bradley_terry_loss)
def by_hand_without_overflow(r_winner, r_loser):
    x = r_loser - r_winner
    return (torch.relu(x) + torch.log1p(torch.exp(-x.abs()))).mean()


@right(check_bradley_terry_loss)
def stacked(r_winner, r_loser):
    surprises = [-F.logsigmoid(w - r_loser[i]) for i, w in enumerate(r_winner)]
    return torch.stack(surprises).mean()


@right(check_bradley_terry_loss)
def minus_one_times(r_winner, r_loser):
    gap = r_winner - r_loser
    log_chance = F.logsigmoid(gap)
    return -1 * log_chance.mean()


# Bradley-Terry: wrong ---------------------------------------------------------------


@wrong(check_bradley_terry_loss, "the minus is missing")
def no_minus(r_winner, r_loser):
    return F.logsigmoid(r_winner - r_loser).mean()


@wrong(check_bradley_terry_loss, "winner and loser are swapped")
def swapped(r_winner, r_loser):
    return -F.logsigmoid(r_loser - r_winner).mean()


@wrong(check_bradley_terry_loss, "winner and loser are swapped")
def minus_inside(r_winner, r_loser):
    return -F.logsigmoid(-(r_winner - r_loser)).mean()


@wrong(check_bradley_terry_loss, "winner and loser are swapped")
def target_0(r_winner, r_loser):
    logits = r_winner - r_loser
    return F.binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))


@wrong(check_bradley_terry_loss, "winner and loser are swapped")
def second_of_two(r_winner, r_loser):
    scores = torch.stack([r_winner, r_loser], dim=1)
    return F.cross_entropy(scores, torch.ones(len(scores), dtype=torch.long))


@wrong(check_bradley_terry_loss, "swapped, and the minus is missing")
def swapped_without_minus(r_winner, r_loser):
    return F.logsigmoid(r_loser - r_winner).mean()


@wrong(check_bradley_terry_loss, "the logarithm of 1 minus the chance")
def log_of_the_surprise(r_winner, r_loser):
    return (1 - torch.sigmoid(r_winner - r_loser)).log().mean()


@wrong(check_bradley_terry_loss, "the logarithm of 1 minus the chance")
def minus_log_of_the_surprise(r_winner, r_loser):
    return -(1 - torch.sigmoid(r_winner - r_loser)).log().mean()


@wrong(check_bradley_terry_loss, "divided by the sum of both")
def as_strengths(r_winner, r_loser):
    return -(r_winner / (r_winner + r_loser)).log().mean()


@wrong(check_bradley_terry_loss, "the logarithm is missing")
def no_logarithm(r_winner, r_loser):
    return -torch.sigmoid(r_winner - r_loser).mean()


@wrong(check_bradley_terry_loss, "that is the chance itself")
def chance(r_winner, r_loser):
    return torch.sigmoid(r_winner - r_loser).mean()


@wrong(check_bradley_terry_loss, "1 minus the chance")
def one_minus_chance(r_winner, r_loser):
    return (1 - torch.sigmoid(r_winner - r_loser)).mean()


@wrong(check_bradley_terry_loss, "1 minus the chance")
def chance_of_the_loser(r_winner, r_loser):
    return torch.sigmoid(r_loser - r_winner).mean()


@wrong(check_bradley_terry_loss, "the mean is taken too early")
def mean_first(r_winner, r_loser):
    return -F.logsigmoid((r_winner - r_loser).mean())


@wrong(check_bradley_terry_loss, "the mean is taken too early")
def means_first(r_winner, r_loser):
    return -F.logsigmoid(r_winner.mean() - r_loser.mean())


@wrong(check_bradley_terry_loss, "logarithm of the mean chance")
def log_of_mean_chance(r_winner, r_loser):
    return -torch.sigmoid(r_winner - r_loser).mean().log()


@wrong(check_bradley_terry_loss, "added up")
def summed(r_winner, r_loser):
    return -F.logsigmoid(r_winner - r_loser).sum()


@wrong(check_bradley_terry_loss, "one number for each pair")
def not_reduced(r_winner, r_loser):
    return -F.logsigmoid(r_winner - r_loser)


@wrong(check_bradley_terry_loss, "F.logsigmoid")
def log_of_sigmoid(r_winner, r_loser):
    return -torch.log(torch.sigmoid(r_winner - r_loser)).mean()


@wrong(check_bradley_terry_loss, "F.logsigmoid")
def one_over_one_plus_exp(r_winner, r_loser):
    return -(1 / (1 + torch.exp(r_loser - r_winner))).log().mean()


@wrong(check_bradley_terry_loss, "F.logsigmoid")
def log_of_one_plus_exp(r_winner, r_loser):
    return torch.log(1 + torch.exp(r_loser - r_winner)).mean()


@wrong(check_bradley_terry_loss, "F.logsigmoid")
def softmax_then_log(r_winner, r_loser):
    return -torch.stack([r_winner, r_loser]).softmax(0)[0].log().mean()


# Right on paper; but torch writes it as log(1 + exp(...)), which overflows.
@wrong(check_bradley_terry_loss, "F.logsigmoid")
def soft_margin(r_winner, r_loser):
    return F.soft_margin_loss(r_winner.clone() - r_loser, torch.ones(len(r_winner)))


@wrong(check_bradley_terry_loss, "stops growing")
def with_a_tiny_number(r_winner, r_loser):
    return -torch.log(torch.sigmoid(r_winner - r_loser) + 1e-8).mean()


@wrong(check_bradley_terry_loss, "stops growing")
def chance_clamped(r_winner, r_loser):
    return -torch.sigmoid(r_winner - r_loser).clamp(1e-6, 1).log().mean()


@wrong(check_bradley_terry_loss, "stops growing")
def difference_clamped(r_winner, r_loser):
    return -F.logsigmoid((r_winner - r_loser).clamp(-20, 20)).mean()


@wrong(check_bradley_terry_loss, "no bottom")
def difference_alone(r_winner, r_loser):
    return -(r_winner - r_loser).mean()


@wrong(check_bradley_terry_loss, "the difference is squared")
def difference_squared(r_winner, r_loser):
    return ((r_winner - r_loser) ** 2).mean()


@wrong(check_bradley_terry_loss, "the difference is squared")
def mean_squared_error(r_winner, r_loser):
    return F.mse_loss(r_winner, r_loser)


@wrong(check_bradley_terry_loss, "the difference is squared")
def minus_difference_squared(r_winner, r_loser):
    return -((r_winner - r_loser) ** 2).mean()


@wrong(check_bradley_terry_loss, "should be exactly 1")
def one_apart(r_winner, r_loser):
    return ((r_winner - r_loser - 1) ** 2).mean()


@wrong(check_bradley_terry_loss, "squared error of the chance")
def brier(r_winner, r_loser):
    return (1 - torch.sigmoid(r_winner - r_loser)).square().mean()


@wrong(check_bradley_terry_loss, "hinge")
def hinge(r_winner, r_loser):
    return torch.relu(1 - (r_winner - r_loser)).mean()


@wrong(check_bradley_terry_loss, "hinge")
def margin_ranking(r_winner, r_loser):
    return F.margin_ranking_loss(r_winner, r_loser, torch.ones(len(r_winner)))


@wrong(check_bradley_terry_loss, "r_loser is not used")
def winner_alone(r_winner, r_loser):
    return -F.logsigmoid(r_winner).mean()


@wrong(check_bradley_terry_loss, "r_winner is not used")
def loser_alone(r_winner, r_loser):
    return -F.logsigmoid(-r_loser).mean()


@wrong(check_bradley_terry_loss, "judged on its own")
def each_on_its_own(r_winner, r_loser):
    return (-F.logsigmoid(r_winner) - F.logsigmoid(-r_loser)).mean()


@wrong(check_bradley_terry_loss, "the difference comes first")
def difference_of_logs(r_winner, r_loser):
    return -(F.logsigmoid(r_winner) - F.logsigmoid(r_loser)).mean()


@wrong(check_bradley_terry_loss, "the difference comes first")
def difference_of_chances(r_winner, r_loser):
    return -(torch.sigmoid(r_winner) - torch.sigmoid(r_loser)).mean()


@wrong(check_bradley_terry_loss, "the difference comes first")
def log_of_difference_of_chances(r_winner, r_loser):
    return -F.logsigmoid(torch.sigmoid(r_winner) - torch.sigmoid(r_loser)).mean()


@wrong(check_bradley_terry_loss, "added")
def sum_of_both(r_winner, r_loser):
    return -F.logsigmoid(r_winner + r_loser).mean()


@wrong(check_bradley_terry_loss, "divided by the loser's")
def ratio(r_winner, r_loser):
    return -F.logsigmoid(r_winner / r_loser).mean()


@wrong(check_bradley_terry_loss, "natural logarithm")
def log_2(r_winner, r_loser):
    return -torch.log2(torch.sigmoid(r_winner - r_loser)).mean()


@wrong(check_bradley_terry_loss, "natural logarithm")
def log_10(r_winner, r_loser):
    return -F.logsigmoid(r_winner - r_loser).mean() / math.log(10)


@wrong(check_bradley_terry_loss, "made positive")
def absolute(r_winner, r_loser):
    return -F.logsigmoid((r_winner - r_loser).abs()).mean()


@wrong(check_bradley_terry_loss, "the sigmoid is taken twice")
def sigmoid_twice(r_winner, r_loser):
    return -F.logsigmoid(torch.sigmoid(r_winner - r_loser)).mean()


@wrong(check_bradley_terry_loss, "the sigmoid is taken twice")
def sigmoid_into_cross_entropy(r_winner, r_loser):
    chance = torch.sigmoid(r_winner - r_loser)
    return F.binary_cross_entropy_with_logits(chance, torch.ones_like(chance))


@wrong(check_bradley_terry_loss, "pairs compete with each other")
def softmax_over_the_batch(r_winner, r_loser):
    return -(r_winner - r_loser).log_softmax(0).mean()


@wrong(check_bradley_terry_loss, "pairs compete with each other")
def softmax_over_the_wrong_axis(r_winner, r_loser):
    return -torch.stack([r_winner, r_loser]).log_softmax(1)[0].mean()


@wrong(check_bradley_terry_loss, "counts")
def share_of_wrong_ones(r_winner, r_loser):
    return (r_winner < r_loser).float().mean()


@wrong(check_bradley_terry_loss, "counts")
def share_of_right_ones(r_winner, r_loser):
    return (r_winner > r_loser).float().mean()


@wrong(check_bradley_terry_loss, "exponential")
def exponential(r_winner, r_loser):
    return torch.exp(r_loser - r_winner).mean()


@wrong(check_bradley_terry_loss, "halved")
def halved(r_winner, r_loser):
    return -F.logsigmoid(r_winner - r_loser).mean() / 2


@wrong(check_bradley_terry_loss, "tanh")
def by_tanh(r_winner, r_loser):
    return -torch.tanh(r_winner - r_loser).mean()


@wrong(check_bradley_terry_loss, "gradient")
def detached(r_winner, r_loser):
    return -F.logsigmoid((r_winner - r_loser).detach()).mean()


@wrong(check_bradley_terry_loss, "gradient")
def only_the_winner_learns(r_winner, r_loser):
    return -F.logsigmoid(r_winner - r_loser.detach()).mean()


@wrong(check_bradley_terry_loss, "no_grad")
def without_gradients(r_winner, r_loser):
    with torch.no_grad():
        return -F.logsigmoid(r_winner - r_loser).mean()


@wrong(check_bradley_terry_loss, "a tensor is needed")
def as_a_number(r_winner, r_loser):
    return -F.logsigmoid(r_winner - r_loser).mean().item()


@wrong(check_bradley_terry_loss)
def only_the_first(r_winner, r_loser):
    return -F.logsigmoid(r_winner[0] - r_loser[0])


@wrong(check_bradley_terry_loss, "it returned None")
def nothing(r_winner, r_loser):
    F.logsigmoid(r_winner - r_loser).mean()


@wrong(check_bradley_terry_loss)
def log_of_the_difference(r_winner, r_loser):
    return -torch.log(r_winner - r_loser).mean()


# Diffusion-DPO: right ---------------------------------------------------------------


@right(check_dpo_loss)
def dpo_as_the_solution(win, lose, win_ref, lose_ref, beta):
    won, lost = win - win_ref, lose - lose_ref
    return -F.logsigmoid(-beta * (won - lost)).mean()


@right(check_dpo_loss)
def in_one_line(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win - win_ref) - (lose - lose_ref))).mean()


@right(check_dpo_loss)
def as_rewards(win, lose, win_ref, lose_ref, beta):
    r_winner = -beta * (win - win_ref)
    r_loser = -beta * (lose - lose_ref)
    return as_the_solution(r_winner, r_loser)


@right(check_dpo_loss)
def rewards_turned(win, lose, win_ref, lose_ref, beta):
    return as_the_solution(beta * (win_ref - win), beta * (lose_ref - lose))


@right(check_dpo_loss)
def network_and_reference(win, lose, win_ref, lose_ref, beta):
    network, reference = win - lose, win_ref - lose_ref
    return -F.logsigmoid(-beta * (network - reference)).mean()


@right(check_dpo_loss)
def as_the_paper_codes_it(win, lose, win_ref, lose_ref, beta):
    model_diff = win - lose
    ref_diff = win_ref - lose_ref
    scale_term = -1 * beta
    inside_term = scale_term * (model_diff - ref_diff)
    return -1 * F.logsigmoid(inside_term).mean()


@right(check_dpo_loss)
def dpo_softplus(win, lose, win_ref, lose_ref, beta):
    return F.softplus(beta * (win - win_ref - lose + lose_ref)).mean()


@right(check_dpo_loss)
def reference_detached(win, lose, win_ref, lose_ref, beta):
    better = (lose - lose_ref.detach()) - (win - win_ref.detach())
    return -F.logsigmoid(beta * better).mean()


@right(check_dpo_loss)
def dpo_cross_entropy(win, lose, win_ref, lose_ref, beta):
    logits = beta * ((lose - lose_ref) - (win - win_ref))
    return F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))


@right(check_dpo_loss)
def dpo_two_scores(win, lose, win_ref, lose_ref, beta):
    scores = -beta * torch.stack([win - win_ref, lose - lose_ref], 1)
    return F.cross_entropy(scores, torch.zeros(len(win), dtype=torch.long))


@right(check_dpo_loss)
def dpo_pair_by_pair(win, lose, win_ref, lose_ref, beta):
    losses = []
    for i in range(len(win)):
        gap = (win[i] - win_ref[i]) - (lose[i] - lose_ref[i])
        losses.append(-F.logsigmoid(-beta * gap))
    return torch.stack(losses).mean()


@right(check_dpo_loss)
def dpo_summed_and_divided(win, lose, win_ref, lose_ref, beta):
    inside = torch.mul((win_ref - win) - (lose_ref - lose), beta)
    return F.logsigmoid(inside).sum().neg() / inside.numel()


@right(check_dpo_loss)
def dpo_logaddexp(win, lose, win_ref, lose_ref, beta):
    x = beta * (win - win_ref) - beta * (lose - lose_ref)
    return torch.logaddexp(x, torch.zeros_like(x)).mean()


# Diffusion-DPO: wrong ---------------------------------------------------------------


@wrong(check_dpo_loss, "the wrong way round")
def no_minus_before_beta(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(beta * ((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "the wrong way round")
def dpo_swapped(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((lose - lose_ref) - (win - win_ref))).mean()


@wrong(check_dpo_loss, "the wrong way round")
def network_for_reference(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win_ref - win) - (lose_ref - lose))).mean()


@wrong(check_dpo_loss, "the wrong way round")
def errors_as_rewards(win, lose, win_ref, lose_ref, beta):
    return as_the_solution(beta * (win - win_ref), beta * (lose - lose_ref))


@wrong(check_dpo_loss, "the minus before the logarithm is missing")
def dpo_no_outer_minus(win, lose, win_ref, lose_ref, beta):
    return F.logsigmoid(-beta * ((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "both minus signs are missing")
def dpo_no_minus_at_all(win, lose, win_ref, lose_ref, beta):
    return F.logsigmoid(beta * ((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "the reference is missing")
def no_reference(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * (win - lose)).mean()


@wrong(check_dpo_loss, "only the reference")
def reference_alone(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * (win_ref - lose_ref)).mean()


@wrong(check_dpo_loss, "the reference is taken off only once")
def one_reference(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win - win_ref) - lose)).mean()


@wrong(check_dpo_loss, "the reference is taken off only once")
def one_reference_of_the_loser(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * (win - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "the mean is taken too early")
def dpo_mean_first(win, lose, win_ref, lose_ref, beta):
    gap = ((win - win_ref) - (lose - lose_ref)).mean()
    return -F.logsigmoid(-beta * gap)


@wrong(check_dpo_loss, "the mean is taken too early")
def dpo_means_first(win, lose, win_ref, lose_ref, beta):
    win, lose = win.mean(), lose.mean()
    return -F.logsigmoid(-beta * ((win - win_ref.mean()) - (lose - lose_ref.mean())))


@wrong(check_dpo_loss, "beta is left out")
def no_beta(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "it divides by beta")
def divided_by_beta(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-((win - win_ref) - (lose - lose_ref)) / beta).mean()


@wrong(check_dpo_loss, "beta stands outside")
def beta_outside(win, lose, win_ref, lose_ref, beta):
    return -beta * F.logsigmoid(-((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "with its minus, stands outside")
def minus_beta_outside(win, lose, win_ref, lose_ref, beta):
    return -beta * as_the_solution(win - win_ref, lose - lose_ref)


@wrong(check_dpo_loss, "a minus too many")
def minus_beta_before_the_loss(win, lose, win_ref, lose_ref, beta):
    return -beta * as_the_solution(win_ref - win, lose_ref - lose)


@wrong(check_dpo_loss, "beta is halved")
def half_beta(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-0.5 * beta * ((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "beta is squared")
def beta_twice(win, lose, win_ref, lose_ref, beta):
    gap = beta * (win - win_ref) - beta * (lose - lose_ref)
    return -F.logsigmoid(-beta * gap).mean()


@wrong(check_dpo_loss, "beta multiplies only the winner")
def beta_on_the_winner(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * (win - win_ref) - (lose - lose_ref)).mean()


@wrong(check_dpo_loss, "beta multiplies only the winner")
def beta_on_the_winner_alone(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * (win - win_ref) + (lose - lose_ref)).mean()


@wrong(check_dpo_loss, "added up")
def dpo_summed(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win - win_ref) - (lose - lose_ref))).sum()


@wrong(check_dpo_loss, "one number for each pair")
def dpo_not_reduced(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win - win_ref) - (lose - lose_ref)))


@wrong(check_dpo_loss, "added where they should be subtracted")
def both_added(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win - win_ref) + (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "brackets are missing")
def no_brackets(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * (win - win_ref - lose - lose_ref)).mean()


@wrong(check_dpo_loss, "beta multiplies win and lose alone")
def rewards_without_brackets(win, lose, win_ref, lose_ref, beta):
    r_winner = -beta * win - win_ref
    r_loser = -beta * lose - lose_ref
    return as_the_solution(r_winner, r_loser)


@wrong(check_dpo_loss, "must multiply the references too")
def rewards_half_multiplied_out(win, lose, win_ref, lose_ref, beta):
    return as_the_solution(-beta * win + win_ref, -beta * lose + lose_ref)


@wrong(check_dpo_loss, "beta multiplies the references alone")
def turned_rewards_without_brackets(win, lose, win_ref, lose_ref, beta):
    return as_the_solution(beta * win_ref - win, beta * lose_ref - lose)


@wrong(check_dpo_loss, "the logarithm is missing")
def dpo_no_logarithm(win, lose, win_ref, lose_ref, beta):
    return -torch.sigmoid(-beta * ((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "logarithm of the mean chance")
def dpo_log_of_mean(win, lose, win_ref, lose_ref, beta):
    chance = torch.sigmoid(-beta * ((win - win_ref) - (lose - lose_ref)))
    return -chance.mean().log()


@wrong(check_dpo_loss, "the loser is missing")
def winner_only(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * (win - win_ref)).mean()


@wrong(check_dpo_loss, "the winner is missing")
def loser_only(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(beta * (lose - lose_ref)).mean()


@wrong(check_dpo_loss, "the difference comes first")
def dpo_difference_of_logs(win, lose, win_ref, lose_ref, beta):
    r_winner, r_loser = -beta * (win - win_ref), -beta * (lose - lose_ref)
    return -(F.logsigmoid(r_winner) - F.logsigmoid(r_loser)).mean()


@wrong(check_dpo_loss, "judged on its own")
def dpo_each_on_its_own(win, lose, win_ref, lose_ref, beta):
    up, down = -beta * (win - win_ref), beta * (lose - lose_ref)
    return -(F.logsigmoid(up) + F.logsigmoid(down)).mean()


@wrong(check_dpo_loss, "no sigmoid")
def dpo_difference_alone(win, lose, win_ref, lose_ref, beta):
    return (beta * ((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "no sigmoid")
def dpo_plain_difference(win, lose, win_ref, lose_ref, beta):
    return ((win - win_ref) - (lose - lose_ref)).mean()


@wrong(check_dpo_loss, "plain training")
def only_the_winners_error(win, lose, win_ref, lose_ref, beta):
    return win.mean()


@wrong(check_dpo_loss, "no sigmoid")
def win_minus_lose(win, lose, win_ref, lose_ref, beta):
    return (win - lose).mean()


@wrong(check_dpo_loss, "divided by the reference's")
def ratios(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * (win / win_ref - lose / lose_ref)).mean()


@wrong(check_dpo_loss, "logarithms of the errors")
def log_ratios(win, lose, win_ref, lose_ref, beta):
    won, lost = (win / win_ref).log(), (lose / lose_ref).log()
    return -F.logsigmoid(-beta * (won - lost)).mean()


@wrong(check_dpo_loss, "squared")
def squares(win, lose, win_ref, lose_ref, beta):
    gap = (win - win_ref) ** 2 - (lose - lose_ref) ** 2
    return -F.logsigmoid(-beta * gap).mean()


@wrong(check_dpo_loss, "squared")
def errors_squared(win, lose, win_ref, lose_ref, beta):
    gap = (win**2 - win_ref**2) - (lose**2 - lose_ref**2)
    return -F.logsigmoid(-beta * gap).mean()


@wrong(check_dpo_loss, "made positive")
def dpo_absolute(win, lose, win_ref, lose_ref, beta):
    gap = (win - win_ref).abs() - (lose - lose_ref).abs()
    return -F.logsigmoid(-beta * gap).mean()


@wrong(check_dpo_loss, "crossed")
def crossed(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win - lose_ref) - (lose - win_ref))).mean()


@wrong(check_dpo_loss, "added")
def references_added(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win + win_ref) - (lose + lose_ref))).mean()


@wrong(check_dpo_loss, "F.logsigmoid")
def dpo_log_of_sigmoid(win, lose, win_ref, lose_ref, beta):
    inside = -beta * ((win - win_ref) - (lose - lose_ref))
    return -torch.sigmoid(inside).log().mean()


@wrong(check_dpo_loss, "stops growing")
def dpo_with_a_tiny_number(win, lose, win_ref, lose_ref, beta):
    inside = -beta * ((win - win_ref) - (lose - lose_ref))
    return -(torch.sigmoid(inside) + 1e-8).log().mean()


@wrong(check_dpo_loss, "use `beta`")
def beta_of_the_notebook(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-2000 * ((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "gradient")
def dpo_detached(win, lose, win_ref, lose_ref, beta):
    gap = (win - win_ref).detach() - (lose - lose_ref).detach()
    return -F.logsigmoid(-beta * gap).mean()


@wrong(check_dpo_loss, "gradient")
def loser_detached(win, lose, win_ref, lose_ref, beta):
    return -F.logsigmoid(-beta * ((win - win_ref) - (lose.detach() - lose_ref))).mean()


@wrong(check_dpo_loss, "changes its input")
def in_place(win, lose, win_ref, lose_ref, beta):
    win -= win_ref
    return -F.logsigmoid(-beta * (win - (lose - lose_ref))).mean()


@wrong(check_dpo_loss, "it returned None")
def dpo_nothing(win, lose, win_ref, lose_ref, beta):
    -F.logsigmoid(-beta * ((win - win_ref) - (lose - lose_ref))).mean()


@wrong(check_dpo_loss)
def squared_to_one(win, lose, win_ref, lose_ref, beta):
    gap = (win - win_ref) - (lose - lose_ref)
    return (beta * gap + 0.5).square().mean()


@wrong(check_dpo_loss)
def winner_added(win, lose, win_ref, lose_ref, beta):
    gap = (win - win_ref) - (lose - lose_ref)
    return -F.logsigmoid(-beta * gap).mean() + win.mean()
