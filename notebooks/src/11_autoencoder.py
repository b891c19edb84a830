# %% [markdown]
# # 11 · The autoencoder
#
# *About 75 minutes. You need notebooks 04 and 09.*
#
# At the end you can
#
# - say what is in the few numbers that a picture is compressed to, and look at them,
# - write the two things that make an autoencoder *variational*: a cloud instead of a
#   point, and a gentle pull on it,
# - say why pictures come back blurred, and what helps,
# - say what lies half way between two compressed pictures, and what an autoencoder
#   makes of random numbers.

# %% [markdown]
# ## See it
#
# Here are three critters of 64 x 64 pixels that were never used in training. One
# network compresses each picture into a small block of numbers, the **latent**. A
# second network turns the block back into a picture. One row shows the pictures, the
# other what came back. Decide which is which before you read on.

# %%
import torch

from course_lib.figures.plots import show_rows
from course_lib.networks.autoencoder import load_autoencoder, psnr
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

coder = load_autoencoder("autoencoder")
drawn, _ = draw_critters(64, seed=0, size=64, start=50_000, kind="one")
pictures = from_bytes(
    drawn
)  # (64, 3, 64, 64) in [-1, 1]; 0 to 49,999 were for training
with torch.no_grad():
    mu, logvar = coder.encode(pictures)  # both (64, 4, 16, 16); logvar comes later
    back = coder.decode(mu).clamp(-1, 1)  # (64, 3, 64, 64)
show_rows(
    {"one": pictures[2:5], "other": back[2:5]},
    zoom=2,
    alt="Two rows of three animals that look nearly alike: the pictures, and what came "
    "back from their latents.",
)
before, after = pictures[0].numel(), mu[0].numel()
print(f"{before} numbers become {after}: {before // after} times fewer")
print(f"on average they come back with {psnr(pictures, back).mean():.0f} dB")

# %% [markdown]
# The lower row came back. Look at the stars, the eyes and the thin lines.
#
# How good is that? People state the mean squared error in decibels, as the *peak
# signal-to-noise ratio*, PSNR; more is better. 20 dB means that pixels are off by a
# tenth of the whole range (the root of the mean squared error), 40 dB by a hundredth.
#
# ## What are the numbers?
#
# The latent has 1,024 numbers: a grid of 16 x 16 places with four numbers at each. So
# it has four channels, and we can show each as a small grey picture. Dark is less than
# usual in this channel, bright is more.

# %%


def as_grey(channel):
    """(B, 16, 16) numbers as grey pictures (B, 3, 64, 64)."""
    grey = (channel - channel.mean()) / (2 * channel.std())
    large = grey.repeat_interleave(4, 1).repeat_interleave(4, 2)
    return large.clamp(-1, 1)[:, None].expand(-1, 3, -1, -1)


rows = {f"channel {c}": as_grey(mu[:, c])[2:5] for c in range(4)}
print("64 latents:", tuple(mu.shape))
show_rows(
    {"pictures": pictures[2:5]} | rows,
    zoom=2,
    alt="Three animals, and below each its four latent channels as grey pictures of 16 "
    "by 16: the animals can still be made out in all of them.",
)

# %% [markdown]
# The animals are still there, small, in four strange greys, clearest in the first two.
# Nobody asked for that: the networks were only trained to give back what came in. But a
# convolution sees only what is near, so what it finds at a place is written down at
# that place.
#
# Are the four numbers a kind of colour? Try the *simplest possible* translation: red is
# a sum of the four numbers, each times a fixed factor, plus a constant; green and blue
# likewise. The same twelve factors and three constants serve all pictures. (They are
# found by least squares: of all choices, these fifteen numbers have the smallest
# squared error.)

# %%
import torch.nn.functional as F

numbers = mu.permute(0, 2, 3, 1).reshape(-1, 4)  # (64 * 256, 4): a row a place
numbers = torch.cat([numbers, torch.ones(len(numbers), 1)], dim=1)  # and a constant
small = F.avg_pool2d(pictures, 4)  # (64, 3, 16, 16), the true small pictures
colours = small.permute(0, 2, 3, 1).reshape(-1, 3)
translation = torch.linalg.lstsq(numbers, colours).solution  # (5, 3)
guess = (numbers @ translation).reshape(64, 16, 16, 3).permute(0, 3, 1, 2).clamp(-1, 1)
show_rows(
    {"averaged": small[:8], "computed": guess[:8]},
    alt="Eight animals averaged to pictures of 16 by 16, and what is computed from "
    "their latents: shapes, light and dark are right, but greens come out brown and "
    "reds orange.",
    zoom=5,
)
missed = (guess - small).square().mean((0, 2, 3)) / small.var((0, 2, 3))
for colour, share in zip(("red", "green", "blue"), missed, strict=True):
    print(f"{colour}: {1 - share:.0%} of all differences between places are explained")
