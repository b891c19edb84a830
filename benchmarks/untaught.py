"""Prompts unlike any caption: numbers of animals, two colours, and "without".

    OMP_NUM_THREADS=1 python benchmarks/untaught.py --weights words  # 2 CPU minutes

No training caption counts, gives one animal two colours, or says "without". The reader
judges the pictures; it sees at most two animals and one colour of each. Nothing is
rewritten.
"""

import argparse
import re
from collections import Counter

from course_lib.device import use_all_cores
from course_lib.judging.fidelity import reader_of
from course_lib.judging.metrics import Share
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.painters.pipeline import TextToImage
from course_lib.world.critters import FACTORS, rows_of

# For these, hats, red and blue occur in training.
ANIMALS = ("frog", "rabbit", "bear", "bird")
COUNTED = {
    "one": "a {0}",
    "two": "two {0}s",
    "three": "three {0}s",
    "four": "four {0}s",
    "one and one": "a {0} and a {0}",
    "one, one and one": "a {0}, a {0} and a {0}",
}
COLOURED = {
    "red": "a red {0}",
    "red blue": "a red blue {0}",
    "blue red": "a blue red {0}",
    "red and blue": "a red and blue {0}",
}
HATTED = {
    "nothing said": "a {0}",
    "with": "a {0} with a hat",
    "without": "a {0} without a hat",
    "without, with": "a {0} without a hat with a hat",
    "with, without": "a {0} with a hat without a hat",
}


def drawn(painter: TextToImage, prompt: str, n: int) -> list[dict[str, str]]:
    """What the reader sees in n pictures, the animals in turn, from the same noises."""
    texts = [prompt.format(ANIMALS[i % len(ANIMALS)]) for i in range(n)]
    pictures = painter(texts)
    seen = rows_of(reader_of(pictures.shape[-1]).read(pictures))
    return [{name: FACTORS[name][value] for name, value in f.items()} for f in seen]


def how_many(one: dict[str, str]) -> str:
    """How many animals a picture shows, in words."""
    there = [name for name in ("subject", "subject_2") if one[name] != "none"]
    return ("no animal", "one animal", "two animals")[len(there)]


def colour_of(one: dict[str, str]) -> str:
    if how_many(one) != "one animal":
        return how_many(one)
    return one["colour"] if one["colour"] in ("red", "blue") else "another colour"


def hat_of(one: dict[str, str]) -> str:
    return "a hat" if one["accessory"] == "hat" else "no hat"


ASKED = {
    "counting": (COUNTED, how_many, ("no animal", "one animal", "two animals")),
    "colours": (
        *(COLOURED, colour_of),
        ("red", "blue", "another colour", "two animals", "no animal"),
    ),
    "hats": (HATTED, hat_of, ("a hat", "no hat")),
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100, help="pictures of each prompt")
    parser.add_argument("--weights", default="words")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights, as_typed=True)
    table = {}
    for heading, (prompts, answer, columns) in ASKED.items():
        print(f"| {heading} | " + " | ".join(columns) + " |")
        print("| --- |" + " --- |" * len(columns))
        for name, prompt in prompts.items():
            seen = Counter(map(answer, drawn(painter, prompt, options.n)))
            shares = {column: Share(seen[column], options.n) for column in columns}
            cells = " | ".join(map(str, shares.values()))
            print(f"| {prompt.format('frog')} | {cells} |", flush=True)
            table |= {f"{heading}, {name}: {c}": s for c, s in shares.items()}
    for name, share in table.items():
        told = re.sub(r"[ ,:]+", "_", name)
        print(f"{told}={share.value:.4f}")
    if options.save:
        weights = [options.weights, "reader-32"]
        save_results(options.save, table, script_command(arguments), weights)


if __name__ == "__main__":
    main()
