"""Text as numbers: byte-pair encoding (Sennrich et al. 2016), learned from captions.

    tokenizer = train_tokenizer(captions, merges=200)
    tokenizer.encode("a frog on stilts")

A text is bytes, and each byte is a token, so no text can fail: other scripts, emoji,
anything. What often stands side by side is then merged into one token, again and again,
until every common word is a single number.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from course_lib.cards import Card, CheckpointError, made_from
from course_lib.typed import visible

# No text; here it begins; here it ends. Not even the empty text is without tokens, so
# attention always has something to look at.
PAD, START, END = range(3)
FIRST_BYTE = 3  # the token of byte 0
BYTES = range(FIRST_BYTE, FIRST_BYTE + 256)
MOST_BYTES = 10**7  # of all tokens together; ours have 2,000

Pair = tuple[int, int]


def tidy(prompt: str) -> str:
    """Lower case, single spaces, only what is seen: as captions are."""
    return " ".join(visible(prompt).lower().split())


def pieces(text: str) -> list[str]:
    """Words with the space before them, and signs: what no merge reaches across.

    A short form of GPT-2's rule (Radford et al. 2019). Joined, the pieces are the text
    again, so nothing is lost; and no token can be a habit of two neighbouring words.

    >>> pieces("a frog, on stilts")
    ['a', ' frog', ',', ' on', ' stilts']
    """
    return re.findall(r" ?\w+| ?[^\w\s]+|\s", text)


def to_bytes(text: str) -> list[int]:
    """One token a byte of UTF-8; half a surrogate pair, which is no text, stays."""
    return [FIRST_BYTE + byte for byte in text.encode("utf-8", "surrogatepass")]


def count_pairs(words: dict[tuple[int, ...], int]) -> Counter[Pair]:
    """How often each two tokens stand side by side.

    Args:
        words: how often each word, as tokens, occurs
    """
    counts: Counter[Pair] = Counter()
    for tokens, times in words.items():
        for pair in zip(tokens, tokens[1:], strict=False):
            counts[pair] += times
    return counts


def merge(tokens: list[int], pair: Pair, new: int) -> list[int]:
    """The tokens with each `pair`, from left to right, replaced by `new`.

    >>> merge([5, 6, 5, 6, 6], pair=(5, 6), new=9)
    [9, 9, 6]
    """
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return merged


class Tokenizer:
    """Texts to tokens and back.

    Args:
        merges: the pairs that were merged, in the order in which they were learned
    """

    def __init__(self, merges: Iterable[Pair] = ()):
        self.merges = [tuple(pair) for pair in merges]
        self.vocabulary = {token: bytes([token - FIRST_BYTE]) for token in BYTES}
        self.made_by: dict[Pair, int] = {}  # pair -> the token it becomes
        letters = 0
        for new, pair in enumerate(self.merges, start=BYTES.stop):
            if not all(part in self.vocabulary for part in pair):
                raise ValueError(f"Merge {new} joins {pair}, of which one is not made.")
            self.vocabulary[new] = self.vocabulary[pair[0]] + self.vocabulary[pair[1]]
            self.made_by[pair] = new
            letters += len(self.vocabulary[new])
            if letters > MOST_BYTES:  # forty merges that double would fill any memory
                raise ValueError(f"The tokens up to {new} are too long to be words.")
        # 20,000 captions hold 216,000 pieces, of which 90 differ: each is cut once. The
        # cache is this tokenizer's; one of the class would keep all of them alive.
        self.encode_piece = lru_cache(maxsize=100_000)(self.encode_piece)

    def __len__(self) -> int:
        """How many different tokens there are."""
        return BYTES.stop + len(self.merges)

    def encode_piece(self, piece: str) -> tuple[int, ...]:
        """One word: first its bytes, then every merge that fits, the oldest first."""
        tokens = to_bytes(piece)
        while True:
            # The order of learning is the order of merging: a later merge is made of
            # the tokens of earlier ones.
            pairs = zip(tokens, tokens[1:], strict=False)
            # The number of a token is its age; a pair that is no token is youngest.
            oldest = min(pairs, key=lambda p: self.made_by.get(p, len(self)), default=0)
            if oldest not in self.made_by:
                return tuple(tokens)
            tokens = merge(tokens, oldest, self.made_by[oldest])

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, without START and END."""
        return [token for piece in pieces(text) for token in self.encode_piece(piece)]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the tokens; PAD, START and END say nothing."""
        joined = b"".join(self.vocabulary.get(int(token), b"") for token in tokens)
        try:
            return joined.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:  # cut in the middle of a letter
            return joined.decode("utf-8", "replace")

    def spell(self, tokens: Iterable[int]) -> list[str]:
        """Each token by itself, for the eye: what stands for ' frog' is 'frog'."""
        names = {PAD: "(pad)", START: "(start)", END: "(end)"}
        return [
            names.get(int(t)) or self.decode([t]).strip() or "(space)" for t in tokens
        ]

    def batch(self, texts: list[str], length: int) -> Tensor:
        """START, the text, END, and PAD up to the length: (B, length) int64.

        What is too long is cut; `cut_texts` says which texts are.
        """
        rows = torch.full((len(texts), length), PAD, device="cpu")
        for row, text in zip(rows, texts, strict=True):
            # Cut before END: that there is an end is part of every text.
            tokens = [START, *self.encode(text)[: length - 2], END]
            row[: len(tokens)] = torch.tensor(tokens, device="cpu")
        return rows

    def cut_texts(self, texts: list[str], length: int) -> list[str]:
        """The texts of which `batch` would not take all."""
        return [text for text in texts if len(self.encode(text)) > length - 2]


def forget(tokens: Tensor, dropped: Tensor) -> Tensor:
    """Texts (B, L), some of them replaced by the empty one: START, END, PAD, ...

    Not by PAD alone: that is no text, and attention would have nothing to look at.

    Args:
        dropped: (B,) booleans, True for those that go
    """
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)


def train_tokenizer(texts: Iterable[str], merges: int = 200) -> Tokenizer:
    """Merge the commonest pair into a new token, again and again.

    Ends early when no pair occurs twice. Ties go to the smaller numbers, so the same
    texts give the same tokenizer.
    """
    # Words, not texts: 20,000 captions hold a few hundred different words, so pairs
    # are counted in these.
    counted = Counter(piece for text in texts for piece in pieces(text))
    words: Counter[tuple[int, ...]] = Counter()
    for piece, times in counted.items():
        words[tuple(to_bytes(piece))] += times
    learned: list[Pair] = []
    for new in range(BYTES.stop, BYTES.stop + merges):
        counts = count_pairs(words)
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        # A pair that occurs once is no habit of the language, only of one text.
        if best is None or counts[best] < 2:
            break
        learned.append(best)
        words = {tuple(merge(list(w), best, new)): n for w, n in words.items()}
    return Tokenizer(learned)


def tokenizer_of(card: Card, of: Path | str = "these weights") -> Tokenizer:
    """The tokenizer on the card of a network that reads texts.

    Args:
        of: whose card it is, for a sentence
    """
    # On the card, not in a file beside: weights without their tokenizer are noise.
    with made_from(of, card, "merges", "config"):
        tokenizer = Tokenizer(card["merges"])
        known = card["config"]["text"]["vocabulary"]
    if len(tokenizer) != known:
        raise CheckpointError(
            f"These weights belong to another tokenizer: their network knows {known} "
            f"tokens, there are {len(tokenizer)}."
        )
    return tokenizer
