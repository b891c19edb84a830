# %% [markdown]
# # 2 · Adding noise
#
# *About 80 minutes, in two sittings; a line says where the second begins. Before this:
# [01 · A picture is numbers](01_pixels.ipynb).*
#
# We want to make pictures out of noise. First we do the opposite, which is easy: we
# turn pictures into noise. By the end you can
#
# - add noise step by step, and say why there are square roots in it,
# - jump to any step at once: you write that function,
# - say why it is called diffusion, and why it is noise and not blur,
# - say how subtracting noise can leave *less* noise, and how anyone can tell which part
#   of a picture is the noise.

# %% [markdown]
# ## See it
#
# Here is the frog from the last notebook. Move the slider and watch it dissolve. $t$
# counts steps: at 0 the picture is clean, at 1,000 it is gone. (You need not read the
# code.)

# %%
import torch

from course_lib.diffusion.schedule import add_noise, linear_schedule
from course_lib.figures.widgets import frame_slider
from course_lib.pixels import from_bytes
from course_lib.world.critters import captions
from course_lib.world.drawing import draw_critters

album, factors = draw_critters(n=1000, seed=0, kind="one")
texts = captions(factors, torch.arange(1000), seed=0)
album = from_bytes(album)  # (1000, 3, 32, 32) in [-1, 1]
frog = album[texts.index("a green frog in the middle by the sea")]  # (3, 32, 32)

generator = torch.Generator().manual_seed(0)
schedule = linear_schedule(T=1000)  # in 10 such steps the frog would hardly fade
t = torch.arange(0, schedule.T + 1, 100)  # every 100th step: try every 50th
eps = torch.randn(3, 32, 32, generator=generator)  # one noise, mixed in more and more
frogs = frog.expand(len(t), -1, -1, -1)  # the same frog and noise at each step
x_t = add_noise(frogs, t, eps.expand(len(t), -1, -1, -1), schedule)
frame_slider(x_t, [f"t = {step}" for step in t], alt="A frog with more and more noise")

# %% [markdown]
# When did you lose the frog? Up to that step you were a **denoiser**: you guessed the
# picture behind the noise, because you know what frogs look like.
#
# ## What is noise plus noise?
#
# **Noise** here means: each number of the picture gets a random number of its own from
# `torch.randn`, sometimes above 0 and sometimes below. How far from 0 is it, typically?
# The **standard deviation** (`std`) says that. Its square is the **variance**. We add a
# noise of std 3 and one of std 4. What is the std of the sum?

# %%
from course_lib.figures.prediction import prediction

guess_std = prediction("A noise of std 3 plus a noise of std 4 has std ...", (0, 12))

# %%
generator = torch.Generator().manual_seed(10)
three = 3 * torch.randn(200_000, generator=generator)
four = 4 * torch.randn(200_000, generator=generator)
for name, noise in {"three": three, "four": four, "sum": three + four}.items():
    print(f"{name:>6}: std {noise.std():.1f}, variance {noise.var():2.0f}")
guess_std.compare(round((three + four).std().item()))

# %% [markdown]
# It is 5. Sometimes the two point the same way, but just as often they work against
# each other. The *variances* add: 9 + 16 = 25, like the squares of the sides of a
# right-angled triangle. **Remember: when two noises are independent (neither says
# anything about the other), their variances add, and their stds do not.**
#
# Now we mix in noise again and again. A network works well with numbers of one size, so
# the variance must not grow: each mix gives up 2 % of it and fills the gap with fresh
# noise. Multiplying numbers by $f$ multiplies their std by $f$ and their variance by
# $f^2$. So the factors must be the *roots* of 0.98 and 0.02. Watch the std over 200
# mixes: with roots, without roots, and when we only add noise and take nothing away.

# %%
from course_lib.figures.plots import plot_curves

