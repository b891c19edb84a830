"""Does fresh noise repair pictures? Deterministic and stochastic samplers compared.

    OMP_NUM_THREADS=1 python benchmarks/repairs.py       # 2 minutes of one core

All start from the same noises. The network of lesson 06, unguided. Besides the animal,
the table has the share of pictures in which the inspector finds no clear flaw; also for
real pictures, since it has false alarms.
"""

import argparse

import torch

from course_lib.device import use_all_cores
from course_lib.judging.evaluation import real_pictures
from course_lib.judging.inspection import shared_inspector
from course_lib.judging.metrics import share
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.judge import load_judge
from course_lib.painters.pipeline import LabelToImage

WAYS = (
    ("ddim", 10),
    ("ddpm", 10),
    ("dpm_solver", 10),
    ("dpm_solver_sde", 10),
)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="critters")
    parser.add_argument("--n", type=int, default=512, help="pictures a row")
    parser.add_argument("--seed", type=int, default=0)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    draw = LabelToImage.from_pretrained(options.weights)
    judges = [f"{judge}-{draw.card['size']}" for judge in ("reader", "inspector")]
    reader, inspector = load_judge(judges[0]), shared_inspector(draw.card["size"])
    real, _, labels = real_pictures(
        "critters", options.n, options.seed, draw.card["size"]
    )
    found = {"clean": {"real": share(inspector.clean(real))}, "animal": {}}
    print(f"n = {options.n}; real pictures: clean {found['clean']['real']}\n")
    print("| sampler | calls | animal | clean |\n| --- | --- | --- | --- |", flush=True)
    for sampler, steps in WAYS:
        made = draw(labels, steps, 1.0, options.seed, sampler)
        seen = reader.read(made)["subject"] == draw.label_numbers(labels)
        animal, clean = share(seen), share(inspector.clean(made))
        print(f"| {sampler} | {steps} | {animal} | {clean} |", flush=True)
        found["animal"][f"{sampler} {steps}"] = animal
        found["clean"][f"{sampler} {steps}"] = clean
    if options.save:
        command = script_command(arguments)
        save_results(options.save, found, command, [options.weights, *judges])


if __name__ == "__main__":
    with torch.inference_mode():
        main()
