"""The factors of variation of a critter picture, and which of them a caption names.

A critter picture is a set of named factors: which animal, which colour, what it wears,
where it is. This file chooses factors and holds some combinations out of all training;
`wording` puts them into words and `drawing` turns them into pixels.

Chance is a function here, not a stream: the random numbers of picture `index` follow
from (seed, index) alone, so a picture and its caption are the same in every batch.
"""

import numpy as np
import torch
from torch import Tensor

from course_lib.chance import (
    CHOOSING,
    LYING,
    REDRAWN,
    SPEAKING,
    WRITING,
    pick,
    scramble,
    uniforms,
)
from course_lib.world.speech import SPEECH_NUMBERS, spoken
from course_lib.world.wording import NAMED_SHARE, SHARE_TYPED, choose_named, say

ANIMALS = ("frog", "rabbit", "cat", "bear", "bird", "fish", "turtle", "bat")
THINGS = ("club", "crane", "machine")  # a baseball bat, a wading bird, a crane machine
SUBJECTS = ("none",) + ANIMALS + THINGS
COLOURS = (
    *("none", "red", "orange", "yellow", "green"),
    *("blue", "purple", "white", "brown"),
)
ACCESSORIES = ("none", "stilts", "hat", "balloon", "umbrella")
SCENES = ("meadow", "beach", "snow", "night", "sunset")
SIZES = ("none", "small", "big")
POSITIONS = ("none", "left", "middle", "right")
EARS = ("none", "rabbit", "cat", "bear")

FACTORS = {
    "subject": SUBJECTS,  # the left one of two animals
    "colour": COLOURS,
    "subject_2": SUBJECTS,  # the right one of two animals
    "colour_2": COLOURS,
    "accessory": ACCESSORIES,
    "scene": SCENES,
    "size": SIZES,  # "none" for two animals and for things
    "position": POSITIONS,
    "ears": EARS,  # borrowed from another animal
}
PICTURE_KINDS = ("any", "one", "two", "thing")
MANNERS = ("plain", "spoken")  # template captions (wording), or as people type (speech)

Factors = dict[str, Tensor]  # name of the factor -> (N,) int64, on the CPU

# As many pictures of two animals as of one: a network learns last which animal is on
# the left and whose colour is whose. With a third of them it remained a coin toss.
SHARE = {"one": 0.45, "two": 0.45, "thing": 0.10}  # of the pictures of kind "any"
SHARE_NO_ACCESSORY = 0.32  # of one-animal pictures; the four accessories share the rest
# Half, since ears are small and hard to draw: if they are rare, a network does best by
# drawing none.
SHARE_EARS = 0.5  # of the one-animal pictures that may have borrowed ears


# ---------------------------------------------------- what no training picture may show


# More than a tenth of each kind. A network that draws one of these cannot have copied
# it. The frog on stilts is the example that runs through the whole course.
HELD_OUT = {
    "accessory": [
        *(("bat", "balloon"), ("bird", "umbrella")),
        *(("frog", "stilts"), ("turtle", "hat")),
    ],
    "colour": [  # every animal and every colour once
        *(("bat", "orange"), ("bear", "yellow"), ("bird", "brown"), ("cat", "blue")),
        *(("fish", "white"), ("frog", "purple"), ("rabbit", "green")),
        *(("turtle", "red"),),
    ],
    "ears": [("bird", "cat"), ("cat", "bear"), ("turtle", "rabbit")],
}


def may_borrow(animal: str, ears: str) -> bool:
    """Whether an animal may borrow these ears: not its own, and none like horns."""
    # Cat ears look like horns on a bat and on a frog.
    return animal != ears and (ears != "cat" or animal not in ("bat", "frog"))


def held_out_pair(
    colour: np.ndarray, animal: np.ndarray, colour_2: np.ndarray, animal_2: np.ndarray
) -> np.ndarray:
    """Which ordered pairs are held out: one in eight, by a hash; all arrays (N,)."""
    # A hand-written list of hundreds of pairs would have a pattern; a hash has none.
    # (It holds out 444 of 3,584.) 2026 is arbitrary and fixed for ever. 16 exceeds the
    # number of values of every factor here, so no two pairs share a number.
    number = ((colour * 16 + animal) * 16 + colour_2) * 16 + animal_2
    return scramble(number.astype(np.uint64) + np.uint64(2026)) % np.uint64(8) == 0


