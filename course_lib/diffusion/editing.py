"""Change a picture: the walk from noise, begun half way, or held to a part.

    variations = image_to_image(draw, pictures, ["a red cat"], strength=0.7)
    repainted = inpaint(draw, pictures, mask, ["a frog on stilts"])

Nothing is trained here. All that changes is where a sampler starts and what it is held
to on its way; `draw` is any painter with `predict_for(asked, way)`.
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

# Of latents, too, where whole pictures are guided harder and only in the middle of the
# way. Done so, holes have larger seams, and a faint strength begins below that middle:
# of 60 pictures at strength 0.3 none became the red cat that was asked for
# (benchmarks/07_editing.md).
W = FOR_PROMPTS.guidance_scale

# Begin half way ---------------------------------------------------------------


def start_of(strength: float, T: int) -> int:
    """The step that a strength means: 0 leaves the picture alone, 1 is pure noise.

    >>> start_of(strength=0.6, T=1000)
    600
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must lie in 0..1; got {strength}.")
    return round(strength * T)


def begin(
    x_0: Tensor, strength: float, eps: Tensor, schedule: NoiseSchedule
) -> tuple[int, Tensor]:
    """The step that a strength means, and the picture with the noise of that step."""
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
    """Cover each picture with noise up to a step, and draw on from there (SDEdit).

    Meng et al. 2022. What the noise has not covered stays: roughly where things are,
    and their colours; what it has covered is drawn anew, as asked.

    Args:
        pictures: (B, 3, H, W) in [-1, 1]
        asked: a prompt (or a label) a picture
        strength: how far up the noise goes, 0..1
        steps: of a whole way; a part of the way takes its part of them
        guidance_scale: None guides as whole pictures are
        batch_size: pictures drawn together; None draws all, if there is memory

    Raises:
        ValueError: not one prompt a picture, or a strength outside of 0..1
        PictureError: pictures that are no (B, 3, H, W) in [-1, 1]
    """
    check_asked(pictures, asked)
    # No step, no walk. And not through `encode` and `decode` either: in latents even a
    # picture that stays would come back a little changed.
    if start_of(strength, painter.schedule.T) == 0:
        return pictures.clone()
    drawn = []
    for some in parts_of(len(pictures), batch_size):
        predict = painter.predict_for(asked[some], painter.way(guidance_scale))
        x_0 = painter.encode(pictures[some])
        # The noise that a whole drawing of this seed begins with: on the straight line
        # strength 1 is such a drawing, and nothing of the picture is left.
        noise = PictureNoise(seed, range(len(pictures))[some], painter.device)
        start, x_t = begin(x_0, strength, noise(x_0.shape[1:]), painter.schedule)
        # As dense as on a whole way: strength 0.3 of 20 steps takes 6, and costs 6.
        updates = min(start, max(1, round(strength * operator.index(steps))))
        walk = dpm_solver(predict, x_t, painter.schedule, updates, start=start)
        drawn.append(painter.decode(last_step(walk)))
    return torch.cat(drawn)


def parts_of(n: int, batch_size: int | None) -> list[slice]:
    """What of n pictures is drawn together, part by part; None is all at once."""
    size = n if batch_size is None else batch_size
    return [slice(first, first + size) for first in range(0, n, size)]


def check_asked(pictures: Tensor, asked: list[str]) -> None:
    """Raise a sentence unless there is one prompt a picture, in order."""
    # Bytes in 0..255, or 0..1 read as 0..255, would be edited without a word.
    check_pictures(pictures, strict=True)
    if isinstance(asked, str) or len(asked) != len(pictures):
        raise ValueError(
            f"{len(pictures)} pictures need a list of as many prompts; got {asked!r}."
        )


# Hold a part ------------------------------------------------------------------

# How often each step is taken, where nobody says. How different neighbours are at the
# border of a hole, real pictures being 1: taken once 2.8, three times 1.9, and pulled
# 1.4, which in pixels whole drawings have there as well. Pulled and taken once it is
# 2.8 again, so both are needed (benchmarks/07_editing.md).
AGAIN = 3
FAINTEST = 0.2  # a guess is pulled by what a picture so faint would need, not more
# The last share of the way goes unguided: guidance makes the drawn part's colours
# stronger than the kept one's. With none at all a wished hat comes in 83 % only.
UNGUIDED = 0.2
FADE = 8  # how many pixels into the hole a decoder's error at its edge reaches


