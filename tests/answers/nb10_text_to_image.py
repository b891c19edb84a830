"""What is handed in for notebook 10: guidance, and captions that are left out."""

import numpy as np
import torch
import torch.nn.functional as F

from answers import right, wrong
from course_lib.checks.nb10_text_to_image import check_forget, check_guided
from course_lib.networks.tokenizer import END, PAD, START

# Guidance: right ------------------------------------------------------------------


@right(check_guided)
def from_without(with_text, without, guidance_scale):
    return without + guidance_scale * (with_text - without)


@right(check_guided)
def two_shares(with_text, without, guidance_scale):
    return guidance_scale * with_text + (1 - guidance_scale) * without


@right(check_guided)
def lerp(with_text, without, guidance_scale):
    return torch.lerp(without, with_text, guidance_scale)


@right(check_guided)
def from_with(with_text, without, guidance_scale):
    return with_text + (guidance_scale - 1) * (with_text - without)


@right(check_guided)
def added_with_alpha(with_text, without, guidance_scale):
    return torch.add(without, with_text - without, alpha=guidance_scale)


@right(check_guided)
def einsum(with_text, without, guidance_scale):
    shares = torch.tensor([guidance_scale, 1.0 - guidance_scale])
    return torch.einsum("k,k...->...", shares, torch.stack([with_text, without]))


@right(check_guided)
def picture_by_picture(with_text, without, guidance_scale):
    result = torch.zeros_like(without)
    for i in range(len(without)):
        step = with_text[i] - without[i]
        result[i] = without[i] + guidance_scale * step
    return result


@right(check_guided)
def on_a_copy(with_text, without, guidance_scale):
    result = without.clone()
    result += guidance_scale * (with_text - without)
    return result


@right(check_guided)
def minus_the_way_back(with_text, without, guidance_scale):
    way_back = without - with_text
    return without - guidance_scale * way_back


@right(check_guided)
def in_double_and_back(with_text, without, guidance_scale):
    c, u = with_text.double(), without.double()
    return (u + guidance_scale * (c - u)).float()


@right(check_guided)
def through_numpy(with_text, without, guidance_scale):
    c, u = with_text.numpy(), without.numpy()
    return torch.from_numpy(u + np.float32(guidance_scale) * (c - u))


@right(check_guided)
def summed(with_text, without, guidance_scale):
    parts = [without, (with_text - without).mul(guidance_scale)]
    return torch.stack(parts).sum(0)


@right(check_guided)
def in_cases(with_text, without, guidance_scale):
    if guidance_scale == 0:
        return without
    if guidance_scale == 1:
        return with_text
    return without.add((with_text - without) * guidance_scale)


@right(check_guided)
def number_by_number(with_text, without, guidance_scale):
    pairs = zip(with_text.flatten().tolist(), without.flatten().tolist(), strict=True)
    numbers = [u + guidance_scale * (c - u) for c, u in pairs]
    return torch.tensor(numbers).reshape(without.shape)


@right(check_guided)
def by_a_line(with_text, without, guidance_scale):
    def line(w):
        slope, start = with_text - without, without
        return slope * w + start

    return line(guidance_scale)


# Guidance: wrong ------------------------------------------------------------------


@wrong(check_guided, "(1 + w) convention")
def papers(with_text, without, guidance_scale):
    return with_text + guidance_scale * (with_text - without)


@wrong(check_guided, "(1 + w) convention")
def papers_multiplied_out(with_text, without, guidance_scale):
    return (1 + guidance_scale) * with_text - guidance_scale * without


@wrong(check_guided, "with_text and without are swapped")
def from_the_wrong_end(with_text, without, guidance_scale):
    return with_text + guidance_scale * (without - with_text)


@wrong(check_guided, "with_text and without are swapped")
def shares_swapped(with_text, without, guidance_scale):
    return (1 - guidance_scale) * with_text + guidance_scale * without


@wrong(check_guided, "it moves away from the words, 7 for w = 1")
def minus(with_text, without, guidance_scale):
    return without - guidance_scale * (with_text - without)


