# %% [markdown]
# # 10 · Text to image
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/10_text_to_image.ipynb)
#
# *About 50 minutes. You need notebooks 06, 08 and 09.*
#
# When you are through you can
#
# - say how words get into a network that takes noise out of pictures,
# - write guidance, and the one line of training without which it cannot work,
# - see which word the network looks at, and where,
# - measure whether it can draw what it has never seen: a frog on stilts.

# %% [markdown]
# ## See it
#
# Type a prompt of your own. The words of the training captions work best: eight
# animals, eight colours, hats, balloons, umbrellas, stilts, a place or a time (meadow,
# beach, snow, night, sunset), two animals side by side. Below the pictures, the reader
# (a network that only judges) says what it sees. The painter of this notebook takes
# prompts `as_typed`; all others rewrite them first, see "Say it twice".
#
# The cell after it draws eight prompts without a menu, one picture each.

# %% tags=["nbval-ignore-output"]
import torch

from course_lib.figures.plots import show_pictures, show_rows
from course_lib.figures.widgets import live
from course_lib.judging.fidelity import what_is_seen
from course_lib.painters.pipeline import TextToImage

draw = TextToImage.from_pretrained("words", as_typed=True)


def draw_prompt(prompt, seed, guidance_scale):
    """Four pictures of one prompt, and what the reader sees in them."""
    for sentence in draw.remarks([prompt]):
        print(sentence)
    pictures = draw([prompt] * 4, seed=seed, guidance_scale=guidance_scale)
    seen = what_is_seen(pictures, [prompt] * 4)["seen"]
    show_pictures(pictures, titles=seen, columns=4, alt=f"Four pictures: {prompt}.")


live(draw_prompt, prompt="a frog on stilts", seed=(0, 50, 1, 0),
     guidance_scale=(0.0, 6.0, 0.5, 3.0))  # fmt: skip

# %%
prompts = [
    "a red cat with a hat",
    "a small yellow bear on the right in the snow",
    "a blue frog with rabbit ears",
    "a purple fish at night",
    "an orange rabbit holding a balloon at the beach",
    "a green bird left of a white bear",
    "a brown bat beside a ball",
    "a yellow crane lifting a box at sunset",
]
pictures = draw(prompts, seed=2)  # (8, 3, 32, 32)
show_pictures(
    pictures, titles=prompts, columns=4, alt="Eight prompts, and a picture of each."
)
numbers = sum(p.numel() for p in draw.model.parameters())
print(f"a network of {numbers:,} numbers drew {len(pictures)} pictures")

# %% [markdown]
# ## How words get in
#
# Two things are new against the network of notebook 05. A **text encoder** (notebook
# 08) turns the prompt into one vector a token. It comes from the image-text pair of
# notebook 09: what "red" looks like it knew before the first picture was drawn. And the
# U-Net listens in two ways:
#
# - the *gist*, the mean of the vectors, sent through one layer that the pair learned,
#   joins the time in scaling the channels: it is heard everywhere at once, as the label
#   was;
# - in **cross-attention**, every place of the picture asks the words a question of its
#   own, and takes what it needs.

# %%
text_emb = draw.read(["a red cat with a hat"])  # (B, L, D)
tokens = draw.tokenizer.batch(["a red cat with a hat"], length=text_emb.shape[1])
words = draw.tokenizer.spell(tokens[0].tolist())
print("tokens:", words)
print("text_emb:", tuple(text_emb.shape), "one vector of 128 numbers a token")

from course_lib.figures.source import show_source
from course_lib.networks.layers import CrossAttention

show_source(CrossAttention.forward)

# %% [markdown]
# It is the attention of notebook 08. Only the *queries* come from elsewhere: from the
# places of the picture. So each place of the grid has a share of attention for each
# word, and we can look at these shares as pictures: first half way to a picture, for
# every word; then, with a slider, along the whole way, for "red", "cat" and "hat".

# %%
from course_lib.networks.text_unet import word_maps


