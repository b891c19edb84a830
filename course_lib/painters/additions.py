"""Additions to a trained painter: LoRA, new words and control, from their folders.

    draw = TextToImage.from_pretrained("latent")
    mine = with_additions(draw, ["runs/zorp:0.8"])

They are small files beside one large one. Any number of them can be added at once, each
with a strength of its own, as long as all were trained on the painter's own weights.
"""

import copy
import math
import re
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.cards import CheckpointError, broken, kind_of, made_from, needed_by
from course_lib.checkpoint import (
    Tensors,
    Unfilled,
    described,
    digest,
    fill,
    find_weights,
    load_weights,
)
from course_lib.device import best_device
from course_lib.networks.control import Control, Controlled
from course_lib.networks.lora import PARTS, load_lora, merge_lora
from course_lib.networks.new_words import add_rows
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import Tokenizer, tidy, tokenizer_of
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.rewriting import knowing
from course_lib.world.prompts import unknown_words

KINDS = ("lora", "word", "control")
ROWS = "text_encoder.token.rows"  # the vector of a new word
WEAKEST, STRONGEST = 0.0, 3.0
NUMBER = re.compile(r"[-+]?([0-9.]+(e[-+]?[0-9]+)?|nan|inf)", re.ASCII | re.IGNORECASE)


def with_additions(
    painter: TextToImage, folders: list[str], sketch: Tensor | None = None
) -> TextToImage:
    """A painter like this one, with what lies in these folders added.

    Args:
        folders: each FOLDER or FOLDER:STRENGTH; 0 is without it, 1 as trained
        sketch: (1 or B, 1, H, W) in 0..1, which a control needs

    Raises:
        CheckpointError: a folder holds no addition, or one for other weights
        ValueError: an impossible strength, a word twice, or a sketch and no control
    """
    base = digest(painter.model.state_dict())
    # A copy: the painter that was given must draw as before.
    mine = replace(painter, model=copy.deepcopy(painter.model))
    found = []
    for given in folders:
        folder, strength = folder_and_strength(given)
        tensors, card = load_weights(folder)
        check_addition(folder, card, base, sketch)
        found.append((folder, strength, tensors, card))
    # A control goes around the whole network: whatever changes its layers comes first.
    found.sort(key=lambda addition: addition[-1]["kind"] == "control")
    for folder, strength, tensors, card in found:
        check_word(folder, card, mine)
        with made_from(folder, card, *needed_by(card)):
            mine = added(mine, tensors, card, strength, sketch)
    if sketch is not None and not any(card["kind"] == "control" for *_, card in found):
        raise ValueError("A sketch needs a control: name its folder with --with.")
    if not all(x.isfinite().all() for x in mine.model.parameters()):
        raise CheckpointError(
            f"With {' and '.join(folders)} some weights are not finite any more: the "
            "changes are too large. Use others, or train them again."
        )
    return mine


def folder_and_strength(given: str) -> tuple[str, float]:
    """ "runs/zorp:0.8" to ("runs/zorp", 0.8); without a number the strength is 1.

    Raises:
        ValueError: a strength that is no number in 0..3
    """
    folder, _, number = str(given).rpartition(":")
    # A folder may have a colon of its own, as in C:\runs.
    if not folder or is_there(given):
        return str(given), 1.0
    if NUMBER.fullmatch(number):
        strength = float(number)
    elif is_there(folder):
        strength = math.nan
    else:
        return str(given), 1.0
    if not math.isfinite(strength) or not WEAKEST <= strength <= STRONGEST:
        raise ValueError(
            f"A strength lies in {WEAKEST:g}..{STRONGEST:g}: 0 is without, 1 as "
            f"trained; got {given!r}."
        )
    return folder, strength


def is_there(name_or_folder: str) -> bool:
    """Whether there are weights of this name, or in this folder."""
    try:
        find_weights(name_or_folder)
    except CheckpointError:
        return False
    return True


def check_addition(
    folder: Path | str, card: dict, base: str, sketch: Tensor | None
) -> None:
    """Raise CheckpointError or ValueError unless this can be added to these weights.

    Args:
        base: the digest of the painter's weights
    """
    kind = card.get("kind")
    if kind == "text denoiser":
        raise CheckpointError(
            f"{folder} holds a whole painter and no addition: draw with --weights "
            f"{folder}."
        )
    if kind not in KINDS:
        raise CheckpointError(
            f"{folder} holds {kind_of(card)}, which cannot be added to a painter."
        )
    if card.get("base_sha256") != base:
        raise CheckpointError(
            f"{folder} was trained on other weights, {card.get('base')!r} as they were "
            "then: draw with those (--weights), or train it again on these."
        )
    if kind == "control" and sketch is None:
        raise ValueError(f"{folder} is a control: it needs a sketch (--sketch FILE).")


