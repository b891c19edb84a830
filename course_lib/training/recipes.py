"""The trainings of this course, ready to start: each function returns a Trainer.

Everything that ships under data/weights was made by one of them (`make weights`).
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from course_lib.cards import made_from
from course_lib.checkpoint import Shipped, load_weights, save_weights
from course_lib.device import best_device
from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.diffusion.schedule import NoiseSchedule, straight_line
from course_lib.networks.autoencoder import (
    Autoencoder,
    encoder_digest,
    learn_on,
    load_autoencoder,
    make_autoencoder_loss,
    with_cloud_noise,
    with_strangers,
)
from course_lib.networks.contrastive import (
    ImageTextPair,
    Matcher,
    make_contrastive_loss,
)
from course_lib.networks.judge import Judge, make_judge_loss
from course_lib.networks.text_unet import TextUNet, go_on_from
from course_lib.networks.unet import UNet
from course_lib.training.captions import LENGTH, caption_batches, caption_tokenizer
from course_lib.training.latents import compress
from course_lib.training.resume import pictures_digest
from course_lib.training.trainer import Settings, Trainer
from course_lib.world.datasets import (
    DataError,
    PictureSet,
    batches,
    load_cifar10,
    load_critters,
    load_folder,
)
from course_lib.world.wear import CHUNK, QUESTIONS, reader_batches, with_wear
from course_lib.world.wording import with_article

PAIR = Shipped("pair")  # whose text encoder and eyes are used if nobody says
GENTLY = ("text_encoder", "unet.gist.turn")  # what comes from the pair
FAST = {"muon": True, "learning_rate": 3e-3}  # lesson 05, "A better step"
SETTINGS = {  # how each kind of network trains, where it is not as Settings has it
    "denoiser": FAST,
    "text": FAST | {"decay": 0.3, "gently": GENTLY},
    "latent": FAST | {"decay": 0.3, "gently": GENTLY},
    "pair": {"decay": 0.7},
    "autoencoder": {"muon": True, "decay": 0.7, "learning_rate": 4e-3},
    "reader": {"weight_decay": 0.01, "decay": 1.0},
    "classifier": {"weight_decay": 0.05, "decay": 1.0},
}
STEPS = {"adamw": {"muon": False, "learning_rate": 2e-3}, "muon": FAST}
DATA = dict.fromkeys(SETTINGS, "critters") | {"classifier": "cifar10"}
SIZES = {
    "text": (32, 64),
    "latent": (64,),
    "pair": (32,),
    "classifier": (32,),
    "autoencoder": (64,),
}
NETWORKS = {  # where one may choose
    "denoiser": {"widths": (64, 128), "blocks": 2},
    "text": {"widths": (64, 160), "blocks": 1},
    "latent": {"widths": (64, 160), "blocks": 1},
    "autoencoder": {"widths": (64, 128), "blocks": 1},
}
WITH_GPU = {
    what: {"widths": (128, 256), "blocks": 2} for what in ("text", "latent")
}  # the larger tier
OPTIONS = {  # what only some have
    "pair": ("text", "latent", "autoencoder"),
    "start": ("text", "latent", "autoencoder"),
    "autoencoder": ("latent",),
    "noisier": ("denoiser", "text", "latent"),
    "strangers": ("autoencoder",),
}


def settings_of(
    what: str, optimizer: str | None = None, learning_rate: float | None = None
) -> dict:
    """The recipe's own, or with adamw or muon and a learning rate that suits it."""
    own = SETTINGS.get(what, {})
    if optimizer not in (None, *STEPS):
        raise ValueError(f"--optimizer must be adamw or muon; got {optimizer!r}.")
    if learning_rate is not None and not 0 < learning_rate <= 1:
        raise ValueError(f"--learning-rate lies between 0 and 1; got {learning_rate}.")
    is_own = own.get("muon", False) == (optimizer == "muon")
    own = own if optimizer is None or is_own else own | STEPS[optimizer]
    return own if learning_rate is None else own | {"learning_rate": learning_rate}


def network_of(what: str, start: Path | str | None = None, **given) -> dict:
    """Channels and blocks of what draws: what is given, for the rest the recipe's.

    Args:
        start: trained weights to go on from, whose own they are then
    """
    tier = WITH_GPU if best_device().type == "cuda" else {}
    own = NETWORKS[what] | tier.get(what, {})
    if start is not None:
        card = load_weights(start)[1]
        with made_from(start, card):
            config = card["config"].get("unet", card["config"])
            own = {"widths": tuple(config["widths"]), "blocks": config["blocks"]}
    return own | {name: x for name, x in given.items() if x is not None}


