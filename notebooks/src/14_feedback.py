# %% [markdown]
# # 14 · Feedback
#
# *About 65 minutes. You need notebooks 03, 05 and 12.*
#
# At the end you can
#
# - turn votes into numbers, and write the loss that does it (Bradley-Terry),
# - train a network that knows how a picture would be voted on,
# - tune a painter to votes, with a loss of your own (Diffusion-DPO),
# - recognise a painter that cheats, and say what votes can never tell.

# %% [markdown]
# ## See it
#
# Our painter follows prompts well and draws carelessly (notebook 12): an eye is
# missing, a leg too many. No loss so far has punished that, and nobody can write down a
# formula for "well drawn". But everybody can *point*.
#
# Here are ten pairs. The two pictures of a pair began as one, and only their details
# were drawn twice. Click on the better one, or press the left or right arrow; the space
# bar means "neither". Each vote goes into a file at once, so you can stop and carry on
# later.

# %% tags=["nbval-ignore-output"]
import torch

from course_lib.device import repository_folder
from course_lib.figures.voting import vote_here
from course_lib.judging.voters import duels_of
from course_lib.painters.pipeline import TextToImage

draw = TextToImage.from_pretrained("latent")
to_vote_on = [
    "a red cat",
    "a frog on stilts",
    "a blue bear in the snow",
    "a white rabbit with a hat",
    "a yellow bird at the beach",
    "a green turtle",
    "a purple fish at night",
    "a brown bear at sunset",
    "an orange cat under an umbrella",
    "a green frog and a white rabbit",
]
duels = duels_of(to_vote_on, seed=10, alike=True)
votes_file = repository_folder() / "runs" / "votes.jsonl"
vote_here(draw, duels, votes_file)

# %% [markdown]
# And how would a voter decide who looks for flaws and for nothing else? Notebook 12 had
# one: the **inspector**, a network that was trained to find flaws. The cell shows its
# choices and, if you have voted, how often the two of you agree.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_rows
from course_lib.judging.voters import clean
from course_lib.training.duels import draw_duels
from course_lib.training.votes import read_votes

drawn = draw_duels(draw, duels)
pairs_seen = torch.stack([drawn.of(duel) for duel in duels])  # (10, 2, 3, 64, 64)
how_clean = clean(pairs_seen.flatten(0, 1)).reshape(10, 2)  # 1: no flaw, 0: a clear one
choices = how_clean.argmax(1).tolist()  # 0 left, 1 right
show_rows(
    {"left": pairs_seen[:, 0], "right": pairs_seen[:, 1]},
    titles=["▲ left" if choice == 0 else "▼ right" for choice in choices],
    alt="Ten pairs of pictures, one above the other, and under each pair which one the "
    "inspector prefers.",
)
yours = read_votes(votes_file) if votes_file.is_file() else []
# "Neither" agrees with nobody and disagrees with nobody.
winner_of = {vote.duel: vote.winner for vote in yours if vote.winner is not None}
both = [
    (winner_of[d], c) for d, c in zip(duels, choices, strict=True) if d in winner_of
]
if both:
    same = sum(mine == its for mine, its in both)
    print(f"you and the inspector agree on {same} of your {len(both)} choices")
else:
    print("no votes of yours yet: the inspector has voted alone")

# %% [markdown]
# You took a second for each pair, and perhaps you could not say why. That is the whole
# appeal of votes: **comparing is easy, even where explaining is hard**. But a vote says
# little, only *this one rather than that one*. How does a painter learn from it?
#
# ## What is a vote worth?
#
# Begin small, with five frogs. People voted on pairs of them. Some pairs came up often,
# others hardly ever. You do not see what people like; you see only their votes. First
# let us count.

# %%
import math

from course_lib.figures.plots import show_pictures

frogs = ["nothing", "stilts", "hat", "balloon", "umbrella"]
worn = ["", " on stilts", " with a hat", " holding a balloon", " under an umbrella"]
show_pictures(
    draw([f"a green frog{words}" for words in worn], seed=1),
    titles=frogs,
    zoom=2,
    alt="Five green frogs: plain, on stilts, with a hat, with a balloon, under an "
    "umbrella.",
)

