"""Trainings on votes: a reward model, and three ways to tune a painter to a taste.

reward_trainer     learns to predict votes (Bradley & Terry 1952)
weighted_trainer   carries on with the pictures that the reward likes, those more
dpo_trainer        learns from the votes themselves (Wallace et al. 2024)
draft_trainer      climbs the gradient of the reward (Clark et al. 2024): the cheat
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.chance import TRIAL, Batch, GetBatch, generator_for
from course_lib.device import plain_torch
from course_lib.diffusion.objective import make_target, read_output
from course_lib.diffusion.samplers import choose_steps, euler
from course_lib.diffusion.schedule import NoiseSchedule, add_noise
from course_lib.networks.autoencoder import from_latents, save_its_autoencoder
from course_lib.networks.reward import Reward
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes, mirror
from course_lib.training.bounds import (
    checked_batch,
    checked_number,
    checked_seed,
    whole,
)
from course_lib.training.duels import Drawn, Pairs
from course_lib.training.personalise import painter_card
from course_lib.training.recipes import trainer_of
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.training.votes import name_of

REWARD_SETTINGS = {"weight_decay": 0.05, "learning_rate": 1e-3, "decay": 1.0}
# float32: a vote is learned from small differences of large errors, and bfloat16 rounds
# them away.
TUNE_SETTINGS = {"learning_rate": 5e-5, "warmup": 20, "precision": "float32"}
DETAIL_SETTINGS = TUNE_SETTINGS | {"learning_rate": 3e-5}
DRAFT_SETTINGS = DETAIL_SETTINGS
BATCH = 16  # latents, so 8 pairs
MOST = 1e6  # of beta and anchor; ours go up to 1000
DETAILS, EVERYTHING = (0.05, 0.45), (0.0, 1.0)  # steps to learn from, as shares of T

# Two kinds of taste. What is there (a hat) is decided while nearly everything is noise,
# and every pair says the same, so the painter must be held back: without the anchor the
# errors of winners and losers rise together, until it draws neither.
FOR_THINGS = {"beta": 50.0, "anchor": 10.0, "between": EVERYTHING}
# How well it is drawn (a whole eye) is decided in the last half. Every pair says
# something else, so each may say little: a large beta.
FOR_DETAILS = {"beta": 1000.0, "anchor": 0.0, "between": DETAILS}


# The losses -----------------------------------------------------------------------


def bradley_terry_loss(r_winner: Tensor, r_loser: Tensor) -> Tensor:
    """The mean of -log P(the winner wins), P = sigmoid(r_winner - r_loser).

    Args:
        r_winner, r_loser: (B,) rewards
    """
    # logsigmoid, not log of sigmoid: for a difference of -100 the sigmoid is 0 in
    # float32, and its log minus infinity.
    return -F.logsigmoid(r_winner - r_loser).mean()


def dpo_loss(
    winner: Tensor,
    loser: Tensor,
    winner_reference: Tensor,
    loser_reference: Tensor,
    beta: float,
    anchor: float = 0.0,
) -> Tensor:
    """Diffusion-DPO (Wallace et al. 2024, equation 14), a mean over pairs.

    Args:
        winner, loser: (B,) squared errors of the network in training, a mean over the
            numbers of each picture
        winner_reference, loser_reference: those of the network it began as, for the
            same t and eps
        beta: how strongly it is held to the reference; more holds it tighter
        anchor: how much it costs if a winner's error rises; 0 in their equation
            (DPO-Positive, Pal et al. 2024, equation 3)
    """
    # How much better than the reference it has become at the winner, less the same of
    # the loser. Only this difference counts: an error that rises is a gain, too, if the
    # loser's rises faster, and such a network draws neither. Hence the anchor.
    gained = (winner_reference - winner) - (loser_reference - loser)
    gained = gained - anchor * (winner - winner_reference).clamp(min=0)
    # The logarithm of each pair first, then the mean: the other order is another loss.
    return -F.logsigmoid(beta * gained).mean()


def denoising_errors(
    model: nn.Module, batch: Batch, schedule: NoiseSchedule, target: str
) -> Tensor:
    """Each picture's squared error, (B,), a mean over its numbers."""
    x_0, t, eps = batch["x_0"], batch["t"], batch["eps"]
    output = model(add_noise(x_0, t, eps, schedule), t, batch["cond"])
    error = output - make_target(target, x_0, eps, t, schedule)
    return error.square().flatten(1).mean(1)


