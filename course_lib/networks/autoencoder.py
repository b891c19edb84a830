"""The autoencoder: pictures to a few numbers, the latents, and back.

    pictures (B, 3, 64, 64) --encode--> mu, logvar (B, 4, 16, 16)
    z = mu + exp(logvar / 2) * eps
    z (B, 4, 16, 16) --decode--> pictures (B, 3, 64, 64)

A latent has a twelfth of the numbers. This is a variational autoencoder (Kingma &
Welling 2014): each picture becomes a small cloud instead of a point, so the decoder
learns to cope with latents that are a little off. A weak penalty, the KL divergence
from N(0, 1), keeps the clouds together.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.cards import Card, folder_beside, made_from
from course_lib.chance import CLOUD, STRANGER, Batch, GetBatch, generator_for
from course_lib.checkpoint import (
    CheckpointError,
    digest,
    fill,
    find_weights,
    load_network,
    save_weights,
)
from course_lib.device import weights_folder
from course_lib.networks.layers import zeroed

SEEN = 4  # one picture in SEEN counts for the feature loss
# Standard deviations from 0.00005 to 7.4: a new encoder may predict anything, and
# exp(90) is infinite in float32. (diffusers clamps to -30..20.)
LOGVAR = (-20.0, 4.0)
UNHEARD = 1e4  # the first bounds; no channel of a decoder gets this large
# The decay of the bounds per iteration: they halve in 346 (0.998^346 is 0.5), so the
# activations of an untrained decoder are forgotten.
FADING = 0.998


class BoundedConv(nn.Conv2d):
    """A convolution whose outputs are clamped to the range that they had in training.

    A generated latent is never quite the latent of a picture. A decoder without norms
    may answer an unfamiliar latent with huge activations, which come out as confetti
    (lesson 11). So each channel tracks its minimum and maximum in training, as batch
    norm tracks means (Ioffe & Szegedy 2015), and is clamped to them in eval mode.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        channels = (self.out_channels, 1, 1)
        self.register_buffer("low", torch.full(channels, -UNHEARD))
        self.register_buffer("high", torch.full(channels, UNHEARD))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H', W')."""
        x = super().forward(x)
        # In training the bounds are only tracked, not applied.
        if not self.training:
            return x.clamp(self.low, self.high)
        with torch.no_grad():
            # One bound per channel, over the whole batch and all places.
            seen = x.transpose(0, 1).flatten(1).float()  # (C', B * H' * W')
            low, high = seen.amin(1)[:, None, None], seen.amax(1)[:, None, None]
            # The farther of the two: one extreme picture widens the bounds at once;
            # only the decay narrows them.
            self.low.copy_(torch.minimum(FADING * self.low, low))
            self.high.copy_(torch.maximum(FADING * self.high, high))
        return x


class PlainBlock(nn.Module):
    """A residual block of two convolutions, without a norm.

    Lim et al. (2017, section 3.1) leave norms out for super-resolution; Stable
    Diffusion has one in every block of its autoencoder. We have not measured it.
    """

    def __init__(self, width: int, conv: type[nn.Conv2d] = nn.Conv2d):
        super().__init__()
        self.conv_1 = conv(width, width, 3, padding=1)
        # Starts as the identity: a trained decoder that is given more blocks still
        # makes the same pictures (`learn_on`).
        self.conv_2 = zeroed(conv(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        return x + self.conv_2(F.silu(self.conv_1(F.silu(x))))


def plain_blocks(
    width: int, blocks: int, conv: type[nn.Conv2d] = nn.Conv2d
) -> nn.Sequential:
    return nn.Sequential(*(PlainBlock(width, conv) for _ in range(blocks)))


class Autoencoder(nn.Module):
    """A variational autoencoder: `encode`, `sample` in between, and `decode`.

    Args:
        widths: channels on each grid, finest first; the first grid has half the
            picture's side (squares of 2x2 pixels are folded), each further one half of
            the one before
        z_channels: channels of a latent
        blocks: blocks on each grid, in the encoder and in the decoder
        refine: channels of the small full-resolution head that smooths over the fold
        decoder_blocks: blocks on each grid of the decoder, if it has more; see
            `learn_on`
    """

    # As in the U-Net: 2x2 pixels become one place, so every layer has a quarter of the
    # work (lesson 04).
    fold = 2

    def __init__(
        self,
        widths: tuple[int, ...] = (32, 128),
        z_channels: int = 4,
        blocks: int = 1,
        refine: int = 16,
        decoder_blocks: int | None = None,
    ):
        super().__init__()
        self.config = dict(
            widths=list(widths),
            z_channels=z_channels,
            blocks=blocks,
            refine=refine,
            decoder_blocks=decoder_blocks or blocks,
        )
        pairs = list(zip(widths[:-1], widths[1:], strict=True))
        encoder: list[nn.Module] = [nn.Conv2d(3 * self.fold**2, widths[0], 3, 1, 1)]
        for i, width in enumerate(widths):
            encoder.append(plain_blocks(width, blocks))
            if i < len(pairs):
                encoder.append(nn.Conv2d(*pairs[i], 3, stride=2, padding=1))
        last = nn.Conv2d(widths[-1], 2 * z_channels, 1)  # mu and logvar in one
        # No bounds here: an encoder only ever gets pictures. A decoder also gets
        # generated latents.
        self.encoder = nn.Sequential(*encoder, nn.SiLU(), last)

        decoder: list[nn.Module] = [BoundedConv(z_channels, widths[-1], 3, 1, 1)]
        for i, width in reversed(list(enumerate(widths))):
            n = self.config["decoder_blocks"]
            decoder.append(plain_blocks(width, n, BoundedConv))
            if i > 0:
                # Nearest, then a convolution: see the U-Net's way up.
                grow = BoundedConv(*reversed(pairs[i - 1]), 3, padding=1)
                decoder += [nn.Upsample(scale_factor=2), grow]
        self.decoder = nn.Sequential(*decoder, nn.SiLU())
        self.unfold = BoundedConv(widths[0], refine * self.fold**2, 1)
        self.refine = BoundedConv(refine, refine, 3, padding=1)
        # No tanh at the end: pure white would need an infinite input, and to_bytes
        # clamps anyway.
        self.last = nn.Conv2d(refine, 3, 3, padding=1)

    @property
    def times(self) -> int:
        """f, the side in pixels of the square that one place of a latent covers."""
        return self.fold * 2 ** (len(self.config["widths"]) - 1)

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) in [-1, 1] to mu and logvar, both (B, latents, H / f, W / f).

        Raises:
            ValueError: another shape, sides not divisible by f, NaN or infinity
        """
        if pictures.ndim != 4 or pictures.shape[1] != 3:
            raise ValueError(
                f"Pictures must be shaped (B, 3, H, W); got {tuple(pictures.shape)}."
            )
        if pictures.shape[2] % self.times or pictures.shape[3] % self.times:
            raise ValueError(
                f"Height and width must be divisible by {self.times}; "
                f"got {pictures.shape[2]}x{pictures.shape[3]}."
            )
        if not pictures.isfinite().all():
            raise ValueError("There are numbers in these pictures that are not finite.")
        out = self.encoder(F.pixel_unshuffle(pictures, self.fold))
        mu, logvar = out.chunk(2, dim=1)
        return mu, logvar.clamp(*LOGVAR)

    def decode(self, z: Tensor) -> Tensor:
        """(B, latents, h, w) to pictures (B, 3, f h, f w), roughly in [-1, 1]."""
        channels = self.config["z_channels"]
        if z.ndim != 4 or z.shape[1] != channels:
            raise ValueError(
                f"Latents must be shaped (B, {channels}, h, w); got {tuple(z.shape)}. "
                "Do they come from another autoencoder?"
            )
        if not z.isfinite().all():
            raise ValueError("There are numbers in these latents that are not finite.")
        h = F.pixel_shuffle(self.unfold(self.decoder(z)), self.fold)
        return self.last(F.silu(self.refine(F.silu(h))))

    def forward(self, pictures: Tensor, eps: Tensor | None = None):
        """The reconstructed pictures (B, 3, H, W), and the mu and logvar behind them.

        Args:
            eps: N(0, 1), shaped like mu; None decodes mu itself
        """
        mu, logvar = self.encode(pictures)
        z = mu if eps is None else sample(mu, logvar, eps)
        return self.decode(z), mu, logvar


