"""What is handed in for notebook 15."""

import torch
import torch.nn.functional as F
from torch import nn

from answers import right, wrong
from course_lib.checks.nb15_other_roads import check_draw_tokens, check_gan_losses
from course_lib.networks.next_token import pick_token

# The two losses: right --------------------------------------------------------------


@right(check_gan_losses)
def as_the_solution(real_scores, fake_scores):
    critic = F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()
    generator = F.softplus(-fake_scores).mean()
    return critic, generator


@right(check_gan_losses)
def log_sigmoids(real_scores, fake_scores):
    critic = -F.logsigmoid(real_scores).mean() - F.logsigmoid(-fake_scores).mean()
    return critic, -F.logsigmoid(fake_scores).mean()


@right(check_gan_losses)
def cross_entropies(real_scores, fake_scores):
    yes, no = torch.ones_like(real_scores), torch.zeros_like(fake_scores)
    found = F.binary_cross_entropy_with_logits(real_scores, yes)
    found = found + F.binary_cross_entropy_with_logits(fake_scores, no)
    fooled = torch.ones_like(fake_scores)
    return found, F.binary_cross_entropy_with_logits(fake_scores, fooled)


@right(check_gan_losses)
def loss_as_a_layer(real_scores, fake_scores):
    loss = nn.BCEWithLogitsLoss()
    of_real = loss(real_scores, torch.ones(len(real_scores)))
    of_fake = loss(fake_scores, torch.zeros(len(fake_scores)))
    return of_real + of_fake, loss(fake_scores, torch.ones(len(fake_scores)))


@right(check_gan_losses)
def in_a_list(real_scores, fake_scores):
    of_real, of_fake = F.softplus(-real_scores), F.softplus(fake_scores)
    return [of_real.mean() + of_fake.mean(), F.softplus(-fake_scores).mean()]


@right(check_gan_losses)
def both_means_at_once(real_scores, fake_scores):
    critic = (F.softplus(-real_scores) + F.softplus(fake_scores)).mean()
    return critic, F.softplus(-fake_scores).mean()


@right(check_gan_losses)
def sums_over_counts(real_scores, fake_scores):
    B = len(real_scores)
    critic = (F.softplus(-real_scores).sum() + F.softplus(fake_scores).sum()) / B
    return critic, F.softplus(-fake_scores).sum() / B


@right(check_gan_losses)
def score_by_score(real_scores, fake_scores):
    critic = generator = 0
    for real, fake in zip(real_scores, fake_scores, strict=True):
        critic = critic - F.logsigmoid(real) - F.logsigmoid(-fake)
        generator = generator - F.logsigmoid(fake)
    return critic / len(real_scores), generator / len(fake_scores)


@right(check_gan_losses)
def by_logaddexp(real_scores, fake_scores):
    def surprise(scores):
        return torch.logaddexp(torch.zeros_like(scores), -scores).mean()

    return surprise(real_scores) + surprise(-fake_scores), surprise(fake_scores)


@right(check_gan_losses)
def by_hand_without_overflow(real_scores, fake_scores):
    def bent(x):
        return (torch.relu(x) + torch.log1p(torch.exp(-x.abs()))).mean()

    return bent(-real_scores) + bent(fake_scores), bent(-fake_scores)


@right(check_gan_losses)
def softplus_is_score_more(real_scores, fake_scores):
    generator = F.softplus(-fake_scores).mean()
    # softplus(x) - softplus(-x) is x.
    critic = F.softplus(-real_scores).mean() + generator + fake_scores.mean()
    return critic, generator


@right(check_gan_losses)
def twice_the_mean_of_all(real_scores, fake_scores):
    both = torch.cat([-real_scores, fake_scores])
    return 2 * F.softplus(both).mean(), F.softplus(-fake_scores).mean()


@right(check_gan_losses)
def cross_entropy_of_two_classes(real_scores, fake_scores):
    def two(scores):  # drawn, real: the first score is 0
        return torch.stack([torch.zeros_like(scores), scores], dim=1)

    drawn, real = torch.zeros(len(fake_scores)).long(), torch.ones(len(real_scores))
    critic = F.cross_entropy(two(real_scores), real.long())
    critic = critic + F.cross_entropy(two(fake_scores), drawn)
    return critic, F.cross_entropy(two(fake_scores), drawn + 1)


