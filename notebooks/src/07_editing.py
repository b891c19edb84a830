# %% [markdown]
# # 07 · Editing
#
# *About 55 minutes. You need notebooks 06 and 10: in reading order this one comes after
# 10.*
#
# At the end you can
#
# - change a picture as much as you like (image-to-image), and say what "strength" is,
# - draw into a hole so that hardly a seam is left, and make a picture wider,
# - say why half way between two pictures is not half way between two noises.
#
# Nothing is trained here. The network is the one of notebook 10, which reads prompts.

# %% [markdown]
# ## See it
#
# Take a picture that the network has not learned from, and a wish. `strength` says how
# much may change: at 0 nothing, at 1 everything.

# %% tags=["nbval-ignore-output"]
import torch

from course_lib.diffusion.editing import image_to_image
from course_lib.figures.plots import show_pictures, show_rows
from course_lib.figures.widgets import live
from course_lib.painters.pipeline import TextToImage
from course_lib.world.critters import SCENES, SUBJECTS
from course_lib.world.datasets import load_critters

# Not as_typed, as it was in notebook 10: this painter rewrites a prompt first.
draw = TextToImage.from_pretrained("words")
album = load_critters("test", kind="one")
small = (album.factors["size"] == 1) & (album.factors["accessory"] == 0)
small &= album.factors["ears"] == 0  # its own ears, not borrowed ones
mine = album[small.nonzero()[:8, 0]][0]  # (8, 3, 32, 32), eight pictures to change


def change(which, prompt, strength, seed):
    """One picture, and what becomes of it."""
    for sentence in draw.remarks([prompt]):
        print(sentence)
    picture = mine[which : which + 1]
    after = image_to_image(draw, picture, [prompt], strength, seed=seed)
    show_pictures(torch.cat([picture, after]), titles=["before", "after"], zoom=5,
                  alt=f"A picture, and the same changed into {prompt}.")  # fmt: skip


live(change, play="strength", which=(0, 7, 1, 0), prompt="a red cat with a hat",
     strength=(0.0, 1.0, 0.1, 0.7), seed=(0, 50, 1, 0))  # fmt: skip

# %% [markdown]
# Now the same without sliders: one picture per column, more strength from row to row.
# Before you look, guess what happens half way, at strength 0.5.

# %%
from course_lib.figures.prediction import prediction

guess_half = prediction(
    "At strength 0.5, how many of the 8 pictures will the reader call a red cat?",
    (0, 8),
)

# %%
wish = "a red cat"
rows = {"0.0": mine}
for strength in (0.3, 0.5, 0.7, 0.8, 0.9, 1.0):
    rows[f"{strength}"] = image_to_image(draw, mine, [wish] * len(mine), strength)
show_rows(
    rows,
    alt="Eight pictures from the album, and below them the same, changed with more and "
    "more strength, until red cats stand there and nothing of the old is left.",
)
print("strength 0 leaves the picture alone:", torch.equal(rows["0.0"], mine))

# %% [markdown]
# ## Begin half way
#
# A sampler walks from t = T, pure noise, to t = 0. It need not begin at the top. Take a
# picture, *add the noise of some step t*, and let the sampler begin there (SDEdit, Meng
# et al. 2022). The network must guess again whatever the noise has covered, and the
# prompt steers its guess. It takes whatever still shows through as true.

# %%
from course_lib.diffusion.samplers import PictureNoise
from course_lib.diffusion.schedule import add_noise

some_steps = torch.tensor([0, 300, 500, 700, 800, 900, 1000])
one_noise = PictureNoise(seed=0, indices=[0])((3, 32, 32))  # (1, 3, 32, 32)
seven, noises = mine[:1].expand(7, -1, -1, -1), one_noise.expand(7, -1, -1, -1)
covered = add_noise(seven, some_steps, noises, draw.schedule)
show_pictures(
    covered,
    titles=[f"t = {step}" for step in some_steps],
    columns=7,
    alt="A picture under more and more noise: at 500 the colours still show, from 700 "
    "on the eye sees nothing but noise.",
)

