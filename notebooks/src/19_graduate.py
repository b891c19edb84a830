# %% [markdown]
# # 19 · Graduate
#
# *About 80 minutes. You need notebooks 04, 05, 12 and 13.*
#
# At the end you can
#
# - hand your weights to a program that knows nothing of this course,
# - say what Stable Diffusion has that yours has not, box by box, and what it costs,
# - share one training out over many machines, and write what holds it together,
# - leave pictures behind: write the one layer that has to change for music,
# - plan a project of your own, and say honestly what came of it.

# %% [markdown]
# ## See it
#
# All of this course's pictures were drawn by its own code. Here somebody else draws:
# **diffusers**, the library that most people use for Stable Diffusion. The cell writes
# a painter into a folder, together with what somebody taught it in notebook 13, and
# lets diffusers read that folder. The upper row is ours, the lower one is theirs.

# %% tags=["nbval-ignore-output"]
import tempfile
from pathlib import Path

import torch
from diffusers import DiffusionPipeline

from course_lib.figures.plots import show_rows
from course_lib.painters.additions import with_additions
from course_lib.painters.beside import quietly
from course_lib.painters.export import write
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.whole_pipeline import pipeline_parts

quietly()  # no progress bars
draw = TextToImage.from_pretrained("latent", as_typed=True)
mine = with_additions(draw, ["zorp"])  # yours: "runs/zorp"
folder = Path(tempfile.mkdtemp()) / "exported"
for part in pipeline_parts(mine):
    write(part, folder)

pipe = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)
pipe.set_progress_bar_config(disable=True)
prompts = ["a zorp", "a zorp at night", "a red cat with a hat", "a blue turtle"]
ours = mine(prompts, seed=4)
theirs = pipe(prompts, seed=4, output_type="pt").images
show_rows(
    {"ours": ours, "diffusers": theirs},
    titles=prompts,
    alt="Four prompts, one a column. Above drawn by the course, below by diffusers.",
)
print(f"the largest difference of any number: {(ours - theirs).abs().max():.5f}")
assert (ours - theirs).abs().max() < 1e-3

# %% [markdown]
# They are the same pictures. In a terminal it is one command:
# `python -m course_lib export exported-zorp --with zorp`. You could carry the folder
# onto a stick and draw with it on a machine that has never heard of critters. What is
# in it?

# %%
for file in sorted(folder.rglob("*.*")):
    print(file.relative_to(folder).as_posix())
print("\nthe first lines of unet/critter_unet.py:\n")
code = (folder / "unet/critter_unet.py").read_text(encoding="utf-8")
print(*code.splitlines()[:14], sep="\n")

# %% [markdown]
# The tokenizer, the text encoder and the noise schedule have **equals** there: other
# people's classes compute the same numbers from our weights. The U-Net, the autoencoder
# and the walk that calls them have none, so the folder brings three `.py` files along.
# `trust_remote_code=True` means: *run them*. Say that only to folders whose code you
# have read to the end, or whose maker you trust: a stranger's code can do anything that
# you can do on your machine. Begin with the imports: these are networks and
# mathematics, no `os` and no internet.
#
# ## Each box beside yours
#
# Stable Diffusion 1.5 is one of the best-known models of all. The cell builds it at
# full size, from its published settings. Its weights would take 4 GB; they are left
# out. Shapes and counts are all we need, and torch can build a network that has only
# these (on the `meta` device).

# %% tags=["nbval-ignore-output"]
from IPython.display import Markdown, display

from course_lib.painters.beside import our_boxes, side_by_side, stable_diffusion_boxes

boxes, large = our_boxes(draw), stable_diffusion_boxes()
display(Markdown(side_by_side(boxes, large)))
for own, other in zip(boxes, large, strict=True):
    times = other.parameters / own.parameters
    print(f"{own.name:>12}: {times:,.0f} times as many parameters")

# %% [markdown]
# Go through the column *the same*. You have written nearly all of it: the loss, the
# step of the sampler, guidance, attention, the residual block, the way into latents.
# Now go through *not the same*. None of it is a new idea. **What is missing is
# size**, and pictures.
#
# Does it run in the same steps, too? Here is its pipeline in miniature, with random
# weights. What it draws is noise, but it goes through every box. (With a connection,
# `parameters_on_hub()` in `painters/beside.py` counts the real one, too.)

