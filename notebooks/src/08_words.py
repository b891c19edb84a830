# %% [markdown]
# # 8 · Words
#
# *About 75 minutes, in two sittings if you like: the second begins at "A small
# transformer". Before this: [04 · The U-Net](04_unet.ipynb) and
# [06 · Sampling](06_sampling.ipynb).*
#
# So far the condition that we gave a network was a number: 1 is a frog. From here on it
# is a sentence. At the end you can
#
# - turn any text into whole numbers: you write the step that learns words,
# - write *attention*, which lets words look at each other,
# - say why a word needs a place, and show what goes wrong without one,
# - show by a measurement where a word with two meanings gets its meaning.

# %% [markdown]
# ## See it
#
# The cell prints some of 8,000 captions, like those of the course's pictures. Then it
# shows what this notebook builds first: a **tokenizer**, which cuts a text into pieces
# that it knows. At first it knows only single letters. Then it learns from the captions
# which pieces often stand side by side, and glues them together, one *merge* after the
# other.

# %%
import torch

from course_lib.figures.word_plots import plot_tokens
from course_lib.networks.tokenizer import Tokenizer, train_tokenizer
from course_lib.world.critters import captions, choose_factors

indices = torch.arange(8_000)
factors = choose_factors(indices, seed=0)
texts, named = captions(factors, indices, seed=0, return_named=True)
for text in texts[4:10]:
    print(text)

learned = train_tokenizer(texts, merges=400).merges
sentence = "a furry bat with a balloon under the moon"


def cut(text, merges):
    """The pieces of a text, after so many merges."""
    young = Tokenizer(learned[:merges])
    return [young.decode([token]) for token in young.encode(text)]


by_merges = {f"{n} merges": cut(sentence, n) for n in (0, 10, 40, 100, len(learned))}
plot_tokens(
    by_merges,
    alt="One sentence in boxes, five times: single letters at first, then pairs of "
    "letters, then whole words.",
)
for name, parts in by_merges.items():
    print(f"{name}: {len(parts)} tokens")

# %% [markdown]
# Each box is a **token**, and a token is a number. ␣ is a space; it belongs to the word
# after it. Common words become one token early. The rare *furry* had to wait for the
# very last merge. (We asked for 400 merges and got fewer. After the last one no pair
# inside a word occurs twice any more, so there is nothing left to learn.)
#
# ## A text is numbers already
#
# A computer keeps text as **bytes**, numbers from 0 to 255. A plain letter is one byte.
# Other letters take two to four, an emoji usually four.
#
# 256 numbers are enough for every text in the world. We could stop here. But then
# *frog* is four numbers that mean nothing by themselves, and a network would have to
# learn to spell before it could learn anything else. So we look for **pairs** that
# often stand side by side.

# %%
from collections import Counter

for text in ["frog", "Frösche", "カエル", "🐸"]:
    numbers = list(text.encode("utf-8"))
    print(f"{text}: {len(text)} characters, {len(numbers)} bytes {numbers}")

small = "a frog, a red frog, a frog on a log"
in_bytes = list(small.encode("utf-8"))
side_by_side = Counter(zip(in_bytes, in_bytes[1:], strict=False))
for pair, times in side_by_side.most_common(4):
    print(pair, repr(bytes(pair).decode()), "occurs", times, "times")

# %% [markdown]
# ## Your turn: merge
#
# The commonest pair becomes a token of its own, with a new number. Write the step that
# puts it in. Go through the list from left to right. Where the pair stands, put `new`
# in its place and continue *after* the pair; everything else stays. `tokens` is a list
# of numbers, `pair` is a tuple of two. Return a new list: `my_merge([5, 6, 5, 6, 6],
# pair=(5, 6), new=9)` is `[9, 9, 6]`.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Read the list with a finger. Either the pair begins under the finger, or it does not.
# What do you write down in each case, and how many places does the finger move on?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# A `for` loop cannot skip a place. So take a `while` loop with a place `i` of your own,
# and a new list that grows with `.append(...)`. `tokens[i : i + 2]` are the next two,
# as a list, and `tuple(...)` makes a tuple of it. At the last place there is only one
# left: that is never a pair.
#
# </details>


