# %% [markdown]
# # 9 · Pictures and texts in one space
#
# *About 60 minutes. Before this: [08 · Words](08_words.ipynb).*
#
# At the end you can
#
# - say how a model learns what a word looks like, only from pictures with captions,
# - write the loss that teaches it: a table of cosines, read along rows and columns,
# - search pictures by a sentence, classify them by sentences, and score a picture,
# - say where all this fails and why, and measure it.

# %% [markdown]
# ## See it
#
# Take a thousand pictures and a sentence. Which pictures fit the sentence? The model
# below has never seen these pictures, and nobody wrote the sentence for one of them.
# (In these pictures some animals wear the ears of another. What looks like a rabbit may
# be a bear with rabbit ears.)

# %%
import torch

from course_lib.device import use_all_cores
from course_lib.figures.plots import show_pictures, show_rows
from course_lib.networks.contrastive import Matcher
from course_lib.world.datasets import load_critters

use_all_cores()
matcher = Matcher.from_pretrained("pair")
test = load_critters("test")  # no training has seen them
pictures = test[torch.arange(1000)][0]  # (1000, 3, 32, 32) in [-1, 1]
image_vec = matcher.see(pictures)  # (1000, 128): a picture becomes 128 numbers


def find(text, k=8):
    """The k pictures that fit a text best, the best first."""
    return pictures[matcher.nearest(text, image_vec, min(k, len(pictures)))]


sentences = [
    "a bear in the snow",
    "a rabbit with a balloon",
    "a cat on stilts",
    "a crane lifting a box at night",
]
show_rows(
    {text: find(text) for text in sentences},
    alt="Four sentences, and beside each the eight pictures that fit it best.",
)

# %% [markdown]
# Only six of the thousand show a machine that lifts a box at night. The search found
# all six, and then two birds: a *crane* is also a bird.
#
# Now you. Type what you are looking for: animals (frog, rabbit, cat, bear, bird, fish,
# turtle, bat, crane), colours, a hat, stilts, a balloon, an umbrella, a place. (Not *a
# frog on stilts*: there is none among these.)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live


def search(text):
    """The 16 pictures that fit best."""
    show_pictures(find(text, 16), alt=f"The 16 pictures that fit best: {text}.")


live(search, text="a green cat by the sea")

# %% [markdown]
# ## Two towers
#
# There are two networks, and each ends in 128 numbers. The **image encoder** is a small
# stack of convolutions (notebook 04). The **text encoder** is the transformer of
# notebook 08. Its result is the mean of its vectors over all tokens, which is called
# the *pooled* text embedding. The two share nothing but the number 128; people call
# them two *towers*.

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
# By themselves these 128 numbers mean nothing. All that matters is how two such lists
# **compare**. Multiply them number by number and add up; this is the *dot product*:

# %%
total = 0.0
for i in range(128):
    total += image_vec_6[0, i].item() * text_vec_6[0, i].item()
print("picture 0 with its own caption:     ", round(total, 1))

other = sum(a * b for a, b in zip(image_vec_6[0], text_vec_6[1], strict=True)).item()
print("picture 0 with picture 1's caption: ", round(other, 1))

length = sum(a * a for a in image_vec_6[0]).item() ** 0.5
print("the length of its list of numbers:  ", round(length, 3))
lengths = torch.cat([image_vec, text_vec_6]).norm(dim=1)  # (1006,)
print(f"of all 1006 lists: {lengths.min():.3f} to {lengths.max():.3f}")
assert total > other

# %% [markdown]
# The lists are **unit vectors**, arrows of length 1. For those, this sum is the
# *cosine* of the angle between them: 1 if they point the same way, 0 if they are at
# right angles, -1 if they point opposite ways.
#
# ## A table of everything with everything
#
# Six pictures and six captions make 36 cosines. A row is a picture, a column is a text.
# What belongs together is on the diagonal.

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
# How was that learned? Nobody told the model that *frog* means the thing with the eyes
# on top. It was given pictures with their captions, a few hundred at a time, and one
# task: **make the diagonal stand out.**
#
# ## Every picture chooses a text
#
# Take the first row: picture 0 must choose among six texts. A softmax turns its six
# cosines into chances. But cosines lie between -1 and 1, so no chance could be more
# than $e^2 \approx 7$ times another. So the cosines are first multiplied by a number,
# the **logit_scale** (the numbers that go into a softmax are called *logits*). Others
# divide by a *temperature*, which is 1 divided by the scale.

