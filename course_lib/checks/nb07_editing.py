"""The checks of notebook 07: where to begin, and how to hold a part of a picture."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.report import NotYetRight, ask, compare, report
from course_lib.device import plain_torch
from course_lib.diffusion.editing import begin, put_back
from course_lib.diffusion.samplers import mix
from course_lib.diffusion.schedule import straight_line

SCHEDULE = straight_line()


def randn(*shape: int) -> torch.Tensor:
    """The same N(0, 1) numbers every time; the notebook's random state is untouched."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(7))


# What both tell -----------------------------------------------------------------------


def with_hints(learner: Callable, hints: dict[str, str]) -> Callable:
    """The same function; behind the message of an accident stands what to write."""

    @functools.wraps(learner)
    def asked(*given):
        try:
            return learner(*given)
        except Exception as error:
            for part, hint in hints.items():
                if part in str(error):
                    error.add_note(hint)
                    break
            raise

    return asked


def step_in(x_t: Tensor, x_0: Tensor, eps: Tensor) -> int | None:
    """The step of SCHEDULE whose noise is in x_t; None if it is no such mix."""
    way = eps - x_0
    share = ((x_t - x_0) * way).sum() / way.square().sum()
    start = round(share.item() * SCHEDULE.T) if share.isfinite() else -1
    if not 0 <= start <= SCHEDULE.T:
        return None
    is_that = torch.allclose(x_t, mix(x_0, eps, start, SCHEDULE), atol=1e-4)
    return start if is_that else None


# Where to begin ---------------------------------------------------------------------


def at_step(start_of, shown=None):
    """Begin at another step, with that step's noise; `shown` is the step returned."""

    def mistaken(x_0, strength, eps, schedule):
        start = start_of(strength, schedule)
        told = (shown or start_of)(strength, schedule)
        return told, mix(x_0, eps, start, schedule)

    return mistaken


def with_picture(make):
    """The right step, but another noisy picture."""

    def mistaken(x_0, strength, eps, schedule):
        start = step(strength, schedule)
        return start, make(x_0, eps, start, schedule)

    return mistaken


def step(strength, schedule):
    return round(strength * schedule.T)


def last(strength, schedule):
    return schedule.T


def exchanged(x_0, strength, eps, schedule):
    start, x_t = begin(x_0, strength, eps, schedule)
    return x_t, start


def a_step_each(x_0, strength, eps, schedule):
    start, x_t = begin(x_0, strength, eps, schedule)
    return torch.full((len(x_0),), start), x_t


BEGIN_MISTAKES = {
    "that is the step of 1 - strength: strength 1 should mean pure noise, so a small "
    "strength is a small t": at_step(
        lambda strength, schedule: step(1 - strength, schedule)
    ),
    "the picture is still clean: the network expects it to have the noise of step "
    "`start`": with_picture(lambda x_0, eps, start, schedule: x_0),
    "nothing of the picture is left: mix it with the noise, as add_noise does for "
    "step `start`": with_picture(lambda x_0, eps, start, schedule: eps),
    "the walk would begin at T, but the picture has the noise of a smaller step: the "
    "network would mistake picture for noise": at_step(step, shown=last),
    "the step returned is that of 1 - strength, but the picture has the noise of "
    "strength: both must belong to the same step": at_step(
        step, shown=lambda strength, schedule: step(1 - strength, schedule)
    ),
    # On the straight line the two are the same.
    "picture and noise are swapped, or it is the noise of step T - start: use "
    "add_noise(x_0, t, eps, schedule), with `start` in t": (
        with_picture(lambda x_0, eps, start, schedule: mix(eps, x_0, start, schedule))
    ),
    "the noise comes on top of the whole picture: in the mix of step `start` the "
    "picture must be fainter, as add_noise makes it": with_picture(
        lambda x_0, eps, start, schedule: x_0 + schedule.b_table[start].item() * eps
    ),
    "all of the noise comes on top of all of the picture: add_noise mixes them in the "
    "proportions of step `start`": with_picture(
        lambda x_0, eps, start, schedule: x_0 + eps
    ),
    "roots belong to DDPM's schedule: leave the mixing to add_noise, which knows this "
    "one": (
        with_picture(
            lambda x_0, eps, start, schedule: (
                schedule.a_table[start].item() ** 0.5 * x_0
                + schedule.b_table[start].item() ** 0.5 * eps
            )
        )
    ),
    "the noisy picture is clamped: noise goes beyond -1 and 1, as the network "
    "expects": with_picture(
        lambda x_0, eps, start, schedule: mix(x_0, eps, start, schedule).clamp(-1, 1)
    ),
    "only the noise of step `start` is returned, without the picture": (
        with_picture(
            lambda x_0, eps, start, schedule: schedule.b_table[start].item() * eps
        )
    ),
    "that is one step too early: our tables begin with t = 0, so the step is "
    "round(strength * schedule.T)": at_step(
        lambda strength, schedule: step(strength, schedule) - 1
    ),
    "it assumes 1000 steps: schedule.T says how many there are": at_step(
        lambda strength, schedule: min(round(strength * 1000), schedule.T)
    ),
    "it begins at 1000 * strength, whatever schedule.T is": at_step(
        step, shown=lambda strength, schedule: round(strength * 1000)
    ),
    "the strength itself is returned: the step is round(strength * schedule.T)": (
        at_step(step, shown=lambda strength, schedule: strength)
    ),
    "strength is rounded to 0 or 1 before it is multiplied: use round(strength * "
    "schedule.T)": at_step(lambda strength, schedule: round(strength) * schedule.T),
    "the two answers are swapped: first the step, then the noisy picture": exchanged,
    "the first answer is a tensor with a step for each picture: return a single "
    "number, `start`": a_step_each,
}


