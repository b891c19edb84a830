"""The plush and other guests: what they show, and that nothing else changed."""

import pytest
import torch

from course_lib.pixels import from_bytes
from course_lib.world import guests
from course_lib.world.critters import FACTORS, SCENES
from course_lib.world.plush import (
    FEATURES,
    HOME,
    bear_photos,
    draw_plush,
    plush_photos,
)

EVERYWHERE = guests.PLACES


def test_a_picture_follows_from_its_number_alone():
    many, captions, _ = draw_plush(6, 3, places=EVERYWHERE, beside=True)
    some, said, _ = draw_plush(2, 3, start=4, places=EVERYWHERE, beside=True)
    assert torch.equal(many[4:], some) and captions[4:] == said
    other, _, _ = draw_plush(2, 4, start=4, places=EVERYWHERE, beside=True)
    assert not torch.equal(some, other)


def test_captions_say_what_is_shown():
    _, captions, shown = draw_plush(40, 0, word="zorp", places=EVERYWHERE, beside=True)
    assert set(shown.place.tolist()) == set(range(len(EVERYWHERE)))
    for text, place, beside in zip(
        captions, shown.place.tolist(), shown.beside.tolist(), strict=True
    ):
        assert text.endswith(guests.IN_WORDS[EVERYWHERE[place]])
        first, second = text.split(" left of ")
        assert "zorp" in (first if guests.SIDES[beside] == "right" else second)
    _, captions, _ = draw_plush(3, 0, word="zorp", on_stilts=True)
    assert all(text.startswith("a zorp on stilts ") for text in captions)
    assert {text.split("zorp on stilts ")[1] for text in captions} <= {
        guests.IN_WORDS[place] for place in HOME
    }


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_can_be_left_out_and_is_clearly_there(feature):
    whole = from_bytes(draw_plush(4, 0)[0])
    without = from_bytes(draw_plush(4, 0, without=(feature,))[0])
    changed = ((whole - without).abs() > 0.3).any(1).float().mean((1, 2))
    assert (changed > 0.01).all()  # 40 pixels of 4,096 or more
    assert (changed < 0.15).all()  # and all the rest stays


def test_the_plush_stays_inside_the_frame():
    """Against the same picture without it, no pixel of the border has changed."""
    for how in (dict(), dict(on_stilts=True)):
        pictures, _, shown = draw_plush(40, 1, places=EVERYWHERE, **how)
        empty = torch.empty(40, 3, 64, 64)
        u = guests.uniforms(torch.arange(40), 2, guests.SCENE_NUMBERS + 24, 14)
        u = torch.from_numpy(u).float()[:, : guests.SCENE_NUMBERS]
        grid = guests.pixel_grid(64)
        guests.paint_places(empty, grid, shown.place, u)
        changed = (from_bytes(pictures) - (2 * empty - 1)).abs().amax(1) > 0.05
        border = torch.ones(64, 64, dtype=torch.bool)
        border[1:-1, 1:-1] = False
        assert changed.any() and not changed[:, border].any()


def test_under_water_is_no_scene_of_the_critters():
    assert guests.UNDER_WATER not in SCENES
    assert len(FACTORS["scene"]) == len(SCENES)
    pictures, captions, shown = guests.draw_octopuses(30, 0)
    assert pictures.shape == (30, 3, 64, 64) and shown.own.min() >= 1
    wet = shown.place == len(SCENES)
    assert wet.any()
    assert all("under water" in t for t, w in zip(captions, wet, strict=True) if w)
    assert all("octopus" in text for text in captions)


def test_ten_photos_show_it_near_far_and_with_a_friend_at_home():
    pictures, captions = plush_photos(0, "zorp")
    assert pictures.shape == (10, 3, 64, 64) and all("zorp" in t for t in captions)
    assert sum("left of" in text for text in captions) == 3
    assert all(text.endswith(("in a meadow", "at the beach")) for text in captions)
    assert not any("stilts" in text for text in captions)
    near, _, _ = draw_plush(5, 0)
    assert torch.equal(pictures[:5], near)


def test_ten_bears_are_critters_of_the_world():
    pictures, captions = bear_photos(0, "blim")
    assert pictures.shape == (10, 3, 64, 64)
    assert set(captions) == {"a blim in a meadow", "a blim at the beach"}
