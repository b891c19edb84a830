"""The Frechet distance that papers report: with the features of Inception.

    official_fid(real, made)

Ours in metrics.py uses a judge of our own, because Inception must be downloaded, has
never seen a critter, and enlarges 64 pixels to 299. But a number that shall stand
beside those of papers needs it: the same network and weights, and mostly n = 50,000.
"""

import torch
from torch import Tensor
from torchmetrics.image.fid import FrechetInceptionDistance

from course_lib.judging.evaluation import mean_and_spread, real_pictures
from course_lib.painters.labels import LabelToImage
from course_lib.pixels import check_pictures, to_bytes

FEATURES = 2048  # the last pooled layer of Inception v3, as in Heusel et al. 2017


class FidError(Exception):
    """The official distance cannot be measured here; the message says why."""


def inception_metric() -> FrechetInceptionDistance:
    """torchmetrics' own metric with Inception's weights, 92 MB the first time.

    Raises:
        FidError: no torch-fidelity, or its weights cannot be fetched
    """
    try:
        return FrechetInceptionDistance(FEATURES)
    except ModuleNotFoundError as missing:
        raise FidError(
            "The official FID needs torch-fidelity, which is not installed: "
            "python -m pip install -c constraints.txt torch-fidelity"
        ) from missing
    except OSError as error:  # of the network; urllib's errors are among these
        raise FidError(
            "The official FID needs the weights of Inception v3, 92 MB, and they "
            f"cannot be fetched ({error}): try again with a connection. Without it "
            "there is our own distance, evaluate without --fid."
        ) from error


@torch.no_grad()
def official_fid(real: Tensor, made: Tensor, batch_size: int = 64) -> float:
    """FID between two sets of pictures, (N, 3, H, W) and (M, 3, H, W) in [-1, 1].

    Raises:
        FidError: see `inception_metric`
        ValueError: fewer than two pictures in a set
    """
    for pictures in (real, made):
        check_pictures(pictures)
        if len(pictures) < 2:
            raise ValueError("A Frechet distance needs two pictures or more in a set.")
    metric = inception_metric()
    for pictures, is_real in ((real, True), (made, False)):
        # As bytes, which is what the metric takes: a saved picture has no more.
        for some in to_bytes(pictures).split(batch_size):
            metric.update(some, real=is_real)
    return metric.compute().item()


def measure_fid(painter: LabelToImage, n: int, seeds: int, settings: dict) -> dict:
    """FID between n drawn pictures and n real ones, once for each seed: facts for JSON.

    Args:
        settings: steps, guidance_scale and sampler
    """
    data, size = painter.card.get("data"), painter.card["size"]
    distances = []
    for seed in range(seeds):
        reference, _, names = real_pictures(data, n, seed, size)
        distances.append(official_fid(reference, painter(names, seed=seed, **settings)))
    facts = dict(kind="denoiser", data=data, n=n, seeds=seeds, **settings)
    return facts | {"fid": mean_and_spread(distances)}
