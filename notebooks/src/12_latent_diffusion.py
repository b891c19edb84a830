# %% [markdown]
# # 12 · Latent diffusion
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/12_latent_diffusion.ipynb)
#
# *About 50 minutes. You need notebooks 07, 10 and 11.*
#
# When you are through you can
#
# - say where the noise is in a latent model, and why it looks like blotches,
# - write the way into latents, and a whole drawing that never leaves them,
# - say what that saves, in work, memory and energy, and what it costs the picture,
# - point at every part of a small Stable Diffusion and say where you built it.

# %% [markdown]
# ## See it
#
# Pictures of 64 x 64 pixels, four times as many as in notebook 10. Type a prompt. In
# eight steps a picture takes twelve looks of a network: one in each step, and in four,
# where guidance helps most (lesson 10), a second one without the words.
#
# The cell after it draws eight prompts without a menu, one picture each.

# %% tags=["nbval-ignore-output"]
import torch

from course_lib.figures.plots import show_pictures, show_rows
from course_lib.figures.widgets import live
from course_lib.judging.fidelity import what_is_seen
from course_lib.painters.pipeline import TextToImage

draw = TextToImage.from_pretrained("latent")


def draw_prompt(prompt, seed, steps):
    """Four pictures of one prompt, and what the reader sees in them."""
    for sentence in draw.remarks([prompt]):
        print(sentence)
    asked = [prompt] * 4
    pictures = draw(asked, steps=steps, seed=seed)
    seen = what_is_seen(pictures, asked)["seen"]
    show_pictures(pictures, titles=seen, columns=4, alt=f"Four pictures: {prompt}.")


live(draw_prompt, prompt="a frog on stilts", seed=(0, 50, 1, 0), steps=(1, 20, 1, 8))

# %%
prompts = [
    "a red cat with a hat",
    "a small yellow bear on the right in the snow",
    "a frog on stilts",
    "a purple fish at night",
    "an orange rabbit holding a balloon at the beach",
    "a green bird left of a white bear",
    "a blue turtle under an umbrella",
    "a yellow crane lifting a box at sunset",
]
drawn = draw(prompts, steps=8, seed=5)  # (8, 3, 64, 64)
show_pictures(
    drawn, titles=prompts, columns=4, alt="Eight prompts, and a picture of each."
)
shape = draw.shape()  # of a latent
few = torch.zeros(shape).numel()
print(f"a picture has {drawn[0].numel():,} numbers, a latent {few:,}:", shape)

# %% [markdown]
# What you see has 12,288 numbers. The network that takes the noise out has never seen
# one of them. It works on the 1,024 numbers of notebook 11, and at the very end the
# decoder, once, makes a picture of them.
#
# ## Where is the noise?
#
# *Is the noise added to the picture or to something smaller?* To the latent. Below, the
# same animal at the same steps. Above there is noise in its pixels, as you know it.
# Below there is noise in its latent, and since nobody can look at a latent, it went
# through the decoder.

# %%
from course_lib.diffusion.samplers import PictureNoise
from course_lib.diffusion.schedule import add_noise
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

album, factors = draw_critters(64, seed=0, size=64, start=50_000, kind="one")
pictures = from_bytes(album)  # (64, 3, 64, 64) that no training has seen
t = torch.tensor([0, 300, 500, 700, 850, 1000])


def covered(x_0, loudness=1.0):
    """One picture or latent (C, H, W) under the noise of all steps t."""
    eps = PictureNoise(seed=0, indices=[0])(x_0.shape)  # (1, C, H, W)
    same = loudness * x_0.expand(len(t), -1, -1, -1)
    return add_noise(same, t, eps.expand_as(same), draw.schedule)