# %%
def my_merge(tokens, pair, new):
    """The list with every pair, from left to right, replaced by `new`."""
    ### BEGIN SOLUTION
    merged, i = [], 0
    while i < len(tokens):
        found = tuple(tokens[i : i + 2]) == pair
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged
    ### END SOLUTION


# %%
from course_lib.checks.nb08_words import check_merge

merge_to_use = check_merge(my_merge)

tokens = list(small.encode("utf-8"))  # from the text each time: run it as you like
known = {number: bytes([number]) for number in range(256)}
for new in range(256, 264):
    counts = Counter(zip(tokens, tokens[1:], strict=False))
    pair = max(counts, key=lambda pair: (counts[pair], pair))
    known[new] = known[pair[0]] + known[pair[1]]
    tokens = merge_to_use(tokens, pair, new)
    print(f"{new} is {known[new].decode()!r}, and {len(tokens)} tokens are left")

# %% [markdown]
# Count, merge, again: that is all. It is called **byte-pair encoding** (for texts:
# Sennrich, Haddow and Birch 2016). The library does the same, with three differences.
# It never merges across the end of a word. Where two pairs are equally common, it takes
# the one with the smaller numbers, and our loop the one with the larger. And its first
# three numbers are reserved: 0 is padding, 1 says "a text begins", 2 says "it ends".
#
# ## No text fails
#
# A word that was never seen falls back into smaller pieces, and in the end into bytes.
# So *every* text has tokens, and they give back the text, whatever it was.
#
# Our tokenizer has one token for *frog*. Somebody types *forg*. How many tokens does
# that become?

# %%
from course_lib.figures.prediction import prediction

guess_forg = prediction("How many tokens does the typing error forg become?", (1, 8))

# %%
tokenizer = Tokenizer(learned)
print("it knows", len(tokenizer), "tokens:", len(learned), "of them are merges")
if merge_to_use is my_merge:  # its first merge, by your function
    spelled = Tokenizer().encode("a red frog and a red fish")
    by_library = Tokenizer(learned[:1]).encode("a red frog and a red fish")
    same = merge_to_use(spelled, learned[0], 259) == by_library
    print("your merge and the library's agree:", same)

forg = tokenizer.encode(" forg")
spelled_forg = [tokenizer.decode([token]) for token in forg]  # each with its space
print("forg:", spelled_forg, "and frog:", tokenizer.encode(" frog"))
guess_forg.compare(len(forg))

strange = {
    "a word never seen": "a zebra",
    "emoji": "a 🐸 on stilts",
    "another script": "лягушка",
    "control characters": "a\x00frog\x1b[31m",
    "10,000 words": "frog " * 10_000,
}
for name, text in strange.items():
    encoded = tokenizer.encode(text)
    assert tokenizer.decode(encoded) == text
    print(f"{name}: {len(encoded)} tokens, back: {tokenizer.decode(encoded)[:14]!r}")

padded = tokenizer.batch(["a red frog"], length=8)[0].tolist()
print(padded, "is", tokenizer.spell(padded))
too_long = tokenizer.batch([strange["10,000 words"]], length=8)[0].tolist()
print("cut:", tokenizer.spell(too_long))

# %% [markdown]
# Getting the text back is not the same as understanding it: the tokens of *forg* have
# nothing to do with the token of *frog*. And a network has a maximum number of tokens,
# so a text of 10,000 words is **cut**. (A capital letter and its small letter are
# different bytes. The course spares its networks that: it writes every prompt in small
# letters before it encodes it.)
#
# ## A token as a vector
#
# Token 300 is not "more" than token 200: the numbers are only names. So each token gets
# a **vector** of its own, a row of a table that the network learns. The vector is
# called the token's **embedding**, and `nn.Embedding` is the table.

# %%
from torch import nn

torch.manual_seed(0)
LENGTH, WIDTH = 32, 64  # tokens a text may have; numbers a token's vector has
table = nn.Embedding(len(tokenizer), WIDTH)

