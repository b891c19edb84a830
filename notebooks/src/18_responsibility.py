# %% [markdown]
# # 18 · Responsibility
#
# *About 70 minutes. You need notebooks 05, 06 and 12.*
#
# At the end you can
#
# - test whether a model hands back its training pictures, and a picture of yours,
# - hide a mark in the noise, find it again, and steal it,
# - say what a signature proves, and what neither it nor a detector can prove,
# - measure what is left of an artist who opted out, and what guidance does to a bias,
# - show what becomes of models that are fed by models.

# %% [markdown]
# ## See it
#
# You have built a machine that turns words into pictures, out of other people's
# pictures. What may one do with it? Opinions are cheap, so this notebook *measures*.
# All of it happens to small models of our own, where everything is known: what they
# learned, who drew it, and who asked not to be in it.
#
# We begin with the gravest complaint: that such a model does not draw, but copies. Here
# is a painter of 16x16 pixels, and an album of **ten** pictures. It will see each of
# them some two thousand times.

# %%
from course_lib.figures.prediction import prediction

guess_ten = prediction(
    "After that it draws 64 pictures from fresh noise. How many show one of the ten?",
    (0, 64),
)

# %% tags=["nbval-ignore-output"]
import torch

from course_lib.device import scaled
from course_lib.figures.plots import show_rows
from course_lib.figures.watching import watch
from course_lib.training.small import (
    album_of,
    as_floats,
    drawn_by,
    painter_of,
    small_trainer,
    unseen,
)

ten = album_of(10)
training = as_floats(ten)  # (10, 3, 16, 16) in [-1, 1]
trainer = small_trainer(ten, scaled(smoke=700, laptop=700, gpu=1500))
for _ in watch(((p.iteration, p.loss) for p in trainer.run()), total=trainer.last):
    pass
painter = painter_of(trainer, ten)
drawn, _ = drawn_by(painter, 64)
show_rows(
    {"training": training[:8], "drawn": drawn[:8]},
    alt="Eight training pictures, and eight drawings that show the same animals in the "
    "same places.",
)

# %% [markdown]
# Those are not drawings of the same *kind*. They are the same pictures. But "looks the
# same" is no measurement, and with 50,000 training pictures nobody can look at all.
#
# ## Your turn: is it a copy?
#
# Measure how far a drawing is from each training picture: the root of the sum of the
# squared differences of all its numbers. Is a small distance a copy? Not yet. Two
# pictures of a plain sky are near each other by chance, and two crowded ones never are.
#
# So compare two distances, to the **nearest** training picture and to the **second
# nearest**. If a drawing is three times as near to one picture as to any other, chance
# is a bad excuse (Yoon et al. 2023):
#
# $$\frac{\text{distance to the nearest}}
# {\text{distance to the second nearest}} < \frac13$$
#
# Write the fraction on the left, for each of B pictures.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# First make a table with a row for each picture and a column for each training picture.
# Then look along each row, not down the columns. You need its two smallest numbers.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# `torch.cdist` makes such a table from points, (B, D) and (N, D); `flatten(1)` turns
# pictures into points. `sort` takes a `dim`, and gives the values and where they were.
#
# </details>


# %%
def my_copy_ratio(pictures, training):
    """(B, 3, H, W) and (N, 3, H, W) to one fraction for each picture, (B,)."""
    ### BEGIN SOLUTION
    table = torch.cdist(pictures.flatten(1), training.flatten(1))  # (B, N)
    near_to_far = table.sort(dim=1).values
    return near_to_far[:, 0] / near_to_far[:, 1]
    ### END SOLUTION


# %% tags=["nbval-ignore-output"]
from course_lib.checks.nb18_responsibility import check_copy_ratio

copy_ratio = check_copy_ratio(my_copy_ratio)

found = int((copy_ratio(drawn, training) < 1 / 3).sum())
guess_ten.compare(found)
assert found > 16

# %% [markdown]
# A number needs company. What does your test say of pictures that *nobody* copied? And
# would it notice a copier? Both are called **controls**. Without them no share of
# copies means anything.
#
# For the third row, every training picture is put into the set twice. That is how it is
# on the web: popular pictures stand there thousands of times.

