"""Does it hand back training pictures? All of them are searched, and a copier is, too.

    OMP_NUM_THREADS=1 python benchmarks/copies.py --weights words   # 2 CPU minutes

For each picture the nearest of all 50,000 training pictures, by the reader's features.
Fresh real pictures of the same prompts say how near one comes by chance. And would the
search see a copy? So it is also given what a copier would hand in: training pictures as
they are, with noise on them, moved by a pixel, and mirrored.
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

FEW = 4000  # a search of the first few, to see what that misses
NOISE = 0.1  # a tenth of the way from grey to white; one sees it and knows the picture
NEAR = 0.01  # as near as one fresh picture of a hundred comes is called near


def copied(pictures: Tensor) -> dict[str, Tensor]:
    """What copiers of more and more care make of training pictures."""
    noise = torch.randn(pictures.shape, generator=generator_for(0, len(pictures)))
    return {
        "copies": pictures,
        "copies with noise": (pictures + NOISE * noise).clamp(-1, 1),
        "copies moved by a pixel": pictures.roll(1, dims=3),
        "copies mirrored": pictures.flip(3),
    }


def ratio(far: Tensor, fresh: Tensor) -> dict[str, float]:
    """How many times as far as fresh pictures, with its 95 % interval."""
    value = (far.mean() / fresh.mean()).item()
    # Both means err on their own, so their relative errors add up as squares.
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
    # Copied is what was asked for: pictures of one animal, from all over the album.
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
