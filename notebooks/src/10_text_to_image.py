# %% [markdown]
# # 10 · Text to image
#
# *About 80 minutes. You need notebooks 06, 08 and 09. Some cells draw 40 to 160
# pictures, which takes 10 to 30 seconds on a free core; a line tells of each part.*
#
# At the end you can
#
# - name the two paths by which words get into a denoising network,
# - write guidance, and the one line of training that it cannot work without,
# - cut a prompt in two, and see which path a word takes and how long it matters,
# - test whether the model draws what it has never seen, or copies what it has.

# %% [markdown]
# ## See it
#
# Type a prompt and look. Four pictures come out of noise. Below each is what the
# **reader** sees, a network that does nothing but judge. The training captions tell of
# eight animals in eight colours, alone or side by side, small or big, with hats,
# balloons, umbrellas and stilts, with the ears of another animal, in a meadow, at the
# beach, in the snow, at night and at sunset. They also tell of bats, clubs and cranes.
#
# Try to surprise it: "a small green bear with cat ears". ("None" below a picture means
# that the reader recognises no animal.) Leave `guidance_scale` at 3: you will build it
# below. Keep "a red and blue frog" for the cell below the box: say there what you
# expect, and run on.

# %%
from course_lib.painters.pipeline import TextToImage

# As typed: the command line would rewrite a prompt first ("What no caption said").
draw = TextToImage.from_pretrained("words", as_typed=True)
numbers = sum(p.numel() for p in draw.model.parameters())
print(f"a network of {numbers:,} numbers, ready to draw")

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_pictures
from course_lib.figures.widgets import live
from course_lib.judging.fidelity import what_is_seen


def draw_prompt(prompt, seed, guidance_scale):
    """Four pictures of one prompt, and what the reader sees in them."""
    for sentence in draw.remarks([prompt]):
        print(sentence)
    four = draw([prompt] * 4, seed=seed, guidance_scale=guidance_scale)
    seen = what_is_seen(four, [prompt] * 4)["seen"]
    show_pictures(four, titles=seen, columns=4, alt=f"Four pictures: {prompt}.")


live(draw_prompt, prompt="a frog on stilts", seed=(0, 50, 1, 0),
     guidance_scale=(0.0, 6.0, 0.5, 3.0))  # fmt: skip

# %%
from course_lib.figures.prediction import prediction

colours_guess = prediction(
    '"A red and blue frog": what will most of 8 pictures show?',
    ["one purple frog", "one frog, half red, half blue", "one red frog", "two frogs"],
)

# %%
from course_lib.figures.plots import show_rows
from course_lib.networks.judge import load_judge

prompts = [
    "a red cat with a hat",
    "a blue frog with rabbit ears",
    "a green bird left of a white bear",
]
rows = {prompt: draw([prompt] * 5, seed=2) for prompt in prompts}
two_coloured = draw(["a red and blue frog"] * 8, seed=2)  # (8, 3, 32, 32)
show_rows(
    rows | {"a red and blue frog": two_coloured[:5]},
    alt="Four prompts, five pictures each; red and blue frogs come as two animals.",
    zoom=2,
)
pairs = int((load_judge("reader-32").read(two_coloured)["subject_2"] > 0).sum())
print(f'"a red and blue frog": two animals in {pairs} of 8')
colours_guess.compare("two frogs" if pairs > 4 else "one frog")

# %% [markdown]
# In the training captions "and" stands between two animals, never between two colours
# of one. The model has learned what captions say, not what people mean.
#
# ## How words get in
#
# Two things are new since the network of notebook 05. A **text encoder** (notebook 08)
# turns the prompt into vectors, one for each token. It started from the text encoder of
# the image-text pair (notebook 09), so it knew what "red" looks like before the first
# picture was drawn. And the text enters the U-Net by two paths:
#
# - The **pooled text embedding** is the mean of all these vectors, sent through one
#   layer. Together with the time it scales the channels, so it acts the same
#   everywhere, as the label did. (The code calls it `gist`.)
# - In **cross-attention** every place in the picture sends its own query to the words,
#   and takes what it needs.

