"""What is handed in for notebook 08."""

import math
import re
from collections import deque
from functools import reduce

import numpy as np
import torch
import torch.nn.functional as F
from torch import einsum

from answers import right, wrong
from course_lib.checks.nb08_words import check_attend, check_merge

# Merge: right ------------------------------------------------------------------------


@right(check_merge)
def with_a_while_loop(tokens, pair, new):
    out = []
    i = 0
    while i < len(tokens):
        if i + 1 < len(tokens) and tokens[i] == pair[0] and tokens[i + 1] == pair[1]:
            out.append(new)
            i = i + 2
        else:
            out.append(tokens[i])
            i = i + 1
    return out


@right(check_merge)
def with_a_flag(tokens, pair, new):
    out, skip = [], False
    for i, token in enumerate(tokens):
        if skip:
            skip = False
            continue
        if tokens[i : i + 2] == list(pair):
            out.append(new)
            skip = True
        else:
            out.append(token)
    return out


@right(check_merge)
def by_recursion(tokens, pair, new):
    if len(tokens) < 2:
        return list(tokens)
    if tuple(tokens[:2]) == pair:
        return [new, *by_recursion(tokens[2:], pair, new)]
    return [tokens[0], *by_recursion(tokens[1:], pair, new)]


@right(check_merge)
def from_a_queue(tokens, pair, new):
    left, out = deque(tokens), []
    while left:
        first = left.popleft()
        if first == pair[0] and left and left[0] == pair[1]:
            left.popleft()
            first = new
        out.append(first)
    return out


@right(check_merge)
def with_an_iterator(tokens, pair, new):
    out, rest = [], iter(tokens)
    held = next(rest, None)
    while held is not None:
        after = next(rest, None)
        if (held, after) == pair:
            out.append(new)
            held = next(rest, None)
        else:
            out.append(held)
            held = after
    return out


@right(check_merge)
def in_a_copy(tokens, pair, new):
    copy = tokens[:]
    i = 0
    while i < len(copy) - 1:
        if copy[i] == pair[0] and copy[i + 1] == pair[1]:
            copy[i : i + 2] = [new]
        i += 1
    return copy


@right(check_merge)
def popped_from_a_copy(tokens, pair, new):
    tokens = list(tokens)
    for i in range(len(tokens)):
        if i + 1 < len(tokens) and (tokens[i], tokens[i + 1]) == pair:
            tokens[i] = new
            del tokens[i + 1]
    return tokens


@right(check_merge)
def as_letters(tokens, pair, new):
    text = "".join(chr(token) for token in tokens)
    return [ord(sign) for sign in text.replace(chr(pair[0]) + chr(pair[1]), chr(new))]


@right(check_merge)
def as_words(tokens, pair, new):
    text = " ".join(f"<{token}>" for token in tokens)
    text = text.replace(f"<{pair[0]}> <{pair[1]}>", f"<{new}>")
    return [int(number) for number in re.findall(r"\d+", text)]


@right(check_merge)
def stacked(tokens, pair, new):
    def push(stack, token):
        if stack and (stack[-1], token) == pair:
            return [*stack[:-1], new]
        return [*stack, token]

    return reduce(push, tokens, [])


@right(check_merge)
def with_a_sentinel(tokens, pair, new):
    out, used = [], False
    for this, after in zip(tokens, [*tokens[1:], None], strict=False):
        if used:
            used = False
        elif (this, after) == pair:
            out.append(new)
            used = True
        else:
            out.append(this)
    return out


@right(check_merge)
def with_index(tokens, pair, new):
    out, start = [], 0
    while pair[0] in tokens[start:]:
        at = tokens.index(pair[0], start)
        out += tokens[start:at]
        if tokens[at + 1 : at + 2] == [pair[1]]:
            out.append(new)
            start = at + 2
        else:
            out.append(pair[0])
            start = at + 1
    return out + tokens[start:]


@right(check_merge)
def marked_first(tokens, pair, new):
    starts, i = set(), 0
    while i < len(tokens) - 1:
        if (tokens[i], tokens[i + 1]) == pair:
            starts.add(i)
            i += 1
        i += 1
    gone = {start + 1 for start in starts}
    return [
        new if i in starts else token for i, token in enumerate(tokens) if i not in gone
    ]


