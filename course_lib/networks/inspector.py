"""The inspector, a network that finds flaws: a map of where, how bad, and which kind.

    pictures (B, 3, H, W) -> {"map": (B, H/4, W/4), "grade": (B, 3), "kind": (B, K)}

One label per picture teaches little: after 32,000 pictures of 32x32 a `Judge` told
flawed critters from clean ones hardly better than a coin (area under the ROC curve
0.55). Here every cell of a grid has a label too: is something wrong in it? So the
network is a small U-Net: down to see which animal this is, up again to say where it is
not one.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.cards import Card
from course_lib.chance import Batch
from course_lib.checkpoint import load_network

MAP_WEIGHT = 4.0  # weight of the map in the loss
FAULTY_WEIGHT = 5.0  # weight of a cell with a fault; one without counts 1

FAULTS = ("grade", "kind")  # questions about the fault, not about what is shown


class Residual(nn.Module):
    """A residual block of two convolutions (He et al. 2016)."""

    def __init__(self, width: int):
        super().__init__()
        self.conv_1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.conv_2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_1, self.norm_2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) to the same shape."""
        h = F.gelu(self.norm_1(self.conv_1(x)))
        return F.gelu(x + self.norm_2(self.conv_2(h)))


class FlawFinder(nn.Module):
    """Predicts where something is wrong, how badly, and what kind of fault it is.

    Args:
        answers: for each question the number of possible answers, "kind" with "none"
        size: height and width of the pictures
        widths: channels on each grid, finest first; the first has half the picture's
            side, each further one half of the one before
    """

    def __init__(
        self,
        answers: dict[str, int],
        size: int = 64,
        widths: tuple[int, ...] = (32, 64, 96, 128),
    ):
        super().__init__()
        self.config = dict(answers=answers, size=size, widths=list(widths))
        if len(widths) < 3 or size % 2 ** len(widths):
            raise ValueError(
                f"A picture of {size} pixels cannot be halved for widths {widths}: "
                "take three or more, each of which halves it once."
            )
        self.into = nn.Conv2d(12, widths[0], 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        pairs = list(zip(widths[:-1], widths[1:], strict=True))
        self.down = nn.ModuleList(
            nn.Conv2d(fine, coarse, 3, stride=2, padding=1) for fine, coarse in pairs
        )
        self.on_the_way_down = nn.ModuleList(Residual(w) for w in widths[1:])
        # Up to the second grid: its cells are 4x4 pixels, the size of an eye.
        self.up = nn.ModuleList(nn.Conv2d(c, f, 1) for f, c in reversed(pairs[1:]))
        self.on_the_way_up = nn.ModuleList(Residual(f) for f, _ in reversed(pairs[1:]))
        self.map = nn.Conv2d(widths[1], 1, 1)
        seen = 2 * widths[1] + widths[-1] + 3
        self.squeeze = nn.Linear(seen, 96)
        side = size // 2 ** len(widths)
        self.squeeze_shown = nn.Linear(widths[-1] * side**2, 128)
        self.heads = nn.ModuleDict(
            {q: nn.Linear(96 if q in FAULTS else 128, n) for q, n in answers.items()}
        )

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Pictures (B, 3, size, size) in [-1, 1], or a whole number of times as large.

        Returns:
            logits: "map" (B, size / 4, size / 4), and (B, answers) for each question
        """
        pictures = self.of_its_size(pictures)
        x = F.gelu(self.norm(self.into(F.pixel_unshuffle(pictures, 2))))
        grids = []
        for down, residual in zip(self.down, self.on_the_way_down, strict=True):
            x = residual(down(x))
            grids.append(x)
        deepest = grids.pop()
        for up, residual in zip(self.up, self.on_the_way_up, strict=True):
            x = residual(grids.pop() + up(F.interpolate(x, scale_factor=2.0)))
        flaws = self.map(x)[:, 0]
        # Read from the worst cells, wherever they are.
        worst = flaws.flatten(1).topk(8, 1).values
        worst = torch.stack([worst[:, 0], worst[:, :3].mean(1), worst.mean(1)], 1)
        weight = flaws.flatten(1).softmax(1)[:, None]  # (B, 1, cells)
        there = (x.flatten(2) * weight).sum(2)
        seen = [there, x.amax((2, 3)), deepest.mean((2, 3)), worst]
        h = F.gelu(self.squeeze(torch.cat(seen, 1)))
        shown = F.gelu(self.squeeze_shown(deepest.flatten(1)))
        return {"map": flaws} | {
            q: head(h if q in FAULTS else shown) for q, head in self.heads.items()
        }

    def of_its_size(self, pictures: Tensor) -> Tensor:
        """Larger pictures averaged down to `size`; ValueError for other shapes."""
        size = self.config["size"]
        times, rest = divmod(pictures.shape[-1], size)
        if pictures.shape[1:] != (3, times * size, times * size) or rest or not times:
            raise ValueError(
                f"This inspector looks at pictures (B, 3, {size}, {size}), or a whole "
                f"number of times as large; got {tuple(pictures.shape)}."
            )
        return F.avg_pool2d(pictures, times)


def flaw_loss(model: nn.Module, batch: Batch) -> Tensor:
    """The summed losses of the map and all questions.

    A batch: `x_0`, `map` (B, size / 4, size / 4) in 0..1, and (B,) int64 per question.
    """
    found = model(batch["x_0"])
    weight = 1 + (FAULTY_WEIGHT - 1) * batch["map"]
    where = F.binary_cross_entropy_with_logits(
        found["map"].float(), batch["map"], weight=weight
    )
    loss = MAP_WEIGHT * where
    for question in model.heads:
        asked = F.cross_entropy(found[question].float(), batch[question])
        loss = loss + (1.0 if question == "grade" else 0.3) * asked
    return loss


def load_flaw_finder(name_or_folder: Path | str) -> tuple[FlawFinder, Card]:
    """Load an inspector and its card: "inspector-64", "inspector-32" or your own."""
    return load_network(name_or_folder, "inspector", "not an inspector", FlawFinder)
