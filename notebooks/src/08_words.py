# %% [markdown]
# # 8 · Words
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/08_words.ipynb)
#
# *45 minutes. Before this: [04 · The U-Net](04_unet.ipynb).*
#
# So far our networks were told a number: 1 is a frog. From here on they are told a
# sentence. When you are through you can
#
# - turn any text whatever into whole numbers: you write the step that learns words,
# - write *attention*, the way in which words look at each other,
# - say why a word needs a place, and show what goes wrong without,
# - show where a word with two meanings gets its meaning, with a measurement.

# %% [markdown]
# ## See it
#
# Here are 8,000 captions, as the pictures of the course have them. And here is what
# this notebook builds first: a **tokenizer**, which cuts a text into pieces that it
# knows. At first it knows single letters only. Then it learns from the captions which
# pieces often stand side by side, and glues them together: one *merge* after the other.

# %%
import torch
import torch.nn.functional as F
from torch import nn

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
    tokenizer = Tokenizer(learned[:merges])
    return [tokenizer.decode([token]) for token in tokenizer.encode(text)]


stages = {f"{n} merges": cut(sentence, n) for n in (0, 10, 40, 100, len(learned))}
plot_tokens(
    stages,
    alt="One sentence in boxes, five times: single letters at first, then pairs of "
    "letters, then whole words.",
)
for name, parts in stages.items():
    print(f"{name}: {len(parts)} tokens")

# %% [markdown]
# Each box is a **token**, and a token is a number. ␣ is a space; it belongs to the
# word after it. Common words become one token early. The rare *furry* had to wait for
# the very last merge.
#
# ## A text is numbers already
#
# A computer keeps text as **bytes**, numbers from 0 to 255. A plain letter is one byte.
# Other letters and emoji take two to four.
#
# 256 numbers are enough for every text in the world. We could stop here. But then
# *frog* is four numbers that say nothing by themselves, and a network would have to
# learn to spell before it could learn anything else. So we look for **pairs** that
# often stand side by side.

# %%
from collections import Counter

for text in ["frog", "Frösche", "カエル", "🐸"]:
    numbers = list(text.encode("utf-8"))
    print(f"{text}: {len(text)} signs, {len(numbers)} bytes {numbers}")

small = "a frog, a red frog, a frog on a log"
tokens = list(small.encode("utf-8"))
counts = Counter(zip(tokens, tokens[1:], strict=False))
for pair, times in counts.most_common(4):
    print(pair, repr(bytes(pair).decode()), "stands there", times, "times")

# %% [markdown]
# ## Your turn: merge
#
# The commonest pair becomes a token of its own, with a new number. Write the step that
# puts it in: go through the list from left to right; where the pair stands, put `new`
# in its place and go on *behind* it; everything else stays. `tokens` is a list of
# numbers, `pair` is a tuple of two, and
# `my_merge([5, 6, 5, 6, 6], pair=(5, 6), new=9)` is `[9, 9, 6]`.


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

merge = check_merge(my_merge)

known = {number: bytes([number]) for number in range(256)}
for new in range(256, 264):
    counts = Counter(zip(tokens, tokens[1:], strict=False))
    pair = max(counts, key=lambda pair: (counts[pair], pair))
    known[new] = known[pair[0]] + known[pair[1]]
    tokens = merge(tokens, pair, new)
    print(f"{new} is {known[new].decode()!r}, and {len(tokens)} tokens are left")

# %% [markdown]
# That is all there is to it: count, merge, again. It is called **byte-pair encoding**.
# The library's version does the same, with two main differences. It never merges across
# the end of a word, and its first three numbers are taken: 0 is padding, 1 says "a text
# begins", 2 says "it ends".

# %%
from course_lib.figures.source import show_source

show_source(train_tokenizer)
tokenizer = Tokenizer(learned)
print("it knows", len(tokenizer), "tokens:", len(learned), "of them are merges")
print("the latest:", tokenizer.spell(range(len(tokenizer) - 8, len(tokenizer))))

