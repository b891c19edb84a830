"""What both painters share: a network, the card it came with, and the way to a picture.

The painters themselves are in pipeline.py.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.checkpoint import CheckpointError
from course_lib.diffusion import samplers
from course_lib.diffusion.guidance import Way
from course_lib.diffusion.objective import Predict
from course_lib.diffusion.samplers import PictureNoise, Step, choose_steps
from course_lib.diffusion.schedule import NoiseSchedule, schedule_named

LARGEST = 1024  # pixels along a side that a painter of 64x64 may be asked for
SAMPLERS = ("ddim", "ddpm", "dpm_solver", "euler", "heun")


def check_card(name_or_folder: Path | str, card: dict, drawn: int, wanted: int) -> None:
    """Raise a sentence for a card whose numbers would fail while drawing.

    Args:
        drawn: channels of what the network draws; `wanted` are those that a picture,
            or a latent of the autoencoder on the card, has
    """
    size, scale = card["size"], card.get("latent_scale", 1)
    if not isinstance(size, int) or not 0 < size <= LARGEST:
        wrong = f"size {size!r} is not a whole number in 1..{LARGEST}"
    elif not isinstance(scale, int | float) or not 0 < scale < math.inf:
        wrong = f"latent_scale {scale!r} is not a number above 0"
    elif drawn != wanted:
        by = "a latent" if "autoencoder" in card else "no autoencoder, and a picture"
        wrong = f"{drawn} channels are drawn, but there is {by} of {wanted}"
    else:
        return
    raise CheckpointError(
        f"The card of {name_or_folder} is broken ({wrong}): fetch or train these "
        "weights again."
    )


def from_noise(
    predict: Predict,
    card: dict,
    noise: PictureNoise,
    steps: int,
    sampler: str,
    shape: tuple[int, int, int],
) -> Iterator[Step]:
    """The way from noise to picture with one of the samplers; see `trace` below."""
    if sampler not in SAMPLERS:
        raise ValueError(f"The sampler must be one of {SAMPLERS}; got {sampler!r}.")
    schedule = schedule_named(card["schedule"], card["T"])
    fresh = {"noise": noise} if sampler == "ddpm" else {}
    return getattr(samplers, sampler)(predict, noise(shape), schedule, steps, **fresh)


def draw_all(
    trace: Callable[[list[str], int], Iterator[Step]],
    asked: list[str],
    batch_size: int,
    callback: Callable[[Step], None] | None,
    decode: Callable[[Tensor], Tensor],
) -> Tensor:
    """One picture for each that is asked, some at a time: (B, 3, H, W) in [-1, 1]."""
    if not asked:
        raise ValueError("Nothing was asked for: the list is empty.")
    pictures = []
    for first in range(0, len(asked), batch_size):
        for step in trace(asked[first : first + batch_size], first):
            if callback:
                callback(step)
        pictures.append(decode(step.x_0_hat))
    return torch.cat(pictures)


def calls_of(way: Way, T: int) -> int:
    """How often a sampler of one call a step asks the network for a picture.

    >>> calls_of(Way(guidance_scale=3.0, steps=10), T=1000)
    20
    >>> calls_of(Way(guidance_scale=5.0, steps=13, guided_between=(400, 950)), T=1000)
    20
    """
    return sum(1 + way.is_guided(t) for t in choose_steps(T, way.steps)[:-1])


class Painter:
    """What both painters have: a network in `model`, and the `card` it came with."""

    model: nn.Module
    card: dict
    usual: Way

    def way(self, guidance_scale: float | None = None, steps: int | None = None) -> Way:
        """How it draws: its usual way, if not told otherwise.

        Args:
            guidance_scale: is meant at every step, if it is said
        """
        usual = self.usual
        steps = usual.steps if steps is None else steps
        if guidance_scale is None:
            return replace(usual, steps=steps)
        return Way(guidance_scale, steps)

    def way_within(
        self,
        calls: int,
        guidance_scale: float | None = None,
        sampler: str = "dpm_solver",
    ) -> Way:
        """The same with as many steps as so many network calls a picture allow."""
        times, T = 2 if sampler == "heun" else 1, self.card["T"]
        way = self.way(guidance_scale, steps=1)
        if calls < times * calls_of(way, T):
            least = times * calls_of(way, T)
            raise ValueError(f"One step takes {least} calls; got {calls} calls.")
        longer = replace(way, steps=2)
        while times * calls_of(longer, T) <= calls:
            way, longer = longer, replace(longer, steps=longer.steps + 1)
        return way

    @property
    def schedule(self) -> NoiseSchedule:
        """The process the network was trained on."""
        return schedule_named(self.card["schedule"], self.card["T"])

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.model.parameters()).device

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] to what the network draws: the same."""
        return pictures.to(self.device, torch.float32)

    def decode(self, x_0: Tensor) -> Tensor:
        """What the network draws to pictures (B, 3, H, W) in [-1, 1], on the CPU."""
        return x_0.clamp(-1, 1).cpu()

    def as_pictures(self, way: Iterable[Step]) -> Iterator[Step]:
        """The same steps, each decoded, to be looked at."""
        for step in way:
            yield Step(step.t, self.decode(step.x_t), self.decode(step.x_0_hat))
