"""The effect of strength, and how well holes are filled: the tables of lesson 07.

    OMP_NUM_THREADS=1 python benchmarks/editing_table.py --n 200     # half an hour
    OMP_NUM_THREADS=1 python benchmarks/editing_table.py --n 200 --weights latent

Fresh pictures of one animal that carries nothing. Image-to-image: all of them should
become red cats; how many do, and how far have the pixels moved? Inpainting: the right
half is drawn again; how much do the two columns at the border differ, as a multiple of
the difference in real pictures? And in pictures that the painter drew whole, from
prompts that name everything in the real ones? The same with two pixels, where the
answer is known. And two wishes for a hole, judged by the reader.
"""

import argparse
import time
from typing import NamedTuple

import torch
from autoencoder_table import told
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.diffusion.editing import W, held, image_to_image, inpaint
from course_lib.diffusion.ideal import GaussianDenoiser
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import PictureNoise, last_step
from course_lib.diffusion.schedule import straight_line
from course_lib.judging.evaluation import as_facts, spoken
from course_lib.judging.fidelity import READER, what_is_seen
from course_lib.judging.metrics import share
from course_lib.judging.results import (
    Found,
    add_save,
    mean_of,
    save_results,
    script_command,
)
from course_lib.networks.judge import load_judge
from course_lib.painters.pipeline import TextToImage
from course_lib.world.critters import FACTORS, SUBJECTS, rows_of, say
from course_lib.world.datasets import load_critters

STRENGTHS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
WAYS = ((1, False), (3, False), (1, True), (3, True))  # again, pull
PARTS = ("strengths", "two pixels", "seams", "wishes")
WISH = "a red cat"
TOLD = {"subject", "colour", "scene", "size", "position"}


class Fresh(NamedTuple):
    """Test pictures, which nothing was trained on."""

    pictures: Tensor
    names: list[str]  # "a frog"
    told: list[str]  # everything in them: "at night, a small frog that is red ..."


def fresh(n: int, size: int) -> Fresh:
    album = load_critters("test", size=size, kind="one")
    plain = (album.factors["accessory"] == 0) & (album.factors["ears"] == 0)
    rows = plain.nonzero()[:n, 0]
    seen = rows_of({name: x[rows] for name, x in album.factors.items()})
    names = [f"a {SUBJECTS[one['subject']]}" for one in seen]
    all_told = [say(spell(one), TOLD, [0.0] * 10) for one in seen]
    return Fresh(album[rows][0], names, all_told)


