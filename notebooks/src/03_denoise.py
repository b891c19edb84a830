# %% [markdown]
# # 3 · Learning to denoise
#
# *95 minutes, in two sittings of about 50 and 45. Each of the sections A to D at the
# end takes 12 minutes more. Before this: [02 · Adding noise](02_noise.ipynb).*
#
# By the end you can
#
# - say how a network learns, and why its neurons need a bend,
# - write the loss that a diffusion model is trained with,
# - write the loop that turns noise into points that never existed before,
# - say what the model is told, what it is never told, and what it finds out itself.
#
# We do it with **points in the plane** instead of pictures. A point is two numbers, so
# you can see everything, and a network learns it in seconds. No formula will change
# when the points become pictures. Are you stuck in an exercise? The line below its
# check says what to change, and the notebook goes on without your answer.

# %% [markdown]
# ## Sitting one: what a denoiser learns
#
# ## See it
#
# On the left are 600 points, scattered by chance. On the right is a spiral. Nobody
# tells a point where to go. At each of 50 steps a denoiser looks at every point,
# guesses which clean point hides behind the noise, and moves the noisy point a little
# that way. In sitting two your own network and your own loop will do this.

# %%
import torch

from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import ddim
from course_lib.diffusion.schedule import linear_schedule
from course_lib.figures.plots import plot_points
from course_lib.networks.mlp import spiral

schedule = linear_schedule(T=1000)
data = spiral(2000, torch.Generator().manual_seed(0))  # (2000, 2)
x_T = torch.randn(600, 2, generator=torch.Generator().manual_seed(3))  # pure noise


def away(points):
    """The mean distance of points from the spiral; only we look at this number."""
    # cdist measures every distance; along dim=1, the data, we keep the smallest
    return torch.cdist(points, data).min(dim=1).values.mean().item()


ideal = IdealDenoiser(data, schedule)
predict = predictor(ideal, schedule, target="x_0")
path = list(ddim(predict, x_T, schedule, steps=50))
plot_points(
    {f"t = {step.t}": step.x_t for step in [path[i] for i in (0, 45, 50)]},
    limit=2.2,
    alt="Three panels: a round cloud of points contracts and becomes a spiral.",
)
print(f"away from the spiral: {away(x_T):.1f} at the start")
print("nearer than 0.01 at the end:", away(path[-1].x_t) < 0.01)

# %% [markdown]
# ## One number, fitted by gradient descent
#
# How does a network learn? It changes its numbers until a **loss**, a measure of how
# wrong its guesses are, is small. We begin with a network that has **one** number, $w$.
# It sees a noisy number $x_t = 0.8 x_0 + 0.6 \epsilon$ and guesses the noise in it:
# $\hat\epsilon = w x_t$. The hat means "guessed".
#
# The loss is the mean of the squared errors. We do not know the best $w$, so we feel
# for the slope: we try a little to the right and a little to the left. Then we go
# downhill, in longer steps where it is steeper. That is **gradient descent**, and there
# is no more to it. (The *learning rate* says how long a step is for a given slope.)

# %%
from course_lib.figures.figure import PALETTE, panels

clean, noise = torch.randn(2, 10_000, generator=torch.Generator().manual_seed(1))
seen = 0.8 * clean + 0.6 * noise  # 10,000 noisy numbers


def loss_of(w):
    """The mean squared error of the guess w * x_t."""
    return ((w * seen - noise) ** 2).mean()


w, steps_taken = -0.5, []
for _ in range(15):
    slope = (loss_of(w + 0.1) - loss_of(w - 0.1)) / 0.2  # how fast the loss grows
    steps_taken.append((w, loss_of(w).item()))
    w = w - 0.2 * slope.item()  # 0.2 is the learning rate

valley = torch.linspace(-0.6, 1.6, 100)
alt = "The loss is a valley over w; our steps run down into it and get ever shorter."
with panels(alt, width=5.6, height=3.4) as (axis,):
    axis.plot(valley, list(map(loss_of, valley)), color=PALETTE[0], label="loss")
    axis.plot(*zip(*steps_taken, strict=True), "o--", color=PALETTE[1], label="steps")
    axis.set(xlabel="w", ylabel="loss")
    axis.legend()
print(f"w = {w:.1f}, loss = {loss_of(w):.2f}, slope = {abs(slope):.2f}")

# And the slope as torch finds it, without trying:
start = torch.tensor(-0.5, requires_grad=True)  # "remember what I do with this"
loss_of(start).backward()
by_trying = (loss_of(-0.4) - loss_of(-0.6)) / 0.2
print(f"slope at -0.5 by trying {by_trying:.2f}, by torch {start.grad:.2f}")

# %% [markdown]
# It found $w = 0.6$, the bottom of the valley: multiplied out, the loss is on average
# $w^2 - 1.2 w + 1$. **It does not reach 0**: from $x_t$ alone nobody can know the noise
# exactly. 0.64 is the best that any $w$ can do.
#
# A network has thousands of numbers, and feeling for each slope separately would take
# for ever. `loss.backward()` finds all slopes at once. All the slopes together are the
# *gradient*.
#
# ## A network by hand
#
# What are the thousands of numbers for? Two **neurons** are enough to show it. A neuron
# multiplies its input by a **weight** $w$, adds a **bias** $b$, and **bends** the
# result: a result below 0 becomes 0. The network adds up its neurons, each times a
# weight $v$, and subtracts 1.
#
# Its job here: a clean number was either -1 or 1, and we see
# $x_t = 0.8 x_0 + 0.6 \epsilon$. The dashed curve is the best possible guess of $x_0$.
# (It is tanh(0.8 x_t / 0.6²): the mean of -1 and 1, each weighted by its chance.) The
# first figure shows neuron 1 with three settings. A larger $b_1$ moves its bend to the
# left. A larger $w_1$ makes it steeper, and moves the bend as well: it lies at
# $-b_1 / w_1$. Then it is your turn: **move the six sliders until your curve lies on
# the dashed one.** Can you get the loss below 0.01? At the start neuron 2 does nothing,
# since $v_2 = 0$. So a good setting of neuron 1 first makes the loss *worse*, and then
# neuron 2 mends it.
#
# <details><summary>A hint, and an answer</summary>
#
# Neuron 1 starts the rise left of 0, neuron 2 stops it right of 0. With w1 = 2, b1 = 1,
# v1 = 1 and w2 = 2, b2 = -1, v2 = -1 the loss is 0.003.
# </details>

