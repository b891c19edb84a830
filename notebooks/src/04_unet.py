# %% [markdown]
# # 4 · The U-Net
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPO/blob/main/notebooks/04_unet.ipynb)
#
# *45 minutes. Before this: [03 · Learning to denoise](03_denoise.ipynb).*
#
# In notebook 03 a network moved points in the plane. For pictures we need one that
# looks at neighbours. When you are through you can
#
# - slide a small window over a picture by hand, and say what it finds,
# - say how far a network sees, and measure it,
# - say why detail needs a short cut, a *skip*,
# - tell a network what time it is: you write that function, and the block that listens,
# - read the whole U-Net of this course, line by line.

# %% [markdown]
# ## See it
#
# Top row: critters. Middle row: so much noise on them that you can hardly tell one from
# another. Bottom row: what a trained network thinks is behind the noise, after **one**
# look. This notebook takes that network apart.

# %%
import torch
import torch.nn.functional as F
from torch import nn

from course_lib.diffusion.objective import read_output
from course_lib.diffusion.schedule import add_noise
from course_lib.figures.plots import show_rows
from course_lib.networks.unet import count_parameters
from course_lib.painters.pipeline import LabelToImage
from course_lib.pixels import from_bytes
from course_lib.world.drawing import draw_critters

critters = from_bytes(draw_critters(n=16, seed=0, kind="one")[0])  # (16, 3, 32, 32)
generator = torch.Generator().manual_seed(0)
noise = torch.randn(critters.shape, generator=generator)

trained = LabelToImage.from_pretrained("critters")  # trained for you, see notebook 05
schedule = trained.schedule
t = torch.full((16,), 500)
x_t = add_noise(critters, t, noise, schedule)
with torch.no_grad():
    output = trained.model(x_t, t)
x_0_hat, _ = read_output(output, x_t, t, schedule, trained.card["target"])
show_rows(
    {"clean": critters[:8], "x_t": x_t[:8], "its guess": x_0_hat[:8]},
    alt="Eight critters; the same under heavy noise; and the network's guesses: a "
    "little soft, but each animal is there again.",
)
print(f"it has learned {count_parameters(trained.model) / 1e6:.1f} million numbers")
assert (x_0_hat - critters).square().mean() < 0.1 * (x_t - critters).square().mean()

# %% [markdown]
# ## One window
#
# In notebook 01 you saw what makes a picture a picture: neighbours that agree. So we
# look at neighbours. Take nine numbers, a **window** of 3 × 3. Lay it on the picture,
# multiply each number with the pixel under it, add up. That is one number of the
# result. Move on by one pixel. That is all; it is called a **convolution**.

# %%
from course_lib.figures.plots import show_pictures

grey = critters[3].mean(dim=0)  # (32, 32): a green turtle, in shades of grey
windows = {
    "blur": torch.full((3, 3), 1 / 9),
    "edges, left to right": torch.tensor([[-1.0, 0.0, 1.0]] * 3) / 3,
    "edges, top to bottom": torch.tensor([[-1.0, 0.0, 1.0]] * 3).T / 3,
    "sharpen": torch.tensor([[0.0, -1.0, 0.0], [-1.0, 5.0, -1.0], [0.0, -1.0, 0.0]]),
}


def slide(picture, window):
    """Lay the window on every place of a picture (H, W): (H - 2, W - 2)."""
    H, W = picture.shape
    result = torch.zeros(H - 2, W - 2)
    for row in range(H - 2):
        for column in range(W - 2):
            under = picture[row : row + 3, column : column + 3]
            result[row, column] = (under * window).sum()
    return result


results = torch.stack([slide(grey, window) for window in windows.values()])
print("picture", tuple(grey.shape), "-> result", tuple(results[0].shape))
shown = torch.cat([grey[None, 1:-1, 1:-1], results])[:, None].expand(5, 3, 30, 30)
show_pictures(
    shown.clamp(-1, 1),
    titles=["the picture", *windows],
    columns=5,
    zoom=5,
    alt="A turtle in grey, then the same blurred, with its left and right edges, with "
    "its upper and lower edges, and sharpened.",
)

# %% [markdown]
# Grey is 0: where nothing changes, an edge window finds nothing. Nobody has to invent
# such windows. A network starts with random ones and **learns** the nine numbers, just
# as you fitted one number in notebook 03.
#
# ## Many windows
#
# torch slides windows much faster, and many at once. A layer from 3 to 16 **channels**
# has 16 × 3 windows: each of the 16 results is a sum over red, green and blue. With
# `padding=1` a rim of zeros is laid around the picture, so that nothing shrinks.

