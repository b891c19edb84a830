# %% [markdown]
# # 16 · Few steps
#
# *About 60 minutes. You need notebooks 03 and 06.*
#
# At the end you can
#
# - say why a picture needs many calls of the network, and show the bends in its path,
# - write the loop that draws in one, two or four calls,
# - write what a network learns from so that it can: two halves make one whole,
# - say what few calls cost, in training and in variety.

# %% [markdown]
# ## See it
#
# Every picture of this course took 20 to 50 calls of the network. Suppose that you may
# have only four. Or one. Here are eight animals, each from the same noise in every row.
# The **reader** counts the animals that it recognises. The **Fréchet
# distance** (lesson 05) says how far all of them together are from real pictures.

# %%
import torch

from course_lib.diffusion.samplers import PictureNoise
from course_lib.figures.plots import show_rows
from course_lib.judging.metrics import features_of, frechet_distance
from course_lib.networks.judge import load_judge
from course_lib.painters.pipeline import LabelToImage
from course_lib.world.critters import ANIMALS
from course_lib.world.datasets import load_critters

draw = LabelToImage.from_pretrained("critters")
schedule, T = draw.schedule, draw.schedule.T  # the straight line, T = 1000
reader = load_judge("reader-32")
real = load_critters("test", kind="one")
of_each = [real[real.labels == real.label(animal)][0] for animal in ANIMALS]
animals = list(ANIMALS) * 3  # 24 pictures, three of each animal


def seen(pictures, labels):
    """In how many pictures the reader sees the animal that was asked for."""
    return (reader.read(pictures)["subject"] == draw.label_numbers(labels)).sum().item()


real_features = features_of(reader, torch.cat([some[:40] for some in of_each]))


def distance(pictures):
    """The Fréchet distance of all of these pictures from 320 real ones."""
    return round(frechet_distance(real_features, features_of(reader, pictures)))


# Without guidance a step is a single call.
how = dict(guidance_scale=1.0, sampler="ddim", seed=2)
made = {steps: draw(animals, steps=steps, **how) for steps in (1, 2, 4, 25)}
show_rows(
    {f"calls: {steps}": pictures[:8] for steps, pictures in made.items()},
    titles=list(ANIMALS),
    alt="Four rows of the same eight animals. With one call a grey ghost, with two a "
    "blurred animal, with four nearly a picture, with 25 a picture.",
)
for steps, pictures in made.items():
    print(
        f"{steps:2} calls: animal seen in {seen(pictures, animals):2} of 24, "
        f"distance {distance(pictures):,}"
    )
floor = distance(torch.cat([some[40:43] for some in of_each]))
print(f"other real pictures, 24 as well: distance {floor:,}")

# %% [markdown]
# One call gives a ghost. You know why (notebook 06): in pure noise all pictures are
# still possible, and the best guess is their mean. So we go a little way towards it and
# ask again, and again. (The reader is easily pleased: it sees animals in the blurred
# row, too. The distance is not.)
#
# But look at it this way: a sampler without fresh noise computes a picture *from its
# starting noise*. The same noise gives the same frog, every time. It takes many calls
# to get there, and yet there is one place where it ends. **Could a network not learn
# where?** (Large steps are crude, so four may end at another picture than 25: see the
# fish.)
#
# ## Paths that bend
#
# First in the plane, where we can see it: points on a hook, and the small network of
# notebook 03. It learns to predict the velocity `v` on the straight line. (`v` points
# from the data to the noise, so a sampler goes against it.)

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.diffusion.objective import draw_noise, make_denoising_loss
from course_lib.figures.watching import watch
from course_lib.networks.mlp import MLP, spiral

# Three quarters of a turn of the spiral of notebook 03: (2000, 2).
data = spiral(2000, torch.Generator().manual_seed(0), turns=0.75)


