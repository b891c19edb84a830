"""Other people's networks and recipes, behind the interface of this course.

Every network is called as `model(x_t, t, cond)` with t in 1..T and label 0 for "no
label". Every recipe returns a `Contestant`: a Trainer that stops by the clock, and the
samplers that may draw its pictures. Where a recipe had to be changed, its docstring and
the README say so.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from course_lib.diffusion import samplers
from course_lib.diffusion.objective import make_denoising_loss, predictor, with_noise
from course_lib.diffusion.samplers import PictureNoise, last_step
from course_lib.diffusion.schedule import (
    NoiseSchedule,
    circle,
    linear_schedule,
    straight_line,
)
from course_lib.networks.unet import UNet
from course_lib.training.recipes import DENOISER_SETTINGS, denoiser_trainer
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.datasets import PictureSet, batches

SIZE = 32  # pixels along a side
OURS = dict(widths=(32, 96, 144), blocks=1)  # 2.2 M parameters, as the others
NO_SMALLDIFFUSION = (
    "smalldiffusion is not installed, so it has no row: pip install smalldiffusion"
)


def has_smalldiffusion() -> bool:
    """Whether smalldiffusion can be imported."""
    return importlib.util.find_spec("smalldiffusion") is not None


# Networks ---------------------------------------------------------------------


class DiffusersUNet(nn.Module):
    """diffusers' UNet2DModel, narrow, laid out as in its unconditional example.

    That example has attention on the second-coarsest grid only. The class's default,
    attention on three grids, is slower: comparing with it would flatter us.
    """

    def __init__(self, labels: int = 0, widths: tuple[int, ...] = (32, 64, 64, 64)):
        super().__init__()
        from diffusers import UNet2DModel

        plain, attention = "DownBlock2D", "AttnDownBlock2D"
        down = (plain, plain, attention, plain)
        self.net = UNet2DModel(
            sample_size=SIZE,
            block_out_channels=widths,
            down_block_types=down,
            up_block_types=tuple(b.replace("Down", "Up") for b in reversed(down)),
            num_class_embeds=labels + 1,
        )

    def forward(self, x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """(B, 3, H, W) to (B, 3, H, W); diffusers counts steps as 0..T - 1."""
        cond = torch.zeros_like(t) if cond is None else cond
        return self.net(x_t, t - 1, class_labels=cond).sample


class SmalldiffusionUNet(nn.Module):
    """smalldiffusion's U-Net as in its CIFAR-10 example, 32 wide instead of 128.

    It takes x_0 + sigma * eps, which is x_t / a_t on the circle, and predicts eps.
    """

    def __init__(self, labels: int = 0, width: int = 32):
        super().__init__()
        from smalldiffusion import CondEmbedderLabel, Scaled, Unet

        self.net = Scaled(Unet)(
            *(SIZE, 3, 3),
            ch=width,
            ch_mult=(1, 2, 2, 2),
            attn_resolutions=(16,),
            cond_embed=CondEmbedderLabel(4 * width, labels + 1, dropout_prob=0.0),
        )
        self.schedule = sigmoid_schedule()

    def forward(self, x_t: Tensor, t: Tensor, cond: Tensor | None = None) -> Tensor:
        """(B, 3, H, W) to (B, 3, H, W)."""
        cond = torch.zeros_like(t) if cond is None else cond
        sigma = self.schedule.sigma(t).reshape(-1, 1, 1, 1)
        return self.net(x_t / self.schedule.a(t, like=x_t), sigma, cond)


def sigmoid_schedule() -> NoiseSchedule:
    """The schedule that smalldiffusion's CIFAR-10 example trains on."""
    from smalldiffusion import ScheduleSigmoid

    sigma = ScheduleSigmoid(N=1000).sigmas.double()  # (T,)
    return circle("sigmoid", torch.cat([torch.ones(1), 1 / (1 + sigma**2)]))


def networks(labels: int = 0) -> dict[str, nn.Module]:
    """The networks at about equal parameters, by name; ours is the first."""
    found = {
        "ours": UNet(labels=labels, **OURS),
        "diffusers": DiffusersUNet(labels),
    }
    if has_smalldiffusion():
        found["smalldiffusion"] = SmalldiffusionUNet(labels)
    return found


