"""A GAN and a next-token model beside the diffusion model of lesson 05, at equal cost.

    OMP_NUM_THREADS=1 python benchmarks/rivals.py             # two and a half hours
    OMP_NUM_THREADS=1 python benchmarks/rivals.py --minutes 1 --seeds 1

Each network has 2.7 M parameters and learns the same critters, told the animal, for the
same minutes of the processor. Then each draws pictures for the animals of real ones,
and the judges look: the Frechet distance above the floor, the share in which the reader
sees the animal that was asked for, the share that the inspector calls clean, and how
many of the combinations (animal, colour, scene) in the data are drawn at all.

Every finished run is kept in --out: stopped or killed, the same command carries on with
the next one.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

import torch
from baselines import Stopwatch, TimedSettings
from torch import Tensor

from course_lib.checkpoint import replace_file, save_weights
from course_lib.device import cache_folder, set_threads
from course_lib.figures.figure import Row, png_bytes, sheet
from course_lib.judging.evaluation import (
    check_size,
    judge_for,
    real_pictures,
    right_answers,
)
from course_lib.judging.inspection import shared_inspector
from course_lib.judging.metrics import Share, features_of, frechet_distance, share
from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.networks.unet import count_parameters
from course_lib.painters.labels import LabelToImage
from course_lib.painters.rivals import gan_painter, token_painter
from course_lib.training.recipes import DENOISER_SETTINGS, denoiser_trainer
from course_lib.training.rivals import (
    GAN_SETTINGS,
    TOKEN_SETTINGS,
    gan_trainer,
    token_trainer,
)
from course_lib.training.trainer import Trainer
from course_lib.world.critters import ANIMALS
from course_lib.world.datasets import PictureSet, load_critters

CALLS = 50  # of the diffusion model for a picture
FAILED = 0.5  # a seed failed if the animal is right in less than this share, or NaN
COMBINED = ("subject", "colour", "scene")  # what makes a combination
SHARES = ("right", "clean")

ROADS: dict[str, tuple[Callable, dict]] = {  # the recipe and its settings
    "diffusion": (denoiser_trainer, DENOISER_SETTINGS),
    "gan": (gan_trainer, GAN_SETTINGS),
    "tokens": (token_trainer, TOKEN_SETTINGS),
}


@dataclass(frozen=True)
class Way:
    """One row of the table: a road, and how its network draws."""

    road: str
    load: Callable[[Path], Callable]  # from a folder to labels, seed -> pictures


def diffusion_of(folder: Path, guidance_scale: float):
    """Draw with CALLS network calls a picture; guidance takes two a step."""
    painter = LabelToImage.from_pretrained(folder)
    way = painter.way_within(CALLS, guidance_scale)
    told = dict(steps=way.steps, guidance_scale=guidance_scale)
    return lambda labels, seed: painter(labels, seed=seed, **told)


# Plain ways first. The others give up variety for pictures that are right more often:
# each road has such a knob, except for the GAN.
WAYS = {
    "diffusion": Way("diffusion", lambda folder: diffusion_of(folder, 1.0)),
    "GAN": Way("gan", gan_painter),
    "tokens": Way("tokens", token_painter),
    "diffusion, w = 2": Way("diffusion", lambda folder: diffusion_of(folder, 2.0)),
    "tokens, temperature 0.8": Way(
        "tokens", lambda folder: token_painter(folder, temperature=0.8)
    ),
    "tokens, top 50": Way("tokens", lambda folder: token_painter(folder, top_k=50)),
}


# Training ---------------------------------------------------------------------------


def trained(road: str, seed: int, pictures: PictureSet, args, place: Path) -> dict:
    """Train one road for its minutes and keep the weights; or what an earlier run did.

    Returns:
        facts about the training; "failed" says why there are no weights, or is ""
    """
    file = place / "training.json"
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    recipe, own = ROADS[road]
    watch = Stopwatch(60 * args.minutes)
    settings = TimedSettings(share=watch.share, precision=args.precision, **own)
    trainer = recipe(pictures, settings, seed=seed, **given_batch(args))
    failed = ""
    try:
        train_by_the_clock(trainer, watch)
    except FloatingPointError as error:  # diverged: that is a result, too
        failed = str(error)
    if not failed:
        save_weights(place, trainer.ema, trainer.card)
    facts = dict(road=road, seed=seed, minutes=args.minutes, failed=failed)
    facts |= dict(iterations=trainer.iteration, batch=trainer.batch_size)
    facts |= dict(parameters=drawing_parameters(trainer), precision=trainer.precision)
    # The weights first: a run that was killed between the two trains again.
    keep(file, facts)
    return facts


def train_by_the_clock(trainer: Trainer, watch: Stopwatch) -> None:
    """Train until the processor has worked as long as the watch says."""
    # The processor's time, not the clock on the wall: other programs may run.
    start = time.process_time()
    while watch.share() < 1:
        trainer.losses.append(trainer.one_iteration())
        trainer.iteration += 1
        watch.used = time.process_time() - start
        if trainer.iteration % 100 == 0:
            loss = mean(trainer.losses[-100:])
            done = f"{100 * watch.share():3.0f} %, {trainer.iteration} iterations"
            print(f"  {done}, loss {loss:.3f}", flush=True)


def given_batch(args) -> dict:
    """--batch, if it was given; each recipe has its own."""
    return {} if args.batch is None else {"batch_size": args.batch}


def drawing_parameters(trainer: Trainer) -> int:
    """The parameters that draw: of a GAN only the generator's."""
    model = trainer.raw_model
    return count_parameters(getattr(model, "generator", model))