two = ["a furry bat in the snow", "a baseball bat in the snow"]
two_rows = tokenizer.batch(two, LENGTH)  # (2, 32)
print("tokens", tuple(two_rows.shape), "-> vectors", tuple(table(two_rows).shape))
BAT = tokenizer.encode(" bat")[0]
if not (two_rows == BAT).any(dim=1).all():
    raise ValueError("Put the word bat into both sentences, behind another word.")
animal, club = (table(row)[row == BAT][0] for row in two_rows)
print("the two bats are", (animal - club).abs().max().item(), "apart")

# %% [markdown]
# This is the problem that the notebook solves. An animal and a club get the *same*
# vector, because they are the same word. Only the other words of the sentence tell them
# apart. So words must look at each other.
#
# ## Looking, by hand
#
# Each token sends out a **query**, "what I look for", and shows a **key**, "what I am".
# Where a query and a key point the same way, their dot product is large: look there.
# The **softmax** takes $e$ to the power of each product and divides by the sum of all,
# which gives positive weights with the sum 1. What a token hands over is a third
# vector, the **value**. Here each vector has two numbers, made up by hand:

# %%
import math

words = ["a", "baseball", "bat"]
keys = [[0.0, 0.0], [3.0, 0.0], [0.0, 1.0]]
values = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
bats_query = [2.0, 0.0]  # the bat asks: is there a sport about?

scores = []
for one_key in keys:
    product = bats_query[0] * one_key[0] + bats_query[1] * one_key[1]
    scores.append(product / math.sqrt(2))  # why the root? see below
total = sum(math.exp(score) for score in scores)
weights = [math.exp(score) / total for score in scores]
mix = [0.0, 0.0]
for weight, one_value in zip(weights, values, strict=True):
    mix = [mix[0] + weight * one_value[0], mix[1] + weight * one_value[1]]
for word, score, weight in zip(words, scores, weights, strict=True):
    print(f"{word:>8}: score {score:.2f}, weight {weight:.2f}")
print("what the bat takes home:", [round(number, 2) for number in mix])
as_batch = torch.tensor([keys])  # one text, three tokens, two numbers for each
print("the keys as a batch (B, L, d):", tuple(as_batch.shape), as_batch.tolist())

# %% [markdown]
# The bat takes home almost nothing but what *baseball* has to give. In a network nobody
# makes up these vectors. One learned layer computes query, key and value from each
# token's vector: its output is cut in three.
#
# **Why the root?** The dot product of two vectors is a sum of $d$ terms. If all numbers
# are independent, with mean 0 and variance 1, each term has variance 1. Variances add
# (notebook 02), so the sum has a standard deviation of $\sqrt d$. We divide by it.
# Otherwise, if $d$ is large, one token gets nearly all the weight. In code $d$ is
# `query.shape[-1]`, the width of the vectors at hand. The cell tries three widths:

# %%
for width in (4, 64, 1024):
    draw = torch.Generator().manual_seed(0)
    query, key = torch.randn(2, 1000, 10, width, generator=draw)
    products = query @ key.transpose(1, 2)  # (1000, 10, 10): each looks at ten
    raw, divided = (
        each.softmax(dim=-1).max(dim=-1).values.mean()
        for each in (products, products / math.sqrt(width))
    )
    print(
        f"d = {width:4}: products of std {products.std():4.1f}", end="; the largest of "
    )
    print(f"ten weights is {raw:.2f}, divided {divided:.2f}")

