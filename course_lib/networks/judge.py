"""Judges, networks that say what a picture shows: the reader and the classifier.

They only evaluate what a generator drew. A judge has one convolutional trunk and one
linear head per question. Distances between sets of pictures are measured in the
features of the trunk's last layer (metrics.py).
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import Batch
from course_lib.checkpoint import find_weights, load_network

# Batch norm here, group norm in networks that draw: a judge is trained on batches of
# 128, and its statistics are then fixed, so no answer depends on the other pictures.


class Block(nn.Module):
    """Half the size, then a residual block of two convolutions (He et al. 2016)."""

    def __init__(self, before: int, after: int):
        super().__init__()
        # No bias: the norm behind it would subtract it again.
        self.conv_1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.conv_2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.conv_3 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm_1, self.norm_2, self.norm_3 = (
            nn.BatchNorm2d(after) for _ in range(3)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, H, W) to (B, after, H / 2, W / 2)."""
        # Pooled before norm and GELU, which then cost a quarter.
        x = F.gelu(self.norm_1(F.max_pool2d(self.conv_1(x), 2)))
        h = F.gelu(self.norm_2(self.conv_2(x)))
        return x + F.gelu(self.norm_3(self.conv_3(h)))


class Judge(nn.Module):
    """A classifier that answers several questions about a picture.

    Args:
        answers: for each question the number of possible answers
        size: height and width of the pictures
        widths: channels after each halving
    """

    def __init__(
        self,
        answers: dict[str, int],
        size: int = 32,
        widths: tuple[int, ...] = (64, 128, 192),
    ):
        super().__init__()
        self.config = dict(answers=answers, size=size, widths=list(widths))
        first = 32
        # 2x2 pixels of three colours are 12 numbers; at 32x32 the first layer then has
        # 256 places instead of 1,024.
        self.into = nn.Conv2d(12, first, 3, padding=1, bias=False)
        sizes = [first, *widths]
        self.blocks = nn.Sequential(
            *[Block(b, a) for b, a in zip(sizes[:-1], sizes[1:], strict=True)]
        )
        side, rest = divmod(size, 2 ** (len(widths) + 1))
        if rest:
            raise ValueError(f"{len(widths)} widths halve {size} pixels too often.")
        # All places of the last grid, not their mean: "left or right?" is a question.
        # Only 192 features: a Frechet distance compares covariances, and with fewer
        # pictures than features these lack full rank.
        self.squeeze = nn.Linear(widths[-1] * side**2, 192)
        self.heads = nn.ModuleDict({q: nn.Linear(192, n) for q, n in answers.items()})

    def features(self, pictures: Tensor) -> Tensor:
        """The input of the heads: (B, 3, H, W) in [-1, 1] to (B, 192).

        A judge for 32x32 also takes 64x64: larger pictures are averaged down first.

        Raises:
            ValueError: another shape
        """
        size = self.config["size"]
        times, rest = divmod(pictures.shape[-1], size)
        if pictures.shape[1:] != (3, times * size, times * size) or rest or not times:
            raise ValueError(
                f"This judge looks at pictures (B, 3, {size}, {size}), or a whole "
                f"number of times as large; got {tuple(pictures.shape)}."
            )
        pictures = F.avg_pool2d(pictures, times)
        h = self.blocks(F.gelu(self.into(F.pixel_unshuffle(pictures, 2))))
        return F.gelu(self.squeeze(h.flatten(1)))

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Logits for every question: name -> (B, answers)."""
        features = self.features(pictures)
        return {question: head(features) for question, head in self.heads.items()}

    @torch.no_grad()
    def read(self, pictures: Tensor, batch_size: int = 256) -> dict[str, Tensor]:
        """The most likely answer to every question, name -> (B,) int64."""
        # Clamped, as for display.
        found = [self(x.clamp(-1, 1)) for x in pictures.split(batch_size)]
        return {q: torch.cat([f[q].argmax(1) for f in found]) for q in self.heads}


def make_judge_loss(smoothing: float = 0.0) -> Callable[[nn.Module, Batch], Tensor]:
    """Mean cross-entropy over the questions. A batch: `x_0`, and (B,) per question.

    An answer of -100 means that the question is not asked about that picture.

    Args:
        smoothing: label smoothing, 0..1
    """

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        scores = model(batch["x_0"])
        losses = []
        for question, score in scores.items():
            answer = batch[question]  # (B,), negative where the question is not asked
            # For a broken picture only the animal is asked. The mean is over the
            # pictures asked about, of which there may be none.
            asked = (answer >= 0).sum().clamp(min=1)
            total = F.cross_entropy(
                score, answer, reduction="sum", label_smoothing=smoothing
            )
            losses.append(total / asked)
        return torch.stack(losses).mean()

    return loss_fn


def load_judge(name_or_folder: Path | str) -> Judge:
    """Load a judge: "reader-32", "reader-64", "cifar10-classifier" or your own."""
    return load_network(name_or_folder, "judge", "not a judge", Judge)[0]


def shared_judge(name_or_folder: Path | str) -> Judge:
    """A cached judge, for reading only; loaded again if its file has changed."""
    # The cache is keyed by folder and time of writing: after training a new reader in
    # the same notebook, nobody should be judged by yesterday's.
    folder = find_weights(name_or_folder).resolve()
    changed = (folder / "model.safetensors").stat().st_mtime_ns
    return judge_of_file(name_or_folder, folder, changed)


@lru_cache(maxsize=3)  # three judges ship
def judge_of_file(name_or_folder: Path | str, folder: Path, changed: int) -> Judge:
    """The judge in this folder; `folder` and `changed` are keys of the cache."""
    return load_judge(name_or_folder)