# %% tags=["nbval-ignore-output"]
from course_lib.figures.figure import PALETTE, panels
from course_lib.figures.widgets import live

x = torch.linspace(-2.5, 2.5, 201)  # noisy numbers
best = torch.tanh(0.8 * x / 0.6**2)  # the mean of -1 and 1, weighted by their chances


def neuron(x, w, b):
    return torch.relu(w * x + b)  # relu is the bend: what is below 0 becomes 0


def draw_network(axis, w1, b1, v1, w2, b2, v2):
    part_1, part_2 = v1 * neuron(x, w1, b1), v2 * neuron(x, w2, b2)
    curve = part_1 + part_2 - 1
    axis.plot(x, best, "--", color=PALETTE[0], lw=2.5, label="best guess")
    axis.plot(x, curve, color=PALETTE[1], lw=2, label="network")
    axis.plot(x, part_1, "-.", color=PALETTE[2], lw=0.8, label="v1 * neuron 1")
    axis.plot(x, part_2, ":", color=PALETTE[2], lw=1.2, label="v2 * neuron 2")
    loss = (curve - best).square().mean()
    axis.set(xlabel="x_t", ylim=(-2.5, 2.5), title=f"loss {loss:.3f}")


def show_network(**values):
    with panels("The network of these weights.", 1, 4.6, 3.4) as (axis,):
        draw_network(axis, **values)
        axis.set_ylabel("guess of x_0")
        axis.legend(loc="lower right", fontsize=8)


start_values = dict(w1=1.0, b1=0.0, v1=1.0, w2=1.0, b2=0.0, v2=0.0)
alt = "Weights move the line: b1 = 1 shifts its bend to the left, w1 = 2 is steeper."
with panels(alt, count=3, height=2.6) as axes:
    moves = {"the start": {}, "b1 = 1": {"b1": 1}, "b1 = 1, w1 = 2": {"b1": 1, "w1": 2}}
    for axis, (name, move) in zip(axes, moves.items(), strict=True):
        draw_network(axis, **start_values | move)
        axis.set_title(f"{name}: {axis.get_title()}")
    axes[0].legend(loc="lower right", fontsize=7)
live(show_network, **{n: (-3.0, 3.0, 0.25, v) for n, v in start_values.items()})

# %%
from course_lib.figures.prediction import prediction

guess_corners = prediction(
    "Take 100 neurons, but take the bend away. How many corners has the best curve?",
    (0, 100),
)

# %%
from course_lib.figures.figure import PALETTE, panels

chance = torch.Generator().manual_seed(2)
w_100, b_100 = torch.randn(2, 100, generator=chance).double()
lines = x.double()[:, None] * w_100 + b_100  # (201, 100): one line for each neuron


def best_sum_of(neurons):
    """The sum of these neurons, (201, 100), with the weights v of the smallest loss."""
    goal = best.double()[:, None]
    return (neurons @ torch.linalg.lstsq(neurons, goal, driver="gelsd").solution)[:, 0]


curves = {
    "2 neurons, by hand": neuron(x, 2, 1) - neuron(x, 2, -1) - 1,
    "100 neurons": best_sum_of(torch.relu(lines)),
    "100 neurons, no bend": best_sum_of(lines),
}
alt = "Three panels: the best guess, and the curve of each of the three networks."
with panels(alt, count=3, height=2.6, share=True) as axes:
    for axis, (name, curve) in zip(axes, curves.items(), strict=True):
        axis.plot(x, best, "--", color=PALETTE[0], lw=2.5, label="best guess")
        axis.plot(x, curve, color=PALETTE[1], label="network")
        axis.set(title=name, xlabel="x_t")
        print(f"{name}: loss {(curve - best).square().mean():.3f}")
    axes[0].legend(fontsize=8)
corners = (curves["100 neurons, no bend"].diff(n=2).abs() > 1e-6).sum()
guess_corners.compare(corners)

# %% [markdown]
# A sum of straight lines is a straight line, however many there are. **Without the bend
# a hundred neurons are worth no more than one.** With it, each neuron adds a corner,
# and with enough corners you come as close as you like to any unbroken curve. (The
# usual word for the bend is *non-linearity*; this one is called ReLU.)
#
# The network that we shall train, an **MLP** (multilayer perceptron), is more of the
# same. Its neurons stand in three **layers** of 128, each layer gets the numbers of the
# layer before it, and its bend is rounded (SiLU). That makes 39,298 numbers, and no
# sliders.
#
# ## Which point is it restoring?
#
# Before a network learns to denoise, let us see what there is to learn. Hide one point
# of the spiral in noise. You see $x_t$. How likely is it that it came from *this*
# point, or from *that* one? The `IdealDenoiser` works out these chances. Its guess of
# the clean point, $\hat x_0$, is the **mean of all points, each weighted by its
# chance**. No guess has a smaller mean squared error.
#
# In the figure the likely points are blue. The arrow goes from $x_t$ to their mean. The
# pale arrows show the guesses for other places.

