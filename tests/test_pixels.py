"""Pictures as numbers, and every odd file that a learner may have in a folder."""

import io
import os
import random
import struct
import subprocess
import sys
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import EpsImagePlugin, Image, ImageFile

from course_lib import pixels
from course_lib.pixels import (
    PictureError,
    check_pictures,
    from_bytes,
    mirror,
    open_picture,
    read_picture,
    to_bytes,
    to_grid,
    to_image,
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def saved(tmp_path):
    """Save an image and say where."""

    def save(image: Image.Image, ending: str = "png", **options):
        image.save(file := tmp_path / f"picture.{ending}", **options)
        return file

    return save


def flag() -> Image.Image:
    """Red on the left, green on the right, blue below: 24x16."""
    image = Image.new("RGB", (24, 16), RED)
    image.paste(GREEN, (12, 0, 24, 8))
    image.paste(BLUE, (0, 8, 24, 16))
    return image


def colour_at(picture: torch.Tensor, row: int, column: int) -> tuple[int, ...]:
    return tuple(picture[:, row, column].tolist())


# Bytes and floats -----------------------------------------------------------------


def test_every_byte_survives_the_way_there_and_back():
    every = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_bytes(from_bytes(every)), every)
    assert from_bytes(every).min() == -1 and from_bytes(every).max() == 1


def test_a_mirror_exchanges_left_and_right_of_one_picture_or_of_many():
    pictures = torch.rand(4, 3, 5, 7)
    mirrored = mirror(pictures)
    assert torch.equal(mirrored[..., 0], pictures[..., -1])
    assert torch.equal(mirror(pictures[2]), mirrored[2])
    assert torch.equal(mirror(mirrored), pictures)


def test_what_lies_outside_is_clamped_to_black_and_white():
    assert to_bytes(torch.tensor([-7.0, 7.0])).tolist() == [0, 255]


def test_a_picture_survives_the_way_through_pillow():
    x_0 = from_bytes(torch.randint(0, 256, (3, 5, 7), dtype=torch.uint8))
    image = to_image(x_0)
    assert image.size == (7, 5)  # Pillow says width first
    back = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    assert torch.equal(from_bytes(back), x_0)


def test_a_grid_holds_every_picture_enlarged():
    x_0 = from_bytes(torch.randint(0, 256, (3, 3, 4, 4), dtype=torch.uint8))
    grid = np.array(to_grid(x_0, columns=2, zoom=3))
    assert grid.shape == (2 * (12 + 3) + 3, 2 * (12 + 3) + 3, 3)
    second = torch.from_numpy(grid[3:15:3, 18:30:3]).permute(2, 0, 1)
    assert torch.equal(from_bytes(second), x_0[1])


# Tensors that are no pictures -----------------------------------------------------


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (torch.zeros(3, 8, 8), r"shaped \(B, 3, H, W\); got \(3, 8, 8\)"),
        (torch.zeros(2, 1, 8, 8), r"shaped \(B, 3, H, W\); got \(2, 1, 8, 8\)"),
        (torch.zeros(2, 8, 8, 3), r"shaped \(B, 3, H, W\); got \(2, 8, 8, 3\)"),
        (torch.zeros(0, 3, 8, 8), "the batch is empty"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "got torch.uint8. .*from_bytes"),
        (torch.full((1, 3, 8, 8), float("nan")), "NaN or infinity"),
        (torch.full((1, 3, 8, 8), float("inf")), "NaN or infinity"),
    ],
)
def test_a_tensor_that_is_no_picture_is_refused(pictures, words):
    for use in (check_pictures, to_grid):
        with pytest.raises(PictureError, match=words):
            use(pictures)


def test_one_picture_is_refused_the_same_way():
    with pytest.raises(PictureError, match="shaped"):
        to_image(torch.zeros(8, 8))
    with pytest.raises(PictureError, match="NaN"):
        to_image(torch.full((3, 8, 8), float("nan")))


def test_numbers_outside_minus_1_and_1_are_refused_where_it_matters():
    pictures = torch.tensor([-1.0, 0.0, 1.25]).reshape(1, 3, 1, 1)
    check_pictures(pictures)  # to be looked at: what lies outside is clamped
    with pytest.raises(PictureError, match="from -1.00 to 1.25"):
        check_pictures(pictures, strict=True)


# Files of every kind --------------------------------------------------------------


def test_the_middle_square_is_cut_out_and_resized(saved):
    picture = read_picture(saved(flag()), size=32)
    assert picture.shape == (3, 32, 32) and picture.dtype == torch.uint8
    assert colour_at(picture, 4, 4) == RED
    assert colour_at(picture, 4, 27) == GREEN
    assert colour_at(picture, 27, 16) == BLUE