# Judging ----------------------------------------------------------------------------


@dataclass
class Exam:
    """Real pictures, and what the judges say of them and of others."""

    reference: Tensor  # (n, 192) features
    names: list[str]  # the animals to draw
    in_data: set[tuple[int, ...]]  # combinations in the training data
    others: Tensor  # (n, 3, 32, 32) real pictures of these animals

    @classmethod
    def of(cls, n: int, seed: int, data: PictureSet) -> "Exam":
        reference, others, names = real_pictures("critters", n, seed, 32)
        features = features_of(judge_for("critters")[0], reference)
        return cls(features, names, combinations(data.factors), others)

    def judge(self, pictures: Tensor) -> dict:
        """The judges' verdict on pictures of `names`, (n, 3, 32, 32); for JSON."""
        reader, question = judge_for("critters")
        seen = reader.read(pictures)
        right = share(seen[question] == right_answers(question, self.names))
        clean = share(shared_inspector(32).clean(pictures))
        distance = frechet_distance(self.reference, features_of(reader, pictures))
        return dict(
            right=right.right,
            clean=clean.right,
            n=right.n,
            distance=distance,
            combinations=len(combinations(seen) & self.in_data),
            of=len(self.in_data),
        )


def combinations(factors: dict[str, Tensor]) -> set[tuple[int, ...]]:
    """The different (animal, colour, scene) of some pictures."""
    columns = [factors[name].tolist() for name in COMBINED]
    return set(zip(*columns, strict=True))


def judged(name: str, place: Path, exam: Exam, seed: int) -> dict:
    """Draw one way and judge the pictures; or the verdict of an earlier run."""
    n = len(exam.names)
    file = place / f"{name.replace(' ', '-')}-{n}.json"
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    draw = WAYS[name].load(place)
    start = time.process_time()
    pictures = draw(exam.names, seed=seed)
    seconds = (time.process_time() - start) / n
    verdict = exam.judge(pictures) | {"seconds": seconds}
    keep(file, verdict)
    return verdict


def keep(file: Path, facts: dict) -> None:
    """Write facts as JSON, whole or not at all."""
    text = json.dumps(facts, indent=1) + "\n"
    replace_file(file, lambda part: part.write_text(text, encoding="utf-8"))


# Telling ----------------------------------------------------------------------------

HEAD = (
    "| road | parameters | pictures seen | above the floor | right | clean "
    "| combinations | s a picture | failed |\n" + "| --- " * 9 + "|"
)


def summary(verdicts: list[dict], trainings: list[dict], seeds: int) -> Found:
    """One row as figures: means over the seeds that have pictures, shares pooled."""
    found: Found = {}
    if trainings:
        right = [v["right"] >= FAILED * v["n"] for v in verdicts]
        found["failed"] = seeds - sum(right)
        seen = [each["iterations"] * each["batch"] for each in trainings]
        found["parameters"] = trainings[0]["parameters"]
        found["pictures seen"] = spread_of(seen)
    if not verdicts:
        return found
    if trainings:
        above = [v["distance"] - v["floor"] for v in verdicts]
        found["above the floor"] = spread_of(above)
    else:  # real pictures are the floor
        found["floor"] = spread_of([v["floor"] for v in verdicts])
    n = sum(v["n"] for v in verdicts)
    for what in SHARES:
        found[what] = Share(sum(v[what] for v in verdicts), n)
    found["combinations"] = spread_of([v["combinations"] for v in verdicts])
    found["in the data"] = verdicts[0]["of"]
    if "seconds" in verdicts[0]:
        found["seconds a picture"] = spread_of([v["seconds"] for v in verdicts])
    return found


