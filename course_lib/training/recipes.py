"""The trainings of this course, ready to start: one recipe for each network.

A recipe is a function that returns a Trainer and reads from top to bottom: network,
data, loss, card. Its recommended settings are defined above it:

    settings = Settings(iterations=7000, **DENOISER_SETTINGS)
    trainer = denoiser_trainer(load_critters("train", kind="one"), settings)

The recipes made everything that ships under data/weights (`make weights`).
"""

from pathlib import Path

import torch

from course_lib.cards import made_from
from course_lib.checkpoint import Shipped, load_weights
from course_lib.device import best_device, plain_torch
from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.diffusion.schedule import NoiseSchedule, straight_line
from course_lib.networks.autoencoder import (
    Autoencoder,
    learn_on,
    make_autoencoder_loss,
    with_cloud_noise,
    with_strangers,
)
from course_lib.networks.contrastive import (
    ImageTextPair,
    Matcher,
    make_contrastive_loss,
)
from course_lib.networks.text_unet import TextUNet, go_on_from
from course_lib.networks.unet import UNet
from course_lib.training.beginnings import (
    endless_critters,
    fixed_critters,
    start_as_listener,
    start_with,
    words_of,
)
from course_lib.training.bounds import (
    KEPT_BY_AUTOENCODER,
    KEPT_BY_DECODER,
    check_batch_fits,
    check_blocks_fit,
    checked_batch,
    checked_network,
    checked_noisier,
    checked_seed,
    checked_share,
    checked_size,
    whole,
)
from course_lib.training.captions import (
    caption_tokenizer,
    text_settings,
    with_captions,
)
from course_lib.training.latents import keep_autoencoder
from course_lib.training.resume import pictures_digest
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.datasets import PictureSet, batches, load_critters
from course_lib.world.wear import with_wear

PAIR = Shipped("pair")  # the default image-text pair
CODER = Shipped("autoencoder")  # the default autoencoder
ADAMW = {"muon": False, "learning_rate": 2e-3}  # the alternative to MUON
# After 1,000 iterations a text-to-image network draws one animal right in 60 % with
# Muon and in 9 % with AdamW. In the same time Muon takes a fifth fewer steps.
MUON = {"muon": True, "learning_rate": 3e-3}  # lesson 05, "A better step"


def network_of(start: Path | str | None, own: dict, widths, blocks) -> tuple:
    """Channels and blocks: as given, else those of trained weights, else `own`."""
    if start is not None:
        card = load_weights(start)[1]
        with made_from(start, card):
            config = card["config"].get("unet", card["config"])
            deep = config.get("decoder_blocks", config["blocks"])  # the trained part
            own = {"widths": tuple(config["widths"]), "blocks": deep}
    return (
        own["widths"] if widths is None else widths,
        own["blocks"] if blocks is None else blocks,
    )


def trainer_of(model, loss_fn, get_batch, *rest) -> Trainer:
    """A Trainer whose batches and losses do not depend on torch's defaults.

    A loss of your own, given directly to a Trainer, does see your defaults.
    """
    return Trainer(model, plain_torch()(loss_fn), plain_torch()(get_batch), *rest)


# From labels to pictures --------------------------------------------------------

DENOISER_SETTINGS = MUON
DENOISER = {"widths": (64, 128), "blocks": 2}
BATCH = 64  # for all denoisers


@plain_torch()
def denoiser_trainer(
    pictures: PictureSet,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    widths: tuple[int, ...] = DENOISER["widths"],
    blocks: int = DENOISER["blocks"],
    schedule: NoiseSchedule | None = None,
    target: str = "v",
    noisier: float | None = 0.0,
) -> Trainer:
    """The recipe for a label-conditional U-Net: straight line, velocity (by default).

    Photos are mirrored at random. Critters are not: their captions say left and right.

    Args:
        target: what the network predicts: "eps", "x_0" or "v"
        noisier: the centre of a logit-normal for t, see `with_noise`; None is uniform
    """
    size = pictures.pictures.shape[-1]
    asked = checked_denoiser(size, settings, batch_size, seed, widths, blocks, noisier)
    batch_size, seed, widths, blocks, noisier = asked
    schedule = schedule or straight_line()
    # For the initial weights only; batches and noise have their own random streams.
    torch.manual_seed(seed)
    # The first name is "nothing", which every UNet has as label 0.
    model = UNet(widths=widths, blocks=blocks, labels=len(pictures.names) - 1)
    # Photos are those without factors.
    get_batch = batches(pictures, batch_size, seed, flip=pictures.factors is None)
    card = denoiser_card(model, pictures, schedule, target)
    return trainer_of(
        model,
        make_denoising_loss(schedule, target),
        with_noise(get_batch, schedule, seed, drop=0.1, noisier=noisier),
        settings,
        folder,
        resume,
        card | {"batch_size": batch_size, "seed": seed, "noisier": noisier},
    )