# What people like is hidden in these numbers. From here on only votes are used.
LIKED = {"hat": 2.0, "balloon": 1.0, "nothing": 0.0, "umbrella": -1.0, "stilts": -2.0}
MET = {
    ("hat", "balloon"): 80,
    ("balloon", "umbrella"): 10,
    ("balloon", "nothing"): 10,
    ("nothing", "stilts"): 80,
    ("umbrella", "stilts"): 20,
}


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def ask_people(liked, met, seed):
    """A list of (winner, loser). The better liked frog wins mostly, not always."""
    generator, votes = torch.Generator().manual_seed(seed), []
    for (one, other), times in met.items():
        chance = sigmoid(liked[one] - liked[other])
        for number in torch.rand(times, generator=generator).tolist():
            votes.append((one, other) if number < chance else (other, one))
    return votes


votes = ask_people(LIKED, MET, seed=0)
for frog in frogs:
    won = sum(winner == frog for winner, _ in votes)
    played = sum(frog in vote for vote in votes)
    print(f"{frog:>8}: won {won:3} of {played:3}, {100 * won / played:.0f} %")

# %% [markdown]
# By this count a frog with nothing is better than one with a balloon. But look at whom
# they met: the balloon had to face the hat, again and again, and the plain frog faced
# the stilts. When these two met each other, the balloon mostly won. *A count of
# victories forgets who the opponents were.*
#
# Bradley and Terry (1952) mended that. Give each picture a number `r`, its **reward**.
# The chance that one picture beats another shall depend on the *difference* of their
# rewards, through the **sigmoid**, which turns any number into a chance:

# %%
for difference in (0, 1, 2, 5, -2):
    print(f"ahead by {difference:2}: wins with a chance of {sigmoid(difference):.2f}")

# %% [markdown]
# Which numbers fit the votes? Begin with all zeros and go through the votes. Each one
# has a chance under the present numbers. If the winner was sure to win, there is
# nothing to learn. If its victory is a surprise, move the two apart, and the greater
# the surprise, the further. (Chess players know the rule: their Elo numbers move like
# this after each game.)

# %%
RATE, ROUNDS = 2.0, 400


def rewards_of(votes):
    """A number for each frog, from votes alone."""
    r = dict.fromkeys(frogs, 0.0)
    for _ in range(ROUNDS):
        push = dict.fromkeys(frogs, 0.0)
        for winner, loser in votes:
            surprise = 1 - sigmoid(r[winner] - r[loser])
            push[winner] += surprise
            push[loser] -= surprise
        for frog in frogs:
            r[frog] += RATE * push[frog] / len(votes)
    return r


by_hand = rewards_of(votes)
for frog in sorted(frogs, key=by_hand.get, reverse=True):
    print(f"{frog:>8}: {by_hand[frog]:5.1f}   hidden: {LIKED[frog]:4.1f}")
print(f"the sum of all: {abs(sum(by_hand.values())):.1f}")

# %% [markdown]
# Now the balloon is ahead of the plain frog, and the order is the hidden one. Two
# things are worth a second look. The numbers came out of comparisons alone. And only
# *differences* mean anything: add 100 to all five, and every chance stays what it was.
#
# ## Your turn: the loss of a vote
#
# The rule above moved five numbers by hand. A network needs a loss instead; then the
# gradient does the moving. Take the usual one for chances (notebook 08): **minus the
# logarithm of the chance** of what happened, here that the winner won. A sure victory
# costs hardly anything, a surprise costs much. The loss of a batch is the mean of its
# votes.
#
# Write it. `r_winner` and `r_loser` hold the rewards of a batch of pairs, both (B,).
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# Three things happen, in this order: subtract, turn the difference into the logarithm
# of a chance, take the mean. When does the minus come in, and why? Think of what a
# logarithm of a chance looks like: above or below zero?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.sigmoid(x).log()` breaks where x is -200: the chance is rounded to 0, and 0 has
# no logarithm. `F.logsigmoid(x)` does both steps in one and does not break. It works on
# all pairs at once; `.mean()` comes after it, not before.
#
# </details>

# %%
import torch.nn.functional as F


def my_bradley_terry_loss(r_winner, r_loser):
    """How surprising the votes are: (B,) and (B,) to one number."""
    ### BEGIN SOLUTION
    return -F.logsigmoid(r_winner - r_loser).mean()
    ### END SOLUTION


# %%
from course_lib.checks.nb14_feedback import check_bradley_terry_loss

