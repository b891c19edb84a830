"""The tokenizer: byte-pair encoding (Sennrich et al. 2016), learned from captions.

    tokenizer = train_tokenizer(captions, merges=200)
    tokenizer.encode("a frog on stilts")

A text is a sequence of bytes, and each byte is a token, so no text can fail: other
scripts, emoji, anything. The most frequent pair of neighbours is then merged into one
token, again and again, until every common word is a single number.
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

# Padding, start and end of a text. Even the empty text has START and END, so attention
# always has something to look at.
PAD, START, END = range(3)
FIRST_BYTE = 3  # the token of byte 0
BYTES = range(FIRST_BYTE, FIRST_BYTE + 256)
MOST_BYTES = 10**7  # the length of all tokens together; ours have 2,000

Pair = tuple[int, int]


def tidy(prompt: str) -> str:
    """Normalise a prompt: lower case, single spaces, no invisible characters."""
    return " ".join(visible(prompt).lower().split())


def pieces(text: str) -> list[str]:
    """Split a text into words, with the space before them, and punctuation.

    A short form of GPT-2's rule (Radford et al. 2019). Nothing is lost: the pieces
    joined are the text again. No merge crosses a border, so no token spans two words.

    >>> pieces("a frog, on stilts")
    ['a', ' frog', ',', ' on', ' stilts']
    """
    return re.findall(r" ?\w+| ?[^\w\s]+|\s", text)


def to_bytes(text: str) -> list[int]:
    """One token per byte of UTF-8; a lone surrogate, which is not text, is kept."""
    return [FIRST_BYTE + byte for byte in text.encode("utf-8", "surrogatepass")]


def count_pairs(words: dict[tuple[int, ...], int]) -> Counter[Pair]:
    """Count how often each pair of tokens occurs side by side.

    Args:
        words: each word, as tokens, with its number of occurrences
    """
    counts: Counter[Pair] = Counter()
    for tokens, times in words.items():
        for pair in zip(tokens, tokens[1:], strict=False):
            counts[pair] += times
    return counts


def merge(tokens: list[int], pair: Pair, new: int) -> list[int]:
    """Replace each `pair` by `new`, from left to right.

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
    """A byte-pair encoder: texts to tokens and back.

    Args:
        merges: the merged pairs, in the order in which they were learned
        words: words that are one token each, numbered after the merges; they are what
            somebody taught a trained network (lesson 13)

    Raises:
        ValueError: a merge of tokens that do not exist yet, or absurdly long tokens
    """

    def __init__(self, merges: Iterable[Pair] = (), words: Iterable[str] = ()):
        self.merges, self.words = [tuple(pair) for pair in merges], tuple(words)
        self.vocabulary = {token: bytes([token - FIRST_BYTE]) for token in BYTES}
        self.made_by: dict[Pair, int] = {}  # pair -> the token it becomes
        letters = 0
        for new, pair in enumerate(self.merges, start=BYTES.stop):
            if not all(part in self.vocabulary for part in pair):
                raise ValueError(f"Merge {new} joins {pair}, but one is not made yet.")
            self.vocabulary[new] = self.vocabulary[pair[0]] + self.vocabulary[pair[1]]
            self.made_by[pair] = new
            letters += len(self.vocabulary[new])
            if letters > MOST_BYTES:  # forty merges, each doubling, fill any memory
                raise ValueError(f"The tokens up to {new} are too long to be words.")
        for new, word in enumerate(self.words, start=len(self.vocabulary) + FIRST_BYTE):
            self.vocabulary[new] = f" {word}".encode()
        # 20,000 captions hold 216,000 pieces, but only 90 different ones: each is
        # encoded once. The cache is per instance; one per class would keep every
        # tokenizer alive.
        self.encode_piece = lru_cache(maxsize=100_000)(self.encode_piece)

    def __len__(self) -> int:
        """The number of different tokens, PAD, START and END included."""
        return BYTES.stop + len(self.merges) + len(self.words)

    def encode_piece(self, piece: str) -> tuple[int, ...]:
        """Encode one piece: its bytes, then every merge that fits, oldest first."""
        # One token with a space before it or without: a new word has only one row.
        if piece.strip() in self.words:
            return (BYTES.stop + len(self.merges) + self.words.index(piece.strip()),)
        tokens = to_bytes(piece)
        while True:
            # Merge in the order of learning: later merges are made of the tokens of
            # earlier ones.
            pairs = zip(tokens, tokens[1:], strict=False)
            # A token's number is its rank; pairs that are no token come last.
            oldest = min(pairs, key=lambda p: self.made_by.get(p, len(self)), default=0)
            if oldest not in self.made_by:
                return tuple(tokens)
            tokens = merge(tokens, oldest, self.made_by[oldest])

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, without START and END."""
        return [token for piece in pieces(text) for token in self.encode_piece(piece)]

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of the tokens; PAD, START and END become nothing."""
        joined = b"".join(self.vocabulary.get(int(token), b"") for token in tokens)
        try:
            return joined.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:  # cut in the middle of a character
            return joined.decode("utf-8", "replace")

    def spell(self, tokens: Iterable[int]) -> list[str]:
        """Each token as readable text: the token for ' frog' becomes 'frog'."""
        names = {PAD: "(pad)", START: "(start)", END: "(end)"}
        return [
            names.get(int(t)) or self.decode([t]).strip() or "(space)" for t in tokens
        ]

    def batch(self, texts: list[str], length: int) -> Tensor:
        """START, the text, END, and PAD up to the length: (B, length) int64.

        Texts that are too long are cut; `cut_texts` finds them.
        """
        rows = torch.full((len(texts), length), PAD, device="cpu")
        for row, text in zip(rows, texts, strict=True):
            # Cut before END, which is part of every text.
            tokens = [START, *self.encode(text)[: length - 2], END]
            row[: len(tokens)] = torch.tensor(tokens, device="cpu")
        return rows

    def cut_texts(self, texts: list[str], length: int) -> list[str]:
        """The texts that `batch` would cut."""
        return [text for text in texts if len(self.encode(text)) > length - 2]


