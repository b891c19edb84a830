"""Guidance at every step, or only in the middle? Compared at equal network calls.

    OMP_NUM_THREADS=1 python benchmarks/guidance_interval.py   # 25 CPU minutes

Guidance calls the network twice per step. Where it is left out, the calls saved become
further steps, and guidance can be stronger where it is used (Kynkäänniemi et al. 2024).
"""

import argparse
from dataclasses import dataclass, replace

from course_lib.device import use_all_cores
from course_lib.diffusion.guidance import FOR_LATENTS, FOR_PROMPTS, Way
from course_lib.judging.evaluation import FRESH, spoken
from course_lib.judging.fidelity import KINDS, Judged, prompts_of, shares_of
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.painters.painter import calls_of
from course_lib.painters.pipeline import TextToImage

ASKED = ("one animal", "accessory", "ears", "frog on stilts", "colour", "two animals")
# Twenty calls each, by the same sampler: where to guide is the only question here.
WAYS = (FOR_PROMPTS, replace(FOR_LATENTS, sampler=FOR_PROMPTS.sampler))


@dataclass
class Led(TextToImage):
    """A painter that draws in a given way, whatever its usual one."""

    given: Way = FOR_PROMPTS

    def way(self, guidance_scale=None, steps=None, sampler=None) -> Way:
        return self.given


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--weights", nargs="+", default=["latent", "words"])
    parser.add_argument("--as-typed", action="store_true", help="rewrite no prompt")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    table, weights = {}, ["reader-32"]
    columns = " | ".join(KINDS[kind] for kind in ASKED)
    print(f"| weights | w | where t is | steps | calls | {columns} |")
    print("| --- | --- | --- | --- | --- |" + " --- |" * len(ASKED))
    for name in options.weights:
        painter = Led.from_pretrained(name, as_typed=options.as_typed)
        weights += [name, *filter(None, [painter.card.get("autoencoder")])]
        for painter.given in WAYS:
            right = []
            for kind in ASKED:
                prompts = prompts_of(kind, options.n, FRESH, painter.card["size"])
                found = Judged.of(painter(prompts.texts), prompts.asked)
                right.append(shares_of(found)["all_factors"])
            way, T = painter.given, painter.card["T"]
            where = "{} to {}".format(*way.guided_between or (0, T))
            row = f"{name} | {way.guidance_scale:g} | {where} | {way.steps}"
            row += f" | {calls_of(way, T)}"
            print(f"| {row} | " + " | ".join(map(spoken, right)) + " |", flush=True)
            for kind, facts in zip(ASKED, right, strict=True):
                told = f"{name}_w{way.guidance_scale:g}_{kind.replace(' ', '_')}"
                print(f"{told}={facts['share']:.4f}")
                table[f"{name}_w_{way.guidance_scale:g}, {kind}"] = facts
    if options.save:
        save_results(options.save, table, script_command(arguments), weights)


if __name__ == "__main__":
    main()
