"""What do latents save, and what do they cost? Two trainings at 64x64, equal time.

    OMP_NUM_THREADS=1 python benchmarks/latent_against_pixels.py --minutes 20 --n 500

The same U-Net, text encoder, recipe and number of processor minutes: once on the
latents of the shipped autoencoder, once on pixels. Then both draw the same prompts, and
the reader judges whether everything named is there and nothing else, and the Frechet
distance to real pictures above its floor. Both trainings are kept in --out, and a
stopped run carries on from there.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_lib.device import cache_folder
from course_lib.judging.evaluation import FRESH, spoken
from course_lib.judging.fidelity import (
    READER,
    Judged,
    Prompts,
    prompts_of,
    shares_of,
)
from course_lib.judging.metrics import features_of, frechet_distance
from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.networks.judge import load_judge
from course_lib.networks.unet import count_parameters
from course_lib.painters.pipeline import TextToImage
from course_lib.training.recipes import (
    LATENT_SETTINGS,
    latent_trainer,
    text_trainer,
)
from course_lib.training.settings import Settings

ROWS = {"pixel": text_trainer, "latent": latent_trainer}
KINDS = ("one animal", "two animals")
WATTS_A_CORE = 10  # an estimate: a server's processor under load, a core's share of it
W = 3.0  # guidance_scale, at every step of both
TRIED = 8  # iterations timed to find out how many fit


def trainer_of(space: str, settings: Settings, folder: Path | None, **how):
    """The recipe's Trainer at 64x64, with the same network in both spaces."""
    large = {"size": 64} if space == "pixel" else {}  # latents have only this size
    return ROWS[space](settings, folder, folder is not None, **large, **how)


def seconds_an_iteration(space: str, **how) -> float:
    """Processor seconds for one iteration, the fastest of a few."""
    trainer, seconds = trainer_of(space, settings_of(TRIED), None, **how), []
    for _ in range(TRIED):
        start = time.process_time()
        trainer.one_iteration()
        trainer.iteration += 1
        seconds.append(time.process_time() - start)
    return min(seconds)


def settings_of(iterations: int) -> Settings:
    """The recipe's settings for this many iterations."""
    return Settings(iterations, **LATENT_SETTINGS)


def train_for(space: str, minutes: float, folder: Path, **how) -> TextToImage:
    """Train for as many iterations as fit into the minutes, and load the painter."""
    planned = folder / "iterations.txt"
    if not planned.is_file():
        fit = max(1, round(60 * minutes / seconds_an_iteration(space, **how)))
        folder.mkdir(parents=True, exist_ok=True)
        planned.write_text(str(fit))
    trainer = trainer_of(space, settings_of(int(planned.read_text())), folder, **how)
    start, first = time.process_time(), trainer.iteration
    for step in trainer.run():
        if step.iteration % 100 == 0:
            print(f"{space} {step.iteration} {step.loss:.3f}", file=sys.stderr)
    used, done = time.process_time() - start, trainer.iteration - first
    print(f"{space}: {done} iterations in {used / 60:.1f} minutes", file=sys.stderr)
    return TextToImage.from_pretrained(folder, as_typed=True)


# What it costs ------------------------------------------------------------------


def gigaflops(painter: TextToImage) -> float:
    """GFLOPs of one U-Net call on one noisy picture with a prompt of 22 tokens."""
    x_t, t = torch.zeros(1, *painter.shape()), torch.ones(1, dtype=torch.int64)
    text_emb = torch.ones(1, 22, painter.model.config["text"]["width"])
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        painter.model(x_t, t, text_emb)
    return counter.get_total_flops() / 1e9


@torch.no_grad()
def seconds_a_picture(painter: TextToImage, steps: int = 6) -> float:
    """Processor seconds for a decoded picture of 12 calls: the median of nine."""
    seconds = []
    for seed in range(10):
        start = time.process_time()
        painter(["a frog on stilts"], steps=steps, guidance_scale=W, seed=seed)
        seconds.append(time.process_time() - start)
    return sorted(seconds[1:])[4]


def peak_gib(does: str, space: str, folder: Path, batch: int) -> float:
    """The peak memory of a separate process that trains on a batch, or draws.

    Args:
        does: "training" or "drawing", the functions below
        folder: the folder of the trained painters

    Returns:
        GiB, beyond those held before it began
    """
    code = f"import latent_against_pixels as b; b.{does}({space!r}, {batch}, "
    env = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}  # returns freed memory
    told = subprocess.run(
        [sys.executable, "-c", f"{code}{str(folder.absolute())!r})"],
        cwd=Path(__file__).parent,
        env=env,
        check=True,
        capture_output=True,
    )
    return float(told.stdout.split()[-1])


def training(space: str, batch: int, folder: str) -> None:
    """Print the memory that two iterations hold."""
    trainer = trainer_of(space, settings_of(2), None, batch_size=batch)

    def work() -> None:
        for _ in range(2):
            trainer.one_iteration()
            trainer.iteration += 1

    hold(work)


def drawing(space: str, batch: int, folder: str) -> None:
    """Print the memory that two pictures hold, drawn one after the other."""
    painter = TextToImage.from_pretrained(Path(folder) / space)
    how = dict(steps=6, guidance_scale=W)
    hold(lambda: [painter(["a frog on stilts"], **how) for _ in range(2)])