light = 3 * small.mean(1).var() / small.var((0, 2, 3)).sum()
print(f"light and dark alone make up {light:.0%} of all differences")

# %% [markdown]
# Light and dark are right, and so is most of the sky. Colours are only roughly right:
# the green frog turns brown, the red balloon orange. How does that go with 91 %? Red,
# green and blue are mostly high or low together, so light and dark make up most of the
# differences, and a wrong hue costs little. So the latent holds a small
# picture, but it stores the colours in a more roundabout way than fifteen numbers can
# undo. (Some programs show a picture while it is being made. They use a translation
# like this, because it is much cheaper than a decoder.)
#
# The latent must hold more than a small picture, or nothing sharp could come back. So
# next we turn up **one** number in the middle of the grid, once in each channel, by
# three standard deviations. A pixel has changed *visibly* if one of its colours is off
# by more than 0.1.

# %%
from course_lib.figures.prediction import prediction

guess_pixels = prediction(
    "One of 1,024 numbers is turned up. How many of the 4,096 pixels change visibly? "
    "(The most of the four channels counts.)",
    (0, 1024, 16),
)

# %%
with torch.no_grad():
    plain = coder.decode(mu[4:5])
    turned = mu[4:5].repeat(4, 1, 1, 1)  # the same latent four times
    for c in range(4):
        turned[c, c, 8, 8] += 3 * mu[:, c].std()
    changed = coder.decode(turned)  # (4, 3, 64, 64)
difference = (changed - plain).clamp(-1, 1)
seen = {"before": plain.expand(4, -1, -1, -1), "turned up": changed}
seen = {name: some.clamp(-1, 1) for name, some in seen.items()}
# The number at place (8, 8) stands for rows and columns 32 to 35; a frame around them.
framed = difference.clone()
framed[:, :, 31:37, 31:37] = 1.0
framed[:, :, 32:36, 32:36] = difference[:, :, 32:36, 32:36]
seen["difference"] = framed
show_rows(
    {name: some[:, :, 18:50, 18:50] for name, some in seen.items()},  # around the place
    titles=[f"channel {c}" for c in range(4)],
    alt="A frog's cheek and eye, enlarged, with one latent number turned up, in four "
    "versions: a small patch changes, each time in a different way. A white frame "
    "marks the 4 by 4 pixels that the number stands for.",
    zoom=5,
)
visible = difference.abs().amax(1) > 0.1  # (4, 64, 64)
touched, own = visible.sum((1, 2)), visible[:, 32:36, 32:36].sum((1, 2))  # (4,) each
guess_pixels.compare(touched.max())
print("in the four channels:", touched.tolist())
print("of these, in the frame:", own.tolist())

# %% [markdown]
# You see the 32 x 32 pixels around the place. One number changes its own 4 x 4 pixels,
# in the frame, and up to a hundred around them. Edges carry the change furthest. A
# number does not only say "redder". It also says where an edge runs: look at channel 3
# in the last row, where a line follows the rim of the eye. Keep this in mind: *each
# number knows its own patch, and no number knows the animal*.
#
# ## A smaller world: one hill
#
# To build an autoencoder in seconds, we take simpler pictures: 32 pixels in a line,
# with one hill on it. A picture is 32 numbers, and the latent will be **one**.
#
# The **encoder** turns a picture into numbers, and the **decoder** turns a number back
# into a picture. They are trained together to give back what came in. (Our encoder
# outputs *two* numbers; the second is explained below.)
#
# *What lies half way between two pictures? And half way between their two numbers?*

# %%
from course_lib.figures.prediction import prediction

guess_hills = prediction(
    "Half way between the two numbers, the decoder draws ...",
    ["two low hills", "one hill in between", "a flat line"],
)

# %%
from torch import nn

from course_lib.figures.plots import plot_curves

places = torch.arange(32.0)


def hills(where):
    """Places (B,) to pictures (B, 32) with a hill there."""
    return torch.exp(-(((places - where[:, None]) / 3) ** 2) / 2)