# The reward model -------------------------------------------------------------------


@plain_torch()
def reward_trainer(
    pairs: Pairs,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = 32,
    seed: int = 0,
) -> Trainer:
    """A reward model from pairs of pictures; a batch holds `batch_size` pairs."""
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    torch.manual_seed(seed)
    size = pairs.drawn.bytes.shape[-1]
    model = Reward(size)

    def get_batch(iteration: int) -> Batch:
        generator = generator_for(seed, iteration)
        rows = torch.randint(len(pairs), (batch_size,), generator=generator)
        both = torch.stack([pairs.winner[rows], pairs.loser[rows]])
        x = from_bytes(pairs.drawn.bytes[both])  # (2, B, 3, H, W)
        flipped = torch.rand(batch_size, 1, 1, 1, generator=generator) < 0.5
        x = torch.where(flipped, mirror(x), x)
        return {"winner": x[0], "loser": x[1]}

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        rewards = model(torch.cat([batch["winner"], batch["loser"]]))
        return bradley_terry_loss(*rewards.float().chunk(2))

    card = {"kind": "reward", "config": model.config, "size": size}
    card |= {"votes": len(pairs), "batch_size": batch_size, "seed": seed}
    return trainer_of(model, loss_fn, get_batch, settings, folder, resume, card)


def agreement(reward: Reward, pairs: Pairs) -> Tensor:
    """Which winners get more reward than their losers, (N,) bool."""
    rewards = reward.of(pairs.drawn.pictures)
    return rewards[pairs.winner] > rewards[pairs.loser]


# Tuning a painter -------------------------------------------------------------------


@plain_torch()
def check_hold(beta: float, anchor: float) -> None:
    """Raise ValueError unless beta is a usable number, and anchor one or 0."""
    checked_number("--beta", beta, MOST)
    checked_number("--anchor", anchor, MOST, zero=True)


