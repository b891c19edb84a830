# %% [markdown]
# # 11 · Autoencoder
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/11_autoencoder.ipynb)
#
# *About 45 minutes. You need notebook 05.*
#
# When you are through you can
#
# - say what a latent is, and look at one,
# - write the two lines that make an autoencoder *variational*,
# - say why squared errors blur, and what to do about it,
# - tell half way between two latents from half way between two pictures.

# %%
# Set-up, the same in every notebook. On your own machine there is nothing to do;
# on Colab it fetches the course once and adds what Colab lacks.
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

found = importlib.util.find_spec("course_lib")
if found is None or not (Path(found.origin).parents[1] / "data").is_dir():
    course = os.environ.get("COURSE_REPOSITORY", "https://github.com/OWNER/REPO")
    if not Path("course").is_dir():
        subprocess.run(f"git clone -q --depth 1 {course} course".split(), check=True)
    sys.path.insert(0, str(Path("course").resolve()))
    wanted = ["accelerate", "datasets", "safetensors", "torchmetrics", "tqdm", "typer"]
    # Without -U pip leaves alone what is there, torch and numpy above all.
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", *wanted], check=True)
    from course_lib.checkpoint import load_weights

    load_weights("reader-32")  # whole? then the rest of the clone is too

# %% [markdown]
# ## See it
#
# A picture of 64 x 64 pixels is 12,288 numbers. Below each picture, the same after it
# has been squeezed through 1,024 numbers and opened again.

# %%
import torch
import torch.nn.functional as F

from course_lib.autoencoder import load_autoencoder, psnr
from course_lib.datasets import load_critters
from course_lib.plots import show_pictures, show_rows

model = load_autoencoder("autoencoder")
album = load_critters("test", size=64)
x_0 = album[torch.arange(8)][0]  # (8, 3, 64, 64), seen by no training
with torch.no_grad():
    mu, logvar = model.encode(x_0)  # (8, 4, 16, 16)
    again = model.decode(mu).clamp(-1, 1)
show_rows(
    {"pictures": x_0, "there and back": again},
    alt="Eight pictures, and the same after the autoencoder: hardly any difference.",
)
print(
    f"{x_0[0].numel():,} numbers became {mu[0].numel():,}, and {x_0[0].numel():,} again"
)

# %% [markdown]
# ## What is in between
#
# The **encoder** is half a U-Net: convolutions, coarser and coarser grids. The
# **decoder** is the other half. There are no skips between them: whatever the decoder
# is to know must go through the narrow place, the **latent**. It has four channels of
# 16 x 16, and here they are, as grey pictures:

# %%


def as_grey(channels):
    """Each channel as a grey picture, from its darkest to its lightest number."""
    low, high = channels.amin((1, 2), True), channels.amax((1, 2), True)
    grey = 2 * (channels - low) / (high - low) - 1  # (N, h, w)
    return F.interpolate(grey[:, None], scale_factor=4).expand(-1, 3, -1, -1)


rows = {f"picture {i}": torch.cat([x_0[i : i + 1], as_grey(mu[i])]) for i in range(3)}
show_rows(
    rows,
    titles=["", "channel 0", "channel 1", "channel 2", "channel 3"],
    alt="Three pictures, each with the four channels of its latent: small, coarse "
    "pictures of the same thing in odd greys.",
)
print("latents:", tuple(mu.shape))

# %% [markdown]
# *Nobody said what the channels are to mean.* They still look like small pictures,
# because convolutions keep things in their place. Colour is spread over all four.
#
# What does a single number do? Change one place of one channel, and decode:

# %%
with torch.no_grad():
    pushed = mu[:1].repeat(5, 1, 1, 1)
    for channel in range(4):
        pushed[channel + 1, channel, 8, 8] += 4.0
    shown = model.decode(pushed).clamp(-1, 1)
changed = (shown[1:] - shown[:1]).abs().amax(1).gt(0.05).sum((1, 2))  # (4,) pixels
show_pictures(
    shown,
    titles=["as it was", *(f"channel {c} pushed" for c in range(4))],
    columns=5,
    alt="A picture, and four with a blotch in the middle, each of another colour.",
)
print(
    "one number reaches fewer than a quarter of the pixels:",
    bool((changed < 1024).all()),
)

