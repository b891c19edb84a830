"""How good is a trained network? What `python -m course_lib evaluate` measures.

A judge looks at generated pictures, and next to every number is what real pictures get:
the floor of a distance, the ceiling of a share. A judge itself is measured on new
pictures, drawn one by one: as they are, slightly shifted, blurred or noisy, and with
broken animals.
"""

import operator
import statistics
from collections.abc import Iterator
from dataclasses import asdict

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.chance import HALVES, TRIAL, generator_for
from course_lib.checkpoint import Shipped
from course_lib.device import plain_torch
from course_lib.judging.metrics import (
    Share,
    features_of,
    frechet_distance,
    precision_recall,
    share,
)
from course_lib.networks.judge import Judge, shared_judge
from course_lib.painters.pipeline import LabelToImage
from course_lib.pixels import from_bytes, to_bytes
from course_lib.shown import progress_bar
from course_lib.typed import as_list
from course_lib.world.critters import (
    ANIMALS,
    BORROWABLE,
    HIDES_EARS,
    SUBJECTS,
    Factors,
    choose_factors,
)
from course_lib.world.datasets import CIFAR10_NAMES, load_cifar10
from course_lib.world.drawing import draw, draw_critters
from course_lib.world.wear import BREAKS, break_pictures

# Limits for the number of pictures. With 32 right out of 32 the interval still reaches
# down to 89 %; with 10,000 a table of distances takes 0.4 GB (metrics.py).
FEWEST, MOST = 32, 10_000
# No training uses worlds from this seed on. A world is a seed of the drawing; two
# worlds have no picture in common.
FRESH = 1_000_000


def check_size(n: int, seeds: int) -> None:
    """Raise a ValueError for a measurement too small to mean anything, or too large."""
    if not FEWEST <= n <= MOST:
        raise ValueError(f"n must lie in {FEWEST}..{MOST}; got {n}.")
    check_seeds(seeds)


def check_seeds(seeds: int) -> None:
    """Raise a ValueError unless there are 1 to 100 seeds."""
    if not 1 <= seeds <= 100:
        raise ValueError(f"The number of seeds must lie in 1..100; got {seeds}.")


def as_facts(found: Share) -> dict:
    """A share with its interval, ready for JSON."""
    low, high = found.interval
    return {"share": found.value, "low": low, "high": high, "n": found.n}


def together(shares: list[Share]) -> Share:
    # Pooled, not averaged: the interval of the whole must be that of the whole n.
    return Share(sum(s.right for s in shares), sum(s.n for s in shares))


# A denoiser -------------------------------------------------------------------


@plain_torch()
def measure_denoiser(
    painter: LabelToImage,
    n: int = 2048,
    seeds: int = 3,
    calls: int = 50,
    guidance_scale: float | None = None,
    sampler: str | None = None,
) -> dict:
    """Draw pictures with the labels of n real ones, and judge them, once for each seed.

    Args:
        calls: network calls a picture; guidance takes two a step

    Returns:
        facts ready for JSON: the settings, shares with their intervals, distances with
        mean and standard deviation over seeds, and the same for real pictures
    """
    n, seeds, calls = map(operator.index, (n, seeds, calls))  # plain, for JSON
    # Calls, not steps: guidance and Heun call the network twice a step, and comparing
    # at equal steps would hide that.
    way = painter.way_within(calls, guidance_scale, sampler)
    settings = dict(steps=way.steps, guidance_scale=guidance_scale, sampler=sampler)
    check_denoiser(painter, n, seeds, settings)
    data, size = painter.card.get("data"), painter.card["size"]
    judge, question = judge_for(data)
    trials = []
    with progress_bar(total=seeds * n, unit="picture") as bar:
        for seed in range(seeds):
            # The labels come from the second set, so both sets that are compared with
            # the reference show each animal equally often.
            reference, others, names = real_pictures(data, n, seed, size)
            made = painter(
                names,
                seed=seed,
                # Count pictures, not steps: only when a batch reaches t = 0.
                callback=lambda step: bar.update(len(step.x_t) * (step.t == 0)),
                **settings,
            )
            answers = right_answers(question, names)
            trials.append(
                compare(judge, question, answers, reference, made)
                | {"real": compare(judge, question, answers, reference, others)}
            )
    facts = dict(kind="denoiser", data=data, n=n, seeds=seeds, calls=calls)
    facts |= asdict(way)
    return facts | summary(trials)


