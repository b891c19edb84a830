"""Export of trained parts to the layout of `diffusers`, where an equivalent exists.

    for part in parts_of(*load_weights("words")):
        write(part, Path("exported"))

A pipeline of diffusers is a folder with one folder per component, each with a JSON
configuration and weights in safetensors, so nothing here imports diffusers. A part is
written only if the class that reads it computes the same tensors as ours, to 1e-4
(tests/test_export.py). A part without an equivalent is left out and says why. Painters
that take prompts carry classes of their own for such parts (whole_pipeline.py).
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from course_lib.cards import Card
from course_lib.checkpoint import (
    Tensors,
    Unfilled,
    check_file,
    refuse_misfit,
    replace_file,
)
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import END, PAD, START, tokenizer_of

WHOLE = "pipeline"  # the part whose files lie in the folder itself


@dataclass(frozen=True)
class Part:
    """One component: its folder, the class that reads it, and its files."""

    name: str  # of the folder
    equal: str | None  # the equivalent class, or None
    note: str  # advice for its user, or the reason why there is no equivalent
    configs: dict[str, dict] = field(default_factory=dict)  # file name -> JSON
    tensors: Tensors = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # file name -> code, words
    weights: str = "model.safetensors"  # diffusers' own models have another name


def no_equal(name: str, why: str) -> Part:
    """A part that is not exported, and the reason."""
    return Part(name, None, why)


# The process ------------------------------------------------------------------

# Their tables hold the same numbers as ours, but from beta_1 on: they leave out
# alpha_bar_0.
BETA_SCHEDULES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
PREDICTIONS = {"eps": "epsilon", "x_0": "sample", "v": "v_prediction"}


def scheduler_part(card: Card) -> Part:
    """The scheduler for a denoiser's card: the noise schedule and a sampler."""
    if card["schedule"] == "straight line":
        return flow_scheduler(card)
    pictures = "autoencoder" not in card  # latents are not limited to [-1, 1]
    config = {
        "_class_name": "DPMSolverMultistepScheduler",
        "num_train_timesteps": card["T"],
        "beta_start": 1e-4,
        "beta_end": 0.02,
        "beta_schedule": BETA_SCHEDULES[card["schedule"]],
        "prediction_type": PREDICTIONS[card["target"]],
        "timestep_spacing": "trailing",  # the first step is T, like ours
        "thresholding": pictures,  # with a maximum of 1, this is our clamp_x_0
        "sample_max_value": 1.0,
        "clip_sample": False,  # DDIM's and DDPM's name for it
    }
    note = "DDIMScheduler and DDPMScheduler read it too. Our t is its timestep + 1."
    files = {"scheduler_config.json": config}
    return Part("scheduler", config["_class_name"], note, files)


