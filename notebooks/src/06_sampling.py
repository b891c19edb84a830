# %% [markdown]
# # 6 · Sampling: the way from noise to a picture
#
# *About 60 minutes. You need notebooks 02 and 03; 05 helps.*
#
# At the end you can
#
# - write the two parts of a sampler, DDIM and DDPM: its step, and its list of steps,
# - say why a sampler goes in many small steps, and what it goes towards,
# - say where chance enters, and show which decisions fall early and which late,
# - choose a sampler and a number of steps, and say what they cost.

# %% [markdown]
# ## See it
#
# We load a network that was trained as in notebook 05, ask for a cat, and watch. Move
# the slider. On the left is the noisy picture $x_t$, on the right the network's *guess*
# of the clean picture, $\hat x_0$.

# %%
import torch

from course_lib.figures.widgets import sampler_slider
from course_lib.painters.pipeline import LabelToImage
from course_lib.world.critters import ANIMALS

draw = LabelToImage.from_pretrained("critters")
schedule, T = draw.schedule, draw.schedule.T  # the straight line, T = 1000


def rms(x, y):
    """How far two pictures differ: the root of the mean squared difference."""
    return (x - y).square().mean().sqrt().item()


cat_path = list(draw.trace(["cat"], steps=14, seed=1))
sampler_slider(cat_path, alt="A cat comes out of noise, and the guess of it each time")
cat = cat_path[-1].x_0_hat
print("   t   how far from the end: noisy picture, guess")
for step in cat_path[::2]:
    print(f"{step.t:4}   {rms(step.x_t, cat):.2f}, {rms(step.x_0_hat, cat):.2f}")

# %% [markdown]
# After zero steps $x_t$ is pure noise. Half way, near t = 500, the noisy picture still
# looks like a bad television. But the guess is most of the way there: only detail is
# missing.
#
# ## Why not jump?
#
# The network gives a guess of the clean picture *at once*, in the very first call. Why
# not take that and go home? We try it with 16 pictures, two of each animal. Below each
# guess you see what the same starting noise gives after 12 small steps. A **reader**
# counts for us: a network that was trained on real critters to say what is in a
# picture. *Detail* measures how much neighbours differ. We compare squares of 2 × 2
# pixels, so that the noise of single pixels hardly counts.

# %%
from course_lib.figures.prediction import prediction

guess_jump = prediction(
    "After one single call, in how many of the 16 pictures will the reader see the "
    "animal that we asked for?",
    (0, 16),
)

# %%
import torch.nn.functional as F

from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import PictureNoise, ddim, last_step
from course_lib.figures.plots import show_rows
from course_lib.networks.judge import load_judge
from course_lib.world.datasets import load_critters

reader = load_judge("reader-32")
real = load_critters("test", kind="one")  # critters that our network has never seen


def predict_for(labels):
    """The function that a sampler calls: predict(x_t, t) gives (x_0_hat, eps_hat)."""
    cond, target = draw.label_numbers(labels), draw.card["target"]
    # clamp_x_0: a guess is cut to -1..1, as no picture lies outside.
    return predictor(draw.model, schedule, target, cond, clamp_x_0=True)


def detail(pictures):
    """The mean difference between a square of 2 x 2 pixels and the one to its right."""
    squares = F.avg_pool2d(pictures, 2)  # (N, 3, 16, 16)
    return (squares[..., 1:] - squares[..., :-1]).abs().mean().item()


def seen(pictures, labels):
    """In how many pictures the reader sees the animal that was asked for."""
    return (reader.read(pictures)["subject"] == draw.label_numbers(labels)).sum().item()


animals = [*ANIMALS, *ANIMALS]  # 16 pictures, two of each animal
predict = predict_for(animals)
x_T = PictureNoise(seed=2, indices=range(16))((3, 32, 32))  # (16, 3, 32, 32)

one_call, _ = predict(x_T, torch.full((16,), T))  # (16, 3, 32, 32)
x_0 = last_step(ddim(predict, x_T, schedule, steps=12))  # (16, 3, 32, 32)
show_rows(
    {"1 call": one_call[:8], "12 calls": x_0[:8]},
    titles=list(ANIMALS),
    alt="Above eight ghosts, the guesses of the first call; below eight animals that "
    "stand in a scene.",
)
some, labels = real[torch.arange(16)]
named = [draw.labels[label] for label in labels]
for name, pictures, asked in [
    ("1 call", one_call, animals),
    ("12 calls", x_0, animals),
    ("real", some, named),
]:
    print(f"{name:>8}: detail {detail(pictures):.2f}", end=", ")
    print(f"animal seen in {seen(pictures, asked)} of 16")
