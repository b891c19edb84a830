"""The painters of lesson 15, a GAN and a next-token model: no steps from noise.

draw = label_painter("runs/gan")  # or "runs/tokens", or "critters"
pictures = draw(["frog", "rabbit"], seed=0)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.cards import Card, broken
from course_lib.chance import generator_for
from course_lib.checkpoint import load_network, load_weights, save_weights
from course_lib.diffusion.guidance import Way
from course_lib.diffusion.samplers import PictureNoise, Step
from course_lib.networks.gan import GAN, picture_gan
from course_lib.networks.next_token import NextToken, draw_tokens
from course_lib.painters.labels import LabelToImage, numbers_of
from course_lib.painters.painter import Prepared, Watch
from course_lib.typed import as_list

# draw(model, labels (B,), seed, number of the first picture) -> (B, 3, H, W)
Draw = Callable[[nn.Module, Tensor, int, int], Tensor]
# These take no steps. The last name stands for a sampler in what `generate` reports.
ONE_CALL = Way(1.0, steps=0, sampler="one call")
BY_TOKENS = Way(1.0, steps=0, sampler="token by token")


def draw_at_once(model: GAN, cond: Tensor, seed: int, first: int) -> Tensor:
    """Draw one picture per label, (B,), in one call of the generator."""
    noise = PictureNoise(seed, range(first, first + len(cond)), cond.device)
    return model(noise((model.config["z_width"],)), cond)


def draw_by_tokens(
    model: NextToken,
    cond: Tensor,
    seed: int,
    first: int,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> Tensor:
    """Draw one picture per label, (B,), token by token from the top left.

    The last bits of a sum may depend on the batch. Once in a great many tokens they
    decide which one is drawn, and the rest of that picture is then another.
    """
    # One stream a picture, drawn on the CPU, as for noise.
    streams = [generator_for(seed, first + i) for i in range(len(cond))]
    n = model.config["side"] ** 2
    u = torch.stack([torch.rand(n, generator=stream) for stream in streams])
    predict = model.predictor(cond)
    tokens = draw_tokens(predict, u.to(cond.device), temperature, top_k)
    return model.pictures_of(tokens)


@dataclass
class RivalToImage:
    """A painter that draws pictures for labels, whose network is no denoiser.

    Args:
        draw: how its network draws a batch
        way: what is reported about that
    """

    model: GAN | NextToken
    card: Card
    draw: Draw
    way: Way

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the weights and the card to a folder."""
        save_weights(folder, self.model.state_dict(), self.card)

    @property
    def labels(self) -> list[str]:
        """The names of the labels; the first is "nothing"."""
        return self.card["labels"]

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def prepare(
        self,
        labels: list[str],
        steps: None = None,
        guidance_scale: None = None,
        sampler: None = None,
    ) -> Prepared:
        """Check a request; the settings of a denoiser are there to be refused.

        Raises:
            ValueError: an unknown label, or a setting
        """
        settings = dict(steps=steps, guidance=guidance_scale, sampler=sampler)
        given = [name for name, value in settings.items() if value is not None]
        if given:
            raise ValueError(
                f"A {self.card['kind']} does not start from noise and takes no "
                f"{as_list(given)}: leave that out."
            )
        numbers_of(labels, self.labels)  # raises for an unknown label
        if not labels:
            raise ValueError("Nothing was asked for: the list is empty.")
        shape = (3, self.card["size"], self.card["size"])
        labels = tuple(labels)
        return Prepared(labels, labels, self.labels[0], shape, self.way)

    @torch.no_grad()
    def paint(
        self,
        prepared: Prepared,
        seed: int = 0,
        batch_size: int = 64,
        callback: Watch | None = None,
    ) -> Tensor:
        """Draw the prepared pictures: (B, 3, H, W) in [-1, 1], on the CPU.

        Args:
            callback: called with every batch of pictures, as a last Step
        """
        pictures = []
        for first in range(0, len(prepared.read), batch_size):
            names = list(prepared.some(first, batch_size).read)
            cond = numbers_of(names, self.labels).to(self.device)
            drawn = self.draw(self.model, cond, seed, first)
            pictures.append(drawn.clamp(-1, 1).cpu())
            if callback:
                callback(Step(0, pictures[-1], pictures[-1]))
        return torch.cat(pictures)

    def __call__(self, labels: list[str], seed: int = 0) -> Tensor:
        """Draw one picture per label: (B, 3, H, W) in [-1, 1], on the CPU."""
        return self.paint(self.prepare(labels), seed)


# Loading ------------------------------------------------------------------------------


def gan_painter(name_or_folder: Path | str, device="cpu") -> RivalToImage:
    """Load a trained GAN by its folder; the critic, which draws nothing, stays there.

    So what `save_pretrained` writes is half as large.
    """
    build = partial(picture_gan, with_critic=False)
    how = ("GAN", "which is no GAN", build, "generator.")
    model, card = load_network(name_or_folder, *how)
    side = 4 * 2 ** len(model.config["widths"])
    check_card(name_or_folder, card, side)
    return RivalToImage(model.to(device), card, draw_at_once, ONE_CALL)


def token_painter(
    name_or_folder: Path | str,
    device="cpu",
    temperature: float = 1.0,
    top_k: int | None = None,
) -> RivalToImage:
    """Load a trained next-token model by its folder.

    Args:
        temperature, top_k: see `next_token.pick_token`
    """
    if not 0 < temperature <= 100:  # also refuses NaN
        raise ValueError(f"temperature must be above 0, up to 100; got {temperature}.")
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be 1 or more; got {top_k}.")
    otherwise = "which predicts no tokens"
    kind = "next-token model"
    model, card = load_network(name_or_folder, kind, otherwise, NextToken)
    check_card(name_or_folder, card, model.config["side"] * model.config["patch"])
    draw = partial(draw_by_tokens, temperature=temperature, top_k=top_k)
    return RivalToImage(model.to(device), card, draw, BY_TOKENS)


def check_card(of: Path | str, card: Card, side: int) -> None:
    """Raise CheckpointError if drawing with this card and network would fail.

    Args:
        side: height and width of what the network draws
    """
    known = card["config"]["labels"] + 1
    if len(card["labels"]) > known:
        wrong = f"{len(card['labels'])} labels for a network that knows {known}"
    elif card["size"] != side:
        wrong = f"size {card['size']}, but {side} is drawn"
    else:
        return
    raise broken(of, wrong)


LOADERS = {"GAN": gan_painter, "next-token model": token_painter}


def label_painter(
    name_or_folder: Path | str, device="cpu"
) -> LabelToImage | RivalToImage:
    """The painter for these weights: a denoiser, a GAN or a next-token model."""
    kind = load_weights(name_or_folder)[1].get("kind")
    return LOADERS.get(kind, LabelToImage.from_pretrained)(name_or_folder, device)
