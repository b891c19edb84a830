"""Prompt fidelity: does a picture show what its prompt asked for? Kind by kind.

The reader looks at every picture: it is right if every factor that its prompt names is
there, and nothing that was not asked for. The inspector looks as well: a picture is
clean if it has no flaw that people see at a glance. Both count. Next to each share is
what real pictures of the same prompts get: the judges' ceiling.
"""

import operator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from course_lib.chance import REWORDING, uniforms
from course_lib.checkpoint import Shipped
from course_lib.device import plain_torch
from course_lib.judging.evaluation import FRESH, as_facts, check_size, spoken
from course_lib.judging.inspection import shared_inspector
from course_lib.judging.metrics import share
from course_lib.networks.judge import Judge, shared_judge
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes, to_bytes
from course_lib.shown import progress_bar
from course_lib.training.captions import mistype, without_articles
from course_lib.world.critters import (
    FACTORS,
    HELD_OUT,
    SUBJECTS,
    Factors,
    captions,
    choose_factors,
    held_out_factors,
    rows_of,
)
from course_lib.world.drawing import draw
from course_lib.world.prompts import (
    Asked,
    check_picture,
    describe,
    listed,
    names_something,
    understand,
)
from course_lib.world.wording import SENSES, say

# `Shipped`, so no folder of the same name can take their place.
READER, READER_64 = Shipped("reader-32"), Shipped("reader-64")
BOUND = {"subject", "subject_2", "colour", "colour_2", "order"}  # all of two animals
TWO_SENSED = {sense for senses in SENSES.values() for sense in senses}


@dataclass(frozen=True)
class Prompts:
    """Prompts of one kind, what each asks for, and real pictures of them."""

    texts: list[str]
    asked: list[Asked]
    real: Tensor | None = None  # (N, 3, H, W)


def reader_of(size: int) -> Judge:
    """The reader for pictures of this size; all but 64x64 are averaged to 32x32."""
    return shared_judge(READER_64 if size == 64 else READER)


# Which prompts ------------------------------------------------------------------


def factors_of(kind: str, indices: Tensor, world: int) -> Factors:
    """Candidate factors for a kind of prompt; `wanted` later rejects some.

    Only the finished caption shows which factors it left out.
    """
    if kind in HELD_OUT:
        return held_out_factors(kind, indices, world)
    if kind == "frog on stilts":
        return held_out_factors("accessory", indices, world)
    if kind in ("two senses, context", "two senses, bare word"):
        return choose_factors(indices, world, "any")
    two = kind in ("two animals", "order open")
    return choose_factors(indices, world, "two" if two else "one")


def wanted(kind: str, f: dict[str, int], named: set[str]) -> bool:
    """Whether a prompt belongs to a kind; `f` and `named` are those of its caption."""
    subject, bare = SUBJECTS[f["subject"]], "either_sense" in named
    if kind.startswith("two senses"):
        alone = subject in TWO_SENSED and f["subject_2"] == 0
        return alone and bare == (kind == "two senses, bare word")
    # A bare word is right in either sense: it would flatter every other kind.
    if bare:
        return False
    if kind == "one animal, ears named":
        return "ears" in named
    # The held-out factors must be named: for a purple frog whose caption names no
    # colour, a green frog would be right.
    if kind in ("accessory", "ears", "frog on stilts"):
        of_frog = kind != "frog on stilts" or subject == "frog"
        return of_frog and ("ears" if kind == "ears" else "accessory") in named
    if kind == "colour":
        return "colour" in named
    if kind in ("two animals", "pair"):
        return named >= BOUND
    if kind == "order open":
        return named >= BOUND - {"order"} and "order" not in named
    return True


# Kinds of prompts, and their names in print. A single mean would hide failures: two
# animals nearly always come out right, held-out accessories do not (lesson 10, as
# typed).
KINDS = {
    "one animal": "one animal, seen",
    "one animal, ears named": "  with borrowed ears named",
    "accessory": "held-out accessory",
    "colour": "held-out colour",
    "ears": "held-out ears",
    "frog on stilts": "frog on stilts",
    "two animals": "two animals, seen, all bound",
    "pair": "two animals, held-out, all bound",
    "order open": "two animals, seen, either order",
    "two senses, context": "bat, crane: the context decides",
    "two senses, bare word": "bat, crane: either sense",
    "upper case": "one animal, seen, IN UPPER CASE",
    "no articles": "  without articles",
    "typing error": "  with a typing error",
    "other words and order": "  in other words and order",
}


