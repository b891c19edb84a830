"""Control by a sketch: a copy of the painter's way down learns to steer it.

Pictures of the world are the lesson, each with its own lines for a sketch
(world/sketches.py). The painter stays as it is.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.chance import SKETCHED, Batch, GetBatch, generator_for
from course_lib.device import plain_torch
from course_lib.diffusion.objective import make_denoising_loss
from course_lib.networks.control import control_for
from course_lib.networks.tokenizer import forget
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.training.captions import with_captions
from course_lib.training.personalise import BASE, BATCH, begin, encoded, noised
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.drawing import draw_critters
from course_lib.world.sketches import sketch_of

CONTROL_SETTINGS = {"iterations": 300, "learning_rate": 1e-3, "warmup": 20}
PICTURES = 1024  # drawn, encoded and sketched once
# Half of the captions are dropped: what the text does not say, the sketch must (Zhang
# et al. 2023, section 3.4).
WORDLESS = 0.5


def sketched_batches(painter: TextToImage, batch_size: int, seed: int) -> GetBatch:
    """Batches of the world's pictures with captions, and a `sketch` of each."""
    pictures, factors = draw_critters(PICTURES, seed, painter.card["size"])
    x_0 = encoded(painter, from_bytes(pictures))
    # As bytes: as floats they would take as much memory as all latents together.
    sketches = sketch_of(from_bytes(pictures)).mul_(255).byte()

    def rows_of(iteration: int) -> Tensor:
        generator = generator_for(seed, iteration, SKETCHED)
        return torch.randint(PICTURES, (batch_size,), generator=generator)

    def get_learned(iteration: int) -> Batch:
        rows = rows_of(iteration)
        return {"x_0": x_0[rows]} | {name: f[rows] for name, f in factors.items()}

    manner = painter.card.get("manner", "plain")
    get_told = with_captions(get_learned, painter.tokenizer, seed, manner=manner)

    def get_batch(iteration: int) -> Batch:
        batch, rows = get_told(iteration), rows_of(iteration)
        generator = generator_for(seed, iteration, SKETCHED + 1)
        wordless = torch.rand(batch_size, generator=generator) < WORDLESS
        batch["cond"] = forget(batch["cond"], wordless)
        return batch | {"sketch": sketches[rows].float() / 255}

    return get_batch


@plain_torch()
def control_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    base: Path | str = BASE,
) -> Trainer:
    """A small ControlNet: lines in, and the drawn creature follows them."""
    painter, card = begin(base, batch_size, seed)
    model = painter.model.requires_grad_(False)
    cell = painter.times * model.config["unet"]["fold"]
    control = control_for(model, cell).to(painter.device).requires_grad_(True)
    loss_fn = make_denoising_loss(painter.schedule, painter.card["target"])

    def loss_of_control(control: nn.Module, batch: Batch) -> Tensor:
        def steered(x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
            text_emb = model.read(cond)
            added = control(x_t, t, text_emb, batch["sketch"])
            return model.unet(x_t, t, text_emb, added)

        return loss_fn(steered, batch)

    get_batch = sketched_batches(painter, batch_size, seed)
    return Trainer(
        control,
        plain_torch()(loss_of_control),
        plain_torch()(noised(get_batch, painter, seed)),
        settings,
        folder,
        resume,
        card | dict(kind="control", config=control.config, data="critters"),
    )
