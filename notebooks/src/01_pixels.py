# %% [markdown]
# # 1 · A picture is numbers
#
# *About 55 minutes. You need loops, functions and lists, nothing more.*
#
# By the end you can
#
# - say what one pixel is, and change it by hand,
# - paint into a picture, and draw a creature from nothing but distances,
# - translate between the numbers in a file and the numbers that a network likes,
# - say why almost every possible picture is mere flicker, and why that matters.
#
# Run the cells from top to bottom with Shift + Enter. Change things: Undo (Ctrl + Z)
# and "Restart Kernel and Run All Cells" bring everything back.

# %% [markdown]
# ## See it
#
# Here is an album of 1,000 small pictures. Nobody painted them: one of the course's
# programs draws them and writes a caption for each. We search the captions for some
# words.

# %%
import torch

from course_lib.figures.plots import show_pictures
from course_lib.pixels import from_bytes
from course_lib.world.critters import captions
from course_lib.world.drawing import draw_critters

album, factors = draw_critters(n=1000, seed=0, kind="one")
texts = captions(factors, torch.arange(1000), seed=0)

wanted = "green frog"  # try "bunny", "purple bat", "umbrella", "under the moon"
found = [i for i, text in enumerate(texts) if wanted in text]
print(f"{len(found)} of {len(texts)} captions say {wanted!r}")
if found:  # some words are in no caption, such as "frog on stilts"
    show_pictures(
        from_bytes(album[found[:8]]),
        titles=[texts[i] for i in found[:8]],
        columns=4,
        zoom=5,
        alt=f"The first pictures whose caption says {wanted}, each above its caption.",
    )

# %% [markdown]
# We keep one picture: the frog by the sea. To the computer it is a box of numbers, 3
# colours × 32 rows × 32 columns. (Such a box is called a **tensor**; `torch` is the
# library that computes with them.) Here is one of the frog's eyes, with the numbers
# written in.

# %%
from course_lib.figures.plots import show_picture_numbers

frog = from_bytes(album[613])  # (3, 32, 32): colours, rows, columns
print(texts[613])
print("shape:", tuple(frog.shape), "- that makes", frog.numel(), "numbers")
show_picture_numbers(frog, top=11, left=9, size=5)

# %% [markdown]
# Each square is one **pixel**. It holds three numbers: how much red, how much green and
# how much blue light it gives. That is all there is. There is no frog in the file, no
# eye and no sea, only these numbers. The frog happens in your head.
#
# ## One pixel
#
# In files the three numbers go from 0 to 255, as above. In this course they go from
# **-1 (none of that light) to 1 (all of it)**; the section "Two scales" says why. Light
# adds up: red and green light together look yellow. (The last square is white, so on a
# white page you see only its title.)

# %%
colours = {
    "black": (-1, -1, -1),
    "red": (1, -1, -1),
    "green": (-1, 1, -1),
    "blue": (-1, -1, 1),
    "yellow": (1, 1, -1),
    "grey": (0, 0, 0),
    "pink": (1, 0.4, 0.6),
    "white": (1, 1, 1),
}
dots = torch.tensor(list(colours.values()))  # (8, 3): three numbers for each colour
dots = dots.reshape(-1, 3, 1, 1)  # the same numbers as 8 pictures, 1 high and 1 wide
titles = [f"{name} {colour}" for name, colour in colours.items()]
show_pictures(dots, titles, columns=4, zoom=120, alt="Eight colours, each one pixel.")
print(len(dots), "pictures, each of shape", tuple(dots[0].shape))

# %% [markdown]
# ## A picture from letters
#
# A picture is many such pixels, in rows and columns. So we can write one down.
# `picture[channel, row, column]` is one number: channel 0 is red, 1 green, 2 blue;
# **rows count from the top**, columns from the left. (`None` adds an axis of length 1:
# `picture[None]`, (1, 3, H, W), is a batch of one picture.) Change the letters and draw
# your own.

