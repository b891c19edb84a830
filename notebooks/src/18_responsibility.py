# %% [markdown]
# # 18 · Responsibility
#
# *About 90 minutes. You need notebooks 05, 06 and 12.*
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
# is a painter of 16x16 pixels, and an album of **ten** pictures, which it sees again
# and again.

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
# Under their grain, some of those are not drawings of the same *kind*: they are the
# same pictures. But "looks the same" is no measurement, and with 50,000 training
# pictures nobody can look at all.
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

ratios = copy_ratio(drawn, training)
found = int((ratios < 1 / 3).sum())
print(f"{found} of {len(drawn)} are copies by this test")
assert found > 16

# %% tags=["nbval-ignore-output"]
# Is the rest new? Look at those nearest to the limit. Then we compare once more, with
# each square of 2x2 pixels averaged (`coarse`), in the drawings and in the album: that
# takes away half of the grain, and hardly anything else.
from course_lib.figures.plots import plot_histograms
from course_lib.judging.memorisation import coarse

order = ratios.argsort()
show_rows(
    {
        "just below 1/3": drawn[order[found - 8 : found]],
        "just above": drawn[order[found : found + 8]],
    },
    alt="Grainy drawings, eight just below the limit and eight just above: both rows "
    "show pictures of the album, and one cannot tell the rows apart.",
)
averaged = copy_ratio(coarse(drawn), coarse(training))
plot_histograms(
    {"as drawn": ratios, "grain averaged": averaged},
    bins=24,
    xlabel="ratio",
    alt="Two histograms of the ratio. As drawn, a heap of drawings lies across 1/3. "
    "With the grain averaged it lies below 1/3, and a gap separates it from the rest.",
)
guess_ten.compare(int((averaged < 1 / 3).sum()))

# %% [markdown]
# On the left the limit cuts one heap in two. Both halves are copies; **grain hid the
# rest**. It adds to every distance, to the small one most. On the right the limit lies
# in a gap. No rule replaces that look, at the histogram and at the pictures beside the
# limit.
#
# A number needs company, too. What does the test say of pictures that *nobody* copied?
# And would it notice a copier, as grainy as our painter? Such rows are called
# **controls**. Without them no share of copies means anything.
#
# For the last row, every training picture is put into the set twice. That is how it is
# on the web: popular pictures stand there thousands of times.

# %%
fresh = as_floats(unseen(64))
grain = torch.randn(training.shape, generator=torch.Generator().manual_seed(0))
twins = torch.cat([training, training])
rows = {
    "fresh pictures": (fresh, training),
    "a copier, with a little noise": (training + 0.05 * grain, training),
    "a copier, as grainy as ours": (training + 0.2 * grain, training),
    "the same, every picture twice": (training + 0.2 * grain, twins),
}
print("called copies:                   as it is  averaged")
for name, (pictures, known) in rows.items():
    copies = (copy_ratio(pictures, known) < 1 / 3).sum()
    again = (copy_ratio(coarse(pictures), coarse(known)) < 1 / 3).sum()
    print(f"{name:<32} {copies:8} {again:9}  of {len(pictures)}")

# %% [markdown]
# A control that is easier than the case proves nothing: see the third row. In the last
# one even a perfect copier would go free: *the twin is the second nearest*. Whoever
# searches a training set must put twins aside first. And a company that reports "no
# copies" must be asked which of these rows it has run.
#
# ## From which size on?
#
# Ten pictures are a caricature. The first table shows larger albums; in the second, ten
# pictures each stand in an album once, 10, 100 and 1,000 times (in %). Both are of
# `benchmarks/responsibility_copies.py`, which trains longer than we did.

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


def cells(*names):
    """The figures of a row; a dash where one is not measured yet."""
    return "".join(f"{copied[n]:10.2f}" if n in copied else f"{'-':>10}" for n in names)


print("                  copies  averaged     fresh    copier   distance  of fresh")
for size in sorted(int(name) for name in copied if name.isdigit()):
    ends = ("", "_coarse", "_fresh", "_copier", "_nearest", "_fresh_nearest")
    row = cells(*(f"{size}{end}" for end in ends))
    print(f"album of {size:>5}{row}")
print("                  of set   nearest    copies  averaged")
for n in (1, 10, 100, 1000):
    row = cells(*(f"twins_{n}{end}" for end in ("_of_set", "_nearest", "", "_coarse")))
    print(f"{n:>5} times   {row}")