def said_again(text: str, f: dict[str, int], named: set[str], u: list[float]) -> str:
    """The same caption in another order and with other words, by `wording.say`."""
    by_name = {name: FACTORS[name][value] for name, value in f.items()}
    scene_first = [*u[:7], u[7] / 4, u[8], u[9] / 4]  # and "a frog that is red"
    return say(by_name, named, scene_first)


REWORDED = {  # rewordings of "one animal"; `u` is ten uniform numbers
    "upper case": lambda text, f, named, u: text.upper(),
    "no articles": lambda text, f, named, u: without_articles(text),
    "typing error": lambda text, f, named, u: mistype(text, u),
    "other words and order": said_again,
}


def reword(prompts: Prompts, how: str, seed: int) -> Prompts:
    """Reword prompts; they ask for the same things.

    So any difference from "one animal" is due to the wording alone.
    """
    u = uniforms(torch.arange(len(prompts.texts)), seed, 10, stream=REWORDING).tolist()
    asked = zip(prompts.texts, prompts.asked, u, strict=True)
    texts = [REWORDED[how](text, f, named, some) for text, (f, named), some in asked]
    return replace(prompts, texts=texts)


def prompts_of(kind: str, n: int, world: int, size: int = 32) -> Prompts:
    """n prompts of one kind, with real pictures; `world` is a seed from FRESH on."""
    if kind in REWORDED:
        return reword(prompts_of("one animal", n, world, size), kind, world)
    texts, asked, rows, start = [], [], [], 0
    while len(texts) < n:
        indices = torch.arange(start, start + 4 * n)
        factors = factors_of(kind, indices, world)
        written = captions(factors, indices, world, return_named=True)
        # Four times as many candidates as needed, since some kinds reject most: of a
        # hundred, 3 are bare words, 11 leave the order open, 94 name held-out ears.
        for i, (f, text, named) in enumerate(
            zip(rows_of(factors), *written, strict=True)
        ):
            if len(texts) < n and wanted(kind, f, named):
                # The real picture is judged like a generated one, which may show
                # nothing unasked. So unnamed accessories and ears are removed.
                unasked = [name for name in ("accessory", "ears") if name not in named]
                texts.append(text)
                asked.append((f | dict.fromkeys(unasked, 0), named))
                rows.append(start + i)
        start += 4 * n
    # Only accepted pictures are drawn: choosing factors costs next to nothing.
    found = {name: torch.tensor([f[name] for f, _ in asked]) for name in factors}
    real = draw(found, torch.tensor(rows), world, size)
    return Prompts(texts, asked, from_bytes(to_bytes(real)))


def prompts_from(lines: list[str], n: int | None = None) -> Prompts:
    """Prompts that somebody wrote, one a line; the parser finds what they ask for.

    They have no real pictures, so there is no ceiling to compare with. Lines that name
    nothing are left out, see `remarks`.

    Args:
        n: how many in all, repeating the lines in turn; None takes each line once

    Raises:
        ValueError: no line can be judged
    """
    lines = [line.strip() for line in lines if names_something(line)]
    if not lines:
        raise ValueError(
            "No prompt in the file can be judged: write one on each line that names an "
            "animal, or something else to see."
        )
    if n is not None and n < 1:
        raise ValueError(f"--n must be 1 or more; got {n}.")
    texts = [lines[i % len(lines)] for i in range(len(lines) if n is None else n)]
    return Prompts(texts, [understand(text) for text in texts])


def remarks(lines: list[str]) -> list[str]:
    """A sentence about the lines that cannot be judged, or []; empty lines are fine."""
    mute = [
        f"{number} ({line.strip()[:30]!r})"
        for number, line in enumerate(lines, start=1)
        if line.strip() and not names_something(line)
    ]
    if not mute:
        return []
    unread = f"lines {listed(mute)}"
    return [f"Left out, as they name nothing that could be judged: {unread}."]