def spread_of(values: list[float]) -> dict:
    """The mean, and the standard deviation if there are several."""
    return {"mean": mean(values), "spread": stdev(values) if len(values) > 1 else None}


def table_line(name: str, found: Found, seeds: int) -> str:
    """One row of the table."""

    def number(key: str, digits: int) -> str:
        if key not in found:
            return ""
        it = found[key]
        spread = "" if it["spread"] is None else f" ± {it['spread']:.{digits}f}"
        return f"{it['mean']:,.{digits}f}{spread}"

    cells = [
        name,
        f"{found['parameters'] / 1e6:.2f} M" if "parameters" in found else "",
        number("pictures seen", 0),
        number("above the floor", 0),
        *(f"{100 * found[w].value:.1f} %" if w in found else "" for w in SHARES),
        f"{number('combinations', 0)} of {found.get('in the data', '?')}",
        number("seconds a picture", 3),
        f"{found['failed']} of {seeds}" if "failed" in found else "",
    ]
    return "| " + " | ".join(cells) + " |"


def picture_sheet(places: dict[str, Path], exam: Exam) -> bytes:
    """Pictures side by side as PNG: real ones, then each road, one animal a column."""
    animals = [name for name in ANIMALS if name in exam.names]
    real = torch.stack([exam.others[exam.names.index(name)] for name in animals])
    rows = [Row("real", real, [])]
    for name, place in places.items():
        rows.append(Row(name, WAYS[name].load(place)(animals, seed=0), []))
    rows[-1] = rows[-1]._replace(titles=animals)
    return png_bytes(sheet(rows, zoom=2))


# All of it --------------------------------------------------------------------------


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="of the processor")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n", type=int, default=1024, help="pictures judged a seed")
    parser.add_argument("--batch", type=int, help="if not each recipe's own")
    parser.add_argument("--only", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--precision", choices=["auto", "float32", "bfloat16"], default="auto"
    )
    parser.add_argument("--out", type=Path, default=cache_folder() / "rivals")
    parser.add_argument("--sheet", type=Path, help="a PNG of pictures side by side")
    add_save(parser)
    args = parser.parse_args(argv)
    try:
        check_size(args.n, args.seeds)
    except ValueError as error:
        parser.error(str(error))
    if not args.minutes > 0:
        parser.error(f"--minutes must be above 0; got {args.minutes}.")
    return args


def main(argv: list[str] | None = None) -> None:
    """Train and judge whatever is not there yet; print the table."""
    args = arguments(argv)
    set_threads(args.threads)
    pictures = load_critters("train", kind="one")
    verdicts: dict[str, list[dict]] = {"real": []}
    trainings: dict[str, list[dict]] = {name: [] for name in args.only}
    places: dict[str, Path] = {}
    verdicts |= {name: [] for name in args.only}
    for seed in range(args.seeds):
        exam = Exam.of(args.n, seed, pictures)
        real = exam.judge(exam.others)
        floor = {"floor": real["distance"]}
        verdicts["real"].append(real | floor)
        for name in args.only:
            road = WAYS[name].road
            place = args.out / f"{args.minutes:g}-minutes" / f"{road}-{seed}"
            print(f"{name}, seed {seed}", flush=True)
            training = trained(road, seed, pictures, args, place)
            trainings[name].append(training)
            if not training["failed"]:
                verdicts[name].append(judged(name, place, exam, seed) | floor)
                places.setdefault(name, place)
    found = {
        name: summary(verdicts[name], trainings.get(name, []), args.seeds)
        for name in verdicts
    }
    print("\n" + HEAD)
    for name, row in found.items():
        print(table_line(name, row, args.seeds))
    print(f"\nfloor={found['real']['floor']['mean']:.1f}")
    if args.sheet:
        png = picture_sheet(places, exam)
        replace_file(args.sheet, lambda part: part.write_bytes(png))
    if args.save:
        why = "trains its networks itself"
        save_results(args.save, found, script_command(argv), [], args.seeds, why)


if __name__ == "__main__":
    main()
