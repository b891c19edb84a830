"""`interpolate`: two prompts in, the pictures between them out."""

import json

import pytest
from on_disk import written
from PIL import Image

from course_lib.commands.interpolate import MOST


def test_a_row_of_pictures_is_drawn(cli, here, words):
    command = 'interpolate "a gren frog" "a hat" --n 3 --steps 1 --out way.png --json'
    code, out, err = cli(command)
    facts = json.loads(out[-1])
    assert code == 0 and out[0] == "3 pictures: way.png"
    assert err == ["Slips of the fingers, put right: gren as green."]
    assert facts["read_as"] == ["a green frog", "a hat hat"]
    width, height = Image.open("way.png").size
    assert width > 2.8 * height and written(here) == ["way.png"]


def test_or_one_file_a_picture(cli, here, words):
    assert cli('interpolate "a" "a" --to-seed 1 --n 2 --steps 1 --out way/')[0] == 0
    assert written(here)[1:] == ["way/000.png", "way/001.png", "way/grid.png"]
    first, last = (Image.open(f"way/00{i}.png").tobytes() for i in range(2))
    assert first != last


def test_or_two_picture_files(cli, here, words):
    for name in ("red", "blue"):
        Image.new("RGB", (32, 32), name).save(f"{name}.png")
    command = "interpolate red.png blue.png --n 3 --out way/ --json"
    code, out, err = cli(f"{command} --weights words")
    assert (code, err) == (0, []) and json.loads(out[-1])["images"][1] == "blue.png"
    colours = [Image.open(f"way/00{i}.png").getpixel((5, 5)) for i in range(3)]
    assert colours == [(255, 0, 0), (128, 0, 128), (0, 0, 255)]
    code, _, err = cli('interpolate red.png "a frog" --out w.png')
    assert code == 2 and "not one of each" in err[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--n 1 --out w.png", f"--n must lie in 2..{MOST}; got 1."),
        (f"--n {MOST + 1} --out w.png", f"2..{MOST}; got {MOST + 1}."),
        ("--steps 0 --out w.png", "got 0."),
        ("--out w.gif", "--out must be FILE.png or FOLDER/"),
        ("--weights critters --out w.png", "which takes no prompts"),
        ("--guidance nan --out w.png", "finite"),
        ("--out=~nouser/w.png", "no home folder is known for ~nouser"),
    ],
)
def test_bad_input_gets_a_sentence(cli, here, words, options, sentence):
    code, out, err = cli(f'interpolate "a frog" "a rabbit" {options}')
    assert (code, out, len(err)) == (2, [], 1) and sentence in err[0]
    assert not written(here)


@pytest.mark.parametrize("letters", ["a" * 300, "a" * 5000, "猫" * 100, "~nobody"])
def test_a_text_too_long_for_a_name_is_a_prompt(cli, here, words, letters):
    code, _, err = cli(
        f'interpolate "{letters} frog" "a frog" --n 2 --steps 1 --out w/'
    )
    assert code == 0 and "grid.png" in written(here)[-1]


@pytest.mark.parametrize("name", ["red.png", "~/red.JPG", "photos/red.tif"])
def test_a_file_that_is_not_there_is_no_prompt(cli, here, words, name):
    code, out, err = cli(f"interpolate {name} 'a frog' --out w.png")
    assert (code, out, err) == (2, [], [f"There is no file {name}."])
    assert not written(here)


def test_two_files_at_home(cli, here, words, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("USERPROFILE", str(here))
    Image.new("RGB", (32, 32)).save("a.png")
    code, _, _ = cli("interpolate '~/a.png' '~/a.png' --n 2 --out=~/w.png")
    assert code == 0 and written(here) == ["a.png", "w.png"]


def test_two_files_that_are_no_pictures_are_refused(cli, here, words):
    (here / "a.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n")
    code, out, err = cli("interpolate a.png a.png --out w.png")
    assert (code, out, len(err)) == (2, [], 1) and "a.png is not a picture" in err[0]
