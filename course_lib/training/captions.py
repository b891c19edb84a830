"""Critters with their captions: the training data of the text-to-image networks.

Each time a picture comes up it gets a new caption, plain or as people type. Now and
then the caption is careless: without articles, or with a typing error. One in ten is
dropped, since classifier-free guidance needs a network that also draws without a text.
"""

import torch
from torch import Tensor

from course_lib.chance import MANNER, TYPING, Batch, GetBatch, generator_for
from course_lib.networks.tokenizer import PAD, Tokenizer, forget, train_tokenizer
from course_lib.training.latents import LatentSet
from course_lib.world.critters import FACTORS, Factors, captions, choose_factors
from course_lib.world.datasets import PictureSet, batches

LENGTH = 40  # the most tokens of a prompt; captions have up to 22
CAPTIONS = 20_000  # for training the tokenizer
# Settings of the text encoder for each of `critters.MANNERS`.
TEXTS = {
    "plain": {"length": LENGTH, "blocks": 2},
    "spoken": {"length": 80, "width": 192, "blocks": 3, "heads": 6},
}
MERGES = {"plain": 400, "spoken": 900}
PLAIN_SHARE = 0.3  # the share of plain captions when the manner is "spoken"
# Shares of careless captions. Without them a mistyped word is a foreign word. With them
# a typing error still costs 7.4 points as typed (lesson 10).
CARELESS = {"no articles": 0.15, "typing error": 0.10}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def caption_tokenizer(manner: str = "plain") -> Tokenizer:
    """The tokenizer of the course, trained on captions of training pictures."""
    # Always pictures 0..19,999 of seed 0: with no choice here, every network of the
    # course has the same tokens, and one can start from another's weights.
    indices = torch.arange(CAPTIONS)
    texts = captions(choose_factors(indices, 0), indices, 0, manner=manner)
    # Already in lower case, as `tidy` makes prompts.
    return train_tokenizer(texts, merges=MERGES[manner])


def text_settings(tokenizer: Tokenizer, manner: str) -> dict:
    """The settings of a TextEncoder for captions of this manner."""
    return dict(vocabulary=len(tokenizer)) | TEXTS[manner]


def without_articles(text: str) -> str:
    """Drop the articles: 'frog with hat' for 'a frog with a hat'."""
    return " ".join(word for word in text.split() if word not in ("a", "an", "the"))


def mistype(text: str, u: list[float]) -> str:
    """Add one typing error: a letter left out, doubled, exchanged or replaced.

    Args:
        u: four numbers or more in [0, 1) that choose the place and the error
    """
    words = text.split(" ")
    # Errors turn shorter words into other words: "cat" into "cut".
    longer = [i for i, word in enumerate(words) if len(word) >= 4]
    if not longer:
        return text
    which = longer[int(u[0] * len(longer))]
    word = words[which]
    # Never the first or last letter: people, too, recognise a word by its ends.
    at = 1 + int(u[1] * (len(word) - 2))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    words[which] = (
        before + after,
        before + letter + letter + after,
        before + after[0] + letter + after[1:],
        before + LETTERS[int(u[3] * 26)] + after,
    )[int(u[2] * 4)]
    return " ".join(words)


def write_carelessly(text: str, u: list[float]) -> str:
    """Make a caption careless by the shares in CARELESS; `u` is six numbers or more."""
    if u[0] < CARELESS["no articles"]:
        text = without_articles(text)
    # A number for each chance: missing articles and typing errors are independent.
    return mistype(text, u[2:]) if u[1] < CARELESS["typing error"] else text


def caption_batches(
    learned: PictureSet | LatentSet,
    tokenizer: Tokenizer,
    batch_size: int,
    seed: int = 0,
    caption_noise: float = 0.0,
    drop: float = 0.1,
) -> GetBatch:
    """Batches of `x_0`, pictures or latents, and `cond`, tokens of captions, (B, L).

    `cond` is int64: START, the text, END, then PAD.

    Args:
        caption_noise: the share of captions that are false or missing, 0 to 1
        drop: the share of captions dropped on purpose, for guidance
    """
    get_learned = batches(learned, batch_size, seed)
    return with_captions(get_learned, tokenizer, seed, caption_noise, drop)


def with_captions(
    get_learned: GetBatch,
    tokenizer: Tokenizer,
    seed: int = 0,
    caption_noise: float = 0.0,
    drop: float = 0.1,
    manner: str = "plain",
) -> GetBatch:
    """Add captions to batches that hold `x_0` and the factors of critters.

    The result and the arguments are those of `caption_batches`.

    Args:
        manner: "plain" or "spoken", see `critters.MANNERS`
    """
    length = TEXTS[manner]["length"]

    def get_batch(iteration: int) -> Batch:
        batch = get_learned(iteration)
        factors = {name: batch[name] for name in FACTORS}
        B = len(batch["x_0"])
        # New captions each time: 50,000 pictures get millions of sentences.
        places = torch.arange(iteration * B, (iteration + 1) * B)
        how = (seed, iteration, manner, caption_noise)
        texts, _, chances = as_people_write(factors, places, *how)
        tokens = forget(tokenizer.batch(texts, length), chances < drop)
        return {"x_0": batch["x_0"], "cond": without_padding(tokens)}

    return get_batch


def as_people_write(
    factors: Factors,
    places: Tensor,
    seed: int,
    iteration: int,
    manner: str,
    caption_noise: float = 0.0,
) -> tuple[list[str], list[set[str]], Tensor]:
    """Captions, careless now and then, and the factors that each one names.

    Args:
        places: (N,) the numbers that the captions follow from, together with the seed

    Returns:
        N captions, N sets of names, and one uniform number a caption, (N,), by which
        the caller may drop some
    """
    how = (factors, places, seed, caption_noise)
    texts, named = captions(*how, return_named=True)
    if manner == "spoken":
        generator = generator_for(seed, iteration, MANNER)
        plain = torch.rand(len(texts), generator=generator) < PLAIN_SHARE
        said = captions(*how, manner="spoken")
        both = zip(plain.tolist(), texts, said, strict=True)
        texts = [written if p else spoken for p, written, spoken in both]
    generator = generator_for(seed, iteration, TYPING)
    # Always seven numbers a caption: a change to CARELESS leaves all other captions as
    # they were.
    u = torch.rand(len(texts), 7, generator=generator)
    careless = zip(texts, u.tolist(), strict=True)
    return [write_carelessly(*each) for each in careless], named, u[:, 6]


def without_padding(tokens: Tensor) -> Tensor:
    """Cut tokens (B, L) to the batch's longest text: padding costs time, too."""
    return tokens[:, : int((tokens != PAD).sum(1).max())]