generator = torch.Generator().manual_seed(11)
beta = 0.02  # the share of the variance that each mix replaces
keep = 1 - beta
mixes = {
    "roots of the shares": (keep**0.5, beta**0.5),
    "the shares themselves": (keep, beta),
    "only adding": (1, beta**0.5),
}
spread = {}
for name, (old, new) in mixes.items():
    x = torch.randn(10_000, generator=generator)
    spread[name] = [x.std().item()]
    for _ in range(200):
        x = old * x + new * torch.randn(10_000, generator=generator)
        spread[name].append(x.std().item())
    print(f"{name:>21}: std {x.std():.1f} after 200 mixes")
plot_curves(
    range(201),
    spread,
    xlabel="mixes",
    ylabel="std",
    alt="With roots the std stays at 1; with the shares themselves it sinks to 0.1; "
    "with only adding it grows beyond 2.",
)

# %% [markdown]
# With the roots a std of 1 stays 1. (Any other std moves towards 1.) That is all there
# is to the square roots.
#
# ## Step by step
#
# Now the frog. Each step keeps 98 % of the variance and fills the rest with fresh
# noise.

# %%
from course_lib.figures.plots import show_pictures

generator = torch.Generator().manual_seed(12)
x, shown = frog, {0: frog}
for step in range(1, 201):
    eps_new = torch.randn(3, 32, 32, generator=generator)
    x = (1 - beta) ** 0.5 * x + beta**0.5 * eps_new
    if step in (1, 10, 50, 100, 200):
        shown[step] = x
print("steps   share of the variance   factor of the picture")
for step in shown:
    print(f"{step:5}   {keep**step:21.2f}   {keep ** (step / 2):21.2f}")
print(f"std of all numbers: {frog.std():.2f} before, {x.std():.2f} after 200 steps")
show_pictures(
    torch.stack(list(shown.values())),
    titles=[f"{step} steps" for step in shown],
    alt="The frog after 0, 1, 10, 50, 100 and 200 small steps of noise.",
)

# %% [markdown]
# Where do these factors come from? Each step multiplies what is left of the picture by
# √0.98. After 200 steps that is √0.98 · √0.98 · ... = 0.98¹⁰⁰, about 0.13. (The numbers
# of the frog have a std of 0.57, which grows to about 1 as noise takes over.)
#
# ## One jump is as good as many steps
#
# 200 small noises make one big noise: their variances add. So we need not walk. We can
# jump: keep √(0.98²⁰⁰) of the picture and add √(1 - 0.98²⁰⁰) times *one* noise. Is that
# true? We take 50,000 copies of one bright number, 0.8, walk, jump, and compare.
#
# In the slider above the frog lasts longer, because there `beta` starts tiny and grows.
# Such a list of `beta`s is a **schedule**. The second table is for that one.

# %%
generator = torch.Generator().manual_seed(13)
n = 50_000
walked = torch.full((n,), 0.8)
print("steps   mean: walk, jump    std: walk, jump")
for step in range(1, 201):
    eps_new = torch.randn(n, generator=generator)
    walked = keep**0.5 * walked + beta**0.5 * eps_new
    if step in (50, 100, 200):
        share = keep**step  # of the variance
        eps = torch.randn(n, generator=generator)
        jumped = share**0.5 * 0.8 + (1 - share) ** 0.5 * eps
        means = f"{walked.mean():.2f}    {jumped.mean():.2f}"
        stds = f"{walked.std():.2f}    {jumped.std():.2f}"
        print(f"{step:5}   {means}           {stds}")
        assert abs(walked.mean() - jumped.mean()) < 0.02
        assert abs(walked.std() - jumped.std()) < 0.02

first, last = schedule.beta[1], schedule.beta[1000]
print(f"The slider, beta from {first:.4f} to {last:.2f}:")
print("    t   share of the variance   factor of the picture")
for step in (0, 1, 100, 200, 500, 1000):
    share = schedule.alpha_bar[step]
    print(f"{step:5}   {share:21.4f}   {share**0.5:21.4f}")

