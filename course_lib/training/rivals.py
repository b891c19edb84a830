"""The recipes of lesson 15: a GAN and a next-token model of labelled pictures.

Both learn what the denoiser of lesson 05 learns, from the same batches, with as many
parameters (within three per cent). So what differs afterwards is the road.

    pictures = load_critters("train", kind="one")
    trainer = gan_trainer(pictures, Settings(iterations=6000, **GAN_SETTINGS))
    trainer = token_trainer(pictures, Settings(iterations=3000, **TOKEN_SETTINGS))
"""

from dataclasses import replace
from pathlib import Path

import torch

from course_lib.chance import Batch, generator_for
from course_lib.device import plain_torch
from course_lib.networks.gan import (
    make_gan_loss,
    picture_gan,
    point_gan,
    ring,
    with_turns,
)
from course_lib.networks.next_token import (
    NextToken,
    fit_codebook,
    make_next_token_loss,
    squares_of,
    with_tokens,
)
from course_lib.training.bounds import check_batch_fits, checked_batch, checked_seed
from course_lib.training.bounds import whole as whole_number
from course_lib.training.recipes import MUON, trainer_of
from course_lib.training.resume import pictures_digest
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.datasets import PictureSet, batches

SIDE = 32  # both networks are built for pictures of 32x32
STRONGEST = 1000.0  # the weight of R1

# A GAN -----------------------------------------------------------------------------

# No momentum: the other player has moved since, so where the last steps led says little
# (Gidel et al. 2019). Few gradients are clipped; Adam's steps are bounded anyway.
GAN_SETTINGS = {"learning_rate": 8e-4, "momentum": 0.0, "decay": 0.3, "clip": 10.0}
POINT_SETTINGS = GAN_SETTINGS | {"learning_rate": 1e-3}  # small networks learn faster
CARELESS = {"momentum": 0.9}  # what suits every other network here
# Of pictures the usual weight (Mescheder et al. 2018). At 0.1 all frogs became one frog
# within minutes. Points differ by less, and the critic of points need not be as flat.
R1, POINT_R1 = 10.0, 0.1
KEPT_BY_GAN = 470_000  # activations of a picture, counted as in bounds.py


@plain_torch()
def gan_trainer(
    pictures: PictureSet,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 32,
    seed: int = 0,
    r1: float = R1,
    spectral: bool = False,
    critic_steps: int = 1,
) -> Trainer:
    """The recipe for a label-conditional GAN of 32x32 pictures.

    An iteration is one player's turn. Each argument from `r1` on is one piece of the
    usual care and can be taken away alone, to see what it is good for.

    Args:
        r1: the weight of R1, which holds the critic's slope down; 0 leaves it out
        spectral: bound the critic's slope by spectral norm, beside R1 or in its place
        critic_steps: turns of the critic for each turn of the generator
    """
    batch_size, seed, game = checked_gan(
        pictures, settings, batch_size, seed, r1, critic_steps
    )
    torch.manual_seed(seed)
    model = picture_gan(len(pictures.names) - 1, spectral=bool(spectral))
    # Photos are those without factors; they are mirrored at random, as in lesson 05.
    get_batch = batches(pictures, batch_size, seed, flip=pictures.factors is None)
    card = {"kind": "GAN", "config": model.config} | facts_of(pictures)
    return trainer_of(
        model,
        make_gan_loss(game["r1"]),
        with_turns(get_batch, model.config["z_width"], seed, game["critic_steps"]),
        settings,
        folder,
        resume,
        card | {"batch_size": batch_size, "seed": seed} | game,
    )