def held_out_pairs() -> list[tuple[str, str, str, str]]:
    """All held-out (colour, left animal, colour, right animal), sorted."""
    grid = np.stack(np.meshgrid(*[np.arange(1, 9)] * 4, indexing="ij")).reshape(4, -1)
    grid = grid[:, grid[0] != grid[2]]  # two animals never share a colour
    grid = grid[:, held_out_pair(*grid)]
    tables = (COLOURS, SUBJECTS, COLOURS, SUBJECTS)
    return sorted(
        tuple(table[i] for table, i in zip(tables, row, strict=True)) for row in grid.T
    )


HELD_OUT["pair"] = held_out_pairs()


def combination_table(kind: str) -> np.ndarray:
    """HELD_OUT[kind] as a table of booleans, (subjects, values of that factor)."""
    table = np.zeros((len(SUBJECTS), len(FACTORS[kind])), dtype=bool)
    for animal, value in HELD_OUT[kind]:
        table[SUBJECTS.index(animal), FACTORS[kind].index(value)] = True
    return table


TABLES = {kind: combination_table(kind) for kind in ("accessory", "colour", "ears")}


def held_out_by_kind(factors: Factors) -> dict[str, np.ndarray]:
    """For each kind of held-out combination, the pictures that show one: (N,) bool."""
    f = {name: values.numpy() for name, values in factors.items()}
    # A purple frog is also held out on the right of a pair.
    colour_2 = TABLES["colour"][f["subject_2"], f["colour_2"]]
    pair = held_out_pair(f["colour"], f["subject"], f["colour_2"], f["subject_2"])
    return {
        "accessory": TABLES["accessory"][f["subject"], f["accessory"]],
        "colour": TABLES["colour"][f["subject"], f["colour"]] | colour_2,
        "ears": TABLES["ears"][f["subject"], f["ears"]],
        "pair": pair & (f["subject_2"] > 0),
    }


def is_held_out(factors: Factors) -> Tensor:
    """Which pictures show a held-out combination, (N,) bool."""
    return torch.from_numpy(np.any(list(held_out_by_kind(factors).values()), axis=0))


# -------------------------------------------------------------------- choosing factors


BORROWABLE = np.array(  # (subjects, ears): True where the animal may borrow these ears
    [
        [a in ANIMALS and e != "none" and may_borrow(a, e) for e in EARS]
        for a in SUBJECTS
    ]
)
HIDES_EARS = np.array([name in ("hat", "umbrella") for name in ACCESSORIES])


def choose_ears(subject: np.ndarray, accessory: np.ndarray, u: np.ndarray):
    """Borrowed ears for one-animal pictures, (N,); `u` is (N, 2) in [0, 1)."""
    allowed = BORROWABLE[subject]  # (N, ears)
    # A frog may borrow two kinds of ears, a fish three. For each animal, its allowed
    # kinds are equally likely.
    nth = 1 + pick(u[:, 0], allowed.sum(1))
    ears = (np.cumsum(allowed, axis=1) == nth[:, None]).argmax(1)  # the nth allowed
    return np.where((u[:, 1] < SHARE_EARS) & ~HIDES_EARS[accessory], ears, 0)


def choose_accessory(u: np.ndarray) -> np.ndarray:
    """No accessory, or one of the four with equal chances, (N,)."""
    other = 1 + pick((u - SHARE_NO_ACCESSORY) / (1 - SHARE_NO_ACCESSORY), 4)
    return np.where(u < SHARE_NO_ACCESSORY, 0, other)


def choose_freely(kinds: np.ndarray, u: np.ndarray) -> dict[str, np.ndarray]:
    """Factors for pictures of given kinds, held out or not; `u` is (N, 10 or more)."""
    one, two, thing = (kinds == kind for kind in ("one", "two", "thing"))
    subject = np.where(thing, 9 + pick(u[:, 0], 3), 1 + pick(u[:, 0], 8))
    colour = 1 + pick(u[:, 1], 8)
    colour_2 = 1 + (colour + pick(u[:, 3], 7)) % 8  # never the first animal's colour
    accessory = np.where(one, choose_accessory(u[:, 4]), 0)
    size = np.where(one, 1 + pick(u[:, 6], 2), 0)
    # Big animals stand in the middle: a big bat takes up four fifths of the width.
    position = np.where(size == 2, 2, 1 + pick(u[:, 7], 3))
    return {
        "subject": subject,
        "colour": colour,
        "subject_2": np.where(two, 1 + pick(u[:, 2], 8), 0),
        "colour_2": np.where(two, colour_2, 0),
        "accessory": accessory,
        "scene": pick(u[:, 5], len(SCENES)),
        "size": size,
        "position": np.where(one, position, 0),
        "ears": np.where(one, choose_ears(subject, accessory, u[:, 8:10]), 0),
    }