def check_denoiser(painter: LabelToImage, n: int, seeds: int, settings: dict) -> None:
    """Raise a ValueError now for whatever would fail later; draws nothing."""
    # A measurement takes minutes: mistakes should show up in the first second.
    check_size(n, seeds)
    data, size = painter.card.get("data"), painter.card["size"]
    judge_for(data)
    painter.prepare(painter.labels[:1], **settings)
    asked, sizes = (CIFAR10_NAMES, (32,)) if data == "cifar10" else (ANIMALS, (32, 64))
    lacking = [name for name in asked if name not in painter.labels]
    if lacking or size not in sizes:
        what = f"pictures of {size}x{size}" if size not in sizes else f"no {lacking[0]}"
        raise ValueError(
            f"To be judged, weights for {data} must draw {as_list(asked)}, "
            f"{' or '.join(map(str, sizes))} pixels wide; these: {what}."
        )
    most = len(load_cifar10("test")) // 2 if data == "cifar10" else MOST
    if n > most:
        raise ValueError(
            f"CIFAR-10's test split is enough for two sets of {most}; got n = {n}."
        )


def judge_for(data: str) -> tuple[Judge, str]:
    """The judge for pictures of a data set, and its question about the label."""
    if data == "critters":
        return shared_judge(Shipped("reader-32")), "subject"
    if data == "cifar10":
        return shared_judge(Shipped("cifar10-classifier")), "cond"
    raise ValueError(
        f"There is no judge for pictures of {data!r}: only critters and CIFAR-10 have "
        "one."
    )


def right_answers(question: str, names: list[str]) -> Tensor:
    """The right answers of the judge, as numbers, (N,) int64."""
    # Both judges number their answers like the labels of the data set; 0 is nothing.
    known = SUBJECTS if question == "subject" else ("nothing", *CIFAR10_NAMES)
    return torch.tensor([known.index(name) for name in names])


def real_pictures(
    data: str, n: int, seed: int, size: int
) -> tuple[Tensor, Tensor, list[str]]:
    """Two disjoint sets of n real pictures in [-1, 1], and the labels of the second.

    Critters are newly drawn; those of CIFAR-10 come from its test split.
    """
    if data == "critters":
        # Two worlds for each seed, and no world for two.
        (reference, _), (others, factors) = (
            draw_critters(n, FRESH + 2 * seed + i, size, kind="one") for i in range(2)
        )
        names = [SUBJECTS[i] for i in factors["subject"].tolist()]
        return from_bytes(reference), from_bytes(others), names
    # The test split: compared with the training split, a network that copied its
    # training pictures would look perfect.
    pictures = load_cifar10("test")
    order = torch.randperm(len(pictures), generator=generator_for(seed, HALVES))
    reference, (others, labels) = pictures[order[:n]][0], pictures[order[n : 2 * n]]
    return reference, others, [pictures.names[label] for label in labels.tolist()]


def compare(
    judge: Judge, question: str, answers: Tensor, reference: Tensor, pictures: Tensor
) -> dict:
    """How often the judge finds what was asked, and how far the set is from real ones.

    Args:
        answers: (N,) right answers to `question` for `pictures`, (N, 3, H, W)
        reference: real pictures, (M, 3, H, W)
    """
    # The judge's features, not Inception's (see `metrics.frechet_distance`). The same
    # network classifies and measures: both numbers share its blind spots.
    real, found = features_of(judge, reference), features_of(judge, pictures)
    precision, recall = precision_recall(real, found)
    return {
        "right": share(judge.read(pictures)[question] == answers),
        "distance": frechet_distance(real, found),
        "precision": precision,
        "recall": recall,
    }


def summary(trials: list[dict]) -> dict:
    """Pooled shares; for all else the mean and standard deviation over seeds."""
    columns = {
        "distance": [trial["distance"] for trial in trials],
        "floor": [trial["real"]["distance"] for trial in trials],
        "precision": [trial["precision"] for trial in trials],
        "recall": [trial["recall"] for trial in trials],
        "real_precision": [trial["real"]["precision"] for trial in trials],
        "real_recall": [trial["real"]["recall"] for trial in trials],
    }
    # Subtracted seed by seed: both have the same reference and share its randomness.
    columns["above_floor"] = [
        distance - floor
        for distance, floor in zip(columns["distance"], columns["floor"], strict=True)
    ]
    return {
        "right": as_facts(together([trial["right"] for trial in trials])),
        "real_right": as_facts(together([trial["real"]["right"] for trial in trials])),
    } | {name: mean_and_spread(values) for name, values in columns.items()}