def checked_denoiser(
    size: int,
    settings: Settings,
    batch_size: int = BATCH,
    seed: int = 0,
    widths: tuple[int, ...] = DENOISER["widths"],
    blocks: int = DENOISER["blocks"],
    noisier: float | None = 0.0,
) -> tuple:
    """Check a denoiser's arguments; a command does so before it loads the pictures."""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    widths, blocks = checked_network(widths, blocks, size)
    check_blocks_fit(widths, blocks, size, batch_size, settings.precision)
    return batch_size, seed, widths, blocks, checked_noisier(noisier)


def denoiser_card(
    model: UNet, pictures: PictureSet, schedule: NoiseSchedule, target: str
) -> dict:
    """The facts needed to use a denoiser: network, noise schedule, target, labels."""
    return {
        "kind": "denoiser",
        "config": model.config,
        "schedule": schedule.name,
        "T": schedule.T,
        "target": target,
        "data": pictures.name,
        "data_sha256": pictures_digest(pictures),
        "size": pictures.pictures.shape[-1],
        # Only up to the last label in use: nothing else can be asked for.
        "labels": list(pictures.names[: int(pictures.labels.max()) + 1]),
    }


# From prompts to pictures, in pixels or latents -----------------------------------

# The text encoder and the gist come pretrained from the pair: they learn gently.
GENTLY = ("text_encoder", "unet.gist.turn")
TEXT_SETTINGS = MUON | {"decay": 0.3, "gently": GENTLY}
LATENT_SETTINGS = TEXT_SETTINGS
PAINTER = {"widths": (64, 160), "blocks": 1}
PAINTER_OF_GPU = {"widths": (128, 256), "blocks": 2}  # a GPU trains this in that time


