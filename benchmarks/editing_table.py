"""What strength does, and how well holes are filled: the tables of lesson 07.

    OMP_NUM_THREADS=1 python benchmarks/editing_table.py --n 200     # half an hour
    OMP_NUM_THREADS=1 python benchmarks/editing_table.py --n 200 --weights latent

Fresh pictures of one large animal that carries nothing. Image-to-image: all of them are
to become red cats; how many do, and how far have the pixels moved? Inpainting: the
right half is drawn anew; how different are the columns at both sides of the border, as
a multiple of real pictures' there? The same with two pixels, where the answer is known.
And two wishes for a hole, judged by the reader.
"""

import argparse
import time

import torch
from autoencoder_table import told
from torch import Tensor

from course_lib.critters import FACTORS, SUBJECTS, rows_of
from course_lib.datasets import load_critters
from course_lib.device import use_all_cores
from course_lib.editing import held, image_to_image, inpaint
from course_lib.evaluation import as_facts, spoken
from course_lib.fidelity import READER, what_is_seen
from course_lib.guidance import FOR_PROMPTS
from course_lib.ideal import GaussianDenoiser
from course_lib.metrics import load_judge, share
from course_lib.objective import predictor
from course_lib.pipeline import TextToImage
from course_lib.samplers import PictureNoise, last_step
from course_lib.schedule import straight_line

STRENGTHS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
WAYS = ((1, False), (3, False), (1, True), (3, True))  # again, pull
PARTS = ("strengths", "two pixels", "seams", "wishes")
WISH = "a red cat"


def fresh(n: int, size: int) -> tuple[Tensor, list[str]]:
    """Pictures that nothing has learned from, and the names of their animals."""
    album = load_critters("test", size=size, kind="one")
    f = album.factors
    plain = (f["size"] == 1) & (f["accessory"] == 0) & (f["ears"] == 0)
    rows = plain.nonzero()[:n, 0]
    return album[rows][0], [f"a {SUBJECTS[i]}" for i in f["subject"][rows].tolist()]


def half(pictures: Tensor) -> Tensor:
    """The right half is to be drawn."""
    mask = torch.zeros(pictures.shape[2:], dtype=torch.bool)
    mask[:, mask.shape[1] // 2 :] = True
    return mask


def seam(pictures: Tensor) -> Tensor:
    """Mean difference of the two columns at the border, one number a picture."""
    right = pictures.shape[3] // 2
    apart = pictures[..., right - 1] - pictures[..., right]
    return apart.abs().flatten(1).mean(1)


def strengths(painter: TextToImage, pictures: Tensor) -> None:
    print("| strength | red cats | pixels moved by |\n| --- | --- | --- |")
    asked = [WISH] * len(pictures)
    for strength in STRENGTHS:
        after = image_to_image(painter, pictures, asked, strength)
        right = share(torch.tensor(what_is_seen(after, asked)["right"]))
        moved = (after - pictures).square().mean().sqrt().item()
        print(f"| {strength} | {spoken(as_facts(right))} | {moved:.2f} |", flush=True)


def two_pixels(n: int = 4000) -> None:
    """Of two pixels that go together one is kept: the other is known, on average."""
    print("\n| the right pixel, 1.35 and 0.44 | mean | spread |\n| --- | --- | --- |")
    schedule = straight_line()
    together = torch.tensor([[1.0, 0.9], [0.9, 1.0]])
    predict = predictor(GaussianDenoiser(together, schedule), schedule, "x_0")
    x_0, mask = torch.full((n, 1, 1, 2), 1.5), torch.zeros(n, 1, 1, 2, dtype=bool)
    mask[..., 1] = True
    for again, pull in WAYS:
        noise = PictureNoise(0, range(n))
        way = held(predict, x_0, mask, schedule, noise, 20, again, pull)
        right = last_step(way)[..., 1]
        name = "pulled, " * pull + f"each step {again} times"
        print(f"| {name} | {right.mean():.2f} | {right.std():.2f} |")


def seams(
    painter: TextToImage, pictures: Tensor, names: list[str], guidance: float
) -> None:
    print("\n| right half | border, real pictures are 1 | core seconds a picture |")
    print("| --- | --- | --- |")
    mask, real = half(pictures), seam(pictures).mean()
    how = dict(guidance_scale=guidance, seed=1)
    pasted = torch.where(mask, painter(names, steps=20, **how), pictures)
    print(f"| pasted at the end | {told(seam(pasted) / real)} | |", flush=True)
    changed = []
    for again, pull in WAYS:
        start = time.process_time()
        held = inpaint(painter, pictures, mask, names, again=again, pull=pull, **how)
        took = (time.process_time() - start) / len(pictures)
        changed.append((held - pictures)[..., ~mask].abs().max().item())
        border, way = seam(held) / real, "pulled, " * pull + f"each step {again} times"
        print(f"| {way} | {told(border)} | {took:.2f} |", flush=True)
        print(f"seam_{'pulled_' * pull}{again}={border.mean().item():.4f}")
    print(f"kept_changed_by={max(changed):.6f}")


def wishes(painter: TextToImage, pictures: Tensor, guidance: float) -> None:
    print("\n| hole | wish | there | \n| --- | --- | --- |")
    side = pictures.shape[2]
    top = torch.zeros(pictures.shape[2:], dtype=torch.bool)
    top[: side // 2] = True
    middle = torch.zeros_like(top)
    middle[3 * side // 32 : 30 * side // 32, 3 * side // 32 : 29 * side // 32] = True
    asks = (("the upper half", top, "with a hat", dict(accessory="hat")),)
    asks += (("all but a frame", middle, WISH, dict(subject="cat", colour="red")),)
    for name, mask, wish, factors in asks:
        asked = [wish] * len(pictures)
        after = inpaint(painter, pictures, mask, asked, guidance_scale=guidance, seed=2)
        seen = rows_of(load_judge(READER).read(after))
        right = [all(spell(one)[k] == v for k, v in factors.items()) for one in seen]
        said = share(torch.tensor(right))
        print(f"| {name} | {wish} | {spoken(as_facts(said))} |", flush=True)
        print(f"right_{wish.split()[-1]}={said.value:.4f}")


def spell(one: dict[str, int]) -> dict[str, str]:
    """What the reader saw, in words."""
    return {name: FACTORS[name][value] for name, value in one.items()}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--weights", default="words", help="a name or a folder")
    parser.add_argument("--as-typed", action="store_true", help="rewrite no wish")
    parser.add_argument("--guidance", type=float, default=FOR_PROMPTS, help="of holes")
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights, as_typed=options.as_typed)
    pictures, names = fresh(options.n, painter.card["size"])
    if "strengths" in options.only:
        strengths(painter, pictures)
    if "two pixels" in options.only:
        two_pixels()
    if "seams" in options.only:
        seams(painter, pictures, names, options.guidance)
    if "wishes" in options.only:
        wishes(painter, pictures, options.guidance)


if __name__ == "__main__":
    main()