# %%
fresh = as_floats(unseen(64))
grain = 0.05 * torch.randn(training.shape, generator=torch.Generator().manual_seed(0))
rows = {
    "fresh pictures": (fresh, training),
    "a copier, with a little noise": (training + grain, training),
    "the same, every picture twice": (
        training + grain,
        torch.cat([training, training]),
    ),
}
for name, (pictures, known) in rows.items():
    copies = (copy_ratio(pictures, known) < 1 / 3).sum()
    print(f"{name:<30}: {copies:2} of {len(pictures)} are copies")

# %% [markdown]
# In the last row the copier goes free: *the twin is the second nearest*, so the
# fraction is near 1. Whoever searches a training set must put twins aside first. And a
# company that reports "no copies" must be asked which of these three rows it has run.
#
# ## From which size on?
#
# Ten pictures are a caricature. The table shows the same painter with larger albums. It
# comes from `benchmarks/responsibility_copies.py`, since it takes longer than a lesson.

# %% tags=["nbval-ignore-output"]
import json

from course_lib.device import repository_folder


def measured(name):
    """The figures that a benchmark has measured: name -> value."""
    file = (
        repository_folder() / "benchmarks" / "results" / f"responsibility_{name}.json"
    )
    entries = json.loads(file.read_text("utf-8"))["entries"] if file.exists() else {}
    if not entries:
        print(f"Not measured yet: python benchmarks/responsibility_{name}.py")
    return {key: entry["value"] for key, entry in entries.items()}


copied = measured("copies")
sizes = [int(key) for key in copied if key.isdigit()]
print("pictures in the album   copies, %   fresh, %   copier, %")
for size in sorted(sizes):
    row = [copied[f"{size}{end}"] for end in ("", "_fresh", "_copier")]
    print(f"{size:>21} " + " ".join(f"{value:>11.1f}" for value in row))
print("ten pictures stand in an album of 1,000 so many times: they were the nearest to")
for times in (1, 10, 100, 1000):
    if f"twins_{times}_nearest" in copied:
        with_twins, once = (
            copied[f"{way}_{times}_nearest"] for way in ("twins", "no_twins")
        )
        print(
            f"{times:>5} {with_twins:7.1f} % of the drawings; once each {once:4.1f} %"
        )

# %% [markdown]
# Two things decide. **How often** a picture was seen: the album's size against the
# length of the training, and twins on top. And **how alone** it is: a picture unlike
# all others has nothing to blend with. Large models return few pictures of millions;
# those few stood hundreds of times in their training set (Carlini et al. 2023).
#
# And if it is *your* picture, and somebody else's model? You know neither its training
# set nor its captions. Then you can ask it with the words that might belong to your
# picture, and you can look whether it guesses your picture *better* under noise than
# pictures that it cannot know. Both are one command: `python -m course_lib copies
# --images mine --others others --prompt "a red cat"`. Its last sentence is the most
# important: *no copy found is no proof.*
#
# ## Can one tell?
#
# Many a teacher would like a machine that says "drawn by a model". Let us make one. It
# learns from real critters and from drawings of a painter that ships. We set its limit
# so that it accuses one real picture in twenty. Before you run it: will it also find
# drawings of *another* painter, which it never saw?

# %% tags=["nbval-ignore-output"]
from course_lib.judging.attacks import cropped, grainy, jpeg, through_bytes
from course_lib.judging.detection import Detector
from course_lib.painters.pipeline import LabelToImage
from course_lib.pixels import from_bytes
from course_lib.world.critters import ANIMALS
from course_lib.world.drawing import draw_critters

by_label = LabelToImage.from_pretrained("critters")
asked = [ANIMALS[i % 8] for i in range(192)]
made = through_bytes(by_label(asked, steps=8, guidance_scale=1.0, seed=1))
real = from_bytes(draw_critters(448, 77, 32, kind="one")[0])
detector = Detector.trained(
    *(real[:128], made[:128], real[128:328]),
    iterations=scaled(smoke=100, laptop=100, gpu=200),
    alarms=0.05,
)
print("called made, of 100:          real   drawn")
for name, attack in {
    "as they are": through_bytes,
    "saved as JPEG": lambda x: jpeg(x, 50),
    "cropped": cropped,
    "with noise": grainy,
}.items():
    shares = [
        100 * detector.called_made(attack(x)).float().mean().item()
        for x in (real[328:], made[128:])
    ]
    print(f"{name:<28} {shares[0]:5.0f} {shares[1]:7.0f}")
small, _ = drawn_by(painter, 50)
other = torch.nn.functional.interpolate(small, scale_factor=2)
found_other = 100 * detector.called_made(through_bytes(other)).float().mean().item()
print(f"drawn by another painter: {found_other:9.0f} found")