# Training by the clock --------------------------------------------------------


@dataclass
class Stopwatch:
    """The time that one training may use, and the time it has used."""

    seconds: float
    used: float = 0.0

    def share(self) -> float:
        """The share of the time that is used up, 0 to 1."""
        return min(1.0, self.used / self.seconds)


@dataclass(frozen=True)
class TimedSettings(Settings):
    """Settings of a training that ends by the clock: its learning rate falls with it.

    Args:
        decay: the last share of the *time* over which the rate falls; 0 keeps it
        ema_power: n iterations keep 1 - n^-ema_power, as in diffusers; None is ours
    """

    iterations: int = 10**9
    share: Callable[[], float] = lambda: 0.0
    ema_power: float | None = None

    def learning_rate_at(self, iteration: int) -> float:
        """Up over the warm-up, counted in iterations; down with the clock."""
        start = (self.share() - (1 - self.decay)) / self.decay if self.decay else 0.0
        falling = torch.tensor(max(0.0, start) * torch.pi).cos().item()
        up = min(1.0, (iteration + 1) / max(1, self.warmup))
        return self.learning_rate * up * (1 + falling) / 2

    def ema_at(self, iteration: int) -> float:
        """The share of the averaged weights that is kept."""
        if self.ema_power is None:
            return super().ema_at(iteration)
        return min(self.ema, 1 - (1 + iteration) ** -self.ema_power)


# Recipes ----------------------------------------------------------------------

# draw(model, cond, noise, calls) -> (B, 3, H, W), with that many calls of the network
Draw = Callable[[nn.Module, Tensor, PictureNoise, int], Tensor]


@dataclass
class Contestant:
    """One row of the table: a training, and the samplers to choose from."""

    name: str
    trainer: Trainer
    batch_size: int
    samplers: dict[str, Draw]
    watch: Stopwatch


def our_recipe(
    pictures: PictureSet, watch: Stopwatch, seed: int, precision: str
) -> Contestant:
    """The course's recipe: straight line, velocity, Muon, and our network."""
    settings = our_settings(watch, precision)
    trainer = denoiser_trainer(pictures, settings, seed=seed, **OURS)
    return Contestant("ours", trainer, 64, our_samplers(), watch)


def our_recipe_with_adamw(
    pictures: PictureSet, watch: Stopwatch, seed: int, precision: str
) -> Contestant:
    """The same with AdamW for all weights, to show what Muon brings."""
    settings = replace(our_settings(watch, precision), muon=False)
    trainer = denoiser_trainer(pictures, settings, seed=seed, **OURS)
    return Contestant("ours, AdamW", trainer, 64, our_samplers(), watch)


def diffusers_with_our_recipe(
    pictures: PictureSet, watch: Stopwatch, seed: int, precision: str
) -> Contestant:
    """diffusers' network in our recipe: the same loss, batches and optimizer."""
    settings = our_settings(watch, precision)
    ours = denoiser_trainer(pictures, TimedSettings(precision="float32"), seed=seed)
    torch.manual_seed(seed)
    model = DiffusersUNet(labels=len(pictures.names) - 1)
    trainer = Trainer(model, ours.loss_fn, ours.get_batch, settings)
    return Contestant("diffusers, our recipe", trainer, 64, our_samplers(), watch)


def our_settings(watch: Stopwatch, precision: str) -> TimedSettings:
    """The course's settings for networks that draw, but ending by the clock."""
    return TimedSettings(share=watch.share, precision=precision, **DENOISER_SETTINGS)


def our_samplers() -> dict[str, Draw]:
    """Two samplers for the straight line."""
    kinds = {"Euler": samplers.euler, "DPM-Solver++": samplers.dpm_solver}
    return {n: draw_with(s, straight_line(), "v") for n, s in kinds.items()}


