"""Until when does a word matter, and which way does it take? Prompts are cut in two.

    OMP_NUM_THREADS=1 python benchmarks/word_surgery.py --weights words  # 5 CPU minutes

First the prompt is switched during sampling: another animal, of another colour, on
another side, in another scene. Whatever had been decided before then would be drawn as
in the old prompt. Then a word is removed from one of the two ways into the U-Net, the
pooled vector or cross-attention. The reader judges. Nothing is rewritten; no
combination was held out.
"""

import argparse
from contextlib import nullcontext

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.diffusion.samplers import PictureNoise, dpm_solver, last_step
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import reader_of
from course_lib.judging.metrics import Share
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.text_unet import pooled_from
from course_lib.painters.pipeline import TextToImage
from course_lib.world.critters import (
    ANIMALS,
    FACTORS,
    HELD_OUT,
    choose_factors,
    rows_of,
)
from course_lib.world.wording import EAR_WORDS, SCENE_WORDS

SWITCHED_AT = (1000, 950, 900, 800, 700, 600, 400)  # 1000: only the second prompt
WHOLE = ("scene", "position", "colour", "subject")
STEPS = 20
# Factor -> whether the other way gets another value of it. Ears and hats can be left
# out of a prompt; an animal cannot, so there the other way gets another one.
REPLACED = {"scene": True, "colour": True, "subject": True, "accessory": False}
REPLACED["ears"] = False

Named = dict[str, str]


# Prompts ------------------------------------------------------------------------


def sentence(f: Named, *named: str) -> str:
    """A prompt that names an animal, and these factors.

    >>> f = dict(subject="cat", colour="red", ears="bear", scene="snow", size="small")
    >>> sentence(f, "colour", "ears", "scene")
    'a red cat with bear ears in the snow'
    """
    colour = f"{f['colour']} " if "colour" in named else ""
    article = "an" if (colour or f["subject"])[0] in "aeiou" else "a"
    size = "small " if "position" in named else ""  # the big ones are in the middle
    words = ["a" if size else article, f"{size}{colour}{f['subject']}"]
    if "ears" in named:
        words.append(f"with {EAR_WORDS[f['ears']][0]}")
    if "accessory" in named:
        words.append("with a hat")
    if "position" in named:
        words.append(f"on the {f['position']}")
    return " ".join([*words, SCENE_WORDS[f["scene"]][0]])


def animals() -> list[Named]:
    """The factors of single animals, as common as in training, in words."""
    rows = rows_of(choose_factors(torch.arange(8000), FRESH, "one"))
    named = [{name: FACTORS[name][value] for name, value in f.items()} for f in rows]
    return [f for f in named if f["subject"] in ANIMALS]


def held_out(f: Named) -> bool:
    """Whether no training picture shows this animal in this colour."""
    return (f["subject"], f["colour"]) in HELD_OUT["colour"]


def pairs(n: int, differing: tuple[str, ...], wanted) -> list[tuple[Named, Named]]:
    """n pairs of animals that fulfil `wanted` and differ in all these factors."""
    free = [f for f in animals() if wanted(f)]
    found = []
    while len(found) < n:
        first = free.pop(0)
        second = next(f for f in free if all(f[d] != first[d] for d in differing))
        free.remove(second)
        found.append((first, second))
    return found


# Drawing ------------------------------------------------------------------------


def switched(painter: TextToImage, first: list[str], second: list[str], at: int):
    """One picture per pair, with the first prompt while t > at, then the second."""
    before, after = painter.predict_for(first), painter.predict_for(second)

    def predict(x_t, t):
        return (before if int(t[0]) > at else after)(x_t, t)

    x_T = PictureNoise(0, range(len(first)))(painter.shape())
    steps = dpm_solver(predict, x_T, painter.schedule, STEPS)
    return painter.decode(last_step(steps))


