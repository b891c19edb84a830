# %% [markdown]
# # 12 · Latent diffusion
#
# *About 65 minutes. You need notebooks 07, 10 and 11.*
#
# At the end you can
#
# - say where the noise is in a latent model, and why it looks like blotches,
# - write the way into latents, and a whole drawing that never leaves them,
# - say what that saves, in work, memory and energy, and what it costs the picture,
# - point at every part of a small Stable Diffusion and say where you built it.

# %% [markdown]
# ## See it
#
# These pictures have 64 x 64 pixels, four times as many as in notebook 10. Type a
# prompt. Thirteen steps call the network thirteen times. In the middle of the way, each
# step calls it a second time, without the words (guidance, lesson 10). And each step
# adds fresh noise, which repairs mistakes (lesson 06).
#
# The cell after that draws one picture for each of six fixed prompts.

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


live(
    draw_prompt,
    play="seed",
    prompt="a frog on stilts",
    seed=(0, 20, 1, 0),
    steps=(1, 20, 1, 13),
)

# %%
prompts = [
    "a red cat with a hat",
    "a frog on stilts",
    "a purple fish at night",
    "a green bird left of a white bear",
    "a blue turtle under an umbrella",
    "a yellow crane lifting a box at sunset",
]
drawn = draw(prompts, seed=5)  # (6, 3, 64, 64)
show_pictures(
    drawn, titles=prompts, columns=3, zoom=2, alt="Six prompts, a picture of each."
)
shape = draw.shape()  # of a latent
few = torch.zeros(shape).numel()
print(f"a picture has {drawn[0].numel():,} numbers, a latent {few:,}:", shape)

# %% [markdown]
# Look closely: count heads, eyes and legs. At the end of the notebook you count again,
# together with two judges.
#
# Each picture that you see has 12,288 numbers. The network that takes the noise out
# never handles a single one of them. It works on the 1,024 numbers of a latent
# (notebook 11). Only at the very end does the decoder turn them into a picture, once.
#
# ## Where is the noise?
#
# *Is the noise added to the picture or to something smaller?* To the latent. You will
# see the same animal twice, at the same steps. In the upper row there is noise in its
# pixels, as you know it. In the lower row there is noise in its latent. A latent is
# hard to look at, so the cell shows it decoded.

# %%
from course_lib.diffusion.samplers import PictureNoise
from course_lib.diffusion.schedule import add_noise
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

album, factors = draw_critters(64, seed=0, size=64, start=50_000, kind="one")
pictures = from_bytes(album)  # (64, 3, 64, 64) that no training has seen
at_steps = torch.tensor([0, 350, 700])


def covered(x_0, loudness=1.0):
    """One picture or latent (C, H, W) under the noise of each step in at_steps."""
    eps = PictureNoise(seed=0, indices=[0])(x_0.shape)  # (1, C, H, W)
    same = loudness * x_0.expand(len(at_steps), -1, -1, -1)
    return add_noise(same, at_steps, eps.expand_as(same), draw.schedule)


frog = pictures[4]
z_frog = draw.encode(pictures[4:5])[0]  # (4, 16, 16)
show_rows(
    {"pixels": covered(frog), "latent": draw.decode(covered(z_frog))},
    titles=[f"t = {step}" for step in at_steps],
    zoom=2,
    alt="An animal under more and more noise. Noise in its pixels is a fine grain. "
    "Noise in its latent, decoded, is soft blotches in all colours, and the animal "
    "itself bends and breaks before it disappears.",
)
print("noise in pixels:", tuple(frog.shape))
print("noise in the latent:", tuple(z_frog.shape))

# %% [markdown]
# *Why does the noise of a latent model look like blotches when decoded?* Look at pure
# noise, and measure its *correlation*: how alike are two pixels that lie some way
# apart?

# %%
from course_lib.figures.plots import plot_curves

noise_x = PictureNoise(0, range(16))((3, 64, 64))
noise_z = PictureNoise(0, range(16))(shape)
noises = {"noise in pixels": noise_x, "noise, decoded": draw.decode(noise_z)}
silence = draw.decode(torch.zeros(1, *shape))
show_pictures(
    torch.cat([noise_x[:1], draw.decode(noise_z[:1]), silence]),
    titles=[*noises, "zeros, decoded"],
    zoom=2,
    alt="Pixel noise, fine; latent noise, decoded, in blotches; and what a latent of "
    "nothing but zeros decodes to, one muted colour.",
)


