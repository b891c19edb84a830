"""The checks of notebook 16: drawing in few calls, and what a jump learns from."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from course_lib.checks.report import NotYetRight, checked
from course_lib.device import plain_torch
from course_lib.diffusion.few_steps import in_calls, jump_to, shortcut_target
from course_lib.diffusion.samplers import choose_steps
from course_lib.diffusion.schedule import NoiseSchedule, straight_line

# In both drawn cases every step is a whole number. T is not the same, and never 1000,
# so that a 1000 written by hand is a mistake in both.
LONG, SHORT = straight_line(800), straight_line(600)
USUAL = straight_line(1000)


def velocity(x_t: Tensor, t: Tensor, jump: Tensor) -> Tensor:
    """A network's stand-in, whose answer depends on all that it is told."""
    check_told("t", t, x_t)
    check_told("jump", jump, x_t)
    bent = torch.sin(1.3 * x_t + t[:, None] / 300)
    return bent + jump[:, None] / 500 * torch.cos(x_t)


def velocity_on(schedule: NoiseSchedule) -> Callable:
    """The stand-in, which knows what the last step is."""

    def on_schedule(x_t: Tensor, t: Tensor, jump: Tensor) -> Tensor:
        check_told("t", t, x_t)
        if int(t.max()) > schedule.T:
            raise NotYetRight(
                f"the network is told step {int(t.max())}, but this schedule has only "
                f"{schedule.T}: use schedule.T in place of a number"
            )
        return velocity(x_t, t, jump)

    return on_schedule


def check_told(name: str, told: Tensor, x_t: Tensor) -> None:
    """Raise NotYetRight unless the network is told one whole number per point."""
    if not isinstance(told, Tensor) or told.shape != x_t.shape[:1]:
        found = tuple(told.shape) if isinstance(told, Tensor) else repr(told)
        raise NotYetRight(
            f"the network needs one `{name}` for each of the {len(x_t)} points, a "
            f"tensor of shape ({len(x_t)},); it was given {found}. torch.full makes one"
        )
    if told.is_floating_point():
        raise NotYetRight(
            f"the network is told a `{name}` with a fraction: steps are whole numbers, "
            "so divide with // or use a tensor of torch.int64"
        )


# Drawing in few calls -----------------------------------------------------------------


def some_noise(generator: torch.Generator):
    """A velocity, points of pure noise, a number of calls, and a schedule."""
    first = generator.initial_seed() % 2 == 0
    x_T = torch.randn(5 if first else 7, 2, generator=generator)
    schedule = LONG if first else SHORT
    return velocity_on(schedule), x_T, (4 if first else 3), schedule


def in_so_many(calls: int) -> tuple:
    x_T = torch.randn(4, 2, generator=torch.Generator().manual_seed(5))
    return velocity_on(USUAL), x_T, calls, USUAL


@plain_torch()  # its own cases must be plain, whatever is set
def check_in_calls(learner_in_calls):
    """From noise to points in so many calls; the network is told each jump."""
    also = {f"with {n} call{'s' * (n > 1)}": in_so_many(n) for n in (1, 2, 8)}
    return checked(learner_in_calls, in_calls, some_noise, LOOPS, also=also)


def loop_with(
    step=lambda t, s: t,
    far=lambda t, s, T, calls: t - s,
    asked=lambda x_t, x_T: x_t,
    go=lambda x_t, v, t, s, schedule: jump_to(x_t, v, t, s, schedule),
    begun=lambda x_t, x_T: x_t,
    way=lambda steps: steps,
) -> Callable:
    """The loop, with one of its parts replaced by what people write by mistake."""

    def loop(velocity, x_T, calls, schedule):
        x_t = x_T
        for t, s in pairwise(way(choose_steps(schedule.T, calls))):
            t, s = (torch.full((len(x_T),), step) for step in (t, s))
            x_t = begun(x_t, x_T)
            v = velocity(asked(x_t, x_T), step(t, s), far(t, s, schedule.T, calls))
            x_t = go(x_t, v, t, s, schedule)
        return x_t

    return loop


def asks_once(velocity, x_T, calls, schedule):
    """The first answer, for the whole way."""
    x_t, v = x_T, None
    for t, s in pairwise(choose_steps(schedule.T, calls)):
        t, s = (torch.full((len(x_T),), step) for step in (t, s))
        v = velocity(x_t, t, t - s) if v is None else v
        x_t = jump_to(x_t, v, t, s, schedule)
    return x_t


def one_too_many(velocity, x_T, calls, schedule):
    """The loop over all steps with 0, where nothing is left to do."""
    x_0, far = in_calls(velocity, x_T, calls, schedule), schedule.T // calls
    t, jump = (torch.full((len(x_T),), number) for number in (0, far))
    return x_0 - far / schedule.T * velocity(x_0, t, jump)