def test_a_picture_of_the_right_size_keeps_every_byte(saved):
    numbers = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    picture = read_picture(saved(Image.fromarray(numbers)), size=32)
    assert np.array_equal(picture.permute(1, 2, 0), numbers)


def test_a_camera_held_upright_is_turned(saved):
    """EXIF orientation 6: the camera was turned; shown upright, left was below."""
    exif = Image.Exif()
    exif[0x0112] = 6
    plain = read_picture(saved(flag(), "jpg", quality=100), size=16)
    turned = read_picture(saved(flag(), "jpg", quality=100, exif=exif), size=16)
    assert torch.equal(turned, plain.rot90(-1, dims=(1, 2)))


def with_tags(tags: list[tuple[int, int, int, bytes]]) -> bytes:
    """An EXIF block: of each tag its number, type, count, and value or where it is."""
    table = struct.pack("<H", len(tags))
    data, after = b"", 8 + 2 + 12 * len(tags) + 4
    for tag, kind, count, value in sorted(tags):
        if len(value) > 4:
            place, data = struct.pack("<I", after + len(data)), data + value
        else:
            place = value.ljust(4, b"\0")
        table += struct.pack("<HHI", tag, kind, count) + place
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + table + bytes(4) + data


TURNED = (0x0112, 3, 1, struct.pack("<H", 6))
ODD_TAGS = {
    "a place that is text": (0x8825, 2, 5, b"abcd\0"),
    "a place that is a fraction": (0x8825, 11, 1, struct.pack("<f", 1.5)),
    "a place beyond the end": (0x8825, 4, 1, struct.pack("<I", 99_999)),
    "a camera that is text": (0x8769, 2, 4, b"abc\0"),
    "a width that is text": (0x0100, 2, 4, b"abc\0"),
    "-1/0": (0x011A, 10, 1, struct.pack("<ii", -1, 0)),
    "dots an inch cut off": (0x011A, 5, 1, b"\1\0"),
    "a type that is none": (0x000F, 99, 1, b"abcd"),
    "a text of 2 GB": (0x010F, 2, 2**31, struct.pack("<I", 8)),
}


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("tag", ODD_TAGS.values(), ids=ODD_TAGS)
def test_one_odd_tag_spoils_neither_the_pixels_nor_the_turning(saved, ending, tag):
    plain = read_picture(saved(flag(), ending, quality=100), size=16)
    exif = with_tags([TURNED, tag])
    turned = read_picture(saved(flag(), ending, quality=100, exif=exif), size=16)
    assert torch.equal(turned, plain.rot90(-1, dims=(1, 2)))


def test_a_tiff_with_an_odd_tag_is_turned_too(tmp_path):
    """There the tags are those of the picture itself."""
    height, width = 16, 24
    tags = [(tag, 4, 1, struct.pack("<I", value)) for tag, value in (
        (0x0100, width), (0x0101, height), (0x0103, 1), (0x0106, 1),
        (0x0111, 200), (0x0115, 1), (0x0116, height), (0x0117, width * height),
    )]  # fmt: skip
    tags += [(0x0102, 3, 1, struct.pack("<H", 8)), (0x8825, 2, 5, b"abcd\0")]
    ramp = bytes(range(0, 240, 10)) * height
    plain, turned = tmp_path / "plain.tif", tmp_path / "turned.tif"
    for file, more in ((plain, []), (turned, [TURNED])):
        head = with_tags(tags + more).removeprefix(b"Exif\0\0")
        file.write_bytes(head.ljust(200, b"\0") + ramp)
    expected = read_picture(plain, size=16).rot90(-1, dims=(1, 2))
    assert torch.equal(read_picture(turned, size=16), expected)
    assert open_picture(turned).size == (height, width)


