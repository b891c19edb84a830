# %% [markdown]
# # 5 · Training a picture maker
#
# *75 minutes, and one training that runs for some minutes meanwhile. Before this:
# notebooks 02 to 04.*
#
# By the end you can
#
# - write the whole training of a picture maker and say what every line is for,
# - say why a network that guesses the noise may drift, and what the velocity changes,
# - stop a training, close the lid, carry on, and say what a file must hold for that,
# - say how good a picture maker is, in numbers, and how far to trust them.

# %% [markdown]
# ## See it
#
# One network, seen three times during its training: early, half way, and at the end.
# Each column starts from **the same noise** and asks for the same animal.

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
# *here is a noisy picture; what is under the noise?* This notebook is about asking that
# question well, many thousands of times.
#
# ## The pictures
#
# There are 50,000 critters with one animal each. The **label** is a number that says
# which animal; 0 means "I am not telling". In the network each label has a list of
# numbers, which is learned, and joins those of the clock (notebook 04). The code calls
# what it is told `cond`, for condition. In training a tenth of the labels are replaced
# by 0, so the network learns to draw without being told, too. That is of use when it
# draws: it can compare its two answers and go further towards the label. How far is
# `guidance_scale`; at 1 it is the plain answer (notebook 06 tells more).

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
# In notebook 03 the network predicted the noise, `eps`, as that of Ho, Jain and Abbeel
# (DDPM, 2020) does. For a spiral that was fine. For pictures there is a catch. From the
# guessed noise we compute the picture:
#
# $$\hat x_0 = \frac{x_t - b_t \hat\epsilon}{a_t}$$
#
# Near the noisy end $a_t$ is tiny, so a small mistake in the noise becomes a large one
# in the picture. How large? (Here the schedule is the **cosine** of notebook 02, whose
# last steps are less extreme than those of notebook 03.)

# %%
from course_lib.figures.prediction import prediction

off_guess = prediction(
    "The guessed noise is 0.02 too large everywhere. By how much is the picture that "
    "we compute from it off at t = 980 on the cosine schedule? (Pictures go from -1 "
    "to 1.)",
    (0.0, 1.0, 0.02),
)

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
off_guess.compare(round(off, 2))
show_rows(rows, alt="The larger t is, the darker the pictures guessed from the noise.")

# %% [markdown]
# At t = 980 every number of the guessed picture is 0.64 too low, because of a mistake
# that you could not see in the noise. And the next step starts from this wrong
# brightness.
#
# This cell is arithmetic: it shows what a mistake *would* do. Only a measurement can
# say whether it happens. [The lesson](../lessons/05_training.md) has one, with one
# thing changed at a time. After a short training with eps as the *target*, the thing
# that the network predicts, the brightness of the pictures was off by more than twice
# as much as with the velocity. This is the **drift** of short trainings: pictures slide
# into glaring or gloomy colours. The very best network would not do it. Ours is never
# the very best.
#
# ## The velocity
#
# Take the **straight line** of notebook 02, $x_t = (1-u) x_0 + u \epsilon$. As u grows
# from 0 to 1, the picture moves from $x_0$ to $\epsilon$, always at the same pace. Its
# **velocity** says how fast and which way:
#
# $$v = \epsilon - x_0.$$
#
# If the network predicts v, the picture is $\hat x_0 = x_t - u \hat v$. There is no
# division.
#
# <details><summary>And on other schedules, such as that of notebook 03?</summary>
#
# There the velocity is $v = \dot a_t x_0 + \dot b_t \epsilon$. The dots mean how fast
# the factors $a_t$ and $b_t$ change. On DDPM's schedules the two are the cosine and the
# sine of an angle, and if the angle is the clock, the velocity is
# $v = a_t \epsilon - b_t x_0$, which you met in notebook 03 (Salimans and Ho, 2022).
#
# </details>
#
# Here is the same small mistake, at the same steps. Is 0.02 a fair mistake for v, too?
# Yes: noise and velocity are numbers of about the same size (the last line printed). Is
# it the target that matters, or the schedule? We try both targets on both schedules.

