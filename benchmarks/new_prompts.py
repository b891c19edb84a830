"""Prompts that nobody has looked at yet: right, clean and both, by kind.

    OMP_NUM_THREADS=1 python benchmarks/new_prompts.py --weights words  # 5 CPU minutes
    python benchmarks/new_prompts.py --kinds "one animal"               # one of them

The rules that rewrite prompts were found on the first world of fresh prompts, which
`evaluate --seeds 1` uses. So this takes another world and another noise.
"""

import argparse

from course_lib.device import use_all_cores
from course_lib.judging.evaluation import FRESH, spoken
from course_lib.judging.fidelity import (
    KINDS,
    Judged,
    judge_drawn,
    prompts_of,
    shares_of,
)
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.painters.pipeline import TextToImage

ASKED = (
    *("one animal", "frog on stilts", "accessory", "ears", "two animals"),
    *("colour", "two senses, context"),
)
JUDGED = ("all_factors", "clean", "right_and_clean")
WORLD = 1  # added to FRESH, and the noise's seed; 0 has been looked at


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--weights", default="words")
    parser.add_argument("--kinds", nargs="+", choices=ASKED, default=ASKED)
    parser.add_argument("--as-typed", action="store_true", help="rewrite no prompt")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights, as_typed=options.as_typed)
    size, table = painter.card["size"], {}
    print("| | " + " | ".join(JUDGED) + " | real: right | real: clean |")
    print("| --- |" + " --- |" * (len(JUDGED) + 2))
    for kind in options.kinds:
        prompts = prompts_of(kind, options.n, FRESH + WORLD, size)
        how = dict(calls=20, guidance_scale=None, sampler=None)
        found = shares_of(judge_drawn(painter, prompts, WORLD, **how))
        real = shares_of(Judged.of(prompts.real, prompts.asked))
        row = {judged: found[judged] for judged in JUDGED}
        row |= {"real": {name: real[name] for name in JUDGED}}
        cells = [row[name] for name in JUDGED]
        cells += [real["all_factors"], real["clean"]]
        print(f"| {KINDS[kind]} | " + " | ".join(map(spoken, cells)) + " |", flush=True)
        key = kind.replace(",", "").replace(" ", "_")
        print(f"both_{key}={found['right_and_clean']['share']:.4f}")
        table[kind] = row
    if options.save:
        weights = [options.weights, f"reader-{size}", f"inspector-{size}"]
        save_results(options.save, table, script_command(arguments), weights)


if __name__ == "__main__":
    main()