# %%
frog_prompt = "a frog with rabbit ears"
frog_emb = draw.read([frog_prompt])  # (B, L, D)
frog_tokens = draw.tokenizer.batch([frog_prompt], length=frog_emb.shape[1])
frog_words = draw.tokenizer.spell(frog_tokens[0].tolist())
print("tokens:", frog_words)
print("text_emb:", tuple(frog_emb.shape), "one vector of 128 numbers per token")

from course_lib.figures.source import show_source
from course_lib.networks.layers import CrossAttention

show_source(CrossAttention.forward)

# %% [markdown]
# This is the attention of notebook 08. Only the *queries* come from elsewhere: from the
# places in the picture. (`unflatten` and `in_heads` only reshape: the first makes rows
# and columns out of the list of places, the second gives each head its part of the
# channels. `seen` changes nothing: there we can read the weights.) So each place splits
# its attention among the words, and the shares that one word gets form a picture. This
# is its **attention map**. Each map below is stretched by itself, from black, where the
# word gets least, to white, where it gets most. The shares are printed below. Move the
# slider to see the maps at different steps.

# %%
import io

import torch
from PIL import Image

from course_lib.figures.figure import Row, png_bytes, sheet
from course_lib.figures.widgets import frame_slider
from course_lib.networks.text_unet import word_maps


def maps_along(prompt, seed, steps=10):
    """The steps of one drawing, and the map of every word at each step."""
    text_emb = draw.read([prompt])
    way = list(draw.trace([prompt], steps=steps, seed=seed))[:-1]
    maps = [word_maps(draw.model, s.x_t, torch.tensor([s.t]), text_emb) for s in way]
    return way, torch.cat(maps)  # (steps, L, H, W)


def as_grey(one_map):
    """A map as a grey picture, white where the word gets most attention."""
    low, high = one_map.amin(), one_map.amax()
    grey = (one_map - low) / (high - low).clamp(min=1e-6)
    return (2 * grey - 1).expand(3, -1, -1)  # (3, H, W)


def as_frame(pictures, titles):
    """Pictures side by side, each with its word under it."""
    row = Row("", torch.stack(pictures), titles)
    return Image.open(io.BytesIO(png_bytes(sheet([row], zoom=5))))


frog_way, frog_maps = maps_along(frog_prompt, seed=4)
shown = ("frog", "rabbit", "ears", "(end)")
frames = []
for step_of_frog, maps in list(zip(frog_way, frog_maps, strict=True))[1::2]:
    greys = [as_grey(maps[frog_words.index(word)]) for word in shown]
    now = step_of_frog.x_0_hat[0].clamp(-1, 1)
    frames.append(as_frame([now, *greys], ["the guess", *shown]))
frame_slider(
    frames,
    [f"t = {step_of_frog.t}" for step_of_frog in frog_way[1::2]],
    alt="The guess of a frog with rabbit ears, and the attention maps of frog, rabbit, "
    "ears and (end), which is white around the animal",
    start=2,
)
assert torch.allclose(frog_maps.sum(1), torch.ones(()), atol=1e-4)
total = round(frog_maps.sum(1).mean().item(), 3)
print("at every place, the attention of all words adds up to", total)
shares = frog_maps[3].mean((1, 2))  # the fourth step, the mean over all places
told_shares = zip(frog_words, shares, strict=True)
print("at the fourth step:", *(f"{word} {share:.0%}" for word, share in told_shares))
idle = shares[[frog_words.index(word) for word in ("(start)", "a", "(end)")]].sum()
print(f'of it to (start), "a" and (end): {idle:.0%}')

# %% [markdown]
# ## Which path does a word take?
#
# "Rabbit" gets attention mostly where the two ears meet the head, and it does so early:
# move the slider. Yet most attention goes to (start), "a" and (end), which name
# nothing. Each place must spend 100 %, and spends it there where it needs no word. And
# a map is no pointer: is "ears" bright on the ears alone?
#
# *How does it know to put the rabbit's ears on the frog's head, and not beside it?* A
# map does not show that the picture would be different without a word. So we operate:
# `pooled_from` takes the pooled embedding from one prompt, while cross-attention reads
# another. (Everything else stays the same, including the noise.)