# %% [markdown]
# Mean and std agree: walk and jump end in the same cloud of numbers. So from here on we
# never walk.
#
# These are the usual letters (Ho, Jain and Abbeel 2020): at step $t$ the fresh share is
# $\beta_t$ (here always 0.02), the kept share is $\alpha_t = 1 - \beta_t$, and the
# product of all kept shares so far is $\bar\alpha_t$ ("alpha bar"). The last table
# shows it for the slider: 1 at the clean picture, nearly 0 at the end. Its root is the
# factor of the picture. Then
#
# $$x_t = a_t x_0 + b_t \epsilon,$$
#
# $$a_t = \sqrt{\bar\alpha_t}, \qquad b_t = \sqrt{1 - \bar\alpha_t}.$$
#
# $x_0$ is the clean picture, $x_t$ the picture at step $t$, $\epsilon$ (`eps`) the
# noise.
#
# ## Your turn: the jump
#
# `x_0` is a batch of pictures, (B, 3, H, W). `t` has **one step for each picture**,
# (B,). `alpha_bar` is the whole table; `alpha_bar[0]` is 1, so step 0 is the clean
# picture. Each picture is multiplied by a number of its own, and so is its noise.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# The formulas stand just above: the sum, and its two factors. What is new is the shape.
# There is one factor for each picture, and a picture has three axes more. How many axes
# of length 1 does a factor need to fit beside it?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `alpha_bar[t]` looks up one number for each picture, (B,), and `.sqrt()` is the root.
# `.reshape(-1, 1, 1, 1)` turns (B,) into (B, 1, 1, 1). The other factor is made in the
# same way from what is left of 1.
#
# </details>


# %%
def my_add_noise(x_0, t, eps, alpha_bar):
    """Jump from the clean pictures to step t: return a_t * x_0 + b_t * eps."""
    ### BEGIN SOLUTION
    a_t = alpha_bar[t].sqrt().reshape(-1, 1, 1, 1)  # (B, 1, 1, 1)
    b_t = (1 - alpha_bar[t]).sqrt().reshape(-1, 1, 1, 1)  # (B, 1, 1, 1)
    return a_t * x_0 + b_t * eps
    ### END SOLUTION


# %%
from course_lib.checks.nb02_noise import check_add_noise

generator = torch.Generator().manual_seed(14)
jump = check_add_noise(my_add_noise)

x_0 = album[:6]  # six critters, (6, 3, 32, 32)
t = torch.tensor([0, 100, 200, 300, 500, 1000])  # each at a step of its own
eps = torch.randn(x_0.shape, generator=generator)
x_t = jump(x_0, t, eps, schedule.alpha_bar)
show_pictures(
    x_t,
    titles=[f"t = {step}" for step in t],
    alt="Six critters, each with more noise than the one before.",
)
if jump is my_add_noise:
    same = torch.allclose(x_t, add_noise(x_0, t, eps, schedule), atol=1e-5)
    print("yours and the library's agree:", same)

# %% [markdown]
# From here on we use the library's `add_noise`. Its last line is your formula; the
# lines above it answer mistakes in words
# ([schedule.py](../course_lib/diffusion/schedule.py)). It takes any schedule, as two
# tables: $a_t$ and $b_t$ for all steps.
#
# ## Schedules: how fast?
#
# Many schedules are in use. We look at three, each of $T$ = 1,000 steps. DDPM (the
# model of Ho et al. 2020) replaces a little more at each step (*linear*: the $\beta_t$
# lie on a line). That ruins pictures early, so Nichol and Dhariwal (2021) go more
# gently (*cosine*: $a_t$ is the cosine of an angle that grows evenly). The *straight
# line* (Liu et al. 2022; Lipman et al. 2023) fades evenly: $a_t = 1 - u$, $b_t = u$,
# where $u = t/T$ is how far we are.
#
# Engineers call what they want to hear the *signal*: here it is the picture. The
# **signal-to-noise ratio** $a_t^2 / b_t^2$ compares its variance with that of the
# noise. At 1 (10⁰ in the figure) they are equal, if the picture has variance 1. Our
# frog has 0.32, so its noise takes over earlier.

# %%
from course_lib.diffusion.schedule import SCHEDULES
from course_lib.figures.plots import plot_schedules, show_rows

