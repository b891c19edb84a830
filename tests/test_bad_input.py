"""Bad input, each kind with a sentence: what no other file of tests covers already.

Pictures of every kind are in test_pixels, steps and shapes in test_schedule,
test_samplers and test_unet, files in test_checkpoint, commands in their own.
"""

import zlib

import pytest
import torch
from PIL import Image

from course_lib.diffusion.guidance import guide
from course_lib.diffusion.objective import make_denoising_loss, predictor
from course_lib.diffusion.schedule import schedule_named, straight_line
from course_lib.judging.metrics import features_of
from course_lib.networks.judge import Judge
from course_lib.networks.unet import UNet
from course_lib.pixels import check_pictures, to_grid, to_image
from course_lib.training.settings import Settings
from course_lib.world.critters import choose_factors
from course_lib.world.drawing import draw
from course_lib.world.photos import load_folder


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + kind + content + check


def bomb(width: int) -> bytes:
    """A small PNG file that says it unpacks to width x width pixels."""
    size = width.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    lines = zlib.compress(bytes(1000))
    parts = (chunk(b"IHDR", size), chunk(b"IDAT", lines), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_folder_of_the_worst_photos_still_gives_the_good_ones(tmp_path, capsys):
    """1x1, CMYK, 16 bits, animated, truncated, a bomb, and text in disguise."""
    good = Image.linear_gradient("L").resize((40, 30))
    good.convert("CMYK").save(tmp_path / "cmyk.jpg")
    Image.new("I;16", (40, 30), 40_000).save(tmp_path / "sixteen.png")
    frames = [good, good.rotate(180)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    good.resize((1, 1)).save(tmp_path / "dot.png")
    whole = (tmp_path / "cmyk.jpg").read_bytes()
    (tmp_path / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "bomb.png").write_bytes(bomb(30_000))
    (tmp_path / "text.png").write_text("I am no picture")
    pictures = load_folder(tmp_path)
    assert len(pictures) == 3
    check_pictures(pictures[:][0], strict=True)
    lines = capsys.readouterr().out.splitlines()
    for name in ("dot.png", "truncated.jpg", "bomb.png", "text.png"):
        assert sum(name in line for line in lines) == 1
    assert len(lines) == 4


NAN = torch.full((1, 3, 32, 32), torch.nan)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (lambda: to_image(NAN[0]), "NaN or infinity"),
        (lambda: to_grid(NAN), "NaN or infinity"),
        (lambda: features_of(Judge({"q": 2}, 32, (8, 8)), NAN), "NaN or infinity"),
        (lambda: check_pictures(NAN * 0 + 2, strict=True), "NaN or infinity"),
        (
            lambda: check_pictures(torch.full((1, 3, 2, 2), 1.5), strict=True),
            "in .-1, 1",
        ),
        (lambda: to_image(torch.zeros(1, 3, 8, 8)), r"\(B, 3, H, W\)"),
        (lambda: to_grid(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)), "from_bytes"),
        (lambda: schedule_named("parabola", 100), "parabola"),
        (lambda: make_denoising_loss(straight_line(), "eps"), "cannot be the target"),
        (lambda: predictor(None, straight_line(), "noise"), "must be one of"),
        (lambda: guide(None, float("inf")), "finite number"),
        (lambda: choose_factors(torch.arange(2), 0, kind="three"), "three"),
        (lambda: Settings(iterations=-1), "1 or more; got -1"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(use, words):
    with pytest.raises(ValueError, match=words) as refused:
        use()
    sentence = str(refused.value)
    assert sentence.endswith(".") and sentence.count(" ") > 3


def test_a_network_says_what_it_was_given_and_what_it_takes():
    model = UNet(widths=(8, 16), blocks=1, labels=2)
    x_t, t = torch.zeros(2, 3, 8, 8), torch.ones(2, dtype=torch.int64)
    for given, words in (
        ((x_t[:, :1], t), r"must be shaped \(B, 3, H, W\); got \(2, 1, 8, 8\)"),
        ((x_t[..., :6], t), "must be divisible by 4; got 8x6"),
        ((x_t, t[:1]), r"one step per picture, \(2,\); got \(1,\)"),
        ((x_t, 500), r"one step per picture, \(2,\); got 500"),
        ((x_t, t, torch.tensor([1, 3])), "knows the labels 0..2"),
    ):
        with pytest.raises(ValueError, match=words):
            model(*given)


def test_a_critter_too_small_to_see_is_refused():
    factors = choose_factors(torch.arange(1), 0)
    with pytest.raises(ValueError, match="at least [0-9]+ pixels a side, not 4"):
        draw(factors, torch.arange(1), 0, size=4)
