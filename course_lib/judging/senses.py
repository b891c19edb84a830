"""Where in a text encoder does an ambiguous word get its meaning?

Sentences with a clue, "a flying bat at night", say which of two senses is meant. After
each stage of the encoder, the mean vector of the word over many such sentences is a
point for each sense; the word in a new sentence lies somewhere between the two points.
"""

import torch
from torch import Tensor

from course_lib.networks.namer import Namer, stages
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import Tokenizer
from course_lib.world.critters import FACTORS, SUBJECTS
from course_lib.world.wording import CLEAR_NOUNS, SCENE_WORDS, SENSES, with_article


def clue_sentences(before: str, after: str) -> list[str]:
    """One clue with 8 colours and 5 scenes: 40 sentences.

    >>> clue_sentences("bat", "beside a ball")[1]
    'a red bat beside a ball at the beach'
    """
    scenes = [phrases[0] for phrases in SCENE_WORDS.values()]
    return [
        " ".join(f"{with_article(f'{colour} {before}')} {after} {scene}".split())
        for colour in FACTORS["colour"][1:]
        for scene in scenes
    ]


def stages_of_word(
    encoder: TextEncoder, tokenizer: Tokenizer, texts: list[str], word: str
) -> dict[str, Tensor]:
    """The vector of a word in each of N texts, after each stage: name -> (N, width).

    Raises:
        ValueError: the word does not occur exactly once in each text
    """
    tokens = tokenizer.batch(texts, encoder.config["length"])
    here = where_once(tokens, tokenizer, word)  # (N, L)
    return {name: x[here] for name, x in stages(encoder, tokens).items()}


def where_once(tokens: Tensor, tokenizer: Tokenizer, word: str) -> Tensor:
    """Where the word stands, (N, L) bool: True once in each row, or a ValueError."""
    # With the space before it, as inside a sentence; without, it may be two tokens.
    here = tokens == tokenizer.encode(f" {word}")[-1]  # (N, L)
    for row, times in zip(tokens, here.sum(1).tolist(), strict=True):
        if times != 1:
            text = tokenizer.decode(row)
            raise ValueError(
                f"The word {word!r} must occur once in each text, in lower case and "
                f"after another word; in {text!r} it occurs {times} times."
            )
    return here


@torch.no_grad()
def sense_chances(
    namer: Namer, tokenizer: Tokenizer, tokens: Tensor, word: str
) -> Tensor:
    """The probability that a Namer gives to each of a word's senses: (N, 2).

    Args:
        tokens: (N, L) int64, with the word once in each row
    """
    here = where_once(tokens, tokenizer, word)  # (N, L)
    chances = namer(tokens)[0][here].softmax(dim=-1)  # (N, things)
    return chances[:, [SUBJECTS.index(sense) for sense in SENSES[word]]]


def clues_of(word: str) -> list[tuple[str, tuple[str, str]]]:
    """Every sense of a word with each of its clues: (sense, clue)."""
    return [(sense, clue) for sense in SENSES[word] for clue in CLEAR_NOUNS[sense]]


# Between two meanings -------------------------------------------------------------


def between_meanings(
    encoder: TextEncoder, tokenizer: Tokenizer, texts: list[str], word: str
) -> dict[str, Tensor]:
    """Where a word lies between its senses, after each stage: name -> (N,).

    1 is the mean of all sentences with a clue to the first sense, -1 is that of the
    second, and 0 is half way. If both means are the same vector, all values are 0.
    """
    asked = stages_of_word(encoder, tokenizer, texts, word)
    ends = []
    for sense in SENSES[word]:
        told = [line for clue in CLEAR_NOUNS[sense] for line in clue_sentences(*clue)]
        found = stages_of_word(encoder, tokenizer, told, word)
        ends.append({name: x.mean(dim=0) for name, x in found.items()})  # (width,)
    return {
        name: share_of_way(x, ends[0][name], ends[1][name]) for name, x in asked.items()
    }


def share_of_way(x: Tensor, one: Tensor, other: Tensor) -> Tensor:
    """The positions of (N, D) vectors along a line: 1 at `one`, -1 at `other`.

    >>> points = torch.tensor([[0.0, 4.0], [2.0, 4.0], [1.0, 7.0]])
    >>> share_of_way(points, points[0], points[1])
    tensor([ 1., -1.,  0.])
    """
    way = (one - other) / 2  # (D,)
    length = way.square().sum()
    if length < 1e-8:  # the same vector, up to rounding
        return torch.zeros(len(x))
    return (x - (one + other) / 2) @ way / length


# The probe ----------------------------------------------------------------------------


def probe(
    encoder: TextEncoder, tokenizer: Tokenizer, word: str
) -> dict[str, tuple[float, int]]:
    """Probe each stage: the accuracy of telling the sense, and the number of sentences.

    A nearest-mean classifier: a sentence belongs to the sense whose mean is nearer.
    Sentences with the same clue are left out of the means, so recognising a familiar
    sentence does not help.
    """
    clues = clues_of(word)
    found = [
        stages_of_word(encoder, tokenizer, clue_sentences(*clue), word)
        for _, clue in clues
    ]
    shares = {}
    for stage in found[0]:
        right = torch.cat(
            [is_told(found, clues, i, stage, SENSES[word]) for i in range(len(clues))]
        )
        shares[stage] = right.mean().item(), len(right)
    return shares


def is_told(found, clues, left_out: int, stage: str, senses) -> Tensor:
    """Whether the right sense's mean is nearer: 1, 0, or 1/2 for a tie, (N,)."""
    gaps = {}
    for sense in senses:
        others = [
            x[stage]
            for i, x in enumerate(found)
            if i != left_out and clues[i][0] == sense
        ]
        mean = torch.cat(others).mean(dim=0)  # (width,)
        # Rounded, or the last bit would decide between equal distances.
        gaps[sense] = (found[left_out][stage] - mean).norm(dim=1).round(decimals=3)
    own = gaps.pop(clues[left_out][0])
    (other,) = gaps.values()
    return (own < other) + (own == other) / 2
