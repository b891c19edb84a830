# %% [markdown]
# # 15 · Other roads
#
# *About 75 minutes. You need notebooks 03, 05 and 08.*
#
# At the end you can
#
# - write the two losses of a GAN, and let two networks play against each other,
# - recognise mode collapse, and find out by experiment what causes it,
# - draw a picture as one writes a sentence, token by token, in a loop of your own,
# - say why pictures are mostly made by diffusion, and words are not.

# %% [markdown]
# ## See it
#
# Fourteen notebooks have gone down one road: begin with noise and take it away, step by
# step. For years the best pictures came from another one. A **GAN** has no steps. A
# network turns a few random numbers into a finished picture, in a single call.
#
# First with points instead of pictures, so that you see everything. The data are eight
# small clusters, in grey. Two GANs learn to make such points, in blue. Both have the
# same size, the same data, the same number of turns. One setting is different: it hides
# in `CARELESS`, and you will find it.

# %% tags=["nbval-ignore-output"]
import torch

from course_lib.chance import generator_for
from course_lib.figures.collapse import film_of_points
from course_lib.figures.watching import watch
from course_lib.figures.widgets import frame_slider
from course_lib.networks.gan import modes_hit, ring
from course_lib.training.rivals import CARELESS, POINT_SETTINGS, point_trainer
from course_lib.training.settings import Settings

data = ring(1000, generator_for(1))  # (1000, 2)
z = torch.randn(400, 8, generator=generator_for(0))  # 8 random numbers for each point


def film_of(changed):
    trainer = point_trainer(Settings(1200, **(POINT_SETTINGS | changed)), r1=0.0)
    clouds = []
    for progress in trainer.run():
        if progress.iteration % 80 == 0:
            with torch.no_grad():
                clouds.append(trainer.raw_model.generator(z))  # (400, 2)
    return film_of_points(clouds, data), clouds[-1]


left, one_cloud = film_of(CARELESS)
right, other_cloud = film_of({})
frame_slider(
    torch.cat([left, right], dim=3),
    [f"after {80 * (i + 1)} turns" for i in range(len(left))],
    alt="A film of two clouds of blue points over eight grey clusters. On the left "
    "the points are a clump or a streak that jumps from place to place. On the right "
    "they spread, and end as a ring through all eight clusters.",
    zoom=2,
    start=9,
)
for name, cloud in (("left", one_cloud), ("right", other_cloud)):
    print(f"{name:>5}: clusters hit in the end, of 8: {modes_hit(cloud)[0]}")
assert modes_hit(other_cloud)[0] > modes_hit(one_cloud)[0]

# %% [markdown]
# Pull the slider. On the right a ring forms, through all clusters. (A cluster counts as
# hit if 3 % of the points lie on it; points between clusters do no harm.) On the left
# the points are a clump or a streak, on two clusters at most. They leave, and crowd
# together elsewhere. Its random numbers hardly matter: whatever you put in, much the
# same comes out. That is **mode collapse**. A GAN of faces that collapses knows a dozen
# faces.
#
# You will make this happen yourself, and see why. Then comes a third road, which draws
# pictures as ChatGPT writes text.
#
# ## A game of two
#
# How does a network learn to draw if nobody tells it what to draw? It gets an opponent.
#
# - The **generator** makes a picture (here a point) from random numbers `z`.
# - The **critic** looks at a picture and says how real it looks: a **score**. The
#   sigmoid of the score is the chance it gives to "real" (notebook 14 had the sigmoid).
#
# The critic learns to tell real from drawn. The generator learns to fool the critic. It
# never sees a real picture: all that it hears of the world comes through the critic.

# %%
from course_lib.networks.gan import point_gan

torch.manual_seed(0)
gan = point_gan()
drawn = gan.generator(z)
scores = gan.critic(drawn)
print("random numbers", tuple(z.shape), "-> points", tuple(drawn.shape))
print("points", tuple(drawn.shape), "-> scores", tuple(scores.shape))
chance = scores.sigmoid().mean()
print(f"a new critic knows nothing, and gives a chance of {chance:.1f} to 'real'")