pair, new = learned[0], 259  # its first merge, by your function
some_text = "a red frog and a red fish"
spelled = Tokenizer().encode(some_text)
same = merge(spelled, pair, new) == Tokenizer([pair]).encode(some_text)
print("the same merges as in the library:", same)

# %% [markdown]
# ## No text fails
#
# What has never been seen falls back into smaller pieces, and in the end into bytes. So
# *every* text has tokens, and they give back the text, whatever it was.

# %%
strange = {
    "a word never seen": "a zebra",
    "a typing error": "a red forg",
    "emoji": "a 🐸 on stilts",
    "another script": "лягушка",
    "control characters": "a\x00frog\x1b[31m",
    "10,000 words": "frog " * 10_000,
}
for name, text in strange.items():
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens) == text
    print(f"{name}: {len(tokens)} tokens, back: {tokenizer.decode(tokens)[:14]!r}")

row = tokenizer.batch(["a red frog"], length=8)[0].tolist()
print(row, "is", tokenizer.spell(row))
long = tokenizer.batch([strange["10,000 words"]], length=8)[0].tolist()
print("cut:", tokenizer.spell(long))

# %% [markdown]
# Back again is not the same as understood: *forg* is four tokens that have nothing to
# do with *frog*. And a network takes a fixed number of tokens at most, so a text of
# 10,000 words is **cut**. Whoever draws from it is told so. (A capital letter is
# another byte than a small one. The course spares its networks that: it writes every
# prompt in small letters before it encodes it.)
#
# ## A token as a vector
#
# Token 300 is not "more" than token 200: the numbers are only names. So each token gets
# a **vector** of its own, a row of a table, which a network may learn. Looking up the
# row is called an **embedding**.

# %%
torch.manual_seed(0)
LENGTH, WIDTH = 32, 64  # tokens a text may have; numbers a token's vector has
table = nn.Embedding(len(tokenizer), WIDTH)

two = ["a furry bat in the snow", "a baseball bat in the snow"]
tokens = tokenizer.batch(two, LENGTH)  # (2, 32)
print("tokens", tuple(tokens.shape), "-> vectors", tuple(table(tokens).shape))
BAT = tokenizer.encode(" bat")[0]
animal, club = (table(row)[row == BAT][0] for row in tokens)
print("the two bats are", (animal - club).abs().max().item(), "apart")

# %% [markdown]
# There is the problem of this notebook. An animal and a club get the *same* vector, for
# they are the same word. What tells them apart are the words beside them. So the words
# must look at each other.
#
# ## Looking, by hand
#
# Each token sends out a **query**, "what I look for", and shows a **key**, "what I am".
# Where a query and a key point the same way, their product is large: look there. The
# **softmax** makes weights of the products: positive, and 1 in all. What is handed over
# is a third vector, the **value**. Here with two numbers each, made up by hand:

# %%
import math

words = ["a", "baseball", "bat"]
keys = [[0.0, 0.0], [3.0, 0.0], [0.0, 1.0]]
values = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
query = [2.0, 0.0]  # the bat asks: is there a sport about?

scores = []
for key in keys:
    product = query[0] * key[0] + query[1] * key[1]
    scores.append(product / math.sqrt(2))  # why the root? see below
total = sum(math.exp(score) for score in scores)
weights = [math.exp(score) / total for score in scores]
mix = [0.0, 0.0]
for weight, value in zip(weights, values, strict=True):
    mix = [mix[0] + weight * value[0], mix[1] + weight * value[1]]
for word, score, weight in zip(words, scores, weights, strict=True):
    print(f"{word:>8}: score {score:.2f}, weight {weight:.2f}")
print("what the bat takes home:", [round(number, 2) for number in mix])