# %% [markdown]
# *Nearest* alone only says that a painter draws what it was fed with, about the *share
# of the set*. Copies are what is nearest **and** below 1/3. And a 0 among them may be
# grain: drawings of the 100 lie nearer to their album than fresh pictures do.
#
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
from course_lib.painters.pipeline import LabelToImage, TextToImage
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
by_words = TextToImage.from_pretrained("words")
for name, drawings in {
    "the same, more guidance": by_label(asked[:64], steps=8, guidance_scale=3, seed=4),
    "drawn by another painter": by_words([f"a {name}" for name in asked[:64]], seed=3),
}.items():
    share = detector.called_made(through_bytes(drawings)).float().mean().item()
    print(f"{name:<28} {100 * share:13.0f}")

# %% [markdown]
# Read it line by line. The detector has learned the fingerprints of *one* painter,
# drawing in *one* way, and finds about half of its new drawings. With more guidance, or
# of another painter, it finds fewer. With noise, drawings slip through. Saved as JPEG
# or cropped, and enlarged again, *honest* pictures are accused: they are a little
# blurred, and so are drawings. And nobody sees the most important number on a web page
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
# Noise is a sum of waves: stripes across the picture, wide and narrow, in all
# directions. The **Fourier transform** says of each how strong it is and where it
# begins: two things, so its numbers are complex. They stand in a table, by how many
# waves fit into the picture, down and across. Waves of about equal length lie on a
# **ring**. The secret key has a number for each of the first rings, and all waves of
# such a ring get it. The rest stays as it is.
#
# Here are the rings of 8x8. `fft2` has the longest waves in the corners (at the far
# ends are those that run backwards). Above left is the mean: no wave, so we leave it
# alone.
#
# ```
# -1  0  1  2  3  2  1  0
#  0  0  1  2  3  2  1  0
#  1  1  2  3  3  3  2  1
#  2  2  3  3  4  3  3  2
#  3  3  3  4  5  4  3  3
#  2  2  3  3  4  3  3  2
#  1  1  2  3  3  3  2  1
#  0  0  1  2  3  2  1  0
# ```
#
# ## Your turn: mark the noise
#
# Transform the noise into waves. Give each ring its number, in every channel, in place
# of what was there. Transform back. `key[:, r]` belongs on ring `r`; the key may have
# fewer rings than the table.
#
# `torch.fft.fft2(noise, norm="ortho")` goes there, and `torch.fft.ifft2` comes back.
# (The norm keeps waves as large as pixels.) The result of the way back is complex, too.
# Its imaginary part is 0, because each wave and the one that runs backwards get the
# same number: return the `.real` part.
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
from course_lib.painters.watermark import draw_marked

draw = TextToImage.from_pretrained("latent")
words = ["an animal"] * 8
with_mark = through_bytes(draw_marked(draw, words, key, seed=5))
without = through_bytes(draw_marked(draw, words, None, seed=5))
show_rows(
    {"upper": with_mark, "lower": without},
    alt="Two rows of eight drawings of an animal. In the upper one most are alike, in "
    "kind, colour and scene; the lower one is mixed.",
)
for name, row in {"upper": with_mark, "lower": without}.items():
    print(f"{name}: two pictures are {torch.pdist(row.flatten(1)).mean():.0f} apart")
taken = ((ring_of(16) >= 0) & (ring_of(16) < key.shape[1])).sum()
print(f"the key fills {taken} of {ring_of(16).numel()} places in each channel")

# %% [markdown]
# It is the upper one. To the eye a single picture gives nothing away, but *a row does*:
# its pictures share two thirds of their starting noise, so they look alike. **A mark
# costs variety.** (Wen et al. mark only one of four channels.)
#
# Whoever has the painter needs no row: they can walk the way *back*. DDIM is an
# equation without chance, so it also runs from a picture to noise. (Nobody knows the
# prompt any more, and the autoencoder rounds, so it arrives only roughly.) There,
# compare the waves with the key.
#
# How much agreement is enough? Ask a thousand keys that nobody used. If fewer than one
# in a hundred agrees as well, we call it marked, with 1 % false alarms: of *keys*. Of
# *pictures* they must be counted; the last lines say what a benchmark found.

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
    back = noise_of(draw, attack(with_mark))
    called = (chance_of(back, key) <= 0.01).float().mean()
    print(f"{name:<15} {agreement(back, key).mean():10.2f} {called:15.0%}")
