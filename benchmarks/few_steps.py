"""Pictures in 1, 2, 4 and 8 network calls: four painters, and what is lost.

    OMP_NUM_THREADS=2 python benchmarks/few_steps.py --save few.json
    python benchmarks/few_steps.py --only critters --only shortcut

For each of `critters` (labels, 32x32) and `latent` (prompts, 64x64):

plain        the painter as it ships, its usual guidance and sampler, so many calls
unguided     the same without guidance, which takes one call a step
guided       `distil guidance`: guidance costs no second call
shortcut     `distil shortcut`
consistency  `distil consistency`

The distilled ones are read from runs/NAME-METHOD; those that are not there are left
out. Before them, `plain` with 50 calls, and real pictures.

right        the reader sees what was asked for, and nothing that was not
clean        the inspector sees no flaw
distance     Frechet distance above the floor, on the reader's features
nearest      the distance to the most similar other picture of its request, in per cent
             of that of real pictures
entropy      of all that was left open, in bits
ms           a warm picture alone, the median of twenty

With --save, a row that is there already is not measured again.
"""

import argparse
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from course_lib.device import repository_folder, use_all_cores
from course_lib.judging.evaluation import FRESH, mean_and_spread, real_pictures
from course_lib.judging.evaluation import together as pooled
from course_lib.judging.fidelity import judge_all, prompts_of, reader_of
from course_lib.judging.inspection import shared_inspector
from course_lib.judging.metrics import Share, features_of, frechet_distance, share
from course_lib.judging.results import (
    Found,
    add_save,
    plain,
    save_results,
    script_command,
)
from course_lib.judging.variety import entropy, nearest_other
from course_lib.painters.labels import LabelToImage
from course_lib.painters.pipeline import TextToImage
from course_lib.world.critters import SUBJECTS

PAINTERS = {"critters": LabelToImage, "latent": TextToImage}
AS_SHIPPED = ("plain", "unguided")
METHODS = (*AS_SHIPPED, "guided", "shortcut", "consistency")
FOLDERS = {"guided": "guidance"} | {name: name for name in METHODS[3:]}
CALLS, MANY = (1, 2, 4, 8), 50
TIMED = 20  # pictures
SHOWN = ("right", "clean", "distance", "nearest", "entropy", "ms")


@dataclass
class Exam:
    """What is asked for, and real pictures of the same: of one seed.

    Args:
        asked: one label or prompt per picture
        details: of prompts, what each asks for; None for labels
        reference: (N, 3, H, W), other real pictures
        real: (N, 3, H, W), real pictures of what is asked for
        subject: (N,) the animal of each
    """

    asked: list[str]
    details: list | None
    reference: Tensor
    real: Tensor
    subject: Tensor

    def judged(self, pictures: Tensor) -> dict:
        """Shares and numbers of a set of pictures."""
        size = pictures.shape[-1]
        reader, seen = reader_of(size), reader_of(size).read(pictures)
        features = features_of(reader, pictures)
        if self.details is None:
            right = seen["subject"] == self.subject
        else:
            found = judge_all(reader, pictures, self.details)
            right = torch.tensor([all(one.values()) for one in found])
        far = frechet_distance(features_of(reader, self.reference), features)
        return {
            "right": share(right),
            "clean": share(shared_inspector(size).clean(pictures)),
            "distance": far,
            "nearest": nearest_other(features, self.subject).mean().item(),
            "entropy": entropy(seen),
        }


def exam_of(name: str, n: int, seed: int) -> Exam:
    """The exam of a painter: what it is asked for follows from the seed."""
    if name == "critters":
        reference, real, labels = real_pictures("critters", n, seed, 32)
        subject = torch.tensor([SUBJECTS.index(label) for label in labels])
        return Exam(labels, None, reference, real, subject)
    prompts = prompts_of("one animal", n, FRESH + 2 * seed, 64)
    reference = prompts_of("one animal", n, FRESH + 2 * seed + 1, 64).real
    subject = torch.tensor([factors["subject"] for factors, _ in prompts.asked])
    return Exam(prompts.texts, prompts.asked, reference, prompts.real, subject)


def row_of(trials: list[dict], exams: list[dict]) -> Found:
    """Several seeds together; `exams` are the same of the real pictures."""
    above = [t["distance"] - e["distance"] for t, e in zip(trials, exams, strict=True)]
    near = [
        100 * t["nearest"] / e["nearest"] for t, e in zip(trials, exams, strict=True)
    ]
    return {
        "right": pooled([trial["right"] for trial in trials]),
        "clean": pooled([trial["clean"] for trial in trials]),
        "distance": mean_and_spread(above),
        "nearest": mean_and_spread(near),
        "entropy": mean_and_spread([trial["entropy"] for trial in trials]),
    }


