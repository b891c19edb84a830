# %% [markdown]
# # 11 · The autoencoder
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/11_autoencoder.ipynb)
#
# *About 45 minutes. You need notebooks 04 and 09.*
#
# When you are through you can
#
# - say what is in the few numbers that a picture is squeezed to, and look at them,
# - write what makes an autoencoder *variational*: a cloud instead of a point, and a
#   gentle pull,
# - say why pictures come back blurred, and what helps,
# - say what lies half way between two compressed pictures, and why an autoencoder alone
#   cannot make new ones.

# %% [markdown]
# ## See it
#
# Six critters of 64 x 64 pixels that no training has seen. A network squeezes each to
# a small block of numbers, the **latent**; a second network makes a picture of the
# block again. Which row is which?

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
)  # (64, 3, 64, 64) in [-1, 1]; 0 to 49,999 were for learning
with torch.no_grad():
    mu, logvar = coder.encode(pictures)  # both (64, 4, 16, 16); logvar comes later
    back = coder.decode(mu).clamp(-1, 1)  # (64, 3, 64, 64)
show_rows(
    {"one": pictures[:6], "other": back[:6]},
    alt="Two rows of six animals that look nearly alike: the pictures, and what came "
    "back from their latents.",
)
before, after = pictures[0].numel(), mu[0].numel()
print(f"{before} numbers become {after}: {before // after} times fewer")
print(f"on average they come back with {psnr(pictures, back).mean():.0f} dB")

# %% [markdown]
# The lower row came back: look at the pink in the ears, at stars, at thin lines. How
# good is that? People give the mean squared error on a scale of decibels, as *peak
# signal-to-noise ratio*, PSNR: 20 means that pixels are off by a tenth of the whole
# range (the root of the mean square), 40 by a hundredth.
#
# ## What are the numbers?
#
# 1,024 numbers, on a grid of 16 x 16, four at each place. Four channels, so four small
# grey pictures: dark is less than usual in this channel, bright is more.

# %%


def as_grey(channel):
    """(B, 16, 16) numbers as grey pictures (B, 3, 64, 64)."""
    grey = (channel - channel.mean()) / (2 * channel.std())
    large = grey.repeat_interleave(4, 1).repeat_interleave(4, 2)
    return large.clamp(-1, 1)[:, None].expand(-1, 3, -1, -1)


rows = {f"channel {c}": as_grey(mu[:, c])[:6] for c in range(4)}
print("64 latents:", tuple(mu.shape))
show_rows(
    {"pictures": pictures[:6]} | rows,
    alt="Six animals, and below each its four latent channels as grey pictures of 16 "
    "by 16: the animals can still be made out in all of them.",
)

# %% [markdown]
# The animals are still there, small, in four strange greys, clearest in the first two.
# Nobody has asked for that: the network was only told to give back what it got. But
# convolutions look at what is near, so what they write down about a place, they write
# at that place.
#
# Are the four numbers perhaps a kind of colour? Let us ask for the *simplest possible*
# translation: red = a sum of the four, each times a fixed number, plus a constant; the
# same for green and blue. Twelve factors and three constants for all pictures together,
# found by least squares.

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
    alt="Eight animals averaged to pictures of 16 by 16, and much the same, computed "
    "from their latents.",
    zoom=5,
)
missed = (guess - small).square().mean() / small.var()
print("of all differences in colour explained: over 85 %:", bool(missed < 0.15))

# %% [markdown]
# So the latent holds a small picture, in colours of its own. (Programs that show you a
# picture while it is still being made use this trick: fifteen numbers instead of a
# decoder.) But a small picture is not all, or nothing sharp could come back. Turn up
# **one** number in the middle, in each channel once, and see what changes:

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
seen["difference"] = difference
show_rows(
    {name: some[:, :, 22:46, 22:46] for name, some in seen.items()},  # around the place
    titles=[f"channel {c}" for c in range(4)],
    alt="A frog's cheek and eye, enlarged, with one latent number turned up, in four "
    "versions: each time a small patch changes, each time in another way.",
    zoom=6,
)
touched = (difference.abs().amax(1) > 0.1).flatten(1).sum(1)  # (4,) pixels
print("of 4096 pixels, fewer than 150 change by over 0.1:", bool((touched < 150).all()))