# %% [markdown]
# **Padding.** The texts of a batch have different lengths. Short ones are filled up
# with padding, and no token may attend to it. `mask` is True where a real token is.
# Everywhere else we set the score to minus infinity, and the weight becomes 0.
#
# ## Your turn: attention
#
# $$\text{softmax}\big(\text{query }\text{key}^\top / \sqrt d\big)\text{ value}$$
#
# (Vaswani et al. 2017, equation 1.) Write it for a batch, without loops. `query`,
# `key`, `value` are (B, L, d), `mask` is (B, L), True where a real token is. Padding
# gets a mix too, which nobody reads: leave its rows as they come out.
#
# **Difficulty:** ★★★ plan first
#
# <details><summary>Hint 1</summary>
#
# It is the bat once more, for all tokens at once: scores, weights, mix. The cell with
# the three widths has the scores of a whole batch, (B, L, L): a row for each token that
# looks, a column for each that is looked at. Nobody may look at padding: are that rows
# or columns? And the weights of one token add up to 1: along which axis?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `@` multiplies matrices, and `key.transpose(1, 2)` is (B, d, L). `mask[:, None, :]` is
# (B, 1, L), `~` turns True into False, and `x.masked_fill(where, -torch.inf)` fills x
# where `where` is True. Do that before `.softmax(dim=...)`, and multiply by `value`
# last.
#
# </details>


# %%
def my_attend(query, key, value, mask):
    """What each token gets from those that it attends to: (B, L, d)."""
    ### BEGIN SOLUTION
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5  # (B, L, L)
    scores = scores.masked_fill(~mask[:, None, :], -torch.inf)
    return scores.softmax(dim=-1) @ value
    ### END SOLUTION


# %%
import torch.nn.functional as F

from course_lib.checks.nb08_words import check_attend

attend_to_use = check_attend(my_attend)

draw = torch.Generator().manual_seed(0)
query, key, value = torch.randn(3, 2, 9, 16, generator=draw)
mask = torch.arange(9) < torch.tensor([[9], [5]])  # (2, 9): the second text is short
home = attend_to_use(query, key, value, mask)  # (2, 9, 16)
torchs = F.scaled_dot_product_attention(query, key, value, mask[:, None, :])
if attend_to_use is my_attend:
    print("yours and torch's own agree:", torch.allclose(home, torchs, atol=1e-5))

short = [each[1:, :5] for each in (query, key, value, mask)]
same = torch.allclose(attend_to_use(*short), home[1:, :5], atol=1e-5)
print("padding changes nothing:", same)

# %% [markdown]
# ## A small transformer
#
# Wrap attention in what you know from notebook 04, a norm before it and a shortcut
# around it. Then let each token think over what it got: two more layers that treat
# every token by itself. That is one **block**. An embedding and a few blocks after it
# are a **transformer**. Look for your attention in the printed code. The line with
# `attention_weights(...)` has your scores, your mask and your softmax, and
# `weights @ value` is your last line. One thing differs: there are several *heads*.
# Each works on a part of the numbers, so a token can attend to several things at once.

# %%
from course_lib.figures.source import show_source
from course_lib.networks.text_encoder import TextBlock, TextEncoder
from course_lib.training.nouns import WORDS, label_nouns
from course_lib.world.critters import FACTORS, SUBJECTS

show_source(TextBlock.forward, TextEncoder.forward)

labels = label_nouns(texts, factors, named, tokenizer, LENGTH)  # (8000, 2, 32)
print("words for a rabbit:", sorted(WORDS["rabbit"]))
print("for a club:", WORDS["club"], "and for the animal:", WORDS["bat"])
print(f"\nThe labels of the caption {texts[8]!r}, at the last token of each noun:")
for place in (labels[8, 0] >= 0).nonzero()[:, 0].tolist():
    thing, colour = labels[8, :, place].tolist()
    said = FACTORS["colour"][colour] if colour >= 0 else "not asked"
    print(f"   token {place}: the thing is {SUBJECTS[thing]}, its colour {said}")

