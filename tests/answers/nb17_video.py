"""What is handed in for notebook 17."""

import torch

from answers import right, wrong
from course_lib.checks.nb17_video import check_attend_along_time, check_give_frames
from course_lib.networks.video import along_time, in_place

# Attention along time: right --------------------------------------------------------


@right(check_attend_along_time)
def as_the_solution(h, frames, attend):
    film = h.unflatten(0, (-1, frames)).permute(0, 3, 4, 1, 2)
    seen = attend(film.flatten(0, 2)).unflatten(0, film.shape[:3])
    return seen.permute(0, 3, 4, 1, 2).flatten(0, 1)


@right(check_attend_along_time)
def by_the_two_halves(h, frames, attend):
    return in_place(attend(along_time(h, frames)), *h.shape[2:])


@right(check_attend_along_time)
def with_reshape_and_names(h, frames, attend):
    N, C, H, W = h.shape
    B = N // frames
    x = h.reshape(B, frames, C, H, W).permute(0, 3, 4, 1, 2)
    x = attend(x.reshape(B * H * W, frames, C))
    return x.reshape(B, H, W, frames, C).permute(0, 3, 4, 1, 2).reshape(N, C, H, W)


@right(check_attend_along_time)
def places_before_films(h, frames, attend):
    N, C, H, W = h.shape
    x = h.reshape(-1, frames, C, H, W).permute(3, 4, 0, 1, 2)
    seen = attend(x.reshape(-1, frames, C)).reshape(x.shape)
    return seen.permute(2, 3, 4, 0, 1).reshape(h.shape)


@right(check_attend_along_time)
def columns_before_rows(h, frames, attend):
    x = h.unflatten(0, (-1, frames)).permute(0, 4, 3, 1, 2)
    seen = attend(x.flatten(0, 2)).reshape(x.shape)
    return seen.permute(0, 3, 4, 2, 1).flatten(0, 1)


@right(check_attend_along_time)
def places_in_one_axis(h, frames, attend):
    x = h.flatten(2).unflatten(0, (-1, frames))  # (B, F, C, H * W)
    x = x.permute(0, 3, 1, 2)
    seen = attend(x.flatten(0, 1)).unflatten(0, x.shape[:2])
    return seen.permute(0, 2, 3, 1).reshape(h.shape)


@right(check_attend_along_time)
def film_by_film(h, frames, attend):
    out = []
    for film in h.split(frames):
        courses = film.flatten(2).permute(2, 0, 1)  # (H * W, F, C)
        out.append(attend(courses).permute(1, 2, 0).reshape(film.shape))
    return torch.cat(out)


@right(check_attend_along_time)
def place_by_place(h, frames, attend):
    film = h.unflatten(0, (-1, frames))
    out = torch.zeros_like(film)
    for i in range(h.shape[2]):
        for j in range(h.shape[3]):
            out[..., i, j] = attend(film[..., i, j])
    return out.flatten(0, 1)


@right(check_attend_along_time)
def by_transposing(h, frames, attend):
    x = h.unflatten(0, (-1, frames))  # B F C H W
    x = x.transpose(1, 3).transpose(2, 4)  # B H W F C
    seen = attend(x.reshape(-1, frames, h.shape[1])).reshape(x.shape)
    return seen.transpose(2, 4).transpose(1, 3).flatten(0, 1)


@right(check_attend_along_time)
def by_moving_axes(h, frames, attend):
    x = h.unflatten(0, (-1, frames)).movedim((1, 2), (3, 4))
    seen = attend(x.flatten(0, 2)).view_as(x)
    return seen.movedim((3, 4), (1, 2)).flatten(0, 1)


@right(check_attend_along_time)
def stacked_and_listed(h, frames, attend):
    film = h.view(-1, frames, *h.shape[1:])
    rows = [attend(film[:, :, :, i].permute(0, 3, 1, 2).flatten(0, 1))
            .unflatten(0, (len(film), -1)).permute(0, 2, 3, 1)
            for i in range(h.shape[2])]  # fmt: skip
    return torch.stack(rows, dim=3).flatten(0, 1)


