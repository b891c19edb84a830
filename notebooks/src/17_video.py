# %% [markdown]
# # 17 · Video
#
# *About 65 minutes. You need notebooks 06, 08 and 10.*
#
# At the end you can
#
# - say why a picture painter cannot draw a film frame by frame,
# - write attention along time, and see what frames learn from each other,
# - make a picture move: write how frames are given to a film maker,
# - say what is still missing between two seconds of film and a cinema, in numbers.

# %% [markdown]
# ## See it
#
# A film is a row of pictures, and you can draw pictures. So ask the painter of
# notebook 10 for 16 frames of *a frog hops to the right*. On the left is a film that
# the world has drawn, without a network. Press Play.

# %%
import torch

from course_lib.figures.player import film_player
from course_lib.painters.pipeline import TextToImage
from course_lib.world.film_captions import understand_film
from course_lib.world.films import draw_frames

words = TextToImage.from_pretrained("words")


def real_film(text, number=0):
    """What the world draws for a text: (16, 3, 32, 32), two seconds."""
    asked, _ = understand_film(text)
    factors = {name: torch.tensor([value]) for name, value in asked.items()}
    return draw_frames(factors, torch.tensor([number]), seed=1)[0]


text = "a frog hops to the right"
real = real_film("a green frog hops to the right")
apart = words([text] * 16, seed=3)  # 16 pictures, each from noise of its own
same = words([text], seed=3).expand(16, -1, -1, -1)  # 16 times from the same noise
film_player(
    torch.stack([real, apart, same]),
    ["drawn by the world", "frame by frame", "frame by frame, the same noise"],
    alt="Three films: a frog that hops; frogs that change in every frame; the same "
    "picture sixteen times",
)

# %% [markdown]
# With noise of its own every frame is *a* frog, but never the same one, and the world
# around it jumps. With the same noise in every frame nothing changes at all. A film
# needs both: the same frog, and another place.
#
# Here is another way to look at a film. Take one row of pixels, and stack what it shows
# in each frame, frame 1 at the top and frame 16 at the bottom. What stands still
# becomes a vertical stripe, and what walks becomes a slanted one.

# %%
from course_lib.figures.plots import show_pictures
from course_lib.judging.motion import still_flicker


def slices(films, row=21):
    """One row of pixels through time: (N, F, 3, H, W) to (N, 3, F, W)."""
    return films[:, :, :, row].transpose(1, 2)


walk = real_film("a red cat walks to the left in a meadow")
shown = torch.stack([walk, real, apart, same])
names = ["a cat walks", "a frog hops", "frame by frame", "the same noise"]
show_pictures(
    slices(shown),
    names,
    alt="Rows of pixels through time. A walk is a slanted stripe, a hop a slanted one "
    "with gaps, frame by frame is a jumble, the same noise is vertical stripes.",
)
for name, number in zip(names, still_flicker(shown).tolist(), strict=True):
    print(f"{name:>15}: flicker where nothing should move {number:.3f}")

# %% [markdown]
# **Flicker** is how far a pixel jumps back and forth from frame to frame, measured in
# the calmest half of the picture. In a real film it is 0 or nearly so: the scene stands
# still.
#
# ## Frames that look at each other
#
# The frames must talk while they are being drawn. You know how things talk: by
# attention. In notebook 08 the words of a sentence looked at each other. Now it is
# the frames of a film.
#
# A U-Net that draws films gets B films of F frames, as B * F pictures in a row.
# Between its layers they are features `h`, of the shape (B * F, C, H, W). We want a
# sequence for **each place of the grid**: what happens there, from the first frame to
# the last.
#
# ## Your turn: attention along time
#
# `attend` is self-attention, as you wrote it: it takes sequences (N, F, C) and returns
# as many. Cut `h` into sequences, one for each place of each film, let `attend` look,
# and put all numbers back where they came from, as (B * F, C, H, W).
#
# **Difficulty:** ★★★ plan first
#
# <details><summary>Hint 1</summary>
#
# Write down the five axes: films, frames, channels, rows, columns. Which three together
# number the sequences? Which one is the order within a sequence, and which one the
# numbers of one word? Then put them into this order, and make one axis of three.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `x.unflatten(0, (-1, 4))` cuts the first axis into pieces of four,
# `x.permute(2, 0, 1)` reorders axes, and `x.flatten(0, 2)` makes one axis of the first
# three. `reshape` alone never reorders. For the way back undo each of the three, the
# last one first. Keep the shape from before you flattened:
# `x.unflatten(0, shape[:3])`. For the `permute` on the way back, write down where each
# axis is now: the same `permute` twice undoes itself only by luck.
#
# </details>