def maps_along(prompt, seed, steps=10):
    """The picture so far and, for each word, where it is looked at, step by step."""
    text_emb = draw.read([prompt])
    way = list(draw.trace([prompt], steps=steps, seed=seed))
    maps = []
    for step in way[:-1]:
        t = torch.tensor([step.t])
        maps.append(word_maps(draw.model, step.x_t, t, text_emb)[0])  # (L, H, W)
    return way, torch.stack(maps)  # (steps, L, H, W)


def as_grey(one_map):
    """A map as a grey picture, white where the word is looked at most, black least."""
    low, high = one_map.amin(), one_map.amax()
    grey = (one_map - low) / (high - low).clamp(min=1e-6)
    return (2 * grey - 1).expand(3, -1, -1)  # (3, H, W)


way, maps = maps_along("a red cat with a hat", seed=2)
half = len(maps) // 2
look = [way[half].x_0_hat[0].clamp(-1, 1)] + [as_grey(m) for m in maps[half]]
show_pictures(
    torch.stack(look),
    titles=["the guess", *words],
    columns=len(look),
    alt="The guess of a cat with a hat half way, and for each word a map of where the "
    "network looks at it.",
)
assert torch.allclose(maps.sum(1), torch.ones(()), atol=1e-4)
total = round(maps.sum(1).mean().item(), 3)
print("at every place, the attention of all words adds up to", total)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import frame_slider

places = [words.index(word) for word in ("red", "cat", "hat")]
frames = []
for step, m in zip(way, maps, strict=False):
    beside = [as_grey(m[place]) for place in places]
    frames.append(torch.cat([step.x_0_hat[0].clamp(-1, 1), *beside], dim=2))
frame_slider(
    torch.stack(frames),
    [f"t = {step.t}" for step in way[:-1]],
    alt="The guess at each step, and where the network looks at red, cat and hat",
    zoom=5,
)

# %% [markdown]
# ## Being told nothing
#
# In training one caption in ten is replaced by the **empty text**. So the same network
# also learns to take noise out of pictures of *anything*. That costs next to nothing,
# and without it what follows is impossible.
#
# **Your turn.** `tokens` (B, L) are captions, `dropped` (B,) is True where the caption
# is to go. The empty text is `START, END` and then `PAD` up to the end. Leave `tokens`
# itself alone. (`torch.full_like(tokens, PAD)` makes a tensor of the same shape;
# `torch.where(condition, x, y)` takes from x where the condition holds; `dropped[:,
# None]` makes a column of it.)

# %%
from course_lib.networks.tokenizer import END, PAD, START


def my_forget(tokens, dropped):
    """Captions with some of them replaced by the empty text."""
    ### BEGIN SOLUTION
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)
    ### END SOLUTION


# %%
from course_lib.checks.nb10_text_to_image import check_forget

forget = check_forget(my_forget)
tokens = draw.tokenizer.batch(["a red cat", "a frog", "two fish"], length=8)
kept = forget(tokens, torch.tensor([False, True, False]))
print([draw.tokenizer.decode(row.tolist()) for row in kept])

# %% [markdown]
# ## Guidance: more of what the words change
#
# Now one network has two guesses for the same noisy picture: *with* the words and
# *without*. Their difference is what the words change. Here it is early on the way,
# when not everything is decided yet:

# %%
step = list(draw.trace(["a red cat with a hat"], steps=20, seed=2))[2]
t = torch.tensor([step.t])
x_t = step.x_t
text_emb, empty = draw.read(["a red cat with a hat", ""]).split(1)
with torch.no_grad():
    with_text = draw.model(x_t, t, text_emb)  # velocities, (1, 3, 32, 32)
    without = draw.model(x_t, t, empty)

from course_lib.diffusion.objective import read_output


def as_picture(v_hat):
    """The clean picture that a velocity stands for."""
    x_0_hat, _ = read_output(v_hat, x_t, t, draw.schedule, "v")
    return x_0_hat[0].clamp(-1, 1)