guess_jump.compare(seen(one_call, animals))
assert detail(one_call) < 0.85 * detail(x_0)
assert seen(one_call, animals) + 4 <= seen(x_0, animals)

# %% [markdown]
# ## Which picture is it restoring?
#
# The network was trained to restore pictures. Here no picture is hidden under the
# noise, so which picture does it look for? Notebook 03 had a denoiser that is *perfect*
# for its training set. It knows all frogs of the album by heart. Its guess is their
# **mean**, with each frog weighted by the probability that it is the one under the
# noise. We give it the same noisy pictures that our network meets on its way, and count
# how many frogs are still in play. For scale: the eight frogs that come out differ from
# each other by about 0.7.

# %%
from course_lib.diffusion.ideal import IdealDenoiser

album = load_critters("train", kind="one")  # what the network was trained on
frogs = album[album.labels == album.label("frog")][0]  # (N, 3, 32, 32)
ideal = IdealDenoiser(frogs, schedule)

frog_noise = PictureNoise(seed=3, indices=range(8))((3, 32, 32))
frog_path = list(ddim(predict_for(["frog"] * 8), frog_noise, schedule, steps=12))
print(len(frogs), "frogs in the album")
for step in frog_path[:5]:
    t = torch.full((8,), step.t)
    # n equal chances of 1 / n give n: what is counted here are frogs.
    in_play = 1 / ideal.chances(step.x_t, t).square().sum(1)  # (8,)
    apart = rms(step.x_0_hat, ideal(step.x_t, t))
    print(f"t = {step.t:4}: {in_play.median():5.0f} frogs in play", end="; ")
    print(f"our guess and their mean are {apart:.2f} apart")
made = frog_path[-1].x_0_hat.clamp(-1, 1)
print(f"two different frogs are {rms(made, made.roll(1, 0)):.2f} apart")
t = torch.full((8,), frog_path[1].t)
show_rows(
    {
        "t = 1000, ours": frog_path[0].x_0_hat[:5],
        "mean in play": frogs.mean(0).expand(5, 3, 32, 32),
        f"t = {frog_path[1].t}, ours": frog_path[1].x_0_hat[:5],
        "mean in play ": ideal(frog_path[1].x_t, t)[:5],
    },
    alt="Four rows: our network's guesses at t = 1000, which differ from the mean of "
    "all frogs below them; our network's guesses one step later, and the means of the "
    "frogs still in play, which look alike.",
)

# %% [markdown]
# Look at t = 917, in the last two rows of the figure. The guess is close to a **mean**:
# 0.16, where two frogs are 0.75 apart. It is not a bad picture of one frog, but all
# frogs that could still be under the noise, on top of each other. We go a *little* way
# towards it. Then the noise is weaker, fewer frogs fit, and the next mean is clearer.
# (The gap stays near 0.2, since our network does not know these few frogs by heart.)
#
# At t = 1000 nothing is under the noise, so the right answer is the mean of *all*
# frogs, for every noise. Our network already sees a scene there, as we see faces in
# clouds. Its training hardly ever drew a t above 950 (the lesson has the shares).
#
# Where does the path end? The perfect denoiser must end on *one* frog of the album. And
# ours?

# %%
from course_lib.judging.metrics import nearest

perfect = ddim(predictor(ideal, schedule, "x_0"), frog_noise, schedule, steps=12)
frogs_made = {
    "perfect": last_step(perfect),
    "ours": frog_path[-1].x_0_hat.clamp(-1, 1),
    "fresh": real[real.labels == real.label("frog")][0][:100],  # not in the album
}
gaps, twins = {}, {}
for name, pictures in frogs_made.items():
    gaps[name], where = nearest(pictures, frogs)
    twins[name] = frogs[where]
    print(f"{name:>8}: {gaps[name].mean():.2f} from the nearest frog of the album")
far = gaps["ours"].argsort(descending=True)[:5]  # where ours differ most
show_rows(
    {
        "perfect memory": frogs_made["perfect"][far],
        "nearest": twins["perfect"][far],
        "our network": frogs_made["ours"][far],
        "nearest ": twins["ours"][far],
    },
    alt="Four rows of frogs: the perfect denoiser's, equal to the training pictures "
    "below them; our network's, whose nearest training pictures differ from them.",
)
assert gaps["perfect"].max() < 0.05 < gaps["ours"].min()

