"""What makes a GAN lose modes? One thing is changed at a time, and nothing else.

    OMP_NUM_THREADS=1 python benchmarks/mode_collapse.py               # 15 minutes
    OMP_NUM_THREADS=1 python benchmarks/mode_collapse.py --critters --seeds 1

The first table takes one piece of the usual care away; the second begins with a GAN
without any care, and gives it one piece at a time. On the ring of eight clusters, a
mode is a cluster; of critters, it is a combination of animal, colour and scene, and the
reader counts. Every finished run is kept in --out, and is not repeated.

    python benchmarks/mode_collapse.py --film collapse.gif          # seconds: two GANs
"""

import argparse
import io
import json
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import torch
from baselines import Stopwatch, TimedSettings
from PIL import ImageDraw
from rivals import Exam, keep, spread_of, train_by_the_clock
from torch import Tensor

from course_lib.chance import generator_for
from course_lib.checkpoint import replace_file
from course_lib.device import cache_folder, set_threads
from course_lib.figures.collapse import film_of_points
from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.networks.gan import MODES, modes_hit, ring
from course_lib.painters.rivals import ONE_CALL, RivalToImage, draw_at_once
from course_lib.pixels import to_image
from course_lib.training.rivals import (
    CARELESS,
    GAN_SETTINGS,
    POINT_SETTINGS,
    gan_trainer,
    point_trainer,
)
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.datasets import load_critters

# A change: arguments of the recipe, and settings; a learning rate is a factor. Each is
# one sentence of advice.
Change = tuple[dict, dict]
TAKEN: dict[str, Change] = {  # from a careful GAN
    "nothing": ({}, {}),
    "R1": (dict(r1=0.0), {}),
    "R1, for spectral norm": (dict(r1=0.0, spectral=True), {}),
    "no momentum": ({}, dict(momentum=0.9)),
    "a large batch": (dict(batch_size=4), {}),
    "a low rate": ({}, dict(learning_rate=5.0)),
    "equal rates (critic slow)": ({}, dict(gently=("critic",))),
    "equal rates (generator slow)": ({}, dict(gently=("generator",))),
}
GIVEN: dict[str, Change] = {  # to a GAN without any care
    "nothing": ({}, {}),
    "R1": (dict(r1=None), {}),  # the weight that the recipe has
    "spectral norm": (dict(spectral=True), {}),
    "no momentum": ({}, dict(momentum=0.0)),
    "five turns of the critic": (dict(critic_steps=5), {}),
    "a batch of 256": (dict(batch_size=256), {}),
    "a fifth of the rate": ({}, dict(learning_rate=0.2)),
    "a slow generator": ({}, dict(gently=("generator",))),
}
CARE: Change = ({}, {})
NO_CARE: Change = (dict(r1=0.0), CARELESS)
TABLES = {"taken away": (CARE, TAKEN), "given": (NO_CARE, GIVEN)}


# The ring ---------------------------------------------------------------------------


def on_the_ring(recipe: dict, changed: dict, seed: int, args) -> dict:
    """Train a GAN of points; how many clusters does it hit, and how exactly?"""
    settings = Settings(args.iterations, **changed_from(POINT_SETTINGS, changed))
    trainer = point_trainer(settings, seed=seed, **recipe)
    try:
        for _ in trainer.run():
            pass
    except FloatingPointError as error:
        return dict(modes=0, of=MODES, share=0.0, failed=str(error))
    modes, inside = modes_hit(points_of(trainer, 2048))
    return dict(modes=modes, of=MODES, share=inside, failed="")


def points_of(trainer: Trainer, n: int, averaged: bool = True) -> Tensor:
    """n points that the generator draws, (n, 2), always from the same z."""
    model = trainer.averaged_model() if averaged else trainer.raw_model
    z = torch.randn(n, trainer.raw_model.z_width, generator=generator_for(0))
    with torch.no_grad():
        return model.generator(z)