schedules = [make(1000) for make in SCHEDULES.values()]
plot_schedules(schedules)

t = torch.tensor([0, 125, 250, 375, 500, 750, 1000])  # seven steps
generator = torch.Generator().manual_seed(1)
eps = torch.randn(3, 32, 32, generator=generator).expand(7, -1, -1, -1)
rows = {}
for each in schedules:
    rows[each.name] = add_noise(frog.expand(7, -1, -1, -1), t, eps, each)
    ratio = each.snr(torch.arange(1001))  # for a picture of variance 1
    first, of_frog = ((ratio * v < 1).nonzero()[0].item() for v in (1, frog.var()))
    print(f"{each.name:>13}: more noise than picture from t = {first}")
    print(f"{frog.var():29.2f} times the ratio, this frog's: from t = {of_frog}")
    cut = (rows[each.name][4].abs() > 1).float().mean()  # beyond black or white
    print(f"{cut:29.0%} of the numbers cut off at t = 500")
show_rows(
    rows,
    titles=[f"t = {step}" for step in t],
    alt="The frog at seven steps of three schedules; the linear one loses it first.",
)

# %% [markdown]
# One thing looks odd in the pictures: half way, the frog looks clearer on the straight
# line than its ratio says. There the *factors* $a_t$ and $b_t$ add up to 1; on the
# other schedules their *squares* do. So half way the straight line has smaller numbers,
# and fewer of them lie beyond black and white, where the screen cuts them off.
#
# ## Why is it called diffusion?
#
# Drop some dye into water. Nobody pushes it anywhere: the water kicks each speck about,
# left or right, up or down, at random. Yet the drop always spreads, and its shape is
# lost. That is **diffusion**. (Sohl-Dickstein et al. 2015 brought the word, and the
# idea of learning the way back, to generating pictures.)
#
# We start with specks in the shape of our frog. At each step, each speck moves as in
# our formula, but the kick is as crude as can be: **flip a coin**, +1 or -1. There is
# no bell curve anywhere. (The factor √0.98 pulls every speck a little towards the
# middle, or else the dye would spread for ever. It plays the part of the glass. Of the
# code you need only read the loop.)

# %%
green = (frog[1] > frog[0] + 0.1) & (frog[1] > frog[2] + 0.1)  # (32, 32): the frog
green[:9] = False  # not the rim of the sun
row, column = green.nonzero().T
generator = torch.Generator().manual_seed(2)
start = torch.stack([column - 15.5, 15.5 - row], dim=1) / 8  # (pixels, 2): x and y
start = start.repeat(200, 1)  # 200 specks in each green pixel
start = start + torch.rand(start.shape, generator=generator) / 8


def water(specks):
    """A glass seen from the side, (3, 64, 64): the more specks, the bluer."""
    place = ((specks + 3.2) * 10).long().clamp(0, 63)  # (N, 2) column and row
    count = torch.zeros(64, 64)
    ones = torch.ones(len(specks))
    count.index_put_((63 - place[:, 1], place[:, 0]), ones, accumulate=True)
    ink = (count / 100).clamp(max=1) ** 0.5  # (64, 64)
    return 1 - ink * torch.tensor([1.9, 1.2, 0.4]).reshape(3, 1, 1)


specks, snapshots = start, {0: start}
for step in range(1, 401):
    coins = torch.randint(0, 2, specks.shape, generator=generator) * 2 - 1  # -1 or 1
    specks = keep**0.5 * specks + beta**0.5 * coins
    if step in (1, 3, 10, 30, 60, 100, 200, 400):
        snapshots[step] = specks
print(len(specks), "specks, each kicked 400 times")
frame_slider(
    torch.stack([water(specks) for specks in snapshots.values()]),
    labels=[f"after {step} steps" for step in snapshots],
    alt="Specks of dye in the shape of a frog spread until only a round cloud is left",
)

# %% [markdown]
# The end is a round cloud in which no frog is left. How are the specks spread in it?
# The figure shows how many stand where, from left to right, at the start, after 30
# steps and at the end. Beside it is the **bell curve** that `torch.randn` draws from.
# It is also called *Gaussian* or *normal*; with mean 0 and variance 1 it is written
# $N(0, 1)$.

