"""Stable Diffusion beside ours: counted, not quoted."""

import pytest
import torch
from diffusers import UNet2DConditionModel
from test_whole_pipeline import painter

from course_lib.painters import beside, bill
from course_lib.painters.beside import (
    TEXT,
    TINY,
    UNET,
    VAE,
    HubError,
    our_boxes,
    side_by_side,
    stable_diffusion_boxes,
    their_boxes,
    tiny_pipeline,
)


def test_the_tiny_pipeline_runs_every_step_offline():
    pipe = tiny_pipeline()
    pipe.set_progress_bar_config(disable=True)
    images = pipe("a frog on stilts", num_inference_steps=2, output_type="pt").images
    assert images.shape == (1, 3, 64, 64) and images.isfinite().all()
    boxes = {TEXT: pipe.text_encoder, UNET: pipe.unet, VAE: pipe.vae}
    text, unet, vae = their_boxes(boxes, side=8, length=77)
    assert (text.takes, text.gives) == ("77", "77x32")
    assert unet.takes == unet.gives == "4x8x8" and vae.gives == "3x64x64"


def test_the_real_sizes_are_those_that_everybody_knows():
    """859.5, 123.1 and 83.7 million; no weight is made or fetched."""
    counts = {box.name: box.parameters for box in stable_diffusion_boxes()}
    assert counts == {TEXT: 123_060_480, UNET: 859_520_964, VAE: 83_653_863}


def test_a_row_for_each_box():
    own = our_boxes(painter(latents=True))
    rows = side_by_side(own, own).splitlines()
    assert len(rows) == 5 and all(row.count("|") == 6 for row in rows)
    assert "`UNet` 4x4x4 → 4x4x4" in rows[3]
    pixels = our_boxes(painter(latents=False))
    assert "none: it draws pixels" in side_by_side(pixels, own)


def test_without_the_hub_there_is_a_sentence(monkeypatch):
    def refuse(*given, **named):
        raise OSError("no network")

    monkeypatch.setattr("transformers.CLIPTextConfig.from_pretrained", refuse)
    monkeypatch.setattr("diffusers.StableDiffusionPipeline.from_pretrained", refuse)
    for ask in (beside.parameters_on_hub, beside.real_pipeline):
        with pytest.raises(HubError, match="cannot be reached"):
            ask()


def test_the_hub_is_asked_at_one_commit(monkeypatch):
    from transformers import CLIPTextConfig

    asked = []

    def settings(model, subfolder, revision):
        asked.append((model, subfolder, revision))
        return {"block_out_channels": (32, 64)} if subfolder == "unet" else {}

    width = CLIPTextConfig(hidden_size=32, num_hidden_layers=1, vocab_size=60)

    def text(model, subfolder, revision):
        asked.append((model, subfolder, revision))
        return width

    monkeypatch.setattr(UNet2DConditionModel, "load_config", settings)
    monkeypatch.setattr("diffusers.AutoencoderKL.load_config", settings)
    monkeypatch.setattr(
        UNet2DConditionModel, "from_config", lambda x: torch.nn.Linear(2, 3)
    )
    monkeypatch.setattr("transformers.CLIPTextConfig.from_pretrained", text)
    found = beside.parameters_on_hub()
    assert found[UNET] == 9 and {each[2] for each in asked} == {beside.REVISION}


# The bill -----------------------------------------------------------------------


def test_a_bill_counts_learning_three_times_and_looking_once(monkeypatch):
    monkeypatch.setattr(bill, "FULL", TINY)
    small, large = bill.gigaflops_of_a_picture(64), bill.gigaflops_of_a_picture(128)
    assert small[TEXT] == large[TEXT]  # the caption is as long
    assert 3.5 < large[VAE] / small[VAE] < 6 and large[UNET] > 3.5 * small[UNET]
    whole = bill.stable_diffusion_bill()
    seen = sum(iterations for iterations, _ in bill.STAGES) * bill.BATCH
    assert whole.pictures == seen
    assert whole.seconds(2.0) == whole.gigaflops / 2


def test_our_own_bill_is_in_proportion():
    draw = painter(latents=True)
    one, two = (bill.our_bill(draw, n, batch_size=8) for n in (100, 200))
    assert two.gigaflops == pytest.approx(2 * one.gigaflops)
    assert two.pictures == 1600 and bill.speed_of(draw, batch_size=2) > 0
    lines = bill.bill_lines(two, 50.0, one)
    assert "as much as 2 trainings" in lines[-1]
