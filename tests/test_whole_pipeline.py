"""An exported painter draws in diffusers what it draws here."""

import json
from dataclasses import replace

import pytest
import torch
from diffusers import DiffusionPipeline
from torch import nn

from course_lib.networks.autoencoder import Autoencoder
from course_lib.networks.new_words import add_rows
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import Tokenizer, train_tokenizer
from course_lib.painters import in_diffusers
from course_lib.painters.carried import carried
from course_lib.painters.export import write
from course_lib.painters.pipeline import TextToImage
from course_lib.painters.whole_pipeline import pipeline_parts

TEXTS = ["a frog on stilts", "Two  RED cats, at night!", "a zorp and zorps"]


@pytest.fixture(autouse=True)
def own_modules(tmp_path, monkeypatch):
    """Let diffusers keep the code that it loads in a folder of the test's own."""
    where = "diffusers.utils.dynamic_modules_utils.HF_MODULES_CACHE"
    monkeypatch.setattr(where, str(tmp_path / "modules"))


def painter(latents: bool, word: bool = False, target: str = "v") -> TextToImage:
    """A painter with numbers everywhere: a fresh one has zeros that hide much."""
    tokenizer = train_tokenizer(TEXTS * 2, merges=20)
    torch.manual_seed(0)
    text = dict(vocabulary=len(tokenizer), length=12, width=16, blocks=1)
    unet = dict(widths=(8, 16), blocks=1, channels=4 if latents else 3, refine=8)
    model = TextUNet(text, unet | dict(fold=1 if latents else 2))
    coder = Autoencoder((8, 16)) if latents else None
    for module in filter(None, (model, coder)):
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.1)
        module.eval()
    card = dict(kind="text denoiser", config=model.config, merges=tokenizer.merges)
    card |= dict(schedule="straight line", T=1000, target=target, size=16)
    card |= dict(latent_scale=2.5, autoencoder="autoencoder") if latents else {}
    if word:
        add_rows(model.text_encoder, torch.randn(1, 16))
        tokenizer = Tokenizer(tokenizer.merges, ["zorp"])
    return TextToImage(model, tokenizer, card, coder)


def exported(draw: TextToImage, folder):
    for part in pipeline_parts(draw):
        write(part, folder)
    return DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)


@pytest.mark.parametrize("latents", [True, False])
def test_the_pipeline_draws_the_same_pictures(tmp_path, latents):
    draw = painter(latents, word=latents)
    pipe = exported(draw, tmp_path / "exported")
    found = pipe(TEXTS, seed=4, output_type="pt").images
    torch.testing.assert_close(found, draw(TEXTS, seed=4), atol=1e-4, rtol=0)
    how = dict(guidance_scale=2.0, sampler="dpm_solver_sde", negative_prompt="a cat")
    found = pipe(TEXTS, num_inference_steps=3, output_type="pt", **how).images
    torch.testing.assert_close(found, draw(TEXTS, steps=3, **how), atol=1e-4, rtol=0)
    (alone,) = pipe(TEXTS[0]).images
    assert alone.size == (16, 16)


def test_each_network_computes_the_same_tensors(tmp_path):
    draw = painter(latents=True, word=True)
    pipe = exported(draw, tmp_path / "exported")
    x_t, t = torch.randn(3, 4, 4, 4), torch.tensor([1, 500, 1000])
    with torch.no_grad():
        text_emb = draw.read(TEXTS)
        found = pipe.read(tuple(TEXTS))
        torch.testing.assert_close(found, text_emb, atol=1e-4, rtol=0)
        found = pipe.unet(x_t, t, text_emb)
        torch.testing.assert_close(found, draw.unet(x_t, t, text_emb))
        found = pipe.vae.decode(x_t)
        torch.testing.assert_close(found, draw.autoencoder.decode(x_t))
        pictures = torch.rand(2, 3, 16, 16)
        for ours, theirs in zip(
            draw.autoencoder.encode(pictures), pipe.vae.encode(pictures), strict=True
        ):
            torch.testing.assert_close(theirs, ours)


def test_nothing_of_the_course_is_needed_there():
    for name in ("CritterUNet", "CritterAutoencoder", "CritterPipeline"):
        code = carried(in_diffusers.__name__, name)
        lines = [line.strip() for line in code.splitlines()]
        assert not [x for x in lines if x.startswith(("from course", "import course"))]
        compile(code, name, "exec")


def test_whoever_loads_it_must_say_that_it_runs_code(tmp_path):
    exported(painter(latents=False), tmp_path / "exported")
    with pytest.raises(ValueError, match="trust_remote_code"):
        DiffusionPipeline.from_pretrained(tmp_path / "exported")


def test_the_usual_way_goes_along(tmp_path):
    draw = painter(latents=True)
    exported(draw, tmp_path)
    index = json.loads((tmp_path / "model_index.json").read_text())
    assert index["sampler"] == draw.usual.sampler
    assert index["guidance_scale"] == draw.usual.guidance_scale


def test_a_steered_painter_is_not_exported():
    draw = painter(latents=True)
    with pytest.raises(ValueError, match="leave it out"):
        pipeline_parts(replace(draw, model=nn.Sequential(draw.model)))