# %%
from course_lib.figures.prediction import prediction

ears_guess = prediction(
    '"With rabbit ears" is in the pooled embedding only. How many of 8 frogs will '
    "have the ears?",
    (0, 8),
)

# %%
from course_lib.figures.plots import show_rows
from course_lib.judging.fidelity import what_is_seen
from course_lib.networks.text_unet import pooled_from


def draw_apart(pooled, looked_at, n=8, seed=4):
    """Pooled embedding from one prompt, cross-attention to another."""
    with pooled_from(draw.model, draw.read([pooled] * n)):
        return draw([looked_at] * n, seed=seed)


plain, eared = "a frog", "a frog with rabbit ears"
cuts = {
    "in both": (eared, eared),
    "only in cross-attention": (plain, eared),
    "only in the pooled embedding": (eared, plain),
}
disagreeing = {
    "pooled: a cat; attention: a frog": ("a cat", "a frog"),
    "pooled: a frog; attention: a cat": ("a frog", "a cat"),
}
drawn, ears = {}, {}
for name, (pooled, looked_at) in cuts.items():
    drawn[name] = draw_apart(pooled, looked_at)
    ears[name] = sum(what_is_seen(drawn[name], [eared] * 8)["right"])
    print(f"the ears are named {name}: {ears[name]} of 8 have them")
ears_guess.compare(ears["only in the pooled embedding"])
for name, (pooled, looked_at) in disagreeing.items():
    some = drawn[name] = draw_apart(pooled, looked_at)
    f, c = (sum(what_is_seen(some, [x] * 8)["right"]) for x in ("a frog", "a cat"))
    print(f"{name}: of 8, {f} frogs, {c} cats, {8 - f - c} neither")
show_rows(
    {name: some[:5] for name, some in drawn.items()},
    alt="Five frogs with long ears; five more from a prompt that has the ears in "
    "cross-attention only; five frogs without; and two rows of five animals where one "
    "path says a cat and the other a frog.",
    zoom=2,
)

# %% [markdown]
# Ears come through cross-attention. Each place forms its query from what is already
# there, so the places on the head get a different answer from those on the ground. An
# animal can come by either path. Where the two disagree, look closely: some pictures
# are chimeras, part frog and part cat, and the reader has to settle for one. Do not
# trust 16 pictures with the question which path wins: the lesson's table has 100 pairs
# of animals of all kinds. Nobody planned this division of labour. Training found it.
# Try a colour: `show_pictures(draw_apart("a red cat", "a blue cat"), alt="cats")`. Then
# try a scene: "a cat at night" and "a cat in the snow".
#
# ## How long is a word heard?
#
# Another cut: begin with one prompt and switch to another on the way. Whatever was
# decided before the switch stays; the rest follows the new prompt. After a switch at t
# = 1000 nothing is left of the first prompt: it was never heard.

# %%
from course_lib.figures.prediction import prediction

switch_guess = prediction(
    'From "a red cat at night" to "a blue rabbit in the snow" at t = 800, after a '
    "fifth of the way. How many of 8 will be rabbits?",
    (0, 8),
)

# %%
import torch

from course_lib.diffusion.samplers import PictureNoise, dpm_solver, last_step
from course_lib.figures.plots import show_rows
from course_lib.judging.fidelity import what_is_seen


def draw_switched(first, second, at, n=8, seed=0):
    """Follow the first prompt while t > at, then the second."""
    before, after = draw.predict_for([first] * n), draw.predict_for([second] * n)

    def predict(x_t, t):
        return (before if t[0] > at else after)(x_t, t)

    x_T = PictureNoise(seed, range(n))((3, 32, 32))
    return last_step(dpm_solver(predict, x_T, draw.schedule, steps=20)).clamp(-1, 1)


