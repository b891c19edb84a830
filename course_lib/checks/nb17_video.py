"""The checks of notebook 17: attention along time, and frames that are given."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.guard import fresh, is_changed
from course_lib.checks.nb17_mistakes import ALONG, GIVING
from course_lib.checks.report import NotYetRight, checked, compare, report
from course_lib.device import plain_torch
from course_lib.networks.video import attend_along_time, give_frames

C = 5  # channels of every case: no number of frames, rows, columns or films


def look(courses: Tensor) -> Tensor:
    """A stand-in for self-attention, (N, F, C) to (N, F, C), that hears the order."""
    if not isinstance(courses, Tensor) or courses.ndim != 3 or courses.shape[2] != C:
        found = tuple(courses.shape) if isinstance(courses, Tensor) else courses
        raise NotYetRight(
            f"`attend` takes sequences (N, F, C), one for each place of each film, the "
            f"{C} channels last; it was given {found}"
        )
    when = torch.arange(courses.shape[1]) / 3
    scores = courses @ courses.transpose(1, 2) / C + torch.sin(when - when[:, None])
    return scores.softmax(-1) @ courses


# Attention along time -----------------------------------------------------------------


def some_frames(generator: torch.Generator):
    """Features of a few films, their number of frames, and an attention."""
    first = generator.initial_seed() % 2 == 0
    B, F, H, W = (2, 3, 4, 6) if first else (3, 4, 6, 2)
    return torch.randn(B * F, C, H, W, generator=generator), F, look


def frames_of(B: int, F: int, side: int) -> tuple:
    chance = torch.Generator().manual_seed(7)
    return torch.randn(B * F, C, side, side, generator=chance), F, look


@plain_torch()  # its own cases must be plain, whatever is set
def check_attend_along_time(learner_attend):
    """Every place of the grid by itself: its frames look at each other."""
    also = {
        "a single film of eight frames": frames_of(1, 8, 3),
        "as many films as frames": frames_of(3, 3, 4),
        "films of one frame": frames_of(2, 1, 3),
    }
    return checked(
        learner_attend, attend_along_time, some_frames, ALONG, also=also, gradient=True
    )


# Given frames -------------------------------------------------------------------------


def some_films(generator: torch.Generator):
    """Noisy films, their steps, the clean ones, and which frames are given."""
    first = generator.initial_seed() % 2 == 0
    B, F, side = (3, 5, 2) if first else (4, 3, 3)
    x_t, x_0 = torch.randn(2, B, F, 3, side, side, generator=generator)
    t = torch.randint(100, 900, (B,), generator=generator)
    given = torch.zeros(B, F, dtype=torch.bool)
    # Every film has other given frames, never all, and the last one has none.
    given[0, 0] = given[0, -1] = given[1, 1] = True
    if not first:
        given[2, -1] = True
    return x_t, t, x_0, given


def given_by(which: Callable) -> tuple:
    x_t, t, x_0, given = some_films(torch.Generator().manual_seed(4))
    return x_t, t, x_0, which(given)


@plain_torch()  # its own cases must be plain, whatever is set
def check_give_frames(learner_give):
    """The given frames are clean and have the step 0; the others stay as they are."""
    also = {
        "with no given frame": given_by(torch.zeros_like),
        "with all frames given": given_by(torch.ones_like),
        "as many films as frames": square_films(),
    }

    def check():
        try:
            compare(learner_give, give_frames, some_films, GIVING, also=also)
        except NotYetRight as error:
            raise NotYetRight(of_film_and_steps(str(error), learner_give)) from None

    return report(check, learner_give, give_frames)


ANSWERS = {"in value number 0": "in the film", "in value number 1": "in the steps"}


def of_film_and_steps(said: str, learner_give: Callable) -> str:
    """What `compare` said, with the names of the two answers, and of a shared number.

    Who writes into an expanded `t` changes `t` itself; a copy of it would not help.
    """
    if "in place" in said and writes_into_expanded(learner_give):
        return (
            "`expand` makes no copies: the frames of a film share one number of `t`, "
            "and who writes into one writes into all. Use .repeat(1, F), or "
            "masked_fill, which makes something new"
        )
    for number, place in ANSWERS.items():
        said = said.replace(number, place)
    return said


def writes_into_expanded(learner_give: Callable) -> bool:
    """Whether the steps change while several of them lie at one place in memory."""
    args = fresh(some_films(torch.Generator().manual_seed(0)))
    before = args[1].clone()
    answer = learner_give(*args)
    steps = answer[1] if isinstance(answer, (tuple, list)) and len(answer) == 2 else 0
    shared = isinstance(steps, Tensor) and 0 in steps.stride()
    return shared and is_changed(args[1], before)


def square_films() -> tuple:
    """Four films of four frames, whose first frame is given, but not in all."""
    chance = torch.Generator().manual_seed(9)
    x_t, x_0 = torch.randn(2, 4, 4, 3, 2, 2, generator=chance)
    given = torch.zeros(4, 4, dtype=torch.bool)
    given[:3, 0] = True
    return x_t, torch.tensor([800, 500, 300, 100]), x_0, given