@right(check_attend_along_time)
def contiguous_everywhere(h, frames, attend):
    B = len(h) // frames
    film = h.contiguous().view(B, frames, *h.shape[1:])
    courses = film.permute(0, 3, 4, 1, 2).contiguous().view(-1, frames, h.size(1))
    seen = attend(courses).view(B, h.size(2), h.size(3), frames, h.size(1))
    return seen.permute(0, 3, 4, 1, 2).contiguous().view(h.size())


@right(check_attend_along_time)
def every_frame_by_its_number(h, frames, attend):
    places = [h[f::frames].permute(0, 2, 3, 1) for f in range(frames)]  # (B, H, W, C)
    courses = torch.stack(places, dim=3)  # (B, H, W, F, C)
    seen = attend(courses.flatten(0, 2)).reshape(courses.shape)
    return seen.permute(0, 3, 4, 1, 2).reshape(h.shape)


# Attention along time: wrong --------------------------------------------------------


def by_order(order, back=None, cut=(-1, None)):
    """Axes of (B, F, C, H, W) brought into an order, and back."""

    def answer(h, frames, attend):
        x = h.unflatten(0, (-1, frames)).permute(*order)
        seen = attend(x.reshape(-1, *x.shape[3:])).reshape(x.shape)
        home = back or [order.index(axis) for axis in range(5)]
        return seen.permute(*home).flatten(0, 1)

    return answer


def named(name: str, function):
    function.__name__ = name
    return function


def after(change):
    """The right answer, with something done to it."""

    def answer(h, frames, attend):
        return change(h, in_place(attend(along_time(h, frames)), *h.shape[2:]))

    return answer


def swapped_split(h, frames, attend):
    x = h.unflatten(0, (frames, -1)).permute(1, 3, 4, 0, 2)
    seen = attend(x.flatten(0, 2)).reshape(x.shape)
    return seen.permute(3, 0, 4, 1, 2).flatten(0, 1)


def swapped_and_forgotten(h, frames, attend):
    x = h.unflatten(0, (frames, -1)).permute(0, 3, 4, 1, 2)
    seen = attend(x.flatten(0, 2)).reshape(x.shape)
    return seen.permute(0, 3, 4, 1, 2).flatten(0, 1)


def reversed_in_time(h, frames, attend):
    courses = along_time(h, frames)
    return in_place(attend(courses.flip(1)).flip(1), *h.shape[2:])


def reversed_out(h, frames, attend):
    return in_place(attend(along_time(h, frames).flip(1)), *h.shape[2:])


def all_places(h, frames, attend):
    x = h.unflatten(0, (-1, frames)).permute(0, 3, 4, 1, 2)  # places before frames
    seen = attend(x.permute(0, 3, 1, 2, 4).flatten(1, 3))
    B, H, W, F, C = x.shape
    return seen.reshape(B, F, H, W, C).permute(0, 1, 4, 2, 3).flatten(0, 1)


def one_row_of_frames(h, frames, attend):
    x = h.permute(2, 3, 0, 1)
    return attend(x.flatten(0, 1)).reshape(x.shape).permute(2, 3, 0, 1)


def twice(h, frames, attend):
    return in_place(attend(attend(along_time(h, frames))), *h.shape[2:])


def within_a_frame(h, frames, attend):
    seen = attend(h.flatten(2).permute(0, 2, 1))
    return seen.permute(0, 2, 1).reshape(h.shape)


def mean_place(h, frames, attend):
    x = h.mean((2, 3)).reshape(-1, frames, h.shape[1])
    return attend(x).reshape(-1, h.shape[1], 1, 1).expand(h.shape)


def only_the_first_place(h, frames, attend):
    out = h.clone()
    film = out.unflatten(0, (-1, frames))
    film[..., 0, 0] = attend(film[..., 0, 0].clone())
    return out


def only_the_first_film(h, frames, attend):
    out = h.clone()
    out[:frames] = in_place(attend(along_time(h[:frames], frames)), *h.shape[2:])
    return out


def only_the_first_film_from_zeros(h, frames, attend):
    out = torch.zeros_like(h)
    out[:frames] = in_place(attend(along_time(h[:frames], frames)), *h.shape[2:])
    return out


def unflatten_forgotten(h, frames, attend):
    N, C, H, W = h.shape
    seen = attend(h.permute(0, 2, 3, 1).reshape(-1, frames, C))
    return seen.reshape(N, H, W, C).permute(0, 3, 1, 2)


