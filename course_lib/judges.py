"""Networks that look at pictures and say what they see: the reader, the classifier.

They judge what a generator drew and are used for nothing else. One trunk of
convolutions, one linear head a question; the trunk's last layer is also what distances
between sets of pictures are measured in (metrics.py).
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.objective import Batch, GetBatch, generator_for


class Block(nn.Module):
    """Two convolutions beside a shortcut (He et al. 2016), then half the size."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.conv_1 = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.conv_2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.conv_3 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm_1, self.norm_2, self.norm_3 = (
            nn.BatchNorm2d(after) for _ in range(3)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, H, W) to (B, after, H / 2, W / 2)."""
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
        self.into = nn.Conv2d(12, first, 3, padding=1, bias=False)
        sizes = [first, *widths]
        self.blocks = nn.Sequential(
            *[Block(b, a) for b, a in zip(sizes[:-1], sizes[1:], strict=True)]
        )
        side = size // 2 ** (len(widths) + 1)
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
        found = [self(x.clamp(-1, 1)) for x in pictures.split(batch_size)]
        return {q: torch.cat([f[q].argmax(1) for f in found]) for q in self.heads}


def make_judge_loss(smoothing: float = 0.0) -> Callable[[nn.Module, Batch], Tensor]:
    """Cross-entropy, the mean over the questions. A batch: `x_0`, and one (B,) each."""

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        scores = model(batch["x_0"])
        losses = []
        for question, score in scores.items():
            answer = batch[question]
            asked = (answer >= 0).sum().clamp(min=1)  # a batch may ask nobody
            total = F.cross_entropy(
                score, answer, reduction="sum", label_smoothing=smoothing
            )
            losses.append(total / asked)
        return torch.stack(losses).mean()

    return loss_fn


def with_wear(
    get_batch: GetBatch,
    seed: int = 0,
    flip: bool = False,
    shift: int = 2,
    wear: float = 0.5,
    cut: int = 0,
) -> GetBatch:
    """Shift, flip, blur and add noise, so that a judge does not mind such things.

    Args:
        flip: mirror half of the pictures (never where left and right are a question)
        shift: pixels, at most, in each direction; the border is repeated
        wear: the share of pictures that get noise, and of batches that get blur
        cut: side of a grey square over each picture (Cutout, DeVries & Taylor 2017)
    """

    from torchvision.transforms import v2  # 2 s to import, so only where it is used

    def get_worn_batch(iteration: int) -> Batch:
        batch = dict(get_batch(iteration))
        generator = generator_for(seed, iteration, 1)
        x = batch["x_0"]
        if flip:
            mirrored = torch.rand(len(x), generator=generator) < 0.5
            x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
        x = shifted(x, shift, generator)
        if torch.rand((), generator=generator) < wear:
            strength = 0.2 + 0.6 * torch.rand((), generator=generator).item()
            x = v2.functional.gaussian_blur(x, [3, 3], [strength, strength])
        worn = (torch.rand(len(x), 1, 1, 1, generator=generator) < wear).float()
        strength = 0.2 * torch.rand(len(x), 1, 1, 1, generator=generator)
        x = x + worn * strength * torch.randn(x.shape, generator=generator)
        batch["x_0"] = cut_out(x, cut, generator).clamp(-1, 1)
        return batch

    return get_worn_batch


def shifted(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Each picture moved by its own -most..most pixels, the border repeated."""
    B, _, H, W = x.shape
    padded = F.pad(x, [most] * 4, mode="replicate")
    down, right = torch.randint(0, 2 * most + 1, (2, B, 1), generator=generator)
    rows, columns = down + torch.arange(H), right + torch.arange(W)  # (B, H), (B, W)
    picture = torch.arange(B)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)  # (B, C, H, W)


def cut_out(x: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """A grey square somewhere on each picture; side 0 changes nothing."""
    if side == 0:
        return x
    B, _, H, W = x.shape
    top = torch.randint(0, H, (B, 1, 1), generator=generator) - side // 2
    left = torch.randint(0, W, (B, 1, 1), generator=generator) - side // 2
    row, column = torch.arange(H)[:, None], torch.arange(W)[None, :]
    inside = (
        (row >= top) & (row < top + side) & (column >= left) & (column < left + side)
    )
    return x.masked_fill(inside[:, None], 0.0)