# %%
letters = [
    "..yyyyyy..",
    ".yyyyyyyy.",
    "yykkyykkyy",
    "yykkyykkyy",
    "yyyyyyyyyy",
    "yryyyyyyry",
    "yyrryyrryy",
    ".yyyrryyy.",
    "..yyyyyy..",
]
palette = {".": "white", "y": "yellow", "k": "black", "r": "red"}

picture = torch.zeros(3, len(letters), len(letters[0]))  # (3, H, W), all grey
for row, line in enumerate(letters):
    if len(line) != len(letters[0]):
        print(f"Row {row} has {len(line)} letters and row 0 has {len(letters[0])}.")
    for column, letter in enumerate(line[: len(letters[0])]):
        if palette.get(letter) in colours:
            picture[:, row, column] = torch.tensor(colours[palette[letter]])
        else:  # it stays grey
            print(f"No colour for {letter!r}: in `palette` give it one of `colours`.")
print("shape:", tuple(picture.shape))
show_pictures(picture[None], zoom=16, alt="A smiling yellow face in nine rows of ten.")

# %% [markdown]
# ## Edit one pixel by hand
#
# We change one single pixel of the frog, by hand. Run the cell, and change it: give the
# frog a freckle somewhere else, in another colour.

# %%
edited = frog.clone()  # a copy, so that the frog stays as it was
edited[:, 20, 17] = torch.tensor([1.0, -1.0, -1.0])
changed = (edited != frog).sum().item()
print(changed, "numbers of", frog.numel(), "have changed")
show_pictures(
    torch.stack([frog, edited]),
    titles=["before", "after"],
    alt="The frog twice; the second has one red pixel, like the tip of a tongue.",
)

# %% [markdown]
# Only that pixel has changed: no number depends on any other.
#
# ## Your turn: paint a square
#
# Write `my_paint_square`. It gets a picture `(3, H, W)`, the row `top` and the column
# `left` where the square begins, its `side` in pixels, and a colour of three numbers.
# It returns a **new** picture; the old one stays as it was.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# "Edit one pixel by hand" did the same in small: first a copy, then other numbers in
# it. There it was one place. Now it is a range of rows and a range of columns: where
# does each range begin, and where does it end?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `.clone()` makes the copy. The slice `x[2:5]` means numbers 2, 3 and 4: it stops
# before its end. A colour has one number for each channel: paint one channel
# after the other in a loop, or give the colour the shape (3, 1, 1) with
# `torch.tensor(colour)[:, None, None]`, which fits beside rows and columns.
#
# </details>


# %%
def my_paint_square(picture, top, left, side, colour):
    """Return a copy of the picture with a square of one colour painted in."""
    ### BEGIN SOLUTION
    painted = picture.clone()
    for channel in range(3):
        painted[channel, top : top + side, left : left + side] = colour[channel]
    return painted
    ### END SOLUTION


# %%
from course_lib.checks.nb01_pixels import check_paint_square

paint_square = check_paint_square(my_paint_square)

cool = frog
for left in (9, 19):  # two glasses, each with a glint
    cool = paint_square(cool, top=11, left=left, side=5, colour=colours["black"])
    cool = paint_square(cool, top=12, left=left + 1, side=1, colour=colours["white"])
for left in range(14, 19):  # and the bridge between them
    cool = paint_square(cool, top=12, left=left, side=1, colour=colours["black"])
show_pictures(cool[None], alt="The frog by the sea, now with black sunglasses.")
print("numbers changed:", (cool != frog).sum().item())

# %% [markdown]
# ## Three pictures in one
#
# Each of the three colours is a picture of its own, in shades of grey: bright where
# there is much of that light. Which one shows the sky brightest, and which one the
# frog?