def learn(choose_z, pull=None, iterations=1000):
    """Train an encoder and a decoder on hills; z = choose_z(mu, logvar, eps)."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, 2))
    first, second, third = nn.Linear(1, 64), nn.Linear(64, 64), nn.Linear(64, 32)
    decoder = nn.Sequential(first, nn.SiLU(), second, nn.SiLU(), third)
    both = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW(both, lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(iterations):
        x_0 = hills(4 + 23 * torch.rand(64, generator=generator))  # (64, 32)
        mu, logvar = encoder(x_0).chunk(2, dim=1)  # its two columns, (64, 1) each
        eps = torch.randn(mu.shape, generator=generator)
        loss = (decoder(choose_z(mu, logvar, eps)) - x_0).square().mean()
        if pull is not None:
            loss = loss + 0.01 * pull(mu, logvar).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return encoder, decoder


def a_point(mu, logvar, eps):
    """The plain autoencoder: z is what the encoder says."""
    return mu


encoder, decoder = learn(a_point)
where = torch.arange(4.0, 28.0)  # 24 hills, a pixel apart
with torch.no_grad():
    z = encoder(hills(where))[:, :1]  # (24, 1)
    again = decoder(z)  # (24, 32)
error = (again - hills(where)).square().mean()
print("32 numbers to 1 and back, nearly the same:", bool(error < 0.002))
steps = z[1:] - z[:-1]
one_way = bool((steps > 0).all() or (steps < 0).all())
print("as the hill moves right, the number always moves the same way:", one_way)
plot_curves(
    where,
    {"z": z[:, 0]},
    xlabel="where the hill stands",
    ylabel="the one number",
    alt="The further right the hill, the smaller or larger the one number: a curve "
    "that never turns back.",
)

# %% [markdown]
# Nobody told the network to write down the place. The place is simply all there is to
# say. Now we go half way, in pixels and in the number.

# %%
with torch.no_grad():
    first, second = hills(torch.tensor([6.0, 16.0]))  # two pictures, (32,) each
    z_first, z_second = encoder(torch.stack([first, second]))[:, :1]
    half_way = decoder((z_first + z_second) / 2)
plot_curves(
    places,
    {
        "A": first,
        "half way in z": half_way,
        "half way in pixels": (first + second) / 2,
        "B": second,
    },
    xlabel="pixel",
    ylabel="height",
    alt="Two hills. Half way in pixels are two hills of half the height; half way in z "
    "is one whole hill, somewhere in between.",
)
top, height = half_way.argmax().item(), half_way.max().item()
one_hill = 6 < top < 16 and height > 0.8 and (half_way > height / 2).sum() < 10
guess_hills.compare("one hill in between" if one_hill else "something else")

# %% [markdown]
# In pixels it is a double exposure; in z it is *another hill*. That is the promise of
# compression: what lies between two codes should be a picture too.
#
# ## Why a cloud?
#
# We would like to invent: draw a number from N(0, 1), decode it, get a picture. In this
# tiny world that works already: numbers that N(0, 1) is likely to give become hills.
# But *which* hills? Look at the curve above: the numbers that the encoder uses, its
# *codes*, lie wherever the training left them. A draw from N(0, 1) hits some of them
# often and others never. We want to know where the codes lie, and to reach them all.
# For that, the *variational* autoencoder (Kingma and Welling 2014) adds two things.
# This is the first:
#
# **A cloud in place of a point.** The encoder outputs a normal distribution: its mean
# `mu` says where the code is, and its standard deviation, the spread, says how exactly.
# In training the decoder gets a random point of this cloud:
#
# $$z = \mu + \sigma \epsilon, \qquad \epsilon \sim N(0, 1).$$
#
# So the decoder must make good pictures from everything *near* mu. A spread may not be
# negative. So the encoder outputs the logarithm of its square, which may be any
# number: `logvar` $= \log\sigma^2$, the log-variance.
#
# **Your turn.** Return a point of each cloud. What you get is `logvar`, and what the
# formula needs is $\sigma$.
#
# **Difficulty:** ★☆☆ one idea
#
# <details><summary>Hint 1</summary>
#
# The logarithm of a square is twice the logarithm of the number itself. So how do you
# come from the logarithm of the variance to that of the spread? Then only the logarithm
# is left to be undone.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `x.exp()` undoes the logarithm, and half of $\log\sigma^2$ is $\log\sigma$.
#
# </details>


# %%
def my_sample(mu, logvar, eps):
    """A point of each cloud, shaped as mu."""
    ### BEGIN SOLUTION
    std = (logvar / 2).exp()
    return mu + std * eps
    ### END SOLUTION


# %%
from course_lib.checks.nb11_autoencoder import check_sample

sample_to_use = check_sample(my_sample)

middle = torch.zeros(1, 1, requires_grad=True)
drawn_for_us = torch.normal(middle, torch.ones(1, 1))  # draws the point itself
# What torch is asked: if the middle moves by 1, how far does the point move?
(gradient,) = torch.autograd.grad(drawn_for_us.sum(), middle)
print("gradient through torch.normal:    ", gradient.item())
point = sample_to_use(middle, torch.zeros(1, 1), torch.ones(1, 1))
(gradient,) = torch.autograd.grad(point.sum(), middle)
print("gradient with eps from outside:   ", gradient.item())

# %% [markdown]
# Why so roundabout? You could simply *draw* a number from the bell curve around mu. But
# no gradient flows back through a draw, so the encoder could not learn from it. In the
# formula, chance comes from outside, as `eps`, and all else is plain arithmetic. This
# is the **reparameterisation trick** (Kingma and Welling 2014, section 2.4).
#
# ## Why a pull?
#
# Random points make the encoder's task harder, but it has a way out: it puts the clouds
# far apart, or makes them tiny. Then nothing is won. So the second addition is **a
# gentle pull** on every cloud towards N(0, 1). It is a term of the loss, the *KL
# penalty*: a small weight times the *Kullback-Leibler divergence*, which says how far a
# cloud is from N(0, 1):
#
# $$D = \sum \frac{1}{2}\left(\mu^2 + \sigma^2 - 1 - \log\sigma^2\right)$$
#
# Here log is the natural logarithm. $D$ is 0 if $\mu = 0$ and $\sigma = 1$, and grows
# in every direction from there. The divergences of independent numbers add up; hence
# the sum over all numbers of a latent.
#
# *But if the pull won, all clouds would be the same, and z would say nothing about the
# picture!* True, and that is why it must be gentle. The loss has two terms that want
# opposite things: the error of the picture wants clouds that can be told apart, the
# divergence wants them all alike. The outcome is a compromise: clouds side by side that
# fill the bell curve together.
#
# **Your turn.** Return one number for each picture, (B,), whatever the shape of the
# latents: (B, 1) for hills, (B, 4, 16, 16) for pictures. Work out first, on paper, what
# a cloud with $\mu = 1$ and $\sigma = 1$ must get.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Two stages. First the bracket, for every number by itself: the result is shaped as mu.
# Then the sum, but only over the numbers of one picture. And look closely at what the
# formula needs: this time it is the variance, not the spread.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `logvar.exp()` is $\sigma^2$, and `logvar` itself is the last term. `x.flatten(1)`
# puts the numbers of each picture in one row, (B, n), whatever the shape was. Sum along
# the rows.
#
# </details>


# %%
def my_kl_divergence(mu, logvar):
    """How far each picture's cloud is from N(0, 1), (B,)."""
    ### BEGIN SOLUTION
    each = (mu**2 + logvar.exp() - 1 - logvar) / 2
    return each.flatten(1).sum(1)
    ### END SOLUTION