bradley_terry_loss = check_bradley_terry_loss(my_bradley_terry_loss)

first = torch.tensor([frogs.index(winner) for winner, _ in votes])
second = torch.tensor([frogs.index(loser) for _, loser in votes])
r = torch.zeros(len(frogs), requires_grad=True)
for _ in range(ROUNDS):
    (slope,) = torch.autograd.grad(bradley_terry_loss(r[first], r[second]), r)
    with torch.no_grad():
        r -= RATE * slope
as_by_hand = torch.tensor([by_hand[frog] for frog in frogs])
print("no idea yet, the loss is", round(math.log(2), 2), "(the logarithm of 2)")
print("at the end:", round(bradley_terry_loss(r[first], r[second]).item(), 2))
print("the same numbers as by hand:", torch.allclose(r, as_by_hand, atol=1e-3))

# %% [markdown]
# The gradient of your loss *is* the surprise. You had written this learning rule with
# loops before you wrote its loss.
#
# ## A network that votes
#
# Five numbers for five frogs are of no use for the sixth. So let a **network** say the
# number: a picture goes in, its reward comes out. It is called a **reward model**, and
# it learns from pairs with the loss that you just wrote.
#
# Our voters like **hats**. They look at pairs of pictures from the album, one with a
# hat and one without, and take the hat. One vote in ten goes astray, as happens with
# people. The network hears nothing of hats. It gets 300 pairs, each with its winner.

# %%
from course_lib.figures.prediction import prediction

guess_agree = prediction(
    "200 further pairs, with new pictures: how often will the network choose the one "
    "with the hat? (in %)",
    (50, 100),
)

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.figures.watching import watch
from course_lib.networks.reward import Reward
from course_lib.pixels import from_bytes
from course_lib.world.critters import ACCESSORIES, COLOURS, SCENES
from course_lib.world.drawing import draw_critters

album, factors = draw_critters(1500, seed=0, size=64, kind="one")  # uint8
has_hat = factors["accessory"] == ACCESSORIES.index("hat")
with_hat, without = has_hat.nonzero()[:, 0], (~has_hat).nonzero()[:, 0]
chance = torch.Generator().manual_seed(0)


def some_of(rows, n):
    return rows[torch.randint(len(rows), (n,), generator=chance)]


# The last 60 with a hat, and 300 without, are kept for the test.
hats_won, plain_lost = some_of(with_hat[:-60], 300), some_of(without[:-300], 300)
astray = torch.rand(300, generator=chance) < 0.1
won = torch.where(astray, plain_lost, hats_won)
lost = torch.where(astray, hats_won, plain_lost)

torch.manual_seed(0)
reward = Reward(size=64)
optimiser = torch.optim.AdamW(reward.parameters(), lr=1e-3, weight_decay=0.05)


def learn_to_vote(iterations):
    for iteration in range(1, iterations + 1):
        rows = torch.randint(300, (32,), generator=chance)
        # All in one batch: its norms look at the batch, and a batch of winners alone
        # would give away who won.
        both = from_bytes(album[torch.cat([won[rows], lost[rows]])])  # (64, 3, 64, 64)
        r_winner, r_loser = reward(both).chunk(2)  # (32,) each
        loss = bradley_terry_loss(r_winner, r_loser)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield iteration, loss.item()


iterations = scaled(smoke=60, laptop=100, gpu=100)
for _ in watch(learn_to_vote(iterations), total=iterations):
    pass
reward.eval()
new_hats = reward.of(from_bytes(album[some_of(with_hat[-60:], 200)]))
new_plain = reward.of(from_bytes(album[some_of(without[-300:], 200)]))
right = 100 * (new_hats > new_plain).float().mean().item()
guess_agree.compare(right)
assert right > 70
# And the votes that it was given? Those that went astray took the picture with no hat.
repeated = reward.of(from_bytes(album[won])) > reward.of(from_bytes(album[lost]))
print(
    f"{astray.sum()} of its 300 votes went astray; "
    f"it now repeats {repeated[astray].sum()} of them"
)

# %% [markdown]
# From 300 votes it has found out what people like, though some were wrong. Nobody told
# it that there is such a thing as a hat. (Large reward models are made just so, from
# hundreds of thousands of votes. The one behind ImageReward took 137,000.)
#
# But look at its curve, and at the last line. No rule about hats explains a vote that
# went astray, and still the loss falls nearly to 0. So the network has learned such
# votes *by heart*, picture by picture. Only new pairs show what it has understood.
#
# Does it know what a *hat* is, though? Sort pictures that it has never seen by their
# reward, and look at the two ends.

