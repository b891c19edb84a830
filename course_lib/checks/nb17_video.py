"""The checks of notebook 17: attention along time, and frames that are given."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.checks.report import NotYetRight, checked
from course_lib.device import plain_torch
from course_lib.networks.video import (
    along_time,
    attend_along_time,
    give_frames,
    in_place,
)

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


def courses_by(order: tuple[int, ...], back: tuple[int, ...] | None = None) -> Callable:
    """Sequences cut from (B, F, C, H, W) in another order of its axes.

    Args:
        order: of the axes before the first three are made one
        back: which of the axes that come out goes where; by default as it should
    """

    def attended(h, frames, attend):
        film = h.unflatten(0, (-1, frames)).permute(*order)
        seen = attend(film.flatten(0, 2)).reshape(film.shape)
        home = back or tuple(order.index(axis) for axis in range(5))
        return seen.permute(*home).flatten(0, 1)

    return attended


def cut(h, frames, attend):
    """The numbers as they lie in memory, cut into pieces of the wanted shape."""
    return attend(h.reshape(-1, frames, h.shape[1])).reshape(h.shape)


def gathered(h, frames, attend):
    courses = along_time(h, frames)
    return attend(courses).reshape(h.shape)


def cut_and_put_back(h, frames, attend):
    return in_place(attend(h.reshape(-1, frames, h.shape[1])), *h.shape[2:])


def frames_first(h, frames, attend):
    film = h.unflatten(0, (frames, -1)).permute(1, 3, 4, 0, 2)
    seen = attend(film.flatten(0, 2)).reshape(film.shape)
    return seen.permute(3, 0, 4, 1, 2).flatten(0, 1)


def films_counted(h, frames, attend):
    """The batch axis is cut into (frames, films) and the films taken for frames."""
    film = h.unflatten(0, (frames, -1)).permute(0, 3, 4, 1, 2)
    seen = attend(film.flatten(0, 2)).reshape(film.shape)
    return seen.permute(0, 3, 4, 1, 2).flatten(0, 1)


def within_frames(h, frames, attend):
    seen = attend(h.flatten(2).transpose(1, 2))
    return seen.transpose(1, 2).reshape(h.shape)


def everywhere(h, frames, attend):
    film = h.unflatten(0, (-1, frames)).permute(0, 1, 3, 4, 2)
    return (
        attend(film.flatten(1, 3))
        .reshape(film.shape)
        .permute(0, 1, 4, 2, 3)
        .flatten(0, 1)
    )


def all_in_one_row(h, frames, attend):
    courses = h.permute(2, 3, 0, 1)  # (H, W, B * F, C)
    return attend(courses.flatten(0, 1)).reshape(courses.shape).permute(2, 3, 0, 1)


def of_mean_places(h, frames, attend):
    film = h.mean((2, 3)).unflatten(0, (-1, frames))
    return attend(film).flatten(0, 1)[:, :, None, None].expand(h.shape)


def changed(answer: Callable) -> Callable:
    """What comes out, with something more done to it."""
    return lambda h, frames, attend: answer(h, attend_along_time(h, frames, attend))


def backwards(h, frames, attend):
    courses = along_time(h, frames)
    return in_place(attend(courses.flip(1)), *h.shape[2:])


def there_and_back(h, frames, attend):
    courses = along_time(h, frames)
    return in_place(attend(courses.flip(1)).flip(1), *h.shape[2:])


ALONG = {
    "the numbers are cut into pieces as they lie in memory: a piece holds one channel "
    "of one row, and not one place through all frames. Bring F and C to the end first, "
    "with permute": cut,
    "that is cut into pieces before it is permuted: unflatten films and frames, then "
    "permute to (B, H, W, F, C), then flatten": cut_and_put_back,
    "the way back has no permute: reshape alone does not put the numbers into their "
    "places. Undo each step, the last one first": gathered,
    "films and frames are swapped: the frames of a film follow each other, so "
    "unflatten into (films, frames), (-1, frames)": frames_first,
    "the attention goes from film to film: unflatten into (films, frames), "
    "(-1, frames), and let the frames look at each other": films_counted,
    "the films look at each other, frame by frame: the frames of *one* film must do "
    "so, so the axis before the channels is F, not B": courses_by((1, 3, 4, 0, 2)),
    "that is attention between the places of a frame, as in a picture: here a place "
    "looks at itself in the other frames": within_frames,
    "every place looks at all places of all frames: that works, but costs H * W times "
    "as much. One sequence for each place, (B * H * W, F, C)": everywhere,
    "each place looks along a row of its own frame: the axis before the channels is "
    "the frames": courses_by((0, 1, 3, 4, 2)),
    "each place looks up and down in its own frame: the axis before the channels is "
    "the frames": courses_by((0, 1, 4, 3, 2)),
    "the frames of all films are in one sequence, so films look at each other: there "
    "is one sequence for each film and place": all_in_one_row,
    "rows and columns are swapped on the way back: permute to the same places from "
    "which they came": courses_by((0, 3, 4, 1, 2), (0, 3, 4, 2, 1)),
    "the mean of all places looks along time: each place does so by itself": (
        of_mean_places
    ),
    "h comes back unchanged: return what `attend` gives, back in its place": (
        lambda h, frames, attend: h
    ),
    "h is added to it: the layer around your function does that": (
        changed(lambda h, seen: h + seen)
    ),
    "h is taken away from it: return what `attend` gives": (
        changed(lambda h, seen: seen - h)
    ),
    "that is the mean of h and of what `attend` gives: return the second alone": (
        changed(lambda h, seen: (h + seen) / 2)
    ),
    "time runs backwards: `attend` must see the first frame first": there_and_back,
    "what comes out is in reverse order: `attend` must see the first frame first": (
        backwards
    ),
    "`attend` is asked twice, one answer inside the other: once is enough": (
        lambda h, frames, attend: attend_along_time(
            attend_along_time(h, frames, attend), frames, attend
        )
    ),
    "it comes back in the shape of sequences: bring it back to (B * F, C, H, W)": (
        lambda h, frames, attend: attend(along_time(h, frames))
    ),
    "it comes back as (B, F, C, H, W): flatten films and frames into one axis again": (
        lambda h, frames, attend: attend_along_time(h, frames, attend).unflatten(
            0, (-1, frames)
        )
    ),
}  # fmt: skip


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
    return checked(learner_give, give_frames, some_films, GIVING, also=also)


def square_films() -> tuple:
    """Four films of four frames, whose first frame is given, but not in all."""
    chance = torch.Generator().manual_seed(9)
    x_t, x_0 = torch.randn(2, 4, 4, 3, 2, 2, generator=chance)
    given = torch.zeros(4, 4, dtype=torch.bool)
    given[:3, 0] = True
    return x_t, torch.tensor([800, 500, 300, 100]), x_0, given


def over(given: Tensor) -> Tensor:
    """(B, F) so that it goes with films (B, F, C, H, W)."""
    return given[:, :, None, None, None]


def spread(t: Tensor, given: Tensor) -> Tensor:
    return t[:, None].expand(given.shape)


def giving(
    film: Callable = lambda x_t, x_0, given: torch.where(over(given), x_0, x_t),
    each: Callable = lambda t, given: spread(t, given).masked_fill(given, 0),
) -> Callable:
    """Given frames, with the film or the steps as people write them by mistake."""
    return lambda x_t, t, x_0, given: (film(x_t, x_0, given), each(t, given))


def only_at(place: int) -> Callable:
    """Only one frame is ever put in, whichever is given."""

    def film(x_t, x_0, given):
        film = x_t.clone()
        film[:, place] = x_0[:, place]
        return film

    return film


def whole_films(given: Tensor) -> Tensor:
    return given.any(1, keepdim=True).expand(given.shape)


def of_first_film(given: Tensor) -> Tensor:
    return given[:1].expand(given.shape)


GIVING = {
    "the film is x_t alone: where a frame is given, x_0 belongs": (
        giving(lambda x_t, x_0, given: x_t)
    ),
    "the film is x_0 alone: frames that are not given stay noisy, as in x_t": (
        giving(lambda x_t, x_0, given: x_0)
    ),
    "given and not given are swapped in the film: torch.where takes the first where "
    "`given` is True": (
        giving(lambda x_t, x_0, given: torch.where(over(given), x_t, x_0))
    ),
    "x_0 is laid on top of the noisy frame: put it in its place": (
        giving(lambda x_t, x_0, given: x_t + over(given) * x_0)
    ),
    "the given frames are half x_0 and half x_t: a given frame is clean": (
        giving(lambda x_t, x_0, given: torch.where(over(given), (x_0 + x_t) / 2, x_t))
    ),
    "the given frames are empty: put x_0 there": (
        giving(lambda x_t, x_0, given: x_t * ~over(given))
    ),
    "the frames that are not given are empty: keep x_t there": (
        giving(lambda x_t, x_0, given: x_0 * over(given))
    ),
    "only the first frame is put in, whatever `given` says": giving(only_at(0)),
    "only the last frame is put in, whatever `given` says": giving(only_at(-1)),
    "the film is whole wherever one of its frames is given: look at each frame": (
        giving(
            lambda x_t, x_0, given: torch.where(over(whole_films(given)), x_0, x_t)
        )
    ),
    "all films get the frames that are given in the first one: each has its own row of "
    "`given`": giving(
        lambda x_t, x_0, given: torch.where(over(of_first_film(given)), x_0, x_t)
    ),
    "the given frames get the step t: the network would look for noise in them. They "
    "are clean, so their step is 0": giving(each=spread),
    "given and not given are swapped in the steps: 0 belongs to the given frames": (
        giving(each=lambda t, given: spread(t, given).masked_fill(~given, 0))
    ),
    "in both, given and not given are swapped": giving(
        lambda x_t, x_0, given: torch.where(over(given), x_t, x_0),
        lambda t, given: spread(t, given).masked_fill(~given, 0),
    ),
    "all steps are 0: only the given frames are clean": (
        giving(each=lambda t, given: torch.zeros_like(spread(t, given)))
    ),
    "the given frames get the step 1, which has a little noise: a clean frame has 0": (
        giving(each=lambda t, given: spread(t, given).masked_fill(given, 1))
    ),
    "the step of a given frame is one less than t: it is 0": (
        giving(each=lambda t, given: spread(t, given) - given.long())
    ),
    "the steps of a whole film are 0 if one frame is given: look at each frame": (
        giving(
            each=lambda t, given: spread(t, given).masked_fill(whole_films(given), 0)
        )
    ),
    "only the first step of each film becomes 0, whatever `given` says": giving(
        each=lambda t, given: torch.cat([0 * t[:, None], spread(t, given)[:, 1:]], 1)
    ),
    "all films get the steps of the first one's given frames: each has its own row of "
    "`given`": (
        giving(
            each=lambda t, given: spread(t, given).masked_fill(of_first_film(given), 0)
        )
    ),
    "the steps of the films are mixed up: repeat puts t behind t again and again, so a "
    "film gets the steps of others. t[:, None] and expand give a film one step": (
        giving(
            each=lambda t, given: (
                t.repeat(given.shape[1]).view(given.shape).masked_fill(given, 0)
            )
        )
    ),
    "all films get the step of the first one: each has its own t": (
        giving(each=lambda t, given: t[0].expand(given.shape).masked_fill(given, 0))
    ),
    "in place of the steps comes which frames are given": (
        giving(each=lambda t, given: given)
    ),
    "in place of the steps comes which frames are not given: multiply it by t": (
        giving(each=lambda t, given: (~given).long())
    ),
    "t comes back as it was, one step for a film: each frame needs its own, (B, F)": (
        giving(each=lambda t, given: t)
    ),
    "t comes back with the films in a column, (B, 1): each frame needs its own, "
    "(B, F)": giving(each=lambda t, given: t[:, None]),
    "the steps are (F, B): films come first, frames second": (
        giving(each=lambda t, given: spread(t, given).masked_fill(given, 0).T)
    ),
    "the steps are in one row: they belong to frames, (B, F)": (
        giving(each=lambda t, given: spread(t, given).masked_fill(given, 0).flatten())
    ),
    "the film comes back as pictures, (B * F, C, H, W): keep (B, F, C, H, W)": (
        giving(lambda x_t, x_0, given: torch.where(over(given), x_0, x_t).flatten(0, 1))
    ),
    "the steps come first and the film second: return film, each": (
        lambda *args: give_frames(*args)[::-1]
    ),
    "only the film comes back: return film, each": (
        lambda *args: give_frames(*args)[0]
    ),
}  # fmt: skip