one = pictures[4]
z_0 = draw.encode(pictures[4:5])[0]  # (4, 16, 16)
show_rows(
    {"pixels": covered(one), "latent": draw.decode(covered(z_0))},
    titles=[f"t = {step}" for step in t],
    alt="An animal under more and more noise. Noise in its pixels is a fine grain. "
    "Noise in its latent, decoded, is soft blotches in all colours, and the animal "
    "itself bends and breaks before it drowns.",
)
print("noise in pixels:", tuple(one.shape), "- in the latent:", tuple(z_0.shape))

# %% [markdown]
# *Why does the noise of a latent model look like blotches when decoded?* Look at pure
# noise, and measure: how alike are two pixels that lie some way apart?

# %%
from course_lib.figures.plots import plot_curves

noise_x = PictureNoise(0, range(16))((3, 64, 64))
noise_z = PictureNoise(0, range(16))(shape)
noises = {"noise in pixels": noise_x, "noise, decoded": draw.decode(noise_z)}
silence = draw.decode(torch.zeros(1, *shape))
show_rows(
    {name: some[:5] for name, some in noises.items()} | {"only zeros": silence},
    alt="Five squares of pixel noise, fine; five of decoded latent noise, in blotches; "
    "and what a latent of nothing but zeros decodes to, one muted colour.",
)


def alike(pictures, apart):
    """How alike pixels so far apart are: 1 is the same, 0 nothing in common."""
    x = pictures - pictures.mean((2, 3), keepdim=True)
    both = x[..., apart:] * x[..., : x.shape[3] - apart]
    return (both.mean() / x.square().mean()).item()


distances = range(13)
curves = {
    name: [alike(some, apart) for apart in distances]
    for name, some in (noises | {"real pictures": pictures}).items()
}
plot_curves(
    distances,
    curves,
    xlabel="how many pixels apart",
    ylabel="how alike",
    alt="Pixels of pixel noise have nothing in common. In decoded noise neighbours are "
    "alike, and a few pixels on nothing is left of it. In real pictures pixels are "
    "alike over long distances.",
)
for name, curve in curves.items():
    near, further, far = (abs(curve[apart]) for apart in (1, 3, 8))
    print(f"{name}: neighbours {near:.1f}, 3 apart {further:.1f}, 8 apart {far:.1f}")

# %% [markdown]
# One number of the latent speaks for a patch of 4 x 4 pixels and a little around it. So
# one number of noise is not a speck but a *patch*, and patches that are not neighbours
# have nothing to do with each other: blotches.
#
# And the colours? Where all numbers are 0, the decoder paints one muted colour, the
# last row. Noise scatters around it, as far as it is loud: loud noise reaches all the
# colours of critters, soft noise makes mauve blotches (you will see them in a moment).
# The decoder of Stable Diffusion learned from photos, and in the middle of theirs lies
# a greyish brown: hence the famous **brown blotches**.
#
# So do not judge the noise by how it looks. In the latent it is plain N(0, 1), as
# always.
#
# ## As loud as a picture
#
# Everything that you know about noise took for granted that pixels lie between -1 and
# 1. A latent has no such bounds: how loud it is was up to the encoder. What if it were
# five times as loud as the noise, or only a fifth?

# %%
loud = {
    f"{loudness} x": draw.decode(covered(z_0, loudness) / loudness)
    for loudness in (5, 1, 0.2)
}
show_rows(
    loud,
    titles=[f"t = {step}" for step in t],
    alt="The same animal under the same noise. Five times as loud, it is still there "
    "at t = 700, among mauve blotches; a fifth as loud, it is gone at 300, and at the "
    "end much is plain grey.",
)
spread = draw.encode(pictures).std()
print("after scaling, latents have a spread near 1:", bool(abs(spread - 1) < 0.15))
print("scale:", round(draw.card["latent_scale"], 2))

# %% [markdown]
# Five times too loud, half of all steps have nothing to do; five times too soft, half
# of them are hopeless (and where the noise is louder than anything that the decoder has
# ever heard, it goes plain grey). So every latent is multiplied by one number, the
# **scale**, 1 divided by the spread of them all. It stands on the network's card. (Our
# latents are too soft, and are made louder. Stable Diffusion's are five times too loud:
# its scale is 0.18215, and whoever forgets it sees only mush.)
#
# **Your turn.** Pictures to latents. `autoencoder.encode` says `mu` and `logvar`. What
# is learned from is the middle of each cloud, times `scale`.