# %%
for logit_scale in [1, 5, 20]:
    logits = logit_scale * table[0]  # (6,)
    # At scale 100 exp overflows; logits.softmax(dim=0) takes off the largest before.
    chances = logits.exp() / logits.exp().sum()
    told = "  ".join(f"{chance:.2f}" for chance in chances)
    print(f"logit_scale {logit_scale:2}: {told}")
print("the model itself learned", round(matcher.model.logit_scale.item()))

# %% [markdown]
# The loss of a choice is the **cross-entropy** of notebook 08. Here the right answer of
# picture i is text i, on the diagonal. In the same way every **text** must choose its
# picture, down the columns. The loss is the mean of both.
#
# That is all. A batch of 256 pairs gives 256 questions with 256 possible answers each,
# in both directions, and nobody had to sort pictures into classes.
#
# ## Your turn: the table
#
# **Exercise.** The towers themselves give vectors of any length, and a very long one
# would win whatever it points to. Scale every vector to length 1, then compare every
# picture with every text.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# You have seen both parts above: how long a list of numbers is, and how six pictures
# are compared with six texts in one line. By what must a vector be divided to have
# length 1?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `x.norm(dim=1, keepdim=True)` is the length of each row, (N, 1), and fits beside (N,
# D). `@` multiplies the rows of one matrix by the *columns* of the other; `.T` turns
# rows into columns.
#
# </details>

# %%
from course_lib.checks.nb09_image_text import check_contrastive_loss, check_cosines


def my_cosines(image_out, text_out):
    """(N, D) and (M, D), of any length, to the table of cosines (N, M)."""
    ### BEGIN SOLUTION
    image_vec = image_out / image_out.norm(dim=1, keepdim=True)  # (N, D)
    text_vec = text_out / text_out.norm(dim=1, keepdim=True)  # (M, D)
    return image_vec @ text_vec.T
    ### END SOLUTION


cosines_to_use = check_cosines(my_cosines)

# %% [markdown]
# ## Your turn: the loss
#
# **Exercise.** `table` is the table of cosines, (B, B), and picture i belongs to text
# i. With `logit_scale` its cosines become logits. Let each picture choose among the
# texts, and each text among the pictures, and return the mean of the two losses.
# `F.cross_entropy` is the mean loss of choosing along the *rows*; it makes the softmax
# itself. (This is the loss of CLIP, Radford et al. 2021, figure 3.)
#
# Before you run it: how large is the loss of a model that knows *nothing*? All its
# cosines are equal, and each of B answers gets the chance 1/B. If it cannot decide
# between two answers, each gets 1/2, and the loss is log 2, 0.69.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# A picture chooses within a row, a text within a column. But the loss reads rows. What
# does the table look like if texts are its rows? And which answer is right then?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Multiply by the scale first. `F.cross_entropy` gets two things: the logits, and for
# each row the number of the right column, which is what `partner` holds. `.T` exchanges
# rows and columns.
#
# </details>

# %%
import math

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


loss_to_use = check_contrastive_loss(my_contrastive_loss)
ignorant = loss_to_use(torch.zeros(64, 64), 20.0).item()
print(f"knowing nothing about 64 pairs: {ignorant:.2f}; log 64 = {math.log(64):.2f}")

# %% [markdown]
# ## Train one
#
# We train two small pairs of towers with your loss. The first gets every picture with
# **its own** caption. The second gets every picture with **its neighbour's** caption:
# the same pictures and the same sentences, but not together. While they train, watch
# the table of the six pictures from above.
#
# Afterwards each pair must find 200 fresh pictures by their captions. A caption scores
# if its picture is among the ten that fit it best. How many of 200 captions will score
# with the second pair?

