"""LabelToImage: from a label to a picture, the first painter, which needs no words.

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
    check_guidance_is_free,
    checked,
    decoded,
    draw_all,
    finite,
    from_noise,
    longest_within,
    told_jumps,
    usual_of,
    way_of,
)
from course_lib.typed import as_list, as_name


# A network has one embedding per label. Number 0, the first name, is the label that
# replaced those dropped in training.
def numbers_of(labels: list[str], names: list[str]) -> Tensor:
    """Labels to their numbers among `names`, (B,) int64.

    Raises:
        ValueError: an unknown name (the message lists the known ones), or a string
            instead of a list
    """
    # Python would take a string for a list of letters.
    if isinstance(labels, str):
        raise ValueError(
            f"Give a list, one label per picture: [{labels!r}], not {labels!r}."
        )
    known = [as_name(name) for name in names]
    for label in labels:
        if as_name(label) not in known:
            raise ValueError(
                f"These weights do not know {label!r}; they know {as_list(names)}."
            )
    return torch.tensor([known.index(as_name(x)) for x in labels], device="cpu")


@dataclass
class LabelToImage:
    """A painter that draws pictures for labels.

    `card` comes from `python -m course_lib train`: schedule, target, labels, size.
    """

    model: UNet
    card: dict
    # ClassVar, or the dataclass would make fields of these.
    autoencoder: ClassVar[None] = None  # it draws pixels
    times: ClassVar[int] = 1  # pixels along a side per place that it draws

    @classmethod
    @torch.inference_mode(False)  # as `predict_for`
    def from_pretrained(
        cls, name_or_folder: Path | str, device="cpu"
    ) -> "LabelToImage":
        """Load shipped weights by name, or those of your own training by folder."""
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
        """The names of the labels; the first is "nothing"."""
        return self.card["labels"]

    def label_numbers(self, labels: list[str]) -> Tensor:
        """Names to numbers, (B,) int64; ValueError for an unknown name."""
        return numbers_of(labels, self.labels)

    def way(
        self,
        guidance_scale: float | None = None,
        steps: int | None = None,
        sampler: str | None = None,
    ) -> Way:
        """The settings for drawing: the usual ones, except for those given.

        Args:
            guidance_scale: if given, it holds at every step
        """
        check_guidance_is_free(self.card, guidance_scale)
        return way_of(self.usual, guidance_scale, steps, sampler)

    def way_within(
        self,
        calls: int,
        guidance_scale: float | None = None,
        sampler: str | None = None,
    ) -> Way:
        """`way` with as many steps as `calls` network calls per picture allow."""
        way = self.way(guidance_scale, sampler=sampler)
        return longest_within(calls, way, self.card["T"])

    @property
    def usual(self) -> Way:
        """The default settings."""
        return usual_of(self.card, FOR_LABELS)

    @property
    def schedule(self) -> NoiseSchedule:
        """The noise schedule that the network was trained on."""
        return schedule_named(self.card["schedule"], self.card["T"])

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def unet(self) -> UNet:
        """The part of the network that draws: here all of it."""
        return self.model

    @property
    def multiple(self) -> int:
        """The number that the height and width of a picture must be divisible by."""
        return self.unet.multiple

    def together(self, most: int) -> int:
        """How many pictures, at most `most`, fit into memory; ValueError if none."""
        return how_many(self, self.card["size"], self.card["size"], most)

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] to what the network draws: pictures."""
        return pictures.to(self.device, torch.float32)

    def decode(self, x_0: Tensor) -> Tensor:
        """What the network draws to pictures (B, 3, H, W) in [-1, 1], on the CPU."""
        # Without clamp_x_0 a picture may overshoot its range a little.
        return finite(x_0).clamp(-1, 1).cpu()

    def as_pictures(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Decode the pictures in each step, for display."""
        return decoded(steps, self.decode)

    def prepare(
        self,
        labels: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        sampler: str | None = None,
    ) -> Prepared:
        """Check the settings for one picture per label, before anything is drawn.

        Raises:
            ValueError: an unknown label, an impossible setting, too little memory
        """
        self.label_numbers(labels)  # raises for an unknown label
        shape = (3, self.card["size"], self.card["size"])
        self.together(most=1)  # raises if memory is too small
        # Labels are not rewritten: what is read is what was asked.
        way, labels = self.way(guidance_scale, steps, sampler), tuple(labels)
        prepared = Prepared(labels, labels, self.labels[0], shape, way)
        return checked(prepared, self.schedule)

    def walk(
        self, prepared: Prepared, seed: int = 0, first: int = 0, clamp_x_0: bool = True
    ) -> Iterator[Step]:
        """Yield every step from noise to the prepared pictures, in one batch."""
        predict = self.predict_for(list(prepared.read), prepared.way, clamp_x_0)
        return from_noise(predict, prepared, self.schedule, seed, first, self.device)

    def paint(
        self,
        prepared: Prepared,
        seed: int = 0,
        batch_size: int = 64,
        callback: Watch | None = None,
    ) -> Tensor:
        """Draw the prepared pictures: (B, 3, H, W) in [-1, 1], on the CPU."""
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
        """Yield every step from noise to picture, one picture per label.

        Args:
            steps: number of updates; guidance makes two network calls in each
            guidance_scale: 1 is unguided, more follows the label more closely
            seed, first: the noise depends on the seed and on a picture's number, which
                counts up from `first`
        """
        prepared = self.prepare(labels, steps, guidance_scale, sampler)
        return self.walk(prepared, seed, first, clamp_x_0)

    @torch.inference_mode(False)  # inference tensors have no gradient (`pulled`)
    def predict_for(
        self, labels: list[str], way: Way | None = None, clamp_x_0: bool = True
    ) -> Predict:
        """The `predict` for a sampler, with one noisy picture per label.

        Args:
            way: the guidance; None is the usual way
            clamp_x_0: clamp guesses to [-1, 1]
        """
        cond = self.label_numbers(labels).to(self.device)
        # Without `uncond`, `guide` takes label 0.
        way = way or self.way()
        model = way.guide(told_jumps(self.model, self.card, way))
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
        """Draw one picture per label: (B, 3, H, W) in [-1, 1], on the CPU."""
        prepared = self.prepare(labels, steps, guidance_scale, sampler)
        return self.paint(prepared, seed, batch_size, callback)