# %% [markdown]
# You see 24 x 24 pixels around the place. One number visibly changes some hundred
# pixels: its own 4 x 4, and some of its neighbours'; faint traces reach further. And it
# says of them not only "redder" but "an edge from here to there": look at channel 3,
# where the rim of the eye gets another line. Keep this in mind: *each number knows
# its own patch, and no number knows the animal*.
#
# ## A smaller world: one hill
#
# To build one ourselves, we take pictures that need only **one** number: 32 pixels in a
# line, and on it one hill. A picture is 32 numbers, but whoever knows where the hill
# stands knows everything.
#
# The **encoder** makes numbers of a picture, the **decoder** makes a picture of a
# number. They are trained together to give back what came in. (The encoder says *two*
# numbers already; what the second is for comes below.)

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
    decoder = nn.Sequential(nn.Linear(1, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(),
                            nn.Linear(64, 32))  # fmt: skip
    both = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW(both, lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(iterations):
        x_0 = hills(4 + 23 * torch.rand(64, generator=generator))  # (64, 32)
        mu, logvar = encoder(x_0).chunk(2, dim=1)  # (64, 1) each
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
print("it never turns back:", bool((steps > 0).all() or (steps < 0).all()))
plot_curves(
    where,
    {"z": z[:, 0]},
    xlabel="where the hill stands",
    ylabel="the one number",
    alt="The further right the hill, the smaller or larger the one number: a curve "
    "that never turns back.",
)

# %% [markdown]
# Nobody said "write down the place". It is simply all there is to say.
#
# *What lies half way between two pictures, and half way between two numbers?*

# %%
with torch.no_grad():
    first, second = hills(torch.tensor([8.0, 20.0]))  # two pictures, (32,) each
    z_first, z_second = encoder(torch.stack([first, second]))[:, :1]
    between = decoder((z_first + z_second) / 2)
plot_curves(
    places,
    {
        "a picture": first,
        "half way in z": between,
        "half way in pixels": (first + second) / 2,
        "another": second,
    },
    xlabel="pixel",
    ylabel="height",
    alt="Two hills. Half way in pixels are two hills of half the height; half way in z "
    "is one whole hill, somewhere in between.",
)
top = between.argmax().item()
print("half way in z is one hill, between the two:", 8 < top < 20)
print("its height is that of a hill:", bool(between.max() > 0.8))

# %% [markdown]
# Pixels give a double exposure, z gives *another hill*. That is the promise of
# compression: what lies between two codes should be a picture too.
#
# ## Why a cloud?
#
# We would like to invent: draw a number from N(0, 1), decode it, get a picture. In this
# tiny world that works already: any number becomes some hill. But *which* hills? Look
# at the curve above: the codes lie wherever the training left them, and N(0, 1) hits
# some places all the time and others never. We want to know where the codes lie, and
# that all of them are hit. So two things are added. The first:
#
# **A cloud for a point.** The encoder says where the code is, `mu`, and how exactly, as
# a spread. In training the decoder gets a random point of this cloud:
#
# $$z = \mu + \sigma\,\epsilon, \qquad \epsilon \sim N(0, 1).$$
#
# So it must make good pictures of everything *near* mu as well. A spread may not be
# negative, so the encoder says the logarithm of its square, which may be anything:
# `logvar` $= \log\sigma^2$.
#
# **Your turn.** Give back a point of each cloud. (`x.exp()` undoes the logarithm; and
# what is half of $\log\sigma^2$?)


# %%
def my_sample(mu, logvar, eps):
    """A point of each cloud, shaped as mu."""
    ### BEGIN SOLUTION
    std = (logvar / 2).exp()
    return mu + std * eps
    ### END SOLUTION


# %%
from course_lib.checks.nb11_autoencoder import check_sample

my_sample = check_sample(my_sample)

middle = torch.zeros(1, requires_grad=True)
drawn_for_us = torch.normal(middle, torch.ones(1))  # draws the point itself
(gradient,) = torch.autograd.grad(drawn_for_us.sum(), middle)
print("gradient through torch.normal:    ", gradient.item())
point = my_sample(middle, torch.zeros(1), torch.ones(1))  # if not ok: the library's
(gradient,) = torch.autograd.grad(point.sum(), middle)
print("gradient with eps from outside:   ", gradient.item())

# %% [markdown]
# Why so roundabout, and not just *draw* from the bell curve? Because of the learning.
# Through a draw no gradient flows: the encoder would never hear what it should do
# better. In the formula chance comes from outside, as `eps`, and mu and the spread are
# plain arithmetic. This is called the **reparameterisation trick**.
#
# ## Why a pull?
#
# An encoder that suffers from random points has a way out: put the clouds far apart, or
# make them tiny. Then nothing is won. So the second thing: **a gentle pull** that wants
# every cloud to be N(0, 1), the bell curve around 0. How far a cloud is from it is said
# by the *Kullback-Leibler divergence*:
#
# $$D = \sum \tfrac12\left(\mu^2 + \sigma^2 - 1 - \log\sigma^2\right)$$
#
# It is 0 if $\mu = 0$ and $\sigma = 1$, and grows whichever way one goes. For
# independent numbers the divergences add up, hence the sum over the latent.
#
# *But if the pull won, all clouds would be the same, and z would say nothing about the
# picture!* Quite so, and that is why it must be gentle. Two wishes pull at each cloud:
# giving back wants clouds that can be told apart, the bell curve wants them all alike.
# What comes out is a bargain: clouds side by side that fill the bell curve together.
#
# **Your turn.** One number a picture, (B,), whatever the shape of a latent is.
# (`x.flatten(1)` makes a row of each picture's numbers.)


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

my_kl_divergence = check_kl_divergence(my_kl_divergence)

zero = torch.zeros(1, 1)
for m, s in [(0.0, 1.0), (1.0, 1.0), (3.0, 1.0), (0.0, 0.1), (0.0, 3.0)]:
    apart = my_kl_divergence(zero + m, zero + 2 * torch.tensor(s).log())
    print(f"mu {m:3.1f}, spread {s:3.1f}: {apart.item():.2f}")
show_source(sample)
show_source(kl_divergence)
eps = torch.randn(mu.shape, generator=torch.Generator().manual_seed(0))
same = torch.allclose(my_sample(mu, logvar, eps), sample(mu, logvar, eps), atol=1e-4)
same &= torch.allclose(
    my_kl_divergence(mu, logvar), kl_divergence(mu, logvar), rtol=1e-4
)
print("what goes on is as in the library:", same)

# %% [markdown]
# Both in the small world. Three autoencoders: a point; a cloud; a cloud and a pull.
# Then the test: draw 2,000 numbers from N(0, 1), decode each, and look where the hills
# stand. Everywhere alike would be best.

# %%
from course_lib.figures.plots import plot_histograms

kinds = {
    "a point": (encoder, decoder),  # from above
    "a cloud": learn(my_sample),
    "a cloud and a pull": learn(my_sample, my_kl_divergence),
}
chance = torch.randn(2000, 1, generator=torch.Generator().manual_seed(1))
stands, thirds = {}, {}
for name, (_, tiny_decoder) in kinds.items():
    with torch.no_grad():
        stands[name] = tiny_decoder(chance).argmax(1).float()  # (2000,) pixels
    thirds[name] = torch.histc(stands[name], 3, 4, 27) / 2000  # left, middle, right
plot_histograms(
    stands,
    alt="Where the hills of random numbers stand. For a point and for a cloud they "
    "crowd in one place, with the pull they stand everywhere.",
    bins=24,
    xlabel="where the hill stands",
)
for name, shares in thirds.items():
    least = "less" if shares.min() < 0.15 else "more"
    print(f"{name}: the emptiest third of the line gets {least} than 15 %")
missed = {}
for name in ("a cloud", "a cloud and a pull"):
    tiny_encoder, tiny_decoder = kinds[name]
    with torch.no_grad():
        middles, logs = tiny_encoder(hills(where)).chunk(2, dim=1)  # (24, 1) each
        missed[name] = (tiny_decoder(middles) - hills(where)).square().mean()
    far = "further" if middles.abs().max() > 3 else "less far"
    thin = "below" if (logs / 2).exp().max() < 0.05 else "above"
    print(f"{name}: codes reach {far} than 3 from 0, widest spread {thin} 0.05")
dearer = missed["a cloud and a pull"] > 4 * missed["a cloud"]
print("with the pull the hills come back worse, over 4 times:", bool(dearer))
assert thirds["a cloud and a pull"].min() > 0.2

# %% [markdown]
# The cloud alone changes little: the encoder escapes, as feared, with codes far apart
# and clouds as thin as points. What the pull changes is *where*: its codes fill the
# bell curve, so N(0, 1) reaches every place. It has its price: the squared error is
# over four times as large, though still small. This is a *variational autoencoder*, VAE
# (Kingma and Welling, 2014): **your two functions are all that it adds.**
#
# ## Which error?
#
# Back to pictures. "Give back what came in", says the loss: but nothing comes back
# exactly, and *which* mistakes it forgives decides what we see. Suppose the latent does
# not say quite where the picture stands: in two cases of three here, in one case of
# three four pixels to the right. What is the best answer, if you have only one?
#
# For squared errors (L2) it is the **mean**, for absolute errors (L1) the **median**.

# %%
here = pictures[:6]
right = F.pad(here, (4, 0, 0, 0), mode="replicate")[..., :64]  # moved by 4 pixels
possible = torch.stack([here, here, right])
answers = {"mean": possible.mean(0), "median": possible.median(0).values}
show_rows(
    {"here": here, "or right": right} | answers,
    alt="Six animals; the same a little to the right; their mean, in which everything "
    "is seen twice; and their median, which is sharp.",
)
for name, answer in answers.items():
    squared = (possible - answer).square().mean()
    absolute = (possible - answer).abs().mean()
    print(f"{name:6}: squared error {squared:.3f}, absolute error {absolute:.3f}")

# %% [markdown]
# **Squared errors reward blur.** Where one is not sure, a bit of everything is
# safest. Absolute errors rather decide for one. The course's autoencoder had both:
# squared ones pull hardest while everything is still far off, absolute ones decide.
#
# Neither sees as we do: both add up pixels. So one more term compares what a
# *network* sees in both pictures: the first layers of the image tower of notebook 09,
# where edges and textures are told apart. (Not the reader's: it judges, and who judges
# must not have taught.) Below, four ways to spoil pictures, all with **the same**
# absolute error; then once more the two answers from above. At the end of the cell
# stands the whole loss, with `kl_divergence` in it; `sample` is inside `model`. (The
# features look at a part of the batch only, that is dear.)

# %%
from torchvision.transforms.v2.functional import gaussian_blur

from course_lib.networks.autoencoder import make_autoencoder_loss
from course_lib.networks.contrastive import Matcher

features = Matcher.from_pretrained("pair").model.image_encoder.features
real = pictures[:6]
blurred = gaussian_blur(real, [5, 5], [1.0, 1.0])
off = (blurred - real).abs().mean()  # as far off shall all of them be
grain = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
spoiled = {
    "blurred": blurred,
    "brighter": real + off,
    "paler": real * (1 - off / real.abs().mean()),
    "grainy": real + grain * off / grain.abs().mean(),
}
show_rows(
    {"real": real} | spoiled,
    alt="Six animals; blurred; brighter; paler; and grainy. All but the blurred ones "
    "are still sharp.",
)


def seem_apart(some, others):
    """How different two batches of pictures are to the features, a number."""
    with torch.no_grad():
        pairs = zip(features(some), features(others), strict=True)
        return sum((a - b).abs().mean() for a, b in pairs).item()


blur = seem_apart(blurred, real)
for name, some in spoiled.items():
    absolute, squared = (some - real).abs().mean(), (some - real).square().mean()
    times = seem_apart(some, real) / blur
    print(f"{name:8}: absolute error {absolute:.2f}, squared {squared:.3f}, ", end="")
    print(f"features {times:.1f} x blur")
doubt = {
    name: sum(seem_apart(answer, one) for one in possible)
    for name, answer in answers.items()
}
times = doubt["mean"] / doubt["median"]
print(f"in doubt, to the features: the mean is {times:.1f} x as far off as the median")
show_source(make_autoencoder_loss)

# %% [markdown]
# To absolute errors all four are alike. To the features, blur is the worst by far, as
# it is to your eyes. To squared errors too, here: blur is far off in few pixels, at the
# edges, and squares count those most. But in doubt, squared errors choose the blurred
# mean all the same, as you saw; the features do not.
#
# ## Train one
#
# A small one, on pictures of 32 x 32, with this loss. As in notebook 05 we look at a
# fixed batch with fixed `eps`. On a laptop this takes a minute or two.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.networks.autoencoder import Autoencoder, with_cloud_noise
from course_lib.world.datasets import batches, load_critters

torch.manual_seed(0)
small_coder = Autoencoder(widths=(32, 64))
get_batch = with_cloud_noise(batches(load_critters("train"), 16), small_coder, seed=0)
loss_fn = make_autoencoder_loss(features=features)
optimizer = torch.optim.AdamW(small_coder.parameters(), lr=2e-3)
fixed = get_batch(10**6)  # a batch that the loop never reaches
fixed_losses = []
for iteration in range(scaled(smoke=50, laptop=600, gpu=3000)):
    loss = loss_fn(small_coder, get_batch(iteration))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(small_coder.parameters(), max_norm=1.0)
    optimizer.step()
    optimizer.zero_grad()
    with torch.no_grad():
        fixed_losses.append(loss_fn(small_coder, fixed).item())
first_20, last_20 = sum(fixed_losses[:20]) / 20, sum(fixed_losses[-20:]) / 20
print(f"loss on the fixed batch: first 20 {first_20:.2f}, last 20 {last_20:.2f}")
with torch.no_grad():
    again = small_coder.decode(small_coder.encode(fixed["x_0"][:6])[0]).clamp(-1, 1)
show_rows(
    {"given": fixed["x_0"][:6], "came back": again},
    alt="Six pictures of 32 by 32, and what the small autoencoder gives back of them.",
)
assert last_20 < first_20

# %% [markdown]
# In that time it learns shapes and most colours, and no fine lines; the shipped one had
# longer, and pictures of 64 x 64. (In the book this cell ran for seconds only, so what
# came back there is fog.)
#
# ## Can it invent?
#
# In the small world any number became a hill. So let us draw 1,024 numbers from N(0, 1)
# and decode them! Perhaps they should have each channel's own mean and std. Or we take
# the numbers of a *real* latent, and only **shuffle the places**: then every number is
# a good one for certain.

# %%
generator = torch.Generator().manual_seed(0)
chance = torch.randn(6, 4, 16, 16, generator=generator)
std, mean = mu.std((0, 2, 3)), mu.mean((0, 2, 3))  # (4,) each
order = torch.randperm(256, generator=generator)
shuffled = mu[:6].flatten(2)[:, :, order].reshape(6, 4, 16, 16)
invented = {
    "N(0, 1)": chance,
    "rescaled": mean[:, None, None] + std[:, None, None] * chance,
    "shuffled": shuffled,
    "real": mu[:6],
}
with torch.no_grad():
    decoded = {name: coder.decode(z).clamp(-1, 1) for name, z in invented.items()}
show_rows(
    decoded,
    alt="What random latents decode to: torn colours, for N(0, 1) is louder than these "
    "latents. With the right std, and even with the real numbers in another order, "
    "confetti. Only real latents give animals.",
)


def alike(z):
    """How alike neighbours on the grid are: 1 the same, 0 nothing in common."""
    z = z - z.mean((2, 3), keepdim=True)
    return ((z[..., :-1] * z[..., 1:]).mean() / z.square().mean()).item()


for name, z in invented.items():
    print(f"{name}: neighbours are alike: {alike(z) > 0.3}")
clouds = (logvar / 2).exp().mean()
print("the clouds are small beside the std of mu:", bool(clouds < 0.1 * std.mean()))

# %% [markdown]
# Confetti, in blotches of the size that one number speaks for. Two things are missing.
# The pull here is very weak (its weight is 0.00001), because a strong one blurs: the
# clouds are tiny, and the numbers do not follow N(0, 1). But the shuffled row shows
# that this is not the point. A picture is not made by good numbers, but by numbers that
# **fit together**: sky beside sky, an ear above a head. No number knows the animal.
#
# *So is a picture maker just an autoencoder?* No. An autoencoder gives back what it is
# given; asked for something new, it has nothing to say. Whoever makes latents that fit
# together needs what you have built up to notebook 10: noise, a denoiser, steps. That
# is notebook 12, and it is what Stable Diffusion is.
#
# ## Half way between two
#
# *What lies half way between two compressed pictures? And half way between the two
# pictures themselves?* With hills the answer was clear. And with critters?

# %%
from course_lib.networks.judge import load_judge

shares = torch.linspace(0, 1, 5)
start, end = 3, 4
with torch.no_grad():
    line = torch.stack([torch.lerp(mu[start], mu[end], share) for share in shares])
    in_latents = coder.decode(line).clamp(-1, 1)
in_pixels = torch.stack(
    [torch.lerp(pictures[start], pictures[end], share) for share in shares]
)
show_rows(
    {"in pixels": in_pixels, "in latents": in_latents},
    titles=[f"{share:.2f}" for share in shares],
    alt="From one animal to another, in pixels and in latents. Half way both animals "
    "shine through each other in either row.",
)
with torch.no_grad():
    half_z = coder.decode((mu[:32] + mu[32:]) / 2).clamp(-1, 1)
half_x = (pictures[:32] + pictures[32:]) / 2
reader = load_judge("reader-32")
for name, half in {"pixels": half_x, "latents": half_z}.items():
    contrast = half.std((2, 3)).mean() / pictures.std((2, 3)).mean()
    no_animal = (reader.read(half)["subject"] == 0).sum().item()
    print(
        f"half way in {name}: contrast {contrast:.1f} (real pictures 1);",
        end=" ",
    )
    print("most are no animal to the reader:", no_animal > 16)

# %% [markdown]
# Honestly: **half way in latents is a double exposure too.** It is not even nicer: the
# decoder has never met such latents, and fills the patches with a woven pattern and odd
# colours. Most are no animal at all. Why then did it work with hills? There the one
# number said *where*. Here each number says *what is in my patch*, and half way between
# an ear and a piece of sky is nothing. Half way between two **noises** (notebook 07)
# there was a third frog, because a whole walk came after it.
#
# ## Play
#
# Drag from A to B. Which things fade, and which jump?

# %%
from course_lib.figures.widgets import frame_slider

steps = [k / 16 for k in range(17)]
with torch.no_grad():
    way = torch.stack([torch.lerp(mu[start], mu[end], share) for share in steps])
    frames = coder.decode(way).clamp(-1, 1)  # (17, 3, 64, 64)
frame_slider(
    frames,
    [f"{share:.0%} of B" for share in steps],
    alt="From the latent of one animal to that of another in 17 steps",
    zoom=4,
)

# %% [markdown]
# Large and quiet things fade: sky, sea, sand. What is small and full of contrast jumps:
# the stars, and the white of the frog's eyes.
#
# ## What it never saw
#
# It has learned from critters only, its decoder also from some that were turned and
# recoloured (the lesson tells why). Here are five other things, drawn with the shapes
# of notebook 01: a smiley, a letter, stripes of one pixel, pure noise, and a critter
# upside down.

# %%
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
for middle, sides in [((0.5, 0.75), (0.25, 0.07)), ((0.5, 0.47), (0.07, 0.3))]:
    shape = box((x - middle[0], y - middle[1]), (0.0, 0.0), sides)
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
    "what came back of each: noise does not come back, the smiley does.",
)
quality = dict(zip(strange, psnr(given, returned).tolist(), strict=True))
print("the critter comes back best:", max(quality, key=quality.get))
print("worst:", sorted(quality, key=quality.get)[:2])
lost = quality["a critter"] - quality["upside down"]
print("the critter loses over 3 dB when it stands on its head:", lost > 3)
assert quality["a smiley"] > quality["noise"] + 5

# %% [markdown]
# It has never seen a smiley, and gives one back: patches are patches, and edges are
# nearly the same everywhere. Nearly: the critter on its head loses several dB, for its
# patches are patches that the network has met less often. What it cannot do is noise:
# 12,288 numbers that have nothing to do with each other do not fit into 1,024, with no
# network in the world. And the stripes? They could be said in one sentence, but no
# critter has them, so this network has no words for them. **Compression lives on what
# is predictable, to the one who learned.**
#
# And photos? If CIFAR-10 can be reached you see some, else critters take their place,
# and a line says so. (Without a network it tries several times first, and says that in
# red: no harm done.)

# %% tags=["nbval-ignore-output"]
from course_lib.world.datasets import load_cifar10_or_critters

photos = load_cifar10_or_critters("test")
x_0 = F.interpolate(photos[torch.arange(6)][0], scale_factor=2.0, mode="bilinear")
with torch.no_grad():
    returned = coder.decode(coder.encode(x_0)[0]).clamp(-1, 1)
show_rows(
    {"given": x_0, "came back": returned},
    alt=f"Six pictures of {photos.name}, enlarged, and what came back.",
)
print(f"{photos.name}: {psnr(x_0, returned).mean():.0f} dB")

# %% [markdown]
# ## Three questions
#
# 1. In training the decoder sees a random point of each cloud. You want your own
#    picture back as well as possible. What do you decode?
#
# <details><summary>Answer</summary>
#
# `mu`, the middle of the cloud. A random point is hardly ever better: the decoder was
# trained to answer all of them with the same picture. Chance belongs in the
# training. (With the shipped one you would hardly see a difference: its clouds are
# tiny.)
#
# </details>
#
# 2. Someone takes the *mean* over a latent in `kl_divergence` instead of the sum, and
#    keeps the weight. What happens?
#
# <details><summary>Answer</summary>
#
# The pull is weaker by the number of latent numbers, here by 1,024. With a weight that
# was tuned for the sum there is hardly a pull left. The library does divide, but says
# so: its `kl_weight` counts per number of the latent. When you copy a weight from a
# paper, look for what it was multiplied with.
#
# </details>
#
# 3. Why not squeeze harder, to 8 x 8 x 4 numbers, 48 times fewer?
#
# <details><summary>Answer</summary>
#
# What is left out must be guessed by the decoder, and what it cannot guess comes back
# blurred: eyes and stars first. How small one can go depends on how predictable the
# pictures are. Stable Diffusion keeps one latent place for 8 x 8 pixels of photos, also
# with four numbers, 48 times fewer, and small writing and faces in the background are
# what it is known to spoil.
#
# </details>
