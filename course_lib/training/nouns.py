"""Labels for nouns: a text encoder learns in seconds what words stand for.

At the last token of each noun stands what it names and in which colour; everywhere else
NOT_ASKED. The labels are the factors that the caption was written from: no picture is
looked at. So a bat and a club, the same word, have different labels, and a caption with
a bare "a bat" is labelled as it was meant, which nobody who reads it can know.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.networks.namer import Namer
from course_lib.networks.tokenizer import PAD, Tokenizer, pieces
from course_lib.world.critters import SUBJECTS, Factors, rows_of
from course_lib.world.wording import NOUNS, SENSES

NOT_ASKED = -100  # what F.cross_entropy leaves out
QUESTIONS = (("subject", "colour"), ("subject_2", "colour_2"))
BATCH = 64
LEARNING_RATE = 5e-3

# Every word for a thing; of two words the last: "teddy bear" is asked at "bear".
WORDS = {name: {noun.split()[-1] for noun in nouns} for name, nouns in NOUNS.items()}
WORDS |= {sense: {word} for word, senses in SENSES.items() for sense in senses}


def label_nouns(
    texts: list[str],
    factors: Factors,
    named: list[set[str]],
    tokenizer: Tokenizer,
    length: int,
) -> Tensor:
    """What each noun stands for, and its colour: (N, 2, length), mostly NOT_ASKED.

    Args:
        factors, named: what the texts were written from, and what they name
    """
    each = zip(texts, rows_of(factors), named, strict=True)
    labels = torch.stack([_labels_of(*one, tokenizer, length) for one in each])
    # Two frogs: which is which? A colour would be asked of the wrong one.
    labels[factors["subject"] == factors["subject_2"]] = NOT_ASKED
    return labels


def _labels_of(text, f, named, tokenizer: Tokenizer, length: int) -> Tensor:
    labels = torch.full((2, length), NOT_ASKED)
    parts, place = pieces(text), 0  # at place 0 stands START
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        place += len(tokenizer.encode_piece(part))  # the last token of this word
        for thing, colour in QUESTIONS:
            means_it = part.strip() in WORDS.get(SUBJECTS[f[thing]], ())
            # The rabbit of "rabbit ears" is no rabbit.
            if means_it and after != " ears" and place < length:
                labels[0, place] = f[thing]
                labels[1, place] = f[colour] if colour in named else NOT_ASKED
    return labels


def two_sensed(factors: Factors) -> Tensor:
    """Which pictures show, alone, what shares its word with something else: (N,)."""
    both = [SUBJECTS.index(sense) for senses in SENSES.values() for sense in senses]
    return torch.isin(factors["subject"], torch.tensor(both)) & (
        factors["subject_2"] == 0
    )


def train_namer(
    namer: Namer,
    tokens: Tensor,
    labels: Tensor,
    often: Tensor,
    iterations: int,
    generator: torch.Generator,
) -> Iterator[tuple[int, float]]:
    """Learn what nouns stand for; yields the number of the iteration and its loss.

    Args:
        tokens: (N, L)
        labels: (N, 2, L), from `label_nouns`
        often: (N,) booleans; half of each batch is drawn from these
    """
    optimizer = torch.optim.Adam(namer.parameters(), lr=LEARNING_RATE)
    halves = [often.nonzero()[:, 0], (~often).nonzero()[:, 0]]
    for iteration in range(iterations):
        # Full speed for the first half, then falling to nothing.
        share = min(1, 2 - 2 * iteration / iterations)
        optimizer.param_groups[0]["lr"] = LEARNING_RATE * share
        rows = torch.cat(
            [
                half[torch.randint(len(half), (BATCH // 2,), generator=generator)]
                for half in halves
            ]
        )  # (BATCH,)
        L = int((tokens[rows] != PAD).sum(1).max())  # padding is paid for, too
        loss = 0
        for question, scores in enumerate(namer(tokens[rows, :L])):
            # Minus the logarithm of the chance that the right answer got.
            loss += F.cross_entropy(
                scores.transpose(1, 2),
                labels[rows, question, :L],
                ignore_index=NOT_ASKED,
            )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield iteration + 1, loss.item()
