# %% [markdown]
# # 5 · Training a picture maker
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/05_training.ipynb)
#
# *About 45 minutes. You need notebooks 02 to 04.*
#
# When you are through you can
#
# - write the whole training of a picture maker and say what every line is for,
# - say why a network that guesses the noise drifts, and cure it with the velocity,
# - stop a training, close the lid, and carry on where you were, bit for bit,
# - say how good a picture maker is, in numbers, and how far to trust them.

# %% [markdown]
# ## See it
#
# One network, seen three times during its training: after a few minutes, after some
# more, and at the end. Each column starts from **the same noise** and asks for the same
# animal.

# %%
import torch

from course_lib.device import use_all_cores
from course_lib.figures.plots import show_rows
from course_lib.painters.pipeline import LabelToImage

use_all_cores()
animals = ["frog", "rabbit", "cat", "bear", "bird", "fish", "turtle", "bat"]
series = {}
for name in ["critters-early", "critters-middle", "critters"]:
    draw = LabelToImage.from_pretrained(name)
    series[f"{draw.card['iteration']} iterations"] = draw(animals, steps=10, seed=3)
print(list(series))
show_rows(
    series,
    titles=animals,
    alt="The same eight noises, drawn by one network early, half way and late: "
    "first coloured clouds, then blurred animals, then clean ones.",
)

# %% [markdown]
# Nobody told the network what a frog looks like. It only ever answered one question:
# *here is a noisy picture, what is under the noise?* This notebook is about asking that
# question well, many thousand times.
#
# ## The pictures
#
# 50,000 critters with one animal each. The label is a number; 0 means "I am not
# telling".

# %%
from course_lib.figures.plots import show_pictures
from course_lib.world.datasets import load_critters

pictures = load_critters("train", kind="one")
x_0, label = pictures[torch.arange(8)]  # (8, 3, 32, 32) in [-1, 1], (8,)
print(len(pictures), "pictures; the first eight are labelled", label.tolist())
titles = [pictures.names[i] for i in label]
show_pictures(x_0, titles=titles, alt="Eight critters and their labels.")

# %% [markdown]
# ## What should the network say?
#
# In notebook 03 it said the noise, `eps`. That is how it was first done (DDPM, 2020),
# and for a spiral it was fine. For pictures there is a catch. From the guessed noise we
# get the picture by
#
# $$\hat x_0 = \frac{x_t - b_t\,\hat\epsilon}{a_t}$$
#
# and near the noisy end $a_t$ is tiny. So a small mistake in the noise becomes a large
# mistake in the picture. How large? We make the same small mistake, 0.02 too much
# everywhere, at several steps.

# %%
from course_lib.diffusion.objective import read_output
from course_lib.diffusion.schedule import add_noise, cosine_schedule, straight_line

cosine, line = cosine_schedule(T=1000), straight_line(T=1000)
eps = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(0))
rows = {"the picture": x_0}
for step in [500, 900, 980]:
    t = torch.full((8,), step)
    x_t = add_noise(x_0, t, eps, cosine)
    x_0_hat, _ = read_output(eps + 0.02, x_t, t, cosine, target="eps")
    rows[f"eps, t = {step}"] = x_0_hat
    off = (x_0 - x_0_hat).mean().item()
    print(f"t = {step}: the picture comes out {off:.2f} too dark")
show_rows(
    rows, alt="The later the step, the darker the pictures guessed from the noise."
)

# %% [markdown]
# At t = 980 every number of the guess is 0.64 too low, on a scale from -1 to 1, all
# from a mistake that you could not see in the noise. And the step after that starts
# from this wrong brightness.
#
# This cell is arithmetic. It shows what a mistake *would* do, not that it happens. That
# is for a measurement to say: [the lesson](../lessons/05_training.md) has the table, by
# `python benchmarks/target_table.py --iterations 800 --n 512`, with the target, the
# schedule and the clamp changed one at a time. With eps for a target the pictures were
# off in brightness by 0.136; with the velocity, on the same schedule, by 0.062. So it
# is the table that blames eps. This is the **drift** of short trainings: pictures that
# slide into glaring or gloomy colours. The very best network would not have it. Ours is
# never the very best.
#
# ## The cure: ask for the velocity
#
# While noise is mixed in, a picture moves from $x_0$ to $\epsilon$. On the **straight
# line** of notebook 02, $x_t = (1-u)\,x_0 + u\,\epsilon$, it moves with one constant
# velocity:
#
# $$v = \epsilon - x_0.$$
#
# If the network says v, the picture is $\hat x_0 = x_t - u\,\hat v$. Nothing is
# divided, so nothing blows up. The same small mistake, at the same steps:

# %%
rows = {"the picture": x_0}
for step in [500, 900, 980]:
    t = torch.full((8,), step)
    x_t = add_noise(x_0, t, eps, line)
    x_0_hat, _ = read_output(eps - x_0 + 0.02, x_t, t, line, target="v")
    rows[f"v, t = {step}"] = x_0_hat
    off = (x_0 - x_0_hat).mean().item()
    print(f"t = {step}: the picture comes out {off:.2f} too dark")
show_rows(rows, alt="Guessed from the velocity, the pictures look right at every step.")

# %% [markdown]
# ## Your turn: the loss with a velocity
#
# **Exercise.** Mix the noise in on the straight line, let the network guess, and return
# the mean squared error of its guess. `u` is `t / T`, already shaped to multiply
# pictures.

# %%
from course_lib.checks.nb05_training import check_velocity_loss


def my_velocity_loss(model, x_0, eps, t, T):
    """The mean squared error of model(x_t, t) as a guess of the velocity."""
    u = (t / T).reshape(-1, 1, 1, 1)  # (B, 1, 1, 1), the time as a fraction
    ### BEGIN SOLUTION
    x_t = (1 - u) * x_0 + u * eps
    v = eps - x_0
    v_hat = model(x_t, t)
    return (v_hat - v).square().mean()
    ### END SOLUTION


my_velocity_loss = check_velocity_loss(my_velocity_loss)

# %% [markdown]
# ## The whole training, in one plain loop
#
# A small U-Net, batches of 32, and your loss. Three things are new, and each is one
# line: the learning rate **warms up**, so that the first steps do not throw the network
# far away; the gradient is **clipped**, so that one strange batch does no harm; and we
# look at the loss on a **fixed** batch, with fixed t and eps, because the loss of
# random batches jumps up and down with the luck of the draw.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.diffusion.objective import with_noise
from course_lib.networks.unet import UNet
from course_lib.world.datasets import batches

torch.manual_seed(0)
model = UNet(widths=(32, 64), blocks=1)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
get_batch = with_noise(batches(pictures, batch_size=32), line, seed=0)
fixed = get_batch(10**6)  # a batch that the loop below never reaches

fixed_losses = []
for iteration in range(scaled(smoke=60, laptop=300, gpu=1000)):
    for group in optimizer.param_groups:
        group["lr"] = 2e-3 * min(1, (iteration + 1) / 50)  # warm up
    batch = get_batch(iteration)
    loss = my_velocity_loss(model, batch["x_0"], batch["eps"], batch["t"], line.T)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)  # clip
    optimizer.step()
    optimizer.zero_grad()
    with torch.no_grad():
        known = my_velocity_loss(model, fixed["x_0"], fixed["eps"], fixed["t"], line.T)
    fixed_losses.append(known.item())

first, last = sum(fixed_losses[:20]) / 20, sum(fixed_losses[-20:]) / 20
print(f"loss on the fixed batch: first 20 {first:.2f}, last 20 {last:.2f}")
assert last < first

# %% [markdown]
# ## Your turn: an average that calms down
#
# Each batch pulls the weights another way, so they never stand still. Their **average
# over time** does. It costs one line an iteration: keep most of the average, mix in a
# little of today's weights. This is the *exponential moving average*, EMA, and pictures
# are always drawn with it.
#
# **Exercise.** Return the new average. `kept` is how much of the old one stays, for
# example 0.99.

# %%
from course_lib.checks.nb05_training import check_update_average


def my_update_average(average, weights, kept):
    """Keep the share `kept` of the average and fill up with the weights."""
    ### BEGIN SOLUTION
    return kept * average + (1 - kept) * weights
    ### END SOLUTION


my_update_average = check_update_average(my_update_average)

# %% [markdown]
# Does it help? Suppose that the best value of a weight is 1, and each batch leaves it
# somewhere around there, 0.1 off on average. How far off is the average of the weights?

# %%
from course_lib.figures.plots import plot_curves

generator = torch.Generator().manual_seed(0)
weight = 1 + 0.1 * torch.randn(3000, generator=generator)  # after each of 3,000 batches
average, averages = weight[0], []
for today in weight:
    average = my_update_average(average, today, kept=0.99)
    averages.append(average.item())
calm = torch.tensor(averages[1000:]).std().item()
print(f"spread of the weight {weight[1000:].std():.2f}, of its average {calm:.2f}")
plot_curves(
    range(200, 600),
    {"the weight": weight[200:600].tolist(), "its average": averages[200:600]},
    xlabel="iteration",
    ylabel="value",
    alt="The weight jumps up and down around 1, its average is a calm line near 1.",
)

# %% [markdown]
# ## The library's trainer
#
# `Trainer` is your loop, grown up: the same four lines, and saving, and the choice of
# precision. Here is one iteration of it, the real code.