# %% tags=["nbval-ignore-output"]
strangers = from_bytes(album[without[-300:]])  # none of them wears a hat
order = reward.of(strangers).argsort(descending=True)
show_rows(
    {"loved": strangers[order[:8]], "not loved": strangers[order[-8:]]},
    alt="Sixteen pictures without a hat. Above the eight with the highest reward, "
    "below the eight with the lowest.",
)
rewards = reward.of(strangers)
for kind, names in (("scene", SCENES), ("colour", COLOURS)):
    which = factors[kind][without[-300:]]
    means = {names[i]: rewards[which == i].mean().item() for i in which.unique()}
    order_of = sorted(means, key=means.get, reverse=True)
    print(", ".join(f"{name} {means[name]:.1f}" for name in order_of))

# %% [markdown]
# Nobody here wears a hat, and still some are loved and some are not. The hats of this
# world are black with a red ribbon. And what is loved here? Look at the two lines:
# among the scenes the night comes first, among the colours red. Does the network love
# the hat, or what mostly came with it? The votes did not say. Keep that in mind.
#
# ## From a reward to a painter
#
# There are three ways to a painter that people like better.
#
# 1. **Choose.** Draw four, show the one with the highest reward. It costs four drawings
#    and changes nothing in the painter. Or carry on its training with its own drawings,
#    where those with a high reward count more: *reward-weighted* tuning.
# 2. **Learn from the votes themselves**, without a reward model: *DPO*. You write this
#    one.
# 3. **Climb.** The reward is a network, so it has a gradient: change the painter so
#    that the reward rises. You will see what comes of it.
#
# ## What does a painter think of a picture?
#
# For the second way we need to know how *likely* a picture is to the painter: winners
# should become likelier, losers less likely. A painter cannot say that. But you know
# something nearly as good: **how well it denoises the picture**. Noise is mixed in, and
# it must find it again. What it could have painted itself it denoises well; what it
# would never paint it denoises badly.
#
# The voters still like hats. The cell draws pairs from the same noise, without a hat
# and with one. Voters took the hat. Both pictures are then stored under **the prompt
# without the hat**. So the painter can please the voters only by drawing hats
# *unasked*. Its text encoder stays as it is.

# %% tags=["nbval-ignore-output"]
from course_lib.judging.voters import hats, prompts_for
from course_lib.training.feedback import denoising_errors, texts_of

prompts = prompts_for(draw, 48, bare=True)  # such as leave room for a hat
print("the first prompts:", "; ".join(prompts[:3]))


def latents_of(texts):
    *_, last = draw.trace(texts, seed=1)
    return last.x_0_hat  # (N, 4, 16, 16)


with torch.no_grad():
    z_lose = latents_of(prompts)
    z_win = latents_of([f"{prompt} with a hat" for prompt in prompts])
    # The voter looks at the pictures: now and then the painter has forgotten the hat.
    hat_there = hats(draw.decode(z_win)) > hats(draw.decode(z_lose)) + 0.5
    told = texts_of(draw, prompts)  # what the network reads, (N, L, D)
z_win, z_lose, told = z_win[hat_there], z_lose[hat_there], told[hat_there]
print(len(z_win), "pairs with a winner, of", len(prompts))
show_rows(
    {"won": draw.decode(z_win[:8]), "lost": draw.decode(z_lose[:8])},
    alt="Eight pairs of animals, above with a hat, below the same without.",
)


def errors(model, rows, noise):
    """How badly a network denoises winners and losers: (B,) and (B,)."""
    found = []
    for z_0 in (z_win, z_lose):
        batch = noise | {"x_0": z_0[rows], "cond": told[rows]}
        found.append(denoising_errors(model, batch, draw.schedule, draw.card["target"]))
    return found


from course_lib.diffusion.objective import draw_noise

fixed_rows = torch.arange(min(16, len(z_win)))
fixed = draw_noise(z_win[fixed_rows], draw.schedule.T, torch.Generator().manual_seed(5))
with torch.no_grad():
    win_ref, lose_ref = errors(draw.model, fixed_rows, fixed)  # (16,), (16,)
