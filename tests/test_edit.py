"""`edit`: a picture file in, a changed one out; whatever is odd gets a sentence."""

import json

import numpy as np
import pytest
from on_disk import written
from PIL import Image
from torchvision.transforms.v2.functional import pil_to_tensor

from course_lib.commands.edit import read_mask
from course_lib.pixels import read_picture


@pytest.fixture
def files(here):
    """A picture and some masks beside it."""
    Image.new("RGB", (32, 32), (0, 90, 200)).save("p.png")
    half = Image.new("L", (32, 32))
    half.paste(255, (16, 0, 32, 32))
    half.save("half.png")
    Image.new("L", (32, 32), 0).save("empty.png")
    Image.new("L", (32, 32), 255).save("full.png")
    Image.new("L", (32, 32), 120).save("grey.png")
    Image.new("LA", (32, 32), (255, 0)).save("glass.png")
    Image.new("L", (64, 32), 255).save("wide.png")
    Image.new("RGB", (40, 36), (0, 90, 200)).save("oblong.png")
    (here / "text.png").write_text("no picture")
    (here / "script.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n")
    Image.new("F", (32, 32), 3e38).save("dark.tif")
    return sorted(written(here))


def test_a_picture_is_changed(cli, here, words, files):
    code, out, err = cli('edit "a hat" --image p.png --steps 2 --out e.png --json')
    facts = json.loads(out[-1])
    assert code == 0 and err == [] and facts["strength"] == 0.7
    assert facts["read_as"] == "a hat hat"
    assert len(facts["seen"]) == 1 and "e.png" in written(here)
    assert (read_picture("e.png", 32) != read_picture("p.png", 32)).any()


def test_no_strength_gives_the_picture_back(cli, words, files):
    assert cli('edit "a frog" --image p.png --strength 0 --out e.png')[0] == 0
    assert (read_picture("e.png", 32) == read_picture("p.png", 32)).all()


def test_with_a_mask_the_rest_is_kept(cli, here, words, files):
    command = 'edit "a frog" --image p.png --mask half.png --n 2 --steps 2 --out e/'
    assert cli(command)[0] == 0
    before = read_picture("p.png", 64)
    for name in ("e/000.png", "e/001.png"):
        after = read_picture(name, 64)
        assert (after[..., :32] == before[..., :32]).all()
        assert (after[..., 32:] != before[..., 32:]).any()


def test_in_pixels_the_rest_is_kept_as_well(cli, words, files):
    command = 'edit "a frog" --image p.png --mask half.png --weights words'
    assert cli(f"{command} --steps 2 --out e.png")[0] == 0
    before, after = read_picture("p.png", 32), read_picture("e.png", 32)
    assert (after[..., :16] == before[..., :16]).all()
    assert (after[..., 16:] != before[..., 16:]).any()


@pytest.mark.parametrize(("weights", "side"), [("words", 32), ("latent", 64)])
def test_room_is_drawn_at_both_sides(cli, words, files, weights, side):
    command = f'edit "a frog" --image p.png --wider 16 --weights {weights}'
    code, out, err = cli(f"{command} --steps 2 --out e.png --json")
    facts = json.loads(out[-1])
    (remark,) = err
    assert code == 0 and f"at {side}x{side + 32} expect doubled" in remark
    assert facts["wider"] == 16 and facts["seen"] is None
    with Image.open("e.png") as after:
        assert after.size == (side + 32, side)
        middle = pil_to_tensor(after)[..., 16 : side + 16]
    assert (middle == read_picture("p.png", side)).all()


def test_white_is_where_to_draw(files):
    mask = read_mask("half.png", "p.png", 16)
    assert mask.shape == (16, 16) and mask[:, 8:].all() and not mask[:, :8].any()


def test_a_full_mask_is_remarked_on(cli, words, files):
    command = 'edit "a frog" --image p.png --mask full.png --steps 1 --out e.png'
    code, _, err = cli(command)
    assert code == 0 and "nothing is kept" in err[0]


