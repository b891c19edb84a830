"""The "Try it" page draws what Python draws, from a folder and from a server."""

import io
import json
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.checkpoint import save_weights
from course_lib.diffusion.guidance import Way
from course_lib.diffusion.samplers import PictureNoise
from course_lib.networks.autoencoder import Autoencoder, encoder_digest
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import tidy, train_tokenizer
from course_lib.painters import pipeline
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import to_bytes
from course_lib.world.critters import captions, choose_factors

pytest.importorskip("wasmtime", reason="the page is built with wasmtime")
import tryit  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 2  # levels of 0..255
ODD = [
    *("", " ", "a", "\u00c0 b\u00e9\u00e9", "frog,frog;FROG", "don't (really)!"),
    *("a\u00a0red\u2003frog\x1c", "a re\u200bd\ufeff frog\x07", "Stra\u00dfe \u0130"),
    *(
        "\u039f\u0394\u039f\u03a3 \u03a3",
        "e\u0301 cafe\u0301",
        "\U0001f438 \u2764\ufe0f",
    ),
    *("\u4e00\u53ea\u9752\u86d9", "\u202eder frog", "x\u00b2 \u00bd \u2167 \u0664"),
    *("a_b __", "frog " * 60, "\n\ta\r\nfrog\u2028", "---...", "\u0e01\u0e38"),
]


# The page ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("book") / "try"
    tryit.write_page(place)
    return place


@pytest.fixture(scope="session")
def painter() -> TextToImage:
    return TextToImage.from_pretrained("latent", as_typed=True)


class Opened:
    """The page in a browser, and what it did beside drawing."""

    def __init__(self, chromium, address: str, **how):
        self.page = chromium.new_page(**how)
        self.asked, self.wrong = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self.hear)
        self.page.goto(address)

    def hear(self, said) -> None:
        if said.type == "error":
            self.wrong.append(said.text)

    def wait(self, word: str) -> str:
        """Wait until the status begins with a word; return the status."""
        begins = f"document.getElementById('status').textContent.startsWith('{word}')"
        self.page.wait_for_function(begins, timeout=120_000)
        return self.page.inner_text("#status")

    def draw(self, prompt: str, seed: int, button="#draw", scale=None) -> torch.Tensor:
        """The bytes of the pictures on the page: (B, 3, H, W)."""
        self.wait("Done")
        self.page.fill("#prompt", prompt)
        self.page.fill("#seed", str(seed))
        # A slider cannot be filled in.
        scale = "CARD.guidance_scale" if scale is None else scale
        self.page.evaluate(f"document.getElementById('scale').value = {scale}")
        self.page.click(button)
        self.wait("Done")
        return self.pictures()

    def pictures(self) -> torch.Tensor:
        shown = self.page.evaluate(
            """[...document.querySelectorAll("#pictures canvas")].map((canvas) => {
              const [w, h] = [canvas.width, canvas.height];
              return [...canvas.getContext("2d").getImageData(0, 0, w, h).data];
            })"""
        )
        side = self.page.evaluate("CARD.size")
        return torch.tensor(shown).reshape(-1, side, side, 4)[..., :3].movedim(3, 1)


def from_folder(folder: Path) -> str:
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def opened(chromium, folder):
    """The page, opened from a folder, with the picture drawn that it begins with."""
    opened = Opened(chromium, from_folder(folder))
    opened.wait("Done")
    yield opened
    assert opened.wrong == []


def by_python(painter, prompt, seed, n=1, scale=None) -> torch.Tensor:
    """The bytes of the pictures: (n, 3, H, W)."""
    prepared = painter.prepare([prompt] * n)
    if scale is not None:  # the page keeps the interval; `guidance_scale` would not
        prepared = replace(prepared, way=replace(prepared.way, guidance_scale=scale))
    return to_bytes(painter.paint(prepared, seed)).int()


# Alone: tokens and noise ------------------------------------------------------------


