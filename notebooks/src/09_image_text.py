# %% [markdown]
# # 9 · Pictures and texts in one space
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/09_image_text.ipynb)
#
# *About 45 minutes. You need notebook 08.*
#
# When you are through you can
#
# - say how a machine learns what a word looks like, from pictures with captions alone,
# - write the loss that teaches it: a table of cosines, read along rows and columns,
# - search pictures by a sentence, classify them by sentences, and score a picture,
# - say where all this fails, and measure it.

# %% [markdown]
# ## See it
#
# A thousand pictures, and a sentence. Which pictures does it mean? The network below
# has never seen these pictures, and nobody wrote the sentence for one of them.

# %%
import torch

from course_lib.device import use_all_cores
from course_lib.figures.plots import show_rows
from course_lib.networks.contrastive import Matcher
from course_lib.world.datasets import load_critters

use_all_cores()
matcher = Matcher.from_pretrained("pair")
test = load_critters("test")  # no training has seen them
pictures = test[torch.arange(1000)][0]  # (1000, 3, 32, 32) in [-1, 1]
image_vec = matcher.see(pictures)  # (1000, 128): a picture becomes 128 numbers


def find(text, k=8):
    """The k pictures that fit a text best, the best first."""
    return pictures[matcher.nearest(text, image_vec, k)]


asked = [
    "a bear in the snow",
    "a rabbit with a balloon",
    "a cat on stilts",
    "a crane lifting a box at night",
]
show_rows(
    {text: find(text) for text in asked},
    alt="Four sentences, and beside each the eight pictures that fit it best.",
)

# %% [markdown]
# Now you. Type what you are looking for: animals (frog, rabbit, cat, bear, bird, fish,
# turtle, bat), colours, a hat, stilts, a balloon, an umbrella, a place.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_pictures
from course_lib.figures.widgets import live


def search(text):
    """The 16 pictures that fit best."""
    show_pictures(find(text, 16), alt=f"The 16 pictures that fit best: {text}.")


live(search, text="a green cat by the sea")

# %% [markdown]
# ## Two towers
#
# Two networks, and each ends in 128 numbers. The **image tower** is a small stack of
# convolutions (notebook 04). The **text tower** is the transformer of notebook 08, and
# the mean of its tokens. They share nothing but the width of what comes out.

# %%
from course_lib.world.critters import captions, rows_of

six = torch.arange(6)
factors = {name: values[:1000] for name, values in test.factors.items()}
texts, named = captions(factors, torch.arange(1000), seed=0, return_named=True)
for i, text in enumerate(texts[:6]):
    print(i, text)

image_vec_6 = matcher.see(pictures[:6])  # (6, 128)
text_vec_6 = matcher.read(texts[:6])  # (6, 128)
print("image_vec", tuple(image_vec_6.shape), "text_vec", tuple(text_vec_6.shape))
show_pictures(
    pictures[:6], titles=[f"picture {i}" for i in six], alt="Six pictures, numbered."
)

# %% [markdown]
# What do 128 numbers mean? By themselves nothing. Only how two such lists **compare**
# matters. Multiply them number by number and add up:

# %%
total = 0.0
for i in range(128):
    total += image_vec_6[0, i].item() * text_vec_6[0, i].item()
print("picture 0 with its own caption:     ", round(total, 1))

other = sum(a * b for a, b in zip(image_vec_6[0], text_vec_6[1], strict=True)).item()
print("picture 0 with picture 1's caption: ", round(other, 1))

length = sum(a * a for a in image_vec_6[0]).item() ** 0.5
print("the length of its list of numbers:  ", round(length, 3))
assert total > other

# %% [markdown]
# All lists have length 1; they are **unit vectors**, arrows of the same length. For
# those, this sum is the *cosine* of the angle between them: 1 if they point the same
# way, 0 if they have nothing to do with each other, -1 if they point opposite ways.
#
# ## A table of everything with everything
#
# Six pictures, six captions: 36 cosines. A row is a picture, a column a text. What
# belongs together stands on the diagonal.

# %%
from course_lib.figures.figure import panels

