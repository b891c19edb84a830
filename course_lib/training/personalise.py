"""Make a painter yours: LoRA, textual inversion and DreamBooth, with five pictures.

    mine = own_pictures("photos", word="zorp")
    trainer = lora_trainer(mine, Settings(**LORA_SETTINGS), "runs/zorp")
    train(trainer)

All three learn from the same batches: one half shows my pictures, with captions that
say a new word, the other half the world's, with captions as before (prior preservation,
Ruiz et al. 2023, section 3.3). They differ in what may move: a small change beside each
layer, one row of the token table, or the whole U-Net.
"""

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import MINE, Batch, GetBatch, generator_for
from course_lib.checkpoint import Shipped, digest
from course_lib.device import best_device, plain_torch
from course_lib.diffusion.objective import make_denoising_loss, with_noise
from course_lib.networks.autoencoder import save_its_autoencoder
from course_lib.networks.lora import add_lora
from course_lib.networks.new_words import add_rows, row_of_word
from course_lib.networks.tokenizer import PAD, Tokenizer, forget, tidy
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.training.bounds import checked_batch, checked_seed
from course_lib.training.captions import with_captions, without_padding
from course_lib.training.mine import MySet
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.critters import captions, choose_factors
from course_lib.world.drawing import draw_critters
from course_lib.world.prompts import unknown_words
from course_lib.world.translation import translate
from course_lib.world.wear import shifted

BASE = Shipped("latent")
BATCH = 16
LIKE = "rabbit"  # what a new word starts as, if nothing is said
LORA_RANK = 16
ROWS = "text_encoder.token.rows"
# Less noise than in the painter's training (0.8): where everything goes is known, what
# is new are the details, and those are decided late.
NOISIER = 0.0
# The settings that were found best; `iterations` is how many a command does.
LORA_SETTINGS = {"iterations": 400, "learning_rate": 1e-2, "warmup": 20}
WORD_SETTINGS = {"iterations": 300, "learning_rate": 3e-2, "warmup": 20}
DREAM_SETTINGS = {"iterations": 600, "learning_rate": 1e-3, "warmup": 20, "muon": True}
PRIOR, OWN = 512, 128  # pictures for prior preservation: the world's, the painter's own
SHIFTS, FAR = 8, 4  # copies of each of my pictures, moved by up to so many pixels
DROPPED = 0.1  # the share of my captions dropped, for guidance
PRIORS = ("world", "own", "none")
WITHOUT_MEANING = {"small", "sign", "noise"}  # "the", "!" and "please"


# Batches ------------------------------------------------------------------------------


def captioned(
    x_0: Tensor, texts: list[str], painter: TextToImage, batch_size: int, seed: int
) -> GetBatch:
    """Random batches of these, N each: `x_0`, and `cond`, the tokens of the texts."""
    tokens = painter.tokenizer.batch(list(map(tidy, texts)), painter.length)

    def get_batch(iteration: int) -> Batch:
        generator = generator_for(seed, iteration, MINE)
        rows = torch.randint(len(x_0), (batch_size,), generator=generator)
        # Some without a text, for guidance, as in the painter's own training.
        dropped = torch.rand(batch_size, generator=generator) < DROPPED
        cond = without_padding(forget(tokens[rows], dropped))
        return {"x_0": x_0[rows], "cond": cond}

    return get_batch


def my_batches(
    mine: MySet, painter: TextToImage, batch_size: int, seed: int
) -> GetBatch:
    """Batches of my pictures, in the painter's space, with tokens."""
    # A few moved copies of each, encoded once: from five pictures a network also learns
    # where on the picture everything was.
    some = from_bytes(mine.pictures).repeat(SHIFTS, 1, 1, 1)
    moved = shifted(some, FAR, generator_for(seed, 0, MINE, 1))
    x_0 = encoded(painter, moved)
    return captioned(x_0, mine.captions * SHIFTS, painter, batch_size, seed)


def encoded(painter: TextToImage, pictures: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) in [-1, 1] in the painter's space, on the CPU."""
    return torch.cat([painter.encode(part).cpu() for part in pictures.split(64)])


def world_batches(painter: TextToImage, batch_size: int, seed: int) -> GetBatch:
    """Batches of the world's pictures, with captions as in the painter's training."""
    pictures, factors = draw_critters(PRIOR, seed, painter.card["size"])
    x_0 = encoded(painter, from_bytes(pictures))

    def get_learned(iteration: int) -> Batch:
        generator = generator_for(seed, iteration, MINE)
        rows = torch.randint(PRIOR, (batch_size,), generator=generator)
        return {"x_0": x_0[rows]} | {name: f[rows] for name, f in factors.items()}

    manner = painter.card.get("manner", "plain")
    return with_captions(get_learned, painter.tokenizer, seed, manner=manner)