difference = as_picture(with_text) - as_picture(without)
show_pictures(
    torch.stack([as_picture(without), as_picture(with_text), difference.clamp(-1, 1)]),
    titles=["told nothing", "told the prompt", "the difference"],
    zoom=5,
    alt="Two guesses of the clean picture, without and with the prompt, and their "
    "difference, which is grey wherever the words change nothing.",
)
apart = difference.square().mean((0, 1, 2)).sqrt()
print("the words change the guess:", bool(apart > 0.01))

# %% [markdown]
# **Guidance** goes further in this direction:
#
# $$\text{guided} = \text{without} + w\,(\text{with} - \text{without})$$
#
# With $w = 0$ nobody listens to the words, with $w = 1$ it is the plain answer, more
# pushes. **Your turn:** return what is guided; `guidance_scale` is $w$. (Some papers
# write $1 + w$ for our $w$; ours is the commoner.)
#
# The check is followed by the library's version, which asks both questions in one go.


# %%
def my_guided(with_text, without, guidance_scale):
    """Further in the direction in which the words pull."""
    ### BEGIN SOLUTION
    return without + guidance_scale * (with_text - without)
    ### END SOLUTION


# %%
from course_lib.checks.nb10_text_to_image import check_guided

guided = check_guided(my_guided)

from course_lib.diffusion.guidance import guide

show_source(guide)
library = guide(draw.model, 2.5, uncond=empty)(x_t, t, text_emb)
with torch.no_grad():
    same = torch.allclose(guided(with_text, without, 2.5), library, atol=1e-4)
print("the same as in the library:", same)

# %% [markdown]
# ## How hard to push?
#
# The same noises, more and more guidance. For each scale the reader counts in how many
# of 32 pictures everything is right that the prompt names, and nothing unasked is seen.
# Too little does not listen, too much spoils the picture: `draw` takes 3.

# %%
from course_lib.judging.fidelity import prompts_of

asked = prompts_of("one animal", 32, world=1_000_000)
rows, right = {}, {}
for scale in (0, 0.5, 1, 2, 4, 8):
    some = draw(asked.texts, guidance_scale=scale, seed=5)
    right[scale] = sum(what_is_seen(some, asked.texts)["right"])
    rows[f"w = {scale}"] = some[:6]
show_rows(rows, alt="Six prompts, drawn with more and more guidance.")
for text in asked.texts[:6]:
    print("-", text)

# %% tags=["nbval-ignore-output"]
for scale, count in right.items():
    print(f"guidance_scale {scale}: everything right in {count} of {len(asked.texts)}")
assert right[2] > right[0] + 5

scales = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
series = [draw(["a red cat with a hat"], seed=2, guidance_scale=w)[0] for w in scales]
frame_slider(
    torch.stack(series),
    [f"guidance_scale = {w}" for w in scales],
    alt="A red cat with a hat, with more and more guidance",
    zoom=6,
)

# %% [markdown]
# *Why amplify the difference, and not keep what both agree on?* What both agree on is
# what any picture has: a sky, a ground, some animal. Look at the row $w = 0.5$, the
# mean of both: it follows the prompts less often than $w = 1$. It is the *difference*
# that says "cat" and "red".
#
# ## Captions that lie
#
# On the web many captions belong to another picture. What does a network learn from
# them? Take a world of two pictures, a cat and a fish, where of ten pictures captioned
# "cat" some are fish. No training is needed: the best denoiser of a finite set is
# known (notebook 03). So draw with it, and count the cats.

# %% tags=["nbval-ignore-output"]
from course_lib.diffusion.ideal import IdealDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import PictureNoise, dpm_solver, last_step

cat, fish = draw(["a red cat", "a blue fish"], seed=4)
anything = IdealDenoiser(torch.stack([cat, fish]), draw.schedule)


