# %% [markdown]
# # 4 · The U-Net
#
# *75 minutes. Before this: [03 · Learning to denoise](03_denoise.ipynb).*
#
# In notebook 03 a network moved points in the plane. Pictures need a network that looks
# at neighbours. By the end you can
#
# - slide a small window over a picture by hand, and say what it finds,
# - say how far a network sees, and measure it,
# - say what the way down is for, and what the *skip* is for,
# - tell a network what time it is: you write that function, and the block that uses it,
# - follow a picture through the code of the whole U-Net.

# %% [markdown]
# ## See it
#
# Top row: critters. Middle row: the same critters under so much noise that you can
# hardly tell one from another. Bottom row: what a trained network guesses is behind the
# noise, after **one** look. This notebook takes that network apart.
#
# (The network in notebook 03 predicted the noise. This one predicts a *velocity*, and
# `read_output` turns that into a guess of the clean picture. Notebook 05 explains why.)

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
    {"clean": critters[:6], "x_t, t = 500": x_t[:6], "its guess": x_0_hat[:6]},
    alt="Six critters; the same six under heavy noise; and the network's guesses: a "
    "little soft, but each animal is there again.",
)
print(f"it has learned {count_parameters(trained.model) / 1e6:.1f} million numbers")
assert (x_0_hat - critters).square().mean() < 0.1 * (x_t - critters).square().mean()

# %% [markdown]
# ## One window
#
# Notebook 01 showed what makes a picture a picture: neighbours agree. So the network
# looks at neighbours. Take nine numbers, a **window** of 3 × 3. Lay it on the picture,
# multiply each number by the pixel under it, and add up. That is one number of the
# result. Then move on by one pixel. This is called a **convolution**.

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
    """Lay the window on every place of a picture: (H, W) to (H - 2, W - 2)."""
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
# In the results of the edge windows grey is 0: where nothing changes, they find
# nothing. White means that the picture gets brighter there, from left to right or from
# top to bottom; black means that it gets darker. Nobody has to invent such windows. A
# network starts with random ones and **learns** the nine numbers, as you fitted one
# number in notebook 03.
#
# ## Many windows
#
# torch slides windows much faster, and many at once. The red, green and blue of a
# picture are its **channels**, and so are the results of a layer. A layer from 3 to 16
# channels has 16 × 3 windows: each of the 16 results is a sum over red, green and blue.
# Code calls a window a *kernel*: `kernel_size=3` is a window of 3 × 3. With
# `padding=1` torch lays a rim of zeros around the picture, and nothing shrinks.

# %%
by_torch = F.conv2d(grey[None, None], windows["blur"][None, None])[0, 0]
same = torch.allclose(slide(grey, windows["blur"]), by_torch, atol=1e-6)
print("by hand and by torch the same:", same)

torch.manual_seed(0)
layer = nn.Conv2d(3, 16, kernel_size=3, padding=1)
print("in", tuple(critters.shape), "-> out", tuple(layer(critters).shape))
print(f"numbers to learn: {count_parameters(layer):,}")
print(f"if every number saw every number: {3 * 32 * 32 * 16 * 32 * 32:,}")

moved = critters.roll(shifts=5, dims=3)  # five pixels to the right
inside = slice(6, -1)  # away from the rim, where the zeros are
agree = torch.allclose(
    layer(moved)[..., inside], layer(critters).roll(5, dims=3)[..., inside], atol=1e-5
)
print("move the picture and the result moves along:", agree)

# %% [markdown]
# The layer has 448 numbers: 16 × 3 windows of nine numbers each, and 16 numbers more,
# one for each result, which is added to it at every place. The other way it would have
# 50 million. The same window serves every place: the windows that find a
# frog on the right find it on the left as well.
#
# ## How far does it see?
#
# One window sees 3 × 3 pixels. That is not enough to tell an ear from a wing. So we put
# one layer after another. How far does one pixel of the last result see? Say what you
# expect. Then we measure it with the **gradient**, which torch gives us: how much this
# one number would change if we touched that pixel of the input. Where the gradient is
# 0, it sees nothing.