def own_batches(painter: TextToImage, batch_size: int, seed: int) -> GetBatch:
    """Batches of what the painter draws itself, for captions of the world."""
    # As in the paper, for painters whose training pictures nobody has. It takes longer
    # than the training: every picture is a dozen calls of the network.
    places = torch.arange(OWN)
    manner = painter.card.get("manner", "plain")
    texts = captions(choose_factors(places, seed), places, seed, manner=manner)
    drawn = []
    for first in range(0, OWN, 32):
        steps = painter.trace(texts[first : first + 32], seed=seed, first=first)
        *_, last = steps
        drawn.append(last.x_0_hat.cpu())
    return captioned(torch.cat(drawn), texts, painter, batch_size, seed)


def side_by_side(first: GetBatch, second: GetBatch) -> GetBatch:
    """Batches whose first part comes from `first` and the rest from `second`."""

    def get_batch(iteration: int) -> Batch:
        one, two = first(iteration), second(iteration)
        longest = max(one["cond"].shape[1], two["cond"].shape[1])
        cond = [
            F.pad(part["cond"], (0, longest - part["cond"].shape[1]), value=PAD)
            for part in (one, two)
        ]
        return {"x_0": torch.cat([one["x_0"], two["x_0"]]), "cond": torch.cat(cond)}

    return get_batch


def learned_batches(
    mine: MySet,
    painter: TextToImage,
    batch_size: int,
    seed: int,
    prior: str,
    noisier: float | None = NOISIER,
) -> GetBatch:
    """The batches of all three methods, with noise.

    Args:
        prior: the other half of a batch: pictures of the "world", the painter's "own",
            or "none", and all of it is mine
        noisier: as in `noised`
    """
    if prior not in PRIORS:
        raise ValueError(f"prior must be one of {PRIORS}; got {prior!r}.")
    if prior == "none":
        alone = my_batches(mine, painter, batch_size, seed)
        return noised(alone, painter, seed, noisier)
    half = half_of(batch_size)
    known = world_batches if prior == "world" else own_batches
    get_batch = side_by_side(
        my_batches(mine, painter, batch_size - half, seed), known(painter, half, seed)
    )
    return noised(get_batch, painter, seed, noisier)


def half_of(batch_size: int) -> int:
    """How many pictures of a batch show what the painter knew; ValueError if none."""
    if batch_size < 2:
        raise ValueError(
            "--batch must be 2 or more: one half of a batch shows what is new, the "
            f"other what was known; got {batch_size}."
        )
    return batch_size // 2


def noised(
    get_batch: GetBatch, painter: TextToImage, seed: int, noisier: float | None = None
) -> GetBatch:
    """The batches with t and eps.

    Args:
        noisier: as in `with_noise`; None is that of the painter's own training
    """
    noisier = painter.card.get("noisier", 0.8) if noisier is None else noisier
    how = dict(drop=0.0, noisier=noisier, even=painter.card.get("even", 0.2))
    return with_noise(get_batch, painter.schedule, seed, **how)


# Trainers -----------------------------------------------------------------------------


def part_of(model: nn.Module, names: list[str]) -> nn.Module:
    """A module of nothing but these parameters of a network, under the same names.

    A Trainer saves and averages what its module holds: here a few thousand numbers, and
    not the network around them.
    """
    whole = nn.Module()
    for name in names:
        *path, last = name.split(".")
        here = whole
        for step in path:
            if step not in here._modules:
                here.add_module(step, nn.Module())
            here = here._modules[step]
        here.register_parameter(last, model.get_parameter(name))
    return whole


def loss_through(model: nn.Module, loss_fn: Callable) -> Callable:
    """A loss for `part_of` a network: it asks the whole network."""

    def loss_of_part(part: nn.Module, batch: Batch) -> Tensor:
        return loss_fn(model, batch)

    # accelerate would wrap only the part, and its gradients would not be shared.
    loss_of_part.of_whole_batch = True
    return plain_torch()(loss_of_part)


def begin(base: Path | str, batch_size: int, seed: int):
    """The painter to start from, and the entries of a card that name it."""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    painter = TextToImage.from_pretrained(base, best_device(), as_typed=True)
    card = dict(base=str(base), base_sha256=digest(painter.model.state_dict()))
    torch.manual_seed(seed)
    return painter, card | dict(batch_size=batch_size, seed=seed)


