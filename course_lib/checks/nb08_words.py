"""The checks of notebook 08: one merge of the tokenizer, and attention by hand."""

import functools
import math
import re

import torch
from torch import Tensor, arange, randint, randn

from course_lib.checks.nb08_mistakes import MERGES
from course_lib.checks.report import NotYetRight, compare, report
from course_lib.networks.layers import attention_weights
from course_lib.networks.tokenizer import merge

# Merge ------------------------------------------------------------------------------


def some_tokens(generator) -> tuple[list[int], tuple[int, int]]:
    """Twenty tokens of three kinds, and a pair of two different ones."""
    # By the seed and not at random, or both draws might have the same pair. Never the
    # example's (5, 6), which somebody may have copied.
    pair = ((7, 5), (6, 7))[generator.initial_seed() % 2]
    return randint(5, 8, (20,), generator=generator).tolist(), pair


def ends_alone(generator):
    """Several pairs, and at the end a token without a neighbour."""
    some, (a, b) = some_tokens(generator)
    return [a, b, *some, a, b, b, a, b, 8], (a, b), 300


def ends_in_the_pair(generator):
    some, (a, b) = some_tokens(generator)
    return [b, *some, a, b, a, a, b], (a, b), 301


def of_two_equal(generator):
    """In 5 5 5 the first two are merged, which requires going from left to right."""
    some, (a, b) = some_tokens(generator)
    return [a, a, a, b, *some, b, a, a, a, a, b, a, a, a], (a, a), 302


def like_digits(generator):
    """Numbers whose text contains the pair: 15, 6 is not 5, 6."""
    some, (a, b) = some_tokens(generator)
    return [10 + a, b, *some, a, 10 * b + 1, a, b, 10 + a, 10 * b + 1], (a, b), 303


def without_the_pair(generator):
    some, (a, b) = some_tokens(generator)
    return [b, a] * (1 + generator.initial_seed()), (a, b), 304


def nothing_at_all(generator):
    return [], (5, 6), 305


ASKED = (
    ends_alone,
    ends_in_the_pair,
    of_two_equal,
    like_digits,
    without_the_pair,
    nothing_at_all,
)


class Watched(list):
    """A list that counts the look-ups, which soon reveals an endless loop.

    So would the clock, but only after many seconds, and by then a loop that appends at
    each turn has filled the memory.
    """

    looks = 0

    def __getitem__(self, place):
        self.looks += 1
        if self.looks > MOST_LOOKS:
            raise NotYetRight(
                f"it does not come to an end: it looked {MOST_LOOKS:,} times at a list "
                f"of {len(self)}. Does `i` grow at each turn, whether a pair was found "
                "or not?"
            )
        return super().__getitem__(place)


MOST_LOOKS = 20_000  # a right answer that looks at all places for each needs some 1,000
SHORT = ([5, 6, 5, 6, 6], [6, 5, 6, 7], [7, 5, 5, 6, 5], [7, 5, 6, 5, 8])


def with_a_short_list(said: str, learner_merge) -> str:
    """Replace a bare "in value number 3" by a list short enough to go through."""
    if not re.match(r"in value number|expected \d+ values", said):
        return said
    for tokens in SHORT:
        found, right = learner_merge(list(tokens), (5, 6), 9), merge(tokens, (5, 6), 9)
        if found != right:
            return (
                f"of {tokens} with pair=(5, 6), new=9: expected {right}, found {found}"
            )
    return said


def check_merge(learner_merge):
    """Every pair in several lists, from left to right; the rest as it was."""

    @functools.wraps(learner_merge)
    def merge_of_learner(tokens, pair, new):
        watched = Watched(tokens)
        try:
            merged = learner_merge(watched, pair, new)
        except IndexError as error:
            if str(error) != "list index out of range":
                raise
            raise NotYetRight(
                "it looks beyond the end of the list: the last token has no neighbour. "
                "`tokens[i : i + 2]` is simply shorter there, and never fails"
            ) from error
        tokens[:] = list(watched)  # so that a change in place shows in `tokens`
        if merged is watched:
            return tokens
        if isinstance(merged, tuple):
            raise NotYetRight(
                "it returns a tuple: the answer should be a list, list(...) makes one"
            )
        return merged

    def check():
        try:
            for inputs in ASKED:
                compare(merge_of_learner, merge, inputs, MERGES)
        except NotYetRight as error:
            told = with_a_short_list(str(error), merge_of_learner)
            raise NotYetRight(told) from error

    return report(check, learner_merge, merge)