# %% [markdown]
# The bat takes home almost only what *baseball* has to give. In a network nobody makes
# up these vectors: one learned layer, its output cut in three, makes query, key and
# value from each token's vector.
#
# **Why the root?** A product of two vectors is a sum of $d$ terms. If all numbers are
# independent, with mean 0 and variance 1, each term has variance 1, and variances add
# (notebook 02), so its standard deviation is $\sqrt d$. We divide by that, else with
# many numbers one token takes all:

# %%
generator = torch.Generator().manual_seed(0)
for d in (4, 64, 1024):
    query, key = torch.randn(2, 1000, 10, d, generator=generator)
    products = query @ key.transpose(1, 2)  # (1000, 10, 10): each looks at ten
    raw, divided = (
        each.softmax(dim=-1).max(dim=-1).values.mean()
        for each in (products, products / math.sqrt(d))
    )
    print(f"d = {d:4}: products of std {products.std():4.1f}", end="; the largest of ")
    print(f"ten weights is {raw:.2f}, divided {divided:.2f}")

# %% [markdown]
# **Who is not there.** Texts of a batch have different lengths; the short ones are
# filled up with padding. Nobody may look at that. `mask` is True where a real token is;
# everywhere else we set the score to minus infinity, and its weight becomes 0.
#
# ## Your turn: attention
#
# $$\text{softmax}\big(\text{query}\;\text{key}^\top / \sqrt d\big)\;\text{value}$$
#
# Write it for a batch, without loops. `query`, `key`, `value` are (B, L, d), `mask` is
# (B, L). Useful: `key.transpose(1, 2)` is (B, d, L), `@` multiplies matrices,
# `mask[:, None, :]` is (B, 1, L), `~mask` is True where `mask` is False,
# `scores.masked_fill(where, -torch.inf)` fills where `where` is True, and
# `scores.softmax(dim=...)` goes over the axis of the keys.
#
# The cell after it checks yours, and compares it with two others: the library's, and
# torch's own, which large models use.


# %%
def my_attend(query, key, value, mask):
    """What each token takes home from those it looks at: (B, L, d)."""
    ### BEGIN SOLUTION
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5  # (B, L, L)
    scores = scores.masked_fill(~mask[:, None, :], -torch.inf)
    return scores.softmax(dim=-1) @ value
    ### END SOLUTION


# %%
from course_lib.checks.nb08_words import check_attend
from course_lib.networks.layers import attention_weights

attend = check_attend(my_attend)

query, key, value = torch.randn(3, 2, 9, 16, generator=generator)
mask = torch.arange(9) < torch.tensor([[9], [5]])  # (2, 9): the second text is short
mine = attend(query, key, value, mask)  # (2, 9, 16)
ours = attention_weights(query, key, mask[:, None, :]) @ value
torchs = F.scaled_dot_product_attention(query, key, value, mask[:, None, :])
print("the same as in the library:", torch.allclose(mine, ours, atol=1e-5))
print("the same as torch's:", torch.allclose(mine, torchs, atol=1e-5))

short = [each[1:, :5] for each in (query, key, value, mask)]
same = torch.allclose(attend(*short), mine[1:, :5], atol=1e-5)
print("padding changes nothing:", same)

# %% [markdown]
# ## A small transformer
#
# Wrap that in what you know from notebook 04, a norm before and a shortcut around, and
# let each token think it over by itself in two more layers. That is one **block**. A
# few of them, after an embedding, are a **transformer**. (It has several *heads*: each
# looks with a part of the numbers, so a token can look at several things at once.)

# %%
from course_lib.networks.text_encoder import TextBlock, TextEncoder

show_source(TextBlock.forward, TextEncoder.forward)

# %% [markdown]
# One thing is new: `self.place`. Attention does not care where a token stands. So each
# *place* has a learned vector too, which is added to the token's. Soon we leave it out
# and see what happens.
#
# ## Something to learn
#
# The text encoder of a picture maker learns from pictures: whatever helps to draw.
# That takes an hour. We take a short cut of some seconds. A caption belongs to a
# picture, and of our pictures we know what is in them. So we demand: **each noun's
# vector must say by itself what thing in the picture it stands for, and in which
# colour.** First, where the nouns stand:

# %%
from course_lib.networks.tokenizer import PAD, pieces
from course_lib.world.critters import FACTORS, SUBJECTS, rows_of
from course_lib.world.wording import NOUNS, SENSES

WORDS = {name: {noun.split()[-1] for noun in nouns} for name, nouns in NOUNS.items()}
for word, senses in SENSES.items():
    for sense in senses:
        WORDS[sense] = {word}
print("words for a rabbit:", sorted(WORDS["rabbit"]))
print("for a club:", WORDS["club"], "and for the animal:", WORDS["bat"])


def label_nouns(text, f, named):
    """At each noun what it stands for, and its colour; -100 means "do not ask"."""
    answers = torch.full((2, LENGTH), -100)
    parts, place = pieces(text), 0  # at place 0 stands (start)
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        place += len(tokenizer.encode_piece(part))  # the last token of this word
        for thing, colour in [("subject", "colour"), ("subject_2", "colour_2")]:
            means_it = part.strip() in WORDS.get(SUBJECTS[f[thing]], ())
            if means_it and after != " ears":
                answers[0, place] = f[thing]
                answers[1, place] = f[colour] if colour in named else -100
    return answers


everything = tokenizer.batch(texts, LENGTH)  # (8000, 32)
asked = torch.stack(
    [label_nouns(*each) for each in zip(texts, rows_of(factors), named, strict=True)]
)  # (8000, 2, 32)
asked[factors["subject"] == factors["subject_2"]] = -100  # two frogs: which is which?
what = asked[8, 0] >= 0
print(texts[8], "->", [SUBJECTS[number] for number in asked[8, 0][what]])

# %% [markdown]
# Now the training, a loop as in notebook 05. Half of each batch are captions with a
# *bat* or a *crane*. We train two encoders, one with places and one without.

# %% tags=["nbval-ignore-output"]
two_sensed = torch.isin(factors["subject"], torch.tensor([8, 9, 10, 11]))
two_sensed &= factors["subject_2"] == 0
some, others = two_sensed.nonzero()[:, 0], (~two_sensed).nonzero()[:, 0]


class Namer(nn.Module):
    """A text encoder, and two layers that read each token's vector."""

    def __init__(self, positions):
        super().__init__()
        self.encoder = TextEncoder(
            len(tokenizer), LENGTH, WIDTH, blocks=2, positions=positions
        )
        self.thing = nn.Linear(WIDTH, len(SUBJECTS))
        self.colour = nn.Linear(WIDTH, len(FACTORS["colour"]))

    def forward(self, tokens):
        text_emb = self.encoder(tokens)  # (B, L, WIDTH)
        return self.thing(text_emb), self.colour(text_emb)


def train(positions, iterations=150):
    """A Namer that has learned, and its losses."""
    torch.manual_seed(0)
    namer, losses = Namer(positions), []
    optimizer = torch.optim.Adam(namer.parameters(), lr=5e-3)
    for iteration in range(iterations):
        optimizer.param_groups[0]["lr"] = 5e-3 * min(1, 2 - 2 * iteration / iterations)
        chosen = [each[torch.randint(len(each), (32,))] for each in (some, others)]
        rows = torch.cat(chosen)  # (64,)
        L = int((everything[rows] != PAD).sum(1).max())  # the longest of these
        loss = 0
        for i, answer in enumerate(namer(everything[rows, :L])):
            # minus the log of the right answer's chance; -100 is "not asked"
            loss += F.cross_entropy(answer.transpose(1, 2), asked[rows, i, :L])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return namer.eval(), losses


