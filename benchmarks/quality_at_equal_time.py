"""How good are the pictures after the same minutes of training, recipe by recipe?

    python benchmarks/quality_at_equal_time.py --minutes 15  # two and a half hours
    python benchmarks/quality_at_equal_time.py --minutes 4 --seeds 3

Every recipe learns 32x32 critters with one animal, given the animal's name. They take
turns in slices of some seconds, so that whatever else the machine does affects all
alike. Then each draws pictures with 50 network calls per picture and no guidance, with
the better of two samplers (tried on a few pictures), and the reader judges: the Frechet
distance to real pictures above the floor (real against other real ones), and the share
in which it sees the animal that was asked for.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import torch
from baselines import (
    NO_SMALLDIFFUSION,
    Contestant,
    Draw,
    Stopwatch,
    has_smalldiffusion,
    recipes,
)
from torch import Tensor
from torchvision.utils import save_image
from train_speed import clock_named

from course_lib.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from course_lib.device import cache_folder, usable_cores
from course_lib.diffusion.samplers import PictureNoise
from course_lib.judging.metrics import Share, features_of, frechet_distance
from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.networks.judge import Judge, load_judge
from course_lib.networks.unet import count_parameters
from course_lib.world.datasets import PictureSet, load_critters

TABLE_EVERY_S = 180
TRIED = 256  # pictures for choosing a sampler
HEAD = (
    "| seed | recipe | parameters | batch | iterations | images/s | loss | sampler "
    "| distance | above the floor | animal right |\n" + "| --- " * 11 + "|"
)


@dataclass
class Result:
    """The reader's verdict on one recipe's pictures."""

    name: str
    sampler: str
    distance: float
    floor: float
    right: float  # the share with the animal that was asked for
    iterations: int = 0
    images_a_second: float = 0.0  # in training
    loss: float = 0.0

    @property
    def above(self) -> float:
        """The distance without the part that is due to a finite n."""
        return self.distance - self.floor


# Training ---------------------------------------------------------------------


def train_slice(one: Contestant, seconds: float, clock: Callable[[], float]) -> None:
    """Train until the slice, or all of the time, is used up; at least one iteration."""
    until = min(one.watch.used + seconds, one.watch.seconds)
    trainer = one.trainer
    while one.watch.used < until:
        start = clock()
        trainer.losses.append(trainer.one_iteration())
        trainer.iteration += 1
        one.watch.used += clock() - start


def train_in_turns(
    everyone: list[Contestant], seconds: float, clock, tell: Callable[[], None]
) -> None:
    """Train in turns until all have used their time; a table every few minutes."""
    told = time.monotonic()
    while any(one.watch.share() < 1 for one in everyone):
        for one in everyone:
            train_slice(one, seconds, clock)
        said = " · ".join(
            f"{one.name} {one.trainer.iteration} ({recent_loss(one):.3f})"
            for one in everyone
        )
        print(f"{100 * everyone[0].watch.share():3.0f} %  {said}", flush=True)
        if time.monotonic() - told > TABLE_EVERY_S:
            tell()
            told = time.monotonic()


def recent_loss(one: Contestant) -> float:
    """The mean loss of the last 50 iterations (eps and v are not comparable)."""
    return mean(one.trainer.losses[-50:] or [float("nan")])


def images_a_second(one: Contestant) -> float:
    """The speed of its training."""
    return one.trainer.iteration * one.batch_size / max(one.watch.used, 1e-9)


# Judging ----------------------------------------------------------------------


@dataclass
class Examiner:
    """The reader, real pictures to compare with, and the labels to draw."""

    judge: Judge
    real: Tensor  # (N, D) features
    cond: Tensor  # (N,) what these real pictures show, and what is asked for
    others: Tensor  # (N, D) features of other real pictures
    calls: int

    def examine(self, one: Contestant, seed: int) -> tuple[Result, Tensor]:
        """Choose the sampler, draw and judge; return the result and the pictures."""
        model = one.trainer.averaged_model().cpu()
        few = min(TRIED, len(self.cond))
        tried = {
            name: self.distance(self.draw(model, draw, few, seed + 1000))
            for name, draw in one.samplers.items()
        }
        sampler = min(tried, key=tried.get)
        pictures = self.draw(model, one.samplers[sampler], len(self.cond), seed)
        right = self.judge.read(pictures)["subject"] == self.cond
        distance, share = self.distance(pictures), right.float().mean().item()
        told = (one.trainer.iteration, images_a_second(one), recent_loss(one))
        return Result(one.name, sampler, distance, self.floor, share, *told), pictures

    def draw(self, model, draw: Draw, n: int, seed: int, batch: int = 128) -> Tensor:
        """The first n of the labels, as pictures (n, 3, H, W) in [-1, 1]."""
        pictures = []
        for first in range(0, n, batch):
            cond = self.cond[first : min(first + batch, n)]
            noise = PictureNoise(seed, range(first, first + len(cond)))
            with torch.no_grad():
                pictures.append(draw(model, cond, noise, self.calls).clamp(-1, 1))
        return torch.cat(pictures).nan_to_num()

    def distance(self, pictures: Tensor) -> float:
        """The Frechet distance to the real pictures."""
        return frechet_distance(self.real, features_of(self.judge, pictures))

    @property
    def floor(self) -> float:
        """The distance of as many other real pictures."""
        return frechet_distance(self.real, self.others)


def make_examiner(judge: Judge, pictures: PictureSet, n: int, calls: int) -> Examiner:
    """Two disjoint sets of n real pictures that no recipe was trained on."""
    if len(pictures) < 2 * n:
        raise ValueError(f"--n may be at most {len(pictures) // 2}; got {n}.")
    real, cond = pictures[torch.arange(n)]
    others, _ = pictures[torch.arange(n, 2 * n)]
    features = [features_of(judge, x) for x in (real, others)]
    return Examiner(judge, features[0], cond, features[1], calls)


# Telling ----------------------------------------------------------------------


def table_line(seed: int, one: Contestant, result: Result | None) -> str:
    """One row: how far the training is and, once judged, how good."""
    trainer, watch = one.trainer, one.watch
    line = (
        f"| {seed} | {one.name} | {count_parameters(trainer.raw_model) / 1e6:.2f} M "
        f"| {one.batch_size} | {trainer.iteration} | {images_a_second(one):.0f} "
        f"| {recent_loss(one):.3f} "
    )
    if result is None:
        return line + f"| {watch.share():.0%} trained | | | |"
    return (
        f"{line}| {result.sampler} | {result.distance:.1f} | {result.above:.1f} "
        f"| {result.right:.3f} |"
    )


def closing_lines(results: list[Result]) -> list[str]:
    """The lines name=value, each a mean over the seeds."""
    names = list(dict.fromkeys(result.name for result in results))
    of = {n: [r for r in results if r.name == n] for n in names}
    above = {n: mean(r.above for r in of[n]) for n in names}
    lines = [f"floor={mean(r.floor for r in results):.2f}"]
    for name in names:
        short = underlined(name)
        lines.append(f"distance_above_floor_{short}={above[name]:.2f}")
        lines.append(f"animal_right_{short}={mean(r.right for r in of[name]):.3f}")
    if {"ours", "diffusers"} <= set(names):
        best = min(above[name] for name in names if not name.startswith("ours"))
        ratio = above["ours"] / above["diffusers"]
        lines.append(f"distance_ratio_to_diffusers_recipe={ratio:.4f}")
        lines.append(f"distance_ratio_to_best_other={above['ours'] / best:.4f}")
    return lines


def underlined(name: str) -> str:
    """'diffusers, our recipe' as part of a figure's name."""
    return name.replace(", ", "_").replace(" ", "_")