# %% [markdown]
# A denoiser with a perfect memory hands back a training picture. Ours does not: its
# frogs lie about as far from the album as real frogs that the album does not contain.
# (We show the five of the eight that are farthest from it.) It has learned what frogs
# have in common, and mixes the rest anew: this scene, that colour, this hat.
#
# ## One small step, by hand
#
# The network says what it thinks is picture, $\hat x_0$, and what it thinks is noise,
# $\hat\epsilon$. Mixed in the proportions of step t they give back our $x_t$. Now we
# mix the same two again, in the proportions of the next step:
#
# $$x_\text{next} = a_\text{next} \hat x_0 + b_\text{next} \hat\epsilon$$

# %%
a, b = schedule.a_table.tolist(), schedule.b_table.tolist()  # a[t] and b[t]

x_t = x_T  # (16, 3, 32, 32)
for t, t_next in [(1000, 750), (750, 500), (500, 250), (250, 0)]:
    x_0_hat, eps_hat = predict(x_t, torch.full((16,), t))  # each (16, 3, 32, 32)
    x_next = a[t_next] * x_0_hat + b[t_next] * eps_hat
    went = rms(x_next, x_t) / rms(x_0_hat, x_t)
    mix = f"{a[t_next]:.2f} picture and {b[t_next]:.2f} noise"
    print(f"{t:4} -> {t_next:3}: {mix}; we went {went:.2f} of the way to the guess")
    x_t = x_next
show_rows(
    {"4 calls": x_t[:8]},
    titles=list(ANIMALS),
    alt="Eight animals after only four steps, softer than before.",
)

# %% [markdown]
# People say that the sampler jumps to the guess and "throws most of the noise back on".
# The formula looks like that. But read the end of each line: with the predicted noise
# it never jumps. It went a quarter of the way to the guess, asked again, went a third
# of the way to the new guess, then half, and all of the way only at the last step.
#
# ## Predicted noise or fresh noise?
#
# We put back the noise that the network *predicted*. DDPM (Ho et al. 2020) puts back
# *fresh* noise as well. Both are right, and so is any mixture: the noise in
# $x_\text{next}$ only has to have the standard deviation $b_\text{next}$. Suppose that
# the fresh part has the standard deviation `std`. How much of the predicted noise may
# stay? **Variances add** (notebook 02):
#
# $$\text{kept}^2 + \text{std}^2 = b_\text{next}^2$$
#
# A number called **eta** sets the share of fresh noise: 0 means none (DDIM, Song et al.
# 2021), 1 means as much as in DDPM. How much is that? Take the formula on trust: it is
# their equation 16, and the lesson says what it means.


# %%
def std_of_ddpm(t, t_next):
    """The standard deviation of DDPM's fresh noise at t_next."""
    assert t_next < t, "t_next comes after t: it is std_of_ddpm(t, t_next)"
    ratio = a[t] * b[t_next] / (a[t_next] * b[t])
    return b[t_next] * (1 - ratio**2) ** 0.5


FOUR = [(1000, 750), (750, 500), (500, 250), (250, 0)]
for t, t_next in FOUR:
    print(f"{t:4} -> {t_next:3}: noise of std {b[t_next]:.2f} is needed", end="; ")
    print(f"DDPM's fresh part has {std_of_ddpm(t, t_next):.2f}")

# %% [markdown]
# ## Your turn: one step
#
# Write the step, for any eta between 0 and 1. It is the small step by hand, with one
# change: some of the predicted noise makes room for fresh noise, `eps_new`. The fresh
# part has a standard deviation of eta times that of DDPM. As much of the predicted
# noise stays as the rule above allows.
#
# `a` and `b` are the two lists from above, `std_of_ddpm` is ready to use, and a square
# root is `x ** 0.5`.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Three things are added up: the guess, the predicted noise and the fresh noise, each
# times a number of its own. The first number is that of the step by hand. The third is
# a standard deviation that you can compute at once. The second follows from "Variances
# add": solve that formula for what is kept.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Begin with the fresh part: call `std_of_ddpm(...)` with both steps, and multiply by
# `eta`. `kept` is then the root of the difference of two squares. A random number of
# standard deviation 1, times s, has the standard deviation s.
#
# </details>


# %%
def my_ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    """Mix guess, predicted noise and fresh noise: from step t to step t_next."""
    ### BEGIN SOLUTION
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new
    ### END SOLUTION


# %%
from course_lib.checks.nb06_sampling import check_ddim_step

ddim_step = check_ddim_step(my_ddim_step)

