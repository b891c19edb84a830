# %% [markdown]
# # 3 · Learning to denoise
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/03_denoise.ipynb)
#
# *45 minutes. You need notebook 02. The last section, marked "extra", can wait.*
#
# After this notebook you can
#
# - say how a network learns: look which way the loss falls, go there, again and again,
# - write the loss that every picture maker of this kind is trained with,
# - write the six lines that turn noise into something that never existed before,
# - say what the network is told, what it is never told, and what it finds out itself.
#
# We do it with **points in the plane** instead of pictures. A point is two numbers, so
# everything can be seen, and a network learns it in seconds. Not one formula will
# change when the points become pictures.

# %% [markdown]
# ## See it
#
# On the left 1,000 points, scattered by chance. On the right a spiral. Nobody tells a
# point where to go. At each of 50 steps something looks at every point, guesses which
# clean point hides behind the noise, and moves it a little that way. Further down, your
# own network and your own loop will do it.

# %%
import torch

from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import ddim
from course_lib.diffusion.schedule import linear_schedule
from course_lib.figures.plots import plot_points
from course_lib.networks.mlp import MLP, spiral

schedule = linear_schedule(T=1000)
generator = torch.Generator().manual_seed(0)
data = spiral(2000, generator)  # (2000, 2)
x_T = torch.randn(1000, 2, generator=generator)  # (1000, 2) pure noise


def away(points):
    """How far a point lies from the spiral, on average; only we look at this number."""
    return torch.cdist(points, data).min(dim=1).values.mean().item()


predict = predictor(IdealDenoiser(data, schedule), schedule, target="x_0")
path = list(ddim(predict, x_T, schedule, steps=50))
plot_points(
    {f"t = {step.t}": step.x_t for step in [path[i] for i in (0, 45, 48, 50)]},
    limit=2.2,
    alt="Four panels: a round cloud of points draws together and becomes a spiral.",
)
print(f"away from the spiral: {away(x_T):.1f} at the start")
print("nearer than 0.01 at the end:", away(path[-1].x_t) < 0.01)

# %% [markdown]
# ## One number, fitted by gradient descent
#
# How does a network learn? By changing numbers until a *loss* is small. Let us begin
# with a network that has **one** number, $w$. Its job: see a noisy number
# $x_t = 0.8\,x_0 + 0.6\,\epsilon$ and guess the noise in it. Its guess:
# $\hat\epsilon = w\,x_t$.
#
# The loss is the mean of the squared errors. We do not know the best $w$. So we feel
# for the slope: try a bit to the right and a bit to the left. Then we go downhill, the
# steeper the further. That is **gradient descent**, and that is all there is to it.

# %%
from course_lib.figures.figure import PALETTE, panels

x_0, eps = torch.randn(2, 10_000, generator=generator)  # two lists of 10,000 numbers
x_t = 0.8 * x_0 + 0.6 * eps


def loss(w):
    """The mean squared error of the guess w * x_t."""
    return ((w * x_t - eps) ** 2).mean()


w, steps_taken = -0.5, []
for _ in range(15):
    slope = (loss(w + 0.1) - loss(w - 0.1)) / 0.2  # how much the loss grows with w
    steps_taken.append((w, loss(w).item()))
    w = w - 0.2 * slope.item()  # 0.2 is the learning rate

curve = torch.linspace(-0.6, 1.6, 100)
alt = "The loss is a valley over w; our steps run down into it, ever shorter."
with panels(alt, width=5.6, height=3.4) as (axis,):
    axis.plot(curve, [loss(each) for each in curve], color=PALETTE[0], label="loss")
    axis.plot(*zip(*steps_taken, strict=True), "o--", color=PALETTE[1], label="steps")
    axis.set(xlabel="w", ylabel="loss")
    axis.legend()
print(f"w = {w:.1f}, loss = {loss(w):.2f}, slope = {abs(slope):.2f}")

