"""The recipe for a film painter: a picture painter that learns motion from drawn films.

    trainer = film_trainer(Settings(iterations=4000, **FILM_SETTINGS))

It starts from a trained text-to-image network. Its layers along time are new and start
at zero; all others go on learning, five times as gently. Every fourth batch holds
pictures with their own captions, so that it does not forget how to draw what no film
shows: two animals, hats, borrowed ears.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.chance import GIVING, SHARING, Batch, GetBatch, generator_for
from course_lib.checkpoint import Shipped, load_weights
from course_lib.device import plain_torch
from course_lib.diffusion.film_noise import IN_COMMON, in_common
from course_lib.diffusion.objective import check_target, make_target, with_noise
from course_lib.diffusion.schedule import NoiseSchedule, add_noise, schedule_named
from course_lib.networks.autoencoder import save_its_autoencoder
from course_lib.networks.tokenizer import Tokenizer, forget
from course_lib.networks.video import FilmUNet, give_frames, grown_from
from course_lib.painters.films import load_film_painter, picture_painter_in
from course_lib.painters.pipeline import TextToImage
from course_lib.training.bounds import (
    check_batch_fits,
    checked_batch,
    checked_noisier,
    checked_seed,
    checked_share,
    whole,
)
from course_lib.training.captions import LENGTH, with_captions, without_padding
from course_lib.training.recipes import MUON, trainer_of
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.endless import endless_batches
from course_lib.world.film_captions import film_captions
from course_lib.world.films import FILM_FACTORS, FRAMES, endless_films

WORDS = Shipped("words")  # the default picture painter
# What it starts with learns gently: it can draw already. The new layers learn fast.
FILM_SETTINGS = MUON | {"decay": 0.3, "gently": ("painter.",)}
FILM_BATCH = 8
# A network that was never given a frame would not know what step 0 means.
GIVEN_SHARES = {"first": 0.25, "first and last": 0.15}
KEPT_BY_FRAME = 1_560_000  # activations of one frame of 32x32


@plain_torch()
def film_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = FILM_BATCH,
    seed: int = 0,
    frames: int = FRAMES,
    start: Path | str = WORDS,
    noisier: float | None = 0.8,
    even: float = 0.2,
    pictures: float = 0.25,
) -> Trainer:
    """The recipe for text-to-film.

    Args:
        frames: of a film; half as many cost half, and show the same motions
        start: a text-to-image network, for pixels or latents; or a film painter, which
            goes on learning
        noisier, even: the distribution of t, see `with_noise`
        pictures: the share of the batches that hold pictures, 0 to 1
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    frames = whole("--frames", frames, 2, 64)
    noisier, even = checked_noisier(noisier), checked_share("even", even)
    pictures = checked_share("--pictures", pictures)
    check_batch_fits(KEPT_BY_FRAME * frames, batch_size, settings.precision)

    torch.manual_seed(seed)  # for the first weights of the layers along time
    painter, model = grown(start)
    card, tokenizer = painter.card, painter.tokenizer
    schedule = schedule_named(card["schedule"], card["T"])
    encode = None if painter.autoencoder is None else encoder_with(painter)
    get_films = endless_films(batch_size, card["size"], frames, seed)
    get_batch = with_film_captions(get_films, tokenizer, seed)
    get_batch = with_given_frames(encoded(get_batch, encode), seed)
    # As many pictures as a batch of films has frames: both cost the same.
    drawn = endless_batches(batch_size * frames, card["size"], seed)
    get_pictures = encoded(with_captions(drawn, tokenizer, seed), encode)
    get_batch = mixed(get_batch, as_films(get_pictures), pictures)
    own = dict(kind="film denoiser", config=model.config, frames=frames)
    own |= dict(data="films", batch_size=batch_size, seed=seed, noisier=noisier)
    own |= dict(even=even, pictures=pictures, in_common=IN_COMMON)
    own |= dict(start=Path(start).name)
    kept = ("merges", "schedule", "T", "target", "size")
    kept += ("autoencoder", "encoder_sha256", "latent_scale")
    own |= {name: card[name] for name in kept if name in card}
    get_batch = with_noise(
        get_batch, schedule, seed, drop=0.0, noisier=noisier, even=even
    )
    trainer = trainer_of(
        model,
        make_film_loss(schedule, card["target"]),
        with_common_noise(get_batch, seed),
        settings,
        folder,
        resume,
        own,
    )
    if folder is not None:
        save_its_autoencoder(folder, own, painter.autoencoder)
    return trainer


def grown(start: Path | str) -> tuple[TextToImage, FilmUNet]:
    """A picture painter and the film painter grown from it, or trained already.

    Raises:
        CheckpointError: there are no such weights, or they take no prompts
    """
    if load_weights(start)[1].get("kind") == "film denoiser":
        model, card, tokenizer, autoencoder = load_film_painter(start)
        return picture_painter_in(model, card, tokenizer, autoencoder), model.train()
    painter = TextToImage.from_pretrained(start)
    model = FilmUNet(**painter.model.config)
    grown_from(model, painter.model)
    return painter, model