def alike(pictures, apart):
    """How alike pixels so far apart are: 1 is the same, 0 nothing in common."""
    x = pictures - pictures.mean((2, 3), keepdim=True)
    pairs = x[..., apart:] * x[..., : x.shape[3] - apart]
    return (pairs.mean() / x.square().mean()).item()


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
    "alike, but pixels a few places apart are not. In real pictures pixels are alike "
    "over long distances.",
)
for name, curve in curves.items():
    near, further, far = (abs(curve[apart]) for apart in (1, 3, 8))
    print(f"{name}: neighbours {near:.1f}, 3 apart {further:.1f}, 8 apart {far:.1f}")

# %% [markdown]
# One number of the latent describes a patch of 4 x 4 pixels and a little around it. So
# one number of noise, decoded, is not a speck but a *patch*. Patches that are not
# neighbours have nothing to do with each other. That gives blotches.
#
# And the colours? From a latent of zeros the decoder paints one muted mauve, the last
# picture. Noise scatters the colours around it: the stronger the noise, the further.
# Noise as loud as this reaches all the colours of critters. The decoder of Stable
# Diffusion learned from photos, whose average colour is a greyish brown: hence its
# famous **brown blotches**.
#
# So do not judge the noise by its looks. In the latent it is plain N(0, 1), as always.
#
# ## As loud as a picture
#
# So far we took for granted that pixels lie between -1 and 1. A latent has no such
# bounds: its standard deviation, how *loud* it is, was up to the encoder. What if
# latents were five times as loud as the noise, or only a fifth? The cell makes the
# latent louder or softer and adds the noise. Before decoding it divides by the loudness
# and by `a_t`, how much of the latent is left at step t. So the animal always has its
# usual colours, and only the noise differs.

# %%
left = draw.schedule.a(at_steps).reshape(-1, 1, 1, 1)  # (3, 1, 1, 1)
loud = {
    f"{loudness} x": draw.decode(covered(z_frog, loudness) / (loudness * left))
    for loudness in (5, 1, 0.2)
}
show_rows(
    loud,
    titles=[f"t = {step}" for step in at_steps],
    zoom=2,
    alt="The same animal under the same noise. Five times as loud, it has only a few "
    "spots at t = 700; as it is, it is spotted at 350 and gone at 700; a fifth as "
    "loud, it is gone at 350, and at 700 nearly everything is plain grey.",
)
spread = draw.encode(pictures).std()
print("after scaling, latents have a spread near 1:", bool(abs(spread - 1) < 0.15))
print("scale:", round(draw.card["latent_scale"], 2))

# %% [markdown]
# If the latent is five times too loud, even at t = 700 the noise hides hardly anything:
# most steps have hardly anything to do. If it is five times too soft, nothing can be
# made out at t = 350 already, and all noisier steps are wasted. (Where the noise is
# louder than anything that the decoder met in training, it gives plain grey.) So every
# latent is multiplied by one number, the **scale**: 1 divided by the standard deviation
# of all latents. It is stored on the network's card. Our latents are too soft, so the
# scale makes them louder. Those of Stable Diffusion are more than five times too loud:
# its scale is 0.18215 (Rombach et al. 2022, appendix G).
#
# **Your turn.** Turn pictures into latents that are as loud as the noise.
# `autoencoder.encode` returns `mu` and `logvar`. The network learns from the middle of
# each cloud.
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# Notebook 11: which of the two says where a cloud is, and which how wide it is? And
# what is done to every latent, in the last lines above?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `encode` returns two things at once: give each a name, and use one. Is `scale`
# multiplied or divided by? Our latents are too soft, and their scale is above 1.
#
# </details>


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
    z_all = to_latents(pictures, coder, scale)  # (64, 4, 16, 16)
if to_latents is my_to_latents:
    print("the same as in the library:", torch.equal(z_all, draw.encode(pictures)))