def film(file: Path, iterations: int, frames: int = 40) -> None:
    """Write a GIF: a careless GAN on the left, a careful one on the right."""
    data = ring(1000, generator_for(1))
    halves = []
    for recipe, changed in (NO_CARE, CARE):
        settings = Settings(iterations, **changed_from(POINT_SETTINGS, changed))
        trainer = point_trainer(settings, **recipe)
        clouds = [points_of(trainer, 400, averaged=False)]
        for progress in trainer.run():
            # Not averaged: the average would hide that it jumps from mode to mode.
            if progress.iteration % (iterations // frames) == 0:
                clouds.append(points_of(trainer, 400, averaged=False))
        halves.append(film_of_points(clouds, data))
    pictures = [to_image(frame) for frame in torch.cat(halves, dim=3)]
    for picture in pictures:
        pen = ImageDraw.Draw(picture)
        pen.text((4, 2), "without care", fill="black")
        pen.text((picture.width // 2 + 4, 2), "with care", fill="black")
    content = io.BytesIO()
    how = dict(save_all=True, append_images=pictures[1:], duration=120, loop=0)
    pictures[0].save(content, "GIF", optimize=False, **how)
    replace_file(file, lambda part: part.write_bytes(content.getvalue()))


# Critters ---------------------------------------------------------------------------


def on_critters(recipe: dict, changed: dict, seed: int, args) -> dict:
    """Train a GAN of critters for --minutes; how many combinations does it draw?"""
    watch = Stopwatch(60 * args.minutes)
    own = changed_from(GAN_SETTINGS, changed)
    timed = TimedSettings(share=watch.share, **own)
    pictures = load_critters("train", kind="one")
    trainer = gan_trainer(pictures, timed, seed=seed, **recipe)
    exam = Exam.of(args.n, seed, pictures)
    try:
        train_by_the_clock(trainer, watch)
    except FloatingPointError as error:
        return dict(modes=0, of=len(exam.in_data), share=0.0, failed=str(error))
    model = trainer.averaged_model()
    painter = RivalToImage(model, trainer.card, draw_at_once, ONE_CALL)
    verdict = exam.judge(painter(exam.names, seed=seed))
    right = verdict["right"] / verdict["n"]
    return dict(modes=verdict["combinations"], of=verdict["of"], share=right, failed="")


# Both -------------------------------------------------------------------------------


def changed_from(own: dict, changed: dict) -> dict:
    """Settings with a change; the learning rate is multiplied."""
    rate = own["learning_rate"] * changed.get("learning_rate", 1.0)
    return own | changed | dict(learning_rate=rate)


def measured(run: Callable, table: str, name: str, seed: int, args) -> dict:
    """The result of one run, from --out if it is there already."""
    (recipe, settings), changes = TABLES[table]
    changed, otherwise = changes[name]
    what = f"critters-{args.minutes:g}" if args.critters else f"ring-{args.iterations}"
    file = args.out / what / f"{table}-{name}-{seed}.json".replace(" ", "-")
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    given = {key: is_ for key, is_ in (recipe | changed).items() if is_ is not None}
    result = run(given, settings | otherwise, seed, args)
    keep(file, result)
    return result


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=3000, help="on the ring")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--critters", action="store_true", help="not the ring")
    parser.add_argument("--minutes", type=float, default=5, help="for --critters")
    parser.add_argument("--n", type=int, default=1024, help="for --critters")
    parser.add_argument("--only", nargs="+", help="these changes")
    parser.add_argument("--out", type=Path, default=cache_folder() / "mode_collapse")
    parser.add_argument("--film", type=Path, help="write only this GIF")
    add_save(parser)
    args = parser.parse_args(argv)
    set_threads(1)
    if args.film:
        return film(args.film, args.iterations)
    run = on_critters if args.critters else on_the_ring
    inside = "animal right" if args.critters else "in a cluster"
    found: Found = {}
    for table, (_, changes) in TABLES.items():
        print(f"\n| {table} | modes hit, each seed | of | {inside} | failed |")
        print("| --- | --- | --- | --- | --- |")
        for name in [n for n in changes if not args.only or n in args.only]:
            rows = [measured(run, table, name, s, args) for s in range(args.seeds)]
            modes = [row["modes"] for row in rows]
            failed = sum(bool(row["failed"]) for row in rows)
            share = mean(row["share"] for row in rows)
            told = ", ".join(map(str, modes))
            cells = [name, told, str(rows[0]["of"]), f"{100 * share:.0f} %"]
            print("| " + " | ".join([*cells, str(failed)]) + " |", flush=True)
            found.setdefault(table, {})[name] = {
                "modes": spread_of(modes),
                inside: {"share": share},
                "failed": failed,
            }
    if args.save:
        why = "trains its networks itself"
        save_results(args.save, found, script_command(argv), [], args.seeds, why)


if __name__ == "__main__":
    main()
