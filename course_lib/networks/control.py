"""Control: a sketch steers a trained painter, whose own weights never move.

    x_t, t, words, sketch --a trainable copy of the way down--> added to the skips
    x_t, t, words         --the painter, frozen---------------> picture

Every path from the copy to the painter ends in a convolution of zeros, so an untrained
control changes nothing (ControlNet, Zhang et al. 2023, section 3.1).
"""

import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.networks.layers import time_embedding, zeroed
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.unet import UNet, go_down


class Control(nn.Module):
    """The copy of a U-Net's way down that looks at a sketch.

    Args:
        unet: settings of the painter's UNet, as on its card
        text_width: length of a token's vector
        cell: pixels of the sketch along each side of one place of the first grid
    """

    def __init__(self, unet: dict, text_width: int, cell: int = 4):
        super().__init__()
        self.config = dict(unet=unet, text_width=text_width, cell=cell)
        whole = UNet(**unet, text_width=text_width)
        self.fold, self.cell, self.time_width = whole.fold, cell, whole.time_width
        # The painter's own layers and names, so its weights can be copied by name.
        self.time, self.gist, self.into = whole.time, whole.gist, whole.into
        self.down, self.shrink, self.middle = whole.down, whole.shrink, whole.middle
        width = unet["widths"][0]
        # Folded like pixels in a U-Net: nothing of the sketch is lost on the way to
        # the first grid.
        self.look = nn.Sequential(
            nn.Conv2d(cell**2, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.SiLU(),
            zeroed(nn.Conv2d(width, width, 1)),
        )
        widths = [w for w in unet["widths"] for _ in range(unet["blocks"])]
        self.zeros = nn.ModuleList(
            zeroed(nn.Conv2d(w, w, 1)) for w in (*widths, unet["widths"][-1])
        )

    def forward(
        self, x_t: Tensor, t: Tensor, text_emb: Tensor, sketch: Tensor
    ) -> list[Tensor]:
        """What is added to the painter's skips and, last, to its middle.

        Args:
            x_t: (B, C, H, W), t: (B,), text_emb: (B, L, D)
            sketch: (B, 1, cell H / fold, cell W / fold) in 0..1
        """
        vec = self.time(time_embedding(t, self.time_width))
        mask = text_emb.any(dim=2)
        vec = F.silu(vec + self.gist(text_emb, mask))
        h = self.into(F.pixel_unshuffle(x_t, self.fold))
        h = h + self.look(F.pixel_unshuffle(sketch, self.cell))
        h, skips = go_down(self, h, vec, (text_emb, mask))
        return [zero(x) for zero, x in zip(self.zeros, [*skips, h], strict=True)]


# Arguments for `load_network`.
CONTROL = ("control", "which steers nothing", Control)


def control_for(model: TextUNet, cell: int) -> Control:
    """A new control for a painter: its way down copied, its ends zero."""
    unet = model.config["unet"]
    control = Control(unet, model.text_encoder.config["width"], cell)
    own = control.state_dict()
    copied = {n: x for n, x in model.unet.state_dict().items() if n in own}
    control.load_state_dict(own | copied)
    return control


class Controlled(nn.Module):
    """A painter's network with a control: it takes the painter's own arguments.

    Args:
        model: a TextUNet, or a Controlled one: then both controls add up
        sketch: (1, 1, H, W), or one for each picture of a batch
        strength: 0 is without control, 1 as trained
    """

    def __init__(
        self, model: nn.Module, control: Control, sketch: Tensor, strength: float = 1.0
    ):
        super().__init__()
        self.model, self.control, self.strength = model, control, strength
        self.register_buffer("sketch", sketch, persistent=False)

    @property
    def config(self) -> dict:
        return self.model.config

    @property
    def unet(self) -> UNet:
        return self.model.unet

    @property
    def text_encoder(self) -> nn.Module:
        return self.model.text_encoder

    def read(self, tokens: Tensor) -> Tensor:
        """As `TextUNet.read`."""
        return self.model.read(tokens)

    def forward(self, x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        """As `TextUNet.forward`."""
        text_emb = cond if cond.is_floating_point() else self.read(cond)
        return self.unet(x_t, t, text_emb, self.added(x_t, t, text_emb))

    def added(self, x_t: Tensor, t: Tensor, text_emb: Tensor) -> list[Tensor]:
        """What this control, and those inside, add to the skips and the middle."""
        # Guidance asks about every picture twice, in one batch.
        sketch = self.sketch.repeat(len(x_t) // len(self.sketch), 1, 1, 1)
        own = self.control(x_t, t, text_emb, sketch)
        added = [self.strength * x for x in own]
        if isinstance(self.model, Controlled):
            inside = self.model.added(x_t, t, text_emb)
            added = [x + y for x, y in zip(added, inside, strict=True)]
        return added
