"""What is written is read back by diffusers, and computes the same tensors to 1e-4.

What a pipeline takes from transformers (text encoder, tokenizer) is read by it, too.
"""

import json
import sys

import pytest
import torch
import torch.nn.functional as F
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import Attention as TheirAttention
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.resnet import ResnetBlock2D
from safetensors.torch import load_file
from test_samplers import CIRCLES, SHAPE, fake_network, velocity
from tokenizers import Tokenizer as FastTokenizer
from torch import nn
from transformers import AutoTokenizer, PreTrainedTokenizerFast, SiglipTextModel

from course_lib.checkpoint import load_weights
from course_lib.diffusion.objective import predictor
from course_lib.diffusion.samplers import (
    PictureNoise,
    choose_steps,
    ddim,
    ddpm,
    dpm_solver,
    euler,
    last_step,
)
from course_lib.diffusion.schedule import straight_line
from course_lib.networks.autoencoder import Autoencoder
from course_lib.networks.layers import (
    Attention,
    CrossAttention,
    ImageBlock,
    ResidualBlock,
    time_embedding,
)
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import Tokenizer, tidy, tokenizer_of, train_tokenizer
from course_lib.networks.unet import UNet
from course_lib.painters.export import (
    letters,
    parts_of,
    scheduler_part,
    tokenizer_part,
    write,
)

STEPS = 10
TEXTS = [
    "a frog on stilts",
    "  A RED cat,\tat night!!  ",
    "",
    "don't -- 日本語 🐸 é e\u0301 ½ x_y \x1c İ",
    "a very big umbrella " * 20,
]


