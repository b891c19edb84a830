"""What does not fit into memory is refused in a sentence, before it is tried."""

from types import SimpleNamespace

import pytest
import torch

from course_lib.painters import memory
from course_lib.painters.memory import DRAWN, HELD, bytes_for, how_many
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import to_bytes

PAINTER = SimpleNamespace(multiple=4, device=torch.device("cpu"))


def test_twice_the_side_is_sixteen_times_the_memory():
    assert bytes_for(PAINTER, 64, 64) == 16 * bytes_for(PAINTER, 32, 32)
    assert bytes_for(PAINTER, 32, 64) == 4 * bytes_for(PAINTER, 32, 32)
    assert bytes_for(PAINTER, 32, 32, HELD) > bytes_for(PAINTER, 32, 32, DRAWN)


def test_as_many_are_drawn_together_as_fit(monkeypatch):
    monkeypatch.setattr(memory, "memory_gib", lambda: 8.0)
    assert how_many(PAINTER, 32, 32, most=64) == 64
    assert how_many(PAINTER, 256, 256, most=64) == 5
    with pytest.raises(ValueError, match="1024x1024 takes about .* GiB .* are 6 for"):
        how_many(PAINTER, 1024, 1024, most=64)


def test_on_a_gpu_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "memory_gib", lambda: 0.001)
    painter = SimpleNamespace(multiple=4, device=torch.device("cuda"))
    assert how_many(painter, 1024, 1024, most=64) == 64


def test_fewer_together_are_the_same_pictures(here, words, monkeypatch):
    draw = TextToImage.from_pretrained("words")
    asked = ["a frog", "a cat", "a red bat"]
    together = draw(asked, steps=2)
    room = 2.5 * bytes_for(draw, 32, 32) / memory.GIB / memory.PART
    monkeypatch.setattr(memory, "memory_gib", lambda: room)
    assert draw.together(None, most=64) == 2
    off = to_bytes(draw(asked, steps=2)).int() - to_bytes(together).int()
    assert off.abs().max() <= 1


@pytest.mark.parametrize(
    "command",
    [
        "generate 'a frog' --space pixel --size 512 --out f.png",
        "edit 'a frog' --weights words --image p.png --wider 480 --out f.png",
    ],
)
def test_a_picture_too_large_to_draw_is_bad_input(
    cli, here, words, monkeypatch, command
):
    from PIL import Image

    Image.new("RGB", (32, 32)).save("p.png")
    monkeypatch.setattr(memory, "memory_gib", lambda: 0.5)
    monkeypatch.setattr(torch.nn.Conv2d, "forward", None)  # would fail
    code, out, err = cli(command)
    assert (code, out, len(err)) == (2, [], 1) and "GiB of memory" in err[0]
