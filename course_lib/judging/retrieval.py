"""Image-text retrieval: does a text find its picture among many, and vice versa?

A caption may fit several pictures: "a frog at night" fits every frog at night. Here
each of them is a right answer, so a network is not punished for finding another one.
"""

import operator

import torch
from torch import Tensor

from course_lib.device import plain_torch
from course_lib.judging.evaluation import FRESH, as_facts, check_size, spoken, together
from course_lib.judging.metrics import Share, share
from course_lib.networks.contrastive import Matcher
from course_lib.pixels import from_bytes, to_bytes
from course_lib.shown import progress_bar
from course_lib.world.critters import (
    ANIMALS,
    COLOURS,
    FACTORS,
    HELD_OUT,
    SUBJECTS,
    Factors,
    captions,
    choose_factors,
    held_out_factors,
)
from course_lib.world.drawing import draw
from course_lib.world.prompts import Asked, swapped
from course_lib.world.wording import ACCESSORY_WORDS, SCENE_WORDS, SENSES, with_article

# Recall@1 and recall@10: is a right answer first, or among the first ten?
TOP = (1, 10)

# What fits what -----------------------------------------------------------------


def fits(asked: dict[str, int], named: set[str], factors: Factors) -> Tensor:
    """Which of N pictures a caption fits, (N,) bool.

    Everything that it names must be there, and a second animal only if it names one:
    captions always name both. An accessory that it leaves out may be there, since
    captions do leave them out.

    Args:
        asked: the factors of the caption
        named: those it states, as from `prompts.understand` or `critters.captions`
        factors: those of the N pictures
    """
    # "A cat next to a fish" also fits a fish on the left.
    if "subject_2" in named and "order" not in named:
        return fits_as_is(asked, named, factors) | fits_as_is(
            asked, named, swapped(factors)
        )
    return fits_as_is(asked, named, factors)


def fits_as_is(asked: dict[str, int], named: set[str], factors: Factors) -> Tensor:
    """`fits` with left and right as they are."""
    right = (factors["subject_2"] > 0) == ("subject_2" in named)  # (N,)
    # Unnamed factors may be anything: captions leave out most of what they could say.
    for name in FACTORS:
        if name in named:
            right = right & (factors[name] == asked[name])
    if "either_sense" in named:
        word = next(w for w, s in SENSES.items() if SUBJECTS[asked["subject"]] in s)
        senses = torch.tensor([SUBJECTS.index(sense) for sense in SENSES[word]])
        right = right & torch.isin(factors["subject"], senses)
    return right


def fit_table(asked: list[Asked], factors: Factors) -> Tensor:
    """Which of M captions fit which of N pictures: (M, N) bool."""
    return torch.stack([fits(*each, factors) for each in asked])


def found_among(scores: Tensor, right: Tensor, k: int) -> Tensor:
    """Whether a right answer is among the k highest scores of each query, (Q,) bool.

    Args:
        scores: (Q, N), one row for each query
        right: (Q, N) bool

    >>> scores = torch.tensor([[0.9, 0.5, 0.1]])
    >>> right = torch.tensor([[False, True, False]])
    >>> found_among(scores, right, k=1), found_among(scores, right, k=2)
    (tensor([False]), tensor([True]))
    """
    top = scores.topk(min(k, scores.shape[1]), dim=1).indices  # (Q, k)
    return right.gather(1, top).any(1)


def by_chance(right: Tensor, k: int) -> float:
    """Recall@k of random guessing, for `right`, (Q, N) bool.

    All k guesses miss with probability prod (wrong - i) / (N - i), i = 0 .. k - 1, as
    none is drawn twice. With several right answers for a query, recall exceeds k / N.
    """
    N, wrong = right.shape[1], (~right).sum(1).double()  # (Q,)
    missed = [(wrong - i).clamp(min=0) / (N - i) for i in range(min(k, N))]
    return 1 - torch.stack(missed).prod(0).mean().item()