def close(found, expected) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def filled(module: nn.Module) -> nn.Module:
    """The same module with numbers everywhere: a fresh one has zeros that hide much."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, mean=0.05, std=0.3)
    return module.eval()


Layer = tuple[torch.Tensor, torch.Tensor]  # weight and bias


def layer(module: nn.Module) -> Layer:
    """What it learned; a 1x1 convolution as the linear layer that it is."""
    one_by_one = isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)
    return module.weight.flatten(1) if one_by_one else module.weight, module.bias


def cut(module: nn.Module, parts: int) -> list[Layer]:
    """A layer that computes several things at once, as a layer for each."""
    return list(zip(*(x.chunk(parts) for x in layer(module)), strict=True))


def read_by(equal: nn.Module, layers: dict[str, Layer]) -> nn.Module:
    """A module of diffusers, filled with these layers; it has no others."""
    state = {
        f"{name}.{kind}": tensor
        for name, tensors in layers.items()
        for kind, tensor in zip(("weight", "bias"), tensors, strict=True)
    }
    equal.load_state_dict(state)
    return equal.eval()


# Schedulers -----------------------------------------------------------------------

on_each_circle = pytest.mark.parametrize("name", CIRCLES)
of_each_target = pytest.mark.parametrize("target", ["eps", "x_0", "v"])


def card_of(schedule: str, target: str, T: int = 1000, **more) -> dict:
    return dict(kind="denoiser", schedule=schedule, target=target, T=T, **more)


def read_scheduler(kind, card: dict, folder):
    """Export the scheduler of a card, and let diffusers read it."""
    write(scheduler_part(card), folder)
    return kind.from_pretrained(folder, subfolder="scheduler")


def x_T() -> torch.Tensor:
    return PictureNoise(seed=0, indices=range(2))(SHAPE)


def theirs(scheduler, offset: int, say=fake_network, **options) -> torch.Tensor:
    """The loop of every pipeline; `offset` turns its timestep into our t."""
    x_t = x_T()
    for timestep in scheduler.timesteps:
        t = torch.full((len(x_t),), round(timestep.item()) + offset)
        x_t = scheduler.step(say(x_t, t), timestep, x_t, **options).prev_sample
    return x_t


def ours(sampler, schedule, target: str, clamp: bool, **options) -> torch.Tensor:
    predict = predictor(fake_network, schedule, target, clamp_x_0=clamp)
    return last_step(sampler(predict, x_T(), schedule, steps=STEPS, **options))


@on_each_circle
@of_each_target
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_exported_circle_is_our_dpm_solver(name, target, tmp_path):
    card = card_of(name, target)
    scheduler = read_scheduler(DPMSolverMultistepScheduler, card, tmp_path)
    scheduler.set_timesteps(STEPS)
    found = theirs(scheduler, offset=1)
    close(found, ours(dpm_solver, CIRCLES[name](1000), target, clamp=True))


@on_each_circle
@of_each_target
def test_the_exported_circle_is_our_ddim(name, target, tmp_path):
    scheduler = read_scheduler(DDIMScheduler, card_of(name, target), tmp_path)
    scheduler.set_timesteps(STEPS)
    found = theirs(scheduler, offset=1, use_clipped_model_output=True)
    close(found, ours(ddim, CIRCLES[name](1000), target, clamp=True))


@on_each_circle
def test_the_exported_circle_is_our_ddpm(name, tmp_path, monkeypatch):
    scheduler = read_scheduler(DDPMScheduler, card_of(name, "v"), tmp_path)
    scheduler.set_timesteps(STEPS)
    noise = PictureNoise(seed=1, indices=range(2))
    module = sys.modules[DDPMScheduler.__module__]
    monkeypatch.setattr(module, "randn_tensor", lambda shape, **_: noise(shape[1:]))
    again = PictureNoise(seed=1, indices=range(2))
    expected = ours(ddpm, CIRCLES[name](1000), "v", clamp=True, noise=again)
    close(theirs(scheduler, offset=1), expected)


@pytest.mark.parametrize("kind", [DDIMScheduler, DPMSolverMultistepScheduler])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_latents_are_not_clamped(kind, tmp_path):
    card = card_of("cosine", "v", autoencoder="autoencoder")
    scheduler = read_scheduler(kind, card, tmp_path)
    scheduler.set_timesteps(STEPS)
    sampler = ddim if kind is DDIMScheduler else dpm_solver
    found = theirs(scheduler, offset=1)
    close(found, ours(sampler, CIRCLES["cosine"](1000), "v", clamp=False))


@pytest.mark.parametrize("clamp", [False, True])
def test_the_exported_straight_line_is_our_euler(clamp, tmp_path):
    card = card_of("straight line", "v")
    scheduler = read_scheduler(FlowMatchEulerDiscreteScheduler, card, tmp_path)
    scheduler.set_timesteps(sigmas=[1 - i / STEPS for i in range(STEPS)])
    found = theirs(scheduler, offset=0, say=velocity(clamp))
    close(found, ours(euler, straight_line(1000), "v", clamp))


def test_a_shorter_line_is_walked_by_its_own_steps(tmp_path):
    card = card_of("straight line", "v", T=100)
    scheduler = read_scheduler(FlowMatchEulerDiscreteScheduler, card, tmp_path)
    scheduler.set_timesteps(sigmas=[1 - i / STEPS for i in range(STEPS)])
    found = theirs(scheduler, offset=0)
    close(found, ours(euler, straight_line(100), "v", clamp=False))


@pytest.mark.parametrize("clamp", [False, True])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_exported_straight_line_is_our_dpm_solver_but_for_its_first_step(
    clamp, tmp_path
):
    """Theirs spreads its steps from 1 - 1 / T down: ours does if told where to start.

    9 divides 999, so both have the same steps, to the last digit of a float.
    """
    write(scheduler_part(card_of("straight line", "v")), tmp_path)
    scheduler = DPMSolverMultistepScheduler.from_pretrained(
        tmp_path,
        subfolder="scheduler",
        use_flow_sigmas=True,
        prediction_type="flow_prediction",
        thresholding=clamp,
    )
    scheduler.set_timesteps(9)
    x_t = x_T()
    for t, timestep in zip(
        choose_steps(1000, 9, 999)[:-1], scheduler.timesteps, strict=True
    ):
        assert abs(t - timestep) <= 1  # theirs are cut to whole numbers, not rounded
        said = fake_network(x_t, torch.full((2,), t))
        x_t = scheduler.step(said, timestep, x_t).prev_sample
    predict = predictor(fake_network, straight_line(1000), "v", clamp_x_0=clamp)
    way = dpm_solver(predict, x_T(), straight_line(1000), steps=9, start=999)
    close(x_t, last_step(way))


def test_the_straight_line_with_another_target_has_no_equal():
    part = scheduler_part(card_of("straight line", "x_0"))
    assert part.equal is None and "take v" in part.note


# Text: encoder and tokenizer ------------------------------------------------------


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """The shipped weights that take prompts: tensors, card, and what is exported."""
    folder = tmp_path_factory.mktemp("words")
    tensors, card = load_weights("words")
    for part in parts_of(tensors, card):
        write(part, folder)
    encoder = TextEncoder(**card["config"]["text"])
    inside = {n: x for n, x in tensors.items() if n.startswith("text_encoder.")}
    encoder.load_state_dict({n.partition(".")[2]: x for n, x in inside.items()})
    tokens = tokenizer_of(card).batch([tidy(text) for text in TEXTS], 40)
    return folder, encoder.eval(), tokens


@torch.no_grad()
def test_blocks_of_diffusers_read_the_exported_text_encoder(words):
    folder, encoder, tokens = words
    state = load_file(folder / "text_encoder" / "model.safetensors")
    config = json.loads((folder / "text_encoder" / "config.json").read_text())

    def at(name: str) -> dict:
        start = f"text_model.{name}."
        return {n.removeprefix(start): x for n, x in state.items() if start in n}

    mask = tokens != config["pad_token_id"]
    h = F.embedding(tokens, at("embeddings.token_embedding")["weight"])
    h = h + at("embeddings.position_embedding")["weight"][: tokens.shape[1]]
    width, heads = config["hidden_size"], config["num_attention_heads"]
    for i in range(config["num_hidden_layers"]):
        block = BasicTransformerBlock(
            *(width, heads, width // heads),
            attention_bias=True,
            activation_fn="gelu",
            norm_eps=config["layer_norm_eps"],
        )
        here = at(f"encoder.layers.{i}")
        renamed = {
            "layer_norm1": "norm1",
            "self_attn.q_proj": "attn1.to_q",
            "self_attn.k_proj": "attn1.to_k",
            "self_attn.v_proj": "attn1.to_v",
            "self_attn.out_proj": "attn1.to_out.0",
            "layer_norm2": "norm3",
            "mlp.fc1": "ff.net.0.proj",
            "mlp.fc2": "ff.net.2",
        }
        block.load_state_dict(
            {
                f"{theirs}.{kind}": here[f"{name}.{kind}"]
                for name, theirs in renamed.items()
                for kind in ("weight", "bias")
            }
        )
        hidden = torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)[:, None]
        h = block.eval()(h, attention_mask=hidden)
    last = at("final_layer_norm")
    h = F.layer_norm(h, (width,), last["weight"], last["bias"])
    close(h * mask[..., None], encoder(tokens))


@torch.no_grad()
def test_transformers_reads_the_exported_text_encoder(words):
    folder, encoder, tokens = words
    model, info = SiglipTextModel.from_pretrained(
        folder / "text_encoder", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"]
    mask = tokens != 0
    h = model(input_ids=tokens, attention_mask=mask.long()).last_hidden_state
    close(h * mask[..., None], encoder(tokens))


@pytest.mark.parametrize("kind", [AutoTokenizer, PreTrainedTokenizerFast])
@pytest.mark.parametrize("text", TEXTS)
def test_transformers_reads_the_exported_tokenizer(words, text, kind):
    folder, _, tokens = words
    read = kind.from_pretrained(folder / "tokenizer")
    found = read(text, padding="max_length", truncation=True)
    expected = tokens[TEXTS.index(text)]
    assert found["input_ids"] == expected.tolist()
    assert found["attention_mask"] == (expected != 0).long().tolist()


def test_the_exported_tokenizer_cuts_words_where_ours_does(tmp_path):
    e, accent = (3 + byte for byte in "e\u0301".encode()[:2])
    half, x = 3 + "½".encode()[0], 3 + ord("x")
    tokenizer = Tokenizer([(e, accent), (x, half)])  # one across pieces, one inside
    card = dict(merges=tokenizer.merges)
    card["config"] = {"text": {"vocabulary": len(tokenizer), "length": 8}}
    write(tokenizer_part(card), tmp_path)
    read = FastTokenizer.from_file(str(tmp_path / "tokenizer/tokenizer.json"))
    for text in ("e\u0301", "x½"):
        assert read.encode(text).ids == tokenizer.batch([text], 8)[0].tolist()


def test_the_exported_tokenizer_spells_each_token_once(words):
    file = words[0] / "tokenizer" / "tokenizer.json"
    model = json.loads(file.read_text("utf-8"))["model"]
    vocabulary = model["vocab"]
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    made = [vocabulary[a + b] for a, b in model["merges"]]
    assert made == list(range(259, len(vocabulary)))


def test_each_byte_has_a_letter_of_its_own():
    assert len(set(letters().values())) == 256 and letters()[ord("a")] == "a"
    assert all(letter.isprintable() and letter != " " for letter in letters().values())


def test_a_tokenizer_with_two_tokens_of_one_spelling_has_no_equal():
    a, b, c = (3 + byte for byte in b"abc")
    twice = Tokenizer([(a, b), (b, c), (259, c), (a, 260)])  # ab+c and a+bc
    card = dict(merges=twice.merges)
    card["config"] = {"text": {"vocabulary": len(twice), "length": 8}}
    assert tokenizer_part(card).equal is None
    merges = train_tokenizer(["abc abc"]).merges
    card = dict(merges=merges)
    card["config"] = {"text": {"vocabulary": 259 + len(merges), "length": 8}}
    assert tokenizer_part(card).equal


# Block by block: the U-Net and the autoencoder have no equal, their pieces have ----


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def norms_and_convolutions(block: nn.Module) -> dict[str, Layer]:
    """Those of one of our blocks, by their names in a ResnetBlock2D."""
    names = ("norm_1", "conv_1", "norm_2", "conv_2")
    return {n.replace("_", ""): layer(block.get_submodule(n)) for n in names}


@torch.no_grad()
def test_our_residual_block_is_their_resnet_block_that_scales_and_shifts():
    block, heard = filled(ResidualBlock(16, vec_width=12)), random(2, 12)
    equal = ResnetBlock2D(
        in_channels=16,
        temb_channels=12,
        groups=8,
        eps=1e-5,
        time_embedding_norm="scale_shift",
    )
    layers = norms_and_convolutions(block)
    equal = read_by(equal, layers | {"time_emb_proj": layer(block.scale_and_shift)})
    x = random(2, 16, 6, 6)
    close(equal(x, heard), block(x, F.silu(heard)))  # theirs applies the silu itself


@torch.no_grad()
def test_our_image_block_is_their_resnet_block_told_nothing():
    block = filled(ImageBlock(16))
    equal = ResnetBlock2D(in_channels=16, temb_channels=None, groups=8, eps=1e-5)
    x = random(2, 16, 6, 6)
    close(read_by(equal, norms_and_convolutions(block))(x, None), block(x))


def their_attention(told: int | None) -> nn.Module:
    """Attention of 16 channels and 4 heads, to itself or to `told` numbers a token."""
    options = dict(heads=4, dim_head=4, norm_num_groups=8, bias=True)
    return TheirAttention(16, told, **options, residual_connection=True)


@torch.no_grad()
def test_our_attention_is_theirs():
    block, x = filled(Attention(16, heads=4)), random(2, 16, 6, 6)
    names = ("to_q", "to_k", "to_v")
    layers = dict(zip(names, cut(block.to_query_key_value, 3), strict=True))
    layers |= {"group_norm": layer(block.norm), "to_out.0": layer(block.out)}
    close(read_by(their_attention(None), layers)(x), block(x))


@torch.no_grad()
def test_our_cross_attention_is_theirs():
    block, x = filled(CrossAttention(16, text_width=12, heads=4)), random(2, 16, 6, 6)
    text_emb, mask = random(2, 5, 12), torch.arange(5) < torch.tensor([[3], [5]])
    key, value = cut(block.to_key_value, 2)
    layers = {"to_q": layer(block.to_query), "to_k": key, "to_v": value}
    layers |= {"group_norm": layer(block.norm), "to_out.0": layer(block.out)}
    hidden = torch.zeros(mask.shape).masked_fill(~mask, -torch.inf)[:, None]
    found = read_by(their_attention(12), layers)(x, text_emb, attention_mask=hidden)
    close(found, block(x, text_emb, mask))


@torch.no_grad()
def test_our_time_is_theirs():
    t, ours = torch.tensor([0, 1, 500, 1000]), filled(UNet((8, 16), 1)).time
    waves = Timesteps(16, flip_sin_to_cos=True, downscale_freq_shift=0)
    close(waves(t), time_embedding(t, 16))
    layers = {"linear_1": layer(ours[0]), "linear_2": layer(ours[2])}
    equal = read_by(TimestepEmbedding(16, 32), layers)
    close(equal(waves(t)), ours(time_embedding(t, 16)))


# The whole ------------------------------------------------------------------------


def test_what_has_no_equal_says_why():
    model = Autoencoder((8, 16))
    card = {"kind": "autoencoder", "config": model.config}
    (part,) = parts_of(model.state_dict(), card)
    assert part.equal is None and "folds 2x2 pixels" in part.note
    assert not part.configs and not part.tensors


def test_each_part_of_weights_is_spoken_of():
    found = {}
    for name in ("critters", "words", "pair", "reader-32"):
        found[name] = {p.name: bool(p.equal) for p in parts_of(*load_weights(name))}
    text = {"tokenizer": True, "text_encoder": True}
    assert found["critters"] == {"scheduler": True, "unet": False}
    assert found["words"] == text | found["critters"]
    assert found["pair"] == text | {"image_encoder": False}
    assert found["reader-32"] == {"judge": False}
    tensors, card = load_weights("words")  # a network of latents has one part more
    of_latents = parts_of(tensors, card | {"autoencoder": "autoencoder"})
    assert {p.name: bool(p.equal) for p in of_latents} == found["words"] | {
        "vae": False
    }