# %%
def my_attend_along_time(h, frames, attend):
    """Let the frames of a film look at each other, at every place by itself."""
    ### BEGIN SOLUTION
    film = h.unflatten(0, (-1, frames)).permute(0, 3, 4, 1, 2)  # (B, H, W, F, C)
    seen = attend(film.flatten(0, 2)).unflatten(0, film.shape[:3])
    return seen.permute(0, 3, 4, 1, 2).flatten(0, 1)
    ### END SOLUTION


# %%
from course_lib.checks.nb17_video import check_attend_along_time

attend_along_time = check_attend_along_time(my_attend_along_time)

# %% [markdown]
# ## What frames learn from each other
#
# A film as small as can be: one bright dot on a dark grid of 8x8 goes to the left or to
# the right, over eight frames. Much noise lies on it.

# %%
from course_lib.figures.plots import show_rows


def dots(n, chance):
    """Films of a dot, (n, 8, 1, 8, 8): 2 where it is, 0 elsewhere."""
    row, start = torch.randint(8, (2, n, 1), generator=chance)
    way = 2 * torch.randint(2, (n, 1), generator=chance) - 1
    column = (start + way * torch.arange(8)) % 8  # out on one side, in on the other
    films = torch.zeros(n, 8, 1, 8, 8)
    films[torch.arange(n)[:, None], torch.arange(8), 0, row, column] = 2.0
    return films


def grey(film):
    """A film of numbers from -1 to 3 as grey pictures, (8, 3, 8, 8)."""
    return (film / 2 - 0.5).clamp(-1, 1).expand(-1, 3, -1, -1)


def stretched(guess):
    """From black to white, with its brightest pixel white, however timid a guess is."""
    return grey(4 * guess / guess.max() - 1)


chance = torch.Generator().manual_seed(5)
x_0 = dots(256, chance)
x_t = x_0 + torch.randn(x_0.shape, generator=chance)
show_rows(
    {"a film": grey(x_0[0]), "with noise": grey(x_t[0])},
    titles=[f"frame {i}" for i in range(1, 9)],
    alt="A dot that goes one place further in each of eight frames, and the same "
    "frames with noise, in which the dot can hardly be told.",
)


def found(films):
    """In how many frames of 100 the brightest place is where the dot is."""
    hit = films.flatten(2).argmax(2) == x_0.flatten(2).argmax(2)
    return 100 * hit.float().mean().item()


print(f"the brightest pixel is the dot in {found(x_t):.0f} of 100 frames")

# %% [markdown]
# One network denoises each frame by itself. Another one is the same, but in its middle
# it has a layer of attention along time: **yours**. The library's `TimeAttention` makes
# queries, keys and values as in notebook 08 and calls `attend_along_time`; we put your
# function in its place.
#
# Attention sees a set without order. So `TimeAttention` also tells each frame **when**
# it is, as notebook 08 told each word its place. A third network has no such clock.

# %%
from course_lib.figures.prediction import prediction

guess_found = prediction(
    "In how many of 100 frames will the network find the dot whose frames can look at "
    "each other?",
    (0, 100),
)

# %% tags=["nbval-ignore-output"]
import torch.nn.functional as F
from torch import nn

from course_lib.device import scaled
from course_lib.figures.watching import watch
from course_lib.networks import video

video.attend_along_time = attend_along_time  # from here on the library uses yours
WIDTH = 32


class DotFinder(nn.Module):
    """Denoises films of dots; its frames may look at each other and have a clock."""

    def __init__(self, along, clock):
        super().__init__()
        conv = dict(kernel_size=3, padding=1)
        self.look = nn.Sequential(
            *(nn.Conv2d(1, WIDTH, **conv), nn.SiLU()),
            *(nn.Conv2d(WIDTH, WIDTH, **conv), nn.SiLU()),
        )
        self.along = video.TimeAttention(WIDTH) if along else None
        if along and not clock:  # the times of all frames become the same
            for weight in self.along.when.parameters():
                nn.init.zeros_(weight).requires_grad_(False)
        self.out = nn.Sequential(
            *(nn.SiLU(), nn.Conv2d(WIDTH, WIDTH, **conv), nn.SiLU()),
            nn.Conv2d(WIDTH, 1, 1),
        )

    def forward(self, films):
        h = self.look(films.flatten(0, 1))  # every frame is a picture
        if self.along:
            h = self.along(h, films.shape[1])
        return self.out(h).unflatten(0, films.shape[:2])


