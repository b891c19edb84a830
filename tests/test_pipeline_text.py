"""From a prompt to a picture, with a network small enough to run at once."""

from dataclasses import replace

import pytest
import torch

from course_lib.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import train_tokenizer
from course_lib.painters.painter import read_each_once
from course_lib.painters.pipeline import LabelToImage, TextToImage
from course_lib.painters.rewriting import remark_on_words, rewrite

PROMPTS = ["a frog on stilts", "a cat"]


def make_painter(channels: int = 3, length: int = 24) -> TextToImage:
    torch.manual_seed(0)
    tokenizer = train_tokenizer(PROMPTS * 2, merges=20)
    text = dict(vocabulary=len(tokenizer), length=length, width=16, blocks=1)
    unet = dict(widths=(8, 16), blocks=1, channels=channels)
    model = TextUNet(text, unet).eval()
    for parameter in model.parameters():
        if parameter.ndim > 1 and not parameter.any():  # a fresh network says only 0
            torch.nn.init.normal_(parameter, std=0.2)
    card = dict(kind="text denoiser", config=model.config, merges=tokenizer.merges)
    card |= dict(schedule="straight line", T=100, target="v", size=16)
    return TextToImage(model, tokenizer, card, None, rewrite, remark_on_words)


@pytest.fixture(scope="module")
def painter():
    return make_painter()


def test_a_prompt_becomes_a_picture(painter):
    pictures = painter(PROMPTS, steps=3)
    assert pictures.shape == (2, 3, 16, 16)
    assert -1 <= pictures.min() and pictures.max() <= 1
    other = painter(PROMPTS[::-1], steps=3)
    assert not torch.equal(pictures[0], other[0])


def test_a_prompt_alone_draws_what_it_draws_in_a_batch(painter):
    together = painter([*PROMPTS, "a frog in a far longer prompt"], steps=3)
    alone = painter(PROMPTS, steps=3, batch_size=1)
    assert (together[:2] - alone).abs().max() < 1 / 255


def test_the_seed_decides_and_a_generator_gives_one(painter):
    def stream(seed):
        return torch.Generator().manual_seed(seed)

    assert torch.equal(painter(PROMPTS, steps=2, seed=3), painter(PROMPTS, 2, 3.0, 3))
    again = [painter(PROMPTS, steps=2, generator=stream(s)) for s in (1, 1, 2)]
    assert torch.equal(again[0], again[1]) and not torch.equal(again[0], again[2])


def test_an_empty_prompt_tells_nothing_so_guidance_does_nothing(painter):
    plain = painter([""], steps=2, guidance_scale=1)
    torch.testing.assert_close(painter([""], steps=2, guidance_scale=7), plain)


def test_a_negative_prompt_changes_the_picture_unless_guidance_is_1(painter):
    def drawn(scale, negative):
        how = dict(steps=2, guidance_scale=scale, negative_prompt=negative)
        return painter(["a frog"], **how)

    assert not torch.equal(drawn(3, ""), drawn(3, "a cat"))
    torch.testing.assert_close(drawn(1, ""), drawn(1, "a cat"))


@pytest.mark.parametrize(
    "prompt", ["A FROG", "  a   frog "], ids=["upper case", "spaces"]
)
def test_case_and_spaces_do_not_matter(painter, prompt):
    assert torch.equal(painter([prompt], steps=2), painter(["a frog"], steps=2))


@pytest.mark.parametrize("prompt", ["カエル 🐸", "\x00\x1b", "frog " * 10_000])
def test_no_prompt_fails(painter, prompt):
    assert painter([prompt], steps=1).isfinite().all()


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("frog " * 100, "cut after 22 tokens"),
        ("an astronaut", "in no caption of the training: astronaut."),
        ("x1 x2 x3 x4 x5 x6 x7", "x5 and 2 more."),
        ("  ", "asks for nothing"),
    ],
)
def test_what_cannot_be_followed_is_said(painter, prompt, sentence):
    assert len(painter.remarks([prompt, "a frog"])) == 1
    assert sentence in painter.remarks([prompt, "a frog"])[0]


def test_a_plain_prompt_needs_no_remark(painter):
    assert painter.remarks(["a frog on stilts"]) == []


def test_it_survives_the_way_through_a_folder(painter, tmp_path):
    painter.save_pretrained(tmp_path)
    again = TextToImage.from_pretrained(tmp_path)
    assert (painter(PROMPTS, steps=2) - again(PROMPTS, steps=2)).abs().max() < 0.02