# %%
from course_lib.figures.field import plot_guesses

plot_guesses(
    ideal,
    [(1.2, 0.9, t) for t in (1000, 250, 50)],
    alt="One noisy point at three steps: at t = 1000 it may come from anywhere on the "
    "spiral and the guess is its middle, at t = 50 from a short piece of it.",
)
for t in (1000, 250, 100, 50):
    chances = ideal.chances(torch.tensor([[1.2, 0.9]]), torch.tensor([t]))
    likely = 1 / chances.square().sum().item()  # a count: n equal chances make it n
    print(f"t = {t:4}: {likely / len(data):4.0%} of the points are likely")

print("\nThe 600 points of the first figure:")
for step in [path[i] for i in (0, 30, 40, 45, 47, 49)]:
    missed_by = (step.x_0_hat - path[-1].x_t).norm(dim=1)
    decided = (missed_by < 0.1).float().mean().item()
    print(f"t = {step.t:4}: {decided:4.0%} of the guesses are within 0.1 of the end")

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live


def show_guess(x, y, t):
    plot_guesses(ideal, (x, y, t), alt=f"Where ({x}, {y}) is sent at t = {t}.")


# Drag x_t about; then press play, or move t, and see the arrow change its mind.
live(
    show_guess,
    x=(-2.0, 2.0, 0.1, 1.2),
    y=(-2.0, 2.0, 0.1, 0.9),
    t=(10, 500, 10, 250),
)

# %% [markdown]
# "Which point does it restore when it starts from pure noise?" has an exact answer:
# **none**. At first every point is as likely as any other, and the guess is the mean of
# all. Each step makes some points likelier and others nearly impossible. Here nearly
# every decision falls between t = 200 and t = 20; before that, the crowd of points only
# draws closer together. (The 5 % at t = 1000 have decided nothing. The guess is
# nearly the same for all, and these few happen to end within 0.1 of it.)
#
# ## Your turn: the loss
#
# Why a network at all, if the ideal denoiser is exact? Because the ideal denoiser only
# knows its list. It compares $x_t$ with all 2,000 points every time, and in the end it
# can hand back nothing else. A network keeps no list. It answers for every place in the
# plane, and gives much the same answer for places close together. So it learns what the
# points *have in common*.
#
# Write the loss that the network is trained with; five lines are enough. `x_0` is a
# **batch**: some points that are handled together, of shape (B, 2).
#
# 1. Draw a step `t` for **each** point, from 1 to `schedule.T`, both included.
# 2. Draw the noise `eps`, shaped like `x_0`.
# 3. Mix the two into `x_t`, as in notebook 02.
# 4. Ask the network, `model(x_t, t)`. Its answer is `eps_hat`.
# 5. The loss is the mean of the squared differences between `eps_hat` and `eps`.
#
# Both draws, in this order, take their chance from `generator`.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Step 3 is the jump of notebook 02; the cell below imports it. Steps 1 and 2 are draws:
# whole numbers, all equally likely, and numbers from the bell curve. Step 5 you have
# seen with a single number w, at the beginning of this notebook.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.randint(low, high, (n,), generator=generator)` draws n whole numbers, but never
# `high` itself. `torch.randn(shape, generator=generator)` draws noise. `add_noise`
# wants four things: points, steps, noise and schedule.
#
# </details>

# %%
from course_lib.diffusion.schedule import add_noise


def my_loss(model, x_0, schedule, generator):
    """How wrong the network's guesses of the noise are, as one number; (B, 2) in."""
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
from course_lib.networks.mlp import MLP

loss_to_use = check_loss(my_loss)

torch.manual_seed(0)
untrained = MLP()
loss_before = loss_to_use(untrained, data, schedule, generator_for(0, 0)).item()
print("numbers in the network:", sum(n.numel() for n in untrained.parameters()))
print(f"loss before any training: {loss_before:.1f}")

# %% [markdown]
# The loss is about 1: the network knows nothing yet and answers nearly 0 to everything.
# The error is then `eps` itself, and its square is 1 on average.
#
# ## Training
#
# Take 512 points, find all slopes, go a little downhill; then do it again. Each round
# is an **iteration**. The *optimiser* is the rule for going downhill: `Adam` is
# gradient descent with a step length of its own for each number. Two words of Python:
# `yield` hands a value out of the loop and goes on when the next one is wanted, so that
# we can watch; `lambda i: ...` is a small function without a name.
#
# While it trains, the arrows show which way the network sends each place at t = 50. On
# the spiral itself they are so short that they look like dots. (On the axis of the
# loss $10^{-1}$ is 0.1.) This recipe is DDPM's (Ho, Jain and Abbeel 2020); the lesson
# says which ideas it grew from.

# %%
# Helpers, which you need not read: batches, and the figure that moves.
from course_lib.chance import generator_for
from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.figures.plots import grid_points, plot_field
from course_lib.figures.watching import watch


def train(name, model, loss_of_batch, iterations=1000):
    """Train a model, with a curve and a progress bar of its own."""
    steps = training(model, loss_of_batch, iterations)
    for _ in watch(steps, total=iterations, name=f"loss ({name})"):
        pass


def some_of(points, iteration):
    """A batch: 512 of the points, different ones at each iteration."""
    chosen = torch.randint(len(points), (512,), generator=generator_for(1, iteration))
    return points[chosen]