switched, new_ones = {}, {}
for at in (1000, 900, 800, 600, 400, 200):
    some = draw_switched("a red cat at night", "a blue rabbit in the snow", at)
    new_ones[at] = sum(what_is_seen(some, ["a rabbit"] * 8)["right"])
    texts = what_is_seen(some, ["a rabbit"] * 8)["seen"]
    blue, snowy = (sum(word in text for text in texts) for word in ("blue", "snow"))
    print(f"at t = {at:4}, of 8: {new_ones[at]} rabbits, {blue} blue, {snowy} in snow")
    switched[f"t = {at}"] = some[:6]
switch_guess.compare(new_ones[800])
show_rows(
    switched,
    alt="Six pictures a row; the prompt is switched later from row to row, and less of "
    "each picture follows the second prompt.",
    zoom=2,
)

# %% [markdown]
# The scene is settled first, the animal and its colour much later. This is an easy
# pair: the lesson has 100. So words matter for most of the way, but not all for equally
# long.
#
# ## Being told nothing
#
# In training one caption in ten is replaced by the **empty text**. So the same network
# also learns to denoise pictures of *anything*. Everything that follows needs it.
#
# **Your turn.** `tokens` (B, L) are captions; `dropped` (B,) is True for each caption
# that must go. The empty text is `START, END`, then `PAD` up to the end. Do not change
# `tokens` itself.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Think of two tables of the same shape: the captions, and one in which every row is the
# empty text. For each row you choose from which of the two it comes. Choosing makes a
# third table, so the captions stay as they are. Picking rows with
# True and False makes a copy, too: what you write into it is lost.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.full_like(x, number)` is shaped like x and holds one number everywhere; its
# first two columns are set afterwards. `torch.where(condition, one, other)` chooses,
# and `dropped[:, None]` is (B, 1): one decision for a whole row.
#
# </details>

# %%
import torch

from course_lib.networks.tokenizer import END, PAD, START


def my_forget(tokens, dropped):
    """Captions with some of them replaced by the empty text."""
    ### BEGIN SOLUTION
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)
    ### END SOLUTION


# %%
import torch

from course_lib.checks.nb10_text_to_image import check_forget

forget = check_forget(my_forget)
three = draw.tokenizer.batch(["a red cat", "a frog", "two fish"], length=8)
kept = forget(three, torch.tensor([False, True, False]))
print([draw.tokenizer.decode(row.tolist()) for row in kept])

# %% [markdown]
# ## Guidance: more of what the words change
#
# Now one network makes two predictions for the same noisy picture, *with* the words and
# *without*. Their difference is what the words change. Here it is at an early step,
# before much is decided.

# %%
import torch

from course_lib.diffusion.objective import read_output
from course_lib.figures.plots import show_pictures

early = list(draw.trace(["a red cat with a hat"], steps=20, seed=2))[2]
x_t, t = early.x_t, torch.tensor([early.t])
told, untold = draw.read(["a red cat with a hat", ""]).split(1)
with torch.no_grad():
    with_text = draw.model(x_t, t, told)  # velocities, (1, 3, 32, 32)
    without = draw.model(x_t, t, untold)


def as_picture(v_hat):
    """The clean picture that a velocity stands for."""
    x_0_hat, _ = read_output(v_hat, early.x_t, t, draw.schedule, "v")
    return x_0_hat[0].clamp(-1, 1)


difference = as_picture(with_text) - as_picture(without)
show_pictures(
    torch.stack([as_picture(without), as_picture(with_text), difference.clamp(-1, 1)]),
    titles=["without the prompt", "with the prompt", "the difference"],
    zoom=5,
    alt="Two guesses of the clean picture, without and with the prompt, and their "
    "difference, which is grey wherever the words change nothing.",
)
apart = difference.square().mean((0, 1, 2)).sqrt()
print("the words change the guess:", bool(apart > 0.01))