# %%
from course_lib.figures.source import show_source
from course_lib.training.trainer import Settings, Trainer, train

show_source(Trainer.one_iteration)

# %% [markdown]
# It gets a network, a loss, and a function that makes batches. It knows nothing of
# noise or pictures. First we see that its loss is the one that you wrote:

# %%
from course_lib.diffusion.objective import make_denoising_loss

library_loss = make_denoising_loss(line, target="v")
no_label = {name: fixed[name] for name in ("x_0", "eps", "t")}
with torch.no_grad():
    mine = my_velocity_loss(model, fixed["x_0"], fixed["eps"], fixed["t"], line.T)
    theirs = library_loss(model, no_label)
print("the same loss:", torch.allclose(mine, theirs, atol=1e-5))

# %% [markdown]
# ## Your own network gets better while you watch
#
# With labels, and with a picture of the state of affairs several times on the way. On a
# laptop this takes some minutes; the doctor in notebook 00 says how many on yours.
# Nothing is right before some hundred iterations: first come the scenes, then coloured
# lumps, then ears. `muon=True` is a better step than AdamW's, the one that the shipped
# painters take; lesson 05 says what it does. Try it without.

# %% tags=["nbval-ignore-output"]
from course_lib.training.recipes import denoiser_trainer

recipe = dict(widths=(48, 96), blocks=1, batch_size=32)
iterations = scaled(smoke=20, laptop=2400, gpu=8000)
settings = Settings(iterations, warmup=10, muon=True)
trainer = denoiser_trainer(pictures, settings, **recipe)
progress_pictures = {}


def watch(model, iteration):
    """Draw the same eight noises with the network as it is now."""
    mine = LabelToImage(model, trainer.card)
    progress_pictures[f"{iteration} iterations"] = mine(animals, steps=8, seed=3)


