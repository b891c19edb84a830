"""How well the autoencoder reconstructs pictures: the tables of lesson 11.

    COURSE_DATA=FOLDER python benchmarks/autoencoder_table.py --n 500

PSNR of fresh critters, and of pictures of kinds that it never saw: CIFAR-10 enlarged to
64x64, and emoji. Whether the reader, which had no part in the training, answers every
question about a reconstruction as it does about the original. And what lies half way
between two pictures, and between their latents. With 95 % intervals.
"""

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.device import mirror_folder, use_all_cores
from course_lib.judging.metrics import share
from course_lib.judging.results import (
    Found,
    add_save,
    mean_of,
    plain,
    save_results,
    script_command,
)
from course_lib.networks.autoencoder import Autoencoder, load_autoencoder, psnr, sample
from course_lib.networks.judge import load_judge
from course_lib.pixels import from_bytes
from course_lib.world.datasets import (
    DataError,
    load_cifar10,
    load_critters,
    read_row,
    undecoded,
)

EMOJI_64 = "emoji/emoji64-rgb-captioned.parquet"  # in a mirror; no hub has this file


def critters(n: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Test pictures (n, 3, 64, 64), which nothing was trained on, and their factors."""
    album = load_critters("test", size=64)
    rows = torch.arange(min(n, len(album)))
    factors = {name: values[rows] for name, values in album.factors.items()}
    return album[rows][0], factors


def photos(n: int) -> Tensor:
    """CIFAR-10's first n test pictures, enlarged to 64x64."""
    x_0 = load_cifar10("test")[torch.arange(n)][0]
    return F.interpolate(x_0, scale_factor=2.0, mode="bilinear")


def emoji(n: int) -> Tensor:
    """n emoji of 64x64, taken evenly from the whole list."""
    mirror = mirror_folder()
    if mirror is None or not (mirror / EMOJI_64).is_file():
        raise DataError(f"COURSE_DATA names no mirror with {EMOJI_64}.")
    import datasets

    rows = undecoded(datasets.Dataset.from_parquet(str(mirror / EMOJI_64)), "image")
    n = min(n, len(rows))
    chosen = rows[[i * len(rows) // n for i in range(n)]]["image"]
    return from_bytes(torch.stack([read_row(file, EMOJI_64) for file in chosen]))


@torch.no_grad()
def there_and_back(coder: Autoencoder, x_0: Tensor, chance: bool = False) -> Tensor:
    """Reconstructions from the middles of the clouds, or from random points."""
    back = []
    generator = torch.Generator().manual_seed(0)
    for some in x_0.split(50):
        z, logvar = coder.encode(some)
        if chance:
            z = sample(z, logvar, torch.randn(z.shape, generator=generator))
        back.append(coder.decode(z).clamp(-1, 1))
    return torch.cat(back)


def told(values: Tensor) -> str:
    """A mean with its 95 % interval, in words."""
    return "{mean:.2f} ({low:.2f} to {high:.2f}, n = {n})".format(**mean_of(values))


def quality(coder: Autoencoder, x_0: Tensor) -> Found:
    """Print the rows of the table of PSNRs; return the numbers."""
    print("| pictures | PSNR in dB |\n| --- | --- |")
    found = {"psnr": psnr(x_0, there_and_back(coder, x_0))}
    print(f"| fresh critters | {told(found['psnr'])} |", flush=True)
    found["psnr_chance"] = psnr(x_0, there_and_back(coder, x_0, chance=True))
    print(
        f"| a random point of each cloud | {told(found['psnr_chance'])} |", flush=True
    )
    for name, title, get in (
        ("psnr_cifar10", "CIFAR-10, enlarged", photos),
        ("psnr_emoji", "emoji", emoji),
    ):
        try:
            others = get(len(x_0))
        except DataError as error:
            print(f"| {title} | skipped: {error} |")
            continue
        found[name] = psnr(others, there_and_back(coder, others))
        print(f"| {title} | {told(found[name])} |", flush=True)
    return {name: mean_of(values) for name, values in found.items()}


def agreement(x_0: Tensor, back: Tensor, factors: dict[str, Tensor]) -> Found:
    """Compare the reader's answers on both, by question; return the numbers."""
    reader = load_judge("reader-32")
    before, after = reader.read(x_0), reader.read(back)
    print("\n| question | as for the original | right, original | right, came back |")
    print("| --- | --- | --- | --- |")
    for name in before:
        shares = [before[name] == after[name]]
        shares += [answers[name] == factors[name] for answers in (before, after)]
        print(f"| {name} | " + " | ".join(str(share(one)) for one in shares) + " |")
    same = torch.stack([before[name] == after[name] for name in before])  # (Q, n)
    print(f"all answers: {share(same)}; all of a picture: {share(same.all(0))}")
    return {"answers_alike": share(same), "pictures_alike": share(same.all(0))}


@torch.no_grad()
def half_way(coder: Autoencoder, x_0: Tensor) -> Found:
    """Is the mean of two pictures or latents an animal, and how pale is it?"""
    first, second = x_0[: len(x_0) // 2], x_0[len(x_0) // 2 :][: len(x_0) // 2]
    z = (coder.encode(first)[0] + coder.encode(second)[0]) / 2
    halves = {
        "pixels": (first + second) / 2,
        "latents": coder.decode(z).clamp(-1, 1),
    }
    reader, found = load_judge("reader-32"), {}
    print(
        "\n| half way in | no animal, to the reader | contrast, real pictures are 1 |"
    )
    print("| --- | --- | --- |")
    for name, half in halves.items():
        nobody = share(reader.read(half)["subject"] == 0)
        contrast = (half.std((2, 3)).mean() / x_0.std((2, 3)).mean()).item()
        print(f"| {name} | {nobody} | {contrast:.2f} |")
        found |= {f"nobody_{name}": nobody, f"contrast_{name}": contrast}
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--weights", default="autoencoder", help="a name or a folder")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    coder = load_autoencoder(options.weights)
    x_0, factors = critters(options.n)
    found = quality(coder, x_0)
    found |= agreement(x_0, there_and_back(coder, x_0), factors)
    found |= half_way(coder, x_0[factors["subject_2"] == 0])
    for name, value in found.items():
        print(f"{name}={plain(value):.4f}")
    if options.save:
        weights = [options.weights, "reader-32"]
        save_results(options.save, found, script_command(arguments), weights)


if __name__ == "__main__":
    main()
