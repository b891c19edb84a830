"""If a thing is missing from the picture, does it help to say its word twice?

    OMP_NUM_THREADS=1 python benchmarks/say_it_twice.py --weights words  # 6 CPU minutes

Prompts for combinations held out of training, as they are and with the words for the
thing repeated: "a turtle with a hat hat", "a cat with bear ears bear ears". Everything
else stays the same, including the noise.
"""

import argparse
import re

from course_lib.device import use_all_cores
from course_lib.judging.evaluation import FRESH, spoken
from course_lib.judging.fidelity import Judged, by_combination, prompts_of
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.rewriting import LENDER, WORN

THING = {
    "accessory": re.compile(rf"\b({'|'.join(WORN)})\b"),
    "ears": re.compile(rf"\b((?:{'|'.join(LENDER)}) ears)\b"),
}


def say_again(prompt: str, kind: str, times: int) -> str:
    """The prompt with the thing named `times` times in a row.

    >>> say_again("a turtle with a hat at night", "accessory", 2)
    'a turtle with a hat hat at night'
    """
    return THING[kind].sub(" ".join([r"\1"] * times), prompt)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500, help="prompts of each kind")
    parser.add_argument("--weights", default="words")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--guidance", type=float)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights, as_typed=True)
    print("| said so often | " + " | ".join(map(str, options.times)) + " |")
    print("| --- |" + " --- |" * len(options.times))
    table = {}
    for kind in THING:
        prompts = prompts_of(kind, options.n, FRESH, painter.card["size"])
        columns = []
        for times in options.times:
            texts = [say_again(text, kind, times) for text in prompts.texts]
            drawn = painter(texts, guidance_scale=options.guidance)
            found = Judged.of(drawn, prompts.asked)
            columns.append(by_combination(kind, found, prompts.asked))
        for name in columns[0]:
            shares = [column[name] for column in columns]
            print(f"| {name} | " + " | ".join(map(spoken, shares)) + " |", flush=True)
            for times, facts in zip(options.times, shares, strict=True):
                key = name.replace(", ", "_")
                print(f"{key}_said_{times}={facts['share']:.4f}")
                table[f"{name}, said {times}"] = facts
    if options.save:
        weights = [options.weights, "reader-32"]
        save_results(options.save, table, script_command(arguments), weights)


if __name__ == "__main__":
    main()