@right(check_merge)
def yielded(tokens, pair, new):
    def parts():
        i = 0
        while i < len(tokens):
            found = tokens[i : i + 2] == [*pair]
            yield new if found else tokens[i]
            i += 1 + found

    return list(parts())


@right(check_merge)
def with_numpy_inside(tokens, pair, new):
    numbers, out, i = np.array(tokens, dtype=int), [], 0
    while i < len(numbers):
        found = np.array_equal(numbers[i : i + 2], pair)
        out.append(new if found else numbers[i])
        i += 2 if found else 1
    return out


# Merge: wrong ------------------------------------------------------------------------


@wrong(check_merge, "the second half of a merged pair is still there")
def second_half_stays(tokens, pair, new):
    merged = []
    for i, token in enumerate(tokens):
        merged.append(new if tuple(tokens[i : i + 2]) == pair else token)
    return merged


@wrong(check_merge, "only the first pair is merged")
def returned_in_the_loop(tokens, pair, new):
    for i in range(len(tokens)):
        if tuple(tokens[i : i + 2]) == pair:
            return tokens[:i] + [new] + tokens[i + 2 :]
    return tokens


@wrong(check_merge, "the last token is lost")
def end_forgotten(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens) - 1:
        found = (tokens[i], tokens[i + 1]) == pair
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


@wrong(check_merge, "the last token appears twice")
def end_added_always(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens) - 1:
        found = (tokens[i], tokens[i + 1]) == pair
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged + tokens[-1:]