one, none = torch.ones(1), torch.zeros(1)
for t, t_next in FOUR:  # of a predicted noise of 1, and nothing else, `kept` is left
    kept = ddim_step(none, one, none, t, t_next, 1.0).item()
    fresh = std_of_ddpm(t, t_next)
    print(f"{t:4} -> {t_next:3}: {kept:.2f} kept, {fresh:.2f} fresh", end="; ")
    print(f"variances {kept**2:.3f} + {fresh**2:.3f} = {b[t_next] ** 2:.3f}")

# %% [markdown]
# ## Your turn: which steps?
#
# The network knows every t from 1 to T, but we need not visit them all. Write the list
# of the steps to visit: whole numbers from T down to 0, both included, as evenly spread
# as whole numbers can be. `my_choose_steps(1000, 4)` is `[1000, 750, 500, 250, 0]`, and
# `my_choose_steps(10, 3)` is `[10, 7, 3, 0]`.
#
# The next cell checks your list and puts both parts together: a whole sampler in six
# lines. Does it draw the same as the library's sampler? The library's code is printed
# below: the step, the function that draws fresh noise for it, and the loop over all
# steps. The loop is a generator: it hands out each step as it goes, so that we can
# watch.
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# In the second example the stride is 10/3. A stride of 3 would end at 1, and one of 4
# would miss the 0. So do not walk with a whole stride: ask of each place in the list
# how much of the way is left there.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# At place 0 all of `T` is left, at place `steps` nothing. Work out the share that is
# left at place i as a fraction, and use `round(...)` on the number itself, at the very
# end.
#
# </details>


# %%
def my_choose_steps(T, steps):
    """Return steps + 1 whole numbers from T down to 0."""
    ### BEGIN SOLUTION
    return [round(T * (steps - i) / steps) for i in range(steps + 1)]
    ### END SOLUTION


# %%
from course_lib.checks.nb06_sampling import check_choose_steps
from course_lib.diffusion import samplers
from course_lib.figures.source import show_source

choose_steps = check_choose_steps(my_choose_steps)


def my_sampler(predict, x_t, steps, eta=0.0, noise=None):
    """Go down the list of steps and return the picture at its end."""
    for t, t_next in zip(steps[:-1], steps[1:], strict=True):
        x_0_hat, eps_hat = predict(x_t, torch.full((len(x_t),), t))
        eps_new = noise((3, 32, 32)) if eta > 0 else torch.zeros_like(x_t)
        x_t = ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta)
    return x_t


four, ten_steps = predict_for(ANIMALS[:4]), choose_steps(T, 10)
by_hand = my_sampler(four, x_T[:4], ten_steps, 0.5, PictureNoise(7, range(4)))
noise = PictureNoise(7, range(4))
theirs = last_step(ddim(four, x_T[:4], schedule, 10, eta=0.5, noise=noise))
print(ten_steps)
print("four pictures:", tuple(by_hand.shape))
print("this sampler and the library's:", f"{rms(by_hand, theirs):.2f} apart")
assert rms(by_hand, theirs) < 1e-4
show_source(samplers.ddim_step, samplers.ddim_update, ddim)

# %% [markdown]
# ## What the fresh noise does
#
# All rows begin with the same starting noise. In the first two rows eta is 0, in the
# next two it is 1, each time with two different streams of fresh noise.

# %%
eight, twelve_steps = predict_for(ANIMALS), choose_steps(T, 12)
rows = {}
for eta in (0.0, 1.0):
    for stream in (10, 11):
        noise = PictureNoise(stream, range(8))
        pictures = my_sampler(eight, x_T[:8], twelve_steps, eta, noise)
        rows[f"eta {eta:.0f}, stream {stream}"] = pictures.clamp(-1, 1)
show_rows(
    {name: pictures[:4] for name, pictures in rows.items()},
    titles=list(ANIMALS[:4]),
    alt="Four rows of four animals. The two rows with eta 0 are equal; the two rows "
    "with eta 1 show different pictures from the same starting noise.",
)
still, still_again, fresh, fresh_again = rows.values()
print(f"eta 0: the two rows are {rms(still, still_again):.2f} apart")
print(f"eta 1: the two rows are {rms(fresh, fresh_again):.2f} apart")
print(f"two different starting noises, eta 0: {rms(x_0[:8], x_0[8:]):.2f} apart")
for name, pictures in rows.items():
    print(f"{name}: animal seen in {seen(pictures, ANIMALS)} of 8")
assert rms(still, still_again) == 0 and rms(fresh, fresh_again) > 0.2

# %% [markdown]
# Fresh noise also repairs. We make **a mistake on purpose**: at t = 417 a pink blot of
# 6 × 6 pixels falls into the noisy picture. Then the sampler goes on, with eta 0 or
# with eta 1. How much of the pink is still there at the end?

