"""The text U-Net: a text encoder and a U-Net as one network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checkpoint import CheckpointError, fill, load_network
from course_lib.networks.layers import CrossAttention
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.unet import UNet

# Where pixels or latents come in and go out: the only layers whose shapes depend on
# which of the two it is.
ENDS = tuple(f"unet.{end}." for end in ("into", "out", "refine", "last"))


class TextUNet(nn.Module):
    """A denoiser `model(x_t, t, cond)`, where cond is tokens or their `read` vectors.

    Both parts learn together from the denoising loss alone: a word comes to mean
    whatever helps to denoise pictures that have it in their captions.

    Args:
        text: settings of the TextEncoder
        unet: settings of the UNet, except text_width
    """

    def __init__(self, text: dict, unet: dict):
        super().__init__()
        self.text_encoder = TextEncoder(**text)
        self.unet = UNet(**unet, text_width=self.text_encoder.config["width"])
        # text_width is stored once, as the text encoder's width: two could disagree.
        network = {k: v for k, v in self.unet.config.items() if k != "text_width"}
        self.config = dict(text=self.text_encoder.config, unet=network)

    def read(self, tokens: Tensor) -> Tensor:
        """Tokens (B, L) to text_emb (B, L, D); needed only once per prompt."""
        return self.text_encoder(tokens)

    def forward(
        self, x_t: Tensor, t: Tensor, cond: Tensor, jump: Tensor | None = None
    ) -> Tensor:
        """Predict the target for x_t (B, C, H, W), in the same shape.

        Args:
            t: (B,) int64 steps
            cond: tokens (B, L) int64, or text_emb (B, L, D)
            jump: (B,) int64, see UNet
        """
        # A sampler's text is the same at every step, so it is read once and passed as
        # vectors.
        text_emb = cond if cond.is_floating_point() else self.read(cond)
        return self.unet(x_t, t, text_emb, jump=jump)


# Arguments for `load_network`.
TEXT_UNET = ("text denoiser", "which takes no prompts", TextUNet)


def go_on_from(start: Path | str, model: TextUNet, space: dict) -> None:
    """Initialise the network, in place, from weights for the same space.

    Training may go on from pixels to latents: a place of a latent covers the same part
    of the picture as a place of the folded pixels, at half the size. Only the U-Net's
    input and output layers start anew.

    Args:
        space: keys of the card that describe the latents; empty for pixels

    Raises:
        CheckpointError: weights for another autoencoder
    """
    trained, card = load_network(start, *TEXT_UNET)
    tensors = trained.state_dict()
    own, whose = model.state_dict(), "encoder_sha256"
    if space and whose not in card:  # from pixels to latents
        tensors |= {name: own[name] for name in own if name.startswith(ENDS)}
    # The latents of two encoders share their shape and nothing else.
    elif card.get(whose) != space.get(whose):
        raise CheckpointError(
            f"{start} learned latents of another autoencoder: name its own with "
            "--autoencoder, or train anew."
        )
    fill(model, tensors).train()


@torch.no_grad()
def word_maps(model: TextUNet, x_t: Tensor, t: Tensor, text_emb: Tensor) -> Tensor:
    """The cross-attention map of each token: (B, L, H, W), over all layers.

    At every place the maps of all tokens sum to 1. Following Tang et al. 2023 ("What
    the DAAM"): the mean over heads and layers, each enlarged to the picture's size.
    """
    # Through hooks: a network that always kept its attention weights would also keep
    # them in training.
    seen: list[Tensor] = []  # (B, heads, places, L) from each layer
    layers = [layer for layer in model.modules() if isinstance(layer, CrossAttention)]
    hooks = [
        layer.seen.register_forward_hook(lambda module, given, out: seen.append(out))
        for layer in layers
    ]
    try:
        model(x_t, t, text_emb)
    finally:  # a hook left behind would collect at every later call
        for hook in hooks:
            hook.remove()
    H, W = x_t.shape[2:]
    maps = []
    for weights in seen:
        # How much coarser this grid is, along each side.
        times = round((H * W / weights.shape[2]) ** 0.5)
        grid = weights.mean(1).transpose(1, 2).unflatten(2, (H // times, W // times))
        # Bilinear weights sum to 1, so the maps still do.
        maps.append(F.interpolate(grid, (H, W), mode="bilinear"))  # (B, L, H, W)
    return torch.stack(maps).mean(0)


@contextmanager
def pooled_from(model: TextUNet, text_emb: Tensor) -> Iterator[None]:
    """Inside, the pooled vector comes from these texts; cross-attention sees `cond`.

    It shows which of the two ways a word takes into the picture.

    Args:
        text_emb: (B, L, D), one text per picture; guidance adds B empty texts, whose
            pooled vectors stay as they are
    """
    with torch.no_grad():
        told = model.unet.gist(text_emb, text_emb.any(dim=2))  # (B, vec_width)

    def instead(module, given, out):
        return torch.cat([told, out[len(told) :]])

    hook = model.unet.gist.register_forward_hook(instead)
    try:
        yield
    finally:  # a hook left behind would condition every later picture on these texts
        hook.remove()