# %% [markdown]
# What does a score cost the critic? Take the loss for chances that you know from
# notebook 08: **minus the logarithm of the chance** that it gave to what is true. For a
# real picture that is the chance of "real", for a drawn one the chance of "drawn". The
# cell goes through five scores, one by one.

# %%
import math


def chance_of_real(score):
    return 1 / (1 + math.exp(-score))


print("score   chance of real   if it is real   if it is drawn")
for score in (-4, -2, 0, 2, 4):
    real = chance_of_real(score)
    costs = -math.log(real), -math.log(1 - real)
    print(f"{score:5} {real:16.2f} {costs[0]:15.2f} {costs[1]:16.2f}")

# %% [markdown]
# Look at the last two columns: each is the other one, read upwards. `F.softplus(x)` is
# the last column for a score `x`, and it does not break where `math.log(0)` would. So
# the column before it is `F.softplus(-x)`.
#
# ## Your turn: the two losses
#
# Write both. `real_scores` and `fake_scores` are the critic's scores of a batch of real
# and of drawn pictures, both (B,).
#
# - **The critic's:** the mean cost of the real pictures plus the mean cost of the drawn
#   ones.
# - **The generator's:** it drew `fake_scores`' pictures, and it wants the critic to
#   take them for real. So its cost is the one that a *real* picture with that score
#   would have.
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# Three means have to be computed, two for the critic and one for the generator. For
# each ask: should this score be high or low? The cost of a score that should be high
# falls as the score rises. Which of the two columns does that?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Two of the three means are about the same scores, `fake_scores`, and they pull in
# opposite directions: one has a minus inside of `F.softplus(...)`, the other has none.
# End with a `return` of both, with a comma between: the critic's loss first.
#
# </details>

# %%
import torch.nn.functional as F


def my_gan_losses(real_scores, fake_scores):
    """The critic's loss and the generator's: (B,) and (B,) to two numbers."""
    ### BEGIN SOLUTION
    critic = F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()
    generator = F.softplus(-fake_scores).mean()
    return critic, generator
    ### END SOLUTION


# %%
from course_lib.checks.nb15_other_roads import check_gan_losses

gan_losses = check_gan_losses(my_gan_losses)
no_idea = torch.zeros(4)
print(*(f"{loss:.2f}" for loss in gan_losses(no_idea, no_idea)))

# %% [markdown]
# 1.39 is twice the logarithm of 2, and 0.69 is once: a critic that always says 0.5 pays
# for both kinds.
#
# ## Let them play
#
# In each round both players have a turn, so that 600 rounds are the film's 1200 turns.
# Your first loss moves the critic, your second moves the generator, and each optimiser
# holds the weights of one player only. (`r1` is for later; 0 leaves it out.)
#
# `momentum` says how much an optimiser keeps of its earlier steps. 0.9 is usual, and
# has served us well. With 0 each step follows only the present gradient. This is the
# setting of the film: 0.9 on the left, 0 on the right. And half of it?

# %%
from course_lib.figures.prediction import prediction
from course_lib.networks.gan import steepness