# %%
k = 7  # after 7 of the 12 steps
late_steps = twelve_steps[k:]
x_late = list(ddim(predict, x_T, schedule, steps=12))[k].x_t  # (16, 3, 32, 32)
pink = torch.tensor([1.0, -1.0, 1.0])[:, None, None]  # more red and blue, less green
with_blot = x_late.clone()
with_blot[:, :, 12:18, 12:18] += 0.8 * pink
some = [0, 1, 2, 5, 7]  # five of the 16, to look at
pink_left, blotted = {}, {}
for eta in (0.0, 1.0):
    ends = [
        my_sampler(predict, start, late_steps, eta, PictureNoise(7, range(16)))
        for start in (x_late, with_blot)
    ]
    apart = (ends[1] - ends[0])[:, :, 12:18, 12:18]
    pink_left[f"eta {eta:.0f}"] = (apart * pink).mean().item()
    for blot, end in zip(("no blot", "blot"), ends, strict=True):
        blotted[f"eta {eta:.0f}, {blot}"] = end[some].clamp(-1, 1)
show_rows(
    blotted,
    titles=[animals[i] for i in some],
    zoom=4,
    alt="Five animals, for each eta without a blot and after a pink blot in the noisy "
    "picture: with eta 0 a pink shine is left on all, with eta 1 less.",
)
for name, left in pink_left.items():
    print(f"{name}: {left:.2f} of the 0.80 pink is left, mean of 16 pictures")
assert pink_left["eta 1"] < 0.7 * pink_left["eta 0"]

# %% [markdown]
# With eta 0 the mistake is carried on: part of it counts as predicted noise and is put
# back at every step. With eta 1 fresh noise replaces much of that part, and less of the
# mistake survives in the blot itself. But the network may also take a mistake for part
# of the picture: some animals change their colour, with either eta. The lesson shows
# the same for whole sets of pictures.
#
# ## Where does chance enter?
#
# With eta = 0 there is only one place: the starting noise. It depends on a **seed** and
# on the number of the picture, and on nothing else. So the same seed gives the same
# picture, alone or among others, and the computer's other dice do not matter. (The
# noise is drawn on the CPU, with one stream per picture, and only then moved. So a GPU
# draws the same picture, within 1 of 255.)

# %%
from course_lib.pixels import to_bytes

settings = dict(steps=8, seed=5)
once = draw(["frog", "bat"], **settings)
torch.manual_seed(12345)  # shake the dice of torch
again = draw(["frog", "bat"], **settings)
alone = draw(["frog"], **settings)
print("the same seed, the same picture:", torch.equal(once, again))

pixels_apart = (to_bytes(alone[0]).int() - to_bytes(once[0]).int()).abs().max().item()
print("alone or in a batch, apart by 1 of 255 at most:", pixels_apart <= 1)

same_noise = x_T[2:3].expand(8, 3, 32, 32)  # one noise for all eight labels
siblings = last_step(ddim(eight, same_noise, schedule, steps=12))
show_rows(
    {"one noise": siblings},
    titles=list(ANIMALS),
    alt="Eight animals from the same starting noise: scenes and colours repeat.",
)


def most_common(factor, pictures):
    """How many pictures share the reader's most common answer."""
    return reader.read(pictures)[factor].bincount().max().item()


for factor in ("scene", "colour"):
    one, many = most_common(factor, siblings), most_common(factor, x_0[:8])
    print(f"the same {factor}: {one} of 8 with one noise, {many} of 8 with eight")
assert most_common("scene", siblings) > most_common("scene", x_0[:8])

# %% [markdown]
# With eta 0, noise and label together fix the picture, and the noise alone fixes much
# of it: one noise gives eight animals, nearly all in the same scene.
#
# ## Start from ...
#
# Must it be noise? The sampler takes any $x_T$ that you give it. We try white paper;
# all zeros, a middle grey; noise that is only +1 or −1; noise half as loud or twice as
# loud; and a scribble of yours with noise on it (change the letters: 8 rows of 8, and
# only letters that INKS has). Each time the labels ask for the eight animals, and eta
# is 0.

# %%
guess_white = prediction(
    "Starting from white paper: in how many of the 8 pictures will the reader see the "
    "animal that we asked for?",
    (0, 8),
)
guess_zeros = prediction(
    "Starting from zeros, a middle grey: in how many of the 8 pictures will the reader "
    "see the animal?",
    (0, 8),
)