def checked_gan(
    pictures: PictureSet | None,
    settings: Settings,
    batch_size: int = 32,
    seed: int = 0,
    r1: float = R1,
    critic_steps: int = 1,
) -> tuple[int, int, dict]:
    """Check a GAN's arguments; `pictures` may be None if there are none yet.

    Raises:
        ValueError: one of them makes no sense; Muon; too large a batch for the memory
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    if settings.muon:
        # A spectral norm hides the matrices from Muon, and a game is no descent, for
        # which Muon was made.
        raise ValueError("A GAN learns with AdamW: leave out --optimizer muon.")
    if not 0 <= r1 <= STRONGEST:  # also refuses NaN
        raise ValueError(f"--r1 must lie in 0..{STRONGEST:g}; got {r1}.")
    steps = whole_number("--critic-steps", critic_steps, 1, 100)
    check_sides(pictures, "A GAN")
    check_batch_fits(KEPT_BY_GAN, batch_size, settings.precision)
    return batch_size, seed, {"r1": float(r1), "critic_steps": steps}


@plain_torch()
def point_trainer(
    settings: Settings,
    batch_size: int = 128,
    seed: int = 0,
    r1: float = POINT_R1,
    spectral: bool = False,
    critic_steps: int = 1,
) -> Trainer:
    """A GAN that learns the ring of eight clusters, in seconds: mode collapse to see.

    Args: as in `gan_trainer`
    """
    # float32: two small matrices gain nothing from less, and are timed in vain.
    settings = replace(settings, precision="float32")
    batch_size, seed, game = checked_gan(
        None, settings, batch_size, seed, r1, critic_steps
    )
    torch.manual_seed(seed)
    model = point_gan(spectral=spectral)

    def get_batch(iteration: int) -> Batch:
        points = ring(batch_size, generator_for(seed, iteration, 1))
        return {"x_0": points, "cond": torch.zeros(batch_size, dtype=torch.int64)}

    loss_fn = make_gan_loss(game["r1"])
    turns = with_turns(get_batch, model.z_width, seed, game["critic_steps"])
    return trainer_of(model, loss_fn, turns, settings)


# An autoregressive model --------------------------------------------------------------

# A short warm-up: a batch takes long, so a training of minutes has few hundred of them.
TOKEN_SETTINGS = MUON | {"warmup": 20}
FITTED_TO = 400  # pictures whose squares the codebook is fitted to: 102,400 squares
KEPT_BY_TOKENS = 3_900_000  # the same, with 256 tokens in four blocks


@plain_torch()
def token_trainer(
    pictures: PictureSet,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 32,
    seed: int = 0,
) -> Trainer:
    """The recipe for a label-conditional next-token model of 32x32 pictures.

    Each picture asks 256 questions, so a batch of 32 has 8,192.
    """
    batch_size, seed = checked_tokens(pictures, settings, batch_size, seed)
    torch.manual_seed(seed)
    model = NextToken(len(pictures.names) - 1)
    some = squares_of(pictures[torch.arange(min(FITTED_TO, len(pictures)))][0], 2)
    generator = generator_for(seed)
    model.codebook.copy_(
        fit_codebook(some.flatten(0, 1), len(model.codebook), generator)
    )
    get_batch = batches(pictures, batch_size, seed, flip=pictures.factors is None)
    card = {"kind": "next-token model", "config": model.config} | facts_of(pictures)
    return trainer_of(
        model,
        make_next_token_loss(),
        with_tokens(get_batch, model),
        settings,
        folder,
        resume,
        card | {"batch_size": batch_size, "seed": seed},
    )


def checked_tokens(
    pictures: PictureSet | None,
    settings: Settings,
    batch_size: int = 32,
    seed: int = 0,
) -> tuple[int, int]:
    """Check a next-token model's arguments; `pictures` may be None."""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    check_sides(pictures, "A next-token model")
    check_batch_fits(KEPT_BY_TOKENS, batch_size, settings.precision)
    return batch_size, seed


# Both ---------------------------------------------------------------------------------


def check_sides(pictures: PictureSet | None, who: str) -> None:
    """Raise a ValueError for pictures of another size than 32x32."""
    if pictures is not None and pictures.pictures.shape[-2:] != (SIDE, SIDE):
        size = "x".join(map(str, pictures.pictures.shape[-2:]))
        raise ValueError(f"{who} learns pictures of {SIDE}x{SIDE} here; got {size}.")


def facts_of(pictures: PictureSet) -> dict:
    """What a card says about the data, as that of a denoiser."""
    return {
        "data": pictures.name,
        "data_sha256": pictures_digest(pictures),
        "size": SIDE,
        "labels": list(pictures.names[: int(pictures.labels.max()) + 1]),
    }
