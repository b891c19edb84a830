"""How strong should guidance be? Right, clean and loud, for more and more of it.

    OMP_NUM_THREADS=1 python benchmarks/guidance_scale.py   # 2 CPU minutes

Loud is the share of a picture's numbers that are saturated, at either end of the scale:
that is where guidance drives colours. Prompts as typed.
"""

import argparse

from torch import Tensor

from course_lib.device import use_all_cores
from course_lib.judging.evaluation import FRESH, spoken
from course_lib.judging.fidelity import Judged, prompts_of, shares_of
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.painters.pipeline import TextToImage

SCALES = (1.0, 3.0, 8.0)
JUDGED = ("all_factors", "clean", "right_and_clean")
END = 127.5 / 128  # of the scale: the last of 256 bytes


def loud(pictures: Tensor) -> float:
    """The share of numbers at an end of the scale, 0 to 1."""
    return (pictures.abs() > END).float().mean().item()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--weights", default="words")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights, as_typed=True)
    prompts = prompts_of("one animal", options.n, FRESH, painter.card["size"])
    print("| | " + " | ".join(JUDGED) + " | loud |")
    print("| --- |" + " --- |" * (len(JUDGED) + 1))
    table = {}
    pictures = {"real": lambda: prompts.real}
    for w in SCALES:
        pictures[f"w = {w:g}"] = lambda w=w: painter(prompts.texts, guidance_scale=w)
    for name, make in pictures.items():
        made = make()
        found = shares_of(Judged.of(made, prompts.asked))
        row = {judged: found[judged] for judged in JUDGED}
        cells = " | ".join(map(spoken, row.values()))
        print(f"| {name} | {cells} | {loud(made):.1%} |", flush=True)
        table[name] = row | {"loud": {"share": loud(made)}}
    for name, row in table.items():
        key = name.replace(" = ", "_")
        print(f"right_{key}={row['all_factors']['share']:.4f}")
    if options.save:
        size = painter.card["size"]
        weights = [options.weights, f"reader-{size}", f"inspector-{size}"]
        save_results(options.save, table, script_command(arguments), weights)


if __name__ == "__main__":
    main()
