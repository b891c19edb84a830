"""A GAN: a generator that draws in one call, and a critic that it learns from.

    z, label --generator--> picture        picture, label --critic--> score

The critic learns to give real pictures high scores and drawn ones low scores. The
generator learns to draw pictures with high scores. Nobody tells it what a frog looks
like: its only teacher is the critic's gradient (Goodfellow et al. 2014).

This is a game of two players and no descent on one loss, so its care differs from a
denoiser's. A critic that is too steep gives a generator nothing to follow; R1 and
spectral norm, both below, keep its slope low.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import cached

from course_lib.chance import Batch, GetBatch, generator_for
from course_lib.networks.layers import ResidualBlock

# The two losses -------------------------------------------------------------------


def critic_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """The critic's loss: real pictures should score high, drawn ones low; a scalar.

    A score is a logit: sigmoid(score) is the critic's probability that a picture is
    real. This is the cross-entropy of "real or drawn?" (Goodfellow et al. 2014,
    equation 1), as a sum of the means over both kinds.

    Args:
        real_scores, fake_scores: (B,) scores of real and of drawn pictures

    >>> critic_loss(torch.tensor([0.0]), torch.tensor([0.0]))  # 2 log 2: it cannot tell
    tensor(1.3863)
    """
    # softplus(s) is -log(1 - sigmoid(s)), and softplus(-s) is -log(sigmoid(s)). Written
    # with sigmoid and log, a score of 100 would give log(0).
    return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()


def generator_loss(fake_scores: Tensor) -> Tensor:
    """The generator's loss: its pictures should be called real; a scalar.

    The "non-saturating" loss (Goodfellow et al. 2014, section 3).

    Args:
        fake_scores: (B,) the critic's scores of its pictures

    >>> generator_loss(torch.tensor([-10.0])), generator_loss(torch.tensor([10.0]))
    (tensor(10.0000), tensor(4.5399e-05))
    """
    # Not -critic_loss, the same game on paper: its slope vanishes just where a picture
    # is bad and the critic is sure of it.
    return F.softplus(-fake_scores).mean()


def gan_losses(real_scores: Tensor, fake_scores: Tensor) -> tuple[Tensor, Tensor]:
    """The losses of both players at the same scores: the critic's, the generator's."""
    return critic_loss(real_scores, fake_scores), generator_loss(fake_scores)


def steepness(critic: nn.Module, real: Tensor, cond: Tensor) -> Tensor:
    """The mean squared slope of the critic at real pictures, for R1; a scalar.

    R1 is half of this, times a weight (Mescheder et al. 2018, equation 9). Where the
    generator has arrived, the critic should be flat, or it drives the generator on.

    Args:
        real: (B, ...) pictures or points
    """
    real = real.detach().requires_grad_()
    scores = critic(real, cond).sum()  # the sum has the slopes of all of them at once
    # create_graph, since the critic learns from this slope, so it is differentiated.
    (slope,) = torch.autograd.grad(scores, real, create_graph=True)
    return slope.flatten(1).square().sum(1).mean()


# Taking turns ---------------------------------------------------------------------


class GAN(nn.Module):
    """Both players in one network, so that one training holds and saves both.

    Args:
        critic: None for drawing only
    """

    def __init__(self, generator: nn.Module, critic: nn.Module | None):
        super().__init__()
        self.generator, self.critic = generator, critic

    def forward(self, z: Tensor, cond: Tensor) -> Tensor:
        """Draw: z (B, z_width) and labels (B,) to pictures (B, 3, H, W) in [-1, 1]."""
        return self.generator(z, cond)


def make_gan_loss(r1: float) -> Callable[[nn.Module, Batch], Tensor]:
    """The loss of the player whose turn it is; the other one is held still.

    A batch has x_0, cond, z and `critics_turn`, see `with_turns`.

    Args:
        r1: the weight of R1; 0 leaves it out
    """

    def loss_fn(model: GAN, batch: Batch) -> Tensor:
        critics_turn, cond = bool(batch["critics_turn"].all()), batch["cond"]
        # A parameter without a gradient does not move, and costs no backward pass.
        model.critic.requires_grad_(critics_turn)
        model.generator.requires_grad_(not critics_turn)
        # The spectral norms are computed once a turn, and not in each of three calls.
        with cached():
            if critics_turn:
                return of_critic(model, batch["x_0"], batch["z"], cond)
            return generator_loss(model.critic(model.generator(batch["z"], cond), cond))

    def of_critic(model: GAN, real: Tensor, z: Tensor, cond: Tensor) -> Tensor:
        fake = model.generator(z, cond)
        loss = critic_loss(model.critic(real, cond), model.critic(fake, cond))
        if r1:
            # Only a quarter of the batch, since a slope costs two backward passes. The
            # next turn has other pictures.
            few = math.ceil(len(real) / 4)
            loss = loss + r1 / 2 * steepness(model.critic, real[:few], cond[:few])
        return loss

    loss_fn.of_whole_batch = True  # the turns are those of the batch, see Trainer
    return loss_fn


def with_turns(
    get_batch: GetBatch, z_width: int, seed: int, critic_steps: int = 1
) -> GetBatch:
    """Add what a game needs to each batch: the random z, and whose turn it is.

    Args:
        z_width: random numbers from which a picture is drawn
        critic_steps: turns of the critic before each turn of the generator
    """

    def get(iteration: int) -> Batch:
        batch = get_batch(iteration)
        B = len(batch["x_0"])
        z = torch.randn(B, z_width, generator=generator_for(seed, iteration))
        # From the iteration alone, so a resumed training knows whose turn it is.
        critics_turn = iteration % (critic_steps + 1) < critic_steps
        return batch | {"z": z, "critics_turn": torch.full((B,), critics_turn)}

    return get


def by_player(losses: list[float], critic_steps: int = 1) -> dict[str, list[float]]:
    """Sort the losses of a training by player: {"critic": [...], "generator": [...]}.

    >>> by_player([1.4, 0.7, 1.3, 0.8])
    {'critic': [1.4, 1.3], 'generator': [0.7, 0.8]}
    """
    every = critic_steps + 1
    return {
        "critic": [x for i, x in enumerate(losses) if i % every < critic_steps],
        "generator": losses[critic_steps::every],
    }


# Pictures -------------------------------------------------------------------------


class Generator(nn.Module):
    """Draws pictures from random numbers and labels: z (B, z_width), cond (B,).

    It grows a picture from 4x4 places. z and label scale and shift the channels of
    every block, as time and label do in the U-Net.

    Args:
        widths: channels on each grid, finest first; the coarsest has 4x4 places
        blocks: residual blocks per grid
        labels: number of labels besides label 0
        refine: channels of the small full-resolution head
    """

    def __init__(
        self,
        labels: int,
        z_width: int,
        widths: tuple[int, ...],
        blocks: int,
        refine: int = 16,
    ):
        super().__init__()
        vec_width = 4 * widths[0]
        self.from_z = nn.Linear(z_width, vec_width)
        self.label = nn.Embedding(labels + 1, vec_width)
        self.mix = nn.Linear(vec_width, vec_width)
        coarse_first = list(reversed(widths))
        self.start = nn.Linear(vec_width, coarse_first[0] * 4 * 4)
        self.grids = nn.ModuleList(
            nn.ModuleList(ResidualBlock(width, vec_width) for _ in range(blocks))
            for width in coarse_first
        )
        self.grow = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1)
            for before, after in zip(coarse_first[:-1], coarse_first[1:], strict=True)
        )
        self.out = nn.Conv2d(widths[0], refine, 3, padding=1)
        self.last = nn.Conv2d(refine, 3, 3, padding=1)

    def forward(self, z: Tensor, cond: Tensor) -> Tensor:
        """(B, z_width) and (B,) to (B, 3, H, W) in [-1, 1]."""
        vec = F.silu(self.mix(F.silu(self.from_z(z) + self.label(cond))))
        h = self.start(vec).unflatten(1, (-1, 4, 4))  # (B, widths[-1], 4, 4)
        for i, blocks in enumerate(self.grids):
            for block in blocks:
                h = block(h, vec)
            if i < len(self.grow):
                h = self.grow[i](doubled(h))
        # Unfolding channels into pixels, as the U-Net does, costs the same; but here
        # no target says that neighbours should agree, and a checker stays for long.
        h = self.out(doubled(F.silu(h)))  # (B, refine, H, W)
        return self.last(F.silu(h)).tanh()


def evenly(model: nn.Module) -> nn.Module:
    """Start every layer so that signals keep their scale (He et al. 2015), in place.

    With torch's own start each layer halves the signal and adds a constant: of what a
    new generator draws, 6 % would depend on z, and it would first learn to do without.
    Layers that start at zero, in residual blocks, stay at zero.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            if layer.weight.any():
                nn.init.kaiming_normal_(layer.weight, a=0.2)
            nn.init.zeros_(layer.bias)
    return model


