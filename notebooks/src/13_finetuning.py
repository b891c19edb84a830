# %% [markdown]
# # 13 · Fine-tuning
#
# *About 65 minutes. You need notebooks 10 and 12.*
#
# At the end you can
#
# - teach a network one thing of your own, from ten pictures,
# - write LoRA for a linear layer and for a convolution, and say what its rank and its
#   alpha do,
# - write a loss that learns something new and keeps the old,
# - choose between five ways of fine-tuning, and see at a glance what went wrong.

# %% [markdown]
# ## See it
#
# This is Zorp, a plush. It has bobbles on its head, a striped scarf and a patch with
# stitches. No picture that our network learned from shows it, and no caption ever said
# its name. In the first row are photos of it, all taken in a meadow or at the beach.
# All other pictures were drawn, by prompts that no photo shows.

# %%
import torch

from course_lib.device import weights_folder
from course_lib.figures.plots import show_rows
from course_lib.painters.additions import with_additions
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.world.plush import plush_photos

photos, _ = plush_photos(seed=0, word="zorp")  # (10, 3, 64, 64) bytes
draw = TextToImage.from_pretrained("latent")
draw_zorp = with_additions(draw, ["zorp"])
prompts = ["a zorp in the snow", "a zorp at night", "a zorp on stilts"]
show_rows(
    {"photos": from_bytes(photos[3:8])}
    | {prompt: draw_zorp([prompt] * 5, seed=3) for prompt in prompts},
    zoom=2,
    alt="Five photos of a plush with bobbles, a scarf and a patch, and what was "
    "drawn of it: in the snow, at night, and on stilts, where it is half a rabbit.",
)
for name in ("latent", "zorp"):
    size = (weights_folder() / name / "model.safetensors").stat().st_size
    print(f"{name}: a file of {size / 2**20:.1f} MiB")

# %% [markdown]
# It draws Zorp as it draws everything, a little carelessly: some faces melt. But
# bobbles, scarf and patch are there, in scenes that nobody photographed. On stilts it
# is mostly a rabbit: you will soon see where that comes from.
#
# The network itself was not touched. It was given an **addition**: a small file that is
# put on, and taken off again. You build all of it in this notebook.
#
# ## From a folder to training data
#
# You need a folder with five to ten pictures, and a word. The word should mean nothing
# yet. "Plush" would do, but "bear" would not: it means something already, and would
# have to be forgotten first.
#
# Each picture needs a caption. Name in it all that the network knows, as in "a zorp at
# the beach". Then the sand is explained, and what is left for the new word is the
# plush. Here the file names are the captions. `own_pictures` reads the folder and makes
# the pictures square and of one size.

# %%
from course_lib.device import data_folder
from course_lib.training.mine import own_pictures

folder = data_folder() / "zorp"
print("a file:", min(file.name for file in folder.glob("*.png")))
mine = own_pictures(folder, word="zorp")
print("pictures:", tuple(mine.pictures.shape))
for caption in sorted(set(mine.captions)):
    print(f"   {mine.captions.count(caption)} x {caption}")
z_0 = draw.encode(from_bytes(mine.pictures))
print("compressed once:", tuple(z_0.shape))
for text in ("a rabbit", "a zorp"):
    print(f"tokens of {text!r}:", draw.tokenizer.spell(draw.tokenizer.encode(text)))

# %% [markdown]
# The network has no token for "zorp". It reads letters, and nobody ever told it what
# they mean together. So the tokenizer gets a new token. Its vector begins as that of a
# word which comes near, here "rabbit", and learns from there. A rabbit can already
# stand on stilts. Where the photos say nothing, the rabbit shows through.
#
# ## A thin change beside a frozen weight
#
# Our network has eight million weights. To move all of them for one plush is a lot of
# work, and the result is a second network as large as the first. **LoRA**, *low-rank
# adaptation*, leaves every weight as it is. It learns a change beside it, and this
# change is thin: it goes through a narrow place.
#
# `down` turns what comes in into a few numbers. `up` turns these few into many again.
# How many there are in the narrow place is the **rank**.

