"""A classifier two-sample test: can a network tell our pictures from real ones?

A ready-made judge looks for what its maker thought of. This one is trained for the
case and may learn whatever gives our pictures away (Lopez-Paz & Oquab 2017). If it is
50 % right on pictures outside its training, it has found nothing.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import HALVES, Batch, generator_for
from course_lib.device import plain_torch
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import prompts_of
from course_lib.judging.metrics import Share, share
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes, to_bytes
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.wear import with_wear

ITERATIONS = 400  # of 64 pictures
MIXTURE = {"one animal": 0.5, "two animals": 0.4, "two senses, context": 0.1}


class Doubter(nn.Module):
    """A network from pictures (B, 3, H, W) to scores for "real" and "made", (B, 2).

    Asked for more answers, it names kinds: the small judge of lesson 18.

    It looks at every position alike and pools: with a few hundred training pictures, a
    network that knew positions would learn each picture by heart.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 96, 128), answers: int = 2):
        super().__init__()
        layers, before = [], 3
        for i, width in enumerate(widths):
            convolution = nn.Conv2d(before, width, 3, 1 + (i > 0), 1, bias=False)
            layers += [convolution, nn.BatchNorm2d(width), nn.GELU()]
            before = width
        self.layers = nn.Sequential(*layers)
        self.out = nn.Linear(2 * before, answers)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.out(self.features(pictures))

    def features(self, pictures: Tensor) -> Tensor:
        """What the answer is read from, (B, 2 C)."""
        seen = self.layers(pictures)  # (B, C, H / 8, W / 8)
        # The mean finds what is everywhere, like grain; the maximum what is somewhere,
        # like a missing eye.
        return torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], dim=1)


def doubting_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy for batches of `x_0`, (B, 3, H, W), and `made`, (B,) 0 or 1."""
    return F.cross_entropy(model(batch["x_0"]), batch["made"])


@plain_torch()
def tell_apart(
    real: Tensor, made: Tensor, seed: int = 0, iterations: int | None = None
) -> Share:
    """Train a network on half of both sets; return its accuracy on the other half.

    Args:
        real, made: (N, 3, H, W) in [-1, 1], N of each, at least 64
        iterations: of its training; None is ITERATIONS

    Raises:
        ValueError: the sets differ in size, or are too small
    """
    check_sets(real, made)
    # Both through bytes: differences that no eye can see should not count.
    pictures = from_bytes(to_bytes(torch.cat([real, made])))
    answer = torch.arange(len(pictures)) // len(real)
    generator = generator_for(seed, HALVES)
    order = torch.randperm(len(pictures), generator=generator)
    learned, kept = order[: len(real)], order[len(real) :]
    doubter = trained_doubter(pictures[learned], answer[learned], seed, iterations)
    said = scores(doubter, pictures[kept]) > 0
    return share(said.long() == answer[kept])


def check_sets(real: Tensor, made: Tensor) -> None:
    """Raise ValueError unless both sets are equally large, and large enough."""
    if len(real) != len(made) or len(real) < 64:
        raise ValueError(
            f"Both sets need the same number of pictures, at least 64; got {len(real)} "
            f"and {len(made)}."
        )


@plain_torch()
def trained_doubter(
    pictures: Tensor,
    answer: Tensor,
    seed: int = 0,
    iterations: int | None = None,
    answers: int = 2,
) -> Doubter:
    """A doubter trained on pictures (N, 3, H, W) and answers (N,) from 0 on."""

    def get_batch(iteration: int) -> Batch:
        rows = torch.randint(
            len(pictures), (64,), generator=generator_for(seed, iteration)
        )
        return {"x_0": pictures[rows], "made": answer[rows]}

    torch.manual_seed(seed)
    # Only mirrored and shifted by a pixel: it should be able to find grain and blur.
    worn = with_wear(get_batch, seed, flip=True, shift=1, wear=0.0)
    settings = Settings(
        iterations or ITERATIONS, warmup=20, weight_decay=0.05, decay=1.0
    )
    trainer = Trainer(Doubter(answers=answers), doubting_loss, worn, settings)
    for _ in trainer.run():
        pass
    trainer.close()
    return trainer.averaged_model().eval()


@torch.no_grad()
def scores(doubter: Doubter, pictures: Tensor) -> Tensor:
    """How much more "made" than "real" a doubter calls pictures (N, 3, H, W): (N,)."""
    said = torch.cat([doubter(x).cpu() for x in pictures.split(64)])
    return said[:, 1] - said[:, 0]


@plain_torch()
def measure_apart(
    painter: TextToImage, n: int = 1024, seeds: int = 1, **how
) -> dict[str, Share]:
    """Run `tell_apart` on drawn and real pictures, and on two sets of real ones.

    Drawn and real pictures are of the same prompts.

    Args:
        n: prompts for each seed
        how: steps, guidance_scale, sampler
    """
    size, found = painter.card["size"], {"drawn": [], "real": []}
    for seed in range(seeds):
        sets = [mixed_prompts(n, FRESH + 50 + 2 * seed + i, size) for i in range(2)]
        (texts, real), (_, others) = sets
        made = painter(texts, seed=seed, **how)
        found["drawn"].append(tell_apart(real, made, seed))
        # A control: between two sets of real pictures it must find nothing.
        found["real"].append(tell_apart(real, others, seed))
    return {
        name: Share(sum(s.right for s in shares), sum(s.n for s in shares))
        for name, shares in found.items()
    }


def mixed_prompts(n: int, world: int, size: int) -> tuple[list[str], Tensor]:
    """n prompts of the kinds in MIXTURE, and real pictures of the same prompts."""
    texts, pictures = [], []
    for kind, part in MIXTURE.items():
        prompts = prompts_of(kind, round(part * n), world, size)
        texts += prompts.texts
        pictures.append(prompts.real)
    return texts, torch.cat(pictures)