def permuted_there_reshaped_back(h, frames, attend):
    n, C, H, W = h.shape
    seen = attend(h.permute(2, 3, 0, 1).reshape(-1, frames, C))
    return seen.reshape(n, C, H, W)


def rows_before_films_on_the_way_back(h, frames, attend):
    N, C, H, W = h.shape
    film = h.unflatten(0, (-1, frames)).permute(0, 3, 4, 1, 2)
    seen = attend(film.flatten(0, 2)).unflatten(0, (H, W, -1))
    return seen.permute(2, 3, 4, 0, 1).flatten(0, 1)


def always_three_frames(h, frames, attend):
    return as_the_solution(h, 3, attend)


SLIPS = {
    "cut_as_it_lies": (
        "as they lie in memory",
        lambda h, F, attend: attend(h.reshape(-1, F, h.shape[1])).reshape(h.shape),
    ),
    "cut_then_put_back_rightly": (
        "cut into pieces before it is permuted",
        lambda h, F, attend: in_place(
            attend(h.reshape(-1, F, h.shape[1])), *h.shape[2:]
        ),
    ),
    "no_permute_on_the_way_back": (
        "the way back has no permute",
        lambda h, F, attend: attend(along_time(h, F)).reshape(h.shape),
    ),
    "frames_then_films": ("films and frames are swapped", swapped_split),
    "frames_then_films_and_forgotten": ("from film to film", swapped_and_forgotten),
    "films_look_at_each_other": (
        "the films look at each other",
        by_order((1, 3, 4, 0, 2)),
    ),
    "spatial": ("between the places of a frame", within_a_frame),
    "everything_at_once": ("all places of all frames", all_places),
    "along_a_row": ("along a row", by_order((0, 1, 3, 4, 2))),
    "along_a_column": ("up and down", by_order((0, 1, 4, 3, 2))),
    "one_long_film": ("all films are in one sequence", one_row_of_frames),
    "turned_over": (
        "rows and columns are swapped",
        by_order((0, 3, 4, 1, 2), (0, 3, 4, 2, 1)),
    ),
    "of_the_mean": ("the mean of all places", mean_place),
    "unchanged": ("h comes back unchanged", lambda h, F, attend: h),
    "thrown_away": (
        "h comes back unchanged",
        lambda h, F, attend: (attend(along_time(h, F)), h)[1],
    ),
    "with_h": ("h is added", after(lambda h, seen: h + seen)),
    "without_h": ("h is taken away", after(lambda h, seen: seen - h)),
    "half_h": ("the mean of h", after(lambda h, seen: (seen + h) / 2)),
    "backwards": ("time runs backwards", reversed_in_time),
    "reversed": ("in reverse order", reversed_out),
    "attended_twice": ("asked twice", twice),
    "as_sequences": (
        "in the shape of sequences",
        lambda h, F, attend: attend(along_time(h, F)),
    ),
    "as_films": (
        "flatten films and frames",
        lambda h, F, attend: in_place(attend(along_time(h, F)), *h.shape[2:]).unflatten(
            0, (-1, F)
        ),
    ),
    "channels_first": (
        "the 5 channels last",
        lambda h, F, attend: attend(along_time(h, F).transpose(1, 2)),
    ),
    "four_axes": (
        "takes sequences (N, F, C)",
        lambda h, F, attend: attend(h.unflatten(0, (-1, F)).permute(0, 3, 4, 1, 2)),
    ),
    "frames_as_they_are": ("takes sequences", lambda h, F, attend: attend(h)),
    "cut_from_learning": (
        "leave out .detach()",
        lambda h, F, attend: in_place(
            attend(along_time(h, F).detach()), *h.shape[2:]
        ),
    ),
    "first_place_only": (None, only_the_first_place),
    "first_film_only": ("the others come back unchanged", only_the_first_film),
    "first_film_from_zeros": ("the others are empty", only_the_first_film_from_zeros),
    "unflatten_forgotten": ("films and frames are still one axis", unflatten_forgotten),
    "permuted_there_only": (
        "reshape alone does not put them back",
        permuted_there_reshaped_back,
    ),
    "taken_apart_otherwise": (
        "counted by film, row and column",
        rows_before_films_on_the_way_back,
    ),
    "frames_before_films_on_the_way_back": (
        "frames come before films",
        by_order((0, 3, 4, 1, 2), (3, 0, 4, 1, 2)),
    ),
    "the_same_permute_twice": (
        "does not undo itself",
        by_order((3, 4, 0, 1, 2), (3, 4, 0, 1, 2)),
    ),
    "three_frames_always": (None, always_three_frames),
    "doubled": (None, after(lambda h, seen: 2 * seen)),
    "largest": (None, after(lambda h, seen: torch.maximum(h, seen))),
    "with_chance": (
        "answers differently each time",
        after(lambda h, seen: seen + 0.1 * torch.randn_like(seen)),
    ),
}  # fmt: skip
for name, (says, function) in SLIPS.items():
    wrong(check_attend_along_time, says)(named(name, function))


