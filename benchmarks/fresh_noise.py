"""Does fresh noise in the sampler repair pictures: how much noise, in how many steps?

    OMP_NUM_THREADS=1 python benchmarks/fresh_noise.py

Every row draws the same prompts from the same initial noise. Besides right and clean,
it has the Frechet distance to other real pictures, above that of real ones of these
prompts.
"""

import argparse
from statistics import mean, stdev

import torch

from course_lib.device import use_all_cores
from course_lib.diffusion.guidance import FOR_LATENTS
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import READER, Judged, Prompts, prompts_of, shares_of
from course_lib.judging.metrics import features_of, frechet_distance
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.judge import load_judge
from course_lib.painters.pipeline import TextToImage

MIXTURE = {"one animal": 3, "two animals": 3, "accessory": 1, "ears": 1}
# Sampler, steps, guidance; None is the usual guidance, between t = 400 and 950.
WAYS = (
    ("dpm_solver", FOR_LATENTS.steps, None),
    ("dpm_solver", 10, 3.0),
    ("dpm_solver", 25, 3.0),
    ("dpm_solver_sde", 10, 3.0),
    ("dpm_solver_sde", 13, None),
    ("dpm_solver_sde", 13, 3.0),
    ("dpm_solver_sde", 20, 2.0),
    ("dpm_solver_sde", 20, 3.0),
    ("dpm_solver_sde", 20, 4.0),
    ("dpm_solver_sde", 40, 3.0),
    ("ddpm", 20, 3.0),
    ("ddpm", 50, 3.0),
)


def mixed(n: int, world: int, size: int) -> Prompts:
    """n prompts of several kinds, with real pictures of them."""
    texts, asked, real = [], [], []
    for kind, part in MIXTURE.items():
        some = prompts_of(kind, n * part // sum(MIXTURE.values()), world, size)
        texts, asked = texts + some.texts, asked + some.asked
        real.append(some.real)
    return Prompts(texts, asked, torch.cat(real))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--weights", default="latent")
    parser.add_argument("--only", type=int, nargs="+", help="these rows, from 0")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    judge = load_judge(READER)
    painter = TextToImage.from_pretrained(options.weights, as_typed=True)
    size, seeds = painter.card["size"], range(options.seeds)
    asked = [mixed(options.n, FRESH + seed, size) for seed in seeds]
    others = [mixed(options.n, FRESH + 70 + seed, size).real for seed in seeds]
    real = [features_of(judge, pictures) for pictures in others]
    floors = [
        frechet_distance(theirs, features_of(judge, prompts.real))
        for theirs, prompts in zip(real, asked, strict=True)
    ]
    print("| sampler | steps | w | right | clean | both | above the floor |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    table = {}
    for row in options.only or range(len(WAYS)):
        sampler, steps, w = WAYS[row]
        judged, above = Judged([], []), []
        for seed, prompts in zip(seeds, asked, strict=True):
            how = dict(sampler=sampler, steps=steps, guidance_scale=w, seed=seed)
            pictures = painter(prompts.texts, **how)
            judged += Judged.of(pictures, prompts.asked)
            distance = frechet_distance(real[seed], features_of(judge, pictures))
            above.append(distance - floors[seed])
        shares = shares_of(judged)
        spread = stdev(above) if len(above) > 1 else None
        found = {
            "right": shares["all_factors"],
            "clean": shares["clean"],
            "both": shares["right_and_clean"],
            "above the floor": {"mean": mean(above), "spread": spread},
        }
        cells = [f"{100 * found[n]['share']:.1f} %" for n in ("right", "clean", "both")]
        way = "usual" if w is None else f"{w:g}"
        print(f"| {sampler} | {steps} | {way} | " + " | ".join(cells), end="")
        print(f" | {mean(above):.0f} |", flush=True)
        table[f"{sampler} {steps}, w {way}"] = found
    if options.save:
        judges = ["reader-32", f"reader-{size}", f"inspector-{size}"]
        names = [options.weights, painter.card["autoencoder"], *sorted({*judges})]
        save_results(options.save, table, script_command(arguments), names)


if __name__ == "__main__":
    main()
