"""What does longer training bring? Right and clean, along one painter's training.

    OMP_NUM_THREADS=1 python benchmarks/longer.py runs/latent-1/at-1500 runs/latent-1

Name the folders that `--keep` set aside, in the order of training. A part that carries
another one on counts its iterations from 0; they are added up here. Everybody draws the
same prompts, those that people wrote, from the same noise.
"""

import argparse

from course_lib.checkpoint import load_weights
from course_lib.device import repository_folder, use_all_cores
from course_lib.judging.fidelity import READER_64, Judged, shares_of
from course_lib.judging.people import read_prompts
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.painters.pipeline import TextToImage

PEOPLE = repository_folder() / "data" / "prompts" / "people.json"


def iterations_of(cards: list[dict]) -> list[int]:
    """How many iterations lie behind each, those of the parts before it included."""
    before, last, found = 0, 0, []
    for card in cards:
        if card["iteration"] <= last:  # a new part counts from 0
            before += last
        last = card["iteration"]
        found.append(before + last)
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--n", type=int, help="only the first prompts")
    parser.add_argument("--seeds", type=int, default=2)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    prompts, table = read_prompts(PEOPLE, options.n), {}
    cards = [load_weights(folder)[1] for folder in options.folders]
    print("| iterations | right | clean | both |")
    print("| --- | --- | --- | --- |")
    for folder, iterations in zip(options.folders, iterations_of(cards), strict=True):
        painter, judged = TextToImage.from_pretrained(folder), Judged([], [])
        for seed in range(options.seeds):
            judged += Judged.of(painter(prompts.texts, seed=seed), prompts.asked)
        shares = shares_of(judged)
        found = {
            "right": shares["all_factors"],
            "clean": shares["clean"],
            "both": shares["right_and_clean"],
        }
        cells = [f"{100 * one['share']:.1f} %" for one in found.values()]
        print(f"| {iterations} | " + " | ".join(cells) + " |", flush=True)
        table[f"after {iterations}"] = found
    if options.save:
        names = ["autoencoder", READER_64, "inspector-64"]
        save_results(options.save, table, script_command(arguments), names)


if __name__ == "__main__":
    main()