# %% [markdown]
# It found $w = 0.6$, the bottom of the valley. And note that **the loss does not reach
# 0**: from $x_t$ alone nobody can know the noise exactly. 0.64 is the best there is.
#
# A network has thousands of numbers instead of one. Feeling for each slope by trying
# would take forever. Torch finds *all* slopes in one go: `loss.backward()`.

# %%
w = torch.tensor(-0.5, requires_grad=True)  # "remember what is computed with it"
loss(w).backward()
by_trying = (loss(-0.4) - loss(-0.6)) / 0.2
print(f"slope at -0.5 by trying {by_trying:.2f}, by torch {w.grad:.2f}")
count = sum(numbers.numel() for numbers in MLP().parameters())
print("numbers in the network that we shall use:", count)

# %% [markdown]
# ## Which point is it restoring?
#
# Before a network learns to denoise, let us see what there is to learn. Take one point
# of the spiral and hide it in noise. Seeing $x_t$, how likely is it that it came from
# *this* point of the set, or from *that* one? The `IdealDenoiser` works the chances out
# exactly. Its guess of the clean point, $\hat x_0$, is the **mean of all points under
# these chances**. No guess can have a smaller squared error.

# %%
ideal = IdealDenoiser(data, schedule)
eps = torch.randn(1, 2, generator=generator)

alt = (
    "Where the noisy point may have come from: at t = 1000 from all of the spiral, at "
    "50 from a short piece of it. The guess moves from the middle to that piece."
)
with panels(alt, count=4) as axes:
    for axis, t in zip(axes, (1000, 250, 100, 50), strict=True):
        step = torch.tensor([t])
        x_t = schedule.a(step) * data[:1] + schedule.b(step) * eps  # (1, 2)
        chances = ideal.chances(x_t, step)[0]  # (2000,)
        running = 1 / chances.square().sum().item()  # n equal chances make n
        print(f"t = {t:4}: {running / 2000:4.0%} of the points are in the running")
        likely = chances > 0.2 * chances.max()
        axis.scatter(*data.T, s=2, color="#bbbbbb", linewidths=0)
        axis.scatter(*data[likely].T, s=6, color=PALETTE[0], linewidths=0)
        axis.plot(*data[0], "*", color=PALETTE[4], ms=11, label="x_0")
        axis.plot(*x_t[0], "x", color="black", ms=9, mew=2, label="x_t")
        axis.plot(*ideal(x_t, step)[0], "D", color=PALETTE[1], label="x_0_hat")
        axis.set(title=f"t = {t}", xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
    axes[0].legend(loc="lower right", fontsize=8)

# %% [markdown]
# So the question "which point does it restore when it starts from pure noise?" has an
# exact answer: **none**. At first every point is as good as any other, and the guess is
# the mean of them all, a place where no point needs to be. Then every step makes some
# points likelier and others impossible. When does that decide itself? For the thousand
# points of the first figure, we look where each guess was on the way, and where the
# point ended.

# %%
end = path[-1].x_t
for step in [path[i] for i in (0, 30, 40, 45, 47, 49)]:
    missed_by = (step.x_0_hat - end).norm(dim=1)
    decided = (missed_by < 0.1).float().mean().item()
    print(f"t = {step.t:4}: {decided:4.0%} of the guesses are within 0.1 of the end")

# %% [markdown]
# Nearly every decision falls between t = 200 and t = 20. Before that, the crowd only
# moves closer together.
#
# ## Your turn: the loss
#
# Why a network at all, if the ideal denoiser is exact? Because it only knows its list.
# It compares with all 2,000 points every time, and it can hand back nothing else. A
# network keeps no list. It answers for every place in the plane, and much alike for
# places that lie close together. So it learns what the points *have in common*.
#
# Here is what it will be trained with. Write it; five lines are enough.
#
# 1. Draw a step `t` for **each** point, from 1 to T: `torch.randint(low, high, (n,),
#    generator=generator)`. It never draws `high` itself.
# 2. Draw the noise `eps` with `torch.randn(shape, generator=generator)`, shaped like
#    `x_0`.
# 3. Mix: `add_noise(x_0, t, eps, schedule)` from notebook 02.
# 4. Ask the network, `model(x_t, t)`. Its answer is `eps_hat`.
# 5. The loss is the mean of the squared differences between `eps_hat` and `eps`.

# %%
from course_lib.diffusion.schedule import add_noise


def my_loss(model, x_0, schedule, generator):
    """How wrong the network's guess of the noise is: one number, (B, 2) points in."""
    ### BEGIN SOLUTION
    t = torch.randint(1, schedule.T + 1, (len(x_0),), generator=generator)  # (B,)
    eps = torch.randn(x_0.shape, generator=generator)  # (B, 2)
    x_t = add_noise(x_0, t, eps, schedule)  # (B, 2)
    eps_hat = model(x_t, t)  # (B, 2)
    return (eps_hat - eps).square().mean()
    ### END SOLUTION


# %%
from course_lib.chance import generator_for
from course_lib.checks.nb03_denoise import check_loss
from course_lib.diffusion.objective import make_denoising_loss, with_noise

my_loss = check_loss(my_loss)

# The library splits it in two: `with_noise` draws, `make_denoising_loss` compares.
library_loss = make_denoising_loss(schedule, target="eps")
noisy_batch = with_noise(lambda iteration: {"x_0": data[:512]}, schedule, seed=0)(7)
torch.manual_seed(0)
model = MLP()
yours = my_loss(model, data[:512], schedule, generator_for(0, 7))
theirs = library_loss(model, noisy_batch)
print("the same as in the library:", torch.allclose(yours, theirs))
print(f"loss before any training: {yours:.1f}")

# %% [markdown]
# About 1: the network knows nothing yet and answers nearly 0 to everything, and the
# square of an `eps` is 1 on average.
#
# ## Training
#
# Look at 512 points, find all slopes, go a little downhill, again. The optimiser `Adam`
# is gradient descent with a learning rate of its own for each number.

# %% tags=["nbval-ignore-output"]
import copy

from course_lib.device import scaled
from course_lib.figures.plots import plot_losses

ITERATIONS = scaled(smoke=2400, laptop=4000, gpu=4000)


def training(model, loss_of_batch, iterations=ITERATIONS):
    """Change the model's numbers to make the loss small; yield it at each iteration."""
    optimizer = torch.optim.Adam(model.parameters(), lr=6e-3, fused=True)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, iterations)
    for iteration in range(1, iterations + 1):
        loss = loss_of_batch(model, iteration)
        optimizer.zero_grad()  # forget the old slopes
        loss.backward()  # find the new ones
        optimizer.step()  # go downhill
        slower.step()  # ever shorter steps, to settle in the valley
        yield iteration, loss.item()