def scaled(factor: Callable) -> Callable:
    """A step that goes another way along v; `factor` sees jump and T."""
    return lambda x_t, v, t, s, schedule: (
        x_t - factor((t - s)[:, None].float(), schedule.T) * v
    )


LOOPS = {
    "the network is told a jump of 0, so it answers with the velocity at t alone: tell "
    "it how far it must lead, t - t_next": loop_with(
        far=lambda t, s, T, calls: torch.zeros_like(t)
    ),
    "the network is told t_next as its jump: the jump is a distance, t - t_next": (
        loop_with(far=lambda t, s, T, calls: s)
    ),
    "the network is told t as its jump, so it answers for the whole rest of the way: "
    "the jump of this call is t - t_next": loop_with(far=lambda t, s, T, calls: t),
    "the jump is below 0: it is t - t_next, and t is the larger one": (
        loop_with(far=lambda t, s, T, calls: s - t)
    ),
    "the network is told T as its jump: that is right for a single call alone": (
        loop_with(far=lambda t, s, T, calls: torch.full_like(t, T))
    ),
    "the network is told the number of calls as its jump: the jump is counted in steps "
    "of the schedule, t - t_next": loop_with(
        far=lambda t, s, T, calls: torch.full_like(t, calls)
    ),
    "the network is told only half of the jump": loop_with(
        far=lambda t, s, T, calls: (t - s) // 2
    ),
    "the network is told a jump of 1: it is t - t_next": loop_with(
        far=lambda t, s, T, calls: torch.ones_like(t)
    ),
    "the network is told t_next: tell it t, the step of x_t": loop_with(
        step=lambda t, s: s
    ),
    "the network is told the jump in place of t: x_t has its own step, t": loop_with(
        step=lambda t, s: t - s
    ),
    "the network is given t and the jump in the other order: velocity(x_t, t, jump)": (
        loop_with(step=lambda t, s: t - s, far=lambda t, s, T, calls: t)
    ),
    "the network is given x_T every time: give it x_t, which has moved": loop_with(
        asked=lambda x_t, x_T: x_T
    ),
    "x_t never moves, since each call begins at x_T again": loop_with(
        begun=lambda x_t, x_T: x_T
    ),
    "the last call is missing: it ends at the last step above 0": loop_with(
        way=lambda steps: steps[:-1]
    ),
    "the first call is missing: it begins at the second step, but x_T has the noise of "
    "the first": loop_with(way=lambda steps: steps[1:]),
    "it returns after the first call: `return` belongs below the loop": loop_with(
        way=lambda steps: steps[:2]
    ),
    "that is a single call, whatever `calls` says": loop_with(
        way=lambda steps: [steps[0], 0]
    ),
    "it goes up and not down: the list of steps begins at T": loop_with(
        way=lambda steps: steps[::-1]
    ),
    "it goes the wrong way, to more noise: jump_to goes from t to t_next, in this "
    "order (and by hand, the velocity is subtracted)": (
        loop_with(go=lambda x_t, v, t, s, schedule: jump_to(x_t, v, s, t, schedule))
    ),
    "every call jumps to 0: it must end at t_next": loop_with(
        go=lambda x_t, v, t, s, schedule: jump_to(x_t, v, t, 0 * t, schedule)
    ),
    "jump_to is told how far and not where: its fourth argument is the step at which "
    "it ends": loop_with(
        go=lambda x_t, v, t, s, schedule: jump_to(x_t, v, t, t - s, schedule)
    ),
    "it takes all of the velocity at every call: take the share of the way that this "
    "call goes": loop_with(go=scaled(lambda jump, T: 1.0)),
    "the jump is taken in steps: divide it by T": loop_with(
        go=scaled(lambda jump, T: jump)
    ),
    "the jump is divided by 1000: schedule.T is not always that": loop_with(
        go=scaled(lambda jump, T: jump / 1000)
    ),
    "that is one call too many: at step 0 all is done, and no jump begins there": (
        one_too_many
    ),
    "it returns the last velocity and not the points": loop_with(
        go=lambda x_t, v, t, s, schedule: (
            v if (s == 0).all() else jump_to(x_t, v, t, s, schedule)
        )
    ),
    "the network is asked only once: at every call x_t is another, and so is the "
    "answer": asks_once,
    "x_T comes back unchanged: x_t must move in the loop": (
        lambda velocity, x_T, calls, schedule: x_T
    ),
}  # fmt: skip


# What a jump learns from --------------------------------------------------------------