# The two losses: wrong --------------------------------------------------------------


def of_generator(fake_scores):
    return F.softplus(-fake_scores).mean()


def of_critic(real_scores, fake_scores):
    return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()


@wrong(check_gan_losses, "the wrong way round")
def signs_exchanged(real_scores, fake_scores):
    critic = F.softplus(real_scores).mean() + F.softplus(-fake_scores).mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "the wrong way round")
def targets_exchanged(real_scores, fake_scores):
    loss = F.binary_cross_entropy_with_logits
    no, yes = torch.zeros_like(real_scores), torch.ones_like(fake_scores)
    return loss(real_scores, no) + loss(fake_scores, yes), loss(fake_scores, yes)


@wrong(check_gan_losses, "the real pictures are missing")
def only_fakes(real_scores, fake_scores):
    return F.softplus(fake_scores).mean(), of_generator(fake_scores)


@wrong(check_gan_losses, "drawn pictures are missing")
def only_real(real_scores, fake_scores):
    return F.softplus(-real_scores).mean(), of_generator(fake_scores)


@wrong(check_gan_losses, "both kinds get a high score")
def all_high(real_scores, fake_scores):
    critic = F.softplus(-real_scores).mean() + F.softplus(-fake_scores).mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "both kinds get a low score")
def all_low(real_scores, fake_scores):
    critic = F.softplus(real_scores).mean() + F.softplus(fake_scores).mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "half of the sum")
def halved(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores) / 2, of_generator(fake_scores)


@wrong(check_gan_losses, "half of the sum")
def mean_of_all(real_scores, fake_scores):
    both = torch.cat([-real_scores, fake_scores])
    return F.softplus(both).mean(), of_generator(fake_scores)


@wrong(check_gan_losses, "subtracted")
def difference_of_halves(real_scores, fake_scores):
    critic = F.softplus(-real_scores).mean() - F.softplus(fake_scores).mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "the minus is missing")
def critic_without_minus(real_scores, fake_scores):
    critic = F.logsigmoid(real_scores).mean() + F.logsigmoid(-fake_scores).mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "it belongs inside")
def minus_outside(real_scores, fake_scores):
    critic = -F.softplus(real_scores).mean() + F.softplus(fake_scores).mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "added up")
def summed(real_scores, fake_scores):
    critic = F.softplus(-real_scores).sum() + F.softplus(fake_scores).sum()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "one number for each picture")
def not_reduced(real_scores, fake_scores):
    critic = F.softplus(-real_scores) + F.softplus(fake_scores)
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "taken too early")
def mean_first(real_scores, fake_scores):
    critic = F.softplus(-real_scores.mean()) + F.softplus(fake_scores.mean())
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "compares a real picture with a drawn one")
def of_the_difference(real_scores, fake_scores):
    critic = F.softplus(fake_scores - real_scores).mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "the sigmoid twice")
def of_probabilities(real_scores, fake_scores):
    real, fake = torch.sigmoid(real_scores), torch.sigmoid(fake_scores)
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake).mean()


@wrong(check_gan_losses, "the logarithm is missing")
def probabilities_alone(real_scores, fake_scores):
    critic = torch.sigmoid(fake_scores).mean() - torch.sigmoid(real_scores).mean()
    return critic, -torch.sigmoid(fake_scores).mean()


@wrong(check_gan_losses, "the logarithm is missing")
def one_minus_probabilities(real_scores, fake_scores):
    critic = (1 - real_scores.sigmoid()).mean() + fake_scores.sigmoid().mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "Wasserstein")
def wasserstein(real_scores, fake_scores):
    return fake_scores.mean() - real_scores.mean(), -fake_scores.mean()


@wrong(check_gan_losses, "hinge")
def hinge(real_scores, fake_scores):
    critic = (1 - real_scores).relu().mean() + (1 + fake_scores).relu().mean()
    return critic, -fake_scores.mean()


@wrong(check_gan_losses, "squares")
def least_squares(real_scores, fake_scores):
    critic = (real_scores - 1).square().mean() + fake_scores.square().mean()
    return critic, (fake_scores - 1).square().mean()