def forget(tokens: Tensor, dropped: Tensor) -> Tensor:
    """Replace some of the texts (B, L) by the empty text: START, END, PAD, ...

    PAD alone would leave attention nothing to look at.

    Args:
        dropped: (B,) booleans, True for texts to replace
    """
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)


def train_tokenizer(texts: Iterable[str], merges: int = 200) -> Tokenizer:
    """Learn a tokenizer: merge the most frequent pair into a new token, repeatedly.

    Stops early when no pair occurs twice. Ties go to the smaller numbers, so the same
    texts give the same tokenizer.
    """
    # Pairs are counted in the different words, of which 20,000 captions hold only a few
    # hundred.
    counted = Counter(piece for text in texts for piece in pieces(text))
    words: Counter[tuple[int, ...]] = Counter()
    for piece, times in counted.items():
        words[tuple(to_bytes(piece))] += times
    learned: list[Pair] = []
    for new in range(BYTES.stop, BYTES.stop + merges):
        counts = count_pairs(words)
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        # A pair that occurs only once is no regularity of the language.
        if best is None or counts[best] < 2:
            break
        learned.append(best)
        words = {tuple(merge(list(w), best, new)): n for w, n in words.items()}
    return Tokenizer(learned)


def tokenizer_of(card: Card, of: Path | str = "these weights") -> Tokenizer:
    """The tokenizer on the card of a network that reads texts.

    Args:
        of: the owner of the card, for an error message

    Raises:
        CheckpointError: no or broken merges, or the network has another vocabulary
    """
    # On the card, not in a separate file: without its tokenizer a network is useless.
    with made_from(of, card, "merges", "config"):
        tokenizer = Tokenizer(card["merges"], card.get("words", ()))
        text = card["config"]["text"]
        known = text["vocabulary"] + text.get("new_words", 0)
    if len(tokenizer) != known:
        raise CheckpointError(
            f"These weights belong to another tokenizer: their network knows {known} "
            f"tokens, this one has {len(tokenizer)}."
        )
    return tokenizer
