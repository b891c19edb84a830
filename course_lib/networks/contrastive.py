"""Contrastive learning: a picture and its caption get vectors of the same direction.

Two towers, one for pictures and one for texts, end in vectors of the same width. In a
batch of B pairs every picture is compared with every text, (B, B) cosines. The towers
learn to make those on the diagonal the largest in their row and in their column (CLIP,
Radford et al. 2021, figure 3):

    image_vec = unit(image tower(pictures))        (B, D)
    text_vec  = unit(text tower(tokens))           (B, D)
    loss = (cross-entropy of rows + cross-entropy of columns) / 2
           of logit_scale * image_vec @ text_vec.T

    matcher = Matcher.from_pretrained("pair")
    matcher.score(pictures, ["a frog on stilts", "a red cat at night"])
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import Batch
from course_lib.checkpoint import load_network, save_weights
from course_lib.networks.layers import ImageBlock, norm
from course_lib.networks.text_encoder import TextEncoder
from course_lib.networks.tokenizer import PAD, Tokenizer, tidy, tokenizer_of
from course_lib.pixels import check_pictures

FIRST_SCALE = 1 / 0.07  # logit_scale at the start of training, as in CLIP
LARGEST_SCALE = 100.0  # its upper limit

# The loss ---------------------------------------------------------------------


def cosines(image_out: Tensor, text_out: Tensor) -> Tensor:
    """The cosine similarity of each picture and each text, -1 to 1.

    Args:
        image_out: (N, D), not necessarily of length 1
        text_out: (M, D), likewise

    Returns:
        (N, M): one row per picture, one column per text

    >>> cosines(torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0, 0.0], [0.0, 1.0]]))
    tensor([[1., 0.]])
    """
    with torch.autocast(image_out.device.type, enabled=False):  # bf16 has 3 digits
        image_vec = F.normalize(image_out.float(), dim=-1)  # (N, D)
        text_vec = F.normalize(text_out.float(), dim=-1)  # (M, D)
        return image_vec @ text_vec.T


def contrastive_loss(cosines: Tensor, logit_scale: Tensor | float) -> Tensor:
    """The mean cross-entropy of choosing a text per picture and a picture per text.

    Args:
        cosines: (B, B), matching pairs on the diagonal
        logit_scale: 1 / temperature
    """
    # Cosines lie in [-1, 1]: unscaled, the best softmax over 256 of them would still be
    # nearly uniform.
    logits = logit_scale * cosines  # (B, B)
    partner = torch.arange(len(logits), device=logits.device)
    by_picture = F.cross_entropy(logits, partner)  # over the texts of each row
    by_text = F.cross_entropy(logits.T, partner)  # over the pictures of each column
    return (by_picture + by_text) / 2


def make_contrastive_loss() -> Callable[..., Tensor]:
    """The loss for a Trainer. A batch: pictures `x_0` (B, 3, H, W), tokens `cond`."""

    def loss_fn(
        model: nn.Module, batch: Batch, gather: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        return contrastive_loss(*model(batch["x_0"], batch["cond"], gather))

    # A picture is compared with the texts of all processes: a Trainer brings `gather`.
    loss_fn.gathers = True
    return loss_fn


# The two towers ---------------------------------------------------------------


class ImageEncoder(nn.Module):
    """Pictures (B, 3, size, size) to (B, width): ever smaller grids, more channels.

    The last grid is flattened, to keep left and right apart. (A mean over its places,
    usual in classifiers, could be the same for a picture and its mirror image.)
    """

    def __init__(self, size: int, widths: tuple[int, ...], width: int):
        super().__init__()
        self.size = size
        layers = [nn.Conv2d(12, widths[0], 3, padding=1)]  # 2x2 pixels are 12 numbers
        for before, after in zip([widths[0], *widths[:-1]], widths, strict=True):
            if len(layers) > 1:  # folding has halved the first grid already
                layers.append(nn.Conv2d(before, after, 3, stride=2, padding=1))
            layers.append(ImageBlock(after))
        self.layers = nn.Sequential(*layers, norm(widths[-1]), nn.SiLU(), nn.Flatten())
        side, rest = divmod(size, 2 ** len(widths))
        if rest:
            raise ValueError(f"{len(widths)} widths halve {size} pixels too often.")
        self.out = nn.Linear(widths[-1] * side**2, width)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] to (B, width); larger pictures are averaged down.

        Raises:
            ValueError: H and W differ, or are no multiple of `size`
        """
        check_pictures(pictures)
        times, rest = divmod(pictures.shape[-1], self.size)
        if pictures.shape[2] != pictures.shape[3] or rest or not times:
            raise ValueError(
                f"This network looks at pictures of {self.size}x{self.size}, or a "
                f"whole number of times as large; got {tuple(pictures.shape)}."
            )
        x = F.pixel_unshuffle(F.avg_pool2d(pictures, times), 2)  # (B, 12, H/2, W/2)
        return self.out(self.layers(x))

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The output of every block for pictures of any size: a list of (B, C, h, w).

        The channels of each place are scaled to length 1, as in LPIPS (Zhang et al.
        2018).
        """
        h, seen = F.pixel_unshuffle(pictures, 2), []
        for layer in self.layers:
            if isinstance(layer, nn.Flatten):  # the rest takes pictures of one size
                break
            h = layer(h)
            if isinstance(layer, ImageBlock):
                seen.append(F.normalize(h.float(), dim=1))
        return seen


class ImageTextPair(nn.Module):
    """An image tower and a text tower that end in the same space.

    Args:
        text: settings of the TextEncoder
        size: height and width of the pictures
        widths: channels on each grid of the image tower
        width: D, the length of the vectors
    """

    def __init__(
        self,
        text: dict,
        size: int = 32,
        widths: tuple[int, ...] = (64, 96, 128),
        width: int = 128,
    ):
        super().__init__()
        self.text_encoder = TextEncoder(**text)
        self.image_encoder = ImageEncoder(size, tuple(widths), width)
        self.text_out = nn.Linear(self.text_encoder.config["width"], width)
        # Learned as a logarithm: a step changes it by a factor, and it stays positive.
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))
        text = self.text_encoder.config
        self.config = dict(text=text, size=size, widths=list(widths), width=width)

    @property
    def logit_scale(self) -> Tensor:
        """The factor for the cosines; learned, and at most 100 (CLIP)."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)

    def image_vec(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] to (B, D), each of length 1."""
        return F.normalize(self.image_encoder(pictures).float(), dim=-1)

    def text_vec(self, tokens: Tensor) -> Tensor:
        """(B, L) to (B, D), each of length 1: the mean over the tokens, projected."""
        text_emb = self.text_encoder(tokens)  # (B, L, width), zero where padded
        # The same mean over tokens as in the painter's Gist, which starts from here.
        count = (tokens != PAD).sum(1, keepdim=True)  # (B, 1)
        return F.normalize(self.text_out(text_emb.sum(1) / count).float(), dim=-1)

    def forward(
        self,
        pictures: Tensor,
        tokens: Tensor,
        gather: Callable[[Tensor], Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The cosines of all pictures and texts, (B, B), and the logit_scale.

        Args:
            gather: brings the vectors of other processes, from vectors to all of them
        """
        image_vec, text_vec = self.image_vec(pictures), self.text_vec(tokens)
        if gather is not None:  # vectors travel, a few numbers each, and no pictures
            image_vec, text_vec = gather(image_vec), gather(text_vec)
        return cosines(image_vec, text_vec), self.logit_scale


