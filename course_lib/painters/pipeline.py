"""A trained network, ready to draw: the whole system behind one call.

draw = TextToImage.from_pretrained("latent")
pictures = draw(["a frog on stilts", "a red cat at night"], seed=0)

A network that draws latents in place of pixels comes with the autoencoder that turns
them into pictures; the call is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from course_lib.checkpoint import (
    CheckpointError,
    fill,
    kind_of,
    load_weights,
    made_from,
    save_weights,
)
from course_lib.diffusion.guidance import FOR_LABELS, FOR_LATENTS, FOR_PROMPTS, Way
from course_lib.diffusion.objective import Predict, predictor
from course_lib.diffusion.samplers import PictureNoise, Step
from course_lib.diffusion.schedule import schedule_named
from course_lib.networks.autoencoder import Autoencoder, its_autoencoder
from course_lib.networks.text_unet import TextUNet
from course_lib.networks.tokenizer import PAD, Tokenizer, tidy, tokenizer_of
from course_lib.networks.unet import UNet
from course_lib.painters.memory import how_many
from course_lib.painters.painter import (
    LARGEST,
    Painter,
    check_card,
    draw_all,
    from_noise,
)
from course_lib.painters.rewriting import rewrite
from course_lib.typed import as_list, looks_otherwise, visible
from course_lib.world.prompts import list_of_texts, listed, misspelled, unknown_words

SPACES = {"latent": "latent", "pixel": "words"}  # in which to draw, and who does


@dataclass
class LabelToImage(Painter):
    """Draws pictures of what a label names, out of noise.

    `card` is what `python -m course_lib train` wrote: schedule, target, labels, size.
    """

    model: nn.Module
    card: dict
    usual: ClassVar[Way] = FOR_LABELS

    @classmethod
    def from_pretrained(
        cls, name_or_folder: Path | str, device="cpu"
    ) -> "LabelToImage":
        """Load shipped weights by name, or the folder of a training of your own."""
        tensors, card = load_weights(name_or_folder)
        if card.get("kind") != "denoiser":
            raise CheckpointError(
                f"{name_or_folder} holds {kind_of(card)}, which takes no labels."
            )
        with made_from(name_or_folder, card, "target", "size", "labels"):
            model = UNet(**card["config"])
            schedule_named(card["schedule"], card["T"])  # only looks
            check_card(name_or_folder, card, model.config["channels"], 3)
        return cls(fill(model, tensors).to(device), card)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the weights and the card to a folder."""
        save_weights(folder, self.model.state_dict(), self.card)

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
                    f"they know {as_list(self.labels)}."
                )
        return torch.tensor([self.labels.index(label) for label in labels])

    def trace(
        self,
        labels: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
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
        predict = self.predict_for(labels, guidance_scale, clamp_x_0)
        noise = PictureNoise(seed, range(first, first + len(labels)), self.device)
        shape = (3, self.card["size"], self.card["size"])
        steps = self.way(steps=steps).steps
        return from_noise(predict, self.card, noise, steps, sampler, shape)

    def predict_for(
        self,
        labels: list[str],
        guidance_scale: float | None = None,
        clamp_x_0: bool = True,
    ) -> Predict:
        """What a sampler sees, for one noisy picture a label."""
        cond = self.label_numbers(labels).to(self.device)
        model = self.way(guidance_scale).guide(self.model)
        return predictor(model, self.schedule, self.card["target"], cond, clamp_x_0)

    def __call__(
        self,
        labels: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        sampler: str = "dpm_solver",
        batch_size: int = 64,
        callback: Callable[[Step], None] | None = None,
    ) -> Tensor:
        """Draw one picture a label: (B, 3, H, W) in [-1, 1], on the CPU."""

        def trace(some: list[str], first: int) -> Iterator[Step]:
            return self.trace(some, steps, guidance_scale, seed, sampler, first)

        return draw_all(trace, labels, batch_size, callback, self.decode)


@dataclass
class TextToImage(Painter):
    """Draws what a prompt says, out of noise.

    `card` is what `python -m course_lib train --what text` (or latent) wrote. With an
    `autoencoder` every Step holds latents, and `decode` makes pictures of them. Prompts
    are rewritten before they are read (rewriting.py), if not to be taken `as_typed`.
    """

    model: TextUNet
    tokenizer: Tokenizer
    card: dict
    autoencoder: Autoencoder | None = None
    as_typed: bool = False

    @classmethod
    def from_pretrained(
        cls, name_or_folder: Path | str, device="cpu", as_typed: bool = False
    ) -> "TextToImage":
        """Load shipped weights by name, or the folder of a training of your own."""
        tensors, card = load_weights(name_or_folder)
        if card.get("kind") != "text denoiser":
            raise CheckpointError(
                f"{name_or_folder} holds {kind_of(card)}, which takes no prompts."
            )
        with made_from(name_or_folder, card, "target", "size"):
            model, tokenizer = TextUNet(**card["config"]), tokenizer_of(card)
            schedule_named(card["schedule"], card["T"])  # only looks
            autoencoder = its_autoencoder(name_or_folder, card, device)
            wanted = 3 if autoencoder is None else autoencoder.config["z_channels"]
            drawn = model.unet.config["channels"]
            check_card(name_or_folder, card, drawn, wanted)
        network = fill(model, tensors).to(device)
        return cls(network, tokenizer, card, autoencoder, as_typed)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write weights and card (the tokenizer is in it), and the autoencoder's."""
        save_weights(folder, self.model.state_dict(), self.card)
        if self.autoencoder is not None:
            card = {"kind": "autoencoder", "config": self.autoencoder.config}
            inside = Path(folder) / self.card["autoencoder"]
            save_weights(inside, self.autoencoder.state_dict(), card)

    @property
    def usual(self) -> Way:
        """How it draws if nobody says; latents like to be led in the middle only."""
        return FOR_PROMPTS if self.autoencoder is None else FOR_LATENTS

    @property
    def times(self) -> int:
        """How many pixels a number that it draws stands for along each side."""
        return 1 if self.autoencoder is None else self.autoencoder.times

    @property
    def multiple(self) -> int:
        """What height and width of a picture must be divisible by."""
        return self.times * self.model.unet.multiple

    def shape(self, size: int | None = None) -> tuple[int, int, int]:
        """What the network draws for one picture: channels, height and width.

        Args:
            size: of the picture, if not the one that it learned
        """
        size = self.card["size"] if size is None else size
        if not 0 < size <= LARGEST or size % self.multiple:
            raise ValueError(
                f"The size of a picture must be a multiple of {self.multiple} here, at "
                f"most {LARGEST}; got {size}."
            )
        return (
            self.model.config["unet"]["channels"],
            size // self.times,
            size // self.times,
        )

    def together(self, size: int | None, most: int) -> int:
        """How many pictures of this size are drawn together; a sentence, if not one."""
        _, h, w = self.shape(size)
        return how_many(self, h * self.times, w * self.times, most)

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] to what the network draws: `shape` each."""
        H, W = pictures.shape[2:]
        if H % self.multiple or W % self.multiple:
            raise ValueError(
                f"Height and width of a picture must be divisible by {self.multiple} "
                f"here; got {H}x{W}."
            )
        if self.autoencoder is None:
            return super().encode(pictures)
        mu, _ = self.autoencoder.encode(super().encode(pictures))
        return mu * self.card["latent_scale"]

    @torch.no_grad()
    def decode(self, x_0: Tensor) -> Tensor:
        """What the network draws to pictures (B, 3, H, W) in [-1, 1], on the CPU."""
        if self.autoencoder is not None:
            x_0 = self.autoencoder.decode(x_0 / self.card["latent_scale"])
        return super().decode(x_0)

    @property
    def length(self) -> int:
        """The most tokens that a prompt may have; the rest is cut off."""
        return self.model.config["text"]["length"]

    def remarks(
        self, prompts: list[str], size: int | None = None, width: int | None = None
    ) -> list[str]:
        """What of these wishes is not followed to the letter, a sentence each.

        Args:
            size: height of the pictures and, where `width` says no other, their width
        """
        said, learned = [], self.card["size"]
        height = size or learned
        width = width or height
        if (height, width) != (learned, learned):
            doubled = "doubled or " * (max(height, width) > learned)
            said.append(
                f"It learned pictures of {learned}x{learned} and nothing else: at "
                f"{height}x{width} expect {doubled}cut animals."
            )
        slips = {} if self.as_typed else misspelled(" ".join(prompts))
        if slips:
            read = listed([f"{slip} as {word}" for slip, word in slips.items()])
            said.append(f"Slips of the fingers, put right: {read}.")
        texts = [tidy(text) for text in self.reworded(prompts)]
        strangers = sorted({word for text in texts for word in unknown_words(text)})
        if strangers:
            named = listed([word[:20] for word in strangers])
            said.append(f"Words that were in no caption of the training: {named}.")
        if self.tokenizer.cut_texts(texts, self.length):
            said.append(f"A prompt is cut after {self.length - 2} tokens.")
        hidden = looks_otherwise("".join(prompts))
        if hidden:
            signs = f"{listed(hidden)}, without which it looks otherwise"
            said.append(f"Hidden signs in a prompt are not read: {signs}.")
        if not all(visible(text).strip() for text in prompts):
            said.append("An empty prompt asks for nothing: any picture will do.")
        return said

    def reworded(self, prompts: list[str]) -> list[str]:
        """What is read in place of these prompts."""
        return prompts if self.as_typed else [rewrite(prompt) for prompt in prompts]

    @torch.no_grad()
    def read(self, prompts: list[str]) -> Tensor:
        """Prompts to text_emb (B, L, D), L the longest of them; "" tells nothing."""
        texts = [tidy(prompt) for prompt in list_of_texts(prompts)]
        tokens = self.tokenizer.batch(texts, self.length)
        longest = int((tokens != PAD).sum(1).max())
        return self.model.read(tokens[:, :longest].to(self.device))

    def trace(
        self,
        prompts: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        sampler: str = "dpm_solver",
        first: int = 0,
        clamp_x_0: bool = True,
        negative_prompt: str = "",
        size: int | None = None,
    ) -> Iterator[Step]:
        """Yield every step from noise to picture, one picture a prompt.

        Args:
            steps: updates; where it is guided, each takes two network calls
            guidance_scale: 1 is plain, more follows the prompt more closely, and is
                then meant at every step; None is the `usual` way
            seed: with `first`, the number of the first picture, decides the noise
            negative_prompt: what guidance leads away from; "" is "nothing told"
            size: height and width, if not those of the training (see `remarks`)
        """
        shape = self.shape(size)
        self.together(size, most=1)  # only checks
        predict = self.predict_for(prompts, guidance_scale, negative_prompt, clamp_x_0)
        noise = PictureNoise(seed, range(first, first + len(prompts)), self.device)
        steps = self.way(steps=steps).steps
        return from_noise(predict, self.card, noise, steps, sampler, shape)

    def predict_for(
        self,
        prompts: list[str],
        guidance_scale: float | None = None,
        negative_prompt: str = "",
        clamp_x_0: bool = True,
    ) -> Predict:
        """What a sampler sees, for one noisy picture a prompt.

        Args:
            clamp_x_0: keep guesses in [-1, 1]; of latents, which have no such bounds,
                nothing is clamped
        """
        texts = self.reworded(list_of_texts(prompts) + [negative_prompt])
        return self.predict_from(self.read(texts), guidance_scale, clamp_x_0)

    def predict_from(
        self, text_emb: Tensor, guidance_scale: float | None, clamp_x_0: bool = True
    ) -> Predict:
        """The same of vectors (B + 1, L, D), the last what guidance leads away from."""
        clamp_x_0 = clamp_x_0 and self.autoencoder is None
        cond, uncond = text_emb[:-1], text_emb[-1:].expand_as(text_emb[:-1])
        model = self.way(guidance_scale).guide(self.model, uncond)
        return predictor(model, self.schedule, self.card["target"], cond, clamp_x_0)

    def __call__(
        self,
        prompts: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        generator: torch.Generator | None = None,
        sampler: str = "dpm_solver",
        negative_prompt: str = "",
        size: int | None = None,
        batch_size: int = 64,
        callback: Callable[[Step], None] | None = None,
    ) -> Tensor:
        """Draw one picture a prompt: (B, 3, H, W) in [-1, 1], on the CPU.

        Args:
            generator: where the seed comes from, in place of `seed`
        """
        if generator is not None:
            seed = int(torch.randint(2**62, (), generator=generator))

        def trace(some: list[str], first: int) -> Iterator[Step]:
            how = dict(seed=seed, sampler=sampler, first=first, size=size)
            how["negative_prompt"] = negative_prompt
            return self.trace(some, steps, guidance_scale, **how)

        batch_size = self.together(size, most=batch_size)
        return draw_all(trace, prompts, batch_size, callback, self.decode)
