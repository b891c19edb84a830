"""Training of a Listener: from captions to the factors they name, without pictures."""

from pathlib import Path

import torch

from course_lib.chance import Batch, GetBatch
from course_lib.checkpoint import fill, load_network
from course_lib.device import plain_torch
from course_lib.networks.listener import LISTENER, Listener, listening_loss
from course_lib.networks.tokenizer import Tokenizer
from course_lib.training.beginnings import tokens_of
from course_lib.training.bounds import checked_batch, checked_seed
from course_lib.training.captions import (
    TEXTS,
    as_people_write,
    text_settings,
    without_padding,
)
from course_lib.training.recipes import MUON, trainer_of
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.critters import FACTORS, SUBJECTS, choose_factors
from course_lib.world.endless import FIRST
from course_lib.world.wording import SENSES

LISTENER_SETTINGS = MUON | {"decay": 0.7}
WORDS = tuple(SENSES)  # answers after the subjects: a bat or a crane of either sense
# One more answer than there are values: the caption does not say.
ANSWERS = {name: len(values) + 1 for name, values in FACTORS.items()}
ANSWERS["subject"] = len(SUBJECTS) + len(WORDS)
ANSWERS["subject_2"] = ANSWERS["subject"]  # with open order they may change places


def answers_of(factors: dict[str, int], named: set[str]) -> dict[str, int]:
    """The target for a Listener: the right answers to a caption that names these."""
    said = {n: factors[n] if n in named else ANSWERS[n] - 1 for n in FACTORS}
    said["subject_2"] = factors["subject_2"]  # "none" unless it is named
    if "either_sense" in named:
        senses = enumerate(SENSES.values())
        which = next(i for i, s in senses if SUBJECTS[factors["subject"]] in s)
        said["subject"] = len(SUBJECTS) + which
    return said


def sentences(
    tokenizer: Tokenizer, batch_size: int, seed: int, manner: str
) -> GetBatch:
    """Batches of `tokens`, (B, L), `open`, (B,) bool, and an answer for each factor.

    `open` is True where a caption names two animals and leaves their order open.
    """

    def get_batch(iteration: int) -> Batch:
        places = torch.arange(batch_size) + iteration * batch_size + FIRST
        factors = choose_factors(places, seed)
        texts, named, _ = as_people_write(factors, places, seed, iteration, manner)
        tokens = tokenizer.batch(texts, TEXTS[manner]["length"])
        rows = [
            answers_of(
                {name: int(values[i]) for name, values in factors.items()}, names
            )
            for i, names in enumerate(named)
        ]
        two = factors["subject_2"] > 0
        is_open = torch.tensor(["order" not in names for names in named]) & two
        batch = {name: torch.tensor([row[name] for row in rows]) for name in FACTORS}
        return {"tokens": without_padding(tokens), "open": is_open} | batch

    return get_batch


@plain_torch()
def listener_trainer(
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 128,
    seed: int = 0,
    manner: str = "spoken",
    start: Path | str | None = None,
) -> Trainer:
    """The recipe for a text encoder that understands texts before it sees a picture.

    Args:
        manner: "plain" or "spoken" captions
        start: a listener to continue from, with its tokens, when captions have changed
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    tokenizer = tokens_of(start, manner)
    torch.manual_seed(seed)
    model = Listener(text_settings(tokenizer, manner), ANSWERS)
    if start is not None:
        fill(model, load_network(start, *LISTENER)[0].state_dict()).train()
    card = {"kind": "listener", "config": model.config, "merges": tokenizer.merges}
    card |= dict(data="critters", manner=manner, batch_size=batch_size, seed=seed)
    card |= {} if start is None else dict(start=Path(start).name)
    get_batch = sentences(tokenizer, batch_size, seed, manner)
    return trainer_of(model, listening_loss, get_batch, settings, folder, resume, card)
