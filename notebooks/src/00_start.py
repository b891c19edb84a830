# %% [markdown]
# # Start: a picture out of noise
#
# *About 20 minutes. You need nothing but curiosity.*
#
# By the end you will have
#
# - watched a picture come out of pure noise, and chosen what it shows,
# - solved your first exercise, and seen what a check says,
# - looked at what the course will build, and whether your machine is ready.
#
# A notebook is made of **cells**. Click on one and press Shift + Enter: it runs, and
# you move on to the next one. Start with the folded cell below: it sets the course up.

# %% [markdown]
# ## Type what you want to see
#
# Run the next cell, type into the field and press Enter. The network knows eight
# animals (frog, rabbit, cat, bear, bird, fish, turtle, bat), eight colours (red,
# orange, yellow, green, blue, purple, white, brown), the ears of a rabbit, a cat or a
# bear, hats, balloons, umbrellas and stilts, snow, night, sea, sunset and meadows, and
# two animals side by side. If you ask for something else, it draws what comes nearest,
# and does not always tell you.
#
# Then drag the slider under the pictures. On the left (`x_t`) noise turns into a
# picture. Steps are counted from 1,000, pure noise, down to 0; a drawing takes only 14
# of them. On the right (`x_0_hat`) is the network's guess of what is hidden in the
# noise. The seed is a number that picks the random noise: another seed, another noise.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live, sampler_slider
from course_lib.painters.pipeline import TextToImage

draw = TextToImage.from_pretrained("latent")


def watch(prompt, seed):
    """Draw one picture and show the way to it."""
    for sentence in draw.remarks([prompt]):
        print(sentence)
    way = draw.as_pictures(draw.trace([prompt], steps=14, seed=seed))
    sampler_slider(list(way), alt=f"Noise turns into {prompt}", zoom=4)


live(watch, prompt="a frog on stilts", seed=(0, 50, 1, 4))

# %% [markdown]
# Before you go on: what does the picture start from? It is 64 x 64 pixels, and each
# pixel is three numbers, 12,288 in all. How many random numbers does the network need
# to begin? Make a guess and run the cell. All through the course you guess first: the
# guess that you get wrong is the one that you remember.

# %%
from course_lib.figures.prediction import prediction

guess_start = prediction(
    "How many random numbers become a picture of 64 x 64 pixels?",
    [1, 64, 1024, 12288, 1000000],
)

# %% [markdown]
# Here is the same picture without an input field. Change the words or the seed, and run
# the cell again.

# %%
from course_lib.figures.plots import show_trace

prompt, seed = "a frog on stilts", 4

way = list(draw.trace([prompt], steps=14, seed=seed))
seen = list(draw.as_pictures(way))
sampler_slider(seen, alt=f"Noise turns into {prompt}", zoom=4)
show_trace(seen, alt=f"Noise turns into {prompt}; below, the guess at each step.")
numbers = way[0].x_t.numel()
print(f"{numbers:,} random numbers became {prompt} in {len(way) - 1} steps")
guess_start.compare(numbers)

# %% [markdown]
# This picture did not exist before you pressed the keys. The network was trained on
# 50,000 pictures. There are frogs in them, and animals on stilts, but not one frog on
# stilts. It can do one thing: *guess what is hidden under noise*, given words that say
# what it is. Asked again and again, it finds a frog where there was none.
#
# (Why so few random numbers for so many pixels? The network draws in a kind of
# shorthand of 16 x 16 places with 4 numbers each, 1,024, and a second network writes it
# out as 64 x 64 pixels. That is why the noise looks like confetti. Until notebook 11
# you will work with the pixels themselves.)
#
# Now some more prompts, with two pictures of each.

# %%
from course_lib.figures.plots import show_pictures

prompts = [
    "a red cat with a hat",
    "a small yellow bear in the snow",
    "a blue frog with rabbit ears",
    "a purple fish at night",
    "an orange rabbit holding a balloon",
    "a green bird left of a white bear",
    "a blue turtle in the snow",
    "a white bat at sunset",
]
zoo = draw(prompts * 2, steps=12, seed=11)  # (16, 3, 64, 64)
for line in prompts:
    print("-", line)
