"""A network that writes melodies from a prompt: the painter's own parts, for sound.

    composer = new_composer()
    for loss in learn_melodies(composer, iterations=600):
        ...
    rolls = compose(composer, ["a slow rising tune in minor"], seed=0)

Noise schedule, loss, text encoder, U-Net, guidance and sampler are those of the
pictures. Each convolution has one side in place of two; nothing else was changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from course_lib.chance import generator_for
from course_lib.diffusion.guidance import guide
from course_lib.diffusion.objective import draw_noise, make_denoising_loss, predictor
from course_lib.diffusion.samplers import PictureNoise, ddpm, last_step
from course_lib.diffusion.schedule import straight_line
from course_lib.networks.one_dimension import in_one_dimension
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import Tokenizer, forget, train_tokenizer
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.melodies import LENGTH, PITCHES, melodies

SCHEDULE = straight_line(T=1000)
MOST_TOKENS = 12  # a caption has eight words at most, and each is one token
DROP = 0.1  # the share of captions left out, for guidance
ITERATIONS = 1000  # about half a minute of one core
SETTINGS = dict(learning_rate=3e-3, warmup=50, ema=0.99)


@dataclass
class Composer:
    """A text U-Net for melodies, and its tokenizer."""

    model: TextUNet
    tokenizer: Tokenizer

    def read(self, prompts: list[str]) -> Tensor:
        """Prompts to text_emb (B, L, D)."""
        return self.model.read(self.tokenizer.batch(prompts, MOST_TOKENS))


def new_composer(
    seed: int = 0, widths: tuple[int, ...] = (32, 64), blocks: int = 1
) -> Composer:
    """An untrained composer; its tokenizer has learned the words of the captions."""
    tokenizer = train_tokenizer(melodies(500, seed)[1], merges=120)
    text = dict(vocabulary=len(tokenizer), length=MOST_TOKENS, width=32, blocks=1)
    # A roll has 13 channels as a picture has 3. No fold: there are no squares.
    unet = dict(widths=widths, blocks=blocks, channels=PITCHES, refine=32, fold=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = in_one_dimension(TextUNet(text, unet))
    return Composer(model, tokenizer)


def melody_trainer(
    composer: Composer,
    settings: Settings,
    folder=None,
    resume: bool = False,
    batch_size: int = 32,
    seed: int = 0,
    known: int = 4000,
) -> Trainer:
    """The Trainer of a composer: the loss and the batches of a painter.

    Args:
        known: number of melodies that it learns from
    """
    rolls, captions = melodies(known, seed)
    tokens = composer.tokenizer.batch(captions, MOST_TOKENS)

    def get_batch(iteration: int) -> dict[str, Tensor]:
        generator = generator_for(seed, iteration)
        rows = torch.randint(known, (batch_size,), generator=generator)
        x_0 = rolls[rows]
        dropped = torch.rand(batch_size, generator=generator) < DROP
        cond = forget(tokens[rows], dropped)
        # Which note it is, is decided early, while there is much noise: one of thirteen
        # is told by a single number. So most of the steps in training are noisy ones.
        noise = draw_noise(x_0, SCHEDULE.T, generator, noisier=0.8, even=0.2)
        return {"x_0": x_0, "cond": cond} | noise

    loss = make_denoising_loss(SCHEDULE, "v")
    return Trainer(
        composer.model,
        loss,
        get_batch,
        settings,
        folder,
        resume,
        card=dict(batch_size=batch_size, seed=seed, known=known),
        device="cpu",
    )


def learn_melodies(
    composer: Composer,
    iterations: int,
    batch_size: int = 32,
    seed: int = 0,
    known: int = 4000,
) -> Iterator[tuple[int, float]]:
    """Train a composer, and yield iteration and loss; then its weights are averaged.

    The arguments are those of `melody_trainer`.
    """
    settings = Settings(iterations=iterations, **SETTINGS)
    how = dict(batch_size=batch_size, seed=seed, known=known)
    trainer = melody_trainer(composer, settings, **how)
    for progress in trainer.run():
        yield progress.iteration, progress.loss
    composer.model.load_state_dict(trainer.ema)
    composer.model.eval()


@torch.no_grad()
def compose(
    composer: Composer,
    prompts: list[str],
    seed: int = 0,
    steps: int = 40,
    guidance_scale: float = 4.0,
) -> Tensor:
    """A melody for each prompt: rolls (B, PITCHES, LENGTH), roughly in [-1, 1]."""
    text_emb = composer.read([*prompts, ""])
    cond, uncond = text_emb[:-1], text_emb[-1:].expand_as(text_emb[:-1])
    model = guide(composer.model, guidance_scale, uncond)
    predict = predictor(model, SCHEDULE, "v", cond, clamp_x_0=True)
    noise = PictureNoise(seed, range(len(prompts)))
    x_T = noise((PITCHES, LENGTH))
    # A note is there or not: half a note is an error, and fresh noise repairs it. With
    # euler the lengths of the notes were right less often (benchmarks/melodies.py).
    return last_step(ddpm(predict, x_T, SCHEDULE, steps, noise))