def flow_scheduler(card: Card) -> Part:
    """The scheduler for the straight line; it takes the velocity eps - x_0, our v."""
    if card["target"] != "v":
        why = f"On the straight line schedulers take v; this says {card['target']}."
        return no_equal("scheduler", why)
    config = {
        "_class_name": "FlowMatchEulerDiscreteScheduler",
        "num_train_timesteps": card["T"],
        # 1 keeps our steps, even in u. A larger shift crowds them towards the noise
        # (Esser et al. 2024).
        "shift": 1.0,
    }
    note = (  # by default its last of n steps starts at 1 / T; ours starts at 1 / n
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
SPACE = r"[\s\x1c-\x1f]"  # everything that str.split() splits at
WORD = r"[\p{L}\p{N}_]"  # Python's \w; in other engines \w includes combining accents
PIECES = rf" ?{WORD}+| ?[^\s\p{{L}}\p{{N}}_]+|\s"  # `pieces` of the tokenizer


# The format stores tokens as text, but not every byte is a character: each byte gets a
# visible one that JSON can hold.
def letters() -> dict[int, str]:
    """A visible character for each byte, as in GPT-2 (Radford et al. 2019)."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    unseen = [byte for byte in range(256) if byte not in seen]
    own = {byte: chr(byte) for byte in seen}
    return own | {byte: chr(256 + i) for i, byte in enumerate(unseen)}


def tokenizer_part(card: Card) -> Part:
    """`tidy`, then byte-pair encoding, then START and END, cut and padded.

    The format is that of the `tokenizers` library. It differs from ours in two ways: it
    takes <|pad|>, <|start|> and <|end|> in a text for the tokens, and it lowercases a
    final Greek sigma to the ordinary one.
    """
    tokenizer, letter = tokenizer_of(card), letters()
    spelled = {
        token: "".join(letter[byte] for byte in said)
        for token, said in tokenizer.vocabulary.items()
    }
    # A word that somebody taught it (lesson 13) is one token, with a space before it or
    # without. In the format such tokens stand beside the vocabulary.
    own = [spelled.popitem()[0] for _ in tokenizer.words][::-1]
    taught = [taught_word(*pair) for pair in zip(tokenizer.words, own, strict=True)]
    # Two merges can end in the same bytes: two tokens here, but only one there.
    if len(set(spelled.values())) < len(spelled):
        why = "Two of its tokens spell the same; the format tells tokens by spelling."
        return no_equal("tokenizer", why)
    # It always pads to this length, ours to the longest text of a batch. Padding
    # changes nothing.
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
        "added_tokens": [added_token(*pair) for pair in SPECIAL.items()] + taught,
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
    """The format's entry for a token that stands for no text."""
    sides = {"single_word": False, "lstrip": False, "rstrip": False}
    kind = {"normalized": False, "special": True}
    return {"id": token, "content": name} | sides | kind


def taught_word(word: str, token: int) -> dict:
    """The format's entry for a word that is one token; it takes the space before it."""
    sides = {"single_word": True, "lstrip": True, "rstrip": False}
    kind = {"normalized": True, "special": False}
    return {"id": token, "content": word} | sides | kind


def one_after_another(what: str, *steps: dict) -> dict:
    """The format's entry for several steps of one kind in sequence."""
    return {"type": "Sequence", what: list(steps)}


def byte_level() -> dict:
    """The format's entry for mapping bytes to the characters of `letters`, or back."""
    options = {"add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {"type": "ByteLevel"} | options


def framed() -> dict:
    """The format's entry for START, the text, END."""
    text = {"Sequence": {"id": "A", "type_id": 0}}
    start, end = ({"SpecialToken": {"id": x, "type_id": 0}} for x in FRAME)
    return {
        "type": "TemplateProcessing",
        "single": [start, text, end],
        "pair": [],  # for two texts at once; never used
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
    """The text encoder, exported as SigLIP's (Zhai et al. 2023), which is built alike.

    Both put the norm before each half and let every token see every other. In CLIP's,
    which Stable Diffusion uses, a token sees only those before it.
    """
    # Built only to compare names and shapes, on the meta device.
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
        # The exact GELU, like ours; SigLIP's default is the tanh approximation.
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
    """Rename our tensors to SigLIP's; split the joint layer into query, key, value.

    Args:
        tensors: those of a network with a text encoder in `text_encoder`
        width: length of a token's vector
    """
    renamed = {
        "embeddings.token_embedding.weight": tensors["text_encoder.token.weight"],
        "embeddings.position_embedding.weight": tensors["text_encoder.place.weight"],
        "final_layer_norm.weight": tensors["text_encoder.norm.weight"],
        "final_layer_norm.bias": tensors["text_encoder.norm.bias"],
        # A layer that ours lacks, set to the identity.
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
    """SigLIP's name and tensor for a tensor of one of our layers; three for qkv."""
    if layer == "to_query_key_value":
        # (3 D, D) to three of (D, D), or (3 D,) to three of (D,).
        return list(zip(QUERY_KEY_VALUE, tensor.chunk(3), strict=True))
    return [(IN_A_BLOCK[layer], tensor)]


# Parts without an equivalent --------------------------------------------------

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
FILMS = no_equal(
    "film_painter",
    "A film painter has layers between its frames, as no class there has them. Export "
    "the painter of pictures that it began as.",
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
    """Every part of these weights, with or without an equivalent.

    Args:
        tensors, card: for any kind of network, from `load_weights`
    """
    if card.get("kind") == "film denoiser":
        return [FILMS]
    parts = [scheduler_part(card)] if "schedule" in card else []
    if "merges" in card:
        parts += [tokenizer_part(card), text_encoder_part(tensors, card)]
    parts += WITHOUT_EQUAL.get(card.get("kind"), [])
    if "autoencoder" in card:
        parts.append(AUTOENCODER)
    return parts


def contents(part: Part, folder: Path) -> dict[Path, bytes]:
    """The files of a part in its folder in `folder`; none if it has no equivalent."""
    as_text = {
        name: json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        for name, config in part.configs.items()
    }
    place = folder if part.name == WHOLE else folder / part.name
    # As bytes: Windows would write other ends of lines.
    files = {
        place / name: text.encode("utf-8")
        for name, text in (as_text | part.texts).items()
    }
    if part.tensors:
        # Query, key and value are views of one tensor, and safetensors refuses shared
        # memory.
        apart = {name: x.clone().contiguous() for name, x in part.tensors.items()}
        files[place / part.weights] = save(apart, {"format": "pt"})
    return files


def write(part: Part, folder: Path) -> list[Path]:
    """Write the files of a part, each whole or not at all; return where they are."""
    files = contents(part, folder)
    for file, content in files.items():
        # content=...: a closure in a loop would see the variable's last value.
        replace_file(file, lambda new, content=content: new.write_bytes(content))
    return list(files)


def refuse_other_files(parts: list[Part], folder: Path) -> None:
    """Raise ValueError if `write` would replace a file by one that says another thing.

    It may be somebody's own, or of another export, and half of two fits nothing.
    """
    for part in parts:
        for file, content in contents(part, folder).items():
            check_file(file)
            same = file.is_file() and file.read_bytes() == content
            if os.path.lexists(file) and not same:
                raise ValueError(
                    f"{file} is there already, and it is another: choose a new folder; "
                    "nothing was overwritten."
                )