# %%
def my_to_latents(pictures, autoencoder, scale):
    """Pictures (B, 3, 64, 64) to latents (B, 4, 16, 16) of spread 1."""
    ### BEGIN SOLUTION
    mu, logvar = autoencoder.encode(pictures)
    return mu * scale
    ### END SOLUTION


# %%
from course_lib.checks.nb12_latent_diffusion import check_to_latents

to_latents = check_to_latents(my_to_latents)
coder, scale = draw.autoencoder, draw.card["latent_scale"]
with torch.no_grad():
    z_0 = to_latents(pictures, coder, scale)  # (64, 4, 16, 16)
print("the same as in the library:", torch.equal(z_0, draw.encode(pictures)))

# %% [markdown]
# ## A whole drawing
#
# Now all of it: noise **in the shape of a latent**, a walk down the steps, and the
# decoder at the end. The step is DDIM's of notebook 06: mix the guess of the clean
# latent and the guess of the noise again, in the proportions of the next step.
#
# **Your turn.** `way` are the steps, from 1000 down to 0. `predict(z_t, t)` gives
# `z_0_hat, eps_hat`; it wants one `t` a latent, `torch.full((len(z_t),), t)`. The
# tables `schedule.a_table` and `schedule.b_table` say how much of the clean latent and
# how much noise there is at a step. At the end undo the scale, decode, and keep the
# *picture* in [-1, 1] with `.clamp(-1, 1)`.


# %%
def my_draw_in_latents(predict, z_T, way, schedule, autoencoder, scale):
    """From noise (B, 4, 16, 16) to pictures (B, 3, 64, 64)."""
    ### BEGIN SOLUTION
    a, b = schedule.a_table, schedule.b_table
    z_t = z_T
    for t, t_next in zip(way[:-1], way[1:], strict=True):
        z_0_hat, eps_hat = predict(z_t, torch.full((len(z_t),), t))
        z_t = a[t_next] * z_0_hat + b[t_next] * eps_hat
    return autoencoder.decode(z_t / scale).clamp(-1, 1)
    ### END SOLUTION


# %%
from course_lib.checks.nb12_latent_diffusion import check_draw_in_latents
from course_lib.diffusion.samplers import choose_steps

draw_in_latents = check_draw_in_latents(my_draw_in_latents)
way = choose_steps(T=1000, steps=8)
z_T = PictureNoise(seed=5, indices=range(4))(shape)  # (4, 4, 16, 16)
predict = draw.predict_for(prompts[:4])
with torch.no_grad():
    by_hand = draw_in_latents(predict, z_T, way, draw.schedule, coder, scale)
show_pictures(
    by_hand, titles=prompts[:4], columns=4, alt="Four pictures, drawn by hand."
)
library = draw(prompts[:4], steps=8, seed=5, sampler="ddim")
same = torch.allclose(by_hand, library, atol=1e-3)
print("steps:", way)
print("the same as in the library:", same)

# %% [markdown]
# Why not decode the guess at every step and encode it again? It would be like opening,
# saving and opening a JPEG between any two strokes of a brush. And why was the guess
# not clamped, as it was for pixels? There is nothing to clamp *to*.
#
# ## After no step, and half way
#
# Decoding at each step is allowed if it is only for looking. Above, what the sampler
# holds; below, its guess of the end; both decoded.