def test_a_text_becomes_the_same_tokens_as_in_python(opened, painter):
    people = json.loads((ROOT / "data/prompts/people.json").read_text("utf-8"))
    of_training = captions(
        choose_factors(torch.arange(80), seed=0), torch.arange(80), seed=0
    )
    texts = [*ODD, *(entry["prompt"] for entry in people), *of_training]
    assert len(texts) >= 200
    read = opened.page.evaluate(
        "texts => texts.map((text) => tokenizer.encode(tidy(text)))", texts
    )
    ours = [painter.tokenizer.encode(tidy(text)) for text in texts]
    assert dict(zip(texts, read, strict=True)) == dict(zip(texts, ours, strict=True))


def test_a_seed_gives_the_same_noise_as_in_python(opened):
    seeds = [*range(15), 99, 12345, 2**31, 2**32 + 5, 10**15 - 1]
    draw = """seeds => seeds.map((seed) => {
      const noise = new PictureNoise(BigInt(seed), 3);
      return [[...noise.next(1024)], [...noise.next(1024)]];
    })"""
    drawn = torch.tensor(opened.page.evaluate(draw, seeds))
    streams = [PictureNoise(seed, [3]) for seed in seeds]
    ours = [torch.stack([s((1024,))[0], s((1024,))[0]]) for s in streams]
    assert (drawn - torch.stack(ours)).abs().max() < 2e-6


# Pictures ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "seed"),
    [
        ("a green frog on stilts in the snow", 0),
        ("A  red cat left of a Blue bear, at night!", 7),
        ("", 3),
        ("please draw my dog \U0001f436 with an umbrella", 123456789),
        ("a turtle with a hat " * 20, 5),
    ],
)
def test_the_page_draws_what_python_draws(opened, painter, prompt, seed):
    drawn, ours = opened.draw(prompt, seed), by_python(painter, prompt, seed)
    assert (drawn - ours).abs().max() <= WITHIN


def test_four_pictures_are_the_first_four_of_the_seed(opened, painter):
    drawn = opened.draw("a bat with a balloon", 11, button="#four")
    ours = by_python(painter, "a bat with a balloon", 11, n=4)
    assert drawn.shape == ours.shape and (drawn - ours).abs().max() <= WITHIN


@pytest.mark.parametrize("scale", [1.0, 8.5])
def test_the_slider_changes_the_scale_where_it_guides_anyway(opened, painter, scale):
    drawn = opened.draw("a purple crane at sunset", 2, scale=scale)
    ours = by_python(painter, "a purple crane at sunset", 2, scale=scale)
    assert (drawn - ours).abs().max() <= WITHIN


@pytest.mark.parametrize("sampler", tryit.SAMPLERS)
def test_a_network_of_another_shape_is_drawn_too(
    chromium, tmp_path, monkeypatch, sampler
):
    """Three grids, two blocks, bfloat16, another text encoder; by each sampler."""
    monkeypatch.setattr(pipeline, "FOR_LATENTS", Way(3.0, steps=5, sampler=sampler))
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["a frog on stilts", "a red frog"] * 2, merges=30)
    coder = Autoencoder((8, 16), z_channels=4, decoder_blocks=2)
    text = dict(vocabulary=len(tokenizer), length=24, width=32, blocks=3, heads=2)
    model = TextUNet(text, dict(widths=(16, 16, 32), blocks=2, channels=4, fold=1))
    for network in (coder, model):
        for x in network.parameters():
            if not x.any():  # a fresh network says only 0
                torch.nn.init.normal_(x, std=0.1)
            x.data = x.data.bfloat16().float()
    card = dict(kind="text denoiser", config=model.config, merges=tokenizer.merges)
    card |= dict(schedule="cosine", T=1000, target="v", data="critters", size=64)
    card |= dict(autoencoder="coder", latent_scale=1.5)
    card["encoder_sha256"] = encoder_digest(coder.half().float())
    of_coder = {"kind": "autoencoder", "config": coder.config}
    save_weights(tmp_path / "coder", coder.state_dict(), of_coder)
    save_weights(tmp_path / "mine", model.state_dict(), card)
    tryit.write_page(tmp_path / "try", tmp_path / "mine")
    opened = Opened(chromium, from_folder(tmp_path / "try"))
    drawn = opened.draw("a red frog", 4)
    painter = TextToImage.from_pretrained(tmp_path / "mine", as_typed=True)
    assert (drawn - by_python(painter, "a red frog", 4)).abs().max() <= WITHIN


