"""Additions to a painter: LoRA, new words and control, from their folders.

    draw = TextToImage.from_pretrained("latent")
    mine = with_additions(draw, ["runs/zorp:0.8"])
"""

import copy
from dataclasses import replace

from course_lib.cards import CheckpointError, kind_of
from course_lib.checkpoint import Tensors, digest, load_weights
from course_lib.networks.lora import load_lora
from course_lib.networks.new_words import add_rows
from course_lib.networks.tokenizer import Tokenizer
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.rewriting import knowing

KINDS = ("lora", "word", "control")
STRONGEST = 2.0


def with_additions(painter: TextToImage, folders: list[str]) -> TextToImage:
    """A painter like this one, with what lies in these folders added.

    Args:
        folders: each FOLDER or FOLDER:STRENGTH; 0 is without it, 1 as trained
    """
    base = digest(painter.model.state_dict())
    mine = replace(painter, model=copy.deepcopy(painter.model))
    for given in folders:
        folder, strength = folder_and_strength(given)
        tensors, card = load_weights(folder)
        if card.get("kind") not in KINDS:
            raise CheckpointError(f"{folder} holds {kind_of(card)}, no addition.")
        if card.get("base_sha256") != base:
            raise CheckpointError(
                f"{folder} was trained on other weights ({card.get('base')}): it fits "
                "only those."
            )
        mine = added(mine, tensors, card, strength)
    return mine


def folder_and_strength(given: str) -> tuple[str, float]:
    """ "runs/zorp:0.8" to ("runs/zorp", 0.8); without a number, 1."""
    folder, _, number = given.rpartition(":")
    try:
        return (folder, float(number)) if folder else (given, 1.0)
    except ValueError:
        return given, 1.0


def added(
    painter: TextToImage, tensors: Tensors, card: dict, strength: float = 1.0
) -> TextToImage:
    """The painter with one addition; its network is changed in place."""
    if card["kind"] == "lora":
        load_lora(painter.model, tensors, card["alpha"], strength)
    if card["kind"] == "word":
        encoder = painter.model.text_encoder
        row = tensors["text_encoder.token.rows"]
        add_rows(encoder, row)
        words = [*painter.tokenizer.words, card["word"]]
        painter = replace(painter, tokenizer=Tokenizer(painter.tokenizer.merges, words))
    words = [*painter.card.get("own_words", []), card["word"]]
    return replace(
        painter,
        card=painter.card | {"own_words": words},
        remark_on_words=knowing(words),
    )
