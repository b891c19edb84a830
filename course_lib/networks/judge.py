"""Networks that look at pictures and say what they see: the reader, the classifier.

They judge what a generator drew and are used for nothing else. One trunk of
convolutions, one linear head a question; the trunk's last layer is also what distances
between sets of pictures are measured in (metrics.py).
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import Batch
from course_lib.checkpoint import find_weights, load_network

# Batch norm here, group norm in all that draws: a judge is trained on batches of 128,
# and at work its means are fixed, so no answer depends on the pictures beside it.


class Block(nn.Module):
    """Two convolutions beside a shortcut (He et al. 2016), then half the size."""

    def __init__(self, before: int, after: int):
        super().__init__()
        # A bias would be taken away by the norm behind it.
        self.conv_1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.conv_2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.conv_3 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm_1, self.norm_2, self.norm_3 = (
            nn.BatchNorm2d(after) for _ in range(3)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, H, W) to (B, after, H / 2, W / 2)."""
        # Pooled first: norm and GELU then have a quarter of the places to visit.
        x = F.gelu(self.norm_1(F.max_pool2d(self.conv_1(x), 2)))
        h = F.gelu(self.norm_2(self.conv_2(x)))
        return x + F.gelu(self.norm_3(self.conv_3(h)))


class Judge(nn.Module):
    """Answers several questions about a picture.

    Args:
        answers: for each question the number of possible answers
        size: height and width of the pictures it looks at
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
        # 2 x 2 pixels of three colours are 12 numbers; in the reader of 32x32 the first
        # layer then has 256 places in place of 1,024.
        self.into = nn.Conv2d(12, first, 3, padding=1, bias=False)
        sizes = [first, *widths]
        self.blocks = nn.Sequential(
            *[Block(b, a) for b, a in zip(sizes[:-1], sizes[1:], strict=True)]
        )
        side, rest = divmod(size, 2 ** (len(widths) + 1))
        if rest:
            raise ValueError(f"{len(widths)} widths halve {size} pixels too often.")
        # All places of the last grid, not their mean: "left or right?" is a question.
        # Few numbers come out of it, since a Frechet distance compares covariances:
        # fewer pictures than numbers leave these without full rank.
        self.squeeze = nn.Linear(widths[-1] * side**2, 192)
        self.heads = nn.ModuleDict({q: nn.Linear(192, n) for q, n in answers.items()})

    def features(self, pictures: Tensor) -> Tensor:
        """What the heads decide from: (B, 3, H, W) in [-1, 1] to (B, 192).

        A judge of 32x32 also looks at 64x64: larger pictures are averaged down first.
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
        """A score for every answer to every question: name -> (B, answers)."""
        features = self.features(pictures)
        return {question: head(features) for question, head in self.heads.items()}

    @torch.no_grad()
    def read(self, pictures: Tensor, batch_size: int = 256) -> dict[str, Tensor]:
        """The likeliest answer to every question, name -> (B,) int64."""
        # Clamped, as what is shown to people is.
        found = [self(x.clamp(-1, 1)) for x in pictures.split(batch_size)]
        return {q: torch.cat([f[q].argmax(1) for f in found]) for q in self.heads}


def make_judge_loss(smoothing: float = 0.0) -> Callable[[nn.Module, Batch], Tensor]:
    """Cross-entropy, the mean over the questions. A batch: `x_0`, and one (B,) each."""

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        scores = model(batch["x_0"])
        losses = []
        for question, score in scores.items():
            answer = batch[question]  # (B,), negative where nobody is asked
            # Of a broken picture nothing is asked but what animal it shows; the mean is
            # over those who are asked.
            asked = (answer >= 0).sum().clamp(min=1)  # a batch may ask nobody
            total = F.cross_entropy(
                score, answer, reduction="sum", label_smoothing=smoothing
            )
            losses.append(total / asked)
        return torch.stack(losses).mean()

    return loss_fn


def load_judge(name_or_folder: Path | str) -> Judge:
    """A shipped judge: "reader-32", "reader-64" or "cifar10-classifier"."""
    return load_network(name_or_folder, "judge", "not a judge", Judge)[0]


def shared_judge(name_or_folder: Path | str) -> Judge:
    """The same, for all who only look: loaded once, and again if the file changes."""
    # Where it lies and when it was written, not its name: whoever trains a reader anew
    # in the same notebook must not be judged by yesterday's.
    folder = find_weights(name_or_folder).resolve()
    changed = (folder / "model.safetensors").stat().st_mtime_ns
    return judge_of_file(name_or_folder, folder, changed)


@lru_cache(maxsize=3)  # there are three that ship
def judge_of_file(name_or_folder: Path | str, folder: Path, changed: int) -> Judge:
    """A judge from the file in this folder that was written at this time."""
    return load_judge(name_or_folder)
