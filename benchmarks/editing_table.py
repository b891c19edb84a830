"""What strength does, and how well holes are filled: the tables of lesson 07.

    OMP_NUM_THREADS=1 python benchmarks/editing_table.py --n 200     # half an hour
    OMP_NUM_THREADS=1 python benchmarks/editing_table.py --n 200 --weights latent

Fresh pictures of one large animal that carries nothing. Image-to-image: all of them are
to become red cats; how many do, and how far have the pixels moved? Inpainting: the
right half is drawn anew; how different are the columns at both sides of the border, as
a multiple of real pictures' there? And two wishes for a hole, judged by the reader.
"""

import argparse

import torch
from torch import Tensor

from course_lib.critters import FACTORS, SUBJECTS, rows_of
from course_lib.datasets import load_critters
from course_lib.device import use_all_cores
from course_lib.editing import image_to_image, inpaint
from course_lib.evaluation import as_facts, spoken
from course_lib.fidelity import READER, what_is_seen
from course_lib.metrics import load_judge, share
from course_lib.pipeline import TextToImage

STRENGTHS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
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


def seam(pictures: Tensor) -> float:
    """Mean difference of the two columns at the border."""
    right = pictures.shape[3] // 2
    return (pictures[..., right - 1] - pictures[..., right]).abs().mean().item()


def strengths(painter: TextToImage, pictures: Tensor) -> None:
    print("| strength | red cats | pixels moved by |\n| --- | --- | --- |")
    asked = [WISH] * len(pictures)
    for strength in STRENGTHS:
        after = image_to_image(painter, pictures, asked, strength)
        right = share(torch.tensor(what_is_seen(after, asked)["right"]))
        moved = (after - pictures).square().mean().sqrt().item()
        print(f"| {strength} | {spoken(as_facts(right))} | {moved:.2f} |", flush=True)


def seams(painter: TextToImage, pictures: Tensor, names: list[str]) -> None:
    print("\n| right half | border, real pictures are 1 |\n| --- | --- |")
    mask, real = half(pictures), seam(pictures)
    pasted = torch.where(mask, painter(names, steps=20, seed=1), pictures)
    print(f"| pasted at the end | {seam(pasted) / real:.2f} |", flush=True)
    changed = []
    for again in (1, 3, 5):
        held = inpaint(painter, pictures, mask, names, again=again, seed=1)
        changed.append((held - pictures)[..., ~mask].abs().max().item())
        print(f"| each step {again} times | {seam(held) / real:.2f} |", flush=True)
        print(f"seam_{again}={seam(held) / real:.4f}")
    print(f"kept_changed_by={max(changed):.6f}")


def wishes(painter: TextToImage, pictures: Tensor) -> None:
    print("\n| hole | wish | there | \n| --- | --- | --- |")
    side = pictures.shape[2]
    top = torch.zeros(pictures.shape[2:], dtype=torch.bool)
    top[: side // 2] = True
    middle = torch.zeros_like(top)
    middle[3 * side // 32 : 30 * side // 32, 3 * side // 32 : 29 * side // 32] = True
    asks = (("the upper half", top, "with a hat", dict(accessory="hat")),)
    asks += (("all but a frame", middle, WISH, dict(subject="cat", colour="red")),)
    for name, mask, wish, factors in asks:
        after = inpaint(painter, pictures, mask, [wish] * len(pictures), seed=2)
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
    parser.add_argument("--weights", default="words", help="a name or a folder")
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights)
    pictures, names = fresh(options.n, painter.card["size"])
    strengths(painter, pictures)
    seams(painter, pictures, names)
    wishes(painter, pictures)


if __name__ == "__main__":
    main()