# %%
from course_lib.figures.prediction import prediction

guess_neighbour = prediction(
    "With its neighbour's captions, how many are found among the first ten?",
    (0, 200, 2),
)

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.figures.watching import watch
from course_lib.networks.contrastive import ImageTextPair, contrastive_loss
from course_lib.training.captions import LENGTH, caption_batches

tokenizer = matcher.tokenizer  # the pair's own, made as in notebook 08
train = load_critters("train")
get_batch = caption_batches(train, tokenizer, batch_size=64, drop=0.0)
fixed = get_batch(10**6)  # a batch that no loop reaches
ITERATIONS = scaled(smoke=40, laptop=600, gpu=2000)


def small_pair():
    """Two small towers that know nothing yet."""
    torch.manual_seed(0)
    text = dict(vocabulary=len(tokenizer), length=LENGTH, width=64, blocks=1)
    return ImageTextPair(text, widths=(32, 48, 64), width=64)


def training(model, shift):
    """Each picture with the caption of the one `shift` places before it."""
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99))
    for iteration in range(1, ITERATIONS + 1):
        optimizer.param_groups[0]["lr"] = 3e-3 * min(1, iteration / 20)  # warm up
        batch = get_batch(iteration - 1)
        image_out = model.image_vec(batch["x_0"])  # (64, 64)
        text_out = model.text_vec(batch["cond"].roll(shift, dims=0))  # (64, 64)
        loss = loss_to_use(cosines_to_use(image_out, text_out), model.logit_scale)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        yield iteration, loss.item()


def on_fixed(model):
    """The loss on the fixed batch, each picture with its own caption."""
    with torch.no_grad():
        return contrastive_loss(*model(fixed["x_0"], fixed["cond"])).item()


fixed_losses, hits = {}, {}
for name, shift in [("its own", 0), ("its neighbour's", 1)]:
    small = small_pair()
    pupil = Matcher(small, tokenizer, {})

    def six_by_six(pupil=pupil, name=name):
        cosines = pupil.see(pictures[:6]) @ pupil.read(texts[:6]).T
        show_table(cosines, f"The table of six pictures and texts; {name} captions.")

    fixed_losses[name] = [on_fixed(small)]
    for _ in watch(training(small, shift), total=ITERATIONS, picture=six_by_six):
        pass
    fixed_losses[name].append(on_fixed(small))
    small_scores = pupil.read(texts[:200]) @ pupil.see(pictures[:200]).T  # (200, 200)
    best = small_scores.topk(10, dim=1).indices  # (200, 10)
    hits[name] = (best == torch.arange(200)[:, None]).any(1).sum().item()
for name, (before, after) in fixed_losses.items():
    print(f"{name}: loss on a fixed batch {before:.2f} at first,", end=" ")
    print(f"{after:.2f} in the end;", end=" ")
    print(f"picture among the first ten: {hits[name]} of 200")
guess_neighbour.compare(hits["its neighbour's"])

assert fixed_losses["its own"][1] < fixed_losses["its own"][0]
assert fixed_losses["its own"][1] < fixed_losses["its neighbour's"][1]
assert hits["its own"] > 2 * hits["its neighbour's"]

# %% [markdown]
# The second one has seen every frog and read every "frog", and has learned almost
# nothing. Its table stays grey. Choosing ten of 200 pictures blindly would score 10.
# And its loss ends at 4.16, which is log 64: it knows nothing, and has learned to say
# so. At first the loss was higher than that. A new pair knows nothing either, but its
# random cosines make it decided without a reason. **All of a pair's knowledge of what a
# word looks like comes from words and pictures that came together.**
#
# ## The shipped one: find 1,000
#
# Back to the pair that ships with the course. Each of the 1,000 captions looks for its
# picture. But a caption is often true of several pictures: "a bird at night" fits every
# bird at night. Finding another bird at night is no mistake, so every picture that fits
# the caption counts as right. *Recall@k* is the share of searches that have a right
# answer among the first k. When the first picture is wrong, how wrong is it? Below are
# six captions with the picture that each found and the picture that each was written
# for.

