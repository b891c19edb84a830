"""What is handed in for notebook 07: where to begin, and how to hold a part."""

import math

import torch

from answers import right, wrong
from course_lib.checks.nb07_editing import check_begin, check_put_back
from course_lib.diffusion.schedule import add_noise

# Where to begin, right ------------------------------------------------------------


@right(check_begin)
def with_full(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    t = torch.full((len(x_0),), start)
    return start, add_noise(x_0, t, eps, schedule)


@right(check_begin)
def with_ones(x_0, strength, eps, schedule):
    start = round(schedule.T * strength)
    t = start * torch.ones(x_0.shape[0], dtype=torch.long)
    return start, add_noise(x_0, t, eps, schedule)


@right(check_begin)
def with_a_list_of_steps(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    t = torch.tensor([start for _ in x_0])
    return [start, add_noise(x_0, t, eps, schedule)]


@right(check_begin)
def with_the_tables(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    a, b = schedule.a_table[start], schedule.b_table[start]
    return start, (a * x_0 + b * eps).float()


@right(check_begin)
def straight_line_by_hand(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    u = start / schedule.T
    return start, (1 - u) * x_0 + u * eps


@right(check_begin)
def half_and_cut(x_0, strength, eps, schedule):
    start = int(strength * schedule.T + 0.5)
    t = torch.full((x_0.size(0),), start, dtype=torch.int64)
    x_t = add_noise(x_0, t, eps, schedule)
    return start, x_t


@right(check_begin)
def half_and_floor(x_0, strength, eps, schedule):
    start = math.floor(strength * schedule.T + 0.5)
    return start, add_noise(x_0, torch.tensor([start] * len(x_0)), eps, schedule)


@right(check_begin)
def one_after_the_other(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    t = torch.tensor([start])
    noisy = [
        add_noise(x_0[i : i + 1], t, eps[i : i + 1], schedule) for i in range(len(x_0))
    ]
    return start, torch.cat(noisy)


@right(check_begin)
def with_lerp(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, torch.lerp(x_0, eps, start / schedule.T)


@right(check_begin)
def a_number_of_torch(x_0, strength, eps, schedule):
    start = torch.tensor(strength * schedule.T).round().long()
    return start, add_noise(x_0, start.expand(len(x_0)), eps, schedule)


@right(check_begin)
def with_a_helper(x_0, strength, eps, schedule):
    def step_of(strength):
        return round(strength * schedule.T)

    def noisy_at(step):
        return add_noise(x_0, torch.full((len(x_0),), step), eps, schedule)

    return step_of(strength), noisy_at(step_of(strength))


@right(check_begin)
def with_broadcast_step(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, add_noise(x_0, torch.tensor([start]), eps, schedule)


@right(check_begin)
def with_a_and_b_of_steps(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    t = torch.full((len(x_0),), start)
    return start, schedule.a(t, like=x_0) * x_0 + schedule.b(t, like=x_0) * eps


# Where to begin, wrong ------------------------------------------------------------


def full(x_0, step):
    return torch.full((len(x_0),), step)


@wrong(check_begin, "step of 1 - strength")
def from_the_other_end(x_0, strength, eps, schedule):
    start = round((1 - strength) * schedule.T)
    return start, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "step of 1 - strength")
def T_less_the_step(x_0, strength, eps, schedule):
    start = schedule.T - round(strength * schedule.T)
    return start, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "the picture is still clean")
def still_clean(x_0, strength, eps, schedule):
    return round(strength * schedule.T), x_0


@wrong(check_begin, "nothing of the picture is left")
def noise_alone(x_0, strength, eps, schedule):
    return round(strength * schedule.T), eps


@wrong(check_begin, "nothing of the picture is left")
def noise_of_T(x_0, strength, eps, schedule):
    x_t = add_noise(x_0, full(x_0, schedule.T), eps, schedule)
    return round(strength * schedule.T), x_t


@wrong(check_begin, "the walk would begin at T")
def from_the_top(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return schedule.T, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "or it is the noise of step T - start")
def noise_of_the_rest(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    x_t = add_noise(x_0, full(x_0, schedule.T - start), eps, schedule)
    return start, x_t


@wrong(check_begin, "picture and noise are swapped, or")
def arguments_exchanged(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, add_noise(eps, full(x_0, start), x_0, schedule)


@wrong(check_begin, "picture and noise are swapped, or")
def strength_of_the_picture(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    u = start / schedule.T
    return start, u * x_0 + (1 - u) * eps


@wrong(check_begin, "the noise comes on top of the whole picture")
def noise_on_top(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, x_0 + start / schedule.T * eps


@wrong(check_begin, "all of the noise comes on top")
def all_noise_on_top(x_0, strength, eps, schedule):
    return round(strength * schedule.T), x_0 + eps


@wrong(check_begin, "roots belong to DDPM's schedule")
def with_roots(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    u = start / schedule.T
    return start, (1 - u) ** 0.5 * x_0 + u**0.5 * eps


@wrong(check_begin, "the noisy picture is clamped")
def clamped(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, add_noise(x_0, full(x_0, start), eps, schedule).clamp(-1, 1)


@wrong(check_begin, "only the noise of")
def only_the_noise(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, start / schedule.T * eps


@wrong(check_begin, "one step too early")
def counted_from_1(x_0, strength, eps, schedule):
    start = round(strength * schedule.T) - 1
    # A step of -1 would be the last of the table.
    return start, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "of which int(...) makes 299, as it cuts off")
def with_int(x_0, strength, eps, schedule):
    start = int(strength * schedule.T)
    return start, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "schedule.T says how many")
def of_a_thousand(x_0, strength, eps, schedule):
    start = min(round(strength * 1000), schedule.T)
    return start, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "whatever schedule.T is")
def told_of_a_thousand(x_0, strength, eps, schedule):
    t = full(x_0, round(strength * schedule.T))
    return round(strength * 1000), add_noise(x_0, t, eps, schedule)


@wrong(check_begin, "the strength itself is returned")
def strength_back(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return strength, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "strength is rounded")
def rounded_early(x_0, strength, eps, schedule):
    start = round(strength) * schedule.T
    return start, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "the two answers are swapped")
def answers_exchanged(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return add_noise(x_0, full(x_0, start), eps, schedule), start


@wrong(check_begin, "a tensor with a step for each picture")
def a_step_each(x_0, strength, eps, schedule):
    t = full(x_0, round(strength * schedule.T))
    return t, add_noise(x_0, t, eps, schedule)


@wrong(check_begin, "return 2 answers, with a comma between them")
def the_picture_alone(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "return 2 answers, with a comma between them")
def the_step_alone(x_0, strength, eps, schedule):
    return round(strength * schedule.T)


@wrong(check_begin, "expected 2 values, found 3")
def three_answers(x_0, strength, eps, schedule):
    t = full(x_0, round(strength * schedule.T))
    return round(strength * schedule.T), t, add_noise(x_0, t, eps, schedule)


@wrong(check_begin, "round(...) makes one, and int(...) cuts off")
def not_rounded(x_0, strength, eps, schedule):
    start = strength * schedule.T
    t = full(x_0, round(start))
    return float(round(start)), add_noise(x_0, t, eps, schedule)


@wrong(check_begin, "use the randomness it is given")
def noise_of_its_own(x_0, strength, eps, schedule):
    t = full(x_0, round(strength * schedule.T))
    x_t = add_noise(x_0, t, torch.randn_like(x_0), schedule)
    return round(strength * schedule.T), x_t


@wrong(check_begin, "`return`")
def no_return(x_0, strength, eps, schedule):
    add_noise(x_0, full(x_0, round(strength * schedule.T)), eps, schedule)


@wrong(check_begin, "changes its input")
def in_place(x_0, strength, eps, schedule):
    u = round(strength * schedule.T) / schedule.T
    x_0 *= 1 - u
    x_0 += u * eps
    return round(strength * schedule.T), x_0


@wrong(check_begin, "add .float()")
def in_float64(x_0, strength, eps, schedule):
    t = full(x_0, round(strength * schedule.T))
    x_t = add_noise(x_0, t, eps, schedule)
    return round(strength * schedule.T), x_t.double()


@wrong(check_begin, "it mixes by the strength itself")
def by_the_strength(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, (1 - strength) * x_0 + strength * eps


@wrong(check_begin, "of which int(...) makes 299, as it cuts off")
def with_floor(x_0, strength, eps, schedule):
    start = math.floor(strength * schedule.T)
    return start, add_noise(x_0, full(x_0, start), eps, schedule)


@wrong(check_begin, "round(...) makes a whole number of it")
def fraction_into_full(x_0, strength, eps, schedule):
    start = strength * schedule.T
    return start, add_noise(x_0, torch.full((len(x_0),), start), eps, schedule)


@wrong(check_begin, "round(...) makes one, and int(...) cuts off")
def fraction_given_back(x_0, strength, eps, schedule):
    start = strength * schedule.T
    u = start / schedule.T
    return start, (1 - u) * x_0 + u * eps


@wrong(check_begin, "torch.full((len(x_0),), start)")
def one_number_for_all(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, add_noise(x_0, start, eps, schedule)


@wrong(check_begin, "the noise of another step than the one you return")
def noise_of_half_the_step(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, add_noise(x_0, full(x_0, start // 2), eps, schedule)


@wrong(check_begin, "the noise of another step than the one you return")
def noise_of_one_step_less(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, add_noise(x_0, full(x_0, max(start - 1, 0)), eps, schedule)


@wrong(check_begin, "the noise of another step than the one you return")
def twice_the_step_given_back(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    x_t = add_noise(x_0, full(x_0, start), eps, schedule)
    return min(2 * start, schedule.T), x_t


@wrong(check_begin, "in the second answer, the noisy picture: at [")
def half_of_the_picture(x_0, strength, eps, schedule):
    start = round(strength * schedule.T)
    return start, add_noise(x_0 / 2, full(x_0, start), eps, schedule)


@wrong(check_begin, "it begins at step")
def half_strength(x_0, strength, eps, schedule):
    start = round(strength * schedule.T / 2)
    return start, add_noise(x_0, full(x_0, start), eps, schedule)


# How to hold a part, right ----------------------------------------------------------


def kept_part(x_0, t_next, eps_new, schedule):
    return add_noise(x_0, full(x_0, t_next), eps_new, schedule)


@right(check_put_back)
def with_where(x_next, x_0, mask, t_next, eps_new, schedule):
    t = torch.full((len(x_0),), t_next)
    return torch.where(mask, x_next, add_noise(x_0, t, eps_new, schedule))


@right(check_put_back)
def where_turned_round(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return torch.where(~mask, kept, x_next)


@right(check_put_back)
def where_equal_to_false(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return torch.where(mask == False, kept, x_next)  # noqa: E712


@right(check_put_back)
def multiplied(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return x_next * mask + kept * ~mask


@right(check_put_back)
def multiplied_by_floats(x_next, x_0, mask, t_next, eps_new, schedule):
    m = mask.float()
    return m * x_next + (1 - m) * kept_part(x_0, t_next, eps_new, schedule)


@right(check_put_back)
def written_into_a_copy(x_next, x_0, mask, t_next, eps_new, schedule):
    made, everywhere = x_next.clone(), mask.expand(x_next.shape)
    made[~everywhere] = kept_part(x_0, t_next, eps_new, schedule)[~everywhere]
    return made


@right(check_put_back)
def with_masked_fill(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return x_next.masked_fill(~mask, 0) + kept.masked_fill(mask, 0)


@right(check_put_back)
def with_the_difference(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return kept + mask * (x_next - kept)


@right(check_put_back)
def with_lerp_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return torch.lerp(kept, x_next, mask.float().expand_as(kept))


@right(check_put_back)
def with_the_tables_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    a, b = float(schedule.a_table[t_next]), float(schedule.b_table[t_next])
    return torch.where(mask, x_next, a * x_0 + b * eps_new)


@right(check_put_back)
def straight_line_by_hand_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    u = t_next / schedule.T
    return x_next.where(mask, (1 - u) * x_0 + u * eps_new)


@right(check_put_back)
def picture_by_picture(x_next, x_0, mask, t_next, eps_new, schedule):
    masks = mask.expand(len(x_0), 1, *x_0.shape[2:])
    kept = kept_part(x_0, t_next, eps_new, schedule)
    rows = zip(masks, x_next, kept, strict=True)
    return torch.stack([torch.where(m, new, old) for m, new, old in rows])


@right(check_put_back)
def a_case_for_the_end(x_next, x_0, mask, t_next, eps_new, schedule):
    if t_next == 0:
        return torch.where(mask, x_next, x_0)
    return torch.where(mask, x_next, kept_part(x_0, t_next, eps_new, schedule))


@right(check_put_back)
def with_one_step_for_all(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = add_noise(x_0, torch.tensor([t_next]), eps_new, schedule)
    return torch.where(mask.bool(), x_next, kept)


# How to hold a part, wrong ----------------------------------------------------------


@wrong(check_put_back, "the kept part is clean")
def clean(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_next, x_0)


@wrong(check_put_back, "the mask is the wrong way round: ")
def inverted(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, kept_part(x_0, t_next, eps_new, schedule), x_next)


@wrong(check_put_back, "the mask is the wrong way round, ")
def inverted_and_clean(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_0, x_next)


@wrong(check_put_back, "the drawn part gets noise twice")
def noise_for_all(x_next, x_0, mask, t_next, eps_new, schedule):
    both = torch.where(mask, x_next, x_0)
    return kept_part(both, t_next, eps_new, schedule)


@wrong(check_put_back, "the noise goes to the wrong part")
def noise_in_the_hole(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, kept_part(x_next, t_next, eps_new, schedule), x_0)


@wrong(check_put_back, "nothing is put back")
def nothing_back(x_next, x_0, mask, t_next, eps_new, schedule):
    return x_next


@wrong(check_put_back, "everything is put back")
def mask_forgotten(x_next, x_0, mask, t_next, eps_new, schedule):
    return kept_part(x_0, t_next, eps_new, schedule)


@wrong(check_put_back, "the kept part is empty")
def nothing_beside_the_hole(x_next, x_0, mask, t_next, eps_new, schedule):
    return x_next * mask


@wrong(check_put_back, "the hole is empty")
def nothing_in_the_hole(x_next, x_0, mask, t_next, eps_new, schedule):
    return kept_part(x_0, t_next, eps_new, schedule) * ~mask


@wrong(check_put_back, "the kept part is also added in the hole")
def kept_everywhere(x_next, x_0, mask, t_next, eps_new, schedule):
    return x_next * mask + kept_part(x_0, t_next, eps_new, schedule)


@wrong(check_put_back, "x_next is taken everywhere")
def drawn_everywhere(x_next, x_0, mask, t_next, eps_new, schedule):
    return x_next + kept_part(x_0, t_next, eps_new, schedule) * ~mask


@wrong(check_put_back, "all of eps_new on top")
def all_noise_on_top_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_next, x_0 + eps_new)


@wrong(check_put_back, "the kept part is as strong as before")
def noise_on_top_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    b = float(schedule.b_table[t_next])
    return torch.where(mask, x_next, x_0 + b * eps_new)


@wrong(check_put_back, "the kept part is nothing but noise")
def noise_alone_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_next, eps_new)


@wrong(check_put_back, "picture and noise are swapped, or")
def arguments_exchanged_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_next, kept_part(eps_new, t_next, x_0, schedule))


@wrong(check_put_back, "one step less than t_next")
def one_step_less(x_next, x_0, mask, t_next, eps_new, schedule):
    before = max(t_next - 1, 0)
    return torch.where(mask, x_next, kept_part(x_0, before, eps_new, schedule))


@wrong(check_put_back, "one step more than t_next")
def one_step_more(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_next, kept_part(x_0, t_next + 1, eps_new, schedule))


@wrong(check_put_back, "or it is the noise of step T - t_next")
def from_the_other_end_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    rest = schedule.T - t_next
    return torch.where(mask, x_next, kept_part(x_0, rest, eps_new, schedule))


@wrong(check_put_back, "x_0 is not used")
def x_0_unused(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_next, kept_part(x_next, t_next, eps_new, schedule))


@wrong(check_put_back, "it takes the mean of both parts")
def mean_of_both(x_next, x_0, mask, t_next, eps_new, schedule):
    return (x_next + kept_part(x_0, t_next, eps_new, schedule)) / 2


@wrong(check_put_back, "use the randomness it is given")
def noise_of_its_own_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    noise = torch.randn_like(x_0)
    return torch.where(mask, x_next, kept_part(x_0, t_next, noise, schedule))


@wrong(check_put_back, "`return`")
def no_return_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    torch.where(mask, x_next, kept_part(x_0, t_next, eps_new, schedule))


@wrong(check_put_back, "changes its input")
def in_place_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    everywhere = mask.expand(x_next.shape)
    x_next[~everywhere] = kept_part(x_0, t_next, eps_new, schedule)[~everywhere]
    return x_next


@wrong(check_put_back, "add .float()")
def in_float64_put_back(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return torch.where(mask, x_next.double(), kept.double())


@wrong(check_put_back, "numpy array")
def in_numpy(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return torch.where(mask, x_next, kept).numpy()


@wrong(check_put_back, "with a mask of (H, W)")
def mask_of_the_first_axis(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    made = [torch.where(mask[i], x_next[i], kept[i]) for i in range(len(x_0))]
    return torch.stack(made)


@wrong(check_put_back, "use the `~`")
def one_minus_the_mask(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return mask * x_next + (1 - mask) * kept


@wrong(check_put_back, "torch.where")
def if_the_mask(x_next, x_0, mask, t_next, eps_new, schedule):
    return x_next if mask else kept_part(x_0, t_next, eps_new, schedule)


@wrong(check_put_back, "torch.where(mask, one, other) takes both")
def by_index_of_two_axes(x_next, x_0, mask, t_next, eps_new, schedule):
    made, kept = x_next.clone(), kept_part(x_0, t_next, eps_new, schedule)
    made[:, :, ~mask] = kept[:, :, ~mask]
    return made


@wrong(check_put_back, "torch.where(mask, one, other) takes both")
def by_index_of_all_axes(x_next, x_0, mask, t_next, eps_new, schedule):
    made, kept = x_next.clone(), kept_part(x_0, t_next, eps_new, schedule)
    made[~mask] = kept[~mask]
    return made


@wrong(check_put_back, "torch.full((len(x_0),), t_next)")
def one_step_as_a_number(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_next, add_noise(x_0, t_next, eps_new, schedule))


@wrong(check_put_back, "t_next is whole already")
def steps_in_floats(x_next, x_0, mask, t_next, eps_new, schedule):
    t = t_next * torch.ones(len(x_0))
    return torch.where(mask, x_next, add_noise(x_0, t, eps_new, schedule))


@wrong(check_put_back, "it is clamped at the end")
def clamped_at_the_end(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    return torch.where(mask, x_next, kept).clamp(-1, 1)


@wrong(check_put_back, "the kept part is clamped")
def kept_part_clamped(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule).clamp(-1, 1)
    return torch.where(mask, x_next, kept)


@wrong(check_put_back, "the kept part has the noise of step 250, where t_next is")
def middle_of_the_way(x_next, x_0, mask, t_next, eps_new, schedule):
    return torch.where(mask, x_next, kept_part(x_0, 500 // 2, eps_new, schedule))


@wrong(check_put_back, "the mask is not used")
def right_columns(x_next, x_0, mask, t_next, eps_new, schedule):
    kept = kept_part(x_0, t_next, eps_new, schedule)
    half = x_next.shape[-1] // 2
    return torch.cat([kept[..., :half], x_next[..., half:]], -1)
