"""TextToFilm, a film painter ready to draw: a prompt in, the frames of a film out.

    draw = TextToFilm.from_pretrained("films")
    films = draw(["a frog hops to the right"], seed=0)      # (1, 16, 3, 32, 32)

Frames may be given: `first` makes a picture move, `first` and `last` fill in what
happens between two pictures. It shares the functions of the picture painters: a sampler
does not mind whether it denoises pictures or films.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from course_lib.checkpoint import Shipped, load_network, save_weights
from course_lib.diffusion.film_noise import FilmNoise
from course_lib.diffusion.guidance import Way
from course_lib.diffusion.objective import Predict, eps_from_x_0, predictor
from course_lib.diffusion.samplers import PictureNoise, Step
from course_lib.diffusion.schedule import NoiseSchedule
from course_lib.networks.autoencoder import (
    Autoencoder,
    its_autoencoder,
    save_its_autoencoder,
)
from course_lib.networks.tokenizer import Tokenizer, tokenizer_of
from course_lib.networks.video import FILM_UNET, FilmUNet, with_given
from course_lib.painters.painter import (
    Prepared,
    Watch,
    check_fit,
    checked,
    draw_all,
    from_this_noise,
    list_of_texts,
    read_each_once,
    way_of,
)
from course_lib.painters.pipeline import TextToImage

FILMS = Shipped("films")  # the shipped film painter
FOR_FILMS = Way(3.0, steps=10)  # as for pictures of prompts: twenty calls
AT_ONCE = 8  # films drawn together
MOST_FRAMES = 64


def load_film_painter(
    name_or_folder: Path | str, device="cpu"
) -> tuple[FilmUNet, dict, Tokenizer, Autoencoder | None]:
    """The parts of a trained film painter: network, card, tokenizer, autoencoder."""
    model, card = load_network(name_or_folder, *FILM_UNET)
    tokenizer = tokenizer_of(card, name_or_folder)
    autoencoder = its_autoencoder(name_or_folder, card, device)
    return model.to(device), card, tokenizer, autoencoder


def picture_painter_in(
    model: FilmUNet, card: dict, tokenizer: Tokenizer, autoencoder: Autoencoder | None
) -> TextToImage:
    """The picture painter inside: it reads texts, encodes and decodes frames."""
    return TextToImage(model.painter, tokenizer, card, autoencoder)


@dataclass
class TextToFilm:
    """A painter that draws films for prompts.

    `card` comes from `python -m course_lib train film`. The picture painter inside,
    `pictures`, is a TextToImage like any other: it draws single pictures.
    """

    model: FilmUNet
    pictures: TextToImage
    card: dict

    @classmethod
    @torch.inference_mode(False)
    def from_pretrained(cls, name_or_folder: Path | str, device="cpu") -> "TextToFilm":
        """Load shipped weights by name, or those of your own training by folder."""
        parts = load_film_painter(name_or_folder, device)
        model, card, _, autoencoder = parts
        painter = picture_painter_in(*parts)
        wanted = 3 if autoencoder is None else autoencoder.config["z_channels"]
        check_fit(name_or_folder, card, model.unet, wanted, painter.multiple)
        return cls(model, painter, card)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write weights, card (with the tokenizer) and autoencoder to a folder."""
        save_its_autoencoder(folder, self.card, self.pictures.autoencoder)
        save_weights(folder, self.model.state_dict(), self.card)

    @property
    def schedule(self) -> NoiseSchedule:
        """The noise schedule that the network was trained on."""
        return self.pictures.schedule

    @property
    def device(self) -> torch.device:
        return self.pictures.device

    def prepare(
        self,
        prompts: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        sampler: str | None = None,
        negative_prompt: str = "",
        frames: int | None = None,
    ) -> Prepared:
        """Check the settings before anything is drawn; the arguments of `__call__`.

        Raises:
            ValueError: an impossible setting
        """
        prompts = list_of_texts(prompts)
        frames = self.card["frames"] if frames is None else frames
        if not 1 <= frames <= MOST_FRAMES:
            raise ValueError(f"A film has 1..{MOST_FRAMES} frames; got {frames}.")
        shape = (frames, *self.pictures.shape())
        way = way_of(FOR_FILMS, guidance_scale, steps, sampler)
        # As typed: the rules for pictures (rewriting.py) know no verbs.
        asked = (tuple(prompts), tuple(prompts), negative_prompt)
        return checked(Prepared(*asked, shape, way), self.schedule)

    def given_frames(
        self, n: int, frames: int, first: Tensor | None, last: Tensor | None
    ) -> tuple[Tensor, Tensor] | None:
        """The given frames of n films, (n, F, C, H, W), and which they are, (n, F).

        Args:
            first, last: pictures in [-1, 1], (3, H, W) for all films or (n, 3, H, W)

        Raises:
            ValueError: pictures of another size, or not as many as films
        """
        if first is None and last is None:
            return None
        shape = self.pictures.shape()
        x_0 = torch.zeros(n, frames, *shape, device=self.device)
        given = torch.zeros(n, frames, dtype=torch.bool, device=self.device)
        for place, picture in ((0, first), (frames - 1, last)):
            if picture is None:
                continue
            size = self.card["size"]
            if picture.shape[-3:] != (3, size, size) or picture.ndim not in (3, 4):
                raise ValueError(
                    f"A given frame must be shaped (3, {size}, {size}); "
                    f"got {tuple(picture.shape)}."
                )
            batch = picture if picture.ndim == 4 else picture.expand(n, -1, -1, -1)
            if len(batch) != n:
                raise ValueError(f"{n} films need as many frames; got {len(batch)}.")
            x_0[:, place], given[:, place] = self.pictures.encode(batch), True
        return x_0, given

    def walk(
        self,
        prepared: Prepared,
        seed: int = 0,
        number: int = 0,
        frames: tuple[Tensor, Tensor] | None = None,
    ) -> Iterator[Step]:
        """Yield every step from noise to the prepared films, in one batch.

        Args:
            number: of the batch's first film in the whole request
            frames: what `given_frames` returned, for all films of the request
        """
        read = self.pictures.read
        text_emb = read_each_once(read, prepared.read, prepared.negative)
        if frames is not None:
            frames = tuple(x[number : number + len(prepared.read)] for x in frames)
        predict = self.predict_from(text_emb, prepared.way, frames)
        films = range(number, number + len(prepared.read))
        noise = FilmNoise(
            PictureNoise(seed, films, self.device), share=self.card["in_common"]
        )
        return from_this_noise(predict, prepared, self.schedule, noise)

    def predict_from(
        self, text_emb: Tensor, way: Way, frames: tuple[Tensor, Tensor] | None = None
    ) -> Predict:
        """The `predict` for a sampler, from text_emb (B + 1, L, D), the negative last.

        Args:
            frames: the given frames of the batch and which they are
        """
        cond, uncond = text_emb[:-1], text_emb[-1:].expand_as(text_emb[:-1])
        model = self.model if frames is None else with_given(self.model, *frames)
        clamp = self.pictures.autoencoder is None
        schedule, target = self.schedule, self.card["target"]
        guided = way.guide(model, uncond)
        predict = predictor(guided, schedule, target, cond, clamp_x_0=clamp)
        return predict if frames is None else holding(predict, *frames, schedule)

    def __call__(
        self,
        prompts: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        sampler: str | None = None,
        negative_prompt: str = "",
        frames: int | None = None,
        first: Tensor | None = None,
        last: Tensor | None = None,
        callback: Watch | None = None,
    ) -> Tensor:
        """Draw one film per prompt: (N, F, 3, H, W) in [-1, 1], on the CPU.

        Args:
            frames: how many; by default as in training
            first, last: pictures in [-1, 1] to begin and to end with, (3, H, W) or one
                per prompt
            callback: called with every Step
        """
        how = (steps, guidance_scale, sampler, negative_prompt, frames)
        prepared = self.prepare(prompts, *how)
        return self.paint(prepared, seed, first, last, callback)

    def paint(
        self,
        prepared: Prepared,
        seed: int = 0,
        first: Tensor | None = None,
        last: Tensor | None = None,
        callback: Watch | None = None,
    ) -> Tensor:
        """Draw the prepared films: (N, F, 3, H, W) in [-1, 1], on the CPU."""
        ends = self.given_frames(len(prepared.read), prepared.shape[0], first, last)
        walk = partial(self.walk, frames=ends)
        return draw_all(walk, prepared, seed, AT_ONCE, callback, self.decode)

    def decode(self, x_0: Tensor) -> Tensor:
        """What the network draws to frames (B, F, 3, H, W) in [-1, 1], on the CPU."""
        frames = self.pictures.decode(x_0.flatten(0, 1))
        return frames.unflatten(0, x_0.shape[:2])


def holding(
    predict: Predict, x_0: Tensor, given: Tensor, schedule: NoiseSchedule
) -> Predict:
    """`predict` with the given frames as their own guess: the film ends on them."""
    mask = given[:, :, None, None, None]

    def predict_the_rest(x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        x_0_hat, eps_hat = predict(x_t, t)
        known = eps_from_x_0(x_0, x_t, t, schedule)
        return torch.where(mask, x_0, x_0_hat), torch.where(mask, known, eps_hat)

    return predict_the_rest