# Batches --------------------------------------------------------------------------


def with_film_captions(
    get_films: GetBatch, tokenizer: Tokenizer, seed: int, drop: float = 0.1
) -> GetBatch:
    """Batches of `x_0`, films, and `cond`, the tokens of their captions, (B, L).

    Args:
        drop: the share of captions dropped, for guidance
    """

    def get_batch(iteration: int) -> Batch:
        batch = get_films(iteration)
        factors = {name: batch[name] for name in FILM_FACTORS}
        B = len(batch["x_0"])
        places = torch.arange(iteration * B, (iteration + 1) * B)
        tokens = tokenizer.batch(film_captions(factors, places, seed), LENGTH)
        chances = torch.rand(B, generator=generator_for(seed, iteration, GIVING, 0))
        tokens = forget(tokens, chances < drop)
        return {"x_0": batch["x_0"], "cond": without_padding(tokens)}

    return get_batch


def with_given_frames(get_batch: GetBatch, seed: int) -> GetBatch:
    """Add `given`, (B, F) bool: the frames that are given, by GIVEN_SHARES."""
    first, both = GIVEN_SHARES["first"], GIVEN_SHARES["first and last"]

    def get_given_batch(iteration: int) -> Batch:
        batch = get_batch(iteration)
        B, frames = batch["x_0"].shape[:2]
        u = torch.rand(B, generator=generator_for(seed, iteration, GIVING, 1))
        given = torch.zeros(B, frames, dtype=torch.bool)
        given[:, 0] = u < first + both
        if frames > 2:  # or there would be nothing between
            given[:, -1] = u < both
        return batch | {"given": given}

    return get_given_batch


def with_common_noise(get_batch: GetBatch, seed: int) -> GetBatch:
    """Let the frames of each film have a part of their noise, `eps`, in common."""

    def get_common_batch(iteration: int) -> Batch:
        batch = get_batch(iteration)
        eps = batch["eps"]
        generator = generator_for(seed, iteration, SHARING)
        common = torch.randn(eps[:, :1].shape, generator=generator)
        return batch | {"eps": in_common(eps, common, IN_COMMON)}

    return get_common_batch


def as_films(get_pictures: GetBatch) -> GetBatch:
    """Batches of pictures as films of one frame, none of them given."""

    def get_batch(iteration: int) -> Batch:
        batch = get_pictures(iteration)
        given = torch.zeros(len(batch["x_0"]), 1, dtype=torch.bool)
        return batch | {"x_0": batch["x_0"][:, None], "given": given}

    return get_batch


def mixed(get_films: GetBatch, get_pictures: GetBatch, share: float) -> GetBatch:
    """Batches of films, and for a share of the iterations batches of pictures.

    >>> of = mixed(lambda i: f"film {i}", lambda i: f"picture {i}", 0.25)
    >>> [of(i) for i in range(6)]
    ['film 0', 'film 1', 'film 2', 'picture 0', 'film 3', 'film 4']
    """

    def get_batch(iteration: int) -> Batch:
        # How many of the first n batches are pictures: evenly spread, and a function of
        # the iteration alone, so a resumed training sees the same.
        before, after = int(iteration * share), int((iteration + 1) * share)
        return get_pictures(before) if after > before else get_films(iteration - before)

    return get_batch


def encoder_with(painter: TextToImage) -> Callable[[Tensor], Tensor]:
    """From pictures or films in [-1, 1] to the latents that a painter draws."""

    def encode(x_0: Tensor) -> Tensor:
        pictures = x_0.flatten(0, -4)  # (N, 3, H, W), however many frames there are
        parts = [painter.encode(some).cpu() for some in pictures.split(100)]
        return torch.cat(parts).unflatten(0, x_0.shape[:-3])

    return encode


def encoded(get_batch: GetBatch, encode: Callable | None) -> GetBatch:
    """The same batches with latents for pictures, if there is an encoder."""
    if encode is None:
        return get_batch

    def get_latents(iteration: int) -> Batch:
        batch = get_batch(iteration)
        return batch | {"x_0": encode(batch["x_0"])}

    return get_latents


# Loss -----------------------------------------------------------------------------


def make_film_loss(
    schedule: NoiseSchedule, target: str
) -> Callable[[nn.Module, Batch], Tensor]:
    """The denoising loss of films, over the frames that are not given.

    A batch: `x_0` and `eps` (B, F, C, H, W), `t` (B,), `given` (B, F), `cond`.
    """
    check_target(target, schedule)

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        x_0, t, eps, given = (batch[name] for name in ("x_0", "t", "eps", "given"))
        # One step for all frames: a film is drawn as a whole, from noise to clean.
        x_t, each = give_frames(add_noise(x_0, t, eps, schedule), t, x_0, given)
        error = model(x_t, each, batch["cond"]) - make_target(
            target, x_0, eps, t, schedule
        )
        # A given frame has nothing to guess.
        per_frame = error.square().flatten(2).mean(2)  # (B, F)
        asked = ~given
        return (per_frame * asked).sum() / asked.sum().clamp(min=1)

    return loss_fn