# %% tags=["nbval-ignore-output"]
from course_lib.painters.beside import their_boxes, tiny_pipeline

tiny = tiny_pipeline()
tiny.set_progress_bar_config(disable=True)
noise = tiny("a frog on stilts", num_inference_steps=2, output_type="pt").images
print("its class:", type(tiny).__name__, "· shape of its drawing:", tuple(noise.shape))
networks = {"text encoder": tiny.text_encoder, "U-Net": tiny.unet}
for box in their_boxes(networks | {"autoencoder": tiny.vae}, side=8, length=77):
    print(f"{box.name:>12}: {box.takes} to {box.gives}")

# %% [markdown]
# ## What would it cost?
#
# What learns costs three times a call: once forward, and about twice that backward (for
# the gradient of what comes in, and of the weights). What is frozen goes forward only.
# So the bill is
#
# $$\text{pictures seen} \times (3 \cdot \text{U-Net} + \text{encoder} + \text{text})$$
#
# (The table's autoencoder is the half that draws, the decoder. Training needs the other
# half.) The model's card says: 1,541,000 iterations of 2,048 pictures, the first
# 237,000 with 256 pixels a side, the rest with 512. Calculate before you predict: a
# year has 32 million seconds.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.prediction import prediction
from course_lib.painters.bill import gigaflops_of_a_picture, speed_of

for side in (256, 512):
    text_once, encoder_once, unet_thrice = gigaflops_of_a_picture(side).values()
    print(
        f"a picture of {side} x {side}: {unet_thrice:,.0f} (U-Net, all three) + "
        f"{encoder_once:,.0f} (encoder) + {text_once:.0f} (text) GFLOP"
    )
speed = speed_of(draw)
print(f"one core of this machine: {speed:.0f} GFLOP a second")
guess_years = prediction(
    "How many years would this core need to train Stable Diffusion?",
    ["under 100", "100 to 1,000", "1,000 to 10,000", "over 10,000"],
)

# %% tags=["nbval-ignore-output"]
from course_lib.painters.bill import YEAR, bill_lines, our_bill, stable_diffusion_bill

theirs_bill = stable_diffusion_bill()
settings = draw.card.get("settings", {"iterations": 4000})
own_bill = our_bill(draw, settings["iterations"], draw.card["batch_size"])
print(*bill_lines(theirs_bill, speed, own_bill), sep="\n")
years = theirs_bill.seconds(speed) / YEAR
guess_years.compare(guess_years.answers[sum(years >= 10**n for n in (2, 3, 4))])
assert years > 100

# %% [markdown]
# All that separates you from it is this number, and the pictures. The card reports 17
# times as many hours as our calculation, which is the best case: numbers of 16 bits and
# never a pause. With 32 bits an A100 does half as much or less, memory is slow, 256
# GPUs wait for each other, and what fails is run again. At this size people fight for
# that ratio first.
#
# ## One batch, many machines
#
# Nobody waits for centuries: they take many machines. Each has a copy of the same
# network and looks at its **share** of the batch. Then they must agree on *one* step,
# or the copies would drift apart. A step follows from the gradient. So what is the
# gradient of the batch, if everybody knows only that of a share?
#
# The cell has one batch of five pictures, and two machines. One takes three pictures,
# the other two. Each computes the gradient of *its* mean loss.

# %%
from course_lib.diffusion.objective import make_denoising_loss
from course_lib.diffusion.schedule import straight_line
from course_lib.networks.unet import UNet
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

torch.manual_seed(0)
network = UNet(widths=(16, 32), blocks=1)
# A new network's last layer is 0, and with it nearly every gradient: shake the weights.
for parameter in network.parameters():
    torch.nn.init.normal_(parameter, std=0.1)
loss_fn = make_denoising_loss(straight_line(), "v")
x_0 = from_bytes(draw_critters(5, seed=0, size=32, kind="one")[0])  # (5, 3, 32, 32)
generator = torch.Generator().manual_seed(0)
batch = {
    "x_0": x_0,
    "t": torch.randint(1, 1001, (5,), generator=generator),
    "eps": torch.randn(x_0.shape, generator=generator),
}