def batch_of(points, iteration, t=None):
    """The same with t and eps, for the library; if t is given, it holds for all."""
    batch = with_noise(lambda i: {"x_0": some_of(points, i)}, schedule)(iteration)
    return batch if t is None else batch | {"t": torch.full((512,), t)}


def show_arrows():
    """Which way the network sends each place at t = 50, by its guess of the noise."""
    grid, t = grid_points(1.4, 12), torch.full((144,), 50)
    plot_field(grid, -model(grid, t).detach(), "Arrows to the spiral.", data[:500])


# The same loss as `my_loss`; here the draws come in the batch.
library_loss = make_denoising_loss(schedule, target="eps")


def ideal_eps(x_t, t, cond=None):  # cond: the condition, see notebook 05
    """The noise by the best guess of the clean point: no denoiser does better."""
    return (x_t - schedule.a(t, like=x_t) * ideal(x_t, t)) / schedule.b(t, like=x_t)


def loss_on_40(denoiser):
    """Its mean loss on 40 batches, the same for every denoiser."""
    with torch.no_grad():
        losses = [library_loss(denoiser, batch_of(data, i)).item() for i in range(40)]
    return sum(losses) / 40


# %%
from course_lib.figures.prediction import prediction

guess_loss = prediction("The loss starts at 1. Where will it end?", (0.0, 1.0, 0.05))

# %% tags=["nbval-ignore-output"]
import copy

from course_lib.chance import generator_for
from course_lib.device import scaled
from course_lib.figures.watching import watch
from course_lib.networks.mlp import MLP

ITERATIONS = scaled(smoke=2400, laptop=4000, gpu=4000)  # or a number of yours


def training(model, loss_of_batch, iterations):
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


def my_loss_of_batch(model, iteration):
    x_0 = some_of(data, iteration)
    return loss_to_use(model, x_0, schedule, generator_for(0, iteration))


torch.manual_seed(0)
model = MLP()
losses, snapshots = [], {0: copy.deepcopy(model)}


trained = training(model, my_loss_of_batch, ITERATIONS)
for iteration, loss_now in watch(trained, total=ITERATIONS, picture=show_arrows):
    losses.append(loss_now)
    if iteration in (50, 200, 500, 1000, ITERATIONS):
        snapshots[iteration] = copy.deepcopy(model)
# Not so if it was interrupted, or if you chose a short training.
to_the_end = ITERATIONS in snapshots and ITERATIONS >= 2400
if losses:
    loss_at_the_end = torch.tensor(losses[-100:]).mean()
    guess_loss.compare(loss_at_the_end)
    assert not to_the_end or loss_at_the_end < losses[0]
yours, lowest = loss_on_40(model), loss_on_40(ideal_eps)
print(f"on 40 batches: yours {yours:.3f}, the best denoiser there can be {lowest:.3f}")

# %% [markdown]
# The loss cannot reach 0, as it could not for the single number: the best possible
# guess is a mean, and each single noise differs from it. How low it can get is the last
# number, the loss of the `IdealDenoiser`. Your network is hardly above it: it is nearly
# done.
#
# **Here sitting one ends.** You know what a denoiser learns, and you have one. In
# sitting two it will draw a spiral. When you come back, run all cells above this one
# first (JupyterLab: *Run*, *Run All Above Selected Cell*; Colab: *Runtime*, *Run
# before*).
#
# ## Sitting two: from noise to new points
#
# ## Your turn: the way back
#
# The network now guesses, for any point and any step, which noise is in it. Your loop
# turns these guesses into points that nobody has drawn. `steps` is a list such as
# `[1000, 980, ..., 20, 0]`; `pairwise(steps)` gives the pairs (1000, 980), (980, 960),
# ..., (20, 0). For each pair `t, t_next`:
#
# 1. ask the network which noise is in `x_t`; it needs one step for each point, as in
#    your loss;
# 2. from $x_t = a_t x_0 + b_t \epsilon$ work out $\hat x_0$, the guess of the clean
#    point;
# 3. **mix again**, with less noise: $\hat x_0$ and $\hat\epsilon$ in the proportions of
#    `t_next`.
#
# `a` and `b` are the tables of the schedule, plain lists: `a[t]` is $a_t$.
#
# **Difficulty:** ★★★ plan first
#
# <details><summary>Hint 1</summary>
#
# Solve the formula of step 2 on paper: the noise goes to the other side, then you
# divide. Step 3 is the same formula once more, but with both guesses in it and with the
# factors of the next step. Its result is the noisy point that the next turn begins
# with.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Give `x_T` the name `x_t` before the loop, so that each turn can replace it.
# `torch.full((n,), t)` holds the same step n times, and `len(x_t)` is the number of
# points. In step 2 the tables are read at `t`, in step 3 at `t_next`.
#
# </details>

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

loop_to_use = check_reverse_loop(my_reverse_loop)
a, b = schedule.a_table.tolist(), schedule.b_table.tolist()


def draw_points(model, x_T, steps=100):
    """The loop; no_grad: torch need not keep track of slopes."""
    with torch.no_grad():
        return loop_to_use(model, x_T, choose_steps(schedule.T, steps), a, b)


new = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1))
made = draw_points(model, new)
plot_points(
    {"noise": new[:500], "your network, your loop": made[:500], "data": data[:500]},
    limit=1.6,
    alt="Left noise, in the middle the spiral that came out of it, right the data.",
)
print(f"away from the spiral: {away(new):.2f} before, {away(made):.3f} after")
if loop_to_use is my_reverse_loop:
    library = last_step(ddim(predictor(model, schedule, "eps"), new, schedule, 100))
    same_end = torch.allclose(made, library, atol=1e-3)
    print("the library's loop ends there as well:", same_end)
