"""The film player and GIF files."""

import configparser
import io
import re
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageSequence

from course_lib.figures import player
from course_lib.pixels import PictureError, to_bytes

FILMS = torch.rand(2, 4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
LABELS = ["a <frog>", "a cat"]


def test_the_same_films_give_the_same_page_byte_for_byte():
    page = player.player_page(FILMS, LABELS, "two films")
    assert page == player.player_page(FILMS.clone(), LABELS, "two films")
    assert page != player.player_page(FILMS.flip(1), LABELS, "two films")


def test_other_pixels_are_no_difference_to_nbval():
    """A float may differ in its last bit on another machine, and then a pixel does."""
    rules = configparser.RawConfigParser()
    rules.read(Path(__file__).resolve().parents[1] / "tools" / "nbval.cfg")

    def compared(page):
        for name in rules.sections():
            page = re.sub(rules[name]["regex"], rules[name]["replace"], page)
        return page

    one, other = (
        player.player_page(films, LABELS, "two films")
        for films in (FILMS, FILMS.flip(1))
    )
    assert one != other and compared(one) == compared(other)


def test_each_film_is_one_picture_with_words():
    page = player.player_page(FILMS, LABELS, "two films")
    assert len(re.findall("<img ", page)) == 2
    assert 'alt="two films: a &lt;frog&gt;"' in page and "<frog>" not in page
    assert "a \\u003cfrog>" in page  # nor inside the script


def test_it_plays_round_and_round_and_only_when_asked():
    page = player.player_page(FILMS, LABELS, "two films", rate=8)
    assert "% 4" in page and "125" in page
    before, after = page.split("button.onclick")
    assert "setInterval" not in before and "setInterval" in after


def test_a_strip_holds_all_frames_from_left_to_right():
    strip = player.strips(FILMS)
    assert strip.shape == (2, 3, 8, 32)
    assert torch.equal(strip[1, :, :, 16:24], FILMS[1, 2])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (dict(labels=["one"]), "1 labels for 2 films"),
        (dict(alt=" "), "Say in a sentence"),
        (dict(rate=0), "1..60 frames"),
        (dict(films=FILMS[0]), "film\\[None\\]"),
        (dict(films=FILMS * torch.nan), "NaN"),
    ],
)
def test_what_cannot_be_played_is_refused(change, error):
    given = dict(films=FILMS, labels=LABELS, alt="two films") | change
    with pytest.raises((ValueError, PictureError), match=error):
        player.film_player(**given)


def durations(film: torch.Tensor) -> list[int]:
    """How long each frame of its GIF is shown, in milliseconds."""
    with Image.open(io.BytesIO(player.gif_bytes(film, zoom=3, rate=10))) as gif:
        assert gif.size == (24, 24)
        assert gif.info.get("loop", 0) == 0
        return [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]


def test_a_gif_takes_its_time_also_where_nothing_moves():
    """Pillow makes one frame of equal neighbours, and shows it longer."""
    assert durations(FILMS[0]) == [100] * 4
    assert sum(durations(FILMS[0, [0, 0, 1, 1]])) == 400


def test_a_gif_shows_the_colours_of_the_film():
    flat = torch.tensor([-1.0, 0.0, 1.0, -1.0])[:, None, None, None].expand(4, 3, 8, 8)
    with Image.open(io.BytesIO(player.gif_bytes(flat, zoom=1))) as gif:
        for frame, wanted in zip(ImageSequence.Iterator(gif), flat, strict=True):
            found = frame.convert("RGB").getpixel((3, 3))
            assert found == tuple(to_bytes(wanted)[:, 3, 3].tolist())


def test_a_gif_is_the_same_every_time():
    assert player.gif_bytes(FILMS[0]) == player.gif_bytes(FILMS[0])


def test_many_films_are_laid_out_in_a_grid():
    whole = player.side_by_side(FILMS, columns=2)
    assert whole.shape == (4, 3, 8, 17)
    assert torch.equal(whole[:, :, :, 9:], FILMS[1])


def test_a_whole_page_says_what_it_shows(tmp_path):
    player.write_film(FILMS, tmp_path / "a.html", LABELS, "two films")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "<title>two films</title>" in page