def half(pictures: Tensor) -> Tensor:
    """The right half is to be drawn."""
    mask = torch.zeros(pictures.shape[2:], dtype=torch.bool)
    mask[:, mask.shape[1] // 2 :] = True
    return mask


def seam(pictures: Tensor) -> Tensor:
    """Mean difference of the two columns at the border, one number per picture."""
    right = pictures.shape[3] // 2
    apart = pictures[..., right - 1] - pictures[..., right]
    return apart.abs().flatten(1).mean(1)


def strengths(painter: TextToImage, pictures: Tensor, guidance: float) -> Found:
    print("| strength | red cats | pixels moved by |\n| --- | --- | --- |")
    asked, how = [WISH] * len(pictures), dict(guidance_scale=guidance)
    found: Found = {}
    for strength in STRENGTHS:
        after = image_to_image(painter, pictures, asked, strength, **how)
        right = share(torch.tensor(what_is_seen(after, asked)["right"]))
        moved = (after - pictures).square().mean().sqrt().item()
        print(f"| {strength} | {spoken(as_facts(right))} | {moved:.2f} |", flush=True)
        found[f"strength {strength}"] = {"red cats": right, "moved": moved}
    return found


def two_pixels(n: int = 4000) -> Found:
    """Keep one of two correlated pixels: the mean of the other is known exactly."""
    print("\n| the right pixel, 1.35 and 0.44 | mean | spread |\n| --- | --- | --- |")
    schedule = straight_line()
    together = torch.tensor([[1.0, 0.9], [0.9, 1.0]])
    predict = predictor(GaussianDenoiser(together, schedule), schedule, "x_0")
    x_0, mask = torch.full((n, 1, 1, 2), 1.5), torch.zeros(n, 1, 1, 2, dtype=bool)
    mask[..., 1] = True
    found: Found = {}
    for again, pull in WAYS:
        noise = PictureNoise(0, range(n))
        way = held(predict, x_0, mask, schedule, noise, 20, again, pull)
        right = last_step(way)[..., 1]
        print(f"| {name_of(again, pull)} | {right.mean():.2f} | {right.std():.2f} |")
        known = {"average": right.mean().item(), "deviation": right.std().item()}
        found[name_of(again, pull)] = known
    return found


def seams(painter: TextToImage, of: Fresh, guidance: float) -> Found:
    """The border, and whether animal and colour are seen as in the real pictures."""
    print("\n| right half | border, real pictures are 1 | same | core seconds |")
    print("| --- | --- | --- | --- |")
    mask, real = half(of.pictures), seam(of.pictures).mean()
    judge = load_judge(READER)
    before = judge.read(of.pictures)
    found: Found = {}

    def row(name: str, after: Tensor, seconds: float | None = None) -> None:
        seen, border = judge.read(after), seam(after) / real
        same = [seen[factor] == before[factor] for factor in ("subject", "colour")]
        alike, took = share(same[0] & same[1]), f"{seconds:.2f}" if seconds else ""
        said = f"{told(border)} | {spoken(as_facts(alike))} | {took}"
        print(f"| {name} | {said} |", flush=True)
        found[name] = {"border": mean_of(border), "same": alike}
        found[name] |= {"core seconds": seconds} if seconds else {}
        key = name.replace(",", "").replace(" ", "_")
        print(f"seam_{key}={border.mean().item():.4f}", flush=True)

    how = dict(guidance_scale=guidance, seed=1)
    row("drawn whole", painter(of.told, steps=20, **how))
    drawn = painter(of.names, steps=20, **how)
    row("pasted at the end", torch.where(mask, drawn, of.pictures))
    changed = []
    ways = [(name_of(*way), *way, of.names) for way in WAYS]
    for name, again, pull, asked in (*ways, ("all told", *WAYS[-1], of.told)):
        start = time.process_time()
        after = inpaint(
            painter, of.pictures, mask, asked, again=again, pull=pull, **how
        )
        row(name, after, (time.process_time() - start) / len(after))
        changed.append((after - of.pictures)[..., ~mask].abs().max().item())
    print(f"kept_changed_by={max(changed):.6f}")
    return {"seam": found, "kept changed by": max(changed)}


def name_of(again: int, pull: bool) -> str:
    """The name of a way of `held`."""
    return "pulled, " * pull + f"each step {again} times"


def wishes(painter: TextToImage, pictures: Tensor, guidance: float) -> Found:
    print("\n| hole | wish | there | \n| --- | --- | --- |")
    side = pictures.shape[2]
    top = torch.zeros(pictures.shape[2:], dtype=torch.bool)
    top[: side // 2] = True
    middle = torch.zeros_like(top)
    middle[3 * side // 32 : 30 * side // 32, 3 * side // 32 : 29 * side // 32] = True
    asks = (("the upper half", top, "with a hat", dict(accessory="hat")),)
    found: Found = {}
    asks += (("all but a frame", middle, WISH, dict(subject="cat", colour="red")),)
    for name, mask, wish, factors in asks:
        asked = [wish] * len(pictures)
        after = inpaint(painter, pictures, mask, asked, guidance_scale=guidance, seed=2)
        seen = rows_of(load_judge(READER).read(after))
        right = [all(spell(one)[k] == v for k, v in factors.items()) for one in seen]
        said = share(torch.tensor(right))
        print(f"| {name} | {wish} | {spoken(as_facts(said))} |", flush=True)
        print(f"right_{wish.split()[-1]}={said.value:.4f}")
        found[wish.split()[-1]] = said
    return {"wish": found}


def spell(one: dict[str, int]) -> dict[str, str]:
    """What the reader saw, in words."""
    return {name: FACTORS[name][value] for name, value in one.items()}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--weights", default="words", help="a name or a folder")
    parser.add_argument("--as-typed", action="store_true", help="rewrite no wish")
    parser.add_argument("--guidance", type=float, default=W)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights, as_typed=options.as_typed)
    of = fresh(options.n, painter.card["size"])
    found: Found = {}
    if "strengths" in options.only:
        found |= strengths(painter, of.pictures, options.guidance)
    if "two pixels" in options.only:
        found |= two_pixels()
    if "seams" in options.only:
        found |= seams(painter, of, options.guidance)
    if "wishes" in options.only:
        found |= wishes(painter, of.pictures, options.guidance)
    if options.save:
        through = [painter.card["autoencoder"]] if "autoencoder" in painter.card else []
        weights = [options.weights, *through, READER]
        save_results(options.save, found, script_command(arguments), weights)


if __name__ == "__main__":
    main()
