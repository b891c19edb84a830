# %% [markdown]
# # 07 · Editing
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/07_editing.ipynb)
#
# *About 45 minutes. You need notebook 06.*
#
# When you are through you can
#
# - change a picture as far as you like: image-to-image, and what "strength" is,
# - draw into a hole so that hardly a seam is left, and make a picture wider,
# - say why half way between two pictures is not half way between two noises.
#
# Nothing is trained here. The network is the one that reads prompts; how words get in
# is the matter of notebooks 08 to 10, here they are simply obeyed.

# %% [markdown]
# ## See it
#
# A picture from the album that the network has not learned from, and a wish. `strength`
# says how much may change: at 0 nothing, at 1 everything.

# %% tags=["nbval-ignore-output"]
import torch

from course_lib.diffusion.editing import image_to_image
from course_lib.figures.plots import show_pictures, show_rows
from course_lib.figures.widgets import live
from course_lib.painters.pipeline import TextToImage
from course_lib.world.critters import SCENES, SUBJECTS
from course_lib.world.datasets import load_critters

draw = TextToImage.from_pretrained("words")
album = load_critters("test", kind="one")
small = (album.factors["size"] == 1) & (album.factors["accessory"] == 0)
mine = album[small.nonzero()[:8, 0]][0]  # (8, 3, 32, 32), eight pictures to change


def change(which, prompt, strength, seed):
    """One picture, and what becomes of it."""
    picture = mine[which : which + 1]
    after = image_to_image(draw, picture, [prompt], strength, seed=seed)
    show_pictures(torch.cat([picture, after]), titles=["before", "after"], zoom=5,
                  alt=f"A picture, and the same changed into {prompt}.")  # fmt: skip


live(change, which=(0, 7, 1, 0), prompt="a red cat with a hat",
     strength=(0.0, 1.0, 0.1, 0.7), seed=(0, 50, 1, 0))  # fmt: skip

# %% [markdown]
# The same without sliders: one picture a column, more strength from row to row.

# %%
wish = "a red cat"
rows = {"0.0": mine}
for strength in (0.3, 0.5, 0.7, 0.8, 0.9, 1.0):
    rows[f"{strength}"] = image_to_image(draw, mine, [wish] * len(mine), strength)
show_rows(
    rows,
    alt="Eight pictures from the album, and below them the same with more and more "
    "strength: first nothing changes, at the end every one is a red cat.",
)
print("strength 0 leaves the picture alone:", torch.equal(rows["0.0"], mine))

# %% [markdown]
# ## Begin half way
#
# A sampler walks from t = T, pure noise, to t = 0. Nobody says that it must begin at
# the top. Take a picture, *add the noise of some step t*, and let the sampler begin
# there. What the noise has covered it must guess anew, and it guesses as asked. What
# still shows through it takes for the truth.

# %%
from course_lib.diffusion.samplers import PictureNoise
from course_lib.diffusion.schedule import add_noise

t = torch.tensor([0, 300, 500, 700, 800, 900, 1000])
eps = PictureNoise(seed=0, indices=[0])((3, 32, 32))  # (1, 3, 32, 32)
same, noise = mine[:1].expand(7, -1, -1, -1), eps.expand(7, -1, -1, -1)
covered = add_noise(same, t, noise, draw.schedule)
show_pictures(
    covered,
    titles=[f"t = {step}" for step in t],
    columns=7,
    alt="A picture under more and more noise: at 500 the colours still show, at 900 "
    "hardly anything does.",
)

# %% [markdown]
# **Your turn.** `strength` s is a share of the way: the walk begins at the step
# `round(s * schedule.T)`. Give back this step, and the picture with the noise of this
# step in it. (`add_noise(x_0, t, eps, schedule)` wants one `t` a picture:
# `torch.full((len(x_0),), start)`.)


# %%
def my_begin(x_0, strength, eps, schedule):
    """Where image-to-image begins: the step, and the noisy picture."""
    ### BEGIN SOLUTION
    start = round(strength * schedule.T)
    t = torch.full((len(x_0),), start)
    return start, add_noise(x_0, t, eps, schedule)
    ### END SOLUTION