# %%
from course_lib.diffusion.objective import make_target, read_output
from course_lib.diffusion.schedule import add_noise

rows = {"the picture": x_0}
for name, one_schedule in {"cosine": cosine, "straight line": line}.items():
    for target in ["eps", "v"]:
        offs = []
        for step in [500, 900, 980]:
            t = torch.full((8,), step)
            x_t = add_noise(x_0, t, eps, one_schedule)
            said = make_target(target, x_0, eps, t, one_schedule) + 0.02
            x_0_hat, _ = read_output(said, x_t, t, one_schedule, target)
            offs.append(f"{(x_0 - x_0_hat).mean().item():.2f} at t = {step}")
        rows[f"{target}, {name}, t = {step}"] = x_0_hat
        print(f"{name}, {target}: too dark by", ", ".join(offs))
v = make_target("v", x_0, eps, t, line)
print(f"spread of the noise {eps.std():.2f}, of the velocity {v.std():.2f}")
show_rows(
    rows,
    alt="From the noise, the pictures at t = 980 come out far too dark on "
    "both schedules; from the velocity they look right on both.",
)

# %% [markdown]
# It is the target: with v the mistake stays small on both schedules, with eps it grows
# on both. From here on we use v on the straight line.
#
# ## Your turn: the loss with a velocity
#
# **Exercise.** Mix in the noise on the straight line, let the network guess the
# velocity, and return the mean squared error of its guess. `u` is `t / T`, already
# shaped to multiply pictures.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Two formulas of the section "The velocity" are all that is new: how the noisy picture
# is mixed, and what the velocity is. The rest is your loss of notebook 03 with another
# target.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `u` is the share of the noise; what is left of 1 is the share of the picture. The
# network is asked with `t`, not with `u`. `.square()` and `.mean()` turn errors into a
# loss.
#
# </details>

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


velocity_loss = check_velocity_loss(my_velocity_loss)

# %% [markdown]
# ## The whole training, in one plain loop
#
# We take a small U-Net, batches of 32, and your loss. The labels stay out of it here:
# the network learns to draw *some* animal. Four things are new. The learning
# rate **warms up**, so that the first steps do not throw the network far off. The
# gradient is **clipped** (shortened if it is too long), so that one strange batch does
# little harm. **AdamW** takes the steps: it is Adam from notebook 03, which gives each
# weight a step length of its own, and also shrinks all weights a little at each step
# (*weight decay*). And we look at the loss on a **fixed** batch, with fixed t and eps,
# because the loss of random batches jumps up and down with the luck of the draw.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.diffusion.objective import with_noise
from course_lib.figures.watching import watch
from course_lib.networks.unet import UNet
from course_lib.world.datasets import batches

torch.manual_seed(0)
model = UNet(widths=(32, 64), blocks=1)
get_batch = with_noise(batches(pictures, batch_size=32), line, seed=0)
fixed = get_batch(10**6)  # a batch that the loop below never reaches


def loss_on(batch):
    return velocity_loss(model, batch["x_0"], batch["eps"], batch["t"], line.T)


def training(network, loss_of, iterations, rate=2e-3, warmup=50):
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    for iteration in range(iterations):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (iteration + 1) / warmup)  # warm up
        loss = loss_of(iteration)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), max_norm=1.0)  # clip
        optimizer.step()
        optimizer.zero_grad()
        yield iteration + 1, loss.item()


def fixed_losses(iterations):
    """Train, and give the loss on the fixed batch in place of the random ones."""
    for step, _ in training(model, lambda i: loss_on(get_batch(i)), iterations):
        with torch.no_grad():
            loss_now = loss_on(fixed).item()
        yield step, loss_now  # `watch` gets these


total = scaled(smoke=60, laptop=300, gpu=1000)
steps = watch(fixed_losses(total), total, name="loss, fixed batch")
known = [loss for _, loss in steps]
if len(known) == total:  # nobody has stopped it
    first, last = sum(known[:20]) / 20, sum(known[-20:]) / 20
    print(f"loss on the fixed batch: first 20 {first:.2f}, last 20 {last:.2f}")
    assert last < first

