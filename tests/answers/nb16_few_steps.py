"""What is handed in for notebook 16."""

from itertools import pairwise

import torch

from answers import right, wrong
from course_lib.checks.nb16_few_steps import check_in_calls, check_shortcut_target
from course_lib.diffusion.few_steps import jump_to, jumping
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import choose_steps, ddim, euler, last_step
from course_lib.diffusion.schedule import straight_line

# Drawing in few calls: right --------------------------------------------------------


@right(check_in_calls)
def as_the_solution(velocity, x_T, calls, schedule):
    x_t, steps = x_T, choose_steps(schedule.T, calls)
    for now, then in zip(steps[:-1], steps[1:], strict=True):
        t = torch.full((len(x_t),), now)
        jump = torch.full((len(x_t),), now - then)
        v_hat = velocity(x_t, t, jump)
        x_t = jump_to(x_t, v_hat, t, t - jump, schedule)
    return x_t


@right(check_in_calls)
def pairs_of_steps(velocity, x_T, calls, schedule):
    x_t = x_T
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        t, s = torch.full((len(x_T),), t), torch.full((len(x_T),), s)
        x_t = jump_to(x_t, velocity(x_t, t, t - s), t, s, schedule)
    return x_t


@right(check_in_calls)
def by_number(velocity, x_T, calls, schedule):
    steps = choose_steps(schedule.T, calls)
    x = x_T.clone()
    for i in range(calls):
        t = torch.tensor([steps[i]] * len(x))
        s = torch.tensor([steps[i + 1]] * len(x))
        x = jump_to(x, velocity(x, t, t - s), t, s, schedule)
    return x