def train(model, iterations, rate=5e-3):
    """The usual loop: guess the clean film from x_t."""
    chance = torch.Generator().manual_seed(1)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=iterations)
    for iteration in range(1, iterations + 1):
        x_0 = dots(24, chance)
        x_t = x_0 + torch.randn(x_0.shape, generator=chance)
        loss = F.mse_loss(model(x_t), x_0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        pace.step()
        yield iteration, loss.item()


iterations = scaled(smoke=120, laptop=400, gpu=400)
kinds = {
    "each by itself": dict(along=False, clock=False),
    "along time, no clock": dict(along=True, clock=False),
    "along time": dict(along=True, clock=True),
}
guesses = {}
for name, kind in kinds.items():
    torch.manual_seed(0)
    model = DotFinder(**kind)
    for _ in watch(train(model, iterations), total=iterations):
        pass
    with torch.no_grad():
        guesses[name] = model(x_t)
show_rows(
    {"with noise": grey(x_t[0])}
    | {name: stretched(guess[0]) for name, guess in guesses.items()}
    | {"the film": stretched(x_0[0])},
    titles=[f"frame {i}" for i in range(1, 9)],
    alt="Eight frames: with noise; guessed each by itself, where several places glow; "
    "guessed along time, without a clock and with one, where fewer places glow; and "
    "the film.",
)
for name, guess in guesses.items():
    print(f"{name}: the dot is found in {found(guess):.0f} of 100 frames")
guess_found.compare(round(found(guesses["along time"])))
gain = found(guesses["along time"]) - found(guesses["each by itself"])
assert gain > 10, "too little training to see a difference: more iterations, or WIDTH"

# %% [markdown]
# By itself the network is as good as the brightest pixel: there is nothing more in a
# single frame. With attention along time a frame asks the others: *has anything come
# near my place, just before or just after?* Noise does not walk. Without a clock it can
# only ask whether anything came near in *some* frame, and that helps less.
#
# ## A painter grows a time axis
#
# Nobody begins a film maker from nothing. Take the painter of notebook 10, which knows
# what frogs are. Between its layers come two kinds of new ones: a **convolution along
# time** sees a frame with its two neighbours, and **attention along time** sees the
# whole film. Both end in weights that are 0. So at first nothing is lost:

# %%
from course_lib.networks.video import FilmUNet, grown_from

grown = FilmUNet(**words.model.config)
grown_from(grown, words.model)
text_emb = words.read(["a frog hops to the right"])
film_t = torch.randn(1, 4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
t = torch.tensor([600])
with torch.no_grad():
    film = grown(film_t, t, text_emb)[0]
    pictures = words.model(film_t[0], t.expand(4), text_emb.expand(4, -1, -1))
before, after = (sum(p.numel() for p in m.parameters()) for m in (words.model, grown))
print(f"weights: {before / 1e6:.2f} M before, {after / 1e6:.2f} M now")
print("largest difference:", (film - pictures).abs().max().item())

# %% [markdown]
# It draws each frame exactly as before, and learns motion from there. The world draws
# the films to learn from, as many as it likes: eight animals that walk, hop, swim, fly,
# bounce a ball, wave, rise on stilts or watch the sun go down. Every fourth batch holds
# single pictures, so that it does not forget them. That takes longer than a notebook
# may (the lesson has the command), so we load what came out.
#
# ## Text steers motion
#
# Four prompts, **the same noise** for all; then once more, from another noise. The film
# judge is a network that was trained on films of the world, with their truth. It says
# what it sees.

# %%
guess_motions = prediction(
    "In how many of these eight films will the judge see the motion asked for?",
    (0, 8),
)

# %% tags=["nbval-ignore-output"]
import time

from course_lib.networks.film_judge import load_film_judge
from course_lib.painters.films import TextToFilm
from course_lib.world.films import FILM_FACTORS

draw, judge = TextToFilm.from_pretrained("films"), load_film_judge()


def tell(films, texts):
    """Print what the judge sees; return in how many films it sees the asked motion."""
    seen, right = judge.read(films), 0
    for i, text in enumerate(texts):
        asked, _ = understand_film(text)
        frames = (seen["subject"][i] == asked["subject"]).sum().item()
        names = [FILM_FACTORS[n][seen[n][i]] for n in ("motion", "direction")]
        what = " ".join(name for name in names if name != "none") or "nothing it knows"
        print(f"{text}: the animal in {frames} of {films.shape[1]} frames, sees {what}")
        right += (seen["motion"][i] == asked["motion"]).item()
    return right


doing = ["hops to the right", "hops to the left", "waves", "flies"]
texts = [f"a red frog {what} in a meadow" for what in doing]
started = time.process_time()
films = torch.cat([draw([text], seed=seed) for seed in (0, 1) for text in texts])
seconds = (time.process_time() - started) / len(films)
film_player(films, texts * 2, alt="Eight films of a red frog, four from each noise")
show_pictures(
    slices(films[:4]),
    doing,
    alt="A row of pixels of the first four films through time",
)
guess_motions.compare(tell(films, texts * 2))
named = words([texts[0]] * 16, seed=3)  # frame by frame, as `apart`
print("\nFrame by frame:")
tell(named[None], texts[:1])
pairs = {text: (apart, draw([text], seed=3)[0]), texts[0]: (named, films[0])}
for prompt, pair in pairs.items():
    alone, together = still_flicker(torch.stack(pair)).tolist()
    print(f"{prompt}: flicker frame by frame {alone:.3f}, film maker {together:.3f}")

# %% [markdown]
# The words decide what happens, and the noise decides what they leave open: the hills,
# the light, which way a frog looks that only waves. It also decides which films succeed
# (the lesson counts more prompts). Look for what is still wrong, too: a paw that melts,
# a colour that drifts, a leap that never lands.
#
# The last lines compare flicker for **the same prompt**, frame by frame and by the film
# maker. Words that leave colour and scene open make frames jump, and the film maker
# calms them. Words that name both calm the frames by themselves. But frames drawn one
# by one do not hop: none of them knows which one it is.
#
# ## Make a picture move
#
# Now **give** the film maker its first frame, and let it draw the others. At each call
# the given frame must stand in the film, *clean*. But the network is told how noisy the
# film is, say t = 600, and would look for noise in the clean frame, too. So it is told
# **one step for each frame**: t = 0 for a given one.
#
# That needs no new input, and any frame can be given: the first, the last, or both. In
# training the first frame was given in some of the films, and the last one as well in
# others.
#
# ## Your turn: give frames
#
# `given` (B, F) is True where a frame is given. Return two things: the film, `x_t` with
# the given frames of `x_0` in their places, and the step of each frame, (B, F). Steps
# are whole numbers, as in `t`.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Two tables are to be filled, and the same question decides in both: is this frame
# given? For the first one the question has to be asked of all numbers of a frame at
# once. For the second one there is one step for a film at first, and you need one for
# each of its frames.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.where(mask, a, b)` takes `a` where the mask is True. The mask needs as many
# axes as the film: `mask[..., None]` adds one of length 1 at the end, which goes with
# any length. Add as many as are missing. `x[:, None].expand(2, 5)` shows each number of
# `x` in a row of its own, without a copy: do not write into it. `masked_fill` makes a
# new tensor, with one number wherever a mask is True.
#
# </details>


# %%
def my_give_frames(x_t, t, x_0, given):
    """Given frames are clean, and their step is 0: the film, and a step per frame.

    x_t and x_0 are films (B, F, C, H, W), t (B,), given (B, F) True or False.
    """
    ### BEGIN SOLUTION
    film = torch.where(given[:, :, None, None, None], x_0, x_t)
    each = t[:, None].expand(given.shape).masked_fill(given, 0)
    return film, each
    ### END SOLUTION


# %%
from course_lib.checks.nb17_video import check_give_frames

give_frames = check_give_frames(my_give_frames)
video.give_frames = give_frames  # the film maker uses yours

# %% [markdown]
# A picture of notebook 10 becomes the first frame. Two prompts tell how it goes on.

# %% tags=["nbval-ignore-output"]
first = words(["a small red cat in the snow"], seed=5)[0]
doing = ["walks to the right", "waves"]
goes_on = [f"a red cat {what} in the snow" for what in doing]
moved = torch.cat([draw([text], seed=0, first=first) for text in goes_on])
film_player(moved, goes_on, alt="Two films that begin with the same picture of a cat")
tell(moved, goes_on)

# %% [markdown]
# Was that your function? The sampler puts the given frame into the finished film in any
# case. So spoil it in two ways, and look at **frame 2**. The prompt *a cat waves* does
# not say which cat, nor where: only the given frame does. Each way draws two films.


# %% tags=["nbval-ignore-output"]
def told_t(x_t, t, x_0, given):
    """The given frames are clean, but their step is that of the others."""
    return give_frames(x_t, t, x_0, given)[0], t[:, None].expand(given.shape)


def left_noisy(x_t, t, x_0, given):
    """The given frames stay as noisy as the others."""
    return x_t, t[:, None].expand(given.shape)


ways = {"yours": give_frames, "clean, told t": told_t, "left noisy": left_noisy}
waving = {}
for name, way in ways.items():
    video.give_frames = way
    waving[name] = draw(["a cat waves"] * 2, seed=0, first=first)
    jump = (waving[name][:, 1] - first).square().mean((1, 2, 3)).sqrt()
    far = " and ".join(f"{number:.2f}" for number in jump)
    print(f"{name:>13}: from frame 1 to frame 2 {far}")
video.give_frames = give_frames
film_player(
    torch.cat(list(waving.values())),
    [f"{name}, film {i}" for name in ways for i in (1, 2)],
    alt="Six films that begin with a red cat in the snow. Yours: it stays that cat for "
    "most of the film. Told t: its colour or its shape changes. Left noisy: from frame "
    "2 on it is another cat, at sunset",
)

# %% [markdown]
# Told *t*, the network takes the clean frame for a noisy one, and frame 2 jumps farther
# from it. Left noisy, the given frame says least, and frame 2 is farthest. Even yours
# can lose the snow near the end of a film.
#
# Two given frames, and the film maker must find **what happens between**. Here are the
# first and the last frame of a film that the world has drawn. The simplest way between
# two pictures is a cross-fade: a little less of one, a little more of the other.

# %%
guess_between = prediction(
    "How far from the world's film is what the film maker draws between, if a "
    "cross-fade counts as 100 %?",
    (0, 300, 10),
)

# %% tags=["nbval-ignore-output"]
share = torch.linspace(0, 1, 16)[:, None, None, None]
fade = (1 - share) * walk[0] + share * walk[-1]
between = draw(
    ["a red cat walks to the left in a meadow"], seed=0, first=walk[0], last=walk[-1]
)[0]
film_player(
    torch.stack([walk, fade, between]),
    ["drawn by the world", "cross-fade", "film maker, two frames given"],
    alt="A cat that walks; a cat that fades here and appears there; a cat drawn "
    "between two frames",
)


def off(film):
    """How far the 14 frames between are from those of the world."""
    return (film - walk)[1:-1].square().mean().sqrt().item()


print(f"cross-fade {off(fade):.3f}, film maker {off(between):.3f}")
guess_between.compare(round(100 * off(between) / off(fade)))

# %% [markdown]
# A cross-fade knows nothing of cats: one melts away, and another appears. The film
# maker walks. Where it is off, it may have put a foot down earlier than the world did:
# between two pictures there is more than one film, and a mean would be a ghost again.
#
# ## What is missing?
#
# Two seconds are no cinema. What is missing can be measured.
#
# **Length.** A film maker has learned films of one length. For a longer one, begin the
# next film with the last frame of this one. So tell a story. It goes on from the walk
# above, in three more films:

# %%
guess_cat = prediction(
    "Three more films, each begun with the last frame of the one before. In how many "
    "of the last 16 frames will the judge see a cat?",
    (0, 16),
)

# %% tags=["nbval-ignore-output"]
doing = ["walks to the left", "bounces a ball", "walks to the right"]
story = [f"a red cat {what} in the snow" for what in doing]
parts = [moved[0]]
for i, line in enumerate(story):
    parts.append(draw([line], seed=i, first=parts[-1][-1])[0])
film_player(
    torch.cat(parts)[None],
    ["a story in four films"],
    alt="A story in four films: a cat walks, walks back, has a ball beside it, walks "
    "again",
)
tell(torch.stack(parts[1:]), story)
cat = understand_film(story[0])[0]["subject"]
guess_cat.compare((judge.read(parts[-1][None])["subject"] == cat).sum().item())

# %% [markdown]
# **Memory.** The next film knows one picture of all that came before. A picture shows a
# place, and no speed: whoever leapt there begins anew here. What is hidden in that one
# frame is forgotten, and small mistakes are handed on and grow. Look for the ball. (The
# judge sees no bouncing: this film maker draws a ball, but has not learned to bounce
# it.) It is in the frame that is handed on to the last film. How long does it stay?
#
# **Events.** In training one thing happened in each film. Ask for two in one film. Then
# ask for one after the other: first the hop to the left of above, then a film that
# begins with its last frame.

# %% tags=["nbval-ignore-output"]
hop, stand = texts[1], "a red frog stands still in a meadow"
both = f"{hop} and then stands still"
asked = [both, hop, stand]
events = torch.cat(
    [draw([both], seed=0), films[1:2], draw([stand], seed=0, first=films[1, -1])]
)
film_player(
    events,
    ["both in one film", "first film: hops", "second film: stands still"],
    alt="A frog asked to hop and then to stand; a frog that hops; the same frog stands",
)
tell(events, asked)

# %% [markdown]
# From both words at once the judge knows no motion. One after the other it sees both:
# whoever wants events in order must plan them, film by film.
#
# **Cost.** Every frame costs as much as a picture, and each place looks along all
# frames.

# %%
guess_hours = prediction(
    "One minute in 512x512 pixels, 24 frames a second, by this network on this "
    "machine: how many hours?",
    (0, 100),
)

# %% tags=["nbval-ignore-output"]
frames, area = 60 * 24, (512 // 32) ** 2
hours = seconds * (frames / 16) * area / 3600
print(f"our film: 16 frames of 32x32, {seconds:.1f} seconds of one core")
print(f"one minute: {frames / 16:.0f} times the frames, {area} times the pixels")
print(f"{hours:.0f} hours of one core, and attention along time comes on top")
print(f"looks at one place: {16**2} in our film, {frames**2:,} in a minute")
guess_hours.compare(round(hours))

# %% [markdown]
# Therefore large film makers draw in latents (notebook 12) that are squeezed along time
# as well, distil (notebook 16), and still show seconds and not hours.
#
# ## Play
#
# Write a film. Give a picture that has nothing to do with the words, or two that do not
# belong together. `draw(..., frames=32)` makes four seconds. In training no cat swam
# and no bear flew: does yours?

# %% tags=["nbval-ignore-output"]
mine = ["a blue cat swims to the right", "a bear flies to the left at night"]
play = draw(mine, seed=7)
tell(play, mine)
film_player(play, mine, alt="Two films that nobody has drawn before")

# %% [markdown]
# ## Three questions
#
# 1. The new layers look along time at one place of the grid. How can the frog be
#    followed, whose eye is at another place in each frame?
#
# <details><summary>Answer</summary>
#
# A place of the grid is wide: on the coarsest one, what it holds has been gathered by
# convolutions and attention from a large part of the picture. So a place knows that a
# frog is left of it. In the dots' network a place sees two pixels to each side, and
# that was enough for a dot that goes one pixel a frame.
#
# </details>
#
# 2. Half of the noise is the same in all frames of a film. What would you expect of
#    none of it, and of all of it?
#
# <details><summary>Answer</summary>
#
# The noise decides what the words leave open. With none in common the frames begin as
# different pictures, and the layers along time have to bring them together. With all in
# common they begin as one picture that does not move. In between there is a start that
# is alike and not the same. This network has learned with a half. Try others: set
# `draw.card["in_common"] = 0.0`, or 1.0, and draw from several seeds: one film proves
# nothing, as seeds differ more.
#
# </details>
#
# 3. You give frame 1 and frame 16, and they show a cat and a fish. What should come
#    out between?
#
# <details><summary>Answer</summary>
#
# There is no right film: in training nobody ever turned into a fish. Something in
# between the two is likely, or a jump from one to the other. The network draws what it
# holds for most likely, also where nothing is.
#
# </details>
