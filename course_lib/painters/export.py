"""Trained parts in the layout of `diffusers`, where an equal component exists.

    for part in parts_of(*load_weights("words")):
        write(part, Path("exported"))

A pipeline of diffusers is a folder of folders, one a component, each with a
configuration in JSON and its weights in safetensors; so nothing here imports diffusers.
A part is written only if what reads it computes the same tensors as ours, to 1e-4
(tests/test_export.py). A part without an equal is left out, and says why. There is no
model_index.json for the same reason: it would name components that are not there.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from course_lib.cards import Card
from course_lib.checkpoint import Tensors, Unfilled, refuse_misfit, replace_file
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import END, PAD, START, tokenizer_of


@dataclass(frozen=True)
class Part:
    """One component: the folder it goes to, the class that reads it, its files."""

    name: str
    equal: str | None  # the class, or None if there is no equal
    note: str  # what its user must know, or why there is no equal
    configs: dict[str, dict] = field(default_factory=dict)  # file name -> JSON
    tensors: Tensors = field(default_factory=dict)


def no_equal(name: str, why: str) -> Part:
    """A part that stays here, and the reason."""
    return Part(name, None, why)


# The process ------------------------------------------------------------------

# Theirs and ours are the same numbers, from beta_1 on: their tables leave out
# alpha_bar_0.
BETA_SCHEDULES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
PREDICTIONS = {"eps": "epsilon", "x_0": "sample", "v": "v_prediction"}


def scheduler_part(card: Card) -> Part:
    """The process that a denoiser was trained on, and how to walk it back."""
    if card["schedule"] == "straight line":
        return flow_scheduler(card)
    pictures = "autoencoder" not in card  # only they are known to lie in [-1, 1]
    config = {
        "_class_name": "DPMSolverMultistepScheduler",
        "num_train_timesteps": card["T"],
        "beta_start": 1e-4,
        "beta_end": 0.02,
        "beta_schedule": BETA_SCHEDULES[card["schedule"]],
        "prediction_type": PREDICTIONS[card["target"]],
        "timestep_spacing": "trailing",  # the first step is T, as ours is
        "thresholding": pictures,  # with a largest value of 1 it is our clamp_x_0
        "sample_max_value": 1.0,
        "clip_sample": False,  # DDIM's and DDPM's name for it
    }
    note = "DDIMScheduler and DDPMScheduler read it too. Our t is its timestep + 1."
    files = {"scheduler_config.json": config}
    return Part("scheduler", config["_class_name"], note, files)


def flow_scheduler(card: Card) -> Part:
    """The straight line; its scheduler takes the velocity eps - x_0, our v."""
    if card["target"] != "v":
        why = f"On the straight line schedulers take v; this says {card['target']}."
        return no_equal("scheduler", why)
    config = {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "num_train_timesteps": card["T"],
        # Our steps are even in u. Above 1 it crowds them towards the noise (Esser et
        # al. 2024).
        "shift": 1.0,
    }
    note = (  # left to itself, it ends its n steps at 1 / T; ours end at 1 / n
        "It is our euler, given set_timesteps(sigmas=[1, 1 - 1/n, ..., 1/n]); it "
        "clamps no x_0_hat. DPMSolverMultistepScheduler reads it too, given "
        "use_flow_sigmas=True and prediction_type='flow_prediction', for pictures also "
        "thresholding=True, which clamps: it is our dpm_solver from step T - 1 on."
    )
    files = {"scheduler_config.json": config}
    return Part("scheduler", config["_class_name"], note, files)


# The tokenizer ----------------------------------------------------------------

FRAME = ("<|start|>", "<|end|>")
SPECIAL = {"<|pad|>": PAD, "<|start|>": START, "<|end|>": END}
SPACE = r"[\s\x1c-\x1f]"  # all that str.split() splits at
WORD = r"[\p{L}\p{N}_]"  # Python's \w; that of others takes accents by themselves too
PIECES = rf" ?{WORD}+| ?[^\s\p{{L}}\p{{N}}_]+|\s"  # `pieces` of the tokenizer


# The format holds tokens as text, but a byte need not be a letter: each gets one that
# can be seen and that JSON can hold.
def letters() -> dict[int, str]:
    """A letter to see for each byte, those that GPT-2 chose (Radford et al. 2019)."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    unseen = [byte for byte in range(256) if byte not in seen]
    own = {byte: chr(byte) for byte in seen}
    return own | {byte: chr(256 + i) for i, byte in enumerate(unseen)}