# %%
from course_lib.figures.plots import plot_histograms

generator = torch.Generator().manual_seed(15)
across = {f"after {step} steps": snapshots[step][:, 0] for step in (0, 30, 400)}
plot_histograms(
    across,
    bell=True,
    xlabel="from left to right",
    alt="Where the specks stand from left to right: at first the outline of the frog, "
    "after 400 steps the bell curve.",
)
bell = torch.randn(1_000_000, generator=generator)
for name, x in {"the specks": across["after 400 steps"], "bell curve": bell}.items():
    within = [(x.abs() < limit).float().mean().item() for limit in (1, 2)]
    print(f"{name}: {within[0]:.0%} within 1 of the middle, {within[1]:.0%} within 2")

# %% [markdown]
# **That is why the noise is Gaussian.** Many small, independent kicks add up to the
# bell curve, whatever a single kick looks like. Even coin flips do. With small steps we
# end there anyway, so we may as well draw every kick from a bell curve. Then the sum is
# exactly a bell curve after *any* number of steps, and the jump is one line.
#
# A picture is such a speck: not in a glass with two directions, but in a space with
# 3,072. Diffusing a whole album means that each picture wanders off, until together
# they are one round cloud.
#
# *The second sitting begins here. Run all cells above this one first.*
#
# ## Why noise, and not blur?
#
# Blurring destroys a picture as well. We blur a hundred critters until only a part of
# their variance is left, and add noise until the same part is left. Then we do both to
# the very end.

# %%
from torchvision.transforms.v2.functional import gaussian_blur

hundred = album[:100]
blurred = gaussian_blur(hundred, kernel_size=[31, 31], sigma=[4.0, 4.0])
left = (blurred.var(dim=(2, 3)).mean() / hundred.var(dim=(2, 3)).mean()).item()
t_same = (schedule.alpha_bar < left).nonzero()[0].item()  # noise that leaves as much
print(f"blur leaves {left:.0%} of the variance; so does noise at t = {t_same}")

generator = torch.Generator().manual_seed(3)
flat = hundred.mean(dim=(2, 3), keepdim=True).expand_as(hundred)  # blurred to the end
eps = torch.randn(hundred.shape, generator=generator)
half = add_noise(hundred, torch.full((100,), t_same), eps, schedule)

ten_each = hundred.repeat(10, 1, 1, 1)  # (1000, 3, 32, 32): ten ends for each critter
eps = torch.randn(ten_each.shape, generator=generator)
end = add_noise(ten_each, torch.full((1000,), 1000), eps, schedule)
show_rows(
    {
        "picture": hundred[:6],
        "blur": blurred[:6],
        "noise": half[:6],
        "blur, end": flat[:6],
        "noise, end": end[:6],
    },
    alt="Six critters, blurred and with noise. At the end of the blur each is one flat "
    "colour, and all six differ; at the end of the noise all look alike.",
    zoom=3,
)

# %% [markdown]
# Now a guessing game. Someone hands you the *end* of one of a hundred critters. Which
# critter was it? For the blur we compare colours. For the noise we use the best guesser
# there can be, the library's `IdealDenoiser`. It knows all hundred by heart and asks of
# each: if it was this one, how likely is the noise that would have to be there? Blind
# luck would be right for about 10 ends of 1,000.

# %%
guess_ends = prediction(
    "Of 1,000 ends of the noise, how many does the best guesser get right?",
    (0, 1000, 10),
)

# %%
from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.pixels import to_bytes

end_colours = to_bytes(flat[:, :, 0, 0]).tolist()
print("different end colours of the blur:", len({tuple(rgb) for rgb in end_colours}))
ideal = IdealDenoiser(hundred, schedule)
chances = ideal.chances(end, torch.full((1000,), 1000))  # (1000, 100)
right = (chances.argmax(dim=1) == torch.arange(100).repeat(10)).sum().item()
print(f"ends of the noise guessed right: {right} of 1000; by luck 10, give or take 3")
guess_ends.compare(right)
print(f"all ends: mean {abs(end.mean()):.1f}, std {end.std():.1f}, the cloud N(0, 1)")
assert right < 30