def hold(work: Callable[[], object]) -> None:
    """Print how much more memory this process held while it worked, in GiB."""
    held, done, process = [], threading.Event(), psutil.Process()

    def watch() -> None:  # not the process's peak, which was when it read the pictures
        while not done.wait(0.002):
            held.append(process.memory_info().rss)

    before = process.memory_info().rss
    watching = threading.Thread(target=watch)
    watching.start()
    work()
    done.set()
    watching.join()
    print((max(held) - before) / 2**30)


# How good it is -----------------------------------------------------------------


def judged(painter: TextToImage, asked: dict[str, Prompts], steps: int) -> dict:
    """The shares by kind of prompt, and the pictures."""
    shares, drawn = {}, []
    for kind, prompts in asked.items():
        # By one sampler: what is usual for latents need not be so for pixels.
        how = dict(steps=steps, guidance_scale=W, sampler="dpm_solver")
        pictures = painter(prompts.texts, **how)
        shares[kind] = shares_of(Judged.of(pictures, prompts.asked))
        drawn.append(pictures)
    return shares | {"pictures": torch.cat(drawn)}


def real_pictures(n: int, world: int) -> torch.Tensor:
    """n real pictures of one animal and n of two."""
    return torch.cat([prompts_of(kind, n, world, size=64).real for kind in KINDS])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20, help="for each")
    parser.add_argument("--n", type=int, default=500, help="prompts of each kind")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--widths", help="smaller ones, to try it out")
    parser.add_argument("--out", type=Path, default=cache_folder() / "equal_time")
    add_save(parser)
    options = parser.parse_args(arguments)
    how = dict(batch_size=options.batch)
    if options.widths:
        how["widths"] = tuple(map(int, options.widths.split(",")))
    painters = {
        space: train_for(space, options.minutes, options.out / space, **how)
        for space in ROWS
    }
    found = table_of_costs(painters, options.out, options.batch)
    asked = {kind: prompts_of(kind, options.n, FRESH, size=64) for kind in KINDS}
    found |= table_of_quality(painters, asked, options)
    if options.save:
        command, why = script_command(arguments), "trains both painters itself"
        save_results(options.save, found, command, [], why_none=why)


def there_and_back(painter: TextToImage, pictures: torch.Tensor) -> torch.Tensor:
    """Pictures through the autoencoder, some at a time."""
    return torch.cat([painter.decode(painter.encode(x)) for x in pictures.split(100)])


def table_of_costs(painters: dict[str, TextToImage], folder: Path, batch: int) -> Found:
    """Print and return what one call, one picture and one batch cost."""
    found: Found = {}
    print("| at 64x64 | pixel | latent |\n| --- | --- | --- |")
    rows = {
        "million parameters": lambda s: count_parameters(painters[s].model) / 1e6,
        "GFLOP a network call": lambda s: gigaflops(painters[s]),
        "core seconds a picture, 12 calls": lambda s: seconds_a_picture(painters[s]),
        "GiB to draw a picture": lambda s: peak_gib("drawing", s, folder, batch),
        "GiB to train a batch": lambda s: peak_gib("training", s, folder, batch),
        "iterations": lambda s: painters[s].card["iteration"],
    }
    for name, measure in rows.items():
        pixel, latent = (measure(space) for space in ROWS)
        print(f"| {name} | {pixel:.3f} | {latent:.3f} |", flush=True)
        short = name.split(",")[0].replace(" ", "_")
        found[short] = {"pixel": pixel, "latent": latent}
        print(f"{short}_ratio={latent / pixel:.4f}", file=sys.stderr)
        if "seconds" in name:
            joules = [seconds * WATTS_A_CORE for seconds in (pixel, latent)]
            print("| joules a picture (estimate) | {:.1f} | {:.1f} |".format(*joules))
        if "GFLOP" in name:
            print(f"flops_ratio={latent / pixel:.4f}")
    return found


def table_of_quality(painters, asked: dict[str, Prompts], options) -> Found:
    """Print and return how often all is right, by kind, and the distances."""
    found = {s: judged(painters[s], asked, options.steps) for s in ROWS}
    for kind in asked:
        both = [spoken(found[s][kind]["all_factors"]) for s in ROWS]
        print(f"| {kind} | {both[0]} | {both[1]} |")
    judge = load_judge(READER)
    real, others = (
        features_of(judge, real_pictures(options.n, FRESH + world)) for world in (1, 2)
    )
    floor = frechet_distance(real, others)
    back = there_and_back(painters["latent"], real_pictures(options.n, FRESH + 2))
    lost = frechet_distance(real, features_of(judge, back)) - floor
    above = {
        s: frechet_distance(real, features_of(judge, found[s]["pictures"])) - floor
        for s in ROWS
    }
    print("| distance above the floor | {pixel:.1f} | {latent:.1f} |".format(**above))
    print(f"floor={floor:.2f}")
    print(f"above_floor_there_and_back={lost:.2f}")
    for space in ROWS:
        print(f"above_floor_{space}={above[space]:.2f}")
        share = found[space]["one animal"]["all_factors"]["share"]
        print(f"right_{space}={share:.4f}")
    kinds = {k: {s: found[s][k]["all_factors"] for s in ROWS} for k in asked}
    distances = {"floor": floor, "above floor there and back": lost}
    return kinds | distances | {"above floor": above}


if __name__ == "__main__":
    main()