to_the_data = torch.cdist(made, data).min(dim=1).values
copies, gap = (to_the_data < 1e-4).sum(), to_the_data.median()
strays = (to_the_data > 0.05).float().mean()
print(f"copies of data: {copies}; half of the points are {gap:.3f} or more from all")
print(f"data, and {strays:.0%} are more than 0.05 from them")
if away(made) > 0.05:  # two knobs to turn
    print("Not near yet: more ITERATIONS above, or more steps here, bring it nearer.")

# %% [markdown]
# **The circle closes.** Noise went in, a spiral came out, and the two parts that matter
# are yours: the loss and the loop. The points are new: none of them is a copy. But the
# spiral is densely filled, so the nearest data point is seldom far. Some strays lie
# between the arms: there the best guess jumps from one arm to the next, and a network
# can only change gradually. The library calls this loop DDIM (Song, Meng and Ermon
# 2021).
#
# ## Play
#
# Drag the first slider to walk with your network. Below it, in Jupyter or Colab, you
# can choose the number of steps and another noise.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import frame_slider, live


def dots(points, size=96):
    """Points in [-2, 2] as a picture of dots: a picture is numbers (notebook 01)."""
    place = ((points + 2) / 4 * size).long().clamp(0, size - 1)  # clamp: keep inside
    picture = torch.ones(3, size, size)
    picture[:2, size - 1 - place[:, 1], place[:, 0]] = -0.6  # rows count from the top
    return picture


def show_steps(steps, seed):
    start = torch.randn(1000, 2, generator=torch.Generator().manual_seed(seed))
    ends = draw_points(model, start, steps)
    print(f"{steps} steps: {away(ends):.3f} away from the spiral")
    if away(ends) > 1:
        print("Most points lie outside of the figure.")
    plot_points(ends, limit=2, alt=f"Points after {steps} steps.")


walk = list(ddim(predictor(model, schedule, "eps"), new, schedule, steps=25))
frame_slider(
    torch.stack([dots(step.x_t) for step in walk]),
    labels=[f"t = {step.t}: {away(step.x_t):.2f} away" for step in walk],
    alt="A cloud of noise becomes a spiral",
    zoom=3,
)
for steps in (1, 3, 5, 20):
    print(f"in {steps} steps: {away(draw_points(model, new, steps)):.2f} away")
print(f"b / a at t = 1000: {b[1000] / a[1000]:.0f}")
live(show_steps, play="steps", steps=(1, 100, 1, 20), seed=(0, 9))

# %% [markdown]
# In 20 steps most points come near the spiral. In one step most of them leave the
# figure. Step 2 of your loop divides by $a_t$: a small mistake in the guessed noise
# becomes $b_t / a_t$ times as large in the clean point, and at t = 1000 that is 157
# times. With more steps, later guesses put this right. (One or two steps more need not
# help: here 3 steps end nearer than 5.)
#
# ## Where is it told that it got closer to the spiral?
#
# Go through `my_loss` again. The word spiral is not in it, nor is any distance from
# one. For each point the network learns one thing: *this* was the noise, this time. We
# kept copies of the network during the training. Your loop now draws with each of them,
# and we measure what the training never measured.

# %% tags=["nbval-ignore-output"]
distance, fixed_batch = {}, batch_of(data, 0)
for iteration, copied in snapshots.items():
    distance[iteration] = away(draw_points(copied, new))
    with torch.no_grad():
        loss_then = library_loss(copied, fixed_batch).item()
    print(f"{iteration:5}: loss {loss_then:.3f}, away {distance[iteration]:8.3f}")
print(f" best: loss {library_loss(ideal_eps, fixed_batch).item():.3f}")

# %% [markdown]
# **Nowhere.** From iteration 50 on the loss falls only a little, and yet the points
# come many times nearer. Nearly all of this loss cannot be avoided: the best denoiser
# has it as well (the last line). **The spiral is in the small remainder.** To guess the
# noise that well, the network must know where clean points can be, although nobody
# asked for it. With pictures it is the same: nobody ever says "more frog". (Before any
# training the network guesses hardly any noise. Then your loop only divides by $a_t$. A
# start lies about 1.3 from the middle, and 157 times that is about 200.)
#
# ## Why so many steps?
#
# If the network can guess the clean point at once, why go on? And does the start decide
# where a walk ends? One figure answers both, on a line instead of a plane. The data are
# **four numbers**, the black dots. The darker the blue, the more densely noisy numbers
# lie at that step. At the left, at t = 1000, there is one broad hill, in which nobody
# can tell the four apart. On the way to the right it parts into four. (The axis gives
# more room to small t, where that happens.)
#
# Your loop puts the *guessed* noise back (DDIM). DDPM, the older way, puts back *fresh*
# noise for part of it, so each walk is jagged. Twelve DDPM walks now start at the same
# number.

# %%
from course_lib.figures.prediction import prediction

guess_ends = prediction(
    "Twelve DDPM walks start at the same place. At how many of the four do they end?",
    (1, 4),
)

# %%
from course_lib.diffusion.samplers import PictureNoise, ddpm
from course_lib.figures.density import plot_walks