def load_data(data: str, split: str = "train", size: int = 32) -> PictureSet:
    """The picture set that a command names: critters, cifar10 or folder:PATH."""
    if data == "critters":
        return load_critters(split, size=size, kind="one")
    if data == "cifar10":
        return load_cifar10(split)
    if data.startswith("folder:"):
        return load_folder(data.removeprefix("folder:"), size)
    raise DataError(f"--data must be critters, cifar10 or folder:PATH; got {data!r}.")


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


def denoiser_trainer(
    pictures: PictureSet,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 64,
    seed: int = 0,
    widths: tuple[int, ...] = NETWORKS["denoiser"]["widths"],
    blocks: int = NETWORKS["denoiser"]["blocks"],
    schedule: NoiseSchedule | None = None,
    target: str = "v",
    noisier: float | None = 0.0,
) -> Trainer:
    """The course's recipe for a label-conditional U-Net: straight line, velocity.

    Photos are mirrored at random; critters are not, left and right are words there.
    """
    schedule = schedule or straight_line()
    torch.manual_seed(seed)
    model = UNet(widths=widths, blocks=blocks, labels=len(pictures.names) - 1)
    get_batch = batches(pictures, batch_size, seed, flip=pictures.factors is None)
    card = denoiser_card(model, pictures, schedule, target)
    return Trainer(
        model,
        make_denoising_loss(schedule, target),
        with_noise(get_batch, schedule, seed, drop=0.1, noisier=noisier),
        settings,
        folder,
        resume,
        card | {"batch_size": batch_size, "seed": seed, "noisier": noisier},
    )


def text_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 64,
    seed: int = 0,
    widths: tuple[int, ...] = NETWORKS["text"]["widths"],
    blocks: int = NETWORKS["text"]["blocks"],
    noisier: float = 0.8,
    even: float = 0.2,
    caption_noise: float = 0.0,
    pair: str | None = PAIR,
    size: int = 32,
    autoencoder: Path | str | None = None,
    start: Path | str | None = None,
) -> Trainer:
    """The recipe for pictures from prompts: text encoder and U-Net, trained together.

    Args:
        caption_noise: the share of captions that lie or are missing, for experiments
        pair: the image-text pair whose text encoder this one starts as; None starts
            from nothing, and takes many times as long to hear a word
        autoencoder: whose latents are learned in place of pixels; nothing else changes
        start: trained weights to go on from, in place of new ones and of `pair`
    """
    schedule, target = straight_line(), "v"
    pictures, tokenizer = load_critters("train", size=size), caption_tokenizer()
    learned, space = in_space(pictures, autoencoder)
    torch.manual_seed(seed)
    text = dict(vocabulary=len(tokenizer), length=LENGTH, blocks=2)
    unet = dict(widths=widths, blocks=blocks, channels=learned[0][0].shape[0])
    model = TextUNet(text, unet | dict(fold=2 if autoencoder is None else 1))
    if start is not None:
        go_on_from(start, model, tokenizer, space)
        pair = None
    elif pair is not None:
        start_with(model, Matcher.from_pretrained(pair).model)
    get_batch = caption_batches(learned, tokenizer, batch_size, seed, caption_noise)
    card = {
        "kind": "text denoiser",
        "config": model.config,
        "merges": tokenizer.merges,
        "schedule": schedule.name,
        "T": schedule.T,
        "target": target,
        "data": pictures.name,
        "data_sha256": pictures_digest(pictures),
        "size": size,
    }
    asked = dict(batch_size=batch_size, seed=seed, noisier=noisier, even=even)
    asked |= dict(caption_noise=caption_noise, pair=pair and Path(pair).name)
    asked |= {} if start is None else dict(start=Path(start).name)
    trainer = Trainer(
        model,
        make_denoising_loss(schedule, target),
        with_noise(get_batch, schedule, seed, drop=0.0, noisier=noisier, even=even),
        settings,
        folder,
        resume,
        card | space | asked,
    )
    if folder is not None and autoencoder is not None:  # nothing can be seen without
        tensors, its_card = load_weights(autoencoder)
        its_card |= dict(latent_scale=space["latent_scale"])
        save_weights(Path(folder) / space["autoencoder"], tensors, its_card)
    return trainer