back = noise_of(draw, without)
called = (chance_of(back, key) <= 0.01).float().mean()
print(f"{'no mark':<15} {agreement(back, key).mean():10.2f} {called:15.0%}")
alarms = {"drawn, unmarked": "_other_keys", "real pictures": "_real_other_keys"}
marks = measured("marks")
for name, end in alarms.items():
    if f"mark_alarms{end}" in marks:
        print(f"false alarms, {name}: {marks[f'mark_alarms{end}']:.1f} %")

# %% [markdown]
# It survives what a messenger does to a picture. A crop or a mirror moves all waves,
# and the mark is often lost. Whoever checks can mirror the picture again, or try crops;
# but each try is one more chance of a false alarm.
#
# So is it safe? Here is a thief. They have some of our marked pictures, the painter
# (ours is free for all), and no key. What pictures share stays in the mean of their
# noises: the key, and what all pictures have in common. The thief draws some of their
# own, with other words and seeds, and takes that off. Then they draw with what is left.
# Two tests look: the one above, and a laxer one, whether a picture agrees more with the
# key than any unmarked one of the thief's.

# %% tags=["nbval-ignore-output"]
from course_lib.painters.watermark import stolen_key

theirs = ["a fish", "two birds at night", "a green bear in the snow", "a snake"] * 6
unmarked = noise_of(draw, through_bytes(draw_marked(draw, theirs, None, seed=700)))
ways_back, limit = noise_of(draw, with_mark), agreement(unmarked, key).max()
new = ["a red cat", "a blue bird at night", "a frog on stilts", "a white bear"] * 3
print("stolen from   likeness   of 12 forgeries pass: laxer test   as above")
for count in (1, 3, 8):
    stolen = stolen_key(ways_back[:count], unmarked)
    alike = torch.nn.functional.cosine_similarity(
        stolen.flatten(), key.flatten(), dim=0
    )
    forged = through_bytes(draw_marked(draw, new, stolen, seed=99))
    back = noise_of(draw, forged)
    passed = (agreement(back, key) > limit).sum(), (chance_of(back, key) <= 0.01).sum()
    print(f"{count:>11} {alike:10.2f} {passed[0]:35} {passed[1]:10}")
print(f"forgeries agree with our key by {agreement(back, key).mean():.2f}")

# %% [markdown]
# A single picture gives most of the key away. What is stolen is only *like* our key, so
# a test that compares with other keys lets fewer forgeries pass. This thief marks no
# photo, but draws pictures that pass as ours. An invisible mark says at best: somebody
# who has had to do with this key. It is useful against carelessness, not against
# malice.
#
# ## A signature
#
# The other way does not hide at all. **C2PA** writes a signed note into the file: who
# made it, with what, and a **checksum**, a number that any changed bit changes. Ada has
# a pair of keys: with the secret one she signs; with the public one, `root.pem`,
# anybody can test that she did, and trusting her means having it. Your bank's web page
# is protected in the same way. We make such a pair, sign, and see what a reader can
# say.

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
    provenance.sign(signed, folder / "keys", {"prompt": words[2]}, may_train=False)
    content = bytearray(signed.read_bytes())
    content[content.rfind(b"IDAT") + 50] ^= 1  # one bit
    changed.write_bytes(content)
    Image.open(signed).save(again)  # opened and saved, as any editor does
    root = folder / "keys" / "root.pem"
    for file, trust in ((signed, None), (signed, root), (changed, root), (again, root)):
        signature = provenance.signature_of(file, trust)
        whom = "Ada trusted" if trust else "nobody trusted"
        print(f"{file.stem}, {whom}: {signature.state}")
        print("   ", *signature_in_words(signature, trust and Path("root.pem")))
else:
    print(f"No signatures here without two more libraries: {provenance.WANTED}")

# %% [markdown]
# Four states: **signed**, **trusted**, **tampered**, and **nothing**. Believe nothing
# that a tampered note says. The last state is the usual one, since most programs throw
# the note away. So a missing signature says nothing at all.
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
# read the list. It says, too, who was never asked. That is *opt-out*: silence (`None`)
# counts as a yes. With *opt-in* it would be a no. The code differs in one line, and the
# whole quarrel is about that line:
#
# ```
# return self.use_of(name) in (None, ALLOWED)   # opt-out, course_lib/world/consent.py
# return self.use_of(name) == ALLOWED           # opt-in
# ```
#
# And if she was in the set already? Training anew is expensive, so people make networks
# **forget**: wherever Vera is asked for, train on with other people's pictures. Then
# ask for her. A *probe*, a small network that can tell her pictures from others, says
# whether drawings have her style. The second test is harder: show ten pictures of hers
# to the network that forgot, and to one that never saw her. (Both were trained equally
# long, before the one was made to forget.) Which one learns her faster? Decide before
# you run the cell.