show_pictures(
    zoo, columns=8, alt="Eight prompts, two pictures each, one above the other."
)
size = sum(p.numel() for p in draw.model.parameters())
print(f"a network of {size:,} numbers drew {len(zoo)} pictures in shorthand,")
print("and the second network wrote them out")

# %% [markdown]
# Look at the two pictures of "a white bat". The word has two meanings, an animal and a
# club, and both were in the pictures that the network learned from. Each time it takes
# one of them, or mixes the two. Notebook 08 has more about that.
#
# ## How exercises work
#
# In each notebook you write one or two small functions. A **check** tries yours and
# answers in words. It has three kinds of answer. Here are the first two.

# %%
import torch

from course_lib.checks.nb00_start import check_mirror


def nothing_yet(picture):
    """What an exercise is like before you have written anything."""
    raise NotImplementedError


def not_quite(picture):
    """A good idea, but the wrong axis."""
    return picture.flip(1)


check_mirror(nothing_yet)
check_mirror(not_quite)
small = TextToImage.from_pretrained("words")  # it draws 32 x 32 pixels, no shorthand
frog = small(["a frog"], steps=14, seed=3)[0]  # (3, 32, 32): colours, rows, columns
show_pictures(
    torch.stack([frog, not_quite(frog)]),
    titles=["the frog", "not quite"],
    zoom=4,
    alt="The frog, and the frog standing on its head.",
)

# %% [markdown]
# Each exercise says how hard it is:
#
# - ★☆☆ *one idea*: once you see it, it is a line or two,
# - ★★☆ *a few steps*: you have met them all, and put them together,
# - ★★★ *plan first*: on paper, before you type; expect a wrong answer or two.
#
# Below it are two hints, folded: click one to open it. The first says where to look,
# the second how to begin. If you are still stuck after both, look into [the solved
# twin](../notebooks/solutions/00_start.ipynb) of the notebook or into the lesson (the
# link is under the title), or ask a classmate.
#
# **Your turn.** Show the frog in a mirror, so that left becomes right. A picture has
# three axes: 0 goes through the colours, 1 through the rows, 2 through the columns.
# `picture.flip(1)` reverses the rows. Write your line in place of `raise ...`, and run
# both cells. If you leave it empty, nothing breaks: the notebook goes on with the
# library's version.
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# To exchange left and right, along which of the three axes must you go?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The line of `not_quite`, in the cell above, has the right function. Only the number of
# its axis is wrong.
#
# </details>


# %%
def my_mirror(picture):
    """Exchange left and right."""
    ### BEGIN SOLUTION
    return picture.flip(2)
    ### END SOLUTION


# %%
mirror = check_mirror(my_mirror)
show_pictures(
    torch.stack([frog, mirror(frog)]),
    titles=["the frog", "in the mirror"],
    zoom=4,
    alt="The frog, and its mirror picture.",
)

# %% [markdown]
# "ok" is the third answer. In the *Run* menu there is "Restart Kernel and Run All
# Cells". It forgets every value and runs the notebook afresh. Undo (Ctrl + Z) brings
# back code that you have changed. So change things: that is the way to learn here.
#
# ## What you will build
#
# You will build everything that you have just used. Each row below shows what one or
# more notebooks are about.
#
# - [01 · A picture is numbers](01_pixels.ipynb): edit it by hand, draw with numbers.
# - [02 · Adding noise](02_noise.ipynb): ruin a picture little by little, on purpose.
# - [03](03_denoise.ipynb) and [04](04_unet.ipynb): guess what is under the noise, first
#   for points in the plane, then for pictures.
# - [05 · Training](05_training.ipynb): a simpler network draws the same noise early,
#   half way and late in its training, and adds a balloon of its own. You will watch
#   your own network get better.
# - [06 · Sampling](06_sampling.ipynb): from noise to a picture in 1, 2, 4, 8 and 16
#   steps, with a sampler of your own.
# - [08](08_words.ipynb), [09](09_image_text.ipynb) and [10](10_text_to_image.ipynb):
#   turn words into numbers, learn what the words look like, and let them steer the
#   picture. What the words leave open the network fills in: the plain frog may carry
#   something that nobody asked for.
# - [07](07_editing.ipynb), which comes after 10: change pictures.
# - [11](11_autoencoder.ipynb) and [12](12_latent_diffusion.ipynb): the shorthand, and
#   the whole system in it.