namer, losses = train(positions=True)
bag, losses_of_bag = train(positions=False)
for name, values in {"with places": losses, "without": losses_of_bag}.items():
    first, last = sum(values[:20]) / 20, sum(values[-20:]) / 20
    print(f"{name}: loss from {first:.2f} to {last:.2f}")
    assert last < first / 4

# %% [markdown]
# ## A bag of words
#
# Without places the second one is worse. What does it not see? Two sentences from the
# same words, in another order:

# %% tags=["nbval-ignore-output"]
swapped = ["a red cat left of a blue fish", "a blue cat left of a red fish"]
rows = tokenizer.batch(swapped, LENGTH)
CAT, FISH = tokenizer.encode(" cat")[0], tokenizer.encode(" fish")[0]
apart = {}
for name, model in [("with places", namer), ("without", bag)]:
    with torch.no_grad():
        text_emb = model.encoder(rows)
        colours = model.colour(text_emb).softmax(dim=-1)  # (2, 32, 9)
    cats = text_emb[rows == CAT]  # (2, WIDTH)
    apart[name] = (cats[0] - cats[1]).norm().item()
    print(f"{name}: the two cats are {apart[name]:.2f} apart")
    for text, row, colour in zip(swapped, rows, colours, strict=True):
        said = []
        for word, token in [("cat", CAT), ("fish", FISH)]:
            red = colour[row == token][0, FACTORS["colour"].index("red")]
            said.append(f"{word} {red:.0%} red")
        print(f"   {text}: {', '.join(said)}")
assert apart["without"] < 1e-3 < 1 < apart["with places"]

# %% [markdown]
# To the one without places both sentences are *the same*, but for rounding: a **bag**
# with a red, a blue, a cat and a fish in it. Which colour belongs to which? It can only
# guess. With places each noun finds the colour before it.
#
# ## One word, two meanings
#
# Now the bats. Nobody told the network which words decide what a *bat* is. We look at
# the vector of the word *bat* after each stage: how alike are the bats of eight
# sentences?

# %% tags=["nbval-ignore-output"]
from course_lib.figures.word_plots import plot_tables

bats = [
    *("a flying bat", "a furry bat", "a bat with a balloon", "a bat on stilts"),
    *(
        "a baseball bat",
        "a bat beside a ball",
        "a bat and a ball",
        "a white baseball bat",
    ),
]


@torch.no_grad()
def stages_of(encoder, texts, word):
    """The vector of this word in each text, after each stage: name -> (N, WIDTH)."""
    tokens = tokenizer.batch(texts, LENGTH)
    here, mask = tokens == tokenizer.encode(" " + word)[0], tokens != PAD
    x = encoder.token(tokens)
    stages = {"the token": x[here]}
    x = x + encoder.place.weight
    stages["+ its place"] = x[here]
    for number, block in enumerate(encoder.blocks, start=1):
        x = block(x, mask)
        stages[f"block {number}"] = x[here]
    return stages


def alike(vectors):
    """1 where two vectors point the same way, 0 where they have nothing in common."""
    unit = F.normalize(vectors, dim=-1)
    return (unit @ unit.T).clamp(0, 1)


stages = stages_of(namer.encoder, bats, "bat")
shown = ("the token", "block 1", "block 2")
plot_tables(
    {name: alike(stages[name]) for name in shown},
    rows=bats,
    columns=[str(number) for number in range(1, 9)],
    alt="How alike the word bat is in eight sentences, three tables. As a token all "
    "are the same. After block 1 they differ. After block 2 there are two squares: the "
    "four animals are alike, the four clubs are alike, an animal and a club are not.",
)
for name, vectors in stages.items():
    table = alike(vectors)
    within = (table[:4, :4].mean() + table[4:, 4:].mean()) / 2
    across = table[:4, 4:].mean()
    print(f"{name}: alike within a meaning {within:.2f}, across {across:.2f}")
assert within > across + 0.2