def milliseconds(painter, asked: list[str], how: dict) -> float:
    """One picture alone, warm: the median of some."""
    took = []
    for i in range(TIMED + 2):
        start = time.perf_counter()
        painter(asked[:1], seed=i, **how)
        took.append(1000 * (time.perf_counter() - start))
    return statistics.median(took[2:])


def settings_for(painter, method: str, calls: int) -> dict | None:
    """What makes so many calls; None if guidance leaves no room for a step."""
    if method != "plain":
        scale = {"guidance_scale": 1.0} if method == "unguided" else {}
        return {"steps": calls} | scale
    try:
        return {"steps": painter.way_within(calls).steps}
    except ValueError:  # its guidance takes two calls a step
        return None


# Rows that were measured before ------------------------------------------------------


def measured_before(file: Path | None) -> Found:
    """The figures in a result file, as they were given to `save_results`."""
    if file is None or not file.is_file():
        return {}
    kept = json.loads(file.read_text(encoding="utf-8"))["entries"]
    found: Found = {}
    for name, entry in kept.items():
        rest = {k: entry[k] for k in ("low", "high", "spread", "n") if k in entry}
        if entry.get("unit") == "%":
            ends = {k: rest[k] / 100 for k in ("low", "high") if k in rest}
            found[name] = rest | ends | {"share": entry["value"] / 100}
        else:
            found[name] = rest | {"mean": entry["value"]}
    return found


class Bench:
    """All rows of one painter; what is found goes into `found` and is saved at once."""

    def __init__(self, name: str, options: argparse.Namespace, found: Found, save):
        self.name, self.options, self.found, self.save = name, options, found, save
        self.exams: list[Exam] = []
        self.of_real: list[dict] = []

    def prepare(self) -> None:
        """Draw and judge the real pictures, when the first row needs them."""
        if not self.exams:
            seeds = range(self.options.seeds)
            self.exams = [exam_of(self.name, self.options.n, seed) for seed in seeds]
            self.of_real = [exam.judged(exam.real) for exam in self.exams]
            self.add("real", row_of(self.of_real, self.of_real))

    def add(self, name: str, row: Found) -> None:
        """Keep a row, print it, save all."""
        self.found |= {f"{self.name}_{name}_{key}": value for key, value in row.items()}
        cells = []
        for key in SHOWN:
            value = plain(row[key]) if key in row else None
            value = 100 * value if isinstance(row.get(key), Share) else value
            cells.append("" if value is None else f"{value:.1f}")
        print(f"| {self.name} {name} | " + " | ".join(cells) + " |", flush=True)
        self.save()

    def measure(self, method: str, painter, calls: int) -> None:
        """One row: so many calls a picture, all seeds."""
        name = f"{method}_{calls}"
        if f"{self.name}_{name}_right" in self.found:
            return
        how = settings_for(painter, method, calls)
        if how is None:
            return
        self.prepare()
        trials = []
        for seed, exam in enumerate(self.exams):
            trials.append(exam.judged(painter(exam.asked, seed=seed, **how)))
        row = row_of(trials, self.of_real)
        row["ms"] = milliseconds(painter, self.exams[0].asked, how)
        self.add(name, row)

    def method(self, method: str) -> None:
        """All rows of one method."""
        folder = getattr(self.options, self.name)
        if method not in AS_SHIPPED:
            folder = Path(self.options.runs) / f"{self.name}-{FOLDERS[method]}"
            if not (folder / "model.safetensors").is_file():
                print(f"{folder} is not there: rows of {method} are left out.")
                return
        painter = PAINTERS[self.name].from_pretrained(folder)
        for calls in (MANY, *CALLS) if method == "plain" else CALLS:
            self.measure(method, painter, calls)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--critters", default="critters", help="the painter on labels")
    parser.add_argument("--latent", default="latent", help="the painter on prompts")
    parser.add_argument("--runs", default=str(repository_folder() / "runs"))
    parser.add_argument("--n", type=int, default=512, help="pictures a row and seed")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument(
        "--only",
        action="append",
        choices=[*PAINTERS, *METHODS],
        help="only this painter, or only this method; may be given several times",
    )
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    only = set(options.only or ())
    painters = only & PAINTERS.keys() or PAINTERS.keys()
    methods = only & set(METHODS) or set(METHODS)
    found = measured_before(options.save)

    def save() -> None:
        if options.save:
            command = script_command(arguments)
            why = "runs/ holds what `distil` made"
            save_results(options.save, found, command, [], options.seeds, why)

    print(f"| painter | {' | '.join(SHOWN)} |\n|{' --- |' * (1 + len(SHOWN))}")
    for name in [name for name in PAINTERS if name in painters]:
        bench = Bench(name, options, found, save)
        for method in [method for method in METHODS if method in methods]:
            bench.method(method)
    for name, value in found.items():
        print(f"{name}={plain(value):.4f}")


if __name__ == "__main__":
    main()