def teach(painter: TextToImage, word: str, like: str) -> None:
    """Give the painter a new token that can learn, in place; it starts as a known word.

    Raises:
        ValueError: the painter has learned this word before, or knows nothing of `like`
    """
    if word in {*painter.tokenizer.words, *painter.card.get("own_words", [])}:
        raise ValueError(
            f"{word!r} is a word that this painter has learned before: invent another."
        )
    meant = {said.kind for said in translate(like)} - WITHOUT_MEANING
    if not meant or unknown_words(f"a {like}"):
        raise ValueError(f"{like!r} is no word that the painter knows: start from one.")
    encoder = painter.model.text_encoder
    row = row_of_word(encoder, painter.tokenizer, tidy(like))
    add_rows(encoder, row[None])
    words = [*painter.tokenizer.words, word]
    painter.tokenizer = Tokenizer(painter.tokenizer.merges, words)


def facts_of(mine: MySet, prior: str) -> dict:
    pictures = digest({"pictures": mine.pictures})
    return dict(
        word=mine.word, captions=mine.captions, data_sha256=pictures, prior=prior
    )


def loss_of(painter: TextToImage) -> Callable:
    """The loss of the painter's own training."""
    return make_denoising_loss(painter.schedule, painter.card["target"])


def addition_trainer(
    painter: TextToImage, mine: MySet, prior: str, batch_size: int, seed: int, *rest
) -> Trainer:
    """A Trainer for all that can still learn in a painter's network, and only that."""
    model = painter.model
    trained = [name for name, x in model.named_parameters() if x.requires_grad]
    learned = part_of(model, trained)
    # Where the word began, so that a strength below 1 can go back towards it.
    learned.register_buffer("begun", model.get_parameter(ROWS).detach().clone())
    # A row alone cannot learn new details, only what to ask for: that is decided early.
    noisier = None if trained == [ROWS] else NOISIER
    how = (mine, painter, batch_size, seed, prior, noisier)
    get_batch = plain_torch()(learned_batches(*how))
    return Trainer(learned, loss_through(model, loss_of(painter)), get_batch, *rest)


@plain_torch()
def lora_trainer(
    mine: MySet,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    rank: int = LORA_RANK,
    alpha: float | None = None,
    where: str | tuple[str, ...] = "unet.",
    like: str = LIKE,
    base: Path | str = BASE,
    prior: str = "world",
) -> Trainer:
    """LoRA beside every layer of the U-Net, and a row for the word.

    Args:
        rank, alpha, where: as in `add_lora`
        like: the known word that the new one starts as
        base: the painter to start from
        prior: as in `learned_batches`
    """
    painter, card = begin(base, batch_size, seed)
    names = add_lora(painter.model, rank, alpha, where)
    teach(painter, mine.word, like)
    card |= dict(kind="lora", rank=rank, alpha=float(alpha or rank), layers=len(names))
    card |= facts_of(mine, prior) | dict(like=like)
    how = (prior, batch_size, seed, settings, folder, resume)
    return addition_trainer(painter, mine, *how, card)


@plain_torch()
def inversion_trainer(
    mine: MySet,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    like: str = LIKE,
    base: Path | str = BASE,
    prior: str = "none",
) -> Trainer:
    """Textual inversion: one new row of the token table, and nothing else moves.

    The arguments are those of `lora_trainer`. Nothing else moves, so nothing else can
    be forgotten, and a prior would only cost time.
    """
    painter, card = begin(base, batch_size, seed)
    painter.model.requires_grad_(False)
    teach(painter, mine.word, like)
    card |= dict(kind="word") | facts_of(mine, prior) | dict(like=like)
    how = (prior, batch_size, seed, settings, folder, resume)
    return addition_trainer(painter, mine, *how, card)


@plain_torch()
def dreambooth_trainer(
    mine: MySet,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    like: str = LIKE,
    base: Path | str = BASE,
    prior: str = "world",
) -> Trainer:
    """DreamBooth: the whole U-Net learns, and the word's row; the text encoder stays.

    The arguments are those of `lora_trainer`; the folder holds a painter of its own.
    """
    painter, card = begin(base, batch_size, seed)
    painter.model.text_encoder.requires_grad_(False)
    teach(painter, mine.word, like)
    get_batch = plain_torch()(learned_batches(mine, painter, batch_size, seed, prior))
    words = dict(own_words=[*painter.card.get("own_words", []), mine.word])
    words |= dict(words=list(painter.tokenizer.words), like=like)
    config = dict(config=painter.model.config)
    trainer = Trainer(
        painter.model,
        plain_torch()(loss_of(painter)),
        get_batch,
        settings,
        folder,
        resume,
        painter_card(painter.card) | config | card | facts_of(mine, prior) | words,
    )
    if folder is not None:
        save_its_autoencoder(folder, painter.card, painter.autoencoder)
    return trainer


def painter_card(card: dict) -> dict:
    """The entries of a painter's card that its weights need, without its history."""
    kept = ("kind", "config", "merges", "schedule", "T", "target", "data", "size")
    kept += ("autoencoder", "encoder_sha256", "latent_scale")
    kept += ("noisier", "even", "manner", "words", "own_words")
    return {name: card[name] for name in kept if name in card}
