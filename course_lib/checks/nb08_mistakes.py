"""Mistakes in notebook 08's merge, and the sentence that names each."""

from course_lib.networks.tokenizer import merge


def _both_halves(tokens, pair, new):
    merged = []
    for i, token in enumerate(tokens):
        merged.append(new if tuple(tokens[i : i + 2]) == pair else token)
    return merged


def _overlapping(tokens, pair, new):
    """Each token of each pair goes, even if another pair has used it already."""
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
    """The list is cut into twos first, which misses a pair across a cut."""
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


def _any_two_of_it(tokens, pair, new):
    """Any two halves side by side are taken for the pair."""
    merged, i = [], 0
    while i < len(tokens):
        two = tokens[i : i + 2]
        found = len(two) == 2 and two[0] in pair and two[1] in pair
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


MERGES = {
    "any two tokens that occur in the pair are merged, such as (6, 5) for (5, 6): "
    "tokens[i] must be pair[0], and tokens[i + 1] pair[1]": _any_two_of_it,
    "only the merged tokens come back: also append the others": (
        lambda tokens, pair, new: [new] * merge(tokens, pair, new).count(new)
    ),
    "the second half of a merged pair is still there, and the last token is lost: "
    "after a merge move on by two places, not one, and go on to the end of the list": (
        lambda tokens, pair, new: _both_halves(tokens, pair, new)[:-1]
    ),
    "it looks for the example's 5 and 6 and puts in its 9: use `pair` and `new`": (
        lambda tokens, pair, new: merge(tokens, (5, 6), 9)
    ),
    "the second half of a merged pair is still there: after a merge move on by two "
    "places, not one": _both_halves,
    "a token is used for two pairs: after a merge go on after both of its halves": (
        _overlapping
    ),
    "only the first pair is merged: go on to the end of the list": _first_only,
    "the last token is lost: it has no neighbour on its right, but it must be kept": (
        _last_lost
    ),
    "the last token appears twice: it is added at the end even if it was merged or "
    "added before": _last_twice,
    "a pair at the very end is not merged: the loop stops too early": _last_pair_left,
    "it moves on by two places even where nothing was merged, so tokens are lost: move "
    "on by one there": _two_places_always,
    "the list is cut into twos, which misses a pair across a cut: look at every place, "
    "and move on by two only after a merge": _blocks_of_two,
    "the pair is still there beside `new`: append one or the other (`else`)": (
        _kept_as_well
    ),
    "the pair is taken out, but `new` is not put in its place": _without_new,
    "it looks only at the first half of the pair: the token after it must be pair[1]": (
        _half_of_it(0)
    ),
    "it looks only at the second half of the pair: the token before it must be "
    "pair[0]": _half_of_it(1),
    "each half is replaced on its own: a pair is only where both are side by side": (
        _each_by_itself
    ),
    "the pair is also merged in the other order: (5, 6) is not (6, 5)": _either_order,
    "it looks for the pair in the other order: pair[0] comes first": (
        lambda tokens, pair, new: merge(tokens, pair[::-1], new)
    ),
    "it goes from right to left: of 5 5 5 the first two are the pair (5, 5)": (
        _from_the_right
    ),
    "the answer is in reverse order": (
        lambda tokens, pair, new: merge(tokens, pair, new)[::-1]
    ),
    "as text, 15, 6 contains 5, 6: compare numbers, not their digits": _as_text,
    "it puts in the example's 9: put in `new`": (
        lambda tokens, pair, new: merge(tokens, pair, 9)
    ),
    "it looks for the example's 5 and 6: look for `pair`": (
        lambda tokens, pair, new: merge(tokens, (5, 6), new)
    ),
    "nothing is merged, the list comes back unchanged. Is a slice compared with "
    "`pair`? A list is never equal to a tuple: tuple(tokens[i : i + 2]) == pair": (
        lambda tokens, pair, new: tokens
    ),
}