# %%
from course_lib.figures.prediction import prediction

width_guess = prediction(
    "Four layers of 3 x 3 windows, one after another: one pixel of the result sees a "
    "square of the input. How many pixels wide is it?",
    (3, 32),
)

# %%
from course_lib.figures.plots import show_pictures


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
maps, wide = [], {}
for name, network in networks.items():
    seen = seen_by_the_middle(network, x_t[:1])
    wide[name] = (seen.sum(dim=1) > 0).sum().item()
    print(f"{name}: sees {wide[name]} x {wide[name]} pixels")
    maps.append((seen / seen.max()) ** 0.25 * 2 - 1)  # the root lifts the faint ones
width_guess.compare(wide["4 layers"])
show_pictures(
    torch.stack(maps)[:, None].expand(4, 3, 32, 32),
    titles=list(networks),
    columns=4,
    zoom=5,
    alt="Where the middle pixel looks: a square of 3, of 9 and of 17 pixels, and for "
    "the U-Net everywhere, most of all at its neighbours.",
)

# %% [markdown]
# Four layers see 9 × 9: each adds one pixel to every side. After the picture is
# **halved** (`stride=2`: the window moves two pixels at a time) every later layer
# reaches twice as far, and costs less. So the network goes *down*: fewer and fewer
# pixels, more and more channels.
#
# ## Down, up, and across
#
# The answer must be a picture of full size, so the network goes *up* again. And a
# **skip** connection hands the fine version across. What does each way contribute? We
# train three small networks on the same noisy critters. All three have the same layers.
# They differ in what the last layer gets: only what went down and up, only the skip, or
# both.
#
# Here a network is a **class** for the first time. `__init__` makes the layers once,
# and `super().__init__()` lets torch find their numbers; `forward` says what happens
# when we call `network(x)`. Three more words: `F.silu` shrinks negative numbers (a
# bend, as in notebook 03), `nn.Upsample` repeats each pixel, and
# `torch.cat([a, b], dim=1)` puts the channels of b behind those of a (axis 1 is the
# channels). The training takes a minute or two; you may read on meanwhile.

# %%
from course_lib.figures.prediction import prediction

skip_guess = prediction(
    "At t = 800 nearly all is noise. Which network will make the smallest error there?",
    ["only down and up", "only the skip", "both"],
)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.watching import watch


class Hourglass(nn.Module):
    """From 32x32 down to 4x4 and up again; its last layer sees one way or both."""

    def __init__(self, deep, skip):
        super().__init__()
        self.deep, self.skip = deep, skip
        self.into = nn.Conv2d(3, 12, 3, padding=1)
        down, up = [], []
        for fine, coarse in [(12, 24), (24, 48), (48, 48)]:
            down += [nn.Conv2d(fine, coarse, 3, stride=2, padding=1), nn.SiLU()]
            grow = nn.Conv2d(coarse, fine, 3, padding=1)
            up = [nn.Upsample(scale_factor=2.0), grow, nn.SiLU()] + up
        self.down, self.up = nn.Sequential(*down), nn.Sequential(*up)
        self.last = nn.Conv2d(24, 3, 3, padding=1)

    def forward(self, x):
        assert x.shape[2] % 8 == 0 == x.shape[3] % 8, "halved 3 times: 32, 40, 48, ..."
        fine = F.silu(self.into(x))  # (B, 12, 32, 32)
        # Zeros for the way that is closed: so all three have the same layers.
        h = self.up(self.down(fine)) if self.deep else torch.zeros_like(fine)
        across = fine if self.skip else torch.zeros_like(fine)
        return self.last(torch.cat([h, across], dim=1))


many = from_bytes(draw_critters(n=1024, seed=1, kind="one")[0])  # to learn from
new = from_bytes(draw_critters(n=64, seed=2, kind="one")[0])  # to be judged by
ways = {"only down and up": (1, 0), "only the skip": (0, 1), "both": (1, 1)}
glasses = {}
for name, (deep, skip) in ways.items():
    torch.manual_seed(0)
    glasses[name] = Hourglass(deep, skip)