def mean_and_spread(values: list[float]) -> dict:
    """The mean, and the standard deviation if there is more than one value."""
    # "each", too: three numbers say more than their mean.
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.mean(values), "spread": spread, "each": values}


# A judge ----------------------------------------------------------------------


@plain_torch()
def measure_judge(
    judge: Judge, data: str, n: int = 2048, seeds: int = 3, size: int = 32
) -> dict:
    """How often each answer is right, on pictures as they are and on augmented ones.

    For critters, also how often the judge says "none" to broken animals: a judge that
    sees an animal in scraps would be pleased with scraps.

    Args:
        data: "critters" or "cifar10", whose test split is taken whole, once
        size: height and width at which critters are drawn
    """
    n, seeds = operator.index(n), operator.index(seeds)
    check_size(n, seeds)
    if data == "cifar10":
        pictures = load_cifar10("test")
        asked = {"cond": pictures.labels}
        whole = from_bytes(pictures.pictures)
        rows = [accuracy(judge, whole, asked, generator_for(0, TRIAL))]
        n, seeds, broken = len(pictures), 1, {}
    else:
        worlds = [FRESH + seed for seed in range(seeds)]
        rows, broken = [], {how: [] for how in BREAKS}
        for world in progress_bar(worlds, unit="seed"):
            pictures, factors = draw_one_by_one(n, world, size)
            generator = generator_for(world, TRIAL)
            rows.append(accuracy(judge, pictures, factors, generator))
            for how, found in named_none(judge, pictures, factors, world, generator):
                broken[how].append(found)
    facts = dict(kind="judge", data=data, size=size, n=n, seeds=seeds)
    facts["accuracy"] = {
        wear: {q: as_facts(together([row[wear][q] for row in rows])) for q in questions}
        for wear, questions in rows[0].items()
    }
    found = {how: as_facts(together(shares)) for how, shares in broken.items()}
    return facts | ({"broken_called_none": found} if found else {})


def draw_one_by_one(n: int, world: int, size: int) -> tuple[Tensor, Factors]:
    """Draw n pictures one at a time, of every kind, held-out combinations included.

    Returns:
        pictures, (n, 3, size, size) in [-1, 1], and their factors
    """
    index = torch.arange(n)
    factors = choose_factors(index, world, "any", allow_held_out=True)
    # The reader's training pictures were drawn in groups (drawing.py). If groups left a
    # trace in the pixels, it might rely on that; a test in groups would not show it.
    alone = [{name: f[i : i + 1] for name, f in factors.items()} for i in range(n)]
    pictures = [draw(alone[i], index[i : i + 1], world, size) for i in range(n)]
    # Through bytes, like all pictures that are kept or shown.
    return from_bytes(to_bytes(torch.cat(pictures))), factors


def accuracy(
    judge: Judge, pictures: Tensor, asked: dict[str, Tensor], generator
) -> dict[str, dict[str, Share]]:
    """For each augmentation and each question, the share of right answers."""
    found: dict[str, dict[str, Share]] = {}
    for wear, worn in worn_pictures(pictures, generator):
        said = judge.read(worn)
        found[wear] = {q: share(said[q] == asked[q]) for q in judge.heads}
        # Most pictures cannot have borrowed ears, and there "none" is right without a
        # look. The share among the others is the one that counts.
        if "ears" in said:
            may = may_have_borrowed(asked)
            right = (said["ears"] == asked["ears"])[may]
            found[wear]["ears, where they can be borrowed"] = share(right)
    return found