# %%
ETA = 0.0  # try 1.0, as much fresh noise as in DDPM
SCRIBBLE = """
........
...gg...
..gggg..
..gggg..
.gggggg.
.gggggg.
........
........
"""
INKS = {".": (1, 1, 1), "g": (-1, 0.3, -1), "r": (1, -0.8, -0.8), "b": (-0.8, -0.4, 1)}
if unknown := set("".join(SCRIBBLE.split())) - set(INKS):
    raise ValueError(f"INKS has no colour for {min(unknown)!r}: use {' '.join(INKS)}")

inks = torch.tensor([[INKS[letter] for letter in row] for row in SCRIBBLE.split()])
scribble = F.interpolate(inks.permute(2, 0, 1)[None].float(), size=32)  # (1, 3, 32, 32)
N = x_T[:8]
starts = {
    "noise": N,
    "white": torch.ones_like(N),
    "zeros": torch.zeros_like(N),
    "+1 or -1": N.sign(),
    "half as loud": N / 2,
    "twice as loud": N * 2,
    "scribble, noise": (scribble + N) / 2,
}
came, counted = {}, {}
for name, start in starts.items():
    noise = PictureNoise(3, range(8))  # not used with eta 0
    came[name] = my_sampler(eight, start, twelve_steps, ETA, noise).clamp(-1, 1)
    counted[name] = seen(came[name], ANIMALS), most_common("scene", came[name])
    right, scene = counted[name]
    print(f"{name:>15}: animal seen in {right} of 8, one scene in {scene} of 8")
show_rows(
    {"scribble": scribble.expand(8, -1, -1, -1)} | came,
    titles=list(ANIMALS),
    alt="Eight rows of eight pictures. White paper gives an empty snowy sky; zeros "
    "give eight animals in one sunset; +1 or -1 gives animals as noise does; noise "
    "twice as loud gives animals in confetti; the green scribble gives green animals "
    "in snow.",
)
if ETA == 0:
    guess_white.compare(counted["white"][0])
    guess_zeros.compare(counted["zeros"][0])
    assert counted["white"][0] < 4 < counted["zeros"][0]

# %% [markdown]
# White paper is unlike anything in the training: at t = 1000 the network only ever met
# noise with a mean near 0. From white it makes snow, the brightest scene it knows, and
# no animal appears. Zeros are the middle of all noises: the animals appear, but all in
# one scene, since nothing chooses among scenes. (Set `ETA` to 1.0 and run the cell
# again. The animals now appear from white paper too: with eta 1 the first step from
# t = 1000 keeps nothing of the start.) +1 or −1 is no bell curve, yet it works. A
# likely reason: the network adds up many pixels, and such sums are nearly bell-shaped
# (notebook 02). Noise that is too quiet does little harm. If it is too loud, some of it
# is left over as confetti. And the scribble shows through: notebook 07 makes a tool of
# that.
#
# ## Which decisions fall early, which late?
#
# We stop on the way, at step t, and **fork**: from here on the network gets *no label*
# (label 0), and eta is 1, so the noise that we put back is as fresh as in DDPM.
# Anything that is still the same at the end had been decided by step t. To see how much
# agrees by chance, we do the same from a different starting noise. There are 40
# pictures; with so few, a share may be off by 15 points (95 %). The lesson has the same
# for 128.

# %%
from course_lib.figures.plots import plot_curves

crowd = [*ANIMALS] * 5  # 40 pictures
crowd_noise = PictureNoise(seed=2, indices=range(40))((3, 32, 32))
crowd_path = list(ddim(predict_for(crowd), crowd_noise, schedule, steps=12))
told_nothing = predict_for(["nothing"] * 40)
was = reader.read(crowd_path[-1].x_0_hat)
decisions = {"scene": "scene", "size": "size", "accessory": "accessory",
             "colour": "colour", "animal": "subject"}  # fmt: skip
stays, forked_at = {name: [] for name in decisions}, []
for k in (0, 1, 2, 3, 5, 7):
    x_fork = crowd_path[k].x_t if k else PictureNoise(99, range(40))((3, 32, 32))
    noise, rest = PictureNoise(50 + k, range(40)), twelve_steps[k:]
    now = reader.read(my_sampler(told_nothing, x_fork, rest, 1.0, noise))
    forked_at.append(twelve_steps[k])
    for name, factor in decisions.items():
        stays[name].append(100 * (now[factor] == was[factor]).float().mean().item())
print("forked at t =  chance " + "".join(f"{t:6}" for t in forked_at[1:]))
for name, shares in stays.items():
    print(f"{name:>13}  " + "".join(f"{share:4.0f} %" for share in shares))
