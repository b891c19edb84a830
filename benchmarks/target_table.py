"""Is it the target, the schedule or the missing clamp? One thing changed at a time.

    python benchmarks/target_table.py --iterations 2000 --seeds 1
    python benchmarks/target_table.py --weighing --iterations 300 --batch 32 --seeds 2

The same network, batches and iterations for each row; 25 steps of DDIM, no guidance.
The straight line has no row for eps: a_T = 0 there, and the library refuses it.

From eps to v two things change at once. On the circle the error of eps_hat is a times
that of v_hat, so the loss for eps is that for v times a^2: it hardly counts the
noisiest steps. `--weighing` adds a row in between: a network that predicts v, with the
loss weighted as for eps.

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
from course_lib.diffusion.objective import make_target, predictor
from course_lib.diffusion.samplers import PictureNoise, ddim, last_step
from course_lib.diffusion.schedule import (
    NoiseSchedule,
    add_noise,
    cosine_schedule,
    straight_line,
)
from course_lib.judging.metrics import Share, features_of, frechet_distance, share
from course_lib.judging.results import (
    Found,
    add_save,
    plain,
    save_results,
    script_command,
)
from course_lib.networks.judge import Judge, load_judge
from course_lib.pixels import from_bytes
from course_lib.training.recipes import denoiser_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import train
from course_lib.world.critters import ANIMALS
from course_lib.world.datasets import load_critters

ROWS = [(cosine_schedule, "eps"), (cosine_schedule, "v"), (straight_line, "v")]
AS_EPS = "v as eps"
WEIGHING = [(cosine_schedule, target) for target in ("eps", AS_EPS, "v")]


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
        """The name in the closing lines."""
        name = f"{self.schedule}_{self.target}_{'clamped' if self.clamped else 'plain'}"
        return name.replace(" ", "_")

    def __str__(self) -> str:
        clamped = "clamped" if self.clamped else "as it is"
        return (
            f"{self.schedule:14} {self.target:8} {clamped:9} "
            f"{self.brightness_off:14.3f} {self.distance:9.1f} "
            f"{100 * self.animal.value:7.1f} %"
        )


def loss_as_eps(schedule: NoiseSchedule):
    """The loss of a network that predicts v, weighted as if it predicted eps."""

    def loss_fn(model, batch) -> Tensor:
        x_0, t, eps = batch["x_0"], batch["t"], batch["eps"]
        v_hat = model(add_noise(x_0, t, eps, schedule), t, batch.get("cond"))
        error = v_hat - make_target("v", x_0, eps, t, schedule)
        return (schedule.a(t, like=x_0) * error).square().mean()

    return loss_fn


def sample(model, schedule: NoiseSchedule, target: str, labels: Tensor, clamp: bool):
    """One picture per label, 25 steps, no guidance: (N, 3, 32, 32), not yet clamped."""
    pictures = []
    for first in range(0, len(labels), 64):
        cond = labels[first : first + 64]
        noise = PictureNoise(0, range(first, first + len(cond)))
        predict = predictor(model, schedule, target, cond, clamp_x_0=clamp)
        x_T = noise((3, 32, 32))
        pictures.append(last_step(ddim(predict, x_T, schedule, steps=25)))
    return torch.cat(pictures)


def brightness_off(made: Tensor, real: Tensor) -> float:
    """The mean distance between the sorted brightnesses of two sets of equal size."""
    made, real = (x.clamp(-1, 1).flatten(1).mean(1).sort().values for x in (made, real))
    return (made - real).abs().mean().item()


def measure(
    judge: Judge, made: Tensor, labels: Tensor, real: Tensor, floor: float
) -> tuple[float, float, Share]:
    """Brightness off, distance above the floor, share of animals found."""
    found = share(judge.read(made)["subject"] == labels)
    distance = frechet_distance(features_of(judge, real), features_of(judge, made))
    return brightness_off(made, real), distance - floor, found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--n", type=int, default=1024)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--weighing", action="store_true", help="target or weights?")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    rows = WEIGHING if options.weighing else ROWS

    judge = load_judge("reader-32")
    pictures, test = (
        load_critters("train", kind="one"),
        load_critters("test", kind="one"),
    )
    real, again = from_bytes(test.pictures[: 2 * options.n]).chunk(2)
    floor = frechet_distance(features_of(judge, real), features_of(judge, again))
    labels = torch.arange(options.n) % len(ANIMALS) + 1
    print(f"n = {options.n}, floor of the distance {floor:.2f}")
    print("schedule       target              brightness off  distance   animal")
    table = []
    for seed in range(options.seeds):
        for make_schedule, asked in rows:
            schedule, target = make_schedule(T=1000), asked.split()[0]
            trainer = denoiser_trainer(
                pictures,
                Settings(options.iterations),
                batch_size=options.batch,
                seed=seed,
                widths=(48, 96),
                blocks=1,
                schedule=schedule,
                target=target,
                noisier=None,
            )
            if asked == AS_EPS:
                trainer.loss_fn = loss_as_eps(schedule)
            model = train(trainer)
            for clamp in (False, True):
                made = sample(model, schedule, target, labels, clamp)
                numbers = measure(judge, made, labels, real, floor)
                table.append(Row(schedule.name, asked, clamp, *numbers))
                print(table[-1], flush=True)
    found = summary(table) | {"floor": floor}
    for name, value in found["brightness_off"].items():
        print(f"brightness_off_{name}={plain(value):.4f}")
    if options.save:
        command, why = script_command(arguments), "trains its networks itself"
        save_results(options.save, found, command, [], options.seeds, why)


def summary(table: list[Row]) -> Found:
    """The mean and spread of each row over the seeds; shares of all pictures."""
    found = {"brightness_off": {}, "distance": {}, "animal": {}}
    for name in dict.fromkeys(row.name for row in table):
        rows = [row for row in table if row.name == name]
        for title in ("brightness_off", "distance"):
            values = torch.tensor([getattr(row, title) for row in rows])
            spread = {"spread": values.std().item()} if len(rows) > 1 else {}
            found[title][name] = {"mean": values.mean().item()} | spread
        right, n = (sum(getattr(r.animal, k) for r in rows) for k in ("right", "n"))
        found["animal"][name] = Share(right, n)
    return found


if __name__ == "__main__":
    main()
