"""The trainings of this course, ready to start: one recipe a network.

Each is a function that returns a Trainer and reads from top to bottom: network, data,
loss, card. The settings it wants stand above it. A command adds what was typed:

    settings = Settings(iterations=7000, **DENOISER_SETTINGS)
    trainer = denoiser_trainer(load_critters("train", kind="one"), settings)

All that ships under data/weights was made by them (`make weights`).
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
    tokens_of,
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

PAIR = Shipped("pair")  # whose text encoder and eyes are used if nobody says
CODER = Shipped("autoencoder")  # whose latents are learned
ADAMW = {"muon": False, "learning_rate": 2e-3}  # for who asks for it
# After 1,000 iterations a painter of prompts draws one animal right in 60 % with it and
# in 9 % with AdamW. In the same minutes it takes a fifth fewer steps.
MUON = {"muon": True, "learning_rate": 3e-3}  # lesson 05, "A better step"


def network_of(start: Path | str | None, own: dict, widths, blocks) -> tuple:
    """Channels and blocks: what is given, or those of trained weights, or `own`."""
    if start is not None:
        card = load_weights(start)[1]
        with made_from(start, card):
            config = card["config"].get("unet", card["config"])
            deep = config.get("decoder_blocks", config["blocks"])  # what learns on
            own = {"widths": tuple(config["widths"]), "blocks": deep}
    return (
        own["widths"] if widths is None else widths,
        own["blocks"] if blocks is None else blocks,
    )


def trainer_of(model, loss_fn, get_batch, *rest) -> Trainer:
    """A Trainer whose batches and losses hang on no default of torch's.

    Only what is ours: a loss of your own, given to a Trainer, meets your defaults.
    """
    return Trainer(model, plain_torch()(loss_fn), plain_torch()(get_batch), *rest)


# Pictures of a label ------------------------------------------------------------

DENOISER_SETTINGS = MUON
DENOISER = {"widths": (64, 128), "blocks": 2}
BATCH = 64  # of all that draws


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
    """The recipe for a label-conditional U-Net: straight line, velocity.

    Photos are mirrored at random; critters are not, left and right are words there.
    """
    size = pictures.pictures.shape[-1]
    asked = checked_denoiser(size, settings, batch_size, seed, widths, blocks, noisier)
    batch_size, seed, widths, blocks, noisier = asked
    schedule = schedule or straight_line()
    # Only the first weights hang on this stream; batches and noise have their own.
    torch.manual_seed(seed)
    # The first name is "nothing", which is label 0 to the network in any case.
    model = UNet(widths=widths, blocks=blocks, labels=len(pictures.names) - 1)
    # Critters have factors, photos have none.
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
    """What is asked of a denoiser, or a sentence; a command asks before it loads."""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    widths, blocks = checked_network(widths, blocks, size)
    check_blocks_fit(widths, blocks, size, batch_size, settings.precision)
    return batch_size, seed, widths, blocks, checked_noisier(noisier)


def denoiser_card(
    model: UNet, pictures: PictureSet, schedule: NoiseSchedule, target: str
) -> dict:
    """What one must know to use a denoiser: network, process, target, labels."""
    return {
        "kind": "denoiser",
        "config": model.config,
        "schedule": schedule.name,
        "T": schedule.T,
        "target": target,
        "data": pictures.name,
        "data_sha256": pictures_digest(pictures),
        "size": pictures.pictures.shape[-1],
        # what no picture shows cannot be asked for: names after the last one seen
        "labels": list(pictures.names[: int(pictures.labels.max()) + 1]),
    }


# Pictures of a prompt, in pixels or latents ---------------------------------------

# The text encoder and the gist come trained, from the pair: they learn gently.
GENTLY = ("text_encoder", "unet.gist.turn")
TEXT_SETTINGS = MUON | {"decay": 0.3, "gently": GENTLY}
LATENT_SETTINGS = TEXT_SETTINGS
PAINTER = {"widths": (64, 160), "blocks": 1}
PAINTER_OF_GPU = {"widths": (128, 256), "blocks": 2}  # what a GPU trains in that time


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
    manner: str = "plain",
    again: int = 0,
) -> Trainer:
    """The recipe for pictures from prompts: text encoder and U-Net, trained together.

    Args:
        widths, blocks: those of PAINTER, or of `start`, if None
        caption_noise: the share of captions that lie or are missing, for experiments
        pair: the image-text pair whose text encoder this one starts as; None starts
            from nothing, and takes many times as long to hear a word
        autoencoder: whose latents are learned in place of pixels; nothing else changes
        start: trained weights to go on from, in place of new ones and of `pair`
        listener: who was taught what texts ask for, to begin as in place of `pair`
        manner: how captions are said: "plain", or "spoken" as people type them
        again: 0 learns from 50,000 fixed pictures; more from pictures without end, each
            of which is seen so often
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    noisier, even = checked_noisier(noisier), checked_share("even", even)
    caption_noise = checked_share("caption_noise", caption_noise)
    size = checked_size(size, 32, 64)
    # Folding latents too was tried: looked at, its animals were lumps still when those
    # without it had faces. A place must not stand for too much (lesson 12).
    fold = 2 if autoencoder is None else 1  # both begin on a grid of 16x16, or 32x32
    side, of = (size, "pixels") if autoencoder is None else (size // 4, "latents")
    widths, blocks = network_of(start, PAINTER, widths, blocks)
    widths, blocks = checked_network(widths, blocks, side, of)
    check_blocks_fit(widths, blocks, side, batch_size, settings.precision, fold)

    schedule, target = straight_line(), "v"
    again, tokenizer = whole("--again", again, 0, 100), tokens_of(listener, manner)
    how = (size, batch_size, seed, again, autoencoder)
    get_learned, space, data = endless_critters(*how) if again else fixed_critters(*how)
    torch.manual_seed(seed)
    text = text_settings(tokenizer, manner)
    unet = dict(widths=widths, blocks=blocks, channels=get_learned(0)["x_0"].shape[1])
    model = TextUNet(text, unet | dict(fold=fold))
    if start is not None:
        go_on_from(start, model, tokenizer, space)
        pair = listener = None
    elif listener is not None:
        start_as_listener(model, listener)
        pair = None
    elif pair is not None:
        # Not a matter of minutes saved: a word's vector that means nothing yet is no
        # help, so the U-Net learns to do without, and nothing tells the word what it
        # should mean (lesson 10).
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
        # drop=0: captions were left out where they are words yet (`caption_batches`);
        # here 0 would be a token, PAD, and a text of nothing but padding gives
        # attention nothing to look at.
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
    # With 0.3 the left one of two animals was another than asked in every fifth
    # picture: who stands where is decided where nearly all is noise (lesson 12; a
    # strong hint, no proof).
    noisier: float | None = 0.8,
    pair: Path | str | None = PAIR,
    autoencoder: Path | str = CODER,
    start: Path | str | None = None,
    listener: Path | str | None = None,
    manner: str = "plain",
    again: int = 0,
) -> Trainer:
    """The recipe for 64x64 pictures from prompts: that of text, in latents.

    Args:
        start: a painter of latents, or of pixels, whose ends then begin anew
        listener, manner, again: as in `text_trainer`
    """
    how = (settings, folder, resume, batch_size, seed, widths, blocks, noisier)
    came = dict(pair=pair, autoencoder=autoencoder, start=start)
    came |= dict(listener=listener, manner=manner, again=again)
    return text_trainer(*how, size=64, **came)