@plain_torch()  # its own cases must be plain, whatever is set
def check_begin(learner_begin):
    """The step that a strength stands for, and the picture with that step's noise."""

    def inputs(generator):
        x_0, eps = torch.randn(2, 2, 3, 8, 8, generator=generator)
        # Below a half: there 1 - strength would be the same.
        strength = 0.1 * int(torch.randint(1, 5, (), generator=generator))
        # A picture ends at -1 and 1, and noise does not, so that a swap of the two
        # shows.
        return x_0.clamp(-1, 1), strength, eps, SCHEDULE

    # The notebook's own shape and strength, a schedule with another T, the ends, and
    # one picture alone.
    x_0, eps = randn(8, 3, 32, 32).clamp(-1, 1), randn(2, 8, 3, 32, 32)[1]
    also = {
        "with strength 0.7": (x_0, 0.7, eps, SCHEDULE),
        "with schedule.T = 400": (x_0, 0.3, eps, straight_line(T=400)),
        "with strength 1": (x_0, 1.0, eps, SCHEDULE),
        "with strength 0": (x_0, 0.0, eps, SCHEDULE),
        "with one picture": (x_0[:1], 0.7, eps[:1], SCHEDULE),
    }
    to_ask = with_hints(learner_begin, BEGIN_ACCIDENTS)

    def check():
        try:
            compare(to_ask, begin, inputs, BEGIN_MISTAKES, also=also)
        except NotYetRight as error:
            if said := of_two_steps(str(error), to_ask, inputs):
                raise NotYetRight(said) from error
            raise
        # After the others, as one step too early would look the same here.
        compare(to_ask, begin, lambda _: (x_0, 0.2996, eps, SCHEDULE), FRACTIONS)

    return report(check, learner_begin, begin)


BEGIN_ACCIDENTS = {
    "got torch.float": (
        "strength * schedule.T is a fraction: round(...) makes a whole number of it"
    ),
    "got int": "one step for each picture: torch.full((len(x_0),), start)",
    "got float": "one step for each picture: torch.full((len(x_0),), start)",
}
FRACTIONS = {
    "it mixes by the strength itself: the picture needs the noise of the whole step "
    "`start`": lambda x_0, strength, eps, schedule: (
        step(strength, schedule),
        (1 - strength) * x_0 + strength * eps,
    ),
    "strength 0.2996 means 299.6 steps, of which int(...) makes 299, as it cuts off: "
    "round(...) goes to the nearest, 300": at_step(
        lambda strength, schedule: int(strength * schedule.T)
    ),
}


def of_two_steps(said: str, learner_begin: Callable, inputs: Callable) -> str | None:
    """What a bare number means: which step is given back, and whose noise is in x_t."""
    for number, place in ANSWERS.items():
        if number in said:
            named = said.replace(number, place)
            break
    else:
        return None
    if not said.startswith("in value number"):  # in one of the further cases
        return named
    if "the number is right" in said:  # and its type is not
        return (
            "the step is a float, and a whole number is needed: round(...) makes "
            "one, and int(...) cuts off"
        )
    x_0, strength, eps, _ = given = inputs(torch.Generator().manual_seed(0))
    told, x_t = ask(learner_begin, *given)
    right = step(strength, SCHEDULE)
    asks = f"strength {strength:g} is the step round({strength:g} * 1000) = {right}"
    is_mix = isinstance(x_t, Tensor) and x_t.shape == x_0.shape
    mixed = step_in(x_t.float(), x_0, eps) if is_mix else None
    if mixed is not None and told == mixed != right:
        return f"it begins at step {told}: {asks}"
    if mixed not in (None, told) and isinstance(told, int | float):
        return (
            "the picture has the noise of another step than the one you return: "
            f"{mixed} and {told}, where {asks}"
        )
    return named


