"""A whole painter as a pipeline of `diffusers`, which draws what our own call draws.

    for part in pipeline_parts(TextToImage.from_pretrained("latent")):
        write(part, Path("exported"))

The tokenizer and the text encoder have equals in `transformers`, and so has the noise
schedule in diffusers. The U-Net and the autoencoder have none: the export carries its
own classes for them (carried.py), and a pipeline that walks as we do, step by step.
"""

import torch
from torch import nn

from course_lib.cards import Card
from course_lib.checkpoint import Tensors
from course_lib.networks.text_encoder import GrownTable
from course_lib.networks.text_unet import TextUNet
from course_lib.painters.carried import carried
from course_lib.painters.export import (
    WHOLE,
    Part,
    scheduler_part,
    text_encoder_part,
    tokenizer_part,
)
from course_lib.painters.pipeline import TextToImage

OURS = "course_lib.painters.in_diffusers"
WEIGHTS = "diffusion_pytorch_model.safetensors"
# The class that reads a component, by component: (module or library, class).
COMPONENTS = {
    "tokenizer": ("transformers", "PreTrainedTokenizerFast"),
    "text_encoder": ("transformers", "SiglipTextModel"),
    "unet": ("critter_unet", "CritterUNet"),
    "vae": ("critter_autoencoder", "CritterAutoencoder"),
}
NEITHER = (
    "Its class comes along as {file}, because diffusers has no equal: {why} "
    "Load it with trust_remote_code=True, which runs that file."
)
UNET_WHY = (
    "UNet2DConditionModel convolves single pixels first and last and widens a block "
    "by its skip; ours merges a skip before the block, looks at x_t again at the end "
    "and, of pixels, folds 2x2 into channels."
)
AUTOENCODER_WHY = (
    "AutoencoderKL begins and ends on the grid of single pixels and has a norm in "
    "every block; ours folds 2x2 pixels into channels and has none."
)
README = """---
library_name: diffusers
pipeline_tag: text-to-image
---

# A painter of critters

    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained("THIS FOLDER", trust_remote_code=True)
    pipe("a frog on stilts", seed=4).images[0].save("frog.png")

`trust_remote_code=True` runs the Python files of this folder: read them first.
Prompts are read as typed. The same seed draws the same picture as
`python -m course_lib generate --as-typed` in the course "Pixels to Prompts".
"""


def pipeline_parts(painter: TextToImage) -> list[Part]:
    """Every part of a painter that takes prompts, and what ties them together.

    Raises:
        ValueError: a painter that a control steers: a sketch is no part of a pipeline
    """
    if not isinstance(painter.model, TextUNet):
        raise ValueError(
            "A control cannot be exported, since it needs a sketch for each picture: "
            "leave it out."
        )
    tensors, card = with_one_table(painter)
    # Not a component of the pipeline, which walks by itself; for those who want to
    # walk otherwise.
    parts = [scheduler_part(card), tokenizer_part(card)]
    parts += [text_encoder_part(tensors, card), unet_part(painter)]
    if painter.autoencoder is not None:
        parts.append(autoencoder_part(painter.autoencoder))
    return [*parts, whole_part(painter)]


def with_one_table(painter: TextToImage) -> tuple[Tensors, Card]:
    """The painter's tensors and card, with taught words in the one token table."""
    encoder = painter.model.text_encoder
    tensors = dict(painter.model.state_dict())
    text = {k: v for k, v in encoder.config.items() if k != "new_words"}
    if isinstance(encoder.token, GrownTable):
        inside = "text_encoder.token."
        rows = tensors.pop(f"{inside}rows")
        table = tensors.pop(f"{inside}table.weight")
        tensors[f"{inside}weight"] = torch.cat([table, rows])
        text["vocabulary"] = len(table) + len(rows)
    network = painter.model.config | {"text": text}
    words = list(painter.tokenizer.words)
    return tensors, painter.card | {"config": network, "words": words}


def unet_part(painter: TextToImage) -> Part:
    """The U-Net and its class."""
    unet = painter.unet
    return own_part("unet", unet, unet.config, UNET_WHY)


def autoencoder_part(autoencoder: nn.Module) -> Part:
    """The autoencoder and its class."""
    return own_part("vae", autoencoder, autoencoder.config, AUTOENCODER_WHY)


def own_part(name: str, network: nn.Module, settings: dict, why: str) -> Part:
    """A component that brings its class along."""
    module, kind = COMPONENTS[name]
    code = carried(OURS, kind, what=f"{kind}: a network of an exported painter.")
    return Part(
        name,
        f"{kind}, its own",
        NEITHER.format(file=f"{name}/{module}.py", why=why),
        {"config.json": {"_class_name": kind, **settings}},
        # The class holds the network as `net`.
        {f"net.{n}": x.float() for n, x in network.state_dict().items()},
        {f"{module}.py": code},
        WEIGHTS,
    )


def whole_part(painter: TextToImage) -> Part:
    """The file that names the components, the pipeline's code, and a page about it."""
    usual, card = painter.usual, painter.card
    components = {name: list(pair) for name, pair in COMPONENTS.items()}
    if painter.autoencoder is None:
        components["vae"] = [None, None]
    index = {
        "_class_name": ["critter_pipeline", "CritterPipeline"],
        **components,
        "size": card["size"],
        "schedule": card["schedule"],
        "T": card["T"],
        "target": card["target"],
        "latent_scale": card.get("latent_scale", 1.0),
        "guidance_scale": usual.guidance_scale,
        "steps": usual.steps,
        "guided_between": usual.guided_between and list(usual.guided_between),
        "sampler": usual.sampler,
    }
    code = carried(OURS, "CritterPipeline", what="The pipeline of an exported painter.")
    note = (
        "DiffusionPipeline.from_pretrained(FOLDER, trust_remote_code=True) draws the "
        "same pictures as generate --as-typed."
    )
    texts = {"critter_pipeline.py": code, "README.md": README}
    kind = "CritterPipeline, its own"
    return Part(WHOLE, kind, note, {"model_index.json": index}, texts=texts)
