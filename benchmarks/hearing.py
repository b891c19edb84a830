"""How soon does a text-to-image network use its words? Three ways to start compared.

    OMP_NUM_THREADS=1 python benchmarks/hearing.py --iterations 300   # 15 CPU minutes

Each row trains the recipe of `train text` for a few hundred iterations, with one thing
changed, and then compares its loss on fresh critters with and without the caption: by
how many per cent do the words lower it, at three noise levels? What is decided early in
the drawing (the scene) shows at a large t, what is decided later (which animal) at a
smaller one.
"""

import argparse
from dataclasses import replace

import torch
from torch import nn

from course_lib.chance import GetBatch, generator_for
from course_lib.device import use_all_cores
from course_lib.diffusion.objective import make_denoising_loss
from course_lib.diffusion.schedule import straight_line
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.tokenizer import Tokenizer
from course_lib.training.captions import caption_batches
from course_lib.training.recipes import GENTLY, text_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import train
from course_lib.world.datasets import load_critters

LEVELS = (950, 800, 600)
BATCHES = 6


def beginnings(iterations: int) -> dict:
    """For each name, a function that makes a Trainer at its start."""
    gently = Settings(iterations, decay=0.0, gently=GENTLY)
    brisk = replace(gently, gently=())
    return {
        "text encoder from nothing": lambda: text_trainer(brisk, pair=None),
        "the pair's, learning as fast as the rest": lambda: text_trainer(brisk),
        "the pair's, learning gently (the recipe)": lambda: text_trainer(gently),
    }


@torch.no_grad()
def heard(model: nn.Module, get_batch: GetBatch, nothing: torch.Tensor) -> list[float]:
    """The share by which the caption lowers the loss, at each of LEVELS."""
    loss_fn, shares = make_denoising_loss(straight_line(), "v"), []
    for t in LEVELS:
        told, untold = 0.0, 0.0
        for i in range(BATCHES):
            batch = get_batch(i)
            shape, generator = batch["x_0"].shape, generator_for(1, i)
            batch["eps"] = torch.randn(shape, generator=generator)
            batch["t"] = torch.full(shape[:1], t)
            told += loss_fn(model, batch).item()
            batch["cond"] = nothing.expand(len(batch["cond"]), -1)
            untold += loss_fn(model, batch).item()
        shares.append(1 - told / untold)
    return shares


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=300)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    columns = " | ".join(f"t = {t}" for t in LEVELS)
    print(f"| after {options.iterations} iterations | {columns} |")
    print("| --- |" + " --- |" * len(LEVELS))
    found = {}
    for name, begin in beginnings(options.iterations).items():
        trainer = begin()
        tokenizer = Tokenizer(trainer.card["merges"])
        fresh = caption_batches(load_critters("test"), tokenizer, 64, drop=0.0)
        nothing = tokenizer.batch([""], length=2)
        shares = heard(train(trainer), fresh, nothing)
        cells = " | ".join(f"{share:.1%}" for share in shares)
        print(f"| {name} | {cells} |", flush=True)
        key = "anew" if "nothing" in name else "gently" if "gently" in name else "fast"
        print(f"heard_{key}={shares[1]:.4f}")
        levels = zip(LEVELS, shares, strict=True)
        found[key] = {f"t = {t}": {"share": share} for t, share in levels}
    if options.save:
        command, why = script_command(arguments), "trains its painters itself"
        save_results(options.save, found, command, [], why_none=why)


if __name__ == "__main__":
    main()