four = torch.tensor([-1.0, -0.4, 0.3, 1.0])
best_of_four = predictor(IdealDenoiser(four[:, None], schedule), schedule, "x_0")
spread, same = torch.linspace(-2, 2, 13)[:, None], torch.full((12, 1), 0.5)
fresh = PictureNoise(seed=0, indices=range(12))
walks = {
    "DDIM, 200 steps": list(ddim(best_of_four, spread, schedule, 200)),
    "DDPM, 100 steps": list(ddpm(best_of_four, same, schedule, 100, fresh)),
    "DDIM, 5 steps": list(ddim(best_of_four, spread, schedule, 5)),
}
plot_walks(
    four,
    schedule,
    walks,
    alt="One broad hill parts into four. DDIM's paths are smooth, never cross and part "
    "with it; DDPM's are jagged; with 5 steps many end between the four.",
)
for name, walked in walks.items():
    to_the_nearest = (walked[-1].x_t - four).abs()  # (walks, 4)
    mean = to_the_nearest.min(dim=1).values.mean()
    print(f"{name}: {mean:.2f} from the nearest of the four, on average")
ends = walks["DDPM, 100 steps"][-1].x_t.round(decimals=1).unique()
guess_ends.compare(len(ends))

print("\nThe spiral, by the best denoiser:\nsteps   away   parts left out")
made_in = {
    steps: last_step(ddim(predict, x_T[:300], schedule, steps=steps))
    for steps in (1, 2, 5, 20, 100)
}
for steps, points in made_in.items():
    left_out = torch.cdist(data, points).min(dim=1).values.mean().item()
    print(f"{steps:5} {away(points):6.2f} {left_out:16.2f}")
for name, points in {"data": data, "points of 1 step": made_in[1]}.items():
    print(f"mean of the {name}: {points[:, 0].mean():.2f}, {points[:, 1].mean():.2f}")

# %% [markdown]
# **In one step the best denoiser sends every start to the mean of all data**, a place
# where no point needs to be. (Your network, in one step, is thrown out of the figure
# instead: under "Play" its mistakes grow 157 times. The mean lies close to the spiral
# only because of this shape; look at how much of the spiral is left out.) A guess from
# much noise is only good as a direction. After a small step fewer points are in the
# running, and the next guess is sharper.
#
# **DDIM** walks without chance: the start decides the end, and in fine steps the paths
# never cross. With **DDPM** the start decides next to nothing, since fresh noise keeps
# coming in. Either way all four numbers are reached. Notebook 06 compares the two on
# pictures.
#
# ## Choose one
#
# **The four sections below stand alone.** Take one or two that interest you (about
# 12 minutes each); the lesson page has the answers to all four.
#
# ## A · Why the noise, and not the clean point?
#
# If $x_t$ is known, then $\hat\epsilon$, $\hat x_0$ and the velocity
# $\hat v = a_t\hat\epsilon - b_t\hat x_0$ each give the other two exactly. But the
# *same* mistake has a different size in each. The first table shows that. Then we train
# a network to predict the clean point. And why the *whole* noise, and not the little
# noise of the last step, from t - 1 to t? This question needs no training: we ask the
# ideal denoiser, which is the best there is.

# %% tags=["nbval-ignore-output"]
from course_lib.diffusion.objective import read_output

chance = torch.Generator().manual_seed(4)
print("    t   mean squared error of eps_hat      of x_0_hat")
for t in (50, 250, 500, 1000):
    step = torch.full((2000,), t)
    eps = torch.randn(2000, 2, generator=chance)
    x_t = add_noise(data, step, eps, schedule)
    with torch.no_grad():
        eps_hat = model(x_t, step)
    x_0_hat, _ = read_output(eps_hat, x_t, step, schedule, "eps")
    errors = [(eps_hat - eps), (x_0_hat - data)]
    of_eps, of_x_0 = (error.square().mean().item() for error in errors)
    print(f"{t:5} {of_eps:33.4f} {of_x_0:15.4f}")

x_0_loss = make_denoising_loss(schedule, target="x_0")
torch.manual_seed(0)
says_x_0 = MLP()
train("asked for x_0", says_x_0, lambda m, i: x_0_loss(m, batch_of(data, i)))
x_0_way = ddim(predictor(says_x_0, schedule, "x_0"), new, schedule, steps=100)
early = snapshots[max(i for i in snapshots if i <= 1000)]
print("after 1000 iterations, away from the spiral:")
print(f"    asked for the clean point {away(last_step(x_0_way)):.3f}")
print(f"    asked for the noise       {away(draw_points(early, new)):.3f}")

step = torch.full((2000,), 500)
eps_so_far, eps_last = torch.randn(2, 2000, 2, generator=chance)
x_one_less = add_noise(data, step - 1, eps_so_far, schedule)
beta = schedule.beta[500]  # the share of the variance that is fresh in this step
x_t = (1 - beta).sqrt() * x_one_less + beta.sqrt() * eps_last
eps = (x_t - a[500] * data) / b[500]  # the whole noise that is in x_t
eps_hat = (x_t - a[500] * ideal(x_t, step)) / b[500]  # the best guess of it
last_hat = beta.sqrt() / b[500] * eps_hat  # and of the last step's share in it
whole_left = (eps_hat - eps).square().mean() / eps.square().mean()
last_left = (last_hat - eps_last).square().mean() / eps_last.square().mean()
print(f"best guess at t = 500: of the whole noise {1 - whole_left:.0%} is known,")
print(f"                       of the last step's noise {1 - last_left:.0%}")