def check_mask(mask: Tensor, pictures: Tensor) -> Tensor:
    """The mask as (B, 1, H, W) booleans, True where something new is to be drawn."""
    # As many kinds as people have: one mask for all, one a picture, with or without the
    # axis of channels. All become (B, 1, H, W).
    given, (B, _, H, W) = mask, pictures.shape
    mask = mask[None] if mask.ndim == 2 else mask
    mask = mask[:, None] if mask.ndim == 3 else mask
    if mask.shape not in ((1, 1, H, W), (B, 1, H, W)):
        raise ValueError(
            f"The mask must be as large as the pictures, {H}x{W}, one for all or one "
            f"each; got {tuple(given.shape)}."
        )
    # Grey is refused, not rounded: 0..255 would all be "draw", and a soft edge has no
    # meaning here.
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
    """What was drawn where the mask is True; elsewhere the picture, just as noisy.

    Beside a clean part the network would take the drawn part's noise for structure.
    """
    # At t_next = 0 b is 0, so the kept part ends exactly as it came in.
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

    After each step the kept part is put back, with as much noise as the drawn part has
    by then. What is drawn cannot know yet what will be put beside it; so each step is
    taken `again` times: back up to the noise it came from, and down once more, until
    both parts agree (their algorithm 1). And each guess is `pulled`.

    Args:
        x_0: (B, C, H, W) the pictures
        mask: (B, 1, H, W) booleans
        again: how often each step is taken; 1 leaves seams
        pull: False leaves the guesses as the network says them
    """
    if again < 1:
        raise ValueError(f"Every step is taken once or more; got {again}.")
    a, b = schedule.a_table.tolist(), schedule.b_table.tolist()
    # Always from T: what is in the hole is to be forgotten altogether.
    down = choose_steps(schedule.T, steps)
    shape = x_0.shape[1:]
    x_t = noise(shape)
    for t, t_next in zip(down[:-1], down[1:], strict=True):
        all_t = torch.full((len(x_t),), t, device=x_t.device)
        for turn in range(again if t_next > 0 else 1):  # the last says the same again
            if pull:
                x_0_hat, eps_hat = pulled(predict, x_t, all_t, x_0, mask, schedule)
            else:
                x_0_hat, eps_hat = predict(x_t, all_t)
            if turn == 0:
                yield Step(t, x_t, torch.where(mask, x_0_hat, x_0))
            # DDIM without chance; the chance of RePaint is in what is put back and in
            # the way up.
            drawn = mix(x_0_hat, eps_hat, t_next, schedule)
            x_next = put_back(drawn, x_0, mask, t_next, noise(shape), schedule)
            if turn < again - 1:
                # Up again from t_next to t: variances add, so what b[t]^2 still lacks
                # is fresh. On the circle, from t - 1 to t, keep squared is the alpha of
                # RePaint and std squared its beta.
                keep = a[t] / a[t_next]
                # Rounding may take it below 0.
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
    """(x_0_hat, eps_hat), moved to where the kept part would be guessed as it is.

    Through the noise that was put back, a network hardly sees what is kept. But we know
    it: how must x_t change for the kept part to be guessed right? The gradient says it
    for every pixel, those of the hole too, J being how x_0_hat changes with x_t:

        x_0_hat + (a^2 + b^2) / a * J^T (x_0 - x_0_hat, 0 in the hole)

    Song et al. 2023, "Pseudoinverse-guided diffusion models", with their r_t^2 = b^2 /
    (a^2 + b^2); near T we divide by FAINTEST instead of a.
    """
    # The caller may have switched gradients off. A tensor that was made under
    # inference_mode never gets one, but a copy of it does.
    with torch.inference_mode(False), torch.enable_grad():
        x_t = x_t.detach().clone().requires_grad_()
        x_0_hat, _ = predict(x_t, t)
        # Detached, so that `off` is a number: the gradient is J^T off alone.
        off = torch.where(mask, 0.0, x_0 - x_0_hat.detach())
        (towards,) = torch.autograd.grad((off * x_0_hat).sum(), x_t)
    x_t, x_0_hat = x_t.detach(), x_0_hat.detach()
    a, b = schedule.a(t, like=x_t), schedule.b(t, like=x_t)
    # Dividing by a is what makes the pull strong where little of the picture is left,
    # and endless at T of the straight line: hence FAINTEST.
    x_0_hat = x_0_hat + (a**2 + b**2) / a.clamp(min=FAINTEST) * towards
    # Both guesses go on telling the same x_t, as in `predictor`.
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
    """Draw what is asked where the mask is True: (B, 3, H, W), the rest as it was.

    A prompt tells the whole picture, what is kept included (lesson 07).

    Args:
        mask: (H, W), (B, H, W) or (B, 1, H, W): True where something new is to be drawn
        again, pull: see `held`
        guidance_scale: None guides as whole pictures are
        batch_size: pictures drawn together; more only takes more memory
    """
    check_asked(pictures, asked)
    mask = check_mask(mask, pictures)
    drawn = []
    for some in parts_of(len(pictures), batch_size):
        # Each batch has texts of its own, and pulling keeps what the way back needs:
        # memory is per batch, so long lists are cut.
        predict = guided_at_first(painter, asked[some], guidance_scale)
        x_0 = painter.encode(pictures[some])
        # By its place in the whole list, not in the batch: another batch_size draws the
        # same pictures.
        noise = PictureNoise(seed, range(len(pictures))[some], painter.device)
        # (B, 1, h, w) on the grid that is drawn: of pixels, or of latents.
        hole = coarser(mask[some], x_0).to(painter.device)
        for step in held(
            predict, x_0, hole, painter.schedule, noise, steps, again, pull
        ):
            if callback:
                callback(step)
        drawn.append(painter.decode(step.x_0_hat))
    return joined(torch.cat(drawn), pictures.cpu(), mask)


def guided_at_first(painter, asked: list[str], guidance_scale: float | None) -> Predict:
    """Follow the words further while it is noisy, then no more than they say.

    Guidance decides early what is drawn; late it only makes the drawn part more glaring
    than the kept one (Kynkäänniemi et al. 2024 guide in an interval as well).
    """
    # A scale of None keeps the painter's own interval, and cuts its end off as well.
    way, last = painter.way(guidance_scale), UNGUIDED * painter.schedule.T
    low, high = way.guided_between or (0, painter.schedule.T)
    at_first = replace(way, guided_between=(max(low, last), high))
    return painter.predict_for(asked, at_first)


def joined(drawn: Tensor, pictures: Tensor, mask: Tensor) -> Tensor:
    """The kept part as it was, the drawn one fitted to it where a decoder was off.

    How far off it was is known on the kept side only. Each pixel of the hole takes the
    mean of its neighbours, FADE times, so the correction fades away from the edge (the
    membrane of Pérez et al. 2003, "Poisson image editing", stopped early). Without a
    decoder it is zero.
    """
    # What is drawn under the kept part is a copy of it by the decoder: the difference
    # is the decoder's error, on this side of the edge.
    known = torch.where(mask, 0.0, pictures - drawn)
    off = known
    for _ in range(FADE):
        # Four neighbours, without a loop over pixels; at the rim of the picture a pixel
        # is its own neighbour.
        x = F.pad(off, (1, 1, 1, 1), mode="replicate")
        beside = x[..., 1:-1, :-2] + x[..., 1:-1, 2:]
        above_below = x[..., :-2, 1:-1] + x[..., 2:, 1:-1]
        off = torch.where(mask, (beside + above_below) / 4, known)
    return torch.where(mask, (drawn + off).clamp(-1, 1), pictures)


def coarser(mask: Tensor, x_0: Tensor) -> Tensor:
    """The mask on the grid of x_0: a latent is drawn anew if any pixel of it is."""
    # Any, not most: a latent that is half kept would carry the old thing into the hole.
    times = mask.shape[-1] // x_0.shape[-1]
    return F.max_pool2d(mask.float(), times).bool() if times > 1 else mask


def widen(
    pictures: Tensor, left: int = 0, right: int = 0, top: int = 0, bottom: int = 0
) -> tuple[Tensor, Tensor]:
    """Pictures with room around them, and the mask of that room, for `inpaint`.

    >>> wider, mask = widen(torch.zeros(1, 3, 32, 32), right=16)
    >>> wider.shape, int(mask.sum())
    (torch.Size([1, 3, 32, 48]), 512)
    """
    check_pictures(pictures)
    room = (left, right, top, bottom)
    if min(room) < 0 or max(room) == 0:
        raise ValueError(f"Say how many pixels to add at which side; got {room}.")
    # The room has the rim's colours: an encoder looks at what is beside an edge, and
    # zeros would be a grey wall there.
    mask = torch.ones(1, 1, *pictures.shape[2:], dtype=torch.bool)
    return F.pad(pictures, room, mode="replicate"), ~F.pad(mask, room)


# Go between -------------------------------------------------------------------


def between(first: Tensor, second: Tensor, share: float) -> Tensor:
    """A noise on the great circle from one noise to another ("slerp", Shoemake 1985).

    Half of each added up would be too quiet by a factor of 0.7, and no noise that the
    network has ever seen; on the circle the loudness stays.

    Args:
        first, second: of any one shape, N(0, 1)
        share: 0 is the first, 1 the second
    """
    # Of two independent noises of 3,072 numbers it is nearly 0, a right angle. Kept off
    # 1, where sin(angle) is 0: from a noise to itself is a way, too.
    cosine = F.cosine_similarity(first.flatten(), second.flatten(), dim=0)
    angle = cosine.clamp(-1 + 1e-6, 1 - 1e-6).acos()
    parts = torch.sin((1 - share) * angle) * first + torch.sin(share * angle) * second
    return parts / torch.sin(angle)
