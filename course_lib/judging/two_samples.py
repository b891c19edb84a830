"""Can anything tell our pictures from real ones? A network is trained to try.

A judge that was made beforehand looks for what its maker thought of. This one is made
for the case: whatever gives ours away, it may learn it (Lopez-Paz & Oquab 2017, a
classifier two-sample test). 50 % right on pictures that it has not learned from means
that it found nothing.
"""

import torch
from torch import Tensor

from course_lib.chance import HALVES, Batch, generator_for
from course_lib.device import plain_torch
from course_lib.judging.evaluation import FRESH
from course_lib.judging.fidelity import prompts_of
from course_lib.judging.metrics import Share, share
from course_lib.networks.judge import Judge, make_judge_loss
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes, to_bytes
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.wear import with_wear

ITERATIONS = 500  # of 64 pictures: about five minutes of one core at 64x64
MIXTURE = {"one animal": 0.5, "two animals": 0.4, "two senses, context": 0.1}


@plain_torch()
def tell_apart(
    real: Tensor, made: Tensor, seed: int = 0, iterations: int = ITERATIONS
) -> Share:
    """How often a network trained on half of both sets is right about the other half.

    Args:
        real, made: (N, 3, H, W) in [-1, 1], as many of each
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
    size = pictures.shape[-1]
    widths = (32, 64, 96) if size == 32 else (24, 48, 64, 96)
    model = Judge({"made": 2}, size, widths)
    # Moved by a pixel and little else: grain and blur are what it is to find.
    worn = with_wear(get_batch, seed, shift=1, wear=0.0)
    settings = Settings(iterations, warmup=20, weight_decay=0.05, decay=1.0)
    trainer = Trainer(model, make_judge_loss(), worn, settings)
    for _ in trainer.run():
        pass
    trainer.close()
    judge = trainer.averaged_model().eval()
    return share(judge.read(pictures[kept])["made"] == answer[kept])


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