# %%
# Each channel alone, as a picture: the same numbers for red, green and blue are a grey.
channels = frog[:, None].expand(3, 3, 32, 32)  # (3, 1, 32, 32), each 3 times
show_pictures(
    torch.cat([frog[None], channels]),
    titles=["all three", "red", "green", "blue"],
    columns=4,
    zoom=6,
    alt="The frog, and its red, green and blue channel in grey: the sky is brightest "
    "in blue, the belly in green.",
)
for name, channel in zip(["red", "green", "blue"], frog, strict=True):
    sky, belly = channel[:8, 20:].mean().item(), channel[22:26, 14:20].mean().item()
    print(f"{name:>5}: sky {sky:+.1f}, belly {belly:+.1f}")

# %% [markdown]
# ## Two scales
#
# A file has one *byte* for each number: a whole number from 0 to 255. Our networks get
# numbers from -1 to 1 instead. Why? Because then the middle is **0**. (That is 127.5 on
# the bytes' scale, which is no byte: 128 is a little above it.) In the next
# notebook we add random noise, and noise is above 0 as often as below. A picture around
# 0 and noise around 0 mix well. And when a network has no idea, it can answer 0, which
# is grey.
#
# ## Your turn: from bytes to [-1, 1]
#
# Write the formula: 0 becomes -1, 255 becomes 1, with equal steps between them. It has
# to work for *any* picture, even a dark one. (Bytes have the dtype, the kind of number,
# `uint8`. It knows no negative numbers: 0 - 1 is 255.)
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# Two things happen to every number: it shrinks, and it moves. The bytes are 255 wide,
# and the new scale, from -1 to 1, is only 2 wide. So by how much must they shrink? And
# where is 0 then, and where should it be?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Begin with `.float()`, which turns bytes into numbers with a decimal point. Then
# divide, so that 255 becomes 2, and only then move.
#
# </details>


# %%
def my_from_bytes(pictures):
    """Turn whole numbers 0..255 into numbers from -1 to 1."""
    ### BEGIN SOLUTION
    return pictures.float() / 127.5 - 1
    ### END SOLUTION


# %%
from course_lib.checks.nb01_pixels import check_from_bytes
from course_lib.figures.source import show_source
from course_lib.pixels import to_bytes

to_scale = check_from_bytes(my_from_bytes)

every_byte = torch.arange(256, dtype=torch.uint8)
for byte in (0, 64, 128, 255):
    print(f"{byte:3} -> {to_scale(every_byte[byte]).item():+.3f}")
there_and_back = to_bytes(to_scale(every_byte))
print("all 256 bytes survive the round trip:", torch.equal(there_and_back, every_byte))

if to_scale is my_from_bytes:  # solved: here are the library's own two functions
    show_source(from_bytes, to_bytes)
    same = torch.allclose(to_scale(album), from_bytes(album), atol=1e-6)
    print("yours and the library's agree on the whole album:", same)

# %% [markdown]
# ## Draw with distances
#
# How does the computer draw a disc? It asks each pixel one question: *how far are you
# from the middle?* Subtract the radius, and you get the **signed distance** to the
# edge: negative inside, 0 on the edge, positive outside. (`.clamp(0, 1)` turns numbers
# below 0 into 0 and numbers above 1 into 1.)

# %%
import math

distance = torch.zeros(32, 32)
for row in range(32):
    for column in range(32):
        down, right = row - 15.5, column - 15.5
        distance[row, column] = (down**2 + right**2) ** 0.5 - 12  # radius 12
print("a pixel in the middle:", round(distance[16, 16].item(), 1))
print("a pixel in the corner:", round(distance[0, 0].item(), 1))

hard = (distance < 0).float()  # inside or not
soft = (0.5 - distance).clamp(0, 1)  # the edge in the middle of a pixel: half covered
print("pixels inside:", int(hard.sum()), "- pi r r is", round(math.pi * 144))
shown = torch.stack([distance / 12, hard * 2 - 1, soft * 2 - 1])  # each (32, 32)
show_pictures(
    shown[:, None].expand(3, 3, 32, 32),
    titles=["distance: dark is inside", "hard edge", "soft edge"],
    alt="The distance as shades of grey, dark inside; then a disc with stairs at its "
    "edge, and a disc with a smooth edge.",
)

