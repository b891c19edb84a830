"""Critter films: one animal that moves, in a scene that stands still."""

import pytest
import torch

from course_lib.world.critters import SUBJECTS, is_held_out
from course_lib.world.film_captions import film_captions, understand_film
from course_lib.world.films import (
    FILM_FACTORS,
    HELD_OUT_MOTIONS,
    choose_film_factors,
    draw_films,
    draw_frames,
    endless_films,
    held_out_films,
)
from course_lib.world.motions import DIRECTIONS, MOTIONS, TRAVELS, pose_at
from course_lib.world.puppets import bent

MANY = torch.arange(3000)


def one_of_each(motion: str, direction: str = "none", scene: str = "meadow") -> dict:
    """The factors of eight films, one for each animal."""
    told = dict(colour="red", scene=scene, size="small", motion=motion)
    told |= dict(direction=direction)
    factors = {
        name: torch.full((8,), values.index(told.get(name, "none")))
        if told.get(name, "none") in values
        else torch.zeros(8, dtype=torch.int64)
        for name, values in FILM_FACTORS.items()
    }
    return factors | {"subject": torch.arange(1, 9)}


def drawn(motion: str, direction: str = "none", scene: str = "meadow", frames=16):
    factors = one_of_each(motion, direction, scene)
    return draw_frames(factors, torch.arange(8), 3, 32, frames)


def middle_of_what_moves(films: torch.Tensor) -> torch.Tensor:
    """The x of whatever differs from the film's median frame, (N, F)."""
    off = (films - films.median(1, keepdim=True).values).abs().sum(2)  # (N, F, H, W)
    off = (off > 0.3).float()
    x = torch.arange(films.shape[-1]).float()
    return (off * x).sum((2, 3)) / off.sum((2, 3)).clamp(min=1)


# What a film is -------------------------------------------------------------------


def test_a_film_follows_from_its_number_alone():
    all_of_them, factors = draw_films(6, seed=4, frames=4)
    some, of_some = draw_films(2, seed=4, frames=4, start=3)
    assert torch.equal(all_of_them[3:5], some)
    assert all(torch.equal(factors[n][3:5], of_some[n]) for n in FILM_FACTORS)


def test_half_as_many_frames_are_every_second_one():
    factors = choose_film_factors(torch.arange(20), seed=1)
    whole = draw_frames(factors, torch.arange(20), 1, frames=8)
    half = draw_frames(factors, torch.arange(20), 1, frames=4)
    torch.testing.assert_close(half, whole[:, ::2], atol=2e-3, rtol=0)


def test_frames_lie_in_the_range_of_pictures():
    factors = choose_film_factors(torch.arange(30), seed=2, which="all")
    films = draw_frames(factors, torch.arange(30), 2, size=16, frames=3)
    assert films.shape == (30, 3, 3, 16, 16)
    assert films.min() >= -1 and films.max() <= 1


@pytest.mark.parametrize("motion", MOTIONS[1:])
def test_whoever_acts_stays_inside_the_picture(motion):
    """Painted alone on a scene, an actor never touches the left or right edge."""
    direction = "right" if motion in TRAVELS else "none"
    films = drawn(motion, direction, "sunset" if motion == "sunset" else "meadow")
    if motion in ("swim", "sunset"):
        return  # there the water or the sun does
    for edge in (films[..., 0], films[..., -1]):
        still = edge.median(1, keepdim=True).values
        assert (edge - still).abs().amax() < 0.7, "something passes the edge"


@pytest.mark.parametrize("motion", TRAVELS)
def test_travellers_go_where_they_head(motion):
    for direction, sign in (("left", -1), ("right", 1)):
        x = middle_of_what_moves(drawn(motion, direction, scene="night"))
        gone = x[:, 12:].mean(1) - x[:, :4].mean(1)
        assert (sign * gone > 3).all(), f"{motion} to the {direction}: {gone}"


@pytest.mark.parametrize("motion", ["bounce", "wave", "stand"])
def test_what_stays_in_place_goes_round_and_round(motion):
    """The last frame leads into the first: it is as near as any neighbour."""
    films = drawn(motion)
    step = (films[:, 1:] - films[:, :-1]).abs().flatten(2).mean(2)  # (N, 15)
    around = (films[:, 0] - films[:, -1]).abs().flatten(1).mean(1)
    assert (around <= 1.2 * step.amax(1)).all()


def test_nothing_moves_but_the_actor():
    """The upper corners of a meadow stand still; those of a sunset do not."""
    still = drawn("walk", "left")[:, :, :, :6]
    assert torch.equal(still, still[:, :1].expand_as(still))
    sun = drawn("sunset", scene="sunset")[:, :, :, :10]
    assert (sun[:, 0] - sun[:, -1]).abs().amax() > 0.5