# %% [markdown]
# **Your turn: find the rule.** Guidance makes a new prediction from these two. Suppose
# that one number of a prediction is 10 without the words and 13 with them. With
# `guidance_scale`, $w$ for short, it becomes
#
# | $w$ | 0 | 0.5 | 1 | 2 | 3 |
# | --- | --- | --- | --- | --- | --- |
# | guided | 10 | 11.5 | 13 | 16 | 19 |
#
# Which rule gives these numbers? Find it with pencil and paper, test it on $w = 0.5$,
# then write it for whole tensors.
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# Without the words it is 10, with them 13. What does the table add to 10 for each whole
# step of $w$? And where does that number come from?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# At $w = 1$ one whole difference is added to the number without words, at $w = 2$ two
# of them, at $w = 0.5$ half a one. Tensors need nothing more than numbers do.
#
# </details>


# %%
def my_guided(with_text, without, guidance_scale):
    """Further in the direction in which the words lead."""
    ### BEGIN SOLUTION
    return without + guidance_scale * (with_text - without)
    ### END SOLUTION


# %%
import torch

from course_lib.checks.nb10_text_to_image import check_guided

guided = check_guided(my_guided)

from course_lib.diffusion.guidance import guide
from course_lib.figures.source import show_source

show_source(guide)
library = guide(draw.model, 2.5, uncond=untold)(x_t, t, told)
if guided is my_guided:
    same = torch.allclose(guided(with_text, without, 2.5), library, atol=1e-4)
    print("the library, which asks for both in one batch, says what yours says:", same)

# %% [markdown]
# ## How hard to push?
#
# <details><summary>The rule as a formula</summary>
#
# $\text{guided} = \text{without} + w (\text{with} - \text{without})$
#
# </details>
#
# This is **classifier-free guidance** (Ho and Salimans 2022, equation 6, where the
# plain model has $w = 0$, one less than here). $w = 0$ ignores the words, $w = 1$ is
# the plain model, and a larger $w$ exaggerates. Below, the same noises are drawn with
# more and more guidance. The reader counts how many of 32 pictures show everything that
# the prompt names. The **inspector**, a network that looks for flaws, counts the
# *clean* ones, in which it sees none. The last number says how *loud* the pictures are:
# the share of their numbers at the very end of the scale.

# %%
from course_lib.figures.plots import show_rows
from course_lib.judging.fidelity import prompts_of, what_is_seen
from course_lib.judging.inspection import shared_inspector

asked = prompts_of("one animal", 32, world=1_000_000)
pushed, right = {}, {}
for w in (0, 0.5, 1, 3, 8, "real"):
    is_real = w == "real"
    some = asked.real if is_real else draw(asked.texts, guidance_scale=w, seed=5)
    pushed[w], right[w] = some, sum(what_is_seen(some, asked.texts)["right"])
    clean = int(shared_inspector(32).clean(some).sum())
    loud = (some.abs() > 0.99).float().mean().item()
    name = "real" if is_real else f"w = {w}"
    print(f"{name:7}: {right[w]:2} of 32 right, {clean:2} clean, loud {loud:.1%}")
show_rows(
    {f"w = {w}": pushed[w][:4] for w in (0, 0.5, 1, 3, 8)},
    alt="Four prompts, drawn with more and more guidance.",
    zoom=3,
)
for text in asked.texts[:4]:
    print("-", text)
assert right[3] > right[0] + 5

# %% [markdown]
# *Why amplify the difference, and not keep what both agree on?* They agree on what any
# picture has: a sky, a ground, some animal. The row $w = 0.5$ is the mean of both, and
# it follows the prompts less often than $w = 1$. The *difference* says "cat" and "red".
#
# Up to $w = 1$ the words help with everything: more pictures are right, and more are
# clean. Beyond that guidance has a price: at $w = 3$ fewer are clean, and at $w = 8$
# fewer still. Loudness does not show this: at $w = 3$ it is near that of real pictures.
# At $w = 8$ unnamed things may change too, even the scene. From 32 pictures you cannot
# tell whether $w = 8$ is right less often than $w = 3$; the lesson has 100. `draw` uses
# $w = 3$: it prefers right pictures to clean ones.
#
# ## Captions that lie
#
# On the web many captions belong to another picture. What does a network learn from
# them? Take a world of two pictures, a cat and a fish. Some of every ten pictures
# captioned "cat" show the fish. No training is needed: for a finite set we know the
# best denoiser (notebook 03). So we draw with it and count the cats.