@wrong(check_gan_losses, "the very loss of the critic")
def saturating(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), -F.softplus(fake_scores).mean()


@wrong(check_gan_losses, "minus the critic's loss")
def minus_all_of_it(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores)
    return critic, -critic


@wrong(check_gan_losses, "to be caught")
def wants_to_be_caught(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), F.softplus(fake_scores).mean()


@wrong(check_gan_losses, "the generator's loss has its sign turned")
def generator_without_minus(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), F.logsigmoid(fake_scores).mean()


@wrong(check_gan_losses, "real pictures are not the generator's")
def generator_with_real(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores)
    return critic, F.softplus(-fake_scores).mean() + F.softplus(real_scores).mean()


@wrong(check_gan_losses, "real pictures are not the generator's")
def generator_of_real(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), F.softplus(-real_scores).mean()


@wrong(check_gan_losses, "the same loss for both")
def same_twice(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores)
    return critic, critic


@wrong(check_gan_losses, "the score itself")
def generator_of_wasserstein(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), -fake_scores.mean()


@wrong(check_gan_losses, "the score itself")
def score_to_be_lowered(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), fake_scores.mean()


@wrong(check_gan_losses, "the logarithm is missing")
def generator_of_probabilities(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), (1 - fake_scores.sigmoid()).mean()


@wrong(check_gan_losses, "added up")
def generator_summed(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), F.softplus(-fake_scores).sum()


@wrong(check_gan_losses, "one number for each picture")
def generator_not_reduced(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), F.softplus(-fake_scores)


@wrong(check_gan_losses, "the other way round")
def order_exchanged(real_scores, fake_scores):
    return of_generator(fake_scores), of_critic(real_scores, fake_scores)


@wrong(check_gan_losses, "two losses")
def one_number(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores) + of_generator(fake_scores)


@wrong(check_gan_losses, "two losses")
def only_the_critics(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores)


@wrong(check_gan_losses, "two losses")
def both_stacked(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores)
    return torch.stack([critic, of_generator(fake_scores)])


@wrong(check_gan_losses, "two losses")
def three(real_scores, fake_scores):
    real, fake = F.softplus(-real_scores).mean(), F.softplus(fake_scores).mean()
    return real, fake, of_generator(fake_scores)


@wrong(check_gan_losses, "None")
def nothing(real_scores, fake_scores):
    of_critic(real_scores, fake_scores), of_generator(fake_scores)


@wrong(check_gan_losses, "gradient")
def detached(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores)
    return critic, of_generator(fake_scores.detach())


@wrong(check_gan_losses, "gradient")
def fakes_detached_for_the_critic(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores.detach()), of_generator(fake_scores)


@wrong(check_gan_losses, "float32")
def log_of_sigmoid(real_scores, fake_scores):
    critic = -torch.sigmoid(real_scores).log().mean()
    critic = critic - (1 - torch.sigmoid(fake_scores)).log().mean()
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses, "float32")
def generators_log_of_sigmoid(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores)
    return critic, -torch.sigmoid(fake_scores).log().mean()


@wrong(check_gan_losses, "stops growing")
def clamped(real_scores, fake_scores):
    generator = -torch.sigmoid(fake_scores).clamp(min=1e-7).log().mean()
    return of_critic(real_scores, fake_scores), generator


@wrong(check_gan_losses, "a tensor is needed")
def as_numbers(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores)
    return critic.item(), of_generator(fake_scores).item()


@wrong(check_gan_losses, "changes its input")
def in_place(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores)
    fake_scores *= -1
    return critic, F.softplus(fake_scores).mean()


@wrong(check_gan_losses)
def one_too_much(real_scores, fake_scores):
    critic = of_critic(real_scores, fake_scores) + 1
    return critic, of_generator(fake_scores)


@wrong(check_gan_losses)
def a_third_for_the_generator(real_scores, fake_scores):
    return of_critic(real_scores, fake_scores), of_generator(fake_scores) / 3


# The sampling loop: right -----------------------------------------------------------


@right(check_draw_tokens)
def loop_as_the_solution(predict, u, temperature):
    tokens = torch.zeros(len(u), 0, dtype=torch.int64)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@right(check_draw_tokens)