# %%
by_torch = F.conv2d(grey[None, None], windows["blur"][None, None])[0, 0]
same = torch.allclose(slide(grey, windows["blur"]), by_torch, atol=1e-6)
print("by hand and by torch the same:", same)

torch.manual_seed(0)
layer = nn.Conv2d(3, 16, kernel_size=3, padding=1)
print("in", tuple(critters.shape), "-> out", tuple(layer(critters).shape))
print("numbers to learn:", count_parameters(layer))
print("if every number saw every number:", 3 * 32 * 32 * 16 * 32 * 32)

moved = critters.roll(shifts=5, dims=3)  # five pixels to the right
inside = slice(6, -1)  # away from the rim, where the zeros are
agree = torch.allclose(
    layer(moved)[..., inside], layer(critters).roll(5, dims=3)[..., inside], atol=1e-5
)
print("move the picture and the result moves along:", agree)

# %% [markdown]
# 448 numbers (16 × 3 windows of nine, and one number more a channel) instead of 50
# million, because the same window serves every place: a frog on the left is found by
# the windows that found it on the right.
#
# ## How far does it see?
#
# One window sees 3 × 3 pixels. That is not enough to tell an ear from a wing. So we put
# one layer after the other. How far does one pixel of the last result see? We ask
# torch for the **gradient**: how much would this one number change if I touched that
# pixel of the input? Where the gradient is 0, it sees nothing.

# %%


