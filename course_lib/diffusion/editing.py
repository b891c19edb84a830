"""Editing pictures: image-to-image, inpainting, and interpolation between noises.

    variations = image_to_image(draw, pictures, ["a red cat"], strength=0.7)
    repainted = inpaint(draw, pictures, mask, ["a frog on stilts"])

Nothing is trained here. The only changes are where a sampler starts and what it must
keep on its way; `draw` is any painter with `predict_for(asked, way)`.
"""

import operator
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.diffusion.guidance import FOR_PROMPTS
from course_lib.diffusion.objective import Predict, eps_from_x_0
from course_lib.diffusion.samplers import (
    PictureNoise,
    Step,
    choose_steps,
    dpm_solver,
    last_step,
    mix,
)
from course_lib.diffusion.schedule import NoiseSchedule, add_noise
from course_lib.pixels import check_pictures

# Also for latents, although whole pictures use FOR_LATENTS there: a larger w, and only
# in the middle of the way. For editing, that leaves larger seams around holes, and a
# low strength starts below that middle: of 60 pictures at strength 0.3 none became the
# red cat that was asked for (benchmarks/07_editing.md).
W = FOR_PROMPTS.guidance_scale

# Start halfway ----------------------------------------------------------------


def start_of(strength: float, T: int) -> int:
    """The starting step for a strength: 0 leaves the picture alone, 1 is pure noise.

    >>> start_of(strength=0.6, T=1000)
    600
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must lie in 0..1; got {strength}.")
    return round(strength * T)


def begin(
    x_0: Tensor, strength: float, eps: Tensor, schedule: NoiseSchedule
) -> tuple[int, Tensor]:
    """The starting step for a strength, and x_0 (B, C, H, W) noised to that step.

    Args:
        eps: like x_0, drawn from N(0, 1)
    """
    start = start_of(strength, schedule.T)
    return start, add_noise(x_0, torch.tensor([start]), eps, schedule)


def image_to_image(
    painter,
    pictures: Tensor,
    asked: list[str],
    strength: float = 0.7,
    steps: int = 20,
    guidance_scale: float | None = W,
    seed: int = 0,
    batch_size: int | None = None,
) -> Tensor:
    """Noise each picture up to a step and denoise it from there: (B, 3, H, W), on CPU.

    SDEdit (Meng et al. 2022). What the noise has not covered stays: roughly where
    things are, and their colours. What it has covered is drawn anew, as asked.

    Args:
        pictures: (B, 3, H, W) in [-1, 1]
        asked: one prompt (or label) per picture
        strength: the starting step as a share of T, 0..1
        steps: for a whole drawing; strength 0.3 takes 0.3 of them
        guidance_scale: None guides as for whole pictures
        batch_size: pictures drawn together; None draws all, if there is memory

    Raises:
        ValueError: not one prompt per picture, or a strength outside 0..1
        PictureError: the pictures are not (B, 3, H, W) in [-1, 1]
    """
    check_asked(pictures, asked)
    # Skips `encode` and `decode` as well: they would change the pictures a little.
    if start_of(strength, painter.schedule.T) == 0:
        return pictures.clone()
    drawn = []
    for some in parts_of(len(pictures), batch_size):
        predict = painter.predict_for(asked[some], painter.way(guidance_scale))
        x_0 = painter.encode(pictures[some])
        # The noise from which a whole drawing with this seed starts: on the straight
        # line strength 1 is such a drawing, and nothing of the picture is left.
        noise = PictureNoise(seed, range(len(pictures))[some], painter.device)
        start, x_t = begin(x_0, strength, noise(x_0.shape[1:]), painter.schedule)
        # Steps as dense as in a whole drawing: strength 0.3 of 20 steps takes 6.
        updates = min(start, max(1, round(strength * operator.index(steps))))
        walk = dpm_solver(predict, x_t, painter.schedule, updates, start=start)
        drawn.append(painter.decode(last_step(walk)))
    return torch.cat(drawn)


def parts_of(n: int, batch_size: int | None) -> list[slice]:
    """Slices of 0..n, each at most `batch_size` long; None makes one slice."""
    size = n if batch_size is None else batch_size
    return [slice(first, first + size) for first in range(0, n, size)]


def check_asked(pictures: Tensor, asked: list[str]) -> None:
    """Raise ValueError unless pictures lie in [-1, 1] and have one prompt each."""
    # Strict: bytes in 0..255 would otherwise be edited without a complaint.
    check_pictures(pictures, strict=True)
    if isinstance(asked, str) or len(asked) != len(pictures):
        raise ValueError(
            f"{len(pictures)} pictures need a list of as many prompts; got {asked!r}."
        )


# Keep a part ------------------------------------------------------------------

# Default for how often each step is taken. The measure: how much neighbours differ
# across the border of a hole, where real pictures are 1. Steps taken once give 2.8,
# three times 1.9, three times with `pull` 1.4, the same as whole drawings in pixels.
# Taken once with `pull` is 2.8 again: both are needed (benchmarks/07_editing.md).
AGAIN = 3
FAINTEST = 0.2  # the correction divides by a, but never by less than this
# The last share of the way goes unguided, since guidance makes the drawn part's colours
# stronger than the kept part's. With no guidance at all, only 83 % get the hat.
UNGUIDED = 0.2
FADE = 8  # pixels that the correction of a decoder's error reaches into the hole


def check_mask(mask: Tensor, pictures: Tensor) -> Tensor:
    """The mask as (B, 1, H, W) booleans, True where something new is to be drawn.

    Takes (H, W), (B, H, W), (1, 1, H, W) or (B, 1, H, W), of booleans or of 0 and 1.

    Raises:
        ValueError: another shape, other values, or nothing to draw in some picture
    """
    given, (B, _, H, W) = mask, pictures.shape
    mask = mask[None] if mask.ndim == 2 else mask
    mask = mask[:, None] if mask.ndim == 3 else mask
    if mask.shape not in ((1, 1, H, W), (B, 1, H, W)):
        raise ValueError(
            f"The mask must be as large as the pictures, {H}x{W}, one for all or one "
            f"each; got {tuple(given.shape)}."
        )
    # Grey is refused, not rounded: in 0..255 nearly everything would mean "draw", and a
    # soft edge has no meaning here.
    if mask.dtype != torch.bool and not ((mask == 0) | (mask == 1)).all():
        raise ValueError("A mask is True (or 1) where to draw, elsewhere False (or 0).")
    mask = mask.bool().expand(B, -1, -1, -1)
    if not mask.flatten(1).any(1).all():
        raise ValueError("The mask is empty: nothing would be drawn.")
    return mask


def put_back(
    x_next: Tensor,
    x_0: Tensor,
    mask: Tensor,
    t_next: int,
    eps_new: Tensor,
    schedule: NoiseSchedule,
) -> Tensor:
    """Take x_next where the mask is True; elsewhere x_0, noised to the same step.

    Next to a clean part, the network would take the noise of the drawn part for
    structure. All tensors are (B, C, H, W), the mask (B, 1, H, W).
    """
    # At t_next = 0, b is 0, so the kept part comes out exactly as it went in.
    return torch.where(mask, x_next, mix(x_0, eps_new, t_next, schedule))


def held(
    predict: Predict,
    x_0: Tensor,
    mask: Tensor,
    schedule: NoiseSchedule,
    noise: PictureNoise,
    steps: int = 20,
    again: int = AGAIN,
    pull: bool = True,
) -> Iterator[Step]:
    """Draw where the mask is True; elsewhere keep x_0 (RePaint, Lugmayr et al. 2022).

    After each step the kept part is put back, as noisy as the drawn part is by then.
    The drawn part could not foresee what would be put beside it, so each step is taken
    `again` times, up to the noise that it came from and down once more, until both
    parts agree (their algorithm 1). Each guess is also corrected by `pulled`.

    Args:
        x_0: (B, C, H, W) the pictures or their latents
        mask: (B, 1, H, W) booleans
        again: how often each step is taken; 1 leaves seams
        pull: False leaves the network's guesses as they are
    """
    if again < 1:
        raise ValueError(f"Every step is taken once or more; got {again}.")
    a, b = schedule.a_table.tolist(), schedule.b_table.tolist()
    # Always from T, so that the old contents of the hole are forgotten altogether.
    down = choose_steps(schedule.T, steps)
    shape = x_0.shape[1:]
    x_t = noise(shape)
    for t, t_next in zip(down[:-1], down[1:], strict=True):
        all_t = torch.full((len(x_t),), t, device=x_t.device)
        for turn in range(again if t_next > 0 else 1):  # the last gains nothing from it
            if pull:
                x_0_hat, eps_hat = pulled(predict, x_t, all_t, x_0, mask, schedule)
            else:
                x_0_hat, eps_hat = predict(x_t, all_t)
            if turn == 0:
                yield Step(t, x_t, torch.where(mask, x_0_hat, x_0))
            # Deterministic DDIM; the randomness of RePaint is in the noise put back and
            # in the way up.
            drawn = mix(x_0_hat, eps_hat, t_next, schedule)
            x_next = put_back(drawn, x_0, mask, t_next, noise(shape), schedule)
            if turn < again - 1:
                # Up again from t_next to t: variances add, so fresh noise supplies what
                # is missing to b[t]^2. On the circle, from t - 1 to t, keep squared is
                # RePaint's alpha and std squared its beta.
                keep = a[t] / a[t_next]
                # Rounding may make it negative.
                std = max(b[t] ** 2 - (keep * b[t_next]) ** 2, 0.0) ** 0.5
                x_t = keep * x_next + std * noise(shape)
        x_t = x_next
    yield Step(0, x_t, x_t)


def pulled(
    predict: Predict,
    x_t: Tensor,
    t: Tensor,
    x_0: Tensor,
    mask: Tensor,
    schedule: NoiseSchedule,
) -> tuple[Tensor, Tensor]:
    """(x_0_hat, eps_hat), corrected so that the guess of the kept part fits it better.

    The network hardly sees the kept part through the noise that was put back. But we
    know it: how must x_t change for the network to guess the kept part right? The
    gradient answers for every pixel, in the hole as well. J is the Jacobian of x_0_hat
    with respect to x_t:

        x_0_hat + (a^2 + b^2) / a * J^T (x_0 - x_0_hat, 0 in the hole)

    Song et al. 2023, "Pseudoinverse-guided diffusion models", with their r_t^2 = b^2 /
    (a^2 + b^2). Where a < FAINTEST, near T, we divide by FAINTEST.
    """
    # The caller may have switched gradients off. A tensor made in inference_mode cannot
    # have one, but its clone can.
    with torch.inference_mode(False), torch.enable_grad():
        x_t = x_t.detach().clone().requires_grad_()
        x_0_hat, _ = predict(x_t, t)
        # Detached, so `off` counts as a constant and the gradient is J^T off.
        off = torch.where(mask, 0.0, x_0 - x_0_hat.detach())
        (towards,) = torch.autograd.grad((off * x_0_hat).sum(), x_t)
    x_t, x_0_hat = x_t.detach(), x_0_hat.detach()
    a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
    # Dividing by a makes the correction strong where little of the picture is left, and
    # infinite at T of the straight line: hence FAINTEST.
    x_0_hat = x_0_hat + (a**2 + b**2) / a.clamp(min=FAINTEST) * towards
    # Both guesses must still add up to x_t, as in `predictor`.
    return x_0_hat, eps_from_x_0(x_0_hat, x_t, t, schedule)


def inpaint(
    painter,
    pictures: Tensor,
    mask: Tensor,
    asked: list[str],
    steps: int = 20,
    again: int = AGAIN,
    guidance_scale: float | None = W,
    seed: int = 0,
    pull: bool = True,
    batch_size: int = 32,
    callback: Callable[[Step], None] | None = None,
) -> Tensor:
    """Draw what is asked where the mask is True; keep the rest. (B, 3, H, W), on CPU.

    A prompt describes the whole picture, the kept part included (lesson 07).

    Args:
        pictures: (B, 3, H, W) in [-1, 1]
        mask: (H, W), (B, H, W) or (B, 1, H, W): True where something new is to be drawn
        asked: one prompt (or label) per picture
        again, pull: see `held`
        guidance_scale: None guides as for whole pictures
        batch_size: pictures drawn together; more only takes more memory

    Raises:
        ValueError: not one prompt per picture, or a mask that `check_mask` refuses
        PictureError: the pictures are not (B, 3, H, W) in [-1, 1]
    """
    check_asked(pictures, asked)
    mask = check_mask(mask, pictures)
    drawn = []
    for some in parts_of(len(pictures), batch_size):
        # `pulled` keeps all activations for the gradient, so long lists are cut into
        # batches.
        predict = guided_at_first(painter, asked[some], guidance_scale)
        x_0 = painter.encode(pictures[some])
        # Indexed by place in the whole list, so another batch_size draws the same
        # pictures.
        noise = PictureNoise(seed, range(len(pictures))[some], painter.device)
        # (B, 1, h, w) on the grid that is drawn: pixels or latents.
        hole = coarser(mask[some], x_0).to(painter.device)
        for step in held(
            predict, x_0, hole, painter.schedule, noise, steps, again, pull
        ):
            if callback:
                callback(step)
        drawn.append(painter.decode(step.x_0_hat))
    return joined(torch.cat(drawn), pictures.cpu(), mask)


def guided_at_first(painter, asked: list[str], guidance_scale: float | None) -> Predict:
    """Guide while there is much noise, and leave the last share, UNGUIDED, unguided.

    Guidance decides early what is drawn. Late, it only makes the drawn part more
    glaring than the kept one (Kynkäänniemi et al. 2024 guide in an interval too).
    """
    # A scale of None keeps the painter's own interval, whose end is cut off like any.
    way, last = painter.way(guidance_scale), UNGUIDED * painter.schedule.T
    low, high = way.guided_between or (0, painter.schedule.T)
    at_first = replace(way, guided_between=(max(low, last), high))
    return painter.predict_for(asked, at_first)


def joined(drawn: Tensor, pictures: Tensor, mask: Tensor) -> Tensor:
    """Join the kept part, unchanged, and the drawn part, without the decoder's error.

    The error is known on the kept side only. Each pixel of the hole takes the mean of
    its neighbours' corrections, FADE times, so the correction fades away from the edge
    (the membrane of Pérez et al. 2003, "Poisson image editing", stopped early). Without
    a decoder it is zero.
    """
    # `drawn` also holds the kept part, as the decoder renders it: the difference is the
    # decoder's error on that side of the edge.
    known = torch.where(mask, 0.0, pictures - drawn)
    off = known
    for _ in range(FADE):
        # The four neighbours of each pixel; at the border it is its own neighbour.
        x = F.pad(off, (1, 1, 1, 1), mode="replicate")
        beside = x[..., 1:-1, :-2] + x[..., 1:-1, 2:]
        above_below = x[..., :-2, 1:-1] + x[..., 2:, 1:-1]
        off = torch.where(mask, (beside + above_below) / 4, known)
    return torch.where(mask, (drawn + off).clamp(-1, 1), pictures)


def coarser(mask: Tensor, x_0: Tensor) -> Tensor:
    """The mask on the grid of x_0: a latent is drawn anew if any of its pixels is."""
    # Any, not most: a latent that is half kept would carry old contents into the hole.
    times = mask.shape[-1] // x_0.shape[-1]
    return F.max_pool2d(mask.float(), times).bool() if times > 1 else mask


def widen(
    pictures: Tensor, left: int = 0, right: int = 0, top: int = 0, bottom: int = 0
) -> tuple[Tensor, Tensor]:
    """Add room around pictures (B, 3, H, W), and make its mask, for `inpaint`.

    >>> wider, mask = widen(torch.zeros(1, 3, 32, 32), right=16)
    >>> wider.shape, int(mask.sum())
    (torch.Size([1, 3, 32, 48]), 512)
    """
    check_pictures(pictures)
    room = (left, right, top, bottom)
    if min(room) < 0 or max(room) == 0:
        raise ValueError(f"Say how many pixels to add at which side; got {room}.")
    # The room takes the colours of the border: an encoder also looks at what lies
    # beside an edge, and zeros would be a grey wall.
    mask = torch.ones(1, 1, *pictures.shape[2:], dtype=torch.bool)
    return F.pad(pictures, room, mode="replicate"), ~F.pad(mask, room)


# Go between -------------------------------------------------------------------


def between(first: Tensor, second: Tensor, share: float) -> Tensor:
    """Spherical interpolation from one noise to another ("slerp", Shoemake 1985).

    Half of each, added up, would have a standard deviation of 0.7, unlike any noise
    that the network has seen. On the great circle the standard deviation stays 1.

    Args:
        first, second: N(0, 1), of the same shape
        share: 0 is the first, 1 the second
    """
    # Near 0, a right angle, for two independent noises of 3,072 numbers. The clamp
    # allows equal noises too, where sin(angle) would be 0.
    cosine = F.cosine_similarity(first.flatten(), second.flatten(), dim=0)
    angle = cosine.clamp(-1 + 1e-6, 1 - 1e-6).acos()
    parts = torch.sin((1 - share) * angle) * first + torch.sin(share * angle) * second
    return parts / torch.sin(angle)
