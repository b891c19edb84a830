# %% [markdown]
# # 6 · Sampling: the way from noise to a picture
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/06_sampling.ipynb)
#
# *About 45 minutes. You need notebooks 02 and 03; 05 helps.*
#
# When you are through you can
#
# - write the whole sampler, DDIM and DDPM, in a dozen lines of your own,
# - say why one big jump gives a blur, and many small steps give a picture,
# - say where chance enters, and show which decisions fall early and which late,
# - choose a sampler, a number of steps and a guidance scale, and say what they cost.

# %% [markdown]
# ## See it
#
# We load a network that was trained as in notebook 05, ask for a cat, and watch. Move
# the slider: at the left the noisy picture $x_t$, at the right what the network
# *believes* the clean picture to be, $\hat x_0$. Below it, the same as a strip.

# %%
import torch

from course_lib.figures.plots import show_trace
from course_lib.figures.widgets import sampler_slider
from course_lib.painters.pipeline import LabelToImage
from course_lib.world.critters import ANIMALS

draw = LabelToImage.from_pretrained("critters")
schedule, T = draw.schedule, draw.schedule.T  # the straight line, T = 1000


def rms(x, y):
    """How far two pictures differ: the root mean square over all their numbers."""
    return (x - y).square().mean().sqrt().item()


path = list(draw.trace(["cat"], steps=14, seed=1))
sampler_slider(path, alt="A cat comes out of noise, and the guess of it at each step")
show_trace(path)
end = path[-1].x_0_hat
print("   t   how far from the end: noisy picture, guess")
for step in path[::2]:
    print(f"{step.t:4}   {rms(step.x_t, end):.2f}, {rms(step.x_0_hat, end):.2f}")

# %% [markdown]
# After zero steps $x_t$ is pure noise, and the guess is a smudge. Half way, at t = 500,
# the noisy picture still looks like a bad television. But the guess is most of the way
# there: what is left to do is detail.
#
# ## Why not jump?
#
# The network gives a guess of the clean picture *at once*, in the very first call. Why
# not take that and go home? Let us do it, for two of each animal. Below it, the same
# starting noise in 12 small steps.

# %%
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import PictureNoise, ddim, last_step
from course_lib.figures.plots import show_rows
from course_lib.networks.judge import load_judge


def predict_for(labels):
    """What a sampler asks: predict(x_t, t) gives (x_0_hat, eps_hat)."""
    cond, target = draw.label_numbers(labels), draw.card["target"]
    return predictor(draw.model, schedule, target, cond, clamp_x_0=True)


animals = [*ANIMALS, *ANIMALS]  # 16 pictures, two of each animal
predict = predict_for(animals)
x_T = PictureNoise(seed=2, indices=range(16))((3, 32, 32))  # (16, 3, 32, 32)

one_call, _ = predict(x_T, torch.full((16,), T))  # (16, 3, 32, 32)
path = list(ddim(predict, x_T, schedule, steps=12))
x_0 = path[-1].x_0_hat  # (16, 3, 32, 32)
show_rows(
    {"1 call": one_call[:8], "12 calls": x_0[:8]},
    titles=list(ANIMALS),
    alt="Above eight ghosts, the guesses of the first call; below eight animals that "
    "stand in a scene.",
)

# %% [markdown]
# Now in numbers. *Detail* means that neighbours differ; we compare squares of 2 × 2
# pixels, so that grain does not count. And the **reader**, a network that was trained
# on real critters to say what is in a picture, tells us whether it sees the animal that
# we asked for.

# %%
import torch.nn.functional as F

from course_lib.world.datasets import load_critters

reader = load_judge("reader-32")
real = load_critters("test", kind="one")  # critters that our network has never seen


def detail(pictures):
    """The mean difference between a square of 2 x 2 pixels and the one to its right."""
    squares = F.avg_pool2d(pictures, 2)  # (N, 3, 16, 16)
    return (squares[..., 1:] - squares[..., :-1]).abs().mean().item()


def seen(pictures, labels):
    """In how many pictures the reader sees the animal that was asked for."""
    return (reader.read(pictures)["subject"] == draw.label_numbers(labels)).sum().item()