# %%
from course_lib.judging.retrieval import by_chance, fit_table, found_among

asked_for = list(zip(rows_of(factors), named, strict=True))
fitting = fit_table(asked_for, factors)  # (1000, 1000): does text m fit picture i?
own = torch.eye(1000, dtype=torch.bool)
print(f"a caption fits {fitting.sum(1).float().mean():.1f} of the 1000 pictures")

text_vec = matcher.read(texts)  # (1000, 128)
scores = text_vec @ image_vec.T  # (1000, 1000): a row a text, a column a picture
for name, table_, answers in [
    ("text to picture", scores, fitting),
    ("picture to text", scores.T, fitting.T),
    ("text to its very own picture", scores, own),
]:
    for k in (1, 10):
        found_k = 100 * found_among(table_, answers, k).float().mean()
        blind = 100 * by_chance(answers, k)
        print(f"{name:28} recall@{k:<2} {found_k:3.0f} %, by chance {blind:.1f} %")
assert found_among(scores, fitting, 1).float().mean() > 0.5

missed = (~found_among(scores, fitting, 1)).nonzero()[:6, 0]
for number, m in enumerate(missed, start=1):
    print(f"caption {number}: {texts[m]}")
show_rows(
    {"found": pictures[scores[missed].argmax(1)], "written for": pictures[missed]},
    titles=[f"caption {number}" for number in range(1, len(missed) + 1)],
    alt="Two rows: pictures that were found, and those that the captions belong to. "
    "They differ in the order, in a colour, or in the ears.",
)

# %% [markdown]
# ## A classifier made of sentences
#
# Give a picture some sentences to choose from, and you have a classifier for anything
# that you can put into words. The model was never trained to classify. This is called
# **zero-shot**: it had zero examples with a label.

# %%
from course_lib.world.critters import ANIMALS, SUBJECTS

alone = (factors["subject_2"] == 0) & (factors["subject"] <= len(ANIMALS))
one_animal = pictures[alone]
true_animal = [SUBJECTS[i] for i in factors["subject"][alone]]


def share_right(choices):
    """How often the sentence that fits best names the right animal."""
    said = matcher.choose(one_animal, list(choices.values()))
    names = list(choices)
    agree = [names[i] == animal for i, animal in zip(said, true_animal, strict=True)]
    return sum(agree) / len(agree)


bare = {animal: animal for animal in ANIMALS}
# The bare word bat is a club, too: "flying" says which one is meant.
clear = {animal: f"a {animal}" for animal in ANIMALS} | {"bat": "a flying bat"}
for choices in (bare, clear):
    told = ", ".join(choices.values())
    print(f"{100 * share_right(choices):.0f} % right of {len(one_animal)}: {told}")
assert share_right(clear) > 0.8

# %% [markdown]
# The wording hardly matters here. In larger systems it does, and choosing it is called
# *prompt engineering*. For one famous test CLIP's authors put each word into 80
# sentences and took the mean of their vectors.
#
# ## A score for drawn pictures
#
# The cosine is also a **score**: how well does a picture show a text? Image models are
# often compared by it (the CLIP score). The model of notebook 05 draws eight animals:
# ignoring the label (`guidance_scale` 0), following it plainly (1), and with strong
# guidance (3). For scale, the cell first scores real pictures, with the right animal's
# sentence and with another's. Eight pictures are few: try another `seed`, too.

# %%
from course_lib.painters.pipeline import LabelToImage

draw = LabelToImage.from_pretrained("critters")
labels = list(ANIMALS)
another = dict(zip(labels, [*labels[1:], labels[0]], strict=True))  # frog: rabbit ...
with_right, with_wrong = (
    matcher.score(one_animal, [clear[animal] for animal in animals]).mean()
    for animals in (true_animal, [another[animal] for animal in true_animal])
)
print(f"real pictures: score {with_right:.2f}; wrong animal {with_wrong:.2f}")
drawn, means = {}, []
for guidance_scale in (0, 1, 3):
    made = draw(labels, steps=8, guidance_scale=guidance_scale, seed=2)
    score = matcher.score(made, [clear[label] for label in labels])  # (8,)
    drawn[f"guidance_scale {guidance_scale}"] = made
    means.append(score.mean().item())
    print(f"guidance_scale {guidance_scale}: score {means[-1]:.2f}")