# %% tags=["nbval-ignore-output"]
import torch

from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import PictureNoise, dpm_solver, last_step

cat, fish = draw(["a red cat", "a blue fish"], seed=4)
anything = IdealDenoiser(torch.stack([cat, fish]), draw.schedule)


def count_cats(lies, guidance_scale, n=50):
    """How many of n are cats, if `lies` of ten pictures called "cat" are the fish."""
    captioned = torch.stack([cat] * (10 - lies) + [fish] * lies)
    told_cat = IdealDenoiser(captioned, draw.schedule)

    def best(x_t, t, cond):
        return guided(told_cat(x_t, t), anything(x_t, t), guidance_scale)

    predict = predictor(best, draw.schedule, "x_0")
    x_T = PictureNoise(8, range(n))((3, 32, 32))
    x_0 = last_step(dpm_solver(predict, x_T, draw.schedule, steps=100))
    return sum(bool((x - cat).norm() < (x - fish).norm()) for x in x_0)


counted = {lies: [count_cats(lies, w) for w in (1, 3, 5)] for lies in (0, 2, 4, 8)}
for lies, counts in counted.items():
    print(f"{lies} of 10 captions lie: with w = 1, 3, 5 {counts} of 50 are cats")
assert counted[4][0] < counted[4][1] < counted[4][2]
assert counted[8][1] <= counted[8][0] < 25

# %% [markdown]
# Four lies in ten make the word *weak*: the model believes it in about six drawings of
# ten, and guidance turns the weak voice up again. With eight lies in ten the word "cat"
# means the fish, and guidance makes that worse. This happens because all lies show the
# same fish. If each lie showed something different, the true picture would still be the
# commonest, and guidance would go on helping: the lesson's diary shows this for a
# trained network. What does guidance do with exactly five lies in ten? Think first,
# then try `[count_cats(5, w) for w in (1, 3, 5)]`.
#
# <details><summary>Answer</summary>
#
# With and without the word the predictions are then equal. Their difference is 0, and
# $w$ multiplies nothing: three times the same count, near 25, as from tossing coins.
#
# </details>
#
# ## A frog on stilts
#
# The 50,000 training pictures include frogs, and animals on stilts. Frogs on stilts
# were kept out. Can the model draw one? And if it can, does it *average* the two, or
# copy? An average of a frog and of stilts would be a double exposure.
#
# *How much of a result is "from" one training picture?* Suppose a model handed back its
# training pictures, slightly changed. These would lie closer to the training set than
# *fresh* real pictures do. So we search all 50,000, each shrunk to 8 x 8 pixels. Would
# this search catch a copier? We give it one: training pictures with a little noise.

# %% tags=["nbval-ignore-output"]
import torch
import torch.nn.functional as F

from course_lib.figures.plots import show_rows
from course_lib.judging.fidelity import what_is_seen
from course_lib.judging.metrics import nearest
from course_lib.world.critters import ACCESSORIES, SUBJECTS
from course_lib.world.datasets import load_critters

frogs = draw(["a frog on stilts"] * 16, seed=1)
on_stilts = sum(what_is_seen(frogs, ["a frog on stilts"] * 16)["right"])
print("frogs on stilts, counted by the reader:", on_stilts, "of 16")
assert on_stilts >= 4

album = load_critters("train")
is_frog = album.factors["subject"] == SUBJECTS.index("frog")
has_stilts = album.factors["accessory"] == ACCESSORIES.index("stilts")
print("frogs on stilts among the 50,000:", int((is_frog & has_stilts).sum()))


def shrunk(pictures):
    return F.avg_pool2d(pictures, 4).flatten(1)  # (N, 3 * 8 * 8)