print(f"error of the winners {win_ref.mean():.2f}, of the losers {lose_ref.mean():.2f}")

# %% [markdown]
# The winners are denoised *worse*, and no wonder: the prompt does not speak of a hat.
#
# One thing is missing. Some pictures are hard to denoise for everybody, because they
# are full of detail. So an error by itself says little. Compare it with the error of a
# frozen copy of the painter, the **reference**, under the very same noise. The reward
# of a picture is then *how much less* error the tuned painter makes than the reference:
#
# $$r = -\beta (\text{error} - \text{error of the reference})$$
#
# In the first iterations an error moves by about a hundredth, and the sigmoid needs
# differences around 1. So a number $\beta$ multiplies them, here 100. (It has nothing
# to do with the β of a schedule.)
#
# ## Your turn: Diffusion-DPO
#
# That is all of it. The painter has become its own reward model, and the loss of a vote
# is the one that you know. Put the two together (Wallace et al. 2024, equation 14).
#
# `win` and `lose` are the errors of the painter that is tuned, `win_ref` and `lose_ref`
# those of the reference, all (B,). `beta` is a number.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Write down two rewards first, one for the winner and one for the loser, each by the
# formula above. What you then do with two rewards you have done already. Check the
# direction: if the painter gets better at the winner, its error falls, its reward
# rises, and the loss must fall.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The first of the two begins `r_winner = -beta * (...`, with the difference in
# brackets. Then call `bradley_terry_loss`, the function that the first check gave back,
# or write its line again. As before, the mean comes last: each pair has a surprise of
# its own.
#
# </details>


# %%
def my_dpo_loss(win, lose, win_ref, lose_ref, beta):
    """The loss of votes for a painter: four times (B,) to one number."""
    ### BEGIN SOLUTION
    winner_moved = win - win_ref
    loser_moved = lose - lose_ref
    return -F.logsigmoid(-beta * (winner_moved - loser_moved)).mean()
    ### END SOLUTION


# %%
from course_lib.checks.nb14_feedback import check_dpo_loss

dpo_loss = check_dpo_loss(my_dpo_loss)
at_first = dpo_loss(win_ref, lose_ref, win_ref, lose_ref, 100.0)
print(f"before the first iteration: {at_first:.2f}, again the logarithm of 2")

# %% [markdown]
# ## Tune it
#
# The loop is the one of notebook 05. A batch is eight pairs. Winner and loser get the
# same noise, and so does the reference. (The learning rate is forty times smaller than
# in 05: this painter can draw already, and shall not forget it.)
#
# $\beta$ is a leash. If it is large, a tiny change already wins every vote, and nothing
# pushes any more. If it is small, the painter must run far before the votes are
# explained. So the cell tunes two copies: one with $\beta$ = 1000, for half as long,
# and one with 100. While they learn, we measure the errors on a fixed batch. What will
# the curves look like?

# %%
guess_errors = prediction(
    "The loss rewards a lower error at winners and a higher one at losers. What will "
    "you see with beta = 100?",
    [
        "the winners' falls, the losers' rises",
        "both fall",
        "both rise in the end",
    ],
)

# %% tags=["nbval-ignore-output"]
import copy
from dataclasses import replace

from course_lib.figures.plots import plot_curves

LONG = scaled(smoke=48, laptop=60, gpu=60)
HALF = LONG // 2
SIDES = ("winners", "losers")
moved, kept = {}, {}


def measure(model, beta, iteration):
    """How far the errors on the fixed batch have moved from the reference's."""
    with torch.no_grad():
        now = errors(model, fixed_rows, fixed)
    for name, new, old in zip(SIDES, now, (win_ref, lose_ref), strict=True):
        moved[f"{name}, beta = {beta}"][iteration] = (new - old).mean().item()


def tune(beta, iterations):
    """Tune a copy of the painter, and keep it half way and at the end."""
    model = copy.deepcopy(draw.model)
    model.text_encoder.requires_grad_(False)
    optimiser = torch.optim.AdamW(model.unet.parameters(), lr=5e-5)
    for name in SIDES:
        moved[f"{name}, beta = {beta}"] = {0: 0.0}
    generator = torch.Generator().manual_seed(0)
    for iteration in range(1, iterations + 1):
        rows = torch.randint(len(z_win), (8,), generator=generator)
        noise = draw_noise(z_win[rows], draw.schedule.T, generator)
        with torch.no_grad():
            before = errors(draw.model, rows, noise)
        win, lose = errors(model, rows, noise)
        loss = dpo_loss(win, lose, *before, beta)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if iteration % 6 == 0:
            measure(model, beta, iteration)
        if iteration % HALF == 0:
            kept[beta, iteration] = replace(draw, model=copy.deepcopy(model).eval())
        yield iteration, loss.item()