# %% [markdown]
# At t = 700 you see nothing but noise. The network sees more: it averages over hundreds
# of pixels. In the rows 0.7 and 0.8 above, look for the old place, the old sky, the
# moon.
#
# **Your turn.** `strength` is a share of the way from the clean picture to pure noise:
# 0 is no way at all, 1 is the whole way. Return two things: the step at which the walk
# begins, the nearest whole number, and the picture with the noise of this step in it.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# If all steps together are the whole way, at which step is 0.7 of it? The cell above
# has put one picture under the noise of seven steps: there you see what is needed to
# add noise, and that each picture of the batch wants a step of its own.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `schedule.T` is the number of all steps, and `round(...)` gives the nearest whole
# number. `torch.full((n,), step)` holds the same step n times: one for each of the
# `len(x_0)` pictures, for `add_noise`.
#
# </details>


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
assert same

# %% [markdown]
# *How does image-to-image work, and what does "strength" do?* You have just written it.
# Now measure it. For every strength: does the reader see the red cat that we asked for,
# and how far have the pixels moved?

# %%
from course_lib.judging.fidelity import what_is_seen

red_cats = {}
for name, pictures in rows.items():
    red_cats[name] = sum(what_is_seen(pictures, [wish] * len(pictures))["right"])
    moved = (pictures - mine).square().mean().sqrt().item()
    print(f"strength {name}: {red_cats[name]} of 8 red cats, moved by {moved:.2f}")
guess_half.compare(red_cats["0.5"])

# %% [markdown]
# Which strength is best? More strength brings more red cats, and keeps less of the old
# picture. Once all eight are red cats, more strength only costs likeness. A middling
# strength keeps the scene, because the scene is decided first, at high noise (notebook
# 06 measured that). A prompt with guidance pushes towards "red" at every step, so even
# at 0.3 most animals turn reddish, and keep their shape.
#
# ## Draw into a hole
#
# Now another wish: draw *this* part of the picture anew, and leave *everything else as
# it was*. This is called **inpainting**. A **mask** marks the part: it is True where
# something new is to be drawn.

# %%
turtles = album.factors["subject"] == SUBJECTS.index("turtle")
plain = turtles & small
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
# paste it **at every step**, so that the new part can adapt to it. But at step t the
# new part is noisy, so the pasted part must have *the same amount of noise*. The
# network expects the noise of step t everywhere, and would misread a clean part.
#
# **Your turn.** `x_next` is what the sampler drew for step `t_next`. Keep it where the
# mask is True. Elsewhere put the old picture `x_0`, as noisy as the text above demands;
# `eps_new` is the noise for it. (The mask may be (H, W) or (B, 1, H, W).)
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# How noisy is the drawn part, and so how noisy must the old one be? You wrote how to
# put the noise of a step into a picture a moment ago. Do that to the *whole* old
# picture. Then you have two pictures, and choose between them pixel by pixel.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Again `add_noise` wants one step for each picture, (B,). `torch.where(condition, one,
# other)` takes from `one` where the condition is True, and from `other` elsewhere.
#
# </details>


# %%
def my_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    """The drawn part beside the kept part, both equally noisy."""
    ### BEGIN SOLUTION
    t = torch.full((len(x_0),), t_next)
    kept = add_noise(x_0, t, eps_new, schedule)
    return torch.where(mask, x_next, kept)
    ### END SOLUTION


# %%
from course_lib.checks.nb07_editing import check_put_back

put_back = check_put_back(my_put_back)

# %% [markdown]
# With this function a walk can keep the left halves. Four methods, side by side: pasted
# at the end; kept at each step; kept, *with each step taken three times*; and kept,
# three times, *and pulled*, which means guided by a gradient.
#
# Why three times? The network draws a step before it sees the new noise of the kept
# half. So we go back up by one step's noise and take the step again, now with both
# halves in view (RePaint, Lugmayr et al. 2022).
#
# And why pulled? The first steps decide what will be drawn. There the kept half is
# nearly all noise, and the network hardly sees the half turtle in it. But *we* know
# that half, so we know how far the network's guess of it is off. Suppose that a pixel
# of the kept half and its neighbour in the hole go together. If the kept one is guessed
# too dark, raising either of them makes the guess better. The gradient says this for
# every pixel of the noisy picture, **including those in the hole**, and we move the
# guess that way (`pulled` in the library; Song et al. 2023; Chung et al. 2023 do nearly
# the same):
#
# ```python
# off = torch.where(mask, 0.0, x_0 - x_0_hat).detach()  # how far, in the kept half
# (towards,) = torch.autograd.grad((off * x_0_hat).sum(), x_t)
# x_0_hat = x_0_hat + (a**2 + b**2) / a * towards
# ```
#
# The reader counts the pictures in which it sees *one* turtle of the old colour. It
# knows a turtle by its shell: count the heads yourself.