def diffusers_recipe(
    pictures: PictureSet, watch: Stopwatch, seed: int, precision: str
) -> Contestant:
    """diffusers' examples/unconditional_image_generation/train_unconditional.py.

    DDPM's linear schedule and eps, batch 16, AdamW at 1e-4 with 500 iterations of
    warm-up and a cosine over the whole training, its averaged weights. Label added;
    pictures not mirrored (critters are not); bf16 where that is faster; fused AdamW.
    """
    settings = TimedSettings(
        learning_rate=1e-4,
        warmup=500,
        decay=1.0,
        ema=0.9999,
        ema_power=3 / 4,
        precision=precision,
        share=watch.share,
    )
    schedule = linear_schedule()
    torch.manual_seed(seed)
    model = DiffusersUNet(labels=len(pictures.names) - 1)
    trainer = eps_trainer(model, pictures, schedule, settings, 16, seed)
    for group in trainer.optimizer.param_groups:
        group.update(betas=(0.95, 0.999), weight_decay=1e-6)
    ddpm = draw_with(samplers.ddpm, schedule, "eps", fresh_noise=True)
    ways = {"DDIM": draw_with(samplers.ddim, schedule, "eps"), "DDPM": ddpm}
    return Contestant("diffusers", trainer, 16, ways, watch)


def smalldiffusion_recipe(
    pictures: PictureSet, watch: Stopwatch, seed: int, precision: str
) -> Contestant:
    """smalldiffusion's examples/cifar_unet.py: sigmoid schedule, eps, its samplers.

    That example trains for 195,000 iterations with batches of 256 at 2e-4. Here it has
    minutes, so it gets batches of 64, and 1e-3, its library's default learning rate.
    """
    settings = TimedSettings(
        learning_rate=1e-3,
        warmup=0,
        decay=0.0,
        clip=float("inf"),
        weight_decay=0.01,
        ema=0.9999,
        precision=precision,
        share=watch.share,
    )
    torch.manual_seed(seed)
    model = SmalldiffusionUNet(labels=len(pictures.names) - 1)
    trainer = eps_trainer(model, pictures, model.schedule, settings, 64, seed)
    for group in trainer.optimizer.param_groups:
        group.update(betas=(0.9, 0.999))
    ways = {"DDIM": smalldiffusion_draw(1.0), "gamma 2.1": smalldiffusion_draw(2.1)}
    return Contestant("smalldiffusion", trainer, 64, ways, watch)


def eps_trainer(
    model: nn.Module,
    pictures: PictureSet,
    schedule: NoiseSchedule,
    settings: TimedSettings,
    batch_size: int,
    seed: int,
) -> Trainer:
    """A training on eps at evenly drawn steps; no label is dropped."""
    get_batch = with_noise(batches(pictures, batch_size, seed), schedule, seed, drop=0)
    return Trainer(model, make_denoising_loss(schedule, "eps"), get_batch, settings)


def draw_with(
    sampler: Callable, schedule: NoiseSchedule, target: str, fresh_noise: bool = False
) -> Draw:
    """Draw with one of our samplers (equal to diffusers' schedulers, by test)."""

    def draw(model: nn.Module, cond: Tensor, noise: PictureNoise, calls: int) -> Tensor:
        predict = predictor(model, schedule, target, cond, clamp_x_0=True)
        extra = {"noise": noise} if fresh_noise else {}
        x_T = noise((3, SIZE, SIZE))
        return last_step(sampler(predict, x_T, schedule, calls, **extra))

    return draw


def smalldiffusion_draw(gamma: float) -> Draw:
    """Draw with smalldiffusion's own sampler, on its CIFAR-10 example's noise levels.

    gamma = 1 is DDIM; 2.1 extrapolates from the last guess, as that example does.
    """
    from smalldiffusion import ScheduleLogLinear, samples

    sigmas = ScheduleLogLinear(N=1000, sigma_min=0.01, sigma_max=35)

    def draw(model: nn.Module, cond: Tensor, noise: PictureNoise, calls: int) -> Tensor:
        steps = sigmas.sample_sigmas(calls)
        x_T = noise((3, SIZE, SIZE)) * steps[0]
        *_, x_0 = samples(model.net, steps, gam=gamma, xt=x_T, cond=cond)
        return x_0

    return draw


def recipes() -> list[Callable]:
    """The recipes that run here; ours is the first."""
    found = [our_recipe, our_recipe_with_adamw]
    found += [diffusers_recipe, diffusers_with_our_recipe]
    return found + [smalldiffusion_recipe] * has_smalldiffusion()