def train(model, loss_of, iterations, rate):
    """The usual loop; the learning rate rises at first and ends at 0."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=iterations)
    for iteration in range(1, iterations + 1):
        loss = loss_of(iteration)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        pace.step()
        yield iteration, loss.item()


torch.manual_seed(0)
plain = MLP()
denoising_loss = make_denoising_loss(schedule, "v")
chance = torch.Generator().manual_seed(1)


def loss_of_plain(iteration):
    x_0 = data[torch.randint(2000, (512,), generator=chance)]
    return denoising_loss(plain, {"x_0": x_0} | draw_noise(x_0, T, chance))


iterations = scaled(smoke=700, laptop=1500, gpu=1500)
for _ in watch(train(plain, loss_of_plain, iterations, 5e-3), total=iterations):
    pass

# %% [markdown]
# Now follow 14 points from noise to the hook, in 50 steps each.

# %% tags=["nbval-ignore-output"]
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import ddim
from course_lib.figures.figure import PALETTE, panels

x_T = torch.randn(600, 2, generator=torch.Generator().manual_seed(3))
path = list(ddim(predictor(plain, schedule, "v"), x_T[:14], schedule, steps=50))
line = torch.stack([step.x_t for step in path])  # (51, 14, 2)
first = path[0].x_0_hat  # where a single call would send them
most = (line[-1] - first).norm(dim=1).argmax()  # whom it would mislead most
alt = (
    "Fourteen curved paths from noise to the hook. Straight dashed lines from the same "
    "starts end in a small heap in the middle. A black line leads from a start to the "
    "end of its path."
)
with panels(alt, 1, 4.6, 4.6) as (axis,):
    axis.scatter(*data.T, s=2, color="#bbbbbb", linewidths=0)
    for i in range(14):
        axis.plot(*line[:, i].T, color=PALETTE[0], lw=1.5)
        ends = torch.stack([x_T[i], first[i]])
        axis.plot(*ends.T, "--", color=PALETTE[1], lw=1)
    axis.scatter(*line[0].T, s=25, color=PALETTE[0])  # here they begin
    axis.plot(*line[[0, -1], most].T, color="black", lw=2)
    axis.set_aspect("equal")

# %% [markdown]
# The blue paths **bend**. Each begins straight towards the middle, as long as every
# point of the hook is possible, and turns off when fewer are left. A single call
# knows only the first direction (dashed) and follows it to the end. All points land in
# a small heap.
#
# A call that knows *how far it must lead* could answer as the black line does: straight
# from a start to the end of its bent path.
#
# ## Your turn: draw in few calls
#
# So let the network be told two things: the step `t`, and the **jump**, how many steps
# its answer must lead down. A function `velocity(x_t, t, jump)` hides the network. Its
# answer leads from `t` to `t - jump` in one straight step:

# %%
from course_lib.diffusion.few_steps import jump_to
from course_lib.diffusion.samplers import choose_steps

print("four calls visit the steps", choose_steps(T, 4))
x_t, v_hat = torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, -1.0]])
t, t_next = torch.tensor([1000]), torch.tensor([750])
print("one jump, by the library:", jump_to(x_t, v_hat, t, t_next, schedule).tolist())
print("x_t - (t - t_next) / T * v_hat:", (x_t - 0.25 * v_hat).tolist())

# %% [markdown]
# `jump_to` is the DDIM step of notebook 06: from `v_hat` it works out the guess of the
# clean point and that of the noise, and mixes them as at `t_next`. On the straight line
# that is the short formula below it.
#
# Write the loop. Begin with `x_T`, go through the steps of `choose_steps(schedule.T,
# calls)`, and make one jump from each to the next. The network wants a tensor with one
# number per point, for `t` and for `jump`.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# It is the reverse loop of notebook 03 with less inside. Three things happen in a turn:
# say where you are and how far to go, ask, jump. What changes from one turn to the
# next? What should come back at the end?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `zip(steps[:-1], steps[1:])` gives each step with the next one. A tensor that repeats
# a number is made by `torch.full((3,), 750)`, for three points. `jump_to` wants the
# step at which the jump *ends* as its fourth argument, not its length.
#
# </details>


# %%
def my_in_calls(velocity, x_T, calls, schedule):
    """Noise (B, ...) to points or pictures, in so many calls of `velocity`."""
    ### BEGIN SOLUTION
    x_t, steps = x_T, choose_steps(schedule.T, calls)
    for now, following in zip(steps[:-1], steps[1:], strict=True):
        t = torch.full((len(x_t),), now)
        jump = torch.full((len(x_t),), now - following)
        v_hat = velocity(x_t, t, jump)
        x_t = jump_to(x_t, v_hat, t, t - jump, schedule)
    return x_t
    ### END SOLUTION


# %%
from course_lib.checks.nb16_few_steps import check_in_calls

in_calls = check_in_calls(my_in_calls)

# %% [markdown]
# Try your loop with the network that we have. It has never heard of jumps, so it
# answers with the velocity at `t`, however far it shall lead. Look at the panels, too:
# a heap on one single point of the hook would be 0.00 away from it.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import plot_points


@torch.no_grad()
def drawn(velocity, calls):
    return in_calls(velocity, x_T, calls, schedule)


def away(points):
    """The mean distance of points from the hook."""
    return torch.cdist(points, data).min(dim=1).values.mean().item()


def beside(points):
    """How far they are, on average, from where 50 calls take the same noise."""
    return (points - before[50]).norm(dim=1).mean().item()


def plain_velocity(x_t, t, jump):
    return plain(x_t, t)


before = {calls: drawn(plain_velocity, calls) for calls in (1, 2, 4, 50)}
plot_points(
    {f"{calls} call{'s' * (calls > 1)}": x for calls, x in before.items()},
    limit=1.2,
    alt="Four panels: with one call a small heap, with two a smear, with four a hook "
    "that is half filled, with 50 a hook.",
)
for calls, points in before.items():
    far = f"{away(points):.2f} away from the hook"
    print(f"{calls:2} calls: {far}, {beside(points):.2f} beside the end of 50 calls")

# %% [markdown]
# ## Two halves make a whole
#
# How shall the network learn where a long jump ends? We could walk 50 steps for every
# training point and show it the end. That works, but it is expensive. **Shortcut
# models** (Frans et al. 2024) found a trick: *a jump must end where two jumps of half
# the length end.* Look at one point:


# %%
def at(step, x):
    return plain_velocity(x, torch.tensor([step]), None).detach()


def place(x):
    return [round(number, 2) for number in x[0].tolist()]


one = x_T[5:6]
v_1 = at(1000, one)
middle = one - 0.5 * v_1  # half of a jump of 1000 steps
v_2 = at(500, middle)
both = (v_1 + v_2) / 2
print("one jump of 1000 ends at     ", place(one - v_1))
print("two jumps of 500 end at      ", place(middle - 0.5 * v_2))
print("one jump, by the mean of both", place(one - both))

# %% [markdown]
# Two jumps end elsewhere than one, since the path bends. And the **mean** of the two
# answers leads to their end at once. So that mean is what the network should have
# answered for the long jump. It can learn it like any target.
#
# And where do the answers for jumps of 500 come from? From jumps of 250, by the same
# rule, and those from jumps of 125. These learn from steps so short that the plain
# velocity will do. Each length teaches the next.
#
# ## Your turn: what a jump learns from
#
# Write the target for a batch of jumps. `t` and `jump` hold one number for each point,
# and `velocity` is the network itself, asked for a *shorter* jump than the one that
# shall learn.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Do for a batch what the last cell did for one point. Ask twice. Of the three things
# that the network is told (the point, its step, the jump), which two are different the
# second time, and which one stays?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Steps are whole numbers: `7 // 2` is 3, and it works on tensors. `jump_to` brings you
# to the middle; it wants the step where the first half ends, which is below `t`. What
# comes back is a velocity, like the network's own answers, and no point.
#
# </details>


# %%
def my_shortcut_target(velocity, x_t, t, jump, schedule):
    """The velocity that leads in one jump to where two halves of it end."""
    ### BEGIN SOLUTION
    half = jump // 2
    v_1 = velocity(x_t, t, half)
    x_middle = jump_to(x_t, v_1, t, t - half, schedule)
    v_2 = velocity(x_middle, t - half, half)
    return (v_1 + v_2) / 2
    ### END SOLUTION


# %%
from course_lib.checks.nb16_few_steps import check_shortcut_target

shortcut_target = check_shortcut_target(my_shortcut_target)

# %% [markdown]
# ## A second time input
#
# A network that can be told the jump needs one more input. We keep what `plain` has
# learned and add a layer for the jump. Its weights are **0**, so at first it changes
# nothing, whatever it is told:

# %%
quick = MLP(jumps=True)
print("new:", quick.load_state_dict(plain.state_dict(), strict=False).missing_keys)
t = torch.full((600,), 1000)
answers = [quick(x_T, t, jump=torch.full((600,), far)) for far in (0, 250, 1000)]
same = all(torch.equal(answer, answers[0]) for answer in answers)
print("told 0, 250 or 1000, it answers the same:", same)

# %% [markdown]
# Half of a batch learns the plain velocity, told a jump of 0, as before. The other half
# learns jumps, by your target. They begin only where drawing in 1, 2, 4 or 8 calls
# would begin one: so there is one of 1000 steps, from pure noise, two of 500, four of
# 250 and eight of 125. No gradient flows through the target. The long jump shall follow
# the short ones, and never the reverse.

# %%
from course_lib.figures.prediction import prediction

guess_beside = prediction(
    "One call ended about 0.48 beside the place where 50 calls take the same noise. "
    "How far beside it will one call end after training?",
    (0.0, 0.6, 0.02),
)

# %% tags=["nbval-ignore-output"]
import torch.nn.functional as F

from course_lib.diffusion.few_steps import CALLS, draw_jumps, told
from course_lib.diffusion.schedule import add_noise

SHORTEST = T // max(CALLS)  # 125; `told` makes 0 of less, so of its halves, 62 long


def quick_velocity(x_t, t, jump):
    return quick(x_t, t, jump=told(jump, SHORTEST))


def loss_of_quick(iteration):
    x_0 = data[torch.randint(2000, (512,), generator=chance)]
    t, jump = draw_jumps(512, T, CALLS, chance)
    # The first half of the batch: no jump, and any t.
    t[:256], jump[:256] = torch.randint(1, T + 1, (256,), generator=chance), 0
    eps = torch.randn(x_0.shape, generator=chance)
    x_t = add_noise(x_0, t, eps, schedule)
    with torch.no_grad():
        target = plain(x_t, t)
        far = slice(256, None)
        how = (x_t[far], t[far], jump[far], schedule)
        target[far] = shortcut_target(quick_velocity, *how)
    return F.mse_loss(quick(x_t, t, jump=jump), target)


iterations = scaled(smoke=700, laptop=1500, gpu=1500)
for _ in watch(train(quick, loss_of_quick, iterations, 5e-3), total=iterations):
    pass
after = {calls: drawn(quick_velocity, calls) for calls in (1, 2, 4)}
plot_points(
    {"1 call before": before[1], "50 before": before[50]}
    | {"1 call now": after[1], "2 calls now": after[2]},
    limit=1.2,
    alt="Before: a heap with one call, a hook with 50. Now: nearly a hook with one "
    "call, and with two.",
)
for calls, points in after.items():
    far = f"{away(points):.2f} away from the hook"
    print(f"{calls} calls: {far}, {beside(points):.2f} beside the end of 50 calls")
guess_beside.compare(round(beside(after[1]), 2))
assert away(after[1]) < 0.5 * away(before[1])
assert beside(after[1]) < 0.5 * beside(before[1])

# %% [markdown]
# Nearly a hook in **one call**, and nobody has ever shown the network where a long path
# ends. The noise still decides which point comes out: the one that 50 calls lead to,
# or its neighbour. All depends on the length that it is told. Try it with 0:
# `away(drawn(lambda x, t, jump: quick_velocity(x, t, 0 * jump), 1))`.
#
# What happened to "the best guess from pure noise is a mean"? It still holds for the
# old question, *which clean point was this?* The network now answers another one:
# *where does the path from here end?* That has one answer for each noise, and no mean.
#
# ## Critters
#
# The same with pictures. The teacher is the painter from above, frozen; the student
# begins as its copy, with the second time input at 0. There is one more thing to gain:
# guidance asks the network twice at each step (notebook 10). So the plain half of the
# batch learns the **guided** answer, and then one call is enough for that, too.
# (`teacher.target` asks the teacher twice, for labels and for `nothing`, so that the
# student need not.)

# %% tags=["nbval-ignore-output"]
from course_lib.training.distil import noised, student_of, teacher_at

teacher = teacher_at("critters")
student = student_of(teacher, jumps=True, seed=0)
get_batch = noised(teacher, batch_size=32, seed=0, plain=0.5)


def loss_of_student(iteration):
    batch = get_batch(iteration)
    t, jump = batch["t"], batch["jump"]
    x_t = add_noise(batch["x_0"], t, batch["eps"], schedule)
    cond, nothing = teacher.conditions(batch["cond"])
    far = slice(16, None)  # the second half of the 32 jumps

    def velocity(x, t, jump):
        return student(x, t, cond[far], jump=told(jump, SHORTEST))

    with torch.no_grad():
        target = teacher.target(x_t[:16], t[:16], cond[:16], nothing[:16])
        how = (x_t[far], t[far], jump[far], schedule)
        target = torch.cat([target, shortcut_target(velocity, *how)])
    return F.mse_loss(student(x_t, t, cond, jump=jump), target)


iterations = scaled(smoke=48, laptop=150, gpu=700)
for _ in watch(train(student, loss_of_student, iterations, 4e-4), total=iterations):
    pass

# %%
guess_two = prediction(
    "With two calls the distance was about 1,570. And now? (Real pictures: 1,130)",
    (1000, 2000, 50),
)

# %% tags=["nbval-ignore-output"]
student.eval()
noise = PictureNoise(seed=2, indices=range(24))((3, 32, 32))  # as above


@torch.no_grad()
def picture(labels, noise, calls):
    """Your loop, with the student."""
    cond = draw.label_numbers(labels)

    def velocity(x, t, jump):
        return student(x, t, cond, jump=told(jump, SHORTEST))

    return in_calls(velocity, noise, calls, schedule).clamp(-1, 1)


now = {calls: picture(animals, noise, calls) for calls in (1, 2, 4)}
# What the student learns from: the guided teacher, 16 steps of two calls each.
path = draw(animals, steps=16, sampler="ddim", seed=2)
show_rows(
    {"1 call before": made[1][:8], "2 before": made[2][:8]}
    | {f"{calls} now": pictures[:8] for calls, pictures in now.items()}
    | {"32, guided": path[:8]},
    titles=list(ANIMALS),
    alt="Eight animals. Before: ghosts with one call, blurred with two. Now: with one "
    "call ghosts with a shape, with two and four animals in a scene. The last row, of "
    "32 guided calls, shows in part the same.",
)
print("calls   animals seen: before, now   distance: before, now")
for calls, pictures in now.items():
    animal = f"{seen(made[calls], animals):21} {seen(pictures, animals):4}"
    print(f"{calls:5} {animal} {distance(made[calls]):18} {distance(pictures):5}")
guess_two.compare(distance(now[2]))
assert seen(now[2], animals) >= seen(made[2], animals) - 2
assert distance(now[1]) < distance(made[1])

# %% [markdown]
# Two or three minutes of training, and much of the blur of two calls is gone. (The
# reader saw nearly all those animals before.) One call still shows ghosts: a picture
# has more bends than a hook, and the longest jump learns last, when all shorter ones
# are right. After ten minutes the reader knows two of three; with four and eight calls
# the distance does not fall. The lesson has the numbers. The last row is the path that
# the student learned from. Its jumps are not quite right, so some end at another
# picture.
#
# ## What is lost?
#
# Nothing is free. The reader asks only whether the animal is there. A painter that
# always drew the *same* good frog would pass. So measure how different its frogs are:
# the distance from each one to the most similar other one, in the reader's eyes, and
# the **entropy** of what was left open, in bits: that of colour, scene, size and
# accessory, added up. (Two colours half and half are one bit, four are two. As few as
# 24 frogs show less than there is.)

# %%
guess_near = prediction(
    "Frogs by one call, compared with real frogs: how far is the most similar other "
    "one? (real: 100 %)",
    (0, 150, 10),
)

# %% tags=["nbval-ignore-output"]
from course_lib.judging.variety import entropy, nearest_other

frogs = real[real.labels == real.label("frog")][0][:24]  # (24, 3, 32, 32)
asked = ["frog"] * 24
frog_noise = PictureNoise(seed=5, indices=range(24))((3, 32, 32))
guided = draw(asked, steps=16, sampler="ddim", seed=5)
sets = {"real": frogs, "32, guided": guided}
sets |= {f"calls: {n}": picture(asked, frog_noise, n) for n in (4, 2, 1)}
show_rows(
    {name: pictures[:8] for name, pictures in sets.items()},
    alt="Frogs: real ones, those of many steps, and those of four, two and one calls.",
)
group, near = torch.zeros(24, dtype=torch.int64), {}
for name, pictures in sets.items():
    near[name] = nearest_other(features_of(reader, pictures), group).mean().item()
    share, bits = near[name] / near["real"], entropy(reader.read(pictures))
    print(f"{name:>15}: nearest {100 * share:3.0f} %, {bits:.1f} bits")
guess_near.compare(100 * near["calls: 1"] / near["real"])

# %% [markdown]
# The frogs of a single call are the most alike: a ghost is half a mean, and means are
# alike. With two and four calls 24 frogs show little loss; the lesson's 512 pictures
# show it, after more training.
#
# ## Play
#
# With one or two calls there is a picture **while you type**. Type an animal, letter by
# letter: it draws those that fit, and if none does, whatever it likes. (Keys may come
# faster than pictures. Then the newest text is drawn and the others are forgotten.)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.as_you_type import as_you_type
from course_lib.figures.widgets import frame_slider


def drawn_for(text, calls=2):
    """Four pictures of the animals that begin with these letters."""
    word = text.strip().lower().removesuffix("s")
    fitting = [animal for animal in ANIMALS if word and animal.startswith(word)]
    labels = (fitting or ["nothing"]) * 4
    return picture(labels[:4], frog_noise[:4], calls)


as_you_type(drawn_for, start="frog")
frame_slider(
    torch.cat([picture(["frog"], frog_noise[7:8], calls) for calls in (1, 2, 4, 8)]),
    ["1 call", "2 calls", "4 calls", "8 calls"],
    alt="A frog drawn by the student in more and more calls",
)

# %% [markdown]
# ## Three questions
#
# 1. You draw with three calls. The network was trained for one, two, four and eight.
#    What is new to it, and what would you expect? Then run
#    `away(drawn(quick_velocity, 3))`, and 1 and 4 for comparison.
#
# <details><summary>Answer</summary>
#
# Two things: the length, 333 steps, and the place 667, from which it has never learned
# to jump. On the hook three calls are worse than one (about 0.07 away; one: 0.02 or
# 0.03). Something between two known answers need not be right. On critters you may not
# see it: the reader is easily pleased.
#
# </details>
#
# 2. Why does no gradient flow through the target?
#
# <details><summary>Answer</summary>
#
# The loss is small if the long jump and the two short ones agree. There are two ways to
# agree: the long one follows the short ones, or the short ones bend towards the long
# one. The second would spoil what is right already. In the extreme, all jumps could
# agree on nonsense.
#
# </details>
#
# 3. Could you train a shortcut model with fresh noise at each step, as DDPM has it?
#
# <details><summary>Answer</summary>
#
# Not like this. With fresh noise the same start ends in many places, so "where does the
# path end?" has no single answer, and the best guess would be a mean again. Few steps
# need a path that is decided by its beginning.
#
# </details>
