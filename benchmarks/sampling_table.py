"""How many network calls are enough, for which sampler, at which guidance?

    python benchmarks/sampling_table.py                  # half an hour on two cores
    python benchmarks/sampling_table.py --n 64 --calls 4,8

Every row draws the same labels from the same noises, with the same number of network
calls per picture: guidance takes two calls per step; Heun also takes two, but one in
the last step.

animal     share of pictures in which the reader sees the animal asked for, with its
           95 % interval
distance   Frechet distance above the real-vs-real floor, on the reader's features
"""

import argparse
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.device import best_device, use_all_cores
from course_lib.judging.evaluation import real_pictures
from course_lib.judging.metrics import Share, features_of, frechet_distance, share
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.judge import load_judge
from course_lib.painters.pipeline import LabelToImage

ROWS = [  # sampler, guidance_scale
    ("ddim", 1.0),
    ("ddpm", 1.0),
    ("heun", 1.0),
    ("dpm_solver", 1.0),
    ("dpm_solver", 2.0),
    ("dpm_solver", 4.0),
]


def choose_options() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="critters")
    parser.add_argument("--n", type=int, default=1024, help="pictures a cell")
    parser.add_argument("--calls", default="4,8,16,50", help="network calls a picture")
    parser.add_argument("--seed", type=int, default=0)
    add_save(parser)
    return parser.parse_args()


def counted(draw: LabelToImage) -> dict[str, int]:
    """Count the noisy pictures that the network is shown from now on, in a dict."""
    looked = {"pictures": 0}

    def count(model, inputs, output):
        looked["pictures"] += len(inputs[0])

    draw.model.register_forward_hook(count)
    return looked


@dataclass
class Cell:
    """One line of the table."""

    sampler: str
    guidance_scale: float
    asked_calls: int
    calls: int  # as counted
    animal: Share
    distance: float

    def __str__(self) -> str:
        low, high = (100 * end for end in self.animal.interval)
        seen = f"{100 * self.animal.value:.1f} % ({low:.1f} to {high:.1f})"
        numbers = f"{self.guidance_scale:g} | {self.calls} | {seen}"
        return f"| {self.sampler} | {numbers} | {self.distance:.1f} |"

    @property
    def name(self) -> str:
        """The name in the closing lines."""
        return (
            f"{self.sampler}_guidance_{self.guidance_scale:g}_calls_{self.asked_calls}"
        )


def main() -> None:
    options = choose_options()
    use_all_cores()
    draw = LabelToImage.from_pretrained(options.weights, best_device())
    looked, size = counted(draw), draw.card["size"]
    judge = load_judge("reader-32")
    reference, others, labels = real_pictures("critters", options.n, options.seed, size)
    numbers, real = draw.label_numbers(labels), features_of(judge, reference)

    def judged(pictures: Tensor) -> tuple[Share, float]:
        found = share(judge.read(pictures)["subject"] == numbers)
        return found, frechet_distance(real, features_of(judge, pictures))

    ceiling, floor = judged(others)
    threads = torch.get_num_threads()
    print(f"n = {options.n} a line, seed {options.seed}, {threads} threads")
    print(f"real pictures: animal {ceiling}, floor of the distance {floor:.2f}\n")
    print("| sampler | guidance | calls | animal | distance |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    cells, started = [], time.monotonic()
    for sampler, w in ROWS:
        for calls in map(int, options.calls.split(",")):
            looked["pictures"] = 0
            steps = draw.way_within(calls, w, sampler).steps
            made = draw(labels, steps, w, options.seed, sampler)
            used = looked["pictures"] // options.n
            found, distance = judged(made)
            cells.append(Cell(sampler, w, calls, used, found, distance - floor))
            print(cells[-1], flush=True)
    print(f"\n{(time.monotonic() - started) / 60:.1f} minutes")
    print(f"real_animal={ceiling.value:.4f}\nfloor={floor:.3f}")
    for cell in cells:
        print(f"animal_{cell.name}={cell.animal.value:.4f}")
        print(f"distance_{cell.name}={cell.distance:.3f}")
    if options.save:
        found = {"animal": {cell.name: cell.animal for cell in cells}}
        found["distance"] = {cell.name: cell.distance for cell in cells}
        found |= {"real animal": ceiling, "floor": floor}
        weights = [options.weights, "reader-32"]
        save_results(options.save, found, script_command(None), weights)


if __name__ == "__main__":
    main()
