"""The checks of notebook 15: the two losses of a GAN, and drawing token by token."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.networks.gan import critic_loss, gan_losses, generator_loss
from course_lib.networks.next_token import draw_tokens, pick_token

# The two losses ---------------------------------------------------------------------

FAR = 200.0  # a score so sure that float32 rounds the other chance to 0


def some_scores(generator) -> tuple[Tensor, Tensor]:
    """Scores of real and drawn pictures by a critic that is mostly right."""
    B = (6, 9)[generator.initial_seed() % 2]
    real, fake = 1.5 * torch.randn(2, B, generator=generator)
    return real + 0.8, fake - 0.6


ONE_EACH = {"with one picture each": (torch.tensor([0.4]), torch.tensor([1.1]))}


class Half:
    """One of the two losses, as a function of its own."""

    def __init__(self, learner: Callable, which: int):
        # By this name Python finds the learner's own arguments, for what is said.
        self.__wrapped__, self.which = learner, which

    def __call__(self, real_scores: Tensor, fake_scores: Tensor):
        return self.__wrapped__(real_scores, fake_scores)[self.which]


def check_gan_losses(learner_losses):
    """The critic's loss and the generator's, as cross-entropies of scores."""

    def check():
        must_be_two(ask(learner_losses, *some_scores(torch.Generator().manual_seed(0))))
        halves = (
            (Half(learner_losses, 0), critic_loss, CRITIC, "the critic's loss"),
            (Half(learner_losses, 1), of_generator, GENERATOR, "the generator's loss"),
        )
        for mine, right, mistakes, name in halves:
            try:
                compare(mine, right, some_scores, mistakes, also=ONE_EACH)
                survives_far(mine, right)
                compare(mine, right, some_scores, gradient=True)
            except NotYetRight as error:
                # A sentence about a mistake says whose it is; others do not.
                named = str(error) in mistakes
                raise NotYetRight(error if named else f"{name}: {error}") from None

    return report(check, learner_losses, gan_losses)


def must_be_two(answer) -> None:
    """Raise NotYetRight unless it is a pair."""
    if answer is None:
        raise NotYetRight("it returned None: does it end with a `return`?")
    if not (isinstance(answer, tuple | list) and len(answer) == 2):
        raise NotYetRight(
            "two losses are wanted, with a comma between them after `return`: the "
            "critic's, and then the generator's"
        )


def survives_far(learner: Callable, right: Callable) -> None:
    """Raise NotYetRight if a score that is wrong by FAR is lost."""
    # Both kinds wrong for the critic; the drawn ones, then, wrong for the generator.
    for scores in (
        (torch.tensor([-FAR, 1.0]), torch.tensor([FAR, -1.0])),
        (torch.tensor([FAR, 1.0]), torch.tensor([-FAR, 0.0])),
    ):
        found, expected = ask(learner, *scores), right(*scores)
        if not math.isfinite(found):
            raise NotYetRight(
                f"right for small scores, but one of {FAR:.0f} gives {found:.0f}: the "
                "sigmoid leaves what float32 can hold, and the logarithm cannot bring "
                "it back. F.softplus does both in one step"
            )
        if found < 0.9 * expected:
            raise NotYetRight(
                f"right for small scores, but it stops growing: one of {FAR:.0f} "
                f"should give {expected:.0f} and gives {found:.0f}, so the worst "
                "mistakes teach nothing. F.softplus needs no clamp and no tiny number"
            )


def of_generator(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    return generator_loss(fake_scores)


def caught(scores: Tensor) -> Tensor:
    """Minus the log of the chance of "drawn", for each score."""
    return F.softplus(scores)


def fooled(scores: Tensor) -> Tensor:
    """Minus the log of the chance of "real", for each score."""
    return F.softplus(-scores)


CRITIC = {
    "the critic's loss is the wrong way round: it falls when real pictures score low "
    "and drawn ones high": lambda real, fake: (caught(real) + fooled(fake)).mean(),
    "in the critic's loss the real pictures are missing: it would call everything "
    "drawn": lambda real, fake: caught(fake).mean(),
    "in the critic's loss the drawn pictures are missing: it would call everything "
    "real": lambda real, fake: fooled(real).mean(),
    "in the critic's loss both kinds get a high score: drawn ones should get a low "
    "one": lambda real, fake: (fooled(real) + fooled(fake)).mean(),
    "in the critic's loss both kinds get a low score: real ones should get a high "
    "one": lambda real, fake: (caught(real) + caught(fake)).mean(),
    "the critic's loss is half of the sum: here the two means are added, so that each "
    "kind counts fully": lambda real, fake: (fooled(real) + caught(fake)).mean() / 2,
    "in the critic's loss the two means are subtracted: add them": (
        lambda real, fake: (fooled(real) - caught(fake)).mean()
    ),
    "in the critic's loss the two means are subtracted, and the sign is turned: add "
    "them": lambda real, fake: (caught(fake) - fooled(real)).mean(),
    "in the critic's loss the minus is missing: the logarithm of a chance is below 0, "
    "and a loss should fall as the chance rises": (
        lambda real, fake: -(fooled(real) + caught(fake)).mean()
    ),
    "in the critic's loss a minus stands before softplus, and it belongs inside: "
    "-softplus(x) is not softplus(-x)": lambda real, fake: (
        (caught(fake) - caught(real)).mean()
    ),
    "in the critic's loss the pictures are added up: take their mean, or a larger "
    "batch takes larger steps": lambda real, fake: (fooled(real) + caught(fake)).sum(),
    "the critic's loss is one number for each picture: add .mean()": (
        lambda real, fake: fooled(real) + caught(fake)
    ),
    "in the critic's loss the mean is taken too early: first the loss of each score, "
    "then the mean": lambda real, fake: fooled(real.mean()) + caught(fake.mean()),
    "the critic's loss compares a real picture with a drawn one, as a vote does: here "
    "each picture is judged on its own": lambda real, fake: caught(fake - real).mean(),
    "the critic's loss takes the sigmoid twice: F.softplus and F.logsigmoid want the "
    "score itself": (
        lambda real, fake: (fooled(real.sigmoid()) + caught(fake.sigmoid())).mean()
    ),
    "in the critic's loss the logarithm is missing: a chance alone hardly changes "
    "where the critic is badly wrong": (
        lambda real, fake: (fake.sigmoid() - real.sigmoid()).mean()
    ),
    "in the critic's loss the logarithm is missing: take minus the logarithm of the "
    "chance, and not 1 minus the chance": (
        lambda real, fake: (1 - real.sigmoid() + fake.sigmoid()).mean()
    ),
    "that is the critic of a Wasserstein GAN, another game, which needs a bound on the "
    "critic: here a score is the logit of a chance": (
        lambda real, fake: (fake - real).mean()
    ),
    "that is a Wasserstein critic with its sign turned: here a score is the logit of a "
    "chance": lambda real, fake: (real - fake).mean(),
    "that is a hinge, another loss for a critic: here it is minus the logarithm of a "
    "chance": lambda real, fake: ((1 - real).relu() + (1 + fake).relu()).mean(),
    "these are squares, another loss for a critic: here it is minus the logarithm of a "
    "chance": lambda real, fake: ((real - 1).square() + fake.square()).mean(),
    "the critic's loss is a product: add the two means": (
        lambda real, fake: fooled(real).mean() * caught(fake).mean()
    ),
    "the critic's loss is that of base 2: take the natural logarithm": (
        lambda real, fake: (fooled(real) + caught(fake)).mean() / math.log(2)
    ),
    "that is the generator's loss: the critic's comes first, so it is the other way "
    "round": lambda real, fake: fooled(fake).mean(),
}  # fmt: skip

GENERATOR = {
    "that is the critic's half with a minus, the very loss of the critic turned round: "
    "it is flat just where a picture is bad and the critic sure of it. Ask for "
    "the drawn pictures to be called real": lambda real, fake: -caught(fake).mean(),
    "the generator's loss is minus the critic's loss: it is flat where a picture is "
    "bad. Ask for the drawn pictures to be called real": (
        lambda real, fake: -(fooled(real) + caught(fake)).mean()
    ),
    "this generator learns to be caught: its loss should fall when drawn pictures "
    "score high": lambda real, fake: caught(fake).mean(),
    "the generator's loss has its sign turned: the logarithm of a chance is below 0, "
    "and a loss should fall as the chance rises": (
        lambda real, fake: -fooled(fake).mean()
    ),
    "the real pictures are not the generator's: it has not drawn them, and cannot "
    "change their scores": lambda real, fake: fooled(real).mean(),
    "the real pictures are not the generator's: only the scores of what it has drawn "
    "belong into its loss": lambda real, fake: (fooled(fake) + caught(real)).mean(),
    "the real pictures are not the generator's: their scores belong into the critic's "
    "loss alone": lambda real, fake: (fooled(fake) + fooled(real)).mean(),
    "that is the same loss for both: what pleases the critic must not please the "
    "generator": lambda real, fake: (fooled(real) + caught(fake)).mean(),
    "the generator's loss is minus the score itself, which belongs to another game: "
    "here it is minus the logarithm of a chance": lambda real, fake: -fake.mean(),
    "the generator's loss is the score itself, so that it learns to score low: take "
    "minus the logarithm of the chance of real": lambda real, fake: fake.mean(),
    "in the generator's loss the logarithm is missing: take minus the logarithm of the "
    "chance": lambda real, fake: (1 - fake.sigmoid()).mean(),
    "in the generator's loss the logarithm is missing: minus the chance alone is flat "
    "where a picture is bad": lambda real, fake: -fake.sigmoid().mean(),
    "in the generator's loss the pictures are added up: take their mean": (
        lambda real, fake: fooled(fake).sum()
    ),
    "the generator's loss is one number for each picture: add .mean()": (
        lambda real, fake: fooled(fake)
    ),
    "in the generator's loss the mean is taken too early: first the loss of each "
    "score, then the mean": lambda real, fake: fooled(fake.mean()),
    "the generator's loss takes the sigmoid twice: F.softplus and F.logsigmoid want "
    "the score itself": lambda real, fake: fooled(fake.sigmoid()).mean(),
    "the generator's loss is halved: there is nothing to halve": (
        lambda real, fake: fooled(fake).mean() / 2
    ),
    "the generator's loss is a hinge: here it is minus the logarithm of a chance": (
        lambda real, fake: (1 - fake).relu().mean()
    ),
    "the generator's loss is that of squares: here it is minus the logarithm of a "
    "chance": lambda real, fake: (fake - 1).square().mean(),
}  # fmt: skip


# Token by token ---------------------------------------------------------------------

WORDS = 11  # tokens in the vocabulary of the check
SHAPES = (
    "u is (B, n) and u[:, i] is (B,), one number for each picture; tokens is (B, i), "
    "token[:, None] is (B, 1), and torch.cat with dim=1 puts the two side by side"
)
TOO_FAR = (
    "the loop goes on after the last column of u: u.shape[1] rounds are needed, one "
    "for each token, and the number of tokens differs from call to call"
)


class Reader:
    """A `predict` that hears every token, and where it stands.

    Args:
        generator: draws its weights
    """

    def __init__(self, generator: torch.Generator):
        draw = (torch.randn(WORDS, 8, generator=generator) for _ in range(2))
        self.word, self.out = draw
        self.mix = 0.6 * torch.randn(8, 8, generator=generator)

    def __call__(self, tokens: Tensor) -> Tensor:
        """Tokens so far (B, i) to logits (B, WORDS)."""
        # Even if there are none yet: torch.cat would make all later ones floats.
        if tokens.is_floating_point():
            raise NotYetRight(
                "the network is given floats, and a token is a whole number: begin "
                "with torch.zeros(B, 0, dtype=torch.int64)"
            )
        heard = torch.ones(len(tokens), 8)
        for i in range(tokens.shape[1]):
            heard = (heard @ self.mix + self.word[tokens[:, i]]).tanh()
        return 0.8 * heard @ self.out.T


def some_drawing(generator) -> tuple:
    """A network, random numbers for a few pictures, and a temperature."""
    B, n, temperature = ((3, 7, 0.6), (4, 6, 1.7))[generator.initial_seed() % 2]
    u = torch.rand(B, n, generator=generator)
    return Reader(generator), u, temperature


def one_drawing(B: int, n: int, temperature: float) -> tuple:
    generator = torch.Generator().manual_seed(7)
    return Reader(generator), torch.rand(B, n, generator=generator), temperature


ENDS = {
    "with a single picture": one_drawing(1, 5, 0.9),
    "with a single token": one_drawing(4, 1, 0.9),
    "at temperature 1": one_drawing(3, 5, 1.0),
}


def check_draw_tokens(learner_draw):
    """Token by token: ask, pick, append; each with its own random number."""

    def explained(predict, u, temperature):
        try:
            return learner_draw(predict, u, temperature)
        except (RuntimeError, IndexError) as error:
            if isinstance(error, NotImplementedError):  # nothing was written yet
                raise
            beyond = "out of bounds for dimension 1" in str(error)
            error.add_note(TOO_FAR if beyond else SHAPES)
            raise

    explained.__wrapped__ = learner_draw

    def check():
        compare(explained, right_draw, some_drawing, TOKENS, also=ENDS)

    def right_draw(predict, u, temperature):
        return draw_tokens(predict, u, temperature)

    return report(check, learner_draw, draw_tokens)


def drawing(
    ask_it=lambda predict, tokens: predict(tokens),
    number=lambda u, i: u[:, i],
    pick=pick_token,
    join=lambda tokens, token: torch.cat([tokens, token], dim=1),
    begin=0,
    places=lambda u: range(u.shape[1]),
    give=lambda tokens: tokens,
) -> Callable:
    """A mistake: the right loop, with one of its parts replaced.

    Args:
        ask_it: predict, tokens -> logits
        number: u, i -> the random number of token i
        pick: logits, u, temperature -> token (B,)
        join: tokens, token (B, 1) -> tokens
        begin: how many zeros stand there at first
        places: u -> the numbers that i goes through
        give: tokens -> what is returned
    """

    def draw(predict, u, temperature):
        tokens = torch.zeros(len(u), begin, dtype=torch.int64)
        for i in places(u):
            token = pick(ask_it(predict, tokens), number(u, i), temperature)
            tokens = join(tokens, token[:, None])
        return give(tokens)

    return draw


def whole_table(predict, u, temperature):
    tokens = torch.zeros(u.shape, dtype=torch.int64)
    for i in range(u.shape[1]):
        tokens[:, i] = pick_token(predict(tokens), u[:, i], temperature)
    return tokens


def last_logits(predict, u, temperature):
    return predict(draw_tokens(predict, u, temperature)[:, :-1])


TOKENS = {
    "the network never hears what was drawn, or is asked only once: ask it inside of "
    "the loop, and with all tokens so far": (
        drawing(lambda predict, tokens: predict(tokens[:, :0]))
    ),
    "the network hears only the last token: give it all tokens so far": (
        drawing(lambda predict, tokens: predict(tokens[:, -1:]))
    ),
    "every token gets the same random number: token i takes column i of u": (
        drawing(number=lambda u, i: u[:, 0])
    ),
    "the columns of u are taken backwards: token i takes column i": (
        drawing(number=lambda u, i: u[:, -1 - i])
    ),
    "every picture gets the random numbers of the first: take the whole column of u": (
        drawing(number=lambda u, i: u[:1, i].expand(len(u)))
    ),
    "that takes the likeliest token each time, without any chance: pick one with u": (
        drawing(pick=lambda logits, u, temperature: logits.argmax(1))
    ),
    "that takes the least likely token each time: pick one with u": (
        drawing(pick=lambda logits, u, temperature: logits.argmin(1))
    ),
    "the temperature is not used: pick_token takes it as its third argument": (
        drawing(pick=lambda logits, u, temperature: pick_token(logits, u))
    ),
    "the logits are multiplied by the temperature, or divided by one over it: a low "
    "temperature should make likely tokens likelier": (
        drawing(pick=lambda logits, u, t: pick_token(logits, u, 1 / t))
    ),
    "the temperature is used twice: pick_token divides by it already": (
        drawing(pick=lambda logits, u, t: pick_token(logits / t, u, t))
    ),
    "a softmax comes before pick_token, which contains one: give it the logits": (
        drawing(pick=lambda logits, u, t: pick_token(logits.softmax(1), u, t))
    ),
    "a logarithm of a softmax over the batch comes before pick_token: give it the "
    "logits": drawing(pick=lambda logits, u, t: pick_token(logits.softmax(0), u, t)),
    "one token is missing, the last: u has one column for each token, so i goes "
    "through them all": (
        drawing(places=lambda u: range(u.shape[1] - 1))
    ),
    "you made as many rounds as there are pictures: u.shape[1] rounds are needed, one "
    "for each token": (
        drawing(places=lambda u: range(len(u)))
    ),
    "one token is missing, and the first random number is left out: i begins at 0": (
        drawing(places=lambda u: range(1, u.shape[1]))
    ),
    "a zero stands in front, a token that nobody drew: begin with no tokens, (B, 0)": (
        drawing(begin=1)
    ),
    "a zero stands in front, and it counts as the first token: begin with no tokens, "
    "(B, 0)": drawing(begin=1, places=lambda u: range(u.shape[1] - 1)),
    "a zero stands in front, and it counts as the first token, so that u begins at its "
    "second column: begin with no tokens, (B, 0)": (
        drawing(begin=1, places=lambda u: range(1, u.shape[1]))
    ),
    "the network is told a zero that nobody drew, before the first token: begin with "
    "no tokens, (B, 0)": drawing(begin=1, give=lambda tokens: tokens[:, 1:]),
    "each token is put in front of those before: append it": (
        drawing(join=lambda tokens, token: torch.cat([token, tokens], dim=1))
    ),
    "each token takes the place of those before, so that only the last is kept: "
    "append it": drawing(join=lambda tokens, token: token),
    "the first token only comes back: `return` stands inside of the loop": (
        drawing(places=lambda u: range(1))
    ),
    "nothing was appended: the tokens are still those of the beginning": (
        drawing(join=lambda tokens, token: tokens)
    ),
    "the network is shown the whole table, padded with zeros: show it the tokens that "
    "are there": whole_table,
    "these are the logits of the last token: return the tokens": last_logits,
    "that is the last token of each picture: return all of them": (
        drawing(give=lambda tokens: tokens[:, -1])
    ),
    "rows and columns are exchanged: a picture is a row": (
        drawing(give=lambda tokens: tokens.T)
    ),
    "the tokens come back in reverse": drawing(give=lambda tokens: tokens.flip(1)),
}  # fmt: skip