# Ready for use ----------------------------------------------------------------


@dataclass
class Matcher:
    """A trained pair with its tokenizer and card; compares pictures with texts."""

    model: ImageTextPair
    tokenizer: Tokenizer
    card: dict

    @classmethod
    def from_pretrained(cls, name_or_folder: Path | str, device="cpu") -> "Matcher":
        """Load shipped weights by name, or those of your own training by folder."""
        otherwise = "which does not compare pictures with texts"
        model, card = load_network(name_or_folder, "pair", otherwise, ImageTextPair)
        return cls(model.to(device), tokenizer_of(card, name_or_folder), card)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the weights and the card, which holds the tokenizer, to a folder."""
        save_weights(folder, self.model.state_dict(), self.card)

    @property
    def length(self) -> int:
        """The maximum number of tokens in a text; the rest is cut off."""
        return self.model.config["text"]["length"]

    @torch.no_grad()
    def see(self, pictures: Tensor, batch_size: int = 256) -> Tensor:
        """Pictures (N, 3, H, W) to image_vec (N, D), on the CPU."""
        check_pictures(pictures)
        device = self.model.log_scale.device
        # A painter may overshoot [-1, 1]; no training picture did.
        some = pictures.clamp(-1, 1).split(batch_size)
        return torch.cat([self.model.image_vec(x.to(device)).cpu() for x in some])

    @torch.no_grad()
    def read(self, texts: list[str], batch_size: int = 256) -> Tensor:
        """Texts to text_vec (N, D), on the CPU."""
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"The texts must be a list of texts; got {texts!r}.")
        if not texts:
            raise ValueError("There are no texts: the list is empty.")
        # Captions are in lower case: "A FROG" would become tokens never trained on.
        tidied = [tidy(text) for text in texts]
        tokens = self.tokenizer.batch(tidied, self.length)
        device = self.model.log_scale.device
        some = tokens.to(device).split(batch_size)
        return torch.cat([self.model.text_vec(x).cpu() for x in some])

    def score(self, pictures: Tensor, texts: list[str]) -> Tensor:
        """How well each picture fits its own text: the N cosines, (N,)."""
        if len(pictures) != len(texts):
            raise ValueError(f"{len(texts)} texts for {len(pictures)} pictures.")
        return (self.see(pictures) * self.read(texts)).sum(1)

    def chances(self, pictures: Tensor, texts: list[str]) -> Tensor:
        """The probability of each text, if one of them fits: (N, M), rows sum to 1.

        Among these texts only: a cosine of 0.6 alone is not "60 % sure" of anything.
        """
        logit_scale = self.model.logit_scale.detach().cpu()
        return (logit_scale * cosines(self.see(pictures), self.read(texts))).softmax(1)

    def choose(self, pictures: Tensor, texts: list[str]) -> Tensor:
        """Zero-shot classification: the best text for each picture, (N,) int64."""
        return self.chances(pictures, texts).argmax(1)

    def nearest(self, text: str, image_vec: Tensor, k: int = 8) -> Tensor:
        """The k pictures that fit a text best, the best first.

        Args:
            image_vec: (N, D), the pictures' vectors from `see`

        Returns:
            their indices, (k,) int64
        """
        return (image_vec @ self.read([text])[0]).topk(k).indices