# %% [markdown]
# ## Your turn: an average over time
#
# Each batch pushes the weights a different way, and they never stand still. So beside
# the weights one can keep their **average over time**. It takes one line: at each
# iteration keep most of the average, and mix in a little of the current weights. This
# is the *exponential moving average*, EMA.
#
# **Exercise.** Return the new average. `kept` is how much of the old one stays, for
# example 0.95. A network has many tensors of weights, of many shapes; your function
# gets one of them at a time.
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# You met this in notebook 02: keep one share, and fill what is missing with something
# fresh. Together the two shares are 1. (Roots belong to noise; here is none.)
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# If `kept` is 0.95, how much of the weights comes in? Multiply each of the two tensors
# by its share, and add. The shape does not matter.
#
# </details>

# %%
from course_lib.checks.nb05_training import check_update_average


def my_update_average(average, weights, kept):
    """Keep the share `kept` of the average; the rest comes from the weights."""
    ### BEGIN SOLUTION
    return kept * average + (1 - kept) * weights
    ### END SOLUTION


update_average = check_update_average(my_update_average)

# %% [markdown]
# Does it help? We take the shipped model and train it for a short while longer, with a
# learning rate that stays high, as in the middle of a training. That spoils the model
# on purpose: expect the loss to *rise*. `update_average` runs along. Then both draw
# from the same noises: the weights as the last batch has left them, and their average.

# %%
from course_lib.figures.prediction import prediction

average_guess = prediction(
    "The reader, a network that names animals, looks at 64 pictures drawn with each. "
    "Where will it find the animal that was asked for more often?",
    ["the weights", "their average", "no difference"],
)

# %% tags=["nbval-ignore-output"]
import copy

from course_lib.checkpoint import fill
from course_lib.diffusion.objective import with_noise
from course_lib.figures.watching import watch
from course_lib.networks.judge import load_judge
from course_lib.world.datasets import batches

# You need not read this cell. It is the loop above once more, now with labels, and one
# line is yours: `update_average`. Then two networks draw, and the reader counts.
reader = load_judge("reader-32")
labels = [animals[i % 8] for i in range(64)]
asked = torch.tensor([pictures.label(name) for name in labels])
shipped = LabelToImage.from_pretrained("critters")
restless = shipped.model.train().requires_grad_(True)
more = with_noise(batches(pictures, batch_size=12), line, seed=1)
# It starts at 0, so that nothing of the shipped model is in it.
average = {name: 0 * weights for name, weights in restless.state_dict().items()}


def loss_with_labels(iteration):
    batch = more(iteration)

    def told(x_t, t):
        return restless(x_t, t, batch["cond"])

    return velocity_loss(told, batch["x_0"], batch["eps"], batch["t"], line.T)


def going_on(iterations):
    """Train on, and keep the average of each tensor of weights."""
    for step in training(restless, loss_with_labels, iterations, rate=3e-3, warmup=10):
        for name, weights in restless.state_dict().items():
            average[name] = update_average(average[name], weights, kept=0.95)
        yield step


done = max(1, len(list(watch(going_on(25), total=25))))
# From 0 the shares of all weights so far add up to this, and not to 1 yet.
share = 1 - 0.95**done
whole = {name: tensor / share for name, tensor in average.items()}
calm = fill(copy.deepcopy(restless), whole)
rows, found = {}, {}
for name, network in {"the weights": restless, "their average": calm}.items():
    made = LabelToImage(network.eval(), shipped.card)(
        labels, steps=6, guidance_scale=1, seed=0
    )
    rows[name], right = made[:8], (reader.read(made)["subject"] == asked).sum().item()
    found[name] = right
    print(f"{name}: the animal asked for in {right} of {len(labels)}, one seed")
