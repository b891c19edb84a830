"""Critters with their captions, as a network that learns words sees them.

A caption is written anew each time its picture comes up, plainly or as people type, and
now and then carelessly: without its articles, or with a typing error. One in ten is
left out, so that the network can also be told nothing: guidance needs that.
"""

import torch
from torch import Tensor

from course_lib.chance import MANNER, TYPING, Batch, GetBatch, generator_for
from course_lib.networks.tokenizer import PAD, Tokenizer, forget, train_tokenizer
from course_lib.training.latents import LatentSet
from course_lib.world.critters import FACTORS, Factors, captions, choose_factors
from course_lib.world.datasets import PictureSet, batches

LENGTH = 40  # the most tokens a prompt may have; captions have up to 22
CAPTIONS = 20_000  # that the tokenizer learns from
# What a text encoder needs for each manner of speaking: `critters.MANNERS`.
TEXTS = {
    "plain": {"length": LENGTH, "blocks": 2},
    "spoken": {"length": 80, "width": 192, "blocks": 3, "heads": 6},
}
MERGES = {"plain": 400, "spoken": 900}
PLAIN_SHARE = 0.3  # of the captions of one who learns how people speak
# Without them a learner's slip is a foreign word. With them a typing error still costs
# 7.4 points as typed (lesson 10).
CARELESS = {"no articles": 0.15, "typing error": 0.10}  # shares of the captions
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def caption_tokenizer(manner: str = "plain") -> Tokenizer:
    """The tokenizer of the course: learned from captions of training pictures."""
    # Always pictures 0..19,999 of seed 0: nothing can be chosen, so every network of
    # the course has the same tokens, and one may begin as another.
    indices = torch.arange(CAPTIONS)
    texts = captions(choose_factors(indices, 0), indices, 0, manner=manner)
    # In lower case already, as `tidy` makes prompts.
    return train_tokenizer(texts, merges=MERGES[manner])


def text_settings(tokenizer: Tokenizer, manner: str) -> dict:
    """What a TextEncoder for captions of this manner is made with."""
    return dict(vocabulary=len(tokenizer)) | TEXTS[manner]


def without_articles(text: str) -> str:
    """'frog with hat' instead of 'a frog with a hat'."""
    return " ".join(word for word in text.split() if word not in ("a", "an", "the"))


def mistype(text: str, u: list[float]) -> str:
    """One letter of a longer word left out, doubled, exchanged or replaced.

    Args:
        u: four numbers in [0, 1) that say which and how
    """
    words = text.split(" ")
    # Shorter words would become other words: "cat" a "cut", "a" nothing.
    longer = [i for i, word in enumerate(words) if len(word) >= 4]
    if not longer:
        return text
    which = longer[int(u[0] * len(longer))]
    word = words[which]
    # People, too, read a word by its ends.
    at = 1 + int(u[1] * (len(word) - 2))  # never the first letter, nor the last
    before, letter, after = word[:at], word[at], word[at + 1 :]
    words[which] = (
        before + after,
        before + letter + letter + after,
        before + after[0] + letter + after[1:],
        before + LETTERS[int(u[3] * 26)] + after,
    )[int(u[2] * 4)]
    return " ".join(words)


def write_carelessly(text: str, u: list[float]) -> str:
    """As people type; `u` are six numbers in [0, 1)."""
    if u[0] < CARELESS["no articles"]:
        text = without_articles(text)
    # Each chance has its own number: whether articles go says nothing of typing errors.
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

    `cond` is int64, START and END around each text and PAD behind it.

    Args:
        caption_noise: the share of captions that lie or are missing
        drop: the share of captions left out on purpose
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
    """The same for batches that come from elsewhere, with factors of critters."""
    length = TEXTS[manner]["length"]

    def get_batch(iteration: int) -> Batch:
        batch = get_learned(iteration)
        factors = {name: batch[name] for name in FACTORS}
        B = len(batch["x_0"])
        # Written anew for each time a picture comes up: 50,000 pictures get millions of
        # sentences.
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
    """Captions in a manner of speaking, carelessly now and then, and what they name.

    Also one uniform number a caption, (N,), for who leaves some out.
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
    # Seven a caption, whether they are needed or not: a change to CARELESS leaves all
    # other captions as they were.
    u = torch.rand(len(texts), 7, generator=generator)
    careless = zip(texts, u.tolist(), strict=True)
    return [write_carelessly(*each) for each in careless], named, u[:, 6]


def without_padding(tokens: Tensor) -> Tensor:
    """(B, L) as short as this batch allows: what is left over is paid for, too."""
    return tokens[:, : int((tokens != PAD).sum(1).max())]
