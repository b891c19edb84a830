"""The checks of notebook 08: one merge of the tokenizer, and attention by hand."""

import functools
import math

import torch
from torch import Tensor, arange, randint, randn

from course_lib.checks.report import NotYetRight, compare, report
from course_lib.networks.layers import attention_weights
from course_lib.networks.tokenizer import merge

# Merge ------------------------------------------------------------------------------


def some_tokens(generator) -> tuple[list[int], tuple[int, int]]:
    """Twenty tokens, three of them different, and a pair of two that differ."""
    # By the seed and not by chance, or both draws might ask for the same pair. Never
    # the (5, 6) of the example, which somebody may have copied.
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
    """Of 5 5 5 the first two are merged, which needs going from left to right."""
    some, (a, b) = some_tokens(generator)
    return [a, a, a, b, *some, b, a, a, a, a, b, a, a, a], (a, a), 302


def like_digits(generator):
    """Numbers that hold the pair as text: 15, 6 is not 5, 6."""
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


def _both_halves(tokens, pair, new):
    merged = []
    for i, token in enumerate(tokens):
        merged.append(new if tuple(tokens[i : i + 2]) == pair else token)
    return merged


def _overlapping(tokens, pair, new):
    """Each token that is in a pair goes, whether or not it is used already."""
    starts = [tuple(tokens[i : i + 2]) == pair for i in range(len(tokens))]
    merged = []
    for i, token in enumerate(tokens):
        if starts[i]:
            merged.append(new)
        elif not (i and starts[i - 1]):
            merged.append(token)
    return merged


def _first_only(tokens, pair, new):
    for i in range(len(tokens)):
        if tuple(tokens[i : i + 2]) == pair:
            return [*tokens[:i], new, *tokens[i + 2 :]]
    return tokens


def _last_lost(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens) - 1:
        found = tuple(tokens[i : i + 2]) == pair
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


def _last_twice(tokens, pair, new):
    merged = _last_lost(tokens, pair, new)
    return [*merged, tokens[-1]] if tokens else merged


def _last_pair_left(tokens, pair, new):
    return [*merge(tokens[:-2], pair, new), *tokens[-2:]]


def _two_places_always(tokens, pair, new):
    merged = []
    for i in range(0, len(tokens), 2):
        merged.append(new if tuple(tokens[i : i + 2]) == pair else tokens[i])
    return merged


def _blocks_of_two(tokens, pair, new):
    """The list cut into twos first: a pair across a cut is not seen."""
    merged = []
    for i in range(0, len(tokens), 2):
        two = tokens[i : i + 2]
        merged += [new] if tuple(two) == pair else two
    return merged