# %%
steps = list(draw.trace(["a red cat with a hat"], steps=8, seed=2))
held = torch.cat([draw.decode(step.x_t) for step in steps])  # (9, 3, 64, 64)
guessed = torch.cat([draw.decode(step.x_0_hat) for step in steps])
some = [0, 1, 2, 4, 6, 8]
show_rows(
    {"z_t": held[some], "z_0_hat": guessed[some]},
    titles=[f"t = {steps[i].t}" for i in some],
    alt="Six steps from noise to a red cat. What is held are blotches that calm down. "
    "The guess is a blur, then a glaring lump with hard edges, then the cat.",
)
off = [(guess - guessed[-1]).square().mean().sqrt().item() for guess in guessed]
print("the guess comes nearer to the end:", off[0] > off[3] > off[6])

# %% [markdown]
# As in pixels, what is large comes first, and the first guess is a blur. But look at
# the next ones. In pixels they were blurred, too; here they have *edges*. The guess is
# a mean here, too, but a mean of latents, and the decoder paints edges on nearly all
# that it gets. (The glaring colours are guidance's: it begins below t = 950, and hard.)
#
# ## What here knows of latents?
#
# Your two functions. The cell shows the library's: where a training chooses what it
# learns from, and where a drawing ends. All else is what you built for pixels, and was
# not told. So the cell goes on and compares this network with that of notebook 10, part
# by part.

# %%
from course_lib.figures.source import show_source
from course_lib.training.latents import in_space

show_source(in_space, TextToImage.decode)

words = TextToImage.from_pretrained("words")
for name, of in {
    "text encoder": lambda painter: painter.model.text_encoder,
    "U-Net": lambda painter: painter.model.unet,
    "tokenizer": lambda painter: painter.tokenizer,
}.items():
    print(f"{name}: the same class: {type(of(draw)) is type(of(words))}")
for name in ("schedule", "T", "target", "noisier"):
    print(f"{name}: {words.card[name]} and {draw.card[name]}")
both = [painter.model.config["unet"]["channels"] for painter in (words, draw)]
print("channels:", *both)
print("pixels or latents folded into one place:", words.model.unet.fold, "x",
      words.model.unet.fold, "and", draw.model.unet.fold)  # fmt: skip
new = sorted(n for n in draw.card if draw.card[n] and n not in words.card)
print("only on the card of this one:", new)

# %% [markdown]
# Besides the channels one thing was chosen anew: the U-Net folds no squares, as with
# pixels since notebook 04, for a latent is folded already. Another was, and had to be
# taken back: how noisy the steps are that it trains on (`noisier`). The lesson tells
# what that cost. And it did not begin with nothing, but as a painter of small pictures
# (`start`, on the cards of the trainings that both painters are the mean of).
#
# ## What it saves
#
# *How much cheaper is it?* Take **the same network** for pixels of 64 x 64, plain and
# with the fold, and for latents, and count. First the work: additions and
# multiplications of one look, which are the same on every machine.

# %%
from torch.utils.flop_counter import FlopCounterMode

from course_lib.networks.text_unet import TextUNet

config = draw.model.config
of_pixels = config["unet"] | {"channels": 3}
plain = TextUNet(config["text"], of_pixels).eval()
for_pixels = TextUNet(config["text"], of_pixels | {"fold": 2}).eval()
text_emb = draw.read(["a frog on stilts"])  # (1, L, 128)
look_x = (torch.zeros(1, 3, 64, 64), torch.tensor([500]), text_emb)
look_z = (torch.zeros(1, 4, 16, 16), torch.tensor([500]), text_emb)


