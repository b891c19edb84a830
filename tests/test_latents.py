"""Latents: a picture set compressed once, and a painter that draws in them."""

from dataclasses import replace

import pytest
import torch
from test_layers import shaken
from test_pipeline_text import PROMPTS, make_painter

from course_lib.checkpoint import CheckpointError, load_weights, save_weights
from course_lib.diffusion.editing import image_to_image, inpaint
from course_lib.networks.autoencoder import Autoencoder, encoder_digest
from course_lib.painters.painter import calls_of
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.training.latents import BATCH, compress
from course_lib.world.datasets import PictureSet


def make_autoencoder(seed: int) -> Autoencoder:
    model = shaken(Autoencoder(widths=(8, 8), z_channels=2)).requires_grad_(False)
    model.encoder[-1].bias += seed
    return model.half().float().eval()  # as it is after saving


@pytest.fixture(scope="module")
def autoencoder():
    return make_autoencoder(seed=0)


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    some = torch.randint(0, 256, (BATCH + 3, 3, 16, 16), dtype=torch.uint8)
    labels = torch.arange(len(some)) % 2 + 1
    return PictureSet("noise", some, labels, ("nothing", "a", "b"))


@pytest.fixture
def painter(autoencoder):
    painter = make_painter(channels=2)
    space = dict(autoencoder="autoencoder", latent_scale=0.5)
    space |= dict(encoder_sha256=encoder_digest(autoencoder))
    return replace(painter, card=painter.card | space, autoencoder=autoencoder)


def test_latents_are_the_middles_of_the_clouds_with_a_spread_of_one(
    pictures, autoencoder
):
    latents = compress(pictures, autoencoder)
    assert len(latents) == len(pictures)
    z_0, labels = latents[torch.arange(len(latents))]
    assert z_0.shape == (BATCH + 3, 2, 4, 4) and abs(z_0.std() - 1) < 0.01
    assert torch.equal(labels, pictures.labels)
    last = from_bytes(pictures.pictures[-1:])
    with torch.no_grad():
        mu, _ = autoencoder.encode(last)
    torch.testing.assert_close(z_0[-1:], mu * latents.scale, atol=0.01, rtol=0.01)


def test_pictures_are_compressed_once_for_each_autoencoder(pictures, autoencoder):
    first = compress(pictures, autoencoder)
    changed = replace(pictures, labels=pictures.labels.flip(0))
    assert torch.equal(compress(changed, autoencoder).mu, first.mu)  # from the cache
    other = compress(pictures, make_autoencoder(seed=1))
    assert not torch.equal(other.mu, first.mu)


def test_a_painter_of_latents_draws_pictures_by_the_same_call(painter):
    pictures = painter(PROMPTS, steps=2)
    assert pictures.shape == (2, 3, 16, 16)
    assert -1 <= pictures.min() and pictures.max() <= 1
    *_, last = painter.trace(PROMPTS, steps=2)
    assert last.x_0_hat.shape == (2, 2, 4, 4)
    assert torch.equal(painter.decode(last.x_0_hat), pictures)


def test_latents_are_guided_in_the_middle_only_unless_a_scale_is_said(painter):
    painter = replace(painter, card=painter.card | dict(T=1000))
    looked = []
    hook = painter.model.register_forward_hook(lambda m, x, y: looked.append(len(y)))
    painter(["a cat"], steps=8)
    assert looked == [1, 2, 2, 2, 2, 1, 1, 1]
    painter(["a cat"], steps=2, guidance_scale=3)
    assert looked[8:] == [2, 2]
    hook.remove()
    for calls, steps in ((12, 8), (20, 13)):
        assert painter.way_within(calls) == painter.way(steps=steps)
        assert calls_of(painter.way(steps=steps), T=1000) == calls
    assert painter.way_within(20, guidance_scale=3).steps == 10


def test_a_way_can_be_looked_at(painter):
    way = list(painter.trace(PROMPTS, steps=2))
    seen = list(painter.as_pictures(way))
    assert [step.t for step in seen] == [step.t for step in way]
    assert seen[0].x_t.shape == seen[-1].x_0_hat.shape == (2, 3, 16, 16)
    assert torch.equal(seen[-1].x_0_hat, painter(PROMPTS, steps=2))


def test_latents_are_not_clamped_as_pictures_are(painter):
    how = dict(steps=3, guidance_scale=9.0)
    clamped = painter.trace(PROMPTS, clamp_x_0=True, **how)
    free = painter.trace(PROMPTS, clamp_x_0=False, **how)
    pairs = list(zip(clamped, free, strict=True))
    assert all(torch.equal(one.x_t, other.x_t) for one, other in pairs)
    assert pairs[-1][0].x_0_hat.abs().max() > 1


def test_encode_and_decode_meet_at_the_scale_of_the_card(painter, autoencoder):
    pictures = torch.rand(2, 3, 16, 16) * 2 - 1
    with torch.no_grad():
        mu, _ = autoencoder.encode(pictures)
        again = autoencoder.decode(mu).clamp(-1, 1)
    torch.testing.assert_close(painter.encode(pictures), mu * 0.5)
    torch.testing.assert_close(painter.decode(painter.encode(pictures)), again)