# %%
from course_lib.figures.prediction import prediction

guess_numbers = prediction(
    "A layer from 192 to 192 numbers has 36,864 weights. A LoRA of rank 4 beside it "
    "learns how many per cent of that?",
    (0, 100),
)

# %%
torch.manual_seed(0)
weight = torch.randn(6, 8)  # a layer from 8 numbers to 6, frozen
rank = 2
down = torch.randn(rank, 8)  # from 8 numbers to 2
up = torch.randn(6, rank)  # and from 2 to 6
x = torch.randn(8)
few = down @ x
many = up @ few
print("x", tuple(x.shape), "-> down", tuple(few.shape), "-> up", tuple(many.shape))

change = up @ down  # the same two steps as one matrix
print("the change:", tuple(change.shape), "and the weight:", tuple(weight.shape))
beside = weight @ x + many
merged = (weight + change) @ x
print("side by side or merged, the same:", torch.allclose(beside, merged, atol=1e-5))
directions = torch.linalg.matrix_rank(change).item()
print(f"rows of the change that are no mix of the others: {directions} of 6")

learned = 4 * 192 + 192 * 4  # down and up, at rank 4
guess_numbers.compare(round(100 * learned / 192**2))
print(f"192 to 192 at rank 4: {learned:,} of {192**2:,} numbers")

# %% [markdown]
# Two views of one thing. *Side by side*, the change can be put on and taken off, and it
# can be trained alone. *Merged*, added to the weight, it costs no time at all.
#
# Each row of the change is a mix of the rows of `down`. There are only two of these, so
# the change has only two **directions**, however large it is.
#
# At the beginning `up` is zero. So the change is zero as well, and the network draws
# exactly as before. It walks away from there.
#
# **Why alpha / rank?** The change is a sum of as many parts as the rank says. At rank
# 16 all sixteen pull the same way in the first step of training, and it goes about
# sixteen times as far as at rank 1. So the sum is divided by the rank. A number of your
# choice, `alpha`, then says how strong the whole change is:
#
# $$W' = W + \frac{\alpha}{\text{rank}} \cdot \text{up} \cdot \text{down}$$

# %%
torch.manual_seed(3)
wanted = torch.randn(192, 192)  # which way the loss wants the weight to move
steps = {}
for rank in (1, 4, 16):
    down = torch.randn(rank, 192)
    up = 0.01 * (wanted @ down.T).sign()  # the first step of AdamW: all numbers by 0.01
    steps[rank] = (up @ down * wanted).sum().item()  # how far that goes this way
for rank, far in steps.items():
    times = far / steps[1]
    print(f"rank {rank:2}: {times:3.0f} times as far; by the rank, {times / rank:.0f}")

# %% [markdown]
# ## Your turn: a weight with its LoRA
#
# Return the weight with the change in it: weight plus alpha / rank times up times down.
#
# It must work for a linear layer and for a convolution. A convolution's weight, its
# *kernel*, has four axes. `down` then has windows of the same size and hands on only
# `rank` channels; `up` mixes these channels at each place, with windows of 1 x 1.
#
# | | weight | down | up |
# | --- | --- | --- | --- |
# | linear | (out, in) | (rank, in) | (out, rank) |
# | convolution | (out, in, k, k) | (rank, in, k, k) | (out, rank, 1, 1) |
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# First the linear layer: which of the two comes first in the product, so that the shape
# of the weight comes out? Then the kernel: lay the numbers of each window out in one
# row, multiply as before, and give the result the shape of the weight.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `.flatten(1)` keeps the first axis and joins all others to one; where there are only
# two axes it changes nothing. So one formula is enough for both kinds of layers. The
# rank is the length of the first axis of `down`. `.reshape(...)` takes the shape that
# you want.
#
# </details>