# %% [markdown]
# An error in $\hat\epsilon$ is $b_t / a_t$ times as large in $\hat x_0$. With little
# noise the error becomes smaller. At t = 1000, where $a_t = 0.0064$, it becomes 157
# times as large, and its square 25,000 times. So a loss on the noise counts mistakes in
# the clean point heavily at the last, fine steps and hardly at all at the first, rough
# ones. Notebook 05 shows what that does to pictures. Here the network that predicts the
# clean point draws the spiral as well.
#
# Next to nothing *can* be known about the last step's noise: it is one kick among five
# hundred. The best guess of it is a fixed share of the best guess of the whole. So a
# loss on the whole noise teaches the same thing, with far less chance in the way.
#
# ## B · One network for all levels? How does it know the level?
#
# We tell it: `t` goes in as 32 numbers. Now we train others for 1,000 iterations each.
# A **blind** network always gets t = 0. Each of two **specialists** trains on one
# single step, t = 10 or t = 100. The ideal denoiser shows the smallest error there can
# be.

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
twin = MLP()


def blind(x_t, t, cond=None):
    return twin(x_t, torch.zeros_like(t))


specialists = {10: MLP(), 100: MLP()}
train("blind", twin, lambda m, i: library_loss(blind, batch_of(data, i)))
for t, one in specialists.items():
    train(f"t = {t}", one, lambda m, i, t=t: library_loss(m, batch_of(data, i, t)))
early = snapshots[max(i for i in snapshots if i <= 1000)]
named = {"ideal": ideal_eps, "yours": model, "yours@1000": early, "blind@1000": blind}
print("mean squared error of eps_hat (1: it knows nothing; @1000: 1000 iterations)")
print("    t " + "".join(f"{name:>12}" for name in named) + "  specialist")
chance = torch.Generator().manual_seed(5)
errors = {}
for t in (10, 50, 100, 200, 300, 500):
    x_0 = data.repeat(10, 1)  # ten noises for each point
    eps = torch.randn(x_0.shape, generator=chance)
    batch = {"x_0": x_0, "t": torch.full((len(x_0),), t), "eps": eps}
    there = named | ({"specialist": specialists[t]} if t in specialists else {})
    with torch.no_grad():
        errors[t] = {name: library_loss(m, batch).item() for name, m in there.items()}
    print(f"{t:5} " + "".join(f"{error:12.3f}" for error in errors[t].values()))
print(f"spiral by yours@1000: {away(draw_points(early, new)):.3f} away")
print(f"spiral by blind@1000: {away(draw_points(blind, new)):.3f} away")
if to_the_end:
    assert errors[200]["yours"] < 1.1 * errors[200]["ideal"]
    assert errors[10]["specialist"] < errors[10]["yours"]
    assert errors[10]["blind@1000"] > errors[10]["yours"] + 0.2

# %% [markdown]
# **One network is nearly enough.** From t = 100 upwards it is so close to the ideal
# that a specialist gains almost nothing. At t = 10 the specialist is better, even
# though it trained for fewer iterations. But it knows that one step only, and there are
# a thousand. **The input t helps where it counts**: at t = 10 the blind network knows
# nothing, and its spiral is a smear. At t = 300 and 500 the blind network does well: a
# point that lies far outside *must* be very noisy, so the position itself gives the
# level away in part.
#
# ## C · Is it an autoencoder, or autocomplete?
#
# An **autoencoder** learns to give back its input. We train one: the same network, the
# same data, but no noise. Then we give it pure noise and call it once, and also 100
# times in a row, as your loop calls the denoiser.


# %% tags=["nbval-ignore-output"]
def copying_loss(model, iteration):
    x_0 = some_of(data, iteration)
    return (model(x_0, torch.zeros(len(x_0))) - x_0).square().mean()


torch.manual_seed(0)
gives_back = MLP()
train("autoencoder", gives_back, copying_loss, iterations=500)
zeros = torch.zeros(1000)
with torch.no_grad():
    copied = gives_back(data[:1000], zeros)
    called = [new]
    for _ in range(100):
        called.append(gives_back(called[-1], zeros))
clouds = {
    "autoencoder, once": called[1],
    "autoencoder, 100 times": called[100],
    "denoiser, 100 steps": made,
}
plot_points(
    {name: cloud[:500] for name, cloud in clouds.items()},
    limit=1.6,
    alt="Noise that went through the autoencoder once fills a small square; after 100 "
    "passes it is on pieces of the spiral; the denoiser makes the whole spiral.",
)
missed_by = (copied - data[:1000]).norm(dim=1).mean()
print(f"autoencoder: misses its data by {missed_by:.3f}")
moved, far = (called[1] - new).norm(dim=1), new.norm(dim=1) > 1
print(
    f"called once: moves the {far.float().mean():.0%} of the noise beyond radius 1 by"
)
print(f"    {moved[far].mean():.2f}, and the rest by {moved[~far].mean():.2f}")
for name, cloud in clouds.items():
    left_out = torch.cdist(data, cloud).min(dim=1).values.mean()
    print(f"{name:22}: {away(cloud):.3f} away, parts left out {left_out:.3f}")
print("widths of the denoiser:", [layer.out_features for layer in model.layers[::2]])

# %% [markdown]
# Called once, the autoencoder hardly moves the points near the middle, where the data
# are. Points far out it pulls in, and the round cloud becomes a small square: not a
# spiral. It was never shown a place without data, so what it does there is left to
# chance. Called again and again, it comes as close to the spiral as the
# denoiser. But its points gather on a few pieces, and large parts of the spiral are
# left out.
#
# The denoiser *is* an autoencoder of a kind: a **denoising autoencoder** (Vincent and
# others 2008) learns to recover clean data from noisy data. A diffusion model is one
# for all noise levels, called again and again with less noise. Ours has no narrow layer
# in the middle that everything must squeeze through. And it does not autocomplete: no
# part is known before the rest. Both numbers of a point, and later all pixels of a
# picture, change at once.
#
# ## D · What is mode collapse?
#
# Before diffusion the best pictures came from GANs (Goodfellow and others 2014). A
# *generator* turns noise into points, a *discriminator* learns to tell them from real
# ones, and the generator learns to deceive it. Our data are now eight heaps on a ring.
# Two GANs get 600 iterations with 512 points each, and about as many weights as the
# denoiser. In one the discriminator learns fast. In the other both learn at the same
# rate, and the generator gets two turns for each turn of the discriminator. How many
# heaps does each draw?