# %% [markdown]
# One thing is new: `self.place`. Each *place* in the text also has a learned vector,
# which is added to the token's vector. Soon we leave it out and see what happens.
#
# ## Something to learn
#
# The text encoder of a text-to-image model learns from pictures: it learns whatever
# helps to draw. That takes an hour. We take a short cut of some seconds, without any
# picture: **each noun's vector must say which thing the noun stands for, and what
# colour it has.** We know the right answers, since each caption was written from them.
# The last lines above show the labels of one caption. A colour is asked only where the
# caption names it. This is *supervised tagging*.
#
# The loss is the **cross-entropy**, minus the logarithm of the chance that the network
# gave to the right answer: 0 if it was sure and right, large if it was sure and wrong.
# (Notebook 09 takes it apart.)
#
# We train two encoders, one with places and one without. While the first one learns,
# watch eight sentences with the word *bat*. Does the vector of *bat* move towards the
# animal or towards the club? The two full lines of the figure are the mean vectors of
# *bat* over many sentences with a clue, one for each meaning. A mark shows how far
# along the way between them the *bat* of one sentence lies. Each stage has two means of
# its own. For the token they are one and the same vector, and we draw that half way. A
# mean is no goal: some sentences go past it, and *a bat with a balloon* stays behind.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.watching import watch
from course_lib.figures.word_plots import plot_between
from course_lib.judging.senses import between_meanings
from course_lib.networks.namer import Namer
from course_lib.training.nouns import train_namer, two_sensed
from course_lib.world.critters import FACTORS

BATS = [
    *("a flying bat", "a furry bat", "a bat with a balloon", "a bat on stilts"),
    *("a baseball bat", "a bat beside a ball", "a bat and a ball"),
    "a white baseball bat",
]
rows_of_tokens = tokenizer.batch(texts, LENGTH)  # (8000, 32)


def show_between(encoder, sentences, alt):
    """Where the word bat lies between its meanings, in each sentence."""
    found = between_meanings(encoder, tokenizer, sentences, "bat")
    found.pop("+ its place")  # the token's vector with its place added: no meaning yet
    plot_between(sentences, found, ("animal", "club"), alt)


def learn(positions, iterations=150, show=False):
    """A small network trained to say what nouns stand for, and its losses."""
    torch.manual_seed(0)
    text = dict(vocabulary=len(tokenizer), length=LENGTH, width=WIDTH, blocks=2)
    text["positions"] = positions
    model = Namer(text, things=len(SUBJECTS), colours=len(FACTORS["colour"]))
    training = train_namer(
        model,
        rows_of_tokens,
        labels,
        often=two_sensed(factors),  # half of each batch: captions with bat or crane
        iterations=iterations,
        generator=torch.Generator().manual_seed(0),
    )

    def draw_bats():
        alt = "Eight bats between animal and club, while the network learns."
        show_between(model.encoder, BATS, alt)

    picture = draw_bats if show else None
    seen = [loss for _, loss in watch(training, total=iterations, picture=picture)]
    return model.eval(), seen


namer, losses = learn(positions=True, show=True)
bag, losses_of_bag = learn(positions=False)
for name, seen in {"with places": losses, "without": losses_of_bag}.items():
    first, last = sum(seen[:20]) / 20, sum(seen[-20:]) / 20
    print(f"{name}: loss from {first:.2f} to {last:.2f}")
    assert last < first / 4

# %% [markdown]
# ## The encoder without places
#
# It ends with a larger loss. What does it not see? Take two sentences of the same words
# in a different order: *a red cat left of a blue fish* and *a blue cat left of a red
# fish*. Each encoder has a vector for the cat of each sentence. How far apart will the
# two cats be?

# %%
SAME, ABIT, FAR = "the same vector", "a little apart", "as far as with places"
guess_bag = prediction("Without places, the two cats are", [SAME, ABIT, FAR])

# %% tags=["nbval-ignore-output"]
swapped = ["a red cat left of a blue fish", "a blue cat left of a red fish"]
swapped_rows = tokenizer.batch(swapped, LENGTH)
CAT, FISH = tokenizer.encode(" cat")[0], tokenizer.encode(" fish")[0]
apart = {}
for name, model in [("with places", namer), ("without", bag)]:
    with torch.no_grad():
        text_emb = model.encoder(swapped_rows)
        colours = model.colour(text_emb).softmax(dim=-1)  # (2, 32, 9)
    cats = text_emb[swapped_rows == CAT]  # (2, WIDTH)
    apart[name] = (cats[0] - cats[1]).norm().item()
    fish = text_emb[swapped_rows == FISH]
    scale = (cats[0] - fish[0]).norm().item()
    print(f"{name}: the two cats are {apart[name]:.2f} apart", end=" ")
    print(f"(a cat and its fish: {scale:.2f})")
    for text, row, colour in zip(swapped, swapped_rows, colours, strict=True):
        said = []
        for word, token in [("cat", CAT), ("fish", FISH)]:
            red = colour[row == token][0, FACTORS["colour"].index("red")]
            said.append(f"{word} {red:.0%} red")
        print(f"   {text}: {', '.join(said)}")