table = image_vec_6 @ text_vec_6.T  # (6, 6)


def show_table(table, alt):
    """Cosines as squares, bright where picture and text point the same way."""
    with panels(alt, 1, 4.4, 4.0) as axes:
        axes[0].imshow(table, cmap="cividis", vmin=-1, vmax=1)
        axes[0].set(xlabel="text", ylabel="picture")
        axes[0].grid(False)
        for i, row in enumerate(table.tolist()):
            for j, cosine in enumerate(row):
                ink = "black" if cosine > 0.2 else "white"
                axes[0].text(j, i, f"{cosine:.1f}", ha="center", va="center", color=ink)


show_table(table, "A table of six pictures and six texts, bright on its diagonal.")
print("each picture finds its text:", (table.argmax(dim=1) == six).all().item())
print("each text finds its picture:", (table.argmax(dim=0) == six).all().item())

# %% [markdown]
# How was that learned? Nobody told the network that *frog* means the thing with the
# eyes on top. It was given pictures with their captions, some hundred at a time,
# and one task: **make the diagonal stand out.**
#
# ## Every picture chooses a text
#
# Take the first row: picture 0 must choose among six texts. A softmax turns its six
# cosines into chances. But cosines lie between -1 and 1, so no chance could be more
# than $e^2 \approx 7$ times another. They are multiplied first, by the **logit_scale**.
# (Others divide by a *temperature*; the one is one over the other.)

# %%
for logit_scale in [1, 5, 20]:
    logits = logit_scale * table[0]  # (6,)
    chances = logits.exp() / logits.exp().sum()
    told = "  ".join(f"{chance:.2f}" for chance in chances)
    print(f"logit_scale {logit_scale:2}: {told}")
print("the network itself learned", round(matcher.model.logit_scale.item()))

# %% [markdown]
# The loss of a choice is minus the logarithm of the chance that the right one got: 0 if
# it was certain and right, large if it was certain and wrong. And every **text** must
# choose its picture too: the same, down the columns. The mean of both is the loss.
#
# Nothing else. A batch of 256 pairs gives 256 questions with 256 possible answers each,
# in both directions, and nobody had to sort pictures into classes.
#
# ## Your turn: the table
#
# **Exercise.** The towers as such give vectors of any length. Bring every vector to
# length 1, then compare every picture with every text. `x.norm(dim=1, keepdim=True)` is
# the length of each row.

# %%
from course_lib.checks.nb09_image_text import check_contrastive_loss, check_cosines


def my_cosines(image_out, text_out):
    """(N, D) and (M, D), of any length, to the table of cosines (N, M)."""
    ### BEGIN SOLUTION
    image_vec = image_out / image_out.norm(dim=1, keepdim=True)  # (N, D)
    text_vec = text_out / text_out.norm(dim=1, keepdim=True)  # (M, D)
    return image_vec @ text_vec.T
    ### END SOLUTION


my_cosines = check_cosines(my_cosines)

# %% [markdown]
# ## Your turn: the loss
#
# **Exercise.** `table` is the table of cosines, (B, B), and picture i belongs to text
# i. Multiply it with `logit_scale`; let each picture choose among the texts (a row),
# and each text among the pictures (a column); return the mean of the two losses.
# `F.cross_entropy(logits, partner)` is the mean loss of choosing along the rows, if
# `partner` holds the number of the right column for each row.

# %%
import torch.nn.functional as F


def my_contrastive_loss(table, logit_scale):
    """The mean of both cross-entropies, one number."""
    partner = torch.arange(len(table))  # (B,), picture i belongs to text i
    ### BEGIN SOLUTION
    logits = logit_scale * table
    by_picture = F.cross_entropy(logits, partner)
    by_text = F.cross_entropy(logits.T, partner)
    return (by_picture + by_text) / 2
    ### END SOLUTION


my_contrastive_loss = check_contrastive_loss(my_contrastive_loss)

# %% [markdown]
# The library's is yours (CLIP, Radford et al. 2021). And what does it cost to know
# nothing? Then all cosines are equal, each of B answers gets the chance 1/B, and the
# loss is log B.