def gradient_of(rows):
    """The gradient of the mean loss over these pictures: (D,), all weights in a row."""
    share = {name: x[rows] for name, x in batch.items()}
    slopes = torch.autograd.grad(loss_fn(network, share), network.parameters())
    return torch.cat([slope.flatten() for slope in slopes])


of_batch = gradient_of([0, 1, 2, 3, 4])
gradients = torch.stack([gradient_of([0, 2, 4]), gradient_of([1, 3])])  # (P, D)
pictures = torch.tensor([3, 2])  # (P,)
off = (gradients.mean(0) - of_batch).norm() / of_batch.norm()
print("gradients of two machines:", tuple(gradients.shape))
print(f"their mean is off by {100 * off:.0f} % of the gradient of the batch")

# %% [markdown]
# ## Your turn: one gradient from many
#
# The mean of the two is *not* the gradient of the batch: **a mean of means is not the
# mean**, where the shares differ in size. Write what is, for any number P of machines.
# `gradients` (P, D) has a row for each, the gradient of its mean loss. `pictures` (P,)
# says how many pictures each of them had. What comes out has one number for each
# weight, (D,).
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# Each machine has divided by its own number of pictures. Undo that first. What do you
# have then, and by what must the sum of all be divided?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `pictures` has to become a column before it can weigh the rows: `pictures[:, None]`
# has the shape (P, 1). Which of the two dimensions shall disappear in the sum?
#
# </details>


# %%
def my_gradient_of_all(gradients, pictures):
    """Gradients of shares (P, D) and their sizes (P,) to that of the batch, (D,)."""
    ### BEGIN SOLUTION
    return (pictures[:, None] * gradients).sum(0) / pictures.sum()
    ### END SOLUTION


# %%
from course_lib.checks.nb19_graduate import check_gradient_of_all

gradient_of_all = check_gradient_of_all(my_gradient_of_all)

together = gradient_of_all(gradients, pictures)
print("the gradient of the batch:", torch.allclose(together, of_batch, atol=1e-5))

# %% [markdown]
# That is all that holds a cluster together: once in each iteration, one such mean. The
# library does it in `training/shares.py`; `torchrun --nproc_per_node 2 -m course_lib
# train ...` starts two processes that do it. (`cluster/` has the files for a large
# machine.)
#
# The same sum also works **one after another**. If a batch does not fit into memory,
# cut it into parts, add up their gradients, and make *one* step: **gradient
# accumulation**. `Trainer` does that with `accumulate`. Two trainings, the same but for
# that:

# %%
import copy

from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer


def trained_in(parts):
    settings = Settings(6, warmup=2, precision="float32", accumulate=parts)
    trainer = Trainer(
        copy.deepcopy(network), loss_fn, lambda _: batch, settings, device="cpu"
    )
    return [progress.loss for progress in trainer.run()]


whole, in_parts = trained_in(1), trained_in(3)
apart = max(abs(one - other) for one, other in zip(whole, in_parts, strict=True))
print("six losses, whole:   ", *(f"{loss:.3f}" for loss in whole))
print("six losses, in parts:", *(f"{loss:.3f}" for loss in in_parts))
print("nowhere do they differ by more than 0.0001:", apart < 1e-4)
assert whole[-1] < whole[0]

# %% [markdown]
# One kind of loss does not add up like this: the contrastive loss of notebook 09. There
# each picture is compared with *all* texts of the batch, and the texts of the other
# machine are not here. So the machines first hand each other their **vectors**, a
# hundred numbers a picture, and only then compute the loss.
#
# ## Music
#
# Is any of this about pictures at all? A melody is a row of notes. Write it as a
# **roll**: a row for each pitch, a column for each moment, 1 where a note sounds and -1
# where none does. That is a tensor (13, 16). A picture has 3 channels and two sides; a
# roll has 13 channels and *one* side, time. Here are four of the training set, and the
# sound of the first two. (*Slow*: each note lasts two moments. *Quick*: one.
# *Skipping*: three and one. Major and minor are two choices of notes; minor sounds
# sadder.)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.sound import play, show_rolls
from course_lib.world.melodies import melodies

rolls, captions = melodies(4, seed=8)
show_rolls(
    rolls,
    captions,
    alt="Four melodies as black squares: time to the right, pitch upwards.",
)
for roll, caption in zip(rolls[:2], captions, strict=False):
    play(roll, caption)