show_decisions = {
    name: [(share - shares[0]) / (100 - shares[0]) for share in shares[1:]]
    for name, shares in stays.items()
}
plot_curves(
    forked_at[1:],
    show_decisions,
    xlabel="forked at t (1000 is the start, 0 the end)",
    ylabel="share decided: 0 is chance, 1 is all",
    alt="Five curves that fall with t: the scene is decided first, at the highest t, "
    "then size, accessory and colour in a bundle, and the animal last.",
)
assert stays["scene"][1] > stays["colour"][1] + 30
assert stays["scene"][3] > stays["animal"][3] + 40

# %% [markdown]
# Read the curves from the right, where the path begins. The **scene** comes first:
# after one step 80 % of the pictures keep it. (20 % would by chance, and the figure
# counts from there: (80 − 20) / (100 − 20) is 0.75.) Size, accessory and colour follow
# close together; 40 pictures are too few to say which of them is first. The *animal*
# comes last, about half way.
#
# ## How many steps are enough?
#
# With eta = 0 the path is a curve, and the steps cut its corners. So there is a right
# answer, the end of the curve, and we can measure how far each sampler misses it. A
# fair comparison counts **network calls**, because they take the time. Heun asks twice
# per step, and once in the last. DPM-Solver remembers its last guess and asks once.

# %%
from course_lib.diffusion.samplers import dpm_solver, heun


def misses(pictures, exact):
    """How far each picture is from the end of its curve, (N,)."""
    return (pictures - exact).square().mean(dim=(1, 2, 3)).sqrt()


many = crowd[:24]
predict_many, many_noise = predict_for(many), crowd_noise[:24]
exact = last_step(dpm_solver(predict_many, many_noise, schedule, steps=40))
calls, medians, cats = [3, 7, 15], {}, []
print("calls                 3        7       15")
for name, sampler in [("DDIM", ddim), ("DPM-Solver", dpm_solver), ("Heun", heun)]:
    medians[name], near, right = [], [], []
    for n in calls:
        steps = (n + 1) // 2 if name == "Heun" else n
        end = last_step(sampler(predict_many, many_noise, schedule, steps=steps))
        missed = misses(end, exact)
        medians[name].append(missed.median().item())
        near.append((missed < 0.2).sum().item())
        right.append(seen(end, many))
        if name == "DPM-Solver":
            cats.append(end[2])
    print(f"{name:>10}, miss   " + "".join(f"{miss:9.2f}" for miss in medians[name]))
    print("  the same picture  " + "".join(f"{n:3} of 24" for n in near))
    print("  the right animal  " + "".join(f"{n:3} of 24" for n in right))
    assert medians[name][-1] < 0.5 * medians[name][0]
    assert near[-1] > near[0]
plot_curves(
    calls,
    medians,
    xlabel="network calls",
    ylabel="distance to the end of the curve",
    alt="Three curves: with 15 network calls every sampler comes much closer to the "
    "exact end than with 3.",
    logx=True,
)
show_rows(
    {"DPM-Solver": torch.stack([*cats, exact[2]]).clamp(-1, 1)},
    titles=[f"{n} calls" for n in calls] + ["40 calls"],
    alt="The cat from one noise, with 3, 7, 15 and 40 calls.",
)

# %% [markdown]
# Something unexpected: with few calls many noises end in a *different* picture. It is
# not a wrong one; the animal is mostly right. But a large first step can cut a corner
# so wide that it ends up in another scene. Heun misses by most: the same number of
# calls gives it only half as many steps. (Over a whole set of pictures Heun does better
# than DDIM at 7 calls, as the lesson shows: a different end is not a worse picture.)
# With 3 calls DPM-Solver *is* DDIM: its first two steps and its last cannot use an
# earlier guess. With 7 calls the pictures differ a little, and only the rounded misses
# are alike. "The same picture" means a miss below 0.2. The exact end is DPM-Solver's
# own, with 40 steps, which favours it a little. With 50 calls fresh noise wins: in the
# lesson's table the set of DDPM's pictures is 39 from real ones (Fréchet distance), and
# DDIM's 71. So there are two answers. For **a** good picture a handful of calls will
# do. For **the** picture of this noise you need more.
#
# And who decides? **You** do. The network does not know how many steps you will take.
# The lesson has a table from many more pictures: there you see where more calls stop
# paying.
#
# ## Play
#
# All knobs at once. `guidance_scale` pushes harder towards the label. 1 is the plain
# network, 0 ignores the label, and any other scale asks twice per step, with the label
# and without (notebook 10 shows how). Can you find the fewest steps that still give a
# clean bat? A scale that is too much? Two seeds whose frogs stand in the same place?

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_pictures
from course_lib.figures.widgets import live