# %% [markdown]
# Read it line by line. The detector has learned the fingerprints of *one* painter, and
# whatever touches the pixels changes them. With noise, drawings slip through. Saved as
# JPEG or cropped, and enlarged again, *honest* pictures are accused: they are a little
# blurred, and so are drawings. With the strange painter it was lucky or not; nothing in
# its training said what to do. And nobody sees the most important number on a web page
# that offers such a test: its **false alarms**. At 1 %, a school with 1,000 honest
# pupils accuses ten.
#
# ## A mark in the noise
#
# The maker of a picture could *help* to recognise it. A visible stamp can be cut off. A
# change of a few pixels does not survive a JPEG. But you know a better place. Without
# fresh noise, everything in a picture comes from its **starting noise** (notebook 06).
# So hide the mark there (Tree-Ring; Wen et al. 2023).
#
# Noise is a sum of waves: the **Fourier transform** says how strong each wave is, as a
# complex number. Order them in a table by how many waves fit into the picture, down and
# across. Waves of equal length lie on a **ring**. For each ring the secret key has one
# number, and all waves of that ring get it.
#
# In a table of 4x4 these are the rings. The longest waves are around the corner above
# left, as `fft2` has them (and waves that run backwards at the other ends). The corner
# itself is the mean. It is no wave, and we leave it alone:
#
# ```
# -1 0 1 0
#  0 0 1 0
#  1 1 2 1
#  0 0 1 0
# ```
#
# ## Your turn: mark the noise
#
# Transform the noise into waves. Give each ring its number, in every channel, in place
# of what was there. Transform back. `key[:, r]` belongs on ring `r`.
#
# `torch.fft.fft2(noise, norm="ortho")` goes there, and `torch.fft.ifft2` comes back.
# (The norm keeps waves as large as pixels.) The result of the way back is complex, too.
# Its imaginary part is 0, because the rings are symmetric: return the `.real` part.
#
# **Difficulty:** ★★☆ a few steps
#
# <details><summary>Hint 1</summary>
#
# Transform, a loop over the rings, transform back. Comparing the table of rings with a
# number gives a table of True and False: where the waves of that ring are. Such a table
# picks places from the last two dimensions.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# On the left of the assignment stands `waves[..., ring == r]`, of shape (B, C, places
# on the ring). So the C numbers on the right need one more dimension at their end:
# `[:, None]`. They must be complex as well: `.to(waves.dtype)`.
#
# </details>


# %%
def my_mark(noise, key, ring):
    """Noise (B, C, H, W), key (C, rings), ring (H, W) to noise with the mark."""
    ### BEGIN SOLUTION
    waves = torch.fft.fft2(noise, norm="ortho")
    for r in range(key.shape[1]):
        waves[..., ring == r] = key[:, r][:, None].to(waves.dtype)
    return torch.fft.ifft2(waves, norm="ortho").real
    ### END SOLUTION


# %%
from course_lib.checks.nb18_responsibility import check_mark
from course_lib.painters.watermark import agreement, key_of, ring_of

mark = check_mark(my_mark)
key = key_of(1234)  # a number for each of 4 channels and 7 rings

noise = torch.randn(6, 4, 16, 16, generator=torch.Generator().manual_seed(1))
marked = mark(noise, key, ring_of(16))
print(f"spread before {noise.std():.2f}, after {marked.std():.2f}")
print(
    f"agrees with the key: before {agreement(noise, key).mean():.2f}, "
    f"after {agreement(marked, key).mean():.2f}"
)

# %% tags=["nbval-ignore-output"]
# Same words, same seeds; one row has the mark. Which one? Decide before you read on.
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.watermark import draw_marked

draw = TextToImage.from_pretrained("latent")
prompts = ["a red cat", "a blue bird at night", "a frog on stilts", "a white bear"]
prompts = [prompts[i % 4] for i in range(10)]
with_mark = through_bytes(draw_marked(draw, prompts, key, seed=5))
without = through_bytes(draw_marked(draw, prompts, None, seed=5))
show_rows(
    {"upper": with_mark[:6], "lower": without[:6]},
    alt="Two rows of six drawings of the same prompts. Nothing tells which is marked.",
)

# %% [markdown]
# It is the upper one, and nothing on the pictures says so. But whoever has the painter
# can walk the way *back*. DDIM is an equation without chance, so it also runs from a
# picture to noise. (Nobody knows the prompt any more, and the autoencoder rounds, so it
# arrives only roughly.) There, compare the waves with the key.
#
# How much agreement is enough? Ask a thousand keys that nobody used. If fewer than one
# in a hundred agrees as well, we call it marked, with 1 % false alarms.

