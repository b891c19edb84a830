"""The average of the weights, switched on and off: what does it do to pictures?

    python benchmarks/average_on_and_off.py --seeds 3 --n 256    # three minutes

The shipped `critters` are trained on, with a learning rate that stays high, as in the
middle of a training, while an average of the weights is kept. Then both, and the
network as it was, draw from the same noises. Notebook 05 shows the same with 64
pictures.

animal     share of pictures in which the reader sees the animal asked for
distance   Frechet distance above the real-vs-real floor, on the reader's features
"""

import argparse
import copy

import torch
from torch import Tensor, nn

from course_lib.checkpoint import fill
from course_lib.device import use_all_cores
from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.judging.metrics import Share, features_of, frechet_distance
from course_lib.judging.results import add_save, save_results, script_command
from course_lib.networks.judge import load_judge
from course_lib.painters.pipeline import LabelToImage
from course_lib.pixels import from_bytes
from course_lib.world.critters import ANIMALS
from course_lib.world.datasets import batches, load_critters

KEPT = 0.95  # the average spans about twenty iterations


def go_on(painter: LabelToImage, get_batch, iterations: int, rate: float) -> nn.Module:
    """Train the painter's network further; return a copy with the averaged weights."""
    model, average = painter.model.train(), copy.deepcopy(painter.model.state_dict())
    model.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    loss_fn = make_denoising_loss(painter.schedule, painter.card["target"])
    for iteration in range(iterations):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (iteration + 1) / 20)  # warm up
        loss_fn(model, get_batch(iteration)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        for name, weights in model.state_dict().items():
            average[name].lerp_(weights, 1 - KEPT)
    return fill(copy.deepcopy(model), average).eval()


def drawn(model: nn.Module, card: dict, labels: list[str], seed: int) -> Tensor:
    """One picture per label, without guidance: (N, 3, H, W) in [-1, 1]."""
    painter = LabelToImage(model.eval(), card)
    return painter(labels, steps=10, guidance_scale=1, seed=seed)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--n", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=3)
    add_save(parser)
    options = parser.parse_args(arguments)
    use_all_cores()
    reader, pictures = load_judge("reader-32"), load_critters("train", kind="one")
    test = load_critters("test", kind="one")
    real, again = from_bytes(test.pictures[: 2 * options.n]).chunk(2)
    real, again = features_of(reader, real), features_of(reader, again)
    floor = frechet_distance(real, again)
    labels = [ANIMALS[i % len(ANIMALS)] for i in range(options.n)]
    asked = torch.tensor([pictures.label(name) for name in labels])
    right, distances = {}, {}
    for seed in range(options.seeds):
        painter = LabelToImage.from_pretrained("critters")
        before, card = copy.deepcopy(painter.model), painter.card
        noised = with_noise(
            batches(pictures, options.batch, seed), painter.schedule, seed
        )
        smooth = go_on(painter, noised, options.iterations, options.rate)
        networks = {"weights": painter.model, "average": smooth, "before": before}
        for name, model in networks.items():
            made = drawn(model, card, labels, seed)
            found = int((reader.read(made)["subject"] == asked).sum())
            distance = frechet_distance(real, features_of(reader, made)) - floor
            right.setdefault(name, []).append(found)
            distances.setdefault(name, []).append(distance)
            print(
                f"seed {seed} {name:8} {found}/{options.n} {distance:8.1f}", flush=True
            )
    found = {"animal": {}, "distance": {}, "floor": floor}
    for name in right:
        found["animal"][name] = Share(sum(right[name]), options.n * options.seeds)
        values = torch.tensor(distances[name])
        spread = {"spread": values.std().item()} if len(values) > 1 else {}
        found["distance"][name] = {"mean": values.mean().item()} | spread
        print(f"animal_{name}={found['animal'][name].value:.4f}")
        print(f"distance_{name}={values.mean():.1f}")
    if options.save:
        command = script_command(arguments)
        weights = ["critters", "reader-32"]
        save_results(options.save, found, command, weights, options.seeds)


if __name__ == "__main__":
    main()