@wrong(check_attend_along_time, "in place")
def into_h_itself(h, frames, attend):
    h.copy_(as_the_solution(h.clone(), frames, attend))
    return h


# Given frames: right ----------------------------------------------------------------


@right(check_give_frames)
def where_and_fill(x_t, t, x_0, given):
    film = torch.where(given[:, :, None, None, None], x_0, x_t)
    each = t[:, None].expand(given.shape).masked_fill(given, 0)
    return film, each


@right(check_give_frames)
def copied_and_set(x_t, t, x_0, given):
    film, each = x_t.clone(), t[:, None].repeat(1, given.shape[1])
    film[given] = x_0[given]
    each[given] = 0
    return film, each


@right(check_give_frames)
def multiplied(x_t, t, x_0, given):
    mask = given.float().reshape(*given.shape, 1, 1, 1)
    return mask * x_0 + (1 - mask) * x_t, t[:, None] * (~given)


@right(check_give_frames)
def multiplied_as_whole_numbers(x_t, t, x_0, given):
    mask = given[..., None, None, None]
    return x_0 * mask + x_t * ~mask, t.unsqueeze(1) * (1 - given.long())


@right(check_give_frames)
def two_wheres(x_t, t, x_0, given):
    mask = given.view(*given.shape, 1, 1, 1)
    return torch.where(mask, x_0, x_t), torch.where(given, 0, t[:, None])


@right(check_give_frames)
def two_wheres_turned_round(x_t, t, x_0, given):
    mask = ~given[:, :, None, None, None]
    zero = torch.zeros_like(t)[:, None]
    return torch.where(mask, x_t, x_0), torch.where(~given, t[:, None], zero)


@right(check_give_frames)
def in_two_loops(x_t, t, x_0, given):
    film = x_t.clone()
    each = torch.zeros(given.shape, dtype=torch.int64)
    for b in range(len(film)):
        for f in range(film.shape[1]):
            if given[b, f]:
                film[b, f] = x_0[b, f]
            else:
                each[b, f] = t[b]
    return film, each


@right(check_give_frames)
def stacked_by_film(x_t, t, x_0, given):
    films, steps = [], []
    for noisy, now, clean, some in zip(x_t, t, x_0, given, strict=True):
        films.append(torch.where(some[:, None, None, None], clean, noisy))
        steps.append(torch.where(some, torch.zeros_like(now), now))
    return torch.stack(films), torch.stack(steps)


@right(check_give_frames)
def as_a_list(x_t, t, x_0, given):
    film = torch.where(given[:, :, None, None, None], x_0, x_t)
    return [film, t[:, None] * given.logical_not()]


@right(check_give_frames)
def by_numbers_of_frames(x_t, t, x_0, given):
    film, each = x_t.clone(), t.repeat_interleave(given.shape[1]).view(given.shape)
    for b, f in given.nonzero().tolist():
        film[b, f], each[b, f] = x_0[b, f], 0
    return film, each


@right(check_give_frames)
def masked_fill_and_add(x_t, t, x_0, given):
    mask = given[:, :, None, None, None]
    film = x_t.masked_fill(mask, 0) + x_0.masked_fill(~mask, 0)
    return film, t[:, None].expand(-1, given.shape[1]).masked_fill(given, 0)


@right(check_give_frames)
def on_frames_in_a_row(x_t, t, x_0, given):
    flat = given.flatten()
    frames = x_t.flatten(0, 1).clone()
    frames[flat] = x_0.flatten(0, 1)[flat]
    steps = t.repeat_interleave(given.shape[1])
    steps[flat] = 0
    return frames.view_as(x_t), steps.view(given.shape)