# %%
guess_fits = prediction(
    "Kept at each step: in how many of the 8 pictures do the halves make one turtle of "
    "the old colour?",
    (0, 8),
)

# %%
from course_lib.diffusion.editing import inpaint
from course_lib.diffusion.samplers import choose_steps


def keep_the_left(pictures, prompts, steps=12, seed=3):
    """Take each step as DDIM does, then put the left half back."""
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


from course_lib.world.critters import COLOURS

colours = album.factors["colour"][plain.nonzero()[:8, 0]].tolist()
articles = ["an" if COLOURS[i] == "orange" else "a" for i in colours]
told = [
    f"{a} {COLOURS[i]} turtle" for a, i in zip(articles, colours, strict=True)
]  # "a green turtle", ...


def fits(pictures):
    """In how many pictures the reader sees one turtle of the old colour."""
    return sum(what_is_seen(pictures, told)["right"])


prompts = ["a turtle"] * 8
pasted = torch.where(mask, draw(prompts, seed=3), shelled)
once = keep_the_left(shelled, prompts)
thrice = inpaint(draw, shelled, mask, prompts, steps=12, pull=False, seed=3)
pulled = inpaint(draw, shelled, mask, prompts, steps=12, seed=3)
ways = {"pasted": pasted, "kept": once, "3 times": thrice, "3 times, pulled": pulled}
show_rows(
    {f"{name}: {fits(some)} of 8": some for name, some in ways.items()}
    | {"as it was": shelled},
    alt="The right half drawn anew by four methods, and the pictures as they were. The "
    "label of each row says in how many of 8 the halves make one turtle of one colour.",
    zoom=3,
)
for name, some in ways.items():
    print(f"{name}: one turtle of the old colour in {fits(some)} of 8")
guess_fits.compare(fits(once))
print("the left is untouched:", torch.equal(pulled[..., :16], shelled[..., :16]))

# %% [markdown]
# Eight pictures are too few to count what "3 times" brings; the lesson has 200. The
# seam shows it already in eight. How different are the two columns of pixels at the
# border? And how different are the same two columns in real pictures?

# %% tags=["nbval-ignore-output"]


def seam(pictures):
    """Mean difference between the two columns at the border."""
    return (pictures[..., 15] - pictures[..., 16]).abs().mean().item()


seams = {name: seam(some) for name, some in (ways | {"as it was": shelled}).items()}
for name, size in seams.items():
    print(f"{name}: {size:.2f}")
assert seams["pasted"] > seams["kept"] > seams["3 times, pulled"]

# %% [markdown]
# "3 times" makes the seam smaller, and so does pulling. Yet not every turtle has its
# old colour: the label of each row counts those that do. Look at the holes: in some
# pictures the kept half shows only a grey head or a sliver of shell. There nobody could
# know the colour, and "a turtle" may have any. A prompt for a hole should say what the
# *whole* picture shows, including the kept part.

# %%
of_one = inpaint(draw, shelled, mask, told, steps=12, seed=3)
halves = {"without the colour": pulled, "with the colour": of_one}
show_rows(
    {f"{name}: {fits(some)} of 8": some for name, some in halves.items()}
    | {"as it was": shelled},
    alt="The right half drawn anew: with the prompt a turtle, some have another "
    "colour; with the prompt a green turtle and so on, more have the old one.",
    zoom=3,
)
counts = f"{fits(pulled)} of 8, and with the colour named {fits(of_one)}"
print("one turtle of the old colour:", counts)
assert fits(of_one) >= fits(pulled)

# %% [markdown]
# A hole can be anywhere. Here it is the upper half, and the prompt says what should be
# in it. (A hat goes on a head. If the head is in the kept half, the hat may hover above
# it. If the head is in the hole, it is drawn anew from a prompt that names no animal:
# look for ears that are lost.)

# %%
top = torch.zeros(32, 32, dtype=torch.bool)
top[:16] = True
hats = inpaint(draw, mine, top, ["with a hat"] * 8, steps=12, seed=1)
show_rows(
    {"before": mine, "after": hats},
    alt="Eight animals, and the same with hats on their heads or above them.",
)

# %% [markdown]
# ## Wider than it was
#
# **Outpainting** is inpainting with the hole outside: make room, mark it, draw into it.
# The network has only ever seen pictures of 32 x 32. It works on 32 x 48 at all because
# convolutions and attention take pictures of any size.

# %%
from course_lib.diffusion.editing import widen
from course_lib.world.wording import SCENE_WORDS