# %% [markdown]
# ## A whole drawing
#
# Now write all of it: noise **in the shape of a latent**, a walk down the steps, and
# the decoder at the end. The step is that of DDIM (notebook 06): mix the guessed clean
# latent and the guessed noise again, in the proportions of the next step, `t_next`.
#
# **Your turn.** `way` holds the steps, from 1000 down to 0. `predict(z_t, t)` returns
# `z_0_hat, eps_hat`; it needs one `t` for each latent. The tables `schedule.a_table`
# and `schedule.b_table` say how much of the clean latent and how much noise belong to a
# step. At the end undo the scale, decode, and keep the *picture* in [-1, 1].
#
# **Difficulty:** ★★★ plan first
#
# <details><summary>Hint 1</summary>
#
# It is the loop of notebook 06, and one line after it. In each turn you ask, and mix
# again with less noise. After the last turn no noise is left, and you hold a clean
# latent that is still scaled. What undoes a multiplication?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `zip(way[:-1], way[1:])` gives each step with the one after it. `torch.full((n,), t)`
# holds the same step n times. Both factors of the mix are read at `t_next`, for example
# `schedule.a_table[t_next]`. `.clamp(-1, 1)` belongs behind the decoder, not into the
# loop.
#
# </details>


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
z_T = PictureNoise(seed=5, indices=range(2))(shape)  # (2, 4, 16, 16)
predict = draw.predict_for(prompts[:2])
with torch.no_grad():
    by_hand = draw_in_latents(predict, z_T, way, draw.schedule, coder, scale)


def there_and_back(z_t, t):
    """As predict, but the guess is decoded and encoded again."""
    z_0_hat, eps_hat = predict(z_t, t)
    return draw.encode(draw.decode(z_0_hat)), eps_hat


with torch.no_grad():
    detour = draw_in_latents(there_and_back, z_T, way, draw.schedule, coder, scale)
show_rows(
    {"in latents": by_hand, "with a detour": detour},
    titles=prompts[:2],
    zoom=2,
    alt="Two pictures, drawn by hand, and what comes out if each guess is decoded and "
    "encoded again: something else.",
)
print("steps:", way)
if draw_in_latents is my_draw_in_latents:
    library = draw(prompts[:2], steps=8, seed=5, sampler="ddim")
    same = torch.allclose(by_hand, library, atol=1e-3)
    print("the same as in the library:", same)

# %% [markdown]
# The prompts and the seed are those of the beginning. Those pictures came from another
# sampler (notebook 06), so they differ, in details or in more. (`predict` contains the
# guidance.)
#
# Why not decode the guess at every step and encode it again? The lower row did. A
# finished picture survives that nearly unchanged. But an early guess is no latent of
# any picture: the encoder makes another one of what it sees decoded, the next step goes
# on from that, and something else is drawn. Clamping the guess, as for pixels, goes
# wrong for the same reason: latents have no bounds.
#
# ## After no step, and half way
#
# You may decode at each step if you only want to look. Go through the steps: on the
# left is `z_t`, on the right the guess `z_0_hat`, both decoded. At which step do you
# know what the picture will be?

# %%
from course_lib.diffusion.samplers import Step
from course_lib.figures.widgets import sampler_slider

trace = list(draw.trace(["a red cat with a hat"], steps=5, seed=2))
decoded = [Step(s.t, draw.decode(s.x_t), draw.decode(s.x_0_hat)) for s in trace]
sampler_slider(decoded, alt="From noise to a red cat in five steps, decoded", of="z")
guessed = torch.cat([step.x_0_hat for step in decoded])  # (6, 3, 64, 64)
off = [(one - guessed[-1]).square().mean().sqrt().item() for one in guessed]
print("the guess comes nearer to the end:", off[0] > off[2] > off[4])

# %% [markdown]
# As in pixels, large things come first, and the first guess is a blur. But look at the
# next guesses. In notebook 06 they were still blurred; here they have *edges*. The
# guess is still a mean, but a mean of latents, and the decoder paints edges from nearly
# any latent. (The glaring colours come from guidance, which is strong from the step
# where it begins.)
#
# ## What here knows of latents?
#
# Only your two functions. Once you have written them, the cell shows the library's: the
# way into latents, and the way out, with which a drawing ends. All else was built for
# pixels and has not changed. The cell then compares this network with that of notebook
# 10: every setting of both, and what their cards must have.