def told_apart(painter: TextToImage, pooled: list[str], looked_at: list[str]) -> Tensor:
    """One picture per pair: the pooled vector of one text, attention to another."""
    same = pooled == looked_at
    cut = nullcontext() if same else pooled_from(painter.model, painter.read(pooled))
    with cut:
        return painter(looked_at, batch_size=len(looked_at))


def share_with(pictures: Tensor, factor: str, wanted: list[str]) -> Share:
    """The share of pictures in which the reader sees the wanted value."""
    seen = rows_of(reader_of(pictures.shape[-1]).read(pictures))
    found = [FACTORS[factor][one[factor]] for one in seen]
    right = sum(a == b for a, b in zip(found, wanted, strict=True))
    return Share(right, len(wanted))


# The two tables -----------------------------------------------------------------


def table_of_switches(painter: TextToImage, n: int) -> dict[str, Share]:
    """The share that shows what the second prompt says, for each of SWITCHED_AT."""
    chosen = pairs(n, WHOLE, lambda f: f["position"] in ("left", "right"))
    first, second = ([sentence(pair[i], *WHOLE) for pair in chosen] for i in (0, 1))
    print(f"such as {first[0]!r}, then {second[0]!r}")
    print("| switched at t = | " + " | ".join(WHOLE) + " |")
    print("| --- |" + " --- |" * len(WHOLE))
    table = {}
    for at in SWITCHED_AT:
        drawn = switched(painter, first, second, at)
        new = {w: share_with(drawn, w, [b[w] for _, b in chosen]) for w in WHOLE}
        print(f"| {at} | " + " | ".join(map(str, new.values())) + " |", flush=True)
        table |= {f"switched at {at}, new {w}": share for w, share in new.items()}
    return table


def with_and_without(factor: str, n: int) -> tuple[list[str], list[str], list[str]]:
    """n prompts with a word, as many without it or with another, and its meanings."""
    if REPLACED[factor]:
        # The second lends only this one factor. A few of the results were held out of
        # training, so more are chosen than needed.
        chosen = pairs(2 * n, (factor,), lambda f: True)
        both = [(first, {**first, factor: lends[factor]}) for first, lends in chosen]
        both = [pair for pair in both if not held_out(pair[1])][:n]
        told, rest = ([sentence(p[i], "colour", "scene") for p in both] for i in (0, 1))
        return told, rest, [f[factor] for f, _ in both]
    shown = "hat" if factor == "accessory" else None
    chosen = [f for f in animals() if f[factor] == (shown or f[factor]) != "none"][:n]
    told = [sentence(f, "colour", factor, "scene") for f in chosen]
    rest = [sentence(f, "colour", "scene") for f in chosen]
    return told, rest, [f[factor] for f in chosen]


def table_of_ways(painter: TextToImage, n: int) -> dict[str, Share]:
    """The share that shows a word given to both ways into the U-Net, one or none."""
    columns = ("both", "only cross-attention", "only the pooled vector", "neither")
    print("| the word stands in | " + " | ".join(columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    table = {}
    for factor in REPLACED:
        told, rest, wanted = with_and_without(factor, n)
        # (pooled, looked at) for each column.
        ways = ((told, told), (rest, told), (told, rest), (rest, rest))
        found = [share_with(told_apart(painter, *w), factor, wanted) for w in ways]
        print(f"| {factor} | " + " | ".join(map(str, found)) + " |", flush=True)
        table |= {f"{factor}, {c}": s for c, s in zip(columns, found, strict=True)}
    return table


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100, help="pictures of each cell")
    parser.add_argument("--weights", default="words")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights, as_typed=True)
    table = table_of_switches(painter, options.n)
    table |= table_of_ways(painter, options.n)
    for name, share in table.items():
        print(f"{name.replace(',', '').replace(' ', '_')}={share.value:.4f}")
    if options.save:
        weights = [options.weights, "reader-32"]
        save_results(options.save, table, script_command(arguments), weights)


if __name__ == "__main__":
    main()