def some_jumps(generator: torch.Generator):
    """Points, and for each of them a step and a jump with two equal halves."""
    first = generator.initial_seed() % 2 == 0
    schedule = LONG if first else SHORT
    B = 6 if first else 8
    x_t = torch.randn(B, 2, generator=generator)
    # Never to 0 and never from T: there some mistakes look alike.
    jump = 2 * torch.randint(40, 100, (B,), generator=generator)
    t = jump + 2 * torch.randint(20, 150, (B,), generator=generator)
    return velocity_on(schedule), x_t, t, jump, schedule


def whole_way() -> tuple:
    x_T = torch.randn(4, 2, generator=torch.Generator().manual_seed(5))
    everything = torch.full((4,), 1000)
    return velocity_on(USUAL), x_T, everything, everything, USUAL


@plain_torch()  # its own cases must be plain, whatever is set
def check_shortcut_target(learner_target):
    """Two halves of a jump, one after the other, and the velocity that leads there."""
    also = {"from pure noise to the end": whole_way()}
    return checked(learner_target, shortcut_target, some_jumps, TARGETS, also=also)


def halves_with(
    first=lambda jump: jump // 2,
    second=lambda jump: jump // 2,
    middle=lambda t, jump: t - jump // 2,
    asked=lambda t, jump: t - jump // 2,
    place=lambda x_t, x_middle: x_middle,
    answer=lambda v_1, v_2: (v_1 + v_2) / 2,
) -> Callable:
    """The target, with one of its parts replaced by what people write by mistake."""

    def target(velocity, x_t, t, jump, schedule):
        v_1 = velocity(x_t, t, first(jump))
        x_middle = jump_to(x_t, v_1, t, middle(t, jump).clamp(min=0), schedule)
        v_2 = velocity(place(x_t, x_middle), asked(t, jump), second(jump))
        return answer(v_1, v_2)

    return target


def asking(
    first=lambda t, half: (t, half),
    second=lambda t, half: (t - half, half),
    half=lambda t, jump: jump // 2,
    share=lambda half, T: half / T,
) -> Callable:
    """The target with other words to the network, other halves, or another middle.

    Args:
        first, second: what the network is told in each call: step and jump
        share: of v_1, from x_t to the middle
    """

    def target(velocity, x_t, t, jump, schedule):
        far = half(t, jump)
        v_1 = velocity(x_t, *first(t, far))
        x_middle = x_t - share(far[:, None], schedule.T) * v_1
        return (v_1 + velocity(x_middle, *second(t, far))) / 2

    return target


def is_500(t: Tensor, half: Tensor) -> tuple[Tensor, Tensor]:
    return torch.full_like(t, 500), half


def both(far: Callable) -> dict:
    return {"first": far, "second": far}


def ends(where: Callable) -> Callable:
    """A mistake that returns a place and not a velocity."""

    def target(velocity, x_t, t, jump, schedule):
        half = jump // 2
        v_1 = velocity(x_t, t, half)
        x_middle = jump_to(x_t, v_1, t, t - half, schedule)
        v_2 = velocity(x_middle, t - half, half)
        x_end = jump_to(x_middle, v_2, t - half, t - jump, schedule)
        return where(x_t, x_middle, x_end, (jump / schedule.T)[:, None])

    return target