# Fresh pictures with captions ---------------------------------------------------


def fresh_factors(n: int, world: int, held_out: bool) -> tuple[Factors, Tensor]:
    """Factors and numbers of n pictures, seen or each held out for one reason."""
    index = torch.arange(n)
    if not held_out:
        return choose_factors(index, world), index
    # In turn, a quarter each: accessory, colour, ears, pair.
    parts = [held_out_factors(k, index[i :: len(HELD_OUT)], world)
             for i, k in enumerate(HELD_OUT)]  # fmt: skip
    order = torch.cat([index[i :: len(HELD_OUT)] for i in range(len(HELD_OUT))])
    return {name: torch.cat([part[name] for part in parts]) for name in FACTORS}, order


def fresh_pictures(factors: Factors, index: Tensor, world: int) -> Tensor:
    """Draw the pictures of these factors, (N, 3, 32, 32) in [-1, 1]."""
    return from_bytes(to_bytes(draw(factors, index, world)))


def recalls(scores: Tensor, right: Tensor) -> dict[int, Share]:
    return {k: share(found_among(scores, right, k)) for k in TOP}


def measure_retrieval(matcher: Matcher, n: int, world: int, held_out: bool) -> dict:
    """Recall among n new pictures and their n captions, in both directions.

    The task depends on n: a search among more pictures is harder. So the result also
    has "chance", the recall of random guessing, and "fitting", the mean number of
    pictures that a caption fits.
    """
    factors, index = fresh_factors(n, world, held_out)
    texts, named = captions(factors, index, world, return_named=True)
    columns = {name: values.tolist() for name, values in factors.items()}
    asked = [({f: columns[f][i] for f in FACTORS}, named[i]) for i in range(n)]
    image_vec = matcher.see(fresh_pictures(factors, index, world))
    scores = matcher.read(texts) @ image_vec.T  # (texts, pictures)
    right = fit_table(asked, factors)  # (texts, pictures)
    return {
        "text to image": recalls(scores, right),
        "image to text": recalls(scores.T, right.T),
        # The usual measure, for comparison; here it counts true answers as wrong.
        "text to its very own image": recalls(scores, torch.eye(n, dtype=torch.bool)),
        "chance": {k: by_chance(right, k) for k in TOP},
        "fitting": right.float().sum(1).mean().item(),
    }


# Zero-shot: a classifier made of sentences --------------------------------------


def zero_shot(matcher: Matcher, n: int, world: int) -> dict[str, Share]:
    """Zero-shot shares: name animal, colour, scene and accessory by the best text."""
    index = torch.arange(n)
    factors = choose_factors(index, world, "one")
    pictures = fresh_pictures(factors, index, world)
    # Captions have animal and colour, so both go into one text, 64 in all. Scene and
    # accessory are asked by their words alone.
    kinds = [(c, a) for a in range(1, 1 + len(ANIMALS)) for c in range(1, len(COLOURS))]
    texts = [with_article(f"{COLOURS[c]} {SUBJECTS[a]}") for c, a in kinds]
    said = torch.tensor(kinds)[matcher.choose(pictures, texts)]  # (n, 2)
    scene = matcher.choose(pictures, [words[0] for words in SCENE_WORDS.values()])
    # Only pictures with an accessory: no caption has the word "without".
    worn = factors["accessory"] > 0
    wears = [words[0] for words in ACCESSORY_WORDS.values()]
    accessory = 1 + matcher.choose(pictures[worn], wears)
    return {
        "animal (of 8)": share(said[:, 1] == factors["subject"]),
        "colour (of 8)": share(said[:, 0] == factors["colour"]),
        "scene (of 5)": share(scene == factors["scene"]),
        "accessory (of 4, where there is one)": share(
            accessory == factors["accessory"][worn]
        ),
    }