def gigaflops(call):
    """Billions of additions and multiplications."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        call()
    return counter.get_total_flops() / 1e9


in_pixels = gigaflops(lambda: for_pixels(*look_x))
in_latent = gigaflops(lambda: draw.model(*look_z))
decoding = gigaflops(lambda: coder.decode(look_z[0]))
in_single = gigaflops(lambda: plain(*look_x))
print(f"one look at pixels one by one: {in_single:.2f} billion, in folded pixels:")
print(
    f"{in_pixels:.2f}, in latents: {in_latent:.2f}; the decoder, once: {decoding:.2f}"
)
print(f"{in_single / in_latent:.0f} and {in_pixels / in_latent:.0f} times less")
whole = {"folded pixels": 12 * in_pixels, "latents": 12 * in_latent + decoding}
for name, work in whole.items():
    print(f"a whole picture, twelve looks, in {name}: {work:.1f}")

# %% [markdown]
# The latent has 4 x 4 times fewer *places* than there are pixels, and at each place
# nearly the same work is done (attention, where each place looks at all, saves more:
# hence 19, not 16). The fold makes places fewer, too, by 2 x 2, but numbers not. The
# decoder costs three times as much as one look, but is needed once.
#
# Now the memory. *What decides whether it fits my graphics card: the card's speed, or
# its memory?* Speed only decides how long you wait. To fit, these must lie in memory at
# the same time:
#
# - the **weights**; in training also a gradient for each, two means that AdamW
#   keeps, and the average (EMA): five numbers of 4 bytes a weight;
# - in training, **what each layer saw**, for the way back of the gradients, for each
#   picture of the batch.

# %%


def mib_kept(model, look):
    """MiB that one picture leaves behind for the way back of the gradients."""
    kept = {}  # where it lies in memory -> how many bytes

    def keep(x):
        kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    weights = {x.untyped_storage().data_ptr() for x in model.parameters()}
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        answer = model(*look)  # alive until the sum is taken
    assert answer.requires_grad
    return sum(n for place, n in kept.items() if place not in weights) / 2**20


for name, model, look in [
    ("folded pixels", for_pixels, look_x),
    ("latents", draw.model, look_z),
]:
    weights = sum(x.numel() for x in model.parameters())
    fixed, kept = 5 * 4 * weights / 2**30, 64 * mib_kept(model, look) / 2**10
    print(f"{name}: {weights / 1e6:.1f} million weights")
    print(f"   in training: {fixed:.2f} GiB, and for a batch of 64 {kept:.2f} GiB more")

# %% [markdown]
# So it is the *pictures*, not the weights, that fill the memory here, and in latents
# they take a fraction of it. In a large model both do. (Does not fit? A smaller batch,
# half precision, or throwing away what layers saw and computing it again.)
#
# Last, time and energy. They depend on your machine: measured here, in core seconds.
# The energy is an **estimate** that you may change: 10 watts a busy core.

# %% tags=["nbval-ignore-output"]
import time

WATTS = 10  # a core, under load; a guess


def seconds(call, times=5):
    """Processor seconds of one call, the fastest of some."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        with torch.no_grad():
            call()
        taken.append(time.process_time() - start)
    return min(taken)


slow = 12 * seconds(lambda: for_pixels(*look_x))
fast = 12 * seconds(lambda: draw.model(*look_z))
fast += seconds(lambda: coder.decode(look_z[0]))
for name, s in {"folded pixels": slow, "latents": fast}.items():
    print(f"a picture in {name}: {s:.2f} s, about {s * WATTS:.0f} J")
print(
    f"a phone's battery, 15 Wh, is enough for {15 * 3600 / fast / WATTS:,.0f} pictures"
)

# %% [markdown]
# ## What is lost
#
# The painter can never be better than its decoder. So take the painter out: real
# pictures, there and back. That is the **floor**. Below each picture, what came back,
# and where it differs.

# %%
from course_lib.networks.autoencoder import psnr

with torch.no_grad():
    back = coder.decode(coder.encode(pictures)[0]).clamp(-1, 1)
off = (back - pictures).abs().mean(1, keepdim=True)  # (64, 1, 64, 64)
heat = (8 * off - 1).clamp(-1, 1).expand(-1, 3, -1, -1)  # white: off by an eighth
some = [2, 4, 6, 9, 12, 22]
show_rows(
    {"real": pictures[some], "back": back[some], "off": heat[some]},
    alt="Six animals, the same from their latents, and where both differ, white on "
    "black: along outlines, at eyes, stars and stilts.",
)
across = (pictures[..., 1:] - pictures[..., :-1]).abs().amax(1, keepdim=True)
edge = across > 0.3  # (64, 1, 64, 63)
ratio = off[..., 1:][edge].mean() / off[..., 1:][~edge].mean()
print(f"there and back: {psnr(pictures, back).mean():.0f} dB")
print(f"at edges the error is {ratio:.0f} times as large as elsewhere")

