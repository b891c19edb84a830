"""A trained network, ready to draw: the whole system behind one call.

draw = TextToImage.from_pretrained("latent")
pictures = draw(["a frog on stilts", "a red cat at night"], seed=0)

A network that draws latents in place of pixels comes with the autoencoder that turns
them into pictures; the call is the same.
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
    checked,
    decoded,
    draw_all,
    from_noise,
    list_of_texts,
    longest_within,
    read_each_once,
    way_of,
)
from course_lib.painters.rewriting import remark_on_words, rewrite
from course_lib.typed import looks_otherwise, visible

__all__ = ["SPACES", "LabelToImage", "TextToImage"]  # both painters, from one door

# In which to draw, and who does. `Shipped`, so that a folder called "latent" that lies
# where somebody happens to be is not drawn with.
SPACES = {"latent": Shipped("latent"), "pixel": Shipped("words")}
BY_LABEL = Shipped("critters")  # who draws what a label names


@dataclass
class TextToImage:
    """Draws what a prompt says, out of noise.

    `card` is what `python -m course_lib train text` (or latent) wrote. With an
    `autoencoder` every Step holds latents, and `decode` makes pictures of them.

    Args:
        rewrite: makes of a prompt what is read in its place; None takes it as typed
        remark_on_words: given prompts and what is read in their place, says which words
            were put right and which nobody learned (rewriting.py); None says nothing
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
        """Load shipped weights by name, or the folder of a training of your own."""
        model, card = load_network(name_or_folder, *TEXT_UNET)
        tokenizer = tokenizer_of(card, name_or_folder)
        autoencoder = its_autoencoder(name_or_folder, card, device)
        # Channels: of pixels, or of latents (4 as shipped).
        wanted = 3 if autoencoder is None else autoencoder.config["z_channels"]
        # Handed in, so that a painter of another world brings its own words (or none).
        reads = None if as_typed else rewrite
        model = model.to(device)
        painter = cls(model, tokenizer, card, autoencoder, reads, remark_on_words)
        check_fit(name_or_folder, card, model.unet, wanted, painter.multiple)
        return painter

    def save_pretrained(self, folder: Path | str) -> None:
        """Write weights and card (the tokenizer is in it), and the autoencoder's."""
        save_its_autoencoder(folder, self.card, self.autoencoder)
        save_weights(folder, self.model.state_dict(), self.card)

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
    def as_typed(self) -> bool:
        """Whether prompts are read letter by letter: nothing rewrites them."""
        return self.rewrite is None

    @property
    def usual(self) -> Way:
        """How it draws if nobody says; latents like to be led in the middle only."""
        # Measured for whole drawings, twenty calls each ("Guidance in the middle only"
        # in benchmarks/10_text_to_image.md); what edits asks for its own.
        return FOR_PROMPTS if self.autoencoder is None else FOR_LATENTS

    @property
    def times(self) -> int:
        """How many pixels a number that it draws stands for along each side."""
        # 4 as shipped: a latent of 16x16 is a picture of 64x64.
        return 1 if self.autoencoder is None else self.autoencoder.times

    @property
    def unet(self) -> UNet:
        """The part of the network that draws."""
        return self.model.unet

    @property
    def multiple(self) -> int:
        """What height and width of a picture must be divisible by."""
        return self.times * self.unet.multiple

    def shape(self, size: int | None = None) -> tuple[int, int, int]:
        """What the network draws for one picture: channels, height and width.

        Args:
            size: of the picture, if not the one that it learned
        """
        size = self.card["size"] if size is None else operator.index(size)
        # Each grid of the U-Net is half as fine as the one before: a side that does not
        # halve so often has no place for its last pixels.
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
        """How many pictures of this size are drawn together; a sentence, if not one."""
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
        # The middle of the cloud, no random point of it: one picture is one thing to
        # change (lesson 12).
        return to_latents(pictures, self.autoencoder, self.card["latent_scale"])

    @torch.no_grad()
    def decode(self, x_0: Tensor) -> Tensor:
        """What the network draws to pictures (B, 3, H, W) in [-1, 1], on the CPU."""
        if self.autoencoder is not None:
            x_0 = from_latents(x_0, self.autoencoder, self.card["latent_scale"])
        return x_0.clamp(-1, 1).cpu()

    def as_pictures(self, steps: Iterable[Step]) -> Iterator[Step]:
        """The same steps, each decoded, to be looked at."""
        return decoded(steps, self.decode)

    @property
    def length(self) -> int:
        """The most tokens that a prompt may have; the rest is cut off."""
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
        """Decide how one picture a prompt is drawn; what cannot be gets a sentence.

        This is where prompts are rewritten, each text once, and nothing is drawn yet.
        The arguments are those of `trace`.
        """
        prompts = list_of_texts(prompts)
        # The negative one is rewritten, too: what is led away from must be heard as
        # well.
        *read, negative = self.reworded([*prompts, negative_prompt])
        asked, shape = (tuple(prompts), tuple(read)), self.shape(size)
        self.together(size, most=1)  # or a sentence
        way = self.way(guidance_scale, steps, sampler)
        return checked(Prepared(*asked, negative, shape, way), self.schedule)

    def reworded(self, prompts: list[str]) -> list[str]:
        """What is read in place of these prompts."""
        if self.rewrite is None:
            return prompts
        # Each text once: many pictures of one prompt are often asked for.
        once = {prompt: self.rewrite(prompt) for prompt in dict.fromkeys(prompts)}
        return [once[prompt] for prompt in prompts]

    def remarks(
        self, prompts: list[str], size: int | None = None, width: int | None = None
    ) -> list[str]:
        """What of these wishes is not followed to the letter, a sentence each.

        Args:
            size: height of the pictures and, where `width` says no other, their width
        """
        return self.remarks_on(self.prepare(prompts, size=size), width)

    def remarks_on(self, prepared: Prepared, width: int | None = None) -> list[str]:
        """The same of what is prepared."""
        said, learned = [], self.card["size"]
        height = prepared.shape[1] * self.times
        width = width or height
        if (height, width) != (learned, learned):
            # Convolutions and attention know no size, but what stands where was learned
            # at one.
            doubled = "doubled or " * (max(height, width) > learned)
            said.append(
                f"It learned pictures of {learned}x{learned} and nothing else: at "
                f"{height}x{width} expect {doubled}cut animals."
            )
        if self.remark_on_words is not None:
            said += self.remark_on_words([*prepared.asked], [*prepared.read])
        if self.tokenizer.cut_texts(list(map(tidy, prepared.read)), self.length):
            said.append(f"A prompt is cut after {self.length - 2} tokens.")
        # With a mark that turns the direction, "der" is seen as "red": the letters are
        # read without the mark, and who typed them should know.
        hidden = looks_otherwise("".join(prepared.asked))
        if hidden:
            signs = f"{', '.join(hidden)}, without which it looks otherwise"
            said.append(f"Hidden signs in a prompt are not read: {signs}.")
        # Not refused: what a painter draws when told nothing is worth seeing.
        if not all(visible(text).strip() for text in prepared.asked):
            said.append("An empty prompt asks for nothing: any picture will do.")
        return said

    @torch.no_grad()
    def read(self, prompts: list[str]) -> Tensor:
        """Prompts to text_emb (B, L, D), L the longest of them; "" tells nothing."""
        texts = [tidy(prompt) for prompt in list_of_texts(prompts)]
        tokens = self.tokenizer.batch(texts, self.length)
        # (B, L): cut to the longest text, since padding is looked at by nobody and paid
        # for by all.
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
        """Yield every step from noise to picture, one picture a prompt.

        Args:
            steps: updates; where it is guided, each takes two network calls
            guidance_scale: 1 is plain, more follows the prompt more closely, and is
                then meant at every step; None is the `usual` way
            seed: with `first`, the number of the first picture, decides the noise
            negative_prompt: what guidance leads away from; "" is "nothing told"
            size: height and width, if not those of the training (see `remarks`)
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
        """Yield every step to what was prepared, all of it in one batch.

        Args:
            read: stands for `read` of this painter, if it remembers what it has read
        """
        # (B + 1, L, D), the last row what guidance leads away from.
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
        """Draw what was prepared: (B, 3, H, W) in [-1, 1], on the CPU."""
        read = lru_cache(maxsize=1)(self.read)  # most batches are told the same again
        walk = partial(self.walk, read=read)
        batch_size = self.together(prepared.shape[1] * self.times, most=batch_size)
        return draw_all(walk, prepared, seed, batch_size, callback, self.decode)

    @torch.inference_mode(False)  # what is made in it can have no gradient (`pulled`)
    def predict_for(
        self,
        prompts: list[str],
        way: Way | None = None,
        negative_prompt: str = "",
        clamp_x_0: bool = True,
    ) -> Predict:
        """What a sampler sees, for one noisy picture a prompt.

        Args:
            way: how it is guided, if not as usual
            clamp_x_0: keep guesses in [-1, 1]; of latents, which have no such bounds,
                nothing is clamped
        """
        *read, negative = self.reworded([*list_of_texts(prompts), negative_prompt])
        text_emb = read_each_once(self.read, tuple(read), negative)
        return self.predict_from(text_emb, way or self.way(), clamp_x_0)

    def predict_from(
        self, text_emb: Tensor, way: Way, clamp_x_0: bool = True
    ) -> Predict:
        """The same of vectors (B + 1, L, D), the last what guidance leads away from."""
        # A white picture's latent is beyond 1 already (lesson 12).
        clamp_x_0 = clamp_x_0 and self.autoencoder is None
        # Expanded, not copied: one row seen B times.
        cond, uncond = text_emb[:-1], text_emb[-1:].expand_as(text_emb[:-1])
        model = way.guide(self.model, uncond)
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
        """Draw one picture a prompt: (B, 3, H, W) in [-1, 1], on the CPU.

        Args:
            generator: where the seed comes from, in place of `seed`
        """
        if generator is not None:
            where = dict(generator=generator, device=generator.device)
            # A seed is what noise hangs on here (`PictureNoise`), so a generator is
            # asked for one. It goes on by one draw a call: two calls, two sets of
            # pictures.
            seed = int(torch.randint(2**62, (), **where))
        how = (steps, guidance_scale, sampler, negative_prompt, size)
        prepared = self.prepare(prompts, *how)
        return self.paint(prepared, seed, batch_size, callback)