@wrong(check_merge, "a pair at the very end is not merged")
def stops_before_the_last_pair(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        found = i < len(tokens) - 2 and (tokens[i], tokens[i + 1]) == pair
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


@wrong(check_merge, "it looks beyond the end of the list")
def no_neighbour(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        found = (tokens[i], tokens[i + 1]) == pair
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


@wrong(check_merge, "it moves on by two")
def two_places_always(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            merged.append(new)
        else:
            merged.append(tokens[i])
        i += 2
    return merged


@wrong(check_merge, "the list is cut into")
def in_steps_of_two(tokens, pair, new):
    merged = []
    for i in range(0, len(tokens), 2):
        if tuple(tokens[i : i + 2]) == pair:
            merged.append(new)
        else:
            merged.extend(tokens[i : i + 2])
    return merged


@wrong(check_merge, "the pair is still there beside `new`")
def no_else(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            merged.append(new)
            merged.append(tokens[i])
            merged.append(tokens[i + 1])
            i += 2
            continue
        merged.append(tokens[i])
        i += 1
    return merged


@wrong(check_merge, "`new` is not put in its place")
def new_forgotten(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return merged


@wrong(check_merge, "it looks only at the first half of the pair")
def first_half_only(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if tokens[i] == pair[0]:
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return merged


@wrong(check_merge, "each half is replaced on its own")
def each_by_itself(tokens, pair, new):
    return [new if token in pair else token for token in tokens]


@wrong(check_merge, "the pair is also merged in the other order")
def as_sets(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        found = sorted(tokens[i : i + 2]) == sorted(pair)
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


@wrong(check_merge, "it looks for the pair in the other order")
def turned_pair(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        found = tuple(tokens[i : i + 2]) == (pair[1], pair[0])
        merged.append(new if found else tokens[i])
        i += 2 if found else 1
    return merged


@wrong(check_merge, "goes from right to left")
def from_the_right(tokens, pair, new):
    merged, i = [], len(tokens) - 1
    while i >= 0:
        found = i > 0 and (tokens[i - 1], tokens[i]) == pair
        merged.insert(0, new if found else tokens[i])
        i -= 2 if found else 1
    return merged


@wrong(check_merge, "used for two pairs")
def overlapping(tokens, pair, new):
    starts = [i for i in range(len(tokens)) if tuple(tokens[i : i + 2]) == pair]
    gone = {i + 1 for i in starts}
    merged = []
    for i, token in enumerate(tokens):
        if i in starts:
            merged.append(new)
        elif i not in gone:
            merged.append(token)
    return merged


@wrong(check_merge, "the answer is in reverse order")
def popped_backwards(tokens, pair, new):
    merged = []
    for token in tokens:
        if merged and (merged[0], token) == pair:
            merged[0] = new
        else:
            merged.insert(0, token)
    return merged


@wrong(check_merge, "compare numbers, not their digits")
def as_one_text(tokens, pair, new):
    text = str(tokens).replace(str(pair)[1:-1], str(new))
    return [int(part) for part in re.findall(r"\d+", text)]


@wrong(check_merge, "it puts in the example's 9")
def nine(tokens, pair, new):
    return [9 if token == new else token for token in with_a_flag(tokens, pair, new)]


@wrong(check_merge, "it looks for the example's 5 and 6: look")
def five_and_six(tokens, pair, new):
    return with_a_flag(tokens, (5, 6), new)


@wrong(check_merge, "A list is never equal to a tuple")
def a_slice_beside_a_tuple(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if tokens[i : i + 2] == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return merged


@wrong(check_merge, "it changes its input `tokens` in place")
def in_place(tokens, pair, new):
    i = 0
    while i < len(tokens) - 1:
        if (tokens[i], tokens[i + 1]) == pair:
            tokens[i : i + 2] = [new]
        i += 1
    return tokens


@wrong(check_merge, "it returned None")
def no_return(tokens, pair, new):
    merged = with_a_flag(tokens, pair, new)
    merged.count(new)


@wrong(check_merge, "it returns a tuple")
def a_tuple(tokens, pair, new):
    return tuple(with_a_flag(tokens, pair, new))


@wrong(check_merge, "numpy")
def an_array(tokens, pair, new):
    return np.array(with_a_flag(tokens, pair, new))


@wrong(check_merge, "it returned a generator")
def a_generator(tokens, pair, new):
    yield from with_a_flag(tokens, pair, new)


@wrong(check_merge, "expected the type list, found str")
def a_text(tokens, pair, new):
    return str(with_a_flag(tokens, pair, new))


@wrong(check_merge)
def added_at_the_end(tokens, pair, new):
    kept = [token for token in with_a_flag(tokens, pair, new) if token != new]
    return kept + [new] * (len(tokens) - len(kept)) if len(kept) < len(tokens) else kept


@wrong(check_merge, "bytes must be in range(0, 256)")
def bytes_only(tokens, pair, new):
    return list(bytes(tokens).replace(bytes(pair), bytes([new])))


@wrong(check_merge)
def once_more_for_luck(tokens, pair, new):
    for i in range(len(tokens) - 1):
        if (tokens[i], tokens[i + 1]) == pair:
            return tokens[:i] + [new] + tokens[i + 2 :] + [new]
    return tokens


@wrong(check_merge, "any two tokens that")
def both_in_the_pair(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if i + 1 < len(tokens) and tokens[i] in pair and tokens[i + 1] in pair:
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
            i += 1
    return merged


@wrong(check_merge, "puts in its 9")
def all_of_the_example(tokens, pair, new):
    return with_a_flag(tokens, (5, 6), 9)


@wrong(check_merge, "only the merged tokens come back")
def the_rest_dropped(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            i += 1
    return merged


@wrong(check_merge, "and the last token is lost")
def no_skip_and_too_short(tokens, pair, new):
    merged = []
    for i in range(len(tokens) - 1):
        merged.append(new if (tokens[i], tokens[i + 1]) == pair else tokens[i])
    return merged


@wrong(check_merge, "Does `i` grow at each turn")
def i_never_grows(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            merged.append(new)
            i += 2
        else:
            merged.append(tokens[i])
    return merged


@wrong(check_merge, "of [5, 6, 5, 6, 6] with pair=(5, 6), new=9: expected")
def one_after_a_pair_lost(tokens, pair, new):
    merged, i = [], 0
    while i < len(tokens):
        found = tuple(tokens[i : i + 2]) == pair
        merged.append(new if found else tokens[i])
        i += 3 if found else 1
    return merged


# Attention: right --------------------------------------------------------------------


@right(check_attend)
def torchs_own(query, key, value, mask):
    return F.scaled_dot_product_attention(query, key, value, mask[:, None])


@right(check_attend)
def with_bmm(query, key, value, mask):
    scores = torch.bmm(query, key.mT) / math.sqrt(key.size(2))
    scores[(~mask).unsqueeze(1).expand_as(scores)] = float("-inf")
    return torch.bmm(torch.softmax(scores, 2), value)


@right(check_attend)
def with_einsum(query, key, value, mask):
    scores = einsum("bnd,bld->bnl", query, key) * query.size(-1) ** -0.5
    scores = torch.where(mask[:, None], scores, torch.tensor(-torch.inf))
    return einsum("bnl,bld->bnd", F.softmax(scores, dim=2), value)


@right(check_attend)
def by_loops(query, key, value, mask):
    out = torch.zeros_like(value)
    for b in range(len(query)):
        for n in range(query.shape[1]):
            weights = []
            for i in range(key.shape[1]):
                score = (query[b, n] * key[b, i]).sum() / query.shape[2] ** 0.5
                weights.append(torch.exp(score) if mask[b, i] else torch.tensor(0.0))
            total = sum(weights)
            for i, weight in enumerate(weights):
                out[b, n] = out[b, n] + weight / total * value[b, i]
    return out


@right(check_attend)
def text_by_text(query, key, value, mask):
    out = []
    for q, k, v, m in zip(query, key, value, mask, strict=True):
        weights = (q @ k[m].T / q.shape[1] ** 0.5).softmax(dim=1)
        out.append(weights @ v[m])
    return torch.stack(out)


@right(check_attend)
def by_hand(query, key, value, mask):
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    weights = torch.exp(scores) * mask[:, None, :]
    return weights / weights.sum(-1, keepdim=True) @ value


@right(check_attend)
def a_large_minus(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    return scores.masked_fill(mask[:, None, :] == 0, -1e9).softmax(-1) @ value


@right(check_attend)
def added_minus_infinity(query, key, value, mask):
    hidden = torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)
    scores = query @ key.permute(0, 2, 1) / torch.tensor(query.shape[-1]).sqrt()
    return torch.softmax(scores + hidden[:, None, :], dim=-1) @ value


@right(check_attend)
def masked_afterwards_and_shared_out_again(query, key, value, mask):
    weights = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)
    weights = weights * mask[:, None, :]
    return (weights / weights.sum(-1, keepdim=True)) @ value


@right(check_attend)
def query_divided_first(query, key, value, mask):
    query = query / math.sqrt(query.shape[-1])
    scores = torch.baddbmm(torch.zeros(len(query), 1, 1), query, key.transpose(1, 2))
    scores = scores.masked_fill(torch.logical_not(mask).unsqueeze(-2), -math.inf)
    return scores.softmax(dim=2) @ value


@right(check_attend)
def by_logarithms(query, key, value, mask):
    scores = torch.matmul(query, key.swapaxes(1, 2)) / query.shape[-1] ** 0.5
    scores = scores.masked_fill(~mask[:, None, :], torch.finfo(scores.dtype).min)
    return (scores - scores.logsumexp(dim=-1, keepdim=True)).exp() @ value


@right(check_attend)
def turned_all_the_way(query, key, value, mask):
    scores = key @ query.transpose(1, 2) / query.shape[-1] ** 0.5  # (B, keys, queries)
    weights = scores.masked_fill(~mask[:, :, None], -torch.inf).softmax(dim=1)
    return weights.transpose(1, 2) @ value


@right(check_attend)
def in_float64_and_back(query, key, value, mask):
    q, k, v = query.double(), key.double(), value.double()
    scores = (q @ k.transpose(1, 2)) / q.shape[-1] ** 0.5
    scores = scores.masked_fill(~mask[:, None, :], -torch.inf)
    return (scores.softmax(-1) @ v).float()


@right(check_attend)
def with_sums_for_products(query, key, value, mask):
    scores = (query[:, :, None] * key[:, None]).sum(-1) / query.shape[-1] ** 0.5
    weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
    return (weights[..., None] * value[:, None]).sum(2)


@right(check_attend)
def with_helpers(query, key, value, mask):
    def compare_all():
        return query @ key.mT * (1 / math.sqrt(query.shape[-1]))

    def shares(scores):
        large = scores.max(dim=-1, keepdim=True).values
        shifted = (scores - large).exp()
        return shifted / shifted.sum(dim=-1, keepdim=True)

    return shares(compare_all().masked_fill(~mask[:, None, :], -torch.inf)) @ value


# Attention: wrong --------------------------------------------------------------------


def scores_of(query, key):
    return query @ key.transpose(1, 2) / query.shape[-1] ** 0.5


def hidden(query, key, mask):
    return scores_of(query, key).masked_fill(~mask[:, None, :], -torch.inf)


@wrong(check_attend, "the mask is inverted")
def mask_inverted(query, key, value, mask):
    scores = scores_of(query, key).masked_fill(mask[:, None, :], -torch.inf)
    return scores.softmax(-1) @ value


@wrong(check_attend, "the mask is not used")
def no_mask(query, key, value, mask):
    return scores_of(query, key).softmax(-1) @ value


@wrong(check_attend, "the mask is not used")
def mask_result_dropped(query, key, value, mask):
    scores = scores_of(query, key)
    scores.masked_fill(~mask[:, None, :], -torch.inf)  # makes a new tensor
    return scores.softmax(-1) @ value


@wrong(check_attend, "hides those who look")
def mask_of_queries(query, key, value, mask):
    scores = scores_of(query, key).masked_fill(~mask[:, :, None], -torch.inf)
    return scores.softmax(-1) @ value


@wrong(check_attend, "the mask is applied to the answer")
def mask_at_the_end(query, key, value, mask):
    return (scores_of(query, key).softmax(-1) @ value) * mask[:, :, None]


@wrong(check_attend, "the mask comes after the softmax")
def mask_after_softmax(query, key, value, mask):
    return (scores_of(query, key).softmax(-1) * mask[:, None, :]) @ value


@wrong(check_attend, "the mask comes after the softmax")
def filled_after_softmax(query, key, value, mask):
    weights = scores_of(query, key).softmax(-1).masked_fill(~mask[:, None, :], 0)
    return weights @ value


@wrong(check_attend)
def infinity_after_softmax(query, key, value, mask):
    weights = scores_of(query, key).softmax(-1)
    return weights.masked_fill(~mask[:, None, :], -torch.inf) @ value


@wrong(check_attend, "scores of padding are 0")
def times_the_mask(query, key, value, mask):
    return (scores_of(query, key) * mask[:, None, :]).softmax(-1) @ value


@wrong(check_attend, "scores of padding are 0")
def filled_with_zero(query, key, value, mask):
    scores = scores_of(query, key).masked_fill(~mask[:, None, :], 0.0)
    return scores.softmax(-1) @ value


@wrong(check_attend, "plus infinity")
def plus_infinity(query, key, value, mask):
    scores = scores_of(query, key).masked_fill(~mask[:, None, :], torch.inf)
    return scores.softmax(-1) @ value


@wrong(check_attend, "the mask of the first text")
def first_mask(query, key, value, mask):
    return hidden(query, key, mask[:1].expand_as(mask)).softmax(-1) @ value


@wrong(check_attend, "goes over the wrong axis")
def softmax_of_columns(query, key, value, mask):
    return hidden(query, key, mask).softmax(1) @ value


@wrong(check_attend, "goes over the texts of the batch")
def softmax_of_texts(query, key, value, mask):
    return hidden(query, key, mask).softmax(0) @ value


@wrong(check_attend, "there is no softmax")
def no_softmax(query, key, value, mask):
    return hidden(query, key, mask) @ value


@wrong(check_attend, "there is no softmax")
def no_softmax_and_zeros(query, key, value, mask):
    return scores_of(query, key).masked_fill(~mask[:, None, :], 0) @ value


@wrong(check_attend, "the weights do not sum to 1")
def exponentials_only(query, key, value, mask):
    return hidden(query, key, mask).exp() @ value


@wrong(check_attend)
def sigmoids(query, key, value, mask):
    return hidden(query, key, mask).sigmoid() @ value


@wrong(check_attend)
def logarithms_of_weights(query, key, value, mask):
    return F.log_softmax(scores_of(query, key), dim=-1) @ value


@wrong(check_attend, "not divided by the root of d")
def no_root(query, key, value, mask):
    scores = query @ key.transpose(1, 2)
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@wrong(check_attend, "divided by d: divide by its root")
def by_d(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / query.shape[-1]
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@wrong(check_attend, "multiplied by the root of d")
def times_root(query, key, value, mask):
    scores = query @ key.transpose(1, 2) * query.shape[-1] ** 0.5
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@wrong(check_attend, "the number of tokens")
def root_of_length(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / query.shape[1] ** 0.5
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@wrong(check_attend, "d is not always 16")
def root_of_sixteen(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / math.sqrt(16)
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@wrong(check_attend, "as by hand above")
def root_of_two(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / math.sqrt(2)
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@wrong(check_attend, "divide the scores, before the softmax")
def root_at_the_end(query, key, value, mask):
    scores = query @ key.transpose(1, 2)
    scores = scores.masked_fill(~mask[:, None, :], -torch.inf)
    return scores.softmax(-1) @ value / query.shape[-1] ** 0.5


@wrong(check_attend, "query and key are swapped")
def swapped(query, key, value, mask):
    return hidden(key, query, mask).softmax(-1) @ value


@wrong(check_attend, "query is compared with itself")
def query_twice(query, key, value, mask):
    return hidden(query, query, mask).softmax(-1) @ value


@wrong(check_attend, "key is compared with itself")
def key_twice(query, key, value, mask):
    return hidden(key, key, mask).softmax(-1) @ value


@wrong(check_attend, "the weights are multiplied by the keys")
def keys_handed_over(query, key, value, mask):
    return hidden(query, key, mask).softmax(-1) @ key


@wrong(check_attend, "it returns the weights")
def weights_only(query, key, value, mask):
    return hidden(query, key, mask).softmax(-1)


@wrong(check_attend, "the weights are transposed")
def weights_turned(query, key, value, mask):
    return hidden(query, key, mask).softmax(-1).transpose(1, 2) @ value


@wrong(check_attend, "it sums over the tokens at the end")
def summed(query, key, value, mask):
    return (hidden(query, key, mask).softmax(-1) @ value).sum(1)


@wrong(check_attend)
def softmax_of_the_answer(query, key, value, mask):
    scores = scores_of(query, key).masked_fill(~mask[:, None, :], 0)
    return (scores @ value).softmax(-1)


@wrong(check_attend, "RuntimeError")
def transposed_wrongly(query, key, value, mask):
    return (query.transpose(1, 2) @ key).softmax(-1) @ value


@wrong(check_attend, "in place")
def query_in_place(query, key, value, mask):
    query /= query.shape[-1] ** 0.5
    scores = query @ key.transpose(1, 2)
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@wrong(check_attend, "add .float()")
def float64(query, key, value, mask):
    weights = hidden(query.double(), key.double(), mask).softmax(-1)
    return weights @ value.double()


@wrong(check_attend, "numpy")
def as_numpy(query, key, value, mask):
    return torchs_own(query, key, value, mask).numpy()


@wrong(check_attend, "it returned None")
def attend_without_return(query, key, value, mask):
    answer = torchs_own(query, key, value, mask)
    answer.shape  # noqa: B018


@wrong(check_attend)
def all_heads_alike(query, key, value, mask):
    weights = mask[:, None, :] / mask.sum(1)[:, None, None]
    return weights.expand(-1, query.shape[1], -1) @ value


@wrong(check_attend, "the scores are divided by the root of 1024")
def root_of_the_last_d(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / math.sqrt(1024)
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(-1) @ value


@wrong(check_attend, "is it the mask? It")
def mask_without_an_axis(query, key, value, mask):
    return scores_of(query, key).masked_fill(~mask, -torch.inf).softmax(-1) @ value


@wrong(check_attend, "key.transpose(1, 2) is (B, d, L)")
def all_axes_turned(query, key, value, mask):
    return (query @ key.permute(2, 1, 0)).softmax(-1) @ value


@wrong(check_attend, "its rows of padding are set to 0")
def padding_set_to_zero(query, key, value, mask):
    return hidden(query, key, mask).softmax(-1) @ value * mask[:, :, None]


@wrong(check_attend, "scores of padding are -1")
def minus_one(query, key, value, mask):
    scores = scores_of(query, key).masked_fill(~mask[:, None, :], -1)
    return scores.softmax(-1) @ value


@wrong(check_attend, "the root of the number of texts, shape[0]")
def root_of_texts(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / math.sqrt(key.shape[0])
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(dim=-1) @ value


@wrong(check_attend, "the root of 8, but these vectors have another width")
def root_of_eight(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / math.sqrt(8)
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(dim=-1) @ value


@wrong(check_attend, "key and value have changed places")
def key_for_value(query, key, value, mask):
    scores = query @ value.transpose(1, 2) / query.shape[-1] ** 0.5
    return scores.masked_fill(~mask[:, None, :], -torch.inf).softmax(dim=-1) @ key


@wrong(check_attend, "scores = scores.masked_fill(...)")
def masked_and_thrown_away(query, key, value, mask):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    scores.masked_fill(~mask[:, None, :], -torch.inf)
    return scores.softmax(dim=-1) @ value