# %%
def my_lora_weight(weight, down, up, alpha):
    """The weight of a linear layer or a convolution, with its LoRA merged in."""
    ### BEGIN SOLUTION
    rank = len(down)
    change = up.flatten(1) @ down.flatten(1)  # (out, in) or (out, in * k * k)
    return weight + alpha / rank * change.reshape(weight.shape)
    ### END SOLUTION


# %%
from course_lib.checks.nb13_finetuning import check_lora_weight
from course_lib.networks.lora import LoRA

lora_weight = check_lora_weight(my_lora_weight)

torch.manual_seed(0)
layer = torch.nn.Conv2d(64, 64, 3, padding=1, bias=False)
lora = LoRA(layer, rank=4, alpha=8)  # the library's: the layer, and a change beside it
torch.nn.init.normal_(lora.up.weight)  # as if it had been trained
x = torch.randn(1, 64, 16, 16)
with torch.no_grad():
    beside = lora(x)
    weight = lora_weight(layer.weight, lora.down.weight, lora.up.weight, lora.alpha)
    merged = torch.conv2d(x, weight, padding=1)
off = (beside - merged).abs().max() / beside.abs().max()
print("a convolution, side by side or merged, the same:", bool(off < 1e-5))
learned = lora.down.weight.numel() + lora.up.weight.numel()
print(f"it learns {learned:,} numbers beside {layer.weight.numel():,}")

# %% [markdown]
# ## What does the rank decide?
#
# Two changes are wanted in one layer: one of rank 1, and another of rank 2, which has
# nothing to do with the first. One LoRA shall learn both. We try it at rank 1, 2, 3 and
# 6, by gradient descent and with your function.

# %%
guess_rank = prediction("From which rank on can one LoRA learn both?", (1, 6))

# %%
from course_lib.figures.plots import plot_curves

