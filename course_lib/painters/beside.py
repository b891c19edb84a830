"""Each box of Stable Diffusion beside ours: class, shapes, parameters, operations.

    table = side_by_side(our_boxes(draw), stable_diffusion_boxes())

Stable Diffusion 1.5 is built here from its published settings, at full size but on
torch's meta device: that has shapes and counts and no numbers, so it takes seconds and
no memory. Nothing is downloaded. `parameters_on_hub` compares with what the hub holds.
"""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.networks.cost import gigaflops
from course_lib.painters.pipeline import TextToImage

MODEL = "stable-diffusion-v1-5/stable-diffusion-v1-5"
# A commit, not a branch: what `main` holds may be another thing tomorrow.
REVISION = "451f4fe16113bff5a5d2269ed5ad43b0592e9a14"
TEXT, UNET, VAE = "text encoder", "U-Net", "autoencoder"
FOLDERS = {TEXT: "text_encoder", UNET: "unet", VAE: "vae"}
# Channels of the U-Net, of the autoencoder, and the width of the text encoder; the
# tiny one has the same parts in miniature.
FULL = dict(unet=(320, 640, 1280, 1280), vae=(128, 256, 512, 512), text=768, blocks=12)
TINY = dict(unet=(32, 64), vae=(32, 32, 32, 32), text=32, blocks=1)
SAME = {
    TEXT: "a transformer with learned places and the norm first; one vector a token",
    UNET: "noisy latent, step and words in, a guess of the same shape out; residual "
    "blocks that the step shifts, attention over places, cross-attention to words, "
    "skips",
    VAE: "convolutions to a small cloud of latents of 4 channels, and back; a loss of "
    "pixels, features and a KL penalty",
}
DIFFERS = {
    TEXT: "it was trained on 400 million pictures from the web and is frozen; ours "
    "learned with the painter. A token there sees only those before it",
    UNET: "it guesses eps on the circle, ours v on the straight line; it has two "
    "attentions in most blocks, on three grids, ours on the coarsest; a block takes "
    "the skip as more channels, ours mixes the two first",
    VAE: "eight pixels a side become one place, with ours fewer; it has a norm in "
    "every block and attention in the middle; its loss has a judge of patches, too",
}


class HubError(Exception):
    """Something of the hub is not here, and the hub cannot be reached."""


@dataclass(frozen=True)
class Box:
    """One part of a text-to-image model, as measured in one call."""

    name: str
    kind: str  # its class
    takes: str  # shapes for one picture
    gives: str
    parameters: int
    gigaflops: float  # of one call for one picture

    def __str__(self) -> str:
        return (
            f"`{self.kind}` {self.takes} → {self.gives}, "
            f"{in_words(self.parameters)} parameters, {self.gigaflops:,.2f} GFLOP"
        )


def in_words(number: int) -> str:
    """A count, short: 859520964 is 859.5 M.

    >>> in_words(859_520_964), in_words(2_048)
    ('859.5 M', '2.0 k')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.1f} {letter}"
    return str(number)


def measured(name: str, module: nn.Module, call: Callable[..., Tensor], *given: Tensor):
    """The Box of a module, from one call."""
    out = []
    operations = gigaflops(lambda: out.append(call(*given)))
    count = sum(x.numel() for x in module.parameters())
    kind = type(module).__name__
    return Box(name, kind, shape_of(given[0]), shape_of(out[0]), count, operations)


def shape_of(x: Tensor) -> str:
    """ "4x64x64" for one picture's latent; without the batch."""
    return "x".join(map(str, x.shape[1:]))


# Ours ---------------------------------------------------------------------------


def our_boxes(painter: TextToImage) -> list[Box]:
    """The boxes of a painter that takes prompts."""
    # The longest prompt, since Stable Diffusion always reads its longest.
    tokens = torch.ones(1, painter.length, dtype=torch.int64, device=painter.device)
    encoder = painter.model.text_encoder
    boxes = [measured(TEXT, encoder, encoder, tokens)]
    with torch.no_grad():
        text_emb = encoder(tokens)
    x_t = torch.zeros(1, *painter.shape(), device=painter.device)
    t = torch.ones(1, dtype=torch.int64, device=painter.device)
    boxes.append(measured(UNET, painter.unet, painter.unet, x_t, t, text_emb))
    coder = painter.autoencoder
    if coder is not None:
        boxes.append(measured(VAE, coder, coder.decode, x_t))
    return boxes


# Theirs -------------------------------------------------------------------------


def need_diffusers() -> None:
    """Raise HubError, with what to type, if diffusers or transformers is not here."""
    try:
        import diffusers  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as missing:
        raise HubError(
            f"{missing.name} is not installed, and this comparison needs its classes: "
            "python -m pip install -c constraints.txt diffusers transformers"
        ) from missing


def quietly() -> None:
    """Tell diffusers and transformers to show no progress bars and no remarks."""
    need_diffusers()
    import diffusers
    import huggingface_hub
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()
    # Without a connection it would write a line for each of six tries.
    huggingface_hub.utils.logging.set_verbosity_error()