# %% tags=["nbval-ignore-output"]
from course_lib.painters.watermark import chance_of, noise_of

attacks = {
    "as drawn": through_bytes,
    "saved as JPEG": lambda x: jpeg(x, 50),
    "with noise": grainy,
    "cropped": cropped,
    "mirrored": lambda x: x.flip(3),
}
print("                agreement   called marked")
for name, attack in attacks.items():
    back = noise_of(draw, attack(with_mark[:6]))
    called = (chance_of(back, key) <= 0.01).float().mean()
    print(f"{name:<15} {agreement(back, key).mean():10.2f} {called:15.0%}")
back = noise_of(draw, without[:6])
called = (chance_of(back, key) <= 0.01).float().mean()
print(f"{'no mark':<15} {agreement(back, key).mean():10.2f} {called:15.0%}")

# %% [markdown]
# It survives what a messenger does to a picture, and not what a thumb does: a crop or a
# mirror moves everything, and the way back leads elsewhere.
#
# So is it safe? Here is a thief. They have ten marked pictures, the painter (ours is
# free for all), and no key. What differs between ten noises averages away. What they
# share stays: the key, and what all pictures have in common, marked or not. The thief
# draws some without a mark and takes that off.

# %% tags=["nbval-ignore-output"]
from course_lib.painters.watermark import stolen_key

ways_back, unmarked = noise_of(draw, with_mark), noise_of(draw, without)
print("stolen from   likeness to the key")
for count in (1, 3, 10):
    stolen = stolen_key(ways_back[:count], unmarked)
    alike = torch.nn.functional.cosine_similarity(
        stolen.flatten(), key.flatten(), dim=0
    )
    print(f"{count:>11} {alike:14.2f}")
forged = through_bytes(draw_marked(draw, prompts[:4], stolen, seed=99))
passes = (chance_of(noise_of(draw, forged), key) <= 0.01).float().mean()
print(f"forgeries that pass as marked by us: {passes:.0%}")

# %% [markdown]
# With the stolen key the thief can sign *any* picture in our name. An invisible mark
# says at best: somebody who has had to do with this key. It is useful against
# carelessness, not against malice.
#
# ## A signature
#
# The other way does not hide at all. **C2PA** writes a signed note into the file: who
# made it, with what, and a checksum of every byte. It is the same mathematics that
# protects your bank's web page. Changing a single bit breaks it. We make a key of our
# own, sign, and see what a reader can say.

# %% tags=["nbval-ignore-output"]
import tempfile
from pathlib import Path

from PIL import Image

from course_lib.commands.whence import signature_in_words
from course_lib.painters import provenance
from course_lib.pixels import to_image

folder = Path(tempfile.mkdtemp())
signed, changed, again = (folder / f"{n}.png" for n in ("signed", "changed", "again"))
to_image(with_mark[2]).save(signed)
if provenance.can_sign():
    provenance.make_keys(folder / "keys", "Ada")
    provenance.sign(signed, folder / "keys", {"prompt": prompts[2]}, may_train=False)
    content = bytearray(signed.read_bytes())
    content[content.rfind(b"IDAT") + 50] ^= 1  # one bit
    changed.write_bytes(content)
    Image.open(signed).save(again)  # opened and saved, as any editor does
    root = folder / "keys" / "root.pem"
    for file, trust in ((signed, None), (signed, root), (changed, root), (again, root)):
        found = provenance.signature_of(file, trust)
        whom = "Ada trusted" if trust else "nobody trusted"
        print(f"{file.stem}, {whom}: {found.state}")
        print("   ", *signature_in_words(found, trust and Path("root.pem")))
else:
    print(f"No signatures here without two more libraries: {provenance.WANTED}")

# %% [markdown]
# Four states: **signed**, **trusted**, **tampered**, and **nothing**. The last one is
# the usual one, since most programs throw the note away. So a missing signature says
# nothing at all.
#
# And a present one? It says *who* vouches, and that nothing has changed since. It does
# not say that a picture is **true**. A camera can sign a photo of a stage set. A
# newspaper can sign a drawing and be honest about it. Trust is a matter between people;
# the mathematics only carries it. `generate --sign keys --mark 1234` does both to a
# file, and `python -m course_lib whence FILE` says in words what can be known.
#
# ## Whose pictures?
#
# **Vera** draws the same animals as everybody else, and in a way of her own. No network
# that ships has seen a picture of hers. She does not want to be in a training set. Her
# wish can be *data*: a list beside the pictures, in the words of C2PA, which our
# training honours.