wider, room = widen(mine[:6], right=16)
where = album.factors["scene"][small.nonzero()[:6, 0]].tolist()
places = [SCENE_WORDS[SCENES[i]][0] for i in where]  # "in the snow", "at night", ...
scenes = inpaint(draw, wider, room, places, steps=10, seed=2)
show_rows(
    {"with room": wider.masked_fill(room, 0.0), "drawn": scenes},
    alt="Six pictures with empty room on their right, and the same with it filled.",
    zoom=3,
)
print("pictures of", tuple(scenes.shape[2:]))

# %% [markdown]
# Here the prompt names only the place, and now and then something else moves in. If the
# prompt names the animal as well, the network may draw it a second time. A second moon
# or sun may appear either way: 32 x 48 pixels have room for one more, and the network
# has never seen a picture so wide.

# %% [markdown]
# ## Half way between
#
# *What lies half way between two pictures?* That depends on **where** you go half way.
# The mean of two pictures, pixel by pixel, is a double exposure. The mean of two
# *noises* is another noise, and becomes another picture. How loud is it? We measure
# loudness by the standard deviation, which is 1 for each of the two noises.

# %%
guess_loud = prediction(
    "Two noises of standard deviation 1 are added and halved. What is the standard "
    "deviation of their mean?",
    [0.5, 0.7, 1.0, 1.4],
)

# %%
from course_lib.diffusion.editing import between

first, second = PictureNoise(seed=6, indices=[0, 1])((3, 32, 32))
shares = torch.linspace(0, 1, 7).tolist()
lines = torch.stack([torch.lerp(first, second, share) for share in shares])
circle = torch.stack([between(first, second, share) for share in shares])


def from_noises(x_T, prompt="a frog"):
    """Draw from these noises."""
    predict = draw.predict_for([prompt] * len(x_T))
    return last_step(dpm_solver(predict, x_T, draw.schedule, steps=10)).clamp(-1, 1)


walks = {"straight": from_noises(lines), "circle": from_noises(circle)}
ends = walks["circle"][[0, -1]]
fade = torch.stack([torch.lerp(ends[0], ends[1], share) for share in shares])
show_rows(
    {"pixels": fade, "noises, straight": walks["straight"],
     "noises, circle": walks["circle"]},
    titles=[f"{share:.2f}" for share in shares],
    alt="From one frog to another: in pixels a double exposure; along a straight line "
    "of noises, and along a circle, a frog at every place.",
)  # fmt: skip
print(f"loudness half way: {lines[3].std():.1f} straight, {circle[3].std():.1f} circle")
guess_loud.compare(round(lines[3].std().item(), 1))
for name, some in walks.items():
    print(f"{name}:", "; ".join(what_is_seen(some, ["a frog"] * 7)["seen"]))

# %% [markdown]
# Variances add (notebook 02): half of each noise has the variance 1/4, together that is
# 1/2, and the square root of 1/2 is about 0.7. At t = T the network was never trained
# on noise that quiet. On a **circle** from one noise to the other the loudness stays
# about 1 ("slerp", Shoemake 1985). Here both work: our network draws a frog even from
# noise half as loud (notebook 06). Another network may fail on the straight line. The
# noise moves evenly on both, and the picture does not: it jumps. The last lines show
# where the scene changes.
#
# ## Play
#
# Drag to go from one frog to the other.

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
# The network assumes more noise than there is, and takes away some of the picture as
# well, such as the stars. The result may look clean, and is too smooth. The network
# also assumes that the picture is fainter than it is, and makes the colours too strong.
# Begin at 200 instead, and noise is left over. The first check names this mistake.
#
# </details>
#
# 2. With strength 0.9 the prompt "a red cat" turns the yellow fish into a red cat. Is
#    anything of the fish left?
#
# <details><summary>Answer</summary>
#
# Sometimes. On the straight line a tenth of the picture is still there. In the noise
# only its largest patches can be made out, the sky and the ground. Look in row 0.9
# above which scenes are still the old ones. In row 1.0 nothing is left.
#
# </details>
#
# 3. Inpainting took each step three times, and pulled. What does this cost, and when
#    can you do without it?
#
# <details><summary>Answer</summary>
#
# It makes three times the network calls, and each call also goes back through the
# network for the gradient (benchmarks/07_editing.md has the seconds). If the hole lies
# in something simple, such as the sky, once should be enough. Edges, and animals that
# are cut in two, need more.
#
# </details>