# %%
from course_lib.checks.nb11_autoencoder import check_kl_divergence
from course_lib.figures.source import show_source
from course_lib.networks.autoencoder import kl_divergence, sample

kl_to_use = check_kl_divergence(my_kl_divergence)

zero = torch.zeros(1, 1)
for m, s in [(0.0, 1.0), (1.0, 1.0), (3.0, 1.0), (0.0, 0.1), (0.0, 3.0)]:
    apart = kl_to_use(zero + m, zero + 2 * torch.tensor(s).log())
    print(f"mu {m:3.1f}, spread {s:3.1f}: {apart.item():.2f}")
if kl_to_use is my_kl_divergence and sample_to_use is my_sample:
    show_source(sample)  # the library's, once you have written yours
    show_source(kl_divergence)

# %% [markdown]
# Now use both in the small world. We compare five autoencoders: one with a point, one
# with a cloud, and three with a cloud and a pull, whose weights are a tenth of 0.01,
# 0.01, and ten times 0.01. For each we draw 2,000 numbers from N(0, 1), decode them,
# and look at where the hills stand. Equally many everywhere would be best.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import plot_histograms

kinds = {
    "a point": (encoder, decoder),  # from above
    "a cloud": learn(sample_to_use),
    "a tenth of the pull": learn(sample_to_use, lambda m, v: kl_to_use(m, v) / 10),
    "a cloud and a pull": learn(sample_to_use, kl_to_use),
    "ten times the pull": learn(sample_to_use, lambda m, v: kl_to_use(m, v) * 10),
}
chance = torch.randn(2000, 1, generator=torch.Generator().manual_seed(1))
stands, thirds = {}, {}
for name, (_, tiny_decoder) in kinds.items():
    with torch.no_grad():
        stands[name] = tiny_decoder(chance).argmax(1).float()  # (2000,) pixels
    thirds[name] = torch.histc(stands[name], 3, 4, 27) / 2000  # left, middle, right