def tokenizer_part(card: Card) -> Part:
    """`tidy`, then byte-pair encoding, then START and END, cut and padded.

    The format is that of the `tokenizers` library. What it does otherwise than ours: it
    takes <|pad|>, <|start|> and <|end|> in a text for the tokens, and knows only one
    small sigma, where a Greek word ends in another.
    """
    tokenizer, letter = tokenizer_of(card), letters()
    spelled = {
        token: "".join(letter[byte] for byte in said)
        for token, said in tokenizer.vocabulary.items()
    }
    # Two ways of merging can end in the same bytes: to us two numbers, to them one.
    if len(set(spelled.values())) < len(spelled):
        why = "Two of its tokens spell the same; the format tells tokens by spelling."
        return no_equal("tokenizer", why)
    # Padded to this always; ours to the longest of a batch. Padding changes nothing.
    length = card["config"]["text"]["length"]
    file = {
        "version": "1.0",
        "truncation": {
            "direction": "Right",
            "max_length": length,
            "strategy": "LongestFirst",
            "stride": 0,
        },
        "padding": {
            "strategy": {"Fixed": length},
            "direction": "Right",
            "pad_id": PAD,
            "pad_type_id": 0,
            "pad_token": "<|pad|>",
        },
        "added_tokens": [added_token(name, token) for name, token in SPECIAL.items()],
        "normalizer": one_after_another(
            "normalizers",
            {"type": "Lowercase"},
            {"type": "Replace", "pattern": {"Regex": f"{SPACE}+"}, "content": " "},
            {"type": "Strip", "strip_left": True, "strip_right": True},
        ),
        "pre_tokenizer": one_after_another(
            "pretokenizers",
            {
                "type": "Split",
                "pattern": {"Regex": PIECES},
                "behavior": "Isolated",
                "invert": False,
            },
            byte_level(),
        ),
        "post_processor": framed(),
        "decoder": byte_level(),
        "model": {
            "type": "BPE",
            "vocab": SPECIAL | {name: token for token, name in spelled.items()},
            "merges": [[spelled[a], spelled[b]] for a, b in tokenizer.merges],
        },
    }
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": length,
        "pad_token": "<|pad|>",
        "bos_token": "<|start|>",
        "eos_token": "<|end|>",
        "clean_up_tokenization_spaces": False,
    }
    files = {"tokenizer.json": file, "tokenizer_config.json": about}
    note = "It does what `tidy` and `batch` do."
    return Part("tokenizer", "PreTrainedTokenizerFast (transformers)", note, files)


def added_token(name: str, token: int) -> dict:
    """A token that stands for no text, as the format describes it."""
    sides = {"single_word": False, "lstrip": False, "rstrip": False}
    kind = {"normalized": False, "special": True}
    return {"id": token, "content": name} | sides | kind


def one_after_another(what: str, *steps: dict) -> dict:
    """Several steps of one kind, as the format describes them."""
    return {"type": "Sequence", what: list(steps)}