torch.manual_seed(0)
old = torch.randn(24, 16)
first = torch.randn(24, 1) @ torch.randn(1, 16)  # a change of rank 1
second = torch.randn(24, 2) @ torch.randn(2, 16)  # and one of rank 2
wanted = old + first + second
curves = {}
for rank in (1, 2, 3, 6):
    down = torch.randn(rank, 16).requires_grad_()
    up = torch.zeros(24, rank).requires_grad_()
    optimizer = torch.optim.Adam([down, up], lr=0.05)
    curves[f"rank {rank}"] = []
    for _ in range(200):
        loss = (lora_weight(old, down, up, alpha=rank) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curves[f"rank {rank}"].append(loss.item())
plot_curves(
    range(200),
    curves,
    xlabel="iterations",
    ylabel="distance from the wanted layer",
    alt="At ranks 1 and 2 the distance stays above zero; at ranks 3 and 6 it falls to "
    "zero.",
)
ends = {name: curve[-1] for name, curve in curves.items()}
print({name: round(end, 1) for name, end in ends.items()})
reached = [rank for rank in (1, 2, 3, 6) if ends[f"rank {rank}"] < 0.05]
guess_rank.compare(min(reached))

# %% [markdown]
# The directions of the two add up: one and two are three. The rank says how complicated
# a change may be. It does not say how *strong* it is; that is alpha's part. For Zorp we
# take rank 16.
#
# ## LoRA in the whole network
#
# `add_lora` puts a LoRA around each linear layer and each convolution of the U-Net, and
# freezes all the rest. `teach` adds the new token.

# %%
import copy
from dataclasses import replace

from course_lib.networks.lora import add_lora
from course_lib.training.personalise import teach

model = copy.deepcopy(draw.model)
painter = replace(draw, model=model)  # it draws with the network that will learn
names = add_lora(model, rank=16, where="unet.")
teach(painter, "zorp", like="rabbit")
print("tokens:", painter.tokenizer.spell(painter.tokenizer.encode("a zorp")))
learning = [x for x in model.parameters() if x.requires_grad]
learned = sum(x.numel() for x in learning)
total = sum(x.numel() for x in draw.model.parameters())
print(f"around {len(names)} layers, the first three:", *names[:3])
print(f"{learned:,} numbers learn, {learned / total:.0%} of {total:,}")

text_emb = draw.read(["a red cat"])
x_t, t = torch.randn(1, *draw.shape()), torch.tensor([500])
with torch.no_grad():
    same = torch.equal(model(x_t, t, text_emb), draw.model(x_t, t, text_emb))
print("it still says what it said before:", same)

# %% [markdown]
# ## Learn, and do not forget
#
# From now on the network sees nothing but Zorp. Nobody tells it to forget bears. But
# nobody asks for bears either, and the weights that draw them are the ones that move.
# After a while every animal has bobbles.
#
# The cure is simple: **show it bears as well**. The first half of each batch is mine.
# The second half is the *world*: pictures of the kind that the network learned from at
# first, bears, frogs and cats, with their own captions. Each half has its own mean
# error, and `prior_weight` says how much the second counts. It is called *prior
# preservation*, because it keeps what was there before (Ruiz et al. 2023).
#
# **Your turn.** The network guesses velocities (notebook 05). `v_hat` are its guesses,
# `v` the right ones, both (2 B, C, H, W). Return one number: the mean squared error of
# the first half, plus `prior_weight` times that of the second.
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# Square the errors of the whole batch first. Then cut the batch in two, along the axis
# that counts the pictures. Only then take means, one for each half.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `.chunk(2)` cuts a tensor into two equal parts along its first axis, and gives them
# back both at once: two names on the left of the `=`. `.square()` and `.mean()` do the
# rest.
#
# </details>


# %%
def my_prior_loss(v_hat, v, prior_weight):
    """One number: the error of my half, plus that of the world's half, weighted."""
    ### BEGIN SOLUTION
    mine, world = (v_hat - v).square().chunk(2)
    return mine.mean() + prior_weight * world.mean()
    ### END SOLUTION


# %%
from course_lib.checks.nb13_finetuning import check_prior_loss

prior_loss = check_prior_loss(my_prior_loss)
perfect, off = torch.zeros(8, 4, 16, 16), torch.ones(4, 4, 16, 16)
forgets = torch.cat([perfect[:4], off])  # right about mine, wrong about the world
for prior_weight in (0.0, 0.5, 1.0):
    loss = prior_loss(forgets, perfect, prior_weight)
    print(f"prior_weight {prior_weight}: forgetting costs {loss:.1f}")

# %% [markdown]
# ## Train it here
#
# This is the whole training, in one plain loop. `learned_batches` gives batches whose
# first half is mine. It also shifts my pictures by a few pixels at random: otherwise
# the network would learn the ten places where Zorp sat, too. The rest is the loop of
# notebook 05, and only the LoRA and the new token move.
#
# 400 iterations take some minutes. After the first ones, a line says how many.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.diffusion.schedule import add_noise
from course_lib.figures.plots import show_pictures
from course_lib.figures.watching import watch
from course_lib.training.personalise import learned_batches

student = replace(painter, model=copy.deepcopy(model))  # fresh at each run of the cell
learning = [x for x in student.model.parameters() if x.requires_grad]
iterations = scaled(smoke=30, laptop=400, gpu=400)
prior_weight = 1.0  # how much the world counts
get_batch = learned_batches(mine, painter, batch_size=16, seed=0, prior="world")
optimizer = torch.optim.AdamW(learning, lr=1e-2, weight_decay=0.0)


def loss_of(batch):
    """Your loss, for a batch whose first half is mine."""
    x_t = add_noise(batch["x_0"], batch["t"], batch["eps"], draw.schedule)
    v_hat = student.model(x_t, batch["t"], batch["cond"])
    return prior_loss(v_hat, batch["eps"] - batch["x_0"], prior_weight)


def training():
    """One iteration at a time, and its loss."""
    for iteration in range(iterations):
        loss = loss_of(get_batch(iteration))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


def draw_now():
    """Two zorps, two red bears and two blue frogs, as the network draws them now."""
    asked = [text for text in ("a zorp", "a red bear", "a blue frog") for _ in range(2)]
    drawn = student(asked, seed=3)
    show_pictures(drawn, titles=asked, zoom=2, alt="Zorps, bears and frogs, just now.")


fixed = get_batch(10**6)  # the same batch before and after
before = loss_of(fixed).item()
list(watch(training(), total=iterations, picture=draw_now))
after = loss_of(fixed).item()
print(f"loss on a fixed batch: before {before:.2f}, after {after:.2f}")
assert after < before

# %% [markdown]
# After 30 iterations a zorp turns brown, and its ears turn into yellow bobbles. The
# scarf and the patch take longer. The bears are still red, and the frogs blue.
#
# **Now let it forget.** Write 0 in place of 1 behind `prior_weight`, and run the cell
# again. What becomes of the bears and the frogs?
#
# <details><summary>Answer</summary>
#
# They begin to turn into Zorp: the red becomes brown or orange, and bobbles grow on
# their heads. The photos are the same, and so is the number of iterations. Only nobody
# asks for bears any more.
#
# </details>
#
# All pictures from here on come from additions that the library trained, with 400
# iterations each and with a warm-up, a falling learning rate and averaged weights. In a
# terminal it is one line, and a training that was stopped can be carried on:
#
#     python -m course_lib finetune lora --images FOLDER --word zorp --out runs/zorp
#     python -m course_lib generate "a zorp at night" --with runs/zorp:0.8 --out z.png
#
# The number after the colon is the *strength*: it multiplies the change, here by 0.8.
#
# ## Everyone becomes Zorp
#
# What did the second half of the batch do? Here are two additions. Both learned from
# the same photos for equally long, one with prior preservation and one without. We ask
# for animals that have nothing to do with Zorp.

# %%
guess_old = prediction(
    "Without prior preservation, how many of 8 animals will still be right?", (0, 8)
)

# %%
from course_lib.judging.fidelity import what_is_seen
from course_lib.networks.new_words import row_of_word

old_prompts = [
    *("a red bear at the beach", "a blue frog in the snow"),
    *("a yellow cat with a hat", "a green rabbit at night"),
    *("a purple bird at sunset", "an orange bear on stilts"),
    *("a brown rabbit in a meadow", "a white frog at the beach"),
]
strength = 1.0  # of the addition in the second row
painters = {
    "as it was": draw,
    "with the world": with_additions(draw, [f"zorp:{strength}"]),
    "without": with_additions(draw, ["zorp-alone"]),
}
old_drawn = {name: some(old_prompts, seed=4) for name, some in painters.items()}
show_rows(
    old_drawn,
    zoom=2,
    alt="Eight animals as the network drew them before; with the addition that saw the "
    "world as well, the same but for two rabbits, which are half a Zorp; without the "
    "world, a Zorp in all eight, and no snow, no night.",
)
for name, drawn in old_drawn.items():
    right = sum(what_is_seen(drawn, old_prompts)["right"])
    print(f"{name}: right {right} of 8")
guess_old.compare(right)  # without, the last of the three
zorp, near = draw_zorp.model.text_encoder.token.rows[0], {}
for word in ("rabbit", "bear", "frog"):
    known = row_of_word(draw.model.text_encoder, draw.tokenizer, word)
    near[word] = round(torch.cosine_similarity(zorp, known, dim=0).item(), 1)
print("how near the vector of zorp is (1 is the same):", near)

# %% [markdown]
# Nobody called these animals Zorp. Yet the third network draws Zorp in place of all of
# them. It has lost the scenes as well: snow, night and stilts are gone. With large
# models the same happens: a training on ten photos of one woman, and every woman looks
# like her.
#
# **The second row has its price, too.** Two of its eight pictures are not right. Which
# two, and why these? The last line printed is a hint. Then write 0.8 behind `strength`,
# then 0.7, and run the cell again.
#
# <details><summary>Answer</summary>
#
# The two rabbits. The word "zorp" began at "rabbit", and its vector is still close to
# that one. What the layers have learned to do for the one word, they do for its
# neighbour as well. The world's half shows a rabbit only now and then, and this was not
# enough. With less strength they come back: the green one at 0.8, both at 0.7. But then
# Zorp is less of a Zorp, as you see under "Play". So begin your own word at an animal
# that you can spare; in the command it is `--like bird`.
#
# </details>
#
# ## Two more ways to go wrong
#
# **Too strong.** Some programs multiply by alpha and forget the rank. A LoRA of rank
# 16, trained with alpha 16, is then sixteen times too strong, and numbers run away to
# infinity. Four times is bad enough.
#
# **Too alone.** Ask the network that saw nothing but ten photos for a scene that is in
# none of them.

# %%
from course_lib.checkpoint import load_weights

tensors, card = load_weights("zorp")
too_strong = replace(draw_zorp, model=copy.deepcopy(draw_zorp.model))
agree = []
for name, layer in too_strong.model.named_modules():
    if f"{name}.down.weight" in tensors:  # this layer has a LoRA
        down, up = (tensors[f"{name}.{part}.weight"] for part in ("down", "up"))
        old = draw.model.get_submodule(name).weight.data
        merged = lora_weight(old, down.float(), up.float(), card["alpha"])
        agree.append(torch.allclose(merged, layer.weight, atol=1e-5))
        four_times = lora_weight(old, down.float(), up.float(), 4 * card["alpha"])
        layer.weight.data = four_times
print(f"your function merges {sum(agree)} of {len(agree)} layers as the library does")
alone = painters["without"]
ways = {"as trained": draw_zorp, "too strong": too_strong, "too alone": alone}
asked = ["a zorp at night"] * 5
show_rows(
    {name: some(asked, seed=5) for name, some in ways.items()},
    zoom=2,
    alt="A zorp at night, five times: dark nights, with bobbles that are half ears; "
    "plain grey; and clear Zorps, but by day.",
)

# %% [markdown]
# Four times too strong, nothing is left of any picture. And look at the last row: a
# network that learned nothing else draws the clearest Zorps, and has forgotten what a
# night is. In the first row it is night, but Zorp is blurred, and one is a small blue
# rabbit. You cannot have both in full.
#
# ## One new word
#
# LoRA moves a little of each layer, and the vector of the new token. **Textual
# inversion** moves the token alone (Gal et al. 2023). It asks: which word would the
# network have to hear, to draw this? All layers stay, and all other words, so nothing
# at all can be forgotten.
#
# Here are two such words: one for Zorp, begun at "rabbit", and one for *blim*, begun at
# "bear". A blim is a purple bear.

# %%
from course_lib.world.plush import bear_photos

blims, _ = bear_photos(seed=0, word="blim")
with_blim = with_additions(draw, ["blim"])
with_word = with_additions(draw, ["zorp-word"])
row = with_blim.model.text_encoder.token.rows
print(f"learned: {row.numel()} numbers")
others = with_blim.model.text_encoder.token.table.weight
same = torch.equal(others, draw.model.text_encoder.token.weight)
print("all other words are as they were:", same)
show_rows(
    {
        "photos": from_bytes(blims[3:8]),
        "a blim on stilts": with_blim(["a blim on stilts"] * 5, seed=5),
        "photos of Zorp": from_bytes(photos[3:8]),
        "a zorp in the snow": with_word(["a zorp in the snow"] * 5, seed=5),
    },
    zoom=2,
    alt="Photos of a purple bear, and purple bears on stilts; photos of Zorp, and "
    "other animals in the snow.",
)

# %% [markdown]
# The word for blim is found: 192 numbers, and it stands on stilts, which no photo
# showed. For Zorp the search found no word: some other animal comes out. Bobbles
# it cannot draw. **A word only asks for what the network is able to draw.** A
# network that has seen nearly everything, as Stable Diffusion has, can be asked for
# nearly everything by one vector.
#
# ## A sketch that steers
#
# "In the snow" says where Zorp is. No word says where its left arm is. **ControlNet**
# lets a sketch say it (Zhang et al. 2023). The way down of the U-Net is copied, and the
# copy may learn. It looks at the sketch, and what it finds is added to the skip
# connections of the network, which is frozen. Every one of these paths ends in a
# *zero-convolution*: its weights begin at zero. You know why from `up`.

# %%
from course_lib.networks.control import control_for
from course_lib.world.critters import SUBJECTS
from course_lib.world.drawing import draw_critters
from course_lib.world.sketches import sketch_of

album, factors = draw_critters(64, seed=0, size=64, start=50_000, kind="one")
cats = album[factors["subject"] == SUBJECTS.index("cat")][:4]
sketches = sketch_of(from_bytes(cats))  # (4, 1, 64, 64), 1 where the pencil was
fresh = control_for(draw.model, cell=4)
with torch.no_grad():
    says = fresh(x_t, t, text_emb, sketches[:1])
print("a fresh control adds:", sum(part.abs().sum().item() for part in says))
steered = with_additions(draw, ["sketch"], sketch=sketches)
red, blue = ["a red cat"] * 4, ["a blue cat at night"] * 4
show_rows(
    {
        "the sketch": (1 - 2 * sketches).expand(-1, 3, -1, -1),
        red[0]: steered(red, seed=6),
        blue[0]: steered(blue, seed=6),
        "without the sketch": draw(red, seed=6),
    },
    zoom=2,
    alt="Four sketches of cats, what two prompts become along their lines, and the "
    "first prompt without a sketch.",
)

# %% [markdown]
# Place and size follow the sketch, and mostly the side. Fine lines do not: the hats and
# the umbrella of the sketches, which the prompt does not name, are left out.
#
# ## The ways, side by side
#
# Two ways are left. **DreamBooth** trains all weights of the U-Net, with the loss that
# you wrote (Ruiz et al. 2023). And if you have thousands of pictures, of a new animal
# say, you simply **carry the training on**.
#
# `python benchmarks/finetuning.py` compares the ways that teach Zorp, and LoRA without
# the world. A separate network, the *probe*, looks at each picture and says whether all
# of it is there: bobbles, scarf and patch, in the scene that was asked for. For old
# prompts the reader counts what is right, as in notebook 10. It takes hours, so here
# you only read its result.

# %%
import json

from course_lib.device import repository_folder

file = repository_folder() / "benchmarks" / "results" / "finetuning.json"
asked_for = {
    "known scene": "plain_right",
    "new scene": "new_scenes_right",
    "on stilts": "on_stilts_right",
    "beside another": "beside_another_right",
    "old prompts": "old_prompts_right",
}


def show_table(entries):
    """One line for each way: of its pictures, how many per cent are right."""
    print(f"{'right, %':<14}", *asked_for, sep="  ")
    for way in ("before", "lora", "inversion", "dreambooth", "lora_no_prior"):
        row = [entries.get(f"{way}_{key}", {}) for key in asked_for.values()]
        cells = [f"{entry['value']:.0f}" if entry else "-" for entry in row]
        widths = map(len, asked_for)
        told = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        print(f"{way.replace('_', ' '):<14}", *told, sep="  ")


if file.exists():
    show_table(json.loads(file.read_text("utf-8"))["entries"])
else:
    print("Not measured yet: python benchmarks/finetuning.py --save", file.name)

# %% [markdown]
# ## Your own
#
# Draw something in any paint program, six times, with different backgrounds; or take
# six photos of one thing. Put them into a folder, name it here, and invent a word. The
# first row shows your pictures, the second what the autoencoder makes of them. No
# drawing can be better than that. It has learned from critters: compare the colours and
# the fine lines that they do not have.
#
# Then it trains, for some minutes, with 400 iterations. If you change a picture or
# another line later, delete the folder `runs/WORD` first, or invent another word.

# %% tags=["nbval-ignore-output"]
from course_lib.training.personalise import LORA_SETTINGS, lora_trainer
from course_lib.training.settings import Settings

MY_FOLDER, MY_WORD = "", "mimi"  # such as "C:/pictures/mimi"
BEGUN = "rabbit"  # a known word of the same kind, which you can spare

if not MY_FOLDER:
    print("Name a folder in the first line of this cell, and run it again.")
else:
    own = own_pictures(MY_FOLDER, word=MY_WORD)
    print(f"{len(own)} pictures:", *sorted(set(own.captions)))
    as_given = from_bytes(own.pictures[:6])
    at_best = draw.decode(draw.encode(as_given))
    show_rows({"yours": as_given, "at best": at_best}, zoom=2, alt="My pictures.")
    where = f"runs/{MY_WORD}"  # beside this notebook; delete it after a change
    how = dict(like=BEGUN, resume=True)
    own_trainer = lora_trainer(own, Settings(**LORA_SETTINGS), where, **how)
    list(watch(own_trainer.run(), total=own_trainer.last))
    draw_own = with_additions(draw, [where])
    wishes = [f"a {MY_WORD} {place}" for place in ("in the snow", "at night")] * 2
    drawn = draw_own(wishes, seed=0)
    show_pictures(drawn, titles=wishes, columns=4, zoom=3, alt="Mine.")

# %% [markdown]
# ## Play
#
# How much Zorp? At strength 1 the change is as trained. At 0 it is the network as it
# was, and a zorp is the rabbit that its word began as. Between them lies a way from one
# to the other. Additions are added up, so you can put on several at once.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_pictures
from course_lib.figures.widgets import live


def draw_with(prompt, strength, seed):
    """Four pictures of one prompt, with so much of the addition."""
    some = with_additions(draw, [f"zorp:{strength}"])
    pictures = some([prompt] * 4, seed=seed)
    show_pictures(pictures, columns=4, zoom=3, alt=f"Four pictures: {prompt}.")


live(
    draw_with,
    prompt="a zorp in the snow",
    strength=(0.0, 2.0, 0.1, 1.0),
    seed=(0, 20, 1, 5),
)
strengths = (0.0, 0.6, 0.7, 0.8, 1.0, 1.5, 2.0)
frames = [
    with_additions(draw, [f"zorp:{strength}"])(["a zorp in the snow"], seed=5)
    for strength in strengths
]
show_pictures(
    torch.cat(frames),
    titles=[f"{strength}" for strength in strengths],
    columns=7,
    zoom=2,
    alt="One seed at seven strengths: a rabbit, the rabbit turning brown, Zorp, and at "
    "last glaring colours.",
)

# %% [markdown]
# ## Three questions
#
# 1. A LoRA was trained at rank 4 with alpha 4. You train another at rank 16 with alpha
#    4. Is it four times stronger, four times weaker, or equally strong?
#
# <details><summary>Answer</summary>
#
# Each of its sixteen parts is multiplied by 4 / 16 in place of 4 / 4, but there are
# four times as many of them. If all pull the same way, it is equally strong: that is
# what the division is for. It has room for a more complicated change.
#
# </details>
#
# 2. Why does the second half of each batch have captions of its own, and not "a zorp"?
#
# <details><summary>Answer</summary>
#
# It shall keep what the old words mean: bears for "bear", frogs for "frog". With "a
# zorp" below a bear the network would learn that a zorp may be a bear.
#
# </details>
#
# 3. You put on two additions, Zorp and your own drawing style. Which weights does the
#    network have then, and what may go wrong?
#
# <details><summary>Answer</summary>
#
# Each weight is the old one plus both changes. Neither has learned beside the other.
# Where both change the same direction of the same layer, they may be too strong
# together. A lower strength for each often helps.
#
# </details>
