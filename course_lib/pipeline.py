"""A trained network, ready to draw: the whole system behind one call.

draw = LabelToImage.from_pretrained("critters")
pictures = draw(["frog", "cat"], steps=25, guidance_scale=2, seed=0)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib import samplers
from course_lib.checkpoint import CheckpointError, fill, load_weights, save_weights
from course_lib.guidance import guide
from course_lib.objective import predictor
from course_lib.samplers import PictureNoise, Step
from course_lib.schedule import NoiseSchedule, schedule_named
from course_lib.unet import UNet

SAMPLERS = ("ddim", "ddpm", "dpm_solver", "euler", "heun")


@dataclass
class LabelToImage:
    """Draws pictures of what a label names, out of noise.

    `card` is what `python -m course_lib train` wrote: schedule, target, labels, size.
    """

    model: nn.Module
    card: dict

    @classmethod
    def from_pretrained(
        cls, name_or_folder: Path | str, device="cpu"
    ) -> "LabelToImage":
        """Load shipped weights by name, or the folder of a training of your own."""
        tensors, card = load_weights(name_or_folder)
        if card.get("kind") != "denoiser":
            raise CheckpointError(
                f"{name_or_folder} holds a {card.get('kind')}, which cannot draw."
            )
        return cls(fill(UNet(**card["config"]), tensors).to(device), card)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the weights and the card to a folder."""
        save_weights(folder, self.model.state_dict(), self.card)

    @property
    def schedule(self) -> NoiseSchedule:
        """The process the network was trained on."""
        return schedule_named(self.card["schedule"], self.card["T"])

    @property
    def labels(self) -> list[str]:
        """What it can be asked for; the first is "nothing"."""
        return self.card["labels"]

    def label_numbers(self, labels: list[str]) -> Tensor:
        """Names to numbers, (B,), or a sentence with the names there are."""
        for label in labels:
            if label not in self.labels:
                raise ValueError(
                    f"These weights know no {label!r}; "
                    f"they know {', '.join(self.labels)}."
                )
        return torch.tensor([self.labels.index(label) for label in labels])

    def trace(
        self,
        labels: list[str],
        steps: int = 25,
        guidance_scale: float = 2.0,
        seed: int = 0,
        sampler: str = "dpm_solver",
        first: int = 0,
        clamp_x_0: bool = True,
    ) -> Iterator[Step]:
        """Yield every step from noise to picture, one picture a label.

        Args:
            steps: updates; with guidance the network is called twice in each
            guidance_scale: 1 is plain, more follows the label more closely
            seed: with `first`, the number of the first picture, decides the noise
        """
        if sampler not in SAMPLERS:
            raise ValueError(f"The sampler must be one of {SAMPLERS}; got {sampler!r}.")
        device = next(self.model.parameters()).device
        cond = self.label_numbers(labels).to(device)
        noise = PictureNoise(seed, range(first, first + len(labels)), device)
        size = self.card["size"]
        model = guide(self.model, guidance_scale)
        predict = predictor(model, self.schedule, self.card["target"], cond, clamp_x_0)
        fresh = {"noise": noise} if sampler == "ddpm" else {}
        x_T = noise((self.card["config"]["channels"], size, size))
        return getattr(samplers, sampler)(predict, x_T, self.schedule, steps, **fresh)

    def __call__(
        self,
        labels: list[str],
        steps: int = 25,
        guidance_scale: float = 2.0,
        seed: int = 0,
        sampler: str = "dpm_solver",
        batch_size: int = 64,
        callback: Callable[[Step], None] | None = None,
    ) -> Tensor:
        """Draw one picture a label: (B, 3, H, W) in [-1, 1], on the CPU."""
        pictures = []
        for first in range(0, len(labels), batch_size):
            some = labels[first : first + batch_size]
            for step in self.trace(some, steps, guidance_scale, seed, sampler, first):
                if callback:
                    callback(step)
            pictures.append(step.x_0_hat.clamp(-1, 1).cpu())
        return torch.cat(pictures)
