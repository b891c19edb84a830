"""Which decisions are made early on the way from noise to a picture, and which late?

    OMP_NUM_THREADS=1 python benchmarks/decisions.py       # a minute of one core

Each picture's way is forked at a step: from there on the network is unconditional, and
all noise that is put back is fresh. Whatever is still the same at the end was decided
by then. The row "chance" starts from another noise altogether. The network and the
number of steps are those of notebook 06.
"""

import argparse

import torch
from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.diffusion.samplers import (
    PictureNoise,
    choose_steps,
    ddim,
    ddim_update,
    last_step,
    walk,
)
from course_lib.judging.metrics import Share, share
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.judge import load_judge
from course_lib.painters.pipeline import LabelToImage
from course_lib.world.critters import ANIMALS

STEPS = 12
FORKS = (1, 2, 3, 5, 7)  # the number of steps before the fork
QUESTIONS = {
    "scene": "scene",
    "size": "size",
    "accessory": "accessory",
    "colour": "colour",
    "animal": "subject",
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="critters")
    parser.add_argument("--n", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    draw = LabelToImage.from_pretrained(options.weights)
    reader_name = f"reader-{draw.card['size']}"
    reader = load_judge(reader_name)
    labels = [ANIMALS[i % len(ANIMALS)] for i in range(options.n)]
    schedule, way = draw.schedule, choose_steps(draw.schedule.T, STEPS)
    shape = (3, draw.card["size"], draw.card["size"])

    def noise_of(world: int) -> PictureNoise:
        return PictureNoise(1000 * world + options.seed, range(options.n))

    plain = draw.way(guidance_scale=1.0)
    told, untold = (
        draw.predict_for(some, plain) for some in (labels, [draw.labels[0]] * options.n)
    )
    path = list(ddim(told, noise_of(0)(shape), schedule, STEPS))
    was = reader.read(path[-1].x_0_hat)

    def stays(x_t: Tensor, forked: int) -> dict[str, Share]:
        """The share of pictures with the same answer as before, by question."""
        update = ddim_update(schedule, 1.0, noise_of(2 + forked))
        now = reader.read(last_step(walk(untold, x_t, way[forked:], update)))
        return {name: share(now[q] == was[q]) for name, q in QUESTIONS.items()}

    chance = stays(noise_of(1)(shape), 0)
    found = {"chance": chance, "stays": {}}
    print(f"n = {options.n}; by chance: " + ", ".join(map(str, chance.values())))
    print("\n| forked at t | " + " | ".join(QUESTIONS) + " |")
    print("| --- " * (1 + len(QUESTIONS)) + "|", flush=True)
    for forked in FORKS:
        kept = stays(path[forked].x_t, forked)
        cells = [str(kept[name]) for name in QUESTIONS]
        print(f"| {way[forked]} | " + " | ".join(cells) + " |", flush=True)
        found["stays"][f"{way[forked]}"] = kept
    if options.save:
        command = script_command(arguments)
        save_results(options.save, found, command, [options.weights, reader_name])


if __name__ == "__main__":
    with torch.inference_mode():
        main()