def loss_of_batch(model, iteration):
    generator = generator_for(0, iteration)
    chosen = torch.randint(len(data), (512,), generator=generator)
    return my_loss(model, data[chosen], schedule, generator)


losses, snapshots = [], {0: copy.deepcopy(model)}
before = library_loss(model, noisy_batch).item()
for iteration, loss_now in training(model, loss_of_batch):
    losses.append(loss_now)
    if iteration in (50, 200, 500, 1000, ITERATIONS):
        snapshots[iteration] = copy.deepcopy(model)
after = library_loss(model, noisy_batch).item()  # the same points, t and eps as before
plot_losses({"eps": losses}, smooth=50)
print(f"loss on one and the same batch: {before:.2f} before, {after:.2f} after")
assert after < 0.5 * before

# %% [markdown]
# ## Your turn: from noise to a spiral
#
# The network now says, for any point and any step, which noise is in it. Six lines
# turn that into points that nobody has drawn. `steps` is a list such as `[1000, 980,
# ..., 20, 0]`; `pairwise(steps)` gives the pairs (1000, 980), (980, 960), ..., (20, 0).
# For each pair `t, t_next`:
#
# 1. ask the network which noise is in `x_t`; it wants one step for each point, and
#    `torch.full((len(x_t),), t)` is that;
# 2. from $x_t = a_t x_0 + b_t \epsilon$ work out $\hat x_0$, the guess of the clean
#    point;
# 3. **mix again**, with less noise: $\hat x_0$ and $\hat\epsilon$ in the proportions of
#    `t_next`.
#
# `a` and `b` are the tables of the schedule, plain lists: `a[t]` is $a_t$.