@right(check_give_frames)
def lerped(x_t, t, x_0, given):
    mask = given[:, :, None, None, None].to(x_t.dtype)
    steps = t[:, None].broadcast_to(given.shape).clone()
    steps *= ~given
    return torch.lerp(x_t, x_0, mask.expand_as(x_t)), steps


# Given frames: wrong ----------------------------------------------------------------


def put(x_t, x_0, given):
    return torch.where(given[:, :, None, None, None], x_0, x_t)


def steps(t, given):
    return t[:, None].repeat(1, given.shape[1])


def with_slip(film=put, each=lambda t, given: steps(t, given) * ~given):
    """Given frames with one slip."""
    return lambda x_t, t, x_0, given: (film(x_t, x_0, given), each(t, given))


def first_one(x_t, x_0, given):
    return torch.cat([x_0[:, :1], x_t[:, 1:]], dim=1)


def last_one(x_t, x_0, given):
    return torch.cat([x_t[:, :-1], x_0[:, -1:]], dim=1)


def anywhere(given):
    return given.any(1, keepdim=True).expand(given.shape)


def of_the_first(given):
    return given[:1].expand(given.shape)


def in_any(given):
    return given.any(0, keepdim=True).expand(given.shape)


def first_if_given(given):
    mask = given.clone()
    mask[:, 1:] = False
    return mask


def always_first(given):
    mask = torch.zeros_like(given)
    mask[:, 0] = True
    return mask


def of_other_frames(which):
    """Right, but for other frames than those that are given."""
    return with_slip(
        lambda x, x_0, g: put(x, x_0, which(g)),
        lambda t, g: steps(t, g) * ~which(g),
    )


