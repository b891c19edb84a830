"""Best of n: draw a prompt several times, and let the judges choose.

The simplest use of a judge, without any training: DALL-E drew 512 pictures and kept the
one that CLIP liked best (Ramesh et al. 2021, section 2.6). What a judge does not see is
not sorted out. So a share measured by whoever chose means nothing.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.judging.fidelity import what_is_seen
from course_lib.judging.inspection import shared_inspector

SIZES = (32, 64)  # of pictures that both judges can look at
MOST = 64  # pictures to choose one from


def check_choice(pick: int, size: tuple[int, int], additions: bool = False) -> None:
    """Raise ValueError unless the judges can choose among so many of this size.

    Args:
        size: height and width
        additions: whether something was added that the judges have never seen
    """
    if not 1 <= pick <= MOST:
        raise ValueError(f"--pick must lie in 1..{MOST}; got {pick}.")
    if pick == 1:
        return
    if size not in [(side, side) for side in SIZES]:
        height, width = size
        raise ValueError(
            f"--pick needs pictures of 32x32 or 64x64, which its judges can look at; "
            f"these are {height}x{width}."
        )
    if additions:
        raise ValueError(
            "--pick cannot choose among pictures of what --with adds: its judges have "
            "never seen it."
        )


def liking(pictures: Tensor, prompts: list[str]) -> Tensor:
    """How much the judges like each picture, (B,): what was asked for, then no flaw.

    Args:
        pictures: (B, 3, H, W) in [-1, 1]
    """
    right = what_is_seen(pictures, prompts)["right"]
    # 1 for a right picture, and less than 1 for a clean one: the first decides.
    shown = torch.tensor([float(one or 0) for one in right])
    return shown + 1 - shared_inspector(pictures.shape[-1]).flaws(pictures).cpu()


def best_of(
    draw: Callable[..., Tensor], prompts: list[str], seeds: range
) -> tuple[Tensor, list[int]]:
    """Draw all prompts once with each seed, and keep the best picture of each.

    Args:
        draw: called as draw(seed=...), makes a picture of every prompt, (B, 3, H, W)

    Returns:
        the pictures, and the seed of each
    """
    best = draw(seed=seeds[0])
    liked, kept = liking(best, prompts), [seeds[0]] * len(prompts)
    for seed in seeds[1:]:
        pictures = draw(seed=seed)
        likes = liking(pictures, prompts)
        for i in torch.nonzero(likes > liked).flatten().tolist():
            best[i], liked[i], kept[i] = pictures[i], likes[i], seed
    return best, kept