# %%
from course_lib.cards import needed_by
from course_lib.figures.source import show_source
from course_lib.networks.autoencoder import from_latents
from course_lib.networks.autoencoder import to_latents as to_latents_of_library

if to_latents is my_to_latents and draw_in_latents is my_draw_in_latents:
    # the library's, once you have written yours
    show_source(to_latents_of_library, from_latents)

words = TextToImage.from_pretrained("words")
print("the same class of network:", type(words.model) is type(draw.model))
for name in ("schedule", "T", "target"):
    print(f"{name}: {words.card[name]} and {draw.card[name]}")
for part in ("text", "unet"):
    theirs, ours = words.model.config[part], draw.model.config[part]
    keys = [key for key in ours if theirs[key] != ours[key]]
    other = [f"{key} {theirs[key]} and {ours[key]}" for key in keys]
    print(f"{part}: {len(ours)} settings, different:", ", ".join(other) or "none")
new = sorted({*needed_by(draw.card)} - {*needed_by(words.card)})
print("only the card of a network for latents must have:", *new)

# %% [markdown]
# Two of these settings belong to latents. One is the `channels`, 4 instead of 3. The
# other is `fold`: since notebook 04 the U-Nets for pixels have folded squares of 2 x 2
# pixels into one place; this one does not, because a latent is small already. (A
# network may also be larger, for pixels or for latents.) The card needs the scale, and
# the checksum of the encoder (sha256), so that no other decoder is taken by mistake.
#
# ## What it saves
#
# *How much cheaper is it?* Take **the same network** three times: for plain pixels of
# 64 x 64, for pixels folded as in notebook 04, and for latents. We count the additions
# and multiplications of one call. Their number is the same on every machine.

# %%
from course_lib.figures.prediction import prediction

guess_work = prediction(
    "Plain pixels of 64 x 64 take how many times the work of latents of 16 x 16?",
    (1, 64),
)

# %%
from course_lib.networks.cost import gigaflops, mib_kept
from course_lib.networks.text_unet import TextUNet

text_config, unet_config = draw.model.config["text"], draw.model.config["unet"]
of_pixels = unet_config | {"channels": 3, "fold": 1}
text_emb = draw.read(["a frog on stilts"])  # (1, L, D)
x_t, z_t = torch.zeros(1, 3, 64, 64), torch.zeros(1, 4, 16, 16)
told = (torch.tensor([500]), text_emb)
folded = of_pixels | {"fold": 2}
calls = {
    "plain pixels": (TextUNet(text_config, of_pixels).eval(), x_t, *told),
    "folded pixels": (TextUNet(text_config, folded).eval(), x_t, *told),
    "latents": (draw.model, z_t, *told),
}
work = {}
for name, (model, *given) in calls.items():
    work[name] = gigaflops(lambda model=model, given=given: model(*given))
    print(f"one call for {name}: {work[name]:.2f} billion")
times = work["plain pixels"] / work["latents"]
guess_work.compare(round(times))
print(f"folded pixels take {work['folded pixels'] / work['latents']:.0f} times as much")
decoding = gigaflops(lambda: coder.decode(z_t))
print(f"the decoder, once a picture: {decoding:.2f} billion")
# Eight steps, and four of them call a second time, without the words.
whole = {name: 12 * each for name, each in work.items()}
whole["latents"] += decoding
for name, each in whole.items():
    print(f"a picture of 8 + 4 calls from {name}: {each:.1f} billion")
weights = sum(x.numel() for x in draw.model.parameters())
print(f"{weights / 1e6:.1f} million weights; to train them, five numbers for each:")
print(f"   {5 * 4 * weights / 2**30:.2f} GiB")
for name in ("folded pixels", "latents"):
    kept = 64 * mib_kept(*calls[name]) / 2**10
    print(f"   and for a batch of 64 {name} {kept:.2f} GiB more")