def _kept_as_well(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        found = tuple(tokens[i : i + 2]) == pair
        merged += [new, *tokens[i : i + 2]] if found else [tokens[i]]
        i += 2 if found else 1
    return merged


def _without_new(tokens, pair, new):
    return [token for token in merge(tokens, pair, None) if token is not None]


def _half_of_it(which):
    def mistaken(tokens, pair, new):
        merged, i = [], 0
        while i < len(tokens):
            place = i + which
            found = place < len(tokens) and tokens[place] == pair[which]
            merged.append(new if found else tokens[i])
            i += 2 if found else 1
        return merged

    return mistaken


def _each_by_itself(tokens, pair, new):
    return [new if token in pair else token for token in tokens]


def _either_order(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        found = tuple(tokens[i : i + 2]) in (pair, pair[::-1])
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


def _from_the_right(tokens, pair, new):
    return merge(tokens[::-1], pair[::-1], new)[::-1]


def _as_text(tokens, pair, new):
    text = ", ".join(map(str, tokens)).replace(f"{pair[0]}, {pair[1]}", str(new))
    return [int(number) for number in text.split(", ") if number]


MERGES = {
    "the second half of a merged pair is still there: after a merge go on two places, "
    "not one": _both_halves,
    "a token is used for two pairs: after a merge go on behind both of its halves": (
        _overlapping
    ),
    "only the first pair is merged: go on to the end of the list": _first_only,
    "the last token is lost: it has no neighbour at its right, but it must be kept "
    "too": _last_lost,
    "the last token stands there twice: it is added at the end even where it was "
    "merged or added before": _last_twice,
    "a pair at the very end is not merged: the loop stops too early": _last_pair_left,
    "it goes on two places even where nothing was merged, so tokens are lost: there go "
    "on by one": _two_places_always,
    "the list is cut into twos, and a pair across a cut is not seen: look at every "
    "place, and go on two places only after a merge": _blocks_of_two,
    "the pair is still there beside `new`: append one or the other (`else`)": (
        _kept_as_well
    ),
    "the pair is taken out, but `new` is not put in its place": _without_new,
    "it looks at the first half of the pair only: the token after it must be pair[1]": (
        _half_of_it(0)
    ),
    "it looks at the second half of the pair only: the token before it must be "
    "pair[0]": _half_of_it(1),
    "each half is replaced by itself: only where both stand side by side is there a "
    "pair": _each_by_itself,
    "the pair is merged in the other order, too: (5, 6) is not (6, 5)": _either_order,
    "the pair is looked for in the other order: pair[0] stands at the left": (
        lambda tokens, pair, new: merge(tokens, pair[::-1], new)
    ),
    "it goes from right to left: of 5 5 5 the first two are the pair (5, 5)": (
        _from_the_right
    ),
    "the answer is in the wrong order: it is turned round": (
        lambda tokens, pair, new: merge(tokens, pair, new)[::-1]
    ),
    "as text, 15, 6 holds 5, 6: compare numbers, not their digits": _as_text,
    "it puts in the 9 of the example: put in `new`": (
        lambda tokens, pair, new: merge(tokens, pair, 9)
    ),
    "it looks for the 5 and 6 of the example: look for `pair`": (
        lambda tokens, pair, new: merge(tokens, (5, 6), new)
    ),
    "nothing is merged, the list comes back as it was. Is a slice compared with "
    "`pair`? A list is never equal to a tuple: tuple(tokens[i : i + 2]) == pair": (
        lambda tokens, pair, new: tokens
    ),
}


def check_merge(learner_merge):
    """Every pair of several lists, from left to right; the rest as it was."""

    @functools.wraps(learner_merge)
    def merge_of_learner(tokens, pair, new):
        try:
            merged = learner_merge(tokens, pair, new)
        except IndexError as error:
            if str(error) != "list index out of range":
                raise
            raise NotYetRight(
                "it looks behind the end of the list: the last token has no neighbour. "
                "`tokens[i : i + 2]` may be shorter there, and never fails"
            ) from error
        if isinstance(merged, tuple):
            raise NotYetRight(
                "it returns a tuple: the answer is a list, list(...) makes one"
            )
        return merged

    def check():
        for inputs in ASKED:
            compare(merge_of_learner, merge, inputs, MERGES)

    return report(check, learner_merge, merge)


# Attention --------------------------------------------------------------------------


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Each token's mix of the values of those it looks at: (B, L, d)."""
    return attention_weights(query, key, mask[:, None, :]) @ value


def texts_of_a_batch(generator):
    """Two shapes, of which no number of the one fits the other."""
    B, L, d = ((3, 7, 10), (2, 9, 12))[generator.initial_seed() % 2]
    query, key, value = randn(3, B, L, d, generator=generator)
    # The last text has no padding: a mask that is turned round leaves it nothing to
    # look at, and its softmax is NaN. The first has some, or its mask would do for all.
    lengths = randint(3, L, (B, 1), generator=generator)
    lengths[-1] = L
    return query, key, value, arange(L) < lengths


def long_texts(generator):
    """One text, all of it there, with few numbers a token."""
    query, key, value = randn(3, 1, 4, 5, generator=generator)
    return query, key, value, torch.ones(1, 4, dtype=torch.bool)


def _scores(query, key):
    return query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])