show_rows(
    drawn,
    titles=labels,
    alt="Eight pictures in three rows: any animals; those asked for; clearer ones.",
)
assert means[0] < means[1]

# %% [markdown]
# So 0.6 is nearly as good as real: a bare sentence leaves much of a picture unsaid. A
# warning: the score knows only what this pair has learned, and a model that is
# trained for a high score also learns to exploit its mistakes. This course judges by a
# separate network, the reader, which has no part in the training of any model that
# draws.
#
# ## One word, two meanings
#
# A *bat* is an animal or a club. What does the text encoder make of the bare word, and
# of the word in a longer sentence? Each sentence finds its 12 nearest pictures.

# %%
subject = [SUBJECTS[i] for i in factors["subject"]]
bats = {}
print("                          animal   club   something else")
for text in ["a bat", "a flying bat", "a bat with a hat", "a bat beside a ball"]:
    nearest = matcher.nearest(text, image_vec, k=12).tolist()
    animals = sum(subject[i] == "bat" for i in nearest)
    clubs = sum(subject[i] == "club" for i in nearest)
    print(f"{text:24}{animals:8}{clubs:7}{12 - animals - clubs:10}")
    bats[text] = pictures[nearest[:8]]
show_rows(
    bats,
    alt="Pictures for four sentences with the word bat: both kinds for the bare word, "
    "flying animals or clubs where the sentence tells which.",
)

# %% [markdown]
# The vector of the bare word lies between the two; other words in the sentence move it
# to one side. *Where* in the transformer that happens, you measured in notebook 08.
#
# ## Where it fails
#
# Here are four things that a child would get right. For word order, each picture with
# two animals gets its right caption and the same words in another order; a coin would
# choose the right one in 50 %. For *without*, *three* and a word that no caption ever
# had, we look at what is found.
#
# *a frog without a hat*: how many of the 8 pictures that fit it best show a hat?

# %%
guess_hats = prediction("'a frog without a hat': pictures with a hat, of 8", (0, 8))

# %%
from collections import Counter

from course_lib.judging.evaluation import FRESH  # a seed that no training used
from course_lib.judging.retrieval import word_order

order = word_order(matcher, n=200, world=FRESH)  # without two animals of one kind
for name, told in order.items():
    print(f"{name:25} the right sentence wins: {told}")

failures, hats_of = {}, {}
for text in ["a frog with a hat", "a frog without a hat", "three frogs", "a dragon"]:
    nearest = matcher.nearest(text, image_vec, k=8).tolist()
    shown_here = Counter(subject[i] for i in nearest).most_common(2)
    hats_of[text] = sum(factors["accessory"][i].item() == 2 for i in nearest)
    pairs = sum(factors["subject_2"][i].item() > 0 for i in nearest)
    kinds = ", ".join(f"{count} {name}" for name, count in shown_here)
    found = f"{hats_of[text]} with a hat, {pairs} with two animals"
    print(f"{text:22} of 8 pictures: {kinds}; {found}")
    failures[text] = pictures[nearest]
guess_hats.compare(hats_of["a frog without a hat"])
show_rows(
    failures,
    alt="What is found for a frog with a hat, without a hat, three frogs and a dragon.",
)