# %% tags=["nbval-ignore-output"]
from course_lib.world.artist import draw_veras
from course_lib.world.photos import load_folder

hers = from_bytes(draw_veras(8, 3, 64)[0])
others = from_bytes(draw_critters(8, 3, 64, kind="one")[0])
show_rows(
    {"everybody": others, "Vera": hers},
    alt="Eight animals as usual, and the same eight by Vera: with a thick pink outline "
    "and hatched shadows.",
)
for name, pictures in {"vera": hers, "others": others}.items():
    (folder / "album" / name).mkdir(parents=True)
    for i, picture in enumerate(pictures):
        to_image(picture).save(folder / "album" / name / f"{i}.png")
refused = {"c2pa.ai_generative_training": {"use": "notAllowed"}}
consent = folder / "album" / "consent.json"
consent.write_text(json.dumps({"entries": {"vera/*": refused}}))
album = load_folder(folder / "album")
print("labels that are left:", album.names[1:])

# %% [markdown]
# That works because somebody asked beforehand, and because `train` is so kind as to
# read the list. It says, too, who was never asked. That is *opt-out*: silence counts as
# a yes. With *opt-in*, silence would count as a no. The code differs in one line, and
# the whole quarrel is about that line.
#
# And if she was in the set already? Training anew is expensive, so people make networks
# **forget**: wherever Vera is asked for, train on with other people's pictures. Then
# ask for her; a probe tells whether the drawings have her style. The second test is
# harder: show ten pictures of hers to the network that forgot, and to one that never
# saw her. Which one learns her faster? Decide before you run the cell.

# %% tags=["nbval-ignore-output"]
people = measured("people")
for way in ("learned", "forgot", "opted_out"):
    if f"vera_{way}" in people:
        words = way.replace("_", " ")
        print(
            f"{words:<10}: {people[f'vera_{way}']:3.0f} % in her style when asked for"
        )
print("shown ten pictures of hers, for so many iterations:")
curves = {}
for way in ("forgot", "opted_out"):
    keys = [key for key in people if key.startswith(f"vera_{way}_relearned_")]
    curves[way] = {int(key.rsplit("_", 1)[1]): people[key] for key in keys}
    print(f"{way.replace('_', ' '):<10}:", curves[way])

# %% [markdown]
# Look at the first iterations. The network that forgot comes back much faster. So it
# had not forgotten: it had only lost the way to what it knew. **Not drawing her is not
# the same as not having learned from her.** Only leaving her out from the start is
# certain, and that is checked by looking at the training set, not at the pictures.
#
# ## What is "a big animal"?
#
# Nobody told our painters what "animal" means. They take it from the album. Here is one
# in which every eighth animal is a cat, as it should be. But among the **big** ones it
# is only one in fifty. What will "a big animal" show? And with guidance, which nearly
# every picture of this course was drawn with?
#
# Guidance with scale w does about this to the chances (notebook 10 had the formula for
# the arrows): it multiplies each by itself w times, and divides by the chance *without*
# the words, w - 1 times. We draw with the best denoisers there are (notebook 03),
# one for the big animals and one for all: what goes wrong is then no network's fault.

# %%
guess_cats = prediction(
    "Big cats are 2 % of the big animals in the album. How many with w = 4? (in %)",
    (0.0, 4.0, 0.5),
)

# %% tags=["nbval-ignore-output"]
from course_lib.training.balance import drawn_with_guidance, exaggerated

big_animals = torch.tensor([1] + [7] * 7)  # of 50; cats first
all_animals = torch.tensor([25] * 8)
print("cats among big animals, %    drawn    by the formula")
for w in (1.0, 2.0, 4.0):
    drawn_kinds = drawn_with_guidance(big_animals, all_animals, w)
    cats = 100 * (drawn_kinds == 0).float().mean().item()
    wanted = 100 * exaggerated(big_animals / 50, all_animals / 200, w)[0].item()
    print(f"w = {w:.0f} {cats:27.2f} {wanted:17.4f}")
guess_cats.compare(round(cats, 1))
equal = drawn_with_guidance(all_animals, all_animals, 4.0)
print(f"a balanced album, w = 4 {100 * (equal == 0).float().mean().item():8.2f}")

