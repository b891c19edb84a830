"""Trainings that make a painter quick: from fifty network calls a picture to a few.

guidance_trainer      learns the guided prediction, which then takes one call
shortcut_trainer      learns that, and to jump (Frans et al. 2024)
consistency_trainer   learns that, and to see the end of a path (Song et al. 2023)

Each starts from any painter's folder, on labels or on prompts, and makes another
painter with the same words and the same pictures. Whoever teaches is the painter that
it starts as, frozen: no picture is drawn for the training.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call

from course_lib.cards import CheckpointError
from course_lib.chance import Batch, GetBatch, generator_for
from course_lib.checkpoint import fill, load_weights
from course_lib.device import best_device, plain_torch
from course_lib.diffusion.few_steps import (
    CALLS,
    check_few_steps,
    consistency_target,
    draw_jumps,
    earlier,
    guided_target,
    jump_to,
    shortcut_target,
    told,
    velocity_between,
)
from course_lib.diffusion.guidance import STRONGEST, Way
from course_lib.diffusion.schedule import NoiseSchedule, add_noise
from course_lib.networks.autoencoder import save_its_autoencoder
from course_lib.networks.tokenizer import forget
from course_lib.painters.labels import LabelToImage
from course_lib.painters.pipeline import TextToImage
from course_lib.pixels import from_bytes
from course_lib.training.bounds import (
    checked_batch,
    checked_number,
    checked_seed,
    checked_share,
    whole,
)
from course_lib.training.captions import with_captions
from course_lib.training.recipes import trainer_of
from course_lib.training.settings import Settings
from course_lib.training.trainer import Trainer
from course_lib.world.datasets import DataError, batches, load_critters
from course_lib.world.endless import endless_batches

# A seventh of the rate at which painters learn: this one can draw already. At twice
# this rate, jumps learned from jumps that had not settled.
DISTIL_SETTINGS = {"learning_rate": 3e-4, "warmup": 20}
BATCH = 32
PLAIN = 0.5  # the share of a batch that learns velocities; the rest learns jumps
FIRST = 0.125  # the share of those that is pure noise, where every picture begins
STAGES = 6  # of consistency: the last gap is 1/32 of the way
AGAIN = 8  # how often each picture is seen, as encoding takes as long as learning
KEPT = ("kind", "config", "schedule", "T", "target", "data", "size", "labels")
KEPT += ("merges", "manner", "words", "own_words")
KEPT += ("autoencoder", "encoder_sha256", "latent_scale")


@dataclass(frozen=True)
class Teacher:
    """The painter that a training starts as, and how it is guided.

    Args:
        start: its name or folder
        model: its network, frozen
        way: its usual guidance, which the student learns
    """

    start: Path | str
    painter: LabelToImage | TextToImage
    model: nn.Module
    way: Way

    @property
    def schedule(self) -> NoiseSchedule:
        return self.painter.schedule

    @torch.no_grad()
    def conditions(self, cond: Tensor) -> tuple[Tensor, Tensor]:
        """What the networks are told, for each picture, and "nothing told", alike."""
        if isinstance(self.painter, LabelToImage):
            return cond, torch.zeros_like(cond)
        # Read once for teacher and student: the text encoder does not learn.
        every = torch.ones(1, dtype=torch.bool, device=cond.device)
        text_emb = self.model.read(cond)
        return text_emb, self.model.read(forget(cond[:1], every)).expand_as(text_emb)

    def target(self, x_t: Tensor, t: Tensor, cond: Tensor, nothing: Tensor) -> Tensor:
        """The guided prediction, like x_t."""
        return guided_target(self.model, x_t, t, cond, nothing, self.way)


def teacher_at(start: Path | str, guidance_scale: float | None = None) -> Teacher:
    """The painter of this name or folder as a teacher.

    Args:
        guidance_scale: at every step; None is the painter's usual guidance

    Raises:
        ValueError: it predicts something else than v on the straight line, or an
            impossible scale
        CheckpointError: it draws in few steps already
    """
    if guidance_scale is not None:
        checked_number("--scale", guidance_scale, STRONGEST)
    card = load_weights(start)[1]
    is_labelled = card.get("kind") == "denoiser"
    painter = (LabelToImage if is_labelled else TextToImage).from_pretrained(
        start, best_device()
    )
    if "calls" in card:
        raise CheckpointError(
            f"{start} draws in few steps already: start from the painter that it began "
            "as, or carry its training on with --resume."
        )
    check_few_steps(painter.schedule, card["target"])
    model = copy.deepcopy(painter.model).eval().requires_grad_(False)
    return Teacher(start, painter, model, painter.way(guidance_scale))


# Students -------------------------------------------------------------------------


def student_of(teacher: Teacher, jumps: bool, seed: int) -> nn.Module:
    """A network like the teacher's, with its weights; with `jumps` it can be told how
    far a step goes, and does not heed it yet."""
    config = copy.deepcopy(teacher.model.config)
    # A painter on prompts keeps the settings of its U-Net apart.
    config.get("unet", config).update({"jumps": True} if jumps else {})
    torch.manual_seed(seed)
    student = type(teacher.model)(**config)
    known = teacher.model.state_dict()
    new = {name: x for name, x in student.state_dict().items() if name not in known}
    fill(student, known | new).train()
    if isinstance(teacher.painter, TextToImage):
        student.text_encoder.requires_grad_(False)
    return student


def learned_batches(teacher: Teacher, batch_size: int, seed: int) -> GetBatch:
    """Batches of `x_0` and `cond`, as the teacher has learned from."""
    painter = teacher.painter
    card, size = painter.card, painter.card["size"]
    if card.get("data") != "critters":
        raise DataError(
            f"Only painters of critters are distilled here; {teacher.start} has "
            f"learned from {card.get('data')!r}."
        )
    if isinstance(painter, LabelToImage):
        return batches(load_critters("train", size=size, kind="one"), batch_size, seed)

    def encode(pictures: Tensor) -> Tensor:
        parts = [painter.encode(from_bytes(x)).cpu() for x in pictures.split(64)]
        return torch.cat(parts)

    # Pixels need no encoding, so each picture of them may be a new one.
    is_latent = painter.autoencoder is not None
    how = (AGAIN, encode) if is_latent else (1, None)
    get_learned = endless_batches(batch_size, size, seed, *how)
    manner = card.get("manner", "plain")
    return with_captions(get_learned, painter.tokenizer, seed, manner=manner)


def with_jumps(
    get_batch: GetBatch,
    T: int,
    seed: int,
    plain: float = PLAIN,
    calls: tuple[int, ...] = CALLS,
    drop: float = 0.0,
) -> GetBatch:
    """Add `t`, `eps` and `jump` to each batch; the first `plain` of it has jump 0.

    Args:
        drop: the share of labels replaced by 0, "nothing told"
    """

    def get_noisy_batch(iteration: int) -> Batch:
        batch = dict(get_batch(iteration))
        generator, x_0 = generator_for(seed, iteration), batch["x_0"]
        B, n = len(x_0), round(plain * len(x_0))
        t = torch.randint(1, T + 1, (n,), generator=generator)
        # A training of many calls hardly ever looks at t = T. With a single call all
        # depends on it.
        t[torch.rand(n, generator=generator) < FIRST] = T
        starts, jump = draw_jumps(B - n, T, calls, generator)
        batch["t"] = torch.cat([t, starts])
        batch["jump"] = torch.cat([torch.zeros_like(t), jump])
        batch["eps"] = torch.randn(x_0.shape, generator=generator)
        dropped = torch.rand(B, generator=generator) < drop
        if drop > 0:
            batch["cond"] = batch["cond"].masked_fill(dropped, 0)
        return batch

    return get_noisy_batch


# Losses ---------------------------------------------------------------------------


def make_shortcut_loss(
    teacher: Teacher,
    calls: tuple[int, ...] = CALLS,
    settled: Callable[[nn.Module], Callable] = lambda model: model,
) -> Callable:
    """The loss of a batch with `x_0`, `cond`, `t`, `eps` and `jump`.

    Where jump is 0 the student learns the teacher's guided velocity; elsewhere, that
    one jump must end where two of half its length end. Without jumps, in batches where
    all are 0, this distils guidance alone.

    Args:
        settled: from the student to the network that makes the two halves, which are
            better left to averaged weights: they move less from step to step
    """
    schedule = teacher.schedule
    shortest = schedule.T // max(calls)

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        t, jump = batch["t"], batch["jump"]
        x_t = add_noise(batch["x_0"], t, batch["eps"], schedule)
        cond, nothing = teacher.conditions(batch["cond"])
        plain, far = jump == 0, jump > 0
        target = torch.empty_like(x_t)
        if plain.any():
            some = (x[plain] for x in (x_t, t, cond, nothing))
            target[plain] = teacher.target(*some).to(target.dtype)

        def velocity(x_t: Tensor, t: Tensor, jump: Tensor) -> Tensor:
            halves = settled(model)
            return halves(x_t, t, cond[far], jump=told(jump, shortest))

        if far.any():
            some = (x[far] for x in (x_t, t, jump))
            target[far] = shortcut_target(velocity, *some, schedule)
        # A student without jumps is not told of any.
        rest = {"jump": jump} if far.any() else {}
        return (model(x_t, t, cond, **rest) - target).square().mean()

    return loss_fn


def make_consistency_loss(teacher: Teacher) -> Callable:
    """The loss of a batch with `x_0`, `cond`, `t`, `eps` and `r`, each below its t.

    The guess of the clean picture at t must be the guess at r, further down the same
    path. The teacher, guided, walks from t to r (as in Luo et al. 2023, "Latent
    consistency models"); how far apart they are follows Geng et al. 2024.
    """
    schedule = teacher.schedule

    def loss_fn(model: nn.Module, batch: Batch) -> Tensor:
        t, r = batch["t"], batch["r"]
        x_t = add_noise(batch["x_0"], t, batch["eps"], schedule)
        cond, nothing = teacher.conditions(batch["cond"])
        v_hat = teacher.target(x_t, t, cond, nothing)
        x_r = jump_to(x_t, v_hat, t, r, schedule)

        def velocity(x_r: Tensor, r: Tensor, jump: Tensor) -> Tensor:
            return model(x_r, r, cond)

        x_0_hat = consistency_target(velocity, x_r, r, schedule)
        # The same error as in x_0_hat, divided by b: as in all trainings here.
        target = velocity_between(x_t, x_0_hat, t, torch.zeros_like(t), schedule)
        return (model(x_t, t, cond) - target).square().mean()

    return loss_fn


def with_earlier(get_batch: GetBatch, iterations: int, stages: int) -> GetBatch:
    """Add `r` to each batch: from 0 in the first stage to nearly t in the last."""

    def get_pairs(iteration: int) -> Batch:
        batch = get_batch(iteration)
        stage = min(stages - 1, iteration * stages // iterations)
        return batch | {"r": earlier(batch["t"], stage)}

    return get_pairs


# Trainings ------------------------------------------------------------------------


@plain_torch()
def guidance_trainer(
    start: Path | str,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    guidance_scale: float | None = None,
) -> Trainer:
    """A painter whose network answers at once what guidance needs two calls for.

    Args:
        start: the painter that teaches, and that it begins as
        guidance_scale: at every step; None is that painter's usual guidance
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    teacher = teacher_at(start, guidance_scale)
    get_batch = noised(teacher, batch_size, seed, plain=1.0)
    rest = (settings, folder, resume, batch_size, seed)
    loss_fn = make_shortcut_loss(teacher)
    return distiller(teacher, "guidance", loss_fn, get_batch, {}, *rest)


@plain_torch()
def shortcut_trainer(
    start: Path | str,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    guidance_scale: float | None = None,
    plain: float = PLAIN,
) -> Trainer:
    """A shortcut model: told how far a step goes, it jumps there.

    Args:
        start, guidance_scale: as in `guidance_trainer`
        plain: the share of each batch that learns velocities and not jumps
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    plain = checked_share("plain", plain)
    teacher = teacher_at(start, guidance_scale)
    get_batch = noised(teacher, batch_size, seed, plain)
    facts = {"calls": list(CALLS), "plain": plain}
    rest = (settings, folder, resume, batch_size, seed)
    begun: list[Trainer] = []

    def settled(model: nn.Module) -> Callable:
        # Frans et al. 2024, section 3.2: the averaged weights, which the trainer keeps
        # anyway. While it is being made there are none yet.
        if not begun:
            return model
        network, weights = begun[0].raw_model, begun[0].ema
        return lambda *x, **told: functional_call(network, weights, x, told)

    loss_fn = make_shortcut_loss(teacher, settled=settled)
    begun.append(distiller(teacher, "shortcut", loss_fn, get_batch, facts, *rest))
    return begun[0]


@plain_torch()
def consistency_trainer(
    start: Path | str,
    settings: Settings,
    folder: Path | str | None = None,
    resume: bool = False,
    batch_size: int = BATCH,
    seed: int = 0,
    guidance_scale: float | None = None,
    stages: int = STAGES,
) -> Trainer:
    """A consistency model: from any step it sees the end of the path.

    Args:
        start, guidance_scale: as in `guidance_trainer`
        stages: how often the gap between the two steps is halved, and once
    """
    batch_size, seed = checked_batch(batch_size), checked_seed(seed)
    stages = whole("stages", stages, 1, 10)
    teacher = teacher_at(start, guidance_scale)
    get_batch = noised(teacher, batch_size, seed, plain=1.0)
    get_batch = with_earlier(get_batch, settings.iterations, stages)
    facts = {"calls": list(CALLS), "stages": stages}
    rest = (settings, folder, resume, batch_size, seed)
    loss_fn = make_consistency_loss(teacher)
    return distiller(teacher, "consistency", loss_fn, get_batch, facts, *rest)


def noised(teacher: Teacher, batch_size: int, seed: int, plain: float) -> GetBatch:
    """Batches of the teacher's data with t, eps and jump."""
    get_batch = learned_batches(teacher, batch_size, seed)
    # Captions have been dropped already.
    drop = 0.1 if isinstance(teacher.painter, LabelToImage) else 0.0
    return with_jumps(get_batch, teacher.schedule.T, seed, plain, drop=drop)


def distiller(
    teacher: Teacher,
    method: str,
    loss_fn: Callable,
    get_batch: GetBatch,
    facts: dict,
    settings: Settings,
    folder: Path | str | None,
    resume: bool,
    batch_size: int,
    seed: int,
) -> Trainer:
    """The Trainer of a student; its folder holds a painter."""
    student = student_of(teacher, method == "shortcut", seed).to(best_device())
    own, way = teacher.painter.card, teacher.way
    card = {name: own[name] for name in KEPT if name in own}
    card |= {"config": student.config, "method": method} | facts
    # A teacher that has learned its guidance passes it on.
    card |= {"guidance": own.get("guidance", way.guidance_scale)}
    card |= {"guided_between": way.guided_between, "start": Path(teacher.start).name}
    card |= {"batch_size": batch_size, "seed": seed}
    trainer = trainer_of(student, loss_fn, get_batch, settings, folder, resume, card)
    if folder is not None:
        save_its_autoencoder(folder, card, teacher.painter.autoencoder)
    return trainer