plot_histograms(
    dict(list(stands.items())[:4]),  # the last one's stand nearly all at one pixel
    alt="Where the hills of random numbers stand. For a point and for a cloud they "
    "crowd in one place, with the pull they stand everywhere.",
    bins=24,
    xlabel="where the hill stands",
)
print("the emptiest third of the line gets")
for name, in_third in thirds.items():
    print(f"    {name}: {in_third.min():.0%} of the hills")
print("of 24 hills")
for name, (tiny_encoder, tiny_decoder) in kinds.items():
    with torch.no_grad():
        middles, logs = tiny_encoder(hills(where)).chunk(2, dim=1)  # (24, 1) each
        missed = (tiny_decoder(middles) - hills(where)).square().mean()
    print(f"    {name}: codes from {middles.min():.1f} to {middles.max():.1f}", end="")
    if name != "a point":  # of a point the second number was never used
        print(f", spreads up to {(logs / 2).exp().max():.2f}", end="")
    print(f"; squared error {missed:.5f}")
assert thirds["a cloud and a pull"].min() > 0.2

# %% [markdown]
# The cloud alone changes little. As feared, the encoder escapes: its codes lie further
# apart than those of the points, and its clouds are nearly as thin as points. The pull
# changes *where* the codes lie: they fill the bell curve, so N(0, 1) reaches every
# place. It has a price: the squared error is many times as large, though still small.
# **Your two functions are all that a variational autoencoder, VAE, adds to a plain
# one.**
#
# Why a weight of 0.01? A tenth of it leaves a smaller error, but fills the line less
# evenly. With ten times as much the pull wins: all codes lie near 0, all spreads near
# 1, and the number says nothing. So the decoder always gives about the mean of all
# hills, and the error is a hundred times as large.
#
# ## Which error?
#
# Back to pictures. The loss asks the network to give back what came in. Nothing comes
# back exactly, and the loss decides which mistakes are cheap. Suppose the latent does
# not say exactly where the animal stands: in two cases out of three it is here, in one
# case out of three it is four pixels to the right. What is the best single answer?
#
# For squared errors (L2) it is the **mean**, for absolute errors (L1) the **median**.

# %%
here = pictures[2:5]
right = F.pad(here, (4, 0, 0, 0), mode="replicate")[..., :64]  # moved by 4 pixels
possible = torch.stack([here, here, right])
answers = {"mean": possible.mean(0), "median": possible.median(0).values}
show_rows(
    {"here": here, "or right": right} | answers,
    zoom=2,
    alt="Three animals; the same a little to the right; their mean, which shows "
    "everything twice; and their median, which is sharp.",
)
for name, answer in answers.items():
    squared = (possible - answer).square().mean()
    absolute = (possible - answer).abs().mean()
    print(f"{name:6}: squared error {squared:.3f}, absolute error {absolute:.3f}")

# %% [markdown]
# **Squared errors reward a bit of everything.** In doubt that is safest. With two
# possible places it is a double image; with very many it would be a blur. Absolute
# errors decide for one case. The course's autoencoder is trained with both: squared
# errors have the largest gradient while everything is far off, and absolute errors
# decide in the end.
#
# Does that matter in practice? Less than one might think. After 1,000 iterations
# squared errors *alone* had the best PSNR, but grainier flat areas (lesson 11).
#
# Neither error sees as we do: both add up single pixels. So there is a third term, a
# *perceptual loss*. It compares the *features* of both pictures: what the first layers
# of a network compute. Here they are those of notebook 09's image encoder, which tell
# edges and textures apart. In our measurement this term changed nothing (lesson 11). We
# keep it because Stable Diffusion's autoencoder has one (Rombach et al. 2022, section
# 3.1). Next, pictures are spoiled in four ways, all with **the same** absolute error.
# How far off are they to the features?

# %%
from torchvision.transforms.v2.functional import gaussian_blur

from course_lib.networks.contrastive import Matcher

