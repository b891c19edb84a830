"""What goes wrong in notebook 17: a sentence, and a function that makes the mistake.

For `checked` (report.py), which names a mistake if it alone explains the answer.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.networks.video import (
    along_time,
    attend_along_time,
    give_frames,
    in_place,
)

# Attention along time -----------------------------------------------------------------


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


def films_forgotten(h, frames, attend):
    """The channels come last, but films and frames stay one axis in front."""
    places = h.permute(0, 2, 3, 1)  # (B * F, H, W, C)
    seen = attend(places.reshape(-1, frames, h.shape[1])).reshape(places.shape)
    return seen.permute(0, 3, 1, 2)


def gathered_by_places(h, frames, attend):
    """Rightly cut, places before films; what comes back is only reshaped."""
    seen = attend(h.permute(2, 3, 0, 1).reshape(-1, frames, h.shape[1]))
    return seen.reshape(h.shape)


def taken_apart_otherwise(h, frames, attend):
    seen = attend(along_time(h, frames)).unflatten(0, (*h.shape[2:], -1))
    return seen.permute(2, 3, 4, 0, 1).flatten(0, 1)  # as if it were (H, W, B, F, C)


def first_film_only(rest: Callable) -> Callable:
    """Only the first film is looked at; the others are `rest` of h."""

    def attended(h, frames, attend):
        first = attend_along_time(h[:frames], frames, attend)
        return torch.cat([first, rest(h[frames:])])

    return attended


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
    "films and frames are still one axis when that is cut into sequences: a sequence "
    "runs over neighbouring places of one frame. Unflatten them first, then bring F "
    "and C to the end": films_forgotten,
    "the sequences are rightly cut, but reshape alone does not put them back: they "
    "come in the order (H, W, B), so permute on the way back, too": gathered_by_places,
    "the sequences are counted by film, row and column: take them apart in that order, "
    "unflatten(0, (-1, H, W)), which your first permute made": taken_apart_otherwise,
    "frames come before films on the way back: the frames of a film follow each other, "
    "so B, F, C, H, W is the order to come home to": (
        courses_by((0, 3, 4, 1, 2), (3, 0, 4, 1, 2))
    ),
    "the same permute there and back does not undo itself here; (0, 3, 4, 1, 2) "
    "happens to. For the way back ask of B, F, C, H, W in turn where each is now": (
        courses_by((3, 4, 0, 1, 2), (3, 4, 0, 1, 2))
    ),
    "only the first film is looked at, and the others come back unchanged: there are "
    "len(h) // frames films": first_film_only(lambda rest: rest),
    "only the first film is looked at, and the others are empty: there are "
    "len(h) // frames films": first_film_only(torch.zeros_like),
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


def of_any_film(given: Tensor) -> Tensor:
    return given.any(0, keepdim=True).expand(given.shape)


def first_frames(given: Tensor) -> Tensor:
    """Where a first frame is given; every other frame is overlooked."""
    return torch.cat([given[:, :1], torch.zeros_like(given[:, 1:])], dim=1)


def every_first_frame(given: Tensor) -> Tensor:
    return torch.arange(given.shape[1]).expand(given.shape) == 0


def for_both(which: Callable) -> Callable:
    """Other frames than those of `given`, in the film and in the steps."""
    return lambda x_t, t, x_0, given: give_frames(x_t, t, x_0, which(given))


def in_film(which: Callable) -> Callable:
    """Other frames than those of `given`, in the film alone."""
    return giving(
        lambda x_t, x_0, given: torch.where(over(which(given)), x_0, x_t),
    )


def in_steps(which: Callable) -> Callable:
    """Other frames than those of `given`, in the steps alone."""
    return giving(
        each=lambda t, given: spread(t, given).masked_fill(which(given), 0),
    )


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
    "only the first frame is ever given, in every film: look in `given`, which may "
    "name any frame": for_both(every_first_frame),
    "of the given frames only the first of a film is put in, with its step: any frame "
    "may be given, so look at all columns of `given`": for_both(first_frames),
    "of the given frames only the first of a film is put in: any frame may be given, "
    "so look at all columns of `given`": in_film(first_frames),
    "of the given frames only the first of a film gets the step 0: any frame may be "
    "given, so look at all columns of `given`": in_steps(first_frames),
    "the film is whole wherever one of its frames is given: look at each frame": (
        in_film(whole_films)
    ),
    "wherever one frame is given, the whole film is, with steps of 0: look at each "
    "frame": for_both(whole_films),
    "all films get the frames that are given in the first one: each has its own row of "
    "`given`": in_film(of_first_film),
    "all films get the frames and steps of the first one's given frames: each has its "
    "own row of `given`": for_both(of_first_film),
    "where one film has a given frame, all films get theirs: each has its own row of "
    "`given`": in_film(of_any_film),
    "where one film has a given frame, all films get theirs and the step 0: each has "
    "its own row of `given`": for_both(of_any_film),
    "where one film has a given frame, all films get the step 0: each has its own row "
    "of `given`": in_steps(of_any_film),
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
    "the steps of a whole film are 0 if one frame is given. If you write into what "
    "`expand` made: its frames share one number, so use masked_fill, or .repeat(1, F). "
    "Otherwise look at each frame": in_steps(whole_films),
    "only the first step of each film becomes 0, whatever `given` says": giving(
        each=lambda t, given: torch.cat([0 * t[:, None], spread(t, given)[:, 1:]], 1)
    ),
    "all films get the steps of the first one's given frames: each has its own row of "
    "`given`": in_steps(of_first_film),
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