# %% [markdown]
# The end of the blur gives these pictures away: each of the hundred has a colour of its
# own. To make a *new* picture you would have to know which end colours exist. The end
# of the noise has forgotten nearly everything: **it is the same cloud for every
# picture, and you can draw from it for free, as often as you like.** That is where a
# new picture can start. (Bansal et al. (2022), for example, build models on blur. They
# need a model of the ends as well.)
#
# ## Why little by little, and not one big step?
#
# The ideal denoiser gives the best possible answer to "which clean picture is behind
# this $x_t$?", in a world of a hundred critters. We hand it pure noise and ask once.
# Then we let it walk in 50 small steps (notebook 06 shows how).

# %%
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import ddim

generator = torch.Generator().manual_seed(4)
x_T = torch.randn(6, 3, 32, 32, generator=generator)
one_step = ideal(x_T, torch.full((6,), 1000))
# The sampler wants to know what the denoiser guesses: x_0, the clean picture.
predict = predictor(ideal, schedule, target="x_0")
many_steps = list(ddim(predict, x_T, schedule, steps=50))[-1].x_t

show_rows(
    {"pure noise": x_T, "one big step": one_step, "50 small steps": many_steps},
    alt="Six pure noises; one big step makes nearly the same blur of each; fifty small "
    "steps make six clear and different critters.",
)
mean = hundred.mean(dim=0)
print(f"one step, distance from the mean picture: {(one_step - mean).abs().mean():.2f}")
nearest = (many_steps[:, None] - hundred[None]).abs().mean(dim=(2, 3, 4)).min(dim=1)
print(f"50 steps, distance from the nearest critter: {nearest.values.max():.2f}")
print("different critters:", len(set(nearest.indices.tolist())), "of 6")

# %% [markdown]
# There is the smudge of notebook 01 again. From pure noise every critter is possible,
# and the *best* single answer is their mean. A small step needs no decision: it only
# leans a little towards the likely critters. After it fewer critters are likely, the
# next lean is clearer, and in the end one critter is left. With small steps the noise
# at the start decides which one; with one big step you get the average. (This denoiser
# knows a hundred critters by heart and can only give one of them back. Notebook 03 goes
# on from here.)
#
# ## How can subtracting noise leave *less* noise?
#
# Noise and its negative are equally random. So is "minus noise" not just as bad as
# "plus noise"? We take a frog with noise on it, and subtract a guess of that noise. The
# guesses differ only in how much they **go with** the noise that is really there: their
# *correlation* $c$ with it. At $c = 1$ the guess is the noise itself, at $c = 0$ it has
# nothing to do with it. Each guess is $c$ times the real noise plus $\sqrt{1 - c^2}$
# times an independent one. The variances add: $c^2 + (1 - c^2) = 1$. So each guess is
# itself a noise of variance 1, as large as the real one.

# %%
guess_c = prediction(
    "The whole guess is subtracted. How large must c be to leave less noise?",
    ["any c above 0", "c above 0.5", "c above 0.9"],
)

# %%
generator = torch.Generator().manual_seed(5)
eps = torch.randn(50, 3, 32, 32, generator=generator)  # the noise in fifty pictures
other = torch.randn(50, 3, 32, 32, generator=generator)  # independent of eps
above, below = (eps > 0).float().mean().item(), (-eps > 0).float().mean().item()
print(f"numbers above 0: eps {above:.0%}, -eps {below:.0%}")

print("           variance of the noise that is left")
print("      c    guess taken off whole   only c times the guess")
results, titles, no_help = [], [], []
for c in (-1.0, 0.0, 0.3, 0.5, 0.9, 1.0):
    guess = c * eps + (1 - c**2) ** 0.5 * other
    whole, shrunk = (eps - guess).var().item(), (eps - c * guess).var().item()
    print(f"{c:7}    {whole:21.2f}   {shrunk:22.2f}")
    results.append(frog + (eps - guess)[0])
    titles.append(f"whole, c = {c}")
    if whole > 0.97:  # as much noise as before, or more; chance moves it by 0.01
        no_help.append(c)