def choose_kinds(indices: Tensor, seed: int, kind: str) -> np.ndarray:
    """The kind of each picture, (N,): all of one kind, or "any" by SHARE."""
    if kind != "any":
        return np.full(len(indices), kind)
    u = uniforms(indices, seed, 1, CHOOSING)[:, 0]
    bounds = np.cumsum(list(SHARE.values()))[:-1]
    return np.array(list(SHARE))[np.searchsorted(bounds, u, side="right")]


def redraw_until(indices: Tensor, seed: int, draw, accept) -> Factors:
    """Draw each picture's factors until they are accepted (rejection sampling).

    draw(rows, u) returns factors for some of the rows; accept(factors) says which to
    keep. Each attempt has its own random numbers, so no picture affects another.
    """
    factors = {name: torch.zeros(len(indices), dtype=torch.int64) for name in FACTORS}
    rows, attempt = torch.arange(len(indices)), 1
    while len(rows) > 0:
        # More numbers than are used today: a new factor can take one without changing
        # any existing picture.
        u = uniforms(indices[rows], seed, 12, stream=REDRAWN * attempt)
        drawn = draw(rows.numpy(), u)
        drawn = {name: torch.from_numpy(drawn[name]) for name in FACTORS}
        keep = accept(drawn)  # (rows,) bool
        for name in FACTORS:
            factors[name][rows[keep]] = drawn[name][keep]
        rows, attempt = rows[~keep], attempt + 1
    return factors


def choose_factors(
    indices: Tensor, seed: int, kind: str = "any", allow_held_out: bool = False
) -> Factors:
    """The factors of the pictures `indices`, (N,), of the world `seed`.

    Args:
        kind: "one" animal, "two" animals, a "thing", or "any" of them
        allow_held_out: False redraws any picture that shows a held-out combination

    Returns:
        name of the factor -> (N,) int64, on the CPU
    """
    if kind not in PICTURE_KINDS:
        raise ValueError(
            f"There is no kind {kind!r} of picture. Choose from {PICTURE_KINDS}."
        )
    indices = torch.as_tensor(indices, dtype=torch.int64).cpu()
    # Redrawn and not repaired: a repair would make some combinations more frequent than
    # others. A quarter of the first draws are rejected.
    kinds = choose_kinds(indices, seed, kind)

    def draw(rows, u):
        return choose_freely(kinds[rows], u)

    def accept(factors):
        return ~is_held_out(factors) | allow_held_out

    return redraw_until(indices, seed, draw, accept)


def impose(factors: dict[str, np.ndarray], kind: str, u: np.ndarray) -> None:
    """Overwrite factors with a held-out combination of this kind, in place."""
    chosen = pick(u, len(HELD_OUT[kind]))  # (N,)
    names = ("colour", "subject", "colour_2", "subject_2")
    names = names if kind == "pair" else ("subject", kind)
    for i, name in enumerate(names):
        values = [FACTORS[name].index(combo[i]) for combo in HELD_OUT[kind]]
        factors[name] = np.array(values)[chosen]
    if kind == "ears":
        hidden = HIDES_EARS[factors["accessory"]]
        factors["accessory"] = np.where(hidden, 0, factors["accessory"])
    else:  # the ears were chosen for another animal, or under another hat
        factors["ears"] = np.zeros_like(factors["ears"])


def held_out_factors(kind_of_holdout: str, indices: Tensor, seed: int) -> Factors:
    """Factors held out for exactly one reason, for evaluation; (N,) int64 each.

    Args:
        kind_of_holdout: "accessory", "colour", "ears" (one animal) or "pair" (two)
    """
    if kind_of_holdout not in HELD_OUT:
        raise ValueError(
            f"Nothing is held out by {kind_of_holdout!r}. Choose from {list(HELD_OUT)}."
        )
    indices = torch.as_tensor(indices, dtype=torch.int64).cpu()
    kind = "two" if kind_of_holdout == "pair" else "one"

    def draw(rows, u):
        factors = choose_freely(np.full(len(rows), kind), u)
        impose(factors, kind_of_holdout, u[:, 10])
        return factors

    # For one reason alone: a failure then says what was too new.
    def accept(factors):
        reasons = held_out_by_kind(factors)
        alone = sum(reason.astype(int) for reason in reasons.values()) == 1
        return torch.from_numpy(alone & reasons[kind_of_holdout])

    return redraw_until(indices, seed, draw, accept)


