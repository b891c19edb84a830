"""Labels for nouns: a text encoder learns in seconds what words stand for.

The last token of each noun is labelled with the thing that it names and the thing's
colour; all other tokens are NOT_ASKED. The labels are the factors that the caption was
written from; pictures are not used. So a bat and a club, the same word, have different
labels. A caption with a bare "a bat" is labelled as it was meant, which no reader can
know.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.networks.namer import Namer
from course_lib.networks.tokenizer import PAD, Tokenizer, pieces
from course_lib.world.critters import SUBJECTS, Factors, rows_of
from course_lib.world.wording import NOUNS, SENSES

NOT_ASKED = -100  # the label that F.cross_entropy ignores
QUESTIONS = (("subject", "colour"), ("subject_2", "colour_2"))
BATCH = 64
LEARNING_RATE = 5e-3

# Every noun for a subject. Of two words the last: "teddy bear" is labelled at "bear".
WORDS = {name: {noun.split()[-1] for noun in nouns} for name, nouns in NOUNS.items()}
WORDS |= {sense: {word} for word, senses in SENSES.items() for sense in senses}


def label_nouns(
    texts: list[str],
    factors: Factors,
    named: list[set[str]],
    tokenizer: Tokenizer,
    length: int,
) -> Tensor:
    """The subject and colour of each noun: (N, 2, length), mostly NOT_ASKED.

    Args:
        factors: those the N texts were written from
        named: the names of the factors that each text states
        length: tokens of each text, padding included
    """
    each = zip(texts, rows_of(factors), named, strict=True)
    labels = torch.stack([_labels_of(*one, tokenizer, length) for one in each])
    # With two frogs, a colour might be asked of the wrong one.
    labels[factors["subject"] == factors["subject_2"]] = NOT_ASKED
    return labels


def _labels_of(text, f, named, tokenizer: Tokenizer, length: int) -> Tensor:
    labels = torch.full((2, length), NOT_ASKED)
    parts, place = pieces(text), 0  # START is at place 0
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        place += len(tokenizer.encode_piece(part))  # the last token of this word
        for thing, colour in QUESTIONS:
            means_it = part.strip() in WORDS.get(SUBJECTS[f[thing]], ())
            # The rabbit in "rabbit ears" is not a rabbit.
            if means_it and after != " ears" and place < length:
                labels[0, place] = f[thing]
                labels[1, place] = f[colour] if colour in named else NOT_ASKED
    return labels


def two_sensed(factors: Factors) -> Tensor:
    """Which pictures show a single subject whose noun has two senses: (N,) bool."""
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
    """Train a Namer; yields (iterations done, loss) after each iteration.

    Args:
        tokens: (N, L) int64
        labels: (N, 2, L), from `label_nouns`
        often: (N,) bool; half of each batch is drawn from these texts
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
        L = int((tokens[rows] != PAD).sum(1).max())  # padding would cost time
        loss = 0
        for question, scores in enumerate(namer(tokens[rows, :L])):
            loss += F.cross_entropy(
                scores.transpose(1, 2),
                labels[rows, question, :L],
                ignore_index=NOT_ASKED,
            )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield iteration + 1, loss.item()