def byte_level() -> dict:
    """The step between bytes and the letters of `letters`, either way."""
    options = {"add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {"type": "ByteLevel"} | options


def framed() -> dict:
    """START, the text, END."""
    text = {"Sequence": {"id": "A", "type_id": 0}}
    start, end = ({"SpecialToken": {"id": x, "type_id": 0}} for x in FRAME)
    return {
        "type": "TemplateProcessing",
        "single": [start, text, end],
        "pair": [],  # of two texts at once; never asked for
        "special_tokens": {
            x: {"id": x, "ids": [SPECIAL[x]], "tokens": [x]} for x in FRAME
        },
    }


# The text encoder -------------------------------------------------------------

IN_A_BLOCK = {
    "norm_1": "layer_norm1",
    "out": "self_attn.out_proj",
    "norm_2": "layer_norm2",
    "wide": "mlp.fc1",
    "narrow": "mlp.fc2",
}
QUERY_KEY_VALUE = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")


def text_encoder_part(tensors: Tensors, card: Card) -> Part:
    """The transformer that reads the text: SigLIP's (Zhai et al. 2023) is built alike.

    Both put the norm before each half and let every token see every other one. CLIP's,
    which Stable Diffusion has, lets a token see only those before it.
    """
    # Built only to be compared with: names and shapes, no numbers.
    with torch.device("meta"), Unfilled():
        encoder = TextEncoder(**card["config"]["text"])
    inside = "text_encoder."
    own = {n.removeprefix(inside): x for n, x in tensors.items() if inside in n}
    refuse_misfit(encoder, own)
    ours, width = encoder.config, encoder.config["width"]
    config = {
        "architectures": ["SiglipTextModel"],
        "model_type": "siglip_text_model",
        "vocab_size": ours["vocabulary"],
        "max_position_embeddings": ours["length"],
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": ours["blocks"],
        "num_attention_heads": ours["heads"],
        # The exact GELU, as ours; SigLIP's own default is the tanh approximation.
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
        "projection_size": width,
        "pad_token_id": PAD,
        "bos_token_id": START,
        "eos_token_id": END,
    }
    note = (
        "Give it the tokenizer's attention_mask; then the rows of its "
        "last_hidden_state at tokens are ours, and those at padding are to be zeroed."
    )
    equal = "SiglipTextModel (transformers)"
    renamed = siglip_tensors(tensors, width)
    return Part("text_encoder", equal, note, {"config.json": config}, renamed)


def siglip_tensors(tensors: Tensors, width: int) -> Tensors:
    """Our names to theirs; what we compute in one layer is cut into query, key, value.

    Args:
        tensors: of a network that has a text encoder in `text_encoder`
        width: numbers a token
    """
    renamed = {
        "embeddings.token_embedding.weight": tensors["text_encoder.token.weight"],
        "embeddings.position_embedding.weight": tensors["text_encoder.place.weight"],
        "final_layer_norm.weight": tensors["text_encoder.norm.weight"],
        "final_layer_norm.bias": tensors["text_encoder.norm.bias"],
        # a layer that ours has not: "do nothing"
        "head.weight": torch.eye(width, dtype=torch.float32, device="cpu"),
        "head.bias": torch.zeros(width, dtype=torch.float32, device="cpu"),
    }
    for name, tensor in tensors.items():
        if name.startswith("text_encoder.blocks."):
            _, _, number, layer, kind = name.split(".")
            for theirs, part in in_siglip_block(layer, tensor):
                renamed[f"encoder.layers.{number}.{theirs}.{kind}"] = part
    return {f"text_model.{name}": tensor for name, tensor in renamed.items()}


def in_siglip_block(layer: str, tensor: Tensor) -> list[tuple[str, Tensor]]:
    """What a tensor of one of our layers is in theirs."""
    if layer == "to_query_key_value":
        # (3 D, D) to three of (D, D), or (3 D,) to three of (D,).
        return list(zip(QUERY_KEY_VALUE, tensor.chunk(3), strict=True))
    return [(IN_A_BLOCK[layer], tensor)]


# What there is no equal of ----------------------------------------------------

UNET = no_equal(
    "unet",
    "UNet2DModel and UNet2DConditionModel convolve single pixels first and last, and "
    "widen a block by its skip; ours merges a skip before the block, looks at the "
    "noisy picture again at the end and, of pixels, folds 2x2 into channels. Its "
    "blocks by themselves have equals.",
)
AUTOENCODER = no_equal(
    "vae",
    "AutoencoderKL begins and ends on the grid of single pixels and has a norm in "
    "every block; ours folds 2x2 pixels into channels and has none. AutoencoderTiny "
    "has none either, but squashes latents and begins on single pixels.",
)
IMAGE_TOWER = no_equal(
    "image_encoder",
    "Those that diffusers takes from transformers are vision transformers; ours is "
    "made of convolutions.",
)
JUDGE = no_equal("judge", "A pipeline draws; nothing in it judges.")
WITHOUT_EQUAL = {
    "denoiser": [UNET],
    "text denoiser": [UNET],
    "autoencoder": [AUTOENCODER],
    "pair": [IMAGE_TOWER],
    "judge": [JUDGE],
    "inspector": [JUDGE],
}


# The whole --------------------------------------------------------------------


def parts_of(tensors: Tensors, card: Card) -> list[Part]:
    """Every part of these weights, those with an equal and those without.

    Args:
        tensors, card: of any kind of network, as `load_weights` gives them
    """
    parts = [scheduler_part(card)] if "schedule" in card else []
    if "merges" in card:
        parts += [tokenizer_part(card), text_encoder_part(tensors, card)]
    parts += WITHOUT_EQUAL.get(card.get("kind"), [])
    if "autoencoder" in card:
        parts.append(AUTOENCODER)
    return parts


def write(part: Part, folder: Path) -> list[Path]:
    """Write the files of a part into its folder in `folder`, each whole or not at all.

    Returns:
        what was written
    """
    written = []
    for name, config in part.configs.items():
        text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        file = folder / part.name / name
        # text=text: a function made in a loop sees the variable, not its value of then.
        replace_file(file, lambda new, text=text: new.write_text(text, "utf-8"))
        written.append(file)
    if part.tensors:
        # Query, key and value are views of one tensor, and safetensors writes no shared
        # memory.
        apart = {name: x.clone().contiguous() for name, x in part.tensors.items()}
        file = folder / part.name / "model.safetensors"
        replace_file(file, lambda new: save_file(apart, new, {"format": "pt"}))
        written.append(file)
    return written