# %%
import math

from course_lib.figures.source import show_source
from course_lib.networks.contrastive import contrastive_loss

show_source(contrastive_loss)
mine = my_contrastive_loss(my_cosines(3 * image_vec_6, text_vec_6), 20.0)
print("the same:", torch.allclose(mine, contrastive_loss(table, 20.0), atol=1e-4))
ignorant = my_contrastive_loss(torch.zeros(64, 64), 20.0).item()
print(
    f"knowing nothing about 64 pairs: {ignorant:.2f}, and log 64 = {math.log(64):.2f}"
)

# %% [markdown]
# ## Train one
#
# Two small pairs, a few seconds each, with your loss. The first gets every picture with
# **its own** caption. The second gets every picture with its **neighbour's**: the same
# pictures, the same sentences, only not together. Afterwards both must find 200 fresh
# pictures by their captions.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.networks.contrastive import ImageTextPair
from course_lib.training.captions import LENGTH, caption_batches

tokenizer = matcher.tokenizer  # the pair's own, made as in notebook 08
train = load_critters("train")
get_batch = caption_batches(train, tokenizer, batch_size=64, drop=0.0)
fixed = get_batch(10**6)  # a batch that no loop reaches
fixed_losses, found = {}, {}
for name, shift in [("its own", 0), ("its neighbour's", 1)]:
    torch.manual_seed(0)
    text = dict(vocabulary=len(tokenizer), length=LENGTH, width=64, blocks=1)
    small = ImageTextPair(text, widths=(32, 48, 64), width=64)
    optimizer = torch.optim.AdamW(small.parameters(), betas=(0.9, 0.99))
    fixed_losses[name] = []
    for iteration in range(scaled(smoke=40, laptop=600, gpu=2000)):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1, (iteration + 1) / 20)  # warm up
        batch = get_batch(iteration)
        image_out = small.image_vec(batch["x_0"])  # (64, 64)
        text_out = small.text_vec(batch["cond"].roll(shift, dims=0))  # (64, 64)
        loss = my_contrastive_loss(my_cosines(image_out, text_out), small.logit_scale)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if iteration % 5 == 0:
            with torch.no_grad():
                known = contrastive_loss(*small(fixed["x_0"], fixed["cond"]))
            fixed_losses[name].append(known.item())
    pupil = Matcher(small, tokenizer, {})
    scores = pupil.read(texts[:200]) @ pupil.see(pictures[:200]).T  # (200, 200)
    best = scores.topk(10, dim=1).indices  # (200, 10)
    found[name] = (best == torch.arange(200)[:, None]).any(1).sum().item()
    print(
        f"{name}: loss on a fixed batch {fixed_losses[name][0]:.2f} at first,", end=" "
    )
    print(f"{fixed_losses[name][-1]:.2f} in the end;", end=" ")
    print(f"picture among the first ten: {found[name]} of 200")

right, wrong = fixed_losses["its own"], fixed_losses["its neighbour's"]
assert sum(right[-4:]) < sum(right[:4])
assert found["its own"] > 2 * found["its neighbour's"]
assert sum(right[-4:]) < sum(wrong[-4:])

# %% [markdown]
# The second one has seen every frog and read every "frog", and knows nothing: ten
# pictures out of 200, drawn blindly, would hit 10 times. **All knowledge of what a word
# looks like comes from words and pictures that came together.** Nothing else went in.
#
# ## The shipped one: find 1,000
#
# Back to the pair that ships. Each of the 1,000 captions looks for its picture. But
# captions are often true of several pictures: "a bird at night" fits every bird at
# night. It would be wrong to punish that, so each picture that a caption fits counts.
# *Recall@k* is the share of searches that have a right answer among the first k. Where
# the first one is wrong, how wrong is it? Below are six captions, what they found, and
# what they were written for.

# %%
from course_lib.judging.retrieval import by_chance, fit_table, found_among