def count_cats(lies, guidance_scale, n=50):
    """How many of n are cats, if of ten captions "cat" so many lie."""
    captioned = torch.stack([cat] * (10 - lies) + [fish] * lies)
    told_cat = IdealDenoiser(captioned, draw.schedule)

    def best(x_t, t, cond):
        return guided(told_cat(x_t, t), anything(x_t, t), guidance_scale)

    predict = predictor(best, draw.schedule, "x_0")
    x_T = PictureNoise(8, range(n))((3, 32, 32))
    x_0 = last_step(dpm_solver(predict, x_T, draw.schedule, steps=100))
    return sum(bool((x - cat).norm() < (x - fish).norm()) for x in x_0)


cats = {lies: [count_cats(lies, w) for w in (1, 3, 5)] for lies in (0, 2, 4, 8)}
for lies, counts in cats.items():
    print(f"{lies} of 10 captions lie: with w = 1, 3, 5 {counts} of 50 are cats")
assert cats[4][0] < cats[4][1] < cats[4][2] and cats[8][1] <= cats[8][0] < 25

# %% [markdown]
# Four lies in ten make the word *weak*, not wrong: it is believed as far as it can be
# believed, in about six drawings of ten, and guidance turns the weak voice up again.
# Only where most captions lie does the word mean the other thing, and guidance makes
# that worse. (The steps are many here, as 10 coarse ones would favour what is commoner:
# 38 cats of 50 in place of 29. A network that learns on with captions of which some lie
# gains by guidance, too: lesson 10.)
#
# ## A frog on stilts
#
# In the 50,000 pictures that it learned from there are frogs, and there are animals on
# stilts. There is no frog on stilts: that combination was kept out. Can it draw one?

# %% tags=["nbval-ignore-output"]
frogs = draw(["a frog on stilts"] * 16, seed=1)
seen = what_is_seen(frogs, ["a frog on stilts"] * 16)
show_pictures(frogs, titles=seen["seen"], columns=8, alt="Sixteen frogs on stilts.")
print("frogs on stilts, to the reader:", sum(seen["right"]), "of 16")
assert sum(seen["right"]) >= 4

# %% [markdown]
# Did it *average* frog and stilts? Half way between a picture of a frog and a picture
# of stilts would be a double exposure. It has learned "what a frog looks like" and
# "what being on stilts looks like" as two things that can be said of a picture, and
# does both. Was there perhaps a frog on stilts in the training set after all? We count
# them, and show what comes nearest to the first eight, by the features of the reader
# (notebook 05), of 4,000 training pictures with stilts.
#
# *How much of a result is "from" one training picture?* If the network handed back
# pictures that it has seen, with small changes, what it draws would lie closer to its
# nearest training picture than a *fresh* real picture does. So we measure both: drawn
# and fresh pictures of the 32 prompts of "How hard to push?", each to the nearest of
# 4,000 pictures from the training set.

# %%
from course_lib.judging.metrics import features_of, nearest
from course_lib.networks.judge import load_judge
from course_lib.world.critters import ACCESSORIES, SUBJECTS
from course_lib.world.datasets import load_critters

album = load_critters("train")
frog, stilts = SUBJECTS.index("frog"), ACCESSORIES.index("stilts")
both = (album.factors["subject"] == frog) & (album.factors["accessory"] == stilts)
print("frogs on stilts among", len(album), "training pictures:", int(both.sum()))
on_stilts = (album.factors["accessory"] == stilts).nonzero()[:, 0][:4000]
shown = album[on_stilts][0]
reader = load_judge("reader-32")
known = features_of(reader, shown)  # (4000, D)
_, where = nearest(features_of(reader, frogs[:8]), known)
show_rows(
    {"drawn": frogs[:8], "nearest": shown[where]},
    alt="Eight frogs on stilts, and below each the most similar training picture of "
    "something on stilts: never a frog.",
)
apart = {}
known = features_of(reader, album[torch.arange(4000)][0])
for name, some in {"fresh": asked.real, "drawn": draw(asked.texts, seed=5)}.items():
    apart[name], _ = nearest(features_of(reader, some), known)