def train_together(iterations, batch_size=16):
    """Train all three on the same batches: half little noise, half much."""
    # The second half in ever smaller steps, to settle: so the last ones count less.
    optimizers = [torch.optim.Adam(n.parameters(), lr=4e-3) for n in glasses.values()]
    little_and_much = torch.tensor([200, 800] * (batch_size // 2))
    for iteration in range(1, iterations + 1):
        for optimizer in optimizers:
            rate = 4e-3 * min(1, 2 * (1 - iteration / iterations))
            optimizer.param_groups[0]["lr"] = rate
        clean = many[torch.randint(0, len(many), (batch_size,))]
        given = add_noise(clean, little_and_much, torch.randn_like(clean), schedule)
        for network, optimizer in zip(glasses.values(), optimizers, strict=True):
            loss = (network(given) - clean).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield iteration, loss.item()  # hands the number out, and goes on from here


iterations = 200
torch.manual_seed(0)
steps = list(watch(train_together(iterations), total=iterations, name="error"))

shown, errors = {}, {}
for level in (200, 800):
    torch.manual_seed(1)
    given = add_noise(new, torch.full((64,), level), torch.randn_like(new), schedule)
    shown[f"t = {level}: given"] = given[:4]
    for name, network in glasses.items():
        with torch.no_grad():
            guess = network(given)
        shown[f"t = {level}: {name}"] = guess[:4]
        errors[level, name] = (guess - new).square().mean().item()
        print(f"t = {level}, {name}: mean squared error {errors[level, name]:.3f}")
skip_guess.compare(min(ways, key=lambda name: errors[800, name]))
show_rows(
    shown,
    zoom=2,
    alt="Four new critters under little and under much noise, and the guesses that "
    "each of the three networks makes of them.",
)
if len(steps) == iterations:  # nobody has stopped it
    assert errors[200, "both"] < 0.7 * errors[200, "only down and up"]

# %% [markdown]
# **Little noise** (t = 200): with a skip the error is about half as large. Everything
# that goes down must pass through 4 × 4 places, and after so short a training the edges
# do not get through.
#
# **Much noise** (t = 800): there is hardly an edge to hand across, and what comes by
# the skip is mostly noise. The network that has only the skip does worst: it sees too
# little of the picture to know what is in it. Here the skip even costs something: with
# both ways the error is larger than with down and up alone, and the guesses are full of
# speckles. A likely reason: the last layer has one set of windows for both noise
# levels, and lets some of the noise through.
#
# But one network must serve all levels. By its error "both" is the best of the three at
# little noise, and at much it is far closer to the best than to the worst. Each of the
# others is far behind at one of the two levels.
# ([The lesson](../lessons/04_unet.md) has a longer training, three seeds, and t = 500.)
#
# So the way down contributes the whole, the skip contributes the detail, and drawn on
# paper the two make a **U** (Ronneberger, Fischer and Brox, 2015). Detail *can* also go
# down and up, with more channels and a longer training: the autoencoder of notebook 11
# has no skip, and its copies are nearly exact. The skip is the cheap way.
#
# ## What time is it?
#
# The same network must handle every noise level, from a little dust to pure noise. It
# could guess how noisy its input is. We make it easy and give it t as a second input.
# But one number between 0 and 1000 is a clumsy input for a network. So t goes in as a
# **time embedding**: a list of numbers that works like a clock. A clock has several
# **hands** that turn at different speeds. The fast ones tell t = 500 from t = 501, the
# slow ones tell early from late.

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
# (sine). Hand number $i$ of $n$, counted from 0, turns at the rate $10000^{-i/n}$, and
# its angle is the rate times t. Write `my_time_embedding`, for all steps of a batch at
# once. It returns first all the cosines, then all the sines.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Three stages. The rates: one for each hand, whatever the time is. The angles: every
# step times every rate, a table with a row for each step. The hands: the cosines of
# this table, and beside them its sines.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.arange(half)` is 0, 1, ... and so on, the numbers of the hands. `t[:, None]`,
# (B, 1), times something of shape (half,) is (B, half). `torch.cat([..., ...], dim=1)`
# puts two tables side by side.
#
# </details>


# %%
def my_time_embedding(t, width):
    """The hands of width / 2 clocks for each step in t: (B,) to (B, width)."""
    half = width // 2  # how many hands
    ### BEGIN SOLUTION
    rate = 10_000 ** (-torch.arange(half) / half)  # (half,)
    angle = t[:, None] * rate  # (B, half)
    return torch.cat([angle.cos(), angle.sin()], dim=1)  # (B, width)
    ### END SOLUTION


# %%
from course_lib.checks.nb04_unet import check_time_embedding
from course_lib.figures.plots import plot_curves

tell_time = check_time_embedding(my_time_embedding)

vec = tell_time(torch.arange(0, 1001), 64)  # (1001, 64)
# @ multiplies the hands of two times, pair by pair, and adds up. A hand with itself
# makes cos² + sin² = 1, so 32 hands make 32.
alike = vec @ vec.T / 32  # (1001, 1001): 1 where two times have the same hands
for other in (500, 501, 502, 505, 510, 550, 750, 1000):
    print(f"t = 500 and t = {other}: {alike[500, other]:.2f} alike")
for other in (201, 250):
    print(f"t = 200 and t = {other}: {alike[200, other]:.2f} alike")
plot_curves(
    torch.arange(400, 601),
    {"to t = 500": alike[500, 400:601]},
    xlabel="t",
    ylabel="how alike (1: the same hands)",
    alt="How alike the times from 400 to 600 are to t = 500: 1 at 500 itself; to both "
    "sides it falls steeply for five steps, then slowly and in waves.",
)

# %% [markdown]
# The next step or two are very much alike; times far off are less so, with wobbles
# from the fast hands. And the likeness depends only on how far apart two times are: 200
# and 250 are as alike as 500 and 550. So the network can learn "do this around 500, and
# that around 900".
#
# ## The block that listens
#
# Now the brick that the whole network is built of, the **residual block**. In it five
# things happen:
#
# - `norm` brings each group of channels to mean 0 and std 1, so that nothing explodes,
# - `silu` is the bend, `F.silu` in code; without one, two convolutions would be no more
#   than one,
# - `conv` is the convolution that you know,
# - the **shortcut** adds what came in to what comes out: a block need not repeat the
#   picture, it only says what to *change*,
# - the clock gives a `scale` and a `shift` for each channel, so the time can turn
#   channels up or down. A small layer of the block, `block.scale_and_shift`, computes
#   them from the time embedding; it is learned, too.
#
# In which order? The block has two halves, and each half is a norm, then silu, then a
# convolution. In the second half the clock has its say between norm and silu: each
# channel is multiplied by 1 + `scale`, so that a scale of 0 changes nothing, and
# `shift` is added. The shortcut comes last.
#
# ## Your turn: the residual block
#
# Turn these sentences into code. `block` holds the four layers that have numbers to
# learn: `block.norm_1`, `block.conv_1`, `block.norm_2` and `block.conv_2`. silu has
# none: it is `F.silu`. `scale` and `shift` are (B, C, 1, 1).
#
# When you have it, think before you go on: suppose you had left out the shortcut, and
# thirty such blocks stand one behind another. What is left of x after the thirtieth?
# The cell after the check tries it.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Code is read from the inside out: what happens first stands innermost. Write one half,
# give its result a name, then write the other. The shortcut needs what came in, so it
# must still be there at the end.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The first half ends with `block.conv_1(...)`, and innermost in it stands
# `block.norm_1`. In the second half multiply and add *before* you bend. `scale` and
# `shift` fit beside (B, C, H, W) as they are.
#
# </details>


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

residual_block = check_residual_block(my_residual_block)

# %%
from course_lib.networks.layers import ResidualBlock

generator = torch.Generator().manual_seed(0)
x = torch.randn(1, 16, 8, 8, generator=generator)
torch.manual_seed(0)
blocks = [ResidualBlock(width=16, vec_width=64) for _ in range(30)]
vec_500 = tell_time(torch.tensor([500]), 64)  # (1, 64)
two = blocks[0].scale_and_shift(vec_500)  # (1, 32): 16 scales, 16 shifts
scale, shift = two[:, :, None, None].chunk(2, dim=1)  # (1, 16, 1, 1) each
print("a new block's scale and shift:", two.abs().max().item(), "everywhere")


def through(blocks, shortcut):
    """What comes out of these blocks, one after another."""
    h = x
    for block in blocks:
        out = residual_block(h, scale, shift, block)
        h = out if shortcut else out - h
    return h


def likeness(a, b):
    """1 for the same up to a factor, 0 for nothing in common."""
    return F.cosine_similarity(a.flatten(), b.flatten(), dim=0).item()


with torch.no_grad():
    print("30 new blocks change x by", (through(blocks, True) - x).abs().max().item())
    left = through(blocks, False).abs().max().item()
    print("without `x +` the largest number that comes out is", left)
    for block in blocks:  # they begin with zeros in conv_2: give them windows
        block.conv_2.reset_parameters()
    for how, shortcut in {"with": True, "without": False}.items():
        for n in (1, 5, 10, 30):
            found = abs(likeness(through(blocks[:n], shortcut), x))
            print(f"{n:2} random blocks, {how} `x +`: {found:.1f} alike to x")

# %% [markdown]
# A new block changes nothing. That is on purpose: its last convolution starts at zero.
# So a stack of new blocks hands its input through, and each block may then learn to
# change a little. Without `x +` only zeros come out. What about blocks whose windows do
# something? With shortcuts, half of the likeness is still there after thirty. Without
# them nearly all is gone after the first. Deep networks without shortcuts are hard to
# train (He et al., 2015).
#
# ## Attention, still a closed box
#
# Windows see neighbours. But the left ear should know what the right ear looks like. On
# the coarsest grid, 8 × 8, we can afford **attention**: a layer in which every place
# looks at every other. Notebook 08 opens this box. Here we only poke it. First we touch
# one corner, and see which places notice. Then we shuffle the 64 places: a layer that
# gives the same answers, only shuffled, does not know which places are neighbours.

# %%
from course_lib.figures.plots import show_pictures
from course_lib.networks.layers import Attention

torch.manual_seed(0)
attention = Attention(width=8)
attention.norm = nn.Identity()  # so that only the looking is measured
nn.init.normal_(attention.out.weight)  # it starts at zero, too
convolution = nn.Conv2d(8, 8, 3, padding=1)

untouched = torch.randn(1, 8, 8, 8)  # (B, C, H, W)
touched = untouched.clone()
touched[:, :, 0, 0] += 3
order = torch.randperm(64)


def shuffled(h):
    """The 64 places in another order, the same for every channel."""
    return h.flatten(2)[:, :, order].reshape(h.shape)


noticing = []
for name, box in {"convolution": convolution, "attention": attention}.items():
    noticed = (box(touched) - box(untouched)).abs().sum(1)[0] > 1e-4  # (8, 8)
    blind = torch.allclose(box(shuffled(touched)), shuffled(box(touched)), atol=1e-4)
    print(f"{name}: {noticed.sum()} of 64 places notice the touched corner")
    print(f"{name}: shuffled places, the same answers shuffled: {blind}")
    noticing.append(0.7 - 1.6 * noticed)  # dark where it is noticed
show_pictures(
    torch.stack(noticing)[:, None].expand(2, 3, 8, 8),
    titles=["convolution", "attention"],
    zoom=14,
    alt="The places that notice a touched corner are dark: with a convolution four "
    "places at the corner, with attention all 64.",
)

# %% [markdown]
# Attention sees everything, but it does not know which places are neighbours. Windows
# do. So the two go well together.
#
# ## A trick that saves three quarters
#
# First of all our network **folds** each square of 2 × 2 pixels into channels: 3
# channels of 32 × 32 become 12 of 16 × 16. Nothing is lost, the numbers are only
# stacked differently. But every layer has only a quarter of the places to visit. Is it
# worth it? We count the multiplications and additions.

# %%
from torch.utils.flop_counter import FlopCounterMode

from course_lib.figures.plots import show_pictures
from course_lib.networks.unet import UNet

folded = F.pixel_unshuffle(critters[3], 2)  # (12, 16, 16)
print(tuple(critters[3].shape), "->", tuple(folded.shape))
back = F.pixel_shuffle(folded, 2)
print("folded and unfolded, the same:", torch.equal(back, critters[3]))
quarters = folded.reshape(3, 4, 16, 16).transpose(0, 1)  # (4, 3, 16, 16)
show_pictures(
    quarters,
    titles=["upper left", "upper right", "lower left", "lower right"],
    zoom=6,
    alt="The turtle four times, half as wide: one pixel of each square of four.",
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
# Now you know every part. We send one picture through the trained network and note the
# shape that comes out of each part. Read the figure from the left: fold and enter
# (`into`), down, the middle, up with the skips, unfold (`out`). At the end a small
# layer at full size, `refine`, sees `x_t` once more and smooths away the traces of the
# fold.
#
# In the figure each box is a part. Its name stands above it, its channels and its grid
# below it. A high box has a fine grid, a wide one many channels. The parts of the way
# up have a colour of their own, and the dashed arrows are the skips. `time` and `label`
# have no grid and are not drawn: their sum goes to every block.
#
# The fold and the unfold have no box, since they learn nothing. Below the figure is the
# code. Find the clock, the fold, the way down, the middle and the way up. `skips` is a
# list: on the way down a `level` puts its results on it, on the way up it takes them
# off again. The last layer, `self.last`, starts at zero, as each block's last
# convolution does. So a *new* U-Net answers 0 to every picture. Besides the time, a
# network can get a **condition**, `cond`, that says what to draw: a label such as
# "frog" (notebook 05) or words (notebook 10). `self.hear` turns it into numbers, and
# they join those of the clock. Here there is no condition.

# %%
from course_lib.figures.anatomy import plot_unet, shapes_inside
from course_lib.figures.source import show_source
from course_lib.networks.unet import UNet

shapes = {"x_t": (1, 3, 32, 32)} | shapes_inside(trained.model, x_t[:1], t[:1])
for name, shape in shapes.items():
    print(f"{name:>9} {shape}")
plot_unet(
    shapes,
    alt="A U: from x_t at 32 by 32 down to 16 by 16 and 8 by 8 and up again, with "
    "dashed arrows, the skips, from left to right.",
)
new_unet = UNet(widths=(16, 32), blocks=1)
with torch.no_grad():
    print("a new U-Net's largest answer:", new_unet(x_t, t).abs().max().item())
show_source(UNet.forward)

# %% [markdown]
# ## Can it learn at all? Overfit one batch
#
# Make this test first with every network you build: give it **one** batch, always the
# same, and see whether it can learn that by heart. If it cannot, something is wired
# wrong, and a night of training would be wasted. Here we take sixteen critters, one
# fixed noise, and a very small U-Net. It is asked for the noise, on the schedule of
# notebook 03, because then the loss is easy to read: the noise has mean square 1, a new
# network answers 0, so the loss starts at 1 and would end at 0.

# %% tags=["nbval-ignore-output"]
from course_lib.device import scaled
from course_lib.diffusion.schedule import linear_schedule
from course_lib.figures.plots import show_pictures
from course_lib.figures.watching import watch
from course_lib.networks.unet import UNet

torch.manual_seed(0)
small_unet = UNet(widths=(16, 32), blocks=1)
ddpm_schedule, step = linear_schedule(T=1000), torch.full((16,), 300)
memorised = add_noise(critters, step, noise, ddpm_schedule)


def overfit(iterations):
    """The same batch again and again."""
    optimizer = torch.optim.Adam(small_unet.parameters(), lr=5e-3)
    for iteration in range(1, iterations + 1):
        loss = (small_unet(memorised, step) - noise).square().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(small_unet.parameters(), max_norm=1.0)
        optimizer.step()
        yield iteration, loss.item()


def guess_under(eps):
    """x_t under this noise, the guess of the picture, and the loss."""
    x = add_noise(critters, step, eps, ddpm_schedule)
    with torch.no_grad():
        eps_hat = small_unet(x, step)
    guess, _ = read_output(eps_hat, x, step, ddpm_schedule, target="eps")
    return x, guess, (eps_hat - eps).square().mean().item()


def state_of_affairs():
    show_pictures(guess_under(noise)[1][:5], zoom=2, alt="Guesses of five critters.")


losses, total = [], scaled(smoke=150, laptop=600, gpu=1000)
for _, loss in watch(overfit(total), total=total, picture=state_of_affairs):
    losses.append(loss)
print(f"the network has {count_parameters(small_unet):,} numbers to set")
print(f"and was to learn {noise.numel():,} numbers of noise")
learned = len(losses) == total  # nobody has stopped it
if learned:
    print(f"loss: {losses[0]:.2f} at the start, {losses[-1]:.3f} at the end")
    assert losses[-1] < losses[0] / 8

# %% tags=["nbval-ignore-output"]
other_noise = torch.randn(critters.shape, generator=torch.Generator().manual_seed(1))
rows, loss_under = {"clean": critters[:4]}, {}
for name, eps in {"known noise": noise, "new noise": other_noise}.items():
    hidden, guess, loss_under[name] = guess_under(eps)
    rows |= {f"{name}: x_t": hidden[:4], f"{name}: guess": guess[:4]}
    print(f"{name}: loss {loss_under[name]:.3f}")
show_rows(
    rows,
    zoom=2,
    alt="Clean critters; the same under the noise that it has learned, and guesses "
    "that show the critters; the same under new noise, and worse guesses.",
)
if learned:
    assert loss_under["known noise"] < loss_under["new noise"]

# %% [markdown]
# It is wired right. Under noise that it has never seen it does worse on the very same
# critters. So what it has learned is of two kinds: some of it holds for any noise, and
# the rest is *this* noise, by heart. The second kind is called **overfitting**. The
# cure is plenty of pictures and fresh noise every time, as in notebook 05.
#
# ## How does it know how noisy its input is?
#
# We tell it: t is an input. Does it listen? We go back to the big trained network, give
# it critters with the noise of step 600, and **lie** about t.

# %%
from course_lib.figures.prediction import prediction

lie_guess = prediction(
    "The noise is that of t = 600, but the network is told t = 200. What will be wrong "
    "with its guess of the clean picture?",
    ["noise is left in it", "it is too smooth", "nothing"],
)

# %%
from course_lib.figures.plots import plot_curves

true_t = torch.full((16,), 600)
x_600 = add_noise(critters, true_t, noise, schedule)


@torch.no_grad()
def guess_when_told(told, x, true_t):
    """The network's guess of the clean picture if it is told another t."""
    output = trained.model(x, torch.full_like(true_t, told))
    return read_output(output, x, true_t, schedule, trained.card["target"])[0]


def grain(pictures):
    """How much neighbours differ, on average: noise makes it large."""
    return (pictures[..., 1:] - pictures[..., :-1]).abs().mean().item()


told_times = list(range(100, 1001, 100))
guesses = {told: guess_when_told(told, x_600, true_t) for told in told_times}
error_when_told = [(g - critters).square().mean().item() for g in guesses.values()]
plot_curves(
    told_times,
    {"error": error_when_told},
    xlabel="the t that the network is told (the truth is 600)",
    ylabel="mean squared error",
    alt="The error against the t that the network is told: a valley with its floor at "
    "600, the truth.",
)
show_rows(
    {"x_t, t = 600": x_600[:4]}
    | {f"told {told}": guesses[told][:4] for told in (200, 400, 600, 1000)},
    zoom=2,
    alt="Four critters under noise, and the guesses that the network makes when "
    "it is told four different t.",
)
best = told_times[error_when_told.index(min(error_when_told))]
print("the error is least when it is told", best)
times_rougher = grain(guesses[200]) / grain(critters)
grainy, smooth, nothing = lie_guess.answers
print(
    f"with t = 200 neighbours differ {times_rougher:.0f} times as much as they should"
)
lie_guess.compare(
    grainy if times_rougher > 1.5 else smooth if times_rougher < 0.7 else nothing
)

# %% [markdown]
# It listens. Told "hardly any noise", it takes much of the noise for a part of the
# picture and leaves it in. Told "almost only noise", it does not trust what it sees: it
# takes a part of the picture for noise. The picture fades, and some grain stays. One
# network does the work for every noise level, and the clock tells it which work to do.
#
# ## Play
#
# The slider sets the t that the network is told. You see, from left to right, its
# input, its guess and the truth. In the cell after it you choose the true t as well. We
# lie to the network only; `read_output` knows the truth. So with a little true noise,
# such as t = 100, no lie does much harm: the picture is then nearly $x_t$ itself.

# %%
from course_lib.figures.widgets import frame_slider

gap = torch.ones(3, 32, 2)
one = 9  # which critter
frame_slider(
    torch.stack(
        [
            torch.cat([x_600[one], gap, guess[one], gap, critters[one]], dim=2)
            for guess in guesses.values()
        ]
    ).clamp(-1, 1),
    labels=[f"told t = {told}, the truth is 600" for told in told_times],
    alt="A noisy critter, the network's guess and the clean critter",
    zoom=5,
    start=told_times.index(600),
)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import show_pictures
from course_lib.figures.widgets import live


def play(critter, truth, told):
    """Critter 0 to 15 with the noise of step `truth`, and the guess if told `told`."""
    critter = min(max(critter, 0), len(critters) - 1)  # there are sixteen
    t_true = torch.tensor([truth])
    x = add_noise(critters[[critter]], t_true, noise[[critter]], schedule)
    guess = guess_when_told(told, x, t_true)
    words = [f"t = {truth}", f"told {told}"]
    show_pictures(torch.cat([x, guess]), words, alt=f"A guess, told {told}.")


live(
    play,
    play="told",
    critter=(0, 15),
    truth=(100, 1000, 100, 600),
    told=(100, 1000, 100, 100),
)

# %% [markdown]
# ## Three questions
#
# 1. A layer goes from 64 to 128 channels with windows of 3 × 3. How many windows does
#    it have? And does the count of its numbers depend on the size of the picture?
#
# <details><summary>Answer</summary>
#
# 128 × 64 = 8,192 windows with 73,728 numbers, and 128 more that are simply added, one
# for each channel. The count does not depend on the size: the same layer can slide over
# 32 × 32 or 64 × 64.
#
# </details>
#
# 2. Someone leaves out the skips and says: "the way up can learn the detail too". What
#    do you answer?
#
# <details><summary>Answer</summary>
#
# It can, if enough channels go down to carry the detail, and if the training is long
# enough. But at full size, before the way down, the network already has the tip of the
# ear in *this* picture, to the pixel, and the skip hands it over almost for nothing.
# You have measured it: under little noise the error was about half as large. Under much
# noise the skip costs a little. But one network must serve all levels, and the one with
# both ways is never far from the best.
#
# </details>
#
# 3. You forget to give t to the network and always give it 500. Where on the way from
#    noise to a picture will it go wrong?
#
# <details><summary>Answer</summary>
#
# At both ends. In the beginning, near t = 1000, it takes noise for picture and leaves
# it in. At the end, near t = 0, it takes picture for noise, and detail fades away.
#
# </details>