asked_for = list(zip(rows_of(factors), named, strict=True))
right = fit_table(asked_for, factors)  # (1000, 1000): does text m fit picture i?
own = torch.eye(1000, dtype=torch.bool)
print(f"a caption fits {right.sum(1).float().mean():.1f} of the 1000 pictures")

text_vec = matcher.read(texts)  # (1000, 128)
scores = text_vec @ image_vec.T  # (1000, 1000): a row a text, a column a picture
for name, table_, answers in [
    ("text to picture", scores, right),
    ("picture to text", scores.T, right.T),
    ("text to its very own picture", scores, own),
]:
    for k in (1, 10):
        found_k = 100 * found_among(table_, answers, k).float().mean()
        blind = 100 * by_chance(answers, k)
        print(f"{name:28} recall@{k:<2} {found_k:3.0f} %, by chance {blind:.1f} %")
assert found_among(scores, right, 1).float().mean() > 0.5

missed = (~found_among(scores, right, 1)).nonzero()[:6, 0]
for m in missed:
    print(texts[m])
show_rows(
    {"found": pictures[scores[missed].argmax(1)], "written for": pictures[missed]},
    alt="Two rows: pictures that were found, and those that the captions belong to: "
    "another order, another colour, other ears.",
)

# %% [markdown]
# ## A classifier made of sentences
#
# Give a picture some sentences to choose from, and you have a classifier for whatever
# you can say. It was never trained to classify, hence **zero-shot**: zero examples.

# %%
from course_lib.world.critters import ANIMALS, SUBJECTS

alone = (factors["subject_2"] == 0) & (factors["subject"] <= len(ANIMALS))
one_animal = pictures[alone]
true_animal = [SUBJECTS[i] for i in factors["subject"][alone]]


def share_right(sentences):
    """How often the sentence that fits best names the right animal."""
    said = matcher.choose(one_animal, list(sentences.values()))
    names = list(sentences)
    right = [names[i] == animal for i, animal in zip(said, true_animal, strict=True)]
    return sum(right) / len(right)


words = {animal: animal for animal in ANIMALS}
clear = {animal: f"a {animal}" for animal in ANIMALS} | {"bat": "a flying bat"}
for sentences in (words, clear):
    told = ", ".join(sentences.values())
    print(f"{100 * share_right(sentences):.0f} % right of {len(one_animal)}: {told}")
assert share_right(clear) > 0.8

# %% [markdown]
# How one asks hardly matters here; in larger systems it does, and people call it
# *prompt engineering*. For one famous test CLIP's authors wrote 80 sentences around
# each word and took the mean of their vectors.
#
# ## A score for drawn pictures
#
# The cosine is also a **score**: how well does a picture show a text? That is how
# drawing networks are often compared (the CLIP score). The network of notebook 05 draws
# eight animals: without listening to what is asked (`guidance_scale` 0), listening
# plainly (1), and listening harder (3).

# %%
from course_lib.painters.pipeline import LabelToImage

draw = LabelToImage.from_pretrained("critters")
labels = list(ANIMALS)
rows, means = {}, []
for guidance_scale in (0, 1, 3):
    made = draw(labels, steps=8, guidance_scale=guidance_scale, seed=4)
    score = matcher.score(made, [clear[label] for label in labels])  # (8,)
    rows[f"guidance_scale {guidance_scale}"] = made
    means.append(score.mean().item())
    print(f"guidance_scale {guidance_scale}: score {means[-1]:.2f}")
show_rows(rows, titles=labels, alt="Eight animals: any, those asked for, clear ones.")
assert means[0] < means[1]

# %% [markdown]
# A warning. The score knows only what this pair has learned, and a network that is
# trained to please a score learns to please its mistakes too. This course judges by a
# reader that has no part in any training.
#
# ## One word, two meanings
#
# A *bat* is an animal or a club. What does the text tower make of the bare word, and
# what of the word with company? Each sentence finds its 12 nearest pictures.