def their_networks(size: dict) -> dict[str, nn.Module]:
    """Networks of Stable Diffusion 1 in diffusers' and transformers' own classes.

    Args:
        size: FULL or TINY
    """
    need_diffusers()
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    heads = 12 if size is FULL else 2
    text = CLIPTextConfig(
        vocab_size=49408 if size is FULL else len(tiny_vocabulary()),
        hidden_size=size["text"],
        intermediate_size=4 * size["text"],
        num_hidden_layers=size["blocks"],
        num_attention_heads=heads,
        bos_token_id=len(tiny_vocabulary()) - 2,
        eos_token_id=len(tiny_vocabulary()) - 1,
    )
    channels = size["unet"]
    cross = len(channels) - 1  # every grid but the coarsest listens to the words
    unet = UNet2DConditionModel(
        sample_size=64 if size is FULL else 8,
        block_out_channels=channels,
        down_block_types=("CrossAttnDownBlock2D",) * cross + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * cross,
        cross_attention_dim=size["text"],
        attention_head_dim=8,
    )
    vae = AutoencoderKL(
        sample_size=512 if size is FULL else 64,
        block_out_channels=size["vae"],
        down_block_types=("DownEncoderBlock2D",) * len(size["vae"]),
        up_block_types=("UpDecoderBlock2D",) * len(size["vae"]),
        layers_per_block=2,
    )
    return {TEXT: CLIPTextModel(text), UNET: unet, VAE: vae}


def stable_diffusion_boxes() -> list[Box]:
    """The boxes of Stable Diffusion 1.5 at full size, without a single weight."""
    with torch.device("meta"):
        networks = their_networks(FULL)
        return their_boxes(networks, side=64, length=77)


def their_boxes(networks: dict[str, nn.Module], side: int, length: int) -> list[Box]:
    """Measure each network with one call; `side` is that of a latent."""
    text, unet, vae = (networks[name] for name in (TEXT, UNET, VAE))
    tokens = torch.zeros(1, length, dtype=torch.int64)
    width = text.config.hidden_size
    z, t, text_emb = torch.zeros(1, 4, side, side), torch.ones(1), (1, length, width)
    return [
        measured(TEXT, text, lambda x: text(x).last_hidden_state, tokens),
        measured(UNET, unet, lambda *x: unet(*x).sample, z, t, torch.zeros(text_emb)),
        measured(VAE, vae, lambda x: vae.decode(x).sample, z),
    ]


def tiny_vocabulary() -> dict[str, int]:
    """A vocabulary for CLIP's tokenizer: letters, letters that end a word, a frame."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    spelled = [*letters, *(f"{x}</w>" for x in letters)]
    return {x: i for i, x in enumerate([*spelled, "<|startoftext|>", "<|endoftext|>"])}


def tiny_pipeline():
    """A StableDiffusionPipeline in miniature, with random weights; needs no network.

    What it draws is noise. But it has every box and every step of the large one.
    """
    need_diffusers()
    from diffusers import PNDMScheduler, StableDiffusionPipeline
    from transformers import CLIPTokenizer

    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder, "vocab.json")
        vocabulary.write_text(json.dumps(tiny_vocabulary()), encoding="utf-8")
        merges = Path(folder, "merges.txt")
        merges.write_text("#version: 0.2\n", encoding="utf-8")
        # By its folder: the names of its arguments changed with transformers 5.
        tokenizer = CLIPTokenizer.from_pretrained(folder, model_max_length=77)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        networks = their_networks(TINY)
    return StableDiffusionPipeline(
        vae=networks[VAE].eval(),
        text_encoder=networks[TEXT].eval(),
        tokenizer=tokenizer,
        unet=networks[UNET].eval(),
        scheduler=PNDMScheduler(skip_prk_steps=True, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


# The hub ------------------------------------------------------------------------


def parameters_on_hub() -> dict[str, int]:
    """Parameters of each box by the settings that the hub holds, at a pinned commit.

    Fetches three small files, no weights.

    Raises:
        HubError: it cannot be reached
    """
    need_diffusers()
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    where = dict(revision=REVISION)
    try:
        text = CLIPTextConfig.from_pretrained(MODEL, subfolder=FOLDERS[TEXT], **where)
        settings = {
            kind: kind.load_config(MODEL, subfolder=FOLDERS[name], **where)
            for name, kind in ((UNET, UNet2DConditionModel), (VAE, AutoencoderKL))
        }
    except Exception as error:  # of the network, of the hub, of a proxy: any
        raise unreachable() from error
    with torch.device("meta"):
        networks = [CLIPTextModel(text)]
        networks += [kind.from_config(own) for kind, own in settings.items()]
    counts = [sum(x.numel() for x in network.parameters()) for network in networks]
    return dict(zip((TEXT, UNET, VAE), counts, strict=True))


def real_pipeline():
    """Stable Diffusion 1.5 itself, at a pinned commit: 5 GB the first time.

    Raises:
        HubError: it is not here, and the hub cannot be reached
    """
    need_diffusers()
    from diffusers import StableDiffusionPipeline

    try:
        return StableDiffusionPipeline.from_pretrained(
            MODEL, revision=REVISION, safety_checker=None
        )
    except Exception as error:
        raise unreachable() from error


def unreachable() -> HubError:
    """The sentence for a machine without the hub."""
    return HubError(
        f"{MODEL} is not on this machine, and the Hugging Face hub cannot be reached. "
        "Everything else here works without it; try again with a connection."
    )


# Side by side -------------------------------------------------------------------


def side_by_side(ours: list[Box], theirs: list[Box]) -> str:
    """A Markdown table, a row a box: ours, theirs, what is the same, what is not."""
    known = {box.name: box for box in ours}
    rows = ["| box | ours | Stable Diffusion 1.5 | the same | not the same |"]
    rows.append("| --- | --- | --- | --- | --- |")
    for box in theirs:
        own = known.get(box.name, "none: it draws pixels")
        same, differs = SAME[box.name], DIFFERS[box.name]
        rows.append(f"| {box.name} | {own} | {box} | {same} | {differs} |")
    return "\n".join(rows)