# %%
from itertools import pairwise


def my_reverse_loop(model, x_T, steps, a, b):
    """Walk from pure noise x_T down the steps to 0; return where it ends."""
    ### BEGIN SOLUTION
    x_t = x_T
    for t, t_next in pairwise(steps):
        eps_hat = model(x_t, torch.full((len(x_t),), t))
        x_0_hat = (x_t - b[t] * eps_hat) / a[t]
        x_t = a[t_next] * x_0_hat + b[t_next] * eps_hat
    return x_t
    ### END SOLUTION


# %% tags=["nbval-ignore-output"]
from course_lib.checks.nb03_denoise import check_reverse_loop
from course_lib.diffusion.samplers import choose_steps, last_step

my_reverse_loop = check_reverse_loop(my_reverse_loop)
a, b = schedule.a_table.tolist(), schedule.b_table.tolist()


def draw_points(model, x_T, steps=100):
    """The learner's loop, without keeping track of slopes."""
    with torch.no_grad():
        return my_reverse_loop(model, x_T, choose_steps(schedule.T, steps), a, b)


new = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1))
made = draw_points(model, new)
plot_points(
    {"noise": new, "your network, your loop": made, "the data": data[:1000]},
    limit=1.6,
    alt="Left noise, in the middle the spiral that came out of it, right the data.",
)
library = last_step(ddim(predictor(model, schedule, "eps"), new, schedule, steps=100))
print("the same as in the library:", torch.allclose(made, library, atol=1e-3))
print(f"away from the spiral: {away(new):.2f} before, {away(made):.3f} after")
assert torch.allclose(made, library, atol=1e-3)
assert away(made) < 0.05

# %% [markdown]
# **The circle closes.** Noise went in, a spiral came out, and every line of it is
# yours: the loss, the training, the loop. The points are new. None of them is in the
# data.
#
# ## Play
#
# Drag the slider to walk with your network. Below it, in Jupyter or Colab, choose how
# many steps it may take, and another noise.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import frame_slider, live


def dots(points, size=96):
    """Points in [-2, 2] as a picture of dots: a picture is numbers (notebook 01)."""
    place = ((points + 2) / 4 * size).long().clamp(0, size - 1)  # (N, 2)
    picture = torch.ones(3, size, size)
    picture[:2, size - 1 - place[:, 1], place[:, 0]] = -0.6  # rows count from the top
    return picture


def show_steps(steps, seed):
    start = torch.randn(1000, 2, generator=torch.Generator().manual_seed(seed))
    x_0 = draw_points(model, start, steps)
    print(f"{steps} steps: {away(x_0):.3f} away from the spiral")
    plot_points(x_0, limit=2, alt=f"Points after {steps} steps.")


walk = list(ddim(predictor(model, schedule, "eps"), new, schedule, steps=25))
frame_slider(
    torch.stack([dots(step.x_t) for step in walk]),
    labels=[f"t = {step.t}: {away(step.x_t):.2f} away" for step in walk],
    alt="A cloud of noise becomes a spiral",
    zoom=3,
)
live(show_steps, steps=(1, 100), seed=(0, 9))

# %% [markdown]
# ## Where is it told that it got closer to the spiral?
#
# Go through `my_loss` again. The word spiral is not in it, nor any distance. Of each
# point the network hears one thing: *this* was the noise, this time. We kept copies of
# it during the training. Let your loop draw with each of them, and measure now what was
# never measured in training.

