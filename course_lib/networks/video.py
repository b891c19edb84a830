"""A picture painter that has grown a time axis: it denoises a whole film at once.

A film is (B, F, C, H, W): for the picture painter inside, B * F pictures of one batch.
Between its layers, new ones look along time: a convolution sees a frame with its two
neighbours, and attention sees all frames of a film. Both follow Ho et al. (2022, "Video
diffusion models", section 3) and start at zero (Singer et al. 2022, "Make-A-Video",
section 3.2): a new film painter draws each frame exactly as the picture painter would,
and learns motion from there.

Frames may be given, such as the first of a film. A given frame is clean and its step is
t = 0, while the others are noisy: each frame has a step of its own (Chen et al. 2024,
"Diffusion forcing", section 3). Nothing is added to the network for this, since steps
are what it reads already.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.networks.layers import (
    in_heads,
    norm,
    out_of_heads,
    time_embedding,
    zeroed,
)
from course_lib.networks.text_unet import TextUNet

# Given frames instead of a first input channel more (Stable Video Diffusion) or a first
# frame that is drawn again and again at every step: the picture painter's first layer
# stays as it was learned, and any frame may be given, not only the first.


def give_frames(
    x_t: Tensor, t: Tensor, x_0: Tensor, given: Tensor
) -> tuple[Tensor, Tensor]:
    """Put the given frames into a noisy film, clean, and say so by their step, 0.

    Args:
        x_t: (B, F, C, H, W)
        t: (B,) steps of the films, or (B, F) of every frame
        x_0: like x_t; only its given frames are used
        given: (B, F) bool

    Returns:
        the film with clean and noisy frames, and the step of every frame, (B, F)
    """
    each = t if t.ndim == 2 else t[:, None].expand(given.shape)
    film = torch.where(given[:, :, None, None, None], x_0, x_t)
    return film, each.masked_fill(given, 0)


# ------------------------------------------------------------------- looking along time


def along_time(h: Tensor, frames: int) -> Tensor:
    """From frames to courses: (B * F, C, H, W) to (B * H * W, F, C).

    A course is what happens at one place of the grid, from the first frame to the last.
    """
    h = h.unflatten(0, (-1, frames))  # (B, F, C, H, W)
    return h.permute(0, 3, 4, 1, 2).flatten(0, 2)  # (B * H * W, F, C)


def in_place(courses: Tensor, height: int, width: int) -> Tensor:
    """From courses back to frames: (B * H * W, F, C) to (B * F, C, H, W)."""
    film = courses.unflatten(0, (-1, height, width))  # (B, H, W, F, C)
    return film.permute(0, 3, 4, 1, 2).flatten(0, 1)  # (B * F, C, H, W)


def attend_along_time(
    h: Tensor, frames: int, attend: Callable[[Tensor], Tensor]
) -> Tensor:
    """Let the frames of a film look at each other, at every place by itself.

    Args:
        h: (B * F, C, H, W)
        attend: self-attention of sequences, (N, F, C) to (N, F, C)
    """
    # The same attention as between words, and as between the places of a picture: only
    # what counts as a sequence is new. All F * H * W places at once would cost H * W
    # times as much.
    return in_place(attend(along_time(h, frames)), *h.shape[2:])


def film_times(frames: int, device) -> Tensor:
    """The time of every frame for `time_embedding`: 0 to just below 1000, (F,)."""
    # By the share of the film, not the number of the frame: half way is half way in 8
    # frames and in 16.
    return torch.arange(frames, device=device) * (1000 / frames)


class TimeAttention(nn.Module):
    """Self-attention between the frames of a film, at each place of the grid."""

    def __init__(self, width: int, heads: int = 4):
        super().__init__()
        self.heads = heads
        self.norm = norm(width)
        # Attention ignores order, so each frame says when it is: otherwise a walk to
        # the left would look like a walk to the right.
        self.when = nn.Linear(width, width)
        self.to_query_key_value = nn.Linear(width, 3 * width)
        self.out = zeroed(nn.Linear(width, width))

    def attend(self, courses: Tensor) -> Tensor:
        """Courses (N, F, C) to what each frame takes from the others, (N, F, C)."""
        frames, width = courses.shape[1:]
        time = film_times(frames, courses.device)
        courses = courses + self.when(time_embedding(time, width))
        together = self.to_query_key_value(courses).chunk(3, dim=-1)
        query, key, value = (in_heads(x, self.heads) for x in together)
        seen = F.scaled_dot_product_attention(query, key, value)
        return self.out(out_of_heads(seen))

    def forward(self, h: Tensor, frames: int) -> Tensor:
        """(B * F, C, H, W) to the same shape."""
        return h + attend_along_time(self.norm(h), frames, self.attend)


def with_neighbours(h: Tensor, frames: int) -> Tensor:
    """Each frame with the one before it and the one after it, (B * F, 3C, H, W).

    The first and the last frame stand in for the neighbour that they lack.
    """
    h = h.unflatten(0, (-1, frames))
    before = torch.cat([h[:, :1], h[:, :-1]], dim=1)
    after = torch.cat([h[:, 1:], h[:, -1:]], dim=1)
    return torch.cat([before, h, after], dim=2).flatten(0, 1)


class TimeConvolution(nn.Module):
    """A convolution over three frames, at each place of the grid by itself."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = norm(width)
        # The sum of a Conv3d of 3x1x1, by the 1x1 convolution that a CPU does best.
        self.mix = nn.Conv2d(3 * width, width, 1)
        self.out = zeroed(nn.Conv2d(width, width, 1))

    def forward(self, h: Tensor, frames: int) -> Tensor:
        """(B * F, C, H, W) to the same shape."""
        mixed = self.mix(with_neighbours(self.norm(h), frames))
        return h + self.out(F.silu(mixed))