def test_an_orientation_that_is_none_turns_nothing(saved):
    plain = read_picture(saved(flag(), "jpg", quality=100), size=16)
    for kind, value in ((2, b"6\0"), (3, struct.pack("<H", 77))):
        exif = with_tags([(0x0112, kind, len(value) // kind, value)])
        again = read_picture(saved(flag(), "jpg", quality=100, exif=exif), size=16)
        assert torch.equal(again, plain)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "YCbCr", "LAB", "HSV"])
def test_every_mode_becomes_rgb(saved, mode):
    white = Image.new("RGB", (16, 16), WHITE)
    image = white if mode == "LAB" else white.convert(mode)
    ending = {"CMYK": "jpg", "YCbCr": "jpg", "LAB": "tiff"}.get(mode, "png")
    image = image.convert("RGB") if mode == "HSV" else image
    picture = read_picture(saved(image, ending), size=16)
    assert picture.shape == (3, 16, 16)
    assert picture.min() >= 253


def test_cmyk_keeps_its_colours(saved):
    picture = read_picture(saved(flag().convert("CMYK"), "tiff"), size=16)
    assert colour_at(picture, 2, 2) == RED
    assert colour_at(picture, 13, 8) == BLUE


@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_16_bits_show_the_same_picture_as_8(saved, ending):
    """Also where black and white are not in it: nothing is stretched."""
    grey = np.random.default_rng(0).integers(60, 180, (16, 16), dtype=np.uint8)
    eight = read_picture(saved(Image.fromarray(grey)), size=16)
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    assert torch.equal(read_picture(saved(wide, ending), size=16), eight)


def test_numbers_of_no_known_scale_are_stretched(saved):
    ramp = np.linspace(-3, 5, 256, dtype=np.float32).reshape(16, 16)
    picture = read_picture(saved(Image.fromarray(ramp), "tiff"), size=16)
    assert (picture[0].flatten() == torch.arange(256)).all()


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (float("nan"), "holds NaN or infinity"),
        (float("-inf"), "holds NaN or infinity"),
        (-3e38, "from -3e.38 to 5, which is no brightness"),
        (3e38, "from -3 to 3e.38, which is no brightness"),
    ],
)
def test_one_number_that_is_no_brightness_does_not_blacken_the_rest(saved, odd, words):
    ramp = np.linspace(-3, 5, 256, dtype=np.float32).reshape(16, 16)
    ramp[3, 3] = odd
    with pytest.raises(PictureError, match=words):
        read_picture(saved(Image.fromarray(ramp), "tiff"), size=16)


def test_of_an_animation_the_first_frame_is_taken(saved):
    first, second = (Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE))
    file = saved(first, "gif", save_all=True, append_images=[second], duration=100)
    assert colour_at(read_picture(file, size=16), 8, 8) == RED


def half_clear(mode: str) -> Image.Image:
    """Green above, wholly transparent below, in a mode that can say so."""
    image = Image.new("RGBA", (16, 16), (*GREEN, 255))
    image.paste((0, 0, 0, 0), (0, 8, 16, 16))
    return image.quantize(4) if mode == "P" else image.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(saved, mode):
    picture = read_picture(saved(half_clear(mode)), size=16)
    assert colour_at(picture, 12, 8) == WHITE
    assert colour_at(picture, 3, 8) != WHITE


def test_one_colour_of_a_palette_may_be_transparent(saved):
    image = Image.new("P", (16, 16), 0)
    image.putpalette([*RED, *GREEN])
    image.paste(1, (0, 8, 16, 16))
    picture = read_picture(saved(image, "gif", transparency=1), size=16)
    assert colour_at(picture, 3, 8) == RED
    assert colour_at(picture, 12, 8) == WHITE


# Files that cannot be used --------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipe with a name")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(PictureError, match="a.png cannot be opened: it is a pipe"):
        read_picture(tmp_path / "a.png", size=32)


@pytest.mark.parametrize("size", [(1, 1), (7, 100), (100, 7)])
def test_a_picture_too_small_to_see_is_refused(saved, size):
    with pytest.raises(PictureError, match=f"only {size[0]}x{size[1]} pixels; 8x8"):
        read_picture(saved(Image.new("RGB", size)), size=32)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "webp"])
def test_a_truncated_file_is_named(saved, ending):
    numbers = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    file = saved(Image.fromarray(numbers), ending)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PictureError, match=f"picture.{ending} is"):
        read_picture(file, size=32)