share = float(apart["drawn"].mean() / apart["fresh"].mean())
print(f"drawn: {share:.1f} times as far from the nearest training picture as fresh")

# %% [markdown]
# ## Say it twice
#
# Not everything that was kept out comes as readily as the frog. In training no turtle
# had a hat, and what is seen of a turtle seems to speak against one. The word "hat"
# must outvote that, and what it can say is a share: the gist is a mean over all words,
# and the attention that they get adds up to 1. So say the word twice. (Try it in the
# prompt box under "See it", too.)
#
# Nobody should have to type so. Painters for the public put something in between that
# rewrites a prompt before it is read (Betker et al. 2023), and ours have `rewrite`: it
# says twice what is on a head, puts slips of the fingers right, and leaves out what is
# not wanted.

# %%
from course_lib.painters.rewriting import rewrite

show_source(rewrite)
for typed in ["a gren turtel with a hat", "a cat without a hat in the snow"]:
    print(f"{typed!r} is read as {rewrite(typed)!r}")

once = "a green turtle with a hat at the beach"
rows = {"hat": draw([once] * 16), "hat hat": draw([rewrite(once)] * 16)}
hats = {name: sum(what_is_seen(x, [once] * 16)["right"]) for name, x in rows.items()}
show_rows(
    {name: some[:8] for name, some in rows.items()},
    alt="Eight green turtles at the beach, only some with their hats; and eight from "
    "the same noises with the word hat said twice, nearly all with hats.",
)
print("said twice, the hat is there more often:", hats["hat hat"] > hats["hat"] + 4)

# %% [markdown]
# ## Whose ears?
#
# *How does it know to put the rabbit's ears on the frog's head, and not beside it?*
# Nobody ever told it what a head is. Below, eight such frogs; then the first of them
# while it forms, and the map of the word "ears": as soon as there is a guess of an
# animal, the word is looked at from where its ears will be. A place of the picture
# knows what is there and near it (that is what the U-Net's layers are for), and asks
# the words with *that*.

# %%
prompt = "a frog with rabbit ears"
eared = draw([prompt] * 8, seed=4)
seen = what_is_seen(eared, [prompt] * 8)
show_pictures(eared, titles=seen["seen"], columns=8, alt="Eight frogs with long ears.")
way, maps = maps_along(prompt, seed=4)
words = draw.tokenizer.spell(draw.tokenizer.batch([prompt], 40)[0].tolist())
at = words.index("ears")
some = range(0, len(maps), 2)
show_rows(
    {
        "the guess": torch.cat([way[i].x_0_hat.clamp(-1, 1) for i in some]),
        "ears": torch.stack([as_grey(maps[i, at]) for i in some]),
    },
    titles=[f"t = {way[i].t}" for i in some],
    alt="The guess at some steps, and below each where the word ears is looked at.",
)

# %% [markdown]
# ## One word, two meanings
#
# *How does it know what a word means when the word has two meanings?* A bat flies, or
# hits balls. In notebook 08 the token's vector changed with its neighbours. Here is
# what that change looks like: the same noises, the same word, other company.

# %%
company = ["a bat", "a flying bat", "a bat beside a ball",
           "a crane", "a wading crane", "a crane lifting a box"]  # fmt: skip
rows = {text: draw([text] * 6, seed=9) for text in company}
show_rows(rows, alt="Bats and cranes: by themselves either meaning, in company one.")
clear = [text for text in company if text.count(" ") > 1]  # not the bare word
judged = [what_is_seen(rows[text], [text] * 6)["right"] for text in clear]
print("most are as meant:", all(sum(right) > 3 for right in judged))

# %% [markdown]
# ## One prompt, many pictures; one noise, many prompts
#
# *Does a prompt stand for one fixed noise pattern?* No. The noise is where you start;
# the words decide where the way leads. Each row below is one noise, each column one
# prompt.