def columns(predict, u, temperature):
    tokens = torch.empty((u.shape[0], 0), dtype=torch.long)
    for column in u.T:
        logits = predict(tokens)
        token = pick_token(logits, column, temperature).unsqueeze(1)
        tokens = torch.cat((tokens, token), 1)
    return tokens


@right(check_draw_tokens)
def table_filled(predict, u, temperature):
    tokens = torch.zeros(u.shape, dtype=torch.int64)
    for i in range(u.shape[1]):
        tokens[:, i] = pick_token(predict(tokens[:, :i]), u[:, i], temperature)
    return tokens


@right(check_draw_tokens)
def hstack(predict, u, temperature):
    tokens = u.new_zeros((len(u), 0)).long()
    for i in range(u.size(1)):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.hstack([tokens, token.reshape(-1, 1)])
    return tokens


@right(check_draw_tokens)
def while_loop(predict, u, temperature):
    B, n = u.shape
    tokens = torch.zeros(B, 0, dtype=torch.int64)
    while tokens.shape[1] < n:
        u_now = u[:, tokens.shape[1]]
        token = pick_token(predict(tokens), u_now, temperature)
        tokens = torch.cat([tokens, token.view(B, 1)], dim=-1)
    return tokens


@right(check_draw_tokens)
def list_of_columns(predict, u, temperature):
    drawn = []
    for i in range(u.shape[1]):
        none_yet = torch.zeros(len(u), 0, dtype=torch.int64)
        so_far = torch.stack(drawn, dim=1) if drawn else none_yet
        drawn.append(pick_token(predict(so_far), u[:, i], temperature))
    return torch.stack(drawn, dim=1)


@right(check_draw_tokens)
def by_keyword(predict, u, temperature):
    tokens = u[:, :0].long()
    for i in range(u.shape[1]):
        logits = predict(tokens)
        token = pick_token(logits=logits, u=u[:, i], temperature=temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@right(check_draw_tokens)
def temperature_first(predict, u, temperature):
    tokens = torch.zeros(len(u), 0, dtype=torch.int64)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens) / temperature, u[:, i])
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@right(check_draw_tokens)
def split_columns(predict, u, temperature):
    tokens = torch.zeros(len(u), 0, dtype=torch.int64)
    for column in u.split(1, dim=1):
        token = pick_token(predict(tokens), column[:, 0], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@right(check_draw_tokens)
def picked_by_hand(predict, u, temperature):
    tokens = torch.zeros(len(u), 0, dtype=torch.int64)
    for i in range(u.shape[1]):
        ends = (predict(tokens) / temperature).softmax(1).cumsum(1)
        token = (ends <= u[:, i : i + 1] * ends[:, -1:]).sum(1, keepdim=True)
        tokens = torch.cat([tokens, token], dim=1)
    return tokens


@right(check_draw_tokens)
def without_gradients(predict, u, temperature):
    tokens = torch.zeros(len(u), 0, dtype=torch.int64)
    with torch.no_grad():
        for i in range(u.shape[1]):
            token = pick_token(predict(tokens), u[:, i], temperature)
            tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@right(check_draw_tokens)
def from_a_list(predict, u, temperature):
    tokens = torch.tensor([[] for _ in u], dtype=torch.int64)
    for i in range(len(u[0])):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.column_stack([tokens, token])
    return tokens


@right(check_draw_tokens)
def it_calls_itself(predict, u, temperature):
    def drawn(n):
        if n == 0:
            return torch.zeros(len(u), 0, dtype=torch.int64)
        before = drawn(n - 1)
        token = pick_token(predict(before), u[:, n - 1], temperature)
        return torch.cat([before, token[:, None]], dim=1)

    return drawn(u.shape[1])


# The sampling loop: wrong -----------------------------------------------------------


def none_yet(u):
    return torch.zeros(len(u), 0, dtype=torch.int64)


@wrong(check_draw_tokens, "asked only once")
def asked_once(predict, u, temperature):
    tokens = none_yet(u)
    logits = predict(tokens)
    for i in range(u.shape[1]):
        token = pick_token(logits, u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "never hears what was drawn")
def always_with_none(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(none_yet(u)), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "only the last token")
def last_token_only(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens[:, -1:]), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "the same random number")
def same_u(predict, u, temperature):
    tokens = none_yet(u)
    for _ in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, 0], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "backwards")
