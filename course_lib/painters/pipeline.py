"""TextToImage, a trained network ready to draw: the whole system behind one call.

    draw = TextToImage.from_pretrained("latent")
    pictures = draw(["a frog on stilts", "a red cat at night"], seed=0)

A network that draws latents comes with the autoencoder that turns them into pictures;
the call is the same.
"""

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import torch
from torch import Tensor

from course_lib.cards import LARGEST_SIDE
from course_lib.checkpoint import Shipped, load_network, save_weights
from course_lib.diffusion.guidance import FOR_LATENTS, FOR_PROMPTS, Way
from course_lib.diffusion.objective import Predict, predictor
from course_lib.diffusion.samplers import Step
from course_lib.diffusion.schedule import NoiseSchedule, schedule_named
from course_lib.networks.autoencoder import (
    Autoencoder,
    from_latents,
    its_autoencoder,
    save_its_autoencoder,
    to_latents,
)
from course_lib.networks.text_unet import TEXT_UNET, TextUNet
from course_lib.networks.tokenizer import PAD, Tokenizer, tidy, tokenizer_of
from course_lib.networks.unet import UNet
from course_lib.painters.labels import LabelToImage
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
    list_of_texts,
    longest_within,
    read_each_once,
    told_jumps,
    usual_of,
    way_of,
)
from course_lib.painters.rewriting import knowing, rewrite
from course_lib.typed import looks_otherwise, visible

__all__ = ["SPACES", "LabelToImage", "TextToImage"]  # both painters, from one place

# The shipped network for each space. `Shipped` ignores a folder called "latent" in the
# current directory.
SPACES = {"latent": Shipped("latent"), "pixel": Shipped("words")}
BY_LABEL = Shipped("critters")  # the shipped network for labels