def figures(results: list[Result], n: int) -> Found:
    """The figures of `closing_lines` and of the tables, for a file of results."""
    lines = [line.split("=") for line in closing_lines(results)]
    found: Found = {name: float(value) for name, value in lines}
    for name in dict.fromkeys(result.name for result in results):
        mine, short = [r for r in results if r.name == name], underlined(name)
        right = sum(round(n * r.right) for r in mine)
        found[f"animal_right_{short}"] = Share(right, n * len(mine))
        for figure in ("iterations", "images_a_second", "loss"):
            found[f"{figure}_{short}"] = mean(getattr(r, figure) for r in mine)
    return found


# One seed, all seeds ----------------------------------------------------------


def run_seed(
    seed: int, args: argparse.Namespace, pictures: PictureSet, examiner: Examiner
) -> tuple[list[str], list[Result]]:
    """Train all recipes, then judge each; write results as they come."""
    everyone = [
        recipe(pictures, Stopwatch(60 * args.minutes), seed, args.precision)
        for recipe in recipes()
    ]
    everyone = [one for one in everyone if not args.only or one.name in args.only]
    if not everyone:
        raise SystemExit(f"--only {' '.join(args.only)}: no recipe is called that.")
    results: dict[str, Result] = {}

    def table() -> list[str]:
        return [table_line(seed, one, results.get(one.name)) for one in everyone]

    def tell() -> None:
        write(args.out / f"seed-{seed}.md", [HEAD, *table()])

    places = {
        one.name: args.out / f"seed-{seed}-{dashed(one.name)}" for one in everyone
    }
    if args.judge_only:
        for one in everyone:
            fetch(one, places[one.name])
    else:
        train_in_turns(everyone, args.slice, clock_named(args.clock), tell)
        for one in everyone:
            keep(one, places[one.name])
    tell()
    for one in everyone:
        place = places[one.name]
        results[one.name], drawn = examiner.examine(one, seed)
        save_image(drawn[:64] / 2 + 0.5, place.with_suffix(".png"), nrow=8)
        print(table_line(seed, one, results[one.name]), flush=True)
        tell()
    return table(), list(results.values())