def test_a_saved_painter_of_latents_brings_its_autoencoder(painter, tmp_path):
    painter.save_pretrained(tmp_path)
    again = TextToImage.from_pretrained(tmp_path)
    assert again.autoencoder is not None
    torch.testing.assert_close(
        again(PROMPTS, steps=2), painter(PROMPTS, steps=2), atol=0.02, rtol=0
    )


def test_a_missing_autoencoder_and_another_one_are_refused(
    painter, tmp_path, monkeypatch
):
    monkeypatch.setenv("COURSE_WEIGHTS", str(tmp_path / "none"))
    painter.save_pretrained(tmp_path)
    inside = tmp_path / "autoencoder"
    _, card = load_weights(inside)
    save_weights(inside, make_autoencoder(seed=5).state_dict(), card)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="latents of another") as error:
        TextToImage.from_pretrained(tmp_path)
    assert str(error.value).count(str(inside)) == 1  # said once, as a whole path
    (inside / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="than any that is here"):
        TextToImage.from_pretrained(tmp_path)


def test_its_own_autoencoder_is_found_beside_others(painter, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WEIGHTS", str(tmp_path / "none"))
    kept = tmp_path / "mine" / "at-5"  # as a training keeps weights of half way
    painter.save_pretrained(tmp_path / "mine")
    save_weights(kept, painter.model.state_dict(), painter.card)
    _, card = load_weights(tmp_path / "mine" / "autoencoder")
    for place in (kept, tmp_path):
        other = make_autoencoder(seed=5).state_dict()
        save_weights(place / "autoencoder", other, card)
    for folder in (tmp_path / "mine", kept):
        found = TextToImage.from_pretrained(folder).autoencoder
        assert encoder_digest(found) == painter.card["encoder_sha256"]


def test_editing_goes_through_latents(painter):
    pictures = torch.rand(2, 3, 16, 16) * 2 - 1
    changed = image_to_image(painter, pictures, PROMPTS, strength=0.5, steps=2)
    assert changed.shape == pictures.shape
    mask = torch.zeros(16, 16, dtype=torch.bool)
    mask[5:9, 6:] = True
    filled = inpaint(painter, pictures, mask, PROMPTS, steps=2, again=1)
    assert torch.equal(filled[..., ~mask], pictures[..., ~mask])
    assert not torch.equal(filled[..., mask], pictures[..., mask])


def test_another_size_is_drawn_with_a_remark_and_an_impossible_one_refused(painter):
    assert painter(PROMPTS, steps=2, size=32).shape == (2, 3, 32, 32)
    said = painter.remarks(["a cat"], size=32)
    assert any("learned pictures of 16x16" in sentence for sentence in said)
    assert any("doubled" in sentence for sentence in said)
    assert not any("learned pictures" in s for s in painter.remarks(["a cat"], size=16))
    with pytest.raises(ValueError, match="divisible by 16 here; got 20x16"):
        painter.encode(torch.zeros(1, 3, 20, 16))
    with pytest.raises(ValueError, match="One of a batch: pictures"):
        painter.encode(torch.zeros(3, 16, 16))
    for size in (0, 20, -16):
        with pytest.raises(ValueError, match="must be a multiple of 16"):
            painter(PROMPTS, steps=2, size=size)


@pytest.mark.parametrize("missing", ["latent_scale", "schedule", "merges", "config"])
def test_a_card_of_another_version_gets_a_sentence(painter, tmp_path, missing):
    card = {name: x for name, x in painter.card.items() if name != missing}
    replace(painter, card=card).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="another version of this course"):
        TextToImage.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (dict(latent_scale=0), "latent_scale 0 is not a number above 0"),
        (dict(latent_scale=float("nan")), "latent_scale nan is not"),
        (dict(latent_scale="x"), "latent_scale 'x' is not"),
        (dict(size=0), "size 0 is not a whole number"),
        (dict(size="x"), "size 'x' is not a whole number"),
        (dict(autoencoder=None), "autoencoder None is not the plain name of a folder"),
    ],
)
def test_a_card_with_odd_numbers_gets_a_sentence(painter, tmp_path, changes, words):
    painter.save_pretrained(tmp_path)
    card = painter.card | changes
    save_weights(tmp_path, painter.model.state_dict(), card)
    with pytest.raises(CheckpointError, match=words):
        TextToImage.from_pretrained(tmp_path)


@pytest.mark.parametrize("widths", [[], [-8, 16]])
def test_a_card_of_an_impossible_network_gets_a_sentence(painter, tmp_path, widths):
    config = painter.card["config"]
    config = config | {"unet": config["unet"] | {"widths": widths}}
    replace(painter, card=painter.card | {"config": config}).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"config.unet.widths \[.* is not a list"):
        TextToImage.from_pretrained(tmp_path)


def test_latents_without_an_autoencoder_are_no_pictures(painter, tmp_path):
    card = {name: x for name, x in painter.card.items() if name != "autoencoder"}
    save_weights(tmp_path, painter.model.state_dict(), card)
    with pytest.raises(
        CheckpointError, match="2 channels are drawn, .* a picture of 3"
    ):
        TextToImage.from_pretrained(tmp_path)


def test_latents_with_holes_are_refused(painter):
    with pytest.raises(FloatingPointError, match="not finite"):
        painter.decode(torch.full((1, 2, 4, 4), torch.nan))