def dpo_trainer(
    painter: TextToImage,
    pairs: Pairs,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    beta: float = FOR_THINGS["beta"],
    anchor: float = FOR_THINGS["anchor"],
    between: tuple[float, float] = FOR_THINGS["between"],
) -> Trainer:
    """Diffusion-DPO on votes. A batch holds batch_size / 2 pairs.

    Args:
        painter: where it begins, and the reference that it is held to
        beta, anchor: of `dpo_loss`; FOR_THINGS and FOR_DETAILS hold what was tuned
        between: the first and the last step that it learns from, as shares of T
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    check_hold(beta, anchor)
    told = texts_of(painter, pairs.prompts)
    reference = copy.deepcopy(painter.model).eval().requires_grad_(False)
    schedule, target = painter.schedule, painter.card["target"]

    def get_batch(iteration: int) -> Batch:
        generator = generator_for(seed, iteration)
        rows = torch.randint(
            len(pairs), (max(1, batch_size // 2),), generator=generator
        )
        # One t and one eps for winner and loser, and for both networks: all that is
        # left to differ is what the vote is about.
        noise = noise_like(
            pairs.drawn.x_0[pairs.winner[rows]], schedule.T, between, generator
        )
        won, lost = (
            pairs.drawn.x_0[side[rows]] for side in (pairs.winner, pairs.loser)
        )
        return {"won": won, "lost": lost, "cond": told[rows]} | noise

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        twice = {name: torch.cat([batch[name]] * 2) for name in ("t", "eps", "cond")}
        both = twice | {"x_0": torch.cat([batch["won"], batch["lost"]])}
        errors = denoising_errors(model, both, schedule, target)
        with torch.no_grad():
            before = denoising_errors(reference, both, schedule, target)
        return dpo_loss(*errors.chunk(2), *before.chunk(2), beta, anchor)

    how = {"method": "dpo", "votes": len(pairs), "beta": beta, "anchor": anchor}
    return tuner(painter, loss_fn, get_batch, settings, folder, resume, how, seed)


@torch.no_grad()
def pair_errors(
    painter: TextToImage,
    model: nn.Module,
    pairs: Pairs,
    between: tuple[float, float] = DETAILS,
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """The errors of all winners and of all losers, (N,) each, by `model`.

    t and eps follow from the seed, so two networks, or one before and after, can be
    compared. Plot both: DPO sees only the difference.
    """
    schedule, target = painter.schedule, painter.card["target"]
    x_0, rows = pairs.drawn.x_0, torch.arange(len(pairs))
    generator = generator_for(seed, TRIAL)
    noise = noise_like(x_0[pairs.winner], schedule.T, between, generator)
    noise["cond"] = texts_of(painter, pairs.prompts)

    def errors_of(side: Tensor) -> Tensor:
        found = []
        for some in rows.split(64):
            batch = {name: x[some] for name, x in noise.items()}
            batch["x_0"] = x_0[side[some]]
            batch = {name: x.to(painter.device) for name, x in batch.items()}
            found.append(denoising_errors(model, batch, schedule, target).cpu())
        return torch.cat(found)

    return errors_of(pairs.winner), errors_of(pairs.loser)


@plain_torch()
def weighted_trainer(
    painter: TextToImage,
    drawn: Drawn,
    prompts: list[str],
    weights: Tensor,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    between: tuple[float, float] = DETAILS,
) -> Trainer:
    """Reward-weighted fine-tuning (Lee et al. 2023): the usual loss, weighted.

    Args:
        prompts: one per picture of `drawn`
        between: the first and the last step that it learns from, as shares of T
        weights: (N,) 0 or more, how often a picture is learned from (`reward_weights`)
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    told = texts_of(painter, prompts)
    schedule, target = painter.schedule, painter.card["target"]

    def get_batch(iteration: int) -> Batch:
        generator = generator_for(seed, iteration)
        # Drawn as often as it weighs: a picture of weight 0 costs no time.
        rows = torch.multinomial(weights, batch_size, True, generator=generator)
        x_0 = drawn.x_0[rows]
        noise = noise_like(x_0, schedule.T, between, generator)
        return {"x_0": x_0, "cond": told[rows]} | noise

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        return denoising_errors(model, batch, schedule, target).mean()

    how = {"method": "weighted", "pictures": len(drawn)}
    return tuner(painter, loss_fn, get_batch, settings, folder, resume, how, seed)


def noise_like(
    x_0: Tensor, T: int, between: tuple[float, float], generator: torch.Generator
) -> Batch:
    """Draw `t` (B,) evenly from a part of the steps, and `eps` like x_0."""
    low, high = (max(1, round(share * T)) for share in between)
    t = torch.randint(low, high + 1, (len(x_0),), generator=generator)
    return {"t": t, "eps": torch.randn(x_0.shape, generator=generator)}


def reward_weights(
    rewards: Tensor, prompts: list[str], temperature: float = 0.5
) -> Tensor:
    """The softmax of the rewards among the pictures of each prompt: (N,), mean 1.

    Args:
        temperature: in standard deviations of the rewards; small ones keep only the
            best picture of a prompt, large ones all alike
    """
    weights = torch.zeros(len(rewards))
    scaled = rewards / (temperature * rewards.std().clamp(min=1e-6))
    for prompt in dict.fromkeys(prompts):
        rows = torch.tensor([p == prompt for p in prompts])
        # Within a prompt: otherwise easy prompts would be learned and hard ones lost.
        weights[rows] = scaled[rows].softmax(0) * rows.sum()
    return weights