@wrong(check_guided, "the wrong way round")
def way_back(with_text, without, guidance_scale):
    return without + guidance_scale * (without - with_text)


@wrong(check_guided, "it also enlarges what")
def times(with_text, without, guidance_scale):
    return guidance_scale * with_text


@wrong(check_guided, "are there brackets")
def no_brackets(with_text, without, guidance_scale):
    return without + guidance_scale * with_text - without


@wrong(check_guided, "it adds with_text")
def added_whole(with_text, without, guidance_scale):
    return without + guidance_scale * with_text


@wrong(check_guided, "it adds the sum of both, 33 for w = 1")
def sum_of_both(with_text, without, guidance_scale):
    return without + guidance_scale * (with_text + without)


@wrong(check_guided, "the difference alone")
def difference_alone(with_text, without, guidance_scale):
    return guidance_scale * (with_text - without)


@wrong(check_guided, "guidance_scale is not used")
def plain(with_text, without, guidance_scale):
    return with_text


@wrong(check_guided, "guidance_scale is not used")
def plain_the_long_way(with_text, without, guidance_scale):
    return without + (with_text - without)


@wrong(check_guided, "with_text is not used")
def deaf(with_text, without, guidance_scale):
    return without


@wrong(check_guided, "that lies between")
def weighted_mean(with_text, without, guidance_scale):
    return (without + guidance_scale * with_text) / (1 + guidance_scale)


@wrong(check_guided, "the mean of both")
def mean(with_text, without, guidance_scale):
    return (with_text + without) / 2


@wrong(check_guided, "leaves `without` whole")
def product_less_without(with_text, without, guidance_scale):
    return guidance_scale * with_text - without


@wrong(check_guided, "multiplies `without` alone")
def without_taken_off(with_text, without, guidance_scale):
    return with_text - guidance_scale * without


@wrong(check_guided, "brackets are missing")
def papers_without_brackets(with_text, without, guidance_scale):
    return with_text + guidance_scale * with_text - without


@wrong(check_guided, "write + between them")
def product(with_text, without, guidance_scale):
    return without * guidance_scale * (with_text - without)


@wrong(check_guided, "a difference below 0 is made positive")
def without_sign(with_text, without, guidance_scale):
    return without + guidance_scale * abs(with_text - without)


@wrong(check_guided, "is cut off")
def clamped(with_text, without, guidance_scale):
    return (without + guidance_scale * (with_text - without)).clamp(-1, 1)


@wrong(check_guided, "it contains the example's numbers, 10 and 3: use")
def table_by_heart(with_text, without, guidance_scale):
    return torch.full_like(without, 10 + 3 * guidance_scale)


@wrong(check_guided, "it contains the example's 3")
def three_steps(with_text, without, guidance_scale):
    return without + 3 * guidance_scale


@wrong(check_guided, "guidance_scale is added")
def scale_added(with_text, without, guidance_scale):
    return without + (with_text - without) + guidance_scale


@wrong(check_guided, "`without` is added to")
def both_larger(with_text, without, guidance_scale):
    return guidance_scale * (with_text + without)


@wrong(check_guided, "a whole number")
def whole_scales(with_text, without, guidance_scale):
    result = without
    for _ in range(int(guidance_scale)):
        result = result + (with_text - without)
    return result


@wrong(check_guided, "it divides by guidance_scale")
def divided(with_text, without, guidance_scale):
    return without + (with_text - without) / guidance_scale


@wrong(check_guided, "one difference too short")
def one_less(with_text, without, guidance_scale):
    return without + (guidance_scale - 1) * (with_text - without)


@wrong(check_guided, "changes its input `without` in place")
def in_place(with_text, without, guidance_scale):
    without += guidance_scale * (with_text - without)
    return without


@wrong(check_guided, "changes its input `with_text` in place")
def difference_in_place(with_text, without, guidance_scale):
    with_text -= without
    return without + guidance_scale * with_text


