"""What does not fit into memory is refused in a sentence, before it is tried."""

from types import SimpleNamespace

import pytest
import torch

from course_lib.checkpoint import save_weights
from course_lib.diffusion.editing import image_to_image
from course_lib.networks.autoencoder import Autoencoder
from course_lib.networks.unet import UNet
from course_lib.painters import memory
from course_lib.painters.interpolation import crossfade, interpolate
from course_lib.painters.memory import DRAWN, HELD, bytes_for, how_many
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import to_bytes

UNET = UNet(widths=(8, 16), blocks=1)
CPU = torch.device("cpu")
PAINTER = SimpleNamespace(unet=UNET, autoencoder=None, times=1, multiple=4, device=CPU)


def test_twice_the_side_is_sixteen_times_the_memory():
    looks = DRAWN._replace(pixel=0, place=0, block=0)
    of_32 = bytes_for(PAINTER, 32, 32, looks)
    assert bytes_for(PAINTER, 64, 64, looks) == pytest.approx(16 * of_32)
    assert bytes_for(PAINTER, 32, 64, looks) == pytest.approx(4 * of_32)
    assert bytes_for(PAINTER, 32, 32, HELD) > bytes_for(PAINTER, 32, 32, DRAWN)


def test_as_many_are_drawn_together_as_fit(monkeypatch):
    monkeypatch.setattr(memory, "memory_gib", lambda: 8.0)
    assert how_many(PAINTER, 32, 32, most=64) == 64
    assert how_many(PAINTER, 256, 256, most=64) == 5
    with pytest.raises(ValueError, match="1024x1024 takes about .* GiB .* are 6 for"):
        how_many(PAINTER, 1024, 1024, most=64)


def test_channels_count_too_in_the_network_and_in_its_autoencoder():
    def of(**changed) -> float:
        return bytes_for(SimpleNamespace(**vars(PAINTER) | changed), 64, 64)

    one = of()
    many = (UNet((80, 16), 1), UNet((8, 16), 5), UNet((8, 16), 1, refine=64))
    assert all(of(unet=unet) > one for unet in many)
    coders = (Autoencoder((8, 8)), Autoencoder((64, 8)), Autoencoder((8, 8), refine=64))
    few, *more = (of(autoencoder=coder) for coder in coders)
    assert one < few < min(more)


@pytest.mark.parametrize("size", [128, 1024])
def test_a_label_cannot_ask_for_more_memory_than_there_is(cli, here, monkeypatch, size):
    """The size stands on a card that somebody sent, and the file has 50 kB."""
    unet = UNet(widths=(8,), blocks=1, labels=1, fold=1)
    card = dict(kind="denoiser", config=unet.config, schedule="straight line", T=100)
    card |= dict(target="v", size=size, data="critters", labels=["nothing", "frog"])
    save_weights("sent", unet.state_dict(), card)
    monkeypatch.setattr(memory, "memory_gib", lambda: 4.0)
    monkeypatch.setattr(torch.nn.Conv2d, "forward", None)  # would fail
    for command in ("generate --label frog --out f.png", "evaluate --n 64 --seeds 1"):
        code, out, err = cli(f"{command} --weights sent")
        assert (code, out, len(err)) == (2, [], 1) and "GiB of memory" in err[0]


@pytest.mark.parametrize("weights", ["words", "latent"])
def test_in_parts_an_editor_draws_the_same_pictures(here, words, weights):
    painter = TextToImage.from_pretrained(weights)
    size = painter.card["size"]
    pictures = torch.rand(3, 3, size, size, generator=torch.Generator().manual_seed(0))
    asked = ["a frog", "a cat", "a red bat"]

    def close(draw, *given, **how):
        off = to_bytes(draw(painter, *given, **how, batch_size=2)).int()
        off -= to_bytes(draw(painter, *given, **how)).int()
        return off.abs().max() <= 1

    assert close(image_to_image, pictures, asked, steps=3)
    assert close(interpolate, *asked[:2], n=5, to_seed=3, steps=2)
    assert close(crossfade, *pictures[:2], n=5)


def test_on_a_gpu_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "memory_gib", lambda: 0.001)
    painter = SimpleNamespace(device=torch.device("cuda"))
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