some, labels = real[torch.arange(16)]
named = [draw.labels[label] for label in labels]
for name, pictures, asked in [
    ("1 call", one_call, animals),
    ("12 calls", x_0, animals),
    ("real", some, named),
]:
    print(f"{name:>8}: detail {detail(pictures):.2f}", end=", ")
    print(f"animal seen in {seen(pictures, asked)} of 16")
assert detail(one_call) < 0.85 * detail(x_0)
assert seen(one_call, animals) + 4 <= seen(x_0, animals)

# %% [markdown]
# ## Which picture is it restoring?
#
# The network was trained to restore pictures. Here nothing was hidden: so which picture
# does it look for? Notebook 03 had a denoiser that is *perfect* for its training set.
# It knows all frogs of the album by heart, and its guess is their **mean**, each frog
# weighted with its chance to be the one under the noise. Let it look at what our
# network sees on its way, and count how many frogs are still in play.

# %%
from course_lib.diffusion.ideal import IdealDenoiser

album = load_critters("train", kind="one")  # what the network was trained on
frogs = album[album.labels == album.label("frog")][0]  # (N, 3, 32, 32)
ideal = IdealDenoiser(frogs, schedule)

noise = PictureNoise(seed=3, indices=range(8))((3, 32, 32))
ours = list(ddim(predict_for(["frog"] * 8), noise, schedule, steps=12))
print(len(frogs), "frogs in the album")
for step in ours[:5]:
    t = torch.full((8,), step.t)
    in_play = 1 / ideal.chances(step.x_t, t).square().sum(1)  # (8,)
    apart = rms(step.x_0_hat, ideal(step.x_t, t))
    print(f"t = {step.t:4}: {in_play.median():5.0f} frogs in play", end="; ")
    print(f"our guess and their mean are {apart:.2f} apart")
t = torch.full((8,), ours[1].t)
show_rows(
    {
        "t = 1000, ours": ours[0].x_0_hat,
        "mean in play": frogs.mean(0).expand(8, 3, 32, 32),
        f"t = {ours[1].t}, ours": ours[1].x_0_hat,
        "mean in play ": ideal(ours[1].x_t, t),
    },
    alt="Four rows: our network's guesses at t = 1000, the mean of all frogs, our "
    "network's guesses one step later, and the means of the frogs still in play, which "
    "look alike.",
)

# %% [markdown]
# So the ghost is a **mean**: not a bad picture of one frog, but all frogs that could
# still be under the noise, on top of each other. Going a *little* way towards it makes
# the noise a little weaker, fewer frogs fit, and the next mean is clearer.
#
# (At t = 1000 itself there is nothing under the noise, so the right answer is the mean
# of all frogs. Our network already sees a scene there, as we see faces in clouds: its
# training had hardly ever shown it so much noise.)
#
# Where does it end? The perfect denoiser must end on *one* frog of the album. Ours?

# %%
from course_lib.judging.metrics import nearest

perfect = ddim(predictor(ideal, schedule, "x_0"), noise, schedule, steps=12)
restored, made = last_step(perfect), ours[-1].x_0_hat.clamp(-1, 1)
fresh = real[real.labels == real.label("frog")][0][:100]  # frogs not in the album
gaps, twins = {}, {}
for name, pictures in [("perfect", restored), ("ours", made), ("fresh", fresh)]:
    gaps[name], where = nearest(pictures, frogs)
    twins[name] = frogs[where]
    print(f"{name:>8}: {gaps[name].mean():.2f} from the nearest frog of the album")
show_rows(
    {
        "perfect memory": restored,
        "nearest": twins["perfect"],
        "our network": made,
        "nearest ": twins["ours"],
    },
    alt="Four rows of frogs: the perfect denoiser's, equal to the training pictures "
    "below them; our network's, whose nearest training pictures differ from them.",
)
assert gaps["perfect"].max() < 0.05 < gaps["ours"].min()