# %% [markdown]
# *Without* is a word that no caption ever had, so the sentence is mostly "frog" and
# "hat". No picture shows three frogs, and nothing was ever called a dragon. But a
# search always finds *something*.
#
# And word order? The pair beats the coin, but not by much. Is its text encoder too
# small to learn who is on the left? Or did the game seldom ask for it? In training, the
# other captions and pictures of the batch were the only wrong answers. To win, it was
# mostly enough to know *which* things are in the picture. Only a **mirror twin** tests
# the order: the same two animals in the same colours, the other way round.
#
# The next cell counts how often a picture met its twin in a batch of 256. Then it
# trains the pair a little more, twice. The first time the batches hold 48 pictures with
# two animals. The second time they hold 24, and beside each its twin: the mirrored
# picture, with a caption that has left and right exchanged. The first is the
# **control**: if it improved as much, the twins would not be the reason.

# %% tags=["nbval-ignore-output"]
import copy

from course_lib.world.prompts import swapped

NAMES = ("colour", "subject", "colour_2", "subject_2")
both = train.factors["subject_2"] > 0
shown, met = 0, 0
for first in range(0, 25_600, 256):  # a hundred batches
    here = [train.factors[name][first : first + 256] for name in NAMES]
    in_batch = torch.stack(here, dim=1)[both[first : first + 256]].tolist()
    world = {tuple(each) for each in in_batch}
    shown += len(in_batch)
    met += sum((c_2, a_2, c, a) in world for c, a, c_2, a_2 in in_batch)
share_met = 100 * met / shown
print(f"of {shown} pictures with two animals, {met} met their twin: {share_met:.0f} %")

two = both.nonzero()[:, 0]  # the numbers of all pictures with two animals
FEW = scaled(smoke=16, laptop=60, gpu=200)


