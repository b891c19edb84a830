"""What both painters share: a network, the card it came with, and the way to a picture.

The painters themselves are in pipeline.py.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.cards import Card, broken
from course_lib.diffusion import samplers
from course_lib.diffusion.guidance import Way
from course_lib.diffusion.objective import Predict
from course_lib.diffusion.samplers import PictureNoise, Step, choose_steps
from course_lib.diffusion.schedule import NoiseSchedule, schedule_named
from course_lib.networks.unet import UNet

SAMPLERS = ("ddim", "ddpm", "dpm_solver", "euler", "heun")


def check_fit(
    name_or_folder: Path | str, card: Card, unet: UNet, wanted: int, multiple: int
) -> None:
    """Raise a sentence for a card and a network that would fail together in drawing.

    Args:
        wanted: channels that a picture has, or a latent of the autoencoder on the card
        multiple: what the size of a picture must be divisible by
    """
    drawn, known = unet.config["channels"], unet.config["labels"] + 1
    size, labels = card["size"], card.get("labels", [])
    if drawn != wanted:
        by = "a latent" if "autoencoder" in card else "no autoencoder, and a picture"
        wrong = f"{drawn} channels are drawn, but there is {by} of {wanted}"
    elif size % multiple:
        wrong = f"size {size} is not divisible by {multiple}"
    elif len(labels) > known:
        wrong = f"{len(labels)} labels for a network that knows {known}"
    else:
        return
    raise broken(name_or_folder, wrong)


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