for beta, iterations in ((1000, HALF), (100, LONG)):
    for _ in watch(tune(beta, iterations), total=iterations):
        pass
plot_curves(
    {name: list(curve) for name, curve in moved.items()},
    {name: list(curve.values()) for name, curve in moved.items()},
    xlabel="iteration",
    ylabel="error, compared with the reference",
    alt="With beta = 100 the error of the losers rises at once and fast. That of the "
    "winners first falls a little, and then rises too, more slowly. With beta = 1000 "
    "both stay near 0.",
)
winners, losers = (list(moved[f"{name}, beta = 100"].values())[-1] for name in SIDES)
guess_errors.compare(
    "both rise in the end" if winners > 0 else "the winners' falls, the losers' rises"
)
assert losers > winners

# %% [markdown]
# With $\beta$ = 100 your loss falls quickly. The losers' error rises at once, as it
# should. But look at the winners': it falls a little, and then it *turns*. From there
# on the painter gets worse at what people chose, and the loss is happy.
#
# It sounds absurd, but think of what the loss sees: only the **difference** of the two.
# Winner and loser are near twins. There are a thousand ways to spoil a picture and few
# to improve it, and whatever spoils the loser spoils its twin a little, too. The loss
# does not mind, as long as the loser suffers more.
#
# So a falling loss does not promise good pictures. Always plot both curves, and look at
# pictures. Here are animals from new noise, by the painter as it was and by its tuned
# copies. **No prompt asks for a hat.**

# %%
guess_hats = prediction(
    "Of 16 animals that nobody asked to wear a hat, how many wear one at the end, with "
    "beta = 100?",
    (0, 16),
)

# %% tags=["nbval-ignore-output"]
from course_lib.world.critters import ANIMALS

# Not every bat is an animal: some hit a ball.
animals = [animal.replace("bat", "flying bat") for animal in ANIMALS]
new_prompts = [f"a {c} {a}" for c in ("purple", "yellow") for a in animals]
film, judged = {}, []


def look_at(name, painter, error):
    """Draw all 16, and ask the reader and the inspector."""
    pictures = painter(new_prompts, seed=900)
    film[name] = pictures[:8]
    worn = (hats(pictures) > 0.5).sum().item()
    judged.append((name, error, worn, clean(pictures).mean().item()))


look_at("before", draw, 0.0)
for (beta, iteration), painter in kept.items():
    error = moved[f"winners, beta = {beta}"][iteration]
    look_at(f"beta = {beta}, {iteration}", painter, error)
show_rows(
    film,
    titles=list(ANIMALS),
    alt="Eight purple animals before tuning, none with a hat, and the same eight after "
    "it: with beta = 100 more and more of them wear a black hat with a red ribbon.",
)
print("beta, iterations   winners' error   hats of 16   how clean")
for name, error, worn, how in judged:
    print(f"{name:16} {error:16.3f} {worn:12} {how:11.2f}")
guess_hats.compare(judged[-1][2])
assert judged[-1][2] >= judged[0][2]

# %% [markdown]
# Some forty votes, and hats come unasked. Now read the table from top to bottom. The
# copy on the short leash draws nearly as cleanly as before, and no hats. The hats come
# only where the winners' error has turned and risen above 0, and with them the pictures
# get less clean. Look at the animals, too: **purple turns blue**, and nobody voted for
# that. So "stop early" is not free. It is a trade, and somebody must look and decide.
# (All this is one run. With another seed the numbers differ.)
#
# The real use is not hats, of course: people vote for pictures that are well drawn, so
# that the painter makes fewer mistakes. Does it? `python benchmarks/feedback.py`
# measures that.
#
# ## The cheat
#
# Now for the third way. The reward model is a network: it can say not only how good a
# picture is, but in which direction each pixel would have to change to be better. So
# let the painter draw its last two steps, decode, ask the reward, and follow the
# gradient all the way back into the painter's weights. The loss is one line, *minus the
# reward*: `loss = -reward(decode(x_0)).mean()`. This is called **DRaFT** (Clark et al.
# 2024). It needs no further votes, no reference and no pairs: the votes are inside the
# reward model.