@wrong(check_guided, "does it end with a `return`")
def printed(with_text, without, guidance_scale):
    result = without + guidance_scale * (with_text - without)
    str(result)


@wrong(check_guided, "the numbers are right, but of dtype torch.float64")
def in_double(with_text, without, guidance_scale):
    return without + torch.tensor(guidance_scale).double()[None] * (with_text - without)


@wrong(check_guided, "numpy array")
def numpy_out(with_text, without, guidance_scale):
    c, u = with_text.numpy(), without.numpy()
    return u + guidance_scale * (c - u)


@wrong(check_guided, "with guidance_scale = 0.0")
def never_below_one(with_text, without, guidance_scale):
    return without + max(guidance_scale, 1) * (with_text - without)


@wrong(check_guided, "with guidance_scale = -1.0")
def never_below_zero(with_text, without, guidance_scale):
    return without + abs(guidance_scale) * (with_text - without)


@wrong(check_guided, "the table says 16, but yours says 19")
def to_a_power(with_text, without, guidance_scale):
    return without + (with_text - without) ** guidance_scale


@wrong(check_guided, "the table says 16, but yours says 20")
def largest(with_text, without, guidance_scale):
    return torch.maximum(with_text, guidance_scale * without)


@wrong(check_guided, "the table says 16, but yours says 11")
def divided_by_one_more(with_text, without, guidance_scale):
    return without + (with_text - without) / (1 + guidance_scale)


@wrong(check_guided, "no .mean()")
def one_number(with_text, without, guidance_scale):
    return (without + guidance_scale * (with_text - without)).mean()


@wrong(check_guided, "the difference is averaged over all numbers")
def mean_difference(with_text, without, guidance_scale):
    return without + guidance_scale * (with_text - without).mean()


@wrong(check_guided, "it contains the example's numbers, 10 and 3, and")
def table_in_one_line(with_text, without, guidance_scale):
    return 10 + 3 * guidance_scale


@wrong(check_guided, "guidance_scale is squared")
def squared(with_text, without, guidance_scale):
    return without + guidance_scale**2 * (with_text - without)


@wrong(check_guided, "divided by 1 + guidance_scale")
def result_divided(with_text, without, guidance_scale):
    step = guidance_scale * (with_text - without)
    return (without + step) / (1 + guidance_scale)


@wrong(check_guided, "`w` is not defined")
def letter_of_the_formula(with_text, without, guidance_scale):
    return without + w * (with_text - without)  # noqa: F821


@wrong(check_guided, "guidance_scale may")
def in_a_loop(with_text, without, guidance_scale):
    result = without
    for _ in range(guidance_scale):
        result = result + (with_text - without)
    return result


# Captions left out: right -----------------------------------------------------------


@right(check_forget)
def where(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)


@right(check_forget)
def by_index(tokens, dropped):
    kept = tokens.clone()
    kept[dropped] = PAD
    kept[dropped, 0] = START
    kept[dropped, 1] = END
    return kept


@right(check_forget)
def filled(tokens, dropped):
    kept = tokens.masked_fill(dropped.unsqueeze(1), PAD)
    kept[:, 0] = START
    kept[:, 1] = kept[:, 1].masked_fill(dropped, END)
    return kept


@right(check_forget)
def row_by_row(tokens, dropped):
    kept = tokens.clone()
    for i in range(len(tokens)):
        if dropped[i]:
            kept[i, 0], kept[i, 1], kept[i, 2:] = START, END, PAD
    return kept


@right(check_forget)
def lists(tokens, dropped):
    rows = []
    for row, gone in zip(tokens.tolist(), dropped.tolist(), strict=True):
        rows.append([START, END] + [PAD] * (len(row) - 2) if gone else row)
    return torch.tensor(rows)


@right(check_forget)
def by_product(tokens, dropped):
    gone = dropped.long()[:, None]
    empty = F.one_hot(torch.tensor(0), tokens.shape[1]) * START
    empty = empty + F.one_hot(torch.tensor(1), tokens.shape[1]) * END
    return tokens * (1 - gone) + empty * gone