def sample(mu: Tensor, logvar: Tensor, eps: Tensor) -> Tensor:
    """A random point of each cloud, shaped like mu; gradients reach mu and logvar.

    Kingma & Welling 2014, section 2.4: the reparameterisation trick.
    """
    return mu + (0.5 * logvar).exp() * eps


def kl_divergence(mu: Tensor, logvar: Tensor) -> Tensor:
    """The KL divergence of each cloud from N(0, 1), in nats, (B,): summed per picture.

    Kingma & Welling 2014, appendix B, with the opposite sign.
    """
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).flatten(1).sum(1)


def to_latents(pictures: Tensor, autoencoder: Autoencoder, scale: float) -> Tensor:
    """Pictures (B, 3, H, W) in [-1, 1] to z_0 (B, latents, H / f, W / f), of spread 1.

    Args:
        scale: 1 / the standard deviation of all mu, from the card of the latent painter
    """
    # mu, not a random point of the cloud: a painter should see one latent per picture
    # (lesson 12).
    mu, _ = autoencoder.encode(pictures)
    return mu * scale


def from_latents(z_0: Tensor, autoencoder: Autoencoder, scale: float) -> Tensor:
    """z_0 (B, latents, h, w) of spread 1 to pictures, by `decode`."""
    return autoencoder.decode(z_0 / scale)