# Attention --------------------------------------------------------------------------


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Each token's weighted mean of the values it looks at: (B, L, d)."""
    return attention_weights(query, key, mask[:, None, :]) @ value


def texts_of_a_batch(generator):
    """One of two shapes, which have no number in common."""
    B, L, d = ((3, 7, 10), (2, 9, 12))[generator.initial_seed() % 2]
    query, key, value = randn(3, B, L, d, generator=generator)
    # The last text has no padding: an inverted mask leaves it nothing to look at, and
    # its softmax is NaN. The first has some, or its mask would do for all.
    lengths = randint(3, L, (B, 1), generator=generator)
    lengths[-1] = L
    return query, key, value, arange(L) < lengths


def long_texts(generator):
    """One text without padding, with few numbers per token."""
    query, key, value = randn(3, 1, 4, 5, generator=generator)
    return query, key, value, torch.ones(1, 4, dtype=torch.bool)


def _scores(query, key):
    return query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])


def _hidden(query, key, mask, where=-math.inf):
    return _scores(query, key).masked_fill(~mask[:, None, :], where)


def _weights(query, key, mask):
    return _hidden(query, key, mask).softmax(dim=-1)


def _divided_by(number):
    """Attention whose scores are divided by something other than the root of d."""

    def mistaken(query, key, value, mask):
        back = math.sqrt(query.shape[-1]) / number(query)
        return attend(query * back, key, value, mask)

    return mistaken


def _after_the_softmax(query, key, value, mask):
    return _scores(query, key).softmax(dim=-1) * mask[:, None, :] @ value


def _wrong_axis(query, key, value, mask):
    return _hidden(query, key, mask).softmax(dim=1) @ value


def _over_texts(query, key, value, mask):
    return _hidden(query, key, mask).softmax(dim=0) @ value


def _queries_hidden(query, key, value, mask):
    scores = _scores(query, key).masked_fill(~mask[:, :, None], -math.inf)
    return scores.softmax(dim=-1) @ value


def _queries_set_to_zero(query, key, value, mask):
    return _scores(query, key).softmax(dim=-1) @ value * mask[:, :, None]


def _zero_for_padding(query, key, value, mask):
    return (_scores(query, key) * mask[:, None, :]).softmax(dim=-1) @ value


def _not_normalised(query, key, value, mask):
    return _hidden(query, key, mask).exp() @ value


def _divided_afterwards(query, key, value, mask):
    raw = query @ key.transpose(1, 2)
    raw = raw.masked_fill(~mask[:, None, :], -math.inf)
    return raw.softmax(dim=-1) / math.sqrt(query.shape[-1]) @ value


def _weights_turned(query, key, value, mask):
    return _weights(query, key, mask).transpose(1, 2) @ value


def _first_mask_for_all(query, key, value, mask):
    return attend(query, key, value, mask[:1].expand_as(mask))


def _rooted_by(width: int) -> tuple[str, object]:
    return (
        f"the scores are divided by the root of {width}, but these vectors have "
        "another width: query.shape[-1]",
        _divided_by(lambda query: math.sqrt(width)),
    )


# What `d`, WIDTH and LENGTH are, or were, in the cells above; and one from elsewhere.
OTHER_WIDTHS = (1024, 64, 32, 8)