@dataclass
class TextToImage:
    """A painter that draws pictures for prompts.

    `card` comes from `python -m course_lib train text` (or latent). With an
    `autoencoder`, every Step holds latents, and `decode` turns them into pictures.

    Args:
        rewrite: turns a prompt into the text that is read instead; None takes it as
            typed
        remark_on_words: takes prompts and the texts read instead, and returns remarks
            on corrected and unknown words (rewriting.py); None makes no remarks
    """

    model: TextUNet
    tokenizer: Tokenizer
    card: dict
    autoencoder: Autoencoder | None = None
    rewrite: Callable[[str], str] | None = None
    remark_on_words: Callable[[list[str], list[str]], list[str]] | None = None

    @classmethod
    @torch.inference_mode(False)  # as `predict_for`
    def from_pretrained(
        cls, name_or_folder: Path | str, device="cpu", as_typed: bool = False
    ) -> "TextToImage":
        """Load shipped weights by name, or those of your own training by folder."""
        model, card = load_network(name_or_folder, *TEXT_UNET)
        tokenizer = tokenizer_of(card, name_or_folder)
        autoencoder = its_autoencoder(name_or_folder, card, device)
        # Channels of pixels, or of latents (4 as shipped).
        wanted = 3 if autoencoder is None else autoencoder.config["z_channels"]
        # Passed as functions: a painter of another world can bring its own, or none.
        # One that has learned prompts as people type them needs no rewriting: typing
        # errors and "without" were in its captions.
        reads = None if as_typed or card.get("manner") == "spoken" else rewrite
        model = model.to(device)
        # What a fine-tuning taught is no unknown word (lesson 13).
        remarks = knowing(card.get("own_words", ()))
        painter = cls(model, tokenizer, card, autoencoder, reads, remarks)
        check_fit(name_or_folder, card, model.unet, wanted, painter.multiple)
        return painter

    def save_pretrained(self, folder: Path | str) -> None:
        """Write weights, card (with the tokenizer) and autoencoder to a folder."""
        save_its_autoencoder(folder, self.card, self.autoencoder)
        save_weights(folder, self.model.state_dict(), self.card)

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
    def schedule(self) -> NoiseSchedule:
        """The noise schedule that the network was trained on."""
        return schedule_named(self.card["schedule"], self.card["T"])

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def as_typed(self) -> bool:
        """Whether prompts are read as typed, without rewriting."""
        return self.rewrite is None

    @property
    def usual(self) -> Way:
        """The default settings; latents are guided only in the middle of the way."""
        # Measured for whole drawings, twenty calls each ("Guidance in the middle only"
        # in benchmarks/10_text_to_image.md). Editing has settings of its own.
        way = FOR_PROMPTS if self.autoencoder is None else FOR_LATENTS
        return usual_of(self.card, way)

    @property
    def times(self) -> int:
        """The side in pixels of what one place of x_t covers; 1 without latents."""
        # 4 as shipped: a latent of 16x16 is a picture of 64x64.
        return 1 if self.autoencoder is None else self.autoencoder.times

    @property
    def unet(self) -> UNet:
        """The part of the network that draws."""
        return self.model.unet

    @property
    def multiple(self) -> int:
        """The number that the height and width of a picture must be divisible by."""
        return self.times * self.unet.multiple

    def shape(self, size: int | None = None) -> tuple[int, int, int]:
        """Channels, height and width of x_t for one picture.

        Args:
            size: side of the picture in pixels; None is the size in training

        Raises:
            ValueError: no multiple of `multiple`, or too large
        """
        size = self.card["size"] if size is None else operator.index(size)
        # Each grid of the U-Net has half the side of the one before, so the side must
        # be divisible that often.
        if not 0 < size <= LARGEST_SIDE or size % self.multiple:
            raise ValueError(
                f"The size of a picture must be a multiple of {self.multiple} here, at "
                f"most {LARGEST_SIDE}; got {size}."
            )
        return (
            self.model.config["unet"]["channels"],
            size // self.times,
            size // self.times,
        )

    def together(self, size: int | None, most: int) -> int:
        """How many pictures of this size, at most `most`, fit; ValueError if none."""
        _, h, w = self.shape(size)
        return how_many(self, h * self.times, w * self.times, most)

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in [-1, 1] to what the network draws: `shape` each."""
        if pictures.ndim != 4:
            raise ValueError(
                f"Pictures must be shaped (B, 3, H, W); got {tuple(pictures.shape)}. "
                "(One of a batch: pictures[4:5], not pictures[4].)"
            )
        H, W = pictures.shape[2:]
        if H % self.multiple or W % self.multiple:
            raise ValueError(
                f"Height and width of a picture must be divisible by {self.multiple} "
                f"here; got {H}x{W}."
            )
        pictures = pictures.to(self.device, torch.float32)
        if self.autoencoder is None:
            return pictures
        # The middle of the cloud, not a random point: editing starts from one latent
        # per picture (lesson 12).
        return to_latents(pictures, self.autoencoder, self.card["latent_scale"])

    @torch.no_grad()
    def decode(self, x_0: Tensor) -> Tensor:
        """What the network draws to pictures (B, 3, H, W) in [-1, 1], on the CPU."""
        x_0 = finite(x_0)
        if self.autoencoder is not None:
            x_0 = from_latents(x_0, self.autoencoder, self.card["latent_scale"])
        return x_0.clamp(-1, 1).cpu()

    def as_pictures(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Decode the x_t and x_0_hat of each step to pictures, for display."""
        return decoded(steps, self.decode)

    @property
    def length(self) -> int:
        """The maximum number of tokens in a prompt; the rest is cut off."""
        return self.model.config["text"]["length"]

    def prepare(
        self,
        prompts: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        sampler: str | None = None,
        negative_prompt: str = "",
        size: int | None = None,
    ) -> Prepared:
        """Check the settings and rewrite the prompts, before anything is drawn.

        The arguments are those of `trace`.

        Raises:
            ValueError: an impossible setting or size, or too little memory
        """
        prompts = list_of_texts(prompts)
        if negative_prompt and "guidance" in self.card:
            raise ValueError(
                "These weights have learned their guidance, and nothing is left to "
                "lead away from: leave the negative prompt out."
            )
        # The negative prompt is rewritten too: the network must understand it as well.
        *read, negative = self.reworded([*prompts, negative_prompt])
        asked, shape = (tuple(prompts), tuple(read)), self.shape(size)
        self.together(size, most=1)  # raises if memory is too small
        way = self.way(guidance_scale, steps, sampler)
        return checked(Prepared(*asked, negative, shape, way), self.schedule)

    def reworded(self, prompts: list[str]) -> list[str]:
        """The texts that are read instead of these prompts."""
        if self.rewrite is None:
            return prompts
        # Each text once: people often ask for many pictures of one prompt.
        once = {prompt: self.rewrite(prompt) for prompt in dict.fromkeys(prompts)}
        return [once[prompt] for prompt in prompts]

    def remarks(
        self, prompts: list[str], size: int | None = None, width: int | None = None
    ) -> list[str]:
        """Remarks on what of a request is not followed to the letter, a sentence each.

        Args:
            size: height of the pictures, and their width unless `width` is given
        """
        return self.remarks_on(self.prepare(prompts, size=size), width)

    def remarks_on(self, prepared: Prepared, width: int | None = None) -> list[str]:
        """`remarks` on a prepared request."""
        said, learned = [], self.card["size"]
        height = prepared.shape[1] * self.times
        width = width or height
        if (height, width) != (learned, learned):
            # Convolutions and attention work at any size, but the layout of a picture
            # was learned at one size.
            doubled = "doubled or " * (max(height, width) > learned)
            said.append(
                f"It learned pictures of {learned}x{learned} and nothing else: at "
                f"{height}x{width} expect {doubled}cut animals."
            )
        if self.remark_on_words is not None:
            said += self.remark_on_words([*prepared.asked], [*prepared.read])
        if self.tokenizer.cut_texts(list(map(tidy, prepared.read)), self.length):
            said.append(f"A prompt is cut after {self.length - 2} tokens.")
        # After a direction mark "der" is displayed as "red". The letters are read
        # without the mark, and the user should know.
        hidden = looks_otherwise("".join(prepared.asked))
        if hidden:
            signs = f"{', '.join(hidden)}, without which it looks different"
            said.append(f"Hidden characters in a prompt are not read: {signs}.")
        # Not refused: what a painter draws without a prompt is worth seeing.
        if not all(visible(text).strip() for text in prepared.asked):
            said.append("An empty prompt asks for nothing: any picture will do.")
        return said

    @torch.no_grad()
    def read(self, prompts: list[str]) -> Tensor:
        """Prompts to text_emb (B, L, D), L the longest of them; "" is unconditional."""
        texts = [tidy(prompt) for prompt in list_of_texts(prompts)]
        tokens = self.tokenizer.batch(texts, self.length)
        # (B, L), cut to the longest text: padding costs time and has no effect.
        longest = int((tokens != PAD).sum(1).max())
        return self.model.read(tokens[:, :longest].to(self.device))

    def trace(
        self,
        prompts: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        sampler: str | None = None,
        first: int = 0,
        clamp_x_0: bool = True,
        negative_prompt: str = "",
        size: int | None = None,
    ) -> Iterator[Step]:
        """Yield every step from noise to picture, one picture per prompt.

        Args:
            steps: number of updates; a guided one takes two network calls
            guidance_scale: 1 is unguided, more follows the prompt more closely, at
                every step; None is the `usual` way
            seed, first: the noise depends on the seed and on a picture's number, which
                counts up from `first`
            negative_prompt: what guidance leads away from; "" is "nothing told"
            size: height and width, if not those in training (see `remarks`)
        """
        how = (steps, guidance_scale, sampler, negative_prompt, size)
        return self.walk(self.prepare(prompts, *how), seed, first, clamp_x_0)

    def walk(
        self,
        prepared: Prepared,
        seed: int = 0,
        first: int = 0,
        clamp_x_0: bool = True,
        read: Callable[[tuple[str, ...]], Tensor] | None = None,
    ) -> Iterator[Step]:
        """Yield every step from noise to the prepared pictures, in one batch.

        Args:
            read: replaces the painter's own `read`, say by a cached one
        """
        # (B + 1, L, D), the negative prompt in the last row.
        text_emb = read_each_once(read or self.read, prepared.read, prepared.negative)
        predict = self.predict_from(text_emb, prepared.way, clamp_x_0)
        return from_noise(predict, prepared, self.schedule, seed, first, self.device)

    def paint(
        self,
        prepared: Prepared,
        seed: int = 0,
        batch_size: int = 64,
        callback: Watch | None = None,
    ) -> Tensor:
        """Draw the prepared pictures: (B, 3, H, W) in [-1, 1], on the CPU."""
        read = lru_cache(maxsize=1)(self.read)  # most batches have the same texts
        walk = partial(self.walk, read=read)
        batch_size = self.together(prepared.shape[1] * self.times, most=batch_size)
        return draw_all(walk, prepared, seed, batch_size, callback, self.decode)

    @torch.inference_mode(False)  # inference tensors have no gradient (`pulled`)
    def predict_for(
        self,
        prompts: list[str],
        way: Way | None = None,
        negative_prompt: str = "",
        clamp_x_0: bool = True,
    ) -> Predict:
        """The `predict` for a sampler, with one noisy picture per prompt.

        Args:
            way: the guidance; None is the usual way
            clamp_x_0: clamp guesses to [-1, 1]; ignored for latents, which have no such
                bounds
        """
        *read, negative = self.reworded([*list_of_texts(prompts), negative_prompt])
        text_emb = read_each_once(self.read, tuple(read), negative)
        return self.predict_from(text_emb, way or self.way(), clamp_x_0)

    def predict_from(
        self, text_emb: Tensor, way: Way, clamp_x_0: bool = True
    ) -> Predict:
        """`predict_for` from text_emb (B + 1, L, D), the negative prompt last."""
        # The latent of a white picture already exceeds 1 (lesson 12).
        clamp_x_0 = clamp_x_0 and self.autoencoder is None
        # Expanded, not copied: B views of one row.
        cond, uncond = text_emb[:-1], text_emb[-1:].expand_as(text_emb[:-1])
        model = way.guide(told_jumps(self.model, self.card, way), uncond)
        return predictor(model, self.schedule, self.card["target"], cond, clamp_x_0)

    def __call__(
        self,
        prompts: list[str],
        steps: int | None = None,
        guidance_scale: float | None = None,
        seed: int = 0,
        generator: torch.Generator | None = None,
        sampler: str | None = None,
        negative_prompt: str = "",
        size: int | None = None,
        batch_size: int = 64,
        callback: Watch | None = None,
    ) -> Tensor:
        """Draw one picture per prompt: (B, 3, H, W) in [-1, 1], on the CPU.

        Args:
            generator: the source of the seed, instead of `seed`
            batch_size: the most pictures to draw together
            callback: called with every Step

        The other arguments are those of `trace`.
        """
        if generator is not None:
            where = dict(generator=generator, device=generator.device)
            # Noise depends on a seed here (`PictureNoise`), so the generator draws one.
            # Two calls then give two different sets of pictures.
            seed = int(torch.randint(2**62, (), **where))
        how = (steps, guidance_scale, sampler, negative_prompt, size)
        prepared = self.prepare(prompts, *how)
        return self.paint(prepared, seed, batch_size, callback)