@pytest.mark.parametrize(
    "content", [b"", b"just a text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_named(tmp_path, content):
    file = tmp_path / "notes.png"
    file.write_bytes(content)
    with pytest.raises(PictureError, match="notes.png is not a picture"):
        read_picture(file, size=32)


@pytest.mark.parametrize("ending", ["png", "jpg", "eps"])
def test_no_other_program_is_started_by_a_file_of_a_special_kind(
    tmp_path, monkeypatch, ending
):
    def start(*args, **kwargs):
        raise AssertionError("Ghostscript was started")

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", start)
    file = tmp_path / f"photo.{ending}"
    lines = ["%!PS-Adobe-3.0 EPSF-3.0", "%%BoundingBox: 0 0 90 90", "%%EndComments"]
    file.write_text("\n".join([*lines, "showpage", "%%EOF"]))
    with pytest.raises(PictureError, match="save it as JPEG, PNG, GIF"):
        read_picture(file, size=32)


@pytest.mark.parametrize("kind", ["jp2", "avif", "ico", "ppm", "tga", "icns"])
def test_only_well_known_kinds_of_files_are_decoded(saved, kind):
    """A JPEG 2000 of 5 kB asked for 2 GB."""
    file = saved(Image.new("RGB", (64, 64)), kind)
    with pytest.raises(PictureError, match="is not a picture that can be read"):
        read_picture(file.rename(file.with_suffix(".png")), size=32)


@pytest.mark.parametrize(
    "error",
    [TypeError("odd"), struct.error("short"), AttributeError(), EOFError(), KeyError(3)]
    + [OverflowError(), RuntimeError("\x1b[2J"), MemoryError(), AssertionError()],
    ids=repr,
)
def test_whatever_a_decoder_raises_becomes_a_sentence(saved, monkeypatch, error):
    def fail(self):
        raise error

    file = saved(Image.new("RGB", (16, 16)))
    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(PictureError, match=r"picture\.png .*\.$") as refused:
        read_picture(file, size=32)
    assert str(refused.value).isprintable()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_name_that_commands_the_terminal_is_spelled_out(tmp_path):
    (tmp_path / "a\x1b[2J.png").write_bytes(b"")
    with pytest.raises(PictureError, match=r"a\\x1b\[2J\.png is not a picture"):
        read_picture(tmp_path / "a\x1b[2J.png", size=32)


def test_a_file_or_folder_that_cannot_be_opened_is_named(tmp_path):
    for file in (tmp_path / "nowhere.png", tmp_path):
        with pytest.raises(PictureError, match="cannot be opened: .*directory"):
            read_picture(file, size=32)
    with pytest.raises(PictureError, match="cannot be opened: .*too long"):
        read_picture(tmp_path / ("a" * 300), size=32)


def test_a_decompression_bomb_is_refused_unopened(saved):
    file = saved(Image.new("1", (8_001, 8_001)))
    assert file.stat().st_size < 20_000
    with pytest.raises(PictureError, match="unpacks to 8001x8001 pixels, too many"):
        read_picture(file, size=32)


def test_a_tile_that_is_larger_than_its_picture_is_refused(tmp_path):
    """A TIFF of 16x16 in one tile of 46000x46000: 1 kB that took 2 GB."""
    sides = [(256, 16), (257, 16), (322, 46000), (323, 46000)]
    rest = [(258, 8), (259, 8), (262, 1), (277, 1), (324, 8), (325, 24)]
    tags = [
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(sides + rest)
    ]
    head = struct.pack("<2sHI", b"II", 42, 32) + zlib.compress(bytes(99)).ljust(24)
    file = tmp_path / "tile.tif"
    file.write_bytes(head + struct.pack("<H", len(tags)) + b"".join(tags) + bytes(4))
    with pytest.raises(PictureError, match="unpacks to 46000x46000 pixels, too many"):
        read_picture(file, size=32)


def test_the_darkest_and_the_brightest_number_of_32_bits_may_meet(saved):
    numbers = np.full((16, 16), -(2**31), np.int32)
    numbers[:, 8:] = 2**31 - 1
    picture = read_picture(saved(Image.fromarray(numbers), "tif"), size=16)
    assert not picture[:, :, :8].any() and (picture[:, :, 8:] == 255).all()


def test_numbers_are_stretched_part_by_part_to_the_same(saved, monkeypatch):
    numbers = np.linspace(-1, 7, 32 * 16, dtype=np.float32).reshape(32, 16)
    file = saved(Image.fromarray(numbers), "tif")
    whole = read_picture(file, size=16)
    monkeypatch.setattr(pixels, "AT_ONCE", 40)
    assert torch.equal(read_picture(file, size=16), whole)


@pytest.mark.parametrize("limit", [8_000, 4_000])
def test_pillows_own_alarm_is_heard_too(saved, monkeypatch, limit):
    """Above its limit Pillow warns, above twice the limit it raises."""
    file = saved(Image.new("L", (100, 100)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(PictureError, match="unpacks to too many pixels"):
        read_picture(file, size=32)


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "tiff", "webp"])
def test_damage_anywhere_ends_in_a_picture_or_in_a_sentence(tmp_path, ending):
    """60 files with some bytes changed: nothing else is raised, nothing is warned."""
    numbers = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(numbers).save(
        buffer := io.BytesIO(), Image.registered_extensions()[f".{ending}"]
    )
    whole, refused = buffer.getvalue(), 0
    for seed in range(60):
        chance, damaged = random.Random(seed), bytearray(whole)
        for _ in range(chance.choice([1, 5, 30])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        (tmp_path / "damaged").write_bytes(damaged)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                assert read_picture(tmp_path / "damaged", size=16).shape == (3, 16, 16)
            except PictureError as error:
                refused += 1
                assert str(tmp_path / "damaged") in str(error)
    assert 0 < refused