# %% [markdown]
# A network with a perfect memory hands back a training picture. Ours does not: its
# frogs lie about as far from the album as frogs that nobody has ever seen. It has
# learned what frogs have in common, and mixes the rest anew: this scene, that colour,
# those ears. (Whether that stays so with a very small album is a question for a later
# part of the course.)
#
# ## One small step, by hand
#
# The network says what it thinks is picture, $\hat x_0$, and what it thinks is noise,
# $\hat\epsilon$. Mixed in the proportions of t they give back the $x_t$ that we have.
# We mix the same two again, in the proportions of the next step:
#
# $$x_\text{next} = a_\text{next}\,\hat x_0 + b_\text{next}\,\hat\epsilon$$

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
# It looks like that in the formula. But read the last column: it never jumped. It went
# a quarter of the way to the guess, asked again, went a third of the way to the new
# guess, then half, and only the last time all of it.
#
# ## Predicted noise or fresh noise?
#
# We put back the noise that the network *predicted*. The first diffusion models (DDPM)
# put back *fresh* noise instead. Both are right, and anything between: all that counts
# is that $x_\text{next}$ holds noise of standard deviation $b_\text{next}$. If `std` of
# that is fresh, how much of the predicted noise may stay? **Variances add** (notebook
# 02):
#
# $$\text{kept}^2 + \text{std}^2 = b_\text{next}^2$$
#
# How much is fresh is a matter of taste, called **eta**: 0 is none (DDIM), 1 is as much
# as DDPM has. The lesson shows where DDPM's number comes from; here is the number.


# %%
def std_of_ddpm(t, t_next):
    """How much of the noise at t_next is fresh in DDPM, as a standard deviation."""
    fresh = a[t_next] ** 2 * b[t] ** 2 - a[t] ** 2 * b[t_next] ** 2
    return b[t_next] / (a[t_next] * b[t]) * fresh**0.5


for t, t_next in [(1000, 750), (750, 500), (500, 250), (250, 0)]:
    std = std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    print(f"{t:4} -> {t_next:3}: {std:.2f} fresh, {kept:.2f} kept", end="; ")
    print(f"variances {std**2:.3f} + {kept**2:.3f} = {b[t_next] ** 2:.3f}")

# %% [markdown]
# ## Your turn: the DDIM step
#
# Write one step, for any eta between 0 and 1:
#
# $$x_\text{next} = a_\text{next}\,\hat x_0 + \text{kept}\;\hat\epsilon +
# \text{std}\;\epsilon_\text{new}, \qquad \text{std} = \eta \cdot \text{std of DDPM}$$
#
# `a` and `b` are the two lists from above, `std_of_ddpm` is ready, and a root is
# `x ** 0.5`.


# %%
def my_ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta):
    """Mix guess, predicted noise and fresh noise: from step t to step t_next."""
    ### BEGIN SOLUTION
    std = eta * std_of_ddpm(t, t_next)
    kept = (b[t_next] ** 2 - std**2) ** 0.5
    return a[t_next] * x_0_hat + kept * eps_hat + std * eps_new
    ### END SOLUTION


# %%
from course_lib.checks.nb06_sampling import check_choose_steps, check_ddim_step

ddim_step = check_ddim_step(my_ddim_step)

# %% [markdown]
# ## Your turn: which steps?
#
# The network knows every t from 1 to T, but we need not visit them all. Write the list
# of the steps to visit: from T down to 0, both included, evenly spread, whole numbers.
# `my_choose_steps(1000, 4)` is `[1000, 750, 500, 250, 0]`; `round` makes whole numbers.


# %%
def my_choose_steps(T, steps):
    """Return steps + 1 whole numbers from T down to 0."""
    ### BEGIN SOLUTION
    return [round(T * (steps - i) / steps) for i in range(steps + 1)]
    ### END SOLUTION


# %%
choose_steps = check_choose_steps(my_choose_steps)


def my_sampler(predict, x_t, steps, eta=0.0, noise=None):
    """Walk down the list of steps and return the picture at its end."""
    for t, t_next in zip(steps[:-1], steps[1:], strict=True):
        x_0_hat, eps_hat = predict(x_t, torch.full((len(x_t),), t))
        eps_new = noise((3, 32, 32)) if eta > 0 else torch.zeros_like(x_t)
        x_t = ddim_step(x_0_hat, eps_hat, eps_new, t, t_next, eta)
    return x_t


four = predict_for(ANIMALS[:4])
steps = choose_steps(T, 10)
mine = my_sampler(four, x_T[:4], steps, eta=0.5, noise=PictureNoise(7, range(4)))
print(steps)
print("four pictures:", tuple(mine.shape))

# %% [markdown]
# That is a complete sampler, and it is yours. The library's is this: a step, what draws
# the fresh noise for it, and the walk, which is a generator, so that we can watch the
# steps. Do both draw the same?

# %%
from course_lib.diffusion import samplers
from course_lib.figures.source import show_source

