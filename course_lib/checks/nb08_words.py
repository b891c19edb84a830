"""The checks of notebook 08: one merge of the tokenizer, and attention by hand."""

import math

from torch import Tensor, arange, randint, randn

from course_lib.checks.report import compare, report
from course_lib.networks.layers import attention_weights
from course_lib.networks.tokenizer import merge


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Each token's mix of the values of those it looks at: (B, L, d)."""
    return attention_weights(query, key, mask[:, None, :]) @ value


def check_merge(learner_merge):
    """Every pair of a random list, from left to right; the rest as it was."""

    def inputs(generator):
        # Three tokens only, so that both pairs come up often. (5, 5) overlaps itself:
        # of 5 5 5 the first two are merged, which only who goes from left to right
        # gets.
        some = randint(5, 8, (20,), generator=generator).tolist()
        pair = ((5, 6), (5, 5))[int(randint(2, (), generator=generator))]
        # Two pairs at least, and at the end a token without a neighbour.
        return [*some, *pair, 7, *pair, 7], pair, 300

    def both_halves(tokens, pair, new):
        merged, i = [], 0
        while i < len(tokens):
            found = tuple(tokens[i : i + 2]) == pair
            merged.append(new if found else tokens[i])
            i += 1
        return merged

    def first_only(tokens, pair, new):
        for i in range(len(tokens)):
            if tuple(tokens[i : i + 2]) == pair:
                return [*tokens[:i], new, *tokens[i + 2 :]]
        return tokens

    def last_lost(tokens, pair, new):
        return merge(tokens, pair, new)[:-1]

    mistakes = {
        "the second half of a merged pair is still there: after a merge go on two "
        "places, not one": both_halves,
        "only the first pair is merged: go on to the end of the list": first_only,
        "the last token is lost: it has no neighbour at its right, but it must be kept "
        "too": last_lost,
    }

    def check():
        compare(learner_merge, merge, inputs, mistakes)

    return report(check, learner_merge, merge)


def check_attend(learner_attend):
    """softmax(query key^T / sqrt(d)) value, where nobody looks at padding."""

    def inputs(generator):
        query, key, value = randn(3, 3, 7, 16, generator=generator)
        # Some texts have padding, and the first has none: a mask that is turned round
        # leaves it nothing to look at, and its softmax is NaN.
        lengths = randint(3, 7, (3, 1), generator=generator)
        lengths[0] = 7  # one text without padding
        return query, key, value, arange(7) < lengths

    def mask_inverted(query, key, value, mask):
        return attend(query, key, value, ~mask)

    def scores_of(query, key, mask):
        scores = query @ key.transpose(1, 2) / math.sqrt(query.shape[-1])
        return scores.masked_fill(~mask[:, None, :], -math.inf)

    def wrong_axis(query, key, value, mask):
        return scores_of(query, key, mask).softmax(dim=1) @ value

    def no_root(query, key, value, mask):
        # `attend` divides by this root, so there is none left.
        return attend(query * math.sqrt(query.shape[-1]), key, value, mask)

    mistakes = {
        "the mask is inverted: it is True where a real token is, so what is hidden is "
        "~mask": mask_inverted,
        "the softmax goes over the wrong axis: for each query, the weights of all keys "
        "sum to 1, and the keys are the last axis": wrong_axis,
        "the scores are not divided by the root of d": no_root,
    }

    def check():
        compare(learner_attend, attend, inputs, mistakes)

    return report(check, learner_attend, attend)
