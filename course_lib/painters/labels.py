"""From a label to a picture: the painter that came first, and needs no words.

draw = LabelToImage.from_pretrained("critters")
pictures = draw(["frog", "rabbit"], seed=0)
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from course_lib.checkpoint import load_network, save_weights
from course_lib.diffusion.guidance import FOR_LABELS, Way
from course_lib.diffusion.objective import Predict, predictor
from course_lib.diffusion.samplers import Step
from course_lib.diffusion.schedule import NoiseSchedule, schedule_named
from course_lib.networks.unet import UNet
from course_lib.painters.memory import how_many
from course_lib.painters.painter import (
    Prepared,
    Watch,
    check_fit,
    checked,
    decoded,
    draw_all,
    from_noise,
    longest_within,
    way_of,
)
from course_lib.typed import as_list, as_name


@dataclass
class LabelToImage:
    """Draws pictures of what a label names, out of noise.

    `card` is what `python -m course_lib train` wrote: schedule, target, labels, size.
    """

    model: UNet
    card: dict
    # Else a dataclass would take it for an argument of its own.
    usual: ClassVar[Way] = FOR_LABELS
    autoencoder: ClassVar[None] = None  # it draws pixels
    times: ClassVar[int] = 1  # a number that it draws stands for one of them

    @classmethod
    @torch.inference_mode(False)  # as `predict_for`
    def from_pretrained(
        cls, name_or_folder: Path | str, device="cpu"
    ) -> "LabelToImage":
        """Load shipped weights by name, or the folder of a training of your own."""
        # The end of "words holds a text denoiser, ...".
        otherwise = "which takes no labels"
        model, card = load_network(name_or_folder, "denoiser", otherwise, UNet)
        check_fit(name_or_folder, card, model, 3, model.multiple)
        return cls(model.to(device), card)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the weights and the card to a folder."""
        save_weights(folder, self.model.state_dict(), self.card)

    @property
    def labels(self) -> list[str]:
        """What it can be asked for; the first is "nothing"."""
        return self.card["labels"]

    # The U-Net has an embedding a label, and 0 is the one it saw where labels were
    # dropped in training: the first name stands for it.
    def label_numbers(self, labels: list[str]) -> Tensor:
        """Names to numbers, (B,) int64.

        Raises:
            ValueError: a name it does not know, with those that it knows; or one
                name that stands in no list
        """
        # A string is a list of letters, and the first of them would be "unknown".
        if isinstance(labels, str):
            raise ValueError(
                f"Give a list, one label a picture: [{labels!r}], and not {labels!r}."
            )
        known = [as_name(name) for name in self.labels]
        for label in labels:
            if as_name(label) not in known:
                raise ValueError(
                    f"These weights know no {label!r}; "
                    f"they know {as_list(self.labels)}."
                )
        return torch.tensor([known.index(as_name(x)) for x in labels], device="cpu")

    def way(
        self,
        guidance_scale: float | None = None,
        steps: int | None = None,
        sampler: str | None = None,
    ) -> Way:
        """How it draws: its usual way, if not told otherwise.

        Args:
            guidance_scale: is meant at every step, if it is said
        """
        return way_of(self.usual, guidance_scale, steps, sampler)

    def way_within(
        self,
        calls: int,
        guidance_scale: float | None = None,
        sampler: str | None = None,
    ) -> Way:
        """The same with as many steps as so many network calls a picture allow."""
        way = self.way(guidance_scale, sampler=sampler)
        return longest_within(calls, way, self.card["T"])

    @property
    def schedule(self) -> NoiseSchedule:
        """The process the network was trained on."""
        return schedule_named(self.card["schedule"], self.card["T"])

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def unet(self) -> UNet:
        """The part of the network that draws: all of it."""
        return self.model

    @property
    def multiple(self) -> int:
        """What height and width of a picture must be divisible by."""
        return self.unet.multiple

    def together(self, most: int) -> int:
        """How many pictures are drawn together; a sentence, if not one."""
        return how_many(self, self.card["size"], self.card["size"], most)

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] to what the network draws: the same."""
        return pictures.to(self.device, torch.float32)

    def decode(self, x_0: Tensor) -> Tensor:
        """What the network draws to pictures (B, 3, H, W) in [-1, 1], on the CPU."""
        # Where guesses were not clamped, a picture may be a little beyond its range.
        return x_0.clamp(-1, 1).cpu()

    def as_pictures(self, steps: Iterable[Step]) -> Iterator[Step]:
        """The same steps, each decoded, to be looked at."""
        return decoded(steps, self.decode)

    def prepare(
        self,
        labels: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        sampler: str | None = None,
    ) -> Prepared:
        """Decide how one picture a label is drawn; what cannot be gets a sentence."""
        self.label_numbers(labels)  # or a sentence
        shape = (3, self.card["size"], self.card["size"])
        self.together(most=1)  # or a sentence
        # Nothing rewrites a label: what is read is what was asked.
        way, labels = self.way(guidance_scale, steps, sampler), tuple(labels)
        prepared = Prepared(labels, labels, self.labels[0], shape, way)
        return checked(prepared, self.schedule)

    def walk(
        self, prepared: Prepared, seed: int = 0, first: int = 0, clamp_x_0: bool = True
    ) -> Iterator[Step]:
        """Yield every step to what was prepared, all of it in one batch."""
        predict = self.predict_for(list(prepared.read), prepared.way, clamp_x_0)
        return from_noise(predict, prepared, self.schedule, seed, first, self.device)

    def paint(
        self,
        prepared: Prepared,
        seed: int = 0,
        batch_size: int = 64,
        callback: Watch | None = None,
    ) -> Tensor:
        """Draw what was prepared: (B, 3, H, W) in [-1, 1], on the CPU."""
        batch_size = self.together(most=batch_size)
        return draw_all(self.walk, prepared, seed, batch_size, callback, self.decode)

    def trace(
        self,
        labels: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        sampler: str | None = None,
        first: int = 0,
        clamp_x_0: bool = True,
    ) -> Iterator[Step]:
        """Yield every step from noise to picture, one picture a label.

        Args:
            steps: updates; with guidance the network is called twice in each
            guidance_scale: 1 is plain, more follows the label more closely
            seed: with `first`, the number of the first picture, decides the noise
        """
        prepared = self.prepare(labels, steps, guidance_scale, sampler)
        return self.walk(prepared, seed, first, clamp_x_0)

    @torch.inference_mode(False)  # what is made in it can have no gradient (`pulled`)
    def predict_for(
        self, labels: list[str], way: Way | None = None, clamp_x_0: bool = True
    ) -> Predict:
        """What a sampler sees, for one noisy picture a label; guided the usual way."""
        cond = self.label_numbers(labels).to(self.device)
        # No `uncond` is handed over: `guide` takes label 0.
        model = (way or self.way()).guide(self.model)
        return predictor(model, self.schedule, self.card["target"], cond, clamp_x_0)

    def __call__(
        self,
        labels: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        sampler: str | None = None,
        batch_size: int = 64,
        callback: Watch | None = None,
    ) -> Tensor:
        """Draw one picture a label: (B, 3, H, W) in [-1, 1], on the CPU."""
        prepared = self.prepare(labels, steps, guidance_scale, sampler)
        return self.paint(prepared, seed, batch_size, callback)