def prefers(
    matcher: Matcher, pictures: Tensor, right: list[str], wrong: list[str]
) -> Share:
    """How often a picture scores higher with its right text than with a wrong one."""
    return share(matcher.score(pictures, right) > matcher.score(pictures, wrong))


def sentence(c: int, a: int, c_2: int, a_2: int) -> str:
    """'a red cat left of a blue fish', from the indices of colours and animals."""
    animals = [(COLOURS[c], SUBJECTS[a]), (COLOURS[c_2], SUBJECTS[a_2])]
    return " left of ".join(with_article(" ".join(each)) for each in animals)


def word_order(matcher: Matcher, n: int, world: int) -> dict[str, Share]:
    """Does the network notice when the same words change order? A coin gets 50 %."""
    index = torch.arange(n)
    factors = choose_factors(index, world, "two")
    # With two animals of one kind (one pair in eight), exchanging the colours or the
    # sides gives the same sentence: one question, asked twice.
    index = index[factors["subject"] != factors["subject_2"]]
    factors = {name: values[index] for name, values in factors.items()}
    pictures = fresh_pictures(factors, index, world)
    # All three sentences have the same words: to a bag of words they are equal.
    names = ("colour", "subject", "colour_2", "subject_2")
    rows = list(zip(*(factors[name].tolist() for name in names), strict=True))
    right = [sentence(c, a, c_2, a_2) for c, a, c_2, a_2 in rows]
    turned = [sentence(c_2, a_2, c, a) for c, a, c_2, a_2 in rows]
    mixed = [sentence(c_2, a, c, a_2) for c, a, c_2, a_2 in rows]
    return {
        "left and right exchanged": prefers(matcher, pictures, right, turned),
        "colours exchanged": prefers(matcher, pictures, right, mixed),
    }


# Everything together --------------------------------------------------------------


@plain_torch()
def measure_pair(matcher: Matcher, n: int = 1000, seeds: int = 3) -> dict:
    """Measure retrieval on new and on held-out critters, zero-shot and word order."""
    n, seeds = operator.index(n), operator.index(seeds)
    check_size(n, seeds)
    trials = []
    for world in progress_bar(range(FRESH, FRESH + seeds), unit="seed"):
        fresh, unseen = (measure_retrieval(matcher, n, world, h) for h in (False, True))
        zero = {"zero-shot": zero_shot(matcher, n, world)}
        order = {"prefers the right sentence": word_order(matcher, n, world)}
        trials.append({"fresh": fresh, "held out": unseen} | zero | order)
    return dict(kind="pair", data="critters", n=n, seeds=seeds) | pooled(trials)


def pooled(trials: list):
    """Results of several seeds as one: pooled shares, mean numbers, dicts by key."""
    if isinstance(trials[0], Share):
        return as_facts(together(trials))
    if isinstance(trials[0], dict):
        return {name: pooled([trial[name] for trial in trials]) for name in trials[0]}
    return sum(trials) / len(trials)


def pair_table(found: dict) -> list[str]:
    """The results as lines for people to read."""
    lines = [f"{found['n']} pictures and captions, {found['seeds']} seeds"]
    for kind in ("fresh", "held out"):
        facts = found[kind]
        lines.append(f"{kind} critters; a text fits {facts['fitting']:.1f} pictures")
        for way in ("text to image", "image to text", "text to its very own image"):
            told = [f"recall@{k} {spoken(facts[way][k])}" for k in TOP]
            lines.append(f"  {way:28}" + "".join(f"{words:32}" for words in told))
        told = [f"recall@{k} {100 * facts['chance'][k]:.1f} %" for k in TOP]
        lines.append(f"  {'by chance':28}" + "".join(f"{words:32}" for words in told))
    for kind in ("zero-shot", "prefers the right sentence"):
        lines.append(kind)
        lines += [f"  {name:40}{spoken(facts)}" for name, facts in found[kind].items()]
    return [line.rstrip() for line in lines]