# %% [markdown]
# **Guidance exaggerates.** It makes pictures more typical, and that is what it is for.
# So what is rare in the album is not drawn rarely: it is hardly drawn at all. Showing
# the rare pictures more often (*balancing*) brings it back. But balanced to what? As in
# the album, as in the world, or all alike? No formula knows, and "leave it as it is" is
# a choice, too.
#
# ## A model fed by models
#
# Half of what is on the web may soon be drawn by models. The next models learn from
# that. Play ten generations, with a model as simple as can be: for each of 20 kinds of
# thing it learns how frequent it is, where its middle is, and how wide it spreads.

# %%
guess_kinds = prediction(
    "Each generation learns only from what the one before has made. Of 20 kinds, how "
    "many are left after ten generations?",
    (0, 20),
)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import plot_points
from course_lib.training.generations import WAYS, generations, right, variety

history = {way: list(generations(200, 10, way)) for way in WAYS}
kinds = {way: [variety(points)[0] for points in made] for way, made in history.items()}
print("kinds left, from the real data to generation 10; right at the end")
for way, counts in kinds.items():
    print(f"{way:<12}", *counts, f"   {right(history[way][-1]):.0%}")
guess_kinds.compare(kinds["replaced"][-1])
plot_points(
    {"real": history["replaced"][0].xy}
    | {f"{way}, 10th": made[-1].xy for way, made in history.items()},
    alt="Four panels. Real: a ring of twenty clouds, dense at its beginning. Replaced: "
    "fewer and tighter clouds. Accumulated and mixed: more of them are left.",
)
for way in WAYS:
    start = f"generations_{way}_"
    keys = [k for k in people if k.startswith(start) and k.endswith("variety")]
    if keys:
        print(f"critters, {way}: variety, %:", *(f"{people[k]:.0f}" for k in keys))

# %% [markdown]
# Look at the last column of the numbers: nearly everything that is drawn is *right*, in
# each generation, to the end. No single picture tells that anything is wrong. What dies
# is the **variety**: the rare kinds first, each of them for ever, and the breadth of
# those that stay. Old data that is kept (*accumulated*), or a tenth that is real
# (*mixed*), slows it down or stops it.
#
# ## What it costs
#
# One picture, and four cores that train for a month. Processors can count their energy,
# where one is allowed to read it. Elsewhere it is an estimate, and says so.

# %% tags=["nbval-ignore-output"]
from course_lib.networks.energy import energy_of, estimated

one = energy_of(lambda: draw(["a frog on stilts"], seed=1))
print("one picture:", one)
month = estimated(4 * 30 * 24 * 3600.0)
print(
    f"four cores for a month: {month.kwh:.0f} kWh, {month.grams / 1000:.0f} kg of CO2"
)
print(f"as much as {month.joules / one.joules:,.0f} of our pictures")

# %% [markdown]
# ## Play
#
# How many generations, how many points? With more points, kinds die later. Do they stop
# dying?

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live


def play(points, count, way):
    made = list(generations(points, count, way))
    print(f"{variety(made[-1])[0]} of 20 kinds are left")
    plot_points({"real": made[0].xy, "last": made[-1].xy}, alt="Two clouds of points.")


live(play, points=(100, 2000, 100, 200), count=(1, 60, 1, 30), way=list(WAYS))

# %% [markdown]
# ## Three questions
#
# 1. A company searched its training set for each of a million drawings and found no
#    copy. The set holds every picture three times. What is the report worth?
#
# <details><summary>Answer</summary>
#
# Nothing. The second nearest is then the twin of the nearest, the fraction is near 1,
# and not even a perfect copy is found. Ask for the two controls.
#
# </details>
#
# 2. A photo has a valid signature of a camera maker, and a website has none under its
#    picture. Which one is true?
#
# <details><summary>Answer</summary>
#
# Neither answer follows. The first came out of such a camera unchanged; it may show a
# screen. The second was probably saved by a program that drops signatures. Who vouches
# for it, and what else is known of the event?
#
# </details>
#
# 3. A painter draws ten of ten doctors as men, though the training set has three women
#    in ten. Has its maker lied about the set?
#
# <details><summary>Answer</summary>
#
# Not necessarily. Three in ten is without guidance. If women are rarer among doctors
# than among all people, guidance with w = 5 makes three in ten a few in a hundred. It
# is a property of how it is *used*, and its maker still chose that.
#
# </details>
