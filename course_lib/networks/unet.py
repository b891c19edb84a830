"""The U-Net: a noisy picture in, a prediction of the same shape out.

    x_t --fold--> 16x16 blocks --down--> 8x8 blocks --up--> 16x16 blocks --unfold--> out
                       |                                       ^
                       +---------------- skip -----------------+

Going down, the network sees more of the picture at once; the skips carry the detail
that going down discards. It follows Ho et al. (2020), with three changes that make it
several times as fast on a CPU (benchmarks/train_speed.py): squares of 2x2 pixels are
folded into channels first, self-attention runs on the coarsest grid only, and a skip is
merged by a 1x1 convolution before the block instead of widening the block.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.networks.layers import (
    Attention,
    CrossAttention,
    ResidualBlock,
    time_embedding,
    zeroed,
)


class UNet(nn.Module):
    """A denoiser: `model(x_t, t, cond)` is shaped like x_t.

    Args:
        widths: channels on each grid, finest first; each further grid has half the side
        blocks: residual blocks per grid on the way down, and as many on the way up
        labels: number of labels besides label 0, which means "nothing told"
        channels: channels of the picture, 3 for RGB
        refine: channels of the small full-resolution head that smooths over the fold
        text_width: length of a token's vector; 0 for a network without text
        fold: side of the square of pixels that becomes channels; 1 for latents, which
            are folded already
        jumps: whether it can be told how far a step goes (lesson 16)
    """

    def __init__(
        self,
        widths: tuple[int, ...] = (64, 128),
        blocks: int = 2,
        labels: int = 0,
        channels: int = 3,
        refine: int = 16,
        text_width: int = 0,
        fold: int = 2,
        jumps: bool = False,
    ):
        super().__init__()
        self.fold = fold
        self.config = dict(
            widths=list(widths),
            blocks=blocks,
            labels=labels,
            channels=channels,
            refine=refine,
            text_width=text_width,
            fold=fold,
        )
        # Four times, as in Ho et al.'s code; narrower was not tried.
        vec_width = 4 * widths[0]
        self.time_width = 2 * widths[0]
        self.time = nn.Sequential(
            nn.Linear(self.time_width, vec_width),
            nn.SiLU(),
            nn.Linear(vec_width, vec_width),
        )
        if text_width:
            self.gist = Gist(text_width, vec_width)
        else:
            # "Nothing told" is a learned label too: guidance asks the same network with
            # and without a condition (Ho & Salimans 2022).
            self.label = nn.Embedding(labels + 1, vec_width)

        self.into = nn.Conv2d(channels * self.fold**2, widths[0], 3, padding=1)
        self.down = nn.ModuleList()
        self.up = nn.ModuleList()
        for i, width in enumerate(widths):
            # The cost of attention grows with the square of the number of places, so
            # only the coarsest grid has it: leaving it out on 16x16 makes training 1.5
            # times as fast.
            kind = (width, blocks, vec_width, i == len(widths) - 1, text_width)
            self.down.append(Level(*kind))
            # The way up is the way down in reverse.
            self.up.insert(0, UpLevel(*kind))
        pairs = list(zip(widths[:-1], widths[1:], strict=True))
        # Halved by a strided convolution, as in Ho et al.'s code: it learns what to
        # keep.
        self.shrink = nn.ModuleList(nn.Conv2d(f, c, 3, 2, 1) for f, c in pairs)
        self.grow = nn.ModuleList(nn.Conv2d(c, f, 3, 1, 1) for f, c in reversed(pairs))
        # One block where Ho et al. have two and attention: the coarsest grid already
        # has attention, on the way down and on the way up.
        self.middle = ResidualBlock(widths[-1], vec_width)

        # Unfolding straight to pixels leaves a checkerboard of 2x2 squares; a small
        # head at full resolution, which also sees x_t, smooths it.
        self.out = nn.Conv2d(widths[0], refine * self.fold**2, 1)
        self.refine = nn.Conv2d(refine + channels, refine, 3, padding=1)
        # A new network predicts 0, so its first loss is the mean square of the target.
        self.last = zeroed(nn.Conv2d(refine, channels, 3, padding=1))
        # Only where it is true: the cards of all other networks stay as they are.
        if jumps:
            self.config["jumps"] = True
            # Its last layer is 0, so a trained network that gets this second time input
            # still draws what it drew before.
            self.jump = nn.Sequential(
                nn.Linear(self.time_width, vec_width),
                nn.SiLU(),
                zeroed(nn.Linear(vec_width, vec_width)),
            )

    def forward(
        self,
        x_t: Tensor,
        t: Tensor,
        cond: Tensor | None = None,
        added: list[Tensor] | None = None,
        jump: Tensor | None = None,
    ) -> Tensor:
        """Guess the target for each picture.

        Args:
            x_t: (B, C, H, W) noisy pictures, H and W divisible by 2^(number of grids)
            t: (B,) int64 steps
            cond: (B,) int64 labels, 0 for "nothing told"; None is 0 for all. Words
                come in notebook 10: text_emb (B, L, D), zero where there is no token
            added: what steers it besides words (control.py, lesson 13): one tensor for
                each skip and a last one for the middle, shaped like these
            jump: (B,) int64, how many steps the answer must lead down; None or 0 asks
                for the velocity at t itself (few_steps.py, lesson 16)
        """
        self.check_input(x_t, t, cond)
        vec = self.time(time_embedding(t, self.time_width))
        if "jumps" in self.config:
            far = torch.zeros_like(t) if jump is None else jump
            vec = vec + self.jump(time_embedding(far, self.time_width))
        elif jump is not None:
            raise ValueError("This network cannot be told how far a step goes.")
        told, text = self.hear(t, cond)
        vec = F.silu(vec + told)  # (B, vec_width)

        # Folding halves each side at no loss: a convolution then costs a quarter. It
        # makes the whole network twice as fast on a CPU.
        h = self.into(F.pixel_unshuffle(x_t, self.fold))  # (B, widths[0], H / 2, W / 2)
        h, skips = go_down(self, h, vec, text)
        if added is not None:
            *to_skips, to_middle = added
            skips = [x + y for x, y in zip(skips, to_skips, strict=True)]
            h = h + to_middle
        for i, level in enumerate(self.up):
            h = level(h, vec, skips, text)
            if i < len(self.grow):
                # Nearest, then a convolution: a transposed convolution leaves a checker
                # (Odena et al. 2016).
                h = self.grow[i](F.interpolate(h, scale_factor=2.0, mode="nearest"))

        h = F.pixel_shuffle(self.out(F.silu(h)), self.fold)  # (B, refine, H, W)
        h = self.refine(torch.cat([F.silu(h), x_t], dim=1))
        return self.last(F.silu(h))  # (B, C, H, W)

    @property
    def multiple(self) -> int:
        """The number that height and width must be divisible by."""
        return self.fold * 2 ** len(self.shrink)

    def hear(self, t: Tensor, cond: Tensor | None):
        """The pooled condition, (B, vec_width), and for attention (text_emb, mask).

        A network without text has no second part: it is None.
        """
        if not self.config["text_width"]:
            return self.label(torch.zeros_like(t) if cond is None else cond), None
        # Padding is all zeros and no token ever is, so no mask need be passed.
        mask = cond.any(dim=2)  # (B, L), True where there is a token
        return self.gist(cond, mask), (cond, mask)

    def check_input(self, x_t: Tensor, t: Tensor, cond: Tensor | None) -> None:
        """Raise ValueError for arguments that would otherwise fail deep inside."""
        channels, labels = self.config["channels"], self.config["labels"]
        multiple = self.multiple
        # 4 for pictures; 3 where one_dimension.py has made it a network for sound.
        # (With a LoRA beside it, the layer has no weight of its own.)
        ndim = next(self.into.parameters()).ndim
        if x_t.ndim != ndim or x_t.shape[1] != channels:
            sides = "H, W" if ndim == 4 else "L"
            raise ValueError(
                f"x_t must be shaped (B, {channels}, {sides}); got {tuple(x_t.shape)}."
            )
        if any(side % multiple for side in x_t.shape[2:]):
            raise ValueError(
                f"Height and width must be divisible by {multiple}; "
                f"got {'x'.join(map(str, x_t.shape[2:]))}."
            )
        if not isinstance(t, Tensor) or t.shape != x_t.shape[:1]:
            got = tuple(t.shape) if isinstance(t, Tensor) else t
            raise ValueError(
                f"t must be a tensor of one step per picture, ({len(x_t)},); got {got}."
            )
        text_width = self.config["text_width"]
        if text_width:
            if (
                cond is None
                or cond.ndim != 3
                or cond.shape[::2] != (len(t), text_width)
            ):
                raise ValueError(
                    f"cond must be one text per picture, ({len(t)}, L, {text_width}); "
                    f"got {None if cond is None else tuple(cond.shape)}."
                )
            return
        if cond is None:
            return
        if cond.shape != t.shape or cond.dtype != torch.int64:
            raise ValueError(
                f"cond must hold one label per picture, ({len(x_t)},) of torch.int64; "
                f"got {tuple(cond.shape)} of {cond.dtype}."
            )
        if not (0 <= int(cond.min()) <= int(cond.max()) <= labels):
            raise ValueError(f"This network knows the labels 0..{labels}; got {cond}.")


def go_down(half: nn.Module, h: Tensor, vec: Tensor, text) -> tuple[Tensor, list]:
    """The way down and the middle: what comes out, and the skips, finest first.

    Args:
        half: a UNet, or anything with its `down`, `shrink` and `middle`
        h: (B, widths[0], H, W), behind the first convolution
    """
    skips: list[Tensor] = []
    for i, level in enumerate(half.down):
        h = level(h, vec, skips, text)
        if i < len(half.shrink):
            h = half.shrink[i](h)
    return half.middle(h, vec), skips


class Gist(nn.Module):
    """The pooled text embedding: a projection of the mean over a text's tokens.

    It starts at the scale of a label's embedding, so that it counts at once: the other
    layers learn to do without a signal that is weak early on (lesson 10).
    """

    def __init__(self, text_width: int, vec_width: int):
        super().__init__()
        self.turn = nn.Linear(text_width, text_width)
        # The mean of many different vectors is shorter than that of few; the norm gives
        # all texts the same scale. The layer behind it has weights of its own.
        self.norm = nn.LayerNorm(text_width, elementwise_affine=False)
        self.out = nn.Linear(text_width, vec_width)
        # The output has a standard deviation of 1, like the rows of nn.Embedding; with
        # torch's own initialisation it is 0.58 (measured).
        nn.init.normal_(self.out.weight, std=text_width**-0.5)

    def forward(self, text_emb: Tensor, mask: Tensor) -> Tensor:
        """(B, L, text_width), zero where `mask` (B, L) is False, to (B, vec_width)."""
        # Without the padding: the same text gives the same vector in a longer batch.
        mean = text_emb.sum(1) / mask.sum(1, keepdim=True)
        return self.out(self.norm(self.turn(mean)))


class Level(nn.Module):
    """The blocks of one grid on the way down; each leaves a skip."""

    def __init__(
        self, width: int, blocks: int, vec_width: int, attention: bool, text_width: int
    ):
        super().__init__()
        self.blocks = nn.ModuleList(
            ResidualBlock(width, vec_width) for _ in range(blocks)
        )
        self.look = Attention(width) if attention else nn.Identity()
        # Cross-attention costs places times tokens, far less than places times places,
        # so the way up has it on every grid.
        listens = text_width and attention  # the way down only on the coarsest grid
        self.listen = CrossAttention(width, text_width) if listens else None

    def forward(self, h: Tensor, vec: Tensor, skips: list[Tensor], text) -> Tensor:
        """(B, C, H, W) to (B, C, H, W); appends to `skips`."""
        for block in self.blocks:
            h = block(h, vec)
            skips.append(h)  # from before attention: the way up looks for itself
        h = self.look(h)
        return self.listen(h, *text) if self.listen else h


class UpLevel(nn.Module):
    """The blocks of one grid on the way up; each takes a skip back."""

    def __init__(
        self, width: int, blocks: int, vec_width: int, attention: bool, text_width: int
    ):
        super().__init__()
        self.blocks = nn.ModuleList(
            ResidualBlock(width, vec_width) for _ in range(blocks)
        )
        self.merges = nn.ModuleList(
            nn.Conv2d(2 * width, width, 1) for _ in range(blocks)
        )
        self.look = Attention(width) if attention else nn.Identity()
        self.listen = CrossAttention(width, text_width) if text_width else None

    def forward(self, h: Tensor, vec: Tensor, skips: list[Tensor], text) -> Tensor:
        """(B, C, H, W) to (B, C, H, W); pops from `skips`."""
        for merge, block in zip(self.merges, self.blocks, strict=True):
            # Merging by 1x1 first keeps the 3x3 convolutions at C channels. On 2C, as
            # usual, the first would cost twice as much.
            both = torch.cat([h, skips.pop()], dim=1)  # (B, 2C, H, W)
            h = block(merge(both), vec)  # (B, C, H, W)
        h = self.look(h)
        return self.listen(h, *text) if self.listen else h


def count_parameters(model: nn.Module) -> int:
    """The number of parameters of a network."""
    return sum(parameter.numel() for parameter in model.parameters())