# %% tags=["nbval-ignore-output"]
from torch import nn
from torch.nn.functional import softplus

angle = torch.arange(8) * torch.pi / 4
centres = 0.8 * torch.stack([angle.cos(), angle.sin()], dim=1)  # (8, 2)
scatter = torch.randn(4000, 2, generator=torch.Generator().manual_seed(6))
heaps = centres.repeat(500, 1) + 0.04 * scatter


def heaps_hit(points):
    """How many heaps got at least 2 % of the points; the share of points on a heap."""
    distances, heap = torch.cdist(points, centres).min(dim=1)
    counts = torch.bincount(heap[distances < 0.15], minlength=8)
    return int((counts >= 0.02 * len(points)).sum()), counts.sum().item() / len(points)


def plain_network(outputs):
    layers = [nn.Linear(2, 128), nn.LeakyReLU(0.2), nn.Linear(128, 128)]
    return nn.Sequential(*layers, nn.LeakyReLU(0.2), nn.Linear(128, outputs))


def adam(network, rate):
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.5, 0.9), fused=True)


def gan_training(looks, rate, turns, iterations=600):
    """Generator against discriminator; keeps 1,000 made points at four iterations."""
    torch.manual_seed(0)
    generates, discriminates = plain_network(2), plain_network(1)
    makes, looks_closer = adam(generates, 1e-3), adam(discriminates, rate)
    for iteration in range(1, iterations + 1):
        fake = generates(torch.randn(512, 2)).detach()
        # softplus(-score) is small for a high score: real points should score high
        real = softplus(-discriminates(some_of(heaps, iteration))).mean()
        caught = real + softplus(discriminates(fake)).mean()
        looks_closer.zero_grad()
        caught.backward()
        looks_closer.step()
        for _ in range(turns):
            makes.zero_grad()
            softplus(-discriminates(generates(torch.randn(512, 2)))).mean().backward()
            makes.step()
        if iteration % (iterations // 4) == 0:
            looks.append(generates(torch.randn(1000, 2)).detach())
        yield caught.item()


gans = {"fast discriminator": (3e-3, 1), "eager generator": (1e-3, 2)}
looks = {name: [new] for name in gans}
for name, knobs in gans.items():
    rounds = gan_training(looks[name], *knobs)
    for _ in watch(rounds, total=600, name=f"loss ({name})"):
        pass
panels_of = {"the data": heaps[:1000]}
for name, clouds_made in looks.items():
    hits, on_heaps = heaps_hit(clouds_made[-1])
    panels_of[f"GAN, {name}: {hits}"] = clouds_made[-1]
    on_the_way = [heaps_hit(points)[0] for points in clouds_made[1:]]
    print(f"GAN, {name}: heaps {on_the_way}, {on_heaps:.0%} of the points on a heap")

torch.manual_seed(0)
of_heaps = MLP()
for _ in training(of_heaps, lambda m, i: library_loss(m, batch_of(heaps, i)), 600):
    pass
hits, on_heaps = heaps_hit(draw_points(of_heaps, new))
panels_of[f"denoiser: {hits}"] = draw_points(of_heaps, new)
print(f"denoiser: heaps {hits}, {on_heaps:.0%} of the points on a heap")
plot_points(
    {name: points[:500] for name, points in panels_of.items()},
    limit=1.5,
    alt="The data, eight heaps on a ring, and what the two GANs and the denoiser draw.",
)

# %% [markdown]
# In the figure the eager generator draws a single blob near one of the heaps, and
# nothing anywhere else. That is **mode collapse**: a generator need not draw
# *all* heaps, only something that its discriminator falls for today. Here it
# does not even hit the heap: 6 % of its points lie on one. Whether it happens
# depends on the balance between two learners: the other GAN, of the same size, draws a
# ring through all eight. A denoiser has no such balance to find. Every data point is in
# its loss, so leaving one out costs something. (This shows collapse. It does not show
# why diffusion took over: with the right balance a GAN covers all eight as well.)
#
# ## Three questions
#
# <details><summary>1. The best denoiser there can be still has a loss above 0. Why?
# </summary>
#
# From x_t alone nobody can know the noise exactly: many pairs of clean point and noise
# give the same x_t. The best guess is the mean over all of them, and each single case
# differs from that mean. The loss that is left measures how much.
# </details>
#
# <details><summary>2. Sampling with the ideal denoiser ends on points of the data.
# Sampling with your network makes new ones. Which is better?</summary>
#
# The ideal denoiser has the smaller loss on its data, but it can only repeat them. The
# network gives similar answers for neighbours, so it fills the gaps between the points
# that it saw. Its sloppiness is what makes new points. (A large network that sees few
# pictures often *can* learn them by heart.)
# </details>
#
# <details><summary>3. You push the whole spiral a little to the right and do not train
# again. What does your network draw?</summary>
#
# The old spiral, in the old place. The loop knows nothing about the data. Only the
# network's numbers say where points can be, and those come from the training.
# </details>
