"""How often a melody is what its prompt asks for, after how much training.

    python benchmarks/melodies.py --seeds 3 --out runs/melodies

Trains the composer of lesson 19 anew for each seed and each number of iterations, asks
for all combinations that training showed and for the held-out ones, and counts by rule.
Every training is kept in `--out` and resumes; what is finished is not trained again.
"""

import argparse
from pathlib import Path

from course_lib.judging.metrics import Share
from course_lib.judging.results import Found, add_save, save_results, script_command
from course_lib.training.composer import SETTINGS, compose, melody_trainer, new_composer
from course_lib.training.settings import Settings
from course_lib.world.melodies import FACTORS, combinations, heard

ITERATIONS = (250, 500, 1000, 2000)


def composer_of(seed: int, iterations: int, folder: Path | None):
    """A trained composer; from its folder, if it was trained before."""
    composer = new_composer(seed)
    settings = Settings(iterations=iterations, **SETTINGS)
    place = folder and folder / f"{iterations}-{seed}"
    trainer = melody_trainer(composer, settings, place, resume=True, seed=seed)
    for _ in trainer.run():
        pass
    composer.model.load_state_dict(trainer.ema)
    composer.model.eval()
    return composer


def shares(
    composer, unheard: bool, times: int, seed: int
) -> dict[str, tuple[int, int]]:
    """Right answers and questions, for each factor and for all three at once."""
    asked = combinations(unheard) * times
    prompts = [f"a {pace} {shape} tune in {mode}" for shape, mode, pace in asked]
    pairs = list(zip(heard(compose(composer, prompts, seed)), asked, strict=True))
    right = {
        name: sum(found[i] == want[i] for found, want in pairs)
        for i, name in enumerate(FACTORS)
    }
    right["all"] = sum(found == want for found, want in pairs)
    return {name: (count, len(pairs)) for name, count in right.items()}


def measured(iterations: int, seeds: int, n: int, folder: Path | None) -> Found:
    """Shares over all seeds, for combinations that were heard and that were not."""
    found: Found = {}
    for unheard in (False, True):
        times = max(1, round(n / len(combinations(unheard))))
        trials = [
            shares(composer_of(seed, iterations, folder), unheard, times, seed)
            for seed in range(seeds)
        ]
        kind = "unheard" if unheard else "heard"
        for name in trials[0]:
            right, of = (sum(trial[name][i] for trial in trials) for i in (0, 1))
            low, high = Share(right, of).interval
            found[f"{kind}_{name}"] = dict(share=right / of, low=low, high=high, n=of)
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, nargs="+", default=list(ITERATIONS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n", type=int, default=168, help="melodies of each kind")
    parser.add_argument("--out", type=Path, help="a folder that keeps the trainings")
    add_save(parser)
    options = parser.parse_args(arguments)
    found: Found = {}
    for iterations in options.iterations:
        of = measured(iterations, options.seeds, options.n, options.out)
        found[f"after_{iterations}"] = {k: v["share"] for k, v in of.items()}
        for name, facts in of.items():
            print(
                f"{iterations:5} iterations, {name:14}: {100 * facts['share']:.1f} % "
                f"({100 * facts['low']:.1f} to {100 * facts['high']:.1f}, "
                f"n = {facts['n']})"
            )
        if options.save:  # after each: a run that is stopped has saved what it has
            command = script_command(arguments)
            save_results(options.save, found, command, [], options.seeds)


if __name__ == "__main__":
    main()