def test_squash_keeps_the_area_of_a_figure():
    pose = {n: torch.zeros(1, 1, 1) for n in ("step", "stride", "flap", "wag", "arm")}
    pose |= {"tall": torch.full((1, 1, 1), 1.25), "facing": torch.ones(1, 1, 1)}
    x, y = torch.tensor([[[2.0]]]), torch.tensor([[[3.0]]])
    wide, high = bent((x, y), "cat", pose)
    assert (wide * high).item() == pytest.approx(6.0)
    assert (
        wide > x and high < y
    )  # stretched upwards: a point further up, nearer the axis


def test_every_frame_has_a_time_and_a_pose():
    n = len(MOTIONS) - 1
    motion = torch.arange(1, n + 1)
    pose = pose_at(
        *(motion, torch.full((n,), 1), torch.ones(n), torch.rand(n), torch.rand(n, 8))
    )
    assert all(len(x) == n and x.isfinite().all() for x in pose.values())


@pytest.mark.parametrize(
    ("size", "frames", "sentence"),
    [(8, 4, "16 pixels"), (32, 0, "1 frame"), (32, -1, "1 frame")],
)
def test_what_cannot_be_drawn_is_refused(size, frames, sentence):
    factors = choose_film_factors(torch.arange(1), seed=0)
    with pytest.raises(ValueError, match=sentence):
        draw_frames(factors, torch.arange(1), 0, size, frames)


def test_missing_factors_are_named():
    with pytest.raises(ValueError, match=r"add \['motion', 'direction'\]"):
        draw_frames(
            {"subject": torch.ones(1)}
            | {
                n: torch.ones(1)
                for n in FILM_FACTORS
                if n not in ("motion", "direction")
            },
            torch.arange(1),
            0,
        )


# What no training film shows --------------------------------------------------------


def test_every_animal_and_every_motion_is_held_out_once():
    animals, motions = zip(*HELD_OUT_MOTIONS, strict=True)
    assert sorted(animals) == sorted(SUBJECTS[1:9])
    assert sorted(motions) == sorted(set(MOTIONS) - {"none", "stand"})


def test_training_films_show_nothing_that_is_held_out():
    factors = choose_film_factors(MANY, seed=0)
    assert not held_out_films(factors).any() and not is_held_out(factors).any()


def test_held_out_films_show_a_pair_and_nothing_else():
    factors = choose_film_factors(MANY, seed=0, which="held out")
    assert held_out_films(factors).all()
    pairs = zip(factors["subject"].tolist(), factors["motion"].tolist(), strict=True)
    assert {(SUBJECTS[a], MOTIONS[m]) for a, m in pairs} == set(HELD_OUT_MOTIONS)
    without_stilts = factors | {"accessory": torch.zeros_like(MANY)}
    assert not is_held_out(without_stilts).any()


def test_only_travellers_have_a_direction():
    factors = choose_film_factors(MANY, seed=0, which="all")
    travels = torch.tensor([MOTIONS[m] in TRAVELS for m in factors["motion"].tolist()])
    assert torch.equal(factors["direction"] > 0, travels)
    assert len(factors["motion"].unique()) == len(MOTIONS) - 1


def test_another_kind_of_film_is_refused():
    with pytest.raises(ValueError, match="which must be one of"):
        choose_film_factors(MANY, seed=0, which="unseen")


# Captions -------------------------------------------------------------------------


def test_a_caption_says_animal_and_motion_and_is_understood():
    factors = choose_film_factors(MANY[:600], seed=5, which="all")
    texts, named = film_captions(factors, MANY[:600], 5, return_named=True)
    for row, (text, names) in enumerate(zip(texts, named, strict=True)):
        found, said = understand_film(text)
        assert said == names and {"subject", "motion"} <= names, text
        assert all(found[n] == factors[n][row] for n in names), text


@pytest.mark.parametrize(
    ("text", "motion", "direction"),
    [
        ("a frog jumps to the right", "hop", "right"),
        ("A Fish is flying from right to left!", "fly", "left"),
        ("my cat paddling in the sea", "swim", "none"),
        ("the sun sets behind a bear who waves", "sunset", "none"),
        ("a bat plays with a ball", "bounce", "none"),
        ("a red cat", "none", "none"),
        ("", "none", "none"),
    ],
)
def test_typed_words_are_understood(text, motion, direction):
    factors, named = understand_film(text)
    assert MOTIONS[factors["motion"]] == motion
    assert DIRECTIONS[factors["direction"]] == direction
    assert ("motion" in named) == (motion != "none")


# Without end ------------------------------------------------------------------------


def test_batches_are_a_function_of_the_iteration():
    get_batch = endless_films(4, frames=2, seed=1)
    first, later = get_batch(0), get_batch(40)
    assert first["x_0"].shape == (4, 2, 3, 32, 32) and len(first["motion"]) == 4
    assert not torch.equal(first["x_0"], later["x_0"])
    again = endless_films(4, frames=2, seed=1)
    assert torch.equal(again(40)["x_0"], later["x_0"])
    assert torch.equal(get_batch(0)["x_0"], first["x_0"])