best = max(found, key=found.get)
average_guess.compare(best if len(set(found.values())) > 1 else "no difference")
show_rows(
    rows,
    titles=animals,
    alt="The same eight animals, drawn by the last weights and by their average.",
)

# %% [markdown]
# Each of the last batches has pushed the weights its own way. In the average these
# little steps to all sides have largely cancelled. Averaging takes out the jitter and
# no more: both draw worse than the untouched model, which you measure below, and a
# network that cannot draw a frog yet does not learn it by being averaged. (More
# pictures and seeds are in [the lesson](../lessons/05_training.md).)
#
# ## The library's trainer
#
# `Trainer` is your loop, grown up. It also saves, keeps the average, and uses half as
# many bits for each number (a lower *precision*) where that makes this machine faster.
# Here is the real code of one iteration. Your lines are in it. Four names are new:
# `inference_mode(False)` makes sure that gradients are kept, `pace` lets Muon (below)
# walk at another rate, `accelerator` runs the same line on a CPU or a GPU, and
# `refuse_to_go_astray` stops when the loss explodes.

# %%
from course_lib.figures.source import show_source
from course_lib.training.trainer import Trainer

show_source(Trainer.one_iteration)

# %% [markdown]
# The trainer gets a network, a loss, and a function that makes batches. It knows
# nothing about noise or pictures. Is the library's loss the one that you wrote? We
# compute both on one batch, with a network that has learned something.

# %%
from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.world.datasets import batches

library_loss = make_denoising_loss(line, target="v")
learned = LabelToImage.from_pretrained("critters-early").model
one = with_noise(batches(pictures, batch_size=8), line, seed=2)(0)
given = {name: one[name] for name in ("x_0", "eps", "t")}  # no label
with torch.no_grad():
    theirs = library_loss(learned, given)
    mine = velocity_loss(learned, one["x_0"], one["eps"], one["t"], line.T)
print(f"the library's loss on this batch: {theirs:.2f}")
if velocity_loss is my_velocity_loss:
    print("and yours is the same:", torch.allclose(mine, theirs, atol=1e-5))

# %% [markdown]
# ## Your own network gets better while you watch
#
# Now a training with labels, and with pictures on the way. After a few seconds the line
# under the cell says how long it takes on your machine. You may read on meanwhile, or
# stop it and keep what it has learned. Nothing looks right before some hundred
# iterations: first come the scenes, then coloured lumps, then ears. `muon=True` chooses
# Muon, which takes better steps here than AdamW; lesson 05 says how. (To compare, run
# the cell again with `muon=False`, and look at its last line: the loss of the last ten
# iterations.)

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.figures.plots import show_pictures
from course_lib.figures.watching import watch
from course_lib.training.recipes import denoiser_trainer
from course_lib.training.trainer import Settings

recipe = dict(widths=(48, 96), blocks=1, batch_size=32)
iterations = scaled(smoke=20, laptop=2400, gpu=8000)
settings = Settings(iterations, warmup=10, muon=True)
trainer = denoiser_trainer(pictures, settings, **recipe)
progress_pictures = {}


def draw_now():
    """Draw the same eight noises with the network as it is now."""
    painter = LabelToImage(trainer.averaged_model(), trainer.card)
    mine = painter(animals, steps=8, seed=3)
    progress_pictures[f"{trainer.iteration} iterations"] = mine
    show_pictures(mine, titles=animals, alt="What your network draws now.")


list(watch(trainer.run(), total=trainer.last, picture=draw_now))
my_painter = LabelToImage(trainer.averaged_model(), trainer.card)
if trainer.iteration == trainer.last:  # nobody has stopped it
    early, late = trainer.losses[:10], trainer.losses[-10:]
    print(f"loss: first 10 {sum(early) / 10:.2f}, last 10 {sum(late) / 10:.2f}")
    assert sum(late) < sum(early)

# %%
from course_lib.device import profile
from course_lib.figures.widgets import frame_slider
from course_lib.pixels import to_grid