# The page as a page -----------------------------------------------------------------


def test_the_page_is_small_enough_for_a_stick_and_a_class(folder):
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert size <= tryit.MOST_BYTES == 25 * 2**20


def test_it_opens_from_a_server_and_asks_nobody_else(chromium, folder, painter):
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    handler.log_message = lambda *said: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}/"
        opened = Opened(chromium, here)
        drawn = opened.draw("a frog", 0)
        server.shutdown()
    assert (drawn - by_python(painter, "a frog", 0)).abs().max() <= WITHIN
    assert all(url.startswith((here, "blob:", "data:")) for url in opened.asked)
    assert opened.wrong == []


def test_it_says_how_long_a_picture_takes_here(opened):
    opened.draw("a frog", 0)
    assert opened.wait("Done").endswith("seconds a picture on this computer.")


def test_a_drawing_can_be_stopped_and_another_begun(opened, painter):
    opened.wait("Done")
    opened.page.click("#four")
    opened.wait("Drawing")
    opened.page.click("#stop")
    opened.wait("Stopped")
    opened.page.fill("#prompt", "a frog")
    opened.page.fill("#seed", "1")
    opened.page.press("#prompt", "Enter")
    opened.wait("Done")
    drawn = opened.pictures()
    assert (drawn - by_python(painter, "a frog", 1)).abs().max() <= WITHIN


def test_a_new_request_takes_the_place_of_one_at_work(opened, painter):
    opened.wait("Done")
    opened.page.click("#four")
    opened.wait("Drawing")
    opened.page.click("#examples button:first-child")
    opened.wait("Done")
    prompt, seed = (opened.page.input_value(x) for x in ("#prompt", "#seed"))
    ours = by_python(painter, prompt, int(seed))
    assert (opened.pictures() - ours).abs().max() <= WITHIN


def test_moving_back_through_the_steps_shows_the_noise_again(opened):
    picture = opened.draw("a frog", 0)
    opened.page.focus("#step")
    opened.page.keyboard.press("Home")
    assert (opened.pictures() - picture).abs().float().mean() > 20
    opened.page.keyboard.press("End")
    assert (opened.pictures() == picture).all()


def test_a_saved_picture_is_the_picture_with_larger_pixels(opened):
    picture = opened.draw("A blue  fish?", 8)
    with opened.page.expect_download() as download:
        opened.page.click("#save")
    assert download.value.suggested_filename == "a-blue-fish--8-0.png"
    saved = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    pixels = torch.tensor(np.asarray(saved.convert("RGB")))
    assert pixels.shape == (512, 512, 3)
    assert (pixels[4::8, 4::8].movedim(2, 0) == picture[0]).all()


@pytest.mark.parametrize(
    ("prompt", "remark"),
    [
        ("a green frog on stilts", ""),
        ("a red glorbax", "Words that it may not know: glorbax."),
        (" ", "An empty prompt asks for nothing: any picture will do."),
        ("frog, " * 60, "The prompt is long: its end is not read."),
    ],
)
def test_a_remark_says_what_it_will_not_follow(opened, prompt, remark):
    opened.page.fill("#prompt", prompt)
    assert opened.page.inner_text("#remark") == remark


@pytest.mark.parametrize("seed", ["", "-1", "two"])
def test_a_seed_that_is_no_number_draws_nothing(opened, seed):
    before = opened.draw("a frog", 0)
    opened.page.fill("#seed", seed)
    opened.page.click("#draw")
    assert opened.page.eval_on_selector("#seed", "seed => !seed.validity.valid")
    assert (opened.pictures() == before).all()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(chromium, folder, width):
    size = {"width": width, "height": 800}
    opened = Opened(chromium, from_folder(folder), viewport=size)
    opened.wait("Done")
    wide = "document.documentElement.scrollWidth"
    assert opened.page.evaluate(wide) <= width


def test_a_missing_file_is_named_in_a_sentence(chromium, folder, tmp_path):
    for file in folder.iterdir():
        if file.name != "weights-1.js":
            (tmp_path / file.name).symlink_to(file)
    opened = Opened(chromium, from_folder(tmp_path))
    assert "copy the whole folder" in opened.wait("weights-1.js is missing")