@plain_torch()
def text_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    widths: tuple[int, ...] | None = None,
    blocks: int | None = None,
    noisier: float | None = 0.8,
    even: float = 0.2,
    caption_noise: float = 0.0,
    pair: Path | str | None = PAIR,
    size: int = 32,
    autoencoder: Path | str | None = None,
    start: Path | str | None = None,
    listener: Path | str | None = None,
    manner: str | None = None,
    again: int = 0,
) -> Trainer:
    """The recipe for text-to-image: text encoder and U-Net, trained together.

    Args:
        widths, blocks: if None, those of `start`, else those of PAINTER
        noisier, even: the distribution of t, see `with_noise`
        caption_noise: the share of captions that are false or missing, for experiments
        pair: the image-text pair whose text encoder initialises this one; with None it
            starts at random and takes many times as long to learn a word
        size: height and width of the pictures, 32 or 64
        autoencoder: if given, its latents replace the pixels; nothing else changes
        start: trained weights to continue from; `pair` and `listener` then load nothing
        listener: a trained Listener whose text encoder replaces that of `pair`
        manner: the kind of captions: "plain", or "spoken" as people type them; None is
            that of `start`, else "plain"
        again: 0 trains on 50,000 fixed pictures; n > 0 on endless ones, each of which
            is seen n times
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    noisier, even = checked_noisier(noisier), checked_share("even", even)
    caption_noise = checked_share("caption_noise", caption_noise)
    size = checked_size(size, 32, 64)
    # Latents are not folded. When it was tried, the animals were still lumps when those
    # without folding had faces: a position must not stand for too much (lesson 12).
    fold = 2 if autoencoder is None else 1  # so the first grid is 16x16, or 32x32
    side, of = (size, "pixels") if autoencoder is None else (size // 4, "latents")
    widths, blocks = network_of(start, PAINTER, widths, blocks)
    widths, blocks = checked_network(widths, blocks, side, of)
    check_blocks_fit(widths, blocks, side, batch_size, settings.precision, fold)

    schedule, target = straight_line(), "v"
    again = whole("--again", again, 0, 100)
    tokenizer, manner = words_of(start, listener, manner)
    how = (size, batch_size, seed, again, autoencoder)
    get_learned, space, data = endless_critters(*how) if again else fixed_critters(*how)
    torch.manual_seed(seed)
    text = text_settings(tokenizer, manner)
    unet = dict(widths=widths, blocks=blocks, channels=get_learned(0)["x_0"].shape[1])
    model = TextUNet(text, unet | dict(fold=fold))
    if start is not None:
        go_on_from(start, model, space)
        pair = listener = None
    elif listener is not None:
        start_as_listener(model, listener)
        pair = None
    elif pair is not None:
        # This saves more than minutes. Random word vectors are no help, so the U-Net
        # learns to ignore them, and no gradient gives a word its meaning (lesson 10).
        start_with(model, Matcher.from_pretrained(pair).model)
    how = (tokenizer, seed, caption_noise)
    get_batch = with_captions(get_learned, *how, manner=manner)
    card = dict(kind="text denoiser", config=model.config, merges=tokenizer.merges)
    card |= dict(schedule=schedule.name, T=schedule.T, target=target)
    card |= data | dict(size=size) | space
    card |= dict(batch_size=batch_size, seed=seed, noisier=noisier, even=even)
    card |= dict(caption_noise=caption_noise, pair=pair and Path(pair).name)
    card |= {} if manner == "plain" else dict(manner=manner)
    card |= {} if listener is None else dict(listener=Path(listener).name)
    card |= {} if start is None else dict(start=Path(start).name)
    trainer = trainer_of(
        model,
        make_denoising_loss(schedule, target),
        # drop=0: `with_captions` has already dropped captions. Dropping here would set
        # tokens to 0, which is PAD, and leave attention nothing to look at.
        with_noise(get_batch, schedule, seed, drop=0.0, noisier=noisier, even=even),
        settings,
        folder,
        resume,
        card,
    )
    if folder is not None and autoencoder is not None:
        keep_autoencoder(folder, autoencoder, space)
    return trainer


@plain_torch()
def latent_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    widths: tuple[int, ...] | None = None,
    blocks: int | None = None,
    # With 0.3 the left of two animals was wrong in every fifth picture: positions are
    # decided while nearly everything is noise (lesson 12; a strong hint, not a proof).
    noisier: float | None = 0.8,
    pair: Path | str | None = PAIR,
    autoencoder: Path | str = CODER,
    start: Path | str | None = None,
    listener: Path | str | None = None,
    manner: str | None = None,
    again: int = 0,
) -> Trainer:
    """The recipe for 64x64 text-to-image in latents: `text_trainer`, autoencoder given.

    Args:
        start: trained weights, for latents or for pixels; from pixels, the first and
            last layers start anew
        listener, manner, again: as in `text_trainer`
    """
    how = (settings, folder, resume, batch_size, seed, widths, blocks, noisier)
    came = dict(pair=pair, autoencoder=autoencoder, start=start)
    came |= dict(listener=listener, manner=manner, again=again)
    return text_trainer(*how, size=64, **came)


# Image-text pair ------------------------------------------------------------------

PAIR_SETTINGS = {"decay": 0.7}
KEPT_BY_PAIR = 268_000  # activations of a picture and its caption


@plain_torch()
def pair_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 256,
    seed: int = 0,
    caption_noise: float = 0.0,
    manner: str = "plain",
    again: int = 0,
) -> Trainer:
    """The recipe for the image-text pair (contrastive): one match among 256 pictures.

    Pictures shift by at most a pixel and are not mirrored, since captions say left and
    right. Some get noise or blur: the pair should also cope with generated pictures.

    Args:
        caption_noise: the share of captions that are false or missing, for experiments
        manner, again: as in `text_trainer`
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    caption_noise = checked_share("caption_noise", caption_noise)
    check_batch_fits(KEPT_BY_PAIR, batch_size, settings.precision)

    again, tokenizer = whole("--again", again, 0, 100), caption_tokenizer(manner)
    how = (32, batch_size, seed, again, None)
    get_learned, _, data = endless_critters(*how) if again else fixed_critters(*how)
    torch.manual_seed(seed)
    model = ImageTextPair(text_settings(tokenizer, manner))
    how = (tokenizer, seed, caption_noise)
    get_batch = with_captions(get_learned, *how, drop=0.0, manner=manner)
    card = {"kind": "pair", "config": model.config, "merges": tokenizer.merges}
    card |= data | {"size": 32}
    card |= dict(batch_size=batch_size, seed=seed, caption_noise=caption_noise)
    card |= {} if manner == "plain" else dict(manner=manner)
    worn = with_wear(get_batch, seed, shift=1, wear=0.3)
    return trainer_of(
        model, make_contrastive_loss(), worn, settings, folder, resume, card
    )