# %% [markdown]
# The latent has 4 x 4 times fewer *places* than there are pixels, and nearly the same
# work is done at each place. (Attention saves more, because in it each place looks at
# all places.) Folding also leaves fewer places, by 2 x 2, and it loses nothing. The
# decoder costs more than a call, but is needed only once.
#
# *What decides whether it fits my graphics card: the card's speed, or its memory?* Its
# memory. Speed only decides how long you wait. Memory must hold all of these at the
# same time:
#
# - the **weights**; in training also a gradient for each, two means that AdamW keeps,
#   and the average (EMA): five numbers of 4 bytes for each weight;
# - in training, **the input of each layer** for each picture of the batch, because the
#   gradients need it on their way back.
#
# Here the *pictures* fill the memory, not the weights, and as latents they take a
# fraction of it. In a large model both fill it. (If it does not fit, take a smaller
# batch, or numbers of 2 bytes, or throw the inputs of layers away and compute them
# again.)
#
# Last, time and energy. They depend on your machine, so the cell measures the time on
# it, in core seconds (the seconds that one core is busy). The energy is an **estimate**
# that you may change: 10 watts for a busy core.

# %% tags=["nbval-ignore-output"]
from course_lib.networks.cost import core_seconds

WATTS = 10  # a core, under load; a guess
took = {}
for name in ("folded pixels", "latents"):
    model, *given = calls[name]
    took[name] = 12 * core_seconds(lambda model=model, given=given: model(*given))
took["latents"] += core_seconds(lambda: coder.decode(z_t))
for name, s in took.items():
    print(f"a picture from {name}: {s:.2f} s, about {s * WATTS:.0f} J")
battery = 15 * 3600 / took["latents"] / WATTS
print(f"a phone's battery, 15 Wh, is enough for about {round(battery, -3):,.0f}")

# %% [markdown]
# ## What is lost
#
# No network that draws latents can be better than the decoder. So leave the network
# out, and send real pictures there and back. The error that is left is the **floor**.
# Below each picture you see what came back, and where it differs.

# %%
from course_lib.networks.autoencoder import psnr

with torch.no_grad():
    back = coder.decode(coder.encode(pictures)[0]).clamp(-1, 1)
apart = (back - pictures).abs().mean(1, keepdim=True)  # (64, 1, 64, 64)
# White: off by an eighth of the whole range.
heat = (8 * apart - 1).clamp(-1, 1).expand(-1, 3, -1, -1)
shown = [2, 3]
show_rows(
    {"real": pictures[shown], "back": back[shown], "off": heat[shown]},
    zoom=2,
    alt="A bat on stilts and a cat at night, the same decoded from their latents, and "
    "where the two differ, white on black: along outlines, at eyes, stars and stilts.",
)
across = (pictures[..., 1:] - pictures[..., :-1]).abs().amax(1, keepdim=True)
edge = across > 0.3  # (64, 1, 64, 63)
ratio = apart[..., 1:][edge].mean() / apart[..., 1:][~edge].mean()
print(f"there and back: {psnr(pictures, back).mean():.0f} dB")
print(f"at edges the error is {ratio:.0f} times as large as elsewhere")

# %% [markdown]
# Flat areas lose little. Thin and small things suffer: the stars over the cat come back
# paler, flowers in the meadow fade, and outlines lose their sharpness. However long the
# network learns, nothing drawn in these latents can show them better than that.
#
# ## Half way
#
# *What lies half way between two pictures?* Take the same two pictures three times: mix
# their pixels, their latents, and the two **noises** that they came from. The last is
# the way of notebook 07: on the circle, and with all the steps of drawing after it.

# %%
from course_lib.figures.prediction import prediction

guess_cats = prediction(
    "Half way between two noises, how many of 8 pictures will show one cat?", (0, 8)
)

# %%
from course_lib.diffusion.editing import between
from course_lib.diffusion.samplers import dpm_solver, last_step
from course_lib.networks.judge import load_judge
from course_lib.world.critters import SUBJECTS

first, second = PictureNoise(3, range(8))(shape), PictureNoise(4, range(8))(shape)
noises_of_all = torch.cat([first, between(first, second, 0.5), second])  # (24, ...)
predict_cats = draw.predict_for(["a small cat"] * 24)
z_ends = last_step(dpm_solver(predict_cats, noises_of_all, draw.schedule, steps=8))
z_first, z_half, z_last = z_ends.chunk(3)  # (8, 4, 16, 16) each
x_first, x_half, x_last = draw.decode(z_ends).chunk(3)
half = {
    "pixels": (x_first + x_last) / 2,
    "latents": draw.decode((z_first + z_last) / 2),
    "noises": x_half,
}
two = [1, 6]  # of the eight pairs
show_rows(
    {"A": x_first[two]}
    | {f"{name}: half way": some[two] for name, some in half.items()}
    | {"B": x_last[two]},
    zoom=2,
    alt="Two pairs of cats A and B. Half way in pixels and in latents both shine "
    "through each other, in latents more softly; between the noises there is one cat.",
)