guess_bag.compare(SAME if apart["without"] < 1e-3 else ABIT)
assert apart["without"] < 1e-3 < 1 < apart["with places"]

# %% [markdown]
# To the encoder without places both sentences are *the same*, except for rounding: a
# **bag** with a red, a blue, a cat and a fish in it. Which colour belongs to which
# animal? It can only guess. With places each noun finds its own colour, the one just
# before it.
#
# ## One word, two meanings
#
# Now the bats. Nobody told the network which words decide what a *bat* is. Take the
# vector of the word *bat* in eight sentences, and compare every pair by their
# **cosine**: 1 (written 100) if two vectors point the same way, 0 if they are at right
# angles. We do it three times: for the tokens, and after each of the two blocks. (The
# printed lines have a fourth, the token's vector with its place added.)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.word_plots import plot_tables
from course_lib.judging.senses import stages_of_word


def alike(vectors):
    """How alike all vectors are, (N, N); what points away counts as 0."""
    unit = F.normalize(vectors, dim=-1)
    return (unit @ unit.T).clamp(0, 1)


bat_stages = stages_of_word(namer.encoder, tokenizer, BATS, "bat")
cosines = {name: alike(vectors) for name, vectors in bat_stages.items()}
plot_tables(
    {name: cosines[name] for name in ("the token", "block 1", "block 2")},
    rows=[f"{number} {text}" for number, text in enumerate(BATS, start=1)],
    columns=[str(number) for number in range(1, 9)],
    column_label="the same eight sentences",
    alt="How alike the word bat is in eight sentences, three tables. As a token all "
    "are the same. After block 1 they differ. After block 2 there are two squares: the "
    "four animals are alike, the four clubs are alike, an animal and a club less so.",
)
for name, cosine in cosines.items():
    within = (cosine[:4, :4].mean() + cosine[4:, 4:].mean()) / 2
    across = cosine[:4, 4:].mean()
    print(f"{name}: alike within a meaning {within:.2f}, across {across:.2f}")
assert within > across + 0.2

# %% [markdown]
# At first there is one square, all the same. At the end there are **two dark squares**:
# four animals, four clubs. The two meanings separate in the blocks, where words attend
# to each other.
#
# So you can draw a line from the club to the animal, and every sentence puts its *bat*
# somewhere near that line. Now try sentences that no caption ever had: *a bat, no ball*
# and *a bat without a ball*. What will the network take this bat for?

# %%
ANIMAL, CLUB = "the animal", "the club"
guess_no_ball = prediction("'a bat, no ball' is taken for", [ANIMAL, CLUB])

# %% tags=["nbval-ignore-output"]
from course_lib.judging.senses import probe, sense_chances
from course_lib.world.wording import SENSES

MINE = [  # add sentences with bat: once, in small letters, behind another word
    *("a bat", "a bat in the snow", "a bat beside a cat"),
    *("a bat, no ball", "a bat without a ball", "a flying baseball bat"),
]
show_between(
    namer.encoder,
    MINE,
    "Where bat lies between club and animal in six sentences, as a token and after "
    "each block: the three with ball or baseball in them end at the club.",
)
mine_rows = tokenizer.batch(MINE, LENGTH)
sure = sense_chances(namer, tokenizer, mine_rows, "bat").tolist()  # (N, 2)
for text, (of_animal, of_club) in zip(MINE, sure, strict=True):
    rest = 1 - of_animal - of_club
    print(f"{text:24} animal {of_animal:4.0%}, club {of_club:4.0%}, other {rest:4.0%}")