def make_autoencoder_loss(
    kl_weight: float = 1e-5,
    features: Callable[[Tensor], list[Tensor]] | None = None,
    feature_weight: float = 0.3,
    squared: bool = False,
) -> Callable[[nn.Module, Batch], Tensor]:
    """The loss for a Trainer. A batch: `x_0` (B, 3, H, W), and `eps` shaped like mu.

    Args:
        kl_weight: weight of the KL divergence, averaged over the numbers of a latent
        features: maps pictures to a trained network's features, a list of (B, C, h, w);
            not the judge's, or the judge would find what it taught
        feature_weight: weight of the feature loss beside the pixels
        squared: only squared errors of pixels (L2), which forgive blur; otherwise
            absolute errors (L1) are added, which do not
    """

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        x_0 = batch["x_0"]
        again, mu, logvar = model(x_0, batch["eps"])
        # L2 punishes large differences, L1 keeps edges sharp: L2 alone prefers the mean
        # of all possible pictures, which is blurred.
        pixels = 2 * F.mse_loss(again, x_0)
        pixels = pixels if squared else pixels + F.l1_loss(again, x_0)
        loss = pixels + kl_weight * kl_divergence(mu, logvar).mean() / mu[0].numel()
        if features is not None:
            # Features of a whole batch would cost as much as all the rest.
            some = slice(-(-len(x_0) // SEEN))
            pairs = zip(features(again[some]), features(x_0[some]), strict=True)
            apart = [F.l1_loss(seen, real.detach()) for seen, real in pairs]
            loss = loss + feature_weight * sum(apart) / len(apart)
        return loss

    if features is not None:
        # A quarter of every process's share would be other pictures than a quarter of
        # the batch, so batches are not split over processes.
        loss_fn.of_whole_batch = True
    return loss_fn


def psnr(pictures: Tensor, again: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each picture in [-1, 1], (B,), in decibels.

    >>> psnr(torch.zeros(1, 3, 8, 8), torch.full((1, 3, 8, 8), 0.02)).item()
    40.0
    """
    # Clamped, as for display: nobody sees an overshoot beyond white.
    error = (pictures - again.clamp(-1, 1)).square().flatten(1).mean(1)  # (B,)
    # 4 is the square of the range, 2. The clamp caps the result at 126 dB, where no
    # error at all would be infinite.
    return 10 * torch.log10(4 / error.clamp(min=1e-12))


# Arguments for `load_network`.
AUTOENCODER = ("autoencoder", "which makes no latents", Autoencoder)


def learn_on(start: Path | str, decoder_blocks: int) -> Autoencoder:
    """A trained autoencoder for further training of its decoder; the encoder is frozen.

    The latents stay the same, so networks trained on them stay valid (the second
    decoder of Stable Diffusion was made this way).

    Args:
        decoder_blocks: blocks on each grid of the decoder; new ones start as identities
    """
    trained, _ = load_network(start, *AUTOENCODER)
    tensors = trained.state_dict()
    model = Autoencoder(**trained.config | dict(decoder_blocks=decoder_blocks))
    own = model.state_dict()
    # A new block ends in a convolution of zeros and adds nothing until it has learned
    # something, so the pictures are the same at first.
    new = [n for n in own.keys() - tensors.keys() if n.startswith("decoder.")]
    fill(model, tensors | {name: own[name] for name in new}).train()
    model.encoder.requires_grad_(False)
    return model


def with_cloud_noise(get_batch: GetBatch, model: Autoencoder, seed: int) -> GetBatch:
    """Add `eps`, N(0, 1) shaped like the latents, to each batch."""

    def get_noisy_batch(iteration: int) -> Batch:
        batch = get_batch(iteration)
        B, _, H, W = batch["x_0"].shape
        # From the iteration's own stream: a training that was stopped resumes with
        # exactly the noise it would have seen.
        shape = (B, model.config["z_channels"], H // model.times, W // model.times)
        generator = generator_for(seed, iteration, CLOUD)
        return {"x_0": batch["x_0"], "eps": torch.randn(shape, generator=generator)}

    return get_noisy_batch


def with_strangers(get_batch: GetBatch, share: float, seed: int) -> GetBatch:
    """Make a share of each batch unlike any critter: rotated, colours swapped, negated.

    An autoencoder trained on critters alone gets worse at everything else (lesson 11).
    """

    def get_mixed_batch(iteration: int) -> Batch:
        batch = get_batch(iteration)
        generator = generator_for(seed, iteration, STRANGER)
        # One rotation, one permutation and one sign per batch.
        colours = torch.randperm(3, generator=generator)
        turns, negative = torch.randint(4, (2,), generator=generator).tolist()
        x = batch["x_0"]
        n = round(share * len(x))
        # Grey is 0, so -x is the photographic negative.
        strange = x[:n, colours].rot90(turns, (2, 3)) * (-1) ** negative
        return batch | {"x_0": torch.cat([strange, x[n:]])}

    return get_mixed_batch


def encoder_digest(model: Autoencoder) -> str:
    """The checksum of the encoder, by which a painter finds its own autoencoder.

    The encoder alone: the decoder may be trained further.
    """
    return digest(model.encoder.state_dict())


def load_autoencoder(name_or_folder: Path | str, device="cpu") -> Autoencoder:
    """Load shipped weights by name, or those of your own training by folder."""
    return load_network(name_or_folder, *AUTOENCODER)[0].to(device)


def its_autoencoder(
    name_or_folder: Path | str, card: Card, device
) -> Autoencoder | None:
    """The autoencoder of a network that draws latents; None for one that draws pixels.

    It is looked for in the network's folder, in the two folders above and among the
    shipped weights.

    Raises:
        CheckpointError: the right autoencoder is in none of these
    """
    if "autoencoder" not in card:
        return None
    folder, name = find_weights(name_or_folder), card["autoencoder"]
    with made_from(name_or_folder, card, "encoder_sha256", "latent_scale"):
        its_digest = card["encoder_sha256"]
    places = (folder, folder.parent, folder.parent.parent, weights_folder())
    others = []
    # By checksum, not by name: another encoder's latents have the same shape and would
    # be decoded to nonsense without any error.
    for place in dict.fromkeys(folder_beside(x.absolute(), name) for x in places):
        with suppress(CheckpointError):  # missing, damaged, or not an autoencoder
            autoencoder = load_autoencoder(place, device)
            if encoder_digest(autoencoder) == its_digest:
                return autoencoder
            others.append(str(place))
    raise CheckpointError(
        f"{name_or_folder} draws latents of another autoencoder than "
        f"{' and '.join(others) or 'any that is here'}: put its own, the folder "
        f"{name!r}, next to it."
    )


def check_its_place(
    folder: Path | str, card: Card, autoencoder: Autoencoder | None
) -> None:
    """Raise CheckpointError if saving the autoencoder would overwrite other weights.

    The sender of the card chose the folder's name, which may already be taken.
    """
    if autoencoder is None:
        return
    place = folder_beside(folder, card["autoencoder"])
    if not (place / "model.safetensors").exists():
        return
    with suppress(CheckpointError):  # damaged, or not an autoencoder
        if encoder_digest(load_autoencoder(place)) == encoder_digest(autoencoder):
            return
    raise CheckpointError(
        f"{place} holds other weights, which an autoencoder would overwrite: choose "
        "another folder."
    )


def save_its_autoencoder(
    folder: Path | str, card: Card, autoencoder: Autoencoder | None
) -> None:
    """Write the autoencoder into the folder of the network that draws its latents.

    None, for a network that draws pixels, writes nothing.
    """
    check_its_place(folder, card, autoencoder)
    if autoencoder is not None:
        inside = {"kind": "autoencoder", "config": autoencoder.config}
        place = folder_beside(folder, card["autoencoder"])
        save_weights(place, autoencoder.state_dict(), inside)