def play(animal, steps, guidance_scale, seed, sampler):
    """Draw four pictures with these settings."""
    pictures = draw([animal] * 4, steps, guidance_scale, seed, sampler)
    words = f"Four pictures of a {animal}: {steps} steps, w = {guidance_scale:g}."
    show_pictures(pictures, zoom=4, alt=words)


live(
    play,
    play="steps",
    animal=list(ANIMALS),
    steps=(1, 30, 1, 8),
    guidance_scale=(0.0, 8.0, 0.5, 2.0),
    seed=(0, 20, 1, 0),
    sampler=["dpm_solver", "dpm_solver_sde", "ddim", "ddpm", "euler", "heun"],
)

# %% [markdown]
# ## Extra, if you have five minutes more: what does the noise hold?
#
# A Fourier transform takes a noise apart into waves: a few long ones (its coarse part,
# 5 % of the numbers) and many short ones (the fine 95 %). We take the coarse part of
# noise A and the fine part of noise B, and draw from their sum. It is N(0, 1) noise
# like any other. Which picture will the result resemble, A's or B's?

# %%
noise_A = crowd_noise[:32]  # the first 32 of the noises above
noise_B = PictureNoise(seed=4, indices=range(32))((3, 32, 32))
waves = torch.fft.fftfreq(32) * 32  # how many waves fit into the picture
coarse = (waves[:, None] ** 2 + waves**2).sqrt() <= 4  # (32, 32)
spectrum = torch.where(coarse, torch.fft.fft2(noise_A), torch.fft.fft2(noise_B))
mixed = torch.fft.ifft2(spectrum).real  # (32, 3, 32, 32)
print(f"coarse: {100 * coarse.float().mean():.0f} % of the numbers", end="; ")
print(f"spread of the mixed noise {mixed.std():.2f}")

predict_32 = predict_for(crowd[:32])
from_A = crowd_path[-1].x_0_hat[:32]
from_B, from_mixed = (
    last_step(ddim(predict_32, x, schedule, steps=12)) for x in (noise_B, mixed)
)
of_mixed = reader.read(from_mixed)
apart_from = {}
for name, end in [("A, the coarse part", from_A), ("B, the fine part", from_B)]:
    of_end = reader.read(end)
    apart_from[name] = rms(from_mixed, end)
    print(f"from {name}: {apart_from[name]:.2f} apart", end="")
    for factor in ("scene", "colour"):
        same = (of_mixed[factor] == of_end[factor]).sum().item()
        print(f", the same {factor} in {same} of 32", end="")
    print()
print(f"for scale, A's pictures and B's: {rms(from_A, from_B):.2f} apart")
brightness = torch.stack([x.mean((1, 2, 3)) for x in (noise_A, from_A)])
print(f"brightness at start and end: r = {torch.corrcoef(brightness)[0, 1]:.1f}")
show_rows(
    {"A": from_A[:6], "coarse A, fine B": from_mixed[:6], "B": from_B[:6]},
    titles=list(ANIMALS[:6]),
    alt="Three rows of six animals. The middle row, from the coarse part of A's "
    "noise and the fine part of B's, has mostly the scenes and colours of A.",
)
assert apart_from["A, the coarse part"] < 0.7 * apart_from["B, the fine part"]

# %% [markdown]
# The few long waves decide most of it: layout, scene, colour. Under so much noise the
# first steps can see only coarse things, so they decide by these.
#
# ## Three questions
#
# 1. At t = 1000 the right guess is the mean of all frogs, whatever the noise. What
#    would it be if the album held only *two* frogs? And if it held only one?
#
# <details><summary>Answer</summary>
#
# The mean of the two, a see-through double frog. Then the path has to decide for one of
# them. With only one frog the first guess is that frog, exact at once: there is nothing
# to decide, and one call is enough. One big jump fails only because there is more than
# one right answer.
#
# </details>
#
# 2. With eta = 1 you draw twice from the same seed, and both pictures are the same.
#    Why, if fresh noise comes in at every step?
#
# <details><summary>Answer</summary>
#
# The fresh noise comes from the same seeded stream, after the starting noise. Chance in
# a computer is a fixed list of numbers, and the seed says where to begin reading.
#
# </details>
#
# 3. A friend draws with 10 steps of Heun and says that it costs as much as your 10
#    steps of DDIM with guidance 2. Is that right?
#
# <details><summary>Answer</summary>
#
# Nearly. Heun calls the network twice per step, but only once in the last: 19 calls.
# Your DDIM calls it once per step, and guidance doubles that: 20 calls. Count calls,
# not steps.
#
# </details>