def _hidden(query, key, mask, where=-math.inf):
    return _scores(query, key).masked_fill(~mask[:, None, :], where)


def _weights(query, key, mask):
    return _hidden(query, key, mask).softmax(dim=-1)


def _divided_by(number):
    """Attention whose scores are divided by something else than the root of d."""

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


ATTENTIONS = {
    "the mask is inverted: it is True where a real token is, so what is hidden is "
    "~mask": lambda q, k, v, m: attend(q, k, v, ~m),
    "the mask is not used: padding is looked at. Its scores must be -torch.inf": (
        lambda q, k, v, m: attend(q, k, v, torch.ones_like(m))
    ),
    "the mask hides those who look, not those who are looked at: keys are the last "
    "axis, mask[:, None, :]": _queries_hidden,
    "the mask is laid on the answer: padding must not be looked at, so set its scores "
    "to -torch.inf before the softmax": _queries_set_to_zero,
    "the mask comes after the softmax, so the weights no longer sum to 1: set the "
    "scores to -torch.inf before it": _after_the_softmax,
    "scores of padding are 0, and the softmax makes a weight of that (e to the 0 is "
    "1): fill in -torch.inf": _zero_for_padding,
    "scores of padding are plus infinity: a weight of 0 needs -torch.inf": (
        lambda q, k, v, m: _hidden(q, k, m, math.inf).softmax(dim=-1) @ v
    ),
    "the mask of the first text is used for all: mask[:, None, :] keeps one a text": (
        _first_mask_for_all
    ),
    "the softmax goes over the wrong axis: for each query, the weights of all keys "
    "sum to 1, and the keys are the last axis": _wrong_axis,
    "the softmax goes over the texts of the batch: for each query, the weights of all "
    "keys sum to 1, and the keys are the last axis": _over_texts,
    "there is no softmax: scores are not yet weights": (
        lambda q, k, v, m: _hidden(q, k, m) @ v
    ),
    "there is no softmax: masked or not, scores are no weights that sum to 1": (
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
    "a token has, query.shape[-1]": _divided_by(lambda q: math.sqrt(q.shape[1])),
    "the scores are divided by the root of 2, as by hand above, where vectors had two "
    "numbers: here they have query.shape[-1]": _divided_by(lambda q: math.sqrt(2)),
    "the scores are divided by 4, the root of 16: d is not always 16, but "
    "query.shape[-1]": _divided_by(lambda q: 4),
    "the weights are divided by the root of d: divide the scores, before the softmax": (
        _divided_afterwards
    ),
    "query and key have changed places: a row of the scores is one query": (
        lambda q, k, v, m: attend(k, q, v, m)
    ),
    "query is compared with itself: compare it with key": (
        lambda q, k, v, m: attend(q, q, v, m)
    ),
    "key is compared with itself: compare query with it": (
        lambda q, k, v, m: attend(k, k, v, m)
    ),
    "the keys are handed over: multiply the weights with value": (
        lambda q, k, v, m: attend(q, k, k, m)
    ),
    "the queries are handed over: multiply the weights with value": (
        lambda q, k, v, m: attend(q, k, q, m)
    ),
    "it gives back the weights: multiply them with value": (
        lambda q, k, v, m: _weights(q, k, m)
    ),
    "the weights are turned round before they meet value: (B, L, L) @ (B, L, d) needs "
    "no transpose": _weights_turned,
    "it sums over the tokens at the end: each token takes home a vector of its own": (
        lambda q, k, v, m: attend(q, k, v, m).sum(dim=1)
    ),
}


def check_attend(learner_attend):
    """softmax(query key^T / sqrt(d)) value, where nobody looks at padding."""

    def check():
        for inputs in (texts_of_a_batch, long_texts):
            compare(learner_attend, attend, inputs, ATTENTIONS, gradient=True)

    return report(check, learner_attend, attend)