# %%
subject = [SUBJECTS[i] for i in factors["subject"]]
rows = {}
print("                          animal   club   something else")
for text in ["a bat", "a flying bat", "a bat with a hat", "a bat beside a ball"]:
    nearest = matcher.nearest(text, image_vec, k=12).tolist()
    animals = sum(subject[i] == "bat" for i in nearest)
    clubs = sum(subject[i] == "club" for i in nearest)
    print(f"{text:24}{animals:8}{clubs:7}{12 - animals - clubs:10}")
    rows[text] = pictures[nearest[:8]]
show_rows(
    rows,
    alt="Pictures for four sentences with the word bat: both kinds for the bare word, "
    "flying animals or clubs where the sentence tells which.",
)

# %% [markdown]
# The bare word points between the two; its neighbours in the sentence pull it to one
# side. *Where* in the transformer that happens you measured in notebook 08.
#
# ## Where it fails
#
# Four things that a child would get right. For word order, each picture with two
# animals gets its right caption and the same words in another order; a coin would
# prefer the right one in 50 %. For *without*, *three* and a word that no caption ever
# had, we look at what is found.

# %%
from course_lib.judging.evaluation import FRESH  # a seed that no training used
from course_lib.judging.retrieval import word_order

order = word_order(matcher, n=200, world=FRESH)
for name, told in order.items():
    print(f"{name:25} the right sentence wins {100 * told.value:.0f} % of {told.n}")

rows = {}
for text in ["a frog with a hat", "a frog without a hat", "three frogs", "a dragon"]:
    nearest = matcher.nearest(text, image_vec, k=8).tolist()
    frogs = sum(subject[i] == "frog" for i in nearest)
    hats = sum(factors["accessory"][i].item() == 2 for i in nearest)
    pairs = sum(factors["subject_2"][i].item() > 0 for i in nearest)
    print(f"{text:22} {frogs} of 8 frogs, {hats} of 8 hats, {pairs} of 8 two animals")
    rows[text] = pictures[nearest]
show_rows(
    rows,
    alt="What is found for a frog with a hat, without a hat, three frogs and a dragon.",
)

# %% [markdown]
# *Without* is a word that no caption ever had, so the sentence is mostly "frog" and
# "hat". No picture shows three frogs, and nothing was ever called a dragon; but a
# search always finds *something*.
#
# And word order? The pair beats the coin, but not by much. Is its text tower too small
# to see who is left? Or did the game seldom ask? In training, a batch of 256 was the
# whole world. How often did a picture meet its **mirror twin** there, the same two
# animals in the same colours the other way round?

# %%
NAMES = ("colour", "subject", "colour_2", "subject_2")
both = train.factors["subject_2"] > 0
shown, met = 0, 0
for first in range(0, 25_600, 256):  # a hundred batches
    here = [train.factors[name][first : first + 256] for name in NAMES]
    rows = torch.stack(here, dim=1)[both[first : first + 256]].tolist()
    world = {tuple(row) for row in rows}
    shown += len(rows)
    met += sum((c_2, a_2, c, a) in world for c, a, c_2, a_2 in rows)
print(f"of {shown} pictures with two animals, {met} met their mirror twin")

# %% [markdown]
# So to win the game it was enough to know *which* things are there. Real CLIP has the
# same weakness. If the game is the cause, there is a cure: put the twin into the batch.
# A mirrored picture, with the caption of the mirrored factors, is a wrong answer that
# differs in nothing but the order. A few iterations will do.

# %% tags=["nbval-ignore-output"]
import copy

from course_lib.world.prompts import swapped

taught = Matcher(copy.deepcopy(matcher.model), tokenizer, matcher.card)
optimizer = torch.optim.AdamW(taught.model.parameters(), lr=5e-4, betas=(0.9, 0.99))
twins = both.nonzero()[:, 0]  # the numbers of all pictures with two animals
for iteration in range(scaled(smoke=16, laptop=60, gpu=200)):
    rows = twins[24 * iteration : 24 * (iteration + 1)]
    here = {name: values[rows] for name, values in train.factors.items()}
    x_0, _ = train[rows]  # (24, 3, 32, 32)
    x_0 = torch.cat([x_0, x_0.flip(3)])  # (48, 3, 32, 32), each and its mirror twin
    words = captions(here, rows, seed=1) + captions(swapped(here), rows, seed=1)
    loss = my_contrastive_loss(*taught.model(x_0, tokenizer.batch(words, LENGTH)))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