parts = torch.arange(len(album)).split(5000)
known = torch.cat([shrunk(album[part][0]) for part in parts])
_, where = nearest(shrunk(frogs[:6]), known)
show_rows(
    {"drawn": frogs[:6], "nearest": album[where][0]},
    alt="Six frogs on stilts, and below each one the most similar training picture: "
    "another animal, on stilts as well.",
)
print("of the 6 nearest,", int(has_stilts[where].sum()), "are on stilts")
copies = album[torch.arange(10_000, 42_000, 1000)][0]
copies = copies + 0.1 * torch.randn(copies.shape, generator=torch.Generator())
fresh, _ = nearest(shrunk(asked.real), known)
for name, some in {"drawn with w = 3, above": pushed[3], "copied": copies}.items():
    far, _ = nearest(shrunk(some), known)
    print(f"{name}: {far.mean() / fresh.mean():.1f} times as far as fresh pictures")

# %% [markdown]
# Average, or copy? Neither. You see mostly whole frogs on whole stilts. The nearest
# training picture is another animal, often on stilts and in the same scene: not a copy,
# but look at what is shared. The printed distances are not those of the frogs but of
# the 32 pictures above, whose prompts *have* training pictures to copy. They lie
# farther away than fresh real pictures, and a copier's lie nearer. Farther is not
# better: a picture that looks less real lies far from everything, too.
#
# ## What no caption said
#
# People say things that no training caption says. What does the model do with them?
# "Red and blue" you have seen. Now without the "and".

# %%
from course_lib.figures.prediction import prediction

red_blue_guess = prediction(
    '"A red blue frog": in how many of 16 will the reader call the frog red?', (0, 16)
)

# %%
from course_lib.figures.plots import show_rows
from course_lib.judging.fidelity import what_is_seen
from course_lib.networks.judge import load_judge
from course_lib.world.critters import ACCESSORIES

untaught = ("three frogs", "a red blue frog", "a blue red frog", "a frog without a hat")
strange = {}
for name in untaught:
    some = strange[name] = draw([name] * 16, seed=1)
    seen = load_judge("reader-32").read(some)
    two = int((seen["subject_2"] > 0).sum())
    hatted = int((seen["accessory"] == ACCESSORIES.index("hat")).sum())
    texts = what_is_seen(some, [name] * 16)["seen"]
    red, blue = (sum(t.startswith(c) for t in texts) for c in ("red", "blue"))
    print(f"{name}, 16 times: {red} red, {blue} blue, {two} pairs, {hatted} with a hat")
    if name == "a red blue frog":
        red_blue_guess.compare(red)
once = "a green turtle with a hat at the beach"
for said in ("hat", "hat hat"):
    some = draw([once.replace("hat", said)] * 16)
    strange[f"... turtle with a {said} ..."] = some
    print(f"a {said}: {sum(what_is_seen(some, [once] * 16)['right'])} of 16 all right")
show_rows(
    {name: some[:4] for name, some in strange.items()},
    alt="Single frogs for three frogs; blue frogs with red spots; red frogs with blue "
    "spots; frogs with hats for frogs without; and turtles, some with hats, then more "
    "with hats.",
    zoom=2,
)

# %% [markdown]
# Without an "and", both colours go to one frog, and the order of the words matters. No
# caption counts animals, and none says "without". So "without a hat" brings hats: the
# word "hat" has an effect, and "without" has none. Turtles never had a hat in training,
# so theirs is often missing. Written twice, the word gets nearly two shares of
# attention and of the pooled mean, and the hat appears more often. (Does "hat hat hat"
# bring still more?) Public services therefore rewrite a prompt before the model reads
# it (Betker et al. 2023). In this course `rewriting.py` does that.
#
# ## One word, two meanings
#
# *How does it know what a word means when the word has two meanings?* A bat flies, or
# hits balls. In notebook 08 the token's vector changed with its neighbours. Here you
# see that change: the same noises, the same word, different company. Look for mixtures.

# %%
from course_lib.figures.plots import show_rows
from course_lib.judging.fidelity import what_is_seen

company = ["a bat", "a flying bat", "a bat beside a ball",
           "a crane", "a wading crane", "a crane lifting a box"]  # fmt: skip