# %% tags=["nbval-ignore-output"]
distance = {}
for iteration, copied in snapshots.items():
    distance[iteration] = away(draw_points(copied, new))
    loss_then = library_loss(copied, noisy_batch).item()
    print(f"{iteration:5}: loss {loss_then:.2f}, away {distance[iteration]:8.3f}")
assert distance[ITERATIONS] < 0.5 * distance[200] < 0.5 * distance[0]

# %% [markdown]
# **Nowhere.** The loss falls because guesses of noise get better. But a good guess of
# the noise can only be made by someone who knows where points can be. So the shape of
# the spiral ends up in the network, although nobody ever asked for it. With pictures it
# is the same: nobody ever says "more frog".
#
# ## Why the noise, and not the clean point?
#
# First: it makes less of a difference than it seems. Who knows $x_t$ and one of
# $\hat\epsilon$, $\hat x_0$ or the velocity $\hat v = a_t\hat\epsilon - b_t\hat x_0$
# knows the others, exactly. What differs is how large the *same* mistake looks.

# %% tags=["nbval-ignore-output"]
from course_lib.diffusion.objective import make_target, read_output

print("    t   error of eps_hat      x_0_hat        v_hat")
for t in (50, 250, 500, 750, 1000):
    step = torch.full((1000,), t)
    x_0, eps = data[:1000].double(), torch.randn(1000, 2, generator=generator).double()
    x_t = add_noise(x_0, step, eps, schedule)
    with torch.no_grad():
        eps_hat = model(x_t.float(), step).double()
    x_0_hat, _ = read_output(eps_hat, x_t, step, schedule, "eps")
    v_hat = make_target("v", x_0_hat, eps_hat, step, schedule)
    for output, target in ((x_0_hat, "x_0"), (v_hat, "v")):  # and all the way back
        _, back = read_output(output, x_t, step, schedule, target)
        torch.testing.assert_close(back, eps_hat)
    v = make_target("v", x_0, eps, step, schedule)
    errors = [x_0_hat - x_0, eps_hat - eps, v_hat - v]
    of_x_0, of_eps, of_v = (error.square().mean().item() for error in errors)
    print(f"{t:5}   {of_eps:16.4f} {of_x_0:12.4f} {of_v:12.4f}")
    assert abs(of_x_0 / of_eps / (b[t] / a[t]) ** 2 - 1) < 1e-6
print(f"one single step from noise: {away(draw_points(model, new, steps=1)):.1f} away")

# %% [markdown]
# A mistake in the noise is $b_t / a_t$ times as large in the clean point. With little
# noise that makes it smaller. At t = 1000, where $a_t = 0.0064$, it makes it 157 times
# as large (some 25,000 times when squared). So asking for the noise means: *the last
# touches count much, the first rough guess counts little*. Notebook 05 shows what that
# does to pictures, and what helps.
#
# Would the network learn it as well if asked for the clean point? One word changes. And
# the second half of the question: why the *whole* noise, and not only the little noise
# of the last step, from t - 1 to t? For that we need no training: the ideal denoiser is
# the best there can be.

# %% tags=["nbval-ignore-output"]
x_0_loss = make_denoising_loss(schedule, target="x_0")


def batch_of(points, iteration):
    """What `loss_of_batch` drew, for any set of points: x_0, t and eps."""
    generator = generator_for(0, iteration)
    chosen = torch.randint(len(points), (512,), generator=generator)
    return with_noise(lambda i: {"x_0": points[chosen]}, schedule)(iteration)


torch.manual_seed(0)
guesses_x_0 = MLP()
for _ in training(guesses_x_0, lambda m, i: x_0_loss(m, batch_of(data, i)), 1000):
    pass
x_0_way = ddim(predictor(guesses_x_0, schedule, "x_0"), new, schedule, steps=100)
asked_for_x_0 = last_step(x_0_way)
print("away from the spiral after 1000 iterations")
print(f"asked for the noise {distance[1000]:.3f}, for x_0 {away(asked_for_x_0):.3f}")
assert away(asked_for_x_0) < 0.15