show_source(samplers.ddim_step, samplers.ddim_update, ddim)
noise = PictureNoise(7, range(4))
theirs = last_step(ddim(four, x_T[:4], schedule, 10, eta=0.5, noise=noise))
print("the same as in the library:", (mine - theirs).abs().max().item() < 1e-4)

# %% [markdown]
# ## What the fresh noise does
#
# The same starting noise for all rows. In the first two rows eta is 0, in the next two
# it is 1, each time with two different streams of fresh noise.

# %%
eight, steps = predict_for(ANIMALS), choose_steps(T, 12)
rows = {}
for eta in (0.0, 1.0):
    for stream in (10, 11):
        noise = PictureNoise(stream, range(8))
        made = my_sampler(eight, x_T[:8], steps, eta, noise)
        rows[f"eta {eta:.0f}, stream {stream}"] = made.clamp(-1, 1)
show_rows(
    rows,
    titles=list(ANIMALS),
    alt="Four rows of eight animals. The two rows of eta 0 are equal; the two rows of "
    "eta 1 show other animals from the same starting noise.",
)
still, still_again, fresh, fresh_again = rows.values()
print(f"eta 0: the two rows are {rms(still, still_again):.2f} apart")
print(f"eta 1: the two rows are {rms(fresh, fresh_again):.2f} apart")
print(f"two different starting noises, eta 0: {rms(x_0[:8], x_0[8:]):.2f} apart")
for name, made in rows.items():
    print(f"{name}: animal seen in {seen(made, ANIMALS)} of 8")
assert rms(still, still_again) == 0 and rms(fresh, fresh_again) > 0.2

# %% [markdown]
# ## Where does chance enter?
#
# With eta = 0 there is only one place: the starting noise. It comes from a **seed** and
# the number of the picture, and from nothing else. So the same seed gives the same
# picture, alone or among others, and the computer's other dice do not matter.

# %%
from course_lib.pixels import to_bytes

settings = dict(steps=8, seed=5)
once = draw(["frog", "bat"], **settings)
torch.manual_seed(12345)  # shake the dice of torch
again = draw(["frog", "bat"], **settings)
alone = draw(["frog"], **settings)
print("the same seed, the same picture:", torch.equal(once, again))

apart = (to_bytes(alone[0]).int() - to_bytes(once[0]).int()).abs().max().item()
print("alone or in a batch, apart by 1 of 255 at most:", apart <= 1)

same_noise = x_T[2:3].expand(8, 3, 32, 32)  # one noise for all eight labels
siblings = last_step(ddim(eight, same_noise, schedule, steps=12))
show_rows(
    {"one noise": siblings, "eight noises": x_0[:8]},
    titles=list(ANIMALS),
    alt="Above eight animals from the same starting noise: scenes and colours repeat. "
    "Below from eight different noises.",
)


def most_common(factor, pictures):
    """How many pictures agree on the most common answer of the reader."""
    return reader.read(pictures)[factor].bincount().max().item()


for factor in ("scene", "colour"):
    one, many = most_common(factor, siblings), most_common(factor, x_0[:8])
    print(f"the same {factor}: {one} of 8 with one noise, {many} of 8 with eight")
assert most_common("scene", siblings) > most_common("scene", x_0[:8])

# %% tags=["nbval-ignore-output"]
from course_lib.device import best_device

device = best_device()
print("the fastest device here:", device)
if device.type != "cpu":
    draw_there = LabelToImage.from_pretrained("critters", device)
    there = draw_there(["frog", "bat"], **settings)
    apart = (to_bytes(there).int() - to_bytes(once).int()).abs().max().item()
    print("apart from the CPU's picture by", apart, "of 255")
    assert apart <= 1

# %% [markdown]
# The noise is drawn on the CPU, one stream a picture, and only then moved: that is why
# another device draws the same.
#
# Now a trick question. We glue **two noises** together: the left half from one, the
# right half from another. Which picture comes out?