# %% [markdown]
# Flat places cost little. What is lost is what is thin and what is small: a star of
# one pixel, the rim of a stilt, a pupil. No painter in these latents can draw them
# better than that, however long it learns.
#
# ## Half way
#
# *What lies half way?* Three times, from the same first to the same last picture: in
# their pixels, in their latents, and between the two **noises** that they came from, on
# the circle of notebook 07, with the whole walk after it.

# %%
from course_lib.diffusion.editing import between
from course_lib.diffusion.samplers import dpm_solver, last_step

shares = torch.linspace(0, 1, 5).tolist()
first, second = PictureNoise(seed=3, indices=[0, 1])(shape)
circle = torch.stack([between(first, second, share) for share in shares])
predict = draw.predict_for(["a small cat"] * len(circle))
z_0 = last_step(dpm_solver(predict, circle, draw.schedule, steps=8))  # (5, 4, 16, 16)
ends_x = draw.decode(z_0[[0, -1]])
fade_x = torch.stack([torch.lerp(ends_x[0], ends_x[1], share) for share in shares])
fade_z = torch.stack([torch.lerp(z_0[0], z_0[-1], share) for share in shares])
show_rows(
    {"pixels": fade_x, "latents": draw.decode(fade_z), "noises": draw.decode(z_0)},
    titles=[f"{share:.2f}" for share in shares],
    alt="From one cat to another. In pixels and in latents both shine through each "
    "other; between the noises there is one cat at every place.",
)
half = {"pixels": fade_x[2], "latents": draw.decode(fade_z)[2]}
mean = (ends_x[0] + ends_x[1]) / 2
for name, picture in half.items():
    print(
        f"half way in {name} is the mean picture:",
        torch.allclose(picture, mean, atol=1e-3),
    )

# %% [markdown]
# Compressing is not yet understanding. Half way between two latents is a double
# exposure with sharper edges. A third cat lies between two *noises*, because then the
# network draws it.
#
# ## Change a picture
#
# The calls of notebook 07, unchanged: `image_to_image` encodes, covers, walks and
# decodes; `inpaint` holds a part of the latent. Note that the hole has to lie on the
# grid of the latent: 4 x 4 pixels are its smallest piece.
#
# Not every hat will sit: a hat goes on a head, and the hole may have taken the head as
# well, or left it below the border.

# %%
from course_lib.diffusion.editing import coarser, image_to_image, inpaint
from course_lib.world.critters import SIZES

plain = (factors["accessory"] == 0) & (factors["ears"] == 0)
big = plain & (factors["size"] == SIZES.index("big"))
mine = pictures[big][:6]
wish = ["a red cat"] * len(mine)
hole = torch.zeros(64, 64, dtype=torch.bool)
hole[:28] = True
show_rows(
    {
        "before": mine,
        "0.6": image_to_image(draw, mine, wish, 0.6, steps=8),
        "0.8": image_to_image(draw, mine, wish, 0.8, steps=8),
        "a hat": inpaint(draw, mine, hole, ["with a hat"] * 6),
    },
    alt="Six animals; the same on their way to red cats, with more and more strength; "
    "and with their upper parts drawn anew, as wearing a hat.",
)
on_grid = coarser(hole[None, None], draw.encode(mine))
print("a hole of", hole.sum().item(), "pixels is", on_grid.sum().item(), "places")

# %% [markdown]
# ## Train one
#
# Three hundred critters, compressed on the spot, and a small U-Net that starts from
# nothing. Loss, noise, captions and trainer are those of notebooks 03, 05 and 10; that
# it learns latents is said only in the first three lines and in the U-Net's settings.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.training.captions import caption_batches
from course_lib.training.latents import LatentSet, encode_all
from course_lib.training.trainer import Settings, Trainer