ANSWERS = {
    "in value number 0": "in the first answer, the step",
    "in value number 1": "in the second answer, the noisy picture",
}


# How to hold a part -----------------------------------------------------------------


def put_back_with(drawn, kept):
    """What goes into the hole and around it, each a function of all the arguments."""

    def mistaken(*given):
        mask = given[2]
        return torch.where(mask, drawn(*given), kept(*given))

    return mistaken


def x_next_alone(x_next, x_0, mask, t_next, eps_new, schedule):
    return x_next


def clean(x_next, x_0, mask, t_next, eps_new, schedule):
    return x_0


def as_noisy(x_next, x_0, mask, t_next, eps_new, schedule):
    return mix(x_0, eps_new, t_next, schedule)


def noisier(x_next, x_0, mask, t_next, eps_new, schedule):
    return mix(x_next, eps_new, t_next, schedule)


def zeros(x_next, *rest):
    return torch.zeros_like(x_next)


def at_other_step(other):
    """The kept part with the noise of another step."""

    def kept(x_next, x_0, mask, t_next, eps_new, schedule):
        return mix(x_0, eps_new, other(t_next, schedule), schedule)

    return kept


PUT_BACK_MISTAKES = {
    # The commonest mistake in real code: it nearly works, and leaves a seam.
    "the kept part is clean, next to a part with noise: give it the noise of step "
    "t_next first": put_back_with(x_next_alone, clean),
    "the mask is the wrong way round: it is True where something new is drawn": (
        put_back_with(as_noisy, x_next_alone)
    ),
    "the mask is the wrong way round, it is True where something new is drawn; and the "
    "kept part needs the noise of step t_next": put_back_with(clean, x_next_alone),
    "the drawn part gets noise twice: it already has that of t_next": put_back_with(
        noisier, as_noisy
    ),
    "the noise goes to the wrong part: the drawn part already has that of t_next, the "
    "kept part has none": put_back_with(noisier, clean),
    "nothing is put back: put x_0 where the mask is False, with the noise of step "
    "t_next": x_next_alone,
    "the mask is not used: the hole is not always the right half, the mask says where "
    "it is (torch.where)": lambda *given: torch.cat(
        [
            as_noisy(*given)[..., : given[0].shape[-1] // 2],
            given[0][..., given[0].shape[-1] // 2 :],
        ],
        -1,
    ),
    "everything is put back: keep x_next where the mask is True": as_noisy,
    "the kept part is empty: put x_0 where the mask is False, with the noise of step "
    "t_next": put_back_with(x_next_alone, zeros),
    "the hole is empty: put x_next where the mask is True": put_back_with(
        zeros, as_noisy
    ),
    "the kept part is also added in the hole: take it only where the mask is False, "
    "`~mask`": lambda *given: torch.where(given[2], given[0], 0.0) + as_noisy(*given),
    "x_next is taken everywhere, with the kept part on top: take it only where the "
    "mask is True": lambda *given: (
        given[0] + torch.where(given[2], 0.0, as_noisy(*given))
    ),
    "the kept part has all of eps_new on top: in the mix of step t_next the picture is "
    "fainter and the noise has the share b, as in add_noise": put_back_with(
        x_next_alone, lambda *given: given[1] + given[4]
    ),
    "the kept part is as strong as before: in the mix of step t_next the picture must "
    "be fainter, as in add_noise": put_back_with(
        x_next_alone,
        lambda *given: given[1] + given[5].b_table[given[3]].item() * given[4],
    ),
    "the kept part is nothing but noise: mix x_0 with eps_new, as add_noise does for "
    "step t_next": put_back_with(x_next_alone, lambda *given: given[4]),
    # On the straight line the two are the same.
    "picture and noise are swapped, or it is the noise of step T - t_next: use "
    "add_noise(x_0, t, eps_new, schedule), with t_next in t": (
        put_back_with(
            x_next_alone,
            lambda *given: mix(given[4], given[1], given[3], given[5]),
        )
    ),
    "the kept part has the noise of one step less than t_next": put_back_with(
        x_next_alone, at_other_step(lambda t_next, schedule: max(t_next - 1, 0))
    ),
    "the kept part has the noise of one step more than t_next": put_back_with(
        x_next_alone,
        at_other_step(lambda t_next, schedule: t_next + 1 - t_next // schedule.T),
    ),
    "it is clamped at the end: noise goes beyond -1 and 1, and the network expects it "
    "to": lambda *given: put_back(*given).clamp(-1, 1),
    "the kept part is clamped: noise goes beyond -1 and 1, and the network expects it "
    "to": put_back_with(x_next_alone, lambda *given: as_noisy(*given).clamp(-1, 1)),
    "the noise goes to x_next, and x_0 is not used: keep x_0": (
        put_back_with(x_next_alone, noisier)
    ),
    "it takes the mean of both parts: the mask says which one to take": (
        lambda *given: (given[0] + as_noisy(*given)) / 2
    ),
}


@plain_torch()  # its own cases must be plain, whatever is set
def check_put_back(learner_put_back):
    """The kept part is put back with as much noise as the drawn part has."""

    def inputs(generator):
        x_next, x_0, eps_new = torch.randn(3, 2, 3, 8, 8, generator=generator)
        mask = torch.rand(2, 1, 8, 8, generator=generator) < 0.5
        # Neither end: at 0 a clean part is right, at T none of it is left.
        t_next = int(torch.randint(200, 900, (), generator=generator))
        # And not the middle, where t and T - t are the same.
        t_next += 100 * (abs(t_next - 500) < 20)
        return x_next, x_0, mask, t_next, eps_new, SCHEDULE

    x_next, x_0, eps_new = randn(3, 8, 3, 32, 32)
    half = torch.zeros(32, 32, dtype=torch.bool)
    half[:, 16:] = True
    each = randn(8, 1, 32, 32) > 0
    short = straight_line(T=400)
    also = {
        "with a mask of (H, W), as this notebook has": (
            *(x_next, x_0, half, 583, eps_new, SCHEDULE),
        ),
        "with a mask of (B, 1, H, W)": (x_next, x_0, each, 583, eps_new, SCHEDULE),
        "at the last step, t_next = 0": (x_next, x_0, half, 0, eps_new, SCHEDULE),
        "with schedule.T = 400": (x_next, x_0, half, 100, eps_new, short),
        "with one picture": (x_next[:1], x_0[:1], half, 250, eps_new[:1], SCHEDULE),
        "with a mask of (H, W) on a picture of 32 x 48": (
            randn(1, 3, 32, 48),
            randn(2, 1, 3, 32, 48)[1],
            randn(32, 48) > 0,
            250,
            randn(3, 1, 3, 32, 48)[2],
            SCHEDULE,
        ),
    }
    to_ask = with_hints(learner_put_back, PUT_BACK_ACCIDENTS)

    def check():
        try:
            compare(to_ask, put_back, inputs, PUT_BACK_MISTAKES, also=also)
        except NotYetRight as error:
            if said := of_another_step(str(error), to_ask, inputs):
                raise NotYetRight(said) from error
            raise

    return report(check, learner_put_back, put_back)


BY_INDEX = (
    "as an index the mask would need the axes of x_next, and it may be (H, W) or "
    "(B, 1, H, W): torch.where(mask, one, other) takes both"
)
PUT_BACK_ACCIDENTS = {
    "too many indices": BY_INDEX,
    "shape of the mask": BY_INDEX,
    "got torch.float": "t_next is whole already: torch.full((len(x_0),), t_next)",
    "got int": "one step for each picture: torch.full((len(x_0),), t_next)",
}


def of_another_step(said: str, learner: Callable, inputs: Callable) -> str | None:
    """What a bare number means: whose noise is in the kept part."""
    if not said.startswith("at ["):
        return None
    x_next, x_0, mask, t_next, eps_new, _ = given = inputs(
        torch.Generator().manual_seed(0)
    )
    answer = ask(learner, *given)
    mask = mask.expand(x_next.shape)
    mixed = step_in(answer[~mask], x_0[~mask], eps_new[~mask])
    if mixed in (None, t_next) or not torch.equal(answer[mask], x_next[mask]):
        return None
    return f"the kept part has the noise of step {mixed}, where t_next is {t_next}"