guess_c.compare(f"c above {max(no_help, default=-1)}")
show_pictures(
    torch.stack([frog + eps[0]] + results),
    titles=["before"] + titles,
    alt="The frog with noise, and after subtracting six guesses: with c = -1 it is "
    "worse, with 0, 0.3 and 0.5 hardly different, with 0.9 better, with 1 clean.",
)

# %% [markdown]
# - Subtracting the exact opposite of the noise ($c = -1$) doubles it: the std is 2, the
#   variance 4.
# - Subtracting *some other* noise ($c = 0$) adds: 1 + 1 = 2. You were right to doubt.
# - A guess as loud as the noise leaves $(1 - c)^2 + (1 - c^2) = 2 - 2c$. That is less
#   than 1 only if $c$ is above 0.5.
# - A careful guesser says less when it knows less. Subtract only $c$ times the guess,
#   and $1 - c^2$ is left: *any* $c$ other than 0 helps. (At $c = -1$ the guess is
#   exactly wrong, so subtracting -1 times it is exactly right.) A network that is
#   trained to make its squared error small learns to shrink its guess in just this way.
#
# It is not the minus sign that helps. It is **knowing** something about the noise. That
# leads to the last question.
#
# ## How can anyone tell which part is the noise?
#
# Look at one number: 0.3. Is it 0.5 of picture and -0.2 of noise, or -0.4 of picture
# and 0.7 of noise? Nobody can say. But 3,072 numbers together must make a *picture*. We
# show the ideal denoiser the frog at several steps, and print how sure it is. Then we
# ask a second one, which knows the other critters but **has never seen this frog**.

# %%
known = torch.cat([frog[None], hundred[1:]])  # the frog is number 0
knows = IdealDenoiser(known, schedule)
never_saw = IdealDenoiser(known[1:], schedule)

generator = torch.Generator().manual_seed(6)
eps = torch.randn(50, 3, 32, 32, generator=generator)  # fifty noises on the frog
steps = (100, 300, 500, 600, 700, 800, 1000)
rows = {"x_t": [], "knows it": [], "never saw it": []}
print("            chance of        noise left         mistake in picture")
print("   t  a²/b²  the frog   knows it  never saw   knows it  never saw")
for step in steps:
    t = torch.full((50,), step)
    x_t = add_noise(frog.expand(50, -1, -1, -1), t, eps, schedule)
    # like=x_t: shaped (50, 1, 1, 1), to be multiplied with pictures
    a_t, b_t = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
    sure, noise_left, mistake = knows.chances(x_t, t)[:, 0].mean(), [], []
    rows["x_t"].append(x_t[0])
    for name, denoiser in {"knows it": knows, "never saw it": never_saw}.items():
        x_0_hat = denoiser(x_t, t)
        eps_hat = (x_t - a_t * x_0_hat) / b_t  # the noise that goes with it
        noise_left.append((eps - eps_hat).var())
        mistake.append((x_0_hat - frog).var())
        rows[name].append(x_0_hat[0])
    numbers = [f"{x:10.2f}" for x in (sure, *noise_left, *mistake)]
    print(f"{step:4} {schedule.snr(t)[0]:6.2f}", *numbers)
show_rows(
    {name: torch.stack(pictures) for name, pictures in rows.items()},
    titles=[f"t = {step}" for step in steps],
    alt="The frog at seven steps. The denoiser that knows it guesses the frog up to t "
    "= 600 and then a smudge. The one that never saw it guesses a frog with a balloon, "
    "and from t = 600 a smudge.",
)