senses = {text: draw([text] * 6, seed=9) for text in company}
show_rows(
    senses,
    alt="Bats and cranes, six each: the bare word gives either meaning, or a mixture; "
    "other words decide it.",
    zoom=2,
)
clear = [text for text in company if text.count(" ") > 1]  # not the bare word
judged = [what_is_seen(senses[text], [text] * 6)["right"] for text in clear]
print("most show the meaning asked for:", all(sum(each) > 3 for each in judged))
for text in ("a bat", "a crane"):
    print(f"{text}:", ", ".join(what_is_seen(senses[text], [text] * 6)["seen"]))

# %% [markdown]
# With company the meaning is clear. The bare word gives either meaning, and some
# pictures are a mixture of the two: nothing in the prompt decides, and nothing makes
# the picture choose.
#
# ## One noise, many prompts; two prompts at once
#
# *Does a prompt stand for one fixed noise pattern?* No. The noise is where you start;
# the words decide where the path leads. Each row below is one noise, each column one
# prompt.
#
# The effect of a text is a difference, and differences add up: `compose` follows two
# texts at once, each with its own $w$ (Liu et al. 2022, equation 11). And you can put a
# text in the place of the empty text: guidance leads away from this **negative
# prompt**.

# %%
from collections import Counter

import torch

from course_lib.diffusion.guidance import compose
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import PictureNoise, dpm_solver
from course_lib.figures.plots import show_rows
from course_lib.judging.fidelity import what_is_seen

some_prompts = ["a cat", "a red cat", "a red cat with a hat", "a bird at night"]
grid = {
    f"seed {seed}": torch.cat([draw([text], seed=seed) for text in some_prompts])
    for seed in (0, 1, 2)
}
show_rows(grid, titles=some_prompts, alt="Three noises, four prompts each.", zoom=2)


def draw_both(first, second, scales, n=8, seed=3):
    """Follow two texts at once."""
    conds = draw.read([first, second, ""])[:, None].expand(-1, n, -1, -1)
    model = compose(draw.model, [conds[0], conds[1]], scales, uncond=conds[2])
    predict = predictor(model, draw.schedule, "v", conds[0], clamp_x_0=True)
    x_T = PictureNoise(seed, range(n))((3, 32, 32))
    *_, last = dpm_solver(predict, x_T, draw.schedule, steps=10)
    return last.x_0_hat.clamp(-1, 1)


cats = {
    "a cat": draw(["a cat"] * 8, seed=3),
    # w is 2 for each text here, and 3 in the other rows.
    "+ at night": draw_both("a cat", "at night", [2.0, 2.0]),
    "not at night": draw(["a cat"] * 8, seed=3, negative_prompt="at night"),
}
show_rows(
    cats,
    alt="Eight cats; the same noises with a second text, at night; and the same noises "
    "with night as a negative prompt.",
    zoom=2,
)
for name, some in cats.items():
    seen_here = what_is_seen(some, ["a cat"] * 8)["seen"]
    scenes = Counter(text.rsplit(", ", 1)[-1] for text in seen_here)
    print(f"{name}:", ", ".join(f"{n} {scene}" for scene, n in scenes.most_common()))
    if name == "+ at night":
        assert scenes["night"] >= 5

# %% [markdown]
# The second text puts the cats into the night. The negative prompt does more than keep
# them out of it: look at the printed scenes. Away from night means towards what is
# least like night, and cats that stood in no night move as well. So a negative prompt
# is not "the same without night". Nor is it an eraser: try `negative_prompt="a hat"`
# with "a frog with a hat".
#
# ## Three questions
#
# 1. Guidance needs two network calls per step. Could you train a network to give the
#    guided prediction at once?
#
# <details><summary>Answer</summary>
#
# Yes: train a second network on the guided predictions of the first. This is called
# distillation.
#
# </details>
#
# 2. With `guidance_scale = 8` the colours get loud, and few pictures are clean. Why?
#
# <details><summary>Answer</summary>
#
# The difference is added eight times, even where it is only a guess. The result is
# pushed past what real pictures look like, towards whatever *says* "red cat" loudest.
#
# </details>
#
# 3. You train without dropping captions, and set guidance to 2. What happens?
#
# <details><summary>Answer</summary>
#
# The network has never seen the empty text, so its prediction for it is arbitrary, and
# so is the direction away from it.
#
# </details>
