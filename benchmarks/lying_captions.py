"""What do wrong captions do? A painter is trained further, on worse and worse ones.

    OMP_NUM_THREADS=1 python benchmarks/lying_captions.py --iterations 300  # 30 minutes

The shipped weights are trained further three times from the same point: with true
captions, with 40 % spoiled and with 80 % spoiled, as alt text on the web is: half of
the spoiled ones are missing, half belong to another picture. The table shows how often
everything that a prompt names is there, without and with guidance.
"""

import argparse

from course_lib.checkpoint import load_weights
from course_lib.device import use_all_cores
from course_lib.judging.evaluation import FRESH, spoken
from course_lib.judging.fidelity import measure_prompts, prompts_of
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.tokenizer import Tokenizer
from course_lib.painters.pipeline import TextToImage
from course_lib.training.recipes import GENTLY, text_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import train

SPOILED = (0.0, 0.4, 0.8)
SCALES = (1.0, 2.0)
WORDS = ("subject", "colour", "accessory", "scene", "size", "position", "ears")


def carried_on(spoiled: float, iterations: int) -> TextToImage:
    """The shipped painter after more iterations, with a share of captions spoiled."""
    _, card = load_weights("words")
    settings = Settings(iterations, 5e-4, gently=GENTLY)
    trainer = text_trainer(settings, seed=1, caption_noise=spoiled, start="words")
    pupil, tokenizer = train(trainer).eval(), Tokenizer(card["merges"])
    return TextToImage(pupil, tokenizer, card)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--n", type=int, default=300)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    prompts = prompts_of("one animal", options.n, FRESH)
    print("| captions spoiled | " + " | ".join(f"w = {w:g}" for w in SCALES) + " |")
    print("| --- |" + " --- |" * len(SCALES))
    table = {}
    for spoiled in SPOILED:
        painter = carried_on(spoiled, options.iterations)
        found = [
            measure_prompts(
                painter, prompts, calls=20 if w != 1 else 10, guidance_scale=w
            )
            for w in SCALES
        ]
        right = [shares["all_factors"] for shares in found]
        print(f"| {spoiled:.0%} | " + " | ".join(map(spoken, right)) + " |", flush=True)
        print(f"right_{spoiled:g}={right[-1]['share']:.4f}")
        for w, facts in zip(SCALES, right, strict=True):
            table[f"spoiled {100 * spoiled:g}, w = {w:g}"] = facts
        # Which words die first: each by itself, with guidance.
        for name, facts in found[-1].items():
            if name in WORDS:
                table[f"spoiled {100 * spoiled:g}, {name}"] = facts
                print(f"{name}_{spoiled:g}={facts['share']:.4f}")
    if options.save:
        weights = ["words", "reader-32"]
        save_results(options.save, table, script_command(arguments), weights)


if __name__ == "__main__":
    main()