def doubled(h: Tensor) -> Tensor:
    """Each place becomes 2x2 places: (B, C, H, W) to (B, C, 2H, 2W)."""
    return F.interpolate(h, scale_factor=2.0, mode="nearest")


class CriticBlock(nn.Module):
    """Half the size: a residual block without a norm (Miyato et al. 2018).

    A norm divides by the contrast of a picture, so the score of a pale one would change
    fast: R1 and spectral norm exist to prevent that.
    """

    def __init__(self, before: int, after: int):
        super().__init__()
        self.conv_1 = nn.Conv2d(before, before, 3, padding=1)
        self.conv_2 = nn.Conv2d(before, after, 3, padding=1)
        self.skip = nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, H, W) to (B, after, H / 2, W / 2)."""
        h = self.conv_2(F.leaky_relu(self.conv_1(F.leaky_relu(x, 0.2)), 0.2))
        return F.avg_pool2d(h, 2) + self.skip(F.avg_pool2d(x, 2))


class Critic(nn.Module):
    """Scores pictures, given the label that they should show; high means real.

    Args:
        widths: channels on each grid, finest first; the last has 4x4 places
    """

    def __init__(self, labels: int, widths: tuple[int, ...]):
        super().__init__()
        self.into = nn.Conv2d(12, widths[0], 3, padding=1)
        self.blocks = nn.Sequential(
            *[
                CriticBlock(before, after)
                for before, after in zip(widths[:-1], widths[1:], strict=True)
            ]
        )
        wide = 2 * widths[-1]
        self.squeeze = nn.Linear(widths[-1] * 4 * 4, wide)
        self.label = nn.Embedding(labels + 1, wide)
        self.score = nn.Linear(wide, 1)

    def forward(self, pictures: Tensor, cond: Tensor) -> Tensor:
        """(B, 3, H, W) and labels (B,) to scores (B,)."""
        h = self.blocks(self.into(F.pixel_unshuffle(pictures, 2)))  # (B, C, 4, 4)
        h = F.leaky_relu(self.squeeze(F.leaky_relu(h, 0.2).flatten(1)), 0.2)
        # "Is it real?" plus "does it look like this label?" (Miyato & Koyama 2018,
        # equation 3).
        return self.score(h)[:, 0] + (self.label(cond) * h).sum(1) / h.shape[1] ** 0.5


def picture_gan(
    labels: int,
    z_width: int = 64,
    widths: tuple[int, ...] = (32, 96, 200),
    blocks: int = 2,
    critic_widths: tuple[int, ...] = (32, 96, 272),
    spectral: bool = False,
    with_critic: bool = True,
) -> GAN:
    """A GAN for pictures of 32x32 (or 64x64, with four widths).

    The generator has as many parameters as the U-Net of lesson 05, and the critic as
    many again; a picture is drawn by the generator alone.

    Args:
        spectral: bound the critic's slope by spectral norm, see `bounded`
        with_critic: whether it can still learn
    """
    model = GAN(Generator(labels, z_width, widths, blocks), None)
    if with_critic:
        evenly(model.generator)
        model.critic = evenly(Critic(labels, critic_widths))
    if with_critic and spectral:
        bounded(model.critic)
    model.config = dict(
        labels=labels,
        z_width=z_width,
        widths=list(widths),
        blocks=blocks,
        critic_widths=list(critic_widths),
        spectral=spectral,
    )
    return model


def bounded(critic: nn.Module) -> nn.Module:
    """Divide every weight matrix by its largest singular value, in place.

    No layer then stretches a difference between two inputs (Miyato et al. 2018,
    "Spectral normalization", equation 8).
    """
    for layer in critic.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            spectral_norm(layer)
    return critic


# Points in the plane --------------------------------------------------------------

MODES = 8  # clusters on the ring


def ring(n: int, generator: torch.Generator) -> Tensor:
    """n points from eight small clusters on a circle, within [-1, 1]^2: (n, 2).

    The usual test of mode collapse: each cluster is a mode, and one can count them.
    """
    mode = torch.randint(MODES, (n,), generator=generator)
    return ring_centres()[mode] + 0.04 * torch.randn(n, 2, generator=generator)


def ring_centres() -> Tensor:
    """The middles of the eight clusters, (8, 2)."""
    angle = 2 * math.pi * torch.arange(MODES) / MODES
    return 0.8 * torch.stack([angle.cos(), angle.sin()], dim=1)


def modes_hit(points: Tensor, least: float = 1 / 32) -> tuple[int, float]:
    """How many of the eight clusters the points hit, and the share that hits any.

    A point hits a cluster if it lies within four standard deviations of its middle.

    Args:
        points: (N, 2)
        least: the share of the points that a cluster must have: a quarter of the eighth
            due to it. Of points all over the square each would get 2 % by chance.
    """
    away = torch.cdist(points, ring_centres())  # (N, 8)
    near = away <= 4 * 0.04
    return int((near.float().mean(0) >= least).sum()), near.any(1).float().mean().item()


class Layers(nn.Module):
    """A plain network for points, generator or critic; it has no use for labels."""

    def __init__(self, before: int, width: int, after: int):
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(before, width), nn.LeakyReLU(0.2)),
            *(nn.Linear(width, width), nn.LeakyReLU(0.2)),
            nn.Linear(width, after),
        )

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """(B, before) to (B, after), or to (B,) if that is 1: a score."""
        h = self.layers(x)
        return h[:, 0] if h.shape[1] == 1 else h


def point_gan(z_width: int = 8, width: int = 64, spectral: bool = False) -> GAN:
    """A GAN for points: it trains in seconds, and every point can be seen."""
    model = GAN(Layers(z_width, width, 2), Layers(2, width, 1))
    model.z_width = z_width
    if spectral:
        bounded(model.critic)
    return model