def in_space(pictures: PictureSet, autoencoder: Path | str | None):
    """What is learned from, pictures or their latents, and what the card says of it."""
    if autoencoder is None:
        return pictures, {}
    model = load_autoencoder(autoencoder, best_device())
    compressed = compress(pictures, model)
    return compressed, {
        "autoencoder": "autoencoder",  # its folder in that of this training
        "encoder_sha256": encoder_digest(model),
        "latent_scale": compressed.scale,
    }


def start_with(model: TextUNet, pair: ImageTextPair) -> None:
    """Let a network that draws begin with what a pair knows about texts, in place."""
    model.text_encoder.load_state_dict(pair.text_encoder.state_dict())
    model.unet.gist.turn.load_state_dict(pair.text_out.state_dict())


def pair_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 256,
    seed: int = 0,
    caption_noise: float = 0.0,
) -> Trainer:
    """The recipe for the image-text pair: each picture beside 255 that are not meant.

    Pictures are moved by a pixel at most, left and right being words here, and some get
    noise or blur, so that drawn pictures can be compared with texts as well.

    Args:
        caption_noise: the share of captions that lie or are missing, for experiments
    """
    pictures, tokenizer = load_critters("train"), caption_tokenizer()
    torch.manual_seed(seed)
    model = ImageTextPair(dict(vocabulary=len(tokenizer), length=LENGTH, blocks=2))
    get_batch = caption_batches(
        pictures, tokenizer, batch_size, seed, caption_noise, drop=0.0
    )
    card = {
        "kind": "pair",
        "config": model.config,
        "merges": tokenizer.merges,
        "data": pictures.name,
        "data_sha256": pictures_digest(pictures),
        "size": pictures.pictures.shape[-1],
    }
    card |= dict(batch_size=batch_size, seed=seed, caption_noise=caption_noise)
    worn = with_wear(get_batch, seed, shift=1, wear=0.3)
    return Trainer(model, make_contrastive_loss(), worn, settings, folder, resume, card)


def autoencoder_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 8,
    seed: int = 0,
    widths: tuple[int, ...] = NETWORKS["autoencoder"]["widths"],
    blocks: int = NETWORKS["autoencoder"]["blocks"],
    z_channels: int = 4,
    strangers: float = 0.0,
    pair: Path | str | None = None,
    start: Path | str | None = None,
    **loss: float,
) -> Trainer:
    """The recipe for latents: 64x64 pictures, errors of pixels, and a look at features.

    The features are those of the image-text pair, which judges nothing here.

    Args:
        strangers: the share of each batch that is to look as no critter does
        pair: a pair of one's own, in place of the shipped one
        start: a trained autoencoder whose decoder learns on, with so many `blocks`
        loss: what `make_autoencoder_loss` is to do otherwise, for experiments
    """
    pictures = load_critters("train", size=64)
    torch.manual_seed(seed)
    model = (
        learn_on(start, blocks) if start else Autoencoder(widths, z_channels, blocks)
    )
    eye = Matcher.from_pretrained(pair or PAIR, best_device()).model.image_encoder
    eye.requires_grad_(False)
    loss_fn = make_autoencoder_loss(features=eye.features, **loss)
    get_batch = with_strangers(batches(pictures, batch_size, seed), strangers, seed)
    get_batch = with_cloud_noise(get_batch, model, seed)
    card = {"kind": "autoencoder", "config": model.config, "data": pictures.name}
    card |= {"data_sha256": pictures_digest(pictures)}
    card |= {"size": 64, "batch_size": batch_size, "seed": seed} | loss
    card |= {"strangers": strangers} if strangers else {}
    named = dict(pair=pair, start=start)
    card |= {n: Path(path).name for n, path in named.items() if path is not None}
    return Trainer(model, loss_fn, get_batch, settings, folder, resume, card)


def classifier_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 128,
    seed: int = 0,
) -> Trainer:
    """A classifier of CIFAR-10, to measure pictures of photos with."""
    torch.manual_seed(seed)
    pictures = load_cifar10("train")
    model = Judge({"cond": len(pictures.names)})
    get_batch = batches(pictures, batch_size, seed, flip=True)
    card = {"kind": "judge", "config": model.config, "data": pictures.name}
    card |= {"data_sha256": pictures_digest(pictures)}
    card |= {"labels": list(pictures.names), "batch_size": batch_size, "seed": seed}
    worn = with_wear(get_batch, seed, shift=3, wear=0.0, cut=6)
    loss_fn = make_judge_loss(smoothing=0.1)
    return Trainer(model, loss_fn, worn, settings, folder, resume, card)