def weighed(
    pairs: Pairs, reward: Reward, temperature: float = 0.5
) -> tuple[Drawn, list[str], Tensor]:
    """All pictures of the votes, their prompts, and what a reward model makes of them:
    the arguments of `weighted_trainer`.
    """
    rewards = reward.of(pairs.drawn.pictures)
    weights = reward_weights(rewards, pairs.asked, temperature)
    return pairs.drawn, pairs.asked, weights


@plain_torch()
def draft_trainer(
    painter: TextToImage,
    drawn: Drawn,
    prompts: list[str],
    reward: nn.Module,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    last: int = 1,
) -> Trainer:
    """DRaFT (Clark et al. 2024): the reward's own gradient, through the last steps.

    Their algorithm draws each picture anew. Here a picture that was drawn before is
    made as noisy as it was `last` steps before the end, and these steps are walked
    again: their DRaFT-LV does so for K = 1.

    Args:
        reward: pictures (B, 3, H, W) to (B,), differentiable; its weights stay
        last: K, the steps that the gradient flows through
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    told = texts_of(painter, prompts)
    schedule, target = painter.schedule, painter.card["target"]
    last = whole("--last", last, 1, painter.usual.steps)
    start = choose_steps(schedule.T, painter.usual.steps)[-1 - last]
    reward = copy.deepcopy(reward).eval().requires_grad_(False)
    decode = decoder_of(painter)

    def get_batch(iteration: int) -> Batch:
        generator = generator_for(seed, iteration)
        rows = torch.randint(len(drawn), (batch_size,), generator=generator)
        x_0 = drawn.x_0[rows]
        eps = torch.randn(x_0.shape, generator=generator)
        return {"x_0": x_0, "eps": eps, "cond": told[rows]}

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        t = torch.full((len(batch["x_0"]),), start)
        x_t = add_noise(batch["x_0"], t, batch["eps"], schedule)

        def predict(x_t: Tensor, t: Tensor):
            output = model(x_t, t, batch["cond"])
            return read_output(output, x_t, t, schedule, target)

        *_, end = euler(predict, x_t, schedule, last, start)
        return -reward(decode(end.x_0_hat).clamp(-1, 1)).mean()

    how = {"method": "draft", "last": last}
    return tuner(painter, loss_fn, get_batch, settings, folder, resume, how, seed)


def decoder_of(painter: TextToImage) -> Callable[[Tensor], Tensor]:
    """From x_0 to pictures, with gradients, which `painter.decode` does not keep."""
    if painter.autoencoder is None:
        return lambda x_0: x_0
    coder = copy.deepcopy(painter.autoencoder).requires_grad_(False)
    return partial(from_latents, autoencoder=coder, scale=painter.card["latent_scale"])


def tuner(
    painter: TextToImage,
    loss_fn,
    get_batch: GetBatch,
    settings,
    folder,
    resume,
    how,
    seed,
) -> Trainer:
    """A Trainer whose network begins as the painter's; its text encoder is frozen."""
    model = copy.deepcopy(painter.model)
    model.text_encoder.requires_grad_(False)
    card = painter_card(painter.card) | how | {"base": name_of(painter), "seed": seed}
    trainer = trainer_of(model, loss_fn, get_batch, settings, folder, resume, card)
    if folder is not None:
        save_its_autoencoder(folder, card, painter.autoencoder)
    return trainer


@torch.no_grad()
def texts_of(painter: TextToImage, prompts: list[str]) -> Tensor:
    """The text_emb of each prompt, read once: (N, L, D)."""
    where = {prompt: row for row, prompt in enumerate(dict.fromkeys(prompts))}
    read = painter.read(painter.reworded(list(where)))
    return read[torch.tensor([where[prompt] for prompt in prompts])].cpu()


def tuned(painter: TextToImage, trainer: Trainer) -> TextToImage:
    """The painter with the network of a training in it, averaged weights inside."""
    return replace(painter, model=trainer.averaged_model())