# Pictures beside texts ------------------------------------------------------------

PAIR_SETTINGS = {"decay": 0.7}
KEPT_BY_PAIR = 268_000  # numbers of each picture and its caption, for the way back


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
    """The recipe for the image-text pair: each picture beside 255 that are not meant.

    Pictures are moved by a pixel at most, left and right being words here, and some get
    noise or blur, so that drawn pictures can be compared with texts as well.

    Args:
        caption_noise: the share of captions that lie or are missing, for experiments
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
    """The recipe for latents: 64x64 pictures, errors of pixels, and a look at features.

    The features are those of the image-text pair, which judges nothing here.

    Args:
        widths, blocks: (64, 128) and 1, or as in `start`, if None
        strangers: the share of each batch that is to look as no critter does
        pair: a pair of one's own, in place of the shipped one
        start: a trained autoencoder whose decoder learns on, with so many `blocks`
        kl_weight, feature_weight, squared: for experiments, of `make_autoencoder_loss`
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
    # Not the reader: who judges must not have taught.
    eye = Matcher.from_pretrained(pair or PAIR, best_device()).model.image_encoder
    eye.requires_grad_(False)
    # The features changed nothing that could be measured after 1,000 iterations, in dB
    # or by the reader (lesson 11, "What may be wrong").
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