t, step = 500, torch.full((2000,), 500)
eps_so_far, eps_last = torch.randn(2, 2000, 2, generator=generator)
x_one_less = add_noise(data, step - 1, eps_so_far, schedule)
beta = schedule.beta[t]
x_t = (1 - beta).sqrt() * x_one_less + beta.sqrt() * eps_last
eps = (x_t - a[t] * data) / b[t]  # the whole noise that is in x_t
eps_hat = (x_t - a[t] * ideal(x_t, step)) / b[t]  # the best guess of it
share = beta.sqrt() / b[t]  # of the whole noise, that is the last step's
whole = (eps_hat - eps).square().mean() / eps.square().mean()
last = (share * eps_hat - eps_last).square().mean() / eps_last.square().mean()
print(f"best guess at t = 500: of the whole noise {1 - whole:.0%} is known,")
print(f"                       of the last step's noise {1 - last:.0%}")
assert whole < 0.1 and last > 0.9

# %% [markdown]
# Asked for the clean point the network draws the spiral, too.
#
# But of the last step's noise next to nothing *can* be known. It is one kick among five
# hundred, and nobody sees from the end which kick was which. The best guess of it is
# simply its share of the whole. So asking for the whole noise asks for the same thing,
# with far less chance in the way. And it lets us jump over many steps at once.
#
# ## One network for all levels? How does it know the level?
#
# We tell it: `t` goes in as 32 numbers. What if we did not? We train a blind twin that
# is always told t = 0, and compare. With them stands the ideal denoiser: no specialist
# for a single level could be better than that.

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
twin = MLP()


def blind(x_t, t, cond=None):
    return twin(x_t, torch.zeros_like(t))


def ideal_eps(x_t, t, cond=None):
    x_0_hat = ideal(x_t, t)
    return (x_t - schedule.a(t, like=x_t) * x_0_hat) / schedule.b(t, like=x_t)


for _ in training(twin, lambda m, i: library_loss(blind, batch_of(data, i)), 1000):
    pass
named = {"ideal": ideal_eps, "yours": model, "yours@1000": snapshots[1000]}
named["blind@1000"] = blind
print("error of eps_hat; 1 is knowing nothing; @1000: after 1000 iterations")
print("    t " + "".join(f"{name:>11}" for name in named))
errors = {}
for t in (10, 50, 100, 200, 300, 500):
    batch = {"x_0": data, "t": torch.full((2000,), t), "eps": torch.randn(data.shape)}
    with torch.no_grad():
        errors[t] = {n: library_loss(m, batch).item() for n, m in named.items()}
    print(f"{t:5} " + "".join(f"{error:11.3f}" for error in errors[t].values()))
blind_away = away(draw_points(blind, new))
print(f"spiral drawn after 1000: {distance[1000]:.3f} away, blind {blind_away:.3f}")
assert errors[200]["yours"] < 1.1 * errors[200]["ideal"]
assert errors[10]["blind@1000"] > errors[10]["yours"] + 0.2
assert errors[300]["blind@1000"] < 0.3 and blind_away > 3 * away(made)

# %% [markdown]
# Two answers. **One network is enough**: from t = 100 upwards it is so close to the
# ideal that a specialist could gain almost nothing. And **being told helps where it
# counts**: at t = 10 the blind twin knows nothing at all, and its spiral is a smear.
#
# The surprise: at t = 300 and 500 the blind twin does well. A point that lies far
# outside *must* be very noisy, so the level can partly be seen.
#
# ## Is it an autoencoder, or autocomplete?
#
# An **autoencoder** learns to give back what it got. We train one: the same network,
# the same data, but no noise; the target is the input. Then both get pure noise.

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
gives_back = MLP()


def copying_loss(model, iteration):
    x_0 = batch_of(data, iteration)["x_0"]
    return (model(x_0, torch.zeros(len(x_0))) - x_0).square().mean()


for _ in training(gives_back, copying_loss, iterations=500):
    pass