# One prompt ---------------------------------------------------------------------


def what_is_seen(pictures: Tensor, prompts: list[str]) -> dict[str, list | None]:
    """What the reader sees in each picture (N, 3, H, W), and whether it was asked for.

    Returns:
        "seen": a text for each picture, and "right": True, False, or None if a prompt
        names nothing. Both are None for pictures of a size that the reader cannot take.
    """
    reader = reader_of(pictures.shape[2])
    # A remark next to a picture, not a measurement: an unreadable size is no error.
    h, w = pictures.shape[2:]
    if h != w or h % reader.config["size"]:
        return dict(seen=None, right=None)
    seen = rows_of(reader.read(pictures))
    pairs = list(zip(prompts, seen, strict=True))
    right = [is_right(understand(text), one) for text, one in pairs]
    return dict(seen=[describe(one) for one in seen], right=right)


def is_right(asked: Asked, seen: dict[str, int]) -> bool | None:
    """Whether everything asked for is there; None if nothing was asked for."""
    return all(check_picture(*asked, seen).values()) if asked[1] else None


# Judging ----------------------------------------------------------------------


def judge_all(judge: Judge, pictures: Tensor, asked: list[Asked]) -> list[dict]:
    """The result of `check_picture` for each picture: factor -> is it right?"""
    seen = rows_of(judge.read(pictures))
    return [check_picture(*a, s) for a, s in zip(asked, seen, strict=True)]


@dataclass
class Judged:
    """The verdicts of the judges, one entry a picture.

    Args:
        found: the result of `check_picture`: factor -> is it right?
        clean: whether it has no flaw that people see at a glance
    """

    found: list[dict[str, bool]]
    clean: list[bool]

    @classmethod
    def of(cls, pictures: Tensor, asked: list[Asked]) -> "Judged":
        """Ask the reader and the inspector about pictures (N, 3, H, W)."""
        found = judge_all(reader_of(pictures.shape[-1]), pictures, asked)
        return cls(found, shared_inspector(pictures.shape[-1]).clean(pictures).tolist())

    def __add__(self, other: "Judged") -> "Judged":
        return Judged(self.found + other.found, self.clean + other.clean)


def shares_of(judged: Judged) -> dict[str, dict]:
    """Shares: each factor's right ones among those named, and those of whole pictures.

    Of whole pictures: "all_factors", "clean", and "right_and_clean" for both.
    """
    columns: dict[str, list[bool]] = {}
    for one in judged.found:
        # Only named factors count, so n differs from factor to factor.
        for name, right in one.items():
            columns.setdefault(name, []).append(right)
    # Whole pictures matter: nine factors at 99 % each make 91 % of right pictures.
    right = [all(one.values()) for one in judged.found]
    both = [r and c for r, c in zip(right, judged.clean, strict=True)]
    columns |= dict(all_factors=right, clean=judged.clean, right_and_clean=both)
    return {n: as_facts(share(torch.tensor(rights))) for n, rights in columns.items()}


def by_combination(kind: str, judged: Judged, asked: list[Asked]) -> dict[str, dict]:
    """The share of right and clean pictures for each held-out combination."""
    groups: dict[str, Judged] = {}
    for one, clean, (f, _) in zip(judged.found, judged.clean, asked, strict=True):
        name = f"{SUBJECTS[f['subject']]}, {FACTORS[kind][f[kind]]}"
        groups[name] = groups.get(name, Judged([], [])) + Judged([one], [clean])
    return {name: shares_of(groups[name])["right_and_clean"] for name in sorted(groups)}


def judge_drawn(
    painter: TextToImage,
    prompts: Prompts,
    seed: int,
    calls: int,
    guidance_scale: float | None,
    sampler: str | None,
) -> Judged:
    """Draw every prompt once, and judge each picture."""
    # The number of calls is fixed and decides the steps: all comparisons cost the same.
    steps = painter.way_within(calls, guidance_scale, sampler).steps
    how = dict(steps=steps, guidance_scale=guidance_scale, sampler=sampler, seed=seed)
    return Judged.of(painter(prompts.texts, **how), prompts.asked)