# %% [markdown]
# - **It knows the frog.** Even at t = 500, where you see only noise, there is no doubt:
#   any other picture would need a noise that is absurdly unlikely. With more noise
#   several critters become possible, and the guess becomes their mean.
# - **It never saw the frog.** It gives back the most similar critter that it knows, a
#   frog with a balloon, and takes the rest for noise. Its mistake in the picture is
#   about the same at every step. In the noise the same mistake is multiplied by
#   $a_t^2 / b_t^2$, which is 8.71 at t = 100 and tiny later. So at t = 100 it leaves
#   1.75: more noise than the 1.00 that was there.
# - **At t = 1,000 both leave 0.00.** That is no merit. The mistake in the picture tells
#   the truth.
#
# **To tell noise from picture, you must know pictures.** A network is trained for
# exactly this, on so many pictures that it can cope with a new one.
#
# How much must you see to be sure? At t = 300 we show only some of the 3,072 numbers.

# %%
generator = torch.Generator().manual_seed(7)
step = torch.full((100,), 300)
counts, certain = [1, 3, 10, 30, 100, 300, 1000, 3072], []
eps = torch.randn(hundred.shape, generator=generator)
x_t = add_noise(hundred, step, eps, schedule).flatten(1)  # (100, 3072)
order = torch.randperm(3072, generator=generator)
for count in counts:
    seen = order[:count]
    part = IdealDenoiser(hundred.flatten(1)[:, seen], schedule)
    right = part.chances(x_t[:, seen], step).diagonal()  # its own picture, (100,)
    certain.append(right.mean().item())
    print(f"numbers seen: {count:4}, chance of the right critter: {certain[-1]:.2f}")
plot_curves(
    counts,
    {"chance": certain},
    xlabel="how many numbers of the picture are seen",
    ylabel="chance of the right critter",
    logx=True,
    alt="The chance of the right critter grows from 0.01 with one number seen to 1.00 "
    "with a thousand.",
)

# %% [markdown]
# One number says almost nothing, a thousand say everything. Noise has no pattern.
# Pictures do.
#
# ## Play
#
# Choose a critter, a schedule and a step. At which step do you lose the critter? Is
# that step the same for the night pictures and the snow? (Where sliders do not work,
# use the figure with three schedules above.)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live
from course_lib.world.critters import SCENES


def play(critter, schedule, t):
    """Show one critter of the album at step t of a schedule."""
    generator = torch.Generator().manual_seed(critter)
    step, eps = torch.tensor([t]), torch.randn(1, 3, 32, 32, generator=generator)
    chosen = SCHEDULES[schedule](1000)
    x_t = add_noise(album[critter][None], step, eps, chosen)
    words = f"{schedule}, t = {t}: {chosen.a(step).item():.2f} of the picture"
    show_pictures(x_t, [words], alt=f"Critter {critter}, {words}.")


scenes = factors["scene"].tolist()
menu = {"our frog": texts.index("a green frog in the middle by the sea")}
menu |= {scene: scenes.index(i) for i, scene in enumerate(SCENES)}  # the first of each
live(play, critter=menu, schedule=list(SCHEDULES), t=(0, 1000, 50))

# %% [markdown]
# ## Three questions
#
# 1. A picture has 5 independent noises on it, each of std 2. What is the std of
#    their sum?
#
# <details><summary>Answer</summary>
#
# The variances add: 5 × 4 = 20. The std is √20, about 4.5, not 10.
#
# </details>
#
# 2. `alpha_bar[t]` is 0.25. How large are the factors of picture and noise?
#
# <details><summary>Answer</summary>
#
# $a_t = \sqrt{0.25} = 0.5$ and $b_t = \sqrt{0.75}$, about 0.87. The signal-to-noise
# ratio is 0.25 / 0.75 = 1/3. (Taking 0.25 and 0.75 themselves is a common mistake in
# home-made diffusion code: the std would shrink.)
#
# </details>
#
# 3. A friend says: "I subtract random noise from the random noise, and that makes the
#    picture cleaner." What do you ask?
#
# <details><summary>Answer</summary>
#
# "Where did your noise come from?" If it is independent of the noise in the picture,
# the variances add and it gets worse. It helps only if it was *estimated from the noisy
# picture*, by someone who knows what pictures look like.
#
# </details>