# %%
from course_lib.checks.nb07_editing import check_begin
from course_lib.diffusion.samplers import dpm_solver, last_step

begin = check_begin(my_begin)
eps = PictureNoise(seed=0, indices=range(8))((3, 32, 32))
start, x_t = begin(mine, 0.7, eps, draw.schedule)
predict = draw.predict_for([wish] * 8)
steps = 14  # 0.7 of the 20 that the library would take for the whole way
by_hand = last_step(dpm_solver(predict, x_t, draw.schedule, steps=steps, start=start))
same = torch.allclose(by_hand.clamp(-1, 1), rows["0.7"], atol=1e-3)
print("begins at", start, "- the same as in the library:", same)

# %% [markdown]
# *How does image-to-image work, and what does "strength" do?* You have just written it.
# Now measure it. For every strength: does the reader see the red cat that was asked
# for, and how much of the old picture is left?

# %%
from course_lib.judging.fidelity import what_is_seen

for name, pictures in rows.items():
    right = sum(what_is_seen(pictures, [wish] * len(pictures))["right"])
    moved = (pictures - mine).square().mean().sqrt().item()
    print(f"strength {name}: {right} of 8 red cats, pixels moved by {moved:.1f}")

# %% [markdown]
# Which strength is best? Up to 0.8 you pay for obedience with likeness; beyond it,
# here, you only lose likeness. The scene is decided first, at high noise (notebook 06
# measured that), so it is what a middling strength keeps.
#
# ## Draw into a hole
#
# Now another wish: *this* part of the picture anew, *all else as it was*. That is
# called **inpainting**. The part is marked by a **mask**, True where something new is
# to be drawn.

# %%
turtles = album.factors["subject"] == SUBJECTS.index("turtle")
plain = turtles & small & (album.factors["ears"] == 0)
shelled = album[plain.nonzero()[:8, 0]][0]
mask = torch.zeros(32, 32, dtype=torch.bool)
mask[:, 16:] = True  # the right half
holes = shelled.masked_fill(mask, 0.0)
show_rows(
    {"the pictures": shelled, "the hole": holes},
    alt="Eight turtles, and the same with their right halves grey.",
)

# %% [markdown]
# The first idea: draw a whole new picture, and paste the old part over it. The second:
# paste it **at every step**, so that what is drawn can go by it. But at step t the
# drawn part is noisy, so what is put beside it must have *the same amount of noise*, or
# the network takes the noise of the one for structure of the other.
#
# **Your turn.** `x_next` is what the sampler drew for step `t_next`. Where the mask is
# True keep it; elsewhere put `x_0`, with the noise of step `t_next`, made from
# `eps_new`. (`torch.where(mask, one, other)` takes from `one` where the mask is True;
# the mask may be (H, W) or (B, 1, H, W).)


# %%
def my_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    """What was drawn, beside what is kept, both equally noisy."""
    ### BEGIN SOLUTION
    t = torch.full((len(x_0),), t_next)
    kept = add_noise(x_0, t, eps_new, schedule)
    return torch.where(mask, x_next, kept)
    ### END SOLUTION


# %%
from course_lib.checks.nb07_editing import check_put_back

put_back = check_put_back(my_put_back)

# %% [markdown]
# With it, a walk that keeps the left halves. Four ways, side by side: pasted at the
# end; kept at each step; kept, *with each step taken three times*; and kept, three
# times, *and pulled*.
#
# Why three times? What is drawn in a step cannot yet know what will be put beside it.
# So go back up by one step's noise, and take it again, now with both sides in view
# (RePaint, 2022).
#
# And why pulled? At the beginning, where it is decided what will be drawn, what was put
# back is nearly all noise, and the network hardly sees the half turtle in it. But *we*
# know it. So ask backwards, by a gradient: how must the noisy picture change, **in the
# hole too**, for the kept half to be guessed as it is? And move the guess that way
# (`pulled` in the library; ΠGDM, 2023).

# %%
from course_lib.diffusion.editing import inpaint
from course_lib.diffusion.samplers import choose_steps