zeros = torch.zeros(1000)
with torch.no_grad():
    copied, from_noise = gives_back(data[:1000], zeros), gives_back(new, zeros)
missed = (copied - data[:1000]).norm(dim=1).mean()
plot_points(
    {
        "autoencoder: data in": copied,
        "noise in": from_noise,
        "denoiser: noise in": made,
    },
    limit=1.6,
    alt="The autoencoder gives the spiral back and leaves noise a shapeless cloud; the "
    "denoiser makes a spiral of it.",
)
print(f"autoencoder: misses its data by {missed:.3f}")
print(f"noise in: autoencoder {away(from_noise):.3f} away, denoiser {away(made):.3f}")
print("widths of the denoiser:", [layer.out_features for layer in model.layers[::2]])
assert missed < 0.05 and away(from_noise) > 2 * away(made)

# %% [markdown]
# The autoencoder is a good copier and useless on noise: nobody ever showed it a place
# where no data are. The denoiser was shown *every* place, and learned from each the way
# home. It also has no narrow part in the middle that things must be squeezed through
# (that will come in notebook 11, as a help, beside it). And it completes nothing: there
# is no known part to go on from. All points, and later all pixels, change at once.
#
# ## If it can guess the clean point at once, why not stop there?
#
# From pure noise, in one step, the best denoiser of all gives ... see for yourself. We
# measure two things: how far the made points are from the spiral, and how far the
# spiral's points are from the nearest made one, so that parts left out are seen.

# %%
made_in = {}
print("steps   away from the spiral   parts left out")
for steps in (1, 2, 5, 20, 100):
    made_in[steps] = last_step(ddim(predict, x_T[:300], schedule, steps=steps))
    left_out = torch.cdist(data, made_in[steps]).min(dim=1).values.mean().item()
    print(f"{steps:5} {away(made_in[steps]):22.2f} {left_out:16.2f}")
plot_points(
    {f"steps: {steps}": made_in[steps] for steps in (1, 5, 20, 100)},
    limit=1.2,
    alt="In 1 step all points fall on one spot, in 5 on a blurred disc, in 20 on a "
    "spiral, in 100 on a sharper one.",
)
print("mean of the data:", [round(x, 2) for x in data.mean(dim=0).tolist()])
print("1 step gives:    ", [round(x, 2) for x in made_in[1].mean(dim=0).tolist()])

# %% [markdown]
# In one step everyone gets **the mean of all data**: the best guess, but no point of
# the spiral is meant by it (that it lies close to one is luck of this shape). The guess
# is only the direction in which to go a little. Then we look again: with less noise
# there are fewer points in the running, and the next guess is sharper. Putting the
# noise back keeps the step small and the network among inputs that it knows.
#
# Your own network, asked once, does worse still (see the last line of the table of
# errors): at t = 1000 its small mistake is divided by $a_{1000} = 0.0064$.
#
# ## Extra: why did this beat GANs?
#
# Before diffusion the best pictures came from GANs. A *forger* turns noise into points,
# a *detective* learns to tell them from real ones, and the forger learns to deceive the
# detective. Our data now: eight heaps on a ring. Two GANs get the same 600 iterations.
# In one the detective learns fast. In the other both learn equally fast, but the forger
# has two turns to each of the detective's. We count how many heaps each of them draws.

# %% tags=["nbval-ignore-output"]
from torch import nn
from torch.nn.functional import softplus

angle = torch.arange(8) * torch.pi / 4
centres = 0.8 * torch.stack([angle.cos(), angle.sin()], dim=1)  # (8, 2)
heaps = centres.repeat(500, 1) + 0.04 * torch.randn(4000, 2, generator=generator)


def heaps_hit(points):
    """How many of the eight heaps got at least 2 % of the points."""
    distance, heap = torch.cdist(points, centres).min(dim=1)
    counts = torch.bincount(heap[distance < 0.15], minlength=8)
    return int((counts >= 0.02 * len(points)).sum())


def on_a_heap(points):
    """The share of the points that lie on any heap."""
    distance = torch.cdist(points, centres).min(dim=1).values
    return (distance < 0.15).float().mean().item()