@right(check_forget)
def stacked(tokens, dropped):
    empty = torch.tensor([START, END] + [PAD] * (tokens.shape[1] - 2))
    pairs = zip(tokens, dropped, strict=True)
    return torch.stack([empty if gone else row for row, gone in pairs])


@right(check_forget)
def one_row_for_all(tokens, dropped):
    kept = tokens.clone()
    kept[dropped] = torch.tensor([START, END] + [PAD] * (tokens.shape[1] - 2))
    return kept


@right(check_forget)
def padded(tokens, dropped):
    empty = F.pad(torch.tensor([[START, END]]), (0, tokens.shape[1] - 2), value=PAD)
    return torch.where(dropped.view(-1, 1), empty, tokens)


@right(check_forget)
def by_numpy(tokens, dropped):
    array = tokens.numpy().copy()
    array[dropped.numpy()] = PAD
    array[dropped.numpy(), :2] = [START, END]
    return torch.from_numpy(array)


@right(check_forget)
def gathered(tokens, dropped):
    empty = torch.zeros_like(tokens) + PAD
    empty[:, 0], empty[:, 1] = START, END
    both = torch.stack([tokens, empty])  # (2, B, L)
    return both[dropped.long(), torch.arange(len(tokens))]


@right(check_forget)
def by_numbers_of_rows(tokens, dropped):
    kept = tokens.clone()
    for i in dropped.nonzero().flatten().tolist():
        kept[i] = torch.full((tokens.shape[1],), PAD)
        kept[i, :2] = torch.tensor([START, END])
    return kept


@right(check_forget)
def column_by_column(tokens, dropped):
    columns = []
    for j in range(tokens.shape[1]):
        empty = START if j == 0 else END if j == 1 else PAD
        columns.append(torch.where(dropped, empty, tokens[:, j]))
    return torch.stack(columns, dim=1)


@right(check_forget)
def cut_and_joined(tokens, dropped):
    beginning = torch.tensor([[START, END]]).expand(len(tokens), 2)
    rest = torch.full((len(tokens), tokens.shape[1] - 2), PAD)
    empty = torch.cat([beginning, rest], dim=1)
    return torch.where(dropped[:, None].expand_as(tokens), empty, tokens)


# Captions left out: wrong -----------------------------------------------------------


@wrong(check_forget, "a row of nothing but")
def padding(tokens, dropped):
    return tokens.masked_fill(dropped[:, None], PAD)


@wrong(check_forget, "a row of nothing but")
def times_zero(tokens, dropped):
    return tokens * ~dropped[:, None]


@wrong(check_forget, "the wrong ones")
def the_others(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], tokens, nothing)


@wrong(check_forget, "no caption is forgotten")
def nobody(tokens, dropped):
    return tokens


@wrong(check_forget, "new[dropped][:, 2:] = PAD writes into a copy")
def copy_of_a_copy(tokens, dropped):
    result = tokens.clone()
    result[dropped][:, 2:] = PAD
    return result


@wrong(check_forget, "every caption is forgotten")
def all_of_them(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return nothing


@wrong(check_forget, "END is missing")
def start_alone(tokens, dropped):
    kept = tokens.clone()
    kept[dropped, 1:] = PAD
    return kept


@wrong(check_forget, "START is missing")
def end_alone(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0] = END
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "END is in the last place")
def end_last(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, -1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "START and END are swapped")
def turned_round(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = END, START
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "words of the caption")
def words_left(tokens, dropped):
    kept = tokens.clone()
    kept[dropped, 0], kept[dropped, 1] = START, END
    return kept


@wrong(check_forget, "where the caption ended")
def words_blanked(tokens, dropped):
    words = (tokens != START) & (tokens != END)
    return tokens.masked_fill(words & dropped[:, None], PAD)