# Latents ----------------------------------------------------------------------------

AUTOENCODER_SETTINGS = {"muon": True, "decay": 0.7, "learning_rate": 4e-3}
AUTOENCODER = {"widths": (64, 128), "blocks": 1}


@plain_torch()
def autoencoder_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 8,
    seed: int = 0,
    widths: tuple[int, ...] | None = None,
    blocks: int | None = None,
    z_channels: int = 4,
    strangers: float = 0.0,
    pair: Path | str | None = None,
    start: Path | str | None = None,
    kl_weight: float | None = None,
    feature_weight: float | None = None,
    squared: bool | None = None,
) -> Trainer:
    """The recipe for an autoencoder of 64x64 pictures: pixel loss and feature loss.

    The features are those of the image-text pair, which judges nothing here.

    Args:
        widths, blocks: if None, those of `start`, else (64, 128) and 1
        z_channels: channels of the latents
        strangers: the share of each batch that is altered to look like no critter
        pair: your own pair, in place of the shipped one
        start: a trained autoencoder; only its decoder trains on, with `blocks` blocks
        kl_weight, feature_weight, squared: of `make_autoencoder_loss`, for experiments
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    z_channels = whole("z_channels", z_channels, 1, 64)
    strangers = checked_share("--strangers", strangers)
    widths, blocks = network_of(start, AUTOENCODER, widths, blocks)
    widths, blocks = checked_network(widths, blocks, 64)
    kept = KEPT_BY_AUTOENCODER if start is None else KEPT_BY_DECODER
    check_blocks_fit(widths, blocks, 64, batch_size, settings.precision, kept=kept)

    pictures = load_critters("train", size=64)
    torch.manual_seed(seed)
    if start is None:
        model = Autoencoder(widths, z_channels, blocks)
    else:
        model = learn_on(start, blocks)
        own = tuple(model.config["widths"])
        if widths != own:
            raise ValueError(f"--start has --widths {own}, not {widths}: leave them.")
    loss = dict(kl_weight=kl_weight, feature_weight=feature_weight, squared=squared)
    loss = {name: value for name, value in loss.items() if value is not None}
    # Not the reader: a judge must not be part of a training.
    eye = Matcher.from_pretrained(pair or PAIR, best_device()).model.image_encoder
    eye.requires_grad_(False)
    # After 1,000 iterations, the features made no measurable difference, in dB or by
    # the reader (lesson 11, "What may be wrong").
    loss_fn = make_autoencoder_loss(features=eye.features, **loss)
    get_batch = with_strangers(batches(pictures, batch_size, seed), strangers, seed)
    get_batch = with_cloud_noise(get_batch, model, seed)
    card = {"kind": "autoencoder", "config": model.config, "data": pictures.name}
    card |= {"data_sha256": pictures_digest(pictures)}
    card |= {"size": 64, "batch_size": batch_size, "seed": seed} | loss
    card |= {"strangers": strangers} if strangers else {}
    came = dict(pair=pair, start=start)
    card |= {n: Path(path).name for n, path in came.items() if path is not None}
    return trainer_of(model, loss_fn, get_batch, settings, folder, resume, card)