# %% [markdown]
# The library does the same without loops, for all pixels at once. It measures in other
# units: a picture is 1 wide and 1 high, and **y goes up**, while rows count down. It
# has a few helpers: `union` glues shapes together, `intersection` keeps the part that
# lies in both, and `capsule` draws a thick line with round ends. That is enough for a
# creature. **Make it yours**: another colour, three eyes, longer legs, a higher hat.

# %%
from course_lib.world.shapes import (
    box,
    capsule,
    circle,
    coverage,
    ellipse,
    intersection,
    pixel_grid,
    stroke,
    union,
)


def paint(picture, shape, colour):
    """Cover the shape (1, H, W), given as signed distances, with a colour."""
    covered = coverage(shape, pixel=1 / picture.shape[1])  # 0 outside, 1 inside
    colour = torch.tensor(colour).float().reshape(3, 1, 1)
    return picture * (1 - covered) + colour * covered


points = pixel_grid(32)  # x and y of every pixel
belly = ellipse(points, centre=(0.5, 0.46), radii=(0.31, 0.27))
legs = [capsule(points, (x, 0.25), (x, 0.1), radius=0.05) for x in (0.33, 0.5, 0.67)]
feelers = [capsule(points, (0.5, 0.7), (x, 0.9), radius=0.02) for x in (0.35, 0.65)]
body = union(belly, *legs, *feelers)
brim = box(points, centre=(0.5, 0.73), half=(0.17, 0.025))  # half its width and height
hat = union(brim, box(points, centre=(0.5, 0.81), half=(0.1, 0.08)))
smile = stroke(circle(points, (0.5, 0.44), 0.13), 0.018)  # a ring ...
smile = intersection(smile, points[1] - 0.42)  # ... kept where y is below 0.42

mine = torch.tensor([0.3, 0.6, 0.9]).reshape(3, 1, 1).expand(3, 32, 32)  # sky
mine = paint(mine, body - 0.03, (-0.7, -0.8, -0.6))  # outline: a larger shape
mine = paint(mine, body, (0.6, -0.2, 0.7))
for x in (0.38, 0.62):
    mine = paint(mine, circle(points, (x, 0.56), 0.1), (1, 1, 1))
    mine = paint(mine, circle(points, (x + 0.02, 0.54), 0.05), (-0.9, -0.9, -0.9))
for dark in (smile, hat):
    mine = paint(mine, dark, (-0.9, -0.9, -0.9))
show_pictures(
    mine[None], alt="A round purple creature with three legs, big eyes and a hat."
)
print("a creature is", mine.numel(), "numbers too")

# %% [markdown]
# ## The album of the course
#
# That is how all the **critters**, the animals of this course, are drawn: from circles,
# capsules and polygons. Each is made from a list of facts, the *factors*, and the
# caption is written from the same facts. So we know exactly what is in every picture,
# and later we can measure whether a network drew what it was asked for.
#
# One thing is missing from the album on purpose: no frog ever stands on stilts. Some
# combinations are **held out**: no training ever sees them. So we can ask later: can
# the network draw what it has never seen?

# %%
from course_lib.world.critters import FACTORS

some = torch.arange(12)
show_pictures(
    from_bytes(album[some]),
    titles=[texts[i] for i in some],
    columns=6,
    zoom=4,
    alt="Twelve critters with their captions.",
)
facts = {name: values[factors[name][613]] for name, values in FACTORS.items()}
print(texts[613], "->", {name: fact for name, fact in facts.items() if fact != "none"})

frogs = [i for i, text in enumerate(texts) if "frog" in text]
stilts = [i for i in frogs if "stilts" in texts[i]]
print(len(frogs), "frogs,", len(stilts), "of them on stilts")