print("a roll:", tuple(rolls[0].shape))

# %% [markdown]
# Noise, loss, sampler, guidance, tokenizer, text encoder: none of these cares how many
# sides there are. In the U-Net one kind of layer does: the **convolution**. Over a
# picture it looks at a square of 3 x 3 neighbours. Over a melody it looks at three
# moments: the one before, this one, the one after.
#
# $$\text{out}[b, d, l] = \text{bias}[d] + \sum_{c} \sum_{k=0}^{2}
# \text{weight}[d, c, k] \cdot x[b, c, l + k - 1]$$
#
# Beyond both ends there are zeros: 0 is neither note nor silence, as it is the grey
# beyond the edge of a picture.
#
# ## Your turn: a convolution over time
#
# `x` is (B, C, L), `weight` is (D, C, 3) and `bias` is (D,). What comes out is
# (B, D, L). You may loop over the three neighbours, and need no other loop. (Not with
# torch's own convolution, please.)
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# First put a zero before the first moment and one after the last. Then neighbour k of
# all moments at once is a piece of the padded melody, L moments long. Where does it
# begin for each of the three?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `F.pad` puts zeros there: it is told how many in front and how many behind. For one
# neighbour the weights are a matrix (D, C), and `matrix @ piece` mixes the channels of
# a piece (B, C, L) into (B, D, L).
# Begin with the bias, as a column, and add three of these.
#
# </details>

# %%
import torch.nn.functional as F


def my_conv_1d(x, weight, bias):
    """(B, C, L), (D, C, 3) and (D,) to (B, D, L)."""
    ### BEGIN SOLUTION
    L = x.shape[2]
    padded = F.pad(x, (1, 1))
    out = bias[:, None]
    for k in range(3):
        out = out + weight[:, :, k] @ padded[:, :, k : k + L]
    return out
    ### END SOLUTION


# %%
from course_lib.checks.nb19_graduate import check_conv_1d

conv_1d = check_conv_1d(my_conv_1d)

# %% [markdown]
# Take the text U-Net of notebook 10, exactly as it is, and exchange that *kind* of
# layer.

# %%
from course_lib.networks.one_dimension import in_one_dimension
from course_lib.networks.text_unet import TextUNet

text = dict(vocabulary=300, length=12, width=32, blocks=1)
unet = dict(widths=(32, 64), blocks=1, channels=13, refine=32, fold=1)
for_pictures = TextUNet(text, unet)
for_sound = in_one_dimension(TextUNet(text, unet))
changed = [
    (type(old).__name__, type(new).__name__)
    for old, new in zip(for_pictures.modules(), for_sound.modules(), strict=True)
    if type(old) is not type(new)
]
print(f"{len(changed)} layers have changed:", *set(changed))
layer = for_sound.unet.into
once = conv_1d(rolls, layer.weight, layer.bias)
print("yours computes the same:", torch.allclose(once, layer(rolls), atol=1e-5))

# %% [markdown]
# It learns from 4,000 melodies with their captions. Three of 24 combinations of shape,
# mode and pace are held out, such as *a skipping rising tune in minor*. (It takes half
# a minute of one core, and some minutes on a busy machine.)

# %%
guess_shape = prediction(
    "It writes 24 melodies, 8 for each of the three that it never met. How many will "
    "have the shape that the prompt says?",
    (0, 24),
)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.watching import watch
from course_lib.training.composer import ITERATIONS, learn_melodies, new_composer

composer = new_composer()
losses = []
training = learn_melodies(composer, ITERATIONS)
for _, loss in watch(training, total=ITERATIONS):
    losses.append(loss)
assert sum(losses[-50:]) < 0.6 * sum(losses[:50])

# %% tags=["nbval-ignore-output"]
from course_lib.training.composer import compose
from course_lib.world.melodies import asked_for, combinations, heard

unheard = combinations(unheard=True)
asked = [f"a {pace} {shape} tune in {mode}" for shape, mode, pace in unheard * 8]
written = compose(composer, asked, seed=0)  # (24, 13, 16)
show_rolls(
    written[:3],
    asked[:3],
    alt="Three melodies that the network wrote, for combinations that it never met.",
)
for roll, words in zip(written[:2], asked, strict=False):
    play(roll, words)