@right(check_in_calls)
def one_length_for_all(velocity, x_T, calls, schedule):
    jump = torch.full((len(x_T),), schedule.T // calls)
    t = torch.full((len(x_T),), schedule.T)
    x_t = x_T
    for _ in range(calls):
        x_t = jump_to(x_t, velocity(x_t, t, jump), t, t - jump, schedule)
        t = t - jump
    return x_t


@right(check_in_calls)
def until_nothing_is_left(velocity, x_T, calls, schedule):
    x_t, now = x_T, schedule.T
    length = schedule.T // calls
    while now > 0:
        t = torch.full((x_T.shape[0],), now)
        far = torch.full_like(t, length)
        x_t = jump_to(x_t, velocity(x_t, t, far), t, t - far, schedule)
        now -= length
    return x_t


@right(check_in_calls)
def the_step_by_hand(velocity, x_T, calls, schedule):
    x_t = x_T
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        told = torch.full((len(x_T),), t)
        v = velocity(x_t, told, torch.full((len(x_T),), t - s))
        x_t = x_t - (t - s) / schedule.T * v
    return x_t


@right(check_in_calls)
def the_step_by_the_tables(velocity, x_T, calls, schedule):
    x_t, b = x_T, schedule.b_table.tolist()
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        told = torch.full((len(x_T),), t)
        x_t = x_t + (b[s] - b[t]) * velocity(x_t, told, told - s)
    return x_t


@right(check_in_calls)
def guess_and_mix(velocity, x_T, calls, schedule):
    x_t = x_T
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        now = torch.full((len(x_T),), t)
        v = velocity(x_t, now, now - s)
        u, w = t / schedule.T, s / schedule.T
        x_0_hat, eps_hat = x_t - u * v, x_t + (1 - u) * v
        x_t = (1 - w) * x_0_hat + w * eps_hat
    return x_t


@right(check_in_calls)
def by_a_sampler(velocity, x_T, calls, schedule):
    def model(x_t, t, cond, jump):
        return velocity(x_t, t, jump)

    denoiser = jumping(model, choose_steps(schedule.T, calls))
    predict = predictor(denoiser, schedule, "v")
    return last_step(euler(predict, x_T, schedule, calls))


@right(check_in_calls)
def by_ddim(velocity, x_T, calls, schedule):
    steps = choose_steps(schedule.T, calls)

    def model(x_t, t, cond=None):
        after = steps[steps.index(int(t[0])) + 1]
        return velocity(x_t, t, t - after)

    *_, end = ddim(predictor(model, schedule, "v"), x_T, schedule, calls)
    return end.x_0_hat


@right(check_in_calls)
def on_itself(velocity, x_T, calls, schedule):
    def go(x_t, steps):
        if len(steps) == 1:
            return x_t
        t = torch.full((len(x_t),), steps[0])
        s = torch.full((len(x_t),), steps[1])
        return go(jump_to(x_t, velocity(x_t, t, t - s), t, s, schedule), steps[1:])

    return go(x_T, choose_steps(schedule.T, calls))


@right(check_in_calls)
def with_ones(velocity, x_T, calls, schedule):
    ones = torch.ones(len(x_T), dtype=torch.long)
    points = x_T
    way = choose_steps(schedule.T, calls)
    for a, b in zip(way, way[1:], strict=False):
        answer = velocity(points, a * ones, (a - b) * ones)
        points = jump_to(points, answer, a * ones, b * ones, schedule)
    return points


# Drawing in few calls: wrong --------------------------------------------------------


def loop(step=None, far=None, go=None, way=lambda x: x, asked=lambda x, x_T: x):
    """The loop with one slip."""

    def answer(velocity, x_T, calls, schedule):
        x_t = x_T
        for t, s in pairwise(way(choose_steps(schedule.T, calls))):
            t, s = torch.full((len(x_T),), t), torch.full((len(x_T),), s)
            told = t if step is None else step(t, s)
            jump = t - s if far is None else far(t, s, schedule.T, calls)
            v = velocity(asked(x_t, x_T), told, jump)
            end = go or (lambda x, v, t, s, schedule: jump_to(x, v, t, s, schedule))
            x_t = end(x_t, v, t, s, schedule)
        return x_t

    return answer


def named(name: str, function):
    function.__name__ = name
    return function


SLIPS = {
    "jump_0": ("a jump of 0", loop(far=lambda t, s, T, n: 0 * t)),
    "jump_is_the_next_step": ("t_next as its jump", loop(far=lambda t, s, T, n: s)),
    "jump_is_t": ("whole rest of the way", loop(far=lambda t, s, T, n: t)),
    "jump_below_0": ("the jump is below 0", loop(far=lambda t, s, T, n: s - t)),
    "jump_is_all": ("told T as its jump", loop(far=lambda t, s, T, n: 0 * t + T)),
    "jump_is_calls": ("the number of calls", loop(far=lambda t, s, T, n: 0 * t + n)),
    "jump_halved": ("only half of the jump", loop(far=lambda t, s, T, n: (t - s) // 2)),
    "jump_1": ("a jump of 1", loop(far=lambda t, s, T, n: 0 * t + 1)),
    "told_the_next_step": ("tell it t, the step", loop(step=lambda t, s: s)),
    "told_the_jump_as_t": ("jump in place of t", loop(step=lambda t, s: t - s)),
    "told_in_the_other_order": (
        "in the other order",
        loop(step=lambda t, s: t - s, far=lambda t, s, T, n: t),
    ),
    "asked_at_the_noise": ("is given x_T every time", loop(asked=lambda x, x_T: x_T)),
    "one_call_less": ("the last call is missing", loop(way=lambda x: x[:-1])),
    "begun_late": ("the first call is missing", loop(way=lambda x: x[1:])),
    "only_one_call": ("a single call", loop(way=lambda x: [x[0], 0])),
    "upwards": ("goes up and not down", loop(way=lambda x: x[::-1])),
    "to_more_noise": (
        "to more noise",
        loop(go=lambda x, v, t, s, line: jump_to(x, v, s, t, line)),
    ),
    "added": (
        "to more noise",
        loop(go=lambda x, v, t, s, line: x + (t - s)[:, None] / line.T * v),
    ),
    "always_to_0": (
        "every call jumps to 0",
        loop(go=lambda x, v, t, s, line: jump_to(x, v, t, 0 * s, line)),
    ),
    "where_is_how_far": (
        "how far and not where",
        loop(go=lambda x, v, t, s, line: jump_to(x, v, t, t - s, line)),
    ),
    "all_of_the_velocity": (
        "takes all of the velocity",
        loop(go=lambda x, v, t, s, line: x - v),
    ),
    "jump_in_steps": (
        "divide it by T",
        loop(go=lambda x, v, t, s, line: x - (t - s)[:, None] * v),
    ),
    "over_a_thousand": (
        "divided by 1000",
        loop(go=lambda x, v, t, s, line: x - (t - s)[:, None] / 1000 * v),
    ),
    "a_plain_number": (
        "one `jump` for each of the",
        loop(far=lambda t, s, T, n: T // n),
    ),
    "a_plain_step": ("one `t` for each of the", loop(step=lambda t, s: int(t[0]))),
    "jump_as_a_share": (
        "steps are whole numbers",
        loop(far=lambda t, s, T, n: (t - s) / T),
    ),
    "t_as_a_share": ("steps are whole numbers", loop(step=lambda t, s: t / 1000)),
}  # fmt: skip
for name, (says, function) in SLIPS.items():
    wrong(check_in_calls, says)(named(name, function))


@wrong(check_in_calls, "after the first call")
def returns_too_early(velocity, x_T, calls, schedule):
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        t, s = torch.full((len(x_T),), t), torch.full((len(x_T),), s)
        return jump_to(x_T, velocity(x_T, t, t - s), t, s, schedule)


@wrong(check_in_calls, "begins at x_T again")
def never_moves(velocity, x_T, calls, schedule):
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        t, s = torch.full((len(x_T),), t), torch.full((len(x_T),), s)
        x_t = jump_to(x_T, velocity(x_T, t, t - s), t, s, schedule)
    return x_t


@wrong(check_in_calls, "asked only once")
def asked_before_the_loop(velocity, x_T, calls, schedule):
    steps, x_t = choose_steps(schedule.T, calls), x_T
    t = torch.full((len(x_T),), steps[0])
    v = velocity(x_t, t, t - steps[1])
    for t, s in pairwise(steps):
        t, s = torch.full((len(x_T),), t), torch.full((len(x_T),), s)
        x_t = jump_to(x_t, v, t, s, schedule)
    return x_t


@wrong(check_in_calls, "x_T comes back unchanged")
def result_thrown_away(velocity, x_T, calls, schedule):
    x_t = x_T
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        t, s = torch.full((len(x_T),), t), torch.full((len(x_T),), s)
        jump_to(x_t, velocity(x_t, t, t - s), t, s, schedule)
    return x_t


@wrong(check_in_calls, "and not the points")
def returns_the_velocity(velocity, x_T, calls, schedule):
    x_t = x_T
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        t, s = torch.full((len(x_T),), t), torch.full((len(x_T),), s)
        v = velocity(x_t, t, t - s)
        x_t = jump_to(x_t, v, t, s, schedule)
    return v


@wrong(check_in_calls, "use schedule.T in place of a number")
def always_a_thousand(velocity, x_T, calls, schedule):
    return as_the_solution(velocity, x_T, calls, straight_line(1000))


@wrong(check_in_calls, "is the loop one turn too long")
def on_from_0(velocity, x_T, calls, schedule):
    x_t = x_T
    for step in choose_steps(schedule.T, calls):
        t = torch.full((len(x_T),), step)
        jump = torch.full_like(t, schedule.T // calls)
        x_t = jump_to(x_t, velocity(x_t, t, jump), t, t - jump, schedule)
    return x_t


@wrong(check_in_calls, "one call too many")
def on_from_0_by_hand(velocity, x_T, calls, schedule):
    x_t = x_T
    for step in choose_steps(schedule.T, calls):
        t = torch.full((len(x_T),), step)
        jump = torch.full_like(t, schedule.T // calls)
        x_t = x_t - jump[:, None] / schedule.T * velocity(x_t, t, jump)
    return x_t


@wrong(check_in_calls)
def always_four(velocity, x_T, calls, schedule):
    return as_the_solution(velocity, x_T, 4, schedule)


@wrong(check_in_calls, "answers differently each time")
def fresh_noise(velocity, x_T, calls, schedule):
    drawn = as_the_solution(velocity, x_T, calls, schedule)
    return drawn + 0.1 * torch.randn_like(drawn)


@wrong(check_in_calls, "in place")
def in_place(velocity, x_T, calls, schedule):
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        told = torch.full((len(x_T),), t)
        x_T -= (t - s) / schedule.T * velocity(x_T, told, told - s)
    return x_T


# The target: right ------------------------------------------------------------------


@right(check_shortcut_target)
def mean_of_two_answers(velocity, x_t, t, jump, schedule):
    half = jump // 2
    v_1 = velocity(x_t, t, half)
    x_middle = jump_to(x_t, v_1, t, t - half, schedule)
    v_2 = velocity(x_middle, t - half, half)
    return (v_1 + v_2) / 2


@right(check_shortcut_target)
def half_by_bits(velocity, x_t, t, jump, schedule):
    half = jump >> 1
    middle = t - half
    v_1 = velocity(x_t, t, half)
    v_2 = velocity(jump_to(x_t, v_1, t, middle, schedule), middle, half)
    return 0.5 * v_1 + 0.5 * v_2


@right(check_shortcut_target)
def divided_with_rounding(velocity, x_t, t, jump, schedule):
    half = torch.div(jump, 2, rounding_mode="floor")
    v_1 = velocity(x_t, t, half)
    x_s = jump_to(x_t, v_1, t, t - half, schedule)
    return torch.stack([v_1, velocity(x_s, t - half, half)]).mean(0)


@right(check_shortcut_target)
def halved_and_cast(velocity, x_t, t, jump, schedule):
    half = (jump / 2).long()
    first = velocity(x_t, t, half)
    there = jump_to(x_t, first, t, t - half, schedule)
    second = velocity(there, t - half, half)
    return first + (second - first) / 2


@right(check_shortcut_target)
def from_both_ends(velocity, x_t, t, jump, schedule):
    half = jump // 2
    middle, end = t - half, t - jump
    x_middle = jump_to(x_t, velocity(x_t, t, half), t, middle, schedule)
    x_end = jump_to(x_middle, velocity(x_middle, middle, half), middle, end, schedule)
    share = (jump / schedule.T)[:, None]
    return (x_t - x_end) / share


@right(check_shortcut_target)
def from_the_schedule(velocity, x_t, t, jump, schedule):
    half = jump // 2
    middle, end = t - half, t - jump
    x_middle = jump_to(x_t, velocity(x_t, t, half), t, middle, schedule)
    x_end = jump_to(x_middle, velocity(x_middle, middle, half), middle, end, schedule)
    return (x_end - x_t) / (schedule.b(end, like=x_t) - schedule.b(t, like=x_t))


@right(check_shortcut_target)
def the_step_written_out(velocity, x_t, t, jump, schedule):
    half = jump // 2
    v_1 = velocity(x_t, t, half)
    x_middle = x_t - half[:, None] / schedule.T * v_1
    return (v_1 + velocity(x_middle, t - half, half)) / 2


@right(check_shortcut_target)
def in_a_loop(velocity, x_t, t, jump, schedule):
    half, x, total, now = jump // 2, x_t, 0, t
    for _ in range(2):
        v = velocity(x, now, half)
        x = jump_to(x, v, now, now - half, schedule)
        now, total = now - half, total + v
    return total / 2


@right(check_shortcut_target)
def with_no_gradient(velocity, x_t, t, jump, schedule):
    with torch.no_grad():
        return mean_of_two_answers(velocity, x_t, t, jump, schedule)


@right(check_shortcut_target)
def detached(velocity, x_t, t, jump, schedule):
    half = jump // 2
    v_1 = velocity(x_t, t, half)
    x_middle = jump_to(x_t, v_1, t, t - half, schedule).detach()
    return ((v_1 + velocity(x_middle, t - half, half)) / 2).detach()


@right(check_shortcut_target)
def guess_and_mix_again(velocity, x_t, t, jump, schedule):
    half = jump // 2
    u, w = (t / schedule.T)[:, None], ((t - half) / schedule.T)[:, None]
    v_1 = velocity(x_t, t, half)
    x_0_hat, eps_hat = x_t - u * v_1, x_t + (1 - u) * v_1
    v_2 = velocity((1 - w) * x_0_hat + w * eps_hat, t - half, half)
    return (v_1 + v_2) / 2


@right(check_shortcut_target)
def lerped(velocity, x_t, t, jump, schedule):
    half = jump // 2
    v_1 = velocity(x_t, t, half)
    x_middle = jump_to(x_t, v_1, t, t - half, schedule)
    return torch.lerp(v_1, velocity(x_middle, t - half, half), 0.5)


# The target: wrong ------------------------------------------------------------------


def target(
    first=lambda j: j // 2,
    second=lambda j: j // 2,
    middle=lambda t, j: t - j // 2,
    asked=lambda t, j: t - j // 2,
    place=lambda x, x_m: x_m,
    answer=lambda v_1, v_2: (v_1 + v_2) / 2,
):
    """The target with one slip."""

    def function(velocity, x_t, t, jump, schedule):
        v_1 = velocity(x_t, t, first(jump))
        x_m = jump_to(x_t, v_1, t, middle(t, jump).clamp(min=0), schedule)
        v_2 = velocity(place(x_t, x_m), asked(t, jump), second(jump))
        return answer(v_1, v_2)

    return function


def same(x):
    return x


TARGET_SLIPS = {
    "whole_jumps": ("told the whole jump", target(same, same)),
    "first_whole": ("for the first half", target(first=same)),
    "second_whole": ("for the second half", target(second=same)),
    "told_0": (
        "learns from velocities alone",
        target(torch.zeros_like, lambda j: 0 * j),
    ),
    "first_told_0": ("for the first half", target(first=torch.zeros_like)),
    "second_told_0": ("for the second half", target(second=torch.zeros_like)),
    "from_the_start_again": ("begins at x_t", target(place=lambda x, x_m: x)),
    "at_t_again": ("told t: by then", target(asked=lambda t, j: t)),
    "at_the_end": ("at the end of the jump", target(asked=lambda t, j: t - j)),
    "twice_the_same": (
        "the same question twice",
        target(asked=lambda t, j: t, place=lambda x, x_m: x),
    ),
    "first_too_far": ("goes the whole way", target(middle=lambda t, j: t - j)),
    "half_of_t": (
        "is not t // 2",
        target(middle=lambda t, j: t // 2, asked=lambda t, j: t // 2),
    ),
    "up": (
        "goes up, to more noise",
        target(middle=lambda t, j: t + j // 2, asked=lambda t, j: t + j // 2),
    ),
    "step_is_the_half": (
        "half of the jump as its step",
        target(asked=lambda t, j: j // 2),
    ),
    "only_the_first": ("first half's answer alone", target(answer=lambda v, w: v)),
    "only_the_second": ("second half's answer alone", target(answer=lambda v, w: w)),
    "sum": ("not their sum", target(answer=lambda v, w: v + w)),
    "difference": ("half of their difference", target(answer=lambda v, w: (v - w) / 2)),
    "no_brackets": ("brackets are missing", target(answer=lambda v, w: v + w / 2)),
    "first_halved": ("only the first answer", target(answer=lambda v, w: v / 2 + w)),
    "halved_twice": ("once more", target(answer=lambda v, w: (v + w) / 4)),
    "on_in_a_line": ("bent the same again", target(answer=lambda v, w: 2 * w - v)),
    "minus": ("the sign is wrong", target(answer=lambda v, w: -(v + w) / 2)),
    "mean_of_all": (
        "each has a target of its own",
        target(answer=lambda v, w: ((v + w) / 2).mean(0).expand_as(v)),
    ),
    "told_up": ("t plus half", target(asked=lambda t, j: t + j // 2)),
    "second_quarter": ("`half` is halved already", target(second=lambda j: j // 4)),
    "both_quarters": (
        "for both halves the network is told a quarter",
        target(lambda j: j // 4, lambda j: j // 4),
    ),
    "told_500": ("told 500", target(asked=lambda t, j: torch.full_like(t, 500))),
    "whole_numbers": ("// makes whole", target(answer=lambda v, w: (v + w) // 2)),
    "float_half": ("with a fraction", target(first=lambda j: j / 2)),
    "product": (None, target(answer=lambda v, w: v * w)),
    "larger_of_both": (None, target(answer=torch.maximum)),
}  # fmt: skip
for name, (says, function) in TARGET_SLIPS.items():
    wrong(check_shortcut_target, says)(named(name, function))


@wrong(check_shortcut_target, "half of t stands in place")
def halves_of_t(velocity, x_t, t, jump, schedule):
    half = t // 2
    first = velocity(x_t, t, half)
    middle = jump_to(x_t, first, t, t - half, schedule)
    return (first + velocity(middle, t - half, half)) / 2


@wrong(check_shortcut_target, "in the second half the network is given step and jump")
def second_swapped(velocity, x_t, t, jump, schedule):
    half = jump // 2
    first = velocity(x_t, t, half)
    middle = jump_to(x_t, first, t, t - half, schedule)
    return (first + velocity(middle, half, t - half)) / 2


@wrong(check_shortcut_target, "- the network is given step and jump")
def both_swapped(velocity, x_t, t, jump, schedule):
    half = jump // 2
    first = velocity(x_t, half, t)
    middle = jump_to(x_t, first, t, t - half, schedule)
    return (first + velocity(middle, half, t - half)) / 2


@wrong(check_shortcut_target, "with 500 and 0.5")
def as_for_the_one_point(velocity, x_t, t, jump, schedule):
    first = velocity(x_t, t, jump // 2)
    middle = x_t - 0.5 * first
    return (first + velocity(middle, torch.full_like(t, 500), jump // 2)) / 2


@wrong(check_shortcut_target, "takes 0.5 of v_1")
def half_of_the_whole_way(velocity, x_t, t, jump, schedule):
    half = jump // 2
    first = velocity(x_t, t, half)
    return (first + velocity(x_t - 0.5 * first, t - half, half)) / 2


@wrong(check_shortcut_target, "divided by 1000")
def half_over_a_thousand(velocity, x_t, t, jump, schedule):
    half = jump // 2
    first = velocity(x_t, t, half)
    middle = x_t - half[:, None] / 1000 * first
    return (first + velocity(middle, t - half, half)) / 2


@wrong(check_shortcut_target, "use schedule.T in place of a number")
def from_a_thousand(velocity, x_t, t, jump, schedule):
    half = jump // 2
    first = velocity(x_t, torch.full_like(t, 1000), half)
    middle = jump_to(x_t, first, t, t - half, schedule)
    return (first + velocity(middle, t - half, half)) / 2


def both_halves(velocity, x_t, t, jump, schedule):
    half = jump // 2
    x_m = jump_to(x_t, velocity(x_t, t, half), t, t - half, schedule)
    x_end = jump_to(x_m, velocity(x_m, t - half, half), t - half, t - jump, schedule)
    return x_m, x_end


@wrong(check_shortcut_target, "the network's own answer")
def its_own_answer(velocity, x_t, t, jump, schedule):
    return velocity(x_t, t, jump)


@wrong(check_shortcut_target, "where the two halves end, a point")
def the_end(velocity, x_t, t, jump, schedule):
    return both_halves(velocity, x_t, t, jump, schedule)[1]


@wrong(check_shortcut_target, "where the first half ends, a point")
def the_middle(velocity, x_t, t, jump, schedule):
    return both_halves(velocity, x_t, t, jump, schedule)[0]


@wrong(check_shortcut_target, "how far the point has moved: a velocity")
def how_far(velocity, x_t, t, jump, schedule):
    return x_t - both_halves(velocity, x_t, t, jump, schedule)[1]


@wrong(check_shortcut_target, "the other way round")
def how_far_back(velocity, x_t, t, jump, schedule):
    return both_halves(velocity, x_t, t, jump, schedule)[1] - x_t


@wrong(check_shortcut_target, "the sign is wrong")
def turned_round(velocity, x_t, t, jump, schedule):
    x_end = both_halves(velocity, x_t, t, jump, schedule)[1]
    return (x_end - x_t) / (jump / schedule.T)[:, None]


@wrong(check_shortcut_target, "not their sum")
def over_half_the_jump(velocity, x_t, t, jump, schedule):
    x_end = both_halves(velocity, x_t, t, jump, schedule)[1]
    return (x_t - x_end) / (jump // 2 / schedule.T)[:, None]


@wrong(check_shortcut_target, "divide by it")
def times_the_share(velocity, x_t, t, jump, schedule):
    x_end = both_halves(velocity, x_t, t, jump, schedule)[1]
    return (x_t - x_end) * (jump / schedule.T)[:, None]


@wrong(check_shortcut_target)
def of_a_thousand(velocity, x_t, t, jump, schedule):
    x_end = both_halves(velocity, x_t, t, jump, schedule)[1]
    return (x_t - x_end) / (jump / 1000)[:, None]