class TimeLayers(nn.Module):
    """A convolution along time and, where asked for, attention along time."""

    def __init__(self, width: int, attention: bool):
        super().__init__()
        self.near = TimeConvolution(width)
        self.far = TimeAttention(width) if attention else None

    def forward(self, h: Tensor, frames: int) -> Tensor:
        """(B * F, C, H, W) to the same shape; a single frame passes through."""
        if frames == 1:  # a picture has no neighbours: it stays what it was
            return h
        h = self.near(h, frames)
        return self.far(h, frames) if self.far else h


# -------------------------------------------------------------------- the film painter


class FilmUNet(nn.Module):
    """A denoiser of films, `model(x_t, t, cond)`: a text U-Net with layers along time.

    Args:
        text, unet: settings of the TextUNet inside
    """

    def __init__(self, text: dict, unet: dict):
        super().__init__()
        self.painter = TextUNet(text, unet)
        self.config = self.painter.config
        widths = self.painter.unet.config["widths"]
        # As between places: attention on the coarsest grid only, which sees the whole
        # film at a cost that does not matter. Convolutions are on all grids.
        coarsest = len(widths) - 1
        kinds = [(width, i == coarsest) for i, width in enumerate(widths)]
        self.down = nn.ModuleList(TimeLayers(*kind) for kind in kinds)
        self.middle = TimeLayers(widths[-1], True)
        # Every block of the painter is told how late it is in the film, as it is told
        # the step: "walks to the left" means another place in every frame.
        unet = self.painter.unet
        self.clock = zeroed(nn.Linear(unet.time_width, unet.gist.out.out_features))
        self.up = nn.ModuleList(TimeLayers(*kind) for kind in reversed(kinds))

    def read(self, tokens: Tensor) -> Tensor:
        """Tokens (B, L) to text_emb (B, L, D); needed only once per prompt."""
        return self.painter.read(tokens)

    def forward(self, x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        """Predict the target for x_t (B, F, C, H, W), in the same shape.

        Args:
            t: (B,) int64 steps of the films, or (B, F) of every frame
            cond: tokens (B, L) int64, or text_emb (B, L, D)
        """
        self.check_input(x_t, t, cond)
        frames = x_t.shape[1]
        text_emb = cond if cond.is_floating_point() else self.read(cond)
        if t.ndim == 1:
            t = t[:, None].expand(-1, frames)
        # For the painter inside, every frame is a picture with the text of its film.
        pictures, t = x_t.flatten(0, 1), t.flatten()
        out = self.draw(pictures, t, text_emb.repeat_interleave(frames, 0), frames)
        return out.unflatten(0, (-1, frames))

    def draw(self, x_t: Tensor, t: Tensor, text_emb: Tensor, frames: int) -> Tensor:
        """`UNet.forward` with the layers along time: after every grid and the middle.

        Args:
            x_t: (B * F, C, H, W), the frames of a film in a row
            t: (B * F,)
            text_emb: (B * F, L, D)
        """
        unet = self.painter.unet
        unet.check_input(x_t, t, text_emb)
        vec = unet.time(time_embedding(t, unet.time_width))
        told, text = unet.hear(t, text_emb)
        if frames > 1:
            late = time_embedding(film_times(frames, t.device), unet.time_width)
            vec = vec + self.clock(late).repeat(len(t) // frames, 1)
        vec = F.silu(vec + told)
        h = unet.into(F.pixel_unshuffle(x_t, unet.fold))
        skips: list[Tensor] = []
        for i, level in enumerate(unet.down):
            h = self.down[i](level(h, vec, skips, text), frames)
            if i < len(unet.shrink):
                h = unet.shrink[i](h)
        h = self.middle(unet.middle(h, vec), frames)
        for i, level in enumerate(unet.up):
            h = self.up[i](level(h, vec, skips, text), frames)
            if i < len(unet.grow):
                h = unet.grow[i](F.interpolate(h, scale_factor=2.0, mode="nearest"))
        h = F.pixel_shuffle(unet.out(F.silu(h)), unet.fold)
        h = unet.refine(torch.cat([F.silu(h), x_t], dim=1))
        return unet.last(F.silu(h))

    @property
    def unet(self) -> nn.Module:
        """The U-Net of the picture painter inside."""
        return self.painter.unet

    def check_input(self, x_t: Tensor, t: Tensor, cond: Tensor) -> None:
        """Raise ValueError for arguments that would otherwise fail deep inside."""
        if x_t.ndim != 5:
            raise ValueError(
                f"x_t must be shaped (B, F, C, H, W); got {tuple(x_t.shape)}. "
                "Pictures become films of one frame with pictures[:, None]."
            )
        if t.shape not in (x_t.shape[:1], x_t.shape[:2]):
            raise ValueError(
                f"t must hold one step per film, ({len(x_t)},), or per frame, "
                f"{tuple(x_t.shape[:2])}; got {tuple(t.shape)}."
            )
        if len(cond) != len(x_t):
            raise ValueError(f"{len(x_t)} films need as many texts; got {len(cond)}.")


def grown_from(model: FilmUNet, painter: TextUNet) -> None:
    """Initialise the picture painter inside from a trained one, in place.

    The layers along time stay at zero: each frame is what the painter would draw.
    """
    model.painter.load_state_dict(painter.state_dict())


FILM_UNET = ("film denoiser", "which makes no films", FilmUNet)  # for `load_network`


# --------------------------------------------------------------------- given frames


def with_given(
    model: Callable, x_0: Tensor, given: Tensor
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """A denoiser of films some of whose frames are given: it always sees them clean.

    Guidance asks for each film twice in one batch; the given frames repeat with it.

    Args:
        x_0: (B, F, C, H, W); only the given frames are used
        given: (B, F) bool
    """

    def knowing(x_t: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        times = len(x_t) // len(x_0)
        film, each = give_frames(
            x_t, t, x_0.repeat(times, 1, 1, 1, 1), given.repeat(times, 1)
        )
        return model(film, each, cond)

    return knowing
