"""Is it the target, the schedule or the missing clamp? One thing changed at a time.

    python benchmarks/target_table.py --iterations 2000 --seeds 1

The same network, batches and iterations for each row; 25 steps of DDIM, no guidance.
The straight line has no row for eps: a_T = 0 there, and the library refuses it.

brightness off   how far the brightness of the made pictures is from that of real ones:
                 the mean distance between both, each sorted (0 to 2)
distance         Frechet distance above the real-vs-real floor, on the reader's features
animal           share of pictures in which the reader sees the animal asked for
"""

import argparse
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import PictureNoise, ddim, last_step
from course_lib.diffusion.schedule import NoiseSchedule, cosine_schedule, straight_line
from course_lib.judging.metrics import Share, features_of, frechet_distance, share
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.judge import Judge, load_judge
from course_lib.pixels import from_bytes
from course_lib.training.recipes import denoiser_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import train
from course_lib.world.critters import ANIMALS
from course_lib.world.datasets import load_critters

ROWS = [(cosine_schedule, "eps"), (cosine_schedule, "v"), (straight_line, "v")]


@dataclass
class Row:
    """One line of the table."""

    schedule: str
    target: str
    clamped: bool
    brightness_off: float
    distance: float
    animal: Share

    @property
    def name(self) -> str:
        """As the closing lines say it."""
        name = f"{self.schedule}_{self.target}_{'clamped' if self.clamped else 'plain'}"
        return name.replace(" ", "_")

    def __str__(self) -> str:
        clamped = "clamped" if self.clamped else "as it is"
        return (
            f"{self.schedule:14} {self.target:4} {clamped:9} "
            f"{self.brightness_off:14.3f} {self.distance:9.1f} "
            f"{100 * self.animal.value:7.1f} %"
        )


def sample(model, schedule: NoiseSchedule, target: str, labels: Tensor, clamp: bool):
    """One picture a label, 25 steps, no guidance: (N, 3, 32, 32), not yet clamped."""
    pictures = []
    for first in range(0, len(labels), 64):
        cond = labels[first : first + 64]
        noise = PictureNoise(0, range(first, first + len(cond)))
        predict = predictor(model, schedule, target, cond, clamp_x_0=clamp)
        x_T = noise((3, 32, 32))
        pictures.append(last_step(ddim(predict, x_T, schedule, steps=25)))
    return torch.cat(pictures)


def brightness_off(made: Tensor, real: Tensor) -> float:
    """The mean distance between the sorted brightnesses of two sets of one size."""
    made, real = (x.clamp(-1, 1).flatten(1).mean(1).sort().values for x in (made, real))
    return (made - real).abs().mean().item()


def measure(
    judge: Judge, made: Tensor, labels: Tensor, real: Tensor, floor: float
) -> tuple[float, float, Share]:
    """Brightness off, distance above the floor, share of animals found."""
    found = share(judge.read(made)["subject"] == labels)
    distance = frechet_distance(features_of(judge, real), features_of(judge, made))
    return brightness_off(made, real), distance - floor, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--n", type=int, default=1024)
    parser.add_argument("--seeds", type=int, default=1)
    add_save(parser)
    options = parser.parse_args()
    use_all_cores()

    judge = load_judge("reader-32")
    pictures, test = (
        load_critters("train", kind="one"),
        load_critters("test", kind="one"),
    )
    real, again = from_bytes(test.pictures[: 2 * options.n]).chunk(2)
    floor = frechet_distance(features_of(judge, real), features_of(judge, again))
    labels = torch.arange(options.n) % len(ANIMALS) + 1
    print(f"n = {options.n}, floor of the distance {floor:.2f}")
    print("schedule       target          brightness off  distance   animal")
    table = []
    for seed in range(options.seeds):
        for make_schedule, target in ROWS:
            schedule = make_schedule(T=1000)
            trainer = denoiser_trainer(
                pictures,
                Settings(options.iterations),
                seed=seed,
                widths=(48, 96),
                blocks=1,
                schedule=schedule,
                target=target,
                noisier=None,
            )
            model = train(trainer)
            for clamp in (False, True):
                made = sample(model, schedule, target, labels, clamp)
                numbers = measure(judge, made, labels, real, floor)
                table.append(Row(schedule.name, target, clamp, *numbers))
                print(table[-1], flush=True)
    last = table[-2 * len(ROWS) :]
    for row in last:
        print(f"brightness_off_{row.name}={row.brightness_off:.4f}")
    if options.save:
        titles = ("brightness_off", "distance", "animal")
        found = {t: {row.name: getattr(row, t) for row in last} for t in titles}
        command, why = script_command(None), "trains its networks itself"
        found["floor"] = floor
        save_results(options.save, found, command, [], options.seeds, why)


if __name__ == "__main__":
    main()