my_model = train(trainer, on_sample=watch, sample_every=iterations // 4)
early, late = trainer.losses[:10], trainer.losses[-10:]
print(f"loss: first 10 {sum(early) / 10:.2f}, last 10 {sum(late) / 10:.2f}")
assert sum(late) < sum(early)

# %%
from course_lib.device import profile
from course_lib.figures.widgets import frame_slider
from course_lib.pixels import to_grid

if profile() == "smoke":  # a training of seconds draws fog: show the shipped series
    progress_pictures = series
frame_slider(
    [to_grid(x, columns=4) for x in progress_pictures.values()],
    labels=list(progress_pictures),
    alt="What a network draws from the same eight noises as it trains.",
    zoom=3,
)
show_rows(
    progress_pictures, titles=animals, alt="The same as rows: progress downwards."
)

# %% [markdown]
# These are the pictures of your own network. Only in the book, where the training ran
# for seconds, they are the shipped series from the top of this page: *this* training,
# carried on for longer, with a larger network. From here on we use that one, and nobody
# has to wait.
#
# ## Close the lid, carry on
#
# What must be kept, so that a training can go on as if nothing had happened? We train
# one network for 12 iterations in one go. A second one we stop after 5, throw away, and
# take up again from its folder.

# %%
import tempfile
from pathlib import Path

small = dict(widths=(16, 32), blocks=1, batch_size=4)
settings = Settings(iterations=12, precision="float32")
in_one_go = denoiser_trainer(pictures, settings, **small)
for _ in in_one_go.run():
    pass

folder = Path(tempfile.mkdtemp())
stopped = denoiser_trainer(pictures, settings, folder, **small)
for progress in stopped.run():
    if progress.iteration == 5:
        break  # the lid closes; what was done is saved
stopped.close()
del stopped

carried_on = denoiser_trainer(pictures, settings, folder, resume=True, **small)
print("found a training that is", carried_on.iteration, "iterations old")
for _ in carried_on.run():
    pass
carried_on.close()
same = [torch.equal(x, carried_on.ema[name]) for name, x in in_one_go.ema.items()]
print("the same weights, bit for bit:", all(same))
assert all(same)

# %% [markdown]
# What does the file hold? Not only the weights.

# %%
from collections import Counter

from course_lib.checkpoint import load_checkpoint

tensors, card = load_checkpoint(folder / "state.safetensors")
numbers = Counter()
for name, tensor in tensors.items():
    kind = (
        ".".join(name.split(".")[:2]) if name.startswith("opt") else name.split(".")[0]
    )
    numbers[kind] += tensor.numel()
for kind, count in sorted(numbers.items()):
    print(f"{kind:22} {count:7,} numbers")
print("and on the card:", ", ".join(sorted(card)[:6]), "…")

# %% [markdown]
# The weights (`model`), their average (`ema`), and two memories of the optimiser for
# each weight: where it has been pulled lately, and how hard. Without those two the next
# step would be another one. There is no random state in it: batch number 6 depends on
# the number 6 and the seed alone, so it can always be made again.
#
# ## How good is it?
#
# Two questions, two numbers. *Is it what I asked for?* A **reader**, a network that was
# trained to name what is in a picture and for nothing else, looks at each and answers.
# *Do the pictures as a whole look like real ones?* The **Fréchet distance** compares
# the cloud of made pictures with the cloud of real ones, as the reader sees them.
#
# But beware: two sets of *real* pictures are not at distance zero either. The fewer
# pictures, the larger that **floor**.

# %%
from course_lib.judging.metrics import features_of, frechet_distance
from course_lib.networks.judge import load_judge

reader = load_judge("reader-32")
test = load_critters("test", kind="one")
real = features_of(reader, test[torch.arange(2000)][0])  # (2000, D)
floors = {}
for n in [125, 250, 500, 1000]:
    floors[n] = frechet_distance(real[:n], real[n : 2 * n])
falling = list(floors.values()) == sorted(floors.values(), reverse=True)
print("the more pictures, the lower the floor:", falling)
plot_curves(
    list(floors),
    {"real against real": list(floors.values())},
    xlabel="pictures in each set",
    ylabel="Fréchet distance",
    alt="The distance between two sets of real pictures falls as the sets grow.",
)

# %% [markdown]
# So a distance without its floor and its number of pictures says nothing. Now the three
# networks of the series, 96 pictures each, against the floor of 96 real ones.

# %% tags=["nbval-ignore-output"]
labels = [animals[i % 8] for i in range(96)]
asked = torch.tensor([pictures.label(name) for name in labels])
floor = frechet_distance(real[:1000], real[1000:1096])
print(f"floor with 96 pictures: {floor:.1f}")
found, distances = [], []
for name in ["critters-early", "critters-middle", "critters"]:
    draw = LabelToImage.from_pretrained(name)
    made = draw(labels, steps=8, guidance_scale=1, seed=0)
    right = (reader.read(made)["subject"] == asked).float().mean().item()
    distance = frechet_distance(real[:1000], features_of(reader, made))
    print(f"{name:16} asked animal found: {right:4.0%}, distance {distance:5.1f}")
    found.append(right)
    distances.append(distance)

# %%
print("more animals found each time:", found[0] < found[1] < found[2])
print("closer to real pictures each time:", distances[0] > distances[1] > distances[2])

# %% [markdown]
# ## The same recipe on photos
#
# Nothing in the recipe knows of critters. So let it learn from CIFAR-10, 50,000 small
# photos of ten kinds of things. Where they are neither here nor within reach, a line
# says so and critters take their place.

# %% tags=["nbval-ignore-output"]
from course_lib.world.datasets import load_cifar10_or_critters

photos = load_cifar10_or_critters("train")
iterations = scaled(smoke=12, laptop=200, gpu=2000)
settings = Settings(iterations, warmup=10, muon=True, precision=trainer.precision)
learner = denoiser_trainer(photos, settings, **recipe)
train(learner)
early, late = learner.losses[:5], learner.losses[-5:]
print(f"{photos.name}: first 5 {sum(early) / 5:.2f}, last 5 {sum(late) / 5:.2f}")
assert sum(late) < sum(early)

# %% [markdown]
# The loss falls, but so short a training draws nothing yet. The shipped network
# `cifar10` saw the same photos for longer. Photos are far more varied than our drawn
# animals, and a laptop's training is short, so do not expect wonders: look for the
# *kind* of scene, the colours, the shape.

# %%
draw_photos = LabelToImage.from_pretrained("cifar10")
kinds = draw_photos.labels[1:]
made = draw_photos(kinds, steps=12, guidance_scale=2, seed=1)
card = draw_photos.card
print(card["data"], "after", card["iteration"], "iterations")
show_pictures(made, titles=kinds, columns=5, alt="Ten pictures made after photos.")

# %% [markdown]
# ## Three questions
#
# 1. The loss of the best possible network is not zero. Why not?
# 2. You stop a training and carry on, but the file kept only the weights. What differs?
# 3. A paper reports "distance 5.2" and nothing else. What do you ask its authors?
#
# <details><summary>Answers</summary>
#
# 1. Many clean pictures fit one noisy picture. The best answer is their mean, and it is
#    off from the one that was really there. Only the part that can be known can be
#    learned.
# 2. The optimiser has forgotten where it was pulled, so its first steps are others; and
#    the average starts anew. The training goes on, but not to the same weights.
# 3. Distance to which pictures, how many on each side, with which features, over how
#    many seeds, and what is the distance between two sets of real pictures under the
#    same conditions?
# </details>
