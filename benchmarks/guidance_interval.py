"""Guidance at every step, or only in the middle? Compared at equal network calls.

    OMP_NUM_THREADS=1 python benchmarks/guidance_interval.py   # 25 CPU minutes

Guidance asks the network twice. Where it is left out, the calls saved become further
steps, and the words may be followed further where they are (Kynkäänniemi et al. 2024).
"""

import argparse
from dataclasses import dataclass

from course_lib.device import use_all_cores
from course_lib.evaluation import FRESH, spoken
from course_lib.fidelity import KINDS, judge_all, prompts_of, shares_of
from course_lib.metrics import load_judge
from course_lib.objective import Predict
from course_lib.pipeline import TextToImage
from course_lib.samplers import choose_steps

ASKED = ("one animal", "accessory", "ears", "frog on stilts", "colour", "two animals")
WAYS = (  # guidance_scale, between which t it is used, steps: twenty calls each
    (3.0, (0, 1000), 10),
    (5.0, (400, 950), 13),
)


@dataclass
class GuidedBetween(TextToImage):
    """A painter that follows the words further only where low < t <= high."""

    between: tuple[int, int] = (0, 1000)

    def predict_for(self, prompts: list[str], *how) -> Predict:
        guided = super().predict_for(prompts, *how)
        plain = super().predict_for(prompts, 1.0, *how[1:])
        low, high = self.between
        return lambda x_t, t: (guided if low < t[0] <= high else plain)(x_t, t)


def calls_of(between: tuple[int, int], steps: int) -> int:
    """How often the network is asked for one picture."""
    low, high = between
    return sum(1 + (low < t <= high) for t in choose_steps(1000, steps)[:-1])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--weights", nargs="+", default=["latent", "words"])
    parser.add_argument("--as-typed", action="store_true", help="rewrite no prompt")
    options = parser.parse_args(arguments)
    use_all_cores()
    judge = load_judge("reader-32")
    columns = " | ".join(KINDS[kind] for kind in ASKED)
    print(f"| weights | w | where t is | steps | calls | {columns} |")
    print("| --- | --- | --- | --- | --- |" + " --- |" * len(ASKED))
    for name in options.weights:
        painter = GuidedBetween.from_pretrained(name, as_typed=options.as_typed)
        for w, painter.between, steps in WAYS:
            right = []
            for kind in ASKED:
                prompts = prompts_of(kind, options.n, FRESH, painter.card["size"])
                pictures = painter(prompts.texts, steps=steps, guidance_scale=w)
                shares = shares_of(judge_all(judge, pictures, prompts.asked))
                right.append(shares["all_factors"])
            low, high = painter.between
            row = f"{name} | {w:g} | {low} to {high} | {steps}"
            row += f" | {calls_of(painter.between, steps)}"
            print(f"| {row} | " + " | ".join(map(spoken, right)) + " |", flush=True)
            for kind, facts in zip(ASKED, right, strict=True):
                print(f"{name}_w{w:g}_{kind.replace(' ', '_')}={facts['share']:.4f}")


if __name__ == "__main__":
    main()