GIVEN_SLIPS = {
    "still_noisy": ("the film is x_t alone", with_slip(lambda x, x_0, g: x)),
    "all_clean": ("the film is x_0 alone", with_slip(lambda x, x_0, g: x_0)),
    "where_turned_round": (
        "swapped in the film",
        with_slip(lambda x, x_0, g: put(x_0, x, g)),
    ),
    "added": (
        "laid on top",
        with_slip(lambda x, x_0, g: x + x_0 * g[:, :, None, None, None]),
    ),
    "half_of_each": (
        "half x_0 and half x_t",
        with_slip(lambda x, x_0, g: put(x, (x + x_0) / 2, g)),
    ),
    "erased": ("given frames are empty", with_slip(lambda x, x_0, g: put(x, 0 * x, g))),
    "rest_erased": (
        "the frames that are not given are empty",
        with_slip(lambda x, x_0, g: put(0 * x, x_0, g)),
    ),
    "first_only": ("only the first frame is put in", with_slip(first_one)),
    "last_only": ("only the last frame is put in", with_slip(last_one)),
    "films_and_not_frames": (
        "the film is whole",
        with_slip(lambda x, x_0, g: put(x, x_0, anywhere(g))),
    ),
    "the_first_films": (
        "given in the first one",
        with_slip(lambda x, x_0, g: put(x, x_0, of_the_first(g))),
    ),
    "only_frame_0": (
        "only the first frame is ever given",
        of_other_frames(always_first),
    ),
    "only_frame_0_if_given": (
        "only the first of a film is put in, with its step",
        of_other_frames(first_if_given),
    ),
    "only_frame_0_in_the_film": (
        "only the first of a film is put in: any",
        with_slip(lambda x, x_0, g: put(x, x_0, first_if_given(g))),
    ),
    "only_frame_0_in_the_steps": (
        "only the first of a film gets the step 0",
        with_slip(each=lambda t, g: steps(t, g) * ~first_if_given(g)),
    ),
    "whole_films_in_both": ("the whole film is", of_other_frames(anywhere)),
    "the_first_films_in_both": (
        "the frames and steps of the first one's",
        of_other_frames(of_the_first),
    ),
    "any_film": (
        "where one film has a given frame, all films get theirs: ",
        with_slip(lambda x, x_0, g: put(x, x_0, in_any(g))),
    ),
    "any_film_in_both": (
        "all films get theirs and the step 0",
        of_other_frames(in_any),
    ),
    "any_film_in_the_steps": (
        "all films get the step 0",
        with_slip(each=lambda t, g: steps(t, g) * ~in_any(g)),
    ),
    "step_t": ("the given frames get the step t", with_slip(each=steps)),
    "zero_at_the_others": (
        "swapped in the steps",
        with_slip(each=lambda t, g: steps(t, g) * g),
    ),
    "both_turned_round": (
        "in both, given and not given are swapped",
        with_slip(lambda x, x_0, g: put(x_0, x, g), lambda t, g: steps(t, g) * g),
    ),
    "no_steps": ("all steps are 0", with_slip(each=lambda t, g: 0 * steps(t, g))),
    "step_1": (
        "the step 1",
        with_slip(each=lambda t, g: steps(t, g).masked_fill(g, 1)),
    ),
    "one_step_less": (
        "one less than t",
        with_slip(each=lambda t, g: steps(t, g) - g.long()),
    ),
    "whole_films_at_0": (
        "the steps of a whole film are 0",
        with_slip(each=lambda t, g: steps(t, g) * ~anywhere(g)),
    ),
    "first_step_0": (
        "only the first step",
        with_slip(
            each=lambda t, g: torch.cat([0 * t[:, None], steps(t, g)[:, 1:]], 1)
        ),
    ),
    "steps_of_the_first_films": (
        "the steps of the first one's given frames",
        with_slip(each=lambda t, g: steps(t, g) * ~of_the_first(g)),
    ),
    "repeated": (
        "the steps of the films are mixed up",
        with_slip(each=lambda t, g: t.repeat(g.shape[1]).view(g.shape) * ~g),
    ),
    "one_t": (
        "the step of the first one: each",
        with_slip(each=lambda t, g: int(t[0]) * (~g).long()),
    ),
    "given_itself": ("comes which frames are given", with_slip(each=lambda t, g: g)),
    "not_given_itself": (
        "which frames are not given",
        with_slip(each=lambda t, g: 1 - g.long()),
    ),
    "t_itself": ("t comes back as it was", with_slip(each=lambda t, g: t)),
    "t_in_a_column": ("in a column", with_slip(each=lambda t, g: t[:, None])),
    "steps_turned": (
        "the steps are (F, B)",
        with_slip(each=lambda t, g: (steps(t, g) * ~g).T),
    ),
    "steps_in_a_row": (
        "the steps are in one row",
        with_slip(each=lambda t, g: (steps(t, g) * ~g).flatten()),
    ),
    "pictures": (
        "comes back as pictures",
        with_slip(lambda x, x_0, g: put(x, x_0, g).flatten(0, 1)),
    ),
    "steps_first": (
        "the steps come first",
        lambda x, t, x_0, g: (steps(t, g) * ~g, put(x, x_0, g)),
    ),
    "film_only": ("only the film comes back", lambda x, t, x_0, g: put(x, x_0, g)),
    "steps_as_fractions": (
        "add .long()",
        with_slip(each=lambda t, g: steps(t, g) * (1 - g.float())),
    ),
    "the_first_frame_everywhere": (
        "in the film: at",
        with_slip(lambda x, x_0, g: put(x, x_0[:, :1].expand_as(x_0), g)),
    ),
    "half_the_step": (
        "in the steps: at",
        with_slip(each=lambda t, g: torch.where(g, steps(t, g) // 2, steps(t, g))),
    ),
    "mean_of_steps": (
        None,
        with_slip(each=lambda t, g: steps(t.float().mean().long() + 0 * t, g) * ~g),
    ),
}  # fmt: skip
for name, (says, function) in GIVEN_SLIPS.items():
    wrong(check_give_frames, says)(named(name, function))


@wrong(check_give_frames, "in place")
def written_into_the_film(x_t, t, x_0, given):
    x_t[given] = x_0[given]
    return x_t, t[:, None] * ~given


@wrong(check_give_frames, "None")
def no_return(x_t, t, x_0, given):
    film = put(x_t, x_0, given)
    film, t[:, None] * ~given


@wrong(check_give_frames, "share one number of `t`")
def written_into_expanded_steps(x_t, t, x_0, given):
    each = t[:, None].expand(given.shape)
    each[given] = 0
    return put(x_t, x_0, given), each


@wrong(check_give_frames, "use masked_fill, or .repeat(1, F)")
def written_into_expanded_steps_of_a_copy(x_t, t, x_0, given):
    each = t.clone()[:, None].expand(given.shape)
    each[given] = 0
    return put(x_t, x_0, given), each