def plain_network(outputs):
    layers = [nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Linear(64, outputs))


def adam(network, rate):
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.9))


def train_gan(detective_rate, forger_turns, iterations=600):
    """Forger against detective; yields 1,000 forged points four times on the way."""
    torch.manual_seed(0)
    forger, detective = plain_network(2), plain_network(1)
    forging, looking = adam(forger, 1e-3), adam(detective, detective_rate)
    for iteration in range(1, iterations + 1):
        real = heaps[torch.randint(len(heaps), (128,))]
        forged = forger(torch.randn(128, 2)).detach()
        # softplus(-score) is small for a high score: the real ones shall score high
        caught = softplus(-detective(real)) + softplus(detective(forged))
        looking.zero_grad()
        caught.mean().backward()
        looking.step()
        for _ in range(forger_turns):
            forging.zero_grad()
            softplus(-detective(forger(torch.randn(128, 2)))).mean().backward()
            forging.step()
        if iteration % (iterations // 4) == 0:
            yield forger(torch.randn(1000, 2)).detach()


forged = {}
for name, knobs in {"fast detective": (3e-3, 1), "eager forger": (1e-3, 2)}.items():
    looks = list(train_gan(*knobs))
    hits = [heaps_hit(points) for points in looks]
    forged[f"GAN, {name}: {hits[-1]}"] = looks[-1]
    print(f"GAN, {name}: heaps after 150, 300, 450, 600 iterations: {hits}")
    print(f"    points that lie on a heap: {on_a_heap(looks[-1]):.0%}")
assert hits[-1] < 8

# %% [markdown]
# The eager forger need not draw *all* heaps. It is enough to draw one that the
# detective falls for today, and to move on when it is caught. That is **mode
# collapse**. Whether it happens hangs on the balance between two learners. Now a
# denoiser: the same data, the same 600 iterations, and nobody to outwit.

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
of_heaps = MLP()
for _ in training(of_heaps, lambda m, i: library_loss(m, batch_of(heaps, i)), 600):
    pass
denoised = draw_points(of_heaps, new)
plot_points(
    {"the data": heaps[:1000], f"denoiser: {heaps_hit(denoised)}": denoised, **forged},
    limit=1.5,
    alt="The data are eight heaps on a ring. The denoiser draws all eight, one GAN a "
    "ring through them, the one with the eager forger a single blob.",
)
print("heaps hit by the denoiser:", heaps_hit(denoised))
print(f"    points that lie on a heap: {on_a_heap(denoised):.0%}")
assert heaps_hit(denoised) == 8

# %% [markdown]
# Every data point is in the denoiser's loss, so leaving one out costs something. There
# is one loss, it goes down, and nothing needs to be balanced. That is why diffusion
# took over. (Good GANs exist; they are well balanced. Notebook 15 will train one on
# pictures.)

# %% [markdown]
# ## Three questions
#
# <details><summary>1. The best denoiser there can be still has a loss above 0. Why?
# </summary>
#
# From $x_t$ alone the noise cannot be known exactly: many pairs of clean point and
# noise give the same $x_t$. The best guess is the mean over all of them, and each
# single case differs from its mean. The loss is how much.
# </details>
#
# <details><summary>2. Sampling with the ideal denoiser ends on points of the data.
# Sampling with your network makes new ones. Which is better?</summary>
#
# The ideal denoiser has the smaller loss on its data, but it can only repeat them. The
# network answers alike for neighbours, so it fills the gaps between the points that it
# saw. What looks like sloppiness is what makes new points. (A large network that sees
# few pictures, often, *can* learn them by heart. Notebook 18 will test for that.)
# </details>
#
# <details><summary>3. You push the whole spiral a little to the right and do not train
# again. What does your network draw?</summary>
#
# The old spiral, in the old place. The loop knows nothing of the data. Where points can
# be is written in the network's numbers alone, and those come from the training.
# </details>