# ---------------------------------------------------------------------------- captions


# Ten choose what is named, ten choose the words. Each has one use, so a new synonym
# changes how one factor is said and nothing else.
CAPTION_NUMBERS = 20


def caption(
    factors_of_one: dict[str, int],
    numbers: list[float],
    shares: dict[str, float] = NAMED_SHARE,
) -> tuple[str, set[str]]:
    """One caption, and the names of the factors that it states.

    The set may also hold "order" (the caption says which animal is on the left) and, in
    place of "subject", "either_sense" (a bare "bat" or "crane").

    Args:
        numbers: CAPTION_NUMBERS uniform numbers in [0, 1) that make the choices
        shares: how often each factor is named
    """
    f = {name: FACTORS[name][value] for name, value in factors_of_one.items()}
    named = choose_named(f, numbers[:10], shares)
    return say(f, named, numbers[10:]), named


def rows_of(factors: Factors) -> list[dict[str, int]]:
    """The factors of each picture as a dict of its own, N in all."""
    columns = [factors[name].tolist() for name in FACTORS]
    return [dict(zip(FACTORS, row, strict=True)) for row in zip(*columns, strict=True)]


def captions(
    factors: Factors,
    indices: Tensor,
    seed: int,
    caption_noise: float = 0.0,
    return_named: bool = False,
    manner: str = "plain",
) -> list[str] | tuple[list[str], list[set[str]]]:
    """One caption for each picture and, if asked, the set of factors each one names.

    Args:
        caption_noise: the share of spoiled captions, 0 to 1. Like alt text on the web,
            half of these are missing (the empty string) and half were written for
            another picture. A spoiled caption names nothing.
        return_named: return the sets as well, as `caption` describes them
        manner: "plain", or "spoken" for the same factors as people type (speech.py)
    """
    if manner not in MANNERS:
        raise ValueError(f"manner must be one of {MANNERS}; got {manner!r}.")
    if not 0 <= caption_noise <= 1:
        raise ValueError(f"caption_noise is a share, 0 to 1, not {caption_noise}.")
    indices = torch.as_tensor(indices, dtype=torch.int64).cpu()
    numbers = uniforms(indices, seed, CAPTION_NUMBERS, WRITING)  # (N, CAPTION_NUMBERS)
    pairs = zip(rows_of(factors), numbers.tolist(), strict=True)
    shares = SHARE_TYPED if manner == "spoken" else NAMED_SHARE
    written = [caption(one, u, shares) for one, u in pairs]
    texts, named = [text for text, _ in written], [names for _, names in written]
    if manner == "spoken":
        texts = speak(factors, named, indices, seed)
    spoil(texts, named, indices, seed, caption_noise)
    return (texts, named) if return_named else texts


def speak(factors: Factors, named: list[set[str]], indices: Tensor, seed: int):
    """Captions as people type: one sentence for each set of named factors."""
    numbers = uniforms(indices, seed, SPEECH_NUMBERS, SPEAKING).tolist()
    said = []
    for row, names, u in zip(rows_of(factors), named, numbers, strict=True):
        f = {name: FACTORS[name][value] for name, value in row.items()}
        said.append(spoken(f, names, u))
    return said


def spoil(texts, named, indices: Tensor, seed: int, caption_noise: float) -> None:
    """Empty some captions and replace others with strangers' captions, in place."""
    u = uniforms(indices, seed, 3, LYING)  # (N, 3)
    # Like alt text on the web, which is missing or describes the page around it.
    spoiled = u[:, 0] < caption_noise
    for row in np.flatnonzero(spoiled):
        texts[row], named[row] = "", set()
    liars = np.flatnonzero(spoiled & (u[:, 1] < 0.5))
    if len(liars) > 0:
        # Any of 2^40 pictures of this world: almost never one of these.
        strangers = torch.from_numpy((u[liars, 2] * 2**40).astype(np.int64))
        lies = captions(choose_factors(strangers, seed), strangers, seed)
        for row, lie in zip(liars, lies, strict=True):
            texts[row] = lie