# %% [markdown]
# At first one square, all the same. At the end **two squares**: four animals, four
# clubs. So the two meanings part in the blocks, where words look at each other, and
# nowhere else.
#
# Eight sentences are few, and you might say: of course they differ, the neighbours do.
# So a harder test, a **probe**. For each meaning we take the mean vector of many
# sentences; a new sentence belongs to the nearer mean. But the new sentence has a
# *clue* that the probe has not seen (for *ball*, only another phrase with it): means
# from *furry bat*, *baseball bat*, *bat beside a ball* and *bat and a ball*, tried on
# *flying bat*. If that works better than with words and places alone, the vector holds
# the **meaning**, and not just the neighbour. Guessing is right in half.

# %% tags=["nbval-ignore-output"]
from course_lib.world.wording import CLEAR_NOUNS, SCENE_WORDS, with_article


def sentences(before, after):
    """One clue with 8 colours and 5 scenes: 40 sentences."""
    scenes = [phrases[0] for phrases in SCENE_WORDS.values()]
    return [
        " ".join(f"{with_article(f'{colour} {before}')} {after} {scene}".split())
        for colour in FACTORS["colour"][1:]
        for scene in scenes
    ]


def probe(word):
    """For each stage the share that is right, the clue always unseen."""
    clues = [(sense, clue) for sense in SENSES[word] for clue in CLEAR_NOUNS[sense]]
    found = [stages_of(namer.encoder, sentences(*clue), word) for _, clue in clues]
    shares = {}
    for stage in found[0]:
        right = []
        for left_out, (sense, _) in enumerate(clues):
            gaps = []
            for other in SENSES[word]:
                seen = [
                    vectors[stage]
                    for i, vectors in enumerate(found)
                    if i != left_out and clues[i][0] == other
                ]
                mean = torch.cat(seen).mean(dim=0)
                gaps.append(
                    (found[left_out][stage] - mean).norm(dim=1).round(decimals=3)
                )
            own = SENSES[word].index(sense)
            nearer, tie = gaps[own] < gaps[1 - own], gaps[own] == gaps[1 - own]
            right.append((nearer + tie / 2).mean())
        shares[stage] = torch.stack(right).mean().item()
    return shares


probes = {word: probe(word) for word in SENSES}
print(sentences(*CLEAR_NOUNS["club"][1])[7])
print(" " * 12 + "".join(f"{word:>7}" for word in probes))
for stage in probes["bat"]:
    columns = "".join(f"{shares[stage]:7.2f}" for shares in probes.values())
    print(f"{stage:>12}{columns}")
for shares in probes.values():
    assert shares["the token"] == 0.5 and shares["block 2"] > 0.8

# %% [markdown]
# As a token: guessing. With its place added: right for most bats, and wrong for all
# cranes. A place gives away what shape the sentence has, and shape is not meaning.
# After the blocks the meaning is there, even for a clue that the probe has never met.
#
# ## Who gave it away?
#
# Two ways to ask. We can look where *bat* looks, at the attention weights. And we can
# **hide** one word after the other, so that nobody may look at it, and see whether the
# network still says *club*.

# %% tags=["nbval-ignore-output"]


@torch.no_grad()
def looks(encoder, tokens):
    """The attention weights of each block, the mean over its heads: (L, L) each."""
    caught = []
    hooks = [
        block.seen.register_forward_hook(lambda _, __, weights: caught.append(weights))
        for block in encoder.blocks
    ]
    encoder(tokens)
    for hook in hooks:
        hook.remove()
    return [weights[0].mean(dim=0) for weights in caught]


@torch.no_grad()
def says(tokens, word="bat"):
    """How sure the network is, at this word, of each of its two meanings."""
    here = tokens[0] == tokenizer.encode(" " + word)[0]
    chances = namer.thing(namer.encoder(tokens))[0, here][0].softmax(dim=-1)
    return [chances[SUBJECTS.index(sense)].item() for sense in SENSES[word]]