def seen_by_the_middle(network, x):
    """How strongly the middle pixel of the answer depends on each input pixel."""
    x = x.clone().requires_grad_()
    answer = network(x)
    answer[0, :, answer.shape[2] // 2, answer.shape[3] // 2].sum().backward()
    return x.grad[0].abs().sum(0)  # (H, W)


def conv(stride=1):
    return nn.Conv2d(3, 3, 3, stride=stride, padding=1)


networks = {
    "1 layer": conv(),
    "4 layers": nn.Sequential(conv(), conv(), conv(), conv()),
    "4 layers, halved twice": nn.Sequential(conv(), conv(2), conv(2), conv()),
    "our U-Net": lambda x: trained.model(x, torch.tensor([500])),
}
maps = []
for name, network in networks.items():
    seen = seen_by_the_middle(network, x_t[:1])
    rows_seen = (seen.sum(dim=1) > 0).sum().item()
    print(f"{name}: sees {rows_seen} x {rows_seen} pixels")
    maps.append(
        (seen / seen.max()) ** 0.25 * 2 - 1
    )  # the root makes faint ones visible
show_pictures(
    torch.stack(maps)[:, None].expand(4, 3, 32, 32),
    titles=list(networks),
    columns=4,
    zoom=5,
    alt="Where the middle pixel looks: a square of 3, of 9 and of 17 pixels, and for "
    "the U-Net everywhere, most of all at its neighbours.",
)

# %% [markdown]
# Four layers see 9 × 9. **Halving** the picture on the way (`stride=2`: the window
# takes every second place) makes every later step count double, and it is cheaper too.
# So the network goes *down*: fewer and fewer pixels, more and more channels.
#
# ## What gets lost, and the skip
#
# But the answer must be a picture of full size, so the network goes *up* again. Where
# should the tip of an ear come from, which a picture of 4 × 4 cannot hold? From a
# **skip**: the fine picture from before is handed over to the other side. We train the
# same small network twice, to take away a little noise: once without, once with a skip.

# %% tags=["nbval-ignore-output"]


class Hourglass(nn.Module):
    """From 32x32 down to 4x4 and up again, with a skip or without."""

    def __init__(self, skip):
        super().__init__()
        self.skip = skip
        self.into = nn.Conv2d(3, 16, 3, padding=1)
        self.down = nn.Conv2d(16, 64, 8, stride=8)
        self.up = nn.Conv2d(64, 16, 1)
        self.last = nn.Conv2d(32 if skip else 16, 3, 3, padding=1)

    def forward(self, x):
        fine = F.silu(self.into(x))  # (B, 16, 32, 32)
        coarse = F.silu(self.down(fine))  # (B, 64, 4, 4)
        h = F.interpolate(self.up(coarse), scale_factor=8.0)  # (B, 16, 32, 32)
        if self.skip:
            h = torch.cat([h, fine], dim=1)  # (B, 32, 32, 32)
        return self.last(h)


def train_hourglass(skip, iterations=120):
    """Its guesses for new noise, and their mean squared error."""
    torch.manual_seed(0)
    network, little = Hourglass(skip), torch.full((16,), 200)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(iterations + 1):
        eps = torch.randn(critters.shape)
        a_little_noise = add_noise(critters, little, eps, schedule)
        guess = network(a_little_noise)
        loss = (guess - critters).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return a_little_noise, guess.detach(), loss.item()


given, without_skip, error_without = train_hourglass(skip=False)
given, with_skip, error_with = train_hourglass(skip=True)
print(f"mean squared error without a skip {error_without:.3f}, with {error_with:.3f}")
show_rows(
    {"given": given[:8], "without": without_skip[:8], "with skip": with_skip[:8]},
    alt="Noisy critters; without a skip only blocks of colour are left of them; with "
    "a skip every edge is there.",
)
assert error_with < error_without / 2

# %% [markdown]
# Down for the meaning, across for the detail: drawn on paper, that is a **U**.
#
# ## What time is it?
#
# The same network must handle every noise level, from a little dust to pure noise. It
# could try to guess how noisy its input is. We make it easy and tell it: it gets t. But
# one number between 0 and 1000 is a clumsy thing for a network. Clocks know a better
# way: several **hands** that turn at different speeds. The fast ones tell t = 500 from
# t = 501, the slow ones tell early from late.

# %%
from course_lib.networks.layers import time_embedding
from course_lib.world.shapes import capsule, circle, coverage, pixel_grid


def clocks(t, width=16):
    """One clock for each pair (cos, sin) of the time embedding: (N, 3, 40, 40)."""
    faces, points = [], pixel_grid(40)
    cosines, sines = time_embedding(torch.tensor([t]), width)[0].chunk(2)
    for up, right in zip(cosines, sines, strict=True):
        dial = coverage(circle(points, (0.5, 0.5), 0.47), pixel=1 / 40)
        tip = (0.5 + 0.36 * right.item(), 0.5 + 0.36 * up.item())
        hand = coverage(capsule(points, (0.5, 0.5), tip, 0.04), pixel=1 / 40)
        faces.append(((1 - 0.15 * dial) * (1 - hand) * 2 - 1).expand(3, 40, 40))
    return torch.stack(faces)


turns = [2 * torch.pi * 10_000 ** (i / 8) for i in range(8)]  # steps for one turn
show_rows(
    {f"t = {t}": clocks(t) for t in (0, 1, 2, 10, 100, 1000)},
    titles=[f"a turn in {turn:,.0f} steps" for turn in turns],
    zoom=2,
    alt="Eight clocks at six times. The left ones turn fast, the right ones hardly.",
)

# %% [markdown]
# ## Your turn: tell the time
#
# Each hand is a pair: how far it points up (cosine of its angle) and how far right
# (sine). Hand number $i$ of $n$ turns at the rate $10000^{-i/n}$, and its angle is the
# rate times t. Write `my_time_embedding`. Return first all cosines, then all sines. Two
# hints: `torch.arange(half)` is 0, 1, ..., and `t[:, None]`, (B, 1), times something
# of shape (half,) is (B, half).


# %%
def my_time_embedding(t, width):
    """The hands of width / 2 clocks for each step of t: (B,) to (B, width)."""
    half = width // 2  # how many hands
    ### BEGIN SOLUTION
    rate = 10_000 ** (-torch.arange(half) / half)  # (half,)
    angle = t[:, None] * rate  # (B, half)
    return torch.cat([angle.cos(), angle.sin()], dim=1)  # (B, width)
    ### END SOLUTION


# %%
from course_lib.checks.nb04_unet import check_time_embedding

tell_time = check_time_embedding(my_time_embedding)

times = torch.arange(0, 1001, 10)
vec = tell_time(times, 64)  # (101, 64)
print(
    "the same as in the library:",
    torch.allclose(vec, time_embedding(times, 64), atol=1e-3),
)
alike = vec @ vec.T / 32  # (101, 101): 1 where two times have the same hands
for other in (500, 510, 550, 750, 1000):
    print(f"t = 500 and t = {other}: {alike[50, other // 10]:.2f} alike")
show_pictures(
    alike[None, None].expand(1, 3, 101, 101),
    zoom=3,
    alt="How alike any two times are, as a square: a bright line from corner to "
    "corner, fading to both sides.",
)

# %% [markdown]
# Bright is alike. Neighbouring times look alike, distant ones do not, and what counts
# is only how far apart they are. So the network can learn "do this around 500, and
# that around 900".
#
# ## The block that listens
#
# Now the brick of which the whole network is built, the **residual block**. In it:
#
# - `norm` brings the numbers to mean 0 and spread 1, so that nothing explodes,
# - `silu` dims negative numbers; without something crooked in between, two convolutions
#   would be no more than one,
# - `conv`, you know,
# - the **shortcut**: what came in is added to what comes out. A block need not repeat
#   the picture, it only says what to *change*,
# - and the clock: from the time the network computes for each channel a `scale` and a
#   `shift`. So the time can turn channels up or down.
#
# In formulas:
#
# $$h = \mathrm{conv}_1(\mathrm{silu}(\mathrm{norm}_1(x)))$$
#
# $$x + \mathrm{conv}_2(\mathrm{silu}(\mathrm{norm}_2(h)\cdot(1 + \mathrm{scale}) +
# \mathrm{shift}))$$
#
# ## Your turn: the residual block
#
# Write it. `block` holds the layers: `block.norm_1`, `block.conv_1`, `block.norm_2` and
# `block.conv_2`. `scale` and `shift` are (B, C, 1, 1).


# %%
def my_residual_block(x, scale, shift, block):
    """(B, C, H, W) to (B, C, H, W)."""
    ### BEGIN SOLUTION
    h = block.conv_1(F.silu(block.norm_1(x)))
    h = block.norm_2(h) * (1 + scale) + shift
    return x + block.conv_2(F.silu(h))
    ### END SOLUTION


# %%
from course_lib.checks.nb04_unet import check_residual_block
from course_lib.networks.layers import ResidualBlock

residual_block = check_residual_block(my_residual_block)

block, x = trained.model.middle, torch.randn(1, 128, 8, 8, generator=generator)
vec = torch.randn(1, 256, generator=generator)  # the time, as the network has it
scale, shift = block.scale_and_shift(vec)[:, :, None, None].chunk(2, dim=1)
agree = torch.allclose(residual_block(x, scale, shift, block), block(x, vec), atol=1e-4)
print("the same as in the library:", agree)

with_shortcut = without_shortcut = x = torch.randn(1, 16, 8, 8, generator=generator)
silence = torch.zeros(1, 16, 1, 1)
with torch.no_grad():
    for block in [ResidualBlock(width=16, vec_width=64) for _ in range(30)]:
        with_shortcut = residual_block(with_shortcut, silence, silence, block)
        y = residual_block(without_shortcut, silence, silence, block)
        without_shortcut = y - without_shortcut
print("after 30 new blocks, changed by:", (with_shortcut - x).abs().max().item())
print("without shortcuts, left of it:", without_shortcut.abs().max().item())

# %% [markdown]
# A new block does *nothing*: its last convolution starts at zero, on purpose. With the
# shortcut a picture passes through thirty of them unharmed, and each may then learn to
# change a little. Without it nothing gets through, and nothing can be learned.
#
# ## Attention, still a closed box
#
# Windows see neighbours. But the left ear should know what the right ear looks like. In
# the coarsest picture, 8 × 8, we can afford a layer in which **every place looks at
# every other**. Notebook 08 opens this box. Here we only poke it: touch one corner, and
# see which places notice.

# %%
from course_lib.networks.layers import Attention

attention = Attention(width=8)
attention.norm = nn.Identity()  # so that only the looking is measured
nn.init.normal_(attention.out.weight)  # it starts at zero, too
convolution = nn.Conv2d(8, 8, 3, padding=1)

h = torch.randn(1, 8, 8, 8, generator=generator)  # (B, C, H, W)
touched = h.clone()
touched[:, :, 0, 0] += 3
order = torch.randperm(64, generator=generator)


def shuffled(h):
    """The 64 places in another order, the same for every channel."""
    return h.flatten(2)[:, :, order].reshape(h.shape)


maps = []
for name, layer in {"convolution": convolution, "attention": attention}.items():
    noticed = (layer(touched) - layer(h)).abs().sum(1)[0] > 1e-4  # (8, 8)
    fair = torch.allclose(layer(shuffled(h)), shuffled(layer(h)), atol=1e-4)
    print(f"{name}: {noticed.sum()} of 64 places notice; blind to order: {fair}")
    maps.append(0.7 - 1.6 * noticed)  # dark where it is noticed
show_pictures(
    torch.stack(maps)[:, None].expand(2, 3, 8, 8),
    titles=["convolution", "attention"],
    zoom=14,
    alt="Who notices a touched corner, in dark: with a convolution the four places "
    "around it, with attention all 64.",
)

# %% [markdown]
# It sees everything and knows no neighbours: shuffle the places, and it gives the same
# answers, shuffled. So windows and attention go well together.
#
# ## A trick that saves three quarters
#
# One more thing. Before all else our network **folds** each square of 2 × 2 pixels into
# channels: 3 channels of 32 × 32 become 12 of 16 × 16. Nothing is lost, the numbers are
# only stacked differently. But every layer has a quarter of the places to visit. Is it
# worth it? We count the multiplications and additions.

# %%
from torch.utils.flop_counter import FlopCounterMode

from course_lib.networks.unet import UNet

folded = F.pixel_unshuffle(critters[3], 2)  # (12, 16, 16)
print(tuple(critters[3].shape), "->", tuple(folded.shape))
back = F.pixel_shuffle(folded, 2)
print("folded and unfolded, the same:", torch.equal(back, critters[3]))
quarters = folded.reshape(3, 4, 16, 16).transpose(0, 1)  # (4, 3, 16, 16)
show_pictures(
    quarters,
    zoom=6,
    alt="The turtle four times, each time with every second row and column.",
)

costs = []
for fold in (2, 1):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        UNet(widths=(64, 128), fold=fold)(x_t[:1], t[:1])
    costs.append(counter.get_total_flops() / 1e9)
print(f"billions of operations for one look: {costs[0]:.2f}, unfolded {costs[1]:.2f}")

# %% [markdown]
# ## The whole U-Net
#
# Now you know every part. We send one picture through the trained network and note what
# comes out where. Read it from the left: fold and enter, down, the middle, up with the
# skips, unfold, and at the end a little layer at full size, which sees `x_t` once more.

# %%
from course_lib.figures.anatomy import plot_unet, shapes_inside

shapes = {"x_t": (1, 3, 32, 32)} | shapes_inside(trained.model, x_t[:1], t[:1])
for name, shape in shapes.items():
    print(f"{name:>9} {shape}")
plot_unet(
    shapes,
    alt="A U: from x_t at 32 by 32 down to 16 by 16 and 8 by 8 and up again, with "
    "dashed arrows, the skips, from left to right.",
)

# %% [markdown]
# And this is its code. Find in it: the clock, the fold, the way down, the middle, the
# way up. (`skips` is a list: the way down puts pictures on it, the way up takes them
# off again.)

# %%
from course_lib.figures.source import show_source

show_source(UNet.forward)

# %% [markdown]
# ## Can it learn at all? Overfit one batch
#
# Whoever builds a network makes this test first: give it **one** batch, always the
# same, and see whether it can learn that by heart. If not, something is wired wrong,
# and a night of training would be wasted. Sixteen critters, one fixed noise, the loss
# of notebook 03, and a very small U-Net.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.diffusion.schedule import linear_schedule
from course_lib.figures.plots import plot_losses

torch.manual_seed(0)
model = UNet(widths=(16, 32), blocks=1)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
ddpm_schedule, step = linear_schedule(T=1000), torch.full((16,), 300)
x_t = add_noise(critters, step, noise, ddpm_schedule)

losses = []
for _ in range(scaled(smoke=150, laptop=600, gpu=1000)):
    loss = (model(x_t, step) - noise).square().mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    losses.append(loss.item())

print(f"{count_parameters(model):,} numbers learned {noise.numel():,} numbers of noise")
print(f"loss: {losses[0]:.2f} at the start, {losses[-1]:.3f} at the end")
plot_losses({"the same batch": losses}, alt="The loss falls, at first very fast.")
assert losses[-1] < losses[0] / 8

# %% tags=["nbval-ignore-output"]
other_noise = torch.randn(critters.shape, generator=generator)
rows, errors = {"clean": critters[:8]}, {}
for name, eps in {"learned": noise, "new noise": other_noise}.items():
    x_t = add_noise(critters, step, eps, ddpm_schedule)
    with torch.no_grad():
        eps_hat = model(x_t, step)
    x_0_hat, _ = read_output(eps_hat, x_t, step, ddpm_schedule, target="eps")
    rows |= {f"{name}: x_t": x_t[:8], f"{name}: guess": x_0_hat[:8]}
    errors[name] = (eps_hat - eps).square().mean().item()
    print(f"{name}: loss {errors[name]:.3f}")
show_rows(
    rows,
    alt="Clean critters; the learned noisy ones and guesses that show the critters; "
    "the same critters under new noise, and worse guesses.",
)
assert errors["learned"] < errors["new noise"]

# %% [markdown]
# It is wired right. And it has learned by heart: under noise that it has never seen, it
# does worse on the very same critters. That is what **overfitting** means. The cure is
# plenty of pictures and fresh noise every time; that is notebook 05.
#
# ## How does it know how noisy its input is?
#
# We tell it. Does it listen? We go back to the big trained network, give it critters
# with noise of step 600, and **lie** about t.

# %%
from course_lib.figures.plots import plot_curves

true_t = torch.full((16,), 600)
x_t = add_noise(critters, true_t, noise, schedule)


@torch.no_grad()
def guess_when_told(told, x_t, true_t):
    """The network's guess of the clean picture if it is told another t."""
    output = trained.model(x_t, torch.full_like(true_t, told))
    return read_output(output, x_t, true_t, schedule, trained.card["target"])[0]


told_times = list(range(100, 1001, 100))
guesses = {told: guess_when_told(told, x_t, true_t) for told in told_times}
errors = [(guess - critters).square().mean().item() for guess in guesses.values()]
plot_curves(
    told_times,
    {"error": errors},
    xlabel="the t that it is told (the truth is 600)",
    ylabel="mean squared error",
    alt="The error against the t that the network is told: a valley with its floor at "
    "600, the truth.",
)
show_rows(
    {"x_t": x_t[:8]}
    | {f"told {told}": guesses[told][:8] for told in (200, 400, 600, 800, 1000)},
    alt="Told too small a t, the network leaves noise in the picture; told too large a "
    "t, the picture fades; told the truth, it is best.",
)
print("the error is least when it is told", told_times[errors.index(min(errors))])

# %% [markdown]
# It listens. Told "hardly any noise", it leaves most of the noise in: it takes it for
# part of the picture. Told "almost only noise", it does not trust what it sees, and the
# picture fades: it takes part of it for noise. One network, every noise level: the
# clock tells it which job to do.
#
# ## Play
#
# Move the slider: what it is told. At the left what it sees, then what it guesses, then
# the truth.

# %%
from course_lib.figures.widgets import frame_slider, live

gap = torch.ones(3, 32, 2)
one = 9  # which critter
frame_slider(
    torch.stack(
        [
            torch.cat([x_t[one], gap, guess[one], gap, critters[one]], dim=2)
            for guess in guesses.values()
        ]
    ).clamp(-1, 1),
    labels=[f"told t = {told}, the truth is 600" for told in told_times],
    alt="A noisy critter, the network's guess and the clean critter",
    zoom=5,
    start=told_times.index(600),
)

# %% tags=["nbval-ignore-output"]


def play(critter, truth, told):
    """One critter, with noise of step `truth`, and the guess if told `told`."""
    true_t = torch.tensor([truth])
    x_t = add_noise(critters[[critter]], true_t, noise[[critter]], schedule)
    guess = guess_when_told(told, x_t, true_t)
    words = [f"t = {truth}", f"told {told}"]
    show_pictures(torch.cat([x_t, guess]), words, alt=f"A guess, told {told}.")


live(play, critter=(0, 15), truth=(100, 1000, 100, 600), told=(100, 1000, 100, 600))

# %% [markdown]
# ## Three questions
#
# 1. A layer goes from 64 to 128 channels with windows of 3 × 3. How many windows has
#    it? And how many of its numbers depend on the size of the picture?
#
# <details><summary>Answer</summary>
#
# 128 × 64 = 8,192 windows, 73,728 numbers, and 128 more that are simply added, one a
# channel. None depends on the size: the same layer can be slid over 32 × 32 or
# 64 × 64.
#
# </details>
#
# 2. Someone leaves out the skips and says: "the way up can learn the detail too". What
#    do you answer?
#
# <details><summary>Answer</summary>
#
# It can learn what ears look like in general, not where they are in *this* picture, to
# the pixel. That is known only before the way down, at full size, and the skip hands it
# over. You have seen the measurement.
#
# </details>
#
# 3. You forget to give t to the network and always say 500. Where on the way from noise
#    to a picture will it go wrong?
#
# <details><summary>Answer</summary>
#
# At both ends. In the beginning, near t = 1000, it takes noise for picture and leaves
# it in. At the end, near t = 0, it takes picture for noise, and detail fades away.
#
# </details>
#
# Next: [05 · Training](05_training.ipynb), where the network sees all 50,000 critters.