def beside_real(drawn: dict[str, dict], real: dict[str, dict]) -> dict[str, dict]:
    """Both tables; each share of drawn pictures also as a part of the ceiling.

    >>> shares = beside_real({"ears": {"share": 0.5}}, {"ears": {"share": 0.8}})
    >>> shares["drawn"]["ears"]["of_ceiling"]
    0.625
    """
    for name, facts in drawn.items():
        # The reader errs, too, and no generator can be expected to do better than real
        # pictures.
        ceiling = real[name]["share"]
        facts["of_ceiling"] = facts["share"] / ceiling if ceiling else None
    return {"drawn": drawn, "real": real}


@plain_torch()
def measure_prompts(
    painter: TextToImage,
    prompts: Prompts,
    seeds: int = 1,
    calls: int = 20,
    guidance_scale: float | None = None,
    sampler: str | None = None,
) -> dict[str, dict]:
    """Draw every prompt once for each seed, and judge: the shares of `shares_of`.

    Args:
        calls: network calls a picture; guidance takes two a step
    """
    how = (calls, guidance_scale, sampler)
    judged = Judged([], [])
    for seed in range(seeds):
        judged += judge_drawn(painter, prompts, seed, *how)
    return shares_of(judged)


@plain_torch()
def measure_kinds(
    painter: TextToImage,
    n: int = 500,
    seeds: int = 1,
    calls: int = 20,
    guidance_scale: float | None = None,
    sampler: str | None = None,
    kinds: tuple[str, ...] = tuple(KINDS),
) -> dict[str, dict]:
    """Measure n prompts of every kind for each seed.

    Returns:
        kind -> {"drawn", "real"}: the shares of `shares_of`; for kinds with few
        held-out combinations also {"combinations"}
    """
    n, seeds = operator.index(n), operator.index(seeds)
    check_size(n, seeds)
    table = {}
    # Seed k takes the prompts of world FRESH + k: with the same n and seeds, all
    # networks get the same prompts and can be compared prompt by prompt.
    for kind in progress_bar(kinds, unit="kind"):
        drawn, real, asked = Judged([], []), Judged([], []), []
        for seed in range(seeds):
            prompts = prompts_of(kind, n, FRESH + seed, painter.card["size"])
            how = (calls, guidance_scale, sampler)
            drawn += judge_drawn(painter, prompts, seed, *how)
            real += Judged.of(prompts.real, prompts.asked)
            asked += prompts.asked
        table[kind] = beside_real(shares_of(drawn), shares_of(real))
        if kind in ("accessory", "ears"):  # few combinations, of unequal difficulty
            table[kind]["combinations"] = by_combination(kind, drawn, asked)
    return table


COLUMNS = {"right": "all_factors", "clean": "clean", "both": "right_and_clean"}


def kinds_table(found: dict) -> list[str]:
    """A table with a row for each kind: right, clean and both, drawn and real."""
    lines = [
        f"{'':38}{'drawn':31}real",
        in_columns("all named right, nothing unasked", [*COLUMNS, *COLUMNS]),
    ]
    for kind, shares in found.items():
        lines.append(kind_row(KINDS[kind], shares))
        if kind == "one animal, ears named":
            ears = [per_cent(shares[of]["ears"]) for of in ("drawn", "real")]
            lines.append(in_columns("    the ears alone", [ears[0], "", "", ears[1]]))
        for name, share_of_it in shares.get("combinations", {}).items():
            lines.append(in_columns(f"    {name}", ["", "", per_cent(share_of_it)]))
    return lines


def kind_row(title: str, shares: dict) -> str:
    """The row of one kind: drawn pictures, then real ones."""
    columns = [
        per_cent(shares[of][name])
        for of in ("drawn", "real")
        for name in COLUMNS.values()
    ]
    return in_columns(title, columns)


def per_cent(facts: dict) -> str:
    return f"{100 * facts['share']:.1f} %"


def in_columns(title: str, columns: list[str]) -> str:
    return f"{title:36}" + "".join(f"{column:>10}" for column in columns)


def factors_table(shares: dict) -> list[str]:
    return [f"{name:20}{spoken(facts)}" for name, facts in shares.items()]