# %% [markdown]
# ## A cloud instead of a point
#
# An ordinary autoencoder may put its latents anywhere, and the decoder knows nothing of
# the places in between. So each picture gets not a point but a small **cloud**: the
# encoder says its middle `mu` and, as a logarithm, its variance, `logvar`. In training
# the decoder gets a random point of the cloud, and must cope:
#
# $$z = \mu + \sigma \odot \epsilon, \qquad \sigma = e^{\log\sigma^2 / 2}$$
#
# *Why in this form, and not "draw a random number around mu"?* Through a drawing no
# gradient flows. Here the chance comes in from the side, as $\epsilon$, and $z$ is a
# plain function of $\mu$ and $\sigma$. (*Why the logarithm?* A network may say any
# number; a variance must not be negative.)
#
# **Your turn.**


# %%
def my_sample(mu, logvar, eps):
    """A point of each cloud."""
    ### BEGIN SOLUTION
    return mu + (0.5 * logvar).exp() * eps
    ### END SOLUTION


# %%
from course_lib.checks.nb11_autoencoder import check_sample

sample = check_sample(my_sample)
generator = torch.Generator().manual_seed(0)
eps = torch.randn(mu[:1].shape, generator=generator)
with torch.no_grad():
    points = [sample(mu[:1], logvar[:1], k * eps) for k in (0, 1, 5, 20, 100)]
    shown = model.decode(torch.cat(points)).clamp(-1, 1)
show_pictures(
    shown,
    titles=["the middle", "1 sigma", "5 sigma", "20 sigma", "100 sigma"],
    columns=5,
    alt="A picture decoded from the middle of its cloud, and further and further out.",
)
sigma = (0.5 * logvar).exp().mean().item()
print(
    "the clouds are small beside the space between them:", sigma < 0.3 * mu.std().item()
)

# %% [markdown]
# ## Kept together
#
# What keeps the encoder from making its clouds as small as points, far apart from each
# other? A price: the **divergence** of each cloud from the standard normal
# distribution. For one number it is
#
# $$\tfrac12\left(\mu^2 + \sigma^2 - 1 - \log\sigma^2\right)$$
#
# and for a picture the *sum* over all its latent numbers. **Your turn:** one divergence
# a picture. (`x.flatten(1)` makes one row a picture.)


# %%
def my_kl(mu, logvar):
    """How far each picture's cloud is from N(0, 1): (B,)."""
    ### BEGIN SOLUTION
    each = 0.5 * (mu**2 + logvar.exp() - 1 - logvar)  # (B, 4, 16, 16)
    return each.flatten(1).sum(1)
    ### END SOLUTION


# %%
from course_lib.checks.nb11_autoencoder import check_kl_divergence

kl_divergence = check_kl_divergence(my_kl)
nothing = torch.zeros(1, 4, 16, 16)
print("of N(0, 1) itself:", kl_divergence(nothing, nothing).item())
print("of a picture it is larger:", bool((kl_divergence(mu, logvar) > 100).all()))

# %% [markdown]
# The price is counted with a tiny weight. Were it large, the encoder would give every
# picture the same cloud, and the decoder would paint the mean of all pictures.
#
# ## What counts as the same picture?
#
# The decoder is told how wrong it was. But how is "wrong" measured? Take a picture, and
# two bad copies: one **blurred**, one sharp but **moved** by a pixel. Which is worse?

# %%
from course_lib.contrastive import Matcher