# A training of seconds draws fog, and one that was stopped at once has drawn nothing:
# then the shipped series stands here.
short = profile() == "smoke" or len(progress_pictures) < 2
shown = series if short else progress_pictures
print("below:", "the shipped series" if short else "your own network")
frame_slider(
    [to_grid(x, columns=4) for x in shown.values()],
    labels=list(shown),
    alt="What a network draws from the same eight noises as it trains",
    zoom=3,
)
every = -(-len(shown) // 5)  # five rows at most
names = list(shown)[::every]
show_rows(
    {name: shown[name] for name in names},
    titles=animals,
    alt="The same pictures in rows, the latest at the bottom.",
)

# %% [markdown]
# The line above the pictures says whose they are. If your training ran for seconds
# only, or you stopped it early, they are the shipped series from the top of this page:
# a training like yours, carried on for longer, with a larger network. From here on we
# use the shipped network, so nobody has to wait.
#
# ## Close the lid, carry on
#
# What must we save so that a training can be taken up again? The file that holds it is
# a **checkpoint**. We train one network for 12 iterations in one go. A
# second one we stop after 5, throw away, and take up again from its folder.

# %%
from course_lib.figures.prediction import prediction

same_guess = prediction(
    "After 12 iterations, how will the weights of the two compare?",
    ["the same, bit for bit", "nearly the same", "clearly different"],
)

# %%
import tempfile
from collections import Counter
from pathlib import Path

from course_lib.checkpoint import load_checkpoint
from course_lib.training.recipes import denoiser_trainer
from course_lib.training.trainer import Settings

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
gaps = [(x - carried_on.ema[name]).abs().max() for name, x in in_one_go.ema.items()]
exactly, nearly, clearly = same_guess.answers
same_guess.compare(exactly if all(same) else nearly if max(gaps) < 1e-3 else clearly)

# What does the file hold?
tensors, card = load_checkpoint(folder / "state.safetensors")
numbers_in = Counter()
for name, tensor in tensors.items():
    parts = name.split(".")
    kind = ".".join(parts[:2]) if name.startswith("opt") else parts[0]
    numbers_in[kind] += tensor.numel()
for kind, count in sorted(numbers_in.items()):
    print(f"{kind:22} {count:7,} numbers")
print("and on the card:", ", ".join(sorted(card)[:6]), "…")

# %% [markdown]
# The weights (`model`), their average (`ema`), and two numbers for each weight that the
# optimiser remembers: where its gradient has pointed lately, and how large it has been.
# Without them the next step would be a different one. `optimizer.step` counts the steps
# of each of the 83 tensors of weights, and `losses` has a number for each iteration so
# far. The state of the random numbers
# is not in the file: batch number 6 depends only on the number 6 and the seed, so it
# can always be made again.
#
# ## How good is it?
#
# There are two questions, and a number for each. *Is it what I asked for?* The
# **reader**, a network that was trained to name what is in a picture and for nothing
# else, looks at each and answers. *Do the pictures as a whole look like real ones?*
# Inside the reader each picture becomes a list of numbers, its *features*: a point in
# space. All generated pictures make a cloud of points, all real ones another. The
# **Fréchet distance** says how far apart the middles of the two clouds are, and how
# differently they are spread out; for two equal clouds it is 0.
#
# But two sets of *real* pictures are not at distance zero either. That distance is the
# **floor**: the fewer the pictures, the higher it is.

# %%
from course_lib.figures.plots import plot_curves
from course_lib.judging.metrics import features_of, frechet_distance
from course_lib.networks.judge import load_judge
from course_lib.world.datasets import load_critters

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
# So a distance without its floor and its number of pictures says little. Now we measure
# the three networks of the series: 96 pictures of each against 1,000 real ones, and
# beside them the floor, 96 real ones against the same 1,000. (The scale of a distance
# depends on the reader's features: ours go into the hundreds, others give 5. Only
# compare distances made with the same features and the same n.)

# %% tags=["nbval-ignore-output"]
from course_lib.judging.metrics import features_of, frechet_distance

asked_for = [animals[i % 8] for i in range(96)]
numbers = torch.tensor([pictures.label(name) for name in asked_for])
floor = frechet_distance(real[:1000], real[1000:1096])
print(f"96 pictures against 1,000 real ones, one seed; floor: {floor:.1f}")
shares, distances = [], []
for name in ["critters-early", "critters-middle", "critters"]:
    draw = LabelToImage.from_pretrained(name)
    made = draw(asked_for, steps=8, guidance_scale=1, seed=0)
    right = (reader.read(made)["subject"] == numbers).float().mean().item()
    distance = frechet_distance(real[:1000], features_of(reader, made))
    print(f"{name:16} asked animal found: {right:4.0%}, distance {distance:5.1f}")
    shares.append(right)
    distances.append(distance)

print("more animals found each time:", shares[0] < shares[1] < shares[2])
print("closer to real pictures each time:", distances[0] > distances[1] > distances[2])

# %% [markdown]
# Both numbers say the same as your eyes: each network is better than the one before it.
# The distance of the last is about a quarter above the floor, so with 96 pictures
# little is left to see.
#
# ## The same recipe on photos
#
# Nothing in the recipe is special to critters. So let it learn from CIFAR-10's 50,000
# small training photos of ten kinds of things. If your computer cannot reach them, a
# line says so, and critters take their place.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.figures.watching import watch
from course_lib.training.recipes import denoiser_trainer
from course_lib.training.trainer import Settings
from course_lib.world.datasets import load_cifar10_or_critters

try:
    photos = load_cifar10_or_critters("train")
except KeyboardInterrupt:  # somebody does not want to wait for the photos
    photos = pictures
    print("Stopped while the photos were on their way: critters take their place.")
settings = Settings(scaled(smoke=12, laptop=200, gpu=2000), warmup=10, muon=True)
small_recipe = dict(widths=(48, 96), blocks=1, batch_size=32)
learner = denoiser_trainer(photos, settings, **small_recipe)
list(watch(learner.run(), total=learner.last))
if learner.iteration == learner.last:  # nobody has stopped it
    early, late = learner.losses[:5], learner.losses[-5:]
    print(f"{photos.name}: first 5 {sum(early) / 5:.2f}, last 5 {sum(late) / 5:.2f}")
    assert sum(late) < sum(early)

# %% [markdown]
# The loss falls, but a network cannot draw anything yet after so short a training. The
# shipped network `cifar10` was trained on CIFAR-10's photos for longer. Photos are far
# more varied than our drawn animals, and a laptop's training is short, so do not expect
# wonders: look for the *kind* of scene, the colours, the shape.

# %%
from course_lib.figures.plots import show_pictures

draw_photos = LabelToImage.from_pretrained("cifar10")
kinds = draw_photos.labels[1:]
made = draw_photos(kinds, steps=12, guidance_scale=2, seed=1)
card = draw_photos.card
print(card["data"], "after", card["iteration"], "iterations")
show_pictures(
    made, titles=kinds, columns=5, alt="Ten pictures by the CIFAR-10 network."
)

# %% [markdown]
# Without a change the recipe has learned something of photos: look for the colours and
# the kind of scene. To draw the things themselves as well as it draws critters, it
# needs far more training.
#
# ## Three questions
#
# 1. (From notebook 03.) The loss of the best possible network is not zero. Why not?
# 2. You stop a training and carry on, but the file kept only the weights. What differs?
# 3. A paper reports "distance 5.2" and nothing else. What do you ask its authors?
#
# <details><summary>Answers</summary>
#
# 1. Many clean pictures fit one noisy picture. The best answer is their mean, and that
#    differs from the one that was really there. A network can only learn the part that
#    can be known.
# 2. The optimiser has forgotten the earlier gradients, so its first steps are
#    different, and the average starts anew. The training goes on, but not to the same
#    weights.
# 3. Distance to which pictures, how many on each side, with which features, over how
#    many seeds, and what is the distance between two sets of real pictures under the
#    same conditions?
# </details>