def strength_of_edges(x):
    """How much neighbours differ, on average."""
    return (x[..., 1:] - x[..., :-1]).abs().mean()


reader = load_judge("reader-64")
ends = (strength_of_edges(x_first) + strength_of_edges(x_last)) / 2
for name, some in half.items():
    seen_half_way = reader.read(some)
    a_cat = seen_half_way["subject"] == SUBJECTS.index("cat")
    cats = (a_cat & (seen_half_way["subject_2"] == 0)).sum()
    edges = strength_of_edges(some) / ends
    print(f"half way in {name}: one cat in {cats.item()} of 8; ", end="")
    print(f"edges {edges:.1f} times as strong as those of A and B")
guess_cats.compare(cats)  # between noises, the last of the three

# %% [markdown]
# Compressing is not yet understanding. Half way between two latents is a double
# exposure, and a softer one than in pixels. Between two *noises* lies one whole cat,
# because the network draws one from there. Its scene is often that of A or of B; the
# cat itself stands elsewhere. (You see two pairs of the eight: change `two` to see
# more.)
#
# ## Train one
#
# Take three hundred critters, so few that compressing them takes only seconds, and
# train a small network from random weights. Notebooks 03, 05 and 10 had the loss, the
# noise, the captions and the trainer. Only the first lines and the settings of the
# U-Net show that it learns latents. Watch what it guesses under the noise of a fixed
# batch. A network that always answers 0 has a loss of about 2, because the target v has
# a variance of about 2.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.diffusion.objective import (
    make_denoising_loss,
    predictor,
    with_noise,
)
from course_lib.figures.watching import watch
from course_lib.networks.text_unet import TextUNet
from course_lib.training.captions import caption_batches
from course_lib.training.latents import LatentSet, encode_all
from course_lib.training.trainer import Settings, Trainer

few_critters, named = draw_critters(300, seed=0, size=64)
few_mu = encode_all(few_critters, coder)  # (300, 4, 16, 16)
compressed = LatentSet("a few critters", few_mu, scale, named["subject"], named)
get_batch = with_noise(
    caption_batches(compressed, words.tokenizer, 16),
    draw.schedule,
    drop=0.0,
    noisier=0.8,
)
torch.manual_seed(0)
of_small = {"widths": [32, 64], "blocks": 1}
small = TextUNet(words.model.config["text"], draw.model.config["unet"] | of_small)
loss_fn = make_denoising_loss(draw.schedule, "v")
settings = Settings(scaled(smoke=60, laptop=600, gpu=3000), warmup=20)
trainer = Trainer(small, loss_fn, get_batch, settings)
fixed = {name: x.to(trainer.device) for name, x in get_batch(10**6).items()}
fixed_z_t = add_noise(fixed["x_0"], fixed["t"], fixed["eps"], draw.schedule)


def its_guesses():
    """What it guesses for two latents of the fixed batch, and the true ones."""
    some = [x[:2] for x in (fixed_z_t, fixed["t"], fixed["cond"])]
    guess, _ = predictor(small, draw.schedule, "v", cond=some[2])(*some[:2])
    rows = {"z_0_hat": guess, "z_0": fixed["x_0"][:2]}
    show_rows(
        {name: draw.decode(z.float().to(z_T.device)) for name, z in rows.items()},
        titles=[f"t = {step}" for step in some[1].tolist()],
        zoom=2,
        alt="What the small network guesses under the noise of two latents, and the "
        "true latents, all decoded.",
    )


fixed_losses = []
for _progress in watch(trainer.run(), total=trainer.last, picture=its_guesses):
    with torch.no_grad():
        fixed_losses.append(loss_fn(small, fixed).item())
first_20, last_20 = sum(fixed_losses[:20]) / 20, sum(fixed_losses[-20:]) / 20
answers_0 = (fixed["eps"] - fixed["x_0"]).square().mean()
print(f"loss on the fixed batch: first 20 {first_20:.2f}, last 20 {last_20:.2f}")
print(f"if it always answered 0: {answers_0:.2f}")