eye = Matcher.from_pretrained("pair").model.image_encoder  # not the judge
blurred = F.avg_pool2d(F.pad(x_0, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
moved = x_0.roll(1, dims=3)
show_rows(
    {"pictures": x_0, "blurred": blurred, "moved": moved},
    alt="Eight pictures, the same blurred, and the same moved by one pixel.",
)


def squared(one, other):
    return F.mse_loss(one, other).item()


def absolute(one, other):
    return F.l1_loss(one, other).item()


def features(one, other):
    """How differently a network sees both: mean difference of its features."""
    with torch.no_grad():
        pairs = zip(eye.features(one), eye.features(other), strict=True)
        return sum(F.l1_loss(a, b).item() for a, b in pairs)


for measure in (squared, absolute, features):
    worse = measure(blurred, x_0) / measure(moved, x_0)
    print(f"{measure.__name__}: blurred is {worse:.1f} times as bad as moved")

# %% [markdown]
# Squared errors prefer the blur: where the decoder is not sure where an edge is, the
# mean of all possible edges costs least, and that is a smear. The features of a network
# that looks at edges and textures are not so easily pleased. Ours are from the image
# tower of notebook 09. So the course's autoencoder learns from *absolute errors and
# features*; lesson 11 has a table of what each does.
#
# ## Half way
#
# *What lies half way between two compressed pictures? And between the pictures
# themselves?*

# %%
shares = torch.linspace(0, 1, 7)[:, None, None, None]
with torch.no_grad():
    through = model.decode(torch.lerp(mu[:1], mu[1:2], shares)).clamp(-1, 1)
fade = torch.lerp(x_0[:1], x_0[1:2], shares)
show_rows(
    {"in pixels": fade, "in latents": through},
    titles=[f"{share:.2f}" for share in shares.flatten().tolist()],
    alt="From one picture to another, in pixels and in latents: both are double "
    "exposures, the latent one with harder edges.",
)

# %% [markdown]
# Neither is a picture of anything. This autoencoder keeps *places*: half way between a
# frog at the left and a cat at the right lies half a frog and half a cat. It
# compresses, it does not understand. Meaning is the business of the network that will
# draw *in* this space (notebook 12).
#
# ## Noise in a latent
#
# *Is the noise added to the picture or to something smaller? Why does it look like
# blotches when decoded?* In a latent model noise is added to the latent. The decoder
# then paints what such a latent would mean: each number reaches a patch of pixels, so
# the noise comes out as patches, in the colours that the decoder knows.

# %%
from course_lib.schedule import add_noise, straight_line

schedule = straight_line()
t = torch.tensor([0, 200, 400, 600, 800, 1000])
generator = torch.Generator().manual_seed(0)
pixel_noise = torch.randn(6, 3, 64, 64, generator=generator)
latent_noise = torch.randn(6, 4, 16, 16, generator=generator)
scale = mu.std()  # bring the latents to the spread that the noise has
with torch.no_grad():
    z_t = add_noise(mu[:1].expand(6, -1, -1, -1) / scale, t, latent_noise, schedule)
    blotches = model.decode(z_t * scale).clamp(-1, 1)
x_t = add_noise(x_0[:1].expand(6, -1, -1, -1), t, pixel_noise, schedule)
show_rows(
    {"in pixels": x_t, "in latents": blotches},
    titles=[f"t = {step}" for step in t],
    alt="More and more noise: in pixels fine grain, in latents coarse blotches.",
)

# %% [markdown]
# ## How good is it?
#
# PSNR compares the mean squared error with the largest possible one, in decibels: 20 is
# poor, 30 is good, 40 can hardly be told apart. And the reader, which has seen neither
# encoder nor decoder, says whether it still sees the same.

# %%
from course_lib.metrics import load_judge

many = album[torch.arange(64)][0]
with torch.no_grad():
    back = model(many)[0].clamp(-1, 1)
reader = load_judge("reader-64")
before, after = reader.read(many), reader.read(back)
agree = {name: (before[name] == after[name]).float().mean().item() for name in before}
print("more than 30 dB on average:", psnr(many, back).mean().item() > 30)
print("the reader sees the same animal in more than 95 %:", agree["subject"] > 0.95)

# %% tags=["nbval-ignore-output"]
print(f"PSNR {psnr(many, back).mean():.1f} dB")
print({name: round(share, 3) for name, share in agree.items()})

# %% [markdown]
# ## Play
#
# Push one channel of a whole latent up and down.

# %% tags=["nbval-ignore-output"]
from course_lib.widgets import live


def push(picture, channel, by):
    """One picture with one channel of its latent moved."""
    z = mu[picture : picture + 1].clone()
    z[:, channel] += by
    with torch.no_grad():
        shown = model.decode(z).clamp(-1, 1)
    show_pictures(shown, zoom=4, alt=f"A picture, channel {channel} moved by {by}.")


live(push, picture=(0, 7, 1, 0), channel=(0, 3, 1, 0), by=(-4.0, 4.0, 0.5, 0.0))

# %% [markdown]
# ## Three questions
#
# 1. The weight of the divergence is made ten thousand times as large. What do the
#    decoded pictures look like?
#
# <details><summary>Answer</summary>
#
# All alike: every cloud is N(0, 1), the latent says nothing about its picture, and the
# best that the decoder can do is to paint the mean (or rather the median) of all
# pictures. That is called posterior collapse.
#
# </details>
#
# 2. You draw $z$ from N(0, 1) and decode. Is that a new critter?
#
# <details><summary>Answer</summary>
#
# No: see t = 1000 above. The weight of the divergence is so small that the latents of
# pictures are far from filling N(0, 1); and neighbouring numbers of a real latent
# belong together, those of noise do not. That is why a diffusion model is needed in
# this space.
#
# </details>
#
# 3. Why does the decoder at use get `mu`, and not a point of the cloud?
#
# <details><summary>Answer</summary>
#
# The cloud was there to make the decoder robust. When a picture is to come back as it
# was, the middle is the best guess.
#
# </details>