# %%
glued = torch.cat([x_T[:8, :, :, :16], x_T[8:, :, :, 16:]], dim=3)
both = last_step(ddim(eight, glued, schedule, steps=12))
show_rows(
    {"A": x_0[:8], "left A, right B": both, "B": x_0[8:]},
    titles=list(ANIMALS),
    alt="Three rows of animals; the middle row starts from noise glued from the noises "
    "of the rows above and below, and shows one whole animal each.",
)
for side, columns in [("left", slice(0, 16)), ("right", slice(16, 32))]:
    half = both[..., columns]
    print(f"its {side:5} half: {rms(half, x_0[:8, ..., columns]):.2f} from A,", end=" ")
    print(f"{rms(half, x_0[8:, ..., columns]):.2f} from B")
print("animal seen in", seen(both, ANIMALS), "of 8")

# %% [markdown]
# No seam, no half frogs: the network makes one whole of whatever it is given. There is
# no hidden picture that the noise stands for.
#
# ## Which decisions fall early, which late?
#
# We stop on the way, at step t, and **fork**. First fork: from here on, fresh noise
# (eta = 1). What does the new picture still share with the old one? Second fork: from
# here on, ask for *another animal*. Which of the two comes out?

# %%
from course_lib.figures.plots import plot_curves

path = list(ddim(predict, x_T, schedule, steps=12))
steps, other = choose_steps(T, 12), [*animals[1:], animals[0]]
before, SWITCHED = reader.read(x_0), "animal, label switched"
stays = {name: [1.0] for name in ("scene", "colour", "accessory", SWITCHED)}
forks, shown = [8, 5, 3, 1], []
for k in forks:
    fresh = my_sampler(predict, path[k].x_t, steps[k:], 1.0, PictureNoise(k, range(16)))
    after = reader.read(fresh)
    for factor in ("scene", "colour", "accessory"):
        stays[factor].append((after[factor] == before[factor]).float().mean().item())
    switched = my_sampler(predict_for(other), path[k].x_t, steps[k:])
    stays[SWITCHED].append(seen(switched, animals) / 16)
    shown.append(switched[2].clamp(-1, 1))
ts = [0] + [steps[k] for k in forks]
plot_curves(
    ts,
    stays,
    xlabel="forked at t (1000 is the start, 0 the end)",
    ylabel="share that stays",
    alt="Four falling curves: the later the fork (small t), the more stays.",
)
print(f"{'forked at t =':>22}  " + "  ".join(f"{t:4}" for t in ts))
for name, shares in stays.items():
    print(f"{name:>22}  " + "  ".join(f"{share:4.2f}" for share in shares))
show_rows(
    {"a cat, but a bear": torch.stack([*shown[::-1], x_0[2]])},
    titles=[f"from t = {t}" for t in ts[:0:-1]] + ["never"],
    alt="What comes out when the label is switched from cat to bear at t: a bear if "
    "early, a cat if late.",
)
assert stays["scene"][-1] > stays["colour"][-1] + 0.2
assert stays[SWITCHED][1] > stays[SWITCHED][-1] + 0.4

# %% [markdown]
# The **scene** falls first: one step decides most of it. What is worn and the colour
# follow. The *shape* of the animal can be changed for long: told "bear" early enough,
# the network draws a bear, in the place and the colour that were meant for the cat. In
# the last third it hardly listens to the label any more; only details are left to do.
#
# ## How many steps are enough?
#
# With eta = 0 the path is a curve, and the steps cut its corners. So there is a right
# answer, the end of the curve, and we can measure how far each sampler misses it. Fair
# is to compare by **network calls**, because they are what takes time. Heun asks twice
# a step; DPM-Solver remembers its last guess and asks once.

# %%
from course_lib.diffusion.samplers import dpm_solver, heun


def misses(pictures, exact):
    """How far each picture is from where it should have ended, (N,)."""
    return (pictures - exact).square().mean(dim=(1, 2, 3)).sqrt()


exact = last_step(dpm_solver(eight, x_T[:8], schedule, steps=40))
calls, medians, cats = [3, 7, 15], {}, []
print("calls              3        7       15")
for name, sampler in [("DDIM", ddim), ("DPM-Solver", dpm_solver), ("Heun", heun)]:
    medians[name], near, right = [], [], []
    for n in calls:
        steps = (n + 1) // 2 if name == "Heun" else n  # Heun: 2 a step, 1 in the last
        made = last_step(sampler(eight, x_T[:8], schedule, steps=steps))
        missed = misses(made, exact)
        medians[name].append(missed.median().item())
        near.append((missed < 0.2).sum().item())
        right.append(seen(made, ANIMALS))
        if name == "DPM-Solver":
            cats.append(made[2])
    print(f"{name:>10}, miss" + "".join(f"{miss:9.2f}" for miss in medians[name]))
    print("  the same picture" + "".join(f"{n:4} of 8" for n in near))
    print("  the right animal" + "".join(f"{n:4} of 8" for n in right))
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
    alt="The cat of one noise in 3, 7, 15 and 40 calls.",
)