features = Matcher.from_pretrained("pair").model.image_encoder.features
real = pictures[2:5]
blurred = gaussian_blur(real, [5, 5], [1.0, 1.0])
off = (blurred - real).abs().mean()  # the absolute error of blur: all get the same
grain = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
spoiled = {
    "blurred": blurred,
    "brighter": real + off,
    "paler": real * (1 - off / real.abs().mean()),
    "grainy": real + grain * off / grain.abs().mean(),
}
show_rows(
    {"real": real} | spoiled,
    zoom=2,
    alt="Three animals; blurred; brighter; paler; and grainy. All but the blurred ones "
    "are still sharp.",
)


def seem_apart(some, others):
    """How different two batches of pictures are to the features, a number."""
    with torch.no_grad():
        pairs = zip(features(some), features(others), strict=True)
        return sum((a - b).abs().mean() for a, b in pairs).item()


blur = seem_apart(blurred, real)
for name, some in spoiled.items():
    absolute, times = (some - real).abs().mean(), seem_apart(some, real) / blur
    print(f"{name:8}: absolute error {absolute:.2f}, features {times:.1f} x blur")

# %% [markdown]
# To the features, blur is clearly the worst. Grain, brightness and pallor lie close
# together. Perhaps grain looks as bad as blur to you; the features do not see quite as
# we do.
#
# ## Train one
#
# Now train a small one with all of this, on pictures of 32 x 32. The loss adds up
#
# `2 * squared + absolute + 0.00001 * divergence + 0.3 * features`,
#
# the divergence per number of the latent. The encoder folds 2 x 2 pixels into one place
# and has a convolution with stride 2 (notebook 04 had both). Each halves the side: here
# 32 → 16 → 8, in the large one 64 → 32 → 16. The decoder does the reverse. `widths` are
# the channels at the two smaller sizes. Watch what comes back while it learns, and the
# loss on a fixed batch.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.figures.plots import show_rows
from course_lib.figures.watching import watch
from course_lib.networks.autoencoder import (
    Autoencoder,
    make_autoencoder_loss,
    with_cloud_noise,
)
from course_lib.networks.contrastive import Matcher
from course_lib.world.datasets import batches, load_critters

torch.manual_seed(0)
small_coder = Autoencoder(widths=(32, 64))
get_batch = with_cloud_noise(batches(load_critters("train"), 16), small_coder, seed=0)
seen_by = Matcher.from_pretrained("pair").model.image_encoder.features
loss_fn = make_autoencoder_loss(features=seen_by)
optimizer = torch.optim.AdamW(small_coder.parameters(), lr=2e-3)
fixed = get_batch(10**6)  # a batch that the loop never reaches
iterations = scaled(smoke=50, laptop=600, gpu=3000)


def training():
    """Train, and hand out each iteration's number and the loss on the fixed batch."""
    for iteration in range(1, iterations + 1):
        loss = loss_fn(small_coder, get_batch(iteration))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(small_coder.parameters(), max_norm=1.0)
        optimizer.step()
        optimizer.zero_grad()
        with torch.no_grad():
            yield iteration, loss_fn(small_coder, fixed).item()


def there_and_back():
    """Three pictures, and what comes back of them now."""
    with torch.no_grad():
        now = small_coder.decode(small_coder.encode(fixed["x_0"][:3])[0])
    show_rows(
        {"given": fixed["x_0"][:3], "came back": now.clamp(-1, 1)},
        alt="Three pictures of 32 by 32, and what the small autoencoder gives back.",
    )


fixed_losses = []
for _iteration, loss in watch(training(), total=iterations, picture=there_and_back):
    fixed_losses.append(loss)
first_20, last_20 = sum(fixed_losses[:20]) / 20, sum(fixed_losses[-20:]) / 20
print(f"loss on the fixed batch: first 20 {first_20:.2f}, last 20 {last_20:.2f}")

# %% [markdown]
# In that time it learns shapes and most colours, but no fine lines. The one that ships
# with the course was trained for longer, on pictures of 64 x 64. (In the solved
# notebook this cell ran for a few seconds only, so fog came back.)
#
# ## Can it invent?
#
# In the small world random numbers became hills. So draw 1,024 numbers from N(0, 1) and
# decode them! Perhaps they should have the mean and spread of each channel
# ("rescaled"). Or take the numbers of a *real* latent and only **shuffle the places**:
# then every single number is certainly a good one. The reader, the network that judges
# pictures in this course, says which animal it sees, or none.

# %%
from course_lib.figures.prediction import prediction

guess_animals = prediction(
    "64 shuffled latents are decoded. In how many will the reader name an animal?",
    (0, 64),
)

# %%
from course_lib.networks.judge import load_judge