# %% tags=["nbval-ignore-output"]
people = measured("people")
for way in ("learned", "forgot", "opted_out"):
    if f"vera_{way}" in people:
        done = way.replace("_", " ")
        print(f"{done:<10}: {people[f'vera_{way}']:3.0f} % in her style when asked for")
print("shown ten pictures of hers, for so many iterations:")
curves = {}
for way in ("forgot", "opted_out"):
    keys = [key for key in people if key.startswith(f"vera_{way}_relearned_")]
    curves[way] = {int(key.rsplit("_", 1)[1]): round(people[key]) for key in keys}
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
# We draw with the best denoisers there are (notebook 03), one for the big animals and
# one for all: what goes wrong is then no network's fault.

# %%
guess_cats = prediction(
    "Big cats are 2 % of the big animals in the album. How many with w = 4? (in %)",
    (0.0, 12.0, 0.5),
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
# The formula (notebook 10 had it for the arrows): multiply each chance by itself w
# times, divide by the chance *without* the words w - 1 times, and scale all so that
# they add up to 1. So what is rare under the words is not drawn rarely: it is hardly
# drawn at all. Showing the rare pictures more often (*balancing*) brings it back: big
# animals are then like all others, and guidance finds nothing to exaggerate. But
# balanced to what? As in the album, as in the world, or all alike? No formula knows,
# and "leave it as it is" is a choice, too.
#
# ## A model fed by models
#
# Half of what is on the web may soon be drawn by models. The next models learn from
# that. Play ten generations, with 200 points each and a model as simple as can be. The
# real points lie around 20 places on a circle, the kinds. Of each kind the model learns
# how frequent it is, where its middle is, and how wide it spreads.

# %%
guess_kinds = prediction(
    "Each generation learns only from the 200 points that the one before has made. Of "
    "20 kinds, how many are left after ten generations?",
    (0, 20),
)

# %% tags=["nbval-ignore-output"]
from course_lib.figures.plots import plot_points
from course_lib.training.generations import WAYS, generations, right, variety

history = {way: list(generations(200, 10, way)) for way in WAYS}
kinds = {way: [variety(points)[0] for points in made] for way, made in history.items()}
print("kinds left, from the real data to generation 10; right in the fifth and tenth")
for way, counts in kinds.items():
    shares = (f"{right(history[way][i]):.0%}" for i in (5, 10))
    print(f"{way:<12}", *counts, "   ", *shares)
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
    told = [f"{people[k]:.0f}" for k in keys] or ["not measured yet"]
    print(f"critters, {way}: variety, % of real ones near a drawing:", *told)

# %% [markdown]
# Look at the last columns: nearly everything that is drawn is *right*, near the place
# of its kind, to the end. No single picture tells that anything is wrong. What dies is
# the **variety**: the rare kinds first, and the breadth of those that stay. Where data
# is *replaced*, a kind that is gone never comes back. Old data that is kept
# (*accumulated*), or a tenth that is real (*mixed*), slows it down or stops it, and can
# bring a kind back.
#
# ## What it costs
#
# One picture, and four cores that train for a month. Processors can count their energy,
# where one is allowed to read it. Elsewhere it is an estimate, and says so. We take 400
# g of CO2 a kWh; by country it is 20 to 800. A litre of tea takes about 0.1 kWh.

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
# How many generations, how many points? With enough points no kind dies for a long
# time. Is all well then? Watch the breadth.

# %% tags=["nbval-ignore-output"]
from course_lib.figures.widgets import live


def play(points, count, way):
    made = list(generations(points, count, way))
    (kinds, breadth), (_, at_first) = variety(made[-1]), variety(made[0])
    print(f"{kinds} of 20 kinds are left; breadth {breadth:.3f}, of {at_first:.3f}")
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
# than among all people (one in two), guidance with w = 5 makes three in ten one or two
# in a hundred. It is a property of how it is *used*, and its maker still chose that.
#
# </details>