# %%
import torch.nn.functional as F

from course_lib.diffusion.schedule import add_noise
from course_lib.figures.plots import show_rows
from course_lib.painters.pipeline import LabelToImage

t = torch.tensor([0, 250, 500, 750, 1000])
five = frog.expand(5, 3, 32, 32)
eps = torch.randn(five.shape, generator=torch.Generator().manual_seed(0))
ruined = add_noise(five, t, eps, small.schedule)

channels = frog[:, None].expand(3, 3, 32, 32)  # red, green and blue alone, as greys
eye = F.interpolate(frog[None, :, 11:19, 8:16], scale_factor=4)  # 8 pixels, enlarged
stages = [  # the simpler network knows eight labels, but no sentences
    LabelToImage.from_pretrained(name)(["frog"], steps=14, seed=3)
    for name in ("critters-early", "critters-middle", "critters")
]
guesses = [step.x_0_hat[0] for step in small.trace(["a frog"], steps=14, seed=3)]
few = [small(["a frog"], steps=n, seed=3) for n in (1, 2, 4, 8, 16)]
told = ["", "a frog", "a red frog", "a red frog with a hat"]
told.append("a red frog with a hat at night")
worded = small(told, steps=14, seed=3)
show_rows(
    {
        "01 pixels": torch.cat([frog[None], channels, eye]),
        "02 noise": ruined,
        "03, 04 guess": torch.stack(guesses[::3]),
        "05 training": torch.cat(stages),
        "06 sampling": torch.cat(few),
    },
    alt="Five rows: a frog with its red, green and blue and its eye enlarged; the frog "
    "under more and more noise; guesses of a frog that get clearer; the same noise "
    "drawn early, half way and late in a training, in the end a frog with a balloon; "
    "and drawn in 1 to 16 steps.",
)
words = ["(no words)", *told[1:]]
show_rows(
    {"08 to 10 words": worded},
    titles=words,
    alt="Five small pictures from more and more words, up to a red frog with a hat at "
    "night.",
)
show_rows(
    {"11, 12 latents": draw(told, steps=14, seed=3)},  # the last row, 64 x 64 pixels
    titles=words,
    alt="Five pictures from more and more words, up to a red frog with a hat at night.",
)
print("how much picture is left in row 02:", small.schedule.a(t).tolist())

# %% [markdown]
# Later parts of the course go on from there: your own photos and styles, and what all
# this does to the world. [The map](../lessons/README.md) shows them all.
#
# ## Is my machine ready?
#
# Two processor cores are enough for everything; nothing needs a graphics card. A small
# program, the *doctor*, looks at your machine, measures how fast it is, and says what
# to do. This takes up to a minute; nothing is stuck. If it says that data is "not here
# yet", nothing is wrong: the course draws the data when it first needs them.

# %% tags=["nbval-ignore-output"]
from course_lib.commands.main import main

code = main(["doctor"])

# %% [markdown]
# ## Three questions
#
# Guess now. You will know the answers before long.
#
# 1. You choose "frog" and the same seed again. Do you get the same frog?
#
# <details><summary>Answer</summary>
#
# Yes, to the last pixel, if all else is the same: the number of steps, and the whole
# row of prompts. (In another row, at the same place, the last digits of the numbers
# differ, and nobody can see that.) The seed decides the noise of the first picture, the
# second, and so on. The rest is arithmetic. Notebook 06 looks for every place where
# chance can enter.
#
# </details>
#
# 2. Where in the millions of numbers is the frog stored?
#
# <details><summary>Answer</summary>
#
# In no single place. Together the numbers say how a noisy picture must change to look a
# little more like the pictures the network has seen. Notebook 06 measures how far our
# frogs are from the nearest frog that the network has seen.
#
# </details>
#
# 3. Why does it start from noise, and not from a white sheet?
#
# <details><summary>Answer</summary>
#
# The network has been trained on pictures under noise. In training, every picture it
# met at step 1,000 was pure noise, and a white sheet is nothing like that. Noise is
# also different every time, so every picture is different. Notebook 06 starts from a
# white sheet, and from other things, and counts what comes out.
#
# </details>