# %%
some_prompts = ["a cat", "a red cat", "a red cat with a hat", "a bird at night"]
rows = {
    f"seed {seed}": torch.cat([draw([text], seed=seed) for text in some_prompts])
    for seed in (0, 1, 2)
}
show_rows(rows, titles=some_prompts, alt="Three noises, four prompts each.", zoom=4)
one_noise = rows["seed 0"]
assert (one_noise[0] - one_noise[1]).abs().max() > 0.1

# %% [markdown]
# ## Two prompts at once, and one to avoid
#
# If the difference of guesses is a direction, several can be added:
# `compose` follows two texts at once. And what stands in the place of "nothing" is led
# away from: a **negative prompt**.

# %%
from course_lib.diffusion.guidance import compose


def draw_both(first, second, scales, n=6, seed=3):
    """Follow two texts at once."""
    conds = draw.read([first, second, ""])[:, None].expand(-1, n, -1, -1)
    model = compose(draw.model, [conds[0], conds[1]], scales, uncond=conds[2])
    predict = predictor(model, draw.schedule, "v", conds[0], clamp_x_0=True)
    x_T = PictureNoise(seed, range(n))((3, 32, 32))
    *_, last = dpm_solver(predict, x_T, draw.schedule, steps=10)
    return last.x_0_hat.clamp(-1, 1)


show_rows(
    {
        "a cat": draw(["a cat"] * 6, seed=3),
        "+ night": draw_both("a cat", "at night", [2.0, 2.0]),
        "not night": draw(["a cat"] * 6, seed=3, negative_prompt="at night"),
    },
    alt="Six cats; the same noises with a second text, at night; and with night as a "
    "negative prompt.",
)
nights = what_is_seen(draw_both("a cat", "at night", [2.0, 2.0]), ["at night"] * 6)
assert sum("night" in text for text in nights["seen"]) >= 3

# %% [markdown]
# ## From frog to rabbit
#
# A text is vectors, so there are texts between two texts that no one can say. The same
# noise, and the vectors moved in a straight line from one prompt to the other:

# %% tags=["nbval-ignore-output"]
frog, rabbit, nothing = draw.read(["a frog", "a rabbit", ""]).split(1)  # (1, L, D)
shares = torch.linspace(0, 1, 9)[:, None, None]
between = torch.lerp(frog, rabbit, shares)  # (9, L, D)


def draw_vectors(text_emb, seed, steps=10):
    """One picture for each text_emb, all from the same noise."""
    model = guide(draw.model, 3.0, uncond=nothing.expand(len(text_emb), -1, -1))
    predict = predictor(model, draw.schedule, "v", text_emb, clamp_x_0=True)
    x_T = PictureNoise(seed, range(1))((3, 32, 32)).expand(len(text_emb), -1, -1, -1)
    *_, last = dpm_solver(predict, x_T, draw.schedule, steps=steps)
    return last.x_0_hat.clamp(-1, 1)


on_the_way = draw_vectors(between, seed=7)
frame_slider(
    on_the_way,
    [f"{share:.0%} rabbit" for share in shares.flatten().tolist()],
    alt="From a frog to a rabbit in nine steps of the text vectors",
    zoom=6,
)

# %% [markdown]
# ## Three questions
#
# 1. Guidance needs two calls of the network a step. Could one train a network to give
#    the guided answer at once?
#
# <details><summary>Answer</summary>
#
# Yes: train a second network on what the first one says with guidance. That is
# distillation; notebook 16 does it.
#
# </details>
#
# 2. With `guidance_scale = 8` colours get loud and fewer pictures are right. Why?
#
# <details><summary>Answer</summary>
#
# The difference is added eight times, also where it is only a guess. The result is
# pushed beyond what real pictures look like, towards what most *says* "red cat".
#
# </details>
#
# 3. You train without dropping captions, and set guidance to 2. What happens?
#
# <details><summary>Answer</summary>
#
# The network has never seen the empty text, so its answer to it is arbitrary, and so is
# the direction away from it. The check of the first exercise guards this line.
#
# </details>
