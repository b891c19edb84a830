"""Does a painter return training pictures? Search all of them for copies.

    OMP_NUM_THREADS=1 python benchmarks/copies.py --weights words   # 2 CPU minutes

For each picture, the nearest of all 50,000 training pictures by the reader's features.
Fresh real pictures of the same prompts show how near pictures come by chance. To test
whether the search would find a copy, it is also given what a copier would hand in:
training pictures as they are, with noise, moved by a pixel, and mirrored.
"""

import argparse

import torch
from torch import Tensor

from course_lib.chance import generator_for
from course_lib.device import use_all_cores
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import prompts_of, reader_of
from course_lib.judging.metrics import features_of, nearest, share
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.painters.pipeline import TextToImage
from course_lib.world.datasets import load_critters

FEW = 4000  # size of a smaller search, to see what it misses
NOISE = 0.1  # a tenth of the way from grey to white; visible, but the picture is clear
NEAR = 0.01  # "near" is as near as one in a hundred fresh pictures comes


def copied(pictures: Tensor) -> dict[str, Tensor]:
    """Training pictures as copied with more and more care to hide it."""
    noise = torch.randn(pictures.shape, generator=generator_for(0, len(pictures)))
    return {
        "copies": pictures,
        "copies with noise": (pictures + NOISE * noise).clamp(-1, 1),
        "copies moved by a pixel": pictures.roll(1, dims=3),
        "copies mirrored": pictures.flip(3),
    }


def ratio(far: Tensor, fresh: Tensor) -> dict[str, float]:
    """How many times as far as fresh pictures they are, with a 95 % interval."""
    value = (far.mean() / fresh.mean()).item()
    # Both means have independent errors, so the squares of the relative errors add up.
    errors = [(x.std() / x.mean() / len(x) ** 0.5).item() ** 2 for x in (far, fresh)]
    half = 1.96 * value * sum(errors) ** 0.5
    return {"mean": value, "low": value - half, "high": value + half, "n": len(far)}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=500, help="pictures of each row")
    parser.add_argument("--weights", default="words")
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    painter = TextToImage.from_pretrained(options.weights, as_typed=True)
    reader, album = reader_of(32), load_critters("train")
    parts = torch.arange(len(album)).split(1000)
    known = torch.cat([features_of(reader, album[part][0]) for part in parts])
    asked = prompts_of("one animal", options.n, FRESH)
    # The copies are of what was asked for: one animal, from all over the album.
    alone = (album.factors["subject_2"] == 0).nonzero()[:, 0]
    some = alone[torch.randperm(len(alone), generator=generator_for(0))[: options.n]]
    rows = {"fresh": asked.real, "drawn": painter(asked.texts)}
    rows |= copied(album[some][0])
    table, near, fresh = {}, {}, {}
    print(f"| | times as far as fresh: of {len(album):,} | of {FEW:,} | near |")
    print("| --- | --- | --- | --- |")
    for name, pictures in rows.items():
        features = features_of(reader, pictures)
        far = {k: nearest(features, known[:k])[0] for k in (len(album), FEW)}
        if not fresh:
            fresh = far
            limit = far[len(album)].quantile(NEAR)
        of_all, of_few = (ratio(far[k], fresh[k]) for k in far)
        near = share(far[len(album)] < limit)
        print(f"| {name} | {of_all['mean']:.2f} | {of_few['mean']:.2f} | {near} |")
        table[name] = {"times as far": of_all, f"of {FEW}": of_few, "near": near}
    for name, facts in table.items():
        print(f"near_{name.replace(' ', '_')}={facts['near'].value:.4f}")
    if options.save:
        weights = [options.weights, "reader-32"]
        save_results(options.save, table, script_command(arguments), weights)


if __name__ == "__main__":
    main()