def teach(model, with_twins):
    """A few more iterations: 24 pictures and their mirror twins, or 48 pictures."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, betas=(0.9, 0.99))
    size = 24 if with_twins else 48
    for iteration in range(1, FEW + 1):
        chosen = two[size * (iteration - 1) : size * iteration]
        here = {name: values[chosen] for name, values in train.factors.items()}
        x_0, _ = train[chosen]  # (size, 3, 32, 32)
        told = captions(here, chosen, seed=1)
        if with_twins:
            x_0 = torch.cat([x_0, x_0.flip(3)])  # (48, 3, 32, 32), each and its twin
            told = told + captions(swapped(here), chosen, seed=1)
        loss = loss_to_use(*model(x_0, tokenizer.batch(told, LENGTH)))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        yield iteration, loss.item()


after = {}
for kind in ("without twins", "with twins"):
    taught = Matcher(copy.deepcopy(matcher.model), tokenizer, matcher.card)
    for _ in watch(teach(taught.model, kind == "with twins"), total=FEW):
        pass
    after[kind] = word_order(taught, n=200, world=FRESH)
turned = "left and right exchanged"
for kind, shares_won in {"as shipped": order, **after}.items():
    print(f"{turned}, {kind}: the right sentence wins: {shares_won[turned]}")
assert after["with twins"][turned].value > order[turned].value

# %% [markdown]
# Few pictures ever met their twin. Training on pictures with two animals alone does not
# do what the twins do. With 172 pictures the intervals are wide. The lesson has more
# pictures and a longer training, and there the difference is large. The same text
# encoder learns the order as soon as the loss depends on it: the game was part of the
# cause. **A network learns what its loss asks for.**
#
# ## From frog to rabbit
#
# Texts and pictures are points on one sphere, so there are points in between. We walk
# from "a frog" to "a rabbit" and see which pictures are nearest at each step.
#
# Half way, how many of the 20 nearest pictures show a frog?

# %%
guess_frogs = prediction("Half way from frog to rabbit: frogs, of 20", (0, 20))

# %%
from collections import Counter

from course_lib.figures.widgets import frame_slider
from course_lib.world.critters import FACTORS
from course_lib.world.prompts import words_of
from course_lib.world.wording import NOUNS

many = load_critters("test", kind="one")
choice = many[torch.arange(2000)][0]
choice_vec = matcher.see(choice)  # (2000, 128)
FROM, TO = "a frog", "a rabbit"  # or two others
start, end = matcher.read([FROM, TO])  # (128,) each
animal = [many.names[i] for i in many.labels[:2000]]
ears = [FACTORS["ears"][i] for i in many.factors["ears"][:2000]]
one, other = (next((a for a in ANIMALS if a in text), None) for text in (FROM, TO))
both_ways = {(one, other), (other, one)}  # an animal, and whose ears it wears
eared = [each in both_ways for each in zip(animal, ears, strict=True)]
two_animals = None not in (one, other) and one != other
if two_animals:
    print(f"{sum(eared)} of 2000 pictures: a {one} with {other} ears or the other way")

shares, walk, by_share = [k / 8 for k in range(9)], [], {}
for share in shares:
    between = F.normalize((1 - share) * start + share * end, dim=0)  # (128,)
    nearest = (choice_vec @ between).topk(20).indices.tolist()
    walk.append(choice[nearest[:3]])
    count = Counter(animal[i] for i in nearest)
    by_share[share] = count["frog"]
    kinds = ", ".join(f"{number} {name}" for name, number in count.most_common(2))
    print(f"{100 * share:5.1f} % {TO!r}: of 20: {kinds}", end="; ")
    print(f"with the other's ears: {sum(eared[i] for i in nearest)}")
if (FROM, TO) == ("a frog", "a rabbit"):
    guess_frogs.compare(by_share[0.5])
titles = [f"{100 * share:g} % {TO.removeprefix('a ')}" for share in shares]
nearest_first = torch.stack([column[0] for column in walk])
frame_slider(nearest_first, titles, alt="The nearest picture on the way", start=4)
show_rows(
    {name: torch.stack([c[i] for c in walk]) for i, name in enumerate("123")},
    titles=titles,
    alt=f"Nine steps from {FROM} to {TO}, under each the three nearest pictures.",
)

# Without any network: whose caption names both animals?
theirs = {name: values[:2000] for name, values in many.factors.items()}
bags = [set(words_of(text)) for text in captions(theirs, torch.arange(2000), seed=0)]
if two_animals:
    names = [set(NOUNS[each]) for each in (one, other)]  # a rabbit is also a bunny
    hold = [i for i in range(2000) if all(bags[i] & each for each in names)]
    print(f"captions that name both animals: {len(hold)};", end=" ")
    print(f"one with the other's ears among these: {sum(eared[i] for i in hold)}")

# %% [markdown]
# Half way are **frogs with rabbit ears**, 20 of 20. Has the model found out that such a
# frog looks a little like both? Not necessarily. The last line counts words, without
# any network: every caption with both words belongs to such a frog, because it says *a
# frog with rabbit ears*. A bag of words would also find them. (The lesson has the
# numbers for 14 pairs of animals.) And finding is not yet drawing: how a text *steers*
# a model that draws is the subject of notebook 10.
#
# Change `FROM` and `TO` above into other words and walk again. What lies between "a
# cat" and "a bear"? Between "a frog at night" and "a frog in the snow"?
#
# ## Three questions
#
# 1. Why must the vectors have length 1? What could a network do if it were free to
#    choose the lengths?
#
# <details><summary>Answer</summary>
#
# It could make the vectors of easy pictures long and those of hard ones short, and win
# by length instead of direction. A text with a very long vector would be the best match
# of about half the pictures. With length 1 only the direction counts, and a single
# number, the `logit_scale`, says for all of them how decided the choices are.
#
# </details>
#
# 2. You train with batches of 4 instead of 256. What does the pair no longer learn?
#
# <details><summary>Answer</summary>
#
# Details. Among four captions the right one is mostly the only one with that animal, so
# it is enough to know the animal. Colours, hats and places are needed only when several
# pictures of the same animal compete. More competitors mean finer questions. CLIP used
# batches of 32,768.
#
# </details>
#
# 3. Two pictures in a batch are both red frogs at night, and both captions say only "a
#    red frog". What does the loss demand, and is that fair?
#
# <details><summary>Answer</summary>
#
# It demands that each caption prefer its own picture, but nobody can know which that
# is. The best possible answer gives both the chance 1/2, with a loss of log 2. So the
# loss can never be 0 here. It does no harm: the best answer is also the honest one.
#
# </details>