TARGETS = {
    "that is the network's own answer for the whole jump: there would be nothing to "
    "learn. Ask it for two halves": (
        lambda velocity, x_t, t, jump, schedule: velocity(x_t, t, jump)
    ),
    "for both halves the network is told the whole jump: each is only half as long": (
        halves_with(**both(lambda jump: jump))
    ),
    "for the first half the network is told the whole jump: it is half as long": (
        halves_with(first=lambda jump: jump)
    ),
    "for the second half the network is told the whole jump: it is half as long": (
        halves_with(second=lambda jump: jump)
    ),
    "for both halves the network is told 0: then every jump learns from velocities "
    "alone, however long it is. Tell it the half": (
        halves_with(**both(torch.zeros_like))
    ),
    "for the first half the network is told 0: tell it the half": (
        halves_with(first=torch.zeros_like)
    ),
    "for the second half the network is told 0: tell it the half": (
        halves_with(second=torch.zeros_like)
    ),
    "the second half begins at x_t: it begins where the first one ended": (
        halves_with(place=lambda x_t, x_middle: x_t)
    ),
    "in the second half the network is told t: by then it is half a jump further "
    "down": halves_with(asked=lambda t, jump: t),
    "in the second half the network is told the step at the end of the jump: it "
    "begins in the middle": halves_with(asked=lambda t, jump: t - jump),
    "the first half goes the whole way: it ends in the middle, at t minus half of the "
    "jump": halves_with(middle=lambda t, jump: t - jump),
    "the middle of the jump is not t // 2: it is t minus half of the jump": (
        halves_with(middle=lambda t, jump: t // 2, asked=lambda t, jump: t // 2)
    ),
    "the first half goes up, to more noise: its end is t minus half of the jump": (
        halves_with(
            middle=lambda t, jump: t + jump // 2, asked=lambda t, jump: t + jump // 2
        )
    ),
    "in the second half the network is told half of the jump as its step: the step is "
    "t minus half of the jump": halves_with(asked=lambda t, jump: jump // 2),
    "the first half ends at the step half a jump above 0: it ends half a jump below "
    "t": halves_with(middle=lambda t, jump: jump // 2),
    "half of t stands in place of half of the jump: jump // 2": (
        asking(half=lambda t, jump: t // 2)
    ),
    "in the second half the network is told t plus half of the jump: steps count down, "
    "so the middle is t minus half of it": (
        halves_with(asked=lambda t, jump: t + jump // 2)
    ),
    "in the second half the network is given step and jump in the other order: "
    "velocity(x_t, t, jump)": asking(second=lambda t, half: (half, t - half)),
    "the network is given step and jump in the other order: velocity(x_t, t, jump)": (
        asking(lambda t, half: (half, t), lambda t, half: (half, t - half))
    ),
    "for the second half the network is told a quarter of the jump: `half` is halved "
    "already": halves_with(second=lambda jump: jump // 4),
    "for both halves the network is told a quarter of the jump": (
        halves_with(**both(lambda jump: jump // 4))
    ),
    "in the second half the network is told 500: that is the middle of a jump from "
    "1000 to 0. Here each point has its own, t minus half of its jump": (
        asking(second=is_500)
    ),
    "the first half takes 0.5 of v_1: that is right for a jump from T to 0 alone. "
    "jump_to takes each point to its own middle": asking(share=lambda half, T: 0.5),
    "that is the middle of a jump from 1000 to 0, with 500 and 0.5: here each point "
    "has a t and a jump of its own": asking(second=is_500, share=lambda half, T: 0.5),
    "the half is divided by 1000 on the way to the middle: schedule.T is not always "
    "that": asking(share=lambda half, T: half / 1000),
    "that is the first half's answer alone, or the same question twice: ask again "
    "where the first half ended, and take the mean": (
        halves_with(answer=lambda v_1, v_2: v_1)
    ),
    "that is the second half's answer alone: take the mean of both": (
        halves_with(answer=lambda v_1, v_2: v_2)
    ),
    "that is twice as much: each answer leads half of the way, so take the mean of the "
    "two and not their sum": (
        halves_with(answer=lambda v_1, v_2: v_1 + v_2)
    ),
    "that is half of their difference, which says how much the path bends: take the "
    "mean": halves_with(answer=lambda v_1, v_2: (v_1 - v_2) / 2),
    "that is half of their difference, turned round: take the mean": (
        halves_with(answer=lambda v_1, v_2: (v_2 - v_1) / 2)
    ),
    "brackets are missing: v_1 + v_2 / 2 halves only the second answer": (
        halves_with(answer=lambda v_1, v_2: v_1 + v_2 / 2)
    ),
    "only the first answer is halved: (v_1 + v_2) / 2": (
        halves_with(answer=lambda v_1, v_2: v_1 / 2 + v_2)
    ),
    "it goes on from v_1 to v_2 as if the path bent the same again: take the mean": (
        halves_with(answer=lambda v_1, v_2: 2 * v_2 - v_1)
    ),
    "the mean is divided by two once more": (
        halves_with(answer=lambda v_1, v_2: (v_1 + v_2) / 4)
    ),
    "// makes whole numbers: that is right for steps; halve velocities with / 2": (
        halves_with(answer=lambda v_1, v_2: (v_1 + v_2) // 2)
    ),
    "the mean is taken over all points: each has a target of its own": (
        halves_with(
            answer=lambda v_1, v_2: ((v_1 + v_2) / 2).mean(0).expand_as(v_1)
        )
    ),
    "the sign is wrong: the velocity points to the noise, from x_end to x_t": (
        halves_with(answer=lambda v_1, v_2: -(v_1 + v_2) / 2)
    ),
    "that is where the two halves end, a point: the network answers with a velocity, "
    "the mean of the two": ends(lambda x_t, x_middle, x_end, share: x_end),
    "that is where the first half ends, a point: the network answers with a velocity": (
        ends(lambda x_t, x_middle, x_end, share: x_middle)
    ),
    "that is how far the point has moved: a velocity is that divided by the jump's "
    "share of T": ends(lambda x_t, x_middle, x_end, share: x_t - x_end),
    "that is how far the point has moved, the other way round: the velocity points to "
    "the noise, and is divided by the jump's share of T": (
        ends(lambda x_t, x_middle, x_end, share: x_end - x_t)
    ),
    "it multiplies by the jump's share: divide by it": (
        ends(lambda x_t, x_middle, x_end, share: (x_t - x_end) * share)
    ),
}  # fmt: skip