if "a bat, no ball" in MINE:
    no_ball = sure[MINE.index("a bat, no ball")]
    guess_no_ball.compare(ANIMAL if no_ball[0] > no_ball[1] else CLUB)

print("\nA probe, on sentences whose clue it has never met: share right")
probes = {word: probe(namer.encoder, tokenizer, word) for word in SENSES}
print(" " * 12 + "".join(f"{word:>7}" for word in probes))
for stage in probes["bat"]:
    columns = "".join(f"{shares[stage][0]:7.0%}" for shares in probes.values())
    print(f"{stage:>12}{columns}")
of_bag = [probe(bag.encoder, tokenizer, word)["block 2"][0] for word in SENSES]
print("without places, block 2:", "  ".join(f"{right:.0%}" for right in of_bag))
for shares in probes.values():
    assert shares["the token"][0] == 0.5 and shares["block 2"][0] > 0.8

# %% [markdown]
# *No ball* has a ball in it, and no caption ever said *no*: the network uses only words
# that it knows. (It chooses among all things, frogs and fish as well. What animal and
# club leave of 100 % is theirs.)
#
# **The last table is a harder test.** You might say: of course the bats differ, because
# their neighbours do. So a **probe** takes two mean vectors of *bat*, one over many
# sentences about the animal and one over many about the club. A new sentence gets the
# meaning of the nearer mean. The test: the new sentences have a clue that is in none of
# the sentences behind the means. To test *flying bat*, for example, the animal's mean
# comes from *furry bat* alone. To test *bat beside a ball*, the club's mean comes from
# *baseball bat* and *bat and a ball*. (So the word *ball* is not new there, only the
# phrase.) Guessing is right half of the time.
#
# From the token the probe can only guess. The row *+ its place* is the token's vector
# with the vector of its place added, before any block. It knows whether the word comes
# third or fourth (*a red crane with ...*, *a red tower crane*), and nothing else. Both
# meanings of *crane* have both places. We leave the clue of the test out of its own
# mean, so the *other* mean holds more of its place, and the probe is always wrong.
# After the blocks the meaning is there. It is there even without places: a ball
# *anywhere* in the sentence will do.
#
# ## Who gave it away?
#
# There are two ways to find out. We can read the attention weights, the mean of the
# heads, and see where *bat* looks. And we can **hide** one word at a time, so that no
# token can attend to it, and see whether the network still says *club*. The sentence is
# *a brown bat beside a ball at night*.
#
# Then come two sentences with a clue that the captions often had: *flying* and *furry*
# were always the animal. What will the network say of *a furry bat at night*?

# %%
guess_furry = prediction("'a furry bat at night' is taken for", [ANIMAL, CLUB])

# %% tags=["nbval-ignore-output"]
from course_lib.networks.namer import looks
from course_lib.networks.tokenizer import PAD


def show_looks(text):
    """Show which token attends to which in both blocks; return the text's tokens."""
    row = tokenizer.batch([text], LENGTH)
    row = row[:, : int((row != PAD).sum())]  # (1, L)
    spelled = tokenizer.spell(row[0].tolist())
    found = looks(namer.encoder, row)  # two tables, (1, L, L)
    plot_tables(
        {"block 1": found[0][0], "block 2": found[1][0]},
        rows=spelled,
        columns=spelled,
        row_label="query",
        column_label="key",
        alt=f"Attention in two blocks for: {text}. Each row is a token that looks, "
        "each column one that is looked at; a row sums to 100.",
    )
    return row, spelled


EXAMPLE = "a brown bat beside a ball at night"  # or a sentence of your own
row, spelled = show_looks(EXAMPLE)
club_now = sense_chances(namer, tokenizer, row, "bat")[0, 1].item()
print(f"nothing hidden: club {club_now:.0%}")
club_without = {}
for i, word in enumerate(spelled):
    if word not in ("(start)", "bat", "(end)"):
        hidden = row.clone()
        hidden[0, i] = PAD  # nobody looks at padding
        club_without[word] = sense_chances(namer, tokenizer, hidden, "bat")[0, 1].item()
        print(f"without {word!r}: club {club_without[word]:.0%}")