def update(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def play(gan, batch, rounds, momentum, rate=1e-3, r1=0.0, seed=0):
    """Both players learn, turn by turn; yields the round and the two losses."""
    chance = torch.Generator().manual_seed(seed)
    of_critic, of_generator = (
        # The first of Adam's two betas is its momentum.
        torch.optim.Adam(player.parameters(), lr=rate, betas=(momentum, 0.99))
        for player in (gan.critic, gan.generator)
    )
    for round_ in range(1, rounds + 1):
        real, cond = batch(chance)  # (B, ...), and labels (B,) for later
        fake = gan(torch.randn(len(real), gan.z_width, generator=chance), cond)
        # The critic's turn. detach: what was drawn stays as it is, meanwhile.
        scores = gan.critic(real, cond)
        critic_loss, _ = gan_losses(scores, gan.critic(fake.detach(), cond))
        price = 0.0
        if r1:  # slopes cost time: those of a quarter of the batch will do
            few = len(real) // 4
            price = r1 / 2 * steepness(gan.critic, real[:few], cond[:few])
        update(of_critic, critic_loss + price)
        # The generator's turn: the critic has moved, and looks again.
        _, generator_loss = gan_losses(scores.detach(), gan.critic(fake, cond))
        update(of_generator, generator_loss)
        yield round_, (critic_loss.item(), generator_loss.item())


def points(B):
    """Batches of B points; the points have no labels."""
    return lambda chance: (ring(B, chance), torch.zeros(B).long())


def game(momentum, B=128, rounds=600, **changed):
    """A new GAN of points that has played; and both losses of each round."""
    torch.manual_seed(0)
    gan = point_gan()
    losses = [both for _, both in play(gan, points(B), rounds, momentum, **changed)]
    return gan, losses


def clusters(gan):
    with torch.no_grad():
        return modes_hit(gan.generator(z))[0]


guess_half = prediction(
    "With a momentum of 0.5: how many of the 8 clusters will be hit after 600 rounds?",
    (0, 8),
)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import plot_points

usual, usual_losses = game(momentum=0.9)
half, _ = game(momentum=0.5)
without, without_losses = game(momentum=0.0)
with torch.no_grad():
    plot_points(
        {
            "data": data,
            "momentum 0.9": usual.generator(z),
            "momentum 0.5": half.generator(z),
            "momentum 0": without.generator(z),
        },
        alt="Four panels. The data: eight clusters on a ring. With momentum 0.9 the "
        "points are a short streak. With 0.5 and with 0 they lie all around the ring, "
        "in the clusters and between them.",
    )
guess_half.compare(clusters(half))
print(f"momentum 0.9: {clusters(usual)} of 8, momentum 0: {clusters(without)} of 8")
assert clusters(usual) < clusters(without)

# %% [markdown]
# A setting that helps every other network has ruined this one. But is it really the
# momentum? Other suspects are named as often: too small a batch, too high a rate, a
# critic that is too steep. Don't argue, try it. Take the game that collapsed and change
# **one thing at a time**.
#
# The critic's *slope* says how its score changes when a point moves a little. It is all
# that the generator learns from. **R1** adds the squared slope at real pictures to the
# critic's loss, so that it stays flat where the generator should arrive (Mescheder et
# al. 2018).

# %%
guess_cure = prediction(
    "Which of these three brings back all the clusters, as no momentum did?",
    [
        "a batch of 512 instead of 128",
        "a fifth of the learning rate",
        "R1 with weight 1",
        "none of the three",
    ],
)

# %% tags=["nbval-ignore-output"]
changes = {
    "a batch of 512 instead of 128": dict(momentum=0.9, B=512),
    "a fifth of the learning rate": dict(momentum=0.9, rate=2e-4),
    "R1 with weight 1": dict(momentum=0.9, r1=1.0),
}
hit = {name: clusters(game(**change)[0]) for name, change in changes.items()}
cures = [name for name, number in hit.items() if number == 8]
print("nothing changed:", clusters(usual), "of 8")
for name, number in hit.items():
    print(f"{name}: {number} of 8")
print("no momentum:", clusters(without), "of 8")
guess_cure.compare(cures[0] if cures else "none of the three")
assert max(hit.values()) < clusters(without)

# %% [markdown]
# Here it *is* the momentum. (Half of it did no harm, but `game(momentum=0.5, seed=1)`
# hits only 6: try it.) Think of two dancers. The generator steps to where the
# critic's score is high. The critic sees drawn points there, and takes the score down.
# A momentum of 0.9 carries on for about ten steps in directions that were right a
# moment ago, when the other one stood somewhere else. Both overshoot, again and again.
# A denoiser never has that trouble, as its target stands still.
#
# It is not the only way to lose. With batches of 4, the game without momentum collapses
# as well, and large GANs need R1 and more. (The lesson has a longer table of changes,
# with three seeds each.) So the momentum is why it
# collapses *here*. Why *can* it collapse at all? Look at the losses. Whose is lower,
# that of the generator with all eight clusters, or that of the one with a single one?

# %% tags=["nbval-ignore-output"]
from course_lib.networks.gan import ring_centres

ends = {
    name: torch.tensor(losses[-100:]).mean(0)  # (critic, generator)
    for name, losses in (("0.9", usual_losses), ("0", without_losses))
}
for name, (critic, generator) in ends.items():
    print(f"momentum {name:>3}: critic {critic:.1f}, generator {generator:.1f}")
low, high = min(usual_losses[-100:])[0], max(usual_losses[-100:])[0]
print(f"momentum 0.9, round by round: critic {low:.1f} to {high:.1f}")
assert (ends["0.9"] - ends["0"]).abs().max() < 0.5

print("the good generator's loss, cluster by cluster:")
with torch.no_grad():
    many = without.generator(torch.randn(4000, 8, generator=generator_for(2)))
    away = torch.cdist(many, ring_centres())  # (4000, 8)
    near = [many[away[:, i] < 0.16] for i in range(8)]
    costs = [F.softplus(-without.critic(some)).mean() for some in near if len(some)]
print(*(f"{cost:.1f}" for cost in costs))

# %% [markdown]
# The losses cannot tell the two apart. (Why does the critic not simply call that one
# place "drawn"? If the points stood still, it soon would, and its loss would fall. But
# they leave as fast as it learns.) And the last line says why: each cluster *by itself*
# costs the generator about the same. If it forgot seven of them, its loss would stay as
# it is, as long as the critic does. **The generator is only ever asked about what it
# has drawn, never about what it has left out.**
#
# Compare the denoiser of notebook 05. Its loss goes through the *data*, picture by
# picture. Leave out the bats, and every bat in the data set costs. That loss is also a
# plain number that falls, and not the score of a game. This is the short answer to
# *why diffusion has replaced GANs*: it is easier to train, and it forgets less.
#
# ## Critters, in one call
#
# The same game with pictures: critters of 16x16, large ones without accessories. The
# generator hears the animal's label as well, and so does the critic. Only the networks
# are larger, and R1 has the weight that is usual for pictures. The pictures are drawn
# with averaged weights, as in notebook 05. The curve is the critic's loss: do not wait
# for it to fall. It rises as the generator improves.

# %% tags=["nbval-ignore-output"]
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_lib.figures.plots import show_rows
from course_lib.networks.gan import picture_gan
from course_lib.pixels import from_bytes
from course_lib.world.critters import ANIMALS
from course_lib.world.drawing import draw_critters

album, factors = draw_critters(24_000, seed=0, size=16, kind="one")  # uint8
plain = (factors["accessory"] == 0) & (factors["ears"] == 0) & (factors["size"] == 2)
pictures, animals = from_bytes(album[plain]), factors["subject"][plain]
every = torch.arange(1, len(ANIMALS) + 1)  # the labels 1 to 8
print(len(pictures), "pictures", tuple(pictures.shape[1:]))


def some_pictures(chance):
    rows = torch.randint(len(pictures), (32,), generator=chance)
    return pictures[rows], animals[rows]


torch.manual_seed(0)
forger = picture_gan(
    len(ANIMALS), widths=(32, 64), blocks=1, critic_widths=(32, 64)
)  # two grids: 4x4 and 8x8 places, pictures of 16x16
forger.z_width = forger.config["z_width"]
averaged = AveragedModel(forger.generator, multi_avg_fn=get_ema_multi_avg_fn(0.99))
training = play(forger, some_pictures, 400, momentum=0.0, r1=10.0)
for _ in watch(((i, critic) for i, (critic, _) in training), total=400):
    averaged.update_parameters(forger.generator)


@torch.no_grad()
def forged(labels, seed):
    random = torch.randn(len(labels), forger.z_width, generator=generator_for(seed))
    return averaged(random, labels)


first_of_each = [animals.tolist().index(label) for label in every]
real_ones = pictures[first_of_each]
show_rows(
    {"real": real_ones, "drawn": forged(every, 1), "other z": forged(every, 2)},
    titles=list(ANIMALS),
    alt="Three rows of eight small pictures: real critters, and two rows by the GAN, "
    "blotchy animals in different scenes, some of which can be guessed.",
)
show_rows(
    {"frogs": forged(torch.ones(8).long(), 3)},
    alt="Eight blotchy frogs by the GAN, in different colours and lights.",
)

# %% [markdown]
# From half a minute of play: skies, outlines, ears, in one call each. They are blotchy,
# and the forger is not finished. But its eight frogs differ in colour and light. (Try
# `r1=0.1` and run the cell again: all eight become nearly the same.)
#
# ## A picture as a text
#
# The third road comes from language. A text model does one thing: it reads the tokens
# so far and says how likely each token is next (notebook 08 had tokens). One is drawn
# by chance and appended, and it is asked again. Can a picture be written like that?
#
# It needs *tokens*. So cut the picture into squares of 2x2 pixels, and replace each by
# the most similar of 128 squares, the **codebook**. Then a picture is a row of 64
# numbers, line by line from the top left. (128 squares do not hold all colours: look
# for what has changed.)

# %% tags=["nbval-ignore-output"]
from course_lib.networks.next_token import NextToken, fit_codebook, squares_of

torch.manual_seed(0)
writer = NextToken(len(ANIMALS), vocabulary=128, side=8, width=96, blocks=2)
squares = squares_of(pictures[:400], patch=2)  # (400, 64, 12): twelve numbers a square
writer.codebook.copy_(fit_codebook(squares.flatten(0, 1), 128, generator_for(0)))
tokens, of_real = writer.tokens_of(pictures), writer.tokens_of(real_ones)  # (N, 64)
show_rows(
    {
        "pictures": real_ones,
        "from tokens": writer.pictures_of(writer.tokens_of(real_ones)),
    },
    titles=list(ANIMALS),
    alt="Eight critters, and below the same put together from 128 squares: nearly the "
    "same, with duller colours and a few edges less clear.",
)
print("the first two lines of the first frog:")
print(of_real[0, :8].tolist())
print(of_real[0, 8:16].tolist())

# %% [markdown]
# Now it is a text with a vocabulary of 128 words. The network is the transformer of
# notebook 08 (a token sees those before it, not those after), and it hears the label.
# Its loss is the cross-entropy that you know: minus the logarithm of the chance that it
# gave to the token that really came. Note that this loss, too, goes through the data.

# %% tags=["nbval-ignore-output"]
from course_lib.networks.next_token import make_next_token_loss

loss_of = make_next_token_loss()
optimiser = torch.optim.AdamW(writer.parameters(), lr=4e-3, betas=(0.9, 0.99))
iterations = 300
# The rate rises over 20 iterations and falls over the second half.
rate = torch.optim.lr_scheduler.LambdaLR(
    optimiser, lambda i: min((i + 1) / 20, 1, 2 * (1 - i / iterations))
)


def learn_to_write(iterations):
    chance = torch.Generator().manual_seed(0)
    for iteration in range(1, iterations + 1):
        rows = torch.randint(len(tokens), (32,), generator=chance)
        loss = loss_of(writer, {"tokens": tokens[rows], "cond": animals[rows]})
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(writer.parameters(), 1.0)
        optimiser.step()
        rate.step()
        yield iteration, loss.item()


losses = [loss for _, loss in watch(learn_to_write(iterations), total=iterations)]
writer.eval()
assert sum(losses[-20:]) < sum(losses[:20])

# %% [markdown]
# How is *one* token drawn? Lay the chances of all tokens side by side on a line from 0
# to 1. A likely token gets a long piece, an unlikely one a short piece. A random number
# `u` between 0 and 1 falls into one of the pieces. `pick_token(logits, u, temperature)`
# does that for a batch: logits (B, V), and `u` (B,), one for each picture, to tokens
# (B,).
#
# Before, it divides the logits by the **temperature**. Below 1 that makes long pieces
# longer: the network plays safe. Above 1 it makes them more alike.

# %%
from course_lib.networks.next_token import pick_token

logits = torch.tensor([[2.0, 1.0, 0.0]])  # three tokens, one picture
for temperature in (0.5, 1.0, 2.0):
    pieces = (logits / temperature).softmax(1)[0]
    told = " ".join(f"{piece:.2f}" for piece in pieces)
    picked = [
        pick_token(logits, torch.tensor([u]), temperature).item()
        for u in (0.5, 0.8, 0.95)
    ]
    print(f"temperature {temperature}: {told}; u = 0.5, 0.8, 0.95 pick {picked}")

# %% [markdown]
# ## Your turn: token by token
#
# Write the loop that makes a picture. `predict(tokens)` takes the tokens so far, (B,
# i), and gives the logits of the next one, (B, V). At first there are none: the tokens
# are then a tensor with B rows and no columns, which `torch.zeros(B, 0,
# dtype=torch.int64)` makes. `u` (B, n) holds all the chance there is: column i is for
# token i.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Before the loop: no tokens. In the loop, for each column: ask the network with
# everything that is there so far, pick, put the picked token at the end. After the
# loop: return. What changes from one round to the next, so that the network gives
# another answer?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `pick_token` gives one token for each picture, (B,). Before it can be joined to the
# (B, i) tokens with `torch.cat([..., ...], dim=1)` it must become a column:
# `token[:, None]` is (B, 1). The number of rounds is `u.shape[1]`.
#
# </details>


# %%
def my_draw_tokens(predict, u, temperature):
    """Draw one token after the other: (B, n) tokens."""
    ### BEGIN SOLUTION
    tokens = torch.zeros(len(u), 0, dtype=torch.int64)
    for i in range(u.shape[1]):
        token = pick_token(predict(tokens), u[:, i], temperature)  # (B,)
        tokens = torch.cat([tokens, token[:, None]], dim=1)  # (B, i + 1)
    return tokens
    ### END SOLUTION


# %%
from course_lib.checks.nb15_other_roads import check_draw_tokens

draw_tokens = check_draw_tokens(my_draw_tokens)

# %% [markdown]
# Draw one picture of each animal, and look at them after a quarter, a half and three
# quarters of the tokens. What is not there yet is grey.

# %% tags=["nbval-ignore-output"]


@torch.no_grad()
def written(labels, seed, temperature=0.8):
    u = torch.rand(len(labels), 64, generator=generator_for(seed))
    return draw_tokens(writer.predictor(labels), u, temperature)


def unfinished(tokens, count):
    """The picture of the first `count` tokens; the rest is grey."""
    picture = writer.pictures_of(tokens)
    picture[:, :, 2 * (count // 8) :] = 0
    return picture


whole = written(every, seed=2)
show_rows(
    {f"{count} tokens": unfinished(whole, count) for count in (16, 32, 48, 64)},
    titles=list(ANIMALS),
    alt="Eight pictures that grow from the top: after 16 tokens sky and the tips of a "
    "few ears, after 32 heads, after 64 whole animals, most of which one recognises.",
)

# %% [markdown]
# The picture grows from the top, ears first. After the ears there is no way back: a
# token that was drawn stays. If the ears are a cat's, a cat has to come below them. (A
# diffusion model can change its mind about everything until the last steps.)
#
# What does the temperature do to pictures?

# %%
guess_frogs = prediction(
    "32 frogs at a temperature of 0.05: how many different pictures will there be?",
    (1, 32),
)

# %% tags=["nbval-ignore-output"]
temperatures = (0.05, 0.3, 0.8, 1.5)
frogs_and_bats = torch.tensor([1, 1, 1, 1, 8, 8, 8, 8])
show_rows(
    {
        f"{t:g}": writer.pictures_of(written(frogs_and_bats, seed=4, temperature=t))
        for t in temperatures
    },
    titles=["frog"] * 4 + ["bat"] * 4,
    alt="Four rows of four frogs and four bats. At temperatures 0.05 and 0.3 clear and "
    "of one shape, at 0.8 with some torn shapes, at 1.5 confetti.",
)
different = {}
for t in temperatures:
    frogs = written(torch.ones(32).long(), seed=5, temperature=t)  # (32, 64) tokens
    different[t] = len(frogs.unique(dim=0))
    print(f"temperature {t:g}: {different[t]} different pictures among 32 frogs")
guess_frogs.compare(different[0.05])
assert different[0.05] < different[1.5]

# %% [markdown]
# At a low temperature the animals are clear, and much the same. At a high one anything
# may come, and the mistakes add up: once a square is wrong, the next ones are drawn
# from a place where the network has never been. Variety against cleanness: you know
# this bargain. In notebook 10 the guidance scale made it.
#
# ## Three roads
#
# How often must a network be called for *one* picture? The GAN once, at any size. Our
# diffusion model some fifty times, at any size. The writer once for each square: 64
# times at 16x16, and 65,536 times at 512x512.
#
# Each road has its price. A GAN is the fastest, and a game that can be lost. The other
# two have honest losses. So why is text written token by token, and why are pictures
# mostly made by diffusion? Words come in a row, they are tokens already, and twenty of
# them make a sentence. In a picture nothing comes first, pixels must be forced into a
# codebook, and thousands of tokens are needed, most of them sky. None of it is a law:
# the lesson says more, and `benchmarks/rivals.py` measures all three, with the same
# critters, the same size and the same minutes.
#
# ## Play
#
# The writer only ever goes on with what is there. So give it a beginning: the upper
# lines of a real picture. What follows hears both, the picture and the label. Which of
# them wins, if the lines show a cat and the label says fish?

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_pictures
from course_lib.figures.widgets import live


def carried_on(beginning, label, lines, seed, temperature=0.8, B=1):
    """Keep the upper lines of a real picture, and write the rest."""
    given = writer.tokens_of(beginning[None])[:, : 8 * lines].expand(B, -1)
    predict = writer.predictor(torch.full((B,), label))
    u = torch.rand(B, 64 - 8 * lines, generator=generator_for(seed))
    with torch.no_grad():
        rest = draw_tokens(
            lambda new: predict(torch.cat([given, new], dim=1)), u, temperature
        )
    return writer.pictures_of(torch.cat([given, rest], dim=1))


names = {name: i + 1 for i, name in enumerate(ANIMALS)}


def show_it(beginning, label, lines, seed, temperature):
    found = carried_on(
        real_ones[names[beginning] - 1], names[label], lines, seed, temperature, B=4
    )
    show_pictures(
        found, columns=4, alt=f"{lines} lines of a {beginning}, then a {label}."
    )


live(
    show_it,
    beginning=list(ANIMALS),
    label=list(ANIMALS),
    lines=(0, 7, 1, 3),
    seed=(0, 20, 1, 0),
    temperature=(0.2, 1.6, 0.2, 0.8),
)
cat = real_ones[names["cat"] - 1]
frame_slider(
    torch.cat([carried_on(cat, names["fish"], lines, seed=2) for lines in range(8)]),
    [f"{lines} of 8 lines of a cat, then the label says fish" for lines in range(8)],
    alt="Pictures that keep more and more lines of a cat: first a fish, at last a cat",
)

# %% [markdown]
# With few lines of a cat the label wins: a fish that has ears. From about five lines on
# it is a cat. (Try the lines of a rabbit, and the label bird.)
#
# ## Three questions
#
# 1. A GAN of faces draws wonderful faces, and after a day somebody notices that none of
#    them wears glasses. Which number of the training could have warned you?
#
# <details><summary>Answer</summary>
#
# None of the losses. The generator is asked about the faces that it draws, and those
# are good. What is missing shows only if you look at many of its pictures beside the
# data: count (as with the clusters), or take a distance between the two sets, such as
# the Fréchet distance of notebook 05.
#
# </details>
#
# 2. You want to draw into a hole in the *upper* half of a picture. Which of the three
#    roads can do it as it is?
#
# <details><summary>Answer</summary>
#
# Diffusion (notebook 07): at each step the known part is put back. The writer cannot:
# it goes on from what is above, and knows nothing of what is below. It would have to be
# trained on another order. A GAN has no place to put known pixels in at all; you could
# only search for a `z` whose picture fits.
#
# </details>
#
# 3. A text model with temperature 0 always takes the likeliest token. Why would that be
#    a bad way to draw pictures?
#
# <details><summary>Answer</summary>
#
# Every frog would be the same frog: all the chance is in `u`, and at temperature 0 it
# has no say. At 0.05 you have seen it begin.
#
# </details>
