"""Can anything tell our pictures from real ones? A network is trained to try.

A judge that was made beforehand looks for what its maker thought of. This one is made
for the case: whatever gives ours away, it may learn it (Lopez-Paz & Oquab 2017, a
classifier two-sample test). 50 % right on pictures that it has not learned from means
that it found nothing.
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
    """Pictures (B, 3, H, W) to a score for "real" and one for "made", (B, 2).

    It looks at every place alike and takes the mean: with some hundred pictures to
    learn from, a network that knew places would know each picture by heart.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 96, 128)):
        super().__init__()
        layers, before = [], 3
        for i, width in enumerate(widths):
            convolution = nn.Conv2d(before, width, 3, 1 + (i > 0), 1, bias=False)
            layers += [convolution, nn.BatchNorm2d(width), nn.GELU()]
            before = width
        self.layers = nn.Sequential(*layers)
        self.out = nn.Linear(2 * before, 2)

    def forward(self, pictures: Tensor) -> Tensor:
        seen = self.layers(pictures)  # (B, C, H / 8, W / 8)
        # What is everywhere, like grain, and what is somewhere, like a missing eye.
        return self.out(torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], dim=1))


def doubting_loss(model: nn.Module, batch: Batch) -> Tensor:
    """Cross-entropy; a batch: `x_0`, and `made`, (B,)."""
    return F.cross_entropy(model(batch["x_0"]), batch["made"])


@plain_torch()
def tell_apart(
    real: Tensor, made: Tensor, seed: int = 0, iterations: int | None = None
) -> Share:
    """How often a network trained on half of both sets is right about the other half.

    Args:
        real, made: (N, 3, H, W) in [-1, 1], as many of each
        iterations: of its training; None is ITERATIONS
    """
    if len(real) != len(made) or len(real) < 64:
        raise ValueError(
            f"Two sets of as many pictures are compared, at least 64; got {len(real)} "
            f"and {len(made)}."
        )
    # Through bytes, both: what is never seen by an eye should give nobody away.
    pictures = from_bytes(to_bytes(torch.cat([real, made])))
    answer = torch.arange(len(pictures)) // len(real)
    generator = generator_for(seed, HALVES)
    order = torch.randperm(len(pictures), generator=generator)
    learned, kept = order[: len(real)], order[len(real) :]

    def get_batch(iteration: int) -> Batch:
        some = torch.randint(
            len(learned), (64,), generator=generator_for(seed, iteration)
        )
        rows = learned[some]
        return {"x_0": pictures[rows], "made": answer[rows]}

    torch.manual_seed(seed)
    # Mirrored and moved by a pixel, and nothing else: grain and blur it is to find.
    worn = with_wear(get_batch, seed, flip=True, shift=1, wear=0.0)
    settings = Settings(
        iterations or ITERATIONS, warmup=20, weight_decay=0.05, decay=1.0
    )
    trainer = Trainer(Doubter(), doubting_loss, worn, settings)
    for _ in trainer.run():
        pass
    trainer.close()
    doubter = trainer.averaged_model().eval()
    with torch.no_grad():
        said = torch.cat([doubter(x).argmax(1).cpu() for x in pictures[kept].split(64)])
    return share(said == answer[kept])


@plain_torch()
def measure_apart(
    painter: TextToImage, n: int = 1024, seeds: int = 1, **how
) -> dict[str, Share]:
    """`tell_apart` of drawn and real pictures of the same prompts, and of real ones.

    Args:
        how: steps, guidance_scale, sampler
    """
    size, found = painter.card["size"], {"drawn": [], "real": []}
    for seed in range(seeds):
        sets = [mixed_prompts(n, FRESH + 50 + 2 * seed + i, size) for i in range(2)]
        (texts, real), (_, others) = sets
        made = painter(texts, seed=seed, **how)
        found["drawn"].append(tell_apart(real, made, seed))
        # Of two sets that are both real it must find nothing.
        found["real"].append(tell_apart(real, others, seed))
    return {
        name: Share(sum(s.right for s in shares), sum(s.n for s in shares))
        for name, shares in found.items()
    }


def mixed_prompts(n: int, world: int, size: int) -> tuple[list[str], Tensor]:
    """Prompts of several kinds and real pictures of the same, n of each."""
    texts, pictures = [], []
    for kind, part in MIXTURE.items():
        prompts = prompts_of(kind, round(part * n), world, size)
        texts += prompts.texts
        pictures.append(prompts.real)
    return texts, torch.cat(pictures)