# %% [markdown]
# ## Real photos
#
# CIFAR-10 is a famous set of 60,000 photos, 32×32 pixels each (Krizhevsky 2009). If
# your computer can reach it, you see photos now. If not, critters take their place, and
# a line says so. The label below each picture names the animal or the thing in it. (Of
# two critters it names the left one. And mind borrowed ears: a bear may have a
# rabbit's.)

# %% tags=["nbval-ignore-output"]
from course_lib.world.datasets import load_cifar10_or_critters

photos = load_cifar10_or_critters("test")
x_0, labels = photos[torch.arange(16)]
print(photos.name, tuple(photos.pictures.shape))
show_pictures(
    x_0,
    titles=[photos.names[label] for label in labels],
    zoom=3,
    alt="Sixteen pictures of 32 by 32 pixels with their labels.",
)
assert photos.pictures.shape == (10_000, 3, 32, 32)

# %% [markdown]
# ## The mean picture
#
# Since pictures are numbers, we can do sums with them. What is the *average* of 1,000
# critters? Add them up, pixel by pixel, and divide by 1,000: `.mean(dim=0)` does that
# along axis 0, the pictures. The *standard deviation* (`std`) says how far numbers
# typically lie from their mean. All through the frog it is 0.6. Guess it for the mean.

# %%
from course_lib.figures.prediction import prediction

guess_mean = prediction(
    "The frog's std is 0.6. How large is the mean's?", (0.0, 1.0, 0.1)
)

# %%
everyone = from_bytes(album)  # (1000, 3, 32, 32)
mean = everyone.mean(dim=0)  # (3, 32, 32): the mean over axis 0, the pictures
show_pictures(
    torch.stack([frog, mean]),
    titles=["one critter", "the mean of 1,000"],
    alt="The frog, and the mean of all critters: a blur, bluish above, sandy below.",
)
print(f"spread of the numbers (std): frog {frog.std():.1f}, mean {mean.std():.1f}")
guess_mean.compare(round(mean.std().item(), 1))

# %% [markdown]
# A dull smudge: everything that differs has cancelled out. Remember it. A network that
# has no idea what to draw, and hedges its bets, draws just this. It will come back in
# notebook 02.
#
# ## How many pictures are there?
#
# Each of the 3,072 numbers has 256 possible values. So there are 256 × 256 × ... × 256
# possible pictures, with 3,072 factors. How many of them look like *anything*? Let us
# take some at random. Let us also take real critters and only **shuffle their pixels**.

# %%
from course_lib.figures.plots import show_rows

digits = math.floor(3072 * math.log10(256)) + 1
print("the number of possible pictures has", digits, "digits")

generator = torch.Generator().manual_seed(0)
random_bytes = torch.randint(0, 256, (1000, 3, 32, 32), generator=generator)
anything = from_bytes(random_bytes)
order = torch.randperm(32 * 32, generator=generator)
shuffled = everyone.flatten(2)[:, :, order].reshape(1000, 3, 32, 32)
show_rows(
    {"critters": everyone[:8], "shuffled": shuffled[:8], "random": anything[:8]},
    alt="Eight critters; the same eight, their pixels shuffled; and eight pictures of "
    "random numbers. The last two rows are flicker.",
)

# %% [markdown]
# All flicker. What do the critters have that the others lack? **Neighbours that
# agree.** We measure this: how much does a pixel differ from the one to its right, on
# average? That is the *roughness* of a picture. How many of the shuffled critters are
# at least as rough as the smoothest random picture?

# %%
guess_rough = prediction(
    "How many of 1,000 shuffled critters are as rough as a random picture?",
    (0, 1000, 10),
)

# %%
from course_lib.figures.plots import plot_histograms


def roughness(pictures):
    """The mean difference between neighbours in a row, one number for each picture."""
    step = pictures[:, :, :, 1:] - pictures[:, :, :, :-1]  # (N, 3, 32, 31)
    return step.abs().mean(dim=(1, 2, 3))