# %% [markdown]
# The solved notebook stopped after 60 iterations, with little but blotches. After 600,
# about 85 s of one core, our loss was 0.73. Then the guesses show the scene, and under
# such strong noise a lump in place of the animal.
#
# ## The whole of it
#
# The course began with a frog on stilts. Below are eight, the seeds 0 to 7, none
# chosen. The two judges of this course look at them. A picture is *right* if the reader
# finds everything in it that the prompt names. It is *clean* if the inspector finds no
# flaw that people see at a glance. Count for yourself as well.

# %%
from course_lib.figures.prediction import prediction

guess_frogs = prediction(
    "Eight seeds of 'a frog on stilts': how many will be right and without a flaw?",
    (0, 8),
)

# %%
from course_lib.figures.system_map import show_system
from course_lib.judging.inspection import shared_inspector

prompt = "a frog on stilts"
frogs = torch.cat([draw([prompt], seed=seed) for seed in range(8)])
right = what_is_seen(frogs, [prompt] * 8)["right"]
inspector = shared_inspector(64)
clean, kinds = inspector.clean(frogs).tolist(), inspector.kinds(frogs)
both = [r and c for r, c in zip(right, clean, strict=True)]
words_below = [
    f"seed {i}: {'right' if right[i] else 'not right'}, "
    f"{'clean' if clean[i] else 'flaw: ' + kinds[i]}"
    for i in range(8)
]
show_pictures(
    frogs, titles=words_below, columns=4, zoom=2, alt="Eight frogs on stilts."
)
guess_frogs.compare(sum(both))
print(f"right {sum(right)}, clean {sum(clean)}, both {sum(both)} of 8")

# %% [markdown]
# Right is easier than clean. Eight are too few to say how many: lesson 12 has the
# shares of 200 frogs on stilts, and the command that counts them. The inspector misses
# things as well: look closely at what it calls clean. The inspector's name for a flaw
# is only the likeliest one: *mixed*, something else shows through, as a second colour;
# *extra* or *missing*, a part too many or too few; *patched*, a spot in a wrong colour.
# The network has learned what belongs in a picture better than how to draw it.
#
# And this is the whole system: a small Stable Diffusion. You have written the core of
# nearly every box; only the encoder and the decoder came ready-made. Each box links to
# its file and to its notebook. The picture in it is the first of the eight that both
# judges accept, or seed 0 if they accept none.

# %%

seed = both.index(True) if any(both) else 0
*_, last = way_down = list(draw.trace([prompt], seed=seed))
show_system(prompt, draw.decode(way_down[0].x_t)[0], draw.decode(last.x_0_hat)[0])

# %% [markdown]
# Stable Diffusion has the same boxes. What is larger is the U-Net (860 million weights
# instead of a few million), the latent (64 x 64 places for 512 x 512 pixels), the
# text encoder (CLIP's, trained on 400 million pairs) and, above all, the set of
# pictures that it learned from.
#
# ## Three questions
#
# 1. Someone trains on latents and forgets the scale, both in training and in drawing.
#    Is that a problem?
#
# <details><summary>Answer</summary>
#
# Not if the spread of the latents happens to be about 1. If it is 5, as in Stable
# Diffusion, most steps have hardly anything to do and the few noisiest have to do it
# all: the network learns, but badly. It is worse to forget the scale at only *one* of
# the two ends: the latent is then decoded too loud or too soft.
#
# </details>
#
# 2. With latents of 32 x 32 instead of 16 x 16, what would get better, and what would
#    it cost?
#
# <details><summary>Answer</summary>
#
# The floor would get better: more thin things would come back. But each call would cost
# about four times as much, and the network would have to make more places agree.
# Compared with folded pixels nothing would be saved.
#
# </details>
#
# 3. A model has 860 million weights. How much memory do the weights alone take: to
#    draw, with 2 bytes a number, and to train with AdamW, with 4 bytes a number?
#
# <details><summary>Answer</summary>
#
# To draw, 1.7 GB, which fits nearly everywhere. To train, five numbers of 4 bytes a
# weight: 17 GB, before the first picture. That is why people often leave the weights as
# they are and train a few new ones beside them (LoRA).
#
# </details>