def keep_the_left(pictures, prompts, steps=12, seed=3):
    """Each step as DDIM takes it, and then the left half is put back."""
    predict = draw.predict_for(prompts)
    noise = PictureNoise(seed, range(len(pictures)))
    a, b = draw.schedule.a_table, draw.schedule.b_table
    x_t = noise((3, 32, 32))
    way = choose_steps(draw.schedule.T, steps)
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        x_0_hat, eps_hat = predict(x_t, torch.full((len(x_t),), t))
        x_next = float(a[t_next]) * x_0_hat + float(b[t_next]) * eps_hat
        eps_new = noise((3, 32, 32))
        x_t = put_back(x_next, pictures, mask, t_next, eps_new, draw.schedule)
    return x_t.clamp(-1, 1)


prompts = ["a turtle"] * 8
pasted = torch.where(mask, draw(prompts, seed=3), shelled)
once = keep_the_left(shelled, prompts)
thrice = inpaint(draw, shelled, mask, prompts, steps=12, pull=False, seed=3)
pulled = inpaint(draw, shelled, mask, prompts, steps=12, seed=3)
found = {"pasted": pasted, "kept": once, "3 times": thrice, "3 times, pulled": pulled}
show_rows(
    found | {"as it was": shelled},
    alt="The right half drawn anew: pasted at the end it does not fit, kept at each "
    "step it sometimes does, pulled it fits nearly always.",
)
print("the left is untouched:", torch.equal(pulled[..., :16], shelled[..., :16]))

# %% [markdown]
# A seam can be measured: how different are the two columns of pixels at the border, and
# how different are two neighbouring columns of real pictures there?

# %%


def seam(pictures):
    """Mean difference between the columns on both sides of the border."""
    return (pictures[..., 15] - pictures[..., 16]).abs().mean().item()


seams = {name: seam(pictures) for name, pictures in found.items()}
seams["as it was"] = seam(shelled)
print(
    "a pasted half leaves a larger seam than a kept one:",
    seams["pasted"] > seams["kept"],
)

# %% tags=["nbval-ignore-output"]
for name, size in seams.items():
    print(f"{name}: {size:.3f}")

# %% [markdown]
# Pulled, the seam is small; and yet here and there a turtle is of two colours. The
# prompt said "a turtle", of any colour. A prompt for a hole had better say what the
# *whole* picture shows, the kept part included.

# %%
from course_lib.world.critters import COLOURS

colours = album.factors["colour"][plain.nonzero()[:8, 0]].tolist()
told = [f"a {COLOURS[i]} turtle" for i in colours]  # "a green turtle", ...
of_one = inpaint(draw, shelled, mask, told, steps=12, seed=3)
halves = {"asked for a turtle": pulled, "told its colour": of_one}
right = [sum(what_is_seen(some, told)["right"]) for some in halves.values()]
names = [f"{name}: {n} of 8" for name, n in zip(halves, right, strict=True)]
show_rows(
    dict(zip(names, halves.values(), strict=True)) | {"as it was": shelled},
    alt="The right half drawn anew: asked for a turtle, a few come in two colours; "
    "asked for a green turtle and so on, each is of one.",
)
print("told its colour, more are turtles of that colour:", right[1] > right[0])

# %% [markdown]
# A hole can be anywhere. Here the upper half, and a wish for what is to be in it. (A
# hat goes on a head. Where the head is in the kept half, it finds no good place. And as
# no animal is named, a head may come back as another's.)

# %%
top = torch.zeros(32, 32, dtype=torch.bool)
top[:16] = True
hats = inpaint(draw, mine, top, ["with a hat"] * 8, steps=12, seed=1)
show_rows(
    {"before": mine, "after": hats},
    alt="Eight animals, and the same with a hat or two; some heads have changed.",
)

# %% [markdown]
# ## Wider than it was
#
# **Outpainting** is inpainting with the hole outside: make room, mark it, draw into it.
# The network has only ever seen pictures of 32 x 32; that it works on 32 x 48 at all is
# due to convolutions and attention, which do not care how large the picture is.