after = word_order(taught, n=200, world=FRESH)
for name, told in after.items():
    print(f"{name:25} the right sentence wins {100 * told.value:.0f} % of {told.n}")
turned = "left and right exchanged"
assert after[turned].value > order[turned].value

# %% [markdown]
# The same tower learns more of the order as soon as it is asked: the game was part of
# the cause. **A network learns what its loss asks for, and no more.**
#
# ## From frog to rabbit
#
# Texts and pictures are points on one sphere, so there are points in between. We walk
# from "a frog" to "a rabbit" and look at each step which pictures are near.

# %%
from course_lib.figures.widgets import frame_slider

many = load_critters("test", kind="one")
choice = many[torch.arange(2000)][0]
choice_vec = matcher.see(choice)  # (2000, 128)
start, end = matcher.read(["a frog", "a rabbit"])  # (128,) each
animal = [many.names[i] for i in many.labels[:2000]]
ears = many.factors["ears"][:2000].tolist()

shares, walk, lines = [k / 8 for k in range(9)], [], []
for share in shares:
    between = F.normalize((1 - share) * start + share * end, dim=0)  # (128,)
    nearest = (choice_vec @ between).topk(20).indices.tolist()
    walk.append(choice[nearest[:3]])
    frogs = sum(animal[i] == "frog" for i in nearest)
    rabbits = sum(animal[i] == "rabbit" for i in nearest)
    borrowed = sum(animal[i] == "frog" and ears[i] == 1 for i in nearest)
    lines.append((frogs, rabbits, borrowed))
    print(f"{100 * share:3.0f} % rabbit: of 20 {frogs:2} are frogs", end=" ")
    print(f"({borrowed:2} with rabbit ears), {rabbits:2} are rabbits")
titles = [f"{100 * share:.0f} % rabbit" for share in shares]
nearest_first = torch.stack([column[0] for column in walk])
frame_slider(nearest_first, titles, alt="The nearest picture on the way", start=4)
show_rows(
    {name: torch.stack([c[i] for c in walk]) for i, name in enumerate("123")},
    titles=titles,
    alt="Nine steps from frog to rabbit, and under each the three nearest pictures.",
)

# %% [markdown]
# Half way stand **frogs with rabbit ears**. Nobody asked for ears. But between a frog
# and a rabbit, of all pictures there are, those have something of both.
#
# Change "a frog" and "a rabbit" above into other words and walk again. (What is printed
# counts frogs and rabbits only: look at the pictures.) What lies between "a cat" and "a
# bear"? Between "a frog at night" and "a frog in the snow"?
#
# ## Three questions
#
# 1. Why must the vectors have length 1? What could a network do otherwise?
#
# <details><summary>Answer</summary>
#
# It could make the vectors of easy pictures long and of hard ones short, and win with
# length instead of direction. One very long text would be nearest to half the pictures.
# With length 1 only the direction counts, and one number, the `logit_scale`, says for
# all of them together how decided the choices are.
#
# </details>
#
# 2. You train with batches of 4 instead of 256. What does the pair no longer learn?
#
# <details><summary>Answer</summary>
#
# Among four captions the right one is mostly the only one with that animal: the animal
# is enough. Colours, hats and places are needed only when several pictures of the same
# animal compete. More competitors mean finer questions. CLIP used batches of 32,768.
#
# </details>
#
# 3. Two pictures in a batch are both red frogs at night, and both captions say only "a
#    red frog". What does the loss demand, and is that fair?
#
# <details><summary>Answer</summary>
#
# It demands that each caption prefers its own picture, which nobody can know. The best
# one can do is to give both the chance 1/2, and that costs log 2. So the loss can never
# be 0 here. It does no harm as long as it is rare: a fair share for each is also what
# the truth is.
#
# </details>
#
# Next: notebook 10. There a text no longer *finds* a picture: it makes one.