def dashed(name: str) -> str:
    """'diffusers, our recipe' as part of a file's name."""
    return name.replace(", ", "-").replace(" ", "-")


def keep(one: Contestant, place: Path) -> None:
    """Save the averaged weights and the progress, for --judge-only."""
    trainer = one.trainer
    card = dict(iteration=trainer.iteration, seconds=one.watch.used)
    card["losses"] = trainer.losses[-50:]
    save_checkpoint(place.with_suffix(".safetensors"), trainer.ema, card)


def fetch(one: Contestant, place: Path) -> None:
    """Load what `keep` wrote."""
    one.trainer.ema, card = load_checkpoint(place.with_suffix(".safetensors"))
    one.trainer.iteration, one.trainer.losses = card["iteration"], card["losses"]
    one.watch.used = card["seconds"]


def write(file: Path, lines: list[str]) -> None:
    """Write lines to a file, so that a killed run leaves something."""
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15, help="for each recipe")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--first-seed", type=int, default=0, help="the first of them")
    parser.add_argument(
        "--judge-only", action="store_true", help="of what an earlier run left in --out"
    )
    parser.add_argument("--only", nargs="+", metavar="RECIPE", help="not all of them")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument("--slice", type=float, default=20, help="seconds of a turn")
    parser.add_argument("--n", type=int, default=2048, help="pictures that are judged")
    parser.add_argument("--calls", type=int, default=50, help="of the network, each")
    parser.add_argument("--reader", default="reader-32", help="weights: name or folder")
    parser.add_argument(
        "--precision", choices=["auto", "float32", "bfloat16"], default="auto"
    )
    parser.add_argument(
        "--out", type=Path, default=cache_folder() / "quality_at_equal_time"
    )
    add_save(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Train, judge and print; tables and pictures also go to --out."""
    args = arguments(argv)
    torch.set_num_threads(args.threads)
    try:
        judge = load_judge(args.reader)
    except CheckpointError as error:
        raise SystemExit(str(error)) from error
    if not has_smalldiffusion():
        print(NO_SMALLDIFFUSION)
    args.out.mkdir(parents=True, exist_ok=True)
    examiner = make_examiner(
        judge, load_critters("test", kind="one"), args.n, args.calls
    )
    pictures = load_critters("train", kind="one")
    lines, results = [HEAD], []
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        rows, found = run_seed(seed, args, pictures, examiner)
        lines += rows
        results += found
        write(args.out / "table.md", [*lines, "", *closing_lines(results)])
    print(
        f"\nfloor: real against other real pictures, n = {args.n}; {args.calls} calls"
    )
    print("\n".join(["", *lines, "", *closing_lines(results)]))
    if args.save:
        found, why = figures(results, args.n), "trains its networks itself"
        save_results(args.save, found, script_command(argv), [], args.seeds, why)


if __name__ == "__main__":
    main()