# %%
from course_lib.diffusion.editing import widen
from course_lib.world.wording import SCENE_WORDS

wider, room = widen(mine[:6], right=16)
where = album.factors["scene"][small.nonzero()[:6, 0]].tolist()
places = [SCENE_WORDS[SCENES[i]][0] for i in where]  # "in the snow", "at night", ...
scenes = inpaint(draw, wider, room, places, steps=10, seed=2)
show_rows(
    {"with room": wider.masked_fill(room, 0.0), "drawn": scenes},
    alt="Six pictures with room at their right, and the same with that room drawn.",
    zoom=3,
)
print("pictures of", tuple(scenes.shape[2:]))

# %% [markdown]
# Here the prompt says the place alone, and now and then something else moves in. Told
# the animal as well, it draws that a second time rather often; try it. And a second
# moon comes either way: in 32 x 48 pixels there is room for one more, and the network
# has never seen a picture so wide.

# %% [markdown]
# ## Half way between
#
# *What lies half way between two pictures?* That depends on **where** you go half way.
# Half of each pixel is a double exposure. Half way between two *noises* is another
# noise, and becomes another picture. But half of each noise *added up* is too quiet by
# a factor of 0.7, and so quiet a noise the network has never seen. On a **circle** from
# one to the other the loudness stays. (Our network forgives the difference, as you see,
# though the noise is too quiet all the way. Others answer with flat, washed-out
# pictures.)

# %%
from course_lib.diffusion.editing import between

first, second = PictureNoise(seed=6, indices=[0, 1])((3, 32, 32))
shares = torch.linspace(0, 1, 7).tolist()
lines = torch.stack([torch.lerp(first, second, share) for share in shares])
circle = torch.stack([between(first, second, share) for share in shares])


def from_noises(x_T, prompt="a frog"):
    """Draw from given noises."""
    predict = draw.predict_for([prompt] * len(x_T))
    return last_step(dpm_solver(predict, x_T, draw.schedule, steps=10)).clamp(-1, 1)


ends = from_noises(circle[[0, -1]])
fade = torch.stack([torch.lerp(ends[0], ends[1], share) for share in shares])
show_rows(
    {"pixels": fade, "noises, straight": from_noises(lines),
     "noises, circle": from_noises(circle)},
    titles=[f"{share:.2f}" for share in shares],
    alt="From one frog to another: in pixels a double exposure, along a straight line "
    "of noises and along a circle a frog at every place.",
)  # fmt: skip
print(
    "loudness half way:", f"{lines[3].std():.1f} straight, {circle[3].std():.1f} circle"
)

# %% [markdown]
# ## Play
#
# From one frog to the other; drag.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import frame_slider

fine = torch.stack([between(first, second, k / 24) for k in range(25)])
frame_slider(
    from_noises(fine),
    [f"{k / 24:.2f}" for k in range(25)],
    alt="From one frog to another in 25 steps",
    zoom=6,
)

# %% [markdown]
# ## Three questions
#
# 1. You cover a picture with the noise of t = 300 and begin at t = 600. What comes out?
#
# <details><summary>Answer</summary>
#
# The network believes that there is more noise than there is, and takes away some of
# the picture as well: what comes out is too smooth and too strong in colour, for it
# expected less of the picture. Begin at 200 instead, and noise is left over, and the
# picture is too pale. The first check guards this.
#
# </details>
#
# 2. With strength 0.9 the prompt "a red cat" turns the yellow fish into a red cat. Is
#    anything of the fish left?
#
# <details><summary>Answer</summary>
#
# Not always. On the straight line a tenth of the picture is still in it, and only its
# largest patches, the sky and the ground, can be made out through the noise. In row 0.9
# above most scenes are still the old ones, not all. In row 1.0 nothing is left.
#
# </details>
#
# 3. Inpainting took each step three times, and pulled. What does it cost, and when can
#    one save it?
#
# <details><summary>Answer</summary>
#
# Three times the network calls, and each of them goes back through the network as well
# (the lesson has the seconds). Where the hole is surrounded by something simple, once
# is enough; it is edges and animals cut in two that need agreement.
#
# </details>