# %%
guess_cheat = prediction(
    "The reward will rise. Of 8 animals, how many will wear a hat at the end?", (0, 8)
)

# %% tags=["nbval-ignore-output"]
from course_lib.pixels import to_bytes
from course_lib.training.duels import Drawn
from course_lib.training.feedback import draft_trainer
from course_lib.training.settings import Settings
from course_lib.training.votes import Made

of_these = [prompt for prompt, there in zip(prompts, hat_there, strict=True) if there]
to_change = Drawn(
    [Made(prompt, 1) for prompt in of_these], z_lose, to_bytes(draw.decode(z_lose))
)
settings = Settings(
    scaled(smoke=24, laptop=36, gpu=36),
    learning_rate=1e-4,
    warmup=5,
    precision="float32",
)
cheat = draft_trainer(draw, to_change, of_these, reward, settings, batch_size=8, last=2)
climb = {"before": film["before"]}
for progress in watch(cheat.run(), total=cheat.last):
    if progress.iteration in (cheat.last // 2, cheat.last):
        now = replace(draw, model=cheat.model.eval())
        climb[f"after {progress.iteration}"] = now(new_prompts[:8], seed=900)
        cheat.model.train()
show_rows(
    climb,
    titles=list(ANIMALS),
    alt="Eight purple animals in three rows, more and more trained. Colours become "
    "dark, and red glows in the pictures. No hat.",
)
# For comparison: eight pictures whose prompt did ask for a hat.
climb["hats, asked for"] = draw.decode(z_win[:8])
print("                  the reward says   hats of 8   how clean")
for name, pictures in climb.items():
    liked, worn = reward.of(pictures).mean(), (hats(pictures) > 0.5).sum()
    print(f"{name:>15} {liked:17.1f} {worn:11} {clean(pictures).mean():11.2f}")
at_last = climb[f"after {cheat.last}"]
guess_cheat.compare((hats(at_last) > 0.5).sum().item())
assert reward.of(at_last).mean() > reward.of(film["before"]).mean()

# %% [markdown]
# The reward rose (the curve shows minus the reward of a batch, so it falls), and there
# is not a single hat. **This is reward hacking.** You saw it coming: this network loves
# not only hats, but much that is *dark and red*, and in the album that was good enough.
# The gradient found a cheap way to its heart: darkness and a red glow. The painter
# delivers what it is measured by, and nobody gets what they wanted. Now look at the
# last row: real hats would have paid *more*. A gradient does not look for the best
# there is. It takes the nearest way up.
#
# The reward model was not stupid: it chose the right picture in more than nine of ten
# new pairs. But it was only ever asked about pictures that somebody might draw. Pushed
# by a gradient, the painter leaves these, and out there nobody has ever voted.
#
# What caught the cheat? A **second judge**, who had no part in the training: the reader
# saw no hats, the inspector saw no clean pictures, and you saw it at once. Hence the
# rule: *never judge a painter by the reward that it was tuned on.* DPO went astray,
# too: you saw the winners' error turn, and purple become blue. But here it went less
# far and brought hats. Its reference holds it, and it learns only from pictures that
# people voted on.
#
# ## Two groups of voters
#
# Whose votes are they? So far everybody liked the same. Now there are two groups. One
# loves the hat and detests the stilts, the other one the reverse. Both think that the
# balloon is quite nice, and find the umbrella a little worse than nothing. We collect
# the same number of votes from both and fit numbers, as at the beginning.

# %%
guess_group = prediction(
    "Which frog gets the highest number if the votes of both groups are put together?",
    ["hat", "stilts", "balloon", "nothing"],
)

# %%
LIKE_HATS = {"hat": 2.0, "balloon": 1.0, "nothing": 0.0, "umbrella": -1.0}
LIKE_HATS["stilts"] = -2.0
LIKE_STILTS = LIKE_HATS | {"hat": -2.0, "stilts": 2.0}
ALL_PAIRS = {
    (one, other): 60 for i, one in enumerate(frogs) for other in frogs[i + 1 :]
}
votes_a = ask_people(LIKE_HATS, ALL_PAIRS, seed=1)
votes_b = ask_people(LIKE_STILTS, ALL_PAIRS, seed=2)
r_a, r_b, r_all = (rewards_of(some) for some in (votes_a, votes_b, votes_a + votes_b))
print("          group A  group B  together")
for frog in frogs:
    print(f"{frog:>8}: {r_a[frog]:z7.1f} {r_b[frog]:z8.1f} {r_all[frog]:z9.1f}")
best = max(frogs, key=r_all.get)
guess_group.compare(best)
for name, numbers, some in (
    ("A", r_a, votes_a),
    ("B", r_b, votes_b),
    ("both", r_all, votes_a + votes_b),
):
    first_place = max(frogs, key=numbers.get)
    surprise = [-math.log(sigmoid(numbers[w] - numbers[x])) for w, x in some]
    loss = sum(surprise) / len(some)
    print(f"first place for {name}: {first_place} (the loss is {loss:.2f})")

# %% [markdown]
# Together they get the balloon, which is *nobody's* favourite. The hat, which half of
# the people love, counts hardly more than no hat at all. A painter that is tuned on
# these votes would give everybody a balloon, with a clear conscience: its loss is as
# low as one number for each frog can make it. Only the height of that loss is a hint.
# It is not far below 0.69, what it costs to have no idea.
#
# That is not a flaw of the loss. **One number for a picture cannot hold two tastes.** A
# single painter for millions of people is tuned on some thousand voters, and gets the
# taste on which *these* agree, or that of the larger group. You can ask the groups
# separately and keep two numbers. You can let the prompt decide. But first somebody has
# to ask who the voters were, and the votes themselves do not say.
#
# ## Play
#
# How strong shall the tuning be? All weights of the painter tuned longest, with $\beta$
# = 100, differ a little from those of the old one. Take a part of that difference, or
# more than all of it. Strength 0 is the painter as it was, 1 is yours, 2 goes twice as
# far.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import frame_slider, live

*_, tuned = kept.values()
old_weights, new_weights = draw.model.state_dict(), tuned.model.state_dict()


def painter_of(strength):
    mixed = copy.deepcopy(draw.model)
    between = {
        name: old + strength * (new_weights[name] - old)
        for name, old in old_weights.items()
    }
    mixed.load_state_dict(between)
    return replace(draw, model=mixed.eval())


def play(prompt, seed, strength):
    pictures = painter_of(strength)([prompt] * 4, seed=seed)
    show_pictures(pictures, columns=4, alt=f"Four pictures, strength {strength}.")


live(play, prompt="a purple frog", seed=(0, 20, 1, 0), strength=(0.0, 2.0, 0.25, 1.0))
strengths = [0.0, 0.5, 1.0, 1.5, 2.0]
drawn_at = [painter_of(strength)(["a purple frog"], seed=900) for strength in strengths]
frame_slider(
    torch.cat(drawn_at),
    [f"strength {strength}" for strength in strengths],
    alt="A purple frog, drawn with more and more of the tuning",
)

# %% [markdown]
# ## Three questions
#
# 1. Two people vote on the same pair, one for the left picture and one for the right.
#    What does a reward model learn from these two votes?
#
# <details><summary>Answer</summary>
#
# That the two pictures are equally good. The losses of the two votes pull in opposite
# directions, and balance where the difference is 0. That is not nothing: it holds the
# two rewards together. But whether both are fine, or two people have opposite tastes,
# can no longer be told.
#
# </details>
#
# 2. You make $\beta$ ten times as large. Does the painter move further from the
#    reference, or less far?
#
# <details><summary>Answer</summary>
#
# Less far. With a large $\beta$ a small difference of errors is already a sure victory.
# Then the sigmoid is near 1, the surprise is near 0, and nothing pushes any more. A
# small $\beta$ lets it run further, for better and for worse.
#
# </details>
#
# 3. A company shows two pictures to its customers, who click on one. After a year of
#    tuning on these clicks its reward model is delighted. What would you ask before you
#    believe it?
#
# <details><summary>Answer</summary>
#
# Who clicked, and who did not? What does a judge say who was not the reward: people
# that are shown old and new pictures, and do not know which is which? And what else has
# changed: are the prompts still followed, are the pictures still different from each
# other? A click also says *which one catches the eye*, which is not the same as which
# one is better.
#
# </details>