@wrong(check_forget, "after END comes END again")
def filled_with_end(tokens, dropped):
    nothing = torch.full_like(tokens, END)
    nothing[:, 0] = START
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "START is in every place")
def start_everywhere(tokens, dropped):
    nothing = torch.full_like(tokens, START)
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "is the first row")
def rows_for_columns(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[0], nothing[1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "must keep its shape")
def left_out(tokens, dropped):
    return tokens[~dropped]


@wrong(check_forget, "only the dropped captions come back")
def dropped_alone(tokens, dropped):
    gone = torch.full_like(tokens[dropped], PAD)
    gone[:, 0], gone[:, 1] = START, END
    return gone


@wrong(check_forget, "the whole batch")
def one_row(tokens, dropped):
    return torch.tensor([START, END] + [PAD] * (tokens.shape[1] - 2))


@wrong(check_forget, "only the first of the dropped")
def first_alone(tokens, dropped):
    kept = tokens.clone()
    i = dropped.nonzero()[0]
    kept[i] = PAD
    kept[i, 0], kept[i, 1] = START, END
    return kept


@wrong(check_forget, "`dropped` has already")
def at_random(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(torch.rand(len(tokens), 1) < 0.5, nothing, tokens)


@wrong(check_forget, "do not draw your own")
def one_in_ten(tokens, dropped):
    dropped = torch.rand(len(tokens)) < 0.1
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "do not draw your own")
def one_by_one_at_random(tokens, dropped):
    kept = tokens.clone()
    for row in kept:
        if np.random.rand() < 0.1:
            row[0], row[1], row[2:] = START, END, PAD
    return kept


@wrong(check_forget, "assigned as a tensor: torch.tensor([START, END])")
def a_tuple_written_in(tokens, dropped):
    empty = torch.full_like(tokens, PAD)
    empty[:, :2] = START, END
    return torch.where(dropped[:, None], empty, tokens)


@wrong(check_forget, "assigned as a tensor: torch.tensor([START, END])")
def a_list_written_in(tokens, dropped):
    kept = tokens.clone()
    kept[dropped] = PAD
    kept[dropped, :2] = [START, END]
    return kept


@wrong(check_forget, "changes its input `tokens` in place")
def captions_in_place(tokens, dropped):
    tokens[dropped] = PAD
    tokens[dropped, 0], tokens[dropped, 1] = START, END
    return tokens


@wrong(check_forget, "does it end with a `return`")
def no_return(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "expected the type Tensor, found list")
def list_out(tokens, dropped):
    pairs = zip(tokens, dropped, strict=True)
    empty = torch.tensor([START, END] + [PAD] * (tokens.shape[1] - 2))
    return [empty if gone else row for row, gone in pairs]


@wrong(check_forget, "the numbers are right, but of dtype")
def in_floats(tokens, dropped):
    nothing = torch.full(tokens.shape, float(PAD))
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], nothing, tokens.float())


@wrong(check_forget, "numpy array")
def numpy_captions(tokens, dropped):
    nothing = np.full(tokens.shape, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return np.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "one True or False")
def no_column(tokens, dropped):
    nothing = torch.full_like(tokens, PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped, nothing, tokens)


@wrong(check_forget, "tokens.shape[1]")
def eight_tokens(tokens, dropped):
    nothing = torch.full((8,), PAD)
    nothing[0], nothing[1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "tokens.shape[1]")
def eight_tokens_written_in(tokens, dropped):
    kept = tokens.clone()
    kept[dropped] = torch.tensor([START, END] + [PAD] * 6)
    return kept


@wrong(check_forget, "len(tokens)")
def three_captions(tokens, dropped):
    nothing = torch.full((3, tokens.shape[1]), PAD)
    nothing[:, 0], nothing[:, 1] = START, END
    return torch.where(dropped[:, None], nothing, tokens)


@wrong(check_forget, "a torch function was")
def a_list_for_a_tensor(tokens, dropped):
    return torch.where(dropped[:, None], [START, END, PAD], tokens)


@wrong(check_forget)
def words_blurred(tokens, dropped):
    return torch.where(dropped[:, None], tokens.flip(1), tokens)


@wrong(check_forget)
def shorter(tokens, dropped):
    return tokens[:, :2]