# %% [markdown]
# Something unexpected: with few calls many noises end in *another* picture. Not a wrong
# one; the animal is mostly right. A large first step cuts a corner so wide that it ends
# up in another scene. So there are two answers. For **a** good picture a handful of
# calls will do. For **the** picture that this noise stands for you need more.
#
# And who decides? **You** do. The network was trained on every t and does not know how
# many steps you will take. The lesson has a table from many more pictures: look there
# where more calls stop paying.
#
# ## Push harder
#
# There is one more knob. The network can also be told *nothing* (label 0). What does
# the label change in its guess? Take that difference, and go further that way:
#
# $$\text{guided} = \text{uncond} + w\,(\text{cond} - \text{uncond})$$
#
# $w$ is the `guidance_scale`: 0 ignores the label, **1 is plain**, more pushes. It
# needs both guesses, so each step costs two calls. Notebook 10 has much more about it.

# %%
from course_lib.commands.generate import count_looks

scales = (0, 1, 2, 5)
rows, looked, before = {}, count_looks(draw.model), 0
for w in scales:
    made = draw(list(ANIMALS), steps=8, guidance_scale=w, seed=5)
    rows[f"w = {w}"] = made
    calls, before = (looked["pictures"] - before) // 8, looked["pictures"]
    print(f"w = {w}: {calls} calls a picture, spread {made.std():.2f}", end=", ")
    print(f"animal seen in {seen(made, ANIMALS)} of 8")
show_rows(
    rows,
    titles=list(ANIMALS),
    alt="Four rows of eight pictures: with w = 0 any animal, with 1 and 2 those asked "
    "for, with 5 the same in stronger contrasts.",
)
assert rows["w = 5"].std() > rows["w = 1"].std()
assert seen(rows["w = 2"], ANIMALS) > seen(rows["w = 0"], ANIMALS)

# %% [markdown]
# ## Play
#
# All knobs at once. Can you find the fewest steps that still give a clean bat? A scale
# that is too much? Two seeds whose frogs stand in the same place?

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_pictures
from course_lib.figures.widgets import live


def play(animal, steps, guidance_scale, seed, sampler):
    """Draw four pictures with these settings."""
    made = draw([animal] * 4, steps, guidance_scale, seed, sampler)
    words = f"Four pictures of a {animal}: {steps} steps, w = {guidance_scale:g}."
    show_pictures(made, zoom=4, alt=words)


live(
    play,
    animal=list(ANIMALS),
    steps=(1, 30, 1, 8),
    guidance_scale=(0.0, 8.0, 0.5, 2.0),
    seed=(0, 20, 1, 0),
    sampler=["dpm_solver", "ddim", "ddpm", "euler", "heun"],
)

# %% [markdown]
# ## Three questions
#
# 1. At t = 1000 the guess is the mean of all frogs, whatever the noise. What would it
#    be if the album held only *two* frogs? And only one?
#
# <details><summary>Answer</summary>
#
# The mean of the two, a see-through double frog; then the path has to decide for one of
# them. With one frog the first guess is that frog, exact at once: there is nothing to
# decide, and one call is enough. One big jump fails only because there is more than one
# right answer.
#
# </details>
#
# 2. With eta = 1 you draw twice from the same seed, and both pictures are the same.
#    Why, if fresh noise comes in at every step?
#
# <details><summary>Answer</summary>
#
# Because the fresh noise comes from the same seeded stream, after the starting noise.
# Chance in a computer is a list of numbers; the seed says where to begin reading.
#
# </details>
#
# 3. A friend draws with 10 steps of Heun and says it is as cheap as your 10 steps of
#    DDIM with guidance 2. Right?
#
# <details><summary>Answer</summary>
#
# Nearly: Heun calls the network twice a step and once in the last, 19 calls. Your DDIM
# is called once a step, and guidance doubles it: 20 calls. Count calls, not steps.
#
# </details>
#
# Next: notebook 07, where we start not from noise but from a picture of yours.