generator = torch.Generator().manual_seed(0)
chance = torch.randn(64, 4, 16, 16, generator=generator)
std, mean = mu.std((0, 2, 3)), mu.mean((0, 2, 3))  # (4,) each
order = torch.randperm(256, generator=generator)
invented = {
    "N(0, 1)": chance,
    "rescaled": mean[:, None, None] + std[:, None, None] * chance,
    "shuffled": mu.flatten(2)[:, :, order].reshape(mu.shape),
    "real": mu,
}
with torch.no_grad():
    decoded = {name: coder.decode(z).clamp(-1, 1) for name, z in invented.items()}
show_rows(
    {name: some[3:5] for name, some in decoded.items()},
    zoom=2,
    alt="What random latents decode to: torn colours for N(0, 1), whose spread is "
    "larger than that of these latents; confetti with the right spread, and even with "
    "the real numbers in another order. Only real latents give animals.",
)
reader = load_judge("reader-64")
for name, some in decoded.items():
    animals = (reader.read(some)["subject"] != 0).sum().item()
    print(f"{name}: the reader names an animal in {animals} of 64")
    if name == "shuffled":
        animals_in_shuffled = animals
guess_animals.compare(animals_in_shuffled)
clouds = (logvar / 2).exp().mean()
print(f"the spread of mu is {std.mean():.2f}, that of a cloud {clouds:.3f}")

# %% [markdown]
# Confetti, in blotches as large as the patch that one number describes. Each single
# number of the shuffled row is a good one, so something else is missing: the numbers of
# a picture must **fit together**, sky beside sky, an ear above a head. No number knows
# the animal.
#
# *So what were my two functions for?* They make the hills a VAE. In this network they
# hardly matter: the pull has a weight of only 0.00001 for each number, and the clouds
# ended far thinner than the spread of mu. A small one trained without them gives
# pictures back as well (lesson 11). We keep them because Stable Diffusion has them,
# also with "a slight KL-penalty" (Rombach et al. 2022, section 3.1).
#
# *So is a picture maker just an autoencoder?* No. This one was trained to give back
# pictures, and from random numbers it makes confetti. A stronger pull would
# bring the codes nearer to N(0, 1), and in the end all pictures nearer to their mean,
# as with the hills: a VAE has to choose a compromise. Diffusion needs no such
# compromise. It makes latents whose numbers fit together, by what you have built
# up to notebook 10: noise, a denoiser, steps. That is notebook 12, and it is what
# Stable Diffusion does.
#
# ## Half way between two
#
# *What lies half way between two compressed pictures? And half way between the two
# pictures themselves?* With hills the answer was clear. And with critters? Drag from A
# to B, and let the reader look at 32 pairs. It names one animal, or says that there is
# none.

# %%
from course_lib.figures.prediction import prediction

guess_half_way = prediction(
    "Half way in latents: for how many of 32 pairs will the reader name one animal?",
    (0, 32),
)

# %%
from course_lib.figures.widgets import frame_slider
from course_lib.networks.judge import load_judge

with torch.no_grad():
    half_z = coder.decode((mu[:32] + mu[32:]) / 2).clamp(-1, 1)
    way = torch.stack([torch.lerp(mu[3], mu[4], k / 4) for k in range(5)])
    frames = coder.decode(way).clamp(-1, 1)  # (5, 3, 64, 64)
half_x = (pictures[:32] + pictures[32:]) / 2
pair = torch.stack([pictures[3], (pictures[3] + pictures[4]) / 2, pictures[4]])
show_rows(
    {"in pixels": pair, "in latents": frames[[0, 2, 4]]},
    titles=["A", "half way", "B"],
    zoom=2,
    alt="From one animal to another, in pixels and in latents. Half way both animals "
    "shine through each other in either row.",
)
frame_slider(
    frames,
    [f"{k / 4:.0%} of B" for k in range(5)],
    alt="From the latent of one animal to that of another in five steps",
    zoom=3,
)
reader = load_judge("reader-64")
for name, half in {"pixels": half_x, "latents": half_z}.items():
    contrast = half.std((2, 3)).mean() / pictures.std((2, 3)).mean()
    animals = (reader.read(half)["subject"] != 0).sum().item()
    print(f"half way in {name}: one animal named in {animals} of 32, ", end="")
    print(f"contrast {contrast:.1f} (real pictures 1)")
guess_half_way.compare(animals)  # in latents, the last of the two