def test_what_is_cut_off_is_remarked_on(cli, words, files):
    code, _, err = cli('edit "a frog" --image oblong.png --steps 1 --out e.png')
    assert code == 0 and len(err) == 1
    assert "oblong.png has 40x36 pixels" in err[0] and "36x36 are left" in err[0]


def test_an_empty_wish_is_neither_right_nor_wrong(cli, words, files):
    code, out, _ = cli('edit "" --image p.png --steps 1 --out e.png --json')
    assert code == 0 and json.loads(out[-1])["right"] == [None]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--image nowhere.png", "cannot be opened"),
        ("--image text.png", "not a picture"),
        ("--image p.png --mask nowhere.png", "cannot be opened"),
        ("--image p.png --mask grey.png", "neither black nor white"),
        ("--image p.png --mask glass.png", "glass.png is transparent in parts"),
        ("--image p.png --mask wide.png", "wide.png has 64x32 pixels and p.png 32x32"),
        ("--image p.png --mask empty.png", "mask is empty"),
        ("--image p.png --mask half.png --strength 0.5", "Choose one of"),
        ("--image p.png --wider 8 --strength 0.5", "Choose one of"),
        ("--image p.png --wider 8 --mask half.png", "Choose one of"),
        ("--image p.png --wider 0", "how many pixels to add"),
        ("--image p.png --wider -8", "how many pixels to add"),
        ("--image p.png --wider 3", "--wider must be a multiple of 8 here; got 3."),
        ("--image p.png --wider 1000", "at most 1024"),
        ("--image p.png --wider 99999999999999999999999", "multiple of 8 here"),
        ("--image p.png --again 1000000", "--again must be 1 to 100"),
        ("--image script.png", "script.png is not a picture that can be read"),
        ("--image p.png --mask script.png", "script.png is not a picture"),
        ("--image dark.tif", "dark.tif: Its numbers go from"),
        ("--image p.png --mask dark.tif", "dark.tif: Its numbers go from"),
        ("--image .", "cannot be opened: Is a directory"),
        (f"--image {'f' * 300}.png", "cannot be opened: File name too long"),
        ("--image ~nouser/p.png", "no home folder is known for ~nouser"),
        ("--image p.png --mask=~nouser/p.png", "no home folder is known for ~nouser"),
        ("--image p.png --weights=~nouser/w", "no home folder is known for ~nouser"),
        ("--image p.png --mask half.png --again 0", "--again must be 1"),
        ("--image p.png --again 0", "--again must be 1"),
        ("--image p.png --guidance 1e38", "in -100..100"),
        ("--image p.png --strength 1.5", "strength must lie in 0..1"),
        ("--image p.png --strength nan", "strength must lie in 0..1"),
        ("--image p.png --n 0", "--n must lie in 1..100"),
        ("--image p.png --steps 0", "number of steps"),
        ("--image p.png --guidance nan", "finite"),
        ("--image p.png --weights nowhere", "no weights at"),
        ("--image p.png --weights critters", "takes no prompts"),
    ],
)
def test_bad_input_gets_a_sentence(cli, here, words, files, options, sentence):
    code, _, err = cli(f'edit "a frog" {options} --out e.png')
    assert code == 2 and len(err) == 1 and sentence in err[0]
    assert sorted(written(here)) == files


def test_a_photo_whose_camera_wrote_odd_tags_is_edited(cli, here, words, files):
    """A place that is text: Pillow itself raises TypeError for it."""
    tags = b"Exif\0\0II*\0\x08\0\0\0\x02\0"
    tags += b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"  # turned
    tags += b"\x25\x88\x02\0\x05\0\0\0\0\0\0\0" + bytes(4)
    Image.new("RGB", (40, 36)).save("odd.jpg", exif=tags)
    code, _, err = cli('edit "a frog" --image odd.jpg --steps 1 --out e.png')
    assert code == 0 and "odd.jpg has 36x40 pixels" in err[0]


def test_a_mask_of_16_bits_is_read(cli, here, words, files):
    numbers = np.zeros((32, 32), dtype=np.uint16)
    numbers[:, 16:] = 65535
    Image.fromarray(numbers).save("deep.png")
    assert (
        read_mask("deep.png", "p.png", 16) == read_mask("half.png", "p.png", 16)
    ).all()