pairs = list(zip(heard(written), map(asked_for, asked), strict=True))
right = [sum(found[i] == want[i] for found, want in pairs) for i in range(3)]
for name, count in zip(("shape", "mode", "pace"), right, strict=True):
    print(f"{name}: {count} of {len(pairs)} as asked for")
guess_shape.compare(right[0])
assert right[0] > 12

# %% [markdown]
# Nobody has told it what a scale is. What judges here is no network: notes can be
# counted (`world/melodies.py`). **Grey** means that the network could not decide. At
# each moment the player sounds the darkest note, if it is darker than middle grey, and
# the count hears the same. The shape is nearly always right, the lengths of the notes
# about half the time: shape can be read off anywhere in the roll, but for the lengths
# every moment must be right.
#
# Speech and recorded music work the same way, with more numbers: a second of sound
# has tens of thousands of them, so an autoencoder squeezes it first (notebook 11).
#
# ## Play
#
# Type a prompt: *slow*, *quick* or *skipping*; *rising*, *falling*, *up and down* or
# *down and up*; *tune*; *in major* or *in minor*. In its captions the shape stands
# before *tune*, always. Then ask for *a slow tune in minor, up and down*: it has never
# read that order. Leave something out and see what it makes of your silence. And
# compare guidance 1 with 6.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live


def sing(prompt, seed, guidance):
    roll = compose(composer, [prompt], seed=seed, guidance_scale=guidance)
    show_rolls(roll, [prompt], alt=f"A melody for: {prompt}.")
    play(roll[0])


live(
    sing,
    prompt="a slow up and down tune in minor",
    seed=(0, 20, 1, 3),
    guidance=(1.0, 6.0, 0.5, 4.0),
)

# %% [markdown]
# ## Your own
#
# You have seen every part. The **capstone** puts them together: from a folder of your
# own photos or drawings to a model that draws them from a prompt, and to a picture on
# the wall of your class. Its steps, a checklist and a rubric stand on
# [a page of its own](../lessons/capstone.md). In a terminal it begins like this:
#
#     python -m course_lib finetune lora --images photos --word zorp --out runs/mine
#     python -m course_lib card runs/mine
#
# The second command writes an **honest card**: what the machine knows about your model
# is filled in, and ten questions stay open. Here is the one of Zorp. Once yours is
# trained, put its folder in place of `zorp`, and your own prompt. You hand the picture
# in with `make handin NOTEBOOK=19_graduate`; `make gallery` hangs it on the wall.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_pictures
from course_lib.training.honest_card import still_empty, template

my_folder, my_prompt = "zorp", "a zorp at the beach"
picture = with_additions(draw, [my_folder])([my_prompt], seed=4)
show_pictures(picture, titles=[my_prompt], zoom=4, alt=f"My own: {my_prompt}.")
open_questions = still_empty(template(my_folder))
print(f"{len(open_questions)} questions of its card are open. The first one:")
print(open_questions[0])

# %% [markdown]
# ## Three questions
#
# 1. Four machines have 8, 8, 8 and 2 pictures. By which weights are their gradients
#    mixed? What goes wrong if each counts for a quarter?
#
# <details><summary>Answer</summary>
#
# 8/26, 8/26, 8/26 and 2/26. With a quarter each, every picture of the last machine
# would count four times as much as one of the others. The gradient would still point
# downhill more or less, but it would no longer be that of the batch, and another number
# of machines would give another training.
#
# </details>
#
# 2. Somebody sends you a model as a folder with weights and three `.py` files. What do
#    you look at before you load it?
#
# <details><summary>Answer</summary>
#
# The `.py` files, since loading runs them with all that you may do: delete files, read
# your mail. The weights are in safetensors, which hold numbers and nothing that can
# run. And its card: whose pictures, which licence, where it fails.
#
# </details>
#
# 3. For pictures one had to change a convolution to get music. What would you change
#    for *video*, and what for a text?
#
# <details><summary>Answer</summary>
#
# A video has three sides: height, width and time. A convolution over all three is
# expensive, so people look at each frame as before, and add layers that look along time
# alone. A text has one side, like a melody, but its words are not "a little louder or
# softer": noise in between two words means nothing. So most models of text predict the
# next word instead, and a few hide words and guess them back.
#
# </details>
