"""Why does the pair not see who is on the left? Put mirror twins into its batches.

    python benchmarks/mirror_twins.py --iterations 60          # a minute on one core

The shipped pair is trained further: in one run on pictures of two animals as they are,
in the other on half as many, each with its mirror image, captioned for the mirrored
factors. The table shows how often the right sentence scores higher than the same words
in another order, on fresh pictures (a coin gets 50 %), and the recall among 1,000.
"""

import argparse

import torch

from course_lib.device import use_all_cores
from course_lib.judging.evaluation import FRESH
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.judging.retrieval import measure_retrieval, word_order
from course_lib.networks.contrastive import Matcher, contrastive_loss
from course_lib.training.captions import LENGTH
from course_lib.world.critters import FACTORS, captions
from course_lib.world.datasets import load_critters
from course_lib.world.prompts import swapped

BATCH = 64


def taught(twins: bool, iterations: int) -> Matcher:
    """The shipped pair after more iterations, with or without mirror twins."""
    matcher, train = Matcher.from_pretrained("pair"), load_critters("train")
    both = (train.factors["subject_2"] > 0).nonzero()[:, 0]
    optimizer = torch.optim.AdamW(
        matcher.model.parameters(), lr=5e-4, betas=(0.9, 0.99)
    )
    size = BATCH // 2 if twins else BATCH
    for iteration in range(iterations):
        rows = both[size * iteration : size * (iteration + 1)]
        factors = {name: train.factors[name][rows] for name in FACTORS}
        x_0, texts = train[rows][0], captions(factors, rows, seed=1)
        if twins:
            x_0 = torch.cat([x_0, x_0.flip(3)])
            texts = texts + captions(swapped(factors), rows, seed=1)
        tokens = matcher.tokenizer.batch(texts, LENGTH)
        contrastive_loss(*matcher.model(x_0, tokens)).backward()
        optimizer.step()
        optimizer.zero_grad()
    return matcher


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--n", type=int, default=1000)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    runs = {
        "as shipped": (False, 0),
        "trained on, without twins": (False, options.iterations),
        "trained on, with mirror twins": (True, options.iterations),
    }
    print("| | left and right | colours | recall@1 among fresh critters |")
    print("| --- | --- | --- | --- |")
    found = {}
    for name, how in runs.items():
        matcher = taught(*how)
        order = word_order(matcher, options.n, FRESH)
        recall = measure_retrieval(matcher, options.n, FRESH, held_out=False)
        told = [*order.values(), recall["text to image"][1]]
        print(f"| {name} | " + " | ".join(map(str, told)) + " |", flush=True)
        key = name.replace(", ", "_").replace(" ", "_")
        print(f"order_{key}={told[0].value:.4f}")
        titles = ("left and right", "colours", "recall at 1")
        found[name] = dict(zip(titles, told, strict=True))
    if options.save:
        save_results(options.save, found, script_command(arguments), ["pair"])


if __name__ == "__main__":
    main()