# %% [markdown]
# **Half way in latents is also a double exposure**, and a softer one. The decoder has
# never met such latents. Then why did it work with hills? There the single number said
# *where*. Here each number says *what is in my patch*, and half way between an ear and
# a piece of sky there is nothing. Notebook 12 tries a third way.
#
# Drag again. The whole picture fades from A to B, large areas and small things alike;
# nothing moves from one place to another.
#
# ## What it never met
#
# The encoder has learned from critters only, its decoder later also from critters that
# were turned and recoloured. Here are five other things, drawn with the shapes of
# notebook 01: a smiley, a letter, stripes of one pixel, pure noise, and a critter
# upside down.

# %%
from course_lib.networks.autoencoder import psnr
from course_lib.world.shapes import (
    box,
    circle,
    coverage,
    intersection,
    pixel_grid,
    stroke,
)

x, y = pixel_grid(64)


def paint(canvas, distance, colour):
    """Put a shape on a picture (3, 64, 64), in red, green and blue from -1 to 1."""
    covered = coverage(distance, 1 / 64)  # (1, 64, 64)
    return canvas * (1 - covered) + torch.tensor(colour)[:, None, None] * covered


white = torch.ones(3, 64, 64)
smiley = paint(white, circle((x, y), (0.5, 0.5), 0.4), (1.0, 0.7, -0.6))
for eye in (0.36, 0.64):
    smiley = paint(smiley, circle((x, y), (eye, 0.6), 0.05), (-0.6, -0.8, -0.9))
mouth = stroke(circle((x, y), (0.5, 0.5), 0.24), 0.025)
smiley = paint(smiley, intersection(mouth, y - 0.42), (-0.6, -0.8, -0.9))
letter = white
for at, sides in [((0.5, 0.75), (0.25, 0.07)), ((0.5, 0.47), (0.07, 0.3))]:
    shape = box((x - at[0], y - at[1]), (0.0, 0.0), sides)
    letter = paint(letter, shape, (-0.8, -0.4, 0.4))
stripes = torch.ones(3, 64, 64)
stripes[:, :, ::2] = -1.0
noise = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
strange = {
    "a smiley": smiley,
    "a letter": letter,
    "stripes": stripes,
    "noise": noise,
    "upside down": pictures[0].flip(1),
    "a critter": pictures[0],
}
given = torch.stack(list(strange.values()))
with torch.no_grad():
    returned = coder.decode(coder.encode(given)[0]).clamp(-1, 1)
show_rows(
    {"given": given, "came back": returned},
    titles=list(strange),
    alt="A smiley, a letter, stripes, noise, a critter upside down and a critter, and "
    "what came back of each: noise and stripes do not come back, the smiley does.",
)
for name, quality in zip(strange, psnr(given, returned).tolist(), strict=True):
    print(f"{name}: {quality:.0f} dB")

# %% [markdown]
# It has never seen a smiley, and gives one back: edges are nearly the same everywhere.
# The upside-down critter loses several dB, although the decoder practised on turned
# ones: the encoder, which chooses what to write down, never met one. Noise does not
# come back: 12,288 independent numbers do not fit into 1,024, with any network. And the
# stripes? One sentence describes them, but no critter has any, so this network has no
# code for them. **A network can compress only what it has learned to predict.**
#
# ## Three questions
#
# 1. In training the decoder sees a random point of each cloud. You want your own
#    picture back as well as possible. What do you decode?
#
# <details><summary>Answer</summary>
#
# `mu`, the middle of the cloud. A random point is hardly ever better: the decoder was
# trained to turn every point of the cloud into the same picture. (With the shipped
# autoencoder you would hardly see a difference, because its clouds are tiny.)
#
# </details>
#
# 2. Someone takes the *mean* over a latent in `kl_divergence` instead of the sum, and
#    keeps the weight. What happens?
#
# <details><summary>Answer</summary>
#
# A latent has 1,024 numbers here, so the pull is 1,024 times weaker. With a weight that
# was tuned for the sum, hardly any pull is left. The library does divide, and says so:
# its `kl_weight` is per number of the latent. When you copy a weight from a paper,
# check what it multiplies.
#
# </details>
#
# 3. Why not compress harder, to 8 x 8 x 4 numbers, 48 times fewer?
#
# <details><summary>Answer</summary>
#
# The decoder must guess what is left out, and what it cannot guess comes back blurred:
# eyes and stars first. How small a latent may be depends on how predictable the
# pictures are. Stable Diffusion keeps one place, also with four numbers, for each 8 x 8
# pixels of a photo: 48 times fewer. Small writing and distant faces suffer most.
#
# </details>