def reader_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    size: int = 32,
    batch_size: int = 128,
    seed: int = 1,
) -> Trainer:
    """The reader of critters at 32x32 or 64x64: the judge of everything generated."""
    torch.manual_seed(seed)
    widths = (64, 128, 192) if size == 32 else (48, 96, 128, 192)
    model = Judge(QUESTIONS, size, widths)
    get_batch = with_wear(
        reader_batches(batch_size, size, seed), seed, shift=2, wear=0.3
    )
    card = {"kind": "judge", "config": model.config, "data": "critters"}
    card |= {"size": size, "batch_size": batch_size, "seed": seed}
    return Trainer(model, make_judge_loss(), get_batch, settings, folder, resume, card)


def recipe(
    what: str,
    data: str | None = None,
    size: int | None = None,
    widths: tuple[int, ...] | None = None,
    blocks: int | None = None,
    **options: int | float | str,
) -> Callable[..., Trainer]:
    """The recipe that a command names: call it with settings, folder and resume.

    Args:
        what: denoiser, text, latent, pair, autoencoder, reader or classifier
        data: critters, cifar10 or folder:PATH; a judge learns from its own set only
        widths, blocks: of what draws, where they are not the recipe's own
        options: batch_size, seed and those of OPTIONS, where not its own
    """
    if what not in DATA:
        raise ValueError(f"--what must be one of {', '.join(DATA)}; got {what!r}.")
    data = data or DATA[what]
    if what != "denoiser" and data != DATA[what]:
        one = with_article(what).capitalize()
        raise ValueError(f"{one} learns from {DATA[what]}; got --data {data}.")
    sizes = SIZES.get(what, (32,) if data == "cifar10" else (32, 64))
    size = sizes[0] if size is None else size
    if size not in sizes:
        either = " or ".join(map(str, sizes))
        raise ValueError(f"--size must be {either} here; got {size}.")
    for option, whose in OPTIONS.items():
        if option in options and what not in whose:
            raise ValueError(f"--{option} is for {' and '.join(whose)}, not {what}.")
    if not 1 <= options.get("batch_size", 1) <= CHUNK:
        raise ValueError(f"--batch must be 1..{CHUNK}; got {options['batch_size']}.")
    if not 0 <= options.get("strangers", 0) <= 1:
        raise ValueError(f"--strangers is a share, 0..1; got {options['strangers']}.")
    if not abs(options.get("noisier", 0)) <= 5:
        raise ValueError(f"--noisier must lie in -5..5; got {options['noisier']}.")
    if not 0 <= options.get("seed", 0) < 2**63:
        raise ValueError(f"--seed must be 0..2^63 - 1; got {options['seed']}.")
    if what not in NETWORKS and (widths is not None or blocks is not None):
        raise ValueError(f"A {what} has its own --widths and --blocks.")
    if options.get("start") and options.get("pair") and what != "autoencoder":
        raise ValueError("--start goes on from a text encoder, too: leave out --pair.")
    if what == "reader":
        return partial(reader_trainer, size=size, **options)
    if what == "pair":
        return partial(pair_trainer, **options)
    if what == "classifier":
        return partial(classifier_trainer, **options)
    network = network_of(what, options.get("start"), widths=widths, blocks=blocks)
    widths, blocks = network["widths"], network["blocks"]
    if blocks < 1 or not widths or any(width < 8 or width % 8 for width in widths):
        raise ValueError(
            f"--widths must be multiples of 8 and --blocks 1 or more; "
            f"got {widths} and {blocks}."
        )
    side, of = (size // 4, "latents") if what == "latent" else (size, "pixels")
    if side % 2 ** len(widths):
        raise ValueError(f"{len(widths)} --widths halve {side} {of} too often.")
    if what == "text":
        return partial(text_trainer, size=size, **network, **options)
    if what == "latent":
        options = {"autoencoder": Shipped("autoencoder")} | options
        return partial(text_trainer, size=size, **network, **options)
    if what == "autoencoder":
        return partial(autoencoder_trainer, **network, **options)
    pictures = load_data(data, size=size)
    return partial(denoiser_trainer, pictures, **network, **options)