rough = {"critters": everyone, "shuffled": shuffled, "random": anything}
rough = {name: roughness(pictures) for name, pictures in rough.items()}
for name, values in rough.items():
    print(f"{name:>9}: {values.min():.2f} to {values.max():.2f}")
plot_histograms(
    rough,
    alt="Three histograms of roughness: critters lie near 0.1, random pictures near "
    "0.67, and the two never meet.",
    xlabel="difference between neighbours",
)
below = (rough["random"] <= rough["critters"].max()).sum().item()
print(f"{below} of 1000 random pictures are at least as smooth as the roughest critter")
above = (rough["shuffled"] >= rough["random"].min()).sum().item()
print(f"{above} of 1000 shuffled critters are as rough as the smoothest random picture")
guess_rough.compare(above)

# %% [markdown]
# A critter has few colours, so even its shuffled neighbours are often alike. Random
# pictures are rougher still: you could draw them until the sun burns out and never meet
# a frog. Pictures of something are specks of dust in an ocean of noise. **This whole
# course is about one question: how do you find a way from anywhere in that ocean to
# such a speck?**
#
# ## Play
#
# Let the sun set over the frog: the slider takes away red, green and blue light, each
# at its own pace. (Where sliders do not work, you see all the pictures at once.)

# %%
from course_lib.figures.widgets import frame_slider, live


def with_light(red, green, blue):
    """The frog's picture under coloured lamps; 1 is as it was, 0 is none."""
    strength = torch.tensor([red, green, blue]).reshape(3, 1, 1)
    lit = (frog + 1) * strength - 1  # from -1 up, so that 0 means dark
    return lit.clamp(-1, 1)  # nothing is brighter than white


evening = [(1, 1, 1), (1, 0.8, 0.7), (0.9, 0.6, 0.5), (0.7, 0.3, 0.4), (0.3, 0.2, 0.4)]
frame_slider(
    torch.stack([with_light(*lamps) for lamps in evening]),
    labels=[f"red x {r}, green x {g}, blue x {b}" for r, g, b in evening],
    alt="The frog by the sea as the sun goes down",
)
dimmest = with_light(*evening[-1])
print(f"mean of all numbers: {frog.mean():.1f} by day, {dimmest.mean():.1f} at dusk")

# %% tags=["nbval-ignore-output"]


def play(red, green, blue):
    """Show the frog under three lamps."""
    words = f"red {red:.1f}, green {green:.1f}, blue {blue:.1f}"
    lit = with_light(red, green, blue)
    show_pictures(lit[None], [words], alt=f"The frog, {words}.")


live(play, red=(0.0, 1.0), green=(0.0, 1.0), blue=(0.0, 1.0))

# %% [markdown]
# ## Three questions
#
# 1. How many numbers does a photo of 1,000 × 1,000 pixels have, and what does
#    `picture[2, 0, 999]` mean in it?
#
# <details><summary>Answer</summary>
#
# 3 × 1,000 × 1,000 = 3,000,000. It is the blue of the pixel in the top right corner:
# channel 2, first row, last column.
#
# </details>
#
# 2. You subtract a picture from itself. On the scale from -1 to 1, which colour do you
#    see? And in bytes?
#
# <details><summary>Answer</summary>
#
# All numbers are 0. On our scale 0 is the middle: grey. In bytes 0 is black. The same
# number means different things on different scales, which is why forgetting to convert
# is such a common mistake with pictures.
#
# </details>
#
# 3. Shuffling the pixels keeps every colour exactly as often as before. So where was
#    the frog?
#
# <details><summary>Answer</summary>
#
# In the *arrangement*: in how each pixel goes with its neighbours. A single number says
# almost nothing. Keep this in mind for notebook 04, where the network gets small
# windows, each covering a pixel and its neighbours.
#
# </details>