def show_looks(text):
    """Who looks at whom, in both blocks; the tokens of the text."""
    tokens = tokenizer.batch([text], LENGTH)
    tokens = tokens[:, : int((tokens != PAD).sum())]
    spelled = tokenizer.spell(tokens[0].tolist())
    tables = zip(("block 1", "block 2"), looks(namer.encoder, tokens), strict=True)
    plot_tables(
        dict(tables),
        rows=spelled,
        columns=spelled,
        alt=f"Attention in two blocks for: {text}. Each row is a token that looks, "
        "each column one that is looked at; a row sums to 100.",
    )
    return tokens, spelled


tokens, spelled = show_looks("a brown bat beside a ball at night")
club = says(tokens)[1]
print(f"nothing hidden: club {club:.0%}")
sure = {}
for i, word in enumerate(spelled):
    if word not in ("(start)", "bat", "(end)"):
        hidden = tokens.clone()
        hidden[0, i] = PAD  # nobody looks at padding
        sure[word] = says(hidden)[1]
        print(f"without {word!r}: club {sure[word]:.0%}")

bare = [row for row, names in enumerate(named) if "either_sense" in names]
bare_bats = factors["subject"][[row for row in bare if "bat" in texts[row]]]
animals = (bare_bats == SUBJECTS.index("bat")).sum()
print(f"captions with a bare bat: {len(bare_bats)}, for an animal {animals}")
chances = [says(tokenizer.batch([text], LENGTH))[0] for text in sentences("bat", "")]
print(f"the network, for 40 bare bats: animal {sum(chances) / 40:.0%} on average")
assert club > 0.9 and sure["ball"] < club - 0.5

# %% [markdown]
# Hide the *ball* and the club is gone. Hide the colour or the night and hardly
# anything changes. In the tables, look along the row of *bat*: it looks at *brown*, for
# it was asked for its colour, and at *ball*.
#
# And a bare *bat*, where nothing tells? In the captions it was now the one, now the
# other. No network can know which. The best it can learn is how often it was the one
# and how often the other, and on average ours comes near to that. When a picture maker
# hears a bare word it must choose; you will see what it does in notebook 10.
#
# ## Play
#
# Write a prompt with a *bat* in it. What does the network take it for? Can you find a
# sentence that fools it? What does it make of *a bat, no ball*?

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live


def play(prompt):
    """Who looks at whom in this prompt, and what its bat is."""
    tokens, spelled = show_looks(prompt.lower())
    if "bat" in spelled:
        animal, club = says(tokens)
        print(f"animal {animal:.0%}, club {club:.0%}")
    else:
        print("There is no token for the word bat in it.")


live(play, prompt="a bat in the snow with a ball")

# %% [markdown]
# ## Three questions
#
# 1. *crane bird*, without an article, has the tokens `c`, `rane`, `bird`; *a crane
#    bird* has one token for the crane. Why?
#
# <details><summary>Answer</summary>
#
# The space belongs to the word after it. In the captions *crane* stands behind another
# word, so the token that was learned is `␣crane`, with its space. At the very beginning
# of a text there is none. Large models have the same quirk.
#
# </details>
#
# 2. Attention has no idea of places. Could an encoder *without* places tell the two
#    bats apart all the same? How?
#
# <details><summary>Answer</summary>
#
# Yes. For a bat it is enough to know *that* there is a ball in the sentence, not where.
# A bag of words holds that. Whose colour is red, or who stands at the left, is a matter
# of order, and for that a bag is not enough.
#
# </details>
#
# 3. A text has L tokens. How many weights does one head compute? What if the text is
#    ten times as long?
#
# <details><summary>Answer</summary>
#
# L × L, each looks at each; ten times the length is a hundred times the weights. For
# captions that is nothing. For a book, or for the pixels of a picture, it is the reason
# why attention is expensive, and why our U-Net uses it at its coarsest level only.
#
# </details>
#
# Next: notebook 09, where texts and pictures get vectors that can be compared.