def test_weights_of_another_kind_or_tokenizer_are_refused(painter, tmp_path):
    painter.save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="text denoiser"):
        LabelToImage.from_pretrained(tmp_path)
    tensors, card = load_checkpoint(tmp_path / "model.safetensors")
    card["merges"] = card["merges"][:-1]
    save_checkpoint(tmp_path / "model.safetensors", tensors, card)
    with pytest.raises(CheckpointError, match="another tokenizer"):
        TextToImage.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("prompts", "settings", "sentence"),
    [
        ("a frog", {}, "a list of texts"),
        ([], {}, "Nothing was asked"),
        (["a frog"], dict(steps=0), "must lie in 1..100"),
        (["a frog"], dict(guidance_scale=float("nan")), "finite"),
        (["a frog"], dict(sampler="magic"), "must be one of"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(painter, prompts, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        painter(prompts, **settings)


# Prepared once, then drawn ---------------------------------------------------------


def test_what_is_asked_64_times_is_rewritten_and_encoded_once(painter, monkeypatch):
    rewritten, encoded = [], []

    def noted(prompt):
        rewritten.append(prompt)
        return rewrite(prompt)

    hook = painter.model.text_encoder.register_forward_hook(
        lambda encoder, given, out: encoded.append(len(given[0]))
    )
    replace(painter, rewrite=noted)(["a frog", "a cat"] * 32, steps=1, batch_size=16)
    hook.remove()
    assert sorted(rewritten) == ["", "a cat", "a frog"]  # "" is what is led away from
    assert encoded == [3]


@pytest.mark.parametrize("texts", [["a cat"], [""] * 3, ["a cat", "a frog"] * 9])
def test_encoded_once_or_often_the_bits_are_the_same(painter, texts):
    for negative in ("", "a cat"):
        once = read_each_once(painter.read, tuple(texts), negative)
        assert torch.equal(once, painter.read([*texts, negative]))


def test_a_batch_is_as_long_as_its_own_longest_prompt(painter):
    """Not as the longest of all that is asked, which would change the last bits."""
    texts = ["a cat", "a frog", "a frog on stilts beside a cat", "a cat"]
    lengths = []
    hook = painter.model.unet.register_forward_hook(
        lambda unet, given, out: lengths.append(given[2].shape[1])
    )
    painter(texts, steps=1, batch_size=2)
    hook.remove()
    alone = [painter.read([*pair, ""]).shape[1] for pair in (texts[:2], texts[2:])]
    assert lengths == alone and alone[0] < alone[1]


def test_remarks_and_drawing_follow_from_what_is_prepared(painter):
    how = dict(steps=3, guidance_scale=2.0, negative_prompt="a hat", size=32)
    prompts = ["a gren frog with a hat", "a dragon"]
    prepared = painter.prepare(prompts, **how)
    assert prepared.asked == tuple(prompts) and prepared.negative == "a hat hat"
    assert prepared.read == ("a green frog with a hat hat", "a dragon")
    assert prepared.shape == (3, 32, 32) and prepared.way == painter.way(2.0, steps=3)
    assert painter.remarks_on(prepared) == painter.remarks(prompts, size=32)
    drawn = painter(prompts, seed=4, **how)
    assert torch.equal(painter.paint(prepared, seed=4), drawn)
    assert torch.equal(
        list(painter.trace(prompts, seed=4, **how))[-1].x_0_hat.clamp(-1, 1), drawn
    )
    turns = painter.paint(prepared.in_turns(3), seed=4)
    assert (turns[:2] - drawn).abs().max() < 1 / 255 and len(turns) == 3


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (dict(prompts="a frog"), "a list of texts"),
        (dict(prompts=[]), "Nothing was asked"),
        (dict(steps=0), "must lie in 1..100"),
        (dict(guidance_scale=float("nan")), "finite"),
        (dict(sampler="magic"), "must be one of"),
        (dict(size=7), "must be a multiple of"),
    ],
)
def test_what_cannot_be_drawn_is_refused_when_it_is_prepared(
    painter, settings, sentence, monkeypatch
):
    monkeypatch.setattr(painter.model, "forward", None)  # would fail
    monkeypatch.setattr(painter.model, "read", None)
    with pytest.raises(ValueError, match=sentence):
        painter.prepare(**(dict(prompts=["a frog"]) | settings))