def check_word(folder: Path | str, card: dict, painter: TextToImage) -> None:
    """Raise CheckpointError or ValueError unless a word can be new to this painter."""
    word = card.get("word")
    if word in painter.card.get("own_words", []):
        raise ValueError(
            f"Two additions teach the word {word!r}: take one of them, or train one "
            "with another word."
        )
    # `finetune` refuses such a word, so this card was written by something else.
    if word is not None and (tidy(word) != word or word not in unknown_words(word)):
        raise broken(folder, f"{word!r} is no new word")


def added(
    painter: TextToImage,
    tensors: Tensors,
    card: dict,
    strength: float = 1.0,
    sketch: Tensor | None = None,
) -> TextToImage:
    """The painter with one addition; its network is changed in place.

    Args:
        tensors, card: of the addition, as a Trainer has them: `ema` and `full_card()`
    """
    put = {"lora": with_lora, "word": with_word}.get(card["kind"])
    if put is None:
        return with_control(painter, tensors, card, strength, sketch)
    painter = put(painter, tensors, card, strength)
    words = [*painter.card.get("own_words", []), card["word"]]
    own = painter.card | {"own_words": words}
    # Its own word is no slip of the fingers and no unknown word.
    return replace(painter, card=own, remark_on_words=knowing(words))


def painter_of(base: Path | str, card: dict, trained: nn.Module) -> TextToImage:
    """The painter that a fine-tuning has made so far.

    Args:
        base: the weights it began with
        card: that of the training
        trained: what it trained: an addition, or a whole network
    """
    painter = TextToImage.from_pretrained(base, best_device())
    if card["kind"] in KINDS:
        return added(painter, trained.state_dict(), card)
    with torch.device("meta"), Unfilled():
        model = TextUNet(**card["config"])
    tensors = {name: x.clone() for name, x in trained.state_dict().items()}
    own = painter.card | card
    return replace(
        painter,
        model=fill(model, tensors),
        card=own,
        tokenizer=tokenizer_of(own),
        remark_on_words=knowing(own.get("own_words", ())),
    )


def with_lora(painter: TextToImage, tensors: Tensors, card: dict, strength: float):
    """The painter with a LoRA, merged into its weights, and the LoRA's word."""
    changes = {name: x for name, x in tensors.items() if name.endswith(PARTS)}
    load_lora(painter.model, on_device(changes, painter), card["alpha"], strength)
    # Merged, drawing takes no longer than without; nobody trains it on from here.
    merge_lora(painter.model)
    return with_word(painter, tensors, card, strength)


def with_word(painter: TextToImage, tensors: Tensors, card: dict, strength: float):
    """The painter with one more row in its token table, and one more token."""
    mine = on_device(tensors, painter)
    if ROWS not in mine:
        raise broken("this word", "it has no row")
    fits = described(torch.empty(1, painter.model.config["text"]["width"]))
    for name in (ROWS, "begun"):
        if name in mine and described(mine[name]) != fits:
            raise CheckpointError(
                f"This word belongs to another network: its {name} is "
                f"{described(mine[name])}, and {fits} would fit."
            )
    # Between the known word that it began as, and what it became.
    begun = mine.get("begun", mine[ROWS])
    add_rows(painter.model.text_encoder, begun + strength * (mine[ROWS] - begun))
    words = [*painter.tokenizer.words, card["word"]]
    return replace(painter, tokenizer=Tokenizer(painter.tokenizer.merges, words))


def with_control(
    painter: TextToImage, tensors: Tensors, card: dict, strength: float, sketch: Tensor
) -> TextToImage:
    """The painter, steered by a sketch."""
    config = painter.model.config
    fits = dict(unet=config["unet"], text_width=config["text"]["width"])
    fits["cell"] = painter.times * painter.unet.fold
    if card["config"] != fits:
        raise CheckpointError("This control belongs to another network.")
    # On the meta device first, as in `load_network`: a card may ask for any size.
    with torch.device("meta"), Unfilled():
        control = Control(**card["config"])
    own = {name: x.clone() for name, x in tensors.items()}
    control = fill(control, own).to(painter.device).requires_grad_(False)
    steered = Controlled(painter.model, control, sketch.to(painter.device), strength)
    return replace(painter, model=steered.eval())


def on_device(tensors: Tensors, painter: TextToImage) -> Tensors:
    """The tensors, where the painter's network is."""
    return {name: x.to(painter.device) for name, x in tensors.items()}