if EXAMPLE.startswith("a brown bat beside a ball"):
    assert club_now > 0.9 and club_without["ball"] < club_now - 0.5

print(
    "\nTwo more, club: with places; with *night* hidden; by the encoder without places"
)
for text in ["a flying bat at night", "a furry bat at night"]:
    whole = tokenizer.batch([text], LENGTH)
    no_night = whole.masked_fill(whole == tokenizer.encode(" night")[0], PAD)
    three = [(namer, whole), (namer, no_night), (bag, whole)]
    both = [sense_chances(m, tokenizer, rows, "bat")[0].tolist() for m, rows in three]
    print(f"{text:24}", "  ".join(f"{club:4.0%}" for _, club in both))
of_animal, of_club = both[0]  # of the furry bat, with places
guess_furry.compare(ANIMAL if of_animal > of_club else CLUB)

bare = [i for i, names in enumerate(named) if "either_sense" in names]
bare_bats = factors["subject"][[i for i in bare if "bat" in texts[i]]]
animals = (bare_bats == SUBJECTS.index("bat")).sum()
print(f"\ncaptions with a bare bat: {len(bare_bats)}, for an animal {animals}")

# %% [markdown]
# Hide the *ball* and the club is gone. Hide another word of *this* sentence and hardly
# anything changes. In the tables, go along the row of *bat*: it attends to *brown* and
# to *ball*. But in block 2 nearly every row attends to *ball*, also rows that need not
# know. So a table shows where the network looks, and not what it does with it. Hiding a
# word is the better test.
#
# The other two sentences show how far the network is from understanding. *Night* is no
# clue at all. Yet *at night* can pull the bat to the club, and without places that does
# not happen. Put *a flying bat at night* into `EXAMPLE` and hide its words.
#
# And a bare *bat*, without any clue? Some captions meant the animal, some the club (the
# last line above). No network can know which. The best it can learn is how often each
# was meant. Ours has learned that roughly: compare what it said of *a bat* and *a bat
# in the snow* above. It saw few such captions, and each sentence has its own error.
#
# A text-to-image model that gets a bare word must choose; you will see what it does in
# notebook 10.
#
# ## Play
#
# Write a prompt with a *bat* in it. Can you find a sentence that fools the network? Can
# you find one where a word other than *ball* decides? Try other places, and a hat.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live


def play(prompt):
    """Which token attends to which in this prompt, and what its bat is."""
    row, spelled = show_looks(prompt.lower())
    if spelled.count("bat") == 1:
        animal, club = sense_chances(namer, tokenizer, row, "bat")[0].tolist()
        print(f"animal {animal:.0%}, club {club:.0%}")
    else:
        print("Write the word bat once, behind another word.")


live(play, prompt="a bat in the snow with a ball")

# %% [markdown]
# ## Three questions
#
# 1. *crane bird*, without an article, has the tokens `c`, `rane`, `bird`; *a crane
#    bird* has one token for the crane. Why?
#
# <details><summary>Answer</summary>
#
# The space belongs to the word after it. In the captions *crane* follows another word,
# so the token that was learned is `␣crane`, with its space. At the very beginning of a
# text there is no space. Large models have the same quirk.
#
# </details>
#
# 2. Attention knows nothing about places. Could an encoder *without* places still tell
#    the two bats apart? How?
#
# <details><summary>Answer</summary>
#
# Yes, and the last line of the probe shows it. For a bat it is enough to know *that*
# there is a ball in the sentence, not where. A bag of words holds that. But who is red,
# or who stands on the left, depends on the order, and there a bag is not enough.
#
# </details>
#
# 3. A text has L tokens. How many attention weights does one head compute? What if the
#    text is ten times as long?
#
# <details><summary>Answer</summary>
#
# L × L, because each token attends to each; ten times the length makes a hundred times
# the weights. For captions that is nothing. For a book, or for the pixels of a picture,
# it makes attention expensive. That is why our U-Net uses it only at its coarsest
# level.
#
# </details>