album, factors = draw_critters(300, seed=0, size=64)
mu = encode_all(album, coder)  # (300, 4, 16, 16)
compressed = LatentSet("a few critters", mu, scale, factors["subject"], factors)
get_batch = with_noise(
    caption_batches(compressed, draw.tokenizer, 16),
    draw.schedule,
    drop=0.0,
    noisier=draw.card["noisier"],
)
torch.manual_seed(0)
small = TextUNet(config["text"], config["unet"] | {"widths": [32, 64]})
loss_fn = make_denoising_loss(draw.schedule, "v")
settings = Settings(scaled(smoke=60, laptop=600, gpu=3000), warmup=20)
trainer = Trainer(small, loss_fn, get_batch, settings)
fixed = {name: x.to(trainer.device) for name, x in get_batch(10**6).items()}
fixed_losses = []
for _progress in trainer.run():
    with torch.no_grad():
        fixed_losses.append(loss_fn(small, fixed).item())
first_20, last_20 = sum(fixed_losses[:20]) / 20, sum(fixed_losses[-20:]) / 20
print(f"loss on the fixed batch: first 20 {first_20:.2f}, last 20 {last_20:.2f}")
assert last_20 < first_20

# %% [markdown]
# ## Play
#
# From noise to a picture, both sides decoded: what the sampler holds, and its guess.
# When do you know what it will be? And when does the sampler?

# %%
from course_lib.diffusion.samplers import Step
from course_lib.figures.widgets import sampler_slider

trace = draw.trace(["a green frog on stilts at sunset"], steps=8, seed=4)
decoded = [Step(s.t, draw.decode(s.x_t), draw.decode(s.x_0_hat)) for s in trace]
sampler_slider(decoded, alt="From noise to a frog on stilts in eight steps, decoded")

# %% [markdown]
# ## The whole of it
#
# This is the whole system: what Stable Diffusion is, in small. You have built every
# box. Each links to its file and to the notebook that built it.

# %%
from course_lib.figures.system_map import show_system

prompt = "a frog on stilts"
*_, last = steps = list(draw.trace([prompt], steps=8, seed=2))
noise, picture = draw.decode(steps[0].x_t)[0], draw.decode(last.x_0_hat)[0]
show_system(prompt, noise, picture)

# %% [markdown]
# Stable Diffusion has the same boxes. What is larger: the U-Net (860 million weights in
# place of our 2.7), the latent (64 x 64 places for 512 x 512 pixels), the text encoder
# (CLIP's, trained on 400 million pairs) and, above all, the pictures that it learned
# from.
#
# ## Three questions
#
# 1. Someone trains on latents and forgets the scale both when training and when
#    drawing. Is that a problem?
#
# <details><summary>Answer</summary>
#
# Not if the spread of the latents happens to be about 1. If it is 5, as in Stable
# Diffusion, most steps have hardly anything to do and the few noisiest have to do it
# all: it learns, but badly. Forgetting it at *one* of both ends is worse: what is drawn
# is then decoded too loud or too soft.
#
# </details>
#
# 2. With latents of 32 x 32 in place of 16 x 16, what would get better, and what would
#    it cost?
#
# <details><summary>Answer</summary>
#
# The floor: thin things would come back. Each look would cost four times as much, and
# the network would have to keep more places in agreement. Beside folded pixels nothing
# would be saved.
#
# </details>
#
# 3. A model of 860 million weights: how much memory for the weights alone, to draw in
#    half precision, and to train with AdamW?
#
# <details><summary>Answer</summary>
#
# To draw, 2 bytes a weight: 1.7 GB, which fits nearly everywhere. To train with AdamW,
# five numbers of 4 bytes: 17 GB, before the first picture. That is why one often leaves
# the weights as they are, and trains a few new ones beside them (LoRA, notebook 13).
#
# </details>