def worn_pictures(
    pictures: Tensor, generator: torch.Generator
) -> Iterator[tuple[str, Tensor]]:
    """Yield (name, pictures): as they are, and with changes a judge should tolerate."""
    from torchvision.transforms import v2  # 2 s to import, so only where it is used

    # All within the reader's training augmentation (`wear.with_wear`).
    yield "as they are", pictures
    yield "shifted by a pixel", shifted_by_one(pictures)
    yield "blurred", v2.functional.gaussian_blur(pictures, [3, 3], [0.5, 0.5])
    noise = 0.1 * torch.randn(pictures.shape, generator=generator)
    yield "noisy", (pictures + noise).clamp(-1, 1)


def shifted_by_one(pictures: Tensor) -> Tensor:
    """Each picture shifted by one pixel, in eight directions in turn."""
    H, W = pictures.shape[-2:]
    padded = F.pad(pictures, [1] * 4, mode="replicate")
    # In turn, not at random: every direction is measured equally often.
    moved = pictures.clone()
    ways = [(down, right) for down in range(3) for right in range(3)]
    ways.remove((1, 1))
    for i, (down, right) in enumerate(ways):
        moved[i::8] = padded[i::8, :, down : down + H, right : right + W]
    return moved


def may_have_borrowed(factors: Factors) -> Tensor:
    """Which pictures may show borrowed ears: one animal, bare head; (N,) bool."""
    lenders = torch.from_numpy(BORROWABLE.any(1))[factors["subject"]]
    hidden = torch.from_numpy(HIDES_EARS)[factors["accessory"]]
    return lenders & ~hidden & (factors["subject_2"] == 0)


def named_none(
    judge: Judge, pictures: Tensor, factors: Factors, world: int, generator
) -> Iterator[tuple[str, Share]]:
    """For each way to break animals, yield how often the judge calls them "none"."""
    index = torch.arange(len(pictures))
    for how in BREAKS:
        broken = break_pictures(how, pictures, factors, index, world, generator)
        # "none" is right for the first subject; nothing else is asked.
        said = judge.read(from_bytes(to_bytes(broken)))
        yield how, share(said["subject"] == 0)


# In print ---------------------------------------------------------------------


def as_table(found: dict) -> list[str]:
    """The results as lines for people to read."""
    if found["kind"] == "judge":
        return judge_table(found)
    return denoiser_table(found)


def denoiser_table(found: dict) -> list[str]:
    """A table with drawn pictures on the left and real pictures on the right."""
    steps, sampler, w = (found[k] for k in ("steps", "sampler", "guidance_scale"))
    rows = [
        ("", "drawn", "real"),
        (
            "what was asked is found",
            spoken(found["right"]),
            spoken(found["real_right"]),
        ),
        ("Frechet distance", spoken(found["distance"]), spoken(found["floor"])),
        ("  above the floor", spoken(found["above_floor"]), ""),
        ("precision", spoken(found["precision"]), spoken(found["real_precision"])),
        ("recall", spoken(found["recall"]), spoken(found["real_recall"])),
    ]
    return [
        f"{found['data']}: {found['calls']} network calls a picture ({steps} steps of "
        f"{sampler}, guidance {w:g}), n = {found['n']}, seeds 0..{found['seeds'] - 1}",
        *(f"{name:25}{drawn:32}{real}".rstrip() for name, drawn, real in rows),
    ]


def judge_table(found: dict) -> list[str]:
    """A table with a row for each question and a column for each augmentation."""
    wears = list(found["accuracy"])
    lines = [
        f"{found['data']} at {found['size']}x{found['size']}: right answers, "
        f"n = {found['n']} x {found['seeds']} seeds"
    ]
    lines.append(f"{'':34}" + "".join(f"{wear:>20}" for wear in wears))
    for question in found["accuracy"][wears[0]]:
        shares = [found["accuracy"][wear][question]["share"] for wear in wears]
        lines.append(f"{question:34}" + "".join(f"{x:>20.2%}" for x in shares))
    for how, facts in found.get("broken_called_none", {}).items():
        lines.append(f"{how + ', called none':34}{facts['share']:>20.2%}")
    return lines


def spoken(facts: dict) -> str:
    """A share with its interval, or a mean with its standard deviation, as text."""
    if "share" in facts:
        low, high = 100 * facts["low"], 100 * facts["high"]
        return f"{100 * facts['share']:.1f} % ({low:.1f} to {high:.1f})"
    spread = "" if facts["spread"] is None else f" +- {facts['spread']:.3g}"
    return f"{facts['mean']:.4g}{spread}"