def u_from_behind(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, -1 - i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "likeliest")
def always_the_likeliest(predict, u, temperature):
    tokens = none_yet(u)
    for _ in range(u.shape[1]):
        token = predict(tokens).argmax(1)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "least likely")
def always_the_least_likely(predict, u, temperature):
    tokens = none_yet(u)
    for _ in range(u.shape[1]):
        token = predict(tokens).argmin(1)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "the temperature is not used")
def no_temperature(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i])
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "multiplied by the temperature")
def temperature_multiplied(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens) * temperature, u[:, i])
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "the temperature is used twice")
def temperature_twice(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens) / temperature, u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "one over it")
def temperature_turned(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], 1 / temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "softmax")
def probabilities_to_pick(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        chances = predict(tokens).softmax(1)
        token = pick_token(chances, u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "one token is missing")
def one_less(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1] - 1):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "first random number is left out")
def begins_at_one(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(1, u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "a zero stands in front")
def a_zero_in_front(predict, u, temperature):
    tokens = torch.zeros(len(u), 1, dtype=torch.int64)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "a zero that nobody drew")
def zero_in_front_taken_off(predict, u, temperature):
    tokens = torch.zeros(len(u), 1, dtype=torch.int64)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens[:, 1:]


@wrong(check_draw_tokens, "in front of those before")
def prepended(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([token[:, None], tokens], dim=1)
    return tokens


@wrong(check_draw_tokens, "only the last is kept")
def only_the_last_is_kept(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        tokens = pick_token(predict(tokens), u[:, i], temperature)[:, None]
    return tokens


@wrong(check_draw_tokens, "the first token only")
def returns_too_early(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
        return tokens


@wrong(check_draw_tokens, "nothing was appended")
def never_appended(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        pick_token(predict(tokens), u[:, i], temperature)
    return tokens


@wrong(check_draw_tokens, "padded with zeros")
def whole_table(predict, u, temperature):
    tokens = torch.zeros(u.shape, dtype=torch.int64)
    for i in range(u.shape[1]):
        tokens[:, i] = pick_token(predict(tokens), u[:, i], temperature)
    return tokens


@wrong(check_draw_tokens, "the logits")
def logits_returned(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        logits = predict(tokens)
        token = pick_token(logits, u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return logits


@wrong(check_draw_tokens, "the last token of each")
def last_returned(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return token


@wrong(check_draw_tokens)
def five_likeliest(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature, top_k=5)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "of dtype torch.float32")
def as_floats(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens.float()


@wrong(check_draw_tokens, "instead of drawing some inside")
def own_chance(predict, u, temperature):
    tokens = none_yet(u)
    for _ in range(u.shape[1]):
        chances = (predict(tokens) / temperature).softmax(1)
        tokens = torch.cat([tokens, torch.multinomial(chances, 1)], dim=1)
    return tokens


@wrong(check_draw_tokens, "one number for each picture")
def rows_of_u(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "dim=1")
def below_each_other(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=0)
    return tokens


@wrong(check_draw_tokens, "[:, None]")
def a_flat_token(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token], dim=1)
    return tokens


@wrong(check_draw_tokens, "None")
def no_return(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)


@wrong(check_draw_tokens, "rows and columns")
def turned(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens.T


@wrong(check_draw_tokens)
def one_added(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return (tokens + 1) % 11


@wrong(check_draw_tokens)
def every_second(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens[:, ::2]), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "as many rounds as there are pictures")
def a_round_for_each_picture(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(len(u)):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "a token is a whole number")
def begins_with_floats(predict, u, temperature):
    tokens = torch.zeros(len(u), 0)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "after the last column of u")
def always_64(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(64):
        token = pick_token(predict(tokens), u[:, i], temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "one number for each picture")
def all_of_u(predict, u, temperature):
    tokens = none_yet(u)
    for _ in range(u.shape[1]):
        token = pick_token(predict(tokens), u, temperature)
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens


@wrong(check_draw_tokens, "in this order")
def temperature_before_u(predict, u, temperature):
    tokens = none_yet(u)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), temperature, u[:, i])
        tokens = torch.cat([tokens, token[:, None]], dim=1)
    return tokens