ATTENTIONS = dict(map(_rooted_by, OTHER_WIDTHS)) | {
    "the answer is right, but then its rows of padding are set to 0: leave them as "
    "they are, nobody reads them": lambda q, k, v, m: attend(q, k, v, m) * m[..., None],
    "scores of padding are -1, which the softmax turns into a weight: fill in "
    "-torch.inf": lambda q, k, v, m: _hidden(q, k, m, -1.0).softmax(dim=-1) @ v,
    "the mask is inverted: it is True where a real token is, so hide ~mask": (
        lambda q, k, v, m: attend(q, k, v, ~m)
    ),
    "the mask is not used, so tokens look at padding: its scores must be -torch.inf. "
    "After masked_fill keep what it returns: scores = scores.masked_fill(...)": (
        lambda q, k, v, m: attend(q, k, v, torch.ones_like(m))
    ),
    "the mask hides those who look, not those who are looked at: keys are the last "
    "axis, mask[:, None, :]": _queries_hidden,
    "the mask is applied to the answer: padding must not be looked at, so set its "
    "scores to -torch.inf before the softmax": _queries_set_to_zero,
    "the mask comes after the softmax, so the weights no longer sum to 1: set the "
    "scores to -torch.inf before it": _after_the_softmax,
    "scores of padding are 0, which the softmax turns into a weight (e to the 0 is 1): "
    "fill in -torch.inf": _zero_for_padding,
    "scores of padding are plus infinity: a weight of 0 needs -torch.inf": (
        lambda q, k, v, m: _hidden(q, k, m, math.inf).softmax(dim=-1) @ v
    ),
    "the mask of the first text is used for all: mask[:, None, :] keeps one per text": (
        _first_mask_for_all
    ),
    "the softmax goes over the wrong axis: for each query, the weights of all keys "
    "sum to 1, and the keys are the last axis": _wrong_axis,
    "the softmax goes over the texts of the batch: for each query, the weights of all "
    "keys sum to 1, and the keys are the last axis": _over_texts,
    "there is no softmax: scores are not weights yet": (
        lambda q, k, v, m: _hidden(q, k, m) @ v
    ),
    "there is no softmax: masked or not, scores do not sum to 1 as weights do": (
        lambda q, k, v, m: _hidden(q, k, m, 0.0) @ v
    ),
    "the weights do not sum to 1: divide exp(scores) by their sum over the keys, as "
    "softmax does": _not_normalised,
    "the scores are not divided by the root of d": _divided_by(lambda q: 1),
    "the scores are divided by d: divide by its root": (
        _divided_by(lambda q: q.shape[-1])
    ),
    "the scores are multiplied by the root of d: divide": (
        _divided_by(lambda q: 1 / math.sqrt(q.shape[-1]))
    ),
    "the scores are divided by the root of the number of tokens: d is how many numbers "
    "each token has, query.shape[-1]": _divided_by(lambda q: math.sqrt(q.shape[1])),
    "the scores are divided by the root of the number of texts, shape[0]: d is how "
    "many numbers a token has, query.shape[-1]": (
        _divided_by(lambda q: math.sqrt(q.shape[0]))
    ),
    "key and value have changed places: query meets key, and the weights meet value": (
        lambda q, k, v, m: attend(q, v, k, m)
    ),
    "the scores are divided by the root of 2, as by hand above, where vectors had two "
    "numbers: here they have query.shape[-1]": _divided_by(lambda q: math.sqrt(2)),
    "the scores are divided by 4, the root of 16: d is not always 16, but "
    "query.shape[-1]": _divided_by(lambda q: 4),
    "the weights are divided by the root of d: divide the scores, before the softmax": (
        _divided_afterwards
    ),
    "query and key are swapped: a row of the scores is one query": (
        lambda q, k, v, m: attend(k, q, v, m)
    ),
    "query is compared with itself: compare it with key, query @ key.transpose(1, 2)": (
        lambda q, k, v, m: attend(q, q, v, m)
    ),
    "key is compared with itself: compare query with key": (
        lambda q, k, v, m: attend(k, k, v, m)
    ),
    "the weights are multiplied by the keys: multiply them by value": (
        lambda q, k, v, m: attend(q, k, k, m)
    ),
    "the weights are multiplied by the queries: multiply them by value": (
        lambda q, k, v, m: attend(q, k, q, m)
    ),
    "it returns the weights: multiply them by value": (
        lambda q, k, v, m: _weights(q, k, m)
    ),
    "the weights are transposed before they meet value: (B, L, L) @ (B, L, d) needs no "
    "transpose": _weights_turned,
    "it sums over the tokens at the end: each token should take home its own vector": (
        lambda q, k, v, m: attend(q, k, v, m).sum(dim=1)
    ),
}


def beside_scores(message: str) -> str | None:
    """What does not fit together here, judging by the axis that torch names."""
    if "must match the size of tensor" not in message:
        return None
    if "non-singleton dimension 0" in message:
        return (
            "is it key.T? That reverses all axes, even that of the batch: "
            "key.transpose(1, 2) is (B, d, L)"
        )
    return (
        "is it the mask? It is (B, L), and the scores are (B, L, L): to fit them it "
        "must be (B, 1, L), mask[:, None, :]"
    )


def check_attend(learner_attend):
    """softmax(query key^T / sqrt(d)) value, where nobody looks at padding."""

    @functools.wraps(learner_attend)
    def attend_of_learner(query, key, value, mask):
        try:
            return learner_attend(query, key, value, mask)
        except RuntimeError as error:
            if hint := beside_scores(str(error)):
                error.add_note(hint)
            raise

    def check():
        for inputs in (texts_of_a_batch, long_texts):
            compare(attend_of_learner, attend, inputs, ATTENTIONS, gradient=True)

    return report(check, learner_attend, attend)
